"""Who is paid by which plan: listed, assigned in bulk from a day on, ended, undone."""

from __future__ import annotations

import datetime as dt

import pytest

from salesops_desktop.jobs.commission_assignments import assign_people, list_assignments, unassign_people
from salesops_desktop.jobs.workspaces import undo
from salesops_desktop.model.enums import PersonRole
from salesops_desktop.model.errors import FaultsError, InputRefusedError, NothingToDoError

REP, OVERLAY = "Rep plan USD", "Overlay plan USD"
DAY = dt.date(2026, 10, 1)


@pytest.fixture
def held(stored):
    """(plan, first day, last day) of each of a person's assignments."""

    def ask(context, person):
        return stored(
            context,
            "SELECT l.name, a.start_date, a.end_date FROM plan_assignment a JOIN plan l ON l.id = a.plan_id "
            "JOIN person p ON p.id = a.person_id WHERE p.name = ? ORDER BY a.start_date, l.name",
            person,
        )

    return ask


@pytest.fixture
def rep(company, stored):
    return stored(
        company,
        "SELECT p.name FROM person p JOIN plan_assignment a ON a.person_id = p.id JOIN plan l ON l.id = a.plan_id "
        "WHERE l.name = ? AND a.end_date IS NULL AND p.end_date IS NULL ORDER BY p.name LIMIT 1",
        REP,
    )[0][0]


def test_one_plan_follows_another_and_it_is_one_step(company, rep, held, stored):
    before = held(company, rep)
    said = assign_people(company, OVERLAY, DAY, people=rep).summary()
    assert "1 people" in said[0]
    first = before[0][1]
    assert held(company, rep) == [(REP, first, "2026-09-30"), (OVERLAY, "2026-10-01", None)]
    undo(company)
    assert held(company, rep) == before


def test_a_stretch_is_taken_out_of_the_middle(company, rep, held):
    first = held(company, rep)[0][1]
    assign_people(company, OVERLAY, DAY, people=rep, until=dt.date(2026, 12, 31))
    assert held(company, rep) == [
        (REP, first, "2026-09-30"),
        (OVERLAY, "2026-10-01", "2026-12-31"),
        (REP, "2027-01-01", None),
    ]
    assign_people(company, REP, DAY, people=rep)
    assert held(company, rep) == [(REP, first, None)]


def test_beside_keeps_what_there_is_and_is_listed(company, rep):
    before = list_assignments(company, day=DAY)
    assign_people(company, OVERLAY, DAY, people=rep, beside=True)
    after = list_assignments(company, day=DAY)
    assert after.several == before.several + 1
    rows = [i for i, name in enumerate(after.people["person"].values) if name == rep]
    assert {after.people["plan"].values[i] for i in rows} == {REP, OVERLAY}
    assert {after.people["finding"].values[i] for i in rows} == {"2 plans"}


def test_people_of_a_role_without_a_plan_are_found_and_assigned(company, stored):
    unassign_people(company, OVERLAY, DAY, role=PersonRole.OVERLAY)
    without = list_assignments(company, day=DAY)
    missing = {
        name
        for name, finding in zip(without.people["person"].values, without.people["finding"].values, strict=True)
        if finding == "no plan"
    }
    overlays = {
        name
        for (name,) in stored(
            company,
            "SELECT name FROM person WHERE role = 'overlay' AND coalesce(end_date, '9999') >= '2026-10-01' "
            "AND id IN (SELECT person_id FROM plan_assignment a JOIN plan l ON l.id = a.plan_id WHERE l.name = ?)",
            OVERLAY,
        )
    }
    assert overlays
    assert overlays <= missing
    assign_people(company, OVERLAY, DAY, role=PersonRole.OVERLAY)
    assert list_assignments(company, day=DAY).without < without.without


def test_a_team_is_those_under_its_manager(company, rep, stored):
    boss = stored(company, "SELECT m.name FROM person p JOIN person m ON m.id = p.manager_id WHERE p.name = ?", rep)
    assign_people(company, OVERLAY, DAY, team=boss[0][0], role=PersonRole.REP)
    rows = stored(
        company,
        "SELECT p.name FROM plan_assignment a JOIN plan l ON l.id = a.plan_id JOIN person p ON p.id = a.person_id "
        "WHERE l.name = ? AND a.start_date = '2026-10-01'",
        OVERLAY,
    )
    assert (rep,) in rows


def test_what_cannot_be_meant_is_refused(company, rep, held):
    before = held(company, rep)
    with pytest.raises(FaultsError, match="2 of the people"):
        assign_people(company, OVERLAY, DAY, people=f"{rep}; Nobody A; Nobody B")
    with pytest.raises(InputRefusedError, match="Nobody is named"):
        assign_people(company, OVERLAY, DAY)
    with pytest.raises(InputRefusedError, match="is before"):
        assign_people(company, OVERLAY, DAY, people=rep, until=dt.date(2026, 1, 1))
    with pytest.raises(InputRefusedError, match="holds from"):
        assign_people(company, OVERLAY, dt.date(1990, 1, 1), people=rep, until=dt.date(1990, 2, 1))
    with pytest.raises(InputRefusedError, match="no plan called"):
        assign_people(company, "Nowhere", DAY, people=rep)
    with pytest.raises(NothingToDoError):
        unassign_people(company, OVERLAY, DAY, people=rep)
    assert held(company, rep) == before
