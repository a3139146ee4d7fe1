"""Fixed numbers: contradictions are named with nodes, periods and amounts; what can be is exact."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.forecast.fixed_numbers import adjusted
from salesops_desktop.forecast.hierarchy import build_hierarchy
from salesops_desktop.forecast.overrides import check, conflicts
from salesops_desktop.forecast.rounding import Rounding, share
from salesops_desktop.model.errors import FaultsError

TREE = build_hierarchy(
    pd.DataFrame([("E", "a"), ("E", "b"), ("W", "c"), ("W", "d")], columns=["region", "person"]), [["region", "person"]]
)
CROSSED = build_hierarchy(
    pd.DataFrame([(r, p) for r in "NS" for p in "xy"], columns=["region", "product"]), [["region"], ["product"]]
)
FLOOR = np.ones(4, dtype=bool)


def fixed(hierarchy, **amounts):
    return {0 if name == "top" else hierarchy.find(*name.split("_")): amount for name, amount in amounts.items()}


def test_parts_that_exceed_their_sum():
    (found,) = conflicts(TREE, 2, fixed(TREE, E=100, E_a=80, E_b=40), FLOOR)
    assert found.sentence(TREE) == (
        "E is fixed at 100, but its parts fixed (E › a at 80, E › b at 40) are all of it and add up to 120, 20 more."
    )
    (found,) = conflicts(TREE, 0, fixed(TREE, top=100, E_a=80, W_c=30), FLOOR)
    assert "already add up to 110, 10 more" in found.sentence(TREE)
    assert not conflicts(TREE, 0, fixed(TREE, top=100, E_a=80, W_c=30), np.zeros(4, dtype=bool))


def test_all_parts_fixed_to_another_sum():
    (found,) = conflicts(TREE, 0, fixed(TREE, top=100, E=30, W=69), FLOOR)
    assert found.sentence(TREE).endswith("are all of it and add up to 99, 1 less.")
    assert not conflicts(TREE, 0, fixed(TREE, top=100, E=30, W=70, W_c=70), FLOOR)


def test_below_nothing():
    (found,) = conflicts(TREE, 0, fixed(TREE, E=-1), FLOOR)
    assert found.sentence(TREE) == "E is fixed at -1, but nothing in it was ever below 0."
    assert not conflicts(TREE, 0, fixed(TREE, E=-1), np.array([True, False, True, True]))


def test_across_dimensions():
    wrong = fixed(CROSSED, N=10, S=10, x=5, y=16)
    (found,) = conflicts(CROSSED, 0, wrong, FLOOR)
    assert {found.node, *(node for node, _ in found.others)} == set(wrong)
    assert not conflicts(CROSSED, 0, fixed(CROSSED, N=10, S=10, x=5, y=15), FLOOR)
    (found,) = conflicts(CROSSED, 0, fixed(CROSSED, N=10, x=5, N_y=11, S=3), FLOOR)
    assert set(fixed(CROSSED, N=1, N_y=1)) == {found.node, *(node for node, _ in found.others)}


def test_every_contradiction_is_told_at_once():
    with pytest.raises(FaultsError) as caught:
        check(
            TREE, {0: fixed(TREE, E=-1), 1: fixed(TREE, W=1, W_c=2)}, FLOOR,
            period=lambda step: f"Q{step + 1}", say=lambda amount: f"{amount / 100:.2f} EUR",
        )  # fmt: skip
    assert [fault.where for fault in caught.value.faults] == ["Q1", "Q2"]
    assert "W › c at 0.02 EUR" in caught.value.faults[1].what


def possible(hierarchy, amounts, highest):
    """By trying everything."""
    rows = hierarchy.summing.toarray()[list(amounts)]
    wanted = list(amounts.values())
    return any((rows @ bottoms == wanted).all() for bottoms in itertools.product(range(highest + 1), repeat=4))


@given(st.sampled_from([TREE, CROSSED]), st.dictionaries(st.integers(0, 6), st.integers(0, 5), max_size=5))
def test_conflicts_are_those_that_trying_everything_finds(hierarchy, amounts):
    amounts = {node: amount for node, amount in amounts.items() if node < hierarchy.n}
    assert bool(conflicts(hierarchy, 0, amounts, FLOOR)) != possible(hierarchy, amounts, 5)


@given(
    st.sampled_from([TREE, CROSSED]),
    st.lists(st.integers(0, 10**12), min_size=4, max_size=4),
    st.lists(st.integers(0, 10**12), min_size=4, max_size=4),
    st.sets(st.integers(0, 6), max_size=5),
)
def test_what_can_be_is_exact_to_the_unit(hierarchy, now, meant, nodes):
    model, wanted = (hierarchy.sums(np.array(bottoms, dtype=np.int64)) for bottoms in (now, meant))
    amounts = {node: int(wanted[node]) for node in sorted(nodes) if node < hierarchy.n}
    got = adjusted(hierarchy, model, amounts, FLOOR, Rounding(hierarchy, FLOOR))
    assert {node: int(got[node]) for node in amounts} == amounts
    assert (hierarchy.sums(got[hierarchy.bottom]) == got).all()
    assert got.min() >= 0
    if not amounts or all(amounts[node] == model[node] for node in amounts):
        assert (got == model).all()


def test_an_override_is_spread_in_proportion_and_only_below():
    model = TREE.sums(np.array([100, 300, 50, 50]))
    got = adjusted(TREE, model, fixed(TREE, E=800), FLOOR, Rounding(TREE, FLOOR))
    assert got[TREE.bottom].tolist() == [200, 600, 50, 50]
    locked = adjusted(TREE, model, fixed(TREE, top=500, E=420), FLOOR, Rounding(TREE, FLOOR))
    assert locked[TREE.bottom].tolist() == [105, 315, 40, 40]


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=8),
    st.integers(-100, 400),
    st.data(),
)
def test_shares_sum_to_the_whole(wanted, total, data):
    count = len(wanted)
    low = np.array(data.draw(st.lists(st.sampled_from([0.0, -np.inf]), min_size=count, max_size=count)))
    if total < 0:
        low[0] = -np.inf
    got = share(total, np.array(wanted), low, np.zeros(count, dtype=bool))
    assert got.sum() == total
    assert (got >= low).all()
    if np.isclose(sum(wanted), total) and (np.array(wanted) >= low).all():
        assert np.abs(got - wanted).max() <= 1 + 1e-6
