"""Exponential smoothing of many series at once: simple, with damped trend, with a season, and Theta.

All parameter sets of a grid run together over all series; the forecasts of the grid are averaged with Akaike weights
(Burnham & Anderson 2002), which has no optimiser to get stuck and is steadier than the best single set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.seasonality import Seasons

Matrix = npt.NDArray[np.float64]

_ALPHAS = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98])
_DAMPED = np.array(
    [
        (alpha, alpha * share, phi)
        for alpha in (0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.99)
        for share in (0.0, 0.05, 0.15, 0.35)
        for phi in (0.8, 0.9, 0.97)
    ]
)
_WINTERS = np.array(
    [
        (alpha, alpha * share, 0.95, gamma)
        for alpha in (0.05, 0.15, 0.35, 0.65)
        for share in (0.0, 0.1)
        for gamma in (0.03, 0.1, 0.3)
    ]
)
_DRIFT_WEIGHT = 16
_LEAST_FACTOR = 0.02
_TINY = 1e-9
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Histories:
    """Right-aligned histories, the longest first, time by rows.

    Attributes:
        y: (t, n) values, NaN before a series starts.
        lengths: (n,) known values.
        order: (n,) which row of the input each column is.
        active: (t,) how many columns have started at each time.
    """

    y: Matrix
    lengths: npt.NDArray[np.intp]
    order: npt.NDArray[np.intp]
    active: npt.NDArray[np.intp]

    @classmethod
    def of(cls, values: Matrix) -> Histories:
        """From (n, t) right-aligned values."""
        lengths = (~np.isnan(values)).sum(axis=1)
        order = np.argsort(-lengths, kind="stable")
        starts = values.shape[1] - lengths[order]
        active = np.searchsorted(starts, np.arange(values.shape[1]), side="right")
        return cls(np.ascontiguousarray(values[order].T), lengths[order], order, active)

    def blocks(self, width: int = _BLOCK) -> Iterator[Histories]:
        """Parts that stay in the processor's cache."""
        for start in range(0, self.y.shape[1], width):
            part = slice(start, start + width)
            size = len(self.lengths[part])
            active = np.clip(self.active - start, 0, size)
            first = int(np.searchsorted(active, 1))
            yield Histories(self.y[first:, part], self.lengths[part], self.order[part], active[first:])

    def early(self, count: int) -> tuple[Matrix, Matrix]:
        """(n,) start and slope per period of a line through each column's first ``count`` values.

        The start is the line's value one period before the first.
        """
        t = len(self.y)
        rows = (t - self.lengths)[None, :] + np.arange(count)[:, None]
        known = rows < t
        first = np.where(known, np.take_along_axis(self.y, np.minimum(rows, t - 1), axis=0), 0.0)
        return line(first, known)


def line(y: Matrix, known: npt.NDArray[np.bool_]) -> tuple[Matrix, Matrix]:
    """Least squares over the ``known`` rows of (t, n): (n,) value at time 0 and slope, with times 1 to t."""
    time = np.arange(1.0, len(y) + 1)[:, None]
    count = np.maximum(known.sum(axis=0), 1)
    middle = (time * known).sum(axis=0) / count
    mean = (y * known).sum(axis=0) / count
    off = (time - middle) * known
    spread = (off**2).sum(axis=0)
    slope = (off * (y - mean)).sum(axis=0) / np.where(spread > 0, spread, 1.0)
    return mean - slope * middle, slope


def ses(values: Matrix, horizon: int) -> Matrix:
    """Simple exponential smoothing (Brown 1956; FPP3 8.1): (n, t) histories to (n, h) flat forecasts."""
    alpha = _ALPHAS[:, None]
    result = np.empty((len(values), horizon))
    for block in Histories.of(values).blocks():
        level = _first_level(block, len(_ALPHAS))
        squares = np.zeros(level.shape)
        for row, k in zip(block.y, block.active, strict=True):
            error = row[:k] - level[:, :k]
            squares[:, :k] += error * error
            level[:, :k] += alpha * error
        result[block.order] = (weights_of(squares, block.lengths) * level).sum(axis=0)[:, None]
    return result


def damped(values: Matrix, horizon: int) -> Matrix:
    """Damped additive trend (Gardner & McKenzie 1985; FPP3 8.2): (n, t) histories to (n, h) forecasts."""
    alpha, beta, phi = (column[:, None] for column in _DAMPED.T)
    powers = np.cumsum(phi ** np.arange(1, horizon + 1), axis=1)
    result = np.empty((len(values), horizon))
    for block in Histories.of(values).blocks():
        level, trend = _first_line(block, len(_DAMPED))
        squares = np.zeros(level.shape)
        for row, k in zip(block.y, block.active, strict=True):
            ahead = phi * trend[:, :k]
            level[:, :k] += ahead
            error = row[:k] - level[:, :k]
            squares[:, :k] += error * error
            level[:, :k] += alpha * error
            trend[:, :k] = ahead + beta * error
        weights = weights_of(squares, block.lengths)
        result[block.order] = (weights * level).sum(axis=0)[:, None] + (weights * trend).T @ powers
    return result


