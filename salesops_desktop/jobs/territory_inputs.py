"""What a territory design works on: accounts with positions and measures, people with homes, and who owns what."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.jobs.company import CompanyFacts, company, newest_day
from salesops_desktop.jobs.currencies import in_currency, load_rates
from salesops_desktop.jobs.territory_boundaries import set_parts
from salesops_desktop.jobs.territory_capacity import capacities
from salesops_desktop.jobs.territory_wishes import Boundary
from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.territory.places import load_gazetteer

Indices = npt.NDArray[np.intp]
NOBODY = -1

_ACCOUNTS = """
SELECT a.id, a.external_id, a.name, a.parent_id, a.owner_id, a.region, a.country, a.state, a.city, a.postal_code,
       a.latitude, a.longitude, a.potential AS potential_minor, a.currency, a.workload, a.segment, a.industry,
       a.annual_revenue AS annual_revenue_minor, a.employees, a.founded, a.created_on, a.website, a.street,
       (SELECT count(*) FROM opportunity o WHERE o.account_id = a.id AND o.status = 'open') AS open_deals,
       (SELECT min(o.next_activity_on) FROM opportunity o
         WHERE o.account_id = a.id AND o.status = 'open' AND o.next_activity_on >= ?) AS next_activity
FROM account a ORDER BY a.id
"""

_OPEN = """
SELECT o.account_id, o.amount AS amount_minor, o.currency, o.close_on FROM opportunity o
WHERE o.status = 'open' AND o.account_id IS NOT NULL AND o.amount IS NOT NULL
"""

_BOOKED = """
SELECT t.account_id, t.amount AS amount_minor, t.currency, t.booked_on AS day FROM "transaction" t
WHERE t.kind = 'booking' AND t.account_id IS NOT NULL AND t.booked_on > ? AND t.booked_on <= ?
"""

_WON = """
SELECT o.account_id, o.amount AS amount_minor, o.currency, o.close_on AS day FROM opportunity o
WHERE o.status = 'won' AND o.account_id IS NOT NULL AND o.amount IS NOT NULL AND o.close_on > ? AND o.close_on <= ?
"""

_PEOPLE = """
SELECT p.id, p.name, p.role, p.region, p.country, p.state, p.city, p.postal_code, p.latitude, p.longitude, p.end_date,
       p.start_date, p.active, p.fte, p.ramp_months, m.name AS manager,
       EXISTS (SELECT 1 FROM account a WHERE a.owner_id = p.id) AS owns,
       EXISTS (SELECT 1 FROM opportunity o WHERE o.owner_id = p.id) AS sells
