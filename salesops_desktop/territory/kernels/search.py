"""The improving search, compiled: shifts, swaps and chains over the borders of territories, some against the grain.

A step draws an edge of the neighbourhood graph that crosses a border. The unit at one end goes to the territory at
the other (a shift); half of the time a unit near the border goes on from there, back (a swap) or to a third territory
(a chain), which keeps loads while shapes change. What a step changes in kilometres, price of moving and price of
imbalance is known from sums kept per territory, in time that grows with the number of measures only; whether
territories stay whole is asked last, because it costs most and few steps get that far.
"""

from __future__ import annotations

import numpy as np
from numba import float64, int64, void

from salesops_desktop.territory.kernels.arrays import BOARD, STANDING, Board, Standing
from salesops_desktop.territory.kernels.chance import WHEEL, below
from salesops_desktop.territory.kernels.compiled import compiled, inlined
from salesops_desktop.territory.kernels.graph import stays_whole, touches

DEAREST = 30.0
"""The highest price of imbalance, of all territories together: beyond it nothing moves any more."""

RELIEF = 0.01
"""Its factor when it was reached without effect."""

WITHIN = 0.97
"""The part of a tolerance that costs nothing."""


@inlined
def far(board: Board, block: int, x: float, y: float, z: float) -> float:
    """What the kilometres of all units of a block to a place cost."""
    total = 0.0
    for i in range(board.first[block], board.first[block + 1]):
        dx, dy, dz = board.point[i, 0] - x, board.point[i, 1] - y, board.point[i, 2] - z
        total += board.pull[i] * np.sqrt(dx * dx + dy * dy + dz * dz)
    return total


@inlined
def beyond(load: float, target: float, narrow: float) -> float:
    """What an imbalance counts: nothing well within the tolerance, then more and more."""
    out = abs(load - target) / narrow - WITHIN
    return out + out * out if out > 0 else 0.0


@inlined
def recentre(board: Board, standing: Standing, t: int) -> None:
    """Put a territory's centre where its units are in the middle; on the globe where there is one."""
    if board.at_home[t]:
        for j in range(3):
            standing.centre[t, j] = board.home[t, j]
        return
    x, y, z = standing.moment[t, 0], standing.moment[t, 1], standing.moment[t, 2]
    length = standing.mass[t]
    if board.radius > 0:
        length = np.sqrt(x * x + y * y + z * z) / board.radius
    if length > 0:
        standing.centre[t, 0], standing.centre[t, 1], standing.centre[t, 2] = x / length, y / length, z / length


@inlined
def sum_up(board: Board, standing: Standing) -> None:
    """Loads, numbers, sums and what has moved, from ``where``."""
    for t in range(standing.load.shape[0]):
        standing.number[t] = 0
        standing.mass[t] = 0.0
        for j in range(3):
            standing.moment[t, j] = standing.slope[t, j] = 0.0
        for a in range(standing.load.shape[1]):
            standing.load[t, a] = board.base[t, a]
    standing.moved[0] = 0.0
    for block in range(len(standing.where)):
        t = standing.where[block]
        if t < 0:
            continue
        standing.number[t] += 1
        if board.owner[block] >= 0 and board.owner[block] != t:
            standing.moved[0] += board.handed[block]
        for a in range(board.share.shape[1]):
            standing.load[t, a] += board.share[block, a]
        for i in range(board.first[block], board.first[block + 1]):
            standing.mass[t] += board.pull[i]
            for j in range(3):
                standing.moment[t, j] += board.pull[i] * board.point[i, j]


