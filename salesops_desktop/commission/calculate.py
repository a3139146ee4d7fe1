"""The run: from credits to payout lines, exact to the minor unit and the same for any order of the input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from salesops_desktop.commission.calculation import Calculation
from salesops_desktop.commission.carving import carvings
from salesops_desktop.commission.counting import Counted
from salesops_desktop.commission.exchange import ExchangeRates
from salesops_desktop.commission.levels import (
    ScoreBook,
    TargetBook,
)
from salesops_desktop.commission.lines import Lines
from salesops_desktop.commission.notices import State
from salesops_desktop.commission.ordering import order_by
from salesops_desktop.commission.plan import (
    Plan,
    PlanAssignment,
    Quota,
    Reporting,
    Score,
    Source,
    TargetIncentive,
)
from salesops_desktop.commission.quotas import QuotaBook
from salesops_desktop.commission.records import Credits, Ints, RunResult
from salesops_desktop.commission.spans import Hierarchy, Spans, plan_spans
from salesops_desktop.commission.staff import Staff
from salesops_desktop.model.periods import FiscalCalendar, Period
from salesops_desktop.model.progress import Progress, silent


def calculate(
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
    progress: Progress = silent,
) -> RunResult:
    """Calculate what ``period`` pays.

    Credits accumulate in the order (credit date, transaction, line, split, amount, key) from the start of each
    component's window; those dated in the period pay. Credits outside the plan's dates or the assignment's dates do not
    count for it. What depends on attainments and scores is taken as it stands at the end of the period; the difference
    to what earlier periods of the window paid by their own state is an :class:`Extra`.

    Args:
        plans: the plans; names unique.
        assignments: who is paid by which plan, and when.
        credits_in: all credits from the earliest window's start on; others are ignored.
        quotas: for plans by attainment.
        period: what is paid.
        calendar: for the windows; the Gregorian year when omitted.
        rates: exchange rates; each credit uses that of its own date.
        targets: target incentives, for components that pay parts of them.
        scores: for factors.
        reports: who reports to whom, for components that count a team.
        names: people's names for sentences.
        progress: called per component.

    Raises:
        FaultsError: a plan with faults, all of them listed.
        InputRefusedError: amounts that do not fit in 64 bits.
    """
    run = Calculation(tuple(sorted(plans, key=lambda p: p.name)), credits_in, period, calendar or FiscalCalendar())
    run.rates = rates or ExchangeRates()
    run.names = names or {}
    run.refuse_faulty_plans()
    run.quotas = QuotaBook(quotas, run.rates)
    run.targets, run.scores = TargetBook(targets, run.rates), ScoreBook(scores)
    run.hierarchy = Hierarchy(reports)
    steps = sum(len(plan.components) for plan in run.plans)
    done = 0
    parts: list[Lines] = []
    overrides: list[tuple[int, int]] = []
    for number, plan in enumerate(run.plans):
        staff = Staff(run, number, plan_spans(assignments, plan))
        for place, component in enumerate(plan.components):
            progress(done, steps, f"Calculating {plan.name}: {component.name}")
            done += 1
            if not component.source.on_pay:
                parts.append(staff.component(place))
            elif component.source is Source.TEAM_PAY and not component.carves:
                overrides.append((number, place))
    if overrides or carvings(run.plans):
        base = Lines.concatenate(credits_in, parts)
        parts = [base]
        spans = [plan_spans(assignments, plan) for plan in run.plans]
        for number, place in overrides:
            parts.append(_override(run, number, place, spans[number], base))
        parts += _carved(run, spans, base)
    progress(steps, steps, "Adding up")
    lines = Lines.concatenate(credits_in, parts)
    return run.result(lines)


def _override(run: Calculation, number: int, place: int, spans: Spans, base: Lines) -> Lines:
    """What managers earn on what their people's own credits earned in the period."""
    plan = run.plans[number]
    component = plan.components[place]
    own = np.flatnonzero(np.isin(base.person * 2**20 + base.plan * 2**10 + base.component, _own(run.plans, base)))
    line, person = run.hierarchy.managers(base.person[own], base.date[own], component.depth)
    held = spans.find(person, base.date[own][line]) >= 0
    line, person = own[line[held]], person[held]
    fx, amount = run.pay_in(plan, base, line)
    # One line per (manager, credit): what several components paid for the credit counts together.
    order = order_by([person, run.place[base.row[line]]], len(line))
    person, row, fx, amount = person[order], base.row[line][order], fx[order], amount[order]
    first = np.flatnonzero(np.r_[True, (person[1:] != person[:-1]) | (row[1:] != row[:-1])][: len(row)])
    sums = np.add.reduceat(amount, first) if len(first) else amount
    # Of several rates (plans in different currencies) the last component's is shown.
    rate = fx[np.r_[first[1:] - 1, len(row) - 1]] if len(first) else fx
    rows, people = row[first].astype(np.intp), person[first]
    zero = np.zeros(len(rows), dtype=np.int64)
    counted = Counted(rows, people, rate, run.dates[rows], sums, zero, None, rows[:0])
    counted = run.filtered(component, plan, counted)
    return Staff(run, number, spans).lines(place, counted)


def _carved(run: Calculation, spans: Sequence[Spans], base: Lines) -> Iterator[Lines]:
    """What managers carve out of what their people's own credits earned, and what those people give up."""
    if not carvings(run.plans):
        return
    own = np.flatnonzero(np.isin(base.person * 2**20 + base.plan * 2**10 + base.component, _own(run.plans, base)))
    made = run.carving(spans, base.person[own], base.plan[own], base.row[own].astype(np.intp))
    for manager in sorted(made.unknown):
        run.lack(manager, State.NO_RATE)
    for (number, place), amount in made.amounts(base.pay[own]).items():
        counted = replace(made.counted[number, place], amount=amount)
        yield Staff(run, number, spans[number]).lines(place, counted)


def _own(plans: Sequence[Plan], base: Lines) -> Ints:
    """Codes of the (person, plan, component) whose lines rest on the person's own credits."""
    codes = [
        p * 2**10 + c
        for p, plan in enumerate(plans)
        for c, component in enumerate(plan.components)
        if component.source is Source.OWN
    ]
    people = np.unique(base.person)
    return (people[:, None] * 2**20 + np.array(codes, dtype=np.int64)[None, :]).reshape(-1)
