"""The forecasts that were kept, held against what came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.forecast.methods import BY_ID
from salesops_desktop.forecast.pipeline_backtest import METHODS as WIN_METHODS
from salesops_desktop.jobs.company import newest_day
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.forecast_actuals import Actuals
from salesops_desktop.jobs.forecast_keeping import asked_measure
from salesops_desktop.jobs.forecast_lines import Source, load_lines
from salesops_desktop.jobs.forecast_outlooks import LABELS
from salesops_desktop.jobs.forecast_records import COMPANY
from salesops_desktop.model.errors import FaultsError, NothingToDoError
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["KeptForecasts", "kept_forecasts"]

_HEADS = """
SELECT f.id, f.kind, f.who, f.origin, f.measure, f.as_of, f.created_at, f.period_kind, f.method, f.currency,
       json_extract(f.report, '$.source') AS source,
       (SELECT count(*) FROM forecast_node n WHERE n.forecast_id = f.id) AS nodes
FROM forecast f ORDER BY f.as_of DESC, f.id DESC
"""
_POINTS = """
SELECT forecast_id, period_start, period_end, period_label, mean, low80, high80
FROM forecast_point WHERE node_id IS NULL ORDER BY forecast_id, period_start
"""
_METHODS = {
    "running period": "Running period",
    "combination": "Combination",
    "own numbers": "Own numbers",
    "override": "Model with fixed numbers",
    "stage_age": "Stage and age",  # of forecasts kept by earlier versions
    **WIN_METHODS,
}
Point = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class KeptForecasts:
    """Every kept forecast with its score: the model's, the pipeline's, combined ones and managers'."""

    forecasts: Table
    """One row per forecast, newest day of knowledge first; keys are the forecasts' row ids."""
    today: dt.date
    """Periods that end by this day are judged."""

    def summary(self) -> Sequence[str]:
        """How many there are, and how many can be judged."""
        judged = int(np.count_nonzero(self.forecasts["judged"].values))
        many = len(self.forecasts)
        if not many:
            return ["No forecast has been kept yet."]
        return [f"{many:,} kept forecasts, {judged:,} with periods that were over on {self.today}."]

    def tables(self) -> Sequence[Table]:
        """The forecasts."""
        return [self.forecasts]


@job(
    "forecast list",
    title="Show kept forecasts",
    group="forecast",
    examples=("forecast list company.salesops", "forecast list company.salesops --as-of 2026-09-30 --json"),
)
def kept_forecasts(context: JobContext, *, as_of: dt.date | None = None) -> KeptForecasts:
    """List the kept forecasts, each held against what came in the periods that are over.

    The error is Σ|forecast − actual| ÷ Σ|actual| (WAPE) over the periods judged; "held" counts the periods whose
    actual lay within the 80 % interval.

    Args:
        as_of: the day of knowledge; by default the newest day the pipeline or the bookings speak of.
    """
    with context.workspace.read() as connection:
        heads = [dict(row) for row in connection.exec_driver_sql(_HEADS).mappings()]
        points: dict[int, list[Point]] = {}
        for forecast_id, *point in connection.exec_driver_sql(_POINTS):
            points.setdefault(forecast_id, []).append(tuple(point))
        today = as_of or newest_day(connection) or dt.datetime.now(dt.UTC).date()
        came = _Came(connection, today)
        rows = [_row(head, points.get(int(str(head["id"])), []), came) for head in heads]
    return KeptForecasts(build_table("Kept forecasts", _specs(), rows, entity="forecast", key="id"), today)


@dataclass(slots=True)
class _Came:
    """What came, by measure and source, worked out when first asked for."""

    connection: Connection
    today: dt.date
    _known: dict[tuple[str, Source], tuple[Actuals, str | None] | None] = field(default_factory=dict)

    def of(self, measure: str, source: Source) -> tuple[Actuals, str | None] | None:
        """The actuals and their currency; None where there is nothing of the kind."""
        if (measure, source) not in self._known:
            try:
                lines = load_lines(self.connection, source, asked_measure(measure), (), self.today)
            except (NothingToDoError, FaultsError):  # a measure that is no longer to be had
                self._known[measure, source] = None
            else:
                self._known[measure, source] = Actuals(lines), lines.currency
        return self._known[measure, source]


