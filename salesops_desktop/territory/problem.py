"""What a territory design is asked for, checked before anything is calculated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.territory.geography import EARTH_KM, unit_vectors

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Assignment = npt.NDArray[np.int32]
"""The territory (0 to k-1) of each unit, [n]."""

Compactness = Literal["distance", "span"]

NONE = -1
"""No owner, no group."""


@dataclass(frozen=True, slots=True)
class DesignProblem:
    """Units to be divided among ``territories``.

    Attributes:
        latitude: degrees per unit, [n]; NaN where the position is not known.
        longitude: degrees per unit, [n].
        measures: what is to be balanced: a number per unit, not negative, by name.
        territories: how many there are, k.
        tolerance: per measure, how far a territory may lie from the mean (0.05 is 5 %); 5 % where it says nothing.
        weight: the measure by which distances are weighted; the first where None, each unit alike where empty.
        home_latitude: degrees per territory, [k]: where its person lives, NaN where not known. Territories with a home
            gather around it, the others around their own centre.
        home_longitude: degrees per territory, [k].
        owner: territory that works each unit today, [n]; -1 for none.
        locked: units that must stay with their owner, [n].
        group: units with the same number stay together, [n]; -1 for none.
        disruption: what moving a unit away from its owner costs: 1 stands for as much as carrying it over the mean
            distance between a unit and its centre. With any price today's plan is one of the starts.
        connected: whether territories are kept in one piece on the neighbourhood graph. Never stronger than a lock, nor
            asked of members of a group that lie apart from its main part.
        edges: pairs of neighbouring units, [m, 2]; found from the positions (Delaunay) where None.
        capacity: what each territory can carry, relative to the others (full-time share times ramp times
            presence), [k]; all alike where None. A territory's target of a measure is its part of the capacity.
        forbidden: (unit, territory) pairs that must not be, [f, 2].
        part: the boundary a unit lies in (country, region, segment), [n]; with ``territory_part`` only.
        territory_part: the boundary a territory lies in, [k]: units go to territories of their own part only, and
            targets are what the part has to share.
        compactness: "distance" keeps the weighted mean distance to the centres short, "span" the largest distance
            between two units of one territory.
        budget: the largest share of ``moved_by`` that may change hands (0.1 is 10 %); no limit where None.
        moved_by: the measure that counts what changes hands; the one that weights distances where None.
        vectors: places on a plane, km, [n, 3] (the third is 0): where they are given, distances are measured there
            instead of on the globe, latitude and longitude say nothing, and there can be no homes.
        unit_names: for sentences.
        territory_names: for sentences.
    """

    latitude: Floats
    longitude: Floats
    measures: Mapping[str, npt.NDArray[np.int64] | Floats]
    territories: int
    tolerance: Mapping[str, float] = field(default_factory=dict)
    weight: str | None = None
    home_latitude: Floats | None = None
    home_longitude: Floats | None = None
    owner: npt.NDArray[np.integer] | None = None
    locked: npt.NDArray[np.bool_] | None = None
    group: npt.NDArray[np.integer] | None = None
    disruption: float = 0.0
    connected: bool = True
    edges: npt.NDArray[np.integer] | None = None
    capacity: Floats | None = None
    forbidden: npt.NDArray[np.integer] | None = None
    part: npt.NDArray[np.integer] | None = None
    territory_part: npt.NDArray[np.integer] | None = None
    compactness: Compactness = "distance"
    budget: float | None = None
    moved_by: str | None = None
    vectors: Floats | None = None
    unit_names: Sequence[str] | None = None
    territory_names: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.latitude)

    @property
    def positioned(self) -> npt.NDArray[np.bool_]:
        """Which units have a position."""
        if self.vectors is not None:
            return np.asarray(np.isfinite(self.vectors).all(axis=1), dtype=np.bool_)
        known: npt.NDArray[np.bool_] = np.isfinite(self.latitude) & np.isfinite(self.longitude)
        return known

    @property
    def radius(self) -> float:
        """Of the globe, km; 0 on a plane."""
        return 0.0 if self.vectors is not None else EARTH_KM

    @property
    def points(self) -> Floats:
        """The place of each unit, km, [n, 3]: on the globe, or on the plane; 0 where not known."""
        known = self.positioned
        result = np.zeros((len(self), 3))
        if self.vectors is not None:
            result[known] = self.vectors[known]
        else:
            result[known] = EARTH_KM * unit_vectors(self.latitude[known], self.longitude[known])
        return result

    @property
    def home_points(self) -> Floats:
        """The home of each territory, km, [k, 3]; NaN where not known."""
        if self.home_latitude is None or self.home_longitude is None:
            return np.full((self.territories, 3), np.nan)
        return EARTH_KM * unit_vectors(self.home_latitude, self.home_longitude)

    @property
    def capacities(self) -> Floats:
        """What each territory can carry, relative to the others, [k]."""
        return np.ones(self.territories) if self.capacity is None else self.capacity.astype(np.float64)

    @property
    def moved_measure(self) -> str:
        """The measure that counts what changes hands."""
        return self.moved_by or self.weight or next(iter(self.measures))

    @property
    def owners(self) -> Indices:
        """Today's territory per unit, -1 for none."""
        return np.full(len(self), NONE, dtype=np.intp) if self.owner is None else self.owner.astype(np.intp)

    @property
    def locks(self) -> npt.NDArray[np.bool_]:
        """Which units are locked."""
        return np.zeros(len(self), dtype=np.bool_) if self.locked is None else self.locked

    @property
    def distance_weights(self) -> Floats:
        """The weight of each unit's distance."""
        name = next(iter(self.measures), "") if self.weight is None else self.weight
        if name == "":
            return np.ones(len(self))
        values = self.measures[name].astype(np.float64)
        return values if values.sum() > 0 else np.ones(len(self))

    def targets(self, measure: str) -> Floats:
        """What each territory should hold of ``measure``, [k]: its part of the capacity of its boundary."""
        k, capacity = self.territories, self.capacities
        values = self.measures[measure].astype(np.float64)
        if self.part is None or self.territory_part is None:
            shared: Floats = values.sum() * capacity / capacity.sum()
            return shared
        parts = self.territory_part.astype(np.int64)
        result = np.empty(k)
        for number in np.unique(parts).tolist():
            here = parts == number
            result[here] = values[self.part == number].sum() * capacity[here] / capacity[here].sum()
        return result

    def deviations(self, measure: str, totals: Floats) -> Floats:
        """How far each territory lies off its target of ``measure`` with these totals, [k]: 0.05 is 5 % above."""
        targets = self.targets(measure)
        result: Floats = totals / np.where(targets > 0, targets, 1.0) - (targets > 0)
        return result

    def limit(self, measure: str) -> float:
        """The tolerance for ``measure``."""
        return self.tolerance.get(measure, 0.05)

    def unit(self, index: int) -> str:
        """What a sentence calls a unit."""
        return self.unit_names[index] if self.unit_names is not None else f"unit {index + 1}"

    def territory(self, index: int) -> str:
        """What a sentence calls a territory."""
        return self.territory_names[index] if self.territory_names is not None else f"territory {index + 1}"

    def check(self) -> None:
        """Refuse a problem that makes no sense.

        Raises:
            FaultsError: with every fault.
        """
        faults = list(_shape_faults(self))
        if not faults:
            from salesops_desktop.territory.rules import rule_faults  # noqa: PLC0415  # it is about problems

            faults = [*_value_faults(self), *_owner_faults(self), *rule_faults(self)]
        if faults:
            more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
            raise FaultsError(
                f"The territories cannot be designed: {faults[0].where}: {faults[0].what}{more}",
                faults,
                way_out=faults[0].way_out,
            )


