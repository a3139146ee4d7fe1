"""The compiled walks against scipy's connected components, on graphs of all sorts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import Delaunay

from salesops_desktop.territory.kernels.graph import Scratch, flat_graph, stays_whole, touches
from salesops_desktop.territory.neighbours import pieces


def planar(rng, n):
    triangles = Delaunay(rng.random((n, 2))).simplices
    return np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])


def graphs():
    rng = np.random.default_rng(4)
    side = np.arange(100).reshape(10, 10)
    yield "grid", 100, np.concatenate([
        np.stack([side[1:].ravel(), side[:-1].ravel()], 1), np.stack([side[:, 1:].ravel(), side[:, :-1].ravel()], 1)
    ])  # fmt: skip
    yield "triangles", 120, planar(rng, 120)
    yield "anything", 60, rng.integers(0, 60, (90, 2))
    yield "line", 30, np.stack([np.arange(29), np.arange(1, 30)], 1)
    yield "nothing", 5, np.zeros((0, 2), dtype=int)


def count_of(edges, where, territory):
    label = pieces(edges, where, where == territory)
    return len(np.unique(label[label >= 0]))


@pytest.mark.parametrize(("name", "count", "edges"), list(graphs()))
def test_the_flat_graph_has_every_neighbour_once(name, count, edges):
    indptr, indices = flat_graph(count, edges)
    near = [set() for _ in range(count)]
    for one, other in edges.tolist():
        near[one].add(other)
        near[other].add(one)
    plain = [sorted(others - {i}) for i, others in enumerate(near)]
    assert [indices[indptr[i] : indptr[i + 1]].tolist() for i in range(count)] == plain


@pytest.mark.parametrize(("name", "count", "edges"), list(graphs()))
def test_whole_or_not_agrees_with_counting_the_pieces(name, count, edges):
    rng = np.random.default_rng(7)
    indptr, indices = flat_graph(count, edges)
    scratch = Scratch(indptr)
    seen = set()
    for _ in range(150):
        where = rng.integers(-1, 3, count).astype(np.int32)
        for _ in range(4):  # smoother territories, so that walks are long
            for unit in range(count):
                near = where[indices[indptr[unit] : indptr[unit + 1]]]
                if len(near) and rng.random() < 0.5:
                    where[unit] = rng.choice(near)
        unit = int(rng.integers(count))
        territory = int(where[unit])
        if territory < 0:
            continue
        others = np.flatnonzero((where >= 0) & (where != territory))
        joining = int(rng.choice(others)) if len(others) and rng.random() < 0.5 else -1
        with_it = where.copy()
        if joining >= 0:
            with_it[joining] = territory
        after = with_it.copy()
        after[unit] = -1
        near = indices[indptr[unit] : indptr[unit + 1]]
        alone = not (with_it[near] == territory).any()
        said = stays_whole(
            indptr, indices, where, unit, territory, joining, scratch.stamp, scratch.clock, scratch.queue, scratch.parts
        )
        assert said == (count_of(edges, after, territory) <= count_of(edges, with_it, territory)) or alone
        seen.add(said)
        assert touches(indptr, indices, where, unit, territory, -1) == bool((where[near] == territory).any())
    assert seen == {True, False} or name == "nothing"
