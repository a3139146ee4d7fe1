"""Commission runs: calculation, the life of a run, the trace of a line."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

from sqlalchemy import Connection

from salesops_desktop.commission import (
    RunResult,
    Step,
    lint,
    read_plan,
    recompute,
    trace,
)
from salesops_desktop.jobs.commission_approval import (
    FOUR_EYES,
    bind_approval,
    refuse_changed,
    refuse_disagreement,
    refuse_own_approval,
    refuse_unapproved,
    refuse_unsound,
)
from salesops_desktop.jobs.commission_checks import refuse_faults, run_findings, said
from salesops_desktop.jobs.commission_facts import load_facts, stored_facts
from salesops_desktop.jobs.commission_inputs import Inputs, PayOn, inputs_of, load_plans, relevant
from salesops_desktop.jobs.commission_replay import changed_terms
from salesops_desktop.jobs.commission_reports import CommissionReport, LineTrace, RunHead, Runs, load_run, run_heads
from salesops_desktop.jobs.commission_seals import seal
from salesops_desktop.jobs.commission_settlements import run_period
from salesops_desktop.jobs.commission_store import store_run
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError, NothingToDoError
from salesops_desktop.model.periods import Period, PeriodKind
from salesops_desktop.workspace.settings import write_setting
from salesops_desktop.workspace.text import stored_now

__all__ = [
    "CommissionReport",
    "LineTrace",
    "PayOn",
    "RunHead",
    "Runs",
    "Step",
    "commission_runs",
    "four_eyes",
    "next_statuses",
    "run_commissions",
    "set_status",
    "show_run",
    "trace_line",
]

# What may follow what; a run that is approved or later is never calculated again.
_NEXT: dict[RunStatus, tuple[RunStatus, ...]] = {
    RunStatus.DRAFT: (RunStatus.CALCULATED,),
    RunStatus.CALCULATED: (RunStatus.IN_REVIEW,),
    RunStatus.IN_REVIEW: (RunStatus.APPROVED, RunStatus.CALCULATED),
    RunStatus.APPROVED: (RunStatus.LOCKED, RunStatus.IN_REVIEW),
    RunStatus.LOCKED: (RunStatus.PAID,),
    RunStatus.PAID: (),
}
RUN_TABLES = (
    "commission_run", "run_line", "run_event", "run_extra", "run_input", "run_item", "run_settlement", "run_seal",
)  # fmt: skip
"""What a change of a run may touch."""


def next_statuses(status: RunStatus) -> tuple[RunStatus, ...]:
    """Where a run may go from ``status``: on first, then back."""
    return _NEXT[status]


@job(
    "commissions run",
    title="Calculate commissions",
    group="commissions",
    needs=Needs.WRITE,
    examples=("commissions run company.salesops 2026-09", "commissions run company.salesops 2026-Q3"),
)
def run_commissions(
    context: JobContext, period: str = "", *, pay_on: PayOn = PayOn.BOOKING, cliffs_above: int = 0, waive: str = ""
) -> CommissionReport:
    """Calculate what a period pays, line by line. Calculating again replaces a run that is not approved yet.

    Before anything is calculated plans, people, quotas, exchange rates and shares are checked: faults stop the run, all
    of them named; warnings are kept with it.

    Args:
        period: such as 2026-09 or 2026-Q3; the last month with transactions where none is given.
        pay_on: booking, invoice or payment: which transactions earn.
        cliffs_above: warn of leaps of pay of so many units of the plan's currency or more; 0 warns of none.
        waive: calculate although quotas, scores, target incentives or exchange rates are missing, for this reason.
    """
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        everything = load_facts(connection, pay_on.value)
        calendar = company(connection).calendar
        _refuse_unready(inputs_of(everything))
        wanted = calendar.parse(period) if period else _last_month(connection)
    facts = relevant(everything, wanted, calendar)
    inputs = inputs_of(facts)
    context.progress(0, 0, "Checking")
    found = run_findings(facts, inputs, wanted, calendar, cliffs_above=cliffs_above)
    refuse_faults(found, wanted, waive)
    findings = said(found)
    with context.workspace.read() as connection:
        late = changed_terms(connection, inputs.plans, wanted)
    findings += [f"Warning in {sentence}" for sentence in late]
    if waive:
        findings.insert(0, f"Calculated although something is missing: {waive.strip()}")
    result = inputs.calculate(wanted, calendar, context.progress)
    with context.workspace.action(f"Calculate commissions {wanted.label}", kind="job") as unit:
        run_id = store_run(unit.connection, facts, inputs, result, context.workspace.who, findings)
    context.changed(*RUN_TABLES)
    with context.workspace.read() as connection:
        return load_run(connection, run_id, findings)


def _last_month(connection: Connection) -> Period:
    last = connection.exec_driver_sql('SELECT max(booked_on) FROM "transaction"').scalar()
    if last is None:
        raise NothingToDoError(
            "There are no transactions to pay commission on.",
            way_out="Import transactions, or book the won opportunities (commissions book).",
        )
    return company(connection).calendar.containing(dt.date.fromisoformat(str(last)), PeriodKind.MONTH)


def _refuse_unready(inputs: Inputs) -> None:
    faults = []
    if not inputs.plans:
        faults.append(
            Fault("Plans", "there is no incentive plan.", "Set up starter plans (commissions starter-plans).")
        )
    if not len(inputs.credits):
        faults.append(
            Fault("Transactions", "there are none.", "Import them, or book the won opportunities (commissions book).")
        )
    if faults:
        raise FaultsError("Commissions cannot be calculated yet.", faults)


@job(
    "commissions list",
    title="List commission runs",
    group="commissions",
    examples=("commissions list company.salesops",),
)
def commission_runs(context: JobContext) -> Runs:
    """List the commission runs, newest period first."""
    with context.workspace.read() as connection:
        return Runs(run_heads(connection))


@job(
    "commissions show",
    title="Show a commission run",
    group="commissions",
    examples=("commissions show company.salesops 1",),
)
def show_run(context: JobContext, run: int) -> CommissionReport:
    """Show the people and lines of a run.

    Args:
        run: its number in the list.
    """
    with context.workspace.read() as connection:
        return load_run(connection, run, _kept_findings(connection, run))


def _kept_findings(connection: Connection, run: int) -> list[str]:
    """What was found when the run was calculated; of a run that kept nothing, what its plans say now."""
    text = connection.exec_driver_sql("SELECT plans FROM commission_run WHERE id = ?", (run,)).scalar()
    document = json.loads(str(text)) if text else {}
    if "findings" in document:
        return [str(sentence) for sentence in document["findings"]]
    return said([f for plan in load_plans(connection) for f in lint(plan)])


@job(
    "commissions trace",
    title="Trace a payout line",
    group="commissions",
    examples=("commissions trace company.salesops 1 17",),
)
def trace_line(context: JobContext, run: int, line: int) -> LineTrace:
    """Show the numbered steps that recompute one payout line to the cent.

    Args:
        run: the run's number.
        line: the line's number in the run.
    """
    with context.workspace.read() as connection:
        result = recalculated(connection, run)
    if not 1 <= line <= len(result):
        raise InputRefusedError(f"Run {run} has no line {line}.", way_out=f"It has lines 1 to {len(result)}.")
    steps = trace(result, line - 1)
    recompute(steps)
    return LineTrace(line, steps)


def recalculated(connection: Connection, run_id: int) -> RunResult:
    """The result of a stored run, calculated again from its own plans and inputs.

    Raises:
        InputRefusedError: there is no such run, it no longer follows from its inputs, or (for a run of an earlier
            version, which kept no inputs) the inputs have changed since it was calculated.
    """
    row = connection.exec_driver_sql("SELECT plans, result_hash FROM commission_run WHERE id = ?", (run_id,)).first()
    if row is None:
        raise InputRefusedError(f"There is no commission run {run_id}.", way_out="See the list: commissions list.")
    stored = json.loads(row[0])
    facts = stored_facts(connection, run_id) or load_facts(connection, stored["pay_on"])
    inputs = replace(inputs_of(facts), plans=tuple(read_plan(plan) for plan in stored["plans"]))
    result = inputs.calculate(run_period(connection, run_id), company(connection).calendar)
    # Another version of the program may write down the same lines under another hash.
    if result.digest() != row[1] and not _pays_the_same(connection, run_id, result):
        raise InputRefusedError(
            f"The transactions, quotas or rates behind run {run_id} have changed since it was calculated.",
            way_out="Calculate the period again to see what it pays now.",
        )
    return result


def _pays_the_same(connection: Connection, run: int, result: RunResult) -> bool:
    """Whether every stored line of a run is one of ``result``, to the cent and in its place."""
    rows = connection.exec_driver_sql(
        "SELECT person_id, plan, component, coalesce(credit_id, -transaction_id), amount, total_after, payout "
        "FROM run_line WHERE run_id = ? ORDER BY number",
        (run,),
    ).fetchall()
    return len(rows) == len(result) and all(
        tuple(row)
        == (line.person, line.plan, line.component, line.credit, line.amount.minor, line.after.minor, line.pay.minor)
        for row, line in zip(rows, result, strict=True)
    )


@job(
    "commissions set-status",
    title="Move a commission run on",
    group="commissions",
    needs=Needs.WRITE,
    examples=(
        "commissions set-status company.salesops 1 'in review'",
        "commissions set-status company.salesops 1 locked",
    ),
)
def set_status(context: JobContext, run: int, status: RunStatus, *, note: str = "") -> Sentences:
    """Move a run on: calculated, in review, approved, locked, paid. A locked run never changes again.

    Args:
        run: its number in the list.
        status: where it goes.
        note: why, if there is something to say.
    """
    compared = 0
    with context.workspace.read() as connection:
        head = load_run(connection, run).head
        if status not in _NEXT[head.status]:
            allowed = " or ".join(s.value for s in _NEXT[head.status]) or "nothing: it is paid"
            raise InputRefusedError(
                f"A run that is {head.status.value} cannot become {status.value}.", way_out=f"Next can be {allowed}."
            )
        if status is RunStatus.APPROVED:
            refuse_own_approval(connection, run, context.workspace.who)
            refuse_changed(connection, run, head.name)
            context.progress(0, 0, "Calculating once more, independently")
            refuse_unsound(recalculated(connection, run))
            compared = refuse_disagreement(connection, run)
        if status is RunStatus.LOCKED:
            refuse_unapproved(connection, run, head.name)
    if status is RunStatus.LOCKED:
        context.workspace.backup("lock", progress=context.progress)
    now = stored_now()
    said = [f"{compared:,} lines and extras equal the independent calculation."] if compared else []
    with context.workspace.action(f"{head.name}: {status.value}", kind="job") as unit:
        unit.connection.exec_driver_sql("UPDATE commission_run SET status = ? WHERE id = ?", (status.value, run))
        unit.connection.exec_driver_sql(
            "INSERT INTO run_event (run_id, status, who, at, note) VALUES (?, ?, ?, ?, ?)",
            (
                run,
                status.value,
                context.workspace.who,
                now,
                note or None,
            ),
        )
        if status is RunStatus.APPROVED:
            bind_approval(unit.connection, run)
        if status is RunStatus.LOCKED:
            said.append(f"Sealed as {seal(unit.connection, run)}.")
    context.changed(*RUN_TABLES)
    return Sentences((f"{head.name} is {status.value}.", *said))


@job(
    "commissions four-eyes",
    title="Demand four eyes for approval",
    group="commissions",
    needs=Needs.WRITE,
    examples=("commissions four-eyes company.salesops", "commissions four-eyes company.salesops --no-demanded"),
)
def four_eyes(context: JobContext, *, demanded: bool = True) -> Sentences:
    """Demand, or no longer demand, that somebody else than its preparer approves a run.

    Args:
        demanded: whether whoever calculated a run may not approve it.
    """
    with context.workspace.action("Four eyes for approval") as unit:
        write_setting(unit.connection, FOUR_EYES, demanded)
    context.changed("setting")
    rule = "somebody else than its preparer must approve it" if demanded else "its preparer may approve it too"
    return Sentences((f"A run that is in review: {rule}.",))
