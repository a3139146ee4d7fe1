"""From wishes to a stored scenario: seats, the engine, the certificate, the rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from salesops_desktop.jobs.territory_inputs import NOBODY, TerritoryInputs, named
from salesops_desktop.jobs.territory_problems import ScenarioProblem
from salesops_desktop.jobs.territory_standing import Seat, seats_for
from salesops_desktop.jobs.territory_units import AREA_KINDS
from salesops_desktop.jobs.territory_watching import Watch, watched_design
from salesops_desktop.jobs.territory_wishes import DesignWishes, Effort
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError
from salesops_desktop.model.progress import Progress, part_of
from salesops_desktop.territory.bounds import Certificate, certify
from salesops_desktop.workspace.text import stored_now

_PROOF = {Effort.QUICK: 1.0, Effort.THOROUGH: 5.0, Effort.LONG: 20.0}
"""Seconds the proof may take."""
AT_ONCE = 4_000_000
"""Units times territories up to which a design waits for its proof."""
LATER = "How much better it could be was not asked for, because of its size: territories prove tells it."
_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Solved:
    """What the engine found."""

    assignment: npt.NDArray[np.int32]
    """Seat of each unit."""
    sentences: tuple[str, ...]
    certificate: Certificate | None
    """None where the proof was left for later."""


def plan_seats(inputs: TerritoryInputs, wishes: DesignWishes) -> tuple[tuple[Seat, ...], tuple[str, ...]]:
    """The territories of a new design: one per person, with vacancies or without some people as asked.

    Returns:
        The seats, and what a reader must know.

    Raises:
        FaultsError: fewer territories than parts of the world, or more than accounts.
    """
    people, accounts = inputs.people, inputs.accounts
    called, lies = people["name"].astype(str).tolist(), people["part"].astype(str).tolist()
    weight = accounts["potential_minor"].to_numpy(np.float64) + 1.0
    share = {str(part): float(weight[(accounts["part"] == part).to_numpy()].sum()) for part in set(accounts["part"])}
    sizes = {part: int((accounts["part"] == part).sum()) for part in share}
    rows = [row for row in range(len(people)) if lies[row] in share]
    notes = _left_out(called, set(range(len(people))) - set(rows), "their part of the world has no accounts")
    total = wishes.territories
    if total:
        _check_count(total, len(share), len(accounts))
        keep = max(total - wishes.vacancies, 0)
        kept = _those_who_own_most(inputs, rows, keep, weight)
        notes += _left_out(called, set(rows) - set(kept), f"only {total:,} territories were asked for")
        rows, vacant = kept, total - len(kept)
    else:
        vacant = wishes.vacancies
    chosen: list[int] = []
    for part in sorted(share):
        members = [row for row in rows if lies[row] == part]
        chosen += members[: sizes[part]]
        notes += _left_out(called, set(members[sizes[part] :]), "there are more people than accounts")
    seats = seats_for(inputs, sorted(chosen))
    for number in range(1, vacant + 1):
        held = {part: sum(seat.part == part for seat in seats) for part in share}
        part = max(sorted(share), key=lambda p: share[p] / (held[p] + 0.5) if held[p] < sizes[p] else -1.0)
        seats.append(Seat(f"Vacancy {number}", NOBODY, None, float("nan"), float("nan"), 1.0, part))
    empty = [part for part in share if not any(seat.part == part for seat in seats)]
    if empty:
        raise FaultsError(
            f"Nobody is left for {', '.join(sorted(empty))}.",
            [Fault(part, "Its accounts would have no territory.", "Ask for more territories.") for part in empty],
        )
    return tuple(seats), tuple(notes)


def _check_count(total: int, parts: int, accounts: int) -> None:
    if total < parts:
        raise FaultsError(
            f"{total:,} territories cannot cover {parts:,} parts that no account leaves.",
            [Fault("territories", f"There are {parts:,} parts.", "Ask for more, or for no boundary.")],
        )
    if total > accounts:
        raise FaultsError(
            f"{total:,} territories cannot share {accounts:,} accounts.",
            [Fault("territories", f"There are {accounts:,} accounts.", "Ask for fewer.")],
        )


def _those_who_own_most(
    inputs: TerritoryInputs, rows: Sequence[int], keep: int, weight: npt.NDArray[np.float64]
) -> list[int]:
    """At least one person of each part, then those whose accounts weigh most."""
    here = inputs.owner >= 0
    owned = np.bincount(inputs.owner[here], weight[here], len(inputs.people))
    order = sorted(rows, key=lambda row: (-owned[row], row))
    first = [next(row for row in order if inputs.people["part"].iloc[row] == part)
             for part in sorted({str(inputs.people["part"].iloc[row]) for row in rows})]  # fmt: skip
    return [*first, *(row for row in order if row not in first)][:keep]


def _left_out(names: Sequence[str], rows: set[int], why: str) -> list[str]:
    if not rows:
        return []
    said = named([names[row] for row in sorted(rows)])
    return [f"Without a territory, because {why}: {said}."]


def solve(whole: ScenarioProblem, seed: int, progress: Progress, watch: Watch | None = None) -> Solved:
    """Run the engine, then ask how far its result is from what is provably possible.

    Args:
        whole: the problem.
        seed: of what is left to chance.
        progress: told as the engine goes on; may cancel.
        watch: told of better ones as they come, and says when there is enough.

    Raises:
        FaultsError: the problem makes no sense; with every reason.
    """
    made, sentences = watched_design(whole, seed, part_of(progress, 0, 85), watch)
    if len(whole.units) * len(whole.seats) > AT_ONCE:
        return Solved(made.assignment, (*sentences, LATER), None)
    seconds = _PROOF[Effort.QUICK if watch is not None and watch.enough() else whole.wishes.effort]
    proof = certify(whole.problem, made, seconds=seconds, seed=seed, progress=part_of(progress, 85, 100))
    return Solved(made.assignment, said_once(sentences, proof), proof)


def said_once(sentences: Sequence[str], proof: Certificate) -> tuple[str, ...]:
    """The engine's sentences without those of measures whose imbalance the proof explains: its figure is the exact one.

    Args:
        sentences: of the engine.
        proof: of the same design.
    """
    told = {f" on {bound.measure} was not reached: " for bound in proof.balance if bound.unavoidable}
    return tuple(each for each in sentences if not any(words in each for words in told))


def by_rule(whole: ScenarioProblem) -> dict[int, str]:
    """The rule by which each account without a position found its territory: row → rule."""
    accounts = whole.inputs.accounts
    lost = np.flatnonzero(accounts["latitude"].isna().to_numpy())
    group = whole.problem.group
    made = {}
    for row in lost.tolist():
        unit = int(whole.units.of_account[row])
        if unit < 0 or whole.problem.positioned[unit]:
            continue
        family = group is not None and group[unit] >= 0
        if whole.problem.locks[unit]:
            made[row] = "it is locked or named for this person"
        elif family and group is not None and whole.problem.positioned[group == group[unit]].any():
            made[row] = "it goes with its family"
        elif whole.problem.owners[unit] >= 0:
            made[row] = "it stays with its owner"
        elif whole.seats and whole.seats[0].part:
            made[row] = "the least loaded territory of its part"
        else:
            made[row] = "the least loaded territory"
    return made


def store_design(
    connection: Connection, whole: ScenarioProblem, solved: Solved, name: str, seed: int, figures: dict[str, object]
) -> int:
    """Write a scenario with its territories, accounts and areas.

    Args:
        connection: inside an action.
        whole: the problem.
        solved: its solution.
        name: what to call it; "Design 1" and so on where empty.
        seed: that it was made with.
        figures: what to keep beside it, for JSON.

    Returns:
        Its number.

    Raises:
        InputRefusedError: there is one of that name.
    """
    called = free_name(connection, name, "Design")
    result = connection.exec_driver_sql(
        "INSERT INTO scenario (name, status, effective_from, created_at, seed, design, figures, copied_from) "
        "VALUES (?, 'draft', NULL, ?, ?, ?, ?, ?)",
        (
            called, stored_now(), seed, whole.wishes.to_json(), json.dumps(figures, ensure_ascii=False),
            whole.wishes.based_on or None,
        ),
    )  # fmt: skip
    scenario = int(result.lastrowid)
    ids: list[int] = []
    for seat in whole.seats:
        made = connection.exec_driver_sql(
            "INSERT INTO territory (scenario_id, name, person_id, latitude, longitude, locked, capacity) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                scenario, seat.name, seat.person_id, _number(seat.latitude), _number(seat.longitude), seat.locked,
                round(seat.capacity * _PPM),
            ),
        )  # fmt: skip
        ids.append(int(made.lastrowid))
    _store_places(connection, whole, solved, scenario, ids)
    return scenario


def _store_places(
    connection: Connection, whole: ScenarioProblem, solved: Solved, scenario: int, ids: Sequence[int]
) -> None:
    reasons = by_rule(whole)
    locked = whole.problem.locks
    rows = np.flatnonzero(whole.units.of_account >= 0)
    keys = whole.inputs.accounts["id"].to_numpy(np.int64)
    single = ~whole.units.is_area
    connection.exec_driver_sql(
        "INSERT INTO assignment (scenario_id, account_id, territory_id, locked, reason) VALUES (?, ?, ?, ?, ?)",
        [
            (
                scenario, int(keys[row]), ids[int(solved.assignment[unit])], bool(locked[unit] and single[unit]),
                reasons.get(row),
            )
            for row, unit in zip(rows.tolist(), whole.units.of_account[rows].tolist(), strict=True)
        ],
    )  # fmt: skip
    areas = np.flatnonzero(whole.units.is_area).tolist()
    if areas:
        kind = AREA_KINDS[whole.wishes.units]
        connection.exec_driver_sql(
            "INSERT INTO area_assignment (scenario_id, kind, code, territory_id, locked) VALUES (?, ?, ?, ?, ?)",
            [
                (scenario, kind, whole.units.codes[unit], ids[int(solved.assignment[unit])], bool(locked[unit]))
                for unit in areas
            ],
        )


def free_name(connection: Connection, name: str, otherwise: str) -> str:
    """``name`` if no scenario has it, else a numbered one of ``otherwise`` where no name was given.

    Raises:
        InputRefusedError: there is a scenario of that name.
    """
    taken = {str(row[0]) for row in connection.exec_driver_sql("SELECT name FROM scenario")}
    if name in taken:
        raise InputRefusedError(f"There is a scenario called {name!r} already.", way_out="Give it another name.")
    return name or next(f"{otherwise} {i}" for i in range(1, len(taken) + 2) if f"{otherwise} {i}" not in taken)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
