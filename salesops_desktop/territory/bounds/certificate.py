"""The certificate of a design: how far it is from what no design can beat."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from salesops_desktop.model.progress import Progress, part_of, silent
from salesops_desktop.territory.bounds.homes import homes_bound
from salesops_desktop.territory.bounds.imbalance import imbalance_bounds
from salesops_desktop.territory.bounds.moved import moved_lower_bound, moved_values
from salesops_desktop.territory.bounds.p_median import Relaxed, free_centres_bound
from salesops_desktop.territory.bounds.prices import Territories
from salesops_desktop.territory.bounds.records import (
    FLOW,
    LAGRANGIAN,
    NOTHING,
    BalanceBound,
    Certificate,
    DistanceBound,
    Kind,
    MovedBound,
)
from salesops_desktop.territory.figures import Design
from salesops_desktop.territory.geography import great_circle_km, unit_vectors
from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices, sum_by

CLASSES = 6
"""Into how many classes territories of different targets are gathered at most, where centres are free."""


def certify(
    problem: DesignProblem, design: Design, *, seconds: float = 4.0, seed: int = 0, progress: Progress = silent
) -> Certificate:
    """Prove how much better than ``design`` any assignment could be.

    Args:
        problem: what was asked.
        design: what was found, or any other assignment with its figures.
        seconds: how much work is put into the distance. It also ends the proof on a machine slower than expected; what
            is proven by then is weaker and as valid. Otherwise the same input gives the same certificate.
        seed: kept for searches left to chance; the present ones leave nothing to it.
        progress: called all the time; what it raises ends the work.

    Returns:
        The certificate. Its sentences can be shown as they are.
    """
    del seed
    begun = time.monotonic()
    progress(0, 100, "Proving what is unavoidable")
    reached = {name: _deviation(design.totals[name], problem.targets(name)) for name in problem.measures}
    balance = imbalance_bounds(problem, reached)
    moved = _moved(problem, design)
    distance = _distance(problem, design, reached, seconds, part_of(progress, 10, 100))
    said = [*map(_balance_sentence, balance), distance.sentence, *([moved.sentence] if moved else [])]
    return Certificate(
        balance, distance, moved, time.monotonic() - begun, tuple(sentence for sentence in said if sentence)
    )


def _deviation(total: Floats, target: Floats) -> float:
    known = target > 0
    return float(np.abs(total[known] / target[known] - 1).max(initial=0.0))


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _balance_sentence(bound: BalanceBound) -> str:
    if bound.unavoidable:
        return (
            f"{bound.measure}: no assignment stays within {_percent(bound.limit)}; at least {_percent(bound.lower)} is "
            f"unavoidable, and this design has {_percent(bound.reached)}. {bound.sentence} {bound.relax}"
        )
    if bound.reached > bound.limit + 1e-9:
        return (
            f"{bound.measure}: this design has {_percent(bound.reached)} where {_percent(bound.limit)} was asked; "
            "nothing proves that less is impossible."
        )
    return ""


def _moved(problem: DesignProblem, design: Design) -> MovedBound | None:
    if not (problem.owners != NONE).any():
        return None
    need = moved_lower_bound(problem)
    amount = float(moved_values(problem)[1][design.moved].sum())
    name = need.measure or "units"
    if need.amount <= 0:
        said = f"Nothing has to change hands to keep the tolerances; {_of(amount, need.total)} of {name} does."
    else:
        said = (
            f"At least {_of(need.amount, need.total)} of {name} must change hands to keep the tolerances; "
            f"this design moves {_of(amount, need.total)}."
        )
    return MovedBound(name, amount, need.amount, need.total, said)


def _of(amount: float, total: float) -> str:
    return _percent(amount / total) if total > 0 else "nothing"


@dataclass(frozen=True, slots=True)
class _Scope:
    """Units and territories that share nothing with the others: all, or those of one boundary."""

    units: Indices
    territories: Indices


def _scopes(problem: DesignProblem) -> list[_Scope]:
    k = problem.territories
    if problem.part is None or problem.territory_part is None:
        return [_Scope(np.arange(len(problem)), np.arange(k))]
    of_territory = problem.territory_part.astype(np.int64)
    of_unit = np.where(problem.locks, of_territory[np.maximum(problem.owners, 0)], problem.part.astype(np.int64))
    return [
        _Scope(np.flatnonzero(of_unit == number), np.flatnonzero(of_territory == number))
        for number in np.unique(of_territory).tolist()
    ]


def _distance(
    problem: DesignProblem, design: Design, reached: dict[str, float], seconds: float, progress: Progress
) -> DistanceBound:
    within = {name: max(problem.limit(name), reached[name]) for name in problem.measures}
    positioned = problem.positioned
    weights = np.where(positioned, problem.distance_weights, 0.0)
    mass = float(weights.sum())
    scopes = [scope for scope in _scopes(problem) if len(scope.units)]
    on_globe = getattr(problem, "vectors", None) is None  # the proofs know the globe, not a plane
    total, kinds = 0.0, set[Kind]()
    done = 0
    for scope in scopes if mass > 0 and design.mean_km > 0 and on_globe else []:
        low = 100.0 * done / len(problem)
        done += len(scope.units)
        part = part_of(progress, low, 100.0 * done / len(problem))
        share = max(seconds * len(scope.units) / len(problem), 0.05)
        if not weights[scope.units].sum() > 0:
            continue
        known = _homes_known(problem)[scope.territories]
        if known.all():
            kind: Kind = FLOW
            value = _to_homes(problem, scope, weights, within, share, part)
        else:
            kind = LAGRANGIAN
            value = _to_free(problem, design, scope, weights, within, share, part)
        if value > 0:
            total += value
            kinds.add(kind)
    return _said(design.mean_km, total / mass if mass > 0 else 0.0, kinds, within)


def _said(reached: float, lower: float, kinds: set[Kind], within: dict[str, float]) -> DistanceBound:
    if reached == 0:
        return DistanceBound(
            FLOW, 0.0, 0.0, within, "No unit lies away from its centre: no design has shorter distances."
        )
    if not kinds or lower <= 0:
        sentence = f"The mean distance is {reached:.1f} km; how much shorter it could be was not proven in the time."
        return DistanceBound(NOTHING, reached, math.nan, within, sentence)
    kind: Kind = LAGRANGIAN if LAGRANGIAN in kinds else FLOW
    balance = ", ".join(f"{_percent(limit)} on {name}" for name, limit in within.items())
    gap = max(1 - lower / reached, 0.0)
    return DistanceBound(
        kind,
        reached,
        min(lower, reached),
        within,
        f"The mean distance is {reached:.1f} km; proven ({kind}): no assignment within {balance} has less than "
        f"{lower:.1f} km, so at most {_percent(gap)} of it could still be saved.",
    )


def _homes_known(problem: DesignProblem) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    if problem.home_latitude is None or problem.home_longitude is None:
        return np.zeros(problem.territories, dtype=np.bool_)
    known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = np.isfinite(problem.home_latitude) & np.isfinite(
        problem.home_longitude
    )
    return known


def _limits(problem: DesignProblem, scope: _Scope, within: dict[str, float]) -> tuple[Floats, Floats]:
    """What each territory of the scope may hold of each measure, [m, t] each."""
    target = np.stack([problem.targets(name)[scope.territories] for name in within])
    limit = np.array(list(within.values()))[:, None] + 1e-9
    return target * np.maximum(1 - limit, 0.0), target * (1 + limit)


def _blocks(problem: DesignProblem, scope: _Scope) -> Indices:
    """What stays together, numbered from 0, per unit of the scope: groups, and what is locked to one territory."""
    n = len(problem)
    own = np.arange(n) + problem.territories
    if problem.group is not None:
        group = problem.group.astype(np.int64)
        own = np.where(group >= 0, n + problem.territories + group, own)
        bound = problem.locks & (group >= 0)
        owner = np.full(int(group.max(initial=0)) + 1, NONE, dtype=np.int64)
        owner[group[bound]] = problem.owners[bound]
        own = np.where((group >= 0) & (owner[np.maximum(group, 0)] != NONE), owner[np.maximum(group, 0)], own)
    own = np.where(problem.locks, problem.owners, own)[scope.units]
    return np.unique(own, return_inverse=True)[1].reshape(-1).astype(np.intp)


def _to_homes(
    problem: DesignProblem, scope: _Scope, weights: Floats, within: dict[str, float], seconds: float, progress: Progress
) -> float:
    assert problem.home_latitude is not None
    assert problem.home_longitude is not None
    units, territories = scope.units, scope.territories
    block = _blocks(problem, scope)
    count = int(block.max()) + 1
    cost = np.empty((count, len(territories)))
    for at, territory in enumerate(territories.tolist()):
        home = problem.home_latitude[territory], problem.home_longitude[territory]
        km = great_circle_km(problem.latitude[units], problem.longitude[units], np.array(home[0]), np.array(home[1]))
        cost[:, at] = sum_by(block, np.where(weights[units] > 0, weights[units] * np.nan_to_num(km), 0.0), count)
    place = np.full(problem.territories, NONE, dtype=np.intp)
    place[territories] = np.arange(len(territories))
    if problem.forbidden is not None and problem.forbidden.size:
        of_block = np.full(len(problem), NONE, dtype=np.intp)
        of_block[units] = np.where(problem.locks[units], NONE, block)
        unit, territory = problem.forbidden.astype(np.intp).T
        bad = (of_block[unit] != NONE) & (place[territory] != NONE)
        cost[of_block[unit[bad]], place[territory[bad]]] = np.inf
    locked = np.flatnonzero(problem.locks[units])
    if len(locked):
        mine, owner = block[locked], place[problem.owners[units[locked]]]
        kept = cost[mine, owner]
        cost[mine] = np.inf
        cost[mine, owner] = kept
    loads = np.stack([sum_by(block, problem.measures[name][units], count) for name in within])
    low, high = _limits(problem, scope, within)
    return max(homes_bound(cost, loads, low, high, seconds=seconds, progress=progress), 0.0)


def _to_free(
    problem: DesignProblem,
    design: Design,
    scope: _Scope,
    weights: Floats,
    within: dict[str, float],
    seconds: float,
    progress: Progress,
) -> float:
    units, territories = scope.units, scope.territories
    ruling = problem.weight or next(iter(within))
    at = list(within).index(ruling)
    low, high = (each[at] for each in _limits(problem, scope, within))
    homes = np.full((len(territories), 3), np.nan)
    if problem.home_latitude is not None and problem.home_longitude is not None:
        homes = unit_vectors(problem.home_latitude[territories], problem.home_longitude[territories])
    here = problem.positioned[units]
    vectors = np.zeros((len(units), 3))
    vectors[here] = unit_vectors(problem.latitude[units][here], problem.longitude[units][here])
    vectors[~here, 2] = 1.0
    place = np.full(problem.territories, NONE, dtype=np.intp)
    place[territories] = np.arange(len(territories))
    centres = unit_vectors(design.centre_latitude[territories], design.centre_longitude[territories])
    centres = np.where(np.isfinite(centres), centres, np.array([0.0, 0.0, 1.0]))
    relaxed = Relaxed(
        vectors,
        weights[units],
        problem.measures[ruling][units].astype(np.float64),
        _classes(low, high, homes),
        np.maximum(place[design.assignment[units]], 0),
        centres,
    )
    return free_centres_bound(relaxed, seconds=seconds, progress=progress)


def _classes(low: Floats, high: Floats, homes: Floats) -> Territories:
    """Territories with a home one by one; the others gathered by target, each class with the widest of its limits."""
    fixed = np.isfinite(homes).all(axis=1)
    rows: list[tuple[float, float, float, Floats]] = [(low[t], high[t], 1.0, homes[t]) for t in np.flatnonzero(fixed)]
    free = np.flatnonzero(~fixed)
    free = free[np.argsort(high[free], kind="stable")]
    if len(np.unique(np.round(high[free] / high.max(), 9))) <= CLASSES:
        same = np.round(high[free] / high.max(), 9)
        groups = [free[same == value] for value in np.unique(same)]
    else:
        groups = np.array_split(free, CLASSES)
    rows += [(low[g].min(), high[g].max(), float(len(g)), np.full(3, np.nan)) for g in groups if len(g)]
    return Territories(
        np.array([row[0] for row in rows]),
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows]).reshape(-1, 3),
    )
