import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from salesops_desktop.forecast.simulation import NORMAL, SPEEDS, Outlook, Scenario, _poisson_quantile, simulate
from salesops_desktop.model.errors import InputRefusedError


def outlook(n=60, *, shock=0.2, new=40.0, won=5_000, target=None, seed=0):
    generator = np.random.default_rng(seed)
    hazard = generator.exponential(0.5, n)
    return Outlook(
        np.arange(1, n + 1),
        np.rint(np.exp(generator.normal(8, 1, n))),
        hazard[None, :] * SPEEDS[:, None],
        won,
        shock,
        new * SPEEDS,
        np.rint(np.exp(generator.normal(8, 1, 200))),
        shock,
        target,
    )


def test_without_a_shock_the_mean_and_spread_are_the_binomials():
    given_ = outlook(shock=0.0, new=0.0, won=0)
    drawn = simulate(given_, seed=3, paths=20_000)
    chance = -np.expm1(-given_.hazards[NORMAL])
    sd = float(np.sqrt((chance * (1 - chance)) @ given_.amounts**2))
    assert drawn.totals.mean() == pytest.approx(chance @ given_.amounts, abs=4 * sd / np.sqrt(20_000))
    assert drawn.totals.std() == pytest.approx(sd, rel=0.03)
    assert not drawn.new_part.any()


def test_new_deals_are_a_compound_poisson_sum():
    given_ = outlook(shock=0.0, new=50.0)
    drawn = simulate(given_, seed=3, paths=20_000)
    amounts = given_.new_amounts
    assert drawn.new_part.mean() == pytest.approx(50 * amounts.mean(), rel=0.03)
    assert drawn.new_part.std() == pytest.approx(np.sqrt(50 * (amounts**2).mean()), rel=0.05)


def test_many_small_deals_are_drawn_as_one_sum_with_the_same_mean_and_spread():
    given_ = outlook(2500, shock=0.0, new=0.0, won=0)
    drawn = simulate(given_, seed=3, paths=8000)
    chance = -np.expm1(-given_.hazards[NORMAL])
    sd = float(np.sqrt((chance * (1 - chance)) @ given_.amounts**2))
    assert drawn.totals.mean() == pytest.approx(chance @ given_.amounts, abs=4 * sd / np.sqrt(8000))
    assert drawn.totals.std() == pytest.approx(sd, rel=0.05)


def test_a_common_shock_widens_the_range():
    calm, shaken = (simulate(outlook(400, shock=s), seed=1) for s in (0.0, 0.4))
    assert shaken.quantile(0.9) - shaken.quantile(0.1) > 1.5 * (calm.quantile(0.9) - calm.quantile(0.1))


def test_the_same_seed_draws_the_same_and_row_order_does_not_matter():
    one = outlook()
    order = np.random.default_rng(5).permutation(len(one.ids))
    two = Outlook(
        one.ids[order], one.amounts[order], one.hazards[:, order], one.won_minor, one.shock, one.new_wins,
        one.new_amounts[::-1], one.new_shock, one.target,
    )  # fmt: skip
    first, again, other = (simulate(o, seed=s) for o, s in ((one, 7), (one, 7), (two, 7)))
    np.testing.assert_array_equal(first.totals, again.totals)
    np.testing.assert_allclose(first.totals, other.totals, rtol=1e-6)
    assert (simulate(one, seed=8).totals != first.totals).any()


@given(
    st.floats(0.1, 3), st.floats(0.1, 5), st.floats(0.25, 4), st.floats(0, 5), st.floats(0, 2),
    st.sampled_from(["win_rate", "deal_size", "heads"]),
)  # fmt: skip
def test_more_of_anything_good_is_never_less(win, size, cycle, heads, ramp, better):
    drawn = simulate(outlook(20), seed=2, paths=300)
    limits = {"win_rate": 3.0, "deal_size": 5.0, "heads": 5.0}
    at = Scenario(win, size, cycle, heads, ramp)
    more = Scenario(**{
        name: min(getattr(at, name) * (1.3 if name == better else 1.0), limits.get(name, 9.0))
        for name in ("win_rate", "deal_size", "cycle", "heads", "ramp")
    })  # fmt: skip
    low, high = drawn.under(at), drawn.under(more)
    assert (high.open_part >= low.open_part * (1 - 1e-5) - 1).all()
    slack = 2 * drawn.outlook.new_amounts.max() * size if better == "win_rate" else 1e-6
    assert (high.new_part >= low.new_part - slack).all()
    assert (low.totals >= 5_000 - 1e-6).all()
    assert (np.diff(low.totals) >= 0).all()
    assert 0 <= low.chance_of(60_000) <= 1


