"""Colours for groups on a map: neighbours are far apart to the eye, and all colours get their turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.tokens import rgb

Floats = npt.NDArray[np.float64]
Touching = npt.NDArray[np.bool_]
_ENOUGH: Final = 28.0
"""A difference (CIE 1976 ΔE) beyond which two colours are told apart at a glance; more is not better."""
_SECOND: Final = 0.35
"""What a neighbour's neighbour counts."""


def color_groups(touching: Touching, palette: Sequence[str]) -> npt.NDArray[np.int64]:
    """A colour number per group, the most constrained group first (DSATUR, Brélaz 1979).

    Args:
        touching: which groups are neighbours, [k, k], symmetric.
        palette: the colours, ``#RRGGBB``.
    """
    count = len(touching)
    contrast = np.minimum(differences(palette), _ENOUGH) / _ENOUGH
    chosen = np.full(count, -1, dtype=np.int64)
    used = np.zeros(len(palette))
    links = touching.copy()
    np.fill_diagonal(links, 0)
    second = (links.astype(np.float32) @ links.astype(np.float32) > 0) & ~links
    np.fill_diagonal(second, 0)
    degree = links.sum(axis=1)
    kinds = np.zeros((count, len(palette)), dtype=np.bool_)
    open_ = np.ones(count, dtype=np.bool_)
    for _ in range(count):
        rank = np.where(open_, kinds.sum(axis=1) * (count + 1.0) + degree, -1.0)
        group = int(np.argmax(rank))
        around, beyond = chosen[links[group]], chosen[second[group]]
        close = _closest(contrast, around[around >= 0])
        far = _closest(contrast, beyond[beyond >= 0])
        score = close + _SECOND * far - 0.02 * used * len(palette) / (count + 1.0)
        color = int(np.argmax(np.round(score, 6)))
        chosen[group] = color
        used[color] += 1
        open_[group] = False
        kinds[links[group], color] = True
    return chosen


def _closest(contrast: Floats, colors: npt.NDArray[np.int64]) -> Floats:
    """For each colour of the palette, how well it is told from the closest of some colours; 1 is well."""
    if not len(colors):
        return np.ones(len(contrast))
    nearest: Floats = contrast[:, colors].min(axis=1)
    return nearest


def differences(palette: Sequence[str]) -> Floats:
    """How far colours lie apart in CIELAB (ΔE 1976), [n, n]."""
    lab = np.array([_lab(color) for color in palette])
    apart: Floats = np.sqrt(((lab[:, None] - lab[None]) ** 2).sum(axis=2))
    return apart


def _lab(color: str) -> tuple[float, float, float]:
    """CIELAB of an sRGB colour under D65 (IEC 61966-2-1)."""
    encoded = np.array(rgb(color)) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = matrix @ linear / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return float(116 * f[1] - 16), float(500 * (f[0] - f[1])), float(200 * (f[1] - f[2]))
