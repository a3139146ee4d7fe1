"""KPIs as their workbook wants them."""

from __future__ import annotations

import dataclasses

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.jobs.kpis import KINDS, Figure, KpiReport, KpiResult, Unit, part_kinds
from salesops_desktop.jobs.tables import read_table
from salesops_desktop.model.entities import entity
from salesops_desktop.model.tables import Table
from salesops_desktop.sheets.writing import kpis as sheet
from salesops_desktop.sheets.writing.book import Provenance
from salesops_desktop.workspace.connect import raw

_AXIS = {
    Unit.RATIO: "Share",
    Unit.DAYS: "Days",
    Unit.HOURS: "Hours",
    Unit.COUNT: "Number",
    Unit.MONEY: "Amount",
    Unit.MONEY_PER_DAY: "Amount a day",
}


def kpi_report(connection: Connection, report: KpiReport, where: Provenance) -> sheet.KpiReport:
    """The workbook's contents: each KPI with its definition, trend and the rows behind its newest period."""
    return sheet.KpiReport(
        where, report.currency, tuple(_sheet(connection, report, result) for result in report.results)
    )


def _sheet(connection: Connection, report: KpiReport, result: KpiResult) -> sheet.KpiSheet:
    meaning = result.definition
    numerator, denominator = part_kinds(meaning.id)
    points = tuple(_point(p.label, f) for p, f in zip(report.periods, result.by_period, strict=True))
    return sheet.KpiSheet(
        meaning.label, meaning.formula, meaning.source, _AXIS[meaning.unit], KINDS[meaning.unit], meaning.numerator,
        meaning.denominator, numerator, denominator, points, _point("All periods", result.overall),
        _rows(connection, result, report.periods[-1].label), meaning.higher_is_better,
    )  # fmt: skip


def _point(label: str, figure: Figure) -> sheet.KpiPoint:
    return sheet.KpiPoint(label, figure.value, figure.numerator, figure.denominator, figure.reason)


def _rows(connection: Connection, result: KpiResult, label: str) -> Table | None:
    ids = result.by_period[-1].ids
    try:
        spec = entity(result.definition.entity)
    except KeyError:
        return None
    if not len(ids):
        return None
    wanted = ",".join(str(int(i)) for i in np.unique(ids))
    table = read_table(raw(connection), spec, where=f"t.id IN ({wanted})")
    return dataclasses.replace(table, title=f"{spec.plural} behind {label}")
