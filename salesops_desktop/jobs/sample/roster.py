"""The people: a head of sales, two vice presidents, regional managers, reps in seats, overlays and SDRs.

A **seat** is a rep's job, held by one person after another. Accounts belong to seats, so that whoever held the seat on
a day is the owner of what happened that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from salesops_desktop.jobs.sample import calendar
from salesops_desktop.jobs.sample.names import NameMaker
from salesops_desktop.jobs.sample.patches import home_towns
from salesops_desktop.model.gazetteer import Place

_US = {
    "Northeast": "ME NH VT MA RI CT NY NJ PA DE MD DC",
    "Southeast": "VA WV NC SC GA FL AL MS TN KY",
    "Central": "OH MI IN IL WI MN IA MO ND SD NE KS",
    "South Central": "TX OK AR LA",
    "West": "CA OR WA NV AZ UT ID MT WY CO NM AK HI",
}


@dataclass(frozen=True, slots=True)
class Team:
    """A region and its size: ``share`` is its part of the seats and of the accounts."""

    name: str
    region: str
    country_regions: tuple[tuple[str, frozenset[str]], ...]
    """(country, its states or an empty set for all)"""
    share: float
    currency: str

    def covers(self, place: Place) -> bool:
        """Whether the town lies in the team's region."""
        return any(c == place.country and (not states or place.region in states) for c, states in self.country_regions)


def _whole(*countries: str) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((country, frozenset[str]()) for country in countries)


