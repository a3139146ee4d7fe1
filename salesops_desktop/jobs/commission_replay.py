"""Closed periods settled again with their corrections, each in its own period: what caps, draws and debts make of them.

A correction belongs to the period it corrects. What that period, and every one after it, should have paid is reckoned
by the terms each run was calculated with; the open run pays the difference to what was paid, and goes on from the
balances as they would have been. Doing it again finds what is still left.

What is not replayed: terms of payment (cap, floor, holdback, draw, instalments, carrying) that were changed after a run
was locked. Its period keeps the terms it was paid by, and :func:`changed_terms` says so wherever that happens.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from salesops_desktop.commission import Plan, read_plan
from salesops_desktop.commission.settlement import Balances, Settlement, SettlementStep
from salesops_desktop.model.periods import Period

Key = tuple[int, str]
Parts = dict[str, int]
Opening = tuple[Period, Balances]
SettleOne = Callable[[Plan, int, Parts, Opening | None, Period], Settlement]
"""Plan, person, what was earned by its source, the period before with its balances, the period."""

_SHOWN = 6
_HOLDS = ("Held", "Released hold")
RETRO = "retro"


@dataclass(frozen=True, slots=True)
class Past:
    """What corrections make of somebody's closed periods under a plan, minor units.

    Attributes:
        last: the last closed period, and the balances as they would stand after it.
        difference: what should have been paid until then, less what was.
        posted: the corrections of those periods that the open run itself posts.
    """

    last: Opening
    difference: int
    posted: int


@dataclass(frozen=True, slots=True)
class ClosedRun:
    """A run before the open one, of the same kind of period."""

    id: int
    period: Period
    plans: Mapping[str, Plan]
    earned: Mapping[Key, Parts]


def closed_run(connection: Connection, run: int, period: Period, earned: Mapping[Key, Parts]) -> ClosedRun:
    """A stored run with the plans it was calculated with."""
    text = connection.exec_driver_sql("SELECT plans FROM commission_run WHERE id = ?", (run,)).scalar()
    plans = (read_plan(stored) for stored in json.loads(str(text))["plans"])
    return ClosedRun(run, period, {plan.name: plan for plan in plans}, earned)


@dataclass(slots=True)
class Corrections:
    """Somebody's corrections under a plan, minor units."""

    of: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Label of the corrected period → its corrections, wherever they were posted."""
    posted: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Run → what it posted for those periods."""


def corrected_periods(connection: Connection, run: int, labels: Mapping[str, int]) -> dict[Key, Corrections]:
    """The corrections of everybody who has any, posted in ``run`` or a closed run.

    Args:
        connection: sees the items.
        run: the open run.
        labels: of the closed periods that can be settled again → their runs.
    """
    found: dict[Key, Corrections] = defaultdict(Corrections)
    runs = {run, *labels.values()}
    for in_run, person, plan, origin, amount in connection.exec_driver_sql(
        "SELECT run_id, person_id, plan, origin, amount FROM run_item WHERE kind = 'retro'"
    ):
        if origin in labels and int(in_run) in runs:
            mine = found[int(person), str(plan)]
            mine.of[origin] += int(amount)
            mine.posted[int(in_run)] += int(amount)
    return dict(found)


def replay(
    connection: Connection, run: int, chain: list[ClosedRun], corrections: Mapping[Key, Corrections], one: SettleOne
) -> dict[Key, Past]:
    """What corrections make of the closed periods of everybody who has any.

    Args:
        connection: sees the stored settlements.
        run: the open run.
        chain: the closed runs, first one first.
        corrections: of :func:`corrected_periods`.
        one: settles one period.
    """
    if not chain or not corrections:
        return {}
    paid: dict[tuple[int, Key], int] = {}
    marks = ", ".join("?" for _ in chain)
    for number, person, plan, amount, steps in connection.exec_driver_sql(
        f"SELECT run_id, person_id, plan, paid, steps FROM run_settlement WHERE run_id IN ({marks})",
        tuple(closed.id for closed in chain),
    ):
        held = sum(int(step[1]) for step in json.loads(steps) if step[0] in _HOLDS)
        paid[int(number), (int(person), str(plan))] = int(amount) - held
    return {key: _past(key, run, chain, mine, paid, one) for key, mine in corrections.items()}


