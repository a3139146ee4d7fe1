"""Rolling-origin back-tests: what each method would have said, and what came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.calendar_effects import CalendarEffects
from salesops_desktop.forecast.methods import BY_ID
from salesops_desktop.forecast.panel import chosen
from salesops_desktop.forecast.portfolio import DEFAULT, candidates, prepare
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.progress import Progress, silent

Vector = npt.NDArray[np.float64]

LEAST_POINTS = 4
"""The shortest series that can be forecast: three points to learn from, one to be judged on."""

LEAST_ORIGINS = 6
MAX_ORIGINS = 24
INTERMITTENT = ("croston", "tsb")


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
        excluded: method labels that could not run on every history of the race.
        choice: id of the method that the race chose.
    """

    origins: npt.NDArray[np.intp]
    actuals: Vector
    forecasts: dict[str, Vector]
    table: tuple[Accuracy, ...]
    excluded: tuple[str, ...]
    choice: str = DEFAULT

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

    def winner(self) -> str:
        """The chosen method: the combination unless another was clearly better (:func:`panel.chosen`)."""
        return self.choice

    @property
    def naive_wins(self) -> bool:
        """Whether a naive method had the lowest mean absolute error."""
        return BY_ID[self.ranking()[0].method].naive


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
    max_origins: int = MAX_ORIGINS,
    effects: CalendarEffects | None = None,
    progress: Progress = silent,
) -> Backtest:
    """Forecast from each origin with what was known there, and compare with what came.

    All origins run at once: each is a row of its own in the batch engine.

    Args:
        values: (n,) the series.
        horizon: periods ahead, from 1.
        season: periods in a season; 1 for none.
        max_origins: at most that many, the latest ones.
        effects: of the calendar on the n periods and the h ahead; none where None.
        progress: told of the start and the end.

    Raises:
        NothingToDoError: fewer than four values.
    """
    n = len(values)
    if n < LEAST_POINTS:
        raise NothingToDoError(
            f"{n} periods of history are too few to forecast and judge the forecast.",
            way_out=f"Import at least {LEAST_POINTS} complete periods, or choose shorter ones.",
        )
    effects = effects or CalendarEffects.none(n + horizon)
    origins = np.arange(first_origin(n, season, max_origins), n)
    progress(0, len(origins), "Back-testing")
    known = np.full((len(origins), n), np.nan)
    actuals = np.full((len(origins), horizon), np.nan)
    for row, origin in enumerate(origins):
        known[row, n - origin :] = effects.learnt(values[:origin])
        came = values[origin : origin + horizon]
        actuals[row, : len(came)] = came
    said = candidates(prepare(known, season), horizon, season)
    if not effects.plain:
        said = {
            name: np.stack([effects.ahead(one, int(origin)) for one, origin in zip(part, origins, strict=True)])
            for name, part in said.items()
        }
    progress(len(origins), len(origins), "Back-testing")
    racing = {name: forecast for name, forecast in said.items() if not np.isnan(forecast).any()}
    excluded = tuple(BY_ID[name].label for name in said if name not in racing and name not in INTERMITTENT)
    scales = np.array([_scale(values[:origin], season) for origin in origins])
    blind = (origins < 2 * season) & (n >= 2 * season) & (season > 1)
    errors = {name: np.where(blind[:, None], np.nan, forecast - actuals)[None] for name, forecast in racing.items()}
    ahead = {name: np.zeros((1, horizon)) for name in racing}
    choice = str(chosen(errors, ahead, horizon, n - origins)[0])
    return Backtest(origins, actuals, racing, _table(actuals, racing, scales), excluded, choice)


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
