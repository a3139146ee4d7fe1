"""The territories of a scenario, or of today's owners, with their people and accounts: what quotas and routing read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.jobs.company import CompanyFacts
from salesops_desktop.jobs.territory_inputs import NOBODY, load_territory_inputs
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period
from salesops_desktop.model.progress import Progress, silent

_PEOPLE = """
SELECT p.id, p.name AS person, p.manager_id, m.name AS manager, p.start_date, p.end_date, p.active, p.fte, p.ramp_months
FROM person p LEFT JOIN person m ON m.id = p.manager_id
"""

_KINDS = "SELECT id, segment, industry, latitude IS NOT NULL AND longitude IS NOT NULL AS placed FROM account"


@dataclass(frozen=True, slots=True)
class Seats:
    """The territories and what lies in them.

    Attributes:
        scenario: the scenario's number, 0 for today's owners.
        name: what it is called.
        facts: the company.
        as_of: the day.
        territories: one row per territory, by name: ``id`` (-1 for today's owners), ``name``, ``person_id`` (NA for a
            vacancy), ``person``, ``manager_id``, ``manager``, ``start_date``, ``end_date``, ``fte``, ``ramp_months``.
        accounts: as :class:`~salesops_desktop.jobs.territory_inputs.TerritoryInputs` has them, with ``segment``,
            ``industry``, ``placed`` (whether it has a position of its own) and ``seat``: the row in ``territories``, -1
            for none.
        notes: what a reader must know of the positions.
    """

    scenario: int
    name: str
    facts: CompanyFacts
    as_of: dt.date
    territories: pd.DataFrame
    accounts: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def keys(self) -> list[int]:
        """The territories' row ids; the people's for today's owners."""
        return [int(v) for v in self.territories["id" if self.scenario else "person_id"]]

    @property
    def names(self) -> list[str]:
        """The territories' names."""
        return [str(v) for v in self.territories["name"]]

    def text(self, column: str) -> list[str | None]:
        """A text column of the territories."""
        return [None if pd.isna(v) else str(v) for v in self.territories[column]]

    def people(self) -> list[int | None]:
        """The person of each territory, None for a vacancy."""
        return [None if pd.isna(v) else int(v) for v in self.territories["person_id"]]

    def vacant(self, row: int) -> bool:
        """Whether nobody works the territory, or its person leaves."""
        person, end = self.territories["person_id"].iloc[row], self.territories["end_date"].iloc[row]
        return bool(pd.isna(person) or (not pd.isna(end) and str(end) <= self.as_of.isoformat()))


def load_seats(connection: Connection, scenario: int, progress: Progress = silent) -> Seats:
    """Read the territories of a scenario, or of today's owners where ``scenario`` is 0.

    Raises:
        InputRefusedError: there is no such scenario.
        FaultsError: there are no accounts or nobody to work them.
        NothingToDoError: no account has an owner.
    """
    head = connection.exec_driver_sql("SELECT name FROM scenario WHERE id = ?", (scenario,)).scalar()
    if scenario and head is None:
        raise InputRefusedError(f"There is no scenario {scenario}.", way_out="See the list: territories list.")
    progress(0, 0, "Reading the accounts")
    inputs = load_territory_inputs(connection, within_regions=False, progress=progress)
    people = frame_of(connection, _PEOPLE).set_index("id")
    if scenario:
        statement = "SELECT id, name, person_id FROM territory WHERE scenario_id = ? ORDER BY name, id"
        territories = frame_of(connection, statement, (scenario,))
        place = {int(key): i for i, key in enumerate(territories["id"])}
        statement = "SELECT account_id, territory_id FROM assignment WHERE scenario_id = ?"
        found = {int(a): place[int(t)] for a, t in connection.exec_driver_sql(statement, (scenario,))}
        seat = [found.get(int(account), NOBODY) for account in inputs.accounts["id"]]
    else:
        rows = sorted(set(inputs.owner[inputs.owner >= 0].tolist()), key=lambda i: (inputs.people["name"].iloc[i], i))
        owners = [int(inputs.people["id"].iloc[i]) for i in rows]
        names = numbered([str(inputs.people["name"].iloc[i]) for i in rows])
        territories = pd.DataFrame({"id": NOBODY, "name": names, "person_id": owners})
        place = {row: i for i, row in enumerate(rows)}
        seat = [place.get(int(owner), NOBODY) for owner in inputs.owner]
    if territories.empty:
        raise NothingToDoError("There are no territories: no account has an owner.")
    territories["person_id"] = territories["person_id"].astype("Int64")
    territories = territories.join(people, on="person_id")
    kinds = frame_of(connection, _KINDS).set_index("id")
    lacking = kinds[[name for name in kinds.columns if name not in inputs.accounts.columns]]
    accounts = inputs.accounts.join(lacking, on="id").assign(seat=np.array(seat, dtype=np.intp))
    name = str(head) if scenario else "Today's owners"
    return Seats(scenario, name, inputs.facts, inputs.as_of, territories, accounts, inputs.notes)


