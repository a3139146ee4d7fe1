"""Export of any table as the reader sees it: one sheet in a workbook, or a csv file."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import exponent
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import Cell, Column, Table, ValueKind
from salesops_desktop.sheets.writing.atomic import write_atomically
from salesops_desktop.sheets.writing.blocks import total
from salesops_desktop.sheets.writing.book import Book, Provenance, Saved
from salesops_desktop.sheets.writing.text import guard_for_csv, header_labels

_CHUNK = 5_000


def export_table(path: Path, table: Table, provenance: Provenance, progress: Progress = silent) -> Saved:
    """Write a table to ``path``; its ending, ``.xlsx`` or ``.csv``, decides how.

    Raises:
        InputRefusedError: another ending, more rows than a sheet holds, or a place that cannot be written to.
        DiskFullError: no room; the old file is intact.
    """
    match path.suffix.lower():
        case ".xlsx":
            return write_table_workbook(path, table, provenance, progress)
        case ".csv":
            return write_csv(path, table, progress)
        case ending:
            raise InputRefusedError(
                f"Tables cannot be exported as {ending or 'a file without an ending'}.",
                where=str(path),
                way_out="End the name with .xlsx or .csv.",
            )


def write_table_workbook(path: Path, table: Table, provenance: Provenance, progress: Progress = silent) -> Saved:
    """Write a workbook whose first sheet is the table; headings stay as they are, amounts show their currency."""
    book = Book(provenance, data_first=True)
    totals = [column.name for column in table.columns if column.kind is ValueKind.MONEY and total(column) is not None]
    book.add_table_sheet(table.title, table, totals=totals, codes=True)
    return book.save(path, progress)


def write_csv(path: Path, table: Table, progress: Progress = silent) -> Saved:
    """Write a csv file: RFC 4180, UTF-8 with a byte order mark (Excel needs it), decimal points, ISO dates.

    Text that a spreadsheet program would run as a formula is prefixed with ``'``
    (see :func:`~salesops_desktop.sheets.writing.text.unguard_from_csv`). A money column whose currency no other
    column tells is followed by one with the currency.
    """
    digest: list[tuple[int, str]] = []

    def write(stream: BinaryIO) -> None:
        hashed = hashlib.sha256()
        size = 0
        for block in _blocks(table, progress):
            stream.write(block)
            hashed.update(block)
            size += len(block)
        digest.append((size, hashed.hexdigest()))

    write_atomically(path, write)
    size, sha256 = digest[-1]
    return Saved(path, size, sha256)


def csv_value(value: Cell) -> str:  # noqa: PLR0911  # one return per kind reads best
    """A value as a csv field before quoting."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return guard_for_csv(value)
        case Decimal():
            return format(value, "f")
        case float():
            return repr(value)
        case int():
            return str(value)
        case dt.datetime():
            return value.isoformat(" ")
        case _:
            return value.isoformat()


def _blocks(table: Table, progress: Progress) -> Iterator[bytes]:
    labels = header_labels(column.label for column in table.columns)
    heading: list[str] = []
    with_currency = [_needs_currency(table, column) for column in table.columns]
    for label, needed in zip(labels, with_currency, strict=True):
        heading.append(guard_for_csv(label))
        if needed:
            heading.append(guard_for_csv(f"{label} currency"))
    yield b"\xef\xbb\xbf" + _lines([heading])
    for low in range(0, len(table), _CHUNK):
        progress(low, len(table), "Writing the csv file")
        high = min(low + _CHUNK, len(table))
        parts: list[list[str]] = []
        for column, needed in zip(table.columns, with_currency, strict=True):
            parts.append(_fields(column, low, high))
            if needed:
                rows = range(low, high)
                parts.append(["" if column.is_missing(i) else column.currency_at(i) or "" for i in rows])
        yield _lines(zip(*parts, strict=True))


def _fields(column: Column, low: int, high: int) -> list[str]:  # noqa: PLR0911  # one return per kind reads best
    """A column's fields for a range of rows; kinds that come by the million take a quick way."""
    values = column.values[low:high]
    if column.missing is not None and column.missing[low:high].any():
        return [csv_value(column.cell(i)) for i in range(low, high)]
    match column.kind:
        case ValueKind.TEXT:
            return ["" if value is None else guard_for_csv(str(value)) for value in values]
        case ValueKind.INTEGER:
            return [str(value) for value in values.tolist()]
        case ValueKind.NUMBER | ValueKind.FRACTION:
            return ["" if value != value else repr(value) for value in values.tolist()]  # noqa: PLR0124  # not a number
        case ValueKind.DATE:
            return ["" if day == "NaT" else day for day in values.astype("datetime64[D]").astype(str).tolist()]
        case ValueKind.MONEY if column.currency is not None and column.currencies is None:
            return [minor_text(value, exponent(column.currency)) for value in values.tolist()]
        case _:
            return [csv_value(column.cell(i)) for i in range(low, high)]


def minor_text(minor: int, digits: int) -> str:
    """Minor units as a plain decimal number in major units."""
    if not digits:
        return str(minor)
    whole, part = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{part:0{digits}}"


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode("utf-8", errors="replace")


def _needs_currency(table: Table, column: Column) -> bool:
    if column.kind is not ValueKind.MONEY or (column.currency is None and column.currencies is None):
        return False
    expected = [column.currency_at(i) for i in range(len(table))]
    return not any(
        other.kind is ValueKind.TEXT and [other.cell(i) for i in range(len(table))] == expected
        for other in table.columns
        if "currency" in other.name.lower() or "currency" in other.label.lower()
    )
