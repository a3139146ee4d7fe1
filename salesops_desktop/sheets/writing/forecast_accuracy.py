"""How good the forecasts are: each origin's forecast against what came, methods raced, kept forecasts scored."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.book import Book, Check
from salesops_desktop.sheets.writing.charts import ChartSpec, Line
from salesops_desktop.sheets.writing.forecast_records import ForecastReport, Shown
from salesops_desktop.sheets.writing.formulas import column_reference
from salesops_desktop.sheets.writing.sheet import Sheet

_TEXT, _INTEGER, _NUMBER = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.NUMBER
_MONEY, _FRACTION = ValueKind.MONEY, ValueKind.FRACTION
_WIDEST = 90.0


def percent(level: float) -> str:
    """A fraction as a level is written."""
    return f"{level * 100:g} %"


def add_series(book: Book, report: ForecastReport) -> None:
    """Add the sheet with the company's series, its forecast and intervals."""
    sheet = book.sheet("Series", f"{report.measure} of the company: history, forecast and intervals")
    table = _series_table(report)
    sheet.title(table.title, f"Method: {report.method}")
    chart_row = sheet.row + 1
    sheet.row += 20  # the chart's place above the table
    plan = sheet.table(table, name="Series", freeze=False)
    overridden = any(point.adjusted is not None for point in report.series)
    lines = [Line("actual"), Line("forecast", dashed=True)]
    if overridden:
        lines.append(Line("adjusted", dashed=True))
    if report.levels:
        middle = len(report.levels) // 2
        lines += [Line(f"lower_{middle}", faint=True), Line(f"upper_{middle}", faint=True)]
    future = [point for point in report.series if point.forecast is not None]
    told = f"{len(report.series) - len(future)} past periods and {len(future)} forecast ones"
    spec = ChartSpec(
        f"{report.measure} and forecast",
        "Period",
        f"{report.measure} ({report.currency})",
        "period",
        tuple(lines),
        f"Line chart of {report.measure.lower()} by period: {told}, with the bounds of the interval.",
        width=26.0,
    )
    sheet.chart(spec, plan, place=f"A{chart_row}")


def _series_table(report: ForecastReport) -> Table:
    money = [("actual", "Actual"), ("forecast", "Forecast")]
    overridden = any(point.adjusted is not None for point in report.series)
    for place, level in enumerate(report.levels):
        money.append((f"lower_{place}", f"Lower {percent(level)}"))
        money.append((f"upper_{place}", f"Upper {percent(level)}"))
    money += [("adjusted", "With overrides")] if overridden else []
    specs = [
        ColumnSpec("period", "Period", _TEXT),
        *(ColumnSpec(name, label, _MONEY, currency=report.currency) for name, label in money),
    ]
    rows = []
    for point in report.series:
        bounds: list[int | None] = []
        for place in range(len(report.levels)):
            bounds += [point.lower[place], point.upper[place]] if point.lower else [None, None]
        fixed = [point.adjusted] if overridden else []
        rows.append((point.period, point.actual, point.forecast, *bounds, *fixed))
    return build_table(f"{report.measure} by period", specs, rows)


def add_backtest(book: Book, report: ForecastReport) -> None:
    """Add the sheet of the series' back-test: origins, methods, intervals."""
    sheet = book.sheet("Back-test", "How well the method would have done on a past it had not seen")
    sheet.title("Back-test", "Each forecast was made with what was known at its origin only.")
    if report.tested:
        _add_track(sheet, report)
    money = report.currency
    accuracy = [
        ColumnSpec("method", "Method", _TEXT),
        ColumnSpec("horizon", "Periods ahead", _INTEGER),
        ColumnSpec("tests", "Tests", _INTEGER),
        ColumnSpec("mae", "Mean absolute error", _MONEY, currency=money),
        ColumnSpec("mase", "Scaled error (MASE)", _NUMBER, digits=3),
        ColumnSpec("bias", "Mean error", _MONEY, currency=money),
        ColumnSpec("chosen", "Chosen", _TEXT),
    ]
    rows = [
        (
            a.method, a.horizon, a.tests, round(a.mae), a.mase, round(a.bias),
            "yes" if a.chosen else "naive yardstick" if a.naive else "",
        )
        for a in report.accuracy
    ]  # fmt: skip
    if rows:
        sheet.heading("By method")
        sheet.note("A scaled error below 1 is better than the naive forecast in the periods it was measured on.")
        sheet.table(build_table("Accuracy", accuracy, rows))
    if report.coverage:
        sheet.heading("Intervals")
        specs = [
            ColumnSpec("promised", "Promised", _FRACTION, digits=0),
            ColumnSpec("achieved", "Achieved", _FRACTION, digits=1),
            ColumnSpec("tests", "Tests", _INTEGER),
        ]
        held = [(c.promised, c.achieved, c.tests) for c in report.coverage]
        sheet.table(build_table("Coverage", specs, held), filters=False)
    if report.tested:
        _add_tested(book, sheet, report)