def theta(values: Matrix, horizon: int) -> Matrix:
    """Theta as SES with drift, its θ optimised: (n, t) histories to (n, h) forecasts.

    Assimakopoulos & Nikolopoulos 2000 take half of the slope of the line through the history as the drift of SES
    (Hyndman & Billah 2003); Fiorucci et al. 2016 choose the share 1 − 1/θ by one-step errors. The errors are linear
    in the share, so that each α has its best one by least squares, drawn towards a half with the weight of one
    residual variance over 1/16 (a share known to ± a quarter).
    """
    alpha = _ALPHAS[:, None]
    steps = np.arange(horizon)
    result = np.empty((len(values), horizon))
    for block in Histories.of(values).blocks():
        t = len(block.y)
        known = np.arange(t)[:, None] >= t - block.lengths
        _, slope = line(np.where(known, block.y, 0.0), known)
        level = _first_level(block, len(_ALPHAS))
        lost = np.ones(level.shape)
        own, cross, drift = (np.zeros(level.shape) for _ in range(3))
        for row, k in zip(block.y, block.active, strict=True):
            step = (1 - (1 - alpha) * lost[:, :k]) / alpha * slope[:k]
            error = row[:k] - level[:, :k]
            own[:, :k] += error * error
            cross[:, :k] += error * step
            drift[:, :k] += step * step
            level[:, :k] += alpha * error
            lost[:, :k] *= 1 - alpha
        safe = np.where(drift > 0, drift, 1.0)
        variance = np.maximum(own - cross * (cross / safe), 0.0) / np.maximum(block.lengths - 2, 1)
        pull = _DRIFT_WEIGHT * variance
        total = drift + pull
        share = np.clip((cross + 0.5 * pull) / np.where(total > 0, total, 1.0), 0.0, 1.0)
        weights = weights_of(np.maximum(own - 2 * share * cross + share**2 * drift, 0.0), block.lengths)
        first = level + share * slope * (1 - (1 - alpha) * lost) / alpha
        result[block.order] = (weights * first).sum(axis=0)[:, None] + np.outer(
            (weights * share).sum(axis=0) * slope, steps
        )
    return result


def holt_winters(values: Matrix, seasons: Seasons, horizon: int) -> Matrix:
    """Damped trend with a season that is smoothed too (Winters 1960; FPP3 8.3): (n, t) to (n, h) forecasts.

    The season starts from the factors of the decomposition; it multiplies or adds as there.
    """
    plain = seasons.removed(values)
    result = np.empty((len(values), horizon))
    for multiply in (True, False):
        rows = np.flatnonzero(seasons.multiply == multiply)
        factors = np.exp(seasons.factors[rows]) if multiply else seasons.factors[rows]
        for raw, level in zip(Histories.of(values[rows]).blocks(), Histories.of(plain[rows]).blocks(), strict=True):
            result[rows[raw.order]] = _winters(raw, level, factors[raw.order], horizon, multiply=multiply)
    return result


def _winters(raw: Histories, plain: Histories, factors: Matrix, horizon: int, *, multiply: bool) -> Matrix:
    """(n, h) forecasts of one block, of which ``plain`` is without its season."""
    alpha, beta, phi, gamma = (column[:, None] for column in _WINTERS.T)
    t, season = len(raw.y), factors.shape[1]
    level, trend = _first_line(plain, len(_WINTERS))
    state = np.repeat(factors.T[:, None, :], len(_WINTERS), axis=1)
    squares = np.zeros(level.shape)
    for time, (row, k) in enumerate(zip(raw.y, raw.active, strict=True)):
        place = (time - (t - 1)) % season
        own = state[place, :, :k]
        ahead = phi * trend[:, :k]
        level[:, :k] += ahead
        if multiply:
            error = row[:k] - level[:, :k] * own
            squares[:, :k] += (error / factors[:k, place]) ** 2
            up = level[:, :k] > _TINY
            change = error / own
            own += gamma * np.where(up, error / np.where(up, level[:, :k], 1.0), 0.0)
            np.clip(own, _LEAST_FACTOR, 1 / _LEAST_FACTOR, out=own)
        else:
            error = row[:k] - level[:, :k] - own
            squares[:, :k] += error * error
            change = error
            own += gamma * error
        level[:, :k] += alpha * change
        trend[:, :k] = ahead + beta * change
    weights = weights_of(squares, raw.lengths)
    said = np.empty((len(factors), horizon))
    reach = np.zeros((len(_WINTERS), 1))
    for step in range(horizon):
        reach = reach + phi ** (step + 1)
        base, own = level + trend * reach, state[(step + 1) % season]
        value = fading(base, level) * own if multiply else base + own
        said[:, step] = (weights * value).sum(axis=0)
    return said


def fading(ahead: Matrix, level: Matrix) -> Matrix:
    """Let what falls from a positive ``level`` fall by shares, not amounts: level · exp((ahead − level) / level).

    A line that falls would cross zero, which sums of money or units that never did so will not.
    """
    up = level > 0
    share = np.where(up, (ahead - level) / np.where(up, level, 1.0), 0.0)
    return np.where(share < 0, level * np.exp(np.minimum(share, 0.0)), ahead)


def _first_level(block: Histories, sets: int) -> Matrix:
    """(sets, n) the mean of each column's first four values."""
    start, slope = block.early(4)
    return np.broadcast_to(start + slope * (np.minimum(4, block.lengths) + 1) / 2, (sets, len(start))).copy()


def _first_line(block: Histories, sets: int) -> tuple[Matrix, Matrix]:
    """(sets, n) level before the first value and slope: half of that of the first eight values, through their mean."""
    start, slope = block.early(8)
    level = start + slope * (np.minimum(8, block.lengths) + 1) / 4
    shape = (sets, len(start))
    return np.broadcast_to(level, shape).copy(), np.broadcast_to(slope / 2, shape).copy()


def weights_of(squares: Matrix, lengths: npt.NDArray[np.intp]) -> Matrix:
    """(grid, n) Akaike weights of parameter sets with these sums of squared errors; each has as many parameters."""
    best = squares.min(axis=0)
    safe = np.where(best > 0, best, 1.0)
    ratio = np.where(best > 0, squares / safe, np.where(squares > 0, np.inf, 1.0))
    weights = np.maximum(ratio, 1.0) ** (-0.5 * lengths)
    return np.asarray(weights / weights.sum(axis=0))
