"""Cells as the XML of a worksheet: exact numbers, text that stays text, formulas with their value beside them."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from openpyxl.utils.cell import get_column_letter

from salesops_desktop.model.tables import Cell
from salesops_desktop.sheets.writing.formulas import Formula, Value
from salesops_desktop.sheets.writing.style import GENERAL, Look, Role, Styles
from salesops_desktop.sheets.writing.text import clean, looks_like_formula, to_xml

_EPOCH: Final = dt.date(1899, 12, 30)
_FIRST_DAY: Final = dt.date(1900, 3, 1)  # before it, Excel counts a 29 February 1900 that never was
_EXACT_DIGITS: Final = 15  # Excel keeps no more (Excel specifications and limits, "number precision")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that could not be stored as it was given."""

    sheet: str
    cell: str
    what: str

    def sentence(self) -> str:
        """The change as one line."""
        return f"{self.sheet}!{self.cell}: {self.what}."


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads to a cell of the same workbook."""

    text: str
    sheet: str
    cell: str = "A1"


@dataclass(slots=True)
class CellWriter:
    """Turns the cells of one sheet into XML and notes what it had to change."""

    sheet: str
    styles: Styles
    changes: list[Change] = field(default_factory=list)
    most_changes: int = 1_000
    """Changes kept; a million bad cells must not fill the memory."""

    def cell(self, row: int, column: int, value: Cell | Formula | Link, look: Look) -> str:
        """One cell's XML; ``""`` for an empty one without a look of its own."""
        place = f"{get_column_letter(column)}{row}"
        match value:
            case None:
                if look.role in (Role.BODY, Role.NOTE):
                    return ""
                return f'<c r="{place}" s="{self.styles.number(look)}"/>'
            case Formula():
                return self._formula(place, value, self.styles.number(look))
            case Link():
                return self.text(place, value.text, look)
            case str():
                return self.text(place, value, look)
            case _:
                return self.plain(place, value, look)

    def text(self, place: str, value: str, look: Look) -> str:
        """A text cell; text that looks like a formula is marked as quoted."""
        cleaned, change = clean(value)
        if change:
            self.note(place, change)
        if looks_like_formula(cleaned):
            look = replace(look, quoted=True)
        return f'<c r="{place}" s="{self.styles.number(look)}" t="inlineStr"><is>{text_element(cleaned)}</is></c>'

    def plain(self, place: str, value: bool | float | Decimal | dt.date, look: Look) -> str:
        """A number, truth or date."""
        if isinstance(value, bool):
            return f'<c r="{place}" s="{self.styles.number(look)}" t="b"><v>{int(value)}</v></c>'
        if isinstance(value, dt.date):
            serial = date_serial(value)
            if serial is None:
                self.note(place, "a date before March 1900, which Excel cannot count; stored as text")
                return self.text(place, value.isoformat(), replace(look, number_format=GENERAL))
            return f'<c r="{place}" s="{self.styles.number(look)}"><v>{serial}</v></c>'
        written = number_text(value)
        if written is None:
            self.note(place, f"{value} is no finite number; left empty")
            return f'<c r="{place}" s="{self.styles.number(look)}"/>'
        if not isinstance(value, float) and too_many_digits(written):
            self.note(place, f"a number of more than {_EXACT_DIGITS} digits; stored as text so that none is lost")
            return self.text(place, written, replace(look, number_format=GENERAL))
        return f'<c r="{place}" s="{self.styles.number(look)}"><v>{written}</v></c>'

    def note(self, place: str, what: str) -> None:
        """Remember that the cell at ``place`` could not be stored as given."""
        if len(self.changes) < self.most_changes:
            self.changes.append(Change(self.sheet, place, what))

    def _formula(self, place: str, formula: Formula, style: int) -> str:
        kind, value = cached(formula.value)
        return f'<c r="{place}" s="{style}"{kind}><f>{escape(formula.text)}</f><v>{value}</v></c>'


def text_element(cleaned: str) -> str:
    """Cleaned text as a ``<t>`` element; blanks at its ends are kept."""
    keep = ' xml:space="preserve"' if cleaned != cleaned.strip() else ""
    return f"<t{keep}>{to_xml(cleaned)}</t>"


def cached(value: Value) -> tuple[str, str]:
    """The type attribute and the text of a formula's stored value."""
    match value:
        case None:
            return ' t="str"', ""
        case bool():
            return ' t="b"', str(int(value))
        case str():
            return ' t="str"', to_xml(clean(value)[0])
        case dt.date():
            serial = date_serial(value)
            return "", serial if serial is not None else "0"
        case _:
            return "", number_text(value) or "0"


def number_text(value: float | Decimal) -> str | None:
    """A number as XML holds it, exactly; None if it is not finite."""
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    return repr(float(value)) if math.isfinite(value) else None


def too_many_digits(written: str) -> bool:
    """Whether a plain decimal number has more significant digits than a spreadsheet keeps."""
    if len(written) <= _EXACT_DIGITS:
        return False
    digits = written.lstrip("-0.").replace(".", "")
    if "." not in written:
        digits = digits.rstrip("0")
    return len(digits) > _EXACT_DIGITS


def date_serial(value: dt.date) -> str | None:
    """Days (and part of the day) since Excel's epoch as text; None before March 1900."""
    day = value.date() if isinstance(value, dt.datetime) else value
    if day < _FIRST_DAY:
        return None
    days = (day - _EPOCH).days
    if not isinstance(value, dt.datetime):
        return str(days)
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return repr(days + seconds / 86_400) if seconds else str(days)
