import numpy as np
import pytest

from salesops_desktop.forecast.backtest import Backtest, first_origin, run_backtest
from salesops_desktop.forecast.methods import METHODS
from salesops_desktop.model.errors import Cancelled, NothingToDoError


def test_by_hand():
    result = run_backtest(np.array([1.0, 3, 6, 10, 15]), horizon=2, season=1)
    assert result.origins.tolist() == [3, 4]
    assert result.forecasts["naive"].tolist() == [[6, 6], [10, 10]]
    np.testing.assert_array_equal(result.actuals, [[10, 15], [15, np.nan]])
    one, two, both = (row for row in result.table if row.method == "naive")
    assert (one.n, one.mae, one.bias) == (2, 4.5, -4.5)
    assert (two.n, two.mae) == (1, 9)
    assert (both.n, both.mae) == (3, 6)
    # scales: mean |1→3→6| = 2.5 and mean |1→3→6→10| = 3
    assert one.mase == pytest.approx((4 / 2.5 + 5 / 3) / 2)


def test_a_back_test_knows_only_the_past():
    values = np.random.default_rng(0).normal(100, 10, 30)
    before = run_backtest(values, horizon=3, season=1)
    changed = values.copy()
    changed[25:] = 1e6  # a planted future
    after = run_backtest(changed, horizon=3, season=1)
    for method in METHODS:
        if method.id in before.forecasts:
            rows = before.origins <= 25
            np.testing.assert_array_equal(before.forecasts[method.id][rows], after.forecasts[method.id][rows])


def test_the_right_method_wins():
    season = np.tile([10.0, 50, 20, 90], 10)
    assert run_backtest(season, horizon=4, season=4).winner() in ("combination", "seasonal_naive")  # both exact
    walk = np.cumsum(np.random.default_rng(3).normal(0, 1, 80)) + 100
    ranking = [row.method for row in run_backtest(walk, horizon=1, season=12).ranking()]
    assert ranking.index("seasonal_naive") > ranking.index("naive")
    leaps = np.repeat(np.random.default_rng(2).normal(100, 50, 12), 5)
    result = run_backtest(leaps, horizon=1, season=1)
    assert result.winner() == "naive"
    assert result.naive_wins


def test_the_combination_is_kept_where_the_difference_is_small():
    result = run_backtest(np.random.default_rng(5).normal(100, 10, 60), horizon=3, season=1)
    best = result.ranking()[0]
    assert best.mae > 0.75 * result.overall("combination").mae
    assert result.winner() == "combination"


def test_methods_that_need_more_history_are_named():
    result = run_backtest(np.arange(8.0), horizon=1, season=12)
    assert "Same period last year" in result.excluded
    assert "naive" in result.forecasts


@pytest.mark.parametrize("n", [4, 5, 8, 13, 20, 24, 25, 36, 60, 300])
@pytest.mark.parametrize("season", [1, 4, 12])
def test_there_is_always_something_to_judge_and_to_learn_from(n, season):
    start = first_origin(n, season)
    assert 3 <= start < n
    assert n - start <= 24


def test_too_short_is_a_sentence():
    with pytest.raises(NothingToDoError, match=r"3 periods of history are too few.*at least 4"):
        run_backtest(np.arange(3.0), horizon=1, season=1)


def test_an_empty_back_test_cannot_exist():
    with pytest.raises(ValueError, match="at least one"):
        Backtest(np.zeros(0, dtype=np.intp), np.zeros((0, 1)), {"naive": np.zeros((0, 1))}, (), ())


def test_it_can_be_cancelled():
    def stop(done, total, what=""):
        if done == 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_backtest(np.arange(30.0), horizon=2, season=1, progress=stop)
