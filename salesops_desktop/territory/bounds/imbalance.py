"""How far from its target some territory must lie, whatever the assignment, and what forces it.

Each argument is a proof of its own; the strongest is kept. All of them hold for every assignment that obeys the locks,
the forbidden pairs, the boundaries and the groups; those from the pieces of the neighbourhood also ask that
territories be in one piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.bounds.records import BalanceBound, Cause
from salesops_desktop.territory.figures import unit_edges
from salesops_desktop.territory.problem import NONE, DesignProblem, Floats, Indices, sum_by

Flags = npt.NDArray[np.bool_]

MOST_FLAGS = 60_000_000
"""Units times territories up to which who may go where is looked at one by one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One proof.

    Attributes:
        lower: the deviation it proves.
        cause: what forces it.
        units: that force it.
        territories: it is forced upon.
        sentence: the same in words.
        relax: what would relax it.
    """

    lower: float
    cause: Cause
    units: Indices
    territories: Indices
    sentence: str
    relax: str


@dataclass(frozen=True, slots=True)
class _Part:
    """Units and territories of one boundary, with the units gathered into what cannot be divided.

    Attributes:
        units: which units, [u].
        territories: which territories, [t].
        block: of each unit, [u].
        owner: the territory a block is locked to, -1 for none, [b].
        barred: pairs of a block and a place among ``territories`` that must not be, [f, 2].
        piece: the piece of the neighbourhood of each block, -1 for those without a position, [b].
        name: of the boundary for sentences; empty where there is but one.
    """

    units: Indices
    territories: Indices
    block: Indices
    owner: Indices
    barred: Indices
    piece: Indices
    name: str


def imbalance_bounds(
    problem: DesignProblem, reached: dict[str, float], edges: Indices | None = None
) -> tuple[BalanceBound, ...]:
    """The unavoidable deviation of each measure.

    Args:
        problem: what is asked.
        reached: the largest deviation of a design per measure.
        edges: the neighbourhood graph, when it is already known.
    """
    parts = _parts(problem, edges)
    result = []
    for measure in problem.measures:
        best: Finding | None = None
        for part in parts:
            for finding in _findings(problem, measure, part):
                if best is None or finding.lower > best.lower + 1e-12:
                    best = finding
        limit, mine = problem.limit(measure), reached[measure]
        if best is None or best.lower <= 1e-9:
            result.append(BalanceBound(measure, limit, mine, 0.0))
        else:
            result.append(
                BalanceBound(
                    measure,
                    limit,
                    mine,
                    best.lower,
                    best.cause,
                    tuple(int(u) for u in best.units[:20]),
                    tuple(int(t) for t in best.territories[:20]),
                    best.sentence,
                    best.relax,
                )
            )
    return tuple(result)


def _parts(problem: DesignProblem, edges: Indices | None) -> list[_Part]:
    n, k = len(problem), problem.territories
    of_unit, of_territory = np.zeros(n, dtype=np.int64), np.zeros(k, dtype=np.int64)
    if problem.part is not None and problem.territory_part is not None:
        of_unit, of_territory = problem.part.astype(np.int64), problem.territory_part.astype(np.int64)
    graph = unit_edges(problem) if edges is None and problem.connected else edges
    forbidden = np.zeros((0, 2), dtype=np.intp) if problem.forbidden is None else problem.forbidden.astype(np.intp)
    result = []
    numbers = np.unique(of_territory).tolist()
    for number in numbers:
        # A lock may hold a unit of another boundary; it then counts where it is locked.
        locked_here = problem.locks & (of_territory[np.maximum(problem.owners, 0)] == number)
        units = np.flatnonzero(np.where(problem.locks, locked_here, of_unit == number))
        territories = np.flatnonzero(of_territory == number)
        if not len(units):
            continue
        block, owner = _blocks(problem, units)
        place = np.full(k, NONE, dtype=np.intp)
        place[territories] = np.arange(len(territories))
        inside = np.full(n, NONE, dtype=np.intp)
        inside[units] = block
        kept = (inside[forbidden[:, 0]] != NONE) & (place[forbidden[:, 1]] != NONE)
        barred = np.stack([inside[forbidden[kept, 0]], place[forbidden[kept, 1]]], axis=1)
        piece = np.full(len(owner), NONE, dtype=np.intp)
        if problem.connected and graph is not None:
            piece = _pieces(problem, graph, units, block, owner)
        name = f"part {number}" if len(numbers) > 1 else ""
        result.append(_Part(units, territories, block, place_of(owner, place), barred, piece, name))
    return result


def place_of(owner: Indices, place: Indices) -> Indices:
    """The place of each owner among the territories of a part; -1 stays."""
    return np.where(owner == NONE, NONE, place[np.maximum(owner, 0)])


def _blocks(problem: DesignProblem, units: Indices) -> tuple[Indices, Indices]:
    """What cannot be divided: groups; with the territory each is locked to."""
    own = np.arange(len(units))
    if problem.group is not None:
        group = problem.group[units].astype(np.int64)
        own = np.where(group >= 0, group, group.max(initial=0) + 1 + own)
    block = np.unique(own, return_inverse=True)[1].reshape(-1).astype(np.intp)
    owner = np.full(int(block.max()) + 1, NONE, dtype=np.intp)
    locked = problem.locks[units]
    owner[block[locked]] = problem.owners[units][locked]
    return block, owner


def _pieces(problem: DesignProblem, graph: Indices, units: Indices, block: Indices, owner: Indices) -> Indices:
    """The piece of the neighbourhood of each block: a territory in one piece lies within one of them.

    Members of a group may lie apart, and so may what is locked to one territory: both join what they touch.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415  # slow to load, and the package is imported early
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415  # slow to load, and the package is imported early

    count = len(owner)
    positioned = problem.positioned
    inside = np.full(len(problem), NONE, dtype=np.intp)
    inside[units] = np.where(positioned[units], block, NONE)
    ends = inside[graph]
    ends = ends[(ends != NONE).all(axis=1)]
    locked = np.flatnonzero(owner != NONE)
    locked = locked[np.argsort(owner[locked], kind="stable")]
    same = owner[locked][1:] == owner[locked][:-1]
    ends = np.concatenate([ends, np.stack([locked[:-1][same], locked[1:][same]], axis=1)])
    joined = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(count, count))
    label = connected_components(joined, directed=False)[1].astype(np.intp)
    seen = np.zeros(count, dtype=np.bool_)
    seen[block[positioned[units]]] = True
    anchored = np.zeros(count, dtype=np.bool_)
    anchored[label[seen]] = True
    return np.where(anchored[label], label, NONE)


