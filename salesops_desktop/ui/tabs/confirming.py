"""Asks before what weighs: a sentence, perhaps a field or two, and a button that names what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.forms import Field, Form


class Confirm(QDialog):
    """A question with its answer on the button.

    Args:
        title: what is about to happen.
        sentence: what it means, and whether there is a way back.
        action: the label of the button that does it.
        on_yes: called with the fields' values.
        fields: what is asked with it, by name.
        parent: Qt's parent.
    """

    def __init__(
        self,
        title: str,
        sentence: str,
        action: str,
        on_yes: Callable[[dict[str, Any]], None],
        parent: QWidget,
        fields: Mapping[str, Field] | None = None,
    ) -> None:
        super().__init__(parent)
        self._on_yes = on_yes
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words = QLabel(sentence)
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setMinimumWidth(28 * self.fontMetrics().averageCharWidth() * 2)
        self.form = Form(fields or {})
        self.buttons = QDialogButtonBox()
        self.yes = self.buttons.addButton(action, QDialogButtonBox.ButtonRole.AcceptRole)
        self.no = self.buttons.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.yes, self.no):
            button.setAccessibleName(button.text().replace("&", ""))
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[theme.tokens().spacing["l"]] * 4)
        layout.setSpacing(theme.tokens().spacing["l"])
        layout.addWidget(words)
        layout.addWidget(self.form)
        layout.addWidget(self.buttons)
        self.form.setVisible(bool(self.form.fields))
        self.setAccessibleDescription(sentence)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(button in (self.yes, self.no))
        self.yes.setDefault(True)
        first = next(iter(self.form.fields.values()), None)
        (self.yes if first is None else first).setFocus()

    def _accept(self) -> None:
        if self.form.validate():
            values = self.form.values()
            self.accept()
            self._on_yes(values)
