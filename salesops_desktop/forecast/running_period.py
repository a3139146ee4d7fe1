"""What a running period will bring in all: what came so far, and what the rest of it usually brings.

The rest is the forecast of the months still to come and of what is left of the running one. It is judged by standing
on the same point of earlier periods with what was known there; the errors made then give the spread.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from salesops_desktop.forecast.panel import forecast_panel
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind

Vector = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]

LEVELS = (50, 80, 95)
CHANCES: Vector = (np.arange(999) + 1) / 1000
"""The chances at which a distribution is written down."""
LEAST_MONTHS = 4
MOST_ORIGINS = 12
_PRIOR_SPREAD = 0.25
"""Before anything is known of the errors: a quarter of what is still to come, with the weight of two periods."""
_PRIOR_WEIGHT = 2
_SHAPES = 8


@dataclass(frozen=True, slots=True)
class Fan:
    """The running total day by day to the period's end.

    Attributes:
        days: (f,) from the day of knowledge.
        mean: (f,) what is expected to have come by the end of each.
        lower: per level in per cent, (f,).
        upper: per level, (f,).
    """

    days: tuple[dt.date, ...]
    mean: Vector
    lower: dict[int, Vector]
    upper: dict[int, Vector]


@dataclass(frozen=True, slots=True)
class RunningForecast:
    """The forecast of a running period's total.

    Attributes:
        done: what came up to the day of knowledge.
        rest: what is expected to come after it.
        quantiles: (999,) the total's quantiles at :data:`CHANCES`.
        origins: the earlier periods that were forecast from the same point, oldest first.
        said: (o,) what was forecast for them.
        came: (o,) what came.
        coverage: per level, the share of these that lay within the interval that the others' errors give; None
            where there are none.
        fan: the way to the total.
        notes: what to beware of.
    """

    done: float
    rest: float
    quantiles: Vector
    origins: tuple[Period, ...]
    said: Vector
    came: Vector
    coverage: dict[int, float | None]
    fan: Fan
    notes: tuple[str, ...]

    @property
    def total(self) -> float:
        """What the whole period is expected to bring."""
        return self.done + self.rest


@dataclass(frozen=True, slots=True)
class _Past:
    """Dated values, in order of days."""

    days: Days
    sums: Vector
    """(n + 1,) running sums."""

    def between(self, first: dt.date, last: dt.date) -> float:
        start = np.searchsorted(self.days, np.datetime64(first), side="left")
        end = np.searchsorted(self.days, np.datetime64(last), side="right")
        return float(self.sums[max(end, start)] - self.sums[start])


def same_point(period: Period, like: Period, as_of: dt.date) -> dt.date:
    """The day of ``period`` by which as much of it is over as of ``like`` on ``as_of``; the day before it if none."""
    share = ((as_of - like.start).days + 1) / like.days
    return period.start + dt.timedelta(days=round(share * period.days) - 1)


def forecast_running(
    days: npt.ArrayLike, values: npt.ArrayLike, period: Period, *, as_of: dt.date, calendar: FiscalCalendar
) -> RunningForecast:
    """Forecast what a period that is running, or about to start, will bring in all.

    Args:
        days: (n,) dates of what came (datetime64); later than ``as_of`` are not looked at.
        values: (n,) what came, in one unit.
        period: of whole months; must not be over.
        as_of: the day of knowledge: from the day before the period to the day before its end.
        calendar: whose months are the series' steps.

    Raises:
        NothingToDoError: fewer than four whole months came before.
    """
    stamps = np.asarray(days, dtype="datetime64[D]")
    kept = ~np.isnat(stamps) & (stamps <= np.datetime64(as_of))
    order = np.argsort(stamps[kept], kind="stable")
    past = _Past(stamps[kept][order], np.concatenate([[0.0], np.cumsum(np.asarray(values, np.float64)[kept][order])]))
    months = _whole_months(past, as_of, calendar)
    if len(months) < LEAST_MONTHS:
        raise NothingToDoError(
            f"Only {len(months)} whole months are known on {as_of}: {LEAST_MONTHS} are needed.",
            way_out="Import a longer history.",
        )
    points = _points(period, as_of, months, calendar)
    rests = _rests(past, [*points, (period, as_of)], months, calendar)
    came = np.array([past.between(p.start, p.end) for p, _ in points])
    done = np.array([past.between(p.start, day) for p, day in points])
    said = done + rests[:-1]
    rest, so_far = float(rests[-1]), past.between(period.start, as_of)
    relative = np.divide(came - said, rests[:-1], out=np.zeros(len(came)), where=rests[:-1] > 0)
    spread, freedom = _spread(relative)
    floor = so_far if (np.diff(past.sums) >= 0).all() else -np.inf
    quantiles = np.maximum(so_far + rest * (1 + spread * stdtrit(freedom, CHANCES)), floor)
    notes = []
    if len(points) < LEAST_MONTHS:
        notes.append(
            f"Only {len(points)} earlier periods could be forecast from this point: the spread is a rough guide."
        )
    return RunningForecast(
        so_far, rest, quantiles, tuple(p for p, _ in points), said, came, _coverage(relative),
        _fan(past, points, period, as_of, so_far, quantiles, rest), tuple(notes),
    )  # fmt: skip


def _whole_months(past: _Past, as_of: dt.date, calendar: FiscalCalendar) -> list[Period]:
    if not len(past.days):
        return []
    first: dt.date = past.days[0].astype(object)
    months = calendar.between(first, as_of, PeriodKind.MONTH)
    if months and (first - months[0].start).days > 7:  # history that starts in the midst of a month
        months = months[1:]
    return [month for month in months if month.end <= as_of]


def _points(
    period: Period, as_of: dt.date, months: Sequence[Period], calendar: FiscalCalendar
) -> list[tuple[Period, dt.date]]:
    """The earlier periods that are over, with the day in each that is the same point."""
    found: list[tuple[Period, dt.date]] = []
    earlier = calendar.following(period, -1)
    while len(found) < MOST_ORIGINS:
        day = same_point(earlier, period, as_of)
        if sum(month.end <= day for month in months) < LEAST_MONTHS:
            break
        if earlier.end <= as_of:
            found.append((earlier, day))
        earlier = calendar.following(earlier, -1)
    return found[::-1]


def _rests(
    past: _Past, points: Sequence[tuple[Period, dt.date]], months: Sequence[Period], calendar: FiscalCalendar
) -> Vector:
    """What each point would have expected of the rest of its period, knowing nothing later."""
    totals = np.array([past.between(m.start, m.end) for m in months])
    known = [sum(month.end <= day for month in months) for _, day in points]
    panel = np.full((len(points), len(months)), np.nan)
    for row, count in enumerate(known):
        panel[row, len(months) - count :] = totals[:count]
    ahead = [calendar.between(months[count - 1].end + dt.timedelta(days=1), p.end, PeriodKind.MONTH)
             for count, (p, _) in zip(known, points, strict=True)]  # fmt: skip
    forecast = forecast_panel(panel, horizon=max(map(len, ahead)), season=12, origins=0).mean
    rests = np.zeros(len(points))
    for row, (p, day) in enumerate(points):
        for step, month in enumerate(ahead[row]):
            if month.end < p.start:
                continue
            share = 0.0 if month.start > day else _elapsed(past, months[: known[row]], month, day)
            rests[row] += max(float(forecast[row, step]), 0.0) * (1 - share)
    return rests


def _elapsed(past: _Past, months: Sequence[Period], month: Period, day: dt.date) -> float:
    """The part of a month's total that has usually come by the same point of it, from the last twelve months."""
    recent = months[-12:]
    total = sum(past.between(m.start, m.end) for m in recent)
    if total <= 0:
        return ((day - month.start).days + 1) / month.days
    come = sum(past.between(m.start, same_point(m, month, day)) for m in recent)
    return float(np.clip(come / total, 0.0, 1.0))


