"""What the Forecast tab draws: cards, plots and tables made from a report."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import Column, ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.figure_strip import Figure
from salesops_desktop.ui.widgets.chart_marks import Band, ChartContent, Line, Marker, Scatter
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecasts import ForecastReport, PipelineForecast

LEVELS = (95, 80, 50)
"""Interval levels in per cent, widest first as the plot draws them."""


def booking_figures(report: ForecastReport, formats: Formats) -> list[Figure]:
    """The cards of the bookings page."""
    s, currency = report.series, report.currency

    def money(value: float) -> str:
        return formats.short_money(value, currency)

    low, high = s.lower[80][0], s.upper[80][0]
    figures = [
        Figure(
            "next", tr("Forecast {period}", period=s.future[0].label), money(float(s.mean[0])),
            note=tr("80 %: {low} to {high}", low=money(float(low)), high=money(float(high))),
            description=tr("Four times out of five the result should lie in this range."),
        )
    ]  # fmt: skip
    span = tr("{first} to {last}", first=s.future[0].label, last=s.future[-1].label)
    if s.total is not None and len(s.future) > 1:
        figures.append(
            Figure(
                "total", span, money(s.total.p50),
                note=tr("80 %: {low} to {high}", low=money(s.total.p10), high=money(s.total.p90)),
                description=tr("The sum of all periods ahead, with a range from whole back-test error paths."),
            )
        )  # fmt: skip
    figures.append(_accuracy_figure(report, formats))
    held = s.coverage[80]
    figures.append(
        Figure(
            "held", tr("80 % intervals held"), "–" if held is None else formats.percent(held, 0),
            note=tr("of the back-test's actuals"),
            description=tr("How often the 80 % interval held what came, in this series' own past. 80 % is right."),
        )
    )  # fmt: skip
    if report.partial is not None:
        period, so_far = report.partial
        figures.append(
            Figure(
                "partial", tr("{period} so far", period=period.label), money(so_far),
                note=tr("up to {day}", day=formats.date(report.as_of)),
                description=tr("The running period; not part of the history."),
            )
        )  # fmt: skip
    return figures


def _accuracy_figure(report: ForecastReport, formats: Formats) -> Figure:
    best = report.series.backtest.overall(report.series.method)
    value = formats.number(best.mase, 2) if np.isfinite(best.mase) else "–"
    return Figure(
        "mase", tr("Back-test error (MASE)"), value,
        tone="success" if best.mase < 1 else "warning",
        delta=tr("better than naive") if best.mase < 1 else tr("no better than naive"),
        note=report.series.label,
        description=MASE_WORDS(),
    )  # fmt: skip


def MASE_WORDS() -> str:  # noqa: N802  # a text, translated when it is asked for
    """What MASE means."""
    return tr(
        "MASE is the mean error relative to repeating the value of a year before: below 1 the method beats that, "
        "above 1 it does not."
    )


def booking_chart(report: ForecastReport, *, with_backtest: bool) -> ChartContent:
    """History, forecast with its intervals, the running period and what the back-test said one period ahead."""
    s = report.series
    n, h = len(s.periods), len(s.future)
    labels = tuple(p.label for p in (*s.periods, *s.future))
    past, ahead = np.arange(n, dtype=np.float64), np.arange(n, n + h, dtype=np.float64)
    bands = tuple(Band(f"{level} %", s.lower[level], s.upper[level]) for level in LEVELS)
    series: list[Line | Scatter] = [
        Line(tr("History"), past, s.values, color=0),
        Line(tr("Forecast, with 50, 80 and 95 % intervals"), ahead, s.mean, bands, color=1),
    ]
    if with_backtest:
        said = s.backtest.forecasts[s.method][:, 0]
        series.append(
            Line(
                tr("Back-test: said one period before"),
                s.backtest.origins.astype(np.float64),
                said,
                dashed=True,
                color=2,
            )
        )
    if report.partial is not None:
        period, so_far = report.partial
        if period.label in labels:
            at = np.array([labels.index(period.label)], dtype=np.float64)
            name = tr("{period} so far", period=period.label)
            series.append(Scatter(name, at, np.array([so_far], dtype=np.float64), color=3))
    return ChartContent(
        tr("Bookings by {period}, {currency}", period=tr(report.period.value), currency=report.currency),
        tuple(series), (Marker(n - 0.5, tr("forecast")),),
        "category", labels, y_kind=ValueKind.MONEY, currency=report.currency,
    )  # fmt: skip


def ranking_table(table: Table) -> Table:
    """The race of the methods, with a word for the chosen one and for the yardsticks; money in whole units."""
    words = []
    for i in range(len(table)):
        naive = "naive" in table.names and bool(table["naive"].values[i])
        parts = [tr("chosen")] * bool(table["chosen"].values[i]) + [tr("naive")] * naive
        words.append(", ".join(parts))
    about = tr("Chosen by the back-test; naive methods are the yardstick.")
    role = Column("role", tr("Role"), ValueKind.TEXT, np.array(words, dtype=object), description=about)
    columns = {column.name: _in_units(column) for column in table.columns}
    wanted = ("method", "role", "mase", "brier", "mae", "wape", "bias", "n")
    ordered = [role if name == "role" else columns[name] for name in wanted if name == "role" or name in columns]
    return dataclasses.replace(table, columns=tuple(ordered))


def _in_units(column: Column) -> Column:
    """Money as a number of whole units, the currency in the label: nobody reads the cents of a forecast."""
    if column.kind is not ValueKind.MONEY:
        return column
    currency = column.currency or "USD"
    values = np.asarray(column.values, dtype=np.float64) / 10 ** exponent(currency)
    if column.missing is not None:
        values[column.missing] = np.nan
    return dataclasses.replace(
        column, label=f"{column.label} ({currency})", kind=ValueKind.NUMBER, values=values, missing=None, digits=0,
        currency=None,
    )  # fmt: skip


def coverage_words(report: ForecastReport, formats: Formats) -> str:
    """How often each interval held what came."""
    parts = []
    for level in reversed(LEVELS):
        held = report.series.coverage[level]
        shown = tr("unknown") if held is None else formats.percent(held, 0)
        parts.append(tr("{level} % interval: {held}", level=level, held=shown))
    return tr("Actuals inside the intervals, in the back-test: {parts}.", parts=" · ".join(parts))


def pipeline_figures(report: ForecastReport, pipeline: PipelineForecast, formats: Formats) -> list[Figure]:
    """The cards of the pipeline room."""

    def money(value: float) -> str:
        return formats.short_money(value, report.currency)

    label, simulation, new = pipeline.period.label, pipeline.simulation, pipeline.new_deals
    low, middle, high = simulation.quantiles((0.1, 0.5, 0.9))
    figures = [
        Figure("p50", tr("{period}: as likely more as less", period=label), money(middle),
               note=tr("P10 {low} · P90 {high}", low=money(low), high=money(high)),
               description=tr("The median of the simulations: won so far, open deals, and deals not yet created. "
                              "Nine of ten exceed P10, one of ten exceeds P90.")),
    ]  # fmt: skip
    chance = simulation.chance_of_target
    if chance is not None:
        target = money(simulation.outlook.target or 0)
        figures.append(Figure("chance", tr("Chance of the target"), formats.percent(chance, 0),
                              note=tr("of {target}", target=target), tone="success" if chance >= 0.5 else "warning",
                              description=tr("The share of the simulations that reach the target.")))  # fmt: skip
    if pipeline.won_minor:
        figures.append(Figure("won", tr("Won so far"), money(pipeline.won_minor),
                              note=tr("up to {day}", day=formats.date(pipeline.as_of)),
                              description=tr("Part of every outcome.")))  # fmt: skip
    opened = simulation.quantiles((0.1, 0.5, 0.9), "open")
    figures += [
        Figure("open", tr("From open deals"), money(opened[1]),
               note=tr("P10 {low} · P90 {high}", low=money(opened[0]), high=money(opened[2])),
               description=tr("What today's {n} open deals bring within the period, by the simulations.",
                              n=formats.integer(len(pipeline.deals)))),
        Figure("new", tr("From deals not yet created"), money(new.p50),
               note=tr("{created} created, {won} won", created=formats.number(new.created, 0),
                       won=formats.number(new.won, 0)),
               description=tr("What deals created between today and the period's end bring, from past creation.")),
        Figure("weighted", tr("Weighted pipeline"), money(pipeline.weighted_minor),
               note=tr("whenever deals close"),
               description=tr("Σ amount × win probability over all open deals, without a time limit.")),
    ]  # fmt: skip
    figures.append(_race_figure(pipeline, formats))
    return figures


def _race_figure(pipeline: PipelineForecast, formats: Formats) -> Figure:
    """How well the same method did on the company's own past: no forecast without it."""
    about = tr("Σ|expected − won| ÷ Σ won at past month-ends, for deals open then; the chosen method and the best of "
               "the naive ones.")  # fmt: skip
    judged = [row for row in pipeline.race if np.isfinite(row.wape)]
    chosen = max((row for row in judged if row.chosen), key=lambda row: row.months, default=None)
    if chosen is None:
        return Figure("past", tr("Back-test"), "–", note=tr("too little history"), tone="warning", description=about)
    naive = min((r.wape for r in judged if r.naive and r.months == chosen.months), default=np.inf)
    better = chosen.wape <= naive
    note = "" if not np.isfinite(naive) else tr("naive {error}", error=formats.percent(naive, 0))
    return Figure(
        "past", trn("Back-test, 1 month ahead", "Back-test, {n} months ahead", chosen.months),
        tr("off by {error}", error=formats.percent(chosen.wape, 0)),
        delta=tr("better than naive") if better else tr("naive wins"), tone="success" if better else "warning",
        note=note, description=about,
    )  # fmt: skip


