"""Late changes settled in the periods they belong to: caps, draws, holdbacks and debts of closed periods."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from salesops_desktop.commission import Component, PayTerms, RateTable, Window, definition
from salesops_desktop.commission.draws import Draw
from salesops_desktop.commission.settlement import settle_all
from salesops_desktop.jobs.commission_inputs import load_plans
from salesops_desktop.jobs.commission_retro import retro
from salesops_desktop.jobs.commissions import run_commissions, set_status
from salesops_desktop.jobs.workspaces import check, opened
from salesops_desktop.model.enums import RunStatus

LOCKED = (RunStatus.IN_REVIEW, RunStatus.APPROVED, RunStatus.LOCKED)
MONTHS = ("2026-04", "2026-05", "2026-06", "2026-07")


def sql(context, statement, *values):
    with context.workspace.action("A change") as unit:
        return unit.connection.exec_driver_sql(statement, values).rowcount


@pytest.fixture
def ledger(emptied, tmp_path, stored):
    """Somebody who is paid ten per cent of each deal; deals are booked as months and amounts."""
    with opened(shutil.copy(emptied, tmp_path / "ledger.salesops")) as context:
        yield ready(context, stored)


def ready(company, stored):
    """One person under one plan, and how to change them."""
    with company.workspace.read() as connection:
        plan = next(p for p in load_plans(connection) if p.name == "Rep plan USD")
    person = stored(
        company, "SELECT a.person_id FROM plan_assignment a JOIN plan ON plan.id = a.plan_id WHERE plan.name = "
        "'Rep plan USD' AND a.start_date < '2026-01-01' ORDER BY 1",
    )[0][0]  # fmt: skip
    sql(company, "DELETE FROM plan_assignment")
    sql(
        company,
        "INSERT INTO plan_assignment (plan_id, person_id, start_date) SELECT id, ?, '2026-04-01' FROM plan "
        "WHERE name = 'Rep plan USD'",
        person,
    )

    def say(terms):
        part = Component("Tenth", RateTable.flat(100_000), window=Window.LINE)
        said = json.dumps(definition(replace(plan, components=(part,), terms=terms)))
        sql(company, "UPDATE plan SET definition = ? WHERE name = ?", said, plan.name)

    def book(number, month, amount):
        sql(
            company,
            'INSERT INTO "transaction" (external_id, kind, booked_on, owner_id, amount, currency) '
            "VALUES (?, 'booking', ?, ?, ?, 'USD')",
            number, f"{month}-15", person, amount,
        )  # fmt: skip

    return company, say, book


def paid(context, stored, period, correct=()):
    """What the run of a period pays; corrected first where it says so, then locked."""
    run = run_commissions(context, period).head.id
    for _ in correct:
        retro(context, period)
    for status in LOCKED:
        set_status(context, run, status)
    rows = stored(context, "SELECT paid, closing FROM run_settlement WHERE run_id = ?", run)
    return sum(int(amount) for amount, _ in rows)


TERMS = {
    "a monthly cap": PayTerms(cap=600_00, cap_window=Window.MONTH),
    "a refundable quarterly cap": PayTerms(cap=1_500_00, cap_window=Window.QUARTER, refundable=True),
    "a floor": PayTerms(floor=900_00, cap_window=Window.MONTH),
    "a recoverable draw": PayTerms(draw=Draw(1_500_00)),
    "half of a draw comes back": PayTerms(draw=Draw(800_00, recovery_share=500_000, last=2)),
    "a holdback": PayTerms(holdback=200_000, release_after=1),
    "instalments": PayTerms(instalments=(500_000, 300_000, 200_000)),
}


LATE = (2_000_00, -9_000_00)
CASES = [(terms, late) for terms in TERMS for late in LATE]


def cast(company, stored):
    """A person and a plan for each case, all paid ten per cent of each deal; how to book a deal of one of them."""
    with company.workspace.read() as connection:
        plan = next(p for p in load_plans(connection) if p.name == "Rep plan USD")
    people = [row[0] for row in stored(company, "SELECT id FROM person ORDER BY id LIMIT ?", len(CASES))]
    assert len(people) == len(CASES)
    part = Component("Tenth", RateTable.flat(100_000), window=Window.LINE)
    with company.workspace.action("The cast") as unit:
        ask = unit.connection.exec_driver_sql
        ask("DELETE FROM plan_assignment")
        for number, ((terms, _), person) in enumerate(zip(CASES, people, strict=True)):
            said = json.dumps(definition(replace(plan, components=(part,), terms=TERMS[terms])))
            ask(
                "INSERT INTO plan (name, currency, effective_from, definition) VALUES (?, 'USD', ?, ?)",
                (f"Case {number}", plan.effective_from.isoformat(), said),
            )
            ask(
                "INSERT INTO plan_assignment (plan_id, person_id, start_date) SELECT id, ?, '2026-04-01' FROM plan "
                "WHERE name = ?",
                (person, f"Case {number}"),
            )

    def book(deal, month, amounts):
        with company.workspace.action("Deals") as unit:
            unit.connection.exec_driver_sql(
                'INSERT INTO "transaction" (external_id, kind, booked_on, owner_id, amount, currency) '
                "VALUES (?, 'booking', ?, ?, ?, 'USD')",
                [(f"{deal}-{p}", f"{month}-15", p, a) for p, a in zip(people, amounts, strict=True)],
            )

    return book


@pytest.fixture(scope="module")
def settled(emptied, tmp_path_factory, stored_of):
    """What four months paid each case, a deal of April being late; corrections are posted in June and July."""
    path = shutil.copy(emptied, tmp_path_factory.mktemp("cases") / "cases.salesops")
    with opened(path) as context:
        book = cast(context, stored_of)
        book("D1", "2026-04", [10_000_00] * len(CASES))
        book("D2", "2026-05", [4_000_00] * len(CASES))
        for month in MONTHS[:2]:
            paid(context, stored_of, month)
        book("L1", "2026-04", [late for _, late in CASES])
        book("D3", "2026-06", [3_000_00] * len(CASES))
        book("D4", "2026-07", [20_000_00] * len(CASES))
        paid(context, stored_of, "2026-06", correct=(1, 2))  # twice: the second time posts nothing
        paid(context, stored_of, "2026-07", correct=(1,))
        assert check(context).faults == ()
        rows = stored_of(context, "SELECT plan, sum(paid) FROM run_settlement GROUP BY 1")
    return {plan: int(amount) for plan, amount in rows}


@pytest.mark.parametrize(("terms", "late"), CASES)
def test_in_the_end_everybody_is_paid_what_the_periods_should_have_paid(settled, terms, late):
    """A late deal or its loss: all payments together are those of a ledger without delay."""
    windows = {Window.MONTH: (1, 2, 3, 4), Window.QUARTER: (1, 1, 1, 2)}.get(TERMS[terms].cap_window, (1, 1, 1, 1))
    earned = [1000_00 + late // 10, 400_00, 300_00, 2_000_00]
    wanted = [one.paid for one in settle_all(TERMS[terms], earned, windows=windows)]
    assert settled[f"Case {CASES.index((terms, late))}"] == sum(wanted)


def test_a_closed_months_cap_holds_for_a_late_deal(ledger, stored):
    context, say, book = ledger
    say(TERMS["a monthly cap"])
    book("D-1", "2026-04", 10_000_00)
    assert paid(context, stored, "2026-04") == 600_00
    book("L-1", "2026-04", 2_000_00)
    run = run_commissions(context, "2026-05").head.id
    assert [delta.amount for delta in retro(context, "2026-05").deltas] == [200_00]
    steps = json.loads(stored(context, "SELECT steps FROM run_settlement WHERE run_id = ?", run)[0][0])
    assert [(name, amount) for name, amount, _ in steps] == [
        ("Earned", 0), ("Corrections of earlier periods", 200_00), ("Settled in their periods", -200_00),
    ]  # fmt: skip


def test_terms_changed_after_a_run_was_locked_are_not_replayed_and_the_run_says_so(ledger, stored):
    context, say, book = ledger
    say(TERMS["a monthly cap"])
    book("D-1", "2026-04", 10_000_00)
    assert paid(context, stored, "2026-04") == 600_00
    assert [line for line in run_commissions(context, "2026-05").summary() if "locked" in line] == []
    say(PayTerms(cap=5_000_00, cap_window=Window.MONTH))
    book("L-1", "2026-04", 2_000_00)
    report = run_commissions(context, "2026-05")
    warned = [line for line in report.findings if "Rep plan USD" in line and "changed after 2026-04 was locked" in line]
    corrected = retro(context, "2026-05")
    assert sum(delta.amount for delta in corrected.deltas) == 200_00
    assert len(warned) == len([line for line in corrected.summary() if "changed after" in line]) == 1
    ((amount,),) = stored(context, "SELECT paid FROM run_settlement WHERE run_id = ?", report.head.id)
    assert amount == 0  # April keeps its cap of 600


def test_a_draw_forgiven_is_a_step_of_its_own(ledger, stored):
    context, say, book = ledger
    book("Later", "2027-01", 1_00)
    say(PayTerms(draw=Draw(500_00, last=1, forgiven_after=2)))
    assert [paid(context, stored, month) for month in MONTHS[:2]] == [500_00, 0]
    run = run_commissions(context, "2026-06").head.id
    ((steps, closing),) = stored(context, "SELECT steps, closing FROM run_settlement WHERE run_id = ?", run)
    assert json.loads(steps)[1:] == [["Draw forgiven", 0, "500.00 USD owed from earlier draws is forgiven"]]
    assert json.loads(closing)["draw"] == 0
