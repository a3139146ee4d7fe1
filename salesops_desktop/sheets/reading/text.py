"""A text file as one sheet: streamed, never held; quotes that never close do not swallow the rest."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.reading.dialect import STAND_IN, Dialect, cut, find_dialect, lines_of, parse
from salesops_desktop.sheets.reading.encoding import FALLBACK, Census, Encoding, find_encoding, take_census
from salesops_desktop.sheets.reading.inspection import INFO, Notice, Option, Question, ReadOptions, TextSettings
from salesops_desktop.sheets.reading.limits import MAX_FIELD_CHARS, MAX_TEXT_COLUMNS

_SAMPLE_CHARS = 200_000
_SAMPLE_LINES = 1_000
_BLOCK_LINES = 4_096
_PENDING_LINES = 5_000
_PENDING_CHARS = 4_000_000

Opener = Callable[[], BinaryIO]


class _RunAwayError(Exception):
    """A quoted field that does not seem to end."""


class _Tap:
    """Hands lines to the csv reader and remembers those of the record in the making."""

    def __init__(self, lines: Iterator[str], *, nuls: bool) -> None:
        self.lines = lines
        self.nuls = nuls
        self.again: deque[str] = deque()
        self.pending: list[str] = []
        self.number = 0
        self.chars = 0
        self.ended = False
        """Whether the file's last line was handed out."""
        self.left = 0
        """Lines of the present block that were not handed out yet."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = self.again.popleft() if self.again else next(self.lines)
        except StopIteration:
            self.ended = True
            raise
        if self.nuls:
            line = line.replace("\0", "")
        pending = self.pending
        pending.append(line)
        self.number += 1
        self.left -= 1
        if len(pending) > 1:
            self.chars += len(line)
            if len(pending) > _PENDING_LINES or self.chars > _PENDING_CHARS:
                raise _RunAwayError
        return line

    def push_back(self) -> str:
        """Give all pending lines but the first back; return the first."""
        first, *rest = self.pending
        self.again.extendleft(reversed(rest))
        self.number -= len(rest)
        self.left += len(rest)
        self.pending = []
        self.chars = 0
        return first

    def taken(self) -> None:
        """The record is complete."""
        self.pending.clear()
        self.chars = 0


_MASKED = re.compile(r'="([^"]*)"')


def _unmasked(cell: str) -> str:
    """A cell without the mask (``="01234"``) that keeps a spreadsheet program from taking text for a number."""
    return match[1] if cell[:2] == '="' and (match := _MASKED.fullmatch(cell)) else cell


@dataclass(slots=True)
class TextSheet:
    """The one sheet of a text file."""

    name: str
    opener: Opener
    encoding: Encoding
    dialect: Dialect
    size: int
    typical: int
    sep_line: bool = False
    masked: bool = True
    """Whether cells may be masked as in ``="01234"``."""
    hidden: bool = False
    notices: list[Notice] = field(default_factory=list)
    merges: tuple[tuple[int, int, int, int], ...] = ()
    position: int = 0

    def rows(self) -> Iterator[list[str]]:
        """All records as lists of text, in order; a blank line is an empty list. Fills :attr:`notices` anew."""
        self.notices = []
        with self.opener() as raw:
            stream = io.TextIOWrapper(raw, encoding=self.encoding.name, errors=self.encoding.errors, newline="")
            lines = iter(stream)
            if self.sep_line:
                next(lines, None)
            yield from self._blocks(lines, raw)

    def _blocks(self, lines: Iterator[str], raw: BinaryIO) -> Iterator[list[str]]:
        """Records, many lines at a time; with care only where a block holds a record of several lines."""
        csv.field_size_limit(MAX_FIELD_CHARS)
        tap = _Tap(lines, nuls=bool(self.encoding.nuls))
        quote = self.dialect.quote
        while block := list(islice(lines, _BLOCK_LINES)):
            if tap.nuls:
                block = [line.replace("\0", "") for line in block]
            if self.encoding.marks:
                block = [line.replace("\ufeff", "") for line in block]
            if (tail := block[-1]).endswith("\x1a") or tail.startswith("\x1a"):
                block[-1] = tail.rstrip("\x1a\r\n")  # the end mark of old systems, and nothing after it
            try:
                rows = list(self._reader(iter(block)))
            except csv.Error:
                rows = []
            if self.masked and any('="' in line for line in block):
                rows = [[_unmasked(cell) for cell in row] for row in rows]
            if len(rows) == len(block) and not (quote and block[-1].count(quote) % 2):
                tap.number += len(block)
                yield from rows
            else:
                tap.again.extend(block)
                tap.left = len(block)
                yield from self._records(tap)
            self.position = raw.tell()

    def _records(self, tap: _Tap) -> Iterator[list[str]]:
        """Records line by line up to the end of the block, or of the record that reaches beyond it."""
        while tap.left > 0 or tap.again:
            try:
                for row in self._reader(tap):
                    if self._unclosed(tap) or (len(tap.pending) > 1 and self._swallowed(tap.pending, row)):
                        break
                    tap.taken()
                    yield [_unmasked(cell) for cell in row]
                    if tap.left <= 0 and not tap.again:
                        return
                else:
                    if not tap.pending:
                        return
            except _RunAwayError:
                pass
            except csv.Error as error:
                if "field larger" in str(error):
                    raise InputRefusedError(
                        f"Line {tap.number} holds a field of more than {MAX_FIELD_CHARS:,} characters.",
                        where=self.name,
                        way_out="Look whether a quotation mark is missing there.",
                    ) from None
            first_number = tap.number - len(tap.pending) + 1
            line = tap.push_back()
            self.notices.append(
                Notice(
                    f"A quotation mark in line {first_number} is never closed; the line was read without it.",
                    f"line {first_number}",
                )
            )
            yield self._literal(line)

    def _reader(self, lines: Iterator[str], *, strict: bool = False) -> Iterator[list[str]]:
        mark = self.dialect.delimiter
        if self.dialect.cuts:
            return (cut(line, self.dialect.cuts) if line.strip() else [] for line in lines)
        if self.dialect.nested:
            lines = (row[0] if row else "" for row in csv.reader(lines, delimiter=STAND_IN))
        if len(mark) > 1:
            rows = self._cut(line.replace(mark, STAND_IN) for line in lines)
            return ([cell.replace(STAND_IN, mark) for cell in row] for row in rows)
        return self._cut(lines, strict=strict)

    def _cut(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[list[str]]:
        return csv.reader(
            lines,
            delimiter=self.dialect.cutter,
            quotechar=self.dialect.quote or '"',
            doublequote=self.dialect.doubled,
            escapechar=None if self.dialect.doubled else "\\",
            skipinitialspace=self.dialect.skip_space,
            strict=strict,
        )

    def _unclosed(self, tap: _Tap) -> bool:
        """Whether the file ended inside a quoted field."""
        quote = self.dialect.quote
        if not tap.ended or not quote or not self.dialect.doubled:
            return False
        text = "".join(tap.pending)
        return text.count(quote) % 2 == 1 and (len(tap.pending) > 1 or f"{self.dialect.delimiter}{quote}" in text)

    def _swallowed(self, pending: list[str], row: list[str]) -> bool:
        """Whether a record of several lines is really several records behind a stray quotation mark.

        A field that was opened by a stray mark is closed by the next opening one, which text follows: no well-formed
        record. One whose marks all stand at the edges of fields is what its writer meant, however long.
        """
        try:
            next(self._reader(iter(pending), strict=True), None)
        except csv.Error:
            pass
        else:
            return False
        delimiter = self.dialect.delimiter
        if not delimiter:
            return len(pending) > 20
        whole = sum(1 for line in pending[1:] if line.count(delimiter) >= self.typical - 1)
        return whole >= 1 or len(row) > self.typical

    def _literal(self, line: str) -> list[str]:
        text = line.rstrip("\r\n")
        fields = text.split(self.dialect.delimiter) if self.dialect.delimiter else [text]
        quote = self.dialect.quote
        if len(fields) > self.typical:
            # Quoted fields elsewhere in the line still protect their delimiters.
            parsed = next(self._plain([text]), fields)
            if len(parsed) == self.typical:
                return parsed
        return [f.strip(quote) if f[:1] == quote or f[-1:] == quote else f for f in fields]

    def _plain(self, lines: list[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.dialect.cutter, quotechar=self.dialect.quote or '"')


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file, its settings and what was noticed."""

    sheet: TextSheet
    settings: TextSettings
    sha256: str
    notices: tuple[Notice, ...]
    questions: tuple[Question, ...]


