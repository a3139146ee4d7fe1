"""Cells into stored values, field by field, by what was decided about their column."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Self

from salesops_desktop.model.entities import FieldSpec
from salesops_desktop.model.money import MAX_MINOR, PPM, exponent, is_currency, to_minor
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.sheets.reading.columns import ORDER_LABELS, ColumnFacts, widened
from salesops_desktop.sheets.reading.limits import CACHE_CAP
from salesops_desktop.sheets.reading.numbers import exact_number
from salesops_desktop.sheets.reading.shapes import (
    ERROR_WORDS,
    FALSE_WORDS,
    NULL_WORDS,
    PENDING_WORDS,
    TRUE_WORDS,
    UNCACHED,
    Cell,
    Parts,
    cut_short,
    date_parts,
    fold,
    shown,
    valid_day,
)
from salesops_desktop.sheets.reading.sure import amounts, decimals, integers

Stored = str | int | float | None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a cell cannot be stored."""

    reason: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a column's dates, and the marks between day and month for which it is known to hold."""

    name: str
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Priced:
    """An amount whose cell named its currency."""

    minor: int
    currency: str


Converted = Stored | Fault | Priced
_PENDING = Fault("says that the value is not known yet", "Enter the value, or leave the cell empty.")
_CUT_SHORT = Fault(
    "is a long number of which a spreadsheet program kept the first digits only",
    "Export it again with the column as text.",
)
_TEXT_NULLS = frozenset(("NULL", "\\N", "#N/A", "(blank)", "(null)", "#NULL!"))
_REFERENCE_NULLS = frozenset(("-", "--", "n/a", "null", "none", "nan", "nil", "#n/a", "\\n", "(blank)", "(none)"))
_DOLLARS = frozenset("USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP".split())
_KRONER = frozenset("SEK NOK DKK ISK".split())
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_PLAIN = re.compile(r"-?\d{1,12}(?:\.\d{1,2})?", re.ASCII)
_EPOCH = dt.date(1899, 12, 30)


Bulk = Callable[[Sequence[str]], list[Stored] | None]
"""Converts a whole chunk of regular cells; None where one of them needs care."""


class Converter(dict[Cell, "Converted"]):
    """Remembers what each different value became, so that a column of few values converts at the speed of a look-up."""

    def __init__(
        self,
        convert: Callable[[Cell], Converted],
        bulk: Bulk | None = None,
    ) -> None:
        super().__init__()
        self.convert = convert
        self.bulk = bulk
        self.faulty = False
        self.priced = False
        self.many = False
        """Whether the column has so many different values that remembering them does not pay."""

    def quick(self, cells: Sequence[Cell]) -> list[Stored] | None:
        """A whole chunk of text at once where the column has many different, regular values; else None."""
        if self.bulk is None:
            return None
        if not self.many:
            self.many = len(cells) > 4_000 and len(set(cells)) * 4 > len(cells)
            if not self.many:
                return None
        return self.bulk(cells)  # type: ignore[arg-type]  # a text file's cells are text

    def __missing__(self, value: Cell) -> Converted:
        result = self.convert(value)
        if isinstance(result, Fault):
            self.faulty = True
        elif isinstance(result, Priced):
            self.priced = True
        if len(self) >= CACHE_CAP:
            self.clear()
        self[value] = result
        return result


def converter(  # noqa: PLR0911  # one return per kind reads best
    field: FieldSpec, facts: ColumnFacts, *, header: str, order: str, currency: str, chosen: bool = False
) -> Converter:
    """The converter for a column of ``field``.

    Args:
        field: the field the column is mapped to.
        facts: what was decided about the column.
        header: the column's header; may say that rates are percents.
        order: the date order to use: dmy, mdy, ymd or undecidable.
        currency: the currency of amounts whose cell names none.
        chosen: whether a person named the order.
    """
    when = Order(order, frozenset(widened(facts.date_marks) if chosen else facts.date_marks))
    mark = facts.decimal_mark or "."
    match field.kind:
        case ValueKind.MONEY:
            return Converter(lambda value: money(value, mark, currency), _bulk_money(mark, currency))
        case ValueKind.RATE:
            percents = holds_percents(facts, header, field)
            return Converter(lambda value: _bounded(rate(value, mark, percents=percents), field, PPM))
        case ValueKind.DATE:
            return Converter(lambda value: date(value, when))
        case ValueKind.DATETIME:
            return Converter(lambda value: moment(value, when))
        case ValueKind.BOOLEAN:
            return Converter(boolean)
        case ValueKind.INTEGER:
            whole = partial(integers, field) if mark == "." else None
            return Converter(lambda value: _bounded(integer(value, mark), field, 1), whole)
        case ValueKind.NUMBER | ValueKind.FRACTION:
            plain = partial(decimals, field) if mark == "." else None
            return Converter(lambda value: _bounded(number(value, mark), field, 1), plain)
        case _:
            if field.choices is not None:
                known = _choices(field)
                return Converter(lambda value: choice(value, known))
            if field.reference is not None:
                return Converter(reference)
            return Converter(currency_code) if field.name == "currency" else Converter(text, _bulk_text)


