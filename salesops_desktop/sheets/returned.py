"""What a territory workbook is known by when it comes back, and what is read from it: shared by writing and reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

KIND: Final = "territory proposals"
IDENTITY: Final = "Identity"
"""The hidden sheet that says what a workbook is and how the scenario stood when it was made."""

REF: Final = "Ref."
ACCOUNT: Final = "Account"
TERRITORY: Final = "Territory"
PROPOSED: Final = "Proposed territory"
COMMENT: Final = "Comment"
HEADINGS: Final = (REF, TERRITORY, PROPOSED, COMMENT)
"""What the heading of a list with proposals must hold, wherever it stands."""

ACCOUNTS_TITLE: Final = "accounts"
TERRITORIES_TITLE: Final = "territories"
FORMULAS_TITLE: Final = "formulas"
"""The first cell of each section of the identity."""


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """A row of a list with proposals.

    Attributes:
        sheet: its sheet.
        row: from 1.
        ref: the account's row id; None where the cell was emptied or overwritten.
        account: the account's name as the file shows it.
        territory: the territory's name as the file shows it.
        proposed: what was written into the tinted cell, without outer blanks.
        comment: likewise.
        cell: the address of the tinted cell.
    """

    sheet: str
    row: int
    ref: int | None
    account: str
    territory: str
    proposed: str
    comment: str
    cell: str


@dataclass(frozen=True, slots=True)
class ReturnedBook:
    """A territory workbook that came back.

    Attributes:
        file: its name without folders.
        sha256: of its bytes.
        facts: what its identity says: ``kind, workspace, scenario, scenario_name, state, scope, made``; empty where
            it has none.
        snapshot: account row id → territory row id as it stood when the workbook was made.
        names: territory row id → name, likewise.
        rows: all rows of its lists, in order.
        lists: how many lists with proposals there are.
        overwritten: cells that held a formula and hold none now, as ``sheet!cell`` (the first hundred).
        saved_by: who saved it last, as the program that did says; "" where it does not.
    """

    file: str
    sha256: str
    facts: Mapping[str, str]
    snapshot: Mapping[int, int]
    names: Mapping[int, str]
    rows: tuple[ReturnedRow, ...] = field(default=())
    lists: int = 0
    overwritten: tuple[str, ...] = field(default=())
    saved_by: str = ""
