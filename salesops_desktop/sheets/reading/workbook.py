"""A workbook's sheets as rows of plain cells: calamine first, openpyxl and xlrd where it cannot.

Errors that engines blank are put back, numbers shown with leading zeros become text.
"""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import openpyxl
import xlrd
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum
from xlrd.xldate import XLDateError, xldate_as_datetime

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.reading.container import Container
from salesops_desktop.sheets.reading.inspection import INFO, Notice
from salesops_desktop.sheets.reading.limits import MAX_CELLS, MAX_FAST_CELLS, MAX_SLOW_CELLS, MAX_STREAMED_CELLS
from salesops_desktop.sheets.reading.numberformats import Format, format_of
from salesops_desktop.sheets.reading.preflight import BookScan, SheetScan, column_letters, scan_workbook
from salesops_desktop.sheets.reading.shapes import UNCACHED, Cell
from salesops_desktop.sheets.reading.streaming import DamagedError, StreamedBook

Phase = Callable[[str, int], None]
"""Told that a step begins and how many bytes it has to work through."""


@dataclass(slots=True)
class GridSheet:
    """One sheet of a workbook."""

    name: str
    hidden: bool
    source: Callable[[], Iterator[list[Cell]]]
    notices: list[Notice] = field(default_factory=list)
    merges: tuple[tuple[int, int, int, int], ...] = ()
    percent_columns: frozenset[int] = frozenset()
    currencies: dict[int, str] = field(default_factory=dict)
    hidden_columns: frozenset[int] = frozenset()
    extent: tuple[int, int] | None = None

    def rows(self) -> Iterator[list[Cell]]:
        """All rows from the first of the sheet, blank ones too."""
        return self.source()


def open_workbook(container: Container, tick: Callable[[int, int], None], phase: Phase) -> list[GridSheet]:
    """Read all sheets of a workbook.

    Raises:
        InputRefusedError: no engine can read it, or it is too big.
    """
    name = container.path.name
    if container.format == "xls":
        return _read_xls(container)
    scan = BookScan(readable=False)
    if container.format in ("xlsx", "xlsm"):
        with container.open() as stream:
            scan = scan_workbook(stream, name, tick)
    elif container.format == "ods":
        scan = _scan_ods(container)
    total = sum(s.bytes for s in scan.sheets.values()) or container.path.stat().st_size * 8
    phase("Reading the workbook", total)
    engine = _Engine(container, scan)
    if any(s.block for s in scan.sheets.values()):
        engine.use_openpyxl()
    elif any(s.cells > MAX_FAST_CELLS for s in scan.sheets.values()):
        engine.use_stream()
    else:
        for title, sheet in scan.sheets.items():
            if sheet.area > MAX_CELLS and sheet.cells * 4 < sheet.area and sheet.cells > MAX_STREAMED_CELLS:
                raise _too_big(name, title, sheet.area)
        engine.use_calamine()
    return engine.sheets()


def _too_big(name: str, sheet: str, cells: int) -> InputRefusedError:
    return InputRefusedError(
        f"The sheet spans {cells:,} cells; {MAX_CELLS:,} can be read from a workbook.",
        where=f"{name}, {sheet}",
        way_out="Save the sheet as .csv and import that.",
    )


