"""What quotas go by: the accounts' bookings, their growth and seasons, and last year's quotas."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.commission.plan import Quota
from salesops_desktop.commission.quotas import QuotaBook
from salesops_desktop.jobs.currencies import in_currency, load_rates
from salesops_desktop.jobs.territory_seats import Seats, frame_of
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period, PeriodKind

_BOOKED = """
SELECT account_id, booked_on AS day, amount AS amount_minor, currency FROM "transaction" WHERE kind = 'booking'
"""
_WON = """
SELECT account_id, close_on AS day, amount AS amount_minor, currency FROM opportunity
WHERE status = 'won' AND amount IS NOT NULL AND close_on IS NOT NULL
"""

LEAST_GROWTH, MOST_GROWTH = -500_000, 1_000_000
"""A territory's own growth is believed from -50 % to +100 %: small ones swing wildly."""


@dataclass(frozen=True, slots=True)
class Bookings:
    """The past of each territory, in minor units of the company's currency.

    Attributes:
        history: per territory, what its accounts bought in the twelve months to ``as_of``; never below 0.
        growth: per territory, against the twelve months before, in ppm.
        lines: all bookings: ``day`` (datetime64), ``amount_minor``; for the season.
        first: the first day of the twelve months.
        notes: what a reader must know.
    """

    history: list[int]
    growth: list[int]
    lines: pd.DataFrame
    first: dt.date
    notes: tuple[str, ...]


def load_bookings(connection: Connection, seats: Seats) -> Bookings:
    """The bookings of the accounts, by the territory the accounts are in; won opportunities where none are recorded."""
    lines, word = frame_of(connection, _BOOKED), "bookings"
    if lines.empty:
        lines, word = frame_of(connection, _WON), "won opportunities"
    lines["amount_minor"] = lines["amount_minor"].astype("Int64")
    lines["day"] = pd.to_datetime(lines["day"])
    if not lines.empty:
        rates = load_rates(connection)
        in_currency(lines, "amount_minor", "currency", "day", seats.facts.currency, rates, what=word)
    lines["amount_minor"] = lines["amount_minor"].astype("int64")
    end = pd.Timestamp(seats.as_of)
    first, earlier = end - pd.DateOffset(years=1), end - pd.DateOffset(years=2)
    seat_of = seats.accounts.set_index("id")["seat"]
    place = lines["account_id"].map(seat_of).fillna(-1).astype("int64")
    now = _sums(lines, place, first, end, len(seats.territories))
    before = _sums(lines, place, earlier, first, len(seats.territories))
    notes = [
        f"History: {word} from {first + pd.Timedelta(days=1):%Y-%m-%d} to {end:%Y-%m-%d}, by the accounts' territory."
    ]
    recent = (lines["day"] > first) & (lines["day"] <= end)
    outside = int(lines.loc[recent & (place < 0), "amount_minor"].sum())
    whole = int(lines.loc[recent, "amount_minor"].sum())
    if outside and whole > 0:
        notes.append(f"{outside / whole:.1%} of it belongs to no account of a territory and counts for none.")
    if (now < 0).any():
        notes.append(f"{int((now < 0).sum())} territories gave back more than they booked; their history counts as 0.")
    # Without a full earlier year there is no growth to speak of.
    known = not lines.empty and lines["day"].min() <= earlier + pd.Timedelta(days=31)
    growth = [_growth(int(a), int(b)) if known else 0 for a, b in zip(now, before, strict=True)]
    return Bookings([max(int(v), 0) for v in now], growth, lines, (first + pd.Timedelta(days=1)).date(), tuple(notes))


def _sums(
    lines: pd.DataFrame, place: pd.Series[int], after: pd.Timestamp, to: pd.Timestamp, count: int
) -> npt.NDArray[np.int64]:
    here = (place >= 0) & (lines["day"] > after) & (lines["day"] <= to)
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, place[here].to_numpy(), lines.loc[here, "amount_minor"].to_numpy(np.int64))
    return sums


def _growth(now: int, before: int) -> int:
    if before <= 0:
        return 0
    return min(max((now - before) * PPM // before, LEAST_GROWTH), MOST_GROWTH)


def season_of(bookings: Bookings, seats: Seats, kind: PeriodKind) -> tuple[tuple[int, ...], str]:
    """The weight of each period of a fiscal year by the company's own bookings, and a sentence on it.

    Whole years back from the newest day are used, so that every period counts equally often; even weights where there
    is no whole year.
    """
    calendar = seats.facts.calendar
    count = {PeriodKind.MONTH: 12, PeriodKind.QUARTER: 4, PeriodKind.YEAR: 1}[kind]
    lines = bookings.lines
    end = pd.Timestamp(seats.as_of)
    years = 0
    if not lines.empty:
        years = min((end - lines["day"].min()).days * 4 // 1461 + 1, 3)
        if lines["day"].min() > end - pd.DateOffset(years=years) + pd.Timedelta(days=31):
            years -= 1
    if years < 1 or count == 1:
        return (1,) * count, "" if count == 1 else "No whole year of bookings: every period counts alike."
    used = lines[(lines["day"] > end - pd.DateOffset(years=years)) & (lines["day"] <= end)]
    weights = [0] * count
    first, last = used["day"].min().date(), seats.as_of
    for year in range(calendar.fiscal_year(first), calendar.fiscal_year(last) + 1):
        for i, period in enumerate(calendar.of_year(year, kind)):
            within = used["day"].between(pd.Timestamp(period.start), pd.Timestamp(period.end))
            weights[i] += int(used.loc[within, "amount_minor"].sum())
    weights = [max(weight, 0) for weight in weights]
    if not sum(weights):
        return (1,) * count, "The bookings of whole years sum to nothing: every period counts alike."
    shares = ", ".join(f"{weight / sum(weights):.1%}" for weight in weights)
    return tuple(weights), f"Season by the bookings of {years} year{'s' if years > 1 else ''}: {shares}."


def last_quotas(connection: Connection, seats: Seats, year: Period) -> list[int | None]:
    """The bookings quota each territory's person had in ``year``, in the company's currency; None for none."""
    rows = connection.exec_driver_sql(
        "SELECT person_id, period_start, period_end, amount, currency FROM quota "
        "WHERE person_id IS NOT NULL AND measure = 'bookings' AND period_start >= ? AND period_end <= ?",
        (year.start.isoformat(), year.end.isoformat()),
    )
    quotas = [
        Quota(int(p), Measure.BOOKINGS, dt.date.fromisoformat(s), dt.date.fromisoformat(e), int(a), c)
        for p, s, e, a, c in rows
    ]
    book = QuotaBook(quotas, load_rates(connection))
    having = {quota.person for quota in quotas}
    return [
        book.target(person, Measure.BOOKINGS, year, seats.facts.currency) or None
        if person is not None and person in having
        else None
        for person in seats.people()
    ]
