"""The workspace's settings: each declared once, with its type and default.

The fiscal calendar is a table of its own; see :class:`salesops_desktop.workspace.schema.FiscalCalendarRow`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, overload

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import exponent
from salesops_desktop.model.periods import FiscalCalendar

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T", str, int, bool)


def _anything(_value: object) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class SettingSpec(Generic[T]):
    """One setting."""

    name: str
    label: str
    default: T
    refusal: Callable[[T], str] = _anything
    """Says what is wrong with a value, or nothing."""
    description: str = ""


def _no_currency(code: str) -> str:
    try:
        exponent(code)
    except ValueError as error:
        return str(error)
    return ""


CURRENCY = SettingSpec(
    "currency", "Currency", "USD", _no_currency, "ISO 4217 code of money that names no currency of its own."
)
COMPANY = SettingSpec("company", "Company", "", description="Stands on every exported workbook.")
COUNTRY = SettingSpec("country", "Home country", "", description="Where addresses without a country are looked up.")

SETTINGS: dict[str, SettingSpec[str]] = {spec.name: spec for spec in (CURRENCY, COMPANY, COUNTRY)}
"""All settings by name."""


TextName = Literal["currency", "company", "country"]


@overload
def read_setting(connection: Connection, setting: SettingSpec[T]) -> T: ...
@overload
def read_setting(connection: Connection, setting: TextName) -> str: ...
def read_setting(connection: Connection, setting: SettingSpec[T] | TextName) -> T | str:
    """The value of a setting, or its default where none was stored.

    Args:
        connection: inside a read or an action.
        setting: one of the settings declared here, or its name.

    Raises:
        TypeError: what is stored is of another type.
    """
    spec = SETTINGS[setting] if isinstance(setting, str) else setting
    stored = connection.exec_driver_sql("SELECT value FROM setting WHERE name = ?", (spec.name,)).scalar()
    if stored is None:
        return spec.default
    value = json.loads(stored)
    if not isinstance(value, type(spec.default)):
        message = f"The setting {spec.name} holds {stored}, which is no {type(spec.default).__name__}."
        raise TypeError(message)
    return value


def write_setting(connection: Connection, spec: SettingSpec[T], value: T) -> None:
    """Store a setting.

    Args:
        connection: inside an action.
        spec: one of the settings declared here.
        value: of the default's type.

    Raises:
        InputRefusedError: the value makes no sense; nothing was stored.
    """
    if type(value) is not type(spec.default):
        raise InputRefusedError(f"{spec.label} cannot be {value!r}.", way_out="Give a value of the right kind.")
    refusal = spec.refusal(value)
    if refusal:
        raise InputRefusedError(refusal, where=spec.label)
    connection.exec_driver_sql(
        "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (spec.name, json.dumps(value)),
    )


def write_first_settings(connection: Connection, *, currency: str, fiscal_start_month: int, company: str) -> None:
    """Fill a new workspace with what its making was told.

    Args:
        connection: inside the transaction that makes the file, before there are triggers.
        currency: ISO 4217.
        fiscal_start_month: 1-12.
        company: its name.
    """
    write_setting(connection, CURRENCY, currency)
    write_setting(connection, COMPANY, company)
    calendar = FiscalCalendar(start_month=fiscal_start_month)
    connection.exec_driver_sql(
        "INSERT INTO fiscal_calendar (id, start_month, pattern, week_end, named_by_end) VALUES (1, ?, ?, ?, ?)",
        (calendar.start_month, calendar.pattern.value, calendar.week_end, calendar.named_by_end),
    )
