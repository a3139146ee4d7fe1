"""What is read from any workbook that comes back with filled-in lists: shared by writing and reading.

A workbook of this kind has a hidden sheet that says what it is and holds, for every row that can be answered, what it
said when it left; rows are known by their reference, wherever they have been sorted to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

ROWS_TITLE: Final = "row"
"""The first cell of a line of the identity that holds a row as it left: list, reference, JSON object."""

REFERENCE: Final = "Ref."
"""The heading of the column of references; a list is known by it and by the headings it must have."""

Entry = str | int | float | bool | dt.date | dt.datetime | None
"""A cell that came back."""


@dataclass(frozen=True, slots=True)
class ListShape:
    """A list to look for.

    Attributes:
        name: what it is called in the identity.
        headings: which headings its row of headings must hold, besides :data:`REFERENCE`.
        optional: further headings of which the cells are read.
    """

    name: str
    headings: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """A row of a list.

    Attributes:
        listed: the list's name.
        sheet: its sheet.
        row: from 1.
        ref: the row's reference, as text; "" where the cell was emptied.
        entries: heading → what stands there.
        cells: heading → the cell's address.
    """

    listed: str
    sheet: str
    row: int
    ref: str
    entries: Mapping[str, Entry]
    cells: Mapping[str, str]

    def where(self, heading: str) -> str:
        """The cell's address with its sheet."""
        return f"{self.sheet}!{self.cells[heading]}"


@dataclass(frozen=True, slots=True)
class ReturnedLists:
    """A workbook that came back.

    Attributes:
        file: its name without folders.
        sha256: of its bytes.
        facts: what its identity says; empty where it has none.
        left: (list, reference) → the row as it was when the workbook was made, as the text of a JSON object.
        lines: all rows of its lists, in order.
        found: the names of the lists that are still there.
        saved_by: who saved it last, as the program that did says; "" where it does not.
    """

    file: str
    sha256: str
    facts: Mapping[str, str]
    left: Mapping[tuple[str, str], str]
    lines: tuple[ReturnedLine, ...] = field(default=())
    found: frozenset[str] = frozenset()
    saved_by: str = ""
