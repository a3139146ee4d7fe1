"""Quotas by quarter, and what a euro cost in dollars."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from salesops_desktop.jobs.sample import calendar
from salesops_desktop.jobs.sample.bookings import Credit
from salesops_desktop.jobs.sample.roster import Roster
from salesops_desktop.model.money import PPM

MEDIAN_ATTAINMENT = 0.95
"""Where quotas are set: half of the reps' years end below."""
_SEASON = (0.92, 1.02, 0.93, 1.13)
_RAMP = (0.35, 0.7)
"""The part of a full quota in a newcomer's first two quarters."""
_DOLLARS_PER_EURO = 1.1
"""What quota setters reckon with when they add up both currencies."""

Quarter = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Quota:
    """A bookings target in minor units of the person's currency; days are day numbers."""

    person: int
    quarter: Quarter
    amount: int


@dataclass(frozen=True, slots=True)
class MonthRate:
    """US dollars for one euro from a day on."""

    day: int
    rate: float


def make_rates(rng: np.random.Generator, first: int, last: int) -> tuple[MonthRate, ...]:
    """A rate for each month from the one with ``first`` to the one after ``last``: a walk that returns to 1.10."""
    begin = calendar.date_of(first).replace(day=1)
    level, made = 0.0, []
    for day in calendar.month_starts(calendar.number(begin), last + 31):
        level = 0.88 * level + float(rng.normal(0.0, 0.013))
        made.append(MonthRate(day, round(1.1 * math.exp(level), 4)))
    return tuple(made)


def make_quotas(roster: Roster, credits_made: Sequence[Credit], first: int, last: int) -> tuple[Quota, ...]:
    """Set quotas for reps, overlays and managers in every quarter of the window and the next, as plans do: top down.

    A seat's quota is half its own, half its team's average booking, with the season, growth, the newcomers' ramp and
    the days of service; one factor for all puts the median of the years' attainments at 95 %. Managers carry 95 % of
    the sum of their people.
    """
    quarters = calendar.quarters(first, last + 60)
    booked = _booked(roster, credits_made)
    weights = _rep_weights(roster, quarters, booked, len(calendar.quarters(first, last)))
    factor = _calibrate(weights, booked, [q for q in quarters if q[1] <= last])
    amounts = {key: _round(weight * factor) for key, weight in weights.items() if weight > 0}
    amounts |= _overlay_quotas(roster, quarters, booked, len(quarters) - 1)
    below: dict[tuple[int, Quarter], float] = defaultdict(float)
    for (person, quarter), amount in amounts.items():
        manager = roster.people[person].manager
        while manager is not None:
            below[manager, quarter] += amount * _reckon(roster.people[person].currency, roster.people[manager].currency)
            manager = roster.people[manager].manager
    amounts |= {key: _round(amount * 0.95) for key, amount in below.items()}
    return tuple(Quota(person, quarter, amount) for (person, quarter), amount in sorted(amounts.items()))


def _round(amount: float) -> int:
    """To whole thousands of major units, never zero."""
    return max(1, round(amount / 100_000)) * 100_000


def _reckon(source: str, target: str) -> float:
    """Units of ``target`` for one of ``source``, roughly."""
    if source == target:
        return 1.0
    return _DOLLARS_PER_EURO if source == "EUR" else 1 / _DOLLARS_PER_EURO


def _booked(roster: Roster, credits_made: Sequence[Credit]) -> dict[tuple[int, Quarter], float]:
    """Credited minor units by person and quarter in the person's currency, refunds taken off."""
    sums: dict[tuple[int, Quarter], float] = defaultdict(float)
    for credit in credits_made:
        line = credit.transaction
        quarter = calendar.quarter_of(line.day)
        rate = _reckon(line.opportunity.account.currency, roster.people[credit.person].currency)
        sums[credit.person, quarter] += line.amount * credit.share / PPM * rate
    return sums


def _service(roster: Roster, person: int, quarter: Quarter) -> float:
    """The part of a quarter's days that a person is in service, less in the first two quarters."""
    who = roster.people[person]
    begin, end = max(who.start, quarter[0]), min(who.end if who.end is not None else quarter[1], quarter[1])
    part = max(0, end - begin + 1) / (quarter[1] - quarter[0] + 1)
    age = (quarter[1] - who.start) // 91
    return part * who.fte * (_RAMP[age] if 0 <= age < len(_RAMP) else 1.0)


def _rep_weights(
    roster: Roster, quarters: Sequence[Quarter], booked: Mapping[tuple[int, Quarter], float], past: int
) -> dict[tuple[int, Quarter], float]:
    """What each rep should book in each quarter, before the factor that sets the level."""
    per_seat = {
        seat.number: sum(booked.get((person, quarter), 0.0) for person in seat.holders for quarter in quarters) / past
        for seat in roster.seats
    }
    teams: dict[int, list[float]] = defaultdict(list)
    for seat in roster.seats:
        teams[seat.team].append(per_seat[seat.number])
    weights = {}
    for seat in roster.seats:
        level = 0.5 * per_seat[seat.number] + 0.5 * statistics.fmean(teams[seat.team])
        for i, quarter in enumerate(quarters):
            season = _SEASON[(calendar.date_of(quarter[0]).month - 1) // 3]
            for person in seat.holders:
                part = _service(roster, person, quarter)
                if part > 0:
                    weights[person, quarter] = level * season * 1.13 ** ((i - past / 2) / 4) * part
    return weights


def _calibrate(
    weights: Mapping[tuple[int, Quarter], float],
    booked: Mapping[tuple[int, Quarter], float],
    quarters: Sequence[Quarter],
) -> float:
    """The factor that puts the median attainment of full years at the aim."""
    attained = []
    january = next((i for i, quarter in enumerate(quarters) if calendar.date_of(quarter[0]).month == 1), 0)
    for begin in range(january, len(quarters) - 3, 4):
        year = quarters[begin : begin + 4]
        for person in {person for person, _ in weights}:
            target = sum(weights.get((person, quarter), 0.0) for quarter in year)
            if all((person, quarter) in weights for quarter in year) and target > 0:
                attained.append(sum(booked.get((person, quarter), 0.0) for quarter in year) / target)
    return statistics.median(attained) / MEDIAN_ATTAINMENT if attained else 1.0


def _overlay_quotas(
    roster: Roster, quarters: Sequence[Quarter], booked: Mapping[tuple[int, Quarter], float], past: int
) -> dict[tuple[int, Quarter], int]:
    """Overlays carry what they were credited with on average, by the part of the quarter they serve."""
    amounts = {}
    for person in sorted({p for specialists in roster.overlays.values() for p in specialists}):
        served = [_service(roster, person, quarter) for quarter in quarters]
        average = sum(booked.get((person, q), 0.0) for q in quarters) / max(1.0, sum(served[:past]))
        for quarter, part in zip(quarters, served, strict=True):
            if part > 0:
                amounts[person, quarter] = _round(average * part)
    return amounts
