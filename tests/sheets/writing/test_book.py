"""Every kind of value goes into a workbook and comes back, and what cannot is told."""

from __future__ import annotations

import datetime as dt
import tempfile
import tracemalloc
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from salesops_desktop.model.errors import Cancelled, InputRefusedError
from salesops_desktop.model.tables import Column, ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.book import Book, Check, Saved
from salesops_desktop.sheets.writing.charts import ChartSpec, Line
from salesops_desktop.sheets.writing.sheet import Flag, Input
from salesops_desktop.sheets.writing.text import clean
from tests.sheets.writing import examples
from tests.sheets.writing.linter import Workbook, lint
from tests.sheets.writing.reading_back import stored_values

KINDS = [
    ColumnSpec("text", "Text", ValueKind.TEXT),
    ColumnSpec("integer", "Integer", ValueKind.INTEGER),
    ColumnSpec("number", "Number", ValueKind.NUMBER, digits=3),
    ColumnSpec("money", "Money", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("yen", "Yen", ValueKind.MONEY, currency="JPY"),
    ColumnSpec("rate", "Rate", ValueKind.RATE),
    ColumnSpec("fraction", "Fraction", ValueKind.FRACTION),
    ColumnSpec("date", "Date", ValueKind.DATE),
    ColumnSpec("moment", "Moment", ValueKind.DATETIME),
    ColumnSpec("truth", "Truth", ValueKind.BOOLEAN),
]


def all_kinds(count: int) -> Table:
    generator = np.random.default_rng(4)
    rows: list[dict[str, object]] = []
    for i in range(count):
        row: dict[str, object] = {
            "text": examples.PAYLOADS[i % 13] if i % 2 else f" Zoë & <{i}>\n_x000D_\r😀 ",
            "integer": int(generator.integers(-(10**14), 10**14)),
            "number": float(generator.normal(0, 1e6)),
            "money": int(generator.integers(-(10**13), 10**13)),
            "yen": int(generator.integers(-(10**9), 10**9)),
            "rate": int(generator.integers(0, 2_000_000)),
            "fraction": float(generator.random()),
            "date": dt.date(1900, 3, 1) + dt.timedelta(days=int(generator.integers(0, 90_000))),
            "moment": f"2026-0{i % 9 + 1}-15T1{i % 10}:03:{i % 60:02}",
            "truth": i % 3 == 0,
            "currency": ("USD", "KWD", "JPY")[i % 3],
        }
        if i % 7 == 6:
            row = dict.fromkeys(row)
        rows.append(row)
    return build_table("All kinds", KINDS, rows)


def save_one(table: Table, folder: Path, **options: object) -> tuple[Path, Saved]:
    book = Book(examples.provenance("Test"))
    book.add_table_sheet("Data", table, **options)  # type: ignore[arg-type]
    path = folder / "test.xlsx"
    return path, book.save(path)


def body(path: Path, columns: int, count: int) -> list[list[object]]:
    """The data rows of the sheet Data, as openpyxl reads them."""
    rows = [list(row)[:columns] for row in load_workbook(path)["Data"].iter_rows(values_only=True)]
    heading = next(i for i, row in enumerate(rows) if row[1] is not None)
    return rows[heading + 1 : heading + 1 + count]


@pytest.mark.parametrize("count", [0, 1, 1_000, 2_345])
def test_every_cell_comes_back(tmp_path: Path, count: int) -> None:
    table = all_kinds(count)
    path, saved = save_one(table, tmp_path)
    assert saved.changes == ()
    assert saved.size == path.stat().st_size
    assert lint(path) == []
    for i, row in enumerate(body(path, len(KINDS), count)):
        for column, value in zip(table.columns, row, strict=True):
            expected = column.cell(i)
            if isinstance(expected, str):
                expected = expected.replace("_x000D_", "_x005F_x000D_")  # openpyxl does not undo Excel's escape
            elif isinstance(expected, Decimal):
                assert value is None or Decimal(str(value)) == expected, (column.name, i)
                continue
            elif isinstance(expected, dt.date) and not isinstance(expected, dt.datetime):
                expected = dt.datetime.combine(expected, dt.time())
            assert value == expected, (column.name, i)


def test_number_formats_follow_kind_and_currency(tmp_path: Path) -> None:
    path, _ = save_one(all_kinds(4), tmp_path)
    sheet = load_workbook(path)["Data"]
    formats = [[c.number_format for c in row] for row in sheet.iter_rows(min_row=5, max_row=7)]
    assert [row[3] for row in formats] == ['#,##0.00 "USD"', '#,##0.000 "KWD"', '#,##0 "JPY"']
    assert formats[0][4:] == ["#,##0", "0.0###%", "0.0%", "yyyy-mm-dd", "yyyy-mm-dd hh:mm", '"TRUE";"TRUE";"FALSE"']
    assert [c.value for c in sheet[4]][3:5] == ["Money", "Yen (JPY)"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(codec=None, exclude_categories=()), max_size=40), min_size=1, max_size=60))
def test_any_text_comes_back_in_a_reader_like_excel(texts: list[str]) -> None:
    table = build_table("Texts", [ColumnSpec("t", "Text", ValueKind.TEXT)], [(text,) for text in texts])
    with tempfile.TemporaryDirectory() as folder:
        path, saved = save_one(table, Path(folder))
        rows = stored_values(path)["Data"]
    assert len(saved.changes) == sum(clean(text)[1] != "" for text in texts)
    heading = next(i for i, row in enumerate(rows) if row[0] == "Text")
    found = [row[0] for row in rows[heading + 1 : heading + 1 + len(texts)]]
    found += [""] * (len(texts) - len(found))
    assert found == [clean(text)[0] for text in texts]


