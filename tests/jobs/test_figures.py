"""Forecasts kept and scored, KPIs with the rows behind them, tables of every kind of record."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from salesops_desktop.jobs import forecasts, kpis, tables
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.workspaces import new, opened
from salesops_desktop.model.entities import ENTITIES
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.periods import PeriodKind
from salesops_desktop.model.tables import ValueKind


def test_a_kept_forecast_is_stored_as_shown(company, stored):
    ((before,),) = stored(company, "SELECT coalesce(max(id), 0) FROM forecast")
    report = forecasts.run_forecast(company)
    heads = stored(company, "SELECT kind, as_of, currency, method FROM forecast WHERE id > ? ORDER BY id", before)
    assert heads == [
        ("series", report.as_of.isoformat(), "USD", report.series.method),
        ("pipeline", report.as_of.isoformat(), "USD", report.pipeline.method),
    ]
    points = stored(
        company,
        "SELECT period_label, mean, low50, high50, low80, high80, low95, high95 FROM forecast_point p "
        "JOIN forecast f ON f.id = p.forecast_id WHERE f.id > ? AND f.kind = 'series' ORDER BY period_start",
        before,
    )
    shown = report.points()
    assert points == [
        (label, *(int(column.values[i]) for column in shown.columns[1:]))
        for i, label in enumerate(shown["period"].values)
    ]
    assert all(low95 <= low80 <= low50 <= mean <= high50 for _, mean, low50, high50, low80, _, low95, _ in points)
    lines = stored(
        company, "SELECT sum(weighted), sum(amount), count(*) FROM pipeline_line WHERE forecast_id > ?", before
    )
    assert lines == [
        (report.pipeline.weighted_minor, int(report.deals["amount_minor"].values.sum()), len(report.deals))
    ]


def test_a_forecast_that_is_not_to_be_kept_leaves_no_trace(company):
    before = company.workspace.check().content
    report = forecasts.run_forecast(company, keep=False, pipeline=False)
    assert report.pipeline is None
    assert company.workspace.check().content == before


def test_the_same_seed_forecasts_the_same(company):
    first, second = forecasts.forecast(company, seed=3), forecasts.forecast(company, seed=3)
    assert [c.values.tolist() for c in first.points().columns] == [c.values.tolist() for c in second.points().columns]


def test_nothing_later_than_the_day_of_knowledge_is_known(company):
    day = dt.date(2026, 3, 31)
    before = forecasts.forecast(company, as_of=day, with_pipeline=False)
    with company.workspace.action("What came later") as unit:
        unit.connection.exec_driver_sql(
            'UPDATE "transaction" SET amount = amount * 7 WHERE booked_on > ?', (day.isoformat(),)
        )
    after = forecasts.forecast(company, as_of=day, with_pipeline=False)
    assert before.points()["mean"].values.tolist() == after.points()["mean"].values.tolist()


def test_accuracy_scores_what_was_forecast(company, stored):
    figure = kpis.kpis(company, as_of=dt.date(2026, 9, 30)).result("forecast_accuracy").overall
    assert figure.value is not None
    assert 0 <= figure.value <= 1
    assert len(stored(company, "SELECT id FROM forecast")) == 4


def test_the_rows_behind_every_figure_are_there(company, stored):
    report = kpis.kpis(company, period=PeriodKind.QUARTER, by="owner")
    assert len(report.results) == 9
    drilled = 0
    for result in report.results:
        figures = [result.overall, *result.by_period, *(g.overall for g in result.groups)]
        for figure in figures:
            if not figure.ids.size:
                continue
            behind = sorted(set(figure.ids.tolist()))
            if result.definition.entity == "forecast":  # kept, not imported: no records of their own
                found = [i for (i,) in stored(company, "SELECT id FROM forecast ORDER BY id") if i in behind]
            else:
                found = sorted(tables.browse(company, result.definition.entity, ids=behind).table.keys.tolist())
            assert found == behind, result.definition.id
            drilled += 1
    assert drilled > 50


def test_a_figure_follows_from_the_rows_behind_it(company):
    figure = kpis.kpis(company).result("win_rate").overall
    rows = tables.browse(company, "opportunity", ids=figure.ids.tolist()).table
    won = sum(status == "won" for status in rows["status"].values)
    assert figure.value == pytest.approx(won / len(rows))
    assert (figure.numerator, figure.denominator) == (won, len(rows))


def test_spans_and_groups_that_make_no_sense(company):
    with pytest.raises(InputRefusedError, match="weather"):
        kpis.kpis(company, by="weather")
    with pytest.raises(InputRefusedError, match="lies after"):
        kpis.kpis(company, first=dt.date(2030, 1, 1), as_of=dt.date(2026, 9, 30))


def test_an_empty_workspace_says_what_is_missing(tmp_path):
    path = tmp_path / "empty.salesops"
    new(JobContext(), path)
    with opened(path) as context:
        for ask in (kpis.kpis, forecasts.run_forecast):
            with pytest.raises(NothingToDoError) as told:
                ask(context)
            assert told.value.way_out
        assert tables.contents(context).empty
        for spec in ENTITIES:
            assert len(tables.browse(context, spec.name).table) == 0


@pytest.mark.parametrize("spec", ENTITIES, ids=lambda spec: spec.name)
def test_every_kind_of_record_can_be_browsed(company, stored, spec):
    table = tables.browse(company, spec.name).table
    assert table.names == tuple(field.name for field in spec.fields)
    assert table.keys.tolist() == [i for (i,) in stored(company, f'SELECT id FROM "{spec.name}" ORDER BY id')]
    assert len(table) > 0
    for field in spec.fields:
        column = table[field.name]
        assert column.kind is field.kind
        filled = sum(not column.is_missing(i) for i in range(len(column)))
        assert [(filled,)] == stored(company, f'SELECT count("{field.column}") FROM "{spec.name}"'), field.name
    for field in spec.fields:
        if field.kind is ValueKind.MONEY:
            values = table[field.name]
            present = [int(values.values[i]) for i in range(len(values)) if not values.is_missing(i)]
            assert [(sum(present) if present else None,)] == stored(
                company, f'SELECT sum("{field.column}") FROM "{spec.name}"'
            )
    some = table.keys[:3].tolist()
    assert np.array_equal(tables.browse(company, spec.name, ids=some).table.keys, some)
