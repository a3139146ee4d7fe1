"""Exact arithmetic on columns: a numerator and a denominator per row, in int64 while they fit, in big integers after.

Overflow is checked before each step by the largest magnitudes involved, so nothing ever wraps around silently.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.errors import InputRefusedError

IntArray = npt.NDArray[Any]
"""int64, or object holding Python integers."""
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LIMIT: Final = 2**63 - 1


class Rounding(Enum):
    """How a number is brought to fewer digits; all treat negative numbers as the mirror image of positive ones."""

    HALF_UP = "half up"
    """Ties away from zero, as Excel's ROUND."""
    HALF_EVEN = "half even"
    """Ties to the even neighbour, as banks."""
    DOWN = "down"
    """Towards zero, as Excel's ROUNDDOWN."""
    UP = "up"
    """Away from zero, as Excel's ROUNDUP."""


def _peak(values: IntArray) -> int:
    """The largest magnitude in ``values``."""
    if values.size == 0:
        return 0
    return max(abs(int(values.max())), abs(int(values.min())))


def product(a: IntArray, b: IntArray) -> IntArray:
    """``a * b`` without overflow."""
    if object not in (a.dtype, b.dtype) and _peak(a) * _peak(b) <= LIMIT:
        result: IntArray = a * b
    else:
        result = a.astype(object) * b.astype(object)
    return result


def total(a: IntArray, b: IntArray) -> IntArray:
    """``a + b`` without overflow."""
    if object not in (a.dtype, b.dtype) and _peak(a) + _peak(b) <= LIMIT:
        result: IntArray = a + b
    else:
        result = a.astype(object) + b.astype(object)
    return result


def whole(value: int) -> IntArray:
    """A constant as an array of one."""
    return np.array([value], dtype=np.int64 if abs(value) <= LIMIT else object)


