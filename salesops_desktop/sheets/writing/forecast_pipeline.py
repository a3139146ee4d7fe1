"""The open pipeline of the forecast workbook: deal by deal with live weighted values, by category, and what matters."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from salesops_desktop.model.enums import ForecastCategory
from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.book import Book, Check
from salesops_desktop.sheets.writing.forecast_records import ForecastReport
from salesops_desktop.sheets.writing.formulas import column_reference, money_guard
from salesops_desktop.sheets.writing.sheet import Flag, Input, Sheet
from salesops_desktop.sheets.writing.style import kind_format

_TEXT, _INTEGER, _DATE = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.DATE
_MONEY, _RATE, _FRACTION = ValueKind.MONEY, ValueKind.RATE, ValueKind.FRACTION
_NONE: Final = "without a category"
_ORDER: Final = (
    ForecastCategory.COMMIT, ForecastCategory.BEST_CASE, ForecastCategory.PIPELINE, ForecastCategory.OMITTED,
)  # fmt: skip


def add_pipeline(book: Book, report: ForecastReport) -> TablePlan:
    """Add the sheet of open deals; a reader's own probability of a win in the period is valued live."""
    money, digits = report.currency, exponent(report.currency)
    period = report.outlook.period if report.outlook else "the period"
    specs = [
        ColumnSpec("name", "Opportunity", _TEXT),
        ColumnSpec("account", "Account", _TEXT),
        ColumnSpec("owner", "Owner", _TEXT),
        ColumnSpec("stage", "Stage", _TEXT),
        ColumnSpec("category", "Category", _TEXT),
        ColumnSpec("close_on", "Close date", _DATE),
        ColumnSpec("amount", "Amount", _MONEY, currency=money),
        ColumnSpec("period_probability", f"Won in {period}", _RATE, digits=1),
        ColumnSpec("period_weighted", f"Weighted in {period}", _MONEY, currency=money),
        ColumnSpec("judgement", "Your probability", _RATE, digits=1),
        ColumnSpec("judged", "Judged value", _MONEY, currency=money),
        ColumnSpec("probability", "Won ever", _RATE, digits=1),
        ColumnSpec("weighted", "Weighted value", _MONEY, currency=money),
        ColumnSpec("expected_close", "Expected close", _DATE),
        ColumnSpec("pushes", "Pushes", _INTEGER),
        ColumnSpec("why", "Why this chance", _TEXT),
        ColumnSpec("stale", "Stale", _TEXT),
        ColumnSpec("key", "Opportunity ID", _TEXT),
    ]
    rows = [
        {
            "name": d.name, "account": d.account or None, "owner": d.owner or None, "stage": d.stage,
            "category": d.category or _NONE, "close_on": d.close_on, "amount": d.amount,
            "period_probability": d.period_probability, "period_weighted": d.period_weighted, "judgement": None,
            "judged": d.period_weighted, "probability": d.probability, "weighted": d.weighted,
            "expected_close": d.expected_close, "pushes": d.pushes, "why": d.why or None, "stale": d.stale or None,
            "key": d.key,
        }
        for d in report.pipeline
    ]  # fmt: skip
    sheet = book.sheet("Pipeline", "Every open deal with its chances, weighted values, and room for your own view")
    sheet.title("Open pipeline", f"{len(rows):,} deals; chances of a win in {period} and ever")
    plan = sheet.table(
        build_table("Open pipeline", specs, rows),
        formulas={
            "period_weighted": money_guard("{amount}*{period_probability}", digits),
            "weighted": money_guard("{amount}*{probability}", digits),
            "judged": f'IF({{judgement}}="",{{period_weighted}},{money_guard("{amount}*{judgement}", digits)})',
        },
        totals=["amount", "period_weighted", "judged", "weighted"],
        inputs={"judgement": Input("number", f"Your own chance of a win in {period}, 0 % to 100 %.", maximum=1)},
        flags=[Flag("close_on", '{close_on}=""', "open deals without a close date.")],
        freeze=True,
    )
    sheet.printed_columns = plan.place("judged")
    for name, label, minor in (
        ("amount", "Amount of the open pipeline", sum(d.amount for d in report.pipeline)),
        ("period_weighted", f"Weighted value in {period}", sum(d.period_weighted for d in report.pipeline)),
        ("weighted", "Weighted value of the open pipeline", sum(d.weighted for d in report.pipeline)),
    ):
        span = column_reference(plan.name, plan.label(name))
        book.check(Check(label, f"SUM({span})", Decimal(minor).scaleb(-digits), digits=digits))
    return plan


