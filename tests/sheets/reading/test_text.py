"""Text tables: any dialect reads back what was written; stray quotes swallow nothing."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.sheets.reading.dialect import find_dialect
from salesops_desktop.sheets.reading.encoding import find_encoding, take_census
from salesops_desktop.sheets.reading.inspection import ReadOptions
from salesops_desktop.sheets.reading.text import open_text

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=12)
NAMES = st.text(st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F), min_size=3, max_size=8)


def read(data: bytes, tmp_path, **options) -> list[list[str]]:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    found = open_text(lambda: path.open("rb"), path, ReadOptions(**options), lambda _: None)
    return list(found.sheet.rows())


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(WORDS, min_size=3, max_size=3), min_size=1, max_size=30),
    delimiter=st.sampled_from(",;\t|"),
    line=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read(tmp_path_factory, rows, delimiter, line, encoding):
    """With the delimiter known, every table of text comes back identical, whatever stands in its cells."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=line, quoting=csv.QUOTE_ALL).writerows(rows)
    data = out.getvalue().encode(encoding)
    back = read(data, tmp_path_factory.mktemp("t"), delimiter=delimiter, quote='"', encoding="")
    assert back == rows


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(
        st.tuples(NAMES, st.integers(-(10**6), 10**6), st.dates(), NAMES, st.one_of(NAMES, st.just("a;b, c|d"))),
        min_size=3,
        max_size=25,
    ),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    line=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_the_dialect_is_found(tmp_path_factory, rows, delimiter, quoting, line):
    """Nothing said: tables of names, numbers and dates are found with their delimiter and come back identical."""
    table = [["Name", "Count", "Date", "Owner", "Note"], *[[str(cell) for cell in row] for row in rows]]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=line, quoting=quoting).writerows(table)
    assert read(out.getvalue().encode(), tmp_path_factory.mktemp("t")) == table


@pytest.mark.parametrize(
    ("sample", "delimiter", "quote"),
    [
        ("ID;Address\n1;12, High St, London\n2;5, Rue X, Paris\n", ";", '"'),
        ("Account\nAcme\nBeta\n", "", '"'),
        ("ID;Name\n1;'a;b'\n2;'it''s'\n", ";", "'"),
        ("sep=|\na|b\n1|2\n", "|", '"'),
        ("a,b\n1,O'Brien\n2,D'Arcy\n", ",", '"'),
    ],
)
def test_dialects(sample, delimiter, quote):
    found = find_dialect(sample)
    assert (found.delimiter, found.quote) == (delimiter, quote)


@pytest.mark.parametrize("place", [1, 5, 4_000, 9_999])
def test_a_stray_quote_costs_one_line(tmp_path, place):
    lines = [f"{i},name {i},2024-01-01,{i * 2}" for i in range(10_000)]
    lines[place] = f'{place},"broken,2024-01-01,7'
    rows = read(("id,name,date,n\n" + "\n".join(lines) + "\n").encode(), tmp_path)
    assert len(rows) == 10_001
    assert rows[place + 1] == [str(place), "broken", "2024-01-01", "7"]


def test_quotes_after_a_backslash(tmp_path):
    rows = read(b'id,note,n\n1,"say \\"yes\\" now, please",5\n2,"plain",6\n', tmp_path)
    assert rows[1] == ["1", 'say "yes" now, please', "5"]
    rows = read(b'id,note,n\n1,"C:\\","5"\n2,"D:\\","6"\n', tmp_path)
    assert rows[1] == ["1", "C:\\", "5"]


def test_long_quoted_texts_stay_whole(tmp_path):
    note = "\n".join(f"line {i}, with, commas" for i in range(50))
    out = io.StringIO(newline="")
    table = [["id", "note", "n"], *[[str(i), f'{note} "{i}"', str(i)] for i in range(300)]]
    csv.writer(out).writerows(table)
    assert read(out.getvalue().encode(), tmp_path) == table


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Société Générale – 5 €\nMüller & Söhne\n", "cp1252"),
        ("Клиент;Сумма\nООО Ромашка;5\n", "cp1251"),
        ("株式会社サンプル,東京都\n大阪府,営業担当者\n", "cp932"),
        ("客户名称,销售经理\n上海某某公司,张伟\n", "gb18030"),
        ("Клиент;Сумма\nРомашка;5\nВектор плюс;6\n", "koi8_r"),
        ("Πελάτης;Ποσό\nΑθήνα ΑΕ;1\nΘεσσαλονίκη;2\n", "cp1253"),
        ("Klient;Kwota\nŁódź;5\nGdańsk;5\nŚląsk;7\nŻółć;8\n", "cp1250"),
        ("고객,금액\n서울전자,5\n부산상사,6\n", "cp949"),
        ("客戶,金額\n台北公司,5\n高雄企業,6\n", "big5"),
        ("Müller\nGrüße\n", "utf-8"),
    ],
)
def test_encodings(text, encoding):
    census = take_census(io.BytesIO(text.encode(encoding)), "t.csv", lambda _: None)
    assert find_encoding(census).name == encoding


def test_lines_in_another_encoding_are_named():
    data = b"".join("Müller\n".encode() for _ in range(40)) + "Söhne\n".encode("cp1252") + "Grün\n".encode()
    census = take_census(io.BytesIO(data), "t.csv", lambda _: None)
    assert find_encoding(census).odd_lines == (41,)
