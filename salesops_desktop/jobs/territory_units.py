"""What is handed out: accounts one by one, or areas with the accounts in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.jobs.territory_wishes import UnitKind
from salesops_desktop.model.borders import Borders, load_borders
from salesops_desktop.model.outlines import OutlineName, load_outlines
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.territory.places import load_gazetteer

Indices = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

NOWHERE = -1
OUTLINES: dict[UnitKind, tuple[OutlineName, ...]] = {
    UnitKind.COUNTIES: ("us_counties",),
    UnitKind.STATES: ("us_states", "provinces"),
    UnitKind.COUNTRIES: ("world",),
}
AREA_KINDS = {
    UnitKind.POSTAL: "postal code",
    UnitKind.COUNTIES: "county",
    UnitKind.STATES: "state",
    UnitKind.COUNTRIES: "country",
}


@dataclass(frozen=True, slots=True)
class Units:
    """What a design hands out.

    Attributes:
        of_account: the unit of each account, -1 for accounts that are not handed out, [accounts].
        names: what each is called.
        latitude: degrees, NaN where not known, [n].
        longitude: degrees, [n].
        part: the boundary it may not leave, [n].
        codes: the area's code, "" for accounts that stand alone (they lie in no area), [n].
        edges: pairs of areas that share a border, [m, 2].
    """

    of_account: Indices
    names: list[str]
    latitude: Floats
    longitude: Floats
    part: npt.NDArray[np.object_]
    codes: list[str]
    edges: Indices

    def __len__(self) -> int:
        return len(self.names)

    @property
    def is_area(self) -> npt.NDArray[np.bool_]:
        """Which units are areas."""
        return np.array([bool(code) for code in self.codes], dtype=np.bool_)

    def total(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """The sum of a number per account, by unit; integers stay exact."""
        here = self.of_account >= 0
        kind = np.int64 if np.issubdtype(values.dtype, np.integer) else np.float64
        made = np.zeros(len(self), dtype=kind)
        np.add.at(made, self.of_account[here], values[here].astype(kind))
        return made


def single_accounts(accounts: pd.DataFrame, rows: Indices) -> Units:
    """Each account of ``rows`` by itself."""
    of_account = np.full(len(accounts), NOWHERE, dtype=np.intp)
    of_account[rows] = np.arange(len(rows))
    chosen = accounts.iloc[rows]
    return Units(
        of_account,
        chosen["name"].astype(str).tolist(),
        chosen["latitude"].to_numpy(np.float64),
        chosen["longitude"].to_numpy(np.float64),
        chosen["part"].to_numpy(object),
        [""] * len(rows),
        np.zeros((0, 2), dtype=np.intp),
    )


def make_units(accounts: pd.DataFrame, rows: Indices, kind: UnitKind, progress: Progress = silent) -> Units:
    """The units of a kind over some accounts. Accounts that lie in no such area stay units of their own.

    Areas without accounts are units too where there are outlines: all counties of the states, and all states of the
    countries, in which there is an account, so that a map has no hole; countries only where there are accounts.

    Args:
        accounts: ``name, latitude, longitude, part, country, postal_code``.
        rows: the accounts to hand out.
        kind: of what.
        progress: told before the slow step.
    """
    if kind is UnitKind.ACCOUNTS:
        return single_accounts(accounts, rows)
    if kind is UnitKind.POSTAL:
        return _gathered(accounts, rows, _postal_codes(accounts, rows), {}, [])
    progress(0, 0, "Telling in which area each account lies")
    code = np.full(len(rows), None, dtype=object)
    latitude = accounts["latitude"].to_numpy(np.float64)[rows]
    longitude = accounts["longitude"].to_numpy(np.float64)[rows]
    known: dict[str, tuple[str, float, float]] = {}
    pairs: list[tuple[str, str]] = []
    for name in OUTLINES[kind]:
        outlines, borders = load_outlines(name), load_borders(name)
        waiting = np.flatnonzero(np.array([v is None for v in code]) & np.isfinite(latitude))
        found = outlines.features_at(latitude[waiting], longitude[waiting])
        hit = found >= 0
        code[waiting[hit]] = np.array(outlines.codes, dtype=object)[found[hit]]
        wanted = _whole(name, kind, outlines.codes, set(found[hit].tolist()))
        known |= {
            outlines.codes[f]: (outlines.names[f], float(borders.latitude[f]), float(borders.longitude[f]))
            for f in wanted
        }
        pairs += _pairs(borders, outlines.codes, wanted)
    return _gathered(accounts, rows, code.tolist(), known, pairs)


def _postal_codes(accounts: pd.DataFrame, rows: Indices) -> list[str | None]:
    gazetteer = load_gazetteer()
    chosen = accounts.iloc[rows]
    countries = {name: gazetteer.country(str(name)) or str(name) for name in chosen["country"].dropna().unique()}
    made: list[str | None] = []
    for country, text in zip(chosen["country"], chosen["postal_code"], strict=True):
        if not isinstance(text, str) or not text.strip():
            made.append(None)
            continue
        code = text.strip().upper()
        land = countries.get(country, "") if isinstance(country, str) else ""
        made.append(f"{land}-{code.split('-')[0] if land == 'US' else code}")
    return made


def _whole(name: str, kind: UnitKind, codes: tuple[str, ...], found: set[int]) -> list[int]:
    """The features that are handed out when accounts lie in ``found``: with them their empty neighbours."""
    if kind is UnitKind.COUNTRIES:
        return sorted(found)
    if name == "us_states":
        return list(range(len(codes))) if found else []

    def land(code: str) -> str:
        return code[:2]  # the state of a county (FIPS), the country of a province (ISO 3166-2)

    lands = {land(codes[f]) for f in found}
    return [f for f, code in enumerate(codes) if land(code) in lands]


def _pairs(borders: Borders, codes: tuple[str, ...], wanted: list[int]) -> list[tuple[str, str]]:
    inside = set(wanted)
    return [(codes[a], codes[b]) for a, b in borders.neighbours.tolist() if a in inside and b in inside]


def _gathered(
    accounts: pd.DataFrame,
    rows: Indices,
    code: list[str | None],
    known: dict[str, tuple[str, float, float]],
    pairs: list[tuple[str, str]],
) -> Units:
    """Units of the areas in ``known`` and of all codes that accounts have, then the accounts without a code."""
    order = list(known) if known else sorted({c for c in code if c is not None})
    place = {c: i for i, c in enumerate(order)}
    alone = [i for i, c in enumerate(code) if c is None]
    of_account = np.full(len(accounts), NOWHERE, dtype=np.intp)
    of_account[rows] = [NOWHERE if c is None else place[c] for c in code]
    of_account[rows[alone]] = len(order) + np.arange(len(alone))
    chosen = accounts.iloc[rows]
    lone = chosen.iloc[alone]
    middle = _middles(chosen, code)
    at = [known[c][1:] if c in known else middle.get(c, (np.nan, np.nan)) for c in order]
    names = [known[c][0] if c in known else c for c in order] + lone["name"].astype(str).tolist()
    latitude = np.array([p[0] for p in at] + lone["latitude"].tolist(), dtype=np.float64)
    longitude = np.array([p[1] for p in at] + lone["longitude"].tolist(), dtype=np.float64)
    part = np.full(len(names), None, dtype=object)
    owned = pd.Series(chosen["part"].to_numpy(object)).groupby(of_account[rows])
    for unit, values in owned:
        part[int(str(unit))] = values.mode().iloc[0]
    edges = np.array([(place[a], place[b]) for a, b in pairs], dtype=np.intp).reshape(-1, 2)
    _spread(part, latitude, longitude)
    return Units(of_account, names, latitude, longitude, part, [*order, *[""] * len(alone)], edges)


def _middles(chosen: pd.DataFrame, code: list[str | None]) -> dict[str | None, tuple[float, float]]:
    """The mean position of the accounts of each code."""
    frame = pd.DataFrame({"code": code, "lat": chosen["latitude"].to_numpy(), "lon": chosen["longitude"].to_numpy()})
    means = frame.dropna().groupby("code").mean()
    return {
        str(c): (float(lat), float(lon)) for c, lat, lon in zip(means.index, means["lat"], means["lon"], strict=True)
    }


def _spread(part: npt.NDArray[np.object_], latitude: Floats, longitude: Floats) -> None:
    """Areas without accounts belong to the part of the nearest area with some."""
    empty = np.array([p is None for p in part])
    if not empty.any():
        return
    full = np.flatnonzero(~empty & np.isfinite(latitude))
    if not len(full):
        part[empty] = ""
        return
    narrow = np.cos(np.radians(latitude[full]))
    for unit in np.flatnonzero(empty).tolist():
        if np.isnan(latitude[unit]):
            part[unit] = part[full[0]]
            continue
        gap = (latitude[full] - latitude[unit]) ** 2 + ((longitude[full] - longitude[unit]) * narrow) ** 2
        part[unit] = part[full[int(gap.argmin())]]
