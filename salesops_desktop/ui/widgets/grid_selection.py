"""What is selected in a grid, in terms that outlive sorting, filtering and a fresh table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QItemSelectionRange

from salesops_desktop.ui.widgets.grid_model import GridModel
from salesops_desktop.ui.widgets.grid_order import Rows
from salesops_desktop.ui.widgets.grid_view import GridView

_MOST_ROWS: Final = 5_000
_MOST_BLOCKS: Final = 2_000


def selected_blocks(view: GridView) -> list[tuple[Rows, list[int]]]:
    """The selection as blocks of rows on screen and visible model columns."""
    visible = set(view.visible_columns())
    blocks: list[tuple[Rows, list[int]]] = []
    for block in _ranges(view):
        columns = [c for c in range(block.left(), block.right() + 1) if c in visible]
        blocks.append((np.arange(block.top(), block.bottom() + 1), columns))
    return blocks


def _ranges(view: GridView) -> list[QItemSelectionRange]:
    selection = view.selectionModel().selection()
    return [selection.at(i) for i in range(selection.size())]


def selected_rows(view: GridView) -> Rows:
    """Rows on screen with any selected cell, ascending."""
    blocks = [rows for rows, _ in selected_blocks(view)]
    if not blocks:
        return np.arange(0)
    return blocks[0] if len(blocks) == 1 else np.unique(np.concatenate(blocks))


@dataclass(frozen=True, slots=True)
class HeldSelection:
    """Selection, current cell and scroll place by key (or record) and column name."""

    names: tuple[tuple[str, ...], ...]
    """Column names of each block."""
    rows: tuple[Rows, ...]
    """Ids of the rows of each block."""
    everything: bool
    current: tuple[int, str] | None
    top: int | None
    """Id of the first row in sight."""
    sideways: int
    by_key: bool

    @classmethod
    def hold(cls, view: GridView) -> HeldSelection:
        """Remember what is selected in ``view`` now; very large selections keep the current cell only."""
        model = view.grid_model
        by_key = model.table.keys is not None
        ids = _ids(model)
        ranges = _ranges(view)
        size = sum(r.height() for r in ranges)
        everything = len(ranges) == 1 and _covers(model, ranges[0])
        if everything or size > _MOST_ROWS:
            ranges = []
        table = model.table
        names = tuple(tuple(c.name for c in table.columns[r.left() : r.right() + 1]) for r in ranges)
        rows = tuple(ids[model.records[r.top() : r.bottom() + 1]] for r in ranges)
        index = view.currentIndex()
        current = None
        if index.isValid() and index.row() < len(model.records):
            current = (int(ids[model.records[index.row()]]), table.columns[index.column()].name)
        first = view.rowAt(0)
        top = int(ids[model.records[first]]) if 0 <= first < len(model.records) else None
        return cls(names, rows, everything, current, top, view.horizontalScrollBar().value(), by_key)

    def restore(self, view: GridView, *, scroll: bool) -> None:
        """Select the same cells again where they still are.

        Args:
            view: the view.
            scroll: also bring the former first row back to the top; otherwise only the current cell into sight.
        """
        model = view.grid_model
        if self.by_key != (model.table.keys is not None):
            return
        flags = QItemSelectionModel.SelectionFlag
        view.selectionModel().clearSelection()
        if self.current is not None and self.current[1] in model.table.names:
            row = int(self._find(model, np.array([self.current[0]]))[0])
            if row >= 0:
                index = model.index(row, model.table.names.index(self.current[1]))
                view.selectionModel().setCurrentIndex(index, flags.NoUpdate)
                if self.rows and not scroll:
                    view.scrollTo(index)
        if self.everything:
            view.selectAll()
        elif self.rows:
            view.selectionModel().select(self._selection(model), flags.ClearAndSelect)
        if not scroll and not self.rows:
            view.scrollToTop()
        if scroll and self.top is not None:
            row = int(self._find(model, np.array([self.top]))[0])
            if row >= 0:
                view.verticalScrollBar().setValue(view.verticalHeader().sectionPosition(row))
            view.horizontalScrollBar().setValue(self.sideways)

    def _find(self, model: GridModel, ids: Rows) -> Rows:
        """Rows on screen by id; -1 for those gone."""
        if not self.by_key:
            return model.rows_of(ids)
        keys = model.table.keys
        assert keys is not None
        order = np.argsort(keys, kind="stable")
        at = np.searchsorted(keys[order], ids)
        at = np.minimum(at, len(keys) - 1)
        if not len(keys):
            return np.full(len(ids), -1)
        records = np.where(keys[order][at] == ids, order[at], -1)
        return model.rows_of(records)

    def _selection(self, model: GridModel) -> QItemSelection:
        selection = QItemSelection()
        places = {name: place for place, name in enumerate(model.table.names)}
        for names, ids in zip(self.names, self.rows, strict=True):
            columns = [places[name] for name in names if name in places]
            rows = np.sort(self._find(model, ids))
            rows = rows[rows >= 0]
            if not columns or not len(rows) or selection.size() > _MOST_BLOCKS:
                continue
            breaks = np.flatnonzero(np.diff(rows) > 1)
            starts = np.concatenate(([0], breaks + 1))
            ends = np.concatenate((breaks, [len(rows) - 1]))
            for start, end in zip(rows[starts].tolist(), rows[ends].tolist(), strict=True):
                first, last = model.index(start, min(columns)), model.index(end, max(columns))
                selection.append(QItemSelectionRange(first, last))
        return selection


def _ids(model: GridModel) -> Rows:
    keys = model.table.keys
    return np.arange(len(model.table)) if keys is None else keys


def _covers(model: GridModel, block: QItemSelectionRange) -> bool:
    return block.height() == model.rowCount() and block.width() == model.columnCount()
