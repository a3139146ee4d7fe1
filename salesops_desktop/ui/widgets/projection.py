"""From longitude and latitude to a flat map and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EARTH_KM: Final = 6371.0088
"""Mean radius of the earth (IUGG)."""
_A: Final = (1.340264, -0.081106, 0.000893, 0.003796)
_M: Final = np.sqrt(3) / 2
_TOP: Final = 1.3173627591574133
"""The height of the pole in radii: ``_height`` of 60°."""


class Projection(Protocol):
    """Degrees to kilometres on a plane (x east, y north) and back."""

    @property
    def lon0(self) -> float:
        """The middle longitude in degrees."""

    def forward(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Degrees to plane."""

    def inverse(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Plane to degrees."""


@dataclass(frozen=True, slots=True)
class EqualEarth:
    """Equal Earth on a sphere, around a middle longitude; for the world and the tropics.

    Šavrič, Patterson & Jenny 2018, "The Equal Earth map projection", eqs. 3 to 8: areas are true, and lands far from
    the equator keep a shape one knows.
    """

    lon0: float = 0.0

    def forward(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Degrees to plane; longitudes further than 180° from the middle go on beyond the edge."""
        theta = np.arcsin(_M * np.sin(np.radians(np.asarray(lat, dtype=np.float64))))
        squared = theta * theta
        stretch = _M * _rise(squared)
        x = EARTH_KM * np.radians(np.asarray(lon, dtype=np.float64) - self.lon0) * np.cos(theta) / stretch
        return x, EARTH_KM * _height(theta, squared)

    def inverse(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Plane to degrees; what lies beyond a pole is put on it."""
        wanted = np.clip(np.asarray(y, dtype=np.float64) / EARTH_KM, -_TOP, _TOP)
        theta = wanted.copy()
        for _ in range(12):  # Newton: the height rises by 1 to 1.5 per radian, so it gets there from anywhere
            theta = theta - (_height(theta, theta * theta) - wanted) / _rise(theta * theta)
        stretch = _M * _rise(theta * theta)
        lon = np.degrees(np.asarray(x, dtype=np.float64) / EARTH_KM * stretch / np.cos(theta)) + self.lon0
        return lon, np.degrees(np.arcsin(np.clip(np.sin(theta) / _M, -1.0, 1.0)))


def _height(theta: Floats, squared: Floats) -> Floats:
    a1, a2, a3, a4 = _A
    height: Floats = theta * (a1 + a2 * squared + squared**3 * (a3 + a4 * squared))
    return height


def _rise(squared: Floats) -> Floats:
    a1, a2, a3, a4 = _A
    rise: Floats = a1 + 3 * a2 * squared + squared**3 * (7 * a3 + 9 * a4 * squared)
    return rise


@dataclass(frozen=True, slots=True)
class Albers:
    """Albers' equal-area conic on a sphere (Snyder 1987, "Map Projections", p. 100, eqs. 14-1 to 14-11).

    Attributes:
        lon0: middle longitude.
        lat0: latitude of the origin.
        lat1: first standard parallel.
        lat2: second standard parallel; ``lat1 + lat2`` must not be 0.
    """

    lon0: float = -96.0
    lat0: float = 37.5
    lat1: float = 29.5
    lat2: float = 45.5

    def _constants(self) -> tuple[float, float, float]:
        phi1, phi2 = np.radians(self.lat1), np.radians(self.lat2)
        n = float((np.sin(phi1) + np.sin(phi2)) / 2)
        c = float(np.cos(phi1) ** 2 + 2 * n * np.sin(phi1))
        return n, c, float(np.sqrt(c - 2 * n * np.sin(np.radians(self.lat0))) / n)

    def forward(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Degrees to plane; longitudes further than 110° from the middle are moved there instead of wrapping."""
        n, c, rho0 = self._constants()
        away = (np.asarray(lon, dtype=np.float64) - self.lon0 + 180.0) % 360.0 - 180.0
        theta = n * np.radians(np.clip(away, -110.0, 110.0))
        phi = np.radians(np.asarray(lat, dtype=np.float64))
        rho = np.sqrt(np.maximum(c - 2 * n * np.sin(phi), 0.0)) / n
        return EARTH_KM * rho * np.sin(theta), EARTH_KM * (rho0 - rho * np.cos(theta))

    def inverse(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Plane to degrees."""
        n, c, rho0 = self._constants()
        px = np.asarray(x, dtype=np.float64) / EARTH_KM
        py = rho0 - np.asarray(y, dtype=np.float64) / EARTH_KM
        sign = 1.0 if n > 0 else -1.0
        rho = sign * np.hypot(px, py)
        theta = np.arctan2(sign * px, sign * py)
        lat = np.degrees(np.arcsin(np.clip((c - (rho * n) ** 2) / (2 * n), -1.0, 1.0)))
        return self.lon0 + np.degrees(theta / n), lat


US: Final = Albers()
"""The usual parameters for the conterminous United States."""


def choose_projection(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Projection:
    """A projection for these positions, areas true: a cone for a country or continent, Equal Earth for the world."""
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return EqualEarth()
    x, y = x[known], y[known]
    # A few far-away positions should not decide the shape of the map.
    west, east = np.quantile(x, [0.01, 0.99])
    south, north = np.quantile(y, [0.01, 0.99])
    middle = (south + north) / 2
    if east - west > 100 or abs(middle) < 15 or north - south > 60:
        return EqualEarth(float(round((west + east) / 2)) if east - west < 180 else 10.0)
    if west > -130 and east < -60 and south > 20 and north < 55:
        return US
    third = max(north - south, 6.0) / 6
    lon0, lat0 = float(round((west + east) / 2)), float(round(middle))
    return Albers(lon0, lat0, float(round(south + third)), float(round(north - third)) + 0.5)
