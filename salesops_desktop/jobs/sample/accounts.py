"""The customers: where they are, how large, who owns them, who belongs to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from salesops_desktop.jobs.sample.names import LINES_OF_BUSINESS, NameMaker
from salesops_desktop.jobs.sample.patches import patches
from salesops_desktop.jobs.sample.roster import TEAMS, Roster
from salesops_desktop.model.gazetteer import Gazetteer, Place
from salesops_desktop.model.outlines import load_outlines
from salesops_desktop.model.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Segment:
    """A size class of customers."""

    name: str
    share: float
    employees: tuple[float, float]
    """Mean and standard deviation of the logarithm."""
    potential: tuple[float, float]
    """Likewise, of the yearly potential in major units."""
    workload: float
    """Median hours of selling a year."""
    cycle_days: float
    """Median length of a sale."""
    deal: float
    """Median deal in major units."""


SEGMENTS: tuple[Segment, ...] = (
    Segment("Enterprise", 0.12, (8.1, 0.7), (12.6, 0.7), 60.0, 104.0, 62_000.0),
    Segment("Mid-Market", 0.36, (6.0, 0.6), (11.2, 0.6), 28.0, 66.0, 27_000.0),
    Segment("Small Business", 0.52, (3.9, 0.7), (10.0, 0.7), 11.0, 38.0, 11_500.0),
)


@dataclass(frozen=True, slots=True)
class Account:
    """A customer; money in minor units of its currency."""

    number: int
    name: str
    parent: int | None
    seat: int
    industry: str
    segment: int
    town: Place
    postal_code: str
    street: str
    latitude: float
    longitude: float
    currency: str
    annual_revenue: int
    employees: int
    potential: int
    workload: float
    founded: int
    created: int

    @property
    def external_id(self) -> str:
        """The CRM's id: fifteen characters, as CRMs have them."""
        return f"001Q0000{self.number + 1:07d}"


def towns_of_teams(gazetteer: Gazetteer) -> list[list[Place]]:
    """The towns of each team's region, most populous first."""
    countries = ("US", "CA", "GB", "DE", "AT", "CH")
    towns = [town for country in countries for town in gazetteer.cities(country, 12_000)]
    found = [[town for town in towns if team.covers(town)] for team in TEAMS]
    return [sorted(part, key=lambda town: (-town.population, town.name, town.latitude)) for part in found]


class _Spots:
    """Positions within a town: around a postal code in the US, within some kilometres elsewhere."""

    def __init__(self, rng: np.random.Generator, gazetteer: Gazetteer) -> None:
        self._rng, self._gazetteer = rng, gazetteer
        self._near: dict[Place, list[tuple[str, float, float]]] = {}

    def near(self, town: Place) -> tuple[str, float, float]:
        """(postal code, latitude, longitude)."""
        if town.country != "US":
            reach = 0.01 + 0.00003 * town.population**0.5
            shift = self._rng.normal(0.0, reach, 2)
            return "", town.latitude + float(shift[0]), town.longitude + float(shift[1]) * 1.5
        if town not in self._near:
            codes = self._gazetteer.postal_codes_near(town.latitude, town.longitude, 12)
            close = [c for c in codes if abs(c[1] - town.latitude) + abs(c[2] - town.longitude) < 0.15]
            self._near[town] = close or codes[:1]
        options = self._near[town]
        code, latitude, longitude = options[int(self._rng.integers(len(options)))]
        shift = self._rng.normal(0.0, 0.004, 2)
        return code, latitude + float(shift[0]), longitude + float(shift[1])


