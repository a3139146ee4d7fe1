"""Wishes of a design: read, refused with every fault, obeyed."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest

from salesops_desktop.jobs import territories
from salesops_desktop.jobs.territory_capacity import LEAST, capacities
from salesops_desktop.jobs.territory_inputs import load_territory_inputs
from salesops_desktop.jobs.territory_measures import measures_of
from salesops_desktop.jobs.territory_problems import build_problem
from salesops_desktop.jobs.territory_wishes import Boundary, DesignWishes, Effort, UnitKind
from salesops_desktop.model.errors import FaultsError


def test_a_measure_may_have_a_tolerance_of_its_own():
    wishes = DesignWishes(measures=("potential", "workload:5", "annual_revenue * 0.2 : 7.5 %"), tolerance=12)
    assert [(m.text, m.tolerance) for m in wishes.asked()] == [
        ("potential", 0.12),
        ("workload", 0.05),
        ("annual_revenue * 0.2", 0.075),
    ]


def test_wishes_come_back_from_the_workspace_as_they_went():
    wishes = DesignWishes(
        measures=("potential:5",), units=UnitKind.STATES, boundary=Boundary.COUNTRY, date=dt.date(2027, 1, 1),
        keep=(3, 4), budget=10.0, effort=Effort.LONG, based_on="Draft",
    )  # fmt: skip
    assert DesignWishes.from_json(wishes.to_json()) == wishes
    old = json.dumps({"tolerance": 5.0, "stability": 2.0, "within_regions": False, "keep_parents": False})
    assert DesignWishes.from_json(old) == DesignWishes(
        tolerance=5.0, stability=2.0, boundary=Boundary.NONE, keep_parents=False
    )
    assert DesignWishes.from_json(None) == DesignWishes()


def test_every_wish_that_makes_no_sense_is_told():
    with pytest.raises(FaultsError) as refused:
        DesignWishes(measures=("potential", "Potential", "workload:300"), tolerance=0, stability=-1, budget=120).check()
    assert {fault.where for fault in refused.value.faults} == {
        "tolerance", "potential", "Potential", "workload", "stability", "budget",
    }  # fmt: skip


def test_measures_are_fields_or_formulas(company, stored):
    with company.workspace.read() as connection:
        inputs = load_territory_inputs(connection)
    made = measures_of(
        inputs, DesignWishes(measures=("Open pipeline", "accounts", "potential * 0.5 + won_last_year", "workload"))
    )
    assert [m.name for m in made] == ["open pipeline", "accounts", "potential * 0.5 + won_last_year", "workload"]
    assert made[1].values.sum() == stored(company, "SELECT count(*) FROM account")[0][0]
    both = inputs.accounts["potential_minor"] * 0.5 + inputs.accounts["won_minor"]
    assert np.abs(made[2].values - both).max() <= 0.5
    assert made[2].values.dtype == np.int64
    assert inputs.accounts["won_minor"].sum() > 0


def test_a_measure_that_cannot_be_balanced_is_told_with_its_accounts(company):
    with company.workspace.action("Spoil") as unit:
        unit.connection.exec_driver_sql("UPDATE account SET workload = -3 WHERE id = 7")
    (name,) = [
        row[0] for row in territories.show_territories(company, 0).accounts.rows() if row[6] is not None and row[6] < 0
    ]
    with pytest.raises(FaultsError) as refused:
        territories.design_territories(company, measures=["workload", "nonsense(", "founded - founded"])
    told = {fault.where: fault.what for fault in refused.value.faults}
    assert name in told["workload"]
    assert told["founded - founded"].startswith("All zero")
    assert len(told) == 3


def test_capacity_is_time_ramp_and_presence(company):
    start = dt.date(2026, 10, 1)
    with company.workspace.action("People") as unit:
        run = unit.connection.exec_driver_sql
        run("UPDATE person SET fte = 1000000, ramp_months = NULL, start_date = '2020-01-01', end_date = NULL")
        run("UPDATE person SET fte = 500000 WHERE id = 1")
        run("UPDATE person SET start_date = '2026-10-01', ramp_months = 12 WHERE id = 2")
        run("INSERT INTO absence (person_id, start_date, end_date, share) VALUES (3, '2026-10-01', '2027-03-31', NULL)")
        run("INSERT INTO absence (person_id, start_date, share) VALUES (4, '2026-01-01', 200000)")
        run("UPDATE person SET end_date = '2026-10-02' WHERE id = 5")
    with company.workspace.read() as connection:
        import pandas as pd  # noqa: PLC0415

        rows = connection.exec_driver_sql("SELECT id, fte, start_date, end_date, ramp_months FROM person WHERE id <= 6")
        people = pd.DataFrame(rows.fetchall(), columns=["id", "fte", "start_date", "end_date", "ramp_months"])
        found = capacities(connection, people, start)
    assert found == pytest.approx([0.5, 0.5, 183 / 365, 0.8, LEAST, 1.0], abs=0.01)


def test_who_works_half_gets_half(company, stored):
    ((half,),) = stored(company, "SELECT owner_id FROM account GROUP BY owner_id ORDER BY count(*) DESC LIMIT 1")
    with company.workspace.action("Part time") as unit:
        unit.connection.exec_driver_sql("UPDATE person SET fte = 500000 WHERE id = ?", (half,))
    report = territories.design_territories(company, measures=["workload:15"], within_regions=False, stability=0.0)
    held = dict(zip(report.territories.keys.tolist(), report.territories["workload"].values, strict=True))
    others = np.array([hours for person, hours in held.items() if person != half])
    assert held[half] < 0.7 * others.mean()
    assert stored(company, "SELECT capacity FROM territory WHERE person_id = ?", half) == [(500000,)]


def test_vacancies_and_fewer_territories(company):
    people = len(territories.design_territories(company).territories)
    more = territories.design_territories(company, vacancies=2)
    assert len(more.territories) == people + 2
    vacant = [row for row in more.territories.rows() if row[0].startswith("Vacancy")]
    assert len(vacant) == 2
    assert all(row[1] is None and row[3] > 0 for row in vacant)
    fewer = territories.design_territories(company, territories=people - 3)
    assert len(fewer.territories) == people - 3
    assert any("only" in said and "were asked for" in said for said in fewer.sentences)
    with pytest.raises(FaultsError, match="cannot share"):
        territories.design_territories(company, territories=10**6)


def test_what_is_kept_stays(company, stored):
    rows = stored(company, "SELECT id, owner_id FROM account WHERE owner_id IS NOT NULL AND id % 9 = 0")
    territories.design_territories(company, keep=[account for account, _ in rows], stability=0.0)
    placed = dict(
        stored(
            company,
            "SELECT a.account_id, t.person_id FROM assignment a JOIN territory t ON t.id = a.territory_id "
            "WHERE a.locked",
        )
    )
    assert placed == dict(rows)


def test_no_account_leaves_its_country(company):
    report = territories.design_territories(company, boundary=Boundary.COUNTRY)
    homes = {}
    for row in report.accounts.rows():
        homes.setdefault(row[1], set()).add(row[4])
    assert any("leaves its country" in said for said in report.sentences)
    assert sum(len(countries) > 1 for countries in homes.values()) <= len(homes) // 3


def test_an_impossible_position_is_not_used_and_a_missing_one_is_placed_by_rule(company, stored):
    with company.workspace.action("Spoil") as unit:
        run = unit.connection.exec_driver_sql
        run("UPDATE account SET latitude = 0, longitude = 0, city = NULL, state = NULL, postal_code = NULL, "
            "country = NULL WHERE id = 11")  # fmt: skip
    report = territories.design_territories(company)
    name = stored(company, "SELECT name FROM account WHERE id = 11")[0][0]
    assert any("impossible position" in said and name in said for said in report.sentences)
    assert report.unpositioned.keys.tolist() == [11]
    assert report.unpositioned.row(0)[2] in ("it stays with its owner", "it goes with its family")


def test_a_scenario_is_the_problem_it_was_made_from(designed, stored):
    with designed.workspace.read() as connection:
        whole = build_problem(connection, 1)
    placed = dict(
        stored(
            designed,
            "SELECT a.account_id, t.name FROM assignment a JOIN territory t ON t.id = a.territory_id "
            "WHERE a.scenario_id = 1",
        )
    )
    ids = whole.inputs.accounts["id"].tolist()
    assert {ids[row]: whole.seats[seat].name for row, seat in enumerate(whole.seat_of_account)} == placed
    assert (whole.problem.part[whole.edges[:, 0]] == whole.problem.part[whole.edges[:, 1]]).all()
    assert (whole.problem.part == whole.problem.territory_part[whole.assignment]).all()
