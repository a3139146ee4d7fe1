"""What is due of a deal's pay once more: event by event, in fractions of the pay, sharing nothing with the engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from fractions import Fraction

from salesops_desktop.commission.reference_rates import half_up
from salesops_desktop.commission.timing import Timing

Event = tuple[dt.date, str, int]
"""(day, "sold", "invoiced" or "paid", minor units; cancellations are sold negative)."""


def due_by_events(
    pays: Sequence[int], timing: Timing, events: Iterable[Event], since: dt.date | None, day: dt.date,
    *, window_over: bool = False,
) -> int:  # fmt: skip
    """What is due by ``day`` of all that a deal has earned.

    Args:
        pays: what its lines, corrections and clawbacks earned, minor units.
        timing: of the component.
        events: of the deal, in any order.
        since: the day from which months count.
        day: by when; later events are left out.
        window_over: whether the component's window has ended.
    """
    whole = Fraction(0)
    for pay in pays:
        whole += pay
    happened = sorted(event for event in events if event[0] <= day)
    sums = {"sold": 0, "invoiced": 0, "paid": 0}
    for _, kind, amount in happened:
        sums[kind] += amount
    if whole <= 0:
        return int(whole)
    if any(kind == "sold" and amount < 0 for _, kind, amount in happened) and sums["sold"] == 0:
        return int(whole)
    parts = {"booking": whole * timing.booking / 10**6}
    for name, kind in (("invoice", "invoiced"), ("payment", "paid")):
        ready = Fraction(1) if not sums["sold"] else Fraction(sums[kind], sums["sold"])
        parts[name] = whole * getattr(timing, name) / 10**6 * max(Fraction(0), min(Fraction(1), ready))
    if timing.months:
        months = timing.months
        if since is not None:
            months = 0
            while months < timing.months and _after(since, months + 1) <= day:
                months += 1
        if timing.advance:
            return half_up(max(parts["booking"], whole * months / timing.months))
        parts["kept"] = whole * timing.kept / 10**6 * months / timing.months
    if window_over:
        parts["window"] = whole * timing.window_end / 10**6
    return half_up(sum(parts.values(), Fraction(0)))


def _after(day: dt.date, months: int) -> dt.date:
    """The same day some months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month + 1, min(number, day.day))
        except ValueError:
            continue
    raise AssertionError
