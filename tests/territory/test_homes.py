"""Designs around people's homes: the optimum on small things, one piece on any, several people in one town."""

from __future__ import annotations

import dataclasses
import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.territory import DesignProblem, design, evaluate


def cost(problem, figures, scale):
    moved = (figures.moved * problem.distance_weights).sum() / problem.distance_weights.sum()
    return figures.mean_km / scale + problem.disruption * moved


@functools.cache
def every_assignment(seed):
    """Seven units, three homes, and the figures of every assignment within the tolerance."""
    rng = np.random.default_rng(seed)
    size = rng.integers(80, 121, 7)
    problem = DesignProblem(
        rng.uniform(40, 50, 7),
        rng.uniform(0, 15, 7),
        {"size": size},
        3,
        tolerance={"size": 0.4},
        home_latitude=rng.uniform(40, 50, 3),
        home_longitude=rng.uniform(0, 15, 3),
        owner=rng.integers(0, 3, 7),
    )
    figures = []
    for assignment in itertools.product(range(3), repeat=7):
        total = np.bincount(assignment, size, 3)
        if np.abs(total / total.mean() - 1).max() <= 0.4:
            figures.append(evaluate(problem, np.array(assignment)))
    return problem, figures


@pytest.mark.parametrize("disruption", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_the_best_of_all_assignments_of_seven_units_to_three_homes(seed, disruption):
    problem, figures = every_assignment(seed)
    problem = dataclasses.replace(problem, disruption=disruption)
    whole = [each for each in figures if each.connected]
    found = [design(problem, seed=s, effort=60_000) for s in range(3)]
    assert all(each.balance["size"] <= 0.4 and each.connected for each in found)
    scale = min(each.mean_km for each in whole)  # the engine's own scale is the distance of its best start
    best = min(cost(problem, each, scale) for each in whole)
    assert min(cost(problem, each, scale) for each in found) <= best * (1.0 if disruption == 0 else 1.05) + 1e-9


@st.composite
def countries(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k = draw(st.integers(2, 7))
    n = draw(st.integers(10 * k, 150))
    towns = rng.uniform([36, -110], [46, -80], (draw(st.integers(1, k)), 2))
    home = towns[rng.integers(0, len(towns), k)] + rng.normal(0, draw(st.sampled_from([0.0, 0.05])), (k, 2))
    position = np.concatenate([rng.uniform([36, -110], [46, -80], (n // 2, 2)), rng.normal(0, 0.4, (n - n // 2, 2))])
    position[n // 2 :] += towns[rng.integers(0, len(towns), n - n // 2)]
    group = np.full(n, -1)
    group[rng.choice(n, 2 * (n // 12), replace=False)] = np.repeat(np.arange(n // 12), 2)
    return DesignProblem(
        position[:, 0],
        position[:, 1],
        {"potential": rng.lognormal(10, draw(st.sampled_from([0.2, 1.0])), n), "workload": rng.random(n) + 0.5},
        k,
        tolerance={"potential": 0.15, "workload": 0.15},
        home_latitude=home[:, 0],
        home_longitude=home[:, 1],
        owner=rng.integers(-1, k, n),
        group=draw(st.sampled_from([None, group])),
        disruption=draw(st.sampled_from([0.0, 0.5, 5.0])),
    )


@settings(deadline=None, max_examples=40)
@given(problem=countries())
def test_territories_are_in_one_piece_wherever_people_live_and_whoever_works_what_today(problem):
    seen = []
    result = design(problem, effort=20_000, better=seen.append)
    assert result.connected
    assert all(evaluate(problem, each).connected for each in seen)
    assert not any("Not in one piece" in sentence for sentence in result.sentences)


def test_people_of_one_town_share_its_surroundings():
    rng = np.random.default_rng(3)
    towns = np.array([[40.0, -100.0], [42.0, -90.0]])
    home = towns[[0, 0, 0, 0, 1, 1]]
    near = np.repeat([0, 1], [400, 200])
    position = towns[near] + rng.normal(0, 0.5, (600, 2))
    problem = DesignProblem(
        position[:, 0],
        position[:, 1],
        {"count": np.ones(600, dtype=np.int64)},
        6,
        home_latitude=home[:, 0],
        home_longitude=home[:, 1],
    )
    result = design(problem)
    assert result.connected
    assert result.balance["count"] <= 0.05
    assert ((result.assignment < 4) == (near == 0)).mean() > 0.98
    nearest = evaluate(problem, np.where(near == 0, 0, 4)).mean_km
    assert result.mean_km < 1.03 * nearest  # sharing costs next to nothing


def test_scattered_owners_cost_neither_the_one_piece_nor_the_balance():
    rng = np.random.default_rng(4)
    position = rng.uniform([36, -110], [46, -80], (500, 2))
    home = rng.uniform([36, -110], [46, -80], (8, 2))
    problem = DesignProblem(
        position[:, 0],
        position[:, 1],
        {"size": rng.lognormal(10, 0.5, 500)},
        8,
        home_latitude=home[:, 0],
        home_longitude=home[:, 1],
        owner=rng.integers(0, 8, 500),
        disruption=0.5,
    )
    result, free = design(problem), design(dataclasses.replace(problem, disruption=0.0))
    assert result.connected
    assert result.balance["size"] <= 0.05
    assert result.mean_km < 0.7 * evaluate(problem, problem.owners).mean_km
    assert free.mean_km <= result.mean_km < 1.15 * free.mean_km
    assert result.moved.sum() < free.moved.sum()


def family_problem(connected=True):
    """Two clusters 1,500 km apart; the first unit of one belongs with the first of the other."""
    rng = np.random.default_rng(5)
    position = np.repeat([[40.0, -100.0], [40.0, -82.0]], 60, axis=0) + rng.normal(0, 0.5, (120, 2))
    position[60] = [40.0, -82.0]  # in the middle of the other cluster
    group = np.full(120, -1)
    group[[0, 60]] = 0
    size = np.ones(120)
    size[0] = 3.0
    return DesignProblem(
        position[:, 0],
        position[:, 1],
        {"size": size},
        2,
        tolerance={"size": 0.1},
        home_latitude=np.array([40.0, 40.0]),
        home_longitude=np.array([-100.0, -82.0]),
        group=group,
        connected=connected,
        unit_names=[f"Account {i}" for i in range(120)],
    )


def test_a_subsidiary_far_away_stays_with_its_parent_and_tears_nobody():
    problem = family_problem()
    result = design(problem)
    assert result.assignment[0] == result.assignment[60] == 0
    assert result.connected
    others = np.arange(120) != 60
    assert (result.assignment[others] == (np.arange(120) >= 60)[others]).all()  # nothing hangs on the subsidiary
    assert "1 unit lies apart" in result.sentences[-1]
    apart = result.assignment.copy()
    apart[60:63] = 0
    torn = evaluate(problem, apart)
    assert torn.pieces[0] > 1  # what belongs to no family has no excuse
    assert "Not in one piece: territory 1" in torn.sentences[0]


def test_the_distance_of_a_family_is_that_of_its_members():
    problem = family_problem()
    here = evaluate(problem, (np.arange(120) >= 60).astype(np.int32))
    moved = design(problem)
    # The subsidiary of weight 1 is carried some 1,540 km; the whole weighs 122.
    assert moved.mean_km - here.mean_km == pytest.approx(1540 / 122, rel=0.05)


def test_a_lock_that_tears_a_territory_is_named():
    problem = family_problem()
    owner, locked = np.full(120, -1), np.zeros(120, dtype=bool)
    owner[[0, 60, 65, 66]], locked[[0, 65, 66]] = 0, True
    torn = DesignProblem(
        problem.latitude,
        problem.longitude,
        problem.measures,
        2,
        tolerance={"size": 0.1},
        home_latitude=problem.home_latitude,
        home_longitude=problem.home_longitude,
        owner=owner,
        locked=locked,
    )
    result = design(torn)
    assert (result.assignment[[0, 65, 66]] == 0).all()
    assert any("Units locked to them lie apart." in sentence for sentence in result.sentences)
