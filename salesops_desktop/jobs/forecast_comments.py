"""The paragraph an analyst writes to a period's forecast: kept with who and when, beside the figures it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.forecast_overview_keeping import key_of
from salesops_desktop.jobs.forecast_overview_report import Comment
from salesops_desktop.jobs.forecast_periods import period_asked
from salesops_desktop.jobs.forecast_records import known_day
from salesops_desktop.jobs.pipeline_frames import Selection, load_pipeline
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.workspace.text import stored_now

__all__ = ["Comments", "comment_forecast", "comment_of", "forecast_comments"]

_WITHDRAW = (
    "UPDATE judgement SET status = 'withdrawn', decided_at = ?, decided_by = ? WHERE field = 'comment' AND "
    "scope = 'node' AND status = 'accepted' AND node_key = ? AND period_start = ? AND period_end = ?"
)
_KEEP = (
    "INSERT INTO judgement (who, at, as_of, scope, node_key, node_label, period_start, period_end, period_label, "
    "field, value, status, decided_at, decided_by) "
    "VALUES (?, ?, ?, 'node', ?, ?, ?, ?, ?, 'comment', ?, 'accepted', ?, ?)"
)
_HOLDS = (
    "SELECT value, who, at FROM judgement WHERE field = 'comment' AND scope = 'node' AND status = 'accepted' "
    "AND node_key = ? AND period_start = ? AND period_end = ? ORDER BY id DESC LIMIT 1"
)
_ALL = (
    "SELECT id, period_label, node_label, as_of, value, who, at FROM judgement WHERE field = 'comment' AND "
    "scope = 'node' AND status = 'accepted' ORDER BY period_start DESC, node_key"
)


@dataclass(frozen=True, slots=True)
class Comments:
    """Every paragraph that holds."""

    table: Table

    def summary(self) -> Sequence[str]:
        """How many there are."""
        many = len(self.table)
        return [f"{many:,} commentar{'y' if many == 1 else 'ies'}." if many else "No commentary is kept yet."]

    def tables(self) -> Sequence[Table]:
        """The paragraphs."""
        return [self.table]


@job(
    "forecast comment",
    title="Comment on the forecast",
    group="forecast",
    needs=Needs.WRITE,
    examples=("forecast comment company.salesops 'Two large deals slipped from September.' --period 2026-Q4",),
)
def comment_forecast(
    context: JobContext,
    text: str,
    *,
    period: str = "",
    manager: str | None = None,
    team: str | None = None,
    region: str | None = None,
    owner: str | None = None,
    product: str | None = None,
) -> Sentences:
    """Keep a paragraph beside a period's forecast; the one before ends, an empty text only ends it.

    Args:
        text: the paragraph.
        period: such as 2026-Q4; the running quarter where none is given, or the next one on its last day.
        manager: about what people under this manager bring.
        team: about this team.
        region: about this region.
        owner: about this person.
        product: about this product or product family.
    """
    said, selection = text.strip(), Selection(manager, team, region, owner, product)
    with context.workspace.read() as connection:
        day = known_day(connection, None)
        about = period_asked(company(connection).calendar, period, day)
        loaded = load_pipeline(connection, day, needed=False)
        loaded.owners(selection)  # refuses names nobody has
        key = key_of(selection, loaded)
    who, at = context.workspace.who, stored_now()
    whose = "" if selection.whole else f" of {selection}"
    span = (about.start.isoformat(), about.end.isoformat())
    with context.workspace.action(f"Comment on {about.label}{whose}") as unit:
        unit.connection.exec_driver_sql(_WITHDRAW, (at, who, key, *span))
        if said:
            label = "Company" if selection.whole else str(selection)
            unit.connection.exec_driver_sql(
                _KEEP, (who, at, day.isoformat(), key, label, *span, about.label, said, at, who)
            )
    context.changed("judgement")
    return Sentences((f"{about.label}{whose}: the commentary is {'kept' if said else 'gone'}.",))


@job(
    "forecast comments",
    title="Show commentaries on the forecast",
    group="forecast",
    examples=("forecast comments company.salesops",),
)
def forecast_comments(context: JobContext) -> Comments:
    """List the paragraphs kept beside forecasts, the newest period first."""
    with context.workspace.read() as connection:
        rows = connection.exec_driver_sql(_ALL).fetchall()
    specs = [
        ColumnSpec("period", "Period", ValueKind.TEXT), ColumnSpec("of", "Of", ValueKind.TEXT),
        ColumnSpec("as_of", "Known on", ValueKind.DATE), ColumnSpec("text", "Commentary", ValueKind.TEXT),
        ColumnSpec("who", "Who", ValueKind.TEXT), ColumnSpec("at", "At", ValueKind.DATETIME),
    ]  # fmt: skip
    cells: list[dict[str, object]] = [
        {"id": i, "period": p, "of": of, "as_of": dt.date.fromisoformat(str(d)), "text": t, "who": w, "at": at}
        for i, p, of, d, t, w, at in rows
    ]
    return Comments(build_table("Commentaries", specs, cells, entity="judgement", key="id"))


def comment_of(connection: Connection, key: str, period: Period) -> Comment | None:
    """The paragraph that holds for a node and a period.

    Args:
        connection: a read connection.
        key: the node's, see :func:`~salesops_desktop.jobs.forecast_overview_keeping.key_of`.
        period: the period.
    """
    row = connection.exec_driver_sql(_HOLDS, (key, period.start.isoformat(), period.end.isoformat())).first()
    return None if row is None else Comment(str(row[0]), str(row[1]), str(row[2]))
