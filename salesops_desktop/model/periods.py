"""Fiscal calendars and the periods they are made of."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from salesops_desktop.model.errors import InputRefusedError


class PeriodKind(StrEnum):
    """The length of a period."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class CalendarPattern(StrEnum):
    """How a fiscal year is cut into months."""

    GREGORIAN = "gregorian"
    WEEKS_445 = "4-4-5"
    WEEKS_454 = "4-5-4"
    WEEKS_544 = "5-4-4"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of days, both ends included, with the label people call it by.

    Ordered by first day, then last day.
    """

    start: dt.date
    end: dt.date
    label: str = field(compare=False)
    kind: PeriodKind = field(compare=False)

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day <= self.end

    @property
    def days(self) -> int:
        """Number of days, both ends included."""
        return (self.end - self.start).days + 1

    def __str__(self) -> str:
        return self.label


_DAY = dt.timedelta(days=1)
_WEEK = dt.timedelta(weeks=1)
_LABEL = re.compile(
    r"^(?:FY)?(?P<year>\d{4})(?:-?(?:Q(?P<quarter>[1-4])|W(?P<week>\d{1,2})|M?(?P<month>0?[1-9]|1[0-2])))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FiscalCalendar:
    """A company's fiscal calendar.

    Args:
        start_month: the month (1-12) in which the fiscal year starts.
        pattern: Gregorian months, or weeks grouped 4-4-5 and its kin.
        week_end: for week patterns, the weekday (0 = Monday) on which weeks end.
        named_by_end: a fiscal year that starts in July 2025 is called 2026 (True, the usual way) or 2025.

    For week patterns the year ends on the ``week_end`` day nearest to the end of the month before ``start_month``
    (the "nearest" rule of the US retail calendar), so some years have 53 weeks; the extra week joins the last month.

    Under a Gregorian pattern weeks run from Monday to Sunday and belong to the year of their Thursday (ISO 8601).
    """

    start_month: int = 1
    pattern: CalendarPattern = CalendarPattern.GREGORIAN
    week_end: int = 5
    named_by_end: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.start_month <= 12:
            message = f"The fiscal year must start in a month from 1 to 12, not {self.start_month}."
            raise InputRefusedError(message)

    def _shift(self) -> int:
        return 1 if self.named_by_end and self.start_month > 1 else 0

    def year_start(self, fiscal_year: int) -> dt.date:
        """The first day of ``fiscal_year``."""
        first = dt.date(fiscal_year - self._shift(), self.start_month, 1)
        if self.pattern is CalendarPattern.GREGORIAN:
            return first
        anchor = first - dt.timedelta(days=1)
        ahead = (self.week_end - anchor.weekday()) % 7
        nearest = anchor + dt.timedelta(days=ahead if ahead <= 3 else ahead - 7)
        return nearest + dt.timedelta(days=1)

    def fiscal_year(self, day: dt.date) -> int:
        """The fiscal year ``day`` lies in."""
        guess = day.year + self._shift()
        for year in (guess + 1, guess, guess - 1):
            if self.year_start(year) <= day:
                return year
        return guess - 2

    def months(self, fiscal_year: int) -> list[Period]:
        """The twelve months of ``fiscal_year``, in order, without gaps."""
        start = self.year_start(fiscal_year)
        following = self.year_start(fiscal_year + 1)
        starts: list[dt.date] = []
        if self.pattern is CalendarPattern.GREGORIAN:
            for i in range(12):
                index = start.month - 1 + i
                starts.append(dt.date(start.year + index // 12, index % 12 + 1, 1))
        else:
            weeks = [int(part) for part in self.pattern.value.split("-")] * 4
            day = start
            for count in weeks:
                starts.append(day)
                day += dt.timedelta(weeks=count)
        ends = [*(s - dt.timedelta(days=1) for s in starts[1:]), following - dt.timedelta(days=1)]
        return [
            Period(s, e, f"{self._month_label(s, fiscal_year, i + 1)}", PeriodKind.MONTH)
            for i, (s, e) in enumerate(zip(starts, ends, strict=True))
        ]

    def _month_label(self, start: dt.date, fiscal_year: int, number: int) -> str:
        if self.pattern is CalendarPattern.GREGORIAN:
            return f"{start.year}-{start.month:02d}"
        return f"FY{fiscal_year}-M{number:02d}"

    def _year_label(self, fiscal_year: int) -> str:
        plain = self.start_month == 1 and self.pattern is CalendarPattern.GREGORIAN
        return f"{fiscal_year}" if plain else f"FY{fiscal_year}"

    def quarters(self, fiscal_year: int) -> list[Period]:
        """The four quarters of ``fiscal_year``."""
        months = self.months(fiscal_year)
        label = self._year_label(fiscal_year)
        return [
            Period(months[i].start, months[i + 2].end, f"{label}-Q{i // 3 + 1}", PeriodKind.QUARTER)
            for i in range(0, 12, 3)
        ]

    def weeks(self, fiscal_year: int) -> list[Period]:
        """The weeks that touch ``fiscal_year``: the first and the last may be the neighbour's too."""
        first = self._week_start(self.year_start(fiscal_year))
        last = self.year_start(fiscal_year + 1) - _DAY
        return [self._week(first + i * _WEEK) for i in range((last - first).days // 7 + 1)]

    def _week_start(self, day: dt.date) -> dt.date:
        ends_on = 6 if self.pattern is CalendarPattern.GREGORIAN else self.week_end
        return day - dt.timedelta(days=(day.weekday() - ends_on - 1) % 7)

    def _week(self, start: dt.date) -> Period:
        """The week that starts on ``start``, numbered in the year in which its fourth day lies."""
        year = self.fiscal_year(start + 3 * _DAY)
        opening = self.year_start(year)
        first = self._week_start(opening)
        if first + 3 * _DAY < opening:
            first += _WEEK
        return Period(
            start, start + 6 * _DAY, f"{self._year_label(year)}-W{(start - first).days // 7 + 1:02d}", PeriodKind.WEEK
        )

    def year(self, fiscal_year: int) -> Period:
        """The whole ``fiscal_year``."""
        months = self.months(fiscal_year)
        return Period(months[0].start, months[-1].end, self._year_label(fiscal_year), PeriodKind.YEAR)

    def of_year(self, fiscal_year: int, kind: PeriodKind) -> list[Period]:
        """The periods of one kind in ``fiscal_year``."""
        if kind is PeriodKind.WEEK:
            return self.weeks(fiscal_year)
        if kind is PeriodKind.MONTH:
            return self.months(fiscal_year)
        if kind is PeriodKind.QUARTER:
            return self.quarters(fiscal_year)
        return [self.year(fiscal_year)]

    def containing(self, day: dt.date, kind: PeriodKind) -> Period:
        """The period of ``kind`` that ``day`` lies in."""
        if kind is PeriodKind.WEEK:
            return self._week(self._week_start(day))
        return next(p for p in self.of_year(self.fiscal_year(day), kind) if day in p)

    def between(self, first: dt.date, last: dt.date, kind: PeriodKind) -> list[Period]:
        """All periods of ``kind`` that touch the days from ``first`` to ``last``."""
        return [p for p in self._years(first, last, kind) if p.end >= first and p.start <= last]

    def _years(self, first: dt.date, last: dt.date, kind: PeriodKind) -> Iterator[Period]:
        newest: Period | None = None
        for year in range(self.fiscal_year(first), self.fiscal_year(last) + 1):
            for period in self.of_year(year, kind):
                if newest is None or period > newest:  # a week at the turn of a year stands in both
                    yield period
                newest = period

    def following(self, period: Period, steps: int = 1) -> Period:
        """The period ``steps`` after ``period`` (negative: before) of the same kind."""
        current = period
        for _ in range(abs(steps)):
            day = current.end + dt.timedelta(days=1) if steps > 0 else current.start - dt.timedelta(days=1)
            current = self.containing(day, period.kind)
        return current

    def parse(self, text: str) -> Period:
        """Read a period's label.

        Args:
            text: ``2026``, ``FY2026``, ``2026-Q3``, ``2026-09`` (a calendar month), ``FY2026-M09`` or ``2026-W05``.

        Raises:
            InputRefusedError: the text is no period.
        """
        match = _LABEL.match(text.strip())
        if match is None:
            message = f"{text!r} is not a period."
            raise InputRefusedError(message, way_out="Write it as 2026, 2026-Q3 or 2026-09.")
        year = int(match["year"])
        if match["quarter"]:
            return self.quarters(year)[int(match["quarter"]) - 1]
        if match["week"]:
            return self._numbered_week(year, int(match["week"]), text)
        if match["month"]:
            number = int(match["month"])
            if self.pattern is CalendarPattern.GREGORIAN and "M" not in text.upper().removeprefix("FY"):
                day = dt.date(year, number, calendar.monthrange(year, number)[1])
                return self.containing(day, PeriodKind.MONTH)
            return self.months(year)[number - 1]
        return self.year(year)

    def _numbered_week(self, fiscal_year: int, number: int, text: str) -> Period:
        wanted = f"{self._year_label(fiscal_year)}-W{number:02d}"
        found = next((week for week in self.weeks(fiscal_year) if week.label == wanted), None)
        if found is None:
            message = f"{text!r} is not a period: {fiscal_year} has no week {number}."
            raise InputRefusedError(message, way_out="A year has 52 or 53 weeks.")
        return found
