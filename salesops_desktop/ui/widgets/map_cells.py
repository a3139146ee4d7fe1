"""The land around points: each piece of land belongs to the nearest point that stands on the same land."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.ui.widgets.map_scene import Ints, Shapes, Window
from salesops_desktop.ui.widgets.projection import Floats

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Rows = npt.NDArray[np.int32]
NOWHERE: Final = -1
_RASTER: Final = 2048
"""Pixels along the longer side of the picture that tells which land a point stands on."""


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Points on the plane, sorted by the land they stand on.

    Attributes:
        trees: for each land number, the search tree of its points and their rows.
        land: the land number of each feature id of the id-buffer; ``NOWHERE`` for id 0 (water).
    """

    trees: dict[int, tuple[cKDTree, Rows]]
    land: Rows

    def cells(self, ids: npt.NDArray[np.uint32], window: Window) -> Rows:
        """The row of the point whose land each pixel is; ``NOWHERE`` on water and on lands without points.

        Args:
            ids: feature ids per pixel, height × width.
            window: the view they were drawn for.
        """
        found = np.full(ids.size, NOWHERE, dtype=np.int32)
        lands = self.land[np.minimum(ids.reshape(-1), len(self.land) - 1)]
        for land, (tree, rows) in self.trees.items():
            here = np.flatnonzero(lands == land)
            if len(here):
                left, top = (here % window.width).astype(np.float64), (here // window.width).astype(np.float64)
                x, y = window.to_plane_many(left + 0.5, top + 0.5)
                found[here] = rows[tree.query(np.column_stack([x, y]))[1]]
        return found.reshape(ids.shape)


def land_numbers(shapes: Sequence[Shapes]) -> Rows:
    """The number of the land of each feature id; ``NOWHERE`` for id 0."""
    numbers: dict[str, int] = {}
    found = [NOWHERE]
    for shape in shapes:
        found += [numbers.setdefault(name, len(numbers)) for name in shape.layer.land_names]
    return np.array(found, dtype=np.int32)


def find_sites(shapes: Sequence[Shapes], x: Floats, y: Floats, draw_ids: Any) -> Sites | None:
    """Sort points by the land they stand on; those in the sea (coasts are generalised) join their nearest neighbour.

    Args:
        shapes: the layers.
        x: kilometres on the plane per point, NaN where not known.
        y: the same.
        draw_ids: draws the id-buffer of a window: ``(shapes, window) -> ids``.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415  # heavy, and only where land is coloured

    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y)).astype(np.int32)
    if not len(known) or not shapes:
        return None
    px, py = x[known], y[known]
    land = land_numbers(shapes)
    wide, high = max(np.ptp(px), 50.0) * 1.02, max(np.ptp(py), 50.0) * 1.02
    scale = _RASTER / max(wide, high)
    window = Window((px.min() + px.max()) / 2, (py.min() + py.max()) / 2, float(scale), int(wide * scale) + 2,
                    int(high * scale) + 2)  # fmt: skip
    ids = draw_ids(shapes, window)
    left, top = window.to_screen(px, py)
    at = (np.clip(top.astype(np.int64), 0, window.height - 1), np.clip(left.astype(np.int64), 0, window.width - 1))
    standing = land[np.minimum(ids[at], len(land) - 1)]
    ashore = standing != NOWHERE
    if not ashore.any():
        return None
    if not ashore.all():
        tree = cKDTree(np.column_stack([px[ashore], py[ashore]]))
        nearest = tree.query(np.column_stack([px[~ashore], py[~ashore]]))[1]
        standing[~ashore] = standing[ashore][nearest]
    trees: dict[int, tuple[cKDTree, Rows]] = {}
    for number in np.unique(standing).tolist():
        members = np.flatnonzero(standing == number)
        trees[number] = (cKDTree(np.column_stack([px[members], py[members]])), known[members])
    return Sites(trees, land)


def neighbours(groups: npt.NDArray[np.integer[Any]], count: int) -> npt.NDArray[np.bool_]:
    """Which groups touch in a picture of group numbers (-1 for none), [count, count]."""
    touching = np.zeros((count, count), dtype=np.bool_)
    for one, other in ((groups[:, 1:], groups[:, :-1]), (groups[1:], groups[:-1])):
        edge = (one != other) & (one >= 0) & (other >= 0)
        touching[one[edge], other[edge]] = True
    return touching | touching.T


def group_of_cells(cells: Rows, group: Ints) -> Rows:
    """The group of each pixel's point; -1 for none."""
    lookup = np.append(group, NOWHERE).astype(np.int32)  # row -1 finds the last
    found: Rows = lookup[cells]
    return found
