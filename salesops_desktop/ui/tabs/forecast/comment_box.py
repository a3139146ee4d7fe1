"""The paragraph an analyst writes to the forecast shown, begun from the figures or from nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.words_box import words
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecast_overview_report import Comment

_LINES = 5


class CommentBox(QWidget):
    """A field to write in, who wrote what stands in it, and two buttons.

    Args:
        formats: how days are written.
        writable: whether anything can be kept.
    """

    keep_asked = Signal(str)
    """The text is to be kept."""

    def __init__(self, formats: Formats, writable: Callable[[], bool]) -> None:
        super().__init__()
        self._formats = formats
        self._writable = writable
        self._kept = ""
        self._draft: tuple[str, ...] = ()
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(tr("Commentary"))
        self.text.setPlaceholderText(tr("What do the figures not say?"))
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(_LINES * self.fontMetrics().lineSpacing() + 12)
        self.about = words()
        self.keep_button = QPushButton(theme.icon("check"), tr("Keep commentary"))
        self.draft_button = QPushButton(tr("Begin with the figures"))
        self.draft_button.setToolTip(tr("Puts the sentences above into the field, to be edited"))
        row = QHBoxLayout()
        row.setSpacing(theme.tokens().spacing["s"])
        row.addWidget(self.keep_button)
        row.addWidget(self.draft_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["s"])
        column.addWidget(self.text)
        column.addWidget(self.about)
        column.addLayout(row)
        self.text.textChanged.connect(self._offer)
        self.keep_button.clicked.connect(lambda _checked=False: self.keep_asked.emit(self.text.toPlainText().strip()))
        self.draft_button.clicked.connect(lambda _checked=False: self._begin())

    def show_comment(self, comment: Comment | None, draft: Sequence[str]) -> None:
        """Show what is kept; what somebody is writing stays.

        Args:
            comment: what is kept, None where nothing is.
            draft: sentences drawn from the figures.
        """
        writing = self.text.toPlainText().strip() != self._kept
        self._draft = tuple(draft)
        self._kept = "" if comment is None else comment.text
        if not writing:
            self.text.setPlainText(self._kept)
        said = ""
        if comment is not None:
            day = self._formats.date(dt.datetime.fromisoformat(comment.at).date())
            said = tr("{who}, {day}", who=comment.who, day=day)
        elif not self._writable():
            said = tr("The file is open for reading only: nothing can be kept.")
        self.about.setText(said)
        self.about.setVisible(bool(said))
        self._offer()

    def forget(self) -> None:
        """Another period or part is shown: what was written to this one is not for that."""
        self._kept = ""
        self.text.clear()

    def _begin(self) -> None:
        before = self.text.toPlainText().strip()
        self.text.setPlainText(" ".join(part for part in (before, *self._draft) if part))
        self.text.setFocus()

    def _offer(self) -> None:
        text = self.text.toPlainText().strip()
        self.text.setReadOnly(not self._writable())
        self.keep_button.setEnabled(self._writable() and text != self._kept)
        self.draft_button.setEnabled(self._writable() and bool(self._draft))
