"""Draws, advances, instalments, clawbacks, proration, amortisation and goal seek against the published examples."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.commission.amortisation import amortise
from salesops_desktop.commission.clawbacks import Clawback, claw_back
from salesops_desktop.commission.draws import Draw, DrawKind, draw_account
from salesops_desktop.commission.goal_seek import least_for
from salesops_desktop.commission.proration import DayCount, days_between, part_of, ramp_share, seasonal, served
from salesops_desktop.commission.schedules import advance, hold_back, instalments, released
from salesops_desktop.model.errors import FaultsError, InputRefusedError
from salesops_desktop.model.money import PPM, divide_half_up
from salesops_desktop.model.periods import FiscalCalendar

YEAR = FiscalCalendar().parse("2019")


def cents(amount):
    return int(Decimal(str(amount)) * 100)


def account(draw, *earned, owed=0):
    return draw_account(draw, [cents(e) for e in earned], owed=owed)


def columns(made, name):
    return [getattr(period, name) for period in made]


def test_a_recoverable_floor_before_recovery_begins():  # ORA-DRAW-BAL
    made = account(Draw(100_000, recovery_from=4, last=6), 500, 700, 400)
    assert columns(made, "granted") == [50_000, 30_000, 60_000]
    assert columns(made, "paid") == [100_000] * 3
    assert columns(made, "balance") == [50_000, 80_000, 140_000]


def test_a_recoverable_floor_over_five_weeks():  # STUDY-DRAW-5W, whose third week is printed wrong
    made = account(Draw(100_000), 400, 600, 1200, 1500, 1400)
    assert columns(made, "paid") == [100_000, 100_000, 100_000, 100_000, 110_000]
    assert columns(made, "recovered") == [0, 0, 20_000, 50_000, 30_000]
    assert columns(made, "balance") == [60_000, 100_000, 80_000, 30_000, 0]


def test_recoverable_and_not():  # XACTLY-DRAW
    made = account(Draw(150_000), 500, 3000)
    assert columns(made, "paid") == [150_000, 200_000]
    assert columns(made, "balance") == [100_000, 0]
    assert columns(account(Draw(150_000, recoverable=False), 500, 3000), "paid") == [150_000, 300_000]


def test_a_draw_on_top_and_a_guarantee():  # QCOMM-DRAW
    on_top = Draw(100_000, DrawKind.ADDITIVE, last=1)
    assert columns(account(on_top, 1000, 3000), "paid") == [200_000, 200_000]
    assert columns(account(Draw(200_000, recoverable=False), 1000, 4000), "paid") == [200_000, 400_000]


def test_an_advance_that_is_netted():  # LEGAL-DRAW
    made = account(Draw(300_000, DrawKind.ADVANCE), 5000, 2000)
    assert [p.paid - p.ahead for p in made] == [200_000, 0]
    assert columns(made, "balance") == [0, 100_000]


def test_limit_share_and_forgiveness():
    made = account(Draw(100_000, limit=150_000), 0, 0, 0)
    assert columns(made, "granted") == [100_000, 50_000, 0]
    half = account(Draw(100_000, recovery_share=500_000, last=1), 0, 1000)
    assert columns(half, "recovered") == [0, 50_000]
    forgiven = account(Draw(100_000, last=1, forgiven_after=2, recovery_from=9), 0, 0, 0)
    assert columns(forgiven, "forgiven") == [0, 0, 100_000]
    assert forgiven[-1].balance == 0


def test_a_draw_that_makes_no_sense_names_every_field():
    with pytest.raises(FaultsError) as refused:
        draw_account(Draw(-1, recovery_share=2 * PPM, first=0, last=-1, limit=-5), [0])
    assert [fault.where for fault in refused.value.faults] == ["amount", "recovery share", "first", "last", "limit"]


@given(
    st.builds(
        Draw,
        st.integers(0, 10**6),
        st.sampled_from(DrawKind),
        st.booleans(),
        st.integers(0, PPM),
        st.integers(1, 4),
        st.integers(1, 3),
        st.one_of(st.none(), st.integers(3, 8)),
        st.one_of(st.none(), st.integers(0, 10**6)),
        st.one_of(st.none(), st.integers(1, 8)),
    ),
    st.lists(st.integers(-(10**6), 10**7), max_size=12),
    st.integers(0, 12),
)
def test_a_draws_account_always_balances(draw, earned, cut):
    made = draw_account(draw, earned)
    owed = 0
    for period in made:
        assert period.paid == period.earned + period.granted - period.recovered
        lent = period.granted if draw.recoverable else 0
        assert period.balance == owed + lent - period.recovered - period.forgiven >= 0
        assert 0 <= period.recovered <= owed
        owed = period.balance
    # in two goes it comes to the same
    first = draw_account(draw, earned[:cut])
    rest = draw_account(draw, earned[cut:], owed=first[-1].balance if first else 0, start=len(first) + 1)
    assert first + rest == made


def test_advances_and_what_lapses():
    policy = advance(cents(570), 12, 750_000)  # FE-ADVANCE
    assert policy.advance == cents("427.50")
    assert policy.later == (0,) * 9 + (4750, 4750, 4750)
    book = advance(cents(480), 12, 750_000)  # LASTING-MARK
    assert (book.advance, sum(book.later)) == (36_000, 12_000)
    assert advance(cents(480), 12, 0).later == (4000,) * 12
    nine = advance(cents(9 * 68), 9, PPM)  # INSURE-CHARGEBACK: three months paid, the fourth failed
    assert nine.advance == cents(612)
    assert nine.chargeback(3) == cents(408)
    assert nine.chargeback(9) == 0


@given(st.integers(-(10**9), 10**9), st.integers(1, 60), st.integers(0, PPM))
def test_advances_pay_exactly_the_total(total, months, share):
    made = advance(total, months, share)
    assert made.advance + sum(made.later) == total
    assert all(step == 0 or (step > 0) == (total > 0) for step in made.later)


def test_paid_as_it_is_collected():  # ORA-5050, whose 250 for a 500 collection is wrong
    on_order, on_collection = instalments(cents(1000), [500_000, 500_000])
    assert on_order == cents(500)
    order = cents(10_000)
    assert released(on_collection, order, 0, cents(500)) == cents(25)
    assert released(on_collection, order, cents(500), cents(5500)) == cents(250)
    assert released(on_collection, order, cents(5500), cents(10_500)) == cents(225)  # no more than was ordered
    with pytest.raises(InputRefusedError):
        instalments(1000, [500_000, 400_000])


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.lists(st.integers(-(10**8), 10**9), max_size=10))
def test_collections_release_the_whole_in_any_steps(pay, order, steps):
    at, paid = 0, 0
    for step in steps:
        paid += released(pay, order, at, at + step)
        at += step
    paid += released(pay, order, at, order)
    assert paid == pay


def test_clawbacks():
    day = dt.date(2026, 1, 10)
    later = day + dt.timedelta(days=45)
    sale = {"earned": 1_000_000, "paid": 1_000_000, "sold": 100, "cancelled": 100, "credited_on": day}
    assert claw_back(Clawback(share=500_000), cancelled_on=later, **sale) == 500_000  # CORE8-CLAWBACK
    assert claw_back(Clawback(window_days=30), cancelled_on=later, **sale) == 0
    assert claw_back(Clawback(window_days=90, pro_rata=True), cancelled_on=later, **sale) == 500_000
    assert claw_back(Clawback(), cancelled_on=later, **(sale | {"paid": 300_000})) == 300_000
    assert claw_back(Clawback(paid_only=False), cancelled_on=later, **(sale | {"paid": 0})) == 1_000_000
    assert claw_back(Clawback(), cancelled_on=later, **(sale | {"cancelled": 25})) == 250_000


def test_proration():
    part = served(YEAR, dt.date(2019, 6, 1), None, DayCount.CALENDAR)  # MASTERS-PRORATE
    assert part == Fraction(214, 365)
    assert part_of(cents(800_000), part) == cents("469041.10")
    assert part_of(cents(75_000), part) == cents("43972.60")
    # QUICKBASE-PRORATE: quarters at 20, 20, 20 and 40 % of the year, by whole months
    quarters = seasonal(cents(100_000), [20, 20, 20, 40])
    calendar = FiscalCalendar()

    def from_day(day):
        periods = [calendar.parse(f"2019-Q{n}") for n in range(1, 5)]
        parts = (served(p, day, None, DayCount.MONTHS) if day <= p.end else Fraction(0) for p in periods)
        return [part_of(q, p) for q, p in zip(quarters, parts, strict=True)]

    assert from_day(dt.date(2019, 3, 1))[0] == cents("6666.67")
    assert sum(from_day(dt.date(2019, 3, 1))) == cents("86666.67")
    assert sum(from_day(dt.date(2019, 10, 1))) == cents(40_000)
    ramp = [0, 250_000, 500_000, 750_000, PPM]  # PROWI-RAMP
    assert [part_of(50_000, Fraction(ramp_share(m, ramp), PPM)) for m in range(1, 6)] == [0, 12500, 25000, 37500, 50000]
    assert ramp_share(9, ramp) == PPM
    assert ramp_share(0, ramp) == 0


def test_leaves_are_taken_off_once():
    june = FiscalCalendar().parse("2019-06")
    away = [(dt.date(2019, 6, 24), dt.date(2019, 7, 5))]
    assert served(june, dt.date(2019, 6, 10), None, DayCount.CALENDAR, away=away) == Fraction(14, 30)
    assert served(june, None, None, DayCount.WORKING, away=away) == Fraction(15, 20)
    with pytest.raises(InputRefusedError, match="overlap"):
        served(june, None, None, DayCount.CALENDAR, away=[*away, (dt.date(2019, 7, 5), dt.date(2019, 7, 9))])


@given(st.dates(dt.date(2000, 1, 1), dt.date(2040, 1, 1)), st.integers(0, 900), st.sampled_from(DayCount))
def test_day_counts_never_fall_as_a_stretch_grows(start, length, count):
    end = start + dt.timedelta(days=length)
    assert 0 <= days_between(start, end, count) <= days_between(start, end + dt.timedelta(days=1), count)


def test_amortisation():  # KDESK-ASC
    start = dt.date(2026, 1, 15)
    long = amortise(cents(15_000), 36, start)
    assert [i.expense for i in long.schedule] == [41_667] * 24 + [41_666] * 12
    assert long.schedule[-1].remaining == 0
    assert long.schedule[-1].month == dt.date(2028, 12, 1)
    assert amortise(cents(8000), 24, start).schedule[0].expense == 33_334  # 8 larger cents, then 333.33
    assert sum(i.expense for i in amortise(cents(8000), 24, start).schedule) == cents(8000)
    short = amortise(cents(3000), 6, start)
    assert short.expensed
    assert [i.expense for i in short.schedule] == [cents(3000)]
    ended = amortise(cents(3600), 36, start, ended=dt.date(2026, 6, 3))
    assert ended.impaired == cents(3000)
    assert sum(i.expense for i in ended.schedule) == cents(3600)


def test_what_pays_a_sum():  # BREAKEVEN-ROUND: a salary of 50,000 with a load of 1.095 over 26 periods, paid at 15 %
    exact = Fraction(cents(50_000)) * Fraction(1095, 1000) / 26
    breakeven = part_of(1, exact)
    assert breakeven == cents("2105.77")
    assert part_of(1, exact / Fraction(15, 100)) == cents("14038.46")
    assert part_of(1, breakeven / Fraction(15, 100)) == cents("14038.47")
    # never less than the sum, however the cents fall; with commissions rounded half up three cents less are enough
    assert least_for(lambda sales: sales * 15 // 100, breakeven) == cents("14038.47")
    assert least_for(lambda sales: divide_half_up(sales * 15, 100), breakeven) == cents("14038.44")
    with pytest.raises(InputRefusedError, match="No amount"):
        least_for(lambda sales: min(sales, 100), 101)


@given(st.integers(1, PPM), st.integers(0, 10**9))
def test_goal_seek_is_exact(rate, wanted):
    def pay(sales):
        return divide_half_up(sales * rate, PPM)

    found = least_for(pay, wanted)
    assert pay(found) >= wanted
    assert found == 0 or pay(found - 1) < wanted


def test_holdback():
    assert hold_back(10_001, 100_000).held == 1000
    assert hold_back(-500, 100_000).held == 0
