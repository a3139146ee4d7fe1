"""Many series at once: every method, the race between them, the choice and the intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.intermittent import intermittent
from salesops_desktop.forecast.intervals import LEVELS, conformal
from salesops_desktop.forecast.portfolio import DEFAULT, LEAST, Prepared, candidates, prepare
from salesops_desktop.model.progress import Progress, silent

Matrix = npt.NDArray[np.float64]

ORIGINS = 6
LEAST_KNOWN = 3
NAIVE = ("naive", "seasonal_naive")
_MARGIN = 0.25
_LEAST_CHANGES = 3
_MOST_MARKS = 3


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
    back = offsets(horizon, ORIGINS if origins is None else origins, t)
    prepared = prepare(values, season, parents)
    said = candidates(prepared, horizon, season)
    errors = {name: np.full((len(values), len(back), horizon), np.nan) for name in said}
    for row, offset in enumerate(back):
        progress(row, len(back), "Back-testing")
        past = candidates(prepare(values[:, : t - offset], season, parents), horizon, season)
        came = np.full((len(values), horizon), np.nan)
        came[:, : min(offset, horizon)] = values[:, t - offset : t - offset + horizon]
        for name, forecast in past.items():
            errors[name][:, row] = forecast - came
    progress(len(back), len(back), "Back-testing")
    fair = _fair(errors, values, back, season)
    method = chosen(fair, said, horizon, back)
    mean = _picked(said, method)
    scales = np.stack([seasonal_change(values[:, : t - offset], season) for offset in (*back, 0)], axis=1)
    own, sighted = _picked(errors, method), _picked(fair, method)
    own = np.where(np.isnan(sighted).all(axis=(1, 2), keepdims=True), own, sighted)  # with none, the blind ones judge
    calibrated = conformal(own, scales, back, tuple(levels))
    with np.errstate(invalid="ignore"):
        floor = np.where((values < 0).any(axis=1), -np.inf, 0.0)[:, None]
    lower = {level: np.maximum(mean - half, floor) for level, half in calibrated.half_widths.items()}
    upper = {level: mean + half for level, half in calibrated.half_widths.items()}
    return PanelForecast(
        mean, method, said, errors, t - back, lower, upper, calibrated.coverage,
        _naive_wins(errors), notes_of(prepared, season),
    )  # fmt: skip


def offsets(horizon: int, count: int, t: int) -> npt.NDArray[np.intp]:
    """How many periods before the end each origin lies: spread from one period to the whole horizon."""
    last = min(max(horizon, count), t - LEAST_KNOWN)
    if count < 1 or last < 1:
        return np.zeros(0, dtype=np.intp)
    return np.unique(np.round(np.linspace(1, last, min(count, last))).astype(np.intp))


def _fair(errors: dict[str, Matrix], values: Matrix, back: npt.NDArray[np.intp], season: int) -> dict[str, Matrix]:
    """The errors that judge today's forecast: not those of origins that knew no season where one is known by now."""
    lengths = (~np.isnan(values)).sum(axis=1)[:, None]
    blind = (lengths >= 2 * season) & (lengths - back < 2 * season) & (season > 1)
    return {name: np.where(blind[:, :, None], np.nan, error) for name, error in errors.items()}


def chosen(
    errors: dict[str, Matrix], said: dict[str, Matrix], horizon: int, back: npt.NDArray[np.intp]
) -> npt.NDArray[np.object_]:
    """(n,) the chosen method of each series: the combination unless another was clearly better in the back-test.

    Clearly: its errors (far horizons in proportion to √horizon) are smaller by a margin and by one standard error over
    the origins, of which there are three at least. The margin is a quarter where all origins look upon one and the
    same horizon, less by the root of how many horizons they look upon: on few different periods a smaller advantage is
    mostly luck, and following it costs accuracy.
    """
    method = np.full(len(said["naive"]), DEFAULT, dtype=object)
    method[np.isnan(said[DEFAULT][:, 0])] = "naive"
    standard = _by_origin(errors[DEFAULT])
    counts = (~np.isnan(standard)).sum(axis=1)
    margin = _MARGIN / np.sqrt(max(1.0, back.max() / horizon)) if len(back) else _MARGIN
    usual = np.nansum(standard, axis=1) / np.maximum(counts, 1)
    usual = np.where(usual > 0, usual, 1.0)
    best = np.zeros(len(method))
    for name, theirs in errors.items():
        less = (standard - _by_origin(theirs)) / usual[:, None]
        n = (~np.isnan(less)).sum(axis=1)
        gain = np.nansum(less, axis=1) / np.maximum(n, 1)
        spread = np.sqrt(np.nansum((less - gain[:, None]) ** 2, axis=1) / np.maximum(n * (n - 1), 1))
        score = gain - margin - spread
        better = (score > best) & (n == counts) & (n >= LEAST_KNOWN) & ~np.isnan(said[name]).any(axis=1)
        method[better] = name
        best = np.where(better, score, best)
    return method


