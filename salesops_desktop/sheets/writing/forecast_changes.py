"""What happened to the pipeline between two snapshots: a waterfall whose live bars sum exactly, and its deals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.book import Book, Check
from salesops_desktop.sheets.writing.charts import ChartSpec, Line
from salesops_desktop.sheets.writing.forecast_records import Changes
from salesops_desktop.sheets.writing.formulas import Formula, cell_reference, column_reference, text_literal
from salesops_desktop.sheets.writing.sheet import Sheet
from salesops_desktop.sheets.writing.style import kind_format

_TEXT, _MONEY, _INTEGER, _DATE = ValueKind.TEXT, ValueKind.MONEY, ValueKind.INTEGER, ValueKind.DATE
_CHART_ROWS: Final = 20


def add_changes(book: Book, changes: Changes, currency: str) -> None:
    """Add the waterfall's sheet and that of its deals."""
    sheet = book.sheet("Changes", f"The pipeline from {changes.first} to {changes.last}, bar by bar")
    deals = _add_deals(book, changes, currency)
    sheet.title("Changes", f"Open pipeline {changes.due}: {changes.first} to {changes.last}, in {currency}")
    for note in changes.notes:
        sheet.note(note)
    chart_row = sheet.row + 1
    sheet.row += _CHART_ROWS + 1
    bars = _add_bars(sheet, changes, currency, deals)
    sheet.chart(_picture(changes, currency), bars, place=f"A{chart_row}")
    _prove(book, sheet, changes, currency, bars)


def _add_deals(book: Book, changes: Changes, currency: str) -> TablePlan:
    digits = exponent(currency)
    specs = [
        ColumnSpec("name", "Opportunity", _TEXT),
        ColumnSpec("account", "Account", _TEXT),
        ColumnSpec("owner", "Owner", _TEXT),
        ColumnSpec("move", "Bar", _TEXT),
        ColumnSpec("before", "Before", _MONEY, currency),
        ColumnSpec("after", "After", _MONEY, currency),
        ColumnSpec("change", "Change", _MONEY, currency),
        ColumnSpec("rates", "By exchange rates", _MONEY, currency),
        ColumnSpec("rest", "Apart from these", _MONEY, currency),
        ColumnSpec("stage_before", "Stage before", _TEXT),
        ColumnSpec("stage_after", "Stage after", _TEXT),
        ColumnSpec("close_before", "Close date before", _DATE),
        ColumnSpec("close_after", "Close date after", _DATE),
        ColumnSpec("key", "Opportunity ID", _TEXT),
    ]
    rows = [
        {
            "name": d.name, "account": d.account or None, "owner": d.owner or None, "move": d.move, "before": d.before,
            "after": d.after, "change": d.after - d.before, "rates": d.rates, "rest": d.after - d.before - d.rates,
            "stage_before": d.stage_before or None, "stage_after": d.stage_after or None,
            "close_before": d.close_before, "close_after": d.close_after, "key": d.key,
        }
        for d in changes.deals
    ]  # fmt: skip
    return book.add_table_sheet(
        "Changed deals",
        build_table("Deals behind the bars", specs, rows),
        about="Every deal of either day with its bar",
        formulas={
            "change": f"ROUND({{after}}-{{before}},{digits})",
            "rest": f"ROUND({{change}}-{{rates}},{digits})",
        },
        totals=["before", "after", "change", "rates", "rest"],
    )


