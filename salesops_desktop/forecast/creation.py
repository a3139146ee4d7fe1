"""Deals that nobody has created yet: how many will come, and how many of them will be won in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salesops_desktop.forecast.hazards import observed_from, win_curve
from salesops_desktop.forecast.pipeline_rows import WON, Vector, Whole, months_of
from salesops_desktop.forecast.shock import Surprise, common_shock, doubt
from salesops_desktop.forecast.walk_forward import MONTH_DAYS, Walk, past_month_ends, seasons_seen

RECENT_DAYS = 182
"""Half a year: long enough for a steady rate, short enough to follow a growing team."""

MONTH_WEIGHT = 61.0
"""Days of the overall rate that stand behind the rate of one month of the quarter."""

AMOUNT_DAYS = 365


@dataclass(frozen=True, slots=True, eq=False)
class Creation:
    """How deals come into being.

    Attributes:
        by_month: (3,) deals created per day, by months since 1970 modulo 3.
        counted: deals that this was learned from.
        days: days watched.
    """

    by_month: Vector
    counted: int
    days: int

    def per_day(self, days: Whole) -> Vector:
        """(n,) deals expected to be created on each of ``days``."""
        return np.asarray(self.by_month[months_of(days) % 3])


@dataclass(frozen=True, slots=True, eq=False)
class NewWins:
    """What deals not yet created are expected to bring.

    Attributes:
        created: deals expected to be created within the days.
        wins: (speeds,) of these won within the days, by the speeds asked for; corrected by past records.
        amounts: (m,) minor units of recent wins, sorted: what a new win may bring.
        correction: what past records of this expectation taught, as a factor.
        shock: standard deviation of the logarithm of what came against what was expected.
    """

    created: float
    wins: Vector
    amounts: Vector
    correction: float
    shock: float


def learn_creation(created: Whole, day: int) -> Creation:
    """Learn creation rates from the deals created in the half year up to ``day``.

    The months of a quarter differ as far as the data say so: each one's rate is drawn towards the overall one.

    Args:
        created: creation days; later ones than ``day`` are not looked at.
        day: the day of knowledge.
    """
    known = created[created <= day]
    watched = int(min(RECENT_DAYS, day - known.min() + 1)) if len(known) else 0
    recent = known[known > day - watched]
    if not len(recent):
        return Creation(np.zeros(3), 0, watched)
    counts = np.bincount(months_of(recent) % 3, minlength=3)
    exposed = np.bincount(months_of(np.arange(day - watched + 1, day + 1)) % 3, minlength=3)
    rates = (counts + MONTH_WEIGHT * len(recent) / watched) / (exposed + MONTH_WEIGHT)
    return Creation(rates * len(recent) / float((rates * exposed).sum()), len(recent), watched)


def new_wins(walk: Walk, day: int, days: int, speeds: Vector) -> NewWins:
    """Expect wins from deals created in the ``days`` after ``day``, corrected by how such expectations fared.

    Args:
        walk: the rows.
        day: nothing later is looked at.
        days: until the period's end.
        speeds: how fast deals move against the past.
    """
    rows = walk.rows
    amounts = _amounts(walk, day)
    mean = float(amounts.mean()) if len(amounts) else 0.0
    unit = float(_raw(walk, day, days, np.ones(1))[1][0]) * mean
    came = hoped = 0.0
    surprises: list[Surprise] = []
    months = days / MONTH_DAYS
    start = observed_from(rows, day)
    for past in past_month_ends(day, start, 12):
        end = min(past + days, day)
        then = _amounts(walk, past)
        expected = float(_raw(walk, past, end - past, np.ones(1))[1][0]) * (float(then.mean()) if len(then) else 0.0)
        new = (rows.created > past) & (rows.closed <= end) & (rows.status == WON)
        got = float(np.nansum(rows.amount[new]))
        weight = seasons_seen(past, start)
        came, hoped = came + weight * got, hoped + weight * expected
        if end - past >= min(days, 28) and expected > 0 and got > 0:
            ratio = (came - weight * got + unit) / (hoped - weight * expected + unit) if unit > 0 else 1.0
            count = max(1.0, expected / max(float(then.mean()), 1e-9))
            luck = float((then**2).mean()) / float(then.mean()) ** 2 / count
            part = weight**2 / max(months, 1.0)
            surprises.append(Surprise(got / (expected * ratio), luck, doubt(walk.hazards(past).wins), part))
    correction = float(np.clip((came + unit) / (hoped + unit), 0.3, 3.0)) if unit > 0 else 1.0
    created, wins = _raw(walk, day, days, speeds)
    shock = common_shock(surprises, months, walk.hazards(day).wins)
    return NewWins(created, wins * correction, amounts, correction, shock)


def _raw(walk: Walk, day: int, days: int, speeds: Vector) -> tuple[float, Vector]:
    """Deals created, and wins among them by speed, as rate and hazards alone would have it."""
    if days <= 0:
        return 0.0, np.zeros(len(speeds))
    ahead = np.arange(day + 1, day + days + 1)
    rate = learn_creation(walk.rows.created, day).per_day(ahead)
    hazards, longest = walk.hazards(day), int(np.ceil(days * float(speeds.max())))
    wins = np.zeros(len(speeds))
    if hazards.wins == 0:
        return float(rate.sum()), wins
    # One row per day of creation: day after day of a new deal's life, in the season it falls into.
    life = np.minimum(np.arange(1, longest + 1), hazards.plain.shape[0] - 1)
    month = months_of((ahead[:, None] + np.arange(1, longest + 1)).ravel()).reshape(days, longest) % 3
    curve = win_curve(hazards.won[month, life], hazards.lost[month, life], np.ones(days), np.ones(days))
    same_day = hazards.won[months_of(ahead) % 3, 0]
    left = days - 1 - np.arange(days)
    for place, speed in enumerate(speeds):
        until = np.rint(left * speed).astype(np.int64)
        chance = np.where(until > 0, curve[np.arange(days), np.maximum(until - 1, 0)], 0.0)
        wins[place] = float(rate @ np.minimum(chance + same_day * (1 - chance), 1.0))
    return float(rate.sum()), wins


def _amounts(walk: Walk, day: int) -> Vector:
    """Amounts of the wins of the year up to ``day``, sorted."""
    rows = walk.rows
    won = (rows.status == WON) & (rows.closed <= day) & (rows.closed > day - AMOUNT_DAYS)
    amounts = rows.amount[won]
    return np.sort(amounts[~np.isnan(amounts)])
