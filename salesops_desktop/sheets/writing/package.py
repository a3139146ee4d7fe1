"""The workbook's zip package: openpyxl writes every part, our rows are streamed into its worksheets.

openpyxl's full mode holds each cell as an object and its streaming mode cannot write tables, charts or stored formula
values. Here openpyxl writes all but the rows, and the rows go straight into the archive.
"""

# The private names used below are openpyxl's writer hooks, most of them unknown to its type stubs; tests watch them.
# ruff: noqa: SLF001
# mypy: disable-error-code="arg-type, attr-defined, index, misc, override"

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.chart._chart import ChartBase
from openpyxl.drawing.image import Image
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.dimensions import SheetDimension
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.functions import Element, SubElement

_X14: Final = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
_NO_ROWS: Final = re.compile(rb"<sheetData\s*/>|<sheetData></sheetData>")


@dataclass(slots=True)
class Body:
    """What a worksheet holds beside what openpyxl knows of it."""

    rows: Callable[[], Iterator[str]]
    """Makes the XML of its rows, in chunks, in order."""
    extent: Callable[[], str]
    """Its used range, e.g. ``A1:F20``."""
    hyperlinks: list[Hyperlink] = field(default_factory=list)
    text_ranges: list[str] = field(default_factory=list)
    """Ranges whose digits are text on purpose; Excel then shows no warning triangles there."""


class DescribedTable(Table):
    """A named table that fills its formulas down, and tells what it holds to readers who cannot see it."""

    # openpyxl derives these from a class's own members only, so a subclass has to hand them on.
    tagname = "table"
    __attrs__ = Table.__attrs__
    __elements__ = Table.__elements__
    __nested__ = Table.__nested__

    formulas: dict[str, str]
    description: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.formulas = {}
        self.description = ""

    def to_tree(self) -> Any:
        """The part's XML with what openpyxl leaves out."""
        tree = super().to_tree()
        for column in tree.iter("tableColumn"):
            if formula := self.formulas.get(column.get("name")):
                element = Element("calculatedColumnFormula")
                element.text = formula
                column.insert(0, element)
        if self.description:
            extensions = SubElement(tree, "extLst")
            extension = SubElement(extensions, "ext", {"uri": "{504A1905-F514-4f6f-8877-14C23A59335A}"})
            SubElement(extension, f"{{{_X14}}}table", {"altText": self.description})
        return tree


class Png(Image):
    """A picture given as PNG bytes. openpyxl's own class needs an imaging library just to learn the size."""

    def __init__(self, content: bytes, description: str) -> None:
        if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR":
            raise ValueError("The picture is not a PNG file.")
        self.width, self.height = struct.unpack(">II", content[16:24])
        self.format = "png"
        self.description = description
        self._content = content

    def _data(self) -> bytes:
        return self._content


class _Drawing(SpreadsheetDrawing):
    """A sheet's drawings, each with its alternative text."""

    __attrs__ = SpreadsheetDrawing.__attrs__
    __elements__ = SpreadsheetDrawing.__elements__
    __nested__ = SpreadsheetDrawing.__nested__

    def _chart_frame(self, idx: int) -> Any:
        frame = super()._chart_frame(idx)
        self._describe(frame.nvGraphicFramePr.cNvPr, self.charts[idx - 1])
        return frame

    def _picture_frame(self, idx: int) -> Any:
        frame = super()._picture_frame(idx)
        self._describe(frame.nvPicPr.cNvPr, self.images[idx - 1 - len(self.charts)])
        return frame

    @staticmethod
    def _describe(properties: Any, drawn: ChartBase | Image) -> None:
        properties.descr = getattr(drawn, "description", "") or properties.name


class _SheetWriter(WorksheetWriter):
    """Writes all of a worksheet but its rows."""

    def __init__(self, ws: Worksheet, body: Body, out: BinaryIO) -> None:
        self._body = body
        super().__init__(ws, out)

    def write_dimensions(self) -> None:
        self.xf.send(SheetDimension(self._body.extent()).to_tree())

    def write_hyperlinks(self) -> None:
        sheet: Any = self.ws  # openpyxl's own writer reaches for its list of links in the same way
        sheet._hyperlinks.extend(self._body.hyperlinks)
        super().write_hyperlinks()

    def write_drawings(self) -> None:
        # The schema wants ignoredErrors right before the drawing.
        if self._body.text_ranges:
            element = Element("ignoredErrors")
            SubElement(element, "ignoredError", {"sqref": " ".join(self._body.text_ranges), "numberStoredAsText": "1"})
            self.xf.send(element)
        super().write_drawings()


class _Package(ExcelWriter):
    """openpyxl's package writer with streamed rows."""

    def __init__(self, workbook: Workbook, archive: ZipFile, bodies: dict[str, Body]) -> None:
        super().__init__(workbook, archive)
        self._bodies = bodies

    def write_worksheet(self, ws: Worksheet) -> None:
        ws._drawing = _Drawing()
        ws._drawing.charts = ws._charts
        ws._drawing.images = ws._images
        body = self._bodies[ws.title]
        frame = BytesIO()
        writer = _SheetWriter(ws, body, frame)
        writer.write()
        head, tail = _NO_ROWS.split(writer.read(), maxsplit=1)
        ws._rels = writer._rels
        with self._archive.open(ws.path[1:], "w", force_zip64=True) as part:
            part.write(head + b"<sheetData>")
            for chunk in body.rows():
                part.write(chunk.encode())
            part.write(b"</sheetData>" + tail)
        self.manifest.append(ws)


def write_package(workbook: Workbook, bodies: dict[str, Body], stream: BinaryIO) -> None:
    """Write a workbook as an xlsx package.

    Args:
        workbook: an openpyxl workbook without cells.
        bodies: the rows of each worksheet, by its title.
        stream: where to write; must allow seeking.
    """
    archive = ZipFile(stream, "w", ZIP_DEFLATED, allowZip64=True)
    try:
        _Package(workbook, archive, bodies).save()
    except BaseException:
        archive.fp = None  # else closing it would try once more to write to a disk that is full
        raise
