"""Forecasts of bookings and of the open pipeline. Each one shown is kept, so that it can be scored later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_desktop.forecast import PipelineForecast, SeriesForecast, build_series, forecast_series
from salesops_desktop.forecast.intervals import LEVELS
from salesops_desktop.forecast.methods import BY_ID
from salesops_desktop.jobs import frames as reading
from salesops_desktop.jobs.company import newest_day
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.currencies import Unconverted
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.forecast_keeping import Head, Points, keep_pipeline, recorded
from salesops_desktop.jobs.forecast_keeping import keep as keep_forecast
from salesops_desktop.jobs.forecast_lines import KINDS, SOURCE_PHRASES, Source
from salesops_desktop.jobs.pipeline_frames import load_pipeline, period_of
from salesops_desktop.jobs.pipeline_runs import run_of
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.periods import Period, PeriodKind
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["ForecastReport", "PipelineForecast", "SeriesForecast", "Source", "run_forecast"]

HORIZONS = {PeriodKind.WEEK: 13, PeriodKind.MONTH: 6, PeriodKind.QUARTER: 4, PeriodKind.YEAR: 2}


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """The series forecast and the pipeline forecast, side by side."""

    series: SeriesForecast
    pipeline: PipelineForecast | None
    pipeline_reason: str
    """Why there is no pipeline forecast."""
    source: Source
    as_of: dt.date
    period: PeriodKind
    currency: str
    deals: Table
    """One row per open opportunity with its probability and weighted value; keys are the opportunities' row ids."""
    partial: tuple[Period, float] | None = None
    """The running period and what it holds so far, in minor units; not part of the history."""
    left: tuple[str, ...] = ()
    """What had no exchange rate and was left out, in sentences."""

    def summary(self) -> Sequence[str]:
        """Method, accuracy and outlook in sentences."""
        s = self.series
        best = s.backtest.overall(s.method)
        origin = SOURCE_PHRASES[self.source]
        said = [
            f"Bookings by {self.period.value} from {origin}, as of {self.as_of}, in {self.currency}.",
            f"Method: {s.label}; back-test MASE {best.mase:.2f} over {best.n} forecasts.",
            *s.sentences,
        ]
        if self.pipeline is None:
            said.append(self.pipeline_reason)
        else:
            p = self.pipeline
            said.append(f"{len(p.deals):,} open opportunities for {p.period.label}.")
            said.extend(p.sentences)
        return [*said, *self.left]

    def tables(self) -> Sequence[Table]:
        """The forecast by period, the back-test by method, the open deals."""
        return [self.points(), self.accuracies(), self.deals]

    def points(self) -> Table:
        """One row per period ahead: forecast and intervals, in minor units."""
        s = self.series
        names = [("mean", "Forecast", s.mean)]
        for level in LEVELS:
            names += [
                (f"low{level}", f"Low {level} %", s.lower[level]),
                (f"high{level}", f"High {level} %", s.upper[level]),
            ]
        specs = [
            ColumnSpec("period", "Period", ValueKind.TEXT),
            *(ColumnSpec(name, label, ValueKind.MONEY, self.currency) for name, label, _ in names),
        ]
        rows = [
            (period.label, *(round(float(values[i])) for _, _, values in names)) for i, period in enumerate(s.future)
        ]
        return build_table("Forecast", specs, rows)

    def history(self) -> Table:
        """One row per past period."""
        specs = [
            ColumnSpec("period", "Period", ValueKind.TEXT),
            ColumnSpec("actual", "Actual", ValueKind.MONEY, self.currency),
        ]
        pairs = zip(self.series.periods, self.series.values, strict=True)
        return build_table("History", specs, [(p.label, round(float(v))) for p, v in pairs])

    def accuracies(self) -> Table:
        """One row per method: how well it did on this series' own past."""
        specs = [
            ColumnSpec("method", "Method", ValueKind.TEXT),
            ColumnSpec("chosen", "Chosen", ValueKind.BOOLEAN),
            ColumnSpec("naive", "Naive", ValueKind.BOOLEAN, description="A yardstick that the others must beat."),
            ColumnSpec("n", "Forecasts judged", ValueKind.INTEGER),
            ColumnSpec("mae", "Mean absolute error", ValueKind.MONEY, self.currency),
            ColumnSpec("mase", "MASE", ValueKind.NUMBER, digits=3, description="Below 1 beats the seasonal naive."),
            ColumnSpec("bias", "Bias", ValueKind.MONEY, self.currency),
        ]
        rows = [
            (
                BY_ID[a.method].label, a.method == self.series.method, BY_ID[a.method].naive, a.n, round(a.mae),
                a.mase, round(a.bias),
            )
            for a in self.series.backtest.ranking()
        ]  # fmt: skip
        return build_table("Back-test", specs, rows)


