"""What snapshots tell of single deals: pushes, slippage, the way through the stages, and those that went stale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.model.periods import Period

STALE_SHARE = 0.95
"""An open deal older than this share of the deals ever won were when they were won is stale."""
LEAST_WON = 20
"""Won deals that must be known before age alone makes a deal stale."""
UNTOUCHED_DAYS = 90
"""Days without any change of stage, amount or close date after which a deal is stale."""
MANY_PUSHES = 3
LONGEST = 100
"""Stages a sales process may have."""


def pushes(snapshots: pd.DataFrame) -> pd.DataFrame:
    """How often each deal's close date was pushed.

    A push is a close date that lies in a later calendar month than the one of the snapshot before, as CRMs count it;
    days are those by which later dates lay after earlier ones, whatever the month.

    Args:
        snapshots: the lines of open deals: ``opportunity``, ``taken_on``, ``close_on``.

    Returns:
        Indexed by opportunity, those seen at least once: ``pushes`` and ``days_pushed`` (ints), ``seen`` (snapshots).
    """
    lines = snapshots.sort_values(["opportunity", "taken_on"], kind="stable")
    ids = lines["opportunity"].to_numpy(np.int64)
    close = lines["close_on"].to_numpy("datetime64[D]")
    same = np.r_[False, ids[1:] == ids[:-1]] if len(ids) else np.zeros(0, dtype=np.bool_)
    earlier = np.r_[np.datetime64("NaT", "D"), close[:-1]] if len(ids) else close
    moved = (close - earlier).astype("timedelta64[D]")
    later = same & (moved > np.timedelta64(0, "D"))
    months = close.astype("datetime64[M]") > earlier.astype("datetime64[M]")
    days = np.where(later, moved.astype(np.int64), 0)
    found = pd.DataFrame({"opportunity": ids, "pushes": (later & months).astype(np.int64), "days_pushed": days})
    sums = found.groupby("opportunity").sum()
    sums["seen"] = found.groupby("opportunity").size()
    return sums


@dataclass(frozen=True, slots=True)
class Slippage:
    """What became of the deals that one snapshot expected in one period.

    Attributes:
        period: the period.
        taken_on: the snapshot: the first taken within the period, or on the day before it.
        deals: expected: open in the snapshot with a close date in the period.
        expected_minor: their amounts there.
        slipped: of these, neither won nor lost by the period's end.
        slipped_minor: their amounts in the snapshot.
        won_minor: amounts in the snapshot of those won in the period.
        median_days: median days by which slipped deals' dates moved: to the day they were closed, or where that is not
            known yet to the date now expected; NaN where no date moved out.
        ids: the slipped deals.
    """

    period: Period
    taken_on: dt.date
    deals: int
    expected_minor: int
    slipped: int
    slipped_minor: int
    won_minor: int
    median_days: float
    ids: npt.NDArray[np.int64]


def slippage(snapshots: pd.DataFrame, outcomes: pd.DataFrame, periods: Sequence[Period]) -> list[Slippage]:
    """Slippage of past periods: deals expected in a period and not closed in it, of all expected.

    Args:
        snapshots: ``taken_on``, ``opportunity``, ``status``, ``amount_minor`` (int), ``close_on``.
        outcomes: every deal as known by now: ``id``, ``status``, ``close_on``.
        periods: periods that are over by now; those without a snapshot near their start are left out.
    """
    final = outcomes.drop_duplicates("id").set_index("id")
    found = []
    for period in periods:
        start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
        taken = snapshots["taken_on"]
        near = taken[(taken >= start - pd.Timedelta(days=1)) & (taken < start + pd.Timedelta(days=period.days // 2))]
        if near.empty:
            continue
        day = near.min()
        lines = snapshots[(taken == day) & (snapshots["status"] == "open") & snapshots["close_on"].between(start, end)]
        fate = final.reindex(lines["opportunity"])
        closed = fate["status"].isin(["won", "lost"]).to_numpy(np.bool_)
        close = fate["close_on"].to_numpy("datetime64[s]")
        out = ~(closed & (close <= np.datetime64(end, "s")))
        amounts = lines["amount_minor"].to_numpy(np.int64)
        expected = lines["close_on"].to_numpy("datetime64[s]")
        moved = out & (close > np.datetime64(end, "s"))
        days = (close[moved] - expected[moved]).astype("timedelta64[D]").astype(np.int64)
        won = closed & ~out & (fate["status"] == "won").to_numpy(np.bool_)
        found.append(
            Slippage(
                period,
                day.date(),
                len(lines),
                int(amounts.sum()),
                int(out.sum()),
                int(amounts[out].sum()),
                int(amounts[won].sum()),
                float(np.median(days)) if len(days) else float("nan"),
                lines["opportunity"].to_numpy(np.int64)[out],
            )
        )
    return found


def stage_order(snapshots: pd.DataFrame) -> list[str]:
    """The open stages from first to last, as the deals themselves went through them.

    By the mean probability the CRM states for each where it states any, else by how often each stage followed another
    in the same deal; only the first visit to a stage counts, so that going back does not.

    Args:
        snapshots: the lines of open deals: ``opportunity``, ``taken_on``, ``stage``, optionally ``probability``.
    """
    if "probability" in snapshots and snapshots["probability"].notna().any():
        stated = snapshots.groupby("stage")["probability"].mean()
        if stated.notna().all():
            return [str(stage) for stage in stated.sort_values(kind="stable").index]
    lines = snapshots.sort_values(["opportunity", "taken_on"], kind="stable").drop_duplicates(["opportunity", "stage"])
    following = lines.groupby("opportunity")["stage"].shift(-1)
    pairs = pd.DataFrame({"here": lines["stage"], "next": following}).dropna()
    names = sorted(lines["stage"].astype(str).unique())
    after = pairs.groupby("next").size().reindex(names, fill_value=0)
    before = pairs.groupby("here").size().reindex(names, fill_value=0)
    # The share of its moves that led into a stage: 0 for where deals begin, 1 for where they end.
    share = after / (after + before).clip(lower=1)
    return [str(stage) for stage in share.sort_values(kind="stable").index]


def stage_conversion(
    snapshots: pd.DataFrame, outcomes: pd.DataFrame, order: Sequence[str], *, day: dt.date, since: dt.date | None = None
) -> pd.DataFrame:
    """How many of the deals that reached a stage went on to the next.

    The furthest stage a deal was seen in counts: one that skipped a stage has reached it too, and going back takes
    nothing away. Won deals have reached every stage. Deals still open whose furthest stage it is are censored: neither
    gone on nor lost yet.

    Args:
        snapshots: ``taken_on``, ``opportunity``, ``stage``, ``status`` (open lines count); nothing after ``day``.
        outcomes: ``id``, ``status``, ``close_on``: closings up to ``day`` count.
        order: the stages from first to last.
        day: the day of knowledge.
        since: only deals first seen on or after it.

    Returns:
        One row per stage: ``stage``, ``reached``, ``went_on``, ``lost``, ``open`` (they sum to reached), ``skipped``
        (reached it without having been seen in it), ``rate`` (went on ÷ (went on + lost)), ``rate_of_all`` (went on ÷
        reached: what is sure so far), ``won`` (won of those that reached it), ``median_days`` (from first seen there
        to first seen further on or won, at the resolution of the snapshots).
    """
    place = {stage: i for i, stage in enumerate(order)}
    lines = snapshots[(snapshots["status"] == "open") & (snapshots["taken_on"] <= pd.Timestamp(day))]
    lines = lines.assign(place=lines["stage"].map(place)).dropna(subset=["place"])
    first = lines.groupby("opportunity")["taken_on"].min()
    if since is not None:
        first = first[first >= pd.Timestamp(since)]
        lines = lines[lines["opportunity"].isin(first.index)]
    fate = outcomes.drop_duplicates("id").set_index("id").reindex(first.index)
    over = (fate["close_on"] <= pd.Timestamp(day)) & fate["status"].isin(["won", "lost"])
    won = (over & (fate["status"] == "won")).to_numpy(np.bool_)
    lost = (over & (fate["status"] == "lost")).to_numpy(np.bool_)
    furthest = lines.groupby("opportunity")["place"].max().reindex(first.index).to_numpy(np.int64)
    furthest = np.where(won, len(order), furthest)
    entered = lines.groupby(["opportunity", "place"])["taken_on"].min().unstack().reindex(first.index)
    rows = [_stage_row(stage, i, furthest, won, lost, entered, fate["close_on"]) for i, stage in enumerate(order)]
    columns = ["stage", "reached", "went_on", "lost", "open", "skipped", "rate", "rate_of_all", "won", "median_days"]
    return pd.DataFrame(rows, columns=columns)


def _stage_row(
    stage: str,
    i: int,
    furthest: npt.NDArray[np.int64],
    won: npt.NDArray[np.bool_],
    lost: npt.NDArray[np.bool_],
    entered: pd.DataFrame,
    close: pd.Series[Any],
) -> tuple[object, ...]:
    reached, went_on = furthest >= i, furthest > i
    fell = reached & ~went_on & lost
    here = entered[i] if i in entered else pd.Series(pd.NaT, index=entered.index)
    seen = here.notna().to_numpy(np.bool_)
    later = [place for place in range(i + 1, LONGEST) if place in entered]
    onward = entered[later].min(axis=1) if later else pd.Series(pd.NaT, index=entered.index)
    onward = onward.where(onward.notna() | ~won, close)
    days = (pd.to_datetime(onward) - pd.to_datetime(here)).dt.days
    days = days[went_on & seen & (days.to_numpy() >= 0)]
    on, off, all_of = int(went_on.sum()), int(fell.sum()), int(reached.sum())
    return (
        stage,
        all_of,
        on,
        off,
        all_of - on - off,
        int((reached & ~seen).sum()),
        on / (on + off) if on + off else float("nan"),
        on / all_of if all_of else float("nan"),
        int((reached & won).sum()),
        float(days.median()) if len(days) else float("nan"),
    )


@dataclass(frozen=True, slots=True)
class StaleDeals:
    """Which open deals went stale.

    Attributes:
        reasons: (n,) why, in words; empty text where a deal is not stale.
        limit_days: the age that only few of the won deals exceeded; None where too few were won to tell.
        oldest_days: the greatest age at which a deal was ever won; None without won deals.
    """

    reasons: npt.NDArray[np.object_]
    limit_days: int | None
    oldest_days: int | None


def stale_deals(
    deals: pd.DataFrame, closed: pd.DataFrame, snapshots: pd.DataFrame | None, *, day: dt.date
) -> StaleDeals:
    """Open deals that look dead: too old, overdue, untouched, or pushed again and again.

    Args:
        deals: the open deals: ``id``, ``created_on``, ``close_on`` (dates, NaT allowed).
        closed: closed deals: ``status``, ``created_on``, ``close_on``.
        snapshots: open lines up to ``day``: ``opportunity``, ``taken_on``, ``stage``, ``amount_minor``, ``close_on``;
            None without any.
        day: the day of knowledge.
    """
    won = closed[closed["status"] == "won"]
    ages = (won["close_on"] - won["created_on"]).dt.days.dropna().to_numpy(np.float64)
    ages = ages[ages >= 0]
    limit = int(np.quantile(ages, STALE_SHARE, method="inverted_cdf")) if len(ages) >= LEAST_WON else None
    oldest = int(ages.max()) if len(ages) else None
    now = pd.Timestamp(day)
    age = (now - deals["created_on"]).dt.days.to_numpy(np.float64)
    overdue = (now - deals["close_on"]).dt.days.to_numpy(np.float64)
    count, still = np.zeros(len(deals)), np.full(len(deals), np.nan)
    if snapshots is not None and len(snapshots):
        count = pushes(snapshots)["pushes"].reindex(deals["id"]).fillna(0).to_numpy(np.float64)
        still = _untouched(snapshots, now).reindex(deals["id"]).to_numpy(np.float64)
    reasons = []
    for i in range(len(deals)):
        why = []
        if oldest is not None and limit is not None and age[i] > oldest:
            why.append(f"{age[i]:,.0f} days old, no deal was ever won after {oldest:,}")
        elif limit is not None and age[i] > limit:
            why.append(f"{age[i]:,.0f} days old, {STALE_SHARE:.0%} of won deals took at most {limit:,}")
        if overdue[i] > 0:
            why.append(f"close date gone by {overdue[i]:,.0f} days ago")
        if still[i] >= UNTOUCHED_DAYS:
            why.append(f"nothing changed for {still[i]:,.0f} days")
        if count[i] >= MANY_PUSHES:
            why.append(f"pushed {count[i]:.0f} times")
        reasons.append("; ".join(why))
    return StaleDeals(np.array(reasons, dtype=object), limit, oldest)


def _untouched(snapshots: pd.DataFrame, now: pd.Timestamp) -> pd.Series[Any]:
    """Days since stage, amount or close date last changed, by opportunity; as far as snapshots reach back."""
    lines = snapshots.sort_values(["opportunity", "taken_on"], kind="stable")
    fields = ["stage", "amount_minor", "close_on"]
    before = lines.groupby("opportunity")[fields].shift(1)
    same = ((lines[fields] == before) | (lines[fields].isna() & before.isna())).fillna(value=False).all(axis=1)
    changed = lines[~same.to_numpy(np.bool_)].groupby("opportunity")["taken_on"].max()
    days: pd.Series[Any] = (now - changed).dt.days
    return days
