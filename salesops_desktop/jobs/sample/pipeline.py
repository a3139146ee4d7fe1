"""The opportunities of three years, and the pipeline as it stood at each month's end."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.jobs.sample import calendar
from salesops_desktop.jobs.sample.accounts import SEGMENTS, Account
from salesops_desktop.jobs.sample.catalogue import Product
from salesops_desktop.jobs.sample.roster import Roster
from salesops_desktop.model.progress import Progress, silent

_RUN_IN = 270
"""Days before the window on which the first sales begin, so that it opens with a full pipeline."""
STAGES: tuple[tuple[str, int], ...] = (
    ("Prospecting", 10),
    ("Qualification", 20),
    ("Needs Analysis", 40),
    ("Proposal", 60),
    ("Negotiation", 80),
)
"""Open stages and the probability in percent that the CRM shows for each."""
_STAGE_SHARES = np.array((0.16, 0.2, 0.22, 0.24, 0.18)) * 14
"""Of the time a sale takes, in each stage, as weights of a Dirichlet draw."""
_MONTH_WEIGHT = (0.92, 0.98, 1.1, 0.97, 1.0, 1.08, 0.86, 0.8, 1.08, 1.02, 1.08, 1.0)
KINDS = ("New Business", "Expansion", "Renewal")
_KIND_LIMITS = (0.52, 0.85)
_KIND_EASE = (-0.35, 0.25, 1.1)
SOURCES = ("Website", "Referral", "Trade Show", "Partner", "Outbound", "Webinar", "Existing Customer")
_SOURCE_EASE = (0.0, 0.5, -0.1, 0.35, -0.3, -0.1, 0.3)
LOST_REASONS = ("Price", "No decision", "Competitor", "Timing", "Missing feature", "No budget")
_DISCOUNTS = (0.0, 0.03, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2)


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A sale from beginning to end; days are day numbers, money minor units of the account's currency.

    ``closed`` is when it ends, also for those still open today; nothing in the files tells that day.
    """

    number: int
    account: Account
    product: Product
    kind: str
    source: str
    quantity: int
    amount: int
    created: int
    closed: int
    won: bool
    first_guess: int
    """When the rep expected it to close at the start."""
    drift: float
    """How far off the first amount was, as a fraction of the last."""
    pace: tuple[float, ...]
    """When each stage ended, as fractions of the time from created to closed."""
    judgement: float
    """A draw that decides how boldly the rep forecasts it."""
    lost_reason: str

    @property
    def external_id(self) -> str:
        """The CRM's id."""
        return f"006Q0000{self.number + 1:07d}"

    @property
    def name(self) -> str:
        """What the rep called it."""
        return f"{self.account.name.rsplit(' ', 1)[0]} - {self.product.name}"

    def open_on(self, day: int) -> bool:
        """Whether it had begun and not ended."""
        return self.created <= day < self.closed


@dataclass(frozen=True, slots=True)
class Standing:
    """An open opportunity as it stood on a day."""

    opportunity: Opportunity
    day: int
    owner: int
    stage: str
    probability: int
    amount: int
    close_on: int
    category: str


