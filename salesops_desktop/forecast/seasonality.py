"""Seasonal factors of many series at once, shrunken towards what can be proven.

Every history is right-aligned: the last column is the last known period, so a column's place in the season is counted
backwards from the end and is the same for all rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seasons:
    """The seasons of n series.

    Attributes:
        factors: (n, m) by place in the season; place 0 is the last known period, 1 the first one ahead. Logarithms
            where the season multiplies, else amounts that are added; 0 everywhere where there is none.
        multiply: (n,) whether the season multiplies.
        kept: (n,) the share of the found season that was kept, 0 to 1.
        borrowed: (n,) whether the season is the parent's.
    """

    factors: Matrix
    multiply: npt.NDArray[np.bool_]
    kept: Matrix
    borrowed: npt.NDArray[np.bool_]

    def removed(self, values: Matrix) -> Matrix:
        """(n, t) the histories without their season."""
        t, m = values.shape[1], self.factors.shape[1]
        past = self.factors[:, (np.arange(t) - (t - 1)) % m]
        return np.where(self.multiply[:, None], values * np.exp(-past), values - past)

    def restored(self, ahead: Matrix) -> Matrix:
        """(n, h) forecasts with the season put back."""
        factors = self.factors[:, (1 + np.arange(ahead.shape[1])) % self.factors.shape[1]]
        return np.where(self.multiply[:, None], ahead * np.exp(factors), ahead + factors)


def estimate(values: Matrix, season: int, parents: npt.NDArray[np.intp] | None = None) -> Seasons:
    """Estimate and shrink the seasons of all rows.

    Classical decomposition; the factors are multiplied by c = max(0, 1 − (m − 3) / ((m − 1) F)), the James-Stein
    shrinkage of Miller & Williams 2003, with F the statistic of the season's dummies, so that short or noisy histories
    keep only what they can prove. What a row lacks it takes from its parent: all of it where it is shorter than two
    seasons.

    Args:
        values: (n, t) right-aligned, NaN before a series starts.
        season: periods in a season, m.
        parents: (n,) the row whose season is borrowed, −1 for none.

    Returns:
        The seasons; none where ``season`` is 1.
    """
    n, t = values.shape
    with np.errstate(invalid="ignore"):
        multiply = np.asarray(~(values <= 0).any(axis=1))
    factors = np.zeros((n, max(season, 1)))
    kept = np.zeros(n)
    borrowed = np.zeros(n, dtype=np.bool_)
    if season > 1 and t >= 2 * season:
        y = np.where(multiply[:, None], np.log(np.where(multiply[:, None], values, 1.0)), values)
        factors, kept = _shrunken(y, season)
    if parents is not None and season > 1:
        factors, borrowed = _from_parents(values, factors, kept, multiply, parents)
    return Seasons(factors, multiply, kept, borrowed)


def _shrunken(y: Matrix, season: int) -> tuple[Matrix, Matrix]:
    """(n, m) factors and (n,) the share of them that was kept."""
    lengths = (~np.isnan(y)).sum(axis=1)
    freedom = np.maximum(1, lengths - 2 * (season // 2) - season)
    detrended = y - _moving_average(y, season)
    short = (lengths < 3 * season) & (lengths >= 2 * season)
    if short.any():
        detrended[short] = _less_line(y[short], season)
        freedom[short] = np.maximum(1, lengths[short] - season - 1)
    detrended[lengths < 2 * season] = np.nan
    folded = _folded(detrended, season)
    seen = ~np.isnan(folded)
    counts = seen.sum(axis=1)
    means = np.where(seen, folded, 0.0).sum(axis=1) / np.maximum(counts, 1)
    means -= means.mean(axis=1, keepdims=True)
    within = np.where(seen, folded - means[:, None, :], 0.0)
    middle = within.sum(axis=(1, 2), keepdims=True) / np.maximum(1, seen.sum(axis=(1, 2), keepdims=True))
    within = (np.where(seen, within - middle, 0.0) ** 2).sum(axis=(1, 2)) / freedom
    between = (counts * means**2).sum(axis=1) / (season - 1)
    sizes = np.where(np.isnan(y), 0.0, y**2).sum(axis=1) / np.maximum(lengths, 1)
    real = between > 1e-12 * np.maximum(sizes, 1e-300)
    ratio = within / np.where(real, between, 1.0)
    kept = np.where(real, np.maximum(0.0, 1 - (season - 3) / (season - 1) * ratio), 0.0) if season > 3 else real * 1.0
    return means * kept[:, None], kept


def _moving_average(y: Matrix, season: int) -> Matrix:
    """(n, t) the centred moving average over a season, NaN where it is not known."""
    n, t = y.shape
    half = season // 2
    trend = np.full((n, t), np.nan)
    if t <= 2 * half:
        return trend
    width = t - 2 * half
    total = np.zeros((n, width))
    for step in range(2 * half + 1):
        weight = 0.5 if season % 2 == 0 and step in (0, 2 * half) else 1.0
        total += weight * y[:, step : step + width]
    trend[:, half : half + width] = total / season
    return trend


def _less_line(y: Matrix, season: int) -> Matrix:
    """``y`` less a straight line fitted together with the season, so that neither hides in the other."""
    time = np.where(np.isnan(y), np.nan, np.arange(y.shape[1], dtype=np.float64))
    own, when = (_less_places(part, season) for part in (y, time))
    slope = np.nansum(own * when, axis=1) / np.maximum(np.nansum(when**2, axis=1), 1e-300)
    return np.asarray(y - slope[:, None] * np.arange(y.shape[1]))


def _less_places(y: Matrix, season: int) -> Matrix:
    """``y`` less the mean of each place in the season."""
    folded = _folded(y, season)
    seen = ~np.isnan(folded)
    means = np.where(seen, folded, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    t = y.shape[1]
    return np.asarray(y - means[:, (np.arange(t) - (t - 1)) % season])


def _folded(y: Matrix, season: int) -> Matrix:
    """(n, cycles, m) by place in the season: place 0 is the last column's."""
    n, t = y.shape
    cycles = -(-t // season)
    padded = np.full((n, cycles * season), np.nan)
    padded[:, cycles * season - t :] = y
    return np.roll(padded.reshape(n, cycles, season), 1, axis=2)


def _from_parents(
    values: Matrix,
    factors: Matrix,
    kept: Matrix,
    multiply: npt.NDArray[np.bool_],
    parents: npt.NDArray[np.intp],
) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """Fill what a row's own season lacks with its parent's; parents come before their own children take from them."""
    result = factors.copy()
    borrowed = np.zeros(len(values), dtype=np.bool_)
    means = np.nan_to_num(np.nanmean(np.abs(values), axis=1))
    for row in _top_down(parents):
        parent = parents[row]
        if parent < 0 or not result[parent].any() or kept[row] >= 1:
            continue
        if multiply[row] and multiply[parent]:
            theirs = result[parent]
        elif multiply[parent]:
            theirs = np.expm1(result[parent]) * means[row]
        elif multiply[row] or means[parent] == 0:
            continue
        else:
            theirs = result[parent] * (means[row] / means[parent])
        result[row] = factors[row] + (1 - kept[row]) * theirs
        borrowed[row] = kept[row] == 0
    return result, borrowed


def _top_down(parents: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """The rows, each after its parent."""
    depth = np.zeros(len(parents), dtype=np.intp)
    above = parents.copy()
    for _ in range(len(parents)):
        going = above >= 0
        if not going.any():
            break
        depth[going] += 1
        above[going] = parents[above[going]]
    else:
        raise ValueError("A row is its own ancestor.")
    return np.argsort(depth, kind="stable")
