"""Amounts that people put into a run beside its lines: adjustments, holds and their release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection

from salesops_desktop.jobs.commission_reports import RunHead, run_heads
from salesops_desktop.jobs.commission_settlements import resettle
from salesops_desktop.jobs.commission_store import OPEN
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_scenarios import person_called
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import Money, exponent
from salesops_desktop.workspace.text import stored_now

ITEM_TABLES = ("run_item", "run_settlement", "run_event")


@dataclass(frozen=True, slots=True)
class Target:
    """What an item is about: a person under a plan, or one line."""

    person: int
    name: str
    plan: str
    currency: str
    component: str | None = None
    credit_key: int | None = None
    number: str | None = None


def open_run(connection: Connection, run: int) -> RunHead:
    """A run that may still be changed.

    Raises:
        InputRefusedError: there is none of that number, or it is approved or later.
    """
    head = next((one for one in run_heads(connection) if one.id == run), None)
    if head is None:
        raise InputRefusedError(f"There is no commission run {run}.", way_out="See the list: commissions list.")
    if head.status not in OPEN:
        raise InputRefusedError(
            f"{head.name} is {head.status.value}: nothing in it can be changed.",
            way_out="Take it back to review where it is approved; where it is locked, use the run of a later period.",
        )
    return head


def line_target(connection: Connection, run: int, line: int) -> Target:
    """One payout line as the target of an item.

    Raises:
        InputRefusedError: the run has no such line.
    """
    row = connection.exec_driver_sql(
        "SELECT l.person_id, p.name, l.plan, l.currency, l.component, coalesce(l.credit_id, -l.transaction_id), "
        "l.transaction_number FROM run_line l JOIN person p ON p.id = l.person_id WHERE l.run_id = ? AND l.number = ?",
        (run, line),
    ).first()
    if row is None:
        raise InputRefusedError(f"Run {run} has no line {line}.", way_out="See them: commissions show.")
    return Target(int(row[0]), row[1], row[2], row[3], row[4], None if row[5] is None else int(row[5]), row[6])


def person_targets(connection: Connection, run: int, person: str, plan: str = "") -> list[Target]:
    """A person under each plan that pays in the run.

    Raises:
        InputRefusedError: nobody, or several people, are called so; or the run pays the person nothing by the plan.
    """
    who = person_called(connection, person)
    rows = connection.exec_driver_sql(
        "SELECT plan, currency FROM run_settlement WHERE run_id = ?1 AND person_id = ?2 UNION "
        "SELECT plan, currency FROM run_line WHERE run_id = ?1 AND person_id = ?2 UNION "
        "SELECT p.name, p.currency FROM plan_assignment a JOIN plan p ON p.id = a.plan_id JOIN commission_run r "
        "ON r.id = ?1 WHERE a.person_id = ?2 AND a.start_date <= r.period_end "
        "AND coalesce(a.end_date, '9999-12-31') >= r.period_start ORDER BY 1",
        (run, who),
    ).fetchall()
    found = [Target(who, person, name, currency) for name, currency in rows if plan in ("", name)]
    if not found:
        by = f" by {plan!r}" if plan else ""
        raise InputRefusedError(f"Run {run} does not pay {person}{by}.", way_out="See the people: commissions show.")
    return found


def exact_minor(text: str, currency: str) -> int:
    """An amount in major units as exact minor units.

    Raises:
        InputRefusedError: the text is no amount, or finer than the currency.
    """
    try:
        minor = Decimal(text.replace(",", "")).scaleb(exponent(currency))
    except InvalidOperation:
        raise InputRefusedError(f"{text!r} is no amount.", way_out="Write it as 250 or -99.95.") from None
    if not minor.is_finite() or minor != minor.to_integral_value() or abs(minor) >= 2**53:
        raise InputRefusedError(f"{text} is no whole number of the minor units of {currency}.")
    return int(minor)


def add_item(
    connection: Connection,
    run: int,
    kind: str,
    target: Target,
    amount: int,
    why: str,
    who: str,
    *,
    hold: int | None = None,
) -> int:
    """Write an item. Inside an action; the run must be settled anew afterwards."""
    made = connection.exec_driver_sql(
        "INSERT INTO run_item (run_id, kind, person_id, plan, component, credit_key, transaction_number, amount, "
        "currency, why, who, at, item_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run, kind, target.person, target.plan, target.component, target.credit_key, target.number, amount,
            target.currency, why, who, stored_now(), hold,
        ),
    )  # fmt: skip
    return int(made.lastrowid)


def _one(targets: Sequence[Target], person: str) -> Target:
    if len(targets) > 1:
        raise InputRefusedError(
            f"{person} is paid by several plans: {', '.join(t.plan for t in targets)}.", way_out="Say which (--plan)."
        )
    return targets[0]


def _reason(text: str) -> str:
    if not text.strip():
        raise InputRefusedError("A reason is missing.", way_out="Say why (--reason).")
    return text.strip()


@job(
    "commissions adjust",
    title="Adjust a commission",
    group="commissions",
    needs=Needs.WRITE,
    examples=(
        "commissions adjust company.salesops 1 250.00 --person 'Ana Weller' --reason 'Agreed with her manager'",
        "commissions adjust company.salesops 1 --line 17 --reason 'Half of the deal' -- -99.95",
    ),
)
def adjust(
    context: JobContext, run: int, amount: str, *, reason: str, person: str = "", plan: str = "", line: int = 0
) -> Sentences:
    """Add an amount to what a person earns in a run that is not approved yet.

    Args:
        run: its number in the list.
        amount: in the plan's currency, negative to take away.
        reason: why; it stands on the statement.
        person: the person's name; not needed with a line.
        plan: the plan, where several pay the person.
        line: the number of the line it is about, if it is about one.
    """
    why = _reason(reason)
    with context.workspace.read() as connection:
        head = open_run(connection, run)
        target = (
            line_target(connection, run, line) if line else _one(person_targets(connection, run, person, plan), person)
        )
    minor = exact_minor(amount, target.currency)
    if minor == 0:
        raise InputRefusedError("An adjustment of nothing changes nothing.", way_out="Give an amount.")
    with context.workspace.action(f"Adjust {target.name} in {head.name}") as unit:
        item = add_item(unit.connection, run, "adjustment", target, minor, why, context.workspace.who)
        resettle(unit.connection, run)
    context.changed(*ITEM_TABLES)
    about = f" for {target.number}" if target.number else ""
    return Sentences((f"Item {item}: {target.name} gets {Money(minor, target.currency)}{about}. {why}",))


@job(
    "commissions hold",
    title="Hold a payment",
    group="commissions",
    needs=Needs.WRITE,
    examples=(
        "commissions hold company.salesops 1 --person 'Ana Weller' --reason 'Contract not countersigned'",
        "commissions hold company.salesops 1 --line 17 --reason 'Invoice disputed'",
    ),
)
def hold(context: JobContext, run: int, *, reason: str, person: str = "", line: int = 0) -> Sentences:
    """Let a line's pay, or all that a person is paid, wait. What is earned and owed stays as it is.

    Args:
        run: its number in the list; it must not be approved yet.
        reason: why.
        person: the person's name; not needed with a line.
        line: the number of the line.
    """
    why = _reason(reason)
    with context.workspace.read() as connection:
        head = open_run(connection, run)
        targets = [line_target(connection, run, line)] if line else person_targets(connection, run, person)
    with context.workspace.action(f"Hold {targets[0].name} in {head.name}") as unit:
        items = [add_item(unit.connection, run, "hold", t, 0, why, context.workspace.who) for t in targets]
        resettle(unit.connection, run)
        marks = ", ".join("?" for _ in items)
        held = unit.connection.exec_driver_sql(
            f"SELECT id, amount, currency FROM run_item WHERE id IN ({marks}) ORDER BY id", tuple(items)
        ).fetchall()
    context.changed(*ITEM_TABLES)
    return Sentences(tuple(f"Item {i}: {Money(int(a), c)} of {targets[0].name} wait. {why}" for i, a, c in held))


@job(
    "commissions release",
    title="Release a held payment",
    group="commissions",
    needs=Needs.WRITE,
    examples=("commissions release company.salesops 2 5 --reason 'Countersigned'",),
)
def release(context: JobContext, run: int, item: int, *, reason: str = "") -> Sentences:
    """Pay in a run what an earlier run held; in the same run the hold is taken away.

    Args:
        run: the run that pays it; it must not be approved yet.
        item: the number of the hold, as the run's items show it.
        reason: why it may be paid now.
    """
    with context.workspace.read() as connection:
        head = open_run(connection, run)
        row = connection.exec_driver_sql(
            "SELECT i.run_id, i.person_id, p.name, i.plan, i.currency, i.component, i.credit_key, "
            "i.transaction_number, i.amount, r.name, r.period_end FROM run_item i JOIN person p ON p.id = i.person_id "
            "JOIN commission_run r ON r.id = i.run_id WHERE i.id = ? AND i.kind = 'hold'",
            (item,),
        ).first()
        if row is None:
            raise InputRefusedError(f"Item {item} is no hold.", way_out="See the items of the run: commissions show.")
        by = connection.exec_driver_sql(
            "SELECT r.name FROM run_item i JOIN commission_run r ON r.id = i.run_id WHERE i.item_id = ?", (item,)
        ).scalar()
    if by is not None:
        raise InputRefusedError(f"Hold {item} is released already, in {by}.")
    if int(row[0]) != run and str(row[10]) >= head.start.isoformat():
        raise InputRefusedError(
            f"{head.name} is no later run than {row[9]}, which holds it.", way_out="Release it in a later run."
        )
    target = Target(int(row[1]), str(row[2]), str(row[3]), str(row[4]), row[5], row[6], row[7])
    with context.workspace.action(f"Release {target.name} in {head.name}") as unit:
        if int(row[0]) == run:
            unit.connection.exec_driver_sql("DELETE FROM run_item WHERE id = ?", (item,))
        else:
            why = f"Held in {row[9]}. {reason}".strip()
            add_item(unit.connection, run, "release", target, int(row[8]), why, context.workspace.who, hold=item)
        resettle(unit.connection, run)
    context.changed(*ITEM_TABLES)
    return Sentences((f"{Money(int(row[8]), target.currency)} of {target.name} are paid in {head.name}.",))
