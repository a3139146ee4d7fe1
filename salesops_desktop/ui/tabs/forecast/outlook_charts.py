"""The first picture: what came, what is aimed at, what is expected by the period's end, and what was said before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.forecast.models import judged_furthest
from salesops_desktop.ui.widgets.chart_marks import (
    Band,
    ChartContent,
    Floating,
    Line,
    Marker,
    Note,
    Scatter,
    Series,
    days,
)
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecast_overview import Outlook, Overview, Past

Vector = npt.NDArray[np.float64]
LEVELS = (95, 80, 50)
"""Interval levels in per cent, widest first as the plot draws them."""
KINDS = ("combined", "series", "pipeline", "judgement")
_COLORS: dict[str, int | str] = {"combined": "accent", "series": 5, "pipeline": 4, "judgement": 7}


def kind_words(kind: str) -> str:
    """What a kind of forecast is called."""
    return {
        "combined": tr("Combined"), "series": tr("Model"), "pipeline": tr("Pipeline"), "judgement": tr("Judgement"),
    }.get(kind, kind)  # fmt: skip


def overview_chart(overview: Overview, formats: Formats) -> ChartContent:
    """The period as it fills: last period's way, this one's, the fan to its end, the target across."""
    period, currency = overview.period, overview.currency
    start, end = (float(x) for x in days([period.start, period.end]))
    series: list[Series] = []
    notes: list[Note] = []
    if len(overview.last_path):
        at, path = _stretched(overview.last_path.astype(np.float64), start, end)
        name = tr("{period} at the same point", period=overview.last_period.label)
        series.append(Line(name, at, path, color="border_strong", width=1.6))
        notes.append(Note(end, float(path[-1]), overview.last_period.label, "text_muted"))
    if len(overview.days):
        at = days(overview.days)
        series.append(Line(tr("Actual"), at, overview.actual_path.astype(np.float64), color="text", width=2.4))
    if overview.fan is not None:
        fan = overview.fan
        bands = tuple(Band(f"{level} %", fan.lower[level], fan.upper[level]) for level in LEVELS if level in fan.lower)
        series.append(
            Line(tr("Forecast, with 50, 80 and 95 %"), days(fan.days), fan.mean, bands, color="accent", width=2.4)
        )
        notes.append(Note(end, float(fan.mean[-1]), formats.short_money(float(fan.mean[-1]), currency), "accent"))
    if overview.target.amount is not None:
        goal = float(overview.target.amount)
        series.append(Line(tr("Target"), np.array([start, end]), np.array([goal, goal]), color="error", dashed=True))
        notes.append(
            Note(start, goal, tr("Target {money}", money=formats.short_money(goal, currency)), "error", "over")
        )
    series += _said_of(overview, period.label, formats)
    markers = (Marker(float(days([overview.as_of])[0]), tr("known")),) if overview.as_of >= period.start else ()
    return ChartContent(
        headline(overview, formats), tuple(series), markers, "date", y_kind=ValueKind.MONEY, currency=currency,
        subtitle=tr("Running total of {period} in {currency}, as known on {day}", period=period.label,
                    currency=currency, day=formats.date(overview.as_of)),
        source=sources(overview, formats), notes=_apart(notes, overview), zero=True,
    )  # fmt: skip


def _stretched(path: Vector, start: float, end: float) -> tuple[Vector, Vector]:
    """The last period's way over this one's days: periods differ by a day or two. A point for each week is enough."""
    step = max(1, len(path) // 26)
    places = np.unique(np.append(np.arange(0, len(path), step), len(path) - 1))
    share = places / max(1, len(path) - 1)
    return start + share * (end - start), path[places]


def _said_of(overview: Overview, label: str, formats: Formats) -> list[Series]:
    """Earlier forecasts of this period's total, at the day each was made."""
    found = [past for past in overview.past if past.period == label and past.as_of >= overview.period.start]
    if not found:
        return []
    at = days([past.as_of for past in found])
    said = np.array([float(past.mean) for past in found])
    words = tuple(_past_words(past, overview.currency, formats) for past in found)
    return [Scatter(tr("Said of its total, then"), at, said, words, color=5)]


