"""When what a line earns is due: on booking, as the deal is invoiced or paid, as the contract is kept, at window's end.

What is due by a day is one rounding of the exact share of the whole, so parts due earlier and later always add up to
what was earned; what waits lapses when the deal goes, and only what was paid has to come back.
"""

from __future__ import annotations

import calendar as calendars
import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from salesops_desktop.commission.proration import part_of
from salesops_desktop.model.money import PPM, Money


@dataclass(frozen=True, slots=True)
class Timing:
    """What a component says of it. The shares are ppm of a line's pay, 100 % together.

    Attributes:
        booking: due with the run that earns it.
        invoice: due as the deal is invoiced, in proportion.
        payment: due as it is paid, in proportion.
        kept: due evenly over ``months``, month by month that the contract is kept.
        window_end: due when the component's window has ended.
        months: how long a contract earns what is ``kept``.
        advance: whether ``booking`` is paid ahead of what ``months`` earn: the whole is earned evenly, and nothing more
            is due until the advance is earned.
    """

    booking: int = PPM
    invoice: int = 0
    payment: int = 0
    kept: int = 0
    window_end: int = 0
    months: int = 0
    advance: bool = False

    @property
    def shares(self) -> tuple[int, ...]:
        """All shares, booking first."""
        return self.booking, self.invoice, self.payment, self.kept, self.window_end


@dataclass(frozen=True, slots=True)
class Course:
    """How a deal has gone by a day; money in minor units of one currency.

    Attributes:
        sold: booked, less what was refunded or cancelled.
        invoiced: so far.
        paid: so far.
        since: the day from which months count.
        ended: the day on which the whole deal was cancelled.
        window_over: whether the window it earned in has ended.
    """

    sold: int = 0
    invoiced: int = 0
    paid: int = 0
    since: dt.date | None = None
    ended: dt.date | None = None
    window_over: bool = False


def months_kept(since: dt.date, until: dt.date) -> int:
    """Whole months from ``since`` to ``until``: one is over when its day of the month comes, or the month's last."""
    months = (until.year - since.year) * 12 + until.month - since.month
    last = calendars.monthrange(until.year, until.month)[1]
    return max(months - (until.day < min(since.day, last)), 0)


def due_share(timing: Timing, course: Course, day: dt.date) -> Fraction:
    """The share of what was earned that is due by ``day``. A deal of which nothing is left has nothing to wait for."""
    if course.ended is not None and course.ended <= day:
        return Fraction(1)
    earned = Fraction(0)
    if timing.months:
        kept = months_kept(course.since, day) if course.since is not None else timing.months
        earned = min(Fraction(kept, timing.months), Fraction(1))
    if timing.advance:
        return max(Fraction(timing.booking, PPM), earned)
    share = timing.booking + timing.kept * earned
    share += timing.invoice * _part(course.invoiced, course.sold) + timing.payment * _part(course.paid, course.sold)
    if course.window_over:
        share += timing.window_end
    return share / PPM


def _part(done: int, whole: int) -> Fraction:
    return Fraction(1) if whole == 0 else min(max(Fraction(done, whole), Fraction(0)), Fraction(1))


def due(pay: int, timing: Timing, course: Course, day: dt.date) -> int:
    """What of ``pay`` (minor units, what the whole deal has earned so far) is due by ``day``; debts are due at once."""
    return pay if pay <= 0 else part_of(pay, due_share(timing, course, day))


def due_sentence(timing: Timing, course: Course, day: dt.date, currency: str) -> str:
    """Why so much is due, in words.

    Args:
        timing: of the component.
        course: of the deal.
        day: by when.
        currency: ISO code of the deal's money.
    """
    if course.ended is not None and course.ended <= day:
        return f"The deal ended on {course.ended}: nothing of it waits any longer."
    said = []
    if timing.booking:
        said.append(f"{_percent(timing.booking)} {'in advance' if timing.advance else 'at booking'}")
    if timing.invoice:
        said.append(f"{_percent(timing.invoice)} as it is invoiced ({_of(course.invoiced, course.sold, currency)})")
    if timing.payment:
        said.append(f"{_percent(timing.payment)} as it is paid ({_of(course.paid, course.sold, currency)})")
    if timing.months:
        kept = min(months_kept(course.since, day), timing.months) if course.since else timing.months
        what = "the whole earned" if timing.advance else _percent(timing.kept)
        said.append(f"{what} over {timing.months} months ({kept} kept)")
    if timing.window_end:
        over = "has ended" if course.window_over else "has not ended"
        said.append(f"{_percent(timing.window_end)} at the end of the window, which {over}")
    return f"By {day}: {', '.join(said)}."


def _of(done: int, whole: int, currency: str) -> str:
    return f"{Money(done, currency)} of {Money(whole, currency)}"


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:g} %"
