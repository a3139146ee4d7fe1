"""Positions on the globe: distances, centres, and a plane in which neighbours can be found."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EARTH_KM: Final = 6371.0088
"""The mean radius of the Earth (IUGG), km."""


def great_circle_km(latitude_a: Floats, longitude_a: Floats, latitude_b: Floats, longitude_b: Floats) -> Floats:
    """Great-circle distance by the haversine formula.

    Args:
        latitude_a: degrees; all four are broadcast against each other.
        longitude_a: degrees.
        latitude_b: degrees.
        longitude_b: degrees.

    Returns:
        Kilometres, NaN where a position is missing. On the ellipsoid the truth differs by up to 0.5 %.
    """
    phi_a, phi_b = np.radians(latitude_a), np.radians(latitude_b)
    half_phi, half_lambda = (phi_b - phi_a) / 2, np.radians(longitude_b - longitude_a) / 2
    h = np.sin(half_phi) ** 2 + np.cos(phi_a) * np.cos(phi_b) * np.sin(half_lambda) ** 2
    result: Floats = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0)))
    return result


def unit_vectors(latitude: Floats, longitude: Floats) -> Floats:
    """Positions (degrees, [n]) as points of the unit sphere, [n, 3]."""
    phi, theta = np.radians(latitude), np.radians(longitude)
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=-1)


def to_degrees(vectors: Floats) -> tuple[Floats, Floats]:
    """Directions of any length, [n, 3], as latitude and longitude in degrees; NaN for no direction."""
    length = np.linalg.norm(vectors, axis=-1)
    flat = np.hypot(vectors[..., 0], vectors[..., 1])
    known = length > 0
    latitude = np.where(known, np.degrees(np.arctan2(vectors[..., 2], flat)), np.nan)
    longitude = np.where(known, np.degrees(np.arctan2(vectors[..., 1], vectors[..., 0])), np.nan)
    return latitude, longitude


def chord_km(a: Floats, b: Floats) -> Floats:
    """Great-circle kilometres between points of the unit sphere, [..., 3] each."""
    chord = np.sqrt(((a - b) ** 2).sum(axis=-1))
    result: Floats = 2 * EARTH_KM * np.arcsin(np.clip(chord / 2, 0.0, 1.0))
    return result


def normalised(vectors: Floats) -> Floats:
    """Vectors, [n, 3], brought to length one; those without a direction become the North Pole."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    pole = np.array([0.0, 0.0, 1.0])
    return np.where(length > 1e-12, vectors / np.where(length > 1e-12, length, 1.0), pole)


def stereographic(vectors: Floats) -> Floats:
    """Points of the unit sphere, [n, 3], in a plane touching it at their middle, [n, 2].

    Circles stay circles in this projection, so neighbours found in the plane are neighbours on the globe.
    """
    centre = normalised(vectors.mean(axis=0)[None, :])[0]
    helper = np.array([1.0, 0.0, 0.0]) if abs(centre[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    east = np.cross(centre, helper)
    east /= np.linalg.norm(east)
    north = np.cross(centre, east)
    scale = np.maximum(1 + vectors @ centre, 1e-9)
    return np.stack([vectors @ east / scale, vectors @ north / scale], axis=-1)
