"""The forecasts that were kept, held against what came."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.methods import BY_ID
from salesops_desktop.jobs import frames as reading
from salesops_desktop.jobs.company import newest_day
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.forecasts import Source, dated_amounts
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["KeptForecasts", "kept_forecasts"]

_HEADS = """
SELECT id, as_of, created_at, period_kind, method, currency, report FROM forecast
WHERE kind = 'series' AND measure = 'bookings' AND origin = 'shown' ORDER BY as_of DESC, id DESC
"""
_POINTS = """
SELECT forecast_id, period_start, period_end, period_label, mean, low80, high80
FROM forecast_point WHERE node_id IS NULL ORDER BY forecast_id, period_start
"""


@dataclass(frozen=True, slots=True)
class KeptForecasts:
    """Every kept forecast of bookings with its score."""

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
        heads = connection.exec_driver_sql(_HEADS).fetchall()
        points: dict[int, list[tuple[object, ...]]] = {}
        for forecast_id, *point in connection.exec_driver_sql(_POINTS):
            points.setdefault(forecast_id, []).append(tuple(point))
        today = as_of or newest_day(connection) or dt.datetime.now(dt.UTC).date()
        loaded = None
        if heads:
            loaded = reading.load(connection, without=("activities", "leads", "quotas", "forecasts", "snapshots"))
    actuals = {} if loaded is None else _actuals(loaded)
    company_currency = "" if loaded is None else loaded.facts.currency
    rows = []
    for forecast_id, day, created, kind, method, currency, report in heads:
        own = points.get(forecast_id, [])
        source = Source(json.loads(report).get("source", Source.TRANSACTIONS.value))
        row: dict[str, object] = {
            "id": forecast_id, "as_of": day, "kept_at": created, "period_kind": kind,
            "span": _span(own), "method": BY_ID[method].label if method in BY_ID else method, "judged": 0,
            "periods": len(own), "currency": currency or company_currency,
        }  # fmt: skip
        if row["currency"] == company_currency and source in actuals:
            row |= _score(own, actuals[source], today)
        rows.append(row)
    return KeptForecasts(build_table("Kept forecasts", _specs(), rows, entity="forecast", key="id"), today)


def _specs() -> list[ColumnSpec]:
    text, money = ValueKind.TEXT, ValueKind.MONEY
    return [
        ColumnSpec("as_of", "Known on", ValueKind.DATE, description="Nothing later was known to the forecast."),
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


@dataclass(frozen=True, slots=True)
class _Actuals:
    """(n,) days in order and the running sum of minor units up to each."""

    days: npt.NDArray[np.datetime64]
    sums: npt.NDArray[np.int64]

    def between(self, first: str, last: str) -> int:
        start = np.searchsorted(self.days, np.datetime64(first), side="left")
        end = np.searchsorted(self.days, np.datetime64(last), side="right")
        return int(self.sums[end] - self.sums[start])


def _actuals(loaded: reading.Frames) -> dict[Source, _Actuals]:
    found = {}
    for source in (Source.TRANSACTIONS, Source.WON):
        try:
            _, dates, amounts = dated_amounts(loaded, source)
        except NothingToDoError:
            continue
        days = dates.to_numpy().astype("datetime64[D]")
        known = ~np.isnat(days)
        order = np.argsort(days[known], kind="stable")
        sums = np.concatenate([[0], np.cumsum(amounts.to_numpy(np.int64)[known][order])])
        found[source] = _Actuals(days[known][order], sums)
    return found


def _score(points: Sequence[tuple[object, ...]], actuals: _Actuals, today: dt.date) -> dict[str, object]:
    """What the periods that are over say of the forecast."""
    over = [point for point in points if str(point[1]) <= today.isoformat()]
    if not over:
        return {}
    came = np.array([actuals.between(str(point[0]), str(point[1])) for point in over], dtype=np.int64)
    said, low, high = (np.array([point[place] for point in over], dtype=np.int64) for place in (3, 4, 5))
    total = int(np.abs(came).sum())
    return {
        "judged": len(over),
        "forecast": int(said.sum()),
        "actual": int(came.sum()),
        "error": None if total == 0 else float(np.abs(said - came).sum()) / total,
        "held": int(((came >= low) & (came <= high)).sum()),
    }
