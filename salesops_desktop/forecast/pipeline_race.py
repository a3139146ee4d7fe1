"""All methods side by side at past month-ends, one and three months ahead, with the naive yardsticks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.pipeline_backtest import (
    METHODS,
    CalibrationBin,
    month_ends,
    open_on,
    stages_on,
    window_chance,
    worth_on,
)
from salesops_desktop.forecast.win_rates import known_on, learn
from salesops_desktop.model.progress import Progress, silent

Vector = npt.NDArray[np.float64]

MONTHS = (1, 3)

NAIVE = {
    "same_point": "what deals open at the same point of the last quarter brought, in proportion",
    "last_three": "mean of the last three months",
}


@dataclass(frozen=True, slots=True)
class RaceRow:
    """How one method did at one distance.

    Attributes:
        method: its id.
        label: its name.
        months: calendar months ahead.
        origins: month-ends judged.
        deals: deals judged (0 for a naive method: it knows no deals).
        wape: Σ|expected − won value| ÷ Σ won value over the origins.
        bias: Σ(expected − won value) ÷ Σ won value.
        brier: mean squared difference of chance and outcome; NaN for a naive method.
        calibration_error: mean distance of predicted and observed chances over ten equally filled bins; NaN likewise.
        naive: a yardstick.
        chosen: the method in use.
    """

    method: str
    label: str
    months: int
    origins: int
    deals: int
    wape: float
    bias: float
    brier: float
    calibration_error: float
    naive: bool
    chosen: bool


def run_race(
    opportunities: pd.DataFrame,
    snapshots: pd.DataFrame | None,
    as_of: dt.date,
    chosen: str,
    *,
    progress: Progress = silent,
) -> tuple[RaceRow, ...]:
    """Judge all methods at the past month-ends, one and three calendar months ahead."""
    staged = snapshots is not None and len(snapshots) > 0
    methods = [name for name in METHODS if staged or name not in ("stage", "stage_age")]
    rows: list[RaceRow] = []
    for months in MONTHS:
        dates = [d for d in month_ends(opportunities, as_of, 28 * months) if month_end(d, months) <= as_of]
        chances: dict[str, list[Vector]] = {name: [] for name in methods}
        outcomes: list[Vector] = []
        values: dict[str, list[float]] = {name: [] for name in methods}
        won: list[float] = []
        for done, day in enumerate(dates):
            progress(done, len(dates), "Racing the methods")
            window = (month_end(day, months) - day).days
            deals, happened, gain = open_on(opportunities, day, window)
            lessons = learn(known_on(opportunities, day), snapshots, day)
            stages = stages_on(deals, snapshots, day)
            age = (np.datetime64(day) - deals["created_on"].to_numpy(dtype="datetime64[D]")).astype(np.float64)
            worth = worth_on(deals, snapshots, day)
            for name in methods:
                chances[name].append(window_chance(name, lessons, stages, age, window))
                values[name].append(float(chances[name][-1] @ worth))
            outcomes.append(happened)
            won.append(gain)
        if not dates:
            continue
        happened = np.concatenate(outcomes)
        for name in methods:
            p = np.concatenate(chances[name])
            rows.append(
                _row(name, METHODS[name], months, values[name], won, p, happened, naive=False, chosen=name == chosen)
            )
        point = [_same_point(opportunities, day, months) for day in dates]
        if all(value is not None for value in point):
            none = np.zeros(0)
            sums = [value or 0.0 for value in point]
            rows.append(_row("same_point", NAIVE["same_point"], months, sums, won, none, none, naive=True))
    return tuple(rows)


def month_end(day: dt.date, months: int) -> dt.date:
    """The last day of the month ``months`` after the one of ``day``."""
    month = day.year * 12 + day.month - 1 + months + 1
    return dt.date(month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)


def _same_point(opportunities: pd.DataFrame, day: dt.date, months: int) -> float | None:
    """Won value of the deals open three months earlier, scaled by the open value now against then."""
    before = month_end(day, -3)
    if before + dt.timedelta(days=31 * months) > day + dt.timedelta(days=3):
        return None
    window = (month_end(before, months) - before).days
    then, _, gain = open_on(opportunities, before, window)
    now, _, _ = open_on(opportunities, day, 0)
    base = float(worth_on(then, None, before).sum())
    return gain * float(worth_on(now, None, day).sum()) / base if base > 0 else None


def _row(
    name: str, label: str, months: int, values: list[float], won: list[float], p: Vector, y: Vector,
    *, naive: bool, chosen: bool = False,
) -> RaceRow:  # fmt: skip
    expected, came = np.array(values), np.array(won)
    total = float(came.sum())
    wape = float(np.abs(expected - came).sum() / total) if total > 0 else float("nan")
    bias = float((expected - came).sum() / total) if total > 0 else float("nan")
    brier = float(((p - y) ** 2).mean()) if len(p) else float("nan")
    return RaceRow(name, label, months, len(values), len(p), wape, bias, brier, calibration_error(p, y), naive, chosen)


def calibration_error(chance: Vector, happened: Vector) -> float:
    """Mean |predicted − observed| over ten bins of equal size, weighted by deals (expected calibration error)."""
    if not len(chance):
        return float("nan")
    order = np.argsort(chance, kind="stable")
    parts = np.array_split(order, min(10, len(order)))
    return float(sum(abs(float((chance[part] - happened[part]).sum())) for part in parts) / len(order))


def calibration_error_of(bins: tuple[CalibrationBin, ...]) -> float | None:
    """Mean distance of predicted and observed chance over bins, weighted by deals; None without bins."""
    n = sum(one.n for one in bins)
    return sum(one.n * abs(one.predicted - one.observed) for one in bins) / n if n else None
