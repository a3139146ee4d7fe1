"""How much must change hands at least before today's plan lies within the tolerances: a bound that holds for any plan.

Territory t holds S(t) of a measure today and may hold at most U(t). Whatever else happens, units worth S(t) - U(t) must
leave it; the cheapest way, if units could be cut, is to give away those with the most of the measure per potential
first (a fractional knapsack, or a linear program where several measures are exceeded). These sets are disjoint, so
their costs add up. Likewise what the territories below L(t) lack, less what nobody owns today, must come from units
that change hands. The larger of the two is the bound, for each boundary that units may not cross; units that may not
stay where they are count in full. Connectedness and families can only make it more.

A flow over neighbouring territories would give a larger figure, but not a bound: a territory may reach over a
neighbour along a strip of units worth nothing, and then nothing is paid twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices, sum_by

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MovedNeed:
    """What must change hands at least.

    Attributes:
        measure: in which it is counted: ``moved_by``, else what weights distances, else the first; empty for units.
        amount: how much of it; 0 where nothing forces anything.
        total: all there is of it.
        by: the measure that forces most of it; empty where none does.
        territories: those that must give away, the most first.
        sentence: the same for a reader; empty where nothing is forced.
    """

    measure: str
    amount: float
    total: float
    by: str
    territories: tuple[int, ...]
    sentence: str

    @property
    def share(self) -> float:
        """The part of the whole, 0 to 1."""
        return self.amount / self.total if self.total > 0 else 0.0


def moved_lower_bound(problem: DesignProblem) -> MovedNeed:
    """The least that changes hands in any plan within all tolerances that obeys locks, boundaries and forbidden pairs.

    Args:
        problem: with today's owners. Units nobody owns cost nothing to assign.
    """
    measure, price = moved_values(problem)
    owner = problem.owners
    forced = _forced(problem)
    held = (owner != NONE) & ~forced
    free = held & ~problem.locks
    given = np.zeros(problem.territories)
    causes: dict[str, float] = {}
    needs = {name: _excess(problem, name, owner, held) for name in problem.measures}
    for t in np.flatnonzero(np.any([need > 0 for need in needs.values()], axis=0)).tolist():
        units = np.flatnonzero(free & (owner == t))
        asked = [(name, float(need[t])) for name, need in needs.items() if need[t] > 0]
        values = np.stack([problem.measures[name][units].astype(np.float64) for name, _ in asked])
        wanted = np.array([amount for _, amount in asked])
        alone = [_cheapest(price[units], row, amount) for row, amount in zip(values, wanted, strict=True)]
        given[t] = max(alone) if len(alone) == 1 else max(*alone, _cheapest_of_all(price[units], values, wanted))
        cause = asked[int(np.argmax(alone))][0]
        causes[cause] = causes.get(cause, 0.0) + given[t]
    amount = float(price[forced].sum())
    for part in _parts(problem):
        taken, by = _taken(problem, part, price, owner, held, free)
        out = float(given[part].sum())
        if taken > out:
            causes[by] = causes.get(by, 0.0) + taken - out
        amount += max(taken, out)
    by = max(causes, key=lambda name: causes[name]) if causes else ""
    givers = np.flatnonzero(given > 0)
    givers = givers[np.argsort(-given[givers], kind="stable")]
    total = float(price.sum())
    return MovedNeed(measure, amount, total, by, tuple(givers.tolist()), _sentence(amount, total, measure, by))


def moved_values(problem: DesignProblem) -> tuple[str, Floats]:
    """The measure in which what changes hands is counted, and its value per unit, [n]; 1 each where it has no name."""
    name = problem.moved_by
    if name is None:
        name = next(iter(problem.measures), "") if problem.weight is None else problem.weight
    values = problem.measures[name].astype(np.float64) if name else np.ones(len(problem))
    return name, values


def _forced(problem: DesignProblem) -> Flags:
    """Units that may not stay with their owner."""
    owner = problem.owners
    result = np.zeros(len(problem), dtype=np.bool_)
    if problem.forbidden is not None and problem.forbidden.size:
        unit, territory = problem.forbidden.astype(np.intp).T
        result[unit[owner[unit] == territory]] = True
    if problem.part is not None and problem.territory_part is not None:
        result |= (owner != NONE) & (problem.part != problem.territory_part[owner])
    result &= (owner != NONE) & ~problem.locks
    return result


def _parts(problem: DesignProblem) -> list[Indices]:
    """The territories of each boundary."""
    if problem.part is None or problem.territory_part is None:
        return [np.arange(problem.territories)]
    return [np.flatnonzero(problem.territory_part == number) for number in np.unique(problem.territory_part)]


def _held(problem: DesignProblem, name: str, owner: Indices, held: Flags) -> Floats:
    return sum_by(owner[held], problem.measures[name][held], problem.territories)


def _excess(problem: DesignProblem, name: str, owner: Indices, held: Flags) -> Floats:
    """What each territory has too much of a measure, [k]; what rounding may have added is left out."""
    limit = problem.targets(name) * (1 + problem.limit(name))
    return np.maximum(_held(problem, name, owner, held) - limit * (1 + 1e-9), 0.0)


def _taken(
    problem: DesignProblem, part: Indices, price: Floats, owner: Indices, held: Flags, free: Flags
) -> tuple[float, str]:
    """What the territories of a boundary must get from others at least, and the measure that forces it."""
    best, by = 0.0, ""
    inside = np.isin(owner, part)
    ours = np.ones(len(owner), dtype=np.bool_)
    if problem.part is not None and problem.territory_part is not None:
        ours = problem.part == problem.territory_part[part[0]]
    movable = free & inside
    unowned = ours & ~held
    for name, given in problem.measures.items():
        values = given.astype(np.float64)
        least = problem.targets(name)[part] * (1 - problem.limit(name))
        lack = np.maximum(least * (1 - 1e-9) - _held(problem, name, owner, held)[part], 0.0)
        need = float(lack.sum()) - float(values[unowned].sum())
        if need > 0:
            cost = _cheapest(price[movable], values[movable], need)
            if cost > best:
                best, by = cost, name
    return best, by


def _cheapest(price: Floats, value: Floats, amount: float) -> float:
    """The least price of units with ``amount`` of a value, when units may be cut; of all if they are too few."""
    useful = value > 0
    price, value = price[useful], value[useful]
    order = np.argsort(price / value, kind="stable")
    price, value = price[order], value[order]
    so_far = np.cumsum(value)
    last = int(np.searchsorted(so_far, amount))
    if last >= len(value):
        return float(price.sum())
    rest = amount - (so_far[last - 1] if last else 0.0)
    return float(price[:last].sum() + price[last] * rest / value[last])


def _cheapest_of_all(price: Floats, values: Floats, amounts: Floats) -> float:
    """The same for several values at once, [m, u]: the dual of the linear program, checked, so that it is a bound."""
    from scipy.optimize import linprog  # noqa: PLC0415  # slow to load, and the package is imported early

    if not len(price):
        return 0.0
    scale = np.maximum(amounts, 1e-300)
    rows = values / scale[:, None]
    solved = linprog(price, A_ub=-rows, b_ub=-np.ones(len(amounts)), bounds=(0.0, 1.0), method="highs")
    if solved.status != 0:
        return 0.0
    worth = np.maximum(-np.asarray(solved.ineqlin.marginals, dtype=np.float64), 0.0)
    # Any worth gives a bound (weak duality), whatever the solver's rounding.
    return float(worth.sum() + np.minimum(price - worth @ rows, 0.0).sum())


def _sentence(amount: float, total: float, measure: str, by: str) -> str:
    if amount <= 0 or total <= 0:
        return ""
    why = f" to come within the tolerance on {by}" if by else ", because it may not stay where it is"
    return f"At least {amount / total * 100:.1f} % of {measure or 'the units'} must change hands{why}."
