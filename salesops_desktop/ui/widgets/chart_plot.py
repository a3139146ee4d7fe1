"""Drawing a chart's content with pyqtgraph. Imported when the first chart is shown, not before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPen

from salesops_desktop.model.tokens import ThemeTokens
from salesops_desktop.ui.widgets.chart_marks import (
    EMPTY,
    Bars,
    ChartContent,
    Floating,
    Floats,
    Line,
    Marker,
    Note,
    Scatter,
    Series,
    Ticks,
    Tint,
    write_x,
    write_y,
)
from salesops_desktop.ui.widgets.formats import Formats

_MANY_POINTS = 2_000
_EPOCH = dt.date(1970, 1, 1)
_LETTER = 7.0
"""About how many pixels a letter of a tick takes."""
_LINE_HEIGHT = 28.0
"""Pixels between two lines across the plot, at least."""
_WORD = 80.0
"""Pixels between two ticks below the plot, at least."""
_DOT = 8.0
_WIDE = 0.92
"""Share of its room that a bar fills."""
_FEWEST = 5
"""Places a category axis has at least: two bars do not fill a page."""


class XAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Ticks at whole months or years for dates, at places for categories."""

    def __init__(self, formats: Formats) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)  # noqa: FBT003  # pyqtgraph's
        self._content = EMPTY
        self._words: dict[int, str] = {}
        self._formats = formats

    def show_content(self, content: ChartContent) -> None:
        """Tell of something else."""
        self._content = content

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802
        """Where ticks stand."""
        if self._content.x_kind == "date":
            return [(30.0, month_ticks(low, high, max(2, int(size // 80))))]
        if self._content.x_kind == "category":
            if self._content.tick_tiers:
                return [(1.0, self._tier(low, high, size))]
            count = len(self._content.categories)
            step = max(1, int(np.ceil((high - low) / max(1, size // 70))))
            return [(1.0, [float(i) for i in range(0, count, step) if low <= i <= high])]
        return even_ticks(low, high, size / _WORD)

    def _tier(self, low: float, high: float, size: float) -> list[float]:
        """The finest tier whose words fit side by side."""
        shown: tuple[tuple[int, str], ...] = ()
        for tier in self._content.tick_tiers:
            inside = tuple(each for each in tier if low <= each[0] <= high)
            longest = max((max(map(len, text.split("\n"))) for _, text in inside), default=1)
            if shown and len(inside) * (longest + 2) * _LETTER > size:
                break
            shown = inside
        self._words = dict(shown)
        return [float(place) for place, _ in shown]

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[str]:  # noqa: N802
        """What they say."""
        if self._content.x_kind == "category" and self._content.tick_tiers:
            return [self._words.get(round(value), "") for value in values]
        if self._content.x_kind != "date":
            return [write_x(self._content, value, self._formats) for value in values]
        locale = self._formats.locale
        days = [_EPOCH + dt.timedelta(days=round(value)) for value in values]
        yearly = all(day.month == 1 and day.day == 1 for day in days) and len(days) > 1
        if yearly:
            return [str(day.year) for day in days]
        if all(day.day == 1 for day in days):
            return [
                f"{locale.standaloneMonthName(day.month, locale.FormatType.ShortFormat)} {day.year}" for day in days
            ]
        return [self._formats.date(day) for day in days]


class YAxis(pg.AxisItem):  # type: ignore[misc]
    """Ticks in the words of the content: 1.2M, 40 %."""

    def __init__(self, formats: Formats) -> None:
        super().__init__("left")
        self.enableAutoSIPrefix(False)  # noqa: FBT003
        self._content = EMPTY
        self._formats = formats

    def show_content(self, content: ChartContent) -> None:
        """Tell of something else."""
        self._content = content

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802
        """Where ticks stand: steps of 1, 2 or 5, as many as leave room between the lines across the plot."""
        return even_ticks(low, high, size / _LINE_HEIGHT)

    def tickStrings(self, values: list[float], scale: float, _spacing: float) -> list[str]:  # noqa: N802
        """What they say."""
        return [write_y(self._content, value * scale, self._formats, short=True) for value in values]


def even_ticks(low: float, high: float, most: float) -> list[tuple[float, list[float]]]:
    """Ticks from ``low`` to ``high`` in steps of 1, 2 or 5, at most about ``most``; as pyqtgraph wants them."""
    span = high - low
    if not np.isfinite(span) or span <= 0:
        return []
    least = span / max(2.0, most)
    power = 10.0 ** np.floor(np.log10(least))
    step = float(next(power * f for f in (1, 2, 5, 10) if power * f >= least * (1 - 1e-9)))
    first, last = int(np.ceil(low / step)), int(np.floor(high / step))
    return [(step, [i * step for i in range(first, last + 1)])]


def month_ticks(low: float, high: float, most: int) -> list[float]:
    """Days since 1970 on which ticks stand: first days of months or years, or weeks, at most about ``most``."""
    try:
        start, end = _EPOCH + dt.timedelta(days=int(low)), _EPOCH + dt.timedelta(days=int(high))
    except OverflowError:
        return []
    span = (end.year - start.year) * 12 + end.month - start.month + 1
    if span <= 2:
        step = max(1, int(np.ceil((high - low) / most)))
        return [float(day) for day in range(int(np.ceil(low)), int(high) + 1, step)]
    step = next((s for s in (1, 2, 3, 6, 12, 24, 60, 120, 600) if span / s <= most), 1200)
    ticks = []
    month = (start.year * 12 + start.month - 1) // step * step
    while month <= end.year * 12 + end.month:
        year, place = divmod(month, 12)
        if 1 <= year <= 9998:
            day = (dt.date(year, place + 1, 1) - _EPOCH).days
            if low <= day <= high:
                ticks.append(float(day))
        month += step
    return ticks


def make_plot(formats: Formats) -> Any:
    """An empty plot widget. Making one costs far more than filling it: a chart keeps the one it has.

    Args:
        formats: how numbers are written.
    """
    plot = pg.PlotWidget(axisItems={"bottom": XAxis(formats), "left": YAxis(formats)})
    item = plot.getPlotItem()
    item.setMenuEnabled(False)
    # pyqtgraph makes this menu without a parent: it would outlive the plot.
    item.ctrlMenu.setParent(plot, item.ctrlMenu.windowFlags())
    item.hideButtons()
    item.showGrid(x=False, y=True, alpha=0.18)
    item.setMouseEnabled(x=True, y=False)
    item.getViewBox().setDefaultPadding(0.04)
    for name in ("bottom", "left"):
        item.getAxis(name).setStyle(tickLength=4)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setFrameShape(plot.Shape.NoFrame)
    plot.setCacheMode(plot.CacheModeFlag.CacheNone)  # the ground is one colour; as a pixmap it would spoil an SVG
    return plot


def fill_plot(plot: Any, content: ChartContent, tokens: ThemeTokens) -> None:
    """Show ``content`` in place of what the plot shows.

    Args:
        plot: from :func:`make_plot`.
        content: what to show.
        tokens: the theme.
    """
    plot.setBackground(tokens.color("surface"))
    item = plot.getPlotItem()
    item.clear()
    for name, text in (("bottom", content.x_label), ("left", content.y_label)):
        axis = item.getAxis(name)
        axis.show_content(content)
        axis.setPen(QPen(QColor(tokens.color("border_strong"))) if name == "bottom" else QPen(Qt.PenStyle.NoPen))
        axis.setTickPen(QColor(tokens.color("border_strong")))
        axis.setTextPen(QColor(tokens.color("text_muted")))
        axis.setLabel(text, color=tokens.color("text_muted"))
    _make_room(item.getAxis("bottom"), content)
    plot.drawn = [
        _add_series(item, content, series, color, tokens)
        for series, color in zip(content.series, series_colors(content, tokens), strict=True)
    ]
    plot.marked = [_add_marker(item, marker, tokens) for marker in content.markers]
    for note in content.notes:
        _add_note(item, note, tokens)
    if content.frame is not None:
        _set_frame(item, content.frame)
        return
    barred = any(isinstance(series, Bars) for series in content.series)
    floor = _lowest(content) if barred or content.zero else None
    if content.zero and floor == 0.0:
        item.addItem(pg.PlotCurveItem([_middle(content)] * 2, [0.0, 0.0], pen=None))
    _leave_margins(item, content)
    item.getViewBox().setLimits(yMin=floor)
    item.enableAutoRange()


def move_plot(plot: Any, before: ChartContent, after: ChartContent) -> bool:
    """Move what a plot shows to new figures, where nothing else has changed: a fraction of filling it anew.

    Args:
        plot: filled with ``before``.
        before: what it shows.
        after: what it is to show.

    Returns:
        Whether that was possible; the plot is untouched where it was not.
    """
    if not _only_moved(before, after):
        return False
    for series, item in zip(after.series, plot.drawn, strict=True):
        if isinstance(series, Bars):
            known = np.isfinite(series.y)
            item.setOpts(x=series.x[known], height=series.y[known], width=_step(series.x) * _WIDE)
        else:
            item.setData(series.x, series.y)
    for marker, line in zip(after.markers, plot.marked, strict=True):
        line.setValue(marker.x)
    if before.frame != after.frame and after.frame is not None:
        _set_frame(plot.getPlotItem(), after.frame)
    return True


def _only_moved(before: ChartContent, after: ChartContent) -> bool:
    """Whether two contents differ in figures alone, and are made of what can be moved."""

    def shape(content: ChartContent) -> tuple[object, ...]:
        looks = [
            (type(s), s.name, s.color, s.wide if isinstance(s, Bars) else getattr(s, "dashed", None))
            for s in content.series
        ]
        marks = [(marker.text, marker.color, marker.level) for marker in content.markers]
        axes = (content.x_kind, content.x_label, content.y_label, content.y_kind, content.currency, content.categories)
        return (looks, marks, axes, content.notes, content.tick_tiers, content.zero)

    def movable(series: Series) -> bool:
        if isinstance(series, Bars):
            return series.wide
        return isinstance(series, Line) and not series.bands and len(series.x) <= _MANY_POINTS

    framed = before.frame is not None and after.frame is not None
    return framed and all(map(movable, after.series)) and shape(before) == shape(after)


def _set_frame(item: Any, frame: tuple[float, float, float, float]) -> None:
    box = item.getViewBox()
    box.setLimits(yMin=None)
    box.disableAutoRange()
    box.setRange(xRange=frame[:2], yRange=frame[2:], padding=0)


def _add_marker(item: Any, marker: Marker, tokens: ThemeTokens) -> Any:
    color = tint(marker.color, 0, tokens)
    pen = QPen(QColor(color), 1, Qt.PenStyle.DashLine)
    pen.setCosmetic(True)
    options = {"position": marker.level, "color": color, "fill": None, "movable": False}
    line = pg.InfiniteLine(marker.x, 90, pen, label=marker.text, labelOpts=options)
    item.addItem(line)
    return line


def _lowest(content: ChartContent) -> float:
    """The least height drawn, 0 where nothing lies below it."""
    ends = [s.y for s in content.series]
    ends += [band.low for s in content.series if isinstance(s, Line) for band in s.bands]
    for series in content.series:
        if isinstance(series, Floating):
            ends += [series.low, series.high]
    least = min(float(np.nanmin(each, initial=0.0)) for each in ends)
    return least * 1.04 if any(isinstance(s, Floating) for s in content.series) else least


def _leave_margins(item: Any, content: ChartContent) -> None:
    """Room for words at the right end and over the bars: the range of a plot knows no texts."""
    xs = np.concatenate([s.x[np.isfinite(s.x)] for s in content.series]) if content.series else np.zeros(0)
    if not len(xs):
        return
    left, right = float(xs.min()), float(xs.max())
    over = max((note.x for note in content.notes if note.side == "right"), default=-np.inf)
    if over >= right - 0.02 * (right - left):
        longest = max(len(note.text) for note in content.notes if note.side == "right")
        edge = right + (right - left) * 0.011 * longest
        item.addItem(
            pg.PlotCurveItem([right, edge], [0.0 if content.zero else float(content.notes[0].y)] * 2, pen=None)
        )
    bars = any(isinstance(s, Floating | Ticks | Bars) for s in content.series)
    if content.x_kind == "category" and bars and len(content.categories) < _FEWEST:
        half, middle = _FEWEST / 2, (len(content.categories) - 1) / 2
        item.addItem(pg.PlotCurveItem([middle - half, middle + half], [0.0, 0.0], pen=None))
    tops = [np.maximum(s.low, s.high) for s in content.series if isinstance(s, Floating) and s.labels]
    if tops:
        top = float(np.nanmax(np.concatenate(tops)))
        item.addItem(pg.PlotCurveItem([xs[0]] * 2, [top, top * 1.1], pen=None))


def _make_room(axis: Any, content: ChartContent) -> None:
    """Ticks of two lines need a higher axis; pyqtgraph reckons with one."""
    lines = max((text.count("\n") + 1 for tier in content.tick_tiers for _, text in tier), default=1)
    if lines == 1:
        axis.setHeight(None)
        return
    line = QFontMetricsF(axis.font()).height()
    label = line + 4 if content.x_label else 0
    axis.setHeight(lines * line + 12 + label)


def _middle(content: ChartContent) -> float:
    known = [series.x for series in content.series if len(series.x)]
    return float(np.mean(known[0])) if known else 0.0


def hairline(color: str) -> QPen:
    """A pen of one pixel at any zoom."""
    pen = QPen(QColor(color), 1)
    pen.setCosmetic(True)
    return pen


def vertical_line(color: str) -> Any:
    """A thin vertical line for the read-out."""
    return pg.InfiniteLine(angle=90, pen=hairline(color))


def series_colors(content: ChartContent, tokens: ThemeTokens) -> list[str]:
    """The colour of each series."""
    return [tint(series.color, place, tokens) for place, series in enumerate(content.series)]


def tint(wanted: Tint, place: int, tokens: ThemeTokens) -> str:
    """The colour of a category, of a role, or of the series' place."""
    if isinstance(wanted, str):
        return tokens.color(wanted)
    return tokens.line_color(place if wanted is None else wanted)


def _add_note(item: Any, note: Note, tokens: ThemeTokens) -> None:
    anchor = {"right": (0, 0.5), "left": (1, 0.5), "above": (0.5, 1), "below": (0.5, 0), "over": (0, 1)}[note.side]
    text = pg.TextItem(note.text, color=tint(note.color, 0, tokens), anchor=anchor)
    text.setPos(note.x, note.y)
    item.addItem(text)


def _step(places: Floats) -> float:
    """The distance between neighbouring places."""
    known = np.unique(places)
    return float(np.min(np.diff(known))) if len(known) > 1 else 1.0


def _add_series(item: Any, content: ChartContent, series: Series, color: str, tokens: ThemeTokens) -> Any:
    """Draw a series; what holds its figures, where it is one thing."""
    if isinstance(series, Bars):
        return _add_bars(item, content, series, color)
    if isinstance(series, Floating):
        return _add_floating(item, series, color, tokens)
    if isinstance(series, Ticks):
        return _add_ticks(item, series, color)
    if isinstance(series, Scatter):
        return _add_dots(item, series, color, tokens)
    return _add_line(item, series, color)


def _add_bars(item: Any, content: ChartContent, series: Bars, color: str) -> Any:
    known, step = np.isfinite(series.y), _step(series.x)
    middle, width = series.x, step
    if not series.wide:
        together = [s for s in content.series if isinstance(s, Bars) and not s.wide]
        width = 0.8 * step / len(together)
        middle = series.x + (together.index(series) - (len(together) - 1) / 2) * width
    bars = pg.BarGraphItem(x=middle[known], height=series.y[known], width=width * _WIDE, brush=QColor(color), pen=None)
    item.addItem(bars)
    return bars


def _add_dots(item: Any, series: Scatter, color: str, tokens: ThemeTokens) -> None:
    known = np.isfinite(series.x) & np.isfinite(series.y)
    size = _DOT if series.sizes is None else series.sizes[known]
    rim = hairline(tokens.color("surface"))
    dots = pg.ScatterPlotItem(series.x[known], series.y[known], size=size, brush=QColor(color), pen=rim)
    dots.opts["useCache"] = len(series.x) > _MANY_POINTS  # drawn as shapes, dots stay sharp in saved pictures
    item.addItem(dots)


def _add_floating(item: Any, series: Floating, color: str, tokens: ThemeTokens) -> None:
    known = np.isfinite(series.low) & np.isfinite(series.high)
    roles = series.tints or ("",) * len(series.x)
    brushes = [QColor(tokens.color(role) if role else color) for role, use in zip(roles, known, strict=True) if use]
    low, high = np.minimum(series.low, series.high)[known], np.maximum(series.low, series.high)[known]
    item.addItem(pg.BarGraphItem(x=series.x[known], y0=low, y1=high, width=series.width, brushes=brushes, pen=None))
    if series.joined and series.ends is not None:
        half = series.width / 2
        xs = np.column_stack([series.x[:-1] + half, series.x[1:] - half]).ravel()
        ys = np.repeat(series.ends[:-1], 2)
        item.addItem(pg.PlotCurveItem(xs, ys, connect="pairs", pen=hairline(tokens.color("border_strong"))))
    for x, top, text in zip(series.x, np.maximum(series.low, series.high), series.labels, strict=False):
        if text and np.isfinite(top):
            _add_note(item, Note(float(x), float(top), text, "text", "above"), tokens)


def _add_ticks(item: Any, series: Ticks, color: str) -> None:
    known = np.isfinite(series.y)
    half = series.width / 2
    xs = np.column_stack([series.x[known] - half, series.x[known] + half]).ravel()
    pen = QPen(QColor(color), 3)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    item.addItem(pg.PlotCurveItem(xs, np.repeat(series.y[known], 2), connect="pairs", pen=pen))


def _add_line(item: Any, series: Line, color: str) -> Any:
    for place, band in enumerate(series.bands):
        known = np.isfinite(band.low) & np.isfinite(band.high)
        tint = QColor(color)
        tint.setAlpha(36 + 28 * place)
        edges = [pg.PlotCurveItem(series.x[known], ends[known], pen=None) for ends in (band.low, band.high)]
        for edge in edges:
            item.addItem(edge)
        item.addItem(pg.FillBetweenItem(*edges, brush=tint))
    many = len(series.x) > _MANY_POINTS
    style = Qt.PenStyle.DashLine if series.dashed else Qt.PenStyle.SolidLine
    pen = QPen(QColor(color), 1 if many else series.width, style)
    pen.setCosmetic(True)
    curve = pg.PlotDataItem(series.x, series.y, pen=pen, connect="finite", antialias=not many)
    item.addItem(curve)
    _add_lone(item, series, color)
    if many:
        curve.setDownsampling(auto=True, method="peak")
        curve.setClipToView(True)
    return curve


def _add_lone(item: Any, series: Line, color: str) -> None:
    """Dots for points that have no neighbour: a line of one point cannot be seen."""
    known = np.isfinite(series.y) & np.isfinite(series.x)
    held = np.concatenate([[False], known, [False]])
    lone = known & ~held[:-2] & ~held[2:]
    if lone.any() and not series.silent:
        dots = pg.ScatterPlotItem(series.x[lone], series.y[lone], size=_DOT, brush=QColor(color), pen=None)
        dots.opts["useCache"] = False
        item.addItem(dots)
