"""Several starts, each searched a little; the most promising ones are searched on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event
from typing import Final, Literal

import numpy as np

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.patience import patiently
from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices
from salesops_desktop.territory.search import SCORE, Aim, Search, make_board
from salesops_desktop.territory.start import around, bisection, matched, nearest_owned
from salesops_desktop.territory.strays import join_strays, middles, nearest_allowed

Effort = Literal["quick", "thorough", "long"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is searched.

    Attributes:
        steps: of all searches together.
        each: so many for each block where that is more, up to four times ``steps``.
        fresh: starts that know nothing of today.
        kicks: how often each of the two best is shaken and searched again; that takes two thirds of the steps.
    """

    steps: int
    each: int
    fresh: int
    kicks: int = 0


PLANS: Final = {
    "quick": Plan(2_000_000, 80, 2),
    "thorough": Plan(56_000_000, 500, 10, 10),
    "long": Plan(280_000_000, 2400, 24, 44),
}

SMALL: Final = 2000
"""So many blocks are searched by one fresh start; where there are fewer, there are more starts."""

REPAIRS: Final = 4
"""How often the best searches are repeated while they are out of bounds."""

HOT: Final = 3.0
"""The first temperature of a fresh start."""

WARM: Final = 0.5
"""That of a plan of today, and of a search that goes on."""

SHAKEN: Final = 1.0
"""That after some territories were divided anew."""

BEST: Final = 2
"""How many searches are shaken."""

THREADS: Final = 2


