"""The life of a run beside its lines: payments, items, approval, seals; and what late changes become."""

from __future__ import annotations

import csv
import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from salesops_desktop.commission import (
    DayCount,
    PayTerms,
    Proration,
    Window,
    definition,
)
from salesops_desktop.commission.clawbacks import Clawback, ClawbackRate
from salesops_desktop.commission.draws import Draw
from salesops_desktop.jobs.commission_facts import load_facts, packed, unpacked
from salesops_desktop.jobs.commission_inputs import inputs_of, load_inputs, load_plans
from salesops_desktop.jobs.commission_inquiries import InquiryStatus, answer, ask, inquiries
from salesops_desktop.jobs.commission_items import adjust, hold, release
from salesops_desktop.jobs.commission_payroll import amortise_commissions, payroll
from salesops_desktop.jobs.commission_retro import retro
from salesops_desktop.jobs.commissions import four_eyes, run_commissions, set_status, show_run, trace_line
from salesops_desktop.jobs.company import company as facts_of
from salesops_desktop.jobs.workspaces import check
from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.errors import FaultsError, InputRefusedError, NothingToDoError

APPROVED = (RunStatus.IN_REVIEW, RunStatus.APPROVED)
LOCKED = (*APPROVED, RunStatus.LOCKED)


def move_on(context, run, states=LOCKED):
    for status in states:
        set_status(context, run, status)


def change_plans(context, **changes):
    with context.workspace.read() as connection:
        plans = load_plans(connection)
    with context.workspace.action("Change the plans") as unit:
        for plan in plans:
            unit.connection.exec_driver_sql(
                "UPDATE plan SET definition = ? WHERE name = ?",
                (json.dumps(definition(replace(plan, **changes))), plan.name),
            )


def sql(context, statement, *values):
    with context.workspace.action("A change") as unit:
        return unit.connection.exec_driver_sql(statement, values).rowcount


def column(table, name):
    return [table[name].cell(i) if hasattr(table[name], "cell") else table[name].values[i] for i in range(len(table))]


@pytest.fixture
def locked(company):
    """August is locked, September calculated."""
    august = run_commissions(company, "2026-08").head.id
    move_on(company, august)
    return company, august, run_commissions(company, "2026-09").head.id


def test_facts_survive_being_packed(company):
    with company.workspace.read() as connection:
        facts = load_facts(connection, "booking")
    again = unpacked(packed(facts))
    assert again.hashes() == facts.hashes()
    assert inputs_of(again).quotas == inputs_of(facts).quotas
    assert len(facts.credits) > 100


def test_balances_are_carried_from_period_to_period(company, stored):
    change_plans(company, terms=PayTerms(cap=1_000_000, holdback=100_000, draw=Draw(200_000)))
    for period in ("2026-07", "2026-08", "2026-09"):
        report = run_commissions(company, period)
        rows = stored(
            company,
            "SELECT person_id, plan, earned, paid, opening, closing, steps FROM run_settlement WHERE run_id = ?",
            report.head.id,
        )
        assert len(rows) > 5
        for person, plan, _, paid, opening, closing, steps in rows:
            assert paid == sum(amount for _, amount, _ in json.loads(steps))
            assert all(why for _, _, why in json.loads(steps))
            before, after = json.loads(opening), json.loads(closing)
            earlier = stored(
                company,
                "SELECT closing FROM run_settlement s JOIN commission_run r ON r.id = s.run_id "
                "WHERE person_id = ? AND plan = ? AND period_end < ? ORDER BY period_end DESC",
                person, plan, report.head.start.isoformat(),
            )  # fmt: skip
            assert before == (json.loads(earlier[0][0]) if earlier else {**before, "held": [], "draw": 0, "debt": 0})
            assert after["settled"] <= 1_000_000
    names = set(column(report.steps, "step"))
    assert {"Earned", "Cap", "Held back", "Released", "Draw"} <= names
    assert len(report.payments) == len(rows)


