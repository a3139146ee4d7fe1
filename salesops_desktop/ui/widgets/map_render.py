"""Drawing the map into pictures: ids and lines once per view, colours and points whenever they change."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from salesops_desktop.model.tokens import ThemeTokens, rgb
from salesops_desktop.ui.widgets.map_scene import Ints, Shapes, Window
from salesops_desktop.ui.widgets.projection import Floats

_ROUNDS = 6

Pixels = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]


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


@dataclass(frozen=True, slots=True)
class Dots:
    """Points ready for drawing, in the order of drawing.

    Attributes:
        x: kilometres on the plane.
        y: kilometres on the plane.
        color: 0xAARRGGBB per point.
        size: diameter in logical pixels.
        selected: which are marked.
    """

    x: Floats
    y: Floats
    color: Pixels
    size: Floats
    selected: Mask


def argb(color: str) -> int:
    """``#RRGGBB`` as an opaque 0xAARRGGBB."""
    red, green, blue = rgb(color)
    return 0xFF000000 | red << 16 | green << 8 | blue


def draw_ground(shapes: Sequence[Shapes], window: Window, ratio: float, tokens: ThemeTokens) -> Ground:
    """Draw id-buffer and borders; may run on any thread.

    Args:
        shapes: the layers, bottom first.
        window: the view in device pixels.
        ratio: device pixels per logical pixel.
        tokens: the theme.
    """
    ids = QImage(window.width, window.height, QImage.Format.Format_RGB32)
    ids.fill(0xFF000000)
    lines = QImage(window.width, window.height, QImage.Format.Format_ARGB32_Premultiplied)
    lines.fill(Qt.GlobalColor.transparent)
    on_ids, on_lines = _painter(ids, window, smooth=False), _painter(lines, window, smooth=True)
    for shape in shapes:
        strong = shape.layer.role == "lines"
        pen = QPen(QColor(tokens.color("map_border_strong" if strong else "map_border")), 1.1 if strong else 0.7)
        pen.setWidthF(pen.widthF() * ratio)
        pen.setCosmetic(True)
        on_lines.setPen(pen)
        for place, path in _paths_in_sight(shape, window):
            if shape.layer.role != "lines":
                on_ids.fillPath(path, QColor.fromRgb(0xFF000000 | (shape.first_id + place)))
            on_lines.drawPath(path)
    on_ids.end()
    on_lines.end()
    return Ground(window, pixels(ids) & np.uint32(0x00FFFFFF), lines)


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


def compose(ground: Ground, fills: Pixels, dots: Dots | None, ratio: float, tokens: ThemeTokens) -> tuple[QImage, Ints]:
    """The finished picture and the buffer that tells which point is where.

    Args:
        ground: ids and borders.
        fills: colour by id.
        dots: the points, or None.
        ratio: device pixels per logical pixel.
        tokens: the theme.

    Returns:
        The picture, and per pixel the row of the point there (-1 for none).
    """
    window = ground.window
    canvas = np.ascontiguousarray(fills[np.minimum(ground.ids, len(fills) - 1)])
    image = QImage(canvas.data, window.width, window.height, 4 * window.width, QImage.Format.Format_RGB32).copy()
    painter = QPainter(image)
    painter.drawImage(0, 0, ground.lines)
    painter.end()
    where = np.full((window.height, window.width), -1, dtype=np.int64)
    if dots is not None and len(dots.x):
        canvas = pixels(image)
        _stamp_all(canvas, where, dots, window, ratio, tokens)
        image = QImage(canvas.data, window.width, window.height, 4 * window.width, QImage.Format.Format_RGB32).copy()
    image.setDevicePixelRatio(ratio)
    return image, where


def _stamp_all(canvas: Pixels, where: Ints, dots: Dots, window: Window, ratio: float, tokens: ThemeTokens) -> None:
    left, top = window.to_screen(dots.x, dots.y)
    radius = np.maximum(1, np.round(dots.size * ratio / 2)).astype(np.int64)
    margin = int(radius.max()) + 4
    inside = (left >= margin) & (top >= margin) & (left < window.width - margin) & (top < window.height - margin)
    rim = np.uint32(argb(tokens.color("map_land")))
    ring = np.uint32(argb(tokens.color("text")))
    for marked, size, rows in _batches(radius, inside, dots.selected):
        x, y = left[rows].astype(np.int64), top[rows].astype(np.int64)
        if marked:
            _stamp(canvas, x, y, size + 2 + round(ratio), ring)
        _stamp(canvas, x, y, size + 1, rim)
        _stamp(canvas, x, y, size, dots.color[rows])
        _stamp(where, x, y, size + 1, rows)


