"""The improving search: shifts and swaps along the borders of territories, many at once, some against the grain.

Every sweep looks at all moves that the current borders allow, as arrays; takes the best of those that do not touch
the same territories; and moves the centres. A falling temperature lets sweeps accept what looks slightly worse. The
price of imbalance rises until the tolerances hold and falls afterwards, so that compactness gets what balance leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from salesops_desktop.territory.blocks import Blocks
from salesops_desktop.territory.geography import normalised
from salesops_desktop.territory.neighbours import adjacency, pieces
from salesops_desktop.territory.problem import NONE, Floats, Indices, sum_by
from salesops_desktop.territory.start import matched

SCORE = tuple[float, int, float]
"""Excess over the tolerances, pieces too many, cost: smaller is better, in that order."""


STUCK = 40
"""After how many sweeps without a better balance the search goes back."""


REST = 10
"""For how many sweeps a block that was moved at a loss stays where it is."""


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
        mean: the kilometres that count as one in the cost; the mean distance at the start where 0.
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
        mean: float = 0.0,
    ) -> None:
        self.blocks, self.k, self.homes, self.base = blocks, k, homes, base
        self.disruption, self.connected, self.rng = disruption, connected, rng
        self.near = adjacency(len(blocks), blocks.edges)
        self.directed = np.concatenate([blocks.edges, blocks.edges[:, ::-1]])
        self.free = blocks.positioned & ~blocks.locked
        self.mean = mean

    def begin(self, start: Indices) -> None:
        """Take a first assignment; -1 for blocks that take no part."""
        self.members = np.flatnonzero(start != NONE)
        self._take(start)
        self.rest = np.zeros(len(self.blocks), dtype=np.intp)
        self.now = 0
        if self.mean <= 0:
            self.mean = max(self.distance(), 1e-6)

    def _take(self, assignment: Indices) -> None:
        self.where = assignment.copy()
        count = np.bincount(self.where[self.members], minlength=self.k)
        self.count: list[int] = count.tolist()
        self.load = self.base + np.stack(
            [sum_by(self.where[self.members], row[self.members], self.k) for row in self.blocks.shares]
        )
        self.plain: list[int] = self.where.tolist()
        self.recentre()

    def recentre(self) -> None:
        """Move the centres of territories without a home to the weighted middle of what they hold."""
        where, moment = self.where[self.members], self.blocks.moment[self.members]
        sums = np.stack([sum_by(where, moment[:, i], self.k) for i in range(3)], axis=1)
        self.centre = np.where(np.isfinite(self.homes), self.homes, normalised(sums))

    def rematch(self) -> None:
        """Let people exchange whole territories where that saves distance or disruption."""
        keep = max(self.disruption, 0.01) * self.mean
        self._take(matched(self.blocks, self.where, self.k, self.homes, keep))

    def distance(self) -> float:
        """The weighted mean distance, km."""
        return float(self.blocks.km(self.members, self.centre[self.where[self.members]]).sum())

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
        return self.distance() / self.mean + price

    def run(
        self, sweeps: int, progress: Callable[[int], None], better: Callable[[Indices], None]
    ) -> tuple[SCORE, Indices]:
        """Search for ``sweeps`` sweeps and return the best assignment found with its score."""
        price = 1.0
        best, found = self.score(), self.where.copy()
        at_home = bool(np.isfinite(self.homes).any())
        closest, stuck = np.inf, 0
        for sweep in range(sweeps):
            progress(sweep)
            self.now = sweep
            if at_home and sweep % 25 == 24:
                self.rematch()
            heat = 0.6 * max(0.0, 1 - sweep / (0.8 * sweeps)) ** 2
            moved = self.sweep(price, heat, push=sweep if stuck > 4 else 0)
            self.recentre()
            excess = self.excess()
            price = min(price * 1.12, 1e4) if excess > 0 else max(price * 0.93, 0.02)
            closest, stuck = (excess, 0) if excess < closest or excess == 0.0 else (closest, stuck + 1)
            if stuck > STUCK:  # let compactness have its way for a while; balance is sought again from elsewhere
                price, closest, stuck = 0.2, np.inf, 0
            if excess <= best[0]:
                score = self.score()
                if score < best:
                    best, found = score, self.where.copy()
                    better(found)
            if not moved and heat == 0.0 and excess == 0.0:
                break
        return best, found

    def sweep(self, price: float, heat: float, push: int = 0) -> int:
        """Take the best moves that do not get in each other's way; returns how many.

        Args:
            price: of imbalance.
            heat: how much chance there is in what counts as best.
            push: number of the sweep, where the worst territory is to give or take something even at a loss.
        """
        moves = self.candidates(price)
        if heat > 0:
            step = heat / max(len(self.members), 1)
            moves.gain = moves.gain + self.rng.gumbel(0.0, step, len(moves.gain))
        good = np.flatnonzero(moves.gain > 1e-12)
        good = good[np.argsort(-moves.gain[good], kind="stable")][: 6 * self.k]
        touched = bytearray(self.k)
        done = self._take_best(moves, self._pushes(moves), touched, 1, push) if push else 0
        return done + self._take_best(moves, good, touched, len(good), 0)

    def _pushes(self, moves: Moves) -> Indices:
        """The moves that would relieve the territory farthest outside its tolerance, the best first."""
        off = (self.load - 1) / self.blocks.tolerance[:, None]
        measure, worst = np.unravel_index(int(np.abs(off).argmax()), off.shape)
        source = self.where[moves.unit]
        change = self.blocks.shares[measure, moves.unit].copy()
        swap = moves.other >= 0
        change[swap] -= self.blocks.shares[measure, moves.other[swap]]
        gives = (source == worst) & (change * off[measure, worst] > 0)
        takes = (moves.target == worst) & (change * off[measure, worst] < 0)
        found = np.flatnonzero((gives | takes) & (self.rest[moves.unit] <= self.now))
        return found[np.argsort(-moves.gain[found], kind="stable")][:60]

    def _take_best(self, moves: Moves, order: Indices, touched: bytearray, most: int, push: int) -> int:
        done = 0
        for unit, target, other in zip(
            moves.unit[order].tolist(), moves.target[order].tolist(), moves.other[order].tolist(), strict=True
        ):
            source = self.plain[unit]
            if touched[source] or touched[target] or not self.allowed(unit, source, target, other):
                continue
            touched[source] = touched[target] = 1
            self.move(unit, source, target)
            if other >= 0:
                self.move(other, target, source)
            if push:
                self.rest[[unit, other] if other >= 0 else unit] = push + REST
            done += 1
            if done >= most:
                break
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
        border = (ta != tb) & (ta != NONE) & (tb != NONE) & self.free[a] & (self.rest[a] <= self.now)
        unit, target = a[border], tb[border]
        _, first = np.unique(unit * self.k + target, return_index=True)
        unit, target = unit[first], target[first]
        if not self.connected:
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
        km = blocks.km(unit, self.centre[source]) - blocks.km(unit, self.centre[target])
        owner = blocks.owner[unit]
        stays = (source == owner).astype(np.float64) - (target == owner)
        pull: Floats = km / self.mean - self.disruption * blocks.kept[unit] * stays
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
        return any(plain[n] == territory and n != leaving for n in self.near[unit])

    def _stays(self, unit: int, territory: int, joining: int) -> bool:
        """Whether the neighbours of ``unit`` in its territory still reach each other without it."""
        plain, near = self.plain, self.near
        wanted = {n for n in near[unit] if plain[n] == territory}
        if len(wanted) <= 1:
            return True
        if joining >= 0:
            wanted.discard(joining)
        first = min(wanted)
        wanted.discard(first)
        seen = {first, unit}
        ring = [first]
        for member in ring:  # nearest first, and it grows: most often the way round is short
            if not wanted:
                break
            for n in near[member]:
                if n not in seen and (plain[n] == territory or n == joining):
                    seen.add(n)
                    wanted.discard(n)
                    ring.append(n)
        return not wanted


def _penalty(load: Floats, limit: Floats) -> Floats:
    """The price of imbalance of each column: the square of what lies outside nine tenths of the tolerance."""
    over = np.maximum(np.abs(load - 1) - 0.9 * limit, 0.0) / limit
    result: Floats = (over * over).sum(axis=0)
    return result
