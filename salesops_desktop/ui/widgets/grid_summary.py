"""What the selected cells amount to: count, sum, average, smallest and largest, currencies kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from salesops_desktop.model.tables import Column, Table, ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import NUMERIC, Formats
from salesops_desktop.ui.widgets.grid_order import Rows, missing_mask

Unit = Literal["money", "number", "share"]
_CHUNK: Final = 200_000
_MOST_UNITS: Final = 3


@dataclass(slots=True)
class Amounts:
    """Running figures of one unit.

    Attributes:
        count: values seen.
        total: their sum: minor units for money (exact), else a float.
        low: the smallest.
        high: the largest.
    """

    count: int = 0
    total: float = 0
    low: float = float("inf")
    high: float = float("-inf")

    def add(self, values: np.ndarray[tuple[int], np.dtype[np.generic]]) -> None:
        """Take in an array of values."""
        if not len(values):
            return
        self.count += len(values)
        self.total += int(_exact_sum(values)) if values.dtype.kind in "iu" else float(np.sum(values))
        self.low = min(self.low, values.min())
        self.high = max(self.high, values.max())


@dataclass(slots=True)
class Summary:
    """Figures of a selection: how many cells hold a value, and amounts by (unit, currency)."""

    filled: int
    amounts: dict[tuple[Unit, str], Amounts]

    def text(self, formats: Formats) -> str:
        """One line for the status of a grid."""
        parts = [tr("Count {n}", n=formats.integer(self.filled))]
        for (unit, currency), amounts in list(self.amounts.items())[:_MOST_UNITS]:
            parts.append(_unit_text(formats, unit, currency, amounts))
        return "   ·   ".join(parts)


def _exact_sum(values: np.ndarray[tuple[int], np.dtype[np.generic]]) -> int:
    """The sum of 64-bit integers without overflow: high and low halves apart."""
    whole = values.astype(np.int64, copy=False)
    return (int(np.sum(whole >> 32)) << 32) + int(np.sum(whole & 0xFFFFFFFF))


def _unit_text(formats: Formats, unit: Unit, currency: str, amounts: Amounts) -> str:
    if unit == "money":
        money = [
            formats.money(round(v), currency)
            for v in (amounts.total, amounts.total / amounts.count, amounts.low, amounts.high)
        ]
        return tr("Sum {0}  Average {1}  Min {2}  Max {3}").format(*money)
    if unit == "share":
        shares = [formats.percent(v, 1) for v in (amounts.total / amounts.count, amounts.low, amounts.high)]
        return tr("Average {0}  Min {1}  Max {2}").format(*shares)
    numbers = [
        formats.number(float(v), None if v != int(v) else 0)
        for v in (amounts.total, amounts.total / amounts.count, amounts.low, amounts.high)
    ]
    return tr("Sum {0}  Average {1}  Min {2}  Max {3}").format(*numbers)


def summarise(table: Table, blocks: Sequence[tuple[Rows, Sequence[int]]]) -> Iterator[Summary]:
    """Figures of the cells in ``blocks`` (records, column numbers), growing step by step.

    Yields:
        The summary so far after each piece of at most 200,000 cells, so that a window stays alive; the last one
        yielded is complete.
    """
    summary = Summary(0, {})
    yield summary
    for records, columns in blocks:
        for place in columns:
            column = table.columns[place]
            absent = missing_mask(column)
            for start in range(0, len(records), _CHUNK):
                piece = records[start : start + _CHUNK]
                if absent is not None:
                    piece = piece[~absent[piece]]
                _add_piece(summary, column, piece)
                yield summary


def _add_piece(summary: Summary, column: Column, records: Rows) -> None:
    summary.filled += len(records)
    if column.kind not in NUMERIC or not len(records):
        return
    values = column.values[records]
    if column.kind is ValueKind.RATE:
        values = values.astype(np.float64) / 1e6
    unit: Unit = "number"
    if column.kind is ValueKind.MONEY:
        unit = "money"
    elif column.kind in (ValueKind.RATE, ValueKind.FRACTION):
        unit = "share"
    if unit == "money" and column.currencies is not None:
        codes = column.currencies[records].astype(str)
        for code in np.unique(codes).tolist():
            known = "" if code == "None" else code
            summary.amounts.setdefault((unit, known), Amounts()).add(values[codes == code])
        return
    currency = (column.currency or "") if unit == "money" else ""
    summary.amounts.setdefault((unit, currency), Amounts()).add(values)