def test_a_locked_run_is_traced_from_its_own_inputs_whatever_happens_later(locked):
    context, august, _ = locked
    before = trace_line(context, august, 1).steps[-1].value
    sql(context, 'UPDATE "transaction" SET amount = amount * 2')
    assert trace_line(context, august, 1).steps[-1].value == before


def test_what_changed_is_told_part_by_part(company):
    run = run_commissions(company, "2026-09").head.id
    set_status(company, run, RunStatus.IN_REVIEW)
    sql(company, "UPDATE quota SET amount = amount + 1 WHERE id = (SELECT max(id) FROM quota)")
    sql(company, 'UPDATE "transaction" SET amount = amount + 1 WHERE id = (SELECT max(transaction_id) FROM run_line)')
    with pytest.raises(FaultsError) as refused:
        set_status(company, run, RunStatus.APPROVED)
    assert [fault.where for fault in refused.value.faults] == ["quotas", "transactions and credits"]
    assert "changed T-" in refused.value.faults[1].what


def test_a_pay_that_the_reference_does_not_confirm_is_not_approved(company):
    run = run_commissions(company, "2026-09").head.id
    set_status(company, run, RunStatus.IN_REVIEW)
    sql(company, "UPDATE run_line SET payout = payout + 1 WHERE run_id = ? AND number = 3", run)
    with pytest.raises(FaultsError, match="independent calculations differ in 1 place"):
        set_status(company, run, RunStatus.APPROVED)


def test_four_eyes(company):
    run = run_commissions(company, "2026-09").head.id
    four_eyes(company)
    set_status(company, run, RunStatus.IN_REVIEW)
    with pytest.raises(InputRefusedError, match="four eyes"):
        set_status(company, run, RunStatus.APPROVED)
    company.workspace.who = "Somebody else"
    set_status(company, run, RunStatus.APPROVED)
    assert column(show_run(company, run).events, "status") == ["calculated", "in review", "approved"]
    assert column(show_run(company, run).events, "who")[-1] == "Somebody else"


def test_what_is_locked_is_what_was_approved(company):
    run = run_commissions(company, "2026-09").head.id
    move_on(company, run, APPROVED)
    sql(company, "UPDATE run_settlement SET paid = paid + 1 WHERE run_id = ?", run)
    with pytest.raises(InputRefusedError, match="not as it was when it was approved"):
        set_status(company, run, RunStatus.LOCKED)
    company.workspace.undo()
    set_status(company, run, RunStatus.LOCKED)
    set_status(company, run, RunStatus.PAID)
    assert check(company).faults == ()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE run_line SET payout = payout + 1 WHERE run_id = ? AND number = 2", "Line 2 of Commissions 2026-08"),
        ("UPDATE run_line SET plan = plan || ' ' WHERE run_id = ? AND number = 5", "Line 5 of Commissions 2026-08"),
        ("UPDATE run_settlement SET paid = paid + 1 WHERE run_id = ?", "The settlement of person"),
        ("DELETE FROM run_line WHERE run_id = ? AND number = 1", "1 rows of Commissions 2026-08 are gone"),
        ("UPDATE run_input SET content = zeroblob(4) WHERE run_id = ?", "The inputs of Commissions 2026-08"),
        ("UPDATE run_seal SET seal = 'x' WHERE run_id = ?", "seal does not fit"),
        ("DELETE FROM run_seal WHERE run_id = ?", "its seal is gone"),
        ("UPDATE commission_run SET status = 'in review' WHERE id = ?", "under seal but in review"),
    ],
)
def test_a_changed_byte_in_a_locked_run_is_found(locked, statement, told):
    context, august, _ = locked
    assert check(context).faults == ()
    sql(context, statement, august)
    assert any(told in fault for fault in check(context).faults), check(context).faults
    assert check(context).exit_status == 1
    context.workspace.undo()
    assert check(context).faults == ()