def _batches(radius: Ints, inside: Mask, selected: Mask) -> Iterator[tuple[bool, int, Ints]]:
    """Rows to stamp together. Several batches, so that rims separate most points from their neighbours."""
    for marked in (False, True):
        for size in np.unique(radius).tolist():
            rows = np.flatnonzero(inside & (radius == size) & (selected == marked))
            for part in range(_ROUNDS):
                if len(rows[part::_ROUNDS]):
                    yield marked, size, rows[part::_ROUNDS]


@lru_cache(maxsize=64)
def _disc(radius: int) -> tuple[tuple[int, int], ...]:
    reach = range(-radius, radius + 1)
    limit = (radius + 0.35) ** 2
    return tuple((dx, dy) for dy in reach for dx in reach if dx * dx + dy * dy <= limit)


def _stamp(target: npt.NDArray[Any], x: Ints, y: Ints, radius: int, value: Any) -> None:
    """Write ``value`` into a disc around each position; later positions lie on top."""
    flat, width = target.reshape(-1), target.shape[1]
    at = y * width + x
    for dx, dy in _disc(radius):
        flat[at + (dy * width + dx)] = value


@dataclass(frozen=True, slots=True)
class Caption:
    """A text to place: position on the plane, words, and weight (heavier ones are placed first)."""

    x: float
    y: float
    text: str
    weight: float


def draw_captions(
    painter: QPainter, captions: Sequence[Caption], window: Window, font: QFont, tokens: ThemeTokens
) -> list[QRectF]:
    """Draw those texts that fit without touching one another; returns their boxes. ``window`` in logical pixels."""
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    taken: list[QRectF] = []
    for caption in sorted(captions, key=lambda c: -c.weight):
        left = (caption.x - window.x) * window.scale + window.width / 2
        top = (window.y - caption.y) * window.scale + window.height / 2
        if not (0 <= left < window.width and 0 <= top < window.height):
            continue
        width, height = metrics.horizontalAdvance(caption.text), metrics.height()
        box = QRectF(left - width / 2 - 3, top - height / 2 - 1, width + 6, height + 2)
        if any(box.intersects(other) for other in taken):
            continue
        taken.append(box)
        ratio = painter.device().devicePixelRatio()
        picture = _caption_picture(caption.text, font.toString(), ratio, tokens.color("map_land"), tokens.color("text"))
        painter.drawImage(box.topLeft(), picture)
    return taken


@lru_cache(maxsize=1024)
def _caption_picture(text: str, font_name: str, ratio: float, ground: str, ink: str) -> QImage:
    """A caption with a halo, drawn once: stroking letters is too slow for every frame of a drag."""
    font = QFont()
    font.fromString(font_name)
    metrics = QFontMetricsF(font)
    width, height = metrics.horizontalAdvance(text) + 6, metrics.height() + 2
    picture = QImage(int(width * ratio) + 1, int(height * ratio) + 1, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addText(3, 1 + metrics.ascent(), font, text)
    painter.strokePath(path, QPen(QColor(ground), 3.5))
    painter.fillPath(path, QColor(ink))
    painter.end()
    return picture


class Drawn(QObject):
    """Carries a finished ground from the worker thread to the window's."""

    ready = Signal(object, str)
    """The Ground, and the theme it was drawn for."""


def draw_on_thread(
    drawn: Drawn, shapes: Sequence[Shapes], window: Window, ratio: float, tokens: ThemeTokens
) -> threading.Thread:
    """Start to draw the ground on a thread of its own; ``drawn`` is told when it is done.

    A plain thread and not Qt's pool: the pool's destructor waits for its workers while it holds the interpreter.
    """

    def work() -> None:
        ground = draw_ground(shapes, window, ratio, tokens)
        with contextlib.suppress(RuntimeError):  # the map is gone
            drawn.ready.emit(ground, tokens.name)

    thread = threading.Thread(target=work, name="map-drawing", daemon=True)
    thread.start()
    return thread
