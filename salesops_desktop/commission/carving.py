"""Managers' parts carved out of the pool: out of what a credit earns the seller, so that its total stays the same.

The pool is what the seller's own components pay for a credit by a plan that gives up parts. Everybody above who carves
takes a share of it; the shares, the seller's rest among them, are divided by largest remainder, a negative pool as the
mirror image of the positive one. What managers take is taken off the seller by a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.counting import Counted
from salesops_desktop.commission.exchange import ExchangeRates, convert_column
from salesops_desktop.commission.ordering import order_by
from salesops_desktop.commission.plan import Component, Plan, Source
from salesops_desktop.commission.spans import Hierarchy, Spans
from salesops_desktop.commission.splits import split_credits
from salesops_desktop.expressions.rational import to_int64
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]
Rows = npt.NDArray[np.intp]
Place = tuple[int, int]
"""Index of a plan, and of a component in it."""


def carvings(plans: Sequence[Plan]) -> tuple[Place, ...]:
    """The components that carve, or say what is given up, in the order of plans and components."""
    return tuple(
        (number, place)
        for number, plan in enumerate(plans)
        for place, component in enumerate(plan.components)
        if component.carves or component.source is Source.GIVEN_UP
    )


@dataclass(frozen=True, slots=True)
class World:
    """What of a calculation the carving of its pools rests on.

    Attributes:
        plans: of the run.
        spans: who is paid by each plan, and when.
        hierarchy: who reports to whom.
        dates: of all credits.
        order: the place of each credit in the order of accumulation.
        rates_of: the exchange rates as a plan takes them.
        filtered: which of what is counted a component's filter lets through.
    """

    plans: Sequence[Plan]
    spans: Sequence[Spans]
    hierarchy: Hierarchy
    dates: Days
    order: Ints
    rates_of: Callable[[Plan], ExchangeRates]
    filtered: Callable[[Component, Plan, Counted], Counted]


@dataclass(frozen=True, slots=True)
class _Claims:
    """What one component claims: the pools, who claims, and the rate into the plan's currency."""

    pool: Rows
    person: Ints
    share: Ints
    fx: Ints