def make_accounts(
    rng: np.random.Generator,
    roster: Roster,
    towns: Sequence[Sequence[Place]],
    gazetteer: Gazetteer,
    *,
    count: int,
    first: int,
    last: int,
    progress: Progress = silent,
) -> tuple[Account, ...]:
    """Make the customers of every team's region.

    Args:
        rng: the source of chance.
        roster: seats own accounts: those in the patch around their home, and strays.
        towns: the towns of each team's region.
        gazetteer: gives the postal codes.
        count: how many.
        first: the first day of the window; most customers are older.
        last: the last day of the window.
        progress: told every few hundred.
    """
    names, spots = NameMaker(rng), _Spots(rng, gazetteer)
    industries = tuple(LINES_OF_BUSINESS)
    made: list[Account] = []
    for team, where in enumerate(TEAMS):
        share = round(count * where.share)
        weights = np.array([town.population for town in towns[team]], dtype=float) ** 0.72
        chosen = rng.choice(len(towns[team]), size=share, p=weights / weights.sum())
        begin = len(made)
        for number in chosen:
            town = towns[team][int(number)]
            if len(made) % 250 == 0:
                progress(len(made), count, "Customers")
            segment = int(rng.choice(len(SEGMENTS), p=[s.share for s in SEGMENTS]))
            industry = names.pick(industries)
            parent = _parent(rng, made, begin, where.currency)
            name = names.subsidiary(made[parent].name, town.name) if parent is not None else None
            if name is None:
                parent, name = None, names.company(industry, town.country)
            elif parent is not None:
                industry = made[parent].industry
            made.append(
                _account(
                    rng, len(made), name, parent, industry, segment, town, spots, names, where.currency, first, last
                )
            )
        made[begin:] = _owned(rng, roster, team, made[begin:], begin)
    return tuple(_onto_land(made))


def _parent(rng: np.random.Generator, made: Sequence[Account], begin: int, currency: str) -> int | None:
    """One in nine belongs to a larger customer of the same currency, at most three levels deep, mostly of the region.

    ``begin`` is the number of the region's first customer.
    """
    if len(made) < 20 or rng.random() > 0.11:
        return None
    near = len(made) - begin > 20 and rng.random() < 0.75
    candidate = made[int(rng.integers(begin if near else 0, len(made)))]
    depth, above = 1, candidate.parent
    while above is not None:
        depth, above = depth + 1, made[above].parent
    large = candidate.segment < 2 and candidate.currency == currency and depth < 3
    return candidate.number if large else None


def _account(
    rng: np.random.Generator,
    number: int,
    name: str,
    parent: int | None,
    industry: str,
    segment: int,
    town: Place,
    spots: _Spots,
    names: NameMaker,
    currency: str,
    first: int,
    last: int,
) -> Account:
    size = SEGMENTS[segment]
    employees = max(3, int(rng.lognormal(*size.employees)))
    postal_code, latitude, longitude = spots.near(town)
    new = rng.random() < 0.3
    return Account(
        number,
        name,
        parent,
        -1,
        industry,
        segment,
        town,
        postal_code,
        names.street(town.country),
        round(latitude, 5),
        round(longitude, 5),
        currency,
        int(employees * rng.lognormal(12.0, 0.4) / 1000) * 100_000,
        employees,
        int(rng.lognormal(*size.potential) / 100) * 10_000,
        round(float(size.workload * rng.lognormal(0.0, 0.35)), 1),
        int(2023 - rng.gamma(2.0, 16.0)),
        int(rng.integers(first, last - 120)) if new else first - int(rng.integers(1, 2200)),
    )


def _owned(
    rng: np.random.Generator, roster: Roster, team: int, accounts: Sequence[Account], begin: int
) -> list[Account]:
    """The customers of a team's region with their seats; most subsidiaries are worked with their parent."""
    seats = [seat for seat in roster.seats if seat.team == team]
    positions = np.array([(account.latitude, account.longitude) for account in accounts])
    potential = np.array([account.potential for account in accounts], dtype=float)
    workload = np.array([account.workload for account in accounts])
    patch = patches(
        rng, [seat.home for seat in seats], positions, potential / potential.sum() + workload / workload.sum()
    )
    together = rng.random(len(accounts)) < 0.7
    for i, account in enumerate(accounts):  # parents come before their subsidiaries
        if account.parent is not None and account.parent >= begin and together[i]:
            patch[i] = patch[account.parent - begin]
    return [replace(account, seat=seats[int(place)].number) for account, place in zip(accounts, patch, strict=True)]


def _onto_land(accounts: Sequence[Account]) -> list[Account]:
    """Put back into its town what the chance of a few kilometres placed in water or abroad."""
    world = load_outlines("world")
    moved = [i for i, account in enumerate(accounts) if account.town.country != "US"]
    found = world.features_at([accounts[i].latitude for i in moved], [accounts[i].longitude for i in moved])
    result = list(accounts)
    for i, feature in zip(moved, found, strict=True):
        town = accounts[i].town
        if feature < 0 or world.codes[feature] != town.country:
            result[i] = replace(accounts[i], latitude=round(town.latitude, 5), longitude=round(town.longitude, 5))
    return result
