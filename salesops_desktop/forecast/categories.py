"""Forecast categories: what is in each, rolled up, and what became of it in past quarters, week by week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]

CATEGORIES = ("commit", "best case", "pipeline", "omitted")
"""From the surest to the one that does not count."""

COMMIT_FROM = 800_000
BEST_CASE_FROM = 500_000
"""Probabilities (ppm) from which a deal without a category counts as commit, and as best case; above 0 it is pipeline,
at 0 omitted. The two limits are those between the late, middle and early stages of the CRMs' own defaults."""

THIN_DEALS = 20
THIN_PERIODS = 2
"""Fewer deals or periods than these behind a conversion are called thin."""


def fill_categories(
    stated: pd.Series[Any],
    probability: pd.Series[Any],
    *,
    commit_from: int = COMMIT_FROM,
    best_case_from: int = BEST_CASE_FROM,
) -> tuple[Words, npt.NDArray[np.bool_]]:
    """Each deal's category: as stated, else by its probability, else pipeline.

    Args:
        stated: (n,) one of :data:`CATEGORIES`, or anything else (``closed``, NA) where none is stated.
        probability: (n,) ppm, NA where unknown.
        commit_from: ppm from which a deal counts as commit.
        best_case_from: ppm from which it counts as best case.

    Returns:
        (n,) categories, and (n,) whether each was derived.

    Raises:
        InputRefusedError: the limits are not in order.
    """
    if not 0 < best_case_from <= commit_from <= PPM:
        raise InputRefusedError(
            "The limits of the categories are not in order.",
            way_out="Let commit begin at or above best case, both above 0 and at most 100 %.",
        )
    words = stated.to_numpy(object)
    given = np.isin(words.astype(str), CATEGORIES)
    unknown = probability.isna().to_numpy(np.bool_)
    ppm = probability.fillna(0).to_numpy(np.int64)
    derived = np.select(
        [unknown, ppm >= commit_from, ppm >= best_case_from, ppm > 0],
        ["pipeline", "commit", "best case", "pipeline"],
        default="omitted",
    )
    return np.where(given, words, derived).astype(object), ~given


def roll_up(category: Words, amount: Ints, closed_minor: int) -> pd.DataFrame:
    """The value of each category alone, and with all surer ones and what is won already.

    Args:
        category: (n,) of the open deals of the period.
        amount: (n,) minor units.
        closed_minor: won in the period so far.

    Returns:
        One row per category of :data:`CATEGORIES`: ``category``, ``deals``, ``amount_minor``, ``cumulative_minor``
        (won + this category and the surer ones; omitted deals count in no rollup, so that theirs is the pipeline's).
    """
    rows = []
    running = closed_minor
    for name in CATEGORIES:
        mine = category == name
        own = int(amount[mine].sum())
        if name != "omitted":
            running += own
        rows.append((name, int(mine.sum()), own, running))
    return pd.DataFrame(rows, columns=["category", "deals", "amount_minor", "cumulative_minor"])


@dataclass(frozen=True, slots=True)
class Conversions:
    """What became of each category in the past.

    Attributes:
        weeks: one row per category and week of the period with a snapshot: ``category``, ``week`` (1 is the first, 0
            the one before), ``periods``, ``deals``, ``won_deals`` (won within the period), ``expected_minor`` (Σ amount
            at the snapshot), ``won_minor`` (Σ amount at which those that were won were won), ``rate`` (won ÷ expected
            value), ``count_rate`` (won ÷ deals), ``thin``.
        by_group: the same with a column ``group`` before, all weeks together; empty where not asked for.
        periods: the past periods looked at.
    """

    weeks: pd.DataFrame
    by_group: pd.DataFrame
    periods: tuple[Period, ...]

    def at(self, category: str, week: int) -> pd.Series[Any] | None:
        """The conversion measured in the week nearest to ``week`` (the earlier of two); None without any."""
        own = self.weeks[self.weeks["category"] == category]
        if own.empty:
            return None
        far = (own["week"] - week).abs().to_numpy(np.int64)
        return own.iloc[int(far.argmin())]


def conversions(snapshots: pd.DataFrame, outcomes: pd.DataFrame, periods: Sequence[Period]) -> Conversions:
    """Measure the conversion of each category by week, over periods that are over.

    Population: deals open in a snapshot taken within a period or the week before, and due within that period. A deal
    counts once per snapshot; of several snapshots in one week of one period the last counts. Numerator: of these, won
    by the period's end, with the amount they were won at. Nothing after a period's end is looked at.

    Args:
        snapshots: ``taken_on``, ``opportunity``, ``status``, ``category``, ``amount_minor`` (int), ``close_on``;
            optionally ``group``.
        outcomes: what became of each deal: ``id``, ``status``, ``close_on``, ``amount_minor`` (NA counts as 0).
        periods: past periods, each over by now.
    """
    final = outcomes.drop_duplicates("id").set_index("id")
    lines = snapshots[snapshots["status"] == "open"]
    parts = []
    for period in periods:
        start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
        early = start - pd.Timedelta(days=7)
        taken = lines[lines["taken_on"].between(early, end) & lines["close_on"].between(start, end)]
        if taken.empty:
            continue
        week = (taken["taken_on"] - start).dt.days // 7 + 1
        last = taken["taken_on"].groupby(week).transform("max")
        taken = taken.assign(week=week, period=period.label)[taken["taken_on"] == last]
        end_of = final.reindex(taken["opportunity"])
        won = ((end_of["status"] == "won") & (end_of["close_on"] <= end)).to_numpy(np.bool_)
        worth = end_of["amount_minor"].fillna(0).to_numpy(np.int64)
        parts.append(taken.assign(won=won, won_minor=np.where(won, worth, 0)))
    if not parts:
        return Conversions(_measured(None, ["category", "week"]), _measured(None, ["group", "category"]), ())
    seen = pd.concat(parts, ignore_index=True)
    seen["category"] = pd.Categorical(seen["category"], CATEGORIES, ordered=True)
    grouped = _measured(seen if "group" in seen else None, ["group", "category"])
    used = {str(label) for label in seen["period"].unique()}
    return Conversions(_measured(seen, ["category", "week"]), grouped, tuple(p for p in periods if p.label in used))


def _measured(seen: pd.DataFrame | None, by: list[str]) -> pd.DataFrame:
    columns = [*by, "periods", "deals", "won_deals", "expected_minor", "won_minor", "rate", "count_rate", "thin"]
    if seen is None:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    groups = seen.groupby(by, observed=True, sort=True)
    found = groups.agg(
        periods=("period", "nunique"),
        deals=("won", "size"),
        won_deals=("won", "sum"),
        expected_minor=("amount_minor", "sum"),
        won_minor=("won_minor", "sum"),
    ).reset_index()
    found["category"] = found["category"].astype(object)
    expected = found["expected_minor"].to_numpy(np.float64)
    found["rate"] = np.divide(
        found["won_minor"].to_numpy(np.float64), expected, out=np.full(len(found), np.nan), where=expected > 0
    )
    found["count_rate"] = found["won_deals"] / found["deals"]
    found["thin"] = (found["deals"] < THIN_DEALS) | (found["periods"] < THIN_PERIODS)
    return found[columns]
