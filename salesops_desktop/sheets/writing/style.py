"""The house style of workbooks: colours from the token file, number formats by kind, and cell styles by role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.styleable import StyleableObject

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import Column, ValueKind
from salesops_desktop.model.tokens import load_tokens

FONT: Final = "Calibri"
GENERAL: Final = "General"
DATE_FORMAT: Final = "yyyy-mm-dd"
DATETIME_FORMAT: Final = "yyyy-mm-dd hh:mm"

NUMERIC: Final = frozenset({ValueKind.INTEGER, ValueKind.NUMBER, ValueKind.MONEY, ValueKind.RATE, ValueKind.FRACTION})
"""The kinds that are set to the right."""


_LABELS: Final = re.compile(r"(^|_)(id|no|number|year|line|step)$")


class Role(StrEnum):
    """What a cell is for; decides how it looks."""

    BODY = "body"
    TITLE = "title"
    SUBTITLE = "subtitle"
    HEADING = "heading"
    LABEL = "label"
    NOTE = "note"
    HEADER = "header"
    TOTAL = "total"
    INPUT = "input"
    LINK = "link"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Look:
    """One way a cell can look.

    ``quoted`` marks text that must never be taken for a formula (Excel shows it as if typed after an apostrophe).
    """

    role: Role = Role.BODY
    number_format: str = GENERAL
    align: Literal["", "left", "right", "center"] = ""
    indent: int = 0
    wrap: bool = False
    quoted: bool = False


class Styles:
    """Registers looks with a workbook and remembers their style numbers."""

    def __init__(self, workbook: Workbook) -> None:
        self._sheet = workbook.worksheets[0]
        self._ids: dict[Look, int] = {}

    def number(self, look: Look) -> int:
        """The workbook's style number for ``look``."""
        known = self._ids.get(look)
        if known is None:
            known = self._ids[look] = _register(self._sheet, look)
        return known


def color(role: str) -> str:
    """A colour of the light theme as ``RRGGBB``; workbooks are read and printed on white."""
    return load_tokens("light").color(role).removeprefix("#")


def category_color(index: int) -> str:
    """The categorical colour ``index`` as ``RRGGBB``."""
    return load_tokens("light").category(index).removeprefix("#")


def exception_look() -> DifferentialStyle:
    """How a conditional format marks an exception: not by colour alone, also by bold type."""
    return DifferentialStyle(
        font=Font(bold=True, color=color("error")),
        fill=PatternFill(fill_type="solid", bgColor=color("error_surface")),
    )


def _register(sheet: Any, look: Look) -> int:
    cell: Any = StyleableObject(sheet)
    cell.font = _font(look.role)
    if fill := _fill(look.role):
        cell.fill = PatternFill("solid", start_color=fill, end_color=fill)
    if border := _border(look.role):
        cell.border = border
    top = look.wrap and look.role is not Role.HEADER
    cell.alignment = Alignment(
        horizontal=look.align or None,
        indent=look.indent,
        vertical="top" if top else "center",
        wrap_text=True if look.wrap or look.role is Role.HEADER else None,
    )
    cell.number_format = look.number_format
    if look.role is Role.INPUT:
        cell.protection = Protection(locked=False)
    cell.quotePrefix = look.quoted
    return int(cell.style_id)


def _font(role: Role) -> Font:  # noqa: PLR0911  # one return per role reads best
    match role:
        case Role.TITLE:
            return Font(name=FONT, size=18, bold=True, color=color("text"))
        case Role.HEADING:
            return Font(name=FONT, size=13, bold=True, color=color("accent"))
        case Role.SUBTITLE | Role.NOTE | Role.LABEL:
            return Font(name=FONT, size=11, color=color("text_muted"))
        case Role.HEADER:
            return Font(name=FONT, size=11, bold=True, color=color("accent_text"))
        case Role.TOTAL | Role.STRONG:
            return Font(name=FONT, size=11, bold=True, color=color("text"))
        case Role.LINK:
            return Font(name=FONT, size=11, underline="single", color=color("link"))
        case _:
            return Font(name=FONT, size=11, color=color("text"))


def _fill(role: Role) -> str:
    match role:
        case Role.HEADER:
            return color("accent")
        case Role.INPUT:
            return color("warning_surface")
        case Role.TOTAL:
            return color("header")
        case _:
            return ""


def _border(role: Role) -> Border | None:
    match role:
        case Role.TOTAL:
            return Border(top=Side("medium", color=color("border_strong")))
        case Role.INPUT:
            hair = Side("thin", color=color("border_strong"))
            return Border(left=hair, right=hair, top=hair, bottom=hair)
        case _:
            return None


def money_format(currency: str | None, *, with_code: bool) -> str:
    """The number format of an amount in major units; negative amounts carry a minus sign."""
    digits = exponent(currency) if currency else 2
    plain = "#,##0" + ("." + "0" * digits if digits else "")
    return f'{plain} "{currency}"' if with_code and currency else plain


def kind_format(  # noqa: PLR0911  # one return per kind reads best
    kind: ValueKind, *, digits: int | None = None, currency: str | None = None
) -> str:
    """The number format of a kind of value; ``currency`` is shown behind amounts."""
    match kind:
        case ValueKind.INTEGER:
            return "#,##0"
        case ValueKind.NUMBER:
            return "#,##0" + _decimals(2 if digits is None else digits)
        case ValueKind.MONEY:
            return money_format(currency, with_code=True)
        case ValueKind.RATE:
            return "0.0###%" if digits is None else f"0{_decimals(digits)}%"
        case ValueKind.FRACTION:
            return f"0{_decimals(1 if digits is None else digits)}%"
        case ValueKind.DATE:
            return DATE_FORMAT
        case ValueKind.DATETIME:
            return DATETIME_FORMAT
        case ValueKind.BOOLEAN:
            return '"TRUE";"TRUE";"FALSE"'  # Excel says so by itself; LibreOffice would show 1 and 0
        case _:
            return GENERAL


def column_format(column: Column, *, with_code: bool) -> str:
    """The number format of a column whose money is in one currency (rows of many carry their own)."""
    if column.kind is ValueKind.MONEY:
        return money_format(column.currency, with_code=with_code)
    if is_label(column):
        return "0"
    return kind_format(column.kind, digits=column.digits)


def is_label(column: Column) -> bool:
    """Whether a column's integers are names for something (a number, a year) rather than quantities."""
    return column.kind is ValueKind.INTEGER and bool(_LABELS.search(column.name))


def alignment(column: Column) -> Literal["", "left", "right", "center"]:
    """Quantities to the right, dates and truths in the middle, text and numbers that are names to the left."""
    if column.kind in NUMERIC:
        return "left" if is_label(column) else "right"
    return "left" if column.kind is ValueKind.TEXT else "center"


def _decimals(digits: int) -> str:
    return "." + "0" * digits if digits else ""
