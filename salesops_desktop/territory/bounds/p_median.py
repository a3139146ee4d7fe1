"""A lower bound of the mean distance where centres are free: the capacitated p-median, relaxed.

The design's distance is measured to the weighted centre of a territory. Whatever the territory, that is no less than
the distance to its best point, so the relaxation may put every centre where it likes, *anywhere on the globe*. That
each unit lies in exactly one territory is relaxed by prices; what is left of a territory is a knapsack about its
centre, whose fractional optimum is a lower bound (kernels/bounds.py); its least value over all centres is enclosed by
cutting the globe into cells (cells.py). So the bound holds for any prices; prices.py looks for good ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.territory.bounds.cells import Prices, cheapest_centre
from salesops_desktop.territory.bounds.prices import PriceSearch, Territories, apart_from, middles, spread
from salesops_desktop.territory.geography import chord_km
from salesops_desktop.territory.kernels.bounds import price_cell
from salesops_desktop.territory.problem import Floats, Indices, sum_by

STAGES = ((12, (0.3, 0.02), (0.15, 0.02)), (30, (0.03, 0.005), (0.03, 0.0075)))
"""Candidate centres per territory, how softly the cheapest is chosen, and how far prices move, first and last."""
WORK = 25_000_000
"""Pairs of a unit and a candidate that a list may be made of, for each second allowed."""
STEPS = 50_000_000
"""Places of lists that may be priced, for each second allowed."""
REFINED = 3
"""How often places that the candidates missed are looked for, at most."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """Units and territories of one relaxation.

    Attributes:
        vectors: positions, [n, 3]; any where the weight is 0.
        weight: of the distances, [n]; 0 without a position.
        load: what a territory holds between its limits, [n].
        territories: the classes, in the unit of ``load``.
        assignment: the territory of each unit in some design, [n]: where the search starts.
        centres: unit vectors of that design's centres, [k, 3].
    """

    vectors: Floats
    weight: Floats
    load: Floats
    territories: Territories
    assignment: Indices
    centres: Floats


def free_centres_bound(relaxed: Relaxed, *, seconds: float = 2.0, progress: Progress = silent) -> float:
    """No assignment has a smaller sum of weight times distance (km); 0 at worst.

    Args:
        relaxed: what is asked.
        seconds: sets how much work is done, and ends it when the machine is slower than expected; the bound is then
            weaker, and as valid.
        progress: called all the time; what it raises ends the work.
    """
    mass, loads = float(relaxed.weight.sum()), float(relaxed.load.sum())
    count = float(relaxed.territories.times.sum())
    if mass <= 0 or loads <= 0:
        return 0.0
    weight, load = relaxed.weight * (count / mass), relaxed.load * (count / loads)
    classes = Territories(
        relaxed.territories.low * (count / loads),
        relaxed.territories.high * (count / loads),
        relaxed.territories.times,
        relaxed.territories.home,
    )
    vectors = np.ascontiguousarray(relaxed.vectors)
    km = np.where(weight > 0, chord_km(vectors, relaxed.centres[relaxed.assignment]), 0.0)
    scale = float((weight * km).sum() / count)
    if scale <= 0:
        return 0.0
    units = Prices(vectors, weight, load, np.maximum(weight, load) * (0.5 * scale + km))
    clock = _Clock(seconds, progress)
    price = _search(units, classes, relaxed.centres, scale, clock)
    clock.until(1.6)  # prices without a proof are worth nothing
    worth = _worth(replace(units, price=price), classes, 0.004 * scale, int(2000 + 1000 * seconds), clock.going)
    return max(worth, 0.0) * mass / count


class _Clock:
    """How far the work is, and whether it may go on."""

    def __init__(self, seconds: float, progress: Progress) -> None:
        self.begun, self.spent = time.monotonic(), time.thread_time()
        self.seconds, self.progress, self.share = seconds, progress, 0.8

    def until(self, share: float) -> None:
        """From now on, this share of the time may be used."""
        self.share = share

    def going(self) -> bool:
        """Whether there is time left; asks whether the person still wants it, too.

        Time is that of the processor, so that a busy machine proves no less; but no more than six times as long.
        """
        wall, work = time.monotonic() - self.begun, time.thread_time() - self.spent
        spent = max(work, wall / 6) / self.seconds
        self.progress(min(spent, 1.0), 1.0, "Proving how short distances can be")
        return spent < self.share


def _search(units: Prices, classes: Territories, centres: Floats, scale: float, clock: _Clock) -> Floats:
    """Good prices, [n]."""
    count = float(classes.times.sum())
    most = min(len(units.load), max(int(WORK * clock.seconds / (STAGES[-1][0] * count)), int(25 * count)))
    step = np.maximum(units.weight, units.load)
    if most < len(units.load):  # too many to look at each: sets of neighbours share a price
        sets = spread(units.vectors, units.load + units.weight, most)
        of_unit = np.empty(len(units.load), dtype=np.intp)
        of_unit[np.concatenate(sets)] = np.repeat(np.arange(len(sets)), [len(each) for each in sets])
        gathered = Prices(
            middles(units.vectors, units.weight, sets),
            sum_by(of_unit, units.weight, len(sets)),
            sum_by(of_unit, units.load, len(sets)),
            sum_by(of_unit, units.price, len(sets)),
        )
        whole = sum_by(of_unit, step, len(sets))
    else:
        gathered, whole, of_unit = units, step, np.arange(len(step), dtype=np.intp)
    search: PriceSearch | None = None
    for candidates, soft, move in STAGES:
        number = min(int(candidates * count), max(int(WORK * clock.seconds / len(gathered.load)), int(5 * count)))
        sets = spread(gathered.vectors, gathered.load, number)
        points = np.concatenate([middles(gathered.vectors, gathered.weight, sets), centres])
        price = gathered.price if search is None else search.price
        search = PriceSearch(gathered.vectors, gathered.weight, gathered.load, classes, points, price, scale)
        rounds = int(np.clip(STEPS * clock.seconds / max(search.entries, 1), 40, 100))
        search.run(rounds, soft, move, clock.going)
    assert search is not None
    for _ in range(0 if classes.fixed.all() else int(np.clip(clock.seconds / 2, 1, REFINED))):
        if not clock.going():
            break
        points = apart_from(search.settled(int(8 * count), 6), 0.03 * scale, int(6 * count))
        if not len(points):
            break
        search.add(points)
        search.run(50, (0.012, 0.004), (0.015, 0.004), clock.going)
    return (search.price / np.maximum(whole, 1e-300))[of_unit] * step


def _worth(units: Prices, classes: Territories, precision: float, cells: int, going: Callable[[], bool]) -> float:
    """What prices prove: the sum of weight times distance of every assignment is at least this."""
    fixed = classes.fixed
    total = float(units.price.sum())
    if (~fixed).any():
        free = ~fixed
        found = cheapest_centre(
            units, classes.low[free], classes.high[free], precision=precision, cells=cells, going=going
        )
        total += float((classes.times[free] * found.proven).sum())
    everyone = np.arange(len(units.load), dtype=np.int32)
    kept = np.empty(len(everyone), dtype=np.int32)
    for c in np.flatnonzero(fixed).tolist():
        here, bound = np.empty(1), np.empty(1)
        price_cell(
            np.ascontiguousarray(classes.home[c]),
            np.zeros((1, 3)),
            everyone,
            units.vectors,
            units.weight,
            units.load,
            units.price,
            classes.low[c : c + 1],
            classes.high[c : c + 1],
            np.full(1, np.inf),
            here,
            bound,
            kept,
        )
        total += float(classes.times[c] * bound[0]) - 1e-9 * (1 + abs(float(bound[0])))
    return total
