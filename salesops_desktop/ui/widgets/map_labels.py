"""Names on the map: each in the widest part of its group's land, none touching another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from salesops_desktop.model.tokens import ThemeTokens
from salesops_desktop.ui.widgets.map_scene import Ints, Window
from salesops_desktop.ui.widgets.projection import Floats

_STRIDE: Final = 2


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a group's name goes: position on the plane, the group, its weight, and half the room there in pixels."""

    x: float
    y: float
    group: int
    weight: float
    room: float


@dataclass(frozen=True, slots=True)
class Caption:
    """A text to place: position on the plane, words, and weight (heavier ones are placed first)."""

    x: float
    y: float
    text: str
    weight: float


def find_anchors(groups: npt.NDArray[np.int32], window: Window, ratio: float) -> list[Anchor]:
    """The point of each group's land in sight that is farthest from its border.

    Args:
        groups: group number per pixel, -1 for none, height × width.
        window: the view in device pixels.
        ratio: device pixels per logical pixel.
    """
    from scipy import ndimage  # noqa: PLC0415  # heavy, and only where names are shown

    small = groups[::_STRIDE, ::_STRIDE]
    if not small.size or small.max(initial=-1) < 0:
        return []
    inner = np.zeros((small.shape[0] + 2, small.shape[1] + 2), dtype=np.bool_)
    body = small >= 0
    body[:, 1:] &= small[:, 1:] == small[:, :-1]
    body[1:] &= small[1:] == small[:-1]
    inner[1:-1, 1:-1] = body
    depth = ndimage.distance_transform_edt(inner)[1:-1, 1:-1].reshape(-1)
    flat = small.reshape(-1)
    order = np.lexsort((depth, flat))
    last = np.flatnonzero(np.append(np.diff(flat[order]) > 0, True))
    sizes = np.bincount(flat[flat >= 0])
    made = []
    for place in order[last].tolist():
        group = int(flat[place])
        if group >= 0:
            row, column = divmod(place, small.shape[1])
            x, y = window.to_plane(column * _STRIDE + 0.5, row * _STRIDE + 0.5)
            made.append(Anchor(x, y, group, float(sizes[group]), float(depth[place]) * _STRIDE / ratio))
    return made


def points_anchors(x: Floats, y: Floats, group: Ints, window: Window) -> list[Anchor]:
    """Where there is no coloured land: each name at the point in sight nearest to its group's middle."""
    with np.errstate(invalid="ignore"):
        left, top = window.to_screen(x, y)
        rows = np.flatnonzero((left > 0) & (top > 0) & (left < window.width) & (top < window.height) & (group >= 0))
    made = []
    for number in np.unique(group[rows]).tolist():
        mine = rows[group[rows] == number]
        best = mine[np.argmin(np.hypot(x[mine] - np.median(x[mine]), y[mine] - np.median(y[mine])))]
        made.append(Anchor(float(x[best]), float(y[best]), int(number), float(len(mine)), 40.0))
    return made


def captions_of(anchors: Sequence[Anchor], names: Sequence[str]) -> list[Caption]:
    """The names at their anchors."""
    return [Caption(a.x, a.y, names[a.group], a.weight) for a in anchors if a.group < len(names)]


@dataclass(frozen=True, slots=True)
class Placed:
    """A text and its box in logical pixels."""

    text: str
    box: QRectF


def place_captions(
    captions: Sequence[Caption], window: Window, font: QFont, taken: Sequence[QRectF] = ()
) -> list[Placed]:
    """Find room for those texts that fit without touching one another or ``taken``.

    Each is tried in one line and in two, at its place and a little above and below. ``window`` in logical pixels.
    """
    metrics = QFontMetricsF(font)
    placed: list[Placed] = []
    boxes = list(taken)
    view = QRectF(0, 0, window.width, window.height)
    for caption in sorted(captions, key=lambda c: -c.weight):
        left = (caption.x - window.x) * window.scale + window.width / 2
        top = (window.y - caption.y) * window.scale + window.height / 2
        if not view.contains(left, top):
            continue
        found = _free_place(caption.text, QPointF(left, top), metrics, boxes, view)
        if found is not None:
            boxes.append(found[1])
            placed.append(Placed(*found))
    return placed


def draw_captions(painter: QPainter, placed: Sequence[Placed], font: QFont, tokens: ThemeTokens) -> None:
    """Draw texts in their boxes."""
    ratio = painter.device().devicePixelRatio()
    name, halo, ink = font.toString(), tokens.color("map_halo"), tokens.color("map_text")
    for each in placed:
        painter.drawImage(each.box.topLeft(), _caption_picture(each.text, name, ratio, halo, ink))


def _free_place(
    text: str, middle: QPointF, metrics: QFontMetricsF, boxes: Sequence[QRectF], view: QRectF
) -> tuple[str, QRectF] | None:
    for lines in _folds(text):
        width = max(metrics.horizontalAdvance(line) for line in lines) + 6
        height = len(lines) * metrics.height() + 2
        for lift in (0.0, -0.7, 0.7, -1.4, 1.4):
            box = QRectF(middle.x() - width / 2, middle.y() - height / 2 + lift * metrics.height(), width, height)
            if view.contains(box) and not any(box.intersects(other) for other in boxes):
                return "\n".join(lines), box
    return None


def _folds(text: str) -> list[list[str]]:
    """The text in one line, and in two about equal ones where it has a space."""
    words = text.split(" ")
    if len(words) < 2 or len(text) < 8:  # shorter ones gain nothing
        return [[text]]
    cut = min(range(1, len(words)), key=lambda i: abs(len(" ".join(words[:i])) - len(" ".join(words[i:]))))
    return [[text], [" ".join(words[:cut]), " ".join(words[cut:])]]


@lru_cache(maxsize=1024)
def _caption_picture(text: str, font_name: str, ratio: float, ground: str, ink: str) -> QImage:
    """A caption with a halo, drawn once: stroking letters is too slow for every frame of a drag."""
    font = QFont()
    font.fromString(font_name)
    metrics = QFontMetricsF(font)
    lines = text.split("\n")
    width = max(metrics.horizontalAdvance(line) for line in lines) + 6
    height = len(lines) * metrics.height() + 2
    picture = QImage(int(width * ratio) + 1, int(height * ratio) + 1, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    for i, line in enumerate(lines):
        inset = (width - metrics.horizontalAdvance(line)) / 2
        path.addText(inset, 1 + metrics.ascent() + i * metrics.height(), font, line)
    halo = QColor(ground)
    halo.setAlpha(215)
    pen = QPen(halo, 3.6)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, pen)
    painter.fillPath(path, QColor(ink))
    painter.end()
    return picture
