"""What there is to calculate commissions from: the periods with transactions, the plans, the runs so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from salesops_desktop.jobs.commission_plans import UNBOOKED
from salesops_desktop.jobs.commission_reports import RunHead, run_heads
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import Period, PeriodKind
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["CommissionDesk", "Held", "commission_desk"]


@dataclass(frozen=True, slots=True)
class Held:
    """A payment that waits for its release."""

    item: int
    run: str
    """Name of the run that holds it."""
    person: str
    transaction: str
    """The deal; empty where all that the person is paid waits."""
    amount: Money
    why: str


@dataclass(frozen=True, slots=True)
class CommissionDesk:
    """What a run can be made of."""

    transactions: int
    """How many there are, of any kind."""
    unbooked: int
    """Won opportunities that could be booked as transactions."""
    plans: int
    periods: tuple[Period, ...]
    """Months and quarters with transactions; the newest first, a quarter before its months."""
    runs: tuple[RunHead, ...]
    """Runs so far, newest period first."""
    held: tuple[Held, ...] = ()
    """What waits for its release, the oldest first."""

    @property
    def newest_month(self) -> Period | None:
        """The last month with transactions."""
        return next((period for period in self.periods if period.kind is PeriodKind.MONTH), None)

    def summary(self) -> Sequence[str]:
        """What is there and what is missing."""
        said = [f"{self.transactions:,} transactions, {self.plans:,} plans, {len(self.runs):,} runs."]
        if self.unbooked:
            said.append(f"{self.unbooked:,} won opportunities have no transaction yet.")
        return said

    def tables(self) -> Sequence[Table]:
        """One row per period that can be calculated, with the status of its run."""
        specs = [
            ColumnSpec("period", "Period", ValueKind.TEXT),
            ColumnSpec("from", "From", ValueKind.DATE),
            ColumnSpec("to", "To", ValueKind.DATE),
            ColumnSpec("run", "Run", ValueKind.TEXT),
        ]
        status = {run.period: run.status.value for run in reversed(self.runs)}
        rows = [(p.label, p.start, p.end, status.get(p.label)) for p in self.periods]
        return [build_table("Periods", specs, rows)]


@job(
    "commissions periods",
    title="List periods to pay",
    group="commissions",
    examples=("commissions periods company.salesops",),
)
def commission_desk(context: JobContext) -> CommissionDesk:
    """List the months and quarters with transactions, and what else commissions are calculated from."""
    with context.workspace.read() as connection:
        count = int(connection.exec_driver_sql('SELECT count(*) FROM "transaction"').scalar() or 0)
        unbooked = int(connection.exec_driver_sql(f"SELECT count(*) {UNBOOKED}").scalar() or 0)
        plans = int(connection.exec_driver_sql("SELECT count(*) FROM plan").scalar() or 0)
        return CommissionDesk(count, unbooked, plans, _periods(connection), run_heads(connection), _holds(connection))


def _holds(connection: Connection) -> tuple[Held, ...]:
    rows = connection.exec_driver_sql(
        "SELECT i.id, r.name, p.name, coalesce(i.transaction_number, ''), i.amount, i.currency, i.why FROM run_item i "
        "JOIN commission_run r ON r.id = i.run_id JOIN person p ON p.id = i.person_id WHERE i.kind = 'hold' "
        "AND NOT EXISTS (SELECT 1 FROM run_item d WHERE d.item_id = i.id) ORDER BY i.id"
    )
    return tuple(
        Held(int(item), run, person, deal, Money(int(amount), code), why)
        for item, run, person, deal, amount, code, why in rows
    )


def _periods(connection: Connection) -> tuple[Period, ...]:
    calendar = company(connection).calendar
    rows = connection.exec_driver_sql('SELECT DISTINCT booked_on FROM "transaction" WHERE booked_on IS NOT NULL')
    days = sorted(dt.date.fromisoformat(str(day)) for (day,) in rows)
    if not days:
        return ()
    found = []
    for kind in (PeriodKind.MONTH, PeriodKind.QUARTER):
        place = 0
        for period in calendar.between(days[0], days[-1], kind):
            while place < len(days) and days[place] < period.start:
                place += 1
            if place < len(days) and days[place] in period:
                found.append(period)
    return tuple(sorted(found, key=lambda p: (p.end, p.days), reverse=True))
