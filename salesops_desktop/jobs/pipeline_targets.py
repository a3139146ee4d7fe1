"""The target of a period: what was given, or the bookings quotas of the people asked about."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.commission.exchange import convert_column
from salesops_desktop.jobs.pipeline_frames import Pipeline, Selection
from salesops_desktop.model.money import divide_half_up, to_minor
from salesops_desktop.model.periods import Period

__all__ = ["Target", "target_of"]

_QUOTAS = """
SELECT q.person_id, w.role, q.period_start, q.period_end, q.amount, q.currency
FROM quota q JOIN person w ON w.id = q.person_id
WHERE q.measure = 'bookings' AND q.period_start <= ? AND q.period_end >= ? ORDER BY q.id
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A period's target.

    Attributes:
        minor: minor units of the company's currency; None without one.
        notes: how it is made up.
    """

    minor: int | None
    notes: tuple[str, ...] = ()


def target_of(
    connection: Connection, loaded: Pipeline, period: Period, selection: Selection, given: float | None = None
) -> Target:
    """The target of the selection.

    The quotas of its people; one that lies partly in the period counts by days. Quotas of people who manage other quota
    holders are the sum of their team's by custom, and overlays are credited with deals that others have too: neither
    is counted twice. Products have no quotas.

    Args:
        connection: a read connection.
        loaded: the pipeline.
        period: the period.
        selection: whose deals.
        given: a target in major units instead.
    """
    currency = loaded.facts.currency
    if given is not None:
        return Target(to_minor(Decimal(str(given)), currency))
    if selection.product is not None:
        return Target(None, ("Quotas are not set by product: there is no target.",))
    owners = loaded.owners(selection)
    rows = connection.exec_driver_sql(_QUOTAS, (period.end.isoformat(), period.start.isoformat())).fetchall()
    holders = {int(row[0]) for row in rows}
    bosses = _bosses(loaded.people, holders)
    total, doubled, unconverted, counted = 0, 0, 0, 0
    for person, role, first, last, amount, code in rows:
        if owners is not None and person not in owners:
            continue
        if person in bosses or role == "overlay":
            doubled += 1
            continue
        value = _converted(loaded, int(amount), str(code), dt.date.fromisoformat(str(first)))
        if value is None:
            unconverted += 1
            continue
        total += _inside(value, dt.date.fromisoformat(str(first)), dt.date.fromisoformat(str(last)), period)
        counted += 1
    notes = []
    if doubled:
        notes.append(f"{doubled:,} quotas of managers and overlays are on deals of others too: not counted twice.")
    if unconverted:
        notes.append(f"{unconverted:,} quotas have no exchange rate to {currency}: the target lacks them.")
    if not counted:
        return Target(None, (*notes, f"No bookings quota lies in {period.label}: there is no target."))
    return Target(total, tuple(notes))


def _bosses(people: pd.DataFrame, holders: set[int]) -> set[int]:
    """People who manage a holder of a quota."""
    managers = people.loc[people["id"].isin(list(holders)), "manager_id"].dropna()
    return {int(manager) for manager in managers}


def _converted(loaded: Pipeline, amount: int, code: str, day: dt.date) -> int | None:
    if code == loaded.facts.currency:
        return amount
    rate = loaded.rates.on(code, loaded.facts.currency, min(day, loaded.as_of))
    if not rate:
        return None
    made = convert_column(np.array([amount]), code, loaded.facts.currency, np.array([rate], dtype=np.int64))
    return int(made[0])


def _inside(amount: int, first: dt.date, last: dt.date, period: Period) -> int:
    low, high = max(first, period.start), min(last, period.end)
    return divide_half_up(amount * ((high - low).days + 1), (last - first).days + 1)
