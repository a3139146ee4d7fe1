"""Standing on past days: what was known, what was expected, what came, and what the difference teaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.effects import NEAR_DAYS, Effects, learn_effects
from salesops_desktop.forecast.hazards import Hazards, learn_hazards, observed_from, shrunken, win_curve
from salesops_desktop.forecast.pipeline_rows import NEVER, WON, Rows, Vector, Whole, month_end
from salesops_desktop.forecast.shock import Surprise, common_shock, doubt
from salesops_desktop.forecast.win_rates import PRIOR_WEIGHT, THIN

RECORDS = 12
"""Past month-ends whose expectations are held against what came."""

SEASON_DAYS = 90
"""A record from before all months of a quarter had been watched counts for less, in proportion."""

HAIRCUT_START = 0.9
"""Where the correction starts before there are records: hazards of a young history promise too much, for the deals
that will never close have not shown yet."""

HAIRCUT_WEIGHT = 1.0
"""How many times today's own expectation stands behind the start."""

AGE_GROUPS = 5
AGAIN = 2.0
"""How often one deal stands in the records, about: it is open at several month-ends."""

TIMED = ("calibrated", "effects", "season", "age")
"""Methods that know when a deal will be won; each one adds to the one after it."""

CELLS = 1_000_000
MONTH_DAYS = 30.5

