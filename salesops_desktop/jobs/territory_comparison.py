"""Territory scenarios side by side: figures, people, and the accounts that differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.territory_problems import ScenarioProblem, build_problem
from salesops_desktop.jobs.territory_reports import TODAY, ScenarioHead, evaluated, list_scenarios, named_scenario
from salesops_desktop.jobs.territory_tables import deviation, moves
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

_T, _I, _N, _M, _F = (
    ValueKind.TEXT,
    ValueKind.INTEGER,
    ValueKind.NUMBER,
    ValueKind.MONEY,
    ValueKind.FRACTION,
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Scenarios side by side."""

    heads: tuple[ScenarioHead, ...]
    figures: Table
    """One row per scenario, one column per figure."""
    differences: Table
    """The accounts that are not everywhere with the same person, with their territory in each; keys are row ids."""
    territories: Table
    """One row per person: accounts and potential in each scenario; keys are people's row ids, -1 for vacancies."""

    def summary(self) -> Sequence[str]:
        """How many accounts differ."""
        names = " and ".join(head.name for head in self.heads)
        return [f"{len(self.differences):,} accounts are not with the same person in {names}."]

    def tables(self) -> Sequence[Table]:
        """Figures, people, accounts."""
        return [self.figures, self.territories, self.differences]


@job(
    "territories compare",
    title="Compare territory scenarios",
    group="territories",
    examples=("territories compare company.salesops 0 1 2",),
)
def compare_scenarios(context: JobContext, scenarios: list[int]) -> Comparison:
    """Compare scenarios: balance, distance, what changes hands, quota, and which accounts differ.

    Args:
        scenarios: their numbers in the list; 0 for today's owners.
    """
    if len(set(scenarios)) < 2:
        raise InputRefusedError("One scenario alone cannot be compared.", way_out="Name two or more; 0 is today.")
    with context.workspace.read() as connection:
        known = {head.id: head for head in list_scenarios(connection).heads}
        heads = []
        problems = []
        for number in dict.fromkeys(scenarios):
            if number:
                named_scenario(connection, number)
            heads.append(known.get(number, ScenarioHead(0, TODAY, "current", "", "")))
            problems.append(build_problem(connection, number, progress=context.progress))
        quotas = [_quota(connection, head.id) for head in heads]
    return Comparison(
        tuple(heads), _figures(heads, problems, quotas), _differences(heads, problems), _people(heads, problems)
    )


def _quota(connection: Connection, scenario: int) -> int | None:
    """The sum of the quotas of a scenario's territories; None where there are none."""
    found = connection.exec_driver_sql(
        "SELECT sum(q.amount) FROM quota q JOIN territory t ON t.id = q.territory_id WHERE t.scenario_id = ?",
        (scenario,),
    ).scalar()
    return None if found is None else int(found)


def _figures(heads: Sequence[ScenarioHead], problems: Sequence[ScenarioProblem], quotas: Sequence[int | None]) -> Table:
    currency = problems[0].inputs.facts.currency
    names = list(dict.fromkeys(measure.name for each in problems for measure in each.measures))
    specs = [
        ColumnSpec("scenario", "Scenario", _T),
        ColumnSpec("territories", "Territories", _I),
        *[ColumnSpec(f"off_{i}", f"Largest deviation in {name}", _F, digits=1) for i, name in enumerate(names)],
        ColumnSpec("km", "Mean distance (km)", _N, digits=0),
        ColumnSpec("whole", "In one piece", _F, digits=0),
        ColumnSpec("moved", "Accounts changing hands", _I),
        ColumnSpec("moved_potential", "Potential changing hands", _M, currency),
        ColumnSpec("moved_open", "Open pipeline changing hands", _M, currency),
        ColumnSpec("quota", "Quota", _M, currency),
    ]
    rows = []
    for head, whole, quota in zip(heads, problems, quotas, strict=True):
        made = evaluated(whole)
        moved = moves(whole)
        off = {m.name: float(np.abs(deviation(whole, m.values)[1]).max(initial=0.0)) for m in whole.measures}
        sums = [
            int(whole.inputs.accounts[name].to_numpy(np.int64)[moved].sum())
            for name in ("potential_minor", "open_minor")
        ]
        rows.append(
            (
                head.name, len(whole.seats), *(off.get(name) for name in names), made.mean_km if made else None,
                float((made.pieces <= 1).mean()) if made else None, int(moved.sum()), *sums, quota,
            )
        )  # fmt: skip
    return build_table("Scenarios side by side", specs, rows)


def _holders(whole: ScenarioProblem) -> list[tuple[str | None, object]]:
    """The territory and the person of each account, by row; a vacancy stands for itself."""
    seats: list[tuple[str | None, object]] = [
        (seat.name, seat.name if seat.person_id is None else seat.person_id) for seat in whole.seats
    ]
    return [seats[place] if place >= 0 else (None, None) for place in whole.seat_of_account]


def _differences(heads: Sequence[ScenarioHead], problems: Sequence[ScenarioProblem]) -> Table:
    accounts = problems[0].inputs.accounts
    held = [_holders(whole) for whole in problems]
    rows, keys = [], []
    ids = accounts["id"].tolist()
    for i, (name, potential, pipeline) in enumerate(
        zip(accounts["name"], accounts["potential_minor"], accounts["open_minor"], strict=True)
    ):
        if len({who[i][1] for who in held}) > 1:
            rows.append((str(name), *(who[i][0] for who in held), int(potential), int(pipeline)))
            keys.append(int(ids[i]))
    currency = problems[0].inputs.facts.currency
    specs = [
        ColumnSpec("account", "Account", _T),
        *[ColumnSpec(f"s{head.id}", head.name, _T) for head in heads],
        ColumnSpec("potential", "Potential", _M, currency),
        ColumnSpec("open", "Open pipeline", _M, currency),
    ]
    table = build_table("Accounts that differ", specs, rows, entity="account")
    return dataclasses.replace(table, keys=np.array(keys, dtype=np.int64))


def _people(heads: Sequence[ScenarioHead], problems: Sequence[ScenarioProblem]) -> Table:
    currency = problems[0].inputs.facts.currency
    rows: dict[tuple[int, str], dict[str, object]] = {}
    for head, whole in zip(heads, problems, strict=True):
        seat = whole.seat_of_account
        here = seat >= 0
        counts = np.bincount(seat[here], minlength=len(whole.seats))
        sums = np.zeros(len(whole.seats), dtype=np.int64)
        np.add.at(sums, seat[here], whole.inputs.accounts["potential_minor"].to_numpy(np.int64)[here])
        for i, each in enumerate(whole.seats):
            person = -1 if each.person_id is None else each.person_id
            called = each.name if each.person < 0 else str(whole.inputs.people["name"].iloc[each.person])
            row = rows.setdefault((person, called), {"person": called, "key": person})
            row[f"accounts_{head.id}"], row[f"potential_{head.id}"] = int(counts[i]), int(sums[i])
    specs = [
        ColumnSpec("person", "Person", _T),
        *[ColumnSpec(f"potential_{head.id}", f"{head.name}: potential", _M, currency) for head in heads],
        *[ColumnSpec(f"accounts_{head.id}", f"{head.name}: accounts", _I) for head in heads],
    ]
    ordered = sorted(rows.values(), key=lambda row: str(row["person"]))
    return build_table("People side by side", specs, ordered, entity="person", key="key")
