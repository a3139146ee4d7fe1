"""Territory scenarios: every account in one of them, moved by hand and back, made current."""

from __future__ import annotations

import datetime as dt

import pytest

from salesops_desktop.jobs import territories
from salesops_desktop.model.errors import Cancelled, InputRefusedError


@pytest.fixture
def company(designed):
    """Here the small company has a design."""
    return designed


@pytest.fixture
def design(company):
    return 1, territories.show_territories(company, 1)


def test_every_account_is_in_one_territory(company, stored, design):
    number, report = design
    assert stored(company, "SELECT count(*) FROM account") == stored(
        company, "SELECT count(DISTINCT account_id) FROM assignment WHERE scenario_id = ?", number
    )
    ((most, people),) = stored(
        company,
        "SELECT max(n), (SELECT count(DISTINCT person_id) FROM territory WHERE scenario_id = ?) FROM "
        "(SELECT count(*) AS n FROM assignment WHERE scenario_id = ? GROUP BY account_id)",
        number,
        number,
    )
    assert most == 1
    assert people == len(report.territories)
    accounts = report.territories["accounts"]
    assert sum(accounts.values) == stored(company, "SELECT count(*) FROM account")[0][0]
    assert min(accounts.values) > 0


def test_a_design_can_be_had_again(company, stored):
    number = territories.design_territories(company).scenario
    question = (
        "SELECT a.account_id, t.person_id FROM assignment a JOIN territory t ON t.id = a.territory_id "
        "WHERE a.scenario_id = ? ORDER BY 1"
    )
    first = stored(company, question, number)
    territories.design_territories(company)
    assert stored(company, question, territories.scenarios(company).heads[0].id) == first


def test_the_owners_of_today_are_left_alone_until_it_is_made_current(company, stored, design):
    number, report = design
    owners = stored(company, "SELECT id, owner_id FROM account ORDER BY id")
    before = company.workspace.check().content
    told = territories.make_current(company, number, effective_from=dt.date(2026, 1, 1))
    now = stored(company, "SELECT id, owner_id FROM account ORDER BY id")
    planned = stored(
        company,
        "SELECT a.account_id, t.person_id FROM assignment a JOIN territory t ON t.id = a.territory_id "
        "WHERE a.scenario_id = ? ORDER BY 1",
        number,
    )
    assert now == planned
    changed = sum(old != new for old, new in zip(owners, now, strict=True))
    assert f"{changed:,} accounts changed hands" in told.text[0]
    assert len(report.handover) == sum(o != n for (_, o), (_, n) in zip(owners, now, strict=True) if o is not None)
    assert stored(company, "SELECT status, effective_from FROM scenario") == [("current", "2026-01-01")]
    assert len(territories.show_territories(company, number).handover) == 0
    company.workspace.undo()
    assert company.workspace.check().content == before
    assert stored(company, "SELECT id, owner_id FROM account ORDER BY id") == owners


def test_only_one_scenario_is_current(company, stored, design):
    number, _ = design
    territories.design_territories(company, name="Second", stability=0)
    second = territories.scenarios(company).heads[0].id
    territories.make_current(company, number)
    territories.make_current(company, second)
    assert dict(stored(company, "SELECT id, status FROM scenario")) == {number: "past", second: "current"}


def test_accounts_moved_by_hand_and_back(company, stored, design):
    number, report = design
    target = report.territories.row(0)[0]
    others = stored(
        company,
        "SELECT a.account_id FROM assignment a JOIN territory t ON t.id = a.territory_id "
        "WHERE a.scenario_id = ? AND t.name <> ? LIMIT 3",
        number,
        target,
    )
    ids = [account for (account,) in others]
    before = company.workspace.check().content
    told = territories.move_accounts(company, number, target, ids)
    assert told.text == (f"3 accounts moved to {target}.",)
    after = territories.show_territories(company, number)
    assert after.territories["accounts"].cell(0) == report.territories["accounts"].cell(0) + 3
    assert territories.move_accounts(company, number, target, ids).text == (f"0 accounts moved to {target}.",)
    assert company.workspace.undo_name == f"Undo Move 3 accounts to {target}"
    company.workspace.undo()
    assert company.workspace.check().content == before


def test_names_and_numbers_that_are_not_there(company, design):
    number, _ = design
    before = company.workspace.check().content
    with pytest.raises(InputRefusedError, match="no territory called"):
        territories.move_accounts(company, number, "Nowhere", [1])
    with pytest.raises(InputRefusedError, match="no scenario 99"):
        territories.make_current(company, 99)
    with pytest.raises(InputRefusedError, match="99"):
        territories.show_territories(company, 99)
    with pytest.raises(InputRefusedError, match="already"):
        territories.design_territories(company, name="Draft")
    with pytest.raises(InputRefusedError, match="account"):
        territories.move_accounts(
            company, number, territories.show_territories(company, number).territories.row(0)[0], [10**6]
        )
    assert company.workspace.check().content == before


def test_cancelling_a_design_leaves_nothing(company):
    before = company.workspace.check().content

    def stop(done, total, what=""):
        if what and what != "Reading":
            raise Cancelled

    company.progress = stop
    with pytest.raises(Cancelled):
        territories.design_territories(company)
    assert company.workspace.check().content == before
    assert [head.name for head in territories.scenarios(company).heads] == ["Draft"]  # what was there before
