"""What must change hands: never more than the best of all plans moves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.territory import DesignProblem
from salesops_desktop.territory.bounds.moved import moved_lower_bound


@st.composite
def tiny(draw):
    n = draw(st.integers(2, 7))
    k = draw(st.integers(1, 3 if n < 7 else 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    owner = rng.integers(draw(st.sampled_from([-1, 0])), k, n)
    locked = (rng.random(n) < draw(st.sampled_from([0.0, 0.3]))) & (owner >= 0)
    parts = draw(st.booleans()) and k > 1
    return DesignProblem(
        np.zeros(n),
        np.arange(n, dtype=float),
        {"potential": rng.integers(0, 20, n) + (np.arange(n) == 0), "workload": rng.integers(1, 9, n)},
        k,
        tolerance={
            "potential": draw(st.sampled_from([0.1, 0.5, 2.0])),
            "workload": draw(st.sampled_from([0.2, 0.5, 2.0])),
        },
        owner=owner,
        locked=locked,
        capacity=draw(st.sampled_from([None, np.arange(k) + 1.0])),
        forbidden=draw(st.sampled_from([None, np.array([[0, 0], [1, k - 1]])])),
        part=(np.arange(n) % 2) if parts else None,
        territory_part=(np.arange(k) % 2) if parts else None,
        moved_by=draw(st.sampled_from([None, "workload"])),
    )


def allowed(problem, plan):
    if (plan[problem.locks] != problem.owners[problem.locks]).any():
        return False
    if problem.forbidden is not None and any(plan[u] == t for u, t in problem.forbidden.tolist()):
        return False
    if problem.part is not None and (problem.part != problem.territory_part[plan]).any():
        return False
    return all(
        (
            np.abs(np.bincount(plan, values, problem.territories) - problem.targets(name))
            <= problem.targets(name) * problem.limit(name) + 1e-9
        ).all()
        for name, values in problem.measures.items()
    )


@settings(deadline=None, max_examples=150)
@given(problem=tiny())
def test_no_plan_moves_less(problem):
    need = moved_lower_bound(problem)
    values = problem.measures[need.measure].astype(float)
    assert need.amount >= 0
    assert need.total == values.sum()
    owner = problem.owners
    for chosen in itertools.product(range(problem.territories), repeat=len(problem)):
        plan = np.array(chosen)
        if allowed(problem, plan):
            assert values[(owner >= 0) & (owner != plan)].sum() >= need.amount * (1 - 1e-9) - 1e-9


def test_excess_and_lack():
    n = 100
    owner = np.repeat([0, 1], [60, 40])
    problem = DesignProblem(
        np.zeros(n), np.arange(n, dtype=float), {"potential": np.full(n, 10)}, 2, {"potential": 0.1}, owner=owner
    )
    need = moved_lower_bound(problem)  # 600 may stay 550: 50 must go
    assert need.amount == pytest.approx(50)
    assert need.share == pytest.approx(0.05)
    assert need.territories == (0,)
    assert need.sentence == "At least 5.0 % of potential must change hands to come within the tolerance on potential."


def test_within_the_tolerance_nothing_must_move():
    problem = DesignProblem(np.zeros(4), np.arange(4.0), {"potential": np.full(4, 10)}, 2, owner=np.array([0, 0, 1, 1]))
    need = moved_lower_bound(problem)
    assert (need.amount, need.by, need.sentence, need.territories) == (0.0, "", "", ())


def test_two_measures_together_cost_more_than_each():
    # Territory 0 must give away potential and workload, and no unit has both.
    potential = np.array([50, 0, 50, 50, 0, 0])
    workload = np.array([1, 51, 24, 24, 10, 10])
    owner = np.array([0, 0, 0, 0, 1, 1])
    problem = DesignProblem(
        np.zeros(6),
        np.arange(6.0),
        {"potential": potential, "workload": workload, "effort": np.array([9, 9, 30, 30, 5, 5])},
        2,
        {"potential": 0.4, "workload": 0.2, "effort": 5.0},
        owner=owner,
        moved_by="effort",
    )
    alone = [
        moved_lower_bound(
            DesignProblem(
                np.zeros(6), np.arange(6.0), dict(problem.measures), 2,
                dict.fromkeys(problem.measures, 5.0) | {name: problem.limit(name)}, owner=owner, moved_by="effort",
            )
        ).amount
        for name in ("potential", "workload")
    ]  # fmt: skip
    assert moved_lower_bound(problem).amount > max(alone) + 1
