"""The figures of a scenario under each other: what it is now, what it was, whether that is better."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.tabs.figure_strip import Figure
from salesops_desktop.ui.widgets.pressable import Pressable

_NOTE = 15
"""Digits that fit the column of what a figure was."""


class FigureRow(Pressable):
    """One figure on one line, to click."""

    def __init__(self, figure: Figure) -> None:
        super().__init__()
        self._figure = figure
        self.set_figure(figure)

    @property
    def figure(self) -> Figure:
        """What it shows."""
        return self._figure

    def set_figure(self, figure: Figure) -> None:
        """Show a figure."""
        self._figure = figure
        self.setAccessibleName(f"{figure.label}: {figure.value}")
        self.setAccessibleDescription(
            " ".join(part for part in (figure.delta, figure.note, figure.description) if part)
        )
        self.setToolTip("\n".join(part for part in (figure.description, figure.note) if part))
        self.updateGeometry()
        self.update()

    def _small(self) -> QFontMetrics:
        return QFontMetrics(theme.scaled_font(self.font(), "small"))

    def _strong(self) -> QFontMetrics:
        return QFontMetrics(theme.scaled_font(self.font(), "strong", bold=True))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for label, value and note."""
        figure = self._figure
        value = self._strong().horizontalAdvance(f"{figure.delta} {figure.value}")
        note = self._small().horizontalAdvance(figure.note)
        return QSize(
            self.fontMetrics().horizontalAdvance(figure.label) + max(value + note, 60) + 44, self._strong().height() + 9
        )

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """The value must be readable; label and note may be shortened."""
        figure = self._figure
        return QSize(self._strong().horizontalAdvance(f"{figure.delta} {figure.value}") + 120, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Label to the left, value and what it was to the right."""
        figure = self._figure
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self._hovered or self.hasFocus():
            painter.setPen(QPen(theme.color("focus"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover" if self._hovered else "surface_raised"))
            painter.drawRoundedRect(frame, 4, 4)
        area = frame.adjusted(6, 0, -6, 0)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        left, right = middle | int(Qt.AlignmentFlag.AlignLeft), middle | int(Qt.AlignmentFlag.AlignRight)
        small, strong = self._small(), self._strong()
        note_width = min(small.horizontalAdvance("0") * _NOTE, area.width() * 0.3)
        painter.setFont(theme.scaled_font(self.font(), "small"))
        painter.setPen(theme.color("text_muted"))
        note = small.elidedText(figure.note, Qt.TextElideMode.ElideRight, int(note_width))
        painter.drawText(QRectF(area.right() - note_width, area.top(), note_width, area.height()), right, note)
        painter.setFont(theme.scaled_font(self.font(), "strong", bold=True))
        end = area.right() - note_width - 8
        value_width = strong.horizontalAdvance(figure.value) + 2
        painter.setPen(theme.color("text"))
        painter.drawText(QRectF(end - value_width, area.top(), value_width, area.height()), right, figure.value)
        painter.setPen(theme.color(figure.tone))
        mark = strong.horizontalAdvance(f"{figure.delta} ")
        painter.drawText(QRectF(end - value_width - mark, area.top(), mark, area.height()), left, figure.delta)
        painter.setFont(self.font())
        painter.setPen(theme.color("text"))
        room = int(end - value_width - mark - area.left() - 6)
        label = self.fontMetrics().elidedText(figure.label, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(area.left(), area.top(), room, area.height()), left, label)
        painter.end()


class FigureRows(QWidget):
    """Figures under each other; rows stay the same widgets while their names do.

    Args:
        name: what the figures are about, for screen readers.
    """

    clicked = Signal(str)
    """The name of the figure whose row was clicked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.rows: dict[str, FigureRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def set_figures(self, figures: Sequence[Figure]) -> None:
        """Show these figures."""
        if [figure.name for figure in figures] != list(self.rows):
            for old in self.rows.values():
                self._column.removeWidget(old)
                old.hide()
                old.deleteLater()
            self.rows = {}
            for figure in figures:
                row = FigureRow(figure)
                row.clicked.connect(lambda name=figure.name: self.clicked.emit(name))
                self._column.addWidget(row)
                self.rows[figure.name] = row
        for figure in figures:
            if self.rows[figure.name].figure != figure:
                self.rows[figure.name].set_figure(figure)
        self.setVisible(bool(figures))
