"""A lower bound where centres are chosen among given places: the capacitated p-median as it is published.

The same relaxation as in p_median.py, the same kernels; only the least over all centres is replaced by the sum over the
``count`` cheapest places, each at most once. It is held against instances with known optima.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.territory.kernels.bounds import cover, knapsack_points, price_points
from salesops_desktop.territory.problem import Floats

WHOLE_UNITS = 40_000_000
"""Units times places times capacity up to which units are taken whole in the last rounds (whole-number loads)."""


def chosen_places_bound(
    cost: Floats, load: Floats, capacity: float, count: int, *, rounds: int = 500, progress: Progress = silent
) -> float:
    """No choice of ``count`` places and no assignment to them within the capacity costs less.

    Args:
        cost: of each unit at each place, not negative, [n, p].
        load: of each unit, [n].
        capacity: what a place can carry.
        count: how many places are chosen.
        rounds: how long prices are looked for.
        progress: called every round; what it raises ends the search.
    """
    n, places = cost.shape
    load = np.array(load, dtype=np.float64)
    near = np.sort(cost, axis=1)
    share = max(1, round(places / count / 2))
    scale = float(near[:, min(share, places - 1)].mean()) or 1.0
    price = near[:, min(share, places - 1)] + scale
    reach = 4 * scale + price.max()
    search = _Search(cost, load, capacity, count, price, reach)
    best = max(search.run(rounds, scale, progress), 0.0)
    if n * places * capacity <= WHOLE_UNITS and (load == np.round(load)).all():
        search.whole_units()
        best = max(best, search.run(rounds, scale / 5, progress))
    return best


class _Search:
    def __init__(self, cost: Floats, load: Floats, capacity: float, count: int, price: Floats, reach: float) -> None:
        self.cost, self.load, self.count, self.price = cost, load, count, price
        self.low, self.high = np.zeros(1), np.array([float(capacity)])
        self.value_of: Callable[[Floats], Floats] = self._parts
        self._list(reach)

    def _list(self, reach: float) -> None:
        places = self.cost.shape[1]
        place, unit = np.nonzero(reach >= self.cost.T)
        self.first = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=places))]).astype(np.int64)
        self.units = unit.astype(np.int32)
        self.base = self.cost[unit, place]
        self.order = (np.arange(len(unit)) - self.first[place]).astype(np.int32)
        self.value = np.empty((places, 1))
        self.whole = np.zeros((places, 1), dtype=np.int64)
        self.part = np.zeros((places, 1))
        self.reach = reach

    def whole_units(self) -> None:
        """From now on units are taken whole or not at all."""
        self.value_of = self._wholes

    def _parts(self, price: Floats) -> Floats:
        zero, one = np.zeros(len(self.value), dtype=np.int64), np.ones(len(self.value), dtype=np.int64)
        price_points(
            self.first,
            self.units,
            self.base,
            self.order,
            self.load,
            price,
            zero,
            one,
            self.low,
            self.high,
            self.value,
            self.whole,
            self.part,
        )
        return self.value[:, 0]

    def _wholes(self, price: Floats) -> Floats:
        knapsack_points(
            self.first,
            self.units,
            self.base,
            self.order,
            self.load.astype(np.int64),
            price,
            int(self.high[0]),
            self.value,
            self.whole,
        )
        self.part[:] = 0.0
        return self.value[:, 0]

    def run(self, rounds: int, scale: float, progress: Progress) -> float:
        """Improve the prices; the best bound seen."""
        best, kept = -np.inf, self.price
        covered, speed = np.empty(len(self.load)), np.zeros(len(self.load))
        for turn in range(rounds):
            progress(turn, rounds, "Proving how short distances can be")
            if self.price.max() > self.reach:  # farther places begin to pay: only those below the price ever do
                self._list(self.price.max() * 1.3)
            done = turn / rounds
            value = self.value_of(self.price)
            worth = float(self.price.sum() + np.sort(value)[: self.count].sum())
            if worth > best:
                best, kept = worth, self.price.copy()
            share = _share(value, self.count, 0.5 * scale * 0.01**done)
            cover(self.first, self.units, self.order, share[:, None], self.whole, self.part, covered)
            speed = 0.8 * speed + 0.2 * (1 - covered)
            self.price = np.maximum(self.price + 0.3 * scale * 0.02**done * speed, 0.0)
        self.price = kept
        return best - 1e-9 * float(np.abs(kept).sum())


def _share(value: Floats, count: int, soft: float) -> Floats:
    """How far each place is chosen, 0 to 1, ``count`` in all: a soft choice of the cheapest."""
    low, high = value.min() - 50 * soft, value.max() + 50 * soft
    share = np.empty(len(value))
    for _ in range(60):
        middle = (low + high) / 2
        share = 1 / (1 + np.exp(np.clip((value - middle) / soft, -60, 60)))
        low, high = (middle, high) if share.sum() < count else (low, middle)
    return share
