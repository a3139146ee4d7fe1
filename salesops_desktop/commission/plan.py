"""What an incentive plan is made of. Money is in minor units of the plan's currency, shares and rates in ppm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from salesops_desktop.commission.clawbacks import Clawback
from salesops_desktop.commission.draws import Draw
from salesops_desktop.commission.exchange import RateDay
from salesops_desktop.commission.proration import Proration
from salesops_desktop.commission.timing import Timing
from salesops_desktop.expressions import Rounding
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.money import PPM


class TierMode(StrEnum):
    """How a rate table turns a measured total into pay."""

    FLAT = "flat"
    """One rate for everything."""
    MARGINAL = "marginal"
    """Each tier's rate pays only the part of the total that lies in the tier."""
    RETROACTIVE = "retroactive"
    """The tier reached pays the whole total (a "cliff")."""
    WHOLE_OVERAGE = "whole overage"
    """The first tier pays its part; all above it is paid at the rate of the tier reached."""
    STEP = "step"
    """The tier reached pays its value, whatever the total: a bonus, or a share of the target incentive."""
    CURVE = "curve"
    """As steps, but in a straight line from each tier's value to the next one's; level after the last."""
    OWN_OUTPUT = "own output"
    """Marginal, the bounds measured in what is left to the company (a sliding scale on its own result)."""


class Basis(StrEnum):
    """What the bounds of the tiers are measured in."""

    AMOUNT = "amount"
    """Minor units of the plan's currency."""
    ATTAINMENT = "attainment"
    """Ppm of the quota; in money each bound is rounded half up to the minor unit."""


class Pays(StrEnum):
    """What the values of a rate table are parts of."""

    MEASURE = "measure"
    """Ppm of the measured money."""
    TARGET = "target incentive"
    """Ppm of the person's target incentive for the window. In tiers that are not steps: of the target incentive for the
    part of the quota that lies in the tier, so that 100 % in every tier pays the target at quota."""
    AMOUNT = "amount"
    """Minor units: of a step, or per unit where units are measured."""


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
    CONTRACT = "contract"
    """From the first credit of the contract on, however long it runs."""


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
    """The tiers of a component, lowest first.

    Bounds are minor units of money, or millionths of a unit where units are measured; see ``Basis``.
    """

    tiers: tuple[Tier, ...]
    mode: TierMode = TierMode.MARGINAL
    basis: Basis = Basis.AMOUNT
    boundary: BoundarySide = BoundarySide.UPPER
    pays: Pays = Pays.MEASURE

    @property
    def stepped(self) -> bool:
        """Whether a tier's value is paid itself, not times the total."""
        return self.mode in (TierMode.STEP, TierMode.CURVE)

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
        pays: Pays = Pays.MEASURE,
    ) -> RateTable:
        """Tiers without gaps from (lower bound, rate) pairs; the last has no end."""
        uppers = [*(lower for lower, _ in steps[1:]), None]
        tiers = tuple(Tier(lower, upper, rate) for (lower, rate), upper in zip(steps, uppers, strict=True))
        return cls(tiers, mode, basis, boundary, pays)


