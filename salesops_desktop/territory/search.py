"""The improving search: shifts and swaps along the borders of territories, many at once, some against the grain.

Every sweep looks at all moves that the current borders allow, as arrays; takes the best of those that do not touch
the same territories; and moves the centres. A falling temperature lets sweeps accept what looks slightly worse. The
price of imbalance rises until the tolerances hold and falls afterwards, so that compactness gets what balance leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.progress import Progress
from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.geography import chord_km, normalised
from salesops_desktop.territory.neighbours import adjacency, pieces
from salesops_desktop.territory.problem import NONE, Floats, Indices, sum_by, sum_vectors

SCORE = tuple[float, int, float]
"""Excess over the tolerances, pieces too many, cost: smaller is better, in that order."""


@dataclass(slots=True)
class Moves:
    """Candidate moves as columns: ``unit`` goes to ``target``; in a swap ``other`` comes back (-1 in a shift)."""

    unit: Indices
    target: Indices
    other: Indices
    gain: Floats


class Search:
    """One search over the positioned blocks.

    Args:
        blocks: what is moved.
        k: number of territories.
        homes: fixed centres on the unit sphere, [k, 3], NaN where a territory gathers around its own middle.
        base: what each territory already holds of each measure, in mean territories, [m, k].
        disruption: the price of moving, see DesignProblem.
        connected: whether moves may tear a territory.
        rng: the source of chance.
    """

    def __init__(
        self,
        blocks: Blocks,
        k: int,
        *,
        homes: Floats,
        base: Floats,
        disruption: float,
        connected: bool,
        rng: np.random.Generator,
    ) -> None:
        self.blocks, self.k, self.homes, self.base = blocks, k, homes, base
        self.disruption, self.connected, self.rng = disruption, connected, rng
        self.near = adjacency(len(blocks), blocks.edges)
        self.directed = np.concatenate([blocks.edges, blocks.edges[:, ::-1]])
        self.free = blocks.positioned & ~blocks.locked
        owner: list[int] = blocks.owner.tolist()
        self.lonely = [
            disruption > 0 and owner[unit] != NONE and all(owner[n] != owner[unit] for n in near)
            for unit, near in enumerate(self.near)
        ]
        self.mean = 1.0  # of the distances at the start, km

    def begin(self, start: Indices) -> None:
        """Take a first assignment; -1 for blocks that take no part."""
        self.where = start.copy()
        inside = self.where != NONE
        self.members = np.flatnonzero(inside)
        count = np.bincount(self.where[self.members], minlength=self.k)
        self.count: list[int] = count.tolist()
        self.load = self.base + np.stack(
            [sum_by(self.where[self.members], row[self.members], self.k) for row in self.blocks.shares]
        )
        self.plain: list[int] = self.where.tolist()
        self.recentre()
        self.mean = max(float(self._distance().sum()), 1e-6)

    def recentre(self) -> None:
        """Move the centres of territories without a home to the weighted middle of what they hold."""
        where, blocks = self.where[self.members], self.blocks
        pull = blocks.weight[self.members]
        vectors = blocks.vectors[self.members]
        sums = sum_vectors(where, pull, vectors, self.k)
        self.centre = np.where(np.isfinite(self.homes), self.homes, normalised(sums))

    def _distance(self) -> Floats:
        """Weighted km per member; their sum is the mean distance."""
        km = chord_km(self.blocks.vectors[self.members], self.centre[self.where[self.members]])
        return self.blocks.weight[self.members] * km

    def excess(self) -> float:
        """How far the worst territory lies outside its tolerance; 0 when all are inside."""
        over = np.abs(self.load - 1) - self.blocks.tolerance[:, None]
        return max(float(over.max()), 0.0)

    def torn(self) -> int:
        """Pieces too many."""
        label = pieces(self.blocks.edges, self.where, self.where != NONE)
        return len(np.unique(label[label >= 0])) - sum(1 for count in self.count if count)

    def score(self) -> SCORE:
        """How good the assignment is."""
        return (round(self.excess(), 9), self.torn() if self.connected else 0, self.cost())

    def cost(self) -> float:
        """Mean distance in units of the start's, and the price of what moved."""
        members, blocks = self.members, self.blocks
        moved = (blocks.owner[members] != NONE) & (blocks.owner[members] != self.where[members])
        price = self.disruption * float(blocks.kept[members][moved].sum())
        return float(self._distance().sum()) / self.mean + price

    def run(
        self, sweeps: int, progress: Callable[[int], None], better: Callable[[Indices], None]
    ) -> tuple[SCORE, Indices]:
        """Search for ``sweeps`` sweeps and return the best assignment found with its score."""
        price = 1.0
        best, found = self.score(), self.where.copy()
        for sweep in range(sweeps):
            progress(sweep)
            heat = 0.6 * max(0.0, 1 - sweep / (0.8 * sweeps)) ** 2
            moved = self.sweep(price, heat)
            self.recentre()
            excess = self.excess()
            price = min(price * 1.12, 1e4) if excess > 0 else max(price * 0.93, 0.02)
            if excess <= best[0]:
                score = self.score()
                if score < best:
                    best, found = score, self.where.copy()
                    better(found)
            if not moved and heat == 0.0 and excess == 0.0:
                break
        return best, found

    def sweep(self, price: float, heat: float) -> int:
        """Take the best moves that do not get in each other's way; returns how many."""
        moves = self.candidates(price)
        if heat > 0:
            step = heat / max(len(self.members), 1)
            moves.gain = moves.gain + self.rng.gumbel(0.0, step, len(moves.gain))
        good = np.flatnonzero(moves.gain > 1e-12)
        good = good[np.argsort(-moves.gain[good], kind="stable")][: 6 * self.k]
        touched = bytearray(self.k)
        done = 0
        for unit, target, other in zip(
            moves.unit[good].tolist(), moves.target[good].tolist(), moves.other[good].tolist(), strict=True
        ):
            source = self.plain[unit]
            if touched[source] or touched[target] or not self.allowed(unit, source, target, other):
                continue
            touched[source] = touched[target] = 1
            self.move(unit, source, target)
            if other >= 0:
                self.move(other, target, source)
            done += 1
        return done

    def move(self, unit: int, source: int, target: int) -> None:
        """Move one block."""
        self.where[unit] = self.plain[unit] = target
        self.count[source] -= 1
        self.count[target] += 1
        self.load[:, source] -= self.blocks.shares[:, unit]
        self.load[:, target] += self.blocks.shares[:, unit]

    def candidates(self, price: float) -> Moves:
        """All shifts over a border and a sample of swaps, with what each gains."""
        a, b = self.directed[:, 0], self.directed[:, 1]
        ta, tb = self.where[a], self.where[b]
        border = (ta != tb) & (ta != NONE) & (tb != NONE) & self.free[a]
        unit, target = a[border], tb[border]
        _, first = np.unique(unit * self.k + target, return_index=True)
        unit, target = unit[first], target[first]
        if not self.connected or self.disruption > 0:
            unit, target = self._homing(unit, target)
        back = self._partners(unit, target)
        swap = back >= 0
        units = np.concatenate([unit, unit[swap]])
        targets = np.concatenate([target, target[swap]])
        others = np.concatenate([np.full(len(unit), -1, dtype=np.intp), back[swap]])
        return Moves(units, targets, others, self._gains(units, targets, others, price))

    def _homing(self, unit: Indices, target: Indices) -> tuple[Indices, Indices]:
        """Also moves to the nearest centre and back to the owner, wherever the border is."""
        free = self.members[self.free[self.members]]
        pick = free if len(free) <= 2000 else self.rng.choice(free, 2000, replace=False)
        nearest = (self.blocks.vectors[pick] @ self.centre.T).argmax(axis=1)
        units = np.concatenate([unit, pick, pick])
        targets = np.concatenate([target, nearest, self.blocks.owner[pick]])
        real = (targets != NONE) & (targets != self.where[units])
        units, targets = units[real], targets[real]
        _, first = np.unique(units * self.k + targets, return_index=True)
        return units[first], targets[first]

    def _partners(self, unit: Indices, target: Indices) -> Indices:
        """For each move over a border, one that goes the other way over the same border; -1 where there is none."""
        forward = self.where[unit] * self.k + target
        backward = target * self.k + self.where[unit]
        order = np.argsort(forward, kind="stable")
        keys = forward[order]
        low, high = np.searchsorted(keys, backward, side="left"), np.searchsorted(keys, backward, side="right")
        width = high - low
        drawn = low + (self.rng.random(len(unit)) * width).astype(np.intp)
        return np.where(width > 0, unit[order[np.minimum(drawn, max(len(order) - 1, 0))]], -1)

    def _gains(self, unit: Indices, target: Indices, other: Indices, price: float) -> Floats:
        """By how much each move lowers distance, disruption and the price of imbalance together."""
        source = self.where[unit]
        gain = self._pull(unit, source, target)
        swap = np.flatnonzero(other >= 0)
        gain[swap] += self._pull(other[swap], target[swap], source[swap])
        change = self.blocks.shares[:, unit].copy()
        change[:, swap] -= self.blocks.shares[:, other[swap]]
        limit = self.blocks.tolerance[:, None]
        for territory, sign in ((source, -1.0), (target, 1.0)):
            load = self.load[:, territory]
            gain += price / self.k * (_penalty(load, limit) - _penalty(load + sign * change, limit))
        return gain

    def _pull(self, unit: Indices, source: Indices, target: Indices) -> Floats:
        blocks = self.blocks
        vectors = blocks.vectors[unit]
        km = chord_km(vectors, self.centre[source]) - chord_km(vectors, self.centre[target])
        owner = blocks.owner[unit]
        stays = (source == owner).astype(np.float64) - (target == owner)
        pull: Floats = blocks.weight[unit] * km / self.mean - self.disruption * blocks.kept[unit] * stays
        return pull

    def allowed(self, unit: int, source: int, target: int, other: int) -> bool:
        """Whether a move leaves no territory empty and, where asked, none torn that is whole."""
        if other < 0 and self.count[source] <= 1:
            return False
        if not self.connected:
            return True
        if not self._joins(unit, target, other) or not self._stays(unit, source, other):
            return False
        return other < 0 or (self._joins(other, source, unit) and self._stays(other, target, unit))

    def _joins(self, unit: int, territory: int, leaving: int) -> bool:
        plain = self.plain
        if any(plain[n] == territory and n != leaving for n in self.near[unit]):
            return True
        # Today's plan may have scattered units; such a unit may go home, though nothing of its owner is next to it.
        return self.lonely[unit] and int(self.blocks.owner[unit]) == territory

    def _stays(self, unit: int, territory: int, joining: int) -> bool:
        """Whether the neighbours of ``unit`` in its territory still reach each other without it."""
        plain, near = self.plain, self.near
        wanted = {n for n in near[unit] if plain[n] == territory}
        if len(wanted) <= 1:
            return True
        if joining >= 0:
            wanted.discard(joining)
        first = wanted.pop()
        seen = {first, unit}
        stack = [first]
        while stack and wanted:
            for n in near[stack.pop()]:
                if (plain[n] == territory or n == joining) and n not in seen:
                    seen.add(n)
                    wanted.discard(n)
                    stack.append(n)
        return not wanted


