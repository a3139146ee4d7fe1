"""One figure with what it was calculated from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period
from salesops_desktop.performance.frames import Columns, Rows

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NO_IDS: Ids = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Figure:
    """The value of a KPI for one period and group.

    Attributes:
        value: in the KPI's unit; None where there is none, never 0 instead.
        numerator: see the KPI's definition; money as minor units.
        denominator: likewise; None where the value is no ratio.
        reason: why there is no value, as a sentence with the way out.
        ids: the rows behind it (ids of the KPI's entity).
        details: the variants by id; None where there is no value.
        notes: what to know about this figure.
    """

    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    reason: str = ""
    ids: Ids = field(default_factory=lambda: NO_IDS)
    details: Mapping[str, float | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Company:
    """What every slice asks of the whole company's data; each answer is worked out once."""

    data: Mapping[str, Columns]
    _rates: dict[dt.date, int | None] = field(default_factory=dict)
    _first: np.datetime64 | None = None
    _days: npt.NDArray[np.datetime64] | None = None
    _snapshots: dict[np.datetime64, tuple[Rows, Rows]] = field(default_factory=dict)

    def win_rate_until(self, day: dt.date) -> int | None:
        """The win rate of all deals closed up to ``day`` in ppm, rounded; None where nothing was closed."""
        if day not in self._rates:
            opportunities = self.data["opportunities"]
            known = opportunities["close_on"] <= np.datetime64(day)
            won = int((known & (opportunities["status"] == "won")).sum())
            closed = won + int((known & (opportunities["status"] == "lost")).sum())
            self._rates[day] = None if closed == 0 else (2 * won * PPM + closed) // (2 * closed)
        return self._rates[day]

    def snapshot_on(self, day: np.datetime64) -> tuple[Rows, Rows]:
        """The opportunities open in the snapshot of ``day`` and, beside them, its lines."""
        if day not in self._snapshots:
            snapshots, opportunities = self.data["snapshots"], self.data["opportunities"]
            lines = np.flatnonzero((snapshots["taken_on"] == day) & (snapshots["status"] == "open"))
            order = np.argsort(opportunities["id"])
            sorted_ids = opportunities["id"][order]
            wanted = snapshots["opportunity"][lines]
            place = np.minimum(np.searchsorted(sorted_ids, wanted), max(0, len(sorted_ids) - 1))
            found = sorted_ids[place] == wanted if len(sorted_ids) else np.zeros(len(lines), dtype=np.bool_)
            self._snapshots[day] = order[place[found]], lines[found]
        return self._snapshots[day]

    def snapshot_days(self) -> npt.NDArray[np.datetime64]:
        """The days of all snapshots, in order."""
        if self._days is None:
            taken = self.data["snapshots"]["taken_on"]
            self._days = np.unique(taken[~np.isnat(taken.astype("datetime64[D]"))])
        return self._days

    def first_activity(self) -> np.datetime64:
        """The day of the first activity ever logged; NaT where there is none."""
        if self._first is None:
            days = self.data["activities"]["starts_at"].astype("datetime64[D]")
            known = days[~np.isnat(days)]
            self._first = known.min() if len(known) else np.datetime64("NaT", "D")
        return self._first


@dataclass(frozen=True, slots=True)
class Slice:
    """What one figure is calculated from: a period, and the rows of one group in each frame."""

    company: Company
    rows: Mapping[str, Rows]
    period: Period
    as_of: dt.date
    group_by: str | None

    @property
    def data(self) -> Mapping[str, Columns]:
        """All frames."""
        return self.company.data

    @property
    def end(self) -> dt.date:
        """The last day of the period that is known."""
        return min(self.period.end, self.as_of)

    def within(self, frame: str, column: str) -> Rows:
        """The group's rows of ``frame`` whose ``column`` lies in the known part of the period."""
        rows = self.rows[frame]
        days = self.data[frame][column][rows].astype("datetime64[D]")
        found: Rows = rows[(days >= np.datetime64(self.period.start)) & (days <= np.datetime64(self.end))]
        return found

    def is_mine(self, opportunities: Rows) -> Mask:
        """Which of these opportunities belong to the group."""
        own = np.zeros(self.data["opportunities"].length, dtype=np.bool_)
        own[self.rows["opportunities"]] = True
        return own[opportunities]

    def reason(self, what: str, way_out: str) -> str:
        """A sentence saying why there is no value."""
        return f"No value for {self.period.label} because {what}. {way_out}"


def divide(numerator: float, denominator: float) -> float | None:
    """The ratio, or None where the denominator is 0."""
    return None if denominator == 0 else numerator / denominator


def mean(values: npt.NDArray[Any]) -> float | None:
    """The mean, or None of nothing."""
    return float(np.mean(values.astype(np.float64))) if len(values) else None


def median(values: npt.NDArray[Any]) -> float | None:
    """The median, or None of nothing."""
    return float(np.median(values.astype(np.float64))) if len(values) else None


def ids_of(columns: Columns, rows: Rows, column: str = "id") -> Ids:
    """The ids of rows."""
    return columns[column][rows].astype(np.int64)


def exact_sum(values: npt.NDArray[Any]) -> int:
    """The exact sum of integers."""
    return int(values.astype(np.int64).sum())
