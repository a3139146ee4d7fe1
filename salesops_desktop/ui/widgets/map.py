"""The map: outlines, coloured areas and points, to pan, zoom, hover and select."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from salesops_desktop.ui.widgets.map_overlay import MapTools, Tool
from salesops_desktop.ui.widgets.map_scene import Layer
from salesops_desktop.ui.widgets.map_surface import MapSurface
from salesops_desktop.ui.widgets.projection import Floats

_REST_MS: Final = 90
_ARROWS: Final = {
    Qt.Key.Key_Left: (0.15, 0.0),
    Qt.Key.Key_Right: (-0.15, 0.0),
    Qt.Key.Key_Up: (0.0, 0.15),
    Qt.Key.Key_Down: (0.0, -0.15),
}


class MapView(MapSurface):
    """A map to work with: pan, zoom, hover and select by mouse and keys.

    Args:
        parent: Qt's parent.
        locale: for the scale bar.
    """

    selection_changed = Signal(object)
    """The selected keys of points (list[int]), or of areas (list[str]) where there are no points."""
    point_activated = Signal(object)
    """A point was double-clicked: its key."""
    area_activated = Signal(str)
    """An area was double-clicked: its id."""

    def __init__(self, parent: QWidget | None = None, locale: QLocale | None = None) -> None:
        super().__init__(parent, locale)
        self._tool: Tool = "pan"
        self._press: QPointF | None = None
        self._last: QPointF | None = None
        self._trail: list[QPointF] = []
        self._dragging = False
        self._selecting = False
        self.tools = MapTools(self)
        self.tools.tool_chosen.connect(self.set_tool)
        self.tools.zoom_asked.connect(self.zoom)
        self.tools.fit_asked.connect(self.fit)

    # --- selection ----------------------------------------------------------------------------------------------

    def selected_keys(self) -> list[int]:
        """Keys of the selected points, ascending."""
        return sorted(self._selected)

    def selected_areas(self) -> list[str]:
        """Ids of the selected areas, ascending."""
        return sorted(self._selected_areas)

    def set_selection(self, keys: Sequence[int]) -> None:
        """Mark these points; says nothing, as it was not the person."""
        self._selected = {int(key) for key in keys}
        self._recompose()

    def select_within(self, polygon: QPolygonF, *, add: bool = False) -> None:
        """Select what lies within a polygon of widget coordinates."""
        mask = QImage(self.size(), QImage.Format.Format_Grayscale8)
        mask.fill(0)
        painter = QPainter(mask)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.GlobalColor.white)
        painter.drawPolygon(polygon)
        painter.end()
        inside = np.frombuffer(mask.constBits(), dtype=np.uint8).reshape(mask.height(), mask.bytesPerLine()) > 0
        if self._points is not None:
            hit = _hits(inside, *self._window.to_screen(self._px, self._py))
            self._select({int(key) for key in self._points.keys[hit]}, set(), add=add)
            return
        areas: set[str] = set()
        for shapes in self._area_shapes():
            hit = _hits(inside, *self._window.to_screen(shapes.middle_x, shapes.middle_y))
            areas |= {shapes.layer.outlines.ids[i] for i in np.flatnonzero(hit)}
        self._select(set(), areas, add=add)

    def _select(self, keys: set[int], areas: set[str], *, add: bool) -> None:
        before = (self._selected, self._selected_areas)
        self._selected = self._selected | keys if add else keys
        self._selected_areas = self._selected_areas | areas if add else areas
        if before != (self._selected, self._selected_areas):
            self._recompose()
            self.selection_changed.emit(self.selected_areas() if self._points is None else self.selected_keys())

    def point_at(self, at: QPointF) -> int | None:
        """The row of the point drawn at a place of the widget, or None."""
        ratio = self.devicePixelRatioF()
        left, top = int(at.x() * ratio), int(at.y() * ratio)
        if self._ground is None or self._ground.window != self._device_window():
            return None
        if not (0 <= top < self._where.shape[0] and 0 <= left < self._where.shape[1]):
            return None
        row = int(self._where[top, left])
        return None if row < 0 else row

    def area_at(self, at: QPointF) -> tuple[Layer, int] | None:
        """The layer and feature at a place of the widget, or None."""
        ratio = self.devicePixelRatioF()
        left, top = int(at.x() * ratio), int(at.y() * ratio)
        if self._ground is None or self._ground.window != self._device_window():
            return None
        if not (0 <= top < self._ground.ids.shape[0] and 0 <= left < self._ground.ids.shape[1]):
            return None
        found = int(self._ground.ids[top, left])
        for shapes in reversed(self._shapes):
            if found >= shapes.first_id > 0 and found < shapes.first_id + len(shapes.layer.outlines):
                return shapes.layer, found - shapes.first_id
        return None

    def set_tool(self, tool: Tool) -> None:
        """Choose what dragging does: ``pan``, ``rectangle`` or ``lasso``."""
        self._tool = tool
        self.tools.check(tool)
        self.setCursor(Qt.CursorShape.ArrowCursor if tool == "pan" else Qt.CursorShape.CrossCursor)

    def _drawn_shape(self) -> QPolygonF:
        if not self._dragging or self._press is None or self._last is None:
            return QPolygonF()
        if self._trail:
            return QPolygonF(self._trail)
        return QPolygonF(QRectF(self._press, self._last).normalized()) if self._selecting else QPolygonF()

    # --- events -------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keep the middle; a fitted map stays fitted."""
        super().resizeEvent(event)
        self.tools.move(self.width() - self.tools.width() - 8, 8)
        self._window = self._window.resized(self.width(), self.height())
        if self._fitted:
            self.fit()
        else:
            self._look(self._window)

    def event(self, event: QEvent) -> bool:
        """Tooltips and the first drawing."""
        if event.type() == QEvent.Type.Show:
            self._shown.start()
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self.text_at(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def text_at(self, at: QPointF) -> str:
        """What hovering at a place says."""
        row = self.point_at(at)
        if row is not None and self._points is not None:
            return self._points.label(row)
        area = self.area_at(at)
        return area[0].outlines.names[area[1]] if area is not None and area[0].role == "areas" else ""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom around the pointer."""
        self.zoom(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Start to drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = self._last = event.position()
            self._dragging = False
            add = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._selecting = self._tool != "pan" or add
            self._trail = [event.position()] if self._tool == "lasso" else []

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Move the map, or draw the selection."""
        if self._press is None or self._last is None:
            return
        moved = event.position() - self._press
        self._dragging = self._dragging or abs(moved.x()) + abs(moved.y()) > 4
        if not self._dragging:
            return
        step = event.position() - self._last
        self._last = event.position()
        if self._trail:
            self._trail.append(event.position())
        if self._selecting:
            self.update()
        else:
            self._fitted = False
            self._look(self._window.moved(step.x(), step.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Finish: a click selects what is there, a drawn shape what is in it; Shift adds."""
        if event.button() != Qt.MouseButton.LeftButton or self._press is None:
            return
        add = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        shape = self._drawn_shape()
        dragged, selecting = self._dragging, self._selecting
        self._press, self._trail, self._dragging, self._selecting = None, [], False, False
        if not dragged:
            self._click(event.position(), add=add)
        elif selecting:
            self.select_within(shape, add=add)
        self.update()

    def _click(self, at: QPointF, *, add: bool) -> None:
        row, area = self.point_at(at), self.area_at(at)
        if row is not None and self._points is not None:
            self._select({int(self._points.keys[row])}, set(), add=add)
        elif self._points is None and area is not None and area[0].role == "areas":
            self._select(set(), {area[0].outlines.ids[area[1]]}, add=add)
        elif not add:
            self._select(set(), set(), add=False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Open what is there."""
        row, area = self.point_at(event.position()), self.area_at(event.position())
        if row is not None and self._points is not None:
            self.point_activated.emit(int(self._points.keys[row]))
        elif area is not None and area[0].role == "areas":
            self.area_activated.emit(area[0].outlines.ids[area[1]])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows move, plus and minus zoom, Home shows everything, Escape drops the selection."""
        key = event.key()
        if key in _ARROWS:
            right, down = _ARROWS[Qt.Key(key)]
            self._fitted = False
            self._look(self._window.moved(right * self.width(), down * self.height()))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1.4)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / 1.4)
        elif key == Qt.Key.Key_Home:
            self.fit()
        elif key == Qt.Key.Key_Escape:
            self._select(set(), set(), add=False)
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Let the worker finish."""
        self.stop()
        super().closeEvent(event)


def _hits(inside: npt.NDArray[np.bool_], left: Floats, top: Floats) -> npt.NDArray[np.bool_]:
    """Which positions lie where the mask is true."""
    height, width = inside.shape
    known = np.isfinite(left) & np.isfinite(top)
    x, y = np.where(known, left, -1).astype(np.int64), np.where(known, top, -1).astype(np.int64)
    sight = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    hit: npt.NDArray[np.bool_] = sight & inside[np.where(sight, y, 0), np.where(sight, x, 0)]
    return hit
