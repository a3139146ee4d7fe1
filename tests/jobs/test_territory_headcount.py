"""The headcount of a company: workload over capacity, by region, compared by designs; nothing is written."""

from __future__ import annotations

import pytest

from salesops_desktop.jobs.territory_headcount import plan_headcount
from salesops_desktop.model.errors import FaultsError, InputRefusedError


def test_the_headcount_of_the_small_company(company, stored):
    before = company.workspace.check().content
    ((hours,),) = stored(company, "SELECT sum(workload) FROM account")
    report = plan_headcount(company, hours=1000, selling=50, lowest=4, highest=6, cost="100000")
    assert report.exact == pytest.approx(hours / 500)
    assert report.capacity_hours == 500
    assert report.counts["count"].values.tolist() == [4, 5, 6]
    assert report.counts["cost"].values.tolist() == [40_000_000, 50_000_000, 60_000_000]
    for i in range(3):
        assert report.counts["hours"].values[i] * (4 + i) == pytest.approx(hours)
    assert sum(report.regions["workload"].values) == pytest.approx(hours)
    assert sum(report.regions["people"].values) == report.people
    assert sum(report.regions["needed"].values) == pytest.approx(report.exact)
    assert f"{report.needed:,} territories" in report.summary()[0]
    assert company.workspace.check().content == before


def test_without_a_range_it_looks_around_what_is_needed(company):
    report = plan_headcount(company, hours=4000, selling=100)
    counts = report.counts["count"].values.tolist()
    assert {report.needed, report.needed + 1, report.needed + 2} <= set(counts)
    assert min(counts) >= len(report.regions)
    assert report.people in counts


def test_accounts_without_workload(company, stored):
    with company.workspace.action("Forget") as unit:
        unit.connection.exec_driver_sql("UPDATE account SET workload = NULL")
    with pytest.raises(FaultsError, match="no hours"):
        plan_headcount(company)
    ((accounts,),) = stored(company, "SELECT count(*) FROM account")
    report = plan_headcount(company, hours=1000, selling=100, per_account=10, lowest=3, highest=3)
    assert report.exact == pytest.approx(accounts / 100)
    assert any("10 hours each" in sentence for sentence in report.summary())


def test_what_makes_no_sense_is_refused(company):
    with pytest.raises(InputRefusedError, match="no range"):
        plan_headcount(company, lowest=5, highest=3)
    with pytest.raises(InputRefusedError, match="cannot share"):
        plan_headcount(company, lowest=100_000, highest=100_001)
    with pytest.raises(InputRefusedError, match="no amount"):
        plan_headcount(company, lowest=3, highest=3, cost="much")
    with pytest.raises(FaultsError, match="hours"):
        plan_headcount(company, hours=0)