def _bulk_text(cells: Sequence[str]) -> list[Stored] | None:
    """Texts trimmed, as :func:`text` does; None where one may be an error or a word for nothing."""
    plain: list[Stored] = [cell.strip() or None for cell in cells]
    if not _TEXT_NULLS.isdisjoint(plain) or not ERROR_WORDS.isdisjoint(plain) or any("E+" in cell for cell in cells):
        return None
    return plain


def _bulk_money(mark: str, currency: str) -> Bulk | None:
    """Regular amounts as minor units, as :func:`money` does."""
    if mark != "." or exponent(currency) != 2:
        return None
    return amounts


def holds_percents(facts: ColumnFacts, header: str, field: FieldSpec) -> bool:
    """Whether plain numbers of a column of rates are percents (25 for a quarter) rather than fractions (0.25)."""
    if facts.percent or facts.low is None or facts.high is None:
        return False
    widest = max(abs(facts.low), abs(facts.high))
    if re.search(r"%|percent|\bpct\b|prozent", header, re.IGNORECASE):
        return widest > 1
    return widest > (field.maximum if field.maximum is not None else 1.0)


def _plain_text(value: Cell) -> str:
    return value.strip() if isinstance(value, str) else shown(value)


def text(value: Cell) -> Converted:
    """Any cell as text; the words NULL and #N/A are nothing, NA and N/A stay."""
    plain = _plain_text(value)
    if not plain or plain in _TEXT_NULLS:
        return None
    return (_CUT_SHORT if "E+" in plain and cut_short(plain) else _error(plain)) or plain


def _error(plain: str) -> Fault | None:
    if plain[0] in "#E" and plain in ERROR_WORDS:
        if plain == UNCACHED:
            return Fault("is a formula without a stored result", "Open the file in Excel, save it, import it again.")
        return Fault(f"holds the spreadsheet error {plain}", "Correct the formula, or enter the value.")
    return None


def reference(value: Cell) -> Converted:
    """The name or key of another record; dashes and words for nothing are nothing."""
    plain = _plain_text(value)
    if not plain or plain.lower() in _REFERENCE_NULLS:
        return None
    return (_CUT_SHORT if "E+" in plain and cut_short(plain) else _error(plain)) or " ".join(plain.split())


def currency_code(value: Cell) -> Converted:
    """An ISO currency code."""
    plain = _plain_text(value).upper()
    if not plain or plain.lower() in NULL_WORDS:
        return None
    plain = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "EURO": "EUR"}.get(plain, plain)
    if is_currency(plain):
        return plain
    return Fault("is no ISO 4217 currency code", "Write three letters such as USD or EUR.")


def _nothing(value: Cell) -> tuple[str, Fault | None] | None:
    """The trimmed text of a cell that should hold a value, with a fault where it is an error; None where empty."""
    plain = _plain_text(value)
    if not plain or (lower := plain.lower()) in NULL_WORDS:
        return None
    return plain, _PENDING if lower in PENDING_WORDS else _error(plain)


