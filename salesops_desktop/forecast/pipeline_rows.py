"""The opportunities as arrays, and how they stood on any past day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.win_rates import integers
from salesops_desktop.model.errors import InputRefusedError

Vector = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

COLUMNS = ("id", "stage", "status", "amount_minor", "created_on", "close_on")
"""What a pipeline forecast needs of the opportunities; ``list_price_minor``, ``currency`` and what stands in
:data:`TERMS` are used where present."""

TERMS = {"owner": ("owner",), "product": ("product",), "segment": ("segment",), "source": ("source", "lead_source")}
"""What a deal keeps from its creation to its end, by the columns it may stand in."""

OPEN, WON, LOST = 0, 1, 2
NEVER = 2**40
"""A day number for what has not happened."""

DAYS = 2**20

_MONTHS: Whole = np.arange(60_000).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
"""Months of the days up to 2134, for they are looked up by the million."""


@dataclass(frozen=True, slots=True, eq=False)
class SnapshotLines:
    """Snapshot lines of open deals, sorted by deal, then day.

    Attributes:
        row: (s,) the deal's place in the rows.
        day: (s,) when the snapshot was taken (days since 1970).
        stage: (s,) places in ``names``, −1 without one.
        since: (s,) first day in a row on which the deal was seen in this stage.
        amount: (s,) minor units, NaN without one.
        due: (s,) the close date expected then; ``NEVER`` without one.
        names: the stages.
        keys: (s,) row × :data:`DAYS` + day, rising.
    """

    row: Whole
    day: Whole
    stage: Whole
    since: Whole
    amount: Vector
    due: Whole
    names: tuple[str, ...]
    keys: Whole

    def latest(self, rows: Whole, day: int) -> Whole:
        """(len(rows),) place of each deal's last line up to ``day``; −1 where there is none."""
        if not len(self.row):
            return np.full(len(rows), -1, dtype=np.int64)
        place = np.searchsorted(self.keys, rows * DAYS + day, side="right") - 1
        return np.where((place >= 0) & (self.row[place] == rows), place, -1)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """All opportunities.

    Attributes:
        id: (n,) their ids.
        created: (n,) days since 1970; ``NEVER`` where unknown.
        closed: (n,) the same; ``NEVER`` for open deals.
        status: (n,) ``OPEN``, ``WON`` or ``LOST`` as it is today.
        amount: (n,) today's amount, NaN without one.
        price: (n,) list price, NaN without one.
        codes: per term of :data:`TERMS` (n,) places in ``levels[term]``, −1 where blank.
        levels: the names.
        lines: the snapshots.
        stage: (n,) today's stage.
        first_worth: (n,) what deals were first thought worth: list price, else the first snapshot; NaN where only
            today's is known, for that would betray the outcome: many CRMs correct it when a deal is won and clear it
            when it is lost.
    """

    id: Whole
    created: Whole
    closed: Whole
    status: Whole
    amount: Vector
    price: Vector
    codes: Mapping[str, Whole]
    levels: Mapping[str, tuple[str, ...]]
    lines: SnapshotLines
    stage: npt.NDArray[np.object_]
    first_worth: Vector

    def known(self, day: int) -> npt.NDArray[np.bool_]:
        """Which deals existed on ``day``, as far as their creation date tells."""
        return np.asarray(self.created <= day)

    def open_on(self, day: int) -> Whole:
        """Places of the deals open at the end of ``day``: created by then, closed later or never."""
        return np.flatnonzero((self.created <= day) & (self.closed > day))

    def outcome(self, day: int) -> Whole:
        """(n,) the status as it was known on ``day``: a later closing is still open."""
        return np.where(self.closed <= day, self.status, OPEN)

    def worth(self, rows: Whole, day: int) -> Vector:
        """What deals were thought worth on ``day``: last snapshot, else list price, else today's amount; else NaN.

        Today's amount comes last, for it knows the outcome: many CRMs set a lost deal's amount to 0.
        """
        found = np.where(np.isnan(self.price[rows]), self.amount[rows], self.price[rows])
        place = self.lines.latest(rows, day)
        if len(self.lines.row):
            then = np.where(place >= 0, self.lines.amount[place], np.nan)
            found = np.where(np.isnan(then), found, then)
        return found


def prepared(opportunities: pd.DataFrame) -> pd.DataFrame:
    """The columns the pipeline forecast uses, with real dates; one row per opportunity, by id.

    Raises:
        InputRefusedError: columns are missing, or more than one currency.
    """
    missing = [name for name in COLUMNS if name not in opportunities]
    if missing:
        raise InputRefusedError(f"The opportunities lack the columns {', '.join(missing)}.")
    if "currency" in opportunities and opportunities["currency"].dropna().nunique() > 1:
        raise InputRefusedError(
            "The opportunities are in several currencies.", way_out="Convert them into one before forecasting."
        )
    rows = opportunities[[*COLUMNS]].copy()
    rows["list_price_minor"] = opportunities.get("list_price_minor", pd.Series(pd.NA, index=rows.index))
    for term, names in TERMS.items():
        rows[term] = next((opportunities[name] for name in names if name in opportunities), None)
    for name in ("created_on", "close_on"):
        rows[name] = pd.to_datetime(rows[name]).astype("datetime64[s]")
    return rows.sort_values("id", kind="stable").reset_index(drop=True)