def _spread(relative: Vector) -> tuple[float, float]:
    """Root mean square of relative errors, drawn towards the prior, and its degrees of freedom."""
    n = len(relative)
    square = (float((relative**2).sum()) + _PRIOR_WEIGHT * _PRIOR_SPREAD**2) / (n + _PRIOR_WEIGHT)
    return float(np.sqrt(square)), float(n + _PRIOR_WEIGHT)


def _coverage(relative: Vector) -> dict[int, float | None]:
    if not len(relative):
        return dict.fromkeys(LEVELS)
    inside = dict.fromkeys(LEVELS, 0)
    for i, error in enumerate(relative):
        spread, freedom = _spread(np.delete(relative, i))
        for level in LEVELS:
            inside[level] += abs(error) <= spread * stdtrit(freedom, 0.5 + level / 200)
    return {level: inside[level] / len(relative) for level in LEVELS}


def _fan(
    past: _Past,
    points: Sequence[tuple[Period, dt.date]],
    period: Period,
    as_of: dt.date,
    done: float,
    quantiles: Vector,
    rest: float,
) -> Fan:
    """The rest comes as it came in earlier periods after the same point; what is uncertain grows with its root."""
    count = (period.end - as_of).days
    days = tuple(as_of + dt.timedelta(days=i) for i in range(count + 1))
    shape = np.arange(count + 1) / count
    summed = np.zeros(count + 1)
    for p, day in points[-_SHAPES:]:
        left = (p.end - day).days
        steps = [day + dt.timedelta(days=round(i * left / count)) for i in range(count + 1)]
        summed += [past.between(day + dt.timedelta(days=1), step) for step in steps]
    if summed[-1] > 0:
        shape = np.clip(np.maximum.accumulate(summed) / summed[-1], 0.0, 1.0)
    mean = done + rest * shape
    total = done + rest
    ends = {level: np.interp([0.5 - level / 200, 0.5 + level / 200], CHANCES, quantiles) - total for level in LEVELS}
    root = np.sqrt(shape)
    lower = {level: mean + np.maximum(ends[level][0] * root, done - mean) for level in LEVELS}
    upper = {level: mean + ends[level][1] * root for level in LEVELS}
    return Fan(days, mean, lower, upper)
