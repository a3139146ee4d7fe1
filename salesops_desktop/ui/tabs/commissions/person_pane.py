"""What else there is to say of a person in a run: payment steps, extras, adjustments, and what pays nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from salesops_desktop.model.tables import Table
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.presenter import CommissionState
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.model.errors import SalesOpsError

_PARTS: Final = ("steps", "extras", "items")
WHY_NOT: Final = "why not"


class PersonTabs(QTabWidget):
    """The lines of a person, and beside them everything else the run says of that person.

    Args:
        shell: the window.
        lines: the widget with the lines.
    """

    def __init__(self, shell: Shell, lines: QWidget) -> None:
        super().__init__()
        self._shell = shell
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
            "items": tr("Adjustments"),
            WHY_NOT: tr("Why not"),
        }
        self.addTab(lines, tr("Lines"))
        self.grids: dict[str, Grid] = {}
        for title in self._titles.values():
            holder = QWidget()
            QVBoxLayout(holder).setContentsMargins(0, 0, 0, 0)
            self.addTab(holder, title)
        self.currentChanged.connect(lambda _place: self._fill())

    def render_state(self, state: CommissionState) -> None:
        """Show a state."""
        before, report = self._state.report, state.report
        self._state = state
        if report is before:
            self._fill()
            return
        self._unpaid, self._asked = None, 0
        if report is not None:
            for place, key in enumerate(_PARTS, 1):
                self.setTabVisible(place, len(getattr(report, key)) > 0)
        self._fill()

    def _front(self) -> str:
        place = self.currentIndex() - 1
        return list(self._titles)[place] if place >= 0 else ""

    def _fill(self) -> None:
        key, state = self._front(), self._state
        if not key or state.report is None or state.people is None or state.person < 0:
            return
        if key == WHY_NOT and self._unpaid is None:
            self._ask(state.report.head.id)
            return
        shown = (key, state.report, state.person, state.people, self._unpaid)
        if all(a is b or (isinstance(a, int | str) and a == b) for a, b in zip(shown, self._shown, strict=False)) and (
            self._shown
        ):
            return
        self._shown = shown
        grid = self._grid(key)
        if key == WHY_NOT:
            name = str(state.people["person"].values[state.person])
            grid.view.without_rows = tr("Everything credited to {person} in this run pays.", person=name)
        grid.set_table(self._rows(key))
        grid.fit_columns()

    def _grid(self, key: str) -> Grid:
        """The grid of a table, made when it is first wanted."""
        if key not in self.grids:
            grid = Grid(name=self._titles[key], searchable=False)
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
        table: Table = getattr(report, key)
        name = people["person"].values[self._state.person]
        return table.take(np.flatnonzero(table["person"].values == name))

    def _ask(self, run: int) -> None:
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
