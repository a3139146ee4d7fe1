"""What an allocation of quotas is asked for, checked before anything is calculated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import PPM, Money, divide_half_up

Vacancies = Literal["hold", "spread"]


@dataclass(frozen=True, slots=True)
class QuotaSeat:
    """A territory that is to be given a quota. All amounts are minor units of one currency.

    Attributes:
        name: different from all others.
        potential: what its accounts could buy, not negative.
        history: what its accounts bought in the past window, not negative.
        growth: by how much its history has been growing, in ppm (100,000 is 10 %); more than -1,000,000.
        last: last year's quota, where there was one.
        capacity: full-time share of its person, in ppm; only reported, the territory's size speaks for itself.
        presence: per period, how much of a practised person is there, in ppm (ramp, late start, leave); all of it where
            empty.
        vacant: nobody works it yet.
        fixed: the quota it has been promised.
        floor: the least it gets, whatever the rule for all says.
        cap: the most it gets, whatever the rule for all says.
    """

    name: str
    potential: int = 0
    history: int = 0
    growth: int = 0
    last: int | None = None
    capacity: int = PPM
    presence: tuple[int, ...] = ()
    vacant: bool = False
    fixed: int | None = None
    floor: int | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A floor or cap for all: an amount, or a part of last year's quota in ppm; neither where both are None."""

    amount: int | None = None
    of_last: int | None = None

    def of(self, seat: QuotaSeat) -> int | None:
        """The limit of one territory in minor units; None where it has none."""
        if self.of_last is not None:
            return None if seat.last is None else divide_half_up(seat.last * self.of_last, PPM)
        return self.amount


@dataclass(frozen=True, slots=True)
class Mix:
    """What a quota goes by, each with its weight (any scale): potential, history, history carried on at its growth."""

    potential: int = 40
    history: int = 40
    trend: int = 20


