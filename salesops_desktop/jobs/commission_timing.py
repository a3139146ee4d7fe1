"""What of a run's earnings is due now, and what of earlier ones has become due: one item for each deal that moves.

For each deal of a component with a timing the part that waits is what all runs so far earned with it, less what is due
by the end of the period; the item is the difference to what waited before. Late payments, refunds and corrections
therefore find their way into the period that is open, and nothing is ever due twice.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from salesops_desktop.commission import Component, Plan
from salesops_desktop.commission.counting import WINDOW_PERIOD
from salesops_desktop.commission.reference_timing import Event, due_by_events
from salesops_desktop.commission.timing import Course, Timing, due, due_sentence
from salesops_desktop.jobs.commission_facts import Facts
from salesops_desktop.jobs.commission_moves import moves
from salesops_desktop.model.enums import TransactionKind
from salesops_desktop.model.errors import Fault
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import FiscalCalendar, Period
from salesops_desktop.workspace.text import stored_now

TIMING = "timing"
"""The kind of a run's items that say what waits and what has become due."""

Group = tuple[int, str, str, str]
"""(person, plan, component, number of the deal, or the first day of a window whose pay no deal brings)."""


@dataclass(slots=True)
class _Deal:
    """A deal as invoices, payments and refunds tell it."""

    currency: str = ""
    moves: list[tuple[dt.date, str, int]] = field(default_factory=list)

    def course(self, day: dt.date, since: dt.date | None, *, window_over: bool) -> Course:
        """How it has gone by ``day``."""
        sums = {"sold": 0, "invoiced": 0, "paid": 0}
        ended = None
        for when, kind, amount in sorted(self.moves):
            if when > day:
                break
            sums[kind] += amount
            if kind == "sold":
                ended = when if amount < 0 and sums["sold"] == 0 else None
        return Course(sums["sold"], sums["invoiced"], sums["paid"], since, ended, window_over)


@dataclass(slots=True)
class _Earned:
    """What a group has earned in all runs so far."""

    pays: list[int] = field(default_factory=list)
    since: dt.date | None = None
    window_over: bool = True
    before: int = 0
    """What waited after the run before."""
    stands: int = 0
    """What waits by the items as they are stored, those of the run itself included."""


