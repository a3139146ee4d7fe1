"""What the search moves: single units, or groups that stay together, with everything scaled for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.families import apart, without
from salesops_desktop.territory.figures import unit_edges
from salesops_desktop.territory.geography import chord_km, normalised, unit_vectors
from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices, sum_by, sum_vectors


@dataclass(frozen=True, slots=True)
class Blocks:
    """Units or groups as columns of length b.

    Attributes:
        of_unit: the block of each unit, [n].
        vectors: middle of the main part on the unit sphere, [b, 3]; meaningless without a position.
        moment: sum of weight times position over all units, [b, 3].
        positioned: whether any unit of the block has a position.
        weight: weight of its distance; all sum to 1, none is zero.
        shares: per measure, its part of a mean territory (1 is a whole one), [m, b].
        owner: who works most of it today; -1 for nobody.
        kept: the part of ``weight`` that its owner works today.
        locked: whether it must stay with its owner.
        tolerance: per measure, [m].
        edges: neighbouring blocks, [e, 2]; members apart from the main part of a group have no neighbours.
        unit_vectors: positions of the units, [n, 3].
        unit_weight: weight of the distance of each unit, [n].
        order: units by block, [n]; those of block i are ``size[i]`` from ``first[i]`` on.
        first: [b].
        size: units per block, [b].
    """

    of_unit: Indices
    vectors: Floats
    moment: Floats
    positioned: npt.NDArray[np.bool_]
    weight: Floats
    shares: Floats
    owner: Indices
    kept: Floats
    locked: npt.NDArray[np.bool_]
    tolerance: Floats
    edges: Indices
    unit_vectors: Floats
    unit_weight: Floats
    order: Indices
    first: Indices
    size: Indices

    def __len__(self) -> int:
        return len(self.weight)

    def km(self, block: Indices, points: Floats) -> Floats:
        """Weighted kilometres from all units of each block, [m], to a point of the unit sphere each, [m, 3]."""
        result: Floats = self.weight[block] * chord_km(self.vectors[block], points)
        several = np.flatnonzero(self.size[block] > 1)
        if len(several):  # a group may lie in many places; its middle says little about how far they are
            size = self.size[block[several]]
            place = np.repeat(np.arange(len(several)), size)
            step = np.arange(len(place)) - np.repeat(np.cumsum(size) - size, size)
            unit = self.order[self.first[block[several]][place] + step]
            far = self.unit_weight[unit] * chord_km(self.unit_vectors[unit], points[several][place])
            result[several] = sum_by(place, far, len(several))
        return result

    def km_to_all(self, block: Indices, points: Floats) -> Floats:
        """Weighted kilometres from each block, [m], to every one of the points, [p, 3]; [m, p]."""
        count = len(points)
        result = np.empty((len(block), count))
        rows = max(1, 1_000_000 // max(count, 1))
        for start in range(0, len(block), rows):
            part = block[start : start + rows]
            spread = self.km(np.repeat(part, count), np.tile(points, (len(part), 1)))
            result[start : start + rows] = spread.reshape(len(part), count)
        return result


def make_blocks(problem: DesignProblem, edges: Indices | None = None) -> Blocks:
    """The blocks of a checked problem."""
    n, k = len(problem), problem.territories
    of_unit = _block_of_unit(problem)
    count = int(of_unit.max()) + 1
    positioned = problem.positioned
    own_weight = problem.distance_weights
    # A unit that weighs nothing should still lie near its centre.
    weight = own_weight + 0.01 * own_weight.mean()
    vectors = np.zeros((n, 3))
    vectors[positioned] = unit_vectors(problem.latitude[positioned], problem.longitude[positioned])
    pull = np.where(positioned, weight, 0.0)
    near = unit_edges(problem) if edges is None else edges
    away = apart(problem, near)
    total = float(pull.sum()) or 1.0
    shares = np.stack(
        [sum_by(of_unit, values, count) * (k / float(values.sum())) for values in problem.measures.values()]
    )
    owner, kept = _owners(problem, of_unit, count, weight)
    graph = of_unit[without(near, away)]
    graph = np.unique(np.sort(graph[graph[:, 0] != graph[:, 1]], axis=1), axis=0)
    size = np.bincount(of_unit, minlength=count)
    return Blocks(
        of_unit=of_unit,
        vectors=normalised(sum_vectors(of_unit, np.where(away, 0.0, pull), vectors, count)),
        moment=sum_vectors(of_unit, pull / total, vectors, count),
        positioned=sum_by(of_unit, positioned, count) > 0,
        weight=sum_by(of_unit, pull, count) / total,
        shares=shares,
        owner=owner,
        kept=kept / total,
        locked=sum_by(of_unit, problem.locks, count) > 0,
        tolerance=np.array([problem.limit(name) for name in problem.measures]),
        edges=graph,
        unit_vectors=vectors,
        unit_weight=pull / total,
        order=np.argsort(of_unit, kind="stable"),
        first=np.cumsum(size) - size,
        size=size,
    )


def _block_of_unit(problem: DesignProblem) -> Indices:
    n = len(problem)
    group = np.full(n, NONE, dtype=np.int64) if problem.group is None else problem.group.astype(np.int64)
    # Units of no group get a number of their own, after all groups.
    own = np.where(group >= 0, group, group.max(initial=0) + 1 + np.arange(n))
    return np.unique(own, return_inverse=True)[1].reshape(-1).astype(np.intp)


def _owners(problem: DesignProblem, of_unit: Indices, count: int, weight: Floats) -> tuple[Indices, Floats]:
    """Who works most of each block (a lock decides), and how much of its weight that is."""
    owner = np.full(count, NONE, dtype=np.intp)
    kept = np.zeros(count)
    owned = np.flatnonzero(problem.owners != NONE)
    if not len(owned):
        return owner, kept
    k = problem.territories
    claim = weight[owned] + np.where(problem.locks[owned], weight.sum(), 0.0)
    pairs, index = np.unique(of_unit[owned] * k + problem.owners[owned], return_inverse=True)
    strength = sum_by(index.reshape(-1), claim, len(pairs))
    held = sum_by(index.reshape(-1), weight[owned], len(pairs))
    order = np.lexsort((pairs, strength))  # the strongest claim on a block is written last
    owner[pairs[order] // k] = pairs[order] % k
    kept[pairs[order] // k] = held[order]
    return owner, kept
