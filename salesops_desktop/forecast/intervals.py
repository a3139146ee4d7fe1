"""Prediction intervals from back-test errors, and how well they would have held.

Split conformal prediction (Vovk et al. 2005; Lei et al. 2018) on scaled errors: every back-test error is divided by
the typical error of its horizon, so that few origins still give many scores; the interval is the forecast ± a quantile
of the absolute scores times the typical error of its horizon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Vector = npt.NDArray[np.float64]

LEVELS = (50, 80, 95)
"""Per cent."""

FEW_SCORES = 20


@dataclass(frozen=True, slots=True)
class Intervals:
    """Half-widths per horizon and what they achieved in the back-test.

    Attributes:
        half_widths: per level (per cent), (h,) in the unit of the series.
        coverage: per level, the share of back-test actuals inside intervals made without the errors of their own
            origin; None where there are fewer than two origins.
        n: back-test errors behind them.
    """

    half_widths: dict[int, Vector]
    coverage: dict[int, float | None]
    n: int


def conformal(errors: Vector, levels: tuple[int, ...] = LEVELS) -> Intervals:
    """Calibrate intervals on back-test errors.

    Args:
        errors: (o, h) forecast − actual, NaN where nothing came; at least one number.
        levels: per cent.

    Returns:
        The intervals. Half-widths never shrink with the horizon.
    """
    seen = ~np.isnan(errors)
    widths = {level: _half_widths(errors, level) for level in levels}
    coverage: dict[int, float | None] = dict.fromkeys(levels)
    if len(errors) > 1:
        hits = dict.fromkeys(levels, 0)
        for origin in range(len(errors)):
            others = np.delete(errors, origin, axis=0)
            if np.isnan(others).all():
                continue
            for level in levels:
                inside = np.abs(errors[origin]) <= _half_widths(others, level) * (1 + 1e-12)
                hits[level] += int((inside & seen[origin]).sum())
        coverage = {level: hits[level] / int(seen.sum()) for level in levels}
    return Intervals(widths, coverage, int(seen.sum()))


def typical_errors(errors: Vector) -> Vector:
    """(h,) the typical absolute error per horizon, never falling with it.

    The mean of each horizon is drawn towards √(horizon) growth from the pooled mean with the weight of four errors,
    so that a horizon seen once does not set its own scale.
    """
    sizes = np.abs(errors)
    steps = np.sqrt(np.arange(1, errors.shape[1] + 1))
    pooled = float(np.nanmean(sizes / steps))
    counts = (~np.isnan(sizes)).sum(axis=0)
    sums = np.nansum(sizes, axis=0)
    return np.maximum.accumulate((sums + 4 * pooled * steps) / (counts + 4))


def _half_widths(errors: Vector, level: int) -> Vector:
    scale = typical_errors(errors)
    safe = np.where(scale > 0, scale, 1.0)
    seen = ~np.isnan(errors)
    scores = np.sort(np.abs(errors / safe)[seen])
    return np.asarray(_quantile(scores, level / 100, int(seen.any(axis=1).sum())) * scale)


def _quantile(scores: Vector, share: float, origins: int) -> float:
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
