"""What a rate table pays, once more: one total at a time, in fractions, sharing nothing with the array engine."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from salesops_desktop.commission.plan import Basis, BoundarySide, Pays, RateTable, TierMode
from salesops_desktop.expressions import Rounding


def round_fraction(value: Fraction, mode: Rounding) -> int:
    """``value`` as a whole number; negative ones as the mirror image of positive ones."""
    size, parts = abs(value.numerator), value.denominator
    floor, rest = divmod(size, parts)
    up = {
        Rounding.DOWN: False,
        Rounding.UP: rest > 0,
        Rounding.HALF_UP: 2 * rest >= parts,
        Rounding.HALF_EVEN: 2 * rest > parts or (2 * rest == parts and floor % 2 == 1),
    }[mode]
    return (floor + up) * (-1 if value < 0 else 1)


def half_up(value: Fraction) -> int:
    """``value`` rounded half away from zero."""
    return round_fraction(value, Rounding.HALF_UP)


@dataclass(frozen=True, slots=True)
class PayTable:
    """A rate table with its bounds in what is measured.

    Attributes:
        table: the table itself.
        rows: (lower, upper, rate) of each tier, bounds in minor units or in millionths of a unit.
        quota: minor units.
        target: minor units.
    """

    table: RateTable
    rows: tuple[tuple[int, int | None, int], ...]
    quota: int
    target: int

    @classmethod
    def of(cls, table: RateTable, quota: int, target: int) -> PayTable:
        """The table for one person's quota and target incentive."""

        def bound(value: int) -> int:
            return half_up(Fraction(quota * value, 10**6)) if table.basis is Basis.ATTAINMENT else value

        rows = tuple((bound(t.lower), None if t.upper is None else bound(t.upper), t.rate) for t in table.tiers)
        return cls(table, rows, quota, target)

    @property
    def from_zero(self) -> bool:
        """Whether the first tier begins at nothing."""
        return self.table.tiers[0].lower == 0

    def reached(self, measured: int) -> int:
        """The tier in which a total lies; -1 below the first."""
        found = 0 if self.from_zero else -1
        upper = self.table.boundary is BoundarySide.UPPER
        for i, (lower, _, _) in enumerate(self.rows):
            if (i or not self.from_zero) and (measured > lower or (upper and measured == lower)):
                found = i
        return found

    def pay(self, measured: int) -> Fraction:
        """Exact pay in minor units for a window's total, before factors and cap."""
        table = self.table
        pay = Fraction(self._plain(measured))
        stepped = table.mode in (TierMode.STEP, TierMode.CURVE)
        if table.pays is Pays.TARGET:
            pay = pay * self.target / 10**6
            return pay if stepped else pay / max(self.quota, 1)
        return pay if table.pays is Pays.AMOUNT and stepped else pay / 10**6

    def _plain(self, measured: int) -> Fraction | int:  # noqa: PLR0911  # one return per mode
        """What the rates say, before they are scaled."""
        mode, rows = self.table.mode, self.rows
        if mode is TierMode.OWN_OUTPUT:
            return _own_output(self.table, measured)
        if mode in (TierMode.FLAT, TierMode.MARGINAL):
            return self._bit_by_bit(measured)
        reached, ceiling = self.reached(measured), rows[-1][1]
        value = 0 if reached < 0 else rows[reached][2]
        capped = measured if ceiling is None else min(measured, ceiling)
        if mode is TierMode.STEP:
            return value
        if mode is TierMode.RETROACTIVE:
            return value * capped
        if mode is TierMode.CURVE:
            if not 0 <= reached < len(rows) - 1 or measured <= rows[reached][0]:
                return value
            low, high = rows[reached][0], rows[reached + 1][0]
            return value + (rows[reached + 1][2] - value) * Fraction(min(measured, high) - low, max(high - low, 1))
        edge = rows[0][1]
        first = (measured if edge is None else min(measured, edge)) - rows[0][0]
        pay = rows[0][2] * (first if self.from_zero else max(first, 0))
        return pay + value * (capped - edge) if edge is not None and capped > edge else pay

    def _bit_by_bit(self, measured: int) -> int:
        if measured < 0:
            return self.rows[0][2] * measured if self.from_zero else 0
        return sum(
            rate * ((measured if upper is None else min(measured, upper)) - lower)
            for lower, upper, rate in self.rows
            if measured > lower
        )


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
