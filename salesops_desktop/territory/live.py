"""Editing an assignment by hand: every figure follows each move, and what a move breaks is known before it is made.

The figures are those of ``evaluate``; only the territories that gained or lost units are measured again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.figures import unit_edges
from salesops_desktop.territory.geography import great_circle_km, to_degrees
from salesops_desktop.territory.live_issues import Issue, UnitRules, balance_issues
from salesops_desktop.territory.live_pieces import PieceCounter
from salesops_desktop.territory.problem import (
    NONE,
    Assignment,
    DesignProblem,
    Floats,
    Indices,
    sum_by,
    sum_vectors,
)

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """The figures of one moment.

    Attributes:
        totals: per measure, the sum per territory, [k].
        deviation: per measure, how far each territory lies from its target (0.05 is 5 % above), [k].
        balance: per measure, the largest deviation in either direction.
        counts: units per territory, [k].
        weighted_km: weight times great-circle distance to the centre, summed per territory, [k].
        mass: weight of the positioned units per territory, [k].
        pieces: connected pieces per territory, [k].
        centre_latitude: degrees, [k]; the home where known, else the weighted centre.
        centre_longitude: degrees, [k].
        moved_count: units that change hands.
        moved_totals: per measure, how much of it changes hands.
    """

    totals: Mapping[str, Floats]
    deviation: Mapping[str, Floats]
    balance: Mapping[str, float]
    counts: Counts
    weighted_km: Floats
    mass: Floats
    pieces: Counts
    centre_latitude: Floats
    centre_longitude: Floats
    moved_count: int
    moved_totals: Mapping[str, float]

    @property
    def mean_km(self) -> float:
        """The weighted mean distance from a unit to its territory's centre."""
        mass = float(self.mass.sum())
        return float(self.weighted_km.sum()) / mass if mass > 0 else 0.0

    @property
    def territory_km(self) -> Floats:
        """The same per territory, [k]; NaN without positioned units."""
        result = np.full(len(self.mass), np.nan)
        np.divide(self.weighted_km, self.mass, out=result, where=self.mass > 0)
        return result


@dataclass(frozen=True, slots=True)
class Effect:
    """What a move does, or would do.

    Attributes:
        units: those whose territory changes, [m].
        sources: their territories before, -1 for none, [m].
        targets: their territories after, [m].
        touched: territories that gain or lose.
        before: the figures before.
        after: the figures after.
        breaks: rules broken by it.
        mends: rules broken before, and no longer.
        worsens: tolerances broken before, and more so after.
        sentences: figures and rules for a reader.
    """

    units: Indices
    sources: Assignment
    targets: Assignment
    touched: Indices
    before: LiveFigures
    after: LiveFigures
    breaks: tuple[Issue, ...]
    mends: tuple[Issue, ...]
    worsens: tuple[Issue, ...]
    sentences: tuple[str, ...]

    def summary(self) -> tuple[str, ...]:
        """What it changes, what it breaks, what it mends."""
        return self.sentences


