"""The forecast workbook: the series with its intervals and back-test, and the open pipeline deal by deal."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from salesops_desktop.model.money import exponent
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import Cell, ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.book import Book, Check, Provenance, Saved
from salesops_desktop.sheets.writing.charts import ChartSpec, Line
from salesops_desktop.sheets.writing.formulas import Formula, column_reference, money_guard
from salesops_desktop.sheets.writing.sheet import Flag, Input, Sheet
from salesops_desktop.sheets.writing.style import kind_format

_TEXT, _INTEGER, _NUMBER = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.NUMBER
_MONEY, _RATE, _FRACTION, _DATE = ValueKind.MONEY, ValueKind.RATE, ValueKind.FRACTION, ValueKind.DATE


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """A period of the series; amounts in minor units.

    Attributes:
        period: its name.
        actual: None in the future.
        forecast: None in the past.
        lower: the interval's lower bound for each of the book's levels; empty in the past.
        upper: the upper bounds.
    """

    period: str
    actual: int | None = None
    forecast: int | None = None
    lower: tuple[int, ...] = ()
    upper: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MethodAccuracy:
    """How a method did in the back-test: ``mae`` and ``bias`` in minor units, ``mase`` without unit."""

    method: str
    horizon: int
    tests: int
    mae: float
    mase: float | None
    bias: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often an interval held what it promised: ``promised`` and ``achieved`` as fractions."""

    promised: float
    achieved: float | None
    tests: int


@dataclass(frozen=True, slots=True)
class TestedForecast:
    """One forecast of the back-test beside what came; minor units."""

    __test__ = False  # no test class, whatever its name begins with

    origin: str
    period: str
    horizon: int
    forecast: int
    actual: int


@dataclass(frozen=True, slots=True)
class PipelineDeal:
    """An open opportunity.

    Attributes:
        amount: minor units.
        probability: of winning, ppm.
        weighted: amount × probability in minor units, rounded half away from zero.
        expected_close: by the model; None if unknown.
    """

    key: str
    name: str
    account: str
    owner: str
    stage: str
    close_on: dt.date | None
    expected_close: dt.date | None
    amount: int
    probability: int
    weighted: int


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """All that the workbook shows.

    Attributes:
        provenance: for the cover; its period is the one forecast.
        currency: of all amounts.
        measure: what the series counts, e.g. "Bookings".
        method: the method chosen, in words.
        levels: the intervals' levels as fractions, narrow to wide, e.g. (0.5, 0.8, 0.95).
        series: past and future periods in order; empty if only the pipeline is shown.
        accuracy: the back-test by method and horizon.
        coverage: of the intervals.
        tested: the chosen method's forecasts in the back-test.
        pipeline: the open deals; empty if only the series is shown.
        outcome: the period's simulated result as (label, minor units), e.g. ("In 9 of 10 cases above", 123).
        sentences: what the engine says of its forecast.
    """

    provenance: Provenance
    currency: str
    measure: str
    method: str
    levels: tuple[float, ...]
    series: tuple[SeriesPoint, ...]
    accuracy: tuple[MethodAccuracy, ...]
    coverage: tuple[Coverage, ...]
    tested: tuple[TestedForecast, ...]
    pipeline: tuple[PipelineDeal, ...]
    outcome: tuple[tuple[str, int], ...] = ()
    sentences: tuple[str, ...] = ()


def write_forecast(path: Path, report: ForecastReport, progress: Progress = silent) -> Saved:
    """Write the forecast workbook.

    Raises:
        DiskFullError: no room; the old file is intact.
        InputRefusedError: the place cannot be written to.
    """
    book = Book(
        report.provenance,
        (
            "Summary has the figures to quote; Series the past, the forecast and its intervals.",
            "Back-test shows how well the method would have done on the past it had not seen.",
            "In Pipeline, enter a probability of your own in a tinted cell: the judged value follows.",
        ),
    )
    summary = book.sheet("Summary", "The figures to quote")
    if report.series:
        _add_series(book, report)
    if report.accuracy or report.tested:
        _add_backtest(book, report)
    pipeline = _add_pipeline(book, report) if report.pipeline else None
    _fill_summary(summary, report, pipeline)
    return book.save(path, progress)


def _percent(level: float) -> str:
    return f"{level * 100:g} %"


def _series_table(report: ForecastReport) -> Table:
    money = [("actual", "Actual"), ("forecast", "Forecast")]
    for place, level in enumerate(report.levels):
        money.append((f"lower_{place}", f"Lower {_percent(level)}"))
        money.append((f"upper_{place}", f"Upper {_percent(level)}"))
    specs = [
        ColumnSpec("period", "Period", _TEXT),
        *(ColumnSpec(name, label, _MONEY, currency=report.currency) for name, label in money),
    ]
    rows = []
    for point in report.series:
        bounds: list[int | None] = []
        for place in range(len(report.levels)):
            bounds += [point.lower[place], point.upper[place]] if point.lower else [None, None]
        rows.append((point.period, point.actual, point.forecast, *bounds))
    return build_table(f"{report.measure} by period", specs, rows)


