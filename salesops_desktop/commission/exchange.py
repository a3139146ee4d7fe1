"""Exchange rates by date, and the conversion of whole columns."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from salesops_desktop.expressions.rational import divide, product, to_int64, whole
from salesops_desktop.model.money import FX_SCALE, divide_half_up, exponent
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind

Days = npt.NDArray[np.datetime64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, order=True)
class ExchangeRate:
    """``rate`` units of ``target`` for one of ``source``, times 1e9, in force from ``valid_from`` on."""

    source: str
    target: str
    valid_from: dt.date
    rate: int


class RateDay(StrEnum):
    """Which day's exchange rate turns a credit into a plan's currency."""

    CREDIT = "credit date"
    """The credit's own: of the booking, invoice or payment, whichever earns."""
    MONTH_END = "end of the month"
    MONTH_AVERAGE = "average of the month"
    """The mean of the rates in force on the days of the month, as accounting books it; rounded half up to 1e-9."""
    QUARTER_END = "end of the quarter"
    YEAR_START = "start of the fiscal year"
    """One rate a year, as budgets have it."""
    PLAN_START = "start of the plan"
    """One rate as long as the plan holds."""


class ExchangeRates:
    """All known rates. A day's rate is the latest that came into force on or before it.

    Where only the opposite direction is known its reciprocal is used, rounded half up to 1e-9.
    """

    def __init__(self, rates: Iterable[ExchangeRate] = ()) -> None:
        self._days: dict[tuple[str, str], Days] = {}
        self._rates: dict[tuple[str, str], Ints] = {}
        self._day: Callable[[dt.date], dt.date] | None = None
        self._month: Callable[[dt.date], Period] | None = None
        grouped: dict[tuple[str, str], dict[dt.date, int]] = defaultdict(dict)
        for rate in sorted(rates):
            if rate.rate > 0:
                grouped[rate.source, rate.target][rate.valid_from] = rate.rate
        for pair, entries in grouped.items():
            self._add(pair, list(entries), list(entries.values()))
        for (source, target), entries in grouped.items():
            if (target, source) not in grouped:
                turned = [divide_half_up(FX_SCALE * FX_SCALE, rate) for rate in entries.values()]
                self._add((target, source), list(entries), turned)

    def _add(self, pair: tuple[str, str], days: list[dt.date], rates: list[int]) -> None:
        self._days[pair] = np.array(days, dtype="datetime64[D]")
        self._rates[pair] = np.array(rates, dtype=np.int64)

    def on_days(self, rule: RateDay, start: dt.date, calendar: FiscalCalendar) -> ExchangeRates:
        """The same rates for those who ask with a credit's date, taken on the day that ``rule`` says.

        Args:
            rule: of the plan.
            start: the plan's first day.
            calendar: for months, quarters and years.
        """
        if rule is RateDay.CREDIT:
            return self
        view = ExchangeRates()
        view._days, view._rates = self._days, self._rates
        kinds = {RateDay.MONTH_END: PeriodKind.MONTH, RateDay.QUARTER_END: PeriodKind.QUARTER}
        if rule is RateDay.PLAN_START:
            view._day = lambda _day: start
        elif rule is RateDay.MONTH_AVERAGE:
            view._month = lambda day: calendar.containing(day, PeriodKind.MONTH)
        elif rule is RateDay.YEAR_START:
            view._day = lambda day: calendar.containing(day, PeriodKind.YEAR).start
        else:
            view._day = lambda day: calendar.containing(day, kinds[rule]).end
        return view

    def when(self, day: dt.date) -> str:
        """Whose rate a credit of ``day`` is converted at: ``on 2026-01-31``."""
        if self._month is not None:
            return f"on average of {self._month(day).label}"
        return f"on {day if self._day is None else self._day(day)}"

    def _shifted(self, days: Days) -> Days:
        if self._day is None:
            return days
        known, place = np.unique(days.astype("datetime64[D]"), return_inverse=True)
        return np.array([self._day(one) for one in known.astype(object)], dtype="datetime64[D]")[place]

    def lookup(self, source: str, target: str, days: Days) -> Ints:
        """The rate (× 1e9) on each of ``days``; 0 where none is known."""
        if source == target:
            return np.full(len(days), FX_SCALE, dtype=np.int64)
        pair = (source, target)
        if pair not in self._days:
            return np.zeros(len(days), dtype=np.int64)
        if self._month is not None:
            return self._means(pair, days, self._month)
        return self._at(pair, self._shifted(days))

    def _means(self, pair: tuple[str, str], days: Days, month: Callable[[dt.date], Period]) -> Ints:
        """The mean of each day's month, over its days that have a rate."""
        known, place = np.unique(days.astype("datetime64[D]"), return_inverse=True)
        means: dict[Period, int] = {}
        for one in (months := [month(day) for day in known.tolist()]):
            if one not in means:
                every = self._at(pair, np.datetime64(one.start) + np.arange(one.days))
                found = every[every > 0].tolist()
                means[one] = divide_half_up(sum(found), len(found)) if found else 0
        return np.array([means[one] for one in months], dtype=np.int64)[place]

    def _at(self, pair: tuple[str, str], days: Days) -> Ints:
        place = np.searchsorted(self._days[pair], days.astype("datetime64[D]"), side="right") - 1
        return np.where(place < 0, 0, self._rates[pair][np.maximum(place, 0)])

    def on(self, source: str, target: str, day: dt.date) -> int:
        """The rate (× 1e9) on ``day``; 0 when none is known."""
        return int(self.lookup(source, target, np.array([day], dtype="datetime64[D]"))[0])


def convert_column(minor: Ints, source: str, target: str, rates: Ints) -> Ints:
    """Minor units of ``source`` as minor units of ``target``, row by row, half away from zero.

    Args:
        minor: amounts.
        source: ISO code of all of them.
        target: ISO code wanted.
        rates: units of ``target`` for one of ``source`` × 1e9, per row.

    Raises:
        InputRefusedError: an amount does not fit in 64 bits.
    """
    shift = exponent(target) - exponent(source)
    up, down = (10**shift, 1) if shift >= 0 else (1, 10**-shift)
    numerator = product(product(minor, rates), whole(up))
    return to_int64(divide(numerator, whole(FX_SCALE * down)), f"An amount in {target}")
