"""Prices of units at which territories with free centres are worth about the same wherever they lie.

The distance of every assignment is at least ``sum of prices + for each territory the least, over all centres, of
(weighted distance - prices) over the loads it may hold``, whatever the prices (Lagrangian relaxation of "each unit in
exactly one territory"). Good prices make this large. They are found over a finite set of candidate centres, by
following the smoothed least cost (a soft minimum that gets harder); what they prove is found out afterwards, over all
centres (cells.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.geography import normalised
from salesops_desktop.territory.kernels.bounds import RADIUS, cover, list_units, price_points, settle
from salesops_desktop.territory.problem import Floats, Indices

FRESH = 40
"""After how many rounds the lists are made anew: prices have moved, other units are within reach."""
BATCH = 12_000_000
"""Places the lists may have together."""


@dataclass(frozen=True, slots=True)
class Territories:
    """Territories that look alike to the relaxation, as classes.

    Attributes:
        low: the least load of each, [c].
        high: the largest, [c].
        times: how many territories each class has, [c].
        home: unit vector of the centre where it is fixed, [c, 3]; NaN where it is free.
    """

    low: Floats
    high: Floats
    times: Floats
    home: Floats

    @property
    def fixed(self) -> npt.NDArray[np.bool_]:
        """Which classes have their centre fixed, [c]."""
        return np.asarray(np.isfinite(self.home).all(axis=1), dtype=np.bool_)


class PriceSearch:
    """The search for prices.

    Args:
        vectors: positions, [n, 3].
        weight: of the distances, scaled so that they sum to the number of territories, [n]; 0 without a position.
        load: scaled alike, [n].
        territories: their classes.
        points: candidate centres, [p, 3].
        price: the first prices, [n].
        scale: about the mean distance, km.
    """

    def __init__(
        self,
        vectors: Floats,
        weight: Floats,
        load: Floats,
        territories: Territories,
        points: Floats,
        price: Floats,
        scale: float,
    ) -> None:
        self.vectors, self.weight, self.load = vectors, weight, load
        self.price, self.scale = price.copy(), max(scale, 1e-3)
        self.classes = territories
        fixed = territories.fixed
        # Free classes first, so that a candidate is asked for one run of classes.
        self.turn = np.concatenate([np.flatnonzero(~fixed), np.flatnonzero(fixed)])
        self.free = int((~fixed).sum())
        self.low = np.ascontiguousarray(territories.low[self.turn])
        self.high = np.ascontiguousarray(territories.high[self.turn])
        self.times = territories.times[self.turn]
        self.homes = territories.home[self.turn][self.free :]
        self.speed = np.zeros(len(load))
        self.step = np.maximum(weight, load)
        self._ask(points)
        self._list(np.full(len(self.points), 4 * self.scale), np.zeros(len(load)))
        self._list(self._limits(), self.price)

    @property
    def entries(self) -> int:
        """Places of all lists: what a round costs."""
        return len(self.units)

    def _ask(self, points: Floats) -> None:
        free = points if self.free else points[:0]
        self.points = np.ascontiguousarray(np.concatenate([free, self.homes]))
        count, homes = len(self.points), len(self.homes)
        self.class_first = np.zeros(count, dtype=np.int64)
        self.class_first[count - homes :] = self.free + np.arange(homes)
        self.class_count = np.full(count, self.free, dtype=np.int64)
        self.class_count[count - homes :] = 1
        self.value = np.full((count, len(self.low)), np.inf)
        self.whole = np.zeros((count, len(self.low)), dtype=np.int64)
        self.part = np.zeros((count, len(self.low)))

    def _list(self, limit: Floats, price: Floats) -> None:
        """List the units within reach of each point: those whose cost per load is at most ``limit``."""
        count = len(self.points)
        while True:
            self.first = np.empty(count + 1, dtype=np.int64)
            room = min(BATCH, count * len(self.load))
            units, base = np.empty(room, dtype=np.int32), np.empty(room)
            many = list_units(self.points, self.vectors, self.weight, self.load, price, limit, self.first, units, base)
            if many <= room:
                break
            limit = np.minimum(limit, np.median(limit)) - 0.2 * self.scale  # far too much is within reach
        self.units, self.base = units[:many].copy(), base[:many].copy()
        self.order = (np.arange(many) - np.repeat(self.first[:-1], np.diff(self.first))).astype(np.int32)

    def _limits(self) -> Floats:
        """Up to which cost per load units belong on the list of each point: what it takes now, and more."""
        self._price(self.price)
        taken = self.whole.max(axis=1)
        place = self.first[:-1] + np.minimum(taken, np.maximum(np.diff(self.first) - 1, 0))
        held = np.diff(self.first) > 0
        last = np.full(len(taken), 0.0)
        at = (self.first[:-1][held] + self.order[place[held]]).astype(np.intp)
        unit = self.units[at]
        last[held] = (self.base[at] - self.price[unit]) / np.maximum(self.load[unit], 1e-12)
        reach = np.full(len(taken), self.scale)
        reach[held] = np.minimum(self.base[at] / np.maximum(self.load[unit], 1e-12), 10 * self.scale)
        limit: Floats = np.clip(last, -1e9, 1e9) + 0.35 * reach + 0.1 * self.scale
        return limit

    def _price(self, price: Floats) -> None:
        price_points(
            self.first,
            self.units,
            self.base,
            self.order,
            self.load,
            price,
            self.class_first,
            self.class_count,
            self.low,
            self.high,
            self.value,
            self.whole,
            self.part,
        )

    def run(
        self, rounds: int, soft: tuple[float, float], move: tuple[float, float], going: Callable[[], bool]
    ) -> float:
        """Improve the prices; the answer is what the best ones are worth over the candidates, the mean distance in km.

        Args:
            rounds: how many.
            soft: softness of the minimum in the first and the last round, parts of the mean distance.
            move: how far prices move, alike.
            going: asked every round; False ends it.
        """
        best, kept = -np.inf, self.price
        total = float(self.times.sum())
        covered = np.empty(len(self.load))
        for turn in range(rounds):
            if not going():
                break
            if turn % FRESH == FRESH - 1:
                self._list(self._limits(), self.price)
            done = turn / rounds
            soften = self.scale * soft[0] * (soft[1] / soft[0]) ** done
            stride = self.scale * move[0] * (move[1] / move[0]) ** done
            self._price(self.price)
            least = self.value.min(axis=0)
            if not np.isfinite(least).all():  # lists too short for a load: longer ones
                self._list(np.full(len(self.points), np.inf), self.price)
                continue
            worth = float(self.price.sum() + (self.times * least).sum()) / total
            if worth > best:
                best, kept = worth, self.price.copy()
            share = np.exp(-(self.value - least) / soften)
            share *= self.times / share.sum(axis=0)
            cover(self.first, self.units, self.order, share, self.whole, self.part, covered)
            self.speed = 0.9 * self.speed + 0.1 * (1 - covered)
            self.price = self.price + stride * self.step * self.speed
        self.price = kept
        return best

    def least(self) -> Floats:
        """The least cost over the candidates for each free class, [f]."""
        self._price(self.price)
        least: Floats = self.value[:, : self.free].min(axis=0)
        return least

    def settled(self, most: int, steps: int) -> Floats:
        """Better places than the cheapest ``most`` candidates near them, the best first, [m, 3]."""
        self._price(self.price)
        count = len(self.points) - len(self.homes)
        found = np.empty((0, 3))
        worth = np.empty(0)
        for c in range(self.free):
            chosen = np.argsort(self.value[:count, c], kind="stable")[:most].astype(np.int64)
            points = self.points[chosen].copy()
            value = np.empty(len(chosen))
            settle(
                points,
                chosen,
                self.first,
                self.units,
                self.vectors,
                self.weight,
                self.load,
                self.price,
                self.low[c : c + 1],
                self.high[c : c + 1],
                steps,
                value,
            )
            better = value < self.value[chosen, c] - 1e-4 * self.scale
            found = np.concatenate([found, points[better]])
            worth = np.concatenate([worth, value[better]])
        return found[np.argsort(worth, kind="stable")]

    def add(self, points: Floats) -> None:
        """More candidates."""
        limit = self._limits()
        near = np.argmax(points @ self.points.T, axis=1)
        count = len(self.points) - len(self.homes)
        old = self.points[:count]
        self._ask(np.concatenate([old, points]))
        self._list(np.concatenate([limit[:count], limit[near] + 0.3 * self.scale, limit[count:]]), self.price)


def spread(vectors: Floats, load: Floats, count: int) -> list[Indices]:
    """Units cut into ``count`` compact sets of about the same load, by halving again and again."""
    done: list[Indices] = []
    waiting = [(np.arange(len(load)), min(count, len(load)))]
    while waiting:
        members, parts = waiting.pop()
        if parts <= 1 or len(members) <= 1:
            done.append(members)
            continue
        here = vectors[members]
        centred = here - here.mean(axis=0)
        axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
        order = members[np.argsort(centred @ axis, kind="stable")]
        heap = np.cumsum(load[order] + 1e-12)
        half = parts // 2
        cut = int(np.clip(np.searchsorted(heap, heap[-1] * half / parts), 1, len(order) - 1))
        waiting += [(order[:cut], half), (order[cut:], parts - half)]
    return done


def middles(vectors: Floats, weight: Floats, sets: list[Indices]) -> Floats:
    """The middle of each set of units, unit vectors, [len(sets), 3]."""
    sums = [(vectors[each] * (weight[each] + 1e-12)[:, None]).sum(axis=0) for each in sets]
    return normalised(np.array(sums).reshape(-1, 3))


def apart_from(points: Floats, km: float, most: int) -> Floats:
    """The first of ``points`` that lie at least ``km`` from those before, at most ``most``."""
    kept = np.empty((0, 3))
    near = np.cos(km / RADIUS)
    for point in points:
        if len(kept) >= most:
            break
        if not len(kept) or (kept @ point).max() < near:
            kept = np.concatenate([kept, point[None, :]])
    return kept
