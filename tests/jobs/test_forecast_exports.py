"""The forecast workbook of a company: every level adds up live, overrides stand apart, each figure with its proof."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from salesops_desktop.jobs.exports import What, export
from salesops_desktop.jobs.forecast_nodes import forecast_nodes
from salesops_desktop.jobs.forecast_overview import forecast_overview
from salesops_desktop.jobs.workspaces import opened
from tests.sheets.writing.linter import lint
from tests.sheets.writing.reading_back import differences, recalculated

DAY = dt.date(2026, 8, 20)
FIXED = 9_876_543_21


def rows_of(book, sheet, first):
    """The rows of the first table of a sheet whose heading begins with ``first``, as mappings by heading."""
    found, heads = [], None
    for row in book[sheet].iter_rows(values_only=True):
        if heads is None:
            heads = [str(cell).partition(" (")[0] for cell in row] if row[0] == first and row[1] else None
        elif row[0] in (None, "Total"):
            break
        else:
            found.append(dict(zip(heads, row, strict=True)))
    return found


def minor(value):
    return int((Decimal(repr(value)) * 100).to_integral_value())


@pytest.fixture(scope="module")
def company(small_company, tmp_path_factory):
    """A copy of the small company, open, with one region's month fixed by a person."""
    with opened(shutil.copy(small_company, tmp_path_factory.mktemp("exports") / "small.salesops")) as context:
        region = next(n for n in forecast_nodes(context, by="region", as_of=DAY).nodes if n.dimension == "region")
        with context.workspace.action("Fix", kind="edit") as unit:
            unit.connection.exec_driver_sql(
                "INSERT INTO judgement (who, at, as_of, scope, node_key, period_start, period_end, field, value, "
                "reason, status) VALUES ('Ann', '2026-08-19 10:00:00', '2026-08-19', 'node', ?, '2026-09-01', "
                "'2026-09-30', 'override', ?, 'A big deal', 'accepted')",
                (json.dumps(dict(region.key)), str(FIXED)),
            )
        yield context


@pytest.fixture(scope="module")
def written(company, tmp_path_factory):
    """The workbook of a day in the middle of a quarter; only read."""
    path = tmp_path_factory.mktemp("written") / "forecast.xlsx"
    export(company, What.FORECAST, path, as_of=DAY)
    return path


def test_every_level_adds_up_and_a_fixed_number_stands_beside_the_model(company, written):
    path = written
    assert lint(path) == []
    book = load_workbook(path, data_only=True)
    report = forecast_nodes(company, as_of=DAY)
    labels = [period.label for period in report.future]
    company_row = rows_of(book, "Company", "Company")[0]
    assert [minor(company_row[label]) for label in labels] == report.adjusted[0].tolist()
    assert minor(company_row["Model"]) == report.mean[0].sum() != minor(company_row["With overrides"])
    for sheet, first in (("Regions", "Region"), ("Managers", "Region"), ("People", "Region")):
        rows = rows_of(book, sheet, first)
        assert len(rows) > 1
        for label in labels:
            assert sum(minor(row[label]) for row in rows) == minor(company_row[label])
    region = report.nodes[report.fixed[0].node].label
    fixed = next(row for row in rows_of(book, "Regions", "Region") if row["Region"] == region)
    assert minor(fixed["2026-09"]) == FIXED
    live = load_workbook(path)["Regions"]
    sums = [c.value for row in live.iter_rows() for c in row if str(c.value).startswith("=ROUND(SUMIFS(")]
    assert len(sums) > len(labels)
    override = rows_of(book, "Assumptions", "Of")[0]
    assert (override["Of"], override["Who"], override["Why"]) == (region, "Ann", "A big deal")
    assert minor(override["Fixed at"]) - minor(override["Model"]) == minor(override["Moved by"])
    assert override["Said at"] == dt.datetime(2026, 8, 19, 10)  # noqa: DTZ001  # as openpyxl reads it


def test_the_summary_quotes_the_overview(company, written):
    book = load_workbook(written, data_only=True)
    overview = forecast_overview(company, as_of=DAY)
    told = {row[0]: row[1] for row in book["Summary"].iter_rows(max_col=2, values_only=True) if row[0]}
    assert minor(told["Target"]) == overview.target.amount
    assert minor(told[f"Actual up to {DAY}"]) == overview.actual
    assert minor(told["Combined forecast"]) == overview.combined.mean
    assert minor(told[f"Open pipeline, weighted for {overview.period.label}"]) == overview.open.in_period
    figures = {row["Figure"]: row for row in rows_of(book, "Summary", "Figure")}
    assert figures["Model"]["Error so far"] == pytest.approx(overview.series.error)
    course = rows_of(book, "Course", "By the end of")
    assert course[-1]["By the end of"] == overview.period.end.isoformat()
    assert minor(course[-1]["Combined forecast"]) == overview.combined.mean
    known = [row for row in course if row["Actual"] is not None]
    assert known[-1]["By the end of"] == DAY.isoformat()
    assert minor(known[-1]["Actual"]) == overview.actual


def test_the_bars_between_two_snapshots_sum_exactly(written):
    book = load_workbook(written, data_only=True)
    bars = rows_of(book, "Changes", "Bar")
    amounts = [minor(row["Amount"]) for row in bars]
    assert len(amounts) > 3
    assert sum(amounts[:-1]) == amounts[-1]
    assert [row["Deals"] for row in bars[1:-1]] == [
        sum(row["Bar"] == bar["Bar"] for row in rows_of(book, "Changed deals", "Opportunity"))
        if bar["Bar"] != "Exchange rates"
        else bar["Deals"]
        for bar in bars[1:-1]
    ]


@pytest.mark.libreoffice
def test_it_recalculates_to_the_same_and_its_checks_show_zero(written, tmp_path):
    again = recalculated(written, tmp_path)
    assert differences(written, again) == []
    assert load_workbook(again, data_only=True)["Checks"]["B3"].value == 0


@pytest.mark.slow  # the same of crossed levels; their sums by themselves are tested with the sheets
def test_crossed_levels_recalculate_to_the_same(company, tmp_path):
    path = tmp_path / "crossed.xlsx"
    export(company, What.FORECAST, path, as_of=DAY, by="region,family")
    again = recalculated(path, tmp_path)
    assert differences(path, again) == []
    checks = load_workbook(again, data_only=True)
    assert checks["Checks"]["B3"].value == 0
    assert {"Company", "Regions", "Families", "Regions × Families"} <= set(checks.sheetnames)
