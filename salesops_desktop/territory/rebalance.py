"""Bringing today's plan back within the tolerances with as little changing hands as can be.

First the searches pay for little but what changes hands, from today's plan: bundles of neighbours first where there
are many units, then single ones. That finds how little is needed. Then the shortest plan is sought that moves no more
than that, or a little more where the proven bound leaves room: what gives way in the first part is compactness.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from salesops_desktop.model.progress import Cancelled, Progress, silent
from salesops_desktop.territory.bounds.moved import moved_lower_bound
from salesops_desktop.territory.figures import Design, evaluate, unit_edges
from salesops_desktop.territory.kernels.arrays import Board
from salesops_desktop.territory.problem import NONE, Assignment, DesignProblem, Indices
from salesops_desktop.territory.warm import Prices, Schedule, Warm, Watch, search

MANY: Final = 8_000
"""With more blocks than this, bundles move first."""

MOST: Final = 6
"""Blocks in a bundle."""

ROOM: Final = 1.4
"""How much may be moved for compactness, in lower bounds, where less would do."""

FEW: Final = Schedule(hot=3.0, cold=0.05, steps=4_500_000, weight=0.7)
COARSE: Final = Schedule(hot=1.0, cold=0.1, steps=4_500_000, weight=2.0)
FINE: Final = Schedule(hot=0.4, cold=0.05, steps=1_400_000)
SHORT: Final = Schedule(hot=1.0, cold=0.05, steps=1_000_000, period=10_000)

Better = Callable[[Assignment], None]


def nobody(assignment: Assignment) -> None:  # the null listener
    """Tell nobody."""


def rebalance(
    problem: DesignProblem,
    *,
    seed: int = 0,
    progress: Progress = silent,
    better: Better = nobody,
    edges: Indices | None = None,
) -> Design:
    """Today's plan, repaired: within the tolerances again where that can be, and little changes hands.

    Locks, families, boundaries and forbidden pairs hold; a territory in one piece stays so (where the problem asks for
    it), one that is torn today may stay torn. The same problem and seed give the same assignment.

    Args:
        problem: with today's owners; ``disruption`` and ``budget`` play no part.
        seed: of everything left to chance.
        progress: called often; what it raises ends the search.
        better: told every better assignment as it is found, so that a caller who cancels keeps the best.
        edges: the neighbourhood graph of the units, when it is already known.

    Returns:
        The plan with its figures.

    Raises:
        FaultsError: the problem makes no sense.
    """
    problem.check()
    progress(0, 100, "Looking at today's plan")
    graph = unit_edges(problem) if edges is None else edges
    warm = Warm(problem, graph)
    today = warm.today()
    found = today
    if warm.excess(today) > 0 or warm.moved(today) > 0:
        progress(5, 100, "Moving as little as possible")
        least = least_moved(
            warm, today, seed, lambda part: progress(5 + 65 * part, 100, "Moving as little as possible")
        )
        better(warm.units(least))
        progress(70, 100, "Making it compact")
        found = shortened(
            warm, least, _budget(warm, least), seed, lambda part: progress(70 + 28 * part, 100, "Making it compact")
        )
        better(warm.units(found))
    progress(98, 100, "Measuring")
    return evaluate(problem, warm.units(found), graph)


def shortened(warm: Warm, plan: Indices, budget: float, seed: int, watch: Watch, schedule: Schedule = SHORT) -> Indices:
    """The most compact plan found from ``plan`` that moves at most the share ``budget``; never worse balanced.

    Args:
        warm: the problem.
        plan: where to begin, [b].
        budget: the share that may change hands.
        seed: of what is left to chance.
        watch: told the part done.
        schedule: how long and how freely.
    """
    board = warm.board(Prices(km=1.0, moved=0.0, budget=budget * (1 - 1e-9)), plan)
    narrow = float(warm.narrow.mean()) / warm.k
    standing = warm.standing(board, plan, warm.blocks.positioned, seed + 7, 10 * narrow)
    standing.weight[-1] = 1.0
    search(board, standing, schedule, 1.0, watch)
    found = warm.whole(standing.best, plan)
    good = warm.excess(found) <= warm.excess(plan) and warm.moved(found) <= max(budget, warm.moved(plan))
    return found if good and warm.mean_km(found) <= warm.mean_km(plan) else plan


def _budget(warm: Warm, least: Indices) -> float:
    need = moved_lower_bound(warm.problem)
    return max(warm.moved(least), ROOM * need.share)


def least_moved(warm: Warm, today: Indices, seed: int, watch: Watch) -> Indices:
    """The plan that moves least of those found by two searches, which run beside each other."""
    board = warm.board(Prices(km=0.01, moved=1.0), today)
    stop = threading.Event()

    def follow(part: float) -> None:
        if stop.is_set():
            raise Cancelled
        watch(part)

    def beside(_: float) -> None:
        if stop.is_set():
            raise Cancelled

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(_searched, warm, board, today, 2 * seed + 1, beside)
        try:
            mine = _searched(warm, board, today, 2 * seed, follow)
            theirs = other.result()
        finally:
            stop.set()
    return min(mine, theirs, key=lambda plan: (warm.excess(plan), warm.moved(plan)))


def _searched(warm: Warm, board: Board, today: Indices, seed: int, watch: Watch) -> Indices:
    """One search for the plan that moves least."""
    tolerance = float(warm.narrow.mean()) / warm.k  # what moving one tolerance of one territory costs
    positioned = warm.blocks.positioned
    plan, weight = today, FEW.weight * tolerance
    schedule, begin = FEW, 0.0
    if len(plan) > MANY:
        coarse, label = warm.bundled(board, plan, MOST)
        part = np.zeros(len(coarse.owner), dtype=np.bool_)
        part[label] = positioned
        first = np.full(len(part), NONE, dtype=np.intp)
        first[label] = plan
        standing = warm.standing(coarse, first, part, seed, COARSE.weight * tolerance)
        search(coarse, standing, COARSE, 1.0, lambda done: watch(0.7 * done))
        plan = warm.whole(standing.best[label], plan)
        schedule, begin, weight = FINE, 0.7, float(standing.weight[0])
    standing = warm.standing(board, plan, positioned, seed, weight)
    search(board, standing, schedule, 1.0, lambda done: watch(begin + (1 - begin) * done))
    return warm.whole(standing.best, plan)
