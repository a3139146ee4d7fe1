"""The line no account crosses: the region, country or segment of the people who may work it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.jobs.territory_wishes import Boundary
from salesops_desktop.territory import great_circle_km
from salesops_desktop.territory.places import load_gazetteer

Indices = npt.NDArray[np.intp]


def set_parts(accounts: pd.DataFrame, people: pd.DataFrame, owner: Indices, boundary: Boundary) -> list[str]:
    """Give every account and person the part of the world it may not leave, in a column ``part``; "" without any.

    Args:
        accounts: ``region, country, segment, latitude, longitude``, and ``part`` to be filled.
        people: ``region, country, latitude, longitude``, and ``part`` to be filled.
        owner: row in ``people`` of each account's owner, -1 for nobody.
        boundary: which line.

    Returns:
        What a reader must know.
    """
    accounts["part"] = ""
    people["part"] = ""
    if boundary is Boundary.NONE:
        return []
    own, theirs = _labels(accounts, boundary), _labels(people, boundary)
    owned = _of_owners(theirs, owner, accounts)
    if boundary is Boundary.SEGMENT or theirs.isna().any():
        theirs = _by_accounts(theirs, own, owner, accounts)
        owned = _of_owners(theirs, owner, accounts)
    if theirs.isna().any() or theirs.nunique() < 2:
        return []
    known = own.where(own.isin(set(theirs)))
    most: dict[object, object] = {
        country: rows.mode().iloc[0] for country, rows in owned.groupby(accounts["country"]) if rows.notna().any()
    }
    part = known.fillna(owned).fillna(accounts["country"].map(most))
    lost = part.isna()
    if lost.any():
        part = part.where(~lost, pd.Series(_nearest(accounts, people, theirs, lost), index=part.index, dtype=object))
    accounts["part"] = part
    people["part"] = theirs
    names = ", ".join(sorted(set(part)))
    kind = "Countries" if boundary is Boundary.COUNTRY else f"{boundary.value.capitalize()}s"
    said = f"No account leaves its {boundary.value} ({names}). {kind} follow from the owners"
    notes = [f"{said}' {kind.lower()} where accounts name none."]
    if lost.any():
        notes.append(f"{int(lost.sum()):,} accounts lie in no {boundary.value} of the people: they go to the nearest.")
    return notes


def _of_owners(theirs: pd.Series[str], owner: Indices, accounts: pd.DataFrame) -> pd.Series[str]:
    """The part of each account's owner, None without one."""
    labels = np.array([*theirs, None], dtype=object)
    return pd.Series(labels[owner], index=accounts.index, dtype=object)


def _labels(frame: pd.DataFrame, boundary: Boundary) -> pd.Series[str]:
    if boundary is Boundary.SEGMENT and "segment" not in frame:
        return pd.Series([None] * len(frame), index=frame.index, dtype=object)
    text = frame[boundary.value].astype(object)
    if boundary is Boundary.COUNTRY:
        gazetteer = load_gazetteer()
        codes = {name: gazetteer.country(str(name)) or str(name) for name in text.dropna().unique()}
        text = text.map(codes)
    # pandas would make numbers of a column without any text.
    return pd.Series([v if isinstance(v, str) and v else None for v in text], index=frame.index, dtype=object)


def _by_accounts(theirs: pd.Series[str], own: pd.Series[str], owner: Indices, accounts: pd.DataFrame) -> pd.Series[str]:
    """People whose part is not written down belong where most of their accounts' potential is, else where it is most.

    Someone who owns nothing yet goes to the part with the most potential per person.
    """
    code, parts = pd.factorize(own, sort=True)
    if not len(parts):
        return theirs
    found = theirs.copy()
    weight = accounts["potential_minor"].to_numpy(np.float64) + 1.0
    here = np.flatnonzero((owner >= 0) & (code >= 0))
    held = np.bincount(owner[here] * len(parts) + code[here], weight[here], len(theirs) * len(parts))
    held = held.reshape(len(theirs), len(parts))
    for row in np.flatnonzero(theirs.isna().to_numpy() & (held > 0).any(axis=1)).tolist():
        found.iloc[row] = parts[int(held[row].argmax())]
    total = np.bincount(code[code >= 0], weight[code >= 0], len(parts))
    seats = np.array([(found == part).sum() for part in parts], dtype=np.float64)
    for row in np.flatnonzero(found.isna().to_numpy()).tolist():
        part = int((total / np.where(seats > 0, seats, 0.5)).argmax())
        found.iloc[row] = parts[part]
        seats[part] += 1
    return found


def _nearest(accounts: pd.DataFrame, people: pd.DataFrame, theirs: pd.Series[str], lost: pd.Series[bool]) -> list[str]:
    """The part of the person who lives nearest, for the lost accounts; the most frequent one without positions."""
    usual = str(theirs.mode().iloc[0])
    at = np.flatnonzero(people["latitude"].notna().to_numpy())
    made = []
    for latitude, longitude, wanted in zip(accounts["latitude"], accounts["longitude"], lost, strict=True):
        if not wanted or np.isnan(latitude) or not len(at):
            made.append(usual)
            continue
        km = great_circle_km(
            np.full(len(at), latitude),
            np.full(len(at), longitude),
            people["latitude"].to_numpy(np.float64)[at],
            people["longitude"].to_numpy(np.float64)[at],
        )
        made.append(str(theirs.iloc[int(at[int(km.argmin())])]))
    return made
