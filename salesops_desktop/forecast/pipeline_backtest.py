"""Walk-forward back-test of the win probabilities: at past month-ends, with what was known then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.win_rates import Lessons, integers, known_on, learn
from salesops_desktop.model.progress import Progress, silent

Vector = npt.NDArray[np.float64]

METHODS = {
    "age": "chance of a win at the deal's age (competing risks)",
    "stage_age": "chance at the deal's age, shifted by its stage's win rate",
    "stage": "win rate of the deal's stage",
    "overall": "the overall win rate for every deal",
}
"""The methods in the race; ``overall`` is the naive one. Earlier ones win ties."""

BINS = 10
MAX_DATES = 12
LEAST_CLOSED = 30
"""Closed deals that must be known at a back-test date."""


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
class CalibrationBin:
    """Deals whose predicted chance lay in one tenth: their mean chance and the share that was won."""

    low: float
    high: float
    n: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class PipelineBacktest:
    """The race.

    Attributes:
        dates: the dates stood on.
        window: days ahead that were predicted.
        table: accuracy per method; empty where there was too little history.
        chosen: the method with the lowest Brier score.
        bins: calibration of the chosen method.
        expected: (d,) won value expected at each date by the chosen method, before calibration, in minor units.
        won: (d,) what came.
        calibration: factor on the hazards learned from expected against won (1 where nothing was learned).
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


def month_ends(opportunities: pd.DataFrame, as_of: dt.date, window: int) -> list[dt.date]:
    """The last month-ends whose window of ``window`` days had passed by ``as_of`` and that knew enough closings."""
    closings = np.sort(
        opportunities.loc[opportunities["status"] != "open", "close_on"].dropna().to_numpy(dtype="datetime64[D]")
    )
    if len(closings) < LEAST_CLOSED:
        return []
    first = closings[LEAST_CLOSED - 1]
    last = np.datetime64(as_of) - np.timedelta64(window, "D")
    months = np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + np.timedelta64(2, "M"))
    ends = months.astype("datetime64[D]") - np.timedelta64(1, "D")
    return [day.astype(object) for day in ends[(ends >= first) & (ends <= last)][-MAX_DATES:]]


def win_chance(method: str, lessons: Lessons, stages: npt.NDArray[np.object_], age: Vector) -> Vector:
    """The chance of ever winning each deal; NaN ages fall back to the stage or overall rate."""
    rates, risks = lessons.rates, lessons.risks
    stage = np.array([rates.rate(s) for s in stages], dtype=np.float64)
    if method == "overall":
        return np.full(len(age), rates.overall)
    if method == "stage":
        return stage
    known = ~np.isnan(age)
    by_age = np.where(known, risks.ever(np.nan_to_num(age)), np.nan)
    if method == "stage_age":
        by_age = _shifted(by_age, stage, rates.overall)
    return np.where(known, by_age, stage)


def window_chance(
    method: str,
    lessons: Lessons,
    stages: npt.NDArray[np.object_],
    age: Vector,
    window: int,
    *,
    calibration: float = 1.0,
) -> Vector:
    """The chance of winning each deal within ``window`` days.

    ``stage`` and ``overall`` are what CRMs multiply with: they know no time and count the whole chance. Deals of
    unknown age get the mean share of their chance that falls into the window for a deal just created.
    """
    ever = win_chance(method, lessons, stages, age)
    if method in ("stage", "overall"):
        return ever
    ahead = np.full(len(age), float(window))
    filled = np.nan_to_num(age)
    by_age, base = lessons.risks.chance(filled, ahead), lessons.risks.ever(filled)
    share = np.divide(by_age, base, out=np.zeros(len(age)), where=base > 0)
    chance = np.clip(ever * share, 0.0, 1.0 - 1e-12)
    return np.asarray(-np.expm1(np.log1p(-chance) * calibration))


def _shifted(chance: Vector, stage: Vector, overall: float) -> Vector:
    """Move the odds at a deal's age by its stage's odds against the overall odds (naive Bayes)."""
    ratio = (stage / (1 - stage)) / (overall / (1 - overall))
    safe = np.clip(chance, 0.0, 1 - 1e-12)
    odds = safe / (1 - safe) * ratio
    return np.asarray(odds / (1 + odds))


