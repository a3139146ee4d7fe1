"""Sorting, searching and summing of column arrays against plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QLocale

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.tables import Column, Table, ValueKind
from salesops_desktop.ui.widgets.formats import Formats, digits_of
from salesops_desktop.ui.widgets.grid_clipboard import parse_pasted, quoted
from salesops_desktop.ui.widgets.grid_filters import contains
from salesops_desktop.ui.widgets.grid_order import TextIndex, fold, missing_mask, sort_key, sorted_rows
from salesops_desktop.ui.widgets.grid_summary import summarise
from salesops_desktop.ui.widgets.grid_view import leap_to_edge

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["Account 00001", "Account 00002", "ab"])))


def text_column(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return Column("t", "T", ValueKind.TEXT, array)


def ordered(column, *, descending=False):
    key, missing = sort_key(column), missing_mask(column)
    return sorted_rows(np.arange(len(column)), key, missing, descending=descending).tolist()


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.booleans())
def test_texts_sort_as_folded_bytes_stable_and_missing_last(values, descending):
    def key(i):
        return fold(values[i].replace("\0", " ")).encode("utf-8", "surrogatepass")

    present = [i for i, v in enumerate(values) if v is not None]
    wanted = sorted(present, key=key, reverse=descending)
    if descending:  # reverse=True keeps equal ones in order
        assert wanted == sorted(present, key=key, reverse=True)
    absent = [i for i, v in enumerate(values) if v is None]
    assert ordered(text_column(values), descending=descending) == wanted + absent


@pytest.mark.parametrize("distinct", [5, 400, 20_000])
def test_many_texts_sort_right_whatever_way_is_taken(distinct):
    rng = np.random.default_rng(distinct)
    values = [f"Account number {n:06d}" if n % 7 else None for n in rng.integers(0, distinct, 20_000)]
    rows = ordered(text_column(values))
    wanted = sorted((i for i, v in enumerate(values) if v), key=lambda i: values[i])
    assert rows[: len(wanted)] == wanted
    assert rows[len(wanted) :] == [i for i, v in enumerate(values) if v is None]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.booleans())
def test_integers_sort_to_the_ends_of_64_bits(values, descending):
    column = Column("n", "N", ValueKind.INTEGER, np.array(values, dtype=np.int64))
    assert ordered(column, descending=descending) == sorted(
        range(len(values)), key=values.__getitem__, reverse=descending
    )


def test_numbers_and_dates_put_missing_last():
    numbers = Column("n", "N", ValueKind.NUMBER, np.array([2.0, np.nan, -1.0]))
    dates = Column("d", "D", ValueKind.DATE, np.array(["2026-02-01", "NaT", "2025-01-01"], dtype="datetime64[D]"))
    for column in (numbers, dates):
        assert ordered(column) == [2, 0, 1]
        assert ordered(column, descending=True) == [0, 2, 1]


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.text(min_size=1, max_size=3))
def test_contains_finds_what_python_finds(values, needle):
    index = TextIndex(text_column(values).values)
    folded = fold(needle.strip().replace("\0", " "))
    wanted = [folded in fold((v or "").replace("\0", " ")) for v in values]
    assert contains(index, needle).tolist() == wanted


def test_search_ignores_accents_and_case():
    index = TextIndex(text_column(["Münster", "MUNSTER", "Straße", None]).values)
    assert contains(index, "munster").tolist() == [True, True, False, False]
    assert contains(index, "STRASSE").tolist() == [False, False, True, False]


def test_sums_are_exact_beyond_float():
    big = 2**62
    column = Column("m", "M", ValueKind.MONEY, np.array([big, big, big, 1], dtype=np.int64), None, "USD")
    *_, last = summarise(Table("", (column,)), [(np.arange(4), [0])])
    assert last.amounts["money", "USD"].total == 3 * big + 1


def test_leaps_like_excel():
    filled = np.array([True, True, False, False, True, False])
    assert [leap_to_edge(filled, at, 1) for at in range(6)] == [1, 4, 4, 4, 5, 5]
    assert [leap_to_edge(filled, at, -1) for at in range(6)] == [0, 0, 1, 1, 1, 4]


def test_pasted_text_as_excel_writes_it():
    assert parse_pasted('a\tb\r\n"two\nlines"\t"say ""x"""\r\n') == [["a", "b"], ["two\nlines", 'say "x"']]
    assert parse_pasted("a\tb\nc\n\n") == [["a", "b"], ["c", ""]]
    assert parse_pasted("") == []
    cell = 'tab\t"quote"\nline'
    assert parse_pasted(quoted(cell)) == [[cell]]


@pytest.mark.parametrize("name", ["en_US", "de_DE", "fr_FR", "hi_IN", "de_CH", "pl_PL", "sv_SE", "ja_JP"])
@pytest.mark.parametrize("value", [0, 7, -1234567, 12345678901234567])
def test_money_is_read_as_it_is_written(name, value):
    formats = Formats(QLocale(name))
    for currency, digits in (("USD", 2), ("JPY", 0), ("KWD", 3), ("CHF", 2)):
        shown = formats.money(value, currency)
        assert int(formats.parse_money(shown, currency).scaleb(digits)) == value


def test_numbers_nobody_can_read_are_refused():
    formats = Formats(QLocale("en_US"))
    for text in ("", "abc", "1.2.3", "nan", "inf", "--1"):
        with pytest.raises(InputRefusedError):
            formats.parse_number(text)
    with pytest.raises(InputRefusedError):
        formats.parse_date("31/31/2026")
    assert str(formats.parse_number("(1,234.50)")) == "-1234.50"


def test_digits_suit_the_column():
    assert digits_of(np.array([1.0, 2.0])) == 0
    assert digits_of(np.array([1.5, 2.0, np.nan])) == 1
    assert digits_of(np.array([1.23456, 200.0])) == 2
    assert digits_of(np.array([0.12345])) == 4