class LiveDesign:
    """An assignment under edit.

    Args:
        problem: what was asked; checked already.
        assignment: territory per unit, -1 for none, [n].
        edges: the neighbourhood graph; found where None.
    """

    def __init__(
        self, problem: DesignProblem, assignment: npt.NDArray[np.integer], edges: Indices | None = None
    ) -> None:
        self.problem, self.k = problem, problem.territories
        self.edges = unit_edges(problem) if edges is None else edges.astype(np.intp).reshape(-1, 2)
        self.rules = UnitRules(problem)
        self.positioned = problem.positioned
        self.weights = problem.distance_weights
        self._points = problem.points
        self._values = {name: values.astype(np.float64) for name, values in problem.measures.items()}
        self._targets = {name: problem.targets(name) for name in problem.measures}
        self._owner = problem.owners
        self._counter = PieceCounter(problem, self.edges)
        self._where = np.where(assignment < 0, self.k, assignment).astype(np.intp)
        self._done: list[tuple[Indices, Indices, Indices]] = []
        self._undone: list[tuple[Indices, Indices, Indices]] = []
        whole = np.ones(self.k + 1, dtype=np.bool_)
        whole[self.k] = False
        self.figures = self._measured(self._where, whole, self._nothing())
        self._counter.settle()

    @property
    def assignment(self) -> Assignment:
        """Territory per unit, -1 for none, [n]."""
        return np.where(self._where == self.k, NONE, self._where).astype(np.int32)

    @property
    def can_undo(self) -> bool:
        """Whether there is a move to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a move that was taken back."""
        return bool(self._undone)

    def preview(self, units: npt.NDArray[np.integer], territory: int) -> Effect:
        """What moving ``units`` to ``territory`` would do; nothing changes.

        Args:
            units: their indices, [m].
            territory: 0 to k-1, -1 for none.
        """
        return self.preview_each(units, np.full(len(units), territory))

    def preview_each(self, units: npt.NDArray[np.integer], territories: npt.NDArray[np.integer]) -> Effect:
        """What moving each unit to a territory of its own would do; nothing changes."""
        return self._effect(*self._changes(units, territories))[0]

    def move(self, units: npt.NDArray[np.integer], territory: int) -> Effect:
        """Move ``units`` to ``territory``; one step to undo."""
        return self.move_each(units, np.full(len(units), territory))

    def move_each(self, units: npt.NDArray[np.integer], territories: npt.NDArray[np.integer]) -> Effect:
        """Move each unit to a territory of its own; one step to undo."""
        changed, new = self._changes(units, territories)
        step = changed, self._where[changed], new
        effect = self._take(changed, new)
        if len(changed):
            self._done.append(step)
            self._undone.clear()
        return effect

    def undo(self) -> Effect | None:
        """Take the last move back; None where there is none."""
        if not self._done:
            return None
        units, old, new = self._done.pop()
        self._undone.append((units, old, new))
        return self._take(units, old)

    def redo(self) -> Effect | None:
        """Make the move again that was taken back last; None where there is none."""
        if not self._undone:
            return None
        units, old, new = self._undone.pop()
        self._done.append((units, old, new))
        return self._take(units, new)

    def lock(self, units: npt.NDArray[np.integer]) -> None:
        """From now on ``units`` belong where they are."""
        self.rules.held[units] = self.assignment[units]

    def unlock(self, units: npt.NDArray[np.integer]) -> None:
        """From now on ``units`` may go anywhere."""
        self.rules.held[units] = NONE

    def edited(self) -> Indices:
        """The units moved by the steps that can be undone, [m]."""
        moved = [units for units, _, _ in self._done]
        return np.unique(np.concatenate(moved)).astype(np.intp) if moved else np.zeros(0, dtype=np.intp)

    def issues(self) -> tuple[Issue, ...]:
        """Everything that is wrong now."""
        rows = np.arange(self.k)
        found = list(balance_issues(self.problem, self.figures.deviation, self.figures.pieces, rows))
        found += self.rules.issues(self._where, np.arange(len(self.problem)))
        return (*found, *self._budget(self.figures))

    def _changes(self, units: npt.NDArray[np.integer], territories: npt.NDArray[np.integer]) -> tuple[Indices, Indices]:
        at = units.astype(np.intp)
        new = np.where(territories < 0, self.k, territories).astype(np.intp)
        if len(at) and (at.min() < 0 or at.max() >= len(self.problem) or new.max() > self.k):
            message = f"Units are numbers from 0 to {len(self.problem) - 1}, territories from -1 to {self.k - 1}."
            raise ValueError(message)
        order = np.argsort(at, kind="stable")
        at, new = at[order], new[order]
        last = np.r_[at[1:] != at[:-1], True] if len(at) else np.zeros(0, dtype=np.bool_)
        changed = last & (self._where[at] != new)
        return at[changed], new[changed]

    def _take(self, units: Indices, new: Indices) -> Effect:
        effect, where = self._effect(units, new)
        self._where, self.figures = where, effect.after
        self._counter.settle()
        return effect

    def _effect(self, units: Indices, new: Indices) -> tuple[Effect, Indices]:
        where = self._where.copy()
        old = where[units]
        where[units] = new
        touched = np.zeros(self.k + 1, dtype=np.bool_)
        touched[old] = True
        touched[new] = True
        touched[self.k] = False
        before = self.figures
        after = self._measured(where, touched, before)
        rows = np.flatnonzero(touched)
        past = {issue.key: issue for issue in self._issues_of(before, self._where, rows, units)}
        now = {issue.key: issue for issue in self._issues_of(after, where, rows, units)}
        breaks = tuple(issue for key, issue in now.items() if key not in past)
        mends = tuple(issue for key, issue in past.items() if key not in now)
        worsens = tuple(i for key, i in now.items() if key in past and abs(i.amount) > abs(past[key].amount) + 1e-9)
        said = self._sentences(units, before, after, rows, breaks, mends)
        sources = np.where(old == self.k, NONE, old).astype(np.int32)
        targets = np.where(new == self.k, NONE, new).astype(np.int32)
        return Effect(units, sources, targets, rows, before, after, breaks, mends, worsens, said), where

    def _issues_of(self, figures: LiveFigures, where: Indices, rows: Indices, units: Indices) -> list[Issue]:
        return [
            *balance_issues(self.problem, figures.deviation, figures.pieces, rows),
            *self.rules.issues(where, units),
            *self._budget(figures),
        ]

    def _budget(self, figures: LiveFigures) -> list[Issue]:
        budget = self.problem.budget
        name = self.problem.moved_by or self.problem.weight or next(iter(self._values))
        if budget is None or name not in self._values:
            return []
        whole = float(self._values[name].sum())
        share = figures.moved_totals[name] / whole if whole > 0 else 0.0
        if share <= budget + 1e-9:
            return []
        return [Issue("budget", NONE, name, (), share, self.problem)]

    def _nothing(self) -> LiveFigures:
        """Figures of no units at all, to begin with."""
        none, zeros, counts = dict.fromkeys(self._values, 0.0), np.zeros(self.k), np.zeros(self.k, dtype=np.int64)
        sums = dict.fromkeys(self._values, zeros)
        return LiveFigures(sums, sums, none, counts, zeros, zeros, counts, zeros, zeros, 0, none)

    def _measured(self, where: Indices, touched: Flags, before: LiveFigures) -> LiveFigures:
        """The figures of ``where``, taking over from ``before`` what was not touched."""
        k, rows = self.k, np.flatnonzero(touched)
        units = np.flatnonzero(touched[where])
        place = np.zeros(k + 1, dtype=np.intp)
        place[rows] = np.arange(len(rows))
        seat, count = place[where[units]], len(rows)

        def taken(old: npt.NDArray[np.generic], new: Floats) -> Floats:
            result = old.astype(np.float64)
            result[rows] = new
            return result

        totals = {
            name: taken(before.totals[name], sum_by(seat, values[units], count))
            for name, values in self._values.items()
        }
        deviation = {name: _deviation(total, self._targets[name]) for name, total in totals.items()}
        counts = taken(before.counts, np.bincount(seat, minlength=count).astype(np.float64))
        on_map = self.positioned[units]
        units, seat = units[on_map], seat[on_map]
        middles = self._middles(units, seat, count)
        latitude, longitude = self._centres(middles, rows)
        weights = self.weights[units]
        problem = self.problem
        if problem.vectors is None:
            km = great_circle_km(problem.latitude[units], problem.longitude[units], latitude[seat], longitude[seat])
        else:
            km = np.linalg.norm(self._points[units] - middles[seat], axis=1)
        pieces = self._counter.count(where, touched, before.pieces)
        moved = (self._owner != NONE) & (self._owner != where) & (where != k)
        return LiveFigures(
            totals=totals,
            deviation=deviation,
            balance={name: float(np.abs(off).max()) for name, off in deviation.items()},
            counts=counts.astype(np.int64),
            weighted_km=taken(before.weighted_km, sum_by(seat, weights * km, count)),
            mass=taken(before.mass, sum_by(seat, weights, count)),
            pieces=pieces,
            centre_latitude=taken(before.centre_latitude, latitude),
            centre_longitude=taken(before.centre_longitude, longitude),
            moved_count=int(moved.sum()),
            moved_totals={name: float(values[moved].sum()) for name, values in self._values.items()},
        )

    def _middles(self, units: Indices, seat: Indices, count: int) -> Floats:
        """The weighted mean place of each territory, as ``figures.evaluate`` finds it; km, [count, 3]."""
        weights = self.weights[units]
        weights = np.where(sum_by(seat, weights, count)[seat] > 0, weights, 1.0)
        mass = sum_by(seat, weights, count)
        middles: Floats = sum_vectors(seat, weights, self._points[units], count)
        return middles / np.where(mass > 0, mass, 1.0)[:, None]

    def _centres(self, middles: Floats, rows: Indices) -> tuple[Floats, Floats]:
        """Centres of the territories ``rows``: their homes where known; degrees, NaN on a plane."""
        problem = self.problem
        if problem.vectors is not None:
            return np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        latitude, longitude = to_degrees(middles)
        if problem.home_latitude is not None and problem.home_longitude is not None:
            home_latitude, home_longitude = problem.home_latitude[rows], problem.home_longitude[rows]
            known = np.isfinite(home_latitude) & np.isfinite(home_longitude)
            latitude = np.where(known, home_latitude, latitude)
            longitude = np.where(known, home_longitude, longitude)
        return latitude, longitude

    def _sentences(
        self,
        units: Indices,
        before: LiveFigures,
        after: LiveFigures,
        rows: Indices,
        breaks: tuple[Issue, ...],
        mends: tuple[Issue, ...],
    ) -> tuple[str, ...]:
        if not len(units):
            return ("Nothing moves: all are there already.",)
        said = [f"Mean distance {before.mean_km:,.1f} km → {after.mean_km:,.1f} km."]
        for t in rows[:4].tolist():
            parts = [
                f"{name} {before.deviation[name][t] * 100:+.1f} % → {after.deviation[name][t] * 100:+.1f} %"
                for name in after.deviation
            ]
            said.append(f"{self.problem.territory(t)}: {', '.join(parts)}.")
        if len(rows) > 4:
            said.append(f"{len(rows) - 4} more territories change.")
        said += [f"Breaks: {issue.sentence}" for issue in breaks[:8]]
        if len(breaks) > 8:
            said.append(f"Breaks {len(breaks) - 8:,} more rules.")
        said += [f"Mends: {issue.sentence}" for issue in mends[:4]]
        return tuple(said)


def _deviation(total: Floats, target: Floats) -> Floats:
    """How far each sum lies from its target; infinite where nothing is wanted and something is there."""
    result = np.where(total > 0, np.inf, 0.0)
    np.divide(total, target, out=result, where=target > 0)
    result[target > 0] -= 1
    return result
