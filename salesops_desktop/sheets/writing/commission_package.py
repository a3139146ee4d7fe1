"""Many workbooks of one shape, fast: the house styles are made once, the sheets' XML is written directly.

:class:`~salesops_desktop.sheets.writing.book.Book` asks openpyxl for each part of each workbook, which takes longer
than writing the 700 lines of a statement. Here openpyxl makes styles and theme once for a whole folder of statements.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.utils.cell import get_column_letter

from salesops_desktop.model.tables import Cell
from salesops_desktop.sheets.writing.atomic import write_atomically
from salesops_desktop.sheets.writing.book import Provenance, Saved
from salesops_desktop.sheets.writing.cells import CellWriter, Change
from salesops_desktop.sheets.writing.formulas import Formula, quoted_sheet
from salesops_desktop.sheets.writing.style import Look, Role, Styles, exception_look
from salesops_desktop.sheets.writing.text import clean, page_text

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_PARTS: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_LEVEL: Final = 1
"""Of compression: sheets are so repetitive that a higher level saves little and takes three times as long."""


class Shapes:
    """The styles of all workbooks of one batch."""

    def __init__(self) -> None:
        workbook: Any = Workbook()  # the type stubs know only part of it
        self._workbook = workbook
        self.styles = Styles(workbook)
        workbook._differential_styles.add(exception_look())  # noqa: SLF001  # the marks are its first
        self._known = 0
        self._parts: dict[str, bytes] = {}

    def parts(self) -> dict[str, bytes]:
        """The styles and theme parts with every look that has been asked for so far."""
        count = len(self._workbook._cell_styles)  # noqa: SLF001  # grows with each look
        if count != self._known:
            stream = BytesIO()
            self._workbook.save(stream)
            with ZipFile(stream) as archive:
                self._parts = {name: archive.read(name) for name in ("xl/styles.xml", "xl/theme/theme1.xml")}
            self._known = count
        return self._parts


@dataclass(slots=True)
class Page:
    """One sheet, filled from the top down with rows of XML."""

    name: str
    writer: CellWriter
    rows: list[str] = field(default_factory=list)
    row: int = 1
    """The next free row."""
    widths: dict[int, float] = field(default_factory=dict)
    last_column: int = 1
    freeze: str = ""
    filter: str = ""
    repeated: int = 0
    printed: int = 0
    """Columns to print; all where 0."""
    protected: bool = False
    validations: list[tuple[str, str, float]] = field(default_factory=list)
    """Cells to fill in: range, prompt, the largest number allowed."""
    marks: list[tuple[str, str]] = field(default_factory=list)
    """Exceptions: range and condition."""
    text_ranges: list[str] = field(default_factory=list)

    def put(self, cells: Sequence[tuple[Cell | Formula, Look]], *, height: float = 0) -> int:
        """Set the next row from column A on; returns its number."""
        row = self.row
        made = "".join(self.writer.cell(row, i, value, look) for i, (value, look) in enumerate(cells, 1))
        tall = f' ht="{height}" customHeight="1"' if height else ""
        self.rows.append(f'<row r="{row}"{tall}>{made}</row>')
        self.row += 1
        self.last_column = max(self.last_column, len(cells))
        return row

    def title(self, text: str, below: str = "") -> None:
        """The sheet's title and a line under it."""
        self.put([(text, Look(Role.TITLE))], height=28)
        if below:
            self.put([(below, Look(Role.SUBTITLE))])

    def heading(self, text: str) -> None:
        """A heading with an empty row before it."""
        self.row += 1
        self.put([(text, Look(Role.HEADING))], height=22)

    def note(self, text: str) -> None:
        """A sentence."""
        self.put([(text, Look(Role.NOTE))])

    def header(self, labels: Sequence[str], looks: Sequence[Look], *, height: float = 32) -> int:
        """A table's headings; returns the row."""
        cells = [
            (label, Look(Role.HEADER, align=look.align, indent=1))
            for label, look in zip(labels, looks, strict=True)
        ]  # fmt: skip
        return self.put(cells, height=height)

    def widen(self, column: int, width: float) -> None:
        """Make a column at least so many characters wide."""
        self.widths[column] = max(self.widths.get(column, 0), width)

    def xml(self, title: str, company: str, *, first: bool) -> str:
        """The whole part."""
        pane = ""
        if self.freeze:
            column, row = _split(self.freeze)
            across = f' xSplit="{column}"' if column else ""
            where = "bottomRight" if column else "bottomLeft"
            pane = f'<pane{across} ySplit="{row}" topLeftCell="{self.freeze}" activePane="{where}" state="frozen"/>'
        columns = "".join(
            f'<col min="{i}" max="{i}" width="{width:.1f}" customWidth="1"/>'
            for i, width in sorted(self.widths.items())
        )
        tab = ' tabSelected="1"' if first else ""
        last = f"{get_column_letter(self.last_column)}{max(1, self.row - 1)}"
        return "".join(
            (
                f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>',
                f'<dimension ref="A1:{last}"/><sheetViews><sheetView showGridLines="0"{tab} workbookViewId="0">',
                f'{pane}</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>',
                f"<cols>{columns}</cols>" if columns else "",
                "<sheetData>", *self.rows, "</sheetData>",
                '<sheetProtection sheet="1" formatColumns="0" autoFilter="0"/>' if self.protected else "",
                f'<autoFilter ref="{self.filter}"/>' if self.filter else "",
                *(_mark(i, place, condition) for i, (place, condition) in enumerate(self.marks, 1)),
                _validations(self.validations),
                '<pageMargins left="0.5" right="0.5" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>',
                '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>',
                f"<headerFooter><oddHeader>{escape('&L' + page_text(company) + '&R' + page_text(title))}</oddHeader>",
                "<oddFooter>&amp;L&amp;A&amp;RPage &amp;P of &amp;N</oddFooter></headerFooter>",
                _ignored(self.text_ranges),
                "</worksheet>",
            )
        )  # fmt: skip


