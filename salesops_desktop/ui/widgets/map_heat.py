"""Where a measure is dense: values at points smoothed over the land around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.tokens import ThemeTokens, rgb
from salesops_desktop.ui.widgets.map_scene import Window
from salesops_desktop.ui.widgets.projection import Floats

Pixels = npt.NDArray[np.uint32]
Levels = npt.NDArray[np.uint8]
AREA_KM2: Final = 1000.0
"""Densities are told per this many square kilometres."""
_REACH: Final = 13.0
"""Logical pixels over which a point's value is spread (standard deviation)."""
_COARSE: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """What the heat shows.

    Attributes:
        values: a number per point, not negative; NaN counts as nothing.
        title: what it is, with its unit: "Potential per 1,000 km²".
        text: writes a density for the legend.
        cool: shown in cool colours instead of warm ones, so that two measures are not taken for one another.
    """

    values: Floats
    title: str
    text: Callable[[float], str]
    cool: bool = False

    def ramp(self, tokens: ThemeTokens) -> tuple[str, ...]:
        """The colours from little to much."""
        middle = len(tokens.diverging) // 2
        return tokens.diverging[middle:] if self.cool else tokens.diverging[middle::-1]


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """A view's heat.

    Attributes:
        levels: 0 (nothing) to 255 (densest) per pixel, height × width; the square root of the density's share.
        densest: the density at 255, per ``AREA_KM2``.
    """

    levels: Levels
    densest: float

    def colors(self, ramp: Sequence[str]) -> Pixels:
        """The colour of each of the 256 levels."""
        stops = np.array([rgb(color) for color in ramp], dtype=np.float64)
        at = np.linspace(0, len(ramp) - 1, 256)
        red, green, blue = (np.interp(at, np.arange(len(ramp)), stops[:, i]).astype(np.uint32) for i in range(3))
        made: Pixels = (np.uint32(0xFF000000) | red << 16 | green << 8 | blue).astype(np.uint32)
        return made


def spread(x: Floats, y: Floats, values: Floats, window: Window, ratio: float) -> Heat:
    """Smooth values at points into a picture of densities. The plane must keep areas true.

    Args:
        x: kilometres on the plane; NaN for points without a place.
        y: the same.
        values: what each point has.
        window: the view in device pixels.
        ratio: device pixels per logical pixel.
    """
    from scipy import ndimage  # noqa: PLC0415  # heavy, and only where heat is shown

    step = max(1, round(_COARSE * ratio))
    margin = int(3 * _REACH * ratio / step) + 2
    width, height = -(-window.width // step) + 2 * margin, -(-window.height // step) + 2 * margin
    with np.errstate(invalid="ignore"):
        left, top = window.to_screen(x, y)
        column, line = np.floor(left / step) + margin, np.floor(top / step) + margin
        seen = (column >= 0) & (line >= 0) & (column < width) & (line < height) & (values > 0)
    flat = (line[seen] * width + column[seen]).astype(np.int64)
    summed = np.bincount(flat, values[seen], width * height).reshape(height, width)
    soft = ndimage.gaussian_filter(summed, _REACH * ratio / step, mode="constant", truncate=3.0)
    inside = soft[margin:-margin, margin:-margin]
    densest = float(inside.max(initial=0.0))
    if densest <= 0:
        return Heat(np.zeros((window.height, window.width), dtype=np.uint8), 0.0)
    # The root: few places have most of it, and one wants to see the others, too.
    share = np.sqrt(np.clip(inside / densest, 0.0, 1.0))
    fine = ndimage.zoom(share, step, order=1, mode="nearest", grid_mode=True)[: window.height, : window.width]
    kilometres = step / window.scale
    return Heat(np.round(255 * fine).astype(np.uint8), densest / kilometres**2 * AREA_KM2)
