"""Stored commission runs as reports: the head, the people, the lines, the trace."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, RowMapping

from salesops_desktop.commission import ExchangeRate, ExchangeRates, Step
from salesops_desktop.jobs.commission_columns import EVENT, EXTRA, ITEM, LINE, PAYMENT, PEOPLE, STEP
from salesops_desktop.jobs.company import company
from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM, Money, convert, exponent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table


@dataclass(frozen=True, slots=True)
class RunHead:
    """A run without its lines."""

    id: int
    name: str
    period: str
    start: dt.date
    end: dt.date
    status: RunStatus
    created_at: dt.datetime
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommissionReport:
    """A run with its people and lines."""

    head: RunHead
    people: Table
    """One row per person and currency; keys are the people's row ids."""
    lines: Table
    """One row per payout line; keys are the lines' row ids."""
    findings: tuple[str, ...] = ()
    """What the linter has to say about the plans."""
    line_people: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """The person's row id of each line; names may be shared."""
    payments: Table = field(default_factory=lambda: build_table("Payments", PAYMENT, []))
    """One row per person and plan: earned, paid, and what is left open; keys are the settlements' row ids."""
    steps: Table = field(default_factory=lambda: build_table("Steps", STEP, []))
    """From earned to paid, one row per step, each with its sentence."""
    extras: Table = field(default_factory=lambda: build_table("Extras", EXTRA, []))
    """Pay of windows that no single line brings."""
    items: Table = field(default_factory=lambda: build_table("Items", ITEM, []))
    """Adjustments, corrections of earlier periods, clawbacks, holds and releases; keys are their row ids."""
    events: Table = field(default_factory=lambda: build_table("Life", EVENT, []))
    """Who did what when."""
    together: str = ""
    """All payouts in the company's currency, in a sentence, where they are not in it alone."""

    def summary(self) -> Sequence[str]:
        """What was paid to how many, and what must be said."""
        return [
            f"{self.head.name}: {self.head.status.value}. {len(self.people):,} people, {len(self.lines):,} lines.",
            *(f"Total payout {total}." for total in self.totals()),
            *([self.together] if self.together else []),
            *(f"To be paid {total}." for total in self.paid()),
            *self.head.notes,
            *self.findings,
        ]

    def totals(self) -> list[str]:
        """The sum of all payouts, per currency."""
        return self._sums(self.lines, "payout")

    def paid(self) -> list[str]:
        """What is to be paid after extras, items, caps, holdbacks, draws and holds, per currency."""
        return self._sums(self.payments, "paid")

    @staticmethod
    def _sums(table: Table, column: str) -> list[str]:
        payout = table[column]
        sums: dict[str, int] = {}
        for i in range(len(payout)):
            currency = payout.currency_at(i) or ""
            sums[currency] = sums.get(currency, 0) + int(payout.values[i])
        return [str(Money(minor, currency)) for currency, minor in sorted(sums.items())]

    def tables(self) -> Sequence[Table]:
        """People, then lines; then what is paid and why, extras, items and the run's life."""
        more = (self.payments, self.steps, self.extras, self.items, self.events)
        return [self.people, self.lines, *(table for table in more if len(table))]


@dataclass(frozen=True, slots=True)
class Runs:
    """All runs of the workspace, newest period first."""

    runs: tuple[RunHead, ...]

    def summary(self) -> Sequence[str]:
        """How many there are."""
        return [f"{len(self.runs)} commission runs."] if self.runs else ["No commissions have been calculated yet."]

    def tables(self) -> Sequence[Table]:
        """One row per run."""
        specs = [
            ColumnSpec("id", "Run", ValueKind.INTEGER),
            ColumnSpec("name", "Name", ValueKind.TEXT),
            ColumnSpec("period", "Period", ValueKind.TEXT),
            ColumnSpec("status", "Status", ValueKind.TEXT),
        ]
        return [build_table("Commission runs", specs, [(r.id, r.name, r.period, r.status.value) for r in self.runs])]


@dataclass(frozen=True, slots=True)
class LineTrace:
    """The steps that recompute one payout line."""

    line: int
    steps: tuple[Step, ...]

    def exact_amount(self, step: Step) -> Fraction | None:
        """Major units of a step that is reckoned in millionths of a minor unit; None for any other step."""
        if not step.name.startswith(("exact_", "capped_")) or not isinstance(step.value, int):
            return None
        return Fraction(step.value, PPM * 10 ** exponent(self.steps[-1].currency))

    def summary(self) -> Sequence[str]:
        """The steps as numbered sentences."""
        return [f"{s.number}. {s.label}: {s.text}  ({s.formula})" for s in self.steps]

    def tables(self) -> Sequence[Table]:
        """One row per step."""
        specs = [
            ColumnSpec("number", "Step", ValueKind.INTEGER),
            ColumnSpec("label", "What", ValueKind.TEXT),
            ColumnSpec("formula", "How", ValueKind.TEXT),
            ColumnSpec("text", "Result", ValueKind.TEXT),
            ColumnSpec("source", "From", ValueKind.TEXT),
        ]
        rows = [(s.number, s.label, s.formula, s.text, s.source) for s in self.steps]
        return [build_table(f"Trace of line {self.line}", specs, rows)]


