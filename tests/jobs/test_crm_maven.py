"""A real CRM export, imported with no hand editing: the KPIs equal the independent oracle."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.imports import import_files
from salesops_desktop.jobs.kpis import kpis
from salesops_desktop.jobs.workspaces import new, opened
from salesops_desktop.model.periods import PeriodKind
from tests.conftest import shared_data

FILES = ("sales_pipeline.csv", "accounts.csv", "products.csv", "sales_teams.csv")  # on purpose not in order
AS_OF = dt.date(2017, 12, 31)


@pytest.fixture(scope="module")
def maven(tmp_path_factory):
    files = [shared_data("crm_maven", name) for name in FILES]
    path = tmp_path_factory.mktemp("maven") / "maven.salesops"
    new(JobContext(), path)
    with opened(path) as context:
        report = import_files(context, files, as_of=AS_OF, accept_matches=True)
        yield context, report


@pytest.fixture(scope="module")
def oracle():
    return json.loads(shared_data("crm_maven", "kpi_oracle.json").read_text("utf-8"))


def test_every_row_arrives(maven):
    _, report = maven
    assert {o.entity: (o.rows, o.new, o.rejected) for o in report.outcomes} == {
        "product": (7, 7, 0),
        "person": (35, 35, 0),
        "account": (85, 85, 0),
        "opportunity": (8800, 8800, 0),
    }
    assert [name for kind, name in report.created if kind == "person"] == [
        "Cara Losch",
        "Celia Rouche",
        "Dustin Brinkmann",
        "Melvin Marxen",
        "Rocco Neubert",
        "Summer Sewald",
    ]
    (taken,) = report.taken
    assert (taken.text, taken.candidate, taken.rows) == ("GTXPro", "GTX Pro", 1480)


def test_opportunities_without_account_or_dates_are_there(maven):
    context, _ = maven
    with context.workspace.read() as connection:
        count = connection.exec_driver_sql(
            "SELECT sum(account_id IS NULL), sum(created_on IS NULL), sum(close_on IS NULL), sum(product_id IS NULL) "
            "FROM opportunity"
        ).one()
    assert tuple(count) == (1425, 500, 2089, 0)


def overall(report, kpi_id):
    return report.result(kpi_id).overall


def test_kpis_equal_the_oracle(maven, oracle):
    context, _ = maven
    report = kpis(context, period=PeriodKind.QUARTER, as_of=AS_OF)
    want = oracle["overall"]
    win = overall(report, "win_rate")
    assert win.value == pytest.approx(want["win_rate_count"], abs=1e-12)
    assert (win.numerator, win.denominator) == (want["won"], want["won"] + want["lost"])
    cycle = overall(report, "cycle_time")
    assert cycle.value == pytest.approx(want["cycle_days_won_mean"], abs=1e-9)
    details = {**win.details, **cycle.details, **overall(report, "weighted_pipeline").details}
    assert details["by_list_value"] == pytest.approx(want["win_rate_value_listprice"], abs=1e-12)
    assert details["discount_vs_list"] == pytest.approx(want["discount_vs_list"], abs=1e-12)
    money = {"won_value": "won_value", "avg_won_value": "avg_won_value", "median_won_value": "median_won_value"}
    for ours, theirs in {**money, "open_list_value": "open_pipeline_list_value"}.items():
        assert details[ours] / 100 == pytest.approx(want[theirs], abs=1e-6), ours
    days = {"won_median": "won_median", "closed_mean": "closed_mean", "lost_mean": "lost_mean"}
    for ours, theirs in days.items():
        assert details[ours] == pytest.approx(want[f"cycle_days_{theirs}"], abs=1e-9), ours


@pytest.mark.parametrize(
    ("by", "part"),
    [
        ("owner", "by_sales_agent"),
        ("manager", "by_manager"),
        ("region", "by_regional_office"),
        ("product", "by_product"),
        ("family", "by_series"),
        ("industry", "by_sector"),
    ],
)
def test_kpis_by_group_equal_the_oracle(maven, oracle, by, part):
    context, _ = maven
    report = kpis(context, period=PeriodKind.QUARTER, as_of=AS_OF, by=by)
    wins = {g.label: g.overall for g in report.result("win_rate").groups}
    cycles = {g.label: g.overall for g in report.result("cycle_time").groups}
    checked = 0
    for name, want in oracle[part].items():
        if name not in wins:
            continue
        assert wins[name].value == pytest.approx(want["win_rate_count"], abs=1e-12)
        assert cycles[name].value == pytest.approx(want["cycle_days_won_mean"], abs=1e-9)
        checked += 1
    assert checked >= len(oracle[part]) - 1


def test_kpis_by_period_equal_the_oracle(maven, oracle):
    context, _ = maven
    report = kpis(context, period=PeriodKind.MONTH, as_of=AS_OF)
    values = {p.label: f for p, f in zip(report.periods, report.result("win_rate").by_period, strict=True)}
    for month, want in oracle["by_close_month"].items():
        assert values[month].value == pytest.approx(want["win_rate_count"], abs=1e-12)


def test_the_same_files_again_change_nothing(maven):
    context, _ = maven
    before = context.workspace.check().content
    report = import_files(context, [shared_data("crm_maven", name) for name in FILES])
    assert not report.changes_anything
    assert report.action_id is None
    assert context.workspace.check().content == before
