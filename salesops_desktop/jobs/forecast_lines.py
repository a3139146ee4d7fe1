"""What series are made of: dated lines of any measure, placed in every hierarchy as on the day of knowledge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.expressions import Formula, Kind, compile_formula, plain_name
from salesops_desktop.jobs.company import CompanyFacts, company
from salesops_desktop.jobs.currencies import Unconverted, convertible, load_rates
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import Column, ValueKind, column_array

THOUSANDTHS = 1000
"""Numbers that are no money are counted in thousandths, so that they add up exactly."""


class Source(StrEnum):
    """What a series is made of."""

    AUTO = "auto"
    """Booked transactions where there are any, else won opportunities."""
    TRANSACTIONS = "transactions"
    """Booked."""
    INVOICED = "invoiced"
    PAID = "paid"
    WON = "won"
    """Opportunities, by the day of closing."""


KINDS: Mapping[Source, str] = {Source.TRANSACTIONS: "booking", Source.INVOICED: "invoice", Source.PAID: "payment"}
SOURCE_PHRASES = {
    Source.TRANSACTIONS: "booked transactions",
    Source.INVOICED: "invoices",
    Source.PAID: "payments",
    Source.WON: "won opportunities",
}

GROUPS: Mapping[str, tuple[str, ...]] = {
    "people": ("region", "team", "manager", "person"),
    "products": ("family", "product"),
    "country": ("country",),
    "segment": ("segment",),
    "industry": ("industry",),
}
"""Levels by what they are part of, from the top: levels of one group stand below each other, groups are crossed."""
LEVELS = tuple(level for group in GROUPS.values() for level in group)

SCHEMA: Mapping[str, ValueKind] = {
    "amount": ValueKind.MONEY,
    "margin": ValueKind.MONEY,
    "units": ValueKind.NUMBER,
    "count": ValueKind.INTEGER,
    **dict.fromkeys(LEVELS, ValueKind.TEXT),
}
"""What the formula of a measure may name."""

_PLACES = """
       x.owner_id, w.region, w.team, p.family, p.name AS product, a.country, a.segment, a.industry
"""
_JOINS = """
LEFT JOIN person w ON w.id = x.owner_id
LEFT JOIN product p ON p.id = x.product_id
LEFT JOIN account a ON a.id = x.account_id
"""
_TRANSACTIONS = f"""
SELECT x.id, x.kind, x.booked_on AS day, x.amount AS amount_minor, x.margin AS margin_minor,
       x.quantity AS units, x.currency, {_PLACES}
FROM "transaction" x {_JOINS} WHERE x.kind IN (?, 'refund') ORDER BY x.id
"""
_WON = f"""
SELECT x.id, x.status AS kind, x.close_on AS day, x.amount AS amount_minor, NULL AS margin_minor,
       x.quantity AS units, x.currency, {_PLACES} FROM opportunity x {_JOINS} WHERE x.status = 'won' ORDER BY x.id