def test_seals_make_a_chain(locked, stored):
    context, _, september = locked
    move_on(context, september)
    rows = stored(context, "SELECT number, previous, seal FROM run_seal ORDER BY number")
    assert rows[0][1] is None
    assert rows[1][1] == rows[0][2]
    sql(context, "UPDATE run_seal SET previous = 'x' WHERE number = 2")
    assert any("The seal before that of Commissions 2026-09" in fault for fault in check(context).faults)


def test_adjustments_count_as_earned_and_survive_a_new_calculation(company, stored):
    report = run_commissions(company, "2026-09")
    run, (line,) = report.head.id, column(report.lines, "number")[:1]
    ((person, plan, earned),) = stored(
        company,
        "SELECT s.person_id, s.plan, s.earned FROM run_settlement s JOIN run_line l ON l.person_id = s.person_id "
        "AND l.plan = s.plan AND l.run_id = s.run_id WHERE s.run_id = ? AND l.number = ?",
        run, int(line),
    )  # fmt: skip
    adjust(company, run, "-12.34", line=int(line), reason="Half of it was agreed")
    ask_for = "SELECT earned FROM run_settlement WHERE run_id = ? AND person_id = ? AND plan = ?"
    assert stored(company, ask_for, run, person, plan) == [(earned - 1234,)]
    run_commissions(company, "2026-09")
    assert stored(company, ask_for, run, person, plan) == [(earned - 1234,)]
    for amount, told in (("12.345", "whole number"), ("a lot", "no amount"), ("0", "changes nothing")):
        with pytest.raises(InputRefusedError, match=told):
            adjust(company, run, amount, line=int(line), reason="x")
    with pytest.raises(InputRefusedError, match="reason"):
        adjust(company, run, "1", line=int(line), reason=" ")
    move_on(company, run)
    with pytest.raises(InputRefusedError, match="nothing in it can be changed"):
        adjust(company, run, "1", line=int(line), reason="x")


def test_what_is_held_is_paid_by_a_later_run(company, stored):
    august = run_commissions(company, "2026-08")
    person = column(august.people, "person")[0]
    before = {tuple(r[:2]): r[2] for r in stored(company, "SELECT person_id, plan, paid FROM run_settlement")}
    hold(company, august.head.id, person=person, reason="Contract not signed")
    held = stored(company, "SELECT id, person_id, plan, amount FROM run_item WHERE kind = 'hold'")
    assert [(amount,) for _, who, plan, amount in held] == [(before[who, plan],) for _, who, plan, _ in held]
    assert held[0][3] > 0
    after = {tuple(r[:2]): r[2] for r in stored(company, "SELECT person_id, plan, paid FROM run_settlement")}
    assert after[held[0][1], held[0][2]] == 0
    move_on(company, august.head.id)
    september = run_commissions(company, "2026-09").head.id
    paid = "SELECT sum(paid) FROM run_settlement WHERE run_id = ? AND person_id = ?"
    ((without,),) = stored(company, paid, september, held[0][1])
    release(company, september, held[0][0], reason="Signed")
    assert stored(company, paid, september, held[0][1]) == [((without or 0) + held[0][3],)]
    with pytest.raises(InputRefusedError, match="released already"):
        release(company, september, held[0][0])
    assert check(company).faults == ()


def test_inquiries_are_asked_answered_and_closed(company):
    run = run_commissions(company, "2026-09").head.id
    ask(company, run, 1, "Was this split?")
    assert inquiries(company, status=InquiryStatus.OPEN).waiting == 1
    answer(company, 1, "Yes, in halves")
    answer(company, 1, "Settled", close=True)
    assert column(inquiries(company).table, "status") == ["closed"]
    with pytest.raises(InputRefusedError, match="closed"):
        answer(company, 1, "Again")
    with pytest.raises(InputRefusedError, match="no line 9999"):
        ask(company, run, 9999, "?")


