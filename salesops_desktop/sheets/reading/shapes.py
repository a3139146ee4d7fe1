"""What one cell looks like: a number, a date, a word, and what it tells about its column's decimal mark and date order.

A :class:`Look` is small and there are few different ones, so a column is judged from a count of looks.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from salesops_desktop.model.money import is_currency

Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None
"""One cell as an engine read it; empty cells are None or the empty string."""


class Shape(StrEnum):
    """What a cell looks like."""

    BLANK = "blank"
    NULL = "null"
    """A word for "nothing", such as N/A; stays text in a text column."""
    PENDING = "pending"
    """A word for "not known yet", such as TBD; stays text in a text column, and is told elsewhere."""
    INTEGER = "integer"
    NUMBER = "number"
    CODE = "code"
    """Digits that are a name: leading zeros, or more than a number can hold exactly."""
    COMPACT_DATE = "compact date"
    """Eight digits that read as a date; an integer where the column says so."""
    DATE = "date"
    DATETIME = "datetime"
    BAD_DATE = "bad date"
    """Written as a date, but there is no such day."""
    TIME = "time"
    DURATION = "duration"
    BOOLEAN = "boolean"
    ERROR = "error"
    """A spreadsheet error such as #DIV/0!"""
    TEXT = "text"


class Look(NamedTuple):
    """What a cell looks like and what it proves about its column."""

    shape: Shape
    mark: str = ""
    """Proven decimal mark (``.`` or ``,``); ``?,`` or ``?.`` where that one mark may as well group thousands."""
    group: str = ""
    """Proven mark between thousands."""
    order: str = ""
    """Proven date order (dmy, mdy, ymd), ``?`` where day and month may be swapped, ``=`` where it makes no
    difference, ``name`` where the month is a word, ``dots`` where only the custom of writing 1.2.2025 tells."""
    currency: str = ""
    percent: bool = False
    spelled: str = ""
    """What stands between day and month of a date whose order may differ from column to column; :data:`CUT` of a long
    number that was cut short."""


BLANK = Look(Shape.BLANK)
NULL = Look(Shape.NULL)
PENDING = Look(Shape.PENDING)
TEXT = Look(Shape.TEXT)
ERROR = Look(Shape.ERROR)
INTEGER = Look(Shape.INTEGER)
CODE = Look(Shape.CODE)
NUMBER = Look(Shape.NUMBER)
DECIMAL_POINT = Look(Shape.NUMBER, mark=".")
ISO_DATE = Look(Shape.DATE, order="ymd")
ISO_DATETIME = Look(Shape.DATETIME, order="ymd")

CUT = "E+"
"""Marks the look of a long number of which the first digits are left."""
UNCACHED = "#UNCACHED!"
"""Stands for a formula without a stored result."""

NULL_WORDS = frozenset("null n/a na #n/a nan none nil - -- --- – — (blank) (null) (none) n.a. n.a \\n #null!".split())
"""Say that there is nothing: silent wherever a value is expected."""
PENDING_WORDS = frozenset(
    "? ?? ??? tbd tba tbc t.b.d. t.b.a. t.b.c. unknown pending call open missing unbekannt offen inconnu "
    "desconocido sconosciuto".split()
)
"""Say that there is something nobody knows yet: a value was meant, so it is told."""
TRUE_WORDS = frozenset("true yes y wahr ja oui vrai si sí verdadero sim verdadeiro sì vero x ✓ on".split())
FALSE_WORDS = frozenset("false no n falsch nein non faux falso não nao off".split())
ERROR_WORDS = frozenset(
    "#DIV/0! #N/A #NAME? #NULL! #NUM! #REF! #VALUE! #GETTING_DATA #SPILL! #CALC! #BUSY! #BLOCKED! #CONNECT! #FIELD! "
    "#UNKNOWN! #PYTHON! #UNCACHED! Err:502 Err:504 Err:508 Err:509 Err:519 Err:522".split()
)

