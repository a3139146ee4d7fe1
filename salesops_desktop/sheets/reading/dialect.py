"""Finding delimiter and quote character of a text table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

DELIMITERS = (",", ";", "\t", "|", "^", "~", ":", "\x1f", "\x01")
QUOTES = ('"', "'", "`")
ODD_DELIMITERS = (" ", "#", "/", "*", "&", "%", "@", "=", "+", "!", "$", "\\", "\uff0c", "\uff1b", "\u3001")
"""Taken only where every line has the same number of them, and no usual delimiter makes a table."""
STAND_IN = "\x1f"
"""Stands for a delimiter of several characters while the csv module, which knows single ones only, cuts the line."""

_SEVERAL = re.compile(r"""[^\w\s"'`.,;()\[\]{}<>%$€£+\\-]{2,4}""")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

_TYPED = re.compile(
    r"""[-+(]?[$€£¥]?\s?\d[\d\s.,'\u00a0\u202f%]*[)€£%-]?      # a number
    |\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].{5,20})?           # a date
    |[\w.+-]+@[\w.-]+|https?://\S+                             # an address
    |[^\W\d_][\w\s&'().-]*|[\w-]+|                             # a word or code, or nothing
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a line is cut into fields."""

    delimiter: str
    """Empty where there is one column only."""
    quote: str
    doubled: bool = True
    """Whether a quote inside quotes is doubled; otherwise it follows a backslash."""
    skip_space: bool = False
    nested: bool = False
    """Whether each whole line is quoted once more."""
    cuts: tuple[int, ...] = ()
    """Where fields begin in a table of fixed widths."""

    @property
    def cutter(self) -> str:
        """The one character to give the csv module as delimiter."""
        return self.delimiter if len(self.delimiter) == 1 else STAND_IN


def lines_of(text: str) -> list[str]:
    """``text`` in lines with their ends: cut at CR and LF only, as fields may hold the other breaks of Unicode."""
    return _LINE.findall(text)


def find_dialect(sample: str, *, delimiter: str = "", quote: str = "") -> Dialect:
    """Choose the dialect under which the sample is most like a table.

    Args:
        sample: the beginning of the text, whole lines.
        delimiter: chosen by a person.
        quote: chosen by a person.
    """
    sample = sample.removeprefix("\ufeff")
    if not delimiter and not quote and (inner := _unwrapped(sample)):
        return replace(find_dialect(inner), nested=True)
    first, _, rest = sample.partition("\n")
    if re.fullmatch(r"sep=.\r?", first, re.IGNORECASE):
        delimiter = delimiter or first.rstrip("\r")[-1]
        sample = rest
    quotes = (quote,) if quote else tuple(q for q in QUOTES if q in sample) or ('"',)
    candidates = (delimiter,) if delimiter else tuple(d for d in DELIMITERS if d in sample)
    best: tuple[float, str, str] = (0.0, "", quotes[0] if quotes[0] == '"' or quote else '"')
    lines = lines_of(sample)
    several = [] if delimiter else _several(lines)
    candidates = (*(c for c in candidates if not any(c in mark for mark in several)), *several)
    for mark in quotes:
        for candidate in candidates:
            score = _score(lines, candidate, mark) - (0.0 if mark == '"' else 0.02)
            score -= {":": 0.15, "^": 0.0, "~": 0.0}.get(candidate, 0.0)
            if score > best[0] + 1e-9:
                best = (score, candidate, mark)
    score, found, mark = best
    if not delimiter and score < 0.34:
        found, mark = _odd(lines), '"'
        if found in ("", " ") and (cuts := _fixed_widths(lines)):
            return Dialect("", "", cuts=cuts)
    found = delimiter or found
    if not quote and mark != '"' and not _quotes_fields(sample, found, mark):
        mark = '"'
    escaped = _escapes(sample, found, mark)
    spaced = found not in ("", " ") and re.search(rf"{re.escape(found)}[ ]+{re.escape(mark)}", sample) is not None
    return Dialect(found, mark, not escaped, spaced)


def _unwrapped(sample: str) -> str:
    """The lines without their outer quotes, where each whole line is one quoted field that is a row by itself."""
    rows = [row for row in parse(lines_of(sample), "", '"') if row]
    plain = [line for line in lines_of(sample)[:50] if line.strip()]
    if len(rows) < 2 or not all(line.startswith('"') and line.rstrip().endswith('"') for line in plain):
        return ""
    # a row of quoted fields has quotes beside its delimiters; one quoted as a whole has them doubled
    if any(re.search(r'(?<!")"[,;\t|]"(?!")', line) for line in plain):
        return ""
    inner = "".join(f"{row[0]}\n" for row in rows)
    return inner if find_dialect(inner).delimiter else ""


def _several(lines: Sequence[str]) -> list[str]:
    """Delimiters of two to four characters that stand in nearly every line, and of which no single one is left over."""
    some = [line for line in lines[:200] if line.strip()]
    counts = Counter(mark for line in some for mark in set(_SEVERAL.findall(line)))
    return [
        mark
        for mark, count in counts.most_common(3)
        if count * 10 >= len(some) * 9 and not any(set(mark) & set(line.replace(mark, "")) for line in some[:50])
    ]


def _odd(lines: Sequence[str]) -> str:
    """A delimiter that hardly anybody uses: header and lines have the same number of fields, three at least."""
    for candidate in ODD_DELIMITERS:
        rows = [row for row in parse(lines[:200], candidate, '"') if any(map(str.strip, row))]
        widths = Counter(map(len, rows))
        if len(rows) < 3 or len(widths) > 1 or next(iter(widths)) < 3:
            continue
        columns = list(zip(*rows[1:], strict=True))
        if all(rows[0]) and any(all(_FIGURE.fullmatch(cell.strip()) for cell in column) for column in columns):
            return candidate
    return ""


_FIGURE = re.compile(r"[-+]?[\d.,]*\d[\d.,]*|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")


def _fixed_widths(lines: Sequence[str]) -> tuple[int, ...]:
    """Where fields begin, where blanks stand below each other in all lines; empty where they do not.

    Two blanks in a row somewhere prove that lines were padded; one column of figures, that it is a table.
    """
    some = [line.rstrip("\r\n").expandtabs() for line in lines[:200] if line.strip()]
    if len(some) < 3 or sum("  " in line for line in some) * 2 < len(some):
        return ()
    size = max(map(len, some))
    free = [all(line[i : i + 1] in ("", " ") for line in some) for i in range(size)]
    starts = tuple(i for i in range(size) if not free[i] and (i == 0 or free[i - 1]))
    # a blank inside the words of one column is none between columns: there, the header is blank too
    edges = [*starts[1:], size]
    starts = tuple(a for a, b in zip(starts, edges, strict=True) if some[0][a:b].strip())
    if len(starts) < 2 or starts[0] != 0:
        return ()
    rows = [cut(line, starts) for line in some]
    columns = list(zip(*rows[1:], strict=True))
    figures = any(all(not cell or _FIGURE.fullmatch(cell) for cell in column) and any(column) for column in columns)
    return starts if all(rows[0]) and figures else ()


def cut(line: str, starts: Sequence[int]) -> list[str]:
    """A line of fixed widths as fields."""
    line = line.rstrip("\r\n").expandtabs()
    return [line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]


def _escapes(sample: str, delimiter: str, quote: str) -> bool:
    """Whether quotes inside quotes follow a backslash: one does in the middle of a text, and none is doubled.

    A field that merely ends in a backslash is no proof.
    """
    edge, q = re.escape(delimiter or ","), re.escape(quote)
    inside = re.search(rf"[^{edge}\\\n]\\{q}[^{edge}{q}\r\n]", sample)
    return inside is not None and f"{quote}{quote}" not in sample.replace(f"{delimiter or ','}{quote}{quote}", "")


def _quotes_fields(sample: str, delimiter: str, quote: str) -> bool:
    edge = re.escape(delimiter) if delimiter else r"\n"
    q = re.escape(quote)
    return re.search(rf"(?:^|{edge}){q}[^\n]*?{q}(?:{edge}|\r?$)", sample, re.MULTILINE) is not None


def parse(lines: Sequence[str], delimiter: str, quote: str) -> list[list[str]]:
    """Cut lines into fields, as the csv module does."""
    if len(delimiter) > 1:
        lines = [line.replace(delimiter, STAND_IN) for line in lines]
        delimiter = STAND_IN
    spaced = delimiter != " "
    try:
        return list(csv.reader(lines, delimiter=delimiter or STAND_IN, quotechar=quote, skipinitialspace=spaced))
    except csv.Error:
        return []


def _score(lines: Sequence[str], delimiter: str, quote: str) -> float:
    """How much the lines are a table: rows of equal width, of typed cells; 0 to 1."""
    rows = [row for row in parse(lines, delimiter, quote) if any(cell.strip() for cell in row)]
    if not rows:
        return 0.0
    widths = Counter(len(row) for row in rows)
    wide = {size: count for size, count in widths.items() if size > 1}
    if not wide:
        return 0.0
    typical = max(wide, key=lambda size: (wide[size] * min(size, 12), size))
    same = wide[typical] / len(rows)
    first_wide = next((len(row) for row in rows if len(row) >= typical), 0)
    steady = 1.0 if first_wide == typical else 0.8
    cells = [cell.strip() for row in rows if len(row) == typical for cell in row][:4000]
    typed = sum(1 for cell in cells if len(cell) < 80 and _TYPED.fullmatch(cell)) / len(cells)
    swallowed = sum(1 for cell in cells if "\n" in cell) / len(cells)
    return same * steady * (0.4 + 0.6 * typed) * (1 - 0.5 / typical) * (1 - swallowed)
