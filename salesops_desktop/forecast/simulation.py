"""Monte Carlo of a period's result: open deals, and deals that nobody has created yet.

Everything random is drawn once. A scenario only moves the thresholds that the drawn numbers are compared with (common
random numbers), so that sliders redraw smoothly and two scenarios differ by their assumptions, never by luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.progress import Progress, silent

Vector = npt.NDArray[np.float64]

PATHS = 4000
SPEEDS: Vector = np.array([0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0])
"""Speeds at which outlooks are worked out: 1 ÷ the cycle's stretch. Between them chances are interpolated."""

NORMAL = 7
"""The place of speed 1 in :data:`SPEEDS`."""

DRIVERS = 10

_INDIVIDUAL = 1000
_CHUNK = 250
_CANDIDATES = 60
_POOL = 200_000
_LIMITS = {"win_rate": 3.0, "deal_size": 5.0, "cycle": 4.0, "heads": 5.0, "ramp": 2.0}


@dataclass(frozen=True, slots=True)
class Scenario:
    """What could be otherwise; 1 is as the past teaches.

    Attributes:
        win_rate: factor on the hazard of winning, of open and new deals (a small chance grows in proportion, a great
            one stays below 1).
        deal_size: factor on all amounts still to be won.
        cycle: how much longer deals take: at 1.25 the period holds only 1 ÷ 1.25 of its days of progress.
        heads: sellers against today: new deals are created in proportion.
        ramp: what an added seller creates within the period, against a settled one.
    """

    win_rate: float = 1.0
    deal_size: float = 1.0
    cycle: float = 1.0
    heads: float = 1.0
    ramp: float = 1.0

    def checked(self) -> Scenario:
        """The scenario itself.

        Raises:
            InputRefusedError: naming every assumption out of bounds.
        """
        wrong = []
        for name, limit in _LIMITS.items():
            value, least = getattr(self, name), 0.25 if name == "cycle" else 0.0
            if not least <= value <= limit:
                wrong.append(f"{name} is {value:g}, must lie between {least:g} and {limit:g}")
        if wrong:
            raise InputRefusedError(f"The scenario cannot be drawn: {'; '.join(wrong)}.")
        return self

    @property
    def creation(self) -> float:
        """Factor on the number of deals created."""
        return self.heads if self.heads <= 1 else 1 + (self.heads - 1) * self.ramp


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What a period's result is drawn from.

    Attributes:
        ids: (n,) the open deals.
        amounts: (n,) what each brings when won, in minor units.
        hazards: (speeds, n) cumulative hazard of a win within the period: −ln(1 − chance), by :data:`SPEEDS`.
        won_minor: won in the period already.
        shock: standard deviation of the logarithm of what moves the expected value of all deals together.
        new_wins: (speeds,) wins expected within the period from deals not yet created.
        new_amounts: (m,) amounts that new wins are drawn from.
        new_shock: the same for what new deals bring; of it ``shock`` is the common part.
        target: the period's target in minor units, None without one.
    """

    ids: npt.NDArray[np.int64]
    amounts: Vector
    hazards: Vector
    won_minor: int
    shock: float
    new_wins: Vector
    new_amounts: Vector
    new_shock: float
    target: int | None = None


@dataclass(frozen=True, slots=True)
class Driver:
    """An open deal on which the period's result hangs.

    Attributes:
        deal: its id.
        amount_minor: what it brings when won.
        chance: of a win within the period.
        variance_share: its part of the variance that the deals' own luck gives to the result.
        reach_won: chance of reaching the target when it is won; None without a target.
        reach_lost: when it is not.
    """

    deal: int
    amount_minor: int
    chance: float
    variance_share: float
    reach_won: float | None
    reach_lost: float | None


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """All that is random, drawn once.

    ``thresholds`` holds, per path and individually drawn deal, the cumulative hazard at which the deal is won; a
    deal's exponential variate ÷ the path's common shock of the hazards. ``created`` moves the deals not yet created.
    """

    individual: npt.NDArray[np.intp]
    rest: npt.NDArray[np.intp]
    thresholds: npt.NDArray[np.float32]
    common: Vector
    spread: Vector
    created: Vector
    count: Vector
    offset: npt.NDArray[np.int64]
    pool: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """The distribution of a period's result.

    Attributes:
        totals: (paths,) results, sorted: won so far, open deals and new ones; minor units.
        open_part: (paths,) won from open deals, in the order drawn.
        new_part: (paths,) won from deals not yet created, in the same order.
        scenario: what was assumed.
        outlook: what it was drawn from.
        drivers: the open deals that matter most.
    """

    totals: Vector
    open_part: Vector
    new_part: Vector
    scenario: Scenario
    outlook: Outlook
    drivers: tuple[Driver, ...]
    _draws: _Draws = field(repr=False)

    def quantile(self, share: float) -> int:
        """The result that ``share`` of the paths stay below; 0.1, 0.5 and 0.9 give P10, P50 and P90."""
        return round(float(np.quantile(self.totals, share)))

    def quantiles(self, shares: Sequence[float], part: str = "total") -> tuple[int, ...]:
        """Quantiles of the ``total``, of the ``open`` deals' part or of the ``new`` deals' part."""
        values = {"total": self.totals, "open": self.open_part, "new": self.new_part}[part]
        return tuple(round(float(value)) for value in np.quantile(values, shares))

    @property
    def mean(self) -> int:
        """The expected result."""
        return round(float(self.totals.mean()))

    def chance_of(self, target: int) -> float:
        """The share of the paths that reach ``target`` minor units."""
        return 1.0 - int(np.searchsorted(self.totals, target, side="left")) / len(self.totals)

    @property
    def chance_of_target(self) -> float | None:
        """The chance of reaching the outlook's own target; None without one."""
        return None if self.outlook.target is None else self.chance_of(self.outlook.target)

    def under(self, scenario: Scenario, *, drivers: bool = False) -> Simulation:
        """The same draws under other assumptions; quick enough to follow a slider.

        Args:
            scenario: the assumptions.
            drivers: also look for the deals that matter most, which costs as much again.

        Raises:
            InputRefusedError: an assumption is out of bounds.
        """
        return _drawn(self.outlook, self._draws, scenario.checked(), with_drivers=drivers)


