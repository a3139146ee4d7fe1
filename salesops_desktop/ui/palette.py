"""The command palette (Ctrl+K): everything that can be done or opened, found by typing a few letters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui.fuzzy import best
from salesops_desktop.ui.i18n import tr

POSITIONS = Qt.ItemDataRole.UserRole + 1
SIDE = Qt.ItemDataRole.UserRole + 2
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the palette can do."""

    title: str
    run: Callable[[], None]
    side: str = ""
    """Shown at the right: the group, and the shortcut."""


class _Model(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.shown: list[tuple[Entry, tuple[int, ...]]] = []

    def show(self, entries: Sequence[Entry], query: str) -> None:
        self.beginResetModel()
        texts = [entry.title for entry in entries]
        self.shown = [(entries[m.index], m.positions) for m in best(query, texts, 60)]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        entry, positions = self.shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{entry.title}, {entry.side}" if entry.side else entry.title
        if role == POSITIONS:
            return positions
        return entry.side if role == SIDE else None


class _Delegate(QStyledItemDelegate):
    """Paints the title with the matched letters bold, and the side text dimmed."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802  # Qt's name
        size = super().sizeHint(option, index)
        return QSize(size.width(), max(size.height(), QFontMetrics(option.font).height() + 12))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        palette: QPalette = option.palette
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text
        painter.save()
        if chosen:
            painter.fillRect(rect, palette.highlight())
        inner = rect.adjusted(12, 0, -12, 0)
        plain = QFont(option.font)
        side = str(index.data(SIDE) or "")
        painter.setPen(palette.color(role if chosen else QPalette.ColorRole.PlaceholderText))
        painter.setFont(plain)
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, side)
        painter.setPen(palette.color(role))
        room = inner.width() - QFontMetrics(plain).horizontalAdvance(side) - 16
        self._draw_title(painter, inner, room, str(index.data()), set(index.data(POSITIONS) or ()))
        painter.restore()

    @staticmethod
    def _draw_title(painter: QPainter, inner: QRect, room: int, title: str, hits: set[int]) -> None:
        """Runs of matched and other letters, each drawn at once."""
        plain = QFont(painter.font())
        bold = QFont(plain)
        bold.setBold(True)
        x = inner.left()
        for hit, letters in itertools.groupby(range(len(title)), key=lambda at: at in hits):
            painter.setFont(bold if hit else plain)
            metrics = painter.fontMetrics()
            part = "".join(title[at] for at in letters)
            left = inner.left() + room - x
            if metrics.horizontalAdvance(part) > left:
                part = metrics.elidedText(part, Qt.TextElideMode.ElideRight, max(0, left))
            width = metrics.horizontalAdvance(part)
            painter.drawText(QRect(x, inner.top(), width + 4, inner.height()), Qt.AlignmentFlag.AlignVCenter, part)
            x += width


class CommandPalette(QDialog):
    """Built once and shown again and again.

    Args:
        entries: gives everything that can be done now; asked each time the palette opens.
        parent: the window.
    """

    def __init__(self, entries: Callable[[], Iterable[Entry]], parent: QWidget) -> None:
        # Not a Qt popup: those grab the keyboard of the whole desktop, and screen readers lose the field.
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle(tr("Find a command"))
        self.setAccessibleName(tr("Find a command"))
        self._source = entries
        self._entries: list[Entry] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Type to find a command, a tab, a table or a recent file"))
        self.field.setAccessibleName(tr("Find a command"))
        self.field.setClearButtonEnabled(True)
        self.model = _Model(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(tr("Commands found"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nothing = QLabel(tr("Nothing fits. Try fewer letters; some commands appear once a workspace is open."))
        self.nothing.setMargin(12)
        self.nothing.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.nothing.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        for widget in (self.field, self.list, self.nothing):
            layout.addWidget(widget)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list.clicked.connect(lambda _index: self.choose())
        self.list.activated.connect(lambda _index: self.choose())

    def open_over(self, window: QWidget) -> None:
        """Show the palette at the top middle of ``window``, empty."""
        self._entries = list(self._source())
        self.field.clear()
        self._filter("")
        width = min(680, max(320, window.width() - 80))
        self.resize(width, min(420, max(240, window.height() - 160)))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - width) // 2, corner.y() + 64)
        self.show()
        self.activateWindow()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _filter(self, text: str) -> None:
        self.model.show(self._entries, text)
        found = bool(self.model.shown)
        self.list.setVisible(found)
        self.nothing.setVisible(not found)
        if found:
            self.list.setCurrentIndex(self.model.index(0, 0))

    def choose(self) -> None:
        """Do what is selected, after the palette has gone."""
        index = self.list.currentIndex()
        if not index.isValid():
            return
        entry, _ = self.model.shown[index.row()]
        self.hide()
        entry.run()

    def event(self, event: QEvent) -> bool:
        """Go away when another window is used."""
        if event.type() == QEvent.Type.WindowDeactivate:
            self.hide()
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Let arrows and Enter in the field move and choose in the list."""
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            key = Qt.Key(event.key())
            if key in moves and self.model.shown:
                count = len(self.model.shown)
                row = self.list.currentIndex().row() + moves[key]
                row = row % count if abs(moves[key]) == 1 else min(max(row, 0), count - 1)
                self.list.setCurrentIndex(self.model.index(row, 0))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.choose()
                return True
        return super().eventFilter(watched, event)
