"""Looking at all rows of one sheet: where its table is and what each column holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby, islice
from typing import Protocol

from salesops_desktop.sheets.reading.columns import ColumnFacts, ColumnTally, keyed
from salesops_desktop.sheets.reading.inspection import INFO, WARNING, Notice, ReadOptions, SkippedRow
from salesops_desktop.sheets.reading.layout import (
    Layout,
    Merge,
    Row,
    filled,
    find_layout,
    find_tail,
    interruption,
    is_total,
    row_text,
    width,
)
from salesops_desktop.sheets.reading.limits import CHUNK_ROWS, HEAD_ROWS, TAIL_ROWS
from salesops_desktop.sheets.reading.mapping import KNOWN_NAMES
from salesops_desktop.sheets.reading.preflight import column_letters
from salesops_desktop.sheets.reading.shapes import Cell

_CHUNK_CELLS = 1_000_000
_MAX_SKIPPED_TOLD = 200
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\u00ad\ufeff"))
"""Characters nobody sees, which keep a header from being known."""


class Sheet(Protocol):
    """What a text file or a workbook gives: named rows that can be read again and again."""

    name: str
    hidden: bool
    notices: list[Notice]
    merges: tuple[Merge, ...]

    def rows(self) -> Iterator[list[str]] | Iterator[list[Cell]]:
        """All rows of the sheet, blank ones too."""


@dataclass(slots=True)
class Survey:
    """What was found in one sheet; enough to walk its data rows again."""

    layout: Layout
    width: int
    headers: tuple[str, ...]
    """One per column up to ``width``."""
    facts: tuple[ColumnFacts, ...]
    kept: tuple[int, ...]
    """Columns that are not wholly empty and unnamed."""
    data_rows: int
    skip: dict[int, str]
    """1-based rows after the header that are no data, and why; blank rows are not listed."""
    skipped: tuple[SkippedRow, ...]
    blank_rows: int
    extent: tuple[int, int]
    sample: list[list[Cell]]
    notices: list[Notice] = field(default_factory=list)
    text: bool = False
    """Whether all cells are text, and cells beyond ``width`` are stray extras of a ragged row."""


@dataclass(slots=True)
class Chunk:
    """Some data rows, as columns."""

    rows: list[int]
    columns: list[tuple[Cell, ...]]
    extras: dict[int, list[Cell]]
    """Row to the cells beyond the table's width."""
    text: bool = False
    """Whether all cells are text."""

    def cells(self, index: int) -> Sequence[Cell]:
        """One column, fit for keys of a dictionary."""
        return self.columns[index] if self.text else keyed(self.columns[index])


@dataclass(slots=True)
class _Walk:
    """Cuts rows into chunks of columns and counts what does not fit."""

    width: int
    fixed: bool
    text: bool = False
    short: Counter[int] = field(default_factory=Counter)
    short_rows: list[tuple[int, int]] = field(default_factory=list)
    long_rows: list[tuple[int, list[Cell]]] = field(default_factory=list)
    long_count: int = 0
    widest: int = 0

    def chunk(self, numbers: list[int], rows: list[Row]) -> Chunk:
        """Turn rows into columns of ``width`` (which grows where the sheet has no fixed width)."""
        lengths = set(map(len, rows))
        if not self.fixed and lengths and max(lengths) > self.width:
            self.width = max(self.width, *(width(row) for row in rows))
        size = self.width
        extras: dict[int, list[Cell]] = {}
        if lengths == {size}:
            return Chunk(numbers, list(zip(*rows, strict=True)), extras, self.text)
        even: list[Row] = []
        empty = "" if self.text else None
        for number, row in zip(numbers, rows, strict=True):
            if len(row) == size:
                even.append(row)
            elif len(row) < size:
                self.short[len(row)] += 1
                if len(self.short_rows) < 10:
                    self.short_rows.append((number, len(row)))
                even.append([*row, *([empty] * (size - len(row)))])
            else:
                if width(row) > size:
                    self.long_count += 1
                    extras[number] = list(row[size:])
                    if len(self.long_rows) < 10:
                        self.long_rows.append((number, list(row[size:])))
                even.append(row[:size])
        return Chunk(numbers, list(zip(*even, strict=True)), extras, self.text)


