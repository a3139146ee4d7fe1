"""Quota letters: a printed page for each person with their territory, its potential, the quota, and what changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.sheets.writing.formulas import Formula, cell_reference
from salesops_desktop.sheets.writing.sheet import Sheet
from salesops_desktop.sheets.writing.style import Look, Role, kind_format
from salesops_desktop.sheets.writing.territory_lists import Lists, money_look
from salesops_desktop.sheets.writing.territory_records import AccountLine, QuotaLine, ScenarioBook, TerritoryLine

_MONEY, _NUMBER, _DATE = ValueKind.MONEY, ValueKind.NUMBER, ValueKind.DATE
_WIDTHS: Final = (40, 24, 19, 19, 15)
_ALIGN: Final[tuple[Literal["left", "right", "center"], ...]] = ("left", "left", "right", "right", "center")
_MOST_LISTED: Final = 8
"""Accounts named one by one in a letter; the rest are summed up."""


def fill_letters(sheet: Sheet, data: ScenarioBook, lists: Lists) -> int:
    """Write the letters one below the other, each on a page of its own; returns how many."""
    sheet.portrait = True
    sheet.protected = data.returnable
    for column, width in enumerate(_WIDTHS, 1):
        sheet.widen(column, width)
    members = data.members()
    names = data.by_number()
    leaving: dict[str, list[tuple[AccountLine, str]]] = defaultdict(list)
    for account in data.accounts:
        if account.moves:
            leaving[account.from_person].append((account, names[account.territory].person or "nobody yet"))
    for leaver in data.leavers:
        leaving[leaver.account.from_person].append((leaver.account, leaver.person or "nobody yet"))
    written = 0
    for i, territory in enumerate(data.territories):
        if not territory.person:
            continue
        if written:
            sheet.break_page()
        _letter(sheet, data, lists, i, territory, members[territory.number], leaving[territory.person])
        written += 1
    return written


def _letter(
    sheet: Sheet,
    data: ScenarioBook,
    lists: Lists,
    row: int,
    territory: TerritoryLine,
    own: Sequence[AccountLine],
    leaving: Sequence[tuple[AccountLine, str]],
) -> None:
    since = f", from {data.effective}" if data.effective else ""
    sheet.title(f"Territory and quota of {territory.person}", f"{data.provenance.company} · {data.name}{since}")
    sheet.row += 1
    potential = Decimal(sum(a.potential for a in own)).scaleb(-exponent(data.currency))
    pipeline = Decimal(sum(a.open_pipeline for a in own)).scaleb(-exponent(data.currency))
    money = money_look(data)
    pairs: list[tuple[str, str | Formula | Decimal, str]] = [
        ("Territory", territory.name, ""),
        ("Manager", territory.manager or "nobody yet", ""),
        ("Accounts", _live(lists, row, "accounts", len(own)), "#,##0"),
    ]
    if "potential" in lists.balance.table.names:
        pairs.append(("Potential", _live(lists, row, "potential", potential), money))
    pairs.append(("Open pipeline", pipeline, money))
    if "workload" in lists.balance.table.names:
        hours = sum(a.workload for a in own)
        pairs.append(("Workload", _live(lists, row, "workload", hours), kind_format(_NUMBER, digits=0)))
    sheet.fields(pairs)
    _quotas(sheet, territory.quotas)
    coming = [(a, a.from_person) for a in own if a.moves]
    _changes(sheet, data, "You take over", "From", coming)
    _changes(sheet, data, "You hand over", "To", leaving)
    sheet.row += 2
    sheet.put(sheet.row, 1, "Agreed (name, day, signature):", Look(Role.LABEL))
    sheet.row += 1


def _live(lists: Lists, row: int, name: str, value: float | Decimal) -> Formula:
    """A figure of the balance's row, as it was designed."""
    plan = lists.balance
    return Formula(cell_reference(plan.first + row, plan.place(name), sheet=plan.sheet), value)


def _quotas(sheet: Sheet, quotas: Sequence[QuotaLine]) -> None:
    sheet.heading("Quota")
    if not quotas:
        sheet.note("No quota has been set for this territory yet.")
        return
    by_measure: dict[tuple[str, str], list[QuotaLine]] = defaultdict(list)
    for quota in quotas:
        by_measure[quota.measure, quota.currency].append(quota)
    for (measure, currency), lines in by_measure.items():
        money = kind_format(_MONEY, currency=currency)
        _heads(sheet, ("Period", measure.capitalize()))
        digits = -exponent(currency)
        first = sheet.row
        for line in lines:
            row = sheet.row
            sheet.put(row, 1, line.period, Look(indent=1))
            sheet.put(row, 2, Decimal(line.amount).scaleb(digits), Look(Role.BODY, money, "right", indent=1))
        if len(lines) > 1:
            row = sheet.row
            total = Decimal(sum(line.amount for line in lines)).scaleb(digits)
            sheet.put(row, 1, "Total", Look(Role.TOTAL, indent=1))
            sheet.put(row, 2, Formula(f"SUM(B{first}:B{row - 1})", total), Look(Role.TOTAL, money, "right", indent=1))
        sheet.row += 1
    sheet.row -= 1


def _heads(sheet: Sheet, labels: Sequence[str]) -> None:
    row = sheet.row
    for column, label in enumerate(labels, 1):
        sheet.put(row, column, label, Look(Role.HEADER, align="left" if column == 1 else "right", indent=1))


def _changes(
    sheet: Sheet, data: ScenarioBook, what: str, whom: str, accounts: Sequence[tuple[AccountLine, str]]
) -> None:
    count = len(accounts)
    sheet.heading(f"{what} {count:,} account{'' if count == 1 else 's'}")
    if not count:
        return
    money = "#,##0"
    digits = -exponent(data.currency)
    heads = ("Account", whom, f"Potential ({data.currency})", f"Pipeline ({data.currency})", "Next activity")
    ordered = sorted(accounts, key=lambda line: (-line[0].open_pipeline, -line[0].potential, line[0].name))
    row = sheet.row
    for column, label in enumerate(heads, 1):
        sheet.put(row, column, label, Look(Role.HEADER, align=_ALIGN[column - 1], indent=1))
    shown = ordered if len(ordered) <= _MOST_LISTED + 1 else ordered[:_MOST_LISTED]
    for account, person in shown:
        row = sheet.row
        sheet.put(row, 1, account.name, Look(indent=1))
        sheet.put(row, 2, person, Look(indent=1))
        sheet.put(row, 3, Decimal(account.potential).scaleb(digits), Look(Role.BODY, money, "right", indent=1))
        sheet.put(row, 4, Decimal(account.open_pipeline).scaleb(digits), Look(Role.BODY, money, "right", indent=1))
        if account.next_activity is not None:
            sheet.put(row, 5, account.next_activity, Look(Role.BODY, kind_format(_DATE), "center"))
    rest = ordered[len(shown) :]
    if rest:
        row = sheet.row
        sheet.put(row, 1, f"and {len(rest):,} more, on the sheet Hand-over", Look(Role.NOTE, indent=1))
        potential = Decimal(sum(a.potential for a, _ in rest)).scaleb(digits)
        pipeline = Decimal(sum(a.open_pipeline for a, _ in rest)).scaleb(digits)
        sheet.put(row, 3, potential, Look(Role.NOTE, money, "right", indent=1))
        sheet.put(row, 4, pipeline, Look(Role.NOTE, money, "right", indent=1))
