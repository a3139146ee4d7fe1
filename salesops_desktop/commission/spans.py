"""Who is in what on a day: plans and reporting lines as stretches of days, looked up for whole columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.plan import Plan, PlanAssignment, Reporting

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]
Rows = npt.NDArray[np.intp]

FOREVER: Final = dt.date(9999, 12, 31)
_DENSE: Final = 100_000
"""So many ids are looked up in a table at any rate."""
_APART: Final = np.int64(2**40)
"""More than any person's id."""
DEEPEST: Final = 30
"""Levels of reports; a longer chain goes in circles."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of days per person, both ends included, that do not overlap; by person, then first day."""

    people: Ints
    begins: Ints
    """Days since 1970."""
    ends: Ints
    value: Ints

    @classmethod
    def of(cls, spans: Sequence[tuple[int, dt.date, dt.date, int]]) -> Spans:
        """From (person, first day, last day, value), sorted."""
        return cls(
            np.array([span[0] for span in spans], dtype=np.int64),
            np.array([span[1] for span in spans], dtype="datetime64[D]").astype(np.int64),
            np.array([span[2] for span in spans], dtype="datetime64[D]").astype(np.int64),
            np.array([span[3] for span in spans], dtype=np.int64),
        )

    def find(self, person: Ints, days: Days) -> Rows:
        """The span that holds each (person, day); -1 where there is none."""
        if not len(self.people) or not len(person):
            return np.full(len(person), -1, dtype=np.intp)
        first, many = self._places(person)
        at = days.astype(np.int64)
        found = np.full(len(person), -1, dtype=np.intp)
        for turn in range(int(many.max())):
            place = np.where(turn < many, first + turn, 0)
            inside = (turn < many) & (self.begins[place] <= at) & (at <= self.ends[place])
            found = np.where(inside, place, found)
        return found

    def _places(self, person: Ints) -> tuple[Rows, Rows]:
        """Each one's first stretch, and how many there are."""
        starts = np.flatnonzero(np.r_[True, self.people[1:] != self.people[:-1]])
        known, counts = self.people[starts], np.diff(np.r_[starts, len(self.people)])
        low, high = int(known[0]), int(known[-1])
        if high - low < _DENSE + 8 * len(person):  # ids lie close together: a table instead of a search
            first = np.zeros(high - low + 2, dtype=np.intp)
            many = np.zeros(high - low + 2, dtype=np.intp)
            first[known - low], many[known - low] = starts, counts
            inside = (person >= low) & (person <= high)
            spot = person - low if inside.all() else np.where(inside, person - low, high - low + 1)
            return first[spot], many[spot]
        code = np.minimum(np.searchsorted(known, person), len(known) - 1)
        return starts[code], np.where(known[code] == person, counts[code], 0)


def plan_spans(assignments: Sequence[PlanAssignment], plan: Plan) -> Spans:
    """When each person is paid by ``plan``: cut to the plan's dates, overlaps joined."""
    spans: list[tuple[int, dt.date, dt.date, int]] = []
    last = plan.effective_to or FOREVER
    mine = [(a.person, a.start, a.end or FOREVER) for a in assignments if a.plan == plan.name]
    for person, start, end in sorted(mine):
        begin, finish = max(start, plan.effective_from), min(end, last)
        if begin > finish:
            continue
        if spans and spans[-1][0] == person and spans[-1][2] >= begin:
            spans[-1] = (person, spans[-1][1], max(spans[-1][2], finish), 0)
        else:
            spans.append((person, begin, finish, 0))
    return Spans.of(spans)


class Hierarchy:
    """Who reports to whom, as it stood on each day.

    Args:
        reports: the lines; where two of one person overlap, the one that began later holds.
    """

    def __init__(self, reports: Sequence[Reporting]) -> None:
        spans: list[tuple[int, dt.date, dt.date, int]] = []
        for line in sorted(reports, key=lambda r: (r.person, r.start, r.manager)):
            if spans and spans[-1][0] == line.person and spans[-1][2] >= line.start:
                person, begin, _, manager = spans.pop()
                if begin < line.start:
                    spans.append((person, begin, line.start - dt.timedelta(days=1), manager))
            spans.append((line.person, line.start, line.end or FOREVER, line.manager))
        self._spans = Spans.of(spans)

    def managers(self, person: Ints, days: Days, depth: int | None) -> tuple[Rows, Ints]:
        """Everyone above each (person, day).

        Args:
            person: ids, [n].
            days: [n].
            depth: levels; None all.

        Returns:
            Rows into ``person`` and the manager of each, nearest levels first; nobody twice for one row.
        """
        rows = np.arange(len(person), dtype=np.intp)
        at = person.copy()
        found_rows: list[Rows] = []
        found: list[Ints] = []
        for _ in range(DEEPEST if depth is None else min(depth, DEEPEST)):
            span = self._spans.find(at, days[rows])
            up = span >= 0
            rows, at = rows[up], self._spans.value[span[up]]
            fresh = at != person[rows]
            for earlier_rows, earlier in zip(found_rows, found, strict=True):
                pairs = earlier_rows * _APART + earlier
                fresh &= ~np.isin(rows * _APART + at, pairs)
            rows, at = rows[fresh], at[fresh]
            if not len(rows):
                break
            found_rows.append(rows)
            found.append(at)
        if not found:
            return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.int64)
        return np.concatenate(found_rows), np.concatenate(found)
