"""Two commission runs or plans side by side as a workbook: sums, people, components, and both together."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np

from salesops_desktop.model.money import exponent
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import Column, Table, ValueKind
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.book import Book, Check, Provenance, Saved
from salesops_desktop.sheets.writing.formulas import column_reference, text_literal

_READING: Final = (
    "Totals has both sides by currency. The other sheets say who and what gains or loses, the largest change first.",
    "Changes are live differences. By sales, by rate and by extras add up to each change exactly; Checks says so.",
)
_DIGITS: Final = 4
"""The most digits a currency has; keeps the tails of binary fractions out of differences."""
_CAUSES: Final = ("by_sales", "by_rate", "by_extras")


def write_comparison(
    path: Path,
    provenance: Provenance,
    summary: Sequence[str],
    totals: Table,
    details: Sequence[Table],
    progress: Progress = silent,
) -> Saved:
    """Write the workbook of a comparison.

    Args:
        path: the xlsx file wanted.
        provenance: what stands on the cover.
        summary: what the comparison says in sentences.
        totals: one row per currency, with columns ``currency``, ``before``, ``after`` and ``change``.
        details: tables with ``before``, ``after``, ``change`` and its causes, each adding up to the totals.
        progress: told the rows written; may cancel.

    Raises:
        DiskFullError: no room; the old file is intact.
        InputRefusedError: the place cannot be written to.
    """
    book = Book(provenance, (*summary, *_READING))
    live = {"change": f"ROUND({{after}}-{{before}},{_DIGITS})"}
    book.add_table_sheet(totals.title, totals, formulas=live, codes=True)
    for table in details:
        plan = book.add_table_sheet(table.title, _with_currency(table), formulas=live, codes=True)
        for i in range(len(totals)):
            code = str(totals["currency"].values[i])
            change = _major(int(totals["change"].values[i]), code)
            title = f"{table.title}: change in {code}"
            book.check(Check(title, _sum(plan, "change", code), change, digits=exponent(code)))
            causes = "+".join(_sum(plan, cause, code) for cause in _CAUSES)
            book.check(Check(f"{title} by its causes", causes, change, digits=exponent(code)))
    return book.save(path, progress)


def _with_currency(table: Table) -> Table:
    """The table with the currency of each row as a column, so that sums can be told apart by it."""
    money = table["change"]
    codes = np.array([money.currency_at(i) for i in range(len(table))], dtype=object)
    place = table.names.index("before")
    added = Column("currency", "Currency", ValueKind.TEXT, codes)
    return dataclasses.replace(table, columns=(*table.columns[:place], added, *table.columns[place:]))


def _sum(plan: TablePlan, name: str, code: str) -> str:
    """The live sum of a column's rows of one currency."""
    column = {each.name: label for each, label in zip(plan.table.columns, plan.labels, strict=True)}
    where = column_reference(plan.name, column["currency"])
    return f"SUMIFS({column_reference(plan.name, column[name])},{where},{text_literal(code)})"


def _major(minor: int, code: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(code))
