"""Many series at once: every method, the race between them, the choice and the intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.portfolio import DEFAULT, candidates
from salesops_desktop.model.progress import Progress, silent

Matrix = npt.NDArray[np.float64]

LEVELS = (50, 80, 95)
"""Per cent."""

ORIGINS = 6
LEAST_KNOWN = 3
NAIVE = ("naive", "seasonal_naive")
_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class PanelForecast:
    """The forecasts of n series, h periods ahead, with their back-test from o origins.

    Attributes:
        mean: (n, h) the chosen method's forecasts.
        method: (n,) ids of the chosen methods.
        candidates: per method id, (n, h); NaN where a history is too short for it.
        errors: per method id, (n, o, h) forecast − actual of the rolling origins; NaN where none.
        fitted_on: (o,) how many columns each origin knew, the latest origin first.
        lower: per level in per cent, (n, h) lower ends.
        upper: per level, (n, h) upper ends.
        coverage: per level, (n,) the share of back-test actuals inside intervals made without the errors of their own
            origin; NaN where there is no back-test.
        naive_wins: (n,) whether no method beat the naive ones in the back-test.
        notes: per series, what was noticed, in sentences.
    """

    mean: Matrix
    method: npt.NDArray[np.object_]
    candidates: dict[str, Matrix]
    errors: dict[str, Matrix]
    fitted_on: npt.NDArray[np.intp]
    lower: dict[int, Matrix]
    upper: dict[int, Matrix]
    coverage: dict[int, Matrix]
    naive_wins: npt.NDArray[np.bool_]
    notes: tuple[tuple[str, ...], ...]


def forecast_panel(
    values: Matrix,
    *,
    horizon: int,
    season: int,
    parents: npt.NDArray[np.intp] | None = None,
    origins: int | None = None,
    levels: Sequence[int] = LEVELS,
    progress: Progress = silent,
) -> PanelForecast:
    """Forecast a panel of series.

    Args:
        values: (n, t) right-aligned histories in any unit, NaN before a series starts.
        horizon: periods ahead, h, from 1.
        season: periods in a season; 1 for none.
        parents: (n,) the row whose season is borrowed where a history is shorter than two seasons, −1 for none.
        origins: how many rolling origins the back-test has; 6 where None, 0 for no back-test: the default
            combination is then taken for all, without intervals.
        levels: of the intervals, in per cent.
        progress: told of the origins.

    Raises:
        ValueError: the horizon or the season is below 1, or a value is infinite.
    """
    values = np.asarray(values, dtype=np.float64)
    if horizon < 1 or season < 1:
        raise ValueError("The horizon and the season must be at least one period.")
    if np.isinf(values).any():
        raise ValueError("A value is infinite.")
    t = values.shape[1]
    back = _offsets(horizon, ORIGINS if origins is None else origins, t)
    said = candidates(values, horizon, season, parents)
    errors = {name: np.full((len(values), len(back), horizon), np.nan) for name in said}
    for row, offset in enumerate(back):
        progress(row, len(back), "Back-testing")
        past = candidates(values[:, : t - offset], horizon, season, parents)
        came = np.full((len(values), horizon), np.nan)
        came[:, : min(offset, horizon)] = values[:, t - offset : t - offset + horizon]
        for name, forecast in past.items():
            errors[name][:, row] = forecast - came
    progress(len(back), len(back), "Back-testing")
    method = _chosen(errors, said)
    mean = _picked(said, method)
    return _with_intervals(values, mean, method, said, errors, t - back, tuple(levels))


def _offsets(horizon: int, count: int, t: int) -> npt.NDArray[np.intp]:
    """How many periods before the end each origin lies: spread from one period to the whole horizon."""
    last = min(max(horizon, count), t - LEAST_KNOWN)
    if count < 1 or last < 1:
        return np.zeros(0, dtype=np.intp)
    return np.unique(np.round(np.linspace(1, last, min(count, last))).astype(np.intp))


def _chosen(errors: dict[str, Matrix], said: dict[str, Matrix]) -> npt.NDArray[np.object_]:
    n = len(said["naive"])
    method = np.full(n, DEFAULT, dtype=object)
    method[np.isnan(said[DEFAULT][:, 0])] = "naive"
    if not errors["naive"].shape[1]:
        return method
    mine = _mae(errors[DEFAULT])
    best = mine * (1 - _MARGIN)
    for name, theirs in errors.items():
        mae = np.where(_count(theirs) == _count(errors[DEFAULT]), _mae(theirs), np.inf)
        better = (mae < best) & ~np.isnan(said[name]).any(axis=1)
        method[better] = name
        best = np.where(better, mae, best)
    return method


def _count(errors: Matrix) -> npt.NDArray[np.intp]:
    return np.asarray((~np.isnan(errors)).sum(axis=(1, 2)))


def _mae(errors: Matrix) -> Matrix:
    count = _count(errors)
    return np.where(count > 0, np.nansum(np.abs(errors), axis=(1, 2)) / np.maximum(count, 1), np.inf)


def _picked(parts: dict[str, Matrix], method: npt.NDArray[np.object_]) -> Matrix:
    result = np.full_like(parts["naive"], np.nan)
    for name, part in parts.items():
        rows = method == name
        result[rows] = part[rows]
    return result


def _with_intervals(
    values: Matrix,
    mean: Matrix,
    method: npt.NDArray[np.object_],
    said: dict[str, Matrix],
    errors: dict[str, Matrix],
    fitted_on: npt.NDArray[np.intp],
    levels: tuple[int, ...],
) -> PanelForecast:
    own = np.abs(_picked(errors, method))
    count = (~np.isnan(own)).sum(axis=(1, 2))
    typical = np.nansum(own, axis=(1, 2)) / np.maximum(count, 1)
    scores = own / np.where(typical > 0, typical, 1.0)[:, None, None]
    steps = np.sqrt(np.arange(1, mean.shape[1] + 1))
    pool = np.sort((scores / steps)[~np.isnan(scores)])
    lower, upper, coverage = {}, {}, {}
    with np.errstate(invalid="ignore"):
        for level in levels:
            width = np.quantile(pool, level / 100) if len(pool) else np.nan
            half = width * typical[:, None] * steps
            lower[level], upper[level] = mean - half, mean + half
            inside = np.where(np.isnan(own), 0, own <= half[:, None, :]).sum(axis=(1, 2))
            coverage[level] = np.where(count > 0, inside / np.maximum(count, 1), np.nan)
        naive = np.min([_mae(errors[name]) for name in NAIVE if name in errors], axis=0)
        other = np.min([_mae(error) for name, error in errors.items() if name not in NAIVE], axis=0)
    return PanelForecast(
        mean, method, said, errors, fitted_on, lower, upper, coverage, naive < other, ((),) * len(values)
    )
