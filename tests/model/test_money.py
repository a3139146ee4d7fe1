"""Money is exact: rounding as published, splits that sum to the whole, currencies by the ISO table."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.model.money import (
    FX_SCALE,
    Money,
    allocate,
    convert,
    divide_half_up,
    exponent,
    is_currency,
    to_minor,
)


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("USD", 2), ("EUR", 2), ("KWD", 3), ("CLF", 4)])
def test_exponents_follow_iso_4217(currency, digits):
    assert exponent(currency) == digits


@pytest.mark.parametrize("code", ["", "usd", "EURO", "XXX", "US"])
def test_what_is_no_currency_is_refused(code):
    assert not is_currency(code)
    with pytest.raises(ValueError, match="ISO 4217"):
        exponent(code)


@given(st.integers(-(10**15), 10**15), st.integers(-(10**9), 10**9).filter(bool))
def test_division_rounds_half_away_from_zero_as_excel_does(numerator, denominator):
    exact = Decimal(numerator) / Decimal(denominator)
    if exact == Decimal(numerator) / denominator and abs(Fraction(numerator, denominator)).denominator != 2:
        nearest = int(Fraction(abs(numerator), abs(denominator)) + Fraction(1, 2))
    else:
        nearest = int(abs(exact).to_integral_value(ROUND_HALF_UP))
    sign = 1 if (numerator < 0) == (denominator < 0) else -1
    assert divide_half_up(numerator, denominator) == sign * nearest


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any))
def test_parts_sum_to_the_whole_and_lie_within_one_of_their_share(total, weights):
    parts = allocate(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, whole)) < 1
    assert allocate(-total, weights) == [-part for part in parts]


def test_the_larger_weight_gets_the_odd_cent_then_the_earlier_place():
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(5, [1, 3]) == [1, 4]
    assert allocate(0, [2, 1]) == [0, 0]


@pytest.mark.parametrize("weights", [[0, 0], [], [1, -1]])
def test_impossible_splits_are_refused(weights):
    with pytest.raises(ValueError, match=r"positive|negative"):
        allocate(1, weights)


def test_amounts_of_spreadsheets_lose_their_dust_but_not_their_cents():
    assert to_minor(Decimal("12.34"), "USD") == 1234
    assert to_minor("1234", "JPY") == 1234
    assert to_minor(Decimal("0.1") + Decimal("0.2") + Decimal("1e-10"), "USD") == 30
    with pytest.raises(ValueError, match="finer"):
        to_minor("0.005", "USD")
    with pytest.raises(ValueError, match="not an amount"):
        to_minor("twelve", "USD")
    with pytest.raises(ValueError, match="finite"):
        to_minor("NaN", "USD")
    with pytest.raises(OverflowError):
        to_minor("1e20", "USD")


def test_conversion_between_exponents():
    assert convert(100_00, "USD", "JPY", 150 * FX_SCALE) == 15_000
    assert convert(15_000, "JPY", "USD", round(FX_SCALE / 150)) == 100_00
    assert convert(1, "USD", "USD", FX_SCALE) == 1
    assert convert(-5, "USD", "USD", FX_SCALE // 2) == -3  # half away from zero


def test_money_of_two_currencies_does_not_mix():
    assert Money(150, "USD") + Money(50, "USD") == Money(200, "USD")
    assert -Money(150, "USD") - Money(1, "USD") == Money(-151, "USD")
    assert str(Money(123456789, "JPY")) == "123,456,789 JPY"
    assert str(Money(-5, "USD")) == "-0.05 USD"
    with pytest.raises(ValueError, match="exchange rate"):
        Money(1, "USD") + Money(1, "EUR")
    with pytest.raises(OverflowError):
        Money(2**63, "USD")