def run_heads(connection: Connection) -> tuple[RunHead, ...]:
    """All runs, newest period first."""
    rows = connection.exec_driver_sql(
        "SELECT id, name, period_label, period_start, period_end, status, created_at, notes FROM commission_run "
        "ORDER BY period_start DESC, id DESC"
    )
    return tuple(
        RunHead(
            int(r[0]), r[1], r[2], dt.date.fromisoformat(r[3]), dt.date.fromisoformat(r[4]), RunStatus(r[5]),
            dt.datetime.fromisoformat(r[6]), tuple(json.loads(r[7] or "[]")),
        )
        for r in rows
    )  # fmt: skip


def load_run(connection: Connection, run_id: int, findings: Sequence[str] = ()) -> CommissionReport:
    """A stored run.

    Raises:
        InputRefusedError: there is no such run.
    """
    head = next((run for run in run_heads(connection) if run.id == run_id), None)
    if head is None:
        raise InputRefusedError(f"There is no commission run {run_id}.", way_out="See the list: commissions list.")
    lines = connection.exec_driver_sql(
        "SELECT l.*, p.name AS person, coalesce(l.transaction_number, t.external_id) AS \"transaction\", "
        "a.name AS account FROM run_line l "
        "JOIN person p ON p.id = l.person_id LEFT JOIN \"transaction\" t ON t.id = l.transaction_id "
        "LEFT JOIN account a ON a.id = t.account_id WHERE l.run_id = ? ORDER BY l.number",
        (run_id,),
    ).mappings().all()  # fmt: skip
    people = connection.exec_driver_sql(
        "SELECT l.person_id AS id, p.name AS person, m.name AS manager, min(l.plan) AS plan, sum(l.lines) AS lines, "
        "sum(l.amount) AS credited, max(l.quota) AS quota, sum(l.payout) AS payout, l.currency AS currency, "
        "CAST(max(l.total_after) AS REAL) / max(l.quota) AS attainment FROM ("
        "SELECT person_id, plan, amount, quota, total_after, payout, currency, 1 AS lines FROM run_line "
        "WHERE run_id = ?1 UNION ALL "
        "SELECT person_id, plan, 0, NULL, 0, payout, currency, 0 FROM run_extra WHERE run_id = ?1) l "
        "JOIN person p ON p.id = l.person_id LEFT JOIN person m ON m.id = p.manager_id "
        "GROUP BY l.person_id, l.currency ORDER BY payout DESC, p.name",
        (run_id,),
    ).mappings().all()  # fmt: skip
    return CommissionReport(
        head,
        build_table("People", PEOPLE, [dict(r) for r in people], entity="person", key="id"),
        build_table("Lines", LINE, [dict(r) for r in lines], entity="run_line", key="id"),
        tuple(findings),
        np.array([r["person_id"] for r in lines], dtype=np.int64),
        *_payments(connection, run_id),
        build_table("Extras", EXTRA, _rows(connection, _EXTRAS, run_id)),
        build_table("Items", ITEM, _rows(connection, _ITEMS, run_id), key="id"),
        build_table("Life", EVENT, _rows(connection, _EVENTS, run_id)),
        _together(connection, head, people),
    )


def _together(connection: Connection, head: RunHead, people: Sequence[RowMapping]) -> str:
    """All payouts in the company's currency at the exchange rates of the period's last day."""
    own = company(connection).currency
    sums: dict[str, int] = defaultdict(int)
    for row in people:
        sums[str(row["currency"])] += int(row["payout"])
    if not own or not sums or sums.keys() == {own}:
        return ""
    known = connection.exec_driver_sql("SELECT source, target, valid_from, rate FROM exchange_rate")
    rates = ExchangeRates(ExchangeRate(a, b, dt.date.fromisoformat(day[:10]), int(rate)) for a, b, day, rate in known)
    total = 0
    for code, minor in sums.items():
        rate = rates.on(code, own, head.end)
        if rate == 0:
            return f"No total in {own}: there is no exchange rate from {code} on {head.end}."
        total += convert(minor, code, own, rate)
    return f"All together {Money(total, own)} at the exchange rates of {head.end}."


_EXTRAS = (
    "SELECT e.*, p.name AS person FROM run_extra e JOIN person p ON p.id = e.person_id WHERE e.run_id = ? "
    "ORDER BY e.number"
)
_ITEMS = (
    'SELECT i.*, p.name AS person, i.transaction_number AS "transaction" FROM run_item i '
    "JOIN person p ON p.id = i.person_id WHERE i.run_id = ? ORDER BY i.id"
)
_EVENTS = "SELECT status, who, at, note FROM run_event WHERE run_id = ? ORDER BY id"


def _rows(connection: Connection, statement: str, run: int) -> list[dict[str, object]]:
    return [dict(row) for row in connection.exec_driver_sql(statement, (run,)).mappings()]


def _payments(connection: Connection, run: int) -> tuple[Table, Table]:
    """What each is paid, and the steps that lead there."""
    rows = connection.exec_driver_sql(
        "SELECT s.*, p.name AS person FROM run_settlement s JOIN person p ON p.id = s.person_id WHERE s.run_id = ? "
        "ORDER BY p.name, s.plan",
        (run,),
    ).mappings().all()  # fmt: skip
    payments, steps = [], []
    for row in rows:
        closing = json.loads(row["closing"])
        held = sum(amount for _, amount in [*closing["held"], *closing.get("due", [])])
        payments.append({**row, "held": held, "draw": closing["draw"], "debt": closing["debt"]})
        steps += [
            {
                "person": row["person"],
                "plan": row["plan"],
                "currency": row["currency"],
                "step": n,
                "amount": a,
                "why": w,
            }
            for n, a, w in json.loads(row["steps"])
        ]
    return (
        build_table("Payments", PAYMENT, payments, key="id"),
        build_table("Steps", STEP, steps),
    )