@dataclass(frozen=True, slots=True)
class QuotaRequest:
    """A company target to be shared out.

    Attributes:
        target: minor units of ``currency``, more than 0.
        currency: ISO 4217 code.
        seats: the territories.
        mix: what shares go by.
        floor: the least for all.
        cap: the most for all.
        over: over-assignment in ppm: the territories' quotas come to so much more than the target, and managers carry
            the target.
        unit: what quotas are multiples of, in minor units.
        rest_on: the territory that takes what is finer than the unit; the largest one with room where empty.
        season: weight of each period of the year.
        vacancies: "hold" leaves a vacant territory its quota (somebody must cover it), "spread" shares it among the
            others.
    """

    target: int
    currency: str
    seats: Sequence[QuotaSeat]
    mix: Mix = field(default_factory=Mix)
    floor: Limit = field(default_factory=Limit)
    cap: Limit = field(default_factory=Limit)
    over: int = 0
    unit: int = 1
    rest_on: str = ""
    season: tuple[int, ...] = (1,)
    vacancies: Vacancies = "hold"

    @property
    def total(self) -> int:
        """What the territories' quotas come to: the target and the over-assignment."""
        return self.target + divide_half_up(self.target * self.over, PPM)

    def bounds(self, seat: QuotaSeat) -> tuple[int, int | None]:
        """The least and the most a territory may get."""
        if seat.fixed is not None:
            return seat.fixed, seat.fixed
        if seat.vacant and self.vacancies == "spread":
            return 0, 0
        low = self.floor.of(seat) if seat.floor is None else seat.floor
        high = self.cap.of(seat) if seat.cap is None else seat.cap
        return low or 0, high

    def shares(self) -> list[int]:
        """The claim of each territory by the mix and its person's presence, as whole numbers of one scale."""
        seats = self.seats
        columns = [
            (self.mix.potential, [seat.potential * PPM for seat in seats]),
            (self.mix.history, [seat.history * PPM for seat in seats]),
            (self.mix.trend, [seat.history * (PPM + seat.growth) for seat in seats]),
        ]
        used = [(weight, values, sum(values)) for weight, values in columns if weight]
        whole = 1
        for _, _, total in used:
            whole *= total
        claims = [
            sum(weight * values[i] * (whole // total) for weight, values, total in used) for i in range(len(seats))
        ]
        return [claim * self.present(seat) for claim, seat in zip(claims, seats, strict=True)]

    def present(self, seat: QuotaSeat) -> int:
        """How much of the year's weight a territory's person is there for, times the whole weight and a million."""
        presence = seat.presence or (PPM,) * len(self.season)
        return sum(weight * share for weight, share in zip(self.season, presence, strict=True))

    def said(self, amount: int) -> str:
        """An amount as a sentence shows it."""
        return str(Money(amount, self.currency))

    def check(self) -> None:
        """Refuse what makes no sense or cannot be met.

        Raises:
            FaultsError: with every fault, and what would fit.
        """
        faults = [*_plain_faults(self), *(fault for seat in self.seats for fault in _seat_faults(self, seat))]
        if not faults:
            faults = [*_mix_faults(self), *_fit_faults(self)]
        if faults:
            more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
            raise FaultsError(
                f"The quotas cannot be shared out: {faults[0].where}: {faults[0].what}{more}",
                faults,
                way_out=faults[0].way_out,
            )


def _plain_faults(ask: QuotaRequest) -> Iterator[Fault]:
    if not ask.seats:
        yield Fault("territories", "There are none to give a quota to.", "Design territories first.")
    if ask.target <= 0:
        yield Fault("target", f"{ask.said(ask.target)} is no target.", "Give an amount above 0.")
    if ask.unit < 1:
        yield Fault("rounding", "The unit must be at least the smallest unit of the currency.")
    if ask.over < 0:
        yield Fault("over-assignment", "It cannot be negative.")
    if not ask.season or min(ask.season) < 0 or sum(ask.season) == 0:
        yield Fault("season", "Periods need weights that are not negative, and one above 0.")
    weights = (ask.mix.potential, ask.mix.history, ask.mix.trend)
    if min(weights) < 0 or sum(weights) == 0:
        yield Fault("mix", "The weights must not be negative, and one must be above 0.")
    for name, count in Counter(seat.name for seat in ask.seats).items():
        if count > 1:
            yield Fault(name, f"{count} territories have this name.", "Rename all but one.")
    if ask.rest_on and ask.rest_on not in {seat.name for seat in ask.seats}:
        yield Fault("rest", f"There is no territory called {ask.rest_on!r}.")


def _seat_faults(ask: QuotaRequest, seat: QuotaSeat) -> Iterator[Fault]:
    for label, value in (("potential", seat.potential), ("history", seat.history), ("last year's quota", seat.last)):
        if value is not None and value < 0:
            yield Fault(seat.name, f"Its {label} is negative ({ask.said(value)}).", "Use 0 or the true amount.")
    if seat.growth < -PPM:
        yield Fault(seat.name, "Its growth is below -100 %.")
    if seat.presence and (len(seat.presence) != len(ask.season) or min(seat.presence) < 0):
        yield Fault(seat.name, f"Its presence needs {len(ask.season)} shares that are not negative.")
    low, high = ask.bounds(seat)
    if low < 0 or (high is not None and high < 0):
        yield Fault(seat.name, "A quota, floor or cap cannot be negative.")
    elif high is not None and low > high:
        yield Fault(
            seat.name,
            f"Its floor of {ask.said(low)} lies above its cap of {ask.said(high)}.",
            f"Lower the floor to {ask.said(high)}, or raise the cap to {ask.said(low)}.",
        )
    elif high is not None and seat.fixed is None and -(-low // max(ask.unit, 1)) > high // max(ask.unit, 1):
        yield Fault(
            seat.name,
            f"No multiple of {ask.said(ask.unit)} lies between its floor of {ask.said(low)} and its cap of "
            f"{ask.said(high)}.",
            "Round to a smaller unit, or fix its quota.",
        )


def _mix_faults(ask: QuotaRequest) -> Iterator[Fault]:
    sums = (
        ("potential", ask.mix.potential, sum(seat.potential for seat in ask.seats)),
        ("history", ask.mix.history, sum(seat.history for seat in ask.seats)),
        ("trend", ask.mix.trend, sum(seat.history * (PPM + seat.growth) for seat in ask.seats)),
    )
    for label, weight, total in sums:
        if weight and not total:
            yield Fault(
                f"mix: {label}", "It has a weight, but is 0 everywhere.", "Set its weight to 0, or fill in the data."
            )


def _fit_faults(ask: QuotaRequest) -> Iterator[Fault]:
    """Whether the whole fits between the floors and the caps, and what would."""
    total, unit = ask.total, ask.unit
    bounds = [ask.bounds(seat) for seat in ask.seats]
    free = [seat.fixed is None for seat in ask.seats]
    fixed = sum(seat.fixed or 0 for seat in ask.seats)
    least = sum(low for low, _ in bounds)
    open_ended = any(high is None for _, high in bounds)
    most = sum(high or 0 for _, high in bounds)
    aim = f"the whole of {ask.said(total)}"
    if fixed > total:
        yield Fault("fixed quotas", f"They come to {ask.said(fixed)}, more than {aim}.", "Lower them or the floor.")
    elif not any(free) and fixed != total:
        yield Fault("fixed quotas", f"All are fixed and come to {ask.said(fixed)}, not {aim}.", "Leave one open.")
    elif least > total:
        ratio = (total - fixed) * 1000 // (least - fixed) / 10
        yield Fault(
            "floors",
            f"With the fixed quotas they come to {ask.said(least)}, more than {aim}.",
            f"They fit at {ratio:g} % of their height, or with {ask.said(least)} to share.",
        )
    elif not open_ended and most < total:
        way = f"{ask.said(most)} can be shared at most"
        if most > fixed:
            way += f"; the caps fit at {-(-(total - fixed) * 1000 // (most - fixed)) / 10:g} % of their height"
        yield Fault("caps", f"With the fixed quotas they come to {ask.said(most)}, less than {aim}.", f"{way}.")
    elif any(free):
        units = (total - fixed) // unit
        within = [bound for bound, is_free in zip(bounds, free, strict=True) if is_free]
        low_units = sum(-(-low // unit) for low, _ in within)
        high_units = sum((high or 0) // unit for _, high in within)
        if low_units > units or (all(high is not None for _, high in within) and high_units < units):
            yield Fault(
                "rounding",
                f"In steps of {ask.said(unit)} the floors and caps leave no way to share {aim} exactly.",
                "Round to a smaller unit.",
            )
