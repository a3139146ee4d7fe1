"""A manager's part of a forecast, to be answered: the model's figures, deal by deal and period by period."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from salesops_desktop.model.enums import ForecastCategory
from salesops_desktop.model.money import divide_half_up, exponent
from salesops_desktop.model.tables import Column, ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.returned import IDENTITY
from salesops_desktop.sheets.returned_lists import REFERENCE, ROWS_TITLE
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.book import Book, Check, Provenance
from salesops_desktop.sheets.writing.formulas import column_reference, money_guard
from salesops_desktop.sheets.writing.sheet import Flag, Input, Sheet

KIND: Final = "forecast judgement"
NUMBERS: Final = "Numbers"
DEALS: Final = "Deals"

OWN: Final = "Your number"
CATEGORY: Final = "Your category"
AMOUNT: Final = "Your amount"
CLOSE: Final = "Your close date"
COMMENT: Final = "Comment"

_T, _N, _M, _F, _D = ValueKind.TEXT, ValueKind.NUMBER, ValueKind.MONEY, ValueKind.RATE, ValueKind.DATE
_CATEGORIES: Final = (
    ForecastCategory.COMMIT, ForecastCategory.BEST_CASE, ForecastCategory.PIPELINE, ForecastCategory.OMITTED,
)  # fmt: skip
_NONE: Final = "without a category"

_HOW: Final = (
    "Numbers holds the model's forecast for the team and for each person: write what you expect into a tinted cell.",
    "Deals holds every open deal: change its category, amount or close date in the tinted cells, or comment on it.",
    "Summary follows live. Nothing changes until the analyst has looked at each entry and accepted it.",
    "Sort and filter as you like; please keep the columns, save, and send the file back.",
)


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A node's forecast of one period; amounts in minor units (thousandths where the forecast is no money).

    Attributes:
        ref: by which the row is known.
        node: its name.
        team: whether it is the team's as a whole.
        period: its label.
        model: the forecast.
        low: the lower end of the 80 % interval; None where there is none.
        high: the upper end.
        before: what came in the same period a year before; None where unknown.
    """

    ref: str
    node: str
    team: bool
    period: str
    model: int
    low: int | None = None
    high: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class DealRow:
    """An open deal.

    Attributes:
        ref: by which the row is known.
        amount: minor units of ``currency``; None where the deal has none.
        worth: the amount in the forecast's currency; None without a rate.
        rate: forecast currency per unit of ``currency``; None without one.
        probability: of winning, ppm, by the model; None where it gave none.
    """

    ref: str
    key: str
    name: str
    account: str
    owner: str
    stage: str
    category: str
    amount: int | None
    currency: str
    worth: int | None
    rate: float | None
    close_on: dt.date | None
    probability: int | None


@dataclass(frozen=True, slots=True)
class InputBook:
    """All that a manager's workbook shows.

    Attributes:
        provenance: for the cover.
        facts: what its identity says beside what it is: forecast, workspace, scope, day of knowledge.
        scope: whose part it is.
        currency: of the forecast; None where it is no money.
        unit: what its numbers are where they are no money.
        numbers: by period, the team before its people.
        deals: the open deals.
    """

    provenance: Provenance
    facts: tuple[tuple[str, str], ...]
    scope: str
    currency: str | None
    unit: str
    numbers: tuple[NumberRow, ...]
    deals: tuple[DealRow, ...]


def input_book(data: InputBook) -> Book:
    """The workbook, ready to be saved."""
    book = Book(data.provenance, _HOW)
    summary = book.sheet("Summary", "What your entries come to, beside the model")
    numbers = _add_numbers(book, data) if data.numbers else None
    deals = _add_deals(book, data) if data.deals else None
    summary.title("Summary", f"{data.scope}: the model's figures and yours, live")
    if numbers is not None:
        _sum_numbers(summary, data, numbers)
    if deals is not None:
        _sum_deals(book, summary, data, deals)
    _add_identity(book, data)
    return book


def _money(data: InputBook, name: str, label: str) -> ColumnSpec:
    if data.currency is None:
        return ColumnSpec(name, label, _N, digits=3)
    return ColumnSpec(name, label, _M, currency=data.currency)


def _shown(data: InputBook, minor: int | None) -> float | int | None:
    """A stored number as the table wants it: minor units of money, else units."""
    return minor if minor is None or data.currency is not None else minor / 1000


def _digits(data: InputBook) -> int:
    return 3 if data.currency is None else exponent(data.currency)


# --- numbers


