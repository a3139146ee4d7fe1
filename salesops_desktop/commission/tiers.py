"""What a rate table pays for a total: exact fractions of a minor unit, then multiplied, capped and rounded per line."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.plan import (
    Basis,
    BoundarySide,
    Component,
    Pays,
    RateTable,
    RoundingStage,
    TierMode,
)
from salesops_desktop.expressions.rational import IntArray, Rational, divide, product, to_int64, total, whole
from salesops_desktop.model.money import PPM

Ints = npt.NDArray[np.int64]
ONE = Rational(whole(1), whole(1))


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of each tier in minor units; arrays per row, or of length 1 when all rows share them."""

    lower: tuple[Ints, ...]
    upper: tuple[Ints | None, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person's window brings to the pay of its lines; arrays per line, or of length 1.

    Attributes:
        quota: minor units; 0 where the table needs none.
        target: the target incentive that the component stands for, minor units; 0 where it needs none.
        factor: the product of its factors.
    """

    quota: Ints
    target: Ints = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    factor: Rational = ONE

    def take(self, rows: npt.NDArray[np.intp]) -> Terms:
        """The terms of these lines."""

        def picked(values: IntArray) -> IntArray:
            return values if len(values) == 1 else values[rows]

        factor = Rational(picked(self.factor.num), picked(self.factor.den))
        return Terms(picked(self.quota), picked(self.target), factor)


def bounds(table: RateTable, quota: Ints | None = None) -> Bounds:
    """The tiers' bounds in what is measured.

    Args:
        table: the tiers.
        quota: minor units per row; needed for tiers by attainment.
    """
    if table.basis is Basis.AMOUNT:
        return Bounds(
            tuple(np.array([tier.lower], dtype=np.int64) for tier in table.tiers),
            tuple(None if tier.upper is None else np.array([tier.upper], dtype=np.int64) for tier in table.tiers),
        )
    assert quota is not None
    return Bounds(
        tuple(bound_in_money(quota, tier.lower) for tier in table.tiers),
        tuple(None if tier.upper is None else bound_in_money(quota, tier.upper) for tier in table.tiers),
    )


def bound_in_money(quota: Ints, ppm: int) -> Ints:
    """``ppm`` of each quota, rounded half up to the minor unit."""
    return to_int64(divide(product(quota, whole(ppm)), whole(PPM)), "A tier's bound")


def tier_of(table: RateTable, limits: Bounds, measured: Ints) -> Ints:
    """The index of the tier each total lies in; -1 below the first. A first tier from zero holds all below it."""
    tier = np.full(len(measured), -1, dtype=np.int64)
    for i, entry in enumerate(table.tiers):
        lower = limits.lower[i]
        inside = measured > lower if table.boundary is BoundarySide.LOWER else measured >= lower
        if i == 0 and entry.lower == 0:
            inside = np.ones(len(measured), dtype=np.bool_)
        tier = np.where(inside, i, tier)
    return tier


def earned(table: RateTable, terms: Terms, measured: Ints) -> Rational:
    """Pay for a total of ``measured``, in minor units, exactly and before factors and caps.

    Below zero (refunds exceed sales) the first tier's rate goes on, provided that tier starts at zero. Above the end
    of a closed top tier nothing more is earned.
    """
    limits = bounds(table, terms.quota)
    match table.mode:
        case TierMode.STEP:
            num, den = _reached(table, limits, measured), whole(1)
        case TierMode.CURVE:
            num, den = _curve(table, limits, measured)
        case TierMode.RETROACTIVE:
            num, den = _retroactive(table, limits, measured), whole(1)
        case TierMode.WHOLE_OVERAGE:
            num, den = _whole_overage(table, limits, measured), whole(1)
        case TierMode.OWN_OUTPUT:
            num, den = _own_output(table, measured)
        case _:
            num, den = _marginal(table, limits, measured), whole(1)
    if table.pays is Pays.TARGET:
        num, den = product(num, terms.target), product(den, whole(PPM))
        if not table.stepped:  # parts of the quota
            den = product(den, np.maximum(terms.quota, 1))
    elif table.pays is Pays.MEASURE or not table.stepped:
        den = product(den, whole(PPM))
    return Rational(num, den)


def _reached(table: RateTable, limits: Bounds, measured: Ints) -> IntArray:
    """The value of the tier each total lies in; 0 below the first, and above the end of a closed last one its value."""
    values = np.array([0, *(tier.rate for tier in table.tiers)], dtype=np.int64)
    return np.asarray(values[tier_of(table, limits, measured) + 1])


def _curve(table: RateTable, limits: Bounds, measured: Ints) -> tuple[IntArray, IntArray]:
    """Straight lines from each tier's value to the next one's."""
    tier = tier_of(table, limits, measured)
    num: IntArray = _reached(table, limits, measured)
    den: IntArray = np.ones(len(measured), dtype=np.int64)
    for i in range(len(table.tiers) - 1):
        here = np.flatnonzero((tier == i) & (measured > np.broadcast_to(limits.lower[i], measured.shape)))
        if not len(here):
            continue
        low = np.broadcast_to(limits.lower[i], measured.shape)[here]
        high = np.broadcast_to(limits.lower[i + 1], measured.shape)[here]
        width = np.maximum(high - low, 1)
        rise = whole(table.tiers[i + 1].rate - table.tiers[i].rate)
        value = total(product(whole(table.tiers[i].rate), width), product(rise, np.minimum(measured[here], high) - low))
        if value.dtype == object:
            num = num.astype(object)
        num[here], den[here] = value, width
    return num, den


def _marginal(table: RateTable, limits: Bounds, measured: Ints) -> IntArray:
    pay: IntArray = whole(0)
    for i, tier in enumerate(table.tiers):
        upper = limits.upper[i]
        part = (measured if upper is None else np.minimum(measured, upper)) - limits.lower[i]
        if i > 0 or tier.lower != 0:
            part = np.maximum(part, 0)
        pay = total(pay, product(part, whole(tier.rate)))
    return pay


def _retroactive(table: RateTable, limits: Bounds, measured: Ints) -> IntArray:
    top = limits.upper[-1]
    paid = measured if top is None else np.minimum(measured, top)
    return product(paid, _reached(table, limits, measured))


def _whole_overage(table: RateTable, limits: Bounds, measured: Ints) -> IntArray:
    first = table.tiers[0]
    edge, top = limits.upper[0], limits.upper[-1]
    base = (measured if edge is None else np.minimum(measured, edge)) - limits.lower[0]
    if first.lower != 0:
        base = np.maximum(base, 0)
    pay = product(base, whole(first.rate))
    if edge is None:
        return pay
    over = np.maximum((measured if top is None else np.minimum(measured, top)) - edge, 0)
    return total(pay, product(over, _reached(table, limits, measured)))


@dataclass(frozen=True, slots=True)
class Slide:
    """A scale on the company's own share, turned into bounds of the whole: exact, times ``scale``."""

    starts: tuple[int, ...]
    scale: int


def slide(table: RateTable) -> Slide:
    """Where each tier of an own-output table begins in the measured whole.

    While a person keeps ``rate`` of what comes in, the company receives the rest; a tier that ends when the company has
    ``upper`` therefore ends after ``(upper - lower) / (1 - rate)`` more of the whole.
    """
    scale = math.lcm(*(PPM - tier.rate for tier in table.tiers if tier.rate < PPM), 1)
    starts, at = [], 0
    for tier in table.tiers:
        starts.append(at)
        if tier.upper is not None and tier.rate < PPM:
            at += (tier.upper - tier.lower) * PPM * (scale // (PPM - tier.rate))
    return Slide(tuple(starts), scale)


def _own_output(table: RateTable, measured: Ints) -> tuple[IntArray, IntArray]:
    sliding = slide(table)
    scaled = product(measured, whole(sliding.scale))
    pay: IntArray = whole(0)
    for i, tier in enumerate(table.tiers):
        last = i == len(table.tiers) - 1
        part = total(scaled if last else np.minimum(scaled, whole(sliding.starts[i + 1])), whole(-sliding.starts[i]))
        pay = total(pay, product(part if i == 0 else np.maximum(part, 0), whole(tier.rate)))
    return pay, whole(sliding.scale)


def multiplied(component: Component, pay: Rational, terms: Terms) -> Rational:
    """Exact pay of a window with its factors, at most its cap."""
    factor = terms.factor
    if not (len(factor.num) == len(factor.den) == 1 and factor.num[0] == factor.den[0]):
        pay = Rational(product(pay.num, factor.num), product(pay.den, factor.den))
    if component.cap is not None:
        pay = Rational(np.minimum(pay.num, product(whole(component.cap), pay.den)), pay.den)
    return pay


def payout(component: Component, table: RateTable, before: Ints, after: Ints, terms: Terms) -> Ints:
    """What lines from ``before`` to ``after`` pay, in minor units (arrays of one length).

    Args:
        component: for its cap, rounding and the limits of one line.
        table: the rates that hold (a gate may have closed the component's own).
        before: the window's total before each line.
        after: the total after it.
        terms: what their windows bring.
    """

    def upto(measured: Ints) -> Rational:
        return multiplied(component, earned(table, terms, measured), terms)

    return lines_pay(component, upto(before), upto(after))


def lines_pay(component: Component, low: Rational, high: Rational) -> Ints:
    """The pay of lines between two exact totals, rounded as the component says, within the limits of one line."""
    if component.stage is RoundingStage.LINE:
        step = high - low
        pay = divide(step.num, step.den, component.rounding)
    else:
        ends = divide(high.num, high.den, component.rounding)
        pay = total(ends, -divide(low.num, low.den, component.rounding))
    if component.deal_floor is not None:
        pay = np.where(pay > 0, np.maximum(pay, component.deal_floor), pay)
    if component.deal_cap is not None:
        pay = np.clip(pay, -component.deal_cap, component.deal_cap)
    return to_int64(np.asarray(pay), "A commission")
