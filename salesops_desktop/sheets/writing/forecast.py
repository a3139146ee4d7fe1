"""The forecast workbook: figures to quote, levels that add up, the pipeline, the proofs, and what it all rests on."""

from __future__ import annotations

from pathlib import Path

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.sheets.writing.book import Book, Saved
from salesops_desktop.sheets.writing.forecast_accuracy import (
    add_backtest,
    add_calibration,
    add_series,
    add_shown,
    place_tables,
)
from salesops_desktop.sheets.writing.forecast_changes import add_changes
from salesops_desktop.sheets.writing.forecast_levels import fill_levels, level_sheets
from salesops_desktop.sheets.writing.forecast_pipeline import add_pipeline, fill_key_deals
from salesops_desktop.sheets.writing.forecast_records import Assumptions, ForecastReport
from salesops_desktop.sheets.writing.forecast_summary import add_course, fill_summary

__all__ = ["ForecastReport", "forecast_book", "write_forecast"]


def write_forecast(path: Path, report: ForecastReport, progress: Progress = silent) -> Saved:
    """Write the forecast workbook.

    Raises:
        DiskFullError: no room; the old file is intact.
        InputRefusedError: the place cannot be written to.
    """
    return forecast_book(report).save(path, progress)


def forecast_book(report: ForecastReport) -> Book:
    """The workbook, ready to be saved; what the report does not hold has no sheet."""
    book = Book(report.provenance, _reading(report))
    summary = book.sheet("Summary", "The figures to quote, how good such figures have been, and what to know")
    course = add_course(book, report, report.outlook) if report.outlook and report.outlook.course else None
    if report.series:
        add_series(book, report)
    if report.tree is not None:
        fill_levels(book, report.tree, level_sheets(book, report.tree))
    pipeline = None
    if report.pipeline:
        key = book.sheet("Key deals", "The pipeline by category, and the deals on which the result hangs")
        pipeline = add_pipeline(book, report)
        fill_key_deals(book, key, report, pipeline)
    if report.changes is not None:
        add_changes(book, report.changes, report.currency)
    if report.accuracy or report.tested:
        add_backtest(book, report)
    if report.pipeline_tests:
        add_calibration(book, report.pipeline_tests)
    if report.scores:
        about = "Every forecast that was shown, scored when its period was over"
        add_shown(book, "Accuracy", about, "Kept forecasts and people's numbers against what came", report.scores)
    if report.assumptions is not None:
        _add_assumptions(book, report.assumptions)
    summary.portrait = True  # so that figures, proofs and both charts stand on one page
    fill_summary(summary, report, pipeline, course)
    return book


def _reading(report: ForecastReport) -> list[str]:
    said = ["Summary has the figures to quote and how good such figures have been; Series the past and the intervals."]
    if report.tree is not None:
        names = ", ".join(level.name for level in report.tree.levels)
        said.append(f"{names}: one sheet a level, each row the live sum of its rows one level below.")
    if report.pipeline:
        said.append("In Pipeline, enter a probability of your own in a tinted cell: the judged value follows.")
    if report.changes is not None:
        said.append("Changes explains the pipeline from one snapshot to the next; its bars add up exactly.")
    said.append("Back-test and Accuracy tell how far to trust all this; Assumptions what it rests on.")
    said.append("To judge the forecast, use your own input workbook: `forecast packs` makes one for each manager.")
    return said


def _add_assumptions(book: Book, assumptions: Assumptions) -> None:
    sheet = book.sheet("Assumptions", "Method, source, calendar, what people fixed or corrected, what was left out")
    sheet.title("Assumptions", "What the figures of this workbook rest on")
    sheet.row += 1
    sheet.fields([(label, value, "") for label, value in assumptions.facts])
    if assumptions.sentences:
        sheet.heading("What was left out, and what to beware of")
        for sentence in assumptions.sentences:
            sheet.note(sentence)
    place_tables(sheet, assumptions.tables)
