"""Text goes into a workbook and a csv file and comes back as it was; names obey Excel."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.sheets.writing.text import (
    FORMULA_STARTS,
    MAX_TEXT,
    clean,
    guard_for_csv,
    header_labels,
    looks_like_formula,
    page_text,
    sheet_name,
    table_name,
    to_xml,
    unguard_from_csv,
)

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


@given(ANY_TEXT)
def test_guarding_for_csv_can_be_undone_and_leaves_no_formula(text: str) -> None:
    guarded = guard_for_csv(text)
    assert unguard_from_csv(guarded) == text
    assert not looks_like_formula(guarded)


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_every_start_of_a_formula_is_guarded(start: str) -> None:
    assert looks_like_formula(f"{start}x")
    assert guard_for_csv(f"{start}x") == f"'{start}x"
    assert guard_for_csv(f"'{start}x") == f"''{start}x"
    assert guard_for_csv("'x") == "'x"


@given(ANY_TEXT)
def test_cleaned_text_is_xml_and_says_what_was_removed(text: str) -> None:
    cleaned, change = clean(text)
    assert (cleaned != text) == bool(change)
    assert clean(cleaned) == (cleaned, "")
    cleaned.encode()


def test_long_text_is_cut_by_utf16_units_and_never_through_a_character() -> None:
    assert clean("x" * MAX_TEXT) == ("x" * MAX_TEXT, "")
    cut, change = clean("😀" * 20_000)
    assert cut == "😀" * (MAX_TEXT // 2)
    assert "cut from 40,000 to 32,767" in change


def test_escapes_of_excel_are_not_made_by_accident() -> None:
    assert to_xml("a_x000D_b _x0041 _xZZZZ_") == "a_x005F_x000D_b _x0041 _xZZZZ_"
    assert to_xml("<&>\r\n") == "&lt;&amp;&gt;&#13;\n"


@given(st.lists(ANY_TEXT, max_size=8))
def test_sheet_names_obey_excel_and_differ(wanted: list[str]) -> None:
    names: list[str] = []
    for text in wanted:
        names.append(sheet_name(text, names))
    assert len({n.casefold() for n in names}) == len(names)
    for name in names:
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
        assert not re.search(r"[\[\]:*?/\\\x00-\x1f]", name)
        assert name.casefold() != "history"
        assert not name.startswith("'")
        assert not name.endswith("'")


@given(st.lists(ANY_TEXT, max_size=8))
def test_table_names_obey_excel_and_differ(wanted: list[str]) -> None:
    names: list[str] = []
    for text in wanted:
        names.append(table_name(text, names))
    assert len({n.casefold() for n in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", n) and len(n) <= 255 for n in names)


@pytest.mark.parametrize("address", ["A1", "XFD1048576", "R1C1", "r", "C", "rc"])
def test_a_table_is_never_named_like_a_cell(address: str) -> None:
    assert table_name(address, []) == f"T_{address}"


@given(st.lists(ANY_TEXT, min_size=1, max_size=8))
def test_headings_are_single_lines_and_differ(labels: list[str]) -> None:
    made = header_labels(labels)
    assert len({m.casefold() for m in made}) == len(labels)
    assert all(m and "\n" not in m and "\r" not in m and m == m.strip() and len(m) <= 255 for m in made)
    assert all(to_xml(m).count("_x005F_") == 0 for m in made)


def test_page_headers_take_an_ampersand_literally() -> None:
    assert page_text("A & B\n" + "x" * 200).startswith("A && B x")
    assert len(page_text("x" * 200)) == 80
