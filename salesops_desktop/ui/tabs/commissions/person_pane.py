"""What else there is to say of a person in a run: payment, extras, adjustments, questions, and what pays nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtWidgets import QPushButton, QTabWidget, QVBoxLayout, QWidget

from salesops_desktop.model.tables import Table
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.item_asking import ItemAsking
from salesops_desktop.ui.tabs.commissions.presenter import CommissionState
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.model.errors import SalesOpsError

ITEMS: Final = "items"
INQUIRIES: Final = "inquiries"
WHY_NOT: Final = "why not"
_IF_ANY: Final = ("steps", "extras")
"""Tables that are shown where the run has any of them."""


class PersonTabs(QTabWidget):
    """The lines of a person, and beside them everything else the run says of that person.

    Args:
        shell: the window.
        lines: the widget with the lines.
        asks: asks and writes adjustments, holds, questions and answers.
    """

    def __init__(self, shell: Shell, lines: QWidget, asks: ItemAsking) -> None:
        super().__init__()
        self._shell, self._asks = shell, asks
        self._state = CommissionState()
        self._unpaid: Any = None
        self._asked = 0
        self._shown: tuple[object, ...] = ()
        self.setDocumentMode(True)
        self.setAccessibleName(tr("What the run says of the person"))
        self.tabBar().setAccessibleName(tr("What the run says of the person"))
        self._titles = {
            "steps": tr("Payment"),
            "extras": tr("Extras"),
            ITEMS: tr("Adjustments"),
            INQUIRIES: tr("Questions"),
            WHY_NOT: tr("Why not"),
        }
        self.addTab(lines, tr("Lines"))
        self.grids: dict[str, Grid] = {}
        self.buttons: dict[str, QPushButton] = {}
        for key, title in self._titles.items():
            holder = QWidget()
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, theme.tokens().spacing["s"], 0, 0)
            column.setSpacing(theme.tokens().spacing["s"])
            self._add_buttons(key, column)
            self.addTab(holder, title)
        self.currentChanged.connect(lambda _place: self._fill())

    def _add_buttons(self, key: str, column: QVBoxLayout) -> None:
        """What can be done where it is shown."""
        ways: dict[str, Sequence[tuple[str, str, Callable[[], None]]]] = {
            ITEMS: (
                (tr("Adjust…"), "edit", self._asks.adjust),
                (tr("Hold…"), "lock", self._asks.hold),
                (tr("Release…"), "unlock", self._asks.release),
            ),
            INQUIRIES: ((tr("Ask…"), "help", self._asks.ask), (tr("Answer…"), "check", self._answer)),
        }
        if key not in ways:
            return
        row = WrapRow()
        for text, icon, act in ways[key]:
            button = self.buttons[text.rstrip("…").lower()] = QPushButton(theme.icon(icon), text)
            button.setAccessibleName(text.rstrip("…"))
            button.clicked.connect(act)
            row.add(button)
        column.addWidget(row)

    def render_state(self, state: CommissionState, *, writable: bool) -> None:
        """Show a state."""
        before, report = self._state.report, state.report
        self._state = state
        for button in self.buttons.values():
            button.setEnabled(writable and report is not None)
        if report is not before:
            self._unpaid, self._asked = None, 0
        if report is not None and state.people is not None and state.person >= 0:
            for place, (key, title) in enumerate(self._titles.items(), 1):
                if key in _IF_ANY:
                    self.setTabVisible(place, len(getattr(report, key)) > 0)
                elif key != WHY_NOT:
                    count = len(self._rows(key))
                    self.setTabText(place, f"{title} ({count})" if count else title)
        self._fill()

    def _front(self) -> str:
        place = self.currentIndex() - 1
        return list(self._titles)[place] if place >= 0 else ""

    def _fill(self) -> None:
        key, state = self._front(), self._state
        if not key or state.report is None or state.people is None or state.person < 0:
            return
        if key == WHY_NOT and self._unpaid is None:
            self._ask_why_not(state.report.head.id)
            return
        shown = (key, state.report, state.person, state.people, state.inquiries, self._unpaid)
        if self._shown and all(
            a is b or (isinstance(a, int | str) and a == b) for a, b in zip(shown, self._shown, strict=True)
        ):
            return
        self._shown = shown
        grid = self._grid(key)
        name = str(state.people["person"].values[state.person])
        grid.view.without_rows = {
            ITEMS: tr("Nothing is adjusted or held for {person} in this run.", person=name),
            INQUIRIES: tr("Nobody has asked about the lines of {person}.", person=name),
            WHY_NOT: tr("Everything credited to {person} in this run pays.", person=name),
        }.get(key, "")
        grid.set_table(self._rows(key))
        grid.fit_columns()

    def _grid(self, key: str) -> Grid:
        """The grid of a table, made when it is first wanted."""
        if key not in self.grids:
            grid = Grid(name=self._titles[key], searchable=False)
            grid.pick_rows()
            grid.export_requested.connect(self._shell.export_table)
            holder = self.widget(1 + list(self._titles).index(key))
            layout = None if holder is None else holder.layout()
            assert layout is not None
            layout.addWidget(grid)
            self.grids[key] = grid
        return self.grids[key]

    def _rows(self, key: str) -> Table:
        """The rows of a table that are about the person in view; what nobody is credited with concerns everybody."""
        report, people = self._state.report, self._state.people
        assert report is not None
        assert people is not None
        if key == WHY_NOT:
            keys = people.keys
            wanted = -1 if keys is None else int(keys[self._state.person])
            rows = np.flatnonzero((self._unpaid.people == wanted) | (self._unpaid.people == -1))
            found: Table = self._unpaid.credits.take(rows)
            return found
        table: Table | None = self._state.inquiries if key == INQUIRIES else getattr(report, key)
        assert table is not None
        name = people["person"].values[self._state.person]
        return table.take(np.flatnonzero(table["person"].values == name))

    def _answer(self) -> None:
        """Answer the question selected, or the oldest one."""
        grid = self.grids.get(INQUIRIES)
        rows = [] if grid is None else grid.selected_records()
        self._asks.answer(int(grid.table["id"].values[rows[0]]) if grid is not None and rows else 0)

    def _ask_why_not(self, run: int) -> None:
        if self._asked == run:
            return
        self._asked = run

        def seen(report: Any) -> None:
            if self._state.report is not None and self._state.report.head.id == run:
                self._unpaid = report
                self._fill()

        def failed(error: SalesOpsError) -> None:
            self._asked = 0
            self._shell.fail(error)

        self._shell.run_job(
            "commissions why-not", {"run": run}, topic="commissions.why-not", on_done=seen, on_error=failed, quiet=True
        )
