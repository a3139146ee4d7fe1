"""A commission run as the statement workbooks want it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.commission import ExchangeRates, RunResult
from salesops_desktop.commission.settlement import Balances
from salesops_desktop.jobs.commission_inputs import PayOn, load_inputs
from salesops_desktop.jobs.commission_lines import block, block_edges, credits_of
from salesops_desktop.jobs.commission_recipes import Cookbook, named_fields
from salesops_desktop.jobs.commission_reports import load_run
from salesops_desktop.jobs.commission_settlement_recipes import settlement_recipe
from salesops_desktop.jobs.commission_settlements import balances_of
from salesops_desktop.jobs.commissions import recalculated
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.sheets.writing.book import Provenance
from salesops_desktop.sheets.writing.commission_records import (
    Adjustment,
    CommissionRun,
    ComponentSummary,
    SettlementStep,
    SettlementTerm,
    Statement,
)

Who = tuple[str, str, str]
"""Name, id in the CRM or payroll, manager."""
Key = tuple[int, str]
Opened = tuple[Balances, int]
"""Balances before the period, and its number."""

_EARNED = ("adjustment", "retro", "clawback")
_PARTS = frozenset({"Earned", "Extras", "Adjustments", "Corrections of earlier periods", "Clawbacks"})
"""Steps of a settlement that say where what was earned comes from; the workbook adds them up itself."""
_OPEN = {
    "draw": "Draw owed", "debt": "Carried into the next period", "held": "Held back", "waiting": "Not yet due",
    "due": "Instalments to come",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Payments:
    """What stands beside the lines of a run; people by their row ids, amounts in minor units of the plan's currency.

    Attributes:
        items: person → (kind, plan, component, about, amount, why, currency).
        settled: (person, plan) → (currency, paid, steps as (name, amount, why), what stays open as (name, amount)).
    """

    items: Mapping[int, list[tuple[str, str, str, str, int, str, str]]] = field(default_factory=dict)
    settled: Mapping[Key, tuple[str, int, list[tuple[str, int, str]], list[tuple[str, int]]]] = field(
        default_factory=dict
    )
    opened: Mapping[Key, Opened] = field(default_factory=dict)
    """(person, plan) → what the settlement began with."""


def commission_run(
    connection: Connection, run_id: int, where: Provenance, progress: Progress = silent
) -> CommissionRun:
    """A stored run with its statements; every line carries the formulas that recompute it.

    Args:
        connection: a read connection.
        run_id: the run.
        where: where the figures come from.
        progress: told how many statements have been put together; may cancel.

    Raises:
        InputRefusedError: there is no such run, or its inputs have changed since it was calculated.
    """
    head = load_run(connection, run_id).head
    result = recalculated(connection, run_id)
    rows = connection.exec_driver_sql(
        "SELECT p.id, p.name, p.external_id, m.name, m.id FROM person p LEFT JOIN person m ON m.id = p.manager_id"
    ).fetchall()
    people = {int(row[0]): (str(row[1]), str(row[2] or ""), str(row[3] or "")) for row in rows}
    teams = {int(row[0]): int(row[4] or 0) for row in rows}
    accounts = load_inputs(connection, PayOn.BOOKING).accounts
    payments = _payments(connection, run_id)
    return run_records(result, people, where, head.status.value, accounts, payments, head.notes, teams, progress)


def run_records(
    result: RunResult,
    people: Mapping[int, Who],
    where: Provenance,
    status: str,
    accounts: Mapping[int, str],
    payments: Payments | None = None,
    warnings: tuple[str, ...] = (),
    teams: Mapping[int, int] | None = None,
    progress: Progress = silent,
) -> CommissionRun:
    """The statements of a calculated run.

    Args:
        result: the run.
        people: who is who.
        where: where the figures come from.
        status: of the run.
        accounts: credit key → the account's name.
        payments: what stands beside the lines.
        warnings: what could not be paid.
        teams: person → the row id of the manager, whose name may be another's too.
        progress: told how many statements have been put together; may cancel.
    """
    writer = _Records(result, people, accounts, payments or Payments())
    keys = sorted(writer.everybody, key=lambda key: (people[key[0]][0], key))
    statements = []
    for number, key in enumerate(keys, 1):
        progress(number - 1, len(keys), "Putting the statements together")
        made = writer.statement(number, key)
        statements.append(replace(made, team=(teams or {}).get(key[0], 0)))
    book = writer.book
    return CommissionRun(
        where, status, result.digest(), tuple(statements), tuple(book.tables), tuple(book.recipes), warnings
    )


class _Records:
    """Puts statements together, one per person and currency."""

    def __init__(
        self, result: RunResult, people: Mapping[int, Who], accounts: Mapping[int, str], payments: Payments
    ) -> None:
        self.result, self.people, self.accounts, self.payments = result, people, accounts, payments
        schema = result.credits.schema
        self.named = named_fields(result.plans, schema)
        self.book = Cookbook(schema, self.named)
        self.components = 0
        edges = block_edges(result).tolist()
        self.blocks: dict[Key, list[tuple[int, int]]] = defaultdict(list)
        for start, end in pairwise(edges):
            person, plan = int(result.lines.person[start]), result.plans[int(result.lines.plan[start])]
            self.blocks[person, plan.currency].append((start, end))
        self.everybody = self._keys()
        self.first: dict[int, Key] = {key[0]: key for key in sorted(self.everybody, reverse=True)}
        self.unpaid: dict[int, list[tuple[int, str]]] = defaultdict(list)
        rows = {key: row for row, key in enumerate(result.credits.key.tolist())}
        for key, reason in result.unpaid:
            row = rows[key]
            self.unpaid[int(result.credits.person[row])].append((row, reason.value))

    def _keys(self) -> set[Key]:
        """Everybody who has a line, something beside it, or a payment."""
        found = set(self.blocks)
        found |= {(extra.person, self.result.plans[extra.plan].currency) for extra in self.result.extras}
        found |= {(person, item[6]) for person, items in self.payments.items.items() for item in items}
        found |= {(person, settled[0]) for (person, _), settled in self.payments.settled.items()}
        return {key for key in found if key[0] in self.people}

    def statement(self, number: int, key: Key) -> Statement:
        """The statement of one person in one currency."""
        person, currency = key
        result, lines = self.result, self.result.lines
        spans = self.blocks.get(key, [])
        numbers: dict[tuple[str, str], int] = {}
        summaries: list[ComponentSummary] = []
        mine = np.concatenate([lines.row[a:b] for a, b in spans]) if spans else np.zeros(0, dtype=np.int64)
        rows = np.unique(mine)
        rows = rows[np.lexsort((result.credits.key[rows], result.credits.date[rows].astype(np.int64)))]
        place = np.empty(len(result.credits), dtype=np.int64) if len(rows) else rows
        place[rows] = np.arange(len(rows))
        blocks = []
        for start, end in spans:
            plan, component = result.plans[int(lines.plan[start])], result.component(start)
            name = (plan.name, component.name)
            if name not in numbers:
                numbers[name] = self._next()
                summaries.append(ComponentSummary(numbers[name], *name))
            at = next(i for i, s in enumerate(summaries) if s.number == numbers[name])
            quota = int(lines.quota[end - 1])
            reached = int(lines.after[end - 1]) if quota else int(lines.amount[start:end].sum()) + (
                summaries[at].achieved or 0)  # fmt: skip
            summaries[at] = ComponentSummary(numbers[name], *name, quota or None, reached)
            blocks.append(block(result, start, end, numbers[name], place[lines.row[start:end]], self.book))
        adjustments = self._adjustments(key, numbers, summaries)
        rest = [entry for entry in self.unpaid.get(person, ()) if key == self.first[person]]
        everything = np.concatenate([rows, np.array([row for row, _ in rest], dtype=np.int64)])
        reasons = np.array([""] * len(rows) + [reason for _, reason in rest], dtype=object)
        earned, steps, paid, stays, terms = self._settled(key, adjustments)
        who = self.people[person]
        plans = dict.fromkeys([s.plan for s in summaries] + [step.plan for step in steps])
        return Statement(
            number, who[0], who[1], who[2], ", ".join(plans), currency, earned, paid, tuple(summaries), tuple(blocks),
            credits_of(
                result, everything, reasons, currency, self.accounts, self.named, self._rates(currency, plans)
            ),
            tuple(adjustments), tuple(steps), tuple(stays), terms=tuple(terms),
        )  # fmt: skip

    def _rates(self, currency: str, plans: Iterable[str]) -> ExchangeRates:
        """The exchange rates of the day that a person's plans in a currency agree on."""
        named = set(plans)
        of = [plan for plan in self.result.plans if plan.currency == currency and (plan.name in named or not named)]
        return self.result.rates_of(of[0]) if of else self.result.rates

    def _next(self) -> int:
        self.components += 1
        return self.components

    def _adjustments(
        self, key: Key, numbers: dict[tuple[str, str], int], summaries: list[ComponentSummary]
    ) -> list[Adjustment]:
        """Pay of windows first, then the items."""
        person, currency = key
        found = []
        for extra in self.result.extras:
            plan = self.result.plans[extra.plan]
            if extra.person != person or plan.currency != currency:
                continue
            name = (plan.name, plan.components[extra.component].name)
            if name not in numbers:
                numbers[name] = self._next()
                summaries.append(ComponentSummary(numbers[name], *name))
            about = f"{name[1]} since {extra.window_start}"
            made = Adjustment("Pay of the window", plan.name, numbers[name], about, extra.pay, extra.why)
            found.append(made)
        for kind, plan_name, component, about, amount, why, code in self.payments.items.get(person, ()):
            if code == currency:
                place = numbers.get((plan_name, component), 0)
                found.append(Adjustment(kind, plan_name, place, about, amount, why, kind in _EARNED))
        return found

    def _settled(
        self, key: Key, adjustments: list[Adjustment]
    ) -> tuple[int, list[SettlementStep], int, list[tuple[str, str, int]], list[SettlementTerm]]:
        """Earned, the steps to what is paid, what is paid, what stays open, and what the steps rest on."""
        person, currency = key
        result, lines = self.result, self.result.lines
        earned: dict[str, int] = {}
        for start, end in self.blocks.get(key, ()):
            plan = result.plans[int(lines.plan[start])].name
            earned[plan] = earned.get(plan, 0) + int(lines.pay[start:end].sum())
        for made in adjustments:
            earned[made.plan] = earned.get(made.plan, 0) + (made.amount if made.counts else 0)
        for who, plan in self.payments.settled:
            if who == person and self.payments.settled[who, plan][0] == currency:
                earned.setdefault(plan, 0)
        plans = {plan.name: plan for plan in result.plans}
        steps: list[SettlementStep] = []
        terms: list[SettlementTerm] = []
        stays, paid = [], 0
        for plan, amount in earned.items():
            steps.append(SettlementStep(plan, "Earned", amount, "Lines and adjustments"))
            if (person, plan) not in self.payments.settled:
                paid += amount
                continue
            _, pays, taken, left = self.payments.settled[person, plan]
            if plan in plans and (person, plan) in self.payments.opened:
                recipe, known = settlement_recipe(plans[plan], amount, taken[1:], *self.payments.opened[person, plan])
                steps, terms = [*steps, *recipe], [*terms, *known]
            else:
                steps += [SettlementStep(plan, *step) for step in taken[1:]]
            stays += [(plan, name, open_amount) for name, open_amount in left]
            paid += pays
        return sum(earned.values()), steps, paid, stays, terms