class Pages:
    """A workbook of pages.

    Args:
        provenance: what its properties and page headers say.
        shapes: the styles it shares with its batch.
    """

    def __init__(self, provenance: Provenance, shapes: Shapes) -> None:
        self.provenance = provenance
        self._shapes = shapes
        self._pages: list[Page] = []

    def page(self, name: str) -> Page:
        """Add a sheet; the caller gives names that Excel accepts."""
        made = Page(name, CellWriter(name, self._shapes.styles))
        self._pages.append(made)
        return made

    @property
    def changes(self) -> tuple[Change, ...]:
        """Cells that could not be stored exactly as given."""
        return tuple(change for page in self._pages for change in page.writer.changes)

    def save(self, path: Path) -> Saved:
        """Write the workbook; the old file stays until the new one is whole.

        Raises:
            DiskFullError: no room.
            InputRefusedError: the place cannot be written to.
        """
        source = self.provenance
        sheets = [page.xml(source.title, source.company, first=i == 0) for i, page in enumerate(self._pages)]
        stream = BytesIO()
        with ZipFile(stream, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for name, part in self._frame().items():
                archive.writestr(name, part)
            for name, content in self._shapes.parts().items():
                archive.writestr(name, content)
            for i, sheet in enumerate(sheets, 1):
                archive.writestr(f"xl/worksheets/sheet{i}.xml", sheet)
        content = stream.getvalue()

        def write(target: BinaryIO) -> None:
            target.write(content)

        write_atomically(path, write)
        return Saved(path, len(content), hashlib.sha256(content).hexdigest(), self.changes)

    def _frame(self) -> dict[str, str]:
        """Every part but sheets and styles."""
        source, count = self.provenance, len(self._pages)
        overrides = "".join(
            f'<Override PartName="{name}" ContentType="{kind}"/>'
            for name, kind in (
                ("/xl/workbook.xml", f"{_PARTS}.sheet.main+xml"),
                ("/xl/styles.xml", f"{_PARTS}.styles+xml"),
                ("/xl/theme/theme1.xml", "application/vnd.openxmlformats-officedocument.theme+xml"),
                ("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"),
                *((f"/xl/worksheets/sheet{i}.xml", f"{_PARTS}.worksheet+xml") for i in range(1, count + 1)),
            )
        )
        moment = f"{source.made_at:%Y-%m-%dT%H:%M:%SZ}"
        subject = " ".join(filter(None, (source.company, source.period)))
        types = f'<Types xmlns="{_PACKAGE}/content-types">'
        types += '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        types += f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
        core = (
            f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<dc:title>{escape(clean(source.title)[0])}</dc:title><dc:subject>{escape(clean(subject)[0])}</dc:subject>"
            f"<dc:creator>{escape(clean(source.program)[0])}</dc:creator>"
            f'<dcterms:created xsi:type="dcterms:W3CDTF">{moment}</dcterms:created>'
            f'<dcterms:modified xsi:type="dcterms:W3CDTF">{moment}</dcterms:modified></cp:coreProperties>'
        )
        top = [("officeDocument", "xl/workbook.xml", _RELATIONS)]
        top += [("metadata/core-properties", "docProps/core.xml", f"{_PACKAGE}/relationships")]
        inner = [("worksheet", f"worksheets/sheet{i}.xml", _RELATIONS) for i in range(1, count + 1)]
        inner += [("styles", "styles.xml", _RELATIONS), ("theme", "theme/theme1.xml", _RELATIONS)]
        return {
            "[Content_Types].xml": _HEAD + types,
            "_rels/.rels": _relations(top),
            "docProps/core.xml": _HEAD + core,
            "xl/workbook.xml": self._workbook(),
            "xl/_rels/workbook.xml.rels": _relations(inner),
        }

    def _workbook(self) -> str:
        sheets = "".join(
            f'<sheet name={quoteattr(page.name)} sheetId="{i}" r:id="rId{i}"/>'
            for i, page in enumerate(self._pages, 1)
        )  # fmt: skip
        names = []
        for i, page in enumerate(self._pages):
            sheet = escape(quoted_sheet(page.name))
            if page.filter:
                place = _absolute(page.filter)
                names.append(("_xlnm._FilterDatabase", i, f"{sheet}!{place}", ' hidden="1"'))
            if page.printed:
                area = f"$A$1:${get_column_letter(page.printed)}${max(1, page.row - 1)}"
                names.append(("_xlnm.Print_Area", i, f"{sheet}!{area}", ""))
            if page.repeated:
                names.append(("_xlnm.Print_Titles", i, f"{sheet}!${page.repeated}:${page.repeated}", ""))
        defined = "".join(
            f'<definedName name="{name}" localSheetId="{i}"{more}>{text}</definedName>' for name, i, text, more in names
        )
        return (
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><bookViews><workbookView/></bookViews>'
            f"<sheets>{sheets}</sheets>{f'<definedNames>{defined}</definedNames>' if defined else ''}"
            '<calcPr calcId="191029" fullCalcOnLoad="1"/></workbook>'
        )


def _relations(entries: Sequence[tuple[str, str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{i}" Type="{space}/{kind}" Target="{target}"/>'
        for i, (kind, target, space) in enumerate(entries, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _split(place: str) -> tuple[int, int]:
    """How many columns and rows stay in sight above and left of a cell."""
    letters = place.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1, int(place[len(letters) :]) - 1


def _absolute(place: str) -> str:
    ends = []
    for end in place.split(":"):
        letters = end.rstrip("0123456789")
        ends.append(f"${letters}${end[len(letters) :]}")
    return ":".join(ends)


def _mark(number: int, place: str, condition: str) -> str:
    rule = f'<cfRule type="expression" dxfId="0" priority="{number}"><formula>{escape(condition)}</formula></cfRule>'
    return f'<conditionalFormatting sqref="{place}">{rule}</conditionalFormatting>'


def _validations(wanted: Sequence[tuple[str, str, float]]) -> str:
    if not wanted:
        return ""
    rules = "".join(
        '<dataValidation type="decimal" operator="between" allowBlank="1" showInputMessage="1" showErrorMessage="1" '
        f'errorTitle="Not a value for this cell" error="Enter a number." promptTitle="Try a change" '
        f'prompt={quoteattr(prompt[:255])} sqref="{place}"><formula1>{-most:.0f}</formula1>'
        f"<formula2>{most:.0f}</formula2></dataValidation>"
        for place, prompt, most in wanted
    )
    return f'<dataValidations count="{len(wanted)}">{rules}</dataValidations>'


def _ignored(ranges: Sequence[str]) -> str:
    if not ranges:
        return ""
    rule = f'<ignoredError sqref="{" ".join(ranges)}" numberStoredAsText="1"/>'
    return f"<ignoredErrors>{rule}</ignoredErrors>"