"""
_MANAGERS = """
SELECT person_id, manager_id FROM reporting
WHERE start_date <= :day AND (end_date IS NULL OR end_date >= :day) ORDER BY start_date
"""


@dataclass(frozen=True, slots=True)
class Lines:
    """Dated lines.

    Attributes:
        frame: one row per line: ``day`` (datetime64), ``value`` (int64: minor units, or thousandths of a unit), and a
            text column per level asked for; ``person_id`` and ``manager_id`` where these levels were asked for.
        source: what they were made of.
        measure: as asked.
        currency: of the values; None where they are no money.
        facts: the company.
        people: name of a person's or manager's node → the person's id.
        notes: what was left out, in sentences.
    """

    frame: pd.DataFrame
    source: Source
    measure: str
    currency: str | None
    facts: CompanyFacts
    people: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def unit(self) -> int:
        """How many stored steps make one major unit."""
        return THOUSANDTHS if self.currency is None else 10 ** exponent(self.currency)


def checked_levels(text: str) -> tuple[str, ...]:
    """The levels asked for, each group's from the top.

    Args:
        text: comma-separated, as ``region,person,family``; nothing for the company alone.

    Raises:
        InputRefusedError: a level is unknown, or named twice.
    """
    asked = [part.strip().lower() for part in text.split(",") if part.strip()]
    unknown = [name for name in asked if name not in LEVELS]
    if unknown:
        raise InputRefusedError(f"There is no level {', '.join(unknown)}.", way_out=f"Choose from {', '.join(LEVELS)}.")
    if len(set(asked)) < len(asked):
        raise InputRefusedError("A level is named twice.", where=text, way_out="Name each level once.")
    return tuple(level for level in LEVELS if level in asked)


def load_lines(connection: Connection, source: Source, measure: str, levels: Sequence[str], as_of: dt.date) -> Lines:
    """Read the lines of a source, valued by a measure, placed as the roster stood on a day.

    Args:
        connection: a read connection.
        source: where they come from.
        measure: ``amount``, ``margin``, ``units``, ``count`` or a formula over these.
        levels: which places are needed.
        as_of: people stand under the manager they reported to on this day.

    Lines in currencies without a rate are left out where the measure is about money; the notes say how much that is.

    Raises:
        NothingToDoError: there are no lines, or none that can be measured.
        FaultsError: the formula is wrong.
    """
    facts = company(connection)
    chosen, frame = _read(connection, source)
    formula = _formula(measure)
    rates = load_rates(connection)
    phrase = SOURCE_PHRASES[chosen]
    money = [column for name, column in _COLUMNS.items() if name in formula.fields]
    left: list[Unconverted] = []
    if money:
        frame, left = convertible(frame, money, "currency", "day", facts.currency, rates, what=phrase)
    people = _place(connection, frame, as_of)
    frame, notes = _measurable(frame, formula, measure, phrase)
    notes = [*map(str, left), *notes]
    frame["value"] = _values(frame, formula, facts)
    money_kind = formula.kind is Kind.MONEY
    ids = [name for name, level in (("owner_id", "person"), ("manager_id", "manager")) if level in levels]
    kept = frame[["day", "value", *levels, *ids]].reset_index(drop=True)
    return Lines(kept, chosen, measure, facts.currency if money_kind else None, facts, people, tuple(notes))


def _read(connection: Connection, source: Source) -> tuple[Source, pd.DataFrame]:
    wanted = [Source.TRANSACTIONS, Source.WON] if source is Source.AUTO else [source]
    for chosen in wanted:
        if chosen is Source.WON:
            result = connection.exec_driver_sql(_WON)
        else:
            result = connection.exec_driver_sql(_TRANSACTIONS, (KINDS[chosen],))
        names = list(result.keys())
        rows = result.cursor.fetchall()
        result.close()
        if any(row[1] != "refund" for row in rows):  # refunds alone are no payments
            frame = pd.DataFrame({name: [row[i] for row in rows] for i, name in enumerate(names)})
            frame["day"] = pd.to_datetime(frame["day"], format="ISO8601")
            for name in ("amount_minor", "margin_minor"):
                frame[name] = frame[name].astype("Int64")
            return chosen, frame
    lacking = " or ".join(SOURCE_PHRASES[chosen] for chosen in wanted)
    raise NothingToDoError(f"There are no {lacking} to forecast from.", way_out="Import them first.")


def _place(connection: Connection, frame: pd.DataFrame, as_of: dt.date) -> dict[str, int]:
    """Fill in ``person`` and ``manager`` as on ``as_of``; the id of each name."""
    rows = connection.exec_driver_sql("SELECT id, name, external_id, manager_id FROM person").fetchall()
    listed = {row[0] for row in connection.exec_driver_sql("SELECT DISTINCT person_id FROM reporting")}
    managers = {row[0]: row[3] for row in rows if row[3] is not None and row[0] not in listed}
    managers |= {row[0]: row[1] for row in connection.exec_driver_sql(_MANAGERS, {"day": as_of.isoformat()})}
    counts = pd.Series([row[1] for row in rows]).value_counts()
    names = {row[0]: row[1] if counts[row[1]] == 1 else f"{row[1]} ({row[2] or row[0]})" for row in rows}
    frame["owner_id"] = frame["owner_id"].astype("Int64")
    frame["manager_id"] = frame["owner_id"].map(managers).astype("Int64")
    frame["person"] = frame["owner_id"].map(names)
    frame["manager"] = frame["manager_id"].map(names)
    for level in LEVELS:
        filled = frame[level].astype(object)
        frame[level] = filled.where(filled.notna(), f"No {level}").astype(str)
    return {name: person for person, name in names.items()}


def _formula(measure: str) -> Formula:
    fields = {plain_name(name): name for name in SCHEMA}
    return compile_formula(fields.get(plain_name(measure), measure), SCHEMA, wants=(Kind.MONEY, Kind.EXACT, Kind.FLOAT))


_COLUMNS = {"amount": "amount_minor", "margin": "margin_minor"}


def _measurable(frame: pd.DataFrame, formula: Formula, measure: str, phrase: str) -> tuple[pd.DataFrame, list[str]]:
    """The lines that have all the measure needs, and a sentence on the others."""
    needed = [_COLUMNS.get(name, name) for name in sorted(formula.fields) if name not in ("count", *LEVELS)]
    lacking = frame[needed].isna().any(axis=1) if needed else pd.Series(data=False, index=frame.index)
    if frame.empty:
        raise NothingToDoError(f"None of the {phrase} can be measured.", way_out="Import the exchange rates they need.")
    if lacking.all():
        raise NothingToDoError(
            f"None of the {len(frame):,} {phrase} has {' and '.join(sorted(formula.fields))}.",
            way_out="Import it, or choose another measure.",
        )
    said = [f"{int(lacking.sum()):,} {phrase} lack what “{measure}” needs: left out."] if lacking.any() else []
    return frame[~lacking].reset_index(drop=True), said


def _values(frame: pd.DataFrame, formula: Formula, facts: CompanyFacts) -> npt.NDArray[np.int64]:
    columns = {name: _column(frame, name, facts.currency) for name in formula.fields}
    outcome = formula.evaluate(columns, len(frame))
    if formula.kind is Kind.MONEY:
        return outcome.minor(exponent(facts.currency))
    return np.rint(np.nan_to_num(outcome.floats()) * THOUSANDTHS).astype(np.int64)


def _column(frame: pd.DataFrame, name: str, currency: str) -> Column:
    kind = SCHEMA[name]
    if name == "count":
        return Column(name, name, kind, np.ones(len(frame), dtype=np.int64))
    raw = frame[_COLUMNS.get(name, name)]
    if kind is ValueKind.MONEY:
        return Column(name, name, kind, raw.to_numpy(np.int64), None, currency)
    if kind is ValueKind.NUMBER:
        return Column(name, name, kind, raw.to_numpy(np.float64))
    values, missing = column_array(kind, list(raw))
    return Column(name, name, kind, values, missing)
