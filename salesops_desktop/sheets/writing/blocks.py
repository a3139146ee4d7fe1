"""A named table in a worksheet: its columns turned into cell XML a thousand rows at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import fsum
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
from openpyxl.utils.cell import get_column_letter

from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.model.tables import Cell, Column, Table, ValueKind
from salesops_desktop.sheets.writing.cells import CellWriter, Link, cached, text_element
from salesops_desktop.sheets.writing.formulas import Formula, column_reference, fill, this_row_reference
from salesops_desktop.sheets.writing.style import GENERAL, NUMERIC, Look, Role, alignment, column_format, money_format
from salesops_desktop.sheets.writing.text import clean, looks_like_formula

CHUNK: Final = 1_000
_EXACT: Final = 10**15
_SUMMABLE: Final = frozenset({ValueKind.INTEGER, ValueKind.NUMBER, ValueKind.MONEY})


@dataclass(frozen=True, slots=True)
class Given:
    """A plain value of any kind, among the formulas of a column."""

    value: Cell


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A table placed on a sheet.

    Attributes:
        table: the values.
        name: the named table's name.
        sheet: the sheet's name.
        row: the heading's row, from 1.
        column: the first column, from 1.
        labels: the headings, unique.
        formulas: by column name, templates with ``{other column}``; the column's values are stored beside them.
        cell_formulas: by column name, one such template per row, or None where the row has a plain value.
        totals: the columns with a total.
        inputs: the columns a reader may fill in.
        links: by column name, the sheet each row's text leads to ("" for none).
        formats: by column name, the number format of the column, or one for each row.
        codes: whether amounts show their currency (else the heading does).
        strong: rows (from 0) whose text and row-formatted figures are set in bold.
    """

    table: Table
    name: str
    sheet: str
    row: int
    column: int
    labels: tuple[str, ...]
    formulas: Mapping[str, str]
    cell_formulas: Mapping[str, Sequence[str | Given | None]]
    totals: tuple[str, ...]
    inputs: Collection[str]
    links: Mapping[str, Sequence[str]]
    formats: Mapping[str, str | Sequence[str]]
    codes: bool
    strong: frozenset[int] = frozenset()

    @property
    def first(self) -> int:
        """The first data row."""
        return self.row + 1

    @property
    def last(self) -> int:
        """The last data row; a table without rows keeps one empty row, as Excel demands."""
        return self.row + max(1, len(self.table))

    @property
    def end(self) -> int:
        """The last row, totals included."""
        return self.last + (1 if self.totals else 0)

    @property
    def last_column(self) -> int:
        """The last column, from 1."""
        return self.column + len(self.table.columns) - 1

    def place(self, name: str) -> int:
        """The sheet column of the table's column ``name``."""
        return self.column + self.table.names.index(name)

    def label(self, name: str) -> str:
        """The heading of the table's column ``name``."""
        return self.labels[self.table.names.index(name)]

    def look(self, column: Column) -> Look:
        """How the column's cells look (rows with formats of their own change the number format)."""
        given = self.formats.get(column.name)
        number_format = given if isinstance(given, str) else column_format(column, with_code=self.codes)
        role = Role.INPUT if column.name in self.inputs else Role.BODY
        align = alignment(column)
        return Look(role, number_format, align, indent=0 if align == "center" else 1)

    def row_formula(self, name: str) -> str:
        """The formula of a column with structured references to the columns of the same row."""
        return self.filled(self.formulas[name])

    def filled(self, template: str) -> str:
        """A formula template with structured references in place of its ``{columns}``."""
        return fill(template, lambda other: this_row_reference(self.name, self.label(other)))


def same_currency(column: Column) -> str | None:
    """The one currency of all of a money column's amounts; None if there are several or none is known."""
    if column.currencies is None:
        return column.currency
    used = {None if value is None else str(value) for value in column.currencies}
    return used.pop() if len(used) == 1 else None


def total(column: Column) -> Cell:
    """The exact sum of a column; None where a sum has no meaning (several currencies, other kinds, no rows)."""
    if column.kind not in _SUMMABLE:
        return None
    if column.kind is ValueKind.MONEY and same_currency(column) is None:
        return None
    values = column.values if column.missing is None else column.values[~column.missing]
    if column.kind is ValueKind.NUMBER:
        return fsum(float(value) for value in values if not np.isnan(value))
    whole = sum(int(value) for value in values)
    if column.kind is ValueKind.INTEGER:
        return whole
    currency = same_currency(column)
    return Decimal(whole).scaleb(-exponent(currency) if currency else -2)


