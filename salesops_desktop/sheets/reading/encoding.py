"""Finding the encoding of a text file, from all of its bytes, with the evidence and the alternatives."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from charset_normalizer import from_bytes

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.reading.limits import MAX_TEXT_LINES

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
_SCRIPTS = {"cp1251": ("\u0400", "\u04ff"), "koi8_r": ("\u0400", "\u04ff"), "cp1253": ("\u0370", "\u03ff")}
"""Pages of other alphabets, and where their letters are."""
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
        census.nuls += chunk.count(0)
        data = rest + chunk
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
            return Encoding(name, "The file says so in its first bytes.", 1.0)
    if wide := _wide(head):
        return Encoding(wide, "Every other byte is zero.", 0.95)
    if census.utf8:
        plain = not census.foreign
        what = "Only ASCII characters." if plain else "All bytes are valid UTF-8."
        return Encoding("utf-8", what, 1.0, nuls=census.nuls)
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
    return ""


def _legacy(census: Census) -> Encoding:
    sample = census.foreign
    scores = sorted(((_plausible(sample, name), name) for name in _LATIN), reverse=True)
    best_latin_score, best_latin = scores[0]
    matches = from_bytes(sample, cp_exclusion=["utf_8", "cp037", "cp500", "cp1026", "cp1140", "utf_7"])
    best = matches.best()
    guess = best.encoding if best is not None else best_latin
    others = tuple(dict.fromkeys([m.encoding for m in matches][:6] + [name for _, name in scores]))
    high = sum(byte > 127 for byte in sample)
    name = _settle(sample, guess, best_latin, high)
    few = high <= 3
    if name in _LATIN:
        runner_up = scores[1][0]
        clear = best_latin_score >= 0.8 and best_latin_score - runner_up > 0.15
        confidence = 0.9 if clear and not few else 0.6 if name == "cp1252" else 0.4
    else:
        confidence = 0.9 if high >= 8 else 0.6
    ask = confidence < 0.5
    evidence = f"The bytes are no UTF-8; {name} gives the most plausible words."
    return Encoding(
        name,
        evidence,
        confidence,
        tuple(n for n in others if n != name)[:6],
        "replace",
        census.nuls,
        tuple(census.foreign_lines) if few else (),
        ask,
        few,
    )


def _settle(sample: bytes, guess: str, best_latin: str, high: int) -> str:
    """Choose between what the statistics say and the Latin page that reads best."""
    widened = {"gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
    many = {
        "gb18030",
        "cp932",
        "cp949",
        "big5",
        "big5hkscs",
        "euc_jp",
        "johab",
        "shift_jis_2004",
        "shift_jisx0213",
        "euc_jis_2004",
    }
    name = widened.get(guess, guess)
    if high >= 6:
        for wide in ("cp932", "gb18030", "big5", "cp949"):
            if (name in many or name.startswith("cp125")) and _east_asian(sample, wide) > 0.9 and name == wide:
                return wide
        if name in many and _east_asian(sample, name) > 0.9:
            return name
        scripts = sorted(((_script_share(sample, n), n) for n in _SCRIPTS), key=lambda item: -item[0])
        if scripts[0][0] > 0.75:
            return scripts[0][1]
        if name in ("cp1254", "cp1255", "cp1256", "cp1257") and _plausible(sample, best_latin) < 0.6:
            return name
    return best_latin


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


def _script_share(sample: bytes, name: str) -> float:
    """The share of characters beyond ASCII that are letters of the page's script, inside words, in natural case."""
    text = sample.decode(name, "replace")
    low, high = _SCRIPTS[name]
    wide = sum(1 for c in text if ord(c) > 127)
    good = 0
    for before, c, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        if low <= c <= high and (low <= before <= high or low <= after <= high):
            good += 1 if c.islower() or not before.islower() else -1
    return good / wide if wide else 0.0


def _plausible(sample: bytes, name: str) -> float:
    """How much the characters beyond ASCII look like letters inside words; at most 1."""
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return -1.0
    score, count = 0.0, 0
    for i, char in enumerate(text):
        if ord(char) < 128:
            continue
        count += 1
        before = text[i - 1] if i else " "
        after = text[i + 1] if i + 1 < len(text) else " "
        inside = before.isalpha() or after.isalpha()
        if char.isalpha():
            natural = char.islower() or not (before.isalpha() and before.islower())
            common = char in "äöüßéèêëàâáãåçñíìîïóòôõøúùûæœÄÖÜÉÈÀÂÁÅÇÑÍÎÓÔÕØÚÆŒªº" or name == "cp1250"
            score += 1.0 if inside and natural and common else 0.2 if natural else -0.5
        elif char in "–—€£°§«»“”„‚‘’…•·®©™²³½¼±×µ\u00a0":
            score += 0.9 if not (before.isalpha() and after.isalpha()) or char == "’" else -0.8
        else:
            score -= 1.0
    bonus = {"cp1252": 0.02, "mac_roman": 0.0, "cp1250": -0.12, "cp437": -0.1}[name]
    return score / count + bonus if count else 0.0
