"""Counting the pieces of territories by joining the ends of links: one pass, no graph to build."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.kernels.compiled import compiled

Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@compiled("i8(i8[::1], i8)")
def _top(parent: Longs, unit: int) -> int:
    while parent[unit] != unit:
        parent[unit] = parent[parent[unit]]
        unit = parent[unit]
    return unit


@compiled("void(i8[::1], i8[::1], i8[::1], i8[::1], b1[::1], b1[::1], i8[::1], i8[::1])")
def count_pieces(
    first: Longs,
    second: Longs,
    carrier: Longs,
    where: Longs,
    counts: Flags,
    touched: Flags,
    parent: Longs,
    pieces: Longs,
) -> None:
    """Count the connected pieces of the touched territories.

    Args:
        first: one end of each link, [m].
        second: the other end, [m].
        carrier: who stands for each unit in the graph, -1 for nobody, [n].
        where: territory per unit, [n].
        counts: units that count as part of a piece, [n].
        touched: territories to be counted, as many as ``where`` may name.
        parent: room to write on, [n].
        pieces: the result for those territories, [k + 1].
    """
    for unit in range(len(where)):
        parent[unit] = unit
        if touched[where[unit]] and counts[unit]:
            pieces[where[unit]] += 1
    for i in range(len(first)):
        a, b = carrier[first[i]], carrier[second[i]]
        if a < 0 or b < 0 or where[a] != where[b] or not touched[where[a]]:
            continue
        if not (counts[a] and counts[b]):
            continue
        a, b = _top(parent, a), _top(parent, b)
        if a != b:
            parent[max(a, b)] = min(a, b)
            pieces[where[a]] -= 1
