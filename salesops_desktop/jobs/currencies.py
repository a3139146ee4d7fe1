"""Amounts of several currencies brought into one, with the rate of their day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.commission.exchange import ExchangeRate, ExchangeRates, convert_column
from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import Money

__all__ = ["ExchangeRates", "Unconverted", "convertible", "in_currency", "load_rates"]


@dataclass(frozen=True, slots=True)
class Unconverted:
    """Rows of one currency that no exchange rate of their day brings into the wanted one."""

    what: str
    """What the rows are, plural."""
    rows: int
    amount: Money
    target: str
    first: dt.date
    """The earliest day without a rate."""

    def __str__(self) -> str:
        noun = self.what if self.rows != 1 else self.what.replace("opportunities", "opportunity").removesuffix("s")
        return (
            f"Left out: {self.rows:,} {noun} of {self.amount} together, for there is no exchange rate from "
            f"{self.amount.currency} to {self.target} (the first of {self.first})."
        )


def load_rates(connection: Connection) -> ExchangeRates:
    """All exchange rates of the workspace."""
    rows = connection.exec_driver_sql("SELECT source, target, valid_from, rate FROM exchange_rate")
    return ExchangeRates(
        ExchangeRate(source, target, dt.date.fromisoformat(day), int(rate)) for source, target, day, rate in rows
    )


def in_currency(
    frame: pd.DataFrame, money: str, currency: str, day: str, target: str, rates: ExchangeRates, *, what: str
) -> None:
    """Bring a column of minor units into one currency, in place, each row with the rate of its own day.

    Args:
        frame: the rows.
        money: the column of minor units (Int64, NA allowed).
        currency: the column of currencies; NA means ``target``.
        day: the column of days; today's rate where NA.
        target: the currency wanted.
        rates: the exchange rates.
        what: what the rows are, plural, for the message.

    Raises:
        FaultsError: rates are missing; all currencies and first days are listed at once.
    """  # fmt: skip
    foreign = frame[money].notna() & frame[currency].notna() & (frame[currency] != target)
    faults = []
    today = pd.Timestamp(dt.datetime.now(dt.UTC).date())
    for source, rows in frame[foreign].groupby(currency):
        days = rows[day].fillna(today).to_numpy().astype("datetime64[D]")
        found = rates.lookup(str(source), target, days)
        lacking = found == 0
        if lacking.any():
            first = days[lacking].min()
            faults.append(
                Fault(f"{source} to {target}", f"no rate for {lacking.sum():,} {what}, the first of {first}.")
            )
            continue
        frame.loc[rows.index, money] = convert_column(rows[money].to_numpy(np.int64), str(source), target, found)
    if faults:
        raise FaultsError(
            f"Exchange rates are missing for some {what}.",
            faults,
            way_out="Import exchange rates (From, To, Date, Rate) that start on or before these days.",
        )


def convertible(
    frame: pd.DataFrame, money: Sequence[str], currency: str, day: str, target: str, rates: ExchangeRates, *, what: str
) -> tuple[pd.DataFrame, list[Unconverted]]:
    """The rows that can be brought into one currency, brought there; and what is left out for lack of a rate.

    Args:
        frame: the rows; left as they are.
        money: the columns of minor units (Int64, NA allowed); the first is the one whose sum is told.
        currency: the column of currencies; NA means ``target``.
        day: the column of days; today's rate where NA.
        target: the currency wanted.
        rates: the exchange rates.
        what: what the rows are, plural.
    """  # fmt: skip
    foreign = frame[currency].notna() & (frame[currency] != target) & frame[list(money)].notna().any(axis=1)
    lacking = pd.Series(data=False, index=frame.index)
    today = pd.Timestamp(dt.datetime.now(dt.UTC).date())
    left = []
    for source, rows in frame[foreign].groupby(currency):
        days = rows[day].fillna(today).to_numpy().astype("datetime64[D]")
        without = rates.lookup(str(source), target, days) == 0
        if without.any():
            lacking[rows.index[without]] = True
            amount = Money(int(rows.loc[without, money[0]].sum()), str(source))
            left.append(Unconverted(what, int(without.sum()), amount, target, days[without].min().astype(object)))
    kept = frame[~lacking].reset_index(drop=True)
    for name in money:
        in_currency(kept, name, currency, day, target, rates, what=what)
    return kept, left
