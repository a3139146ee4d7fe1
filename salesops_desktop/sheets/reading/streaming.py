"""Worksheets too big to hold: cells cut out of the zip part piece by piece, with flat memory.

Regular cells, which is nearly all of them, are cut at C speed by one pattern; a row with anything else in it is parsed
by lxml. Gives the same values as the fast engine: numbers as floats, dates by their number format.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import IO, Any, BinaryIO, Final

from defusedxml import ElementTree
from lxml import etree  # type: ignore[import-untyped]  # ships no types

from salesops_desktop.sheets.reading.numberformats import Format, date_styles
from salesops_desktop.sheets.reading.preflight import book_of, column_number, parts_of, sheet_parts
from salesops_desktop.sheets.reading.shapes import UNCACHED, Cell

_CHUNK: Final = 1 << 20
_MAX_COLUMNS: Final = 16_384
_KEPT_STRINGS: Final = 200_000

_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})\d{1,7}"([^>]*?)(?:/>|>(<f(?:\s[^>]*)?(?:/>|>[^<]*</f>))?'
    rb"(?:<v>([^<]*)</v>|<v/>|<is><t(?:\s[^>]*)?>([^<]*)</t></is>)?</c>)"
)
_ROW_NUMBER = re.compile(rb'<(?:\w+:)?row\b[^>]*?\sr="(\d{1,7})"')
_STYLE = re.compile(rb'\bs="(\d+)"')
_KIND = re.compile(rb'\bt="(\w+)"')
_TEXT = re.compile(rb"<t(?:\s[^>]*)?>([^<]*)</t>")
_PHONETIC = re.compile(rb"<rPh\b.*?</rPh>", re.DOTALL)
_OPENING = re.compile(rb"^.*?<(?:\w+:)?si(?:\s[^>]*)?>", re.DOTALL)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_EPOCH_1900 = dt.datetime(1899, 12, 30)  # noqa: DTZ001  # spreadsheet dates know no zone
_EPOCH_1904 = dt.datetime(1904, 1, 1)  # noqa: DTZ001
_MAX_SERIAL = 2_958_466

DATE, DURATION = "date", "duration"


class DamagedError(Exception):
    """The parts do not fit together, or end too early."""


class _Strings:
    """The shared strings in one buffer: a list of a million ``str`` would cost ten times as much."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.ends = array("Q", [0])
        self.kept: dict[int, str] = {}

    def add(self, text: str) -> None:
        """Append a string."""
        self.buffer += text.encode("utf-8", "surrogatepass")
        self.ends.append(len(self.buffer))

    def __getitem__(self, index: int) -> str:
        text = self.kept.get(index)
        if text is None:
            if not 0 <= index < len(self.ends) - 1:
                message = f"string {index} of {len(self.ends) - 1}"
                raise DamagedError(message)
            text = self.buffer[self.ends[index] : self.ends[index + 1]].decode("utf-8", "surrogatepass")
            if len(self.kept) < _KEPT_STRINGS:
                self.kept[index] = text
        return text


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the attributes of a cell say about its content."""

    type: bytes
    date: str
    pad: int


class StreamedBook:
    """A workbook whose sheets are read again and again from its zip, never held.

    Raises:
        DamagedError: parts are missing.
        zipfile.BadZipFile: the container is damaged.
    """

    def __init__(self, opener: Callable[[], BinaryIO], formats: dict[int, Format]) -> None:
        self.opener = opener
        self.formats = formats
        self.strings = _Strings()
        with opener() as stream, zipfile.ZipFile(stream) as archive:
            self.parts = parts_of(archive)
            book = book_of(archive, self.parts)
            if book is None:
                raise DamagedError("no workbook part")
            folder = book.rpartition("/")[0]
            self.sheets = [
                (title, state, target)
                for title, state, target in sheet_parts(archive, self.parts, book)
                if target in self.parts and "chartsheets" not in target
            ]
            root = ElementTree.fromstring(archive.read(self.parts[book]), forbid_dtd=True)
            self.epoch = _EPOCH_1904 if _is_1904(root) else _EPOCH_1900
            styles = self.parts.get(f"{folder}/styles.xml".lstrip("/"))
            self.dates = date_styles(archive.read(styles)) if styles is not None else {}
            shared = self.parts.get(f"{folder}/sharedstrings.xml".lstrip("/"))
            if shared is not None:
                prefix = _prefix(archive, shared, b"sst")
                with archive.open(shared) as part:
                    self._read_strings(part, prefix)

    def _read_strings(self, part: IO[bytes], prefix: bytes) -> None:
        begin, end, empty = (b % prefix for b in (b"<%bsi>", b"</%bsi>", b"<%bsi/>"))
        for piece in _pieces(part, end):
            cleaned = piece.replace(empty, begin + end)
            *items, _ = cleaned.split(end)
            for item in items:
                self.strings.add(_string(item))

    def rows(self, target: str) -> Iterator[list[Cell]]:
        """All rows of the sheet in the part ``target`` from the first on, blank ones as empty lists.

        Raises:
            DamagedError: the part ends too early, or names strings that are not there.
            zipfile.BadZipFile: it does not survive its checksum.
        """
        kinds: dict[bytes, _Kind] = {}
        columns: dict[bytes, int] = {}
        number = 0
        with self.opener() as stream, zipfile.ZipFile(stream) as archive, archive.open(self.parts[target]) as part:
            tail, prefix = b"", _prefix(archive, self.parts[target], b"sheetData")
            start, end = b"<%brow" % prefix, b"</%brow>" % prefix
            for piece in _pieces(part, end):
                *found, tail = piece.split(end)
                for raw in found:
                    begin = max(raw.rfind(start), 0)
                    match = _ROW_NUMBER.search(raw, begin)
                    at = int(match[1]) if match else number + 1
                    while number < at - 1:
                        number += 1
                        yield []
                    number = max(number, at)
                    yield self._odd_row(raw[begin:] + end) if prefix else self._row(raw[begin:], kinds, columns)
            if not re.search(rb"</(?:\w+:)?sheetData>|<(?:\w+:)?sheetData\s*/>", tail):
                raise DamagedError("the sheet ends too early")

    def _row(self, raw: bytes, kinds: dict[bytes, _Kind], columns: dict[bytes, int]) -> list[Cell]:
        cells = _CELL.findall(raw)
        if len(cells) != raw.count(b"<c ") + raw.count(b"<c>") or b"<!" in raw:
            return self._odd_row(raw + b"</row>")
        row: list[Cell] = []
        strings = self.strings
        for letters, attributes, formula, value, inline in cells:
            place = columns.get(letters)
            if place is None:
                place = columns[letters] = column_number(letters)
            kind = kinds.get(attributes)
            if kind is None:
                kind = kinds[attributes] = self._kind(attributes)
            gap = place - len(row)
            if gap:
                if gap < 0:
                    return self._odd_row(raw + b"</row>")
                row += [None] * gap
            if value:
                if kind.type == b"s":
                    row.append(strings[int(value)])
                elif not kind.type and not kind.date and not kind.pad:
                    row.append(float(value))
                else:
                    row.append(self._value(kind, _plain(value)))
            elif inline:
                row.append(_plain(inline))
            else:
                row.append(UNCACHED if formula and kind.type != b"str" else None)
        return row

    def _kind(self, attributes: bytes) -> _Kind:
        style, kind = _STYLE.search(attributes), _KIND.search(attributes)
        index = int(style[1]) if style else 0
        meaning = self.formats.get(index)
        return _Kind(
            b"" if kind is None or kind[1] == b"n" else kind[1],
            self.dates.get(index, ""),
            meaning.pad if meaning else 0,
        )

    def _value(self, kind: _Kind, text: str) -> Cell:
        match kind.type:
            case b"s":
                return self.strings[int(text)]
            case b"b":
                return text not in ("0", "false")
            case b"d":
                return _iso(text)
            case b"str" | b"inlineStr" | b"e":
                return text
        return self._number(kind, float(text))

    def _number(self, kind: _Kind, number: float) -> Cell:
        if kind.date:
            return self._date(number, duration=kind.date == DURATION)
        if kind.pad and number.is_integer():
            return str(int(number)).zfill(kind.pad)
        return number

    def _date(self, days: float, *, duration: bool) -> Cell:
        """A day number as the fast engine gives it."""
        if duration:
            return dt.timedelta(milliseconds=round(days * 86_400_000))
        if not 0 <= days < _MAX_SERIAL:
            return days
        if days < 1:
            seconds = round(days * 86_400_000) / 1_000
            return (_EPOCH_1900 + dt.timedelta(seconds=seconds)).time()
        shift = 1 if self.epoch is _EPOCH_1900 and days < 60 else 0
        moment = self.epoch + dt.timedelta(milliseconds=round((days + shift) * 86_400_000))
        return moment.date() if days == int(days) else moment

    def _odd_row(self, raw: bytes) -> list[Cell]:
        """A row with anything out of the ordinary, by a real parser."""
        parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
        try:
            root = etree.fromstring(b"<x>%b</x>" % raw, parser)
        except etree.XMLSyntaxError as error:
            raise DamagedError(str(error)) from None
        row: list[Cell] = []
        for node in root.iter():
            if not isinstance(node.tag, str) or _local(node.tag) != "c":
                continue
            letters = re.match(r"[A-Z]{1,3}", node.get("r", ""))
            place = column_number(letters[0].encode()) if letters else len(row)
            if place >= _MAX_COLUMNS:
                continue
            row += [None] * (place + 1 - len(row))
            row[place] = self._odd_cell(node)
        return row

    def _odd_cell(self, node: Any) -> Cell:
        attributes = b" ".join(f'{k}="{v}"'.encode() for k, v in node.items())
        kind = self._kind(attributes)
        children = {_local(str(child.tag)): child for child in node}
        if "is" in children:
            texts = [t for t in children["is"].iter() if _local(str(t.tag)) == "t" and not _phonetic(t)]
            return _escaped("".join(t.text or "" for t in texts)) or None
        value = "".join(children["v"].itertext()) if "v" in children else ""
        if value:
            return self._value(kind, _escaped(value) if kind.type in (b"str", b"e") else value.strip())
        return UNCACHED if "f" in children and kind.type != b"str" else None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2]


def _phonetic(node: Any) -> bool:
    return any(_local(str(above.tag)) == "rPh" for above in node.iterancestors())


def _is_1904(root: Any) -> bool:
    return any(
        node.get("date1904") in ("1", "true", "on") for node in root.iter() if _local(str(node.tag)) == "workbookPr"
    )


def _prefix(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: bytes) -> bytes:
    """The namespace prefix, colon and all, that the part's elements carry; mostly empty."""
    with archive.open(info) as part:
        found = re.search(rb"<(\w+:)?" + name + rb"[\s>/]", part.read(65_536))
    return found[1] or b"" if found else b""


