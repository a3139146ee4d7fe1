"""Quotas: sums exact, floors and caps hold, order does not matter, more potential never means a smaller quota."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.model.errors import FaultsError
from salesops_desktop.territory.fairness import gini
from salesops_desktop.territory.filling import fill, round_whole, spread_rows
from salesops_desktop.territory.quotas import Limit, Mix, QuotaRequest, QuotaSeat, allocate_quotas

MILLION = 100_000_000  # minor units


def seats(*potentials, **more):
    return [QuotaSeat(f"T{i}", p, p, **more) for i, p in enumerate(potentials)]


def quotas(plan):
    return [line.quota for line in plan.lines]


AMOUNTS = st.integers(0, 10**9)


@st.composite
def requests(draw):
    count = draw(st.integers(1, 12))
    unit = draw(st.sampled_from([1, 7, 100, 1_000]))
    season = tuple(draw(st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any)))
    made = [
        QuotaSeat(
            f"T{i}",
            draw(st.integers(1, 10**9)),
            draw(st.integers(1, 10**9)),
            draw(st.integers(-900_000, 900_000)),
            last=draw(st.one_of(st.none(), AMOUNTS)),
            presence=tuple(draw(st.integers(1, 10**6)) for _ in season) if draw(st.booleans()) else (),
        )
        for i in range(count)
    ]
    mix = Mix(draw(st.integers(1, 100)), draw(st.integers(0, 100)), draw(st.integers(0, 100)))
    target = draw(st.integers(10**6, 10**11))
    # Bounds on both sides of an even part, wide enough for a whole number of units.
    even = target // count
    floor = Limit(even // draw(st.integers(2, 9)))
    cap = Limit(even * draw(st.integers(2, 5)) + 2 * unit)
    return QuotaRequest(target, "USD", made, mix, floor, cap, draw(st.integers(0, 200_000)), unit, season=season)


@settings(max_examples=60, deadline=None)
@given(requests())
def test_sums_are_exact_and_bounds_hold(request_):
    plan = allocate_quotas(request_)
    assert sum(quotas(plan)) == request_.total
    for line in plan.lines:
        low, high = request_.bounds(line.seat)
        assert low <= line.quota
        assert high is None or line.quota <= high
        assert sum(line.periods) == line.quota
        assert min(line.periods) >= 0
        assert (line.quota - line.rest) % request_.unit == 0
        if line.bound == "":
            assert line.from_potential + line.from_history + line.from_trend == line.quota
    assert sum(line.rest for line in plan.lines) < request_.unit
    assert sum(line.share for line in plan.lines) == 1_000_000


@settings(max_examples=60, deadline=None)
@given(requests(), st.randoms(use_true_random=False))
def test_the_order_of_the_territories_does_not_matter(request_, chance):
    shuffled = list(request_.seats)
    chance.shuffle(shuffled)
    other = QuotaRequest(**{name: getattr(request_, name) for name in request_.__slots__} | {"seats": shuffled})
    one = {line.seat.name: (line.quota, line.periods) for line in allocate_quotas(request_).lines}
    assert {line.seat.name: (line.quota, line.periods) for line in allocate_quotas(other).lines} == one


@settings(max_examples=50, deadline=None)
@given(requests(), st.integers(1, 10**9), st.data())
def test_more_potential_never_means_a_smaller_quota(request_, more, data):
    at = data.draw(st.integers(0, len(request_.seats) - 1))
    plain = [QuotaSeat(s.name, s.potential, s.history, s.growth, s.last) for s in request_.seats]
    seat = plain[at]
    richer = QuotaSeat(seat.name, seat.potential + more, seat.history, seat.growth, seat.last)
    values = {name: getattr(request_, name) for name in request_.__slots__} | {"unit": 1}
    before = allocate_quotas(QuotaRequest(**values | {"seats": plain})).lines[at].quota
    after = allocate_quotas(QuotaRequest(**values | {"seats": [*plain[:at], richer, *plain[at + 1 :]]})).lines[at].quota
    assert after >= before


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30), st.integers(0, 40)), min_size=1, max_size=8), st.data()
)
def test_filling_is_the_water_filling_solution(places, data):
    shares = [share for share, _, _ in places]
    low = [least for _, least, _ in places]
    high = [least + room for _, least, room in places]
    total = data.draw(st.integers(sum(low), sum(high)))
    reachable = sum(h if s else m for s, m, h in zip(shares, low, high, strict=True))
    if total > reachable:
        with pytest.raises(ValueError, match="caps"):
            fill(total, shares, low, high)
        return
    parts = fill(total, shares, low, high)
    assert sum(parts) == total
    assert all(m <= part <= h for part, m, h in zip(parts, low, high, strict=True))
    # Optimal: whoever is above its floor stands no higher (for its share) than whoever is below its cap.
    lifted = [part / share for part, share, m in zip(parts, shares, low, strict=True) if share and part > m]
    held = [part / share for part, share, h in zip(parts, shares, high, strict=True) if share and part < h]
    assert max(lifted, default=Fraction(0)) <= min(held, default=Fraction(10**9))


def test_rounding_goes_to_the_largest_remainders():
    assert round_whole([Fraction(7, 2), Fraction(1, 2), Fraction(1)], "abc") == [4, 0, 1]
    assert round_whole([Fraction(1, 3)] * 3, "bca") == [0, 0, 1]


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=30),
    st.lists(st.integers(1, 50), min_size=2, max_size=12),
    st.sampled_from([1, 100]),
)
def test_periods_sum_to_their_row_and_columns_do_not_drift(rows, season, unit):
    spread = spread_rows(rows, [season] * len(rows), unit)
    assert [sum(row) for row in spread] == rows
    whole = [row // unit for row in rows]
    for i, weight in enumerate(season[:-1]):
        exact = Fraction(sum(whole) * weight, sum(season))
        assert abs(sum(row[i] for row in spread) / Fraction(unit) - exact) < len(season)


def test_a_plan_by_hand():
    """100 M by equal parts of potential and history: 3:1 and 1:1 make 62.5 % and 37.5 %."""
    given_ = [QuotaSeat("A", 30, 50), QuotaSeat("B", 10, 50)]
    plan = allocate_quotas(QuotaRequest(100 * MILLION, "USD", given_, Mix(1, 1, 0), unit=100_000))
    assert quotas(plan) == [6_250_000_000, 3_750_000_000]
    assert (plan.lines[0].from_potential, plan.lines[0].from_history) == (3_750_000_000, 2_500_000_000)
    capped = allocate_quotas(QuotaRequest(100 * MILLION, "USD", given_, Mix(1, 1, 0), cap=Limit(60 * MILLION)))
    assert quotas(capped) == [60 * MILLION, 40 * MILLION]
    assert capped.lines[0].bound == "cap"
    assert "cap" in capped.lines[0].reason


def test_fixed_quotas_stay_and_the_rest_is_seen():
    given_ = [QuotaSeat("A", 1, 1, fixed=12_345), QuotaSeat("B", 1, 1), QuotaSeat("C", 3, 3)]
    plan = allocate_quotas(QuotaRequest(1_000_000, "USD", given_, unit=1_000, rest_on="B"))
    assert quotas(plan)[0] == 12_345
    assert sum(quotas(plan)) == 1_000_000
    assert [line.rest for line in plan.lines] == [0, 655, 0]
    assert "B takes the 6.55 USD that the rounding unit leaves over." in plan.sentences


def test_limits_relative_to_last_year():
    given_ = [QuotaSeat("A", 100, 0, last=1000), QuotaSeat("B", 100, 0, last=4000), QuotaSeat("C", 100, 0)]
    ask = QuotaRequest(9000, "USD", given_, Mix(1, 0, 0), Limit(of_last=900_000), Limit(of_last=1_100_000))
    plan = allocate_quotas(ask)
    assert quotas(plan) == [1100, 3950, 3950]
    assert any("C" in sentence and "last year" in sentence for sentence in plan.sentences)


def test_people_who_come_later_carry_less():
    late = QuotaSeat("Late", 100, 100, presence=(0, 0, 500_000, 1_000_000))
    full = QuotaSeat("Full", 100, 100)
    plan = allocate_quotas(QuotaRequest(1_100_000, "USD", [late, full], season=(1, 1, 1, 1)))
    assert quotas(plan) == [300_000, 800_000]
    assert plan.lines[0].periods == (0, 0, 100_000, 200_000)
    assert "38 % of a full year" in plan.lines[0].reason


def test_vacancies_are_held_or_shared():
    given_ = [QuotaSeat("A", 1, 1), QuotaSeat("Open", 1, 1, vacant=True)]
    held = allocate_quotas(QuotaRequest(1000, "USD", given_))
    assert quotas(held) == [500, 500]
    assert any("Nobody carries" in sentence for sentence in held.sentences)
    assert quotas(allocate_quotas(QuotaRequest(1000, "USD", given_, vacancies="spread"))) == [1000, 0]


def test_managers_carry_the_target_and_not_the_cushion():
    plan = allocate_quotas(QuotaRequest(1_000_000, "USD", seats(3, 2, 1), over=100_000))
    assert sum(quotas(plan)) == 1_100_000
    carried = plan.carried(["Kim", "Lee", "Kim"])
    assert sum(carried.values()) == 1_000_000
    assert carried == {"Kim": 666_666, "Lee": 333_334}  # 733,333 of 1,100,000 quota


def refused(**values):
    with pytest.raises(FaultsError) as caught:
        allocate_quotas(QuotaRequest(**{"target": 1000, "currency": "USD", "seats": seats(1, 1)} | values))
    return caught.value


def test_what_cannot_be_is_refused_with_what_would_fit():
    assert "They fit at 83.3 % of their height" in refused(floor=Limit(600)).faults[0].way_out
    caps = refused(cap=Limit(400)).faults[0]
    assert "8.00 USD can be shared at most" in caps.way_out
    assert "125 %" in caps.way_out
    assert refused(seats=[QuotaSeat("A", 1, 1, fixed=700), QuotaSeat("B", 1, 1, fixed=700)]).faults[0].where == (
        "fixed quotas"
    )
    # In steps of 400, two territories under 500 can hold 800 of 1,000, and the rest of 200 fits under no cap.
    assert "smaller unit" in refused(cap=Limit(500), unit=400).way_out
    assert "no claim" in refused(seats=[QuotaSeat("A", 1, 1, cap=100), QuotaSeat("B")]).faults[0].what


def test_all_faults_at_once():
    wrong = [
        QuotaSeat("A", -1, 0), QuotaSeat("A", 0, -1), QuotaSeat("B", 1, 1, floor=10, cap=5),
        QuotaSeat("C", 1, 1, growth=-2_000_000),
    ]  # fmt: skip
    error = refused(target=0, seats=wrong, unit=0, over=-1, season=(), mix=Mix(0, 0, 0), rest_on="Z")
    assert {fault.where for fault in error.faults} == {
        "target", "rounding", "over-assignment", "season", "mix", "A", "rest", "B", "C"
    }  # fmt: skip
    assert len(error.faults) == 11


def test_a_part_of_the_mix_without_data_is_named():
    error = refused(seats=[QuotaSeat("A", 5), QuotaSeat("B", 5)])
    assert [fault.where for fault in error.faults] == ["mix: history", "mix: trend"]


def test_fairness_names_who_stands_out_and_why():
    given_ = [QuotaSeat(f"T{i:02}", 1000 + i, 1000, last=900) for i in range(20)]
    given_.append(QuotaSeat("Floored", 100, 100, floor=900, last=950))
    given_.append(QuotaSeat("Promised", 1000, 1000, fixed=3000, last=900))
    fairness = allocate_quotas(QuotaRequest(22_000, "USD", given_)).fairness
    potential = next(spread for spread in fairness.spreads if spread.name == "potential")
    assert potential.highest == pytest.approx(9.0)
    assert 0 < potential.gini < 1
    assert potential.above == pytest.approx(2 / 22)
    assert potential.before == pytest.approx(gini(np.array([900.0 / (1000 + i) for i in range(20)] + [9.5, 0.9])))
    named = {outlier.seat: outlier.reason for outlier in fairness.outliers if outlier.measure == "Quota to potential"}
    assert named[20] == "Its floor of 9.00 USD is high for it."
    assert named[21] == "Its quota is fixed at 30.00 USD."


def test_an_even_plan_is_fair():
    plan = allocate_quotas(QuotaRequest(1000, "USD", seats(5, 5, 5, 5)))
    assert all(spread.gini == 0 for spread in plan.fairness.spreads)
    assert plan.fairness.outliers == ()
