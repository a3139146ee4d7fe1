"""What people say against the forecast, as it is kept and as it is shown: a diff against what stands."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.forecast_returns import Answers, Said
from salesops_desktop.model.errors import Fault
from salesops_desktop.model.money import Money
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.workspace.text import stored_now

__all__ = ["Judgement", "JudgementReport", "ShowJudgements", "load_judgements", "open_judgements", "store_judgements"]

_INSERT = (
    "INSERT INTO judgement (forecast_id, who, person_id, at, as_of, source, source_hash, scope, node_key, node_label, "
    "period_start, period_end, period_label, opportunity_id, field, at_export, before, value, currency, reason, "
    "status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')"
)
_STORED = """
SELECT j.id, j.who, j.at, coalesce(j.source, ''), j.scope, coalesce(j.node_label, o.name, o.external_id, ''),
       coalesce(j.period_label, ''), j.field, j.at_export, j.before, j.value, j.currency, coalesce(j.reason, ''),
       j.status, j.node_key, j.period_start, j.opportunity_id,
       CASE j.field WHEN 'category' THEN o.forecast_category WHEN 'amount' THEN CAST(o.amount AS TEXT)
                    WHEN 'close date' THEN o.close_on ELSE j.before END
FROM judgement j LEFT JOIN opportunity o ON o.id = j.opportunity_id
WHERE ? IN ('all', j.status) ORDER BY j.id
"""
_MONEY_FIELDS = frozenset({"amount", "own number", "override"})


class ShowJudgements(StrEnum):
    """Which judgements to show."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judgement as it is kept; see :class:`~salesops_desktop.workspace.schema.Judgement` for the fields.

    Attributes:
        now: what the workspace has today where ``before`` was when it came in.
    """

    id: int
    who: str
    at: str
    source: str
    scope: str
    label: str
    period: str
    field: str
    at_export: str | None
    before: str | None
    value: str | None
    currency: str | None
    reason: str
    status: str
    node: str | None
    start: str | None
    opportunity: int | None
    now: str | None

    @property
    def stale(self) -> bool:
        """Whether what it was said against has changed since the workbook left."""
        return self.field != "comment" and self.at_export is not None and self.at_export != self.now

    @property
    def subject(self) -> tuple[object, ...]:
        """What it is about: judgements of the same subject by several people contradict each other."""
        return self.node, self.start, self.opportunity, "number" if self.field == "override" else self.field

    @property
    def change(self) -> int | None:
        """Value less what stands now, in minor units (thousandths); None where it is no number."""
        if self.field not in _MONEY_FIELDS or self.value is None or self.now is None:
            return None
        return int(self.value) - int(self.now)

    def shown(self, value: str | None) -> str:
        """A stored value as people read it."""
        if value is None or value == "":
            return ""
        if self.field not in _MONEY_FIELDS:
            return value
        return str(Money(int(value), self.currency)) if self.currency else f"{int(value) / 1000:,.10g}"


@dataclass(frozen=True, slots=True)
class JudgementReport:
    """Judgements as a diff against what stands."""

    judgements: tuple[Judgement, ...]
    told: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    notices: tuple[str, ...] = ()

    def contested(self) -> frozenset[int]:
        """The ids of open judgements that contradict another of somebody else."""
        by_subject: dict[tuple[object, ...], list[Judgement]] = defaultdict(list)
        for one in self.judgements:
            if one.status == "open" and one.field != "comment":
                by_subject[one.subject].append(one)
        return frozenset(one.id for group in by_subject.values() if len({g.value for g in group}) > 1 for one in group)

    def summary(self) -> Sequence[str]:
        """What happened, what needs a look of its own, what could not be taken."""
        return [*self.told, *self.notices, *(str(fault) for fault in self.faults)]

    def tables(self) -> Sequence[Table]:
        """One table: the diff."""
        return [self.table()]

    def table(self) -> Table:
        """One row per judgement: what was there, what is there, what is said, by whom and why."""
        text = ValueKind.TEXT
        contested = self.contested()
        specs = [
            ColumnSpec("id", "Number", ValueKind.INTEGER),
            ColumnSpec("who", "Who", text),
            ColumnSpec("label", "Of", text, description="The deal, the person or the team it is said of."),
            ColumnSpec("period", "Period", text),
            ColumnSpec("field", "What", text, description="An own number is scored; an override fixes the forecast."),
            ColumnSpec("at_export", "When it left", text, description="What the workbook showed."),
            ColumnSpec("now", "Now", text),
            ColumnSpec("value", "Judged", text),
            ColumnSpec("change", "Change", ValueKind.MONEY, currency_from="currency"),
            ColumnSpec("reason", "Why", text),
            ColumnSpec("look", "To look at", text, description="Why it is not accepted with the rest."),
            ColumnSpec("status", "Status", text),
            ColumnSpec("source", "From the file", text),
            ColumnSpec("at", "Said at", ValueKind.DATETIME),
        ]
        rows = [
            {
                "id": j.id, "who": j.who, "label": j.label, "period": j.period or None, "field": j.field,
                "at_export": j.shown(j.at_export) or None, "now": j.shown(j.now) or None,
                "value": j.shown(j.value) or None, "change": j.change if j.currency else None,
                "currency": j.currency, "reason": j.reason or None, "look": _look(j, contested) or None,
                "status": j.status, "source": j.source or None, "at": j.at,
            }
            for j in self.judgements
        ]  # fmt: skip
        return build_table("Judgements", specs, rows, entity="judgement", key="id")


def _look(one: Judgement, contested: frozenset[int]) -> str:
    said = []
    if one.stale and one.status == "open":
        said.append("what it was said against has changed since")
    if one.id in contested:
        said.append("somebody else says otherwise")
    return "; ".join(said)


def load_judgements(connection: Connection, show: ShowJudgements) -> list[Judgement]:
    """The judgements of a status, in the order in which they came."""
    return [Judgement(*row) for row in connection.exec_driver_sql(_STORED, (show.value,))]


def store_judgements(connection: Connection, said: Sequence[tuple[Answers, Said]], day: dt.date) -> None:
    """Keep judgements as open.

    Args:
        connection: inside an action.
        said: each with whose it is and where it comes from.
        day: the day of knowledge where the answer names none.
    """
    connection.exec_driver_sql(_INSERT, [_row(answer, one, day) for answer, one in said])


def _row(answer: Answers, said: Said, day: dt.date) -> tuple[object, ...]:
    return (
        answer.forecast, answer.who, answer.person, stored_now(), answer.as_of or day.isoformat(), answer.file or None,
        answer.sha256 or None, said.scope, said.node, None if said.opportunity is not None else said.label,
        said.start, said.end, said.period, said.opportunity, said.field, said.at_export, said.before, said.value,
        said.currency, said.reason,
    )  # fmt: skip


def open_judgements(
    context: JobContext, told: tuple[str, ...], faults: Sequence[Fault] = (), notices: Sequence[str] = ()
) -> JudgementReport:
    """The open judgements, with what has just happened."""
    with context.workspace.read() as connection:
        shown = load_judgements(connection, ShowJudgements.OPEN)
    return JudgementReport(tuple(shown), told, tuple(faults), tuple(notices))
