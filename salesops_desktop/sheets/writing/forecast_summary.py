"""The first page of the forecast workbook: target, what came, pipeline, forecasts side by side, the way to the end."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import Cell, ColumnSpec, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.book import Book
from salesops_desktop.sheets.writing.charts import ChartSpec, Line
from salesops_desktop.sheets.writing.forecast_accuracy import percent
from salesops_desktop.sheets.writing.forecast_pipeline import pipeline_sum
from salesops_desktop.sheets.writing.forecast_records import ForecastReport, Outlook
from salesops_desktop.sheets.writing.formulas import Formula
from salesops_desktop.sheets.writing.sheet import Sheet
from salesops_desktop.sheets.writing.style import kind_format

_TEXT, _MONEY, _FRACTION, _INTEGER = ValueKind.TEXT, ValueKind.MONEY, ValueKind.FRACTION, ValueKind.INTEGER

Pairs = list[tuple[str, "Cell | Formula", str]]


def add_course(book: Book, report: ForecastReport, outlook: Outlook) -> TablePlan:
    """Add the sheet with the running total through the period; its chart stands on the summary."""
    sheet = book.sheet("Course", "The running total through the period, with the fan to its end")
    sheet.title("Course", f"{report.measure} of {outlook.period}, added up, as known on {outlook.as_of}")
    sheet.note("The fan is centred on the combined forecast. What came is cut at the day of knowledge.")
    money = report.currency
    target = outlook.target is not None
    fan = [(f"{side.lower()}{i}", f"{side} {percent(level)}") for i, level in enumerate(report.levels)
           for side in ("Low", "High")]  # fmt: skip
    specs = [
        ColumnSpec("day", "By the end of", _TEXT),
        ColumnSpec("last", f"{outlook.last_period} at this point", _MONEY, money),
        ColumnSpec("actual", "Actual", _MONEY, money),
        ColumnSpec("expected", "Combined forecast", _MONEY, money),
        *(ColumnSpec(name, label, _MONEY, money) for name, label in fan),
        *([ColumnSpec("target", "Target", _MONEY, money)] if target else []),
    ]
    rows = []
    for point in outlook.course:
        row: dict[str, object] = {
            "day": point.day.isoformat(), "last": point.last, "actual": point.actual, "expected": point.expected,
            **{name: None for name, _ in fan},
        }  # fmt: skip
        for i in range(len(point.lower)):
            row |= {f"low{i}": point.lower[i], f"high{i}": point.upper[i]}
        rows.append(row | ({"target": outlook.target} if target else {}))
    return sheet.table(build_table("Course", specs, rows), filters=False, freeze=True)


def fill_summary(sheet: Sheet, report: ForecastReport, pipeline: TablePlan | None, course: TablePlan | None) -> None:
    """Fill the summary."""
    outlook = report.outlook
    sheet.title("Summary", f"{report.measure}, {outlook.period if outlook else report.provenance.period}")
    if outlook is None:
        sheet.row += 1
        sheet.fields(_bare(report, pipeline))
    else:
        sheet.note(f"As known on {outlook.as_of}. {outlook.basis}")
        sheet.row += 1
        _head(sheet, report, outlook, pipeline)
        _side_by_side(sheet, report, outlook, course)
    if report.sentences:
        sheet.heading("What to know about this forecast")
        for sentence in report.sentences:
            sheet.note(sentence)
    sheet.widen(1, 30)


def _bare(report: ForecastReport, pipeline: TablePlan | None) -> Pairs:
    """The figures to quote where there is no running period."""
    shown = kind_format(_MONEY, currency=report.currency)
    pairs: Pairs = []
    upcoming = next((point for point in report.series if point.forecast is not None), None)
    if upcoming is not None and upcoming.forecast is not None:
        pairs.append((f"Forecast for {upcoming.period}", _money(report, upcoming.forecast), shown))
        for place, level in enumerate(report.levels):
            bounds = [f"{_money(report, bound):,f}" for bound in (upcoming.lower[place], upcoming.upper[place])]
            pairs.append((f"{percent(level)} interval", f"{bounds[0]} to {bounds[1]} {report.currency}", ""))
    if pipeline is not None:
        pairs += _pipeline(report, pipeline, "the period")
    return pairs + [(label, _money(report, minor), shown) for label, minor in report.outcome]


def _money(report: ForecastReport, minor: int) -> Decimal:
    return Decimal(minor).scaleb(-exponent(report.currency))


def _pipeline(report: ForecastReport, pipeline: TablePlan, period: str) -> Pairs:
    shown = kind_format(_MONEY, currency=report.currency)
    weighted = sum(d.period_weighted for d in report.pipeline)
    return [
        (label, Formula(pipeline_sum(pipeline, name), _money(report, minor)), shown)
        for name, label, minor in (
            ("amount", "Open pipeline", sum(d.amount for d in report.pipeline)),
            ("period_weighted", f"Open pipeline, weighted for {period}", weighted),
            ("judged", "The same, as you judge it", weighted),
        )
    ]


def _head(sheet: Sheet, report: ForecastReport, outlook: Outlook, pipeline: TablePlan | None) -> None:
    """Target, actual, forecast and chance, with what follows from them live."""
    shown = kind_format(_MONEY, currency=report.currency)
    quoted = next(h for h in outlook.headlines if h.forecast)
    pairs: Pairs = [
        (f"Actual up to {outlook.as_of}", _money(report, outlook.actual), shown),
        (f"{quoted.label} forecast", _money(report, quoted.amount), shown),
    ]
    if quoted.low is not None and quoted.high is not None:
        ends = [f"{_money(report, bound):,.0f}" for bound in (quoted.low, quoted.high)]
        pairs.append(("With a chance of 80 %", f"{ends[0]} to {ends[1]} {report.currency}", ""))
    pairs += _pipeline(report, pipeline, outlook.period) if pipeline is not None else []
    if outlook.target is None:
        sheet.fields(pairs)
        return
    pairs.insert(0, ("Target", _money(report, outlook.target), shown))
    places = sheet.fields(pairs)
    target, actual, forecast = places[:3]
    gap = f"ROUND({forecast}-{target},{exponent(report.currency)})"
    reached = outlook.actual / outlook.target if outlook.target else 0.0
    more: Pairs = [
        ("Forecast less target", Formula(gap, _money(report, quoted.amount - outlook.target)), shown),
        ("Actual in parts of the target", Formula(f"IF({target}=0,0,{actual}/{target})", reached), "0.0%"),
    ]
    if quoted.chance is not None:
        more.append(("Chance of reaching the target", quoted.chance, "0%"))
    sheet.fields(more)


def _side_by_side(sheet: Sheet, report: ForecastReport, outlook: Outlook, course: TablePlan | None) -> None:
    sheet.heading("Side by side")
    money = report.currency
    target = outlook.target is not None
    specs = [
        ColumnSpec("label", "Figure", _TEXT),
        ColumnSpec("amount", outlook.period, _MONEY, money),
        ColumnSpec("low", "Low 80 %", _MONEY, money),
        ColumnSpec("high", "High 80 %", _MONEY, money),
        *([ColumnSpec("chance", "Chance of the target", _FRACTION, digits=0)] if target else []),
        ColumnSpec("weight", "Weight", _FRACTION, digits=0),
        ColumnSpec("error", "Error so far", _FRACTION, digits=1),
        ColumnSpec("bias", "Bias so far", _FRACTION, digits=1),
        ColumnSpec("judged", "Periods judged", _INTEGER),
    ]
    kept = [spec.name for spec in specs]
    rows = [{name: getattr(h, name) for name in kept} for h in outlook.headlines]
    sheet.note(
        "Error so far: how far such a forecast lay from what came, at the same point of earlier periods, in parts of "
        "what came. Bias: whether it lay above (+) or below."
    )
    plan = sheet.table(build_table("Figures", specs, rows), name="Figures", filters=False)
    sheet.row += 1
    for sentence in outlook.proofs:
        sheet.note(sentence)
    told = "; ".join(f"{h.label} {_money(report, h.amount):,.0f}" for h in outlook.headlines)
    sheet.chart(
        ChartSpec(
            f"{outlook.period} at a glance", "Figure", f"{report.measure} ({money})", "label", (Line("amount"),),
            f"Bar chart in {money}: {told}.", kind="bar", height=8.5,
        ),
        plan,
    )  # fmt: skip
    if course is not None and len(course.table):
        sheet.chart(_course_chart(report, outlook), course)
    if outlook.past is not None and len(outlook.past):
        sheet.heading("What was forecast before, as it was")
        sheet.table(outlook.past, filters=False)
    for note in outlook.notes:
        sheet.note(note)


def _course_chart(report: ForecastReport, outlook: Outlook) -> ChartSpec:
    fan: Sequence[Line] = []
    if report.levels:
        shown = range(1, len(report.levels)) if len(report.levels) > 1 else range(1)
        fan = [Line(f"{side}{i}", faint=True) for i in shown for side in ("low", "high")]
    lines = [Line("actual"), Line("expected", dashed=True), Line("last"), *fan]
    if outlook.target is not None:
        lines.append(Line("target", shade="error"))
    end = outlook.course[-1]
    told = "" if end.expected is None else f"; the combined forecast ends at {_money(report, end.expected):,.0f}"
    return ChartSpec(
        f"The way through {outlook.period}",
        "By the end of",
        f"{report.measure}, added up ({report.currency})",
        "day",
        tuple(lines),
        f"Line chart of the running total of {outlook.period} beside {outlook.last_period}, with the fan{told}.",
        width=24.0,
        height=11.0,
    )
