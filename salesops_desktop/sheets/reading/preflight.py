"""Looking over a workbook's XML before an engine does: what engines drop silently, and what would kill them.

Byte scans in chunks; nothing is parsed into objects. Covers xlsx/xlsm fully and ods for errors and hidden rows.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import BinaryIO

from defusedxml import DefusedXmlException, ElementTree

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.reading.limits import MAX_CELLS
from salesops_desktop.sheets.reading.numberformats import Format, read_formats
from salesops_desktop.sheets.reading.shapes import UNCACHED

Tick = Callable[[int, int], None]
_CHUNK = 4 << 20
_MAX_NOTED = 200_000

_ERROR = re.compile(
    rb'<(?:\w+:)?c (?=[^>]*\bt="e")(?:[^>]*?\br="([A-Z]{1,3})(\d{1,7})")?[^>]*>(?:(?!</(?:\w+:)?c>).)*?'
    rb"<(?:\w+:)?v>([^<]{1,30})</",
    re.DOTALL,
)
_FORMULA = re.compile(
    rb"<(?:\w+:)?c ([^>]*)>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_OUTSIDE = re.compile(
    rb"<(?:\w+:)?f[^>]*>[^<]*(?:\|[^<]*!|\[\d+\]|\[[^\]<]+\.xl|HYPERLINK|WEBSERVICE)[^<]*<", re.IGNORECASE
)
_ROW = re.compile(rb'<(?:\w+:)?row [^>]*?\br="(\d{1,7})"')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row [^>]*hidden="(?:1|true)"')
_HIDDEN_COL = re.compile(rb'<(?:\w+:)?col (?=[^>]*hidden="(?:1|true)")(?=[^>]*min="(\d+)")(?=[^>]*max="(\d+)")')
_WIDE_REF = re.compile(rb' r="([A-Z]{2,3})\d')
_REF = re.compile(rb' r="([A-Z]{1,3})(\d{1,7})"')
_REF_ATTR = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


@dataclass(slots=True)
class SheetScan:
    """What the scan found in one sheet. Rows and columns are 0-based."""

    part: str
    cells: int = 0
    bytes: int = 0
    max_row: int = 0
    max_col: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    error_count: int = 0
    uncached: int = 0
    uncached_columns: set[int] = field(default_factory=set)
    outside: int = 0
    hidden_rows: int = 0
    hidden_columns: set[int] = field(default_factory=set)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    styles: Counter[tuple[int, int]] = field(default_factory=Counter)
    """(column, style) to number of cells, for styles that change meaning."""
    pads: dict[tuple[int, int], int] = field(default_factory=dict)
    """Cells shown with leading zeros, and to how many digits."""
    block: tuple[int, int] | None = None
    """Rows and columns of the dense part, where stray cells lie far outside."""
    far: str = ""

    @property
    def area(self) -> int:
        """Cells of the used range."""
        return self.max_row * self.max_col


@dataclass(slots=True)
class BookScan:
    """What the scan found in a workbook, by sheet name."""

    sheets: dict[str, SheetScan] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    formats: dict[int, Format] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    """Sheets the workbook names but does not hold."""
    readable: bool = True
    """Whether the container could be looked into at all."""


def column_number(letters: bytes) -> int:
    """0-based column of its letters."""
    number = 0
    for byte in letters:
        number = number * 26 + byte - 64
    return number - 1


def column_letters(index: int) -> str:
    """The letters of a 0-based column."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def scan_workbook(stream: BinaryIO, name: str, tick: Tick) -> BookScan:
    """Scan an xlsx or xlsm workbook.

    Raises:
        InputRefusedError: a document type declaration, or a part that does not survive its checksum.
    """
    scan = BookScan()
    try:
        with zipfile.ZipFile(stream) as archive:
            _scan_parts(archive, name, scan, tick)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        scan.readable = False  # not a sheet: an engine may manage without
    except (DefusedXmlException, ElementTree.ParseError, KeyError, ValueError, NotImplementedError, RuntimeError) as e:
        if isinstance(e, DefusedXmlException):
            raise _dtd(name) from None
        scan.readable = False
    return scan


def _damaged(name: str, sheet: str, details: str) -> InputRefusedError:
    return InputRefusedError(
        "The sheet is damaged or incomplete.",
        where=f"{name}, {sheet}",
        way_out="Download or export the file again.",
        details=details,
    )