FROM person p LEFT JOIN person m ON m.id = p.manager_id ORDER BY p.id
"""


@dataclass(frozen=True, slots=True)
class TerritoryInputs:
    """Accounts and the people who may work them.

    Attributes:
        facts: the company.
        as_of: the day.
        accounts: one row per account: ``id, external_id, name, city, country, latitude, longitude, potential_minor``
            (in the company's currency, 0 where not known), ``workload``, ``open_minor``, ``won_minor`` (booked, else
            won, in the year up to the day), ``next_activity``, ``part`` (the boundary it may not leave), and the other
            fields of accounts.
        people: one row per person: ``id, name, manager, latitude, longitude, part, capacity`` (full-time people).
        owner: row in ``people`` of each account's owner, -1 for nobody who may work it.
        group: accounts with the same number stay together, -1 for none.
        notes: what a reader must know of the positions and boundaries.
    """

    facts: CompanyFacts
    as_of: dt.date
    accounts: pd.DataFrame
    people: pd.DataFrame
    owner: Indices
    group: Indices
    notes: tuple[str, ...]


def load_territory_inputs(
    connection: Connection,
    *,
    within_regions: bool = True,
    boundary: Boundary = Boundary.REGION,
    date: dt.date | None = None,
    progress: Progress = silent,
) -> TerritoryInputs:
    """Read the accounts and the people who may work them.

    Args:
        connection: a read connection.
        within_regions: keep accounts within ``boundary`` at all.
        boundary: the line no account crosses: the region, country or segment of its people.
        date: people are taken as they stand on this day; the newest day of the data by default.
        progress: told between the steps; may cancel.

    Raises:
        FaultsError: there are no accounts, or nobody who could work them.
    """
    facts = company(connection)
    as_of = newest_day(connection) or dt.datetime.now(dt.UTC).date()
    accounts = _frame(connection, _ACCOUNTS, (as_of.isoformat(),))
    people = _sellers(_frame(connection, _PEOPLE), date or as_of)
    faults = []
    if accounts.empty:
        faults.append(Fault("Accounts", "there are none.", "Import accounts."))
    if people.empty:
        faults.append(Fault("People", "nobody is a rep or owns accounts.", "Import people with their roles."))
    if faults:
        raise FaultsError("Territories cannot be designed yet.", faults)
    notes: list[str] = []
    accounts["potential_minor"] = accounts["potential_minor"].astype("Int64")
    _convert(connection, facts, accounts, "potential_minor", "accounts")
    accounts["potential_minor"] = accounts["potential_minor"].fillna(0).astype("int64")
    accounts["workload"] = accounts["workload"].astype("float64").fillna(0.0)
    missing = accounts["annual_revenue_minor"].isna()
    accounts["annual_revenue_minor"] = accounts["annual_revenue_minor"].astype("Int64")
    if not missing.all():
        _convert(connection, facts, accounts, "annual_revenue_minor", "accounts")
    accounts["open_minor"] = _open_pipeline(connection, facts, accounts)
    accounts["won_minor"] = _won(connection, facts, accounts, as_of)
    progress(0, 0, "Finding the accounts' places")
    notes += _locate(accounts, "accounts")
    progress(0, 0, "Finding the people's places")
    notes += _locate(people, "people")
    progress(0, 0, "Telling who works what")
    owner = pd.Index(people["id"]).get_indexer(accounts["owner_id"].astype("Float64").fillna(NOBODY)).astype(np.intp)
    people["capacity"] = capacities(connection, people, date or as_of)
    notes += set_parts(accounts, people, owner, boundary if within_regions else Boundary.NONE)
    group = families(accounts)
    return TerritoryInputs(facts, as_of, accounts, people, owner, group, tuple(notes))


def _frame(connection: Connection, statement: str, parameters: tuple[object, ...] = ()) -> pd.DataFrame:
    result = connection.exec_driver_sql(statement, parameters)
    names = list(result.keys())
    # The driver's plain tuples, column by column: pandas asks each of SQLAlchemy's rows what it is, at great length.
    rows = result.cursor.fetchall()
    result.close()
    return pd.DataFrame({name: [row[place] for row in rows] for place, name in enumerate(names)}, columns=names)


def _convert(connection: Connection, facts: CompanyFacts, frame: pd.DataFrame, money: str, what: str) -> None:
    frame["day_"] = pd.Timestamp(newest_day(connection) or dt.datetime.now(dt.UTC).date())
    in_currency(frame, money, "currency", "day_", facts.currency, load_rates(connection), what=what)
    del frame["day_"]


def _open_pipeline(connection: Connection, facts: CompanyFacts, accounts: pd.DataFrame) -> npt.NDArray[np.int64]:
    deals = _frame(connection, _OPEN)
    if deals.empty:
        return np.zeros(len(accounts), dtype=np.int64)
    deals["amount_minor"] = deals["amount_minor"].astype("Int64")
    _convert(connection, facts, deals, "amount_minor", "open opportunities")
    sums = deals.groupby("account_id")["amount_minor"].sum()
    return accounts["id"].map(sums).fillna(0).to_numpy(np.int64)


def _won(connection: Connection, facts: CompanyFacts, accounts: pd.DataFrame, as_of: dt.date) -> npt.NDArray[np.int64]:
    """What was booked in the year up to the day; the opportunities that were won where no bookings are known."""
    span = ((as_of - dt.timedelta(days=365)).isoformat(), as_of.isoformat())
    booked = _frame(connection, _BOOKED, span)
    deals = booked if len(booked) else _frame(connection, _WON, span)
    if deals.empty:
        return np.zeros(len(accounts), dtype=np.int64)
    deals["amount_minor"] = deals["amount_minor"].astype("Int64")
    in_currency(deals, "amount_minor", "currency", "day", facts.currency, load_rates(connection), what="bookings")
    sums = deals.groupby("account_id")["amount_minor"].sum()
    return accounts["id"].map(sums).fillna(0).to_numpy(np.int64)


def _sellers(people: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Those who may work a territory: reps and owners of accounts who are still there."""
    if people.empty:  # columns without values have no type to compare
        return people
    day = as_of.isoformat()
    gone = people["end_date"].notna() & (people["end_date"] <= day)
    gone |= people["active"].notna() & (people["active"] == 0)
    later = people["start_date"].notna() & (people["start_date"] > day)
    rep = (people["role"] == "rep") | (people["owns"] == 1) | (people["role"].isna() & (people["sells"] == 1))
    return people[rep & ~gone & ~later].reset_index(drop=True)