@given(st.floats(0.3, 3.9))
def test_a_longer_cycle_never_brings_more(cycle):
    drawn = simulate(outlook(20, new=0.0), seed=2, paths=300)
    short, long = drawn.under(Scenario(cycle=cycle)), drawn.under(Scenario(cycle=cycle + 0.1))
    assert (long.open_part <= short.open_part + 1).all()


def test_the_plain_scenario_is_the_simulation_itself():
    drawn = simulate(outlook(), seed=4)
    np.testing.assert_array_equal(drawn.under(Scenario()).totals, drawn.totals)


def test_the_deals_that_matter_most():
    given_ = outlook(40, shock=0.1, new=5.0, target=1)
    big = int(np.argmax(given_.amounts))
    given_.amounts[big] = given_.amounts.sum() * 2
    given_.hazards[:, big] = 0.7 * SPEEDS
    without = simulate(given_, seed=1).quantile(0.5)
    aimed = Outlook(
        given_.ids, given_.amounts, given_.hazards, given_.won_minor, given_.shock, given_.new_wins,
        given_.new_amounts, given_.new_shock, without,
    )  # fmt: skip
    drawn = simulate(aimed, seed=1)
    assert len(drawn.drivers) == 10
    first = drawn.drivers[0]
    assert first.deal == given_.ids[big]
    assert first.variance_share > 0.8
    assert first.reach_won is not None
    assert first.reach_lost is not None
    assert first.reach_lost < drawn.chance_of_target < first.reach_won
    chance = first.chance
    mixed = chance * first.reach_won + (1 - chance) * first.reach_lost
    assert mixed == pytest.approx(drawn.chance_of_target, abs=0.03)
    assert all(d.reach_won is None for d in simulate(given_, seed=1).drivers) is False  # a target of 1 is a target
    assert [d.reach_won for d in simulate(outlook(), seed=1).drivers] == [None] * 10


def test_chance_and_quantiles_agree():
    drawn = simulate(outlook(), seed=4)
    assert drawn.chance_of(drawn.quantile(0.5)) == pytest.approx(0.5, abs=0.01)
    assert drawn.chance_of(0) == 1
    assert drawn.chance_of(int(drawn.totals[-1]) + 1) == 0
    assert drawn.quantiles((0.1, 0.9)) == (drawn.quantile(0.1), drawn.quantile(0.9))


def test_assumptions_out_of_bounds_are_all_named():
    drawn = simulate(outlook(5), seed=1, paths=50)
    with pytest.raises(InputRefusedError, match=r"win_rate is -1.*cycle is 0"):
        drawn.under(Scenario(win_rate=-1, cycle=0))


@pytest.mark.parametrize("rate", [0.2, 3.0, 29.0, 31.0, 400.0])
def test_poisson_quantiles(rate):
    probability = np.linspace(0.001, 0.999, 999)
    ours = _poisson_quantile(probability, np.full(999, rate))
    exact = poisson.ppf(probability, rate)
    assert np.abs(ours - exact).max() <= (0 if rate <= 30 else 1)


def test_no_deals_at_all_bring_what_was_won():
    none = np.zeros(0)
    empty = Outlook(none.astype(int), none, np.zeros((len(SPEEDS), 0)), 700, 0.2, np.zeros(len(SPEEDS)), none, 0.2)
    drawn = simulate(empty, seed=1, paths=10)
    assert set(drawn.totals) == {700}
    assert drawn.drivers == ()
