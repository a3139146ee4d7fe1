"""The item models of the Data tab."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QLocale, QModelIndex, QObject, QPersistentModelIndex, Qt

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.data.presenter import EntityLine

COUNT = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex


class EntityList(QAbstractListModel):
    """The kinds of records with how many there are."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[EntityLine, ...] = ()

    @property
    def lines(self) -> tuple[EntityLine, ...]:
        """What is listed."""
        return self._lines

    def set_lines(self, lines: Sequence[EntityLine]) -> None:
        """Show other lines; the selection stays when only counts differ."""
        new = tuple(lines)
        if [line.name for line in new] == [line.name for line in self._lines]:
            self._lines = new
            if new:
                self.dataChanged.emit(self.index(0), self.index(len(new) - 1))
            return
        self.beginResetModel()
        self._lines = new
        self.endResetModel()

    def row_of(self, name: str) -> int:
        """The row of an entity; -1 when it is not listed."""
        return next((i for i, line in enumerate(self._lines) if line.name == name), -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        """How many lines."""
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The name, the count, or both for a screen reader."""
        if not index.isValid():
            return None
        line = self._lines[index.row()]
        count = QLocale().toString(line.rows)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return tr(line.plural)
            case Qt.ItemDataRole.AccessibleTextRole:
                return tr("{plural}, {count} rows", plural=tr(line.plural), count=count)
            case _:
                return count if role == COUNT else None
