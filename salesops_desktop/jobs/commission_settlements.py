"""From what each person of a run earned to what is paid, with the balances carried from the run before."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection

from salesops_desktop.commission import Plan, PlanAssignment, Window, read_plan
from salesops_desktop.commission.settlement import Balances, Settlement, SettlementStep, settle
from salesops_desktop.jobs.commission_facts import Facts, stored_facts
from salesops_desktop.jobs.commission_inputs import assignments_of
from salesops_desktop.jobs.commission_replay import (
    Opening,
    Past,
    SettleOne,
    closed_run,
    corrected_periods,
    replay,
    with_corrections,
)
from salesops_desktop.jobs.commission_timing import Dues
from salesops_desktop.jobs.company import company
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind

Key = tuple[int, str]
"""(person, plan)."""

EARNED = ("adjustment", "retro", "clawback")
_DUE = ("waits", "due")
"""Items that count as earned; holds and releases only move a payment."""

_WINDOW = {Window.MONTH: PeriodKind.MONTH, Window.QUARTER: PeriodKind.QUARTER, Window.YEAR: PeriodKind.YEAR}
_NAMES = {"adjustment": "Adjustments", "retro": "Corrections of earlier periods", "clawback": "Clawbacks"}


@dataclass(frozen=True, slots=True)
class Before:
    """How the run before left a person's balances."""

    end: dt.date
    balances: Balances


def run_period(connection: Connection, run: int) -> Period:
    """The period of a run."""
    start, end, label = connection.exec_driver_sql(
        "SELECT period_start, period_end, period_label FROM commission_run WHERE id = ?", (run,)
    ).one()
    kind = company(connection).calendar.parse(label).kind
    return Period(dt.date.fromisoformat(start), dt.date.fromisoformat(end), label, kind)


