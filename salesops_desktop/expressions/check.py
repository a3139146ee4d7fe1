"""Type check: names looked up in a schema, every fault listed at once with its place."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar, Final

from salesops_desktop.expressions.parse import place
from salesops_desktop.expressions.syntax import (
    Binary,
    Call,
    Compare,
    Day,
    Field,
    Kind,
    Member,
    Negate,
    Node,
    Number,
    Text,
    Truth,
)
from salesops_desktop.model.errors import Fault
from salesops_desktop.model.tables import ValueKind

Schema = Mapping[str, ValueKind]
"""The fields a formula may name, and what they hold."""

KIND_OF: Final[Mapping[ValueKind, Kind]] = {
    ValueKind.TEXT: Kind.TEXT,
    ValueKind.INTEGER: Kind.EXACT,
    ValueKind.NUMBER: Kind.FLOAT,
    ValueKind.MONEY: Kind.MONEY,
    ValueKind.RATE: Kind.EXACT,
    ValueKind.FRACTION: Kind.FLOAT,
    ValueKind.DATE: Kind.DATE,
    ValueKind.DATETIME: Kind.DATE,
    ValueKind.BOOLEAN: Kind.TRUTH,
}

FUNCTIONS: Final[Mapping[str, tuple[int, int | None, str]]] = {
    "AND": (1, None, "AND(condition, …)"),
    "OR": (1, None, "OR(condition, …)"),
    "NOT": (1, 1, "NOT(condition)"),
    "IF": (3, 3, "IF(condition, then, otherwise)"),
    "MIN": (1, None, "MIN(number, …)"),
    "MAX": (1, None, "MAX(number, …)"),
    "ABS": (1, 1, "ABS(number)"),
    "ROUND": (2, 2, "ROUND(number, digits)"),
    "ROUNDUP": (2, 2, "ROUNDUP(number, digits)"),
    "ROUNDDOWN": (2, 2, "ROUNDDOWN(number, digits)"),
    "ISBLANK": (1, 1, "ISBLANK(field)"),
    "DATE": (3, 3, "DATE(year, month, day)"),
}
"""The functions of the language: fewest and most arguments, and how each is written."""


def plain_name(name: str) -> str:
    """How names are compared: ``Close date``, ``close_date`` and ``CLOSE DATE`` are one."""
    return " ".join(name.replace("_", " ").split()).casefold()


class Checker:
    """Checks one tree; ``faults`` holds everything found."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.names = {plain_name(name): name for name in schema}
        self.faults: list[Fault] = []

    def fault(self, node: Node, what: str, way_out: str = "") -> None:
        """Note a fault at ``node``."""
        self.faults.append(Fault(place(node.start), what, way_out))

    def check(self, node: Node) -> Node:  # noqa: PLR0911  # one return per kind of node
        """The same tree with every ``kind`` filled in; a part with a fault keeps None, so faults do not cascade."""
        match node:
            case Number():
                return replace(node, kind=Kind.EXACT)
            case Text():
                return replace(node, kind=Kind.TEXT)
            case Truth():
                return replace(node, kind=Kind.TRUTH)
            case Field():
                return self._field(node)
            case Negate():
                operand = self.check(node.operand)
                return replace(node, operand=operand, kind=self._number(operand, "A minus sign"))
            case Binary():
                left, right = self.check(node.left), self.check(node.right)
                kind = self._arithmetic(node.operator, left, right)
                return replace(node, left=left, right=right, kind=kind)
            case Compare():
                left, right = self.check(node.left), self.check(node.right)
                self._comparable(left, right, ordered=node.operator not in ("=", "<>"))
                return replace(node, left=left, right=right, kind=Kind.TRUTH)
            case Member():
                return self._member(node)
            case Call():
                return self._call(node)
            case _:
                return node

    def _field(self, node: Field) -> Node:
        name = self.names.get(plain_name(node.name))
        if name is not None:
            return replace(node, name=name, kind=KIND_OF[self.schema[name]])
        near = difflib.get_close_matches(plain_name(node.name), self.names, n=1, cutoff=0.6)
        if near:
            way_out = f"Did you mean [{self.names[near[0]]}]?"
        else:
            known = ", ".join(f"[{known}]" for known in list(self.schema)[:8])
            way_out = f"There are {known}{' and more' if len(self.schema) > 8 else ''}." if known else ""
        self.fault(node, f"There is no field called [{node.name}].", way_out)
        return node

    def _number(self, node: Node, who: str) -> Kind | None:
        if node.kind is None or node.kind.numeric:
            return node.kind
        self.fault(node, f"{who} needs a number, but this is {node.kind.value}.")
        return None

    def _truth(self, node: Node, who: str) -> None:
        if node.kind not in (None, Kind.TRUTH):
            self.fault(node, f"{who} needs a condition, but this is {node.kind.value}.")

    def _arithmetic(self, operator: str, left: Node, right: Node) -> Kind | None:  # noqa: PLR0911  # one per rule
        if operator == "&":
            for side in (left, right):
                if side.kind not in (None, Kind.TEXT):
                    self.fault(side, f"& joins texts, but this is {side.kind.value}.")
            return Kind.TEXT
        a, b = self._number(left, f"{operator!r}"), self._number(right, f"{operator!r}")
        if a is None or b is None:
            return None
        if operator == "*" and a is b is Kind.MONEY:
            self.fault(left, "Money times money has no meaning.", "Multiply an amount by a number or a rate.")
            return None
        if operator == "/" and b is Kind.MONEY and a is Kind.EXACT:
            self.fault(left, "A number divided by money has no meaning.", "Divide an amount by an amount.")
            return None
        if operator == "/" and isinstance(right, Number) and right.value == 0:
            self.fault(right, "Division by zero.")
            return None
        if Kind.FLOAT in (a, b):
            return Kind.FLOAT
        if operator == "/" and a is b is Kind.MONEY:
            return Kind.EXACT
        return Kind.MONEY if Kind.MONEY in (a, b) else Kind.EXACT

    def _comparable(self, left: Node, right: Node, *, ordered: bool) -> None:
        if left.kind is None or right.kind is None:
            return
        if left.kind.numeric and right.kind.numeric:
            return
        if left.kind is not right.kind:
            way_out = "Write the date as DATE(2026, 1, 31)." if Kind.DATE in (left.kind, right.kind) else ""
            self.fault(right, f"Cannot compare {left.kind.value} with {right.kind.value}.", way_out)
        elif ordered and left.kind in (Kind.TEXT, Kind.TRUTH):
            self.fault(left, f"< and > do not order {left.kind.value}.", "Use =, <> or IN.")

    def _member(self, node: Member) -> Node:
        value = self.check(node.value)
        options = tuple(self.check(option) for option in node.options)
        if not options:
            self.fault(node, "The list after IN is empty.")
        for option in options:
            if any(isinstance(part, Field) for part in (option, *option.children)):
                self.fault(option, "The list after IN may hold only fixed values.")
            self._comparable(value, option, ordered=False)
        return replace(node, value=value, options=options, kind=Kind.TRUTH)

    def _call(self, node: Call) -> Node:
        arguments = tuple(self.check(argument) for argument in node.arguments)
        checked = replace(node, arguments=arguments)
        if node.function not in FUNCTIONS:
            near = difflib.get_close_matches(node.function, FUNCTIONS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(FUNCTIONS)}."
            self.fault(node, f"There is no function called {node.function}.", hint)
            return checked
        fewest, most, written = FUNCTIONS[node.function]
        if len(arguments) < fewest or (most is not None and len(arguments) > most):
            self.fault(node, f"{node.function} is written {written}.")
            return checked
        return self.RULES[node.function](self, checked)

    def _logic(self, node: Call) -> Node:
        for argument in node.arguments:
            self._truth(argument, node.function)
        return replace(node, kind=Kind.TRUTH)

    def _if(self, node: Call) -> Node:
        condition, then, otherwise = node.arguments
        self._truth(condition, "IF")
        if then.kind is None or otherwise.kind is None:
            return node
        if then.kind.numeric and otherwise.kind.numeric:
            return replace(node, kind=_common(then.kind, otherwise.kind))
        if then.kind is not otherwise.kind:
            self.fault(otherwise, f"IF yields {then.kind.value} in one case and {otherwise.kind.value} in the other.")
            return node
        return replace(node, kind=then.kind)

    def _extreme(self, node: Call) -> Node:
        kinds = [self._number(argument, node.function) for argument in node.arguments]
        common = kinds[0]
        for kind in kinds[1:]:
            common = None if common is None or kind is None else _common(common, kind)
        return replace(node, kind=None if None in kinds else common)

    def _abs(self, node: Call) -> Node:
        return replace(node, kind=self._number(node.arguments[0], node.function))

    def _round(self, node: Call) -> Node:
        digits = node.arguments[1]
        if not (isinstance(digits, Number) and digits.value.denominator == 1 and abs(digits.value) <= 12):
            self.fault(digits, f"The digits of {node.function} must be a whole number from -12 to 12.")
        return replace(node, kind=self._number(node.arguments[0], node.function))

    def _isblank(self, node: Call) -> Node:
        if not isinstance(node.arguments[0], Field):
            self.fault(node.arguments[0], "ISBLANK asks about a field.")
        return replace(node, kind=Kind.TRUTH)

    def _date(self, node: Call) -> Node:
        parts = [a.value for a in node.arguments if isinstance(a, Number) and a.value.denominator == 1]
        if len(parts) != 3:
            self.fault(node, "DATE needs three whole numbers: year, month, day.")
            return node
        try:
            day = dt.date(*(int(part) for part in parts))
        except (ValueError, OverflowError):
            self.fault(node, "There is no such day.")
            return node
        return Day(day, start=node.start, kind=Kind.DATE)

    RULES: ClassVar[Mapping[str, Callable[[Checker, Call], Node]]] = {
        "AND": _logic,
        "OR": _logic,
        "NOT": _logic,
        "IF": _if,
        "MIN": _extreme,
        "MAX": _extreme,
        "ABS": _abs,
        "ROUND": _round,
        "ROUNDUP": _round,
        "ROUNDDOWN": _round,
        "ISBLANK": _isblank,
        "DATE": _date,
    }
    """How each function's arguments are checked."""


def _common(a: Kind, b: Kind) -> Kind:
    if Kind.FLOAT in (a, b):
        return Kind.FLOAT
    return Kind.MONEY if Kind.MONEY in (a, b) else Kind.EXACT


def constant(node: Node) -> Fraction | str | bool | dt.date | None:
    """The value of a literal, or None when ``node`` is none."""
    return node.value if isinstance(node, Number | Text | Truth | Day) else None