def _add_numbers(book: Book, data: InputBook) -> TablePlan:
    sheet = book.sheet(NUMBERS, "The model's forecast by person and period, and your own number")
    sheet.title(NUMBERS, f"{data.scope}: {data.unit or 'bookings'} by period")
    specs = [
        ColumnSpec("node", "For", _T),
        ColumnSpec("level", "Level", _T),
        ColumnSpec("period", "Period", _T),
        _money(data, "before", "A year before"),
        _money(data, "model", "Model"),
        _money(data, "low", "Low 80 %"),
        _money(data, "high", "High 80 %"),
        _own(data),
        ColumnSpec("comment", COMMENT, _T),
        _money(data, "counts", "Counts as"),
        _money(data, "difference", "Yours less model"),
        ColumnSpec("ref", REFERENCE, _T),
    ]
    rows = [
        {
            "node": n.node, "level": "team" if n.team else "person", "period": n.period,
            "before": _shown(data, n.before), "model": _shown(data, n.model), "low": _shown(data, n.low),
            "high": _shown(data, n.high), "own": None, "comment": None, "counts": _shown(data, n.model),
            "difference": 0, "ref": n.ref,
        }
        for n in data.numbers
    ]  # fmt: skip
    digits = _digits(data)
    return sheet.table(
        build_table(NUMBERS, specs, rows),
        name="Judged_numbers",
        formulas={
            "counts": 'IF({own}="",{model},{own})',
            "difference": f'IF({{own}}="",0,ROUND({{own}}-{{model}},{digits}))',
        },
        inputs={
            "own": Input("number", "What you expect. Leave it empty where the model's number is yours.", minimum=-1e12),
            "comment": Input("text", "Why: what do you know that the past does not tell?"),
        },
        flags=[
            Flag("own", 'AND({own}<>"",{low}<>"",OR({own}<{low},{own}>{high}))', "numbers outside the 80 % interval.")
        ],
        freeze=True,
    )


def _own(data: InputBook) -> ColumnSpec:
    return ColumnSpec("own", OWN, _N, digits=_digits(data))


def _sum_numbers(sheet: Sheet, data: InputBook, plan: TablePlan) -> None:
    sheet.heading("By period")
    periods = list(dict.fromkeys(n.period for n in data.numbers))
    specs = [
        ColumnSpec("period", "Period", _T),
        _money(data, "team", "Model for the team"),
        _money(data, "own", "Your number for the team"),
        _money(data, "people", "Model for its people, added up"),
        _money(data, "judged", "Your numbers for them, added up"),
    ]
    rows = []
    for period in periods:
        team = sum(n.model for n in data.numbers if n.team and n.period == period)
        people = sum(n.model for n in data.numbers if not n.team and n.period == period)
        shown, added = _shown(data, team), _shown(data, people)
        rows.append({"period": period, "team": shown, "own": shown, "people": added, "judged": added})

    def total(column: str, level: str) -> str:
        cells = {name: column_reference(plan.name, plan.label(name)) for name in ("period", "level", column)}
        return f'SUMIFS({cells[column]},{cells["period"]},{{period}},{cells["level"]},"{level}")'

    sheet.table(
        build_table("Judged by period", specs, rows),
        name="By_period",
        formulas={
            "team": total("model", "team"), "own": total("counts", "team"), "people": total("model", "person"),
            "judged": total("counts", "person"),
        },
        filters=False,
    )  # fmt: skip


# --- deals


def _add_deals(book: Book, data: InputBook) -> TablePlan:
    currency = data.currency or next(d.currency for d in data.deals)
    digits = exponent(currency)
    specs = [
        ColumnSpec("name", "Opportunity", _T),
        ColumnSpec("account", "Account", _T),
        ColumnSpec("owner", "Owner", _T),
        ColumnSpec("stage", "Stage", _T),
        ColumnSpec("category", "Category", _T),
        ColumnSpec("amount", "Amount", _M, currency_from="currency"),
        ColumnSpec("close_on", "Close date", _D),
        ColumnSpec("probability", "Probability", _F, digits=1),
        ColumnSpec("worth", "Amount here", _M, currency=currency),
        ColumnSpec("weighted", "Weighted", _M, currency=currency),
        ColumnSpec("your_category", CATEGORY, _T),
        ColumnSpec("your_amount", AMOUNT, _N, digits=2),
        ColumnSpec("your_close", CLOSE, _D),
        ColumnSpec("comment", COMMENT, _T),
        ColumnSpec("counts", "Counts as", _T),
        ColumnSpec("judged", "Judged amount", _M, currency=currency),
        ColumnSpec("rate", "Exchange rate", _N, digits=6),
        ColumnSpec("key", "Opportunity ID", _T),
        ColumnSpec("ref", REFERENCE, _T),
    ]
    rows = [
        {
            "name": d.name, "account": d.account or None, "owner": d.owner or None, "stage": d.stage,
            "category": d.category or _NONE, "amount": d.amount, "currency": d.currency, "close_on": d.close_on,
            "probability": d.probability, "worth": d.worth, "weighted": _weighted(d), "your_category": None,
            "your_amount": None, "your_close": None, "comment": None, "counts": d.category or _NONE,
            "judged": d.worth, "rate": d.rate, "key": d.key, "ref": d.ref,
        }
        for d in data.deals
    ]  # fmt: skip
    plan = book.add_table_sheet(
        DEALS,
        build_table("Open deals", specs, rows),
        about="Every open deal of the team, with the model's probability, and your view of it",
        formulas={
            "weighted": f'IF(OR({{worth}}="",{{probability}}=""),"",{money_guard("{worth}*{probability}", digits)})',
            "counts": 'IF({your_category}="",{category},{your_category})',
            "judged": f'IF({{your_amount}}="",{{worth}},IF({{rate}}="","",ROUND({{your_amount}}*{{rate}},{digits})))',
        },
        totals=["worth", "weighted", "judged"],
        inputs={
            "your_category": Input("list", "Where you see the deal.", choices=tuple(map(str, _CATEGORIES))),
            "your_amount": Input("number", "The amount you expect, in the deal's own currency."),
            "your_close": Input("date", "The day you expect it to close."),
            "comment": Input("text", "Why, or anything the analyst should know."),
        },
        flags=[Flag("close_on", '{close_on}=""', "deals without a close date.")],
        codes=len({d.currency for d in data.deals}) > 1,
    )
    worth = sum(d.worth or 0 for d in data.deals)
    span = column_reference(plan.name, plan.label("worth"))
    book.check(Check("Amount of the open deals", f"SUM({span})", Decimal(worth).scaleb(-digits), digits=digits))
    return plan


