"""The checker of workbooks finds what it is there to find."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from salesops_desktop.sheets.writing.kpis import write_kpis
from tests.sheets.writing import examples
from tests.sheets.writing.linter import lint

FAULTS = [
    ("xl/tables/table1.xml", b'name="KPI"', b'name="KPJ"', "is not 'KPJ'"),
    ("xl/tables/table1.xml", b'displayName="KPIs"', b'displayName="Checks"', "taken twice"),
    ("xl/tables/table2.xml", b'ref="A25:E35"', b'ref="A25:F35"', "lists 5 columns"),
    ("xl/workbook.xml", b'name="Notes"', b'name="No:tes"', "sheet name"),
    ("xl/workbook.xml", b'name="Win rate"', b'name="WIN"', "no sheet 'Win rate'"),
    (
        "xl/worksheets/sheet3.xml",
        b"/Win_rate_by_period[[#This Row],[Won and",
        b"/Win_rate_by_period[[#This Row],[Lost and",
        "no column",
    ),
    ("xl/worksheets/sheet3.xml", b"<f>", b"<f>NOW()+", "volatile"),
    ("xl/worksheets/sheet3.xml", b"<f>", b"<f>(", "formula"),
    ("xl/worksheets/sheet3.xml", b'<row r="2"', b'<row r="99"', "A2 is out of order"),
    ("xl/worksheets/sheet3.xml", b'<row r="26"', b'<row r="1"', "row 1 after row"),
    ("xl/worksheets/sheet3.xml", b"<v>20.0</v>", b"<v>twenty</v>", "no number"),
    ("xl/worksheets/sheet3.xml", b' s="', b' s="9', "unknown style"),
    ("xl/worksheets/sheet3.xml", b"Page &amp;P of &amp;N", b"", "page numbers"),
    ("xl/worksheets/sheet1.xml", b"'Summary'!A1", b"'Sumary'!A1", "leads to"),
    ("xl/drawings/drawing1.xml", b"Line chart of win rate", b"Chart 1", "alternative text"),
    ("[Content_Types].xml", b"/xl/tables/table1.xml", b"/xl/tables/table9.xml", "promised but missing"),
    ("docProps/core.xml", b"Performance", b"", "no title"),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("linter") / "good.xlsx"
    write_kpis(path, examples.kpi_report())
    assert lint(path) == []
    return path


@pytest.mark.parametrize(("part", "right", "wrong", "fault"), FAULTS)
def test_a_planted_fault_is_found(
    good: Path, tmp_path: Path, part: str, right: bytes, wrong: bytes, fault: str
) -> None:
    bad = tmp_path / "bad.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            if name == part:
                assert right in content
                content = content.replace(right, wrong)
            copy.writestr(name, content)
    found = lint(bad)
    assert found
    assert any(fault in told for told in found), found
