"""Another spreadsheet program calculates every formula anew and must find what is stored beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table
from salesops_desktop.sheets.writing.book import Book, Check
from salesops_desktop.sheets.writing.commission_statements import write_commission_run
from salesops_desktop.sheets.writing.forecast import write_forecast
from salesops_desktop.sheets.writing.kpis import write_kpis
from salesops_desktop.sheets.writing.table_export import export_table
from salesops_desktop.sheets.writing.territory_workbook import write_scenario
from tests.sheets.writing import examples
from tests.sheets.writing.reading_back import (
    differences,
    formulas,
    load_place,
    recalculated,
    stored_values,
    without_stored_values,
)

pytestmark = pytest.mark.libreoffice

WORKBOOKS: dict[str, tuple[Callable[[Path], object], int]] = {
    "territories": (lambda path: write_scenario(path, examples.territory_book()), 250),
    "manager": (lambda path: write_scenario(path, examples.territory_part()), 100),
    "many": (lambda path: write_scenario(path, examples.territory_book(300, territories=44)), 1_000),
    "run": (lambda path: write_commission_run(path, examples.commission_run(3, 12)), 150),
    "forecast": (lambda path: write_forecast(path, examples.forecast_report()), 400),
    "kpis": (lambda path: write_kpis(path, examples.kpi_report()), 25),
    "view": (lambda path: export_table(path, examples.kpi_rows(), examples.provenance("View")), 1),
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_every_formula_comes_to_its_stored_value(name: str, tmp_path: Path) -> None:
    write, least = WORKBOOKS[name]
    path = tmp_path / f"{name}.xlsx"
    write(path)
    again = recalculated(path, tmp_path)
    assert sum(map(len, formulas(path).values())) >= least
    assert differences(path, again) == []
    if name != "view":
        checks = load_workbook(again, data_only=True)["Checks"]
        assert checks["B3"].value == 0


def test_values_are_really_taken_out_before_the_other_program_calculates(tmp_path: Path) -> None:
    path, bare = tmp_path / "run.xlsx", tmp_path / "bare.xlsx"
    write_commission_run(path, examples.commission_run(2, 3))
    count = sum(map(len, formulas(path).values()))
    assert without_stored_values(path, bare) == count
    assert formulas(bare) == formulas(path)
    values = stored_values(bare)
    places = [(sheet, *load_place(place)) for sheet, cells in formulas(bare).items() for place in cells]
    assert {values[s][r][c] for s, r, c in places if r < len(values[s]) and c < len(values[s][r])} <= {"", 0.0, 1.0}


def test_a_wrong_figure_shows_on_the_checks_sheet(tmp_path: Path) -> None:
    book = Book(examples.provenance("Wrong on purpose"))
    specs = [ColumnSpec("amount", "Amount", ValueKind.MONEY, currency="EUR")]
    book.add_table_sheet("Amounts", build_table("Amounts", specs, [(100,), (250,)]))
    book.check(Check("Amounts", "SUM(Amounts[Amount (EUR)])", 3, stored=3))
    path = tmp_path / "wrong.xlsx"
    book.save(path)
    again = recalculated(path, tmp_path)
    checks = load_workbook(again, data_only=True)
    assert checks["Checks"]["B3"].value == pytest.approx(0.5)
    assert "differ" in next(str(row[1].value) for row in checks["Cover"].iter_rows() if row[0].value == "Checks")


def test_cells_of_several_currencies_and_hostile_headings_still_add_up(tmp_path: Path) -> None:
    specs = [
        ColumnSpec("who", "Who's [#1]", ValueKind.TEXT),
        ColumnSpec("amount", "Amount @ 'risk' [EUR]", ValueKind.MONEY, currency="KWD"),
        ColumnSpec("share", "Share #", ValueKind.RATE),
        ColumnSpec("part", "Part", ValueKind.MONEY, currency="KWD"),
    ]
    rows = [("=a", 1_234_567, 500_000, 617_284), ("b", -1_001, 500_000, -501), (None, 5, 100_000, 1)]
    book = Book(examples.provenance("Headings"))
    plan = book.add_table_sheet(
        "It's [odd]: a/b",
        build_table("Odd", specs, rows),
        formulas={"part": "ROUND(ROUND({amount}*{share},9),3)"},
        totals=["amount", "part"],
    )
    book.check(Check("Parts", f"SUM({plan.name}[Part (KWD)])", 0, stored=0))
    path = tmp_path / "odd.xlsx"
    book.save(path)
    found = differences(path, recalculated(path, tmp_path))
    assert [f for f in found if not f.startswith(("Checks!", "Cover!"))] == []
