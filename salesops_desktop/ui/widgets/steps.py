"""The header of a task done in steps: where one is, what is done, what comes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from salesops_desktop.model.tokens import text_on
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr


class StepHeader(QWidget):
    """Numbered steps in a line; done ones can be gone back to by mouse or arrow keys.

    Args:
        labels: the steps' names.
        parent: Qt's parent.
    """

    step_asked = Signal(int)
    """The person wants to go back to a step that is done."""

    def __init__(self, labels: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = list(labels)
        self._current = 0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_current(0)
        theme.theme().changed.connect(self.update)

    @property
    def current(self) -> int:
        """The step one is at, from 0."""
        return self._current

    def set_current(self, step: int) -> None:
        """Go to a step."""
        self._current = min(max(step, 0), len(self._labels) - 1)
        self.setAccessibleName(
            tr(
                "Step {n} of {total}: {label}",
                n=self._current + 1,
                total=len(self._labels),
                label=self._labels[self._current],
            )
        )
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """All labels in full."""
        metrics = self.fontMetrics()
        widths = sum(metrics.horizontalAdvance(label) for label in self._labels)
        return QSize(widths + len(self._labels) * (self._circle() + 44), self._circle() + 12)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Circles only."""
        return QSize(len(self._labels) * (self._circle() + 16), self._circle() + 12)

    def _circle(self) -> int:
        return self.fontMetrics().height() + 8

    def _slots(self) -> list[QRectF]:
        width = self.width() / max(1, len(self._labels))
        return [QRectF(place * width, 0, width, self.height()) for place in range(len(self._labels))]

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Circles with numbers, labels beside them, a line between."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = self._circle()
        for place, slot in enumerate(self._slots()):
            circle = QRectF(slot.left() + 8, slot.center().y() - size / 2, size, size)
            done, here = place < self._current, place == self._current
            fill = theme.color("accent") if here else theme.color("success" if done else "control")
            painter.setPen(QPen(fill if here or done else theme.color("border_strong"), 1))
            painter.setBrush(fill)
            painter.drawEllipse(circle)
            ink = text_on(fill.name()) if here or done else theme.tokens().color("text")
            painter.setPen(ink)
            painter.drawText(circle, int(Qt.AlignmentFlag.AlignCenter), "✓" if done else str(place + 1))
            self._paint_label(painter, slot, circle, place)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _paint_label(self, painter: QPainter, slot: QRectF, circle: QRectF, place: int) -> None:
        font = self.font()
        font.setBold(place == self._current)
        painter.setFont(font)
        left = circle.right() + 8
        room = slot.right() - left - 8
        text = painter.fontMetrics().elidedText(self._labels[place], Qt.TextElideMode.ElideRight, int(room))
        painter.setPen(theme.color("text" if place <= self._current else "text_muted"))
        area = QRectF(left, slot.top(), room, slot.height())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        end = left + painter.fontMetrics().horizontalAdvance(text) + 8
        if place < len(self._labels) - 1 and slot.right() - end > 12:
            painter.setPen(QPen(theme.color("border"), 1))
            painter.drawLine(int(end), int(slot.center().y()), int(slot.right() - 4), int(slot.center().y()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go back by clicking a step that is done."""
        for place, slot in enumerate(self._slots()):
            if slot.contains(event.position()):
                self._ask(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Go back by the left arrow."""
        if event.key() == Qt.Key.Key_Left:
            self._ask(self._current - 1)
        else:
            super().keyPressEvent(event)

    def _ask(self, place: int) -> None:
        if 0 <= place < self._current:
            self.step_asked.emit(place)
