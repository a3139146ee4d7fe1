"""Numbers, money, percentages and dates as people write them: showing them and reading them back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QDate, QLocale

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM, divide_half_up, exponent, to_minor
from salesops_desktop.model.tables import Cell, Column, ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.grid_order import missing_mask

NUMERIC: Final = frozenset({ValueKind.INTEGER, ValueKind.NUMBER, ValueKind.MONEY, ValueKind.RATE, ValueKind.FRACTION})
_SYMBOLS: Final = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "CAD": "CA$",
    "AUD": "A$",
    "NZD": "NZ$",
    "CNY": "CN¥",
    "BRL": "R$",
}
_NOISE: Final = re.compile(r"[\s\u00a0\u202f'’]|[A-Z]{0,3}[$€£¥₹]|[A-Z]{3}")


class Formats:
    """Formats of one locale.

    Args:
        locale: the person's; the system's when left out.
    """

    def __init__(self, locale: QLocale | None = None) -> None:
        self.locale = locale or QLocale()
        self.point = self.locale.decimalPoint()
        self.minus = self.locale.negativeSign()
        self.date_pattern = four_digit_years(self.locale.dateFormat(QLocale.FormatType.ShortFormat))
        self._days: dict[int, str] = {}
        self._swap = str.maketrans({",": self.locale.groupSeparator(), ".": self.point, "-": self.minus})
        self._plain_digits = self._writes_like_python()
        sample = self.locale.toCurrencyString(1, "¤", 0)
        before, _, after = sample.partition(self.locale.toString(1))
        self._money_before, self._money_after = (before, after) if "¤" in sample else ("", "\u00a0¤")

    def _writes_like_python(self) -> bool:
        """Whether the locale groups by thousands in Western digits: Python then formats ten times faster than Qt."""
        samples = (0.5, -12.5, 1234.5, 1234567.5, 123456789.5)
        return all(f"{v:,.1f}".translate(self._swap) == self.locale.toString(v, "f", 1) for v in samples)

    def integer(self, value: int) -> str:
        """A whole number with group separators."""
        return f"{value:,d}".translate(self._swap) if self._plain_digits else self.locale.toString(value)

    def number(self, value: float, digits: int | None = None) -> str:
        """A number; without ``digits``, up to four of them and no trailing zeros."""
        if digits is not None:
            if self._plain_digits:
                return f"{value:,.{digits}f}".translate(self._swap)
            return self.locale.toString(float(value), "f", digits)
        shown = self.locale.toString(float(value), "f", 4)
        return shown.rstrip("0").rstrip(self.point) if self.point in shown else shown

    def scaled(self, value: int, digits: int) -> str:
        """The exact integer ``value`` shown with its last ``digits`` digits after the decimal mark."""
        whole, fraction = divmod(abs(value), 10**digits)
        tail = f"{self.point}{fraction:0{digits}d}" if digits else ""
        return f"{self.minus if value < 0 else ''}{self.integer(whole)}{tail}"

    def money(self, minor: int, currency: str | None, *, whole: bool = False) -> str:
        """Minor units of a currency, exact; without the minor units where ``whole`` says that there are none."""
        if not currency:
            return self.scaled(minor, 2)
        places = exponent(currency)
        body = self.scaled(abs(minor) // 10**places, 0) if whole else self.scaled(abs(minor), places)
        symbol = _SYMBOLS.get(currency, f"{currency}\u00a0" if self._money_before else currency)
        shown = f"{self._money_before}{body}{self._money_after}".replace("¤", symbol)
        return f"{self.minus}{shown}" if minor < 0 else shown

    def short_money(self, minor: float, currency: str | None) -> str:
        """Money in few letters, for cards: $26.31M, $812.4k, $950."""
        major = abs(minor) / 10 ** (exponent(currency) if currency else 2)
        for limit, scale, suffix, digits in ((1e9, 1e9, tr("bn"), 2), (1e6, 1e6, tr("M"), 2), (1e4, 1e3, tr("k"), 1)):
            if major >= limit:
                body = f"{self.number(major / scale, digits)}{suffix}"
                break
        else:
            body = self.number(major, 0)
        symbol = _SYMBOLS.get(currency or "", currency or "")
        gap = "\u00a0" if self._money_before and len(symbol) == 3 else ""
        shown = f"{self._money_before}{body}{self._money_after}".replace("¤", f"{symbol}{gap}") if symbol else body
        return f"{self.minus}{shown}" if minor < 0 else shown

    def percent(self, fraction: float, digits: int | None = None) -> str:
        """1.0 as 100 %."""
        return f"{self.number(fraction * 100, 1 if digits is None else digits)}\u00a0{self.locale.percent()}"

    def rate(self, ppm: int, digits: int | None = None) -> str:
        """Parts per million as percent, exact up to four digits."""
        if digits is not None:
            rounded = divide_half_up(ppm * 10**digits, 10_000)
            return f"{self.scaled(rounded, digits)}\u00a0{self.locale.percent()}"
        body = self.scaled(ppm, 4).rstrip("0")
        return f"{body.rstrip(self.point)}\u00a0{self.locale.percent()}"

    def day(self, days: int) -> str:
        """Days since 1970-01-01 as a short date with a four-digit year."""
        shown = self._days.get(days)
        if shown is None:
            moment = dt.date(1970, 1, 1) + dt.timedelta(days=days)
            shown = self.date(moment)
            self._days[days] = shown
        return shown

    def date(self, day: dt.date) -> str:
        """A date, short, with a four-digit year."""
        return self.locale.toString(QDate(day.year, day.month, day.day), self.date_pattern)

    def seconds(self, seconds: int) -> str:
        """Seconds since 1970-01-01 (UTC) as date, hour and minute."""
        days, rest = divmod(seconds, 86_400)
        return f"{self.day(days)} {rest // 3600:02d}:{rest // 60 % 60:02d}"

    def cell(self, column: Column) -> Callable[[int], str]:
        """A function from record number to shown text for one column; fast enough to be called while painting."""
        plain = self._plain(column)
        if column.kind is ValueKind.TEXT:
            return plain
        mask = missing_mask(column)
        if mask is None:
            return plain
        absent = mask.item

        def shown(record: int) -> str:
            return "" if absent(record) else plain(record)

        return shown

    def _plain(self, column: Column) -> Callable[[int], str]:  # noqa: PLR0911  # one return per kind
        values, digits = column.values, column.digits
        match column.kind:
            case ValueKind.TEXT:
                return lambda i: "" if (v := values[i]) is None else str(v)
            case ValueKind.INTEGER:
                return (lambda i: str(values.item(i))) if digits == 0 else (lambda i: self.integer(values.item(i)))
            case ValueKind.NUMBER:
                places = digits_of(values) if digits is None else digits
                number = self.number
                return lambda i: number(values.item(i), places)
            case ValueKind.MONEY:
                if column.currencies is None:
                    currency, whole = column.currency, digits == 0
                    return lambda i: self.money(values.item(i), currency, whole=whole)
                return lambda i: self.money(values.item(i), column.currency_at(i))
            case ValueKind.RATE:
                return lambda i: self.rate(values.item(i), digits)
            case ValueKind.FRACTION:
                return lambda i: self.percent(values.item(i), digits)
            case ValueKind.DATE:
                days = values.view(np.int64)
                return lambda i: self.day(days.item(i))
            case ValueKind.DATETIME:
                seconds = values.astype("datetime64[s]", copy=False).view(np.int64)
                return lambda i: self.seconds(seconds.item(i))
            case ValueKind.BOOLEAN:
                yes, no = tr("Yes"), tr("No")
                return lambda i: yes if values[i] else no

    def parse_number(self, text: str) -> Decimal:
        """A number as the locale writes it, group separators, currency and a percent sign (÷ 100) allowed.

        Raises:
            InputRefusedError: it is no number.
        """
        body = _NOISE.sub("", text.strip().replace("−", "-"))
        percent = body.endswith("%")
        body = body.removesuffix("%")
        if body.startswith("(") and body.endswith(")"):
            body = f"-{body[1:-1]}"
        group = self.locale.groupSeparator()
        if group != self.point and re.fullmatch(rf"[-+]?\d{{1,3}}(?:{re.escape(group)}\d{{2,3}})+(?:\D\d*)?", body):
            body = body.replace(group, "")
        body = body.replace(self.point, ".")
        try:
            value = Decimal(body)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            raise InputRefusedError(
                tr("“{text}” is not a number.", text=text.strip()),
                way_out=tr("Write it like {sample}.", sample=self.number(1234.5)),
            )
        return value / 100 if percent else value

    def parse_date(self, text: str) -> dt.date:
        """A date as 2026-03-31 or as the locale writes it.

        Raises:
            InputRefusedError: it is no date.
        """
        body = text.strip()
        try:
            return dt.date.fromisoformat(body)
        except ValueError:
            pass
        short = self.locale.dateFormat(QLocale.FormatType.ShortFormat)
        for pattern in (self.date_pattern, short, self.date_pattern.replace("MM", "M").replace("dd", "d")):
            day = self.locale.toDate(body, pattern, 2000)
            if day.isValid():
                return dt.date(day.year(), day.month(), day.day())
        raise InputRefusedError(
            tr("“{text}” is not a date.", text=body),
            way_out=tr("Write it like {sample}.", sample=self.date(dt.date(2026, 3, 31))),
        )

    def parse(  # noqa: PLR0911  # one return per kind
        self, text: str, column: Column, record: int | None = None
    ) -> Cell:
        """Text typed or pasted into a cell of ``column`` as a typed value; empty text is no value.

        Raises:
            InputRefusedError: it does not fit the column.
        """
        body = text.strip()
        if not body:
            return None
        match column.kind:
            case ValueKind.TEXT:
                return text
            case ValueKind.INTEGER:
                return self._whole(body)
            case ValueKind.NUMBER:
                return float(self.parse_number(body))
            case ValueKind.MONEY:
                currency = column.currency if record is None else column.currency_at(record)
                return self.parse_money(body, currency)
            case ValueKind.RATE | ValueKind.FRACTION:
                share = self.parse_share(body)
                return share if column.kind is ValueKind.RATE else float(share)
            case ValueKind.DATE:
                return self.parse_date(body)
            case ValueKind.DATETIME:
                return dt.datetime.combine(self.parse_date(body), dt.time())
            case ValueKind.BOOLEAN:
                return self._yes_or_no(body)

    def parse_money(self, text: str, currency: str | None) -> Decimal:
        """An amount in major units that the currency can hold.

        Raises:
            InputRefusedError: no number, or finer than the smallest unit.
        """
        amount = self.parse_number(text)
        try:
            to_minor(amount, currency or "USD")
        except (ValueError, OverflowError):
            raise InputRefusedError(
                tr("“{text}” is not an amount of {currency}.", text=text.strip(), currency=currency or tr("money")),
                way_out=tr("Round it to the smallest unit of the currency."),
            ) from None
        return amount

    def parse_share(self, text: str) -> Decimal:
        """A percentage as a fraction: both “12.5 %” and “12.5” are 0.125, exact to a millionth.

        Raises:
            InputRefusedError: no number.
        """
        value = self.parse_number(text)
        return (value if "%" in text else value / 100).quantize(Decimal(1) / PPM)

    def _whole(self, text: str) -> int:
        value = self.parse_number(text)
        if value != value.to_integral_value():
            raise InputRefusedError(
                tr("“{text}” is not a whole number.", text=text), way_out=tr("Leave out the decimals.")
            )
        return int(value)

    @staticmethod
    def _yes_or_no(text: str) -> bool:
        word = text.casefold()
        if word in (tr("Yes").casefold(), "yes", "y", "true", "1", "x"):
            return True
        if word in (tr("No").casefold(), "no", "n", "false", "0", "-"):
            return False
        raise InputRefusedError(tr("“{text}” is neither yes nor no.", text=text), way_out=tr("Write yes or no."))


def four_digit_years(pattern: str) -> str:
    """A locale's short date pattern with a four-digit year and two-digit months and days, so that columns align."""
    pattern = re.sub(r"(?<!y)yy(?!y)|(?<!y)y(?!y)", "yyyy", pattern)
    pattern = re.sub(r"(?<!M)M(?!M)", "MM", pattern)
    return re.sub(r"(?<!d)d(?!d)", "dd", pattern)


def digits_of(values: npt.NDArray[np.generic]) -> int:
    """Digits after the decimal mark that suit a column of numbers: as many as a sample needs, at most 2 (4 below 1)."""
    sample = values[:: max(1, len(values) // 500)].astype(np.float64)
    sample = np.abs(sample[np.isfinite(sample)])
    most = 4 if len(sample) and float(sample.max()) < 1 else 2
    for digits in range(most):
        scaled = sample * 10**digits
        if np.all(np.abs(scaled - np.round(scaled)) <= 1e-9 * np.maximum(scaled, 1)):
            return digits
    return most


def raw_text(value: Cell) -> str:
    """A value as a program would write it: point for decimals, ISO dates, no separators."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float):
        return repr(value)
    return str(value)
