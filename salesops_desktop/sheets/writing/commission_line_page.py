"""The sheets of lines and credits: row upon row of live formulas, written as XML a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
from openpyxl.utils.cell import get_column_letter

from salesops_desktop.model.money import FX_SCALE, PPM, exponent
from salesops_desktop.sheets.writing.cells import text_element
from salesops_desktop.sheets.writing.commission_package import Page
from salesops_desktop.sheets.writing.commission_plan_page import PlanPage, filled
from salesops_desktop.sheets.writing.commission_records import Credits, LineBlock, Recipe, Statement
from salesops_desktop.sheets.writing.style import DATE_FORMAT, Look, money_format
from salesops_desktop.sheets.writing.text import clean, looks_like_formula

LINES: Final = "Lines"
CREDITS: Final = "Credits"
_ROW, _CREDIT = "\x00", "\x01"
_EPOCH: Final = np.datetime64("1899-12-30", "D")
_TEXT: Final = Look(align="left", indent=1)
_DATE: Final = Look(number_format=DATE_FORMAT, align="center")
_WHOLE: Final = Look(number_format="#,##0", align="right", indent=1)
_PLAIN: Final = Look(number_format="#,##0.0###", align="right", indent=1)
_LABEL: Final = Look(number_format="0", align="left", indent=1)


class Cells:
    """Makes the cells of one page's columns."""

    def __init__(self, page: Page) -> None:
        self._writer = page.writer
        self._known: dict[tuple[str, Look], str] = {}

    def style(self, look: Look) -> int:
        """The number of a look."""
        return self._writer.styles.number(look)

    def text(self, letter: str, rows: range, values: Sequence[object], look: Look = _TEXT) -> list[str]:
        """Text that stays text; what comes again is cleaned once."""
        return [self._text(letter, row, value, look) for row, value in zip(rows, values, strict=True)]

    def _text(self, letter: str, row: int, value: object, look: Look) -> str:
        if value is None or value == "":
            return ""
        text = str(value)
        tail = self._known.get((text, look))
        if tail is None:
            cleaned, change = clean(text)
            if change or looks_like_formula(cleaned) or len(text) > 200:
                return self._writer.text(f"{letter}{row}", text, look)
            tail = f'" s="{self.style(look)}" t="inlineStr"><is>{text_element(cleaned)}</is></c>'
            self._known[text, look] = tail
        return f'<c r="{letter}{row}{tail}'

    def numbers(self, letter: str, rows: range, values: Sequence[float], look: Look) -> list[str]:
        """Plain numbers."""
        style = self.style(look)
        return [f'<c r="{letter}{r}" s="{style}"><v>{v!r}</v></c>' for r, v in zip(rows, values, strict=True)]

    def formulas(
        self, letter: str, rows: range, texts: Sequence[str], values: Sequence[float], look: Look
    ) -> list[str]:  # fmt: skip
        """Formulas (already escaped) with their values beside them."""
        style = self.style(look)
        return [
            f'<c r="{letter}{r}" s="{style}"><f>{text}</f><v>{v!r}</v></c>'
            for r, text, v in zip(rows, texts, values, strict=True)
        ]

    def dates(self, letter: str, rows: range, days: np.ndarray) -> list[str]:
        """Dates; days before March 1900 cannot be counted and stay text."""
        style = self.style(_DATE)
        serials = (days.astype("datetime64[D]") - _EPOCH).astype(np.int64).tolist()
        return [
            f'<c r="{letter}{r}" s="{style}"><v>{s}</v></c>' if s > 60 else self._text(letter, r, str(day), _TEXT)
            for r, s, day in zip(rows, serials, days, strict=True)
        ]


def money_look(currency: str, *, code: bool = False) -> Look:
    """Amounts to the right, with their currency where the heading does not name it."""
    return Look(number_format=money_format(currency, with_code=code), align="right", indent=1)


