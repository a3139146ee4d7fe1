"""Outlines of countries, states and counties, for the map."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.resources import resource

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
OutlineName = Literal["us_states", "us_counties", "provinces", "world", "world_coarse"]


@dataclass(frozen=True, slots=True)
class Outlines:
    """The rings of a set of features, end to end.

    Ring ``r`` is ``longitude[starts[r]:starts[r + 1]]`` (degrees, WGS 84), closed by joining its last point to its
    first, and belongs to feature ``feature[r]``. Holes are rings of the same feature: fill with the even-odd rule.

    Attributes:
        longitude: degrees east, one per point.
        latitude: degrees north, one per point.
        starts: the first point of each ring, and the number of points at the end; rings + 1.
        feature: each ring's feature.
        ids: each feature's id: FIPS code (states two digits, counties five), ISO 3166 number, ISO 3166-2 code
            (provinces).
        codes: the code people write: ``CA``, ``DE``; the id for counties and provinces (``CA-ON``).
        names: the name of each feature.
    """

    longitude: Floats
    latitude: Floats
    starts: Ints
    feature: Ints
    ids: tuple[str, ...]
    codes: tuple[str, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def rings_of(self, feature: int) -> list[tuple[Floats, Floats]]:
        """The rings of one feature as (longitude, latitude) views."""
        return [
            (self.longitude[self.starts[r] : self.starts[r + 1]], self.latitude[self.starts[r] : self.starts[r + 1]])
            for r in np.flatnonzero(self.feature == feature)
        ]

    def features_at(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> Ints:
        """The feature each point lies in, -1 where in none (even-odd ray casting over all rings).

        Args:
            latitude: degrees north, any length.
            longitude: degrees east, same length.
        """
        lat = np.atleast_1d(np.asarray(latitude, dtype=np.float64))
        lon = np.atleast_1d(np.asarray(longitude, dtype=np.float64))
        found = np.full(len(lat), -1, dtype=np.int32)
        inside = np.zeros(len(lat), dtype=np.int32)
        for feature in range(len(self)):
            inside[:] = 0
            for x, y in self.rings_of(feature):
                near = np.flatnonzero((lat >= y.min()) & (lat <= y.max()) & (lon <= x.max()))
                if near.size:
                    inside[near] += _crossings(x, y, lon[near], lat[near])
            found[(inside % 2 == 1) & (found < 0)] = feature
        return found


def _crossings(
    x: Floats, y: Floats, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """How often a ray from each point to the east crosses the ring."""
    x1, y1 = x.astype(np.float64), y.astype(np.float64)
    x2, y2 = np.roll(x1, -1), np.roll(y1, -1)
    counts = np.zeros(len(lat), dtype=np.intp)
    for begin in range(0, len(lat), 512):
        px, py = lon[begin : begin + 512, None], lat[begin : begin + 512, None]
        spans = (y1 > py) != (y2 > py)
        slope = np.divide(x2 - x1, y2 - y1, out=np.zeros_like(x1), where=y2 != y1)
        counts[begin : begin + 512] = (spans & (px < x1 + (py - y1) * slope)).sum(axis=1)
    return counts


@functools.cache
def load_outlines(name: OutlineName) -> Outlines:
    """Read the outlines called ``name``; about 20 ms the first time, then from memory.

    Args:
        name: ``us_states`` (56 states and territories), ``us_counties`` (3,231), ``provinces`` (64 of Austria,
            Canada, Germany and Switzerland), ``world`` (241 countries, 1:50 million), ``world_coarse`` (177
            countries, 1:110 million).

    Raises:
        SalesOpsError: the file is missing from the installation.
    """
    with np.load(resource("map", f"{name}.npz"), allow_pickle=False) as data:
        lengths: Ints = data["arc_lengths"]
        deltas: Ints = data["deltas"]
        points = _undo_deltas(deltas, lengths) * data["scale"] + data["translate"]
        order, starts = _ring_points(lengths, data["ring_arcs"], data["ring_ends"])
        ids, codes, names = (bytes(data[key]).decode().split("\n") for key in ("ids", "codes", "names"))
        return Outlines(
            points[order, 0].astype(np.float32),
            points[order, 1].astype(np.float32),
            starts,
            data["ring_feature"],
            tuple(ids),
            tuple(codes),
            tuple(names),
        )


def _undo_deltas(deltas: Ints, lengths: Ints) -> npt.NDArray[np.int64]:
    """Quantised positions of all points of all arcs: each arc starts absolute and goes on in steps."""
    running = np.cumsum(deltas, axis=0, dtype=np.int64)
    begins = np.cumsum(lengths) - lengths
    before = np.where(begins[:, None] > 0, running[begins - 1], 0)
    points: npt.NDArray[np.int64] = running - np.repeat(before, lengths, axis=0)
    return points


def _ring_points(lengths: Ints, ring_arcs: Ints, ring_ends: Ints) -> tuple[npt.NDArray[np.int64], Ints]:
    """The points of all rings in order, as indices, and where each ring starts.

    A negative reference ``~a`` is arc ``a`` backwards. The last point of an arc is the first of the next, so each
    gives all of its points but the last.
    """
    begins = np.cumsum(lengths, dtype=np.int64) - lengths
    backwards = ring_arcs < 0
    arcs = np.where(backwards, ~ring_arcs, ring_arcs)
    counts = lengths[arcs].astype(np.int64) - 1
    first = np.where(backwards, begins[arcs] + counts, begins[arcs])
    offsets = np.cumsum(counts) - counts
    within = np.arange(counts.sum()) - np.repeat(offsets, counts)
    order = np.repeat(first, counts) + within * np.repeat(np.where(backwards, -1, 1), counts)
    starts = np.concatenate([[0], np.cumsum(counts)[ring_ends - 1]]).astype(np.int32)
    return order, starts
