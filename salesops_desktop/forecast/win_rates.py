"""What the company's own closed deals say about an open one: by stage, and by age."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Vector = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]

PRIOR_WEIGHT = 10.0
"""How many deals the overall rate counts for in the rate of one stage."""

THIN = 10
"""Closed deals below which a stage has no rate of its own."""

AGE_STEP = 7
"""Days per step of the hazard: finer steps only add noise at the size of a sales team."""

MAX_STEPS = 260


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


@dataclass(frozen=True, slots=True)
class Hazards:
    """Chances per step of age that a deal still open is won, or lost (competing risks, discrete time).

    Attributes:
        won: (k,) chance of being won in the step, given still open at its start.
        lost: (k,) chance of being lost in it.
        exposed: (k,) deals that entered the step open.
        eventually: (k + 1,) chance of ever being won, given open at the start of each step; beyond the last 0.
    """

    won: Vector
    lost: Vector
    exposed: Vector
    eventually: Vector

    def chance(self, age: Vector, ahead: Vector) -> Vector:
        """The chance of being won within ``ahead`` more days, for deals open at ``age`` days.

        Whole steps count; the broken ones at both ends count in proportion.
        """
        still = np.ones(len(age))
        chance = np.zeros(len(age))
        end = age + ahead
        for step in range(len(self.won)):
            overlap = np.minimum(end, (step + 1) * AGE_STEP) - np.maximum(age, step * AGE_STEP)
            part = np.clip(overlap / AGE_STEP, 0.0, 1.0)
            chance += still * part * self.won[step]
            still *= 1.0 - part * (self.won[step] + self.lost[step])
        return chance

    def ever(self, age: Vector) -> Vector:
        """The chance of ever being won, for deals open at ``age`` days."""
        step = np.minimum(np.maximum(age, 0) // AGE_STEP, len(self.won)).astype(np.intp)
        return np.asarray(self.eventually[step])

    def expected_days(self, age: Vector) -> Vector:
        """Median days until the win, for deals open at ``age`` days that will be won; NaN beyond all experience."""
        survive = np.concatenate([[1.0], np.cumprod(1.0 - self.won - self.lost)])[:-1]
        wins = np.cumsum(survive * self.won)
        before = np.concatenate([[0.0], wins])
        step = np.minimum(np.maximum(age, 0) // AGE_STEP, len(self.won)).astype(np.intp)
        target = before[step] + (wins[-1] - before[step]) / 2 if len(wins) else np.zeros(len(age))
        place = np.searchsorted(wins, target, side="left") if len(wins) else np.zeros(len(age), dtype=np.intp)
        days = (place + 0.5) * AGE_STEP - age
        hopeless = step >= len(self.won) if not len(wins) else before[step] >= wins[-1]
        return np.where(hopeless, np.nan, np.maximum(days, 1.0))


@dataclass(frozen=True, slots=True)
class Lessons:
    """What the deals closed by a day teach about the open ones."""

    rates: StageRates
    risks: Hazards


def learn(opportunities: pd.DataFrame, snapshots: pd.DataFrame | None, day: dt.date) -> Lessons:
    """Learn win rates and hazards from the opportunities as known on ``day``; undated ones teach no timing."""
    dated = opportunities[opportunities["created_on"].notna()]
    return Lessons(stage_rates(opportunities, snapshots, day), hazards(dated, day))


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


def hazards(opportunities: pd.DataFrame, day: dt.date) -> Hazards:
    """Competing-risk hazards by age (cause-specific, discrete time; Kalbfleisch & Prentice 2002, ch. 8).

    Deals still open count as long as they have been watched (censored at ``day``). Every step's hazards are drawn
    towards those of all ages together with the weight of five deals, so that an age hardly seen does not promise 0
    or 1; past the greatest age at which a deal was ever won the chance of a win is 0.

    Args:
        opportunities: as known on ``day``, with ``status``, ``created_on``, ``close_on``.
        day: the date of knowledge.
    """
    status = opportunities["status"].to_numpy()
    created = opportunities["created_on"].to_numpy(dtype="datetime64[D]")
    closed = opportunities["close_on"].to_numpy(dtype="datetime64[D]")
    end = np.where(status == "open", np.datetime64(day), closed)
    age = (end - created).astype("timedelta64[D]").astype(np.int64)
    usable = ~np.isnat(end) & (age >= 0)
    steps = np.minimum(age[usable] // AGE_STEP, MAX_STEPS - 1)
    outcome = status[usable]
    wins = np.bincount(steps[outcome == "won"])
    if not len(wins):
        none = np.zeros(0)
        return Hazards(none, none, none, np.zeros(1))
    k = len(wins)
    losses = np.bincount(steps[outcome == "lost"], minlength=k)[:k].astype(np.float64)
    everything = np.bincount(steps, minlength=k)
    exposed = everything[::-1].cumsum()[::-1][:k].astype(np.float64)
    leaving = np.bincount(steps[outcome == "open"], minlength=k)[:k]
    at_risk = exposed - leaving / 2  # those censored in a step were watched for half of it on average
    base_won, base_lost = wins.sum() / at_risk.sum(), losses.sum() / at_risk.sum()
    won = (wins + 5 * base_won) / (at_risk + 5)
    lost = (losses + 5 * base_lost) / (at_risk + 5)
    too_much = np.maximum(won + lost, 1.0)
    won, lost = won / too_much, lost / too_much
    eventually = np.zeros(k + 1)
    for step in range(k - 1, -1, -1):
        eventually[step] = won[step] + (1 - won[step] - lost[step]) * eventually[step + 1]
    return Hazards(won, lost, exposed, eventually)
