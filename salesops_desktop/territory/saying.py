"""What a design could not reach, why, and what would help; and what can be told before anything is searched."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.neighbours import pieces
from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices, rows, sum_by

Flags = npt.NDArray[np.bool_]


def percent(share: float) -> str:
    """A share for a sentence: 0.0312 is "3.1 %"."""
    return f"{share * 100:.1f} %"


def concerns(problem: DesignProblem) -> tuple[str, ...]:
    """What can be seen of a checked problem before it is solved, each with its rows and a way out.

    Units without a place, or at latitude 0 and longitude 0; single units, groups and locked units that are more than a
    territory may hold; a given neighbourhood in several pieces.
    """
    said: list[str] = []
    missing = ~problem.positioned
    if missing.any():
        said.append(f"No position, so these go by rule: {rows(problem, missing)}.")
    nowhere = problem.positioned & (problem.latitude == 0) & (problem.longitude == 0) & (problem.vectors is None)
    if nowhere.any():
        said.append(f"At latitude 0, longitude 0, in the sea, probably by mistake: {rows(problem, nowhere)}.")
    for name in problem.measures:
        said += [
            f"{name} cannot be balanced to {percent(problem.limit(name))}: {each}" for each in too_large(problem, name)
        ]
    return (*said, *_islands(problem))


def sentences_of(
    problem: DesignProblem,
    totals: Mapping[str, Floats],
    parts: npt.NDArray[np.int64],
    where: Indices,
    exempt: Flags,
    edges: Indices,
) -> tuple[str, ...]:
    """What a reader of a design should know.

    Args:
        problem: what was asked.
        totals: per measure, [k].
        parts: pieces per territory, [k].
        where: territory per unit, [n].
        exempt: units that lie apart in order to stay with their group, [n].
        edges: the neighbourhood graph.
    """
    said = [*_over_budget(problem, where), *_unbalanced(problem, totals)]
    split = np.flatnonzero(parts > 1)
    if problem.connected and len(split):
        shown = ", ".join(f"{problem.territory(int(t))} ({int(parts[t])} pieces)" for t in split[:5])
        more = f" and {len(split) - 5} more" if len(split) > 5 else ""
        said.append(f"Not in one piece: {shown}{more}.{_torn_by(problem, split, where, edges)}")
    if exempt.any():
        count = int(exempt.sum())
        lie = (
            "units lie apart from the rest of their territories" if count > 1 else "unit lies apart from its territory"
        )
        said.append(f"{count:,} {lie}, in order to stay with the group.")
    said += _islands(problem)
    missing = int((~problem.positioned).sum())
    if missing:
        said.append(
            f"{missing:,} unit{'s have' if missing > 1 else ' has'} no position and went to "
            "the territory of the group, the present owner, or the least loaded territory."
        )
    return tuple(said)


def _unbalanced(problem: DesignProblem, totals: Mapping[str, Floats]) -> Iterator[str]:
    for name, total in totals.items():
        limit = problem.limit(name)
        deviation = problem.deviations(name, total)
        worst = int(np.abs(deviation).argmax())
        if abs(deviation[worst]) <= limit + 1e-9:
            continue
        side, far = "above" if deviation[worst] > 0 else "below", abs(deviation[worst])
        reason = next(too_large(problem, name), "") or (
            f"the farthest, {problem.territory(worst)}, lies {percent(far)} {side} {_aim(problem)}. "
            f"{_ways_out(problem, far)}"
        )
        yield f"Balance of {percent(limit)} on {name} was not reached: {reason}"


def _aim(problem: DesignProblem) -> str:
    return "the mean" if problem.capacity is None and problem.part is None else "its target"


def _ways_out(problem: DesignProblem, reached: float) -> str:
    ways = [f"a tolerance of {math.ceil(reached * 100)} %", "a longer search"]
    if problem.budget is not None:
        ways.append("a larger budget of what may change hands")
    if problem.locks.any():
        ways.append("fewer locks")
    if problem.connected:
        ways.append("territories in several pieces")
    return f"What would help: {', '.join(ways[:-1])} or {ways[-1]}."


def _over_budget(problem: DesignProblem, where: Indices) -> Iterator[str]:
    if problem.budget is None:
        return
    values = problem.measures[problem.moved_measure].astype(np.float64)
    moved = (problem.owners != NONE) & (problem.owners != where)
    share = float(values[moved].sum() / values.sum())
    if share > problem.budget + 1e-9:
        bound = problem.locks.any() or problem.group is not None
        barred = "locks, forbidden pairs, boundaries or groups" if bound else "forbidden pairs or boundaries"
        allow = percent(math.ceil(share * 1000) / 1000)
        yield (
            f"More changes hands than the budget of {percent(problem.budget)} of {problem.moved_measure}: "
            f"{percent(share)}. Today's plan breaks {barred}; allow {allow}, or relax them."
        )


def too_large(problem: DesignProblem, name: str) -> Iterator[str]:
    """Why no assignment at all could bring ``name`` within its tolerance, and what would; the simple reasons."""
    values, limit = problem.measures[name].astype(np.float64), problem.limit(name)
    targets = problem.targets(name)
    most = float(targets.max())
    largest = int(values.argmax())
    if values[largest] > most * (1 + limit):
        share = float(values[largest] / most)
        yield (
            f"{problem.unit(largest)} alone is {percent(share)} of a territory. Share it between territories, "
            f"or allow {_tolerance(share)}."
        )
    elif problem.group is not None and (problem.group >= 0).any():
        inside = problem.group >= 0
        _, index = np.unique(problem.group[inside], return_inverse=True)
        sums = sum_by(index.reshape(-1), values[inside], int(index.max()) + 1)
        if sums.max() > most * (1 + limit):
            members = np.zeros(len(problem), dtype=np.bool_)
            members[np.flatnonzero(inside)[index.reshape(-1) == sums.argmax()]] = True
            share = float(sums.max() / most)
            yield (
                f"the group of {rows(problem, members)} alone is {percent(share)} of a territory. Take it apart, "
                f"or allow {_tolerance(share)}."
            )
    held = sum_by(problem.owners[problem.locks], values[problem.locks], problem.territories)
    over = held / np.where(targets > 0, targets, 1.0)
    if over.max() > 1 + limit:
        worst = int(over.argmax())
        share, whose = float(over[worst]), "a" if problem.capacity is None else "its"
        yield (
            f"what is locked to {problem.territory(worst)} alone is {percent(share)} of {whose} territory. "
            f"Unlock some, or allow {_tolerance(share)}."
        )


def _tolerance(share: float) -> str:
    return f"a tolerance of {math.ceil(100 * (share - 1) - 1e-9)} %"


def _islands(problem: DesignProblem) -> Iterator[str]:
    """What is said of a given graph in several pieces."""
    if problem.edges is None or not problem.connected:
        return
    edges = problem.edges.astype(np.intp).reshape(-1, 2)
    part = np.zeros(len(problem), dtype=np.intp) if problem.part is None else problem.part.astype(np.intp)
    members = problem.positioned
    label = pieces(edges, part, members)
    if not members.any():
        return
    names, size = np.unique(label[members], return_counts=True)
    sides = len(np.unique(part[members]))
    if len(names) <= sides:
        return
    smaller = np.isin(label, names) & (label != names[int(size.argmax())])
    if problem.part is not None:
        main = {int(p): int(np.bincount(label[members & (part == p)]).argmax()) for p in np.unique(part[members])}
        smaller = members & (
            label != np.array([main[int(p)] if m else NONE for p, m in zip(part, members, strict=True)])
        )
    yield (
        f"The neighbourhood is in {len(names):,} pieces: {rows(problem, smaller)} "
        f"{'hangs' if int(smaller.sum()) == 1 else 'hang'} together with the rest by no neighbour. Each piece is "
        "taken as a neighbour of the nearest unit outside it."
    )


def _torn_by(problem: DesignProblem, split: Indices, where: Indices, edges: Indices) -> str:
    """Why territories may be torn, and what would help, where a simple reason holds for all of them; else empty."""
    locks = problem.locks & problem.positioned
    if all(bool(locks[where == t].any()) for t in split.tolist()):
        return " Units locked to them lie apart. Unlock those that lie apart, or let territories be in several pieces."
    if problem.budget is not None:
        return " Making them whole takes more than the budget of what may change hands. Allow more, or several pieces."
    everywhere = pieces(edges, np.zeros(len(problem), dtype=np.intp), problem.positioned)
    if all(len(np.unique(everywhere[(where == t) & problem.positioned])) > 1 for t in split.tolist()):
        return " The neighbourhood itself is in several pieces."
    if problem.forbidden is not None and len(problem.forbidden):
        return " Forbidden pairs keep what lies between from joining. Allow some of them, or several pieces."
    return ""
