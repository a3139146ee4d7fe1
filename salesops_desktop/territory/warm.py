"""Searches that begin with a plan: what they work on, and how they go on from one plan to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.blocks import make_blocks
from salesops_desktop.territory.kernels.arrays import Board, Standing
from salesops_desktop.territory.kernels.bundle import bundle
from salesops_desktop.territory.kernels.graph import flat_graph
from salesops_desktop.territory.kernels.search import anneal, take_stock
from salesops_desktop.territory.problem import NONE, Assignment, DesignProblem, Floats, Indices, sum_by, sum_vectors
from salesops_desktop.territory.search import Aim, make_board, make_standing
from salesops_desktop.territory.start import nearest_owned

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]
Kind = TypeVar("Kind", bound=np.generic)
Watch = Callable[[float], None]

ENOUGH = 1600
"""Tried steps for each block, at most."""

CHUNK = 50_000
"""Tried steps between two looks at whether to go on: some 30 ms."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What a search pays for.

    Attributes:
        km: the price of the mean kilometres of the plan it begins with.
        moved: the price of moving everything.
        budget: the share that may change hands; None for any.
    """

    km: float
    moved: float
    budget: float | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a search takes and how freely.

    Attributes:
        hot: the temperature at first, in prices of what one mean block carries.
        cold: the temperature at last.
        steps: tried steps in all.
        weight: the price of one tolerance of imbalance at first, in prices of moving as much.
        period: tried steps between two adjustments of prices, at most.
    """

    hot: float
    cold: float
    steps: int
    weight: float = 4.0
    period: int = 50_000


class Warm:
    """Everything that stays the same between the searches of one problem.

    Args:
        problem: what is asked; checked already.
        edges: the neighbourhood graph of the units.
    """

    def __init__(self, problem: DesignProblem, edges: Indices) -> None:
        self.problem, self.k = problem, problem.territories
        self.blocks = make_blocks(problem, edges)
        self.moving = self.blocks.positioned & ~self.blocks.locked
        self.homes = problem.home_points
        self.target, self.narrow = self._targets()

    def today(self) -> Indices:
        """Today's plan: what nobody works, or nobody may work, is with the nearest territory that may have it, [b]."""
        blocks = self.blocks
        where = np.where(blocks.positioned, NONE, blocks.owner)
        held = np.flatnonzero((where != NONE) & ~blocks.locked)
        where[held[~blocks.rules.may[blocks.rules.kind[held], where[held]]]] = NONE
        members = np.flatnonzero(blocks.positioned)
        if len(members):
            where[members] = nearest_owned(blocks, members)[members]
            self._seat_the_new(where)
        here = np.flatnonzero(where != NONE)
        load = np.stack([sum_by(where[here], row[here], self.k) for row in blocks.shares])
        waiting = np.flatnonzero(where == NONE)
        for block in waiting[np.lexsort((waiting, -blocks.shares[:, waiting].sum(axis=0)))].tolist():
            may = blocks.rules.may[blocks.rules.kind[block]]
            full = (load / np.maximum(self.target.T, 1e-9)).sum(axis=0)
            where[block] = int(np.where(may, full, np.inf).argmin())
            load[:, where[block]] += blocks.shares[:, block]
        return where

    def board(self, prices: Prices, plan: Indices) -> Board:
        """What a search works on.

        Args:
            prices: what it pays for.
            plan: the assignment whose mean kilometres ``prices.km`` is the price of, [b].
        """
        blocks = self.blocks
        aim = Aim(self.homes, connected=self.problem.connected, budget=prices.budget)
        board = make_board(blocks, aim, max(self.mean_km(plan), 1e-9) / max(prices.km, 1e-12))
        base = np.zeros((self.k, len(blocks.shares)))
        fixed = np.flatnonzero(~blocks.positioned)
        np.add.at(base, plan[fixed], blocks.shares[:, fixed].T)
        return board._replace(
            base=base, target=self.target, narrow=self.narrow, price=np.ascontiguousarray(blocks.handed * prices.moved)
        )

    def bundled(self, board: Board, plan: Indices, most: int) -> tuple[Board, Ints]:
        """A coarser board, and the bundle of each block, [b].

        A bundle has at most ``most`` blocks of one owner and class, together well within the tolerances.
        """
        count = len(plan)
        whole = (self.blocks.rules.kind + 1) * self.k + plan
        alike = np.unique(whole * (self.k + 1) + self.blocks.owner + 1, return_inverse=True)[1].astype(np.int32)
        alike[~self.moving] = -1
        label, queue = np.zeros(count, dtype=np.int32), np.zeros(count, dtype=np.int32)
        width = 0.6 * float(self.narrow.min())
        size = self.blocks.shares.max(axis=0)
        bundles = bundle(board.indptr, board.indices, alike, np.ascontiguousarray(size), most, width, label, queue)
        return _coarse(board, label.astype(np.intp), bundles), label

    def standing(self, board: Board, plan: Indices, part: Flags, seed: int, weight: float) -> Standing:
        """The state a search begins with.

        Args:
            board: what is searched.
            plan: the first assignment, one entry for each of the board's blocks.
            part: which of them take part.
            seed: of what is left to chance.
            weight: the price of one tolerance of imbalance.
        """
        standing = make_standing(board, np.where(part, plan, NONE), seed)
        standing.weight[:] = weight
        take_stock(board, standing)
        return standing

    def whole(self, found: Ints, plan: Indices) -> Indices:
        """The assignment of all blocks: ``found``, with what took no part where ``plan`` has it."""
        return np.where(found == NONE, plan, found).astype(np.intp)

    def units(self, plan: Indices) -> Assignment:
        """The assignment of units, [n], of one of blocks."""
        return plan[self.blocks.of_unit].astype(np.int32)

    def moved(self, plan: Indices) -> float:
        """The share that changes hands."""
        return float(self.blocks.handed[(self.blocks.owner != NONE) & (self.blocks.owner != plan)].sum())

    def excess(self, plan: Indices) -> float:
        """By how many tolerances the worst territory lies outside; 0 when all are inside."""
        load = np.stack([sum_by(plan, row, self.k) for row in self.blocks.shares], axis=1)
        out = float((np.abs(load - self.target) / self.narrow).max()) - 1
        return out if out > 1e-9 else 0.0

    def mean_km(self, plan: Indices) -> float:
        """The weighted mean kilometres to the centres."""
        blocks = self.blocks
        here = np.flatnonzero(blocks.positioned)
        sums = sum_vectors(plan[here], np.ones(len(here)), blocks.moment[here], self.k)
        middle = blocks.on_surface(sums / np.maximum(sum_by(plan[here], blocks.weight[here], self.k), 1e-300)[:, None])
        centre = np.where(np.isfinite(self.homes), self.homes, middle)
        return float(blocks.km_within(here, plan[here], centre).sum())

    def _seat_the_new(self, where: Indices) -> None:
        """Give each territory that has nothing one block of a territory with many: near its home, else far out."""
        blocks = self.blocks
        count = np.bincount(where[where != NONE], minlength=self.k)
        for empty in np.flatnonzero(count == 0).tolist():
            load = sum_by(where[where != NONE], blocks.shares.mean(axis=0)[where != NONE], self.k)
            may = self.moving & blocks.rules.may[blocks.rules.kind, empty] & ((where == NONE) | (count[where] > 1))
            if not may.any():
                continue
            giver = int(np.where(np.isin(np.arange(self.k), where[may & (where != NONE)]), load, -1.0).argmax())
            theirs = np.flatnonzero(may & ((where == giver) | (where == NONE)))
            theirs = np.flatnonzero(may) if not len(theirs) else theirs
            near = blocks.vectors[theirs].mean(axis=0) if np.isnan(self.homes[empty]).any() else -self.homes[empty]
            chosen = int(theirs[int((blocks.vectors[theirs] @ near).argmin())])
            if where[chosen] != NONE:
                count[where[chosen]] -= 1
            where[chosen] = empty
            count[empty] += 1

    def _targets(self) -> tuple[Floats, Floats]:
        """What each territory should hold and how far it may lie from it, in mean territories, [k, m] each.

        Where a block alone is more than its territory may hold, that block is what the territory should hold.
        """
        blocks = self.blocks
        target = blocks.target.T
        narrow = np.maximum(target, 0.01) * blocks.tolerance
        owned = np.flatnonzero(blocks.owner != NONE)
        share = blocks.shares.T[owned]
        least = np.zeros_like(target)
        np.maximum.at(least, blocks.owner[owned], share)
        giant = least > target + narrow
        target = np.where(giant, least, target)
        return np.ascontiguousarray(target), np.ascontiguousarray(narrow)


