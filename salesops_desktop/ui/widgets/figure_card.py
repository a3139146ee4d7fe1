"""A figure at a glance: label, value, change, a line of its history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.widgets.pressable import Pressable

Tone = Literal["success", "error", "warning", "text_muted"]


class FigureCard(Pressable):
    """A card to click; everything on it is handed in as text already written.

    Args:
        label: what the figure is.
        parent: Qt's parent.
    """

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label
        self._value = "–"
        self._delta = ""
        self._tone: Tone = "text_muted"
        self._note = ""
        self._history: np.ndarray[tuple[int], np.dtype[np.float64]] = np.zeros(0)
        self._selected = False
        self._tell()

    def set_figure(
        self,
        value: str,
        *,
        delta: str = "",
        tone: Tone = "text_muted",
        note: str = "",
        history: Sequence[float] = (),
        description: str = "",
    ) -> None:
        """Show a figure.

        Args:
            value: the figure as text.
            delta: the change, e.g. ``▲ 3.1 %``.
            tone: the colour role of the change.
            note: a short line under it, e.g. what it is compared with.
            history: earlier values up to this one, for the line; NaN leaves a gap.
            description: what the figure means, for the tooltip.
        """
        self._value, self._delta, self._tone, self._note = value, delta, tone, note
        self._history = np.asarray(history, dtype=np.float64)
        self.setToolTip(description)
        self._tell()
        self.updateGeometry()
        self.update()

    def set_selected(self, selected: bool) -> None:
        """Mark the card as the one whose details are shown."""
        self._selected = selected
        self.update()

    def _tell(self) -> None:
        self.setAccessibleName(f"{self._label}: {self._value}")
        self.setAccessibleDescription(" ".join(p for p in (self._delta, self._note, self.toolTip()) if p))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for all texts and a short line."""
        small, large = self._small_metrics(), self._large_metrics()
        texts = max(
            self.fontMetrics().horizontalAdvance(self._label),
            large.horizontalAdvance(self._value) + 70,
            small.horizontalAdvance(f"{self._delta}  {self._note}"),
        )
        height = self.fontMetrics().height() + large.height() + small.height()
        return QSize(max(150, texts + 28), height + 28)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """The same: nothing on a card is cut."""
        return self.sizeHint()

    def _small_metrics(self) -> QFontMetrics:
        return QFontMetrics(theme.scaled_font(self.font(), "small"))

    def _large_metrics(self) -> QFontMetrics:
        return QFontMetrics(theme.scaled_font(self.font(), "headline", bold=True))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Ground, texts and line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        marked = self.hasFocus() or self._selected
        painter.setPen(QPen(theme.color("focus" if marked else "border"), 2 if marked else 1))
        painter.setBrush(theme.color("hover" if self._hovered else "surface_raised"))
        painter.drawRoundedRect(frame, theme.tokens().radius["m"], theme.tokens().radius["m"])
        area = frame.adjusted(12, 10, -12, -10)
        self._paint_texts(painter, area)
        self._paint_history(painter, area)
        painter.end()

    def _paint_texts(self, painter: QPainter, area: QRectF) -> None:
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        painter.setPen(theme.color("text_muted"))
        painter.drawText(area, left, self._label)
        top = area.adjusted(0, self.fontMetrics().height() + 2, 0, 0)
        painter.setFont(theme.scaled_font(self.font(), "headline", bold=True))
        painter.setPen(theme.color("text"))
        painter.drawText(top, left, self._value)
        top.adjust(0, painter.fontMetrics().height() + 2, 0, 0)
        painter.setFont(theme.scaled_font(self.font(), "small"))
        painter.setPen(theme.color(self._tone))
        painter.drawText(top, left, self._delta)
        if self._delta:
            top.adjust(painter.fontMetrics().horizontalAdvance(f"{self._delta}  "), 0, 0, 0)
        painter.setPen(theme.color("text_muted"))
        painter.drawText(top, left, self._note)

    def _paint_history(self, painter: QPainter, area: QRectF) -> None:
        values = self._history
        known = np.isfinite(values)
        large = self._large_metrics()
        left = area.left() + large.horizontalAdvance(self._value) + 14
        width = area.right() - left - 3
        if known.sum() < 2 or width < 24:
            return
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        span = (high - low) or 1.0
        top = area.top() + self.fontMetrics().height() + 6
        height = large.height() - 10
        xs = left + width * np.arange(len(values)) / (len(values) - 1)
        ys = top + height * (1 - (values - low) / span)
        points = [QPointF(float(x), float(y)) for x, y in zip(xs[known], ys[known], strict=True)]
        painter.setPen(QPen(theme.color("accent"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(theme.color("accent"))
        painter.drawEllipse(points[-1], 2.5, 2.5)
