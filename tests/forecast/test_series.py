import datetime as dt

import numpy as np
import pytest

from salesops_desktop.forecast import build_series
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.periods import CalendarPattern, FiscalCalendar, PeriodKind

DATES = ["2026-01-05", "2026-01-31", "2026-03-01", "2026-04-10", None, "2026-05-01"]
AMOUNTS = [100, 50, 7, 30, 999, 999]


def test_sums_by_month_and_says_what_was_left_out():
    series = build_series(DATES, AMOUNTS, as_of=dt.date(2026, 4, 15))
    assert [p.label for p in series.periods] == ["2026-01", "2026-02", "2026-03"]
    assert series.values.tolist() == [150, 0, 7]
    assert series.partial is not None
    assert (series.partial[0].label, series.partial[1]) == ("2026-04", 30)
    assert series.season == 12
    assert series.notes == (
        "1 rows have no date: left out.",
        "1 rows are dated after 2026-04-15: left out.",
        "2026-04 is not over on 2026-04-15: left out of the history.",
        "1 of 3 periods hold no amount: counted as zero.",
    )


def test_the_last_day_of_a_period_completes_it():
    series = build_series(DATES, AMOUNTS, as_of=dt.date(2026, 4, 30))
    assert series.values.tolist() == [150, 0, 7, 30]
    assert series.partial is None


def test_large_money_is_summed_exactly():
    big = 9_007_199_254_740_992  # 2**53: one more would be lost in floats
    series = build_series(["2026-01-01"] * 3, np.array([big, 1, -big], dtype=np.int64), as_of=dt.date(2026, 1, 31))
    assert series.values.tolist() == [1]


def test_fiscal_weeks_and_quarters():
    calendar = FiscalCalendar(start_month=2, pattern=CalendarPattern.WEEKS_445)
    series = build_series(
        ["2026-02-01", "2026-05-03"], [1.5, 2.5], as_of=dt.date(2026, 8, 1), calendar=calendar, kind=PeriodKind.QUARTER
    )
    assert series.values.tolist() == [1.5, 2.5]
    assert series.periods[0].days == 91
    assert series.season == 4


def test_a_start_before_the_first_amount_counts_as_zero():
    series = build_series(["2026-02-01", "2025-01-01"], [5, 6], as_of=dt.date(2026, 2, 28), first=dt.date(2025, 12, 1))
    assert series.values.tolist() == [0, 0, 5]
    assert "1 rows are dated before 2025-12-01: left out." in series.notes


@pytest.mark.parametrize("dates", [[], [None], ["2026-04-02"]])
def test_nothing_to_sum_is_a_sentence(dates):
    with pytest.raises(NothingToDoError, match=r"(no dated amount|No month is complete)"):
        build_series(np.array(dates, dtype="datetime64[D]"), [1] * len(dates), as_of=dt.date(2026, 4, 15))
