"""A strip of plans: what changes hands against distance, coloured by balance; one click takes a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import Formats

_NEAR = 18.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan: the share that changes hands, the mean distance, the worst deviation, whether all limits are kept."""

    moved: float
    km: float
    off: float
    kept: bool


class TradeOffStrip(QWidget):
    """Plans as dots on a line; arrows walk along them, Enter or a double-click takes one.

    Args:
        formats: how figures are written.
    """

    taken = Signal(int)
    """The number of a plan, from 1."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._plans: tuple[Plan, ...] = ()
        self.chosen = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Plans to choose from"))
        theme.theme().changed.connect(self.update)

    def set_plans(self, plans: Sequence[Plan]) -> None:
        """Show plans, the one that moves least first."""
        self._plans, self.chosen = tuple(plans), 0
        self._describe()
        self.update()

    def describe(self, place: int) -> str:
        """A plan in words."""
        plan, formats = self._plans[place], self._formats
        return tr(
            "Plan {n}: {moved} changes hands, {km} km, worst deviation {off}", n=formats.integer(place + 1),
            moved=formats.percent(plan.moved, 1), km=formats.number(plan.km, 1), off=formats.percent(plan.off, 1),
        )  # fmt: skip

    def _describe(self) -> None:
        self.setAccessibleDescription(self.describe(self.chosen) if self._plans else "")
        self.setToolTip(self.accessibleDescription())

    def choose(self, place: int) -> None:
        """Mark a plan."""
        if self._plans:
            self.chosen = max(0, min(place, len(self._plans) - 1))
            self._describe()
            self.update()

    def place_of(self, number: int) -> QPointF:
        """Where the dot of a plan (from 0) is."""
        area = self._area()
        moved, km = [p.moved for p in self._plans], [p.km for p in self._plans]
        x = _share(self._plans[number].moved, min(moved), max(moved))
        y = _share(self._plans[number].km, min(km), max(km))
        return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())

    def _area(self) -> QRectF:
        line = QFontMetricsF(theme.scaled_font(self.font(), "small")).height()
        return QRectF(self.rect()).adjusted(54, line + 12, -16, -line - 14)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Axes with their ends, the line, the dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(theme.color("focus" if self.hasFocus() else "border"), 2 if self.hasFocus() else 1))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(frame, 4, 4)
        if self._plans:
            self._paint_axes(painter)
            points = [self.place_of(i) for i in range(len(self._plans))]
            painter.setPen(QPen(theme.color("border_strong"), 1.2))
            painter.drawPolyline(QPolygonF(points))
            for i, (plan, at) in enumerate(zip(self._plans, points, strict=True)):
                marked = i == self.chosen
                painter.setPen(QPen(theme.color("text" if marked else "surface"), 2))
                painter.setBrush(theme.color("success" if plan.kept else "warning"))
                painter.drawEllipse(at, 7.0 if marked else 5.0, 7.0 if marked else 5.0)
        painter.end()

    def _paint_axes(self, painter: QPainter) -> None:
        area, formats = self._area(), self._formats
        small = theme.scaled_font(self.font(), "small")
        painter.setFont(small)
        painter.setPen(theme.color("text_muted"))
        moved, km = [p.moved for p in self._plans], [p.km for p in self._plans]
        under = QRectF(area.left() - 40, area.bottom() + 8, area.width() + 52, 20)
        right = int(Qt.AlignmentFlag.AlignRight)
        painter.drawText(under, int(Qt.AlignmentFlag.AlignLeft), formats.percent(min(moved), 1))
        painter.drawText(under, right, tr("{n} changes hands", n=formats.percent(max(moved), 1)))
        over = QRectF(6, 5, self.width() - 12, 20)
        painter.drawText(over, int(Qt.AlignmentFlag.AlignLeft), tr("{n} km", n=formats.number(max(km), 0)))
        painter.drawText(over, right, self.describe(self.chosen))
        low = QRectF(6, area.bottom() - 10, 46, 20)
        painter.drawText(low, int(Qt.AlignmentFlag.AlignLeft), formats.number(min(km), 0))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for a line of seven."""
        return QSize(320, 150)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Mark the plan under the pointer."""
        near = self._nearest(event.position())
        if near is not None:
            self.choose(near)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take the plan under the pointer."""
        if self._nearest(event.position()) is not None:
            self.taken.emit(self.chosen + 1)

    def _nearest(self, at: QPointF) -> int | None:
        away = [(self.place_of(i) - at).manhattanLength() for i in range(len(self._plans))]
        best = min(range(len(away)), key=away.__getitem__, default=None)
        return best if best is not None and away[best] <= _NEAR else None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows walk, Enter takes."""
        if event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            self.choose(self.chosen + (1 if event.key() == Qt.Key.Key_Right else -1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._plans:
            self.taken.emit(self.chosen + 1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Show that keys go here."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Show that they no longer do."""
        super().focusOutEvent(event)
        self.update()


def _share(value: float, low: float, high: float) -> float:
    return 0.5 if high <= low else (value - low) / (high - low)
