"""Two runs or two plans side by side: who gains, who loses, why, and what selling costs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui import theme
from salesops_desktop.ui.exporting import open_file
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.choosing import offer, points
from salesops_desktop.ui.tabs.commissions.compare_presenter import ComparePresenter, CompareState
from salesops_desktop.ui.tabs.figure_strip import Figure, FigureStrip
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import words
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.empty_state import EmptyState
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_compare import Comparison


class ComparePane(QWidget):
    """Compares.

    Args:
        shell: the window.
        formats: how figures are written.
    """

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self.shell = shell
        self._formats = formats
        self.found: Comparison | None = None
        """What is on screen."""
        self.presenter = ComparePresenter(shell.runner, self.render_state, shell.fail)
        self.kind, self.first, self.second, self.period = (
            self._box(name) for name in (tr("What to compare"), tr("First"), tr("Second"), tr("Period"))
        )
        self.kind.addItem(tr("Two runs"), "runs")
        self.kind.addItem(tr("Two plans"), "plans")
        self.strip = FigureStrip(tr("Both together"))
        self.sentence = words(muted=False)
        self.sentence.setAccessibleName(tr("The comparison in a sentence"))
        self.export_button = QPushButton(theme.icon("export"), tr("Export comparison…"))
        self.export_button.setAccessibleName(tr("Export the whole comparison as a workbook"))
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setAccessibleName(tr("Tables of the comparison"))
        self.grids: dict[str, Grid] = {}
        for name, title in (("people", tr("People")), ("components", tr("Components")), ("parts", tr("Both"))):
            grid = self.grids[name] = Grid(name=title)
            grid.export_requested.connect(shell.export_table)
            self.tabs.addTab(grid, title)
        self.why = words(muted=False)
        self.why.setAccessibleName(tr("Why the pay of the person changes"))
        self.grids["people"].pick_rows()
        self.grids["people"].selection_changed.connect(self._explain)
        self._lay_out()
        self.kind.activated.connect(lambda i: self.presenter.choose_kind(of_plans=self.kind.itemData(i) == "plans"))
        for box in (self.first, self.second, self.period):
            box.activated.connect(lambda _i: self._chosen())
        self.export_button.clicked.connect(self.ask_export)

    @staticmethod
    def _box(name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return box

    def _lay_out(self) -> None:
        header = WrapRow()
        header.add(self.kind)
        self.period_label = QLabel(tr("in"))
        for text, box in ((tr("Compare"), self.first), (tr("with"), self.second)):
            label = QLabel(text)
            label.setBuddy(box)
            label.setMinimumHeight(box.sizeHint().height())
            header.add(label, box)
        self.period_label.setBuddy(self.period)
        self.period_label.setMinimumHeight(self.period.sizeHint().height())
        header.add(self.period_label, self.period, self.export_button)
        self.body = QWidget()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["m"])
        column.addWidget(self.strip)
        column.addWidget(self.sentence)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.why)
        self.nothing = EmptyState("bars", "", "")
        self.pages = QStackedWidget()
        self.pages.addWidget(self.nothing)
        self.pages.addWidget(self.body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 10, 12, 8)
        outer.setSpacing(theme.tokens().spacing["m"])
        outer.addWidget(header)
        outer.addWidget(self.pages, 1)

    # ------------------------------------------------------------------ state to screen

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Read what there is to compare."""
        super().showEvent(event)
        QTimer.singleShot(0, self, self.presenter.seen)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """What changes from now on waits."""
        super().hideEvent(event)
        self.presenter.left()

    def render_state(self, state: CompareState) -> None:
        """Show a state."""
        runs = {run.id: f"{run.period} ({tr(run.status.value)}, {run.id})" for run in state.runs}
        choices = [(str(one) if state.of_plans else runs[one], one) for one in state.choices]
        for box, chosen in ((self.first, state.first), (self.second, state.second)):
            offer(box, choices, chosen)
        offer(self.period, [(label, label) for label in state.periods], state.period)
        self.period.setVisible(state.of_plans)
        self.period_label.setVisible(state.of_plans)
        self.export_button.setEnabled(state.found is not None)
        if state.found is not None:
            self.pages.setCurrentWidget(self.body)
            if state.found is not self.found:
                self._show(state.found)
        elif state.lacking is not None:
            self._say_nothing(state.lacking.sentence, state.lacking.way_out or "")
        elif len(choices) < 2:
            self._say_nothing(
                tr("Two {what} are needed", what=tr(state.kind)),
                tr("As soon as there are two, they stand side by side here."),
            )
        self.found = state.found

    def _say_nothing(self, title: str, sentence: str) -> None:
        self.nothing.set_content("bars", title, sentence, [])
        self.pages.setCurrentWidget(self.nothing)

    # ------------------------------------------------------------------ what a person does

    def _chosen(self) -> None:
        self.presenter.choose(self.first.currentData(), self.second.currentData(), self.period.currentData() or "")

    def ask_export(self) -> None:
        """Ask for a file and write the whole comparison to it."""
        if self.found is None:
            return
        start = self.shell.preferences.last_folder / f"{self.found.first} and {self.found.second}.xlsx"
        name, _ = QFileDialog.getSaveFileName(
            self.shell.dialog_parent, tr("Export the comparison"), str(start), tr("Workbook (*.xlsx)")
        )
        if name:
            self.export(Path(name if name.lower().endswith(".xlsx") else f"{name}.xlsx"))

    def export(self, path: Path) -> None:
        """Write the whole comparison as a workbook."""
        self.shell.preferences.last_folder = path.parent

        def done() -> None:
            self.shell.say(tr("Exported to {path}.", path=str(path)), kind="success", actions=open_file(path))

        self.presenter.export(path, done)

    # ------------------------------------------------------------------ the comparison on screen

    def _show(self, found: Comparison) -> None:
        self.sentence.setText(found.summary()[0])
        self.strip.set_figures(self._figures(found))
        for name, grid in self.grids.items():
            table = getattr(found, name)
            fresh = not len(grid.table)
            grid.set_table(dataclasses.replace(table, keys=None))
            if fresh:
                grid.fit_columns()
                grid.view.freeze(1)

    def _explain(self) -> None:
        """Say in full why the pay of the person selected changes, and which deals matter."""
        rows, table = self.grids["people"].selected_records(), self.grids["people"].table
        if not rows or not len(table):
            self.why.clear()
            return
        person, why, deals = (str(table[name].values[rows[0]] or "") for name in ("person", "why", "deals"))
        said = tr("{person}: {why}.", person=person, why=why)
        self.why.setText(f"{said} {tr('Deals that matter most')}: {deals}." if deals else said)

    def _figures(self, found: Comparison) -> list[Figure]:
        formats, figures = self._formats, []
        totals = found.totals
        for i in range(len(totals)):
            code = str(totals["currency"].values[i])
            change = int(totals["change"].values[i])
            sign = "+" if change > 0 else "−"
            figures.append(
                Figure(
                    f"pay {code}", tr("Commission in {currency}", currency=code),
                    formats.money(int(totals["after"].values[i]), code),
                    delta="" if not change else f"{sign}{formats.money(abs(change), code)}",
                    note=tr("{name}: {amount}", name=found.first,
                            amount=formats.money(int(totals["before"].values[i]), code)),
                )
            )  # fmt: skip
            costs = [totals[name].values[i] for name in ("cost_before", "cost_after")]
            if not any(np.isnan(cost) for cost in costs):
                before, after = (float(cost) for cost in costs)
                figures.append(
                    Figure(
                        f"cost {code}", tr("Cost of sales in {currency}", currency=code), formats.percent(after, 2),
                        delta=points(after - before, formats),
                        tone="success" if after < before else "warning",
                        note=tr("{name}: {amount}", name=found.first, amount=formats.percent(before, 2)),
                    )
                )  # fmt: skip
        return figures