def resettle(connection: Connection, run: int, facts: Facts | None = None) -> None:
    """Settle everybody of a run anew from its stored lines, extras and items. Inside an action.

    Args:
        connection: inside an action.
        run: the run's row id.
        facts: what it was calculated from; read from the run where they are not at hand.
    """
    period = run_period(connection, run)
    calendar = company(connection).calendar
    text = connection.exec_driver_sql("SELECT plans FROM commission_run WHERE id = ?", (run,)).scalar()
    plans = {plan.name: plan for plan in (read_plan(stored) for stored in json.loads(str(text))["plans"])}
    facts = facts or stored_facts(connection, run)
    assignments: dict[Key, list[PlanAssignment]] = defaultdict(list)
    for assignment in () if facts is None else assignments_of(facts):
        assignments[assignment.person, assignment.plan].append(assignment)
    if facts is not None and any(c.timing is not None for plan in plans.values() for c in plan.components):
        who = connection.exec_driver_sql("SELECT who FROM run_event WHERE run_id = ? ORDER BY id DESC", (run,)).scalar()
        dues(connection, run, tuple(plans.values()), facts, calendar).write(str(who or ""))
    earned = _earned(connection, run)
    before = _before(connection, run, period, calendar)

    def one(plan: Plan, person: int, parts: dict[str, int], opening: Opening | None, when: Period) -> Settlement:
        known = None if opening is None else Before(opening[0].end, opening[1])
        return _settle(plan, parts, known, when, calendar, assignments.get((person, plan.name), ()))

    past = _past(connection, run, period, calendar, one)
    before |= {key: Before(of.last[0].end, of.last[1]) for key, of in past.items()}
    connection.exec_driver_sql("DELETE FROM run_settlement WHERE run_id = ?", (run,))
    held = connection.exec_driver_sql(
        "SELECT DISTINCT person_id, plan FROM run_item WHERE run_id = ? AND kind IN ('hold', 'release')", (run,)
    )
    stopped = {(int(person), str(plan)) for person, plan in held}
    rows = []
    for key in sorted(_concerned(plans, assignments, period, before) | earned.keys() | past.keys()):
        plan = plans.get(key[1])
        if plan is None:
            continue
        parts = dict(earned.get(key, {}))
        if key in past and "retro" in parts:
            parts["retro"] -= past[key].posted
        # With corrections less than nothing is carried of both together, not of the period alone.
        alone = replace(plan, terms=replace(plan.terms, carry=False)) if key in past else plan
        settled = _settle(alone, parts, before.get(key), period, calendar, assignments.get(key, ()))
        if key in past:
            settled = with_corrections(settled, past[key], carry=plan.terms.carry)
        settled = _with_holds(connection, run, key, settled) if key in stopped else settled
        if len(settled.steps) > 1 or settled.paid or settled.closing != Balances():
            rows.append(
                (
                    run, key[0], plan.name, plan.currency, settled.period,
                    sum(amount for name, amount in earned.get(key, {}).items() if name not in _DUE),
                    settled.paid, settled.ahead, json.dumps(asdict(settled.opening)),
                    json.dumps(asdict(settled.closing)),
                    json.dumps([[s.name, s.amount, s.why] for s in settled.steps], ensure_ascii=False),
                )
            )  # fmt: skip
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO run_settlement (run_id, person_id, plan, currency, period_number, earned, paid, ahead, "
            "opening, closing, steps) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def balances_of(text: str) -> Balances:
    """Balances as a settlement keeps them."""
    stored: dict[str, Any] = json.loads(text)
    pairs = {name: tuple((int(a), int(b)) for a, b in stored.get(name, ())) for name in ("held", "due")}
    return Balances(**{**stored, **pairs})


def _earned(connection: Connection, run: int) -> dict[Key, dict[str, int]]:
    """What each earned, by where it comes from."""
    found: dict[Key, dict[str, int]] = defaultdict(dict)
    marks = ", ".join("?" for _ in EARNED)
    for name, sql, values in (
        ("lines", "SELECT person_id, plan, sum(payout) FROM run_line WHERE run_id = ? GROUP BY 1, 2", (run,)),
        ("extras", "SELECT person_id, plan, sum(payout) FROM run_extra WHERE run_id = ? GROUP BY 1, 2", (run,)),
    ):
        for person, plan, amount in connection.exec_driver_sql(sql, values):
            found[int(person), plan][name] = int(amount)
    for person, plan, kind, amount in connection.exec_driver_sql(
        f"SELECT person_id, plan, kind, sum(amount) FROM run_item WHERE run_id = ? AND kind IN ({marks}) "
        "GROUP BY 1, 2, 3",
        (run, *EARNED),
    ):
        found[int(person), plan][kind] = int(amount)
    for person, plan, waits, due in connection.exec_driver_sql(
        "SELECT person_id, plan, coalesce(sum(CASE WHEN amount < 0 THEN amount END), 0), "
        "coalesce(sum(CASE WHEN amount > 0 THEN amount END), 0) FROM run_item "
        "WHERE run_id = ? AND kind = 'timing' GROUP BY 1, 2",
        (run,),
    ):
        found[int(person), plan] |= {"waits": int(waits), "due": int(due)}
    return dict(found)


def dues(connection: Connection, run: int, plans: Sequence[Plan], facts: Facts, calendar: FiscalCalendar) -> Dues:
    """What is due by the end of a run's period, for the components that say when."""
    period = run_period(connection, run)
    earlier = list(_earlier(connection, run, period, calendar))
    return Dues(connection, run, period, plans, facts, calendar, earlier)


def _earlier(connection: Connection, run: int, period: Period, calendar: FiscalCalendar) -> dict[int, Period]:
    """The runs before, of the same kind of period, first one first."""
    rows = connection.exec_driver_sql(
        "SELECT id, period_label FROM commission_run WHERE period_end < ? AND id <> ? ORDER BY period_end",
        (period.start.isoformat(), run),
    )
    known = {int(number): calendar.parse(label) for number, label in rows}
    return {number: one for number, one in known.items() if one.kind is period.kind}


def _past(
    connection: Connection, run: int, period: Period, calendar: FiscalCalendar, one: SettleOne
) -> dict[Key, Past]:
    """What corrections make of the closed periods of everybody who has any."""
    earlier = _earlier(connection, run, period, calendar)
    corrections = corrected_periods(connection, run, {when.label: number for number, when in earlier.items()})
    if not corrections:
        return {}
    chain = [closed_run(connection, n, when, _earned(connection, n)) for n, when in earlier.items()]
    return replay(connection, run, chain, corrections, one)


def _before(connection: Connection, run: int, period: Period, calendar: FiscalCalendar) -> dict[Key, Before]:
    """The last settlement of each in an earlier period of the same kind."""
    rows = connection.exec_driver_sql(
        "SELECT s.person_id, s.plan, r.period_end, r.period_label, s.closing FROM run_settlement s "
        "JOIN commission_run r ON r.id = s.run_id WHERE r.period_end < ? AND r.id <> ? ORDER BY r.period_end",
        (period.start.isoformat(), run),
    ).fetchall()
    kinds: dict[str, PeriodKind] = {}
    found = {}
    for person, plan, end, label, closing in rows:
        if label not in kinds:
            kinds[label] = calendar.parse(label).kind
        if kinds[label] is period.kind:
            found[int(person), str(plan)] = Before(dt.date.fromisoformat(end), balances_of(closing))
    return found


def _concerned(
    plans: dict[str, Plan],
    assignments: Mapping[Key, Sequence[PlanAssignment]],
    period: Period,
    before: dict[Key, Before],
) -> set[Key]:
    """Everyone whom a plan pays in the period, and everyone with something left of earlier periods."""
    found = {
        key
        for key, one in before.items()
        if one.balances.held or one.balances.due or one.balances.draw or one.balances.debt or one.balances.waiting
    }
    for key, held in assignments.items():
        plan = plans.get(key[1])
        if plan is not None and any(_serves(plan, assignment, period) for assignment in held):
            found.add(key)
    return found


def _serves(plan: Plan, assignment: PlanAssignment, period: Period) -> bool:
    """Whether the assignment holds on a day of the period."""
    last = period.end
    return max(assignment.start, plan.effective_from, period.start) <= min(
        assignment.end or last, plan.effective_to or last, last
    )


def _settle(
    plan: Plan,
    earned: dict[str, int],
    before: Before | None,
    period: Period,
    calendar: FiscalCalendar,
    assignments: Sequence[PlanAssignment],
) -> Settlement:
    opening = Balances() if before is None else before.balances
    kind = _WINDOW.get(plan.terms.cap_window)
    if before is not None and (
        kind is None or calendar.containing(before.end, kind) != calendar.containing(period.start, kind)
    ):
        opening = opening.new_window()
    first = min([*(max(a.start, plan.effective_from) for a in assignments), period.start])
    number = 1 if first in period else len(calendar.between(first, period.start, period.kind))
    made = settle(plan.terms, sum(earned.values()), opening, number)
    steps = [*_parts(earned), *(_readable(plan, step) for step in made.steps[1:])]
    waiting = opening.waiting - sum(earned.get(name, 0) for name in _DUE)
    closing = replace(made.closing, waiting=waiting)
    return Settlement(made.period, tuple(steps), made.paid, made.ahead, made.opening, closing)


def _parts(earned: dict[str, int]) -> list[SettlementStep]:
    """The first step, told by where the money comes from."""
    lines = earned.get("lines", 0)
    steps = [SettlementStep("Earned", lines, "The sum of the period's lines")]
    if earned.get("extras"):
        steps.append(SettlementStep("Extras", earned["extras"], "Pay of whole windows that no single line brings"))
    steps += [
        SettlementStep(_NAMES[kind], earned[kind], "See the items of the run") for kind in EARNED if earned.get(kind)
    ]
    if earned.get("waits"):
        steps.append(SettlementStep("Not yet due", earned["waits"], "Waits until the deals go on; see the items"))
    if earned.get("due"):
        steps.append(SettlementStep("Become due", earned["due"], "Of deals that went on, or ended; see the items"))
    return steps


def _readable(plan: Plan, step: SettlementStep) -> SettlementStep:
    """Money in a sentence as people write it."""
    if step.name == "Draw forgiven":
        amount, _, rest = step.why.partition(" ")
        return SettlementStep(step.name, step.amount, f"{Money(int(amount), plan.currency)} {rest}")
    if plan.terms.cap is None:
        return step
    shown = step.why.replace(f"At most {plan.terms.cap} ", f"At most {Money(plan.terms.cap, plan.currency)} ")
    return SettlementStep(step.name, step.amount, shown)


def _with_holds(connection: Connection, run: int, key: Key, settled: Settlement) -> Settlement:
    """What is held now waits, what is released now comes; balances stay as they are."""
    steps, paid = list(settled.steps), settled.paid
    for item, kind, amount, why, line in connection.exec_driver_sql(
        "SELECT i.id, i.kind, i.amount, i.why, CASE WHEN i.credit_key IS NULL THEN NULL ELSE coalesce((SELECT "
        "sum(l.payout) FROM run_line l WHERE l.run_id = i.run_id AND l.person_id = i.person_id AND l.plan = i.plan "
        "AND l.component = i.component AND coalesce(l.credit_id, -l.transaction_id) = i.credit_key), 0) END "
        "FROM run_item i WHERE i.run_id = ? AND i.person_id = ? AND i.plan = ? AND i.kind IN ('hold', 'release') "
        "ORDER BY i.kind DESC, i.credit_key IS NULL, i.id",
        (run, *key),
    ).fetchall():
        if kind == "release":
            steps.append(SettlementStep("Released hold", int(amount), why))
            paid += int(amount)
            continue
        held = max(paid, 0) if line is None else min(max(paid, 0), max(int(line), 0))
        if held != amount:
            connection.exec_driver_sql("UPDATE run_item SET amount = ? WHERE id = ?", (held, item))
        if held:
            steps.append(SettlementStep("Held", -held, why))
            paid -= held
    return Settlement(settled.period, tuple(steps), paid, min(settled.ahead, paid), settled.opening, settled.closing)