class Portfolio:
    """The starts of one problem and their searches.

    Args:
        problem: what is asked.
        blocks: its blocks.
        effort: how long to search, in words or in steps.
        seed: of everything left to chance.
    """

    def __init__(self, problem: DesignProblem, blocks: Blocks, effort: Effort | int, seed: int) -> None:
        self.problem, self.blocks, self.seed = problem, blocks, seed
        self.k = problem.territories
        self.members = np.flatnonzero(blocks.positioned)
        self.homes = problem.home_points
        self.aim = Aim(self.homes, problem.disruption, problem.connected, problem.budget)
        plan = Plan(effort, 0, 2) if isinstance(effort, int) else PLANS[effort]
        self.steps = max(plan.steps, min(plan.each * len(self.members), 4 * plan.steps))
        self.plan = plan

    def best(self, progress: Callable[[float], None], better: Callable[[Indices], None]) -> Indices:
        """The best assignment found; -1 for blocks that take no part.

        Args:
            progress: told how much is done, from 0 to 1, every fraction of a second; what it raises ends all.
            better: told every better assignment.
        """
        starts: list[tuple[Indices, float]] = []
        coming = ((self._whole(start), heat) for start, heat in self._starts())
        while made := patiently(lambda: next(coming, None), lambda: progress(0.0)):
            starts.append(made)
            if len(starts) == 1:
                better(made[0])
        runs = patiently(lambda: self._searches(starts), lambda: progress(0.0))
        self._told: SCORE = (np.inf, np.inf, np.inf)
        later = 2 * self.steps // 3 if self.plan.kicks else 0
        each = max((self.steps - later) // len(runs), 1)
        first = 1 - later / self.steps
        trials = [(search.run(each, heat), search) for search, heat in runs]
        self._together(trials, (0.0, first / (each * len(runs))), progress, better)
        found = sorted((search for search, _ in runs), key=lambda search: search.score)[:BEST]
        if later:
            each = max(later // (len(found) * self.plan.kicks), 1)
            evolved = [(self._evolve(search, each, number), search) for number, search in enumerate(found)]
            self._together(evolved, (first, 1.0 / self.steps), progress, better)
        for _ in range(REPAIRS):
            if min(search.score for search in found)[:2] == (0.0, 0.0):
                break
            repairs = [(search.run(max(self.steps // 2, 1), WARM), search) for search in found]
            self._together(repairs, (0.999, 0.0), progress, better)
        return min(found, key=lambda search: search.score).best

    def _searches(self, starts: Sequence[tuple[Indices, float]]) -> list[tuple[Search, float]]:
        """A search from each start, with its first temperature."""
        mean = min(self._mean(start) for start, _ in starts)
        self.board = make_board(self.blocks, self.aim, mean)
        return [(Search(self.board, start, self.seed * 1009 + i), heat) for i, (start, heat) in enumerate(starts)]

    def _evolve(self, search: Search, steps: int, lineage: int) -> Iterator[int]:
        """Shake the best of a search and search again, and again; keeps what is better."""
        rng = np.random.default_rng((self.seed % 2**63, 7919, lineage))
        loose = self.problem.disruption == 0 and self.problem.budget is None
        for _ in range(self.plan.kicks):
            start = self._whole(self._shaken(search.best, rng)) if loose else search.best
            trial = Search(self.board, start, int(rng.integers(2**62)))
            yield from trial.run(steps, SHAKEN if loose else WARM)
            if trial.score < search.score:
                search.adopt(trial)

    def _shaken(self, where: Indices, rng: np.random.Generator) -> Indices:
        """``where`` with a few neighbouring territories of one side of a boundary divided anew."""
        blocks = self.blocks
        ends = where[blocks.edges]
        ends = ends[(ends[:, 0] != ends[:, 1]) & (ends >= 0).all(axis=1)]
        if not len(ends):
            return where
        some = {int(ends[rng.integers(len(ends)), 0])}
        wanted = int(rng.integers(2, 6))
        while len(some) < min(wanted, self.k):
            near = ends[np.isin(ends[:, 0], list(some)) & ~np.isin(ends[:, 1], list(some)), 1]
            if not len(near):
                break
            some.add(int(near[rng.integers(len(near))]))
        seats, here = np.array(sorted(some)), np.flatnonzero(np.isin(where, list(some)))
        anchor = np.where(np.isfinite(self.homes), self.homes, np.nan)
        result = where.copy()
        result[here] = bisection(blocks, seats, here, anchor, rng, 1.0)[here]
        return result

    def _together(
        self,
        work: Sequence[tuple[Iterator[int], Search]],
        span: tuple[float, float],
        progress: Callable[[float], None],
        better: Callable[[Indices], None],
    ) -> None:
        """Run searches in two threads, and tell from this one what they find, and how much of all is done.

        Args:
            work: steps to take, and the search whose best they improve.
            span: how much was done before, and how much each step adds.
            progress: see ``best``.
            better: see ``best``.
        """
        stop, done = Event(), [0] * len(work)
        news: SimpleQueue[tuple[SCORE, Indices]] = SimpleQueue()

        def drive(number: int) -> None:
            steps, search = work[number]
            told = search.score
            for count in steps:
                done[number] += count
                if stop.is_set():
                    return
                if search.score < told:
                    told = search.score
                    news.put((told, search.best))
            news.put((search.score, search.best))

        with ThreadPoolExecutor(THREADS) as pool:
            jobs = [pool.submit(drive, number) for number in range(len(work))]
            try:
                while wait(jobs, 0.02).not_done:
                    progress(min(span[0] + span[1] * sum(done), 0.999))
                    self._tell(news, better)
                for job in jobs:
                    job.result()
            finally:
                stop.set()
        self._tell(news, better)

    def _tell(self, news: SimpleQueue[tuple[SCORE, Indices]], better: Callable[[Indices], None]) -> None:
        """Pass on what is better than all before."""
        while not news.empty():
            score, found = news.get()
            if score < self._told:
                self._told = score
                better(found)

    def _mean(self, start: Indices) -> float:
        """The mean distance, which counts as one."""
        centre = np.where(np.isfinite(self.homes), self.homes, middles(self.blocks, start, self.k))
        total = self.blocks.weight[self.members].sum()
        return max(float(self.blocks.km_within(self.members, start[self.members], centre).sum() / total), 1e-6)

    def _starts(self) -> Iterator[tuple[Indices, float]]:
        """First assignments: today's, one about the homes, and compact pieces given to the people they suit."""
        blocks, members, problem = self.blocks, self.members, self.problem
        today = (blocks.owner[members] != NONE).any()
        if today and (problem.disruption > 0 or problem.budget is not None):
            yield nearest_owned(blocks, members), WARM
            if problem.budget is not None:
                return
        if np.isfinite(self.homes).all():
            yield self._by_part(lambda seats, here, rng, _: self._around(seats, here, rng), 0), WARM
        keep = max(problem.disruption, 0.01) * 1000.0
        for number in range(max(self.plan.fresh, min(SMALL // len(members), 10))):
            pieces = self._by_part(self._bisected, number)
            for seats, _ in self._parts():
                pieces = matched(blocks, pieces, seats, self.homes, keep)
            yield pieces, HOT

    def _around(self, seats: Indices, here: Indices, rng: np.random.Generator) -> Indices:
        rounds = max(20, min(120, int(4e8 / (len(here) * len(seats)))))
        return around(self.blocks, self.homes, seats, here, rng, rounds)

    def _bisected(self, seats: Indices, here: Indices, rng: np.random.Generator, number: int) -> Indices:
        anchor = np.where(np.isfinite(self.homes), self.homes, self._today())
        wild = max(0.0, min(1.0, (number - 1) / 4))  # the first two as even as can be
        return bisection(self.blocks, seats, here, anchor, rng, wild)

    def _today(self) -> Floats:
        """The middles of today's territories, km, [k, 3]; NaN for those without."""
        owner = np.where(self.blocks.positioned, self.blocks.owner, NONE)
        held = np.isin(np.arange(self.k), owner)
        return np.where(held[:, None], middles(self.blocks, owner, self.k), np.nan)

    def _parts(self) -> Iterator[tuple[Indices, Indices]]:
        """The territories on each side of a boundary, and the blocks there."""
        problem, blocks = self.problem, self.blocks
        if problem.part is None or problem.territory_part is None:
            yield np.arange(self.k), self.members
            return
        part = np.zeros(len(blocks), dtype=np.int64)
        part[blocks.of_unit] = problem.part
        for number in np.unique(part[self.members]).tolist():
            yield np.flatnonzero(problem.territory_part == number), self.members[part[self.members] == number]

    def _by_part(self, make: Callable[[Indices, Indices, np.random.Generator, int], Indices], number: int) -> Indices:
        result = np.full(len(self.blocks), NONE, dtype=np.intp)
        rng = np.random.default_rng((self.seed % 2**63, number))
        for seats, here in self._parts():
            result[here] = make(seats[: len(here)], here, rng, number)[here]
        return result

    def _whole(self, start: Indices) -> Indices:
        """``start`` with locks and other rules in it, without empty territories and, where asked, in one piece each."""
        blocks, members = self.blocks, self.members
        result = np.where(blocks.locked & blocks.positioned, blocks.owner, start)
        barred = members[~blocks.rules.of(members)[np.arange(len(members)), result[members]]]
        result[barred] = NONE
        result = filled(nearest_allowed(blocks, result, barred), blocks, members, self.k)
        if not self.problem.connected:
            return result
        whole = join_strays(blocks, result, self.k)
        if self.problem.budget is not None and self._handed(whole) > max(self.problem.budget, self._handed(result)):
            return result  # the budget comes before one piece
        return whole

    def _handed(self, where: Indices) -> float:
        lost = (where != NONE) & (self.blocks.owner != NONE) & (self.blocks.owner != where)
        return float(self.blocks.handed[lost].sum())


def filled(start: Indices, blocks: Blocks, members: Indices, k: int) -> Indices:
    """``start`` without empty territories: each takes one block from the territory with most blocks that it may."""
    result = start.copy()
    count = np.bincount(result[members], minlength=k)
    for empty in np.flatnonzero(count == 0):
        may = blocks.rules.of(members)[:, empty] & ~blocks.locked[members] & (count[result[members]] > 1)
        if not may.any():
            continue
        givers = members[may]
        giver = int(np.bincount(result[givers], minlength=k).argmax())
        theirs = givers[result[givers] == giver]
        middle = blocks.vectors[theirs].mean(axis=0)
        remote = theirs[int(((blocks.vectors[theirs] - middle) ** 2).sum(axis=1).argmax())]
        result[remote] = empty
        count[giver] -= 1
        count[empty] += 1
    return result
