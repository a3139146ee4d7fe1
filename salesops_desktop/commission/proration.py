"""Parts of an amount for parts of a period: hire, leave, leaver, ramps and seasonal quotas.

Day counts differ between companies, and a cent with them, so each function is told which one to use.
"""

from __future__ import annotations

import calendar as calendars
import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from salesops_desktop.expressions import Rounding
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM, allocate
from salesops_desktop.model.periods import Period


class DayCount(StrEnum):
    """How the days of a stretch are counted."""

    CALENDAR = "calendar days"
    """Every day, first and last included."""
    EXCLUSIVE = "calendar days without the first"
    """As differences of dates count: the first day is left out."""
    WORKING = "working days"
    """Monday to Friday without the given holidays."""
    THIRTY = "months of 30 days"
    """Every month has 30 days (30E/360)."""
    MONTHS = "whole months"
    """A month counts when its first day is served."""


@dataclass(frozen=True, slots=True)
class Proration:
    """What a plan says of quotas and target incentives for parts of a period.

    Attributes:
        count: how the days served are counted.
        quota: whether quotas are prorated.
        target: whether target incentives are.
        ramp: ppm of the full quota in each calendar month of service, from the month of hire on; then the whole.
        roster_ramp: without ``ramp``, whether quotas rise evenly over the months that the roster names.
    """

    count: DayCount = DayCount.CALENDAR
    quota: bool = True
    target: bool = True
    ramp: tuple[int, ...] = ()
    roster_ramp: bool = False


def days_between(start: dt.date, end: dt.date, count: DayCount, holidays: Collection[dt.date] = ()) -> int:
    """The days from ``start`` to ``end``, both included, as ``count`` counts them; months for MONTHS; 0 when none."""
    if end < start:
        return 0
    match count:
        case DayCount.CALENDAR:
            return (end - start).days + 1
        case DayCount.EXCLUSIVE:
            return (end - start).days
        case DayCount.WORKING:
            return sum(
                1
                for i in range((end - start).days + 1)
                if (day := start + dt.timedelta(days=i)).weekday() < 5 and day not in holidays
            )
        case DayCount.THIRTY:
            last = 30 if end.day == calendars.monthrange(end.year, end.month)[1] else min(end.day, 30)
            return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - min(start.day, 30) + 1
        case DayCount.MONTHS:
            first = start.year * 12 + start.month + (start.day > 1)
            return max(end.year * 12 + end.month - first + 1, 0)


def served(
    period: Period,
    start: dt.date | None,
    end: dt.date | None,
    count: DayCount,
    *,
    away: Sequence[tuple[dt.date, dt.date]] = (),
    holidays: Collection[dt.date] = (),
) -> Fraction:
    """The part of ``period`` that somebody serves.

    Args:
        period: the whole.
        start: first day of service; None when before the period.
        end: last day of service; None when after it.
        count: the day count.
        away: leaves as (first day, last day), both included; they must not overlap.
        holidays: days that are no working days.

    Raises:
        InputRefusedError: leaves that overlap, or a period without a day in that count.
    """
    first, last = max(period.start, start or period.start), min(period.end, end or period.end)
    whole = days_between(period.start, period.end, count, holidays)
    if whole == 0:
        raise InputRefusedError(f"{period.label} has no {count.value} to prorate by.", way_out="Choose another count.")
    there = days_between(first, last, count, holidays)
    before: dt.date | None = None
    for begin, finish in sorted(away):
        if before is not None and begin <= before:
            raise InputRefusedError(
                f"Two leaves overlap on {begin}.", way_out="Correct the dates, so that no day is taken off twice."
            )
        before = finish
        leave_first, leave_last = max(begin, first), min(finish, last)
        # A leave counts all its days, whatever the count makes of the first day of service.
        kind = DayCount.CALENDAR if count is DayCount.EXCLUSIVE else count
        there -= days_between(leave_first, leave_last, kind, holidays)
    return Fraction(max(there, 0), whole)


def part_of(amount: int, part: Fraction, rounding: Rounding = Rounding.HALF_UP) -> int:
    """``part`` of ``amount`` minor units, rounded to the minor unit; negative results as mirror images."""
    product = amount * part.numerator
    sign = -1 if product < 0 else 1
    whole, rest = divmod(abs(product), part.denominator)
    twice = 2 * rest
    up = {
        Rounding.DOWN: False,
        Rounding.UP: rest > 0,
        Rounding.HALF_UP: twice >= part.denominator,
        Rounding.HALF_EVEN: twice > part.denominator or (twice == part.denominator and whole % 2 == 1),
    }[rounding]
    return sign * (whole + up)


def seasonal(total: int, weights: Sequence[int]) -> list[int]:
    """A year's amount spread over its periods in proportion to ``weights``; the parts sum to ``total``."""
    return allocate(total, weights)


def ramp_share(months_served: int, ramp: Sequence[int]) -> int:
    """The part of the full quota in a month of service.

    Args:
        months_served: 1 in the month of hire.
        ramp: ppm per month of service; afterwards the whole.
    """
    if months_served < 1:
        return 0
    return ramp[months_served - 1] if months_served <= len(ramp) else PPM