def _weighted(deal: DealRow) -> int | None:
    if deal.worth is None or deal.probability is None:
        return None
    return divide_half_up(deal.worth * deal.probability, 1_000_000)


def _sum_deals(book: Book, sheet: Sheet, data: InputBook, plan: TablePlan) -> None:
    sheet.heading("Open deals by category")
    currency = _currency(plan.table)
    specs = [
        ColumnSpec("category", "Category", _T),
        ColumnSpec("deals", "Deals", ValueKind.INTEGER),
        ColumnSpec("amount", "Amount", _M, currency=currency),
        ColumnSpec("judged_deals", "Deals as you see it", ValueKind.INTEGER),
        ColumnSpec("judged", "Amount as you see it", _M, currency=currency),
    ]
    rows = []
    for category in (*map(str, _CATEGORIES), _NONE):
        own = [d for d in data.deals if (d.category or _NONE) == category]
        worth = sum(d.worth or 0 for d in own)
        rows.append({"category": category, "deals": len(own), "amount": worth, "judged_deals": len(own),
                     "judged": worth})  # fmt: skip
    cells = {name: column_reference(plan.name, plan.label(name)) for name in ("counts", "worth", "judged", "category")}
    made = sheet.table(
        build_table("Judged by category", specs, rows),
        name="By_category",
        formulas={
            "deals": f"COUNTIFS({cells['category']},{{category}})",
            "amount": f"SUMIFS({cells['worth']},{cells['category']},{{category}})",
            "judged_deals": f"COUNTIFS({cells['counts']},{{category}})",
            "judged": f"SUMIFS({cells['judged']},{cells['counts']},{{category}})",
        },
        totals=["deals", "amount", "judged_deals", "judged"],
        filters=False,
    )
    live = f"SUM({column_reference(made.name, made.label('judged_deals'))})"
    book.check(Check("Deals in all categories", live, len(data.deals), digits=0))


def _currency(table: Table) -> str:
    column: Column = table["worth"]
    assert column.currency is not None
    return column.currency


# --- identity


def _add_identity(book: Book, data: InputBook) -> None:
    sheet = book.hidden_sheet(IDENTITY)
    for label, value in (("kind", KIND), *data.facts, ("made", f"{data.provenance.made_at:%Y-%m-%dT%H:%M:%SZ}")):
        row = sheet.row
        sheet.put(row, 1, label)
        sheet.put(row, 2, value)
    kept: list[tuple[str, str, dict[str, str | int | None]]] = [
        (NUMBERS, n.ref, {"node": n.node, "period": n.period, "model": n.model}) for n in data.numbers
    ]
    for d in data.deals:
        close = None if d.close_on is None else d.close_on.isoformat()
        said: dict[str, str | int | None] = {"name": d.name, "category": d.category, "amount": d.amount}
        kept.append((DEALS, d.ref, {**said, "currency": d.currency, "close_on": close}))
    for listed, ref, held in kept:
        row = sheet.row
        sheet.put(row, 1, ROWS_TITLE)
        sheet.put(row, 2, listed)
        sheet.put(row, 3, ref)
        sheet.put(row, 4, json.dumps(held, ensure_ascii=False, sort_keys=True))
