"""Hierarchies: which nodes there are, what adds up to what, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.forecast.hierarchy import OWN, build_hierarchy
from salesops_desktop.model.errors import FaultsError, NothingToDoError


def table(*rows, columns="region team person"):
    return pd.DataFrame(rows, columns=columns.split())


def test_levels_from_the_top_down():
    rows = table(("West", "A", "Zoe"), ("East", "B", "Ann"), ("East", "B", "Bob"))
    found = build_hierarchy(rows, [["region", "team", "person"]], top="Company")
    assert found.labels == ("Company", "East", "West", "B", "A", "Ann", "Bob", "Zoe")
    assert found.level_names == ("Company", "region", "team", "person")
    assert found.level.tolist() == [0, 1, 1, 2, 2, 3, 3, 3]
    assert found.parent.tolist() == [-1, 0, 0, 1, 2, 3, 3, 4]
    assert found.bottom.tolist() == [7, 5, 6]
    assert found.sums(np.array([1, 10, 100])).tolist() == [111, 110, 1, 110, 1, 10, 100, 1]
    assert found.name(found.find("East", "B", "Ann")) == "East › B › Ann"


def test_crossed_dimensions_have_every_combination():
    rows = pd.DataFrame([(s, r, p) for s in "NS" for r in "12" for p in "xyz"], columns=["state", "region", "purpose"])
    found = build_hierarchy(rows, [["state", "region"], ["purpose"]])
    assert dict(zip(found.level_names, np.bincount(found.level), strict=True)) == {
        "Total": 1, "state": 2, "purpose": 3, "region": 4, "state × purpose": 6, "region × purpose": 12,
    }  # fmt: skip
    values = found.sums(np.arange(12))
    assert values[found.find("N")] == sum(range(6))
    assert values[found.find("x")] == 0 + 3 + 6 + 9
    assert values[found.find("S", "y")] == 7 + 10
    assert found.labels[found.find("S", "y")] == "S × y"


def test_ragged_series_belong_to_the_node_above():
    rows = table(("East", "A", "Ann"), ("East", "A", None), ("West", None, ""))
    found = build_hierarchy(rows, [["region", "team", "person"]])
    assert found.keys[found.bottom[1]] == (("East", "A", OWN),)
    assert found.keys[found.bottom[2]] == (("West",),)
    assert found.sums(np.array([1, 2, 4]))[found.find("East")] == 3
    assert np.abs(found.links @ found.sums(np.array([1.0, 2, 4]))).max() == 0


def test_all_faults_are_named_at_once():
    rows = table(("East", "", "Ann"), ("", "", ""), ("West", "A", "Bob"), ("West", "A", "Bob"))
    with pytest.raises(FaultsError) as caught:
        build_hierarchy(rows, [["region", "team", "person"]])
    said = {(fault.where, fault.what) for fault in caught.value.faults}
    assert ("row 0", "team is blank: person Ann has no parent.") in said
    assert ("row 1", "region is blank: the series has no parent.") in said
    assert ("row 3", "West › A › Bob is in row 2 already.") in said
    with pytest.raises(FaultsError, match="cannot be read"):
        build_hierarchy(rows, [["country"]])
    with pytest.raises(NothingToDoError):
        build_hierarchy(rows.iloc[:0], [["region"]])


PATHS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["", "1", "2"]), st.sampled_from("xy")),
    min_size=1, max_size=14, unique=True,
)  # fmt: skip


@given(PATHS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(paths, random):
    def built(rows):
        return build_hierarchy(pd.DataFrame(rows, columns=["a", "b", "c"]), [["a", "b"], ["c"]])

    shuffled = list(paths)
    random.shuffle(shuffled)
    one, other = built(paths), built(shuffled)
    assert one.keys == other.keys
    values = {path: number for number, path in enumerate(paths, start=1)}
    mine, theirs = (hierarchy.sums(np.array([values[path] for path in rows])) for hierarchy, rows in
                    ((one, paths), (other, shuffled)))  # fmt: skip
    assert mine.tolist() == theirs.tolist()


@given(PATHS)
def test_links_say_what_sums_say(paths):
    found = build_hierarchy(pd.DataFrame(paths, columns=["a", "b", "c"]), [["a", "b"], ["c"]])
    rng = np.random.default_rng(len(paths))
    values = found.sums(rng.integers(-50, 50, len(paths)))
    assert not (found.links @ values).any()
    assert found.links.shape == (found.n - len(paths), found.n)
    assert np.linalg.matrix_rank(found.links.toarray()) == found.n - len(paths)
