"""Groups whose members lie apart: which of them cannot be in one piece with the rest, and how the graph does without.

A subsidiary in another town stays with its parent's territory, however far away. It would be wrong to call that
territory torn, and as wrong to let other accounts hang on the subsidiary. So each group has a main part, the heaviest
of its connected parts; its other members are **apart**: they leave the graph, and a neighbour of each takes over its
neighbours, so that what lay around them stays together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.neighbours import pieces, unique_pairs
from salesops_desktop.territory.problem import NONE, DesignProblem, Indices, sum_by

Flags = npt.NDArray[np.bool_]


def apart(problem: DesignProblem, edges: Indices) -> Flags:
    """Which positioned units lie apart from the main part of their group, [n]."""
    result = np.zeros(len(problem), dtype=np.bool_)
    if problem.group is None:
        return result
    group = problem.group.astype(np.intp)
    member = np.flatnonzero((group >= 0) & problem.positioned)
    if not len(member):
        return result
    inside = np.zeros(len(problem), dtype=np.bool_)
    inside[member] = True
    label = pieces(edges, group, inside)[member]
    weight = problem.distance_weights[member] + 1e-9
    mass = sum_by(label, weight, int(label.max()) + 1)[label]
    # The heaviest part of a group comes first, the first number where two weigh the same.
    order = np.lexsort((member, -mass, group[member]))
    groups, first = np.unique(group[member][order], return_index=True)
    main = np.full(int(groups.max()) + 1, NONE, dtype=np.intp)
    main[groups] = label[order[first]]
    result[member] = label != main[group[member]]
    return result


def excused(problem: DesignProblem, assignment: Indices, edges: Indices) -> Flags:
    """Which units lie apart from their group's main part and are with it in one territory all the same, [n]."""
    away = apart(problem, edges)
    if problem.group is None or not away.any():
        return away
    group = problem.group.astype(np.intp)
    main = np.flatnonzero((group >= 0) & problem.positioned & ~away)
    together = {(int(group[u]), int(assignment[u])) for u in main}
    for unit in np.flatnonzero(away).tolist():
        away[unit] = (int(group[unit]), int(assignment[unit])) in together
    return away


def without(edges: Indices, gone: Flags) -> Indices:
    """The graph without the units ``gone``: each one's neighbours become neighbours of one of them, [m, 2]."""
    if not gone.any() or not len(edges):
        return edges
    carrier = np.arange(len(gone), dtype=np.intp)
    carrier[gone] = NONE
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    while True:
        a, b = both[:, 0], both[:, 1]
        reach = (carrier[a] == NONE) & (carrier[b] != NONE)
        unit, first = np.unique(a[reach], return_index=True)
        if not len(unit):
            break
        carrier[unit] = carrier[b[reach][first]]
    kept = carrier[edges]
    kept = kept[(kept != NONE).all(axis=1) & (kept[:, 0] != kept[:, 1])]
    return unique_pairs(kept, len(gone))