_SYMBOLS = {
    "$": "$",
    "€": "EUR",
    "£": "GBP",
    "¥": "¥",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "₪": "ILS",
    "₺": "TRY",
    "₫": "VND",
    "₴": "UAH",
    "₦": "NGN",
    "฿": "THB",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "Fr.": "CHF",
    "R$": "BRL",
    "US$": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "MX$": "MXN",
    "kr": "kr",
}
"""Symbols and what they prove; ``$``, ``¥`` and ``kr`` stand for several currencies."""
_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(_SYMBOLS, key=len, reverse=True))

_MONEY_LIKE = re.compile(
    rf"""(?P<open>\()?\s*(?P<sign>[+-])?\s*
    (?P<before>{_SYMBOL}|[A-Z]{{3}})?\s*(?P<sign2>[+-])?\s*
    (?P<core>\d[\d .,']*|[.,]\d+)(?P<exp>[eE][+-]?\d{{1,3}})?
    \s*(?P<suffix>k|K|m|M|mio|Mio\.?|bn|Bn|B)?\s*(?P<percent>%)?\s*(?P<after>{_SYMBOL}|[A-Z]{{3}})?\s*
    (?P<trail>[+-])?\s*(?P<close>\))?""",
    re.VERBOSE,
)
_SUFFIXES = {"k": 3, "m": 6, "mio": 6, "bn": 9, "b": 9}

_TIME_PART = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
_ZONE_PART = r"\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?"
_CLOCK = rf"(?:(?:T|,?\s+){_TIME_PART}{_ZONE_PART})?"
_YMD = re.compile(rf"(?P<y>\d{{4}})(?P<sep>[-/.])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}}){_CLOCK}")
_XXY = re.compile(rf"(?P<a>\d{{1,2}})(?P<sep>[-/.])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){_CLOCK}")
_DMON = re.compile(
    rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?[-\s/.]*(?P<mon>[^\W\d_]{{3,10}})\.?[-,\s/.]*(?P<y>\d{{4}}|\d{{2}}){_CLOCK}"
)
_MOND = re.compile(
    rf"(?P<mon>[^\W\d_]{{3,10}})\.?[-\s]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[,\s-]+(?P<y>\d{{4}}|\d{{2}}){_CLOCK}"
)
_CJK_DATE = re.compile("(\\d{4})\\s*\u5e74\\s*(\\d{1,2})\\s*\u6708\\s*(\\d{1,2})\\s*\u65e5")
_WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+(?=\w)", re.IGNORECASE)
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)")
_TIME = re.compile(rf"{_TIME_PART}{_ZONE_PART}")

_MONTH_NAMES = (
    "jan january januar janvier enero gennaio janeiro janv ene gen jänner",
    "feb february februar février fevrier febrero febbraio fevereiro fév fev févr",
    "mar march märz maerz mars marzo março mrz mär",
    "apr april avril abril aprile avr abr",
    "may mai mayo maggio maio mag",
    "jun june juni juin junio giugno junho giu",
    "jul july juli juillet julio luglio julho juil lug",
    "aug august août aout agosto ago aoû",
    "sep september septembre septiembre settembre setembro sept set",
    "oct october oktober octobre octubre ottobre outubro okt ott out",
    "nov november novembre noviembre novembro",
    "dec december dezember décembre decembre diciembre dicembre dezembro dez déc dic",
)
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}


class Parts(NamedTuple):
    """A date as written: ``first`` and ``second`` are month and day unless ``order`` is open."""

    year: int
    first: int
    second: int
    order: str
    clock: dt.time | None
    zone: str
    mark: str = ""
    """What stands between the parts where they are all digits."""


def fold(text: str) -> str:
    """``text`` with the many kinds of space, minus and digit made plain ASCII, and trimmed."""
    text = text.strip()
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).translate(_FOLDED)
    return text.strip()


_FOLDED = str.maketrans(
    {
        "\u2212": "-",
        "\u2013": "-",
        "\u2019": "'",
        "\u02bc": "'",
        "\u00b4": "'",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u066b": ".",
        "\u066c": "'",
        **{chr(zero + digit): str(digit) for zero in (0x0660, 0x06F0, 0x0966) for digit in range(10)},
    }
)


