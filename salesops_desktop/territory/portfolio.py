"""Several starts, each searched a little; the most promising one is searched to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.geography import unit_vectors
from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices
from salesops_desktop.territory.search import SCORE, Search
from salesops_desktop.territory.start import around, bisection, matched, nearest_owned
from salesops_desktop.territory.strays import join_strays

RUNS = 3
"""How often the last search is repeated while the balance is not reached."""


class Portfolio:
    """The starts of one problem and their searches.

    Args:
        problem: what is asked.
        blocks: its blocks.
        base: what each territory already holds of each measure, in mean territories, [m, k].
        rng: the source of chance.
    """

    def __init__(self, problem: DesignProblem, blocks: Blocks, base: Floats, rng: np.random.Generator) -> None:
        self.problem, self.blocks, self.base, self.rng = problem, blocks, base, rng
        self.k = problem.territories
        self.members = np.flatnonzero(blocks.positioned)
        self.homes = np.full((self.k, 3), np.nan)
        if problem.home_latitude is not None and problem.home_longitude is not None:
            self.homes = unit_vectors(problem.home_latitude, problem.home_longitude)

    def best(self, sweeps: int, progress: Callable[[int, int], None], better: Callable[[Indices], None]) -> Indices:
        """The best assignment found; -1 for blocks that take no part.

        Args:
            sweeps: of the last search; the others take a fifth each.
            progress: told (done, total) every sweep.
            better: told every better assignment.
        """
        trial, done = max(1, sweeps // 5), 0
        total = 5 * trial + sweeps

        def step(sweep: int) -> None:
            progress(min(done + sweep, total - 1), total)

        starts: list[Indices] = []
        for start in self._starts(trial, step):
            step(0)
            starts.append(self._whole(start))
            step(0)
            if len(starts) == 1:
                better(starts[0])
        mean = max(min(self._search(0.0, self.homes, start).distance() for start in starts), 1e-6)
        best: tuple[SCORE, Indices] | None = None
        for start in starts if len(starts) > 1 else ():
            result = self._search(mean, self.homes, start).run(trial, step, _nobody if best else better)
            done += trial
            if best is None or result[0] < best[0]:
                best = result
                better(result[1])
        chosen = starts[0] if best is None else best[1]
        for _ in range(RUNS):  # what is not balanced by the end of one search may be by the end of another
            done = total - sweeps
            score, chosen = self._search(mean, self.homes, chosen).run(sweeps, step, better)
            if score[0] == 0:
                break
            total += sweeps
        return chosen

    def _search(self, mean: float, homes: Floats, start: Indices) -> Search:
        problem = self.problem
        search = Search(
            self.blocks,
            self.k,
            homes=homes,
            base=self.base,
            disruption=problem.disruption,
            connected=problem.connected,
            rng=self.rng,
            mean=mean,
        )
        search.begin(start)
        return search

    def _starts(self, trial: int, step: Callable[[int], None]) -> Iterator[Indices]:
        """First assignments: today's, one about the homes, and compact pieces given to the people they suit."""
        blocks, members, k = self.blocks, self.members, self.k
        known = np.isfinite(self.homes).all(axis=1)
        found = 0
        if self.problem.disruption > 0 and (blocks.owner[members] != NONE).any():
            found += 1
            yield nearest_owned(blocks, k, members)
        if known.all():
            found += 1
            yield around(blocks, self.homes, members, self.rng)
        for _ in range(1 if found else 3):
            pieces = filled(bisection(blocks, min(k, len(members)), members, self.rng), blocks, members, k)
            if known.any():  # without centres that pull, pieces become compact; then each finds its person
                free = np.full((k, 3), np.nan)
                pieces = self._search(0.0, free, self._whole(pieces)).run(trial, step, _nobody)[1]
            keep = max(self.problem.disruption, 0.01) * 1000.0
            yield matched(blocks, pieces, k, self.homes, keep)

    def _whole(self, start: Indices) -> Indices:
        """``start`` with locks in it, without empty territories and, where asked, each in one piece."""
        blocks = self.blocks
        result = np.where(blocks.locked & blocks.positioned, blocks.owner, start)
        result = filled(result, blocks, self.members, self.k)
        if not self.problem.connected:
            return result
        return join_strays(blocks, result, self.k)


def _nobody(assignment: Indices) -> None:
    """What a trial finds is worth telling only when it has beaten the best."""


def filled(start: Indices, blocks: Blocks, members: Indices, k: int) -> Indices:
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
