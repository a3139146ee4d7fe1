"""Questions about payout lines, and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from salesops_desktop.jobs.commission_items import line_target
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.workspace.text import stored_now


class InquiryStatus(StrEnum):
    """The life of an inquiry."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Inquiries:
    """Questions about lines."""

    table: Table
    """One row per inquiry; keys are their row ids."""
    waiting: int

    def summary(self) -> Sequence[str]:
        """How many there are, and how many wait for an answer."""
        return [f"{len(self.table):,} inquiries, {self.waiting:,} of them open."]

    def tables(self) -> Sequence[Table]:
        """The inquiries."""
        return [self.table]


_COLUMNS = (
    ColumnSpec("id", "Inquiry", ValueKind.INTEGER),
    ColumnSpec("run", "Run", ValueKind.TEXT),
    ColumnSpec("line", "Line", ValueKind.INTEGER),
    ColumnSpec("person", "Person", ValueKind.TEXT),
    ColumnSpec("transaction", "Transaction", ValueKind.TEXT),
    ColumnSpec("status", "Status", ValueKind.TEXT),
    ColumnSpec("question", "Question", ValueKind.TEXT),
    ColumnSpec("asked_by", "Asked by", ValueKind.TEXT),
    ColumnSpec("asked_at", "Asked (UTC)", ValueKind.DATETIME),
    ColumnSpec("answer", "Answer", ValueKind.TEXT),
    ColumnSpec("answered_by", "Answered by", ValueKind.TEXT),
    ColumnSpec("answered_at", "Answered (UTC)", ValueKind.DATETIME),
)


@job(
    "commissions inquiries",
    title="List inquiries",
    group="commissions",
    examples=("commissions inquiries company.salesops", "commissions inquiries company.salesops --status open"),
)
def inquiries(context: JobContext, *, status: InquiryStatus | None = None) -> Inquiries:
    """List the questions that were asked about payout lines.

    Args:
        status: open, answered or closed; all of them by default.
    """
    with context.workspace.read() as connection:
        rows = connection.exec_driver_sql(
            'SELECT i.*, r.name AS run, p.name AS person, i.transaction_number AS "transaction" FROM inquiry i '
            "JOIN commission_run r ON r.id = i.run_id JOIN person p ON p.id = i.person_id "
            "WHERE ?1 IS NULL OR i.status = ?1 ORDER BY i.id",
            (None if status is None else status.value,),
        ).mappings()
        found = [dict(row) for row in rows]
    waiting = sum(row["status"] == InquiryStatus.OPEN.value for row in found)
    return Inquiries(build_table("Inquiries", _COLUMNS, found, key="id"), waiting)


@job(
    "commissions ask",
    title="Ask about a payout line",
    group="commissions",
    needs=Needs.WRITE,
    examples=("commissions ask company.salesops 1 17 'Was the discount agreed?'",),
)
def ask(context: JobContext, run: int, line: int, question: str) -> Sentences:
    """Write down a question about a payout line; it is open until it is answered.

    Args:
        run: the run's number.
        line: the line's number in the run.
        question: what is asked.
    """
    if not question.strip():
        raise InputRefusedError("The question is empty.", way_out="Say what is to be answered.")
    with context.workspace.read() as connection:
        target = line_target(connection, run, line)
    with context.workspace.action(f"Inquiry of {target.name}") as unit:
        made = unit.connection.exec_driver_sql(
            "INSERT INTO inquiry (run_id, line, person_id, plan, component, transaction_number, question, asked_by, "
            "asked_at, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run, line, target.person, target.plan, target.component, target.number, question.strip(),
                context.workspace.who, stored_now(), InquiryStatus.OPEN.value,
            ),
        )  # fmt: skip
    context.changed("inquiry")
    return Sentences((f"Inquiry {made.lastrowid} about line {line} ({target.number}) of {target.name} is open.",))


@job(
    "commissions answer",
    title="Answer an inquiry",
    group="commissions",
    needs=Needs.WRITE,
    examples=(
        "commissions answer company.salesops 1 'Yes, by the regional manager'",
        "commissions answer company.salesops 1 'Settled' --close",
    ),
)
def answer(context: JobContext, inquiry: int, text: str, *, close: bool = False) -> Sentences:
    """Answer a question about a payout line.

    Args:
        inquiry: its number in the list.
        text: the answer.
        close: whether the matter is closed with it.
    """
    if not text.strip():
        raise InputRefusedError("The answer is empty.", way_out="Say what is to be known.")
    with context.workspace.read() as connection:
        status = connection.exec_driver_sql("SELECT status FROM inquiry WHERE id = ?", (inquiry,)).scalar()
    if status is None:
        raise InputRefusedError(f"There is no inquiry {inquiry}.", way_out="See the list: commissions inquiries.")
    if status == InquiryStatus.CLOSED.value:
        raise InputRefusedError(f"Inquiry {inquiry} is closed.", way_out="Ask again: commissions ask.")
    new = InquiryStatus.CLOSED if close else InquiryStatus.ANSWERED
    with context.workspace.action(f"Answer inquiry {inquiry}") as unit:
        unit.connection.exec_driver_sql(
            "UPDATE inquiry SET status = ?, answer = ?, answered_by = ?, answered_at = ? WHERE id = ?",
            (new.value, text.strip(), context.workspace.who, stored_now(), inquiry),
        )
    context.changed("inquiry")
    return Sentences((f"Inquiry {inquiry} is {new.value}.",))
