"""Connected pieces after an edit: only what was touched is counted again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.families import apart
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
        self.edges = edges
        self._first, self._second = np.ascontiguousarray(edges[:, 0]), np.ascontiguousarray(edges[:, 1])
        self._away = np.flatnonzero(apart(problem, edges))
        self._none = np.zeros(len(problem), dtype=np.bool_)
        self._carried: tuple[bytes, Flags, Indices, Indices] | None = None
        if len(self._away) and problem.group is not None:
            self._group = problem.group.astype(np.int64)
            named = np.zeros(int(self._group.max()) + 1, dtype=np.bool_)
            named[self._group[self._away]] = True
            inside = (self._group >= 0) & self.positioned
            inside[self._away] = False
            inside &= named[np.maximum(self._group, 0)]
            self._main = np.flatnonzero(inside)
            both = np.concatenate([edges, edges[:, ::-1]])
            self._both = both[np.lexsort((both[:, 1], both[:, 0]))]

    def count(self, where: Indices, touched: Flags, before: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The pieces per territory, [k].

        Args:
            where: territory per unit, k for none, [n].
            touched: territories that gained or lost units, [k + 1], the last False.
            before: the counts before, [k]; taken over for what was not touched.
        """
        exempt, first, second, same = self._graph(where)
        if not same:  # what lies apart carries its neighbours' links: they may matter anywhere
            touched = np.ones(self.k + 1, dtype=np.bool_)
            touched[self.k] = False
        result = np.where(touched[: self.k], 0, before)
        nodes = np.flatnonzero(touched[where] & self.positioned & ~exempt)
        if not len(nodes):
            return result
        territory = where[first]
        inside = touched[territory]
        inside &= territory == where[second]
        place = np.full(len(where), NONE, dtype=np.int32)
        place[nodes] = np.arange(len(nodes), dtype=np.int32)
        label = _components(len(nodes), place[first[inside]], place[second[inside]])
        seen = np.unique(label, return_index=True)[1]
        np.add.at(result, where[nodes[seen]], 1)
        return result

    def _graph(self, where: Indices) -> tuple[Flags, Indices, Indices, bool]:
        """Who is exempt, the links without them, and whether they are those of the last call."""
        if not len(self._away):
            return self._none, self._first, self._second, True
        width = self.k + 1
        mains = self._group[self._main] * width + where[self._main]
        keys = self._group[self._away] * width + where[self._away]
        flags = np.isin(keys, mains)
        key = flags.tobytes()
        if self._carried is not None and self._carried[0] == key:
            return (*self._carried[1:], True)
        exempt = self._none.copy()
        exempt[self._away[flags]] = True
        carrier = self._carriers(exempt)
        first, second = carrier[self._first], carrier[self._second]
        kept = (first != NONE) & (second != NONE)
        self._carried = key, exempt, first[kept], second[kept]
        return (*self._carried[1:], False)

    def _carriers(self, exempt: Flags) -> Indices:
        """Who stands for each unit in the graph: itself, or the neighbour that takes over; see ``families.without``."""
        carrier = np.arange(len(exempt), dtype=np.intp)
        carrier[exempt] = NONE
        both = self._both[exempt[self._both[:, 0]]]
        while True:
            a, b = both[:, 0], both[:, 1]
            reach = (carrier[a] == NONE) & (carrier[b] != NONE)
            unit, first = np.unique(a[reach], return_index=True)
            if not len(unit):
                return carrier
            carrier[unit] = carrier[b[reach][first]]


def _components(count: int, first: npt.NDArray[np.int32], second: npt.NDArray[np.int32]) -> npt.NDArray[np.integer]:
    from scipy.sparse import coo_array  # noqa: PLC0415  # slow to load, and the package is imported early
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415  # slow to load, and the package is imported early

    graph = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(count, count))
    label: npt.NDArray[np.integer] = connected_components(graph, directed=False)[1]
    return label
