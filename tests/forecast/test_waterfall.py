"""Every deal is explained once, and what is explained is all there is."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.forecast.waterfall import COMES, LEAVES, MEANINGS, MOVEMENTS, explain
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import FiscalCalendar

A, B = dt.date(2026, 7, 31), dt.date(2026, 8, 31)
Q3 = FiscalCalendar().parse("2026-Q3")


def lines(*rows, **more):
    """Deals of a day: id, status, amount, close date; stage Proposal."""
    frame = pd.DataFrame(rows, columns=["id", "status", "amount_minor", "close_on"]).assign(stage="Proposal", **more)
    frame["amount_minor"] = frame["amount_minor"].astype("Int64")
    frame["close_on"] = pd.to_datetime(frame["close_on"])
    return frame


def fates(*rows):
    frame = pd.DataFrame(rows, columns=["id", "status", "created_on", "close_on", "amount_minor"])
    for name in ("created_on", "close_on"):
        frame[name] = pd.to_datetime(frame[name])
    frame["amount_minor"] = frame["amount_minor"].astype("Int64")
    return frame


def told(found):
    return dict(zip(found.bars["movement"], found.bars["amount_minor"], strict=True))


def test_one_deal_of_every_kind():
    before = lines(
        (1, "open", 100, "2026-09-10"),  # stays
        (2, "open", 200, "2026-09-10"),  # grows by 50
        (3, "open", 300, "2026-09-10"),  # shrinks by 30
        (4, "open", 400, "2026-08-10"),  # won, the export holds it
        (5, "open", 500, "2026-08-10"),  # lost, the export no longer holds it
        (6, "open", 600, "2026-09-10"),  # vanishes
        (7, "open", 700, "2026-09-10"),  # pushed out to the fourth quarter, and grown
        (8, "open", 800, "2026-12-10"),  # moved in from the fourth quarter
        (9, "lost", 900, "2026-07-10"),  # reopened
        (10, "open", 1000, "2026-09-10"),  # close date taken away
        (11, "open", 1100, "2026-09-10"),  # dated back before the quarter
    )
    after = lines(
        (1, "open", 100, "2026-09-20"),
        (2, "open", 250, "2026-09-10"),
        (3, "open", 270, "2026-09-10"),
        (4, "won", 390, "2026-08-12"),
        (7, "open", 777, "2026-11-10"),
        (8, "open", 850, "2026-09-30"),
        (9, "open", 900, "2026-09-30"),
        (10, "open", 1000, None),
        (11, "open", 1100, "2026-06-30"),
        (12, "open", 1200, "2026-09-01"),  # new
        (13, "open", 1300, "2026-10-01"),  # new, but not of this quarter
        (14, "open", 1400, "2026-09-30"),  # was there in spring, not on the first day
    )
    known = fates(
        (5, "lost", "2026-01-01", "2026-08-20", 0),
        (6, "open", "2026-01-01", "2026-09-10", 600),
        (15, "won", "2026-08-03", "2026-08-25", 1500),  # began and won in between
        (16, "won", "2026-05-03", "2026-06-25", 1600),  # long before
        (12, "open", "2026-08-05", "2026-09-01", 1200),
        (14, "open", "2026-02-05", "2026-09-30", 1400),
    )
    found = explain(before, after, start_day=A, end_day=B, period=Q3, fates=known, seen_earlier={14, 1})
    assert told(found) == {
        "new": 1200,
        "reopened": 900 + 1400,
        "moved in": 850,
        "grown": 50,
        "shrunk": -30,
        "pulled ahead": -1100,
        "pushed out": -700 - 1000,
        "removed": -600,
        "lost": -500,
        "won": -400,
    }
    assert found.start_minor == 100 + 200 + 300 + 400 + 500 + 600 + 700 + 1000 + 1100
    assert found.end_minor == 100 + 250 + 270 + 850 + 900 + 1200 + 1400
    assert found.start_minor + found.bars["amount_minor"].sum() == found.end_minor
    by_id = found.deals.set_index("id")
    assert by_id.loc[1, "movement"] == "unchanged"
    assert by_id.loc[4, "worth_minor"] == 390  # what it was won at
    assert by_id.loc[5, "stage_after"] == "lost"
    assert 13 not in by_id.index
    assert found.passing[["id", "movement", "amount_minor"]].to_numpy().tolist() == [[15, "won", 1500]]


def test_without_a_period_dates_move_nothing():
    found = explain(
        lines((1, "open", 100, "2026-09-10")), lines((1, "open", 100, "2027-09-10")), start_day=A, end_day=B
    )
    assert found.bars.empty
    assert found.start_minor == found.end_minor == 100


def test_who_owns_a_deal_decides_whose_pipeline_it_is_in():
    before = lines((1, "open", 100, "2026-09-10"), (2, "open", 200, "2026-09-10"), member=[True, False])
    after = lines((1, "open", 110, "2026-09-10"), (2, "open", 220, "2026-09-10"), member=[False, True])
    found = explain(before, after, start_day=A, end_day=B, period=Q3)
    assert told(found) == {"taken over": 220, "handed over": -100}


def test_exchange_rates_are_told_apart_from_growth():
    before = lines((1, "open", 1000, "2026-09-10"), (2, "open", 2000, "2026-09-10"))
    # The first grew from 1000 to 1200 while its currency fell by a tenth; nobody touched the second.
    after = lines((1, "open", 1080, "2026-09-10"), (2, "open", 1800, "2026-09-10"), constant_minor=[1200, 2000])
    found = explain(before, after, start_day=A, end_day=B, period=Q3)
    assert told(found) == {"grown": 200, "currency": -120 - 200}
    assert dict(zip(found.bars["movement"], found.bars["deals"], strict=True)) == {"grown": 1, "currency": 2}
    assert found.deals["movement"].tolist() == ["grown", "currency"]


def test_amounts_that_are_missing_count_as_nothing():
    found = explain(
        lines((1, "open", None, "2026-09-10")), lines((1, "open", 500, "2026-09-10")), start_day=A, end_day=B
    )
    assert told(found) == {"grown": 500}


def test_bad_input_is_named():
    good = lines((1, "open", 100, "2026-09-10"))
    with pytest.raises(InputRefusedError, match="1 deals stand twice in the pipeline of the second day"):
        explain(good, pd.concat([good, good]), start_day=A, end_day=B)
    with pytest.raises(InputRefusedError, match="lies before"):
        explain(good, good, start_day=B, end_day=A)
    with pytest.raises(InputRefusedError, match="lacks the columns stage"):
        explain(good.drop(columns="stage"), good, start_day=A, end_day=B)


def test_every_movement_has_a_meaning():
    assert MOVEMENTS.keys() == MEANINGS.keys()


def day_of(rng):
    """A day's pipeline of up to 12 of 15 deals."""
    ids = rng.permutation(np.arange(1, 16))[: rng.integers(0, 13)]
    n = len(ids)
    dates = [None, "2026-06-30", "2026-07-01", "2026-08-15", "2026-09-30", "2026-10-01"]
    amounts = [None if rng.random() < 0.1 else int(a) for a in rng.integers(-(10**12), 10**12, n)]
    status = rng.choice(["open", "open", "open", "won", "lost"], n)
    made = lines(*zip(ids, status, amounts, rng.choice(dates, n), strict=True))
    made["member"] = rng.random(n) < 0.7
    # Some deals keep their amount, in their own currency and in any.
    made["constant_minor"] = made["amount_minor"].where(rng.random(n) < 0.5, rng.integers(-(10**12), 10**12, n))
    return made


