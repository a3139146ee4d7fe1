"""Pictures of accuracy: the stair of steps, the leanings of people, two kept forecasts side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.chart_marks import Band, ChartContent, Floating, Line, Scatter, Series
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecast_comparison import ComparedPeriod, ForecastComparison
    from salesops_desktop.jobs.forecast_scores import ScoresReport

_MOST = 16
Vector = npt.NDArray[np.float64]


def stair_chart(report: ScoresReport, formats: Formats) -> ChartContent:
    """The error of each step, naive first: a step that adds nothing is seen at once."""
    stair = report.stair()
    names = [str(name) for name in stair["step"].values]
    errors = stair["wape"].values.astype(np.float64)
    at = np.arange(len(names), dtype=np.float64)
    labels = tuple(formats.percent(error, 1) for error in errors)
    name = tr("Σ|forecast − actual| ÷ Σ|actual|")
    bars = Floating(name, at, np.zeros(len(at)), errors, errors, labels=labels, color="accent", width=0.45)
    return ChartContent(
        _stair_title(names, errors, formats), (bars,),
        x_kind="category", categories=tuple(names), y_kind=ValueKind.FRACTION, zero=True,
        subtitle=tr("Forecasts of periods that are over; lower is better, and a step that is not lower adds nothing"),
        tick_tiers=(tuple((i, name.replace(" ", "\n", 1)) for i, name in enumerate(names)),),
    )  # fmt: skip


def _stair_title(names: list[str], errors: Vector, formats: Formats) -> str:
    if len(names) < 2 or not np.isfinite(errors).all():
        return tr("How far each step was off")
    best = int(np.argmin(errors))
    low, first = formats.percent(errors[best], 1), formats.percent(errors[0], 1)
    if best == 0:
        return tr("No step was closer than “{name}”, off by {first}", name=names[0], first=first)
    return tr("{name} was off by {low}, “{naive}” by {first}", name=names[best], low=low, naive=names[0], first=first)


def leaning_chart(report: ScoresReport, formats: Formats) -> ChartContent:
    """The bias of people and methods with how sure it is: beyond the line it is no luck."""
    biases = sorted(report.biases, key=lambda each: -abs(each.leaning.bias))[:_MOST]
    biases.sort(key=lambda each: each.leaning.bias)
    at = np.arange(len(biases), dtype=np.float64)
    low, high, bias = (
        np.array([getattr(each.leaning, name) for each in biases], dtype=np.float64) for name in ("low", "high", "bias")
    )
    tints = tuple("warning" if each.leaning.consistent else "border_strong" for each in biases)
    ranges = Floating("", at, low, high, np.full(len(at), np.nan), tints, color="border_strong", width=0.3)
    names = tuple(each.label for each in biases)
    sure = [each for each in biases if each.leaning.consistent]
    title = tr("Nobody leans to one side beyond luck")
    if sure:
        most = max(sure, key=lambda each: abs(each.leaning.bias))
        text = "{who} promises {share} too much" if most.leaning.bias > 0 else "{who} promises {share} too little"
        title = tr(text, who=most.label, share=formats.percent(abs(most.leaning.bias), 0))
    return ChartContent(
        title, (ranges, Scatter(tr("Bias"), at, bias, color="text")),
        x_kind="category", categories=names, y_kind=ValueKind.FRACTION, zero=True,
        subtitle=tr("Σ(forecast − actual) ÷ Σ|actual| with its 95 % range; coloured where it is beyond luck"),
        tick_tiers=(tuple((i, name.replace(" ", "\n", 1)) for i, name in enumerate(names)),),
    )  # fmt: skip


def comparison_chart(found: ForecastComparison, formats: Formats) -> ChartContent:
    """Two kept forecasts with their 80 % intervals, and what came where it has."""
    periods = found.periods
    at = np.arange(len(periods), dtype=np.float64)
    series: list[Series] = []
    for name, head, color in (("first", found.first, "border_strong"), ("second", found.second, "accent")):
        mean = _values(periods, name)
        known = np.isfinite(mean)
        low, high = (_values(periods, f"{name}_{end}")[known] for end in ("low", "high"))
        bands = (Band("80 %", low, high),) if np.isfinite(low).any() else ()
        label = tr("Said on {day}", day=formats.date(head.as_of))
        series.append(Line(label, at[known], mean[known], bands, color=color, dashed=name == "first"))
    came = _values(periods, "actual")
    if np.isfinite(came).any():
        known = np.isfinite(came)
        series.append(Line(tr("What came"), at[known], came[known], color="text"))
    title = _comparison_title(found, formats)
    return ChartContent(
        title, tuple(series), x_kind="category", categories=tuple(p.label for p in periods), y_kind=ValueKind.MONEY,
        currency=found.second.currency, subtitle=tr("{currency}, with 80 % intervals", currency=found.second.currency),
        zero=True,
    )  # fmt: skip


def _comparison_title(found: ForecastComparison, formats: Formats) -> str:
    first, second = formats.date(found.first.as_of), formats.date(found.second.as_of)
    changes = [p.change for p in found.periods if p.change is not None]
    if not changes:
        return tr("The forecasts of {first} and {second} speak of different periods", first=first, second=second)
    total = sum(changes)
    money = formats.short_money(abs(total), found.second.currency)
    text = (
        "On {second} {money} more was expected than on {first}"
        if total >= 0
        else "On {second} {money} less was expected than on {first}"
    )
    return tr(text, first=first, second=second, money=money)


def _values(periods: tuple[ComparedPeriod, ...], name: str) -> Vector:
    return np.array([np.nan if (value := getattr(p, name)) is None else float(value) for p in periods])
