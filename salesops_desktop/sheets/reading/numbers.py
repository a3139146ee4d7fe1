"""Written numbers into exact ones, by the decimal mark of their column."""

from __future__ import annotations

import re
from decimal import Decimal

from salesops_desktop.sheets.reading.shapes import Amount, Cell, amount_parts, fold, marks

_PLAIN = re.compile(r"-?\d{1,15}(?:\.\d{1,12})?", re.ASCII)


def plain_number(value: Cell, mark: str) -> float | None:
    """``value`` as a float for finding the column's span; None where it is none."""
    if isinstance(value, (int, float)):
        return float(value)
    if not isinstance(value, str):
        return None
    found = exact_number(value, "," if mark == "," else ".")
    return None if isinstance(found, str) else float(found[0])


def exact_number(text: str, mark: str) -> tuple[Decimal, Amount | None] | str:
    """Read a written number.

    Args:
        text: as in the file.
        mark: the decimal mark of the column.

    Returns:
        The number and what else was written with it (None where nothing was), or a reason why it cannot be read.
        A percent sign has already divided the number by 100.
    """
    if mark == "." and _PLAIN.fullmatch(text):
        return Decimal(text), None
    parts = amount_parts(fold(text))
    if parts is None:
        return "is no number"
    found = marks(parts.core)
    if found is None:
        return "is no number: its marks do not group digits by threes"
    decimal, group = found
    if decimal.startswith("?"):
        own = decimal[1]
        decimal, group = (own, "") if own == mark else ("", own)
    elif decimal and decimal != mark:
        return f"has a decimal {_name(decimal)}, the column a decimal {_name(mark)}"
    if group == mark:
        return f"uses the column's decimal {_name(mark)} between thousands"
    digits = parts.core.replace(group, "") if group else parts.core
    if decimal:
        digits = digits.replace(decimal, ".")
    number = Decimal(digits + parts.exponent).scaleb(parts.power - (2 if parts.percent else 0))
    return (-number if parts.negative else number), parts


def _name(mark: str) -> str:
    return {".": "point", ",": "comma"}.get(mark, "mark")
