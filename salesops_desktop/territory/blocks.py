"""What the search moves: single units, or groups that stay together, with everything scaled for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.families import apart, without
from salesops_desktop.territory.figures import unit_edges
from salesops_desktop.territory.geography import normalised
from salesops_desktop.territory.neighbours import unique_pairs
from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices, sum_by, sum_vectors
from salesops_desktop.territory.rules import Rules, blocks_of, rules_of


@dataclass(frozen=True, slots=True)
class Blocks:
    """Units or groups as columns of length b.

    Attributes:
        of_unit: the block of each unit, [n].
        radius: of the globe, km; 0 on a plane.
        vectors: middle of the main part, km, [b, 3]; meaningless without a position.
        moment: sum of weight times position over all units, [b, 3].
        positioned: whether any unit of the block has a position.
        weight: weight of its distance; all sum to 1, none is zero.
        shares: per measure, its part of a mean territory (1 is a whole one), [m, b].
        target: per measure, what each territory should hold, in mean territories, [m, k].
        owner: who works most of it today; -1 for nobody.
        kept: the part of ``weight`` that its owner works today.
        handed: the part of all that counts as moved that changes hands when its owner loses it.
        locked: whether it must stay with its owner.
        rules: where each may go.
        tolerance: per measure, [m].
        edges: neighbouring blocks, [e, 2]; members apart from the main part of a group have no neighbours.
        unit_vectors: positions of the units, km, [n, 3].
        unit_weight: weight of the distance of each unit, [n].
        order: units by block, [n]; those of block i are ``size[i]`` from ``first[i]`` on.
        first: [b].
        size: units per block, [b].
    """

    of_unit: Indices
    radius: float
    vectors: Floats
    moment: Floats
    positioned: npt.NDArray[np.bool_]
    weight: Floats
    shares: Floats
    target: Floats
    owner: Indices
    kept: Floats
    handed: Floats
    locked: npt.NDArray[np.bool_]
    rules: Rules
    tolerance: Floats
    edges: Indices
    unit_vectors: Floats
    unit_weight: Floats
    order: Indices
    first: Indices
    size: Indices

    def __len__(self) -> int:
        return len(self.weight)

    def on_surface(self, vectors: Floats) -> Floats:
        """Sums of places, [n, 3] weighted to one each, on the globe where there is one."""
        return self.radius * normalised(vectors) if self.radius > 0 else vectors

    def km_to(self, block: Indices, part: Indices, count: int, points: Floats) -> Floats:
        """Weighted kilometres from the blocks of each part to each point.

        Args:
            block: blocks, [m].
            part: the part of each, [m], from 0 to ``count`` - 1.
            count: number of parts.
            points: km, [p, 3].

        Returns:
            [count, p].
        """
        own, place, weight = self._units(block, part)
        result = np.empty((count, len(points)))
        for column, point in enumerate(points):
            away = place - point
            result[:, column] = sum_by(own, weight * np.sqrt(np.einsum("ij,ij->i", away, away)), count)
        return result

    def km_within(self, block: Indices, part: Indices, points: Floats) -> Floats:
        """Weighted kilometres from the blocks of each part to its own point; see ``km_to``; [p]."""
        own, place, weight = self._units(block, part)
        return sum_by(own, weight * np.linalg.norm(place - points[own], axis=1), len(points))

    def _units(self, block: Indices, part: Indices) -> tuple[Indices, Floats, Floats]:
        """The part, place and weight of the positioned units of blocks."""
        of_block = np.full(len(self), NONE, dtype=np.intp)
        of_block[block] = part
        unit = np.flatnonzero((of_block[self.of_unit] != NONE) & (self.unit_weight > 0))
        return of_block[self.of_unit[unit]], self.unit_vectors[unit], self.unit_weight[unit]


def make_blocks(problem: DesignProblem, edges: Indices | None = None) -> Blocks:
    """The blocks of a checked problem."""
    k = problem.territories
    of_unit = blocks_of(problem)
    count = int(of_unit.max()) + 1
    positioned = problem.positioned
    own_weight = problem.distance_weights
    # A unit that weighs nothing should still lie near its centre.
    weight = own_weight + 0.001 * own_weight.mean()
    vectors = problem.points
    pull = np.where(positioned, weight, 0.0)
    near = unit_edges(problem) if edges is None else edges
    away = apart(problem, near)
    total = float(pull.sum()) or 1.0
    scale = {name: k / float(values.sum()) for name, values in problem.measures.items()}
    owner, kept, handed = _owners(problem, of_unit, count, weight)
    graph = of_unit[without(near, away)]
    graph = unique_pairs(graph, count)
    size = np.bincount(of_unit, minlength=count)
    main = np.where(away, 0.0, pull)
    middle = sum_vectors(of_unit, main, vectors, count) / np.maximum(sum_by(of_unit, main, count), 1e-300)[:, None]
    return Blocks(
        of_unit=of_unit,
        radius=problem.radius,
        vectors=problem.radius * normalised(middle) if problem.radius > 0 else middle,
        moment=sum_vectors(of_unit, pull / total, vectors, count),
        positioned=sum_by(of_unit, positioned, count) > 0,
        weight=sum_by(of_unit, pull, count) / total,
        shares=np.stack([sum_by(of_unit, problem.measures[name], count) * scale[name] for name in scale]),
        target=np.stack([problem.targets(name) * scale[name] for name in scale]),
        owner=owner,
        kept=kept / total,
        handed=handed,
        locked=sum_by(of_unit, problem.locks, count) > 0,
        rules=rules_of(problem, of_unit, count),
        tolerance=np.array([problem.limit(name) for name in problem.measures]),
        edges=graph,
        unit_vectors=vectors,
        unit_weight=pull / total,
        order=np.argsort(of_unit, kind="stable"),
        first=np.cumsum(size) - size,
        size=size,
    )


def _owners(problem: DesignProblem, of_unit: Indices, count: int, weight: Floats) -> tuple[Indices, Floats, Floats]:
    """Who works most of each block (a lock decides), how much of its weight, and of what counts as moved, that is."""
    owner = np.full(count, NONE, dtype=np.intp)
    kept, handed = np.zeros(count), np.zeros(count)
    owned = np.flatnonzero(problem.owners != NONE)
    if not len(owned):
        return owner, kept, handed
    k = problem.territories
    claim = weight[owned] + np.where(problem.locks[owned], weight.sum(), 0.0)
    moved = problem.measures[problem.moved_measure].astype(np.float64)
    pairs, index = np.unique(of_unit[owned] * k + problem.owners[owned], return_inverse=True)
    index = index.reshape(-1)
    order = np.lexsort((pairs, sum_by(index, claim, len(pairs))))  # the strongest claim on a block is written last
    block = pairs[order] // k
    owner[block] = pairs[order] % k
    kept[block] = sum_by(index, weight[owned], len(pairs))[order]
    handed[block] = (sum_by(index, moved[owned], len(pairs)) / max(float(moved.sum()), 1e-300))[order]
    return owner, kept, handed
