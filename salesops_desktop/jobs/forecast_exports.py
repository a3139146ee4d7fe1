"""The forecast workbook: every part of the forecast asked for once, in words and rows a workbook can hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from salesops_desktop.forecast.intervals import LEVELS
from salesops_desktop.forecast.methods import BY_ID
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.forecast_export_assumptions import Basis, assumptions_of, scores_of
from salesops_desktop.jobs.forecast_export_outlook import outlook_of
from salesops_desktop.jobs.forecast_export_pipeline import changes_of, deals_of, key_deals, outcome_of
from salesops_desktop.jobs.forecast_export_tree import tree_of
from salesops_desktop.jobs.forecast_node_report import NodesReport
from salesops_desktop.jobs.forecast_nodes import forecast_nodes
from salesops_desktop.jobs.forecast_overview import Overview, forecast_overview
from salesops_desktop.jobs.forecasts import ForecastReport, forecast
from salesops_desktop.jobs.pipeline_forecasts import PipelineReport, pipeline_report
from salesops_desktop.jobs.pipeline_frames import Pipeline, Selection, load_pipeline
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.periods import PeriodKind
from salesops_desktop.model.progress import part_of
from salesops_desktop.sheets.writing import forecast_records as sheet
from salesops_desktop.sheets.writing.book import Provenance

__all__ = ["ForecastMade", "forecast_made", "forecast_report"]

SEED = 1
_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class ForecastMade:
    """The parts of the forecast; what has nothing to go by is None.

    Attributes:
        series: the company's series with its methods.
        nodes: the hierarchy.
        overview: the running period.
        loaded: the pipeline.
        pipeline: its forecast.
        missing: why a part is not there.
    """

    series: ForecastReport
    nodes: NodesReport | None
    overview: Overview | None
    loaded: Pipeline | None
    pipeline: PipelineReport | None
    missing: tuple[str, ...]

    @property
    def span(self) -> str:
        """What the workbook is about, for its cover."""
        future = self.series.series.future
        ahead = f"{future[0].label} to {future[-1].label}"
        return ahead if self.overview is None else f"{self.overview.period.label}; by {self.series.period}: {ahead}"


def forecast_made(context: JobContext, *, as_of: dt.date | None, period: PeriodKind, by: str) -> ForecastMade:
    """Make all parts of the forecast as of one day; nothing is kept.

    Raises:
        NothingToDoError: there is nothing to forecast from.
        InputRefusedError: ``by`` names no such level, or too many nodes.
    """
    missing: list[str] = []

    def optional(part: Callable[[], _Part]) -> _Part | None:
        try:
            return part()
        except NothingToDoError as error:
            missing.append(error.sentence)
            return None

    def step(low: int, high: int) -> JobContext:
        return replace(context, progress=part_of(context.progress, low, high))

    series = forecast(step(0, 10), as_of=as_of, period=period, seed=SEED, with_pipeline=False)
    day = series.as_of
    nodes = optional(lambda: forecast_nodes(step(10, 30), by=by, period=period, as_of=day, seed=SEED))
    overview = optional(lambda: forecast_overview(step(30, 80), as_of=day, seed=SEED))
    loaded = optional(lambda: _loaded(context, day))
    pipeline = None
    if overview is not None and overview.forecast is not None and loaded is not None:
        pipeline = optional(
            lambda: pipeline_report(step(80, 85), loaded, overview.period, Selection(), overview.target, seed=SEED)
        )
    return ForecastMade(series, nodes, overview, loaded, pipeline, tuple(dict.fromkeys(missing)))


def _loaded(context: JobContext, day: dt.date) -> Pipeline:
    with context.workspace.read() as connection:
        return load_pipeline(connection, day)


def forecast_report(context: JobContext, made: ForecastMade, where: Provenance) -> sheet.ForecastReport:
    """The workbook's contents."""
    report, nodes, pipeline = made.series, made.nodes, made.pipeline
    s = report.series
    tests = s.backtest.overall(s.method).n
    changes = None
    if made.loaded is not None and made.overview is not None:
        changes = changes_of(made.loaded, made.overview.period)
    deals = () if pipeline is None else deals_of(pipeline)
    basis = Basis(report, nodes, made.overview, pipeline, made.missing)
    return sheet.ForecastReport(
        where, report.currency, "Bookings", s.label, tuple(level / 100 for level in LEVELS), _points(report, nodes),
        _accuracy(report), tuple(sheet.Coverage(level / 100, s.coverage[level], tests) for level in LEVELS),
        _tested(report), deals, () if pipeline is None else outcome_of(pipeline), _sentences(made),
        outlook=None if made.overview is None else outlook_of(made.overview, report),
        tree=None if nodes is None else tree_of(nodes),
        key_deals=() if pipeline is None else key_deals(pipeline),
        changes=changes if changes is not None and changes.deals else None,
        pipeline_tests=() if pipeline is None else (
            sheet.Shown(pipeline.tables_.race, "Naive methods are yardsticks: the chosen one must beat them."),
            sheet.Shown(pipeline.tables_.calibration, "Of deals given such a chance, so many were won."),
        ),
        scores=scores_of(context, report.as_of, nodes),
        assumptions=assumptions_of(context, basis, SEED),
    )  # fmt: skip


