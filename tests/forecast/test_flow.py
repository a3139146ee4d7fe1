"""Coverage, velocity, creation and ageing against hand counts."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.forecast.flow import AGE_EDGES, Velocity, ageing, coverage, creation, decompose, velocity
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import FiscalCalendar


def closed(*rows):
    frame = pd.DataFrame(rows, columns=["status", "amount_minor", "created_on", "close_on"])
    frame["amount_minor"] = frame["amount_minor"].astype("Int64")
    for name in ("created_on", "close_on"):
        frame[name] = pd.to_datetime(frame[name])
    return frame.assign(worth_minor=frame["amount_minor"].fillna(0).astype("int64"))


def test_coverage_and_what_is_needed():
    past = closed(("won", 100, None, None), ("lost", 300, None, None))
    found = coverage(3000, 7, target_minor=1200, won_minor=200, closed=past)
    assert (found.gap_minor, found.coverage) == (1000, 3.0)
    assert (found.value_win_rate, found.needed) == (0.25, 4.0)
    assert coverage(3000, 7, target_minor=None, won_minor=200, closed=past).coverage is None
    reached = coverage(3000, 7, target_minor=100, won_minor=200, closed=past[:0])
    assert (reached.gap_minor, reached.coverage, reached.needed, reached.value_win_rate) == (0, None, None, None)


def test_velocity_counts_the_same_deals_in_all_factors():
    found = velocity(
        closed(
            ("won", 1000, "2026-01-01", "2026-01-11"),
            ("won", 3000, "2026-01-01", "2026-01-31"),
            ("lost", None, "2026-01-01", "2026-02-10"),
            ("lost", 10, "2026-01-01", "2026-02-10"),
            ("won", 500, None, "2026-02-10"),  # no creation date
            ("won", 500, "2026-03-01", "2026-02-10"),  # closed before created
            ("won", None, "2026-01-01", "2026-02-10"),  # no amount
        )
    )
    assert (found.deals, found.won, found.won_minor, found.cycle_days) == (4, 2, 4000, 20.0)
    assert found.per_day == 200.0  # 4 deals × 50 % × 2000 ÷ 20 days
    assert math.prod(found.factors) == pytest.approx(200.0)
    assert velocity(closed(("lost", 1, "2026-01-01", "2026-02-10"))).per_day is None


def made(deals, won, value, cycle):
    return Velocity(deals, won, value, cycle, value / cycle)


def test_decomposition_by_hand():
    found = decompose(made(10, 5, 1000, 10.0), made(20, 10, 2000, 10.0)).set_index("factor")
    assert found.loc["deals", "log_change"] == pytest.approx(math.log(2))
    assert found["change_minor"].to_dict() == {"deals": 100, "win_rate": 0, "won_value": 0, "cycle": 0}
    faster = decompose(made(10, 5, 1000, 10.0), made(10, 5, 1000, 5.0)).set_index("factor")
    assert faster["change_minor"].to_dict() == {"deals": 0, "win_rate": 0, "won_value": 0, "cycle": 100}
    assert (faster.loc["cycle", "before"], faster.loc["cycle", "after"]) == (10.0, 5.0)
    assert decompose(made(10, 5, 1000, 10.0), velocity(closed())).empty


@given(
    *(st.tuples(st.integers(1, 500), st.floats(0.01, 1), st.integers(1, 10**11), st.floats(0.5, 400)) for _ in range(2))
)
def test_the_decomposition_leaves_no_rest(one, two):
    before, after = (made(n, max(1, round(n * share)), value, cycle) for n, share, value, cycle in (one, two))
    found = decompose(before, after)
    assert found["change_minor"].sum() == round(after.per_day) - round(before.per_day)
    assert found["log_change"].sum() == pytest.approx(math.log(after.per_day / before.per_day), abs=1e-9)


def test_the_real_export_has_the_velocity_of_the_oracle(shared):
    """Won value per day of cycle, closed basis, by quarter: 60,500 and 61,090 in the second and third."""
    rows = pd.read_csv(shared("crm_maven", "sales_pipeline.csv"), parse_dates=["engage_date", "close_date"])
    rows = rows[rows["deal_stage"].isin(["Won", "Lost"])]
    deals = pd.DataFrame(
        {
            "status": rows["deal_stage"].str.lower(),
            "amount_minor": (rows["close_value"] * 100).astype("Int64"),
            "created_on": rows["engage_date"],
            "close_on": rows["close_date"],
        }
    )
    expected = {"2017-Q1": 17_290, "2017-Q2": 60_500, "2017-Q3": 61_090, "2017-Q4": 56_546}
    for label, value in expected.items():
        period = FiscalCalendar().parse(label)
        inside = deals["close_on"].between(pd.Timestamp(period.start), pd.Timestamp(period.end))
        assert velocity(deals[inside]).per_day / 100 == pytest.approx(value, abs=1)


def test_creation_and_ageing():
    deals = closed(
        ("won", 100, "2026-01-10", "2026-02-01"),
        ("lost", 200, "2026-01-20", "2026-02-01"),
        ("open", 400, "2026-01-31", None),
        ("open", 800, "2026-02-01", None),
        ("open", 1600, None, None),
    )
    months = [FiscalCalendar().parse(label) for label in ("2026-01", "2026-02", "2026-03")]
    found = creation(deals, months)
    assert found["deals"].tolist() == [3, 1, 0]
    assert found["amount_minor"].tolist() == [700, 800, 0]
    assert found[["won", "lost", "open"]].to_numpy().tolist() == [[1, 1, 1], [0, 0, 1], [0, 0, 0]]
    assert found["win_rate"].tolist()[:2] == [pytest.approx(1 / 3), 0]
    waiting = deals[deals["status"] == "open"]
    ages = ageing(waiting["created_on"], waiting["worth_minor"].to_numpy(), dt.date(2026, 3, 2))
    assert ages["deals"].tolist() == [2, 0, 0, 0, 0, 0, 1]  # 30 and 29 days: both in the first class
    assert ages["amount_minor"].sum() == 2800
    assert ages["age"].iloc[-1] == "unknown"
    edges = pd.Series(pd.Timestamp("2026-03-02") - pd.to_timedelta([*AGE_EDGES, *(e + 1 for e in AGE_EDGES)], unit="D"))
    spread = ageing(edges, np.ones(len(edges), dtype=np.int64), dt.date(2026, 3, 2))
    assert spread["deals"].tolist() == [1, 2, 2, 2, 2, 1]
    with pytest.raises(InputRefusedError):
        ageing(edges, np.ones(1, dtype=np.int64), dt.date(2026, 3, 2))
