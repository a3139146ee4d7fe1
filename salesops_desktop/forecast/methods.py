"""The catalogue of forecasting methods: their names, sources and where they are naive.

How they work is in ``smoothing``, ``intermittent`` and ``portfolio``, which runs all of them on many series at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.portfolio import METHOD_IDS, candidates, prepare

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Method:
    """A forecasting method.

    Attributes:
        id: its name in code and storage.
        label: its name on screen.
        source: where the formula comes from.
        naive: whether it is a yardstick that every other method must beat.
    """

    id: str
    label: str
    source: str
    naive: bool = False

    def function(self, history: Vector, horizon: int, season: int) -> Vector:
        """What the method says of one (n,) history: (horizon,) forecasts, NaN where it does not suit it."""
        said = candidates(prepare(np.atleast_2d(np.asarray(history, dtype=np.float64)), season), horizon, season)
        return said[self.id][0] if self.id in said else np.full(horizon, np.nan)


METHODS: tuple[Method, ...] = (
    Method("combination", "Combination", "mean of methods: Bates & Granger 1969"),
    Method("theta", "Theta", "Assimakopoulos & Nikolopoulos 2000; Fiorucci et al. 2016"),
    Method("damped_trend", "Damped trend", "Gardner & McKenzie 1985"),
    Method("holt_winters", "Exponential smoothing with season", "Winters 1960"),
    Method("ses", "Exponential smoothing", "Brown 1956"),
    Method("croston", "Croston (intermittent)", "Croston 1972; Syntetos & Boylan 2005"),
    Method("tsb", "TSB (intermittent)", "Teunter, Syntetos & Babai 2011"),
    Method("seasonal_naive", "Same period last year", "FPP3 5.2", naive=True),
    Method("naive", "Last value", "FPP3 5.2", naive=True),
)
"""All methods; earlier ones win ties."""

BY_ID = {method.id: method for method in METHODS}

if tuple(BY_ID) != METHOD_IDS:
    raise ImportError("The catalogue and the portfolio name different methods.")
