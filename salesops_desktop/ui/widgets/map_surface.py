"""What the map shows and how it is drawn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.map_overlay import Legend, paint_legend, paint_scale_bar, scale_bar
from salesops_desktop.ui.widgets.map_render import (
    Caption,
    Dots,
    Drawn,
    Ground,
    Pixels,
    argb,
    compose,
    draw_captions,
    draw_ground,
    draw_on_thread,
)
from salesops_desktop.ui.widgets.map_scene import Ints, Labels, Layer, Points, Shapes, Window, extent_window
from salesops_desktop.ui.widgets.projection import Floats, Mercator, Projection, choose_projection

_REST_MS: Final = 90
_ARROWS: Final = {
    Qt.Key.Key_Left: (0.15, 0.0),
    Qt.Key.Key_Right: (-0.15, 0.0),
    Qt.Key.Key_Up: (0.0, 0.15),
    Qt.Key.Key_Down: (0.0, -0.15),
}


class MapSurface(QWidget):
    """A map to look at: blits a cached picture while it moves and has a crisp one drawn when it rests.

    Args:
        parent: Qt's parent.
        locale: for the scale bar.
    """

    drawn = Signal()
    """A crisp picture is shown."""

    def __init__(self, parent: QWidget | None = None, locale: QLocale | None = None) -> None:
        super().__init__(parent)
        self._locale = locale or QLocale()
        self._layers: list[Layer] = []
        self._shapes: list[Shapes] = []
        self._projection: Projection = Mercator()
        self._points: Points | None = None
        self._px: Floats = np.zeros(0)
        self._py: Floats = np.zeros(0)
        self._area_colors: dict[str, list[str | None]] = {}
        self._captions: list[tuple[float, float, str, float]] = []
        self._legend = Legend()
        self._selected: set[int] = set()
        self._selected_areas: set[str] = set()
        self._window = Window(0, 0, 0.03, 1, 1)
        self._fitted = True
        self._ground: Ground | None = None
        self._picture: QImage | None = None
        self._where: Ints = np.zeros((0, 0), dtype=np.int64)
        self._thread: threading.Thread | None = None
        self._drawing: tuple[Shapes, ...] = ()
        self._again = False
        self._answers = Drawn(self)
        self._answers.ready.connect(self._take_ground)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._redraw)
        # A child, and no QTimer.singleShot: that would keep a map alive which nobody has any more, and have it drawn.
        self._shown = QTimer(self, singleShot=True, interval=0)
        self._shown.timeout.connect(self._redraw)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 180)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(tr("Map"))
        theme.theme().changed.connect(self._retheme)

    # --- content ------------------------------------------------------------------------------------------------

    def set_outlines(self, layers: Sequence[Layer]) -> None:
        """Show these outlines, bottom first."""
        self._layers = list(layers)
        self._area_colors.clear()
        self._project()

    def set_points(
        self,
        lon: npt.ArrayLike,
        lat: npt.ArrayLike,
        color: npt.ArrayLike,
        size: npt.ArrayLike = 7.0,
        labels: Labels = (),
        keys: npt.ArrayLike | None = None,
    ) -> None:
        """Show points.

        Args:
            lon: degrees east; NaN for points without a place.
            lat: degrees north.
            color: category index per point (-1 neutral).
            size: diameter in pixels, for all or per point.
            labels: what hovering says, per row, or a function from row to text.
            keys: a key per point; the row by default.
        """
        x = np.asarray(lon, dtype=np.float64)
        rows = np.arange(len(x)) if keys is None else np.asarray(keys, dtype=np.int64)
        self._points = Points(
            x,
            np.asarray(lat, dtype=np.float64),
            np.asarray(color, dtype=np.int64),
            np.broadcast_to(np.asarray(size, dtype=np.float64), x.shape),
            labels or (lambda row: str(rows[row])),
            rows,
        )
        known = set(rows.tolist())
        self._selected &= known
        self._project()
        self.setAccessibleDescription(
            tr("{n} points. Arrow keys move, plus and minus zoom, Home shows everything.", n=len(x))
        )

    def recolor(self, color: npt.ArrayLike) -> None:
        """Give the points other categories; nothing else is drawn anew."""
        assert self._points is not None
        p = self._points
        self._points = Points(p.lon, p.lat, np.asarray(color, dtype=np.int64), p.size, p.labels, p.keys)
        self._recompose()

    def set_areas(
        self,
        layer: str,
        *,
        colors: Sequence[int] | None = None,
        values: npt.ArrayLike | None = None,
        title: str = "",
        text: Callable[[float], str] | None = None,
    ) -> None:
        """Colour the features of a layer: by category index (-1 leaves it), or by value along the ramp.

        Args:
            layer: its name.
            colors: a category index per feature.
            values: a number per feature (NaN leaves it), shown with a ramp and legend.
            title: the legend's title for values.
            text: writes a value for the legend.
        """
        tokens = theme.tokens()
        if colors is not None:
            self._area_colors[layer] = [None if c < 0 else tokens.category(c) for c in colors]
        elif values is not None:
            numbers = np.asarray(values, dtype=np.float64)
            self._area_colors[layer] = _ramp_colors(numbers, tokens.sequential)
            write = text or (lambda v: self._locale.toString(v, "f", 0))
            if np.isfinite(numbers).any():
                ends = (write(float(np.nanmin(numbers))), write(float(np.nanmax(numbers))))
                self._legend = Legend(title, (), tokens.sequential, ends)
        else:
            self._area_colors.pop(layer, None)
        self._recompose()

    def set_captions(self, captions: Sequence[tuple[float, float, str, float]]) -> None:
        """Names on the map: (lon, lat, text, weight); where they would touch, the heavier one stays."""
        self._captions = list(captions)
        self.update()

    def set_legend(self, legend: Legend) -> None:
        """Say what the colours mean."""
        self._legend = legend
        self.update()

    def clear(self) -> None:
        """Take points, colours, names, legend and selection away."""
        self._points = None
        self._area_colors.clear()
        self._captions.clear()
        self._legend = Legend()
        self._selected.clear()
        self._selected_areas.clear()
        self._project()

    def _area_shapes(self) -> list[Shapes]:
        return [shapes for shapes in self._shapes if shapes.layer.role == "areas"]

    # --- view ---------------------------------------------------------------------------------------------------

    @property
    def window_shown(self) -> Window:
        """What part of the plane is in sight, in logical pixels."""
        return self._window

    def fit(self) -> None:
        """Show everything: the points, else the areas, else all outlines."""
        self._fitted = True
        areas = self._area_shapes()
        if self._points is not None and np.isfinite(self._px).any():
            x, y = self._px, self._py
        elif areas or self._shapes:
            chosen = areas or self._shapes
            x, y = np.concatenate([s.x for s in chosen]), np.concatenate([s.y for s in chosen])
        else:
            x = y = np.zeros(0)
        self._look(extent_window(x, y, self.width(), self.height()))

    def fit_points(self, keys: Sequence[int]) -> None:
        """Show some points, with the others around them."""
        points = self._points
        if points is None:
            return
        rows = np.isin(points.keys, np.asarray(keys, dtype=np.int64)) & np.isfinite(self._px)
        if rows.any():
            self._fitted = False
            self._look(extent_window(self._px[rows], self._py[rows], self.width(), self.height()))

    @property
    def at_rest(self) -> bool:
        """Whether the crisp picture of what is in sight is there, or nobody can see it."""
        return not self.isVisible() or (self._thread is None and not self._rest.isActive() and self._ground is not None)

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Magnify around a place of the widget, by default its middle."""
        where = at or QPointF(self.width() / 2, self.height() / 2)
        self._fitted = False
        self._look(self._window.zoomed(factor, where.x(), where.y()))

    def _look(self, window: Window) -> None:
        self._window = window
        self.update()
        self._rest.start()

    def _device_window(self) -> Window:
        ratio = self.devicePixelRatioF()
        w = self._window
        return Window(w.x, w.y, w.scale * ratio, round(w.width * ratio), round(w.height * ratio))

    def _project(self) -> None:
        points = self._points
        if points is not None and np.isfinite(points.lon).any():
            projection = choose_projection(points.lon, points.lat)
        else:
            base = [layer for layer in self._layers if layer.role == "areas"] or self._layers
            lon = [layer.outlines.longitude for layer in base]
            lat = [layer.outlines.latitude for layer in base]
            projection = choose_projection(np.concatenate(lon), np.concatenate(lat)) if base else Mercator()
        same = projection == self._projection and [s.layer for s in self._shapes] == self._layers
        self._projection = projection
        if not same:
            self._shapes = []
            next_id = 1
            for layer in self._layers:
                self._shapes.append(Shapes.project(layer, projection, next_id))
                next_id += len(layer.outlines)
        if points is not None:
            self._px, self._py = projection.forward(points.lon, points.lat)
        else:
            self._px = self._py = np.zeros(0)
        if self._fitted or not same:
            self.fit()
        elif self._ground is not None:
            self._recompose()

    # --- drawing ------------------------------------------------------------------------------------------------

    def _redraw(self) -> None:
        """Have the ground drawn on a worker; while one is at work, only remember that another is wanted."""
        if self.width() < 2 or self.height() < 2 or not self.isVisible():
            return
        if self._thread is not None:
            self._again = True
            return
        self._again = False
        shapes = tuple(self._shapes)
        self._thread = draw_on_thread(
            self._answers, shapes, self._device_window(), self.devicePixelRatioF(), theme.tokens()
        )
        self._drawing = shapes

    def _take_ground(self, ground: object, theme_name: str) -> None:
        """Show what the worker drew, even when the view has moved on since: blitting puts it in its place."""
        if self._thread is not None:
            self._thread.join()  # it has told and is about to end
            self._thread = None
        current = tuple(self._shapes) == self._drawing and theme_name == theme.tokens().name
        if isinstance(ground, Ground) and current:
            self._ground = ground
            self._recompose()
        if self._again or not current:
            self._redraw()
        elif self._ground is not None and self._ground.window == self._device_window():
            self.drawn.emit()

    def stop(self) -> None:
        """Draw no more until something changes; wait for the worker."""
        self._shown.stop()
        self._rest.stop()
        self._again = False
        if self._thread is not None:
            self._thread.join(5.0)

    def draw_now(self) -> None:
        """Draw the crisp picture at once, for pictures taken of the window."""
        self._rest.stop()
        tokens = theme.tokens()
        self._ground = draw_ground(self._shapes, self._device_window(), self.devicePixelRatioF(), tokens)
        self._recompose()

    def _recompose(self) -> None:
        if self._ground is None:
            self.update()
            return
        ratio = self.devicePixelRatioF()
        self._picture, self._where = compose(self._ground, self._fills(), self._dots(), ratio, theme.tokens())
        self.update()

    def _fills(self) -> Pixels:
        tokens = theme.tokens()
        total = 1 + sum(len(shapes.layer.outlines) for shapes in self._shapes)
        fills = np.full(total, argb(tokens.color("map_water")), dtype=np.uint32)
        for shapes in self._shapes:
            count = len(shapes.layer.outlines)
            part = fills[shapes.first_id : shapes.first_id + count]
            part[:] = argb(tokens.color("map_land"))
            for place, shade in enumerate(self._area_colors.get(shapes.layer.name, ())):
                if shade is not None:
                    part[place] = argb(shade)
            if shapes.layer.role == "areas" and self._selected_areas:
                for place, name in enumerate(shapes.layer.outlines.ids):
                    if name in self._selected_areas:
                        part[place] = argb(tokens.color("accent"))
        return fills

    def _dots(self) -> Dots | None:
        points = self._points
        if points is None:
            return None
        tokens = theme.tokens()
        most = int(points.color.max()) + 1 if len(points.color) else 0
        palette = np.array(
            [*(argb(tokens.category(i)) for i in range(most)), argb(tokens.color("border_strong"))], dtype=np.uint32
        )
        known = np.isfinite(self._px) & np.isfinite(self._py)
        selected = (
            np.isin(points.keys, list(self._selected)) if self._selected else np.zeros(len(known), dtype=np.bool_)
        )
        if known.all():
            return Dots(self._px, self._py, palette[points.color], points.size, selected)
        far = np.where(known, self._px, 1e9)
        return Dots(far, np.where(known, self._py, 1e9), palette[points.color], points.size, selected)

    def _retheme(self) -> None:
        if self._ground is not None:
            self._redraw()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """The cached picture where it now belongs, then names, legend, scale and the selection being drawn."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("map_water"))
        if self._picture is not None and self._ground is not None:
            self._paint_picture(painter, self._picture, self._ground.window)
        area = QRectF(self.rect())
        small = theme.scaled_font(self.font(), "small")
        captions = [
            Caption(float(x), float(y), text, weight)
            for (_, _, text, weight), x, y in zip(self._captions, *self._caption_places(), strict=True)
        ]
        draw_captions(painter, captions, self._window, small, theme.tokens())
        paint_legend(painter, self._legend, area, small)
        painter.setFont(small)
        paint_scale_bar(painter, area, *scale_bar(self._true_scale(), self._locale))
        self._paint_trail(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_picture(self, painter: QPainter, picture: QImage, drawn: Window) -> None:
        ratio = self.devicePixelRatioF()
        factor = self._window.scale * ratio / drawn.scale
        width, height = drawn.width / ratio * factor, drawn.height / ratio * factor
        left = (drawn.x - self._window.x) * self._window.scale + self._window.width / 2 - width / 2
        top = (self._window.y - drawn.y) * self._window.scale + self._window.height / 2 - height / 2
        if abs(factor - 1) < 1e-9 and abs(left) < 0.01 and abs(top) < 0.01:
            painter.drawImage(QPointF(0, 0), picture)
        else:
            painter.drawImage(QRectF(left, top, width, height), picture)

    def _caption_places(self) -> tuple[Floats, Floats]:
        lon = np.array([c[0] for c in self._captions], dtype=np.float64)
        lat = np.array([c[1] for c in self._captions], dtype=np.float64)
        return self._projection.forward(lon, lat)

    def _true_scale(self) -> float:
        """Kilometres on the ground per pixel in the middle of the view (Mercator stretches towards the poles)."""
        _, lat = self._projection.inverse(self._window.x, self._window.y)
        stretch = float(np.cos(np.radians(lat))) if isinstance(self._projection, Mercator) else 1.0
        return stretch / self._window.scale

    def _paint_trail(self, painter: QPainter) -> None:
        shape = self._drawn_shape()
        if not shape.isEmpty():
            tint = theme.color("accent")
            painter.setPen(QPen(tint, 1.5, Qt.PenStyle.DashLine))
            tint.setAlpha(40)
            painter.setBrush(tint)
            painter.drawPolygon(shape)

    def _drawn_shape(self) -> QPolygonF:
        """The selection being drawn; a map that is only looked at has none."""
        return QPolygonF()

    def sizeHint(self) -> QSize:  # noqa: N802
        """A comfortable size."""
        return QSize(720, 480)


def _ramp_colors(values: Floats, ramp: Sequence[str]) -> list[str | None]:
    """A colour per value: steps of equal count along the ramp, None for NaN."""
    known = np.isfinite(values)
    if not known.any():
        return [None] * len(values)
    edges = np.quantile(values[known], np.linspace(0, 1, len(ramp) + 1)[1:-1])
    places = np.searchsorted(edges, values, side="right")
    return [ramp[p] if k else None for p, k in zip(places.tolist(), known.tolist(), strict=True)]
