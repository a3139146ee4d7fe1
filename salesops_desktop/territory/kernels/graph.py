"""Who is next to whom, as flat arrays, and the one question asked of it most: does a territory stay whole?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.kernels.compiled import compiled

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


def flat_graph(count: int, edges: npt.NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Neighbours as flat arrays: those of unit i are ``indices[indptr[i]:indptr[i + 1]]``, ascending.

    Args:
        count: number of units, b.
        edges: pairs of neighbours, [e, 2]; a pair may come twice or in both orders.

    Returns:
        ``indptr`` int32[b + 1] and ``indices`` int32[2 e].
    """
    low = np.minimum(edges[:, 0], edges[:, 1]).astype(np.int64)
    high = np.maximum(edges[:, 0], edges[:, 1]).astype(np.int64)
    low, high = np.divmod(np.unique((low * count + high)[low != high]), max(count, 1))
    source = np.concatenate([low, high])
    target = np.concatenate([high, low])
    indptr = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(source, minlength=count), out=indptr[1:])
    return indptr, target[np.argsort(source * count + target, kind="stable")].astype(np.int32)


class Scratch:
    """What the walks below write on; one for each thread.

    Attributes:
        stamp: when each unit was last seen, int64[b].
        clock: the last stamp given, int64[1].
        queue: units still to be looked at, int32[b].
        parts: per part of a walk, to which it was joined and how many of its units wait, int32[2, widest + 1].
    """

    def __init__(self, indptr: Ints) -> None:
        count = len(indptr) - 1
        widest = int(np.diff(indptr).max(initial=0))
        self.stamp = np.zeros(count, dtype=np.int64)
        self.clock = np.zeros(1, dtype=np.int64)
        self.queue = np.zeros(count + 1, dtype=np.int32)
        self.parts = np.zeros((2, widest + 2), dtype=np.int32)


@compiled("i8(i4[:,::1], i8)", bare=True)
def _root(parts: Ints, part: int) -> int:
    while parts[0, part] != part:
        part = parts[0, part]
    return part


@compiled("b1(i4[::1], i4[::1], i4[::1], i8, i8, i8, i8[::1], i8[::1], i4[::1], i4[:,::1])", bare=True)
def stays_whole(
    indptr: Ints,
    indices: Ints,
    where: Ints,
    unit: int,
    territory: int,
    joining: int,
    stamp: Longs,
    clock: Longs,
    queue: Ints,
    parts: Ints,
) -> bool:
    """Whether the neighbours of ``unit`` in ``territory`` still reach each other within it when ``unit`` leaves.

    Exact, and nearly always decided in the ring of its neighbours; else walks from all parts of the ring grow by
    turns until they meet or one ends. A territory already torn is not torn further.

    Args:
        indptr: see ``flat_graph``.
        indices: see ``flat_graph``.
        where: territory per unit, -1 for those that take no part.
        unit: who leaves.
        territory: what it leaves.
        joining: a unit counted as one of the territory all the same (the other half of a swap), or -1.
        stamp: of the ``Scratch``, as are the rest.
        clock: see there.
        queue: see there.
        parts: see there.
    """
    begin = clock[0] + 1
    count = 0
    for i in range(indptr[unit], indptr[unit + 1]):
        other = indices[i]
        if where[other] == territory or other == joining:
            stamp[other] = begin + count
            parts[0, count] = count
            parts[1, count] = 1
            queue[count] = other
            count += 1
    if count <= 1:
        clock[0] = begin + 1
        return True
    clock[0] = begin + count
    stamp[unit] = -1
    open_parts = count
    head, tail = 0, count
    while head < tail:
        here = queue[head]
        head += 1
        part = _root(parts, stamp[here] - begin)
        parts[1, part] -= 1
        for i in range(indptr[here], indptr[here + 1]):
            other = indices[i]
            if other == unit or (where[other] != territory and other != joining):
                continue
            if stamp[other] < begin:
                stamp[other] = begin + part
                parts[1, part] += 1
                queue[tail] = other
                tail += 1
                continue
            met = _root(parts, stamp[other] - begin)
            if met != part:
                parts[0, met] = part
                parts[1, part] += parts[1, met]
                open_parts -= 1
                if open_parts == 1:
                    return True
        if parts[1, part] == 0:
            return False
    return open_parts == 1


@compiled("b1(i4[::1], i4[::1], i4[::1], i8, i8, i8)", bare=True)
def touches(indptr: Ints, indices: Ints, where: Ints, unit: int, territory: int, leaving: int) -> bool:
    """Whether ``unit`` has a neighbour in ``territory`` other than ``leaving`` (-1 for none)."""
    for i in range(indptr[unit], indptr[unit + 1]):
        other = indices[i]
        if where[other] == territory and other != leaving:
            return True
    return False
