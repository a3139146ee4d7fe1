"""A table exported and read again is the same table."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table
from salesops_desktop.sheets.writing.table_export import csv_value, export_table, minor_text
from salesops_desktop.sheets.writing.text import unguard_from_csv
from tests.sheets.writing import examples
from tests.sheets.writing.test_book import all_kinds

SPECS = [
    ColumnSpec("name", "Name, first", ValueKind.TEXT),
    ColumnSpec("amount", "Amount", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("rate", "Rate", ValueKind.RATE),
    ColumnSpec("number", "Number", ValueKind.NUMBER),
    ColumnSpec("on", "On", ValueKind.DATE),
    ColumnSpec("at", "At", ValueKind.DATETIME),
    ColumnSpec("done", "=Done", ValueKind.BOOLEAN),
]


def rows(count: int) -> list[dict[str, object]]:
    names = [*examples.PAYLOADS, "'=x", 'say "hi"', "two\r\nlines", "Zoë; 東京", "'plain"]
    made: list[dict[str, object]] = [
        {
            "name": names[i % len(names)],
            "amount": -12_345 + i,
            "currency": ("EUR", "JPY")[i % 2],
            "rate": 125_000,
            "number": 0.1 + 0.2,
            "on": dt.date(2026, 1, 2),
            "at": "2026-01-02T03:04:05",
            "done": i % 2 == 0,
        }
        for i in range(count)
    ]
    return [*made, {"name": None, "currency": "EUR"}]


def test_csv_comes_back_and_runs_nothing(tmp_path: Path) -> None:
    given = rows(11_000)
    table = build_table("T", SPECS, given)
    path = tmp_path / "t.csv"
    saved = export_table(path, table, examples.provenance("View"))
    content = path.read_bytes()
    assert saved.size == len(content)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.replace(b"\r\n", b"").count(b"\n") == sum(row["name"] == "\n=1+1" for row in given)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        heading, *found = list(csv.reader(stream))
    assert heading == ["Name, first", "Amount", "Amount currency", "Rate", "Number", "On", "At", "'=Done"]
    assert len(found) == len(given)
    assert [unguard_from_csv(row[0]) or None for row in found] == [row["name"] for row in given]
    assert not [row[0] for row in found if row[0][:1] in "=+-@\t\r\n＝＋－＠" and row[0]]
    assert found[0][1:] == [
        "-123.45",
        "EUR",
        "0.125",
        "0.30000000000000004",
        "2026-01-02",
        "2026-01-02 03:04:05",
        "TRUE",
    ]
    assert found[1][1:3] == ["-12344", "JPY"]
    assert found[-1] == [""] * 8


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["JPY", "USD", "KWD", "CLF"]))
def test_amounts_are_written_exactly(minor: int, currency: str) -> None:
    written = minor_text(minor, exponent(currency))
    assert Decimal(written) == Decimal(minor).scaleb(-exponent(currency))
    assert len(written.partition(".")[2]) == exponent(currency)


def test_the_quick_ways_write_what_the_careful_way_writes(tmp_path: Path) -> None:
    table = all_kinds(40)
    whole = table.take(np.array([i for i in range(40) if i % 7 != 6], dtype=np.intp))
    for made in (table, whole):
        export_table(tmp_path / "t.csv", made, examples.provenance("View"))
        with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as stream:
            heading, *found = list(csv.reader(stream))
        for column in made.columns:
            place = heading.index(column.label)
            expected = [csv_value(column.cell(i)) for i in range(len(made))]
            assert [row[place] for row in found] == expected, column.name


def test_a_column_that_tells_the_currency_is_not_doubled(tmp_path: Path) -> None:
    specs = [
        ColumnSpec("currency", "Currency", ValueKind.TEXT),
        ColumnSpec("a", "A", ValueKind.MONEY, currency_from="currency"),
    ]
    table = build_table("T", specs, [{"currency": "EUR", "a": 1}, {"currency": "USD", "a": 2}])
    export_table(tmp_path / "t.csv", table, examples.provenance("View"))
    assert (tmp_path / "t.csv").read_text(encoding="utf-8-sig").splitlines() == ["Currency,A", "EUR,0.01", "USD,0.02"]


def test_xlsx_has_the_table_first_with_its_own_headings(tmp_path: Path) -> None:
    export_table(tmp_path / "t.XLSX", build_table("View: all", SPECS, rows(5)), examples.provenance("View"))
    book = load_workbook(tmp_path / "t.XLSX")
    assert book.sheetnames == ["View- all", "About"]
    sheet = book["View- all"]
    (table,) = sheet.tables.values()
    assert [c.name for c in table.tableColumns] == [spec.label for spec in SPECS]
    assert sheet.cell(5, 2).number_format == '#,##0.00 "EUR"'
    assert sheet.cell(6, 2).number_format == '#,##0 "JPY"'


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError, match=r"cannot be exported as \.pdf\. End the name with"):
        export_table(tmp_path / "t.pdf", examples.kpi_rows(), examples.provenance("View"))
    assert not list(tmp_path.iterdir())
