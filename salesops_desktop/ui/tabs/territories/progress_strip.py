"""A design under way: how far, the best so far, and a button for who has seen enough."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.territories.presenter import Designing
from salesops_desktop.ui.widgets.elided_label import ElidedLabel


class ProgressStrip(QWidget):
    """Hidden until a design is under way."""

    enough = Signal()
    """The best so far is good enough."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ElidedLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(180)
        self.bar.setAccessibleName(tr("How far the design is"))
        self.button = QPushButton(theme.icon("stop"), tr("Stop and keep the best so far"))
        self.button.setAccessibleName(tr("Stop and keep the best so far"))
        self.button.clicked.connect(self.enough)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.tokens().spacing["m"])
        row.addWidget(self.bar)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.hide()

    def show_progress(self, designing: Designing | None) -> None:
        """Show how far it is."""
        self.setVisible(designing is not None)
        if designing is None:
            return
        self.bar.setRange(0, 0 if designing.share is None else 1000)
        if designing.share is not None:
            self.bar.setValue(round(1000 * designing.share))
        self.button.setEnabled(not designing.stopping)
        said = designing.what or tr("Designing territories")
        if designing.stopping:
            said = tr("Stopping; the best so far is kept…")
        elif designing.best is not None:
            said = tr("{what}: the map shows the best so far.", what=said)
        self.words.setText(said)