def run_pipeline_backtest(
    opportunities: pd.DataFrame,
    snapshots: pd.DataFrame | None,
    dates: Sequence[dt.date],
    window: int,
    *,
    progress: Progress = silent,
) -> PipelineBacktest:
    """Stand on each date, forget everything later, predict the wins of the next ``window`` days, compare.

    Args:
        opportunities: as :func:`~salesops_desktop.forecast.pipeline.prepared` returns them.
        snapshots: see :func:`~salesops_desktop.forecast.win_rates.stage_rates`.
        dates: past days whose windows have passed.
        window: days ahead.
        progress: told of each date.
    """
    staged = snapshots is not None and len(snapshots) > 0
    methods = [name for name in METHODS if staged or name not in ("stage", "stage_age")]
    if not dates:
        empty = np.zeros(0)
        why = f"There is too little history for a back-test over {window} days: the method is unproven here."
        return PipelineBacktest((), window, (), "age", (), empty, empty, 1.0, _shock(empty, empty), why)
    chances: dict[str, list[Vector]] = {name: [] for name in methods}
    outcomes: list[Vector] = []
    worth: list[Vector] = []
    gained: list[float] = []
    for done, day in enumerate(dates):
        progress(done, len(dates), "Back-testing the pipeline")
        deals, happened, gain = open_on(opportunities, day, window)
        lessons = learn(known_on(opportunities, day), snapshots, day)
        stages = stages_on(deals, snapshots, day)
        age = (np.datetime64(day) - deals["created_on"].to_numpy(dtype="datetime64[D]")).astype(np.float64)
        for name in methods:
            chances[name].append(window_chance(name, lessons, stages, age, window))
        outcomes.append(happened)
        worth.append(worth_on(deals, snapshots, day))
        gained.append(gain)
    progress(len(dates), len(dates), "Back-testing the pipeline")
    won = np.array(gained)
    expected = {name: _expected(chances[name], worth) for name in methods}
    table = tuple(_judged(name, chances[name], outcomes, expected[name], won) for name in methods)
    chosen = min(table, key=lambda row: row.brier).method
    naive = next(row for row in table if row.method == "overall")
    best = next(row for row in table if row.method == chosen)
    reason = (
        f"Chosen at {len(dates)} past month-ends, {window} days ahead: Brier score {best.brier:.3f} against "
        f"{naive.brier:.3f} of the overall win rate."
    )
    timed = chosen not in ("stage", "overall")
    calibration = _calibration(expected[chosen], won) if timed else 1.0
    return PipelineBacktest(
        tuple(dates),
        window,
        table,
        chosen,
        _bins(np.concatenate(chances[chosen]), np.concatenate(outcomes)),
        expected[chosen],
        won,
        calibration,
        _shock(expected[chosen] * calibration, won),
        reason,
    )


def open_on(opportunities: pd.DataFrame, day: dt.date, window: int) -> tuple[pd.DataFrame, Vector, float]:
    """The deals open on ``day``, whether each was won within the window, and the value that these brought."""
    then = known_on(opportunities, day)
    deals = then[then["status"] == "open"]
    later = opportunities.loc[deals.index]
    limit = pd.Timestamp(day + dt.timedelta(days=window))
    won = ((later["status"] == "won") & (later["close_on"] <= limit)).to_numpy()
    amounts, _ = integers(later.loc[won, "amount_minor"])
    return deals, won.astype(np.float64), float(amounts.sum())


def worth_on(deals: pd.DataFrame, snapshots: pd.DataFrame | None, day: dt.date) -> Vector:
    """What each deal was thought worth on ``day``: its last snapshot, else its list price, else its amount.

    Today's amount comes last, for it knows the outcome: many CRMs set a lost deal's amount to 0.
    """
    amounts, blank = integers(deals["amount_minor"])
    prices, unpriced = integers(deals["list_price_minor"])
    worth = np.where(unpriced, np.where(blank, 0, amounts), prices).astype(np.float64)
    if snapshots is None or snapshots.empty or "amount_minor" not in snapshots:
        return worth
    then = deals["id"].map(_latest(snapshots, day)["amount_minor"])
    return np.where(then.isna(), worth, then.fillna(0)).astype(np.float64)


def _latest(snapshots: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """The last snapshot line of each opportunity up to ``day``, by opportunity."""
    seen = snapshots[snapshots["taken_on"] <= pd.Timestamp(day)].sort_values("taken_on", kind="stable")
    return seen.drop_duplicates("opportunity", keep="last").set_index("opportunity")


def _expected(chances: list[Vector], worth: list[Vector]) -> Vector:
    return np.array([float(chance @ value) for chance, value in zip(chances, worth, strict=True)])


def stages_on(deals: pd.DataFrame, snapshots: pd.DataFrame | None, day: dt.date) -> npt.NDArray[np.object_]:
    """The stage of each deal in its latest snapshot up to ``day``; None where none saw it.

    Today's stage must not be used: it knows how the deal went on.
    """
    if snapshots is None or snapshots.empty:
        return np.full(len(deals), None, dtype=object)
    return deals["id"].map(_latest(snapshots, day)["stage"]).to_numpy(dtype=object)


def _judged(
    name: str, chances: list[Vector], outcomes: list[Vector], expected: Vector, won: Vector
) -> PipelineAccuracy:
    p, y = np.concatenate(chances), np.concatenate(outcomes)
    total = won.sum()
    wape = float(np.abs(expected - won).sum() / total) if total > 0 else float("nan")
    bias = float((expected - won).sum() / total) if total > 0 else float("nan")
    return PipelineAccuracy(name, len(p), float(((p - y) ** 2).mean()) if len(p) else float("nan"), wape, bias)


def _bins(chance: Vector, happened: Vector) -> tuple[CalibrationBin, ...]:
    place = np.minimum((chance * BINS).astype(np.intp), BINS - 1)
    return tuple(
        CalibrationBin(
            i / BINS,
            (i + 1) / BINS,
            int((place == i).sum()),
            float(chance[place == i].mean()),
            float(happened[place == i].mean()),
        )
        for i in range(BINS)
        if (place == i).any()
    )


def _calibration(expected: Vector, won: Vector) -> float:
    """Won over expected, drawn towards 1 with the weight of two average dates, within a factor of two."""
    prior = 2 * float(expected.mean())
    if prior <= 0:
        return 1.0
    return float(np.clip((won.sum() + prior) / (expected.sum() + prior), 0.5, 2.0))


def _shock(expected: Vector, won: Vector) -> float:
    """How far past totals lay from their expectation, as a standard deviation of logarithms.

    A prior of 0.25 with the weight of four dates keeps a lucky past from promising too much.
    """
    usable = (expected > 0) & (won > 0)
    logs = np.log(won[usable] / expected[usable])
    return float(np.sqrt((4 * 0.25**2 + (logs**2).sum()) / (4 + len(logs))))