def late_deal(context, run, *, amount=7_000_000, kind="booking", number="LATE-1"):
    sql(
        context,
        'INSERT INTO "transaction" (external_id, kind, booked_on, owner_id, amount, currency) '
        "SELECT ?, ?, '2026-08-20', l.person_id, ?, l.currency FROM run_line l WHERE l.run_id = ? AND l.number = 1",
        number, kind, amount, run,
    )  # fmt: skip


def test_late_changes_become_explained_corrections_once(locked, stored):
    context, august, september = locked
    lines = stored(context, "SELECT * FROM run_line WHERE run_id = ? ORDER BY id", august)
    assert retro(context, "2026-09").deltas == ()
    late_deal(context, august)
    first = retro(context, "2026-09")
    assert {delta.cause for delta in first.deltas} == {"late deal"}
    assert any(delta.key[3] == "LATE-1" and delta.amount > 0 for delta in first.deltas)
    assert all("2026-08 paid" in delta.why for delta in first.deltas)
    assert retro(context, "2026-09").deltas == ()
    run_commissions(context, "2026-09")
    assert retro(context, "2026-09").deltas == ()
    sql(context, "UPDATE quota SET amount = amount / 3 WHERE period_start = '2026-07-01'")
    by_quota = retro(context, "2026-09")
    assert {delta.cause for delta in by_quota.deltas} >= {"quota"}
    late_deal(context, august, amount=-7_000_000, kind="refund", number="LATE-2")
    assert "refund" in {delta.cause for delta in retro(context, "2026-09").deltas}
    assert stored(context, "SELECT * FROM run_line WHERE run_id = ? ORDER BY id", august) == lines
    assert check(context).faults == ()
    # Original and corrections together are what August pays by all that is known now.
    pays = (
        "SELECT person_id, plan, sum(amount) FROM (SELECT person_id, plan, payout AS amount FROM run_line "
        "WHERE run_id = ?1 UNION ALL SELECT person_id, plan, amount FROM run_item WHERE kind = 'retro' "
        "AND origin = '2026-08') GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY 1, 2"
    )
    together = stored(context, pays, august)
    with context.workspace.read() as connection:
        inputs = load_inputs(connection)
        result = inputs.calculate(show_period(context, "2026-08"), calendar_of(connection))
    wanted: dict[tuple[int, str], int] = {}
    for line in result:
        wanted[line.person, line.plan] = wanted.get((line.person, line.plan), 0) + line.pay.minor
    assert {(a, b): c for a, b, c in together} == {k: v for k, v in sorted(wanted.items()) if v}
    assert run_commissions(context, "2026-09").head.id == september
    move_on(context, september)
    assert check(context).faults == ()


def calendar_of(connection):
    return facts_of(connection).calendar


def show_period(context, label):
    with context.workspace.read() as connection:
        return calendar_of(connection).parse(label)


def test_corrections_reach_back_more_than_one_period(company, stored):
    for period in ("2026-06", "2026-07", "2026-08"):
        move_on(company, run_commissions(company, period).head.id)
    run_commissions(company, "2026-09")
    sql(company, "UPDATE exchange_rate SET rate = rate + 50000000")
    report = retro(company, "2026-09")
    assert report.origins == 3
    assert {delta.cause for delta in report.deltas} <= {"exchange rate"}
    sql(company, "UPDATE \"transaction\" SET amount = amount + 100000 WHERE booked_on LIKE '2026-06-%'")
    again = retro(company, "2026-09")
    assert {delta.origin for delta in again.deltas} >= {"2026-06"}
    assert {delta.cause for delta in again.deltas} == {"changed deal"}
    company.workspace.undo()
    assert stored(company, "SELECT count(*) FROM run_item WHERE cause = 'changed deal'") == [(0,)]
    with pytest.raises(InputRefusedError, match="has no run"):
        retro(company, "2026-10")


