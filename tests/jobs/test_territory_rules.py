"""Locks, named accounts and forbidden pairs: obeyed by designs, named where they contradict one another."""

from __future__ import annotations

import pytest

from salesops_desktop.jobs import territories
from salesops_desktop.jobs import territory_rules as rules
from salesops_desktop.model.errors import FaultsError, InputRefusedError

PLACES = (
    "SELECT a.account_id, t.name FROM assignment a JOIN territory t ON t.id = a.territory_id "
    "WHERE a.scenario_id = ? ORDER BY 1"
)


@pytest.fixture
def two(stored):
    """Two people of one region with territories, and an account of the first, by scenario 1."""

    def pick(context):
        (first, second), *_ = stored(
            context,
            "SELECT p.name, q.name FROM person p JOIN person q ON q.region = p.region AND q.id > p.id "
            "JOIN territory t ON t.person_id = p.id JOIN territory u ON u.person_id = q.id ORDER BY p.id, q.id LIMIT 1",
        )
        ((account,), *_) = stored(
            context,
            "SELECT a.account_id FROM assignment a JOIN territory t ON t.id = a.territory_id "
            "JOIN account x ON x.id = a.account_id WHERE t.name = ? AND x.parent_id IS NULL "
            "AND NOT EXISTS (SELECT 1 FROM account c WHERE c.parent_id = x.id) ORDER BY 1 LIMIT 1",
            first,
        )
        return first, second, account

    return pick


def test_what_is_locked_stays_and_the_rest_is_made_anew(designed, stored, two):
    first, second, account = two(designed)
    territories.move_accounts(designed, 1, second, [account])
    rules.lock_accounts(designed, 1, [account])
    rules.lock_territories(designed, 1, [first])
    held = {a for a, t in stored(designed, PLACES, 1) if t == first}
    report = territories.design_territories(designed, based_on=1, name="Rest", stability=0.0, seed=5)
    placed = dict(stored(designed, PLACES, 2))
    assert placed[account] == second
    assert held <= {a for a, t in placed.items() if t == first}
    assert placed != dict(stored(designed, PLACES, 1))
    assert any("Made from Draft" in said for said in report.sentences)
    assert report.accounts["locked"].values.sum() == len(held) + 1
    assert territories.scenarios(designed).heads[0].copied_from == "Draft"


def test_a_locked_account_is_not_moved_by_hand(designed, stored, two):
    first, second, account = two(designed)
    rules.lock_accounts(designed, 1, [account])
    name = stored(designed, "SELECT name FROM account WHERE id = ?", account)[0][0]
    with pytest.raises(InputRefusedError, match=name):
        territories.move_accounts(designed, 1, second, [account])
    rules.lock_accounts(designed, 1, [account], unlock=True)
    territories.move_accounts(designed, 1, second, [account])
    assert dict(stored(designed, PLACES, 1))[account] == second
    rules.lock_territories(designed, 1, [second])
    with pytest.raises(InputRefusedError, match="locked"):
        territories.move_accounts(designed, 1, first, [account])


def test_named_and_forbidden_accounts(designed, stored, two):
    first, second, account = two(designed)
    other = stored(
        designed,
        "SELECT a.account_id FROM assignment a JOIN territory t ON t.id = a.territory_id "
        "WHERE t.name = ? AND a.account_id <> ? ORDER BY 1 LIMIT 1",
        first,
        account,
    )[0][0]
    rules.name_accounts(designed, second, [account], reason="Board contact")
    rules.forbid_accounts(designed, first, [other])
    table = rules.account_rules(designed).table
    assert [row[1:4] for row in table.rows()] in (
        [(second, "named", "Board contact"), (first, "forbidden", None)],
        [(first, "forbidden", None), (second, "named", "Board contact")],
    )
    territories.design_territories(designed, name="Ruled", stability=5.0)
    placed = dict(stored(designed, PLACES, 2))
    assert placed[account] == second
    assert placed[other] != first
    assert rules.forget_rules(designed, [account], person=second).text == ("1 rule taken back.",)
    assert len(rules.account_rules(designed).table) == 1


def test_contradictions_are_named_with_their_accounts(designed, stored, two):
    first, second, account = two(designed)
    name = stored(designed, "SELECT name FROM account WHERE id = ?", account)[0][0]
    rules.name_accounts(designed, second, [account])
    with pytest.raises(InputRefusedError, match=f"{name} is named for"):
        rules.name_accounts(designed, first, [account])
    rules.lock_accounts(designed, 1, [account])
    before = designed.workspace.check().content
    with pytest.raises(FaultsError) as refused:
        territories.design_territories(designed, based_on=1)
    (fault,) = refused.value.faults
    assert fault.where == name
    assert first in fault.what
    assert second in fault.what
    assert designed.workspace.check().content == before


def test_what_is_not_there_is_refused(designed):
    for ask in (
        lambda: rules.lock_accounts(designed, 1, [10**7]),
        lambda: rules.lock_accounts(designed, 9, [1]),
        lambda: rules.lock_territories(designed, 1, ["Nowhere"]),
        lambda: rules.name_accounts(designed, "Nobody Atall", [1]),
        lambda: rules.forget_rules(designed, [1]),
    ):
        with pytest.raises(InputRefusedError):
            ask()


def test_rules_are_undone(designed, two):
    before = designed.workspace.check().content
    first, _, account = two(designed)
    rules.name_accounts(designed, first, [account])
    rules.lock_accounts(designed, 1, [account])
    assert designed.workspace.undo_name == "Undo Lock 1 account of Draft"
    designed.workspace.undo()
    designed.workspace.undo()
    assert designed.workspace.check().content == before
