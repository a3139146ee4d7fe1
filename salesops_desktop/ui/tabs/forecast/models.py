"""What the Forecast tab draws: cards, plots and tables made from a report."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import Column, ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.figure_strip import Figure
from salesops_desktop.ui.tabs.forecast.series_picture import LEVELS, SeriesPicture
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecasts import PipelineForecast
    from salesops_desktop.jobs.pipeline_forecasts import PipelineReport, RaceRow

_FIRST = (
    "account", "amount_minor", "period_probability", "period_weighted_minor", "expected_close", "close_on", "owner",
    "stage", "category", "pushes", "stale", "why_stale",
)  # fmt: skip


def series_figures(picture: SeriesPicture, formats: Formats) -> list[Figure]:
    """The cards of the series room."""

    def shown(value: float) -> str:
        if picture.currency is None:
            return formats.number(value / 1000, 0)
        return formats.short_money(value, picture.currency)

    mean = picture.mean if picture.adjusted is None else picture.adjusted
    figures = []
    if len(mean):
        figures.append(
            Figure("next", tr("Forecast {period}", period=picture.future[0].label), shown(float(mean[0])),
                   note=tr("80 %: {low} to {high}", low=shown(float(picture.lower[80][0])),
                           high=shown(float(picture.upper[80][0]))),
                   description=tr("Four times out of five the result should lie in this range."))
        )  # fmt: skip
    if len(mean) > 1:
        span = tr("{first} to {last}", first=picture.future[0].label, last=picture.future[-1].label)
        note = tr("the sum of all periods ahead")
        if picture.total is not None:
            note = tr("80 %: {low} to {high}", low=shown(picture.total[0]), high=shown(picture.total[2]))
        figures.append(
            Figure("total", span, shown(float(mean.sum())), note=note,
                   description=tr("The sum of all periods ahead, with a range from whole back-test error paths."))
        )  # fmt: skip
    figures.append(_accuracy_figure(picture, formats))
    held = picture.coverage.get(80)
    figures.append(
        Figure("held", tr("80 % intervals held"), "–" if held is None else formats.percent(held, 0),
               note=tr("of the back-test's actuals"),
               description=tr("How often the 80 % interval held what came, in this series' own past. 80 % is right."))
    )  # fmt: skip
    if picture.partial is not None:
        period, so_far = picture.partial
        figures.append(
            Figure("partial", tr("{period} so far", period=period.label), shown(so_far),
                   note=tr("up to {day}", day=formats.date(picture.as_of)),
                   description=tr("The running period; not part of the history."))
        )  # fmt: skip
    return figures


def _accuracy_figure(picture: SeriesPicture, formats: Formats) -> Figure:
    off = picture.wape
    known = bool(np.isfinite(off))
    return Figure(
        "wape", tr("Back-test"), tr("off by {error}", error=formats.percent(off, 0)) if known else "–",
        tone="warning" if picture.naive_wins or not known else "success",
        delta=tr("naive wins") if picture.naive_wins else tr("better than naive") if known else "",
        note=picture.method,
        description=tr("Σ|forecast − actual| ÷ Σ|actual|: what the same method would have said at past dates, held "
                       "against what came."),
    )  # fmt: skip


def MASE_WORDS() -> str:  # noqa: N802  # a text, translated when it is asked for
    """What MASE means."""
    return tr(
        "MASE is the mean error relative to repeating the value of a year before: below 1 the method beats that, "
        "above 1 it does not."
    )


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


def coverage_words(picture: SeriesPicture, formats: Formats) -> str:
    """How often each interval held what came."""
    parts = []
    for level in reversed(LEVELS):
        held = picture.coverage.get(level)
        shown = tr("unknown") if held is None else formats.percent(held, 0)
        parts.append(tr("{level} % interval: {held}", level=level, held=shown))
    return tr("Actuals inside the intervals, in the back-test: {parts}.", parts=" · ".join(parts))


def pipeline_figures(report: PipelineReport, formats: Formats) -> list[Figure]:
    """The cards of the pipeline room."""

    def money(value: float) -> str:
        return formats.short_money(value, report.currency)

    pipeline, label, simulation = report.forecast, report.period.label, report.simulation
    new = simulation.quantiles((0.1, 0.5, 0.9), "new")
    whole = report.selection.whole
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
    if report.won_minor:
        figures.append(Figure("won", tr("Won so far"), money(report.won_minor),
                              note=tr("up to {day}", day=formats.date(pipeline.as_of)),
                              description=tr("Part of every outcome.")))  # fmt: skip
    opened = simulation.quantiles((0.1, 0.5, 0.9), "open")
    figures += [
        Figure("open", tr("From {n} open deals", n=formats.integer(len(report.deals))), money(opened[1]),
               note=tr("weighted {money}", money=money(report.weighted_minor)),
               description=tr("What today's open deals bring within the period by the simulations: P10 {low}, P90 "
                              "{high}. Weighted is Σ amount × chance.", low=money(opened[0]), high=money(opened[2]))),
        Figure("new", tr("From deals not yet created"), money(new[1]),
               note=tr("{created} created, {won} won", created=formats.number(pipeline.new_deals.created, 0),
                       won=formats.number(pipeline.new_deals.won, 0)) if whole else tr("by past creation"),
               description=tr("What deals created between today and the period's end bring, from past creation.")),
    ]  # fmt: skip
    figures.append(_race_figure(pipeline, formats))
    return figures


def judged_furthest(pipeline: PipelineForecast) -> RaceRow | None:
    """The chosen method where it was judged furthest ahead; None with too little history."""
    judged = (row for row in pipeline.race if row.chosen and np.isfinite(row.wape))
    return max(judged, key=lambda row: row.months, default=None)


def _race_figure(pipeline: PipelineForecast, formats: Formats) -> Figure:
    """How well the same method did on the company's own past: no forecast without it."""
    about = tr("Σ|expected − won| ÷ Σ won at past month-ends, for deals open then; the chosen method and the best of "
               "the naive ones.")  # fmt: skip
    judged = [row for row in pipeline.race if np.isfinite(row.wape)]
    chosen = judged_furthest(pipeline)
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


