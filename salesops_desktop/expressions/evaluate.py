"""A formula on columns: exact integers for money and exact numbers, float64 only for estimates.

As in Excel, an empty cell counts as 0, as empty text or as FALSE. Only dates differ: a comparison with an empty date is
never true (``<>`` always), so that "closed before 2020" does not find what was never closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from salesops_desktop.expressions.rational import BoolArray, FloatArray, Rational, Rounding, extreme, pick, whole
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
from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.model.tables import Column, ValueKind

ROUNDINGS: Final = {"ROUND": Rounding.HALF_UP, "ROUNDUP": Rounding.UP, "ROUNDDOWN": Rounding.DOWN}
"""How each rounding function of the language rounds."""

NO: Final[BoolArray] = np.zeros(1, dtype=np.bool_)

Data = Rational | npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Value:
    """Values per row (or one for all), and the rows that divided by zero."""

    data: Data
    bad: BoolArray

    @property
    def exact(self) -> Rational:
        """The data of money and exact numbers."""
        assert isinstance(self.data, Rational)
        return self.data

    @property
    def array(self) -> npt.NDArray[Any]:
        """The data of everything else."""
        assert not isinstance(self.data, Rational)
        return self.data

    @property
    def floats(self) -> FloatArray:
        """Any number as float64."""
        return self.data.floats() if isinstance(self.data, Rational) else self.data


def evaluate(node: Node, columns: Mapping[str, Column]) -> Value:  # noqa: PLR0911  # one return per kind of node
    """The values of a checked tree; ``columns`` holds every field it names, all of one length."""
    match node:
        case Number():
            return Value(Rational.constant(node.value), NO)
        case Text():
            return Value(np.array([node.value.casefold()], dtype=object), NO)
        case Truth():
            return Value(np.array([node.value]), NO)
        case Day():
            return Value(np.array([node.value], dtype="datetime64[s]"), NO)
        case Field():
            return Value(read(columns[node.name]), NO)
        case Negate():
            operand = evaluate(node.operand, columns)
            return Value(-operand.data, operand.bad)
        case Binary():
            return _arithmetic(node, evaluate(node.left, columns), evaluate(node.right, columns))
        case Compare():
            left, right = evaluate(node.left, columns), evaluate(node.right, columns)
            return Value(_compare(node.operator, left, right), left.bad | right.bad)
        case Member():
            value = evaluate(node.value, columns)
            found = NO
            for option in node.options:
                found = found | _compare("=", value, evaluate(option, columns))
            return Value(found, value.bad)
        case Call():
            return _call(node, columns)
        case _:
            raise TypeError(node)


def read(column: Column) -> Data:  # noqa: PLR0911  # one return per kind of column
    """A column's values as formulas see them, empty cells filled; texts folded, since comparisons ignore case."""
    values: npt.NDArray[Any] = column.values
    if column.missing is not None:
        values = np.where(column.missing, _blank(column), values)
    match column.kind:
        case ValueKind.TEXT:
            return _folded(values)
        case ValueKind.MONEY:
            return Rational(values.astype(np.int64), _minor_units(column))
        case ValueKind.RATE:
            return Rational(values.astype(np.int64), whole(PPM))
        case ValueKind.INTEGER:
            return Rational(values.astype(np.int64), whole(1))
        case ValueKind.NUMBER | ValueKind.FRACTION:
            return np.nan_to_num(values.astype(np.float64), nan=0.0)
        case ValueKind.BOOLEAN:
            return values.astype(np.bool_)
        case _:
            return values.astype("datetime64[s]")


