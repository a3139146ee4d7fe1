"""Quotas of territories: sums exact, stored for the people as one action that can be undone, read by performance."""

from __future__ import annotations

import datetime as dt

import pytest

from salesops_desktop.jobs import territories
from salesops_desktop.jobs.territory_quotas import Season, Vacancies, preview_quotas, set_quotas, stored_quotas
from salesops_desktop.jobs.territory_seats import load_seats, presence
from salesops_desktop.model.errors import FaultsError, InputRefusedError
from salesops_desktop.model.periods import FiscalCalendar, PeriodKind


@pytest.fixture
def company(designed):
    """Here the small company has a design."""
    return designed


@pytest.fixture
def scenario(company):
    return territories.scenarios(company).heads[0].id


def test_a_preview_sums_and_stores_nothing(company, scenario):
    before = company.workspace.check().content
    report = preview_quotas(company, scenario, target="5,000,000", over=4)
    assert company.workspace.check().content == before
    assert report.stored == 0
    assert (report.target, report.total) == (500_000_000, 520_000_000)
    assert sum(report.lines["quota"].values) == report.total
    assert sum(report.managers["carried"].values) == report.target
    for i in range(len(report.periods)):
        row = report.periods.row(i)
        assert sum(row[2:-1]) == row[-1] == report.lines["quota"].cell(i)
    assert len(report.lines) == len(territories.show_territories(company, scenario).territories)
    assert any("4 % above the target" in sentence for sentence in report.summary())


def test_history_follows_the_accounts_and_not_the_people(company, scenario, stored):
    report = preview_quotas(company, scenario)
    (day,) = stored(company, "SELECT max(taken_on) FROM snapshot")[0]
    after = dt.date.fromisoformat(day).replace(year=dt.date.fromisoformat(day).year - 1).isoformat()
    rows = stored(
        company,
        "SELECT t.id, sum(x.amount) FROM \"transaction\" x JOIN assignment s ON s.account_id = x.account_id "
        "JOIN territory t ON t.id = s.territory_id WHERE s.scenario_id = ? AND x.kind = 'booking' "
        "AND x.booked_on > ? AND x.booked_on <= ? AND x.currency = 'USD' GROUP BY 1",
        scenario, after, day,
    )  # fmt: skip
    history = dict(zip(report.lines.keys.tolist(), report.lines["history"].values.tolist(), strict=True))
    foreign = stored(company, "SELECT count(*) FROM \"transaction\" WHERE currency <> 'USD'")[0][0]
    for territory, amount in rows:
        assert history[territory] == amount if not foreign else history[territory] >= amount


def test_stored_as_one_action_and_back(company, scenario, stored):
    before = company.workspace.check().content
    report = set_quotas(company, scenario, target="5000000", periods=PeriodKind.MONTH, year="2029", managers=True)
    assert report.stored > 0
    table = stored_quotas(company, scenario, year="2029")
    assert len(table) == 12 * len(report.lines)
    assert sum(table["amount"].values) == 500_000_000
    assert set(table.keys.tolist()) == set(report.lines.keys.tolist())
    assert len(stored_quotas(company, scenario, year="2028")) == 0
    quotas = stored(
        company,
        "SELECT q.person_id, sum(amount) FROM quota q JOIN territory t ON t.id = q.territory_id "
        "WHERE q.period_start >= '2029-01-01' GROUP BY 1",
    )
    people = dict(stored(company, "SELECT person_id, id FROM territory WHERE scenario_id = ?", scenario))
    by_territory = dict(zip(report.lines.keys.tolist(), report.lines["quota"].values.tolist(), strict=True))
    assert {person: by_territory[people[person]] for person, _ in quotas} == dict(quotas)
    # The manager at the top carries the whole target.
    top = stored(
        company,
        "SELECT sum(amount) FROM quota q JOIN person p ON p.id = q.person_id "
        "WHERE p.manager_id IS NULL AND q.period_start >= '2029-01-01'",
    )
    assert top == [(500_000_000,)]
    assert company.workspace.undo_name == "Undo Set quotas of 2029: Draft"
    company.workspace.undo()
    assert company.workspace.check().content == before


def test_quotas_that_are_there_are_replaced_only_when_asked(company, scenario, stored):
    set_quotas(company, scenario, target="5000000", year="2029")
    content = company.workspace.check().content
    with pytest.raises(InputRefusedError, match="2029 already"):
        set_quotas(company, scenario, target="6000000", year="2029")
    assert company.workspace.check().content == content
    set_quotas(company, scenario, target="6000000", year="2029", replace=True, periods=PeriodKind.YEAR)
    assert stored(company, "SELECT sum(amount) FROM quota WHERE period_start >= '2029-01-01'") == [(600_000_000,)]