def simulate(outlook: Outlook, *, seed: int, paths: int = PATHS, progress: Progress = silent) -> Simulation:
    """Draw a period's result.

    Every deal's win is its own; one shock per path (Student t with 5 degrees of freedom, on the logarithm of all
    hazards) makes deals of one period rise and fall together, for independent draws alone make the range far too
    narrow. Beyond the thousand deals that vary most, the many small ones are drawn as one normal sum.

    Args:
        outlook: the deals and rates.
        seed: same seed, same result.
        paths: how many results are drawn.
        progress: told once.
    """
    progress(0, 1, "Simulating the period")
    return _drawn(outlook, _draws(outlook, seed, paths), Scenario(), with_drivers=True)


def _draws(outlook: Outlook, seed: int, paths: int) -> _Draws:
    generator = np.random.default_rng(seed)
    chance = -np.expm1(-outlook.hazards[NORMAL])
    variance = outlook.amounts**2 * chance * (1 - chance)
    # Deals are taken by id, so that the order of the rows cannot change what is drawn for each.
    order = np.lexsort((outlook.ids, -variance))
    individual = order[:_INDIVIDUAL]
    individual = individual[np.argsort(outlook.ids[individual], kind="stable")]
    times = np.exp(outlook.shock * np.sqrt(3 / 5) * generator.standard_t(5, size=paths))
    common = times ** (1 / _response(outlook, chance))
    # What moves all hazards moves new deals too; their own shock is what goes beyond it.
    own = np.sqrt(max(outlook.new_shock**2 - outlook.shock**2, 0.0))
    created = times * np.exp(own * np.sqrt(3 / 5) * generator.standard_t(5, size=paths))
    spread = generator.standard_normal(paths)
    count = generator.random(paths)
    pool = np.zeros(1)
    if len(outlook.new_amounts):
        pool = np.concatenate([[0.0], np.cumsum(generator.choice(np.sort(outlook.new_amounts), size=_POOL))])
    offset = generator.integers(0, len(pool), size=paths)
    thresholds = generator.standard_exponential((paths, len(individual)), dtype=np.float32)
    thresholds /= common[:, None].astype(np.float32)
    return _Draws(individual, np.sort(order[_INDIVIDUAL:]), thresholds, common, spread, created, count, offset, pool)


def _response(outlook: Outlook, chance: Vector) -> float:
    """How far the expected value follows the hazards, as an elasticity.

    The shock is one of values; the hazards must move further to bring it about.
    """
    whole = float(chance @ outlook.amounts)
    moved = float(((1 - chance) * outlook.hazards[NORMAL]) @ outlook.amounts)
    return float(np.clip(moved / whole, 0.4, 1.0)) if whole > 0 else 1.0


def _at(table: Vector, scenario: Scenario) -> Vector:
    """The row of ``table`` (by :data:`SPEEDS`) for the scenario's cycle, between two speeds in proportion."""
    speed = float(np.clip(1 / scenario.cycle, SPEEDS[0], SPEEDS[-1]))
    place = int(np.clip(np.searchsorted(SPEEDS, speed, side="right") - 1, 0, len(SPEEDS) - 2))
    part = (speed - SPEEDS[place]) / (SPEEDS[place + 1] - SPEEDS[place])
    return np.asarray(table[place] * (1 - part) + table[place + 1] * part, dtype=np.float64)


