"""Routing: rules kept with their scenario reproduce it; accounts and leads without an owner get one, and back."""

from __future__ import annotations

import pytest

from salesops_desktop.jobs import territories
from salesops_desktop.jobs.territory_records import account_rows, families_of, lead_rows, new_records, plain_code
from salesops_desktop.jobs.territory_routing import Routed, make_routing_rules, route_records
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError


@pytest.fixture
def company(designed):
    """Here the small company has a design."""
    return designed


@pytest.fixture
def scenario(company):
    return territories.scenarios(company).heads[0].id


def test_rules_are_kept_and_say_how_good_they_are(company, scenario, stored):
    before = company.workspace.check().content
    report = make_routing_rules(company, scenario)
    assert report.stored
    assert stored(company, "SELECT count(*) FROM routing_rule WHERE scenario_id = ?", scenario) == [
        (len(report.rules),)
    ]
    accounts = stored(company, "SELECT count(*) FROM assignment WHERE scenario_id = ?", scenario)[0][0]
    assert sum(report.rules["agree"].values) == sum(report.rules["accounts"].values) == accounts
    assert sum(report.backtest["records"].values) == round(accounts * 0.2)
    assert report.agreement == pytest.approx(sum(report.backtest["agree"].values) / round(accounts * 0.2))
    assert 0.3 < report.agreement <= 1
    again = make_routing_rules(company, scenario)  # in the place of the first, not beside them
    assert stored(company, "SELECT count(*) FROM routing_rule") == [(len(again.rules),)]
    assert [list(table.rows()) for table in again.tables()] == [list(table.rows()) for table in report.tables()]
    company.workspace.undo()
    company.workspace.undo()
    assert company.workspace.check().content == before


def test_todays_owners_make_rules_that_are_not_kept(company, stored):
    report = make_routing_rules(company)
    assert not report.stored
    assert len(report.rules) > 1
    assert stored(company, "SELECT count(*) FROM routing_rule") == [(0,)]


def forget(company, table, where):
    with company.workspace.action("Forget owners") as unit:
        unit.connection.exec_driver_sql(f"UPDATE {table} SET owner_id = NULL WHERE {where}")


def test_known_accounts_go_where_the_scenario_has_them(company, scenario, stored):
    make_routing_rules(company, scenario)
    forget(company, "account", "id % 3 = 0")
    report = route_records(company, scenario, what=Routed.ACCOUNTS)
    assert report.applied == 0
    designed = dict(
        stored(
            company,
            "SELECT a.account_id, t.name FROM assignment a JOIN territory t ON t.id = a.territory_id "
            "WHERE a.scenario_id = ? AND a.account_id % 3 = 0",
            scenario,
        )
    )
    assert dict(zip(report.records.keys.tolist(), report.records["territory"].values, strict=True)) == designed
    assert set(report.records["rule"].values) == {"known account"}


def test_new_accounts_enter_the_scenario_and_leave_it_again(company, scenario, stored):
    make_routing_rules(company, scenario)
    with company.workspace.action("New accounts") as unit:
        # Twins of known accounts: same address, other name, no owner.
        unit.connection.exec_driver_sql(
            "INSERT INTO account (name, country, state, city, postal_code) "
            "SELECT name || ' twin', country, state, city, postal_code FROM account "
            "WHERE postal_code IS NOT NULL LIMIT 20"
        )
        unit.connection.exec_driver_sql("INSERT INTO account (name) VALUES ('From nowhere')")
    before = company.workspace.check().content
    preview = route_records(company, scenario, what=Routed.ACCOUNTS)
    assert company.workspace.check().content == before
    assert [row[1] for row in preview.unrouted.rows()] == ["From nowhere"]
    assert "postal code" in set(preview.records["rule"].values)
    report = route_records(company, scenario, what=Routed.ACCOUNTS, apply=True)
    assert report.applied == 20
    rows = stored(
        company,
        "SELECT a.id, p.name, s.reason, a.owner_id = t.person_id FROM account a JOIN person p ON p.id = a.owner_id "
        "JOIN assignment s ON s.account_id = a.id JOIN territory t ON t.id = s.territory_id WHERE a.name LIKE '% twin'",
    )
    assert {row[0]: row[1] for row in rows} == dict(
        zip(report.records.keys.tolist(), report.records["person"].values, strict=True)
    )
    assert all(reason.startswith("rule: ") and same for _, _, reason, same in rows)
    assert company.workspace.undo_name == "Undo Route accounts and leads: Draft"
    company.workspace.undo()
    assert company.workspace.check().content == before