def _past_words(past: Past, currency: str, formats: Formats) -> str:
    who = kind_words(past.kind) if not past.who else past.who
    if past.low80 is None or past.high80 is None:
        return who
    low, high = (formats.short_money(float(end), currency) for end in (past.low80, past.high80))
    return tr("{who}, 80 %: {low} to {high}", who=who, low=low, high=high)


def _apart(notes: Sequence[Note], overview: Overview) -> tuple[Note, ...]:
    """Words at the right end, moved up and down until they do not cover each other."""
    tops = [note.y for note in notes]
    if overview.fan is not None:
        tops.append(float(overview.fan.upper[95][-1]))
    room = 0.07 * max([1.0, *tops])
    placed: list[Note] = []
    for note in sorted(notes, key=lambda each: each.y):
        y = note.y
        below = [other.y for other in placed if other.x == note.x]
        if below and y - max(below) < room:
            y = max(below) + room
        placed.append(Note(note.x, y, note.text, note.color, note.side))
    return tuple(placed)


def headline(overview: Overview, formats: Formats) -> str:
    """The finding, as a newspaper would put it over the picture."""
    both, goal = overview.combined, overview.target.amount
    mean = formats.short_money(both.mean, overview.currency)
    if goal is None:
        return tr("{period} is heading for {mean}", period=overview.period.label, mean=mean)
    gap = formats.short_money(abs(both.mean - goal), overview.currency)
    share = abs(both.mean - goal) / goal if goal else 1.0
    if share < 0.005:
        return tr("{period} is heading for its target", period=overview.period.label)
    text = "{period} is heading for {mean}, {gap} over target"
    if both.mean < goal:
        text = "{period} is heading for {mean}, {gap} short of target"
    return tr(text, period=overview.period.label, mean=mean, gap=gap)


def sources(overview: Overview, formats: Formats) -> str:
    """Which forecasts the combined one is made of, with what each was worth: no forecast without its back-test."""
    parts = []
    for outlook in (overview.series, overview.pipeline):
        if outlook is None:
            continue
        weight = formats.percent(outlook.weight, 0)
        error = _told_error(outlook, overview, formats)
        parts.append(tr("{what} {weight} ({error})", what=outlook.label, weight=weight, error=error))
    return tr("Combined from: {parts}", parts=" · ".join(parts)) if parts else ""


def _told_error(outlook: Outlook, overview: Overview, formats: Formats) -> str:
    """How far off it was at this point of earlier periods; for a pipeline never kept then, how far its open deals."""
    if outlook.error is not None:
        return tr("off by {error}", error=formats.percent(outlook.error, 0))
    walked = None if overview.forecast is None else judged_furthest(overview.forecast)
    if outlook is not overview.pipeline or walked is None:
        return tr("no back-test")
    error = formats.percent(walked.wape, 0)
    return trn(
        "open deals off by {error}, 1 month ahead", "open deals off by {error}, {n} months ahead", walked.months,
        error=error,
    )  # fmt: skip


def record_chart(overview: Overview, formats: Formats) -> ChartContent | None:
    """Last period's forecasts as they were then, against what came; None where none was kept."""
    label = overview.last_period.label
    found = [past for past in overview.past if past.period == label]
    if not found:
        return None
    came = float(overview.last_actual)
    at = days([past.as_of for past in found])
    width = max(2.0, float(np.ptp(at)) / 40)
    series: list[Series] = []
    for place, kind in enumerate(KINDS):
        mine = [past for past in found if past.kind == kind]
        if not mine:
            continue
        shift = (place - 1.5) * width * 1.2
        xs = days([past.as_of for past in mine]) + shift
        said = np.array([float(past.mean) for past in mine])
        low = np.array([np.nan if past.low80 is None else float(past.low80) for past in mine])
        high = np.array([np.nan if past.high80 is None else float(past.high80) for past in mine])
        if np.isfinite(low).any():
            series.append(Floating("", xs, low, high, np.full(len(xs), np.nan), color="border", width=width))
        series.append(Scatter(kind_words(kind), xs, said, tuple(past.who for past in mine), color=_COLORS[kind]))
    ends = np.array([float(at.min()) - 3 * width, max(float(at.max()) + 3 * width, _day(overview.last_period.end))])
    series.append(Line(tr("What came"), ends, np.array([came, came]), color="text"))
    notes = (
        Note(float(ends[0]), came, tr("came: {m}", m=formats.short_money(came, overview.currency)), "text", "over"),
    )
    return ChartContent(
        tr("{period}: what was said then, and what came", period=label), tuple(series), (), "date",
        y_kind=ValueKind.MONEY, currency=overview.currency, notes=notes,
        subtitle=tr("Forecasts of its total as they were shown, with 80 % intervals, by the day they were made"),
    )  # fmt: skip


