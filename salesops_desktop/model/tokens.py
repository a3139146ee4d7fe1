"""Design tokens: the one file of colours and sizes that the window, plots, maps and workbooks share."""

from __future__ import annotations

import colorsys
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salesops_desktop.model.resources import resource

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ThemeTokens:
    """The tokens of one theme.

    Attributes:
        name: ``light`` or ``dark``.
        colors: ``#RRGGBB`` by role (``text``, ``surface``, ``accent``, ``error`` ...).
        sequential: a ramp from little to much.
        diverging: a ramp from below to above with a neutral middle.
        palette: the twelve colours that tell categories apart.
        spacing: pixels by step (``xs`` .. ``xxl``).
        radius: pixels by step.
        type: factors of the body font size by role.
    """

    name: str
    colors: Mapping[str, str]
    sequential: tuple[str, ...]
    diverging: tuple[str, ...]
    palette: tuple[str, ...]
    spacing: Mapping[str, int]
    radius: Mapping[str, int]
    type: Mapping[str, float]

    def color(self, role: str) -> str:
        """The ``#RRGGBB`` of a role.

        Raises:
            KeyError: there is no such role.
        """
        return self.colors[role]

    def category(self, index: int) -> str:
        """The colour of category ``index``: twelve distinct ones, then lighter and darker rounds of the same."""
        cycle, place = divmod(index, len(self.palette))
        if cycle == 0:
            return self.palette[place]
        red, green, blue = rgb(self.palette[place])
        hue, light, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
        step = (cycle + 1) // 2 * (0.13 if cycle % 2 else -0.13)
        light = min(0.82, max(0.30, light + step))
        return "#{:02X}{:02X}{:02X}".format(*(round(c * 255) for c in colorsys.hls_to_rgb(hue, light, saturation)))

    def line_color(self, index: int) -> str:
        """The colour of category ``index`` for lines: moved away from the surface until it stands out (3:1)."""
        color, surface = self.category(index), self.colors["surface"]
        red, green, blue = (c / 255 for c in rgb(color))
        hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
        step = 0.02 if luminance(surface) < 0.5 else -0.02
        while contrast(color, surface) < 3 and 0 < light < 1:
            light += step
            channels = colorsys.hls_to_rgb(hue, min(max(light, 0.0), 1.0), saturation)
            color = "#{:02X}{:02X}{:02X}".format(*(round(c * 255) for c in channels))
        return color

    def categories(self, count: int) -> list[str]:
        """The first ``count`` category colours."""
        return [self.category(i) for i in range(count)]


def rgb(color: str) -> Rgb:
    """``#RRGGBB`` as three integers 0-255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def luminance(color: str) -> float:
    """Relative luminance 0-1 (WCAG 2.2, "relative luminance")."""
    parts = [c / 255 for c in rgb(color)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio 1-21 of two colours (WCAG 2.2, "contrast ratio")."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_on(color: str) -> str:
    """Black or white, whichever reads better on ``color``."""
    return max(("#FFFFFF", "#06080A"), key=lambda ink: contrast(ink, color))


@functools.cache
def load_tokens(theme: str = "light") -> ThemeTokens:
    """The tokens of ``light`` or ``dark``.

    Raises:
        KeyError: there is no such theme.
    """
    document: dict[str, Any] = json.loads(resource("themes", "tokens.json").read_text(encoding="utf-8"))
    part = document["themes"][theme]
    return ThemeTokens(
        theme,
        part["colors"],
        tuple(part["sequential"]),
        tuple(part["diverging"]),
        tuple(document["categorical"]),
        document["spacing"],
        document["radius"],
        document["type"],
    )
