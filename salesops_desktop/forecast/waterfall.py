"""What happened to the open pipeline between two days: every deal explained once, summing to the minor unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import Period

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOVEMENTS = {
    "new": "New",
    "reopened": "Reopened",
    "moved in": "Moved in",
    "taken over": "Taken over",
    "grown": "Grown",
    "currency": "Exchange rates",
    "shrunk": "Shrunk",
    "handed over": "Handed over",
    "pulled ahead": "Pulled ahead",
    "pushed out": "Pushed out",
    "removed": "Removed",
    "lost": "Lost",
    "won": "Won",
}
"""The bars between the two totals, in the order in which they are drawn, with their labels."""

COMES = frozenset({"new", "reopened", "moved in", "taken over"})
"""Movements of deals that were not in the pipeline on the first day."""

LEAVES = frozenset({"handed over", "pulled ahead", "pushed out", "removed", "lost", "won"})
"""Movements of deals that are no longer in it on the second."""

MEANINGS = {
    "new": "First seen after the first day, open and due in the period on the second.",
    "reopened": "Closed, or gone from the export, on the first day; open again on the second.",
    "moved in": "Open on both days; its close date lay outside the period on the first.",
    "taken over": "Open on both days; it belonged to somebody outside the selection on the first.",
    "grown": "In the pipeline on both days, with a larger amount on the second.",
    "currency": "What changed because exchange rates did, for deals in the pipeline on both days.",
    "shrunk": "In the pipeline on both days, with a smaller amount on the second.",
    "handed over": "Still open, but it belongs to somebody outside the selection on the second day.",
    "pulled ahead": "Still open, with a close date before the period.",
    "pushed out": "Still open, with a close date after the period, or none.",
    "removed": "Not in the pipeline of the second day, and nothing tells that it was closed.",
    "lost": "Closed as lost; leaves with its amount of the first day.",
    "won": "Closed as won; leaves with its amount of the first day.",
}
"""What puts a deal behind each bar."""

COLUMNS = ("id", "status", "stage", "amount_minor", "close_on")
"""What :func:`explain` needs of the pipeline of a day."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From the pipeline of one day to that of another.

    Attributes:
        start_day: the first day.
        end_day: the second.
        period: deals with a close date in it are in the pipeline; None for all open deals.
        start_minor: Σ amounts of the pipeline on the first day.
        end_minor: on the second; equals ``start_minor`` plus the sum of all bars.
        bars: one row per movement that occurs, in the order of :data:`MOVEMENTS`: ``movement``, ``deals``,
            ``amount_minor``.
        deals: one row per deal in either pipeline: ``id``, ``movement`` (``unchanged`` where nothing happened),
            ``before_minor`` and ``after_minor`` (0 where not in the pipeline that day), ``change_minor`` (their
            difference), ``currency_minor`` (the part of it that exchange rates explain), ``worth_minor`` (what it
            was worth on the second day, in the pipeline or not), ``stage_before``, ``stage_after``,
            ``close_before``, ``close_after``.
        passing: deals in neither pipeline that were closed in between, with a close date in the period: ``id``,
            ``movement`` (won or lost), ``amount_minor``. Together with the won bar they are all that was won.
    """

    start_day: dt.date
    end_day: dt.date
    period: Period | None
    start_minor: int
    end_minor: int
    bars: pd.DataFrame
    deals: pd.DataFrame
    passing: pd.DataFrame


def explain(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    start_day: dt.date,
    end_day: dt.date,
    period: Period | None = None,
    fates: pd.DataFrame | None = None,
    seen_earlier: Collection[int] = (),
) -> Waterfall:
    """Explain each deal's part in the change of the pipeline.

    The pipeline of a day are the deals open on it, in the selection, and due in the period.

    Args:
        before: the deals of the first day, one row each: ``id``, ``status`` (open, won, lost), ``stage``,
            ``amount_minor`` (integer minor units of one currency, NA counts as 0), ``close_on`` (dates, NaT allowed);
            optionally ``member`` (bool: belongs to the selection; all do where absent).
        after: those of the second; optionally also ``constant_minor``: the amount at the exchange rates of the first
            day. Where given, what rates did is told apart from growth.
        start_day: the first day.
        end_day: the second; not before the first.
        period: whose pipeline; None for all open deals.
        fates: what is known of deals by now: ``id``, ``status``, ``created_on``, ``close_on``, ``amount_minor``,
            optionally ``member``. Tells won from removed where the second day does not hold a deal (many exports are
            of open deals only).
        seen_earlier: ids of deals that were seen before the first day: coming back, they are reopened, not new.

    Raises:
        InputRefusedError: columns are missing, a deal stands twice in a day, or the days are in the wrong order.
    """
    _check(before, "first")
    _check(after, "second")
    if end_day < start_day:
        raise InputRefusedError(f"{end_day} lies before {start_day}.", way_out="Give the earlier day first.")
    ids = np.union1d(before["id"].to_numpy(np.int64), after["id"].to_numpy(np.int64))
    a, b = _Day.of(before, ids, period), _Day.of(after, ids, period)
    known = _fates(fates, ids)
    # A deal that the second day does not hold was closed where what is known by now says so.
    closed_since = (known["close_on"].to_numpy("datetime64[D]") <= np.datetime64(end_day)) & ~b.present
    fate = known["status"].where(closed_since, None).to_numpy(object)
    status = np.where(b.present, b.status, fate)
    movement = _movements(a, b, status, _reopened(a, ids, seen_earlier, known, start_day), period)
    kept = a.inside | b.inside
    old, new = np.where(a.inside, a.amount, 0), np.where(b.inside, b.amount, 0)
    both = a.inside & b.inside
    currency = np.where(both, b.amount - b.constant, 0)
    growth = np.where(both, b.constant - a.amount, 0)
    movement = np.where(both & (growth == 0) & (currency != 0), "currency", movement)
    closing = np.where(b.present, b.amount, np.where(closed_since, known["amount_minor"].to_numpy(np.int64), 0))
    deals = pd.DataFrame(
        {
            "id": ids,
            "movement": movement,
            "before_minor": old,
            "after_minor": new,
            "change_minor": new - old,
            "currency_minor": currency,
            "worth_minor": closing,
            "stage_before": a.stage,
            "stage_after": np.where(b.present, b.stage, fate),
            "close_before": a.close.astype("datetime64[s]"),
            "close_after": np.where(b.present, b.close, known["close_on"].to_numpy("datetime64[D]")).astype(
                "datetime64[s]"
            ),
        }
    )[kept].reset_index(drop=True)
    return Waterfall(
        start_day,
        end_day,
        period,
        int(old.sum()),
        int(new.sum()),
        _bars(deals),
        deals,
        _passing(fates, deals["id"].to_numpy(np.int64), start_day, end_day, period),
    )


@dataclass(frozen=True, slots=True)
class _Day:
    """The deals of a day along the ids of both days; absent ones have no status, 0 and NaT."""

    present: Flags
    status: npt.NDArray[np.object_]
    stage: npt.NDArray[np.object_]
    amount: Ints
    constant: Ints
    close: npt.NDArray[np.datetime64]
    member: Flags
    inside: Flags

    @classmethod
    def of(cls, lines: pd.DataFrame, ids: Ints, period: Period | None) -> _Day:
        frame = lines.set_index("id").reindex(ids)
        present = np.isin(ids, lines["id"].to_numpy(np.int64))
        status = frame["status"].to_numpy(object)
        close = pd.to_datetime(frame["close_on"]).to_numpy("datetime64[D]")
        amount = _whole(frame["amount_minor"])
        constant = _whole(frame["constant_minor"]) if "constant_minor" in frame else amount
        member = present.copy()
        if "member" in frame:
            member &= frame["member"].fillna(value=False).to_numpy(np.bool_)
        inside = (status == "open") & member & _due(close, period)
        return cls(present, status, frame["stage"].to_numpy(object), amount, constant, close, member, inside)


def _due(close: npt.NDArray[np.datetime64], period: Period | None) -> Flags:
    if period is None:
        return np.ones(len(close), dtype=np.bool_)
    inside: Flags = (close >= np.datetime64(period.start)) & (close <= np.datetime64(period.end))
    return inside


def _whole(column: pd.Series[Any]) -> Ints:
    gaps = column.isna().to_numpy(np.bool_)
    values = np.zeros(len(column), dtype=np.int64)
    values[~gaps] = column[~gaps].to_numpy(np.int64)
    return values


def _fates(fates: pd.DataFrame | None, ids: Ints) -> pd.DataFrame:
    columns = ["id", "status", "created_on", "close_on", "amount_minor"]
    if fates is None:
        fates = pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    known = fates[columns].drop_duplicates("id").set_index("id").reindex(ids)
    known["amount_minor"] = _whole(known["amount_minor"])
    for name in ("created_on", "close_on"):
        known[name] = pd.to_datetime(known[name]).astype("datetime64[s]")
    # An open deal's close date is an expectation, no closing.
    known.loc[~known["status"].isin(["won", "lost"]), "close_on"] = pd.NaT
    return known


def _reopened(a: _Day, ids: Ints, seen_earlier: Collection[int], known: pd.DataFrame, start_day: dt.date) -> Flags:
    """Deals that the first day shows closed, or does not hold though they were seen before it."""
    earlier = np.isin(ids, np.fromiter(seen_earlier, dtype=np.int64, count=len(seen_earlier)))
    created = known["created_on"].to_numpy("datetime64[D]")
    young = created > np.datetime64(start_day)
    return (a.present & np.isin(a.status.astype(str), ["won", "lost"])) | (~a.present & earlier & ~young)


def _movements(
    a: _Day, b: _Day, status: npt.NDArray[np.object_], reopened: Flags, period: Period | None
) -> npt.NDArray[np.object_]:
    """The one movement of each deal; ``unchanged`` where amounts agree."""
    leaves, comes = a.inside & ~b.inside, b.inside & ~a.inside
    both = a.inside & b.inside
    growth = b.constant - a.amount
    early = np.zeros(len(status), dtype=np.bool_)
    if period is not None:
        early = b.close < np.datetime64(period.start)
    rules: list[tuple[Flags, str]] = [
        (both & (growth > 0), "grown"),
        (both & (growth < 0), "shrunk"),
        (leaves & (status == "won"), "won"),
        (leaves & (status == "lost"), "lost"),
        (leaves & ~b.present, "removed"),
        (leaves & ~b.member, "handed over"),
        (leaves & early, "pulled ahead"),
        (leaves, "pushed out"),
        (comes & reopened, "reopened"),
        (comes & ~a.present, "new"),
        (comes & ~a.member, "taken over"),
        (comes, "moved in"),
    ]
    return np.select([rule for rule, _ in rules], [name for _, name in rules], default="unchanged").astype(object)


def _bars(deals: pd.DataFrame) -> pd.DataFrame:
    """The deals of each movement and what they change; the exchange rates' part of every deal is one bar."""
    rows = []
    for movement in MOVEMENTS:
        if movement == "currency":
            behind = deals[deals["currency_minor"] != 0]
            amount = int(behind["currency_minor"].sum())
        else:
            behind = deals[deals["movement"] == movement]
            amount = int((behind["change_minor"] - behind["currency_minor"]).sum())
        if len(behind):
            rows.append((movement, len(behind), amount))
    return pd.DataFrame(rows, columns=["movement", "deals", "amount_minor"])


