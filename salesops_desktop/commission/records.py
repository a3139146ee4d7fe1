"""What a calculation is given and what it returns, as column arrays."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.exchange import ExchangeRates
from salesops_desktop.commission.lines import Lines
from salesops_desktop.commission.plan import Component, Plan
from salesops_desktop.expressions import Schema
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import FiscalCalendar, Period
from salesops_desktop.model.tables import Column, Table, ValueKind

Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
Days = npt.NDArray[np.datetime64]

NO_PERSON = -1
"""The person of a credit that nobody has."""


@dataclass(frozen=True, slots=True)
class Credits:
    """Credits as columns of equal length n.

    Attributes:
        key: the credit's id, unique, int64.
        person: person id, or :data:`NO_PERSON`, int64.
        date: credit date, datetime64[D].
        transaction: the transaction's own number as text, object.
        amount: minor units of ``currency``, refunds negative, int64.
        currency: ISO code, object.
        line: place in the transaction, int64; zeros when omitted.
        split: place among the credits of the line (say the rank of the credit's role), int64; zeros when omitted.
        fields: whatever else filters and measures may name, in the same order of rows.
    """

    key: Ints
    person: Ints
    date: Days
    transaction: Texts
    amount: Ints
    currency: Texts
    line: Ints | None = None
    split: Ints | None = None
    fields: Table | None = None

    def __post_init__(self) -> None:
        columns = [self.key, self.person, self.date, self.transaction, self.amount, self.currency]
        columns += [c for c in (self.line, self.split) if c is not None]
        lengths = {len(column) for column in columns} | ({len(self.fields)} if self.fields is not None else set())
        if len(lengths) > 1:
            message = f"The credits' columns differ in length: {sorted(lengths)}."
            raise ValueError(message)

    def __len__(self) -> int:
        return len(self.key)

    def take(self, rows: npt.NDArray[np.intp]) -> Credits:
        """The same credits with ``rows`` only, in that order."""
        return Credits(
            self.key[rows],
            self.person[rows],
            self.date[rows],
            self.transaction[rows],
            self.amount[rows],
            self.currency[rows],
            None if self.line is None else self.line[rows],
            None if self.split is None else self.split[rows],
            None if self.fields is None else self.fields.take(rows),
        )

    def table(self) -> Table:
        """Everything formulas may name, as a table: Amount, Credit date, Transaction, Currency, then ``fields``."""
        own = (
            Column("Amount", "Amount", ValueKind.MONEY, self.amount, currencies=self.currency),
            Column("Credit date", "Credit date", ValueKind.DATE, self.date.astype("datetime64[D]")),
            Column("Transaction", "Transaction", ValueKind.TEXT, self.transaction),
            Column("Currency", "Currency", ValueKind.TEXT, self.currency),
        )
        others = () if self.fields is None else self.fields.columns
        names = {column.name for column in own}
        return Table("Credits", (*own, *(column for column in others if column.name not in names)))

    @property
    def schema(self) -> Schema:
        """The names and kinds of :meth:`table`."""
        return {column.name: column.kind for column in self.table().columns}


class Unpaid(StrEnum):
    """Why a credit of the period pays nothing."""

    NO_PERSON = "nobody is credited"
    NO_PLAN = "the person had no plan on the credit date"
    NO_RATE = "there is no exchange rate on the credit date"
    NO_QUOTA = "the person has no quota for the window"
    UNDEFINED = "the plan's formula divides by zero"
    NO_TARGET = "the person has no target incentive for the window"
    NO_SCORE = "the person has no score for the window"
    FILTERED = "no component of the plan counts it"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a calculation has to say.

    Attributes:
        reason: the kind of finding.
        sentence: what is wrong and what to do.
        blocking: whether a run must not be approved before it is mended.
        credits: keys of the credits concerned.
    """

    reason: Unpaid
    sentence: str
    blocking: bool
    credits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Extra:
    """Pay of a window that no single credit brings: it follows from attainments, scores or the target incentive.

    ``pay = now - paid_before``, in minor units of the plan's currency.

    Attributes:
        person: id.
        plan: index into :attr:`RunResult.plans`.
        component: index into the plan's components.
        window_start: first day of the window.
        total: what had been measured before the period.
        paid_before: what that total had earned by the state of affairs at the end of the period before.
        now: what it earns by that at the end of the period.
        pay: the difference.
        why: the attainments, scores and target it rests on, in a sentence.
    """

    person: int
    plan: int
    component: int
    window_start: dt.date
    total: int
    paid_before: int
    now: int
    pay: int
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """One payout line, with what a reader needs to know about it."""

    number: int
    person: int
    plan: str
    component: str
    credit: int
    transaction: str
    date: dt.date
    credit_amount: Money
    exchange_rate: int
    amount: Money
    before: Money
    after: Money
    quota: Money | None
    rate: int
    pay: Money


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of one calculation.

    Attributes:
        period: what was paid for.
        plans: the plans used, sorted by name.
        lines: the payout lines.
        credits: the credits the lines refer to by row.
        notices: what has to be said; a blocking one must be mended before approval.
        unpaid: (credit key, reason) of every credit of the period that pays nothing.
        rates: the exchange rates used.
        extras: pay that no single credit brings.
        calendar: of the windows, and of the days whose exchange rates hold.
    """

    period: Period
    plans: tuple[Plan, ...]
    lines: Lines
    credits: Credits
    notices: tuple[Notice, ...] = ()
    unpaid: tuple[tuple[int, Unpaid], ...] = field(default=(), repr=False)
    rates: ExchangeRates = field(default_factory=ExchangeRates, repr=False)
    extras: tuple[Extra, ...] = ()
    calendar: FiscalCalendar = field(default_factory=FiscalCalendar, repr=False)

    def rates_of(self, plan: Plan) -> ExchangeRates:
        """The exchange rates as ``plan`` takes them, asked for with a credit's date."""
        return self.rates.on_days(plan.rate_day, plan.effective_from, self.calendar)

    def __len__(self) -> int:
        return len(self.lines)

    def component(self, index: int) -> Component:
        """The component behind line ``index``."""
        return self.plans[int(self.lines.plan[index])].components[int(self.lines.component[index])]

    def line(self, index: int) -> Line:
        """One line (``index`` from 0)."""
        lines = self.lines
        plan = self.plans[int(lines.plan[index])]

        def money(values: Ints) -> Money:
            return Money(int(values[index]), plan.currency)

        day: dt.date = lines.date[index].astype("datetime64[D]").astype(object)
        return Line(
            number=index + 1,
            person=int(lines.person[index]),
            plan=plan.name,
            component=plan.components[int(lines.component[index])].name,
            credit=int(lines.credit[index]),
            transaction=str(self.credits.transaction[lines.row[index]]),
            date=day,
            credit_amount=Money(int(lines.credit_amount[index]), str(lines.credit_currency[index])),
            exchange_rate=int(lines.exchange_rate[index]),
            amount=money(lines.amount),
            before=money(lines.before),
            after=money(lines.after),
            quota=money(lines.quota) if lines.quota[index] else None,
            rate=int(lines.rate[index]),
            pay=money(lines.pay),
        )

    def __iter__(self) -> Iterator[Line]:
        return (self.line(i) for i in range(len(self)))

    def totals(self) -> dict[tuple[int, str], int]:
        """Minor units per (person, currency), people in order."""
        sums: dict[tuple[int, str], int] = defaultdict(int)
        currencies = [plan.currency for plan in self.plans]
        for who, number, amount in self.lines.sums():
            sums[who, currencies[number]] += amount
        for extra in self.extras:
            sums[extra.person, currencies[extra.plan]] += extra.pay
        return dict(sorted(sums.items()))

    def digest(self) -> str:
        """SHA-256 over every line; the same for the same inputs in any order."""
        seal = hashlib.sha256(f"{self.period.start}|{self.period.end}|{[p.name for p in self.plans]}".encode())
        for name in Lines.COLUMNS:
            if name == "row":
                continue
            values = self.lines.column(name)
            if values.dtype == object:
                alike = len(values) and bool(np.all(values == values[0]))
                words = [str(values[0])] * len(values) if alike else [str(value) for value in values]
                seal.update("\n".join(words).encode())
            else:
                seal.update(np.ascontiguousarray(values).tobytes())
        for extra in self.extras:
            seal.update(repr(extra).encode())
        return seal.hexdigest()
