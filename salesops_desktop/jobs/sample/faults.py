"""A second, raw export: the same tables with the faults that real ones have, each written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from salesops_desktop.jobs.sample.exports import Export, Value


class FaultKind(StrEnum):
    """What was done to the clean export."""

    DUPLICATE_ACCOUNT = "duplicate account"
    """A second row for a customer, its name spelt differently."""
    MISSPELT_PRODUCT = "misspelt product"
    MISSING_OWNER = "missing owner"
    MIXED_DATE = "mixed date format"
    TEXT_IN_AMOUNT = "text in amount"
    STRAY_SPACES = "stray spaces"
    WRONG_COUNTRY = "wrong country"
    """Misspelt, or another than the town's."""
    ORPHAN = "orphan"
    """Names a record that is not there."""
    REPEATED_ROW = "repeated row"
    CLOSED_BEFORE_CREATED = "closed before created"
    IMPOSSIBLE_PROBABILITY = "impossible probability"


@dataclass(frozen=True, slots=True)
class SeededFault:
    """One fault: where it is, what stands there and what should."""

    file: str
    row: int
    """The row of the sheet, 1-based; the header is row 1."""
    column: str
    kind: FaultKind
    value: str
    truth: str


_Change = Callable[[np.random.Generator, str, list[Value]], str]


class _Seeder:
    """Puts faults into one table, at most one in a row."""

    def __init__(self, rng: np.random.Generator, table: Export) -> None:
        self.rng = rng
        self.table = replace(table, rows=[list(row) for row in table.rows])
        self.faults: list[SeededFault] = []
        self._free = [int(i) for i in rng.permutation(len(table.rows))]

    def change(self, kind: FaultKind, column: str, share: float, change: _Change, *, least: int = 3) -> None:
        """Change cells of a column in a share of the rows; blank cells and changes to nothing are passed over."""
        at = self.table.headers.index(column)
        wanted = max(least, round(share * len(self.table.rows)))
        passed: list[int] = []
        while wanted and self._free:
            i = self._free.pop()
            truth = self.table.rows[i][at]
            value = "" if truth is None or truth == "" else change(self.rng, _text(truth), self.table.rows[i])
            if truth is None or truth == "" or value == _text(truth):
                passed.append(i)
                continue
            self.table.rows[i][at] = value or None if self.table.is_workbook else value
            self.faults.append(SeededFault(self.table.file, i + 2, column, kind, value, _text(truth)))
            wanted -= 1
        self._free = passed + self._free

    def append(self, kind: FaultKind, column: str, share: float, make: Callable[[list[Value]], list[Value]]) -> None:
        """Add rows made from others at the end."""
        at = self.table.headers.index(column)
        for _ in range(max(3, round(share * len(self.table.rows)))):
            source = self._free.pop()
            row = make(list(self.table.rows[source]))
            self.table.rows.append(row)
            truth = _text(self.table.rows[source][at])
            self.faults.append(
                SeededFault(self.table.file, len(self.table.rows) + 1, column, kind, _text(row[at]), truth)
            )


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def seed_faults(rng: np.random.Generator, tables: Sequence[Export]) -> tuple[list[Export], tuple[SeededFault, ...]]:
    """Copy the tables and put faults into accounts, opportunities, credits and leads.

    Args:
        rng: the source of chance.
        tables: the clean export; not changed.

    Returns:
        The raw tables in the same order, and every fault in the order of files and rows.
    """
    dirty, faults = [], list[SeededFault]()
    for table in tables:
        seeder = _Seeder(rng, table)
        recipe = _RECIPES.get(table.entity)
        if recipe is not None:
            recipe(seeder)
        dirty.append(seeder.table)
        faults.extend(sorted(seeder.faults, key=lambda fault: fault.row))
    return dirty, tuple(faults)


def _spoil_accounts(seeder: _Seeder) -> None:
    headers = seeder.table.headers
    identity, name = headers.index("Account ID"), headers.index("Account Name")

    def twin(row: list[Value]) -> list[Value]:
        row[identity] = f"{str(row[identity])[:8]}9{str(row[identity])[9:]}"
        row[name] = _respell(seeder.rng, _text(row[name]))
        return row

    seeder.append(FaultKind.DUPLICATE_ACCOUNT, "Account Name", 0.015, twin)
    seeder.change(FaultKind.WRONG_COUNTRY, "Billing Country", 0.008, _wrong_country)
    seeder.change(FaultKind.STRAY_SPACES, "Billing City", 0.012, _spaced)
    seeder.change(FaultKind.MISSING_OWNER, "Account Owner", 0.01, _emptied)
    seeder.change(FaultKind.TEXT_IN_AMOUNT, "Account Potential", 0.006, _worded)