def search(board: Board, standing: Standing, schedule: Schedule, scale: float, watch: Watch) -> None:
    """Let a standing improve; the best is in ``standing.best``.

    Args:
        board: what is searched.
        standing: where it begins, and ends.
        schedule: how long and how freely.
        scale: the price that temperatures refer to.
        watch: told the part done, every few ten milliseconds; what it raises ends the search.
    """
    blocks = max(int((standing.where >= 0).sum()), 1)
    period = min(blocks, schedule.period)
    rounds = max(min(schedule.steps, ENOUGH * blocks) // period, 1)
    chunk = max(CHUNK // period, 1)
    heat = schedule.hot * scale / blocks
    cooling = (schedule.cold / schedule.hot) ** (1.0 / rounds)
    for done in range(0, rounds, chunk):
        watch(done / rounds)
        heat = anneal(board, standing, min(chunk, rounds - done), period, heat, cooling, 1.1)


def _coarse(board: Board, label: Indices, count: int) -> Board:
    """The board of bundles: each lies in its middle."""
    owner_of_unit = np.repeat(np.arange(len(label)), np.diff(board.first))
    place = label[owner_of_unit]
    pull = sum_by(place, board.pull, count)
    plain = np.bincount(place, minlength=count).astype(np.float64)
    weight = np.where(pull[place] > 0, board.pull, 1.0)
    point = (
        sum_vectors(place, weight, board.point, count) / np.maximum(np.where(pull > 0, pull, plain), 1e-300)[:, None]
    )
    indptr, indices = flat_graph(count, np.stack([label[board.tails], label[board.indices]], axis=1))

    def one(values: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
        result = np.zeros(count, dtype=values.dtype)
        result[label] = values
        return result

    return board._replace(
        indptr=indptr,
        indices=indices,
        tails=np.repeat(np.arange(count, dtype=np.int32), np.diff(indptr)),
        first=np.arange(count + 1, dtype=np.int32),
        point=np.ascontiguousarray(point),
        pull=pull,
        share=np.stack([sum_by(label, column, count) for column in board.share.T], axis=1),
        owner=one(board.owner),
        price=sum_by(label, board.price, count),
        handed=sum_by(label, board.handed, count),
        kind=one(board.kind),
        free=one(board.free),
    )
