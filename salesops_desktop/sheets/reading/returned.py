"""A territory workbook that came back: its identity, its proposals, and the formulas that are no more. Child only."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.reading.container import Container
from salesops_desktop.sheets.reading.preflight import book_of, column_letters, column_number, parts_of, sheet_parts
from salesops_desktop.sheets.reading.shapes import Cell
from salesops_desktop.sheets.reading.workbook import GridSheet
from salesops_desktop.sheets.returned import (
    ACCOUNT,
    ACCOUNTS_TITLE,
    COMMENT,
    FORMULAS_TITLE,
    HEADINGS,
    IDENTITY,
    PROPOSED,
    REF,
    TERRITORIES_TITLE,
    TERRITORY,
    ReturnedBook,
    ReturnedRow,
)

_HEAD_ROWS = 400
"""How far down a sheet the heading of its list is looked for: sums of many territories stand above it."""
_MOST_CELLS_TOLD = 100
_FORMULA_CELL = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})(\d{1,7})"[^>]*><(?:\w+:)?f[ />]')
"""A cell's formula comes first in it (ECMA-376, CT_Cell)."""
_SAVED_BY = re.compile(rb"<cp:lastModifiedBy>([^<]{1,200})</cp:lastModifiedBy>")


@dataclass(slots=True)
class _Identity:
    facts: dict[str, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    snapshot: dict[int, int] = field(default_factory=dict)
    formulas: list[tuple[str, str, int, int]] = field(default_factory=list)


def read_returned(
    file: str, sha256: str, container: Container, sheets: Sequence[GridSheet], tick: Callable[[str], None]
) -> ReturnedBook:
    """Read what came back.

    Args:
        file: its name.
        sha256: of its bytes.
        container: the file, opened.
        sheets: its sheets.
        tick: told the sheet being read.

    Raises:
        InputRefusedError: its hidden sheet is damaged.
    """
    identity = _Identity()
    for sheet in sheets:
        if sheet.name.casefold() == IDENTITY.casefold():
            identity = _identity(file, sheet)
    rows: list[ReturnedRow] = []
    lists = 0
    if identity.facts:
        for sheet in sheets:
            tick(sheet.name)
            found = _listed(sheet)
            if found is not None:
                lists += 1
                rows += found
    zipped = container.format in ("xlsx", "xlsm")
    return ReturnedBook(
        file,
        sha256,
        identity.facts,
        identity.snapshot,
        identity.names,
        tuple(rows),
        lists,
        tuple(_overwritten(container, identity.formulas)) if zipped else (),
        saved_by(container) if zipped else "",
    )


def _identity(file: str, sheet: GridSheet) -> _Identity:
    found = _Identity()
    try:
        for row in sheet.rows():
            cells = [text_of(cell) for cell in row]
            match cells:
                case [title, ident, name, *_] if title == TERRITORIES_TITLE:
                    found.names[int(ident)] = name
                case [title, ident, refs, *_] if title == ACCOUNTS_TITLE:
                    found.snapshot.update(dict.fromkeys(map(int, refs.split()), int(ident)))
                case [title, name, letters, first, last, *_] if title == FORMULAS_TITLE:
                    found.formulas.append((name, letters, int(first), int(last)))
                case [title, value, *_] if title:
                    found.facts[title] = value
    except ValueError as error:
        raise InputRefusedError(
            "The hidden sheet by which the workbook is known has been changed.",
            where=f"{file}, {IDENTITY}",
            way_out="Export it again, and carry the proposals over.",
            details=str(error),
        ) from None
    return found


def _listed(sheet: GridSheet) -> list[ReturnedRow] | None:
    """The rows of the sheet's list with proposals; None if it has none."""
    places: dict[str, int] = {}
    found: list[ReturnedRow] = []
    for number, row in enumerate(sheet.rows(), 1):
        cells = [text_of(cell) for cell in row]
        if not places:
            if all(heading in cells for heading in HEADINGS):
                places = {heading: cells.index(heading) for heading in (*HEADINGS, ACCOUNT) if heading in cells}
            elif number > _HEAD_ROWS:
                return None
            continue

        account, proposed, comment, ref, territory = (
            _at(cells, places.get(heading)) for heading in (ACCOUNT, PROPOSED, COMMENT, REF, TERRITORY)
        )
        if not (ref or proposed or comment) or (account == "Total" and not ref):
            continue
        cell = f"{column_letters(places[PROPOSED])}{number}"
        found.append(
            ReturnedRow(
                sheet.name,
                number,
                int(ref) if ref.isdecimal() else None,
                account,
                territory,
                proposed,
                comment,
                cell,
            )
        )
    return found if places else None


def _at(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def text_of(cell: Cell) -> str:
    """A cell as text; whole numbers without a decimal mark."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _overwritten(container: Container, ranges: Sequence[tuple[str, str, int, int]]) -> Iterator[str]:
    """Cells in columns of formulas that hold none, on sheets that have fewer formulas than they were given."""
    expected: dict[str, list[tuple[int, int, int]]] = {}
    for name, letters, first, last in ranges:
        expected.setdefault(name, []).append((column_number(letters.encode()), first, last))
    told = 0
    with container.open() as stream, zipfile.ZipFile(stream) as archive:
        parts = parts_of(archive)
        book = book_of(archive, parts)
        if book is None:
            return
        for name, _state, target in sheet_parts(archive, parts, book):
            if name not in expected or target not in parts:
                continue
            wanted = [(column, row) for column, first, last in expected[name] for row in range(first, last + 1)]
            top, columns = min(row for _, row in wanted), {column for column, _ in wanted}
            held = {
                (column, row)
                for column, row in _formula_cells(archive.read(parts[target]))
                if row >= top and column in columns
            }
            if len(held) >= len(wanted):  # rows may have been sorted, columns inserted: then no cell is where it was
                continue
            for column, row in wanted:
                if (column, row) not in held:
                    yield f"{name}!{column_letters(column)}{row}"
                    told += 1
                    if told >= _MOST_CELLS_TOLD:
                        return


def _formula_cells(sheet: bytes) -> set[tuple[int, int]]:
    """Column (from 0) and row (from 1) of the cells that hold a formula."""
    return {(column_number(match[1]), int(match[2])) for match in _FORMULA_CELL.finditer(sheet)}


def saved_by(container: Container) -> str:
    """Who saved an .xlsx file last; "" where it does not say."""
    with container.open() as stream, zipfile.ZipFile(stream) as archive:
        try:
            found = _SAVED_BY.search(archive.read("docProps/core.xml")[:20_000])
        except KeyError:
            return ""
    return found[1].decode("utf-8", "replace").strip() if found else ""
