"""What a chart shows, as plain data: lines with bands, bars, dots, markers, and how axes are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import Column, Table, ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import Formats

Floats = npt.NDArray[np.float64]
XKind = Literal["number", "money", "date", "category"]
Tint = int | str | None
"""A category's index, or the name of a colour role; the series' place when left out."""
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Band:
    """An interval around a line: lower and upper ends per x, and what it is called ("80 %")."""

    name: str
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Line:
    """A line, NaN leaves gaps; wider bands come first."""

    name: str
    x: Floats
    y: Floats
    bands: tuple[Band, ...] = ()
    dashed: bool = False
    color: Tint = None
    width: float = 2.0
    """Pixels."""
    silent: bool = False
    """Drawn as a background, NaN in x leaves gaps: neither read out nor listed."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars, beside each other when there are several."""

    name: str
    x: Floats
    y: Floats
    color: Tint = None
    wide: bool = False
    """Take the whole room of its place, over other bars instead of beside them: for histograms."""


@dataclass(frozen=True, slots=True)
class Floating:
    """Bars that hang between two heights: the steps of a waterfall, or ranges. ``y`` is what is read out."""

    name: str
    x: Floats
    low: Floats
    high: Floats
    y: Floats
    tints: tuple[str, ...] = ()
    """A colour role for each bar; the series' colour where left out."""
    labels: tuple[str, ...] = ()
    """A text over each bar."""
    joined: bool = False
    """Thin lines lead from the end of each bar (``ends``) to the next."""
    ends: Floats | None = None
    color: Tint = None
    width: float = 0.62
    """Share of a place."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """A short level stroke at each x: a target, what a year before brought."""

    name: str
    x: Floats
    y: Floats
    color: Tint = None
    width: float = 0.8
    """Share of a place."""


@dataclass(frozen=True, slots=True)
class Scatter:
    """Dots, each with an optional label for hovering."""

    name: str
    x: Floats
    y: Floats
    labels: tuple[str, ...] = ()
    color: Tint = None
    sizes: Floats | None = None
    """Diameter of each dot in pixels; 8 where left out."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A vertical line with a word, e.g. today."""

    x: float
    text: str
    color: Tint = "text_muted"
    level: float = 0.94
    """Where the word stands, as a share of the height."""


@dataclass(frozen=True, slots=True)
class Note:
    """A word beside a place of the plot: what a line is called where it ends."""

    x: float
    y: float
    text: str
    color: Tint = "text_muted"
    side: Literal["right", "left", "above", "below", "over"] = "right"
    """``over`` begins at the place and stands above it: for level lines."""


Series = Line | Bars | Floating | Ticks | Scatter


@dataclass(frozen=True, slots=True)
class ChartContent:
    """All that a chart shows.

    Attributes:
        title: what it is about.
        series: lines, bars and dots; x in days since 1970-01-01 for dates, in places 0.. for categories, in minor
            units for money.
        markers: vertical lines.
        x_kind: what x means.
        categories: the names of places for category axes.
        x_label: under the x axis; may be empty.
        y_label: beside the y axis; may be empty.
        y_kind: how y is written; MONEY is in minor units of ``currency``.
        currency: ISO code for MONEY.
        subtitle: under the title: unit and basis.
        source: under the plot: where the figures come from.
        notes: words inside the plot.
        tick_tiers: for categories, which places carry a tick and what it says, from coarse to fine: the finest that
            fits is shown. Every n-th category where left out.
        zero: the y axis includes 0.
        frame: where the axes begin and end: (x from, x to, y from, y to); by the figures where left out. A picture
            that follows a slider needs one, else its axes jump.
    """

    title: str
    series: tuple[Series, ...] = ()
    markers: tuple[Marker, ...] = ()
    x_kind: XKind = "number"
    categories: tuple[str, ...] = field(default=())
    x_label: str = ""
    y_label: str = ""
    y_kind: ValueKind = ValueKind.NUMBER
    currency: str | None = None
    subtitle: str = ""
    source: str = ""
    notes: tuple[Note, ...] = ()
    tick_tiers: tuple[tuple[tuple[int, str], ...], ...] = ()
    zero: bool = False
    frame: tuple[float, float, float, float] | None = None


EMPTY = ChartContent("")


def days(dates: Sequence[dt.date]) -> Floats:
    """Dates as a chart's x values."""
    return np.array([(day - _EPOCH).days for day in dates], dtype=np.float64)


def write_x(content: ChartContent, x: float, formats: Formats) -> str:
    """An x value in words."""
    if content.x_kind == "date":
        return formats.day(round(x))
    if content.x_kind == "category":
        place = round(x)
        return content.categories[place] if 0 <= place < len(content.categories) else ""
    if content.x_kind == "money":
        return formats.short_money(x, content.currency)
    return formats.number(x)


