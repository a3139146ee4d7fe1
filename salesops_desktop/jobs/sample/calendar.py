"""Days as numbers: the sample counts in days since 1970, as ``datetime64[D]`` does."""

from __future__ import annotations

import datetime as dt

_EPOCH = dt.date(1970, 1, 1).toordinal()
_QUARTER_MONTHS = 3


def number(day: dt.date) -> int:
    """The day's number."""
    return day.toordinal() - _EPOCH


def date_of(day: int) -> dt.date:
    """The date of a day's number."""
    return dt.date.fromordinal(day + _EPOCH)


def working_day(day: int) -> int:
    """The same day, or the Friday before a weekend."""
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    return day - max(0, weekday - 4)


def next_working_day(day: int) -> int:
    """The same day, or the Monday after a weekend."""
    weekday = (day + 3) % 7
    return day + (7 - weekday if weekday > 4 else 0)


def month_start(year: int, month: int) -> int:
    """The first day of a month; months beyond 12 run into the next year."""
    return number(dt.date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1))


def quarter_of(day: int) -> tuple[int, int]:
    """The calendar quarter a day lies in, as (first day, last day)."""
    date = date_of(day)
    first = (date.month - 1) // _QUARTER_MONTHS * _QUARTER_MONTHS + 1
    return month_start(date.year, first), month_start(date.year, first + _QUARTER_MONTHS) - 1


def month_starts(first: int, last: int) -> list[int]:
    """The first days of all months that begin within the days from ``first`` to ``last``."""
    begin = date_of(first)
    found, month = [], begin.month
    while (day := month_start(begin.year, month)) <= last:
        if day >= first:
            found.append(day)
        month += 1
    return found


def quarters(first: int, last: int) -> list[tuple[int, int]]:
    """The quarters from the one with ``first`` to the one with ``last``, each as (first day, last day)."""
    found = [quarter_of(first)]
    while found[-1][1] < last:
        found.append(quarter_of(found[-1][1] + 1))
    return found
