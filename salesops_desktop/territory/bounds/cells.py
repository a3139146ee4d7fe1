"""The cheapest place for a centre anywhere on the globe, to a proven precision.

A relaxation with free centres needs the least cost of a territory over *all* centres. The globe is cut into the six
faces of a cube, these into four, and so on where needed. Each cell has a lower bound for every centre inside it; the
cell with the lowest is cut first. Whatever the moment it ends, the lowest bound of the cells that are left is proven.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.kernels.bounds import RADIUS, price_cell
from salesops_desktop.territory.problem import Floats

ROUNDING = 1e-7
"""What is taken off every proven value, relative to the sums behind it: far more than floating point can lose."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Units with their prices.

    Attributes:
        vectors: positions on the unit sphere, [n, 3]; any for units of weight 0.
        weight: of the distance, [n]; 0 without a position.
        load: [n].
        price: [n].
    """

    vectors: Floats
    weight: Floats
    load: Floats
    price: Floats


@dataclass(frozen=True, slots=True)
class Cheapest:
    """The least cost over all centres, enclosed.

    Attributes:
        proven: no territory centred anywhere costs less, per pair of limits, [c].
        found: the cheapest found, [c].
        points: the centres where it nearly is so cheap, unit vectors, [m, 3].
        cells: how many cells were looked at.
    """

    proven: Floats
    found: Floats
    points: Floats
    cells: int


def cheapest_centre(
    units: Prices,
    low: Floats,
    high: Floats,
    *,
    precision: float,
    cells: int,
    floor: Floats | None = None,
    going: Callable[[], bool] = lambda: True,
) -> Cheapest:
    """The least cost of a territory whose load lies between ``low`` and ``high``, over all centres.

    Args:
        units: the units and their prices.
        low: one or more pairs of limits, [c].
        high: [c].
        precision: it may end when proven and found are as near as this.
        cells: how many cells to look at, at most.
        floor: where given, [c], every place that costs less is searched for, not only the cheapest.
        going: asked for every cell; False ends it early, with a weaker proof.
    """
    count = len(low)
    everyone = np.arange(len(units.load), dtype=np.int32)
    kept = np.empty(len(everyone), dtype=np.int32)
    found = np.full(count, np.inf)
    closed = np.full(count, np.inf)  # the lowest bound among the cells that will not be cut
    points: list[tuple[float, Floats]] = []
    heap: list[tuple[float, int, Floats, Floats, npt.NDArray[np.int32], tuple[int, int, float, float, float]]] = []
    seen = 0
    least = np.full(count, -np.inf)
    waiting = [(least, everyone, (axis, sign, 0.0, 0.0, 1.0)) for axis in range(3) for sign in (-1, 1)]
    while True:
        for parent, members, cell in waiting:
            centre, corners = _corners(cell)
            here, bound = np.empty(count), np.empty(count)
            many = price_cell(
                centre,
                corners,
                members,
                units.vectors,
                units.weight,
                units.load,
                units.price,
                low,
                high,
                found - precision if floor is None else floor,
                here,
                bound,
                kept,
            )
            seen += 1
            bound = np.maximum(bound, parent)
            points.append((float(here.min()), centre))
            found = np.minimum(found, here)
            reference = found if floor is None else floor
            heapq.heappush(heap, (float((bound - reference).min()), seen, bound, here, kept[:many].copy(), cell))
        waiting = []
        while heap and not waiting:
            _, _, bound, here, members, cell = heapq.heappop(heap)
            if (bound >= found - precision if floor is None else (bound >= floor) | (here - bound <= precision)).all():
                closed = np.minimum(closed, bound)
                continue
            if seen >= cells or not going():
                closed = np.minimum(closed, bound)
                for left in heap:
                    closed = np.minimum(closed, left[2])
                heap = []
                break
            axis, sign, x, y, half = cell
            half /= 2
            waiting = [
                (bound, members, (axis, sign, x + a * half, y + b * half, half)) for a, b in product((-1, 1), repeat=2)
            ]
        if not waiting:
            break
    worth = found + 4 * precision if floor is None else floor
    near = sorted((value, at) for at, (value, _) in enumerate(points) if value <= worth.max())
    best = np.array([points[at][1] for _, at in near[:400]]).reshape(-1, 3)
    scale = float(np.abs(units.price).sum() + 1.0)
    return Cheapest(np.minimum(closed, found) - ROUNDING * scale / len(everyone), found, best, seen)


def _corners(cell: tuple[int, int, float, float, float]) -> tuple[Floats, Floats]:
    """The middle of a cell of the cube, and the vectors in its tangent plane to the corners, km.

    Seen from the middle along great circles, every place of the cell lies within the polygon of these corners: their
    lengths are tangents of the angles, and arcs are shorter than their tangents.
    """
    axis, sign, x, y, half = cell
    square = np.array([[x, y], *((x + a * half, y + b * half) for a, b in ((-1, -1), (-1, 1), (1, 1), (1, -1)))])
    places = np.empty((5, 3))
    places[:, axis] = sign
    places[:, (axis + 1) % 3] = square[:, 0]
    places[:, (axis + 2) % 3] = square[:, 1]
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    centre = places[0]
    along = places[1:] @ centre
    return np.ascontiguousarray(centre), np.ascontiguousarray((places[1:] / along[:, None] - centre) * RADIUS)