def _blank(row: Row) -> bool:
    if row:
        first = row[0]
        if first and not (isinstance(first, str) and first.isspace()):
            return False
    return not filled(row)


def survey_sheet(sheet: Sheet, options: ReadOptions, *, text: bool, hint: str, tick: Callable[[int], None]) -> Survey:
    """Read all rows of a sheet once.

    Args:
        sheet: the sheet.
        options: decisions of a person.
        text: whether it is a text file, whose rows may be ragged.
        hint: the decimal mark that custom suggests.
        tick: told the rows read so far.
    """
    rows: Iterator[Row] = iter(sheet.rows())
    head = list(islice(rows, HEAD_ROWS))
    forced = options.header_rows.get(sheet.name)
    layout = find_layout(head, known=KNOWN_NAMES, merges=sheet.merges, forced=None if forced is None else forced - 1)
    body = head[layout.first_data :]
    widths = Counter(len(row) if text else width(row) for row in body if filled(row))
    named = width(layout.names)
    size = max(named, _usual_width(widths, text=text))
    walk = _Walk(size, fixed=text, text=text)
    tallies: list[ColumnTally] = []
    state = _State(tuple(layout.names))
    for numbers, block in _blocks(chain(body, rows), layout.first_data + 1, state, walk, tick):
        chunk = walk.chunk(numbers, block)
        _feed(tallies, chunk, state.counted - len(numbers))
        if len(state.sample) < 50:
            state.sample.extend(list(row) for row in block[: 50 - len(state.sample)])
    names = [*layout.names[: walk.width], *([""] * (walk.width - len(layout.names)))]
    while len(tallies) < walk.width:
        tallies.append(ColumnTally())
    facts = _conclude(tallies, names, sheet, options, hint)
    kept = tuple(i for i, fact in enumerate(facts) if fact.filled or names[i].strip())
    headers, header_notices = _unique_headers(names, kept, layout)
    skipped = (*layout.skipped, *state.skipped)
    used_rows = max(state.last, layout.first_data if layout.header else 0, _last_filled(head))
    survey = Survey(
        layout,
        walk.width,
        headers,
        facts,
        kept,
        state.counted,
        {row.row: row.reason for row in state.skipped},
        tuple(skipped[:_MAX_SKIPPED_TOLD]),
        state.blanks,
        (used_rows, max(walk.width, max((width(row) for row in head), default=0))),
        state.sample,
        header_notices,
        text,
    )
    survey.notices += _ragged(walk, sheet.name)
    survey.notices += _interrupted(state)
    if kept and not state.counted:
        survey.notices.append(Notice("There is a header, but no row of data below it."))
    return survey


@dataclass(slots=True)
class _State:
    names: tuple[str, ...] = ()
    """The header as found."""
    counted: int = 0
    blanks: int = 0
    last: int = 0
    skipped: list[SkippedRow] = field(default_factory=list)
    interruptions: list[SkippedRow] = field(default_factory=list)
    """Rows amid the data that are none of it."""
    sample: list[list[Cell]] = field(default_factory=list)


