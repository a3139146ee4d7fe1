"""Reconciliation against the dense formulas of the textbook and against general optimisers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import lsq_linear, minimize

from salesops_desktop.forecast import weights
from salesops_desktop.forecast.hierarchy import build_hierarchy
from salesops_desktop.forecast.reconcile import (
    bottom_up,
    historic_proportions,
    nearest,
    nonnegative,
    reconcile,
    top_down,
)

CROSSED = build_hierarchy(
    pd.DataFrame([(s, r, p) for s in "NS" for r in "123" for p in "xyz"], columns=["s", "r", "p"]), [["s", "r"], ["p"]]
)
TREE = build_hierarchy(
    pd.DataFrame([("E", "A", "1"), ("E", "A", "2"), ("E", "B", "3"), ("W", "", ""), ("E", "", "")],
                 columns=["r", "t", "p"]), [["r", "t", "p"]],
)  # fmt: skip
WEIGHTS = ["ols", "structural", "variance", "mint"]


def some_weights(kind, hierarchy, rng):
    errors = rng.normal(size=(hierarchy.n, 9)) * rng.uniform(0.5, 50, (hierarchy.n, 1)) + rng.normal(size=9)
    return {
        "ols": weights.ordinary(hierarchy),
        "structural": weights.structural(hierarchy),
        "variance": weights.by_variance(errors),
        "mint": weights.shrunken(errors),
    }[kind]


def textbook(hierarchy, base, metric):
    """S (S'W⁻¹S)⁻¹ S'W⁻¹ ŷ (Wickramasuriya et al. 2019, eq. 8), dense."""
    summing, inverse = hierarchy.summing.toarray(), np.linalg.inv(metric.dense())
    return summing @ np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse @ base)


@pytest.mark.parametrize("hierarchy", [CROSSED, TREE], ids=["crossed", "tree"])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_as_the_dense_formula(hierarchy, kind):
    rng = np.random.default_rng(1)
    base = rng.normal(size=(hierarchy.n, 5)) * 100
    metric = some_weights(kind, hierarchy, rng)
    np.testing.assert_allclose(reconcile(hierarchy, base, metric), textbook(hierarchy, base, metric), atol=1e-9)


@pytest.mark.parametrize("kind", WEIGHTS)
def test_not_negative_as_scipy_finds_it(kind):
    rng = np.random.default_rng(2)
    base = rng.normal(size=(CROSSED.n, 6)) * 10 + 3
    metric = some_weights(kind, CROSSED, rng)
    root = np.linalg.cholesky(np.linalg.inv(metric.dense())).T
    got = nonnegative(CROSSED, base, metric)
    for column in range(6):
        best = lsq_linear(root @ CROSSED.summing, root @ base[:, column], (0, np.inf), method="bvls", tol=1e-14)
        np.testing.assert_allclose(got[:, column], CROSSED.summing @ best.x, atol=1e-8)
    assert (got[CROSSED.bottom] == 0).any()


@pytest.mark.parametrize("kind", WEIGHTS)
def test_fixed_nodes_as_the_dense_formula(kind):
    rng = np.random.default_rng(3)
    base = rng.normal(size=CROSSED.n) * 10 + 3
    metric = some_weights(kind, CROSSED, rng)
    nodes = [0, CROSSED.find("N"), CROSSED.find("x"), CROSSED.find("S", "1", "y")]
    amounts = np.zeros(CROSSED.n)
    amounts[nodes] = [70, 30, -20, 4]
    fixed = np.isin(np.arange(CROSSED.n), nodes)
    got = nearest(CROSSED, base, metric, fixed=fixed, amounts=amounts, floor=np.zeros(18, dtype=bool))
    summing, inverse = CROSSED.summing.toarray(), np.linalg.inv(metric.dense())
    chosen = summing[fixed]
    system = np.block([[summing.T @ inverse @ summing, chosen.T], [chosen, np.zeros((4, 4))]])
    best = np.linalg.solve(system, np.concatenate([summing.T @ inverse @ base, amounts[fixed]]))[:18]
    np.testing.assert_allclose(got, summing @ best, atol=1e-8)


@pytest.mark.parametrize("kind", WEIGHTS)
def test_fixed_and_not_negative_as_scipy_finds_it(kind):
    rng = np.random.default_rng(4)
    base = rng.normal(size=CROSSED.n) * 10 + 3
    metric = some_weights(kind, CROSSED, rng)
    amounts = np.zeros(CROSSED.n)
    nodes = [0, CROSSED.find("N"), CROSSED.find("x")]
    amounts[nodes] = [70, 30, 20]
    fixed = np.isin(np.arange(CROSSED.n), nodes)
    got = nearest(CROSSED, base, metric, fixed=fixed, amounts=amounts, floor=np.ones(18, dtype=bool))
    summing, inverse = CROSSED.summing.toarray(), np.linalg.inv(metric.dense())

    def distance(bottoms):
        gap = summing @ bottoms - base
        return gap @ inverse @ gap / 2

    best = minimize(
        distance, np.full(18, 70 / 18), bounds=[(0, None)] * 18, method="SLSQP",
        jac=lambda bottoms: summing.T @ inverse @ (summing @ bottoms - base),
        constraints=[{"type": "eq", "fun": lambda bottoms: summing[fixed] @ bottoms - amounts[fixed]}],
        options={"ftol": 1e-15, "maxiter": 1000},
    )  # fmt: skip
    assert got[CROSSED.bottom].min() == 0
    np.testing.assert_allclose(got[fixed], amounts[fixed], atol=1e-8)
    assert distance(got[CROSSED.bottom]) <= distance(best.x) * (1 + 1e-9) + 1e-9
    np.testing.assert_allclose(got, summing @ best.x, atol=1e-4)


@given(st.integers(0, 10_000), st.sampled_from(WEIGHTS), st.sampled_from([CROSSED, TREE]))
def test_what_adds_up_stays_and_what_does_not_does_after(seed, kind, hierarchy):
    rng = np.random.default_rng(seed)
    metric = some_weights(kind, hierarchy, rng)
    base = rng.normal(size=(hierarchy.n, 2)) * 10.0 ** rng.integers(0, 12)
    once = reconcile(hierarchy, base, metric)
    tolerance = 1e-9 * np.abs(base).max()
    np.testing.assert_allclose(hierarchy.links @ once, 0, atol=tolerance)
    np.testing.assert_allclose(reconcile(hierarchy, once, metric), once, atol=tolerance)
    positive = hierarchy.sums(np.abs(base[hierarchy.bottom]))
    np.testing.assert_allclose(nonnegative(hierarchy, positive, metric), positive, atol=1e-8 * np.abs(base).max())
    assert nonnegative(hierarchy, base, metric).min() >= 0


def test_bottom_up_and_top_down():
    base = np.arange(CROSSED.n, dtype=np.float64)[:, None]
    assert bottom_up(CROSSED, base)[0] == base[CROSSED.bottom].sum()
    history = np.ones((18, 4))
    history[0] = 18.0
    shares = historic_proportions(history)
    assert shares.sum() == pytest.approx(1)
    said = top_down(CROSSED, np.full((CROSSED.n, 1), 70.0), shares)
    assert said[0, 0] == pytest.approx(70)
    assert said[CROSSED.bottom[0], 0] == pytest.approx(36)
    assert historic_proportions(np.zeros((4, 3))).tolist() == [0.25] * 4


def test_a_node_fixed_at_nothing_empties_what_is_below():
    amounts = np.zeros(CROSSED.n)
    fixed = np.zeros(CROSSED.n, dtype=bool)
    fixed[[CROSSED.find("N"), *(CROSSED.find("N", part) for part in "123")]] = True
    base = np.full(CROSSED.n, 5.0)
    got = nearest(CROSSED, base, weights.ordinary(CROSSED), fixed=fixed, amounts=amounts, floor=np.ones(18, dtype=bool))
    assert got[CROSSED.find("N")] == 0
    assert got[CROSSED.find("S")] > 0
