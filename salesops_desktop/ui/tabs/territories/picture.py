"""A scenario as the map shows it: a colour and a territory per account, names in the middle, outlines by extent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.outlines import OutlineName, Outlines, load_outlines

if TYPE_CHECKING:
    from salesops_desktop.jobs.territories import TerritoryReport

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PALETTE: Final = 12
"""How many colours tell neighbouring territories apart."""
_FEW: Final = 0.005
"""The share of accounts in a country that makes its states worth drawing."""
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
        color: a colour number per account, -1 for none.
        place: row in ``names`` per account, -1 for none.
        names: the territories.
        captions: (longitude, latitude, name, accounts) of each territory that has a place.
        outlines: the layers to draw, bottom first.
    """

    keys: Ints
    lon: Floats
    lat: Floats
    color: Ints
    place: Ints
    names: tuple[str, ...]
    captions: tuple[tuple[float, float, str, float], ...]
    outlines: tuple[tuple[OutlineName, Outlines], ...]

    @property
    def located(self) -> int:
        """How many accounts have a position."""
        return int(np.isfinite(self.lon).sum())

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

    def colors_with(self, territories: Sequence[str]) -> Ints:
        """The colours where only some territories stand out; all colours where none is named."""
        if not territories:
            return self.color
        places = [i for i, name in enumerate(self.names) if name in set(territories)]
        return np.where(np.isin(self.place, places), self.color, -1)

    def color_of(self, territory: str) -> int:
        """The colour number of a territory; -1 where it has no account."""
        rows = np.flatnonzero(self.place == self.names.index(territory))
        return int(self.color[rows[0]]) if len(rows) else -1


def draw_up(report: TerritoryReport, colours: Callable[[TerritoryReport, int], Any]) -> Picture:
    """Make the picture of a scenario; may run on any thread.

    Args:
        report: the scenario.
        colours: gives each account of a report a colour number such that neighbouring territories differ.
    """
    accounts, territories = report.accounts, report.territories
    names = tuple(str(name) for name in territories["territory"].values)
    row_of = {name: i for i, name in enumerate(names)}
    place = np.array([row_of.get(str(v), -1) for v in accounts["territory"].values], dtype=np.int64)
    lon = accounts["longitude"].values.astype(np.float64)
    lat = accounts["latitude"].values.astype(np.float64)
    keys = np.arange(len(accounts)) if accounts.keys is None else accounts.keys
    color = np.asarray(colours(report, PALETTE), dtype=np.int64)
    outlines = tuple((name, load_outlines(name)) for name in outline_names(lon, lat))
    return Picture(np.asarray(keys, dtype=np.int64), lon, lat, color, place, names, _captions(names, place, lon, lat),
                   outlines)  # fmt: skip


def _captions(
    names: Sequence[str], place: Ints, lon: Floats, lat: Floats
) -> tuple[tuple[float, float, str, float], ...]:
    """Each name at its account nearest to the territory's middle, so that it never lies in the sea."""
    made = []
    for i, name in enumerate(names):
        rows = np.flatnonzero((place == i) & np.isfinite(lon))
        if not len(rows):
            continue
        x, y = lon[rows], lat[rows]
        nearest = rows[np.argmin(np.hypot(x - np.median(x), y - np.median(y)))]
        made.append((float(lon[nearest]), float(lat[nearest]), name, float(len(rows))))
    return tuple(made)


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
