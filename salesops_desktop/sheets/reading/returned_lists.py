"""A workbook that came back with filled-in lists: its identity and the rows of its lists. Child only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.reading.container import Container
from salesops_desktop.sheets.reading.preflight import column_letters
from salesops_desktop.sheets.reading.returned import saved_by, text_of
from salesops_desktop.sheets.reading.shapes import Cell
from salesops_desktop.sheets.reading.workbook import GridSheet
from salesops_desktop.sheets.returned import IDENTITY
from salesops_desktop.sheets.returned_lists import (
    REFERENCE,
    ROWS_TITLE,
    Entry,
    ListShape,
    ReturnedLine,
    ReturnedLists,
)

_HEAD_ROWS = 400


def read_returned_lists(
    file: str,
    sha256: str,
    container: Container,
    sheets: Sequence[GridSheet],
    shapes: Sequence[ListShape],
    tick: Callable[[str], None],
) -> ReturnedLists:
    """Read what came back.

    Args:
        file: its name.
        sha256: of its bytes.
        container: the file, opened.
        sheets: its sheets.
        shapes: the lists to look for.
        tick: told the sheet being read.

    Raises:
        InputRefusedError: its hidden sheet is damaged.
    """
    facts: dict[str, str] = {}
    left: dict[tuple[str, str], str] = {}
    for sheet in sheets:
        if sheet.name.casefold() == IDENTITY.casefold():
            _read_identity(file, sheet, facts, left)
    lines: list[ReturnedLine] = []
    found: set[str] = set()
    if facts:
        for sheet in sheets:
            tick(sheet.name)
            lines += _listed(sheet, shapes, found)
    zipped = container.format in ("xlsx", "xlsm")
    saver = saved_by(container) if zipped else ""
    return ReturnedLists(file, sha256, facts, left, tuple(lines), frozenset(found), saver)


def _read_identity(file: str, sheet: GridSheet, facts: dict[str, str], left: dict[tuple[str, str], str]) -> None:
    for row in sheet.rows():
        cells = [text_of(cell) for cell in row]
        match cells:
            case [title, name, ref, said, *_] if title == ROWS_TITLE:
                if not said.startswith("{"):
                    raise InputRefusedError(
                        "The hidden sheet by which the workbook is known has been changed.",
                        where=f"{file}, {IDENTITY}",
                        way_out="Export it again, and carry your entries over.",
                    )
                left[name, ref] = said
            case [title, value, *_] if title:
                facts[title] = value


def _listed(sheet: GridSheet, shapes: Sequence[ListShape], found: set[str]) -> list[ReturnedLine]:
    """The rows of the lists on a sheet; a row of headings ends the list above it."""
    lines: list[ReturnedLine] = []
    shape: ListShape | None = None
    places: dict[str, int] = {}
    for number, row in enumerate(sheet.rows(), 1):
        texts = {text_of(cell).strip(): place for place, cell in reversed(list(enumerate(row)))}
        head = _headed(texts, shapes)
        if head is not None:
            shape = head
            found.add(head.name)
            places = {heading: texts[heading] for heading in (*head.headings, *head.optional) if heading in texts}
            place = texts[REFERENCE]
            continue
        if shape is None:
            if number > _HEAD_ROWS:
                break
            continue
        entries = {heading: _entry(row, at) for heading, at in places.items()}
        ref = text_of(row[place]).strip() if place < len(row) else ""
        if not ref and all(entry is None for entry in entries.values()):
            continue
        if not ref and _is_total(row):
            continue
        cells = {heading: f"{column_letters(at)}{number}" for heading, at in places.items()}
        lines.append(ReturnedLine(shape.name, sheet.name, number, ref, entries, cells))
    return lines


def _headed(texts: dict[str, int], shapes: Sequence[ListShape]) -> ListShape | None:
    if REFERENCE not in texts:
        return None
    return next((shape for shape in shapes if all(heading in texts for heading in shape.headings)), None)


def _is_total(row: Sequence[Cell]) -> bool:
    return bool(row) and text_of(row[0]).strip() == "Total"


def _entry(row: Sequence[Cell], place: int) -> Entry:
    cell = row[place] if place < len(row) else None
    if isinstance(cell, str):
        return cell.strip() or None
    if cell is None or isinstance(cell, (bool, int, float)) or hasattr(cell, "year"):
        return cell  # type: ignore[return-value]
    return str(cell)
