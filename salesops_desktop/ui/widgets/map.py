"""The map to work with: pan, zoom, hover, select, and carry a selection to another group."""

from __future__ import annotations

from collections.abc import Sequence

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
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.map_carry import NOWHERE, Card, Carry, paint_card
from salesops_desktop.ui.widgets.map_keys import MapKeys
from salesops_desktop.ui.widgets.map_overlay import MapTools, Tool
from salesops_desktop.ui.widgets.map_scene import Ints, Layer
from salesops_desktop.ui.widgets.map_surface import MapSurface
from salesops_desktop.ui.widgets.projection import Floats

Mask = npt.NDArray[np.bool_]


class MapView(MapSurface):
    """A map to work with, by mouse and by keys.

    Args:
        parent: Qt's parent.
        locale: for the scale bar.
    """

    selection_changed = Signal(object)
    """The selected keys of points (list[int]), or the ids of areas (list[str]) where there are no points."""
    point_activated = Signal(object)
    """A point was double-clicked: its key."""
    area_activated = Signal(str)
    """An area was double-clicked: its id."""
    target_changed = Signal(int)
    """The selection is carried over a group (its number, -1 for none): :meth:`set_card` says what a drop would do."""
    dropped = Signal(int)
    """The selection was dropped on a group: its number."""

    def __init__(self, parent: QWidget | None = None, locale: QLocale | None = None) -> None:
        super().__init__(parent, locale)
        self._tool: Tool = "pan"
        self._press: QPointF | None = None
        self._last: QPointF | None = None
        self._trail: list[QPointF] = []
        self._dragging = False
        self._selecting = False
        self._may_carry = False
        self.carry = Carry()
        self._keys = MapKeys(self)
        self.tools = MapTools(self)
        self.tools.tool_chosen.connect(self.set_tool)
        self.tools.zoom_asked.connect(self.zoom)
        self.tools.fit_asked.connect(self.fit)
        self._describe()

    def _describe(self) -> None:
        count = 0 if self._points is None else len(self._points)
        self.setAccessibleDescription(tr("{n} points. {keys}", n=count, keys=MapKeys.words()))

    # --- selection ----------------------------------------------------------------------------------------------

    @property
    def picks_areas(self) -> bool:
        """Whether areas are selected, not points."""
        return self._points is None

    def selected_keys(self) -> list[int]:
        """Keys of the selected points, ascending."""
        if self._points is None:
            return []
        keys: list[int] = np.sort(self._points.keys[self._marks.rows(len(self._points))]).tolist()
        return keys

    def selected_areas(self) -> list[str]:
        """Ids of the selected areas, ascending."""
        return sorted(self._marks.areas)

    def set_selection(self, keys: Sequence[int]) -> None:
        """Mark these points; says nothing, as it was not the person."""
        if self._points is not None:
            rows = np.isin(self._points.keys, np.asarray(keys, dtype=np.int64))
            self._marks.points = rows if rows.any() else None
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
        if not self.picks_areas:
            self.select_rows(_hits(inside, *self._window.to_screen(self._px, self._py)), add=add)
            return
        areas: set[str] = set()
        for shapes in self._area_shapes():
            hit = _hits(inside, *self._window.to_screen(shapes.middle_x, shapes.middle_y))
            areas |= {shapes.layer.outlines.ids[i] for i in np.flatnonzero(hit)}
        self._select_areas(frozenset(areas), add=add)

    def select_rows(self, rows: Mask, *, add: bool = False) -> None:
        """Select points, as the person asked.

        Args:
            rows: which ones.
            add: keep those selected already.
        """
        before = np.zeros(len(rows), dtype=np.bool_) if self._marks.points is None else self._marks.points
        wanted = rows | before if add else rows
        if not np.array_equal(wanted, before):
            self._marks.points = wanted if wanted.any() else None
            self._recompose()
            self.selection_changed.emit(self.selected_keys())

    def _select_areas(self, areas: frozenset[str], *, add: bool) -> None:
        wanted = self._marks.areas | areas if add else areas
        if wanted != self._marks.areas:
            self._marks.areas = wanted
            self._recompose()
            self.selection_changed.emit(self.selected_areas())

    def select_nothing(self) -> None:
        """Drop the selection, as the person asked."""
        if self.picks_areas:
            self._select_areas(frozenset(), add=False)
        elif self._points is not None:
            self.select_rows(np.zeros(len(self._points), dtype=np.bool_))

    def marked_rows(self) -> Ints:
        """The rows of the selected points."""
        return self._marks.rows(0 if self._points is None else len(self._points))

    @property
    def has_selection(self) -> bool:
        """Whether anything is selected."""
        return bool(self._marks.areas) if self.picks_areas else self._marks.points is not None

    # --- what is where ------------------------------------------------------------------------------------------

    def _pixel(self, at: QPointF) -> tuple[int, int] | None:
        """The row and column of the crisp picture at a place, or None."""
        ratio = self.devicePixelRatioF()
        left, top = int(at.x() * ratio), int(at.y() * ratio)
        if self._plate is None or self._plate.ground.window != self._device_window():
            return None
        height, width = self._plate.ground.ids.shape
        return (top, left) if 0 <= top < height and 0 <= left < width else None

    def point_at(self, at: QPointF) -> int | None:
        """The row of the point drawn at a place of the widget, or None."""
        pixel = self._pixel(at)
        if pixel is None or self._plate is None or self._plate.discs is None or self._plate.scene.x is not self._px:
            return None
        row = int(self._plate.discs.where[pixel])
        return None if row < 0 else row

    def area_at(self, at: QPointF) -> tuple[Layer, int] | None:
        """The layer and feature at a place of the widget, or None."""
        pixel = self._pixel(at)
        if pixel is None or self._plate is None:
            return None
        found = int(self._plate.ground.ids[pixel])
        for shapes in reversed(self._shapes):
            if found >= shapes.first_id > 0 and found < shapes.first_id + len(shapes.layer.outlines):
                return shapes.layer, found - shapes.first_id
        return None

    def group_at(self, at: QPointF) -> int:
        """The group whose land or point is at a place of the widget, -1 for none."""
        if self._area_groups:
            area = self.area_at(at)
            groups = None if area is None else self._area_groups.get(area[0].name)
            return NOWHERE if area is None or groups is None else int(groups[area[1]])
        if self._points is None:
            return NOWHERE
        row, pixel = self.point_at(at), self._pixel(at)
        if row is None and pixel is not None and self._plate is not None and self._plate.cells is not None:
            row = int(self._plate.cells[pixel])
        return NOWHERE if row is None or row < 0 else int(self._points.group[row])

    def set_tool(self, tool: Tool) -> None:
        """Choose what dragging does: ``pan``, ``rectangle`` or ``lasso``."""
        self._tool = tool
        self.tools.check(tool)
        self.setCursor(Qt.CursorShape.ArrowCursor if tool == "pan" else Qt.CursorShape.CrossCursor)

    def text_at(self, at: QPointF) -> str:
        """What hovering at a place says."""
        row = self.point_at(at)
        if row is not None and self._points is not None:
            return self._points.label(row)
        area, group = self.area_at(at), self.group_at(at)
        lines = [area[0].outlines.names[area[1]]] if area is not None and area[0].role == "areas" else []
        if 0 <= group < len(self._names):
            lines.insert(0, self._names[group])
        return "\n".join(lines)

    # --- carrying -----------------------------------------------------------------------------------------------

    def set_carryable(self, allowed: bool) -> None:  # as Qt's setters
        """Whether the selection may be carried to another group."""
        if allowed != self._may_carry:
            self._may_carry = allowed
            if not allowed:
                self.stop_carrying()

    @property
    def carrying(self) -> bool:
        """Whether the selection is being carried."""
        return self.carry.active

    def begin_carrying(self, at: QPointF, *, choices: Sequence[int] = ()) -> None:
        """Take the selection up, with the mouse or (with choices to walk through) by keys."""
        if self._may_carry and self.has_selection:
            self.carry = Carry(active=True, by_keys=bool(choices), at=at, choices=choices)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            if choices:
                self.carry_to(choices[0], at)

    def carry_to(self, group: int, at: QPointF) -> None:
        """Hold the selection over a group."""
        self.carry.at = at
        if group != self.carry.target:
            self.carry.target, self.carry.card = group, None
            self._marks.target = group
            self._recompose()
            self.target_changed.emit(group)
        self.update()

    def set_card(self, card: Card | None) -> None:
        """What a drop would do, shown beside the pointer while the selection is carried."""
        self.carry.card = card
        self.update()

    def drop(self) -> None:
        """Let the selection fall on the group it is held over."""
        target, active = self.carry.target, self.carry.active
        self.stop_carrying()
        if active and target != NOWHERE:
            self.dropped.emit(target)

    def stop_carrying(self) -> None:
        """Put the selection back where it was."""
        was = self.carry
        self.carry = Carry()
        self.set_tool(self._tool)
        if was.active or self._marks.target != NOWHERE:
            self._marks.target = NOWHERE
            self._recompose()
            if was.target != NOWHERE:
                self.target_changed.emit(NOWHERE)
        self.update()

    def _on_selection(self, at: QPointF) -> bool:
        """Whether what is drawn at a place is selected."""
        if self.picks_areas:
            area = self.area_at(at)
            return area is not None and area[0].outlines.ids[area[1]] in self._marks.areas
        row = self.point_at(at)
        return row is not None and self._marks.points is not None and bool(self._marks.points[row])

    # --- painting -----------------------------------------------------------------------------------------------

    def _drawn_shape(self) -> QPolygonF:
        if not self._dragging or self._press is None or self._last is None:
            return QPolygonF()
        if self._trail:
            return QPolygonF(self._trail)
        return QPolygonF(QRectF(self._press, self._last).normalized()) if self._selecting else QPolygonF()

    def _kept_free(self) -> list[QRectF]:
        return [QRectF(self.tools.geometry())] if self.tools.isVisible() else []

    def _paint_over(self, painter: QPainter) -> None:
        shape = self._drawn_shape()
        if not shape.isEmpty():
            tint = theme.color("accent")
            painter.setPen(QPen(tint, 1.5, Qt.PenStyle.DashLine))
            tint.setAlpha(40)
            painter.setBrush(tint)
            painter.drawPolygon(shape)
        self._keys.paint(painter)
        if self.carry.active and self.carry.card is not None:
            small = theme.scaled_font(self.font(), "small")
            bold = theme.scaled_font(self.font(), "body", bold=True)
            paint_card(painter, self.carry.card, self.carry.at, QRectF(self.rect()), small, bold)

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

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom around the pointer."""
        self.zoom(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Start to drag: the selection where the press is on it, else the map or a shape."""
        self._keys.hide()
        if self.carry.active:
            self.stop_carrying()
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = self._last = event.position()
            self._dragging = False
            add = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.carry.armed = self._may_carry and not add and self._on_selection(event.position())
            self._selecting = not self.carry.armed and (self._tool != "pan" or add)
            self._trail = [event.position()] if self._tool == "lasso" and not self.carry.armed else []

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Carry the selection, move the map, or draw the shape."""
        if self._press is None or self._last is None:
            return
        moved = event.position() - self._press
        self._dragging = self._dragging or abs(moved.x()) + abs(moved.y()) > 4
        if not self._dragging:
            return
        step = event.position() - self._last
        self._last = event.position()
        if self.carry.armed and not self.carry.active:
            self.begin_carrying(event.position())
        if self.carry.active:
            self.carry_to(self.group_at(event.position()), event.position())
            return
        if self._trail:
            self._trail.append(event.position())
        if self._selecting:
            self.update()
        else:
            self.pan(step.x(), step.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Finish: a click selects what is there, a drawn shape what is in it, a carried selection drops; Shift adds."""
        if event.button() != Qt.MouseButton.LeftButton or self._press is None:
            return
        add = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        shape = self._drawn_shape()
        dragged, selecting = self._dragging, self._selecting
        self._press, self._trail, self._dragging, self._selecting = None, [], False, False
        if self.carry.active:
            self.drop()
        elif not dragged:
            self.carry.armed = False
            self.pick_at(event.position(), add=add)
        elif selecting:
            self.select_within(shape, add=add)
        self.carry.armed = False
        self.update()

    def pick_at(self, at: QPointF, *, add: bool = False) -> None:
        """Select what is drawn at a place; nothing where nothing is."""
        row, area = self.point_at(at), self.area_at(at)
        if not self.picks_areas and row is not None and self._points is not None:
            chosen = np.zeros(len(self._points), dtype=np.bool_)
            chosen[row] = True
            self.select_rows(chosen, add=add)
        elif self.picks_areas and area is not None and area[0].role == "areas":
            self._select_areas(frozenset({area[0].outlines.ids[area[1]]}), add=add)
        elif not add:
            self.select_nothing()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Open what is there."""
        row, area = self.point_at(event.position()), self.area_at(event.position())
        if not self.picks_areas and row is not None and self._points is not None:
            self.point_activated.emit(int(self._points.keys[row]))
        elif area is not None and area[0].role == "areas":
            self.area_activated.emit(area[0].outlines.ids[area[1]])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """All that the mouse can do."""
        if not self._keys.press(event):
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Let the worker finish."""
        self.stop()
        super().closeEvent(event)


def _hits(inside: Mask, left: Floats, top: Floats) -> Mask:
    """Which positions lie where the mask is true."""
    height, width = inside.shape
    known = np.isfinite(left) & np.isfinite(top)
    x, y = np.where(known, left, -1).astype(np.int64), np.where(known, top, -1).astype(np.int64)
    sight = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    hit: Mask = sight & inside[np.where(sight, y, 0), np.where(sight, x, 0)]
    return hit
