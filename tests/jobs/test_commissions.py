"""Commission runs: replaced while open, locked for good, refused when their inputs moved, traced to the cent."""

from __future__ import annotations

import datetime as dt

import pytest

from salesops_desktop.commission.exchange import ExchangeRate
from salesops_desktop.commission.reference import reference
from salesops_desktop.jobs import commission_plans, commissions
from salesops_desktop.jobs.commission_inputs import load_inputs
from salesops_desktop.jobs.commissions import run_commissions, set_status, show_run, trace_line
from salesops_desktop.jobs.company import company as facts_of
from salesops_desktop.jobs.workspaces import check
from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.errors import FaultsError, InputRefusedError, NothingToDoError
from salesops_desktop.model.money import FX_SCALE, Money, divide_half_up
from salesops_desktop.workspace import changelog

TO_LOCKED = (RunStatus.IN_REVIEW, RunStatus.APPROVED, RunStatus.LOCKED)


def move_on(context, run, *states):
    for status in states:
        set_status(context, run, status)


def change_a_credit(context, amount=1_000):
    with context.workspace.action("Correct a booking") as unit:
        unit.connection.exec_driver_sql(
            'UPDATE "transaction" SET amount = amount + ? WHERE id = (SELECT max(transaction_id) FROM run_line)',
            (amount,),
        )


@pytest.mark.parametrize("period", ["2026-09", "2026-Q2", "2025"])
def test_payouts_equal_the_independent_calculation(company, stored, period):
    run = run_commissions(company, period)
    with company.workspace.read() as connection:
        inputs, facts = load_inputs(connection), facts_of(connection)
    rates = stored(company, "SELECT source, target, valid_from, rate FROM exchange_rate")
    expected = reference(
        inputs.plans,
        inputs.assignments,
        inputs.credits,
        inputs.quotas,
        facts.calendar.parse(period),
        calendar=facts.calendar,
        rates=[ExchangeRate(source, target, dt.date.fromisoformat(day), rate) for source, target, day, rate in rates],
    )
    lines = stored(
        company,
        "SELECT person_id, plan, component, coalesce(credit_id, -transaction_id), payout FROM run_line "
        "WHERE run_id = ?",
        run.head.id,
    )
    assert {tuple(line[:4]): line[4] for line in lines} == expected.lines
    assert len(lines) == len(expected.lines) > 10
    assert {currency for (currency,) in stored(company, "SELECT DISTINCT currency FROM run_line")} == {"EUR", "USD"}


def test_a_run_is_told_in_the_companys_currency(company, stored):
    run = run_commissions(company, "2026-09")
    (rate,) = stored(company, "SELECT rate FROM exchange_rate WHERE source = 'EUR' AND target = 'USD' AND "
                     "valid_from <= '2026-09-30' ORDER BY valid_from DESC LIMIT 1")[0]  # fmt: skip
    sums = dict(stored(company, "SELECT currency, sum(payout) FROM (SELECT currency, payout FROM run_line UNION ALL "
                       "SELECT currency, payout FROM run_extra) GROUP BY 1"))  # fmt: skip
    total = Money(sums["USD"] + divide_half_up(sums["EUR"] * rate, FX_SCALE), "USD")
    assert run.together == f"All together {total} at the exchange rates of 2026-09-30."
    assert run.together in run.summary()


def test_many_lines_are_stored_as_few_are(company, stored, monkeypatch):
    """Log and indexes come after the lines: both are whole, and undo takes all back."""
    schema = "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = 'run_line' ORDER BY 1, 2"
    before = stored(company, schema)
    monkeypatch.setattr(changelog, "_FEW", 0)
    run = run_commissions(company, "2026-09")
    assert stored(company, schema) == before
    assert check(company).faults == ()
    logged = stored(company, "SELECT count(*) FROM change c JOIN logged_table t ON t.number = c.table_number "
                    "JOIN run_line l ON l.id = c.row_id WHERE t.name = 'run_line' AND c.operation = 'I'")  # fmt: skip
    assert logged == [(len(run.lines),)]
    company.workspace.undo()
    assert stored(company, "SELECT count(*) FROM run_line") == [(0,)]
    company.workspace.redo()
    assert stored(company, "SELECT count(*) FROM run_line") == logged


def test_every_line_has_a_trace_that_ends_in_its_payout(company):
    run = run_commissions(company, "2026-Q3")
    payout, number = run.lines["payout"], run.lines["number"]
    assert len(run.lines) > 20
    for row in range(len(run.lines)):
        told = trace_line(company, run.head.id, int(number.values[row]))
        assert int(payout.values[row]) == told.steps[-1].value
        assert [step.number for step in told.steps] == list(range(1, len(told.steps) + 1))


