"""KPIs on frames small enough to compute by hand, and what must hold on any frame."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.performance import GROUPS, KPIS, Frames, all_kpis, kpi

CALENDAR = FiscalCalendar()
JANUARY, FEBRUARY, MARCH = CALENDAR.months(2026)[:3]
AS_OF = dt.date(2026, 3, 31)


def opportunities(*rows):
    """Rows of (status, amount, list price, created, closed, owner)."""
    frame = pd.DataFrame(
        rows, columns=["status", "amount_minor", "list_price_minor", "created_on", "close_on", "owner"]
    )
    frame.insert(0, "id", range(1, len(frame) + 1))
    frame["created_on"], frame["close_on"] = pd.to_datetime(frame["created_on"]), pd.to_datetime(frame["close_on"])
    frame["amount_minor"] = frame["amount_minor"].astype("Int64")
    frame["manager"] = frame["owner"].map({"Ann": "Mia", "Ben": "Mia", "Cem": "Noa"})
    return frame


@pytest.fixture
def deals():
    return opportunities(
        ("won", 1000_00, 1000_00, "2026-01-01", "2026-01-11", "Ann"),
        ("won", 3000_00, 4000_00, "2026-01-01", "2026-02-10", "Ann"),
        ("lost", 0, 2000_00, "2026-01-05", "2026-02-04", "Ben"),
        ("won", 2000_00, 2000_00, "2026-02-01", "2026-02-11", "Cem"),
        ("open", None, 5000_00, "2026-02-20", None, "Ben"),
        ("open", 800_00, 1000_00, "2026-03-01", "2026-04-30", "Cem"),
    )


def test_win_rate_and_its_variants(deals):
    result = kpi("win_rate", Frames(deals), [JANUARY, FEBRUARY, MARCH], AS_OF)
    assert [f.value for f in result.by_period] == [1.0, pytest.approx(2 / 3), None]
    assert "no opportunity was closed in it" in result.by_period[2].reason
    february = result.by_period[1]
    assert february.ids.tolist() == [2, 3, 4]
    assert february.details == {
        "won": 2,
        "lost": 1,
        "by_list_value": pytest.approx(6000 / 8000),
        "won_value": 5000_00,
        "avg_won_value": 2500_00,
        "median_won_value": 2500_00,
        "discount_vs_list": pytest.approx(1 - 5000 / 6000),
    }
    assert (result.overall.numerator, result.overall.denominator) == (3, 4)


def test_nothing_after_the_day_of_knowledge_counts(deals):
    early = kpi("win_rate", Frames(deals), [JANUARY, FEBRUARY], dt.date(2026, 2, 10))
    assert early.overall.ids.tolist() == [1, 2, 3]


def test_cycle_time_leaves_out_and_names_impossible_dates(deals):
    wrong = pd.concat([deals, opportunities(("won", 1, 1, "2026-02-20", "2026-02-01", "Ann")).assign(id=7)])
    figure = kpi("cycle_time", Frames(wrong), [FEBRUARY], AS_OF).overall
    assert (figure.numerator, figure.denominator, figure.value) == (50, 2, 25.0)
    assert figure.details["lost_mean"] == 30
    assert figure.details["closed_median"] == 30
    assert figure.notes == ("1 won opportunities were closed before they were created: left out.",)


def test_the_median_with_open_deals_sees_an_ageing_pipeline():
    closed = [("won", 1, 1, "2026-02-01", f"2026-02-{1 + age:02d}", "Ann") for age in range(1, 12)]
    waiting = [("open", 1, 1, "2026-02-01", None, "Ann")] * 15
    late = [("open", 1, 1, "2026-03-05", None, "Ann"), ("lost", 1, 1, "2026-01-10", "2026-01-20", "Ann")]

    def median(*rows):
        return kpi("cycle_time", Frames(opportunities(*rows)), [FEBRUARY], AS_OF).overall.details["median_with_open"]

    assert median(*closed, *late) == 6  # all of them close: the sixth of eleven
    assert median(*closed, *waiting, *late) is None  # eleven of 26 closed: fewer than half ever seen to close
    assert median(*closed, *waiting[:10], *late) == 11  # the eleventh of 21
    assert median(*closed[:9], *late) is None  # too few closings


def test_deals_from_before_the_period_are_watched_from_its_start():
    """Ten young deals that close at 5 days; ten old ones that enter the watch at 31 days and close at 36."""
    young = [("won", 1, 1, "2026-02-03", "2026-02-08", "Ann")] * 10 + [("open", 1, 1, "2026-02-20", None, "Ann")] * 10
    old = [("won", 1, 1, "2026-01-01", "2026-02-06", "Ann")] * 10
    figure = kpi("cycle_time", Frames(opportunities(*young, *old)), [FEBRUARY], AS_OF).overall
    # at 5 days 20 are watched and 10 close; the old ones are not yet under watch at that age
    assert figure.details["median_with_open"] == 5


def test_target_achievement_by_days_and_without_roll_ups(deals):
    quotas = pd.DataFrame(
        {
            "id": [1, 2, 3, 4, 5],
            "owner": ["Ann", "Ben", "Mia", "Ann", "Oz"],
            "manager": ["Mia", "Mia", "Zoe", "Mia", "Mia"],
            "role": ["rep", "rep", "manager", "rep", "overlay"],
            "measure": ["bookings", "bookings", "bookings", "units", "bookings"],
            "period_start": pd.to_datetime(["2026-01-01", *["2026-02-01"] * 4]),
            "period_end": pd.to_datetime(["2026-03-31", *["2026-02-28"] * 4]),
            "amount_minor": [9000_00, 1000_00, 99_000_00, 7, 5000_00],
        }
    )
    result = kpi("target_achievement", Frames(deals, quotas), [FEBRUARY], AS_OF, "owner")
    ann = 9000_00 * 28 // 90  # 28 of 90 days
    assert result.overall.denominator == ann + 1000_00
    assert result.overall.numerator == 5000_00
    assert result.overall.details["people_at_target"] == 0.5
    assert any("not counted 1 of managers, 1 of overlays." in n for n in result.overall.notes)
    assert any("1 person won deals without a quota" in n for n in result.overall.notes)
    by_owner = {g.label: g.overall for g in result.groups}
    assert by_owner["Ann"].value == pytest.approx(3000_00 / ann)
    assert by_owner["Cem"].value is None
    by_product = kpi("target_achievement", Frames(deals.assign(product="X"), quotas), [FEBRUARY], AS_OF, "product")
    assert "quotas are not set by product" in by_product.groups[0].overall.reason


def test_weighted_pipeline_stands_in_for_what_is_missing(deals):
    stated = deals.assign(probability=pd.array([None] * 5 + [250_000], dtype="Int64"))
    figure = kpi("weighted_pipeline", Frames(stated), [MARCH], AS_OF).overall
    assert figure.value == 5000_00 * 750_000 // 1_000_000 + 800_00 // 4  # 3 of 4 closed were won
    assert figure.ids.tolist() == [5, 6]
    assert figure.details["open_value"] == 5800_00
    assert figure.details["mean_age_days"] == pytest.approx((39 + 30) / 2)
    assert any("list price stands in" in n for n in figure.notes)
    assert any("win rate of 75.0%" in n for n in figure.notes)


def test_the_past_pipeline_is_rebuilt_from_dates(deals):
    january = kpi("weighted_pipeline", Frames(deals), [JANUARY, FEBRUARY, MARCH], AS_OF).by_period[0]
    assert january.ids.tolist() == [2, 3]
    assert january.details["open_value"] == 5000_00  # the lost deal's 0 is no amount: its list price counts


def test_a_snapshot_is_believed_before_the_dates(deals):
    snapshots = pd.DataFrame(
        {
            "opportunity": [2, 3, 1],
            "taken_on": pd.to_datetime(["2026-01-31"] * 3),
            "status": ["open", "open", "won"],
            "amount_minor": pd.array([3500_00, None, 1000_00], dtype="Int64"),
            "probability": pd.array([500_000, 100_000, 1_000_000], dtype="Int64"),
        }
    )
    result = kpi("weighted_pipeline", Frames(deals, snapshots=snapshots), [JANUARY, MARCH], AS_OF, "manager")
    january = result.by_period[0]
    assert january.value == 1750_00 + 200_00
    assert "From the snapshot of 2026-01-31." in january.notes
    assert [g.by_period[0].value for g in result.groups] == [1950_00, 0]


def test_pipeline_efficiency(deals):
    figure = kpi("pipeline_efficiency", Frames(deals), [FEBRUARY], AS_OF).overall
    # one deal open on 28 February, two of three won, 2,500 on average, 25 days
    assert figure.value == pytest.approx(1 * (2 / 3) * 2500_00 / 25)
    assert figure.details["closed_basis"] == pytest.approx(5000_00 / 25)
    assert figure.details["yield"] == pytest.approx(1.0)


def test_activities():
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3, 4, 5],
            "kind": ["call", "admin", "appointment", "meeting", "demo"],
            "starts_at": pd.to_datetime(["2026-02-02 09:00"] * 4 + ["2026-03-01 10:00"]),
            "minutes": [30.0, 60.0, 30.0, np.nan, 45.0],
            "outcome": ["", None, "Held", "No show", "held"],
            "owner": ["Ann", "Ann", "Ben", "Ben", "Ann"],
        }
    )
    frames = Frames(activities=frame)
    selling = kpi("selling_time", frames, [FEBRUARY, MARCH], AS_OF).by_period
    assert [f.value for f in selling] == [0.5, 1.0]
    assert selling[0].details["with_minutes"] == 0.75
    assert "1 of 4 activities" in selling[0].notes[0]
    held = kpi("appointments", frames, [JANUARY, FEBRUARY, MARCH], AS_OF, "owner")
    assert [f.value for f in held.by_period] == [None, 1.0, 1.0]
    assert held.by_period[1].ids.tolist() == [3]
    assert held.by_period[1].details["no_show_rate"] == 0.5
    assert held.by_period[1].details["per_working_day"] == pytest.approx(1 / 20)
    assert {g.label: g.overall.value for g in held.groups} == {"Ann": 1.0, "Ben": 1.0}


def test_unanswered_leads_wait_longest():
    created = pd.to_datetime(["2026-02-01 08:00"] * 5)
    frame = pd.DataFrame(
        {
            "id": range(5),
            "created_at": created,
            "responded_at": pd.to_datetime(
                ["2026-02-01 08:05", "2026-02-01 09:00", "2026-02-01 20:00", None, "2026-01-31 08:00"], format="mixed"
            ),
        }
    )
    figure = kpi("lead_response", Frames(leads=frame), [FEBRUARY], AS_OF).overall
    assert figure.value == pytest.approx((1 + 12) / 2)  # the fourth waits longest, the fifth is impossible
    assert (figure.numerator, figure.denominator) == (3, 4)
    assert figure.details["within_5_minutes"] == 0.25
    assert figure.details["never_answered"] == 0.25
    assert figure.details["p90"] is None
    assert "answered before they were created" in figure.notes[0]


def test_mostly_unanswered_leads_have_no_median():
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "created_at": pd.to_datetime(["2026-02-01", "2026-02-01"]),
            "responded_at": pd.to_datetime(["2026-02-01 01:00", None]),
        }
    )
    figure = kpi("lead_response", Frames(leads=frame), [FEBRUARY], AS_OF).overall
    assert figure.value is None
    assert "never answered" in figure.reason
    assert figure.details["answered_mean"] == 1


def test_forecast_accuracy_judges_the_last_call_before_the_period(deals):
    forecasts = pd.DataFrame(
        {
            "id": [1, 2, 3, 4, 5],
            "made_on": pd.to_datetime(["2025-12-01", "2025-12-31", "2026-02-03", "2026-02-05", "2026-03-01"]),
            "period_start": pd.to_datetime(["2026-01-01", "2026-01-01", "2026-02-01", "2026-02-01", "2026-04-01"]),
            "period_end": pd.to_datetime(["2026-01-31", "2026-01-31", "2026-02-28", "2026-02-28", "2026-04-30"]),
            "amount_minor": [1, 1200_00, 4000_00, 5000_00, 1],
        }
    )
    april = CALENDAR.months(2026)[3]
    result = kpi("forecast_accuracy", Frames(deals, forecasts=forecasts), [JANUARY, FEBRUARY, MARCH, april], AS_OF)
    january, february, march, late = result.by_period
    assert january.value == pytest.approx(0.8)
    assert (february.value, february.ids.tolist()) == (pytest.approx(0.8), [3])
    assert "no forecast was made for it" in march.reason
    assert "no period with a forecast is over" in late.reason
    assert result.overall.value == pytest.approx(1 - 1200_00 / 6000_00)
    assert result.overall.details["bias"] == pytest.approx((200 - 1000) / 6000)


def test_a_forecast_kept_twice_counts_once_and_the_company_wins_over_its_people(deals):
    forecasts = pd.DataFrame(
        {
            "id": [1, 2, 3, 4, 5],
            "made_on": pd.to_datetime(["2026-01-31"] * 4 + ["2026-01-20"]),
            "period_start": pd.to_datetime(["2026-02-01"] * 5),
            "period_end": pd.to_datetime(["2026-02-28"] * 5),
            "amount_minor": [4000_00, 4500_00, 2400_00, 1000_00, 1500_00],
            "owner": [None, None, "Ann", "Ann", "Cem"],
        }
    )
    result = kpi("forecast_accuracy", Frames(deals, forecasts=forecasts), [FEBRUARY], AS_OF, "owner")
    assert result.overall.ids.tolist() == [2]
    assert result.overall.value == pytest.approx(0.9)
    by_owner = {g.label: g.overall for g in result.groups}
    assert by_owner["Ann"].ids.tolist() == [4]
    assert by_owner["Ann"].value == pytest.approx(1 - 2000 / 3000)
    assert by_owner["Cem"].value == pytest.approx(1 - 500 / 2000)
    assert by_owner["Ben"].value is None
    people = kpi("forecast_accuracy", Frames(deals, forecasts=forecasts[2:]), [FEBRUARY], AS_OF).overall
    assert people.ids.tolist() == [4, 5]  # each one's last call, on whatever day


def test_missing_data_is_a_sentence_and_never_zero():
    for result in all_kpis(Frames(), [JANUARY, FEBRUARY], AS_OF, "owner"):
        assert result.overall.value is None
        assert result.overall.reason.startswith("No value for 2026-01 to 2026-02 because ")
        assert "mport" in result.overall.reason
        assert result.groups == ()


def test_bad_frames_are_refused(deals):
    with pytest.raises(InputRefusedError, match="lacks the columns close_on"):
        kpi("win_rate", Frames(deals.drop(columns="close_on")), [JANUARY], AS_OF)
    with pytest.raises(InputRefusedError, match="several currencies"):
        kpi("win_rate", Frames(deals.assign(currency=["EUR"] * 5 + ["USD"])), [JANUARY], AS_OF)
    with pytest.raises(InputRefusedError, match="no period"):
        kpi("win_rate", Frames(deals), [], AS_OF)
    with pytest.raises(ValueError, match="planet"):
        kpi("win_rate", Frames(deals), [JANUARY], AS_OF, "planet")


def test_definitions_name_every_detail(deals):
    results = {r.definition.id: r for r in all_kpis(Frames(deals), [FEBRUARY], AS_OF)}
    assert list(results) == [d.id for d in KPIS]
    for result in results.values():
        assert set(result.overall.details) <= {v.id for v in result.definition.variants}
        assert result.definition.formula.endswith(".")
        assert result.definition.source


days = st.dates(dt.date(2025, 12, 1), dt.date(2026, 4, 30))
rows = st.tuples(
    st.sampled_from(["open", "won", "lost"]),
    st.one_of(st.none(), st.integers(0, 10**12)),
    st.integers(0, 10**12),
    st.one_of(st.none(), days),
    st.one_of(st.none(), days),
    st.sampled_from([None, "Ann", "Ben", "Cem"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1, max_size=30), st.sampled_from(["owner", "manager"]))
def test_groups_and_periods_sum_to_the_whole(table, group_by):
    frames = Frames(opportunities(*table))
    periods = [JANUARY, FEBRUARY, MARCH]
    for name in ("win_rate", "cycle_time"):
        result = kpi(name, frames, periods, AS_OF, group_by)
        for part in ("numerator", "denominator"):
            whole = getattr(result.overall, part)
            assert sum(getattr(g.overall, part) for g in result.groups) == whole
            assert sum(getattr(f, part) for f in result.by_period) == whole
        behind = np.concatenate([g.overall.ids for g in result.groups])
        assert sorted(behind) == sorted(result.overall.ids)
    pipeline = kpi("weighted_pipeline", frames, periods, AS_OF, group_by)
    if pipeline.overall.value is not None:
        assert sum(g.overall.numerator for g in pipeline.groups) == pipeline.overall.numerator


def test_groups_are_those_of_the_house():
    assert GROUPS == ("owner", "manager", "region", "product", "family", "industry")
