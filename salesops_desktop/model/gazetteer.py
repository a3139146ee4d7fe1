"""From an address to a position, without a network: postal code, town, state or country, whatever is known."""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.resources import resource

_SHORTER = {"saint": "st", "sainte": "ste", "sankt": "st", "fort": "ft", "mount": "mt"}
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "ł": "l", "Ł": "L", "đ": "d"})
_COUNTRY_CUTOFF = 84.0
_CITY_CUTOFF = 88.0


class Precision(StrEnum):
    """What a position was found by; best first."""

    POSTAL_CODE = "postal code"
    POSTAL_AREA = "postal area"
    """The first three digits of a US postal code."""
    CITY = "city"
    STATE = "state"
    """The largest town of the state."""
    COUNTRY = "country"
    """The largest town of the country."""


class Position(NamedTuple):
    """Where something is, in degrees (WGS 84), and how that is known."""

    latitude: float
    longitude: float
    precision: Precision


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions of many rows: NaN and ``""`` where nothing was found.

    Attributes:
        latitude: degrees north, float64.
        longitude: degrees east, float64.
        precision: a :class:`Precision` or ``""`` for each row.
    """

    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    precision: tuple[str, ...]


class Place(NamedTuple):
    """A town of the gazetteer."""

    name: str
    country: str
    region: str
    latitude: float
    longitude: float
    population: int


def fold(text: str) -> str:
    """The spelling that look-ups compare: lower case, no accents or punctuation, ``Saint`` as ``st``."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", " ", plain.replace("'", "").replace(".", "")).split()
    return " ".join(_SHORTER.get(word, word) for word in words)


