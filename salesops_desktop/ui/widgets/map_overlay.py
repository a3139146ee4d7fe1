"""What lies over the map: legend, scale bar, and the buttons that choose what dragging does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPen
from PySide6.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr

Tool = Literal["pan", "rectangle", "lasso"]
_MILE: Final = 1.609344
_MOST_ENTRIES: Final = 14


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours mean: entries (text, ``#RRGGBB``), or a ramp with its two ends."""

    title: str = ""
    entries: tuple[tuple[str, str], ...] = ()
    ramp: tuple[str, ...] = ()
    ends: tuple[str, str] = ("", "")


def paint_legend(painter: QPainter, legend: Legend, area: QRectF, font: QFont) -> QRectF:
    """Draw the legend into the lower right corner of ``area``; returns its box (empty when there is nothing)."""
    if not legend.entries and not legend.ramp:
        return QRectF()
    metrics = QFontMetricsF(font)
    line = metrics.height() + 3
    most = max(1, min(_MOST_ENTRIES, int((area.height() - 3 * line) / line)))
    entries = list(legend.entries)
    if len(entries) > most:
        entries = [*entries[: most - 1], (tr("… and {n} more", n=len(legend.entries) - most + 1), "")]
    texts = [text for text, _ in entries] + ([legend.title] if legend.title else []) + list(legend.ends)
    width = min(max(metrics.horizontalAdvance(text) for text in texts) + 34, area.width() * 0.45)
    rows = (1 if legend.title else 0) + len(entries) + (2 if legend.ramp else 0)
    box = QRectF(area.right() - width - 10, area.bottom() - rows * line - 20, width, rows * line + 10)
    _panel(painter, box)
    painter.setFont(font)
    top = box.top() + 5
    if legend.title:
        painter.setPen(theme.color("text_muted"))
        _line(painter, metrics, QRectF(box.left() + 8, top, width - 16, line), legend.title)
        top += line
    for text, color in entries:
        if color:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(color))
            painter.drawEllipse(QPointF(box.left() + 14, top + line / 2), 5, 5)
        painter.setPen(theme.color("text"))
        _line(painter, metrics, QRectF(box.left() + 26, top, width - 34, line), text)
        top += line
    if legend.ramp:
        _ramp(painter, legend, QRectF(box.left() + 8, top, width - 16, 2 * line))
    return box


def _line(painter: QPainter, metrics: QFontMetricsF, area: QRectF, text: str) -> None:
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)


def _ramp(painter: QPainter, legend: Legend, area: QRectF) -> None:
    gradient = QLinearGradient(area.topLeft(), area.topRight())
    for place, color in enumerate(legend.ramp):
        gradient.setColorAt(place / (len(legend.ramp) - 1), QColor(color))
    painter.setPen(QPen(theme.color("border"), 1))
    painter.setBrush(gradient)
    painter.drawRect(QRectF(area.left(), area.top() + 2, area.width(), area.height() / 2 - 4))
    painter.setPen(theme.color("text"))
    under = QRectF(area.left(), area.center().y(), area.width(), area.height() / 2)
    painter.drawText(under, int(Qt.AlignmentFlag.AlignLeft), legend.ends[0])
    painter.drawText(under, int(Qt.AlignmentFlag.AlignRight), legend.ends[1])


def _panel(painter: QPainter, box: QRectF) -> None:
    ground = theme.color("surface_raised")
    ground.setAlpha(232)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("border"), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 4, 4)


def scale_bar(kilometres_per_pixel: float, locale: QLocale, longest: float = 140.0) -> tuple[float, str]:
    """Length in pixels and text of a bar of a round distance, in miles where the locale measures so."""
    imperial = locale.measurementSystem() != QLocale.MeasurementSystem.MetricSystem
    unit, name = (_MILE, "mi") if imperial else (1.0, "km")
    room = longest * kilometres_per_pixel / unit
    step = 10.0 ** max(-2, len(str(int(room))) - 1)
    distance = next((m * step for m in (5, 2, 1, 0.5, 0.2, 0.1) if m * step <= room), 0.01)
    digits = 0 if distance >= 1 else 1 if distance >= 0.1 else 2
    return distance * unit / kilometres_per_pixel, f"{locale.toString(distance, 'f', digits)} {name}"


def paint_scale_bar(painter: QPainter, area: QRectF, length: float, text: str) -> None:
    """Draw the bar into the lower left corner."""
    left, bottom = area.left() + 14, area.bottom() - 14
    metrics = QFontMetricsF(painter.font())
    _panel(
        painter,
        QRectF(
            left - 6,
            bottom - metrics.height() - 8,
            max(length, metrics.horizontalAdvance(text)) + 12,
            metrics.height() + 14,
        ),
    )
    painter.setPen(QPen(theme.color("text"), 1.5))
    painter.drawPolyline(
        [
            QPointF(left, bottom - 4),
            QPointF(left, bottom),
            QPointF(left + length, bottom),
            QPointF(left + length, bottom - 4),
        ]
    )
    painter.drawText(QPointF(left + 2, bottom - 7), text)


class MapTools(QWidget):
    """Buttons in the corner of the map."""

    tool_chosen = Signal(str)
    zoom_asked = Signal(float)
    fit_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(2)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        tools = (
            ("pan", "map", "✥", tr("Drag to move the map")),
            ("rectangle", "select_rectangle", "▭", tr("Drag a rectangle to select")),
            ("lasso", "lasso", "◌", tr("Draw around what to select")),
        )
        for name, picture, sign, text in tools:
            button = self._button(picture, sign, text)
            button.setCheckable(True)
            button.setChecked(name == "pan")
            button.clicked.connect(lambda _checked=False, n=name: self.tool_chosen.emit(n))
            self._group.addButton(button)
            self._buttons[name] = button
        self._button("zoom_in", "+", tr("Zoom in")).clicked.connect(lambda: self.zoom_asked.emit(1.6))
        self._button("zoom_out", "−", tr("Zoom out")).clicked.connect(lambda: self.zoom_asked.emit(1 / 1.6))
        self._button("fit", "⛶", tr("Show everything")).clicked.connect(self.fit_asked)
        self.adjustSize()

    def check(self, tool: str) -> None:
        """Show which tool is in use."""
        self._buttons[tool].setChecked(True)

    def _button(self, picture: str, sign: str, text: str) -> QToolButton:
        button = QToolButton(self)
        image = theme.icon(picture)
        if image.isNull():
            button.setText(sign)
        button.setIcon(image)
        button.setIconSize(QSize(18, 18))
        button.setToolTip(text)
        button.setAccessibleName(text)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(button)
        return button


def legend_of(title: str, labels: Sequence[str], colors: Sequence[str]) -> Legend:
    """A legend of categories."""
    return Legend(title, tuple(zip(labels, colors, strict=True)))
