"""Methods made for series that are mostly zero."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.smoothing import Histories, weights_of

Matrix = npt.NDArray[np.float64]

LEAST_ZEROS = 0.3
"""The share of zeros from which on a series is intermittent: a demand interval of 1.32 periods is the bound of
Syntetos, Boylan & Croston 2005 (0.24); above it by a margin, for a few empty periods are no pattern."""

_ALPHAS = np.array([0.05, 0.1, 0.2, 0.3])
_RATES = np.array([(a, b) for a in (0.05, 0.1, 0.2, 0.3) for b in (0.02, 0.05, 0.1, 0.2, 0.3)])


def intermittent(values: Matrix) -> npt.NDArray[np.bool_]:
    """(n,) which of the (n, t) histories are intermittent: never negative, sometimes positive, and often zero."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        zeros = (values == 0).sum(axis=1)
        mixed = (values > 0).any(axis=1) & ~(values < 0).any(axis=1)
    return np.asarray(mixed & (zeros >= LEAST_ZEROS * known.sum(axis=1)))


def croston(values: Matrix, horizon: int) -> Matrix:
    """Croston 1972 with the correction of Syntetos & Boylan 2005: smoothed size over smoothed interval × (1 − α/2).

    Sizes and intervals are smoothed only where something came.
    """
    alpha = _ALPHAS[:, None]
    result = np.empty((len(values), horizon))
    for block in Histories.of(values).blocks():
        size, gap = _first(block)
        level = np.broadcast_to(size, (len(_ALPHAS), len(size))).copy()
        interval = np.broadcast_to(gap, level.shape).copy()
        since = np.ones(len(size))
        squares = np.zeros(level.shape)
        for row, k in zip(block.y, block.active, strict=True):
            error = row[:k] - (1 - alpha / 2) * level[:, :k] / interval[:, :k]
            squares[:, :k] += error * error
            came = row[:k] != 0
            level[:, :k] += alpha * came * (row[:k] - level[:, :k])
            interval[:, :k] += alpha * came * (since[:k] - interval[:, :k])
            since[:k] = np.where(came, 1.0, since[:k] + 1)
        rate = (1 - alpha / 2) * level / interval
        result[block.order] = (weights_of(squares, block.lengths) * rate).sum(axis=0)[:, None]
    return result


def tsb(values: Matrix, horizon: int) -> Matrix:
    """Teunter, Syntetos & Babai 2011: smoothed size × smoothed chance that something comes.

    The chance falls with every empty period, so that a node that sells no more fades.
    """
    alpha, beta = (column[:, None] for column in _RATES.T)
    result = np.empty((len(values), horizon))
    for block in Histories.of(values).blocks():
        size, gap = _first(block)
        level = np.broadcast_to(size, (len(_RATES), len(size))).copy()
        chance = np.broadcast_to(1 / gap, level.shape).copy()
        squares = np.zeros(level.shape)
        for row, k in zip(block.y, block.active, strict=True):
            error = row[:k] - level[:, :k] * chance[:, :k]
            squares[:, :k] += error * error
            came = row[:k] != 0
            level[:, :k] += alpha * came * (row[:k] - level[:, :k])
            chance[:, :k] += beta * (came - chance[:, :k])
        weights = weights_of(squares, block.lengths)
        result[block.order] = (weights * level * chance).sum(axis=0)[:, None]
    return result


def _first(block: Histories) -> tuple[Matrix, Matrix]:
    """(n,) the mean size of what came and the mean interval in which it came."""
    came = np.nan_to_num(block.y) != 0
    count = came.sum(axis=0)
    size = np.nansum(block.y, axis=0) / np.maximum(count, 1)
    return size, block.lengths / np.maximum(count, 1)
