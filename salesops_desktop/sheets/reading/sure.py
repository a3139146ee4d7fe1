"""Values that are surely of one look or one type, told apart and converted many at a time.

A million different names or coordinates judged one by one take minutes; a compiled pattern over them takes seconds.
What no pattern here is sure of goes the careful way, so these only need to be right, never complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from salesops_desktop.model.entities import FieldSpec
from salesops_desktop.sheets.reading.shapes import CODE, DECIMAL_POINT, INTEGER, MONTHS, TEXT, Look

_MONTH = "|".join(sorted({name[:3] for name in MONTHS}))
_LETTER = "[A-Za-zÀ-ɏ]"
_TEXT = "|".join(
    (
        # Words that begin neither as a month nor with a currency's code, and go on after a space: names, streets.
        rf"(?!(?i:{_MONTH}))(?![A-Z]{{3}}[^\w]){_LETTER}{{3,}}[ _-].*\w.*",
        r"https?://\S+",
        r"[^\s@]+@[^\s@]+",
        # Record ids as CRMs make them: 001Q00000000001. An E would make it a number.
        r"0[0-9]*[A-DF-Z][0-9]+",
    )
)
_SURE: tuple[tuple[re.Pattern[str], Look], ...] = (
    (re.compile(_TEXT), TEXT),
    # 1.234 may be a thousand and more; all other decimals prove their point.
    (re.compile(r"-?(?:0|[1-9]\d{0,11})\.(?:\d{1,2}|\d{4,15})", re.ASCII), DECIMAL_POINT),
    (re.compile(r"-?[1-9]\d{0,6}|0", re.ASCII), INTEGER),
    # Zero-led numbers are identifiers, however long.
    (re.compile(r"0\d{1,30}", re.ASCII), CODE),
)

_END = "\x1e"
"""Stands behind each cell of a chunk that is matched whole; a cell that holds one itself needs care."""
_WHOLE = r"-?(?:0|[1-9]\d{0,11})"
_DECIMALS = re.compile(rf"(?:(?:{_WHOLE}(?:\.\d{{1,15}})?)?{_END})*", re.ASCII)
_INTEGERS = re.compile(rf"(?:(?:{_WHOLE})?{_END})*", re.ASCII)
_AMOUNTS = re.compile(rf"(?:(?:{_WHOLE}(?:\.\d{{1,2}})?)?{_END})*", re.ASCII)

Numbers = list[str | int | float | None]


def surely(values: Iterable[str]) -> tuple[list[tuple[Look, list[str]]], list[str]]:
    """Sort different values by the look they surely have.

    Args:
        values: texts, each once.

    Returns:
        Looks with their values, none of them empty; and the values nothing is sure of.
    """
    rest = list(values)
    found = []
    for pattern, verdict in _SURE:
        matched = list(filter(pattern.fullmatch, rest))
        if matched:
            found.append((verdict, matched))
            known = set(matched)
            rest = [value for value in rest if value not in known]
    return found, rest


def amounts(cells: Sequence[str]) -> Numbers | None:
    """Amounts with at most two decimals after a point as hundredths, blanks as None; None where one is another."""
    if not _all(_AMOUNTS, cells):
        return None
    return [_hundredths(cell) if cell else None for cell in cells]


def _all(pattern: re.Pattern[str], cells: Sequence[str]) -> bool:
    joined = _END.join(cells) + _END
    return joined.count(_END) == len(cells) and pattern.fullmatch(joined) is not None


def _hundredths(cell: str) -> int:
    whole, _, part = cell.partition(".")
    return int(whole + (part + "00")[:2])


def decimals(field: FieldSpec, cells: Sequence[str]) -> Numbers | None:
    """Numbers with a decimal point within the field's bounds, blanks as None; None where one is another."""
    if not _all(_DECIMALS, cells):
        return None
    return _within(field, [float(cell) if cell else None for cell in cells])


def integers(field: FieldSpec, cells: Sequence[str]) -> Numbers | None:
    """Plain whole numbers within the field's bounds, blanks as None; None where one is another."""
    if not _all(_INTEGERS, cells):
        return None
    return _within(field, [int(cell) if cell else None for cell in cells])


def _within(field: FieldSpec, numbers: Numbers) -> Numbers | None:
    """The numbers, or None where one lies out of bounds and must be told cell by cell."""
    present = [number for number in numbers if isinstance(number, (int, float))]
    low, high = field.minimum, field.maximum
    if present and low is not None and min(present) < low:
        return None
    return None if present and high is not None and max(present) > high else numbers