@dataclass(slots=True)
class CreditPlaces:
    """Where credits stand: the first row of each statement's credits, and the columns that lines refer to."""

    first: dict[int, int] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)


def fill_credit_page(page: Page, statements: Sequence[Statement]) -> CreditPlaces:
    """Fill the sheet of credits; statements have the same fields."""
    cells, several = Cells(page), len(statements) > 1
    fields = next((s.credits.fields for s in statements), ())
    page.title(CREDITS, "The source rows behind the lines. A credit that pays nothing says why.")
    page.row += 1
    heads = [("Transaction", _TEXT, 18), ("Date", _DATE, 12), ("Account", _TEXT, 38), ("Credit", _WHOLE, 18)]
    heads += [("Why it pays nothing", _TEXT, 34)]
    if several:
        heads.insert(0, ("Person", _TEXT, 22))
    printed = len(heads)
    heads += [("Credit, in smallest units", _WHOLE, 16), ("Exchange rate × 1,000,000,000", _WHOLE, 18)]
    heads += [("In the plan's currency, smallest units", _WHOLE, 20)]
    heads += [(f.label, _WHOLE, max(14, len(f.label) + 3)) for f in fields]
    page.header([h[0] for h in heads], [h[1] for h in heads], height=48)
    letters = [get_column_letter(i) for i in range(1, len(heads) + 1)]
    places = CreditPlaces(columns={"credit": letters[printed + 2]})
    places.columns |= {f"field_{i}": letters[printed + 2 + i] for i in range(1, len(fields) + 1)}
    top = page.row - 1
    for statement in statements:
        places.first[statement.number] = page.row
        rows = range(page.row, page.row + len(statement.credits))
        _set_rows(page, rows, _credit_columns(cells, letters, rows, statement, several=several))
    _close(page, [h[2] for h in heads], top, printed, 3 if several else 2)
    return places


def _credit_columns(
    cells: Cells, letters: Sequence[str], rows: range, statement: Statement, *, several: bool
) -> list[list[str]]:  # fmt: skip
    own, given = iter(letters), statement.credits
    made = [cells.text(next(own), rows, [statement.person] * len(rows))] if several else []
    made.append(cells.text(next(own), rows, given.transaction.tolist()))
    made.append(cells.dates(next(own), rows, given.date))
    made.append(cells.text(next(own), rows, given.account.tolist()))
    made.append(_amounts(cells, next(own), rows, given))
    made.append(cells.text(next(own), rows, given.reason.tolist()))
    minor, rate = next(own), next(own)
    made.append(cells.numbers(minor, rows, given.amount.tolist(), _WHOLE))
    made.append(cells.numbers(rate, rows, given.exchange.tolist(), _WHOLE))
    texts = [
        _conversion(f"{minor}{row}", f"{rate}{row}", str(code), statement.currency)
        for row, code in zip(rows, given.currency.tolist(), strict=True)
    ]
    made.append(cells.formulas(next(own), rows, texts, given.converted.tolist(), _WHOLE))
    for facts in given.fields:
        letter = next(own)
        made.append([_field_cell(cells, letter, row, value) for row, value in zip(rows, facts.values, strict=True)])
    return made


def _conversion(amount: str, rate: str, source: str, target: str) -> str:
    if source == target:
        return amount
    shift = exponent(target) - exponent(source)
    scale = f"*{10**shift}" if shift > 0 else ""
    return f"ROUND({amount}*{rate}{scale}/{FX_SCALE * (10**-shift if shift < 0 else 1)},0)"


