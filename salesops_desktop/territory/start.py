"""First assignments, from which the search improves."""

from __future__ import annotations

import numpy as np

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.geography import chord_km, normalised
from salesops_desktop.territory.problem import NONE, Floats, Indices, sum_by, sum_vectors


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


def around(blocks: Blocks, fixed: Floats, members: Indices, rounds: int = 60) -> Indices:
    """Each block to the territory with the least distance² + price; prices rise where too much comes.

    Args:
        blocks: what is assigned.
        fixed: centres on the unit sphere, [k, 3].
        members: the blocks to assign.
        rounds: how often prices are adjusted.

    Returns:
        Territory per block, -1 off ``members``.
    """
    mass = blocks.shares[:, members]
    away = 2.0 - 2.0 * blocks.vectors[members] @ fixed.T
    k = len(fixed)
    scale = float(away.min(axis=1).mean()) + 1e-12
    price = np.zeros(k)
    best, best_excess = away.argmin(axis=1), np.inf
    for turn in range(rounds):
        chosen = (away + price).argmin(axis=1)
        load = np.stack([sum_by(chosen, row, k) for row in mass])
        excess = float(np.abs(load - 1).max())
        if excess < best_excess:
            best, best_excess = chosen, excess
        price += 2.0 * scale * np.clip((load - 1).mean(axis=0), -0.5, 0.5) * (1 - turn / rounds)
    result = np.full(len(blocks), NONE, dtype=np.intp)
    result[members] = best
    return result


def numbered(blocks: Blocks, start: Indices, k: int, homes: Floats) -> Indices:
    """``start`` with its parts renumbered: near the homes that are known, with most of today's owners keeping most.

    Keeping a part with its owner counts as much as bringing it 1,000 km nearer to a home; a lock outweighs all else.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  # slow to load, and the package is imported early

    held = np.flatnonzero(start != NONE)
    known = held[blocks.owner[held] != NONE]
    at_home = np.flatnonzero(np.isfinite(homes).all(axis=1))
    if not len(known) and not len(at_home):
        return start
    strength = blocks.weight[known] * np.where(blocks.locked[known], 1000.0, 1.0)
    value = sum_by(start[known] * k + blocks.owner[known], strength, k * k).reshape(k, k)
    size = sum_by(start[held], blocks.weight[held], k)
    middle = normalised(sum_vectors(start[held], blocks.weight[held], blocks.vectors[held], k))
    away = chord_km(middle[:, None], homes[at_home][None])
    value[:, at_home] -= size[:, None] * away / 1000.0
    part, owner = linear_sum_assignment(value, maximize=True)
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