@compiled(float64(BOARD, STANDING), bare=True)
def take_stock(board: Board, standing: Standing) -> float:
    """Sum up the state from ``where``; returns what the kilometres of all units to their centres cost."""
    sum_up(board, standing)
    centre, slope = standing.centre, standing.slope
    for t in range(len(standing.mass)):
        recentre(board, standing, t)
    total = 0.0
    for block in range(len(standing.where)):
        t = standing.where[block]
        if t < 0:
            continue
        for i in range(board.first[block], board.first[block + 1]):
            dx, dy, dz = (
                centre[t, 0] - board.point[i, 0], centre[t, 1] - board.point[i, 1], centre[t, 2] - board.point[i, 2]
            )  # fmt: skip
            km = np.sqrt(dx * dx + dy * dy + dz * dz)
            total += board.pull[i] * km
            if km > 0:
                pull = board.pull[i] / km
                slope[t, 0] += pull * dx
                slope[t, 1] += pull * dy
                slope[t, 2] += pull * dz
    return total


@compiled(float64(BOARD, STANDING), bare=True)
def price_of_moves(board: Board, standing: Standing) -> float:
    """What all that has left its owner costs."""
    total = 0.0
    for block in range(len(standing.where)):
        t = standing.where[block]
        if t >= 0 and board.owner[block] >= 0 and board.owner[block] != t:
            total += board.price[block]
    return total


@compiled(float64(BOARD, STANDING), bare=True)
def excess(board: Board, standing: Standing) -> float:
    """How many tolerances the worst territory lies outside its own; 0 when all are inside."""
    worst = 0.0
    for t in range(standing.load.shape[0]):
        for a in range(standing.load.shape[1]):
            out = abs(standing.load[t, a] - board.target[t, a]) / board.narrow[t, a] - 1.0
            worst = max(worst, out)
    return worst if worst > 1e-9 else 0.0


@inlined
def carried(board: Board, standing: Standing, block: int, source: int, target: int) -> float:
    """By how much kilometres and moves cost more once ``block`` is carried over.

    The centres shift with it; what that costs all others is their number times the slope.
    """
    centre, slope = standing.centre, standing.slope
    there = far(board, block, centre[target, 0], centre[target, 1], centre[target, 2])
    cost = there - far(board, block, centre[source, 0], centre[source, 1], centre[source, 2])
    owner = board.owner[block]
    if owner == source:
        cost += board.price[block]
    elif owner == target:
        cost -= board.price[block]
    start = board.first[block]
    if board.first[block + 1] == start + 1:
        own = board.pull[start]
        if not board.at_home[target]:
            ratio = own / (standing.mass[target] + own)
            for j in range(3):
                cost += ratio * slope[target, j] * (board.point[start, j] - centre[target, j])
        left = standing.mass[source] - own
        if not board.at_home[source] and left > own:
            ratio = own / left
            for j in range(3):
                cost -= ratio * slope[source, j] * (board.point[start, j] - centre[source, j])
    return cost


@inlined
def carry(board: Board, standing: Standing, block: int, source: int, target: int) -> None:
    """Move a block and keep the sums."""
    standing.where[block] = target
    standing.number[source] -= 1
    standing.number[target] += 1
    for a in range(board.share.shape[1]):
        standing.load[source, a] -= board.share[block, a]
        standing.load[target, a] += board.share[block, a]
    if board.owner[block] == source:
        standing.moved[0] += board.handed[block]
    elif board.owner[block] == target:
        standing.moved[0] -= board.handed[block]
    for i in range(board.first[block], board.first[block + 1]):
        standing.mass[source] -= board.pull[i]
        standing.mass[target] += board.pull[i]
        for j in range(3):
            change = board.pull[i] * board.point[i, j]
            standing.moment[source, j] -= change
            standing.moment[target, j] += change
    recentre(board, standing, source)
    recentre(board, standing, target)


@inlined
def onward(board: Board, standing: Standing, start: int, territory: int) -> int:
    """Where a short walk within ``territory`` from ``start`` may leave it: a place in ``indices``, or -1.

    The unit there, ``tails`` of it, may go to the territory of its neighbour, ``indices`` of it.
    """
    here = start
    for _ in range(1 + below(standing.chance, 5)):
        low, high = board.indptr[here], board.indptr[here + 1]
        drawn = board.indices[low + below(standing.chance, high - low)]
        if standing.where[drawn] == territory:
            here = drawn
    low, high = board.indptr[here], board.indptr[here + 1]
    begin = below(standing.chance, high - low)
    found = -1
    for tried in range(high - low):
        at = low + (begin + tried) % (high - low)
        other = standing.where[board.indices[at]]
        if other != territory and other >= 0:
            found = at
            break
    return found