def divide(numerator: IntArray, denominator: IntArray, rounding: Rounding = Rounding.HALF_UP) -> IntArray:
    """Integer quotient, rounded.

    Args:
        numerator: any integers.
        denominator: positive integers, broadcast against ``numerator``.
        rounding: what happens to the fraction.
    """
    if object in (numerator.dtype, denominator.dtype):
        numerator, denominator = numerator.astype(object), denominator.astype(object)
    below = np.asarray(numerator < 0, dtype=np.bool_)
    negative = bool(below.any())
    size = np.abs(numerator) if negative else numerator
    quotient: IntArray
    if rounding is Rounding.HALF_UP and denominator.size == 1 and _has_room(size, int(denominator[0]) // 2):
        quotient = (size + denominator // 2) // denominator
    else:
        quotient = _rounded(size, denominator, rounding)
    if negative:
        np.negative(quotient, out=quotient, where=below)
    return quotient


def _has_room(size: IntArray, more: int) -> bool:
    """Whether ``more`` can be added to each."""
    return size.dtype == object or _peak(size) <= LIMIT - more


def _rounded(size: IntArray, denominator: IntArray, rounding: Rounding) -> IntArray:
    """The quotient of numbers that are not negative, by the rest of the division."""
    quotient: IntArray = size // denominator
    if rounding is not Rounding.DOWN:
        rest = size - quotient * denominator
        if rounding is Rounding.UP:
            more = rest > 0
        else:
            other = denominator - rest  # compared instead of doubling ``rest``, which could overflow
            more = rest > other if rounding is Rounding.HALF_EVEN else rest >= other
            if rounding is Rounding.HALF_EVEN:
                more = more | ((rest == other) & (quotient % 2 == 1))
        quotient = quotient + np.asarray(more, dtype=np.int64)
    return quotient


def to_int64(values: IntArray, what: str) -> npt.NDArray[np.int64]:
    """``values`` as int64.

    Raises:
        InputRefusedError: one does not fit.
    """
    if values.dtype == object:
        if _peak(values) > LIMIT:
            message = f"{what} exceeds what 64 bits of minor units can hold (92 thousand million million)."
            raise InputRefusedError(message, way_out="Check the amounts and the formula for a stray factor.")
        return values.astype(np.int64)
    return values.astype(np.int64, copy=False)


@dataclass(frozen=True, slots=True)
class Rational:
    """Exact numbers: ``num / den`` with positive ``den``; arrays of length n, or of length 1 for constants."""

    num: IntArray
    den: IntArray

    @classmethod
    def constant(cls, value: Fraction) -> Rational:
        """One number for all rows."""
        return cls(whole(value.numerator), whole(value.denominator))

    def __add__(self, other: Rational) -> Rational:
        if self.den.size == other.den.size == 1:
            a, b = int(self.den[0]), int(other.den[0])
            common = math.lcm(a, b)
            return Rational(
                total(product(self.num, whole(common // a)), product(other.num, whole(common // b))), whole(common)
            )
        crossed = total(product(self.num, other.den), product(other.num, self.den))
        return Rational(crossed, product(self.den, other.den))

    def __neg__(self) -> Rational:
        return Rational(product(self.num, whole(-1)), self.den)

    def __sub__(self, other: Rational) -> Rational:
        return self + (-other)

    def __mul__(self, other: Rational) -> Rational:
        return Rational(product(self.num, other.num), product(self.den, other.den))

    def over(self, other: Rational) -> tuple[Rational, BoolArray]:
        """Quotient, and the rows where the divisor is zero (their quotient is 0)."""
        zero = np.asarray(other.num == 0, dtype=np.bool_)
        sign = np.where(other.num < 0, -1, 1)
        divisor = np.where(zero, 1, product(other.num, sign))
        numerator = np.where(zero, 0, product(product(self.num, other.den), sign))
        return Rational(numerator, product(self.den, divisor)), zero

    def __abs__(self) -> Rational:
        return Rational(product(self.num, np.where(self.num < 0, -1, 1)), self.den)

    def sign(self) -> IntArray:
        """-1, 0 or 1 per row."""
        return np.asarray(self.num > 0, dtype=np.int64) - np.asarray(self.num < 0, dtype=np.int64)

    def rounded(self, digits: int, rounding: Rounding = Rounding.HALF_UP) -> Rational:
        """Rounded to ``digits`` after the decimal mark (negative: before it)."""
        up, down = (10**digits, 1) if digits >= 0 else (1, 10**-digits)
        quotient = divide(product(self.num, whole(up)), product(self.den, whole(down)), rounding)
        return Rational(product(quotient, whole(down)), whole(up))

    def minor(self, exponent: int, what: str = "The amount") -> npt.NDArray[np.int64]:
        """Money in major units as minor units, half away from zero.

        Raises:
            InputRefusedError: an amount does not fit in 64 bits.
        """
        if self.den.size == 1 and int(self.den[0]) == 10**exponent:
            return to_int64(self.num, what)
        rounded = divide(product(self.num, whole(10**exponent)), self.den)
        return to_int64(rounded, what)

    def floats(self) -> FloatArray:
        """The nearest floating-point numbers."""
        result: FloatArray = np.asarray(self.num / self.den, dtype=np.float64)
        return result


def pick(condition: BoolArray, a: Rational, b: Rational) -> Rational:
    """``a`` where ``condition``, else ``b``."""
    if a.den.size == b.den.size == 1 and int(a.den[0]) == int(b.den[0]):
        return Rational(np.where(condition, a.num, b.num), a.den)
    return Rational(np.where(condition, a.num, b.num), np.where(condition, a.den, b.den))


def extreme(items: list[Rational], better: Callable[[IntArray], BoolArray]) -> Rational:
    """The smallest or largest of ``items`` per row; ``better`` judges the sign of (next - best)."""
    best = items[0]
    for item in items[1:]:
        best = pick(better((item - best).sign()), item, best)
    return best
