"""Taking back what was paid for business that did not last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from salesops_desktop.commission.proration import part_of
from salesops_desktop.commission.timing import months_kept
from salesops_desktop.model.money import PPM


class ClawbackRate(StrEnum):
    """At which rate business is taken back."""

    ORIGINAL = "original"
    """At what the sale itself was paid."""
    PRESENT = "present"
    """At the tier the total leaves: a refund is a negative credit that accumulates."""


@dataclass(frozen=True, slots=True)
class Clawback:
    """A plan's rule.

    Attributes:
        window_days: a cancellation more days after the credit costs nothing; None always costs.
        share: ppm of the pay that is taken back within the window.
        pro_rata: take back only the part of the window that is not yet served.
        rate: at which rate.
        paid_only: never more than has been paid out so far (holdbacks and instalments not yet due simply lapse).
        months: a sale is earned evenly over so many months: only the part of those not kept is taken back.
    """

    window_days: int | None = None
    share: int = PPM
    pro_rata: bool = False
    rate: ClawbackRate = ClawbackRate.ORIGINAL
    paid_only: bool = True
    months: int = 0


def claw_back(
    rule: Clawback,
    *,
    earned: int,
    paid: int,
    sold: int,
    cancelled: int,
    credited_on: dt.date,
    cancelled_on: dt.date,
) -> int:
    """What a cancellation takes back, minor units, never negative for positive pay (``rate`` ORIGINAL only).

    Args:
        rule: the plan's.
        earned: what the sale earned.
        paid: what of it has been paid out.
        sold: the sale's amount.
        cancelled: how much of it is cancelled.
        credited_on: the day of the sale.
        cancelled_on: the day of the cancellation.
    """
    if sold == 0 or cancelled == 0:
        return 0
    part = min(Fraction(abs(cancelled), abs(sold)), Fraction(1)) * Fraction(rule.share, PPM)
    if rule.window_days is not None:
        days = (cancelled_on - credited_on).days
        if days > rule.window_days:
            return 0
        if rule.pro_rata and rule.window_days > 0:
            part *= Fraction(rule.window_days - max(days, 0), rule.window_days)
    if rule.months:
        part *= 1 - min(Fraction(months_kept(credited_on, cancelled_on), rule.months), Fraction(1))
    taken = part_of(earned, part)
    if not rule.paid_only:
        return taken
    return max(min(taken, paid), 0) if earned >= 0 else min(max(taken, paid), 0)
