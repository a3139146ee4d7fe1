"""A forecast as its workbook wants it."""

from __future__ import annotations

import datetime as dt

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.forecast.intervals import LEVELS
from salesops_desktop.forecast.methods import BY_ID
from salesops_desktop.jobs.forecasts import ForecastReport
from salesops_desktop.model.money import PPM
from salesops_desktop.model.tables import Column
from salesops_desktop.sheets.writing import forecast as sheet
from salesops_desktop.sheets.writing.book import Provenance


def forecast_report(connection: Connection, report: ForecastReport, where: Provenance) -> sheet.ForecastReport:
    """The workbook's contents: history, forecast, intervals, back-test, open deals."""
    s = report.series
    past = [sheet.SeriesPoint(p.label, round(float(v))) for p, v in zip(s.periods, s.values, strict=True)]
    ahead = [
        sheet.SeriesPoint(
            period.label,
            None,
            round(float(s.mean[i])),
            tuple(round(float(s.lower[level][i])) for level in LEVELS),
            tuple(round(float(s.upper[level][i])) for level in LEVELS),
        )
        for i, period in enumerate(s.future)
    ]
    accuracy = [
        sheet.MethodAccuracy(
            BY_ID[row.method].label, row.horizon, row.n, row.mae, None if np.isnan(row.mase) else row.mase, row.bias,
            row.method == s.method,
        )
        for row in s.backtest.table
        if row.horizon > 0
    ]  # fmt: skip
    tests = s.backtest.overall(s.method).n
    coverage = [sheet.Coverage(level / 100, s.coverage[level], tests) for level in LEVELS]
    outcome: list[tuple[str, int]] = []
    if report.pipeline is not None:
        p = report.pipeline
        outcome = [
            (f"Won in {p.period.label} so far", p.won_minor),
            ("In 9 of 10 simulations above", p.p10),
            ("In half of the simulations above", p.p50),
            ("In 1 of 10 simulations above", p.p90),
        ]
    return sheet.ForecastReport(
        where, report.currency, "Bookings", s.label, tuple(level / 100 for level in LEVELS), (*past, *ahead),
        tuple(accuracy), tuple(coverage), _tested(report), _deals(connection, report), tuple(outcome), s.sentences,
    )  # fmt: skip


def _tested(report: ForecastReport) -> tuple[sheet.TestedForecast, ...]:
    s = report.series
    told = s.backtest.forecasts[s.method]
    return tuple(
        sheet.TestedForecast(
            s.periods[int(origin) - 1].label, s.periods[int(origin) + step].label, step + 1,
            round(float(told[row, step])), round(float(s.backtest.actuals[row, step])),
        )
        for row, origin in enumerate(s.backtest.origins)
        for step in range(told.shape[1])
        if np.isfinite(s.backtest.actuals[row, step]) and np.isfinite(told[row, step])
    )  # fmt: skip


def _deals(connection: Connection, report: ForecastReport) -> tuple[sheet.PipelineDeal, ...]:
    deals = report.deals
    if deals.keys is None:
        return ()
    dated = {
        int(row[0]): (str(row[1] or ""), row[2])
        for row in connection.exec_driver_sql("SELECT id, name, close_on FROM opportunity WHERE status = 'open'")
    }

    def text(column: Column, i: int) -> str:
        return "" if column.values[i] is None else str(column.values[i])

    def day(value: str | None) -> dt.date | None:
        return None if value is None else dt.date.fromisoformat(value)

    close = deals["expected_close"]
    return tuple(
        sheet.PipelineDeal(
            text(deals["external_id"], i), dated.get(int(key), ("", None))[0], text(deals["account"], i),
            text(deals["owner"], i), text(deals["stage"], i), day(dated.get(int(key), ("", None))[1]),
            None if close.is_missing(i) else day(str(close.values[i])), int(deals["amount_minor"].values[i]),
            round(float(deals["win_probability"].values[i]) * PPM), int(deals["weighted_minor"].values[i]),
        )
        for i, key in enumerate(deals.keys)
    )  # fmt: skip
