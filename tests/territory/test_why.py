"""The why-panel, the suggested moves and the repair after an edit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from salesops_desktop.territory import DesignProblem
from salesops_desktop.territory.live import LiveDesign
from salesops_desktop.territory.suggest import beyond, repair, suggest_moves
from salesops_desktop.territory.why import explain


def square(side=12, k=4, **more):
    """Units on a grid in columns of equal width, each a territory."""
    x, y = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    number = np.arange(side * side).reshape(side, side)
    edges = np.concatenate([
        np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1),
        np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1),
    ])  # fmt: skip
    owner = (x.ravel() * k // side).astype(np.intp)
    given = {
        "latitude": 40 + 0.1 * y.ravel(),
        "longitude": 0.1 * x.ravel(),
        "measures": {"potential": np.full(side * side, 10)},
        "territories": k,
        "tolerance": {"potential": 0.1},
        "owner": owner,
        "edges": edges,
        "territory_names": ["West", "Middle west", "Middle east", "East"],
        **more,
    }
    return DesignProblem(**given), owner, edges


def test_why_here():
    problem, owner, edges = square()
    told = explain(LiveDesign(problem, owner, edges), 0)
    assert told.territory == 0
    assert told.nearer == 0
    assert "West works it today: nothing changes hands." in told.sentences
    assert any(said.startswith("No centre is nearer than that of West") for said in told.sentences)
    assert told.alternatives[0].territory == 1
    assert [each.territory for each in told.alternatives] == [1, 2, 3]
    first = told.alternatives[0]
    assert first.deviation["potential"] == pytest.approx(1 / 36)
    assert first.change_km > 0
    assert first.tears  # it would not touch its new territory
    assert {issue.kind for issue in first.breaks} == {"torn"}
    assert told.sentences[-1].startswith("The next best place is Middle west: ")


def test_alternatives_say_what_a_move_does():
    problem, owner, edges = square()
    live = LiveDesign(problem, owner, edges)
    for each in explain(live, 30).alternatives:
        effect = live.preview(np.array([30]), each.territory)
        assert each.change_km == pytest.approx(effect.after.mean_km - effect.before.mean_km)
        assert (
            each.change_balance["potential"] == effect.after.balance["potential"] - effect.before.balance["potential"]
        )
        assert each.breaks == effect.breaks


def test_why_names_locks_families_and_owners():
    group = np.full(144, -1)
    group[[0, 1, 2]] = 4
    locked = np.zeros(144, dtype=bool)
    locked[0] = True
    problem, owner, edges = square(group=group, locked=locked)
    told = explain(LiveDesign(problem, owner, edges), 0)
    assert told.family == (0, 1, 2)
    assert "unit 1 is locked to West." in told.sentences
    assert "It stays together with its family of 3 (2 more)." in told.sentences
    assert {issue.kind for issue in told.alternatives[0].breaks} >= {"lock"}
    moved = owner.copy()
    moved[40] = 0
    told = explain(LiveDesign(problem, moved, edges), 40)
    assert "Middle west works it today: it changes hands." in told.sentences
    assert any(each.back_home for each in told.alternatives)


def test_a_unit_without_a_position_or_territory():
    problem, owner, edges = square()
    latitude = problem.latitude.copy()
    latitude[0] = np.nan
    problem = dataclasses.replace(problem, latitude=latitude)
    where = owner.copy()
    assert "It has no position, so distance says nothing." in explain(LiveDesign(problem, where, edges), 0).sentences
    where[1] = -1
    assert explain(LiveDesign(problem, where, edges), 1).sentences[0] == "unit 2 is in no territory."


def test_suggested_moves_mend_and_break_nothing():
    problem, owner, edges = square()
    where = owner.copy()
    where[owner == 1] = np.where(np.arange(36) < 24, 0, 1)  # West has taken two thirds of its neighbour
    live = LiveDesign(problem, where, edges)
    before = live.figures.balance["potential"]
    found = suggest_moves(live, 0)
    assert len(found) == 5
    for each in found:
        assert not each.effect.breaks
        assert (each.source, each.target) == (0, 1)
        assert beyond(live, each.effect.after) < beyond(live, live.figures)
    live.move(found[0].units, found[0].target)
    assert live.figures.balance["potential"] < before


def test_locked_units_are_not_suggested():
    problem, owner, edges = square(locked=np.ones(144, dtype=bool))
    where = owner.copy()
    live = LiveDesign(problem, where, edges)
    assert suggest_moves(live, 0) == ()


def test_repair_after_an_edit():
    problem, owner, edges = square()
    live = LiveDesign(problem, owner, edges)
    edit = np.flatnonzero((owner == 1) & (problem.latitude < 40.35))  # its southern third
    live.lock(np.array([100]))
    live.move(edit, 0)
    assert live.figures.balance["potential"] > 0.3
    effect = repair(live)
    assert effect is not None
    assert live.figures.balance["potential"] <= 0.1 + 1e-9
    assert (live.assignment[edit] == 0).all()
    assert live.assignment[100] == owner[100]
    assert (live.figures.pieces == 1).all()
    live.undo()
    assert (live.assignment[edit] == 0).all()
    assert live.figures.balance["potential"] > 0.3


def test_nothing_to_repair():
    problem, owner, edges = square()
    live = LiveDesign(problem, owner, edges)
    assert repair(live) is None
    live.move(np.array([0]), 0)
    assert repair(live) is None


def test_repair_leaves_divided_families_alone():
    group = np.full(144, -1)
    group[[40, 41, 42]] = 1
    problem, owner, edges = square(group=group)
    live = LiveDesign(problem, owner, edges)
    live.move(np.flatnonzero(owner == 1)[:7], 0)  # 40, 41 and 42 are among them
    live.move(np.array([41]), 1)
    repair(live)
    assert live.assignment[[40, 41, 42]].tolist() == [0, 1, 0]
