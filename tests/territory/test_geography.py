"""Distances against published ones; projections against what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from salesops_desktop.territory.geography import (
    chord_km,
    great_circle_km,
    stereographic,
    to_degrees,
    unit_vectors,
)


# The figures are ellipsoidal or rounded, as published; a sphere is right to 0.5 %.
@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((36.12, -86.67), (33.94, -118.40), 2886.44),  # Nashville to Los Angeles airport: Rosetta Code's haversine
        ((50.0664, -5.7147), (58.6440, -3.0700), 968.9),  # Land's End to John o' Groats: Veness, movable-type.co.uk
        ((0, 0), (0, 180), 20015.1),  # half the Earth's circumference at its mean radius
        ((0, 0), (0, 1), 111.195),  # one degree
        ((90, 0), (-90, 77), 20015.1),
        ((51.4775, -0.4614), (40.6413, -73.7781), 5540),  # London Heathrow to New York JFK, great-circle maps
    ],
)
def test_published_distances(a, b, km):
    points = [np.array([value], dtype=np.float64) for value in (*a, *b)]
    assert great_circle_km(*points)[0] == pytest.approx(km, rel=0.005)
    vectors = unit_vectors(points[0], points[1]), unit_vectors(points[2], points[3])
    assert chord_km(*vectors)[0] == pytest.approx(great_circle_km(*points)[0], rel=1e-6)


def test_a_missing_position_has_no_distance():
    assert np.isnan(great_circle_km(np.array([np.nan]), np.zeros(1), np.zeros(1), np.zeros(1)))[0]


def test_degrees_survive_the_sphere():
    rng = np.random.default_rng(1)
    latitude, longitude = rng.uniform(-89, 89, 100), rng.uniform(-180, 180, 100)
    back = to_degrees(7 * unit_vectors(latitude, longitude))
    np.testing.assert_allclose(back, (latitude, longitude), atol=1e-9)
    assert np.isnan(to_degrees(np.zeros((1, 3)))).all()


def test_circles_stay_circles_on_the_map():
    rng = np.random.default_rng(2)
    centre = unit_vectors(np.array([48.0]), np.array([11.0]))[0]
    east = np.cross(centre, [0.0, 0.0, 1.0])
    east /= np.linalg.norm(east)
    north = np.cross(east, centre)
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)[:, None]
    ring = np.cos(0.3) * centre + np.sin(0.3) * (np.cos(turn) * east + np.sin(turn) * north)
    crowd = unit_vectors(rng.uniform(30, 60, 200), rng.uniform(-10, 30, 200))
    plane = stereographic(np.concatenate([ring, crowd]))[:60]
    system = np.c_[2 * plane, np.ones(60)]
    (x, y, c), *_ = np.linalg.lstsq(system, (plane**2).sum(axis=1), rcond=None)
    radius = np.sqrt(c + x * x + y * y)
    np.testing.assert_allclose(np.hypot(plane[:, 0] - x, plane[:, 1] - y), radius, rtol=1e-9)