class _Engine:
    """One workbook, read by calamine or openpyxl, with the scan's findings laid over."""

    def __init__(self, container: Container, scan: BookScan) -> None:
        self.container = container
        self.scan = scan
        self.book: CalamineWorkbook | None = None
        self.slow: Any = None
        self.stream: StreamedBook | None = None
        self.fault = ""

    def use_calamine(self) -> None:
        """Open with calamine; fall back to openpyxl where it cannot."""
        try:
            with self.container.open() as stream:
                self.book = CalamineWorkbook.from_filelike(stream)
        except (CalamineError, OSError, ValueError) as error:
            self._fall_back(error)
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            self._fall_back(error)

    def _fall_back(self, error: BaseException) -> None:
        self.fault = str(error)
        self.book = None
        self.use_openpyxl()

    def use_openpyxl(self) -> None:
        """Open with openpyxl, streaming."""
        if self.container.format not in ("xlsx", "xlsm"):
            raise self._refused()
        with self.container.open() as stream:
            data = stream.read()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.slow = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        except (MemoryError, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001  # openpyxl lets any error of its parts through
            self.fault = self.fault or f"{type(error).__name__}: {error}"
            raise self._refused() from None

    def use_stream(self) -> None:
        """Open with our own reader, which holds no sheet; openpyxl where it cannot."""
        try:
            self.stream = StreamedBook(self.container.open, self.scan.formats)
        except (DamagedError, zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, SyntaxError) as error:
            self.fault = f"{type(error).__name__}: {error}"
            self.use_openpyxl()

    def _refused(self) -> InputRefusedError:
        return InputRefusedError(
            "The workbook is damaged and cannot be read.",
            where=self.container.path.name,
            way_out="Open it in Excel or LibreOffice and save it anew.",
            details=self.fault,
        )

    def sheets(self) -> list[GridSheet]:
        """All sheets that hold cells."""
        if self.slow is not None:
            return self._openpyxl_sheets()
        if self.stream is not None:
            return self._streamed_sheets(self.stream)
        assert self.book is not None
        found = []
        for meta in self.book.sheets_metadata:
            if str(meta.typ).rpartition(".")[2] not in ("WorkSheet", "MacroSheet", "DialogSheet"):
                continue
            try:
                sheet = self.book.get_sheet_by_name(meta.name)
            except BaseException as error:
                if not isinstance(error, (CalamineError, OSError)) and type(error).__name__ != "PanicException":
                    raise
                self.fault = str(error)
                return self._second_try()
            scan = self.scan.sheets.get(meta.name)
            if scan is not None and scan.cells > len(scan.errors) and sheet.start is None:
                return self._second_try()
            hidden = meta.visible is not SheetVisibleEnum.Visible or meta.name in self.scan.hidden

            def rows(sheet: Any = sheet, name: str = meta.name) -> Iterator[list[Cell]]:
                return self._calamine_rows(sheet, name)

            size = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end is not None else (0, 0)
            found.append(self._dressed(GridSheet(meta.name, hidden, rows), *size))
        return found

    def _streamed_sheets(self, book: StreamedBook) -> list[GridSheet]:
        found = []
        for title, state, target in book.sheets:

            def rows(title: str = title, target: str = target) -> Iterator[list[Cell]]:
                return self._streamed_rows(book, title, target)

            scan = self.scan.sheets.get(title)
            grid = self._dressed(GridSheet(title, state != "visible", rows), None, None)
            if scan is not None and scan.pads:
                grid.source = rows  # this engine pads numbers itself
            found.append(grid)
        return found

    def _streamed_rows(self, book: StreamedBook, title: str, target: str) -> Iterator[list[Cell]]:
        seen = 0
        try:
            for row in book.rows(target):
                seen += len(row) + 1
                if seen > MAX_SLOW_CELLS:
                    raise _too_big(self.container.path.name, title, seen)
                yield row
        except (DamagedError, zipfile.BadZipFile, zlib.error, ValueError, EOFError) as error:
            self.fault = f"{type(error).__name__}: {error}"
            raise self._refused() from None

    def _second_try(self) -> list[GridSheet]:
        self.book = None
        self.use_openpyxl()
        return self._openpyxl_sheets()

    def _calamine_rows(self, sheet: Any, name: str) -> Iterator[list[Cell]]:
        scan = self.scan.sheets.get(name)
        overlay = _by_row(scan.errors) if scan else {}
        left = sheet.start[1] if sheet.start else 0
        lead: list[Cell] = [None] * left
        number = 0
        if sheet.start is not None:
            for row in sheet.iter_rows():  # from the first row of the sheet, but only from the first used column
                full = lead + row if left else row
                yield _overlaid(full, number, overlay) if overlay else full
                number += 1
        last = max(overlay, default=-1)
        while number <= last:
            yield _overlaid([], number, overlay)
            number += 1

    def _openpyxl_sheets(self) -> list[GridSheet]:
        found = []
        for sheet in self.slow.worksheets:
            scan = self.scan.sheets.get(sheet.title)

            def rows(sheet: Any = sheet, scan: SheetScan | None = scan) -> Iterator[list[Cell]]:
                return self._openpyxl_rows(sheet, scan)

            hidden = sheet.sheet_state != "visible"
            grid = GridSheet(sheet.title, hidden, rows)
            found.append(self._dressed(grid, None, None))
            next(iter(grid.rows()), None)  # a sheet that cannot be read shows it here
        if self.scan.missing and not found:
            self.fault = f"missing parts of {', '.join(self.scan.missing)}"
            raise self._refused()
        return found

    def _openpyxl_rows(self, sheet: Any, scan: SheetScan | None) -> Iterator[list[Cell]]:
        sheet.reset_dimensions()
        block = scan.block if scan else None
        overlay = _by_row({place: text for place, text in scan.errors.items() if text == UNCACHED}) if scan else {}
        seen = number = 0
        try:
            for row in sheet.iter_rows(
                values_only=True, max_row=block[0] if block else None, max_col=block[1] if block else 16_384
            ):
                values = _overlaid(list(row), number, overlay)
                number += 1
                while values and values[-1] is None:
                    values.pop()
                seen += len(values) + 1
                if seen > MAX_SLOW_CELLS:
                    raise _too_big(self.container.path.name, sheet.title, seen)  # noqa: TRY301  # let through below
                yield values
        except (InputRefusedError, MemoryError, GeneratorExit):
            raise
        except Exception as error:  # noqa: BLE001  # openpyxl lets any error of its parts through
            self.fault = self.fault or f"{type(error).__name__}: {error}"
            raise self._refused() from None

    def _dressed(self, sheet: GridSheet, height: int | None, width: int | None) -> GridSheet:
        """Add what the scan knows about the sheet."""
        if height is not None and width is not None and height * width > MAX_CELLS * 2:
            raise _too_big(self.container.path.name, sheet.name, height * width)
        scan = self.scan.sheets.get(sheet.name)
        if self.book is not None and not (scan and scan.merges):
            raw = self.book.get_sheet_by_name(sheet.name).merged_cell_ranges or []
            sheet.merges = tuple((a[0], a[1], b[0], b[1]) for a, b in raw)
        if scan is None:
            return sheet
        sheet.merges = tuple(scan.merges) or sheet.merges
        sheet.hidden_columns = frozenset(scan.hidden_columns)
        sheet.notices.extend(_scan_notices(scan, sheet.name))
        sheet.percent_columns, sheet.currencies = _column_formats(scan, self.scan.formats)
        if scan.pads:
            inner = sheet.source

            def padded(inner: Callable[[], Iterator[list[Cell]]] = inner) -> Iterator[list[Cell]]:
                return _padded(inner(), scan.pads)

            sheet.source = padded
        return sheet


_Overlay = dict[int, list[tuple[int, str]]]
"""Row to (column, text) of the cells an engine loses."""


def _by_row(cells: dict[tuple[int, int], str]) -> _Overlay:
    grouped: _Overlay = {}
    for (row, column), text in cells.items():
        grouped.setdefault(row, []).append((column, text))
    return grouped


def _overlaid(row: list[Cell], number: int, overlay: _Overlay) -> list[Cell]:
    for column, text in overlay.get(number, ()):
        if column >= len(row):
            row += [None] * (column + 1 - len(row))
        row[column] = text
    return row


def _padded(rows: Iterator[list[Cell]], pads: dict[tuple[int, int], int]) -> Iterator[list[Cell]]:
    by_row: dict[int, list[tuple[int, int]]] = {}
    for (row, column), digits in pads.items():
        by_row.setdefault(row, []).append((column, digits))
    for number, cells in enumerate(rows):
        for column, digits in by_row.get(number, ()):
            if column < len(cells):
                value = cells[column]
                if isinstance(value, (int, float)) and not isinstance(value, bool) and float(value).is_integer():
                    cells[column] = str(int(value)).zfill(digits)
        yield cells


def _column_formats(scan: SheetScan, formats: dict[int, Format]) -> tuple[frozenset[int], dict[int, str]]:
    percent = frozenset(column for (column, style) in scan.styles if formats[style].percent)
    units: dict[int, set[str]] = {}
    for column, style in scan.styles:
        if formats[style].currency:
            units.setdefault(column, set()).add(formats[style].currency)
    return percent, {column: next(iter(codes)) for column, codes in units.items() if len(codes) == 1}


def _scan_notices(scan: SheetScan, name: str) -> Iterator[Notice]:
    if scan.uncached:
        letters = ", ".join(column_letters(c) for c in sorted(scan.uncached_columns)[:10])
        yield Notice(
            f"{scan.uncached:,} formulas have no stored result (columns {letters}); their cells count as empty. "
            "Open the file in Excel and save it, then import it again.",
            name,
        )
    if scan.outside:
        yield Notice(
            f"{scan.outside:,} formulas reach outside the workbook (links, DDE, web); they are never evaluated.", name
        )
    if scan.error_count:
        yield Notice(f"{scan.error_count:,} cells hold a spreadsheet error such as #N/A; they count as empty.", name)
    if scan.hidden_rows or scan.hidden_columns:
        yield Notice(
            f"{scan.hidden_rows:,} rows and {len(scan.hidden_columns):,} columns are hidden; they are read too.", name
        )
    if scan.far and scan.block:
        yield Notice(
            f"Stray cells far outside the table (such as {scan.far}) were left out; "
            f"{scan.block[0]:,} rows and {scan.block[1]:,} columns were read.",
            name,
        )
    below = sum(1 for merge in scan.merges if merge[0] > 5)
    if below:
        yield Notice(f"{below:,} merged ranges: the value stands in their first cell only.", name, INFO)


_ODS_ERROR = re.compile(rb'calcext:value-type="error"')
_ODS_HIDDEN = re.compile(rb'<table:table-row[^>]*table:visibility="(?:collapse|filter)"')


def _scan_ods(container: Container) -> BookScan:
    """Put errors and hidden rows of an OpenDocument sheet in a scan; its repeated cells are left to the engine."""
    scan = BookScan(readable=False)
    try:
        with container.open() as stream, zipfile.ZipFile(stream) as archive:
            content = archive.read("content.xml")
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError):
        return scan
    if b"<!DOCTYPE" in content[:65_536] or b"<!ENTITY" in content[:65_536]:
        raise InputRefusedError(
            "The document declares XML entities, which no spreadsheet program writes.",
            where=container.path.name,
            way_out="Open it in LibreOffice and save it anew if you trust where it comes from.",
        )
    for table in re.finditer(rb'<table:table [^>]*table:name="([^"]*)".*?</table:table>', content, re.DOTALL):
        sheet = SheetScan("content.xml", bytes=len(table[0]))
        sheet.error_count = len(_ODS_ERROR.findall(table[0]))
        sheet.hidden_rows = len(_ODS_HIDDEN.findall(table[0]))
        if sheet.error_count:
            sheet.errors = _ods_errors(table[0])
        scan.sheets[html.unescape(table[1].decode("utf-8", "replace"))] = sheet
    return scan


