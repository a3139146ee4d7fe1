"""The prices of loads prove nearly what the linear program does, and never more."""

from __future__ import annotations

import numpy as np
import pytest

from salesops_desktop.territory.bounds.homes import homes_bound


def optimum(cost, loads, low, high):
    from scipy.optimize import linprog  # noqa: PLC0415
    from scipy.sparse import csr_array, eye_array, kron  # noqa: PLC0415

    n, k = cost.shape
    each = kron(eye_array(n), np.ones((1, k)))
    held = [kron(row[None, :], eye_array(k)) for row in loads]
    from scipy.sparse import vstack  # noqa: PLC0415

    rows = vstack([*held, *(-each_held for each_held in held)])
    known = np.isfinite(cost).reshape(-1)
    answer = linprog(
        np.where(known, cost.reshape(-1), 0.0),
        A_ub=csr_array(rows),
        b_ub=np.concatenate([high.reshape(-1), -low.reshape(-1)]),
        A_eq=csr_array(each),
        b_eq=np.ones(n),
        bounds=np.stack([np.zeros(n * k), known.astype(float)], axis=1),
    )
    return answer.fun


@pytest.mark.parametrize("measures", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_prices_prove_what_the_program_does(seed, measures):
    rng = np.random.default_rng(seed)
    n, k = 300, 9
    place, home = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (k, 2))
    weight = rng.uniform(1, 5, n)
    cost = weight[:, None] * np.hypot(*(place[:, None] - home[None, :]).transpose(2, 0, 1))
    cost[rng.random((n, k)) < 0.02] = np.inf
    loads = np.stack([weight, *rng.uniform(1, 3, (measures - 1, n))])
    target = loads.sum(axis=1)[:, None] / k * np.ones((1, k))
    low, high = target * 0.97, target * 1.03
    best = optimum(cost, loads, low, high)
    bound = homes_bound(cost, loads, low, high, seconds=30)
    assert bound <= best * (1 + 1e-9)
    assert bound >= best * 0.99
    assert homes_bound(cost, loads, low, high, seconds=0) <= bound  # no time: weaker, and a bound all the same


def test_a_unit_that_may_go_nowhere_is_no_assignment():
    cost = np.array([[1.0, 2.0], [np.inf, np.inf]])
    loads, side = np.ones((1, 2)), np.array([[1.0, 1.0]])
    assert homes_bound(cost, loads, side, side) == -np.inf
