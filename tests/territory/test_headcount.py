"""Headcount: by hand, divided among regions, and by designs of several counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.model.errors import Cancelled, FaultsError
from salesops_desktop.territory.headcount import compare_counts, headcount, split_count
from salesops_desktop.territory.problem import DesignProblem


def test_by_hand():
    made = headcount(9_000, hours=1_500, selling=0.6, people=8)
    assert (made.capacity, made.exact, made.needed) == (900, 10, 10)
    assert made.load == pytest.approx(1.25)
    assert headcount(9_001, hours=1_500, selling=0.6).needed == 11
    assert headcount(0.1 * 3, hours=0.1, selling=1).needed == 3
    assert headcount(1, hours=1_500, selling=0.6).load == float("inf")


def test_all_that_makes_no_sense_is_told():
    with pytest.raises(FaultsError) as caught:
        headcount(0, hours=-1, selling=1.5)
    assert [fault.where for fault in caught.value.faults] == ["hours", "selling share", "workload"]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8), st.integers(0, 40))
def test_people_are_divided_by_workload(workloads, more):
    count = len(workloads) + more
    split = split_count(count, workloads)
    assert sum(split) == count
    assert min(split) >= 1
    following = split_count(count + 1, workloads)
    assert all(b >= a for a, b in zip(split, following, strict=True))


def test_more_regions_than_people_is_refused():
    with pytest.raises(ValueError, match="2 people"):
        split_count(2, [1, 1, 1])


def plain(count):
    rng = np.random.default_rng(5)
    n = 120
    return [
        DesignProblem(
            rng.uniform(45, 50, n), rng.uniform(5, 12, n), {"workload": rng.uniform(1, 9, n)}, count, {"workload": 0.1}
        )
    ]


def test_more_territories_are_nearer_and_less_loaded():
    rows = compare_counts(plain, [3, 12], workload="workload", capacity=100)
    assert [row.count for row in rows] == [3, 12]
    assert rows[0].mean_km > rows[1].mean_km
    total = plain(1)[0].measures["workload"].sum()
    for row in rows:
        assert row.hours == pytest.approx(total / row.count)
        assert row.load == pytest.approx(total / row.count / 100)
        assert row.most_load == pytest.approx(row.load * (1 + row.worst["workload"]), rel=0.2)
        assert row.most_hours >= row.hours
    assert compare_counts(plain, [3], workload="workload", capacity=100) == rows[:1]


def test_it_can_be_cancelled():
    def stop(done, total, what=""):
        raise Cancelled

    with pytest.raises(Cancelled):
        compare_counts(plain, [3], workload="workload", capacity=1, progress=stop)
