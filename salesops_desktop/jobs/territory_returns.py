"""Checking a territory workbook that came back: which proposals it makes, and every fault of it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process
from sqlalchemy import Connection

from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.sheets.returned import KIND, ReturnedBook, ReturnedRow

_LONGEST = 1_000
_ALIKE = 75.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a returned workbook asks for one account.

    Attributes:
        account: row id.
        from_id: the territory it was in when the workbook was made, row id.
        to_id: the territory wanted, row id; None for a comment alone.
        comment: what was said, or None.
        by: whose wish it is, or None.
        source: the file.
    """

    account: int
    from_id: int
    to_id: int | None
    comment: str | None
    by: str | None
    source: str


@dataclass(slots=True)
class Returned:
    """What came back, checked.

    Attributes:
        scenario: which scenario it answers to.
        wishes: what can be stored.
        faults: rows that cannot, each with its place and the way out.
        notices: what a reader should know.
    """

    scenario: int
    wishes: list[Wish] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Scenario:
    """The scenario as it stands."""

    id: int
    name: str
    territories: Mapping[int, str]
    """Row id → name."""
    people: Mapping[int, int]
    """Territory row id → its person."""
    by_name: Mapping[str, int]
    """Folded names of territories, and of people who work just one, → territory row id."""
    accounts: Mapping[int, tuple[int, bool, str]]
    """Account row id → territory row id, locked, name."""
    named: Mapping[int, int]
    """Account row id → the person who must work it."""
    forbidden: frozenset[tuple[int, int]]
    """Account and person row ids that do not go together."""


def check_returned(connection: Connection, books: Sequence[ReturnedBook]) -> Returned:
    """Tell what the workbooks propose.

    Args:
        connection: a read connection.
        books: as they were read.

    Raises:
        FaultsError: a file is no workbook of a scenario of this workspace, or they answer to different scenarios.
    """
    scenario = _recognised(connection, books)
    found = Returned(scenario.id)
    for book in books:
        _check_rows(scenario, book, found)
        _check_whole(scenario, book, found)
    return found


# --- which scenario


def _recognised(connection: Connection, books: Sequence[ReturnedBook]) -> _Scenario:
    faults: list[Fault] = []
    known: dict[int, _Scenario] = {}
    for book in books:
        fault = _foreign(connection, book, known)
        if fault is not None:
            faults.append(fault)
    answered = sorted({int(book.facts["scenario"]) for book in books}) if not faults else []
    if len(answered) > 1:
        names = ", ".join(known[number].name for number in answered)
        faults.append(Fault("the files", f"they answer to different scenarios ({names}).", "Import them one by one."))
    if faults:
        raise FaultsError("Nothing was imported.", faults, way_out=str(faults[0].what if len(faults) == 1 else ""))
    return known[answered[0]]


def _foreign(connection: Connection, book: ReturnedBook, known: dict[int, _Scenario]) -> Fault | None:
    """Why a file is no answer to a scenario of this workspace."""
    facts = book.facts
    if facts.get("kind") != KIND or not facts.get("scenario", "").isdecimal():
        return Fault(
            book.file,
            "this is no territory workbook of this program, or its hidden sheet has been taken out.",
            "Take the file that was made by: export, or territories packs.",
        )
    number = int(facts["scenario"])
    if number not in known:
        scenario = _load(connection, number)
        if scenario is None:
            return Fault(
                book.file,
                f"it answers to the scenario {facts.get('scenario_name', number)!r}, which there is not any more.",
                "Choose the workspace it was made from.",
            )
        known[number] = scenario
    scenario = known[number]
    if not set(book.names) & set(scenario.territories) or not set(book.snapshot) & set(scenario.accounts):
        return Fault(
            book.file,
            f"it was made from another workspace ({facts.get('workspace') or 'unnamed'}):"
            f" {scenario.name} here has none of its territories or accounts.",
            "Choose the workspace it was made from.",
        )
    if not book.lists:
        return Fault(
            book.file,
            "it has no list with the headings Ref., Territory, Proposed territory and Comment any more.",
            "Bring the headings back, or export it again and carry the proposals over.",
        )
    return None


def _load(connection: Connection, number: int) -> _Scenario | None:
    name = connection.exec_driver_sql("SELECT name FROM scenario WHERE id = ?", (number,)).scalar()
    if name is None:
        return None
    rows = connection.exec_driver_sql(
        "SELECT t.id, t.name, t.person_id, p.name, t.locked FROM territory t LEFT JOIN person p ON p.id = t.person_id "
        "WHERE t.scenario_id = ?",
        (number,),
    ).fetchall()
    shut = {int(row[0]) for row in rows if row[4]}
    works = Counter(_folded(str(row[3])) for row in rows if row[3] is not None)
    by_name = {_folded(str(row[3])): int(row[0]) for row in rows if row[3] and works[_folded(str(row[3]))] == 1}
    by_name |= {_folded(str(row[1])): int(row[0]) for row in rows}
    accounts = connection.exec_driver_sql(
        "SELECT a.account_id, a.territory_id, a.locked, c.name FROM assignment a JOIN account c ON c.id = a.account_id "
        "WHERE a.scenario_id = ?",
        (number,),
    )
    rules = connection.exec_driver_sql("SELECT account_id, person_id, kind FROM account_rule").fetchall()
    return _Scenario(
        number,
        str(name),
        {int(row[0]): str(row[1]) for row in rows},
        {int(row[0]): int(row[2]) for row in rows if row[2] is not None},
        by_name,
        {int(a): (int(t), bool(locked) or int(t) in shut, str(called)) for a, t, locked, called in accounts},
        {int(a): int(p) for a, p, kind in rules if kind == "named"},
        frozenset((int(a), int(p)) for a, p, kind in rules if kind == "forbidden"),
    )


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


