"""The pane that answers: why is this account here, what would the next best place cost, what would help?"""

from __future__ import annotations

from typing import Any

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.presenter import TerritoryPresenter, TerritoryState
from salesops_desktop.ui.tabs.territories.report_pane import MOST, ReportPane
from salesops_desktop.ui.tabs.territories.why import WhyPresenter, WhyState
from salesops_desktop.ui.tabs.words_box import WordsBox, heading
from salesops_desktop.ui.widgets.grid import Grid


class WhyPane(ReportPane):
    """Reasons, other places, and what one may do about them.

    Args:
        shell: the window.
        main: the tab's presenter.
    """

    def __init__(self, shell: Shell, main: TerritoryPresenter) -> None:
        super().__init__()
        self._shell, self._main = shell, main
        self.presenter = WhyPresenter(shell.runner, main, self.render_answer, shell.fail)
        self.move_button = self.add_button(tr("Move there"), "next", self.move_there)
        self.lock_button = self.add_button(tr("Lock"), "lock", lambda: self._lock(unlock=False))
        self.unlock_button = self.add_button(tr("Unlock"), "unlock", lambda: self._lock(unlock=True))
        self.name_button = self.add_button(tr("Name for a person…"), "person", lambda: self._rule("name-accounts"))
        self.forbid_button = self.add_button(tr("Forbid to a person…"), "cancel", lambda: self._rule("forbid-accounts"))
        self.title = heading("")
        self.reasons = WordsBox(tr("Why it is here"))
        self.reasons.end()
        self.grid = Grid(name=tr("Other places"), searchable=False)
        self.grid.pick_rows()
        self.grid.export_requested.connect(shell.export_table)
        self.grid.selection_changed.connect(self._enable)
        self.grid.activated.connect(lambda _row: self.move_there())
        self.column.addWidget(self.title)
        self.column.addWidget(self.reasons, MOST)
        self.column.addWidget(self.grid, 2 * MOST)
        self.column.addStretch(1)

    def render_state(self, state: TerritoryState) -> None:
        """What is picked has changed."""
        self.presenter.look_at(state)
        self._enable()

    def render_answer(self, state: WhyState) -> None:
        """Show what the desk said."""
        told = state.told
        hint = tr("Pick one account to see why it is where it is, or one territory to see which moves would help it.")
        self.say([] if told is not None else [hint], busy=state.busy)
        for widget in (self.title, self.reasons, self.grid):
            widget.setVisible(told is not None)
        if told is not None:
            self.title.setText(self._about(told.about))
            self.reasons.set_sentences(told.sentences)
            self.reasons.setVisible(bool(told.sentences))
            self.grid.set_table(told.options)
            self.grid.fit_columns()
            self.grid.view.freeze(1)
            self.grid.setVisible(len(told.options) > 0)
        self._enable()

    def _about(self, place: str) -> str:
        picked, shown = self._main.state.selection, self._main.state.shown
        if picked.territories or shown is None or not picked.accounts:
            return tr("What would help {name}", name=place)
        row = int(shown.picture.rows_of(picked.accounts[:1])[0])
        account = str(shown.report.accounts["account"].values[row])
        return tr("{account} is with {name}", account=account, name=place or tr("nobody"))

    def _enable(self) -> None:
        state = self._main.state
        writable = self._shell.session.writable and bool(state.chosen)
        told = self.presenter.state.told
        self.move_button.setEnabled(writable and told is not None and bool(self.grid.selected_records()))
        for button in (self.lock_button, self.unlock_button, self.name_button, self.forbid_button):
            button.setEnabled(writable and bool(state.selection.accounts))

    # ------------------------------------------------------------------ what a person does

    def move_there(self) -> None:
        """Make the move that is picked among the options."""
        rows = self.grid.selected_records()
        if rows:
            self.presenter.do(rows[0])

    def _lock(self, *, unlock: bool) -> None:
        picked = self._main.state.selection
        given: dict[str, Any] = {"scenario": self._main.state.chosen, "unlock": unlock}
        if picked.territories:
            command, given["territories"] = "territories lock-territory", list(picked.territories)
        else:
            command, given["accounts"] = "territories lock", list(picked.accounts)
        self._shell.run_job(command, given, on_done=self._said)

    def _rule(self, verb: str) -> None:
        self._shell.ask_job(f"territories {verb}", {"accounts": list(self._main.state.selection.accounts)})

    def _said(self, report: Any) -> None:
        self._shell.say(" ".join(report.summary()), kind="success")
