"""All methods on many series at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast import seasonality, smoothing

Matrix = npt.NDArray[np.float64]

DEFAULT = "combination"


def candidates(
    values: Matrix, horizon: int, season: int, parents: npt.NDArray[np.intp] | None = None
) -> dict[str, Matrix]:
    """What each method says.

    Args:
        values: (n, t) right-aligned histories, NaN before a series starts; a row without any number gives NaN.
        horizon: periods ahead, h.
        season: periods in a season.
        parents: (n,) the row whose season is borrowed, −1 for none.

    Returns:
        Per method id, (n, h); NaN where the history is too short for the method.
    """
    n, t = values.shape
    lengths = (~np.isnan(values)).sum(axis=1)
    said = {"naive": np.repeat(values[:, -1:], horizon, axis=1)}
    if season > 1:
        back = t - season + np.arange(horizon) % season
        said["seasonal_naive"] = values[:, back] if t >= season else np.full((n, horizon), np.nan)
    long = lengths >= 3
    chosen = values[long]
    found = seasonality.estimate(values, season, parents)
    seasons = seasonality.Seasons(found.factors[long], found.multiply[long], found.kept[long], found.borrowed[long])
    plain = seasons.removed(chosen)
    parts = {
        "theta": smoothing.theta(plain, horizon),
        "damped_trend": smoothing.damped(plain, horizon),
        "ses": smoothing.ses(plain, horizon),
    }
    parts["combination"] = (parts["theta"] + parts["damped_trend"]) / 2
    for name, part in parts.items():
        said[name] = np.full((n, horizon), np.nan)
        said[name][long] = seasons.restored(part)
    return said
