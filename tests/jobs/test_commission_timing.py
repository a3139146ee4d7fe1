"""Pay that is due when deals are paid, kept or over: through runs, refunds, late payments, approval and corrections."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from salesops_desktop.commission import Component, RateTable, Window, definition
from salesops_desktop.commission.clawbacks import Clawback
from salesops_desktop.commission.timing import Timing
from salesops_desktop.jobs.commission_inputs import load_plans
from salesops_desktop.jobs.commission_retro import retro
from salesops_desktop.jobs.commissions import run_commissions, set_status, show_run
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.errors import FaultsError

HALF = Timing(booking=500_000, payment=500_000)
LOCKED = (RunStatus.IN_REVIEW, RunStatus.APPROVED, RunStatus.LOCKED)


def sql(context, statement, *values):
    with context.workspace.action("A change") as unit:
        return unit.connection.exec_driver_sql(statement, values).rowcount


def move(context, number, kind, day, amount, original="D-1", owner=None):
    sql(
        context,
        'INSERT INTO "transaction" (external_id, kind, booked_on, owner_id, amount, currency, original_id) '
        "SELECT ?, ?, ?, coalesce(?, (SELECT owner_id FROM \"transaction\" WHERE external_id = ?)), ?, 'USD', "
        '(SELECT id FROM "transaction" WHERE external_id = ?)',
        number, kind, day, owner, original, amount, original,
    )  # fmt: skip


@pytest.fixture
def seller(emptied, tmp_path, stored):
    """Ten per cent of each deal, nothing else; somebody with one deal of 10,000 in May."""
    with opened(shutil.copy(emptied, tmp_path / "seller.salesops")) as context:
        yield ready(context, stored)


def ready(company, stored):
    """The company with one seller, the seller's name, and how to say when pay is due."""
    with company.workspace.read() as connection:
        plan = next(p for p in load_plans(connection) if p.name == "Rep plan USD")
    person, name = stored(
        company, "SELECT p.id, p.name FROM person p JOIN plan_assignment a ON a.person_id = p.id JOIN plan ON "
        "plan.id = a.plan_id WHERE plan.name = 'Rep plan USD' AND a.start_date < '2026-01-01' ORDER BY p.id",
    )[0]  # fmt: skip

    def say(timing, window=Window.LINE, **more):
        part = Component("Tenth", RateTable.flat(100_000), window=window, timing=timing)
        said = definition(replace(plan, components=(part,), **more))
        sql(company, "UPDATE plan SET definition = ? WHERE name = ?", json.dumps(said), plan.name)
        move(company, "D-1", "booking", "2026-05-15", 10_000_00, owner=person)

    return company, name, say


def paid(context, period, states=LOCKED):
    """What the run of a period pays; it is locked."""
    run = run_commissions(context, period)
    for status in states:
        set_status(context, run.head.id, status)
    shown = show_run(context, run.head.id)
    return int(shown.payments["paid"].values.sum()) if len(shown.payments) else 0


def steps(context, run):
    shown = show_run(context, run).steps
    return [(shown["step"].cell(i), int(shown["amount"].values[i])) for i in range(len(shown))]


def test_half_at_booking_half_as_it_is_paid(seller):  # ORA-5050, run by run
    context, name, say = seller
    say(HALF)
    move(context, "P-1", "payment", "2026-06-10", 500_00)
    move(context, "P-2", "payment", "2026-07-10", 5_000_00)
    move(context, "P-3", "payment", "2026-08-10", 5_000_00)
    assert paid(context, "2026-05") == 500_00
    assert paid(context, "2026-06") == 25_00
    assert paid(context, "2026-07") == 250_00
    last = run_commissions(context, "2026-08")
    assert steps(context, last.head.id) == [("Earned", 0), ("Become due", 225_00)]  # no more than was ordered
    items = last.items
    assert [items["kind"].cell(i) for i in range(len(items))] == ["timing"]
    assert "10,500.00 USD of 10,000.00 USD" in items["why"].cell(0)
    assert name in items["person"].cell(0)


def test_a_payment_that_comes_late_is_due_in_the_open_period(seller):
    context, _, say = seller
    say(HALF)
    assert paid(context, "2026-05") == 500_00
    assert paid(context, "2026-06") == 0
    move(context, "P-1", "payment", "2026-05-20", 4_000_00)
    assert paid(context, "2026-07") == 200_00
    assert paid(context, "2026-08") == 0


def test_a_refund_takes_back_what_was_paid_and_no_more(seller):
    context, _, say = seller
    say(HALF)
    assert paid(context, "2026-05") == 500_00
    move(context, "R-1", "refund", "2026-06-05", -10_000_00)
    run = run_commissions(context, "2026-06")
    assert steps(context, run.head.id)[:2] == [("Earned", -1000_00), ("Become due", 500_00)]
    assert ("Carried", 500_00) in steps(context, run.head.id)


@pytest.mark.parametrize("clawback", [None, Clawback(), Clawback(paid_only=False)])
def test_half_a_refund_halves_both_parts(seller, clawback):
    context, _, say = seller
    say(HALF, clawback=clawback)
    assert paid(context, "2026-05") == 500_00
    move(context, "R-1", "refund", "2026-06-05", -5_000_00)
    run = run_commissions(context, "2026-06")
    assert sum(amount for label, amount in steps(context, run.head.id) if label != "Carried") == -250_00
    assert paid(context, "2026-06") == 0
    move(context, "P-1", "payment", "2026-07-05", 5_000_00)
    # 500 are earned: the 250 carried come back out of what becomes due
    assert paid(context, "2026-07") == 0


