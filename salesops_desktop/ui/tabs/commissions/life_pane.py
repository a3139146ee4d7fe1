"""The life of a run: where it stands, the next step as one button, and the way back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.tables import Table
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.presenter import CommissionState
from salesops_desktop.ui.widgets.elided_label import ElidedLabel
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.steps import StepHeader

STEPS = (RunStatus.CALCULATED, RunStatus.IN_REVIEW, RunStatus.APPROVED, RunStatus.LOCKED, RunStatus.PAID)
_FORWARD = {
    RunStatus.CALCULATED: "Mark as calculated",
    RunStatus.IN_REVIEW: "Send to review",
    RunStatus.APPROVED: "Approve",
    RunStatus.LOCKED: "Lock…",
    RunStatus.PAID: "Mark as paid",
}
_BACK = {RunStatus.CALCULATED: "Take back from review", RunStatus.IN_REVIEW: "Take back to review"}
_ICONS = {RunStatus.LOCKED: "lock", RunStatus.PAID: "money"}


class LifePane(QWidget):
    """Shows the steps of a run's life, who took the last one, and moves it on.

    Args:
        formats: how days and times are written.
    """

    asked = Signal(object)
    """The RunStatus the run is to have."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._state = CommissionState()
        self.steps = StepHeader([tr("Calculated"), tr("In review"), tr("Approved"), tr("Locked"), tr("Paid")])
        self.steps.step_asked.connect(self._asked_back)
        self.forward = QPushButton()
        self.forward.setDefault(True)
        self.back = QPushButton(theme.icon("undo"), "")
        self.forward.clicked.connect(lambda: self.asked.emit(self._state.forward))
        self.back.clicked.connect(lambda: self.asked.emit(self._state.back))
        row = QHBoxLayout()
        row.setSpacing(theme.tokens().spacing["m"])
        row.addWidget(self.forward)
        row.addWidget(self.back)
        self.last = ElidedLabel()
        theme.dress(self.last, tone="text_muted")
        row.addWidget(self.last, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["s"])
        column.addWidget(self.steps)
        column.addLayout(row)
        column.setAlignment(Qt.AlignmentFlag.AlignVCenter)

    def render_state(self, state: CommissionState, *, writable: bool) -> None:
        """Show where the run stands."""
        self._state = state
        if state.report is None:
            return
        status = state.report.head.status
        self.steps.set_current(STEPS.index(status) if status in STEPS else 0)
        self.last.setText(self._last_step(state.report.events))
        self._dress(self.forward, _FORWARD, state.forward, enabled=writable)
        self._dress(self.back, _BACK, state.back, enabled=writable)
        if state.forward is not None:
            self.forward.setIcon(theme.icon(_ICONS.get(state.forward, "next")))

    def _last_step(self, events: Table) -> str:
        """Who took the last step, and when."""
        last = len(events) - 1
        if last < 0:
            return ""
        status, who, at, note = (self._formats.cell(events[name])(last) for name in ("status", "who", "at", "note"))
        said = tr("{status} by {who}, {at} UTC", status=tr(status).capitalize(), who=who, at=at)
        return f"{said}: {note}" if note else said

    @staticmethod
    def _dress(button: QPushButton, words: dict[RunStatus, str], status: RunStatus | None, *, enabled: bool) -> None:
        button.setVisible(status is not None)
        if status is not None:
            text = tr(words.get(status, status.value))
            button.setText(text)
            button.setAccessibleName(text.rstrip("…"))
            button.setEnabled(enabled)

    def _asked_back(self, step: int) -> None:
        if STEPS[step] is self._state.back and self.back.isEnabled():
            self.asked.emit(self._state.back)
