"""What all calculations need to know about the company: its name, currency, fiscal calendar, and the newest day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection

from salesops_desktop.model.periods import CalendarPattern, FiscalCalendar


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What all calculations need to know about the company."""

    name: str
    currency: str
    calendar: FiscalCalendar


def company(connection: Connection) -> CompanyFacts:
    """The company's name, currency and fiscal calendar."""
    from salesops_desktop.workspace.settings import read_setting  # noqa: PLC0415

    row = connection.exec_driver_sql(
        "SELECT start_month, pattern, week_end, named_by_end FROM fiscal_calendar ORDER BY id LIMIT 1"
    ).first()
    calendar = FiscalCalendar()
    if row is not None:
        calendar = FiscalCalendar(row[0], CalendarPattern(row[1]), row[2], bool(row[3]))
    return CompanyFacts(read_setting(connection, "company"), read_setting(connection, "currency"), calendar)


def newest_day(connection: Connection) -> dt.date | None:
    """The newest day the pipeline and the bookings speak of as past: what "today" means to a sample or an old export.

    The date of the newest snapshot, else of the newest transaction or closed opportunity; None in an empty workspace.
    """
    statements = (
        "SELECT max(taken_on) FROM snapshot",
        'SELECT max(booked_on) FROM "transaction"',
        "SELECT max(close_on) FROM opportunity WHERE status IN ('won', 'lost')",
    )
    for statement in statements:
        value = connection.exec_driver_sql(statement).scalar()
        if value is not None:
            return dt.date.fromisoformat(str(value))
    return None
