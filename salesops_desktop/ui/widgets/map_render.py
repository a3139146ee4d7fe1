"""Drawing the map into pictures: what depends on the view once per view, colours by look-up whenever they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from salesops_desktop.model.tokens import ThemeTokens, rgb
from salesops_desktop.ui.widgets.map_cells import Rows, Sites, find_sites, group_of_cells, neighbours
from salesops_desktop.ui.widgets.map_coloring import color_groups
from salesops_desktop.ui.widgets.map_dots import Discs, place_discs
from salesops_desktop.ui.widgets.map_heat import Heat, spread
from salesops_desktop.ui.widgets.map_labels import Anchor, find_anchors, points_anchors
from salesops_desktop.ui.widgets.map_scene import Ints, Shapes, Window, extent_window
from salesops_desktop.ui.widgets.projection import Floats

Pixels = npt.NDArray[np.uint32]
_COLORING: Final = 600
"""Pixels along the picture in which neighbours are looked for."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The part of the picture that depends on the view only.

    Attributes:
        window: the view, in device pixels.
        ids: which feature each pixel belongs to (id of the id-buffer, 0 for none).
        lines: the borders, on a transparent ground.
    """

    window: Window
    ids: Pixels
    lines: QImage


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a plate is drawn of. All arrays are per point.

    Attributes:
        shapes: the layers on the plane, bottom first.
        x: kilometres; NaN for points without a place.
        y: kilometres.
        group: group numbers, -1 for none.
        size: nominal diameters in logical pixels.
        groups: how many groups there are.
        colors: the colour number per group, or None to have them found.
        fill: whether the land around points gets their colour.
        heat: values to be shown as heat, or None.
        areas: the group of each feature id where features are in groups, else None.
    """

    shapes: tuple[Shapes, ...]
    x: Floats
    y: Floats
    group: Ints
    size: Floats
    groups: int
    colors: Ints | None
    fill: bool
    heat: Floats | None
    areas: Ints | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """A view, drawn but for its colours."""

    ground: Ground
    scene: Scene
    theme: str
    sites: Sites | None = None
    cells: Rows | None = None
    discs: Discs | None = None
    heat: Heat | None = None
    anchors: Sequence[Anchor] = ()
    colors: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The colours of a plate, each 0xffRRGGBB.

    Attributes:
        features: by feature id.
        land: by group, for the land around points; the last one is of land whose point is in no group.
        edge: of the border between groups.
        group: by point.
        cores: by point.
        rims: by point.
        levels: by level of heat, or None where there is none.
        shown: by point, whether its disc is painted; None for all.
        areas: group by feature id where features are in groups.
    """

    features: Pixels
    land: Pixels
    edge: int
    group: Ints
    cores: Pixels
    rims: Pixels
    levels: Pixels | None = None
    shown: npt.NDArray[np.bool_] | None = None
    areas: Ints | None = None


def argb(color: str) -> int:
    """``#RRGGBB`` as an opaque 0xAARRGGBB."""
    red, green, blue = rgb(color)
    return 0xFF000000 | red << 16 | green << 8 | blue


def blend(color: str, under: str, share: float) -> int:
    """A share of ``color`` on ``under``, as 0xAARRGGBB."""
    parts = [round(share * a + (1 - share) * b) for a, b in zip(rgb(color), rgb(under), strict=True)]
    return 0xFF000000 | parts[0] << 16 | parts[1] << 8 | parts[2]


