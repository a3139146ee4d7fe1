"""The pipeline forecast of the company and of its parts."""

from __future__ import annotations

import math
import shutil

import numpy as np
import pytest

from salesops_desktop.jobs.forecast_targets import target_of_selection as target_of
from salesops_desktop.jobs.pipeline_forecasts import forecast_pipeline_job, pipeline_report
from salesops_desktop.jobs.pipeline_frames import Selection, load_pipeline, period_of
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import PPM, divide_half_up


@pytest.fixture(scope="module")
def small(small_company, tmp_path_factory):
    """The small company, open; only read here."""
    path = shutil.copy(small_company, tmp_path_factory.mktemp("forecasts") / "small.salesops")
    with opened(path) as context:
        yield context


@pytest.fixture(scope="module")
def report(small):
    return forecast_pipeline_job(small, target=500_000.0)


def test_the_whole_company(report):
    table = report.deals
    amounts = table["amount_minor"].values.tolist()
    chances = np.rint(table["period_probability"].values * PPM).astype(int).tolist()
    weighted = [divide_half_up(a * p, PPM) for a, p in zip(amounts, chances, strict=True)]
    assert table["period_weighted_minor"].values.tolist() == weighted  # who multiplies what is shown gets the same cent
    assert report.weighted_minor == sum(weighted)
    assert len(table) == len(report.forecast.deals)
    rows = {row[0]: row for row in report.tables_.outcome.rows()}
    results = [rows[name][1] for name in ("P5", "P10", "P25", "P50", "P75", "P90", "P95")]
    assert results == sorted(results)
    assert rows["Target"][1] == 500_000
    assert 0 <= rows["Target"][4] <= 1
    assert 0 < len(report.tables_.drivers) <= 10
    assert any(row[3] for row in report.tables_.race.rows())  # a naive method is always in the race
    told = " ".join(report.summary())
    assert "P10" in told
    assert "Target 500,000.00 USD" in told


def test_reasons_multiply_to_the_chance_shown(report):
    table = report.deals
    for i in range(0, len(table), max(1, len(table) // 7)):
        reasons = report.why(int(table.keys[i]))
        product = math.prod(reason.factor for reason in reasons)
        assert product == pytest.approx(float(table["period_probability"].values[i]), abs=2e-6)


def test_scenarios_move_the_result_the_way_they_say(report):
    middle = report.simulation.quantile(0.5)
    assert report.scenario().quantile(0.5) == middle
    assert report.scenario(win_rate=1.2).quantile(0.5) > middle
    assert report.scenario(deal_size=0.8).quantile(0.5) < middle
    assert report.scenario(cycle=1.5).quantile(0.5) < middle
    assert report.scenario(heads=1.5).mean >= report.scenario(heads=1.5, ramp=0.2).mean > report.simulation.mean
    with pytest.raises(InputRefusedError, match="win_rate is 9"):
        report.scenario(win_rate=9.0)


def test_parts_of_the_company_make_the_whole(small, report):
    with small.workspace.read() as connection:
        loaded = load_pipeline(connection)
        period = period_of(loaded, None, ahead=True)
        whole = target_of(connection, loaded, period, Selection())
        regions = [Selection(region=name) for name in ("Americas", "EMEA")]
        targets = [target_of(connection, loaded, period, part) for part in regions]
    assert sum(target.amount for target in targets) == whole.amount
    parts = [pipeline_report(small, loaded, period, part, aim) for part, aim in zip(regions, targets, strict=True)]
    assert parts[0].forecast.race is report.forecast.race  # one run of the engine for all
    assert sum(len(part.deals) for part in parts) == len(report.deals)
    assert sum(part.weighted_minor for part in parts) == report.weighted_minor
    assert sum(part.won_minor for part in parts) == report.won_minor
    assert sum(part.simulation.mean for part in parts) == pytest.approx(report.simulation.mean, rel=0.1)
    assert all(f"region {name}" in part.summary()[0] for name, part in zip(("Americas", "EMEA"), parts, strict=True))


def test_what_cannot_be_asked_is_a_sentence(small):
    with pytest.raises(InputRefusedError, match="no open opportunity of this selection"):
        forecast_pipeline_job(small, why="nothing")
    with pytest.raises(NothingToDoError, match="is over"):
        forecast_pipeline_job(small, period="2024-Q1")
    with pytest.raises(InputRefusedError, match="heads is 99"):
        forecast_pipeline_job(small, heads=99.0)
