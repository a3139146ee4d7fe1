"""What a rate table pays, once more: one total at a time, in fractions, sharing nothing with the array engine."""

from __future__ import annotations

from fractions import Fraction

from salesops_desktop.commission.plan import Basis, BoundarySide, Pays, RateTable, TierMode
from salesops_desktop.expressions import Rounding


def round_fraction(value: Fraction, mode: Rounding) -> int:
    """``value`` as a whole number; negative ones as the mirror image of positive ones."""
    size = abs(value)
    floor = size.numerator // size.denominator
    rest = size - floor
    half = Fraction(1, 2)
    up = {
        Rounding.DOWN: False,
        Rounding.UP: rest > 0,
        Rounding.HALF_UP: rest >= half,
        Rounding.HALF_EVEN: rest > half or (rest == half and floor % 2 == 1),
    }[mode]
    return (floor + up) * (-1 if value < 0 else 1)


def half_up(value: Fraction) -> int:
    """``value`` rounded half away from zero."""
    return round_fraction(value, Rounding.HALF_UP)


def pay_for(table: RateTable, quota: int, target: int, measured: int) -> Fraction:  # noqa: C901, PLR0912
    """Exact pay in minor units for a window's total, before factors and cap."""
    rows: list[tuple[int, int | None, Fraction]] = []
    for tier in table.tiers:
        bounds = [tier.lower, tier.upper]
        if table.basis is Basis.ATTAINMENT:
            bounds = [None if b is None else half_up(Fraction(quota) * b / 10**6) for b in bounds]
        rows.append((bounds[0] or 0, bounds[1], Fraction(tier.rate)))
    from_zero = table.tiers[0].lower == 0
    reached = 0 if from_zero else -1
    for i, (lower, _, _) in enumerate(rows):
        if (i or not from_zero) and (measured > lower or (measured == lower and table.boundary is BoundarySide.UPPER)):
            reached = i
    value = Fraction(0) if reached < 0 else rows[reached][2]
    ceiling = rows[-1][1]
    capped = measured if ceiling is None else min(measured, ceiling)
    pay = Fraction(0)
    match table.mode:
        case TierMode.STEP:
            pay = value
        case TierMode.CURVE:
            pay = value
            if 0 <= reached < len(rows) - 1 and measured > rows[reached][0]:
                low, high = rows[reached][0], rows[reached + 1][0]
                part = Fraction(min(measured, high) - low, max(high - low, 1))
                pay = value + (rows[reached + 1][2] - value) * part
        case TierMode.RETROACTIVE:
            pay = value * capped
        case TierMode.WHOLE_OVERAGE:
            edge = rows[0][1]
            first = (measured if edge is None else min(measured, edge)) - rows[0][0]
            pay = rows[0][2] * (first if from_zero else max(first, 0))
            if edge is not None and capped > edge:
                pay += value * (capped - edge)
        case TierMode.OWN_OUTPUT:
            pay = _own_output(table, measured)
        case _:
            if measured < 0:
                pay = rows[0][2] * measured if from_zero else pay
            else:
                for lower, upper, rate in rows:
                    if measured > lower:
                        pay += rate * ((measured if upper is None else min(measured, upper)) - lower)
    if table.pays is Pays.TARGET:
        pay = pay * target / 10**6
        return pay if table.mode in (TierMode.STEP, TierMode.CURVE) else pay / max(quota, 1)
    whole = table.pays is Pays.AMOUNT and table.mode in (TierMode.STEP, TierMode.CURVE)
    return pay if whole else pay / 10**6


def _own_output(table: RateTable, measured: int) -> Fraction:
    """Money comes in bit by bit; each tier lasts until the company has received its bound."""
    kept, left, company = Fraction(0), Fraction(measured), Fraction(0)
    for tier in table.tiers:
        rate = Fraction(tier.rate)
        takes = left
        if tier.upper is not None and rate < 10**6 and measured > 0:
            takes = min(left, (tier.upper - company) / (1 - rate / 10**6))
        kept += takes * rate
        company += takes * (1 - rate / 10**6)
        left -= takes
        if left == 0:
            break
    return kept + left * table.tiers[-1].rate
