import numpy as np
import pytest

from salesops_desktop.forecast.intervals import LEVELS, conformal, typical_errors


def test_quantiles_by_hand():
    errors = np.array([[1.0], [-2.0], [3.0], [-4.0], [5.0], [-6.0], [7.0], [-8.0], [9.0]])
    intervals = conformal(errors)
    # nine scores: the 80 % interval is the ⌈10 · 0.8⌉ = 8th smallest, the 50 % one the 5th
    assert intervals.half_widths[80][0] == pytest.approx(8)
    assert intervals.half_widths[50][0] == pytest.approx(5)
    assert intervals.half_widths[95][0] > 9  # nine errors cannot promise 95 %: wider than the worst seen
    assert intervals.n == 9


@pytest.mark.parametrize("shape", ["normal", "laplace", "uniform"])
def test_they_hold_what_they_promise(shape):
    generator = np.random.default_rng(7)
    hits = dict.fromkeys(LEVELS, 0)
    claimed = dict.fromkeys(LEVELS, 0.0)
    trials = 200
    for _ in range(trials):
        drawn = getattr(generator, shape)(size=(25, 1)) - (0.5 if shape == "uniform" else 0)
        intervals = conformal(drawn[:-1])
        for level in LEVELS:
            hits[level] += abs(drawn[-1, 0]) <= intervals.half_widths[level][0]
            claimed[level] += intervals.coverage[level] / trials
    for level in LEVELS:
        assert hits[level] / trials == pytest.approx(level / 100, abs=0.065)
        assert claimed[level] == pytest.approx(level / 100, abs=0.045)


def test_widths_grow_with_level_and_horizon():
    errors = np.random.default_rng(1).normal(size=(12, 6)) * np.array([3, 1, 2, 2, 5, 1])
    errors[-3:, -3:] = np.nan
    widths = conformal(errors).half_widths
    assert (np.diff(typical_errors(errors)) >= 0).all()
    for level in LEVELS:
        assert (np.diff(widths[level]) >= 0).all()
    assert (widths[50] < widths[80]).all()
    assert (widths[80] < widths[95]).all()


def test_one_origin_claims_no_coverage_and_no_error_is_no_width():
    assert conformal(np.array([[2.0, np.nan]])).coverage == dict.fromkeys(LEVELS)
    assert conformal(np.zeros((3, 2))).half_widths[95].tolist() == [0, 0]
