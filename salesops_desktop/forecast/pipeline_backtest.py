"""Walk-forward back-test of the win probabilities: at past month-ends, with what was known then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from salesops_desktop.forecast.calibration import CalibrationBin, calibration_bins
from salesops_desktop.forecast.pipeline_rows import Rows, Vector, date_of, month_end
from salesops_desktop.forecast.walk_forward import TIMED, Walk
from salesops_desktop.model.progress import Progress, silent

METHODS = {
    "calibrated": "age, season and the deal's own traits, corrected by past errors",
    "effects": "age, season, and the deal's owner, product, size, stage",
    "season": "age and month of the quarter (competing risks)",
    "age": "chance of a win at the deal's age (competing risks)",
    "age_window": "share of closed deals of its age won within the time",
    "age_rate": "win rate of closed deals of its age, without timing",
    "stage": "win rate of the deal's stage",
    "overall": "the overall win rate for every deal",
}
"""The methods in the race, each simpler than the one before; ``overall`` is the naive one. Earlier ones win ties."""

MAX_DATES = 12
LEAST_CLOSED = 30
"""Closed deals that must be known at a back-test date."""

LEAST_WATCHED = 55
"""Days of closings on record that must lie before it."""


@dataclass(frozen=True, slots=True)
class PipelineAccuracy:
    """How one method did over all back-test dates.

    Attributes:
        method: the method's id.
        n: deals judged (a deal counts at every date it was open).
        brier: mean squared difference of the chance of a win within the window and what happened (Brier 1950).
        wape: Σ|expected − won value| / Σ won value over the dates.
        bias: Σ(expected − won value) / Σ won value.
    """

    method: str
    n: int
    brier: float
    wape: float
    bias: float


@dataclass(frozen=True, slots=True)
class PipelineBacktest:
    """The race.

    Attributes:
        dates: the dates stood on.
        window: days ahead that were predicted.
        table: accuracy per method; empty where there was too little history.
        chosen: the method in use.
        bins: calibration of the chosen method.
        expected: (d,) won value expected at each date by the chosen method as it then was, in minor units.
        won: (d,) what came.
        calibration: factor on today's hazards learned from expected against won (1 where nothing was learned).
        shock: standard deviation of the logarithm of the common shock.
        reason: why this method, as a sentence.
    """

    dates: tuple[dt.date, ...]
    window: int
    table: tuple[PipelineAccuracy, ...]
    chosen: str
    bins: tuple[CalibrationBin, ...]
    expected: Vector
    won: Vector
    calibration: float
    shock: float
    reason: str


def month_ends(rows: Rows, as_of: int, days: int = 0, months: int = 0) -> list[int]:
    """The last month-ends that knew enough closings, and whose ``days`` or calendar ``months`` passed by ``as_of``."""
    closings = np.sort(rows.closed[rows.closed <= as_of])
    if len(closings) < LEAST_CLOSED:
        return []
    first = max(int(closings[LEAST_CLOSED - 1]), int(closings[0]) + LEAST_WATCHED)
    found: list[int] = []
    for back in range(0 if month_end(as_of, 0) == as_of else 1, 61):
        day = month_end(as_of, -back)
        if day < first or len(found) == MAX_DATES:
            break
        if day < as_of and (month_end(day, months) if months else day + days) <= as_of:
            found.append(day)
    return found[::-1]


def methods_for(rows: Rows) -> list[str]:
    """The methods that the data allow: without snapshots nothing is known of past stages."""
    return [name for name in METHODS if name != "stage" or len(rows.lines.row)]


def expected_value(walk: Walk, day: int, end: int, method: str) -> float:
    """Won value expected on ``day`` until ``end`` from the deals open then, in minor units."""
    record = walk.record(day, end, method)
    realised = walk.correction(day, end - day).realised if method == "calibrated" else 1.0
    return float(record.chance @ record.worth) * realised


def run_pipeline_backtest(
    walk: Walk, as_of: int, days: int, chosen: str, reason: str, *, progress: Progress = silent
) -> PipelineBacktest:
    """Stand on each past month-end, forget everything later, predict the wins of the next ``days``, compare.

    Args:
        walk: the rows.
        as_of: day number; windows that end later are not looked at.
        days: days ahead.
        chosen: the method in use (see :func:`~salesops_desktop.forecast.pipeline_race.choose`).
        reason: why it is in use.
        progress: told of each date.
    """
    dates = month_ends(walk.rows, as_of, days)
    haircut = walk.correction(as_of, days).haircut if chosen == "calibrated" else 1.0
    shock = walk.shock(as_of, days)
    empty = np.zeros(0)
    if not dates:
        return PipelineBacktest((), days, (), chosen, (), empty, empty, haircut, shock, reason)
    won = np.array([float(walk.record(day, day + days, chosen).gained.sum()) for day in dates])
    table, kept = [], empty
    for done, name in enumerate(methods_for(walk.rows)):
        progress(done, len(METHODS), "Back-testing the pipeline")
        expected = np.array([expected_value(walk, day, day + days, name) for day in dates])
        table.append(_judged(walk, dates, days, name, expected, won))
        if name == chosen:
            kept = expected
    records = [walk.record(day, day + days, chosen) for day in dates]
    bins = calibration_bins(np.concatenate([r.chance for r in records]), np.concatenate([r.won for r in records]))
    progress(len(METHODS), len(METHODS), "Back-testing the pipeline")
    days_of = tuple(date_of(day) for day in dates)
    return PipelineBacktest(days_of, days, tuple(table), chosen, bins, kept, won, haircut, shock, reason)


def is_timed(method: str) -> bool:
    """Whether a method knows when a deal will be won."""
    return method in TIMED


def _judged(walk: Walk, dates: list[int], days: int, name: str, expected: Vector, won: Vector) -> PipelineAccuracy:
    records = [walk.record(day, day + days, name) for day in dates]
    p, y = np.concatenate([r.chance for r in records]), np.concatenate([r.won for r in records])
    total = float(won.sum())
    wape = float(np.abs(expected - won).sum() / total) if total > 0 else float("nan")
    bias = float((expected - won).sum() / total) if total > 0 else float("nan")
    return PipelineAccuracy(name, len(p), float(((p - y) ** 2).mean()) if len(p) else float("nan"), wape, bias)
