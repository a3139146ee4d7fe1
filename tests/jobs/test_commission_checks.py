"""What stops a run before anything is written, and what is kept with it."""

from __future__ import annotations

import pytest

from salesops_desktop.jobs.commission_plan_editing import list_plans
from salesops_desktop.jobs.commissions import run_commissions, set_status, show_run
from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.errors import FaultsError, InputRefusedError


def sql(context, statement, *values):
    with context.workspace.action("A change") as unit:
        return unit.connection.exec_driver_sql(statement, values).rowcount


def test_missing_quotas_stop_the_run_and_are_all_named(company, stored):
    sql(company, "DELETE FROM quota WHERE period_start >= '2026-07-01'")
    with pytest.raises(FaultsError, match="no quota") as refused:
        run_commissions(company, "2026-09")
    sellers = stored(
        company,
        'SELECT count(DISTINCT coalesce(c.person_id, t.owner_id)) FROM "transaction" t LEFT JOIN credit c ON '
        "c.transaction_id = t.id JOIN plan_assignment a ON a.person_id = coalesce(c.person_id, t.owner_id) "
        "JOIN plan p ON p.id = a.plan_id WHERE t.booked_on BETWEEN '2026-07-01' AND '2026-09-30' AND p.name LIKE "
        "'Rep plan ___'",
    )[0][0]
    assert len(refused.value.faults) == sellers > 3
    assert stored(company, "SELECT count(*) FROM commission_run")[0][0] == 0


def test_what_is_missing_can_be_waived_but_not_approved(company):
    sql(company, "DELETE FROM quota WHERE period_start >= '2026-07-01'")
    with pytest.raises(InputRefusedError, match="reason"):
        run_commissions(company, "2026-09", waive="  ")
    run = run_commissions(company, "2026-09", waive="Quotas come tomorrow")
    assert "Quotas come tomorrow" in run.findings[0]
    assert any("no quota" in sentence for sentence in show_run(company, run.head.id).findings)
    set_status(company, run.head.id, RunStatus.IN_REVIEW)
    with pytest.raises(FaultsError, match="cannot be approved"):
        set_status(company, run.head.id, RunStatus.APPROVED)


def test_a_faulty_plan_cannot_be_waived(company):
    sql(company, 'UPDATE plan SET definition = replace(definition, \'"measure": "Amount"\', \'"measure": "Nope"\')')
    with pytest.raises(FaultsError, match="Nope"):
        run_commissions(company, "2026-09", waive="Let it go")


def test_shares_that_are_not_whole_and_people_without_plans_are_warned_of(company, stored):
    number = stored(
        company,
        'SELECT t.external_id FROM "transaction" t JOIN credit c ON c.transaction_id = t.id '
        "WHERE t.booked_on LIKE '2026-09-%' AND c.role = 'direct' AND c.share = 1000000 ORDER BY 1",
    )[0][0]
    sql(
        company,
        "UPDATE credit SET share = 900000 WHERE role = 'direct' AND transaction_id = "
        '(SELECT id FROM "transaction" WHERE external_id = ?)',
        number,
    )
    gone = stored(
        company,
        'SELECT p.name, p.id FROM person p JOIN credit c ON c.person_id = p.id JOIN "transaction" t '
        "ON t.id = c.transaction_id WHERE t.booked_on LIKE '2026-09-%' ORDER BY p.id",
    )[0]
    sql(company, "DELETE FROM plan_assignment WHERE person_id = ?", gone[1])
    run = run_commissions(company, "2026-09")
    kept = show_run(company, run.head.id).findings
    assert kept == run.findings
    assert any(number in sentence and "90.0000 %" in sentence.replace("%", " %") for sentence in kept)
    assert any(gone[0] in sentence and "no plan" in sentence for sentence in kept)


def test_leaps_of_pay_are_told_from_the_chosen_size_on(company):
    sql(
        company,
        'UPDATE plan SET definition = replace(definition, \'"mode": "marginal"\', \'"mode": "retroactive"\')',
    )
    said = run_commissions(company, "2026-09", cliffs_above=1_000).findings
    assert any("raises the pay by" in sentence for sentence in said)
    assert not any("raises the pay by" in s for s in run_commissions(company, "2026-09", cliffs_above=10**9).findings)
    book = list_plans(company, cliffs_above=100)
    assert any("raises the pay by" in sentence for sentence in book.summary())
    assert not any("raises the pay by" in sentence for sentence in list_plans(company).summary())
