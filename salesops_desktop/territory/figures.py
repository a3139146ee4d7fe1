"""The figures of an assignment: balance, compactness, connectedness, what changes hands, and what was not reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.families import excused, without
from salesops_desktop.territory.geography import great_circle_km, to_degrees
from salesops_desktop.territory.neighbours import links, neighbour_edges, pieces, without_leaps
from salesops_desktop.territory.problem import NONE, Assignment, DesignProblem, Floats, Indices, sum_by, sum_vectors
from salesops_desktop.territory.saying import sentences_of


@dataclass(frozen=True, slots=True)
class Design:
    """An assignment of every unit to one territory, with its figures.

    Attributes:
        assignment: territory per unit, int32, [n].
        centre_latitude: degrees per territory, [k]: the home where known, else the weighted centre; NaN without units,
            and on a plane.
        centre_longitude: degrees per territory, [k].
        totals: per measure, the sum per territory, [k].
        counts: units per territory, [k].
        balance: per measure, the largest deviation of a territory from its target (0.05 is 5 %).
        mean_km: weighted mean great-circle distance from a unit to its territory's centre (straight on a plane).
        territory_km: the same per territory, [k]; NaN without positioned units.
        pieces: connected pieces per territory, [k]; 1 is one piece, 0 is none. Members of a group that lie apart from
            its main part, but are in its territory, do not count.
        moved: units that change hands, bool, [n] (units without an owner today do not count).
        moved_totals: per measure, how much of it changes hands.
        unpositioned: indices of units without a position, which were assigned by rule.
        sentences: what could not be reached and why, and what a reader should know.
    """

    assignment: Assignment
    centre_latitude: Floats
    centre_longitude: Floats
    totals: Mapping[str, Floats]
    counts: npt.NDArray[np.int64]
    balance: Mapping[str, float]
    mean_km: float
    territory_km: Floats
    pieces: npt.NDArray[np.int64]
    moved: npt.NDArray[np.bool_]
    moved_totals: Mapping[str, float]
    unpositioned: Indices
    sentences: tuple[str, ...]

    @property
    def connected(self) -> bool:
        """Whether every territory is in one piece."""
        return bool((self.pieces <= 1).all())


def evaluate(problem: DesignProblem, assignment: npt.NDArray[np.integer], edges: Indices | None = None) -> Design:
    """The figures of any assignment.

    Args:
        problem: what was asked.
        assignment: territory (0 to k-1) per unit, [n].
        edges: the neighbourhood graph of the units, when it is already known.

    Raises:
        FaultsError: the problem makes no sense.
        ValueError: the assignment does not fit the problem.
    """
    problem.check()
    k = problem.territories
    if len(assignment) != len(problem) or (assignment < 0).any() or (assignment >= k).any():
        message = f"An assignment gives each of the {len(problem)} units a territory from 0 to {k - 1}."
        raise ValueError(message)
    where = assignment.astype(np.intp)
    totals = {name: sum_by(where, values, k) for name, values in problem.measures.items()}
    balance = {name: float(np.abs(problem.deviations(name, total)).max()) for name, total in totals.items()}
    positioned = problem.positioned
    latitude, longitude = centres(problem, where)
    weights = problem.distance_weights
    if problem.vectors is None:
        km = great_circle_km(problem.latitude, problem.longitude, latitude[where], longitude[where])
    else:
        km = np.linalg.norm(problem.points - _middles(problem, where)[where], axis=1)
    here = np.flatnonzero(positioned)
    weighted = sum_by(where[here], weights[here] * km[here], k)
    mass = sum_by(where[here], weights[here], k)
    territory_km = np.full(k, np.nan)
    np.divide(weighted, mass, out=territory_km, where=mass > 0)
    graph = unit_edges(problem) if edges is None else edges
    exempt = excused(problem, where, graph)
    parts = pieces(without(graph, exempt), where, positioned & ~exempt)
    in_pieces = np.zeros(k, dtype=np.int64)
    label, first = np.unique(parts, return_index=True)
    np.add.at(in_pieces, where[first[label >= 0]], 1)
    owner = problem.owners
    moved = (owner != NONE) & (owner != where)
    return Design(
        assignment=assignment.astype(np.int32),
        centre_latitude=latitude,
        centre_longitude=longitude,
        totals=totals,
        counts=np.bincount(where, minlength=k).astype(np.int64),
        balance=balance,
        mean_km=float(weighted.sum() / mass.sum()) if mass.sum() > 0 else 0.0,
        territory_km=territory_km,
        pieces=in_pieces,
        moved=moved,
        moved_totals={name: float(values[moved].sum()) for name, values in problem.measures.items()},
        unpositioned=np.flatnonzero(~positioned),
        sentences=sentences_of(problem, totals, in_pieces, where, exempt, graph),
    )


def centres(problem: DesignProblem, where: Indices) -> tuple[Floats, Floats]:
    """Each territory's home where it has one, else the weighted centre of its positioned units; degrees, [k] each."""
    if problem.vectors is not None:
        return np.full(problem.territories, np.nan), np.full(problem.territories, np.nan)
    latitude, longitude = to_degrees(_middles(problem, where))
    if problem.home_latitude is not None and problem.home_longitude is not None:
        known = np.isfinite(problem.home_latitude) & np.isfinite(problem.home_longitude)
        latitude = np.where(known, problem.home_latitude, latitude)
        longitude = np.where(known, problem.home_longitude, longitude)
    return latitude, longitude


