"""Named assumptions of scenarios: stored once, drawn wherever a forecast is asked for under them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection

from salesops_desktop.forecast.simulation import Scenario
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.workspace.text import stored_now

__all__ = ["Assumptions", "Scenario", "assume", "assumptions", "forget_assumption", "scenario_named"]

LABELS = {"win_rate": "Win rate", "deal_size": "Deal size", "cycle": "Cycle", "heads": "Heads", "ramp": "Ramp"}
"""The factors of a scenario, as they are called."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Every named set of assumptions."""

    table: Table
    """One row per name; factors as shares, 1 is as the past teaches. Keys are row ids."""

    def summary(self) -> Sequence[str]:
        """How many there are."""
        many = len(self.table)
        return [f"{many:,} sets of assumptions." if many else "No assumptions are stored yet."]

    def tables(self) -> Sequence[Table]:
        """The sets."""
        return [self.table]

    def factors(self) -> list[tuple[str, dict[str, float]]]:
        """Name and factors of each set, for sliders."""
        told = (dict(zip(self.table.names, row, strict=True)) for row in self.table.rows())
        return [(str(row["name"]), {factor: float(str(row[factor])) for factor in LABELS}) for row in told]


@job(
    "forecast assume",
    title="Store assumptions",
    group="forecast",
    needs=Needs.WRITE,
    examples=("forecast assume company.salesops 'Hiring freeze' --heads 0.9 --note 'No new sellers until May'",),
)
def assume(
    context: JobContext,
    name: str,
    *,
    win_rate: float = 1.0,
    deal_size: float = 1.0,
    cycle: float = 1.0,
    heads: float = 1.0,
    ramp: float = 1.0,
    effective_from: dt.date | None = None,
    note: str = "",
) -> Sentences:
    """Store a named set of assumptions; one of the same name is replaced.

    Args:
        name: what it is called.
        win_rate: factor on the chances of winning.
        deal_size: factor on the amounts.
        cycle: factor on the time deals take.
        heads: sellers against today.
        ramp: what an added seller creates within the period, against a settled one.
        effective_from: from when on it is thought to hold, for the record.
        note: why.
    """
    called = name.strip()
    if not called:
        raise InputRefusedError("The assumptions have no name.", way_out="Give them one, such as 'Hiring freeze'.")
    scenario = Scenario(win_rate, deal_size, cycle, heads, ramp).checked()
    settings = json.dumps({factor: round(value * PPM) for factor, value in asdict(scenario).items()})
    with context.workspace.action(f"Assume “{called}”", kind="edit") as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO forecast_assumption (name, effective_from, settings, note, who, at) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET effective_from = excluded.effective_from, settings = excluded.settings, "
            "note = excluded.note, who = excluded.who, at = excluded.at",
            (
                called, None if effective_from is None else effective_from.isoformat(), settings, note or None,
                context.workspace.who, stored_now(),
            ),
        )  # fmt: skip
    context.changed("forecast_assumption")
    return Sentences((f"“{called}”: {told(scenario)}.",))


@job(
    "forecast forget-assumption",
    title="Forget assumptions",
    group="forecast",
    needs=Needs.WRITE,
    examples=("forecast forget-assumption company.salesops 'Hiring freeze'",),
)
def forget_assumption(context: JobContext, name: str) -> Sentences:
    """Delete a named set of assumptions.

    Args:
        name: what it is called.
    """
    with context.workspace.action(f"Forget “{name.strip()}”", kind="edit") as unit:
        scenario_named(unit.connection, name)
        unit.connection.exec_driver_sql("DELETE FROM forecast_assumption WHERE name = ?", (name.strip(),))
    context.changed("forecast_assumption")
    return Sentences((f"“{name.strip()}” is forgotten.",))


@job(
    "forecast assumptions",
    title="Show assumptions",
    group="forecast",
    examples=("forecast assumptions company.salesops",),
)
def assumptions(context: JobContext) -> Assumptions:
    """List the named sets of assumptions that forecasts can be drawn under."""
    with context.workspace.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT id, name, settings, effective_from, note, who, at FROM forecast_assumption ORDER BY name"
        ).fetchall()
    specs = [
        ColumnSpec("name", "Assumptions", ValueKind.TEXT),
        *(ColumnSpec(factor, label, ValueKind.FRACTION, digits=0) for factor, label in LABELS.items()),
        ColumnSpec("effective_from", "From", ValueKind.DATE), ColumnSpec("note", "Note", ValueKind.TEXT),
        ColumnSpec("who", "Who", ValueKind.TEXT), ColumnSpec("at", "At", ValueKind.DATETIME),
    ]  # fmt: skip
    cells: list[dict[str, object]] = [
        {
            "id": ident, "name": name, **asdict(_scenario(settings)), "effective_from": since, "note": note,
            "who": who, "at": at,
        }
        for ident, name, settings, since, note, who, at in rows
    ]  # fmt: skip
    return Assumptions(build_table("Assumptions", specs, cells, entity="forecast_assumption", key="id"))


def scenario_named(connection: Connection, name: str) -> Scenario:
    """The scenario stored under a name.

    Raises:
        InputRefusedError: there is none; those there are are named.
    """
    stored = connection.exec_driver_sql("SELECT name, settings FROM forecast_assumption ORDER BY name")
    rows = {str(known): str(settings) for known, settings in stored}
    found = rows.get(name.strip())
    if found is None:
        known = ", ".join(rows) or "none yet"
        raise InputRefusedError(
            f"No assumptions are called {name.strip()}.", way_out=f"Stored are: {known}; forecast assume stores more."
        )
    return _scenario(found)


def told(scenario: Scenario) -> str:
    """What is assumed, as a part of a sentence."""
    moved = [f"{label.lower()} × {getattr(scenario, factor):g}" for factor, label in LABELS.items()
             if getattr(scenario, factor) != 1]  # fmt: skip
    return ", ".join(moved) or "as the past teaches"


def _scenario(settings: str) -> Scenario:
    stored = json.loads(settings)
    known = {field.name for field in fields(Scenario)}
    return Scenario(**{factor: int(value) / PPM for factor, value in stored.items() if factor in known})