def _findings(problem: DesignProblem, measure: str, part: _Part) -> Iterator[Finding]:
    values = problem.measures[measure].astype(np.float64)[part.units]
    held = sum_by(part.block, values, len(part.owner))
    target = problem.targets(measure)[part.territories]
    if held.sum() <= 0 or (target <= 0).any():
        return
    yield from _from_locks(problem, measure, part, held, target)
    yield from _from_sizes(problem, measure, part, held, target)
    yield from _from_pieces(problem, measure, part, held, target)


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _named(problem: DesignProblem, part: _Part, block: int) -> tuple[Indices, str, Cause]:
    """The units of a block, what a sentence calls it, and what it is."""
    members = part.units[part.block == block]
    name = problem.unit(int(members[0]))
    return (members, name, "unit") if len(members) == 1 else (members, f"the group of {name}", "group")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _from_locks(problem: DesignProblem, measure: str, part: _Part, held: Floats, target: Floats) -> Iterator[Finding]:
    """What is locked to a territory is too much for it, or what it may have at all too little."""
    count = len(target)
    locked = part.owner != NONE
    mine = sum_by(part.owner[locked], held[locked], count)
    over = mine / target - 1
    t = int(over.argmax())
    if over[t] > 0:
        members = part.units[np.isin(part.block, np.flatnonzero(part.owner == t))]
        territory = int(part.territories[t])
        yield Finding(
            float(over[t]),
            "locked",
            members,
            part.territories[[t]],
            f"What is locked to {problem.territory(territory)} alone is {_percent(mine[t] / target[t])} of its target "
            f"of {measure}.",
            f"Unlock some of what {problem.territory(territory)} holds, or give it more capacity.",
        )
    barred = np.zeros(count)
    if len(part.barred):
        pairs = np.unique(part.barred, axis=0)
        pairs = pairs[part.owner[pairs[:, 0]] == NONE]
        barred = sum_by(pairs[:, 1], held[pairs[:, 0]], count)
    may = held[~locked].sum() - barred + mine
    under = 1 - may / target
    t = int(under.argmax())
    if under[t] > 1e-12:
        territory = int(part.territories[t])
        yield Finding(
            float(under[t]),
            "forbidden" if barred[t] > 0 else "locked",
            np.zeros(0, dtype=np.intp),
            part.territories[[t]],
            f"{problem.territory(territory)} may have {_percent(may[t] / target[t])} of its target of {measure} at "
            f"most: the rest is {'forbidden to it or ' if barred[t] > 0 else ''}locked to others.",
            "Unlock some of it" + (", or allow forbidden pairs." if barred[t] > 0 else "."),
        )