def _locate(frame: pd.DataFrame, what: str) -> list[str]:
    """Fill missing positions from the gazetteer; say how many had to be looked up and how many are not to be found."""
    for name in ("latitude", "longitude"):
        frame[name] = frame[name].astype("float64")
    nowhere = (frame["latitude"] == 0) & (frame["longitude"] == 0)
    nowhere |= (frame["latitude"].abs() > 90) | (frame["longitude"].abs() > 180)
    notes = []
    if nowhere.any():
        names = named(frame.loc[nowhere, "name"])
        notes.append(f"{int(nowhere.sum()):,} {what} stand at an impossible position, which is not used: {names}.")
    missing = nowhere | frame["latitude"].isna() | frame["longitude"].isna()
    frame.loc[missing, ["latitude", "longitude"]] = np.nan
    if not missing.any():
        return notes
    rows = frame[missing]
    texts = [[None if pd.isna(v) else str(v) for v in rows[c]] for c in ("country", "state", "city", "postal_code")]
    found = load_gazetteer().locate_many(*texts)
    frame.loc[missing, "latitude"] = found.latitude
    frame.loc[missing, "longitude"] = found.longitude
    lost = int(np.isnan(found.latitude).sum())
    located = len(rows) - lost
    if located:
        kinds = Counter(p for p in found.precision if p)
        parts = ", ".join(f"{count:,} by {kind}" for kind, count in kinds.most_common())
        notes.append(f"{located:,} {what} were placed on the map by their address ({parts}).")
    if lost:
        names = named(rows.loc[np.isnan(found.latitude), "name"])
        notes.append(f"{lost:,} {what} have no position and no address that can be found: {names}.")
    return notes


def named(names: Iterable[object], few: int = 5) -> str:
    """The first names of many, for a sentence."""
    texts = [str(name) for name in names]
    more = f" and {len(texts) - few:,} more" if len(texts) > few else ""
    return ", ".join(texts[:few]) + more


def families(accounts: pd.DataFrame) -> Indices:
    """One number for all accounts under the same ultimate parent within one part; -1 where an account stands alone."""
    if accounts["parent_id"].isna().all():
        return np.full(len(accounts), NOBODY, dtype=np.intp)
    place = {int(key): i for i, key in enumerate(accounts["id"])}
    parent = [place.get(int(v), NOBODY) if not pd.isna(v) else NOBODY for v in accounts["parent_id"]]
    root = np.arange(len(accounts), dtype=np.intp)
    for i in range(len(accounts)):
        seen = set()
        at = i
        while parent[at] >= 0 and at not in seen:
            seen.add(at)
            at = parent[at]
        root[i] = at
    parts = accounts["part"].to_numpy(object)
    keys = pd.factorize(pd.Series([f"{r}|{p}" for r, p in zip(root, parts, strict=True)]))[0]
    sizes = np.bincount(keys)
    return np.where(sizes[keys] > 1, keys, NOBODY).astype(np.intp)
