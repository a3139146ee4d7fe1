"""Forecasts as whole minor units that still add up at every level, with fixed nodes exact."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.hierarchy import Hierarchy
from salesops_desktop.forecast.overrides import Atoms

Matrix = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LARGEST = 2**53
"""Whole numbers beyond it are not exact as floats, which the engine computes in."""


class Rounding:
    """Rounds the values of a hierarchy, period by period."""

    def __init__(self, hierarchy: Hierarchy, floor: Mask) -> None:
        """Prepare for a hierarchy whose bottom series (b,) with ``floor`` must not fall below 0."""
        self._hierarchy = hierarchy
        self._floor = np.zeros(hierarchy.n, dtype=bool)
        self._floor[hierarchy.bottom] = floor
        self._series_floor = floor
        on_the_way = np.zeros(hierarchy.n, dtype=bool)
        step = hierarchy.bottom
        while len(step):
            on_the_way[step] = True
            step = np.unique(hierarchy.parent[step])
            step = step[(step >= 0) & ~on_the_way[step]]
        self._tree = on_the_way
        below = np.flatnonzero(on_the_way & (hierarchy.parent >= 0))
        order = below[np.argsort(hierarchy.parent[below], kind="stable")]
        parents, starts = np.unique(hierarchy.parent[order], return_index=True)
        depth = np.zeros(hierarchy.n, dtype=np.intp)
        for node in np.flatnonzero(on_the_way)[1:]:
            depth[node] = depth[hierarchy.parent[node]] + 1
        families = list(zip(parents.tolist(), np.split(order, starts[1:]), strict=True))
        self._families = sorted(families, key=lambda family: int(depth[family[0]]))

    def __call__(self, values: Matrix, fixed: Mapping[int, int]) -> Integers:
        """(n,) integers that add up, near to (n,) values that add up.

        From the top down each sum is shared out among its parts by largest remainder, so that no node of the tree is
        off by more than its parent's rounding makes it. Numbers fixed across the tree (at the other dimension of a
        crossed hierarchy) are met by an integer programme instead.

        Args:
            values: (n,) real, of magnitude below 2⁵³.
            fixed: nodes and their exact amounts, free of contradictions.
        """
        if all(self._tree[node] for node in fixed):
            bottoms = self._down_the_tree(values, fixed)
        else:
            bottoms = self._across(values[self._hierarchy.bottom], fixed)
        return np.asarray(self._hierarchy.sums(bottoms), dtype=np.int64)

    def _down_the_tree(self, values: Matrix, fixed: Mapping[int, int]) -> Integers:
        low = np.where(self._floor, 0.0, -np.inf)
        settled = np.zeros(len(low), dtype=bool)
        for node, amount in fixed.items():
            low[node], settled[node] = amount, True
        for parent, children in reversed(self._families):
            if not settled[parent]:
                low[parent] = low[children].sum()
                settled[parent] = settled[children].all()
        whole = np.zeros(len(low), dtype=np.int64)
        whole[0] = int(low[0]) if settled[0] else int(max(np.round(values[0]), low[0]))
        for parent, children in self._families:
            whole[children] = share(int(whole[parent]), values[children], low[children], settled[children])
        return whole[self._hierarchy.bottom]

    def _across(self, bottoms: Matrix, fixed: Mapping[int, int]) -> Integers:
        nodes = sorted(fixed)
        atoms = Atoms.of(self._hierarchy, nodes, self._series_floor)
        near = np.bincount(atoms.of_series, weights=bottoms, minlength=len(atoms.floor)).astype(np.float64)
        totals = atoms.solve([fixed[node] for node in nodes], near)
        if totals is None:
            raise ValueError("The fixed numbers contradict each other.")
        free = ~atoms.member.any(axis=0)
        totals[free] = np.round(near[free]).astype(np.int64)
        low = np.where(self._series_floor, 0.0, -np.inf)
        whole = np.zeros(len(bottoms), dtype=np.int64)
        for atom, total in enumerate(totals.tolist()):
            rows = np.flatnonzero(atoms.of_series == atom)
            whole[rows] = share(total, bottoms[rows], low[rows], np.zeros(len(rows), dtype=bool))
        return whole


def share(total: int, wanted: Matrix, low: Matrix, settled: Mask) -> Integers:
    """(m,) integers that sum to ``total``, near to ``wanted``, by largest remainder.

    Args:
        total: what is shared out.
        wanted: (m,) real numbers.
        low: (m,) whole numbers (or −∞) below which a part must not fall.
        settled: (m,) parts that must be exactly ``low``.
    """
    floored = np.maximum(np.floor(wanted), low)
    whole = np.where(settled, low, floored).astype(np.int64)
    fraction = np.where(settled, -np.inf, wanted - floored)
    movable = np.flatnonzero(~settled)
    gap = total - int(whole.sum())
    if gap > 0 and len(movable):
        each, left = divmod(gap, len(movable))
        whole[movable] += each
        whole[np.argsort(-fraction, kind="stable")[:left]] += 1
        return whole
    while gap < 0:
        can = movable[whole[movable] > low[movable]]
        if not len(can):
            break
        room = np.minimum(whole[can] - low[can], max(1, -gap // len(can)))
        order = np.argsort(fraction[can], kind="stable")
        taken = np.minimum(np.maximum(-gap - np.concatenate([[0], np.cumsum(room[order])[:-1]]), 0), room[order])
        whole[can[order]] -= taken.astype(np.int64)
        gap = total - int(whole.sum())
    if total != int(whole.sum()):
        message = f"{total} cannot be shared out among parts that are at least {low.tolist()}."
        raise ValueError(message)
    return whole
