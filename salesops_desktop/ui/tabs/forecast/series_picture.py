"""One series with its forecast and its back-test, whichever job it came from: the company's, or a node's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import Table
from salesops_desktop.ui.i18n import tr

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecast_nodes import NodesReport
    from salesops_desktop.jobs.forecasts import ForecastReport

Vector = npt.NDArray[np.float64]
LEVELS = (95, 80, 50)
"""Interval levels in per cent, widest first as the plot draws them."""


@dataclass(frozen=True, slots=True)
class SeriesPicture:
    """What the series room shows; values in minor units, or thousandths of a unit where ``currency`` is None.

    Attributes:
        name: whose series.
        by: the length of a period in words.
        periods: t past periods.
        future: h periods ahead.
        values: (t,) what came.
        mean: (h,) the forecast.
        lower: per level, (h,) lower ends.
        upper: per level, (h,) upper ends.
        origins: (o,) the number of past periods each back-test forecast knew.
        said: (o, h) what the same method said then; NaN beyond the history.
        method: the method's name.
        naive_wins: no method beat the naive ones.
        coverage: per level, the share of the back-test's actuals the intervals held; None where it cannot be told.
        race: one row per method; None where the methods' errors are not at hand.
        total: (P10, P50, P90) of the sum over the horizon, where it is known.
        partial: the running period and what it holds so far.
        adjusted: (h,) the forecast with accepted overrides; None without any.
        notes: sentences.
        as_of: the day of knowledge.
        currency: ISO code; None for numbers that are no money.
    """

    name: str
    by: str
    periods: tuple[Period, ...]
    future: tuple[Period, ...]
    values: Vector
    mean: Vector
    lower: Mapping[int, Vector]
    upper: Mapping[int, Vector]
    origins: npt.NDArray[np.intp]
    said: Vector
    method: str
    naive_wins: bool
    coverage: Mapping[int, float | None]
    race: Table | None
    total: tuple[float, float, float] | None
    partial: tuple[Period, float] | None
    adjusted: Vector | None
    notes: tuple[str, ...]
    as_of: dt.date
    currency: str | None

    def errors(self) -> Vector:
        """(o, h) forecast − actual of the back-test; NaN where there is no actual."""
        found = np.full(self.said.shape, np.nan)
        for row, origin in enumerate(self.origins):
            known = min(self.said.shape[1], len(self.values) - int(origin))
            found[row, :known] = self.said[row, :known] - self.values[origin : origin + known]
        return found

    @property
    def wape(self) -> float:
        """Σ|forecast − actual| ÷ Σ|actual| of the back-test; NaN without one."""
        errors = self.errors()
        came = np.abs(self.said - errors)[np.isfinite(errors)].sum()
        return float(np.nansum(np.abs(errors)) / came) if came > 0 else float("nan")


def of_company(report: ForecastReport) -> SeriesPicture:
    """The company's series."""
    s = report.series
    backtest = s.backtest
    ranking = backtest.ranking()
    names = {row.method for row in ranking}
    best = ranking[0].method if ranking else s.method
    accuracies = report.accuracies()
    naive = {
        str(label) for label, flag in zip(accuracies["method"].values, accuracies["naive"].values, strict=True) if flag
    }
    total = None if s.total is None else (s.total.p10, s.total.p50, s.total.p90)
    return SeriesPicture(
        tr("Company"), report.period.value, s.periods, s.future, s.values, s.mean, s.lower, s.upper,
        backtest.origins, backtest.forecasts[s.method], s.label, s.label in naive and best in names, s.coverage,
        accuracies, total, report.partial, None, s.sentences, report.as_of, report.currency,
    )  # fmt: skip


def of_node(report: NodesReport, number: int) -> SeriesPicture:
    """The series of one node of a hierarchy."""
    node = report.nodes[number]
    values = report.history[number].astype(np.float64)
    errors = report.errors[number]
    origins = np.asarray(report.known, dtype=np.intp)
    said = np.full(errors.shape, np.nan)
    for row, origin in enumerate(origins):
        known = max(0, min(errors.shape[1], len(values) - int(origin)))
        said[row, :known] = errors[row, :known] + values[origin : origin + known]
    mean = report.mean[number].astype(np.float64)
    adjusted = report.adjusted[number].astype(np.float64)
    total = None
    if 80 in report.total_lower:
        total = (
            float(report.total_lower[80][number]), float(adjusted.sum()), float(report.total_upper[80][number])
        )  # fmt: skip
    partial = None
    if report.partial is not None:
        partial = (report.partial[0], float(report.partial[1][number]))
    return SeriesPicture(
        node.label if number else tr("Company"), report.period.value, report.periods, report.future, values, mean,
        {level: ends[number].astype(np.float64) for level, ends in report.lower.items()},
        {level: ends[number].astype(np.float64) for level, ends in report.upper.items()},
        origins, said, report.method_label(number), report.naive_wins(number), _held(report, node.level), None, total,
        partial, None if np.array_equal(adjusted, mean) else adjusted, tuple(report.node_notes[number]), report.as_of,
        report.currency,
    )  # fmt: skip


def _held(report: NodesReport, level: int) -> dict[int, float | None]:
    """How often the intervals of a node's level held what came."""
    rows = report.coverage
    names = report.level_names
    mine = rows[(rows["level"] == level) | (rows["level"] == (names[level] if level < len(names) else ""))]
    return {int(row["interval"]): _known(float(row["held"])) for _, row in mine.iterrows()}


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
