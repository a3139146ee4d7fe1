"""Large designs do not wait for their proof; it can be asked for, and is kept; no figure is told twice."""

from __future__ import annotations

import pytest

from salesops_desktop.jobs import territories, territory_solving
from salesops_desktop.jobs.territory_proving import prove_territories
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.territory.bounds import Certificate


def test_a_large_design_is_proven_afterwards(company, monkeypatch):
    monkeypatch.setattr(territory_solving, "AT_ONCE", 10)
    made = territories.design_territories(company, name="Large")
    assert made.certificate is None
    assert territory_solving.LATER in made.sentences
    proven = prove_territories(company, made.scenario, seconds=1.0)
    assert proven.certificate is not None
    bound = Certificate.from_json(proven.certificate).distance
    assert bound.reached_km == pytest.approx(made.balance[2].after)
    assert 0 < bound.lower_km <= bound.reached_km
    assert territory_solving.LATER not in proven.sentences
    assert proven.accounts["territory"].values.tolist() == made.accounts["territory"].values.tolist()
    company.workspace.undo()
    assert territories.show_territories(company, made.scenario).certificate is None


def test_what_cannot_be_balanced_is_told_once(company, stored):
    ((one, name),) = stored(company, "SELECT id, name FROM account WHERE parent_id IS NULL ORDER BY id LIMIT 1")
    with company.workspace.action("Make one large") as unit:
        unit.connection.exec_driver_sql(
            "UPDATE account SET potential = (SELECT sum(potential) FROM account) WHERE id = ?", (one,)
        )
    made = territories.design_territories(company)
    told = [each for each in made.summary() if f"{name} alone is" in each]
    assert len(told) == 1
    assert told[0] in made.proven


def test_todays_owners_are_no_design(company):
    with pytest.raises(InputRefusedError, match="no design"):
        prove_territories(company, 0)
