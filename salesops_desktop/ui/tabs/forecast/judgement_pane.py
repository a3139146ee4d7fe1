"""The judgement room: what managers say against the model, as a diff to accept one by one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.forecast.judgement_presenter import STATUSES, JudgementPresenter, JudgementState
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import words
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.grid import Grid

_FIRST = ("who", "label", "period", "field", "at_export", "now", "value", "change", "reason", "look", "status", "at")


class JudgementPane(QWidget):
    """The list of judgements with what can be decided about them.

    Args:
        shell: the window.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._shown: object = None
        self.presenter = JudgementPresenter(
            shell.runner, self.render_state, lambda said: shell.say(said, kind="success"), shell.fail
        )
        self.status = QComboBox()
        self.status.setAccessibleName(tr("Which judgements"))
        labels = {
            "open": tr("Open"), "accepted": tr("Accepted"), "declined": tr("Declined"), "withdrawn": tr("Withdrawn"),
            "all": tr("All"),
        }  # fmt: skip
        for name in STATUSES:
            self.status.addItem(labels[name], name)
        self.accept_button = _button("check", tr("Accept chosen"))
        self.decline_button = _button("close", tr("Decline chosen"))
        self.withdraw_button = _button("undo", tr("Withdraw chosen"))
        self.all_button = _button("success", tr("Accept all without dispute"))
        self.override_box = QCheckBox(tr("Own numbers fix the forecast"))
        self.override_box.setAccessibleName(tr("Accepted own numbers fix the forecast"))
        self.override_box.setToolTip(
            tr("Otherwise they are kept beside the model and scored, and the model stays as it is")
        )
        self.add_button = _button("add", tr("Judge…"))
        self.send_button = _button("export", tr("Managers' workbooks…"))
        self.back_button = _button("import", tr("Bring workbooks back…"))
        self.grid = Grid(name=tr("Judgements"))
        self.grid.pick_rows()
        self.grid.export_requested.connect(shell.export_table)
        self.nothing = EmptyState("document", "", "")
        self.pages = QStackedWidget()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        label = QLabel(tr("Show"))
        label.setBuddy(self.status)
        label.setMinimumHeight(self.status.sizeHint().height())
        files = WrapRow()
        files.add(label, self.status, self.add_button, self.send_button, self.back_button)
        decisions = WrapRow()
        decisions.add(self.accept_button, self.decline_button, self.withdraw_button, self.all_button)
        decisions.add(self.override_box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, space["m"], 0, 0)
        layout.setSpacing(space["m"])
        layout.addWidget(
            words(tr("What people say stands beside the model's figures, with who, when and why; each one is scored."))
        )
        layout.addWidget(files)
        layout.addWidget(decisions)
        self.pages.addWidget(self.nothing)
        self.pages.addWidget(self.grid)
        layout.addWidget(self.pages, 1)

    def _connect(self) -> None:
        self.status.activated.connect(lambda place: self.presenter.choose_status(str(self.status.itemData(place))))
        self.accept_button.clicked.connect(lambda _checked=False: self._decide("accept"))
        self.decline_button.clicked.connect(lambda _checked=False: self._decide("decline"))
        self.withdraw_button.clicked.connect(lambda _checked=False: self._decide("withdraw"))
        self.all_button.clicked.connect(
            lambda _checked=False: self.presenter.decide("accept", (), override=self.override_box.isChecked())
        )
        self.add_button.clicked.connect(lambda _checked=False: self._shell.ask_job("forecast judge"))
        self.send_button.clicked.connect(lambda _checked=False: self._shell.ask_job("forecast packs"))
        self.back_button.clicked.connect(lambda _checked=False: self.ask_back())
        self.grid.selection_changed.connect(self._offer)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Read when first looked at."""
        super().showEvent(event)
        self.presenter.seen()

    def render_state(self, state: JudgementState) -> None:
        """Show a state."""
        self.status.setCurrentIndex(STATUSES.index(state.status))
        if state.report is not None and state.report is not self._shown:
            self._shown = state.report
            table = state.report.table()
            columns = {column.name: column for column in table.columns if column.name != "id"}
            ordered = [*_FIRST, *(name for name in columns if name not in _FIRST)]
            self.grid.set_table(dataclasses.replace(table, columns=tuple(columns[name] for name in ordered)))
        empty = state.report is None or not len(state.report.judgements)
        if empty:
            self._show_nothing(state)
        self.pages.setCurrentWidget(self.nothing if empty else self.grid)
        self._offer()

    def _show_nothing(self, state: JudgementState) -> None:
        if state.lacking is not None:
            text = state.lacking.sentence
            self.nothing.set_content("document", tr("No judgements"), text)
            return
        ways = []
        if self._shell.session.writable:
            ways = [
                Way(tr("Make managers' workbooks…"), lambda: self._shell.ask_job("forecast packs"), "export"),
                Way(tr("Bring workbooks back…"), self.ask_back, "import"),
            ]
        sentence = tr("Managers' workbooks hold the model's figures with cells for their own; bring them back here.")
        self.nothing.set_content("document", tr("No judgement of this kind"), sentence, ways)

    def _offer(self) -> None:
        """What can be done with what is chosen."""
        state, free = self.presenter.state, self._shell.session.writable and not self.presenter.state.busy
        report = state.report
        picked = self._chosen()
        statuses = {one.status for one in report.judgements if one.id in picked} if report is not None else set()
        self.accept_button.setEnabled(free and statuses == {"open"})
        self.decline_button.setEnabled(free and statuses == {"open"})
        self.withdraw_button.setEnabled(free and statuses == {"accepted"})
        self.all_button.setEnabled(free and report is not None and any(j.status == "open" for j in report.judgements))
        for button in (self.add_button, self.send_button, self.back_button):
            button.setEnabled(free)

    def _chosen(self) -> list[int]:
        keys = self.grid.table.keys
        return [] if keys is None else [int(keys[row]) for row in self.grid.selected_records()]

    def _decide(self, what: str) -> None:
        chosen = self._chosen()
        if chosen:
            self.presenter.decide(what, chosen, override=self.override_box.isChecked())

    def ask_back(self) -> None:
        """Ask for managers' workbooks and read them."""
        names, _ = QFileDialog.getOpenFileNames(
            self._shell.dialog_parent, tr("Bring managers' workbooks back"), str(self._shell.preferences.last_folder),
            tr("Workbooks (*.xlsx)"),
        )  # fmt: skip
        if names:
            self.presenter.bring_back([Path(name) for name in names])


def _button(icon: str, text: str) -> QPushButton:
    button = QPushButton(theme.icon(icon), text)
    button.setAccessibleName(text)
    return button
