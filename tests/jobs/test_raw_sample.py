"""The raw export: a cell spelt differently is read as what it means or told, never silently read as something else."""

from __future__ import annotations

import datetime as dt

import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.imports import import_files
from salesops_desktop.jobs.sample import FaultKind, generate
from salesops_desktop.jobs.workspaces import new, opened


@pytest.fixture(scope="module", params=[7, 12])
def raw(request, tmp_path_factory):
    """The raw files of a company, imported: (what was seeded, the report, the open workspace)."""
    folder = tmp_path_factory.mktemp("raw")
    made = generate(folder, seed=request.param, scale=0.05, raw=True)
    path = folder / "raw.salesops"
    new(JobContext(), path)
    with opened(path) as context:
        report = import_files(context, [file.path for file in made.raw], as_of=made.as_of)
        yield made, report, context


def of_kind(raw, *kinds):
    faults = [fault for fault in raw[0].faults if fault.kind in kinds]
    assert faults
    return faults


def stored_cell(context, table, column, fault):
    """What the workspace holds of a file's row; None where the row or its cell was left out."""
    with context.workspace.read() as connection:
        return connection.exec_driver_sql(
            f"SELECT r.{column} FROM {table} r JOIN import_source s ON s.id = r.source_id "
            "WHERE s.file_name = ? AND r.source_row = ?",
            (fault.file, fault.row),
        ).scalar()


def day_of(text):
    if "/" not in text:
        return dt.date.fromisoformat(text[:10])
    month, day, year = map(int, text.split("/"))
    return dt.date(year, month, day)


def test_dates_in_another_format_are_right_or_told(raw):
    _, report, context = raw
    told = {(issue.file, issue.row) for issue in report.issues}
    read = 0
    for fault in of_kind(raw, FaultKind.MIXED_DATE):
        table, column = ("opportunity", "created_on") if "opportun" in fault.file else ("lead", "created_at")
        value = stored_cell(context, table, column, fault)
        if value is None:
            assert (fault.file, fault.row) in told, fault
        else:
            assert dt.date.fromisoformat(value[:10]) == day_of(fault.truth), fault
            read += 1
    assert read


def test_amounts_in_words_are_never_numbers(raw):
    _, report, context = raw
    told = {(issue.file, issue.row) for issue in report.issues}
    for fault in of_kind(raw, FaultKind.TEXT_IN_AMOUNT):
        table, column = ("opportunity", "amount") if "opportun" in fault.file else ("account", "potential")
        assert stored_cell(context, table, column, fault) is None, fault
        # "n/a" and "-" are how people write an empty cell.
        assert fault.value in ("n/a", "-") or (fault.file, fault.row) in told, fault


def test_impossible_probabilities_are_left_out_and_told(raw):
    _, report, context = raw
    told = {(issue.file, issue.row): issue.value for issue in report.issues if issue.header == "Probability (%)"}
    for fault in of_kind(raw, FaultKind.IMPOSSIBLE_PROBABILITY):
        assert told[fault.file, fault.row] == fault.value
        assert stored_cell(context, "opportunity", "probability", fault) is None


def test_a_repeated_row_is_told_at_the_row_that_does_not_count(raw):
    _, report, _ = raw
    reasons = [issue.reason for issue in report.issues]
    for fault in of_kind(raw, FaultKind.REPEATED_ROW):
        assert any(f"Row {fault.row} has the same key" in reason for reason in reasons)


def test_stray_spaces_change_no_value(raw):
    _, _, context = raw
    for fault in of_kind(raw, FaultKind.STRAY_SPACES):
        if fault.column == "Billing City":
            city = stored_cell(context, "account", "city", fault)
            assert " ".join(city.split()) == fault.truth
            assert city == city.strip()
        elif fault.column == "Account Name":
            number = stored_cell(context, "opportunity", "account_id", fault)
            with context.workspace.read() as connection:
                name = connection.exec_driver_sql("SELECT name FROM account WHERE id = ?", (number,)).scalar()
            assert name == fault.truth


def test_every_row_is_accounted_for(raw):
    made, report, _ = raw
    rows = {file.path.name: file.rows for file in made.raw}
    for outcome in report.outcomes:
        assert outcome.rows == rows[outcome.file]
        assert outcome.rows == outcome.new + outcome.changed + outcome.unchanged + outcome.rejected