@job(
    "forecast run",
    title="Forecast bookings and pipeline",
    group="forecast",
    needs=Needs.WRITE,
    examples=("forecast run company.salesops", "forecast run company.salesops --period quarter --as-of 2026-09-30"),
)
def run_forecast(
    context: JobContext,
    *,
    period: PeriodKind = PeriodKind.MONTH,
    horizon: int | None = None,
    source: Source = Source.AUTO,
    as_of: dt.date | None = None,
    seed: int = 1,
    pipeline: bool = True,
    keep: bool = True,
) -> ForecastReport:
    """Forecast bookings with the method that a back-test on their own past chooses, and value the open pipeline.

    Args:
        period: week, month, quarter or year.
        horizon: how many periods ahead; 13 weeks, 6 months, 4 quarters or 2 years by default.
        source: transactions (booked), invoiced, paid, won (opportunities), or auto: booked where there are any.
        as_of: the day of knowledge; by default the newest day the pipeline or the bookings speak of.
        seed: for the simulations.
        pipeline: also value the open pipeline.
        keep: keep the forecast in the workspace, so that it can be scored when the actuals arrive.
    """
    report, opportunities = _made(context, period, horizon, source, as_of, seed, with_pipeline=pipeline)
    if keep:
        _keep(context, report, opportunities)
    return report


def forecast(
    context: JobContext,
    *,
    period: PeriodKind = PeriodKind.MONTH,
    horizon: int | None = None,
    source: Source = Source.AUTO,
    as_of: dt.date | None = None,
    seed: int = 1,
    with_pipeline: bool = True,
) -> ForecastReport:
    """The forecast of :func:`run_forecast`, kept nowhere."""
    return _made(context, period, horizon, source, as_of, seed, with_pipeline=with_pipeline)[0]


def _made(
    context: JobContext,
    period: PeriodKind,
    horizon: int | None,
    source: Source,
    as_of: dt.date | None,
    seed: int,
    *,
    with_pipeline: bool,
) -> tuple[ForecastReport, pd.DataFrame]:
    """The report, and the opportunities it rests on."""
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        left: list[Unconverted] = []
        loaded = reading.load(connection, without=("activities", "leads", "quotas", "forecasts"), left=left)
        day = as_of or newest_day(connection)
    if day is None:
        raise NothingToDoError("There is nothing to forecast from.", way_out="Import transactions or opportunities.")
    chosen, dates, amounts = dated_amounts(loaded, source)
    series = build_series(dates, amounts, as_of=day, calendar=loaded.facts.calendar, kind=period)
    ahead = horizon or HORIZONS[period]
    result = forecast_series(
        series.values, series.periods, horizon=ahead, season=series.season, seed=seed,
        calendar=loaded.facts.calendar, notes=series.notes, progress=context.progress,
    )  # fmt: skip
    pipeline, opportunities, reason = None, loaded.opportunities, "Not asked for."
    if with_pipeline:
        pipeline, opportunities, reason = _pipeline(context, day, seed)
    deals = _deals(opportunities, loaded.facts.currency, pipeline)
    report = ForecastReport(
        result, pipeline, reason, chosen, day, period, loaded.facts.currency, deals, series.partial,
        tuple(map(str, left)),
    )  # fmt: skip
    return report, opportunities


