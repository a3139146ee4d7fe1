"""Finding the encoding of a text file, from all of its bytes, with the evidence and the alternatives."""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from charset_normalizer import from_bytes

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.reading.limits import MAX_TEXT_LINES
from salesops_desktop.sheets.reading.pages import readings

FALLBACK = "salesops-cp1252"
"""The error handler that reads bytes which are no UTF-8 as Windows-1252."""

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20
_SAMPLE_BYTES = 48_000
_CONTROLS = bytes(b for b in range(32) if b not in (0, 8, 9, 10, 12, 13, 26, 27, 30, 31))
_WIDENED = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "gb18030",
    "shift_jis": "cp932",
    "shift_jis_2004": "cp932",
    "shift_jisx0213": "cp932",
    "euc_kr": "cp949",
    "johab": "cp949",
    "big5hkscs": "big5hkscs",
    "euc_jis_2004": "euc_jp",
    "euc_jisx0213": "euc_jp",
}
"""Encodings that the statistics name, and the wider ones that programs really write."""
_EAST_ASIAN = frozenset(("gb18030", "cp932", "cp949", "big5", "big5hkscs", "euc_jp"))
_UTF7 = re.compile(rb"\+([A-Za-z0-9/+]{2,}={0,2})-")
_LATIN = ("cp1252", "mac_roman", "cp1250", "cp437")


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", "replace"), error.end


codecs.register_error(FALLBACK, _as_cp1252)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How bytes become text."""

    name: str
    evidence: str
    confidence: float
    alternatives: tuple[str, ...] = ()
    errors: str = "strict"
    nuls: int = 0
    odd_lines: tuple[int, ...] = ()
    """Lines (1-based) that are not in the file's encoding, the first few."""
    ask: bool = False
    few: bool = False
    """Whether very few bytes are all there is to judge by."""
    marks: int = 0
    """Byte order marks amid the text, as files put together have them."""


@dataclass(slots=True)
class Census:
    """What one pass over the bytes found."""

    size: int = 0
    sha256: str = ""
    lines: int = 0
    nuls: int = 0
    controls: int = 0
    utf8: bool = True
    foreign: bytes = b""
    """Lines with bytes above 127, up to a limit."""
    foreign_lines: list[int] = field(default_factory=list)
    """Their line numbers, the first few."""
    bad_lines: list[int] = field(default_factory=list)
    """Lines that are not UTF-8, the first few."""
    bad_count: int = 0
    good_count: int = 0
    """Lines with characters beyond ASCII that are valid UTF-8."""
    head: bytes = b""
    marks: int = 0
    """UTF-8 byte order marks, the first not counted."""
    masked: bool = False
    """Whether an equals sign stands before a quotation mark somewhere, as in ``="01234"``."""


def take_census(stream: BinaryIO, name: str, tick: Callable[[int], None]) -> Census:
    """Read all bytes once: hash, count lines, look for NULs, and test for UTF-8.

    Raises:
        InputRefusedError: more lines than may be read.
    """
    census = Census()
    digest = hashlib.sha256()
    foreign = _Foreign(census)
    rest = b""
    while chunk := stream.read(_CHUNK):
        if not census.size:
            census.head = chunk[:4096]
        census.size += len(chunk)
        digest.update(chunk)
        census.marks += chunk.count(codecs.BOM_UTF8)
        census.nuls += chunk.count(0)
        data = rest + chunk
        census.masked = census.masked or b'="' in data or b"=\0" in data
        cut = data.rfind(b"\n") + 1 or len(data)
        foreign.look(data[:cut])
        rest = data[cut:]
        census.lines += chunk.count(b"\n") or chunk.count(b"\r")
        if census.size <= 4 * _CHUNK:
            census.controls += len(chunk) - len(chunk.translate(None, _CONTROLS))
        if census.lines > MAX_TEXT_LINES * (4 if census.nuls else 1):
            raise InputRefusedError(
                f"The file has more than {MAX_TEXT_LINES:,} lines, more than can be read at once.",
                where=name,
                way_out="Split it, or export a shorter period.",
            )
        tick(census.size)
    foreign.look(rest)
    census.marks -= census.head.startswith(codecs.BOM_UTF8)
    census.sha256 = digest.hexdigest()
    census.foreign = b"".join(foreign.sample)
    return census


class _Foreign:
    """Collects the lines with bytes above 127 and tests them for UTF-8."""

    def __init__(self, census: Census) -> None:
        self.census = census
        self.sample: list[bytes] = []
        self.sampled = 0

    def look(self, block: bytes) -> None:
        """Look at whole lines that follow those counted so far."""
        if block.isascii():
            return
        census = self.census
        good = _valid(block)
        census.utf8 = census.utf8 and good
        if good and self.sampled >= _SAMPLE_BYTES:
            census.good_count += 1
            return
        for number, line in enumerate(block.splitlines(keepends=True), census.lines + 1):
            if not line.isascii():
                self._line(number, line, good=good or _valid(line))

    def _line(self, number: int, line: bytes, *, good: bool) -> None:
        census = self.census
        if good:
            census.good_count += 1
        else:
            census.bad_count += 1
            if len(census.bad_lines) < 20:
                census.bad_lines.append(number)
        if len(census.foreign_lines) < 20:
            census.foreign_lines.append(number)
        if self.sampled < _SAMPLE_BYTES:
            self.sample.append(line[:4000])
            self.sampled += len(line[:4000])


