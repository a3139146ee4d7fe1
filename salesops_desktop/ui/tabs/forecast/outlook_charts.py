"""The first picture: what came, what is aimed at, what is open, what is expected, and what was expected before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.forecast.period_axis import Named, tick_tiers
from salesops_desktop.ui.widgets.chart_marks import (
    Band,
    Bars,
    ChartContent,
    Floating,
    Line,
    Marker,
    Note,
    Series,
    Ticks,
)
from salesops_desktop.ui.widgets.formats import Formats

Vector = npt.NDArray[np.float64]
LEVELS = (95, 80, 50)
"""Interval levels in per cent, widest first as the plot draws them."""
MOST_PAST = 4
"""Earlier forecasts in the picture: more are a bundle of threads."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A forecast as it was shown on an earlier day: the places of its periods, and what it said."""

    day: dt.date
    places: Vector
    said: Vector


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the first picture shows, in minor units; NaN where there is nothing.

    Attributes:
        periods: past and future ones, in order.
        actual: (n,) what came in periods that are over.
        so_far: (n,) what the running period holds so far.
        pipeline: (n,) what the open deals are expected to bring, beside what is there so far.
        target: (n,) what is aimed at.
        mean: (n,) the forecast.
        lower: per level, (n,) lower ends.
        upper: per level, (n,) upper ends.
        earlier: forecasts of earlier days, oldest first.
        as_of: the day of knowledge.
        currency: ISO code.
        what: what is forecast, e.g. the node's name.
        by: the period in words.
        source: where the figures come from.
    """

    periods: tuple[Named, ...]
    actual: Vector
    so_far: Vector
    pipeline: Vector
    target: Vector
    mean: Vector
    lower: dict[int, Vector]
    upper: dict[int, Vector]
    earlier: tuple[Earlier, ...]
    as_of: dt.date
    currency: str
    what: str
    by: str
    source: str


def outlook_chart(picture: Picture, formats: Formats, *, with_earlier: bool = True) -> ChartContent:
    """The first picture."""
    at = np.arange(len(picture.periods), dtype=np.float64)
    over, ahead = np.isfinite(picture.actual), np.isfinite(picture.mean)
    series: list[Series] = []
    if np.isfinite(picture.pipeline).any():
        series.append(_pipeline(picture, at))
    if np.isfinite(picture.so_far).any():
        known = np.isfinite(picture.so_far)
        series.append(Bars(tr("So far"), at[known], picture.so_far[known], color="text_muted", wide=True))
    if with_earlier:
        series += [_earlier(each, formats) for each in picture.earlier[-MOST_PAST:]]
    bands = tuple(
        Band(f"{level} %", picture.lower[level][ahead], picture.upper[level][ahead])
        for level in LEVELS
        if level in picture.lower
    )
    series.append(Line(tr("Actual"), at[over], picture.actual[over], color="text", width=2.2))
    series.append(Line(tr("Forecast (50, 80, 95 %)"), at[ahead], picture.mean[ahead], bands, color="accent", width=2.4))
    if np.isfinite(picture.target).any():
        known = np.isfinite(picture.target)
        series.append(Ticks(tr("Target"), at[known], picture.target[known], color="error"))
    return ChartContent(
        tr("{what}: bookings by {period}", what=picture.what, period=picture.by),
        tuple(series), _today(over), "category", tuple(p.label for p in picture.periods),
        y_kind=ValueKind.MONEY, currency=picture.currency, subtitle=_subtitle(picture, formats), source=picture.source,
        notes=_notes(picture, at, over, ahead), tick_tiers=tick_tiers(picture.periods, formats), zero=True,
    )  # fmt: skip


def _subtitle(picture: Picture, formats: Formats) -> str:
    return tr(
        "{currency}. What was known on {day}; the fan holds 50, 80 and 95 in 100 outcomes",
        currency=picture.currency, day=formats.date(picture.as_of),
    )  # fmt: skip


def _pipeline(picture: Picture, at: Vector) -> Floating:
    """What open deals are expected to add stands on what is there so far."""
    known = np.isfinite(picture.pipeline)
    base = np.nan_to_num(picture.so_far[known])
    worth = picture.pipeline[known]
    return Floating(tr("Open pipeline, weighted"), at[known], base, base + worth, worth, color=9, width=0.92)


def _earlier(each: Earlier, formats: Formats) -> Line:
    name = tr("Said on {day}", day=formats.date(each.day))
    return Line(name, each.places, each.said, dashed=True, color="border_strong", width=1.4)


def _today(over: npt.NDArray[np.bool_]) -> tuple[Marker, ...]:
    last = int(np.flatnonzero(over)[-1]) if over.any() else -1
    return (Marker(last + 0.5, tr("known"), "text_muted"),)


def _notes(picture: Picture, at: Vector, over: npt.NDArray[np.bool_], ahead: npt.NDArray[np.bool_]) -> tuple[Note, ...]:
    """What the lines are called where they end: nobody looks for them in a legend."""
    notes = []
    if ahead.any():
        last = int(np.flatnonzero(ahead)[-1])
        notes.append(Note(float(at[last]) + 0.15, float(picture.mean[last]), tr("Forecast"), "accent"))
    if over.any() and picture.actual[over].size > 3:
        shown = np.flatnonzero(over)
        top = int(shown[np.argmax(picture.actual[over])])
        notes.append(Note(float(at[top]), float(picture.actual[top]), tr("Actual"), "text", "above"))
    return tuple(notes)


def gap_words(value: float, target: float, currency: str, formats: Formats) -> str:
    """How far a value lies from a target, in words."""
    gap = value - target
    if target <= 0:
        return ""
    share = formats.percent(abs(gap) / target, 0)
    money = formats.short_money(abs(gap), currency)
    if abs(gap) / target < 0.005:
        return tr("on target")
    if gap < 0:
        return tr("{money} ({share}) short of target", money=money, share=share)
    return tr("{money} ({share}) over target", money=money, share=share)


def join(vectors: Sequence[Vector]) -> Vector:
    """Vectors one after the other."""
    return np.concatenate(vectors) if vectors else np.zeros(0)
