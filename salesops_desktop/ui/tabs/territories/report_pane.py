"""What the panes of reports share: a heading of sentences, buttons in a row, grids in tabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from salesops_desktop.model.tables import Table
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.models import without_cents
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.grid import Grid
from salesops_desktop.ui.widgets.message_strip import MessageStrip


class GridTabs(QTabWidget):
    """Tables of a report; each grid is filled when it is brought to the front.

    Args:
        shell: the window.
        name: what they are about, for screen readers.
        titles: of each table, by name, in order.
    """

    def __init__(self, shell: Shell, name: str, titles: dict[str, str]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.tabBar().setAccessibleName(name)
        self.setDocumentMode(True)
        self.setUsesScrollButtons(True)
        self._titles = titles
        self._tables: dict[str, Table] = {}
        self._stale: set[str] = set()
        self.grids: dict[str, Grid] = {}
        for key, title in titles.items():
            grid = Grid(name=title)
            grid.export_requested.connect(shell.export_table)
            self.grids[key] = grid
            self.addTab(grid, title)
        self.currentChanged.connect(lambda _place: self._fill_front())

    def show_tables(self, tables: dict[str, Table]) -> None:
        """Show these tables; those without rows are hidden, but for the first."""
        self._tables, self._stale = tables, set(tables)
        formats = next(iter(self.grids.values())).model.formats
        for place, (key, title) in enumerate(self._titles.items()):
            rows = len(tables[key]) if key in tables else 0
            self.setTabText(place, f"{title} ({formats.integer(rows)})")
            self.setTabVisible(place, rows > 0 or place == 0)
        self._fill_front()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Make room for titles that were set while nobody saw them; Qt keeps the room of the old ones."""
        super().showEvent(event)
        bar = self.tabBar()
        for place in range(bar.count()):
            title = bar.tabText(place)
            bar.setTabText(place, "")
            bar.setTabText(place, title)

    def _fill_front(self) -> None:
        keys = list(self.grids)
        key = keys[self.currentIndex()] if 0 <= self.currentIndex() < len(keys) else ""
        if key in self._stale:
            self._stale.discard(key)
            grid = self.grids[key]
            empty = len(grid.table) == 0
            grid.set_table(without_cents(self._tables[key]))
            if empty:
                grid.fit_columns()
            grid.view.freeze(1)


MOST = 20
"""The stretch of a pane's tables; what is left under a pane without any has 1."""


class ReportPane(QWidget):
    """A column: buttons, sentences, whatever a pane adds."""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(theme.tokens().spacing["m"])
        self.buttons = WrapRow()
        self.said = MessageStrip()
        self.said.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.column.addWidget(self.buttons)
        self.column.addWidget(self.said)

    def add_button(self, text: str, icon: str, act: Callable[[], None], *, primary: bool = False) -> QPushButton:
        """Put a button into the row."""
        button = QPushButton(theme.icon(icon, "accent_text" if primary else "text"), text)
        button.setAccessibleName(text.rstrip("…"))
        button.clicked.connect(lambda _checked=False: act())
        if primary:
            theme.dress(button, role="primary")
        self.buttons.add(button)
        return button

    def say(self, sentences: Sequence[str], fault: str = "", *, busy: bool = False) -> None:
        """Say what the report says: the first sentence, the others behind a fold."""
        if fault:
            self.said.show_message("warning", fault)
        elif busy and not sentences:
            self.said.show_message("info", tr("Working…"), closable=False)
        elif sentences:
            rest = "\n".join(sentences) if len(sentences) > 1 else ""
            self.said.show_message("info", sentences[0], details=rest)
        else:
            self.said.clear()
