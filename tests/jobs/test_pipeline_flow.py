"""The open pipeline of past days against the independent figures of a real CRM export."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.forecast_targets import Target
from salesops_desktop.jobs.imports import import_files
from salesops_desktop.jobs.pipeline_flow import flow_of, selected
from salesops_desktop.jobs.pipeline_frames import Selection, load_pipeline, period_of
from salesops_desktop.jobs.workspaces import new, opened
from tests.conftest import shared_data

FILES = ("sales_teams.csv", "products.csv", "accounts.csv", "sales_pipeline.csv")


@pytest.fixture(scope="module")
def maven(tmp_path_factory):
    files = [shared_data("crm_maven", name) for name in FILES]
    path = tmp_path_factory.mktemp("flow") / "maven.salesops"
    new(JobContext(), path)
    with opened(path) as context:
        import_files(context, files, as_of=dt.date(2017, 12, 31), accept_matches=True)
        yield context


def test_open_pipeline_of_month_ends(maven):
    oracle = json.loads(shared_data("crm_maven", "kpi_oracle.json").read_text("utf-8"))["snapshots_month_end"]
    seen = 0
    with maven.workspace.read() as connection:
        for day, expected in list(oracle.items())[::3]:
            loaded = load_pipeline(connection, dt.date.fromisoformat(day))
            if loaded.snapshot_days:  # the last day's own export holds the undated ones too
                continue
            deals, _ = selected(loaded, Selection())
            waiting = deals[deals["status"] == "open"]
            assert len(waiting) == expected["open"]
            assert int(waiting["worth_minor"].sum()) == expected["open_list_value"] * 100
            seen += 1
    assert seen >= 3


def test_velocity_win_rate_and_stale_deals_of_the_last_day(maven):
    with maven.workspace.read() as connection:
        loaded = load_pipeline(connection)
    report = flow_of(loaded, period_of(loaded, "2017-Q4"), Selection(), Target(None))
    speeds = [float(row[-1]) for row in report.shown.velocity[0].rows()]
    assert speeds == pytest.approx([17_290, 60_500, 61_090, 56_546], abs=1)
    # By value of all closed deals: 62.76 % at list price in the oracle; won deals count at their amount here.
    assert report.coverage.value_win_rate == pytest.approx(0.6276, abs=0.001)
    assert report.coverage.needed == pytest.approx(1 / report.coverage.value_win_rate)
    assert report.stale.oldest_days == 138  # no deal was ever won after that
    assert sum("no deal was ever won after 138" in why for why in report.stale.reasons) > 800
    assert any("Thin history" in note for note in report.notes)
