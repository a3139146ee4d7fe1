"""Pushes, slippage, stage conversion and stale deals against hand counts."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from salesops_desktop.forecast.deal_history import pushes, slippage, stage_conversion, stage_order, stale_deals
from salesops_desktop.model.periods import FiscalCalendar

Q1, Q2 = (FiscalCalendar().parse(label) for label in ("2026-Q1", "2026-Q2"))
DAY = dt.date(2026, 6, 30)


def lines(*rows):
    frame = pd.DataFrame(rows, columns=["opportunity", "taken_on", "stage", "amount_minor", "close_on"])
    frame["taken_on"], frame["close_on"] = pd.to_datetime(frame["taken_on"]), pd.to_datetime(frame["close_on"])
    frame["amount_minor"] = frame["amount_minor"].astype("Int64")
    return frame.assign(status="open")


def outcomes(*rows):
    frame = pd.DataFrame(rows, columns=["id", "status", "close_on"])
    return frame.assign(close_on=pd.to_datetime(frame["close_on"]))


def test_pushes_are_counted_by_calendar_month():
    found = pushes(
        lines(
            (1, "2026-03-31", "B", 1, "2026-05-10"),  # out of order on purpose
            (1, "2026-01-31", "A", 1, "2026-03-10"),
            (1, "2026-02-28", "A", 1, "2026-03-25"),  # later, in the same month: no push
            (1, "2026-04-30", "B", 1, "2026-04-30"),  # pulled ahead
            (2, "2026-01-31", "A", 1, None),
            (2, "2026-02-28", "A", 1, "2026-09-10"),  # a first date is no push
            (3, "2026-02-28", "A", 1, "2026-12-10"),
        )
    )
    assert found.loc[1].to_dict() == {"pushes": 1, "days_pushed": 15 + 46, "seen": 4}
    assert found["pushes"].to_dict() == {1: 1, 2: 0, 3: 0}
    assert pushes(lines()).empty


def test_slippage_of_a_quarter():
    taken = lines(
        (1, "2025-12-31", "A", 100, "2026-02-10"),  # won in time
        (2, "2025-12-31", "A", 200, "2026-03-10"),  # won in May
        (3, "2025-12-31", "A", 300, "2026-03-20"),  # still open, dated to June
        (4, "2025-12-31", "A", 400, "2026-03-30"),  # still open, nobody touched the date
        (5, "2025-12-31", "A", 500, "2026-04-10"),  # not expected in the quarter
        (6, "2026-01-31", "A", 600, "2026-03-10"),  # not in the first snapshot
        (7, "2025-12-31", "A", 700, "2026-03-30"),  # lost in time
    )
    known = outcomes(
        (1, "won", "2026-02-20"),
        (2, "won", "2026-05-10"),
        (3, "open", "2026-06-20"),
        (4, "open", "2026-03-30"),
        (5, "won", "2026-03-01"),
        (6, "open", "2026-12-01"),
        (7, "lost", "2026-03-01"),
    )
    (found,) = slippage(taken, known, [Q1, Q2])  # no snapshot near the start of the second quarter
    assert (found.taken_on, found.deals, found.expected_minor) == (dt.date(2025, 12, 31), 5, 1700)
    assert (found.slipped, found.slipped_minor, found.won_minor) == (3, 900, 100)
    assert found.median_days == np.median([61, 92])
    assert found.ids.tolist() == [2, 3, 4]


STAGES = lines(
    (1, "2026-01-31", "Qualify", 1, None),
    (1, "2026-02-28", "Propose", 1, None),  # won in March
    (2, "2026-01-31", "Qualify", 1, None),
    (2, "2026-02-28", "Close", 1, None),  # skipped a stage
    (2, "2026-03-31", "Qualify", 1, None),  # went back, lost in April
    (3, "2026-02-28", "Qualify", 1, None),  # lost
    (4, "2026-02-28", "Propose", 1, None),  # still open
)
KNOWN = outcomes((1, "won", "2026-03-20"), (2, "lost", "2026-04-10"), (3, "lost", "2026-03-10"), (4, "open", None))


def test_stage_conversion_handles_skips_ways_back_and_open_deals():
    found = stage_conversion(STAGES, KNOWN, ["Qualify", "Propose", "Close"], day=DAY).set_index("stage")
    assert found["reached"].tolist() == [4, 3, 2]
    assert found["went_on"].tolist() == [3, 2, 1]
    assert found["lost"].tolist() == [1, 0, 1]
    assert found["open"].tolist() == [0, 1, 0]
    assert found["skipped"].tolist() == [1, 1, 1]
    assert found["rate"].tolist() == [0.75, 1.0, 0.5]
    assert found["rate_of_all"].tolist() == pytest.approx([0.75, 2 / 3, 0.5])
    assert found["won"].tolist() == [1, 1, 1]
    assert found.loc["Qualify", "median_days"] == 28
    assert found.loc["Propose", "median_days"] == 20  # from the end of February to the win
    late = stage_conversion(STAGES, KNOWN, ["Qualify", "Propose", "Close"], day=DAY, since=dt.date(2026, 2, 1))
    assert late["reached"].tolist() == [2, 1, 0]


def test_stage_conversion_knows_nothing_of_later_days():
    early = stage_conversion(STAGES, KNOWN, ["Qualify", "Propose", "Close"], day=dt.date(2026, 3, 15))
    planted = KNOWN.assign(status="won", close_on=KNOWN["close_on"].where(KNOWN["id"] == 3, "2026-06-01"))
    planted.loc[planted["id"] == 3, "status"] = "lost"
    again = stage_conversion(STAGES, planted, ["Qualify", "Propose", "Close"], day=dt.date(2026, 3, 15))
    pd.testing.assert_frame_equal(early, again)
    assert early["open"].tolist() == [0, 2, 1]
    assert early["lost"].tolist() == [1, 0, 0]


def test_stages_are_ordered_by_probability_or_by_the_way_deals_took():
    through = pd.concat([STAGES, lines((4, "2026-03-31", "Close", 1, None), (4, "2026-04-30", "Propose", 1, None))])
    assert stage_order(through) == ["Qualify", "Propose", "Close"]
    ppm = STAGES["stage"].map({"Qualify": 700_000, "Propose": 500_000, "Close": 900_000})
    assert stage_order(STAGES.assign(probability=ppm)) == ["Propose", "Qualify", "Close"]


def test_stale_deals_say_why():
    won = pd.DataFrame({"status": "won", "created_on": pd.Timestamp("2026-01-01")}, index=range(40))
    won["close_on"] = won["created_on"] + pd.to_timedelta([30] * 38 + [60, 100], unit="D")
    deals = pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "created_on": pd.to_datetime(["2026-06-01", "2026-04-21", "2026-01-01", None]),
            "close_on": pd.to_datetime(["2026-08-01", "2026-06-20", "2026-08-01", None]),
        }
    )
    taken = lines(
        (3, "2026-01-31", "A", 5, "2026-04-01"),
        (3, "2026-02-28", "A", 5, "2026-05-01"),
        (3, "2026-03-31", "A", 5, "2026-06-01"),
        (3, "2026-04-30", "A", 5, "2026-07-01"),
        (4, "2026-02-28", "A", None, None),
        (4, "2026-05-31", "A", None, None),
    )
    found = stale_deals(deals, won, taken, day=DAY)
    assert (found.limit_days, found.oldest_days) == (30, 100)
    assert found.reasons.tolist() == [
        "",
        "70 days old, 95% of won deals took at most 30; close date gone by 10 days ago",
        "180 days old, no deal was ever won after 100; pushed 3 times",
        "nothing changed for 122 days",
    ]
    few = stale_deals(deals, won[:5], None, day=DAY)
    assert few.limit_days is None
    assert few.reasons.tolist() == ["", "close date gone by 10 days ago", "", ""]
