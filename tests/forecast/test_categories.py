"""Categories add up, and their past conversion is what a hand count gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_desktop.forecast.categories import conversions, fill_categories, roll_up
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import FiscalCalendar

CALENDAR = FiscalCalendar()
Q1, Q2 = CALENDAR.parse("2026-Q1"), CALENDAR.parse("2026-Q2")


def test_stated_categories_stand_and_others_follow_the_probability():
    stated = pd.Series(["commit", None, None, None, None, None, "closed"], dtype=object)
    ppm = pd.Series([0, 800_000, 799_999, 500_000, 1, 0, None], dtype="Int64")
    found, derived = fill_categories(stated, ppm)
    assert found.tolist() == ["commit", "commit", "best case", "best case", "pipeline", "omitted", "pipeline"]
    assert derived.tolist() == [False] + [True] * 6
    moved, _ = fill_categories(stated, ppm, commit_from=900_000, best_case_from=600_000)
    assert moved.tolist() == ["commit", "best case", "best case", "pipeline", "pipeline", "omitted", "pipeline"]
    with pytest.raises(InputRefusedError, match="not in order"):
        fill_categories(stated, ppm, commit_from=400_000)


def test_rollups_add_the_surer_ones_and_what_is_won():
    category = np.array(["commit", "pipeline", "best case", "omitted", "commit"], dtype=object)
    found = roll_up(category, np.array([100, 1000, 10, 7, 200]), 5000)
    assert found["deals"].tolist() == [2, 1, 1, 1]
    assert found["amount_minor"].tolist() == [300, 10, 1000, 7]
    assert found["cumulative_minor"].tolist() == [5300, 5310, 6310, 6310]


def snapshot(day, *rows):
    frame = pd.DataFrame(rows, columns=["opportunity", "category", "amount_minor", "close_on"])
    return frame.assign(taken_on=pd.Timestamp(day), status="open", close_on=pd.to_datetime(frame["close_on"]))


OUTCOMES = pd.DataFrame(
    {
        "id": [1, 2, 3, 4, 5],
        "status": ["won", "won", "lost", "open", "won"],
        "close_on": pd.to_datetime(["2026-03-20", "2026-04-02", "2026-03-01", "2026-06-10", "2026-06-01"]),
        "amount_minor": pd.array([90, 200, 0, 400, 500], dtype="Int64"),
    }
)


def test_conversion_counts_what_was_won_within_the_period():
    lines = pd.concat(
        [
            snapshot("2026-02-02", (1, "commit", 77, "2026-03-31")),  # same week as the next: does not count
            snapshot(
                "2026-02-03",
                (1, "commit", 100, "2026-03-31"),
                (2, "commit", 200, "2026-03-31"),  # won, but in April
                (3, "best case", 300, "2026-03-15"),
                (5, "commit", 500, "2026-06-30"),  # due in the next quarter
            ),
            snapshot("2026-05-05", (4, "commit", 400, "2026-06-30"), (5, "commit", 450, "2026-06-30")),
        ]
    )
    found = conversions(lines, OUTCOMES, [Q1, Q2])
    rows = found.weeks.set_index(["category", "week"])
    both = rows.loc[("commit", 5)]  # day 34 is in the fifth week of either quarter
    assert (both["periods"], both["deals"], both["won_deals"]) == (2, 4, 2)
    assert (both["expected_minor"], both["won_minor"]) == (100 + 200 + 400 + 450, 90 + 500)
    assert both["rate"] == pytest.approx(590 / 1150)
    assert both["count_rate"] == 0.5
    assert bool(both["thin"])
    assert rows.loc[("best case", 5), "rate"] == 0
    assert found.periods == (Q1, Q2)
    assert found.at("commit", 9)["week"] == 5
    assert found.at("pipeline", 5) is None


def test_conversion_by_person_and_without_history():
    lines = snapshot("2026-02-03", (1, "commit", 100, "2026-03-31"), (3, "commit", 300, "2026-03-31"))
    found = conversions(lines.assign(group=["Ann", "Bob"]), OUTCOMES, [Q1]).by_group
    assert dict(zip(found["group"], found["rate"], strict=True)) == {"Ann": 0.9, "Bob": 0.0}
    nothing = conversions(lines, OUTCOMES, [Q2])
    assert nothing.weeks.empty
    assert nothing.by_group.empty
    assert nothing.periods == ()


def test_what_happens_after_a_period_changes_nothing():
    lines = snapshot("2026-02-03", (1, "commit", 100, "2026-03-31"), (4, "commit", 400, "2026-03-31"))
    planted = OUTCOMES.assign(status="won", close_on=OUTCOMES["close_on"].where(OUTCOMES["id"] == 1, "2026-04-01"))
    one, two = (conversions(lines, outcome, [Q1]).weeks for outcome in (OUTCOMES, planted))
    pd.testing.assert_frame_equal(one, two)