def _dtd(name: str) -> InputRefusedError:
    return InputRefusedError(
        "The workbook declares XML entities, which no spreadsheet program writes.",
        where=name,
        way_out="Open it in Excel and save it anew if you trust where it comes from.",
    )


def _scan_parts(archive: zipfile.ZipFile, name: str, scan: BookScan, tick: Tick) -> None:
    parts = parts_of(archive)
    for part, info in parts.items():
        if part.endswith((".rels", "content_types].xml")) or part.rpartition("/")[2] in (
            "workbook.xml",
            "sharedstrings.xml",
            "styles.xml",
        ):
            _refuse_dtd(archive, info, name)
    book = book_of(archive, parts)
    if book is None:
        scan.readable = False
        return
    folder = book.rpartition("/")[0]
    styles = parts.get(f"{folder}/styles.xml".lstrip("/"))
    scan.formats = read_formats(archive.read(styles)) if styles is not None else {}
    total = sum(info.file_size for part, info in parts.items() if "sheet" in part)
    done = 0
    for title, state, target in sheet_parts(archive, parts, book):
        if state != "visible":
            scan.hidden[title] = state
        part_info = parts.get(target)
        if part_info is None:
            scan.missing.append(title)
            continue
        result = SheetScan(target)
        scan.sheets[title] = result
        try:
            _scan_sheet(archive, part_info, name, result, scan.formats, lambda n, d=done: tick(d + n, total))  # type: ignore[misc]
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise _damaged(name, title, str(error)) from None
        done += part_info.file_size


def _refuse_dtd(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> None:
    with archive.open(info) as part:
        head = part.read(65_536)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head or b"<\0!\0D\0O\0C" in head or b"\0<\0!\0D\0O\0C" in head:
        raise _dtd(name)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def parts_of(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The parts of a package by their names in one spelling."""
    return {info.filename.replace("\\", "/").lstrip("/").lower(): info for info in archive.infolist()}


def book_of(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> str | None:
    """The name of the workbook's part."""
    rels = parts.get("_rels/.rels")
    if rels is not None:
        for node in ElementTree.fromstring(archive.read(rels), forbid_dtd=True):
            if str(node.get("Type", "")).endswith("/officeDocument"):
                target = str(node.get("Target", "")).lstrip("/").lower()
                if target in parts:
                    return target
    return "xl/workbook.xml" if "xl/workbook.xml" in parts else None


def sheet_parts(
    archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo], book: str
) -> Iterator[tuple[str, str, str]]:
    """Name, state and part of each sheet."""
    folder, _, leaf = book.rpartition("/")
    rels = parts.get(f"{folder}/_rels/{leaf}.rels".lstrip("/"))
    targets: dict[str, str] = {}
    if rels is not None:
        for node in ElementTree.fromstring(archive.read(rels), forbid_dtd=True):
            target = str(node.get("Target", "")).replace("\\", "/")
            full = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}".lstrip("/")
            targets[str(node.get("Id", ""))] = full.lower()
    for node in ElementTree.fromstring(archive.read(parts[book]), forbid_dtd=True).iter():
        if _local(node.tag) == "sheet":
            key = next((v for k, v in node.attrib.items() if _local(k) == "id"), "")
            yield str(node.get("name", "")), str(node.get("state", "visible")), targets.get(key, "")


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, tick: Callable[[int], None]) -> Iterator[bytes]:
    """The part in pieces that end between two cells."""
    rest, done = b"", 0
    with archive.open(info) as part:
        while piece := part.read(_CHUNK):
            done += len(piece)
            data = rest + piece
            cut = max(data.rfind(b"<row"), data.rfind(b"<c "), data.rfind(b":row "), data.rfind(b":c "))
            if cut > 0 and data[cut : cut + 1] == b":":
                cut = data.rfind(b"<", 0, cut)
            if cut <= 0 and len(data) < 16 * _CHUNK:
                rest = data
                continue
            yield data[:cut] if cut > 0 else data
            rest = data[cut:] if cut > 0 else b""
            tick(done)
    if rest:
        yield rest