def test_what_cannot_be_stored_is_told_in_the_workbook_and_to_the_caller(tmp_path: Path) -> None:
    specs = [
        ColumnSpec("text", "Text", ValueKind.TEXT),
        ColumnSpec("integer", "Integer", ValueKind.INTEGER),
        ColumnSpec("date", "Date", ValueKind.DATE),
        ColumnSpec("number", "Number", ValueKind.NUMBER),
    ]
    rows = [("a\x00\x07b", 10**17 + 1, dt.date(1899, 1, 2), np.inf), ("x" * 40_000, 10**17, dt.date(1900, 3, 1), 1.5)]
    path, saved = save_one(build_table("Odd", specs, rows), tmp_path)
    told = [change.sentence() for change in saved.changes]
    assert {(c.sheet, c.cell) for c in saved.changes} == {("Data", p) for p in ("A5", "B5", "C5", "D5", "A6")}
    values = stored_values(path)
    assert values["Data"][4] == ["ab", "100000000000000001", "1899-01-02", ""]
    assert [len(str(values["Data"][5][0])), *values["Data"][5][1:]] == [32_767, 1e17, dt.date(1900, 3, 1), 1.5]
    assert [row[0] for row in values["Notes"]][-5:] == told
    assert lint(path) == []


def test_hostile_names_still_make_a_workbook_excel_opens(tmp_path: Path) -> None:
    book = Book(examples.provenance("=Title \x01 & 'more'"))
    for name in ("Checks", "History", "a/b:c*", "a/b:c*", "'quoted'", "", "x" * 50, "Cover", "=1+1"):
        table = build_table(
            name, [ColumnSpec("a", "=A\n[1]", ValueKind.TEXT), ColumnSpec("b", "=a [1]", ValueKind.TEXT)], [("=x", "y")]
        )
        book.add_table_sheet(name, table, about="=about")
    book.check(Check("=check", "1+1", 2))
    book.save(tmp_path / "names.xlsx")
    assert lint(tmp_path / "names.xlsx") == []


def test_inputs_flags_and_long_lists(tmp_path: Path) -> None:
    choices = tuple(f"Territory, number {i}" for i in range(40))
    specs = [ColumnSpec("a", "Amount", ValueKind.INTEGER), ColumnSpec("to", "To", ValueKind.TEXT)]
    inputs = {"to": Input("list", "Where to?", choices=choices)}
    flags = [Flag("a", "{a}<0", "negative amounts.")]
    path, _ = save_one(build_table("In", specs, [(1, None), (-1, None)]), tmp_path, inputs=inputs, flags=flags)
    assert lint(path) == []
    book = load_workbook(path)
    rule = book["Data"].data_validations.dataValidation[0]
    assert rule.formula1 == "Lists!$A$1:$A$40"
    assert book["Lists"].sheet_state == "hidden"
    assert [c.value for c in book["Lists"]["A"]] == list(choices)
    (marked,) = book["Data"].conditional_formatting
    assert (str(marked.sqref), marked.rules[0].formula) == ("A6:A7", ["$A6<0"])
    assert not book["Cover"].protection.sheet
    assert [c.protection.locked for c in book["Data"][6]] == [True, False]


def test_too_many_rows_for_a_sheet_are_refused(tmp_path: Path) -> None:
    many = np.zeros(1_048_570, dtype=np.int64)
    table = Table("Many", (Column("n", "N", ValueKind.INTEGER, many),))
    with pytest.raises(InputRefusedError, match=r"1,048,570 rows .* do not fit on a sheet.*csv"):
        save_one(table, tmp_path)


def test_a_long_table_is_streamed(tmp_path: Path) -> None:
    columns = [Column(f"c{i}", f"C{i}", ValueKind.INTEGER, np.arange(15_000, dtype=np.int64) * i) for i in range(5)]
    table = Table("Long", tuple(columns))
    tracemalloc.start()
    path, _ = save_one(table, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6e6  # openpyxl's cells alone would be over 25 MB
    values = stored_values(path)["Data"]
    assert values[-1] == [14_999.0 * i for i in range(5)]


def test_cancelling_leaves_the_old_file(tmp_path: Path) -> None:
    path, _ = save_one(all_kinds(3), tmp_path)
    before = path.read_bytes()
    book = Book(examples.provenance("Test"))
    book.add_table_sheet("Data", all_kinds(5_000))

    def stop(done: float, total: float, what: str = "") -> None:
        if done > 2_000:
            raise Cancelled

    with pytest.raises(Cancelled):
        book.save(path, stop)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_picture_must_be_a_png(tmp_path: Path) -> None:
    sheet = Book(examples.provenance("Test")).sheet("Map")
    with pytest.raises(ValueError, match="not a PNG"):
        sheet.picture(b"GIF89a" + b"\0" * 40, "A map of nothing at all")


def test_charts_of_both_kinds_are_valid(tmp_path: Path) -> None:
    book = Book(examples.provenance("Test"))
    table = build_table(
        "Bars",
        [ColumnSpec("p", "Period", ValueKind.TEXT), ColumnSpec("v", "Value", ValueKind.NUMBER)],
        [("\x01=a", 1.5), ("b", None)],
    )
    sheet = book.sheet("Charts")
    plan = sheet.table(table)
    for kind in ("line", "bar"):
        spec = ChartSpec(
            "Bars\x02", "Period", "Value", "p", (Line("v"),), "Bars of two periods, the last without value", kind
        )
        sheet.chart(spec, plan)
    book.save(tmp_path / "charts.xlsx")
    assert lint(tmp_path / "charts.xlsx") == []
    assert sum(name.startswith("xl/charts/chart") for name in Workbook(tmp_path / "charts.xlsx").parts) == 2
