"""What came, at any node and in any period: every kept forecast is held against it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.scoring import seasonal_scale
from salesops_desktop.forecast.series import SEASONS
from salesops_desktop.jobs.forecast_lines import Lines
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind

Days = npt.NDArray[np.datetime64]
Sums = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Series:
    """(n,) days in order, (n + 1,) running sums."""

    days: Days
    sums: Sums

    def between(self, first: dt.date, last: dt.date) -> int:
        start = int(np.searchsorted(self.days, np.datetime64(first), side="left"))
        end = int(np.searchsorted(self.days, np.datetime64(last), side="right"))
        return int(self.sums[max(start, end)] - self.sums[start])


class Actuals:
    """The sums of lines by node and period, worked out when first asked for.

    Args:
        lines: dated lines with a column per level that keys may name.
    """

    def __init__(self, lines: Lines) -> None:
        frame = lines.frame[lines.frame["day"].notna()].sort_values("day", kind="stable")
        self._frame = frame.reset_index(drop=True)
        self._days: Days = self._frame["day"].to_numpy(dtype="datetime64[D]")
        self._values: Sums = self._frame["value"].to_numpy(np.int64)
        self._places: dict[tuple[str, ...], dict[object, npt.NDArray[np.intp]]] = {}
        self._series: dict[str, _Series] = {}
        self.calendar: FiscalCalendar = lines.facts.calendar
        self.first: dt.date | None = self._days[0].astype(object) if len(self._days) else None

    def of(self, key: str, first: dt.date, last: dt.date) -> int:
        """What came at a node (its stored key) from ``first`` to ``last``."""
        return self._at(key).between(first, last)

    def _at(self, key: str) -> _Series:
        if key not in self._series:
            named: dict[str, str] = json.loads(key)
            rows = self._rows(named)
            sums = np.concatenate([[0], np.cumsum(self._values[rows])])
            self._series[key] = _Series(self._days[rows], sums.astype(np.int64))
        return self._series[key]

    def _rows(self, named: dict[str, str]) -> npt.NDArray[np.intp]:
        levels = tuple(sorted(named))
        if not levels:
            return np.arange(len(self._days), dtype=np.intp)
        if any(level not in self._frame for level in levels):
            return np.zeros(0, dtype=np.intp)
        if levels not in self._places:
            found = self._frame.groupby(list(levels), sort=False).indices
            self._places[levels] = {
                name if isinstance(name, tuple) else (name,): np.asarray(rows, dtype=np.intp)
                for name, rows in found.items()
            }
        return self._places[levels].get(tuple(named[level] for level in levels), np.zeros(0, dtype=np.intp))

    def naive(self, key: str, period: Period, known: dt.date) -> int | None:
        """What the same period brought a year before; else the last one that was over; None before all history."""
        if self.first is None:
            return None
        before = self.calendar.following(period, -SEASONS[period.kind])
        if before.end > known or before.start < self.first - dt.timedelta(days=7):
            before = self.calendar.containing(known + dt.timedelta(days=1), period.kind)
            before = self.calendar.following(before, -1)
        if before.end > known or before.end < self.first:
            return None
        return self.of(key, before.start, before.end)

    def scale(self, key: str, kind: PeriodKind, known: dt.date) -> float:
        """The seasonal naive's mean error at a node over what was known; NaN where too little was."""
        if self.first is None or known < self.first:
            return float("nan")
        periods = [p for p in self.calendar.between(self.first, known, kind) if p.end <= known]
        return seasonal_scale([self.of(key, p.start, p.end) for p in periods], SEASONS[kind])


def levels_of(keys: pd.Series[str]) -> tuple[str, ...]:
    """All levels that stored keys name."""
    return tuple(sorted({level for key in keys.unique() for level in json.loads(key)}))
