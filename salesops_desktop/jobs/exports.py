"""Workbooks for managers: territory hand-over, commission run and statements, forecast, KPIs, and any table."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path

from salesops_desktop.jobs import kpis as kpi_jobs
from salesops_desktop.jobs.commission_exports import commission_run
from salesops_desktop.jobs.commission_reports import run_heads
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.exported import Exported, provenance
from salesops_desktop.jobs.forecast_exports import forecast_made, forecast_report
from salesops_desktop.jobs.kpi_exports import kpi_report
from salesops_desktop.jobs.tables import browse
from salesops_desktop.jobs.territory_exports import scenario_book, scenario_map
from salesops_desktop.jobs.territory_reports import list_scenarios, report_of
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.periods import PeriodKind
from salesops_desktop.model.tables import Table
from salesops_desktop.sheets.writing.commission_statements import (
    PACKS,
    write_commission_run,
    write_packs,
    write_statements,
)
from salesops_desktop.sheets.writing.forecast import write_forecast
from salesops_desktop.sheets.writing.kpis import write_kpis
from salesops_desktop.sheets.writing.table_export import export_table
from salesops_desktop.sheets.writing.territory_workbook import write_scenario

__all__ = ["Exported", "What", "export", "export_records", "export_view", "provenance"]


class What(StrEnum):
    """The workbooks there are."""

    TERRITORIES = "territories"
    COMMISSIONS = "commissions"
    STATEMENTS = "statements"
    FORECAST = "forecast"
    KPIS = "kpis"


@job(
    "export",
    title="Export a workbook",
    group="file",
    examples=(
        "export company.salesops commissions september.xlsx --number 1",
        "export company.salesops statements statements/ --number 1",
        "export company.salesops territories handover.xlsx",
        "export company.salesops forecast forecast.xlsx --by region,manager,person",
        "export company.salesops kpis kpis.xlsx",
    ),
)
def export(
    context: JobContext, what: What, out: Path, *, number: int | None = None, as_of: dt.date | None = None,
    period: PeriodKind | None = None, by: str = "region,manager,person", picture: Path | None = None,
) -> Exported:  # fmt: skip
    """Write a workbook that managers can open, understand, recalculate and send back.

    Args:
        what: territories, commissions, statements (a file for each person, a pack
            for each manager), forecast or kpis.
        out: the workbook to write (.xlsx); for statements the folder.
        number: the scenario or the run; the newest where none is given.
        as_of: for forecast and kpis, the day of knowledge.
        period: for forecast and kpis, month, quarter or year; by default months for forecasts, quarters for KPIs.
        by: for forecast, the levels from the top: region, team, manager, person; family, product; country; segment;
            industry.
        picture: for territories, a PNG of the map to put in.
    """
    if what is not What.STATEMENTS and out.suffix.lower() != ".xlsx":
        raise InputRefusedError("A workbook's name ends in .xlsx.", where=str(out), way_out=f"Call it {out.stem}.xlsx.")
    match what:
        case What.TERRITORIES:
            return _territories(context, out, number, picture)
        case What.COMMISSIONS | What.STATEMENTS:
            return _commissions(context, out, number, statements=what is What.STATEMENTS)
        case What.FORECAST:
            return _forecast(context, out, as_of, period or PeriodKind.MONTH, by)
        case What.KPIS:
            return _kpis(context, out, as_of, period or PeriodKind.QUARTER)


def _territories(context: JobContext, out: Path, number: int | None, picture: Path | None) -> Exported:
    png = picture.read_bytes() if picture is not None else None
    with context.workspace.read() as connection:
        heads = list_scenarios(connection).heads
        if number is None and not heads:
            raise NothingToDoError("No territories have been designed yet.", way_out="Run: territories design.")
        report = report_of(connection, heads[0].id if number is None else number)
        where = provenance(context, connection, report.name, report.status)
        book = scenario_book(connection, report, where, png or scenario_map(report))
    return Exported((write_scenario(out, book, context.progress),))


def _commissions(context: JobContext, out: Path, number: int | None, *, statements: bool) -> Exported:
    with context.workspace.read() as connection:
        heads = run_heads(connection)
        if number is None and not heads:
            raise NothingToDoError("No commissions have been calculated yet.", way_out="Run: commissions run.")
        run_id = heads[0].id if number is None else number
        head = next((h for h in heads if h.id == run_id), None)
        title = head.name if head else ""
        where = provenance(context, connection, title, head.period if head else "")
        run = commission_run(connection, run_id, where, context.progress)
    if statements:
        own = write_statements(out, run, context.progress)
        return Exported((*own, *write_packs(out / PACKS, run, context.progress)))
    return Exported((write_commission_run(out, run, context.progress),))


def _forecast(context: JobContext, out: Path, as_of: dt.date | None, period: PeriodKind, by: str) -> Exported:
    made = forecast_made(context, as_of=as_of, period=period, by=by)
    with context.workspace.read() as connection:
        where = provenance(context, connection, "Forecast", made.span)
    return Exported((write_forecast(out, forecast_report(context, made, where), context.progress),))


def _kpis(context: JobContext, out: Path, as_of: dt.date | None, period: PeriodKind) -> Exported:
    report = kpi_jobs.kpis(context, as_of=as_of, period=period)
    with context.workspace.read() as connection:
        span = f"{report.periods[0].label} to {report.periods[-1].label}"
        where = provenance(context, connection, "KPIs", span)
        book = kpi_report(connection, report, where)
    return Exported((write_kpis(out, book, context.progress),))


def export_view(context: JobContext, table: Table, out: Path) -> Exported:
    """Write just the table a person sees, as .xlsx or .csv."""
    with context.workspace.read() as connection:
        where = provenance(context, connection, table.title, "")
    return Exported((export_table(out, table, where, context.progress),))


@job(
    "export-table",
    title="Export records",
    group="file",
    examples=("export-table company.salesops account accounts.xlsx", "export-table company.salesops lead leads.csv"),
)
def export_records(context: JobContext, entity_name: str, out: Path) -> Exported:
    """Write all records of one kind as a workbook or a csv file.

    Args:
        entity_name: person, account, product, opportunity, snapshot_line, transaction, credit, lead, activity, quota
            or exchange_rate.
        out: the file; its ending, .xlsx or .csv, decides how.
    """
    return export_view(context, browse(context, entity_name).table, out)
