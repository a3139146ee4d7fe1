"""The search for a short span, compiled: shifts and swaps over borders, some against the grain.

The span of a territory is the largest distance between two of its units. What is made small is not the largest span
itself, which most steps leave as it is, but the sum over all pairs of units of one territory of how far they are
beyond an aim: (distance / aim)² - 1 where that is positive. A step costs one walk over the members of the two
territories, whose places lie beside each other for it. The sum is kept in whole numbers, so that the order of adding,
which processors choose, makes no difference.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import boolean, float32, float64, int32, int64, typeof, uint8, void

from salesops_desktop.territory.kernels.chance import WHEEL, below
from salesops_desktop.territory.kernels.compiled import compiled, inlined
from salesops_desktop.territory.kernels.graph import stays_whole, touches

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

GRAIN = 1 << 20
"""Into how many parts one is divided where sums are kept in whole numbers."""


class SpanBoard(NamedTuple):
    """What stays: b blocks of n units in all, k territories, m measures, e edges, c classes of blocks."""

    indptr: Ints
    """[b + 1], with ``indices`` the flat neighbourhood graph."""
    indices: Ints
    """[2 e]"""
    tails: Ints
    """Whose neighbour each entry of ``indices`` is, [2 e]."""
    first: Ints
    """Units of block i are ``first[i]`` to ``first[i + 1]``, [b + 1]."""
    place: Singles
    """Units' places, of about the size of one, [3, n]."""
    share: Floats
    """Measures per block, in mean territories, [b, m]."""
    base: Floats
    """What territories hold without the blocks that take part, [k, m]."""
    target: Floats
    """What territories should hold, [k, m]."""
    narrow: Floats
    """How far they may lie from it, [k, m]."""
    kind: Ints
    """Class of each block, [b]."""
    may: Bytes
    """Whether a class may go to a territory, [c, k]."""
    free: Bytes
    """Whether the block may move, [b]."""
    wheel: Floats
    """See ``wheel_of_chance``."""


class SpanStanding(NamedTuple):
    """The state of one search."""

    where: Ints
    """Territory per block, -1 for those that take no part, [b]."""
    load: Floats
    """[k, m]"""
    price: Floats
    """Of a whole tolerance too much or too little, [k, m]."""
    blocks: Ints
    """Blocks per territory, [k]."""
    begin: Ints
    """Where the members of a territory begin, [k + 1]."""
    members: Ints
    """How many they are, [k]."""
    member: Ints
    """Units by territory, with room between the territories, [room]."""
    slot: Ints
    """Where each unit stands in ``member``, [n]."""
    stand: Singles
    """The places of the members, [3, room]."""
    chance: npt.NDArray[np.uint64]
    stamp: Longs
    clock: Longs
    queue: Ints
    parts: Ints


def _empty() -> tuple[SpanBoard, SpanStanding]:
    ints, square, single = np.zeros(0, np.int32), np.zeros((0, 1)), np.zeros((3, 0), np.float32)
    some = np.zeros((0, 1), np.uint8)
    longs = np.zeros(0, np.int64)
    board = SpanBoard(
        ints, ints, ints, ints, single, square, square, square, square, ints, some, some[:, 0].copy(), np.zeros(0)
    )
    standing = SpanStanding(
        ints, square, square, ints, ints, ints, ints, ints, single, np.zeros(1, np.uint64), longs, longs, ints,
        np.zeros((2, 1), np.int32),
    )  # fmt: skip
    return board, standing


_typed: Any = typeof
BOARD, STANDING = (_typed(each) for each in _empty())
"""Their types in numba's words, for signatures."""


@compiled(int64(float32[:, ::1], int64, int64, float32, float32, float32, float32, float32), bare=True)
def beyond(stand: Singles, begin: int, count: int, x: float, y: float, z: float, inverse: float, pull: float) -> int:
    """How far the places from ``begin`` on are beyond the aim from a place, all together.

    Args:
        stand: places, [3, room].
        begin: the first of them.
        count: how many.
        x: the place.
        y: of the place.
        z: of the place.
        inverse: one over the square of the aim.
        pull: what the square of every distance costs besides, in squares of the aim.
    """
    xs, ys, zs = stand[0, begin : begin + count], stand[1, begin : begin + count], stand[2, begin : begin + count]
    total = np.int64(0)
    for i in range(count):
        dx, dy, dz = xs[i] - x, ys[i] - y, zs[i] - z
        square = (dx * dx + dy * dy + dz * dz) * inverse
        over = max(square - np.float32(1.0), np.float32(0.0)) + square * pull
        over = min(over, np.float32(1000.0))
        total += np.int32(over * np.float32(GRAIN))
    return int(total)


