"""The KPI workbook: each figure with its definition, its trend, what it is made of, and the rows behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from salesops_desktop.model.money import exponent
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import Cell, ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.book import Book, Check, Provenance, Saved
from salesops_desktop.sheets.writing.cells import Link
from salesops_desktop.sheets.writing.charts import ChartSpec, Line
from salesops_desktop.sheets.writing.formulas import Formula, cell_reference, column_reference
from salesops_desktop.sheets.writing.sheet import Sheet
from salesops_desktop.sheets.writing.style import kind_format

_TEXT = ValueKind.TEXT
_CHECKED = {ValueKind.FRACTION: 6, ValueKind.NUMBER: 4, ValueKind.MONEY: 2}


@dataclass(frozen=True, slots=True)
class KpiPoint:
    """A KPI in one period.

    Attributes:
        period: its name.
        value: in the KPI's unit (money in minor units); None if there is none.
        numerator: what it is made of, in the numerator's unit (money in minor units).
        denominator: None where the value is no ratio.
        reason: why there is no value.
    """

    period: str
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KpiSheet:
    """One KPI.

    Attributes:
        name: what it is called.
        definition: in words, with the formula.
        source: where the definition comes from; "" if it is our own.
        unit: of the value, as an axis title: "Share", "Days", ...
        kind: FRACTION, NUMBER, INTEGER or MONEY.
        numerator: what the numerator counts.
        denominator: what the denominator counts; "" if there is none.
        numerator_kind: MONEY, INTEGER or NUMBER.
        denominator_kind: likewise.
        points: its value by period.
        overall: over all periods.
        rows: the rows behind it, or None.
        higher_is_better: which way is up.
    """

    name: str
    definition: str
    source: str
    unit: str
    kind: ValueKind
    numerator: str
    denominator: str
    numerator_kind: ValueKind
    denominator_kind: ValueKind
    points: tuple[KpiPoint, ...]
    overall: KpiPoint
    rows: Table | None = None
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True)
class KpiReport:
    """All that the workbook shows; amounts are minor units of ``currency``."""

    provenance: Provenance
    currency: str
    kpis: tuple[KpiSheet, ...]
    notes: tuple[str, ...] = ()


def write_kpis(path: Path, report: KpiReport, progress: Progress = silent) -> Saved:
    """Write the KPI workbook.

    Raises:
        DiskFullError: no room; the old file is intact.
        InputRefusedError: the place cannot be written to.
    """
    book = Book(
        report.provenance,
        (
            "Summary has every KPI over all periods; its sheet shows the trend and what the figure is made of.",
            "Values are live divisions of numerator by denominator. The rows behind a KPI have a sheet of their own.",
        ),
    )
    summary = book.sheet("Summary", "Every KPI at a glance")
    placed: list[tuple[KpiSheet, Sheet, TablePlan]] = []
    for kpi in report.kpis:
        sheet = book.sheet(kpi.name, kpi.definition)
        plan = _fill_kpi(sheet, kpi, report.currency)
        placed.append((kpi, sheet, plan))
    for kpi, sheet, plan in placed:
        _add_check(book, kpi, plan, report.currency)
        if kpi.rows is not None and len(kpi.rows):
            rows = book.add_table_sheet(f"{kpi.name[:24]} rows", kpi.rows, about=f"The rows behind {kpi.name.lower()}")
            sheet.put(sheet.row + 1, 1, Link("The rows behind it", rows.sheet))
    _fill_summary(summary, report, placed)
    return book.save(path, progress)


def _major(value: float | None, kind: ValueKind, currency: str) -> float | int | Decimal | None:
    """A stored value as a person means it."""
    if value is None:
        return None
    if kind is ValueKind.MONEY:
        return Decimal(str(value)).scaleb(-exponent(currency))
    return round(value) if kind is ValueKind.INTEGER else value


def _shape(kind: ValueKind, currency: str) -> str:
    return kind_format(kind, digits=1 if kind in (ValueKind.FRACTION, ValueKind.NUMBER) else None, currency=currency)


def is_ratio(kpi: KpiSheet, point: KpiPoint, currency: str) -> bool:
    """Whether the value is just numerator ÷ denominator (a median, for one, is not)."""
    if point.value is None or point.numerator is None or not point.denominator:
        return False
    value = _float(_major(point.value, kpi.kind, currency))
    return value is not None and math.isclose(_ratio(kpi, point, currency), value, rel_tol=1e-9, abs_tol=1e-12)


def _points_table(kpi: KpiSheet, points: Sequence[KpiPoint], currency: str) -> Table:
    specs = [
        ColumnSpec("period", "Period", _TEXT),
        ColumnSpec("value", kpi.name, ValueKind.NUMBER),
        ColumnSpec("numerator", kpi.numerator or "Numerator", ValueKind.NUMBER),
        *([ColumnSpec("denominator", kpi.denominator, ValueKind.NUMBER)] if kpi.denominator else []),
        ColumnSpec("reason", "Why there is no value", _TEXT),
    ]
    if not any(point.reason for point in points):
        specs.pop()
    records = []
    for point in points:
        value = _major(point.value, kpi.kind, currency)
        if is_ratio(kpi, point, currency):
            value = _ratio(kpi, point, currency)
        records.append(
            {
                "period": point.period,
                "value": None if value is None else float(value),
                "numerator": _float(_major(point.numerator, kpi.numerator_kind, currency)),
                "denominator": _float(_major(point.denominator, kpi.denominator_kind, currency)),
                "reason": point.reason or None,
            }
        )
    return build_table(f"{kpi.name} by period", specs, records)


def _ratio(kpi: KpiSheet, point: KpiPoint, currency: str) -> float:
    top = _float(_major(point.numerator, kpi.numerator_kind, currency))
    bottom = _float(_major(point.denominator, kpi.denominator_kind, currency))
    assert top is not None
    assert bottom
    return top / bottom


def _float(value: float | Decimal | None) -> float | None:
    return None if value is None else float(value)


def _fill_kpi(sheet: Sheet, kpi: KpiSheet, currency: str) -> TablePlan:
    sheet.title(kpi.name, "Higher is better" if kpi.higher_is_better else "Lower is better")
    sheet.note(kpi.definition)
    if kpi.source:
        sheet.note(f"Definition: {kpi.source}")
    chart_row = sheet.row + 1
    sheet.row += 19  # the chart's place above the table
    shown = {
        "value": _shape(kpi.kind, currency),
        "numerator": _shape(kpi.numerator_kind, currency),
        "denominator": _shape(kpi.denominator_kind, currency),
    }
    points = (*kpi.points, kpi.overall)
    texts = ["{numerator}/{denominator}" if is_ratio(kpi, point, currency) else None for point in points]
    plan = sheet.table(
        _points_table(kpi, points, currency), cell_formulas={"value": texts}, formats=shown, filters=False
    )
    known = [point for point in kpi.points if point.value is not None]
    told = f"{len(known)} of {len(kpi.points)} periods have a value"
    if known:
        told += f"; the last, {known[-1].period}, is {_spoken(kpi, known[-1], currency)}"
    spec = ChartSpec(
        kpi.name,
        "Period",
        kpi.unit,
        "period",
        (Line("value"),),
        f"Line chart of {kpi.name.lower()} by period: {told}.",
        rows=len(kpi.points),
    )
    sheet.chart(spec, plan, place=f"A{chart_row}")
    return plan


def _spoken(kpi: KpiSheet, point: KpiPoint, currency: str) -> str:
    value = _float(_major(point.value, kpi.kind, currency))
    if value is None:
        return "unknown"
    return f"{value:.1%}" if kpi.kind is ValueKind.FRACTION else f"{value:,.1f} {kpi.unit.lower()}"


def _add_check(book: Book, kpi: KpiSheet, plan: TablePlan, currency: str) -> None:
    """Sums of the periods' values against the program's, so that a changed cell shows."""
    values = [_float(_major(point.value, kpi.kind, currency)) for point in (*kpi.points, kpi.overall)]
    expected = Decimal(repr(math.fsum(value for value in values if value is not None)))
    span = column_reference(plan.name, plan.label("value"))
    book.check(
        Check(f"{kpi.name}: sum of the values shown", f"SUM({span})", expected, digits=_CHECKED.get(kpi.kind, 1))
    )


def _fill_summary(sheet: Sheet, report: KpiReport, placed: Sequence[tuple[KpiSheet, Sheet, TablePlan]]) -> None:
    sheet.title("Summary", report.provenance.period)
    for note in report.notes:
        sheet.note(note)
    specs = [
        ColumnSpec("name", "KPI", _TEXT),
        ColumnSpec("overall", "All periods", ValueKind.NUMBER),
        ColumnSpec("last", "Last period", ValueKind.NUMBER),
        ColumnSpec("unit", "Unit", _TEXT),
        ColumnSpec("better", "Better", _TEXT),
    ]
    if any(kpi.overall.reason for kpi in report.kpis):
        specs.append(ColumnSpec("reason", "Why there is no value", _TEXT))
    rows: list[tuple[Cell, ...]] = []
    overall: list[str | None] = []
    last: list[str | None] = []
    for kpi, _, plan in placed:
        whole = plan.table["value"].cell(len(kpi.points))
        latest = plan.table["value"].cell(len(kpi.points) - 1) if kpi.points else None
        better = "higher" if kpi.higher_is_better else "lower"
        rows.append((kpi.name, whole, latest, kpi.unit, better, kpi.overall.reason or None)[: len(specs)])
        column = plan.place("value")
        overall.append(_reference(plan, plan.last, column, whole))
        last.append(_reference(plan, plan.last - 1, column, latest))
    formats = [_shape(kpi.kind, report.currency) for kpi in report.kpis]
    sheet.table(
        build_table("KPIs", specs, rows),
        cell_formulas={"overall": overall, "last": last},
        formats={"overall": formats, "last": formats},
        links={"name": [made.name for _, made, _ in placed]},
        freeze=True,
    )


def _reference(plan: TablePlan, row: int, column: int, value: Cell | Formula) -> str | None:
    return None if value is None else cell_reference(row, column, sheet=plan.sheet)
