"""What a terminal shows: sentences, tables, a progress bar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid

from salesops_desktop.jobs.declare import Report
from salesops_desktop.model import progress as contract
from salesops_desktop.model.tables import Cell, Column, Table, ValueKind

ROWS = 30
"""How many rows of a table a terminal shows; ``--json`` and exports hold them all."""

ROOM = 160
"""Characters beside each other that a terminal is taken to have."""
WIDEST = 40
"""Characters of a cell before it is folded."""

_NUMERIC = frozenset(ValueKind) - {ValueKind.TEXT, ValueKind.DATE, ValueKind.DATETIME, ValueKind.BOOLEAN}


def show(report: Report, console: Console) -> None:
    """Print a report's sentences, then its tables."""
    for sentence in report.summary():
        console.print(escape(sentence), highlight=False, soft_wrap=True)
    for table in report.tables():
        if len(table):
            console.print()
            console.print(_grid(table))
        for note in table.notes:
            console.print(escape(note), style="dim", highlight=False)


def _fitting(table: Table) -> int:
    """How many columns a page of :data:`ROOM` characters takes without breaking what is in them."""
    used = 0
    for number, column in enumerate(table.columns):
        cells = [len(text(column, row)) for row in range(min(len(table), ROWS))]
        used += min(max([*cells, *(len(word) for word in column.label.split())], default=0), WIDEST) + 3
        if used > ROOM and number >= 3:
            return number
    return len(table.columns)


def _grid(table: Table) -> Grid:
    hidden, shown = len(table) - ROWS, _fitting(table)
    beside = len(table.columns) - shown
    more = [f"{hidden:,} more rows"] * (hidden > 0) + [f"{beside} more columns"] * (beside > 0)
    caption = f"… and {' and '.join(more)} (use --json or export to see them all)" if more else None
    grid = Grid(title=escape(table.title), caption=caption, title_justify="left", show_edge=False, pad_edge=False)
    for column in table.columns[:shown]:
        grid.add_column(escape(column.label), justify="right" if column.kind in _NUMERIC else "left", overflow="fold")
    for index in range(min(len(table), ROWS)):
        grid.add_row(*(escape(text(column, index)) for column in table.columns[:shown]))
    return grid


def text(column: Column, row: int) -> str:  # noqa: PLR0911  # one return per kind reads best
    """One cell as text, in plain English format."""
    value: Cell = column.cell(row)
    if value is None:
        return ""
    match column.kind:
        case ValueKind.MONEY:
            return f"{value:,} {column.currency_at(row) or ''}".rstrip()
        case ValueKind.RATE | ValueKind.FRACTION if isinstance(value, Decimal | float):
            return f"{float(value) * 100:,.{column.digits if column.digits is not None else 1}f} %"
        case ValueKind.NUMBER:
            return f"{value:,.{column.digits if column.digits is not None else 2}f}"
        case ValueKind.INTEGER:
            return f"{value:,}" if column.digits is None else f"{value}"
        case ValueKind.DATETIME if isinstance(value, dt.datetime):
            return value.isoformat(sep=" ", timespec="minutes")
        case ValueKind.BOOLEAN:
            return "yes" if value else "no"
        case _:
            return str(value)


@contextmanager
def progress_bar(console: Console) -> Iterator[contract.Progress]:
    """A progress bar on a terminal; silence elsewhere."""
    if not console.is_terminal:
        yield contract.silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def report(done: float, total: float, what: str = "") -> None:
            if total or what:
                bar.update(task, completed=done, total=total or None, description=escape(what))

        yield report
