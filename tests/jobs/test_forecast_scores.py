"""What was forecast is held against what came: scores, steps, leanings, corrections, rebuilt forecasts."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest

from salesops_desktop.jobs.forecast_corrections import apply_correction, corrections, withdraw_correction
from salesops_desktop.jobs.forecast_nodes import forecast_nodes
from salesops_desktop.jobs.forecast_outlooks import judged as summed
from salesops_desktop.jobs.forecast_overview import forecast_overview
from salesops_desktop.jobs.forecast_rebuilding import rebuild_forecasts
from salesops_desktop.jobs.forecast_records import factors_in_force, own_numbers
from salesops_desktop.jobs.forecast_scores import forecast_scores
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import FiscalCalendar, PeriodKind

DAY = dt.date(2026, 9, 30)
QUARTERS = FiscalCalendar().between(dt.date(2024, 10, 1), DAY, PeriodKind.QUARTER)


def say(context, who, quarter, value, key=None, as_of=None):
    """Somebody's own number for a node and a quarter."""
    day = as_of or (quarter.start + dt.timedelta(days=20))
    with context.workspace.action("Say", kind="edit") as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO judgement (who, at, as_of, scope, node_key, period_start, period_end, field, value, status) "
            "VALUES (?, ?, ?, 'node', ?, ?, ?, 'own number', ?, 'open')",
            (who, f"{day} 09:00:00", str(day), json.dumps(key or {}), str(quarter.start), str(quarter.end), str(value)),
        )


def spoken(context, quarter):
    """What people say of a quarter in all, corrections applied."""
    with context.workspace.read() as connection:
        return summed(own_numbers(connection, DAY), quarter, [], factors_in_force(connection, DAY))


@pytest.fixture
def judged(company):
    """Two years in which Ann says four fifths of what comes, and Bob now more, now less."""
    report = forecast_nodes(company, by="region", period=PeriodKind.QUARTER, as_of=DAY, horizon=1)
    actuals = report.history[0, -len(QUARTERS) :].tolist()
    for i, (quarter, actual) in enumerate(zip(QUARTERS, actuals, strict=True)):
        say(company, "Ann", quarter, actual * 8 // 10)
        say(company, "Bob", quarter, actual * (11 if i % 2 else 9) // 10)
    return company, actuals


def test_scores_are_those_of_the_hand(judged):
    company, actuals = judged
    report = forecast_scores(company, as_of=DAY)
    league = {row[0]: row for row in report.league().rows() if row[1] == "shown"}
    names = report.league().names
    ann = dict(zip(names, league["Ann"], strict=True))
    assert ann["n"] == len(QUARTERS)
    assert ann["wape"] == pytest.approx(0.2, abs=1e-6)
    assert ann["bias"] == pytest.approx(-0.2, abs=1e-6)
    own = report.records[report.records["subject"] == "Ann"]
    assert own["actual"].astype(int).tolist() == actuals
    assert set(own["horizon"]) == {1}
    assert ann["held80"] is None
    # the naive: the same quarter a year before, where it was known
    known = {q.label: a for q, a in zip(QUARTERS, actuals, strict=True)}
    for row in own.to_dict("records"):
        year, quarter = row["period_label"].split("-")
        before = known.get(f"{int(year) - 1}-{quarter}")
        assert before is None or row["naive"] == before
    for table in report.tables():
        assert len(table)


def test_a_period_that_runs_is_not_judged(judged):
    company, _ = judged
    report = forecast_scores(company, as_of=dt.date(2026, 9, 29))
    assert "2026-Q3" not in set(report.records["period_label"])


def test_a_sandbagger_is_pointed_out_and_mended_only_by_the_analyst(judged):
    company, _ = judged
    scores = forecast_scores(company, as_of=DAY)
    leaning = {bias.subject: bias for bias in scores.biases if bias.subject_kind == "person"}
    assert leaning["Ann"].leaning.consistent
    assert "sandbagging, 20.0%" in leaning["Ann"].sentence
    assert not leaning["Bob"].leaning.consistent
    found = corrections(company, as_of=DAY)
    offered = {offer.bias.subject: offer for offer in found.offers}
    assert offered["Ann"].offered
    assert not offered["Bob"].offered
    assert offered["Ann"].remedy.after < offered["Ann"].remedy.before / 2
    assert len(found.applied) == 0
    with pytest.raises(InputRefusedError, match="nothing is offered"):
        apply_correction(company, "Bob", as_of=DAY)
    with pytest.raises(InputRefusedError, match="have not been judged"):
        apply_correction(company, "Eve", as_of=DAY)
    coming = FiscalCalendar().parse("2026-Q4")
    say(company, "Ann", coming, 1_000_000, as_of=DAY)
    assert spoken(company, coming).mean == 1_000_000
    apply_correction(company, "ann", reason="Agreed", valid_from=DAY, as_of=DAY)
    factor = offered["Ann"].remedy.factor
    after = spoken(company, coming)
    assert after.mean == pytest.approx(1_000_000 * factor, abs=2)
    assert "Corrected: Ann" in after.reason
    assert forecast_scores(company, as_of=DAY).records.equals(scores.records)  # what she said is scored as she said it
    withdraw_correction(company, "Ann", as_of=DAY - dt.timedelta(days=1))
    assert spoken(company, coming).mean == 1_000_000


def test_kept_nodes_are_scored_at_their_level(company):
    made = forecast_nodes(company, by="region,manager", as_of=dt.date(2026, 6, 30), horizon=3, keep=True)
    report = forecast_scores(company, as_of=DAY)
    own = report.records[(report.records["step"] == "series") & (report.records["as_of"] == "2026-06-30")]
    own = own[own["origin"] == "shown"]
    assert len(own[own["dimension"] != "company"]) == 3 * (len(made.nodes) - 1)
    nodes = own[own["dimension"] == "region"]
    later = forecast_nodes(company, by="region,manager", as_of=DAY, horizon=1)
    history = {
        node.label: later.history[node.number, -3:].tolist() for node in later.nodes if node.dimension == "region"
    }
    for label, rows in nodes.groupby("label"):
        assert rows.sort_values("period_start")["actual"].astype(int).tolist() == history[label]
        assert rows.sort_values("period_start")["horizon"].astype(int).tolist() == [1, 2, 3]
    dimensions = set(report.levels()["dimension"].values.tolist())
    assert {"company", "region", "manager"} <= dimensions


def test_rebuilt_forecasts_are_kept_apart_and_teach_the_combination(company, stored):
    made = rebuild_forecasts(company, periods=3, as_of=DAY)
    assert [row[0] for row in made.rows] == ["2026-Q1", "2026-Q2", "2026-Q3"]
    assert [row[1] for row in made.rows] == [dt.date(2025, 12, 31), dt.date(2026, 3, 31), dt.date(2026, 6, 30)]
    assert {row[0] for row in stored(company, "SELECT DISTINCT origin FROM forecast WHERE kind <> 'series'")} >= {
        "rebuilt"
    }
    report = forecast_scores(company, as_of=DAY)
    assert report.rebuilt == 9
    assert set(report.records[report.records["origin"] == "rebuilt"]["step"]) == {"series", "pipeline", "combined"}
    picture = forecast_overview(company, as_of=DAY)
    assert picture.pipeline.n == 3
    assert picture.combination.n == 3
    assert not np.isclose(picture.series.weight, picture.pipeline.weight)
    again = rebuild_forecasts(company, periods=3, as_of=DAY)
    assert not again.rows
