"""First assignments, from which the search improves."""

from __future__ import annotations

import numpy as np

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.geography import chord_km, normalised
from salesops_desktop.territory.problem import NONE, Floats, Indices, sum_by, sum_vectors
from salesops_desktop.territory.strays import join_strays


def bisection(blocks: Blocks, k: int, members: Indices, rng: np.random.Generator) -> Indices:
    """Balanced, compact, convex parts: halve along the longest axis until there are ``k``; [b], -1 off ``members``."""
    result = np.full(len(blocks), NONE, dtype=np.intp)
    mass = blocks.shares.mean(axis=0) + 1e-9
    pending = [(members, 0, k)]
    while pending:
        part, first, parts = pending.pop()
        if parts == 1:
            result[part] = first
            continue
        left = parts // 2
        position = blocks.vectors[part]
        spread = position - np.average(position, axis=0, weights=mass[part])
        axis = np.linalg.svd(spread * np.sqrt(mass[part])[:, None], full_matrices=False)[2][0]
        axis = axis + rng.normal(0.0, 0.05, 3)  # another seed, another cut
        order = np.argsort(spread @ axis, kind="stable")
        reached = np.cumsum(mass[part][order])
        cut = int(np.searchsorted(reached, reached[-1] * left / parts)) + 1
        cut = min(max(cut, left), len(part) - (parts - left))
        pending.append((part[order[:cut]], first, left))
        pending.append((part[order[cut:]], first + left, parts - left))
    return result


def around(blocks: Blocks, homes: Floats, members: Indices, rng: np.random.Generator, rounds: int = 200) -> Indices:
    """Each block to the town with the least distance + price, each town's blocks divided among those who live there.

    A town's price rises while more comes than its people can take. With distance + price each town's part of the
    country is star-shaped, thus in one piece; where the prices balance, no division among fixed homes is shorter.

    Args:
        blocks: what is assigned.
        homes: on the unit sphere, [k, 3].
        members: the blocks to assign.
        rng: the source of chance.
        rounds: how often prices are adjusted.

    Returns:
        Territory per block, -1 off ``members``.
    """
    town = _towns(homes)
    people = np.bincount(town)
    middle = normalised(sum_vectors(town, np.ones(len(homes)), homes, len(people)))
    away = np.stack([chord_km(blocks.vectors[members], point) for point in middle], axis=1)
    mass = blocks.shares[:, members]
    price = np.zeros(len(people))
    step = float(away.min(axis=1).mean()) + float(away.mean()) / 4
    best, best_excess = away.argmin(axis=1), np.inf
    for turn in range(rounds):
        chosen = (away + price).argmin(axis=1)
        load = np.stack([sum_by(chosen, row, len(people)) for row in mass]).mean(axis=0) / people
        excess = float((np.abs(load - 1) * people).sum())
        if excess < best_excess:
            best, best_excess = chosen, excess
        price += step * 0.97**turn * np.clip(load - 1, -0.5, 0.5)
    result = np.full(len(blocks), NONE, dtype=np.intp)
    result[members] = best
    return _shared(blocks, result, town, rng)


def _towns(homes: Floats, reach: float = 40.0) -> Indices:
    """One number for homes within ``reach`` km of each other, also by way of others, [k]."""
    near = np.stack([chord_km(homes, home) <= reach for home in homes])
    town = np.arange(len(homes), dtype=np.intp)
    while True:
        nearest = np.where(near, town, len(homes)).min(axis=1)
        if (nearest == town).all():
            return np.unique(town, return_inverse=True)[1].reshape(-1).astype(np.intp)
        town = nearest


def _shared(blocks: Blocks, towns: Indices, town: Indices, rng: np.random.Generator) -> Indices:
    """What comes to each town, in one piece where it can be, divided among the people who live there."""
    whole = join_strays(blocks, towns, int(town.max()) + 1)
    result = np.full(len(blocks), NONE, dtype=np.intp)
    for number in range(int(town.max()) + 1):
        people, theirs = np.flatnonzero(town == number), np.flatnonzero(whole == number)
        parts = min(len(people), len(theirs))
        if parts:
            split = bisection(blocks, parts, theirs, rng)
            result[theirs] = people[split[theirs]]
    return result


def matched(blocks: Blocks, start: Indices, k: int, homes: Floats, keep: float) -> Indices:
    """``start`` with its parts renumbered so that kilometres to homes and what changes owner cost least.

    Args:
        blocks: what is assigned.
        start: territory per block, -1 for blocks that take no part.
        k: number of territories.
        homes: on the unit sphere, [k, 3], NaN where not known; a part without a home costs what is to its own middle.
        keep: kilometres that keeping everything with its owner is worth. A lock outweighs all else.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  # slow to load, and the package is imported early

    held = np.flatnonzero(start != NONE)
    known = held[blocks.owner[held] != NONE]
    at_home = np.flatnonzero(np.isfinite(homes).all(axis=1))
    if not len(known) and not len(at_home):
        return start
    cost = np.zeros((k, k))
    if len(at_home):
        sums = np.stack([sum_by(start[held], blocks.moment[held, i], k) for i in range(3)], axis=1)
        own = blocks.km(held, normalised(sums)[start[held]])
        cost += sum_by(start[held], own, k)[:, None]
        far = blocks.km_to_all(held, homes[at_home])
        cost[:, at_home] = np.stack([sum_by(start[held], column, k) for column in far.T], axis=1)
    strength = keep * blocks.kept[known] + np.where(blocks.locked[known], 1e7, 0.0)
    cost -= sum_by(start[known] * k + blocks.owner[known], strength, k * k).reshape(k, k)
    part, owner = linear_sum_assignment(cost)
    number = np.empty(k, dtype=np.intp)
    number[part] = owner
    return np.where(start == NONE, NONE, number[start])


def nearest_owned(blocks: Blocks, k: int, members: Indices) -> Indices:
    """Today's plan, with what nobody works given to the nearest territory's centre."""
    result = np.full(len(blocks), NONE, dtype=np.intp)
    result[members] = blocks.owner[members]
    orphans = members[blocks.owner[members] == NONE]
    held = members[blocks.owner[members] != NONE]
    if not len(orphans):
        return result
    sums = sum_vectors(result[held], blocks.weight[held], blocks.vectors[held], k)
    empty = np.linalg.norm(sums, axis=1) == 0
    centre = normalised(sums)
    for territory in np.flatnonzero(empty):  # a new territory begins where the most remote orphan is
        remote = chord_km(blocks.vectors[orphans][:, None], centre[~empty][None]) if (~empty).any() else None
        seat = orphans[0] if remote is None else orphans[int(remote.min(axis=1).argmax())]
        centre[territory], empty[territory] = blocks.vectors[seat], False
    for part in np.array_split(orphans, max(1, len(orphans) * k // 4_000_000)):
        result[part] = (blocks.vectors[part] @ centre.T).argmax(axis=1)
    return result
