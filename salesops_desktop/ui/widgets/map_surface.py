"""What the map shows and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.map_drawing import Draughtsman
from salesops_desktop.ui.widgets.map_heat import Measure
from salesops_desktop.ui.widgets.map_labels import Caption, Placed, captions_of, draw_captions, place_captions
from salesops_desktop.ui.widgets.map_look import Marks, look_of
from salesops_desktop.ui.widgets.map_overlay import Legend, paint_legend, paint_scale_bar, scale_bar
from salesops_desktop.ui.widgets.map_render import Plate, Scene, compose, draw_plate
from salesops_desktop.ui.widgets.map_scene import Ints, Labels, Layer, Points, Shapes, Window, extent_window
from salesops_desktop.ui.widgets.projection import EARTH_KM, EqualEarth, Floats, Projection, choose_projection

_REST_MS: Final = 90


class MapSurface(QWidget):
    """A map to look at: blits a cached picture while it moves and has a crisp one drawn when it rests.

    Args:
        parent: Qt's parent.
        locale: for the scale bar.
    """

    drawn = Signal()
    """A crisp picture is shown."""
    colored = Signal()
    """The groups have been given colours."""
    looked = Signal()
    """Another part of the earth is shown."""

    def __init__(self, parent: QWidget | None = None, locale: QLocale | None = None) -> None:
        super().__init__(parent)
        self._locale = locale or QLocale()
        self._layers: list[Layer] = []
        self._shapes: tuple[Shapes, ...] = ()
        self._projection: Projection = EqualEarth()
        self._points: Points | None = None
        self._px: Floats = np.zeros(0)
        self._py: Floats = np.zeros(0)
        self._names: tuple[str, ...] = ()
        self._colors: Ints | None = None
        self._fill = False
        self._measure: Measure | None = None
        self._area_colors: dict[str, list[str | None]] = {}
        self._area_groups: dict[str, Ints] = {}
        self._captions: list[tuple[float, float, str, float]] = []
        self._legend = Legend()
        self._marks = Marks()
        self._window = Window(0, 0, 0.03, 1, 1)
        self._fitted = True
        self._scene: Scene | None = None
        self._plate: Plate | None = None
        self._picture: QImage | None = None
        self._placing: object = None
        self._names_placed: list[Placed] = []
        self._draughtsman = Draughtsman(self)
        self._draughtsman.ready.connect(self._take_plate)
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
        self._area_groups.clear()
        self._project()

    def set_points(
        self,
        lon: npt.ArrayLike,
        lat: npt.ArrayLike,
        group: npt.ArrayLike,
        size: npt.ArrayLike = 7.0,
        labels: Labels = (),
        keys: npt.ArrayLike | None = None,
    ) -> None:
        """Show points.

        Args:
            lon: degrees east; NaN for points without a place.
            lat: degrees north.
            group: the number of the group of each point (-1 for none).
            size: nominal diameter in pixels, for all or per point.
            labels: what hovering says, per row, or a function from row to text.
            keys: a key per point, ascending; the row by default.
        """
        x = np.asarray(lon, dtype=np.float64)
        rows = np.arange(len(x)) if keys is None else np.asarray(keys, dtype=np.int64)
        old = self._points
        kept = np.zeros(0, dtype=np.int64) if old is None else old.keys[self._marks.rows(len(old))]
        self._points = Points(
            x,
            np.asarray(lat, dtype=np.float64),
            np.asarray(group, dtype=np.int64),
            np.broadcast_to(np.asarray(size, dtype=np.float64), x.shape),
            labels or (lambda row: str(rows[row])),
            rows,
        )
        self._marks.points = np.isin(rows, kept) if len(kept) else None
        self._colors = None
        self._project()
        self._describe()

    def set_groups(self, names: Sequence[str], colors: npt.ArrayLike | None = None) -> None:
        """Name the groups; they are given colours that tell neighbours apart, unless they bring their own.

        Args:
            names: by group number; an empty one is not written on the map.
            colors: a colour number per group.
        """
        self._names = tuple(names)
        self._colors = None if colors is None else np.asarray(colors, dtype=np.int64)
        self._changed()

    @property
    def group_names(self) -> tuple[str, ...]:
        """The names of the groups."""
        return self._names

    def color_of(self, group: int) -> str | None:
        """``#RRGGBB`` of a group; None while it has none."""
        known = self._colors is not None and 0 <= group < len(self._colors)
        return theme.tokens().category(int(self._colors[group])) if known and self._colors is not None else None

    @property
    def group_colors(self) -> Ints | None:
        """The colour number of each group; None until they were found."""
        return self._colors

    def recolor(self, group: npt.ArrayLike) -> None:
        """Put the points into other groups: colours at once, names a moment later."""
        assert self._points is not None
        self._points = replace(self._points, group=np.asarray(group, dtype=np.int64))
        if self._scene is not None:
            self._scene = replace(self._scene, group=self._points.group)
        self._recompose()
        self._rest.start()

    def resize_points(self, size: npt.ArrayLike) -> None:
        """Give the points other sizes."""
        assert self._points is not None
        p = self._points
        self._points = replace(p, size=np.broadcast_to(np.asarray(size, dtype=np.float64), p.lon.shape).copy())
        self._changed()

    def set_fill(self, fill: bool) -> None:  # as Qt's setters
        """Whether the land around points takes their group's colour."""
        if fill != self._fill:
            self._fill = fill
            self._changed()

    def set_heat(self, measure: Measure | None) -> None:
        """Show where a measure is dense instead of the groups' colours; None shows the groups again."""
        self._measure = measure
        self._changed()

    def set_bright(self, groups: Sequence[int]) -> None:
        """Let some groups stand out and the others fade; none lets all be alike."""
        wanted = frozenset(int(group) for group in groups)
        if wanted != self._marks.bright:
            self._marks.bright = wanted
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

    def set_area_groups(self, layer: str, groups: npt.ArrayLike) -> None:
        """Put the features of a layer into groups (-1 for none): the areas are coloured, named and moved as such."""
        self._area_groups[layer] = np.asarray(groups, dtype=np.int64)
        self._changed()

    def set_captions(self, captions: Sequence[tuple[float, float, str, float]]) -> None:
        """More names on the map: (lon, lat, text, weight); where they would touch, the heavier one stays."""
        self._captions = list(captions)
        self.update()

    def set_legend(self, legend: Legend) -> None:
        """Say what the colours mean."""
        self._legend = legend
        self.update()

    def clear(self) -> None:
        """Take points, colours, names, legend and selection away."""
        self._points = None
        self._names = ()
        self._colors = None
        self._measure = None
        self._area_colors.clear()
        self._area_groups.clear()
        self._captions.clear()
        self._legend = Legend()
        self._marks = Marks()
        self._project()

    def _describe(self) -> None:
        """What a screen reader says; a map to work with says more."""
        count = 0 if self._points is None else len(self._points)
        self.setAccessibleDescription(
            tr("{n} points. Arrow keys move, plus and minus zoom, Home shows everything.", n=count)
        )

    def _area_shapes(self) -> list[Shapes]:
        return [shapes for shapes in self._shapes if shapes.layer.role == "areas"]

    @property
    def points(self) -> Points | None:
        """The points shown."""
        return self._points

    @property
    def places(self) -> tuple[Floats, Floats]:
        """Where the points are on the plane, kilometres east and north; NaN where not known."""
        return self._px, self._py

    @property
    def area_groups(self) -> Mapping[str, Ints]:
        """The group of each feature, by layer."""
        return self._area_groups

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
            chosen = areas or list(self._shapes)
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

    def look_as(self, other: MapSurface) -> None:
        """Show the part of the earth that another map shows."""
        if self._projection == other._projection:
            self._fitted = False
            self._look(other._window.resized(self.width(), self.height()))

    @property
    def at_rest(self) -> bool:
        """Whether the crisp picture of what is in sight is there, or nobody can see it."""
        waiting = self._draughtsman.busy or self._rest.isActive() or self._plate is None
        return not self.isVisible() or not waiting

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Magnify around a place of the widget, its middle by default."""
        self._fitted = False
        place = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        self._look(self._window.zoomed(factor, place.x(), place.y()))

    def pan(self, right: float, down: float) -> None:
        """Move what is shown by pixels."""
        self._fitted = False
        self._look(self._window.moved(right, down))

    def _look(self, window: Window) -> None:
        self._window = window
        self.update()
        self._rest.start()
        self.looked.emit()

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
            projection = choose_projection(np.concatenate(lon), np.concatenate(lat)) if base else EqualEarth()
        same = projection == self._projection and [s.layer for s in self._shapes] == self._layers
        self._projection = projection
        if not same:
            shapes: list[Shapes] = []
            next_id = 1
            for layer in self._layers:
                shapes.append(Shapes.project(layer, projection, next_id))
                next_id += len(layer.outlines)
            self._shapes = tuple(shapes)
        self._px, self._py = (
            (np.zeros(0), np.zeros(0)) if points is None else projection.forward(points.lon, points.lat)
        )
        if self._fitted or not same:
            self.fit()
        self._changed()

    def _changed(self) -> None:
        """What is drawn has changed: have it drawn anew."""
        self._scene = None
        self._rest.start()

    def _scene_now(self) -> Scene:
        if self._scene is None:
            p = self._points
            none = np.zeros(0, dtype=np.int64)
            group, size = (none, np.zeros(0)) if p is None else (p.group, p.size)
            areas = self._areas_now()
            most = group if areas is None else areas
            groups = max(int(most.max(initial=-1)) + 1, len(self._names))
            heat = None if self._measure is None else self._measure.values
            colors = self._colors if self._colors is not None and len(self._colors) >= groups else None
            self._scene = Scene(self._shapes, self._px, self._py, group, size, groups, colors, self._fill, heat, areas)
        return self._scene

    def _areas_now(self) -> Ints | None:
        """The group of each feature id, where features are in groups."""
        if not self._area_groups:
            return None
        parts = [np.full(1, -1, dtype=np.int64)]
        none = np.full(max((len(layer.outlines) for layer in self._layers), default=0), -1, dtype=np.int64)
        parts += [self._area_groups.get(layer.name, none[: len(layer.outlines)]) for layer in self._layers]
        return np.concatenate(parts)

    # --- drawing ------------------------------------------------------------------------------------------------

    def _redraw(self) -> None:
        """Have the plate drawn on a worker."""
        if self.width() >= 2 and self.height() >= 2 and self.isVisible():  # nothing to see in less
            ratio, window = self.devicePixelRatioF(), self._device_window()
            self._draughtsman.draw(self._scene_now(), window, ratio, theme.tokens(), self._plate)

    def _take_plate(self, plate: object) -> None:
        """Show what the worker drew, even when the view has moved on since: blitting puts it in its place."""
        self._draughtsman.take()
        if isinstance(plate, Plate):
            current = plate.theme == theme.tokens().name and plate.scene is self._scene
            if current or (plate.scene.shapes is self._shapes and plate.scene.x is self._px):
                self._adopt(plate)
            if not current:
                self._redraw()
        if not self._draughtsman.busy and not self._rest.isActive():
            self.drawn.emit()

    def _adopt(self, plate: Plate) -> None:
        self._plate = plate
        fresh = self._colors is None
        if fresh and len(plate.colors):
            self._colors = plate.colors
            if self._scene is not None:
                self._scene = (
                    replace(self._scene, colors=plate.colors) if self._scene is not plate.scene else plate.scene
                )
        self._recompose()
        if fresh and self._colors is not None:
            self.colored.emit()

    def stop(self) -> None:
        """Draw no more until something changes; wait for the worker."""
        self._shown.stop()
        self._rest.stop()
        self._draughtsman.stop()

    def draw_now(self) -> None:
        """Draw the crisp picture at once, for pictures taken of the window."""
        self._rest.stop()
        ratio, tokens = self.devicePixelRatioF(), theme.tokens()
        self._adopt(draw_plate(self._scene_now(), self._device_window(), ratio, tokens, self._plate))

    def _recompose(self) -> None:
        plate = self._plate
        if plate is not None and plate.scene.x is self._px and plate.scene.shapes is self._shapes:
            group = np.zeros(0, dtype=np.int64) if self._points is None else self._points.group
            colors = self._colors if self._colors is not None else np.zeros(0, dtype=np.int64)
            look = look_of(plate, group, colors, self._marks, self._area_colors, self._measure, theme.tokens())
            self._picture = compose(plate, look, self.devicePixelRatioF())
        self.update()

    def _retheme(self) -> None:
        if self._plate is not None:
            self._redraw()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """The cached picture where it now belongs, then names, legend, scale and what is being done."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("map_water"))
        if self._picture is not None and self._plate is not None:
            self._paint_picture(painter, self._picture, self._plate.ground.window)
        area = QRectF(self.rect())
        small = theme.scaled_font(self.font(), "small")
        legend = paint_legend(painter, self._legend_now(), area, small)
        painter.setFont(small)
        bar = paint_scale_bar(painter, area, *scale_bar(self._true_scale(), self._locale))
        names = theme.scaled_font(self.font(), "small", bold=True)
        draw_captions(painter, self._placed((legend, bar, *self._kept_free()), names), names, theme.tokens())
        self._paint_over(painter)
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

    def _placed(self, taken: tuple[QRectF, ...], font: QFont) -> list[Placed]:
        """Where the names go; found anew only when something about them has changed."""
        boxes = tuple(box.getRect() for box in taken)
        anchors = () if self._plate is None else self._plate.anchors
        key = (id(anchors), self._names, self._marks.bright, id(self._captions), self._window, boxes, font.toString())
        if key != self._placing:
            self._placing = key
            self._names_placed = place_captions(self._captions_now(), self._window, font, taken)
        return self._names_placed

    def _captions_now(self) -> list[Caption]:
        lon = np.array([c[0] for c in self._captions], dtype=np.float64)
        lat = np.array([c[1] for c in self._captions], dtype=np.float64)
        places = zip(self._captions, *self._projection.forward(lon, lat), strict=True)
        made = [Caption(float(x), float(y), text, weight) for (_, _, text, weight), x, y in places]
        if self._plate is not None:
            bright = self._marks.bright
            anchors = [a for a in self._plate.anchors if not bright or a.group in bright]
            made += [c for c in captions_of(anchors, self._names) if c.text]
        return made

    def _legend_now(self) -> Legend:
        """The legend with what depends on the view: the scale of the heat, the sizes of discs."""
        plate, legend = self._plate, self._legend
        if plate is None:
            return legend
        if legend.sizes and plate.discs is not None:
            legend = replace(legend, factor=plate.discs.factor)
        if self._measure is not None and plate.heat is not None:
            densest, write = plate.heat.densest, self._measure.text
            marks = tuple(write(densest * share) for share in (0.0, 0.25, 1.0))
            ramp = self._measure.ramp(theme.tokens())
            legend = replace(legend, title=self._measure.title, entries=(), ramp=ramp, marks=marks)
        return legend

    def _kept_free(self) -> list[QRectF]:
        """Where no name may be written."""
        return []

    def _true_scale(self) -> float:
        """Kilometres on the ground per pixel to the east in the middle of the view."""
        w = self._window
        reach = 40.0 / w.scale
        lon, lat = self._projection.inverse(np.array([w.x - reach, w.x + reach]), np.array([w.y, w.y]))
        east, phi = np.radians(lon[1] - lon[0]), np.radians(lat)
        half = np.sin(np.diff(phi)[0] / 2) ** 2 + np.cos(phi[0]) * np.cos(phi[1]) * np.sin(east / 2) ** 2
        return float(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))) / 80.0) or 1.0 / w.scale

    def _paint_over(self, painter: QPainter) -> None:
        """What is being done on the map; nothing on one that is only looked at."""

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