def _add_series(book: Book, report: ForecastReport) -> None:
    sheet = book.sheet("Series", f"{report.measure}: history, forecast and intervals")
    table = _series_table(report)
    sheet.title(table.title, f"Method: {report.method}")
    chart_row = sheet.row + 1
    sheet.row += 20  # the chart's place above the table
    plan = sheet.table(table, name="Series", freeze=False)
    lines = [Line("actual"), Line("forecast", dashed=True)]
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


def _add_backtest(book: Book, report: ForecastReport) -> None:
    sheet = book.sheet("Back-test", "How well the method would have done on a past it had not seen")
    sheet.title("Back-test", "Each forecast was made with what was known at its origin only.")
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
        (a.method, a.horizon, a.tests, round(a.mae), a.mase, round(a.bias), "yes" if a.chosen else "")
        for a in report.accuracy
    ]
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


def _add_pipeline(book: Book, report: ForecastReport) -> TablePlan:
    money, digits = report.currency, exponent(report.currency)
    specs = [
        ColumnSpec("key", "Opportunity ID", _TEXT),
        ColumnSpec("name", "Opportunity", _TEXT),
        ColumnSpec("account", "Account", _TEXT),
        ColumnSpec("owner", "Owner", _TEXT),
        ColumnSpec("stage", "Stage", _TEXT),
        ColumnSpec("close_on", "Close date", _DATE),
        ColumnSpec("expected_close", "Expected close", _DATE),
        ColumnSpec("amount", "Amount", _MONEY, currency=money),
        ColumnSpec("probability", "Probability", _RATE, digits=1),
        ColumnSpec("weighted", "Weighted value", _MONEY, currency=money),
        ColumnSpec("judgement", "Your probability", _RATE, digits=1),
        ColumnSpec("judged", "Judged value", _MONEY, currency=money),
    ]
    rows = [
        (
            d.key,
            d.name,
            d.account,
            d.owner,
            d.stage,
            d.close_on,
            d.expected_close,
            d.amount,
            d.probability,
            d.weighted,
            None,
            d.weighted,
        )
        for d in report.pipeline
    ]
    plan = book.add_table_sheet(
        "Pipeline",
        build_table("Open pipeline", specs, rows),
        about="Every open deal with its probability and weighted value",
        formulas={
            "weighted": money_guard("{amount}*{probability}", digits),
            "judged": f'IF({{judgement}}="",{{weighted}},{money_guard("{amount}*{judgement}", digits)})',
        },
        totals=["amount", "weighted", "judged"],
        inputs={"judgement": Input("number", "Your own probability of winning, 0 % to 100 %.", maximum=1)},
        flags=[Flag("close_on", '{close_on}=""', "open deals without a close date.")],
    )
    for name, label, minor in (
        ("amount", "Amount of the open pipeline", sum(d.amount for d in report.pipeline)),
        ("weighted", "Weighted value of the open pipeline", sum(d.weighted for d in report.pipeline)),
    ):
        span = column_reference(plan.name, plan.label(name))
        book.check(Check(label, f"SUM({span})", Decimal(minor).scaleb(-digits), digits=digits))
    return plan


def _fill_summary(sheet: Sheet, report: ForecastReport, pipeline: TablePlan | None) -> None:
    sheet.title("Summary", f"{report.measure}, {report.provenance.period}")
    sheet.row += 1
    shown = kind_format(_MONEY, currency=report.currency)

    def money(minor: int) -> Decimal:
        return Decimal(minor).scaleb(-exponent(report.currency))

    pairs: list[tuple[str, Cell | Formula, str]] = []
    upcoming = next((point for point in report.series if point.forecast is not None), None)
    if upcoming is not None and upcoming.forecast is not None:
        pairs.append((f"Forecast for {upcoming.period}", money(upcoming.forecast), shown))
        for place, level in enumerate(report.levels):
            bounds = [f"{money(bound):,f}" for bound in (upcoming.lower[place], upcoming.upper[place])]
            pairs.append((f"{_percent(level)} interval", f"{bounds[0]} to {bounds[1]} {report.currency}", ""))
    if pipeline is not None:
        for name, label in (("amount", "Open pipeline"), ("weighted", "Weighted pipeline"), ("judged", "As judged")):
            span = column_reference(pipeline.name, pipeline.label(name))
            stored = sum(d.amount if name == "amount" else d.weighted for d in report.pipeline)
            pairs.append((label, Formula(f"SUM({span})", money(stored)), shown))
    pairs += [(label, money(minor), shown) for label, minor in report.outcome]
    sheet.fields(pairs)
    if report.sentences:
        sheet.heading("What to know about this forecast")
        for sentence in report.sentences:
            sheet.note(sentence)
    sheet.widen(2, 44)
