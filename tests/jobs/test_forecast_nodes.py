"""Every node of a hierarchy: what is summed, what adds up, what is fixed, what is kept."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import numpy as np
import pytest

from salesops_desktop.jobs.forecast_lines import Source
from salesops_desktop.jobs.forecast_nodes import forecast_nodes
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.model.errors import FaultsError, InputRefusedError, NothingToDoError
from salesops_desktop.model.periods import PeriodKind

DAY = dt.date(2026, 9, 30)
IN_PERIODS = (
    'SELECT sum(x.amount) FROM "transaction" x LEFT JOIN person p ON p.id = x.owner_id '
    "WHERE x.kind IN ('booking', 'refund') AND x.currency = 'USD' AND x.booked_on BETWEEN ? AND ?"
)


def sums_hold(report, values):
    """Whether every node is the sum of those shown below it, for trees of one dimension."""
    return all(
        (values[list(below)].sum(axis=0) == values[node.number]).all()
        for node in report.nodes
        if (below := report.children(node.number))
    )


def fix(context, key, period, value, field="override", status="accepted"):
    """Somebody's number for a node and a period of 2026-Q4."""
    with context.workspace.action("Fix", kind="edit") as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO judgement (who, at, as_of, scope, node_key, period_start, period_end, field, value, reason, "
            "status) VALUES ('Ann', '2026-09-30 10:00:00', '2026-09-30', 'node', ?, ?, ?, ?, ?, 'A big deal', ?)",
            (json.dumps(key), *period, field, str(value), status),
        )


@pytest.fixture(scope="module")
def seen(small_company, tmp_path_factory):
    """The company with its nodes forecast and kept, and the report."""
    path = shutil.copy(small_company, tmp_path_factory.mktemp("seen") / "seen.salesops")
    with opened(path) as context:
        report = forecast_nodes(context, by="region,manager", as_of=DAY, keep=True)
    return path, report


@pytest.fixture
def plain(seen):
    return seen[1]


@pytest.fixture
def company(seen, tmp_path):
    """A copy of the company whose nodes are forecast."""
    with opened(shutil.copy(seen[0], tmp_path / "company.salesops")) as context:
        yield context


def test_all_levels_add_up_and_the_company_is_what_was_booked(company, stored):
    report = forecast_nodes(company, by="region,manager,person", as_of=DAY, period=PeriodKind.QUARTER)
    assert report.nodes[0].label == "Company"
    assert sums_hold(report, report.history)
    assert sums_hold(report, report.mean)
    assert (report.mean == report.adjusted).all()
    first, last = report.periods[0].start.isoformat(), report.periods[-1].end.isoformat()
    (foreign,) = stored(company, "SELECT count(*) FROM \"transaction\" WHERE currency <> 'USD'")[0]
    (booked,) = stored(company, IN_PERIODS, first, last)[0]
    assert foreign or report.history[0].sum() == booked
    assert report.level_names == ("Company", "region", "manager", "person")
    assert {node.dimension for node in report.nodes if node.level == 3} == {"person"}
    for table in (*report.tables(), report.points(0), report.backtest_of(0)):
        assert len(table)
    backtest = report.backtest_of(0)
    forecast, actual, error = (backtest[name].values for name in ("forecast", "actual", "error"))
    assert (np.abs(forecast - actual - error) <= 1).all()


def test_products_cross_regions_and_a_formula_is_a_measure(company):
    quarters = {"period": PeriodKind.QUARTER, "as_of": DAY}
    report = forecast_nodes(company, by="family,region", measure="amount - margin", **quarters)
    assert report.levels == ("region", "family")
    assert set(report.level_names) == {"Company", "region", "family", "region × family"}
    by_level = [sum(report.history[n.number] for n in report.nodes if n.level == level) for level in range(4)]
    for level in by_level[1:]:
        assert (level == by_level[0]).all()
    whole = forecast_nodes(company, by="region", measure="amount", **quarters)
    margin = forecast_nodes(company, by="region", measure="margin", **quarters)
    assert report.history[0].sum() == whole.history[0].sum() - margin.history[0].sum()
    counted = forecast_nodes(company, by="region", measure="count", source=Source.WON, **quarters)
    assert counted.currency is None
    assert (counted.history % 1000 == 0).all()  # whole deals, in thousandths


def test_people_stand_where_they_stood_on_the_day(company, stored):
    rows = stored(
        company,
        "SELECT p.id, p.name, m.id, m.name FROM person p JOIN person m ON m.id = p.manager_id "
        'WHERE p.id IN (SELECT owner_id FROM "transaction") ORDER BY p.id',
    )
    person, name, manager, boss = rows[0]
    other, other_name = next((row[2], row[3]) for row in rows if row[2] != manager)
    with company.workspace.action("History", kind="edit") as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO reporting (person_id, manager_id, start_date, end_date) VALUES (?1, ?2, '2020-01-01', "
            "'2026-06-30'), (?1, ?3, '2026-07-01', NULL)",
            (person, other, manager),
        )

    def above(day):
        report = forecast_nodes(company, by="manager,person", as_of=day, period=PeriodKind.QUARTER)
        return next(node.key["manager"] for node in report.nodes if node.key.get("person") == name)

    assert above(dt.date(2026, 3, 31)) == other_name
    assert above(DAY) == boss


