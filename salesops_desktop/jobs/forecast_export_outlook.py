"""The running period as the forecast workbook wants it: figures side by side, the way to the end, the proofs."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np

from salesops_desktop.jobs.forecast_outlooks import Outlook
from salesops_desktop.jobs.forecast_overview import Overview
from salesops_desktop.jobs.forecasts import ForecastReport
from salesops_desktop.model.tables import Table
from salesops_desktop.sheets.writing import forecast_records as sheet

_LEVELS = (50, 80, 95)
_MOST_PAST = 40


def outlook_of(overview: Overview, report: ForecastReport) -> sheet.Outlook:
    """The summary's contents."""
    return sheet.Outlook(
        overview.period.label, overview.as_of, overview.target.amount, overview.target.basis, overview.actual,
        tuple(_headlines(overview)), overview.last_period.label, tuple(_course(overview)),
        tuple(_proofs(overview, report)), _past(overview), (*_comment(overview), *overview.notes),
    )  # fmt: skip


def _comment(overview: Overview) -> tuple[str, ...]:
    """What an analyst wrote beside the forecast."""
    if overview.comment is None:
        return ()
    day = dt.datetime.fromisoformat(overview.comment.at).date()
    return (f"Commentary of {overview.comment.who}, {day}: {overview.comment.text}",)


def _said(overview: Overview) -> list[Outlook]:
    return [o for o in (overview.combined, overview.series, overview.pipeline, overview.judgement) if o is not None]


def _headlines(overview: Overview) -> list[sheet.Headline]:
    found = []
    if overview.target.amount is not None:
        found.append(sheet.Headline("Target", overview.target.amount, forecast=False))
    found.append(sheet.Headline("Actual to date", overview.actual, forecast=False))
    if overview.open is not None:
        found.append(sheet.Headline("Open deals, weighted", overview.open.in_period, forecast=False))
    for o in _said(overview):
        judged = o.n if o.error is not None else None
        found.append(
            sheet.Headline(
                o.label, o.mean, o.lower.get(80), o.upper.get(80), o.chance,
                o.weight if o.kind in ("series", "pipeline") else None, o.error, o.bias, judged,
            )
        )  # fmt: skip
    return found


def _course(overview: Overview) -> list[sheet.CoursePoint]:
    """A point a week, at the day of knowledge and at the period's end."""
    period, fan, path = overview.period, overview.fan, overview.actual_path
    count = (period.end - period.start).days + 1
    places = {} if fan is None else {day: i for i, day in enumerate(fan.days)}
    points = []
    for i in range(count):
        day = period.start + dt.timedelta(days=i)
        if not (day.weekday() == 6 or day in (overview.as_of, period.end)):
            continue
        last = overview.last_path[min(i, len(overview.last_path) - 1)] if len(overview.last_path) else None
        point = sheet.CoursePoint(day, None if last is None else int(last), int(path[i]) if i < len(path) else None)
        if fan is not None and day in places:
            at = places[day]
            lower, upper = (tuple(round(float(side[lvl][at])) for lvl in _LEVELS) for side in (fan.lower, fan.upper))
            point = sheet.CoursePoint(day, point.last, point.actual, round(float(fan.mean[at])), lower, upper)
        points.append(point)
    return points


def _proofs(overview: Overview, report: ForecastReport) -> list[str]:
    """How good each has been: no figure stands without it."""
    told = []
    for o in _said(overview):
        if o.error is not None and o.bias is not None:
            told.append(
                f"{o.label}: {o.error:.1%} away from what came, at the same point of {o.n} earlier periods (bias "
                f"{o.bias:+.1%})."
            )
        else:
            told.append(f"{o.label}: never yet held against what came at the same point of an earlier period.")
    told += _series_proof(report)
    told += _race_proof(overview)
    return told


def _series_proof(report: ForecastReport) -> list[str]:
    s = report.series
    ranking = s.backtest.ranking()
    best = s.backtest.overall(s.method)
    size = f"MASE {best.mase:.2f}" if math.isfinite(best.mase) else "MASE not known"
    places = [row.method for row in ranking]
    rank = places.index(s.method) + 1
    said = f"Model by {report.period.value} (sheet Series): {s.label}, {size} over {best.n} back-test forecasts"
    return [f"{said}, number {rank} of the {len(places)} methods raced, the naive ones among them."]


def _race_proof(overview: Overview) -> list[str]:
    if overview.forecast is None:
        return []
    told = []
    for months in sorted({row.months for row in overview.forecast.race}):
        rows = [row for row in overview.forecast.race if row.months == months and math.isfinite(row.wape)]
        chosen = next((row for row in rows if row.chosen), None)
        if chosen is None:
            continue
        alike = (row for row in rows if row.naive and row.whole == chosen.whole)
        naive = min(alike, key=lambda row: row.wape, default=None)
        other = f"; the best naive yardstick, {naive.label}, by {naive.wape:.0%}" if naive is not None else ""
        told.append(
            f"Pipeline, {months} month{'' if months == 1 else 's'} ahead: at {chosen.origins} past month-ends the "
            f"value won was missed by {chosen.wape:.0%}{other}."
        )
    return told


def _past(overview: Overview) -> Table | None:
    table = overview.past_table()
    if not len(table):
        return None
    return table.take(np.arange(max(0, len(table) - _MOST_PAST), len(table), dtype=np.intp))
