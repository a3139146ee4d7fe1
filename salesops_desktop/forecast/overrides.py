"""Numbers that people fix: whether they can all be true at once, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from salesops_desktop.forecast.hierarchy import Hierarchy
from salesops_desktop.model.errors import Fault, FaultsError

Matrix = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_FAR = 100.0
"""What a unit beyond the nearest two integers costs, against at most one for those."""


@dataclass(frozen=True, slots=True)
class Override:
    """A node's number in one period, fixed.

    Attributes:
        node: row of the hierarchy.
        step: periods ahead, from 0.
        amount: in minor units (of money) or whole units; None locks what the model says.
    """

    node: int
    step: int
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Fixed numbers that cannot all be true.

    Attributes:
        step: periods ahead, from 0.
        node: the widest node among them.
        amount: what it was fixed at.
        others: the other nodes needed for the contradiction, and their amounts; empty where the amount itself cannot
            be (below 0 where nothing was ever negative).
        overlapping: whether the others overlap, so that their sum says nothing.
        covering: whether the others are everything there is in the node.
    """

    step: int
    node: int
    amount: int
    others: tuple[tuple[int, int], ...]
    overlapping: bool
    covering: bool

    def sentence(self, hierarchy: Hierarchy, say: Callable[[int], str] = "{:,}".format) -> str:
        """What contradicts what, by how much."""
        name = hierarchy.name(self.node)
        if not self.others:
            return f"{name} is fixed at {say(self.amount)}, but nothing in it was ever below 0."
        parts = ", ".join(f"{hierarchy.name(node)} at {say(amount)}" for node, amount in self.others)
        if self.overlapping:
            return f"{name} is fixed at {say(self.amount)}, which cannot be together with {parts}."
        total = sum(amount for _, amount in self.others)
        word = "are all of it and add up to" if self.covering else "already add up to"
        gap = total - self.amount
        return (
            f"{name} is fixed at {say(self.amount)}, but its parts fixed ({parts}) {word} {say(total)}, "
            f"{say(abs(gap))} {'more' if gap > 0 else 'less'}."
        )


def check(
    hierarchy: Hierarchy,
    fixed: Mapping[int, Mapping[int, int]],
    floor: Mask,
    *,
    period: Callable[[int], str] = lambda step: f"Period {step + 1}",
    say: Callable[[int], str] = "{:,}".format,
) -> None:
    """Refuse fixed numbers that contradict each other, all contradictions at once.

    Args:
        hierarchy: n nodes.
        fixed: per step, the fixed nodes and their amounts.
        floor: (b,) series that cannot be below 0.
        period: how a step is called.
        say: how an amount is written.

    Raises:
        FaultsError: naming nodes, periods and amounts.
    """
    found = [conflict for step, amounts in fixed.items() for conflict in conflicts(hierarchy, step, amounts, floor)]
    if found:
        faults = [
            Fault(period(conflict.step), conflict.sentence(hierarchy, say), "Change one of them, or unlock one.")
            for conflict in found
        ]
        raise FaultsError(
            "Fixed numbers contradict each other.", faults, way_out="Nothing was changed: correct them and try again."
        )


def conflicts(hierarchy: Hierarchy, step: int, amounts: Mapping[int, int], floor: Mask) -> tuple[Conflict, ...]:
    """The contradictions among the numbers fixed in one period; none where some values b satisfy them all.

    Nested numbers (a tree's always are) are compared exactly. Overlapping ones (of a crossed hierarchy) are tried as
    an integer programme; of those that cannot be, a smallest contradicting set is named.
    """
    nodes = sorted(
        amounts, key=lambda node: (hierarchy.summing.indptr[node + 1] - hierarchy.summing.indptr[node], -node)
    )
    if not nodes:
        return ()
    atoms = Atoms.of(hierarchy, nodes, floor)
    if atoms.nested:
        return tuple(_nested(atoms, step, nodes, amounts))
    wanted = [amounts[node] for node in nodes]
    if atoms.solve(wanted) is not None:
        return ()
    guilty = list(range(len(nodes)))
    for one in range(len(nodes)):  # leave out what the contradiction does not need
        rest = [row for row in guilty if row != one]
        if atoms.rows(rest).solve([wanted[row] for row in rest]) is None:
            guilty = rest
    widest = nodes[guilty[-1]]
    others = tuple(sorted((nodes[row], wanted[row]) for row in guilty[:-1]))
    overlapping = bool((atoms.rows(guilty[:-1]).member.sum(axis=0) > 1).any())
    inside = bool((atoms.rows(guilty[:-1]).member.any(axis=0) <= atoms.member[guilty[-1]]).all())
    return (Conflict(step, widest, amounts[widest], others, overlapping or not inside, covering=False),)


