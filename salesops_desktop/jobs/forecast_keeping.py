"""Forecasts are kept as they were shown: the head, its nodes, their points, the deals.

What is shown is kept by itself, once: a forecast that says the same as one that is kept adds nothing. Keeping is no
step that a person took, so it stands in nobody's way when the last step is undone (actions of the kind ``record``).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.forecast import PipelineForecast
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period
from salesops_desktop.workspace.text import stored_now
from salesops_desktop.workspace.unit import UnitOfWork

Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]

LEVELS = (50, 80, 95)
TABLES = ("forecast", "forecast_node", "forecast_point", "pipeline_line")
LISTED = ("forecast_point", "pipeline_line")
"""What is said to have changed when a forecast is kept as shown: lists of kept ones are read again, but no picture."""
_POINT = (
    "INSERT INTO forecast_point (forecast_id, node_id, period_start, period_end, period_label, mean, low50, high50, "
    "low80, high80, low95, high95) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_HEAD = (
    "INSERT INTO forecast (name, kind, measure, period_kind, as_of, created_at, method, currency, report, origin, who, "
    "levels, reconciliation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_NODE = (
    "INSERT INTO forecast_node (id, forecast_id, number, parent_id, level, dimension, label, key, person_id, method, "
    "naive_wins, report) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Head:
    """What is said of a kept forecast as a whole; see :class:`~salesops_desktop.workspace.schema.Forecast`."""

    kind: str
    measure: str
    period_kind: str
    as_of: dt.date
    method: str
    currency: str | None
    report: Mapping[str, object]
    origin: str = "shown"
    who: str | None = None
    levels: tuple[str, ...] | None = None
    reconciliation: str | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """The forecast of one node: h periods."""

    periods: Sequence[Period]
    mean: Numbers
    lower: Mapping[int, Numbers] = field(default_factory=dict)
    upper: Mapping[int, Numbers] = field(default_factory=dict)

    def rows(self, forecast: int, node: int | None) -> list[tuple[object, ...]]:
        """As the table holds them."""
        ends = [side.get(level) for level in LEVELS for side in (self.lower, self.upper)]
        return [
            (
                forecast, node, p.start.isoformat(), p.end.isoformat(), p.label, round(float(self.mean[i])),
                *(None if end is None else round(float(end[i])) for end in ends),
            )
            for i, p in enumerate(self.periods)
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeptNode:
    """A node below the company, to be kept; see :class:`~salesops_desktop.workspace.schema.ForecastNode`."""

    number: int
    parent: int
    """0 for the company."""
    level: int
    dimension: str
    label: str
    key: Mapping[str, str]
    person_id: int | None
    method: str
    naive_wins: bool
    report: Mapping[str, object]
    points: Points


def stored_measure(measure: str, source: str) -> str:
    """The name a measure is kept under: ``bookings`` for booked or won money, else what it is."""
    if measure.strip().lower() == "amount":
        return "bookings" if source in ("auto", "transactions", "won") else source
    return measure


def asked_measure(stored: str) -> str:
    """The measure to ask lines for, for a name it is kept under: the other way round than :func:`stored_measure`."""
    return "amount" if stored in ("bookings", "invoiced", "paid") else stored


def node_key(key: Mapping[str, str]) -> str:
    """A node's key as it is stored: the same for the same node, whatever the order."""
    return json.dumps(dict(sorted(key.items())), ensure_ascii=False, separators=(",", ":"))


@contextmanager
def recorded(context: JobContext, name: str, origin: str = "shown") -> Iterator[UnitOfWork]:
    """The action that keeps forecasts, and the word to views that it did.

    Args:
        context: of a writable workspace.
        name: the action's.
        origin: ``rebuilt`` forecasts are a person's step, to be undone as one.
    """
    shown = origin == "shown"
    with context.workspace.action(name, kind="record" if shown else "job") as unit:
        yield unit
    context.changed(*(LISTED if shown else TABLES))


