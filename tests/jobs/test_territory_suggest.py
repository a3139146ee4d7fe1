"""The guided start: each proposal follows from the data and feeds a design."""

from __future__ import annotations

import datetime as dt

from salesops_desktop.jobs import territories
from salesops_desktop.jobs.company import newest_day
from salesops_desktop.jobs.territory_suggest import suggest_territories
from salesops_desktop.jobs.territory_wishes import Boundary


def test_the_proposal_fits_the_sample_and_feeds_a_design(company, stored):
    made = suggest_territories(company)
    assert [m.text for m in made.wishes.asked()] == ["potential", "workload"]
    assert made.wishes.boundary is Boundary.REGION
    assert made.wishes.keep_parents
    assert all(row[2] for row in made.reasons.rows())
    report = territories.design_territories(company, name="Guided", **made.wishes.keywords())
    assert set(report.handover.keys.tolist()).isdisjoint(made.must_not_move.keys.tolist())
    assert report.measures == ("potential", "workload")


def test_an_account_in_the_middle_of_a_deal_had_better_stay(company, stored):
    with company.workspace.read() as connection:
        today = newest_day(connection)
    ((deal, account),) = stored(
        company,
        "SELECT o.id, o.account_id FROM opportunity o JOIN account a ON a.id = o.account_id "
        "WHERE o.status = 'open' AND a.owner_id IS NOT NULL ORDER BY o.id LIMIT 1",
    )
    with company.workspace.action("Deals") as unit:
        run = unit.connection.exec_driver_sql
        run("UPDATE opportunity SET next_activity_on = NULL, probability = 100000 WHERE status = 'open'")
        run(
            "UPDATE opportunity SET next_activity_on = ? WHERE id = ?",
            ((today + dt.timedelta(days=3)).isoformat(), deal),
        )
    stay = suggest_territories(company).must_not_move
    assert stay.keys.tolist() == [account]
    assert "activity" in stay.row(0)[2]
    with company.workspace.action("Late") as unit:
        unit.connection.exec_driver_sql(
            "UPDATE opportunity SET next_activity_on = NULL, probability = 900000, close_on = ? WHERE id = ?",
            ((today + dt.timedelta(days=20)).isoformat(), deal),
        )
    stay = suggest_territories(company).must_not_move
    assert stay.keys.tolist() == [account]
    assert "90 %" in stay.row(0)[2]


def test_without_measures_the_number_of_accounts_is_balanced(company):
    with company.workspace.action("Forget") as unit:
        run = unit.connection.exec_driver_sql
        run("UPDATE account SET potential = NULL, workload = NULL, annual_revenue = NULL")
        run("DELETE FROM opportunity")
        run('DELETE FROM "transaction"')
    made = suggest_territories(company)
    assert [m.text for m in made.wishes.asked()] == ["accounts"]
    assert not len(made.must_not_move)
