"""What is missing or at odds before a run: people, plans, quotas, targets, scores, exchange rates, shares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.counting import window_of
from salesops_desktop.commission.exchange import ExchangeRates
from salesops_desktop.commission.findings import Finding, Severity
from salesops_desktop.commission.levels import ScoreBook, TargetBook, levelled, needs_quota, tables_of
from salesops_desktop.commission.lint_pay import at_quota
from salesops_desktop.commission.plan import (
    AxisKind,
    Component,
    Pays,
    Plan,
    PlanAssignment,
    Quota,
    Reporting,
    Score,
    Source,
    TargetIncentive,
)
from salesops_desktop.commission.quotas import QuotaBook
from salesops_desktop.commission.records import NO_PERSON, Credits
from salesops_desktop.model.money import PPM, Money, divide_half_up
from salesops_desktop.model.periods import FiscalCalendar, Period

_Called = Callable[[int], str]


def lint_assignments(
    assignments: Sequence[PlanAssignment], plans: Sequence[Plan], names: Mapping[int, str] | None = None
) -> tuple[Finding, ...]:
    """What is wrong with who is paid by which plan: unknown plans, ends before beginnings, two plans on one day."""
    known = {plan.name for plan in plans}
    people = names or {}
    found: list[Finding] = []
    kept: dict[int, list[PlanAssignment]] = {}
    by_name = {plan.name: plan for plan in plans}
    for entry in sorted(assignments, key=lambda a: (a.person, a.start, a.plan)):
        who = people.get(entry.person, f"person {entry.person}")
        if entry.plan not in known:
            found.append(Finding(Severity.ERROR, "plan", who, f"There is no plan called {entry.plan!r}."))
        if entry.end is not None and entry.end < entry.start:
            found.append(Finding(Severity.ERROR, "dates", who, f"The time in {entry.plan} ends before it begins."))
            continue
        for other in kept.setdefault(entry.person, []):
            if other.plan != entry.plan and (other.end is None or entry.start <= other.end):
                what = f"{other.plan} and {entry.plan} both pay from {entry.start} on."
                found.append(Finding(Severity.WARNING, "two plans", who, what, "End one of them, or mean it."))
                one, two = by_name.get(entry.plan), by_name.get(other.plan)
                if one and two and one.currency == two.currency and one.rate_day is not two.rate_day:
                    what = f"{two.name} and {one.name} both pay in {one.currency}, at exchange rates of different days."
                    way_out = "Give them the same day: a statement shows one rate for a credit."
                    found.append(Finding(Severity.ERROR, "rate day", who, what, way_out))
        kept[entry.person].append(entry)
    return tuple(found)


def lint_splits(
    transaction: Sequence[str], share: Sequence[int], overlay: Sequence[bool] | None = None
) -> tuple[Finding, ...]:
    """Transactions whose shares (ppm, one per credit) are not 100 % together, overlays left out."""
    sums: dict[str, int] = {}
    found = []
    for i, (name, part) in enumerate(zip(transaction, share, strict=True)):
        if part < 0:
            found.append(Finding(Severity.ERROR, "share", f"transaction {name}", "A share is negative."))
        if overlay is None or not overlay[i]:
            sums[name] = sums.get(name, 0) + part
    for name, together in sums.items():
        if together != PPM:
            what = f"The shares add up to {together / PPM:.4%}, not to 100 %."
            way_out = "Mend the shares, or mark what stands beside the split as an overlay."
            found.append(Finding(Severity.WARNING, "split", f"transaction {name}", what, way_out))
    return tuple(found)


def lint_run(
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
) -> tuple[Finding, ...]:
    """What is missing for a run of ``period``, and what is at odds; the arguments are those of the calculation."""
    known = names or {}
    fx = rates or ExchangeRates()

    def called(person: int) -> str:
        return known.get(person, f"person {person}")

    found = list(lint_assignments(assignments, plans, names))
    found += _records(quotas, targets, scores, called)
    found += _circles(reports, called)
    if names is not None:
        for person in sorted({a.person for a in assignments} - set(names)):
            what = "A plan is assigned to somebody who is not in the roster."
            found.append(Finding(Severity.ERROR, "orphan", called(person), what, "Import the person, or end the plan."))
    days = credits_in.date.astype("datetime64[D]")
    now = (days >= np.datetime64(period.start)) & (days <= np.datetime64(period.end))
    busy = set(np.unique(credits_in.person[now]).tolist()) - {NO_PERSON}
    for person in sorted(busy - {a.person for a in assignments if _touches(a, period)}):
        what = f"There are credits in {period.label}, but no plan."
        found.append(Finding(Severity.WARNING, "no plan", called(person), what, "Assign a plan, or mean it."))
    books = (QuotaBook(quotas, fx), TargetBook(targets, fx), ScoreBook(scores))
    for plan in plans:
        people = sorted({a.person for a in assignments if a.plan == plan.name and _touches(a, period)})
        for component in plan.components:
            window = window_of(component, period.end, calendar or FiscalCalendar(), period)
            inside = (days >= np.datetime64(window.start)) & (days <= np.datetime64(period.end))
            sold = set(np.unique(credits_in.person[inside]).tolist())
            for person in people:
                pays = person in sold or component.source is not Source.OWN or levelled(component)
                said = _person(plan, component, person, window, books, called(person))
                # Where nothing is to be paid, what is missing holds nobody up.
                found += said if pays else [replace(f, severity=Severity.WARNING) for f in said]
        found += _exchange(plan, people, credits_in, now, fx, calendar or FiscalCalendar())
    return tuple(found)


def _touches(entry: PlanAssignment, period: Period) -> bool:
    return entry.start <= period.end and (entry.end is None or entry.end >= period.start)


def _person(
    plan: Plan, component: Component, person: int, window: Period, books: tuple[QuotaBook, TargetBook, ScoreBook],
    who: str,
) -> Iterator[Finding]:  # fmt: skip
    """What one person lacks for one component, and a cap below what the plan promises at quota."""
    tables = tables_of(component)
    where = f"{who} › {plan.name} › {component.name}"
    quota = books[0].target(person, component.quota, window, plan.currency)
    incentive = books[1].target(person, window, plan.currency)
    if any(needs_quota(table) for table in tables) and quota == 0:
        yield Finding(Severity.ERROR, "quota", where, f"There is no quota for {window.label}.", "Import the quotas.")
    if any(table.pays is Pays.TARGET for table in tables) and incentive is None:
        what = f"There is no target incentive for {window.label}."
        yield Finding(Severity.ERROR, "target", where, what, "Enter the target incentives.")
    for factor in component.factors:
        wanted = [factor.name] if factor.table is None else [
            axis.by for axis in factor.table.axes if axis.kind is AxisKind.SCORE]  # fmt: skip
        for name in wanted:
            if factor.missing is None and books[2].score(person, name, window.end) is None:
                what = f"There is no score {name} on {window.end}."
                yield Finding(Severity.ERROR, "score", where, what, "Enter the scores.")
    if component.cap is None or quota == 0 or component.lookup is not None or not tables[0].tiers:
        return
    target = divide_half_up((incentive or 0) * component.weight, PPM)
    promised = at_quota(component, quota, target)
    if promised is not None and promised > component.cap:
        cap, full = Money(component.cap, plan.currency), Money(promised, plan.currency)
        what = f"The cap of {cap} is below the {full} that reaching the quota pays."
        yield Finding(Severity.WARNING, "cap below target", where, what, "Raise the cap, or lower the rates.")


def _exchange(
    plan: Plan,
    people: Sequence[int],
    credits_in: Credits,
    now: npt.NDArray[np.bool_],
    rates: ExchangeRates,
    calendar: FiscalCalendar,
) -> Iterator[Finding]:
    mine = np.flatnonzero(now & np.isin(credits_in.person, np.array(people, dtype=np.int64)))
    if bool(np.all(credits_in.currency[mine] == plan.currency)):
        return
    codes = credits_in.currency[mine].astype(str)
    for code in np.unique(codes):
        days = credits_in.date[mine[codes == code]].astype("datetime64[D]")
        seen = rates.on_days(plan.rate_day, plan.effective_from, calendar)
        lacking = days[seen.lookup(str(code), plan.currency, days) == 0]
        if len(lacking):
            what = (
                f"{len(lacking):,} credits in {code} have no exchange rate to {plan.currency}, from {lacking.min()} on."
            )
            yield Finding(Severity.ERROR, "exchange", plan.name, what, "Import the exchange rates.")


def _records(
    quotas: Sequence[Quota], targets: Sequence[TargetIncentive], scores: Sequence[Score], called: _Called
) -> Iterator[Finding]:
    """Entries that end before they begin, are negative, or contradict each other."""
    for kind, entries in (("quota", quotas), ("target", targets), ("score", scores)):
        seen: dict[tuple[object, ...], list[tuple[dt.date, dt.date]]] = {}
        for entry in entries:
            where = f"{called(entry.person)} › {kind}"
            value = entry.value if isinstance(entry, Score) else entry.amount
            if entry.end < entry.start:
                yield Finding(Severity.ERROR, "dates", where, "It ends before it begins.", "Mend the dates.")
            if value < 0:
                yield Finding(Severity.ERROR, kind, where, f"A {kind} cannot be negative.", "Mend the number.")
            what = entry.measure if isinstance(entry, Quota) else entry.name if isinstance(entry, Score) else ""
            seen.setdefault((entry.person, what), []).append((entry.start, entry.end))
        for (person, *_), spans in seen.items():
            for before, after in pairwise(sorted(spans)):
                if before == after:
                    what = f"There are two for {before[0]} to {before[1]}."
                    way_out = "Keep one of them."
                    yield Finding(Severity.ERROR, "twice", f"{called(int(str(person)))} › {kind}", what, way_out)


def _circles(reports: Sequence[Reporting], called: _Called) -> Iterator[Finding]:
    """Reporting lines that end before they begin, or lead back to where they began on some day."""
    lines: dict[int, list[Reporting]] = {}
    for line in reports:
        lines.setdefault(line.person, []).append(line)
        if line.person == line.manager:
            what = "Somebody reports to themselves."
            yield Finding(Severity.ERROR, "circular", called(line.person), what, "Mend the roster.")
        if line.end is not None and line.end < line.start:
            what = "A reporting line ends before it begins."
            yield Finding(Severity.ERROR, "dates", called(line.person), what, "Mend the dates.")
    told: set[frozenset[int]] = set()
    for line in sorted(reports, key=lambda r: (r.person, r.start)):
        ring = _upwards(line.person, line.start, lines)
        if len(ring) < 2 or frozenset(ring) in told:
            continue
        told.add(frozenset(ring))
        least = ring.index(min(ring))
        names = [called(person) for person in ring[least:] + ring[:least]]
        if len(names) == 2:
            what = f"{names[0]} and {names[1]} report to each other."
        else:
            pairs = zip(names, [*names[1:], names[0]], strict=True)
            what = f"On {line.start} {', '.join(f'{one} reports to {other}' for one, other in pairs)}."
        yield Finding(Severity.ERROR, "circular", names[0], what, "Mend the roster.")


def _upwards(person: int, day: dt.date, lines: Mapping[int, Sequence[Reporting]]) -> list[int]:
    """The people on the way up from somebody on a day, where it leads back to them; else nobody."""
    way = [person]
    while True:
        here = [r for r in lines.get(way[-1], ()) if r.start <= day and (r.end is None or day <= r.end)]
        if not here:
            return []
        above = max(here, key=lambda r: (r.start, r.manager)).manager
        if above == person:
            return way
        if above in way:
            return []
        way.append(above)