def sum_by(index: Indices, values: npt.NDArray[np.generic], count: int) -> Floats:
    """The sum of ``values`` per index from 0 to ``count`` - 1."""
    return np.bincount(index, values.astype(np.float64), count).astype(np.float64)


def sum_vectors(index: Indices, weights: Floats, vectors: Floats, count: int) -> Floats:
    """The weighted sum of ``vectors``, [n, 3], per index from 0 to ``count`` - 1, [count, 3]."""
    return np.stack([sum_by(index, weights * vectors[:, i], count) for i in range(3)], axis=1)


def _shape_faults(problem: DesignProblem) -> Iterator[Fault]:
    n, k = len(problem), problem.territories
    per_unit: dict[str, Sequence[object] | npt.NDArray[np.generic] | None] = {
        "longitude": problem.longitude,
        "owner": problem.owner,
        "locked": problem.locked,
        "group": problem.group,
        "part": problem.part,
        "vectors": problem.vectors,
        "unit names": problem.unit_names,
        **{f"measure {name}": values for name, values in problem.measures.items()},
    }
    for name, values in per_unit.items():
        if values is not None and len(values) != n:
            yield Fault(name, f"There are {len(values):,} values for {n:,} units.")
    per_territory = {
        "home latitude": problem.home_latitude,
        "home longitude": problem.home_longitude,
        "capacity": problem.capacity,
        "part of the territories": problem.territory_part,
    }
    for name, values in per_territory.items():
        if values is not None and len(values) != k:
            yield Fault(name, f"There are {len(values):,} values for {k:,} territories.")
    if (problem.home_latitude is None) != (problem.home_longitude is None):
        yield Fault("homes", "A home needs a latitude and a longitude.")
    yield from _count_faults(problem)
    for name, value in problem.tolerance.items():
        if not value > 0:
            yield Fault(f"tolerance of {name}", "A tolerance must be more than 0.")
    if problem.weight and problem.weight not in problem.measures:
        yield Fault("weight", f"There is no measure called {problem.weight!r}.")
    yield from _wish_faults(problem)


