"""Invoices, payments and refunds as their deals see them: in the deal's currency, and which of them no deal knows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from salesops_desktop.commission import ExchangeRate, ExchangeRates, Finding, Severity
from salesops_desktop.commission.exchange import convert_column
from salesops_desktop.jobs.commission_facts import Facts, Part
from salesops_desktop.model.enums import TransactionKind
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import Period

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Move:
    """A transaction of a deal.

    Attributes:
        deal: number of the deal.
        number: its own.
        kind: see :class:`TransactionKind`.
        day: of the transaction.
        money: as it was booked.
        counted: minor units of ``currency``; None where there is no exchange rate on ``day``.
        currency: of the deal.
    """

    deal: str
    number: str
    kind: str
    day: dt.date
    money: Money
    counted: int | None
    currency: str


def moves(facts: Facts) -> Iterator[Move]:
    """Every transaction of every deal, foreign money at the rate of its own day, rounded half up."""
    rows = facts.rows.get(Part.MOVES, [])
    currencies: dict[str, str] = {}
    for deal, number, _, _, _, currency in rows:
        if deal == number or deal not in currencies:
            currencies[deal] = currency
    records = (ExchangeRate(a, b, dt.date.fromisoformat(day[:10]), int(r)) for a, b, day, r in facts.rows[Part.RATES])
    rates = ExchangeRates(tuple(records))
    for deal, number, kind, day, amount, currency in rows:
        when, target = dt.date.fromisoformat(day[:10]), currencies[deal]
        counted: int | None = int(amount)
        if currency != target:
            fx = np.array([rates.on(currency, target, when)], dtype=np.int64)
            column = np.array([int(amount)], dtype=np.int64)
            counted = int(convert_column(column, currency, target, fx)[0]) if fx[0] else None
        yield Move(deal, number, kind, when, Money(int(amount), currency), counted, target)


def move_findings(facts: Facts, period: Period) -> tuple[Finding, ...]:
    """Invoices and payments until the end of ``period`` that no deal knows, or whose money is not that of their deal.

    They matter where a plan says that pay is due as deals are invoiced or paid; without such a plan nothing is found.
    """
    kinds = {TransactionKind.INVOICE.value, TransactionKind.PAYMENT.value} - {facts.pay_on}
    every = [move for move in moves(facts) if move.day <= period.end]
    alone = [move for move in every if move.kind in kinds and move.deal == move.number]
    foreign = [move for move in every if move.money.currency != move.currency]
    unknown = [move for move in foreign if move.counted is None]
    known = [move for move in foreign if move.counted is not None]
    found = []
    if alone:
        what = (
            f"{_listed(alone)} without a deal: no transaction is named, and the opportunity has not just one booking."
        )
        way_out = "Name the transaction that each belongs to; until then nothing becomes due by them."
        found.append(Finding(Severity.WARNING, "payment deal", "Invoices and payments", what, way_out))
    if unknown:
        what = f"{_listed(unknown)} in another currency than the deal, without an exchange rate on the day."
        way_out = "Import the exchange rates; until then nothing becomes due by them."
        found.append(Finding(Severity.WARNING, "payment rate", "Invoices and payments", what, way_out))
    if known:
        sums: dict[str, int] = defaultdict(int)
        for move in known:
            sums[move.currency] += move.counted or 0
        together = ", ".join(str(Money(amount, code)) for code, amount in sorted(sums.items()))
        what = f"{_listed(known)} in another currency than the deal, counted as {together} at the rates of their days."
        found.append(Finding(Severity.WARNING, "payment currency", "Invoices and payments", what))
    return tuple(found)


def _listed(chosen: Sequence[Move]) -> str:
    """How many, how much of each currency, and which."""
    sums: dict[str, int] = defaultdict(int)
    for move in chosen:
        sums[move.money.currency] += move.money.minor
    together = ", ".join(str(Money(amount, code)) for code, amount in sorted(sums.items()))
    names = ", ".join(move.number for move in chosen[:_SHOWN])
    more = f" and {len(chosen) - _SHOWN:,} more" if len(chosen) > _SHOWN else ""
    return f"{len(chosen):,} ({together} together: {names}{more})"
