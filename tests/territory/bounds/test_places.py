"""The capacitated p-median relaxed, against everything tried and against published optima."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from salesops_desktop.territory.bounds.places import chosen_places_bound
from tests.conftest import shared_data


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("whole", [True, False])
def test_no_choice_of_places_beats_the_bound(seed, whole):
    rng = np.random.default_rng(seed)
    position = rng.uniform(0, 100, (7, 2))
    load = rng.integers(1, 9, 7) + (0.0 if whole else 0.5)
    cost = np.hypot(*(position[:, None] - position[None, :]).transpose(2, 0, 1))
    capacity = float(np.ceil(load.sum() / 2 * 1.25))
    best = np.inf
    for places in itertools.combinations(range(7), 2):
        for side in itertools.product(places, repeat=7):
            at = np.array(side)
            if all(load[at == place].sum() <= capacity for place in places):
                best = min(best, cost[np.arange(7), at].sum())
    bound = chosen_places_bound(cost, load, capacity, 2, rounds=150)
    assert np.isfinite(best)
    assert bound <= best + 1e-9
    assert bound >= 0.6 * best


@pytest.mark.parametrize(
    ("name", "within"), [("pmedcap1_01", 0.015), ("pmedcap1_05", 0.001), ("pmedcap1_13", 0.01), ("SJC1", 0.005)]
)
def test_published_optima_are_neither_passed_nor_missed_by_much(name, within):
    listed = pd.read_csv(shared_data("territory", "cpmp", "instances.csv")).set_index("instance").loc[name]
    table = pd.read_csv(shared_data("territory", "cpmp", f"{name}.csv"))
    position = table[["x", "y"]].to_numpy(float)
    cost = np.hypot(*(position[:, None] - position[None, :]).transpose(2, 0, 1))
    cost = np.floor(cost) if "floor" in listed["distance"] else cost
    bound = chosen_places_bound(cost, table["demand"].to_numpy(float), float(listed["Q"]), int(listed["p"]))
    optimum = float(listed["best_known"])
    assert optimum * (1 - within) <= bound <= optimum * (1 + 1e-9)
