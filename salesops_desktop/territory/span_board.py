"""The arrays that the search for a short span works on, and first assignments for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.kernels.chance import seeded, wheel_of_chance
from salesops_desktop.territory.kernels.graph import Scratch, flat_graph
from salesops_desktop.territory.kernels.span import SpanBoard, SpanStanding, nearest, spread_out, weigh
from salesops_desktop.territory.portfolio import filled
from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices, sum_by, sum_vectors
from salesops_desktop.territory.start import bisection
from salesops_desktop.territory.strays import join_strays, nearest_allowed

ROUNDS: Final = 60
"""How often centres move and prices are adjusted in a first assignment."""

MOST_PAIRS: Final = 4_000_000
"""With more pairs of a block and a centre than these, the map is halved instead."""

FAR_OFF: Final = 1.0
"""As soon as a territory holds so many targets too much, prices have failed."""


def make_board(problem: DesignProblem, blocks: Blocks) -> SpanBoard:
    """The board of a checked problem; blocks without a position take no part, but weigh where their owner is."""
    k, count = problem.territories, len(blocks)
    order = blocks.order[problem.positioned[blocks.order]]
    first = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(blocks.of_unit[order], minlength=count), out=first[1:])
    place = on_board(problem, blocks.unit_vectors[order])
    indptr, indices = flat_graph(count, blocks.edges)
    target = np.ascontiguousarray(blocks.target.T)
    base = np.zeros_like(target)
    held = np.flatnonzero(~blocks.positioned & (blocks.owner != NONE))
    for a, row in enumerate(blocks.shares):
        base[:, a] = sum_by(blocks.owner[held], row[held], k)
    may = blocks.rules.may.astype(np.uint8)
    may[~may.any(axis=1)] = 1  # nowhere at all is no answer; what is broken by it is said with the figures
    return SpanBoard(
        indptr=indptr,
        indices=indices,
        tails=np.repeat(np.arange(count, dtype=np.int32), np.diff(indptr)),
        first=first,
        place=np.ascontiguousarray(place.T, dtype=np.float32),
        share=np.ascontiguousarray(blocks.shares.T),
        base=base,
        target=target,
        # What is at the limit counts as within it, whatever the order of adding.
        narrow=np.maximum(target, 1e-9) * (blocks.tolerance - 1e-9),
        kind=blocks.rules.kind.astype(np.int32),
        may=may,
        free=(blocks.positioned & ~blocks.locked).astype(np.uint8),
        wheel=wheel_of_chance(),
    )


def on_board(problem: DesignProblem, points: Floats) -> Floats:
    """Points, km, [m, 3], as places on the board: about the middle of all units, of about the size of one."""
    known = problem.points[problem.positioned]
    middle = known.mean(axis=0)
    result: Floats = (points - middle) / max(float(np.abs(known - middle).max(initial=0.0)), 1e-12)
    return result


def make_standing(board: SpanBoard, where: Indices, seed: int) -> SpanStanding:
    """The state with which a search begins."""
    count, (k, m), n = len(where), board.target.shape, board.place.shape[1]
    scratch = Scratch(board.indptr)
    room = 2 * n + k * (16 + int(np.diff(board.first).max(initial=1)))
    standing = SpanStanding(
        where=where.astype(np.int32),
        load=np.zeros((k, m)),
        price=np.ones((k, m)),
        blocks=np.zeros(k, dtype=np.int32),
        begin=np.zeros(k + 1, dtype=np.int32),
        members=np.zeros(k, dtype=np.int32),
        member=np.zeros(room, dtype=np.int32),
        slot=np.zeros(max(n, count), dtype=np.int32),
        stand=np.zeros((3, room), dtype=np.float32),
        chance=seeded(seed),
        stamp=scratch.stamp,
        clock=scratch.clock,
        queue=scratch.queue,
        parts=scratch.parts,
    )
    spread_out(board, standing)
    weigh(board, standing)
    return standing


class Starts:
    """First assignments: each block to the centre with the least distance + price, the rest is made whole.

    A centre's price rises while more comes to it than it should have; centres move to the middle of what they get.
    With random first centres every start has another pattern of cells, and the pattern decides most. Where towns are
    so dense that prices do not balance them, or there is too much of everything, the map is halved again and again.

    Args:
        problem: what is asked.
        blocks: its blocks.
        board: the board made of them.
    """

    def __init__(self, problem: DesignProblem, blocks: Blocks, board: SpanBoard) -> None:
        self.problem, self.blocks, self.board, self.k = problem, blocks, board, problem.territories
        self.here = np.flatnonzero(blocks.positioned)
        self.place = np.ascontiguousarray(on_board(problem, blocks.vectors[self.here]).T, dtype=np.float32)
        self.kind = np.ascontiguousarray(board.kind[self.here])
        self.mass = blocks.shares[:, self.here].mean(axis=0) + 1e-9
        self.wanted = np.maximum((board.target - board.base).mean(axis=1), 1e-6)
        self.pinned = self._pinned()

    def make(self, seed: int, stop: Callable[[], bool]) -> Indices:
        """A first assignment, [b]; -1 for blocks that take no part.

        Args:
            seed: of everything left to chance.
            stop: whether to make do with what there is.
        """
        rng = np.random.default_rng(seed)
        where = self._cells(rng, stop) if len(self.here) * self.k <= MOST_PAIRS else None
        return self._whole(self._halves(rng) if where is None else where)

    def _pinned(self) -> Floats:
        """Where territories have to be: about what is locked to them, or at home, km, [k, 3]; NaN for anywhere."""
        pinned, blocks = self.problem.home_points, self.blocks
        held = np.flatnonzero(blocks.locked & blocks.positioned)
        number = sum_by(blocks.owner[held], np.ones(len(held)), self.k)
        middle = sum_vectors(blocks.owner[held], np.ones(len(held)), blocks.vectors[held], self.k)
        return np.where(number[:, None] > 0, middle / np.maximum(number, 1.0)[:, None], pinned)

    def _cells(self, rng: np.random.Generator, stop: Callable[[], bool]) -> Indices | None:
        """Each block to a centre, [b]; None where that is far from balanced."""
        centre = self._first_centres(rng)
        price, where = np.zeros(self.k), np.zeros(len(self.here), dtype=np.int32)
        cell = float(np.ptp(self.place, axis=1).max(initial=0.0)) ** 2 / self.k
        wanted = self.wanted * (self.mass.sum() / self.wanted.sum())
        off = np.zeros(self.k)
        for turn in range(ROUNDS):
            nearest(self.place, self.kind, self.board.may, centre, price, where)
            load = sum_by(where.astype(np.intp), self.mass, self.k)
            off = load / wanted - 1.0
            if stop() or turn == ROUNDS - 1:
                break
            price += 0.15 * cell * 0.98**turn * np.clip(off, -0.5, 0.5)
            held = load > 0
            for d in range(3):
                sums = sum_by(where.astype(np.intp), self.mass * self.place[d], self.k)
                centre[held, d] = sums[held] / load[held]
        if float(off.max()) > FAR_OFF:
            return None
        result = np.full(len(self.blocks), NONE, dtype=np.intp)
        result[self.here] = where
        return result

    def _first_centres(self, rng: np.random.Generator) -> Floats:
        """The pinned centres, and places of random units for the others."""
        centre = on_board(self.problem, self.pinned)
        for t in np.flatnonzero(np.isnan(centre[:, 0])).tolist():
            able = np.flatnonzero(self.board.may[self.kind, t])
            chosen = able[rng.integers(len(able))] if len(able) else rng.integers(len(self.here))
            centre[t] = self.place[:, chosen]
        return centre

    def _halves(self, rng: np.random.Generator) -> Indices:
        """The blocks of each side of a boundary halved until each of its territories has a part, [b]."""
        problem, blocks = self.problem, self.blocks
        side, seat_side = np.zeros(len(blocks), dtype=np.int64), np.zeros(self.k, dtype=np.int64)
        if problem.part is not None and problem.territory_part is not None:
            side[blocks.of_unit], seat_side = problem.part, problem.territory_part.astype(np.int64)
        result = np.full(len(blocks), NONE, dtype=np.intp)
        for number in np.unique(side[self.here]).tolist():
            here, seats = self.here[side[self.here] == number], np.flatnonzero(seat_side == number)
            result[here] = bisection(blocks, seats[: len(here)], here, self.pinned, rng)[here]
        return result

    def _whole(self, start: Indices) -> Indices:
        """With locks and other rules in it, without empty territories and, where asked, each in one piece."""
        blocks, here = self.blocks, self.here
        result = np.where(blocks.locked & blocks.positioned, blocks.owner, start)
        barred = here[~blocks.rules.of(here)[np.arange(len(here)), result[here]]]
        result[barred] = NONE
        result = filled(nearest_allowed(blocks, result, barred), blocks, here, self.k)
        return join_strays(blocks, result, self.k) if self.problem.connected else result