def _read(value: Cell, mark: str) -> tuple[Decimal, str, bool] | Fault | None:
    """A number, the currency written with it and whether it had a percent sign."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found = Decimal(repr(value))
        return (found, "", False) if found.is_finite() else Fault("is no finite number")
    plain = _nothing(value)
    if plain is None:
        return None
    if plain[1] is not None:
        return plain[1]
    read = exact_number(plain[0], mark)
    if isinstance(read, str):
        return Fault(read, "Write a plain number.")
    amount, parts = read
    if not amount.is_finite():
        return Fault("is no finite number")
    return amount, parts.currency if parts else "", bool(parts and parts.percent)


def money(value: Cell, mark: str, currency: str) -> Converted:
    """An amount as integer minor units; with its currency where the cell names one."""
    if isinstance(value, str) and mark == "." and _PLAIN.fullmatch(value) and exponent(currency) == 2:
        whole, _, cents = value.partition(".")
        minor = int(whole) * 100
        part = int(cents.ljust(2, "0")) if cents else 0
        return minor - part if whole[0] == "-" else minor + part
    read = _read(value, mark)
    if read is None or isinstance(read, Fault):
        return read
    amount, symbol, percent = read
    if percent:
        return Fault("is a percentage where an amount is expected", "Map the column to another field.")
    unit = currency_of(symbol, currency) if symbol else currency
    try:
        minor = to_minor(amount, unit)
    except OverflowError:
        return Fault("is too large for an amount", "Check the cell.")
    except (ValueError, InvalidOperation):
        return Fault(f"is finer than the smallest unit of {unit}", "Round it to whole cents.")
    return Priced(minor, unit) if symbol else minor


def currency_of(symbol: str, default: str) -> str:
    """The currency a symbol means: the default where the symbol may stand for it."""
    if symbol == "$":
        return default if default in _DOLLARS else "USD"
    if symbol == "¥":
        return default if default in ("JPY", "CNY") else "JPY"
    if symbol == "kr":
        return default if default in _KRONER else "SEK"
    return symbol


def rate(value: Cell, mark: str, *, percents: bool) -> Converted:
    """A rate as parts per million."""
    read = _read(value, mark)
    if read is None or isinstance(read, Fault):
        return read
    amount, symbol, percent = read
    if symbol:
        return Fault("is an amount of money where a rate is expected", "Map the column to another field.")
    scaled = amount * PPM / (100 if percents and not percent else 1)
    if abs(scaled) > MAX_MINOR:
        return Fault("is too large for a rate", "Check the cell.")
    return int(scaled.to_integral_value())


def number(value: Cell, mark: str) -> Converted:
    """A float."""
    if isinstance(value, float) and value - value == 0:
        return value
    read = _read(value, mark)
    if read is None or isinstance(read, Fault):
        return read
    result = float(read[0])
    return result if result - result == 0 else Fault("is larger than a number can be", "Check the cell.")


def integer(value: Cell, mark: str) -> Converted:
    """A whole number."""
    read = _read(value, mark)
    if read is None or isinstance(read, Fault):
        return read
    whole = read[0].to_integral_value()
    if abs(read[0] - whole) > Decimal("1e-6"):
        return Fault("is no whole number", "Round it.")
    return int(whole) if abs(whole) <= MAX_MINOR else Fault("is too large", "Check the cell.")


def _bounded(value: Converted, field: FieldSpec, scale: int) -> Converted:
    if not isinstance(value, (int, float)):
        return value
    if field.minimum is not None and value < field.minimum * scale:
        return Fault(f"is below {field.minimum:g}, the least that {field.label} can be", "Correct the cell.")
    if field.maximum is not None and value > field.maximum * scale:
        return Fault(f"is above {field.maximum:g}, the most that {field.label} can be", "Correct the cell.")
    return value


def boolean(value: Cell) -> Converted:
    """Yes or no as 1 or 0."""
    plain = _plain_text(value).lower()
    if not plain:
        return None
    if plain in TRUE_WORDS or plain == "1":
        return 1
    if plain in FALSE_WORDS or plain == "0":
        return 0
    if plain in NULL_WORDS:
        return None
    return Fault("is neither yes nor no", "Write yes or no.")


def _choices(field: FieldSpec) -> dict[str, str]:
    assert field.choices is not None
    known = {spelling.casefold(): stored for spelling, stored in field.choice_synonyms}
    for member in field.choices:
        known[member.value.casefold()] = member.value
        known[member.name.replace("_", " ").casefold()] = member.value
    return known


def choice(value: Cell, known: dict[str, str]) -> Converted:
    """One of a closed list, by its stored value or a synonym."""
    plain = " ".join(_plain_text(value).replace("_", " ").split())
    if not plain:
        return None
    stored = known.get(plain.casefold()) or known.get(plain.rstrip("s").casefold())
    if stored is not None:
        return stored
    if plain.lower() in NULL_WORDS:
        return None
    listed = ", ".join(dict.fromkeys(known.values()))
    return Fault("is none of the known words", f"Use one of: {listed}.")


def _when(value: Cell, order: Order) -> dt.datetime | dt.date | Fault | None:  # noqa: PLR0911  # one return per way of writing
    """A date or moment; naive moments are taken as UTC, others are converted."""
    if isinstance(value, (dt.datetime, dt.date)):
        return value
    if isinstance(value, (dt.time, dt.timedelta)):
        return Fault("is a time of day without a date", "Add the date.")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _serial(float(value), str(value))
    plain = _nothing(value)
    if plain is None:
        return None
    if plain[1] is not None:
        return plain[1]
    written = fold(plain[0])
    parts = date_parts(written)
    if parts is None:
        if match := _COMPACT.fullmatch(written):
            year, month, day = (int(p) for p in match.groups())
            if valid_day(year, month, day):
                return dt.date(year, month, day)
        try:
            return _serial(float(written), plain[0])
        except ValueError:
            return Fault("is no date", "Write it as 2025-12-31.")
    if isinstance(parts, str):
        return Fault("is written as a date, but there is no such day", "Correct the day.")
    return _dated(parts, order)


def _serial(days: float, written: str) -> dt.datetime | dt.date | Fault:
    """A spreadsheet's day number; only numbers that are days of 1954 to 2119 count."""
    if 20_000 <= days < 80_000:
        whole = int(days)
        seconds = round((days - whole) * 86_400)
        day = _EPOCH + dt.timedelta(days=whole)
        if not seconds:
            return day
        return dt.datetime.combine(day, dt.time(), dt.UTC).replace(tzinfo=None) + dt.timedelta(seconds=seconds)
    if _COMPACT.fullmatch(written.removesuffix(".0")):
        text_days = written.removesuffix(".0")
        year, month, day_number = int(text_days[:4]), int(text_days[4:6]), int(text_days[6:])
        if 1900 <= year <= 2199 and valid_day(year, month, day_number):
            return dt.date(year, month, day_number)
    return Fault("is a number, no date", "Write it as 2025-12-31.")