class TableRows:
    """Makes the XML of a placed table's rows."""

    def __init__(self, plan: TablePlan, writer: CellWriter) -> None:
        self._plan = plan
        self._writer = writer

    def chunks(self) -> Iterator[str]:
        """The heading, the rows by the thousand, and the totals."""
        yield self._heading()
        makers = [self._maker(column) for column in self._plan.table.columns]
        count = len(self._plan.table)
        for low in range(0, count, CHUNK):
            high = min(low + CHUNK, count)
            parts = [make(low, high) for make in makers]
            first = self._plan.first
            yield "".join(
                f'<row r="{first + low + i}">{"".join(cells)}</row>' for i, cells in enumerate(zip(*parts, strict=True))
            )
        if not count:
            yield f'<row r="{self._plan.first}"/>'
        if self._plan.totals:
            yield self._totals()

    def _heading(self) -> str:
        plan = self._plan
        cells = [
            self._writer.cell(
                plan.row, plan.column + i, label, replace(plan.look(column), role=Role.HEADER, number_format=GENERAL)
            )
            for i, (label, column) in enumerate(zip(plan.labels, plan.table.columns, strict=True))
        ]
        return f'<row r="{plan.row}" ht="32" customHeight="1">{"".join(cells)}</row>'

    def _totals(self) -> str:
        plan = self._plan
        cells = []
        for i, column in enumerate(plan.table.columns):
            look = replace(plan.look(column), role=Role.TOTAL)
            value: Cell | Formula = None
            if column.name in plan.totals:
                value = Formula(f"SUBTOTAL(109,{total_range(plan, column.name)})", total(column))
            elif i == 0:
                value, look = "Total", replace(look, align="left")
            cells.append(self._writer.cell(plan.end, plan.column + i, value, look))
        return f'<row r="{plan.end}">{"".join(cells)}</row>'

    def _maker(self, column: Column) -> Callable[[int, int], list[str]]:  # noqa: PLR0911  # one return per kind
        """A function that makes the cells of a column for a range of rows."""
        name = column.name
        plan, look = self._plan, self._plan.look(column)
        letter = get_column_letter(plan.place(name))
        looks = self._row_looks(column, look)
        if name in plan.formulas:
            text = plan.row_formula(name)
            return lambda low, high: [
                self._formula_cell(letter, i, Formula(text, column.cell(i)), looks(i)) for i in range(low, high)
            ]
        if name in plan.cell_formulas:
            texts = plan.cell_formulas[name]
            return lambda low, high: [
                self._formula_cell(letter, i, self._row_value(texts[i], column.cell(i)), looks(i))
                for i in range(low, high)
            ]
        if name in plan.links:
            targets = plan.links[name]
            linked = replace(look, role=Role.LINK)
            return lambda low, high: [
                self._writer.cell(
                    plan.first + i,
                    plan.place(name),
                    column.cell(i) if not targets[i] else Link(str(column.cell(i)), targets[i]),
                    linked if targets[i] else look,
                )
                for i in range(low, high)
            ]
        if column.kind is ValueKind.TEXT and not plan.strong:
            return self._text_maker(column, letter, look)
        if column.kind is ValueKind.TEXT:
            bold = replace(look, role=Role.STRONG)
            return lambda low, high: [
                self._plain_cell(column, letter, i, bold if i in plan.strong else look) for i in range(low, high)
            ]
        if column.kind is ValueKind.DATE:
            return self._date_maker(column, letter, look)
        if column.kind in NUMERIC and len(column) and _scale(column):
            return self._number_maker(column, letter, look, looks)
        return lambda low, high: [self._plain_cell(column, letter, i, looks(i)) for i in range(low, high)]

    def _row_value(self, text: str | Given | None, value: Cell) -> Cell | Formula:
        if isinstance(text, Given):
            return text.value
        return value if text is None else Formula(self._plan.filled(text), value)

    def _formula_cell(self, letter: str, row: int, value: Cell | Formula, look: Look) -> str:
        if not isinstance(value, Formula):
            return self._value_cell(letter, row, value, look)
        kind, stored = cached(value.value)
        style = self._writer.styles.number(look)
        return (
            f'<c r="{letter}{self._plan.first + row}" s="{style}"{kind}><f>{escape(value.text)}</f><v>{stored}</v></c>'
        )

    def _value_cell(self, letter: str, row: int, value: Cell, look: Look) -> str:
        place = f"{letter}{self._plan.first + row}"
        if value is None:
            return f'<c r="{place}" s="{self._writer.styles.number(look)}"/>' if look.role is Role.INPUT else ""
        if isinstance(value, str):
            return self._writer.text(place, value, look)
        return self._writer.plain(place, value, look)

    def _plain_cell(self, column: Column, letter: str, row: int, look: Look) -> str:
        return self._value_cell(letter, row, column.cell(row), look)

    def _row_looks(self, column: Column, look: Look) -> Callable[[int], Look]:
        """The look of each row: amounts of several currencies and rows of several units differ."""
        given = self._plan.formats.get(column.name)
        if given is not None and not isinstance(given, str):
            formats = given
            strong = self._plan.strong
            return lambda row: replace(
                look, number_format=formats[row], role=Role.STRONG if row in strong else look.role
            )
        if column.kind is not ValueKind.MONEY or column.currencies is None:
            return lambda _: look
        by_currency: dict[str | None, Look] = {}
        one = same_currency(column) is not None and not self._plan.codes

        def look_of(row: int) -> Look:
            currency = column.currency_at(row)
            known = by_currency.get(currency)
            if known is None:
                number_format = money_format(currency, with_code=not one)
                known = by_currency[currency] = replace(look, number_format=number_format)
            return known

        return look_of

    def _text_maker(self, column: Column, letter: str, look: Look) -> Callable[[int, int], list[str]]:
        """Text cells; texts that come again (names, stages) are cleaned and escaped once."""
        first = self._plan.first
        known: dict[str, str] = {}
        plain_style = self._writer.styles.number(look)
        quoted_style = self._writer.styles.number(replace(look, quoted=True))
        empty = look.role is Role.INPUT

        def make(low: int, high: int) -> list[str]:
            cells = []
            for i in range(low, high):
                value = column.values[i]
                place = f"{letter}{first + i}"
                if value is None:
                    cells.append(f'<c r="{place}" s="{plain_style}"/>' if empty else "")
                    continue
                text = str(value)
                tail = known.get(text)
                if tail is None:
                    cleaned, change = clean(text)
                    style = quoted_style if looks_like_formula(cleaned) else plain_style
                    tail = f'" s="{style}" t="inlineStr"><is>{text_element(cleaned)}</is></c>'
                    if change:
                        self._writer.note(place, change)
                    elif len(known) < 50_000 and len(text) < 200:
                        known[text] = tail
                cells.append(f'<c r="{place}{tail}')
            return cells

        return make

    def _number_maker(
        self, column: Column, letter: str, look: Look, looks: Callable[[int], Look]
    ) -> Callable[[int, int], list[str]]:
        """Numbers; those that a double cannot hold exactly, and missing ones, take the careful way."""
        first, styles = self._plan.first, self._writer.styles
        one = styles.number(look) if looks(0) is look else None
        scale = _scale(column)
        numbers: npt.NDArray[np.float64] = column.values  # type: ignore[assignment]  # or integers

        def make(low: int, high: int) -> list[str]:
            values = numbers[low:high]
            with np.errstate(invalid="ignore"):
                usual = (values < _EXACT) & (values > -_EXACT)  # false for what is not a number
            if column.missing is not None:
                usual &= ~column.missing[low:high]
            # A quotient of an integer of at most 15 digits prints as that very decimal number.
            written = values.tolist() if scale == 1 else (values / scale).tolist()
            return [
                f'<c r="{letter}{first + i}" s="{styles.number(looks(i)) if one is None else one}"><v>{value!r}</v></c>'
                if plain
                else self._plain_cell(column, letter, i, looks(i))
                for i, value, plain in zip(range(low, high), written, usual.tolist(), strict=True)
            ]

        return make

    def _date_maker(self, column: Column, letter: str, look: Look) -> Callable[[int, int], list[str]]:
        first = self._plan.first
        style = self._writer.styles.number(look)
        serials: npt.NDArray[np.int64] = (
            column.values.astype("datetime64[D]") - np.datetime64("1899-12-30", "D")
        ).astype(np.int64)
        absent = np.isnat(column.values.astype("datetime64[D]"))

        def make(low: int, high: int) -> list[str]:
            return [
                self._plain_cell(column, letter, i, look)
                if absent[i] or serials[i] < 61
                else f'<c r="{letter}{first + i}" s="{style}"><v>{serials[i]}</v></c>'
                for i in range(low, high)
            ]

        return make


