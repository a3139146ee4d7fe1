"""The workspace's records as the pandas frames the engines read, money in the company's currency."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.jobs.company import CompanyFacts, company
from salesops_desktop.jobs.currencies import ExchangeRates, Unconverted, convertible, in_currency, load_rates

_OPPORTUNITIES = """
SELECT o.id, o.external_id, o.name, o.stage, o.status, o.amount AS amount_minor, o.currency, o.quantity,
       p.list_price AS list_price_minor, p.currency AS list_currency,
       o.created_on, o.close_on, o.probability, o.forecast_category, o.lead_source,
       o.next_step, o.next_activity_on, o.account_id, o.owner_id,
       w.name AS owner, m.name AS manager, w.region AS region, w.team AS team,
       p.name AS product, p.family AS family, a.name AS account, a.industry AS industry, a.segment AS segment
FROM opportunity o
LEFT JOIN product p ON p.id = o.product_id
LEFT JOIN person w ON w.id = o.owner_id
LEFT JOIN person m ON m.id = w.manager_id
LEFT JOIN account a ON a.id = o.account_id
ORDER BY o.id
"""

_TRANSACTIONS = """
SELECT t.id, t.external_id, t.kind, t.booked_on, t.amount AS amount_minor, t.currency, t.margin AS margin_minor,
       t.quantity, w.name AS owner, m.name AS manager, w.region AS region, p.name AS product, p.family AS family,
       a.name AS account, a.industry AS industry
FROM "transaction" t
LEFT JOIN product p ON p.id = t.product_id
LEFT JOIN person w ON w.id = t.owner_id
LEFT JOIN person m ON m.id = w.manager_id
LEFT JOIN account a ON a.id = t.account_id
ORDER BY t.id
"""

_QUOTAS = """
SELECT q.id, w.name AS owner, m.name AS manager, w.region AS region, w.role, q.measure, q.period_start, q.period_end,
       q.amount AS amount_minor, q.currency
FROM quota q LEFT JOIN person w ON w.id = q.person_id LEFT JOIN person m ON m.id = w.manager_id ORDER BY q.id
"""

_ACTIVITIES = """
SELECT c.id, c.external_id, c.kind, c.starts_at, c.minutes, c.outcome,
       w.name AS owner, m.name AS manager, w.region AS region
FROM activity c LEFT JOIN person w ON w.id = c.person_id LEFT JOIN person m ON m.id = w.manager_id ORDER BY c.id
"""

_LEADS = """
SELECT l.id, l.external_id, l.source, l.status, l.created_at, l.responded_at, w.name AS owner, m.name AS manager,
       w.region AS region
FROM lead l LEFT JOIN person w ON w.id = l.owner_id LEFT JOIN person m ON m.id = w.manager_id ORDER BY l.id
"""

_SNAPSHOTS = """
SELECT s.id, s.taken_on, s.opportunity_id AS opportunity, o.external_id, s.stage, s.status,
       s.amount AS amount_minor, s.currency,
       s.close_on, s.probability, w.name AS owner, m.name AS manager, w.region AS region
FROM snapshot_line s JOIN opportunity o ON o.id = s.opportunity_id
LEFT JOIN person w ON w.id = s.owner_id LEFT JOIN person m ON m.id = w.manager_id ORDER BY s.id
"""

_FORECASTS = """
SELECT p.id, f.created_at, f.as_of AS made_on, f.kind, f.measure, f.period_kind,
       p.period_start, p.period_end, p.period_label,
       p.mean AS amount_minor, f.currency
