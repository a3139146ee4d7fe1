"""How many territories there should be: from workload and capacity, and by designing with several counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.progress import Progress, part_of, silent
from salesops_desktop.territory.design import design
from salesops_desktop.territory.figures import Design
from salesops_desktop.territory.problem import DesignProblem


@dataclass(frozen=True, slots=True)
class Headcount:
    """What the workload asks for.

    Attributes:
        workload: hours a year the accounts need.
        capacity: hours a year a full-time person spends with customers.
        exact: full-time people needed.
        needed: the same, rounded up.
        people: full-time people there are.
        load: workload over the capacity of the people there are; infinite where there are none.
    """

    workload: float
    capacity: float
    exact: float
    needed: int
    people: float
    load: float


def headcount(workload: float, *, hours: float, selling: float, people: float = 0.0) -> Headcount:
    """The people needed by the workload method: hours asked for over hours a person has (Talley 1961).

    Args:
        workload: hours a year of all accounts: hours per account, or visits times hours per visit.
        hours: hours a year of a full-time person.
        selling: share of them spent with customers, above 0 and at most 1.
        people: full-time people there are today.

    Raises:
        FaultsError: hours, share or workload make no sense; every reason is listed.
    """
    faults = []
    if not (math.isfinite(hours) and 0 < hours <= 8784):
        faults.append(Fault("hours", f"A year has no {hours:g} working hours.", "Give the hours of a full-time year."))
    if not 0 < selling <= 1:
        faults.append(Fault("selling share", f"{selling:.0%} of the time cannot be spent with customers."))
    if not (math.isfinite(workload) and workload > 0):
        faults.append(
            Fault("workload", "The accounts ask for no hours.", "Fill in hours per account, or give a default.")
        )
    if faults:
        raise FaultsError(f"{faults[0].where}: {faults[0].what}", faults, way_out=faults[0].way_out)
    capacity = hours * selling
    exact = workload / capacity
    # A hair above a whole number, as sums of floats leave it, asks for nobody more.
    needed = max(math.ceil(exact - 1e-9), 1)
    return Headcount(
        workload, capacity, exact, needed, people, workload / (people * capacity) if people > 0 else math.inf
    )


def split_count(count: int, workloads: Sequence[float]) -> list[int]:
    """Divide ``count`` people among parts by their workload: each at least one, the next always where most is left.

    The divisor method of Webster (Sainte-Laguë), from one each on: more people never mean fewer for a part.

    Args:
        count: at least one per part.
        workloads: hours of each part.

    Raises:
        ValueError: there are fewer people than parts.
    """
    if count < len(workloads):
        message = f"{count} people cannot be divided among {len(workloads)} parts."
        raise ValueError(message)
    result = [1] * len(workloads)
    for _ in range(count - len(workloads)):
        result[max(range(len(workloads)), key=lambda i: (workloads[i] / (2 * result[i] + 1), -i))] += 1
    return result


@dataclass(frozen=True, slots=True)
class CountRow:
    """What a quick design with one count comes to.

    Attributes:
        count: territories.
        mean_km: weighted mean distance to the territory's centre.
        worst: per measure, the largest deviation from the mean of its part.
        hours: mean workload of a territory.
        most_hours: the largest workload of a territory.
        load: mean workload over capacity.
        most_load: the largest.
        whole: share of the territories that are in one piece.
    """

    count: int
    mean_km: float
    worst: Mapping[str, float]
    hours: float
    most_hours: float
    load: float
    most_load: float
    whole: float


def compare_counts(
    problems_for: Callable[[int], Sequence[DesignProblem]],
    counts: Sequence[int],
    *,
    workload: str,
    capacity: float,
    seed: int = 1,
    progress: Progress = silent,
) -> tuple[CountRow, ...]:
    """Design with several numbers of territories, each quickly, and compare.

    Args:
        problems_for: the problems (one per part that no territory leaves) for a number of territories.
        counts: the numbers to compare.
        workload: the measure that counts hours.
        capacity: hours a year a full-time person spends with customers.
        seed: of the designs.
        progress: told between and during designs; may cancel.

    Raises:
        FaultsError: a problem makes no sense.
    """
    rows = []
    for number, count in enumerate(counts):
        here = part_of(progress, 100 * number / len(counts), 100 * (number + 1) / len(counts))
        problems = problems_for(count)
        designs = []
        for i, problem in enumerate(problems):
            inner = part_of(here, 100 * i / len(problems), 100 * (i + 1) / len(problems))
            designs.append(design(problem, seed=seed, progress=inner))
        rows.append(_row(count, problems, designs, workload, capacity))
    return tuple(rows)


def _row(
    count: int, problems: Sequence[DesignProblem], designs: Sequence[Design], workload: str, capacity: float
) -> CountRow:
    weights = np.array([problem.distance_weights[problem.positioned].sum() for problem in problems])
    km = np.array([made.mean_km for made in designs])
    hours = np.concatenate([made.totals[workload] for made in designs])
    pieces = np.concatenate([made.pieces for made in designs])
    names = sorted({name for made in designs for name in made.balance})
    worst = {name: max(made.balance[name] for made in designs if name in made.balance) for name in names}
    return CountRow(
        count,
        float(weights @ km / weights.sum()) if weights.sum() > 0 else 0.0,
        worst,
        float(hours.mean()),
        float(hours.max()),
        float(hours.mean() / capacity),
        float(hours.max() / capacity),
        float((pieces <= 1).mean()),
    )
