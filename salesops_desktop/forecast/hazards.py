"""When deals are won or lost: competing risks by age and month of the quarter.

Piecewise constant cause-specific hazards (Kalbfleisch & Prentice 2002, ch. 8): deals still open count as long as they
were watched (censored), and deals from before the first closing on record only from then on (delayed entry), for those
of their generation that closed earlier are not in the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salesops_desktop.forecast.pipeline_rows import LOST, WON, Rows, Vector, Whole, month_pieces, months_of

MAX_AGE = 1461
"""Days of age told apart: four years; older deals count as that old."""

BINS = 24
EVENTS_PER_BIN = 25
SEASON_GROUPS = 8
LEAST_PRIOR = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Hazards:
    """Hazards per day, as learned up to a day.

    Attributes:
        won: (3, ages + 1) hazard of being won by month of the quarter (months since 1970 modulo 3) and age in days;
            the last age stands for all later ones.
        lost: (3, ages + 1) of being lost.
        plain: (ages + 1,) hazard of being won by age alone.
        plain_lost: (ages + 1,) of being lost.
        oldest: greatest age at which a deal was ever won; −1 without one.
        wins: deals won that this was learned from.
        losses: deals lost.
        watched: days between the first closing on record and the day of knowledge.
    """

    won: Vector
    lost: Vector
    plain: Vector
    plain_lost: Vector
    oldest: int
    wins: int
    losses: int
    watched: int

    def ahead(self, age: Whole, day: int, days: int, *, seasonal: bool = True) -> tuple[Vector, Vector]:
        """(n, days) hazards of a win and of a loss on each coming day, for deals of ``age`` days on ``day``."""
        ages = np.minimum(age[:, None] + np.arange(1, days + 1), self.plain.shape[0] - 1)
        if not seasonal:
            return self.plain[ages], self.plain_lost[ages]
        month = months_of(np.arange(day + 1, day + days + 1)) % 3
        return self.won[month[None, :], ages], self.lost[month[None, :], ages]

    def cumulated(self, cause: int, created: Whole, entry: Whole, end: Whole) -> Vector:
        """(n,) expected closings of ``cause`` (WON or LOST) while deals were watched from day ``entry`` to ``end``."""
        table = self.won if cause == WON else self.lost
        summed = np.zeros((3, table.shape[1] + 1))
        np.cumsum(table, axis=1, out=summed[:, 1:])
        oldest = table.shape[1]

        def until(month: int, age: Whole) -> Vector:
            """Hazard of all ages below ``age``; the last age's goes on."""
            beyond = np.maximum(age - oldest, 0)
            return np.asarray(summed[month, np.minimum(age, oldest)] + beyond * table[month, -1])

        found = np.zeros(len(created))
        for month, here, begin, last in month_pieces(entry + 1, end):
            born = created[here]
            found[here] += until(month % 3, last - born + 1) - until(month % 3, begin - born)
        return found


def win_curve(won: Vector, lost: Vector, by_won: Vector, by_lost: Vector) -> Vector:
    """The chance of a win by each day.

    Args:
        won: (n, d) hazards per day of being won.
        lost: (n, d) of being lost.
        by_won: (n,) factor on each deal's hazard of being won.
        by_lost: (n,) on that of being lost.

    Returns:
        (n, d) Σ over days so far of the chance to be still open and then won.
    """
    wins = won * by_won[:, None]
    both = wins + lost * by_lost[:, None]
    still = np.ones((len(both), both.shape[1] + 1))
    np.exp(-np.cumsum(both, axis=1), out=still[:, 1:])
    # Within a day both hazards compete: the win's share of the day's closings.
    wins /= np.maximum(both, 1e-300)
    wins *= still[:, :-1] - still[:, 1:]
    return np.asarray(np.cumsum(wins, axis=1, out=wins))


def observed_from(rows: Rows, day: int) -> int:
    """The first closing on record up to ``day``: earlier ones may be missing from the file."""
    closings = rows.closed[(rows.closed <= day) & (rows.created <= rows.closed)]
    return int(closings.min()) if len(closings) else day


def learn_hazards(rows: Rows, day: int) -> Hazards:
    """Learn the hazards from what was known on ``day``.

    Ages are cut where equally many closings lie between the cuts; the hazards of an age are drawn towards the overall
    ones with the weight of a few closings. The months of a quarter then move them: a factor per month, and per month
    and group of ages, as far as the data say so (:func:`shrunken`).

    Args:
        rows: the opportunities.
        day: nothing later is looked at.
    """
    start = observed_from(rows, day)
    known = np.flatnonzero(rows.created <= np.minimum(rows.closed, day))
    created, outcome = rows.created[known], rows.outcome(day)[known]
    entry, end = np.maximum(created, start - 1), np.minimum(rows.closed[known], day)
    seen = end >= entry
    created, outcome, entry, end = created[seen], outcome[seen], entry[seen], end[seen]
    age = np.minimum(end - created, MAX_AGE)
    events, exposure = _counts(created, entry, end, age, outcome)
    edges = _edges(np.minimum(age[outcome != 0], MAX_AGE), exposure.shape[1])
    group = np.searchsorted(edges, np.arange(exposure.shape[1]), side="right") - 1
    ages_won = age[outcome == WON]
    oldest = int(ages_won.max()) if len(ages_won) else -1
    plain, seasonal = [], []
    for cause in (0, 1):
        by_age = _by_age(events[cause].sum(axis=0), exposure.sum(axis=0), group)
        plain.append(by_age)
        seasonal.append(by_age * _season(events[cause], exposure * by_age))
    return Hazards(
        seasonal[0], seasonal[1], plain[0], plain[1], oldest,
        int((outcome == WON).sum()), int((outcome == LOST).sum()), day - start + 1,
    )  # fmt: skip


