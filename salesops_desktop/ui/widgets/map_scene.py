"""What is on the map: outlines and points on the plane, and the window through which one looks at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPolygonF

from salesops_desktop.model.outlines import Outlines
from salesops_desktop.ui.widgets.projection import Albers, Floats, Projection

Ints = npt.NDArray[np.int64]
Labels = Sequence[str] | Callable[[int], str]
Role = Literal["land", "areas", "lines"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A set of outlines.

    Attributes:
        name: how to refer to it.
        outlines: the rings and their features.
        role: ``land`` is filled as ground; ``areas`` can be coloured, hovered and selected; ``lines`` are only drawn.
        lands: the land each feature is part of: points colour the land they stand on, up to its border. The codes of
            the outlines where left out.
    """

    name: str
    outlines: Outlines
    role: Role = "land"
    lands: tuple[str, ...] = ()

    @property
    def land_names(self) -> tuple[str, ...]:
        """The land each feature is part of."""
        return self.lands or self.outlines.codes


@dataclass(frozen=True, slots=True)
class Points:
    """Points on the map.

    Attributes:
        lon: degrees east.
        lat: degrees north; rows with NaN are not drawn.
        group: the number of the group each point is in; -1 for none.
        size: diameter of each in pixels (or one for all).
        labels: what hovering says: texts or a function of the row.
        keys: the caller's key of each point.
    """

    lon: Floats
    lat: Floats
    group: Ints
    size: Floats
    labels: Labels
    keys: Ints

    def __len__(self) -> int:
        return len(self.lon)

    def label(self, row: int) -> str:
        """What hovering over a point says."""
        return self.labels(row) if callable(self.labels) else self.labels[row]


@dataclass(frozen=True, slots=True)
class Window:
    """A view of the plane.

    Attributes:
        x: kilometres east of the middle.
        y: kilometres north of the middle.
        scale: pixels per kilometre.
        width: pixels.
        height: pixels.
    """

    x: float
    y: float
    scale: float
    width: int
    height: int

    def to_screen(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Plane to pixels."""
        return (x - self.x) * self.scale + self.width / 2, (self.y - y) * self.scale + self.height / 2

    def to_plane(self, left: float, top: float) -> tuple[float, float]:
        """Pixels to plane."""
        return self.x + (left - self.width / 2) / self.scale, self.y - (top - self.height / 2) / self.scale

    def to_plane_many(self, left: Floats, top: Floats) -> tuple[Floats, Floats]:
        """Pixels to plane, many at a time."""
        return self.x + (left - self.width / 2) / self.scale, self.y - (top - self.height / 2) / self.scale

    def moved(self, right: float, down: float) -> Window:
        """The view after the content was dragged by pixels."""
        return Window(self.x - right / self.scale, self.y + down / self.scale, self.scale, self.width, self.height)

    def zoomed(self, factor: float, left: float, top: float) -> Window:
        """The view magnified around a pixel, within bounds."""
        scale = min(max(self.scale * factor, 0.005), 20.0)
        x, y = self.to_plane(left, top)
        back = scale / self.scale
        return Window(x - (x - self.x) / back, y - (y - self.y) / back, scale, self.width, self.height)

    def resized(self, width: int, height: int) -> Window:
        """The same middle and scale in another size."""
        return Window(self.x, self.y, self.scale, width, height)


@dataclass(slots=True, eq=False)
class Shapes:
    """A layer on the plane.

    Attributes:
        layer: where it comes from.
        first_id: the id of its first feature in the id-buffer; 0 is nothing.
        x: kilometres, as the outlines' points.
        y: kilometres.
        middle_x: a point inside the largest ring's bounding box, per feature.
        middle_y: the same.
        kept: which rings are drawn; those on the far side of the earth are not.
    """

    layer: Layer
    first_id: int
    x: Floats
    y: Floats
    middle_x: Floats
    middle_y: Floats
    kept: npt.NDArray[np.bool_]
    _paths: list[QPainterPath] = field(default_factory=list)

    @classmethod
    def project(cls, layer: Layer, projection: Projection, first_id: int) -> Shapes:
        """Put a layer on the plane."""
        outlines = layer.outlines
        lon, kept = whole_rings(outlines, projection.lon0)
        if isinstance(projection, Albers):
            lon = np.clip(lon, projection.lon0 - 110.0, projection.lon0 + 110.0)
        x, y = projection.forward(lon, outlines.latitude)
        starts = outlines.starts[:-1].astype(np.int64)
        if len(starts) == 0:
            return cls(layer, first_id, x, y, np.zeros(0), np.zeros(0), kept)
        low_x, high_x = np.minimum.reduceat(x, starts), np.maximum.reduceat(x, starts)
        low_y, high_y = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
        area = (high_x - low_x) * (high_y - low_y)
        largest = np.zeros(len(outlines), dtype=np.int64)
        order = np.argsort(area, kind="stable")
        largest[outlines.feature[order]] = order
        return cls(layer, first_id, x, y, ((low_x + high_x) / 2)[largest], ((low_y + high_y) / 2)[largest], kept)

    def paths(self) -> list[QPainterPath]:
        """One path per feature on the plane (y down); built once, on whichever thread asks first."""
        if not self._paths:
            outlines = self.layer.outlines
            paths = [QPainterPath() for _ in range(len(outlines))]
            xs, ys = self.x.tolist(), (-self.y).tolist()
            starts, kept = outlines.starts.tolist(), self.kept.tolist()
            for ring, feature in enumerate(outlines.feature.tolist()):
                if not kept[ring]:
                    continue
                a, b = starts[ring], starts[ring + 1]
                polygon = QPolygonF([QPointF(px, py) for px, py in zip(xs[a:b], ys[a:b], strict=True)])
                paths[feature].addPolygon(polygon)
                paths[feature].closeSubpath()
            self._paths = paths
        return self._paths


def whole_rings(outlines: Outlines, lon0: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Longitudes in which no ring jumps at the date line, each ring within 180° of ``lon0``.

    Returns:
        The longitudes, and which rings lie within 100° of ``lon0`` and north of Antarctica.
    """
    lon = outlines.longitude.astype(np.float64)
    if not len(lon):
        return lon, np.zeros(0, dtype=np.bool_)
    starts = outlines.starts[:-1].astype(np.int64)
    counts = np.diff(outlines.starts)
    turns = np.zeros(len(lon))
    turns[1:] = -np.round(np.diff(lon) / 360.0)
    turns[starts] = 0.0
    total = np.cumsum(turns)
    lon += 360.0 * (total - np.repeat(total[starts], counts))
    middle = np.add.reduceat(lon, starts) / counts
    shift = -360.0 * np.round((middle - lon0) / 360.0)
    lon += np.repeat(shift, counts)
    south = np.add.reduceat(outlines.latitude.astype(np.float64), starts) / counts
    return lon, (np.abs(middle + shift - lon0) < 180.0) & (south > -62.0)


def extent_window(x: Floats, y: Floats, width: int, height: int) -> Window:
    """A view that shows nearly all of these positions (outliers beyond 0.5 % are left out), with some air."""
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any() or width < 2 or height < 2:
        return Window(0.0, 0.0, 0.03, max(width, 1), max(height, 1))
    few = known.sum() < 200
    west, east = np.quantile(x[known], [0.0, 1.0] if few else [0.005, 0.995])
    south, north = np.quantile(y[known], [0.0, 1.0] if few else [0.005, 0.995])
    scale = 0.88 * min(width / max(east - west, 20.0), height / max(north - south, 20.0))
    return Window(float(west + east) / 2, float(south + north) / 2, float(scale), width, height)