def _passing(
    fates: pd.DataFrame | None, explained: Ints, start_day: dt.date, end_day: dt.date, period: Period | None
) -> pd.DataFrame:
    """Deals closed in between that were in neither pipeline."""
    if fates is None:
        return pd.DataFrame({"id": [], "movement": [], "amount_minor": []})
    close = pd.to_datetime(fates["close_on"]).to_numpy("datetime64[D]")
    rows = fates["status"].isin(["won", "lost"]).to_numpy(np.bool_)
    rows = rows & (close > np.datetime64(start_day)) & (close <= np.datetime64(end_day)) & _due(close, period)
    rows = rows & ~np.isin(fates["id"].to_numpy(np.int64), explained)
    if "member" in fates:
        rows = rows & fates["member"].to_numpy(np.bool_)
    found = fates[rows]
    return pd.DataFrame(
        {
            "id": found["id"].to_numpy(np.int64),
            "movement": found["status"].to_numpy(object),
            "amount_minor": _whole(found["amount_minor"]),
        }
    )


def _check(lines: pd.DataFrame, which: str) -> None:
    missing = [name for name in COLUMNS if name not in lines]
    if missing:
        raise InputRefusedError(f"The pipeline of the {which} day lacks the columns {', '.join(missing)}.")
    twice = lines["id"].duplicated()
    if twice.any():
        raise InputRefusedError(
            f"{int(twice.sum()):,} deals stand twice in the pipeline of the {which} day, the first is "
            f"{lines.loc[twice, 'id'].iloc[0]}."
        )