def points_table(report: ForecastReport) -> Table:
    """The forecast by period in whole units of money: value, then intervals from narrow to wide."""
    s, unit = report.series, 10 ** exponent(report.currency)
    specs = [ColumnSpec("period", tr("Period"), ValueKind.TEXT), _whole("mean", tr("Forecast"))]
    for level in reversed(LEVELS):
        specs.append(_whole(f"low{level}", tr("{level} % from", level=level)))
        specs.append(_whole(f"high{level}", tr("{level} % to", level=level)))
    rows: list[dict[str, object]] = []
    for i, period in enumerate(s.future):
        row: dict[str, object] = {"period": period.label, "mean": s.mean[i] / unit}
        for level in LEVELS:
            row |= {f"low{level}": s.lower[level][i] / unit, f"high{level}": s.upper[level][i] / unit}
        rows.append(row)
    return build_table(tr("Forecast by period in {currency}", currency=report.currency), specs, rows)


def _whole(name: str, label: str, description: str = "") -> ColumnSpec:
    return ColumnSpec(name, label, ValueKind.NUMBER, digits=0, description=description)


def correction_words(pipeline: PipelineForecast, formats: Formats) -> str:
    """What the back-test's bias does to today's chances."""
    factor = pipeline.backtest.calibration
    if abs(factor - 1) < 0.005:
        return tr("The sums needed no correction.")
    shown = formats.number(factor, 2)
    if factor < 1:
        return tr("The past sums were expected too high: today's chances for the period are scaled by {x}.", x=shown)
    return tr("The past sums were expected too low: today's chances for the period are scaled by {x}.", x=shown)


def deals_table(report: ForecastReport) -> Table:
    """The open deals, what matters most first; money in whole units of the report's currency."""
    first = ("account", "amount_minor", "win_probability", "weighted_minor", "expected_close", "owner", "stage")
    columns = {column.name: _in_units(column) for column in report.deals.columns}
    order = [*first, *(name for name in columns if name not in first)]
    return dataclasses.replace(report.deals, columns=tuple(columns[name] for name in order))