def _past(
    key: Key, run: int, chain: list[ClosedRun], mine: Corrections, paid: Mapping[tuple[int, Key], int], one: SettleOne
) -> Past:  # fmt: skip
    before: Opening | None = None
    difference = 0
    for closed in chain:
        plan = closed.plans.get(key[1])
        was = paid.get((closed.id, key))
        difference -= was or 0
        extra = mine.of.get(closed.period.label, 0)
        if plan is None or (was is None and not extra and before is None):
            continue
        # What the run itself posted for earlier periods counts in those, not here.
        parts = {name: amount for name, amount in closed.earned.get(key, {}).items() if name != RETRO}
        foreign = closed.earned.get(key, {}).get(RETRO, 0) - mine.posted.get(closed.id, 0)
        parts["lines"] = parts.get("lines", 0) + extra + foreign
        settled = one(plan, key[0], parts, before, closed.period)
        difference += settled.paid
        before = (closed.period, settled.closing)
    if before is None:
        before = (chain[-1].period, Balances())
    return Past(before, difference, mine.posted.get(run, 0))


def changed_terms(connection: Connection, plans: Sequence[Plan], period: Period) -> list[str]:
    """A sentence for each plan whose terms of payment are not those a locked run before ``period`` was paid by.

    Args:
        connection: sees the runs.
        plans: as they stand now.
        period: that takes the corrections.
    """
    now = {plan.name: plan.terms for plan in plans}
    found: dict[str, list[str]] = defaultdict(list)
    for label, text in connection.exec_driver_sql(
        "SELECT period_label, plans FROM commission_run WHERE status IN ('locked', 'paid') AND period_end < ? "
        "ORDER BY period_start",
        (period.start.isoformat(),),
    ):
        for plan in (read_plan(stored) for stored in json.loads(str(text))["plans"]):
            if plan.name in now and plan.terms != now[plan.name]:
                found[plan.name].append(str(label))
    return [
        f"{plan}: cap, floor, holdback, draw, instalments or carrying were changed after {', '.join(labels[-_SHOWN:])} "
        f"{'were' if len(labels) > 1 else 'was'} locked. Corrections of what was earned then are settled by the terms "
        "of that time; the new terms hold from the open period on."
        for plan, labels in sorted(found.items())
    ]


def with_corrections(settled: Settlement, past: Past, *, carry: bool) -> Settlement:
    """The open period's settlement with what corrections of closed ones make of it.

    Args:
        settled: the period by itself, opened with the balances as they would have been; nothing carried.
        past: of the closed periods.
        carry: whether less than nothing is carried on.
    """
    steps = list(settled.steps)
    if past.posted:
        steps.append(SettlementStep("Corrections of earlier periods", past.posted, "See the items of the run"))
    rest = past.difference - past.posted
    if rest and past.posted:
        why = "What caps, floors, holdbacks, draws and debts of the corrected periods make of it"
        steps.append(SettlementStep("Settled in their periods", rest, why))
    elif rest:
        steps.append(SettlementStep("Left of corrections", rest, "Not yet settled with what was paid before"))
    pay, closing = settled.paid + past.difference, settled.closing
    if carry and pay < 0:
        steps.append(SettlementStep("Carried", -pay, "Less than nothing: carried into the next period"))
        closing, pay = replace(closing, debt=closing.debt - pay), 0
    back = min(closing.debt, pay) if carry and pay > 0 else 0
    if back:
        steps.append(SettlementStep("Carried back", -back, "Pays back what was carried"))
        closing, pay = replace(closing, debt=closing.debt - back), pay - back
    return Settlement(settled.period, tuple(steps), pay, min(settled.ahead, max(pay, 0)), settled.opening, closing)