def dated_amounts(loaded: reading.Frames, source: Source) -> tuple[Source, pd.Series, pd.Series]:
    """The source that was meant, the day of each of its rows, and the amount in minor units."""
    kind = KINDS.get(source, "booking")
    booked = loaded.transactions[loaded.transactions["kind"].isin([kind, "refund"])]
    if source is Source.AUTO:
        source = Source.WON if booked.empty else Source.TRANSACTIONS
    rows, day = booked, "booked_on"
    if source is Source.WON:
        rows, day = loaded.opportunities[loaded.opportunities["status"] == "won"], "close_on"
    rows = rows[rows["amount_minor"].notna()]
    if rows.empty:
        raise NothingToDoError(f"There are no {SOURCE_PHRASES[source]} to forecast from.", way_out="Import them first.")
    return source, rows[day], rows["amount_minor"].astype("int64")


def _pipeline(context: JobContext, as_of: dt.date, seed: int) -> tuple[PipelineForecast | None, pd.DataFrame, str]:
    """The forecast of the running quarter, the deals it was made of, or why there is none."""
    with context.workspace.read() as connection:
        loaded = load_pipeline(connection, as_of, needed=False)
    try:
        found = run_of(loaded, period_of(loaded, None, ahead=True), seed=seed, progress=context.progress)
    except NothingToDoError as error:
        return None, loaded.opportunities, f"No pipeline forecast: {error.sentence}"
    return found, loaded.opportunities, ""


def _deals(opportunities: pd.DataFrame, currency: str, pipeline: PipelineForecast | None) -> Table:
    money = ValueKind.MONEY
    specs = [
        ColumnSpec("external_id", "Opportunity id", ValueKind.TEXT),
        ColumnSpec("account", "Account", ValueKind.TEXT),
        ColumnSpec("owner", "Owner", ValueKind.TEXT),
        ColumnSpec("product", "Product", ValueKind.TEXT),
        ColumnSpec("stage", "Stage", ValueKind.TEXT),
        ColumnSpec("age_days", "Age (days)", ValueKind.INTEGER),
        ColumnSpec("amount_minor", "Amount", money, currency),
        ColumnSpec("win_probability", "Win probability", ValueKind.FRACTION, digits=1,
                   description="Chance that the deal is ever won, from the company's own closed deals."),
        ColumnSpec("weighted_minor", "Weighted value", money, currency, description="Amount × win probability."),
        ColumnSpec("period_probability", "Won this period", ValueKind.FRACTION, digits=1),
        ColumnSpec("expected_close", "Expected close", ValueKind.DATE),
    ]  # fmt: skip
    if pipeline is None:
        return build_table("Open pipeline", specs, [], entity="opportunity")
    known = opportunities.set_index("id")[["external_id", "account", "owner", "product"]]
    frame = pipeline.deals.join(known, on="id").sort_values("weighted_minor", ascending=False, kind="stable")
    rows: list[dict[str, object]] = [
        {str(name): None if pd.isna(value) else value for name, value in record.items()}
        for record in frame.to_dict("records")
    ]
    for row in rows:
        if isinstance(row["age_days"], float):
            row["age_days"] = int(row["age_days"])
        if isinstance(row["expected_close"], pd.Timestamp):
            row["expected_close"] = row["expected_close"].date()
    return build_table("Open pipeline", specs, rows, entity="opportunity", key="id")


def _keep(context: JobContext, report: ForecastReport, opportunities: pd.DataFrame) -> None:
    series = report.series
    best = series.backtest.overall(series.method)
    document: dict[str, object] = {
        "sentences": list(series.sentences),
        "source": report.source.value,
        "mase": None if np.isnan(best.mase) else best.mase,
        "coverage": {str(level): series.coverage[level] for level in LEVELS},
    }
    head = Head("series", "bookings", report.period.value, report.as_of, series.method, report.currency, document)
    with recorded(context, f"Forecast {report.as_of} by {report.period.value}") as unit:
        keep_forecast(unit.connection, head, Points(series.future, series.mean, series.lower, series.upper))
        if report.pipeline is not None:
            keep_pipeline(unit.connection, report.pipeline, opportunities, report.currency)