def century(year: int) -> int:
    """A two-digit year as a person means it: 69 to 99 are the 1900s, as in Excel's neighbours and POSIX."""
    if year >= 100:
        return year
    return 1900 + year if year >= 69 else 2000 + year


def _clock(match: re.Match[str]) -> dt.time | str | None:
    hour = match["hour"]
    if hour is None:
        return None
    number = int(hour)
    if match["half"]:
        if not 1 <= number <= 12:
            return "bad"
        number = number % 12 + (12 if match["half"][0] in "pP" else 0)
    try:
        return dt.time(number, int(match["minute"]), int(match["second"] or 0))
    except ValueError:
        return "bad"


def date_parts(text: str) -> Parts | str | None:
    """Take a written date apart.

    Args:
        text: folded text.

    Returns:
        The parts, None where it is not written as a date at all, or ``"bad"`` where it is but no such day exists.
    """
    if text[-1:] == "\u65e5" or text[:1].isalpha():
        text = _WEEKDAY.sub("", _CJK_DATE.sub(r"\1-\2-\3", text))
    if match := _YMD.fullmatch(text):
        return _checked(match, int(match["m"]), int(match["d"]), "ymd")
    if match := _XXY.fullmatch(text):
        a, b = int(match["a"]), int(match["b"])
        if a > 12 and b > 12:
            return "bad"
        order = "dmy" if a > 12 else "mdy" if b > 12 else "=" if a == b else "dots" if match["sep"] == "." else "?"
        return _checked(match, a, b, order)
    if not text[:40].upper().isupper():
        return None
    for pattern in (_DMON, _MOND):
        if match := pattern.fullmatch(text):
            month = MONTHS.get(match["mon"].lower())
            return None if month is None else _checked(match, month, int(match["d"]), "name")
    return None


def _checked(match: re.Match[str], first: int, second: int, order: str) -> Parts | str:
    clock = _clock(match)
    if isinstance(clock, str):
        return "bad"
    year = century(int(match["y"]))
    month, day = (second, first) if order == "dmy" else (first, second)
    try:
        dt.date(year, month, day)
        if order in ("?", "dots"):
            dt.date(year, day, month)
    except ValueError:
        return "bad"
    return Parts(year, first, second, order, clock, match["zone"] or "", "" if order == "name" else match["sep"])


class Amount(NamedTuple):
    """A written number taken apart."""

    core: str
    """Digits and marks."""
    negative: bool
    power: int
    exponent: str
    currency: str
    percent: bool


def amount_parts(text: str) -> Amount | None:
    """Take a written number apart: sign, brackets, currency, percent, k and M.

    Args:
        text: folded text.
    """
    match = _MONEY_LIKE.fullmatch(text)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    signs = [s for s in (match["sign"], match["sign2"], match["trail"]) if s]
    if len(signs) > 1 or (match["before"] and match["after"]):
        return None
    code = match["before"] or match["after"] or ""
    if code and code not in _SYMBOLS and not is_currency(code):
        return None
    core = match["core"].strip()
    if core[-1:] in (".", ",", "'") and not core[:-1].isdigit():
        return None
    return Amount(
        core,
        "-" in signs or bool(match["open"]),
        _SUFFIXES[match["suffix"].lower().rstrip(".")] if match["suffix"] else 0,
        match["exp"] or "",
        _SYMBOLS.get(code, code),
        bool(match["percent"]),
    )


_GROUPED = {mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{2,3}})*{re.escape(mark)}\d{{3}}") for mark in " ',."}