class Dues:
    """What is due by the end of a run's period.

    Args:
        connection: sees the stored lines, extras and items of the run and of those before it.
        run: its row id.
        period: of the run.
        plans: of the run.
        facts: what it was calculated from.
        calendar: for the windows.
        earlier: row ids of the runs before it, of the same kind of period.
    """

    def __init__(
        self, connection: Connection, run: int, period: Period, plans: Sequence[Plan], facts: Facts,
        calendar: FiscalCalendar, earlier: Sequence[int],
    ) -> None:  # fmt: skip
        self.connection, self.run, self.period, self.calendar = connection, run, period, calendar
        self.components: dict[tuple[str, str], tuple[Plan, Component, Timing]] = {
            (plan.name, c.name): (plan, c, c.timing) for plan in plans for c in plan.components if c.timing is not None
        }
        self.runs = (*earlier, run)
        self.deals, self.root = _deals(facts) if self.components else ({}, {})
        self.groups: dict[Group, _Earned] = defaultdict(_Earned)
        if self.components:
            self._lines()
            self._items()

    def _over(self, component: Component, day: dt.date) -> bool:
        kind = WINDOW_PERIOD.get(component.window)
        return kind is None or self.calendar.containing(day, kind).end <= self.period.end

    def _lines(self) -> None:
        marks = ", ".join("?" for _ in self.runs)
        for person, plan, component, number, day, pay in self.connection.exec_driver_sql(
            "SELECT person_id, plan, component, coalesce(transaction_number, ''), credited_on, payout FROM run_line "
            f"WHERE run_id IN ({marks}) ORDER BY run_id, number",
            self.runs,
        ):
            if (plan, component) not in self.components:
                continue
            mine = self.groups[int(person), plan, component, self.root.get(number, number)]
            when = dt.date.fromisoformat(day)
            mine.pays.append(int(pay))
            mine.since = when if mine.since is None else min(mine.since, when)
            mine.window_over &= self._over(self.components[plan, component][1], when)
        for person, plan, component, day, pay in self.connection.exec_driver_sql(
            "SELECT person_id, plan, component, window_start, payout FROM run_extra "
            f"WHERE run_id IN ({marks}) ORDER BY run_id, number",
            self.runs,
        ):
            if (plan, component) in self.components:
                mine = self.groups[int(person), plan, component, day]
                mine.pays.append(int(pay))
                mine.window_over &= self._over(self.components[plan, component][1], dt.date.fromisoformat(day))

    def _items(self) -> None:
        marks = ", ".join("?" for _ in self.runs)
        for run, person, plan, component, kind, number, origin, amount in self.connection.exec_driver_sql(
            "SELECT run_id, person_id, plan, coalesce(component, ''), kind, coalesce(transaction_number, ''), "
            f"coalesce(origin, ''), amount FROM run_item WHERE run_id IN ({marks}) "
            "AND kind IN ('retro', 'clawback', 'timing') ORDER BY id",
            self.runs,
        ):
            if (plan, component) not in self.components:
                continue
            if kind == TIMING:
                mine = self.groups[int(person), plan, component, number or origin]
                mine.stands -= int(amount)
                mine.before -= int(amount) if run != self.run else 0
            elif number:
                group = (int(person), plan, component, self.root.get(number, number))
                if group not in self.groups:
                    self._begin(group)
                self.groups[group].pays.append(int(amount))

    def _begin(self, group: Group) -> None:
        """A deal of which no run has a line: what a correction brings counts from the day it was sold."""
        mine = self.groups[group]
        sold = [day for day, kind, _ in self.deals.get(group[3], _Deal()).moves if kind == "sold"]
        if sold:
            mine.since = min(sold)
            mine.window_over = self._over(self.components[group[1], group[2]][1], mine.since)

    def waiting(self) -> dict[Group, tuple[int, int, str]]:
        """Group → what waits after the period, what waited before, and why."""
        found = {}
        for group, mine in sorted(self.groups.items()):
            timing = self.components[group[1], group[2]][2]
            deal, course = self._course(group, mine)
            whole = sum(mine.pays)
            waits = whole - due(whole, timing, course, self.period.end)
            plan = self.components[group[1], group[2]][0]
            why = f"{group[3]} earned {Money(whole, plan.currency)}. "
            currency = deal.currency or plan.currency
            found[group] = (waits, mine.before, why + due_sentence(timing, course, self.period.end, currency))
        return found

    def _course(self, group: Group, mine: _Earned) -> tuple[_Deal, Course]:
        deal = self.deals.get(group[3], _Deal())
        return deal, deal.course(self.period.end, mine.since, window_over=mine.window_over)

    def write(self, who: str) -> None:
        """Put the run's items in place of those it has. Inside an action."""
        self.connection.exec_driver_sql("DELETE FROM run_item WHERE run_id = ? AND kind = ?", (self.run, TIMING))
        rows = []
        for group, (waits, before, why) in self.waiting().items():
            if waits == before:
                continue
            person, plan, component, about = group
            window = self.groups[group].since is None and about not in self.deals
            rows.append(
                (
                    self.run, TIMING, person, plan, component, None if window else about, about if window else None,
                    before - waits, self.components[plan, component][0].currency, why, who, stored_now(),
                )
            )  # fmt: skip
        if rows:
            self.connection.exec_driver_sql(
                "INSERT INTO run_item (run_id, kind, person_id, plan, component, transaction_number, origin, amount, "
                "currency, why, who, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def disagreements(self) -> tuple[int, list[Fault]]:
        """How many deals wait as the independent reckoning says, and those that do not."""
        faults = []
        for group, mine in sorted(self.groups.items()):
            plan, _, timing = self.components[group[1], group[2]]
            events: list[Event] = list(self.deals.get(group[3], _Deal()).moves)
            wanted = sum(mine.pays) - due_by_events(
                mine.pays, timing, events, mine.since, self.period.end, window_over=mine.window_over
            )
            if wanted != mine.stands:
                what = f"{Money(mine.stands, plan.currency)} wait, the reference says {Money(wanted, plan.currency)}."
                faults.append(Fault(f"person {group[0]}, {plan.name}, {group[2]}, {group[3]}", what))
        return len(self.groups), faults


def _deals(facts: Facts) -> tuple[Mapping[str, _Deal], Mapping[str, str]]:
    """Number of the deal → its moves, and number of any of its transactions → that of the deal."""
    deals: dict[str, _Deal] = defaultdict(_Deal)
    root: dict[str, str] = {}
    words = {TransactionKind.INVOICE.value: "invoiced", TransactionKind.PAYMENT.value: "paid"}
    words |= {facts.pay_on: "sold", TransactionKind.REFUND.value: "sold"}
    for move in moves(facts):
        root[move.number] = move.deal
        one = deals[move.deal]
        one.currency = move.currency
        if move.kind in words and move.counted is not None:
            one.moves.append((move.day, words[move.kind], move.counted))
    return deals, root
