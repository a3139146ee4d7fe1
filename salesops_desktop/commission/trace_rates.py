"""The formulas of a rate table over named cells: what a trace and a statement workbook write for a window's pay."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from salesops_desktop.commission.plan import BoundarySide, RateTable, TierMode
from salesops_desktop.commission.tiers import slide


class WindowPay:
    """Writes what ``table`` pays for the total in the cell ``when``, and works it out.

    Args:
        table: the rates; its bounds stand in cells ``tier_1_from`` …, its rates in ``tier_1_rate`` ….
        when: the cell of the total.
        number: the value of a cell.
    """

    def __init__(self, table: RateTable, when: str, number: Callable[[str], int]) -> None:
        self.table, self.when, self.number = table, when, number
        self.total = number(when)
        self.value: tuple[str, int | Fraction] | None = None
        """Formula and value of the rate reached, for the cell ``rate_<when>``; set where the mode has one."""

    def formula(self) -> tuple[str, Fraction, str]:
        """The product that is paid (before division), its value, and what it is in words."""
        match self.table.mode:
            case TierMode.RETROACTIVE:
                self.value = self._reached()
                paid, size = self._capped()
                return f"{paid}*rate_{self.when}", Fraction(size) * self.value[1], "The whole total × that rate"
            case TierMode.WHOLE_OVERAGE:
                return self._whole_overage()
            case TierMode.STEP:
                self.value = self._reached()
                return f"rate_{self.when}", Fraction(self.value[1]), "The value of the tier reached"
            case TierMode.CURVE:
                self.value = self._curve()
                return f"rate_{self.when}", Fraction(self.value[1]), "The value on the line between two tiers"
            case TierMode.OWN_OUTPUT:
                return self._own_output()
            case _:
                return self._marginal()

    def _ends(self, i: int) -> str | None:
        """The cell of the bound where tier ``i`` (from 0) ends; None when it has no end."""
        return None if self.table.tiers[i].upper is None else f"tier_{i + 2}_from"

    def _capped(self) -> tuple[str, int]:
        """The total, at most the end of the last tier."""
        end = self._ends(len(self.table.tiers) - 1)
        return (f"MIN({self.when},{end})", min(self.total, self.number(end))) if end else (self.when, self.total)

    def _reaches(self, bound: int) -> bool:
        return self.total > bound or (self.total == bound and self.table.boundary is BoundarySide.UPPER)

    @property
    def _sign(self) -> str:
        return ">" if self.table.boundary is BoundarySide.LOWER else ">="

    def _reached(self) -> tuple[str, int]:
        """The value of the tier that the total lies in."""
        text, value = "0", 0
        for i, tier in enumerate(self.table.tiers):
            start = f"tier_{i + 1}_from"
            if i == 0 and tier.lower == 0:
                text, value = "tier_1_rate", tier.rate
                continue
            text = f"IF({self.when}{self._sign}{start},tier_{i + 1}_rate,{text})"
            if self._reaches(self.number(start)):
                value = tier.rate
        return text, value

    def _curve(self) -> tuple[str, Fraction]:
        text, value = "0", Fraction(0)
        last = len(self.table.tiers) - 1
        for i, tier in enumerate(self.table.tiers):
            start, rate = f"tier_{i + 1}_from", f"tier_{i + 1}_rate"
            line, at = rate, Fraction(tier.rate)
            if i < last:
                low, high = self.number(start), self.number(f"tier_{i + 2}_from")
                part = f"(MAX(MIN({self.when},tier_{i + 2}_from),{start})-{start})/MAX(tier_{i + 2}_from-{start},1)"
                line = f"({rate}+(tier_{i + 2}_rate-{rate})*{part})"
                share = Fraction(max(min(self.total, high), low) - low, max(high - low, 1))
                at += (self.table.tiers[i + 1].rate - tier.rate) * share
            if i == 0 and tier.lower == 0:
                text, value = line, at
                continue
            text = f"IF({self.when}{self._sign}{start},{line},{text})"
            if self._reaches(self.number(start)):
                value = at
        return text, value

    def _whole_overage(self) -> tuple[str, Fraction, str]:
        tier, edge = self.table.tiers[0], self._ends(0)
        reached = f"MIN({self.when},{edge})" if edge else self.when
        size = (min(self.total, self.number(edge)) if edge else self.total) - self.number("tier_1_from")
        first = f"({reached}-tier_1_from)"
        if tier.lower != 0:
            first, size = f"MAX({first},0)", max(size, 0)
        pays = Fraction(size * tier.rate)
        if edge is None:
            return f"{first}*tier_1_rate", pays, "The total × the rate"
        self.value = self._reached()
        paid, capped = self._capped()
        pays += max(capped - self.number(edge), 0) * self.value[1]
        text = f"{first}*tier_1_rate+MAX({paid}-{edge},0)*rate_{self.when}"
        return text, pays, "The first tier's part × its rate, and all above it × the rate of the tier reached"

    def _own_output(self) -> tuple[str, Fraction, str]:
        scale, parts, pays = slide(self.table).scale, [], 0
        last = len(self.table.tiers) - 1
        for i, tier in enumerate(self.table.tiers):
            start, end = f"tier_{i + 1}_from", f"tier_{i + 2}_from"
            whole = f"{self.when}*{spelled(scale)}"
            reached = whole if i == last else f"MIN({whole},{end})"
            size = self.total * scale if i == last else min(self.total * scale, self.number(end))
            size -= self.number(start)
            text = f"({reached}-{start})"
            if i:
                text, size = f"MAX({text},0)", max(size, 0)
            parts.append(f"{text}*tier_{i + 1}_rate")
            pays += size * tier.rate
        return "+".join(parts), Fraction(pays), "Each tier's part of the total × its rate"

    def _marginal(self) -> tuple[str, Fraction, str]:
        """Zero parts are left out."""
        parts, pays = [], 0
        for i, tier in enumerate(self.table.tiers):
            start, end = f"tier_{i + 1}_from", self._ends(i)
            reached = f"MIN({self.when},{end})" if end else self.when
            size = (min(self.total, self.number(end)) if end else self.total) - self.number(start)
            text = f"({reached}-{start})"
            if i > 0 or tier.lower != 0:
                text, size = f"MAX({reached}-{start},0)", max(size, 0)
            parts.append(f"{text}*tier_{i + 1}_rate")
            pays += size * tier.rate
        return "+".join(parts), Fraction(pays), "Each tier's part of the total × its rate"


def spelled(number: int) -> str:
    """A whole number as formulas may write it: none with more than 15 digits."""
    high, low = divmod(number, 10**12)
    return str(number) if number < 10**15 else f"({spelled(high)}*{10**12}+{low})"