def draw_plate(scene: Scene, window: Window, ratio: float, tokens: ThemeTokens, old: Plate | None = None) -> Plate:
    """Draw all that is not colour; may run on any thread.

    Args:
        scene: what there is.
        window: the view in device pixels.
        ratio: device pixels per logical pixel.
        tokens: the theme.
        old: the plate shown before; what is the same is taken from it.
    """
    kept = old if old is not None and old.theme == tokens.name and old.ground.window == window else None
    if kept is not None and kept.scene.shapes is not scene.shapes:
        kept = None
    ground = kept.ground if kept is not None else draw_ground(scene.shapes, window, ratio, tokens)
    if not len(scene.x):
        anchors = anchors_of(scene, None, window, ratio, ground)
        return Plate(ground, scene, tokens.name, anchors=anchors, colors=_colors(scene, None, tokens))
    sites = old.sites if old is not None and _same_places(old.scene, scene) else None
    if scene.fill and scene.areas is None and sites is None:
        sites = find_sites(scene.shapes, scene.x, scene.y, draw_ids)
    if kept is not None and not _same_places(kept.scene, scene):
        kept = None
    same_fill = (
        kept is not None and kept.scene.fill == scene.fill and (kept.scene.areas is None) == (scene.areas is None)
    )
    cells = kept.cells if kept is not None and same_fill else _cells(scene, sites, ground)
    heat = kept.heat if kept is not None and kept.scene.heat is scene.heat else None
    if heat is None and scene.heat is not None:
        heat = spread(scene.x, scene.y, scene.heat, window, ratio)
    discs = kept.discs if kept is not None and kept.scene.size is scene.size else None
    if discs is None:
        discs = place_discs(scene.x, scene.y, scene.size, window, ratio)
    anchors = anchors_of(scene, cells, window, ratio, ground)
    return Plate(ground, scene, tokens.name, sites, cells, discs, heat, anchors, _colors(scene, sites, tokens))


def _same_places(one: Scene, other: Scene) -> bool:
    return one.x is other.x and one.y is other.y and one.shapes is other.shapes


def _cells(scene: Scene, sites: Sites | None, ground: Ground) -> Rows | None:
    wanted = scene.fill and scene.areas is None
    return sites.cells(ground.ids, ground.window) if wanted and sites is not None else None


def anchors_of(scene: Scene, cells: Rows | None, window: Window, ratio: float, ground: Ground) -> Sequence[Anchor]:
    """Where the groups' names go; may run on any thread."""
    if scene.areas is not None:
        return find_anchors(scene.areas[ground.ids].astype(np.int32), window, ratio)
    if cells is not None:
        return find_anchors(group_of_cells(cells, scene.group), window, ratio)
    return points_anchors(scene.x, scene.y, scene.group, window)


def _colors(scene: Scene, sites: Sites | None, tokens: ThemeTokens) -> Ints:
    """The given colours, or such that groups with a common border are told apart, whatever is in sight."""
    if scene.colors is not None:
        return scene.colors
    if scene.areas is not None:
        shapes = [each for each in scene.shapes if each.layer.role == "areas"]
        x, y = np.concatenate([each.x for each in shapes]), np.concatenate([each.y for each in shapes])
        whole = extent_window(x, y, _COLORING, _COLORING)
        groups = scene.areas[draw_ids(scene.shapes, whole)].astype(np.int32)
    elif sites is not None:
        whole = extent_window(scene.x, scene.y, _COLORING, _COLORING)
        groups = group_of_cells(sites.cells(draw_ids(scene.shapes, whole), whole), scene.group)
    else:
        return np.arange(scene.groups, dtype=np.int64) % len(tokens.palette)
    return color_groups(neighbours(groups, scene.groups), tokens.palette)


def draw_ground(shapes: Sequence[Shapes], window: Window, ratio: float, tokens: ThemeTokens) -> Ground:
    """Draw id-buffer and borders; may run on any thread.

    Args:
        shapes: the layers, bottom first.
        window: the view in device pixels.
        ratio: device pixels per logical pixel.
        tokens: the theme.
    """
    lines = QImage(window.width, window.height, QImage.Format.Format_ARGB32_Premultiplied)
    lines.fill(Qt.GlobalColor.transparent)
    painter = _painter(lines, window, smooth=True)
    for place, shape in enumerate(shapes):
        strong = shape.layer.role == "lines" or (place == 0 and len(shapes) > 1)
        role = "map_border_strong" if strong else "map_border"
        pen = QPen(QColor(tokens.color(role)), (1.2 if strong else 0.7) * ratio)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for _, path in _paths_in_sight(shape, window):
            painter.drawPath(path)
    painter.end()
    return Ground(window, draw_ids(shapes, window), lines)