def _scan_sheet(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    name: str,
    scan: SheetScan,
    formats: dict[int, Format],
    tick: Callable[[int], None],
) -> None:
    styled = "|".join(map(str, sorted(formats)))
    styles = re.compile(rf'<(?:\w+:)?c r="([A-Z]{{1,3}})(\d{{1,7}})" s="({styled})"'.encode()) if formats else None
    wide: set[bytes] = set()
    first = True
    for chunk in _chunks(archive, info, tick):
        if first and (b"<!DOCTYPE" in chunk or b"<\0!\0D\0O\0C" in chunk or b"\0<\0!\0D\0O\0C" in chunk):
            raise _dtd(name)
        if first and b"sheet" not in chunk[:65_536]:
            raise zipfile.BadZipFile("a worksheet part that is no worksheet")
        first = False
        scan.bytes += len(chunk)
        scan.cells += chunk.count(b"<c ") + chunk.count(b":c ") + chunk.count(b"<c>")
        rows = _ROW.findall(chunk, max(0, chunk.rfind(b"<row")))
        if rows:
            scan.max_row = max(scan.max_row, int(rows[-1]))
        wide.update(_WIDE_REF.findall(chunk))
        _note_cells(chunk, scan)
        if styles is not None:
            _note_styles(chunk, scan, styles, formats)
    scan.max_col = max((column_number(letters) + 1 for letters in wide), default=26 if scan.cells else 0)
    if scan.area > MAX_CELLS:
        _find_block(archive, info, scan)


def _note_cells(chunk: bytes, scan: SheetScan) -> None:
    if b't="e"' in chunk:
        for match in _ERROR.finditer(chunk):
            scan.error_count += 1
            if match[1] and len(scan.errors) < _MAX_NOTED:
                place = int(match[2]) - 1, column_number(match[1])
                scan.errors[place] = unescape(match[3].decode("utf-8", "replace"))
    if b"<f" in chunk or b":f" in chunk:
        _note_formulas(chunk, scan)
    if b"hidden=" in chunk:
        scan.hidden_rows += len(_HIDDEN_ROW.findall(chunk))
        for match in _HIDDEN_COL.finditer(chunk):
            low, high = int(match[1]), min(int(match[2]), 16_384)
            if high - low < 1_000:
                scan.hidden_columns.update(range(low - 1, high))
    if b"mergeCell" in chunk and len(scan.merges) < _MAX_NOTED:
        for match in _MERGE.finditer(chunk):
            scan.merges.append((int(match[2]) - 1, column_number(match[1]), int(match[4]) - 1, column_number(match[3])))


def _note_formulas(chunk: bytes, scan: SheetScan) -> None:
    for match in _FORMULA.finditer(chunk):
        if b't="str"' in match[1]:
            continue
        scan.uncached += 1
        if ref := _REF_ATTR.search(match[1]):
            column = column_number(ref[1])
            scan.uncached_columns.add(column)
            if len(scan.errors) < _MAX_NOTED:
                scan.errors[(int(ref[2]) - 1, column)] = UNCACHED
    scan.outside += len(_OUTSIDE.findall(chunk))


def _note_styles(chunk: bytes, scan: SheetScan, styles: re.Pattern[bytes], formats: dict[int, Format]) -> None:
    for match in styles.finditer(chunk):
        style, column = int(match[3]), column_number(match[1])
        scan.styles[(column, style)] += 1
        pad = formats[style].pad
        if pad and len(scan.pads) < 2_000_000:
            scan.pads[(int(match[2]) - 1, column)] = pad


def _find_block(archive: zipfile.ZipFile, info: zipfile.ZipInfo, scan: SheetScan) -> None:
    """Where few cells span a huge range, find the dense part and name a stray cell."""
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    last = ("", 0, 0)
    for chunk in _chunks(archive, info, lambda _: None):
        for match in _REF.finditer(chunk):
            row, column = int(match[2]), column_number(match[1]) + 1
            rows[row] += 1
            columns[column] += 1
            if row + column > last[1] + last[2]:
                last = (f"{match[1].decode()}{row}", row, column)
    if not rows:
        return
    scan.max_row, scan.max_col = max(rows), max(columns)
    block = _dense(rows, gap=1_000), _dense(columns, gap=200)
    if scan.area > MAX_CELLS and block != (scan.max_row, scan.max_col):
        scan.block, scan.far = block, last[0]


def _dense(places: Counter[int], gap: int) -> int:
    """The last place before a gap so wide that what follows is stray: at most 1 % of the cells."""
    total, seen, before = sum(places.values()), 0, 0
    for place in sorted(places):
        if before and place - before > gap and (total - seen) * 100 <= max(total, 500):
            return before
        seen += places[place]
        before = place
    return before