_ODS_ROW = re.compile(rb"<table:table-row([^>]*?)(?:/>|>(.*?)</table:table-row>)", re.DOTALL)
_ODS_CELL = re.compile(
    rb"<table:(?:covered-)?table-cell([^>]*?)(?:/>|>(.*?)</table:(?:covered-)?table-cell>)", re.DOTALL
)
_REPEAT_ROWS = re.compile(rb'table:number-rows-repeated="(\d+)"')
_REPEAT_COLUMNS = re.compile(rb'table:number-columns-repeated="(\d+)"')


def _ods_errors(table: bytes) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    row = 0
    for match in _ODS_ROW.finditer(table):
        repeat = _REPEAT_ROWS.search(match[1])
        if match[2] and b'value-type="error"' in match[2]:
            column = 0
            for cell in _ODS_CELL.finditer(match[2]):
                again = _REPEAT_COLUMNS.search(cell[1])
                if b'calcext:value-type="error"' in cell[1] and len(found) < 200_000:
                    text = re.sub(rb"<[^>]*>", b"", cell[2] or b"").decode("utf-8", "replace")
                    found[(row, column)] = text if text.startswith("#") else "#VALUE!"
                column += int(again[1]) if again else 1
        row += int(repeat[1]) if repeat else 1
    return found