@inlined
def elsewhere(board: Board, standing: Standing, block: int) -> int:
    """Where a block may like to be, borders or not: with its owner, or at the nearest of some centres."""
    best = board.owner[block]
    if best >= 0 and below(standing.chance, 4) == 0:
        return int(best)
    k = len(standing.mass)
    i = board.first[block]
    best, least = -1, np.inf
    for _ in range(8):
        t = below(standing.chance, k)
        dx, dy, dz = (
            standing.centre[t, 0] - board.point[i, 0], standing.centre[t, 1] - board.point[i, 1],
            standing.centre[t, 2] - board.point[i, 2],
        )  # fmt: skip
        far = dx * dx + dy * dy + dz * dz
        if far < least and t != standing.where[block]:
            best, least = t, far
    return int(best)


@inlined
def permitted(board: Board, block: int, target: int) -> bool:
    """Whether a block may move, and to ``target``."""
    return bool(board.free[block] != 0 and board.may[board.kind[block], target] != 0)


@inlined
def leaves_whole(
    board: Board, standing: Standing, block: int, source: int, target: int, joining: int, avoiding: int
) -> bool:
    """Whether ``source`` stays whole when ``block`` leaves it and ``block`` has a neighbour in ``target``.

    Args:
        board: what is searched.
        standing: its state.
        block: who goes.
        source: from where.
        target: to where.
        joining: who comes to ``source`` in the same step, or -1.
        avoiding: who leaves ``target`` in the same step, or -1.
    """
    return touches(board.indptr, board.indices, standing.where, block, target, avoiding) and stays_whole(
        board.indptr, board.indices, standing.where, block, source, joining,
        standing.stamp, standing.clock, standing.queue, standing.parts,
    )  # fmt: skip


@inlined
def tilted(board: Board, standing: Standing, block: int, other: int, source: int, target: int, last: int) -> float:
    """By how much imbalance costs more when ``block`` goes to ``target`` and ``other`` (or -1) on to ``last``."""
    cost = 0.0
    for a in range(board.share.shape[1]):
        mine = board.share[block, a]
        theirs = board.share[other, a] if other >= 0 else 0.0
        out, more = mine, mine - theirs
        if last == source:
            out -= theirs
        load, due, narrow = standing.load, board.target, board.narrow
        change = beyond(load[source, a] - out, due[source, a], narrow[source, a])
        change -= beyond(load[source, a], due[source, a], narrow[source, a])
        change += beyond(load[target, a] + more, due[target, a], narrow[target, a])
        change -= beyond(load[target, a], due[target, a], narrow[target, a])
        if other >= 0 and last != source:
            change += beyond(load[last, a] + theirs, due[last, a], narrow[last, a])
            change -= beyond(load[last, a], due[last, a], narrow[last, a])
        cost += standing.weight[a] * change
    return cost


@inlined
def hands(board: Board, block: int, source: int, target: int) -> float:
    """How much more of the budget is used when ``block`` goes from ``source`` to ``target``."""
    if board.owner[block] == source:
        return float(board.handed[block])
    if board.owner[block] == target:
        return -float(board.handed[block])
    return 0.0


@inlined
def worth(board: Board, standing: Standing, block: int, other: int, source: int, target: int, last: int) -> float:
    """What a whole step costs more: kilometres, price of moving, imbalance, and going over the budget."""
    cost = tilted(board, standing, block, other, source, target, last)
    cost += carried(board, standing, block, source, target)
    used = hands(board, block, source, target)
    if other >= 0:
        cost += carried(board, standing, other, target, last)
        used += hands(board, other, target, last)
    if used != 0.0:
        before = standing.moved[0] - 1.0
        weight = standing.weight[len(standing.weight) - 1]
        cost += weight * (max(before + used, 0.0) - max(before, 0.0))
    return cost


