"""One improving search: the compiled loops fed with blocks, and what they found read back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.kernels.arrays import Board, Standing
from salesops_desktop.territory.kernels.chance import seeded, wheel_of_chance
from salesops_desktop.territory.kernels.graph import Scratch, flat_graph
from salesops_desktop.territory.kernels.search import anneal, judge
from salesops_desktop.territory.problem import NONE, Floats, Indices, sum_by

SCORE = tuple[float, float, float]
"""Overrun of the budget, excess over the tolerances, cost: smaller is better, in that order."""

CHUNK = 100_000
"""Steps tried between two looks at the person's wish to stop: some 30 ms."""

COLD = 0.02
"""The last temperature, before the end without any."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a search is after.

    Attributes:
        homes: fixed centres, km, [k, 3]; NaN where a territory gathers around its own middle.
        disruption: the price of moving, see DesignProblem.
        connected: whether territories are kept whole.
        budget: the largest part of what counts as moved that may change hands; None for any.
    """

    homes: Floats
    disruption: float = 0.0
    connected: bool = True
    budget: float | None = None


def make_board(blocks: Blocks, aim: Aim, mean: float) -> Board:
    """What the compiled search works on.

    Args:
        blocks: what is moved.
        aim: what for.
        mean: the kilometres that count as one in the cost.
    """
    k, part = len(aim.homes), np.flatnonzero(~blocks.positioned & (blocks.owner != NONE))
    base = np.stack([sum_by(blocks.owner[part], row[part], k) for row in blocks.shares], axis=1)
    # What has neither place nor owner comes last, to who has least: each will get about its part.
    waiting = blocks.shares[:, ~blocks.positioned & (blocks.owner == NONE)].sum(axis=1)
    base += blocks.target.T * (waiting / np.maximum(blocks.target.sum(axis=1), 1e-300))
    indptr, indices = flat_graph(len(blocks), blocks.edges)
    at_home = np.asarray(np.isfinite(aim.homes).all(axis=1))
    whole = 1.0 if aim.budget is None else max(aim.budget, 1e-9)
    target = np.ascontiguousarray(blocks.target.T)
    return Board(
        indptr=indptr,
        indices=indices,
        tails=np.repeat(np.arange(len(blocks), dtype=np.int32), np.diff(indptr)),
        first=np.r_[blocks.first, len(blocks.of_unit)].astype(np.int32),
        point=np.ascontiguousarray(blocks.unit_vectors[blocks.order]),
        pull=blocks.unit_weight[blocks.order] / mean,
        share=np.ascontiguousarray(blocks.shares.T),
        base=np.ascontiguousarray(base),
        target=target,
        narrow=np.maximum(target, 1e-6) * blocks.tolerance,
        owner=blocks.owner.astype(np.int32),
        price=aim.disruption * blocks.kept,
        handed=np.zeros(len(blocks)) if aim.budget is None else blocks.handed / whole,
        kind=blocks.rules.kind.astype(np.int32),
        may=blocks.rules.may.astype(np.uint8),
        free=(blocks.positioned & ~blocks.locked).astype(np.uint8),
        home=np.ascontiguousarray(np.nan_to_num(aim.homes)),
        at_home=at_home.astype(np.uint8),
        radius=float(blocks.radius),
        connected=bool(aim.connected),
        wheel=wheel_of_chance(),
    )


def make_standing(board: Board, start: Indices, seed: int) -> Standing:
    """The state of a search that begins at ``start`` (-1 for blocks that take no part)."""
    k, measures = board.target.shape
    scratch = Scratch(board.indptr)
    weight = np.full(measures + 1, 1.0 / k)
    weight[measures] = 1.0
    return Standing(
        where=start.astype(np.int32),
        load=np.zeros((k, measures)),
        number=np.zeros(k, dtype=np.int32),
        moment=np.zeros((k, 3)),
        mass=np.zeros(k),
        centre=np.zeros((k, 3)),
        slope=np.zeros((k, 3)),
        moved=np.zeros(1),
        weight=weight,
        chance=seeded(seed),
        stamp=scratch.stamp,
        clock=scratch.clock,
        queue=scratch.queue,
        parts=scratch.parts,
        best=start.astype(np.int32),
        score=np.array([np.inf, np.inf, np.inf, 0.0]),
    )


class Search:
    """One search over the positioned blocks; it may go on after it has ended, from the best it found.

    Args:
        board: what is searched.
        start: first assignment, -1 for blocks that take no part.
        seed: of everything left to chance.
    """

    def __init__(self, board: Board, start: Indices, seed: int) -> None:
        self.board = board
        self.standing = make_standing(board, start, seed)
        self.size = max(int((start != NONE).sum()), 1)
        judge(board, self.standing, 1.0)

    @property
    def score(self) -> SCORE:
        """How good the best assignment is."""
        over, out, cost, _ = self.standing.score.tolist()
        return (over, out, cost)

    @property
    def best(self) -> Indices:
        """The best assignment."""
        return self.standing.best.astype(np.intp)

    def adopt(self, other: Search) -> None:
        """Take over the best of another search on the same board."""
        self.standing.best[:] = other.standing.best
        self.standing.score[:] = other.standing.score

    def run(self, steps: int, heat: float) -> Iterator[int]:
        """Search on from the best; yields how many steps were tried since the last time.

        Args:
            steps: how many to try. The last twentieth accepts no loss, and nearly the last third hardly any.
            heat: what a step may cost at first, in mean kilometres of a mean block.
        """
        if not len(self.board.indices) or not self.board.free.any():
            return
        self.standing.where[:] = self.standing.best
        judge(self.board, self.standing, 1.0)
        period = min(max(self.size, 200), max(steps // 20, 1), CHUNK)
        rounds = max(steps // period, 2)
        warm = rounds - max(rounds // 20, 1)
        cooling = float(np.round((COLD / max(heat, COLD)) ** (1.0 / max(warm, 1)), 9))
        now, pace = heat / self.size, 1.05
        together = max(CHUNK // period, 1)
        done = 0
        while done < rounds:
            last = done >= warm
            count = min(together, (rounds if last else warm) - done)
            now = anneal(self.board, self.standing, count, period, 0.0 if last else now, cooling, pace)
            done += count
            yield count * period