def _middles(problem: DesignProblem, where: Indices) -> Floats:
    """The weighted mean place of each territory's positioned units, km, [k, 3]; the origin without any."""
    here = np.flatnonzero(problem.positioned)
    points, weights, k = problem.points[here], problem.distance_weights[here], problem.territories
    mass = sum_by(where[here], weights, k)
    # A territory whose units all weigh nothing still has a middle.
    weights = np.where(mass[where[here]] > 0, weights, 1.0)
    mass = sum_by(where[here], weights, k)
    middles: Floats = sum_vectors(where[here], weights, points, k) / np.where(mass > 0, mass, 1.0)[:, None]
    return middles


def unit_edges(problem: DesignProblem) -> Indices:
    """The neighbourhood graph of the units, [m, 2]: the one given, or that of the positions.

    Within each boundary it is in one piece: islands of a given graph are linked to the nearest unit outside.
    """
    part = np.zeros(len(problem), dtype=np.intp) if problem.part is None else problem.part.astype(np.intp)
    if problem.edges is None:
        return edges_within(problem, part)
    edges = problem.edges.astype(np.intp).reshape(-1, 2)
    edges = edges[part[edges[:, 0]] == part[edges[:, 1]]]
    return np.concatenate([edges, island_links(problem, edges)])


def island_links(problem: DesignProblem, edges: Indices) -> Indices:
    """What joins the pieces of a graph within each boundary, shortest first of all, [m, 2]."""
    part = np.zeros(len(problem), dtype=np.intp) if problem.part is None else problem.part
    found = [np.zeros((0, 2), dtype=np.intp)]
    for number in np.unique(part).tolist():
        here = problem.positioned & (part == number)
        found.append(links(problem.points / (problem.radius or 1.0), edges, here, plane=problem.radius == 0))
    return np.concatenate(found)


def edges_within(problem: DesignProblem, part: Indices) -> Indices:
    """The neighbourhood graph of the positions when units of different parts are never neighbours, [m, 2].

    Designs made part by part (one region at a time) are in one piece on this graph, not on that of all units.

    Args:
        problem: the units.
        part: a number per unit, [n].
    """
    found = [np.zeros((0, 2), dtype=np.intp)]
    points = problem.points / (problem.radius or 1.0)
    for number in np.unique(part).tolist():
        here = np.flatnonzero(problem.positioned & (part == number))
        if len(here):
            near = neighbour_edges(points[here], plane=problem.radius == 0)
            found.append(here[without_leaps(points[here], near)])
    return np.concatenate(found)