def test_calculating_again_replaces_an_open_run(company, stored):
    first = run_commissions(company, "2026-09")
    set_status(company, first.head.id, RunStatus.IN_REVIEW)
    change_a_credit(company)
    again = run_commissions(company, "2026-09")
    assert [run.id for run in commissions.commission_runs(company).runs] == [again.head.id]
    assert again.head.status is RunStatus.CALCULATED
    assert again.totals() != first.totals()
    assert stored(company, "SELECT count(*) FROM run_line WHERE run_id <> ?", again.head.id) == [(0,)]
    company.workspace.undo()
    assert show_run(company, first.head.id).totals() == first.totals()
    assert show_run(company, first.head.id).head.status is RunStatus.IN_REVIEW


def test_a_locked_run_stays_as_it_is(company):
    run = run_commissions(company, "2026-09").head.id
    move_on(company, run, *TO_LOCKED)
    before = company.workspace.check().content
    change_a_credit(company)
    with pytest.raises(InputRefusedError, match="locked"):
        run_commissions(company, "2026-09")
    company.workspace.undo()
    assert company.workspace.check().content == before
    for back in (RunStatus.CALCULATED, RunStatus.IN_REVIEW, RunStatus.APPROVED):
        with pytest.raises(InputRefusedError, match="cannot become"):
            set_status(company, run, back)
    set_status(company, run, RunStatus.PAID)
    assert show_run(company, run).head.status is RunStatus.PAID


def test_a_backup_comes_before_the_lock(company):
    run = run_commissions(company, "2026-09").head.id
    move_on(company, run, *TO_LOCKED[:-1])
    before = {backup.path for backup in company.workspace.backups()}
    set_status(company, run, RunStatus.LOCKED)
    (made,) = [b for b in company.workspace.backups() if b.path not in before]
    assert "lock" in made.path.name


def test_what_changed_since_it_was_calculated_is_not_approved(company):
    run = run_commissions(company, "2026-09").head.id
    set_status(company, run, RunStatus.IN_REVIEW)
    change_a_credit(company)
    with pytest.raises(InputRefusedError, match="have changed"):
        set_status(company, run, RunStatus.APPROVED)
    assert show_run(company, run).head.status is RunStatus.IN_REVIEW
    company.workspace.undo()
    set_status(company, run, RunStatus.APPROVED)


def test_who_did_what_when_is_kept(company, stored):
    run = run_commissions(company, "2026-09").head.id
    set_status(company, run, RunStatus.IN_REVIEW, note="Please look at the refunds.")
    events = stored(company, "SELECT status, who, note FROM run_event WHERE run_id = ? ORDER BY id", run)
    assert [(status, note) for status, _, note in events] == [
        ("calculated", None),
        ("in review", "Please look at the refunds."),
    ]
    assert all(who for _, who, _ in events)
    assert [a.name for a in company.workspace.history(2)] == [
        "Commissions 2026-09: in review",
        "Calculate commissions 2026-09",
    ]


def test_the_last_month_with_transactions_is_meant_where_none_is_named(company, stored):
    ((last,),) = stored(company, 'SELECT max(booked_on) FROM "transaction"')
    head = run_commissions(company).head
    assert head.start <= dt.date.fromisoformat(last) <= head.end


def test_sums_are_the_sums_of_lines(company):
    run = run_commissions(company, "2026-Q3")
    for name in ("payout", "credited"):
        by_currency: dict[str, int] = {}
        for row in range(len(run.people)):
            money = run.people[name]
            by_currency[money.currency_at(row)] = by_currency.get(money.currency_at(row), 0) + int(money.values[row])
        lines = run.lines["payout" if name == "payout" else "amount"]
        for currency, total in by_currency.items():
            assert total == sum(int(lines.values[i]) for i in range(len(lines)) if lines.currency_at(i) == currency)


def test_a_company_without_a_ledger_books_its_won_deals(company, stored):
    with company.workspace.action("Forget the ledger") as unit:
        for table in ("credit", '"transaction"'):
            unit.connection.exec_driver_sql(f"DELETE FROM {table}")
    with pytest.raises(FaultsError) as refused:
        run_commissions(company, "2026-09")
    assert [fault.where for fault in refused.value.faults] == ["Transactions"]
    commission_plans.book_won(company)
    won = "SELECT count(*), sum(amount) FROM opportunity WHERE status = 'won' AND amount > 0 AND close_on IS NOT NULL"
    assert stored(company, 'SELECT count(*), sum(amount) FROM "transaction"') == stored(company, won)
    assert len(run_commissions(company, "2026-09").lines) > 0
    with pytest.raises(NothingToDoError):
        commission_plans.book_won(company)


def test_starter_plans_come_once(company):
    with pytest.raises(NothingToDoError):
        commission_plans.starter_plans(company)
    with pytest.raises(InputRefusedError, match="no commission rate"):
        commission_plans.starter_plans(company, rate=0)
