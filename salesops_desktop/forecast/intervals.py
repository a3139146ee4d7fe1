"""Prediction intervals from back-test errors, and how well they would have held.

Conformal prediction (Vovk et al. 2005; Lei et al. 2018) on scaled errors: every back-test error is divided by what is
typical of its horizon and of its series, so that the errors of all series and horizons say how wide an interval must
be; the interval is the forecast ± a quantile of the absolute scores times what is typical.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Matrix = npt.NDArray[np.float64]

LEVELS = (50, 80, 95)
"""Per cent."""

FEW_SCORES = 20
_MANY = 100
"""Scores of a horizon from which on it has a quantile of its own; below that the horizons share theirs."""

_OWN_WEIGHT = 3.0
"""Origins that the panel's typical error weighs beside a series' own ones."""

_STEP_WEIGHT = 4.0
_OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class Intervals:
    """Half-widths and what they achieved in the back-test.

    Attributes:
        half_widths: per level (per cent), (n, h) in the unit of the series; never falling with the horizon.
        coverage: per level, (n,) the share of back-test actuals inside intervals made without the errors of origins
            that share many of their actuals; NaN where it cannot be told.
        n: (n,) back-test errors of each series.
    """

    half_widths: dict[int, Matrix]
    coverage: dict[int, Matrix]
    n: npt.NDArray[np.intp]


def conformal(errors: Matrix, scales: Matrix, offsets: npt.NDArray[np.intp], levels: tuple[int, ...]) -> Intervals:
    """Calibrate intervals on the back-test errors of a panel.

    Args:
        errors: (n, o, h) forecast − actual, NaN where nothing came.
        scales: (n, o + 1) how much each series changes from season to season, as known at each origin and (last) now.
        offsets: (o,) periods from each origin to the end.
        levels: per cent.

    Returns:
        The intervals; half-widths are NaN where the whole panel has no error.
    """
    sizes = np.abs(errors)
    seen = ~np.isnan(sizes)
    known = np.where((scales > 0) & ~np.isnan(scales), scales, _own_scales(sizes)[:, None])
    then, now = known[:, :-1, None], known[:, -1]
    relative = sizes / np.where(then > 0, then, 1.0)
    growth = typical_errors(relative)
    counts = seen.any(axis=2).astype(np.float64)
    per_origin = np.nansum(relative / np.where(growth > 0, growth, 1.0), axis=2) / np.maximum(seen.sum(axis=2), 1)
    own = (per_origin.sum(axis=1) + _OWN_WEIGHT) / (counts.sum(axis=1) + _OWN_WEIGHT)
    # Origins that share many of their actuals share their errors: such are no judges of each other.
    apart = (np.minimum.outer(offsets, offsets) <= _OVERLAP * np.maximum.outer(offsets, offsets)) * 1.0
    others = (per_origin @ apart + _OWN_WEIGHT) / (counts @ apart + _OWN_WEIGHT)
    unit = then * others[:, :, None] * growth
    scores = np.where(unit > 0, sizes / np.where(unit > 0, unit, 1.0), np.where(sizes > 0, np.inf, 0.0))
    scores = np.where(seen, scores, np.nan)
    widths, coverage = {}, {}
    for level in levels:
        quantiles = _quantiles(scores, level)
        widths[level] = np.maximum.accumulate(now[:, None] * own[:, None] * growth * quantiles, axis=1)
        coverage[level] = _held(scores, quantiles, level)
    return Intervals(widths, coverage, np.asarray(seen.sum(axis=(1, 2))))


def typical_errors(sizes: Matrix) -> Matrix:
    """(h,) the typical size per horizon of (n, o, h) absolute errors, never falling with it.

    The mean of each horizon is drawn towards √(horizon) growth from the pooled mean with the weight of four errors,
    so that a horizon seen once does not set its own scale. NaN where there is no error at all.
    """
    seen = ~np.isnan(sizes)
    steps = np.sqrt(np.arange(1, sizes.shape[2] + 1))
    pooled = np.nansum(sizes / steps) / seen.sum() if seen.any() else np.nan
    sums = np.nansum(sizes, axis=(0, 1))
    return np.asarray(
        np.maximum.accumulate((sums + _STEP_WEIGHT * pooled * steps) / (seen.sum(axis=(0, 1)) + _STEP_WEIGHT))
    )


def _own_scales(sizes: Matrix) -> Matrix:
    """(n,) the mean error of a series, for one whose history has no season to compare with or never changed."""
    count = (~np.isnan(sizes)).sum(axis=(1, 2))
    return np.asarray(np.nansum(sizes, axis=(1, 2)) / np.maximum(count, 1))


def _quantiles(scores: Matrix, level: int) -> Matrix:
    """(h,) the conformal quantile of each horizon."""
    horizon = scores.shape[2]
    seen = ~np.isnan(scores)
    origins = int(seen.any(axis=2).sum())
    if not origins:
        return np.full(horizon, np.nan)
    shared = _quantile(np.sort(scores[seen]), level / 100, origins)
    result = np.full(horizon, shared)
    for step in range(horizon):
        here = scores[:, :, step][seen[:, :, step]]
        if len(here) >= _MANY:
            result[step] = _quantile(np.sort(here), level / 100, len(here))
    return result


def _held(scores: Matrix, quantiles: Matrix, level: int) -> Matrix:
    """(n,) the share of scores inside; where the scores are few, each origin judged without its own."""
    seen = ~np.isnan(scores)
    count = seen.sum(axis=(1, 2))
    inside = np.where(seen, scores <= quantiles * (1 + 1e-12), False)  # noqa: FBT003
    origins = scores.shape[1]
    if seen.sum() < _MANY * scores.shape[2] and origins > 1:
        for origin in range(origins):
            rest = np.delete(scores, origin, axis=1)
            if not np.isnan(rest).all():
                inside[:, origin] = seen[:, origin] & (scores[:, origin] <= _quantiles(rest, level) * (1 + 1e-12))
    told = (count > 0) & ((len(scores) > 1) | (origins > 1))
    return np.where(told, inside.sum(axis=(1, 2)) / np.maximum(count, 1), np.nan)


def _quantile(scores: Matrix, share: float, origins: int) -> float:
    """The conformal quantile: of n scores the one at rank n · share · (o + 1) / o, rounded up.

    The finite-sample correction counts the o origins, not the scores: errors of one origin go together and are no
    independent evidence. Where the origins are too few for the level the guarantee would be an endless interval; the
    largest score is stretched by the ratio of the normal quantiles instead, which the forecast's notes tell.
    """
    n = len(scores)
    rank = math.ceil(n * share * (origins + 1) / origins - 1e-9)
    if rank <= n:
        return float(scores[rank - 1])
    reached = origins / (origins + 1)
    return float(scores[-1] * max(1.0, ndtri(0.5 + share / 2) / ndtri(0.5 + reached / 2)))