@inlined
def tears(board: Board, standing: Standing, block: int, other: int, source: int, target: int, last: int) -> bool:
    """Whether a whole step would tear a territory."""
    back = other if last == source else -1
    torn = not leaves_whole(board, standing, block, source, target, back, other)
    if other >= 0 and not torn:
        torn = not leaves_whole(board, standing, other, target, last, block, block if last == source else -1)
    return torn


@inlined
def step(board: Board, standing: Standing, heat: float) -> bool:
    """Try one step; whether there was one to try."""
    where, chance = standing.where, standing.chance
    at = below(chance, len(board.indices))
    block = board.tails[at]
    source, target = where[block], where[board.indices[at]]
    if not board.connected and below(chance, 2):
        target = elsewhere(board, standing, block)
    if source == target or source < 0 or target < 0 or not permitted(board, block, target):
        return False
    other, last = -1, -1
    if where[board.indices[at]] == target and below(chance, 2):
        found = onward(board, standing, board.indices[at], target)
        if found >= 0:
            other, last = board.tails[found], where[board.indices[found]]
            if other == block or not permitted(board, other, last):
                return False
    limit = heat * board.wheel[below(chance, WHEEL)]
    if (
        (standing.number[source] > 1 or last == source)
        and worth(board, standing, block, other, source, target, last) <= limit
        and not (board.connected and tears(board, standing, block, other, source, target, last))
    ):
        carry(board, standing, block, source, target)
        if other >= 0:
            carry(board, standing, other, target, last)
    return True


@compiled(void(BOARD, STANDING, float64), bare=True)
def judge(board: Board, standing: Standing, pace: float) -> None:
    """Take stock, keep the assignment if it is the best, and set the prices of what is out of bounds.

    Args:
        board: what is searched.
        standing: its state.
        pace: by what factor prices rise while something is out, and fall when nothing is.
    """
    km = take_stock(board, standing)
    over_budget = max(standing.moved[0] - 1.0, 0.0)
    out = excess(board, standing)
    score, weight = standing.score, standing.weight
    if over_budget < score[0] or (over_budget == score[0] and out <= score[1]):
        cost = km + price_of_moves(board, standing)
        if over_budget < score[0] or out < score[1] or cost < score[2]:
            score[0], score[1], score[2] = over_budget, out, cost
            for block in range(len(standing.where)):
                standing.best[block] = standing.where[block]
    measures = len(weight) - 1
    for a in range(measures):
        worst = 0.0
        for t in range(standing.load.shape[0]):
            worst = max(worst, abs(standing.load[t, a] - board.target[t, a]) / board.narrow[t, a])
        weight[a] *= pace if worst > 1.0 else 1.0 / pace
        if weight[a] * standing.load.shape[0] > DEAREST:  # stuck: shapes have their way for a while
            weight[a] *= RELIEF
    weight[measures] *= pace if over_budget > 0 else 1.0 / pace


@compiled(float64(BOARD, STANDING, int64, int64, float64, float64, float64), bare=True)
def anneal(
    board: Board, standing: Standing, rounds: int, period: int, heat: float, cooling: float, pace: float
) -> float:
    """``rounds`` times: ``period`` steps, then a judgement; returns the last temperature.

    Args:
        board: what is searched.
        standing: its state.
        rounds: how often.
        period: tried steps between judgements.
        heat: what a step may cost, about, at first.
        cooling: its factor from round to round.
        pace: see ``judge``.
    """
    for _ in range(rounds):
        tried, drawn = 0, 0
        while tried < period and drawn < 20 * period:
            drawn += 1
            if step(board, standing, heat):
                tried += 1
        judge(board, standing, pace)
        heat *= cooling
    return heat
