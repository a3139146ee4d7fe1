"""The workbooks of the house: valid for Excel, readable, and holding every figure they were given."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from openpyxl import load_workbook

from salesops_desktop.model.errors import Cancelled
from salesops_desktop.sheets.writing.commission_statements import write_commission_run, write_packs, write_statements
from salesops_desktop.sheets.writing.forecast import write_forecast
from salesops_desktop.sheets.writing.kpis import KpiPoint, write_kpis
from salesops_desktop.sheets.writing.table_export import export_table
from salesops_desktop.sheets.writing.territory_workbook import write_scenario
from tests.sheets.writing import examples
from tests.sheets.writing.linter import Workbook, lint
from tests.sheets.writing.reading_back import stored_values

XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
PIPELINE = (
    "Opportunity ID", "Close date", "Category", "Amount", "Won in", "Weighted in", "Your probability", "Judged value",
    "Won ever", "Weighted value",
)  # fmt: skip
SCHEMAS = {
    "xl/worksheets/": "sml.xsd",
    "xl/tables/": "sml.xsd",
    "xl/styles.xml": "sml.xsd",
    "xl/workbook.xml": "sml.xsd",
    "xl/drawings/": "dml-spreadsheetDrawing.xsd",
    "xl/charts/": "dml-chart.xsd",
}

WRITERS: dict[str, Callable[[Path], object]] = {
    "territories": lambda path: write_scenario(path, examples.territory_book(picture=examples.picture(80, 40))),
    "manager": lambda path: write_scenario(path, examples.territory_part()),
    "run": lambda path: write_commission_run(path, examples.commission_run()),
    "forecast": lambda path: write_forecast(path, examples.forecast_report()),
    "kpis": lambda path: write_kpis(path, examples.kpi_report()),
    "view": lambda path: export_table(path, examples.kpi_rows(), examples.provenance("View")),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("workbooks")
    for name, write in WRITERS.items():
        write(made / f"{name}.xlsx")
    return made


@pytest.mark.parametrize("name", WRITERS)
def test_excel_finds_nothing_to_repair(folder: Path, name: str) -> None:
    assert lint(folder / f"{name}.xlsx") == []


@pytest.mark.parametrize("name", WRITERS)
def test_every_part_is_valid(folder: Path, name: str, shared: Callable[..., Path]) -> None:
    schemas: dict[str, etree.XMLSchema] = {}
    checked = 0
    with zipfile.ZipFile(folder / f"{name}.xlsx") as archive:
        for part in archive.namelist():
            schema = next((s for start, s in SCHEMAS.items() if part.startswith(start) and part.endswith(".xml")), None)
            if schema is None:
                continue
            if schema not in schemas:
                schemas[schema] = etree.XMLSchema(etree.parse(str(shared("ooxml_xsd", schema))))
            tree = etree.fromstring(archive.read(part))
            for text in tree.iter("{*}t"):
                text.attrib.pop(XML_SPACE, None)  # the schema is stricter here than Excel, which writes it itself
            assert schemas[schema].validate(tree), f"{part}: {schemas[schema].error_log}"
            checked += 1
    assert checked >= 5


@pytest.mark.parametrize("name", WRITERS)
def test_no_text_from_outside_becomes_a_formula(folder: Path, name: str) -> None:
    book = load_workbook(folder / f"{name}.xlsx")
    texts = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value in examples.PAYLOADS]
    formulas = [c.value for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert not [f for f in formulas if f in examples.PAYLOADS or "cmd|" in f or "HYPERLINK" in f]
    assert name == "run" or len({c.value for c in texts}) >= 4
    assert all(c.quotePrefix and c.data_type == "s" for c in texts)


def test_the_cover_says_where_the_figures_come_from(folder: Path) -> None:
    book = load_workbook(folder / "forecast.xlsx", data_only=True)
    cover: dict[str, str] = {}
    for row in book["Cover"].iter_rows(values_only=True):
        cover.setdefault(row[0], row[1])
    assert book.sheetnames[0] == "Cover"
    assert cover["Company"] == "Example & Söhne"
    assert cover["From the workspace"] == "example.salesops, after action 42"
    assert cover["Content hash"] == "5f" * 32
    assert cover["Made"].startswith("2026-10-01 08:30 UTC")
    assert cover["Checks"] == "All 35 checks agree"
    assert set(book.sheetnames) - {"Cover"} <= set(cover)
    assert (book.properties.title, book.properties.created) == ("Forecast", dt.datetime(2026, 10, 1, 8, 30))  # noqa: DTZ001  # as openpyxl reads it
    assert "&&" in book["Cover"].oddHeader.left.text


def test_statements_hold_nothing_about_anybody_else(tmp_path: Path) -> None:
    run = examples.commission_run()
    saved = write_statements(tmp_path / "out", run)
    assert len(saved) == len(run.statements)
    assert len({s.path.name.casefold() for s in saved}) == len(saved)
    for statement, file in zip(run.statements, saved, strict=True):
        assert lint(file.path) == []
        with zipfile.ZipFile(file.path) as archive:
            everything = b"\n".join(archive.read(name) for name in archive.namelist()).decode()
        assert statement.person_id in everything
        for other in run.statements:
            if other is not statement:
                assert other.person_id not in everything
                assert other.person == statement.manager or other.person not in everything


def test_packs_hold_the_people_of_one_manager_even_where_two_share_a_name(tmp_path: Path) -> None:
    run = examples.commission_run(4)
    teams = [(s.manager, 7 if s.number == 2 else 0) for s in run.statements]
    run = replace(run, statements=tuple(replace(s, team=t) for s, (_, t) in zip(run.statements, teams, strict=True)))
    saved = write_packs(tmp_path, run)
    assert len(saved) == len(set(teams)) == 3
    for team, file in zip(sorted(set(teams)), saved, strict=True):
        assert lint(file.path) == []
        with zipfile.ZipFile(file.path) as archive:
            everything = b"\n".join(archive.read(name) for name in archive.namelist()).decode()
        assert {s.person_id for s in run.statements if s.person_id in everything} == {
            s.person_id for s, own in zip(run.statements, teams, strict=True) if own == team
        }


def test_statement_arrives_at_the_cent_of_the_run(folder: Path) -> None:
    run = examples.commission_run()
    rows = stored_values(folder / "run.xlsx")["Statement"]
    for statement in run.statements:
        paid = next(row[4] for row in rows if row[1] == statement.person_id)
        assert Decimal(str(paid)) == Decimal(statement.paid) / (1 if statement.currency == "JPY" else 100)


def test_people_without_lines_get_a_statement(tmp_path: Path) -> None:
    run = examples.commission_run(1, 2)
    bare = replace(run.statements[0], blocks=(), components=(), adjustments=(), steps=(), earned=0, paid=0)
    write_commission_run(tmp_path / "bare.xlsx", replace(run, statements=(bare,), warnings=()))
    assert lint(tmp_path / "bare.xlsx") == []


def test_cancelling_between_statements_keeps_the_finished_ones(tmp_path: Path) -> None:
    def stop(done: float, total: float, what: str = "") -> None:
        if done >= 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_statements(tmp_path, examples.commission_run(), stop)
    assert len(list(tmp_path.iterdir())) == 2


def test_forecast_holds_every_period_and_deal(folder: Path) -> None:
    report = examples.forecast_report()
    values = stored_values(folder / "forecast.xlsx")
    start = next(i for i, row in enumerate(values["Series"]) if row[0] == "Period") + 1
    for point, row in zip(report.series, values["Series"][start:], strict=True):
        expected = [
            point.actual,
            point.forecast,
            *(b for pair in zip(point.lower, point.upper, strict=True) for b in pair),
        ]
        expected += [None] * (8 - len(expected))
        assert [None if v == "" else round(v * 100) for v in row[1:9]] == expected
    deals = next(i for i, row in enumerate(values["Pipeline"]) if row[0] == "Opportunity")
    heads = values["Pipeline"][deals]
    place = {name: next(i for i, head in enumerate(heads) if str(head).startswith(name)) for name in PIPELINE}
    for deal, cells in zip(report.pipeline, values["Pipeline"][deals + 1 :], strict=False):
        row = {name: cells[i] for name, i in place.items()}
        assert (row["Opportunity ID"], cells[0]) == (deal.key, deal.name)
        assert (row["Close date"] or None, row["Category"]) == (deal.close_on, deal.category or "without a category")
        assert (round(row["Amount"] * 100), round(row["Won ever"] * 1e6)) == (deal.amount, deal.probability)
        assert (round(row["Won in"] * 1e6), row["Your probability"]) == (deal.period_probability, "")
        assert round(row["Weighted value"] * 100) == deal.weighted
        assert round(row["Weighted in"] * 100) == round(row["Judged value"] * 100) == deal.period_weighted


@pytest.mark.parametrize(
    "missing",
    [
        "series", "pipeline", "accuracy", "tested", "coverage", "outlook", "tree", "key_deals", "changes",
        "pipeline_tests", "scores", "assumptions",
    ],
)  # fmt: skip
def test_forecast_without_one_of_its_parts(tmp_path: Path, missing: str) -> None:
    single = missing in ("outlook", "tree", "changes", "assumptions")
    write_forecast(tmp_path / "half.xlsx", replace(examples.forecast_report(), **{missing: None if single else ()}))
    assert lint(tmp_path / "half.xlsx") == []


def test_kpis_divide_live_only_where_the_value_is_a_ratio(folder: Path, tmp_path: Path) -> None:
    live = load_workbook(folder / "kpis.xlsx")["Win rate"]
    row = next(r for r in live.iter_rows() if r[0].value == "2026-01")
    assert re.fullmatch(r"=\w+\[\[#This Row\],\[.*\]\]/\w+\[\[#This Row\],\[.*\]\]", row[1].value)
    report = examples.kpi_report()
    median = replace(report.kpis[1], overall=KpiPoint("All", 41.0, 11450, 200))
    write_kpis(tmp_path / "median.xlsx", replace(report, kpis=(median,)))
    sheet = load_workbook(tmp_path / "median.xlsx")["Sales cycle time"]
    assert next(r for r in sheet.iter_rows() if r[0].value == "All")[1].value == 41.0
    empty = replace(median, points=(), overall=KpiPoint("All", None, reason="Nothing was won. Import more."), rows=None)
    write_kpis(tmp_path / "empty.xlsx", replace(report, kpis=(empty,)))
    assert lint(tmp_path / "empty.xlsx") == []


def test_charts_describe_themselves_and_carry_their_values(folder: Path) -> None:
    book = Workbook(folder / "kpis.xlsx")
    told = [e.get("descr") for n, t in book.trees.items() if "/drawings/drawing" in n for e in t.iter("{*}cNvPr")]
    assert len(told) == 3
    assert "8 of 9 periods have a value; the last, 2026-09, is 50.9%" in told[0]
    caches = [t for n, t in book.trees.items() if "/charts/chart" in n for t in t.iter("{*}numCache")]
    assert len(list(caches[0].iter("{*}pt"))) == 8