_SOUTH_GERMANY = frozenset("BW BY RP SL".split())
_NORTH_GERMANY = frozenset("HB HH NI NW SH BB BE MV SN ST TH HE".split())
TEAMS: tuple[Team, ...] = (
    *(
        Team(name, "Americas", (("US", frozenset(states.split())),), share, "USD")
        for (name, states), share in zip(_US.items(), (0.17, 0.14, 0.14, 0.11, 0.15), strict=True)
    ),
    Team("Canada", "Americas", _whole("CA"), 0.07, "USD"),
    Team("UK", "EMEA", _whole("GB"), 0.09, "EUR"),
    Team("Germany North", "EMEA", (("DE", _NORTH_GERMANY),), 0.07, "EUR"),
    Team("DACH South", "EMEA", (("DE", _SOUTH_GERMANY), *_whole("AT", "CH")), 0.06, "EUR"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone on the roster; days are day numbers."""

    number: int
    name: str
    role: str
    title: str
    manager: int | None
    team: str
    region: str
    home: Place
    currency: str
    start: int
    end: int | None
    fte: float
    skill: float
    """How much likelier than average the person wins, on the log-odds scale."""

    @property
    def external_id(self) -> str:
        """The CRM's id."""
        return f"U-{1001 + self.number}"

    def serves(self, day: int) -> bool:
        """Whether the person is in service on a day."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Seat:
    """A rep's job: who held it, in order, and the seat that did its work before it existed."""

    number: int
    team: int
    holders: tuple[int, ...]
    covered_by: int | None
    home: Place


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody, and who does what."""

    people: tuple[Person, ...]
    seats: tuple[Seat, ...]
    managers: tuple[int, ...]
    """The manager of each team."""
    overlays: dict[str, tuple[int, ...]]
    """Specialists by product family."""
    sdrs: tuple[int, ...]

    def holder(self, seat: int, day: int) -> int:
        """Who owns what belongs to ``seat`` on ``day``; the team's manager while the seat is vacant."""
        current = self.seats[seat]
        if day < self.people[current.holders[0]].start and current.covered_by is not None:
            return self.holder(current.covered_by, day)
        for person in current.holders:
            if self.people[person].serves(day):
                return person
        return self.managers[current.team]


class _Hiring:
    """Collects people while the roster is made."""

    def __init__(self, rng: np.random.Generator, names: NameMaker, towns: Sequence[Sequence[Place]]) -> None:
        self.rng, self.names, self.towns = rng, names, towns
        self.people: list[Person] = []

    def hire(
        self,
        role: str,
        title: str,
        manager: int | None,
        team: int,
        *,
        home: Place | None = None,
        start: int,
        end: int | None = None,
        label: str | None = None,
    ) -> int:
        """Add a person and return the number."""
        where = TEAMS[team]
        self.people.append(
            Person(
                len(self.people),
                self.names.person(),
                role,
                title,
                manager,
                label or where.name,
                where.region,
                home or self.town(team),
                where.currency,
                calendar.working_day(start),
                end,
                0.8 if role == "Account Executive" and self.rng.random() < 0.08 else 1.0,
                float(self.rng.normal(0.0, 0.28)),
            )
        )
        return len(self.people) - 1

    def town(self, team: int) -> Place:
        """One of the larger towns of a team's region."""
        large = self.towns[team][:25]
        weights = np.array([town.population for town in large], dtype=float) ** 0.5
        return large[int(self.rng.choice(len(large), p=weights / weights.sum()))]

    def long_ago(self, first: int) -> int:
        """A start of service well before the window."""
        return first - int(self.rng.integers(200, 3400))


def make_roster(
    rng: np.random.Generator,
    towns: Sequence[Sequence[Place]],
    families: Sequence[str],
    *,
    first: int,
    last: int,
    seats: int,
) -> Roster:
    """Make the people.

    Args:
        rng: the source of chance.
        towns: the towns of each team's region, most populous first.
        families: the product families overlays specialise in.
        first: the first day of the window; some people come and go after it.
        last: the last day of the window.
        seats: how many reps work at a time.
    """
    office = _Hiring(rng, NameMaker(rng), towns)
    head = office.hire("Head of Sales", "Chief Revenue Officer", None, 0, start=office.long_ago(first), label="Sales")
    chiefs = {
        "Americas": office.hire("VP Sales", "VP Sales Americas", head, 0, start=office.long_ago(first), label="Sales"),
        "EMEA": office.hire("VP Sales", "VP Sales EMEA", head, 7, start=office.long_ago(first), label="Sales"),
    }
    managers = tuple(
        office.hire("Sales Manager", f"Manager {team.name}", chiefs[team.region], i, start=office.long_ago(first))
        for i, team in enumerate(TEAMS)
    )
    made = _hire_reps(office, managers, first, last, seats)
    specialist_lead = office.hire(
        "Sales Manager", "Manager Specialists", head, 0, start=office.long_ago(first), label="Specialists"
    )
    overlays: dict[str, list[int]] = {family: [] for family in families}
    for i, family in enumerate([*families, *families]):
        start = office.long_ago(first) if i < len(families) else first + int(rng.integers(30, 400))
        overlays[family].append(
            office.hire(
                "Solution Engineer",
                f"Specialist {family}",
                specialist_lead,
                int(rng.integers(len(TEAMS))),
                start=start,
                label="Specialists",
            )
        )
    sdr_lead = office.hire("Sales Manager", "Manager SDR", head, 0, start=office.long_ago(first), label="SDR")
    sdrs = tuple(_hire_sdrs(office, sdr_lead, first, last, max(3, round(seats / 6))))
    return Roster(tuple(office.people), made, managers, {family: tuple(who) for family, who in overlays.items()}, sdrs)


def _hire_reps(office: _Hiring, managers: Sequence[int], first: int, last: int, seats: int) -> tuple[Seat, ...]:
    """Fill the seats; a fifth change hands within the window, an eighth are new in it."""
    rng, made = office.rng, list[Seat]()
    for team, where in enumerate(TEAMS):
        count = max(2, round(where.share * seats))
        begin = len(made)
        for i, home in enumerate(home_towns(rng, office.towns[team], count)):
            new = i > 1 and rng.random() < 0.14
            leaves = not new and rng.random() < 0.22
            start = first + int(rng.integers(90, max(91, last - first - 150))) if new else office.long_ago(first)
            title = ("Senior Account Executive", "Account Executive")[int(rng.random() < 0.6)]

            def rep(start: int, end: int | None, title: str = title, team: int = team, home: Place = home) -> int:
                return office.hire("Account Executive", title, managers[team], team, home=home, start=start, end=end)

            end = first + int(rng.integers(60, last - first - 10)) if leaves else None
            holders = [rep(start, end)]
            if end is not None and (successor := end + int(rng.integers(8, 60))) <= last - 5:
                holders.append(rep(calendar.working_day(successor) + 3, None))
            made.append(Seat(len(made), team, tuple(holders), begin + i % 2 if new else None, home))
    return tuple(made)


def _hire_sdrs(office: _Hiring, lead: int, first: int, last: int, count: int) -> list[int]:
    """SDRs stay for shorter than reps: a third leave within the window, each replaced."""
    rng, found = office.rng, list[int]()
    for i in range(count):
        team = i % len(TEAMS)
        end = first + int(rng.integers(120, last - first - 60)) if i > 2 and rng.random() < 0.35 else None
        for start, leaves in [(office.long_ago(first), end)] + ([(end + 14, None)] if end is not None else []):
            found.append(
                office.hire("Sales Development Representative", "SDR", lead, team, start=start, end=leaves, label="SDR")
            )
    return found
