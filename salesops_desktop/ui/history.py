"""The history panel: who did what, when, to how many rows; and undo back to a chosen action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.model.tables import Table
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.workspaces import History, Sentences
    from salesops_desktop.ui.window import Window

_NOTHING = Table("", ())


def undo_back_to(context: JobContext, actions: tuple[int, ...]) -> Sentences:
    """Undo several actions, newest first; each is an action of its own.

    Args:
        context: the open workspace.
        actions: their numbers, newest first.
    """
    from salesops_desktop.jobs.workspaces import Sentences, undo  # noqa: PLC0415  # heavy: after the first paint

    for done, number in enumerate(actions):
        context.progress(done, len(actions), "")
        undo(context, action=number)
    return Sentences((trn("1 action undone.", "{n} actions undone.", len(actions)),))


class HistoryDock(QDockWidget):
    """Lists the actions of the workspace.

    Args:
        window: gives the workspace and runs the jobs.
        parent: the window.
    """

    def __init__(self, window: Window, parent: QWidget) -> None:
        super().__init__(tr("History"), parent)
        self.setObjectName("history")
        self.setAccessibleName(tr("History"))
        self.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable | QDockWidget.DockWidgetFeature.DockWidgetMovable
        )
        self._window = window
        self._history: History | None = None
        self.grid = Grid(name=tr("Actions, newest first"))
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.button = QPushButton(tr("Undo back to here"))
        self.button.setAccessibleName(tr("Undo back to the selected action"))
        self.button.clicked.connect(self.undo_to_selected)
        row = QHBoxLayout()
        row.addWidget(self.hint, 1)
        row.addWidget(self.button)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.addWidget(self.grid, 1)
        layout.addLayout(row)
        self.setWidget(body)
        self.grid.selection_changed.connect(self._selected)
        window.runner.changed.connect(lambda _tables: self.refresh() if self.isVisible() else None)
        self._selected()

    def refresh(self) -> None:
        """Read the history again."""
        if self._window.session.is_open:
            topic = "history"
            self._window.run_job("history", quiet=True, topic=topic, on_done=self._show)

    def clear(self) -> None:
        """Forget what is shown."""
        self._history = None
        self.grid.set_table(_NOTHING)
        self._selected()

    def _show(self, history: History) -> None:
        self._history = history
        self.grid.set_table(history.tables()[0])
        self.grid.hide_column(0)
        self._selected()

    def chosen(self) -> tuple[int, ...]:
        """The actions to undo, newest first, so that the selected one and all after it are taken back."""
        rows = self.grid.selected_records()
        if self._history is None or not rows:
            return ()
        oldest = max(rows)
        return tuple(
            a.id for a in self._history.actions[: oldest + 1] if not a.undone and a.kind not in {"undo", "redo"}
        )

    def _selected(self) -> None:
        count = len(self.chosen())
        self.button.setEnabled(count > 0 and self._window.session.writable)
        self.hint.setText(
            trn("1 action would be undone.", "{n} actions would be undone.", count)
            if count
            else tr("Select an action to undo it and everything after it.")
        )

    def undo_to_selected(self) -> None:
        """Undo the selected action and everything after it."""
        window = self._window
        window.runner.run(
            undo_back_to,
            {"actions": self.chosen()},
            title=tr("Undo"),
            on_done=lambda report: window.say(" ".join(report.summary()), kind="success"),
            on_error=window.fail,
        )
