"""What a rate table pays for a total: exact fractions of a minor unit, then multiplied, capped and rounded per line."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
Rows = npt.NDArray[np.intp]
ONE = Rational(whole(1), whole(1))


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of each tier in minor units, per window as in :class:`Terms`."""

    lower: tuple[Ints, ...]
    upper: tuple[Ints | None, ...]
    index: Rows | None = None

    def low(self, tier: int) -> Ints:
        """Where ``tier`` begins, per line (or once for all)."""
        return _spread(self.lower[tier], self.index)

    def high(self, tier: int) -> Ints | None:
        """Where ``tier`` ends, per line (or once for all); None without an end."""
        upper = self.upper[tier]
        return None if upper is None else _spread(upper, self.index)


@dataclass(frozen=True, slots=True)
class Terms:
    """What windows bring to the pay of their lines; arrays per window, or of length 1 when all share a value.

    Attributes:
        quota: minor units; 0 where the table needs none.
        target: the target incentive that the component stands for, minor units; 0 where it needs none.
        factor: the product of its factors.
        index: the window of each line; None where every line has its own entry.
    """

    quota: Ints
    target: Ints = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    factor: Rational = ONE
    index: Rows | None = None

    def take(self, rows: Rows) -> Terms:
        """The terms of these lines."""
        index = rows if self.index is None else self.index[rows]
        return Terms(self.quota, self.target, self.factor, index)

    def spread(self, values: IntArray) -> IntArray:
        """One of the columns per line (or once for all)."""
        return _spread(values, self.index)


def _spread(values: IntArray, index: Rows | None) -> IntArray:
    return values if index is None or len(values) == 1 else values[index]


def bounds(table: RateTable, terms: Terms | None = None) -> Bounds:
    """The tiers' bounds in what is measured.

    Args:
        table: the tiers.
        terms: with the quotas; needed for tiers by attainment.
    """
    if table.basis is Basis.AMOUNT:
        return Bounds(
            tuple(np.array([tier.lower], dtype=np.int64) for tier in table.tiers),
            tuple(None if tier.upper is None else np.array([tier.upper], dtype=np.int64) for tier in table.tiers),
        )
    assert terms is not None
    return Bounds(
        tuple(bound_in_money(terms.quota, tier.lower) for tier in table.tiers),
        tuple(None if tier.upper is None else bound_in_money(terms.quota, tier.upper) for tier in table.tiers),
        terms.index,
    )


def bound_in_money(quota: Ints, ppm: int) -> Ints:
    """``ppm`` of each quota, rounded half up to the minor unit."""
    return to_int64(divide(product(quota, whole(ppm)), whole(PPM)), "A tier's bound")


def tier_of(table: RateTable, limits: Bounds, measured: Ints) -> Ints:
    """The index of the tier each total lies in; -1 below the first. A first tier from zero holds all below it."""
    tier = np.full(len(measured), -1, dtype=np.int64)
    for i, entry in enumerate(table.tiers):
        if i == 0 and entry.lower == 0:
            tier[:] = 0
            continue
        lower = limits.low(i)
        inside = measured > lower if table.boundary is BoundarySide.LOWER else measured >= lower
        tier[inside] = i
    return tier


def earned(table: RateTable, terms: Terms, measured: Ints, tier: Ints | None = None) -> Rational:
    """Pay for a total of ``measured``, in minor units, exactly and before factors and caps.

    Below zero (refunds exceed sales) the first tier's rate goes on, provided that tier starts at zero. Above the end
    of a closed top tier nothing more is earned.

    Args:
        table: the rates; without gaps and overlaps.
        terms: what the windows bring.
        measured: totals, one per line.
        tier: the tier each lies in, where that is known.
    """
    limits = bounds(table, terms)
    if tier is None:
        tier = tier_of(table, limits, measured)
    match table.mode:
        case TierMode.STEP:
            num, den = _reached(table, tier), whole(1)
        case TierMode.CURVE:
            num, den = _curve(table, limits, measured, tier)
        case TierMode.RETROACTIVE:
            num, den = _retroactive(table, limits, measured, tier), whole(1)
        case TierMode.WHOLE_OVERAGE:
            num, den = _whole_overage(table, limits, measured, tier), whole(1)
        case TierMode.OWN_OUTPUT:
            num, den = _own_output(table, measured)
        case _:
            num, den = _marginal(table, limits, measured, tier), whole(1)
    if table.pays is Pays.TARGET:
        num, den = product(num, terms.spread(terms.target)), product(den, whole(PPM))
        if not table.stepped:  # parts of the quota
            den = product(den, np.maximum(terms.spread(terms.quota), 1))
    elif table.pays is Pays.MEASURE or not table.stepped:
        den = product(den, whole(PPM))
    return Rational(num, den)


def _reached(table: RateTable, tier: Ints) -> IntArray:
    """The value of the tier each total lies in; 0 below the first, and above the end of a closed last one its value."""
    values = np.array([0, *(entry.rate for entry in table.tiers)], dtype=np.int64)
    return np.asarray(values[tier + 1])


