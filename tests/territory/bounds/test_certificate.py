"""Bounds are bounds: no assignment at all beats them; where everything can be tried, everything is."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.model.progress import Cancelled
from salesops_desktop.territory import DesignProblem, evaluate
from salesops_desktop.territory.bounds import Certificate, certify
from salesops_desktop.territory.bounds.imbalance import imbalance_bounds
from salesops_desktop.territory.bounds.prices import spread
from salesops_desktop.territory.bounds.records import FLOW, LAGRANGIAN, NOTHING
from salesops_desktop.territory.geography import unit_vectors


def world(rng, n, k, **more):
    """Units about a few towns, on all continents."""
    towns = np.stack([rng.uniform(-70, 70, k + 1), rng.uniform(-180, 180, k + 1)], axis=1)
    if more.pop("near", True):
        towns = np.stack([rng.uniform(40, 46, k + 1), rng.uniform(0, 12, k + 1)], axis=1)
    position = towns[rng.integers(0, k + 1, n)] + rng.normal(0, 1.0, (n, 2))
    size = rng.integers(1, 40, n).astype(np.float64)
    work = rng.integers(0, 9, n) + 1.0
    return DesignProblem(
        position[:, 0].clip(-89, 89), position[:, 1].clip(-180, 180), {"size": size, "work": work}, k, **more
    )


def assignments(problem):
    """Every assignment that obeys locks, groups, forbidden pairs and boundaries."""
    n, k = len(problem), problem.territories
    may = np.ones((n, k), dtype=bool)
    may[problem.locks] = np.eye(k, dtype=bool)[problem.owners[problem.locks]]
    if problem.forbidden is not None:
        may[tuple(problem.forbidden.T)] = False
    if problem.part is not None:
        may &= problem.territory_part[None, :] == problem.part[:, None]
    for each in itertools.product(*(np.flatnonzero(row).tolist() for row in may)):
        where = np.array(each)
        if problem.group is not None and any(
            len(set(where[problem.group == g].tolist())) > 1 for g in np.unique(problem.group[problem.group >= 0])
        ):
            continue
        yield where


def deviation(problem, where, name):
    target = problem.targets(name)
    return float(np.abs(np.bincount(where, problem.measures[name], problem.territories) / target - 1).max())


def holds(problem, start=None, seconds=0.3):
    """The certificate of some assignment against all others; the certificate."""
    tried = list(assignments(problem))
    off = [{name: deviation(problem, where, name) for name in problem.measures} for where in tried]
    at = int(np.argmin([sum(each.values()) for each in off])) if start is None else start % len(tried)

    @functools.cache
    def figures(i):
        return evaluate(problem, tried[i])

    proof = certify(problem, figures(at), seconds=seconds)
    for bound in proof.balance:
        by_balance = sorted(range(len(tried)), key=lambda i: off[i][bound.measure])
        whole = (i for i in by_balance if not problem.connected or figures(i).connected)
        best = next((off[i][bound.measure] for i in whole), np.inf)
        assert bound.lower <= best + 1e-9
        assert bound.reached == pytest.approx(off[at][bound.measure])
    rivals = [
        figures(i).mean_km
        for i, each in enumerate(off)
        if all(each[name] <= proof.distance.within[name] + 1e-12 for name in each)
    ]
    assert rivals
    if proof.distance.kind != NOTHING:
        assert proof.distance.lower_km <= min(rivals) + 1e-9
    return proof, min(rivals)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_no_assignment_beats_the_certificate(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    k = data.draw(st.integers(2, 3))
    n = data.draw(st.integers(k + 1, 7 if k == 3 else 9))
    problem = world(rng, n, k, near=data.draw(st.booleans()), tolerance={"size": 0.2, "work": 0.5})
    change = {"connected": data.draw(st.booleans())}
    homes = data.draw(st.sampled_from(["none", "some", "all"]))
    if homes != "none":
        home = np.stack([rng.uniform(40, 46, k), rng.uniform(0, 12, k)])
        home[:, 0] = np.nan if homes == "some" else home[:, 0]
        change |= {"home_latitude": home[0], "home_longitude": home[1]}
    if data.draw(st.booleans()):
        change |= {"owner": rng.integers(0, k, n), "locked": np.arange(n) < 1}
    if data.draw(st.booleans()):
        change |= {"group": np.where(np.isin(np.arange(n), rng.choice(n, 2, replace=False)), 0, -1)}
        change.pop("locked", None)
    if data.draw(st.booleans()):
        change |= {"capacity": rng.uniform(0.5, 1.5, k)}
    if data.draw(st.booleans()):
        change |= {"forbidden": np.array([[n - 1, k - 1]])}
    if data.draw(st.booleans()):
        change |= {"latitude": np.where(np.arange(n) == n - 1, np.nan, problem.latitude)}
    if data.draw(st.booleans()):
        change |= {"weight": data.draw(st.sampled_from(["", "size", "work"]))}
    holds(dataclasses.replace(problem, **change), data.draw(st.integers(0, 2**20)))


@pytest.mark.parametrize("seed", range(5))
def test_boundaries_are_proven_one_by_one(seed):
    rng = np.random.default_rng(seed)
    problem = world(rng, 8, 4, tolerance={"size": 0.5, "work": 0.6})
    part, territory_part = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 0, 1])
    parted = dataclasses.replace(problem, part=part, territory_part=territory_part, connected=False)
    proof, best = holds(parted, seconds=4)
    assert proof.distance.kind == LAGRANGIAN
    assert proof.distance.lower_km > 0.3 * best  # so few units: knapsacks of parts of units prove little


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_to_homes_is_near_the_optimum(seed):
    rng = np.random.default_rng(seed)
    problem = world(rng, 9, 2, tolerance={"size": 0.4, "work": 0.6}, connected=False)
    home = np.array([[41.0, 45.0], [2.0, 10.0]])
    problem = dataclasses.replace(problem, home_latitude=home[0], home_longitude=home[1])
    proof, best = holds(problem, seconds=4)
    assert proof.distance.kind == FLOW
    assert proof.distance.lower_km > 0.85 * best


def clustered(n=600, k=12, seed=3):
    rng = np.random.default_rng(seed)
    problem = world(rng, n, k, tolerance={"size": 0.05, "work": 1.0})
    where = np.empty(n, dtype=np.int32)
    for number, members in enumerate(
        spread(unit_vectors(problem.latitude, problem.longitude), problem.measures["size"], k)
    ):
        where[members] = number
    return problem, evaluate(problem, where)


def test_a_certificate_is_repeatable_survives_storage_and_is_useful():
    problem, found = clustered()
    first = certify(problem, found, seconds=20, seed=1)
    again = certify(problem, found, seconds=20, seed=1)
    assert first.distance == again.distance
    assert first.balance == again.balance
    assert first.distance.kind == LAGRANGIAN
    assert 0 <= first.distance.gap < 0.5
    assert Certificate.from_json(json.loads(json.dumps(first.to_json()))) == first
    assert any("could still be saved" in sentence for sentence in first.sentences)
    short = certify(problem, found, seconds=0.02)
    assert short.distance.kind == NOTHING or short.distance.lower_km <= found.mean_km


def test_no_time_is_said_and_survives_storage():
    problem, found = clustered(60, 3)
    none = dataclasses.replace(
        certify(problem, found, seconds=0.1).distance, kind=NOTHING, lower_km=float("nan"), sentence="not proven"
    )
    kept = Certificate((), none, None, 0.0, ())
    back = Certificate.from_json(json.loads(json.dumps(kept.to_json())))
    assert back.distance.kind == NOTHING
    assert np.isnan(back.distance.lower_km)
    assert np.isnan(back.distance.gap)


def test_cancel_is_obeyed():
    problem, found = clustered(300, 6)
    calls = []

    def stop(done, total, what=""):
        calls.append(what)
        if len(calls) > 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        certify(problem, found, progress=stop)


def test_what_forces_an_imbalance_is_named():
    problem = DesignProblem(
        np.array([40.0, 40.1, 40.2, 60.0, 60.1, 60.2]),
        np.array([0.0, 0.1, 0.0, 50.0, 50.1, 50.0]),
        {"size": np.array([50.0, 1, 2, 3, 4, 5])},
        3,
        unit_names=["Big", "b", "c", "d", "e", "f"],
        tolerance={"size": 0.05},
    )
    proof, _ = holds(problem, 5)
    bound = proof.balance[0]
    assert bound.lower == pytest.approx(50 / (65 / 3) - 1)
    assert (bound.cause, bound.units, bound.unavoidable) == ("unit", (0,), True)
    assert "Big alone is 230.8 %" in bound.sentence
    assert any("Big" in sentence and "unavoidable" in sentence for sentence in proof.sentences)
    even = dataclasses.replace(problem, measures={"size": np.full(6, 10)}, owner=np.array([0, 0, 1, 1, 2, 2]))
    assert holds(even)[0].balance[0].lower == 0
    tied = dataclasses.replace(
        even, locked=np.array([1, 1, 1, 0, 0, 0], dtype=bool), owner=np.array([1, 1, 1, 0, 0, 2])
    )
    assert (holds(tied)[0].balance[0].cause, holds(tied)[0].balance[0].lower) == ("locked", pytest.approx(0.5))
    apart = dataclasses.replace(even, measures={"size": np.array([12.0, 12, 12, 12, 2, 2])}, owner=None)
    edges = np.array([[0, 1], [1, 2], [2, 3], [4, 5]])  # as given, the two islands are not linked
    (bound,) = imbalance_bounds(apart, {"size": 1.0}, edges)
    whole = [where for where in assignments(apart) if evaluate(apart, where, edges).connected]
    assert bound.lower <= min(deviation(apart, where, "size") for where in whole) + 1e-9
    assert bound.lower == pytest.approx(1 - 4 / (52 / 3))
    assert bound.cause == "component"
    assert "2 pieces" in bound.sentence