# --- the rows


def _check_rows(scenario: _Scenario, book: ReturnedBook, found: Returned) -> None:
    seen: dict[int, ReturnedRow] = {}
    by = book.saved_by or book.facts.get("scope") or None
    for row in book.rows:
        where = f"{book.file}, {row.sheet}!{row.cell}"
        if row.ref is None or row.ref not in book.snapshot:
            found.faults.append(
                Fault(
                    where,
                    f"the reference of {row.account or 'this account'} has been changed or was not in the file.",
                    "Carry the proposal over into the row that was exported.",
                )
            )
            continue
        first = seen.get(row.ref)
        if first is not None:
            _twice(first, row, where, found)
            continue
        seen[row.ref] = row
        if not row.proposed and not row.comment:
            continue
        wish = _wish(scenario, book, row, where, by)
        if isinstance(wish, Fault):
            found.faults.append(wish)
        elif wish is None:
            found.notices.append(f"{where}: {row.account} is to stay where it is; nothing to do.")
        else:
            found.wishes.append(wish)


def _twice(first: ReturnedRow, row: ReturnedRow, where: str, found: Returned) -> None:
    if (first.proposed, first.comment) == (row.proposed, row.comment) or not (row.proposed or row.comment):
        found.notices.append(f"{where}: {row.account} is listed twice; the first row ({first.cell}) counts.")
        return
    found.faults.append(
        Fault(
            where,
            f"{row.account} is listed a second time with something else than in {first.sheet}!{first.cell}.",
            f"The first row counts: {first.proposed or 'no territory'}. Leave one of the two.",
        )
    )


def _wish(scenario: _Scenario, book: ReturnedBook, row: ReturnedRow, where: str, by: str | None) -> Wish | Fault | None:
    """What a filled-in row asks for; None where it asks for what is."""
    assert row.ref is not None
    held = scenario.accounts.get(row.ref)
    if held is None:
        return Fault(where, f"{row.account} is not in {scenario.name} any more.", "Nothing can be proposed for it.")
    wanted = scenario.by_name.get(_folded(row.proposed)) if row.proposed else None
    if row.proposed and wanted is None:
        return _unknown(scenario, row, where)
    to_id = None if wanted == held[0] else wanted
    if to_id is None and not row.comment:
        return None
    fault = None if to_id is None else _forbidden(scenario, row.ref, to_id, where)
    return fault or Wish(row.ref, book.snapshot[row.ref], to_id, row.comment[:_LONGEST] or None, by, book.file)


def _forbidden(scenario: _Scenario, account: int, to_id: int, where: str) -> Fault | None:
    """Why an account may not move to a territory."""
    territory, locked, name = scenario.accounts[account]
    if locked:
        return Fault(
            where, f"{name} is locked to {scenario.territories[territory]}.", "Unlock it first, if it may move."
        )
    person = scenario.people.get(to_id)
    if scenario.named.get(account, person) != person:
        return Fault(where, f"{name} belongs to a person by name.", "Take the rule away first, if it may move.")
    if person is not None and (account, person) in scenario.forbidden:
        return Fault(where, f"{name} must not go to the person of {scenario.territories[to_id]}.", "See the rules.")
    return None


def _unknown(scenario: _Scenario, row: ReturnedRow, where: str) -> Fault:
    names = list(scenario.territories.values())
    near = process.extractOne(row.proposed, names, scorer=fuzz.WRatio, score_cutoff=_ALIKE)
    way_out = f"Did they mean {near[0]}?" if near else "Choose one from the list in the cell."
    return Fault(where, f"{scenario.name} has no territory called {row.proposed!r} (for {row.account}).", way_out)


# --- the whole file


def _check_whole(scenario: _Scenario, book: ReturnedBook, found: Returned) -> None:
    kept = {row.ref for row in book.rows}
    gone = [ref for ref in book.snapshot if ref not in kept]
    if gone:
        names = _listed(scenario.accounts[ref][2] for ref in gone if ref in scenario.accounts)
        found.notices.append(f"{book.file}: {len(gone):,} rows have been deleted; nothing follows from that ({names}).")
    if book.overwritten:
        found.notices.append(
            f"{book.file}: formulas have been overwritten in {_listed(book.overwritten)};"
            " proposals are read from the tinted cells alone, and every figure is computed anew."
        )
    changed = [ref for ref, then in book.snapshot.items() if scenario.accounts.get(ref, (then,))[0] != then]
    missing = [ref for ref in book.snapshot if ref not in scenario.accounts]
    if changed or missing:
        made = book.facts.get("made", "")[:10]
        names = _listed(scenario.accounts[ref][2] for ref in changed)
        parts = [f"{len(changed):,} accounts have moved since ({names})"] if changed else []
        parts += [f"{len(missing):,} accounts have left it"] if missing else []
        found.notices.append(f"{book.file}: {scenario.name} is not as it was on {made}: {' and '.join(parts)}.")


def _listed(names: Iterable[str], most: int = 8) -> str:
    held = list(names)
    return ", ".join(held[:most]) + (f" and {len(held) - most:,} more" if len(held) > most else "")