def _read_xls(container: Container) -> list[GridSheet]:
    """Read a BIFF workbook with xlrd (which keeps errors, merges and formats), else with calamine."""
    name = container.path.name
    with container.open() as stream:
        data = stream.read()
    try:
        book = _open_xlrd(data)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # xlrd lets any error of its parser through
        engine = _Engine(container, BookScan(readable=False))
        engine.fault = f"{type(error).__name__}: {error}"
        try:
            engine.use_calamine()
        except InputRefusedError as refusal:
            refusal.details = f"{engine.fault}; {error}"
            raise
        return engine.sheets()
    if not book.nsheets:
        raise InputRefusedError("The workbook holds no sheets.", where=name, way_out="Export it again.")
    return [_xls_sheet(book, book.sheet_by_index(i)) for i in range(book.nsheets)]


def _open_xlrd(data: bytes) -> Any:
    silent = io.StringIO()
    try:
        return xlrd.open_workbook(file_contents=data, logfile=silent, formatting_info=True)
    except (NotImplementedError, AssertionError, IndexError, KeyError, TypeError, ValueError):
        return xlrd.open_workbook(file_contents=data, logfile=silent)


def _xls_sheet(book: Any, sheet: Any) -> GridSheet:
    grid = GridSheet(sheet.name, sheet.visibility != 0, lambda: _xls_rows(book, sheet))
    grid.merges = tuple((r0, c0, r1 - 1, c1 - 1) for r0, r1, c0, c1 in sheet.merged_cells)
    errors = sum(row.count(xlrd.XL_CELL_ERROR) for row in (sheet.row_types(r) for r in range(sheet.nrows)))
    if errors:
        grid.notices.append(
            Notice(f"{errors:,} cells hold a spreadsheet error such as #N/A; they count as empty.", sheet.name)
        )
    rows = sum(1 for info in sheet.rowinfo_map.values() if info.hidden)
    columns = frozenset(c for c, info in sheet.colinfo_map.items() if info.hidden and c < sheet.ncols)
    if rows or columns:
        grid.notices.append(
            Notice(f"{rows:,} rows and {len(columns):,} columns are hidden; they are read too.", sheet.name)
        )
    grid.hidden_columns = columns
    return grid


