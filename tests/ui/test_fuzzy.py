"""What the command palette finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.ui.fuzzy import best, match

TITLES = [
    "Import spreadsheets",
    "Undo Import accounts.xlsx",
    "Calculate commissions",
    "Export this view",
    "Show Performance",
    "Design territories",
    "Open sample company",
]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("imp", "Import spreadsheets"),
        ("osc", "Open sample company"),
        ("commis", "Calculate commissions"),
        ("territories design", "Design territories"),
        ("etv", "Export this view"),
        ("PERF", "Show Performance"),
        ("", "Import spreadsheets"),
    ],
)
def test_what_is_typed_finds_what_is_meant(typed, first):
    assert TITLES[best(typed, TITLES)[0].index] == first


def test_letters_that_are_not_there_find_nothing():
    assert best("zzqx", TITLES) == []


@given(st.text("abc de", max_size=8), st.text("abcde fg", max_size=30))
def test_the_letters_found_are_the_letters_typed(typed, text):
    fit = match(typed, text)
    wanted = typed.casefold().replace(" ", "")
    if fit is None:
        rest = iter(text.casefold())
        assert not all(letter in rest for letter in wanted)
    else:
        assert all(0 <= p < len(text) for p in fit[1])
        assert {text[p] for p in fit[1]} <= set(typed)