def as_rows(table: pd.DataFrame, snapshots: pd.DataFrame | None) -> Rows:
    """Arrays of a :func:`prepared` table and the snapshots.

    Args:
        table: the opportunities.
        snapshots: ``taken_on``, ``opportunity``, ``stage``, ``status`` and optionally ``amount_minor``, ``close_on``.
    """
    status = table["status"].map({"open": OPEN, "won": WON, "lost": LOST}).fillna(OPEN).to_numpy().astype(np.int64)
    closed = np.where(status == OPEN, NEVER, day_numbers(table["close_on"]))
    codes: dict[str, Whole] = {}
    levels: dict[str, tuple[str, ...]] = {}
    for term in TERMS:
        place, names = pd.factorize(table[term], sort=True)
        if len(names):
            codes[term], levels[term] = place.astype(np.int64), tuple(str(name) for name in names)
    price, lines = _floats(table["list_price_minor"]), _lines(table, snapshots)
    return Rows(
        table["id"].to_numpy(dtype=np.int64),
        day_numbers(table["created_on"]),
        closed,
        status,
        _floats(table["amount_minor"]),
        price,
        codes,
        levels,
        lines,
        table["stage"].to_numpy(dtype=object),
        _first_worth(price, lines),
    )


def day_numbers(column: pd.Series[pd.Timestamp]) -> Whole:
    """Dates as days since 1970; ``NEVER`` where there is none."""
    days = column.to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(days), NEVER, days.astype(np.int64))


def number_of(day: dt.date) -> int:
    """A date as days since 1970."""
    return (day - dt.date(1970, 1, 1)).days


def date_of(number: int) -> dt.date:
    """The date of a day number."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(number))


def months_of(days: Whole) -> Whole:
    """Months since January 1970 of day numbers; three of them with the same remainder by 3 lie a quarter apart."""
    if len(days) and int(days.min()) >= 0 and int(days.max()) < len(_MONTHS):
        return np.asarray(_MONTHS[days])
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_pieces(first: Whole, last: Whole) -> Iterator[tuple[int, Whole, Whole, Whole]]:
    """Spans of days cut at the ends of months.

    Args:
        first: (n,) first days.
        last: (n,) last days; a span that ends before it begins has no pieces.

    Yields:
        Per calendar month: its number since January 1970, the places of the spans that touch it, and the first and
        last days of their pieces.
    """
    which = np.flatnonzero(last >= first)
    if not len(which):
        return
    months = np.arange(int(months_of(first[which]).min()), int(months_of(last[which]).max()) + 2)
    bounds = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    for month, begin, after in zip(months[:-1].tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        here = which[(first[which] < after) & (last[which] >= begin)]
        if len(here):
            yield month, here, np.maximum(first[here], begin), np.minimum(last[here], after - 1)


def month_end(day: int, months: int) -> int:
    """The last day of the month that lies ``months`` after the one of ``day``."""
    month = np.datetime64(day, "D").astype("datetime64[M]") + np.timedelta64(months + 1, "M")
    return int(month.astype("datetime64[D]").astype(np.int64)) - 1


def _first_worth(price: Vector, lines: SnapshotLines) -> Vector:
    if not len(lines.row):
        return price
    first = np.searchsorted(lines.row, np.arange(len(price)))
    place = np.minimum(first, len(lines.row) - 1)
    return np.where(lines.row[place] == np.arange(len(price)), lines.amount[place], price)


def _floats(column: pd.Series[int]) -> Vector:
    values, blank = integers(column)
    return np.where(blank, np.nan, values.astype(np.float64))


def _lines(table: pd.DataFrame, snapshots: pd.DataFrame | None) -> SnapshotLines:
    none = np.zeros(0, dtype=np.int64)
    if snapshots is None or snapshots.empty:
        return SnapshotLines(none, none, none, none, np.zeros(0), none, (), none)
    seen = snapshots[snapshots["status"] == "open"]
    row = pd.Index(table["id"]).get_indexer(seen["opportunity"])
    seen, row = seen[row >= 0], row[row >= 0]
    day = day_numbers(seen["taken_on"])
    order = np.lexsort((day, row))
    seen, row, day = seen.iloc[order], row[order].astype(np.int64), day[order]
    stage, names = pd.factorize(seen["stage"], sort=True)
    fresh = np.ones(len(row), dtype=np.bool_)
    fresh[1:] = (row[1:] != row[:-1]) | (stage[1:] != stage[:-1])
    since = day[np.maximum.accumulate(np.where(fresh, np.arange(len(row)), 0))] if len(row) else none
    amount = _floats(seen["amount_minor"]) if "amount_minor" in seen else np.full(len(row), np.nan)
    due = day_numbers(pd.to_datetime(seen["close_on"])) if "close_on" in seen else np.full(len(row), NEVER)
    labels = tuple(str(name) for name in names)
    return SnapshotLines(row, day, stage.astype(np.int64), since, amount, due, labels, row * DAYS + day)