def total(day, period):
    """The pipeline counted apart from the code under test."""
    rows = [
        row
        for row in day.to_dict("records")
        if row["status"] == "open"
        and row["member"]
        and (period is None or (pd.notna(row["close_on"]) and row["close_on"].date() in period))
    ]
    return sum(0 if pd.isna(row["amount_minor"]) else row["amount_minor"] for row in rows)


@given(st.integers(0, 2**32), st.sampled_from([None, Q3]))
def test_the_bars_always_sum_to_the_difference(seed, period):
    rng = np.random.default_rng(seed)
    before, after = day_of(rng), day_of(rng)
    known = fates(
        *(
            (
                i,
                rng.choice(["open", "won", "lost"]),
                rng.choice([None, "2026-01-01", "2026-08-01"]),
                rng.choice([None, "2026-08-10", "2026-12-01"]),
                None if rng.random() < 0.2 else int(rng.integers(0, 10**9)),
            )
            for i in range(1, 16)
        )
    )
    earlier = set(np.flatnonzero(rng.random(16) < 0.3).tolist())
    found = explain(before, after, start_day=A, end_day=B, period=period, fates=known, seen_earlier=earlier)
    assert found.start_minor == total(before, period)
    assert found.end_minor == total(after, period)
    assert found.start_minor + found.bars["amount_minor"].sum() == found.end_minor
    assert found.deals["id"].is_unique  # each deal explained once
    assert found.deals["change_minor"].sum() == found.end_minor - found.start_minor
    assert set(found.deals["movement"]) <= {*MOVEMENTS, "unchanged"}
    for movement, amount in zip(found.bars["movement"], found.bars["amount_minor"], strict=True):
        if movement in LEAVES:
            assert (found.deals.loc[found.deals["movement"] == movement, "after_minor"] == 0).all()
        if movement in COMES:
            assert (found.deals.loc[found.deals["movement"] == movement, "before_minor"] == 0).all()
        if movement == "grown":
            assert amount > 0
        if movement == "shrunk":
            assert amount < 0
    assert not np.isin(found.passing["id"], found.deals["id"]).any()