def _curve(table: RateTable, limits: Bounds, measured: Ints, tier: Ints) -> tuple[IntArray, IntArray]:
    """Straight lines from each tier's value to the next one's."""
    num: IntArray = _reached(table, tier)
    den: IntArray = np.ones(len(measured), dtype=np.int64)
    for i in range(len(table.tiers) - 1):
        lower, upper = (np.broadcast_to(limits.low(at), measured.shape) for at in (i, i + 1))
        here = np.flatnonzero((tier == i) & (measured > lower))
        if not len(here):
            continue
        low, high = lower[here], upper[here]
        width = np.maximum(high - low, 1)
        rise = whole(table.tiers[i + 1].rate - table.tiers[i].rate)
        value = total(product(whole(table.tiers[i].rate), width), product(rise, np.minimum(measured[here], high) - low))
        if value.dtype == object:
            num = num.astype(object)
        num[here], den[here] = value, width
    return num, den


def _marginal(table: RateTable, limits: Bounds, measured: Ints, tier: Ints) -> IntArray:
    """What the tiers below pay in full, and the part of the tier each total lies in."""
    top = limits.high(len(table.tiers) - 1)
    paid = measured if top is None else np.minimum(measured, top)
    full: list[IntArray] = [whole(0)]
    for i, entry in enumerate(table.tiers[:-1]):
        full.append(total(full[-1], product(limits.lower[i + 1] - limits.lower[i], whole(entry.rate))))
    width = max(len(bound) for bound in limits.lower)
    place = tier * width
    if width > 1:
        place = place + (np.arange(len(measured)) if limits.index is None else limits.index)
    below = tier < 0
    somewhere = bool(below.any())
    if somewhere:
        place = np.where(below, 0, place)

    def at(columns: Sequence[IntArray]) -> IntArray:
        values = np.concatenate([np.broadcast_to(column, (width,)) for column in columns])
        picked: IntArray = values[place]
        return picked

    pay = total(at(full), product(paid - at(limits.lower), _reached(table, tier)))
    return np.where(below, 0, pay) if somewhere else pay


def _retroactive(table: RateTable, limits: Bounds, measured: Ints, tier: Ints) -> IntArray:
    top = limits.high(len(table.tiers) - 1)
    paid = measured if top is None else np.minimum(measured, top)
    return product(paid, _reached(table, tier))


def _whole_overage(table: RateTable, limits: Bounds, measured: Ints, tier: Ints) -> IntArray:
    first = table.tiers[0]
    edge, top = limits.high(0), limits.high(len(table.tiers) - 1)
    base = (measured if edge is None else np.minimum(measured, edge)) - limits.low(0)
    if first.lower != 0:
        base = np.maximum(base, 0)
    pay = product(base, whole(first.rate))
    if edge is None:
        return pay
    over = np.maximum((measured if top is None else np.minimum(measured, top)) - edge, 0)
    return total(pay, product(over, _reached(table, tier)))


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
        num, den = terms.spread(factor.num), terms.spread(factor.den)
        pay = Rational(product(pay.num, num), product(pay.den, den))
    if component.cap is not None:
        pay = Rational(np.minimum(pay.num, product(whole(component.cap), pay.den)), pay.den)
    return pay


def payout(component: Component, table: RateTable, before: Ints, after: Ints, terms: Terms) -> tuple[Ints, Ints]:
    """What lines from ``before`` to ``after`` pay, in minor units, and the tier ``after`` lies in (one length).

    Args:
        component: for its cap, rounding and the limits of one line.
        table: the rates that hold (a gate may have closed the component's own).
        before: the window's total before each line.
        after: the total after it.
        terms: what their windows bring.
    """
    tier = tier_of(table, bounds(table, terms), after)
    high = multiplied(component, earned(table, terms, after, tier), terms)
    if component.stage is RoundingStage.LINE:
        low = multiplied(component, earned(table, terms, before), terms)
        return lines_pay(component, low, high), tier
    ends = divide(high.num, high.den, component.rounding)
    if len(ends) != len(after):
        ends = np.broadcast_to(ends, after.shape)
    # Where a line begins as the one above ended, under the same terms, that end has been worked out already.
    fresh = np.ones(len(after), dtype=np.bool_)
    if terms.index is not None:
        fresh[1:] = (before[1:] != after[:-1]) | (terms.index[1:] != terms.index[:-1])
    rows = np.flatnonzero(fresh)
    begin = multiplied(component, earned(table, terms.take(rows), before[rows]), terms.take(rows))
    starts = np.empty_like(ends)
    starts[1:] = ends[:-1]
    first = divide(begin.num, begin.den, component.rounding)
    if first.dtype == object:
        starts = starts.astype(object)
    starts[rows] = first
    return _within_limits(component, total(ends, -starts)), tier


def lines_pay(component: Component, low: Rational, high: Rational) -> Ints:
    """The pay of lines between two exact totals, rounded as the component says, within the limits of one line."""
    if component.stage is RoundingStage.LINE:
        step = high - low
        return _within_limits(component, divide(step.num, step.den, component.rounding))
    ends = divide(high.num, high.den, component.rounding)
    return _within_limits(component, total(ends, -divide(low.num, low.den, component.rounding)))


def _within_limits(component: Component, pay: IntArray) -> Ints:
    if component.deal_floor is not None:
        pay = np.where(pay > 0, np.maximum(pay, component.deal_floor), pay)
    if component.deal_cap is not None:
        pay = np.clip(pay, -component.deal_cap, component.deal_cap)
    return to_int64(np.asarray(pay), "A commission")