def _xls_rows(book: Any, sheet: Any) -> Iterator[list[Cell]]:
    formats: dict[int, tuple[bool, int]] = {}
    for r in range(sheet.nrows):
        values = sheet.row_values(r)
        kinds = sheet.row_types(r)
        row: list[Cell] = []
        for c, (kind, value) in enumerate(zip(kinds, values, strict=True)):
            if kind == xlrd.XL_CELL_DATE:
                row.append(_xls_date(value, book.datemode, _xls_format(book, sheet, r, c, formats)[0]))
            elif kind == xlrd.XL_CELL_BOOLEAN:
                row.append(bool(value))
            elif kind == xlrd.XL_CELL_ERROR:
                row.append(str(xlrd.error_text_from_code.get(value, "#VALUE!")))
            elif kind == xlrd.XL_CELL_NUMBER:
                pad = _xls_format(book, sheet, r, c, formats)[1]
                row.append(str(int(value)).zfill(pad) if pad and value.is_integer() else value)
            else:
                row.append(value or None)
        yield row


def _xls_format(book: Any, sheet: Any, r: int, c: int, known: dict[int, tuple[bool, int]]) -> tuple[bool, int]:
    """Whether the cell's format is a duration, and to how many digits it is padded."""
    if not book.formatting_info:
        return False, 0
    try:
        index = sheet.cell_xf_index(r, c)
        if index not in known:
            code = book.format_map[book.xf_list[index].format_key].format_str
            meaning = format_of(code)
            known[index] = (bool(re.search(r"\[[hms]+\]", code, re.IGNORECASE)), meaning.pad if meaning else 0)
        return known[index]
    except (IndexError, KeyError, AttributeError):
        return False, 0


def _xls_date(value: float, mode: int, duration: bool) -> Cell:
    if duration:
        return dt.timedelta(seconds=round(value * 86_400))
    if 0 <= value < 1:
        seconds = round(value * 86_400)
        return dt.time(seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
    try:
        moment = xldate_as_datetime(value, mode)
    except (XLDateError, OverflowError, ValueError):
        return value
    assert isinstance(moment, dt.datetime)
    return moment
