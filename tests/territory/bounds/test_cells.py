"""The least over all centres is a least: no place tried by chance is cheaper."""

from __future__ import annotations

import numpy as np
import pytest

from salesops_desktop.territory.bounds.cells import Prices, cheapest_centre
from salesops_desktop.territory.geography import chord_km, normalised


def cost_at(units, centre, low, high):
    """The cheapest load about a centre, parts of units allowed, by linear programming."""
    from scipy.optimize import linprog  # noqa: PLC0415

    cost = units.weight * np.where(units.weight > 0, chord_km(units.vectors, centre), 0.0) - units.price
    rows = np.stack([units.load, -units.load])
    answer = linprog(cost, A_ub=rows, b_ub=[high, -low], bounds=(0, 1))
    return answer.fun


def sphere(rng, n, spread):
    """Units about a place, or all over the globe."""
    return normalised(rng.normal(0, 1, 3) + spread * rng.normal(0, 1, (n, 3)))


@pytest.mark.parametrize("spread", [0.02, 0.3, 50.0])
@pytest.mark.parametrize("seed", range(3))
def test_no_centre_is_cheaper_than_proven(seed, spread):
    rng = np.random.default_rng(seed)
    n = 40
    weight = rng.uniform(0, 2, n) * (rng.random(n) > 0.1)
    load = np.where(rng.random(n) > 0.1, rng.uniform(0.1, 2, n), 0.0)
    vectors = sphere(rng, n, spread)
    price = np.maximum(weight, load) * rng.uniform(0, 1.2, n) * 6371 * min(2 * spread, 1.0)
    units = Prices(vectors, weight, load, price)
    low, high = np.array([0.1, 0.3]) * load.sum(), np.array([0.2, 0.4]) * load.sum()
    precision = 0.002 * price.sum()
    rough = cheapest_centre(units, low, high, precision=precision, cells=60)
    fine = cheapest_centre(units, low, high, precision=precision, cells=20_000)
    assert (rough.proven <= fine.found + 1e-6).all()
    assert (fine.proven <= fine.found + 1e-6).all()
    assert (fine.proven >= fine.found - 1.01 * precision).all()
    tried = np.concatenate(
        [sphere(rng, 30, spread), vectors[:30], normalised(fine.points[0] + 0.01 * rng.normal(0, 1, (20, 3)))]
    )
    for c in range(2):
        costs = [cost_at(units, centre, low[c], high[c]) for centre in tried]
        assert min(costs) >= fine.proven[c] - 1e-6
        assert cost_at(units, fine.points[0], low[c], high[c]) >= fine.found[c] - 1e-6
