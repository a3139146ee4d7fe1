"""Who may go where: boundaries, forbidden pairs, locks and groups, and where they contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.errors import Fault
from salesops_desktop.territory.problem import NONE, DesignProblem, Indices, rows

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rules:
    """Classes of things that may go to the same territories.

    Attributes:
        kind: the class of each thing.
        may: whether a class may go to a territory, [c, k].
    """

    kind: Indices
    may: Flags

    def of(self, things: Indices) -> Flags:
        """Where these things may go, [len, k]."""
        return self.may[self.kind[things]]


def rules_of(problem: DesignProblem, of_unit: Indices, count: int) -> Rules:
    """Where the ``count`` blocks may go, when unit i belongs to block ``of_unit[i]``."""
    k = problem.territories
    kind = np.zeros(count, dtype=np.intp)
    may = np.ones((1, k), dtype=np.bool_)
    if problem.part is not None and problem.territory_part is not None:
        numbers, part = np.unique(problem.part, return_inverse=True)
        kind[of_unit] = part.reshape(-1)
        may = problem.territory_part[None, :] == numbers[:, None]
    if problem.forbidden is None or not len(problem.forbidden):
        return Rules(kind, may)
    pairs = np.unique(np.stack([of_unit[problem.forbidden[:, 0]], problem.forbidden[:, 1]], axis=1), axis=0)
    blocks, first = np.unique(pairs[:, 0], return_index=True)
    known: dict[tuple[int, ...], int] = {}
    added: list[npt.NDArray[np.bool_]] = []
    for block, theirs in zip(blocks.tolist(), np.split(pairs[:, 1], first[1:]), strict=True):
        key = (int(kind[block]), *theirs.tolist())
        if key not in known:
            known[key] = len(may) + len(added)
            row = may[kind[block]].copy()
            row[theirs] = False
            added.append(row)
        kind[block] = known[key]
    return Rules(kind, np.concatenate([may, np.stack(added)]))


def blocks_of(problem: DesignProblem) -> Indices:
    """The block of each unit, from 0, [n]: a group is one, and each unit of no group is one."""
    n = len(problem)
    group = np.full(n, NONE, dtype=np.int64) if problem.group is None else problem.group.astype(np.int64)
    # Units of no group get a number of their own, after all groups.
    own = np.where(group >= 0, group, group.max(initial=0) + 1 + np.arange(n))
    return np.unique(own, return_inverse=True)[1].reshape(-1).astype(np.intp)


def rule_faults(problem: DesignProblem) -> Iterator[Fault]:
    """Contradictions among the rules of a problem whose arrays are sound."""
    yield from _capacity_faults(problem)
    if ((problem.owners < NONE) | (problem.owners >= problem.territories)).any():
        return
    yield from _torn_groups(problem)
    forbidden = problem.forbidden
    if forbidden is not None and forbidden.size:
        bad_shape = forbidden.ndim != 2 or forbidden.shape[1] != 2
        if bad_shape or forbidden.min() < 0 or (forbidden.max(axis=0) >= (len(problem), problem.territories)).any():
            yield Fault("forbidden pairs", "They must be pairs of a unit and a territory.")
            return
    parts = list(_part_faults(problem))
    yield from parts
    if not parts:
        yield from _blocked(problem)


def _capacity_faults(problem: DesignProblem) -> Iterator[Fault]:
    bad = ~(np.isfinite(problem.capacities) & (problem.capacities > 0))
    if bad.any():
        names = ", ".join(problem.territory(int(t)) for t in np.flatnonzero(bad)[:5])
        yield Fault("capacity", f"No capacity at all: {names}.", "Give them a share of a person, or leave them out.")


def _torn_groups(problem: DesignProblem) -> Iterator[Fault]:
    if problem.group is None:
        return
    owner, group = problem.owners, problem.group.astype(np.int64)
    bound = problem.locks & (group >= 0) & (owner >= 0)
    for name in _several(group[bound], owner[bound]):
        what = (
            f"These belong together but are locked to different territories: {rows(problem, bound & (group == name))}."
        )
        yield Fault("locked", what, "Unlock all but one.")
    if problem.part is None:
        return
    inside = group >= 0
    for name in _several(group[inside], problem.part[inside].astype(np.int64)):
        what = f"These belong together but lie on different sides of a boundary: {rows(problem, group == name)}."
        yield Fault("boundaries", what, "Give them one boundary, or take them apart.")


def _several(key: npt.NDArray[np.integer], value: npt.NDArray[np.integer]) -> list[int]:
    """Keys that have more than one value."""
    order = np.lexsort((value, key))
    key, value = key[order], value[order]
    found: list[int] = np.unique(key[1:][(key[1:] == key[:-1]) & (value[1:] != value[:-1])]).tolist()
    return found


def _part_faults(problem: DesignProblem) -> Iterator[Fault]:
    if problem.part is None or problem.territory_part is None:
        return
    homeless = ~np.isin(problem.part, problem.territory_part)
    if homeless.any():
        what = f"Nobody works on this side of the boundary: {rows(problem, homeless)}."
        yield Fault("boundaries", what, "Place somebody there, or move the boundary.")
    numbers, people = np.unique(problem.territory_part, return_counts=True)
    for number, count in zip(numbers.tolist(), people.tolist(), strict=True):
        units = int((problem.part == number).sum())
        if units < count:
            names = ", ".join(problem.territory(int(t)) for t in np.flatnonzero(problem.territory_part == number)[:5])
            what = f"{count:,} territories cannot share the {units:,} units on their side of the boundary: {names}."
            yield Fault("boundaries", what, "Ask for fewer territories there.")


def _blocked(problem: DesignProblem) -> Iterator[Fault]:
    """Locks to where a unit may not go, and units that may go nowhere."""
    of_unit = blocks_of(problem)
    rules = rules_of(problem, of_unit, int(of_unit.max()) + 1)
    locked = np.flatnonzero(problem.locks & (problem.owners != NONE))
    wrong = np.zeros(len(problem), dtype=np.bool_)
    wrong[locked] = ~rules.may[rules.kind[of_unit[locked]], problem.owners[locked]]
    if wrong.any():
        what = f"Locked to a territory that is forbidden or beyond the boundary for them: {rows(problem, wrong)}."
        yield Fault("locked", what, "Unlock them, or allow the territory.")
    lost = ~np.asarray(rules.may.any(axis=1))[rules.kind[of_unit]]
    if lost.any():
        what = f"Every territory is forbidden for these: {rows(problem, lost)}."
        yield Fault("forbidden pairs", what, "Allow at least one territory.")