def open_text(opener: Opener, path: Path, options: ReadOptions, tick: Callable[[int], None]) -> TextFile:
    """Detect encoding and dialect of a text file.

    Args:
        opener: opens the bytes anew at each call.
        path: for its name.
        options: decisions of a person.
        tick: told the bytes read so far.

    Raises:
        InputRefusedError: empty, no text, or too long.
    """
    with opener() as stream:
        census = take_census(stream, path.name, tick)
    if not census.size:
        raise InputRefusedError("The file is empty (0 bytes).", where=path.name, way_out="Export it again.")
    encoding = find_encoding(census, options.encoding)
    _must_be_text(path.name, census, encoding)
    sample = _sample(opener, encoding)
    if not sample.strip().strip("\ufeff"):
        raise InputRefusedError("The file holds nothing but blank lines.", where=path.name, way_out="Export it again.")
    dialect = find_dialect(sample, delimiter=options.delimiter, quote=options.quote)
    sep_line = sample.removeprefix("\ufeff")[:4].lower() == "sep="
    typical = _typical(sample, dialect)
    if typical > MAX_TEXT_COLUMNS:
        raise InputRefusedError(
            f"The file has {typical:,} columns; {MAX_TEXT_COLUMNS:,} can be read.",
            where=path.name,
            way_out="Export fewer columns.",
        )
    sheet = TextSheet(path.stem, opener, encoding, dialect, census.size, typical, sep_line, census.masked)
    settings = TextSettings(
        encoding.name.removesuffix("-sig"),
        encoding.evidence,
        encoding.confidence,
        encoding.alternatives,
        dialect.delimiter,
        dialect.quote if dialect.quote and dialect.quote in sample else "",
    )
    notices = (*_notices(encoding), *_twice(sample), *_uncut(sample, dialect))
    questions = _questions(encoding, census.foreign) if not options.encoding else ()
    return TextFile(sheet, settings, census.sha256, notices, questions)