def _from_sizes(problem: DesignProblem, measure: str, part: _Part, held: Floats, target: Floats) -> Iterator[Finding]:
    """A unit or group is larger than any territory it may go to; large ones must share one; too little is left over."""
    count = len(target)
    order = np.argsort(-held, kind="stable")
    room = _largest_allowed(part, order[: 4 * count], target)
    over = held[order[: 4 * count]] / room - 1
    at = int(over.argmax())
    if over[at] > 0:
        members, name, cause = _named(problem, part, int(order[at]))
        share = _percent(held[order[at]] / room[at])
        yield Finding(
            float(over[at]),
            cause,
            members,
            np.zeros(0, dtype=np.intp),
            f"{_capital(name)} alone is {share} of a territory's {measure}: one must lie {_percent(over[at])} above.",
            f"Let several people share {name}, keep it out of the balance, or make fewer territories.",
        )
    largest, least = float(target.max()), np.sort(target)
    sums = np.cumsum(held[order])
    for times in range(2, 5):  # among the (times - 1) k + 1 largest, some territory has ``times``
        last = (times - 1) * count + 1
        if last > len(order):
            break
        together = float(held[order[last - times : last]].sum())
        if together / largest - 1 > 0:
            name = _named(problem, part, int(order[last - 1]))[1]
            yield Finding(
                together / largest - 1,
                "unit",
                part.units[np.isin(part.block, order[:last])],
                np.zeros(0, dtype=np.intp),
                f"There are {last} units as large as {name} or larger for {count} territories: one must hold {times} "
                f"of them, which is {_percent(together / largest)} of its {measure}.",
                "Divide the largest units, or change the number of territories.",
            )
    # The q largest lie in at most q territories; the others share the rest.
    most = min(count - 1, len(order))
    if most > 0:
        rest = held.sum() - sums[:most]
        needed = np.cumsum(least)[::-1][1 : most + 1]  # the smallest targets of k - 1, k - 2 … territories
        under = 1 - rest / needed
        q = int(under.argmax())
        if under[q] > 1e-12:
            members, name, cause = _named(problem, part, int(order[0]))
            several = f"The {q + 1} largest, {name} first, leave" if q else f"{_capital(name)} leaves"
            yield Finding(
                float(under[q]),
                cause if q == 0 else "unit",
                members if q == 0 else part.units[np.isin(part.block, order[: q + 1])],
                np.zeros(0, dtype=np.intp),
                f"{several} only {_percent(rest[q] / needed[q])} of their targets of {measure} to the other "
                f"{count - q - 1} territories.",
                "Make fewer territories, or divide the largest units.",
            )


def _largest_allowed(part: _Part, blocks: Indices, target: Floats) -> Floats:
    """The largest target among the territories each block may go to."""
    result = np.full(len(blocks), float(target.max()))
    hindered = np.isin(blocks, part.barred[:, 0]) if len(part.barred) else np.zeros(len(blocks), dtype=np.bool_)
    for at in np.flatnonzero(hindered | (part.owner[blocks] != NONE)).tolist():
        block = blocks[at]
        if part.owner[block] != NONE:
            result[at] = target[part.owner[block]]
            continue
        may = np.ones(len(target), dtype=np.bool_)
        may[part.barred[part.barred[:, 0] == block, 1]] = False
        result[at] = float(target[may].max()) if may.any() else float(target.max())
    return result


def _from_pieces(problem: DesignProblem, measure: str, part: _Part, held: Floats, target: Floats) -> Iterator[Finding]:
    """Each territory lies in one piece of the neighbourhood, so whole numbers of territories share each piece."""
    known = part.piece != NONE
    names, index = np.unique(part.piece[known], return_inverse=True)
    if len(names) < 2 or len(names) > len(target):
        return  # one piece forces nothing; more pieces than territories cannot all be in one piece anyway
    amount = sum_by(index.reshape(-1), held[known], len(names))
    loose = float(held[~known].sum())  # without a position: may go anywhere
    ascending = np.sort(target)
    small, large = np.cumsum(ascending), np.cumsum(ascending[::-1])

    def possible(deviation: float) -> bool:
        need = np.searchsorted(large * (1 + deviation), amount * (1 - 1e-12)) + 1
        if deviation >= 1:
            return int(np.maximum(need, 1).sum()) <= len(target)
        room = np.searchsorted(small * (1 - deviation), (amount + loose) * (1 + 1e-12), side="right")
        spare = len(target) if loose > 0 else 0  # territories of units without a position alone
        return bool((need <= room).all()) and int(need.sum()) <= len(target) <= int(room.sum()) + spare

    low, high = 0.0, 1.0
    while not possible(high) and high < 1e6:
        low, high = high, 2 * high
    if possible(0.0) or high >= 1e6:
        return
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if possible(middle) else (middle, high)
    # The piece that fits worst says why.
    mean = float(target.mean())
    share = amount / mean
    misfit = np.minimum(
        np.abs(share / np.maximum(np.floor(share), 1) - 1), np.abs(share / np.maximum(np.ceil(share), 1) - 1)
    )
    worst = int(misfit.argmax())
    members = part.units[np.isin(part.block, np.flatnonzero(part.piece == names[worst]))]
    first = problem.unit(int(members[0]))
    yield Finding(
        low,
        "component",
        members,
        np.zeros(0, dtype=np.intp),
        f"The neighbourhood is in {len(names)} pieces and territories may not reach over: the piece of {first} "
        f"({len(members):,} units) holds {share[worst]:.2f} territories of {measure}, no whole number.",
        "Allow territories in several pieces, or say which units are neighbours across the gap.",
    )
