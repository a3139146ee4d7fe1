"""Territories with a short span: the largest distance between two units of one territory becomes small.

Many first assignments are searched a little in two threads, the best of them longer, and the best two to the end. Then
the other territories are tidied as far as the largest span allows. Balance comes first, then the span; a territory that
is in one piece stays so in every step.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.kernels.span import widest
from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices
from salesops_desktop.territory.span_board import Starts, make_board
from salesops_desktop.territory.span_run import Found, Run
from salesops_desktop.territory.start import matched

if TYPE_CHECKING:
    from salesops_desktop.territory.portfolio import Effort

THREADS: Final = 2

STEPS: Final[dict[str, tuple[int, int]]] = {
    "quick": (2_000_000, 800),
    "thorough": (20_000_000, 8_000),
    "long": (120_000_000, 40_000),
}
"""Steps of all searches together, and at least so many per block."""

MOST_STARTS: Final = 32

PULLS: Final = (0.03, 0.1)
"""What the squares of the distances from a unit to all others of a territory cost, on average and in squares of the
largest span, when the other territories are tidied."""

ENOUGH: Final = 1500
"""Steps per unit after which it can be seen what becomes of a first assignment."""


@dataclass(frozen=True, slots=True)
class Span:
    """The largest distance between two units of one territory.

    Attributes:
        km: great-circle distance, or straight on a plane.
        territory: which one, -1 where no territory has a unit with a position.
        units: the two units that far apart.
        territory_km: the same per territory, [k]; NaN without positioned units.
    """

    km: float
    territory: int
    units: tuple[int, int]
    territory_km: Floats


def measure_span(problem: DesignProblem, assignment: npt.NDArray[np.integer]) -> Span:
    """The spans of an assignment.

    Args:
        problem: what was asked.
        assignment: territory per unit, [n]; -1 for none.
    """
    k = problem.territories
    here = np.flatnonzero(problem.positioned & (assignment >= 0))
    order = here[np.argsort(assignment[here], kind="stable")]
    point = problem.points[order]
    stand = np.ascontiguousarray((point - point.mean(axis=0)).T if len(point) else point.T, dtype=np.float32)
    first = np.searchsorted(assignment[order], np.arange(k + 1))
    ends, reach = np.zeros(2, dtype=np.int32), np.zeros(len(order))
    km, pairs = np.full(k, np.nan), np.full((k, 2), NONE)
    for t in range(k):
        begin, count = int(first[t]), int(first[t + 1] - first[t])
        if count:
            widest(stand, begin, count, ends, reach)
            pairs[t] = order[ends]
            km[t] = _away(problem.radius, float(np.linalg.norm(point[ends[0]] - point[ends[1]])))
    if np.isnan(km).all():
        return Span(0.0, NONE, (NONE, NONE), km)
    worst = int(np.nanargmax(km))
    return Span(float(km[worst]), worst, (int(pairs[worst, 0]), int(pairs[worst, 1])), km)


def _away(radius: float, straight: float) -> float:
    """A straight distance, km, as the great circle of a globe; as it is on a plane, where the radius is 0."""
    return 2 * radius * math.asin(min(straight / (2 * radius), 1.0)) if radius > 0 else straight


class SpanPortfolio:
    """The first assignments of one problem and their searches.

    Args:
        problem: what is asked, checked; the price and the budget of moving play no part.
        blocks: its blocks.
        effort: how long to search, in words or in steps of all searches together (10 million take about a second of
            two threads).
        seed: of everything left to chance.
    """

    def __init__(self, problem: DesignProblem, blocks: Blocks, effort: Effort | int, seed: int) -> None:
        self.problem, self.blocks, self.seed = problem, blocks, seed
        if isinstance(effort, int):
            self.steps = max(effort, 1)
        else:
            least, each = STEPS[effort]
            members = len(problem) / problem.territories  # a step costs a walk over all members of two territories
            self.steps = int(max(least, each * len(blocks)) * min(1.0, (60 + 200) / (60 + members)))
        self.board = make_board(problem, blocks)
        self.starts = Starts(problem, blocks, self.board)
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.tried = 0
        self.leader: Found | None = None
        self.told: Found | None = None

    def best(self, progress: Callable[[float], None], better: Callable[[Indices], None]) -> Indices:
        """The best assignment found, [b]; -1 for blocks that take no part.

        Args:
            progress: told how much is done, from 0 to 1, many times a second; what it raises ends all.
            better: told every better assignment, from the caller's own thread.
        """
        count = int(np.clip(0.4 * self.steps / (ENOUGH * len(self.blocks)), 1, MOST_STARTS) / 2 + 0.5) * 2
        plan = [(count, 0.4), (max(2, count // 4), 0.26), (2, 0.24)]
        chance = np.random.SeedSequence(self.seed % 2**63)
        seeds = iter(chance.generate_state(2 * sum(runs for runs, _ in plan) + len(PULLS)).tolist())
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="span")
        try:
            found: list[Found] = []
            for runs, part in plan:
                ranked = sorted(found, key=_score)[:runs]
                known = ranked[0].span if ranked and ranked[0].excess == 0 else None
                each = max(int(self.steps * part / runs), 1)
                tasks = [
                    pool.submit(self._run, next(seeds), next(seeds), ranked[i] if ranked else None, known, each)
                    for i in range(runs)
                ]
                found = self._watch(tasks, progress, better)
            winner, last = min(found, key=_score), int(self.steps * 0.1 / len(PULLS))
            tasks = [pool.submit(self._tidy, next(seeds), winner, pull, last) for pull in PULLS]
            found = self._watch(tasks, progress, better)
        finally:  # who cancels does not wait for what the threads are at; they notice soon
            self.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
        self.leader = min(found, key=_score)  # of equals the first, whichever was found first
        self._tell(better)
        return self._named(self.leader.where)

    def _run(self, draw: int, seed: int, begin: Found | None, known: float | None, steps: int) -> Found:
        start = self.starts.make(draw, self.stop.is_set) if begin is None else begin.where
        run = Run(self.board, start, seed, connected=self.problem.connected)
        self._take_lead(run.best)
        return run.search(steps, known, self._pause, self._take_lead)

    def _tidy(self, seed: int, begin: Found, pull: float, steps: int) -> Found:
        run = Run(self.board, begin.where, seed, connected=self.problem.connected)
        return run.tidy(steps, pull * self.problem.territories / len(self.problem), self._pause, self._take_lead)

    def _pause(self, tried: int) -> bool:
        with self.lock:
            self.tried += tried
        return self.stop.is_set()

    def _take_lead(self, found: Found) -> None:
        with self.lock:
            if self.leader is None or found.score < self.leader.score:
                self.leader = found

    def _watch(
        self, tasks: Sequence[Future[Found]], progress: Callable[[float], None], better: Callable[[Indices], None]
    ) -> list[Found]:
        """Wait for all, telling how far they are and what is better."""
        while wait(tasks, timeout=0.02).not_done:
            progress(min(self.tried / self.steps, 0.999))
            self._tell(better)
        self._tell(better)
        return [task.result() for task in tasks]

    def _tell(self, better: Callable[[Indices], None]) -> None:
        leader = self.leader
        if leader is not None and leader is not self.told:
            self.told = leader
            better(self._named(leader.where))

    def _named(self, where: Indices) -> Indices:
        """Territories given to the people they suit, where nothing else says whose they are."""
        board, blocks = self.board, self.blocks
        bound = bool((blocks.locked & blocks.positioned).any()) or len(board.may) > 1 or bool(board.base.any())
        if bound or float(np.ptp(board.target, axis=0).max()) > 1e-9:
            return where
        keep = max(self.problem.disruption, 0.01) * 1000.0
        return matched(blocks, where, np.arange(self.problem.territories), self.problem.home_points, keep)


def _score(found: Found) -> tuple[float, float, float]:
    return found.score
