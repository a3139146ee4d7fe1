"""Against the published results of the M3 competition, with the shared data."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from salesops_desktop.forecast.panel import forecast_panel
from salesops_desktop.forecast.yardsticks import comb, naive2, single, theta_classic

SEASONS = {"YEARLY": 1, "QUARTERLY": 4, "MONTHLY": 12, "OTHER": 1}


def m3(shared, kind):
    """(n, t) histories and (n, h) what came."""
    return loaded(shared("forecast", "m3_all.csv.gz"), shared("forecast", "m3_meta.csv"), kind)


@cache
def loaded(series, about, kind):
    data, meta = pd.read_csv(series), pd.read_csv(about)
    data = data[data["series"].isin(meta.loc[meta["period"] == kind, "series"])]
    parts = [part for _, part in data.groupby("series")]
    pasts = [part.loc[~part["test"], "y"].to_numpy() for part in parts]
    values = np.full((len(pasts), max(map(len, pasts))), np.nan)
    for row, past in zip(values, pasts, strict=True):
        row[len(row) - len(past) :] = past
    return values, np.array([part.loc[part["test"], "y"].to_numpy() for part in parts])


def smape(said, came):
    return (200 * np.abs(said - came) / (np.abs(said) + np.abs(came))).mean()


@pytest.mark.parametrize(
    ("method", "name", "kinds"),
    [
        (naive2, "NAIVE2", ["YEARLY", "QUARTERLY", "MONTHLY", "OTHER"]),
        (theta_classic, "THETA", ["YEARLY", "MONTHLY"]),
        pytest.param(comb, "COMB S-H-D", ["YEARLY", "QUARTERLY", "OTHER"], marks=pytest.mark.slow),
        (single, "SINGLE", ["YEARLY", "QUARTERLY", "OTHER"]),
    ],
)
def test_published_single_methods_are_reproduced_within_one_per_cent(shared, method, name, kinds):
    table = pd.read_csv(shared("forecast", "m3_published_accuracy.csv"), index_col=0)
    for kind in kinds:
        values, came = m3(shared, kind)
        said = method(values, came.shape[1], SEASONS[kind])
        assert smape(said, came) == pytest.approx(table.at[name, f"{kind}_sMAPE"], rel=0.01), kind


@pytest.mark.parametrize(("kind", "best"), [("YEARLY", 16.42), ("QUARTERLY", 8.96), ("MONTHLY", 13.89)])
def test_the_default_beats_the_best_entrant_and_its_intervals_hold(shared, kind, best):
    values, came = m3(shared, kind)
    made = forecast_panel(values, horizon=came.shape[1], season=SEASONS[kind])
    assert smape(made.mean, came) < best
    held = {level: ((came >= made.lower[level]) & (came <= made.upper[level])).mean() for level in made.lower}
    assert 0.77 <= held[80] <= 0.83
    assert 0.93 <= held[95] <= 0.97


@pytest.mark.parametrize(("kind", "length", "horizon", "most"), [("MONTHLY", 24, 6, 12.24), ("QUARTERLY", 12, 4, 7.62)])
def test_short_histories(shared, kind, length, horizon, most):
    values, came = m3(shared, kind)
    enough = (~np.isnan(values)).sum(axis=1) >= length
    made = forecast_panel(values[enough][:, -length:], horizon=horizon, season=SEASONS[kind])
    assert smape(made.mean, came[enough][:, :horizon]) <= most