def draw_ids(shapes: Sequence[Shapes], window: Window) -> Pixels:
    """Which feature each pixel belongs to, 0 for none; later layers lie on top."""
    ids = QImage(window.width, window.height, QImage.Format.Format_RGB32)
    ids.fill(0xFF000000)
    painter = _painter(ids, window, smooth=False)
    for shape in shapes:
        if shape.layer.role != "lines":
            for place, path in _paths_in_sight(shape, window):
                painter.fillPath(path, QColor.fromRgb(0xFF000000 | (shape.first_id + place)))
    painter.end()
    return pixels(ids) & np.uint32(0x00FFFFFF)


def _paths_in_sight(shape: Shapes, window: Window) -> list[tuple[int, QPainterPath]]:
    half_width, half_height = window.width / 2 / window.scale, window.height / 2 / window.scale
    sight = QRectF(window.x - half_width, -window.y - half_height, 2 * half_width, 2 * half_height)
    return [(i, path) for i, path in enumerate(shape.paths()) if path.controlPointRect().intersects(sight)]


def _painter(image: QImage, window: Window, *, smooth: bool) -> QPainter:
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
    painter.translate(window.width / 2, window.height / 2)
    painter.scale(window.scale, window.scale)
    painter.translate(-window.x, window.y)
    return painter


def pixels(image: QImage) -> Pixels:
    """A copy of a 32-bit picture's pixels, height × width."""
    flat = np.frombuffer(image.constBits(), dtype=np.uint32)
    return flat.reshape(image.height(), image.bytesPerLine() // 4)[:, : image.width()].copy()


def compose(plate: Plate, look: Look, ratio: float) -> QImage:
    """The finished picture.

    Args:
        plate: the view.
        look: its colours.
        ratio: device pixels per logical pixel.
    """
    ids, window = plate.ground.ids, plate.ground.window
    canvas = np.ascontiguousarray(look.features[np.minimum(ids, len(look.features) - 1)])
    groups = served = None
    if look.areas is not None:
        groups = look.areas.astype(np.int16)[ids]
        served = groups >= 0
    elif plate.cells is not None:
        # One group more for points in none; row -1, nobody's land, finds it, too.
        groups = np.append(look.group, -1).astype(np.int16)[plate.cells]
        served = plate.cells >= 0
    if plate.heat is not None and look.levels is not None:
        np.copyto(canvas, look.levels[plate.heat.levels], where=(ids > 0) & (plate.heat.levels > 0))
    elif groups is not None and served is not None:
        np.copyto(canvas, look.land[groups], where=served)
    if groups is not None and served is not None:
        _draw_edges(canvas, groups, served, look.edge)
    image = QImage(canvas.data, window.width, window.height, 4 * window.width, QImage.Format.Format_RGB32).copy()
    painter = QPainter(image)
    painter.drawImage(0, 0, plate.ground.lines)
    painter.end()
    if plate.discs is not None and len(plate.discs.at):
        canvas = pixels(image)
        discs = plate.discs if look.shown is None else plate.discs.only(look.shown)
        discs.paint(canvas, look.cores, look.rims)
        image = QImage(canvas.data, window.width, window.height, 4 * window.width, QImage.Format.Format_RGB32).copy()
    image.setDevicePixelRatio(ratio)
    return image


def _draw_edges(canvas: Pixels, groups: npt.NDArray[np.int16], served: npt.NDArray[np.bool_], color: int) -> None:
    """Draw the borders between groups, one pixel wide."""
    edge = np.zeros(served.shape, dtype=np.bool_)
    edge[:, 1:] |= (groups[:, 1:] != groups[:, :-1]) & served[:, 1:] & served[:, :-1]
    edge[1:] |= (groups[1:] != groups[:-1]) & served[1:] & served[:-1]
    canvas[edge] = color
