"""Commission runs: calculation, the life of a run, the trace of a line."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

from sqlalchemy import Connection

from salesops_desktop.commission import (
    Finding,
    RunResult,
    Severity,
    Step,
    calculate,
    lint,
    lint_assignments,
    plan_json,
    read_plan,
    recompute,
    trace,
)
from salesops_desktop.jobs.commission_inputs import Inputs, PayOn, load_inputs, load_plans
from salesops_desktop.jobs.commission_reports import CommissionReport, LineTrace, RunHead, Runs, load_run, run_heads
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError, NothingToDoError
from salesops_desktop.model.periods import Period, PeriodKind
from salesops_desktop.workspace.text import stored_now

__all__ = [
    "CommissionReport",
    "LineTrace",
    "PayOn",
    "RunHead",
    "Runs",
    "Step",
    "commission_runs",
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
_OPEN = (RunStatus.DRAFT, RunStatus.CALCULATED, RunStatus.IN_REVIEW)


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
def run_commissions(context: JobContext, period: str = "", *, pay_on: PayOn = PayOn.BOOKING) -> CommissionReport:
    """Calculate what a period pays, line by line. Calculating again replaces a run that is not approved yet.

    Args:
        period: such as 2026-09 or 2026-Q3; the last month with transactions where none is given.
        pay_on: booking, invoice or payment: which transactions earn.
    """
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        inputs = load_inputs(connection, pay_on)
        facts = company(connection)
        _refuse_unready(inputs)
        wanted = facts.calendar.parse(period) if period else _last_month(connection)
    result = calculate(
        inputs.plans, inputs.assignments, inputs.credits, inputs.quotas, wanted, calendar=facts.calendar,
        rates=inputs.rates, names=inputs.names, progress=context.progress,
    )  # fmt: skip
    found = [f for plan in result.plans for f in lint(plan, inputs.credits.schema)]
    found += lint_assignments(inputs.assignments, inputs.plans, inputs.names)
    findings = tuple(_finding(f) for f in found)
    with context.workspace.action(f"Calculate commissions {wanted.label}", kind="job") as unit:
        run_id = _store_run(unit.connection, inputs, result, pay_on, context.workspace.who)
    context.changed("commission_run", "run_line", "run_event")
    with context.workspace.read() as connection:
        return load_run(connection, run_id, findings)


def _finding(finding: Finding) -> str:
    kind = "Fault" if finding.severity is Severity.ERROR else "Warning"
    return f"{kind} in {finding.where}: {finding.what} {finding.way_out}".rstrip()


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


def _inputs_hash(inputs: Inputs, pay_on: PayOn) -> str:
    document = [
        [plan_json(plan) for plan in inputs.plans],
        sorted([a.person, a.plan, str(a.start), str(a.end)] for a in inputs.assignments),
        sorted([q.person, q.measure.value, str(q.start), str(q.end), q.amount, q.currency] for q in inputs.quotas),
        pay_on.value,
    ]
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode())
    credits_in = inputs.credits
    for values in (credits_in.key, credits_in.person, credits_in.date, credits_in.amount):
        digest.update(values.tobytes())
    digest.update("\x1f".join(map(str, credits_in.currency)).encode())
    return digest.hexdigest()


def _store_run(connection: Connection, inputs: Inputs, result: RunResult, pay_on: PayOn, who: str) -> int:
    period = result.period
    rows = connection.exec_driver_sql(
        "SELECT id, status FROM commission_run WHERE period_start = ? AND period_end = ?",
        (period.start.isoformat(), period.end.isoformat()),
    ).fetchall()
    for _, status in rows:
        if RunStatus(status) not in _OPEN:
            raise InputRefusedError(
                f"The run for {period.label} is {status}: it cannot be calculated again.",
                way_out="Take it back to review first, where it is not locked.",
            )
    for old, _ in rows:
        for table in ("run_line", "run_event"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE run_id = ?", (old,))
        connection.exec_driver_sql("DELETE FROM commission_run WHERE id = ?", (old,))
    now = stored_now()
    plans = {"pay_on": pay_on.value, "plans": [plan_json(plan) for plan in result.plans]}
    notes = [notice.sentence for notice in result.notices]
    made = connection.exec_driver_sql(
        "INSERT INTO commission_run (name, period_start, period_end, period_label, status, created_at, inputs_hash, "
        "result_hash, plans, notes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            f"Commissions {period.label}", period.start.isoformat(), period.end.isoformat(), period.label,
            RunStatus.CALCULATED.value, now, _inputs_hash(inputs, pay_on), result.digest(), json.dumps(plans),
            json.dumps(notes, ensure_ascii=False),
        ),
    )  # fmt: skip
    run_id = int(made.lastrowid)
    connection.exec_driver_sql(
        "INSERT INTO run_event (run_id, status, who, at, note) VALUES (?, ?, ?, ?, NULL)",
        (run_id, RunStatus.CALCULATED.value, who, now),
    )
    lines = [result.line(i) for i in range(len(result))]
    if lines:
        connection.exec_driver_sql(
            "INSERT INTO run_line (run_id, number, person_id, plan, component, credit_id, transaction_id, "
            "credited_on, credit_amount, credit_currency, exchange_rate, amount, total_before, total_after, quota, "
            "payout, currency) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    run_id, line.number, line.person, line.plan, line.component,
                    line.credit if line.credit > 0 else None, inputs.transactions[line.credit], line.date.isoformat(),
                    line.credit_amount.minor, line.credit_amount.currency, line.exchange_rate, line.amount.minor,
                    line.before.minor, line.after.minor, line.quota.minor if line.quota else None, line.pay.minor,
                    line.pay.currency,
                )
                for line in lines
            ],
        )  # fmt: skip
    return run_id


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
        findings = [_finding(f) for plan in load_plans(connection) for f in lint(plan)]
        return load_run(connection, run, findings)


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
    """The result of a stored run, calculated again from its own plans and today's inputs.

    Raises:
        InputRefusedError: there is no such run, or the inputs have changed since it was calculated.
    """
    row = connection.exec_driver_sql(
        "SELECT period_label, plans, result_hash FROM commission_run WHERE id = ?", (run_id,)
    ).first()
    if row is None:
        raise InputRefusedError(f"There is no commission run {run_id}.", way_out="See the list: commissions list.")
    stored = json.loads(row[1])
    inputs = load_inputs(connection, PayOn(stored["pay_on"]))
    facts = company(connection)
    result = calculate(
        [read_plan(plan) for plan in stored["plans"]], inputs.assignments, inputs.credits, inputs.quotas,
        facts.calendar.parse(row[0]), calendar=facts.calendar, rates=inputs.rates, names=inputs.names,
    )  # fmt: skip
    if result.digest() != row[2]:
        raise InputRefusedError(
            f"The transactions, quotas or rates behind run {run_id} have changed since it was calculated.",
            way_out="Calculate the period again to see what it pays now.",
        )
    return result


def _refuse_unsound(result: RunResult) -> None:
    """A run is approved only when nothing in it must still be mended and every line's steps come to its cent."""
    blocking = [Fault(notice.reason.value, notice.sentence) for notice in result.notices if notice.blocking]
    if blocking:
        raise FaultsError(
            "The run cannot be approved: some credits could not be paid.",
            blocking,
            way_out="Mend what is listed, calculate again, then approve.",
        )
    for i in range(len(result)):
        recompute(trace(result, i))


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
    with context.workspace.read() as connection:
        head = load_run(connection, run).head
        if status not in _NEXT[head.status]:
            allowed = " or ".join(s.value for s in _NEXT[head.status]) or "nothing: it is paid"
            raise InputRefusedError(
                f"A run that is {head.status.value} cannot become {status.value}.", way_out=f"Next can be {allowed}."
            )
        if status in (RunStatus.APPROVED, RunStatus.LOCKED):
            _refuse_unsound(recalculated(connection, run))
    if status is RunStatus.LOCKED:
        context.workspace.backup("lock", progress=context.progress)
    now = stored_now()
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
    context.changed("commission_run", "run_event")
    return Sentences((f"{head.name} is {status.value}.",))
