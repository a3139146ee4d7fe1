"""What the computer would do next to an edit: the best moves for one territory, and a repair of what an edit broke."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.territory.geography import great_circle_km
from salesops_desktop.territory.live import Effect, LiveDesign, LiveFigures
from salesops_desktop.territory.problem import NONE, Indices
from salesops_desktop.territory.rebalance import rebalance

TRIED: Final = 60
"""How many moves are tried in full for a suggestion."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A move that makes things better.

    Attributes:
        units: who would move (a unit, or its family).
        source: from where.
        target: to where.
        effect: what it would do.
        sentence: the same for a reader.
    """

    units: Indices
    source: int
    target: int
    effect: Effect
    sentence: str


def suggest_moves(live: LiveDesign, territory: int, count: int = 5) -> tuple[Suggestion, ...]:
    """The moves into or out of ``territory``, over its borders, that help most; the best first.

    A move helps when less lies beyond the tolerances after it, or as much at a shorter distance, and no rule breaks.
    """
    moves = _border_moves(live, territory)
    found: list[tuple[tuple[float, float], Suggestion]] = []
    seen: set[tuple[bytes, int]] = set()
    before = beyond(live, live.figures)
    for unit, target in moves:
        units = live.rules.family(np.array([unit], dtype=np.intp))
        key = units.tobytes(), target
        if key in seen:
            continue
        seen.add(key)
        if live.rules.locked[units].any():
            continue
        effect = live.preview(units, target)
        gain = before - beyond(live, effect.after)
        nearer = effect.before.mean_km - effect.after.mean_km
        harmless = not effect.breaks and (gain > 1e-9 or (gain > -1e-9 and nearer > 1e-9))
        if harmless:
            found.append(((-gain, -nearer), _suggestion(live, effect, int(live.assignment[unit]), target)))
        if len(seen) == TRIED:
            break
    found.sort(key=lambda each: each[0])
    return tuple(suggestion for _, suggestion in found[:count])


def repair(live: LiveDesign, *, progress: Progress = silent, seed: int = 0) -> Effect | None:
    """Bring the neighbours of what was edited back within the tolerances; one step to undo.

    What was edited stays where it was put, so do locked units and all territories that do not touch those edited.

    Returns:
        What it did; None where nothing had to be, or could be, done.
    """
    edited = live.edited()
    where = live.assignment
    if not len(edited) or (where == NONE).any():
        return None
    problem = live.problem
    near = np.zeros(live.k, dtype=np.bool_)
    near[where[edited]] = True
    near |= _touching(live, near)
    near |= _touching(live, near)
    fixed = ~near[where]
    fixed[edited] = True
    fixed |= live.rules.locked
    group = problem.group
    if group is not None:  # a family is held as a whole, and one that was divided stays as it is
        fixed[live.rules.family(np.flatnonzero(fixed))] = True
        divided = np.isin(group, _several(group.astype(np.int64), where.astype(np.int64)))
        fixed |= divided
        group = np.where(divided, NONE, group)
    asked = dataclasses.replace(problem, owner=where, locked=fixed, group=group, forbidden=None, budget=None)
    if problem.part is not None and problem.territory_part is not None:
        asked = dataclasses.replace(asked, part=np.where(fixed, problem.territory_part[where], problem.part))
    made = rebalance(asked, seed=seed, progress=progress, edges=live.edges)
    changed = np.flatnonzero(made.assignment != where)
    if not len(changed):
        return None
    foreseen = live.preview_each(changed, made.assignment[changed])
    if beyond(live, foreseen.after) >= beyond(live, foreseen.before) - 1e-9:
        return None
    return live.move_each(changed, made.assignment[changed])


def _several(key: npt.NDArray[np.int64], value: npt.NDArray[np.int64]) -> list[int]:
    """The keys, from 0, that have more than one value."""
    pairs = np.unique(np.stack([key, value], axis=1), axis=0)
    found, count = np.unique(pairs[:, 0], return_counts=True)
    return [int(name) for name in found[(count > 1) & (found >= 0)]]


def beyond(live: LiveDesign, figures: LiveFigures) -> float:
    """What lies beyond the tolerances, summed over territories and measures, each in tolerances."""
    total = 0.0
    for name, off in figures.deviation.items():
        limit = live.problem.limit(name)
        total += float(np.maximum(np.abs(off) / limit - 1, 0.0).sum())
    return total


def _touching(live: LiveDesign, near: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    ends = live.assignment[live.edges]
    result = np.zeros(live.k, dtype=np.bool_)
    result[ends[near[ends[:, 0]], 1]] = True
    result[ends[near[ends[:, 1]], 0]] = True
    return result


def _border_moves(live: LiveDesign, territory: int) -> list[tuple[int, int]]:
    """Moves over the borders of ``territory``, as (unit, target): the most promising first."""
    where = live.assignment
    both = np.concatenate([live.edges, live.edges[:, ::-1]])
    source, target = where[both[:, 0]], where[both[:, 1]]
    crossing = (source != target) & (source != NONE) & (target != NONE)
    crossing &= (source == territory) | (target == territory)
    pairs = np.unique(np.stack([both[crossing, 0], target[crossing]], axis=1), axis=0)
    if not len(pairs):
        return []
    unit, to = pairs[:, 0], pairs[:, 1]
    gain = np.zeros(len(pairs))
    for name, values in live.problem.measures.items():
        limit, off, due = live.problem.limit(name), live.figures.deviation[name], live.problem.targets(name)
        here, size = where[unit], values[unit].astype(np.float64)
        for t, sign in ((here, -1.0), (to, 1.0)):
            part = np.divide(sign * size, due[t], out=np.zeros(len(pairs)), where=due[t] > 0)
            gain += np.maximum(np.abs(off[t]) / limit - 1, 0) - np.maximum(np.abs(off[t] + part) / limit - 1, 0)
    problem, figures = live.problem, live.figures
    apart = [
        great_circle_km(
            problem.latitude[unit], problem.longitude[unit], figures.centre_latitude[t], figures.centre_longitude[t]
        )
        for t in (where[unit], to)
    ]
    nearer = np.nan_to_num(apart[0] - apart[1]) * live.weights[unit]
    order = np.lexsort((to, unit, -nearer, -np.round(gain, 9)))
    return [(int(unit[i]), int(to[i])) for i in order]


def _suggestion(live: LiveDesign, effect: Effect, source: int, target: int) -> Suggestion:
    problem, before, after = live.problem, effect.before, effect.after
    name = problem.unit(int(effect.units[0]))
    who = name if len(effect.units) == 1 else f"{name} and {len(effect.units) - 1:,} of its family"
    shown = [
        f"{problem.territory(t)} {measure} {before.deviation[measure][t] * 100:+.1f} % → {off[t] * 100:+.1f} %"
        for measure, off in after.deviation.items()
        for t in (source, target)
    ]
    change = after.mean_km - before.mean_km
    said = f"{who} to {problem.territory(target)}: {', '.join(shown)}; mean distance {change:+.2f} km."
    return Suggestion(effect.units, source, target, effect, said)
