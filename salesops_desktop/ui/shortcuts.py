"""The sheet of shortcuts (F1): every command that has a key, by menu, plus the keys of tables and the map."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui.commands import MENUS, CommandBook
from salesops_desktop.ui.i18n import tr

_TABLE_KEYS = (
    ("Search", "Ctrl+F"),
    ("Filter columns", "Ctrl+Shift+L"),
    ("Move to the edge of the data", "Ctrl+Left;Ctrl+Right;Ctrl+Up;Ctrl+Down"),
    ("Select to the edge of the data", "Ctrl+Shift+Left;Ctrl+Shift+Right"),
    ("Select the column", "Ctrl+Space"),
    ("Copy with headers", "Ctrl+C"),
    ("Copy raw values", "Ctrl+Shift+C"),
    ("Open the row", "Return"),
)
_MAP_KEYS = (
    ("Move", "Left;Right;Up;Down"),
    ("Closer, further away", "+;-"),
    ("Show everything", "Home"),
)


def key_text(shortcut: str) -> str:
    """The keys as this machine names them."""
    form = QKeySequence.SequenceFormat.NativeText
    return "   ".join(QKeySequence(part).toString(form) or part for part in shortcut.split(";") if part)


def shortcut_rows(book: CommandBook) -> list[tuple[str, str, str]]:
    """(section, what, keys) of everything that has keys."""
    rows = []
    for group, title in MENUS:
        plain = title.replace("&", "")
        rows += [
            (tr(plain), book.title(c).rstrip("…"), key_text(c.shortcut))
            for c in book.all()
            if c.group == group and c.shortcut
        ]
    rows += [(tr("Tables"), tr(what), key_text(keys)) for what, keys in _TABLE_KEYS]
    rows += [(tr("Map"), tr(what), key_text(keys)) for what, keys in _MAP_KEYS]
    return rows


class ShortcutSheet(QDialog):
    """Lists all shortcuts, with a field to find one.

    Args:
        book: the commands.
        parent: the window.
    """

    def __init__(self, book: CommandBook, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self._lines: list[tuple[str, list[QLabel], str]] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Find a shortcut"))
        self.field.setAccessibleName(tr("Find a shortcut"))
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._filter)
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setColumnStretch(0, 1)
        grid.setHorizontalSpacing(32)
        self._heads: dict[str, QLabel] = {}
        for section, what, keys in shortcut_rows(book):
            if section not in self._heads:
                head = QLabel(section)
                font = head.font()
                font.setBold(True)
                head.setFont(font)
                head.setContentsMargins(0, 12, 0, 2)
                grid.addWidget(head, grid.rowCount(), 0, 1, 2)
                self._heads[section] = head
            row = grid.rowCount()
            labels = [QLabel(what), QLabel(keys)]
            grid.addWidget(labels[0], row, 0)
            grid.addWidget(labels[1], row, 1)
            self._lines.append((section, labels, f"{section} {what} {keys}".casefold()))
        grid.setRowStretch(grid.rowCount(), 1)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName(tr("Shortcuts"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText(tr("Close"))
        close.setAccessibleName(tr("Close"))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.field)
        layout.addWidget(scroll, 1)
        layout.addWidget(buttons)
        self.resize(620, 640)

    def _filter(self, text: str) -> None:
        wanted = text.casefold().strip()
        shown: set[str] = set()
        for section, labels, line in self._lines:
            fits = wanted in line
            for label in labels:
                label.setVisible(fits)
            if fits:
                shown.add(section)
        for section, head in self._heads.items():
            head.setVisible(section in shown)