def _field_cell(cells: Cells, letter: str, row: int, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{letter}{row}" s="{cells.style(_WHOLE)}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{letter}{row}" s="{cells.style(_WHOLE)}"><v>{value!r}</v></c>'
    if isinstance(value, str):
        return cells.text(letter, range(row, row + 1), [value])[0]
    return cells.dates(letter, range(row, row + 1), np.array([value], dtype="datetime64[D]"))[0]


def _amounts(cells: Cells, letter: str, rows: range, given: Credits) -> list[str]:
    """Credits in major units, each with its currency."""
    shown = {str(code): (cells.style(money_look(str(code), code=True)), 10 ** exponent(str(code)))
             for code in set(given.currency.tolist())}  # fmt: skip
    found = []
    for row, minor, code in zip(rows, given.amount.tolist(), given.currency.tolist(), strict=True):
        style, scale = shown[str(code)]
        found.append(f'<c r="{letter}{row}" s="{style}"><v>{minor / scale!r}</v></c>')
    return found


@dataclass(slots=True)
class LinePlaces:
    """Where lines stand: their first and last row, and each column's letter by name."""

    first: int
    last: int
    columns: dict[str, str]

    def column(self, name: str) -> str:
        """All cells of a column."""
        letter = self.columns[name]
        return f"{LINES}!${letter}${self.first}:${letter}${self.last}"


def fill_line_page(
    page: Page, statements: Sequence[Statement], recipes: Sequence[Recipe], plan: PlanPage, credit: CreditPlaces
) -> LinePlaces:
    """Fill the sheet of lines; windows of ``plan`` are in the order of the statements' blocks."""
    several = len(statements) > 1
    blocks = [block for statement in statements for block in statement.blocks]
    columns = _columns(blocks, {s.currency for s in statements}, several=several)
    letters = {name: get_column_letter(i) for i, (name, _, _, _) in enumerate(columns, 1)}
    page.title(
        LINES, f"{sum(map(len, blocks)):,} payout lines. Each line is a live formula over Credits and Plan tables."
    )
    page.row += 1
    page.header([c[1] for c in columns], [c[2] for c in columns], height=48)
    top = page.row - 1
    windows = iter(plan.windows)
    cells = Cells(page)
    for statement in statements:
        names = {component.number: component.name for component in statement.components}
        for block in statement.blocks:
            rows = range(page.row, page.row + len(block))
            writer = _BlockWriter(cells, letters, statement, block, recipes[block.recipe], plan, next(windows), credit)
            made = writer.columns(rows, top, names[block.component])
            _set_rows(page, rows, [made.get(name, []) for name in letters])
    printed = list(letters).index("component_no")
    places = LinePlaces(top + 1, max(top + 1, page.row - 1), letters)
    _close(page, [c[3] for c in columns], top, printed, 2)
    page.protected = True
    return places


def _columns(
    blocks: Sequence[LineBlock], currencies: set[str], *, several: bool
) -> list[tuple[str, str, Look, float]]:  # fmt: skip
    """Name, heading, look and width of each column; first those to read, then the calculation."""
    one = f" ({min(currencies)})" if len(currencies) == 1 else ""
    found: list[tuple[str, str, Look, float]] = [("line", "Line", _LABEL, 8)]
    if several:
        found.append(("person", "Person", _TEXT, 22))
    found += [
        ("date", "Date", _DATE, 12),
        ("transaction", "Transaction", _TEXT, 18),
        ("account", "Account", _TEXT, 38),
        ("component", "Component", _TEXT, 28),
        ("credited", "Credit", _WHOLE, 18),
        ("counts", f"Counts as{one}", _WHOLE, 16),
        ("reached", f"Total after{one}", _WHOLE, 17),
        ("commission", f"Commission{one}", _WHOLE, 16),
        ("component_no", "Component no.", _LABEL, 13),
        ("amount", "Counts, in smallest units", _WHOLE, 16),
        ("before", "Total before", _WHOLE, 16),
        ("after", "Total after", _WHOLE, 16),
    ]
    axes = max((len(block.axes) for block in blocks), default=0)
    found += [(f"axis_{i}", f"Looked up by {i}", _PLAIN, 14) for i in range(1, axes + 1)]
    if axes:
        found.append(("rate", "Rate, millionths", _WHOLE, 14))
    parts = max((len(block.parts) for block in blocks), default=0)
    found += [(f"part_{i}", f"Of it in tier {i}", _WHOLE, 15) for i in range(1, parts + 1)]
    found += [
        ("earned_before", "Earned by the total before", _WHOLE, 17),
        ("earned_after", "Earned by the total after", _WHOLE, 17),
        ("pay", "Commission, in smallest units", _WHOLE, 16),
        ("run", "Commission in the run", _WHOLE, 16),
    ]
    return found


@dataclass(slots=True)
class _BlockWriter:
    """Writes the lines of one block."""

    cells: Cells
    letters: dict[str, str]
    statement: Statement
    block: LineBlock
    recipe: Recipe
    plan: PlanPage
    window: dict[str, str]
    credit: CreditPlaces

    def columns(self, rows: range, top: int, component: str) -> dict[str, list[str]]:
        """The cells of each column by its name; ``top`` is the heading's row."""
        cells, block, statement, own = self.cells, self.block, self.statement, self.letters
        given, at = statement.credits, block.credit
        count = len(rows)
        credit_rows = (at + self.credit.first[statement.number]).tolist()
        money = money_look(statement.currency, code="person" in own)
        scale = 10 ** exponent(statement.currency)
        counted, unit = (_PLAIN, PPM) if self.recipe.units else (money, scale)
        style = cells.style
        made = {
            "line": cells.numbers(own["line"], rows, range(rows.start - top, rows.stop - top), _LABEL),
            "date": cells.dates(own["date"], rows, given.date[at]),
            "transaction": cells.text(own["transaction"], rows, given.transaction[at].tolist()),
            "account": cells.text(own["account"], rows, given.account[at].tolist()),
            "component": cells.text(own["component"], rows, [component] * count),
            "credited": self._credited(rows, credit_rows),
            "counts": self._shown("counts", "amount", rows, block.amount.tolist(), unit, style(counted)),
            "reached": self._shown("reached", "after", rows, block.after.tolist(), unit, style(counted)),
            "commission": self._shown("commission", "pay", rows, block.pay.tolist(), scale, style(money)),
            "component_no": cells.numbers(own["component_no"], rows, [block.component] * count, _LABEL),
            "before": self._before(rows),
            "run": cells.numbers(own["run"], rows, block.pay.tolist(), _WHOLE),
        }
        if "person" in own:
            made["person"] = cells.text(own["person"], rows, [statement.person] * count)
        made |= self._live(rows, credit_rows)
        return made

    def _live(self, rows: range, credit_rows: list[int]) -> dict[str, list[str]]:
        """The calculation: what counts, the totals, what they earn, and the commission."""
        block, recipe = self.block, self.recipe
        amounts = block.amount.tolist()
        if recipe.amount:
            made = {"amount": self._column("amount", recipe.amount, rows, amounts, credit_rows)}
        else:
            made = {"amount": self.cells.numbers(self.letters["amount"], rows, amounts, _WHOLE)}
        made["after"] = self._column("after", "{before}+{amount}", rows, block.after.tolist())
        for i, (template, values) in enumerate(zip(recipe.axes, block.axes, strict=True), 1):
            made[f"axis_{i}"] = self._column(f"axis_{i}", template, rows, values.tolist(), credit_rows, _PLAIN)
        if block.rate is not None:
            made["rate"] = self._column("rate", recipe.rate, rows, block.rate.tolist())
        for i, (template, parts) in enumerate(zip(recipe.parts, block.parts, strict=True), 1):
            made[f"part_{i}"] = self._column(f"part_{i}", template, rows, parts.tolist())
        for when, owed in (("before", block.earned_before), ("after", block.earned_after)):
            template = recipe.earned.replace("{total}", f"{{{when}}}")
            made[f"earned_{when}"] = self._column(f"earned_{when}", template, rows, owed.tolist())
        made["pay"] = self._column("pay", recipe.pay, rows, block.pay.tolist())
        return made

    def _column(
        self,
        name: str,
        template: str,
        rows: range,
        values: Sequence[float],
        credit_rows: Sequence[int] = (),
        look: Look = _WHOLE,
    ) -> list[str]:
        own = {name: f"{letter}{_ROW}" for name, letter in self.letters.items()}
        own |= {name: f"{CREDITS}!${letter}${_CREDIT}" for name, letter in self.credit.columns.items()}
        text = escape(filled(template, own, self.plan, self.recipe, self.window))
        pieces = text.split(_ROW)
        texts = [str(row).join(pieces) for row in rows]
        if _CREDIT in text:
            texts = [made.replace(_CREDIT, str(credit)) for made, credit in zip(texts, credit_rows, strict=True)]
        return self.cells.formulas(self.letters[name], rows, texts, values, look)

    def _before(self, rows: range) -> list[str]:
        """The total before a line is the total after the one above, within a window."""
        letter, above = self.letters["before"], self.letters["after"]
        before, after = self.block.before.tolist(), self.block.after.tolist()
        style = self.cells.style(_WHOLE)
        return [
            f'<c r="{letter}{row}" s="{style}"><f>{above}{row - 1}</f><v>{value}</v></c>'
            if i and value == after[i - 1] and value
            else f'<c r="{letter}{row}" s="{style}"><v>{value}</v></c>'
            for i, (row, value) in enumerate(zip(rows, before, strict=True))
        ]

    def _shown(
        self, name: str, source: str, rows: range, values: Sequence[int], scale: int, style: int
    ) -> list[str]:  # fmt: skip
        """An amount in major units."""
        letter, other = self.letters[name], self.letters[source]
        over = f"/{scale}" if scale > 1 else ""
        return [
            f'<c r="{letter}{row}" s="{style}"><f>{other}{row}{over}</f><v>{value / scale!r}</v></c>'
            for row, value in zip(rows, values, strict=True)
        ]

    def _credited(self, rows: range, credit_rows: Sequence[int]) -> list[str]:
        """The credit in its own currency, from the sheet of credits."""
        given, at = self.statement.credits, self.block.credit
        letter = self.letters["credited"]
        source = self.credit.columns["credit"]
        # The credit as read stands four columns before the converted one.
        shown = get_column_letter(_column_number(source) - 4)
        looks: dict[str, tuple[int, int]] = {}
        for code in set(given.currency[at].tolist()):
            looks[code] = (self.cells.style(money_look(str(code), code=True)), 10 ** exponent(str(code)))
        found = []
        for row, credit, minor, code in zip(
            rows, credit_rows, given.amount[at].tolist(), given.currency[at].tolist(), strict=True
        ):
            style, scale = looks[code]
            found.append(
                f'<c r="{letter}{row}" s="{style}"><f>{CREDITS}!{shown}{credit}</f><v>{minor / scale!r}</v></c>'
            )
        return found


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _set_rows(page: Page, rows: range, columns: Sequence[Sequence[str]]) -> None:
    """Add rows made of the cells of columns; a column without cells is left out."""
    used = [column for column in columns if len(column)]
    join: Callable[[tuple[str, ...]], str] = "".join
    page.rows.extend(
        f'<row r="{row}">{join(made)}</row>' for row, made in zip(rows, zip(*used, strict=True), strict=True)
    )
    page.row = rows.stop


def _close(page: Page, widths: Sequence[float], top: int, printed: int, kept: int) -> None:
    """Widths, filter, frozen heading and print set-up of a sheet of rows under a heading in row ``top``."""
    if page.row == top + 1:
        page.row += 1
    for i, width in enumerate(widths, 1):
        page.widen(i, width)
    last = get_column_letter(len(widths))
    page.last_column = len(widths)
    page.filter = f"A{top}:{last}{page.row - 1}"
    page.freeze = f"{get_column_letter(kept)}{top + 1}"
    page.repeated, page.printed = top, printed
    page.text_ranges.append(f"A{top + 1}:{get_column_letter(printed)}{page.row - 1}")
