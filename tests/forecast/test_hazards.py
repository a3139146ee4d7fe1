import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.forecast.calibration import calibration_bins, calibration_error, discrimination
from salesops_desktop.forecast.creation import learn_creation, new_wins
from salesops_desktop.forecast.hazards import learn_hazards, observed_from, shrunken, win_curve
from salesops_desktop.forecast.pipeline_rows import NEVER, as_rows, date_of, month_end, number_of, prepared
from salesops_desktop.forecast.walk_forward import TIMED, Walk

DAY = number_of(dt.date(2025, 12, 31))


def table(created, closed, status, **more):
    n = len(created)
    return prepared(
        pd.DataFrame(
            {
                "id": np.arange(n), "stage": "Open", "status": status,
                "amount_minor": pd.array(np.full(n, 1000), dtype="Int64"),
                "created_on": pd.to_datetime(np.asarray(created, dtype="datetime64[D]")),
                "close_on": pd.to_datetime(np.asarray(closed, dtype="datetime64[D]")), **more,
            }
        )
    )  # fmt: skip


def steady(n=4000, seed=0, win=0.004, loss=0.006, cure=0.0):
    """Deals with constant hazards, created over three years; a share of them nobody ever closes."""
    draw = np.random.default_rng(seed)
    created = draw.integers(DAY - 1095, DAY, n)
    life = 1 + np.floor(draw.exponential(1 / (win + loss), n)).astype(int)
    life[draw.random(n) < cure] = 10_000
    won = draw.random(n) < win / (win + loss)
    closed = created + life
    opened = closed > DAY
    status = np.where(opened, "open", np.where(won, "won", "lost"))
    days = np.where(opened, np.datetime64("NaT", "D"), closed.astype("datetime64[D]"))
    return table(created.astype("datetime64[D]"), days, status), created, closed, won


def test_constant_hazards_are_found():
    deals, *_ = steady()
    found = learn_hazards(as_rows(deals, None), DAY)
    assert found.plain[5:250].mean() == pytest.approx(0.004, rel=0.1)
    assert found.plain_lost[5:250].mean() == pytest.approx(0.006, rel=0.1)
    assert found.won[:, 30].max() / found.won[:, 30].min() < 1.15  # no season where there is none


def test_delayed_entry_undoes_the_truncation():
    """A file that begins with its first closing lacks the fast deals of older generations."""
    deals, _, closed, _ = steady(9000, seed=3)
    cut = DAY - 500
    kept = deals[~(closed <= cut)].reset_index(drop=True).assign(id=lambda t: np.arange(len(t)))
    found = learn_hazards(as_rows(kept, None), DAY)
    assert observed_from(as_rows(kept, None), DAY) > cut
    assert found.plain[5:200].mean() == pytest.approx(0.004, rel=0.1)


def test_deals_that_never_close_lower_the_old_ages_only():
    deals, *_ = steady(9000, seed=1, win=0.02, loss=0.02, cure=0.3)
    found = learn_hazards(as_rows(deals, None), DAY)
    assert found.plain[2:10].mean() == pytest.approx(0.02 * 0.7, rel=0.15)
    assert found.plain[-1] < 1e-4
    assert found.plain[found.oldest + 1] < 1e-4


def test_a_curve_by_hand():
    curve = win_curve(np.array([[0.1, 0.2]]), np.array([[0.3, 0.0]]), np.array([1.0]), np.array([1.0]))
    first = 0.25 * (1 - np.exp(-0.4))
    assert curve[0] == pytest.approx([first, first + np.exp(-0.4) * (1 - np.exp(-0.2))])


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=1, max_size=30), st.floats(0, 5), st.floats(0, 5))
def test_curves_are_chances_that_only_rise(days, by_won, by_lost):
    won, lost = (np.array([day]) for day in zip(*days, strict=True))
    curve = win_curve(won, lost, np.array([by_won]), np.array([by_lost]))[0]
    assert (curve >= 0).all()
    assert (curve <= 1 + 1e-12).all()
    assert (np.diff(curve) >= -1e-15).all()
    more = win_curve(won, lost, np.array([by_won + 0.5]), np.array([by_lost]))[0]
    assert (more >= curve - 1e-12).all()


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0.1, 200)), min_size=1, max_size=20))
def test_shrunken_factors_lie_between_the_middle_and_the_ratio(pairs):
    observed, expected = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
    factor, ratio = shrunken(observed, expected), observed / expected
    assert (factor >= np.minimum(1, ratio) - 1e-12).all()
    assert (factor <= np.maximum(1, ratio) + 1e-12).all()


