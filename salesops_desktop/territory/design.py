"""Designing territories: start, search, place the rest, measure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.territory.blocks import Blocks, make_blocks
from salesops_desktop.territory.figures import Design, evaluate, unit_edges
from salesops_desktop.territory.patience import patiently
from salesops_desktop.territory.problem import NONE, Assignment, DesignProblem, Floats, Indices, sum_by

if TYPE_CHECKING:
    from salesops_desktop.territory.portfolio import Effort

Better = Callable[[Assignment], None]


def nobody(assignment: Assignment) -> None:  # the null listener
    """Tell nobody."""


def design(
    problem: DesignProblem,
    *,
    seed: int = 0,
    effort: Effort | int = "quick",
    progress: Progress = silent,
    better: Better = nobody,
) -> Design:
    """Divide the units among the territories: balanced first, in one piece, then compact and with little disruption.

    The same problem, seed and effort give the same assignment, however busy the machine is.

    Args:
        problem: what is asked.
        seed: of everything left to chance.
        effort: "quick" takes under a second for some thousand units, "thorough" under fifteen, "long" a minute; a
            number is that of steps the search tries.
        progress: called several times a second; what it raises ends the search.
        better: told every better assignment of all units as it is found, so that a caller who cancels keeps the best.

    Returns:
        The best assignment found with its figures; ``sentences`` says what could not be reached.

    Raises:
        FaultsError: the problem makes no sense; every reason is listed.
    """
    progress(0, 1, "Looking at the units")
    look = partial(progress, 0, 0)
    patiently(_load, look)
    from salesops_desktop.territory.conflict import conflicts  # noqa: PLC0415  # loads the compiler
    from salesops_desktop.territory.portfolio import Portfolio  # noqa: PLC0415  # loads the compiler
    from salesops_desktop.territory.span import SpanPortfolio  # noqa: PLC0415  # loads the compiler

    problem.check()
    progress(0, 1, "Finding neighbours")
    edges = patiently(lambda: unit_edges(problem), look)
    blocks = patiently(lambda: make_blocks(problem, edges), look)
    progress(0, 1, "Designing territories")
    fixed = np.where(blocks.positioned, NONE, blocks.owner)
    found = fixed
    if blocks.positioned.any():

        def tell(assignment: Indices) -> None:
            whole = np.where(assignment == NONE, fixed, assignment)
            better(_placed(blocks, whole, problem.territories)[blocks.of_unit].astype(np.int32))

        searches = SpanPortfolio if problem.compactness == "span" else Portfolio
        portfolio = searches(problem, blocks, effort, seed)
        best = portfolio.best(lambda done: progress(done, 1, "Designing territories"), tell)
        found = np.where(best == NONE, fixed, best)
    found = _placed(blocks, found, problem.territories)
    progress(1, 1, "Measuring")
    made = patiently(lambda: evaluate(problem, found[blocks.of_unit], edges), look)
    return dataclasses.replace(made, sentences=(*made.sentences, *conflicts(problem, blocks, made, found, seed, look)))


def _load() -> None:
    """Load the compiled loops, which takes a moment the first time."""
    for name in ("conflict", "portfolio", "span"):
        import_module(f"salesops_desktop.territory.{name}")


def _loads(blocks: Blocks, where: Indices, k: int) -> Floats:
    """What each territory holds of each measure, in parts of its target, [m, k]."""
    here = np.flatnonzero(where != NONE)
    load = np.stack([sum_by(where[here], row[here], k) for row in blocks.shares])
    result: Floats = load / np.maximum(blocks.target, 1e-9)
    return result


def _placed(blocks: Blocks, where: Indices, k: int) -> Indices:
    """Blocks that have neither position nor owner, largest first, to the least loaded territory they may go to."""
    result = where.copy()
    load = _loads(blocks, where, k)
    size = blocks.shares.sum(axis=0)
    waiting = np.flatnonzero(result == NONE)
    for block in waiting[np.lexsort((waiting, -size[waiting]))].tolist():
        may = blocks.rules.may[blocks.rules.kind[block]]
        target = int(np.where(may, load.sum(axis=0), np.inf).argmin())
        result[block] = target
        load[:, target] += blocks.shares[:, block] / np.maximum(blocks.target[:, target], 1e-9)
    return result
