"""What the territory workbooks show: a scenario's territories, accounts, quotas and certificate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from salesops_desktop.model.tables import ValueKind
from salesops_desktop.sheets.writing.book import Provenance

MOST_SHEETS: Final = 40
"""Territories that get a sheet each; in larger scenarios their managers do."""


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """A target of a territory's person.

    Attributes:
        period: its label, or its two days.
        measure: what is counted.
        amount: minor units.
        currency: ISO code.
        year: its fiscal year; 0 where it plays no part.
    """

    period: str
    measure: str
    amount: int
    currency: str
    year: int = 0


@dataclass(frozen=True, slots=True)
class TerritoryLine:
    """A territory of the scenario.

    Attributes:
        id: its row id, by which a returned workbook knows it; 0 in a report that takes no proposals.
        number: unique in the workbook, from 1.
        name: its name.
        person: who works it; "" for a vacancy.
        manager: that person's manager; "" for none.
        target_potential: what it should hold, minor units; None where nothing is known.
        target_workload: likewise, in the workload's unit.
        km: mean weighted distance of its accounts, km; None if unknown.
        quotas: in the order of their periods.
    """

    id: int
    number: int
    name: str
    person: str
    manager: str = ""
    target_potential: float | None = None
    target_workload: float | None = None
    km: float | None = None
    quotas: tuple[QuotaLine, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account in the scenario.

    Attributes:
        ref: its row id.
        key: its id in the CRM.
        name: its name.
        city: where it is.
        territory: the number of its territory.
        from_person: who works it today; "" for nobody.
        potential: minor units.
        workload: hours (or whatever the workspace counts) a year.
        open_pipeline: minor units of its open opportunities.
        next_activity: the next planned activity, None for none.
        moves: whether it changes hands.
        locked: whether it stays where it is.
    """

    ref: int
    key: str
    name: str
    city: str
    territory: int
    from_person: str
    potential: int
    workload: float
    open_pipeline: int
    next_activity: dt.date | None
    moves: bool
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Leaver:
    """An account of these people that goes to somebody outside: told in a manager's part of a scenario.

    Attributes:
        account: the account; its ``territory`` has no meaning.
        territory: the name of the territory it goes to.
        person: who works that.
    """

    account: AccountLine
    territory: str
    person: str


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A figure of the whole design before and after.

    Attributes:
        label: what is measured.
        before: None where there was no design before.
        after: the same measured on the new design.
        kind: FRACTION for deviations and shares, NUMBER for kilometres.
    """

    label: str
    before: float | None
    after: float
    kind: ValueKind = ValueKind.FRACTION


@dataclass(frozen=True, slots=True)
class BoundLine:
    """A figure of the design beside what no design can beat.

    Attributes:
        label: what is measured.
        reached: the design's.
        bound: what is proven; None where nothing is.
        kind: FRACTION for deviations and shares, NUMBER for kilometres.
    """

    label: str
    reached: float
    bound: float | None
    kind: ValueKind = ValueKind.FRACTION


@dataclass(frozen=True, slots=True)
class ScenarioBook:
    """All that a scenario's workbook, or a manager's part of it, shows.

    Attributes:
        provenance: for the cover.
        scenario: the scenario's row id; 0 for today's owners, whose workbook takes no proposals.
        name: the scenario's name.
        currency: of potential and pipeline.
        territories: in the order wanted.
        accounts: all accounts of those territories.
        balance: before and after; empty in a manager's part.
        leavers: accounts of these people that go to others; only in a manager's part.
        neighbours: further territories an account may be proposed for, of which nothing but the name is told.
        sentences: what the design says of its result.
        bounds: figures beside what is proven to be impossible to beat.
        certificate: the same in sentences.
        tolerance: by how much a territory may lie off its target before it is marked.
        effective: from which day it holds, ISO; "" where not decided.
        state: a hash of who has what, by which a later import tells whether the scenario has changed.
        workspace: which workspace the workbook comes from.
        scope: the manager whose part this is; "" for all.
        map_png: a picture of the map, or None.
    """

    provenance: Provenance
    scenario: int
    name: str
    currency: str
    territories: tuple[TerritoryLine, ...]
    accounts: tuple[AccountLine, ...]
    balance: tuple[BalanceLine, ...] = field(default=())
    leavers: tuple[Leaver, ...] = field(default=())
    neighbours: tuple[TerritoryLine, ...] = field(default=())
    sentences: tuple[str, ...] = field(default=())
    bounds: tuple[BoundLine, ...] = field(default=())
    certificate: tuple[str, ...] = field(default=())
    tolerance: float = 0.1
    effective: str = ""
    state: str = ""
    workspace: str = ""
    scope: str = ""
    map_png: bytes | None = None

    @property
    def returnable(self) -> bool:
        """Whether proposals can be made in the workbook."""
        return self.scenario > 0

    def by_number(self) -> dict[int, TerritoryLine]:
        """Territories by their number."""
        return {territory.number: territory for territory in self.territories}

    def members(self) -> dict[int, list[AccountLine]]:
        """Accounts by their territory's number."""
        found: dict[int, list[AccountLine]] = {territory.number: [] for territory in self.territories}
        for account in self.accounts:
            found[account.territory].append(account)
        return found

    def groups(self) -> Iterator[tuple[str, list[TerritoryLine]]]:
        """The sheets wanted: a territory each, or a manager each where there are many territories."""
        if len(self.territories) <= MOST_SHEETS:
            for territory in self.territories:
                yield territory.name, [territory]
            return
        by_manager: dict[str, list[TerritoryLine]] = {}
        for territory in self.territories:
            by_manager.setdefault(territory.manager or "Without a manager", []).append(territory)
        yield from sorted(by_manager.items())
