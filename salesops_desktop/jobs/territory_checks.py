"""What stands in the way of a good design, named with its rows before anything is solved."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.territory_inputs import TerritoryInputs, load_territory_inputs
from salesops_desktop.jobs.territory_measures import measures_of
from salesops_desktop.jobs.territory_problems import assemble
from salesops_desktop.jobs.territory_solving import plan_seats
from salesops_desktop.jobs.territory_standing import Seat
from salesops_desktop.jobs.territory_units import make_units
from salesops_desktop.jobs.territory_wishes import Boundary, DesignWishes, UnitKind
from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import exponent
from salesops_desktop.model.progress import Progress
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.territory import concerns

_T = ValueKind.TEXT
_IMPOSSIBLE = """
SELECT '{what}', id, name, printf('latitude %s, longitude %s', latitude, longitude) FROM {table}
WHERE abs(latitude) > 90 OR abs(longitude) > 180 OR (latitude = 0 AND longitude = 0) ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found before a design.

    Attributes:
        faults: what a design refuses until it is corrected.
        remarks: what a design bears, and what follows from it.
        rows: the accounts and people with faults of their own: finding, kind of record, name, what is there.
    """

    faults: tuple[Fault, ...]
    remarks: tuple[str, ...]
    rows: Table

    def summary(self) -> Sequence[str]:
        """Faults, then remarks."""
        said = [f"{fault.where}: {fault.what} {fault.way_out}".strip() for fault in self.faults]
        return [*said, *self.remarks] or ["Nothing stands in the way of a design."]

    def tables(self) -> Sequence[Table]:
        """The rows."""
        return [self.rows] if len(self.rows) else []

    @property
    def exit_status(self) -> int:
        """1 where a design would be refused."""
        return 1 if self.faults else 0


@job(
    "territories check",
    title="Check accounts before designing territories",
    group="territories",
    examples=(
        "territories check company.salesops",
        "territories check company.salesops --measures potential:3 --boundary none",
    ),
)
def check_territories(
    context: JobContext,
    *,
    measures: list[str] | None = None,
    tolerance: float = 10.0,
    units: UnitKind = UnitKind.ACCOUNTS,
    boundary: Boundary = Boundary.REGION,
    keep_parents: bool = True,
    keep_metros: bool = False,
    territories: int = 0,
    vacancies: int = 0,
) -> Checked:
    """Name what a design would refuse or could not reach, with its rows, without designing anything.

    Args:
        measures: what is to be balanced; potential and workload by default.
        tolerance: per cent by which a territory may lie off its target of each measure.
        units: hand out accounts one by one, or whole postal codes, counties, states or countries.
        boundary: the line no account crosses: the region, country or segment of its people, or none.
        keep_parents: keep accounts under one parent together.
        keep_metros: keep accounts of one city together.
        territories: how many; one per person by default.
        vacancies: how many of them without a person.
    """
    wishes = DesignWishes(
        measures=tuple(measures or ()),
        tolerance=tolerance,
        units=units,
        boundary=boundary,
        keep_parents=keep_parents,
        keep_metros=keep_metros,
        territories=territories,
        vacancies=vacancies,
    )
    wishes.check()
    with context.workspace.read() as connection:
        return checked(connection, wishes, context.progress)


def checked(
    connection: Connection, wishes: DesignWishes, progress: Progress, inputs: TerritoryInputs | None = None
) -> Checked:
    """See :func:`check_territories`; all faults at once.

    Args:
        connection: a read connection.
        wishes: what is to be asked.
        progress: told between the steps; may cancel.
        inputs: accounts and people where they have been read for these wishes already.
    """
    rows = list(_impossible(connection))
    try:
        inputs = inputs or load_territory_inputs(connection, boundary=wishes.boundary, progress=progress)
    except FaultsError as error:
        return Checked(tuple(error.faults), (), _table(rows))
    rows += _bad_rows(inputs)
    faults: list[Fault] = []
    remarks = list(inputs.notes)
    try:
        measures_of(inputs, wishes)
    except FaultsError as error:
        faults += error.faults
        wishes = dataclasses.replace(wishes, measures=("accounts",))
    try:
        seats, notes = plan_seats(inputs, wishes)
    except FaultsError as error:
        return Checked((*faults, *error.faults), tuple(remarks), _table(rows))
    try:
        remarks += [*notes, *_of_problem(connection, inputs, wishes, seats, progress)]
    except FaultsError as error:
        faults += error.faults
    return Checked(tuple(faults), tuple(dict.fromkeys(remarks)), _table(rows))


def _of_problem(
    connection: Connection, inputs: TerritoryInputs, wishes: DesignWishes, seats: Sequence[Seat], progress: Progress
) -> list[str]:
    """What the engine's problem says of itself.

    Raises:
        FaultsError: it would be refused.
    """
    who = {each.person: i for i, each in enumerate(seats) if each.person >= 0}
    seat = np.array([who.get(int(row), -1) for row in inputs.owner], dtype=np.intp)
    units = make_units(inputs.accounts, np.arange(len(inputs.accounts), dtype=np.intp), wishes.units, progress)
    stay = inputs.accounts["id"].isin(wishes.keep).to_numpy(np.bool_)
    whole = assemble(connection, inputs, wishes, seats, units, seat, locked=stay, strict=True)
    whole.problem.check()
    # Accounts without a position, and those at 0°, 0°, are told by the inputs already.
    said = [each for each in concerns(whole.problem) if not each.startswith("No position")]
    return [*whole.notes, *said]


def _impossible(connection: Connection) -> Iterator[tuple[str, str, str, str]]:
    """Records at a place that cannot be."""
    for what, table in (("account", "account"), ("person", "person")):
        for kind, _, name, place in connection.exec_driver_sql(_IMPOSSIBLE.format(what=what, table=table)):
            yield "impossible position", str(kind), str(name), str(place)


def _bad_rows(inputs: TerritoryInputs) -> Iterator[tuple[str, str, str, str]]:
    """Accounts and people without a place, and accounts whose potential or workload is less than zero."""
    for frame, what in ((inputs.accounts, "account"), (inputs.people, "person")):
        nowhere: npt.NDArray[np.bool_] = frame["latitude"].isna().to_numpy(np.bool_)
        for name in frame.loc[nowhere, "name"]:
            yield "no position", what, str(name), ""
    money = 10 ** exponent(inputs.facts.currency)
    for column, label, whole in (("potential_minor", "potential", money), ("workload", "workload", 1)):
        below = inputs.accounts[inputs.accounts[column] < 0]
        for name, value in zip(below["name"], below[column], strict=True):
            yield f"{label} less than zero", "account", str(name), f"{value / whole:,.2f}"


def _table(rows: Sequence[tuple[str, str, str, str]]) -> Table:
    specs = [
        ColumnSpec("finding", "Finding", _T),
        ColumnSpec("kind", "Record", _T),
        ColumnSpec("name", "Name", _T),
        ColumnSpec("value", "What is there", _T),
    ]
    return build_table("Rows to look at", specs, rows)


def in_words(found: Checked) -> tuple[str, ...]:
    """The findings for a suggestion: what would be refused first."""
    head = ("A design would be refused until this is put right:",) if found.faults else ()
    return (*head, *(found.summary() if found.faults or found.remarks else ()))
