"""Which quotas make up a target: one rule for the KPIs and for the forecasts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence
from enum import StrEnum

from salesops_desktop.model.enums import PersonRole
from salesops_desktop.model.money import divide_half_up


class QuotaPart(StrEnum):
    """What a quota is to the target of a company or a part of it."""

    COUNTS = "counts"
    ROLL_UP = "roll-up"
    """Of somebody who manages another holder: by custom the sum of the team's."""
    OVERLAY = "overlay"
    """Of a specialist who sells with others: what it is reached with is somebody else's deal already."""


def quota_parts(
    people: Sequence[Hashable], managers: Sequence[Hashable | None], roles: Sequence[str | None]
) -> list[QuotaPart]:
    """What each of the quotas of one period is, so that nothing is counted twice.

    The won amount that a target is held against has every deal once. So roll-ups and overlays' quotas would ask for
    the same deals again: a target that counts them could not be reached by winning all that was planned.

    Args:
        people: the holder of each quota.
        managers: who manages the holder; None for nobody.
        roles: the holder's role (a ``PersonRole``); None where it is not known.
    """
    holders = set(people)
    pairs = zip(people, managers, strict=True)
    bosses = {manager for person, manager in pairs if manager is not None and manager != person} & holders
    return [
        QuotaPart.ROLL_UP
        if person in bosses
        else QuotaPart.OVERLAY
        if role == PersonRole.OVERLAY.value
        else QuotaPart.COUNTS
        for person, role in zip(people, roles, strict=True)
    ]


def quota_inside(amount: int, first: dt.date, last: dt.date, start: dt.date, end: dt.date) -> int:
    """What of a quota from ``first`` to ``last`` lies from ``start`` to ``end``: by days, rounded half up.

    Args:
        amount: minor units.
        first: the quota's first day.
        last: its last.
        start: the period's first day; the two overlap.
        end: its last.
    """
    inside = (min(last, end) - max(first, start)).days + 1
    return divide_half_up(amount * inside, (last - first).days + 1)


def not_counted(parts: Sequence[QuotaPart]) -> str:
    """What was not counted, as a part of a sentence; empty where all was."""
    names = ((QuotaPart.ROLL_UP, "managers"), (QuotaPart.OVERLAY, "overlays"))
    return ", ".join(f"{parts.count(part):,} of {who}" for part, who in names if part in parts)
