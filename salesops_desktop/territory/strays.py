"""Making territories whole: what lies apart from its territory goes to one that it touches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.geography import chord_km, normalised
from salesops_desktop.territory.neighbours import pieces
from salesops_desktop.territory.problem import NONE, Floats, Indices, sum_vectors


def join_strays(blocks: Blocks, start: Indices, k: int) -> Indices:
    """``start`` with every territory in one piece where locks and the graph allow it.

    The heaviest piece of a territory stays (a locked block makes it heavier than any other); the other pieces go,
    block by block, to the nearest of the territories they touch.
    """
    result = start.copy()
    inside = result != NONE
    label = pieces(blocks.edges, result, inside)
    count = int(label.max(initial=-1)) + 1
    if count == 0:
        return result
    mass = np.bincount(label[inside], (blocks.weight + 1e-12 + blocks.locked)[inside], count)
    territory = np.zeros(count, dtype=np.intp)
    territory[label[inside]] = result[inside]
    order = np.lexsort((mass, territory))
    last = np.r_[territory[order][1:] != territory[order][:-1], True]
    keeps = np.zeros(count, dtype=np.bool_)
    keeps[order[last]] = True
    stray = inside & ~keeps[label] & ~blocks.locked
    result[stray] = NONE
    held = np.flatnonzero(inside & ~stray)
    sums = sum_vectors(result[held], blocks.weight[held], blocks.vectors[held], k)
    centre = normalised(sums)
    for unit, target in _grow(blocks, result, stray, centre):
        result[unit] = target
    lost = np.flatnonzero(stray & (result == NONE))
    result[lost] = start[lost]  # islands without any neighbour stay where they were
    return result


def _grow(
    blocks: Blocks, result: Indices, stray: npt.NDArray[np.bool_], centre: Floats
) -> Iterator[tuple[Indices, Indices]]:
    """Layer by layer: strays next to something assigned, and the nearest territory each of them touches."""
    both = np.concatenate([blocks.edges, blocks.edges[:, ::-1]])
    while True:
        a, b = both[:, 0], both[:, 1]
        open_edge = stray[a] & (result[a] == NONE) & (result[b] != NONE)
        a, target = a[open_edge], result[b[open_edge]]
        if not len(a):
            return
        km = chord_km(blocks.vectors[a], centre[target])
        order = np.lexsort((target, km, a))
        unit, first = np.unique(a[order], return_index=True)
        yield unit, target[order][first]
