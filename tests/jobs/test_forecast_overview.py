"""The first picture: target, actual, forecasts, fan, and what was said before."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from salesops_desktop.jobs.forecast_overview import Step, forecast_overview
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.model.errors import InputRefusedError

DAY = dt.date(2026, 8, 14)


@pytest.fixture(scope="module")
def picture(small_company):
    with opened(small_company, read_only=True) as context:
        yield forecast_overview(context, as_of=DAY)


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


def test_nothing_later_is_known(company):
    """A booking and a win after the day of knowledge change nothing."""
    before = forecast_overview(company, as_of=DAY)
    with company.workspace.action("Plant the future", kind="edit") as unit:
        unit.connection.exec_driver_sql(
            'INSERT INTO "transaction" (external_id, kind, booked_on, amount, currency) '
            "VALUES ('future', 'booking', '2026-08-15', 99900000000, 'USD')"
        )
        unit.connection.exec_driver_sql(
            "UPDATE opportunity SET status = 'lost' WHERE status = 'won' AND close_on > ?", (DAY.isoformat(),)
        )
    after = forecast_overview(company, as_of=DAY)
    assert after.series.mean == before.series.mean
    assert after.pipeline.mean == before.pipeline.mean
    assert after.actual == before.actual


def test_what_is_kept_stands_in_the_next_picture_as_it_was(company, stored):
    first = forecast_overview(company, as_of=DAY, keep=True)
    assert len(first.kept) == 3
    second = forecast_overview(company, as_of=DAY + dt.timedelta(days=7), step=Step.DAY)
    said = {past.kind: past.mean for past in second.past if past.as_of == DAY}
    assert said == {"series": first.series.mean, "combined": first.combined.mean, "pipeline": first.pipeline.mean}
    lines = stored(
        company,
        "SELECT count(*), count(owner_id) FROM pipeline_line WHERE forecast_id IN "
        "(SELECT id FROM forecast WHERE kind = 'pipeline' AND as_of = ?)",
        DAY.isoformat(),
    )
    assert lines[0][0] == len(first.forecast.deals)
    assert lines[0][1] > 0
    assert len(second.fan_table()) == len(second.fan.days)
    company.workspace.undo()
    assert not [p for p in forecast_overview(company, as_of=DAY + dt.timedelta(days=7)).past if p.as_of == DAY]


def test_managers_numbers_stand_beside_the_model(company):
    said = [
        ("Ann", 10, 1000, "open"),
        ("Bob", 10, 500, "accepted"),
        ("Ann", 12, 2000, "open"),
        ("Eve", 13, 9, "declined"),
    ]
    with company.workspace.action("Numbers", kind="edit") as unit:
        for who, day, value, status in said:
            unit.connection.exec_driver_sql(
                "INSERT INTO judgement (who, at, as_of, scope, node_key, period_start, period_end, field, value, status) "
                "VALUES (?, '2026-08-20 10:00:00', ?, 'node', ?, '2026-07-01', '2026-09-30', 'own number', ?, ?)",
                (who, f"2026-08-{day}", f'{{"manager":"{who}"}}', str(value), status),
            )
    found = forecast_overview(company, as_of=DAY)
    assert found.judgement.mean == 2500  # Ann's newest word and Bob's
    assert found.combined.mean == pytest.approx(
        found.series.weight * found.series.mean + found.pipeline.weight * found.pipeline.mean, abs=2
    )


def test_a_period_that_cannot_be_overseen_is_refused(company):
    for text, why in (("2026-Q2", "is over"), ("2027-Q1", "has not begun"), ("2026-W33", "too short")):
        with pytest.raises(InputRefusedError, match=why):
            forecast_overview(company, period=text, as_of=DAY)
