"""Cells to and from the clipboard, in the two forms that Excel understands."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMimeData, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from salesops_desktop.model.errors import Fault
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import NUMERIC
from salesops_desktop.ui.widgets.grid_model import GridModel
from salesops_desktop.ui.widgets.grid_selection import selected_blocks, selected_rows

if TYPE_CHECKING:
    from salesops_desktop.ui.widgets.grid import Grid

MOST_CELLS: Final = 2_000_000
_STEP_CELLS: Final = 4_000


class CopyJob:
    """Copies a block of cells piece by piece.

    Args:
        model: the grid's model.
        rows: rows on screen.
        columns: model columns, in the order wanted.
        raw: values as a program would write them instead of as shown.
    """

    def __init__(self, model: GridModel, rows: Sequence[int], columns: Sequence[int], *, raw: bool) -> None:
        self._model = model
        self._rows = rows
        self._columns = columns
        self._raw = raw
        self._text: list[str] = []
        self._html: list[str] = []

    def steps(self) -> Iterator[float]:
        """Do the work; yields the share done now and then so that a window stays alive."""
        labels = [self._model.table.columns[c].label for c in self._columns]
        self._text.append("\t".join(quoted(label) for label in labels))
        self._html.append("".join(f"<th>{html.escape(label)}</th>" for label in labels))
        right = {c for c in self._columns if self._model.table.columns[c].kind in NUMERIC}
        each = max(1, _STEP_CELLS // max(1, len(self._columns)))
        for done, row in enumerate(self._rows):
            cells = [self._cell(row, column) for column in self._columns]
            self._text.append("\t".join(quoted(cell) for cell in cells))
            self._html.append(
                "".join(
                    f'<td align="right">{html.escape(cell)}</td>'
                    if column in right
                    else f"<td>{html.escape(cell)}</td>"
                    for column, cell in zip(self._columns, cells, strict=True)
                )
            )
            if done % each == each - 1:
                yield done / len(self._rows)

    def _cell(self, row: int, column: int) -> str:
        if self._raw:
            return self._model.raw_at(row, column)
        return str(self._model.data(self._model.index(row, column)))

    def mime(self) -> QMimeData:
        """What was copied, as tab-separated text and as an HTML table."""
        data = QMimeData()
        data.setText("\n".join(self._text) + "\n")
        body = "".join(f"<tr>{row}</tr>" for row in self._html)
        data.setHtml(f'<html><head><meta charset="utf-8"></head><body><table>{body}</table></body></html>')
        return data


def quoted(cell: str) -> str:
    """A cell for tab-separated text, quoted where it holds a tab, a line break or a quote."""
    if any(c in cell for c in '\t\n\r"'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def parse_pasted(text: str) -> list[list[str]]:
    """Rows of cells from pasted text as Excel, Sheets and Calc write it; ragged rows are filled up."""
    rows = list(csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter="\t"))
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((len(row) for row in rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


class PieceWork(QObject):
    """Does an iterator's work a piece per turn of the event loop, so that the window stays alive."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work: Iterator[object] | None = None
        self._done: Callable[[object], None] = lambda _last: None
        self._last: object = None
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._step)

    def start(self, work: Iterator[object], done: Callable[[object], None]) -> None:
        """Start ``work`` in place of any other; ``done`` is called with what it yielded last."""
        self._work, self._done, self._last = work, done, None
        self._timer.start()
        self._step()

    def stop(self) -> None:
        """Drop the work."""
        self._work = None
        self._timer.stop()

    def _step(self) -> None:
        if self._work is None:
            return
        try:
            self._last = next(self._work)
        except StopIteration:
            self.stop()
            self._done(self._last)


class GridClipboard:
    """Copy, paste, fill and clear for a grid.

    Args:
        grid: the grid.
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._work = PieceWork(grid)

    def copy(self, *, raw: bool) -> None:
        """Copy the selection with headers; one too large for a clipboard is offered for export instead."""
        grid = self._grid
        blocks = selected_blocks(grid.view)
        wanted = {c for _, columns in blocks for c in columns}
        columns = [c for c in grid.view.visible_columns() if c in wanted]
        rows = selected_rows(grid.view)
        size = len(rows) * len(columns)
        if size > MOST_CELLS:
            text = tr("{n} cells are too many for the clipboard.", n=grid.model.formats.integer(size))
            grid.messages.show_message("warning", text, action=tr("Export this view…"), on_action=grid.export)
        elif size:
            job = CopyJob(grid.model, rows.tolist(), columns, raw=raw)
            self._work.start(job.steps(), lambda _last: QGuiApplication.clipboard().setMimeData(job.mime()))

    def paste(self) -> None:
        """Paste at the current cell; one pasted cell fills the whole selection."""
        grid = self._grid
        index = grid.view.currentIndex()
        cells = parse_pasted(QGuiApplication.clipboard().text())
        if not index.isValid() or not cells or not grid.model.editable:
            return
        columns = grid.view.visible_columns()
        first_row, first_place = index.row(), columns.index(index.column())
        if len(cells) == 1 and len(cells[0]) == 1:
            blocks = selected_blocks(grid.view)
            grid.model.put([(int(r), c, cells[0][0]) for rows, chosen in blocks for r in rows for c in chosen])
            return
        if first_row + len(cells) > grid.model.rowCount() or first_place + len(cells[0]) > len(columns):
            where = tr("Pasted {rows} × {columns} cells", rows=len(cells), columns=len(cells[0]))
            grid.model.refused.emit([Fault(where, tr("They reach beyond the table."), tr("Start further up or left."))])
            return
        grid.model.put(
            [
                (first_row + down, columns[first_place + across], text)
                for down, line in enumerate(cells)
                for across, text in enumerate(line)
            ]
        )

    def fill_down(self) -> None:
        """Copy the first selected row of each block into the rows below it."""
        grid = self._grid
        cells: list[tuple[int, int, str]] = []
        for rows, columns in selected_blocks(grid.view):
            for column in columns:
                text = str(grid.model.data(grid.model.index(int(rows[0]), column), Qt.ItemDataRole.EditRole))
                cells += [(int(row), column, text) for row in rows[1:]]
        if cells and grid.model.editable:
            grid.model.put(cells)

    def clear_cells(self) -> None:
        """Empty the selected cells."""
        blocks = selected_blocks(self._grid.view)
        self._grid.model.put([(int(row), c, "") for rows, columns in blocks for row in rows for c in columns])