def test_levels_that_do_not_differ_get_no_effect():
    draw = np.random.default_rng(0)
    expected = np.full(50, 40.0)
    assert np.abs(shrunken(draw.poisson(expected).astype(float), expected) - 1).max() < 0.15
    strong = shrunken(draw.poisson(expected * np.repeat([0.5, 1.5], 25)).astype(float), expected)
    assert strong[:25].mean() == pytest.approx(0.55, abs=0.08)
    assert strong[25:].mean() == pytest.approx(1.45, abs=0.08)


@given(st.integers(0, 1000), st.integers(1, 150))
def test_any_small_company_gets_chances_in_bounds_whatever_the_order(seed, days):
    draw = np.random.default_rng(seed)
    n = int(draw.integers(1, 60))
    created = DAY - draw.integers(0, 500, n)
    status = draw.choice(["open", "won", "lost"], n)
    closed = np.minimum(created + draw.integers(0, 200, n), DAY).astype("datetime64[D]")
    closed[status == "open"] = np.datetime64("NaT")
    owner = draw.choice(["Ann", "Bob", None], n)
    deals = table(created.astype("datetime64[D]"), closed, status, owner=owner)
    walk, again = Walk(as_rows(deals, None)), Walk(as_rows(deals.sample(frac=1, random_state=seed), None))
    which, other = walk.rows.open_on(DAY), again.rows.open_on(DAY)
    for method in TIMED:
        chance = walk.chance(which, DAY, days, method)
        assert (chance >= 0).all()
        assert (chance <= 1).all()
        assert (walk.chance(which, DAY, days + 20, method) >= chance - 0.25 * (method == "calibrated") - 1e-9).all()
        ids = again.rows.id[other]
        np.testing.assert_allclose(again.chance(other, DAY, days, method)[np.argsort(ids)], chance, atol=1e-9)
    for method in ("age_window", "age_rate", "stage", "overall"):
        chance = walk.untimed(which, DAY, days, method)
        assert (chance >= 0).all()
        assert (chance <= 1).all()


def test_creation_rates_and_the_wins_they_bring():
    deals, created, closed, won = steady(6000, seed=4)
    rate = learn_creation(created, DAY)
    assert rate.per_day(np.arange(DAY + 1, DAY + 93)).mean() == pytest.approx(6000 / 1095, rel=0.08)
    day = month_end(DAY, -6)
    found = new_wins(Walk(as_rows(deals, None)), day, 92, np.array([0.5, 1.0, 2.0]))
    came = ((created > day) & (closed <= day + 92) & won).sum()
    assert found.wins[1] == pytest.approx(came, rel=0.25)
    assert found.wins[0] < found.wins[1] < found.wins[2]
    assert found.created == pytest.approx(92 * 6000 / 1095, rel=0.1)
    assert learn_creation(created, int(created.min()) - 1).counted == 0


def test_calibration_bins_and_error_by_hand():
    chance = np.repeat([0.2, 0.6], 50)
    happened = np.concatenate([np.repeat([1.0, 0.0], [10, 40]), np.repeat([1.0, 0.0], [40, 10])])
    bins = calibration_bins(chance, happened)
    assert [(b.n, b.predicted, b.observed) for b in bins] == [
        (50, pytest.approx(0.2), pytest.approx(0.2)),
        (50, pytest.approx(0.6), pytest.approx(0.8)),
    ]
    assert calibration_error(bins) == pytest.approx(0.1)
    assert discrimination(chance, happened) == pytest.approx((10 * 40 * 0.5 + 40 * 40 + 40 * 10 * 0.5) / 2500)
    assert calibration_bins(np.zeros(0), np.zeros(0)) == ()


def test_days_and_months():
    assert date_of(number_of(dt.date(2024, 2, 29))) == dt.date(2024, 2, 29)
    assert date_of(month_end(number_of(dt.date(2023, 12, 5)), 2)) == dt.date(2024, 2, 29)
    assert date_of(month_end(number_of(dt.date(2024, 3, 31)), -1)) == dt.date(2024, 2, 29)
    assert as_rows(table(["2025-01-01"], ["NaT"], ["open"]), None).closed.tolist() == [NEVER]
