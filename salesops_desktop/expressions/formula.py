"""The one object that users of the language hold: a formula that has been read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from salesops_desktop.expressions.check import Checker, Schema
from salesops_desktop.expressions.english import describe
from salesops_desktop.expressions.evaluate import evaluate
from salesops_desktop.expressions.exact import Scalar, evaluate_row
from salesops_desktop.expressions.excel import ExcelWriter
from salesops_desktop.expressions.parse import parse, place, refusal
from salesops_desktop.expressions.rational import BoolArray, FloatArray, Rational
from salesops_desktop.expressions.syntax import Field, Kind, Node, walk
from salesops_desktop.model.errors import Fault, InputRefusedError
from salesops_desktop.model.tables import Column, Table


@dataclass(frozen=True, slots=True)
class Outcome:
    """A formula's values on ``rows`` rows."""

    kind: Kind
    values: Rational | npt.NDArray[Any]
    rows: int
    divided_by_zero: BoolArray
    """Rows whose value means nothing because the formula divides by zero there; they read as 0 or FALSE."""

    def truth(self) -> BoolArray:
        """A condition's answers; rows that divided by zero answer no."""
        assert self.kind is Kind.TRUTH
        assert not isinstance(self.values, Rational)
        answers: BoolArray = np.broadcast_to(self.values, (self.rows,)) & ~self.divided_by_zero
        return answers

    def minor(self, exponent: int) -> npt.NDArray[np.int64]:
        """Money (or an exact number of major units) in minor units, rounded half away from zero.

        Raises:
            InputRefusedError: an amount does not fit in 64 bits.
        """
        assert isinstance(self.values, Rational)
        minor = self.values.minor(exponent, "A formula's result")
        return np.where(self.divided_by_zero, 0, np.broadcast_to(minor, (self.rows,)))

    def floats(self) -> FloatArray:
        """Any number in floating point, NaN where it divided by zero."""
        values = self.values.floats() if isinstance(self.values, Rational) else self.values
        return np.where(self.divided_by_zero, np.nan, np.broadcast_to(values, (self.rows,)))


@dataclass(frozen=True, slots=True)
class Formula:
    """A checked formula.

    Attributes:
        text: as written.
        root: the typed syntax tree.
        schema: the fields it was checked against.
        kind: what it yields.
    """

    text: str
    root: Node
    schema: Schema
    kind: Kind

    @property
    def fields(self) -> frozenset[str]:
        """The fields it names, spelled as in the schema."""
        return frozenset(node.name for node in walk(self.root) if isinstance(node, Field))

    def evaluate(self, columns: Table | Mapping[str, Column], rows: int | None = None) -> Outcome:
        """Its values.

        Args:
            columns: at least the fields it names.
            rows: how many rows there are; needed only when ``columns`` is empty.

        Raises:
            InputRefusedError: a field is missing.
        """
        given = {column.name: column for column in columns.columns} if isinstance(columns, Table) else columns
        missing = sorted(self.fields - set(given))
        if missing:
            message = f"The data has no {', '.join(missing)}, which the formula {self.text!r} needs."
            raise InputRefusedError(message)
        count = rows if rows is not None else len(next(iter(given.values())))
        value = evaluate(self.root, given)
        return Outcome(self.kind, value.data, count, np.broadcast_to(value.bad, (count,)))

    def row(self, values: Mapping[str, Scalar]) -> Scalar:
        """Its value for one row, in fractions (the independent reference).

        Raises:
            ZeroDivisionError: it divides by zero there.
        """
        return evaluate_row(self.root, values)

    def excel(self, cells: Mapping[str, str], exponent: int = 2) -> str:
        """Excel text without the leading ``=``; ``cells`` gives the reference of each field, money in minor units."""
        return ExcelWriter(cells, self.schema, exponent).write(self.root)

    def english(self) -> str:
        """A phrase in plain English."""
        return describe(self.root)


def compile_formula(text: str, schema: Schema, *, wants: Kind | tuple[Kind, ...] | None = None) -> Formula:
    """Read and check a formula.

    Args:
        text: what a person wrote; a leading ``=`` is allowed.
        schema: the fields it may name; case, spaces and underscores do not matter.
        wants: what it must yield, if that matters (``Kind.TRUTH`` for a filter, ``Kind.MONEY`` for a paid measure).

    Raises:
        FaultsError: every fault, each at its character.
    """
    checker = Checker(schema)
    root = checker.check(parse(text))
    allowed = (wants,) if isinstance(wants, Kind) else wants
    if allowed is not None and root.kind is not None and root.kind not in allowed:
        wanted = " or ".join(kind.value for kind in allowed)
        checker.faults.append(Fault(place(0), f"The formula must yield {wanted}, but it yields {root.kind.value}."))
    if checker.faults:
        raise refusal(text, checker.faults)
    assert root.kind is not None
    return Formula(text, root, schema, root.kind)


def compile_filter(text: str, schema: Schema) -> Formula:
    """Read and check a condition on rows; see :func:`compile_formula`."""
    return compile_formula(text, schema, wants=Kind.TRUTH)
