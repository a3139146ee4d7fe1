"""When earned pay is paid out: shares on events, collections, advances with their chargeback, holdbacks.

Every function splits so that the parts sum to the whole: what has been paid by any moment is one rounding of the exact
share earned by then, and each payment is the difference of two of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from salesops_desktop.commission.proration import part_of
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM, allocate


def instalments(pay: int, shares: Sequence[int]) -> list[int]:
    """``pay`` in parts by ``shares`` (ppm), largest remainder; the parts sum to ``pay``.

    Raises:
        InputRefusedError: the shares are not 100 % together.
    """
    if sum(shares) != PPM or any(share < 0 for share in shares):
        raise InputRefusedError(
            f"The instalments are {sum(shares) / 10_000:g} % together, not 100 %.", way_out="Correct the shares."
        )
    return allocate(pay, shares)


def released(pay: int, of: int, before: int, after: int) -> int:
    """What a step of collections releases of ``pay``.

    Args:
        pay: minor units that depend on collection.
        of: the whole amount to collect.
        before: collected before the step.
        after: collected after it. More than ``of`` releases nothing more; less than nothing nothing less.

    Raises:
        InputRefusedError: there is nothing to collect.
    """
    if of == 0:
        raise InputRefusedError("Nothing is to be collected, so nothing can be released.", way_out="Pay on booking.")
    return part_of(pay, _collected(of, after)) - part_of(pay, _collected(of, before))


def _collected(of: int, collected: int) -> Fraction:
    return min(max(Fraction(collected, of), Fraction(0)), Fraction(1))


@dataclass(frozen=True, slots=True)
class Advance:
    """Pay for a contract that is earned month by month, part of it ahead. Minor units."""

    total: int
    months: int
    advance: int
    """Paid at once."""
    later: tuple[int, ...]
    """Paid in each month, [months]: nothing until the advance is earned, then as earned."""

    def earned(self, months_kept: int) -> int:
        """What is earned when the contract has been kept that many months."""
        kept = min(max(months_kept, 0), self.months)
        return part_of(self.total, Fraction(kept, self.months))

    def chargeback(self, months_kept: int) -> int:
        """What must be given back when the contract lapses after that many months: paid, but not earned."""
        kept = min(max(months_kept, 0), self.months)
        return max(self.advance + sum(self.later[:kept]) - self.earned(kept), 0)


def advance(total: int, months: int, share: int) -> Advance:
    """An advance of ``share`` (ppm) of ``total``, the rest as it is earned over ``months``.

    Raises:
        InputRefusedError: no months, or a share outside 0 to 100 %.
    """
    if months < 1 or not 0 <= share <= PPM:
        raise InputRefusedError(
            "An advance needs at least one month and a share from 0 to 100 %.", way_out="Correct the plan."
        )
    ahead = part_of(total, Fraction(share, PPM))
    sign = -1 if total < 0 else 1
    paid, later = ahead, []
    for month in range(1, months + 1):
        due = part_of(total, Fraction(month, months))
        step = sign * max(sign * (due - paid), 0)
        later.append(step)
        paid += step
    return Advance(total, months, ahead, tuple(later))


@dataclass(frozen=True, slots=True)
class Holdback:
    """The part of a period's pay that waits. Minor units."""

    held: int
    paid: int


def hold_back(pay: int, share: int) -> Holdback:
    """Keep ``share`` (ppm) of ``pay`` back; nothing is kept of what is owed."""
    held = part_of(max(pay, 0), Fraction(share, PPM))
    return Holdback(held, pay - held)