def _add_track(sheet: Sheet, report: ForecastReport) -> None:
    """What was forecast of each past period, so many periods ahead, beside what came."""
    horizons = sorted({t.horizon for t in report.tested})
    chosen = sorted({horizons[0], horizons[len(horizons) // 2], horizons[-1]})
    came = {t.period: t.actual for t in report.tested}
    said = {(t.period, t.horizon): t.forecast for t in report.tested}
    order = [point.period for point in report.series if point.period in came] or list(came)
    specs = [
        ColumnSpec("period", "Period", _TEXT),
        ColumnSpec("actual", "Actual", _MONEY, currency=report.currency),
        *(ColumnSpec(f"h{h}", f"Forecast {h} ahead", _MONEY, currency=report.currency) for h in chosen),
    ]
    rows = [(p, came[p], *(said.get((p, h)) for h in chosen)) for p in order]
    chart_row = sheet.row + 1
    sheet.row += 20
    plan = sheet.table(build_table("What was forecast and what came", specs, rows), name="Track")
    spec = ChartSpec(
        "What the method would have forecast, and what came",
        "Period",
        f"{report.measure} ({report.currency})",
        "period",
        (Line("actual"), *(Line(f"h{h}", dashed=True) for h in chosen)),
        f"Line chart of {len(rows)} past periods: what came, and the forecasts made "
        f"{', '.join(map(str, chosen))} periods ahead.",
        width=26.0,
    )
    sheet.chart(spec, plan, place=f"A{chart_row}")


def _add_tested(book: Book, sheet: Sheet, report: ForecastReport) -> None:
    sheet.heading("Forecast and actual")
    money = report.currency
    specs = [
        ColumnSpec("origin", "Made after", _TEXT),
        ColumnSpec("period", "Period", _TEXT),
        ColumnSpec("horizon", "Periods ahead", _INTEGER),
        ColumnSpec("forecast", "Forecast", _MONEY, currency=money),
        ColumnSpec("actual", "Actual", _MONEY, currency=money),
        ColumnSpec("error", "Error", _MONEY, currency=money),
    ]
    rows = [(t.origin, t.period, t.horizon, t.forecast, t.actual, t.forecast - t.actual) for t in report.tested]
    digits = exponent(money)
    plan = sheet.table(
        build_table("Tested forecasts", specs, rows), formulas={"error": f"ROUND({{forecast}}-{{actual}},{digits})"}
    )
    error = column_reference(plan.name, plan.label("error"))
    total = Decimal(sum(t.forecast - t.actual for t in report.tested)).scaleb(-digits)
    book.check(Check("Sum of the back-test's errors", f"SUM({error})", total, digits=digits))


def add_shown(book: Book, name: str, about: str, subtitle: str, parts: Sequence[Shown]) -> None:
    """Add a sheet of tables one below the other, each with its heading."""
    sheet = book.sheet(name, about)
    sheet.title(name, subtitle)
    place_tables(sheet, parts)


def place_tables(sheet: Sheet, parts: Sequence[Shown]) -> None:
    """Set tables below each other; those without a row are said to be empty."""
    for part in parts:
        sheet.heading(part.table.title)
        if part.note:
            sheet.note(part.note)
        if len(part.table):
            plan = sheet.table(part.table, filters=len(part.table) > 8)
            for column in part.table.columns:
                if column.kind is _TEXT:  # these are read, not scanned: nothing may be cut
                    longest = max(len(str(column.cell(i) or "")) for i in range(len(column)))
                    sheet.widen(plan.place(column.name), min(_WIDEST, longest + 2.0))
        else:
            sheet.note("Nothing yet.")


def add_calibration(book: Book, parts: Sequence[Shown]) -> None:
    """Add the pipeline's back-test: its race and its calibration, drawn."""
    name = "Pipeline back-test"
    sheet = book.sheet(name, "How well the chances of winning held at past month-ends, beside naive yardsticks")
    sheet.title(name, "At each past month-end only what was known then was used.")
    for part in parts:
        calibration = {"predicted", "observed"} <= set(part.table.names)
        if not (calibration and len(part.table)):
            place_tables(sheet, [part])
            continue
        sheet.heading(part.table.title)
        if part.note:
            sheet.note(part.note)
        plan = sheet.table(_binned(part.table), filters=False)
        spec = ChartSpec(
            "Predicted chances and what came of them", "Predicted chance", "Share won", "bin",
            (Line("predicted"), Line("observed")),
            f"Bar chart of {len(part.table)} groups of deals by predicted chance, beside the share that was won.",
            kind="bar",
        )  # fmt: skip
        sheet.chart(spec, plan)


def _binned(table: Table) -> Table:
    specs = [
        ColumnSpec("bin", "Predicted between", _TEXT),
        ColumnSpec("n", "Deals", _INTEGER),
        ColumnSpec("predicted", "Predicted", _FRACTION, digits=1),
        ColumnSpec("observed", "Observed", _FRACTION, digits=1),
    ]
    rows = []
    for i in range(len(table)):
        low, high = (float(str(table[name].cell(i))) for name in ("low", "high"))
        cells = (table[name].cell(i) for name in ("n", "predicted", "observed"))
        rows.append((f"{low:.0%} to {high:.0%}", *cells))
    return build_table(table.title, specs, rows)
