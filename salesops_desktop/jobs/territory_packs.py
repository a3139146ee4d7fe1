"""A workbook of a territory scenario for each manager."""

from __future__ import annotations

from pathlib import Path

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.exports import Exported, provenance
from salesops_desktop.jobs.territory_exports import parts, positions_of, scenario_book
from salesops_desktop.jobs.territory_reports import report_of
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.writing.territory_workbook import write_packs


@job(
    "territories packs",
    title="Export a workbook for each manager",
    group="territories",
    examples=(
        "territories packs company.salesops 1 packs/",
        "territories packs company.salesops 1 packs/ --manager 'Olga Petrov'",
    ),
)
def export_packs(context: JobContext, scenario: int, out: Path, *, manager: str = "") -> Exported:
    """Write each manager's territories as a workbook to check, comment and send back; all of them or none.

    Of other managers' territories a workbook holds the names of those next to its own, as possible owners, and who
    gives or takes an account.

    Args:
        scenario: its number in the list.
        out: the folder; made if it does not exist.
        manager: only this manager's workbook.
    """
    if scenario <= 0:
        raise InputRefusedError(
            "Today's owners are no scenario to answer to.", way_out="Give a number of: territories list."
        )
    with context.workspace.read() as connection:
        report = report_of(connection, scenario)
        book = scenario_book(connection, report, provenance(context, connection, report.name, report.status))
    made = parts(book, positions_of(report.accounts), manager)
    return Exported(write_packs(out, made, context.progress))
