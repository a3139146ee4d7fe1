"""What moves a deal's hazards besides age and season: who, what, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.hazards import Hazards, observed_from, shrunken
from salesops_desktop.forecast.pipeline_rows import LOST, WON, Rows, Vector, Whole, month_end

CAUSES = (WON, LOST)
NEAR_DAYS = 30
"""A stage says much about the coming month and less about later ones: both are learned apart."""

LANDMARKS = 8
SWEEPS = 3
BANDS = ("smallest", "small", "large", "largest")
STUCK = ("new in its stage", "a while in its stage", "long in its stage")
STUCK_DAYS = (30, 90)


_Seen = tuple[int, int, dict[str, Whole], Vector, Vector]
"""Band, cause, levels by term, closings, expected closings: each for the deals still open at the band's begin."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One effect: a factor per level on the hazards.

    Attributes:
        name: owner, product, segment, source, amount, stage or stuck.
        levels: (k,) names.
        won: (k,) factor on the hazard of being won; for ``stage`` and ``stuck`` within :data:`NEAR_DAYS`.
        lost: (k,) on that of being lost.
        won_later: (k,) beyond these days.
        lost_later: (k,) the same for losses.
        wins: (k,) wins it was learned from.
        expected: (k,) wins expected without this term.
    """

    name: str
    levels: tuple[str, ...]
    won: Vector
    lost: Vector
    won_later: Vector
    lost_later: Vector
    wins: Vector
    expected: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """All effects, and the cuts between amounts."""

    terms: tuple[Term, ...]
    cuts: Vector

    def places(self, rows: Rows, which: Whole, day: int) -> dict[str, Whole]:
        """Per term the level of each deal as it stood on ``day``; −1 where it has none."""
        return {term.name: _level(term.name, rows, which, day, self.cuts) for term in self.terms}

    def factors(self, places: Mapping[str, Whole]) -> tuple[Vector, Vector, Vector, Vector]:
        """(n,) products of all terms: won and lost within the near days, won and lost beyond."""
        n = len(next(iter(places.values()))) if places else 0
        near_won, near_lost, later_won, later_lost = (np.ones(n) for _ in range(4))
        for term in self.terms:
            place = places[term.name]
            near_won *= _of(term.won, place)
            near_lost *= _of(term.lost, place)
            later_won *= _of(term.won_later, place)
            later_lost *= _of(term.lost_later, place)
        return near_won, near_lost, later_won, later_lost


def learn_effects(rows: Rows, hazards: Hazards, day: int) -> Effects:
    """Learn the effects from what was known on ``day``.

    What a deal keeps for life (owner, product, segment, source, size) is judged over all the days it was watched:
    closings against those that age and season let expect. What changes (stage, time in stage) needs snapshots: at
    past month-ends it is judged by what the next month, and what came after it, brought.

    Args:
        rows: the opportunities.
        hazards: as learned on the same day.
        day: nothing later is looked at.
    """
    start = observed_from(rows, day)
    known = np.flatnonzero(rows.created <= np.minimum(rows.closed, day))
    end = np.minimum(rows.closed[known], day)
    known, end = known[end >= start], end[end >= start]
    cuts = _cuts(rows, known)
    if not len(known) or hazards.wins == 0:
        return Effects((), cuts)
    entry = np.maximum(rows.created[known], start - 1)
    outcome = rows.outcome(day)[known]
    expected = [np.maximum(hazards.cumulated(c, rows.created[known], entry, end), 1e-9) for c in CAUSES]
    observed = [(outcome == c).astype(np.float64) for c in CAUSES]
    names = [*rows.codes, *(["amount"] if len(cuts) else [])]
    places = {name: _level(name, rows, known, day, cuts) for name in names}
    labels = {**rows.levels, "amount": BANDS}
    fixed = [
        Term(name, labels[name], f[0], f[1], f[0], f[1], *_sums(places[name], observed[0], expected[0], len(f[0])))
        for name, f in _backfitted(places, labels, observed, expected).items()
    ]
    effects = Effects(tuple(fixed), cuts)
    if not len(rows.lines.row):
        return effects
    return Effects((*fixed, *_moving(rows, hazards, effects, day, start)), cuts)


def _backfitted(
    places: Mapping[str, Whole], labels: Mapping[str, tuple[str, ...]], observed: list[Vector], expected: list[Vector]
) -> dict[str, list[Vector]]:
    """Per term the factors for both causes, each learned beside the others'."""
    factors = {name: [np.ones(len(labels[name])) for _ in CAUSES] for name in places}
    for _ in range(SWEEPS):
        for name, place in places.items():
            for cause in range(len(CAUSES)):
                others = expected[cause].copy()
                for other, level in places.items():
                    if other != name:
                        others *= _of(factors[other][cause], level)
                came, hoped = _sums(place, observed[cause], others, len(labels[name]))
                # Only the differences between levels count. That a field is blank must not: many are filled in when
                # a deal closes, and blank ones would betray which are still open today.
                total = float(hoped.sum())
                factors[name][cause] = shrunken(came, hoped * (float(came.sum()) / total if total > 0 else 1.0))
    return factors


