"""Kept forecasts are scored against what came, and only where it has come."""

from __future__ import annotations

import datetime as dt

import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.forecasts import run_forecast
from salesops_desktop.jobs.imports import import_files
from salesops_desktop.jobs.kept_forecasts import kept_forecasts
from salesops_desktop.jobs.tables import browse
from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.model.periods import PeriodKind


@pytest.fixture
def context(tmp_path):
    """Two years of one booking a month: 100 in January 2024, 101 in February ... in USD."""
    lines = ["Invoice No,Type,Booking Date,Net Amount,Currency,Customer"]
    for month in range(24):
        day = dt.date(2024 + month // 12, month % 12 + 1, 10)
        lines.append(f"T{month},booking,{day},{100 + month}.00,USD,")
    file = tmp_path / "transactions.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    path = tmp_path / "Company.salesops"
    Workspace.create(path, currency="USD").close()
    workspace = Workspace.open(path)
    made = JobContext(workspace)
    import_files(made, [file], as_="transaction")
    yield made
    workspace.close()


def test_nothing_kept_is_said(context):
    report = kept_forecasts(context)
    assert report.summary() == ["No forecast has been kept yet."]
    assert len(report.forecasts) == 0


def test_periods_that_are_over_are_judged_and_others_wait(context):
    run_forecast(context, as_of=dt.date(2025, 9, 30), horizon=6, pipeline=False)
    table = kept_forecasts(context, as_of=dt.date(2025, 11, 30)).forecasts
    row = dict(zip(table.names, table.row(0), strict=True))
    assert (row["judged"], row["periods"], row["span"]) == (2, 6, "2025-10 to 2026-03")
    assert row["actual"] == 121 + 122  # October and November 2025
    stored = context.workspace
    with stored.read() as connection:
        means = [m for (m,) in connection.exec_driver_sql("SELECT mean FROM forecast_point ORDER BY period_start")]
    error = (abs(means[0] - 12100) + abs(means[1] - 12200)) / 24300
    assert row["error"] == pytest.approx(error)
    assert row["forecast"] * 100 == means[0] + means[1]


def test_nothing_is_judged_before_its_time(context):
    run_forecast(context, as_of=dt.date(2025, 9, 30), period=PeriodKind.QUARTER, horizon=2, pipeline=False)
    report = kept_forecasts(context, as_of=dt.date(2025, 12, 30))
    row = dict(zip(report.forecasts.names, report.forecasts.row(0), strict=True))
    assert row["judged"] == 0
    assert row["actual"] is None
    assert row["error"] is None
    assert "0 with periods that were over" in report.summary()[0]


def test_as_many_rows_as_one_likes_can_be_asked_for(context):
    ids = [*range(1, 25), *range(10**8, 10**8 + 150_000)]  # as text far beyond what one statement may hold
    assert len(browse(context, "transaction", ids=ids).table) == 24
