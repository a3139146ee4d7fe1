"""What is told many at a time is what one look, or one conversion, would have said."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.model.entities import entity
from salesops_desktop.sheets.reading.conversion import integer, money, number
from salesops_desktop.sheets.reading.shapes import MONTHS, look
from salesops_desktop.sheets.reading.sure import amounts, decimals, integers, surely

ACCOUNT = entity("account")
LATITUDE, EMPLOYEES = ACCOUNT.field("latitude"), ACCOUNT.field("employees")
WORDS = [*MONTHS, "EUR", "USD", "CHF", "Eur", "kr", "Süd", "North", "St", "null", "n/a", "tbd", "yes", "Err:502", "Fr."]
SEPARATORS = [" ", "-", "_", ", ", ".", "/", "  ", "", "@", "\u00a0", "://"]
NUMBERS = ["5", "12", "2026", "1.234", "1,5", "007", "12.50", "1e5", "-3", "05.06.2026", "0", "90.5", "1234567.891", ""]

pieces = st.lists(st.sampled_from([*WORDS, *SEPARATORS, *NUMBERS]), max_size=7).map("".join)
written = st.one_of(pieces, pieces.map(str.upper), pieces.map(str.title), st.text(max_size=20))


@given(st.lists(written, unique=True))
def test_what_is_sure_is_what_a_look_says(values):
    found, rest = surely(values)
    assert sorted([*rest, *(value for _, texts in found for value in texts)]) == sorted(values)
    for verdict, texts in found:
        assert texts
        assert [(value, look(value)) for value in texts] == [(value, verdict) for value in texts]


figures = st.one_of(
    st.sampled_from(["", "0", "-0", "5", "1.5", "-12.25", "90", "91", "-91", "1\n2", "1\x1e2", "007", "1.", ".5", "١"]),
    st.decimals(-1000, 1000, places=3).map(str),
    st.integers(-(10**14), 10**14).map(str),
)


@given(st.lists(figures))
def test_numbers_many_at_a_time_are_those_of_one_at_a_time(cells):
    for many, one, field in ((decimals, number, LATITUDE), (integers, integer, EMPLOYEES)):
        found = many(field, cells)
        if found is not None:
            assert found == [one(cell, ".") for cell in cells]
            assert all(n is None or (field.minimum or n) <= n <= (field.maximum or n) for n in found)
    found = amounts(cells)
    if found is not None:
        assert found == [money(cell, ".", "USD") for cell in cells]


def test_a_cell_that_holds_the_separator_or_a_line_break_is_no_number():
    for cell in ("1\x1e2", "1\n2", "\x1e", "\n"):
        assert decimals(LATITUDE, [cell]) is None
        assert integers(EMPLOYEES, [cell]) is None
        assert amounts([cell]) is None


def test_regular_columns_are_taken_whole():
    rng = random.Random(1)
    places = [f"{rng.uniform(-90, 90):.6f}" for _ in range(100)]
    assert decimals(LATITUDE, [*places, ""]) == [*map(float, places), None]
    assert decimals(LATITUDE, [*places, "91.5"]) is None
    assert integers(EMPLOYEES, ["12", "", "0"]) == [12, None, 0]
    assert integers(EMPLOYEES, ["-1"]) is None
    assert amounts(["12.5", "-0.05", "7", ""]) == [1250, -5, 700, None]
    (text,), rest = surely(["North Mills 12", "Süd Labor 7", "Mars 5", "EUR 500", "12"])[0][:1], None
    assert text[1] == ["North Mills 12", "Süd Labor 7"]
    assert rest is None
