"""Making territories whole: what lies apart from its territory goes to one that it touches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.neighbours import pieces
from salesops_desktop.territory.problem import NONE, Floats, Indices, sum_by, sum_vectors

LAYERS = 400
"""After so many layers, what still hangs on nothing stays where it was."""


def join_strays(blocks: Blocks, start: Indices, k: int, *, free: bool = False) -> Indices:
    """``start`` with every territory in one piece where locks, other rules and the graph allow it.

    The heaviest piece of a territory stays (a locked block makes it heavier than any other); the other pieces go,
    block by block, to the nearest of the territories they touch and may go to.

    Args:
        blocks: what is assigned.
        start: territory per block, -1 for blocks that take no part.
        k: number of territories.
        free: the parts are no territories yet: neither locks nor other rules hold.
    """
    result = start.copy()
    inside = result != NONE
    label = pieces(blocks.edges, result, inside)
    count = int(label.max(initial=-1)) + 1
    if count == 0:
        return result
    locked = np.zeros(len(blocks), dtype=np.bool_) if free else blocks.locked
    mass = sum_by(label[inside], (blocks.weight + 1e-12 + locked)[inside], count)
    territory = np.zeros(count, dtype=np.intp)
    territory[label[inside]] = result[inside]
    order = np.lexsort((mass, territory))
    last = np.r_[territory[order][1:] != territory[order][:-1], True]
    keeps = np.zeros(count, dtype=np.bool_)
    keeps[order[last]] = True
    stray = inside & ~keeps[label] & ~locked
    if not stray.any():
        return result
    result[stray] = NONE
    centre = middles(blocks, result, k)
    for unit, target in _grow(blocks, result, stray, centre, free=free):
        result[unit] = target
    lost = np.flatnonzero(stray & (result == NONE))
    result[lost] = start[lost]  # islands without any neighbour stay where they were
    return result


def middles(blocks: Blocks, where: Indices, k: int) -> Floats:
    """The weighted middle of each territory, km, [k, 3]; the origin for those that hold nothing."""
    held = np.flatnonzero((where != NONE) & blocks.positioned)
    mass = sum_by(where[held], blocks.weight[held], k)
    sums = sum_vectors(where[held], blocks.weight[held], blocks.vectors[held], k)
    centre = blocks.on_surface(sums / np.where(mass > 0, mass, 1.0)[:, None])
    return np.where((mass > 0)[:, None], centre, 0.0)


def nearest_allowed(blocks: Blocks, where: Indices, waiting: Indices) -> Indices:
    """``where`` with the blocks ``waiting`` in the nearest territory they may go to, by its middle.

    A territory that holds nothing begins where the most remote of those is that may go there.
    """
    result, k = where.copy(), len(blocks.target[0])
    if not len(waiting):
        return result
    centre = middles(blocks, result, k)
    held = np.zeros(k, dtype=np.bool_)
    held[result[(result != NONE) & blocks.positioned]] = True
    apart = np.full(len(waiting), np.inf)
    for territory in np.flatnonzero(held):
        apart = np.minimum(apart, np.linalg.norm(blocks.vectors[waiting] - centre[territory], axis=1))
    for territory in np.flatnonzero(~held):
        fits = np.where(blocks.rules.of(waiting)[:, territory], apart, -1.0)
        seat = int(fits.argmax())
        if fits[seat] < 0:
            continue
        centre[territory], held[territory] = blocks.vectors[waiting[seat]], True
        apart = np.minimum(apart, np.linalg.norm(blocks.vectors[waiting] - centre[territory], axis=1))
    for part in np.array_split(waiting, max(1, len(waiting) * k // 4_000_000)):
        away = ((blocks.vectors[part][:, None] - centre[None]) ** 2).sum(axis=-1)
        may = blocks.rules.of(part)
        result[part] = np.where(may & held, away, np.where(may, 1e18, np.inf)).argmin(axis=1)
    return result


def _grow(
    blocks: Blocks, result: Indices, stray: npt.NDArray[np.bool_], centre: Floats, *, free: bool
) -> Iterator[tuple[Indices, Indices]]:
    """Layer by layer: strays next to something assigned, and the nearest territory each of them touches."""
    near = blocks.edges[stray[blocks.edges].any(axis=1)]
    both = np.concatenate([near, near[:, ::-1]])
    for _ in range(LAYERS):
        a, b = both[:, 0], both[:, 1]
        open_edge = stray[a] & (result[a] == NONE) & (result[b] != NONE)
        a, target = a[open_edge], result[b[open_edge]]
        if not free:
            may = blocks.rules.may[blocks.rules.kind[a], target]
            a, target = a[may], target[may]
        if not len(a):
            return
        km = np.linalg.norm(blocks.vectors[a] - centre[target], axis=1)
        order = np.lexsort((target, km, a))
        unit, first = np.unique(a[order], return_index=True)
        yield unit, target[order][first]
