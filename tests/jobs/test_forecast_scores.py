"""What was forecast is held against what came: scores, steps, leanings, corrections."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import numpy as np
import pytest

from salesops_desktop.jobs.forecast_corrections import apply_correction, corrections, withdraw_correction
from salesops_desktop.jobs.forecast_lines import Source
from salesops_desktop.jobs.forecast_nodes import forecast_nodes
from salesops_desktop.jobs.forecast_outlooks import judged as summed
from salesops_desktop.jobs.forecast_records import factors_in_force, own_numbers
from salesops_desktop.jobs.forecast_scores import forecast_scores
from salesops_desktop.jobs.workspaces import opened
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


@pytest.fixture(scope="module")
def spoken_of(small_company, tmp_path_factory):
    """Two years in which Ann says four fifths of what comes, and Bob now more, now less."""
    path = shutil.copy(small_company, tmp_path_factory.mktemp("judged") / "judged.salesops")
    with opened(path) as context:
        report = forecast_nodes(context, by="region", period=PeriodKind.QUARTER, as_of=DAY, horizon=1)
        actuals = report.history[0, -len(QUARTERS) :].tolist()
        for i, (quarter, actual) in enumerate(zip(QUARTERS, actuals, strict=True)):
            say(context, "Ann", quarter, actual * 8 // 10)
            say(context, "Bob", quarter, actual * (11 if i % 2 else 9) // 10)
    return path, actuals


@pytest.fixture
def judged(spoken_of, tmp_path):
    """A copy of their company, and what came."""
    with opened(shutil.copy(spoken_of[0], tmp_path / "judged.salesops")) as context:
        yield context, spoken_of[1]


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


def test_other_measures_are_scored_apart(company):
    made = forecast_nodes(
        company, by="region", measure="count", as_of=dt.date(2026, 6, 30), horizon=3, keep=True, source=Source.WON
    )
    report = forecast_scores(company, as_of=DAY, measure="count")
    whole = report.records[report.records["node_key"] == "{}"].sort_values("period_start")
    with company.workspace.read() as connection:
        won = connection.exec_driver_sql(
            "SELECT count(*) FROM opportunity WHERE status = 'won' AND close_on BETWEEN '2026-07-01' AND '2026-09-30' "
            "GROUP BY strftime('%m', close_on) ORDER BY 1"
        ).fetchall()
    assert whole["actual"].tolist() == [1000 * count for (count,) in won]  # thousandths of a deal
    assert whole["forecast"].tolist() == made.mean[0].tolist()
    assert report.currency == ""
    (row,) = [row for row in report.league().rows() if row[0] == "Model"]
    error = np.abs(report.records["forecast"] - report.records["actual"]).mean() / 1000
    assert row[5] == pytest.approx(error)
    bookings = forecast_scores(company, as_of=DAY)
    assert bookings.currency == "USD"
    assert bookings.records["forecast"].min() > report.records["forecast"].max()  # cents, not thousandths of deals
