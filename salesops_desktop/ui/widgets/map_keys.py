"""The map by keys: a crosshair that picks, a ring that grows around it, and a walk through the groups to carry to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPen

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.map_carry import NOWHERE

if TYPE_CHECKING:
    from salesops_desktop.ui.widgets.map import MapView

_ARROWS: Final = {
    Qt.Key.Key_Left: (0.15, 0.0),
    Qt.Key.Key_Right: (-0.15, 0.0),
    Qt.Key.Key_Up: (0.0, 0.15),
    Qt.Key.Key_Down: (0.0, -0.15),
}
_NEAR: Final = 24.0
"""Pixels around the crosshair in which the nearest point is picked."""
_FIRST_RING: Final = 24.0


class MapKeys:
    """What keys do on a map.

    Args:
        view: the map.
    """

    def __init__(self, view: MapView) -> None:
        self._view = view
        self._crosshair = False
        self._ring = 0.0
        self._walked = NOWHERE

    @staticmethod
    def words() -> str:
        """What the keys do, for screen readers and the tooltip of the tools."""
        return tr(
            "Arrow keys move, plus and minus zoom, Home shows everything. Space picks what is at the crosshair, Shift "
            "adds; ] and [ widen and narrow a ring around it. G picks the next group, Shift+G the one before, Ctrl+A "
            "all in sight. M takes the picked up, arrow keys choose where to, Enter drops it, Escape puts it back."
        )

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key asks for; whether it asked for anything."""
        if self._view.carrying:
            return self._carry(event)
        return self._move(event) or self._pick(event)

    def hide(self) -> None:
        """The mouse has taken over."""
        self._crosshair, self._ring = False, 0.0

    # ------------------------------------------------------------------ looking around

    def _move(self, event: QKeyEvent) -> bool:
        view, key = self._view, event.key()
        if key in _ARROWS:
            right, down = _ARROWS[Qt.Key(key)]
            view.pan(right * view.width(), down * view.height())
            self._crosshair, self._ring = True, 0.0
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            view.zoom(1.4)
        elif key == Qt.Key.Key_Minus:
            view.zoom(1 / 1.4)
        elif key == Qt.Key.Key_Home:
            view.fit()
        else:
            return False
        return True

    # ------------------------------------------------------------------ picking

    def _pick(self, event: QKeyEvent) -> bool:
        view, key = self._view, event.key()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key == Qt.Key.Key_Escape:
            self.hide()
            view.select_nothing()
        elif key == Qt.Key.Key_Space:
            self._crosshair = True
            self._pick_here(add=shift)
        elif key in (Qt.Key.Key_BracketRight, Qt.Key.Key_BracketLeft):
            self._crosshair = True
            grown = self._ring * 1.25 if self._ring else _FIRST_RING
            self._ring = grown if key == Qt.Key.Key_BracketRight else self._ring / 1.25
            self._pick_ring()
        elif key == Qt.Key.Key_G:
            self._pick_group(-1 if shift else 1)
        elif key == Qt.Key.Key_A and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._pick_sight()
        elif key == Qt.Key.Key_M and view.has_selection:
            view.begin_carrying(self._middle(), choices=self._choices())
        else:
            return False
        view.update()
        return True

    def _middle(self) -> QPointF:
        return QPointF(self._view.width() / 2, self._view.height() / 2)

    def _pick_here(self, *, add: bool) -> None:
        """Pick what is at the crosshair, or the point nearest to it."""
        view = self._view
        if view.picks_areas or view.point_at(self._middle()) is not None:
            view.pick_at(self._middle(), add=add)
            return
        away = self._away()
        if len(away) and np.nanmin(away) <= _NEAR:
            view.select_rows(np.arange(len(away)) == int(np.nanargmin(away)), add=add)

    def _pick_ring(self) -> None:
        view = self._view
        if not view.picks_areas:
            view.select_rows(self._away() <= self._ring)

    def _away(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Pixels from the crosshair to each point; infinite for those without a place."""
        view = self._view
        left, top = view.window_shown.to_screen(*view.places)
        away = np.hypot(left - view.width() / 2, top - view.height() / 2)
        return np.where(np.isfinite(away), away, np.inf)

    def _pick_sight(self) -> None:
        view = self._view
        left, top = view.window_shown.to_screen(*view.places)
        with np.errstate(invalid="ignore"):
            view.select_rows((left >= 0) & (top >= 0) & (left < view.width()) & (top < view.height()))

    def _pick_group(self, by: int) -> None:
        """Pick all of the next group."""
        view = self._view
        points = view.points
        if points is None or view.picks_areas or points.group.max(initial=-1) < 0:
            return
        there = np.unique(points.group[points.group >= 0])
        after = np.flatnonzero(there > self._walked) if by > 0 else np.flatnonzero(there < self._walked)
        place = (after[0] if by > 0 else after[-1]) if len(after) else (0 if by > 0 else len(there) - 1)
        self._walked = int(there[place])
        view.select_rows(points.group == self._walked)

    # ------------------------------------------------------------------ carrying

    def _choices(self) -> list[int]:
        """The groups the selection could go to, nearest to it first, without the one it is all in."""
        view = self._view
        points = view.points
        if points is None or view.picks_areas:
            groups = [g for values in view.area_groups.values() for g in np.unique(values[values >= 0]).tolist()]
            return sorted(set(groups))
        picked = view.marked_rows()
        px, py = view.places
        known = np.isfinite(px) & np.isfinite(py)
        here = picked[known[picked]]
        window = view.window_shown
        x, y = (px[here].mean(), py[here].mean()) if len(here) else (window.x, window.y)
        rows = np.flatnonzero(known & (points.group >= 0))
        away = np.hypot(px[rows] - x, py[rows] - y)
        order = rows[np.argsort(away, kind="stable")]
        found, first = np.unique(points.group[order], return_index=True)
        nearest = found[np.argsort(first)].tolist()
        held = set(points.group[picked].tolist())
        return [g for g in nearest if len(held) > 1 or g not in held]

    def _carry(self, event: QKeyEvent) -> bool:
        view, key = self._view, event.key()
        if key == Qt.Key.Key_Escape:
            view.stop_carrying()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            view.drop()
        elif view.carry.by_keys and key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            view.carry_to(view.carry.step(1), self._middle())
        elif view.carry.by_keys and key in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            view.carry_to(view.carry.step(-1), self._middle())
        else:
            return False
        return True

    # ------------------------------------------------------------------ painting

    def paint(self, painter: QPainter) -> None:
        """The crosshair and the ring, while keys are in use."""
        if not (self._crosshair and self._view.hasFocus()) or self._view.carrying:
            return
        middle, reach = self._middle(), 9.0
        for color, width in ((theme.color("map_halo"), 4.0), (theme.color("map_text"), 1.5)):
            painter.setPen(QPen(color, width))
            painter.drawLine(middle - QPointF(reach, 0), middle + QPointF(reach, 0))
            painter.drawLine(middle - QPointF(0, reach), middle + QPointF(0, reach))
        if self._ring:
            painter.setPen(QPen(theme.color("accent"), 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(middle, self._ring, self._ring)
