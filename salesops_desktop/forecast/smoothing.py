"""Exponential smoothing of many series at once: simple, with damped trend, and Theta.

All parameter sets of a grid run together over all series; the forecasts of the grid are averaged with Akaike weights
(Burnham & Anderson 2002), which has no optimiser to get stuck and is steadier than the best single set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
    result = np.empty((len(values), horizon))
    for block in Histories.of(values).blocks():
        level, squares, _ = _ses_grid(block)
        weights = _weights(squares, block.lengths)
        result[block.order] = (weights * level).sum(axis=0)[:, None]
    return result


def damped(values: Matrix, horizon: int) -> Matrix:
    """Damped additive trend (Gardner & McKenzie 1985; FPP3 8.2): (n, t) histories to (n, h) forecasts."""
    alpha, beta, phi = (column[:, None] for column in _DAMPED.T)
    powers = np.cumsum(phi ** np.arange(1, horizon + 1), axis=1)
    result = np.empty((len(values), horizon))
    for block in Histories.of(values).blocks():
        start, slope = block.early(8)
        level = np.broadcast_to(start, (len(_DAMPED), len(start))).copy()
        trend = np.broadcast_to(slope, level.shape).copy()
        squares = np.zeros(level.shape)
        for row, k in zip(block.y, block.active, strict=True):
            ahead = phi * trend[:, :k]
            level[:, :k] += ahead
            error = row[:k] - level[:, :k]
            squares[:, :k] += error * error
            level[:, :k] += alpha * error
            trend[:, :k] = ahead + beta * error
        weights = _weights(squares, block.lengths)
        result[block.order] = (weights * level).sum(axis=0)[:, None] + (weights * trend).T @ powers
    return result


def theta(values: Matrix, horizon: int) -> Matrix:
    """Theta (Assimakopoulos & Nikolopoulos 2000) as SES with drift (Hyndman & Billah 2003).

    The mean of the trend line and SES of the θ = 2 line.
    """
    steps = np.arange(1, horizon + 1)
    result = np.empty((len(values), horizon))
    for block in Histories.of(values).blocks():
        t = len(block.y)
        known = np.arange(t)[:, None] >= t - block.lengths
        start, slope = line(np.where(known, block.y, 0.0), known)
        trend = start + slope * np.arange(1, t + 1)[:, None]
        doubled = Histories(2 * block.y - trend, block.lengths, block.order, block.active)
        level, squares, _ = _ses_grid(doubled)
        weights = _weights(squares, block.lengths)
        ahead = (start + slope * t)[:, None] + slope[:, None] * steps
        result[block.order] = (ahead + (weights * level).sum(axis=0)[:, None]) / 2
    return result


def _ses_grid(block: Histories) -> tuple[Matrix, Matrix, Matrix]:
    """(α, n) last levels and squared errors of all α."""
    alpha = _ALPHAS[:, None]
    start, slope = block.early(4)
    level = np.broadcast_to(start + 2.5 * slope, (len(_ALPHAS), len(start))).copy()
    squares = np.zeros(level.shape)
    for row, k in zip(block.y, block.active, strict=True):
        error = row[:k] - level[:, :k]
        squares[:, :k] += error * error
        level[:, :k] += alpha * error
    return level, squares, alpha


def _weights(squares: Matrix, lengths: npt.NDArray[np.intp]) -> Matrix:
    """(grid, n) Akaike weights; all sets have the same number of parameters."""
    best = squares.min(axis=0)
    floor = np.where(best > 0, best * 1e-9, 1.0) + 1e-300
    likelihood = -0.5 * lengths * np.log((squares + floor) / (best + floor))
    weights = np.exp(np.maximum(likelihood, -700))
    return np.asarray(weights / weights.sum(axis=0))
