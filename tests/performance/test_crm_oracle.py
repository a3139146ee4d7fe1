"""The KPIs of a real CRM export against figures computed independently (kpi_oracle.json)."""

import datetime as dt
import functools
import json

import pandas as pd
import pytest

from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.performance import Frames, kpi

AS_OF = dt.date(2017, 12, 31)
CALENDAR = FiscalCalendar()
MONTHS = CALENDAR.months(2017)
QUARTERS = CALENDAR.quarters(2017)
GROUPS = {
    "owner": "by_sales_agent",
    "manager": "by_manager",
    "region": "by_regional_office",
    "product": "by_product",
    "family": "by_series",
    "industry": "by_sector",
}
NOT_GIVEN = "(not given)"


@functools.cache
def frames_of(folder):
    """The four csv files as the engine wants them; product names mended as the oracle's definitions say."""
    deals = pd.read_csv(folder / "sales_pipeline.csv")
    deals["product"] = deals["product"].replace("GTXPro", "GTX Pro")
    deals = deals.merge(pd.read_csv(folder / "products.csv"), how="left", on="product")
    deals = deals.merge(pd.read_csv(folder / "sales_teams.csv"), how="left", on="sales_agent")
    deals = deals.merge(pd.read_csv(folder / "accounts.csv"), how="left", on="account")
    status = deals["deal_stage"].map({"Won": "won", "Lost": "lost", "Engaging": "open", "Prospecting": "open"})
    return Frames(
        opportunities=pd.DataFrame(
            {
                "id": range(1, len(deals) + 1),
                "stage": deals["deal_stage"],
                "status": status,
                "amount_minor": (deals["close_value"] * 100).round().astype("Int64"),
                "list_price_minor": (deals["sales_price"] * 100).round().astype("Int64"),
                "created_on": pd.to_datetime(deals["engage_date"]),
                "close_on": pd.to_datetime(deals["close_date"]),
                "owner": deals["sales_agent"],
                "manager": deals["manager"],
                "region": deals["regional_office"],
                "product": deals["product"],
                "family": deals["series"],
                "industry": deals["sector"],
            }
        )
    )


@pytest.fixture
def oracle(shared):
    return json.loads(shared("crm_maven", "kpi_oracle.json").read_text("utf-8"))


@pytest.fixture
def frames(shared):
    return frames_of(shared("crm_maven", "sales_pipeline.csv").parent)


def near(expected):
    return pytest.approx(expected, rel=1e-12, abs=1e-9)


def check_closed(win, cycle, expected):
    """One slice's figures on closed deals."""
    assert win.details["won"] == expected["won"]
    assert win.details["lost"] == expected["lost"]
    assert win.value == near(expected["win_rate_count"])
    assert win.details["by_list_value"] == near(expected["win_rate_value_listprice"])
    assert win.details["won_value"] == expected["won_value"] * 100
    assert win.details["avg_won_value"] == near(expected["avg_won_value"] * 100)
    assert win.details["median_won_value"] == near(expected["median_won_value"] * 100)
    assert win.details["discount_vs_list"] == near(expected["discount_vs_list"])
    assert cycle.value == near(expected["cycle_days_won_mean"])
    assert cycle.details["won_median"] == expected["cycle_days_won_median"]
    assert cycle.details["closed_mean"] == near(expected["cycle_days_closed_mean"])
    assert cycle.details["closed_median"] == expected["cycle_days_closed_median"]
    assert cycle.details["lost_mean"] == near(expected["cycle_days_lost_mean"])


def test_overall(frames, oracle):
    expected = oracle["overall"]
    win = kpi("win_rate", frames, QUARTERS, AS_OF).overall
    cycle = kpi("cycle_time", frames, QUARTERS, AS_OF).overall
    check_closed(win, cycle, expected)
    pipeline = kpi("weighted_pipeline", frames, QUARTERS, AS_OF).overall
    assert pipeline.details["open_list_value"] == expected["open_pipeline_list_value"] * 100
    assert pipeline.details["dated_list_value"] == expected["open_engaging_list_value"] * 100
    assert pipeline.details["open_count"] == expected["engaging"] + expected["prospecting"]
    assert win.denominator + pipeline.details["open_count"] == expected["opportunities"]


@pytest.mark.parametrize("group_by", GROUPS)
def test_groups(frames, oracle, group_by):
    expected = oracle[GROUPS[group_by]]
    win = {g.label: g.overall for g in kpi("win_rate", frames, QUARTERS, AS_OF, group_by).groups}
    cycle = {g.label: g.overall for g in kpi("cycle_time", frames, QUARTERS, AS_OF, group_by).groups}
    pipeline = {g.label: g.overall for g in kpi("weighted_pipeline", frames, QUARTERS, AS_OF, group_by).groups}
    assert set(win) - {NOT_GIVEN} == set(expected)
    for label, figures in expected.items():
        check_closed(win[label], cycle[label], figures)
        assert pipeline[label].details["open_list_value"] == figures["open_pipeline_list_value"] * 100
        assert pipeline[label].details["dated_list_value"] == figures["open_engaging_list_value"] * 100


def test_close_months(frames, oracle):
    win = kpi("win_rate", frames, MONTHS, AS_OF).by_period
    cycle = kpi("cycle_time", frames, MONTHS, AS_OF).by_period
    for month, rate, days in zip(MONTHS, win, cycle, strict=True):
        expected = oracle["by_close_month"].get(month.label)
        if expected is None:
            assert rate.value is None
            assert "no opportunity was closed" in rate.reason
        else:
            check_closed(rate, days, expected)


def test_close_quarters_and_velocity(frames, oracle):
    results = [kpi(name, frames, QUARTERS, AS_OF) for name in ("win_rate", "cycle_time", "pipeline_efficiency")]
    for i, quarter in enumerate(QUARTERS):
        expected = oracle["by_close_quarter"][quarter.label.replace("-", "")]
        win, cycle, velocity = (result.by_period[i] for result in results)
        check_closed(win, cycle, expected)
        if "velocity_per_day_closed_basis" in expected:
            assert velocity.details["closed_basis"] == near(expected["velocity_per_day_closed_basis"] * 100)


def test_managers_by_quarter(frames, oracle):
    win = {g.label: g.by_period for g in kpi("win_rate", frames, QUARTERS, AS_OF, "manager").groups}
    for key, expected in oracle["by_manager_close_quarter"].items():
        manager, quarter = key.split("|")
        figure = win[manager][int(quarter[-1]) - 1]
        assert (figure.numerator, figure.denominator) == (expected["won"], expected["won"] + expected["lost"])
        assert figure.details["won_value"] == expected["won_value"] * 100


def test_open_pipeline_at_month_ends(frames, oracle):
    figures = kpi("weighted_pipeline", frames, MONTHS, AS_OF).by_period
    for month, figure in zip(MONTHS, figures, strict=True):
        expected = oracle["snapshots_month_end"].get(month.end.isoformat())
        if expected is not None:
            assert figure.details["dated_count"] == expected["open"]
            assert figure.details["dated_list_value"] == expected["open_list_value"] * 100
            assert figure.details["mean_age_days"] == near(expected["mean_age_days"])


def test_rows_behind_a_figure_recompute_it(frames):
    win = kpi("win_rate", frames, QUARTERS, AS_OF, "manager")
    deals = frames.opportunities.set_index("id")
    for group in win.groups:
        behind = deals.loc[group.overall.ids]
        assert (behind["status"] == "won").sum() == group.overall.numerator
        assert set(behind["manager"]) == {group.label}
