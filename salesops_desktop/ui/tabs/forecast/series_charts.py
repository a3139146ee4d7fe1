"""Pictures of a series: its forecast with the fan, and each forecast of the back-test against what came."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.forecast.period_axis import tick_tiers
from salesops_desktop.ui.tabs.forecast.series_picture import LEVELS, SeriesPicture, Vector
from salesops_desktop.ui.widgets.chart_marks import Band, ChartContent, Line, Marker, Scatter, Series
from salesops_desktop.ui.widgets.formats import Formats

SAID = "Back-test: said one period before"
_THOUSANDTHS = 1000.0
_SEASONS = {"month": 12, "quarter": 4, "week": 52}


def scale(picture: SeriesPicture) -> float:
    """What values are divided by: numbers that are no money are kept in thousandths."""
    return 1.0 if picture.currency is not None else _THOUSANDTHS


def _content(
    picture: SeriesPicture,
    formats: Formats,
    title: str,
    subtitle: str,
    series: Sequence[Series],
    markers: tuple[Marker, ...] = (),
) -> ChartContent:
    periods = (*picture.periods, *picture.future)
    kind = ValueKind.NUMBER if picture.currency is None else ValueKind.MONEY
    return ChartContent(
        title, tuple(series), markers, "category", tuple(p.label for p in periods), y_kind=kind,
        currency=picture.currency, subtitle=subtitle, tick_tiers=tick_tiers(periods, formats), zero=True,
    )  # fmt: skip


def series_chart(picture: SeriesPicture, formats: Formats, *, with_backtest: bool) -> ChartContent:
    """History, forecast with its fan, the running period and what the back-test said one period ahead."""
    n, h, unit = len(picture.periods), len(picture.future), scale(picture)
    past, ahead = np.arange(n, dtype=np.float64), np.arange(n, n + h, dtype=np.float64)
    bands = tuple(
        Band(f"{level} %", picture.lower[level] / unit, picture.upper[level] / unit)
        for level in LEVELS
        if level in picture.lower
    )
    series: list[Series] = []
    if with_backtest and len(picture.origins):
        at = picture.origins.astype(np.float64)
        series.append(Line(tr(SAID), at, picture.said[:, 0] / unit, dashed=True, color=5, width=1.4))
    series.append(Line(tr("History"), past, picture.values / unit, color="text"))
    if picture.adjusted is not None:
        series.append(Line(tr("Model"), ahead, picture.mean / unit, dashed=True, color="border_strong"))
    mean = picture.mean if picture.adjusted is None else picture.adjusted
    name = tr("Forecast, with 50, 80 and 95 % intervals") if picture.adjusted is None else tr("With judgement")
    series.append(Line(name, ahead, mean / unit, bands, color="accent"))
    if picture.partial is not None:
        period, so_far = picture.partial
        labels = [p.label for p in picture.future]
        if period.label in labels:
            at = np.array([n + labels.index(period.label)], dtype=np.float64)
            series.append(Scatter(tr("{period} so far", period=period.label), at, np.array([so_far / unit]), color=5))
    return _content(
        picture,
        formats,
        _series_title(picture, formats),
        _subtitle(picture, formats),
        series,
        (Marker(n - 0.5, tr("known")),),
    )


def _series_title(picture: SeriesPicture, formats: Formats) -> str:
    """What is expected in all, against the same periods a year before."""
    mean = picture.mean if picture.adjusted is None else picture.adjusted
    n, h = len(picture.periods), len(mean)
    if not h:
        return tr("{name} by {period}", name=picture.name, period=tr(picture.by))
    total = float(mean.sum())
    shown = formats.number(total / _THOUSANDTHS, 0)
    if picture.currency is not None:
        shown = formats.short_money(total, picture.currency)
    title = tr("{name}: {total} expected up to {last}", name=picture.name, total=shown, last=picture.future[-1].label)
    season = _SEASONS.get(picture.by, 0)
    before = float(picture.values[n - season : n - season + h].sum()) if h <= season <= n else 0.0
    if before <= 0:
        return title
    change = total / before - 1
    text = "{title}, {share} more than a year before" if change >= 0 else "{title}, {share} less than a year before"
    return tr(text, title=title, share=formats.percent(abs(change), 0))


def _subtitle(picture: SeriesPicture, formats: Formats) -> str:
    off = picture.wape
    unit = picture.currency or tr("units")
    method = tr("{unit}; {method}", unit=unit, method=picture.method)
    if not np.isfinite(off):
        return tr("{method}. Too little history for a back-test", method=method)
    error = formats.percent(off, 0)
    if picture.naive_wins:
        return tr("{method}, off by {error} in its own past; no method beat the naive ones", method=method, error=error)
    return tr("{method}, off by {error} in its own past", method=method, error=error)


def backtest_chart(picture: SeriesPicture, formats: Formats, chosen: int | None = None) -> ChartContent:
    """Every forecast of the back-test against what came.

    Args:
        picture: the series.
        formats: how periods are written.
        chosen: the forecast that stands out, by its place in ``origins``; else that of :func:`default_origin`.
    """
    n, unit = len(picture.periods), scale(picture)
    past = np.arange(n, dtype=np.float64)
    series: list[Series] = []
    if len(picture.origins):
        place = default_origin(picture) if chosen is None else chosen
        xs, ys = _threads(picture, skip=place)
        series.append(Line(tr("Other dates"), xs, ys / unit, color="border_strong", width=1.0, silent=True))
        origin = int(picture.origins[place])
        at = np.arange(origin, origin + picture.said.shape[1], dtype=np.float64)
        inside = (at < n) & np.isfinite(picture.said[place])
        name = tr("Said at the end of {period}", period=picture.periods[origin - 1].label)
        series.append(Line(name, at[inside], picture.said[place][inside] / unit, color="accent", width=2.6))
    series.append(Line(tr("What came"), past, picture.values / unit, color="text"))
    title = tr("{name}: what was forecast then, and what came", name=picture.name)
    if np.isfinite(picture.wape):
        error = formats.percent(picture.wape, 0)
        title = tr("{name}: past forecasts were off by {error} of what came", name=picture.name, error=error)
    about = tr("Each line knew only what lay before it. Choose a period for the forecast made before it")
    return _content(picture, formats, title, about, series)


def _threads(picture: SeriesPicture, *, skip: int) -> tuple[Vector, Vector]:
    """All other forecasts as one line with gaps: a dozen lines would be a dozen entries of the legend."""
    n = len(picture.periods)
    xs: list[Vector] = []
    ys: list[Vector] = []
    for row, origin in enumerate(picture.origins):
        if row == skip:
            continue
        at = np.arange(origin, origin + picture.said.shape[1], dtype=np.float64)
        inside = at < n
        xs += [at[inside], np.array([np.nan])]
        ys += [picture.said[row][inside], np.array([np.nan])]
    if not xs:
        return np.zeros(0), np.zeros(0)
    return np.concatenate(xs), np.concatenate(ys)


def default_origin(picture: SeriesPicture) -> int:
    """The newest forecast of the back-test all of whose periods are over, else the newest; −1 without any."""
    whole = np.flatnonzero(picture.origins + picture.said.shape[1] <= len(picture.periods))
    return int(whole[-1]) if len(whole) else len(picture.origins) - 1


def origin_before(picture: SeriesPicture, x: float) -> int | None:
    """The forecast of the back-test that was made just before a period of the plot."""
    if not len(picture.origins):
        return None
    return int(np.argmin(np.abs(picture.origins - round(x))))


def origin_words(picture: SeriesPicture, place: int, formats: Formats) -> str:
    """How far one forecast of the back-test was off."""
    errors = picture.errors()[place]
    known = np.isfinite(errors)
    origin = int(picture.origins[place])
    if not known.any():
        return ""
    came = picture.values[origin : origin + len(errors)][: int(known.sum())]
    total = float(np.abs(came).sum())
    off = formats.percent(float(np.abs(errors[known]).sum()) / total, 0) if total else "–"
    bias = formats.percent(float(errors[known].sum()) / total, 0) if total else "–"
    return trn(
        "Made at the end of {period} for 1 period: off by {off} (Σ|error| ÷ Σ|what came|), bias {bias}.",
        "Made at the end of {period} for {n} periods: off by {off} (Σ|error| ÷ Σ|what came|), bias {bias}.",
        int(known.sum()), period=picture.periods[origin - 1].label, off=off, bias=bias,
    )  # fmt: skip
