"""A territory scenario as its workbooks want it: the whole for those who decide, a part for each manager."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.territory_reports import TerritoryReport
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import FiscalCalendar, PeriodKind
from salesops_desktop.model.tables import Table, ValueKind
from salesops_desktop.sheets.writing.book import Provenance
from salesops_desktop.sheets.writing.territory_map import draw_map, spread_colours
from salesops_desktop.sheets.writing.territory_records import (
    AccountLine,
    BalanceLine,
    BoundLine,
    Leaver,
    QuotaLine,
    ScenarioBook,
    TerritoryLine,
)
from salesops_desktop.territory.geography import unit_vectors
from salesops_desktop.territory.neighbours import neighbour_edges

NOBODY_MANAGES = "Without a manager"


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the workspace keeps of a scenario beside its report."""

    ids: Mapping[str, int]
    people: Mapping[int, int]
    locked: frozenset[int]
    quotas: Mapping[int, tuple[QuotaLine, ...]]
    tolerance: float
    effective: str


def state_of(assignment: Iterable[tuple[int, int]]) -> str:
    """A hash of who has what: pairs of account and territory row ids, in any order."""
    digest = hashlib.sha256()
    for account, territory in sorted(assignment):
        digest.update(f"{account}:{territory};".encode())
    return digest.hexdigest()


def scenario_book(
    connection: Connection, report: TerritoryReport, where: Provenance, map_png: bytes | None = None
) -> ScenarioBook:
    """All that the workbook of a scenario shows.

    Args:
        connection: a read connection.
        report: the scenario; that of today's owners makes a workbook that takes no proposals.
        where: for the cover; title and period are set here.
        map_png: a picture of the map, or None.
    """
    scenario = report.scenario
    stored = _stored(connection, scenario)
    territories = _territories(report, stored)
    numbers = {territory.name: territory.number for territory in territories}
    accounts = tuple(_accounts(report.accounts, numbers, stored.locked))
    ids = {territory.number: territory.id for territory in territories}
    return ScenarioBook(
        dataclasses.replace(where, title=f"Territories: {report.name}", period=report.status),
        scenario,
        report.name,
        report.currency,
        territories,
        accounts,
        tuple(BalanceLine(f.label, f.before, f.after, f.kind) for f in report.balance),
        sentences=report.sentences,
        bounds=tuple(_bounds(report.certificate or {})),
        certificate=report.proven,
        tolerance=stored.tolerance,
        effective=stored.effective,
        state=state_of((account.ref, ids[account.territory]) for account in accounts),
        workspace=where.workspace,
        map_png=map_png,
    )


def _bounds(certificate: Mapping[str, Any]) -> Iterator[BoundLine]:
    """The certificate's figures, each beside its bound."""
    for each in certificate.get("balance", ()):
        yield BoundLine(f"Largest deviation in {each['measure']}", each["reached"], each["lower"])
    distance = certificate.get("distance")
    if distance and distance["lower_km"] is not None:
        label = f"Mean distance, km ({distance['kind']})"
        yield BoundLine(label, distance["reached_km"], distance["lower_km"], ValueKind.NUMBER)
    moved = certificate.get("moved")
    if moved and moved["total"]:
        lower = None if moved["lower"] is None else moved["lower"] / moved["total"]
        yield BoundLine(f"Share of {moved['measure']} that changes hands", moved["reached"] / moved["total"], lower)


def _stored(connection: Connection, scenario: int) -> _Stored:
    head = connection.exec_driver_sql(
        "SELECT coalesce(json_extract(design, '$.tolerance'), 10), coalesce(effective_from, '') FROM scenario "
        "WHERE id = ?",
        (scenario,),
    ).first()
    rows = connection.exec_driver_sql(
        "SELECT id, name, person_id FROM territory WHERE scenario_id = ?", (scenario,)
    ).fetchall()
    locked = connection.exec_driver_sql(
        "SELECT a.account_id FROM assignment a JOIN territory t ON t.id = a.territory_id "
        "WHERE a.scenario_id = ? AND (a.locked OR t.locked)",
        (scenario,),
    )
    people = {int(row[0]): int(row[2]) for row in rows if row[2] is not None}
    return _Stored(
        {str(row[1]): int(row[0]) for row in rows},
        people,
        frozenset(int(row[0]) for row in locked),
        _quotas(connection, scenario, people),
        float(head[0]) / 100 if head else 0.1,
        str(head[1]) if head else "",
    )