class AxisKind(StrEnum):
    """What an axis of a lookup looks at."""

    FORMULA = "formula"
    """A number of each credit: its bounds are millionths."""
    ATTAINMENT = "attainment"
    """A component's total over its quota at the end of the period, ppm."""
    SCORE = "score"
    """A person's score for the window, ppm."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of a lookup.

    Attributes:
        kind: what it looks at.
        by: the formula, or the name of the component or score.
        bounds: where its cells begin, ascending; what lies below the first is in the first.
        exceeded: bounds that must be exceeded, not only reached (by place).
    """

    kind: AxisKind
    by: str
    bounds: tuple[int, ...]
    exceeded: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table of one or more dimensions; ``values`` in row-major order, the last axis running fastest."""

    axes: tuple[Axis, ...]
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """A multiplier of a component's pay: a score, or looked up. 1,000,000 changes nothing.

    Attributes:
        name: what it is called; the score's name where there is no ``table``.
        table: the factor by its axes (attainments and scores only).
        missing: the score to use where a person has none; None stops the run and names the people.
    """

    name: str
    table: Lookup | None = None
    missing: int | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """A hurdle: the component pays by its rates only when all of ``components`` have been attained.

    Attributes:
        components: names of components with a quota.
        attainment: ppm of each one's quota that must be reached by the end of the period.
        otherwise: the rates until then; None pays nothing.
    """

    components: tuple[str, ...]
    attainment: int
    otherwise: RateTable | None = None


class Source(StrEnum):
    """Whose business a component counts."""

    OWN = "own credits"
    TEAM_CREDITS = "credits of the team"
    """Of everyone who reports to the person on the credit date, at any depth up to ``Component.depth``."""
    TEAM_PAY = "pay of the team"
    """What those people's components earn by their own credits (an override on commission)."""
    GIVEN_UP = "given up to managers"
    """What managers carve out of the person's own pay: less than nothing, so that the pool's total stays the same."""

    @property
    def on_pay(self) -> bool:
        """Whether pay is counted, not credits."""
        return self in (Source.TEAM_PAY, Source.GIVEN_UP)


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
        deal_cap: most that one line can pay or take back, in minor units.
        deal_floor: least that a line pays that pays anything, in minor units.
        lookup: the rate of each credit by a table instead of ``rates`` (ppm of what is measured, or of the target
            incentive; ``rates.pays`` says which).
        factors: what the pay is multiplied by.
        gate: what must be attained before ``rates`` hold.
        weight: ppm of the target incentive this component stands for.
        source: whose business counts.
        depth: how many levels of reports a team source reaches; None all.
        carve: ppm of the team's pay that is carved out of it for the person, by largest remainder, from people whose
            plan gives it up; None pays beside it. What the rates pay is then of the part carved out.
        contract: formula of the contract a credit belongs to (window CONTRACT).
        rounding: what happens to fractions of a minor unit.
        stage: where it happens.
        timing: when what lines earn is due; None with the run that earns it.
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
    deal_cap: int | None = None
    deal_floor: int | None = None
    lookup: Lookup | None = None
    factors: tuple[Factor, ...] = ()
    gate: Gate | None = None
    weight: int = PPM
    source: Source = Source.OWN
    depth: int | None = None
    contract: str = ""
    timing: Timing | None = None
    carve: int | None = None

    @property
    def carves(self) -> bool:
        """Whether it takes its part out of the pay of the team."""
        return self.source is Source.TEAM_PAY and self.carve is not None


@dataclass(frozen=True, slots=True)
class PayTerms:
    """How what a person earns by a plan in a period becomes what is paid. Money in minor units of the plan's currency.

    Attributes:
        cap: most that is paid for ``cap_window``, over all components.
        cap_window: over what the cap and the floor hold.
        refundable: whether pay above the cap waits and fills up what refunds take away later in the window; else it is
            lost.
        floor: least that is paid by the end of each period of ``cap_window`` together, whatever is earned.
        holdback: ppm of each period's pay that waits.
        release_after: after how many periods it is released.
        draw: what is paid ahead.
        carry: whether less than nothing is carried into the next period; else it is taken off the salary.
        instalments: ppm of each period's pay that is paid in it and in the periods that follow, 100 % together; empty
            pays all at once. What is held back is taken off first.
    """

    cap: int | None = None
    cap_window: Window = Window.YEAR
    refundable: bool = False
    floor: int | None = None
    holdback: int = 0
    release_after: int = 1
    draw: Draw | None = None
    carry: bool = True
    instalments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """An incentive plan. Both effective dates are included; no end means until further notice.

    Attributes:
        name: unique.
        currency: ISO code of what is earned and paid.
        effective_from: first day.
        components: the ways of earning.
        effective_to: last day.
        terms: how earnings become payments.
        clawback: what a cancellation takes back; None leaves it to the accumulation (refunds are negative credits).
        proration: quotas and target incentives of those who serve a part of a period; None takes them as entered.
        rate_day: which day's exchange rate turns credits into ``currency``.
    """

    name: str
    currency: str
    effective_from: dt.date
    components: tuple[Component, ...]
    effective_to: dt.date | None = None
    terms: PayTerms = PayTerms()
    clawback: Clawback | None = None
    proration: Proration | None = None
    rate_day: RateDay = RateDay.CREDIT


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


@dataclass(frozen=True, slots=True)
class TargetIncentive:
    """What a person is to earn at 100 % of target, in minor units, for the days from ``start`` to ``end``."""

    person: int
    start: dt.date
    end: dt.date
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Score:
    """A person's score (objectives, satisfaction), ppm, for the days from ``start`` to ``end``, both included."""

    person: int
    name: str
    start: dt.date
    end: dt.date
    value: int


@dataclass(frozen=True, slots=True)
class Reporting:
    """``person`` reports to ``manager`` from ``start`` to ``end``, both included; no end means until further notice."""

    person: int
    manager: int
    start: dt.date
    end: dt.date | None = None