@inlined
def _from_block(
    board: SpanBoard, standing: SpanStanding, block: int, territory: int, inverse: float, pull: float
) -> int:
    total = np.int64(0)
    for i in range(board.first[block], board.first[block + 1]):
        x, y, z = board.place[0, i], board.place[1, i], board.place[2, i]
        total += beyond(standing.stand, standing.begin[territory], standing.members[territory], x, y, z, inverse, pull)
    return int(total)


@inlined
def _between(board: SpanBoard, block: int, other: int, inverse: float, pull: float) -> int:
    total = np.int64(0)
    for i in range(board.first[block], board.first[block + 1]):
        x, y, z = board.place[0, i], board.place[1, i], board.place[2, i]
        count = board.first[other + 1] - board.first[other]
        total += beyond(board.place, board.first[other], count, x, y, z, inverse, pull)
    return int(total)


@inlined
def _outside(load: float, target: float, narrow: float) -> float:
    out = abs(load - target) / narrow - 1.0
    return max(0.0, out)


@inlined
def _enter(board: SpanBoard, standing: SpanStanding, unit: int, territory: int) -> None:
    at = standing.begin[territory] + standing.members[territory]
    standing.members[territory] += 1
    standing.member[at] = unit
    standing.slot[unit] = at
    for d in range(3):
        standing.stand[d, at] = board.place[d, unit]


@compiled(void(BOARD, STANDING), bare=True)
def spread_out(board: SpanBoard, standing: SpanStanding) -> None:
    """Stand the units of each territory beside each other, with equal room to grow between the territories."""
    k = len(standing.members)
    standing.members[:] = 0
    standing.blocks[:] = 0
    for block in range(len(standing.where)):
        if standing.where[block] >= 0:
            standing.members[standing.where[block]] += board.first[block + 1] - board.first[block]
            standing.blocks[standing.where[block]] += 1
    taken = 0
    for t in range(k):
        taken += standing.members[t]
    room = (len(standing.member) - taken) // k
    at = 0
    for t in range(k):
        standing.begin[t] = at
        at += standing.members[t] + room
        standing.members[t] = 0
    standing.begin[k] = at
    for block in range(len(standing.where)):
        if standing.where[block] >= 0:
            for unit in range(board.first[block], board.first[block + 1]):
                _enter(board, standing, unit, standing.where[block])


@compiled(float64(BOARD, STANDING), bare=True)
def weigh(board: SpanBoard, standing: SpanStanding) -> float:
    """Sum up the loads anew (small errors of adding and taking away do not grow).

    Returns:
        By how many tolerances the worst territory lies outside its own; 0 when all are inside.
    """
    k, m = standing.load.shape
    for t in range(k):
        for a in range(m):
            standing.load[t, a] = board.base[t, a]
    for block in range(len(standing.where)):
        if standing.where[block] >= 0:
            for a in range(m):
                standing.load[standing.where[block], a] += board.share[block, a]
    worst = 0.0
    for t in range(k):
        for a in range(m):
            worst = max(worst, _outside(standing.load[t, a], board.target[t, a], board.narrow[t, a]))
    return worst


@compiled(boolean(BOARD, STANDING, int64, int64, int64), bare=True)
def move(board: SpanBoard, standing: SpanStanding, block: int, source: int, target: int) -> bool:
    """Move a block; False, and nothing done, when the target has no more room."""
    size = board.first[block + 1] - board.first[block]
    if standing.begin[target] + standing.members[target] + size > standing.begin[target + 1]:
        return False
    standing.where[block] = target
    standing.blocks[source] -= 1
    standing.blocks[target] += 1
    for a in range(board.share.shape[1]):
        standing.load[source, a] -= board.share[block, a]
        standing.load[target, a] += board.share[block, a]
    for unit in range(board.first[block], board.first[block + 1]):
        standing.members[source] -= 1
        at, last = standing.slot[unit], standing.begin[source] + standing.members[source]
        standing.member[at] = standing.member[last]
        standing.slot[standing.member[at]] = at
        for d in range(3):
            standing.stand[d, at] = standing.stand[d, last]
        _enter(board, standing, unit, target)
    return True


