"""What is paid of what is earned: every step adds up, nothing is lost between periods."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.commission.draws import Draw, DrawKind
from salesops_desktop.commission.plan import PayTerms
from salesops_desktop.commission.settlement import settle_all
from salesops_desktop.model.money import PPM


def paid(terms, *earned):
    return [period.paid for period in settle_all(terms, earned)]


def test_a_cap_cuts_and_a_refundable_one_waits():
    assert paid(PayTerms(cap=100), 80, 50, -30) == [80, 20, 0]
    lost = settle_all(PayTerms(cap=100), [80, 50, -30])
    assert lost[-1].closing.debt == 30
    waits = settle_all(PayTerms(cap=100, refundable=True), [80, 50, -30])
    assert [p.paid for p in waits] == [80, 20, 0]
    assert waits[-1].closing.debt == 0
    assert [step.name for step in waits[1].steps] == ["Earned", "Cap"]


def test_a_cap_starts_again_with_its_window():
    made = settle_all(PayTerms(cap=100), [150, 150], windows=[2026, 2027])
    assert [p.paid for p in made] == [100, 100]


def test_a_floor_tops_up_once():
    assert paid(PayTerms(floor=100), 30, 50, 40) == [100, 0, 20]


def test_holdbacks_come_back():
    made = settle_all(PayTerms(holdback=100_000, release_after=2), [1000, 1000, 0, 0])
    assert [p.paid for p in made] == [900, 900, 100, 100]
    assert made[-1].closing.held == ()


def test_less_than_nothing_is_carried_or_not():
    assert paid(PayTerms(), 100, -50, 80) == [100, 0, 30]
    assert paid(PayTerms(carry=False), 100, -50, 80) == [100, -50, 80]


def test_a_draw_meets_what_is_left():
    terms = PayTerms(draw=Draw(100))
    assert paid(terms, 40, 60, 300) == [100, 100, 200]
    ahead = settle_all(PayTerms(draw=Draw(100, DrawKind.ADVANCE)), [40, 300])
    assert [p.ahead for p in ahead] == [100, 100]


@given(
    st.builds(
        PayTerms,
        cap=st.none() | st.integers(0, 5000),
        refundable=st.booleans(),
        floor=st.none() | st.integers(0, 100),
        holdback=st.integers(0, PPM),
        release_after=st.integers(1, 3),
        draw=st.none() | st.builds(Draw, st.integers(0, 1000), st.sampled_from(DrawKind), st.booleans()),
        carry=st.booleans(),
    ),
    st.lists(st.integers(-3000, 5000), max_size=10),
)
def test_nothing_is_lost_between_periods(terms, earned):
    for one in settle_all(terms, earned):
        assert one.paid == sum(step.amount for step in one.steps)
        before, after = one.opening, one.closing
        assert after.earned == before.earned + one.steps[0].amount
        held = sum(a for _, a in after.held) - sum(a for _, a in before.held)
        drawn = sum(s.amount for s in one.steps if s.name.startswith("Draw"))
        assert one.paid == after.settled - before.settled - held + drawn + after.debt - before.debt
        if terms.draw is not None and terms.draw.recoverable:
            assert after.draw - before.draw == drawn
        if terms.carry:
            assert one.paid >= 0
        if terms.cap is not None:
            assert after.settled <= max(terms.cap, terms.floor or 0)


def test_a_draw_without_sense_is_refused():
    with pytest.raises(Exception, match="no sense"):
        settle_all(PayTerms(draw=Draw(-1)), [0])


def test_instalments_are_paid_in_the_periods_that_follow():
    terms = PayTerms(instalments=(500_000, 250_000, 250_000))
    settled = settle_all(terms, [101, 0, 0, -20])
    assert [one.paid for one in settled] == [51, 25, 25, 0]
    assert settled[0].closing.due == ((2, 25), (3, 25))
    assert settled[2].closing.due == ()
    assert [step.name for step in settled[1].steps] == ["Earned", "Instalments due"]
    held = settle_all(PayTerms(instalments=(500_000, 500_000), holdback=100_000), [1_000, 0])
    assert [one.paid for one in held] == [450, 450 + 100]
