"""Designs of areas: every area has a territory, accounts go with their area."""

from __future__ import annotations

import pytest

from salesops_desktop.jobs import territories
from salesops_desktop.jobs.territory_problems import build_problem
from salesops_desktop.jobs.territory_wishes import UnitKind
from salesops_desktop.model.outlines import load_outlines


@pytest.fixture
def states(company):
    return territories.design_territories(company, units=UnitKind.STATES, name="States", tolerance=30)


def test_every_state_has_a_territory_with_or_without_accounts(company, states, stored):
    codes = dict(stored(company, "SELECT code, territory_id FROM area_assignment WHERE kind = 'state'"))
    assert set(load_outlines("us_states").codes) <= set(codes)
    assert states.areas is not None
    assert len(states.areas) == len(codes)
    assert 0 in states.areas["accounts"].values
    assert states.areas["accounts"].values.sum() <= len(states.accounts)
    assert "roundness" in states.areas.notes[0]


def test_accounts_go_with_their_area(company, states, stored):
    with company.workspace.read() as connection:
        whole = build_problem(connection, 1)
    area = whole.units.is_area
    assert area.sum() == len(states.areas)
    inside = area[whole.units.of_account]
    assert inside.sum() > 0.5 * len(inside)
    assert (whole.seat_of_account >= 0).all()
    american = [
        code for code, country in zip(whole.inputs.accounts["state"], whole.inputs.accounts["country"], strict=True)
        if country == "United States"
    ]  # fmt: skip
    assert american or "country" in whole.inputs.accounts


def test_an_account_moved_out_of_its_area_stands_alone(company, states, stored):
    with company.workspace.read() as connection:
        whole = build_problem(connection, 1)
    inside = [row for row, unit in enumerate(whole.units.of_account) if whole.units.codes[unit]]
    row = inside[0]
    held = whole.seats[whole.seat_of_account[row]].name
    other = next(seat.name for seat in whole.seats if seat.name != held)
    account = int(whole.inputs.accounts["id"].iloc[row])
    territories.move_accounts(company, 1, other, [account])
    with company.workspace.read() as connection:
        again = build_problem(connection, 1)
    assert again.seats[again.seat_of_account[row]].name == other
    assert len(again.units) == len(whole.units) + 1
    moved = {i for i, (a, b) in enumerate(zip(whole.seat_of_account, again.seat_of_account, strict=True)) if a != b}
    assert moved == {row}


def test_countries_and_postal_codes(company, stored):
    report = territories.design_territories(
        company, units=UnitKind.POSTAL, name="Postal", within_regions=False, measures=["accounts"]
    )
    assert report.areas is not None
    spread = stored(
        company,
        "SELECT count(DISTINCT s.territory_id) AS n FROM assignment s JOIN account a ON a.id = s.account_id "
        "WHERE a.postal_code IS NOT NULL GROUP BY a.country, a.postal_code ORDER BY n DESC LIMIT 1",
    )
    assert spread == [(1,)]
