"""All methods on many series at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast import intermittent, seasonality, smoothing

Matrix = npt.NDArray[np.float64]

DEFAULT = "combination"
LEAST = 4
"""The shortest history with methods of its own; below it the forecast is the mean of what is known."""

WINTERS_SEASONS = 8
"""Seasons from which on the combination holds exponential smoothing with a season."""


def candidates(
    values: Matrix, horizon: int, season: int, parents: npt.NDArray[np.intp] | None = None
) -> dict[str, Matrix]:
    """What each method says.

    The combination is the mean of Theta and damped trend on the history without its season; above eight seasons
    Holt-Winters is a third of it; of intermittent series it is the mean of Croston, TSB and simple smoothing; below
    four values the mean of what is known.

    Args:
        values: (n, t) right-aligned histories, NaN before a series starts; a row without any number gives NaN.
        horizon: periods ahead, h.
        season: periods in a season.
        parents: (n,) the row whose season is borrowed, −1 for none.

    Returns:
        Per method id, (n, h); NaN where a method does not suit the history.
    """
    n, t = values.shape
    lengths = (~np.isnan(values)).sum(axis=1)
    said = {name: np.full((n, horizon), np.nan) for name in METHOD_IDS if season > 1 or name not in SEASONAL}
    said["naive"][:] = values[:, -1:]
    if season > 1 and t >= season:
        said["seasonal_naive"][:] = values[:, t - season + np.arange(horizon) % season]
    short = (lengths > 0) & (lengths < LEAST)
    said[DEFAULT][short] = (np.nansum(values, axis=1) / np.maximum(lengths, 1))[short, None]
    long = np.flatnonzero(lengths >= LEAST)
    if not len(long):
        return said
    # Sizes of one, so that no unit is too large or small for squares and that all units are forecast alike.
    size = np.nanmax(np.abs(values), axis=1, initial=0.0, where=~np.isnan(values))
    size = np.where(size > 0, size, 1.0)[:, None]
    scaled = values / size
    seasons = seasonality.estimate(scaled, season, parents)
    parts = _suited(scaled[long], seasons.of(long), horizon, season)
    floor = np.where((np.nanmin(scaled[long], axis=1) >= 0)[:, None], 0.0, -np.inf)
    for name, part in parts.items():
        said[name][long] = np.maximum(part, floor) * size[long]
    return said


METHOD_IDS = (
    DEFAULT, "theta", "damped_trend", "holt_winters", "ses", "croston", "tsb", "seasonal_naive", "naive",
)  # fmt: skip
SEASONAL = ("holt_winters", "seasonal_naive")


def _suited(values: Matrix, seasons: seasonality.Seasons, horizon: int, season: int) -> dict[str, Matrix]:
    """The methods for histories of four values and more."""
    plain = seasons.removed(values)
    level = smoothing.ses(plain, horizon)
    paths = {"theta": smoothing.theta(plain, horizon), "damped_trend": smoothing.damped(plain, horizon), "ses": level}
    fading = seasons.multiply[:, None]
    parts = {
        name: seasons.restored(np.where(fading, smoothing.fading(path, level), path)) for name, path in paths.items()
    }
    combined = (parts["theta"] + parts["damped_trend"]) / 2
    lengths = (~np.isnan(values)).sum(axis=1)
    rows = np.flatnonzero(lengths >= WINTERS_SEASONS * season)
    if season > 1 and len(rows):
        parts["holt_winters"] = np.full_like(level, np.nan)
        parts["holt_winters"][rows] = smoothing.holt_winters(values[rows], seasons.of(rows), horizon)
        combined[rows] = (2 * combined[rows] + parts["holt_winters"][rows]) / 3
    rows = np.flatnonzero(intermittent.intermittent(values))
    if len(rows):
        for name, method in (("croston", intermittent.croston), ("tsb", intermittent.tsb)):
            parts[name] = np.full_like(level, np.nan)
            parts[name][rows] = method(values[rows], horizon)
        combined[rows] = (parts["croston"][rows] + parts["tsb"][rows] + parts["ses"][rows]) / 3
    parts[DEFAULT] = combined
    return parts
