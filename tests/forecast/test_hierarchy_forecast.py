"""The forecast of a whole hierarchy, end to end."""

import numpy as np
import pandas as pd
import pytest

from salesops_desktop.forecast.hierarchy import build_hierarchy
from salesops_desktop.forecast.hierarchy_forecast import forecast_hierarchy
from salesops_desktop.forecast.overrides import Override
from salesops_desktop.forecast.reconciliation_race import WAYS
from salesops_desktop.model.errors import FaultsError, InputRefusedError, NothingToDoError

ROWS = pd.DataFrame([(f"R{i % 3}", f"P{i:02}") for i in range(12)], columns=["region", "person"])


def company(periods=40, seed=1):
    rng = np.random.default_rng(seed)
    season = 1 + 0.3 * np.sin(np.arange(periods) * np.pi / 2)
    size = rng.uniform(1e4, 1e6, (len(ROWS), 1))
    return np.round(size * season * rng.lognormal(0, 0.2, (len(ROWS), periods))).astype(np.int64)


def forecast(bottom, rows=ROWS, overrides=(), horizon=4, **options):
    hierarchy = build_hierarchy(rows, [["region", "person"]])
    names = [f"period {number}" for number in range(bottom.shape[1] + horizon)]
    return forecast_hierarchy(
        bottom, hierarchy, periods=names, horizon=horizon, season=4, seed=5, overrides=overrides, **options
    )


@pytest.fixture(scope="module")
def plain():
    return forecast(company())


@pytest.mark.parametrize("way", WAYS)
def test_all_levels_add_up_whichever_way(way):
    found = forecast(company(), ways=(way,))
    assert found.reconciliation == way
    assert found.mean.dtype == np.int64
    assert (found.hierarchy.sums(found.mean[found.hierarchy.bottom]) == found.mean).all()
    assert found.mean.min() >= 0
    for level in (50, 80, 95):
        assert (found.lower[level] <= found.model).all()
        assert (found.model <= found.upper[level]).all()
        assert (found.total_lower[level] <= found.model.sum(axis=1)).all()


def test_the_race_and_the_coverage_are_told(plain):
    assert set(plain.race["method"]) == {"base", *WAYS}
    assert set(plain.race["level"]) == set(plain.hierarchy.level_names)
    assert plain.coverage["held"].between(0, 1).all()
    assert len(plain.sentences) == 2
    came = ~np.isnan(plain.errors[0])
    np.testing.assert_allclose(plain.hierarchy.links @ np.nan_to_num(plain.errors).reshape(plain.hierarchy.n, -1), 0,
                               atol=1e-6)  # fmt: skip
    steps = np.arange(1, 5)
    assert (came == (plain.known[:, None] + steps <= 40)).all()
    drawn = plain.paths(20)
    np.testing.assert_allclose(plain.hierarchy.sums(drawn[plain.hierarchy.bottom]), drawn, atol=1e-6)


