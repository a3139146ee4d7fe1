"""Why a unit is where it is, and what its next best places would cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from salesops_desktop.territory.geography import great_circle_km
from salesops_desktop.territory.live import Effect, LiveDesign
from salesops_desktop.territory.live_issues import Issue
from salesops_desktop.territory.problem import NONE, Floats, Indices

NEAREST: Final = 8
"""How many of the nearest territories are tried."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another territory for a unit (with its family).

    Attributes:
        territory: which.
        km: from the unit to its centre; NaN where one has no position.
        change_km: by how much the mean distance of the whole design would grow.
        change_balance: per measure, by how much the largest deviation of all would grow.
        deviation: per measure, how far this territory would lie from its target.
        tears: whether a territory would fall into more pieces than now.
        back_home: whether it works the unit today.
        breaks: the rules it would break.
        sentence: the same for a reader.
    """

    territory: int
    km: float
    change_km: float
    change_balance: Mapping[str, float]
    deviation: Mapping[str, float]
    tears: bool
    back_home: bool
    breaks: tuple[Issue, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why a unit is where it is.

    Attributes:
        unit: which.
        family: it and those that stay together with it, [m].
        territory: where it is, -1 for nowhere.
        km: from the unit to the centre of its territory; NaN where one has no position.
        nearer: how many other centres are nearer.
        sentences: the reasons, the strongest first.
        alternatives: other places, the best first.
    """

    unit: int
    family: tuple[int, ...]
    territory: int
    km: float
    nearer: int
    sentences: tuple[str, ...]
    alternatives: tuple[Alternative, ...]


def explain(live: LiveDesign, unit: int) -> Why:
    """Say why ``unit`` is where it is, and what moving it (with its family) elsewhere would do.

    The nearest territories, those of its neighbours and its owner's are tried.
    """
    problem, here = live.problem, int(live.assignment[unit])
    family = live.rules.family(np.array([unit], dtype=np.intp))
    km = _distances(live, unit)
    tried = _candidates(live, family, unit, here, km)
    effects = [(t, live.preview(family, t)) for t in tried]
    options = [_alternative(live, unit, t, effect, float(km[t])) for t, effect in effects]
    options.sort(key=lambda option: _rank(live, option))
    own = float(km[here]) if here != NONE else float("nan")
    nearer = int((km < own).sum()) if np.isfinite(own) else 0
    said = [*_rules(live, unit, here, family), *_place(live, here, own, nearer, options)]
    if options:
        said.append(f"The next best place is {problem.territory(options[0].territory)}: {options[0].sentence}")
    return Why(unit, tuple(family.tolist()), here, own, nearer, tuple(said), tuple(options))


def _distances(live: LiveDesign, unit: int) -> Floats:
    """From the unit to each centre, km, [k]; NaN where one has no position."""
    problem, figures = live.problem, live.figures
    at = np.full(live.k, unit)
    return great_circle_km(
        problem.latitude[at], problem.longitude[at], figures.centre_latitude, figures.centre_longitude
    )


def _candidates(live: LiveDesign, family: Indices, unit: int, here: int, km: Floats) -> list[int]:
    near = np.argsort(np.where(np.isfinite(km), km, np.inf), kind="stable")[:NEAREST].tolist()
    touching = np.isin(live.edges, family)
    around = live.assignment[live.edges[touching[:, ::-1] & ~touching]].tolist()
    owner = int(live.problem.owners[unit])
    chosen = dict.fromkeys([*near, *sorted(set(around)), owner])
    return [int(t) for t in chosen if t not in (here, NONE)]


def _alternative(live: LiveDesign, unit: int, territory: int, effect: Effect, km: float) -> Alternative:
    before, after = effect.before, effect.after
    change = {name: after.balance[name] - before.balance[name] for name in after.balance}
    deviation = {name: float(off[territory]) for name, off in after.deviation.items()}
    tears = bool((after.pieces > np.maximum(before.pieces, 1)).any())
    change_km = after.mean_km - before.mean_km
    shown = ", ".join(f"{name} {off * 100:+.1f} %" for name, off in deviation.items())
    parts = [f"{km:,.0f} km away" if np.isfinite(km) else "without a distance"]
    parts.append(f"mean distance {change_km:+.2f} km")
    parts.append(f"{live.problem.territory(territory)} then {shown} from its targets")
    said = "; ".join(parts) + "."
    if effect.breaks:
        said += " It would break: " + " ".join(issue.sentence for issue in effect.breaks[:3])
    home = int(live.problem.owners[unit]) == territory
    return Alternative(territory, km, change_km, change, deviation, tears, home, effect.breaks, said)


def _rank(live: LiveDesign, option: Alternative) -> tuple[int, float, float]:
    """Fewest broken rules, then least beyond the tolerances, then least distance."""
    over = sum(max(abs(off) - live.problem.limit(name), 0.0) for name, off in option.deviation.items())
    return len(option.breaks), round(over, 9), option.change_km


def _rules(live: LiveDesign, unit: int, here: int, family: Indices) -> list[str]:
    problem, rules = live.problem, live.rules
    name = problem.unit(unit)
    if here == NONE:
        return [f"{name} is in no territory."]
    place = problem.territory(here)
    said = []
    if rules.locked[unit]:
        said.append(f"{name} is locked to {place}.")
    if len(family) > 1:
        others = len(family) - 1
        said.append(f"It stays together with its family of {len(family):,} ({others:,} more).")
    owner = int(problem.owners[unit])
    if owner == here:
        said.append(f"{place} works it today: nothing changes hands.")
    elif owner != NONE:
        said.append(f"{problem.territory(owner)} works it today: it changes hands.")
    else:
        said.append("Nobody works it today.")
    if problem.part is not None and problem.territory_part is not None:
        inside = int((problem.territory_part == problem.part[unit]).sum())
        said.append(f"It may go to the {inside:,} territories of its own boundary only.")
    return said


def _place(live: LiveDesign, here: int, km: float, nearer: int, options: list[Alternative]) -> list[str]:
    if here == NONE:
        return []
    problem, place = live.problem, live.problem.territory(here)
    if not np.isfinite(km):
        return ["It has no position, so distance says nothing."]
    if nearer == 0:
        return [f"No centre is nearer than that of {place} ({km:,.0f} km)."]
    said = [f"{place} is {km:,.0f} km away; {nearer:,} centre{'s are' if nearer > 1 else ' is'} nearer."]
    closer = [option for option in options if option.km < km][:2]
    for option in closer:
        name = problem.territory(option.territory)
        why = [
            f"{measure} would lie {off * 100:+.1f} % from its target"
            for measure, off in option.deviation.items()
            if abs(off) > problem.limit(measure)
        ]
        if option.tears:
            why.append("a territory would fall into more pieces")
        why += [issue.sentence.rstrip(".") for issue in option.breaks if issue.kind not in ("tolerance", "torn")][:1]
        if why:
            said.append(f"{name} is nearer ({option.km:,.0f} km), but {' and '.join(why)}.")
        else:
            said.append(f"{name} is nearer ({option.km:,.0f} km) and would take it without breaking a rule.")
    return said
