"""Column filters and the search box: what a person types, turned into a mask of rows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.tables import Column, ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import NUMERIC, Formats
from salesops_desktop.ui.widgets.grid_order import Mask, TextIndex, fold, major_units, missing_mask

_OPERATOR: Final = re.compile(r"^\s*(<=|>=|<>|!=|<|>|=)\s*(.*)$", re.DOTALL)
_RANGE: Final = re.compile(r"^\s*(.*?)\s*(?:\.\.|…)\s*(.*?)\s*$", re.DOTALL)
_PARTIAL_DATE: Final = re.compile(r"^(\d{4})(?:-(\d{1,2}))?$")
BLANK_WORDS: Final = frozenset({"(blank)", "blank", "=", "(empty)"})
FILLED_WORDS: Final = frozenset({"(filled)", "filled", "<>", "!="})

IndexOf = Callable[[Column], TextIndex]


def filter_mask(column: Column, text: str, formats: Formats, index_of: IndexOf) -> Mask:
    """The rows of ``column`` that ``text`` lets through.

    Text columns: ``abc`` contains, ``=abc`` equals, ``<>abc`` does not contain, ``abc*`` begins with.
    Numbers, money, percentages and dates: ``5`` equals, ``>5``, ``<=5``, ``<>5``, ``5..9``; a date may be a year or a
    month. Any column: ``(blank)``, ``(filled)``.

    Raises:
        InputRefusedError: the text is no filter for this kind of column.
    """
    word = text.strip().casefold()
    if word in BLANK_WORDS or word in FILLED_WORDS:
        absent = missing_mask(column)
        absent = np.zeros(len(column), dtype=np.bool_) if absent is None else absent
        return absent if word in BLANK_WORDS else ~absent
    if column.kind is ValueKind.TEXT:
        return _text_mask(text, index_of(column))
    if column.kind is ValueKind.BOOLEAN:
        wanted = bool(formats.parse(text.lstrip("= "), column))
        return _present(column, column.values.astype(np.bool_) == wanted)
    low, high, negate = _bounds(column, text, formats)
    values = _comparable(column)
    inside = np.ones(len(values), dtype=np.bool_)
    if low is not None:
        inside &= values >= low
    if high is not None:
        inside &= values <= high
    return _present(column, ~inside if negate else inside)


def search_mask(columns: tuple[Column, ...], text: str, formats: Formats, index_of: IndexOf) -> Mask:
    """The rows in which any column holds ``text``: texts contain it, numbers and dates equal it."""
    found = np.zeros(len(columns[0]) if columns else 0, dtype=np.bool_)
    for column in columns:
        if column.kind is ValueKind.TEXT:
            found |= contains(index_of(column), text)
        elif column.kind is not ValueKind.BOOLEAN:
            try:
                found |= filter_mask(column, f"={text}", formats, index_of)
            except InputRefusedError:
                continue
    return found


def contains(index: TextIndex, text: str) -> Mask:
    """True where the folded text of a row contains the folded ``text``."""
    mask = np.zeros(len(index.starts), dtype=np.bool_)
    needle = fold(text.strip()).encode("utf-8", "surrogatepass").replace(b"\0", b" ")
    if not needle:
        return ~mask
    hits = np.fromiter((m.start() for m in re.finditer(re.escape(needle), index.data)), dtype=np.int64)
    mask[np.searchsorted(index.ends, hits, side="left")] = True
    return mask


def _text_mask(text: str, index: TextIndex) -> Mask:
    match = _OPERATOR.match(text)
    operator, body = (match.group(1), match.group(2)) if match else ("", text)
    if operator in ("<>", "!="):
        return ~contains(index, body)
    if operator == "=":
        return _anchored(index, body, whole=True)
    if operator:
        message = tr("“{operator}” does not fit a text column.", operator=operator)
        raise InputRefusedError(message, way_out=tr("Type a part of the text, =text, <>text or text*."))
    if body.endswith("*") and len(body) > 1:
        return _anchored(index, body[:-1], whole=False)
    return contains(index, body)


def _anchored(index: TextIndex, text: str, *, whole: bool) -> Mask:
    needle = fold(text.strip()).encode("utf-8", "surrogatepass")
    fits = (index.ends - index.starts) == len(needle) if whole else (index.ends - index.starts) >= len(needle)
    rows = np.flatnonzero(fits)
    data = np.frombuffer(index.data, dtype=np.uint8)
    for place, byte in enumerate(needle):
        rows = rows[data[index.starts[rows] + place] == byte]
    mask = np.zeros(len(index.starts), dtype=np.bool_)
    mask[rows] = True
    return mask


def _present(column: Column, mask: Mask) -> Mask:
    absent = missing_mask(column)
    return mask if absent is None else mask & ~absent


def _comparable(column: Column) -> npt.NDArray[np.float64]:
    match column.kind:
        case ValueKind.DATE | ValueKind.DATETIME:
            return column.values.astype("datetime64[D]").view(np.int64).astype(np.float64)
        case ValueKind.MONEY:
            return major_units(column)
        case ValueKind.RATE:
            return column.values.astype(np.float64) / 1e6
        case _:
            return column.values.astype(np.float64, copy=False)


def _bounds(  # noqa: PLR0911  # one return per operator reads best
    column: Column, text: str, formats: Formats
) -> tuple[float | None, float | None, bool]:
    """The inclusive range that a filter asks for, and whether everything outside of it is wanted instead."""
    match = _OPERATOR.match(text)
    if match:
        operator, body = match.groups()
        low, high = _span(column, body, formats)
        step = 1 if column.kind in (ValueKind.DATE, ValueKind.DATETIME) else 0
        match operator:
            case "<":
                return None, (low - step if step else float(np.nextafter(low, -np.inf))), False
            case "<=":
                return None, high, False
            case ">":
                return (high + step if step else float(np.nextafter(high, np.inf))), None, False
            case ">=":
                return low, None, False
            case _:
                return low, high, operator != "="
    between = _RANGE.match(text)
    if between:
        first, last = between.groups()
        start = _span(column, first, formats)[0] if first else None
        end = _span(column, last, formats)[1] if last else None
        return start, end, False
    return *_span(column, text, formats), False


def _span(column: Column, text: str, formats: Formats) -> tuple[float, float]:
    """The values that a typed number or date stands for: ``2026-03`` is a whole month, 12.5 is 12.45 to 12.55."""
    if column.kind in (ValueKind.DATE, ValueKind.DATETIME):
        return _date_span(text, formats)
    if column.kind not in NUMERIC:
        message = tr("This column cannot be filtered by “{text}”.", text=text)
        raise InputRefusedError(message)
    if column.kind in (ValueKind.RATE, ValueKind.FRACTION):
        value = float(formats.parse_share(text))
        return value - 5e-7, value + 5e-7
    value = float(formats.parse_number(text))
    dust = 0.0 if column.kind is ValueKind.INTEGER else abs(value) * 1e-12
    return value - dust, value + dust


def _date_span(text: str, formats: Formats) -> tuple[float, float]:
    partial = _PARTIAL_DATE.match(text.strip())
    if partial:
        year, month = int(partial.group(1)), int(partial.group(2) or 0)
        if month <= 12 and 1 <= year < 9999:
            first = dt.date(year, month or 1, 1)
            after = dt.date(year + (month in (0, 12)), 1 if month in (0, 12) else month + 1, 1)
            return float(_day(first)), float(_day(after) - 1)
    day = float(_day(formats.parse_date(text)))
    return day, day


def _day(day: dt.date) -> int:
    return day.toordinal() - dt.date(1970, 1, 1).toordinal()
