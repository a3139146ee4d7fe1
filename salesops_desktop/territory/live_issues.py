"""What is wrong with an assignment, rule by rule: tolerances, torn territories, locks, forbidden pairs, families."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices

IssueKind = Literal["tolerance", "torn", "lock", "forbidden", "family", "boundary", "budget"]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Issue:
    """One broken rule.

    Attributes:
        kind: which rule.
        territory: where, -1 for the whole design.
        measure: of a tolerance or the budget, else empty.
        units: whom it concerns; empty for tolerances, torn territories and the budget.
        amount: deviation from the target (0.07 is 7 % above), pieces, units, or share that changes hands.
        problem: what was asked, for the names and limits in the sentence.
    """

    kind: IssueKind
    territory: int
    measure: str
    units: tuple[int, ...]
    amount: float
    problem: DesignProblem = field(repr=False, compare=False)

    @property
    def sentence(self) -> str:  # noqa: PLR0911  # one return per kind reads best
        """The same for a reader."""
        problem, t, amount = self.problem, self.territory, self.amount
        place = problem.territory(t) if t >= 0 else ""
        unit = problem.unit(self.units[0]) if self.units else ""
        match self.kind:
            case "tolerance":
                side, limit = "above" if amount > 0 else "below", _percent(problem.limit(self.measure))
                return f"{place} lies {_percent(abs(amount))} {side} its target of {self.measure} (tolerance {limit})."
            case "torn":
                return f"{place} is in {int(amount)} pieces."
            case "lock":
                return f"{unit} is locked, but not with {place}."
            case "forbidden":
                return f"{unit} must not go to {place}."
            case "boundary":
                return f"{unit} lies outside the boundary of {place}."
            case "family":
                return f"The family of {unit} ({len(self.units)}) is divided among {int(amount)} territories."
            case "budget":
                most = _percent(problem.budget or 0.0)
                return f"{_percent(amount)} of {self.measure} changes hands, more than the {most} allowed."

    @property
    def key(self) -> tuple[str, int, str, int]:
        """What makes it the same issue before and after an edit; units are told apart by the first."""
        return self.kind, self.territory, self.measure, self.units[0] if self.units else NONE


def balance_issues(
    problem: DesignProblem, deviation: Mapping[str, Floats], pieces: npt.NDArray[np.int64], rows: Indices
) -> Iterator[Issue]:
    """Tolerances exceeded and territories torn, among the territories ``rows``."""
    for name, values in deviation.items():
        limit = problem.limit(name)
        for t in rows[np.abs(values[rows]) > limit + 1e-9].tolist():
            yield Issue("tolerance", t, name, (), float(values[t]), problem)
    if problem.connected:
        for t in rows[pieces[rows] > 1].tolist():
            yield Issue("torn", t, "", (), float(pieces[t]), problem)


class UnitRules:
    """The rules that hold for single units and families.

    Args:
        problem: where they stand.

    Attributes:
        held: the territory each unit is locked to, -1 for none, [n]; may be changed.
    """

    def __init__(self, problem: DesignProblem) -> None:
        self.problem = problem
        self.k = problem.territories
        self.held = np.where(problem.locks, problem.owners, NONE)
        pairs = np.zeros((0, 2), dtype=np.int64) if problem.forbidden is None else problem.forbidden.astype(np.int64)
        self.forbidden = np.unique(pairs[:, 0] * (self.k + 1) + pairs[:, 1])
        self.group = None if problem.group is None else problem.group.astype(np.int64)
        if self.group is not None:
            self._order = np.argsort(self.group, kind="stable")
            self._sorted = self.group[self._order]

    @property
    def locked(self) -> Flags:
        """Which units must stay where they are held, [n]."""
        held: Flags = self.held != NONE
        return held

    def family(self, units: Indices) -> Indices:
        """The units with all that belong together with them."""
        if self.group is None:
            return units
        named = np.unique(self.group[units])
        named = named[named >= 0]
        low, high = np.searchsorted(self._sorted, named), np.searchsorted(self._sorted, named, "right")
        members = [self._order[a:b] for a, b in zip(low.tolist(), high.tolist(), strict=True)]
        return np.unique(np.concatenate([units, *members])).astype(np.intp)

    def issues(self, where: Indices, units: Indices) -> Iterator[Issue]:
        """The rules broken by ``units`` (k stands for no territory)."""
        placed = units[where[units] < self.k]
        at = where[placed]
        yield from self._each("lock", placed[(self.held[placed] != NONE) & (self.held[placed] != at)], where)
        if len(self.forbidden):
            yield from self._each("forbidden", placed[np.isin(placed * (self.k + 1) + at, self.forbidden)], where)
        problem = self.problem
        if problem.part is not None and problem.territory_part is not None:
            yield from self._each("boundary", placed[problem.part[placed] != problem.territory_part[at]], where)
        yield from self._torn_families(where, units)

    def _each(self, kind: IssueKind, units: Indices, where: Indices) -> Iterator[Issue]:
        for unit in units.tolist():
            yield Issue(kind, int(where[unit]), "", (unit,), 1.0, self.problem)

    def _torn_families(self, where: Indices, units: Indices) -> Iterator[Issue]:
        if self.group is None:
            return
        members = self.family(units[self.group[units] >= 0])
        pairs = np.unique(self.group[members] * (self.k + 1) + where[members])
        groups, count = np.unique(pairs // (self.k + 1), return_counts=True)
        torn, several = groups[count > 1], count[count > 1].tolist()
        low, high = np.searchsorted(self._sorted, torn), np.searchsorted(self._sorted, torn, "right")
        for number, first, last in zip(several, low.tolist(), high.tolist(), strict=True):
            family = tuple(self._order[first:last].tolist())
            yield Issue("family", NONE, "", family, float(number), self.problem)


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
