"""Where the table is in a sheet: preamble, header (one row or two), data, totals and footer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from salesops_desktop.sheets.reading.inspection import SkippedRow
from salesops_desktop.sheets.reading.shapes import Cell, Shape, look, shown

Row = Sequence[Cell]
Merge = tuple[int, int, int, int]
"""First row, first column, last row, last column; 0-based, inclusive."""

_TOTAL = re.compile(
    r"(?:grand\s+|sub\s?-?)?totals?\b.*|sum\b.*|summe\b.*|gesamt.*|total\s+g[ée]n[ée]ral.*|suma\b.*|totaal.*|итого.*|合计|総計|合計",
    re.IGNORECASE,
)
_DATA = frozenset((Shape.INTEGER, Shape.NUMBER, Shape.DATE, Shape.DATETIME, Shape.TIME, Shape.DURATION))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of the table are; rows are 0-based places in the sheet."""

    header: tuple[int, ...]
    """The rows that make the header; empty where there is none."""
    first_data: int
    names: tuple[str, ...]
    """The header texts, as found, one per column up to the table's width; empty where there is none."""
    skipped: tuple[SkippedRow, ...]
    sure: bool
    """Whether something besides custom says that there is (no) header."""


def filled(row: Row) -> int:
    """How many cells of ``row`` are not empty."""
    return sum(1 for cell in row if not is_blank(cell))


def is_blank(cell: Cell) -> bool:
    """Whether a cell is empty or holds only space."""
    return cell is None or (isinstance(cell, str) and (not cell or cell.isspace()))


def width(row: Row) -> int:
    """The number of cells up to the last one that is not empty."""
    for i in range(len(row), 0, -1):
        if not is_blank(row[i - 1]):
            return i
    return 0


def row_text(row: Row, limit: int = 120) -> str:
    """A row as one line, for telling what was skipped."""
    return " | ".join(shown(cell).strip() for cell in row if not is_blank(cell))[:limit]


def find_layout(
    head: Sequence[Row], *, known: Mapping[str, object], merges: Sequence[Merge] = (), forced: int | None = None
) -> Layout:
    """Find the table in the first rows of a sheet.

    Args:
        head: the first rows.
        known: folded names that are headers of some entity.
        merges: merged ranges.
        forced: the header's row as decided by a person: 0-based, or -1 for none.
    """
    if forced is not None:
        if forced < 0:
            return _no_header(head, sure=True)
        return _with_header(head, min(forced, max(len(head) - 1, 0)), merges, sure=True)
    counts = [filled(row) for row in head]
    typical = _typical_width(counts)
    if not typical:
        return Layout((), 0, (), (), sure=True)
    candidate = _candidate(head, counts, typical, known)
    verdict = _is_header(head, candidate, known)
    if verdict < 0:
        return _no_header(head, sure=False, start=candidate)
    return _with_header(head, candidate, merges, sure=verdict > 0)


def _typical_width(counts: Sequence[int]) -> int:
    some = Counter(count for count in counts if count)
    if not some:
        return 0
    # Wide rows weigh more: a report of three rows may have five lines of preamble.
    return max(some, key=lambda count: (some[count] * count, count))


def _after_preamble(
    head: Sequence[Row], counts: Sequence[int], place: int, typical: int, known: Mapping[str, object]
) -> int:
    """A better header below a wide line that a blank one parts from the table; 0 where there is none."""
    for i in range(place + 2, min(place + 20, len(counts))):
        if counts[i] >= typical:
            return i if _is_header(head, i, known) > max(_is_header(head, place, known), 0) else 0
    return 0


