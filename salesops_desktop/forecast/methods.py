"""The forecasting methods: small, deterministic, each with the source of its formula.

Every method takes a history (n,), a horizon and the number of periods in a season, and returns the point forecasts
(horizon,). Parameters are chosen on a grid by squared one-step error, all grid points at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
MethodFunction = Callable[[Vector, int, int], Vector]

_ALPHAS = np.linspace(0.02, 0.98, 25)
_DAMPED = np.array(
    [
        (alpha, alpha * share, phi)
        for alpha in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)
        for share in (0.02, 0.05, 0.1, 0.2, 0.4)
        for phi in (0.8, 0.9, 0.95, 0.98)
    ]
)


@dataclass(frozen=True, slots=True)
class Method:
    """A forecasting method.

    Attributes:
        id: its name in code and storage.
        label: its name on screen.
        source: where the formula comes from.
        naive: whether it is a yardstick that every other method must beat.
        function: the method.
    """

    id: str
    label: str
    source: str
    naive: bool
    function: MethodFunction

    def least(self, season: int) -> int:
        """The shortest history it can work on."""
        if self.id == "seasonal_naive":
            return season if season > 1 else sys.maxsize  # without a season it is the naive method again
        return 1 if self.naive else 3


def naive(history: Vector, horizon: int, season: int) -> Vector:  # noqa: ARG001  # one signature for all methods
    """Repeat the last value (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.2)."""
    return np.full(horizon, history[-1])


def seasonal_naive(history: Vector, horizon: int, season: int) -> Vector:
    """Repeat the last season (same source, 5.2). Needs one whole season."""
    last = history[-season:]
    return last[np.arange(horizon) % season]


def ses(history: Vector, horizon: int, season: int) -> Vector:
    """Simple exponential smoothing (Brown 1956; FPP3 8.1) on the seasonally adjusted history."""
    return _seasonally(history, horizon, season, lambda y, h: np.full(h, _ses_level(y)))


def damped_trend(history: Vector, horizon: int, season: int) -> Vector:
    """Damped additive trend (Gardner & McKenzie 1985; FPP3 8.2) on the seasonally adjusted history."""
    return _seasonally(history, horizon, season, _damped)


def theta(history: Vector, horizon: int, season: int) -> Vector:
    """Theta (Assimakopoulos & Nikolopoulos 2000): the mean of the trend line and SES of the θ = 2 line."""
    return _seasonally(history, horizon, season, _theta)


def combination(history: Vector, horizon: int, season: int) -> Vector:
    """The median of SES, damped trend and Theta, point by point (cf. Petropoulos & Svetunkov 2020, SCUM)."""

    def median(adjusted: Vector, steps: int) -> Vector:
        parts = [np.full(steps, _ses_level(adjusted)), _damped(adjusted, steps), _theta(adjusted, steps)]
        return np.asarray(np.median(parts, axis=0), dtype=np.float64)

    return _seasonally(history, horizon, season, median)


METHODS: tuple[Method, ...] = (
    Method("combination", "Combination (median of three)", "Petropoulos & Svetunkov 2020", False, combination),  # noqa: FBT003
    Method("theta", "Theta", "Assimakopoulos & Nikolopoulos 2000", False, theta),  # noqa: FBT003
    Method("damped_trend", "Damped trend", "Gardner & McKenzie 1985", False, damped_trend),  # noqa: FBT003
    Method("ses", "Exponential smoothing", "Brown 1956", False, ses),  # noqa: FBT003
    Method("seasonal_naive", "Same period last year", "FPP3 5.2", True, seasonal_naive),  # noqa: FBT003
    Method("naive", "Last value", "FPP3 5.2", True, naive),  # noqa: FBT003
)
"""All methods; earlier ones win ties."""

BY_ID = {method.id: method for method in METHODS}


def seasonal_factors(history: Vector, season: int) -> tuple[Vector, bool] | None:
    """Estimate seasonal factors, shrunken towards none where the season is weak.

    Classical decomposition; the factors are multiplied by c = max(0, 1 − (m − 3) / ((m − 1) F)), the James-Stein
    shrinkage of Miller & Williams 2003, with F the statistic of the season's dummies, so that short or noisy
    histories keep only what they can prove.

    Args:
        history: (n,) values.
        season: periods in a season, m.

    Returns:
        (m,) factors in phase with ``history[0]`` and whether they multiply (else they add); None where the history is
        shorter than two seasons or shows no season.
    """
    n = len(history)
    if season < 2 or n < 2 * season:
        return None
    multiply = bool((history > 0).all())
    y = np.log(history) if multiply else history
    detrended, freedom = _detrended(y, season)
    phase = np.arange(n) % season
    seen = ~np.isnan(detrended)
    counts = np.bincount(phase[seen], minlength=season)
    means = np.bincount(phase[seen], detrended[seen], minlength=season) / np.maximum(counts, 1)
    means = means - means.mean()
    residual = detrended[seen] - detrended[seen].mean() - means[phase[seen]]
    within = float(residual @ residual) / freedom
    between = float((counts * means**2).sum()) / (season - 1)
    if between <= 1e-12 * max(1.0, float(np.mean(y**2))):
        return None
    shrink = 1.0 if within <= 1e-12 * between else max(0.0, 1 - (season - 3) / (season - 1) * within / between)
    if shrink == 0.0:
        return None
    factors = means * shrink
    return (np.exp(factors) if multiply else factors), multiply


def _detrended(y: Vector, season: int) -> tuple[Vector, int]:
    """``y`` less its trend (NaN where unknown) and the degrees of freedom left for the error."""
    n = len(y)
    if n >= 3 * season:
        weights = np.ones(season + 1 - season % 2)
        if season % 2 == 0:
            weights[[0, -1]] = 0.5
        half = len(weights) // 2
        trend = np.full(n, np.nan)
        trend[half : n - half] = np.convolve(y, weights / weights.sum(), mode="valid")
        return y - trend, max(1, n - 2 * half - season)
    # Two to three seasons: a straight line fitted together with the season, so that neither hides in the other.
    phase = np.arange(n) % season
    design = np.column_stack([np.arange(n, dtype=np.float64), np.eye(season)[phase]])
    slope = np.linalg.lstsq(design, y, rcond=None)[0][0]
    return y - slope * np.arange(n), max(1, n - season - 1)


def _seasonally(history: Vector, horizon: int, season: int, method: Callable[[Vector, int], Vector]) -> Vector:
    """Take the season out, forecast, put the season back."""
    found = seasonal_factors(history, season)
    if found is None:
        return method(history, horizon)
    factors, multiply = found
    past = factors[np.arange(len(history)) % season]
    ahead = factors[np.arange(len(history), len(history) + horizon) % season]
    if multiply:
        return method(history / past, horizon) * ahead
    return method(history - past, horizon) + ahead


def _ses_level(y: Vector) -> float:
    """The last level of SES with the best α of the grid; the first level is the mean of the first values."""
    level = np.full(len(_ALPHAS), y[: min(4, len(y))].mean())
    squares = np.zeros(len(_ALPHAS))
    for value in y:
        error = value - level
        squares += error**2
        level = level + _ALPHAS * error
    return float(level[np.argmin(squares)])


def _damped(y: Vector, horizon: int) -> Vector:
    """Damped trend with the best (α, β, φ) of the grid."""
    alpha, beta, phi = _DAMPED.T
    early = y[: min(8, len(y))]
    slope, start = np.polyfit(np.arange(1, len(early) + 1), early, 1) if len(early) > 2 else (0.0, early.mean())
    level = np.full(len(_DAMPED), start)
    trend = np.full(len(_DAMPED), slope)
    squares = np.zeros(len(_DAMPED))
    for value in y:
        expected = level + phi * trend
        error = value - expected
        squares += error**2
        level = expected + alpha * error
        trend = phi * trend + beta * error
    best = int(np.argmin(squares))
    return np.asarray(level[best] + trend[best] * np.cumsum(phi[best] ** np.arange(1, horizon + 1)))


def _theta(y: Vector, horizon: int) -> Vector:
    """The mean of the OLS line and SES of 2y − line, each extended."""
    n = len(y)
    time = np.arange(1, n + 1)
    slope, start = np.polyfit(time, y, 1)
    line = start + slope * time
    ahead = start + slope * np.arange(n + 1, n + horizon + 1)
    return np.asarray((ahead + _ses_level(2 * y - line)) / 2)
