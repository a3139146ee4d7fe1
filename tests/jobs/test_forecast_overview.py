"""The first picture: target, actual, forecasts, fan, and what was said before."""

from __future__ import annotations

import datetime as dt
import shutil

import numpy as np
import pytest

from salesops_desktop.jobs.forecast_assumptions import Scenario, assume
from salesops_desktop.jobs.forecast_overview import Step, forecast_overview
from salesops_desktop.jobs.forecast_rebuilding import rebuild_forecasts
from salesops_desktop.jobs.forecast_scores import forecast_scores
from salesops_desktop.jobs.kept_forecasts import kept_forecasts
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.model.errors import InputRefusedError

DAY = dt.date(2026, 8, 14)


@pytest.fixture(scope="module")
def seen(small_company, tmp_path_factory):
    """The company with its picture kept, and the picture."""
    path = shutil.copy(small_company, tmp_path_factory.mktemp("seen") / "seen.salesops")
    with opened(path) as context:
        picture = forecast_overview(context, as_of=DAY, keep=True)
    return path, picture


@pytest.fixture
def picture(seen):
    return seen[1]


@pytest.fixture
def company(seen, tmp_path):
    """A copy of the company whose first picture is kept."""
    with opened(shutil.copy(seen[0], tmp_path / "company.salesops")) as context:
        yield context


def test_what_came_is_what_the_transactions_say(picture, small_company):
    with opened(small_company, read_only=True) as context, context.workspace.read() as connection:
        (asked,) = connection.exec_driver_sql(
            "SELECT sum(amount) FROM \"transaction\" WHERE kind IN ('booking', 'refund') "
            "AND currency = 'USD' AND booked_on BETWEEN '2026-07-01' AND '2026-08-14'"
        ).one()
        (foreign,) = connection.exec_driver_sql(
            "SELECT count(*) FROM \"transaction\" WHERE kind IN ('booking', 'refund') "
            "AND currency <> 'USD' AND booked_on BETWEEN '2026-07-01' AND '2026-08-14'"
        ).one()
    assert picture.period.label == "2026-Q3"
    assert picture.actual == asked if not foreign else picture.actual > asked
    assert len(picture.days) == len(picture.actual_path) == 45
    assert picture.actual_path[-1] == picture.actual


def test_the_combination_is_made_of_its_parts(picture):
    both, series, pipeline = picture.combined, picture.series, picture.pipeline
    assert series.weight + pipeline.weight == pytest.approx(1)
    assert both.mean == pytest.approx(series.weight * series.mean + pipeline.weight * pipeline.mean, abs=2)
    for outlook in (both, series, pipeline):
        assert outlook.lower[95] <= outlook.lower[80] <= outlook.lower[50] <= outlook.upper[50] <= outlook.upper[95]
    assert both.chance_of(both.quantile(0.5)) == pytest.approx(0.5, abs=0.01)
    assert picture.chance == both.chance_of(picture.target.amount)


def test_the_fan_leads_from_what_came_to_the_forecast(picture):
    fan = picture.fan
    assert (fan.days[0], fan.days[-1]) == (DAY, picture.period.end)
    assert fan.mean[0] == pytest.approx(picture.actual)
    assert fan.mean[-1] == pytest.approx(picture.combined.mean, abs=2)
    assert (np.diff(fan.mean) >= -1e-6).all()
    for level in (50, 80, 95):
        assert fan.lower[level][-1] == pytest.approx(picture.combined.lower[level], abs=2)
        assert (fan.lower[level] <= fan.mean + 1e-6).all()
        assert (fan.upper[level] >= fan.mean - 1e-6).all()


def test_nothing_later_is_known(company, picture):
    """A booking and a win after the day of knowledge change nothing."""
    with company.workspace.action("Plant the future", kind="edit") as unit:
        unit.connection.exec_driver_sql(
            'INSERT INTO "transaction" (external_id, kind, booked_on, amount, currency) '
            "VALUES ('future', 'booking', '2026-08-15', 99900000000, 'USD')"
        )
        unit.connection.exec_driver_sql(
            "UPDATE opportunity SET status = 'lost' WHERE status = 'won' AND close_on > ?", (DAY.isoformat(),)
        )
    assume(company, "Better", win_rate=1.2)
    after = forecast_overview(company, as_of=DAY, assume="Better")
    assert after.notes[0] == "The pipeline is drawn under assumptions: win rate × 1.2."
    assert after.series.mean == picture.series.mean
    assert after.forecast.p50 == picture.forecast.p50
    assert after.forecast.simulation.mean == picture.forecast.simulation.under(Scenario(win_rate=1.2)).mean
    assert after.pipeline.mean > picture.pipeline.mean
    assert after.actual == picture.actual


