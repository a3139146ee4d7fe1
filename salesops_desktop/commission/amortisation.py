"""Capitalised commissions and their straight-line amortisation (ASC 340-40-25 and 340-40-35)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import allocate

EXPEDIENT = 12
"""ASC 340-40-25-4: costs with an amortisation period of a year or less may be expensed as incurred."""


@dataclass(frozen=True, slots=True)
class Instalment:
    """What one month takes, in minor units."""

    month: dt.date
    """Its first day."""
    expense: int
    remaining: int
    """The asset left after it."""


@dataclass(frozen=True, slots=True)
class Amortisation:
    """The schedule of one contract's commission."""

    cost: int
    months: int
    expensed: bool
    """Whether the practical expedient applies: everything in the first month."""
    schedule: tuple[Instalment, ...]
    impaired: int = 0
    """Written off when the contract ended early."""


def amortise(
    cost: int, months: int, start: dt.date, *, expedient: bool = True, ended: dt.date | None = None
) -> Amortisation:
    """Spread ``cost`` straight-line over ``months``, to the minor unit by largest remainder, larger months first.

    Args:
        cost: the commission of the contract, minor units.
        months: the period of benefit.
        start: a day in the first month.
        expedient: expense at once what would last a year or less.
        ended: a day in the month in which the contract ended early: what is left is written off then.

    Raises:
        FaultsError: no months, or an end before the start.
    """
    first = start.replace(day=1)
    faults = []
    if months < 1:
        faults.append(Fault("months", "A period of benefit has at least one month."))
    if ended is not None and ended < first:
        faults.append(Fault("ended", f"The contract would end on {ended}, before it begins."))
    if faults:
        raise FaultsError("The commission cannot be amortised.", faults)
    expensed = expedient and months <= EXPEDIENT
    parts = [cost] if expensed else allocate(cost, [1] * months)
    left, impaired, schedule = cost, 0, []
    for number, part in enumerate(parts):
        month = _later(first, number)
        if ended is not None and month > ended:
            break
        left -= part
        last = ended is not None and _later(month, 1) > ended
        if last:
            impaired, left = left, 0
        schedule.append(Instalment(month, part + (impaired if last else 0), left))
    return Amortisation(cost, months, expensed, tuple(schedule), impaired)


def _later(month: dt.date, months: int) -> dt.date:
    years, index = divmod(month.month - 1 + months, 12)
    return dt.date(month.year + years, index + 1, 1)