def _folded(values: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
    """Texts as comparisons see them; each of the different ones is folded once."""
    import pandas as pd  # noqa: PLC0415  # slow to load, and the package is imported early

    codes, known = pd.factorize(values)
    words = np.array([*(str(value).casefold() for value in known), ""], dtype=object)
    return words[codes]  # what is empty has the code -1


def _blank(column: Column) -> Any:
    if column.kind in (ValueKind.DATE, ValueKind.DATETIME):
        return np.datetime64("NaT", "s")
    if column.kind in (ValueKind.NUMBER, ValueKind.FRACTION):
        return np.nan
    return None if column.kind is ValueKind.TEXT else 0


def _minor_units(column: Column) -> npt.NDArray[Any]:
    """How many minor units make one, per row where the rows differ in currency."""
    if column.currencies is None:
        return whole(10 ** exponent(column.currency or "USD"))
    codes, inverse = np.unique(column.currencies.astype(str), return_inverse=True)
    units = np.array([10 ** (exponent(code) if code not in ("None", "") else 2) for code in codes], dtype=np.int64)
    return whole(int(units[0])) if len(set(units.tolist())) == 1 else units[inverse]


def blank(column: Column) -> BoolArray:
    """The rows in which ``column`` is empty."""
    values = column.values
    if column.kind is ValueKind.TEXT:
        absent: BoolArray = np.array([value is None or value == "" for value in values], dtype=np.bool_)
    elif column.kind in (ValueKind.DATE, ValueKind.DATETIME):
        absent = np.isnat(values.astype("datetime64[s]"))
    elif column.kind in (ValueKind.NUMBER, ValueKind.FRACTION):
        absent = np.isnan(values.astype(np.float64))
    else:
        absent = np.zeros(len(values), dtype=np.bool_)
    return absent if column.missing is None else absent | column.missing


def _arithmetic(node: Binary, left: Value, right: Value) -> Value:  # noqa: PLR0911  # one return per operator
    bad = left.bad | right.bad
    if node.operator == "&":
        return Value(left.array + right.array, bad)
    if node.kind is Kind.FLOAT:
        a, b = left.floats, right.floats
        match node.operator:
            case "+":
                return Value(a + b, bad)
            case "-":
                return Value(a - b, bad)
            case "*":
                return Value(a * b, bad)
            case _:
                zero = b == 0
                return Value(np.where(zero, 0.0, a / np.where(zero, 1.0, b)), bad | zero)
    match node.operator:
        case "+":
            return Value(left.exact + right.exact, bad)
        case "-":
            return Value(left.exact - right.exact, bad)
        case "*":
            return Value(left.exact * right.exact, bad)
        case _:
            quotient, zero = left.exact.over(right.exact)
            return Value(quotient, bad | zero)


_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def _compare(operator: str, left: Value, right: Value) -> BoolArray:
    if isinstance(left.data, Rational) and isinstance(right.data, Rational):
        a: Any = (left.data - right.data).sign()
        b: Any = 0
    elif isinstance(left.data, Rational) or isinstance(right.data, Rational):
        a, b = left.floats, right.floats
    else:
        a, b = left.array, right.array
    return np.asarray(_COMPARE[operator](a, b), dtype=np.bool_)


def _call(node: Call, columns: Mapping[str, Column]) -> Value:  # noqa: PLR0911  # one return per function
    if node.function == "ISBLANK":
        return Value(blank(columns[cast("Field", node.arguments[0]).name]), NO)
    values = [evaluate(argument, columns) for argument in node.arguments]
    bad = NO
    for value in values:
        bad = bad | value.bad
    match node.function:
        case "AND" | "OR":
            join = np.logical_and if node.function == "AND" else np.logical_or
            result = values[0].array
            for value in values[1:]:
                result = join(result, value.array)
            return Value(result, bad)
        case "NOT":
            return Value(np.logical_not(values[0].array), bad)
        case "IF":
            return _if(node, *values)
        case "MIN" | "MAX":
            return Value(_extreme(node, values), bad)
        case "ABS":
            data = values[0].data
            return Value(abs(data) if isinstance(data, Rational) else np.abs(data), bad)
        case _:
            digits = int(cast("Number", node.arguments[1]).value)
            return Value(_rounded(node, values[0], digits), bad)


def _if(node: Call, condition: Value, then: Value, otherwise: Value) -> Value:
    truth = condition.array
    bad = condition.bad | np.where(truth, then.bad, otherwise.bad)
    if node.kind is Kind.FLOAT:
        return Value(np.where(truth, then.floats, otherwise.floats), bad)
    if node.kind in (Kind.MONEY, Kind.EXACT):
        return Value(pick(truth, then.exact, otherwise.exact), bad)
    return Value(np.where(truth, then.array, otherwise.array), bad)


def _extreme(node: Call, values: list[Value]) -> Data:
    smallest = node.function == "MIN"
    if node.kind is Kind.FLOAT:
        join = np.minimum if smallest else np.maximum
        result = values[0].floats
        for value in values[1:]:
            result = join(result, value.floats)
        return result
    return extreme([value.exact for value in values], lambda s: s < 0 if smallest else s > 0)


def _rounded(node: Call, value: Value, digits: int) -> Data:
    rounding = ROUNDINGS[node.function]
    if isinstance(value.data, Rational):
        return value.data.rounded(digits, rounding)
    scale = 10.0**digits
    scaled = np.abs(value.floats) * scale
    if rounding is Rounding.HALF_UP:
        scaled = np.floor(scaled + 0.5)
    else:
        scaled = np.ceil(scaled) if rounding is Rounding.UP else np.floor(scaled)
    return np.copysign(scaled / scale, value.floats)