def _dated(parts: Parts, when: Order) -> dt.datetime | dt.date | Fault:
    month, day = parts.first, parts.second
    if parts.order in ("dmy", "mdy", "?", "dots"):
        order = when.name
        if order == "undecidable":
            return Fault("may be day/month or month/day", "Say which order the column has.")
        if parts.order in ("?", "dots") and (order == "ymd" or parts.mark not in when.marks):
            return Fault(
                "is spelled in another way than the column's dates, and may be day/month or month/day",
                "Write it as 2025-12-31.",
            )
        order = parts.order if order == "ymd" else order
        month, day = (parts.second, parts.first) if order == "dmy" else (parts.first, parts.second)
        if not valid_day(parts.year, month, day):
            return Fault(f"does not fit the column's order {ORDER_LABELS[order]}", "Correct the cell.")
    date_part = dt.date(parts.year, month, day)
    if parts.clock is None:
        return date_part
    result = dt.datetime.combine(date_part, parts.clock)
    if parts.zone[:1] in ("+", "-"):
        hours, minutes = int(parts.zone[1:3]), int(parts.zone[-2:])
        shift = dt.timedelta(hours=hours, minutes=minutes)
        return _Zoned(result, shift if parts.zone[0] == "+" else -shift)
    return result


class _Zoned(dt.datetime):
    """A moment as written, which remembers how far its zone is from UTC."""

    offset: dt.timedelta

    def __new__(cls, local: dt.datetime, offset: dt.timedelta) -> Self:
        self = super().__new__(cls, local.year, local.month, local.day, local.hour, local.minute, local.second)
        self.offset = offset
        return self


def date(value: Cell, order: Order) -> Converted:
    """A date as ISO text; of a moment the day as written."""
    if isinstance(value, str) and _ISO.fullmatch(value) and valid_day(int(value[:4]), int(value[5:7]), int(value[8:])):
        return value
    found = _when(value, order)
    if found is None or isinstance(found, Fault):
        return found
    return found.strftime("%Y-%m-%d") if found.year >= 1000 else Fault("is no date of our time", "Correct the year.")


def moment(value: Cell, order: Order) -> Converted:
    """A moment as ISO text in UTC."""
    found = _when(value, order)
    if found is None or isinstance(found, Fault):
        return found
    if not isinstance(found, dt.datetime):
        return f"{found:%Y-%m-%d} 00:00:00"
    plain = dt.datetime(found.year, found.month, found.day, found.hour, found.minute, found.second)  # noqa: DTZ001  # UTC by contract
    if isinstance(found, _Zoned):
        try:
            plain -= found.offset
        except OverflowError:
            return Fault("is no date of our time", "Correct the year.")
    return f"{plain:%Y-%m-%d %H:%M:%S}"
