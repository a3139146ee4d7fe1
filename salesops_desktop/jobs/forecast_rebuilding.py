"""Forecasts of periods gone by, as they would have been: for the time before any was kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from salesops_desktop.forecast.running_period import same_point
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.forecast_actuals import Actuals
from salesops_desktop.jobs.forecast_lines import Source, load_lines
from salesops_desktop.jobs.forecast_overview import Step, overview_of
from salesops_desktop.jobs.forecast_periods import period_asked
from salesops_desktop.jobs.forecast_records import COMPANY, kept_points, known_day
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.periods import Period
from salesops_desktop.model.progress import part_of
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["Rebuilt", "rebuild_forecasts"]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The forecasts that were rebuilt."""

    rows: tuple[tuple[str, dt.date, int, int], ...]
    """Period, day of knowledge, the combined forecast, what came; minor units."""
    currency: str
    notes: tuple[str, ...]

    def summary(self) -> Sequence[str]:
        """How many, and what they are."""
        many = f"{len(self.rows):,} periods forecast as they would have been, with what was known then"
        return [f"{many}; kept apart from those really shown.", *self.notes]

    def tables(self) -> Sequence[Table]:
        """One row per period."""
        specs = [
            ColumnSpec("period", "Period", ValueKind.TEXT),
            ColumnSpec("as_of", "Known on", ValueKind.DATE),
            ColumnSpec("forecast", "Combined", ValueKind.MONEY, self.currency),
            ColumnSpec("actual", "Actual", ValueKind.MONEY, self.currency),
        ]
        return [build_table("Rebuilt forecasts", specs, self.rows)]


@job(
    "forecast rebuild",
    title="Rebuild past forecasts",
    group="forecast",
    needs=Needs.WRITE,
    examples=("forecast rebuild company.salesops", "forecast rebuild company.salesops --periods 8"),
)
def rebuild_forecasts(
    context: JobContext,
    *,
    periods: int = 4,
    period: str = "",
    source: Source = Source.AUTO,
    as_of: dt.date | None = None,
    seed: int = 1,
) -> Rebuilt:
    """Forecast the last periods again from the same point in each as today's, knowing only what was known then.

    They are marked as rebuilt and kept apart from forecasts that were really shown. What CRMs overwrite cannot be
    known again: amounts and stages of past deals are those of snapshots where there are any, else today's.

    Args:
        periods: how many periods back.
        period: whose earlier ones: as 2026-Q4; the running quarter's by default.
        source: transactions (booked), invoiced, paid, won (opportunities), or auto: booked where there are any.
        as_of: the day of knowledge; by default the newest day the workspace speaks of.
        seed: for the simulations.
    """
    with context.workspace.read() as connection:
        day = known_day(connection, as_of)
        calendar = company(connection).calendar
        running = period_asked(calendar, period, day)
        kept = kept_points(connection, day)
    there = {
        (start.date(), end.date(), known.date())
        for start, end, known, kind, key in zip(
            kept["period_start"], kept["period_end"], kept["as_of"], kept["kind"], kept["node_key"], strict=True
        )
        if kind == "combined" and key == COMPANY
    }
    points: list[tuple[Period, dt.date]] = []
    earlier = running
    for _ in range(max(periods, 0)):
        earlier = calendar.following(earlier, -1)
        point = same_point(earlier, running, day)
        if (earlier.start, earlier.end, point) not in there:
            points.insert(0, (earlier, point))
    rows: list[tuple[str, dt.date, int, int]] = []
    notes: list[str] = []
    currency = ""
    for done, (past, point) in enumerate(points):
        inner = JobContext(
            context.workspace, part_of(context.progress, 100 * done // len(points), 100 * (done + 1) // len(points)),
            context.publish,
        )  # fmt: skip
        try:
            found = overview_of(inner, past.label, source, point, Step.MONTH, seed, keep="rebuilt")
        except NothingToDoError as error:
            notes.append(f"{past.label}: {error.sentence}")
            continue
        currency = found.currency
        came = _came(context, past, found.source, day)
        rows.append((past.label, point, found.combined.mean, came))
    if rows:
        context.changed("forecast", "forecast_point", "pipeline_line")
    if not points:
        notes.append("All of them are kept already.")
    return Rebuilt(tuple(rows), currency or "USD", tuple(notes))


def _came(context: JobContext, period: Period, source: Source, day: dt.date) -> int:
    """What came in a period, in minor units."""
    with context.workspace.read() as connection:
        return Actuals(load_lines(connection, source, "amount", (), day)).of(COMPANY, period.start, period.end)
