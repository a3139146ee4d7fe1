"""Pictures of how the pipeline flows: a finding over each, its figures on the bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.tables import Table, ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.chart_marks import ChartContent, Floating, Line, Series
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.pipeline_flow import FlowReport

Vector = npt.NDArray[np.float64]
_OLD_CLASSES = 2
"""The last classes of age count as old."""


def flow_charts(report: FlowReport, formats: Formats) -> list[tuple[Table, ChartContent | None]]:
    """Every table of the flow that has columns, with its picture where it has rows enough for one.

    Args:
        report: the flow.
        formats: how figures are written.
    """
    shown = report.shown
    makers: list[tuple[Table, Callable[[FlowReport, Formats], ChartContent | None] | None]] = [
        (shown.stages, stages_chart), (shown.coverage, coverage_chart), (shown.velocity[0], velocity_chart),
        (shown.velocity[1], factors_chart), (shown.slippage, slippage_chart), (shown.creation, creation_chart),
        (shown.ageing, ageing_chart), (shown.deals, None),
    ]  # fmt: skip
    return [
        (table, make(report, formats) if make is not None and len(table) else None)
        for table, make in makers
        if table.columns
    ]


def _numbers(table: Table, name: str) -> Vector:
    column = table[name]
    return np.array(
        [np.nan if column.is_missing(i) else float(str(column.values[i])) for i in range(len(table))], dtype=np.float64
    )


def _names(table: Table, name: str) -> tuple[str, ...]:
    return tuple(str(value) for value in table[name].values)


def _bars(name: str, heights: Vector, labels: Sequence[str], tints: Sequence[str] = ()) -> Floating:
    at = np.arange(len(heights), dtype=np.float64)
    return Floating(
        name, at, np.where(np.isfinite(heights), 0.0, np.nan), heights, heights, tuple(tints), tuple(labels),
        color="accent",
    )  # fmt: skip


def _of(report: FlowReport) -> str:
    return tr("Whole company") if report.selection.whole else str(report.selection)


def stages_chart(report: FlowReport, formats: Formats) -> ChartContent | None:
    """Of the deals that left a stage, how many went on."""
    table = report.shown.stages
    rates, names = _numbers(table, "rate"), _names(table, "stage")
    if not np.isfinite(rates).any():
        return None
    weakest = int(np.nanargmin(rates))
    tints = ["accent" if i != weakest else "warning" for i in range(len(rates))]
    return ChartContent(
        tr("Fewest go on from {stage}: {rate}", stage=names[weakest], rate=formats.percent(rates[weakest], 0)),
        (_bars(tr("Went on"), rates, [formats.percent(r, 0) if np.isfinite(r) else "" for r in rates], tints),),
        x_kind="category", categories=names, tick_tiers=(tuple(enumerate(names)),), y_kind=ValueKind.FRACTION,
        zero=True,
        subtitle=tr("{whose}; of the deals that left a stage, the share that went on to a later one or was won",
                    whose=_of(report)),
    )  # fmt: skip


def coverage_chart(report: FlowReport, formats: Formats) -> ChartContent | None:
    """What is open against what is still to win, and what would have to be."""
    found, period = report.coverage, report.period.label
    if found.gap_minor is None or found.coverage is None:
        return None
    names, heights = [tr("Still to win"), tr("Open pipeline")], [float(found.gap_minor), float(found.open_minor)]
    title = tr("{period}: the pipeline covers what is still to win {x} times", period=period,
               x=formats.number(found.coverage, 1))  # fmt: skip
    tints = ["border_strong", "accent"]
    if found.needed:
        names.append(tr("Pipeline needed"))
        heights.append(found.gap_minor * found.needed)
        tints.append("border_strong")
        enough = found.coverage >= found.needed
        tints[1] = "success" if enough else "warning"
        title = tr("{said}; {needed} are needed", said=title, needed=formats.number(found.needed, 1))
    labels = [formats.short_money(value, report.currency) for value in heights]
    return ChartContent(
        title, (_bars(tr("Amount"), np.array(heights), labels, tints),), x_kind="category", categories=tuple(names),
        tick_tiers=(tuple(enumerate(names)),), y_kind=ValueKind.MONEY, currency=report.currency, zero=True,
        subtitle=tr("{whose}, {currency}; needed by the share of value that was won in the last four periods",
                    whose=_of(report), currency=report.currency),
    )  # fmt: skip


def velocity_chart(report: FlowReport, formats: Formats) -> ChartContent | None:
    """What a day brought, by period."""
    table = report.shown.velocity[0]
    speeds, names = _numbers(table, "velocity"), _names(table, "period")
    if not np.isfinite(speeds).any():
        return None
    labels = [formats.short_money(s, report.currency) if np.isfinite(s) else "" for s in speeds]
    title = tr("The pipeline brought {money} a day in {period}", money=labels[-1] or "–", period=names[-1])
    before, after = report.before.per_day, report.after.per_day
    if before and after is not None:
        change, now = formats.percent(abs(after / before - 1), 0), formats.short_money(after, report.currency)
        text = (
            "Velocity rose by {change} to {now} a day"
            if after >= before
            else "Velocity fell by {change} to {now} a day"
        )
        title = tr(text, change=change, now=now)
    tints = ["border_strong"] * (len(speeds) - 1) + ["accent"]
    return ChartContent(
        title, (_bars(tr("Velocity a day"), speeds, labels, tints),), x_kind="category", categories=names,
        tick_tiers=(tuple(enumerate(names)),), y_kind=ValueKind.MONEY, currency=report.currency, zero=True,
        subtitle=tr("{whose}, {currency}: deals closed × win rate × average won value ÷ days from creation to win",
                    whose=_of(report), currency=report.currency),
    )  # fmt: skip


def factors_chart(report: FlowReport, formats: Formats) -> ChartContent | None:
    """What each factor did to velocity between the last two periods: a waterfall that sums exactly."""
    table = report.shown.velocity[1]
    before, after = report.before.per_day, report.after.per_day
    periods = _names(report.shown.velocity[0], "period")
    if before is None or after is None or len(periods) < 2:
        return None
    changes, factors = _numbers(table, "change_minor"), _names(table, "factor")
    ends = before + np.cumsum(changes)
    at = np.arange(len(changes) + 2, dtype=np.float64)
    low, high = np.concatenate([[0.0], ends - changes, [0.0]]), np.concatenate([[before], ends, [after]])
    values = np.concatenate([[before], changes, [after]])
    tints = ("border_strong", *("accent" if c >= 0 else "error" for c in changes), "border_strong")
    money = [formats.short_money(v, report.currency) for v in values]
    labels = (money[0], *(f"+{m}" if c > 0 else m for m, c in zip(money[1:-1], changes, strict=True)), money[-1])
    most = int(np.argmax(np.abs(changes)))
    size = formats.short_money(abs(changes[most]), report.currency)
    text = (
        "{factor} added most to velocity: {size} a day"
        if changes[most] >= 0
        else "{factor} cost most velocity: {size} a day"
    )
    names = (periods[-2], *factors, periods[-1])
    bars = Floating(tr("Velocity a day"), at, low, high, values, tints, labels, joined=True, ends=high, color="accent")
    return ChartContent(
        tr(text, factor=factors[most], size=size), (bars,), x_kind="category", categories=names,
        tick_tiers=(tuple((i, name.replace(" ", "\n", 1)) for i, name in enumerate(names)),),
        y_kind=ValueKind.MONEY, currency=report.currency, zero=True,
        subtitle=tr("{whose}, {currency} a day; each factor's share of the change, by logarithms: they sum exactly",
                    whose=_of(report), currency=report.currency),
    )  # fmt: skip


def slippage_chart(report: FlowReport, formats: Formats) -> ChartContent | None:
    """The share of what was expected in a period that was not closed in it."""
    table = report.shown.slippage
    value, deals, names = _numbers(table, "value_share"), _numbers(table, "share"), _names(table, "period")
    if not np.isfinite(value).any():
        return None
    labels = [formats.percent(v, 0) if np.isfinite(v) else "" for v in value]
    at = np.arange(len(names), dtype=np.float64)
    series: list[Series] = [
        _bars(tr("Share of value"), value, labels),
        Line(tr("Share of deals"), at, deals, color="text", width=1.6),
    ]
    return ChartContent(
        tr("{share} of the value expected in {period} slipped", share=labels[-1] or "–", period=names[-1]),
        tuple(series), x_kind="category", categories=names, tick_tiers=(tuple(enumerate(names)),),
        y_kind=ValueKind.FRACTION, zero=True,
        subtitle=tr("{whose}; open at the period's beginning with a close date in it, and neither won nor lost in it",
                    whose=_of(report)),
    )  # fmt: skip


def creation_chart(report: FlowReport, formats: Formats) -> ChartContent | None:
    """Deals by the period they were created in, and what became of them."""
    table = report.shown.creation
    names, total = _names(table, "period"), _numbers(table, "deals")
    at, floor = np.arange(len(names), dtype=np.float64), np.zeros(len(names))
    series: list[Series] = []
    kinds = (("won", tr("Won by now"), "success"), ("open", tr("Still open"), "accent"),
             ("lost", tr("Lost by now"), "border_strong"))  # fmt: skip
    for name, label, tint in kinds:
        counts = np.nan_to_num(_numbers(table, name))
        labels = tuple(formats.integer(int(n)) for n in total) if name == "lost" else ()
        series.append(Floating(label, at, floor, floor + counts, counts, labels=labels, color=tint))
        floor = floor + counts
    title = tr("{n} deals were created in {period}", n=formats.integer(int(total[-1])), period=names[-1])
    if len(total) > 1 and total[-2] > 0:
        change = total[-1] / total[-2] - 1
        text = "{said}, {share} more than in {before}" if change >= 0 else "{said}, {share} fewer than in {before}"
        title = tr(text, said=title, share=formats.percent(abs(change), 0), before=names[-2])
    return ChartContent(
        title, tuple(series), x_kind="category", categories=names, tick_tiers=(tuple(enumerate(names)),), zero=True,
        subtitle=tr("{whose}; deals by the period they were created in, and what has become of them",
                    whose=_of(report)),
    )  # fmt: skip


def ageing_chart(report: FlowReport, formats: Formats) -> ChartContent | None:
    """What the open deals are worth, by age."""
    table = report.shown.ageing
    worth, names = _numbers(table, "amount_minor"), _names(table, "age")
    whole = float(np.nansum(worth))
    if whole <= 0:
        return None
    labels = [formats.short_money(value, report.currency) for value in worth]
    stale = formats.short_money(float(report.stale_minor), report.currency)
    title = tr("{stale} of {whole} in open deals is stale", stale=stale,
               whole=formats.short_money(whole, report.currency))  # fmt: skip
    tints = ["accent"] * max(len(worth) - _OLD_CLASSES, 0) + ["border_strong"] * min(_OLD_CLASSES, len(worth))
    return ChartContent(
        title, (_bars(tr("Value"), worth, labels, tints),), x_kind="category", categories=names,
        tick_tiers=(tuple((i, name.replace(" ", "\n", 1)) for i, name in enumerate(names)),), y_kind=ValueKind.MONEY,
        currency=report.currency, zero=True,
        subtitle=tr("{whose}, {currency}; open deals by days since they were created", whose=_of(report),
                    currency=report.currency),
    )  # fmt: skip
