"""One sheet in the house style: titles, notes, fields, tables, charts and pictures, set one below the other."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from openpyxl.formatting.rule import Rule
from openpyxl.utils.cell import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.table import TableColumn, TableStyleInfo

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.tables import Cell, Table, ValueKind
from salesops_desktop.sheets.writing.blocks import Given, TablePlan, TableRows, same_currency, shown_length, total
from salesops_desktop.sheets.writing.cells import CellWriter, Link
from salesops_desktop.sheets.writing.charts import ChartSpec, make_chart
from salesops_desktop.sheets.writing.formulas import Formula, cell_reference, fill, quoted_sheet
from salesops_desktop.sheets.writing.package import Body, DescribedTable, Png
from salesops_desktop.sheets.writing.style import Look, Role, exception_look
from salesops_desktop.sheets.writing.text import clean, header_labels, page_text

if TYPE_CHECKING:
    from salesops_desktop.sheets.writing.book import Book

MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
_WIDEST: Final = 46
_SAMPLE: Final = 120
_LINE: Final = 120
_PER_ROW_CM: Final = 0.53  # 15 points


@dataclass(frozen=True, slots=True)
class Input:
    """What a reader may fill into a column.

    Attributes:
        kind: a choice of ``choices``, a number between ``minimum`` and ``maximum``, a date, or any text.
        prompt: shown when a cell is chosen.
    """

    kind: Literal["list", "number", "date", "text"]
    prompt: str
    choices: tuple[str, ...] = ()
    minimum: float = 0.0
    maximum: float = 1e12


@dataclass(frozen=True, slots=True)
class Flag:
    """An exception to mark: cells of ``column`` where ``condition`` (a formula over ``{columns}``) holds."""

    column: str
    condition: str
    meaning: str


class Sheet:
    """A sheet being filled from the top down. Make one with :meth:`Book.sheet`."""

    def __init__(self, book: Book, worksheet: Any, writer: CellWriter) -> None:
        self._book = book
        self._worksheet = worksheet
        self._writer = writer
        self._cells: dict[int, dict[int, tuple[Cell | Formula | Link, Look]]] = {}
        self._heights: dict[int, float] = {}
        self._blocks: list[TableRows] = []
        self._plans: list[TablePlan] = []
        self._widths: dict[int, float] = {}
        self._last_column = 1
        self._late: Callable[[], list[str]] | None = None
        self.row = 1
        """The next free row."""
        self.protected = False
        """Whether its cells are protected (without password) though it has none to fill in."""
        self.portrait = False
        """Whether it is printed upright."""
        self.repeated = 0
        """The row of the heading that each printed page repeats; that of the sheet's only table where it has one."""
        self.printed_columns = 0
        """How many columns are printed; all where 0."""
        self.body = Body(self._xml, self._extent)

    @property
    def name(self) -> str:
        """The sheet's name."""
        return str(self._worksheet.title)

    def put(self, row: int, column: int, value: Cell | Formula | Link, look: Look | None = None) -> str:
        """Set one cell; rows and columns count from 1. Returns its address with the sheet's name."""
        chosen = look or Look(Role.LINK if isinstance(value, Link) else Role.BODY)
        self._cells.setdefault(row, {})[column] = (value, chosen)
        self._last_column = max(self._last_column, column)
        self.row = max(self.row, row + 1)
        address = cell_reference(row, column, absolute=False)
        if isinstance(value, Link):
            self._link(address, value.sheet, value.cell, value.text)
        return cell_reference(row, column, sheet=self.name)

    def title(self, text: str, subtitle: str = "") -> None:
        """The sheet's title, and a line below it."""
        self._heights[self.row] = 28
        self.put(self.row, 1, text, Look(Role.TITLE))
        if subtitle:
            self.put(self.row, 1, subtitle, Look(Role.SUBTITLE))

    def heading(self, text: str) -> None:
        """A heading with an empty row before it."""
        self.row += 1
        self._heights[self.row] = 22
        self.put(self.row, 1, text, Look(Role.HEADING))

    def note(self, text: str) -> None:
        """A sentence, over as many rows as it needs."""
        for line in textwrap.wrap(text, _LINE):
            self.put(self.row, 1, line, Look(Role.NOTE))

    def fields(self, pairs: Sequence[tuple[str, Cell | Formula | Link, str]], *, column: int = 1) -> list[str]:
        """Labels with their values beside them.

        Args:
            pairs: label, value, number format ("" for General).
            column: where the labels stand.

        Returns:
            The values' addresses.
        """
        places = []
        for label, value, number_format in pairs:
            row = self.row
            self.put(row, column, label, Look(Role.LABEL))
            role = Role.LINK if isinstance(value, Link) else Role.STRONG
            look = Look(role, number_format or "General", "left")
            places.append(self.put(row, column + 1, value, look))
            self.widen(column, len(label) + 2)
            if not isinstance(value, str):  # a text may run on into empty cells, a number may not
                stored = value.value if isinstance(value, Formula) else None if isinstance(value, Link) else value
                self.widen(column + 1, shown_length(stored, look.number_format) * 1.15 + 3)
        return places

    def widen(self, column: int, width: float) -> None:
        """Make a column at least ``width`` characters wide."""
        self._widths[column] = max(self._widths.get(column, 0), width)

    def tall(self, row: int, points: float) -> None:
        """Set a row's height."""
        self._heights[row] = points

    def table(
        self,
        table: Table,
        *,
        name: str = "",
        formulas: Mapping[str, str] | None = None,
        cell_formulas: Mapping[str, Sequence[str | Given | None]] | None = None,
        totals: Sequence[str] = (),
        inputs: Mapping[str, Input] | None = None,
        flags: Sequence[Flag] = (),
        links: Mapping[str, Sequence[str]] | None = None,
        formats: Mapping[str, str | Sequence[str]] | None = None,
        codes: bool = False,
        freeze: bool = False,
        filters: bool = True,
        strong: Collection[int] = (),
    ) -> TablePlan:
        """Set a named table at the next free row.

        Args:
            table: the values; a formula column holds the values stored beside its formulas.
            name: the named table's name; made from the table's title if empty.
            formulas: by column name, a formula without ``=``, with ``{column}`` for cells of the same row.
            cell_formulas: by column name, one such formula a row (None for a plain value). The list is read when the
                book is saved, so that formulas may refer to tables placed later.
            totals: columns to sum in a totals row; columns whose sum has no meaning are passed over.
            inputs: columns a reader may fill in; the rest of the sheet is then protected (without password).
            flags: exceptions to mark; their meaning is written above the table.
            links: by column name, the sheet each row leads to, or "".
            formats: by column name, a number format, or one a row.
            codes: show each amount's currency instead of naming it in the heading.
            freeze: keep the heading (and the first column of a wide table) in sight.
            filters: give each heading a filter button (not where formulas rely on the order of rows).
            strong: rows (from 0) to set in bold.

        Raises:
            InputRefusedError: more rows or columns than a sheet holds.
        """
        self._check_size(table)
        for sentence in (*table.notes, *(f"Marked: {flag.meaning}" for flag in flags)):
            self.note(sentence)
        if self.row > 1:
            self.row += 1
        plan = TablePlan(
            table=table,
            name=self._book.new_table_name(name or table.title),
            sheet=self.name,
            row=self.row,
            column=1,
            labels=tuple(header_labels(_headings(table, codes=codes))),
            formulas=formulas or {},
            cell_formulas=cell_formulas or {},
            totals=tuple(n for n in totals if total(table[n]) is not None) if len(table) else (),
            inputs=tuple(inputs or ()),
            links=links or {},
            formats=formats or {},
            codes=codes,
            strong=frozenset(strong),
        )
        self._place(plan, filters=filters)
        self._validate(plan, inputs or {})
        self._mark(plan, flags)
        if freeze:
            self._freeze(plan)
        return plan

    def chart(self, spec: ChartSpec, plan: TablePlan, *, place: str = "") -> None:
        """Draw a chart of a placed table at the next free row, or at the cell ``place``."""
        if not len(plan.table):
            return
        chart = make_chart(spec, plan, self._book.worksheet(plan.sheet))
        self._anchor(chart, spec.height, place)
        self._worksheet.add_chart(chart, chart.anchor)

    def picture(self, png: bytes, description: str, *, width: float = 24.0) -> None:
        """Set a PNG picture at the next free row, ``width`` centimetres wide at most.

        Raises:
            ValueError: not a PNG file.
        """
        picture = Png(png, clean(description)[0])
        pixels = width / 2.54 * 96
        if picture.width > pixels:
            picture.width, picture.height = round(pixels), round(picture.height * pixels / picture.width)
        self._anchor(picture, picture.height / 96 * 2.54, "")
        self._worksheet.add_image(picture, picture.anchor)

    def add_late_lines(self, lines: Callable[[], list[str]]) -> None:
        """Add sentences at the end that are only known once the sheets before this one have been written."""
        self._late = lines

    def break_page(self) -> None:
        """Begin a new printed page at the next free row."""
        self._worksheet.row_breaks.append(Break(id=self.row - 1))

    def finish(self) -> None:
        """Set what depends on the whole sheet: widths, print set-up, protection."""
        for column, width in self._widths.items():
            self._worksheet.column_dimensions[get_column_letter(column)].width = round(width, 1)
        if len(self._plans) == 1:
            self.repeated = self._plans[0].row
        if self.repeated:
            self._worksheet.print_title_rows = f"{self.repeated}:{self.repeated}"
        if self.printed_columns:
            last = self._extent().rpartition(":")[2].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            self._worksheet.print_area = f"A1:{get_column_letter(self.printed_columns)}{last}"
        _print_setup(self._worksheet, self._book.provenance.title, self._book.provenance.company)
        if self.portrait:
            self._worksheet.page_setup.orientation = "portrait"
        if self.protected or any(plan.inputs for plan in self._plans):
            protection = self._worksheet.protection
            protection.enable()
            protection.sort = protection.autoFilter = protection.formatColumns = False  # False: allowed

    def _check_size(self, table: Table) -> None:
        if len(table) + self.row + 20 > MOST_ROWS or len(table.columns) > MOST_COLUMNS:
            raise InputRefusedError(
                f"{len(table):,} rows and {len(table.columns):,} columns do not fit on a sheet, which holds"
                f" {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns.",
                where=table.title,
                way_out="Filter the table first, or export it as csv.",
            )

    def _place(self, plan: TablePlan, *, filters: bool) -> None:
        columns = [TableColumn(id=i, name=label) for i, label in enumerate(plan.labels, 1)]
        for name in plan.totals:
            columns[plan.table.names.index(name)].totalsRowFunction = "sum"
        if plan.totals and plan.table.columns[0].name not in plan.totals:
            columns[0].totalsRowLabel = "Total"
        letters = get_column_letter(plan.column), get_column_letter(plan.last_column)
        listed = DescribedTable(
            displayName=plan.name,
            ref=f"{letters[0]}{plan.row}:{letters[1]}{plan.end}",
            totalsRowCount=1 if plan.totals else None,
            totalsRowShown=bool(plan.totals),
            autoFilter=AutoFilter(ref=f"{letters[0]}{plan.row}:{letters[1]}{plan.last}") if filters else None,
            tableColumns=columns,
            tableStyleInfo=TableStyleInfo(name="TableStyleLight1", showRowStripes=True),
        )
        listed.description = f"{clean(plan.table.title)[0]}: {len(plan.table):,} rows, {len(plan.labels)} columns"
        listed.formulas = {plan.label(name): plan.row_formula(name) for name in plan.formulas}
        self._worksheet.add_table(listed)
        self._blocks.append(TableRows(plan, self._writer))
        self._plans.append(plan)
        self._last_column = max(self._last_column, plan.last_column)
        self.row = plan.end + 1
        self._fit(plan)
        self._note_text_columns(plan)
        for name, targets in plan.links.items():
            for i, target in enumerate(targets):
                if target:
                    place = cell_reference(plan.first + i, plan.place(name), absolute=False)
                    self._link(place, target, "A1", str(plan.table[name].cell(i)))

    def _fit(self, plan: TablePlan) -> None:
        count = len(plan.table)
        sample = range(count) if count <= _SAMPLE else range(0, count, max(1, count // _SAMPLE))
        for column, label in zip(plan.table.columns, plan.labels, strict=True):
            look = plan.look(column)
            given = plan.formats.get(column.name, look.number_format)
            lengths = [shown_length(column.cell(i), given if isinstance(given, str) else given[i]) for i in sample]
            if column.name in plan.totals:
                lengths.append(shown_length(total(column), look.number_format) + 1)
            if column.currencies is not None:
                lengths = [length + 4 for length in lengths]
            longest_word = max((len(word) for word in label.split()), default=0)
            heading = max(longest_word, -(-len(label) // 2)) + 5  # the filter button takes room; two lines are set
            self.widen(plan.place(column.name), min(_WIDEST, max(8, heading, max(lengths, default=0) + 4)))

    def _note_text_columns(self, plan: TablePlan) -> None:
        for column in plan.table.columns:
            if column.kind is ValueKind.TEXT and len(plan.table):
                letter = get_column_letter(plan.place(column.name))
                self.body.text_ranges.append(f"{letter}{plan.first}:{letter}{plan.last}")

    def _validate(self, plan: TablePlan, inputs: Mapping[str, Input]) -> None:
        for name, wanted in inputs.items():
            letter = get_column_letter(plan.place(name))
            rule = _validation(wanted, plan.label(name), self._book.list_reference)
            rule.add(f"{letter}{plan.first}:{letter}{plan.last}")
            self._worksheet.add_data_validation(rule)

    def _mark(self, plan: TablePlan, flags: Sequence[Flag]) -> None:
        for flag in flags:
            letter = get_column_letter(plan.place(flag.column))
            condition = fill(flag.condition, lambda n: f"${get_column_letter(plan.place(n))}{plan.first}")
            rule = Rule(type="expression", dxf=exception_look(), formula=[condition])
            self._worksheet.conditional_formatting.add(f"{letter}{plan.first}:{letter}{plan.last}", rule)

    def _freeze(self, plan: TablePlan) -> None:
        column = 2 if len(plan.labels) > 6 else 1
        self._worksheet.freeze_panes = f"{get_column_letter(column)}{plan.first}"

    def _anchor(self, drawn: Any, height: float, place: str) -> None:
        if not place:
            self.row += 1
            place = f"A{self.row}"
            self.row += round(height / _PER_ROW_CM) + 1
        drawn.anchor = place

    def _link(self, place: str, sheet: str, cell: str, text: str) -> None:
        link = Hyperlink(
            ref=place, location=f"{quoted_sheet(sheet)}!{cell}", display=clean(text)[0][:200], tooltip=f"Go to {sheet}"
        )
        self.body.hyperlinks.append(link)

    def _extent(self) -> str:
        if self._late is not None:
            lines, self._late = self._late(), None
            for line in lines:
                self.put(self.row, 1, line)
        last = max([*self._cells, *(plan.end for plan in self._plans)], default=1)
        return f"A1:{get_column_letter(self._last_column)}{last}"

    def _xml(self) -> Iterator[str]:
        """The rows' XML from top to bottom: tables in between single cells."""
        pending = sorted(zip((plan.row for plan in self._plans), self._blocks, strict=True), key=lambda pair: pair[0])
        single = sorted(self._cells)
        place = 0
        for row, block in pending:
            while place < len(single) and single[place] < row:
                yield self._single(single[place])
                place += 1
            for chunk in block.chunks():
                self._book.written(chunk.count("<row "))
                yield chunk
        for number in single[place:]:
            yield self._single(number)

    def _single(self, row: int) -> str:
        height = f' ht="{self._heights[row]}" customHeight="1"' if row in self._heights else ""
        cells = "".join(self._writer.cell(row, column, *held) for column, held in sorted(self._cells[row].items()))
        return f'<row r="{row}"{height}>{cells}</row>'


def _headings(table: Table, *, codes: bool) -> Iterator[str]:
    for column in table.columns:
        currency = same_currency(column) if column.kind is ValueKind.MONEY and not codes else None
        yield f"{column.label} ({currency})" if currency and currency not in column.label else column.label


def _validation(wanted: Input, label: str, list_reference: Callable[[tuple[str, ...]], str]) -> DataValidation:
    rule = DataValidation(allow_blank=True, showErrorMessage=True, showInputMessage=True)
    rule.promptTitle, rule.prompt = label[:32], wanted.prompt[:255]
    rule.errorTitle = "Not a value for this column"
    match wanted.kind:
        case "list":
            rule.type, rule.formula1 = "list", list_reference(wanted.choices)
            rule.error = "Choose a value from the list."
        case "number":
            rule.type, rule.operator = "decimal", "between"
            rule.formula1, rule.formula2 = f"{wanted.minimum:g}", f"{wanted.maximum:g}"
            rule.error = f"Enter a number from {wanted.minimum:g} to {wanted.maximum:g}."
        case "date":
            rule.type, rule.operator, rule.formula1 = "date", "greaterThan", "36526"
            rule.error = "Enter a date after 2000-01-01."
        case _:
            rule.type, rule.operator, rule.formula1 = "textLength", "lessThanOrEqual", "1000"
            rule.error = "Enter at most 1,000 characters."
    return rule


def _print_setup(worksheet: Any, title: str, company: str) -> None:
    setup = worksheet.page_setup
    setup.orientation, setup.paperSize = "landscape", 9  # A4
    setup.fitToWidth, setup.fitToHeight = 1, 0
    worksheet.sheet_properties.pageSetUpPr.fitToPage = True
    margins = worksheet.page_margins
    margins.left = margins.right = 0.5
    margins.top = margins.bottom = 0.75
    header = worksheet.oddHeader
    header.left.text, header.right.text = page_text(company) or None, page_text(title)
    footer = worksheet.oddFooter
    footer.left.text, footer.right.text = "&A", "Page &P of &N"
    worksheet.sheet_view.showGridLines = False
