"""Connected pieces after an edit: only what was touched is counted again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.families import apart
from salesops_desktop.territory.kernels.union import count_pieces
from salesops_desktop.territory.problem import NONE, DesignProblem, Indices

Flags = npt.NDArray[np.bool_]


class PieceCounter:
    """Counts pieces as ``evaluate`` does: members of a group that lie apart from its main part do not count.

    Args:
        problem: the units.
        edges: their neighbourhood graph, [m, 2].
    """

    def __init__(self, problem: DesignProblem, edges: Indices) -> None:
        self.k = problem.territories
        self.positioned = problem.positioned
        self._first = np.ascontiguousarray(edges[:, 0], dtype=np.int64)
        self._second = np.ascontiguousarray(edges[:, 1], dtype=np.int64)
        self._carrier = np.arange(len(problem), dtype=np.int64)
        self._exempt = np.zeros(len(problem), dtype=np.bool_)
        self._room = np.zeros(len(problem), dtype=np.int64)
        self._away = np.flatnonzero(apart(problem, edges))
        self._settled = self._carrier
        if len(self._away) and problem.group is not None:
            self._group = problem.group.astype(np.int64)
            named = np.zeros(int(self._group.max()) + 1, dtype=np.bool_)
            named[self._group[self._away]] = True
            inside = (self._group >= 0) & self.positioned & named[np.maximum(self._group, 0)]
            inside[self._away] = False
            self._main = np.flatnonzero(inside)
            away = np.zeros(len(problem), dtype=np.bool_)
            away[self._away] = True
            both = np.concatenate([edges, edges[:, ::-1]])
            both = both[away[both[:, 0]]]
            self._links = both[np.lexsort((both[:, 1], both[:, 0]))]

    def count(self, where: Indices, touched: Flags, before: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The pieces per territory, [k].

        Args:
            where: territory per unit, k for none, [n].
            touched: territories that gained or lost units, [k + 1], the last False.
            before: the counts when ``settle`` was last called, [k]; taken over for what was not touched.
        """
        self._carry(self._excused(where))
        changed = np.flatnonzero(self._carrier != self._settled)
        if len(changed):  # who carries whose links matters where both ends are in one territory
            ends = np.concatenate([changed, self._carrier[changed], self._settled[changed]])
            touched = touched.copy()
            touched[where[ends[ends != NONE]]] = True
            touched[self.k] = False
        result = np.zeros(self.k + 1, dtype=np.int64)
        result[: self.k] = np.where(touched[: self.k], 0, before)
        counts = self.positioned & ~self._exempt
        at = where.astype(np.int64)
        count_pieces(self._first, self._second, self._carrier, at, counts, touched, self._room, result)
        return result[: self.k]

    def settle(self) -> None:
        """Take what was counted last as what later counts start from."""
        self._settled = self._carrier

    def _excused(self, where: Indices) -> Flags:
        """Which of those that lie apart are with their group's main part, [a]."""
        if not len(self._away):
            return np.zeros(0, dtype=np.bool_)
        width = self.k + 1
        mains = self._group[self._main] * width + where[self._main]
        return np.isin(self._group[self._away] * width + where[self._away], mains)

    def _carry(self, excused: Flags) -> None:
        """Find who carries the links of those exempt; see ``families.without``."""
        if np.array_equal(excused, self._exempt[self._away]):
            return
        self._exempt[self._away] = excused
        exempt, carrier = self._exempt, np.arange(len(self._exempt), dtype=np.int64)
        carrier[exempt] = NONE
        both = self._links[exempt[self._links[:, 0]]]
        while True:
            a, b = both[:, 0], both[:, 1]
            reach = (carrier[a] == NONE) & (carrier[b] != NONE)
            unit, first = np.unique(a[reach], return_index=True)
            if not len(unit):
                break
            carrier[unit] = carrier[b[reach][first]]
        self._carrier = carrier
