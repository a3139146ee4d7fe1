"""Splits always add up, whatever the order."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.commission import split_credits
from salesops_desktop.model.money import allocate

DEALS = st.lists(
    st.tuples(
        st.integers(-(10**12), 10**12),
        st.lists(st.tuples(st.integers(0, 10**6), st.booleans()), min_size=1, max_size=5),
    ),
    min_size=1,
    max_size=6,
)


def columns(deals):
    rows = [(i, 10 + j, share, over) for i, (_, parts) in enumerate(deals) for j, (share, over) in enumerate(parts)]
    index, person, share, overlay = (np.array(column) for column in zip(*rows, strict=True))
    return np.array([amount for amount, _ in deals]), index.astype(np.intp), person, share, overlay.astype(bool)


@given(deals=DEALS, seed=st.integers(0, 10**6))
def test_parts_sum_to_the_whole_and_ignore_the_order(deals, seed):
    amounts, index, person, share, overlay = columns(deals)
    parts = split_credits(amounts, index, person, share, overlay)
    for i, (amount, _) in enumerate(deals):
        mine = (index == i) & ~overlay
        exact = Fraction(abs(amount) * int(share[mine].sum()), 10**6)
        whole = int(exact + Fraction(1, 2)) * (-1 if amount < 0 else 1)
        assert parts[mine].sum() == whole
    for i in range(len(parts)):
        exact = Fraction(int(amounts[index[i]]) * int(share[i]), 10**6)
        assert abs(int(parts[i]) - exact) < 1
        if overlay[i]:
            assert abs(int(parts[i]) - exact) <= Fraction(1, 2)
    order = np.random.default_rng(seed).permutation(len(parts))
    again = split_credits(amounts, index[order], person[order], share[order], overlay[order])
    assert again.tolist() == parts[order].tolist()
    assert split_credits(-amounts, index, person, share, overlay).tolist() == (-parts).tolist()


@given(amount=st.integers(-(10**9), 10**9), weights=st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_equals_the_allocation_of_money(amount, weights):
    shares = allocate(10**6, weights)
    index = np.zeros(len(shares), dtype=np.intp)
    parts = split_credits(np.array([amount]), index, np.arange(len(shares)), np.array(shares))
    assert parts.tolist() == allocate(amount, shares)


def test_amounts_near_the_limit_do_not_wrap():
    parts = split_credits(
        np.array([9 * 10**18]), np.zeros(2, dtype=np.intp), np.array([1, 2]), np.array([333_333, 666_667])
    )
    assert parts.tolist() == [2_999_997 * 10**12, 6_000_003 * 10**12]


def test_negative_shares_are_refused():
    with pytest.raises(ValueError, match="negative"):
        split_credits(np.array([1]), np.zeros(1, dtype=np.intp), np.array([1]), np.array([-1]))
    assert split_credits(*(np.zeros(0, dtype=np.intp),) * 4).tolist() == []