def _by_origin(errors: Matrix) -> Matrix:
    """(n, o) mean absolute error of each origin, far horizons in proportion; NaN where there is none."""
    sizes = np.abs(errors) / np.sqrt(np.arange(1, errors.shape[2] + 1))
    count = (~np.isnan(sizes)).sum(axis=2)
    return np.where(count > 0, np.nansum(sizes, axis=2) / np.maximum(count, 1), np.nan)


def seasonal_change(values: Matrix, season: int) -> Matrix:
    """(n,) the mean absolute change from season to season, from value to value where there is one season only."""
    result = np.full(len(values), np.nan)
    for lag in (1, season):
        if values.shape[1] > lag:
            change = np.abs(values[:, lag:] - values[:, :-lag])
            count = (~np.isnan(change)).sum(axis=1)
            mean = np.nansum(change, axis=1) / np.maximum(count, 1)
            result = np.where(count >= min(lag, _LEAST_CHANGES), mean, result)
    return result


def _naive_wins(errors: dict[str, Matrix]) -> npt.NDArray[np.bool_]:
    """(n,) whether a naive method had a smaller mean absolute error than every other."""
    count = (~np.isnan(errors["naive"])).sum(axis=(1, 2))
    best = {True: np.full(len(count), np.inf), False: np.full(len(count), np.inf)}
    for name, error in errors.items():
        full = ((~np.isnan(error)).sum(axis=(1, 2)) == count) & (count > 0)
        mae = np.where(full, np.nansum(np.abs(error), axis=(1, 2)) / np.maximum(count, 1), np.inf)
        best[name in NAIVE] = np.minimum(best[name in NAIVE], mae)
    return np.asarray(best[True] < best[False])


def _picked(parts: dict[str, Matrix], method: npt.NDArray[np.object_]) -> Matrix:
    result = np.full_like(parts["naive"], np.nan)
    for name, part in parts.items():
        rows = method == name
        result[rows] = part[rows]
    return result


def notes_of(prepared: Prepared, season: int) -> tuple[tuple[str, ...], ...]:
    """Per series, what was noticed, in sentences."""
    raw, begun = prepared.raw, prepared.begun
    t = raw.shape[1]
    known = ~np.isnan(raw)
    lengths = known.sum(axis=1)
    lives = (~np.isnan(begun)).sum(axis=1)
    holes = (~np.isnan(begun) & ~known).sum(axis=1)
    early = lengths - (lives - holes)
    zeros = (begun == 0).sum(axis=1)
    negative = (begun < 0).sum(axis=1)
    empty = zeros == lives
    moved = np.where(prepared.ended, -1, prepared.shifted)
    rare = intermittent(begun) & ~prepared.ended
    new = (lives < 2 * season) & (lives >= LEAST)
    told: list[list[str]] = [[] for _ in raw]

    def tell(which: npt.ArrayLike, sentence: Callable[[int], str]) -> None:
        for row in np.flatnonzero(which):
            told[row].append(sentence(int(row)))

    tell(lengths == 0, lambda _: "No value at all: nothing to forecast.")
    tell(holes > 0, lambda i: f"{holes[i]} periods inside hold no value: filled along a straight line.")
    tell(empty & (lengths > 0), lambda _: "All values are zero.")
    tell(early > 0, lambda i: f"{early[i]} zeros before its first amount are taken as the time before it began.")
    tell(
        (lives < LEAST) & (lives > 0), lambda i: f"{lives[i]} periods are too few for a method: their mean is repeated."
    )
    borrowed = prepared.seasons.borrowed
    tell(
        new & borrowed, lambda i: f"{lives[i]} periods are less than two seasons: it has the season of the node above."
    )
    quarterly = new & ~borrowed & (prepared.seasons.kept > 0)
    tell(
        quarterly,
        lambda i: (
            f"{lives[i]} periods are less than two seasons: only the pattern of a quarter, as far as they show one, is "
            "continued."
        ),
    )
    tell(prepared.ended, lambda _: "It has been zero for long and is taken as closed: the forecast is zero.")
    tell(rare, lambda i: f"Intermittent: {zeros[i]} of {lives[i]} periods are zero; it gets methods made for that.")
    tell(
        negative > 0, lambda i: f"{negative[i]} periods are negative (refunds, credit notes): seasons are added to it."
    )
    tell(prepared.marked.any(axis=1), lambda i: _deals(np.flatnonzero(prepared.marked[i]), t))
    tell(
        moved >= 0,
        lambda i: (
            f"Its level shifted {t - moved[i]} periods before the end: the earlier part was raised or lowered to it."
        ),
    )
    return tuple(map(tuple, told))


def _deals(columns: npt.NDArray[np.intp], t: int) -> str:
    """Which values are outliers, counted from the end: 1 is the last one."""
    places = ", ".join(str(t - column) for column in columns[::-1][:_MOST_MARKS])
    more = f" and {len(columns) - _MOST_MARKS} more" if len(columns) > _MOST_MARKS else ""
    return (
        f"Far from its neighbours (a one-off deal?), counted from the end: period {places}{more}; kept in the history, "
        "dampened for the forecast."
    )