def _payments(connection: Connection, run_id: int) -> Payments:
    """What a stored run keeps beside its lines."""
    items: dict[int, list[tuple[str, str, str, str, int, str, str]]] = defaultdict(list)
    for person, kind, plan, component, number, origin, cause, amount, why, currency in connection.exec_driver_sql(
        "SELECT person_id, kind, plan, component, transaction_number, origin, cause, amount, why, currency "
        "FROM run_item WHERE run_id = ? ORDER BY id",
        (run_id,),
    ):
        about = ", ".join(str(part) for part in (component, number, origin, cause) if part)
        items[int(person)].append((kind, plan, component or "", about, int(amount), why, currency))
    settled: dict[Key, tuple[str, int, list[tuple[str, int, str]], list[tuple[str, int]]]] = {}
    opened: dict[Key, Opened] = {}
    for person, plan, currency, earned, paid, steps, opening, closing, number in connection.exec_driver_sql(
        "SELECT person_id, plan, currency, earned, paid, steps, opening, closing, period_number FROM run_settlement "
        "WHERE run_id = ?",
        (run_id,),
    ):
        opened[int(person), plan] = (balances_of(opening), int(number))
        left = json.loads(closing)
        amounts = {name: int(left.get(name, 0)) for name in ("draw", "debt", "waiting")}
        amounts |= {name: sum(int(a) for _, a in left.get(name, ())) for name in ("held", "due")}
        taken = [("Earned", int(earned), "Lines and adjustments")]
        taken += [(str(n), int(amount), str(why)) for n, amount, why in json.loads(steps) if n not in _PARTS]
        stays = [(label, amounts[name]) for name, label in _OPEN.items() if amounts[name]]
        settled[int(person), plan] = (currency, int(paid), taken, stays)
    return Payments(items, settled, opened)
