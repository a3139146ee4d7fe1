"""What cancellations take back at the rate the sale was paid: the items of a run, not lines of its accumulation."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection

from salesops_desktop.commission import RunResult
from salesops_desktop.commission.clawbacks import claw_back
from salesops_desktop.jobs.commission_inputs import Cancelled, Inputs
from salesops_desktop.model.money import Money
from salesops_desktop.workspace.text import stored_now


@dataclass(frozen=True, slots=True)
class _Sale:
    """What a sale earned and what of it was paid, minor units of the plan; and the credit itself."""

    earned: int = 0
    paid: int = 0
    sold: int = 0
    day: dt.date | None = None
    number: str = ""


def clawbacks(
    connection: Connection, run: int, inputs: Inputs, result: RunResult
) -> list[tuple[Cancelled, str, int, str]]:
    """(refund, component, what it takes back, why) for each refund of the period and each component that paid its sale.

    A cancellation that comes too late, or whose sale paid nothing, takes nothing back and is told all the same.

    Args:
        connection: a connection that sees the stored lines of earlier runs; those of the run itself are not read.
        run: the run's row id, 0 for none yet.
        inputs: of the run.
        result: of the run.
    """
    made = []
    for refund in inputs.cancelled:
        if refund.day not in result.period:
            continue
        plan = next(plan for plan in result.plans if plan.name == refund.plan)
        assert plan.clawback is not None
        sales = _sales(connection, run, inputs, result, refund)
        if not sales:
            made.append((refund, "", 0, f"{refund.number} cancels a sale that paid nothing."))
        for component, sale in sorted(sales.items()):
            day = sale.day or refund.day
            # Of pay by a timing everything is taken back: what is not yet due lapses first, so no more than was paid.
            timed = any(c.name == component and c.timing is not None for c in plan.components)
            taken = claw_back(
                plan.clawback, earned=sale.earned, paid=sale.earned if timed else sale.paid, sold=sale.sold,
                cancelled=refund.amount, credited_on=day, cancelled_on=refund.day,
            )  # fmt: skip
            days = (refund.day - day).days
            why = (
                f"{refund.number} cancels {Money(abs(refund.amount), refund.currency)} of {sale.number} after {days} "
                f"days; the sale earned {Money(sale.earned, plan.currency)}."
            )
            if not taken and plan.clawback.window_days is not None and days > plan.clawback.window_days:
                why += f" The window of {plan.clawback.window_days} days is over: nothing is taken back."
            made.append((refund, component, taken, why))
    return made


def clawback_items(connection: Connection, run: int, inputs: Inputs, result: RunResult, who: str) -> None:
    """Write the clawbacks of a run as its items. Inside an action."""
    currencies = {plan.name: plan.currency for plan in result.plans}
    rows = [
        (
            run, refund.person, refund.plan, component or None, refund.credit, refund.number, -taken,
            currencies[refund.plan], why, who, stored_now(),
        )
        for refund, component, taken, why in clawbacks(connection, run, inputs, result)
    ]  # fmt: skip
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO run_item (run_id, kind, person_id, plan, component, credit_key, transaction_number, amount, "
            "currency, why, who, at) VALUES (?, 'clawback', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def _sales(connection: Connection, run: int, inputs: Inputs, result: RunResult, refund: Cancelled) -> dict[str, _Sale]:
    """Component → the cancelled sale, from earlier runs and from this one."""
    found: dict[str, _Sale] = defaultdict(_Sale)

    def add(component: str, earned: int, paid: int, sold: int, day: dt.date, number: str) -> None:
        old = found[component]
        found[component] = _Sale(old.earned + earned, old.paid + paid, old.sold + sold, day, number)

    for component, pay, amount, day, number in connection.exec_driver_sql(
        "SELECT l.component, l.payout, l.credit_amount, l.credited_on, l.transaction_number FROM run_line l "
        "JOIN commission_run r ON r.id = l.run_id WHERE l.transaction_id = ? AND l.person_id = ? AND l.plan = ? "
        "AND r.id <> ? AND r.period_end < ?",
        (refund.original, refund.person, refund.plan, run, result.period.start.isoformat()),
    ).fetchall():
        add(component, int(pay), int(pay), int(amount), dt.date.fromisoformat(day), str(number))
    for line in result:
        same = inputs.transactions[line.credit] == refund.original
        if same and (line.person, line.plan) == (refund.person, refund.plan):
            add(line.component, line.pay.minor, line.pay.minor, line.credit_amount.minor, line.date, line.transaction)
    for component, held in connection.exec_driver_sql(
        "SELECT i.component, sum(CASE i.kind WHEN 'hold' THEN -i.amount ELSE i.amount END) "
        'FROM run_item i JOIN "transaction" t ON t.id = ? WHERE i.run_id <> ? AND i.person_id = ? AND i.plan = ? '
        "AND (i.kind IN ('hold', 'release') AND i.transaction_number = t.external_id OR i.kind = 'clawback' AND "
        'i.transaction_number IN (SELECT external_id FROM "transaction" WHERE original_id = t.id)) GROUP BY 1',
        (refund.original, run, refund.person, refund.plan),
    ).fetchall():
        if component in found:
            old = found[component]
            found[component] = _Sale(old.earned, old.paid + int(held), old.sold, old.day, old.number)
    return dict(found)
