"""Finding the quota of a window: its own, or the sum of the shorter ones that make it up."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol, TypeVar

from salesops_desktop.commission.exchange import ExchangeRates
from salesops_desktop.commission.plan import Quota
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.money import convert
from salesops_desktop.model.periods import Period


class Dated(Protocol):
    """Something that holds for the days from ``start`` to ``end``, both included."""

    @property
    def start(self) -> dt.date:
        """The first day."""

    @property
    def end(self) -> dt.date:
        """The last day."""


D = TypeVar("D", bound=Dated)


def making_up(known: Sequence[D], window: Period) -> list[D]:
    """Those of ``known`` that make up ``window``: the one for exactly its days, or shorter ones that do not overlap.

    Shorter ones come first, so that months win over a stray longer stretch that overlaps them.
    """
    for entry in known:
        if entry.start == window.start and entry.end == window.end:
            return [entry]
    inside = [d for d in known if d.start >= window.start and d.end <= window.end]
    chosen: list[D] = []
    for entry in sorted(inside, key=lambda d: (d.end - d.start, d.start)):
        if all(entry.end < other.start or entry.start > other.end for other in chosen):
            chosen.append(entry)
    return chosen


class QuotaBook:
    """All quotas, by person and measure."""

    def __init__(self, quotas: Sequence[Quota], rates: ExchangeRates) -> None:
        self._rates = rates
        self._quotas: dict[tuple[int, Measure], list[Quota]] = defaultdict(list)
        self._found: dict[tuple[int, Measure, Period, str], int] = {}
        for quota in sorted(quotas, key=lambda q: (q.person, q.measure, q.start, q.end)):
            self._quotas[quota.person, quota.measure].append(quota)

    def target(self, person: int, measure: Measure, window: Period, currency: str) -> int:
        """The quota for exactly the days of ``window``, in minor units of ``currency``; 0 when there is none.

        A quota for the window itself comes first; otherwise quotas that lie within it and do not overlap are added up
        (months of a quarter; a person hired in the second month has two). A longer quota is never cut: how a year is
        spread over its quarters is the company's decision. Other currencies are converted at the rate in force on the
        quota's first day.
        """
        key = (person, measure, window, currency)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._target(person, measure, window, currency)
        return found

    def _target(self, person: int, measure: Measure, window: Period, currency: str) -> int:
        known = self._quotas.get((person, measure), [])
        total = 0
        for quota in making_up(known, window):
            if quota.currency == currency:
                total += quota.amount
                continue
            rate = self._rates.on(quota.currency, currency, quota.start)
            if rate == 0:
                return 0
            total += convert(quota.amount, quota.currency, currency, rate)
        return max(total, 0)
