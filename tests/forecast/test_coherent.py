"""Intervals hold what they promise on errors whose law is known, and paths add up."""

import numpy as np
import pandas as pd
import pytest

from salesops_desktop.forecast.coherent import calibrated, growth, paths
from salesops_desktop.forecast.hierarchy import build_hierarchy

TREE = build_hierarchy(pd.DataFrame([(f"R{i % 4}", f"P{i}") for i in range(80)], columns=["r", "p"]), [["r", "p"]])


def simulated(origins, horizon, rng):
    """Coherent errors that grow with the square root of the periods ahead, partly common to all series."""
    shape = (80, origins, horizon)
    size = rng.uniform(1, 20, (80, 1, 1)) * np.sqrt(np.arange(1, horizon + 1))
    own = rng.normal(size=shape) + 0.5 * rng.normal(size=(1, origins, horizon))
    return TREE.sums(size * own)


def test_new_errors_fall_inside_as_often_as_promised():
    rng = np.random.default_rng(7)
    held = {80: [], 95: []}
    for _ in range(30):
        errors = simulated(31, 3, rng)
        found = calibrated(TREE, errors[:, :30], np.arange(30) * 3, (80, 95), apart=3)
        for level, hits in held.items():
            inside = np.abs(errors[:, 30]) <= found.half[level]
            hits.append([inside[TREE.level == rank].mean() for rank in range(3)])
    for level, hits in held.items():
        np.testing.assert_allclose(np.mean(hits, axis=0), level / 100, atol=0.06)


def test_the_back_test_says_what_was_held():
    errors = simulated(30, 3, np.random.default_rng(8))
    found = calibrated(TREE, errors, np.arange(30) * 3, (50, 80, 95), apart=3)
    for level in (50, 80, 95):
        np.testing.assert_allclose(found.coverage[level], level / 100, atol=0.05)
    assert found.count.tolist() == [90, 360, 7200]
    assert (np.diff(found.half[80], axis=1) >= 0).all()
    assert (found.half[50] < found.half[80]).all()
    assert (found.half[80] < found.half[95]).all()
    # the total of 80 partly independent series varies less than the sum of their interval ends
    assert found.half[80][0, 0] < 0.75 * found.half[80][TREE.bottom, 0].sum()


def test_widths_follow_the_unit_and_the_size():
    errors = simulated(12, 4, np.random.default_rng(9))
    one = calibrated(TREE, errors, np.arange(12), (80,), apart=4)
    hundred = calibrated(TREE, errors * 100, np.arange(12), (80,), apart=4)
    np.testing.assert_allclose(hundred.half[80], one.half[80] * 100)


def test_one_origin_gives_widths_but_no_coverage():
    errors = simulated(1, 2, np.random.default_rng(10))
    found = calibrated(TREE, errors, np.array([20]), (80,), apart=2)
    assert np.isfinite(found.half[80]).all()
    assert np.isnan(found.coverage[80]).all()


def test_growth_is_drawn_towards_the_square_root_and_never_falls():
    errors = np.full((3, 2, 4), np.nan)
    errors[:, :, 0] = 1.0
    seen = growth(errors)
    assert (np.diff(seen) >= 0).all()
    assert seen[3] / seen[1] == pytest.approx(np.sqrt(2))


def test_paths_add_up_and_come_back_for_a_seed():
    errors = simulated(12, 4, np.random.default_rng(11))
    errors[:, -1, 2:] = np.nan
    every = np.arange(TREE.n)
    drawn = paths(errors, count=50, seed=3, nodes=every)
    assert drawn.shape == (TREE.n, 50, 4)
    np.testing.assert_allclose(TREE.sums(drawn[TREE.bottom]), drawn, atol=1e-9)
    assert (drawn == paths(errors, count=50, seed=3, nodes=every)).all()
    assert (drawn != paths(errors, count=50, seed=4, nodes=every)).any()
    short = paths(errors[:, -1:], count=5, seed=1, nodes=every)
    assert np.isfinite(short).all()
    np.testing.assert_allclose(np.abs(short[:, 0]), np.abs(errors[:, -1, [0, 1, 1, 0]]))
