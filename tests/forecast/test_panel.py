import numpy as np
import pytest

from salesops_desktop.forecast.panel import forecast_panel

SEASON = np.array([0.7, 0.8, 1.2, 0.9, 1.0, 1.3, 0.7, 0.6, 1.2, 1.0, 1.1, 1.5])


def companies(n, t, seed=0):
    generator = np.random.default_rng(seed)
    return 1e5 * (1 + 0.01 * np.arange(t)) * np.resize(SEASON, t) * generator.lognormal(0, 0.05, (n, t))


def test_shapes_and_a_seasonal_company():
    values = companies(5, 48)
    values[1, :20] = np.nan
    made = forecast_panel(values, horizon=6, season=12)
    truth = 1e5 * (1 + 0.01 * np.arange(48, 54)) * SEASON[:6]
    assert np.abs(made.mean / truth - 1).mean() < 0.08
    assert made.mean.shape == made.lower[80].shape == (5, 6)
    assert made.fitted_on.tolist() == [47, 46, 45, 44, 43, 42]
    assert made.errors["theta"].shape == (5, 6, 6)
    assert (made.lower[95] < made.lower[50]).all()
    assert made.naive_wins.shape == (5,)


def test_a_row_does_not_change_another_rows_point_forecasts():
    values = companies(4, 40)
    alone = forecast_panel(values[2:3], horizon=4, season=12)
    together = forecast_panel(values, horizon=4, season=12)
    for name, said in alone.candidates.items():
        np.testing.assert_allclose(together.candidates[name][2], said[0], rtol=1e-12)


def test_a_back_test_knows_only_the_past():
    values = companies(3, 40)
    changed = values.copy()
    changed[:, 37:] = 1e9
    before, after = (forecast_panel(v, horizon=4, season=12) for v in (values, changed))
    at = before.fitted_on <= 37
    for name in before.errors:
        said = before.errors[name][:, at][:, :, 0] + values[:, before.fitted_on[at]]
        said_after = after.errors[name][:, at][:, :, 0] + changed[:, before.fitted_on[at]]
        np.testing.assert_allclose(said, said_after, rtol=1e-6, atol=1)


def test_the_season_is_borrowed_from_the_parent():
    values = companies(2, 60)
    values[1] /= 10
    values[1, :45] = np.nan
    alone = forecast_panel(values, horizon=12, season=12).candidates["theta"][1]
    borrowed = forecast_panel(values, horizon=12, season=12, parents=np.array([-1, 0])).candidates["theta"][1]
    truth = 1e4 * (1 + 0.01 * np.arange(60, 72)) * SEASON
    assert np.abs(borrowed / truth - 1).mean() < np.abs(alone / truth - 1).mean() / 2


@pytest.mark.parametrize("t", [1, 2, 3, 4, 5, 13, 25])
def test_short_and_odd_histories(t):
    values = np.vstack([np.zeros(t), np.full(t, 7.0), np.arange(t) - 2.0, np.full(t, np.nan)])
    made = forecast_panel(values, horizon=3, season=12)
    assert np.isfinite(made.mean[:3]).all()
    assert made.mean[0].tolist() == [0, 0, 0]
    assert made.mean[1] == pytest.approx([7, 7, 7])