def _row(head: Mapping[str, object], points: Sequence[Point], came: _Came) -> dict[str, object]:
    method, kind, measure = str(head["method"]), str(head["kind"]), str(head["measure"])
    label = BY_ID[method].label if method in BY_ID else _METHODS.get(method, method)
    row: dict[str, object] = {
        **{name: head[name] for name in ("id", "as_of", "who", "origin", "measure", "currency")},
        "kept_at": head["created_at"], "kind": LABELS.get(kind, kind), "nodes": int(str(head["nodes"])) + 1,
        "span": _span(points), "method": label, "judged": 0, "periods": len(points),
    }  # fmt: skip
    over = [point for point in points if str(point[1]) <= came.today.isoformat()]
    found = came.of(measure, Source(str(head["source"] or Source.AUTO.value))) if over else None
    if found is not None:
        actuals, currency = found
        if head["currency"] not in (None, currency):  # the company has changed its currency since
            return row
        # Numbers that are no money are not shown as money; their error is shown.
        hidden = ("forecast", "actual") if currency is None else ()
        score = _score(over, actuals)
        row |= {"currency": currency} | {name: value for name, value in score.items() if name not in hidden}
    return row


def _specs() -> list[ColumnSpec]:
    text, money = ValueKind.TEXT, ValueKind.MONEY
    return [
        ColumnSpec("as_of", "Known on", ValueKind.DATE, description="Nothing later was known to the forecast."),
        ColumnSpec("kind", "Kind", text, description="Model, pipeline, the two combined, or managers."),
        ColumnSpec("who", "Who", text),
        ColumnSpec("measure", "Measure", text),
        ColumnSpec("nodes", "Nodes", ValueKind.INTEGER, description="The company, and what it was split into."),
        ColumnSpec("origin", "Shown or rebuilt", text),
        ColumnSpec("span", "Periods", text),
        ColumnSpec("method", "Method", text),
        ColumnSpec("judged", "Periods over", ValueKind.INTEGER, description="How many of its periods are over by now."),
        ColumnSpec("periods", "Of", ValueKind.INTEGER, description="How many periods it reached ahead."),
        ColumnSpec("forecast", "Forecast", money, currency_from="currency"),
        ColumnSpec("actual", "Actual", money, currency_from="currency"),
        ColumnSpec("error", "Error", ValueKind.FRACTION, digits=1, description="Σ|forecast − actual| ÷ Σ|actual|."),
        ColumnSpec("held", "Within 80 %", ValueKind.INTEGER, description="Periods that ended inside the interval."),
        ColumnSpec("kept_at", "Kept at", ValueKind.DATETIME),
    ]


def _span(points: Sequence[tuple[object, ...]]) -> str:
    if not points:
        return ""
    first, last = str(points[0][2]), str(points[-1][2])
    return first if first == last else f"{first} to {last}"


def _score(over: Sequence[Point], actuals: Actuals) -> dict[str, object]:
    """What the periods that are over say of the forecast."""
    ends = [[dt.date.fromisoformat(str(day)) for day in point[:2]] for point in over]
    came = np.array([actuals.of(COMPANY, first, last) for first, last in ends], dtype=np.int64)
    said = np.array([point[3] for point in over], dtype=np.int64)
    sides = [(point[4], point[5]) for point in over]
    total = int(np.abs(came).sum())
    held = [int(str(low)) <= actual <= int(str(high)) for (low, high), actual in zip(sides, came.tolist(), strict=True)
            if low is not None and high is not None]  # fmt: skip
    return {
        "judged": len(over),
        "forecast": int(said.sum()),
        "actual": int(came.sum()),
        "error": None if total == 0 else float(np.abs(said - came).sum()) / total,
        "held": sum(held) if held else None,
    }