def _wish_faults(problem: DesignProblem) -> Iterator[Fault]:
    if problem.disruption < 0:
        yield Fault("disruption", "The price of moving a unit cannot be negative.")
    if problem.budget is not None and not 0 <= problem.budget <= 1:
        yield Fault("budget", "The share that may change hands lies between 0 and 1.")
    if problem.moved_by and problem.moved_by not in problem.measures:
        yield Fault("budget", f"There is no measure called {problem.moved_by!r}.")
    if (problem.part is None) != (problem.territory_part is None):
        yield Fault("boundaries", "Boundaries are told for the units and for the territories, or for neither.")
    if problem.vectors is not None and (problem.vectors.ndim != 2 or problem.vectors.shape[1] != 3):
        yield Fault("vectors", "A place on a plane has three numbers.")
    if problem.vectors is not None and problem.home_latitude is not None:
        yield Fault("homes", "Places on a plane and homes on the globe cannot be compared.")


def _count_faults(problem: DesignProblem) -> Iterator[Fault]:
    n, k = len(problem), problem.territories
    if n == 0:
        yield Fault("units", "There is nothing to divide.", "Import accounts first.")
    if k < 1:
        yield Fault("territories", f"There must be at least one territory, not {k}.")
    elif k > n > 0:
        yield Fault("territories", f"{k:,} territories cannot share {n:,} units.", "Ask for fewer territories.")
    if not problem.measures:
        yield Fault("measures", "There is no measure to balance.")


def rows(problem: DesignProblem, bad: npt.NDArray[np.bool_]) -> str:
    """The units ``bad``, [n], for a sentence: the first five by name."""
    at = np.flatnonzero(bad)
    shown = ", ".join(problem.unit(int(i)) for i in at[:5])
    return shown + (f" and {len(at) - 5:,} more" if len(at) > 5 else "")


def _value_faults(problem: DesignProblem) -> Iterator[Fault]:
    positioned = problem.positioned & (problem.vectors is None)
    wrong = positioned & ((np.abs(problem.latitude) > 90) | (np.abs(problem.longitude) > 180))
    if wrong.any():
        yield Fault(
            "positions", f"These lie on no place of the Earth: {rows(problem, wrong)}.", "Correct or clear them."
        )
    for name, given in problem.measures.items():
        values = given.astype(np.float64)
        if not np.isfinite(values).all():
            yield Fault(name, f"No number: {rows(problem, ~np.isfinite(values))}.", "Fill in 0 or the true value.")
        elif (values < 0).any():
            yield Fault(
                name, f"Less than zero: {rows(problem, values < 0)}.", "A measure to balance cannot be negative."
            )
        elif values.sum() == 0:
            yield Fault(name, "All zero: there is nothing to balance.", "Choose another measure.")
    if problem.edges is not None and problem.edges.size:
        edges = problem.edges
        if edges.ndim != 2 or edges.shape[1] != 2 or edges.min() < 0 or edges.max() >= len(problem):
            yield Fault("edges", "Neighbours must be pairs of unit numbers.")


def _owner_faults(problem: DesignProblem) -> Iterator[Fault]:
    owner, locked = problem.owners, problem.locks
    strange = (owner < NONE) | (owner >= problem.territories)
    if strange.any():
        yield Fault("owner", f"No such territory: {rows(problem, strange)}.")
        return
    homeless = locked & (owner == NONE)
    if homeless.any():
        yield Fault("locked", f"Locked, but nobody owns them: {rows(problem, homeless)}.", "Unlock or assign them.")
