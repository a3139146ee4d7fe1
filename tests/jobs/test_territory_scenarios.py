"""The life of scenarios: copied, named, compared, planned, made current, deleted, all of it undoable."""

from __future__ import annotations

import datetime as dt

import pytest

from salesops_desktop.jobs import territories
from salesops_desktop.jobs import territory_scenarios as scenarios
from salesops_desktop.model.errors import InputRefusedError

PLACES = (
    "SELECT a.account_id, t.name FROM assignment a JOIN territory t ON t.id = a.territory_id "
    "WHERE a.scenario_id = ? ORDER BY 1"
)


def test_a_copy_is_the_same_and_its_own(designed, stored):
    before = designed.workspace.check().content
    scenarios.copy_scenario(designed, 1, "Second")
    assert stored(designed, PLACES, 2) == stored(designed, PLACES, 1)
    report, copy = (territories.show_territories(designed, number) for number in (1, 2))
    assert copy.balance == report.balance
    account, held = stored(designed, PLACES, 2)[0]
    other = next(row[0] for row in copy.territories.rows() if row[0] != held)
    territories.move_accounts(designed, 2, other, [account])
    assert dict(stored(designed, PLACES, 1))[account] == held
    head = territories.scenarios(designed).heads[0]
    assert (head.name, head.copied_from, head.status) == ("Second", "Draft", "draft")
    designed.workspace.undo()
    designed.workspace.undo()
    assert designed.workspace.check().content == before


def test_todays_owners_become_a_scenario(designed, stored):
    scenarios.copy_scenario(designed, 0)
    owners = stored(designed, "SELECT id, owner_id FROM account WHERE owner_id IS NOT NULL ORDER BY id")
    people = stored(
        designed,
        "SELECT a.account_id, t.person_id FROM assignment a JOIN territory t ON t.id = a.territory_id "
        "WHERE a.scenario_id = 2 ORDER BY 1",
    )
    assert people == owners
    assert len(territories.show_territories(designed, 2).handover) == 0


def test_names_and_notes(designed):
    scenarios.rename_scenario(designed, 1, "Final")
    scenarios.note_scenario(designed, 1, "Agreed with EMEA")
    head = territories.scenarios(designed).heads[0]
    assert (head.name, head.note) == ("Final", "Agreed with EMEA")
    assert territories.show_territories(designed, 1).note == "Agreed with EMEA"
    scenarios.copy_scenario(designed, 1, "Other")
    with pytest.raises(InputRefusedError, match="already"):
        scenarios.rename_scenario(designed, 1, "Other")
    with pytest.raises(InputRefusedError, match="needs a name"):
        scenarios.rename_scenario(designed, 1, " ")
    with pytest.raises(InputRefusedError, match="no scenario 9"):
        scenarios.note_scenario(designed, 9, "x")


def test_a_deleted_scenario_comes_back(designed, stored):
    before = designed.workspace.check().content
    scenarios.delete_scenario(designed, 1)
    assert stored(designed, "SELECT count(*) FROM assignment") == [(0,)]
    designed.workspace.undo()
    assert designed.workspace.check().content == before


def test_a_comparison_names_what_differs(designed, stored):
    scenarios.copy_scenario(designed, 1, "Second")
    account, held = stored(designed, PLACES, 2)[0]
    other = next(row[0] for row in territories.show_territories(designed, 2).territories.rows() if row[0] != held)
    territories.move_accounts(designed, 2, other, [account])
    made = scenarios.compare_scenarios(designed, [1, 2])
    assert made.differences.keys.tolist() == [account]
    assert made.differences.row(0)[1:3] == (held, other)
    reports = [territories.show_territories(designed, number) for number in (1, 2)]
    assert made.figures["moved"].values.tolist() == [len(report.handover) for report in reports]
    worst = [report.balance[0].after for report in reports]
    assert made.figures["off_0"].values.tolist() == pytest.approx(worst)
    today = scenarios.compare_scenarios(designed, [0, 1])
    assert set(reports[0].handover.keys.tolist()) <= set(today.differences.keys.tolist())
    assert today.figures["moved"].values.tolist() == [0, len(reports[0].handover)]
    totals = [sum(today.territories[f"potential_{number}"].values) for number in (0, 1)]
    assert totals[1] == reports[0].accounts["potential"].values.sum()
    with pytest.raises(InputRefusedError, match="alone"):
        scenarios.compare_scenarios(designed, [1, 1])


def test_a_day_to_come_plans_and_the_day_makes_it_current(designed, stored):
    owners = stored(designed, "SELECT id, owner_id FROM account ORDER BY id")
    told = scenarios.make_current(designed, 1, effective_from=dt.date(2999, 1, 1))
    assert "planned" in told.text[0]
    assert stored(designed, "SELECT id, owner_id FROM account ORDER BY id") == owners
    assert scenarios.bring_up_to_date(designed).text == ("No planned scenario is due.",)
    with designed.workspace.action("Time passes") as unit:
        unit.connection.exec_driver_sql("UPDATE scenario SET effective_from = '2026-02-01' WHERE id = 1")
    told = scenarios.bring_up_to_date(designed)
    assert "current from 2026-02-01" in told.text[0]
    planned = stored(
        designed,
        "SELECT a.account_id, t.person_id FROM assignment a JOIN territory t ON t.id = a.territory_id ORDER BY 1",
    )
    assert stored(designed, "SELECT id, owner_id FROM account ORDER BY id") == planned


def test_who_was_current_when_is_kept(designed, stored):
    scenarios.copy_scenario(designed, 1, "Second")
    scenarios.make_current(designed, 1, effective_from=dt.date(2025, 1, 1))
    scenarios.make_current(designed, 2, effective_from=dt.date(2026, 1, 1))
    assert stored(designed, "SELECT name, status, effective_from, effective_to FROM scenario ORDER BY id") == [
        ("Draft", "past", "2025-01-01", "2025-12-31"),
        ("Second", "current", "2026-01-01", None),
    ]


def test_a_vacancy_leaves_its_accounts_where_they_are_until_it_is_staffed(designed, stored):
    name, person = stored(designed, "SELECT name, person_id FROM territory ORDER BY id LIMIT 1")[0]
    owners = dict(stored(designed, "SELECT id, owner_id FROM account"))
    scenarios.staff_territory(designed, 1, name)
    mine = [account for account, held in stored(designed, PLACES, 1) if held == name]
    told = scenarios.make_current(designed, 1)
    assert "stay with their owners" in told.text[0]
    now = dict(stored(designed, "SELECT id, owner_id FROM account"))
    assert [now[account] for account in mine] == [owners[account] for account in mine]
    called = stored(designed, "SELECT name FROM person WHERE id = ?", person)[0][0]
    scenarios.staff_territory(designed, 1, name, called)
    assert stored(designed, "SELECT person_id FROM territory WHERE name = ?", name) == [(person,)]
    other = stored(designed, "SELECT name FROM territory WHERE name <> ? LIMIT 1", name)[0][0]
    with pytest.raises(InputRefusedError, match="already"):
        scenarios.staff_territory(designed, 1, other, called)
    with pytest.raises(InputRefusedError, match="Nobody is called"):
        scenarios.staff_territory(designed, 1, other, "Nobody Atall")
