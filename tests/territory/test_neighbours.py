"""The neighbourhood graph, awkward point sets included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from salesops_desktop.territory.geography import unit_vectors
from salesops_desktop.territory.neighbours import neighbour_edges, pieces


def graph(latitude, longitude):
    return neighbour_edges(unit_vectors(np.array(latitude, dtype=float), np.array(longitude, dtype=float)))


def whole(edges, count):
    return len(set(pieces(edges, np.zeros(count, dtype=int), np.ones(count, dtype=bool)).tolist())) == 1


def test_equals_the_delaunay_graph_of_the_sphere():
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(300, 3))
    vectors = vectors[vectors[:, 2] > -0.5]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    hull = ConvexHull(vectors).simplices  # the convex hull of points on a sphere is their Delaunay triangulation
    sphere = {tuple(sorted(pair)) for t in hull.tolist() for pair in ((t[0], t[1]), (t[1], t[2]), (t[0], t[2]))}
    ours = {tuple(pair) for pair in neighbour_edges(vectors).tolist()}
    # They may differ only at the rim of the empty cap, which the plane leaves open.
    rim = {i for pair in sphere - ours for i in pair}
    assert ours <= sphere
    assert all(vectors[i, 2] < 0.1 for i in rim)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ([], []),
        ([10], [10]),
        ([10, 10], [10, 10]),
        ([10, 11], [10, 10]),
        ([10, 11, 12], [10, 10, 10]),
        ([0, 0, 0, 0, 0], [1, 5, 3, 2, 4]),
        ([48, 48, 48, 48, 52, 52], [11, 11, 11, 11, 13, 13]),
        ([-89, 89, 0, 0, 10, -10], [0, 0, 179.9, -179.9, 90, -90]),
    ],
)
def test_every_point_set_is_one_piece(latitude, longitude):
    edges = graph(latitude, longitude)
    assert (edges[:, 0] < edges[:, 1]).all()
    if latitude:
        assert whole(edges, len(latitude))


def test_pieces():
    edges = np.array([[0, 1], [1, 2], [3, 4]])
    label = pieces(edges, np.array([0, 0, 1, 1, 1]), np.array([True, True, True, True, True]))
    assert label[0] == label[1]
    assert len({label[1], label[2], label[3]}) == 3
    assert label[3] == label[4]