def test_kept_rules_decide_and_not_fresh_ones(company, scenario, stored):
    make_routing_rules(company, scenario)
    with company.workspace.action("One rule for all") as unit:
        unit.connection.exec_driver_sql(
            "UPDATE routing_rule SET territory_id = (SELECT min(id) FROM territory WHERE scenario_id = ?) "
            "WHERE kind = 'postal code'",
            (scenario,),
        )
        unit.connection.exec_driver_sql(
            "INSERT INTO account (name, country, postal_code) "
            "SELECT 'Twin', country, postal_code FROM account "
            "WHERE country = 'United States' AND postal_code IS NOT NULL LIMIT 1"
        )
    ((first,),) = stored(company, "SELECT name FROM territory WHERE id = (SELECT min(id) FROM territory)")
    report = route_records(company, scenario, what=Routed.ACCOUNTS)
    assert set(report.records["territory"].values) == {first}


def test_leads_follow_their_account_or_take_turns(company, scenario, stored):
    forget(company, "lead", "status = 'new'")
    with company.workspace.action("A lead from a customer") as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO lead (external_id, name, company, status, created_at) "
            "SELECT 'L-1', 'Ann', upper(name), 'new', '2026-01-01 00:00:00' FROM account ORDER BY id LIMIT 1"
        )
    report = route_records(company, scenario, what=Routed.LEADS)
    waiting = stored(company, "SELECT count(*) FROM lead WHERE owner_id IS NULL AND status = 'new'")[0][0]
    assert len(report.records) + len(report.unrouted) == waiting
    by_name = {row[1]: row for row in report.records.rows()}
    ((territory,),) = stored(
        company,
        "SELECT t.name FROM assignment a JOIN territory t ON t.id = a.territory_id WHERE a.scenario_id = ? "
        "ORDER BY a.account_id LIMIT 1",
        scenario,
    )
    assert by_name["Ann"][7] == territory
    assert by_name["Ann"][9] == "known account"
    assert all(why for why in report.records["why"].values)
    everything = route_records(company, scenario, what=Routed.LEADS, all_open=True)
    assert len(everything.records) > len(report.records)


def test_nobody_waits(company, scenario):
    with pytest.raises(NothingToDoError, match="Nobody is waiting"):
        route_records(company, scenario, what=Routed.ACCOUNTS)


def test_what_makes_no_sense_is_refused(company, scenario):
    with pytest.raises(InputRefusedError, match="majority"):
        make_routing_rules(company, scenario, majority=30)
    with pytest.raises(InputRefusedError, match="no scenario 99"):
        make_routing_rules(company, 99)


def test_addresses_are_spelled_alike(company):
    with company.workspace.read() as connection:
        accounts = account_rows(connection)
        leads = lead_rows(connection, accounts)
    accounts = accounts.iloc[:3].copy()
    accounts["country"] = ["USA", "united states", None]
    accounts["state"] = ["New York", "ny", "N.Y."]
    accounts["postal_code"] = ["10001-1234", "1001", "x"]
    made = new_records(accounts, families_of(accounts))
    assert made.country == ["US", "US", "US"]
    assert made.state == ["NY"] * 3
    assert made.postal_code == ["10001", "01001", ""]
    assert plain_code("GB", "sw1a 1aa") == "SW1A1AA"
    assert len(leads) > 0
