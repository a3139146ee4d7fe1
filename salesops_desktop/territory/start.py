"""First assignments, from which the search improves."""

from __future__ import annotations

import numpy as np

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.problem import NONE, Floats, Indices, sum_by, sum_vectors
from salesops_desktop.territory.strays import join_strays, nearest_allowed

Seats = Indices
"""Numbers of territories."""


def bisection(
    blocks: Blocks, seats: Seats, members: Indices, anchor: Floats, rng: np.random.Generator, wild: float = 0.0
) -> Indices:
    """Balanced, compact, convex parts: halve along the longest axis until each seat has one; [b], -1 off ``members``.

    Args:
        blocks: what is assigned.
        seats: the territories to fill; each part is as large as its seat's target.
        members: the blocks to assign, at least as many as seats.
        anchor: where each territory would like to be, km, [k, 3]; NaN where it does not matter.
        rng: the source of chance.
        wild: how far cuts stray from the longest axis and from halves, 0 to 1.
    """
    result = np.full(len(blocks), NONE, dtype=np.intp)
    mass = blocks.shares.mean(axis=0) + 1e-9
    due = blocks.target.mean(axis=0) + 1e-9
    pending = [(members, seats)]
    while pending:
        part, mine = pending.pop()
        if len(mine) == 1:
            result[part] = mine[0]
            continue
        left = len(mine) // 2
        if len(mine) > 3:
            stray = int(wild * len(mine)) // 6
            left += int(rng.integers(-stray, stray + 1))
        position = blocks.vectors[part]
        middle = np.average(position, axis=0, weights=mass[part])
        spread = position - middle
        axis = np.linalg.eigh((spread * mass[part, None]).T @ spread)[1][:, -1]
        axis = axis + rng.normal(0.0, 0.05 + 0.2 * wild, 3)  # another seed, another cut
        wish = np.nan_to_num((anchor[mine] - middle) @ axis)
        mine = mine[np.argsort(wish, kind="stable")]
        order = np.argsort(spread @ axis, kind="stable")
        reached = np.cumsum(mass[part][order])
        cut = int(np.searchsorted(reached, reached[-1] * due[mine[:left]].sum() / due[mine].sum())) + 1
        cut = min(max(cut, left), len(part) - (len(mine) - left))
        pending.append((part[order[:cut]], mine[:left]))
        pending.append((part[order[cut:]], mine[left:]))
    return result


def around(
    blocks: Blocks, homes: Floats, seats: Seats, members: Indices, rng: np.random.Generator, rounds: int = 120
) -> Indices:
    """Each block to the town with the least distance + price, each town's blocks divided among those who live there.

    A town's price rises while more comes than its people can take. With distance + price each town's part of the
    country is star-shaped, thus in one piece; where the prices balance, no division among fixed homes is shorter.

    Args:
        blocks: what is assigned.
        homes: km, [k, 3], known for all seats.
        seats: the territories to fill.
        members: the blocks to assign.
        rng: the source of chance.
        rounds: how often prices are adjusted.

    Returns:
        Territory per block, -1 off ``members``.
    """
    from salesops_desktop.territory.kernels.assign import divide  # noqa: PLC0415  # loads the compiler

    town = _towns(homes[seats])
    count = int(town.max()) + 1
    middle = sum_vectors(town, np.ones(len(seats)), homes[seats], count) / np.bincount(town, minlength=count)[:, None]
    due = sum_by(town, blocks.target.mean(axis=0)[seats], count)
    best = divide(
        np.ascontiguousarray(blocks.vectors[members]),
        np.ascontiguousarray(blocks.shares[:, members].mean(axis=0)),
        np.ascontiguousarray(blocks.on_surface(middle)),
        due,
        rounds,
    )
    result = np.full(len(blocks), NONE, dtype=np.intp)
    result[members] = best
    whole = join_strays(blocks, result, count, free=True)
    result = np.full(len(blocks), NONE, dtype=np.intp)
    for number in range(count):
        people, theirs = seats[town == number], np.flatnonzero(whole == number)
        people = people[: len(theirs)]
        if len(people):
            result[theirs] = bisection(blocks, people, theirs, homes, rng)[theirs]
    return result


def _towns(homes: Floats, reach: float = 40.0) -> Indices:
    """One number for homes within ``reach`` km of each other, also by way of others, [k]."""
    from scipy.sparse import coo_array  # noqa: PLC0415  # slow to load, and the package is imported early
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415  # slow to load
    from scipy.spatial import cKDTree  # noqa: PLC0415  # slow to load

    pairs = cKDTree(homes).query_pairs(reach, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(homes),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.intp)


def matched(blocks: Blocks, start: Indices, seats: Seats, homes: Floats, keep: float) -> Indices:
    """``start`` with the parts of ``seats`` renumbered so that kilometres to homes and what changes owner cost least.

    Args:
        blocks: what is assigned.
        start: territory per block, -1 for blocks that take no part.
        seats: the territories that may exchange their parts.
        homes: km, [k, 3], NaN where not known; a part without a home costs what is to its own middle.
        keep: kilometres that keeping everything with its owner is worth. A lock, and what must not be, outweigh all.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  # slow to load, and the package is imported early

    count = len(seats)
    seat = np.full(len(blocks.target[0]) + 1, NONE, dtype=np.intp)
    seat[seats] = np.arange(count)
    held = np.flatnonzero((start != NONE) & (seat[start] != NONE))
    part = seat[start[held]]
    owner = seat[blocks.owner[held]]  # of nobody: the last entry, which is nobody
    known = owner != NONE
    at_home = np.flatnonzero(np.isfinite(homes[seats]).all(axis=1))
    due = blocks.target.mean(axis=0)[seats]
    uneven = float(np.ptp(due)) > 1e-9
    if not known.any() and not len(at_home) and not uneven and len(blocks.rules.may) == 1:
        return start
    cost = np.zeros((count, count))
    if len(at_home):
        sums = np.stack([sum_by(part, blocks.moment[held, i], count) for i in range(3)], axis=1)
        middle = blocks.on_surface(sums / np.maximum(sum_by(part, blocks.weight[held], count), 1e-300)[:, None])
        cost += blocks.km_within(held, part, middle)[:, None]
        cost[:, at_home] = blocks.km_to(held, part, count, homes[seats[at_home]])
    load = sum_by(part, blocks.shares.mean(axis=0)[held], count)
    cost += 1000.0 / count * np.abs(load[:, None] - due[None, :])
    strength = keep * blocks.kept[held] + np.where(blocks.locked[held], 1e7, 0.0)
    cost -= sum_by(part[known] * count + owner[known], strength[known], count * count).reshape(count, count)
    barred = np.zeros((count, len(blocks.rules.may)))
    np.add.at(barred, (part, blocks.rules.kind[held]), blocks.weight[held] + 1e-9)
    cost += 1e6 * barred @ (~blocks.rules.may[:, seats]).astype(np.float64)
    row, column = linear_sum_assignment(cost)
    number = np.empty(count, dtype=np.intp)
    number[row] = seats[column]
    result = start.copy()
    result[held] = number[part]
    return result


def nearest_owned(blocks: Blocks, members: Indices) -> Indices:
    """Today's plan, with what nobody works, or its owner may not, given to the nearest territory that may."""
    result = np.full(len(blocks), NONE, dtype=np.intp)
    owner = blocks.owner[members]
    stays = owner != NONE
    stays[stays] = blocks.rules.of(members[stays])[np.arange(int(stays.sum())), owner[stays]]
    result[members[stays]] = owner[stays]
    return nearest_allowed(blocks, result, members[~stays])
