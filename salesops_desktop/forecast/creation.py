"""Deals that nobody has created yet: how many will come, and what they are worth."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Vector = npt.NDArray[np.float64]

RECENT_DAYS = 182
"""Half a year: long enough for a steady rate, short enough to follow a growing team."""


@dataclass(frozen=True, slots=True)
class Creation:
    """How deals come into being.

    Attributes:
        by_month: (3,) deals created per day in the first, second and third month of a quarter.
        counted: deals that this was learned from.
        days: days watched.
        shock: standard deviation of the logarithm of a coming period's creation against this rate.
    """

    by_month: Vector
    counted: int
    days: int
    shock: float

    def per_day(self, days: npt.NDArray[np.datetime64]) -> Vector:
        """(n,) deals expected to be created on each of ``days``."""
        return np.asarray(self.by_month[days.astype("datetime64[M]").astype(np.int64) % 3])


def learn_creation(created_on: pd.Series[pd.Timestamp], day: dt.date) -> Creation:
    """Learn creation rates from the deals created in the half year up to ``day``.

    The months of a quarter differ as far as the data say so: each month's rate is drawn towards the overall one with
    the weight of two months' creation.

    Args:
        created_on: creation dates, NaT allowed; later ones than ``day`` are not looked at.
        day: the date of knowledge.
    """
    dates = created_on.dropna().to_numpy(dtype="datetime64[D]")
    until = np.datetime64(day)
    dates = dates[dates <= until]
    if not len(dates):
        return Creation(np.zeros(3), 0, 0, 0.25)
    watched = int(min(RECENT_DAYS, (until - dates.min()).astype(np.int64) + 1))
    span = until - np.arange(watched)
    recent = dates[dates > until - watched]
    mean = len(recent) / watched
    counts = np.bincount(recent.astype("datetime64[M]").astype(np.int64) % 3, minlength=3)
    exposed = np.bincount(span.astype("datetime64[M]").astype(np.int64) % 3, minlength=3)
    prior = 61.0
    rates = (counts + prior * mean) / (exposed + prior)
    scale = len(recent) / max(float((rates * exposed).sum()), 1e-12)
    weekly = np.bincount((until - recent).astype(np.int64) // 7)[: watched // 7]
    noise = 0.1
    if len(weekly) >= 8 and weekly.mean() > 0:
        extra = max(float(weekly.var(ddof=1)) - float(weekly.mean()), 0.0)
        noise = float(np.sqrt(extra) / weekly.mean() / np.sqrt(13))
    return Creation(rates * scale, len(recent), watched, float(np.hypot(0.1, noise)))
