"""How periods are written under a plot: years first, then quarters and months, as many as there is room for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from salesops_desktop.model.periods import PeriodKind
from salesops_desktop.ui.widgets.formats import Formats

Tiers = tuple[tuple[tuple[int, str], ...], ...]


class Named(Protocol):
    """What of a period is written."""

    @property
    def start(self) -> dt.date:
        """The first day."""

    @property
    def label(self) -> str:
        """What people call it."""

    @property
    def kind(self) -> PeriodKind:
        """Its length."""


def tick_tiers(periods: Sequence[Named], formats: Formats) -> Tiers:
    """Which periods carry a word, from coarse to fine.

    Months read "Jan 2026", then "Apr", "Jul" between the years; other periods go by their labels.

    Args:
        periods: those of the plot, in order.
        formats: how months are called.
    """
    if not periods:
        return ()
    kind = periods[0].kind
    if kind is not PeriodKind.MONTH or any("-M" in period.label for period in periods):
        return _every(periods)
    locale = formats.locale

    def name(period: Named) -> str:
        middle = period.start + dt.timedelta(days=14)
        month = locale.standaloneMonthName(middle.month, locale.FormatType.ShortFormat)
        return f"{month}\n{middle.year}" if middle.month == 1 else month

    def months(step: int) -> tuple[tuple[int, str], ...]:
        found = [(i, name(p)) for i, p in enumerate(periods) if (p.start.month - 1) % step == 0]
        if found and "\n" not in found[0][1]:
            first = found[0][0]
            found[0] = (first, f"{found[0][1]}\n{periods[first].start.year}")
        return tuple(found)

    return tuple(months(step) for step in (12, 6, 3, 1))


def _every(periods: Sequence[Named]) -> Tiers:
    tiers = []
    for step in (32, 16, 8, 4, 2, 1):
        tier = tuple((i, periods[i].label) for i in range(0, len(periods), step))
        if len(tier) > 1 or step == 1:
            tiers.append(tier)
    return tuple(tiers)
