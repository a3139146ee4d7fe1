"""Rows in order, against Python's own sorting."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.commission.ordering import order_by, stable_order, text_keys

SIZES = st.sampled_from([1, 5, 300, 70_000, 2**40, 2**62])


@settings(deadline=None)
@given(data=st.data(), count=st.integers(0, 60), sizes=st.lists(SIZES, min_size=1, max_size=5))
def test_order_by_is_the_order_of_tuples(data, count, sizes):
    rows = [tuple(data.draw(st.integers(-size, size)) for size in sizes) for _ in range(count)]
    columns = [np.array([row[i] for row in rows], dtype=np.int64) for i in range(len(sizes))]
    expected = sorted(range(count), key=rows.__getitem__)
    assert order_by(columns, count).tolist() == expected
    if count:
        assert stable_order(columns[0]).tolist() == sorted(range(count), key=columns[0].tolist().__getitem__)


@settings(deadline=None)
@given(words=st.lists(st.text(max_size=14) | st.from_regex(r"\A[TX]-[0-9]{4,20}\Z"), min_size=1, max_size=40))
def test_texts_are_ordered_by_code_point(words):
    texts = np.array(words, dtype=object)
    order = order_by(text_keys(texts), len(words))
    assert order.tolist() == sorted(range(len(words)), key=words.__getitem__)