def _moving(rows: Rows, hazards: Hazards, fixed: Effects, day: int, start: int) -> list[Term]:
    """Stage and time in stage, learned at past month-ends with snapshots, near and later days apart."""
    names = {"stage": rows.lines.names, "stuck": STUCK}
    seen = _landmarks(rows, hazards, fixed, day, start)
    sums = {name: np.zeros((2, 2, 2, len(levels))) for name, levels in names.items()}  # band, cause, O or E, level
    found: dict[str, Vector] = {name: np.ones((2, 2, len(levels))) for name, levels in names.items()}
    for name, labels in names.items():  # the stage first, then what the time in it adds
        for band, c, levels, came, expect in seen:
            known = levels["stage"] >= 0
            others = expect * (_of(found["stage"][band, c], levels["stage"]) if name == "stuck" else 1.0)
            place = np.where(known, levels[name], -1)
            o, e = _sums(place, came, others, len(labels))
            sums[name][band, c, 0] += o
            sums[name][band, c, 1] += e
        for band in range(2):
            for c in range(2):
                found[name][band, c] = shrunken(sums[name][band, c, 0], sums[name][band, c, 1])
    return [
        Term(
            name, levels, found[name][0, 0], found[name][0, 1], found[name][1, 0], found[name][1, 1],
            sums[name][0, 0, 0], sums[name][0, 0, 1],
        )
        for name, levels in names.items() if sums[name][:, 0, 0].sum() > 0
    ]  # fmt: skip


def _landmarks(rows: Rows, hazards: Hazards, fixed: Effects, day: int, start: int) -> list[_Seen]:
    """What became of the deals open at past month-ends, in the near days and in those after, by cause."""
    seen: list[_Seen] = []
    for back in range(1, LANDMARKS + 1):
        landmark = month_end(day, -back)
        if landmark <= start:
            break
        which = rows.open_on(landmark)
        if not len(which):
            continue
        levels = {name: _level(name, rows, which, landmark, fixed.cuts) for name in ("stage", "stuck")}
        if not (levels["stage"] >= 0).any():
            continue
        factor = fixed.factors(fixed.places(rows, which, landmark)) if fixed.terms else (np.ones(len(which)),) * 4
        for band, (first, last) in enumerate(((0, NEAR_DAYS), (NEAR_DAYS, 92))):
            begin, limit = landmark + first, min(landmark + last, day)
            if begin >= limit:
                continue
            still = rows.closed[which] > begin
            here, end = which[still], np.minimum(rows.closed[which[still]], limit)
            if not len(here):
                continue
            entry = np.full(len(here), begin)
            outcome = rows.outcome(limit)[here]
            for c, cause in enumerate(CAUSES):
                expect = hazards.cumulated(cause, rows.created[here], entry, end) * factor[c][still]
                came = (outcome == cause).astype(np.float64)
                seen.append((band, c, {name: level[still] for name, level in levels.items()}, came, expect))
    return seen


def _level(name: str, rows: Rows, which: Whole, day: int, cuts: Vector) -> Whole:
    if name in rows.codes:
        return rows.codes[name][which]
    if name == "amount":
        worth = rows.first_worth[which]
        return np.where(np.isnan(worth), -1, np.searchsorted(cuts, np.nan_to_num(worth), side="right"))
    place = rows.lines.latest(which, day)
    if not len(rows.lines.row):
        return place
    if name == "stage":
        return np.where(place >= 0, rows.lines.stage[place], -1)
    stay = np.digitize(day - rows.lines.since[place], STUCK_DAYS)
    return np.where(place >= 0, stay, -1).astype(np.int64)


def _cuts(rows: Rows, known: Whole) -> Vector:
    """Amounts between the four bands of size; none where amounts are unknown or all alike."""
    worth = rows.first_worth[known]
    worth = worth[~np.isnan(worth)]
    if len(worth) < 50:
        return np.zeros(0)
    cuts = np.quantile(worth, [0.25, 0.5, 0.75])
    return cuts if len(np.unique(cuts)) == 3 else np.zeros(0)


def _of(factors: Vector, place: npt.NDArray[np.int64]) -> Vector:
    """The factor of each deal's level; 1 without a level."""
    return np.asarray(np.append(factors, 1.0)[place])


def _sums(place: Whole, observed: Vector, expected: Vector, k: int) -> tuple[Vector, Vector]:
    seen = place >= 0
    return (
        np.bincount(place[seen], weights=observed[seen], minlength=k).astype(np.float64),
        np.bincount(place[seen], weights=expected[seen], minlength=k).astype(np.float64),
    )
