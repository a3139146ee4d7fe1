from __future__ import annotations

import numpy as np
import pytest

from salesops_desktop.model.gazetteer import load_gazetteer
from salesops_desktop.model.outlines import Outlines, load_outlines


def ring_area(lon: np.ndarray, lat: np.ndarray) -> float:
    """Area in km² of a ring, equal-area cylindrical."""
    x, y = np.radians(lon.astype(float)) * 6371.0, np.sin(np.radians(lat.astype(float))) * 6371.0
    return abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))) / 2


def area(outlines: Outlines, code: str) -> float:
    """Area in km²: the largest ring alone is enough for countries without large holes or islands."""
    return max(ring_area(lon, lat) for lon, lat in outlines.rings_of(outlines.codes.index(code)))


@pytest.mark.parametrize(
    ("name", "features"),
    [("us_states", 56), ("us_counties", 3231), ("provinces", 64), ("world", 241), ("world_coarse", 177)],
)
def test_the_arrays_fit_together(name, features):
    outlines = load_outlines(name)
    assert len(outlines) == features == len(outlines.codes) == len(outlines.names)
    assert outlines.starts[0] == 0
    assert outlines.starts[-1] == len(outlines.longitude) == len(outlines.latitude)
    assert len(outlines.starts) == len(outlines.feature) + 1
    short = np.diff(outlines.starts) < 3  # Falls Church, Virginia, is too small for the source's grid
    assert [outlines.names[f] for f in outlines.feature[short]] == (["Falls Church"] if name == "us_counties" else [])
    assert set(outlines.feature) == set(range(features))
    assert np.abs(outlines.longitude).max() <= 180.0
    assert np.abs(outlines.latitude).max() <= 90.0


# Land areas as the statistical offices publish them, in km².
@pytest.mark.parametrize(("code", "expected"), [("CO", 269_601), ("TX", 695_662), ("KS", 213_100), ("MO", 180_540)])
def test_states_have_their_area(code, expected):
    assert area(load_outlines("us_states"), code) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(("code", "expected"), [("CH", 41_285), ("AT", 83_879), ("DE", 357_588), ("FR", 543_940)])
def test_countries_have_their_area(code, expected):
    assert area(load_outlines("world"), code) == pytest.approx(expected, rel=0.03)


def test_neighbours_share_their_border_exactly():
    outlines = load_outlines("us_states")
    points = {}
    for code in ("CO", "KS"):
        rings = outlines.rings_of(outlines.codes.index(code))
        points[code] = {pair for lon, lat in rings for pair in zip(lon.tolist(), lat.tolist(), strict=True)}
    assert len(points["CO"] & points["KS"]) >= 2


def test_points_fall_into_their_states_and_counties():
    states, counties = load_outlines("us_states"), load_outlines("us_counties")
    latitude, longitude = [39.74, 30.27, 40.71, 0.0], [-104.99, -97.74, -74.0, -30.0]
    found = states.features_at(latitude, longitude)
    assert [states.codes[f] if f >= 0 else "" for f in found] == ["CO", "TX", "NY", ""]
    found = counties.features_at(latitude, longitude)
    assert [counties.ids[f] if f >= 0 else "" for f in found] == ["08031", "48453", "36061", ""]


def test_a_country_within_a_country_is_a_hole():
    world = load_outlines("world")
    found = world.features_at([-29.6, -28.0], [28.2, 25.0])
    assert [world.codes[f] for f in found] == ["LS", "ZA"]


@pytest.mark.parametrize(
    ("code", "expected"), [("DE-BY", 70_550), ("CH-GR", 7_105), ("AT-6", 16_401), ("CA-AB", 661_848)]
)
def test_provinces_have_their_area(code, expected):
    assert area(load_outlines("provinces"), code) == pytest.approx(expected, rel=0.02)


def test_provinces_are_the_gazetteers_regions():
    outlines, gazetteer = load_outlines("provinces"), load_gazetteer()
    towns = [town for country in ("DE", "CH", "AT") for town in gazetteer.cities(country, 60_000)]
    found = outlines.features_at([t.latitude for t in towns], [t.longitude for t in towns])
    told = [outlines.codes[f] if f >= 0 else "" for f in found]
    right = sum(code == f"{t.country}-{t.region}" for code, t in zip(told, towns, strict=True))
    assert right / len(towns) > 0.97
