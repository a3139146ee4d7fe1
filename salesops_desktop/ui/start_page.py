"""What the window shows while no workspace is open: three ways to begin, recent files, and a place to drop files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCommandLinkButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.theme import color, icon


class StartPage(QWidget):
    """The first page. Emits what was chosen; does nothing itself."""

    sample_asked = Signal()
    new_asked = Signal()
    open_asked = Signal()
    recent_asked = Signal(object)
    cancel_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[tuple[QCommandLinkButton, str]] = []
        self._recent_box = QVBoxLayout()
        self._recent_box.setSpacing(2)
        self._title = QLabel(tr("SalesOps Desktop"))
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 2.0)
        font.setBold(True)
        self._title.setFont(font)
        subtitle = QLabel(tr("Territories, commissions and forecasts from one file on this computer."))
        subtitle.setWordWrap(True)
        inner = QVBoxLayout()
        inner.setSpacing(8)
        inner.addWidget(self._title)
        inner.addWidget(subtitle)
        inner.addSpacing(16)
        inner.addLayout(self._columns())
        inner.addSpacing(16)
        inner.addWidget(self._drop_hint())
        inner.addWidget(self._busy_row())
        frame = QWidget()
        frame.setLayout(inner)
        frame.setMaximumWidth(920)
        frame.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(frame, 8)
        row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 24, 24, 24)
        outer.addStretch(2)
        outer.addLayout(row)
        outer.addStretch(3)

    def _columns(self) -> QHBoxLayout:
        begin = QVBoxLayout()
        begin.setSpacing(6)
        for title, text, picture, signal in (
            (tr("Open sample company"), tr("A made-up company with three years of sales"), "sample", self.sample_asked),
            (tr("New workspace"), tr("Start empty and bring in your spreadsheets"), "new", self.new_asked),
            (tr("Open…"), tr("A workspace from this computer"), "open", self.open_asked),
        ):
            button = QCommandLinkButton(title, text)
            button.setIcon(icon(picture))
            button.setAccessibleName(title)
            button.setAccessibleDescription(text)
            button.clicked.connect(signal.emit)
            self._buttons.append((button, picture))
            begin.addWidget(button)
        begin.addStretch(1)
        recent = QVBoxLayout()
        heading = QLabel(tr("Recent"))
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        recent.addWidget(heading, 0, Qt.AlignmentFlag.AlignTop)
        recent.addLayout(self._recent_box)
        recent.addStretch(1)
        columns = QHBoxLayout()
        columns.setSpacing(32)
        columns.addLayout(begin, 1)
        columns.addLayout(recent, 1)
        return columns

    def _drop_hint(self) -> QFrame:
        frame = QFrame()
        frame.setObjectName("dropHint")
        frame.setFrameShape(QFrame.Shape.StyledPanel)
        text = QLabel(tr("Or drop spreadsheets here: csv, Excel or OpenDocument files straight from your CRM."))
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addWidget(text)
        self._drop_frame = frame
        self._dress_frame()
        return frame

    def _dress_frame(self) -> None:
        line = color("border_strong").name()
        self._drop_frame.setStyleSheet(f"#dropHint {{ border: 1px dashed {line}; border-radius: 6px; }}")

    def _busy_row(self) -> QWidget:
        self._busy = QWidget()
        self._busy_text = QLabel()
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress"))
        cancel = QPushButton(tr("Cancel"))
        cancel.setAccessibleName(tr("Cancel"))
        cancel.clicked.connect(self.cancel_asked.emit)
        row = QHBoxLayout(self._busy)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._busy_text)
        row.addWidget(self._bar, 1)
        row.addWidget(cancel)
        self._busy.setVisible(False)
        return self._busy

    def set_recent(self, paths: list[Path]) -> None:
        """Show the recent workspaces."""
        while (item := self._recent_box.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if not paths:
            none = QLabel(tr("Workspaces you open appear here."))
            none.setEnabled(False)
            self._recent_box.addWidget(none)
        for path in paths[:6]:
            button = QPushButton(self._short(path))
            button.setFlat(True)
            button.setStyleSheet("text-align: left; padding: 6px;")
            button.setToolTip(str(path))
            button.setAccessibleName(tr("Open {name}").format(name=path.name))
            button.setAccessibleDescription(str(path))
            button.clicked.connect(lambda _=False, chosen=path: self.recent_asked.emit(chosen))
            self._recent_box.addWidget(button)

    @staticmethod
    def _short(path: Path) -> str:
        stem = path.stem if len(path.stem) <= 32 else f"{path.stem[:31]}…"
        parent = path.parent.name
        parent = parent if len(parent) <= 20 else f"{parent[:19]}…"
        return f"{stem}   —   {parent}" if parent else stem

    def set_busy(self, text: str) -> None:
        """Show that something is being opened or made; an empty text ends it."""
        self._busy.setVisible(bool(text))
        self._busy_text.setText(text)
        for button, _ in self._buttons:
            button.setEnabled(not text)

    def set_progress(self, share: float | None) -> None:
        """How far it is, 0..1; None when unknown."""
        self._bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self._bar.setValue(round(share * 1000))

    def theme_changed(self) -> None:
        """Draw the icons and the frame anew."""
        self._dress_frame()
        for button, picture in self._buttons:
            button.setIcon(icon(picture))
