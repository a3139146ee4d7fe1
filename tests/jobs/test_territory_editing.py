"""The desk beside the stored scenario, the reasons for an account's place, repairs and strips of plans as scenarios."""

from __future__ import annotations

import numpy as np
import pytest

from salesops_desktop.jobs import territories
from salesops_desktop.jobs import territory_editing as editing
from salesops_desktop.model.errors import InputRefusedError


@pytest.fixture
def company(designed):
    """Here the small company has a design."""
    return designed


@pytest.fixture
def draft(company):
    return territories.scenarios(company).heads[0].id


def test_the_desk_agrees_with_the_report(company, draft):
    desk = editing.open_desk(company, draft)
    report = territories.show_territories(company, draft)
    assert desk.name == "Draft"
    assert desk.account_ids.tolist() == report.accounts.keys.tolist()
    shown = [desk.territory_names[t] for t in desk.account_territories]
    assert shown == list(report.accounts["territory"].values)
    assert desk.figures.counts.sum() == len(report.accounts)
    worst = next(figure.after for figure in report.balance if "potential" in figure.label)
    assert desk.figures.balance["potential"] == pytest.approx(worst)


def test_an_edit_at_the_desk_is_what_is_stored(company, draft):
    desk = editing.open_desk(company, draft)
    accounts = desk.account_ids[np.flatnonzero(desk.account_territories == 0)[:3]].tolist()
    units = desk.units(accounts)
    assert desk.accounts_of(units) == accounts
    foreseen = desk.preview(units, 1)
    effect = desk.move(units, 1)
    assert effect.after.mean_km == foreseen.after.mean_km
    for name, moved in desk.moves_of(effect):
        territories.move_accounts(company, draft, name, moved)
    again = editing.open_desk(company, draft)
    assert again.assignment.tolist() == desk.assignment.tolist()
    assert again.figures.mean_km == pytest.approx(desk.figures.mean_km)
    assert again.figures.pieces.tolist() == desk.figures.pieces.tolist()
    company.workspace.undo()
    desk.undo()
    assert editing.open_desk(company, draft).assignment.tolist() == desk.assignment.tolist()


def test_unknown_names_are_refused(company, draft):
    desk = editing.open_desk(company, draft)
    with pytest.raises(InputRefusedError, match="no territory called 'Atlantis'"):
        desk.territory("Atlantis")
    with pytest.raises(InputRefusedError, match="no account 999999"):
        desk.units([999999])
    with pytest.raises(InputRefusedError, match="no scenario 77"):
        editing.open_desk(company, 77)
    with pytest.raises(InputRefusedError, match="no account called 'Nobody Ltd'"):
        editing.why(company, draft, "Nobody Ltd")


def test_why(company, draft, stored):
    number, name, key = stored(company, "SELECT id, name, external_id FROM account ORDER BY id")[4]
    told = editing.why(company, draft, key or str(number))
    assert told.account == number
    assert told.name == name
    assert told.summary()[0] == f"{name} is in {told.territory}."
    (table,) = told.tables()
    assert len(table) == len(told.why.alternatives) > 0
    assert told.territory not in table["territory"].values
    place = stored(
        company,
        "SELECT t.name FROM assignment a JOIN territory t ON t.id = a.territory_id "
        "WHERE a.scenario_id = ? AND a.account_id = ?",
        draft,
        number,
    )
    assert place == [(told.territory,)]


def test_todays_plan_repaired(company, stored):
    before = stored(company, "SELECT id, owner_id FROM account ORDER BY id")
    report = editing.rebalance_territories(company, tolerance=15, name="Repaired")
    assert report.name == "Repaired"
    assert stored(company, "SELECT id, owner_id FROM account ORDER BY id") == before
    assert any("must change hands" in said for said in report.summary())
    kept = stored(company, "SELECT count(*) FROM assignment WHERE scenario_id = ?", report.scenario)
    assert kept == stored(company, "SELECT count(*) FROM account")
    moved = len(report.handover) / len(report.accounts)
    assert moved < 0.6
    with pytest.raises(InputRefusedError, match="makes no sense"):
        editing.rebalance_territories(company, tolerance=-1)


def test_a_strip_of_plans_and_one_of_them_kept(company, stored):
    strip = editing.tradeoff_strip(company, tolerance=20, points=4)
    (table,) = strip.tables()
    assert len(table) == len(strip.plans) >= 2
    moved = [plan.moved for plan in strip.plans]
    assert moved == sorted(moved)
    assert stored(company, "SELECT count(*) FROM scenario") == [(1,)]  # the design, and nothing of the strip
    kept = editing.keep_plan(company, strip, 2, "Second")
    desk = editing.open_desk(company, kept.kept)
    assert desk.name == "Second"
    assert desk.assignment.tolist() == strip.plans[1].assignment.tolist()
    with pytest.raises(InputRefusedError, match="There is no plan 9"):
        editing.keep_plan(company, strip, 9)
    with pytest.raises(InputRefusedError, match="1 plans cannot be compared"):
        editing.tradeoff_strip(company, points=1)
