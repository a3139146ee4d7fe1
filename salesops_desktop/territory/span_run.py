"""One search for a short span from one first assignment: hot with a tight aim, then cooling towards what is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from salesops_desktop.territory.kernels.span import SpanBoard, anneal, spans, spread_out, weigh
from salesops_desktop.territory.problem import Floats, Indices
from salesops_desktop.territory.span_board import make_standing

HOT, WARM, COLD = 0.3, 0.02, 0.003
"""Temperatures at the beginning, where the aim becomes what can be reached, and at the end: 1 is the price of one
whole tolerance, and of a pair of units 41 % beyond the aim."""

FIRST_PART = 0.55
"""The part of a search with a tight aim."""

STEP = 0.002
"""How much shorter than the best the aim is."""

DEAREST = 100.0
"""The highest price of imbalance."""


@dataclass(frozen=True, slots=True)
class Found:
    """An assignment of the blocks and how good it is.

    Attributes:
        excess: by how many tolerances the worst territory lies outside its own; 0 when all are inside.
        span: the largest span, in the measure of the board.
        spread: the mean of the spans, which decides between equals.
        where: territory per block, -1 for those that take no part, [b].
    """

    excess: float
    span: float
    spread: float
    where: Indices

    @property
    def score(self) -> tuple[float, float, float]:
        """Smaller is better."""
        return (self.excess, self.span, self.spread)


Pause = Callable[[int], bool]
Better = Callable[[Found], None]


class Run:
    """One search.

    Args:
        board: what stays.
        start: territory per block, -1 for those that take no part.
        seed: of everything left to chance.
        connected: whether no step may tear a territory.
    """

    def __init__(self, board: SpanBoard, start: Indices, seed: int, *, connected: bool) -> None:
        self.board, self.connected = board, connected
        self.standing = make_standing(board, start, seed)
        self.found = np.zeros(board.target.shape[0])
        self.reach = np.zeros(len(self.standing.member))
        self.best = self._look(weigh(board, self.standing))
        members = board.place.shape[1] / len(self.found)
        # Long walks over many members are divided so that a pause to look around never lies 50 ms ahead.
        self.chunk = int(max(200, min(2 * len(start), 6e6 / (60 + members))))

    def _look(self, excess: float) -> Found:
        spans(self.standing, self.found, self.reach)
        where = self.standing.where.astype(np.intp)
        return Found(round(excess, 9), float(self.found.max()), float(self.found.mean()), where)

    def search(self, proposals: int, known: float | None, pause: Pause, better: Better) -> Found:
        """Search for a shorter span and return the best found.

        Args:
            proposals: how many steps are tried.
            known: the largest span already reached by some search, on which the aim is set; None for no idea.
            pause: told how many steps were tried since it was last told; what it returns says whether to stop.
            better: told everything better than all before.
        """
        done, aim = 0, 0.0
        while done < proposals:
            part = done / proposals
            if part < FIRST_PART:
                part /= FIRST_PART
                heat, aim = HOT * (WARM / HOT) ** part, 0.0
                tried = self._some(min(self.chunk, proposals - done), heat, self._tight_aim(part, known), 0.0)
            else:
                part = (part - FIRST_PART) / (1 - FIRST_PART)
                aim = aim or self._reachable_aim(known)
                aim = min(aim, self.best.span * (1 - STEP)) if self.best.excess == 0 else aim
                tried = self._some(min(self.chunk, proposals - done), WARM * (COLD / WARM) ** part, aim, 0.0)
            done += tried
            if self._improved():
                better(self.best)
            if pause(tried):
                break
        return self.best

    def tidy(self, proposals: int, pull: float, pause: Pause, better: Better) -> Found:
        """Bring the units of all territories together as far as that makes the largest span no longer.

        Args:
            proposals: how many steps are tried.
            pull: what the square of every distance costs, in squares of the largest span.
            pause: see ``search``.
            better: see ``search``.
        """
        done, aim = 0, self.best.span * (1 - STEP)
        while done < proposals:
            heat = WARM * (COLD / WARM) ** (done / proposals)
            tried = self._some(min(self.chunk, proposals - done), heat, aim, pull)
            done += tried
            if self._improved():
                better(self.best)
            if pause(tried):
                break
        return self.best

    def _some(self, proposals: int, heat: float, aim: float, pull: float) -> int:
        inverse = 1.0 / max(aim, 1e-9) ** 2
        tried = int(anneal(self.board, self.standing, proposals, heat, inverse, pull, self.connected))
        if tried < proposals:
            spread_out(self.board, self.standing)
        return tried

    def _improved(self) -> bool:
        """Take note of the present state when it is the best, and set the prices of imbalance by it."""
        standing, board = self.standing, self.board
        excess = round(float(weigh(board, standing)), 9)
        outside = np.abs(standing.load - board.target) > board.narrow
        standing.price[:] = np.clip(standing.price * np.where(outside, 1.1, 0.97), 1.0, DEAREST)
        if excess > self.best.excess:
            return False
        seen = self._look(excess)
        if seen.score >= self.best.score:
            return False
        self.best = seen
        return True

    def _tight_aim(self, part: float, known: float | None) -> float:
        if known is not None:
            return known * (0.965 + 0.03 * part)
        spans(self.standing, self.found, self.reach)
        return float(power_mean(self.found)) * (0.92 + 0.06 * part)

    def _reachable_aim(self, known: float | None) -> float:
        """What nine territories of ten keep within already."""
        spans(self.standing, self.found, self.reach)
        k = len(self.found)
        reached = float(np.sort(self.found)[k - max(1, k // 10)])
        return reached if known is None else min(reached, known * (1 - STEP))


def power_mean(values: Floats) -> float:
    """Between the mean and the largest of some positive numbers: their 16th power mean."""
    largest = float(values.max())
    return largest * float(np.mean((values / largest) ** 16)) ** (1 / 16) if largest > 0 else 0.0
