"""What leaves a run for the books: the payroll file, and the amortisation of commissions over their contracts."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from salesops_desktop.commission import ExchangeRate, ExchangeRates
from salesops_desktop.commission.amortisation import Amortisation, amortise
from salesops_desktop.jobs.commission_facts import Part, stored_facts
from salesops_desktop.jobs.commission_reports import RunHead, run_heads
from salesops_desktop.jobs.commission_store import OPEN
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError, NothingToDoError
from salesops_desktop.model.money import Money, convert, exponent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

_FIELDS = ("person id", "name", "email", "plan", "period", "from", "to", "earned", "paid", "ahead", "currency", "run")
_CONVERTED = ("payout", "payout currency", "payout rate", "reported", "reporting currency", "reporting rate")
"""What is paid in the person's and in the company's currency, and the exchange rate it was converted at."""
_SPECS = (
    ColumnSpec("person id", "Person id", ValueKind.TEXT),
    ColumnSpec("name", "Name", ValueKind.TEXT),
    ColumnSpec("plan", "Plan", ValueKind.TEXT),
    ColumnSpec("earned", "Earned", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("paid", "Paid", ValueKind.MONEY, currency_from="currency"),
)


@dataclass(frozen=True, slots=True)
class Payroll:
    """What was written for payroll."""

    path: Path
    run: str
    table: Table
    """One row per person and plan."""
    totals: tuple[str, ...]

    def summary(self) -> Sequence[str]:
        """How many rows came to which sums; they equal those of the run."""
        sums = ", ".join(self.totals) or "nothing"
        return [f"{len(self.table):,} rows of {self.run} are in {self.path}: {sums} to be paid, as the run says."]

    def tables(self) -> Sequence[Table]:
        """The rows."""
        return [self.table]


@job(
    "commissions payroll",
    title="Export for payroll",
    group="commissions",
    examples=(
        "commissions payroll company.salesops 1 payroll.csv",
        "commissions payroll company.salesops 1 payroll.csv --columns 'Employee=person id' 'Gross=paid' 'Ccy=currency'",
    ),
)
def payroll(context: JobContext, run: int, out: Path, *, columns: list[str] | None = None) -> Payroll:
    """Write what an approved run pays as a csv file, with the columns that payroll wants.

    Args:
        run: its number in the list.
        out: the file to write.
        columns: header=field for each column, in order. Fields are person id, name, email, plan, period, from, to,
            earned, paid, ahead, currency and run; all of them by default. Further fields are payout, payout currency
            and payout rate (in the person's own currency), reported, reporting currency and reporting rate (in the
            company's), at the run's exchange rates of the period's last day.
    """
    wanted = _columns(columns)
    with context.workspace.read() as connection:
        head = _finished(connection, run)
        rows = [dict(row) for row in connection.exec_driver_sql(_PAID, (run,)).mappings()]
        if any(field in _CONVERTED for _, field in wanted):
            _convert(connection, head, rows)
        check = connection.exec_driver_sql(
            "SELECT currency, sum(paid) FROM run_settlement WHERE run_id = ? GROUP BY 1 ORDER BY 1", (run,)
        ).fetchall()
    if not rows:
        raise NothingToDoError(f"{head.name} pays nobody.")
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([header for header, _ in wanted])
    written: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        said = {**row, "period": head.period, "from": head.start, "to": head.end, "run": head.name}
        for name in ("earned", "paid", "ahead"):
            said[name] = Decimal(row[name]).scaleb(-exponent(row["currency"]))
        for name, code in (("payout", "payout currency"), ("reported", "reporting currency")):
            if name in row:
                said[name] = Decimal(row[name]).scaleb(-exponent(row[code]))
        written[row["currency"]] += said["paid"]
        writer.writerow([_cell(said[field]) for _, field in wanted])
    for currency, paid in check:  # what stands in the file is read back against the run
        if written[currency].scaleb(exponent(currency)) != paid:
            raise InputRefusedError(f"The file would pay {written[currency]} {currency}, the run another sum.")
    out.write_text(stream.getvalue(), encoding="utf-8", newline="")
    table = build_table("Payroll", _SPECS, rows)
    return Payroll(out, head.name, table, tuple(str(Money(int(paid), currency)) for currency, paid in check))


_PAID = (
    "SELECT coalesce(p.external_id, '') AS \"person id\", p.name, coalesce(p.email, '') AS email, s.plan, s.earned, "
    's.paid, s.ahead, s.currency, coalesce(p.currency, s.currency) AS "payout currency" FROM run_settlement s '
    "JOIN person p ON p.id = s.person_id WHERE s.run_id = ? ORDER BY p.name, p.id, s.plan"
)


def _convert(connection: Connection, head: RunHead, rows: list[dict[str, Any]]) -> None:
    """Add what is paid in each person's and in the company's currency, by the rates the run was calculated with.

    Raises:
        FaultsError: an exchange rate is missing; every pair of currencies is named.
    """
    facts = stored_facts(connection, head.id)
    known = [] if facts is None else facts.rows[Part.RATES]
    rates = ExchangeRates(ExchangeRate(a, b, dt.date.fromisoformat(day[:10]), int(rate)) for a, b, day, rate in known)
    report = company(connection).currency
    lacking: set[tuple[str, str]] = set()
    for row in rows:
        row["reporting currency"] = report
        for name, code, rated in (
            ("payout", row["payout currency"], "payout rate"),
            ("reported", report, "reporting rate"),
        ):
            rate = rates.on(row["currency"], code, head.end)
            if rate == 0:
                lacking.add((row["currency"], code))
                continue
            row[name] = convert(int(row["paid"]), row["currency"], code, rate)
            row[rated] = Decimal(rate).scaleb(-9).normalize()
    if lacking:
        raise FaultsError(
            f"Not all of {head.name} can be converted.",
            [Fault(f"{a} to {b}", f"there is no exchange rate on {head.end}.") for a, b in sorted(lacking)],
            way_out="Import the exchange rates and calculate again, or leave these columns out.",
        )


def _cell(value: object) -> str:
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    # Words that a spreadsheet would take for a formula are written as words.
    return f"'{text}" if not isinstance(value, Decimal) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _columns(columns: list[str] | None) -> list[tuple[str, str]]:
    if not columns:
        return [(field.capitalize(), field) for field in _FIELDS]
    wanted, faults = [], []
    for text in columns:
        header, _, field = text.rpartition("=")
        if field.strip().lower() not in (*_FIELDS, *_CONVERTED):
            choice = ", ".join((*_FIELDS, *_CONVERTED))
            faults.append(Fault(text, "there is no such field.", f"Choose one of {choice}."))
        wanted.append(((header or field).strip(), field.strip().lower()))
    if faults:
        raise FaultsError("The columns of the payroll file cannot be made.", faults)
    return wanted


def _finished(connection: Connection, run: int) -> RunHead:
    head = next((one for one in run_heads(connection) if one.id == run), None)
    if head is None:
        raise InputRefusedError(f"There is no commission run {run}.", way_out="See the list: commissions list.")
    if head.status in OPEN:
        raise InputRefusedError(
            f"{head.name} is {head.status.value}: only what is approved is paid.", way_out="Approve it first."
        )
    return head


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract's commission and its schedule."""

    number: str
    account: str
    currency: str
    start: dt.date
    schedule: Amortisation


@dataclass(frozen=True, slots=True)
class AmortisationReport:
    """What approved commissions cost month by month."""

    contracts: tuple[Contract, ...]
    by_contract: Table
    by_month: Table

    def summary(self) -> Sequence[str]:
        """How much is spread over how many contracts, and what was written off."""
        sums: dict[str, int] = defaultdict(int)
        lost: dict[str, int] = defaultdict(int)
        for contract in self.contracts:
            sums[contract.currency] += contract.schedule.cost
            lost[contract.currency] += contract.schedule.impaired
        said = [
            f"{Money(cost, currency)} of commission are spread over {len(self.contracts):,} contracts."
            for currency, cost in sorted(sums.items())
        ]
        return said + [
            f"{Money(gone, ccy)} are written off: their contracts ended early." for ccy, gone in lost.items() if gone
        ]

    def tables(self) -> Sequence[Table]:
        """By month, then by contract."""
        return [self.by_month, self.by_contract]


_COSTS = (
    "SELECT l.transaction_number, coalesce(a.name, '') AS account, l.currency, min(l.credited_on), sum(l.payout), "
    "t.amount, (SELECT -sum(r.amount) FROM \"transaction\" r WHERE r.original_id = t.id AND r.kind = 'refund'), "
    "(SELECT max(r.booked_on) FROM \"transaction\" r WHERE r.original_id = t.id AND r.kind = 'refund') "
    'FROM run_line l JOIN commission_run c ON c.id = l.run_id LEFT JOIN "transaction" t ON t.id = l.transaction_id '
    "LEFT JOIN account a ON a.id = t.account_id WHERE c.status IN ('approved', 'locked', 'paid') "
    "AND (?1 = 0 OR c.id = ?1) AND l.credit_amount > 0 GROUP BY l.transaction_number, l.currency "
    "HAVING sum(l.payout) > 0 ORDER BY 4, 1, 3"
)


@job(
    "commissions amortise",
    title="Amortise commissions",
    group="commissions",
    examples=(
        "commissions amortise company.salesops --months 36",
        "commissions amortise company.salesops --run 1 --months 24 --no-expedient",
    ),
)
def amortise_commissions(
    context: JobContext, *, run: int = 0, months: int = 36, expedient: bool = True
) -> AmortisationReport:
    """Spread the commission of each contract straight-line over its period of benefit (ASC 340-40).

    The cost of a contract is what all people's lines of approved, locked and paid runs earn for its transaction. A
    contract that is wholly refunded ends in the month of its last refund, and what is left is written off then.

    Args:
        run: only this run; all runs that are approved or later by default.
        months: the period of benefit.
        expedient: whether what lasts a year or less is expensed at once.
    """
    with context.workspace.read() as connection:
        rows = connection.exec_driver_sql(_COSTS, (run,)).fetchall()
    if not rows:
        raise NothingToDoError("No approved run pays for a contract.", way_out="Approve a run first.")
    contracts = []
    for number, account, currency, start, cost, amount, refunded, last in rows:
        first = dt.date.fromisoformat(start)
        gone = amount is not None and refunded is not None and refunded >= amount > 0
        ended = max(dt.date.fromisoformat(last), first) if gone else None
        made = amortise(int(cost), months, first, expedient=expedient, ended=ended)
        contracts.append(Contract(str(number), account, currency, first, made))
    return AmortisationReport(tuple(contracts), _by_contract(contracts), _by_month(contracts))


def _by_contract(contracts: Sequence[Contract]) -> Table:
    specs = [
        ColumnSpec("contract", "Contract", ValueKind.TEXT),
        ColumnSpec("account", "Account", ValueKind.TEXT),
        ColumnSpec("start", "From", ValueKind.DATE),
        ColumnSpec("months", "Months", ValueKind.INTEGER),
        ColumnSpec("cost", "Commission", ValueKind.MONEY, currency_from="currency"),
        ColumnSpec("first", "First month", ValueKind.MONEY, currency_from="currency"),
        ColumnSpec("impaired", "Written off", ValueKind.MONEY, currency_from="currency"),
    ]
    rows = [
        {
            "contract": c.number, "account": c.account, "start": c.start, "months": len(c.schedule.schedule),
            "cost": c.schedule.cost, "first": c.schedule.schedule[0].expense, "impaired": c.schedule.impaired,
            "currency": c.currency,
        }
        for c in contracts
    ]  # fmt: skip
    return build_table("Contracts", specs, rows)


def _by_month(contracts: Sequence[Contract]) -> Table:
    """Expense and remaining asset of all contracts per month and currency."""
    expense: dict[tuple[str, dt.date], int] = defaultdict(int)
    added: dict[tuple[str, dt.date], int] = defaultdict(int)
    for contract in contracts:
        added[contract.currency, contract.start.replace(day=1)] += contract.schedule.cost
        for month in contract.schedule.schedule:
            expense[contract.currency, month.month] += month.expense
    rows, left = [], defaultdict[str, int](int)
    for currency, day in sorted(expense.keys() | added.keys()):
        left[currency] += added[currency, day] - expense[currency, day]
        rows.append(
            {
                "month": day, "added": added[currency, day], "expense": expense[currency, day],
                "left": left[currency], "currency": currency,
            }
        )  # fmt: skip
    specs = [
        ColumnSpec("month", "Month", ValueKind.DATE),
        ColumnSpec("added", "Added", ValueKind.MONEY, currency_from="currency"),
        ColumnSpec("expense", "Expense", ValueKind.MONEY, currency_from="currency"),
        ColumnSpec("left", "Asset left", ValueKind.MONEY, currency_from="currency"),
    ]
    return build_table("Months", specs, rows)
