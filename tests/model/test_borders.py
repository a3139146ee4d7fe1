"""Borders against the atlas: neighbours, areas, roundness."""

from __future__ import annotations

import numpy as np
import pytest

from salesops_desktop.model.borders import load_borders
from salesops_desktop.model.outlines import load_outlines


def around(name, code):
    codes = load_outlines(name).codes
    place = codes.index(code)
    return {codes[a if b == place else b] for a, b in load_borders(name).neighbours.tolist() if place in (a, b)}


def test_states_have_the_neighbours_of_the_atlas():
    assert around("us_states", "CO") == {"WY", "NE", "KS", "OK", "NM", "UT"}
    assert around("us_states", "ME") == {"NH"}
    assert around("us_states", "HI") == set()
    assert around("world", "PT") == {"ES"}
    assert around("us_counties", "06037") == {"06111", "06029", "06071", "06059"}  # Los Angeles


@pytest.mark.parametrize(("code", "km2"), [("CO", 269_601), ("KS", 213_100), ("TX", 695_662)])
def test_areas_are_those_of_the_atlas(code, km2):
    place = load_outlines("us_states").codes.index(code)
    assert load_borders("us_states").area[place] == pytest.approx(km2, rel=0.02)


def test_a_middle_lies_in_the_middle():
    borders, codes = load_borders("us_states"), load_outlines("us_states").codes
    place = codes.index("CO")
    assert (borders.latitude[place], borders.longitude[place]) == pytest.approx((39.0, -105.5), abs=0.2)


@pytest.mark.parametrize("name", ["us_states", "us_counties", "provinces", "world"])
def test_everything_has_a_middle_and_no_neighbour_of_its_own(name):
    borders = load_borders(name)
    assert np.isfinite(borders.latitude).all()
    assert np.isfinite(borders.longitude).all()
    assert (borders.neighbours[:, 0] < borders.neighbours[:, 1]).all()


def test_a_lonely_line_is_outside_and_a_shared_one_counts_once():
    borders, codes = load_borders("us_states"), load_outlines("us_states").codes
    colorado, wyoming = codes.index("CO"), codes.index("WY")
    shared = {colorado, wyoming}
    between = [
        k for a, b, k in zip(borders.first, borders.second, borders.km, strict=True) if {int(a), int(b)} == shared
    ]
    assert sum(between) == pytest.approx(420, rel=0.01)  # five degrees of the 41st parallel
    alone = np.full(len(codes), -1)
    alone[colorado] = 0
    together = alone.copy()
    together[wyoming] = 0
    one, both = borders.roundness(alone, 1)[0], borders.roundness(together, 1)[0]
    assert one == pytest.approx(np.pi * 269_601 / (2 * (595 + 447)) ** 2 * 4, rel=0.05)
    assert 0.5 < both < np.pi / 4


def test_a_set_without_features_has_no_roundness():
    borders = load_borders("us_states")
    assert np.isnan(borders.roundness(np.full(len(borders.area), -1), 2)).all()
