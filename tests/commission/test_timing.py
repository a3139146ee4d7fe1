"""What is due when: published cases, and any deal against the reckoning event by event."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.commission import Component, RateTable, Severity, Window, lint, plan_json, read_plan
from salesops_desktop.commission.clawbacks import Clawback, claw_back
from salesops_desktop.commission.reference_timing import due_by_events
from salesops_desktop.commission.schedules import advance
from salesops_desktop.commission.timing import Course, Timing, due, due_sentence, months_kept
from salesops_desktop.model.money import PPM
from tests.commission.plan_cases import plan_of

DAY = dt.date(2026, 1, 15)


def after(months):
    return dt.date(DAY.year + (DAY.month - 1 + months) // 12, (DAY.month - 1 + months) % 12 + 1, DAY.day)


def test_half_on_order_half_as_it_is_collected():  # ORA-5050
    timing = Timing(booking=500_000, payment=500_000)
    sofar = [due(1000_00, timing, Course(10_000_00, 0, paid * 100), DAY) for paid in (0, 500, 5500, 10_500)]
    assert sofar == [500_00, 525_00, 775_00, 1000_00]
    said = due_sentence(timing, Course(10_000_00, 0, 500_00), DAY, "USD")
    assert said == "By 2026-01-15: 50 % at booking, 50 % as it is paid (500.00 USD of 10,000.00 USD)."


def test_an_advance_on_what_months_earn():  # FE-ADVANCE, LASTING-MARK
    for total, months, share in ((570_00, 12, 750_000), (480_00, 12, 750_000), (480_00, 12, 0)):
        timing = Timing(booking=share, kept=PPM - share, months=months, advance=True)
        known = advance(total, months, share)
        paid = [due(total, timing, Course(1, since=DAY), after(m)) for m in range(months + 1)]
        assert paid == [known.advance + sum(known.later[:m]) for m in range(months + 1)]
    assert paid[1] == 40_00


@pytest.mark.parametrize(("kept", "back"), [(3, 408_00), (4, 340_00), (9, 0)])
def test_an_advance_that_lapses(kept, back):  # INSURE-CHARGEBACK: 340 needs four months
    rule = Clawback(months=9)
    given_ = {"earned": 612_00, "paid": 612_00, "sold": 1, "cancelled": 1, "credited_on": DAY}
    assert claw_back(rule, cancelled_on=after(kept), **given_) == back
    assert claw_back(rule, cancelled_on=after(kept) - dt.timedelta(days=1), **given_) == back + 68_00 * (kept <= 9)


def test_what_waits_lapses_with_the_deal():
    timing = Timing(booking=750_000, kept=250_000, months=12, advance=True)
    gone = Course(0, since=DAY, ended=after(3))
    left = 570_00 - claw_back(
        Clawback(months=12), earned=570_00, paid=570_00, sold=1, cancelled=1, credited_on=DAY, cancelled_on=after(3)
    )
    # 142.50 of 570.00 are earned, 427.50 were paid: 285.00 come back, as the advance itself says
    assert due(left, timing, gone, after(3)) - 427_50 == -advance(570_00, 12, 750_000).chargeback(3) == -285_00
    assert "nothing of it waits" in due_sentence(timing, gone, after(4), "USD")


def test_true_up_at_the_end_of_the_window():
    timing = Timing(booking=700_000, window_end=300_000)
    assert [due(999, timing, Course(window_over=over), DAY) for over in (False, True)] == [699, 999]


def test_months_end_where_the_calendar_does():
    assert months_kept(dt.date(2026, 1, 31), dt.date(2026, 2, 27)) == 0
    assert months_kept(dt.date(2026, 1, 31), dt.date(2026, 2, 28)) == 1
    assert months_kept(dt.date(2026, 1, 31), dt.date(2026, 3, 30)) == 1
    assert months_kept(dt.date(2026, 1, 31), dt.date(2025, 12, 30)) == 0


@st.composite
def timings(draw):
    if draw(st.booleans()):
        share = draw(st.integers(0, PPM))
        return Timing(booking=share, kept=PPM - share, months=draw(st.integers(1, 36)), advance=True)
    cuts = sorted(draw(st.lists(st.integers(0, PPM), min_size=4, max_size=4)))
    parts = [high - low for low, high in zip([0, *cuts], [*cuts, PPM], strict=True)]
    return Timing(*parts, months=draw(st.integers(1, 36)) if parts[3] else 0)


MOVES = st.lists(
    st.tuples(
        st.dates(DAY, dt.date(2028, 1, 1)),
        st.sampled_from(("sold", "invoiced", "paid")),
        st.integers(-(10**6), 10**6),
    ),
    max_size=8,
)


@given(timings(), MOVES, st.lists(st.integers(-(10**6), 10**7), max_size=4), st.dates(DAY, dt.date(2029, 1, 1)),
       st.booleans())  # fmt: skip
def test_any_deal_comes_to_the_same_event_by_event(timing, moves, pays, day, over):
    sums = {kind: sum(a for when, k, a in moves if k == kind and when <= day) for kind in ("sold", "invoiced", "paid")}
    sold = sorted(m for m in moves if m[1] == "sold" and m[0] <= day)
    ended = sold[-1][0] if sums["sold"] == 0 and any(amount < 0 for _, _, amount in sold) else None
    course = Course(sums["sold"], sums["invoiced"], sums["paid"], DAY, ended, over)
    now = due(sum(pays), timing, course, day)
    assert now == due_by_events(pays, timing, moves, DAY, day, window_over=over)
    assert min(sum(pays), 0) <= now <= max(sum(pays), 0)


@pytest.mark.parametrize(
    ("timing", "where"),
    [
        (Timing(500_000), "timing"),
        (Timing(1_500_000, -500_000), "timing"),
        (Timing(500_000, kept=500_000), "months"),
        (Timing(months=3), "months"),
        (Timing(500_000, payment=500_000, months=3, advance=True), "advance"),
    ],
)
def test_timings_that_make_no_sense_are_found_at_their_field(timing, where):
    plan = plan_of(Component("C", RateTable.flat(10_000), timing=timing))
    found = [f for f in lint(plan) if f.code == "timing" and f.severity is Severity.ERROR]
    assert any(f.where.endswith(where) for f in found), found
    alone = plan_of(Component("C", RateTable.flat(1), window=Window.LINE, timing=Timing(500_000, window_end=500_000)))
    assert [f.where for f in lint(alone) if f.code == "timing"] == ["C › timing › window end"]


@given(timings())
def test_timings_are_kept(timing):
    plan = replace(plan_of(Component("C", RateTable.flat(1), timing=timing)), clawback=Clawback(months=9))
    assert read_plan(plan_json(plan)) == plan
    assert not [f for f in lint(plan) if f.severity is Severity.ERROR]
