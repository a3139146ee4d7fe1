"""Quotas and target incentives of those who serve a part of a period, by the day count their plan states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from salesops_desktop.commission import Plan, PlanAssignment, Proration, Quota, TargetIncentive
from salesops_desktop.commission.proration import days_between, part_of, ramp_share, served
from salesops_desktop.model.money import PPM, Money
from salesops_desktop.model.periods import Period, PeriodKind


@dataclass(frozen=True, slots=True)
class Service:
    """When a person is there.

    Attributes:
        start: first day; None when before everything.
        end: last day; None while in service.
        ramp_months: months until a newcomer carries the whole, as the roster says.
        away: (first day, last day or None, ppm of the time).
    """

    start: dt.date | None
    end: dt.date | None
    ramp_months: float | None = None
    away: tuple[tuple[dt.date, dt.date | None, int], ...] = ()


def part_served(window: Period, service: Service, rule: Proration, *, ramped: bool) -> Fraction:
    """The part of ``window`` that counts for a person.

    Each leave takes off its share of the days it takes from the service. With a ramp each calendar month counts by its
    own share.

    Args:
        window: of the quota or target.
        service: the person's.
        rule: of the plan.
        ramped: whether the ramp counts, as it does for quotas.
    """
    if not ramped or service.start is None or not (rule.ramp or (rule.roster_ramp and service.ramp_months)):
        return _there(window, service, rule)
    whole = days_between(window.start, window.end, rule.count)
    total = Fraction(0)
    month = window.start.replace(day=1)
    while month <= window.end:
        last = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
        piece = Period(max(month, window.start), min(last, window.end), "month", PeriodKind.MONTH)
        days = days_between(piece.start, piece.end, rule.count)
        if days:
            number = (month.year - service.start.year) * 12 + month.month - service.start.month + 1
            total += _there(piece, service, rule) * Fraction(days, whole) * _share(number, service, rule)
        month = last + dt.timedelta(days=1)
    return total


def _share(number: int, service: Service, rule: Proration) -> Fraction:
    """The ramp's share in a month of service, counted from 1."""
    if rule.ramp:
        return Fraction(ramp_share(number, rule.ramp), PPM)
    months = Fraction(service.ramp_months or 0).limit_denominator(1000)
    return min(Fraction(max(number, 0)) / months, Fraction(1)) if months else Fraction(1)


def _there(window: Period, service: Service, rule: Proration) -> Fraction:
    part = served(window, service.start, service.end, rule.count)
    whole = part
    for first, last, share in service.away:
        left = served(window, service.start, service.end, rule.count, away=[(first, last or dt.date.max)])
        part -= (whole - left) * Fraction(share, PPM)
    return max(part, Fraction(0))


def prorated(
    plans: Sequence[Plan],
    assignments: Sequence[PlanAssignment],
    services: Mapping[int, Service],
    quotas: Sequence[Quota],
    targets: Sequence[TargetIncentive],
    names: Mapping[int, str],
) -> tuple[tuple[Quota, ...], tuple[TargetIncentive, ...], dict[tuple[int, dt.date, dt.date], str]]:
    """Quotas and targets as they count, and a sentence for each that is not whole.

    A person's quota is prorated by the plan that pays the person in its days; where several do, by the first (by name)
    that prorates at all.

    Returns:
        Quotas, targets, and (person, first day, last day) → sentence.
    """
    rules = {plan.name: plan.proration for plan in plans if plan.proration is not None}
    said: dict[tuple[int, dt.date, dt.date], str] = {}
    if not rules:
        return tuple(quotas), tuple(targets), said
    held: dict[int, list[PlanAssignment]] = {}
    for assignment in sorted(assignments, key=lambda a: a.plan):
        if assignment.plan in rules:
            held.setdefault(assignment.person, []).append(assignment)

    def part(entry: Quota | TargetIncentive, *, quota: bool) -> Fraction:
        for assignment in held.get(entry.person, ()):
            rule = rules[assignment.plan]
            inside = assignment.start <= entry.end and (assignment.end is None or assignment.end >= entry.start)
            if inside and (rule.quota if quota else rule.target):
                window = Period(entry.start, entry.end, f"{entry.start} to {entry.end}", PeriodKind.MONTH)
                return part_served(window, services.get(entry.person, Service(None, None)), rule, ramped=quota)
        return Fraction(1)

    made_quotas, made_targets = [], []
    for quota in quotas:
        share = part(quota, quota=True)
        made_quotas.append(quota if share == 1 else replace(quota, amount=part_of(quota.amount, share)))
        if share != 1:
            said[quota.person, quota.start, quota.end] = (
                f"{names.get(quota.person, quota.person)}: quota {quota.start} to {quota.end} counts "
                f"{float(share):.2%}, {Money(made_quotas[-1].amount, quota.currency)} of "
                f"{Money(quota.amount, quota.currency)}"
            )
    for target in targets:
        share = part(target, quota=False)
        made_targets.append(target if share == 1 else replace(target, amount=part_of(target.amount, share)))
    return tuple(made_quotas), tuple(made_targets), said