def keep(connection: Connection, head: Head, company: Points, nodes: Sequence[KeptNode] = ()) -> int:
    """Store a forecast, unless one that says the same is stored.

    Args:
        connection: inside an action.
        head: what is said of it.
        company: the points of the company as a whole.
        nodes: the nodes below, parents before their children.

    Returns:
        Its id, or that of the one that says the same.
    """
    digest = _digest(head, company, nodes)
    there = connection.exec_driver_sql(
        "SELECT id FROM forecast WHERE as_of = ? AND kind = ? AND json_extract(report, '$.digest') = ?",
        (head.as_of.isoformat(), head.kind, digest),
    ).scalar()
    if there is not None:
        return int(there)
    report = json.dumps({**head.report, "digest": digest})
    result = connection.exec_driver_sql(
        _HEAD,
        (
            f"{head.kind.capitalize()} as of {head.as_of}", head.kind, head.measure, head.period_kind,
            head.as_of.isoformat(), stored_now(), head.method, head.currency, report, head.origin,
            head.who, None if head.levels is None else json.dumps(head.levels), head.reconciliation,
        ),
    )  # fmt: skip
    forecast = int(result.lastrowid)
    rows = company.rows(forecast, None)
    first = 1 + int(connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM forecast_node").scalar() or 0)
    ids = {node.number: first + i for i, node in enumerate(nodes)}
    if nodes:
        connection.exec_driver_sql(_NODE, [_node_row(node, forecast, ids) for node in nodes])
    for node in nodes:
        rows += node.points.rows(forecast, ids[node.number])
    if rows:
        connection.exec_driver_sql(_POINT, rows)
    return forecast


def _node_row(node: KeptNode, forecast: int, ids: Mapping[int, int]) -> tuple[object, ...]:
    return (
        ids[node.number], forecast, node.number, ids.get(node.parent), node.level, node.dimension, node.label,
        node_key(node.key), node.person_id, node.method, node.naive_wins, json.dumps(node.report),
    )  # fmt: skip


def _digest(head: Head, company: Points, nodes: Sequence[KeptNode]) -> str:
    """What a forecast says, as a hash: of what, by what, from which day, and every number."""
    said: list[object] = [
        head.kind, head.measure, head.period_kind, head.as_of.isoformat(), head.method, head.currency, head.origin,
        head.who, head.levels, head.report.get("source"), company.rows(0, None),
    ]  # fmt: skip
    said += [(node_key(node.key), node.points.rows(0, None)) for node in nodes]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def keep_pipeline(
    connection: Connection,
    pipeline: PipelineForecast,
    opportunities: pd.DataFrame,
    currency: str | None,
    *,
    origin: str = "shown",
    per_won: float = 1.0,
    source: str = "won",
) -> int:
    """Store a pipeline forecast: the distribution of its period's result, and every deal as it saw it.

    Args:
        connection: inside an action.
        pipeline: the forecast.
        opportunities: the rows it was made of, see :func:`keep_deals`.
        currency: of its amounts.
        origin: ``shown`` or ``rebuilt``.
        per_won: what the measure counts for each unit won, where it is not the won amount itself.
        source: of the actuals it is to be held against.

    Returns:
        Its id.
    """
    document = {"sentences": list(pipeline.sentences), "source": source, "per_won": per_won}
    kind = pipeline.period.kind.value
    head = Head("pipeline", "bookings", kind, pipeline.as_of, pipeline.method, currency, document, origin=origin)
    forecast = keep(connection, head, pipeline_points(pipeline, per_won))
    there = connection.exec_driver_sql("SELECT 1 FROM pipeline_line WHERE forecast_id = ? LIMIT 1", (forecast,))
    if there.first() is None:
        keep_deals(connection, forecast, pipeline.deals, opportunities)
    return forecast


def pipeline_points(pipeline: PipelineForecast, per_won: float = 1.0) -> Points:
    """The distribution of the period's result, of what the measure counts for each unit won."""
    drawn = pipeline.simulation
    ends = {level: drawn.quantiles((0.5 - level / 200, 0.5 + level / 200)) for level in LEVELS}
    return Points(
        [pipeline.period],
        np.array([drawn.mean * per_won]),
        {level: np.array([low * per_won]) for level, (low, _) in ends.items()},
        {level: np.array([high * per_won]) for level, (_, high) in ends.items()},
    )


def keep_deals(connection: Connection, forecast: int, deals: pd.DataFrame, opportunities: pd.DataFrame) -> None:
    """Store the deals of a pipeline forecast as it saw them.

    Args:
        connection: inside an action.
        forecast: its id.
        deals: as :class:`~salesops_desktop.forecast.pipeline.PipelineForecast` has them.
        opportunities: the rows it was made of: ``id``, ``close_on``, ``forecast_category``, ``owner_id``.
    """
    if deals.empty:
        return
    known = opportunities.set_index("id")[["close_on", "forecast_category", "owner_id"]]
    frame = deals.join(known, on="id")

    def days(name: str) -> list[str | None]:
        return [None if np.isnat(d) else str(d) for d in frame[name].to_numpy(dtype="datetime64[D]")]

    def plain(name: str) -> list[object]:
        return [None if gone else value for gone, value in zip(frame[name].isna(), frame[name].tolist(), strict=True)]

    owners = [None if pd.isna(owner) else int(owner) for owner in frame["owner_id"].to_numpy(dtype=object)]
    chances, within = (
        np.rint(frame[name].to_numpy(np.float64) * PPM).astype(np.int64).tolist()
        for name in ("win_probability", "period_probability")
    )
    amounts, weighted = (frame[name].to_numpy(np.int64).tolist() for name in ("amount_minor", "weighted_minor"))
    ids = frame["id"].to_numpy(np.int64).tolist()
    rows = list(
        zip(
            [forecast] * len(ids), ids, chances, amounts, weighted, days("expected_close"), within, plain("stage"),
            plain("forecast_category"), days("close_on"), owners, strict=True,
        )
    )  # fmt: skip
    connection.exec_driver_sql(
        "INSERT INTO pipeline_line (forecast_id, opportunity_id, probability, amount, weighted, expected_close, "
        "period_probability, stage, category, close_on, owner_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