def test_a_cancellation_takes_back_what_its_sale_was_paid(locked, stored):
    context, august, _ = locked
    change_plans(context, clawback=Clawback(window_days=90))
    ((original, number, person, paid, credit),) = stored(
        context,
        "SELECT transaction_id, transaction_number, person_id, sum(payout), sum(credit_amount) FROM run_line "
        "WHERE run_id = ? AND payout > 1000 GROUP BY transaction_id ORDER BY count(*), payout DESC LIMIT 1",
        august,
    )
    sql(
        context,
        'INSERT INTO "transaction" (external_id, kind, booked_on, owner_id, amount, currency, original_id) '
        "SELECT 'CANCEL-1', 'refund', '2026-09-10', ?, -?, currency, id FROM \"transaction\" WHERE id = ?",
        person, credit, original,
    )  # fmt: skip
    run = run_commissions(context, "2026-09").head.id
    items = stored(context, "SELECT person_id, amount, why FROM run_item WHERE run_id = ? AND kind = 'clawback'", run)
    assert sum(amount for who, amount, _ in items if who == person) == -paid
    assert any(number in why for _, _, why in items)
    assert stored(context, "SELECT count(*) FROM run_line WHERE transaction_number = 'CANCEL-1'") == [(0,)]
    change_plans(context, clawback=Clawback(window_days=1))
    run_commissions(context, "2026-09")
    items = stored(context, "SELECT amount, why FROM run_item WHERE run_id = ? AND kind = 'clawback'", run)
    assert {amount for amount, _ in items} == {0}
    assert "is over" in items[0][1]
    change_plans(context, clawback=Clawback(window_days=90, rate=ClawbackRate.PRESENT))
    run_commissions(context, "2026-09")
    assert stored(context, "SELECT count(*) FROM run_item WHERE kind = 'clawback'") == [(0,)]
    ((pay,),) = stored(context, "SELECT sum(payout) FROM run_line WHERE transaction_number = 'CANCEL-1'")
    assert pay < 0
    change_plans(context, clawback=Clawback(window_days=1, rate=ClawbackRate.PRESENT))
    run_commissions(context, "2026-09")
    assert stored(context, "SELECT count(*) FROM run_line WHERE transaction_number = 'CANCEL-1'") == [(0,)]


def test_a_plan_called_like_a_document_is_no_document(company):
    sql(company, "UPDATE plan SET name = '[draft] {new' WHERE id = 1")
    assert run_commissions(company, "2026-09").head.status is RunStatus.CALCULATED


def test_quotas_are_prorated_by_the_days_served(company, stored):
    ((person, start, end, amount),) = stored(
        company,
        "SELECT q.person_id, q.period_start, q.period_end, q.amount FROM quota q JOIN plan_assignment a "
        "ON a.person_id = q.person_id WHERE q.period_start = '2026-07-01' LIMIT 1",
    )
    sql(company, "UPDATE person SET start_date = '2026-08-16', end_date = NULL WHERE id = ?", person)
    sql(company, "INSERT INTO absence (person_id, start_date, end_date, share) VALUES (?, '2026-09-01', '2026-09-10', "
        "500000)", person)  # fmt: skip
    change_plans(company, proration=Proration(DayCount.CALENDAR))
    with company.workspace.read() as connection:
        inputs = load_inputs(connection)
    (quota,) = [q for q in inputs.quotas if q.person == person and q.start == dt.date(2026, 7, 1)]
    assert (dt.date.fromisoformat(start), dt.date.fromisoformat(end)) == (quota.start, quota.end)
    assert abs(quota.amount - amount * 41 / 92) <= 0.5  # 46 days there, half of ten of them away
    change_plans(company, proration=Proration(DayCount.CALENDAR, ramp=(0, 500_000)))
    with company.workspace.read() as connection:
        inputs = load_inputs(connection)
    (quota,) = [q for q in inputs.quotas if q.person == person and q.start == dt.date(2026, 7, 1)]
    assert abs(quota.amount - amount * 25 / 92 * 0.5) <= 0.5  # August counts nothing, September half


