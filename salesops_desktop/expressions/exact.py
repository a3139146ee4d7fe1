"""A formula on one row, in fractions: slow, plain, and written apart from the array engine that it checks."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any, Final, cast

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

Scalar = Fraction | str | bool | dt.date | None
"""Money in major units and numbers as fractions; None is an empty cell."""

_EMPTY: Final[Mapping[Kind, Scalar]] = {
    Kind.MONEY: Fraction(0),
    Kind.EXACT: Fraction(0),
    Kind.FLOAT: Fraction(0),
    Kind.TEXT: "",
    Kind.TRUTH: False,
    Kind.DATE: None,
}
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MODES: Final = {"ROUND": ROUND_HALF_UP, "ROUNDUP": ROUND_UP, "ROUNDDOWN": ROUND_DOWN}


def evaluate_row(node: Node, row: Mapping[str, Scalar]) -> Scalar:  # noqa: PLR0911  # one return per kind of node
    """The value of a checked tree for one row.

    Raises:
        ZeroDivisionError: the formula divides by zero.
    """
    match node:
        case Number() | Text() | Truth() | Day():
            return node.value
        case Field():
            value = row.get(node.name)
            return _EMPTY[cast("Kind", node.kind)] if value is None else value
        case Negate():
            return -cast("Fraction", evaluate_row(node.operand, row))
        case Binary():
            left, right = evaluate_row(node.left, row), evaluate_row(node.right, row)
            if node.operator == "&":
                return cast("str", left) + cast("str", right)
            return cast("Fraction", _OPERATORS[node.operator](left, right))
        case Compare():
            return _compare(node.operator, evaluate_row(node.left, row), evaluate_row(node.right, row))
        case Member():
            value = evaluate_row(node.value, row)
            return any(_compare("=", value, evaluate_row(option, row)) for option in node.options)
        case Call():
            return _call(node, row)
        case _:
            raise TypeError(node)


def _compare(sign: str, left: Scalar, right: Scalar) -> bool:
    if left is None or right is None:  # an empty date
        return sign == "<>"
    if isinstance(left, str) and isinstance(right, str):
        left, right = left.casefold(), right.casefold()
    return bool(_OPERATORS[sign](left, right))


def _call(node: Call, row: Mapping[str, Scalar]) -> Scalar:  # noqa: PLR0911  # one return per function
    if node.function == "ISBLANK":
        return row.get(cast("Field", node.arguments[0]).name) in (None, "")
    if node.function == "IF":
        return evaluate_row(node.arguments[1 if evaluate_row(node.arguments[0], row) else 2], row)
    values = [evaluate_row(argument, row) for argument in node.arguments]
    match node.function:
        case "AND":
            return all(values)
        case "OR":
            return any(values)
        case "NOT":
            return not values[0]
        case "MIN":
            return min(cast("list[Fraction]", values))
        case "MAX":
            return max(cast("list[Fraction]", values))
        case "ABS":
            return abs(cast("Fraction", values[0]))
        case _:
            return _rounded(cast("Fraction", values[0]), int(cast("Fraction", values[1])), _MODES[node.function])


def _rounded(value: Fraction, digits: int, mode: str) -> Fraction:
    scaled = abs(value) * Fraction(10) ** digits
    floor = scaled.numerator // scaled.denominator
    rest = scaled - floor
    with localcontext(prec=2):
        # The fraction stands for 0, below, at or above the tie; Decimal's own rules then decide.
        stand_in = Decimal("0.5") if rest * 2 == 1 else Decimal(0 if rest == 0 else "0.9" if rest * 2 > 1 else "0.1")
        step = int(stand_in.to_integral_value(mode))
    size = Fraction(floor + step) / Fraction(10) ** digits
    return -size if value < 0 else size
