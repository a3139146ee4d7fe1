from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from salesops_desktop.model.gazetteer import Precision, fold, load_gazetteer
from salesops_desktop.model.outlines import load_outlines

# Positions as encyclopaedias give them.
KNOWN = [
    (("United States", "TX", "Austin", None), 30.27, -97.74, Precision.CITY),
    (("USA", "California", "San Fransisco", None), 37.77, -122.42, Precision.CITY),
    (("Untied States", "NY", "New York", "10001-1234"), 40.75, -74.0, Precision.POSTAL_CODE),
    (("US", "MO", "Springfield", None), 37.21, -93.3, Precision.CITY),
    (("US", "IL", "Springfield", None), 39.8, -89.65, Precision.CITY),
    (("US", None, "Saint Louis, MO", None), 38.63, -90.2, Precision.CITY),
    (("Canada", "ON", "London", None), 42.98, -81.25, Precision.CITY),
    ((None, "ON", "London", None), 42.98, -81.25, Precision.CITY),
    (("UK", None, "London", None), 51.51, -0.13, Precision.CITY),
    (("Germny", None, "Koeln", "50667"), 50.94, 6.96, Precision.CITY),
    (("Deutschland", None, "Muenchen", None), 48.14, 11.58, Precision.CITY),
    (("Deutschland", "Bavaria", None, None), 48.14, 11.58, Precision.STATE),
    (("Österreich", None, "Vienna", None), 48.21, 16.37, Precision.CITY),
    (("Switzerland", "ZH", "ZURICH", None), 47.37, 8.54, Precision.CITY),
    (("Philipines", None, None, None), 14.6, 121.0, Precision.COUNTRY),
    (("Korea", None, None, None), 37.57, 126.98, Precision.COUNTRY),
    ((None, None, "Paris", None), 48.86, 2.35, Precision.CITY),
]


@pytest.mark.parametrize(("address", "latitude", "longitude", "precision"), KNOWN)
def test_addresses_are_found(address, latitude, longitude, precision):
    position = load_gazetteer().locate(*address)
    assert position is not None
    assert (position.latitude, position.longitude) == pytest.approx((latitude, longitude), abs=0.12)
    assert position.precision is precision


@pytest.mark.parametrize(
    "address", [(None, None, None, None), ("", " ", "", ""), ("Atlantis", None, "Foo", "12345"), (None, "X", "1", "2")]
)
def test_what_is_not_known_stays_unknown(address):
    assert load_gazetteer().locate(*address) is None


def test_a_state_that_contradicts_does_not_lose_the_town():
    assert load_gazetteer().locate("US", "Bavaria", "Denver", None)[2] is Precision.CITY


def test_an_unknown_postal_code_falls_back_to_its_area():
    position = load_gazetteer().locate("US", None, None, "10998-0001")
    assert position is not None
    assert position.precision in (Precision.POSTAL_CODE, Precision.POSTAL_AREA)
    assert position.latitude == pytest.approx(41.3, abs=0.4)


def test_many_addresses_equal_one_by_one():
    gazetteer = load_gazetteer()
    columns = list(zip(*(address for address, *_ in KNOWN), strict=True))
    positions = gazetteer.locate_many(*columns)
    for i, (address, *_) in enumerate(KNOWN):
        one = gazetteer.locate(*address)
        assert (positions.latitude[i], positions.longitude[i], positions.precision[i]) == tuple(one)
    nothing = gazetteer.locate_many([None], [None], ["Foo"], [None])
    assert np.isnan(nothing.latitude[0])
    assert nothing.precision == ("",)


def test_countries_in_any_spelling():
    gazetteer = load_gazetteer()
    spellings = [
        "us",
        "U.S.A.",
        "United Sates",
        "gbr",
        "England",
        "ÖSTERREICH",
        "Swizerland",
        "Czech Republic",
        "Xx",
        "",
    ]
    assert [gazetteer.country(s) for s in spellings] == ["US", "US", "US", "GB", "GB", "AT", "CH", "CZ", None, None]


def test_towns_lie_in_their_country():
    gazetteer, world = load_gazetteer(), load_outlines("world")
    for country in ("US", "DE", "CH", "CA"):
        towns = gazetteer.cities(country, 50_000)
        assert len(towns) > 10
        found = world.features_at([t.latitude for t in towns], [t.longitude for t in towns])
        right = sum(f >= 0 and world.codes[f] == country for f in found)
        assert right / len(towns) > 0.9  # the coast is coarser than a harbour town


def test_postal_codes_near_a_point():
    nearest = load_gazetteer().postal_codes_near(40.7506, -73.9973, 3)
    assert nearest[0][0] == "10001"
    assert len(nearest) == 3


def test_folding_is_one_spelling():
    assert {fold(s) for s in ("St. Gallen", "Sankt Gallen", "SAINT  GALLEN", "st gallen")} == {"st gallen"}
    assert fold("L'Aquila-Größe") == "laquila grosse"


def test_importing_reads_nothing_heavy():
    code = (
        "import sys, salesops_desktop.model.gazetteer; "
        "print([m for m in ('pandas', 'scipy', 'rapidfuzz', 'openpyxl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
