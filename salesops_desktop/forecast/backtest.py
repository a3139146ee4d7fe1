"""Rolling-origin back-tests: what each method would have said, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.methods import METHODS, Method
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.progress import Progress, silent

Vector = npt.NDArray[np.float64]

LEAST_POINTS = 4
"""The shortest series that can be forecast: three points to learn from, one to be judged on."""

LEAST_ORIGINS = 6
TOLERANCE = 0.1
"""How much better than the combination a method must be to be chosen: on a few origins less is mostly luck."""

MAX_ORIGINS = 24


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How one method did at one horizon, or (``horizon`` 0) at all horizons together.

    Attributes:
        method: the method's id.
        horizon: periods ahead, from 1; 0 for all together.
        n: forecasts judged.
        mae: mean absolute error, in the unit of the series.
        mase: mean absolute scaled error (Hyndman & Koehler 2006): each error over the mean absolute seasonal-naive
            error within the history known at its origin; NaN where that history never changed.
        bias: mean of forecast − actual, in the unit of the series.
    """

    method: str
    horizon: int
    n: int
    mae: float
    mase: float
    bias: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """The race of all methods on one series.

    Attributes:
        origins: (o,) number of values known at each origin.
        actuals: (o, h) what came; NaN beyond the end of the series.
        forecasts: per method id, (o, h) what it said.
        table: accuracies per method and horizon, then per method over all horizons.
        excluded: method labels that could not run on the shortest history of the race.
    """

    origins: npt.NDArray[np.intp]
    actuals: Vector
    forecasts: dict[str, Vector]
    table: tuple[Accuracy, ...]
    excluded: tuple[str, ...]

    def __post_init__(self) -> None:
        if not len(self.origins) or not self.forecasts:
            raise ValueError("A back-test needs at least one origin and one method.")

    def overall(self, method: str) -> Accuracy:
        """A method's accuracy over all horizons."""
        return next(row for row in self.table if row.method == method and row.horizon == 0)

    def errors(self, method: str) -> Vector:
        """(o, h) forecast − actual; NaN where nothing came yet."""
        return np.asarray(self.forecasts[method] - self.actuals)

    def ranking(self) -> list[Accuracy]:
        """All methods, lowest mean absolute error first; methods named earlier in the catalogue win ties."""
        return sorted((row for row in self.table if row.horizon == 0), key=lambda row: row.mae)

    def winner(self, tolerance: float = TOLERANCE) -> str:
        """The method with the lowest mean absolute error.

        The combination is chosen when it is within ``tolerance`` of the best, for it is the safer one where the
        difference is chance; a naive method has to win outright too.
        """
        ranking = self.ranking()
        best = ranking[0]
        combined = next((row for row in ranking if row.method == "combination"), None)
        if combined is not None and combined.mae <= best.mae * (1 + tolerance):
            return combined.method
        return best.method


def first_origin(n: int, season: int, max_origins: int = MAX_ORIGINS) -> int:
    """How many values the first origin knows.

    Two seasons where the series is long enough to leave six origins to judge on, else half of the series; never
    fewer than three values, nor more than ``max_origins`` origins.
    """
    wanted = 2 * season if season > 1 else LEAST_POINTS
    if n < wanted + LEAST_ORIGINS:
        wanted = n - max(4, n // 2)
    return max(LEAST_POINTS - 1, wanted, n - max_origins)


def run_backtest(
    values: Vector,
    *,
    horizon: int,
    season: int,
    methods: Sequence[Method] = METHODS,
    max_origins: int = MAX_ORIGINS,
    progress: Progress = silent,
) -> Backtest:
    """Forecast from each origin with what was known there, and compare with what came.

    Args:
        values: (n,) the series.
        horizon: periods ahead, from 1.
        season: periods in a season; 1 for none.
        methods: the candidates; one of them must be naive.
        max_origins: at most that many, the latest ones.
        progress: told of each origin.

    Raises:
        NothingToDoError: fewer than four values.
    """
    n = len(values)
    if n < LEAST_POINTS:
        raise NothingToDoError(
            f"{n} periods of history are too few to forecast and judge the forecast.",
            way_out=f"Import at least {LEAST_POINTS} complete periods, or choose shorter ones.",
        )
    if not any(method.naive for method in methods):
        raise ValueError("A naive method must be in the race.")
    start = first_origin(n, season, max_origins)
    racing = [method for method in methods if method.least(season) <= start]
    origins = np.arange(start, n)
    actuals = np.full((len(origins), horizon), np.nan)
    forecasts = {method.id: np.full((len(origins), horizon), np.nan) for method in racing}
    for row, origin in enumerate(origins):
        progress(row, len(origins), "Back-testing")
        came = values[origin : origin + horizon]
        actuals[row, : len(came)] = came
        for method in racing:
            forecasts[method.id][row] = method.function(values[:origin], horizon, season)
    progress(len(origins), len(origins), "Back-testing")
    scales = np.array([_scale(values[:origin], season) for origin in origins])
    table = _table(actuals, forecasts, scales)
    excluded = tuple(method.label for method in methods if method not in racing)
    return Backtest(origins, actuals, forecasts, table, excluded)


def _scale(history: Vector, season: int) -> float:
    """The mean absolute seasonal-naive error within ``history``; of the plain naive where it is shorter."""
    lag = season if len(history) > season else 1
    return float(np.abs(history[lag:] - history[:-lag]).mean())


def _table(actuals: Vector, forecasts: dict[str, Vector], scales: Vector) -> tuple[Accuracy, ...]:
    horizon = actuals.shape[1]
    rows = []
    for steps in (*range(1, horizon + 1), 0):
        columns = slice(None) if steps == 0 else slice(steps - 1, steps)
        came = actuals[:, columns]
        seen = ~np.isnan(came)
        if not seen.any():
            continue
        for method, said in forecasts.items():
            error = (said[:, columns] - came)[seen]
            scale = np.broadcast_to(scales[:, None], came.shape)[seen]
            usable = scale > 0
            mase = float((np.abs(error[usable]) / scale[usable]).mean()) if usable.any() else float("nan")
            size = float(np.abs(error).mean())
            rows.append(Accuracy(method, steps, int(seen.sum()), size, mase, float(error.mean())))
    return tuple(rows)
