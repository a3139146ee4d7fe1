"""A workbook in the house style: cover, sheets, checks and notes, saved whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet.properties import PageSetupProperties

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.atomic import write_atomically
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.cells import CellWriter, Change, Link
from salesops_desktop.sheets.writing.formulas import Formula, cell_reference
from salesops_desktop.sheets.writing.package import write_package
from salesops_desktop.sheets.writing.sheet import Flag, Input, Sheet
from salesops_desktop.sheets.writing.style import Look, Role, Styles, color
from salesops_desktop.sheets.writing.text import clean, sheet_name, table_name

COVER = "Cover"
CHECKS = "Checks"
NOTES = "Notes"
LISTS = "Lists"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a workbook's figures come from.

    Attributes:
        title: what the workbook is.
        company: whose figures.
        period: which period or day they are for.
        made_at: when it was made, UTC.
        workspace: the workspace file's name (no folders).
        action: the number of the last action in the workspace when it was made; None if it has none.
        content_hash: the hash of what the figures were computed from.
        program: program and version.
    """

    title: str
    company: str
    period: str
    made_at: dt.datetime
    workspace: str = ""
    action: int | None = None
    content_hash: str = ""
    program: str = "SalesOps Desktop"


@dataclass(frozen=True, slots=True)
class Check:
    """A live figure of the workbook against the program's own.

    Attributes:
        name: what is compared.
        formula: the live side, without ``=``.
        expected: the program's figure.
        stored: what the formula comes to as written; the same as expected unless the caller knows otherwise.
        digits: decimals that must agree.
    """

    name: str
    formula: str
    expected: Decimal | int
    stored: Decimal | int | None = None
    digits: int = 2

    @property
    def value(self) -> Decimal:
        """The live side's value as written."""
        return Decimal(self.expected if self.stored is None else self.stored)

    @property
    def difference(self) -> Decimal:
        """Live side less expected, rounded half away from zero as the workbook does."""
        return (self.value - self.expected).quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that has been written.

    Attributes:
        path: where.
        size: bytes.
        sha256: of the contents, for the audit trail.
        changes: cells that could not be stored exactly as given (the first thousand a sheet).
    """

    path: Path
    size: int
    sha256: str
    changes: tuple[Change, ...] = field(default=())


_LINES_ACROSS = 32
"""Rows of a cover that stand on a page laid crosswise."""


class Book:
    """Builds one workbook.

    Args:
        provenance: what stands on the cover.
        reading: sentences on how to read it.
        data_first: put the cover behind the data, under the name "About" (for plain exports of a table).
    """

    def __init__(self, provenance: Provenance, reading: Sequence[str] = (), *, data_first: bool = False) -> None:
        self.provenance = provenance
        self._reading = tuple(reading)
        self._data_first = data_first
        self._workbook: Any = Workbook()  # the type stubs know only part of it
        self._styles = Styles(self._workbook)
        self._sheets: dict[str, Sheet] = {}
        self._about: dict[str, str] = {}
        self._tables: list[str] = []
        self._checks: list[Check] = []
        self._lists: list[tuple[str, ...]] = []
        self._writers: list[CellWriter] = []
        self._hidden: set[str] = set()
        self._rows_written = 0
        self._progress: Progress = silent
        first = self._workbook.worksheets[0]
        first.title = "About" if data_first else COVER
        self._cover = self._adopt(first)

    def sheet(self, name: str, about: str = "") -> Sheet:
        """Add a sheet; its name is made to fit Excel's rules. ``about`` is its line in the cover's contents."""
        reserved = (CHECKS, NOTES, LISTS, COVER)
        title = sheet_name(name, [*self._sheets, *reserved])
        made = self._adopt(self._workbook.create_sheet(title))
        self._about[title] = about
        return made

    def hidden_sheet(self, name: str) -> Sheet:
        """Add a sheet for programs: nobody sees it, and the cover does not list it."""
        made = self.sheet(name)
        self._hidden.add(made.name)
        self._workbook[made.name].sheet_state = "hidden"
        return made

    def add_table_sheet(
        self,
        name: str,
        table: Table,
        *,
        about: str = "",
        formulas: Mapping[str, str] | None = None,
        totals: Sequence[str] = (),
        inputs: Mapping[str, Input] | None = None,
        flags: Sequence[Flag] = (),
        formats: Mapping[str, str | Sequence[str]] | None = None,
        links: Mapping[str, Sequence[str]] | None = None,
        codes: bool = False,
    ) -> TablePlan:
        """Add a sheet with one table under a frozen heading; see :meth:`Sheet.table` for the arguments."""
        made = self.sheet(name, about or table.title)
        made.title(table.title, f"{len(table):,} rows")
        return made.table(
            table,
            formulas=formulas,
            totals=totals,
            inputs=inputs,
            flags=flags,
            formats=formats,
            links=links,
            codes=codes,
            freeze=True,
        )

    def check(self, check: Check) -> None:
        """Add a line to the checks sheet."""
        self._checks.append(check)

    def save(self, path: Path, progress: Progress = silent) -> Saved:
        """Write the workbook; the old file stays until the new one is whole.

        Args:
            path: the xlsx file wanted.
            progress: told the rows written; may cancel.

        Raises:
            DiskFullError: no room.
            InputRefusedError: the place cannot be written to.
        """
        self._progress = progress
        self._finish()
        bodies = {name: sheet.body for name, sheet in self._sheets.items()}
        digest: list[tuple[int, str]] = []

        def write(stream: BinaryIO) -> None:
            self._rows_written = 0
            write_package(self._workbook, bodies, stream)
            stream.seek(0)
            digest.append((stream.seek(0, 2), _sha256(stream)))

        write_atomically(path, write)
        size, sha256 = digest[-1]
        return Saved(path, size, sha256, tuple(change for writer in self._writers for change in writer.changes))

    def new_table_name(self, wanted: str) -> str:
        """A free name for a table."""
        name = table_name(wanted, self._tables)
        self._tables.append(name)
        return name

    def worksheet(self, name: str) -> Any:
        """The openpyxl worksheet of a sheet (charts refer to it)."""
        return self._workbook[name]

    def list_reference(self, choices: tuple[str, ...]) -> str:
        """What a validation list refers to: the choices themselves, or a hidden sheet if they do not fit."""
        inline = ",".join(choices)
        if len(inline) <= 250 and not any("," in choice or '"' in choice for choice in choices):
            return f'"{inline}"'
        if choices not in self._lists:
            self._lists.append(choices)
        column = self._lists.index(choices) + 1
        return f"{LISTS}!{cell_reference(1, column)}:{cell_reference(len(choices), column)}"

    def written(self, rows: int) -> None:
        """Count rows that have been written and tell the progress."""
        self._rows_written += rows
        self._progress(self._rows_written, 0, "Writing the workbook")

    def _adopt(self, worksheet: Any) -> Sheet:
        worksheet.sheet_properties.pageSetUpPr = PageSetupProperties()
        writer = CellWriter(str(worksheet.title), self._styles)
        self._writers.append(writer)
        made = Sheet(self, worksheet, writer)
        self._sheets[made.name] = made
        return made

    def _add_system_sheet(self, name: str) -> Sheet:
        return self._adopt(self._workbook.create_sheet(name))

    def _finish(self) -> None:
        content = [name for name in self._sheets if name != self._cover.name and name not in self._hidden]
        total = _fill_checks(self._add_system_sheet(CHECKS), self._checks) if self._checks else ""
        if not self._data_first:
            self._fill_notes(self._add_system_sheet(NOTES))
        self._fill_cover(content, total)
        if self._lists:
            self._fill_lists(self._add_system_sheet(LISTS))
        for made in self._sheets.values():
            made.finish()
        if self._data_first:
            self._workbook.move_sheet(self._cover.name, len(self._workbook.worksheets) - 1)
        properties = self._workbook.properties
        properties.title, properties.creator = clean(self.provenance.title)[0], self.provenance.program
        properties.subject = clean(" ".join(filter(None, (self.provenance.company, self.provenance.period))))[0]
        properties.created = properties.modified = self.provenance.made_at.replace(tzinfo=None, microsecond=0)
        self._workbook.calculation = CalcProperties(fullCalcOnLoad=True)
        if COVER in self._sheets:
            self._workbook[COVER].sheet_properties.tabColor = color("accent")

    def _fill_cover(self, content: Sequence[str], total: str) -> None:
        cover, source = self._cover, self.provenance
        cover.title(source.title, " · ".join(filter(None, (source.company, source.period))))
        cover.row += 1
        state = "" if source.action is None else f"after action {source.action}"
        lines: list[tuple[str, str | Formula | Link]] = [
            ("Company", source.company),
            ("Period", source.period),
            ("Made", f"{source.made_at:%Y-%m-%d %H:%M} UTC by {source.program}"),
            ("From the workspace", ", ".join(filter(None, (source.workspace, state)))),
            ("Content hash", source.content_hash),
        ]
        if total:
            verdict = f'IF({total}=0,"All {len(self._checks)} checks agree","Some checks differ: see the sheet Checks")'
            agree = all(check.difference == 0 for check in self._checks)
            stored = f"All {len(self._checks)} checks agree" if agree else "Some checks differ: see the sheet Checks"
            lines.append(("Checks", Formula(verdict, stored)))
        cover.fields([(label, value, "") for label, value in lines if value not in ("", None)])
        if self._reading:
            cover.heading("How to read it")
            for sentence in self._reading:
                cover.note(sentence)
        cover.heading("Contents")
        for name in [*content, *(name for name in (CHECKS, NOTES) if name in self._sheets)]:
            row = cover.row
            cover.put(row, 1, Link(name, name))
            cover.put(row, 2, self._about.get(name) or _SYSTEM_SHEETS.get(name, ""), Look(Role.NOTE))
        cover.widen(1, max([24.0, *(len(name) + 2.0 for name in self._sheets)]))
        cover.widen(2, 80)
        cover.portrait = cover.row > _LINES_ACROSS  # a cover is one page

    def _fill_notes(self, sheet: Sheet) -> None:
        sheet.title("Notes", "How figures are stored in this workbook")
        sheet.row += 1
        for sentence in _CONVENTIONS:
            sheet.note(sentence)
        sheet.widen(1, 110)
        sheet.heading("Cells that could not be stored exactly as they are in the workspace")
        sheet.add_late_lines(self._change_sentences)

    def _change_sentences(self) -> list[str]:
        found = [change.sentence() for writer in self._writers for change in writer.changes]
        return found or ["None."]

    def _fill_lists(self, sheet: Sheet) -> None:
        for column, choices in enumerate(self._lists, 1):
            for row, choice in enumerate(choices, 1):
                sheet.put(row, column, choice)
        self._workbook[sheet.name].sheet_state = "hidden"


_SYSTEM_SHEETS = {
    CHECKS: "Live sums against the program's own figures; must show zero",
    NOTES: "How figures are stored",
}

_CONVENTIONS = (
    "Amounts are stored in major units, exact to the smallest unit of the currency that the heading or the cell names.",
    "Shares and rates are stored as fractions and shown as percent. Days are dates; moments are UTC.",
    "Totals and columns that follow from others are live formulas. Their values are stored beside them for previews.",
    "Tinted, bordered cells are for your entries. Other cells of such a sheet are protected, without a password.",
    "Text that begins like a formula is stored as text and is never calculated.",
)


def _fill_checks(sheet: Sheet, checks: Sequence[Check]) -> str:
    """Fill the checks sheet; returns the address of the sum that must be zero."""
    sheet.title("Checks", "Each live figure of this workbook against the program's own. The differences must be zero.")
    specs = [
        ColumnSpec("name", "Check", ValueKind.TEXT),
        ColumnSpec("live", "This workbook", ValueKind.NUMBER),
        ColumnSpec("expected", "Program", ValueKind.NUMBER),
        ColumnSpec("difference", "Difference", ValueKind.NUMBER),
    ]
    rows = [(c.name, float(c.value), float(c.expected), float(c.difference)) for c in checks]
    formats = ["#,##0" + ("." + "0" * c.digits if c.digits else "") for c in checks]
    row = sheet.row
    sheet.row += 1
    plan = sheet.table(
        build_table("Checks", specs, rows),
        cell_formulas={
            "live": [c.formula for c in checks],
            "difference": [f"ROUND({{live}}-{{expected}},{c.digits})" for c in checks],
        },
        formats={"live": formats, "expected": formats, "difference": formats},
        flags=[Flag("difference", "{difference}<>0", "differences that are not zero.")],
        freeze=True,
    )
    span = f"{cell_reference(plan.first, 4)}:{cell_reference(plan.last, 4)}"
    sheet.put(row, 1, "Sum of all differences, without sign", Look(Role.STRONG))
    stored = sum((abs(c.difference) for c in checks), Decimal(0))
    return sheet.put(row, 2, Formula(f"SUMPRODUCT(ABS({span}))", stored), Look(Role.STRONG, "#,##0.00", "right"))


def _sha256(stream: BinaryIO) -> str:
    stream.seek(0)
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