def _nested(atoms: Atoms, step: int, nodes: Sequence[int], amounts: Mapping[int, int]) -> list[Conflict]:
    found = []
    inside = atoms.inside()
    for row, node in enumerate(nodes):
        within = np.flatnonzero(inside[:row, row]).tolist()
        parts = [one for one in within if not any(inside[one, other] for other in within if other > one)]
        rest = atoms.member[row] & ~atoms.member[parts].any(axis=0)
        total = sum(amounts[nodes[part]] for part in parts)
        if rest.any() and (total <= amounts[node] or not atoms.floor[rest].all()):
            continue
        if rest.any() or total != amounts[node]:
            others = tuple((nodes[part], amounts[nodes[part]]) for part in sorted(parts, key=nodes.__getitem__))
            found.append(Conflict(step, node, amounts[node], others, overlapping=False, covering=not rest.any()))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Atoms:
    """Bottom series that are in the same fixed nodes count as one.

    Attributes:
        member: (f, a) whether atom a is in fixed node f.
        of_series: (b,) the atom of each bottom series.
        floor: (a,) whether nothing in the atom can be below 0.
    """

    member: Mask
    of_series: npt.NDArray[np.intp]
    floor: Mask

    @classmethod
    def of(cls, hierarchy: Hierarchy, nodes: Sequence[int], floor: Mask) -> Atoms:
        """The atoms of some nodes."""
        rows = hierarchy.summing[np.asarray(nodes, dtype=np.intp)].toarray() > 0
        _, first, of_series = np.unique(np.packbits(rows, axis=0), axis=1, return_index=True, return_inverse=True)
        inverse = np.asarray(of_series).reshape(-1)
        low = np.ones(len(first), dtype=bool)
        np.logical_and.at(low, inverse, floor)
        return cls(rows[:, first], inverse, low)

    @property
    def nested(self) -> bool:
        """Whether of any two nodes one holds the other or they share nothing."""
        counts = self.member.astype(np.float64)
        shared = counts @ counts.T
        size = counts.sum(axis=1)
        return bool(((shared == 0) | (shared == np.minimum(size[:, None], size[None, :]))).all())

    def inside(self) -> Mask:
        """(f, f) whether a node lies within another, or is as wide."""
        counts = self.member.astype(np.float64)
        return np.asarray(counts @ counts.T == counts.sum(axis=1)[:, None])

    def rows(self, keep: Sequence[int]) -> Atoms:
        """The same atoms with some of the nodes only."""
        return Atoms(self.member[list(keep)], self.of_series, self.floor)

    def solve(self, wanted: Sequence[int], near: Matrix | None = None) -> Integers | None:
        """(a,) integers whose sums are the (f,) wanted ones, nearest to ``near`` (a,); None where there are none.

        Float solvers see only how far each atom is from an integer near the answer: small numbers, so that amounts of
        any size stay exact.
        """
        if near is not None:
            return self._integers(wanted, near)
        scale = float(max(1, *(abs(amount) for amount in wanted))) if wanted else 1.0
        found = linprog(
            np.zeros(len(self.floor)),
            A_eq=self.member.astype(np.float64),
            b_eq=np.array(wanted, dtype=np.float64) / scale,
            bounds=[(0.0 if low else None, None) for low in self.floor],
            method="highs",
        )
        return None if found.x is None or found.status != 0 else self._integers(wanted, np.asarray(found.x) * scale)

    def _integers(self, wanted: Sequence[int], near: Matrix) -> Integers | None:
        whole = np.floor(near).astype(np.int64)
        whole[self.floor] = np.maximum(whole[self.floor], 0)
        count = len(whole)
        gap = np.array(wanted, dtype=np.int64) - self.member.astype(np.int64) @ whole
        member = self.member.astype(np.float64)
        lowest = np.where(self.floor, whole.astype(np.float64), np.inf)
        answer = milp(
            np.concatenate([1 - 2 * (near - whole), np.full(2 * count, _FAR)]),
            constraints=[
                LinearConstraint(np.hstack([member, member, -member]), gap, gap),
                # What is taken away must be there.
                LinearConstraint(np.hstack([-np.eye(count), -np.eye(count), np.eye(count)]), -np.inf, lowest),
            ],
            bounds=Bounds(0, np.concatenate([np.ones(count), np.full(2 * count, np.inf)])),
            integrality=np.ones(3 * count, dtype=np.intp),
        )
        if answer.status != 0:
            return None
        one, more, less = np.round(answer.x).astype(np.int64).reshape(3, count)
        return np.asarray(whole + one + more - less)