SAID = (
    ("Ann", 10, 1000, "open"),
    ("Bob", 10, 500, "accepted"),
    ("Ann", 12, 2000, "open"),
    ("Eve", 13, 9, "declined"),
)


@pytest.fixture(scope="module")
def later(seen, tmp_path_factory):
    """A week later: people have spoken, francs without a rate came in, past forecasts were rebuilt; and the picture
    of that day."""
    path = shutil.copy(seen[0], tmp_path_factory.mktemp("later") / "later.salesops")
    with opened(path) as context:
        with context.workspace.action("Numbers", kind="edit") as unit:
            for who, day, value, status in SAID:
                unit.connection.exec_driver_sql(
                    "INSERT INTO judgement (who, at, as_of, scope, node_key, period_start, period_end, field, value, "
                    "status) VALUES (?, '2026-08-20 10:00:00', ?, 'node', ?, '2026-07-01', '2026-09-30', "
                    "'own number', ?, ?)",
                    (who, f"2026-08-{day}", f'{{"manager":"{who}"}}', str(value), status),
                )
            unit.connection.exec_driver_sql(
                'INSERT INTO "transaction" (external_id, kind, booked_on, amount, currency) '
                "VALUES ('odd', 'booking', '2026-08-10', 770000, 'CHF')"
            )
        made = rebuild_forecasts(context, periods=3, as_of=DAY)
        yield context, made, forecast_overview(context, as_of=DAY + dt.timedelta(days=7), step=Step.DAY)


def test_what_is_kept_stands_in_the_next_picture_as_it_was(later, picture, stored):
    context, _, second = later
    assert len(picture.kept) == 3
    listed = kept_forecasts(context, as_of=dt.date(2026, 9, 30)).forecasts
    rows = [dict(zip(listed.names, row, strict=True)) for row in listed.rows()]
    assert {row["kind"] for row in rows} == {"Model", "Pipeline", "Combined"}
    assert sum(row["origin"] == "rebuilt" for row in rows) == 9
    assert all(row["judged"] == 1 and row["error"] is not None for row in rows)
    assert {row["nodes"] for row in rows} == {1}
    kept = {past.kind: past.mean for past in second.past if past.as_of == DAY and past.origin == "shown"}
    assert kept == {"series": picture.series.mean, "combined": picture.combined.mean, "pipeline": picture.pipeline.mean}
    lines = stored(
        context,
        "SELECT count(*), count(owner_id) FROM pipeline_line WHERE forecast_id IN "
        "(SELECT id FROM forecast WHERE kind = 'pipeline' AND as_of = ?)",
        DAY.isoformat(),
    )
    assert lines[0][0] == len(picture.forecast.deals)
    assert lines[0][1] > 0
    assert len(second.fan_table()) == len(second.fan.days)


def test_managers_numbers_stand_beside_the_model_and_francs_are_left_out(later):
    _, _, second = later
    assert second.judgement.mean == 2500  # Ann's newest word and Bob's
    assert second.combined.mean == pytest.approx(
        second.series.weight * second.series.mean + second.pipeline.weight * second.pipeline.mean, abs=2
    )
    (left,) = [note for note in second.notes if "CHF" in note]
    assert "Left out: 1 booked transaction of 7,700" in left


def test_rebuilt_forecasts_are_kept_apart_and_teach_the_combination(later):
    context, made, second = later
    assert [row[0] for row in made.rows] == ["2025-Q4", "2026-Q1", "2026-Q2"]
    assert [row[1] for row in made.rows] == [dt.date(2025, 11, 14), dt.date(2026, 2, 13), dt.date(2026, 5, 15)]
    report = forecast_scores(context, as_of=dt.date(2026, 9, 30))
    assert report.rebuilt == 9
    assert set(report.records[report.records["origin"] == "rebuilt"]["step"]) == {"series", "pipeline", "combined"}
    assert second.pipeline.n == 3
    assert second.combination.n == 3
    assert not np.isclose(second.series.weight, second.pipeline.weight)
    again = rebuild_forecasts(context, periods=3, as_of=DAY)
    assert not again.rows


def test_a_period_that_cannot_be_overseen_is_refused(company):
    for text, why in (("2026-Q2", "is over"), ("2027-Q1", "has not begun"), ("2026-W33", "too short")):
        with pytest.raises(InputRefusedError, match=why):
            forecast_overview(company, period=text, as_of=DAY)
