"""From dated amounts to a regular series of fiscal periods."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind

Vector = npt.NDArray[np.float64]

SEASONS = {PeriodKind.WEEK: 52, PeriodKind.MONTH: 12, PeriodKind.QUARTER: 4, PeriodKind.YEAR: 1}
"""Periods in a year: the season of a series."""


@dataclass(frozen=True, slots=True)
class Series:
    """One value per fiscal period, without gaps, complete periods only.

    Attributes:
        periods: n periods in order.
        values: (n,) sums in the unit of the amounts (money: minor units).
        calendar: the calendar the periods belong to.
        partial: the running period and what it holds so far; not part of ``values``.
        notes: what was left out or filled in, in sentences.
    """

    periods: tuple[Period, ...]
    values: Vector
    calendar: FiscalCalendar
    partial: tuple[Period, float] | None
    notes: tuple[str, ...]

    @property
    def season(self) -> int:
        """Periods in a year."""
        return SEASONS[self.periods[0].kind]


def build_series(
    dates: npt.ArrayLike,
    amounts: npt.ArrayLike,
    *,
    as_of: dt.date,
    calendar: FiscalCalendar | None = None,
    kind: PeriodKind = PeriodKind.MONTH,
    first: dt.date | None = None,
) -> Series:
    """Sum dated amounts by fiscal period.

    Args:
        dates: (n,) dates (datetime64, ``date`` or ISO text); NaT is left out and counted in the notes.
        amounts: (n,) numbers; integers (minor units) are summed exactly. NaN is left out and counted.
        as_of: the last day of which the data knows; later rows are left out and counted, and the period it lies in
            is excluded unless ``as_of`` is its last day.
        calendar: the fiscal calendar; calendar years where None.
        kind: the length of the periods.
        first: where the series starts; the first dated amount where None.

    Returns:
        The series. Periods between the first and the last without any amount count as zero, and the notes say so.

    Raises:
        NothingToDoError: no complete period holds an amount.
    """
    calendar = calendar or FiscalCalendar()
    days = np.asarray(dates, dtype="datetime64[D]")
    numbers = np.asarray(amounts)
    days, numbers, notes = _usable(days, numbers, as_of, first)
    if not len(days):
        raise NothingToDoError(
            f"There is no dated amount up to {as_of}.", way_out="Import won opportunities or transactions first."
        )
    start: dt.date = first or days.min().astype(object)
    periods = calendar.between(start, as_of, kind)
    starts = np.array([p.start for p in periods], dtype="datetime64[D]")
    place = np.searchsorted(starts, days, side="right") - 1
    sums = np.zeros(len(periods), dtype=numbers.dtype)
    np.add.at(sums, place, numbers)
    filled = np.bincount(place, minlength=len(periods)) > 0
    partial: tuple[Period, float] | None = None
    if periods[-1].end > as_of:
        partial = (periods[-1], float(sums[-1]))
        notes.append(f"{periods[-1].label} is not over on {as_of}: left out of the history.")
        periods, sums, filled = periods[:-1], sums[:-1], filled[:-1]
    if not periods:
        raise NothingToDoError(
            f"No {kind.value} is complete on {as_of}.", way_out="Choose shorter periods, or import more history."
        )
    empty = int((~filled).sum())
    if empty:
        notes.append(f"{empty} of {len(periods)} periods hold no amount: counted as zero.")
    return Series(tuple(periods), sums.astype(np.float64), calendar, partial, tuple(notes))


def _usable(
    days: npt.NDArray[np.datetime64], numbers: npt.NDArray[np.generic], as_of: dt.date, first: dt.date | None
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.generic], list[str]]:
    """The rows that count, with a sentence for each kind that does not."""
    if numbers.dtype == object:  # None among integers
        numbers = np.array([np.nan if v is None else v for v in numbers], dtype=np.float64)
    if numbers.dtype.kind in "bu":
        numbers = numbers.astype(np.int64)
    undated = np.isnat(days)
    blank = np.isnan(numbers) if numbers.dtype.kind == "f" else np.zeros(len(numbers), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        future = days > np.datetime64(as_of)
        early = days < np.datetime64(first) if first else np.zeros(len(days), dtype=np.bool_)
    notes = [
        f"{int(mask.sum()):,} rows {why}: left out."
        for mask, why in (
            (undated, "have no date"),
            (blank & ~undated, "have no amount"),
            (future & ~blank, f"are dated after {as_of}"),
            (early & ~blank, f"are dated before {first}"),
        )
        if mask.any()
    ]
    keep = ~(undated | blank | future | early)
    return days[keep], numbers[keep], notes