def test_quotas_for_the_owners_of_today(company, stored):
    report = set_quotas(company, target="4000000", year="2029")
    assert report.name == "Today's owners"
    rows = stored(
        company, "SELECT person_id, territory_id, sum(amount) FROM quota WHERE period_start >= '2029-01-01' GROUP BY 1"
    )
    assert {person for person, _, _ in rows} == set(report.lines.keys.tolist())
    assert all(territory is None for _, territory, _ in rows)
    assert sum(amount for _, _, amount in rows) == 400_000_000


def test_a_vacancy_holds_its_quota_or_shares_it(company, scenario, stored):
    with company.workspace.action("Vacate") as unit:
        unit.connection.exec_driver_sql(
            "UPDATE territory SET person_id = NULL WHERE id = (SELECT min(id) FROM territory WHERE scenario_id = ?)",
            (scenario,),
        )
    held = set_quotas(company, scenario, target="5000000", year="2029")
    vacant = [i for i in range(len(held.lines)) if held.lines["person"].cell(i) is None]
    assert len(vacant) == 1
    assert held.lines["quota"].values[vacant[0]] > 0
    assert stored(company, "SELECT sum(amount) FROM quota WHERE person_id IS NULL") == [
        (held.lines["quota"].values[vacant[0]],)
    ]
    spread = preview_quotas(company, scenario, target="5000000", vacancies=Vacancies.SPREAD)
    assert spread.lines["quota"].values[vacant[0]] == 0
    assert sum(spread.lines["quota"].values) == 500_000_000


def test_promised_quotas_floors_and_caps(company, scenario):
    name = preview_quotas(company, scenario).lines["person"].cell(0)
    report = preview_quotas(
        company,
        scenario,
        target="5000000",
        floor="20%",
        cap="900000",
        fixed=[f"{name} = 123456.78"],
        season=Season.EVEN,
    )
    assert report.lines["quota"].values[0] == 12_345_678
    assert report.lines["bound"].cell(0) == "fixed"
    for i in range(1, len(report.lines)):
        last = report.lines["last"].cell(i)
        assert (last or 0) / 5 <= report.lines["quota"].cell(i) <= 900_000


def test_what_cannot_be_is_refused(company, scenario):
    with pytest.raises(InputRefusedError, match="no amount"):
        preview_quotas(company, scenario, target="many")
    with pytest.raises(InputRefusedError, match="no year"):
        preview_quotas(company, scenario, year="2027-Q1")
    with pytest.raises(InputRefusedError, match="no per cent"):
        preview_quotas(company, scenario, floor="some%")
    with pytest.raises(FaultsError) as caught:
        preview_quotas(company, scenario, fixed=["Nobody=3", "x"])
    assert len(caught.value.faults) == 2
    with pytest.raises(FaultsError, match="floors"):
        preview_quotas(company, scenario, target="1000", floor="5000", unit="1")
    with pytest.raises(InputRefusedError, match="no scenario 99"):
        preview_quotas(company, 99)


def test_newcomers_ramp_and_absences_count(company, stored):
    with company.workspace.action("Start late") as unit:
        connection = unit.connection
        late, away = (row[0] for row in connection.exec_driver_sql("SELECT DISTINCT owner_id FROM account LIMIT 2"))
        connection.exec_driver_sql("UPDATE person SET start_date = '2000-01-01', ramp_months = NULL")
        connection.exec_driver_sql(
            "UPDATE person SET start_date = '2029-04-01', ramp_months = 0, active = 1 WHERE id = ?", (late,)
        )
        connection.exec_driver_sql(
            "INSERT INTO absence (person_id, start_date, end_date, share) "
            "VALUES (?, '2029-07-01', '2029-12-31', 500000)",
            (away,),
        )
        connection.exec_driver_sql(
            "INSERT INTO scenario (id, name, status, created_at) VALUES (50, 'S', 'draft', '2026-01-01 00:00:00')"
        )
        connection.exec_driver_sql(
            "INSERT INTO territory (scenario_id, name, person_id) VALUES (50, 'L', ?), (50, 'A', ?), (50, 'V', NULL)",
            (late, away),
        )
    quarters = FiscalCalendar().quarters(2029)
    with company.workspace.read() as connection:
        seats = load_seats(connection, 50)
        found = dict(zip(seats.names, presence(connection, seats, quarters, 6), strict=True))
    assert found["L"] == (0, 1_000_000, 1_000_000, 1_000_000)
    assert found["A"] == (1_000_000, 1_000_000, 500_000, 500_000)
    assert found["V"] == (1_000_000,) * 4
