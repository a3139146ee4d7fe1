"""A table as column arrays: what jobs return, the grid shows, the command line prints and workbooks hold.

One array per column, all of the same length. Missing values are ``None`` in text columns, NaT in dates, NaN in
numbers, and ``True`` in :attr:`Column.missing` for integer-backed kinds (integers, money, rates, booleans).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.money import PPM, exponent

Array = npt.NDArray[np.generic]
Cell = str | int | float | bool | dt.date | dt.datetime | Decimal | None
"""One value as a person means it: money in major units, rates as fractions."""


class ValueKind(StrEnum):
    """What a column holds; decides alignment, format, sorting and how a workbook stores it."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    """int64 minor units; the currency is :attr:`Column.currency` or the row's own in :attr:`Column.currencies`."""
    RATE = "rate"
    """int64 parts per million, shown as percent."""
    FRACTION = "fraction"
    """float64 where 1.0 is 100 %, shown as percent."""
    DATE = "date"
    """datetime64[D]"""
    DATETIME = "datetime"
    """datetime64[s], UTC"""
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in code, its label on screen, its kind and its values."""

    name: str
    label: str
    kind: ValueKind
    values: Array
    missing: npt.NDArray[np.bool_] | None = None
    currency: str | None = None
    currencies: Array | None = None
    digits: int | None = None
    """Digits after the decimal mark for NUMBER, FRACTION and RATE; None leaves it to the reader. An INTEGER with 0 is
    shown without grouping: a year."""
    description: str = ""

    def __len__(self) -> int:
        return len(self.values)

    def currency_at(self, row: int) -> str | None:
        """The currency of the money in ``row``."""
        if self.currencies is not None:
            value = self.currencies[row]
            return None if value is None else str(value)
        return self.currency

    def is_missing(self, row: int) -> bool:
        """Whether ``row`` holds no value."""
        if self.missing is not None and bool(self.missing[row]):
            return True
        value = self.values[row]
        if value is None:
            return True
        if self.kind in (ValueKind.DATE, ValueKind.DATETIME):
            return bool(np.isnat(value))
        if self.kind in (ValueKind.NUMBER, ValueKind.FRACTION):
            return bool(np.isnan(value))
        return False

    def cell(self, row: int) -> Cell:  # noqa: PLR0911  # one return per kind reads best
        """The value of ``row`` as plain Python; money as Decimal major units, rates as Decimal fractions."""
        if self.is_missing(row):
            return None
        value = self.values[row]
        match self.kind:
            case ValueKind.MONEY:
                currency = self.currency_at(row)
                return Decimal(int(value)).scaleb(-exponent(currency) if currency else -2)
            case ValueKind.RATE:
                return Decimal(int(value)) / PPM
            case ValueKind.INTEGER:
                return int(value)
            case ValueKind.NUMBER | ValueKind.FRACTION:
                return float(value)
            case ValueKind.BOOLEAN:
                return bool(value)
            case ValueKind.DATE | ValueKind.DATETIME:
                moment: dt.date | dt.datetime = value.astype(object)
                return moment
            case _:
                return str(value)

    def take(self, rows: npt.NDArray[np.intp]) -> Column:
        """The same column with ``rows`` only, in that order."""
        return Column(
            self.name,
            self.label,
            self.kind,
            self.values[rows],
            None if self.missing is None else self.missing[rows],
            self.currency,
            None if self.currencies is None else self.currencies[rows],
            self.digits,
            self.description,
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A titled set of columns of equal length.

    ``keys`` optionally holds the workspace row ids (int64) behind the rows and ``entity`` the kind of row they are,
    so that a view can drill down.
    """

    title: str
    columns: tuple[Column, ...]
    entity: str = ""
    keys: npt.NDArray[np.int64] | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        lengths = {len(column) for column in self.columns}
        if len(lengths) > 1:
            message = f"The columns of {self.title!r} differ in length: {sorted(lengths)}."
            raise ValueError(message)

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(column.name for column in self.columns)

    def row(self, index: int) -> tuple[Cell, ...]:
        """One row as plain Python values."""
        return tuple(column.cell(index) for column in self.columns)

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        """All rows as plain Python values."""
        return (self.row(i) for i in range(len(self)))

    def take(self, rows: npt.NDArray[np.intp]) -> Table:
        """The same table with ``rows`` only, in that order."""
        keys = None if self.keys is None else self.keys[rows]
        return Table(self.title, tuple(c.take(rows) for c in self.columns), self.entity, keys, self.notes)


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """What a column is to be, before its values are known."""

    name: str
    label: str
    kind: ValueKind
    currency: str | None = None
    currency_from: str | None = None
    """The name of the source column with each row's currency, for MONEY."""
    digits: int | None = None
    description: str = ""


def build_table(  # the one way from rows to column arrays
    title: str,
    specs: Sequence[ColumnSpec],
    rows: Sequence[Sequence[object]] | Sequence[Mapping[str, object]],
    *,
    entity: str = "",
    key: str | None = None,
    notes: Sequence[str] = (),
) -> Table:
    """Make a table from rows of stored values.

    Args:
        title: what the table is called.
        specs: the columns wanted.
        rows: tuples in the order of ``specs`` (then ``key`` may not be used), or mappings by name. Stored values:
            money as minor units, rates as ppm, dates as ``date`` or ISO text.
        entity: the kind of row, for drill-down.
        key: the mapping's entry with the row id.
        notes: sentences shown with the table.
    """
    records = [
        row if isinstance(row, Mapping) else dict(zip((s.name for s in specs), row, strict=True)) for row in rows
    ]
    columns = tuple(_column(spec, records) for spec in specs)
    keys = None if key is None else np.array([record[key] for record in records], dtype=np.int64)
    return Table(title, columns, entity, keys, tuple(notes))


def _column(spec: ColumnSpec, records: Sequence[Mapping[str, object]]) -> Column:
    raw = [record.get(spec.name) for record in records]
    values, missing = column_array(spec.kind, raw)
    currencies = None
    if spec.currency_from is not None:
        currencies = np.array([record.get(spec.currency_from) for record in records], dtype=object)
    return Column(
        spec.name, spec.label, spec.kind, values, missing, spec.currency, currencies, spec.digits, spec.description
    )


def column_array(kind: ValueKind, raw: Sequence[object]) -> tuple[Array, npt.NDArray[np.bool_] | None]:
    """The array (and the mask of missing values, where the kind needs one) for a list of stored values."""
    if kind is ValueKind.TEXT:
        return np.array([None if v is None else str(v) for v in raw], dtype=object), None
    if kind in (ValueKind.NUMBER, ValueKind.FRACTION):
        return np.array([np.nan if v is None else v for v in raw], dtype=np.float64), None
    if kind is ValueKind.DATE:
        return np.array(["NaT" if v is None else v for v in raw], dtype="datetime64[D]"), None
    if kind is ValueKind.DATETIME:
        return np.array(["NaT" if v is None else v for v in raw], dtype="datetime64[s]"), None
    absent = np.array([v is None for v in raw], dtype=np.bool_)
    dtype = np.bool_ if kind is ValueKind.BOOLEAN else np.int64
    return np.array([0 if v is None else v for v in raw], dtype=dtype), absent if absent.any() else None
