"""Workbooks to managers and back: what goes out, and what they propose, with its effect on the balance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.figure_strip import Figure
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.figure_rows import FigureRows
from salesops_desktop.ui.tabs.territories.report_pane import MOST, ReportPane
from salesops_desktop.ui.tabs.territories.report_presenter import ReportPresenter, ReportState
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid


class ProposalsPane(ReportPane):
    """Exports packs, takes returned workbooks in, accepts or declines what they propose.

    Args:
        shell: the window.
        formats: how figures are written.
        tell: says what was done.
        export: exports the workbook of the scenario.
    """

    def __init__(self, shell: Shell, formats: Formats, tell: Any, export: Any) -> None:
        super().__init__()
        self._shell, self._formats = shell, formats
        self.presenter = ReportPresenter(shell.run_job, self.render_state, tell, "territories proposals")
        self.export_button = self.add_button(tr("Workbook…"), "export", export)
        self.packs_button = self.add_button(tr("Packs for managers…"), "team", self.ask_packs)
        self.import_button = self.add_button(tr("Returned workbooks…"), "import", self.ask_returned, primary=True)
        self.effect = FigureRows(tr("What all open proposals together would do"))
        self.grid = Grid(name=tr("Proposals"))
        self.grid.pick_rows()
        self.grid.export_requested.connect(shell.export_table)
        self.grid.selection_changed.connect(self._enable)
        self.accept_button = self.add_button(tr("Accept picked"), "check", self.accept)
        self.accept_all_button = self.add_button(tr("Accept all"), "check", self.accept_all)
        self.decline_button = self.add_button(tr("Decline picked"), "close", self.decline)
        self.column.addWidget(self.effect)
        self.column.addWidget(self.grid, MOST)
        self.column.addStretch(1)
        self.effect.hide()

    def ask_packs(self) -> None:
        """Ask for a folder and write a workbook for each manager into it."""
        start = str(self._shell.preferences.last_folder)
        name = QFileDialog.getExistingDirectory(self._shell.dialog_parent, tr("Folder for the packs"), start)
        if name:
            self.write_packs(Path(name))

    def write_packs(self, folder: Path) -> None:
        """Write a workbook for each manager into a folder."""
        self._shell.preferences.last_folder = folder
        self.presenter.do("territories packs", {"out": folder})

    def ask_returned(self) -> None:
        """Ask for workbooks that came back and take their proposals in."""
        start = str(self._shell.preferences.last_folder)
        names, _ = QFileDialog.getOpenFileNames(
            self._shell.dialog_parent, tr("Returned workbooks"), start, tr("Workbooks (*.xlsx)")
        )
        if names:
            self.take_in([Path(name) for name in names])

    def take_in(self, files: Sequence[Path]) -> None:
        """Take the proposals of returned workbooks in."""
        self._shell.preferences.last_folder = files[0].parent
        self.presenter.do_for_all("territories import-proposals", {"files": list(files)})

    def _picked(self) -> list[int]:
        return sorted(set(self.grid.selected_keys()))

    def accept(self) -> None:
        """Accept the picked proposals."""
        self.presenter.do("territories accept-proposals", {"ids": self._picked()}, shows=True)

    def accept_all(self) -> None:
        """Accept all that are open and not overtaken."""
        self.presenter.do("territories accept-proposals", {"ids": []}, shows=True)

    def decline(self) -> None:
        """Decline the picked proposals."""
        self.presenter.do("territories decline-proposals", {"ids": self._picked()}, shows=True)

    def render_state(self, state: ReportState) -> None:
        """Show a state."""
        report = state.report
        hint = tr("Send a workbook or a pack for each manager; what comes back is compared here before it counts.")
        said = [] if report is None else list(report.summary())
        empty = report is None or not len(report.table)
        self.say([hint, *said] if empty else said, state.fault, busy=state.busy)
        self.effect.set_figures([] if empty else [self._figure(each) for each in report.effect])
        if report is not None:
            self.grid.set_table(report.table)
            self.grid.view.freeze(1)
        self.grid.setVisible(not empty)
        for button in (self.export_button, self.packs_button):
            button.setEnabled(bool(state.scenario))
        self.import_button.setEnabled(self._shell.session.writable)
        self._enable()

    def _figure(self, each: Any) -> Figure:
        def shown(value: float) -> str:
            fraction = str(getattr(each, "kind", "fraction")) == "fraction"
            return self._formats.percent(value, 1) if fraction else self._formats.number(value, 1)

        note = "" if each.before is None else tr("now {value}", value=shown(each.before))
        return Figure(each.label, tr(each.label), shown(each.after), note=note)

    def _enable(self) -> None:
        writable, report = self._shell.session.writable, self.presenter.state.report
        there = writable and report is not None and len(report.table) > 0
        self.accept_all_button.setEnabled(there)
        for button in (self.accept_button, self.decline_button):
            button.setEnabled(there and bool(self._picked()))