def _sentences(made: ForecastMade) -> tuple[str, ...]:
    said = [*made.series.series.sentences]
    if made.pipeline is not None:
        said += [f"{len(made.pipeline.deals):,} open deals.", *made.pipeline.forecast.sentences]
    return tuple(dict.fromkeys([*said, *made.missing]))


def _points(report: ForecastReport, nodes: NodesReport | None) -> tuple[sheet.SeriesPoint, ...]:
    """Past and future of the company: ahead the figures of its node, which are those that add up."""
    s = report.series
    past = [sheet.SeriesPoint(p.label, round(float(v))) for p, v in zip(s.periods, s.values, strict=True)]
    mean, lower, upper, fixed = s.mean, dict(s.lower), dict(s.upper), None
    if nodes is not None and nodes.future == s.future:
        mean = nodes.mean[0]
        if all(level in nodes.lower for level in LEVELS):
            lower, upper = ({level: side[level][0] for level in LEVELS} for side in (nodes.lower, nodes.upper))
        fixed = nodes.adjusted[0] if nodes.fixed else None
    ahead = [
        sheet.SeriesPoint(
            period.label, None, round(float(mean[i])), tuple(round(float(lower[level][i])) for level in LEVELS),
            tuple(round(float(upper[level][i])) for level in LEVELS), None if fixed is None else int(fixed[i]),
        )
        for i, period in enumerate(s.future)
    ]  # fmt: skip
    return (*past, *ahead)


def _accuracy(report: ForecastReport) -> tuple[sheet.MethodAccuracy, ...]:
    s = report.series
    return tuple(
        sheet.MethodAccuracy(
            BY_ID[row.method].label, row.horizon, row.n, row.mae, None if np.isnan(row.mase) else row.mase, row.bias,
            row.method == s.method, BY_ID[row.method].naive,
        )
        for row in s.backtest.table
        if row.horizon > 0
    )  # fmt: skip


def _tested(report: ForecastReport) -> tuple[sheet.TestedForecast, ...]:
    s = report.series
    told = s.backtest.forecasts[s.method]
    return tuple(
        sheet.TestedForecast(
            s.periods[int(origin) - 1].label, s.periods[int(origin) + step].label, step + 1,
            round(float(told[row, step])), round(float(s.backtest.actuals[row, step])),
        )
        for row, origin in enumerate(s.backtest.origins)
        for step in range(told.shape[1])
        if np.isfinite(s.backtest.actuals[row, step]) and np.isfinite(told[row, step])
    )  # fmt: skip