def _pieces(part: IO[bytes], end: bytes) -> Iterator[bytes]:
    """The part in pieces that end with ``end``; the last may not."""
    rest = b""
    while chunk := part.read(_CHUNK):
        data = rest + chunk
        cut = data.rfind(end)
        if cut < 0:
            rest = data
            continue
        cut += len(end)
        yield data[:cut]
        rest = data[cut:]
    yield rest


def _string(item: bytes) -> str:
    if b"<!" in item or b":t" in item:
        parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
        root = etree.fromstring(b"<x>%b</x>" % _OPENING.sub(b"", item, count=1), parser)
        texts = [n.text or "" for n in root.iter() if isinstance(n.tag, str) and _local(n.tag) == "t"]
        return _escaped("".join(texts))
    if b"<rPh" in item:
        item = _PHONETIC.sub(b"", item)
    if b"preserve" in item:
        return _plain(b"".join(_TEXT.findall(item)))
    return _plain(b"".join(text.strip(b" \t\r\n") for text in _TEXT.findall(item)))


def _plain(value: bytes) -> str:
    text = value.decode("utf-8", "replace")
    if "&" in text:
        text = unescape(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _escaped(text)


def _escaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _iso(text: str) -> Cell:
    for kind in (dt.datetime.fromisoformat, dt.time.fromisoformat):
        try:
            found = kind(text.removesuffix("Z"))
        except ValueError:
            continue
        if isinstance(found, dt.datetime) and "T" not in text:
            return found.date()
        return found
    return text
