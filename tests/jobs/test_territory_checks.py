"""What stands in the way of a design is named with its rows before anything is solved."""

from __future__ import annotations

import pytest

from salesops_desktop.jobs import territories
from salesops_desktop.jobs.territory_checks import check_territories
from salesops_desktop.jobs.territory_rules import forbid_accounts, name_accounts
from salesops_desktop.jobs.territory_suggest import suggest_territories
from salesops_desktop.jobs.territory_wishes import Boundary
from salesops_desktop.model.errors import FaultsError


def change(context, *statements):
    with context.workspace.action("Spoil the data") as unit:
        for statement, *values in statements:
            unit.connection.exec_driver_sql(statement, tuple(values))


def some_accounts(stored, company, count=2):
    return stored(company, "SELECT id, name FROM account WHERE parent_id IS NULL ORDER BY id LIMIT ?", count)


def test_nothing_wrong_is_said_as_such(company):
    found = check_territories(company)
    assert found.faults == ()
    assert found.exit_status == 0
    assert len(found.rows) == 0


def test_positions_that_cannot_be_or_are_missing_are_named_with_their_rows(company, stored):
    (one, first), (two, second) = some_accounts(stored, company)
    fields = ("latitude", "longitude", "city", "postal_code", "state", "country")
    change(
        company,
        ("UPDATE account SET latitude = 0, longitude = 0 WHERE id = ?", one),
        (f"UPDATE account SET {', '.join(f'{field} = NULL' for field in fields)} WHERE id = ?", two),
    )
    found = check_territories(company)
    rows = [(row[0], row[2]) for row in found.rows.rows()]
    assert ("impossible position", first) in rows
    assert ("no position", second) in rows
    said = " ".join(found.summary())
    assert f"impossible position, which is not used: {first}" in said
    assert second in said
    told = " ".join(suggest_territories(company).sentences)
    assert all(each in told for each in found.remarks if "position" in each)


def test_measures_below_zero_are_named_with_their_rows_and_refused(company, stored):
    (one, first), (two, second) = some_accounts(stored, company)
    change(
        company,
        ("UPDATE account SET potential = -500 WHERE id = ?", one),
        ("UPDATE account SET workload = -2 WHERE id = ?", two),
    )
    found = check_territories(company)
    assert {(fault.where, first in fault.what, second in fault.what) for fault in found.faults} == {
        ("potential", True, False),
        ("workload", False, True),
    }
    assert {(row[0], row[2], row[3]) for row in found.rows.rows()} == {
        ("potential less than zero", first, "-5.00"),
        ("workload less than zero", second, "-2.00"),
    }
    assert found.exit_status == 1
    with pytest.raises(FaultsError, match=first):
        territories.design_territories(company)


def test_measures_that_are_all_zero_are_refused_by_name(company):
    change(company, ("UPDATE account SET workload = 0",))
    found = check_territories(company, measures=["workload"])
    assert [(fault.where, fault.what) for fault in found.faults] == [
        ("workload", "All zero: there is nothing to balance.")
    ]


def test_more_people_than_accounts_are_named(company, stored):
    people = [
        name for (name,) in stored(company, "SELECT DISTINCT p.name FROM person p JOIN account a ON a.owner_id = p.id")
    ]
    keep = stored(company, "SELECT min(id) FROM account")[0][0]
    change(company, ("DELETE FROM account WHERE id > ?", keep + 1))
    found = check_territories(company, boundary=Boundary.NONE)
    told = [remark for remark in found.remarks if "more people than accounts" in remark]
    assert len(told) == 1
    assert any(name in told[0] for name in people) or "more" in told[0]
    asked = check_territories(company, boundary=Boundary.NONE, territories=9)
    assert [fault.where for fault in asked.faults] == ["territories"]


def test_families_and_accounts_larger_than_a_tolerance_are_named(company, stored):
    (one, first), (two, second) = some_accounts(stored, company)
    change(
        company,
        ("UPDATE account SET potential = (SELECT sum(potential) FROM account) WHERE id = ?", one),
    )
    said = [each for each in check_territories(company).remarks if "cannot be balanced" in each]
    assert len(said) == 1
    assert f"{first} alone is" in said[0]
    change(company, ("UPDATE account SET parent_id = ? WHERE id = ?", one, two))
    change(
        company,
        ("UPDATE account SET potential = 100",),
        ("UPDATE account SET potential = (SELECT count(*) * 20 FROM account) WHERE id IN (?, ?)", one, two),
    )
    said = [each for each in check_territories(company, tolerance=40.0).remarks if "potential cannot" in each]
    assert len(said) == 1
    assert first in said[0] or second in said[0]


def test_rules_that_contradict_are_all_named(company, stored):
    ((one, first), (two, second)) = some_accounts(stored, company)
    who, other = (
        name
        for (name,) in stored(
            company,
            "SELECT DISTINCT p.name FROM person p JOIN account a ON a.owner_id = p.id WHERE p.end_date IS NULL "
            "ORDER BY p.name LIMIT 2",
        )
    )
    name_accounts(company, who, [one])
    statement = (
        "INSERT INTO account_rule (account_id, person_id, kind) SELECT ?, id, 'named' FROM person WHERE name = ?"
    )
    change(company, (statement, one, other))
    forbid_accounts(company, other, [two])
    faults = check_territories(company, boundary=Boundary.NONE).faults
    assert [fault.where for fault in faults] == [first]
    assert who in faults[0].what
    assert second not in faults[0].what
    with pytest.raises(FaultsError, match="contradict"):
        territories.design_territories(company, boundary=Boundary.NONE)