class Carving:
    """Who carves what out of which pool, whatever the pools come to.

    Args:
        world: see there.
        person: whose own lines they are, [n].
        plan: index of the plan of each, [n].
        row: the credit's row of each, [n].
    """

    def __init__(self, world: World, person: Ints, plan: Ints, row: Rows) -> None:
        self._world = world
        giving = {
            number: place
            for number, place in carvings(world.plans)
            if world.plans[number].components[place].source is Source.GIVEN_UP
        }
        mine = np.flatnonzero(np.isin(plan, list(giving)))
        self._lines = mine[order_by([person[mine], plan[mine], world.order[row[mine]]], len(mine))]
        whose, which, where = person[self._lines], plan[self._lines], row[self._lines]
        new = (whose[1:] != whose[:-1]) | (which[1:] != which[:-1]) | (where[1:] != where[:-1])
        self._first = np.flatnonzero(np.r_[True, new][: len(mine)])
        self.person, self.plan = whose[self._first], which[self._first]
        self.row = where[self._first].astype(np.intp)
        self.unknown: set[int] = set()
        """Who carves a part that cannot be converted: it stays with the seller."""
        self._claims = {
            key: self._claimed(*key)
            for key in carvings(world.plans)
            if world.plans[key[0]].components[key[1]].carves
        }  # fmt: skip
        self._sums = np.zeros(len(self.row), dtype=np.int64)
        for claim in self._claims.values():
            np.add.at(self._sums, claim.pool, claim.share)
        if (self._sums > PPM).any():
            much = int(self._sums.max())
            raise InputRefusedError(
                f"Managers carve {much / PPM:.4%} out of what a credit earns its seller.",
                way_out="Let those above one another carve 100 % at most together.",
            )
        self.counted: dict[Place, Counted] = {}
        self._groups: dict[Place, tuple[Rows, Rows]] = {}
        for (number, place), claim in self._claims.items():
            self._group((number, place), claim.person, self.row[claim.pool], claim.fx)
        for number, place in giving.items():
            at = np.flatnonzero((self.plan == number) & (self._sums > 0))
            self._group((number, place), self.person[at], self.row[at], np.full(len(at), 10**9), at)

    def _claimed(self, number: int, place: int) -> _Claims:
        """Everybody above the seller of each pool who is paid by the plan, as far as the filter goes."""
        world, plan = self._world, self._world.plans[number]
        component = plan.components[place]
        days = world.dates[self.row]
        pool, person = world.hierarchy.managers(self.person, days, component.depth)
        held = world.spans[number].find(person, days[pool]) >= 0
        pool, person = pool[held], person[held]
        rows, zero = self.row[pool], np.zeros(len(pool), dtype=np.int64)
        kept = world.filtered(
            component, plan, Counted(rows, person, zero, world.dates[rows], zero, zero, None, rows[:0])
        )
        stay = np.isin(rows, kept.rows)
        pool, person = pool[stay], person[stay]
        fx = np.zeros(len(pool), dtype=np.int64)
        for source in np.unique(self.plan[pool]).tolist():
            at = np.flatnonzero(self.plan[pool] == source)
            fx[at] = world.rates_of(plan).lookup(world.plans[source].currency, plan.currency, days[pool[at]])
        self.unknown.update(person[fx == 0].tolist())
        known = fx > 0
        share = np.full(int(known.sum()), component.carve, dtype=np.int64)
        return _Claims(pool[known], person[known], share, fx[known])

    def _group(self, key: Place, person: Ints, row: Rows, fx: Ints, at: Rows | None = None) -> None:
        """One line per (person, credit)."""
        order = order_by([person, self._world.order[row]], len(row))
        who, where = person[order], row[order]
        edges = np.r_[True, (who[1:] != who[:-1]) | (where[1:] != where[:-1])][: len(order)]
        first = np.flatnonzero(edges)
        group = np.empty(len(order), dtype=np.intp)
        group[order] = np.cumsum(edges) - 1
        # Of several rates (pools in different currencies) the last one's is shown.
        last = np.r_[first[1:] - 1, len(order) - 1] if len(first) else first
        zero = np.zeros(len(first), dtype=np.int64)
        rows = where[first]
        self.counted[key] = Counted(
            rows, who[first], fx[order][last], self._world.dates[rows], zero, zero, None, rows[:0]
        )  # fmt: skip
        self._groups[key] = (group, np.arange(len(row)) if at is None else at)

    def amounts(self, pay: Ints) -> Mapping[Place, Ints]:
        """What each line of :attr:`counted` counts: managers' parts, and less than nothing for whoever gives them up.

        Args:
            pay: what the own lines pay, [n], as they were given.

        Raises:
            InputRefusedError: amounts that do not fit in 64 bits.
        """
        ordered = pay[self._lines]
        pools = np.add.reduceat(ordered, self._first) if len(self._first) else ordered
        parts = self._parts(pools)
        found: dict[Place, Ints] = {}
        given = np.zeros(len(pools), dtype=np.int64)
        for key, claim in self._claims.items():
            np.add.at(given, claim.pool, parts[key])
            found[key] = self._summed(key, self._converted(key, claim, parts[key]))
        for key in self.counted:
            if key not in self._claims:
                found[key] = self._summed(key, -given[self._groups[key][1]])
        return found

    def _parts(self, pools: Ints) -> dict[Place, Ints]:
        """Each claim's part of its pool, by largest remainder; the seller's rest takes part."""
        claims = list(self._claims.values())
        everything = np.arange(len(pools), dtype=np.intp)
        pool = np.concatenate([*(claim.pool for claim in claims), everything])
        who = np.concatenate([*(claim.person for claim in claims), self.person])
        share = np.concatenate([*(claim.share for claim in claims), PPM - self._sums])
        divided = split_credits(pools, pool, who, share)
        found, at = {}, 0
        for key, claim in self._claims.items():
            found[key] = divided[at : at + len(claim.pool)]
            at += len(claim.pool)
        return found

    def _converted(self, key: Place, claim: _Claims, parts: Ints) -> Ints:
        plans, made = self._world.plans, parts.copy()
        target = plans[key[0]].currency
        for source in np.unique(self.plan[claim.pool]).tolist():
            if plans[source].currency != target:
                at = np.flatnonzero(self.plan[claim.pool] == source)
                made[at] = convert_column(parts[at], plans[source].currency, target, claim.fx[at])
        return made

    def _summed(self, key: Place, amounts: Ints) -> Ints:
        sums = np.zeros(len(self.counted[key].rows), dtype=np.int64)
        np.add.at(sums, self._groups[key][0], amounts)
        return to_int64(sums, "A total")
