"""Which measures pull against each other when a design cannot balance them all."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.figures import Design
from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices, sum_by
from salesops_desktop.territory.saying import percent, too_large
from salesops_desktop.territory.search import Aim, Search, make_board

STEPS = 600_000
"""Tried for each set of measures: a look, no proof."""

HEAT = 1.0

ANY = 1e9
"""The tolerance of a measure that is left out."""


def conflicts(
    problem: DesignProblem, blocks: Blocks, made: Design, found: Indices, seed: int, look: Callable[[], None]
) -> Iterator[str]:
    """Pairs of measures that are each within reach alone, but not together, and by how much one has to give.

    Args:
        problem: what was asked.
        blocks: its blocks.
        made: the design, which is out of balance on some measure.
        found: its territory per block, [b].
        seed: of everything left to chance.
        look: called often; what it raises ends the search.
    """
    names = list(problem.measures)
    open_to = [i for i, name in enumerate(names) if next(too_large(problem, name), None) is None]
    missed = {i for i in open_to if made.balance[names[i]] > problem.limit(names[i]) + 1e-9}
    if len(open_to) < 2 or not missed:
        return
    start = np.where(blocks.positioned, found, NONE)
    alone = {i: _reached(problem, blocks, start, (i,), seed, look)[i] for i in open_to}
    within = [i for i in open_to if alone[i] <= blocks.tolerance[i] + 1e-9]
    for i in sorted(missed - set(within)):
        yield (
            f"{names[i]} comes no nearer than {percent(alone[i])} even when it is the only measure "
            f"(found, not proven): allow {math.ceil(alone[i] * 100)} %."
        )
    for i, j in itertools.combinations(within, 2):
        if not {i, j} & missed:
            continue
        off = _reached(problem, blocks, start, (i, j), seed, look)
        over = [off[each] / blocks.tolerance[each] for each in (i, j)]
        if max(over) <= 1 + 1e-9:
            continue
        gives, other = (i, j) if over[0] >= over[1] else (j, i)
        allow = f"{names[gives]} {math.ceil(off[gives] * 100)} %"
        if min(over) > 1 + 1e-9:
            allow += f" and {names[other]} {math.ceil(off[other] * 100)} %"
        yield (
            f"{names[i]} and {names[j]} pull against each other: each is within reach alone, but with "
            f"{names[other]} within {percent(off[other])}, {names[gives]} comes no nearer than {percent(off[gives])} "
            f"(found, not proven). Allow {allow}, or give one of them up."
        )


def _reached(
    problem: DesignProblem, blocks: Blocks, start: Indices, chosen: tuple[int, ...], seed: int, look: Callable[[], None]
) -> Floats:
    """The largest deviation of each measure when only the ``chosen`` ones count, [m]."""
    tolerance = np.full(len(blocks.tolerance), ANY)
    tolerance[list(chosen)] = blocks.tolerance[list(chosen)]
    aim = Aim(problem.home_points, problem.disruption, problem.connected, problem.budget)
    board = make_board(dataclasses.replace(blocks, tolerance=tolerance), aim, 1e6)
    search = Search(board, start, seed)
    for _ in search.run(STEPS, HEAT):
        look()
        if search.score[1] == 0:
            break
    where = search.best
    held = np.flatnonzero(where != NONE)
    base = board.base.T
    load = base + np.stack([sum_by(where[held], row[held], problem.territories) for row in blocks.shares])
    off: Floats = np.abs(load / np.maximum(blocks.target, 1e-9) - 1).max(axis=1)
    return off
