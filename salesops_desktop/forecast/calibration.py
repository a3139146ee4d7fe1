"""Predicted chances against what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salesops_desktop.forecast.pipeline_rows import Vector

BINS = 10


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Deals of similar predicted chance: their mean chance and the share that was won."""

    low: float
    high: float
    n: int
    predicted: float
    observed: float


def calibration_bins(chance: Vector, happened: Vector) -> tuple[CalibrationBin, ...]:
    """Tenths of the deals by predicted chance: each bin holds as many; equal chances are never parted.

    Args:
        chance: (n,) predicted.
        happened: (n,) 1 where it came, else 0.
    """
    if not len(chance):
        return ()
    order = np.argsort(chance, kind="stable")
    p, y = chance[order], happened[order]
    cuts = np.unique(np.searchsorted(p, p[np.linspace(0, len(p), BINS + 1)[1:-1].astype(np.int64)]))
    parts = [part for part in np.split(np.arange(len(p)), cuts) if len(part)]
    return tuple(
        CalibrationBin(float(p[a[0]]), float(p[a[-1]]), len(a), float(p[a].mean()), float(y[a].mean())) for a in parts
    )


def calibration_error(bins: tuple[CalibrationBin, ...]) -> float:
    """Mean |predicted − observed| over the bins, weighted by deals (expected calibration error); NaN without bins."""
    n = sum(one.n for one in bins)
    return sum(one.n * abs(one.predicted - one.observed) for one in bins) / n if n else float("nan")


def discrimination(chance: Vector, happened: Vector) -> float:
    """The chance that a deal that was won had been given more than one that was not (AUC; ties count half)."""
    wins = int(happened.sum())
    if wins in (0, len(happened)):
        return float("nan")
    _, place, count = np.unique(chance, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((rank[happened > 0].sum() - wins * (wins + 1) / 2) / (wins * (len(happened) - wins)))