def frame_of(connection: Connection, statement: str, parameters: tuple[object, ...] = ()) -> pd.DataFrame:
    """The rows of a statement as a frame."""
    result = connection.exec_driver_sql(statement, parameters)
    return pd.DataFrame(result.fetchall(), columns=list(result.keys()))


def numbered(names: Sequence[str]) -> list[str]:
    """Names that are all different: namesakes get a number."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def presence(
    connection: Connection, seats: Seats, periods: Sequence[Period], ramp_months: float
) -> list[tuple[int, ...]]:
    """How much of each territory's person is there in each period, in ppm: late start, ramp, absence, leaving.

    A newcomer carries a part that grows in a straight line from nothing on the first day to all after the ramp; vacant
    territories count as whole. Absences take their share of the days they last.

    Args:
        connection: a read connection.
        seats: the territories.
        periods: one after another.
        ramp_months: where the person's own is not known.
    """
    first, last = periods[0].start, periods[-1].end
    days = np.arange(first.toordinal(), last.toordinal() + 1)
    cuts = [period.start.toordinal() - first.toordinal() for period in periods]
    lengths = np.diff([*cuts, len(days)])
    away = _absences(connection)
    result = []
    for row, person in enumerate(seats.people()):
        if person is None or seats.vacant(row):
            result.append((PPM,) * len(periods))
            continue
        facts = seats.territories.iloc[row]
        here = np.full(len(days), PPM, dtype=np.int64)
        if not pd.isna(facts["start_date"]):
            own = facts["ramp_months"]
            ramp = max(round((ramp_months if pd.isna(own) else float(own)) * 30.4375), 0)
            worked = days - dt.date.fromisoformat(str(facts["start_date"])).toordinal()
            here = np.where(worked < 0, 0, here if ramp == 0 else np.minimum(PPM, worked * PPM // max(ramp, 1)))
        if not pd.isna(facts["end_date"]):
            here = np.where(days >= dt.date.fromisoformat(str(facts["end_date"])).toordinal(), 0, here)
        for start, end, share in away.get(person, ()):
            here = np.where((days >= start) & (days <= end), here * (PPM - share) // PPM, here)
        sums = np.add.reduceat(here, cuts)
        result.append(tuple(int(total) // int(length) for total, length in zip(sums, lengths, strict=True)))
    return result


def _absences(connection: Connection) -> Mapping[int, list[tuple[int, int, int]]]:
    """First day, last day and share (ppm) of each person's absences."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    for person, start, end, share in connection.exec_driver_sql(
        "SELECT person_id, start_date, end_date, share FROM absence ORDER BY person_id, start_date"
    ):
        last = dt.date.max.toordinal() if end is None else dt.date.fromisoformat(str(end)).toordinal()
        whole = PPM if share is None else min(max(int(share), 0), PPM)
        found.setdefault(int(person), []).append((dt.date.fromisoformat(str(start)).toordinal(), last, whole))
    return found