def _quotas(connection: Connection, scenario: int, people: Mapping[int, int]) -> dict[int, tuple[QuotaLine, ...]]:
    """Quotas by territory row id: the territory's own, else those its person has without any territory."""
    rows = connection.exec_driver_sql(
        "SELECT q.territory_id, q.person_id, q.measure, q.period_start, q.period_end, q.amount, q.currency "
        "FROM quota q LEFT JOIN territory t ON t.id = q.territory_id WHERE t.scenario_id = ? OR q.territory_id IS NULL "
        "ORDER BY q.measure, q.period_start, q.period_end",
        (scenario,),
    )
    calendar = company(connection).calendar
    own: dict[int, list[QuotaLine]] = defaultdict(list)
    personal: dict[int, list[QuotaLine]] = defaultdict(list)
    for territory, person, measure, start, end, amount, currency in rows:
        first, last = dt.date.fromisoformat(str(start)), dt.date.fromisoformat(str(end))
        label, year = _period(calendar, first, last), calendar.fiscal_year(first)
        line = QuotaLine(label, str(measure), int(amount), str(currency), year)
        if territory is not None:
            own[int(territory)].append(line)
        elif person is not None:
            personal[int(person)].append(line)
    return {
        territory: tuple(own[territory] or _latest_year(personal[person])) for territory, person in people.items()
    } | {territory: tuple(lines) for territory, lines in own.items() if territory not in people}


def _latest_year(lines: list[QuotaLine]) -> list[QuotaLine]:
    """The quotas of the newest year there are any for: a letter is no archive."""
    newest = max((line.year for line in lines), default=0)
    return [line for line in lines if line.year == newest]


def _period(calendar: FiscalCalendar, start: dt.date, end: dt.date) -> str:
    """What people call a period: a month, quarter or year of the fiscal calendar, else its days."""
    for kind in PeriodKind:
        period = calendar.containing(start, kind)
        if (period.start, period.end) == (start, end):
            return period.label
    return f"{start} to {end}"


def _territories(report: TerritoryReport, stored: _Stored) -> tuple[TerritoryLine, ...]:
    table = report.territories
    potential = _targets(table, "potential")
    workload = _targets(table, "workload")
    made = []
    for i in range(len(table)):
        name = str(table["territory"].values[i])
        km = float(table["km"].values[i])
        made.append(
            TerritoryLine(
                stored.ids.get(name, 0),
                i + 1,
                name,
                _text(table, "person", i),
                _text(table, "manager", i),
                potential[i],
                workload[i],
                None if np.isnan(km) else km,
                stored.quotas.get(stored.ids.get(name, 0), ()),
            )
        )
    return tuple(made)


def _targets(table: Table, measure: str) -> list[float | None]:
    """What each territory should hold: its sum without its deviation; the mean of the others where it holds nothing."""
    sums = table[measure].values.astype(np.float64)
    off = table[f"{measure}_off"].values.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        targets = np.where(off > -1, sums / (1 + off), np.nan)
    known = targets[np.isfinite(targets) & (targets > 0)]
    if not len(known):
        return [None] * len(targets)
    targets = np.where(np.isfinite(targets) & (targets > 0), targets, known.mean())
    return [float(target) for target in targets]


def _text(table: Table, name: str, row: int) -> str:
    value = table[name].values[row]
    return "" if value is None else str(value)


def _accounts(table: Table, numbers: Mapping[str, int], locked: frozenset[int]) -> Iterator[AccountLine]:
    assert table.keys is not None
    activity = table["next_activity"]
    for i, ref in enumerate(table.keys.tolist()):
        if table["territory"].values[i] is None:
            continue
        yield AccountLine(
            ref=ref,
            key=_text(table, "external_id", i),
            name=_text(table, "account", i),
            city=_text(table, "city", i),
            territory=numbers[_text(table, "territory", i)],
            from_person=_text(table, "from_person", i),
            potential=int(table["potential"].values[i]),
            workload=float(table["workload"].values[i]),
            open_pipeline=int(table["open"].values[i]),
            next_activity=None if activity.is_missing(i) else activity.values[i].astype("datetime64[D]").astype(object),
            moves=bool(table["moves"].values[i]),
            locked=ref in locked,
        )


# --- a part for each manager


def managers_of(book: ScenarioBook) -> list[str]:
    """The managers who get a part, by name."""
    return sorted({territory.manager or NOBODY_MANAGES for territory in book.territories})


