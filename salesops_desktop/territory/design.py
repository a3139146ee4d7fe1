"""Designing territories: start, search, place the rest, measure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.territory.blocks import Blocks, make_blocks
from salesops_desktop.territory.figures import Design, evaluate, unit_edges
from salesops_desktop.territory.portfolio import Portfolio
from salesops_desktop.territory.problem import NONE, Assignment, DesignProblem, Floats, Indices, sum_by

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
    progress(0, 1, "Looking at the units")
    problem.check()
    rng = np.random.default_rng(seed)
    edges = unit_edges(problem)
    progress(0, 1, "Finding neighbours")
    blocks = make_blocks(problem, edges)
    progress(0, 1, "Designing territories")
    fixed = np.where(blocks.positioned, NONE, blocks.owner)
    found = fixed
    if blocks.positioned.any():
        base = _loads(blocks, fixed, problem.territories)

        def tell(assignment: Indices) -> None:
            whole = np.where(assignment == NONE, fixed, assignment)
            better(_placed(blocks, whole, problem.territories)[blocks.of_unit].astype(np.int32))

        portfolio = Portfolio(problem, blocks, base, rng)
        best = portfolio.best(sweeps, lambda done, total: progress(done, total, "Designing territories"), tell)
        found = np.where(best == NONE, fixed, best)
    found = _placed(blocks, found, problem.territories)
    progress(1, 1, "Measuring")
    return evaluate(problem, found[blocks.of_unit], edges)


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