def _day(day: dt.date) -> float:
    return float(days([day])[0])


def commentary(overview: Overview, formats: Formats) -> list[str]:
    """What the picture says, in a few sentences."""

    def money(value: float) -> str:
        return formats.short_money(value, overview.currency)

    both, label, goal = overview.combined, overview.period.label, overview.target.amount
    day = formats.date(overview.as_of)
    said = []
    if overview.as_of < overview.period.start:
        said.append(tr("{period} has not begun on {day}; nothing has come yet.", period=label, day=day))
    else:
        said.append(tr("By {day}, {money} of {period} had come.", day=day, money=money(overview.actual), period=label))
    said.append(
        tr("Expected in all: {mean}. In eight of ten cases it ends between {low} and {high}.", mean=money(both.mean),
           low=money(both.lower[80]), high=money(both.upper[80]))
    )  # fmt: skip
    if goal is not None and both.chance is not None:
        chance = formats.percent(both.chance, 0)
        said.append(tr("The target of {goal} is reached in {chance} of all cases.", goal=money(goal), chance=chance))
    if overview.series is not None and overview.pipeline is not None:
        gap = overview.pipeline.mean - overview.series.mean
        which = tr("more") if gap > 0 else tr("less")
        said.append(
            tr("The pipeline says {money} {which} than the model of past bookings.", money=money(abs(gap)), which=which)
        )
    if overview.last_actual:
        change = both.mean / overview.last_actual - 1
        text = (
            "That is {share} more than {last} brought." if change >= 0 else "That is {share} less than {last} brought."
        )
        said.append(tr(text, share=formats.percent(abs(change), 0), last=overview.last_period.label))
    return said


def proof(overview: Overview) -> Outlook:
    """The forecast that stands for the back-test: the combined one, else the part of it that has a past."""
    parts = (overview.combined, overview.series, overview.pipeline)
    return next((each for each in parts if each is not None and each.error is not None), overview.combined)


def outlook_table(overview: Overview) -> Table:
    """The forecasts of the period's total side by side, in whole units."""
    unit = 10 ** exponent(overview.currency)
    specs = [
        ColumnSpec("forecast", tr("Forecast"), ValueKind.TEXT),
        ColumnSpec("mean", tr("Expected ({currency})", currency=overview.currency), ValueKind.NUMBER, digits=0),
        ColumnSpec("chance", tr("Target"), ValueKind.FRACTION, digits=0, description=tr("Chance of reaching it.")),
        ColumnSpec("weight", tr("Weight"), ValueKind.FRACTION, digits=0,
                   description=tr("Its share of the combined forecast.")),
        ColumnSpec("error", tr("Off by"), ValueKind.FRACTION, digits=0,
                   description=tr("Σ|forecast − actual| ÷ Σ actual at the same point of earlier periods.")),
    ]  # fmt: skip
    rows = [
        (each.label, each.mean / unit, each.chance, each.weight or None, each.error)
        for each in (overview.combined, overview.series, overview.pipeline, overview.judgement)
        if each is not None
    ]
    return build_table(tr("Forecasts of {period}", period=overview.period.label), specs, rows)
