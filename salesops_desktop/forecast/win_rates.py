"""What the company's own closed deals say about the deals of a stage."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

PRIOR_WEIGHT = 10.0
"""How many deals the overall rate counts for in the rate of one stage."""

THIN = 10
"""Closed deals below which a stage has no rate of its own."""


@dataclass(frozen=True, slots=True)
class StageRate:
    """The win rate of deals that were ever seen in a stage.

    Attributes:
        stage: the stage.
        closed: deals seen there that are closed by now.
        won: of these, won.
        rate: the smoothed win rate.
        own: False where the stage had too few closed deals and the overall rate stands in.
    """

    stage: str
    closed: int
    won: int
    rate: float
    own: bool


@dataclass(frozen=True, slots=True)
class StageRates:
    """Win rates by stage and overall; beta-smoothed."""

    overall: float
    closed: int
    won: int
    stages: tuple[StageRate, ...]

    def rate(self, stage: object) -> float:
        """The win rate of ``stage``; the overall one where nothing is known of it."""
        return next((row.rate for row in self.stages if row.stage == stage), self.overall)


def integers(column: pd.Series[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """A column of whole numbers with gaps (NA, NaN or None) as exact integers, 0 in the gaps, and the gaps' mask."""
    missing = column.isna().to_numpy(dtype=np.bool_)
    values = np.zeros(len(column), dtype=np.int64)
    values[~missing] = column[~missing].to_numpy(dtype=np.int64)
    return values, missing


def known_on(opportunities: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """The opportunities as they were known on ``day``: later ones gone, later closings still open.

    Args:
        opportunities: columns ``status``, ``created_on``, ``close_on`` (datetime64), and any others.
        day: the date.

    Returns:
        Rows created by then (undated ones only if still open today are kept out: nobody can tell when they came),
        ``status`` set back to open where the closing lies after ``day``.
    """
    moment = pd.Timestamp(day)
    kept = opportunities[opportunities["created_on"].notna() & (opportunities["created_on"] <= moment)].copy()
    later = (kept["status"] != "open") & ~(kept["close_on"] <= moment)
    kept.loc[later, "status"] = "open"
    return kept


def stage_rates(opportunities: pd.DataFrame, snapshots: pd.DataFrame | None, day: dt.date) -> StageRates:
    """Win rates of the deals seen in each stage up to ``day``.

    A deal counts once per stage it was ever seen open in, whatever became of it, as of ``day``. The rate is
    (won + w p) / (closed + w) with p the overall rate (won + 1) / (closed + 2) (Laplace) and w = 10 (a beta prior).

    Args:
        opportunities: as known on ``day`` (see :func:`known_on`), with ``id`` and ``status``.
        snapshots: columns ``taken_on``, ``opportunity`` (an opportunity's id), ``stage``, ``status``; or None.
        day: nothing later is looked at.
    """
    closed = opportunities[opportunities["status"] != "open"]
    won = closed["status"] == "won"
    overall = (int(won.sum()) + 1) / (len(closed) + 2)
    rows: list[StageRate] = []
    if snapshots is not None and len(snapshots):
        seen = snapshots[(snapshots["taken_on"] <= pd.Timestamp(day)) & (snapshots["status"] == "open")]
        pairs = seen[["opportunity", "stage"]].dropna().drop_duplicates()
        outcome = pd.Series(won.to_numpy(), index=closed["id"].to_numpy())
        pairs = pairs[pairs["opportunity"].isin(outcome.index)]
        pairs = pairs.assign(won=pairs["opportunity"].map(outcome).astype(bool))
        for stage, group in pairs.groupby("stage", sort=True):
            n, wins = len(group), int(group["won"].sum())
            own = n >= THIN
            rate = (wins + PRIOR_WEIGHT * overall) / (n + PRIOR_WEIGHT) if own else overall
            rows.append(StageRate(str(stage), n, wins, rate, own))
    return StageRates(overall, len(closed), int(won.sum()), tuple(rows))
