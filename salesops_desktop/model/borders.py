"""The borders between countries, states and counties: who is whose neighbour, and how long their line is."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.outlines import OutlineName, load_outlines
from salesops_desktop.model.resources import resource

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EARTH_KM = 6371.0088
OUTSIDE = -1


@dataclass(frozen=True, slots=True)
class Borders:
    """The lines between the features of a set of outlines.

    Attributes:
        first: the feature on one side of each line, [lines].
        second: the feature on the other side; -1 where the line is a coast or the edge of the set.
        km: length of each line.
        area: square kilometres of each feature, [features].
        latitude: degrees, a point in the middle of each feature (the centre of its largest ring), [features].
        longitude: degrees, [features].
    """

    first: Ints
    second: Ints
    km: Floats
    area: Floats
    latitude: Floats
    longitude: Floats

    @property
    def neighbours(self) -> Ints:
        """Pairs of features that share a line, each once and lower number first, [m, 2]."""
        inside = self.second != OUTSIDE
        pairs = np.stack([self.first[inside], self.second[inside]], axis=1)
        return np.unique(np.sort(pairs, axis=1), axis=0)

    def roundness(self, group: npt.NDArray[np.integer], groups: int) -> Floats:
        """The Polsby-Popper score of sets of features: 1 for a circle, near 0 for a thread, [groups].

        4 π area / perimeter² (Polsby & Popper 1991), with holes and islands counted in the perimeter.

        Args:
            group: the set of each feature, -1 for none, [features].
            groups: how many sets there are.
        """
        inside = group >= 0
        area = np.bincount(group[inside], self.area[inside], groups)
        one = group[self.first]
        other = np.where(self.second == OUTSIDE, OUTSIDE, group[self.second])
        perimeter = np.zeros(groups)
        for side, beyond in ((one, other), (other, one)):
            line = (side >= 0) & (side != beyond)
            perimeter += np.bincount(side[line], self.km[line], groups)
        with np.errstate(divide="ignore", invalid="ignore"):
            score: Floats = np.where(perimeter > 0, 4 * np.pi * area / perimeter**2, np.nan)
        return score


@functools.cache
def load_borders(name: OutlineName) -> Borders:
    """The borders of the outlines called ``name``; see :func:`salesops_desktop.model.outlines.load_outlines`.

    Outlines are stored as arcs, each shared by the features on its two sides: an arc that two features use is their
    border.
    """
    outlines = load_outlines(name)
    with np.load(resource("map", f"{name}.npz"), allow_pickle=False) as data:
        lengths: Ints = data["arc_lengths"].astype(np.int64)
        steps = np.cumsum(data["deltas"], axis=0, dtype=np.int64)
        scale, translate = data["scale"], data["translate"]
        ring_arcs: Ints = data["ring_arcs"].astype(np.int64)
        ring_ends: Ints = data["ring_ends"].astype(np.int64)
        ring_feature: Ints = data["ring_feature"].astype(np.int64)
    begins = np.cumsum(lengths) - lengths
    before = np.where(begins[:, None] > 0, steps[begins - 1], 0)
    points = (steps - np.repeat(before, lengths, axis=0)) * scale + translate
    km = _arc_km(points, lengths)
    arcs = np.where(ring_arcs < 0, ~ring_arcs, ring_arcs)
    sizes = np.diff(np.concatenate([[0], ring_ends]))
    feature = np.repeat(ring_feature, sizes)
    order = np.argsort(arcs, kind="stable")
    arcs, feature = arcs[order], feature[order]
    first = np.flatnonzero(np.concatenate([[True], arcs[1:] != arcs[:-1]]))
    second = np.full(len(first), OUTSIDE, dtype=np.int64)
    shared = np.diff(np.concatenate([first, [len(arcs)]])) > 1
    second[shared] = feature[first[shared] + 1]
    one = feature[first]
    second[second == one] = OUTSIDE  # a seam within one feature (the date line) borders on nothing
    area, latitude, longitude = _sizes(name, len(outlines))
    return Borders(one, second, km[arcs[first]], area, latitude, longitude)


def _arc_km(points: Floats, lengths: Ints) -> Floats:
    """The great-circle length of each arc of (longitude, latitude) points."""
    radians = np.radians(points)
    lat, lon = radians[:, 1], radians[:, 0]
    half = np.sin((lat[1:] - lat[:-1]) / 2) ** 2
    half += np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin((lon[1:] - lon[:-1]) / 2) ** 2
    step = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    arc = np.repeat(np.arange(len(lengths)), lengths)
    within = arc[1:] == arc[:-1]
    return np.bincount(arc[1:][within], step[within], len(lengths)).astype(np.float64)


def _sizes(name: OutlineName, features: int) -> tuple[Floats, Floats, Floats]:
    """Area and middle of each feature, ring by ring on the equal-area cylinder; holes count negative."""
    outlines = load_outlines(name)
    area, largest = np.zeros(features), np.zeros(features)
    latitude, longitude = np.full(features, np.nan), np.full(features, np.nan)
    rings = outlines.starts
    for ring, feature in enumerate(outlines.feature.tolist()):
        lon = np.radians(outlines.longitude[rings[ring] : rings[ring + 1]].astype(np.float64))
        height = np.sin(np.radians(outlines.latitude[rings[ring] : rings[ring + 1]].astype(np.float64)))
        if np.isnan(latitude[feature]):  # a feature too small to have an area still has a place
            longitude[feature], latitude[feature] = np.degrees(lon.mean()), np.degrees(np.arcsin(height.mean()))
        cross = lon * np.roll(height, -1) - np.roll(lon, -1) * height
        twice = cross.sum()
        area[feature] += -twice / 2 * EARTH_KM**2
        if abs(twice) > largest[feature] and abs(twice) > 1e-15:
            largest[feature] = abs(twice)
            middle = ((lon + np.roll(lon, -1)) * cross).sum() / (3 * twice)
            high = ((height + np.roll(height, -1)) * cross).sum() / (3 * twice)
            longitude[feature], latitude[feature] = np.degrees(middle), np.degrees(np.arcsin(np.clip(high, -1, 1)))
    return np.abs(area), latitude, longitude
