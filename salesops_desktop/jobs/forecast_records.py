"""What was forecast and judged, read back as frames."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.jobs.company import newest_day
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.money import PPM

COMPANY = "{}"
"""The key of the company's own node."""
UNUSED = ("activities", "leads", "quotas", "forecasts", "transactions")
"""The frames that forecasts from lines and opportunities do without."""

_POINTS = """
SELECT f.id AS forecast_id, f.kind, f.who, f.origin, f.measure, json_extract(f.report, '$.source') AS source,
       f.period_kind, f.as_of, f.created_at, f.method, f.currency, coalesce(n.key, '{}') AS node_key,
       coalesce(n.dimension, 'company') AS dimension, coalesce(n.level, 0) AS level,
       coalesce(n.label, 'Company') AS label, n.person_id, p.period_start, p.period_end, p.period_label, p.mean,
       p.low50, p.high50, p.low80, p.high80, p.low95, p.high95
FROM forecast_point p JOIN forecast f ON f.id = p.forecast_id LEFT JOIN forecast_node n ON n.id = p.node_id
ORDER BY f.as_of, f.id, n.number, p.period_start
"""
_NUMBERS = """
SELECT id, who, person_id, at, as_of, node_key, node_label, period_start, period_end, period_label,
       CAST(value AS INTEGER) AS mean, currency, reason, field, status
FROM judgement
WHERE scope = 'node' AND field IN ('own number', 'override') AND value IS NOT NULL AND period_start IS NOT NULL
      AND status IN ('open', 'accepted') ORDER BY as_of, at, id
"""


def known_day(connection: Connection, as_of: dt.date | None) -> dt.date:
    """The day of knowledge: the one asked for, else the newest the workspace speaks of.

    Raises:
        NothingToDoError: it speaks of none.
    """
    day = as_of or newest_day(connection)
    if day is None:
        raise NothingToDoError("There is nothing to forecast from.", way_out="Import transactions or opportunities.")
    return day


def kept_points(connection: Connection, known: dt.date) -> pd.DataFrame:
    """Every point of every forecast kept of days up to ``known``, oldest first; see the statement for the columns.

    Days are datetime64; amounts are nullable integers of minor units.
    """
    found = _frame(connection, _POINTS, ("as_of", "period_start", "period_end"))
    return found[found["as_of"] <= pd.Timestamp(known)].reset_index(drop=True)


def own_numbers(connection: Connection, known: dt.date) -> pd.DataFrame:
    """What people said of nodes and periods up to ``known``, oldest first: own numbers and overrides, not declined."""
    found = _frame(connection, _NUMBERS, ("as_of", "period_start", "period_end"))
    found = found[found["as_of"] <= pd.Timestamp(known)].reset_index(drop=True)
    found["node_key"] = [_sorted_key(key) for key in found["node_key"]]
    return found


def _sorted_key(text: object) -> str:
    key = json.loads(text) if isinstance(text, str) and text else {}
    return json.dumps(dict(sorted(key.items())), ensure_ascii=False, separators=(",", ":"))


def _frame(connection: Connection, sql: str, days: tuple[str, ...]) -> pd.DataFrame:
    result = connection.exec_driver_sql(sql)
    names = list(result.keys())
    rows = result.cursor.fetchall()
    result.close()
    frame = pd.DataFrame({name: [row[i] for row in rows] for i, name in enumerate(names)}, columns=names)
    for name in days:
        frame[name] = pd.to_datetime(frame[name], format="ISO8601")
    for name in frame.columns:
        if name in ("mean", "person_id") or name.startswith(("low", "high")):
            frame[name] = frame[name].astype("Int64")
    return frame


def factors_in_force(connection: Connection, day: dt.date) -> dict[str, float]:
    """Person's name → the factor that is applied to the person's numbers on a day."""
    rows = connection.exec_driver_sql(
        "SELECT subject, factor FROM correction WHERE subject_kind = 'person' AND valid_from <= :day "
        "AND (valid_to IS NULL OR valid_to >= :day) ORDER BY id",
        {"day": day.isoformat()},
    )
    return {str(subject): int(factor) / PPM for subject, factor in rows}
