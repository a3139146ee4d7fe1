"""Money as exact integers of minor units, rates as scaled integers, and splits that always sum to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

PPM: Final = 1_000_000
"""One whole in parts per million: the scale of every share and rate."""

FX_SCALE: Final = 1_000_000_000
"""One whole of an exchange rate. Finer than ppm, which would leave JPY→USD four significant digits."""

MAX_MINOR: Final = 2**63 - 1

# ISO 4217 currencies whose minor unit is not 1/100.
_EXPONENTS: Final[dict[str, int]] = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),
        0,
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}

_ORDINARY: Final = frozenset(
    (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
        "CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG "
        "HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU "
        "MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR "
        "SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES "
        "WST XCD YER ZAR ZMW ZWG"
    ).split()
)


def is_currency(code: str) -> bool:
    """Whether ``code`` is an ISO 4217 currency this program knows."""
    return code in _ORDINARY or code in _EXPONENTS


def exponent(currency: str) -> int:
    """Digits after the decimal mark of ``currency`` (ISO 4217): JPY 0, USD 2, KWD 3.

    Raises:
        ValueError: ``currency`` is not an ISO 4217 code.
    """
    if currency in _ORDINARY:
        return 2
    try:
        return _EXPONENTS[currency]
    except KeyError:
        message = f"{currency!r} is not an ISO 4217 currency code."
        raise ValueError(message) from None


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount: an integer of minor units and its currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if abs(self.minor) > MAX_MINOR:
            message = f"{self.minor} minor units do not fit in 64 bits."
            raise OverflowError(message)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            message = f"Cannot combine {self.currency} with {other.currency} without an exchange rate."
            raise ValueError(message)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def decimal(self) -> Decimal:
        """The amount in major units, exactly."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal():,.{exponent(self.currency)}f} {self.currency}"


def to_minor(amount: Decimal | int | str, currency: str, *, tolerance: Decimal = Decimal("1e-6")) -> int:
    """Convert an amount in major units to minor units.

    Args:
        amount: major units; a string must be a plain decimal number.
        currency: ISO 4217 code.
        tolerance: how far, in minor units, the amount may lie from a whole one (float dust of spreadsheets).

    Returns:
        The integer of minor units.

    Raises:
        ValueError: not a finite number, or further than ``tolerance`` from a minor unit.
        OverflowError: more than 64 bits.
    """
    try:
        scaled = Decimal(amount).scaleb(exponent(currency))
    except InvalidOperation:
        message = f"{amount!r} is not an amount."
        raise ValueError(message) from None
    if not scaled.is_finite():
        message = f"{amount!r} is not a finite amount."
        raise ValueError(message)
    whole = int(scaled.to_integral_value(ROUND_HALF_UP))
    if abs(scaled - whole) > tolerance:
        message = f"{amount} is finer than the smallest unit of {currency}."
        raise ValueError(message)
    if abs(whole) > MAX_MINOR:
        message = f"{amount} {currency} does not fit in 64 bits of minor units."
        raise OverflowError(message)
    return whole


def divide_half_up(numerator: int, denominator: int) -> int:
    """Integer division rounded half away from zero, as Excel's ROUND does."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def convert(minor: int, source: str, target: str, rate: int) -> int:
    """Convert minor units of ``source`` into minor units of ``target``, half away from zero.

    Args:
        minor: minor units of ``source``.
        source: ISO 4217 code.
        target: ISO 4217 code.
        rate: units of ``target`` for one major unit of ``source``, times :data:`FX_SCALE`.
    """
    shift = exponent(target) - exponent(source)
    up, down = (10**shift, 1) if shift >= 0 else (1, 10**-shift)
    return divide_half_up(minor * rate * up, FX_SCALE * down)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion to ``weights`` by largest remainder.

    The parts always sum to ``total``; a negative total is the mirror image of the positive one; ties go to the
    larger weight, then to the earlier place.

    Raises:
        ValueError: a negative weight, or no positive one.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("Weights must not be negative.")
    whole = sum(weights)
    if whole == 0:
        raise ValueError("At least one weight must be positive.")
    size = abs(total)
    parts = [size * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % whole), -weights[i], i))
    for i in order[: size - sum(parts)]:
        parts[i] += 1
    return parts if total >= 0 else [-part for part in parts]
