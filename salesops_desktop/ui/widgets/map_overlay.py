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
    """What colours and sizes mean.

    Attributes:
        title: above the colours.
        entries: (text, ``#RRGGBB``) per category.
        ramp: colours from little to much.
        ends: what the two ends of the ramp stand for.
        marks: more texts along the ramp instead of the ends, evenly spread.
        sizes_title: above the sizes, with the unit.
        sizes: (text, nominal diameter in pixels).
        factor: by how much discs are drawn larger than their nominal size.
    """

    title: str = ""
    entries: tuple[tuple[str, str], ...] = ()
    ramp: tuple[str, ...] = ()
    ends: tuple[str, str] = ("", "")
    marks: tuple[str, ...] = ()
    sizes_title: str = ""
    sizes: tuple[tuple[str, float], ...] = ()
    factor: float = 1.0

    @property
    def along(self) -> tuple[str, ...]:
        """The texts along the ramp."""
        return self.marks or self.ends


def paint_legend(painter: QPainter, legend: Legend, area: QRectF, font: QFont) -> QRectF:
    """Draw the legend into the lower right corner of ``area``; returns its box (empty when there is nothing)."""
    if not legend.entries and not legend.ramp and not legend.sizes:
        return QRectF()
    metrics = QFontMetricsF(font)
    line = metrics.height() + 3
    most = max(1, min(_MOST_ENTRIES, int((area.height() - 6 * line) / line)))
    entries = list(legend.entries)
    if len(entries) > most:
        entries = [*entries[: most - 1], (tr("… and {n} more", n=len(legend.entries) - most + 1), "")]
    width = min(_legend_width(legend, entries, metrics), area.width() * 0.45)
    rows = (1 if legend.title and (entries or legend.ramp) else 0) + len(entries) + (2 if legend.ramp else 0)
    height = rows * line + (2 * line + 4 if legend.sizes else 0) + 10
    box = QRectF(area.right() - width - 10, area.bottom() - height - 10, width, height)
    _panel(painter, box)
    painter.setFont(font)
    top = box.top() + 5
    if legend.title and (entries or legend.ramp):
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
        top += 2 * line
    if legend.sizes:
        _sizes(painter, legend, QRectF(box.left() + 8, top, width - 16, 2 * line + 4), metrics)
    return box


def _legend_width(legend: Legend, entries: Sequence[tuple[str, str]], metrics: QFontMetricsF) -> float:
    """Room for the widest line."""
    widths = [metrics.horizontalAdvance(text) + 34 for text, _ in entries]
    if legend.title and (entries or legend.ramp):
        widths.append(metrics.horizontalAdvance(legend.title) + 18)
    if legend.ramp:
        widths.append(sum(metrics.horizontalAdvance(text) + 14 for text in legend.along) + 16)
    if legend.sizes:
        widths.append(metrics.horizontalAdvance(legend.sizes_title) + 18)
        widths.append(sum(_size_width(legend, i, metrics) for i in range(len(legend.sizes))) + 16)
    return max(widths)


def _size_width(legend: Legend, place: int, metrics: QFontMetricsF) -> float:
    text, diameter = legend.sizes[place]
    return diameter * legend.factor + 4 + metrics.horizontalAdvance(text) + 12


def _sizes(painter: QPainter, legend: Legend, area: QRectF, metrics: QFontMetricsF) -> None:
    """Discs as large as on the map, with what they stand for."""
    line = metrics.height() + 3
    painter.setPen(theme.color("text_muted"))
    _line(painter, metrics, QRectF(area.left(), area.top(), area.width(), line), legend.sizes_title)
    left, middle = area.left(), area.top() + line + line / 2 + 2
    for i, (text, diameter) in enumerate(legend.sizes):
        size = diameter * legend.factor
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("border_strong"))
        painter.drawEllipse(QPointF(left + size / 2, middle), size / 2, size / 2)
        painter.setPen(theme.color("text"))
        painter.drawText(QPointF(left + size + 4, middle + metrics.ascent() / 2 - 1), text)
        left += _size_width(legend, i, metrics)


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
    texts = legend.along
    for place, text in enumerate(texts):
        side = Qt.AlignmentFlag.AlignLeft if place == 0 else Qt.AlignmentFlag.AlignHCenter
        painter.drawText(under, int(Qt.AlignmentFlag.AlignRight if place == len(texts) - 1 else side), text)


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


def paint_scale_bar(painter: QPainter, area: QRectF, length: float, text: str) -> QRectF:
    """Draw the bar into the lower left corner; returns its box."""
    left, bottom = area.left() + 14, area.bottom() - 14
    metrics = QFontMetricsF(painter.font())
    width = max(length, metrics.horizontalAdvance(text)) + 12
    box = QRectF(left - 6, bottom - metrics.height() - 8, width, metrics.height() + 14)
    _panel(painter, box)
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
    return box


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
