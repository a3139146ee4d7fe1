"""Finding delimiter and quote character of a text table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|", "^", "~", ":", "\x1f", "\x01")
QUOTES = ('"', "'")

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


def find_dialect(sample: str, *, delimiter: str = "", quote: str = "") -> Dialect:
    """Choose the dialect under which the sample is most like a table.

    Args:
        sample: the beginning of the text, whole lines.
        delimiter: chosen by a person.
        quote: chosen by a person.
    """
    sample = sample.removeprefix("\ufeff")
    first, _, rest = sample.partition("\n")
    if re.fullmatch(r"sep=.\r?", first, re.IGNORECASE):
        delimiter = delimiter or first.rstrip("\r")[-1]
        sample = rest
    quotes = (quote,) if quote else tuple(q for q in QUOTES if q in sample) or ('"',)
    candidates = (delimiter,) if delimiter else tuple(d for d in DELIMITERS if d in sample)
    best: tuple[float, str, str] = (0.0, "", quotes[0] if quotes[0] == '"' or quote else '"')
    lines = sample.splitlines(keepends=True)
    for mark in quotes:
        for candidate in candidates:
            score = _score(lines, candidate, mark) - (0.02 if mark == "'" else 0.0)
            score -= {":": 0.15, "^": 0.0, "~": 0.0}.get(candidate, 0.0)
            if score > best[0] + 1e-9:
                best = (score, candidate, mark)
    score, found, mark = best
    if not delimiter and score < 0.34:
        found, mark = "", '"'
    found = delimiter or found
    if not quote and mark == "'" and not _quotes_fields(sample, found, mark):
        mark = '"'
    escaped = _escapes(sample, found, mark)
    spaced = bool(found) and re.search(rf"{re.escape(found)}[ ]+{re.escape(mark)}", sample) is not None
    return Dialect(found, mark, not escaped, spaced)


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
    try:
        return list(csv.reader(lines, delimiter=delimiter or "\x1f", quotechar=quote, skipinitialspace=True))
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
