"""Accounts and leads as routing reads them: spelled alike, placed on the map, tied to accounts and families."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.jobs.territory_seats import Seats, frame_of
from salesops_desktop.model.gazetteer import Gazetteer, Precision, fold, load_gazetteer
from salesops_desktop.territory.routing import Records

_ADDRESS = ("country", "state", "city", "postal_code")
_PRECISE = (Precision.POSTAL_CODE, Precision.POSTAL_AREA, Precision.CITY)

_LEADS = """
SELECT l.id, l.name, l.company, l.country, l.state, NULL AS city, l.postal_code, NULL AS segment, NULL AS industry,
       NULL AS latitude, NULL AS longitude, l.owner_id, l.status, o.account_id
FROM lead l LEFT JOIN opportunity o ON o.id = l.opportunity_id ORDER BY l.created_at, l.id
"""
_ACCOUNTS = """
SELECT id, name, name AS company, country, state, city, postal_code, segment, industry, latitude, longitude, owner_id,
       parent_id, id AS account_id
FROM account ORDER BY id
"""


def known_records(seats: Seats) -> Records:
    """The accounts of the territories, placed already."""
    accounts = seats.accounts.assign(account_id=seats.accounts["id"])
    precise = accounts["placed"].to_numpy(np.bool_, copy=True)
    for name in ("postal_code", "city"):
        precise |= np.array([not _empty(value) for value in accounts[name]], dtype=np.bool_)
    return _records(accounts, families_of(accounts), precise)


def account_rows(connection: Connection) -> pd.DataFrame:
    """All accounts as routing needs them, by number."""
    return frame_of(connection, _ACCOUNTS)


def lead_rows(connection: Connection, accounts: pd.DataFrame) -> pd.DataFrame:
    """All leads, oldest first, tied to an account by their opportunity or by the exact name of their company."""
    leads = frame_of(connection, _LEADS)
    names: dict[str, int] = {}
    doubtful: set[str] = set()
    for number, name in zip(accounts["id"], accounts["name"], strict=True):
        key = fold(str(name))
        if names.setdefault(key, int(number)) != int(number):
            doubtful.add(key)
    by_name = leads["company"].map(lambda v: None if _empty(v) else names.get(fold(str(v))))
    unsure = leads["company"].map(lambda v: not _empty(v) and fold(str(v)) in doubtful)
    leads["account_id"] = leads["account_id"].astype("float64").fillna(by_name.mask(unsure).astype("float64"))
    return leads


def new_records(rows: pd.DataFrame, families: Mapping[int, int]) -> Records:
    """Rows of :func:`account_rows` or :func:`lead_rows`, placed by their own position or their address."""
    placed = rows.copy()
    latitude = placed["latitude"].astype("float64").to_numpy(copy=True)
    longitude = placed["longitude"].astype("float64").to_numpy(copy=True)
    precise = np.isfinite(latitude) & np.isfinite(longitude)
    missing = np.flatnonzero(~precise)
    texts = [[None if _empty(v) else str(v) for v in placed[name].iloc[missing]] for name in _ADDRESS]
    found = load_gazetteer().locate_many(texts[0], texts[1], texts[2], texts[3])
    latitude[missing], longitude[missing] = found.latitude, found.longitude
    precise[missing] = [precision in _PRECISE for precision in found.precision]
    placed["latitude"], placed["longitude"] = latitude, longitude
    return _records(placed, families, precise)


def families_of(accounts: pd.DataFrame) -> dict[int, int]:
    """The number of the ultimate parent of every account that has relatives; others are not in it."""
    known = set(accounts["id"].astype(int))
    parents = zip(accounts["id"].astype(int), accounts["parent_id"], strict=True)
    parent = {number: int(above) for number, above in parents if not pd.isna(above) and int(above) in known}
    root: dict[int, int] = {}
    for number in parent:
        at, seen = number, {number}
        while at in parent and parent[at] not in seen:
            at = parent[at]
            seen.add(at)
        root[number] = at
        root[at] = at
    return root


def _empty(value: object) -> bool:
    return value is None or value != value or not str(value).strip()  # noqa: PLR0124  # NaN is not itself


def _records(rows: pd.DataFrame, families: Mapping[int, int], precise: npt.NDArray[np.bool_] | None = None) -> Records:
    gazetteer = load_gazetteer()
    places: dict[tuple[str, str], tuple[str, str]] = {}
    countries, states = [], []
    for pair in zip(_texts(rows, "country"), _texts(rows, "state"), strict=True):
        if pair not in places:
            places[pair] = _place(gazetteer, *pair)
        countries.append(places[pair][0])
        states.append(places[pair][1])
    codes = [plain_code(c, code) for c, code in zip(countries, _texts(rows, "postal_code"), strict=True)]
    account = np.array([-1 if pd.isna(v) else int(v) for v in rows["account_id"]], dtype=np.int64)
    family = np.array([families.get(int(number), -1) for number in account], dtype=np.int64)
    if "parent_id" in rows.columns:  # a new account joins the family of its parent
        above = [-1 if pd.isna(v) else families.get(int(v), int(v)) for v in rows["parent_id"]]
        family = np.where(family < 0, np.array(above, dtype=np.int64), family)
    return Records(
        _texts(rows, "name"),
        account,
        family,
        countries,
        states,
        [fold(city) for city in _texts(rows, "city")],
        codes,
        _texts(rows, "segment"),
        _texts(rows, "industry"),
        rows["latitude"].to_numpy(np.float64),
        rows["longitude"].to_numpy(np.float64),
        np.ones(len(rows), dtype=np.bool_) if precise is None else precise,
    )


def _texts(rows: pd.DataFrame, name: str) -> list[str]:
    return ["" if _empty(value) else str(value).strip() for value in rows[name]]


def _place(gazetteer: Gazetteer, country: str, state: str) -> tuple[str, str]:
    """The codes of a country and a state however they are written; the folded text where they are not known."""
    land = gazetteer.country(country)
    area = gazetteer.region(land, state)
    if land is None and not country and area is not None:
        land = area[0]
    return (fold(country) if land is None else land), (fold(state).upper() if area is None else area[1])


def plain_code(country: str, text: str) -> str:
    """A postal code as letters and digits: five digits for US codes, the others without blanks and signs."""
    if country in ("US", "PR"):
        match = re.match(r"\s*(\d{3,5})(?:[-\s]?\d{4})?(?:\.0)?\s*$", text)
        return match[1].zfill(5) if match else ""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def us_codes() -> Sequence[str]:
    """All US postal codes that are known."""
    return sorted(code for code, _, _ in load_gazetteer().postal_codes_near(39.8, -98.6, 1_000_000))