def standing(opportunity: Opportunity, day: int, roster: Roster) -> Standing:
    """How an open opportunity stood: the stage reached, the amount and close date then believed, the category."""
    length = max(1, opportunity.closed - opportunity.created)
    done = (day - opportunity.created) / length
    stage = sum(done >= end for end in opportunity.pace)
    believed = round(opportunity.amount * (1 + opportunity.drift * (1 - done)) / 100) * 100
    expected = opportunity.first_guess
    if opportunity.closed - day < 25 and opportunity.judgement < 0.7:
        expected = opportunity.closed
    elif expected <= day and opportunity.judgement < 0.95:
        # Reps push a missed date month by month; a few never do, and the CRM shows a date gone by.
        expected += 30 * (1 + (day - expected) // 30)
    return Standing(
        opportunity,
        day,
        roster.holder(opportunity.account.seat, day),
        STAGES[stage][0],
        STAGES[stage][1],
        max(believed, 10_000),
        calendar.working_day(expected),
        _category(opportunity, stage),
    )


def _category(opportunity: Opportunity, stage: int) -> str:
    """Late stages are committed more often when they will be won: reps know something."""
    bold = opportunity.judgement < (0.72 if opportunity.won else 0.3)
    if stage == len(STAGES) - 1:
        return "Commit" if bold else "Best Case"
    if stage == len(STAGES) - 2:
        return "Best Case" if bold else "Pipeline"
    return "Omitted" if stage == 0 and opportunity.judgement > 0.9 else "Pipeline"


def make_opportunities(
    rng: np.random.Generator,
    accounts: Sequence[Account],
    products: Sequence[Product],
    roster: Roster,
    *,
    count: int,
    first: int,
    last: int,
    progress: Progress = silent,
) -> tuple[Opportunity, ...]:
    """Make the opportunities that end after ``first`` and begin until ``last``, in order of their beginning.

    Args:
        rng: the source of chance.
        accounts: large potentials get more.
        products: chosen to fit the size of the deal.
        roster: skill and time in the job of whoever holds the seat decide with.
        count: about how many.
        first: the first day of the window.
        last: today.
        progress: told every few hundred.
    """
    appeal = np.array([account.potential for account in accounts], dtype=float) ** 0.55
    appeal *= [math.exp(roster.people[roster.seats[a.seat].holders[0]].skill * 0.6) for a in accounts]
    chosen = rng.choice(len(accounts), size=count, p=appeal / appeal.sum())
    days = np.sort(_beginnings(rng, count, first - _RUN_IN, last))
    sold = [product for product in products if product.active]
    prices = np.log([product.list_price / 100 for product in sold])
    made: list[Opportunity] = []
    for i, (day, pick) in enumerate(zip(days, chosen, strict=True)):
        if i % 500 == 0:
            progress(i, count, "Opportunities")
        account = accounts[int(pick)]
        begun = calendar.working_day(int(day))
        if account.created > begun:
            begun = calendar.working_day(min(account.created + 3, last))
        sale = _opportunity(rng, len(made), account, sold, prices, roster, begun)
        if sale.closed >= first:
            made.append(sale)
    return tuple(made)


def _beginnings(rng: np.random.Generator, count: int, first: int, last: int) -> npt.NDArray[np.int64]:
    """Days on which opportunities begin: 14 % more each year, a season, hardly any at weekends."""
    days = np.arange(first, last + 1)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    weight = np.array(_MONTH_WEIGHT)[months] * 1.14 ** ((days - first) / 365.25)
    weight *= np.where((days + 3) % 7 < 5, 1.0, 0.04)
    picked: npt.NDArray[np.int64] = rng.choice(days, size=count, p=weight / weight.sum())
    return picked


def _opportunity(
    rng: np.random.Generator,
    number: int,
    account: Account,
    products: Sequence[Product],
    prices: npt.NDArray[np.float64],
    roster: Roster,
    begun: int,
) -> Opportunity:
    segment = SEGMENTS[account.segment]
    kind = bisect.bisect(_KIND_LIMITS, rng.random())
    source = 6 if kind else int(rng.integers(6))
    size = segment.deal * (account.potential / 100 / math.exp(segment.potential[0])) ** 0.35 * rng.lognormal(0, 0.85)
    product, quantity, amount = _basket(rng, products, prices, size)
    owner = roster.people[roster.holder(account.seat, begun)]
    cycle = segment.cycle_days * rng.lognormal(0.0, 0.5) * (0.6 if kind == 2 else 1.0)
    tenure = begun - owner.start
    odds = -0.62 + _KIND_EASE[kind] + _SOURCE_EASE[source] + product.ease + owner.skill
    odds += -0.7 * math.exp(-max(tenure, 0) / 120.0) - 0.18 * math.log(size / segment.deal)
    won = bool(rng.random() < 1 / (1 + math.exp(-odds)))
    closed = begun + max(4, round(cycle * (1.0 if won else rng.lognormal(-0.15, 0.45))))
    closed = max(_close_day(rng, closed, won=won), calendar.next_working_day(begun + 1))
    ends = rng.standard_gamma(_STAGE_SHARES).cumsum()
    ends /= ends[-1]
    # Most lost sales never see the last stages: they sit where they are until somebody closes them.
    reach = 1.0 if won else float(rng.uniform(0.35, 1.0))
    return Opportunity(
        number,
        account,
        product,
        KINDS[kind],
        SOURCES[source],
        quantity,
        amount,
        begun,
        closed,
        won,
        calendar.working_day(begun + max(7, round(segment.cycle_days * rng.lognormal(-0.1, 0.3)))),
        min(0.6, max(-0.4, float(rng.normal(0.04, 0.18)))),
        tuple(float(end) / reach for end in ends[:-1]),
        float(rng.random()),
        "" if won else LOST_REASONS[int(rng.integers(len(LOST_REASONS)))],
    )


def _basket(
    rng: np.random.Generator, products: Sequence[Product], prices: npt.NDArray[np.float64], size: float
) -> tuple[Product, int, int]:
    """A product, a quantity and the amount after discount for a deal of about ``size`` major units."""
    fit = np.exp(-(((math.log(size) - 1.6 - prices) / 1.7) ** 2)).cumsum()
    product = products[int(fit.searchsorted(rng.random() * fit[-1], side="right"))]
    quantity = max(1, round(size * 100 / product.list_price))
    discount = round(1000 * _DISCOUNTS[int(rng.integers(len(_DISCOUNTS)))])
    return product, quantity, product.list_price * quantity * (1000 - discount) // 1000


def _close_day(rng: np.random.Generator, day: int, *, won: bool) -> int:
    """Working days only; what can be won this quarter is pulled into its last days."""
    end = calendar.quarter_of(day)[1]
    if won and 0 < end - day < 40 and rng.random() < 0.38:
        day = end - int(rng.exponential(3.5))
    elif won and day - calendar.quarter_of(day)[0] < 14 and rng.random() < 0.5:
        day = calendar.quarter_of(day)[0] - 1 - int(rng.exponential(2.0))
    return calendar.working_day(day)


def month_ends(first: int, last: int) -> list[int]:
    """The days on which the pipeline is kept: each month's end within the window, and today."""
    ends = [start - 1 for start in calendar.month_starts(first + 1, last + 1)]
    return ends if ends and ends[-1] == last else [*ends, last]


def snapshots(
    opportunities: Sequence[Opportunity], roster: Roster, first: int, last: int, progress: Progress = silent
) -> Iterator[Standing]:
    """The open pipeline at every month's end, oldest first."""
    days = month_ends(first, last)
    for i, day in enumerate(days):
        progress(i, len(days), "Pipeline snapshots")
        yield from (standing(sale, day, roster) for sale in opportunities if sale.open_on(day))
