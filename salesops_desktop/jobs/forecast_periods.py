"""Which running period is meant."""

from __future__ import annotations

import datetime as dt

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind

__all__ = ["period_asked"]


def period_asked(calendar: FiscalCalendar, text: str, day: dt.date) -> Period:
    """The period named, else the running quarter, or the next one on its last day."""
    if not text:
        current = calendar.containing(day, PeriodKind.QUARTER)
        return calendar.following(current) if current.end == day else current
    wanted = calendar.parse(text)
    if wanted.kind is PeriodKind.WEEK:
        raise InputRefusedError("A week is too short for an overview.", way_out="Choose a month, quarter or year.")
    if wanted.end <= day:
        raise InputRefusedError(
            f"{wanted.label} is over on {day}.", way_out="Choose a later period, or an earlier day of knowledge."
        )
    if wanted.start > day + dt.timedelta(days=1):
        raise InputRefusedError(
            f"{wanted.label} has not begun on {day}.", way_out="Forecast later periods with forecast nodes."
        )
    return wanted
