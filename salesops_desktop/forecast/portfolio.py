"""All methods on many series at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast import intermittent, irregular, seasonality, smoothing

Matrix = npt.NDArray[np.float64]

DEFAULT = "combination"
LEAST = 4
"""The shortest history with methods of its own; below it the forecast is the mean of what is known."""

WINTERS_SEASONS = 8
"""Seasons from which on the combination holds exponential smoothing with a season."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Histories made fit for the methods.

    Attributes:
        raw: (n, t) as they came.
        begun: (n, t) NaN before the first amount, gaps filled.
        size: (n, 1) the largest absolute value, 1 where all are zero.
        calm: (n, t) in units of ``size``, outliers drawn in, one level.
        seasons: of ``calm``.
        marked: (n, t) which values are outliers.
        shifted: (n,) at which column the level shifted; −1 where it did not.
        ended: (n,) which rows are closed.
    """

    raw: Matrix
    begun: Matrix
    size: Matrix
    calm: Matrix
    seasons: seasonality.Seasons
    marked: npt.NDArray[np.bool_]
    shifted: npt.NDArray[np.intp]
    ended: npt.NDArray[np.bool_]


def prepare(values: Matrix, season: int, parents: npt.NDArray[np.intp] | None = None) -> Prepared:
    """Make histories fit for :func:`candidates`.

    Args:
        values: (n, t) right-aligned histories, NaN before a series starts.
        season: periods in a season.
        parents: (n,) the row whose season is borrowed, −1 for none.
    """
    begun = irregular.started(values)
    # Sizes of one, so that no unit is too large or small for squares and that all units are forecast alike.
    size = np.nanmax(np.abs(begun), axis=1, initial=0.0, where=~np.isnan(begun))
    size = np.where(size > 0, size, 1.0)[:, None]
    calm = begun / size
    seasons = seasonality.estimate(calm, season, parents)
    calm, seasons, marked, shifted = _calmed(calm, seasons, season)
    return Prepared(values, begun, size, calm, seasons, marked, shifted, irregular.closed(begun, season))


def candidates(prepared: Prepared, horizon: int, season: int) -> dict[str, Matrix]:
    """What each method says.

    The combination is the mean of Theta and damped trend on the history without its season; above eight seasons
    Holt-Winters is a third of it; of intermittent series it is the mean of Croston, TSB and simple smoothing; below
    four values the mean of what is known; of a closed series nothing.

    Args:
        prepared: of n histories.
        horizon: periods ahead, h.
        season: periods in a season.

    Returns:
        Per method id, (n, h); NaN where a method does not suit the history.
    """
    begun = prepared.begun
    n, t = begun.shape
    lengths = (~np.isnan(begun)).sum(axis=1)
    said = {name: np.full((n, horizon), np.nan) for name in METHOD_IDS if season > 1 or name not in SEASONAL}
    said["naive"][:] = begun[:, -1:]
    if season > 1 and t >= season:
        said["seasonal_naive"][:] = prepared.raw[:, t - season + np.arange(horizon) % season]
    short = (lengths > 0) & (lengths < LEAST)
    said[DEFAULT][short] = (np.nansum(begun, axis=1) / np.maximum(lengths, 1))[short, None]
    long = np.flatnonzero(lengths >= LEAST)
    if len(long):
        calm = prepared.calm[long]
        floor = np.where((np.nanmin(calm, axis=1) >= 0)[:, None], 0.0, -np.inf)
        for name, part in _suited(calm, prepared.seasons.of(long), horizon, season).items():
            said[name][long] = np.maximum(part, floor) * prepared.size[long]
    said[DEFAULT][prepared.ended] = 0.0
    return said


def _calmed(
    values: Matrix, seasons: seasonality.Seasons, season: int
) -> tuple[Matrix, seasonality.Seasons, npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """The histories with outliers drawn in and one level, the seasons as they are without them, and what was found."""
    marked, drawn = irregular.outliers(seasons.removed(values))
    shifted = irregular.shifts(drawn)
    rows = np.flatnonzero(marked.any(axis=1) | (shifted >= 0))
    if not len(rows):
        return values, seasons, marked, shifted
    drawn = irregular.levelled(drawn, shifted)
    values = values.copy()
    values[rows] = seasons.of(rows).opposite().removed(drawn[rows])
    again = seasonality.estimate(values[rows], season)
    factors, kept = seasons.factors.copy(), seasons.kept.copy()
    own = ~seasons.borrowed[rows] & (seasons.multiply[rows] == again.multiply) & (seasons.kept[rows] > 0)
    factors[rows[own]], kept[rows[own]] = again.factors[own], again.kept[own]
    return values, seasonality.Seasons(factors, seasons.multiply, kept, seasons.borrowed), marked, shifted


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
