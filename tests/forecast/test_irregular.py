import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.forecast import irregular
from salesops_desktop.forecast.panel import forecast_panel

RNG = np.random.default_rng(4)


def calm(t=48):
    return 1000 * RNG.lognormal(0, 0.05, t)


def said_of(values, season=12):
    made = forecast_panel(np.atleast_2d(values), horizon=6, season=season)
    return made.mean[0], " ".join(made.notes[0])


def test_a_one_off_deal_is_marked_dampened_and_kept():
    values = calm()
    values[40] = 9000
    mean, told = said_of(values)
    assert "period 8; kept in the history" in told
    assert mean == pytest.approx(np.full(6, 1000), rel=0.12)
    assert values[40] == 9000
    _, quiet = said_of(calm())
    assert "one-off" not in quiet


def test_a_level_shift_is_no_outlier_and_is_said():
    mean, told = said_of(np.concatenate([calm(36), 3 * calm(12)]))
    assert "Its level shifted 12 periods before the end" in told
    assert mean == pytest.approx(np.full(6, 3000), rel=0.15)
    assert "shifted" not in said_of(1000 + 100.0 * np.arange(48))[1]  # a trend is no shift
    assert "one-off" not in told


def test_gaps_are_filled_and_said_and_a_late_start_is_no_zero():
    values = calm()
    values[20:22] = np.nan
    mean, told = said_of(values)
    assert "2 periods inside hold no value" in told
    assert mean == pytest.approx(np.full(6, 1000), rel=0.12)
    late = np.concatenate([np.zeros(30), calm(18)])
    mean, told = said_of(late)
    assert "30 zeros before its first amount" in told
    assert mean == pytest.approx(np.full(6, 1000), rel=0.15)


def test_a_closed_node_is_forecast_as_nothing_and_a_rare_one_is_not():
    mean, told = said_of(np.concatenate([calm(36), np.zeros(9)]))
    assert mean.tolist() == [0] * 6
    assert "taken as closed" in told
    rare = np.where(np.arange(48) % 4 == 0, 800.0, 0.0)
    mean, told = said_of(rare, season=1)
    assert "Intermittent: 36 of 48" in told or "Intermittent: 35 of 47" in told
    assert mean == pytest.approx(np.full(6, 200), rel=0.35)


def test_credit_notes_are_said():
    values = calm()
    values[10] = -300
    assert "1 periods are negative" in said_of(values)[1]


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=40), st.sampled_from([1, 4, 12]))
def test_any_history_is_taken(values, season):
    history = np.array([[np.nan if v is None else v for v in values]])
    made = forecast_panel(history, horizon=3, season=season, origins=3)
    assert np.isfinite(made.mean).all() == (not np.isnan(history).all())
    begun = irregular.started(history)
    seen = ~np.isnan(begun[0])
    assert not seen.any() or seen[seen.argmax() :].all()  # no gap is left
    for level, lower in made.lower.items():
        known = np.isfinite(lower) & np.isfinite(made.mean)
        assert (lower <= made.mean)[known].all(), level


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-1e7, 1e7))
def test_no_origin_sees_what_came_after_it(seed, planted):
    values = np.random.default_rng(seed).lognormal(3, 0.5, (2, 16))
    changed = values.copy()
    changed[:, 13:] = planted
    before, after = (forecast_panel(v, horizon=4, season=4, origins=3) for v in (values, changed))
    for name, errors in before.errors.items():
        for row, known in enumerate(before.fitted_on):
            if known <= 12:  # the first period ahead is the same in both
                np.testing.assert_array_equal(errors[:, row, 0], after.errors[name][:, row, 0])
