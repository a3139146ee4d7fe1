"""The status bar: which workspace, and the running job with how far, how long and Cancel."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QStatusBar, QWidget

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tasks import Runner, Task

SHOW_AFTER = 0.3
"""Seconds a job may take without being mentioned."""


def time_left(seconds: float) -> str:
    """A rough time in words: "a few seconds left", "about 40 s left", "about 3 min left"."""
    if seconds < 5:
        return tr("a few seconds left")
    if seconds < 90:
        return tr("about {count} s left").format(count=5 * round(seconds / 5))
    return tr("about {count} min left").format(count=max(2, round(seconds / 60)))


class StatusBar(QStatusBar):
    """Follows the runner.

    Args:
        runner: whose tasks are shown.
        parent: the window.
    """

    def __init__(self, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._task: Task | None = None
        self._file = QLabel()
        self._file.setContentsMargins(8, 0, 8, 0)
        self.addWidget(self._file)
        self._busy = QWidget()
        self._text = QLabel()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(160)
        self._bar.setAccessibleName(tr("Progress of the running job"))
        self._left = QLabel()
        self._cancel = QPushButton(tr("Cancel"))
        self._cancel.setAccessibleName(tr("Cancel the running job"))
        self._cancel.clicked.connect(self.cancel)
        row = QHBoxLayout(self._busy)
        row.setContentsMargins(0, 0, 8, 0)
        for widget in (self._text, self._bar, self._left, self._cancel):
            row.addWidget(widget)
        self._busy.setVisible(False)
        self.addPermanentWidget(self._busy)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self.refresh)
        runner.tasks_changed.connect(self.refresh)

    def set_workspace(self, name: str, *, read_only: bool = False, path: str = "") -> None:
        """Show which workspace is open; an empty name for none."""
        text = tr("{name} (read-only)").format(name=name) if name and read_only else name
        self._file.setText(text or tr("No workspace open"))
        self._file.setToolTip(path)

    def cancel(self) -> None:
        """Stop the job that is shown."""
        if self._task is not None:
            self._task.cancel()
            self.refresh()

    def refresh(self) -> None:
        """Show the oldest job that has a name and has run for a moment."""
        named = [task for task in self._runner.tasks if task.title]
        now = time.monotonic()
        ripe = [task for task in named if task.started and now - task.started >= SHOW_AFTER]
        if named and not ripe and not self._late.isActive():
            self._late.start(round(SHOW_AFTER * 1000) + 20)
        if not named:
            self._late.stop()
        self._task = ripe[0] if ripe else None
        self._busy.setVisible(self._task is not None)
        if self._task is not None:
            self._show(self._task, now, len(named) - 1)

    def _show(self, task: Task, now: float, others: int) -> None:
        words = [task.title if not task.what else f"{task.title}: {task.what}"]
        if others:
            words.append(tr("(and {count} more)").format(count=others))
        text = " ".join(words)
        self._text.setText(
            self._text.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, max(200, self.width() // 2))
        )
        self._text.setToolTip(text)
        share = task.share
        self._bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self._bar.setValue(round(share * 1000))
        seconds = task.seconds_left(now)
        self._left.setText("" if seconds is None else time_left(seconds))
        self._cancel.setText(tr("Stopping…") if task.cancelling else tr("Cancel"))
        self._cancel.setEnabled(not task.cancelling)