def _scale(column: Column) -> int:
    """What a column's stored values are divided by to be shown; 0 where rows differ."""
    if column.kind is ValueKind.RATE:
        return PPM
    if column.kind is not ValueKind.MONEY:
        return 1
    if column.currencies is None:
        return int(10 ** (exponent(column.currency) if column.currency else 2))
    used = {exponent(str(currency)) for currency in set(column.currencies.tolist()) if currency is not None}
    return int(10 ** used.pop()) if len(used) == 1 else 0


def total_range(plan: TablePlan, name: str) -> str:
    """The structured reference to a column's data cells."""
    return column_reference(plan.name, plan.label(name))


def shown_length(value: Cell, number_format: str) -> int:  # noqa: PLR0911  # one return per kind reads best
    """About how many characters a value takes on the sheet."""
    if value is None:
        return 0
    if isinstance(value, dt.datetime):
        return 16
    if isinstance(value, dt.date):
        return 10
    if isinstance(value, str):
        return max((len(line) for line in value.split("\n")), default=0)
    if isinstance(value, bool):
        return 5
    digits = len(number_format.partition(".")[2].rstrip('%"ABCDEFGHIJKLMNOPQRSTUVWXYZ ')) if "." in number_format else 0
    if number_format.endswith("%"):
        return len(f"{float(value) * 100:.{digits}f}%")
    code = 4 if '"' in number_format else 0
    return len(f"{float(value):,.{digits}f}") + code + (1 if digits else 0)
