import numpy as np
import pytest

from salesops_desktop.forecast.intervals import LEVELS, conformal, typical_errors


def of_one(errors):
    """The intervals of one series that changes by one from season to season."""
    origins = len(errors)
    return conformal(errors[None], np.ones((1, origins + 1)), np.arange(origins, 0, -1), LEVELS)


def test_quantiles_by_hand():
    errors = np.array([[1.0], [-2.0], [3.0], [-4.0], [5.0], [-6.0], [7.0], [-8.0], [9.0]])
    # Nine scores, all of the same series: the 80 % interval is the ⌈10 · 0.8⌉ = 8th smallest, the 50 % one the 5th,
    # where the panel's typical error is the series' own.
    intervals = conformal(np.repeat(errors[None], 1, axis=0), np.ones((1, 10)), np.full(9, 1), LEVELS)
    assert intervals.half_widths[80][0, 0] / intervals.half_widths[50][0, 0] == pytest.approx(8 / 5, rel=0.2)
    assert intervals.half_widths[95][0, 0] > 9  # nine errors cannot promise 95 %: wider than the worst seen
    assert intervals.n.tolist() == [9]


@pytest.mark.parametrize("shape", ["normal", "laplace", "uniform"])
def test_they_hold_what_they_promise(shape):
    generator = np.random.default_rng(7)
    hits = dict.fromkeys(LEVELS, 0)
    claimed = dict.fromkeys(LEVELS, 0.0)
    trials = 200
    for _ in range(trials):
        drawn = getattr(generator, shape)(size=(25, 1)) - (0.5 if shape == "uniform" else 0)
        intervals = of_one(drawn[:-1])
        for level in LEVELS:
            hits[level] += abs(drawn[-1, 0]) <= intervals.half_widths[level][0, 0]
            claimed[level] += intervals.coverage[level][0] / trials
    for level in LEVELS:
        assert hits[level] / trials == pytest.approx(level / 100, abs=0.065)
        assert claimed[level] == pytest.approx(level / 100, abs=0.065)


def test_a_panel_holds_for_calm_and_wild_series():
    """Series of very different scale and temper, with no past that tells their scale but their errors."""
    generator = np.random.default_rng(3)
    temper = generator.lognormal(0, 1, (300, 1, 1))
    size = 10.0 ** generator.uniform(-3, 6, (300, 1, 1))
    errors = generator.standard_t(5, (300, 7, 4)) * np.sqrt([1, 2, 3, 4]) * temper * size
    scales = np.broadcast_to(size[:, 0], (300, 7))
    made = conformal(errors[:, :6], scales, np.array([1, 2, 4, 8, 16, 32]), LEVELS)
    for level in LEVELS:
        held = np.abs(errors[:, 6]) <= made.half_widths[level]
        assert held.mean() == pytest.approx(level / 100, abs=0.03)
        assert np.nanmean(made.coverage[level]) == pytest.approx(level / 100, abs=0.02)
        calm = temper[:, 0, 0] < np.median(temper)
        assert held[calm].mean() - held[~calm].mean() < 0.35
    assert (made.half_widths[80][:, 0] / size[:, 0, 0]).std() > 0.3  # each series has its own width


def test_widths_grow_with_level_and_horizon():
    errors = np.random.default_rng(1).normal(size=(12, 6)) * np.array([3, 1, 2, 2, 5, 1])
    errors[-3:, -3:] = np.nan
    widths = of_one(errors).half_widths
    assert (np.diff(typical_errors(np.abs(errors[None]))) >= 0).all()
    for level in LEVELS:
        assert (np.diff(widths[level][0]) >= 0).all()
    assert (widths[50] < widths[80]).all()
    assert (widths[80] < widths[95]).all()


def test_one_origin_claims_no_coverage_and_no_error_is_no_width():
    assert np.isnan(of_one(np.array([[2.0, np.nan]])).coverage[80]).all()
    assert of_one(np.zeros((3, 2))).half_widths[95].tolist() == [[0, 0]]
    assert np.isnan(
        conformal(np.full((2, 0, 3), np.nan), np.ones((2, 1)), np.zeros(0, int), (80,)).half_widths[80]
    ).all()
