"""The syntax tree of a formula: frozen nodes that four back-ends read (arrays, fractions, Excel text, English)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Kind(StrEnum):
    """What a formula or a part of it yields."""

    MONEY = "an amount of money"
    EXACT = "an exact number"
    """Whole numbers, rates and numbers written in the formula; fractions of them stay exact."""
    FLOAT = "an estimated number"
    """Numbers stored as floating point; an amount that meets one is no money any more."""
    TEXT = "text"
    DATE = "a date"
    TRUTH = "yes or no"

    @property
    def numeric(self) -> bool:
        """Whether one can calculate with it."""
        return self in (Kind.MONEY, Kind.EXACT, Kind.FLOAT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Any part of a formula. ``kind`` is None until the types have been checked."""

    start: int = 0
    """Where its text begins (0 is the first character)."""
    depth: int = 1
    kind: Kind | None = None

    @property
    def children(self) -> tuple[Node, ...]:
        """The parts directly below."""
        return ()


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number written in the formula; ``10%`` is one tenth."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Text(Node):
    """Text in double quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Truth(Node):
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True, slots=True)
class Day(Node):
    """A date written as DATE(year, month, day)."""

    value: dt.date


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A column of the data; after the check, ``name`` is spelled as the schema spells it."""

    name: str


@dataclass(frozen=True, slots=True)
class Negate(Node):
    """Minus something."""

    operand: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """The operand."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """``+ - * /`` between numbers, ``&`` between texts."""

    operator: str
    left: Node
    right: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """Both sides."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """``= <> < <= > >=``."""

    operator: str
    left: Node
    right: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """Both sides."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Member(Node):
    """``value IN (option, …)``."""

    value: Node
    options: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The value, then the options."""
        return (self.value, *self.options)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function and its arguments; AND, OR and NOT are calls however they were written."""

    function: str
    arguments: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The arguments."""
        return self.arguments


def walk(node: Node) -> Iterator[Node]:
    """``node`` and everything below it."""
    yield node
    for child in node.children:
        yield from walk(child)