def _spoil_opportunities(seeder: _Seeder) -> None:
    headers = seeder.table.headers
    created = headers.index("Created Date")
    seeder.append(FaultKind.REPEATED_ROW, "Opportunity ID", 0.0015, lambda row: row)
    seeder.change(FaultKind.MISSPELT_PRODUCT, "Product Name", 0.006, _misspelt)
    seeder.change(FaultKind.MISSING_OWNER, "Opportunity Owner", 0.005, _emptied)
    seeder.change(FaultKind.MIXED_DATE, "Created Date", 0.003, _other_date)
    seeder.change(FaultKind.TEXT_IN_AMOUNT, "Amount", 0.003, _worded)
    seeder.change(FaultKind.STRAY_SPACES, "Account Name", 0.006, _spaced)
    seeder.change(FaultKind.ORPHAN, "Account Name", 0.003, lambda _, text, __: f"{text.split()[0]} Unknown Holdings")
    seeder.change(
        FaultKind.IMPOSSIBLE_PROBABILITY, "Probability (%)", 0.001, lambda rng, *_: str(rng.integers(101, 900))
    )

    def earlier(_: np.random.Generator, text: str, row: list[Value]) -> str:
        month, day, year = _text(row[created]).split("/")
        return f"{month}/{min(int(day), 28)}/{int(year) - 1}"

    seeder.change(FaultKind.CLOSED_BEFORE_CREATED, "Close Date", 0.0015, earlier)


def _spoil_credits(seeder: _Seeder) -> None:
    seeder.change(FaultKind.ORPHAN, "Transaction ID", 0.002, lambda _, text, __: text.replace("T-", "T-9"))
    seeder.change(FaultKind.STRAY_SPACES, "Sales Rep", 0.004, _spaced)


def _spoil_leads(seeder: _Seeder) -> None:
    seeder.change(FaultKind.MIXED_DATE, "Created Date", 0.004, lambda _, text, __: text[:10].replace("-", "."))
    seeder.change(FaultKind.WRONG_COUNTRY, "Country", 0.006, _wrong_country)
    seeder.change(FaultKind.MISSING_OWNER, "Lead Owner", 0.01, _emptied)


_RECIPES: dict[str, Callable[[_Seeder], None]] = {
    "account": _spoil_accounts,
    "opportunity": _spoil_opportunities,
    "credit": _spoil_credits,
    "lead": _spoil_leads,
}


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _respell(rng: np.random.Generator, name: str) -> str:
    """A company's name as somebody else would have typed it."""
    words = name.split()
    options = [
        name.upper(),
        " ".join(words[:-1]),
        name.replace("Inc.", "Incorporated").replace("GmbH", "Gesellschaft mbH").replace("Ltd", "Limited") + ",",
        f"The {name}",
        _misspelt(rng, name),
        name.replace(" ", "  ", 1),
    ]
    return _pick(rng, [option for option in options if option != name])


def _emptied(*_: object) -> str:
    return ""


def _misspelt(rng: np.random.Generator, text: str, *_: object) -> str:
    """Two neighbouring letters swapped, one dropped, one doubled, or the space lost; numbers stay as they are."""
    places = [i for i in range(1, len(text) - 1) if text[i : i + 2].isalpha()]
    at = places[int(rng.integers(len(places)))] if places else 1
    swapped = text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
    options = [swapped, text[:at] + text[at + 1 :], text[:at] + text[at] + text[at:], text.replace(" ", "")]
    return _pick(rng, [option for option in options if option != text])


def _wrong_country(rng: np.random.Generator, country: str, *_: object) -> str:
    typos = {
        "United States": ("Untied States", "United Sates", "Unites States"),
        "Germany": ("Germny", "Gremany"),
        "United Kingdom": ("United Kindom", "Untied Kingdom"),
        "Canada": ("Cananda", "Canda"),
        "Austria": ("Australia", "Autsria"),
        "Switzerland": ("Swizerland", "Sweden"),
    }
    others = [other for other in typos if other != country]
    return _pick(rng, [*typos.get(country, ()), _pick(rng, others)])


def _spaced(rng: np.random.Generator, text: str, *_: object) -> str:
    return _pick(rng, [f"{text} ", f" {text}", f"{text}\u00a0", text.replace(" ", "  ", 1) + "  "])


def _worded(rng: np.random.Generator, text: str, *_: object) -> str:
    thousands = max(1, round(float(text) / 1000))
    return _pick(rng, ["tbd", "n/a", "see quote", f"~{thousands}k", f"{thousands} thousand", "-"])


def _other_date(rng: np.random.Generator, text: str, *_: object) -> str:
    month, day, year = (int(part) for part in text.split("/"))
    date = dt.date(year, month, day)
    return _pick(
        rng, [date.strftime("%d.%m.%Y"), date.isoformat(), date.strftime("%b %d, %Y"), date.strftime("%y%m%d")]
    )