def test_overrides_are_honoured_to_the_cent_and_the_model_is_left_alone(company, plain):
    region = next(node for node in plain.nodes if node.dimension == "region")
    period = ("2026-11-01", "2026-11-30")
    wanted = int(plain.mean[region.number, 1]) + 12345677
    fix(company, region.key, period, wanted)
    fix(company, {"region": "Atlantis"}, period, 5)
    fix(company, {}, ("2026-12-01", "2026-12-31"), 777, status="open")
    fix(company, {}, ("2026-12-01", "2026-12-31"), 888, field="own number")
    report = forecast_nodes(company, by="region,manager", as_of=DAY)
    assert (report.mean == plain.mean).all()
    assert report.adjusted[region.number, 1] == wanted
    assert sums_hold(report, report.adjusted)
    assert report.adjusted[0, 1] == report.mean[0, 1] + 12345677  # what lies beside the region stays
    assert (report.adjusted[:, 2] == report.mean[:, 2]).all()
    assert [(f.who, f.reason) for f in report.fixed] == [("Ann", "A big deal")]
    assert any("1 accepted overrides name a node or period that is not here" in note for note in report.notes)
    # Numbers that contradict each other are named.
    for node in report.nodes[1:]:
        if node.dimension == "region":
            fix(company, node.key, ("2026-10-01", "2026-10-31"), 1000)
    fix(company, {}, ("2026-10-01", "2026-10-31"), 5)
    with pytest.raises(FaultsError, match="contradict"):
        forecast_nodes(company, by="region", as_of=DAY)


def test_rows_without_a_rate_are_left_out_and_said(company, plain):
    with company.workspace.action("Francs", kind="edit") as unit:
        for number, amount in enumerate((770_000, 30_000)):
            unit.connection.exec_driver_sql(
                'INSERT INTO "transaction" (external_id, kind, booked_on, amount, currency) '
                "VALUES (?, 'booking', '2026-09-10', ?, 'CHF')",
                (f"franc {number}", amount),
            )
    report = forecast_nodes(company, by="region", as_of=DAY)
    assert report.history[0].tolist() == plain.history[0].tolist()
    told = [note for note in report.notes if "CHF" in note]
    assert len(told) == 1
    assert "Left out: 2 booked transactions of 8,000" in told[0]


def test_every_node_is_kept(company, plain, stored):
    report = plain
    rows = stored(
        company,
        "SELECT n.key, p.period_label, p.mean, p.low80 "
        "FROM forecast_point p LEFT JOIN forecast_node n ON n.id = p.node_id "
        "WHERE p.forecast_id = ? ORDER BY n.number, p.period_start",
        report.forecast_id,
    )
    assert len(rows) == len(report.nodes) * len(report.future)
    assert [row[2] for row in rows] == report.mean.ravel().tolist()
    assert [row[3] for row in rows] == report.lower[80].ravel().tolist()
    assert rows[0][0] is None
    assert json.loads(rows[-1][0]) == dict(report.nodes[-1].key)
    parents = stored(
        company, "SELECT n.number, p.number FROM forecast_node n LEFT JOIN forecast_node p ON p.id = n.parent_id "
        "WHERE n.forecast_id = ?", report.forecast_id,
    )  # fmt: skip
    assert {number: above or 0 for number, above in parents} == {n.number: n.parent for n in report.nodes[1:]}


def test_nothing_later_is_known(company):
    day = dt.date(2026, 6, 30)
    before = forecast_nodes(company, by="region", as_of=day, horizon=2)
    with company.workspace.action("Plant the future", kind="edit") as unit:
        unit.connection.exec_driver_sql("UPDATE \"transaction\" SET amount = amount * 7 WHERE booked_on > '2026-06-30'")
    after = forecast_nodes(company, by="region", as_of=day, horizon=2)
    assert (before.mean == after.mean).all()
    assert all((before.lower[level] == after.lower[level]).all() for level in before.lower)


def test_what_cannot_be_is_refused(company):
    for by, why in (("continent", "no level continent"), ("region,region", "named twice"), ("", "No level")):
        with pytest.raises(InputRefusedError, match=why):
            forecast_nodes(company, by=by)
    with pytest.raises(FaultsError):
        forecast_nodes(company, by="region", measure="amount +")
    with pytest.raises(NothingToDoError, match="payments"):
        forecast_nodes(company, by="region", source=Source.PAID)
    with pytest.raises(NothingToDoError, match="nothing dated"):
        forecast_nodes(company, by="region", as_of=dt.date(1999, 1, 1))