@inlined
def _partner(board: SpanBoard, standing: SpanStanding, start: int, home: int, leaving: int, connected: bool) -> int:
    """A block at most three steps from ``start`` in its territory that can go to ``home``; -1 where it cannot."""
    at = start
    for _ in range(below(standing.chance, 4)):
        begin = board.indptr[at]
        step = board.indices[begin + below(standing.chance, board.indptr[at + 1] - begin)]
        if standing.where[step] == standing.where[start]:
            at = int(step)
    able = board.free[at] != 0 and board.may[board.kind[at], home] != 0
    if able and connected:
        able = touches(board.indptr, board.indices, standing.where, at, home, leaving)
    return at if able else -1


@inlined
def _imbalance(board: SpanBoard, standing: SpanStanding, block: int, other: int, source: int, target: int) -> float:
    """What the price of imbalance grows by when ``block`` goes and ``other`` (-1 for none) comes back."""
    total = 0.0
    for a in range(board.share.shape[1]):
        change = board.share[block, a]
        if other >= 0:
            change -= board.share[other, a]
        load, aim, narrow = standing.load[source, a], board.target[source, a], board.narrow[source, a]
        total += standing.price[source, a] * (_outside(load - change, aim, narrow) - _outside(load, aim, narrow))
        load, aim, narrow = standing.load[target, a], board.target[target, a], board.narrow[target, a]
        total += standing.price[target, a] * (_outside(load + change, aim, narrow) - _outside(load, aim, narrow))
    return total


@compiled(boolean(BOARD, STANDING, int64, int64), bare=True)
def _may_leave(board: SpanBoard, standing: SpanStanding, block: int, territory: int) -> bool:
    return stays_whole(
        board.indptr, board.indices, standing.where, block, territory, -1,
        standing.stamp, standing.clock, standing.queue, standing.parts,
    )  # fmt: skip


@inlined
def _worthwhile(
    board: SpanBoard,
    standing: SpanStanding,
    block: int,
    other: int,
    source: int,
    target: int,
    inverse: float,
    pull: float,
    limit: float,
) -> bool:
    """Whether a step worsens the whole by ``limit`` at most."""
    cost = _imbalance(board, standing, block, other, source, target)
    saved = _from_block(board, standing, block, source, inverse, pull)
    if board.first[block + 1] - board.first[block] > 1:
        saved -= _between(board, block, block, inverse, pull)
    if other < 0 and cost - saved / GRAIN > limit:
        return False
    added = _from_block(board, standing, block, target, inverse, pull) - saved
    if other >= 0:
        added += _from_block(board, standing, other, source, inverse, pull)
        added -= _from_block(board, standing, other, target, inverse, pull)
        added -= 2 * _between(board, block, other, inverse, pull)
        if board.first[other + 1] - board.first[other] > 1:
            added += _between(board, other, other, inverse, pull)
    return cost + added / GRAIN <= limit


@inlined
def _take(
    board: SpanBoard, standing: SpanStanding, block: int, other: int, source: int, target: int, connected: bool
) -> bool:
    """Take a step unless it tears a territory; False when there is no room for it."""
    if connected and not _may_leave(board, standing, block, source):
        return True
    if not move(board, standing, block, source, target):
        return False
    if other >= 0:
        stays = connected and not _may_leave(board, standing, other, target)
        if stays or not move(board, standing, other, target, source):
            move(board, standing, block, target, source)
    return True


@compiled(int64(BOARD, STANDING, int64, float64, float32, float32, boolean), bare=True)
def anneal(
    board: SpanBoard, standing: SpanStanding, proposals: int, heat: float, inverse: float, pull: float, connected: bool
) -> int:
    """Try ``proposals`` steps over randomly drawn edges; two in five of those over a border are swaps.

    Args:
        board: what stays.
        standing: what is changed.
        proposals: how many steps to try.
        heat: how much a step may worsen the whole, times a waiting time drawn from the wheel.
        inverse: one over the square of the aim.
        pull: what the square of every distance costs besides, in squares of the aim.
        connected: whether no step may tear a territory.

    Returns:
        How many were tried; fewer where a territory has no more room and ``spread_out`` is due.
    """
    for tried in range(proposals):
        edge = below(standing.chance, len(board.indices))
        block, near = int(board.tails[edge]), int(board.indices[edge])
        source, target = int(standing.where[block]), int(standing.where[near])
        if source == target or source < 0 or target < 0:
            continue
        if board.free[block] == 0 or board.may[board.kind[block], target] == 0:
            continue
        other = -1
        if below(standing.chance, 5) < 2:
            other = _partner(board, standing, near, source, block, connected)
            if other < 0:
                continue
        elif standing.blocks[source] <= 1:
            continue
        limit = heat * board.wheel[below(standing.chance, WHEEL)]
        if not _worthwhile(board, standing, block, other, source, target, inverse, pull, limit):
            continue
        if not _take(board, standing, block, other, source, target, connected):
            return tried + 1
    return proposals