PROBE = 0.8
"""The haircut at which it is tried how far chances follow the hazards."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What was expected on a day, and what came.

    Attributes:
        which: (n,) places of the deals open on the day.
        chance: (n,) of a win within the days.
        won: (n,) whether it came.
        worth: (n,) minor units, as thought on the day; 0 where unknown.
        gained: (n,) minor units won.
    """

    which: Whole
    chance: Vector
    won: Vector
    worth: Vector
    gained: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What records taught by a day.

    Attributes:
        haircut: factor on the hazards of being won.
        edges: (k − 1,) ages in days between the groups of ``by_age``.
        by_age: (k,) the same factor per group of ages, ``haircut`` included.
        realised: what a deal brought when won ÷ what it had been thought worth.
        records: how many past days taught it.
        response: elasticity of wins to hazards: chances near their limit follow less than in proportion.
    """

    haircut: float
    edges: Whole
    by_age: Vector
    realised: float
    records: int
    response: float = 1.0

    def factors(self, age: Whole) -> Vector:
        """(n,) the haircut of deals by their age."""
        return np.asarray(self.by_age[np.searchsorted(self.edges, age, side="right")])


def moved(won: Vector, lost: Vector, factors: tuple[Vector, ...]) -> tuple[Vector, Vector]:
    """Hazards (n, days) moved by the effects: near and later days by their own factors."""
    near_won, near_lost, later_won, later_lost = (factor[:, None] for factor in factors)
    near = np.arange(won.shape[1]) < NEAR_DAYS
    return won * np.where(near, near_won, later_won), lost * np.where(near, near_lost, later_lost)


class Walk:
    """The rows, and everything learned from them at past days, learned once.

    Args:
        rows: the opportunities.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._hazards: dict[int, Hazards] = {}
        self._effects: dict[int, Effects] = {}
        self._records: dict[tuple[int, int, str], Record] = {}
        self._corrections: dict[tuple[int, int], Correction] = {}
        self._shocks: dict[tuple[int, int], float] = {}

    def hazards(self, day: int) -> Hazards:
        """The hazards as learned on ``day``."""
        if day not in self._hazards:
            self._hazards[day] = learn_hazards(self.rows, day)
        return self._hazards[day]

    def effects(self, day: int) -> Effects:
        """The effects as learned on ``day``."""
        if day not in self._effects:
            self._effects[day] = learn_effects(self.rows, self.hazards(day), day)
        return self._effects[day]

    def chance(self, which: Whole, day: int, days: int, method: str) -> Vector:
        """(n,) chance of a win within ``days`` after ``day``, by a timed method with that day's knowledge."""
        if days <= 0 or not len(which):
            return np.zeros(len(which))
        if method in ("effects", "calibrated"):
            return np.asarray(self.curve(which, day, days, days, method)[:, -1])
        # Without traits of their own, deals of one age are alike.
        _, first, place = np.unique(self.age(which, day), return_index=True, return_inverse=True)
        return np.asarray(self.curve(which[first], day, days, days, method)[place, -1])

    def curve(self, which: Whole, day: int, days: int, window: int, method: str) -> Vector:
        """(n, days) chance of a win within the first day after ``day``, the first two, and so on.

        Deals without a creation date count as just created.

        Args:
            which: places of the deals.
            day: nothing later is looked at.
            days: how far to look ahead.
            window: the distance whose correction is used.
            method: one of :data:`TIMED`.
        """
        haircut = np.ones(len(which))
        if method == "calibrated":
            haircut = self.correction(day, window).factors(self.age(which, day))
        return self._won_by(which, day, days, method, haircut)

    def _won_by(self, which: Whole, day: int, days: int, method: str, haircut: Vector) -> Vector:
        """(n, days) chance of a win by each day, at a given haircut."""
        hazards, age = self.hazards(day), self.age(which, day)
        factors = self.multipliers(which, day) if method in ("effects", "calibrated") else None
        found = np.empty((len(which), days))
        step = max(1, CELLS // days)
        for first in range(0, len(which), step):
            part = slice(first, first + step)
            won, lost = hazards.ahead(age[part], day, days, seasonal=method != "age")
            one = np.ones(len(won))
            if factors is not None:
                won, lost = moved(won, lost, tuple(f[part] for f in factors))
            found[part] = win_curve(won, lost, haircut[part], one)
        return found

    def age(self, which: Whole, day: int) -> Whole:
        """(n,) days since creation; 0 without a creation date."""
        created = self.rows.created[which]
        return np.where(created <= day, day - created, 0)

    def untimed(self, which: Whole, day: int, days: int, method: str) -> Vector:
        """(n,) chances by the rates of deals closed up to ``day``: what CRMs and analysts multiply with.

        ``age_window``: of the closed deals that had lived as long, the share won within the days. ``age_rate``: the
        share won, whenever. ``stage``: the share won of those seen in the stage. ``overall``: the share won of all.
        """
        rows = self.rows
        dated = (rows.created <= day) | ((rows.created == NEVER) & (method in ("stage", "overall")))
        closed = np.flatnonzero((rows.closed <= day) & dated)
        won = rows.status[closed] == WON
        overall = (int(won.sum()) + 1) / (len(closed) + 2)
        if method == "overall":
            return np.full(len(which), overall)
        if method == "stage":
            return self._by_stage(which, day, closed, won, overall)
        ages, age = np.sort(rows.closed[closed] - rows.created[closed]), self.age(which, day)
        wins = np.sort((rows.closed[closed] - rows.created[closed])[won])
        older = len(ages) - np.searchsorted(ages, age, side="right")
        before = np.searchsorted(wins, age, side="right")
        until = np.searchsorted(wins, age + days, side="right") if method == "age_window" else len(wins)
        return np.divide(until - before, older, out=np.zeros(len(which)), where=older > 0)

    def _by_stage(self, which: Whole, day: int, closed: Whole, won: npt.NDArray[np.bool_], overall: float) -> Vector:
        lines, k = self.rows.lines, len(self.rows.lines.names)
        place = lines.latest(which, day)
        if not k:
            return np.full(len(which), overall)
        outcome = np.full(len(self.rows.id), -1)
        outcome[closed] = won
        seen = (lines.day <= day) & (outcome[lines.row] >= 0) & (lines.stage >= 0)
        pairs = np.unique(lines.row[seen] * k + lines.stage[seen])
        counts = np.bincount(pairs % k, minlength=k)
        wins = np.bincount(pairs % k, weights=outcome[pairs // k], minlength=k)
        rates = np.where(counts >= THIN, (wins + PRIOR_WEIGHT * overall) / (counts + PRIOR_WEIGHT), overall)
        return np.where(place >= 0, np.append(rates, overall)[lines.stage[place]], overall)

    def multipliers(self, which: Whole, day: int) -> tuple[Vector, Vector, Vector, Vector]:
        """The effects' factors of deals as they stood on ``day``."""
        effects = self.effects(day)
        if not effects.terms:
            one = np.ones(len(which))
            return one, one, one, one
        return effects.factors(effects.places(self.rows, which, day))

    def record(self, day: int, end: int, method: str) -> Record:
        """What ``method`` (timed, or see :func:`untimed`) expected on ``day`` until ``end``, and what came."""
        key = (day, end, method)
        if key not in self._records:
            which = self.rows.open_on(day)
            won = (self.rows.status[which] == WON) & (self.rows.closed[which] <= end)
            gained = np.where(won, np.nan_to_num(self.rows.amount[which]), 0.0)
            worth = np.nan_to_num(self.rows.worth(which, day))
            timed = method in TIMED
            chance = (self.chance if timed else self.untimed)(which, day, end - day, method)
            self._records[key] = Record(which, chance, won.astype(np.float64), worth, gained)
        return self._records[key]

    def correction(self, day: int, days: int) -> Correction:
        """What expectations over about ``days`` that had met their end by ``day`` teach."""
        key = (day, _months(days))
        if key not in self._corrections:
            self._corrections[key] = self._learned(*key)
        return self._corrections[key]

    def shock(self, day: int, days: int) -> float:
        """Standard deviation of the logarithm of what moves all deals of about ``days`` together, as known on ``day``.

        Learned from how far corrected past expectations, each as of its own day, lay from what came.
        """
        key = (day, _months(days))
        if key not in self._shocks:
            months, start = key[1], observed_from(self.rows, day)
            surprises: list[Surprise] = []
            for past in past_month_ends(day, start, RECORDS):
                end = month_end(past, months)
                if end <= day:
                    surprises += self._surprise(past, end, seasons_seen(past, start) ** 2 / months)
            self._shocks[key] = common_shock(surprises, months, self.hazards(day).wins)
        return self._shocks[key]

    def _learned(self, day: int, months: int) -> Correction:
        start = observed_from(self.rows, day)
        came = hoped = brought = thought = 0.0
        count = 0
        edges = self._age_edges(day)
        won_by_age, hoped_by_age = np.zeros(len(edges) + 1), np.zeros(len(edges) + 1)
        here = self.rows.open_on(day)
        unit = float(self.record(day, month_end(day, months), "effects").chance.sum()) if len(here) else 1.0
        for past in past_month_ends(day, start, RECORDS):
            end = min(month_end(past, months), day)
            record = self.record(past, end, "effects")
            weight = seasons_seen(past, start)
            came += weight * float(record.won.sum())
            hoped += weight * float(record.chance.sum())
            group = np.searchsorted(edges, past - self.rows.created[record.which], side="right")
            if weight >= 1:  # before all seasons were watched, their lack falls on some ages alone
                won_by_age += np.bincount(group, weights=record.won, minlength=len(won_by_age))
                hoped_by_age += np.bincount(group, weights=record.chance, minlength=len(won_by_age))
            brought += float(record.gained.sum())
            thought += float((record.won * record.worth).sum())
            count += 1
        prior = max(HAIRCUT_WEIGHT * unit, 1.0)
        # What came ÷ what was expected is a ratio of chances; the hazards must move further to bring it about.
        response = self._response(here, day, month_end(day, months) - day)
        ratio = (came + HAIRCUT_START * prior) / (hoped + prior)
        haircut = float(np.clip(ratio ** (1 / response), 0.3, 2.0))
        # The ages are judged among themselves, so that their differences add nothing to the overall haircut.
        fair = hoped_by_age * (float(won_by_age.sum()) / max(float(hoped_by_age.sum()), 1e-9))
        by_age = haircut * shrunken(won_by_age / AGAIN, fair / AGAIN) ** (1 / response)
        realised = brought / thought if thought > 0 else 1.0
        return Correction(haircut, edges, by_age, realised, count, response)

    def _age_edges(self, day: int) -> Whole:
        """Ages that part the closings up to ``day`` into equal groups, and the oldest age ever won at."""
        rows = self.rows
        closed = (rows.closed <= day) & (rows.created <= rows.closed)
        ages = (rows.closed - rows.created)[closed]
        if len(ages) < 10 * AGE_GROUPS:
            return np.zeros(0, dtype=np.int64)
        inner = np.quantile(ages, np.linspace(0, 1, AGE_GROUPS + 1)[1:-1], method="higher").astype(np.int64)
        return np.unique(np.append(inner, max(self.hazards(day).oldest + 1, 1)))

    def _response(self, which: Whole, day: int, days: int) -> float:
        """How far the chances of today's deals follow their hazards of winning, as an elasticity."""
        full = float(self._won_by(which, day, days, "effects", np.ones(len(which)))[:, -1].sum()) if len(which) else 0.0
        if full <= 0:
            return 1.0
        less = float(self._won_by(which, day, days, "effects", np.full(len(which), PROBE))[:, -1].sum())
        return float(np.clip(np.log(full / less) / -np.log(PROBE), 0.4, 1.0))

    def _surprise(self, past: int, end: int, part: float) -> list[Surprise]:
        """How far a corrected past expectation lay from what came; nothing where either is nothing.

        Overlapping windows tell the same story again: ``part`` is what one of them counts for.
        """
        then = self.correction(past, end - past)
        record = self.record(past, end, "calibrated")
        chance = record.chance
        expected = float(chance @ record.worth) * then.realised
        came = float(record.gained.sum())
        if expected <= 0 or came <= 0:
            return []
        luck = float((chance * (1 - chance)) @ (record.worth * then.realised) ** 2) / expected**2
        return [Surprise(came / expected, luck, doubt(self.hazards(past).wins), part)]


def _months(days: int) -> int:
    """Which distance's records judge an expectation over ``days``."""
    return max(1, round(days / MONTH_DAYS))


def seasons_seen(past: int, start: int) -> float:
    """What a record of the day ``past`` counts for: less before all months of a quarter had been watched."""
    return min(1.0, (past - start + 1) / SEASON_DAYS)


def past_month_ends(day: int, start: int, most: int) -> list[int]:
    """Month-ends before ``day`` and not before ``start``, latest first."""
    found = []
    for back in range(1, most + 1):
        past = month_end(day, -back)
        if past < start:
            break
        found.append(past)
    return found