def _drawn(outlook: Outlook, draws: _Draws, scenario: Scenario, *, with_drivers: bool) -> Simulation:
    hazard = _at(outlook.hazards, scenario) * scenario.win_rate
    amounts = outlook.amounts * scenario.deal_size
    one = draws.individual
    limit, weights = hazard[one].astype(np.float32), (amounts[one] / _unit(amounts)).astype(np.float32)
    open_part = np.empty(len(draws.common))
    for first in range(0, len(open_part), _CHUNK):  # small enough to stay in the processor's cache
        part = slice(first, first + _CHUNK)
        open_part[part] = (draws.thresholds[part] < limit).astype(np.float32) @ weights
    open_part = open_part * _unit(amounts) + _small(hazard[draws.rest], amounts[draws.rest], draws)
    new_part = _new(outlook, draws, scenario)
    totals = outlook.won_minor + open_part + new_part
    found = _drivers(outlook, hazard, amounts, draws, totals) if with_drivers else ()
    return Simulation(np.sort(totals), open_part, new_part, scenario, outlook, found, draws)


def _unit(amounts: Vector) -> float:
    """A scale that keeps sums of single-precision numbers exact to many digits."""
    return float(np.abs(amounts).max(initial=1.0))


def _small(hazard: Vector, amounts: Vector, draws: _Draws) -> Vector:
    """The many small deals together: a normal sum with the mean and variance that the path's shock gives them."""
    if not len(hazard):
        return np.zeros(len(draws.common))
    grid = np.exp(np.linspace(np.log(draws.common.min()), np.log(draws.common.max()), 33))
    chance = -np.expm1(-hazard[None, :] * grid[:, None])
    means, variances = chance @ amounts, (chance * (1 - chance)) @ amounts**2
    drawn = np.interp(draws.common, grid, means)
    drawn += draws.spread * np.sqrt(np.interp(draws.common, grid, variances))
    return np.asarray(np.maximum(drawn, 0.0))


def _new(outlook: Outlook, draws: _Draws, scenario: Scenario) -> Vector:
    """Won from deals not yet created: a Poisson number of them, each with an amount of the past.

    The number is the quantile of the drawn probability, which only rises with the rate. The sum of n amounts is a
    stretch of one long sequence of drawn amounts.
    """
    mean = float(_at(outlook.new_wins[:, None], scenario)[0]) * scenario.win_rate * scenario.creation
    if mean <= 0 or len(draws.pool) <= 1:
        return np.zeros(len(draws.common))
    rate = mean * draws.created
    number = _poisson_quantile(draws.count, rate)
    length = len(draws.pool) - 1
    whole = np.minimum(number.astype(np.int64), length * 50)
    rounds, rest = np.divmod(draws.offset % length + whole, length)
    total = rounds * draws.pool[-1] + draws.pool[rest] - draws.pool[draws.offset % length]
    return np.asarray(total * scenario.deal_size, dtype=np.float64)


def _poisson_quantile(probability: Vector, rate: Vector) -> Vector:
    """The Poisson quantile: exact by summing for small rates, by Cornish and Fisher's expansion for large ones."""
    large = rate > 30
    found = np.zeros(len(rate))
    z = ndtri(np.clip(probability, 1e-12, 1 - 1e-12))
    expanded = rate + np.sqrt(rate) * z + (z * z - 1) / 6
    found[large] = np.floor(expanded[large] + 0.5)
    small = ~large
    if small.any():
        u, r = probability[small], rate[small]
        term, total, number = np.exp(-r), np.exp(-r), np.zeros(len(r))
        for n in range(1, 120):
            going = u > total
            if not going.any():
                break
            number[going] = n
            term = term * r / n
            total = np.where(going, total + term, total)
        found[small] = number
    return np.maximum(found, 0.0)


def _drivers(
    outlook: Outlook,
    hazard: Vector,
    amounts: Vector,
    draws: _Draws,
    totals: Vector,
) -> tuple[Driver, ...]:
    """Ten deals by what their own outcome does to the chance of the target; to the variance without a target."""
    chance = -np.expm1(-hazard)
    variance = amounts**2 * chance * (1 - chance)
    whole = float(variance.sum())
    if whole <= 0:
        return ()
    one = draws.individual
    columns = np.argsort(-variance[one], kind="stable")[:_CANDIDATES]
    rows: list[tuple[float, Driver]] = []
    for column in columns:
        deal = one[column]
        if variance[deal] <= 0:
            continue
        reached = lost = None
        weight = float(variance[deal] / whole)
        if outlook.target is not None:
            without = totals - (draws.thresholds[:, column] < np.float32(hazard[deal])) * amounts[deal]
            reached = float((without + amounts[deal] >= outlook.target).mean())
            lost = float((without >= outlook.target).mean())
            weight = (reached - lost) * float(np.sqrt(chance[deal] * (1 - chance[deal])))
        share = float(variance[deal] / whole)
        made = Driver(int(outlook.ids[deal]), round(float(amounts[deal])), float(chance[deal]), share, reached, lost)
        rows.append((weight, made))
    rows.sort(key=lambda row: (-row[0], -row[1].variance_share, row[1].deal))
    return tuple(driver for _, driver in rows[:DRIVERS])
