"""The inner loops of the search for a short span, against the same written plainly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from salesops_desktop.territory.blocks import make_blocks
from salesops_desktop.territory.kernels import span as kernels
from salesops_desktop.territory.problem import DesignProblem
from salesops_desktop.territory.span_board import Starts, make_board, make_standing


@st.composite
def places(draw):
    count = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.sampled_from(["cloud", "line", "same", "circle"]))
    cloud = rng.normal(0, 1, (count, 3))
    if shape == "line":
        cloud[:, 1:] = 0
    if shape == "same":
        cloud[:] = cloud[0]
    if shape == "circle":  # all pairs across are nearly the longest
        angle = rng.uniform(0, 2 * np.pi, count)
        cloud = np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=1)
    return np.ascontiguousarray(cloud.T, dtype=np.float32)


@given(stand=places(), skipped=st.integers(0, 3))
def test_widest_is_the_longest_of_all_pairs(stand, skipped):
    begin = min(skipped, stand.shape[1] - 1)
    count = stand.shape[1] - begin
    ends, reach = np.zeros(2, dtype=np.int32), np.zeros(stand.shape[1])
    found = kernels.widest(stand, begin, count, ends, reach)
    points = stand[:, begin:].T.astype(np.float64)
    expected = pdist(points).max() if count > 1 else 0.0
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-9)
    assert np.linalg.norm(stand[:, ends[0]].astype(float) - stand[:, ends[1]]) == pytest.approx(
        found, rel=1e-5, abs=1e-9
    )


@given(stand=places(), aim=st.floats(0.05, 5), pull=st.sampled_from([0.0, 0.01, 1.0]))
def test_beyond_sums_what_is_farther_than_the_aim(stand, aim, pull):
    x, y, z = (float(v) for v in stand[:, 0])
    found = kernels.beyond(stand, 0, stand.shape[1], x, y, z, 1 / aim**2, pull)
    square = ((stand.T.astype(np.float64) - stand[:, 0]) ** 2).sum(axis=1)
    over = np.minimum(np.maximum(square / aim**2 - 1, 0) + pull * square / aim**2, 1000)
    assert found / kernels.GRAIN == pytest.approx(over.sum(), rel=1e-4, abs=1e-4 * len(over))


def crowd(n, k, seed, *, groups=False):
    rng = np.random.default_rng(seed)
    vectors = np.column_stack([rng.uniform(0, 100, (n, 2)), np.zeros(n)])
    group = np.full(n, -1)
    if groups:
        group[: n // 2] = np.arange(n // 2) // 3
    blank = np.zeros(n)
    measures = {"potential": rng.integers(1, 50, n), "workload": rng.uniform(1, 3, n)}
    return DesignProblem(blank, blank, measures, k, vectors=vectors, group=group, edges=near(vectors))


def near(vectors):
    """Each unit and its six nearest, and one chain through all, so that everything hangs together."""
    away = squareform(pdist(vectors))
    edges = [(i, int(j)) for i in range(len(vectors)) for j in np.argsort(away[i])[1:7]]
    order = np.argsort(vectors[:, 0])
    edges += list(zip(order[:-1].tolist(), order[1:].tolist(), strict=True))
    return np.unique(np.sort(np.array(edges), axis=1), axis=0)


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1), groups=st.booleans(), connected=st.booleans(), heat=st.sampled_from([0.0, 0.3, 5])
)
def test_steps_keep_the_books(seed, groups, connected, heat):
    """After many steps, loads, members and places are those of the assignment, and no territory was torn."""
    problem = crowd(60, 4, seed, groups=groups)
    blocks = make_blocks(problem)
    board = make_board(problem, blocks)
    standing = make_standing(board, Starts(problem, blocks, board).make(seed, lambda: False), seed)
    tried = kernels.anneal(board, standing, 5000, heat, 1 / 0.6**2, 0.01, connected)
    assert tried == 5000
    where = standing.where.copy()
    for t in range(4):
        members = standing.member[standing.begin[t] : standing.begin[t] + standing.members[t]]
        owners = np.repeat(np.arange(len(blocks)), np.diff(board.first))
        assert sorted(members.tolist()) == np.flatnonzero(where[owners] == t).tolist()
        at = slice(standing.begin[t], standing.begin[t] + standing.members[t])
        assert np.array_equal(standing.stand[:, at], board.place[:, members])
        assert standing.blocks[t] == np.count_nonzero(where == t) > 0
    load = standing.load.copy()
    kernels.weigh(board, standing)
    assert np.allclose(load, standing.load)
    expected = np.stack([np.bincount(where, blocks.shares[a], 4) for a in range(2)], axis=1)
    assert np.allclose(standing.load, expected)


def test_a_full_territory_asks_for_room():
    problem = crowd(40, 4, 3)
    blocks = make_blocks(problem)
    board = make_board(problem, blocks)
    where = np.arange(40) % 4
    standing = make_standing(board, where, 1)
    room = int(standing.begin[1] - standing.begin[0])
    moved = [kernels.move(board, standing, int(b), int(where[b]), 0) for b in np.flatnonzero(where > 0)[: room - 9]]
    assert moved == [True] * (room - 10) + [False]
    assert standing.members[0] == room
    kernels.spread_out(board, standing)
    assert standing.members[0] == room
    assert standing.begin[1] > room