def _penalty(load: Floats, limit: Floats) -> Floats:
    """The price of imbalance of each column: the square of what lies outside nine tenths of the tolerance."""
    over = np.maximum(np.abs(load - 1) - 0.9 * limit, 0.0) / limit
    result: Floats = (over * over).sum(axis=0)
    return result


def join_strays(blocks: Blocks, start: Indices, k: int) -> Indices:
    """``start`` with every territory in one piece where locks and the graph allow it.

    The heaviest piece of a territory stays (a locked block makes it heavier than any other); the other pieces go,
    block by block, to the nearest of the territories they touch.
    """
    result = start.copy()
    inside = result != NONE
    label = pieces(blocks.edges, result, inside)
    count = int(label.max(initial=-1)) + 1
    if count == 0:
        return result
    mass = np.bincount(label[inside], (blocks.weight + 1e-12 + blocks.locked)[inside], count)
    territory = np.zeros(count, dtype=np.intp)
    territory[label[inside]] = result[inside]
    order = np.lexsort((mass, territory))
    last = np.r_[territory[order][1:] != territory[order][:-1], True]
    keeps = np.zeros(count, dtype=np.bool_)
    keeps[order[last]] = True
    stray = inside & ~keeps[label] & ~blocks.locked
    result[stray] = NONE
    held = np.flatnonzero(inside & ~stray)
    sums = sum_vectors(result[held], blocks.weight[held], blocks.vectors[held], k)
    centre = normalised(sums)
    for unit, target in _grow(blocks, result, stray, centre):
        result[unit] = target
    lost = np.flatnonzero(stray & (result == NONE))
    result[lost] = start[lost]  # islands without any neighbour stay where they were
    return result


def _grow(
    blocks: Blocks, result: Indices, stray: npt.NDArray[np.bool_], centre: Floats
) -> Iterator[tuple[Indices, Indices]]:
    """Layer by layer: strays next to something assigned, and the nearest territory each of them touches."""
    both = np.concatenate([blocks.edges, blocks.edges[:, ::-1]])
    while True:
        a, b = both[:, 0], both[:, 1]
        open_edge = stray[a] & (result[a] == NONE) & (result[b] != NONE)
        a, target = a[open_edge], result[b[open_edge]]
        if not len(a):
            return
        km = chord_km(blocks.vectors[a], centre[target])
        order = np.lexsort((target, km, a))
        unit, first = np.unique(a[order], return_index=True)
        yield unit, target[order][first]


def quiet(progress: Progress, offset: int, total: int, what: str) -> Callable[[int], None]:
    """A sweep counter that reports to ``progress``."""
    return lambda sweep: progress(offset + sweep, total, what)
