"""Amounts of several currencies brought into one, with the rate of their day."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.commission.exchange import ExchangeRate, ExchangeRates, convert_column
from salesops_desktop.model.errors import Fault, FaultsError

__all__ = ["ExchangeRates", "in_currency", "load_rates"]


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
