"""Points as discs: which pixel belongs to which, drawn once per view; colours are looked up afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.ui.widgets.map_scene import Ints, Window
from salesops_desktop.ui.widgets.projection import Floats

Pixels = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.int32]
Shares = npt.NDArray[np.uint16]
RIM: Final = 1.2
"""Width in logical pixels of the ring that sets a disc off from what is under it."""
_ROOM: Final = 13.0
"""Pixels of its own per point at which discs have their nominal size."""


@dataclass(frozen=True, slots=True, eq=False)
class Discs:
    """The pixels of all discs, those wholly covered first.

    Attributes:
        at: flat pixel numbers, [m].
        row: the point on top there, [m].
        core: how much of the pixel the disc covers, 0 to 256, [m].
        rim: how much of the pixel disc and ring cover, 0 to 256, [m].
        where: the point each pixel belongs to (-1 for none), height × width.
        factor: by how much the discs are larger than their nominal size.
        solid: how many pixels are wholly covered.
    """

    at: Ints
    row: Rows
    core: Shares
    rim: Shares
    where: Rows
    factor: float
    solid: int

    def only(self, wanted: npt.NDArray[np.bool_]) -> Discs:
        """The discs of some points; which pixel belongs to which stays.

        Args:
            wanted: by point.
        """
        kept = wanted[self.row]
        solid = int(kept[: self.solid].sum())
        at, row, core, rim = self.at[kept], self.row[kept], self.core[kept], self.rim[kept]
        return replace(self, at=at, row=row, core=core, rim=rim, solid=solid)

    def paint(self, canvas: Pixels, cores: Pixels, rims: Pixels) -> None:
        """Colour the discs onto a picture.

        Args:
            canvas: 0xffRRGGBB per pixel, height × width, contiguous; changed in place.
            cores: colour by row.
            rims: colour of the ring by row.
        """
        flat = canvas.reshape(-1)
        flat[self.at[: self.solid]] = cores[self.row[: self.solid]]
        at, row = self.at[self.solid :], self.row[self.solid :]
        ground = mixed(flat[at], rims[row], self.rim[self.solid :])
        flat[at] = mixed(ground, cores[row], self.core[self.solid :])


def mixed(under: Pixels, over: Pixels, share: Shares) -> Pixels:
    """``over`` laid on ``under`` with a share of 0 to 256 per pixel; opaque."""
    part = share.astype(np.uint32)
    rest = np.uint32(256) - part
    red_blue = ((under & 0xFF00FF) * rest + (over & 0xFF00FF) * part) >> 8 & 0xFF00FF
    green = ((under & 0x00FF00) * rest + (over & 0x00FF00) * part) >> 8 & 0x00FF00
    result: Pixels = np.uint32(0xFF000000) | red_blue | green
    return result


def crowding(window: Window, count: int, ratio: float) -> float:
    """By how much discs shrink in a crowd and grow in solitude, so that they neither hide the map nor get lost in it.

    Args:
        window: the view in device pixels.
        count: how many points are in sight.
        ratio: device pixels per logical pixel.
    """
    room = np.sqrt(window.width * window.height / max(count, 1)) / ratio
    return float(np.clip((room / _ROOM) ** 0.5, 0.55, 1.5))


def place_discs(x: Floats, y: Floats, size: Floats, window: Window, ratio: float) -> Discs:
    """Find the pixels of all discs; smaller ones lie on top of larger ones, later ones on top of earlier ones.

    Args:
        x: kilometres on the plane; NaN for points without a place.
        y: the same.
        size: nominal diameter in logical pixels.
        window: the view in device pixels.
        ratio: device pixels per logical pixel.
    """
    with np.errstate(invalid="ignore"):
        left, top = window.to_screen(x, y)
        seen = (left > -20) & (top > -20) & (left < window.width + 20) & (top < window.height + 20)
    rows = np.flatnonzero(seen)
    factor = crowding(window, len(rows), ratio)
    radius = size[rows] / 2 * ratio * factor
    order = np.lexsort((rows, -radius))
    rows, radius = rows[order].astype(np.int32), np.maximum(radius[order], 1.1 * ratio)
    left, top = left[rows], top[rows]
    rank = np.full(window.width * window.height, -1, dtype=np.int32)
    _stamp(rank, left, top, radius + RIM * ratio, window)
    at = np.flatnonzero(rank >= 0)
    winner = rank[at]
    away = np.hypot(at % window.width + 0.5 - left[winner], at // window.width + 0.5 - top[winner])
    core = _covered(radius[winner], away)
    rim = _covered(radius[winner] + RIM * ratio, away)
    where = np.full(len(rank), -1, dtype=np.int32)
    grasped = away <= radius[winner] + RIM * ratio
    where[at[grasped]] = rows[winner[grasped]]
    full = core >= 256
    solid_first = np.concatenate([np.flatnonzero(full), np.flatnonzero(~full)])
    return Discs(
        at[solid_first], rows[winner[solid_first]].astype(np.int32), core[solid_first], rim[solid_first],
        where.reshape(window.height, window.width), factor, int(full.sum()),
    )  # fmt: skip


def _stamp(rank: Rows, left: Floats, top: Floats, reach: Floats, window: Window) -> None:
    """Write the highest place in the order of drawing that reaches each pixel."""
    column, line = np.floor(left).astype(np.int64), np.floor(top).astype(np.int64)
    steps = np.ceil(reach).astype(np.int64)
    for step in np.unique(steps).tolist():
        members = np.flatnonzero(steps == step).astype(np.int32)
        for dy in range(-step, step + 1):
            for dx in range(-step, step + 1):
                if max(abs(dx) - 1, 0) ** 2 + max(abs(dy) - 1, 0) ** 2 > step * step:
                    continue
                px, py = column[members] + dx, line[members] + dy
                near = np.hypot(px + 0.5 - left[members], py + 0.5 - top[members]) <= reach[members] + 0.5
                near &= (px >= 0) & (py >= 0) & (px < window.width) & (py < window.height)
                mine = members[near]
                at = py[near] * window.width + px[near]
                higher = rank[at] < mine
                rank[at[higher]] = mine[higher]  # members ascend: of several the last, the highest, stays


def _covered(radius: Floats, away: Floats) -> Shares:
    covered: Shares = np.round(256 * np.clip(radius - away + 0.5, 0.0, 1.0)).astype(np.uint16)
    return covered
