"""Two runs or two plans side by side: who gains, who loses, why, and what selling costs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
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
from salesops_desktop.ui.tabs.figure_strip import Figure, FigureStrip
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import words
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.empty_state import EmptyState
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_compare import Comparison
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.model.errors import SalesOpsError

_BEHIND = frozenset({"commission_run", "run_line", "plan", "plan_assignment", "transaction", "credit", "quota", "*"})


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
        self._stale = True
        self.found: Comparison | None = None
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
        self._runs: list[tuple[str, int]] = []
        self._plans: list[tuple[str, str]] = []
        self._lay_out()
        self.kind.activated.connect(lambda _i: self._offer())
        for box in (self.first, self.second, self.period):
            box.activated.connect(lambda _i: self.compare())
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
        self.nothing = EmptyState("bars", "", "")
        self.pages = QStackedWidget()
        self.pages.addWidget(self.nothing)
        self.pages.addWidget(self.body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 10, 12, 8)
        outer.setSpacing(theme.tokens().spacing["m"])
        outer.addWidget(header)
        outer.addWidget(self.pages, 1)

    # ------------------------------------------------------------------ the window's calls

    def closed(self) -> None:
        """No workspace is open."""
        self._stale, self.found = True, None
        self.pages.setCurrentWidget(self.nothing)

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed: read again when somebody looks."""
        if tables & _BEHIND:
            self._stale = True
            if self.isVisible():
                self._read()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Read what there is to compare."""
        super().showEvent(event)
        if self._stale:
            QTimer.singleShot(0, self, self._read)

    def _read(self) -> None:
        self._stale = False

        def read(context: JobContext) -> Any:
            from salesops_desktop.jobs.commission_desk import commission_desk  # noqa: PLC0415  # heavy
            from salesops_desktop.jobs.commission_plan_editing import list_plans  # noqa: PLC0415  # heavy

            desk = commission_desk(context)
            return desk, list_plans(context)

        def seen(found: Any) -> None:
            desk, book = found
            self._runs = [(f"{run.period} ({tr(run.status.value)}, {run.id})", run.id) for run in desk.runs]
            paying = sorted(book.entries, key=lambda entry: (-entry.people, entry.plan.name))
            self._plans = [(entry.plan.name, entry.plan.name) for entry in paying]
            _fill(self.period, [(period.label, period.label) for period in desk.periods])
            self._offer()

        self.shell.runner.run(read, topic="commissions.compare.read", on_done=seen, on_error=self.shell.fail)

    # ------------------------------------------------------------------ what a person does

    @property
    def _of_plans(self) -> bool:
        return bool(self.kind.currentData() == "plans")

    def _offer(self) -> None:
        """Offer runs, or plans; the two newest runs, or the two plans of most people, first."""
        choices: list[tuple[str, Any]] = list(self._plans if self._of_plans else self._runs)
        for box in (self.first, self.second):
            _fill(box, choices)
        self.period.setVisible(self._of_plans)
        self.period_label.setVisible(self._of_plans)
        if len(choices) < 2:
            self._say_nothing()
            return
        if self.first.currentData() == self.second.currentData():
            newest_second = not self._of_plans
            self.first.setCurrentIndex(1 if newest_second else 0)
            self.second.setCurrentIndex(0 if newest_second else 1)
        self.compare()

    def _say_nothing(self, title: str = "", sentence: str = "") -> None:
        what = tr("plans") if self._of_plans else tr("runs")
        self.nothing.set_content(
            "bars",
            title or tr("Two {what} are needed", what=what),
            sentence or tr("As soon as there are two, they stand side by side here."),
            [],
        )
        self.found = None
        self.export_button.setEnabled(False)
        self.pages.setCurrentWidget(self.nothing)

    def compare(self) -> None:
        """Compare what is chosen."""
        if self._of_plans:
            command = "commissions compare-plans"
            params = {
                "first": self.first.currentData(), "second": self.second.currentData(),
                "period": self.period.currentData(),
            }  # fmt: skip
        else:
            command = "commissions compare"
            params = {"first": self.first.currentData(), "second": self.second.currentData()}

        def failed(error: SalesOpsError) -> None:
            self._say_nothing(error.sentence, error.way_out or "")

        self.shell.run_job(
            command, params, topic="commissions.compare", on_done=self._show, on_error=failed, quiet=True
        )

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
        found = self.found

        def write(context: JobContext) -> object:
            from salesops_desktop.jobs.commission_compare import export_comparison  # noqa: PLC0415  # loaded by now

            assert found is not None
            return export_comparison(context, found, path)

        def done(_report: object) -> None:
            self.shell.say(tr("Exported to {path}.", path=str(path)), kind="success", actions=open_file(path))

        title = tr("Exporting {name}", name=path.name)
        self.shell.runner.run(write, title=title, on_done=done, on_error=self.shell.fail)

    # ------------------------------------------------------------------ the comparison on screen

    def _show(self, found: Comparison) -> None:
        self.found = found
        self.pages.setCurrentWidget(self.body)
        self.export_button.setEnabled(True)
        self.sentence.setText(found.summary()[0])
        self.strip.set_figures(self._figures(found))
        for name, grid in self.grids.items():
            table = getattr(found, name)
            fresh = not len(grid.table)
            grid.set_table(dataclasses.replace(table, keys=None))
            if fresh:
                grid.fit_columns()
                grid.view.freeze(1)

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


def points(change: float, formats: Formats) -> str:
    """A change of a share in percentage points, with its sign; empty where there is none to speak of."""
    if abs(change) < 5e-5:
        return ""
    size = formats.percent(abs(change), 2).replace("%", "").strip()
    return tr("{sign}{size} points", sign="+" if change > 0 else "−", size=size)


def _fill(box: QComboBox, choices: list[tuple[str, Any]]) -> None:
    """Offer choices; the chosen one stays if it is among them."""
    if choices == [(box.itemText(i), box.itemData(i)) for i in range(box.count())]:
        return
    before = box.currentData()
    box.clear()
    for text, value in choices:
        box.addItem(text, value)
    box.setCurrentIndex(max(box.findData(before), 0))