class Gazetteer:
    """42,000 towns, 250 countries and 33,000 US postal codes.

    Towns have 5,000 people and more in the US, Canada, Britain, Ireland, Germany, Austria and Switzerland, 15,000
    elsewhere. Every part is read when first needed. Spellings are compared without case, accents and punctuation;
    what is not found exactly is tried as a misspelling, countries against all countries, towns against those of
    their country.
    """

    # ---- countries and states

    def country(self, text: str | None) -> str | None:
        """The ISO 3166 code of a country however it is written, or None."""
        if not text or not text.strip():
            return None
        if len(text.strip()) == 2 and text.strip().upper() in self._country_names:
            return text.strip().upper()
        return self._country_folded(fold(text))

    @functools.lru_cache(maxsize=4096)  # noqa: B019  # one gazetteer a process
    def _country_folded(self, key: str) -> str | None:
        exact = self._country_keys.get(key)
        if exact is not None or len(key) < 4:
            return exact
        from rapidfuzz import fuzz, process  # noqa: PLC0415  # only for misspellings

        match = process.extractOne(key, self._country_keys.keys(), scorer=fuzz.ratio, score_cutoff=_COUNTRY_CUTOFF)
        return None if match is None else self._country_keys[match[0]]

    def country_name(self, code: str) -> str:
        """The English name of a country's code; the code itself where it is none."""
        return self._country_names.get(code, code)

    def region(self, country: str | None, text: str | None) -> tuple[str, str] | None:
        """The (country, region) codes of a state or province; without a country only if one country has it."""
        if not text or not text.strip():
            return None
        key = fold(text)
        if country is not None:
            code = self._region_keys.get(country, {}).get(key)
            return None if code is None else (country, code)
        found = [(land, keys[key]) for land, keys in self._region_keys.items() if key in keys]
        for preferred in ("US", "CA"):
            for place in found:
                if place[0] == preferred:
                    return place
        return found[0] if len(found) == 1 else None

    # ---- positions

    def locate(
        self,
        country: str | None = None,
        state: str | None = None,
        city: str | None = None,
        postal_code: str | None = None,
    ) -> Position | None:
        """The position of an address, by the most precise part that is known.

        Args:
            country: name or code in any common spelling.
            state: name or code of the state, province, Land or canton.
            city: the town.
            postal_code: used for US addresses (with or without the +4).

        Returns:
            The position, or None where nothing of the address is known.
        """
        land = self.country(country)
        area = self.region(land, state)
        if land is None and area is not None and not (country and country.strip()):
            land = area[0]
        return (
            self._by_postal_code(land, postal_code)
            or self._by_city(land, area[1] if area else None, city)
            or self._by_region(area)
            or self._by_country(land)
        )

    def locate_many(
        self,
        countries: Sequence[str | None],
        states: Sequence[str | None],
        cities: Sequence[str | None],
        postal_codes: Sequence[str | None],
    ) -> Positions:
        """The positions of many addresses; each different address is looked up once."""
        known: dict[tuple[str | None, ...], Position | None] = {}
        found = []
        for address in zip(countries, states, cities, postal_codes, strict=True):
            if address not in known:
                known[address] = self.locate(*address)
            found.append(known[address])
        return Positions(
            np.array([np.nan if p is None else p.latitude for p in found], dtype=np.float64),
            np.array([np.nan if p is None else p.longitude for p in found], dtype=np.float64),
            tuple("" if p is None else p.precision.value for p in found),
        )

    def _by_postal_code(self, country: str | None, text: str | None) -> Position | None:
        # Five digits alone are also a German or French code: without a country they prove nothing.
        if text is None or country not in ("US", "PR"):
            return None
        match = re.fullmatch(r"\s*(\d{5})(?:[-\s]?\d{4})?(?:\.0)?\s*", text)
        if match is None:
            return None
        code = int(match[1])
        codes, latitude, longitude = self._postal_codes
        at = int(np.searchsorted(codes, code))
        if at < len(codes) and codes[at] == code:
            return Position(float(latitude[at]), float(longitude[at]), Precision.POSTAL_CODE)
        low, high = np.searchsorted(codes, [code // 100 * 100, code // 100 * 100 + 100])
        if low == high:
            return None
        # The member nearest to the middle: a mean may lie in the sea.
        middle = latitude[low:high].mean(), longitude[low:high].mean()
        distance = (latitude[low:high] - middle[0]) ** 2 + (longitude[low:high] - middle[1]) ** 2
        nearest = int(low + distance.argmin())
        return Position(float(latitude[nearest]), float(longitude[nearest]), Precision.POSTAL_AREA)

    def _by_city(self, country: str | None, region: str | None, text: str | None) -> Position | None:
        if not text or not text.strip():
            return None
        row = self._city_row(country, region, text)
        return None if row is None else self._at(row, Precision.CITY)

    def _by_region(self, area: tuple[str, str] | None) -> Position | None:
        row = None if area is None else self._largest_in_region.get(area)
        return None if row is None else self._at(row, Precision.STATE)

    def _by_country(self, country: str | None) -> Position | None:
        row = None if country is None else self._largest_in_country.get(country)
        return None if row is None else self._at(row, Precision.COUNTRY)

    def _at(self, row: int, precision: Precision) -> Position:
        return Position(float(self._cities.latitude[row]), float(self._cities.longitude[row]), precision)

    def _city_row(self, country: str | None, region: str | None, text: str) -> int | None:
        """The town's row: in the region if there is one of that name, else the largest of that name."""
        for spelling in _city_spellings(text):
            rows = self._rows_called(country, spelling)
            if rows:
                return self._choose(rows, region)
        if country is None:
            return None
        guess = self._misspelt(country, fold(text))
        return None if guess is None else self._choose(self._rows_called(country, guess), region)

    def _choose(self, rows: Sequence[int], region: str | None) -> int:
        regions = self._cities.regions
        return next((row for row in rows if regions[row] == region), rows[0])

    def _rows_called(self, country: str | None, key: str) -> list[int]:
        """Rows of that folded name, own names before other spellings, larger towns first."""
        if country is None:
            return sorted(row for land in self._largest_in_country for row in self._rows_called(land, key)[:1])
        cities, full = self._cities, f"{country} {key}"
        at = cities.index.get(full)
        rows = []
        while at is not None and at < len(cities.keys) and cities.keys[at] == full:
            rows.append(int(cities.rows[at]))
            at += 1
        return rows

    @functools.lru_cache(maxsize=65536)  # noqa: B019  # one gazetteer a process
    def _misspelt(self, country: str, key: str) -> str | None:
        if len(key) < 5:
            return None
        from rapidfuzz import fuzz, process  # noqa: PLC0415  # only for misspellings

        match = process.extractOne(key, self._city_names_of(country), scorer=fuzz.ratio, score_cutoff=_CITY_CUTOFF)
        return None if match is None else str(match[0])

    @functools.lru_cache(maxsize=64)  # noqa: B019  # one gazetteer a process
    def _city_names_of(self, country: str) -> list[str]:
        prefix = f"{country} "
        return [key[len(prefix) :] for key in self._cities.index if key.startswith(prefix)]

    # ---- towns

    def cities(self, country: str, minimum_population: int = 0) -> list[Place]:
        """The towns of a country, most populous first."""
        c = self._cities
        rows = [i for i in range(len(c.names)) if c.countries[i] == country and c.population[i] >= minimum_population]
        return [
            Place(c.names[i], country, c.regions[i], float(c.latitude[i]), float(c.longitude[i]), int(c.population[i]))
            for i in rows
        ]

    def postal_codes_near(self, latitude: float, longitude: float, count: int) -> list[tuple[str, float, float]]:
        """The ``count`` US postal codes nearest to a point: (code, latitude, longitude), nearest first."""
        codes, lat, lon = self._postal_codes
        distance = (lat - latitude) ** 2 + ((lon - longitude) * np.cos(np.radians(latitude))) ** 2
        close = np.argpartition(distance, min(count, len(codes) - 1))[:count]
        nearest = close[np.lexsort((close, distance[close]))]
        return [(f"{codes[i]:05d}", float(lat[i]), float(lon[i])) for i in nearest]

    # ---- what is read when needed

    @functools.cached_property
    def _countries(self) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = json.loads(resource("places", "countries.json").read_text(encoding="utf-8"))
        return rows

    @functools.cached_property
    def _country_names(self) -> dict[str, str]:
        return {str(row["code"]): str(row["name"]) for row in self._countries}

    @functools.cached_property
    def _country_keys(self) -> dict[str, str]:
        keys: dict[str, str] = {}
        for row in self._countries:
            for name in (row["code"], row["name"], *_strings(row["other"])):
                keys.setdefault(fold(str(name)), str(row["code"]))
        return keys

    @functools.cached_property
    def _region_keys(self) -> dict[str, dict[str, str]]:
        keys: dict[str, dict[str, str]] = {}
        for row in self._countries:
            regions = row["regions"]
            assert isinstance(regions, list)
            if regions:
                keys[str(row["code"])] = {fold(spelling): region[0] for region in regions for spelling in region}
        return keys

    @functools.cached_property
    def _cities(self) -> _Cities:
        with np.load(resource("places", "cities.npz"), allow_pickle=False) as data:
            keys = _lines(data["keys"])
            index = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
            return _Cities(
                _lines(data["names"]),
                _lines(data["countries"]),
                _lines(data["regions"]),
                data["latitude"],
                data["longitude"],
                data["population"],
                keys,
                data["rows"],
                index,
            )

    @functools.cached_property
    def _largest_in_region(self) -> dict[tuple[str, str], int]:
        c = self._cities
        last = range(len(c.names) - 1, -1, -1)
        return dict(zip(zip(reversed(c.countries), reversed(c.regions), strict=True), last, strict=True))

    @functools.cached_property
    def _largest_in_country(self) -> dict[str, int]:
        c = self._cities
        return dict(zip(reversed(c.countries), range(len(c.names) - 1, -1, -1), strict=True))

    @functools.cached_property
    def _postal_codes(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        with np.load(resource("places", "us_postal_codes.npz"), allow_pickle=False) as data:
            return data["codes"], data["latitude"], data["longitude"]


@dataclass(frozen=True, slots=True)
class _Cities:
    """Towns, most populous first; ``keys`` are sorted, ``index`` holds the first place of each."""

    names: list[str]
    countries: list[str]
    regions: list[str]
    latitude: npt.NDArray[np.float32]
    longitude: npt.NDArray[np.float32]
    population: npt.NDArray[np.int32]
    keys: list[str]
    rows: npt.NDArray[np.int32]
    index: dict[str, int]


def _lines(blob: npt.NDArray[np.uint8]) -> list[str]:
    return bytes(blob).decode().split("\n")


def _strings(value: object) -> Iterable[str]:
    return (str(item) for item in value) if isinstance(value, list) else ()


def _city_spellings(text: str) -> list[str]:
    """Folded spellings to try: as written, without what follows a comma, without brackets, umlauts as one letter."""
    bare = re.sub(r"\(.*?\)", " ", text)
    tries = [
        fold(text),
        fold(bare),
        fold(bare.split(",")[0]),
        fold(re.sub(r"\b(city of|greater|metro)\b", " ", bare.lower())),
    ]
    tries += [re.sub(r"([aou])e", r"\1", spelling) for spelling in tries[:1]]
    return list(dict.fromkeys(t for t in tries if t))


@functools.cache
def load_gazetteer() -> Gazetteer:
    """The one gazetteer of the process; reads nothing until asked."""
    return Gazetteer()