def _valid(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut off at the end of a block is no proof.
        return error.reason == "unexpected end of data" and error.end == len(data) and len(data) > 8 * 1024
    return True


def find_encoding(census: Census, forced: str = "") -> Encoding:
    """Decide the encoding.

    Args:
        census: from :func:`take_census`.
        forced: an encoding chosen by a person.
    """
    head = census.head
    if forced:
        return Encoding(forced, "You chose it.", 1.0, _LATIN, "replace", census.nuls)
    for bom, name in _BOMS:
        if head.startswith(bom):
            return Encoding(name, "The file says so in its first bytes.", 1.0, errors="replace", marks=census.marks)
    if disguised := _in_disguise(census):
        return disguised
    if census.utf8:
        plain = not census.foreign
        what = "Only ASCII characters." if plain else "All bytes are valid UTF-8."
        return Encoding("utf-8", what, 1.0, nuls=census.nuls, marks=census.marks)
    if census.good_count and census.bad_count <= max(3, census.good_count // 4):
        return Encoding(
            "utf-8",
            f"{census.good_count} lines are UTF-8; {census.bad_count} are not and were read as Windows-1252.",
            0.8,
            ("cp1252",),
            FALLBACK,
            census.nuls,
            tuple(census.bad_lines),
        )
    return _legacy(census)


def _in_disguise(census: Census) -> Encoding | None:
    """Encodings whose bytes may all be ASCII, but are not what they seem."""
    head = census.head
    if wide := _wide(head):
        return Encoding(wide, "Every other byte is zero.", 0.95, errors="replace")
    if b"\x1b$B" in head or b"\x1b$@" in head:
        return Encoding("iso2022_jp", "Escape sequences switch to Japanese.", 0.95, errors="replace")
    if not census.foreign and _is_utf7(head):
        return Encoding("utf-7", "All letters beyond ASCII are written as UTF-7.", 0.9, ("utf-8",), "replace")
    return None


def _is_utf7(head: bytes) -> bool:
    """Whether several places decode as UTF-7, all of them to letters."""
    places = [match[0] for match in _UTF7.finditer(head)]
    try:
        return len(places) >= 2 and all(p.decode("utf-7").isalpha() and not p.decode("utf-7").isascii() for p in places)
    except UnicodeDecodeError:
        return False


def _wide(head: bytes) -> str:
    """UTF-16 or UTF-32 without a byte order mark, by where the zero bytes stand."""
    if len(head) < 8 or not head.count(0):
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) / 2
    fourth = len(head) // 4
    if fourth and head[1 : fourth * 4 : 4].count(0) + head[2 : fourth * 4 : 4].count(0) > 1.8 * fourth:
        return "utf-32-le" if head[0 : fourth * 4 : 4].count(0) < fourth / 2 else "utf-32-be"
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    return next((name for name in ("utf-16-le", "utf-16-be") if _reads_wide(head, name)), "")


def _reads_wide(head: bytes, name: str) -> bool:
    """Whether the bytes are lines of text in UTF-16, be most of its characters beyond ASCII."""
    try:
        text = head[: len(head) // 4 * 4].decode(name)
    except UnicodeDecodeError:
        return False
    return "\n" in text and all(c in "\r\n\t" or unicodedata.category(c) not in ("Cc", "Cn", "Co") for c in text)


def _legacy(census: Census) -> Encoding:
    sample = census.foreign
    high = sum(byte > 127 for byte in sample)
    if wide := _many_bytes(sample, high):
        return Encoding(wide, f"The bytes are no UTF-8; {wide} gives words.", 0.9, _LATIN, "replace", census.nuls)
    few = high <= 3
    found = readings(sample, lean=0.3 if few else 0.05)
    best, second = found[0], found[1] if len(found) > 1 else found[0]
    sure = best.score >= 0.7 and best.score - second.score > 0.08
    usual = best.page == "cp1252" and best.score >= 0.55 and best.score - second.score > 0.03
    confidence = 0.9 if sure and not few else 0.6 if usual or (few and best.page == "cp1252") else 0.4
    return Encoding(
        best.page,
        f"The bytes are no UTF-8; {best.page} gives the most plausible words ({best.language}).",
        confidence,
        tuple(dict.fromkeys([*(r.page for r in found[1:5]), *(n for n in _LATIN if n != best.page)]))[:6],
        "replace",
        census.nuls,
        tuple(census.foreign_lines) if few else (),
        confidence < 0.5,
        few,
    )


def _many_bytes(sample: bytes, high: int) -> str:
    """The encoding of Chinese, Japanese or Korean text; empty where it is none."""
    if high < 6:
        return ""
    matches = from_bytes(sample, cp_exclusion=["utf_8", "cp037", "cp500", "cp1026", "cp1140", "utf_7"])
    best = matches.best()
    guess = _WIDENED.get(best.encoding, best.encoding) if best is not None else ""
    return guess if guess in _EAST_ASIAN and _east_asian(sample, guess) > 0.9 else ""


def _east_asian(sample: bytes, name: str) -> float:
    try:
        text = sample.decode(name)
    except (UnicodeDecodeError, LookupError):
        return 0.0
    wide = [c for c in text if ord(c) > 127]
    good = sum(
        1
        for c in wide
        if "\u3040" <= c <= "\u30ff"
        or "\u4e00" <= c <= "\u9fff"
        or "\uac00" <= c <= "\ud7a3"
        or "\uff00" <= c <= "\uffef"
        or "\u3000" <= c <= "\u303f"
    )
    return good / len(wide) if wide else 0.0
