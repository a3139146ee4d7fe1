"""What people can carry: part-time, ramp and absence over the year from a day on."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

Floats = npt.NDArray[np.float64]

DAYS = 365
LEAST = 0.05
"""Nobody who has a territory counts for less: targets are shares of it."""
_PPM = 1_000_000


def capacities(connection: Connection, people: pd.DataFrame, day: dt.date) -> Floats:
    """What each person can carry on average over the year from ``day`` on, in full-time people, [people].

    Full-time share × ramp (rising evenly from the start date until ``ramp_months`` later) × presence, day by day.
    Days before the start and after the end date count as away.

    Args:
        connection: a read connection.
        people: ``id, fte, start_date, end_date, ramp_months``.
        day: the first day.
    """
    days = np.arange(DAYS)
    rows = {int(person): i for i, person in enumerate(people["id"])}
    present = np.ones((len(people), DAYS))
    for person, start, end, share in connection.exec_driver_sql(
        "SELECT person_id, start_date, end_date, share FROM absence ORDER BY id"
    ):
        row = rows.get(int(person))
        if row is not None:
            first, last = _since(day, start, 0), _since(day, end, DAYS)
            away = (days >= first) & (days <= last)
            present[row, away] -= 1.0 if share is None else share / _PPM
    present = np.clip(present, 0.0, 1.0)
    result = np.empty(len(people))
    wanted = ("fte", "start_date", "end_date", "ramp_months")
    for row, (fte, start, end, months) in enumerate(zip(*(people[name] for name in wanted), strict=True)):
        first, last = _since(day, start, -10 * DAYS), _since(day, end, 10 * DAYS)
        there = (days >= first) & (days <= last)
        ramp = np.ones(DAYS)
        if not pd.isna(months) and months > 0:
            ramp = np.clip((days - first + 1) / (float(months) * DAYS / 12), 0.0, 1.0)
        full = 1.0 if pd.isna(fte) else float(fte) / _PPM
        result[row] = max(LEAST, full * float((ramp * present[row] * there).mean()))
    return result


def _since(day: dt.date, text: object, otherwise: int) -> int:
    """Days from ``day`` to the ISO date ``text``."""
    if not isinstance(text, str):
        return otherwise
    return (dt.date.fromisoformat(text[:10]) - day).days