def _candidate(head: Sequence[Row], counts: Sequence[int], typical: int, known: Mapping[str, object]) -> int:
    enough = max(1, -(-typical * 6 // 10))
    for i, count in enumerate(counts):
        if count >= enough:
            if (
                i + 2 < len(counts)
                and not counts[i + 1]
                and (later := _after_preamble(head, counts, i, typical, known))
            ):
                return later
            if i + 1 < len(counts) and count < typical <= counts[i + 1] and _group_row(head[i], head[i + 1]):
                return i + 1
            return i
    return next(i for i, count in enumerate(counts) if count)


def _words(row: Row) -> bool:
    """Whether a row holds nothing that is data by nature."""
    return all(is_blank(cell) or look(cell).shape not in _DATA or _year(cell) for cell in row)


def _year(cell: Cell) -> bool:
    text = shown(cell).strip()
    return len(text) == 4 and text.isdigit() and 1900 <= int(text) <= 2199


def _group_row(upper: Row, lower: Row) -> bool:
    """Whether ``upper`` names groups of the columns that ``lower`` names."""
    below = [shown(cell).strip().casefold() for cell in lower if not is_blank(cell)]
    named = [i for i, cell in enumerate(upper) if not is_blank(cell)]
    if not named or not _words(lower) or not _words(upper) or len(named) >= len(below):
        return False
    return len(set(below)) < len(below)


def _is_header(head: Sequence[Row], place: int, known: Mapping[str, object]) -> int:
    """Positive: surely a header; zero: by custom; negative: it is data."""
    row = head[place]
    below = [r for r in head[place + 1 : place + 41] if filled(r)]
    texts = [shown(cell).strip() for cell in row if not is_blank(cell)]
    score = sum(2 for text in texts if folded(text) in known)
    folded_texts = [text.casefold() for text in texts]
    if any(isinstance(cell, (float, int)) and not _year(cell) for cell in row):
        score -= 1
    for i, cell in enumerate(row):
        column = [r[i] for r in below if i < len(r) and not is_blank(r[i])]
        if is_blank(cell) or not column:
            continue
        shapes = Counter(look(v).shape for v in column)
        common, count = shapes.most_common(1)[0]
        own = look(cell).shape
        if common in (Shape.TEXT, Shape.NULL, Shape.PENDING, Shape.ERROR):
            score -= 2 if shown(cell) in {shown(v) for v in column} and len(column) < 40 else 0
            continue
        if count * 10 < len(column) * 7:
            continue
        if own in (Shape.TEXT, Shape.NULL, Shape.PENDING) or (own is not common and common is not Shape.CODE):
            score += 1
        elif own is common and not _year(cell):
            score -= 2
    if below and score == 0 and _words(row):
        lengths = [len(text) for text in folded_texts]
        return 0 if max(lengths) <= 300 else -1
    if not below and score <= 0:
        return 0 if _words(row) else -1
    return score


def folded(name: str) -> str:
    """A header with case, punctuation and underscores taken out, for comparing."""
    return " ".join(re.sub(r"[^\w%#]+|_", " ", name.casefold()).split())


def _before(head: Sequence[Row], end: int, kept: Sequence[int]) -> tuple[SkippedRow, ...]:
    return tuple(
        SkippedRow(i + 1, "above the header" if filled(head[i]) else "blank", row_text(head[i]))
        for i in range(end)
        if i not in kept
    )


def _no_header(head: Sequence[Row], *, sure: bool, start: int = 0) -> Layout:
    return Layout((), start, (), _before(head, start, ()), sure)


def _with_header(head: Sequence[Row], place: int, merges: Sequence[Merge], *, sure: bool) -> Layout:
    if not head:
        return Layout((), 0, (), (), sure)
    names = [shown(cell).strip() for cell in head[place]]
    rows: tuple[int, ...] = (place,)
    upper = place - 1
    if upper >= 0 and filled(head[upper]):
        groups = _group_names(head[upper], upper, len(names), merges, _group_row(head[upper], head[place]))
        if groups:
            names = [f"{group} {name}".strip() if group else name for group, name in zip(groups, names, strict=True)]
            rows = (upper, place)
    for first, left, last, right in merges:
        if first <= place < last and left == right and left < len(names) and not names[left]:
            names[left] = shown(head[first][left]).strip()
    return Layout(rows, place + 1, tuple(names), _before(head, rows[0], rows), sure)


def _group_names(row: Row, place: int, size: int, merges: Sequence[Merge], is_group: bool) -> list[str]:
    """The group of each column, filled to the right over what was merged or left blank; empty where none."""
    spans = {m[1]: m[3] for m in merges if m[0] == place == m[2] and m[3] > m[1]}
    texts = [shown(row[i]).strip() if i < len(row) else "" for i in range(size)]
    if spans and any(texts) and not (len(spans) == 1 and next(iter(spans)) == 0 and max(spans.values()) >= size - 1):
        groups = [""] * size
        for i, text in enumerate(texts):
            for j in range(i, min(spans.get(i, i), size - 1) + 1):
                groups[j] = text or groups[j]
        return groups
    if not is_group:
        return []
    current, groups = "", []
    for text in texts:
        current = text or current
        groups.append(current)
    return groups


def find_tail(tail: Sequence[tuple[int, Row]], typical: int) -> list[SkippedRow]:
    """The rows at the end that are no data: total rows and the footer of a report.

    Args:
        tail: the last rows with their 1-based numbers, blank ones too.
        typical: how many cells a data row usually fills.
    """
    skipped: list[SkippedRow] = []
    end = len(tail)
    footer = False
    while end:
        number, row = tail[end - 1]
        count = filled(row)
        if not count:
            footer = True
        elif is_total(row, typical) or _is_grand_total(row):
            skipped.append(SkippedRow(number, "total row", row_text(row)))
        elif typical >= 3 and count == 1 and (_after_gap(tail, end - 1, typical) or _credit(row)):
            skipped.append(SkippedRow(number, "footer", row_text(row)))
        else:
            break
        end -= 1
    if not footer and all(row.reason == "footer" for row in skipped) and not any(_credit((r.text,)) for r in skipped):
        return []
    return skipped


def _after_gap(tail: Sequence[tuple[int, Row]], place: int, typical: int) -> bool:
    """Whether only short rows lie between a blank row and ``place``."""
    for i in range(place - 1, -1, -1):
        count = filled(tail[i][1])
        if not count:
            return True
        if count > 1 or typical < 3:
            return False
    return False


_CREDIT = re.compile(
    r"confidential|copyright|©|generated (?:by|on)|exported|report (?:run|generated)|all rights|page \d", re.IGNORECASE
)


def _credit(row: Row) -> bool:
    return bool(_CREDIT.search(row_text(row)))


def is_total(row: Row, typical: int) -> bool:
    """Whether a row is a total: a cell says so, and much of the rest is empty."""
    count = filled(row)
    if count < 1 or count > max(2, typical - 1):
        return False
    texts = [cell.strip() for cell in row if isinstance(cell, str) and not is_blank(cell)]
    words = [text for text in texts if look(text).shape is Shape.TEXT]
    return len(words) in (1, 2) and bool(_TOTAL.fullmatch(words[0])) and (count == 1 or len(words) < count)


_RULE = re.compile(r"[\s|:+]*[-=_*~+:|─═\s]{2,}[\s|:+]*")
_PAGE = re.compile(r"(?:page|seite|p\.)\s*\d+(?:\s*(?:of|von|/)\s*\d+)?", re.IGNORECASE)
_UNIT = re.compile(r"[(\[][^()\[\]]{1,20}[)\]]")
_RULED = frozenset("-=_*~+:|─═ ")


def interruption(row: Row, names: Sequence[str], usual: int) -> str:
    """Why a row amid the data is none of it: its kind, or the empty string.

    Args:
        row: a row that is not blank.
        names: the header.
        usual: how many cells a data row usually fills.
    """
    first = row[0]
    if isinstance(first, str) and first:
        if first[0] in _RULED and all(is_blank(c) or (isinstance(c, str) and _RULE.fullmatch(c)) for c in row):
            return "" if usual < 2 or row_text(row).strip("| ") in ("-", "--") else "ruled line"
        if usual >= 3 and (first[0] == "#" or _PAGE.fullmatch(first.strip())) and filled(row) == 1:
            return "comment"
        if names and first.strip() == names[0] and len(names) > 1 and _same(row, names):
            return "header again"
    # the checks of the whole row only where a glance lets it be one: most of a million rows it does not
    if usual >= 2 and names and (not first or (isinstance(first, str) and first[0] in "([")) and _is_units(row):
        return "units"
    seen = len(row) - row.count("") - row.count(None)
    return "subtotal row" if usual >= 3 and seen <= max(2, usual - 1) and is_total(row, usual) else ""


def _is_units(row: Row) -> bool:
    return all(is_blank(c) or (isinstance(c, str) and _UNIT.fullmatch(c.strip())) for c in row)


def _same(row: Row, names: Sequence[str]) -> bool:
    return [shown(cell).strip() for cell in row[: len(names)]] == list(names) and width(row) <= len(names)


_GRAND_TOTAL = re.compile(r"(?:grand|overall)\s+totals?:?|total\s+g[ée]n[ée]ral|gesamtsumme", re.IGNORECASE)


def _is_grand_total(row: Row) -> bool:
    """Whether a row with all of its cells filled is the total of a report: one text, and that says so."""
    texts = [cell.strip() for cell in row if isinstance(cell, str) and look(cell).shape is Shape.TEXT]
    return len(texts) == 1 and bool(_GRAND_TOTAL.fullmatch(texts[0]))
