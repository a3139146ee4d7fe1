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
from salesops_desktop.model.money import to_minor
from salesops_desktop.model.periods import Period
from salesops_desktop.model.quotas import QuotaPart, quota_inside, quota_parts

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

    The quotas of its people that count (see :mod:`salesops_desktop.model.quotas`); products have none.

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
    boss = loaded.people.set_index("id")["manager_id"].to_dict()
    managers = [None if pd.isna(boss.get(row[0])) else int(boss[row[0]]) for row in rows]
    parts = quota_parts([int(row[0]) for row in rows], managers, [row[1] for row in rows])
    total, doubled, unconverted, counted = 0, 0, 0, 0
    for part, (person, _, first, last, amount, code) in zip(parts, rows, strict=True):
        if owners is not None and person not in owners:
            continue
        if part is not QuotaPart.COUNTS:
            doubled += 1
            continue
        value = _converted(loaded, int(amount), str(code), dt.date.fromisoformat(str(first)))
        if value is None:
            unconverted += 1
            continue
        first_day, last_day = (dt.date.fromisoformat(str(day)) for day in (first, last))
        total += quota_inside(value, first_day, last_day, period.start, period.end)
        counted += 1
    notes = []
    if doubled:
        notes.append(f"{doubled:,} quotas of managers and overlays are on deals of others too: not counted twice.")
    if unconverted:
        notes.append(f"{unconverted:,} quotas have no exchange rate to {currency}: the target lacks them.")
    if not counted:
        return Target(None, (*notes, f"No bookings quota lies in {period.label}: there is no target."))
    return Target(total, tuple(notes))


def _converted(loaded: Pipeline, amount: int, code: str, day: dt.date) -> int | None:
    if code == loaded.facts.currency:
        return amount
    rate = loaded.rates.on(code, loaded.facts.currency, day)
    if not rate:
        return None
    made = convert_column(np.array([amount]), code, loaded.facts.currency, np.array([rate], dtype=np.int64))
    return int(made[0])
