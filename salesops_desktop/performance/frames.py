"""The data KPIs are calculated from: pandas frames in, plain column arrays inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.model.errors import InputRefusedError

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.intp]

GROUPS = ("owner", "manager", "region", "product", "family", "industry")
"""What KPIs can be grouped by."""

NOT_GIVEN = "(not given)"
"""The group of rows that do not name theirs."""

_DATE, _TIME, _INT, _TEXT, _NUMBER = "date", "time", "int", "text", "number"

_OPPORTUNITIES = {
    "id": _INT,
    "status": _TEXT,
    "amount_minor": _INT,
    "list_price_minor": _INT,
    "created_on": _DATE,
    "close_on": _DATE,
    "probability": _INT,
}
_COLUMNS: dict[str, dict[str, str]] = {
    "opportunities": _OPPORTUNITIES,
    "quotas": {
        "id": _INT,
        "measure": _TEXT,
        "role": _TEXT,
        "period_start": _DATE,
        "period_end": _DATE,
        "amount_minor": _INT,
    },
    "activities": {"id": _INT, "kind": _TEXT, "starts_at": _TIME, "minutes": _NUMBER, "outcome": _TEXT},
    "leads": {"id": _INT, "created_at": _TIME, "responded_at": _TIME},
    "snapshots": {"opportunity": _INT, "taken_on": _DATE, "status": _TEXT, "amount_minor": _INT, "probability": _INT},
    "forecasts": {
        "id": _INT,
        "made_on": _DATE,
        "period_start": _DATE,
        "period_end": _DATE,
        "amount_minor": _INT,
    },
}
_REQUIRED: dict[str, frozenset[str]] = {
    "opportunities": frozenset({"id", "status", "amount_minor", "created_on", "close_on"}),
    "quotas": frozenset({"id", "owner", "period_start", "period_end", "amount_minor"}),
    "activities": frozenset({"id", "kind", "starts_at"}),
    "leads": frozenset({"id", "created_at", "responded_at"}),
    "snapshots": frozenset({"opportunity", "taken_on", "status"}),
    "forecasts": frozenset({"id", "made_on", "period_start", "period_end", "amount_minor"}),
}


@dataclass(frozen=True, slots=True)
class Frames:
    """What the workspace knows, one frame an entity; None where nothing was imported.

    All money is in minor units of one reporting currency (a column ``currency`` with several is refused). ``owner``,
    ``manager``, ``region``, ``product``, ``family``, ``industry`` hold labels or NA; further columns are ignored.

    Attributes:
        opportunities: ``id`` (int), ``status`` (open, won, lost), ``amount_minor`` (int or NA), ``created_on``,
            ``close_on`` (dates; for closed deals the day of closing), optionally ``list_price_minor``,
            ``probability`` (ppm), and the grouping columns.
        quotas: ``id``, ``owner``, ``period_start``, ``period_end``, ``amount_minor``, optionally ``measure``
            (bookings where absent), ``manager``, ``region``.
        activities: ``id``, ``kind``, ``starts_at``, optionally ``minutes``, ``outcome``, ``owner``, ``manager``,
            ``region``, and what else they can be grouped by.
        leads: ``id``, ``created_at``, ``responded_at``, optionally ``owner``, ``manager``, ``region``.
        snapshots: ``opportunity`` (an opportunity's id), ``taken_on``, ``status``, optionally ``amount_minor``,
            ``probability``.
        forecasts: ``id``, ``made_on``, ``period_start``, ``period_end``, ``amount_minor``, optionally ``owner`` (NA:
            the whole company), ``manager``, ``region``. One kind of forecast (model, pipeline or manager) at a time; of
            several for one person and period made on one day the one with the highest id counts.
    """

    opportunities: pd.DataFrame | None = None
    quotas: pd.DataFrame | None = None
    activities: pd.DataFrame | None = None
    leads: pd.DataFrame | None = None
    snapshots: pd.DataFrame | None = None
    forecasts: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """One frame as arrays: dates datetime64[D], moments datetime64[s], integers int64 beside a mask of gaps.

    A frame that was not given has length 0.
    """

    name: str
    length: int
    arrays: Mapping[str, Array]
    gaps: Mapping[str, npt.NDArray[np.bool_]]
    groups: Mapping[str, Array]

    def __getitem__(self, column: str) -> Array:
        return self.arrays[column]

    def missing(self, column: str) -> npt.NDArray[np.bool_]:
        """The mask of rows without a value."""
        return self.gaps[column]

    def all_rows(self) -> Rows:
        """The numbers of all rows."""
        return np.arange(self.length)


def read_frames(frames: Frames) -> dict[str, Columns]:
    """Check the frames and turn them into arrays.

    Raises:
        InputRefusedError: a frame lacks a column, or holds several currencies.
    """
    return {name: _columns(name, getattr(frames, name)) for name in _COLUMNS}


def _columns(name: str, frame: pd.DataFrame | None) -> Columns:
    if frame is None:
        frame = pd.DataFrame()
    elif not frame.empty:
        lacking = sorted(column for column in _REQUIRED[name] if column not in frame)
        if lacking:
            raise InputRefusedError(f"The frame of {name} lacks the columns {', '.join(lacking)}.")
        if "currency" in frame and frame["currency"].dropna().nunique() > 1:
            raise InputRefusedError(
                f"The {name} are in several currencies.", way_out="Convert them into one before calculating KPIs."
            )
    arrays: dict[str, Array] = {}
    gaps: dict[str, npt.NDArray[np.bool_]] = {}
    for column, kind in _COLUMNS[name].items():
        series = frame[column] if column in frame else pd.Series(pd.NA, index=frame.index, dtype=object)
        gaps[column] = series.isna().to_numpy(dtype=np.bool_)
        arrays[column] = _array(series, kind, gaps[column])
    groups = {g: _labels(frame[g]) for g in GROUPS if g in frame}
    return Columns(name, len(frame), arrays, gaps, groups)


def _array(series: pd.Series[Any], kind: str, missing: npt.NDArray[np.bool_]) -> Array:
    """One column as an array; gaps hold 0, NaN, NaT or an empty text."""
    present = series[~missing]
    if kind in (_DATE, _TIME):
        unit = "D" if kind == _DATE else "s"
        moments = np.full(len(series), "NaT", dtype=f"datetime64[{unit}]")
        moments[~missing] = pd.to_datetime(present).to_numpy().astype(f"datetime64[{unit}]")
        return moments
    if kind == _INT:
        numbers = np.zeros(len(series), dtype=np.int64)
        numbers[~missing] = present.to_numpy(dtype=np.int64)
        return numbers
    if kind == _NUMBER:
        floats = np.full(len(series), np.nan)
        floats[~missing] = present.to_numpy(dtype=np.float64)
        return floats
    texts = np.full(len(series), "", dtype=object)
    texts[~missing] = [str(value) for value in present.to_numpy(dtype=object)]
    return texts


def _labels(series: pd.Series[Any]) -> Array:
    labels = np.full(len(series), NOT_GIVEN, dtype=object)
    present = series.notna().to_numpy(dtype=np.bool_)
    labels[present] = [str(value) for value in series[present].to_numpy(dtype=object)]
    return labels