def points_table(picture: SeriesPicture) -> Table:
    """The forecast by period in whole units: value, then intervals from narrow to wide."""
    unit = 1000 if picture.currency is None else 10 ** exponent(picture.currency)
    specs = [ColumnSpec("period", tr("Period"), ValueKind.TEXT), _whole("mean", tr("Forecast"))]
    if picture.adjusted is not None:
        specs.append(_whole("adjusted", tr("With judgement")))
    for level in reversed(LEVELS):
        specs.append(_whole(f"low{level}", tr("{level} % from", level=level)))
        specs.append(_whole(f"high{level}", tr("{level} % to", level=level)))
    rows: list[dict[str, object]] = []
    for i, period in enumerate(picture.future):
        row: dict[str, object] = {"period": period.label, "mean": picture.mean[i] / unit}
        if picture.adjusted is not None:
            row["adjusted"] = picture.adjusted[i] / unit
        for level in LEVELS:
            row |= {f"low{level}": picture.lower[level][i] / unit, f"high{level}": picture.upper[level][i] / unit}
        rows.append(row)
    return build_table(tr("Forecast by period in {currency}", currency=picture.currency or tr("units")), specs, rows)


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


def deals_table(deals: Table) -> Table:
    """The open deals, what people look for first; money in whole units of its currency."""
    columns = {column.name: _in_units(column) for column in deals.columns}
    if {"account", "external_id"} <= columns.keys():
        columns["account"] = _called(columns["account"], columns["external_id"])
    first = [name for name in _FIRST if name in columns]
    order = [*first, *(name for name in columns if name not in first)]
    return dataclasses.replace(deals, columns=tuple(columns[name] for name in order))


def _called(account: Column, mark: Column) -> Column:
    """What each deal is called: its account, else its own id."""
    rows = range(len(account.values))
    names = [mark.values[i] if account.is_missing(i) else account.values[i] for i in rows]
    return dataclasses.replace(account, values=np.array(names, dtype=object), missing=None)
