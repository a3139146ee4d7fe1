"""The design as rules that assign tomorrow's accounts and leads."""

from __future__ import annotations

from typing import Any

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.report_pane import MOST, GridTabs, ReportPane
from salesops_desktop.ui.tabs.territories.report_presenter import ReportPresenter, ReportState


class RulesPane(ReportPane):
    """Makes rules of the scenario in view, shows where they conflict and what they leave uncovered.

    Args:
        shell: the window.
        tell: says what was done.
    """

    def __init__(self, shell: Shell, tell: Any) -> None:
        super().__init__()
        self._shell = shell
        self.presenter = ReportPresenter(shell.run_job, self.render_state, tell)
        self.make_button = self.add_button(tr("Make rules"), "play", self.make, primary=True)
        self.route_button = self.add_button(tr("Route new records…"), "next", self.route)
        self.tables = GridTabs(
            shell,
            tr("Routing rules"),
            {
                "rules": tr("Rules"),
                "exceptions": tr("Exceptions"),
                "conflicts": tr("Conflicts"),
                "uncovered": tr("Uncovered"),
                "backtest": tr("Held out"),
            },
        )
        self.column.addWidget(self.tables, MOST)
        self.column.addStretch(1)
        self.tables.hide()

    def make(self) -> None:
        """Turn the design into rules."""
        self.presenter.do("territories rules", shows=True)

    def route(self) -> None:
        """Ask what is to be routed by the rules."""
        self._shell.ask_job("territories route", {"scenario": self.presenter.state.scenario or 0})

    def render_state(self, state: ReportState) -> None:
        """Show a state."""
        report = state.report
        hint = tr("Rules by name, segment, postal code and area say where a new account or lead belongs.")
        self.say([hint] if report is None else report.summary(), state.fault, busy=state.busy)
        writable = self._shell.session.writable and bool(state.scenario)
        self.make_button.setEnabled(writable)
        self.route_button.setEnabled(writable)
        if report is not None:
            names = ("rules", "exceptions", "conflicts", "uncovered", "backtest")
            self.tables.show_tables({name: getattr(report, name) for name in names})
        self.tables.setVisible(report is not None)
