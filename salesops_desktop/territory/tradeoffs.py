"""A strip of plans between moving no more than balance needs and designing anew: what each step of freedom buys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.progress import Progress, part_of, silent
from salesops_desktop.territory.bounds.moved import moved_lower_bound
from salesops_desktop.territory.design import design
from salesops_desktop.territory.figures import Design, evaluate, unit_edges
from salesops_desktop.territory.problem import Assignment, DesignProblem, Indices
from salesops_desktop.territory.rebalance import least_moved, shortened
from salesops_desktop.territory.warm import Schedule, Warm

STEP = Schedule(hot=1.0, cold=0.03, steps=1_200_000, period=10_000)
"""How long each plan of the strip is sought."""


@dataclass(frozen=True, slots=True)
class TradeOff:
    """One plan of the strip.

    Attributes:
        moved: the share that changes hands, 0 to 1, in the measure the problem counts it by.
        moved_count: units that change hands.
        mean_km: weighted mean distance to the centres.
        balance: per measure, the largest deviation from the targets.
        torn: territories in more than one piece.
        assignment: territory per unit, [n].
    """

    moved: float
    moved_count: int
    mean_km: float
    balance: Mapping[str, float]
    torn: int
    assignment: Assignment


def tradeoffs(
    problem: DesignProblem,
    *,
    points: int = 7,
    seed: int = 0,
    progress: Progress = silent,
    edges: Indices | None = None,
) -> tuple[TradeOff, ...]:
    """Plans of which none is better than another in all of moved share, distance and balance; least moved first.

    The first moves as little as could be found, the last is free to move everything; each of those between begins
    with the one before it and may move somewhat more.

    Args:
        problem: with today's owners; ``disruption`` and ``budget`` play no part.
        points: how many plans are wanted, at least two; fewer come back where there are no more.
        seed: of everything left to chance.
        progress: called often; what it raises ends the work.
        edges: the neighbourhood graph of the units, when it is already known.

    Raises:
        FaultsError: the problem makes no sense.
    """
    problem.check()
    progress(0, 100, "Looking at today's plan")
    graph = unit_edges(problem) if edges is None else edges
    warm = Warm(problem, graph)
    today = warm.today()
    least = today
    if warm.excess(today) > 0:
        watch = part_of(progress, 2, 25)
        least = least_moved(warm, today, seed, lambda part: watch(part, 1, "Moving as little as possible"))
    free = _free(problem, seed, part_of(progress, 25, 50), graph)
    low = max(warm.moved(least), 1.02 * moved_lower_bound(problem).share, 0.002)
    high = max(warm.moved(_blocks(warm, free)), 1.5 * low)
    plans, plan = [warm.units(least)], least
    budgets = np.geomspace(low, high, points + 2).tolist()
    for number, budget in enumerate(budgets):
        watch = part_of(progress, 50 + 45 * number / len(budgets), 50 + 45 * (number + 1) / len(budgets))
        what = f"Plans that move up to {budget * 100:.0f} %"

        def tell(part: float, watch: Progress = watch, what: str = what) -> None:
            watch(part, 1, what)

        plan = shortened(warm, plan, budget, seed + number, tell, STEP)
        plans.append(warm.units(plan))
    progress(95, 100, "Comparing")
    plans.append(free.assignment)
    told = [_tradeoff(problem, evaluate(problem, each, graph)) for each in plans]
    return thinned(best_of(told, problem.limit), points)


def best_of(plans: list[TradeOff], limit: Callable[[str], float]) -> list[TradeOff]:
    """Those that no other is at least as good as in everything and better in something, least moved first.

    Args:
        plans: to choose from.
        limit: the tolerance of a measure: within it one deviation is as good as another.
    """
    kept: list[TradeOff] = []
    for number, one in enumerate(plans):
        mine = _criteria(one, limit)
        beaten = False
        for other_number, other in enumerate(plans):
            theirs = _criteria(other, limit)
            if other_number != number and (theirs <= mine + 1e-12).all():
                # Of two that are alike in everything the first stays.
                beaten = beaten or bool((theirs < mine - 1e-12).any()) or other_number < number
        if not beaten:
            kept.append(one)
    return sorted(kept, key=lambda plan: (plan.moved, plan.mean_km))


def thinned(plans: list[TradeOff], points: int) -> tuple[TradeOff, ...]:
    """At most ``points`` of the plans: the ends, and of the others those that say most about what moving buys."""
    rest = list(plans)
    while len(rest) > max(points, 2):
        trios = [rest[i - 1 : i + 2] for i in range(1, len(rest) - 1)]
        gaps = [(c.moved - a.moved) * abs(a.mean_km - c.mean_km) for a, _, c in trios]
        del rest[1 + int(np.argmin(gaps))]
    return tuple(rest)


def _criteria(plan: TradeOff, limit: Callable[[str], float]) -> npt.NDArray[np.float64]:
    over = [max(off - limit(name), 0.0) for name, off in plan.balance.items()]
    return np.array([float(plan.torn), plan.moved, plan.mean_km, *over])


def _free(problem: DesignProblem, seed: int, progress: Progress, edges: Indices) -> Design:
    """A design that may move anything."""
    return design(dataclasses.replace(problem, disruption=0.0, budget=None, edges=edges), seed=seed, progress=progress)


def _blocks(warm: Warm, made: Design) -> Indices:
    plan = np.zeros(len(warm.blocks), dtype=np.intp)
    plan[warm.blocks.of_unit] = made.assignment
    return plan


def _tradeoff(problem: DesignProblem, made: Design) -> TradeOff:
    name = moved_lower_bound(problem).measure
    whole = float(problem.measures[name].sum()) if name else float(len(problem))
    gone = made.moved_totals[name] if name else float(made.moved.sum())
    return TradeOff(
        moved=gone / whole if whole > 0 else 0.0,
        moved_count=int(made.moved.sum()),
        mean_km=made.mean_km,
        balance=made.balance,
        torn=int((made.pieces > 1).sum()),
        assignment=made.assignment,
    )