@inlined
def _distance(stand: Singles, i: int, j: int) -> float:
    dx, dy, dz = stand[0, i] - stand[0, j], stand[1, i] - stand[1, j], stand[2, i] - stand[2, j]
    return math.sqrt(float64(dx) * dx + float64(dy) * dy + float64(dz) * dz)


@compiled(int64(float32[:, ::1], int64, int64, float64[::1]), bare=True)
def _reaches(stand: Singles, begin: int, count: int, reach: Floats) -> int:
    """How far each place is from their middle; returns the farthest."""
    x = y = z = 0.0
    for i in range(begin, begin + count):
        x, y, z = x + stand[0, i], y + stand[1, i], z + stand[2, i]
    x, y, z = x / count, y / count, z / count
    start = begin
    for i in range(begin, begin + count):
        reach[i] = math.sqrt((stand[0, i] - x) ** 2 + (stand[1, i] - y) ** 2 + (stand[2, i] - z) ** 2)
        if reach[i] > reach[start]:
            start = i
    return start


@compiled(float64(float32[:, ::1], int64, int64, int32[::1], float64[::1]), bare=True)
def widest(stand: Singles, begin: int, count: int, ends: Ints, reach: Floats) -> float:
    """The largest distance between two of ``count`` places from ``begin`` on.

    From their middle the farthest is sought, from that the farthest again: nearly the span. Only places so far from
    the middle that they could belong to a longer pair are compared with each other.

    Args:
        stand: places, [3, room].
        begin: the first of them.
        count: how many.
        ends: filled with the positions in ``stand`` of the two, [2]; twice the first when all are one place.
        reach: scratch, as long as there are places.
    """
    ends[0] = ends[1] = begin
    if count < 2:
        return 0.0
    start = _reaches(stand, begin, count, reach)
    far, span = reach[start], 0.0
    for _ in range(3):
        here = start
        for i in range(begin, begin + count):
            distance = _distance(stand, here, i)
            if distance > span:
                span, start = distance, i
                ends[0], ends[1] = here, i
    for i in range(begin, begin + count):
        if reach[i] + far <= span * 0.999999:
            continue
        for j in range(begin, i):
            if reach[i] + reach[j] > span * 0.999999:
                distance = _distance(stand, i, j)
                if distance > span:
                    span = distance
                    ends[0], ends[1] = i, j
    return span


@compiled(void(STANDING, float64[::1], float64[::1]), bare=True)
def spans(standing: SpanStanding, found: Floats, reach: Floats) -> None:
    """The span of each territory.

    Args:
        standing: the state.
        found: filled, [k].
        reach: scratch, [room].
    """
    for t in range(len(standing.members)):
        found[t] = widest(standing.stand, standing.begin[t], standing.members[t], standing.parts[0], reach)


@compiled(
    void(float32[:, ::1], int32[::1], uint8[:, ::1], float64[:, ::1], float64[::1], int32[::1]),
    bare=True,
)
def nearest(place: Singles, kind: Ints, may: Bytes, centre: Floats, price: Floats, where: Ints) -> None:
    """Each place to the centre with the least squared distance + price that its class may go to.

    Args:
        place: [3, n].
        kind: class of each, [n].
        may: whether a class may go to a centre, [c, k].
        centre: [k, 3].
        price: [k].
        where: filled, [n]; -1 where a class may go nowhere.
    """
    for i in range(place.shape[1]):
        best = np.inf
        where[i] = -1
        for t in range(len(price)):
            dx, dy, dz = place[0, i] - centre[t, 0], place[1, i] - centre[t, 1], place[2, i] - centre[t, 2]
            cost = dx * dx + dy * dy + dz * dz + price[t]
            if cost < best and may[kind[i], t]:
                best, where[i] = cost, t
