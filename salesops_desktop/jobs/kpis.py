"""The nine KPIs of the workspace, by period and group, with the rows behind each figure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from salesops_desktop.jobs import frames as reading
from salesops_desktop.jobs.company import newest_day
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import exponent
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.performance import GROUPS, Figure, Frames, KpiResult, Unit, all_kpis

__all__ = ["GROUPS", "KINDS", "Figure", "KpiReport", "KpiResult", "Unit", "kpis", "part_kinds", "shown"]

SPANS = {PeriodKind.WEEK: 26, PeriodKind.MONTH: 24, PeriodKind.QUARTER: 8, PeriodKind.YEAR: 5}
"""How many periods are shown unless the first is given."""


KINDS = {
    Unit.RATIO: ValueKind.FRACTION,
    Unit.DAYS: ValueKind.NUMBER,
    Unit.HOURS: ValueKind.NUMBER,
    Unit.COUNT: ValueKind.INTEGER,
    Unit.MONEY: ValueKind.MONEY,
    Unit.MONEY_PER_DAY: ValueKind.MONEY,
}
"""How a unit's values are stored in tables and workbooks."""

_PARTS = {
    "target_achievement": (ValueKind.MONEY, ValueKind.MONEY),
    "weighted_pipeline": (ValueKind.MONEY, ValueKind.NUMBER),
    "pipeline_efficiency": (ValueKind.MONEY, ValueKind.NUMBER),
    "forecast_accuracy": (ValueKind.MONEY, ValueKind.MONEY),
}


def part_kinds(kpi_id: str) -> tuple[ValueKind, ValueKind]:
    """What a KPI's numerator and denominator are made of: money, or plain numbers."""
    return _PARTS.get(kpi_id, (ValueKind.NUMBER, ValueKind.NUMBER))


def shown(value: float | None, unit: Unit, currency: str) -> str:  # noqa: PLR0911  # one return per unit
    """A KPI's value as text in plain English format; a dash where there is none."""
    if value is None:
        return "–"
    match unit:
        case Unit.RATIO:
            return f"{value:.1%}"
        case Unit.DAYS:
            return f"{value:,.1f} days"
        case Unit.HOURS:
            return f"{value:,.1f} h"
        case Unit.COUNT:
            return f"{value:,.0f}"
        case Unit.MONEY:
            return f"{value / 10 ** exponent(currency):,.0f} {currency}"
        case Unit.MONEY_PER_DAY:
            return f"{value / 10 ** exponent(currency):,.0f} {currency} a day"


@dataclass(frozen=True, slots=True)
class KpiReport:
    """All KPIs over the same periods."""

    results: tuple[KpiResult, ...]
    periods: tuple[Period, ...]
    as_of: dt.date
    currency: str
    group_by: str | None

    def result(self, kpi_id: str) -> KpiResult:
        """The KPI called ``kpi_id``.

        Raises:
            KeyError: there is none.
        """
        for result in self.results:
            if result.definition.id == kpi_id:
                return result
        raise KeyError(kpi_id)

    def summary(self) -> Sequence[str]:
        """Each KPI's value over the whole span, or why there is none."""
        first, last = self.periods[0].label, self.periods[-1].label
        said = [f"{first} to {last}, as of {self.as_of}, in {self.currency}."]
        for result in self.results:
            figure = result.overall
            text = shown(figure.value, result.definition.unit, self.currency)
            said.append(f"{result.definition.label}: {text}{'. ' + figure.reason if figure.value is None else ''}")
        return said

    def tables(self) -> Sequence[Table]:
        """One row per KPI with its values by period; one more table per KPI and group where grouped."""
        made = [self._by_period()]
        if self.group_by:
            made.append(self._by_group())
        return made

    def _by_period(self) -> Table:
        specs = [
            ColumnSpec("kpi", "KPI", ValueKind.TEXT),
            ColumnSpec("overall", "All periods", ValueKind.TEXT),
            *(ColumnSpec(p.label, p.label, ValueKind.TEXT) for p in self.periods),
        ]
        rows = [
            (
                r.definition.label,
                *(shown(f.value, r.definition.unit, self.currency) for f in (r.overall, *r.by_period)),
            )
            for r in self.results
        ]
        return build_table("KPIs", specs, rows)

    def _by_group(self) -> Table:
        specs = [
            ColumnSpec("kpi", "KPI", ValueKind.TEXT),
            ColumnSpec("group", (self.group_by or "").capitalize(), ValueKind.TEXT),
            ColumnSpec("value", "Value", ValueKind.TEXT),
            ColumnSpec("rows", "Rows behind it", ValueKind.INTEGER),
        ]
        rows = [
            (
                r.definition.label,
                group.label,
                shown(group.overall.value, r.definition.unit, self.currency),
                len(group.overall.ids),
            )
            for r in self.results
            for group in r.groups
        ]
        return build_table(f"KPIs by {self.group_by}", specs, rows)