def test_an_advance_is_earned_month_by_month_and_given_back(seller):
    context, _, say = seller
    ahead = Timing(booking=750_000, kept=250_000, months=12, advance=True)
    say(ahead, clawback=Clawback(months=12))
    assert paid(context, "2026-05") == 750_00
    assert paid(context, "2026-06") == 0
    move(context, "L-1", "refund", "2026-08-20", -10_000_00)
    assert paid(context, "2026-07") == 0
    run = run_commissions(context, "2026-08")  # three months kept: 250 earned of 750 paid
    assert steps(context, run.head.id)[:3] == [("Earned", 0), ("Clawbacks", -750_00), ("Become due", 250_00)]


def test_a_true_up_at_the_quarters_end(seller):
    context, _, say = seller
    say(Timing(booking=700_000, window_end=300_000), window=Window.QUARTER)
    assert paid(context, "2026-05") == 700_00
    assert paid(context, "2026-06") == 300_00


def test_caps_and_holdbacks_look_at_what_is_due(seller):
    context, _, say = seller
    with context.workspace.read() as connection:
        terms = next(p for p in load_plans(connection) if p.name == "Rep plan USD").terms
    say(HALF, terms=replace(terms, holdback=100_000, cap=600_00))
    move(context, "P-1", "payment", "2026-06-10", 10_000_00)
    assert paid(context, "2026-05") == 450_00
    assert paid(context, "2026-06") == 50_00 + 90_00  # 100 up to the cap, a tenth held, and May's tenth


def test_a_late_deal_waits_as_its_payments_say(seller):
    context, _, say = seller
    say(HALF)
    assert paid(context, "2026-05") == 500_00
    move(context, "D-2", "booking", "2026-05-20", 2_000_00, original="D-1")
    sql(context, "UPDATE \"transaction\" SET original_id = NULL WHERE external_id = 'D-2'")
    move(context, "P-2", "payment", "2026-06-03", 500_00, original="D-2")
    run = run_commissions(context, "2026-06")
    assert len(retro(context, "2026-06").deltas) == 1
    assert steps(context, run.head.id)[1:] == [("Not yet due", -75_00), ("Corrections of earlier periods", 200_00)]
    for status in LOCKED:
        set_status(context, run.head.id, status)


def test_a_changed_balance_is_found_before_approval(seller):
    context, _, say = seller
    say(HALF)
    run = run_commissions(context, "2026-05").head.id
    sql(context, "UPDATE run_item SET amount = amount + 1 WHERE kind = 'timing'")
    set_status(context, run, RunStatus.IN_REVIEW)
    with pytest.raises(FaultsError, match="independent reckoning"):
        set_status(context, run, RunStatus.APPROVED)


def test_a_payment_that_comes_before_approval_has_to_be_counted(seller):
    context, _, say = seller
    say(HALF)
    run = run_commissions(context, "2026-05").head.id
    move(context, "P-1", "payment", "2026-05-30", 1_00)
    set_status(context, run, RunStatus.IN_REVIEW)
    with pytest.raises(FaultsError, match="payments and refunds of deals of D-1 changed"):
        set_status(context, run, RunStatus.APPROVED)


def test_calculating_again_changes_nothing(seller):
    context, _, say = seller
    say(HALF)
    runs = [run_commissions(context, "2026-05") for _ in range(2)]
    assert [steps(context, run.head.id) for run in runs] == [[("Earned", 1000_00), ("Not yet due", -500_00)]] * 2


def test_foreign_payments_count_at_the_rate_of_their_day_and_are_reported(seller):
    context, _, say = seller
    say(HALF)
    sql(context, "DELETE FROM exchange_rate")
    sql(context, "INSERT INTO exchange_rate (source, target, valid_from, rate) VALUES ('EUR', 'USD', '2026-06-01', "
                 "1100000000)")  # fmt: skip
    for number, day, currency in (("P-1", "2026-05-20", "EUR"), ("P-2", "2026-06-20", "EUR")):
        move(context, number, "payment", day, 1_000_00)
        sql(context, 'UPDATE "transaction" SET currency = ? WHERE external_id = ?', currency, number)
    assert paid(context, "2026-05") == 500_00
    report = run_commissions(context, "2026-06")
    assert ("Become due", 55_00) in steps(context, report.head.id)
    said = [line for line in report.findings if "another currency than the deal" in line]
    without, counted = sorted(line.partition(": ")[2] for line in said)
    assert without.startswith("1 (1,000.00 EUR together: P-1) in another currency than the deal, without an exchange")
    assert counted.startswith(
        "1 (1,000.00 EUR together: P-2) in another currency than the deal, counted as 1,100.00 USD"
    )
    for status in LOCKED:  # the reference reckons with the same rates
        set_status(context, report.head.id, status)


def test_payments_that_no_deal_knows_are_reported(seller):
    context, _, say = seller
    say(HALF)
    sql(context, "INSERT INTO opportunity (external_id, stage, status) VALUES ('O-1', 'Won', 'won')")
    move(context, "D-2", "booking", "2026-05-16", 1_00)
    sql(context, 'UPDATE "transaction" SET original_id = NULL, opportunity_id = (SELECT id FROM opportunity WHERE '
                 "external_id = 'O-1')")  # fmt: skip
    move(context, "P-1", "payment", "2026-05-20", 4_000_00)
    sql(context, 'UPDATE "transaction" SET original_id = NULL, opportunity_id = (SELECT id FROM opportunity WHERE '
                 "external_id = 'O-1') WHERE external_id = 'P-1'")  # fmt: skip
    (said,) = [line for line in run_commissions(context, "2026-05").findings if "without a deal" in line]
    assert "1 (4,000.00 USD together: P-1) without a deal" in said