FROM forecast_point p JOIN forecast f ON f.id = p.forecast_id
WHERE f.kind = 'series' AND f.measure = 'bookings' AND f.origin = 'shown' AND p.node_id IS NULL ORDER BY p.id
"""


def _frame(
    connection: Connection, statement: str, days: tuple[str, ...], moments: tuple[str, ...] = ()
) -> pd.DataFrame:
    result = connection.exec_driver_sql(statement)
    names = list(result.keys())
    # The driver's plain tuples, column by column: pandas asks each of SQLAlchemy's rows what it is, at great length.
    rows = result.cursor.fetchall()
    result.close()
    frame = pd.DataFrame({name: [row[place] for row in rows] for place, name in enumerate(names)}, columns=names)
    for name in (*days, *moments):
        frame[name] = pd.to_datetime(frame[name], format="ISO8601")
    for name in frame.columns:
        if name.endswith("_minor") or name == "probability":
            frame[name] = frame[name].astype("Int64")
    return frame


@dataclass(frozen=True, slots=True)
class Frames:
    """One frame per kind of record; see :mod:`salesops_desktop.performance.calculate` for the columns."""

    facts: CompanyFacts
    opportunities: pd.DataFrame
    transactions: pd.DataFrame
    quotas: pd.DataFrame
    activities: pd.DataFrame
    leads: pd.DataFrame
    snapshots: pd.DataFrame
    forecasts: pd.DataFrame


def opportunities(connection: Connection, facts: CompanyFacts, left: list[Unconverted] | None = None) -> pd.DataFrame:
    """All opportunities, money in the company's currency at the rate of the close date (else the creation date).

    Args:
        connection: a read connection.
        facts: the company.
        left: takes up what is left out for lack of an exchange rate; without it, that is an error.
    """
    frame = _frame(connection, _OPPORTUNITIES, ("created_on", "close_on", "next_activity_on"))
    rates = load_rates(connection)
    frame["rate_day"] = frame["close_on"].fillna(frame["created_on"])
    money, listed = ("amount_minor", "currency"), ("list_price_minor", "list_currency")
    if left is None:
        in_currency(frame, *money, "rate_day", facts.currency, rates, what="opportunities")
    else:
        frame, lacking = convertible(
            frame, money[:1], money[1], "rate_day", facts.currency, rates, what="opportunities"
        )
        left += lacking
        priced, _ = convertible(frame, listed[:1], listed[1], "rate_day", facts.currency, rates, what="list prices")
        frame.loc[~frame["id"].isin(priced["id"]), "list_price_minor"] = pd.NA
    in_currency(frame, *listed, "rate_day", facts.currency, rates, what="opportunities")
    frame["currency"] = facts.currency
    return frame.drop(columns=["rate_day", "list_currency"])


def load(connection: Connection, without: Collection[str] = (), left: list[Unconverted] | None = None) -> Frames:
    """Read all frames in one go; every amount in the company's currency at the rate of its own day.

    Args:
        connection: a read connection.
        without: names of frames that are not needed: they come back with their columns and no rows.
        left: takes up what is left out for lack of an exchange rate; without it, that is an error.

    Raises:
        FaultsError: exchange rates are missing, and ``left`` was not given.
    """
    facts = company(connection)
    rates = load_rates(connection)

    def wanted(name: str, statement: str) -> str:
        return f"SELECT * FROM ({statement}) LIMIT 0" if name in without else statement

    transactions = _frame(connection, wanted("transactions", _TRANSACTIONS), ("booked_on",))
    both = ("amount_minor", "margin_minor")
    transactions = _converted(transactions, both, "booked_on", facts, rates, "transactions", left)
    transactions["currency"] = facts.currency
    quotas = _frame(connection, wanted("quotas", _QUOTAS), ("period_start", "period_end"))
    quotas = _converted(quotas, both[:1], "period_start", facts, rates, "quotas", left)
    quotas["currency"] = facts.currency
    snapshots = _frame(connection, wanted("snapshots", _SNAPSHOTS), ("taken_on", "close_on"))
    # A deal that is left out is told once, not again for each of its snapshots.
    snapshots = _converted(
        snapshots, both[:1], "taken_on", facts, rates, "snapshot lines", None if left is None else []
    )
    snapshots["currency"] = facts.currency
    return Frames(
        facts,
        opportunities(connection, facts, left),
        transactions,
        quotas,
        _frame(connection, wanted("activities", _ACTIVITIES), (), ("starts_at",)),
        _frame(connection, wanted("leads", _LEADS), (), ("created_at", "responded_at")),
        snapshots,
        _frame(connection, wanted("forecasts", _FORECASTS), ("made_on", "period_start", "period_end"), ("created_at",)),
    )


def _converted(
    frame: pd.DataFrame,
    money: tuple[str, ...],
    day: str,
    facts: CompanyFacts,
    rates: ExchangeRates,
    what: str,
    left: list[Unconverted] | None,
) -> pd.DataFrame:
    """The frame in the company's currency; rows without a rate go to ``left``, else they are an error."""
    if left is None:
        for name in money:
            in_currency(frame, name, "currency", day, facts.currency, rates, what=what)
        return frame
    kept, lacking = convertible(frame, money, "currency", day, facts.currency, rates, what=what)
    left += lacking
    return kept
