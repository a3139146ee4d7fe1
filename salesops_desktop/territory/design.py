"""Designing territories: start, search, place the rest, measure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.territory.blocks import Blocks, make_blocks
from salesops_desktop.territory.figures import Design, evaluate, unit_edges
from salesops_desktop.territory.geography import unit_vectors
from salesops_desktop.territory.problem import NONE, Assignment, DesignProblem, Floats, Indices, sum_by
from salesops_desktop.territory.search import SCORE, Search, join_strays, quiet
from salesops_desktop.territory.start import around, bisection, nearest_owned, numbered

Better = Callable[[Assignment], None]


def nobody(assignment: Assignment) -> None:  # the null listener
    """Tell nobody."""


def design(
    problem: DesignProblem, *, seed: int = 0, sweeps: int = 300, progress: Progress = silent, better: Better = nobody
) -> Design:
    """Divide the units among the territories: balanced first, in one piece, then compact and with little disruption.

    The same problem, seed and number of sweeps give the same assignment on every machine with the same libraries.

    Args:
        problem: what is asked.
        seed: of everything left to chance.
        sweeps: how long to search; time grows with it.
        progress: called every sweep; what it raises ends the search.
        better: told every better assignment of all units as it is found, so that a caller who cancels keeps the best.

    Returns:
        The best assignment found with its figures; ``sentences`` says what could not be reached.

    Raises:
        FaultsError: the problem makes no sense; every reason is listed.
    """
    problem.check()
    rng = np.random.default_rng(seed)
    edges = unit_edges(problem)
    blocks = make_blocks(problem, edges)
    fixed = np.where(blocks.positioned, NONE, blocks.owner)
    members = np.flatnonzero(blocks.positioned)
    found = fixed
    if len(members):
        base = _loads(blocks, fixed, problem.territories)

        def tell(assignment: Indices) -> None:
            whole = np.where(assignment == NONE, fixed, assignment)
            better(_placed(blocks, whole, problem.territories)[blocks.of_unit].astype(np.int32))

        best: tuple[SCORE, Indices] | None = None
        starts = _starts(problem, blocks, members, rng)
        for turn, start in enumerate(starts):
            search = Search(
                blocks,
                problem.territories,
                homes=_homes(problem),
                base=base,
                disruption=problem.disruption,
                connected=problem.connected,
                rng=rng,
            )
            search.begin(start)
            if best is None:
                tell(start)
            count = quiet(progress, turn * sweeps, len(starts) * sweeps, "Designing territories")
            result = search.run(sweeps, count, tell if best is None else nobody_yet)
            if best is None or result[0] < best[0]:
                best = result
                tell(result[1])
        assert best is not None
        found = np.where(best[1] == NONE, fixed, best[1])
    found = _placed(blocks, found, problem.territories)
    progress(1, 1, "Measuring")
    return evaluate(problem, found[blocks.of_unit], edges)


def nobody_yet(assignment: Indices) -> None:
    """A later start is worth telling only when it has beaten the best."""


def _homes(problem: DesignProblem) -> Floats:
    if problem.home_latitude is None or problem.home_longitude is None:
        return np.full((problem.territories, 3), np.nan)
    return unit_vectors(problem.home_latitude, problem.home_longitude)


def _starts(problem: DesignProblem, blocks: Blocks, members: Indices, rng: np.random.Generator) -> list[Indices]:
    """The assignments to improve; locks and today's owners' numbers are already in them."""
    k = problem.territories
    homes = _homes(problem)
    owned = bool((blocks.owner[members] != NONE).any())
    if problem.disruption > 0 and owned:
        starts = [_filled(nearest_owned(blocks, k, members), blocks, members, k)]
    elif np.isfinite(homes).all():
        starts = [_filled(around(blocks, homes, members), blocks, members, k)]
    else:
        parts = min(k, len(members))
        starts = [numbered(blocks, bisection(blocks, parts, members, rng), k, homes)]
        starts = [_filled(start, blocks, members, k) for start in starts]
    result = []
    for start in starts:
        locked = blocks.locked & blocks.positioned
        with_locks = np.where(locked, blocks.owner, start)
        tidy = problem.connected and not (problem.disruption > 0 and owned)
        result.append(join_strays(blocks, with_locks, k) if tidy else with_locks)
    return result


def _filled(start: Indices, blocks: Blocks, members: Indices, k: int) -> Indices:
    """``start`` without empty territories: each takes one block from the territory with most blocks."""
    result = start.copy()
    count = np.bincount(result[members], minlength=k)
    for empty in np.flatnonzero(count == 0):
        giver = int(count.argmax())
        theirs = members[(result[members] == giver) & ~blocks.locked[members]]
        if count[giver] < 2 or not len(theirs):
            break
        middle = blocks.vectors[theirs].mean(axis=0)
        remote = theirs[int((blocks.vectors[theirs] @ middle).argmin())]
        result[remote] = empty
        count[giver] -= 1
        count[empty] += 1
    return result


def _loads(blocks: Blocks, where: Indices, k: int) -> Floats:
    """What each territory holds of each measure, in mean territories, [m, k]."""
    here = np.flatnonzero(where != NONE)
    return np.stack([sum_by(where[here], row[here], k) for row in blocks.shares])


def _placed(blocks: Blocks, where: Indices, k: int) -> Indices:
    """Blocks that have neither position nor owner, largest first, to the least loaded territory."""
    result = where.copy()
    load = _loads(blocks, where, k)
    size = blocks.shares.sum(axis=0)
    waiting = np.flatnonzero(result == NONE)
    for block in waiting[np.lexsort((waiting, -size[waiting]))].tolist():
        target = int(load.sum(axis=0).argmin())
        result[block] = target
        load[:, target] += blocks.shares[:, block]
    return result
