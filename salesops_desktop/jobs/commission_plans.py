"""Plans to start from, and bookings for companies whose CRM is their ledger."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from sqlalchemy import Connection

from salesops_desktop.commission import Basis, Component, Plan, RateTable, definition
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.enums import PersonRole
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError

__all__ = ["UNBOOKED", "book_won", "starter_plans"]

UNBOOKED = (
    "FROM opportunity o WHERE status = 'won' AND amount IS NOT NULL AND close_on IS NOT NULL "
    'AND NOT EXISTS (SELECT 1 FROM "transaction" t WHERE t.opportunity_id = o.id OR t.external_id = o.external_id)'
)
"""The won opportunities that have no transaction yet."""


@job(
    "commissions starter-plans",
    title="Set up starter plans",
    group="commissions",
    needs=Needs.WRITE,
    examples=("commissions starter-plans company.salesops",),
)
def starter_plans(context: JobContext, *, rate: float = 5.0, effective_from: dt.date | None = None) -> Sentences:
    """Give everybody who sells a plan to start from: a rate on bookings, faster above quota where there are quotas.

    Args:
        rate: per cent of each booking up to quota; half as much again up to 120 % of quota, twice as much beyond.
        effective_from: the first day; the first day of the earliest transaction's year by default.
    """
    ppm = round(rate * 10_000)
    if not 0 < ppm <= 1_000_000:
        raise InputRefusedError(f"{rate} is no commission rate.", way_out="Give per cent between 0 and 100.")
    with context.workspace.action("Set up starter plans", kind="job") as unit:
        connection = unit.connection
        taken = {str(name) for (name,) in connection.exec_driver_sql("SELECT name FROM plan")}
        people = connection.exec_driver_sql(
            "SELECT p.id, p.role, p.currency, p.start_date, p.end_date, "
            "EXISTS (SELECT 1 FROM person r WHERE r.manager_id = p.id), "
            "EXISTS (SELECT 1 FROM quota q WHERE q.person_id = p.id) FROM person p "
            "WHERE p.id NOT IN (SELECT person_id FROM plan_assignment) ORDER BY p.id"
        ).fetchall()
        facts = company(connection)
        start = effective_from or _first_day(connection)
        plans: dict[str, tuple[Plan, list[tuple[int, str, str | None]]]] = {}
        for person, role, currency, hired, left, leads, has_quota in people:
            kind = _role(role, leads=bool(leads))
            if kind is None:
                continue
            made = _starter(kind, currency or facts.currency, ppm, start, by_quota=bool(has_quota))
            if made.name in taken:
                continue
            members = plans.setdefault(made.name, (made, []))[1]
            members.append((int(person), max(hired or "", start.isoformat()), left))
        for made, members in plans.values():
            _store_plan(connection, made, members)
    if not plans:
        raise NothingToDoError("Everybody who sells has a plan already.")
    context.changed("plan", "plan_assignment")
    return Sentences(tuple(f"{plan.name}: {len(members)} people." for plan, members in plans.values()))


def _role(role: str | None, *, leads: bool) -> PersonRole | None:
    if role in (PersonRole.REP, PersonRole.OVERLAY):
        return PersonRole(role)
    return PersonRole.REP if role is None and not leads else None


def _starter(role: PersonRole, currency: str, ppm: int, start: dt.date, *, by_quota: bool) -> Plan:
    if role is PersonRole.OVERLAY:
        component = Component(
            "Overlay commission", RateTable.flat(max(ppm // 5, 1)), filter='[Credit role] = "overlay"'
        )
        return Plan(f"Overlay plan {currency}", currency, start, (component,))
    if by_quota:
        steps = [(0, ppm), (1_000_000, ppm * 3 // 2), (1_200_000, ppm * 2)]
        component = Component("Bookings commission", RateTable.of(steps, basis=Basis.ATTAINMENT))
        return Plan(f"Rep plan {currency}", currency, start, (component,))
    component = Component("Bookings commission", RateTable.flat(ppm))
    return Plan(f"Rep plan without quota {currency}", currency, start, (component,))


def _first_day(connection: Connection) -> dt.date:
    first = connection.exec_driver_sql('SELECT min(booked_on) FROM "transaction"').scalar()
    year = dt.date.fromisoformat(str(first)).year if first else dt.datetime.now(dt.UTC).year
    return dt.date(year, 1, 1)


def _store_plan(connection: Connection, plan: Plan, members: Sequence[tuple[int, str, str | None]]) -> None:
    result = connection.exec_driver_sql(
        "INSERT INTO plan (name, currency, effective_from, effective_to, definition) VALUES (?, ?, ?, NULL, ?)",
        (plan.name, plan.currency, plan.effective_from.isoformat(), json.dumps(definition(plan))),
    )
    plan_id = int(result.lastrowid)
    connection.exec_driver_sql(
        "INSERT INTO plan_assignment (plan_id, person_id, start_date, end_date) VALUES (?, ?, ?, ?)",
        [(plan_id, person, start, end) for person, start, end in members],
    )


@job(
    "commissions book",
    title="Book the won opportunities",
    group="commissions",
    needs=Needs.WRITE,
    examples=("commissions book company.salesops",),
)
def book_won(context: JobContext) -> Sentences:
    """Make a booking for every won opportunity that has no transaction yet: for companies whose CRM is their ledger.

    The booking has the opportunity's id, close date, amount, account, product and owner.
    """
    with context.workspace.action("Book the won opportunities", kind="job") as unit:
        facts = company(unit.connection)
        booked = unit.connection.exec_driver_sql(
            'INSERT INTO "transaction" (external_id, kind, booked_on, opportunity_id, account_id, product_id, '
            "owner_id, amount, currency, quantity, source_id, source_row) "
            "SELECT external_id, 'booking', close_on, id, account_id, product_id, owner_id, amount, "
            "coalesce(currency, ?), quantity, source_id, source_row "
            f"{UNBOOKED} ORDER BY close_on, id",
            (facts.currency,),
        ).rowcount
    if not booked:
        raise NothingToDoError("Every won opportunity with an amount and a close date is booked already.")
    context.changed("transaction")
    return Sentences((f"Booked {booked:,} won opportunities.",))
