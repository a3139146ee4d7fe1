"""One person's lines again, without calculating everybody: after an edit of a deal, a quota or a score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from salesops_desktop.commission.calculate import calculate
from salesops_desktop.commission.carving import carvings
from salesops_desktop.commission.exchange import ExchangeRates
from salesops_desktop.commission.plan import (
    Plan,
    PlanAssignment,
    Quota,
    Reporting,
    Score,
    Source,
    TargetIncentive,
)
from salesops_desktop.commission.records import Credits, RunResult
from salesops_desktop.model.periods import FiscalCalendar, Period


def affected(people: Collection[int], reports: Sequence[Reporting]) -> frozenset[int]:
    """``people`` and everyone they ever report to: whose pay a change of their business may touch."""
    above: dict[int, set[int]] = defaultdict(set)
    for line in reports:
        above[line.person].add(line.manager)
    return _closure(people, above)


def contributing(people: Collection[int], plans: Sequence[Plan], reports: Sequence[Reporting]) -> frozenset[int]:
    """``people`` and, where a plan pays for teams, everyone who ever reports to them: whose business pays them.

    Where parts are carved out of pools, those above them too.
    """
    if all(component.source is Source.OWN for plan in plans for component in plan.components):
        return frozenset(people)
    below: dict[int, set[int]] = defaultdict(set)
    for line in reports:
        below[line.manager].add(line.person)
    found = _closure(people, below)
    if not carvings(plans):
        return found
    # What somebody gives up depends on everybody above who takes a part.
    return affected(found, reports)


def _closure(people: Collection[int], steps: Mapping[int, set[int]]) -> frozenset[int]:
    found, edge = set(people), set(people)
    while edge:
        edge = {other for person in edge for other in steps.get(person, ())} - found
        found |= edge
    return frozenset(found)


def recalculate(
    people: Collection[int],
    plans: Sequence[Plan],
    assignments: Sequence[PlanAssignment],
    credits_in: Credits,
    quotas: Sequence[Quota],
    period: Period,
    *,
    calendar: FiscalCalendar | None = None,
    rates: ExchangeRates | None = None,
    targets: Sequence[TargetIncentive] = (),
    scores: Sequence[Score] = (),
    reports: Sequence[Reporting] = (),
    names: Mapping[int, str] | None = None,
) -> RunResult:
    """What ``period`` pays ``people``: the same lines and extras for them as the run of everybody.

    Args:
        people: ids; see :func:`affected` for those whom an edit concerns.
        plans: as given to the run, and so are the other arguments.
        assignments: see there.
        credits_in: all credits, or at least those of :func:`contributing`.
        quotas: see there.
        period: what is paid.
        calendar: see there.
        rates: see there.
        targets: see there.
        scores: see there.
        reports: see there.
        names: see there.

    Returns:
        Lines, extras and unpaid credits of ``people`` only; its credits are those of everyone who contributes, and its
        notices speak of them all. What those they report to make of a credit is left out: it may pay a manager, or be
        refused there for a weightier reason.

    Raises:
        FaultsError: a plan with faults.
        InputRefusedError: amounts that do not fit in 64 bits.
    """
    who = contributing(people, plans, reports)
    wanted = np.array(sorted(who), dtype=np.int64)
    if len(wanted) == 1:
        rows = np.flatnonzero(credits_in.person == wanted[0])
    else:
        rows = np.flatnonzero(np.isin(credits_in.person, wanted))
    result = calculate(
        plans,
        [a for a in assignments if a.person in who],
        credits_in.take(rows),
        [q for q in quotas if q.person in who],
        period,
        calendar=calendar,
        rates=rates,
        targets=[t for t in targets if t.person in who],
        scores=[s for s in scores if s.person in who],
        reports=reports,
        names=names,
    )
    if who == frozenset(people):
        return result
    only = np.array(sorted(people), dtype=np.int64)
    owner = dict(zip(result.credits.key.tolist(), result.credits.person.tolist(), strict=True))
    return replace(
        result,
        lines=result.lines.take(np.flatnonzero(np.isin(result.lines.person, only))),
        extras=tuple(extra for extra in result.extras if extra.person in people),
        unpaid=tuple(entry for entry in result.unpaid if owner[entry[0]] in people),
    )
