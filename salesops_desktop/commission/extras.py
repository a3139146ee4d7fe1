"""Pay of whole windows that no single credit brings: what their totals are worth now, less what they were before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from salesops_desktop.commission.counting import WINDOW_PERIOD, Counted
from salesops_desktop.commission.levels import Level, tables_in_force, terms_of
from salesops_desktop.commission.plan import Component
from salesops_desktop.commission.records import Days, Extra, Ints
from salesops_desktop.commission.spans import FOREVER, Spans
from salesops_desktop.commission.tiers import earned, multiplied
from salesops_desktop.expressions.rational import divide, to_int64
from salesops_desktop.model.periods import FiscalCalendar, Period

_DAY = dt.timedelta(days=1)
_EPOCH = dt.date(1970, 1, 1)
_LAST = (FOREVER - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Case:
    """A person's window that the period touches.

    Attributes:
        person: id.
        window: the window.
        measured: what had been measured in it before the period.
        now: the state of affairs at the end of the period.
        then: and on the day before the period; None where the window only begins.
    """

    person: int
    window: Period
    measured: int
    now: Level
    then: Level | None


def cases(
    component: Component, counted: Counted, dates: Days, spans: Spans, period: Period, calendar: FiscalCalendar,
    level: Callable[[int, dt.date, dt.date], Level],
) -> Iterator[Case]:  # fmt: skip
    """The windows that the period touches, for each person who is paid by the plan in both.

    Args:
        component: with windows of the calendar.
        counted: what it counts.
        dates: of all credits.
        spans: who is paid by the plan, and when.
        period: what is paid.
        calendar: for the windows.
        level: the state of (person, first day of a window) on a day.
    """
    before = _before(counted, dates, period.start)
    for person, window in windows_now(component, spans, period, calendar):
        now = level(person, window.start, period.end)
        then = level(person, window.start, period.start - _DAY) if period.start > window.start else None
        yield Case(person, window, before.get((person, window.start), 0), now, then)


def windows_now(
    component: Component, spans: Spans, period: Period, calendar: FiscalCalendar
) -> Iterator[tuple[int, Period]]:
    """The windows that the period touches, for each person who is paid by the plan in both."""
    known: dict[dt.date, Period] = {}
    columns = (spans.people.tolist(), spans.begins.tolist(), spans.ends.tolist())
    for person, begin, end in zip(*columns, strict=True):
        first, last = max(period.start, _day(begin)), min(period.end, _day(end))
        while first <= last:
            if first not in known:
                known[first] = calendar.containing(first, WINDOW_PERIOD[component.window])
            yield person, known[first]
            first = known[first].end + _DAY


def _before(counted: Counted, dates: Days, day: dt.date) -> dict[tuple[int, dt.date], int]:
    """What each (person, window) had measured before ``day``."""
    early = np.flatnonzero(dates[counted.rows] < np.datetime64(day))
    if not len(early):
        return {}
    person, window = counted.person[early], counted.window[early]
    last = np.flatnonzero(np.r_[(person[1:] != person[:-1]) | (window[1:] != window[:-1]), True])
    totals = counted.before[early[last]] + counted.amount[early[last]]
    starts = window[last].astype("datetime64[D]").tolist()
    return dict(zip(zip(person[last].tolist(), starts, strict=True), totals.tolist(), strict=True))


def extras(component: Component, plan: int, place: int, found: Sequence[Case]) -> Iterator[Extra]:
    """What each window is worth now, less what it was worth before the period, where that differs.

    Args:
        component: what pays.
        plan: its plan's index.
        place: its own index in the plan.
        found: windows whose state lacks nothing now.
    """
    measured = np.array([case.measured for case in found], dtype=np.int64)
    now = _owed(component, [case.now for case in found], measured)
    earlier = np.array([i for i, case in enumerate(found) if case.then is not None], dtype=np.intp)
    before = np.zeros(len(found), dtype=np.int64)
    before[earlier] = _owed(component, [case.then for case in found if case.then is not None], measured[earlier])
    for i in np.flatnonzero(now != before).tolist():
        case, worth, was = found[i], int(now[i]), int(before[i])
        yield Extra(
            case.person, plan, place, case.window.start, case.measured, was, worth, worth - was, case.now.why
        )  # fmt: skip


def _owed(component: Component, levels: Sequence[Level], measured: Ints) -> Ints:
    """What each window's total earns by a state of affairs, rounded; nothing where something is missing."""
    owed = np.zeros(len(levels), dtype=np.int64)
    known = np.array([i for i, level in enumerate(levels) if not level.missing], dtype=np.intp)
    is_open = np.array([levels[i].open for i in known.tolist()], dtype=np.int64)
    for table, of in tables_in_force(component, is_open):
        at = known[of]
        terms = terms_of([levels[i] for i in at.tolist()], np.arange(len(at), dtype=np.intp))[0]
        exact = multiplied(component, earned(table, terms, measured[at]), terms)
        worth = to_int64(divide(exact.num, exact.den, component.rounding), "An extra")
        owed[at] = np.broadcast_to(worth, (len(at),))
    return owed


def _day(number: int) -> dt.date:
    return FOREVER if number >= _LAST else _EPOCH + dt.timedelta(days=number)
