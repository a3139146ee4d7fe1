"""What a rate table pays for a total: exactly, in minor units × ppm, then capped and rounded per line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.plan import Basis, BoundarySide, Component, RateTable, RoundingStage, TierMode
from salesops_desktop.expressions.rational import IntArray, divide, product, to_int64, total, whole
from salesops_desktop.model.money import PPM

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of each tier in minor units; arrays per row, or of length 1 when all rows share them."""

    lower: tuple[Ints, ...]
    upper: tuple[Ints | None, ...]


def bounds(table: RateTable, quota: Ints | None = None) -> Bounds:
    """The tiers' bounds in money.

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


def earned(table: RateTable, limits: Bounds, measured: Ints) -> IntArray:
    """Pay for a total of ``measured`` minor units, in minor units × ppm.

    Below zero (refunds exceed sales) the first tier's rate goes on, provided that tier starts at zero. Above the end
    of a closed top tier nothing more is earned.
    """
    if table.mode is TierMode.RETROACTIVE:
        top = limits.upper[-1]
        paid = measured if top is None else np.minimum(measured, top)
        return product(paid, retroactive_rate(table, limits, measured))
    pay: IntArray = whole(0)
    for i, tier in enumerate(table.tiers):
        upper = limits.upper[i]
        part = (measured if upper is None else np.minimum(measured, upper)) - limits.lower[i]
        if i > 0 or tier.lower != 0:
            part = np.maximum(part, 0)
        pay = total(pay, product(part, whole(tier.rate)))
    return pay


def retroactive_rate(table: RateTable, limits: Bounds, measured: Ints) -> Ints:
    """The rate (ppm) of the tier each total lies in; 0 below the first."""
    tier = tier_of(table, limits, measured)
    rates = np.array([0, *(t.rate for t in table.tiers)], dtype=np.int64)
    return rates[tier + 1]


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


def payout(component: Component, before: Ints, after: Ints, quota: Ints) -> Ints:
    """What lines from ``before`` to ``after`` pay, in minor units (all arrays of one length, minor units)."""
    limits = bounds(component.rates, quota)
    cap = None if component.cap is None else whole(component.cap * PPM)

    def upto(measured: Ints) -> IntArray:
        pay = earned(component.rates, limits, measured)
        return pay if cap is None else np.minimum(pay, cap)

    scale = whole(PPM)
    if component.stage is RoundingStage.LINE:
        exact = total(upto(after), -upto(before))
        return np.broadcast_to(to_int64(divide(exact, scale, component.rounding), "A commission"), after.shape).copy()
    ends = divide(upto(after), scale, component.rounding)
    begins = divide(upto(before), scale, component.rounding)
    return np.broadcast_to(to_int64(total(ends, -begins), "A commission"), after.shape).copy()