def spanned(
    calendar: FiscalCalendar, kind: PeriodKind, first: dt.date | None, last: dt.date, earliest: dt.date
) -> list[Period]:
    """The periods to show: from ``first``, or the last few that hold data, to the one ``last`` lies in."""
    if first is not None:
        return calendar.between(first, last, kind)
    found = calendar.between(max(earliest, dt.date(last.year - 30, 1, 1)), last, kind)
    return found[-SPANS[kind] :]


def engine_frames(loaded: reading.Frames) -> Frames:
    """The frames as the engine wants them: None where nothing was imported."""

    def some(frame: pd.DataFrame) -> pd.DataFrame | None:
        return None if frame.empty else frame

    return Frames(
        some(loaded.opportunities),
        some(loaded.quotas),
        some(loaded.activities),
        some(loaded.leads),
        some(loaded.snapshots),
        some(loaded.forecasts),
    )


def _earliest(loaded: reading.Frames) -> dt.date:
    starts = [
        column.min().date()
        for column in (
            loaded.opportunities["created_on"],
            loaded.opportunities["close_on"],
            loaded.activities["starts_at"],
            loaded.leads["created_at"],
            loaded.quotas["period_start"],
        )
        if column.notna().any()
    ]
    if not starts:
        raise NothingToDoError("There is nothing to measure yet.", way_out="Import opportunities, activities or leads.")
    earliest: dt.date = min(starts)
    return earliest


@job(
    "kpis",
    title="Calculate KPIs",
    group="performance",
    examples=("kpis company.salesops", "kpis company.salesops --period month --by owner --as-of 2026-09-30 --json"),
)
def kpis(
    context: JobContext,
    *,
    period: PeriodKind = PeriodKind.QUARTER,
    first: dt.date | None = None,
    as_of: dt.date | None = None,
    by: str | None = None,
) -> KpiReport:
    """Calculate the nine KPIs, from target achievement and win rate to lead response and forecast accuracy.

    Args:
        period: month, quarter or year.
        first: a day of the first period; by default the last 24 months, 8 quarters or 5 years with data.
        as_of: the day of knowledge; by default the newest day the pipeline or the bookings speak of.
        by: also by owner, manager, region, product, family or industry.
    """
    if by is not None and by not in GROUPS:
        message = f"KPIs cannot be grouped by {by!r}."
        raise InputRefusedError(message, way_out=f"Choose {', '.join(GROUPS)}.")
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        loaded = reading.load(connection, without=("transactions",))
        day = as_of or newest_day(connection)
    earliest = _earliest(loaded)
    day = day or dt.datetime.now(dt.UTC).date()
    periods = spanned(loaded.facts.calendar, period, first, day, earliest)
    if not periods:
        raise InputRefusedError(
            f"{first} lies after {day}, the day of knowledge.", way_out="Give an earlier first day."
        )
    results = all_kpis(engine_frames(loaded), periods, day, by, progress=context.progress)
    return KpiReport(tuple(results), tuple(periods), day, loaded.facts.currency, by)