def _must_be_text(name: str, census: Census, encoding: Encoding) -> None:
    head, seen = census.head, min(census.size, 4 << 20)
    if encoding.name.startswith(("utf-16", "utf-32")):
        try:
            head[: len(head) // 4 * 4].decode(encoding.name, "strict" if len(head) < 4096 else "ignore")
        except UnicodeDecodeError:
            pass
        else:
            return
    nuls = head.rstrip(b"\0").count(0)
    allowed = seen // 10 if census.utf8 else seen // 200
    if census.controls > max(2, allowed) or nuls > len(head) // 10:
        raise InputRefusedError(
            "The file is neither a spreadsheet nor a text table; it holds binary data.",
            where=name,
            way_out="Export it as .xlsx or .csv.",
        )


def _sample(opener: Opener, encoding: Encoding) -> str:
    with opener() as raw:
        stream = io.TextIOWrapper(raw, encoding=encoding.name, errors=encoding.errors, newline="")
        try:
            text = stream.read(_SAMPLE_CHARS)
        except UnicodeDecodeError:
            return ""
    text = text.replace("\0", "")
    if len(text) == _SAMPLE_CHARS:
        end = max(text.rfind("\n"), text.rfind("\r"))
        text = text[: end + 1] if end > 0 else text
    return "".join(lines_of(text)[:_SAMPLE_LINES])


def _typical(sample: str, dialect: Dialect) -> int:
    lines = lines_of(sample)
    if dialect.cuts:
        return len(dialect.cuts)
    if dialect.nested:
        lines = [row[0] if row else "" for row in parse(lines, "", '"')]
    rows = parse(lines, dialect.delimiter, dialect.quote or '"')
    widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    return max(widths, key=lambda size: (widths[size] * min(size, 12), size)) if widths else 1


_TWICE = re.compile("[\u00c2-\u00c5][\u0080-\u00bf\u0152-\u0178\u2013-\u203a\u20ac\u2122]")


def _twice(sample: str) -> Iterator[Notice]:
    """Say so where UTF-8 was read as Windows-1252 and written as UTF-8 again, by the program before."""
    found = [line for line in lines_of(sample) if _TWICE.search(line)]
    for line in found[:1]:
        try:
            meant = line.encode("cp1252").decode("utf-8")
        except UnicodeError:
            continue
        broken = _TWICE.search(line)
        start = max(broken.start() - 8, 0) if broken else 0
        yield Notice(
            f"Letters were damaged before the file was written: “{line[start : start + 20].strip()}” was meant as "
            f"“{meant[start : start + 17].strip()}”; they are read as they stand."
        )


def _uncut(sample: str, dialect: Dialect) -> Iterator[Notice]:
    """Say so where lines that look as if they had fields are read as one column."""
    lines = [line for line in lines_of(sample) if line.strip()]
    if dialect.delimiter or dialect.cuts or len(lines) < 2:
        return
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), (",", "commas"), ("|", "bars")):
        if mark in lines[0] and sum(mark in line for line in lines) * 10 >= len(lines) * 9:
            yield Notice(f"The lines hold {name}, but no number of them that makes columns; it was read as one column.")
            return


def _notices(encoding: Encoding) -> Iterator[Notice]:
    if encoding.marks:
        yield Notice(f"{encoding.marks} byte order marks amid the text were taken out; the file was put together.")
    if encoding.nuls and not encoding.name.startswith(("utf-16", "utf-32")):
        yield Notice(f"{encoding.nuls} NUL bytes were taken out of the text.")
    lines = ", ".join(map(str, encoding.odd_lines[:10]))
    if encoding.errors == FALLBACK:
        yield Notice(
            f"The file mixes encodings: line {lines} is not UTF-8 and was read as Windows-1252.", f"line {lines}"
        )
    elif encoding.few:
        yield Notice(
            f"Only line {lines} holds characters beyond ASCII and they are not UTF-8; read as {encoding.name}.",
            f"line {lines}",
        )
    elif encoding.confidence < 0.95 and encoding.errors == "replace":
        yield Notice(f"The text is not UTF-8; read as {encoding.name}.", severity=INFO)


def _questions(encoding: Encoding, foreign: bytes) -> tuple[Question, ...]:
    if not encoding.ask:
        return ()
    options = []
    for name in (encoding.name, *encoding.alternatives):
        try:
            example = foreign.decode(name)[:80].replace("\r", " ").replace("\n", " ")
        except (UnicodeDecodeError, LookupError):
            continue
        options.append(Option(name, name, example))
    return (
        Question(
            "encoding",
            "The file does not say how its letters are encoded. Which of these reads right?",
            tuple(options),
        ),
    )
