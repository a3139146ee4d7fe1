"""The scenarios of the workspace: copy, name, note, compare, and plans to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton

from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.confirming import Confirm
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.presenter import TODAY, TerritoryPresenter, TerritoryState
from salesops_desktop.ui.tabs.territories.report_pane import ReportPane
from salesops_desktop.ui.tabs.territories.report_presenter import ReportPresenter, ReportState
from salesops_desktop.ui.tabs.territories.tradeoff_strip import Plan, TradeOffStrip
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.forms import TextField
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.territory_reports import ScenarioHead

_MOST_COMPARED = 4


class ScenariosPane(ReportPane):
    """Scenarios in a list; what is picked there is copied, named, compared.

    Args:
        shell: the window.
        main: the tab's presenter.
        formats: how figures are written.
    """

    compare_asked = Signal(object)
    """Numbers of scenarios (list[int])."""

    def __init__(self, shell: Shell, main: TerritoryPresenter, formats: Formats) -> None:
        super().__init__()
        self._shell, self._main = shell, main
        self._heads: tuple[ScenarioHead, ...] | None = None
        self.presenter = ReportPresenter(shell.run_job, self.render_plans, self._tell)
        self.compare_button = self.add_button(tr("Compare"), "columns", self.compare)
        self.copy_button = self.add_button(tr("Copy"), "copy", self.copy)
        self.rename_button = self.add_button(tr("Rename…"), "edit", self.ask_name)
        self.note_button = self.add_button(tr("Note…"), "document", self.ask_note)
        self.delete_button = self.add_button(tr("Delete"), "delete", self.delete)
        self.grid = Grid(name=tr("Scenarios"), searchable=False)
        self.grid.pick_rows()
        self.grid.export_requested.connect(shell.export_table)
        self.grid.selection_changed.connect(self._enable)
        self.grid.activated.connect(lambda number: main.choose(int(number)))
        self.plans_button = QPushButton(theme.icon("bars"), tr("Try how much may move"))
        self.plans_button.setAccessibleName(tr("Try how much may move"))
        self.plans_button.setToolTip(tr("Seven plans from moving least to designing freely; takes some seconds."))
        self.plans_button.clicked.connect(self.try_plans)
        self.strip = TradeOffStrip(formats)
        self.strip.taken.connect(self.take_plan)
        self.take_button = QPushButton(theme.icon("check"), tr("Keep this plan as a scenario"))
        self.take_button.setAccessibleName(tr("Keep this plan as a scenario"))
        self.take_button.clicked.connect(lambda: self.take_plan(self.strip.chosen + 1))
        self.column.addWidget(self.grid, 1)
        self.column.addWidget(self.plans_button)
        self.column.addWidget(self.strip)
        self.column.addWidget(self.take_button)
        for widget in (self.strip, self.take_button):
            widget.hide()

    def render_state(self, state: TerritoryState) -> None:
        """Show the scenarios."""
        if state.heads != self._heads:
            self._heads = state.heads
            self.grid.set_table(_table_of(state.heads))
            self.grid.view.freeze(1)
        self.presenter.look_at(state.chosen)
        if not self.grid.selected_keys() and state.chosen is not None:
            self.grid.select_keys([state.chosen])
        self._enable()

    def _picked(self) -> list[int]:
        return list(dict.fromkeys(self.grid.selected_keys()))

    def _head(self) -> ScenarioHead | None:
        """The one scenario that is picked, if it is one that was made."""
        picked = self._picked()
        return next((h for h in self._heads or () if [h.id] == picked), None)

    def _enable(self) -> None:
        picked, writable = self._picked(), self._shell.session.writable
        one = self._head() is not None
        self.compare_button.setEnabled(1 < len(picked) <= _MOST_COMPARED or (len(picked) == 1 and picked != [TODAY]))
        self.compare_button.setToolTip(tr("Pick two to four; one alone is compared with today's owners."))
        self.copy_button.setEnabled(writable and len(picked) == 1)
        for button in (self.rename_button, self.note_button, self.delete_button):
            button.setEnabled(writable and one)
        self.plans_button.setEnabled(writable and self._main.state.shown is not None)

    # ------------------------------------------------------------------ what a person does

    def compare(self) -> None:
        """Put the picked scenarios side by side."""
        picked = sorted(self._picked())
        self.compare_asked.emit(picked if len(picked) > 1 else [TODAY, *picked])

    def copy(self) -> None:
        """Copy the picked scenario."""
        self._run("territories copy", self._picked()[0])

    def delete(self) -> None:
        """Delete the picked scenario; undo brings it back."""
        head = self._head()
        if head is not None:
            self._run("territories delete", head.id)

    def ask_name(self) -> None:
        """Ask for another name."""
        head = self._head()
        if head is not None:
            self._ask(tr("Rename {name}", name=head.name), tr("Rename"), "territories rename", "name", head.name, head)

    def ask_note(self) -> None:
        """Ask for a note."""
        head = self._head()
        if head is not None:
            self._ask(tr("Note on {name}", name=head.name), tr("Keep"), "territories note", "note", head.note, head)

    def _ask(self, title: str, action: str, command: str, field: str, text: str, head: ScenarioHead) -> None:
        line = TextField(tr("Name") if field == "name" else tr("Note"), required=field == "name")
        line.set_value(text)

        def go(values: dict[str, Any]) -> None:
            self._run(command, head.id, {field: values[field] or ""})

        Confirm(title, tr("This can be undone."), action, go, self._shell.dialog_parent, {field: line}).open()

    def _run(self, command: str, scenario: int, given: dict[str, object] | None = None) -> None:
        self._shell.run_job(
            command, {"scenario": scenario, **(given or {})}, on_done=lambda report: self._tell(report.summary()[0])
        )

    def _tell(self, sentence: str) -> None:
        self._shell.say(sentence, kind="success")

    # ------------------------------------------------------------------ plans to choose from

    def try_plans(self) -> None:
        """Work the strip out."""
        self.presenter.ask("territories tradeoffs")

    def take_plan(self, number: int) -> None:
        """Make a scenario of a plan."""
        report = self.presenter.state.report
        if report is not None and self._shell.session.writable:
            self._main.keep_plan(report, number)

    def render_plans(self, state: ReportState) -> None:
        """Show the strip."""
        report = state.report
        self.say([] if report is None else report.summary(), state.fault, busy=state.busy)
        for widget in (self.strip, self.take_button):
            widget.setVisible(report is not None)
        if report is not None:
            limit = report.whole.problem.limit
            self.strip.set_plans(
                [
                    Plan(
                        plan.moved, plan.mean_km, max(plan.balance.values(), default=0.0),
                        all(off <= limit(name) + 1e-9 for name, off in plan.balance.items()),
                    )
                    for plan in report.plans
                ]
            )  # fmt: skip


def _table_of(heads: Sequence[ScenarioHead]) -> Any:
    text, count = ValueKind.TEXT, ValueKind.INTEGER
    specs = [
        ColumnSpec("name", tr("Scenario"), text),
        ColumnSpec("status", tr("Status"), text),
        ColumnSpec("moved", tr("Changing hands"), count),
        ColumnSpec("from", tr("From"), text),
        ColumnSpec("note", tr("Note"), text),
        ColumnSpec("copied", tr("Based on"), text),
        ColumnSpec("territories", tr("Territories"), count),
    ]
    rows: list[tuple[object, ...]] = [
        (h.name, tr(h.status), h.moved, h.effective_from or None, h.note or None, h.copied_from or None, h.territories)
        for h in heads
    ]
    rows.append((tr("Today's owners"), None, 0, None, None, None, None))
    table = build_table("Scenarios", specs, rows)
    keys = np.array([*(h.id for h in heads), TODAY], dtype=np.int64)
    return type(table)(table.title, table.columns, "", keys)
