"""The import of spreadsheets as a dialog of three steps: files and columns, preview, result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
)

from salesops_desktop.ui.dropping import split_drop
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.data.import_files_page import FilesPage
from salesops_desktop.ui.tabs.data.import_presenter import ImportPresenter, ImportState
from salesops_desktop.ui.tabs.data.import_preview_page import DonePage, PreviewPage
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.widgets.message_strip import MessageStrip
from salesops_desktop.ui.widgets.steps import StepHeader

STEPS = ("files", "preview", "done")


class ImportDialog(QDialog):
    """Brings spreadsheets in.

    Args:
        shell: the window.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.dialog_parent)
        self.setWindowTitle(tr("Import spreadsheets"))
        self.setAcceptDrops(True)
        self._shell = shell
        self.presenter = ImportPresenter(shell.runner, self.render_state)
        self.files = FilesPage(self.presenter, shell.preferences)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.files)
        self._drawn: ImportState | None = None
        self.message = MessageStrip()
        self.steps = StepHeader([tr("Files and columns"), tr("Preview"), tr("Result")])
        self.steps.step_asked.connect(lambda _step: self.presenter.back())
        layout = QVBoxLayout(self)
        layout.addWidget(self.steps)
        layout.addWidget(self.message)
        layout.addWidget(self.pages, 1)
        layout.addLayout(self._foot())
        self.resize(1080, 700)
        self.render_state(self.presenter.state)
        self.files.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _foot(self) -> QHBoxLayout:
        self.busy = QLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumWidth(180)
        self.bar.setAccessibleName(tr("Progress"))
        self.stop = QPushButton(tr("Stop"))
        self.stop.setAccessibleName(tr("Stop what is running"))
        self.stop.clicked.connect(self.presenter.cancel)
        self.back = QPushButton(tr("Back"))
        self.back.setAccessibleName(tr("Back"))
        self.back.clicked.connect(self.presenter.back)
        self.next = QPushButton()
        self.next.setDefault(True)
        self.next.clicked.connect(self._on_next)
        self.leave = QPushButton(tr("Cancel"))
        self.leave.clicked.connect(self.close)
        for button in (self.stop, self.back, self.leave):
            button.setAutoDefault(False)
        row = QHBoxLayout()
        for widget in (self.busy, self.bar, self.stop):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self.leave, self.back, self.next):
            row.addWidget(widget)
        return row

    @cached_property
    def preview(self) -> PreviewPage:
        """The second page; built when it is first shown, for the dialog must open at once."""
        page = PreviewPage(self.presenter, self._shell.export_table)
        self.pages.addWidget(page)
        return page

    @cached_property
    def done_page(self) -> DonePage:
        """The third page."""
        page = DonePage(self.presenter)
        self.pages.addWidget(page)
        return page

    def render_state(self, state: ImportState) -> None:
        """Show a state. Progress alone moves the foot only: it comes twenty times a second."""
        before, self._drawn = self._drawn, state
        if before is not None and before.busy and replace(before, busy=state.busy, share=state.share) == state:
            self._show_foot(state)
            if state.busy:
                return
        page: FilesPage | PreviewPage | DonePage = self.files
        if state.step != "files":
            page = self.preview if state.step == "preview" else self.done_page
        self.pages.setCurrentWidget(page)
        self.steps.set_current(STEPS.index(state.step))
        self.steps.setEnabled(state.step == "preview" and not state.busy)
        page.render_state(state)
        self._show_message(state)
        self._show_foot(state)

    def _show_message(self, state: ImportState) -> None:
        locked = [r for r in state.refused if r.needs_password]
        if state.fault is not None:
            self.message.show_error(state.fault)
        elif state.step == "files" and state.refused and not state.busy:
            if len(locked) == len(state.refused) == 1:
                ask, name = tr("Password…"), locked[0].fault.sentence
                self.message.show_message("warning", name, action=ask, on_action=self.files.ask_password)
            else:
                text = "\n".join(refused.fault.sentence for refused in state.refused)
                self.message.show_message("error", text)
        elif state.step == "files" and not state.files and not state.busy:
            words = tr(
                "Add files, paste rows from a spreadsheet, or drop files here. Nothing is written before you say so."
            )
            self.message.show_message("info", words, closable=False)
        else:
            self.message.clear()

    def _show_foot(self, state: ImportState) -> None:
        busy = bool(state.busy)
        self.busy.setText(tr(state.busy))
        for widget in (self.busy, self.bar, self.stop):
            widget.setVisible(busy)
        self.bar.setRange(0, 0 if state.share is None else 1000)
        if state.share is not None:
            self.bar.setValue(round(1000 * state.share))
        self.back.setVisible(state.step == "preview")
        self.back.setEnabled(not busy)
        self.leave.setVisible(state.step != "done")
        self.leave.setAccessibleName(tr("Cancel the import"))
        titles = {"files": tr("Preview"), "preview": tr("Import"), "done": tr("Close")}
        self.next.setText(titles[state.step])
        self.next.setAccessibleName(titles[state.step])
        allowed = {"files": state.can_preview, "preview": state.can_import, "done": not busy}
        self.next.setEnabled(allowed[state.step])

    def _on_next(self) -> None:
        step = self.presenter.state.step
        if step == "files":
            self.presenter.to_preview()
        elif step == "preview":
            self.presenter.run_import()
        else:
            self.close()

    def done(self, result: int) -> None:
        """However it ends: stop what runs. Nothing has been written before the import was asked for."""
        self.presenter.leave()
        self.files.forget()
        super().done(result)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  # Qt's name
        """Take more files."""
        if split_drop(event.mimeData()).spreadsheets:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  # Qt's name
        """Look into dropped files."""
        event.acceptProposedAction()
        self.presenter.add_files(split_drop(event.mimeData()).spreadsheets)


def begin_import(shell: Shell, paths: Sequence[Path]) -> ImportDialog:
    """Open the import, looking into ``paths`` at once."""
    dialog = ImportDialog(shell)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    if paths:
        dialog.presenter.add_files(paths)
    return dialog