def fill_key_deals(book: Book, sheet: Sheet, report: ForecastReport, pipeline: TablePlan) -> None:
    """The categories with live sums over the pipeline, the range of the result, the deals that matter most."""
    period = report.outlook.period if report.outlook else "the period"
    sheet.title("Key deals", f"What the result of {period} hangs on")
    _categories(book, sheet, report, pipeline)
    if report.outcome:
        sheet.heading("The range")
        shown = kind_format(_MONEY, currency=report.currency)
        places = exponent(report.currency)
        sheet.fields([(label, Decimal(minor).scaleb(-places), shown) for label, minor in report.outcome])
    if report.key_deals:
        _matter(sheet, report, period)


def _categories(book: Book, sheet: Sheet, report: ForecastReport, pipeline: TablePlan) -> None:
    found = {d.category or _NONE for d in report.pipeline}
    order = [str(c) for c in _ORDER if str(c) in found] + sorted(found - {str(c) for c in _ORDER})
    money, digits = report.currency, exponent(report.currency)
    sheet.heading("Open deals by category")
    specs = [
        ColumnSpec("category", "Category", _TEXT),
        ColumnSpec("deals", "Deals", _INTEGER),
        ColumnSpec("amount", "Amount", _MONEY, money),
        ColumnSpec("period_weighted", "Weighted in the period", _MONEY, money),
        ColumnSpec("judged", "Judged value", _MONEY, money),
        ColumnSpec("share", "Expected of the amount", _FRACTION, digits=1),
    ]
    rows = []
    for category in order:
        own = [d for d in report.pipeline if (d.category or _NONE) == category]
        amount, weighted = sum(d.amount for d in own), sum(d.period_weighted for d in own)
        share = weighted / amount if amount else 0.0
        rows.append((category, len(own), amount, weighted, weighted, share))

    def cells(name: str) -> str:
        return column_reference(pipeline.name, pipeline.label(name))

    def summed(name: str) -> str:
        return f"ROUND(SUMIFS({cells(name)},{cells('category')},{{category}}),{digits})"

    plan = sheet.table(
        build_table("Categories", specs, rows),
        formulas={
            "deals": f"COUNTIFS({cells('category')},{{category}})",
            **{name: summed(name) for name in ("amount", "period_weighted", "judged")},
            "share": "IF({amount}=0,0,{period_weighted}/{amount})",
        },
        totals=["deals", "amount", "period_weighted", "judged"],
        filters=False,
    )
    counted = f"SUM({column_reference(plan.name, plan.label('deals'))})"
    book.check(Check("Deals in all categories", counted, len(report.pipeline), digits=0))


def _matter(sheet: Sheet, report: ForecastReport, period: str) -> None:
    sheet.heading(f"The {len(report.key_deals)} deals that matter most")
    sheet.note("Part of the variance: how much of what luck may give to or take from the result lies with the deal.")
    target = any(d.reach_won is not None for d in report.key_deals)
    specs = [
        ColumnSpec("name", "Opportunity", _TEXT),
        ColumnSpec("owner", "Owner", _TEXT),
        ColumnSpec("amount", "Amount", _MONEY, report.currency),
        ColumnSpec("chance", f"Won in {period}", _FRACTION, digits=1),
        ColumnSpec("share", "Part of the variance", _FRACTION, digits=1),
    ]
    if target:
        specs += [
            ColumnSpec("reach_won", "Target reached if won", _FRACTION, digits=1),
            ColumnSpec("reach_lost", "Target reached if not", _FRACTION, digits=1),
        ]
    kept = [*specs, ColumnSpec("key", "Opportunity ID", _TEXT)]
    rows = [{spec.name: getattr(d, spec.name) for spec in kept} for d in report.key_deals]
    sheet.table(build_table("Deals that matter most", kept, rows), filters=False)
    sheet.heading("Why they have these chances")
    for deal in report.key_deals:
        sheet.note(f"{deal.name}: {deal.why}")


def pipeline_sum(pipeline: TablePlan, name: str) -> str:
    """The live sum of a column of the pipeline."""
    return f"SUM({column_reference(pipeline.name, pipeline.label(name))})"