def parts(book: ScenarioBook, positions: Mapping[int, tuple[float, float]], wanted: str = "") -> Iterator[ScenarioBook]:
    """Each manager's part: their territories, what leaves them, and the names of the territories next to theirs.

    Args:
        book: the whole scenario.
        positions: latitude and longitude by account row id, for those that have one.
        wanted: only this manager's.

    Raises:
        InputRefusedError: nobody of that name manages a territory of the scenario.
    """
    managers = managers_of(book)
    if wanted and wanted not in managers:
        raise InputRefusedError(
            f"{wanted} manages no territory of {book.name}.", way_out=f"Managers are: {', '.join(managers[:20])}."
        )
    touching = _touching(book, positions)
    people = {territory.person: territory.manager or NOBODY_MANAGES for territory in book.territories}
    for manager in [wanted] if wanted else managers:
        own = [t for t in book.territories if (t.manager or NOBODY_MANAGES) == manager]
        inside = {t.number for t in own}
        beside = set().union(*(touching[number] for number in inside)) - inside
        mine = [a for a in book.accounts if a.territory in inside]
        renumbered = {t.number: i for i, t in enumerate(own, 1)}
        names = book.by_number()
        yield dataclasses.replace(
            book,
            provenance=dataclasses.replace(book.provenance, title=f"{book.provenance.title}: {manager}"),
            territories=tuple(dataclasses.replace(t, number=renumbered[t.number]) for t in own),
            accounts=tuple(dataclasses.replace(a, territory=renumbered[a.territory]) for a in mine),
            balance=(),
            leavers=tuple(
                Leaver(a, names[a.territory].name, names[a.territory].person)
                for a in book.accounts
                if a.moves and a.territory not in inside and people.get(a.from_person) == manager
            ),
            neighbours=tuple(
                TerritoryLine(names[number].id, len(own) + i, names[number].name, names[number].person)
                for i, number in enumerate(sorted(beside), 1)
            ),
            sentences=(),
            bounds=(),
            certificate=(),
            state=state_of((a.ref, names[a.territory].id) for a in mine),
            scope=manager,
            map_png=_drawn({a.ref: renumbered[a.territory] for a in mine}, positions),
        )


def _touching(book: ScenarioBook, positions: Mapping[int, tuple[float, float]]) -> dict[int, set[int]]:
    """Which territories have accounts next to each other."""
    placed = [a for a in book.accounts if a.ref in positions]
    found: dict[int, set[int]] = {territory.number: set() for territory in book.territories}
    if len(placed) < 2:
        return found
    where = np.array([positions[a.ref] for a in placed])
    territory = np.array([a.territory for a in placed])
    edges = neighbour_edges(unit_vectors(where[:, 0], where[:, 1]))
    pairs = territory[edges]
    for one, other in np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0).tolist():
        found[one].add(other)
        found[other].add(one)
    return found


def scenario_map(report: TerritoryReport) -> bytes | None:
    """A picture of a scenario's accounts, each territory with its number in the workbook; None without positions."""
    numbers = {str(name): i for i, name in enumerate(report.territories["territory"].values, 1)}
    assert report.accounts.keys is not None
    held = zip(report.accounts.keys.tolist(), report.accounts["territory"].values, strict=True)
    territory = {ref: numbers[str(name)] for ref, name in held if name is not None}
    return _drawn(territory, positions_of(report.accounts))


def _drawn(territory: Mapping[int, int], positions: Mapping[int, tuple[float, float]]) -> bytes | None:
    """A map of accounts by the number of their territory."""
    refs = [ref for ref in territory if ref in positions]
    number = [territory[ref] for ref in refs]
    latitude, longitude = [positions[ref][0] for ref in refs], [positions[ref][1] for ref in refs]
    return draw_map(latitude, longitude, number, spread_colours(number, latitude, longitude))


def positions_of(report_accounts: Table) -> dict[int, tuple[float, float]]:
    """Latitude and longitude by account row id, of those that have one."""
    assert report_accounts.keys is not None
    latitude = report_accounts["latitude"].values.astype(np.float64)
    longitude = report_accounts["longitude"].values.astype(np.float64)
    known = np.isfinite(latitude) & np.isfinite(longitude)
    return {
        int(ref): (float(latitude[i]), float(longitude[i])) for i, ref in enumerate(report_accounts.keys) if known[i]
    }
