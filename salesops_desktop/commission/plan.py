"""What an incentive plan is made of. Money is in minor units of the plan's currency, shares and rates in ppm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from salesops_desktop.expressions import Rounding
from salesops_desktop.model.enums import Measure


class TierMode(StrEnum):
    """How a rate table turns a measured total into pay."""

    FLAT = "flat"
    """One rate for everything."""
    MARGINAL = "marginal"
    """Each tier's rate pays only the part of the total that lies in the tier."""
    RETROACTIVE = "retroactive"
    """The tier reached pays the whole total (a "cliff")."""


class Basis(StrEnum):
    """What the bounds of the tiers are measured in."""

    AMOUNT = "amount"
    """Minor units of the plan's currency."""
    ATTAINMENT = "attainment"
    """Ppm of the quota; in money each bound is rounded half up to the minor unit."""


class BoundarySide(StrEnum):
    """Which tier a total lies in that is exactly on a bound; matters for retroactive tiers only."""

    UPPER = "upper"
    """Reaching the bound is enough."""
    LOWER = "lower"
    """The bound must be exceeded."""


class Window(StrEnum):
    """Over what a total accumulates; each window starts again at zero."""

    LINE = "line"
    """Each credit stands alone."""
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class RoundingStage(StrEnum):
    """Where the fraction of a minor unit goes."""

    TELESCOPING = "telescoping"
    """Line pay = R(F(after)) - R(F(before)): the lines always add up to the rounded total."""
    LINE = "line"
    """Line pay = R(F(after) - F(before)): each line is right by itself, the sum may drift."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of a rate table: from ``lower`` up to ``upper`` (None: without end) at ``rate`` ppm."""

    lower: int
    upper: int | None
    rate: int


@dataclass(frozen=True, slots=True)
class RateTable:
    """The tiers of a component, lowest first."""

    tiers: tuple[Tier, ...]
    mode: TierMode = TierMode.MARGINAL
    basis: Basis = Basis.AMOUNT
    boundary: BoundarySide = BoundarySide.UPPER

    @classmethod
    def flat(cls, rate: int) -> RateTable:
        """One rate (ppm) for everything."""
        return cls((Tier(0, None, rate),), TierMode.FLAT)

    @classmethod
    def of(
        cls,
        steps: Sequence[tuple[int, int]],
        mode: TierMode = TierMode.MARGINAL,
        basis: Basis = Basis.AMOUNT,
        boundary: BoundarySide = BoundarySide.UPPER,
    ) -> RateTable:
        """Tiers without gaps from (lower bound, rate) pairs; the last has no end."""
        uppers = [*(lower for lower, _ in steps[1:]), None]
        tiers = tuple(Tier(lower, upper, rate) for (lower, rate), upper in zip(steps, uppers, strict=True))
        return cls(tiers, mode, basis, boundary)


@dataclass(frozen=True, slots=True)
class Component:
    """One way of earning in a plan.

    Attributes:
        name: unique in the plan.
        rates: the rate table.
        measure: formula of what is counted per credit; must yield money, in the plan's currency.
        filter: formula of which credits count; empty counts all.
        window: over what the total accumulates.
        quota: which quota attainment is measured against (tiers by attainment only).
        cap: most that a window can pay, in minor units; None for no cap.
        rounding: what happens to fractions of a minor unit.
        stage: where it happens.
    """

    name: str
    rates: RateTable
    measure: str = "Amount"
    filter: str = ""
    window: Window = Window.QUARTER
    quota: Measure = Measure.BOOKINGS
    cap: int | None = None
    rounding: Rounding = Rounding.HALF_UP
    stage: RoundingStage = RoundingStage.TELESCOPING


@dataclass(frozen=True, slots=True)
class Plan:
    """An incentive plan. Both effective dates are included; no end means until further notice."""

    name: str
    currency: str
    effective_from: dt.date
    components: tuple[Component, ...]
    effective_to: dt.date | None = None


@dataclass(frozen=True, slots=True, order=True)
class PlanAssignment:
    """A person is paid by a plan from ``start`` to ``end``, both included."""

    person: int
    plan: str
    start: dt.date
    end: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """A person's target in minor units, for the days from ``start`` to ``end``, both included."""

    person: int
    measure: Measure
    start: dt.date
    end: dt.date
    amount: int
    currency: str