def write_y(content: ChartContent, y: float, formats: Formats, *, short: bool = False) -> str:
    """A y value in words; ``short`` for axis ticks (1.2M)."""
    if not np.isfinite(y):
        return "–"
    match content.y_kind:
        case ValueKind.MONEY if short:
            major = y / 10 ** (exponent(content.currency) if content.currency else 2)
            return compact(major, formats)
        case ValueKind.MONEY:
            return formats.money(round(y), content.currency)
        case ValueKind.FRACTION:
            return formats.percent(y, 0 if short and abs(y * 100 - round(y * 100)) < 1e-9 else 1)
        case ValueKind.RATE:
            return formats.percent(y / 1e6, 1)
        case _:
            return compact(y, formats) if short else formats.number(y)


def compact(value: float, formats: Formats) -> str:
    """A number in few letters: 1.2k, 3.5M, 2bn."""
    for limit, suffix in ((1e9, tr("bn")), (1e6, tr("M")), (1e4, tr("k"))):
        if abs(value) >= limit:
            scale = 1e3 if limit == 1e4 else limit
            return f"{formats.number(round(value / scale, 2))}{suffix}"
    return formats.number(round(value, 4))


def describe(content: ChartContent, formats: Formats) -> str:
    """The chart in a few sentences, for those who cannot see it."""
    parts = [f"{text.rstrip('.')}." for text in (content.title, content.subtitle) if text]
    for series in spoken_series(content):
        known = np.flatnonzero(np.isfinite(series.y))
        if not len(known):
            parts.append(tr("{name}: no values.", name=series.name))
            continue
        y = series.y[known]
        low, high = known[int(np.argmin(y))], known[int(np.argmax(y))]
        parts.append(
            tr(
                "{name}: {n} values from {first} to {last}, lowest {low} at {low_x}, highest {high} at {high_x}, "
                "last {end}.",
                name=series.name,
                n=len(known),
                first=write_x(content, float(series.x[known[0]]), formats),
                last=write_x(content, float(series.x[known[-1]]), formats),
                low=write_y(content, float(series.y[low]), formats),
                low_x=write_x(content, float(series.x[low]), formats),
                high=write_y(content, float(series.y[high]), formats),
                high_x=write_x(content, float(series.x[high]), formats),
                end=write_y(content, float(y[-1]), formats),
            )
        )
    return " ".join(parts)


def spoken_series(content: ChartContent) -> list[Series]:
    """The series that are read out, listed and described."""
    return [s for s in content.series if s.name and not (isinstance(s, Line) and s.silent)]


def as_table(content: ChartContent) -> Table:
    """The chart's figures: one row per x, one column per series and end of a band."""
    told = spoken_series(content)
    xs = np.unique(np.concatenate([s.x for s in told])) if told else np.zeros(0)
    label = content.x_label or tr("Value")
    if content.x_kind == "date":
        first = Column("x", content.x_label or tr("Date"), ValueKind.DATE, xs.astype("datetime64[D]"))
    elif content.x_kind == "money":
        first = Column("x", label, ValueKind.MONEY, np.round(xs).astype(np.int64), currency=content.currency)
    elif content.x_kind == "category":
        names = [content.categories[int(x)] if 0 <= x < len(content.categories) else None for x in xs]
        first = Column("x", label, ValueKind.TEXT, np.array(names, dtype=object))
    else:
        first = Column("x", label, ValueKind.NUMBER, xs)
    columns = [first]
    for place, series in enumerate(told):
        columns.append(_y_column(content, f"y{place}", series.name, xs, series.x, series.y))
        for number, band in enumerate(series.bands if isinstance(series, Line) else ()):
            for end, values in ((tr("low"), band.low), (tr("high"), band.high)):
                title = f"{series.name} {band.name} {end}"
                columns.append(_y_column(content, f"y{place}b{number}{len(columns)}", title, xs, series.x, values))
    return Table(content.title, tuple(columns))


def _y_column(content: ChartContent, name: str, label: str, xs: Floats, x: Floats, y: Floats) -> Column:
    values = np.full(len(xs), np.nan)
    values[np.searchsorted(xs, x)] = y
    if content.y_kind in (ValueKind.MONEY, ValueKind.RATE, ValueKind.INTEGER):
        absent = ~np.isfinite(values)
        whole = np.round(np.where(absent, 0, values)).astype(np.int64)
        return Column(name, label, content.y_kind, whole, absent, content.currency)
    return Column(name, label, content.y_kind, values)