def shrunken(observed: Vector, expected: Vector, *, towards: Vector | float = 1.0) -> Vector:
    """Observed over expected, drawn towards a middle as far as chance alone explains the differences.

    Gamma-Poisson empirical Bayes: the variance τ² between the levels is what the squared differences exceed the
    Poisson variance by; the prior weighs 1 ÷ τ² expected closings (Marshall 1991). Levels that do not differ get 1.

    Args:
        observed: (k,) closings.
        expected: (k,) expected closings.
        towards: the middle, as a factor.
    """
    middle = expected * towards
    weight = float((middle**2).sum())
    excess = float(((observed - middle) ** 2 - middle).sum()) / weight if weight > 0 else 0.0
    if excess <= 0:
        return np.asarray(towards * np.ones(len(observed)))
    prior = max(1 / excess, LEAST_PRIOR)
    return np.asarray((observed + prior) / (middle + prior) * towards)


def _counts(created: Whole, entry: Whole, end: Whole, age: Whole, outcome: Whole) -> tuple[Vector, Vector]:
    """Closings (2, 3, ages) by cause, month of the quarter and age; deal-days (3, ages) watched.

    A deal created on a day is watched from the next day on; one closed on the day it was created is watched half a
    day of age 0.
    """
    ages = int(age.max(initial=0)) + 2
    events = np.zeros((2, 3, ages))
    month_of = months_of(end) % 3
    for cause, status in enumerate((WON, LOST)):
        which = outcome == status
        np.add.at(events[cause], (month_of[which], age[which]), 1.0)
    same = end == created
    change = np.zeros((3, ages + 1))
    for month, here, begin, last in month_pieces(np.where(same, end + 1, entry + 1), end):
        change[month % 3] += np.bincount(np.minimum(begin - created[here], ages), minlength=ages + 1)
        change[month % 3] -= np.bincount(np.minimum(last - created[here] + 1, ages), minlength=ages + 1)
    exposure = np.cumsum(change, axis=1)[:, :ages]
    exposure[:, 0] += np.bincount(month_of[same], weights=np.full(int(same.sum()), 0.5), minlength=3)
    return events, np.maximum(exposure, 0.0)


def _edges(ages: Whole, width: int) -> Whole:
    """First ages of the groups: equally many closings in each, and one group for all ages beyond."""
    if not len(ages):
        return np.zeros(1, dtype=np.int64)
    n = int(np.clip(len(ages) // EVENTS_PER_BIN, 1, BINS))
    cuts = np.quantile(ages, np.linspace(0, 1, n + 1)[1:-1], method="higher").astype(np.int64)
    beyond = int(ages.max()) + 1
    return np.unique(np.concatenate([[0], cuts, [min(beyond, width - 1)]]).astype(np.int64))


def _by_age(events: Vector, exposure: Vector, group: Whole) -> Vector:
    total = float(exposure.sum())
    overall = float(events.sum()) / total if total > 0 else 0.0
    if overall <= 0:
        return np.zeros(len(events))
    counted, watched = np.bincount(group, weights=events), np.bincount(group, weights=exposure)
    prior = 0.5
    # What lies beyond all closings is judged by how long deals were watched there without one.
    rate = (counted + prior) / (watched + prior / overall)
    return np.asarray(rate[group])


def _season(events: Vector, expected: Vector) -> Vector:
    """(3, ages) factors by month of the quarter: one per month, refined per group of ages."""
    by_month = shrunken(events.sum(axis=1), expected.sum(axis=1))
    total = np.cumsum(events.sum(axis=0))
    if total[-1] < SEASON_GROUPS:
        return np.repeat(by_month[:, None], events.shape[1], axis=1)
    share = (total - events.sum(axis=0)) / total[-1]
    group = np.minimum((share * SEASON_GROUPS).astype(np.int64), SEASON_GROUPS - 1)
    factors = np.empty_like(events)
    observed = np.array([np.bincount(group, weights=row, minlength=SEASON_GROUPS) for row in events])
    wanted = np.array([np.bincount(group, weights=row, minlength=SEASON_GROUPS) for row in expected])
    middle = np.repeat(by_month[:, None], SEASON_GROUPS, axis=1)
    cells = shrunken(observed.ravel(), (wanted * middle).ravel()).reshape(3, SEASON_GROUPS) * middle
    for month in range(3):
        factors[month] = cells[month, group]
    return factors


__all__ = ["MAX_AGE", "Hazards", "learn_hazards", "observed_from", "shrunken", "win_curve"]
