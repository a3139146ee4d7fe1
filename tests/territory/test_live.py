"""Editing by hand: the figures are those of a fresh evaluation after any sequence of moves, undos and redos."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.territory import DesignProblem, evaluate
from salesops_desktop.territory.figures import unit_edges
from salesops_desktop.territory.live import LiveDesign


@st.composite
def problems(draw):
    n = draw(st.integers(1, 40))
    k = draw(st.integers(1, min(n, 6)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    digits = draw(st.sampled_from([0, 4]))
    latitude, longitude = rng.uniform(30, 50, n).round(digits), rng.uniform(-120, -70, n).round(digits)
    latitude[rng.random(n) < draw(st.sampled_from([0.0, 0.2, 1.0]))] = np.nan
    measures = {"potential": rng.integers(0, 1000, n) + (np.arange(n) == 0), "workload": rng.random(n) + 0.01}
    owner = rng.integers(-1, k, n)
    group = rng.integers(0, max(n // 3, 1), n)
    group[rng.random(n) < draw(st.sampled_from([0.2, 0.6, 1.0]))] = -1
    home = rng.uniform(30, 50, k), rng.uniform(-120, -70, k)
    home[0][0] = np.nan
    homes = draw(st.booleans())
    return DesignProblem(
        latitude,
        longitude,
        measures,
        k,
        weight=draw(st.sampled_from([None, "", "workload"])),
        home_latitude=home[0] if homes else None,
        home_longitude=home[1] if homes else None,
        owner=owner,
        group=draw(st.sampled_from([None, group])),
    )


def same(live, problem, edges):
    fresh = evaluate(problem, live.assignment, edges)
    now = live.figures
    for name in problem.measures:
        assert now.totals[name].tolist() == fresh.totals[name].tolist()
        assert now.deviation[name] == pytest.approx(fresh.totals[name] / problem.targets(name) - 1)
        assert now.balance[name] == pytest.approx(fresh.balance[name])
        assert now.moved_totals[name] == fresh.moved_totals[name]
    assert now.counts.tolist() == fresh.counts.tolist()
    assert now.pieces.tolist() == fresh.pieces.tolist()
    assert now.mean_km == pytest.approx(fresh.mean_km)
    assert now.territory_km == pytest.approx(fresh.territory_km, nan_ok=True)
    assert now.centre_latitude == pytest.approx(fresh.centre_latitude, nan_ok=True)
    assert now.moved_count == fresh.moved.sum()


@settings(deadline=None, max_examples=80)
@given(problem=problems(), data=st.data())
def test_figures_are_those_of_a_fresh_evaluation(problem, data):
    n, k = len(problem), problem.territories
    edges = unit_edges(problem)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    live = LiveDesign(problem, rng.integers(0, k, n), edges)
    same(live, problem, edges)
    states = [live.assignment]
    for _ in range(data.draw(st.integers(1, 8))):
        act = data.draw(st.sampled_from(["move", "move", "each", "undo", "redo"]))
        units = rng.choice(n, rng.integers(0, n + 1), replace=False)
        live.preview_each(units, rng.integers(0, k, len(units)))
        if act == "move":
            foreseen = live.preview(units, 0)
            assert live.assignment.tolist() == states[-1].tolist()
            done = live.move(units, 0)
            assert [i.key for i in done.breaks] == [i.key for i in foreseen.breaks]
            assert done.after.mean_km == foreseen.after.mean_km
        elif act == "each":
            live.move_each(units, rng.integers(0, k, len(units)))
        elif act == "undo":
            live.undo()
        else:
            live.redo()
        states.append(live.assignment)
        same(live, problem, edges)
    while live.can_undo:
        live.undo()
    assert live.assignment.tolist() == states[0].tolist()
    same(live, problem, edges)


def plain(**more):
    """Six units on a line, two territories of three."""
    given = {
        "latitude": np.full(6, 40.0),
        "longitude": np.arange(6.0),
        "measures": {"potential": np.full(6, 10)},
        "territories": 2,
        "tolerance": {"potential": 0.1},
        "owner": np.array([0, 0, 0, 1, 1, 1]),
        "edges": np.stack([np.arange(5), np.arange(1, 6)], axis=1),
        **more,
    }
    return DesignProblem(**given)


def kinds(issues):
    return sorted(issue.kind for issue in issues)


def test_what_a_move_breaks():
    problem = plain(
        locked=np.array([True, False, False, False, False, False]),
        forbidden=np.array([[1, 1]]),
        group=np.array([-1, -1, 5, 5, -1, -1]),
        part=np.array([0, 0, 0, 1, 1, 1]),
        territory_part=np.array([0, 1]),
        budget=0.2,
    )
    live = LiveDesign(problem, problem.owners, problem.edges)
    assert kinds(live.issues()) == ["family"]
    assert kinds(live.preview(np.array([0]), 1).breaks) == ["boundary", "lock", "tolerance", "tolerance", "torn"]
    assert kinds(live.preview(np.array([1]), 1).breaks) == [
        "boundary", "forbidden", "tolerance", "tolerance", "torn", "torn",
    ]  # fmt: skip
    effect = live.move(np.array([2]), 1)
    assert kinds(effect.breaks) == ["boundary", "tolerance", "tolerance"]
    assert kinds(effect.mends) == ["family"]
    assert "33.3 %" in next(i.sentence for i in effect.breaks if i.kind == "tolerance")
    assert kinds(live.move(np.array([1]), 1).breaks) == ["boundary", "budget", "forbidden"]
    assert effect.touched.tolist() == [0, 1]
    assert live.undo().mends[0].kind in {"boundary", "budget", "forbidden"}
    assert live.can_redo


def test_units_of_no_territory():
    problem = dataclasses.replace(plain(), owner=None)
    live = LiveDesign(problem, np.array([0, 0, 0, 1, 1, -1]))
    assert live.figures.counts.tolist() == [3, 2]
    assert live.figures.moved_count == 0
    live.move(np.array([5]), 1)
    assert live.figures.counts.tolist() == [3, 3]
    live.move(np.array([0]), -1)
    assert live.assignment.tolist() == [-1, 0, 0, 1, 1, 1]
    assert live.figures.deviation["potential"] == pytest.approx([-1 / 3, 0])
    with pytest.raises(ValueError, match="Units are numbers from 0 to 5"):
        live.move(np.array([6]), 0)
