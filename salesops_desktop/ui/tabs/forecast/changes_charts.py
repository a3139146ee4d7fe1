"""Pictures of what happened to the pipeline: the waterfall, the categories, deals by age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.chart_marks import Bars, ChartContent, Floating, Line, Note, Series, Ticks
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.pipeline_categories import CategoryReport
    from salesops_desktop.jobs.pipeline_snapshots import WaterfallReport

_APART = 0.15
"""Share of the height that words at lines are apart, at least."""


def waterfall_chart(report: WaterfallReport, formats: Formats) -> ChartContent:
    """From the pipeline of one day to that of another, a bar a movement."""
    found, currency = report.waterfall, report.currency
    changes = found.bars["amount_minor"].to_numpy(dtype=np.float64)
    names = [str(report.bars["bar"].values[i]) for i in range(1, len(report.bars) - 1)]
    ends = found.start_minor + np.cumsum(changes)
    low = np.concatenate([[0.0], ends - changes, [0.0]])
    high = np.concatenate([[found.start_minor], ends, [found.end_minor]]).astype(np.float64)
    values = np.concatenate([[found.start_minor], changes, [found.end_minor]]).astype(np.float64)
    tints = ("border_strong", *map(_tint, found.bars["movement"], changes), "border_strong")
    labels = [formats.short_money(values[0], currency), *(_signed(v, currency, formats) for v in changes)]
    labels.append(formats.short_money(values[-1], currency))
    places = (formats.date(found.start_day), *names, formats.date(found.end_day))
    at = np.arange(len(values), dtype=np.float64)
    steps = Floating(tr("Amount"), at, low, high, values, tints, tuple(labels), joined=True, ends=high, color="accent")
    return ChartContent(
        _title(report, formats), (steps,), x_kind="category", categories=places, y_kind=ValueKind.MONEY,
        currency=currency, subtitle=_subtitle(report), tick_tiers=(tuple(enumerate(map(_wrapped, places))),), zero=True,
    )  # fmt: skip


def _tint(movement: str, change: float) -> str:
    """Won is good news, though it leaves the open pipeline."""
    if movement == "won":
        return "success"
    return "accent" if change >= 0 else "error"


def _title(report: WaterfallReport, formats: Formats) -> str:
    found = report.waterfall
    change = found.end_minor - found.start_minor
    money = formats.short_money(abs(change), report.currency)
    since = formats.date(found.start_day)
    if change == 0:
        return tr("The pipeline is as large as on {day}", day=since)
    if change > 0:
        return tr("The pipeline grew by {money} since {day}", money=money, day=since)
    return tr("The pipeline shrank by {money} since {day}", money=money, day=since)


def _subtitle(report: WaterfallReport) -> str:
    period = report.waterfall.period
    due = tr("any close date") if period is None else tr("due in {period}", period=period.label)
    whose = tr("whole company") if report.selection.whole else str(report.selection)
    return tr(
        "Open deals, {due}, {whose}; {currency}. Choose a bar for its deals", due=due, whose=whose,
        currency=report.currency,
    )  # fmt: skip


def _signed(value: float, currency: str, formats: Formats) -> str:
    return f"+{formats.short_money(value, currency)}" if value > 0 else formats.short_money(value, currency)


def _wrapped(text: str) -> str:
    """Two words under each other: bars stand close together."""
    return text.replace(" ", "\n", 1) if len(text) > 8 else text


def category_chart(report: CategoryReport, formats: Formats) -> ChartContent:
    """What each category holds, and what such categories came to in the past."""
    rollup = report.rollup
    names = [str(value) for value in rollup["category"].values]
    at = np.arange(len(names), dtype=np.float64)
    amounts = rollup["amount"].values.astype(np.float64)
    series: list[Series] = [Bars(tr("Open, alone"), at, amounts, "border_strong", wide=True)]
    column = rollup["converted"]
    converted = np.array([np.nan if column.is_missing(i) else float(str(column.values[i])) for i in range(len(rollup))])
    if np.isfinite(converted).any():
        series.append(Ticks(tr("At past conversion"), at, converted, "accent", 0.92))
    return ChartContent(
        _category_title(report, formats), tuple(series), (), "category",
        tuple(names), y_kind=ValueKind.MONEY, currency=report.currency,
        subtitle=tr("{when}, {currency}; the stroke is what such deals came to in the past", when=_when(report),
                    currency=report.currency),
    )  # fmt: skip


def _when(report: CategoryReport) -> str:
    return tr("Before the period") if report.week <= 0 else tr("Week {week} of the period", week=report.week)


def _category_title(report: CategoryReport, formats: Formats) -> str:
    period = report.period.label
    if report.expected_minor is None:
        return tr("{period}: what the categories hold", period=period)
    money = formats.short_money(report.expected_minor, report.currency)
    return tr("{period}: the open categories come to {money}, if they convert as in the past", period=period,
              money=money)  # fmt: skip


def conversion_chart(report: CategoryReport, formats: Formats) -> ChartContent:
    """The measured conversion of each category by week of past periods."""
    weeks = report.weeks
    lines: list[Series] = []
    notes: list[Note] = []
    best = (0.0, "")
    names = list(dict.fromkeys(str(value) for value in weeks["category"].values))
    for place, name in enumerate(names):
        rows = np.flatnonzero(weeks["category"].values == name)
        at = weeks["week"].values[rows].astype(np.float64)
        rates = weeks["rate"].values[rows].astype(np.float64)
        lines.append(Line(name, at, rates, color=place))
        if all(abs(note.y - rates[0]) > _APART for note in notes):  # the legend names those that lie together
            notes.append(Note(float(at[0]), float(rates[0]), name, place, "over"))
        best = max(best, (float(rates[0]), name))
    title = tr("{share} of {name} was won", share=formats.percent(best[0], 0), name=best[1])
    return ChartContent(
        title, tuple(lines), x_label=tr("Week of the period"), y_kind=ValueKind.FRACTION, notes=tuple(notes),
        subtitle=tr("Share of what stood in a category, past periods"), zero=True,
    )  # fmt: skip