def test_a_planted_future_changes_no_past_forecast(plain):
    told = 34
    planted = company()
    planted[:, told:] = planted[::-1, told:] * 50 + 10**6
    ways = (plain.reconciliation,)
    late = (plain.known <= told) & (plain.known >= 28)  # earlier ones borrow weights from later ones, and do not race
    for one, other in zip(
        *(past_forecasts(forecast(bottom, ways=ways), late) for bottom in (company(), planted)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def past_forecasts(found, origins):
    """(n, steps) what was said at each of some origins."""
    for known, errors in zip(found.known[origins], found.errors[:, origins].swapaxes(0, 1), strict=True):
        steps = min(errors.shape[1], found.values.shape[1] - known)
        yield errors[:, :steps] + found.values[:, known : known + steps]


def test_the_order_of_rows_changes_nothing(plain):
    order = np.random.default_rng(2).permutation(len(ROWS))
    other = forecast(company()[order], ROWS.iloc[order])
    assert other.hierarchy.keys == plain.hierarchy.keys
    # sums of floats in another order may differ in the last digit, and a rounding with them
    assert np.abs(other.mean - plain.mean).max() <= 2
    assert other.reconciliation == plain.reconciliation


def test_overrides_and_locks_are_exact(plain):
    hierarchy = plain.hierarchy
    east, person = hierarchy.find("R1"), hierarchy.find("R0", "P03")
    found = forecast(company(), overrides=[Override(0, 0, 123_456_789), Override(east, 0), Override(person, 2, 7)])
    assert found.mean[0, 0] == 123_456_789
    assert found.mean[east, 0] == plain.model[east, 0]
    assert found.mean[person, 2] == 7
    assert (found.model == plain.model).all()
    assert (found.mean[:, [1, 3]] == plain.model[:, [1, 3]]).all()
    assert (hierarchy.sums(found.mean[hierarchy.bottom]) == found.mean).all()
    assert found.fixed[1].amount == plain.model[east, 0]
    assert any("outside the model's 95 % interval" in note for note in found.notes[0])


def test_overrides_that_contradict_are_named():
    hierarchy = build_hierarchy(ROWS, [["region", "person"]])
    with pytest.raises(FaultsError) as caught:
        forecast(company(), overrides=[Override(0, 1, 10), Override(hierarchy.find("R2"), 1, 11)])
    (fault,) = caught.value.faults
    assert fault.where == "period 41"
    assert "Total is fixed at 10" in fault.what
    assert "R2 at 11" in fault.what
    with pytest.raises(InputRefusedError, match="is fixed at 1 and at 2"):
        forecast(company(), overrides=[Override(0, 1, 1), Override(0, 1, 2)])
    with pytest.raises(InputRefusedError, match="not forecast"):
        forecast(company(), overrides=[Override(0, 4, 1)])


def test_fixed_numbers_that_cannot_be_are_refused_before_the_work():
    def begun(*_):
        raise AssertionError("the forecast was begun")

    for wrong in ([Override(0, 0, -1)], [Override(0, 1, 1), Override(0, 1, 2)], [Override(0, 9, 1)]):
        with pytest.raises((FaultsError, InputRefusedError)):
            forecast(company(), overrides=wrong, progress=begun)


def test_all_nodes_go_with_the_working_days_that_the_top_goes_with():
    rng = np.random.default_rng(2)
    days = rng.integers(40, 70, 44)
    bottom = np.round(rng.uniform(1e4, 1e6, (len(ROWS), 1)) * days[:40] * rng.lognormal(0, 0.01, (len(ROWS), 40)))
    bottom = bottom.astype(np.int64)
    found = forecast(bottom, days=days)
    assert any("go with the working days" in sentence for sentence in found.sentences)
    per_day = found.values / days[:40]
    assert found.mean == pytest.approx(per_day.mean(axis=1, keepdims=True) * days[40:], rel=0.03)
    assert (found.hierarchy.sums(found.mean[found.hierarchy.bottom]) == found.mean).all()
    assert not any("working days" in sentence for sentence in forecast(company(), days=days).sentences)
    with pytest.raises(InputRefusedError, match="working days must be 44 numbers"):
        forecast(bottom, days=days[:40])


def test_young_empty_and_negative_series():
    bottom = company()
    bottom[0, :37] = 0
    bottom[1] = 0
    bottom[2, ::3] *= -1
    found = forecast(bottom)
    hierarchy = found.hierarchy
    assert (hierarchy.sums(found.mean[hierarchy.bottom]) == found.mean).all()
    assert any("no history" in note for note in found.notes[hierarchy.bottom[1]])
    assert np.delete(found.mean[hierarchy.bottom], 2, axis=0).min() >= 0
    assert (found.lower[95][hierarchy.bottom[2]] < 0).any()


@pytest.mark.parametrize("periods", [1, 3, 4, 9])
def test_short_histories(periods):
    found = forecast(company(periods))
    assert (found.hierarchy.sums(found.mean[found.hierarchy.bottom]) == found.mean).all()
    if periods < 4:
        assert not found.lower


def test_what_cannot_be_forecast_is_refused():
    with pytest.raises(InputRefusedError, match="bottom series"):
        forecast(company()[:3])
    with pytest.raises(NothingToDoError):
        forecast(np.zeros((12, 6), dtype=np.int64))
    with pytest.raises(InputRefusedError, match="infinite"):
        forecast(np.full((12, 6), np.inf))
    with pytest.raises(InputRefusedError, match="not exact"):
        forecast(np.full((12, 6), 2**52, dtype=np.int64))


def test_the_tourism_hierarchy(shared):
    """No level of it may be worse than the nodes' own forecasts by more than a per cent."""
    data = pd.read_csv(shared("forecast", "tourism_au_hierarchical.csv.gz"))
    table = data.pivot_table(index=["State", "Region", "Purpose"], columns="Quarter", values="Trips").reset_index()
    hierarchy = build_hierarchy(table[["State", "Region", "Purpose"]], [["State", "Region"], ["Purpose"]])
    assert (len(hierarchy.bottom), hierarchy.n) == (304, 425)
    bottom = np.round(table.iloc[:, 3:].to_numpy() * 1000).astype(np.int64)
    actual = hierarchy.sums(bottom)[:, 72:]
    found = forecast_hierarchy(bottom[:, :72], hierarchy, periods=list(table.columns[3:]), horizon=8, season=4, seed=1)
    assert (hierarchy.sums(found.mean[hierarchy.bottom]) == found.mean).all()
    for level in range(len(hierarchy.level_names)):
        nodes = hierarchy.nodes(level)
        own = np.abs(found.base[nodes] - actual[nodes]).sum()
        assert np.abs(found.mean[nodes] - actual[nodes]).sum() <= 1.01 * own
    assert found.coverage.query("interval == 80")["held"].between(0.77, 0.85).all()
