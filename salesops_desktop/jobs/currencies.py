"""Amounts of several currencies brought into one, with the rate of their day."""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import FX_SCALE, convert, divide_half_up


@dataclass(frozen=True, slots=True)
class ExchangeRates:
    """The workspace's exchange rates by pair of currencies, each list ordered by day."""

    days: dict[tuple[str, str], list[dt.date]]
    rates: dict[tuple[str, str], list[int]]

    @classmethod
    def load(cls, connection: Connection) -> ExchangeRates:
        """Read all rates; where only one direction is given, the other is its reciprocal."""
        days: dict[tuple[str, str], list[dt.date]] = {}
        rates: dict[tuple[str, str], list[int]] = {}
        rows = connection.exec_driver_sql(
            "SELECT source, target, valid_from, rate FROM exchange_rate ORDER BY valid_from"
        ).fetchall()
        for source, target, valid_from, rate in rows:
            days.setdefault((source, target), []).append(dt.date.fromisoformat(valid_from))
            rates.setdefault((source, target), []).append(int(rate))
        for source, target in list(days):
            if (target, source) not in days:
                days[target, source] = days[source, target]
                rates[target, source] = [
                    divide_half_up(FX_SCALE * FX_SCALE, rate) if rate else 0 for rate in rates[source, target]
                ]
        return cls(days, rates)

    def rate(self, source: str, target: str, day: dt.date) -> int | None:
        """The rate in force on ``day``, times 1e9; None where there is none."""
        if source == target:
            return FX_SCALE
        days = self.days.get((source, target))
        if not days:
            return None
        index = bisect.bisect_right(days, day) - 1
        return self.rates[source, target][index] if index >= 0 else None

    def convert_all(
        self,
        amounts: Sequence[int | None],
        currencies: Sequence[str | None],
        days: Sequence[dt.date | None],
        target: str,
        *,
        what: str,
        otherwise: dt.date,
    ) -> list[int | None]:
        """Bring amounts into one currency.

        Args:
            amounts: minor units, or None.
            currencies: each amount's currency; None means ``target``.
            days: the day whose rate counts; ``otherwise`` where None.
            target: the currency wanted.
            what: what the amounts are, plural, for the message.
            otherwise: the day for amounts without one.

        Returns:
            Minor units of ``target``; None stays None.

        Raises:
            FaultsError: rates are missing; all pairs are listed at once.
        """
        converted: list[int | None] = []
        missing: dict[tuple[str, dt.date], int] = {}
        for amount, currency, day in zip(amounts, currencies, days, strict=True):
            if amount is None or currency is None or currency == target:
                converted.append(amount)
                continue
            rate = self.rate(currency, target, day or otherwise)
            if rate is None:
                key = (currency, (day or otherwise).replace(day=1))
                missing[key] = missing.get(key, 0) + 1
                converted.append(None)
            else:
                converted.append(convert(amount, currency, target, rate))
        if missing:
            faults = [
                Fault(f"{currency} to {target}, {month:%Y-%m}", f"no rate for {number} {what}.")
                for (currency, month), number in sorted(missing.items())
            ]
            raise FaultsError(
                f"Exchange rates are missing for {sum(missing.values())} {what}.",
                faults,
                way_out="Import exchange rates (From, To, Date, Rate) that start on or before the first of these days.",
            )
        return converted
