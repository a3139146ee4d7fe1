"""How good forecasts were: errors, what each step added, lasting bias, and what correcting it would have brought.

Definitions as in Hyndman & Koehler (2006) and Gilliland's stairstep of Forecast Value Added. Everything is counted over
pairs of what was said and what came; a pair belongs to a period, and pairs of one period are drawn together whenever
chance is judged, for they share their luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

DRAWS = 2000
"""Bootstrap samples."""
LEAST_PERIODS = 6
"""Below six periods a sign test cannot tell a leaning from luck at 5 %."""
SIGNIFICANT = 0.05
LEAST_BIAS = 0.03
"""A leaning smaller than this is not worth a word."""
_LIMITS = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Score:
    """How far forecasts lay from what came.

    Attributes:
        n: pairs judged.
        wape: Σ|F − A| ÷ Σ|A|; None where nothing came.
        bias: Σ(F − A) ÷ Σ|A|; positive is optimism. None where nothing came.
        mae: mean |F − A|, in the unit of the values.
        smape: mean of 200 |F − A| ÷ (|F| + |A|), in per cent; pairs of two zeros count as 0.
        mase: mean of |F − A| ÷ scale, over pairs whose scale is known; None where none is.
        coverage: per level in per cent, the share of actuals within the interval; None where no interval was given.
    """

    n: int
    wape: float | None
    bias: float | None
    mae: float
    smape: float
    mase: float | None
    coverage: Mapping[int, float | None]


@dataclass(frozen=True, slots=True)
class Added:
    """What a step took off the error of the step before it, over the pairs that both forecast.

    Attributes:
        n: pairs.
        periods: how many periods they lie in.
        before: WAPE of the step before.
        after: WAPE of this step.
        value: before − after; positive is better.
        low: lower end of its 95 % bootstrap interval; None with fewer than three periods.
        high: upper end.
    """

    n: int
    periods: int
    before: float
    after: float
    value: float
    low: float | None
    high: float | None

    @property
    def proven(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True)
class Leaning:
    """Whether someone's forecasts lie on one side of what comes.

    Attributes:
        periods: how many periods were judged.
        over: in how many the forecast was too high.
        bias: Σ(F − A) ÷ Σ|A|.
        low: lower end of its 95 % bootstrap interval.
        high: upper end.
        p: chance of so one-sided a record from an unbiased forecaster (two-sided sign test; exact hits left out).
    """

    periods: int
    over: int
    bias: float
    low: float
    high: float
    p: float

    @property
    def consistent(self) -> bool:
        """Whether it is one-sided beyond luck, and large enough to matter."""
        same_side = self.low > 0 or self.high < 0
        return self.p <= SIGNIFICANT and same_side and abs(self.bias) >= LEAST_BIAS


@dataclass(frozen=True, slots=True)
class Remedy:
    """A factor on someone's forecasts, with what it would have brought.

    Attributes:
        factor: to be applied from now on, learned from all periods.
        before: WAPE as it was.
        after: WAPE with each period corrected by what the other periods teach.
        better: in how many periods the correction came closer.
        periods: of how many.
        low: lower end of the 95 % bootstrap interval of before − after.
        high: upper end.
    """

    factor: float
    before: float
    after: float
    better: int
    periods: int
    low: float
    high: float

    @property
    def helps(self) -> bool:
        """Whether it is worth offering: the error falls by a twentieth, and in most periods."""
        return self.after <= 0.95 * self.before and 2 * self.better > self.periods


def score(
    forecast: npt.ArrayLike,
    actual: npt.ArrayLike,
    *,
    scale: npt.ArrayLike | None = None,
    intervals: Mapping[int, tuple[npt.ArrayLike, npt.ArrayLike]] | None = None,
) -> Score:
    """Judge pairs of forecast and actual.

    Args:
        forecast: (n,) what was said.
        actual: (n,) what came, in the same unit.
        scale: (n,) each pair's yardstick, see :func:`seasonal_scale`; NaN or 0 where unknown.
        intervals: per level in per cent the (n,) lower and upper ends; NaN where none was given.

    Raises:
        ValueError: there is no pair.
    """
    f, a = _pair(forecast, actual)
    error = f - a
    size = float(np.abs(a).sum())
    both = np.abs(f) + np.abs(a)
    relative = np.divide(200 * np.abs(error), both, out=np.zeros(len(f)), where=both > 0)
    mase = None
    if scale is not None:
        yard = np.asarray(scale, dtype=np.float64)
        known = np.isfinite(yard) & (yard > 0)
        mase = float((np.abs(error[known]) / yard[known]).mean()) if known.any() else None
    return Score(
        len(f),
        float(np.abs(error).sum()) / size if size else None,
        float(error.sum()) / size if size else None,
        float(np.abs(error).mean()),
        float(relative.mean()),
        mase,
        {level: _held(a, *ends) for level, ends in (intervals or {}).items()},
    )


def _pair(forecast: npt.ArrayLike, actual: npt.ArrayLike) -> tuple[Vector, Vector]:
    f, a = np.asarray(forecast, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if f.shape != a.shape or not len(f):
        raise ValueError("Forecasts and actuals must be pairs, one at least.")
    return f, a


def _held(actual: Vector, lower: npt.ArrayLike, upper: npt.ArrayLike) -> float | None:
    low, high = np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64)
    given = np.isfinite(low) & np.isfinite(high)
    if not given.any():
        return None
    return float(((actual >= low) & (actual <= high))[given].mean())


def seasonal_scale(history: npt.ArrayLike, season: int) -> float:
    """The seasonal naive's mean absolute error within a history (the yardstick of MASE).

    Args:
        history: (n,) past values.
        season: periods in a season; where the history is no longer than one, the plain naive's error is taken.

    Returns:
        In the unit of the values; NaN where the history is shorter than two periods.
    """
    y = np.asarray(history, dtype=np.float64)
    lag = season if len(y) > season else 1
    return float(np.abs(y[lag:] - y[:-lag]).mean()) if len(y) > lag else float("nan")


def value_added(
    before: npt.ArrayLike, after: npt.ArrayLike, actual: npt.ArrayLike, periods: npt.ArrayLike, *, seed: int = 0
) -> Added:
    """Forecast Value Added of a step over the one before it, on the pairs both forecast.

    Args:
        before: (n,) forecasts of the earlier step.
        after: (n,) forecasts of this step.
        actual: (n,) what came.
        periods: (n,) the period of each pair, of any comparable type: periods are drawn whole.
        seed: for the paired bootstrap.
    """
    b, a = _pair(before, actual)
    f, _ = _pair(after, actual)
    gain, size, groups = _by_period(np.abs(b - a) - np.abs(f - a), np.abs(a), periods)
    total = float(np.abs(a).sum()) or float("nan")
    low, high = _band(gain, size, seed) if groups >= 3 else (None, None)
    was, now = float(np.abs(b - a).sum()) / total, float(np.abs(f - a).sum()) / total
    return Added(len(a), groups, was, now, was - now, low, high)


def leaning(forecast: npt.ArrayLike, actual: npt.ArrayLike, periods: npt.ArrayLike, *, seed: int = 0) -> Leaning:
    """Sandbagging or optimism, judged period by period: many forecasts of one period are one witness.

    Args:
        forecast: (n,) what was said.
        actual: (n,) what came.
        periods: (n,) the period of each pair.
        seed: for the bootstrap.
    """
    f, a = _pair(forecast, actual)
    error, size, groups = _by_period(f - a, np.abs(a), periods)
    over, under = int((error > 0).sum()), int((error < 0).sum())
    low, high = _band(error, size, seed)
    total = float(size.sum()) or float("nan")
    return Leaning(groups, over, float(error.sum()) / total, low, high, sign_test(over, under))


def sign_test(over: int, under: int) -> float:
    """Two-sided exact sign test: the chance of a split at least as uneven from a fair coin."""
    n = over + under
    if n == 0:
        return 1.0
    tail = sum(comb(n, k) for k in range(min(over, under) + 1)) / 2.0**n
    return min(1.0, 2 * tail)


def remedy(forecast: npt.ArrayLike, actual: npt.ArrayLike, periods: npt.ArrayLike, *, seed: int = 0) -> Remedy:
    """The factor that would mend a bias, measured by leaving one period out at a time.

    The factor is ΣA ÷ ΣF, drawn towards 1 with the weight of one average period and kept between a half and two.

    Args:
        forecast: (n,) what was said.
        actual: (n,) what came.
        periods: (n,) the period of each pair.
        seed: for the bootstrap.

    Raises:
        ValueError: fewer than two periods: nothing could be left out.
    """
    f, a = _pair(forecast, actual)
    _, place = np.unique(np.asarray(periods), return_inverse=True)
    groups = int(place.max()) + 1
    if groups < 2:
        raise ValueError("A correction needs two periods at least: one is learned from, one is judged.")
    said, came = np.bincount(place, f), np.bincount(place, a)
    factors = np.array([_factor(said.sum() - said[i], came.sum() - came[i], groups - 1) for i in range(groups)])
    was, now = np.abs(f - a), np.abs(f * factors[place] - a)
    gain, size, _ = _by_period(was - now, np.abs(a), periods)
    total = float(size.sum()) or float("nan")
    low, high = _band(gain, size, seed)
    return Remedy(
        _factor(float(said.sum()), float(came.sum()), groups), float(was.sum()) / total, float(now.sum()) / total,
        int((gain > 0).sum()), groups, low, high,
    )  # fmt: skip


def _factor(said: float, came: float, periods: int) -> float:
    prior = abs(said) / periods
    if said + prior <= 0 or came + prior <= 0:
        return 1.0
    return float(np.clip((came + prior) / (said + prior), *_LIMITS))


def _by_period(values: Vector, sizes: Vector, periods: npt.ArrayLike) -> tuple[Vector, Vector, int]:
    _, place = np.unique(np.asarray(periods), return_inverse=True)
    summed, size = (np.bincount(place, weights).astype(np.float64) for weights in (values, sizes))
    return summed, size, int(place.max()) + 1


def _band(values: Vector, sizes: Vector, seed: int) -> tuple[float, float]:
    """The 95 % bootstrap interval of Σ values ÷ Σ sizes over periods drawn with return."""
    drawn = np.random.default_rng(seed).integers(len(values), size=(DRAWS, len(values)))
    below = sizes[drawn].sum(axis=1)
    ratio = np.divide(values[drawn].sum(axis=1), below, out=np.zeros(DRAWS), where=below > 0)
    low, high = np.quantile(ratio, [0.025, 0.975])
    return float(low), float(high)
