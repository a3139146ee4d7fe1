"""A scenario as the map shows it: a territory and a size per account, outlines by extent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.outlines import OutlineName, Outlines, load_outlines

if TYPE_CHECKING:
    from salesops_desktop.jobs.territories import TerritoryReport

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SMALLEST, LARGEST, ALIKE_SIZE = 3.5, 15.0, 6.0
"""Diameters of accounts in pixels."""
_USUAL: Final = 11.0
"""The diameter of an account at the 98th percentile of its measure."""
_FEW: Final = 0.005
"""The share of accounts in a country that makes its states worth drawing."""
_LAYERS: Final[dict[str, OutlineName]] = {"counties": "us_counties", "states": "us_states", "countries": "world"}
"""The outlines of the areas that can be handed out; postal codes have none."""
_BOXES: Final[dict[OutlineName, tuple[tuple[float, float, float, float], ...]]] = {
    "us_states": ((-170.0, 18.0, -66.0, 72.0),),
    "provinces": ((-141.0, 42.0, -52.0, 70.0), (5.8, 45.8, 17.2, 55.1)),
}
"""West, south, east, north of the lands whose states or provinces there are outlines of."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What the map draws.

    Attributes:
        keys: account row ids, one per row of the report's accounts.
        lon: degrees east per account, NaN where not known.
        lat: degrees north.
        place: row in ``names`` per account, -1 for none.
        names: the territories.
        outlines: the layers to draw, bottom first.
        areas: of a design of areas: the layer they are in, and the row in ``names`` of each feature (-1 for none).
    """

    keys: Ints
    lon: Floats
    lat: Floats
    place: Ints
    names: tuple[str, ...]
    outlines: tuple[tuple[OutlineName, Outlines], ...]
    areas: tuple[OutlineName, Ints] | None = None

    @property
    def located(self) -> int:
        """How many accounts have a position."""
        return int(np.isfinite(self.lon).sum())

    def like(self, other: Picture) -> bool:
        """Whether another picture shows the same accounts and territories: only who has what may differ."""
        same = self.names == other.names and self.outlines == other.outlines and self.areas is None is other.areas
        return same and np.array_equal(self.keys, other.keys)

    def keys_in(self, territories: Sequence[str]) -> list[int]:
        """The accounts of some territories."""
        places = [i for i, name in enumerate(self.names) if name in set(territories)]
        return [int(key) for key in self.keys[np.isin(self.place, places)]]

    def rows_of(self, keys: Sequence[int]) -> npt.NDArray[np.intp]:
        """The rows of some accounts, in the order of the report."""
        return np.flatnonzero(np.isin(self.keys, np.asarray(keys, dtype=np.int64)))

    def held_by(self, rows: npt.NDArray[np.intp]) -> tuple[tuple[str, int], ...]:
        """The territories of some rows with how many of them each has, most first."""
        counts = Counter(self.place[rows].tolist())
        return tuple((self.names[place], count) for place, count in counts.most_common() if place >= 0)


def draw_up(report: TerritoryReport) -> Picture:
    """Make the picture of a scenario; may run on any thread."""
    accounts, territories = report.accounts, report.territories
    names = tuple(str(name) for name in territories["territory"].values)
    row_of = {name: i for i, name in enumerate(names)}
    place = np.array([row_of.get(str(v), -1) for v in accounts["territory"].values], dtype=np.int64)
    lon = accounts["longitude"].values.astype(np.float64)
    lat = accounts["latitude"].values.astype(np.float64)
    keys = np.arange(len(accounts)) if accounts.keys is None else accounts.keys
    areas = areas_of(report, row_of)
    wanted = outline_names(lon, lat)
    if areas is not None and areas[0] not in wanted:
        wanted = (*wanted, areas[0])
    outlines = tuple((name, load_outlines(name)) for name in wanted)
    return Picture(np.asarray(keys, dtype=np.int64), lon, lat, place, names, outlines, areas)


def areas_of(report: TerritoryReport, row_of: Mapping[str, int]) -> tuple[OutlineName, Ints] | None:
    """The outlines of the areas that were handed out, and the territory of each; None where there are none.

    Args:
        report: the scenario.
        row_of: the row of each territory by its name.
    """
    layer = _LAYERS.get(str(report.unit_kind))
    if layer is None or report.areas is None:
        return None
    outlines = load_outlines(layer)
    held = {str(code): row_of.get(str(name), -1) for code, name in
            zip(report.areas["code"].values, report.areas["territory"].values, strict=True)}  # fmt: skip
    pairs = zip(outlines.ids, outlines.codes, strict=True)
    return layer, np.array([held.get(number, held.get(code, -1)) for number, code in pairs], dtype=np.int64)


def disc_sizes(values: npt.ArrayLike, usual: float = 0.0) -> Floats:
    """A diameter per account in pixels, such that the areas of discs follow the values.

    Args:
        values: by account.
        usual: the value with the usual diameter; found among the values where 0.
    """
    known = np.maximum(np.nan_to_num(np.asarray(values, dtype=np.float64)), 0.0)
    usual = usual or disc_scale(known)
    return np.clip(_USUAL * np.sqrt(known / usual), SMALLEST, LARGEST)


def disc_scale(values: Floats) -> float:
    """The value that gets the usual diameter: few are larger."""
    return float(np.quantile(values[values > 0], 0.98)) if (values > 0).any() else 1.0


def lands_of(name: OutlineName, outlines: Outlines) -> tuple[str, ...]:
    """The country each feature is part of."""
    if name in ("us_states", "us_counties"):
        return ("US",) * len(outlines)
    return tuple(code[:2] for code in outlines.codes) if name == "provinces" else outlines.codes


def outline_names(lon: Floats, lat: Floats) -> tuple[OutlineName, ...]:
    """The outlines that suit these positions: the world, with states or provinces where accounts lie in them."""
    known = np.isfinite(lon) & np.isfinite(lat)
    x, y = lon[known], lat[known]
    chosen: list[OutlineName] = ["world"]
    for name, boxes in _BOXES.items():
        inside = np.zeros(len(x), dtype=np.bool_)
        for west, south, east, north in boxes:
            inside |= (x >= west) & (x <= east) & (y >= south) & (y <= north)
        if len(x) and inside.mean() > _FEW:
            chosen.append(name)
    return tuple(chosen)
