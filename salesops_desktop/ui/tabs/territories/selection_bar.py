"""The line under the map: what is picked, and where it may move."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QToolButton, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.territories.presenter import TerritoryState
from salesops_desktop.ui.widgets.elided_label import ElidedLabel
from salesops_desktop.ui.widgets.formats import Formats

_MOST_NAMES = 3


class SelectionBar(QWidget):
    """Says what is picked; moves it with one choice and one click.

    Args:
        formats: how figures are written.
    """

    move_asked = Signal(str)
    """The territory the picked accounts are to go to."""
    clear_asked = Signal()
    """Nothing is to be picked any more."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self.words = ElidedLabel()
        self.target = QComboBox()
        self.target.setAccessibleName(tr("Territory to move to"))
        self.target.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.target.setPlaceholderText(tr("Move to territory…"))
        self.move_button = QPushButton(theme.icon("next"), tr("Move"))
        self.move_button.setAccessibleName(tr("Move the picked accounts"))
        self.move_button.clicked.connect(lambda: self.move_asked.emit(self.target.currentText()))
        self.target.currentIndexChanged.connect(lambda _index: self._enable())
        self.clear_button = QToolButton()
        self.clear_button.setIcon(theme.icon("close"))
        self.clear_button.setToolTip(tr("Pick nothing"))
        self.clear_button.setAccessibleName(tr("Pick nothing"))
        self.clear_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clear_button.clicked.connect(self.clear_asked)
        self._may_move = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.tokens().spacing["m"])
        row.addWidget(self.words, 1)
        row.addWidget(self.clear_button)
        row.addWidget(self.target)
        row.addWidget(self.move_button)

    def render_state(self, state: TerritoryState, *, writable: bool) -> None:
        """Show what is picked and offer the territories of the scenario shown."""
        names = state.shown.picture.names if state.shown is not None and state.chosen else ()
        self._offer(names)
        for widget in (self.target, self.move_button):
            widget.setVisible(bool(names) and writable)
        self.clear_button.setVisible(bool(state.selection.accounts))
        self._may_move = bool(state.selection.accounts) and writable and not state.loading
        self.words.setText(self._said(state))
        self._enable()

    def _offer(self, names: Sequence[str]) -> None:
        if [self.target.itemText(i) for i in range(self.target.count())] == list(names):
            return
        chosen = self.target.currentText()
        self.target.clear()
        self.target.addItems(list(names))
        self.target.setCurrentIndex(self.target.findText(chosen) if chosen else -1)

    def _enable(self) -> None:
        self.target.setEnabled(self._may_move)
        self.move_button.setEnabled(self._may_move and self.target.currentIndex() >= 0)

    def _said(self, state: TerritoryState) -> str:
        shown, picked = state.shown, state.selection
        if shown is None:
            return ""
        if not picked.accounts:
            if state.chosen:
                return tr("Pick accounts on the map or in a table to move them to another territory.")
            return tr("Today's owners are shown as they are; a design can be changed by hand.")
        count = trn("1 account", "{n} accounts", len(picked.accounts))
        potential = self._formats.short_money(picked.potential, shown.report.currency)
        said = tr("{count} picked, potential {potential}", count=count, potential=potential)
        holders = [f"{name} ({self._formats.integer(n)})" for name, n in picked.held_by[:_MOST_NAMES]]
        more = len(picked.held_by) - len(holders)
        if more > 0:
            holders.append(tr("{n} more", n=more))
        return f"{said} — {', '.join(holders)}" if holders else said
