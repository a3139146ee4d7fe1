"""A commission run as the statement workbooks want it."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection

from salesops_desktop.commission import Basis, Plan, RunResult, Step, trace
from salesops_desktop.commission.lint import percent
from salesops_desktop.jobs.commission_inputs import PayOn, load_inputs
from salesops_desktop.jobs.commission_reports import load_run
from salesops_desktop.jobs.commissions import recalculated
from salesops_desktop.model.money import Money
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.sheets.writing.book import Provenance
from salesops_desktop.sheets.writing.commission_records import (
    CommissionRun,
    ComponentSummary,
    PayoutLine,
    PlanTerm,
    Statement,
    TraceStep,
)


def commission_run(
    connection: Connection, run_id: int, where: Provenance, progress: Progress = silent
) -> CommissionRun:
    """A stored run with its statements; every line carries the steps that recompute it.

    Args:
        connection: a read connection.
        run_id: the run.
        where: where the figures come from.
        progress: told how many statements have been put together; may cancel.

    Raises:
        InputRefusedError: there is no such run, or its inputs have changed since it was calculated.
    """
    report = load_run(connection, run_id)
    result = recalculated(connection, run_id)
    people = {
        int(row[0]): (str(row[1]), str(row[2] or ""), str(row[3] or ""))
        for row in connection.exec_driver_sql(
            "SELECT p.id, p.name, p.external_id, m.name FROM person p LEFT JOIN person m ON m.id = p.manager_id"
        )
    }
    accounts = load_inputs(connection, PayOn.BOOKING).accounts
    lines: dict[tuple[int, str], list[int]] = defaultdict(list)
    for i in range(len(result)):
        line = result.line(i)
        lines[line.person, line.pay.currency].append(i)
    order = sorted(lines, key=lambda key: (people[key[0]][0], key))
    statements = []
    for number, key in enumerate(order, 1):
        progress(number - 1, len(order), "Putting the statements together")
        statements.append(_statement(number, result, lines[key], people[key[0]], key[1], accounts))
    terms = tuple(term for plan in result.plans for term in _terms(plan))
    return CommissionRun(where, report.head.status.value, tuple(statements), terms, report.head.notes)


def _statement(
    number: int,
    result: RunResult,
    rows: list[int],
    person: tuple[str, str, str],
    currency: str,
    accounts: dict[int, str],
) -> Statement:
    found = [result.line(i) for i in rows]
    names = list(dict.fromkeys((line.plan, line.component) for line in found))
    places = {name: i for i, name in enumerate(names, 1)}
    components = []
    for plan, component in names:
        own = [line for line in found if (line.plan, line.component) == (plan, component)]
        quota = own[-1].quota
        achieved = own[-1].after.minor if quota else sum(line.amount.minor for line in own)
        components.append(
            ComponentSummary(places[plan, component], component, quota.minor if quota else None, achieved)
        )
    lines = tuple(
        PayoutLine(
            line.date,
            line.transaction,
            accounts.get(line.credit, ""),
            places[line.plan, line.component],
            line.credit_amount.minor,
            line.credit_amount.currency,
            line.pay.minor,
            line.rate,
            tuple(_step(step) for step in trace(result, i)),
        )
        for i, line in zip(rows, found, strict=True)
    )
    return Statement(
        number, person[0], person[1], person[2], ", ".join(dict.fromkeys(plan for plan, _ in names)), currency,
        sum(line.pay.minor for line in found), tuple(components), lines,
    )  # fmt: skip


def _step(step: Step) -> TraceStep:
    return TraceStep(step.name, step.label, step.formula, step.value, step.unit.value, step.excel or "", step.currency)


def _terms(plan: Plan) -> list[PlanTerm]:
    terms = []
    for component in plan.components:
        rates = component.rates
        if component.filter:
            terms.append(PlanTerm(plan.name, component.name, "Counts", component.filter))
        terms.append(PlanTerm(plan.name, component.name, "Adds up over", component.window.value))
        for tier in rates.tiers:
            if rates.basis is Basis.ATTAINMENT:
                bounds = [percent(tier.lower), "" if tier.upper is None else percent(tier.upper)]
                of = " of quota"
            else:
                bounds = [
                    str(Money(tier.lower, plan.currency)),
                    "" if tier.upper is None else str(Money(tier.upper, plan.currency)),
                ]
                of = ""
            span = f"From {bounds[0]}{' to ' + bounds[1] if bounds[1] else ''}{of}"
            terms.append(PlanTerm(plan.name, component.name, span, f"{percent(tier.rate)} ({rates.mode.value})"))
        if component.cap is not None:
            terms.append(PlanTerm(plan.name, component.name, "At most", str(Money(component.cap, plan.currency))))
    return terms