def test_teams_count_by_the_hierarchy_of_the_day(company, stored):
    with company.workspace.read() as connection:
        by_lines = load_inputs(connection).reports
    assert {(r.person, r.manager) for r in by_lines if r.start > dt.date(1, 1, 1)}
    sql(company, "DELETE FROM reporting")
    with company.workspace.read() as connection:
        by_roster = load_inputs(connection).reports
    managed = stored(company, "SELECT id, manager_id FROM person WHERE manager_id IS NOT NULL ORDER BY id")
    assert sorted((r.person, r.manager) for r in by_roster) == managed
    assert {r.end for r in by_roster} == {None}


def test_payroll_says_what_the_run_pays(company, tmp_path, stored):
    run = run_commissions(company, "2026-09").head.id
    out = tmp_path / "payroll.csv"
    with pytest.raises(InputRefusedError, match="only what is approved"):
        payroll(company, run, out)
    move_on(company, run, APPROVED)
    payroll(company, run, out, columns=["Employee=person id", "Gross=paid", "Ccy=currency"])
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["Employee", "Gross", "Ccy"]
    for currency, paid in stored(company, "SELECT currency, sum(paid) FROM run_settlement GROUP BY 1"):
        assert sum(Decimal(row["Gross"]) for row in rows if row["Ccy"] == currency) * 100 == paid
    with pytest.raises(FaultsError) as refused:
        payroll(company, run, out, columns=["A=shoe size", "B=hat"])
    assert len(refused.value.faults) == 2


def test_payroll_converts_into_the_currency_of_the_person_and_of_the_company(company, tmp_path, stored):
    sql(company, "UPDATE person SET currency = 'EUR' WHERE id IN (SELECT person_id FROM plan_assignment)")
    run = run_commissions(company, "2026-09").head.id
    move_on(company, run, APPROVED)
    out = tmp_path / "payroll.csv"
    wanted = ["paid", "currency", "payout", "payout currency", "payout rate", "reported", "reporting currency"]
    payroll(company, run, out, columns=wanted)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    foreign = [row for row in rows if row["currency"] == "USD" and Decimal(row["paid"])]
    assert foreign
    for row in rows:
        assert row["payout currency"] == "EUR"
        exact = Decimal(row["paid"]) * Decimal(row["payout rate"])
        assert abs(Decimal(row["payout"]) - exact) <= Decimal("0.005")
        if row["reporting currency"] == row["currency"]:
            assert row["reported"] == row["paid"]
    assert {row["payout"] == row["paid"] for row in foreign} == {False}
    sql(company, "UPDATE person SET currency = 'KWD' WHERE id = (SELECT min(person_id) FROM run_settlement)")
    with pytest.raises(FaultsError) as refused:
        payroll(company, run, out, columns=wanted)
    assert refused.value.faults[0].where.endswith("to KWD")


def test_commissions_are_amortised_to_the_cent(company):
    with pytest.raises(NothingToDoError):
        amortise_commissions(company)
    run = run_commissions(company, "2026-09").head.id
    move_on(company, run, APPROVED)
    report = amortise_commissions(company, months=24)
    assert len(report.contracts) > 5
    for contract in report.contracts:
        assert sum(month.expense for month in contract.schedule.schedule) == contract.schedule.cost
    left = {}
    for i in range(len(report.by_month)):
        left[report.by_month["left"].currency_at(i)] = int(report.by_month["left"].values[i])
    assert set(left.values()) == {0}


def test_a_window_of_the_cap_starts_anew(company, stored):
    change_plans(company, terms=PayTerms(cap=50_000, cap_window=Window.QUARTER))
    for period in ("2026-06", "2026-07"):
        run_commissions(company, period)
    settled = stored(
        company,
        "SELECT s.opening FROM run_settlement s JOIN commission_run r ON r.id = s.run_id "
        "WHERE r.period_label = '2026-07'",
    )
    assert {json.loads(opening)["settled"] for (opening,) in settled} == {0}