def _blocks(
    rows: Iterator[Row], first: int, state: _State, walk: _Walk, tick: Callable[[int], None]
) -> Iterator[tuple[list[int], list[Row]]]:
    """Data rows in blocks; the last rows are held back until it is known which of them are footer."""
    held: list[Row] = []
    number = first
    typical: Counter[int] = Counter()
    while True:
        limit = max(1, min(CHUNK_ROWS, _CHUNK_CELLS // max(walk.width, 1)))
        more = list(islice(rows, limit))
        held += more
        if not more or len(held) <= TAIL_ROWS:
            if not more:
                break
            continue
        ready, held = held[:-TAIL_ROWS], held[-TAIL_ROWS:]
        if not state.counted:
            typical.update(map(filled, ready[:2_000]))
        numbers, block = _without_blanks(ready, number)
        number += len(ready)
        state.blanks += len(ready) - len(block)
        numbers, block = _uninterrupted(numbers, block, state, _usual(typical, walk))
        state.counted += len(block)
        if block:
            state.last = numbers[-1]
            tick(number)
            yield numbers, block
    typical.update(map(filled, held))
    usual = _usual(typical, walk)
    state.skipped = find_tail(list(enumerate(held, number)), min(max(usual, 1), walk.width))
    dropped = {row.row for row in state.skipped}
    numbers, block = _without_blanks(held, number)
    state.blanks += len(held) - len(block)
    numbers, block = _uninterrupted(numbers, block, state, usual, dropped)
    state.skipped += state.interruptions
    state.last = numbers[-1] if numbers else state.last
    kept = [(n, row) for n, row in zip(numbers, block, strict=True) if n not in dropped]
    state.counted += len(kept)
    if kept:
        yield [n for n, _ in kept], [row for _, row in kept]


def _usual(typical: Counter[int], walk: _Walk) -> int:
    """How many cells a data row usually fills."""
    del typical[0]
    return max(typical, key=lambda n: (typical[n], n)) if typical else walk.width


def _uninterrupted(
    numbers: list[int], block: list[Row], state: _State, usual: int, dropped: Container[int] = ()
) -> tuple[list[int], list[Row]]:
    """Rows without those amid the data that are none of it: subtotals, the header again, comments, ruled lines."""
    gone = []
    for i, row in enumerate(block):
        reason = interruption(row, state.names, usual)
        if reason and numbers[i] not in dropped:
            gone.append(i)
            state.interruptions.append(SkippedRow(numbers[i], reason, row_text(row)))
    if not gone:
        return numbers, block
    out = set(gone)
    kept = [i for i in range(len(block)) if i not in out]
    state.last = max(state.last, numbers[-1])
    return [numbers[i] for i in kept], [block[i] for i in kept]


def _interrupted(state: _State) -> list[Notice]:
    notices = []
    for reason, rows in groupby(sorted(state.interruptions, key=lambda r: r.reason), key=lambda r: r.reason):
        found = list(rows)
        listed = ", ".join(str(row.row) for row in found[:10])
        notices.append(
            Notice(
                f"{len(found):,} {'row' if len(found) == 1 else 'rows'} amid the data ({reason}) "
                f"{'is' if len(found) == 1 else 'are'} left out: row {listed}.",
                severity=WARNING if reason == "subtotal row" else INFO,
            )
        )
    return notices


def _without_blanks(rows: list[Row], first: int) -> tuple[list[int], list[Row]]:
    """The rows that are not blank and their numbers, where the first has the number ``first``."""
    keep = [i for i, row in enumerate(rows) if (row and row[0] and row[0] != " ") or not _blank(row)]
    if len(keep) == len(rows):
        return list(range(first, first + len(rows))), rows
    return [first + i for i in keep], [rows[i] for i in keep]


def _usual_width(widths: Counter[int], *, text: bool) -> int:
    if not widths:
        return 0
    if not text:
        return max(widths)
    total = sum(widths.values())
    enough = [size for size in widths if sum(n for w, n in widths.items() if w >= size) * 2 > total]
    return max(enough, default=max(widths))


def _feed(tallies: list[ColumnTally], chunk: Chunk, before: int) -> None:
    while len(tallies) < len(chunk.columns):
        tally = ColumnTally()
        if before > 0:
            tally.add_blanks(before)
        tallies.append(tally)
    for i, tally in enumerate(tallies[: len(chunk.columns)]):
        tally.add(chunk.cells(i), chunk.rows)


def _conclude(
    tallies: Sequence[ColumnTally], names: Sequence[str], sheet: Sheet, options: ReadOptions, hint: str
) -> tuple[ColumnFacts, ...]:
    percent: frozenset[int] = getattr(sheet, "percent_columns", frozenset())
    units = getattr(sheet, "currencies", {})
    plan = [
        {
            "order": options.date_orders.get((sheet.name, i), ""),
            "mark": options.decimal_marks.get((sheet.name, i), ""),
            "unit": units.get(i, ""),
            "percent": i in percent,
            "decimal_hint": hint,
        }
        for i in range(len(tallies))
    ]
    facts = [tally.conclude(**kwargs) for tally, kwargs in zip(tallies, plan, strict=True)]
    proven = Counter(f.decimal_mark for f in facts if f.evidence.startswith("Decimal"))
    if len(proven) == 1:
        for i, fact in enumerate(facts):
            if fact.mark_open:
                plan[i]["decimal_hint"] = next(iter(proven))
                facts[i] = tallies[i].conclude(**plan[i])
    return tuple(_with_siblings(facts, names))


def _with_siblings(facts: list[ColumnFacts], names: Sequence[str]) -> Iterator[ColumnFacts]:
    """Let a date column that decides its order speak for those of the same sheet that do not."""
    decided = {f.date_order: i for i, f in enumerate(facts) if f.date_order in ("dmy", "mdy")}
    for fact in facts:
        order, i = next(iter(decided.items()), ("", 0))
        alike = bool(order) and set(fact.date_marks) <= set(facts[i].date_marks)
        if (
            fact.date_order == "undecidable"
            and len(decided) == 1
            and alike
            and "contradict" not in "".join(fact.notices)
        ):
            name = names[i] or f"Column {column_letters(i)}"
            yield replace(
                fact,
                date_order=order,
                evidence=f"As in the column {name} of the same sheet, where it is proven. {facts[i].evidence}",
            )
        else:
            yield fact


def _unique_headers(names: Sequence[str], kept: Sequence[int], layout: Layout) -> tuple[tuple[str, ...], list[Notice]]:
    headers: list[str] = []
    seen: Counter[str] = Counter()
    taken = {" ".join(name.split()).casefold() for name in names}
    blank, twice = [], []
    for i, raw in enumerate(names):
        name = " ".join(raw.translate(_UNSEEN).split())
        if not name:
            name = f"Column {column_letters(i)}"
            if i in kept and layout.header:
                blank.append(column_letters(i))
        key = name.casefold()
        seen[key] += 1
        if seen[key] > 1:
            twice.append(name)
            number = seen[key]
            while f"{key} ({number})" in taken:
                number += 1
            name = f"{name} ({number})"
            taken.add(name.casefold())
        headers.append(name)
    notices = []
    if blank:
        notices.append(Notice(f"Columns without a header got one from their letter: {', '.join(blank[:20])}."))
    if twice:
        listed = ", ".join(dict.fromkeys(twice[:20]))
        notices.append(Notice(f"Headers that stand more than once were numbered: {listed}."))
    return tuple(headers), notices


def _ragged(walk: _Walk, name: str) -> list[Notice]:
    notices = []
    if walk.fixed and walk.short_rows:
        listed = ", ".join(f"{row} ({count})" for row, count in walk.short_rows[:10])
        notices.append(
            Notice(
                f"{sum(walk.short.values()):,} rows have fewer than {walk.width} fields; the rest counts as empty: "
                f"row {listed}.",
                name,
            )
        )
    if walk.long_count:
        listed = "; ".join(f"row {row}: {row_text(extra)}" for row, extra in walk.long_rows[:10])
        notices.append(
            Notice(
                f"{walk.long_count:,} rows have more than {walk.width} fields; the extra ones are kept as attributes: "
                f"{listed}.",
                name,
            )
        )
    return notices


def _last_filled(head: Sequence[Row]) -> int:
    return max((i for i, row in enumerate(head, 1) if filled(row)), default=0)


def data_chunks(sheet: Sheet, survey: Survey) -> Iterator[Chunk]:
    """The sheet's data rows again, in chunks of columns of ``survey.width``."""
    walk = _Walk(survey.width, fixed=True, text=survey.text)
    limit = max(1, min(CHUNK_ROWS, _CHUNK_CELLS // max(survey.width, 1)))
    rows: Iterator[Row] = iter(sheet.rows())
    number = survey.layout.first_data + 1
    skip = survey.skip
    next(islice(rows, number - 1, number - 1), None)
    while batch := list(islice(rows, limit)):
        numbers, block = _without_blanks(batch, number)
        number += len(batch)
        if skip and numbers and not skip.keys().isdisjoint(numbers):
            kept = [(n, row) for n, row in zip(numbers, block, strict=True) if n not in skip]
            numbers, block = [n for n, _ in kept], [row for _, row in kept]
        if block:
            yield walk.chunk(numbers, block)


__all__ = ["Chunk", "Sheet", "Survey", "data_chunks", "is_total", "survey_sheet"]