def _add_bars(sheet: Sheet, changes: Changes, currency: str, deals: TablePlan) -> TablePlan:
    digits = exponent(currency)
    specs = [
        ColumnSpec("bar", "Bar", _TEXT),
        ColumnSpec("amount", "Amount", _MONEY, currency),
        ColumnSpec("running", "Running total", _MONEY, currency),
        ColumnSpec("deals", "Deals", _INTEGER),
        ColumnSpec("total", "Pipeline", _MONEY, currency),
        ColumnSpec("up", "Came in", _MONEY, currency),
        ColumnSpec("down", "Went out", _MONEY, currency),
        ColumnSpec("under", "Under the bar", _MONEY, currency),
        ColumnSpec("meaning", "What is behind it", _TEXT),
    ]
    rows: list[dict[str, object]] = []
    amounts: list[str] = []
    running = 0

    def column(name: str) -> str:
        return column_reference(deals.name, deals.label(name))

    def add(bar: str, amount: int, count: int | None, formula: str, meaning: str = "", *, end: bool = False) -> None:
        nonlocal running
        before, running = running, amount if end else running + amount
        under = 0 if end else min(before, running)
        rows.append(
            {
                "bar": bar, "amount": amount, "running": running, "deals": count, "total": amount if end else 0,
                "up": 0 if end else max(amount, 0), "down": 0 if end else max(-amount, 0), "under": under,
                "meaning": meaning or None,
            }
        )  # fmt: skip
        amounts.append(f"ROUND({formula},{digits})")

    add(f"{changes.first}", changes.start, None, f"SUM({column('before')})", end=True)
    for move in changes.moves:
        formula = f"SUMIFS({column('rest')},{column('move')},{text_literal(move.label)})"
        formula = f"SUM({column('rates')})" if move.label == changes.rates_label else formula
        add(move.label, move.amount, move.deals, formula, move.meaning)
    add(f"{changes.last}", changes.end, None, f"SUM({column('after')})", end=True)
    rows[0]["meaning"], rows[-1]["meaning"] = "The pipeline on the first day", "The pipeline on the second day"
    live: dict[str, list[str]] = {"amount": amounts, "running": [], "total": [], "up": [], "down": [], "under": []}
    plan = sheet.table(
        build_table("Waterfall", specs, rows), name="Waterfall", cell_formulas=live, filters=False,
        strong=(0, len(rows) - 1),
    )  # fmt: skip
    _follow(plan, live, digits)
    return plan


def _follow(plan: TablePlan, live: dict[str, list[str]], digits: int) -> None:
    """The columns that follow from the amounts; the list of formulas is read when the book is saved."""
    last = len(plan.table) - 1
    place = plan.place("running")
    for i in range(last + 1):
        end = i in (0, last)
        before = cell_reference(plan.first + i - 1, place)
        live["running"].append("{amount}" if end else f"ROUND({before}+{{amount}},{digits})")
        live["total"].append("{amount}" if end else "0")
        live["up"].append("0" if end else "MAX({amount},0)")
        live["down"].append("0" if end else "MAX(-{amount},0)")
        live["under"].append("0" if end else f"MIN({before},{{running}})")


def _picture(changes: Changes, currency: str) -> ChartSpec:
    told = "; ".join(f"{move.label} {move.amount:+,} minor units" for move in changes.moves)
    return ChartSpec(
        f"From {changes.first} to {changes.last}", "Bar", f"Open pipeline ({currency})", "bar",
        (
            Line("under", hidden=True), Line("total", shade="accent"), Line("up", shade="success"),
            Line("down", shade="error"),
        ),
        f"Waterfall of the open pipeline from {changes.first} to {changes.last}: {told or 'nothing changed'}.",
        kind="stacked",
        width=26.0,
    )  # fmt: skip


def _prove(book: Book, sheet: Sheet, changes: Changes, currency: str, plan: TablePlan) -> None:
    digits, shown = exponent(currency), kind_format(_MONEY, currency=currency)
    place = plan.place("amount")
    cells = [cell_reference(plan.first + i, place, sheet=plan.sheet) for i in range(len(plan.table))]
    first, end = cells[0], cells[-1]
    span = f"{first}:{cell_reference(plan.last - 1, place)}"
    sheet.row += 1
    live = f"ROUND(SUM({span})-{end},{digits})"
    pairs: Sequence[tuple[str, Formula, str]] = [("Start and all bars less the end", Formula(live, Decimal(0)), shown)]
    sheet.fields(list(pairs))
    for name, formula, minor in (
        ("start", first, changes.start), ("end", end, changes.end), ("start and all bars less the end", live, 0),
    ):  # fmt: skip
        book.check(Check(f"Waterfall: {name}", formula, Decimal(minor).scaleb(-digits), digits=digits))
    sheet.widen(1, 30)
