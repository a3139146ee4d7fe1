"""The hidden sheet by which a territory workbook is known when it comes back."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from openpyxl.utils.cell import get_column_letter

from salesops_desktop.sheets.returned import ACCOUNTS_TITLE, FORMULAS_TITLE, IDENTITY, KIND, TERRITORIES_TITLE
from salesops_desktop.sheets.writing.book import Book
from salesops_desktop.sheets.writing.territory_lists import Lists
from salesops_desktop.sheets.writing.territory_records import ScenarioBook

_PER_CELL: Final = 2_000
"""Account numbers in one cell: well below what a cell holds."""


def add_identity(book: Book, data: ScenarioBook, lists: Lists) -> None:
    """Write what the workbook is, who had what when it was made, and where its formulas are."""
    sheet = book.hidden_sheet(IDENTITY)
    facts = (
        ("kind", KIND),
        ("workspace", data.workspace),
        ("scenario", str(data.scenario)),
        ("scenario_name", data.name),
        ("state", data.state),
        ("scope", data.scope),
        ("made", f"{data.provenance.made_at:%Y-%m-%dT%H:%M:%SZ}"),
    )
    for label, value in facts:
        row = sheet.row
        sheet.put(row, 1, label)
        sheet.put(row, 2, value)
    for territory in (*data.territories, *data.neighbours):
        row = sheet.row
        sheet.put(row, 1, TERRITORIES_TITLE)
        sheet.put(row, 2, territory.id)
        sheet.put(row, 3, territory.name)
    ids = {territory.number: territory.id for territory in data.territories}
    refs: dict[int, list[int]] = defaultdict(list)
    for account in data.accounts:
        refs[ids[account.territory]].append(account.ref)
    for territory_id, accounts in refs.items():
        for low in range(0, len(accounts), _PER_CELL):
            row = sheet.row
            sheet.put(row, 1, ACCOUNTS_TITLE)
            sheet.put(row, 2, territory_id)
            sheet.put(row, 3, " ".join(map(str, accounts[low : low + _PER_CELL])))
    for plan in lists.plans:
        last = plan.row + len(plan.table)
        ranges = [(name, plan.first, last) for name in (*plan.formulas, *plan.cell_formulas)]
        ranges += [(name, plan.end, plan.end) for name in plan.totals]
        for name, low, high in ranges:
            row = sheet.row
            sheet.put(row, 1, FORMULAS_TITLE)
            sheet.put(row, 2, plan.sheet)
            sheet.put(row, 3, get_column_letter(plan.place(name)))
            sheet.put(row, 4, low)
            sheet.put(row, 5, high)