def marks(core: str) -> tuple[str, str] | None:  # noqa: PLR0911  # one return per way of grouping reads best
    """The decimal mark and the thousands mark that ``core`` proves.

    Returns:
        (decimal, group), each empty where there is none; decimal is ``?,`` or ``?.`` where one mark could be either;
        None where this is no number.
    """
    if core.isdigit():
        return "", ""
    group = " " if " " in core else "'" if "'" in core else ""
    points, commas = core.count("."), core.count(",")
    if group:
        if points + commas > 1 or (" " in core and "'" in core):
            return None
        decimal = "." if points else "," if commas else ""
        whole = core.partition(decimal)[0] if decimal else core
        return (decimal, group) if _GROUPED[group].fullmatch(whole) else None
    if points and commas:
        decimal = "." if core.rfind(".") > core.rfind(",") else ","
        group = "," if decimal == "." else "."
        whole, _, rest = core.rpartition(decimal)
        return (decimal, group) if rest.isdigit() and _GROUPED[group].fullmatch(whole) else None
    mark = "." if points else ","
    if points + commas > 1:
        return ("", mark) if _GROUPED[mark].fullmatch(core) else None
    whole, _, rest = core.partition(mark)
    if len(rest) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0":
        return f"?{mark}", ""
    return mark, ""


def _number_look(text: str) -> Look | None:
    parts = amount_parts(text)
    if parts is None:
        return None
    found = marks(parts.core)
    if found is None:
        return None
    decimal, group = found
    plain = not (decimal or group or parts.power or parts.exponent or parts.currency or parts.percent)
    if plain and parts.core == text:
        if (len(text) > 1 and text[0] == "0") or len(text) > 15:
            return Look(Shape.CODE)
        compact = _COMPACT.fullmatch(text)
        if compact and valid_day(int(compact["y"]), int(compact["m"]), int(compact["d"])):
            return Look(Shape.COMPACT_DATE, order="ymd")
    whole = not decimal and not parts.exponent and not parts.percent
    shape = Shape.INTEGER if whole else Shape.NUMBER
    return Look(shape, decimal, group, "", parts.currency, parts.percent, CUT if cut_short(text) else "")


def cut_short(text: str) -> bool:
    """Whether ``text`` is a long number of which a spreadsheet program kept the first digits only: 1.23457E+17."""
    match = _CUT_SHORT.fullmatch(text)
    return bool(match) and len(match["rest"] or "") < int(match["power"]) >= 11  # type: ignore[index]


_CUT_SHORT = re.compile(r"\d(?:[.,](?P<rest>\d{1,14}))?[eE]\+?(?P<power>\d\d)")


def valid_day(year: int, month: int, day: int) -> bool:
    """Whether there is such a day."""
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _text_look(raw: str) -> Look:  # noqa: PLR0911  # one return per shape reads best
    text = fold(raw)
    if not text:
        return BLANK
    if len(text) > 60:
        return TEXT
    if text in ERROR_WORDS:
        return NULL if text == "#N/A" else ERROR
    lower = text.lower()
    if lower in NULL_WORDS:
        return NULL
    if lower in PENDING_WORDS:
        return PENDING
    if lower in TRUE_WORDS or lower in FALSE_WORDS:
        return Look(Shape.BOOLEAN)
    if not any(map(str.isdigit, text)):
        return TEXT
    number = _number_look(text)
    if number is not None:
        return number
    parts = date_parts(text)
    if isinstance(parts, str):
        return Look(Shape.BAD_DATE)
    if parts is not None:
        mark = "" if parts.order in ("ymd", "name") else parts.mark
        return Look(Shape.DATE if parts.clock is None else Shape.DATETIME, order=parts.order, spelled=mark)
    if _TIME.fullmatch(text):
        return Look(Shape.TIME)
    return TEXT


def look(value: Cell) -> Look:  # noqa: PLR0911  # one return per type reads best
    """What ``value`` looks like."""
    if isinstance(value, str):
        return _text_look(value)
    if value is None:
        return BLANK
    if isinstance(value, bool):
        return Look(Shape.BOOLEAN)
    if isinstance(value, float):
        return INTEGER if value.is_integer() else NUMBER
    if isinstance(value, int):
        return INTEGER
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return Look(Shape.DATE if midnight else Shape.DATETIME, order="ymd")
    if isinstance(value, dt.date):
        return ISO_DATE
    if isinstance(value, dt.time):
        return Look(Shape.TIME)
    return Look(Shape.DURATION)


def shown(value: Cell) -> str:  # noqa: PLR0911  # one return per type reads best
    """``value`` as a person would write it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d") if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(value)
