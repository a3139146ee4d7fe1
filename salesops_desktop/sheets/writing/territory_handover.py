"""The territory hand-over workbook: what the new design is like, who gets what, and what is at risk on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from salesops_desktop.model.money import exponent
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.book import Book, Check, Provenance, Saved
from salesops_desktop.sheets.writing.formulas import Formula, column_reference
from salesops_desktop.sheets.writing.sheet import Flag, Input, Sheet
from salesops_desktop.sheets.writing.style import kind_format

_TEXT, _INTEGER, _NUMBER, _MONEY = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.NUMBER, ValueKind.MONEY
_FRACTION, _DATE = ValueKind.FRACTION, ValueKind.DATE


@dataclass(frozen=True, slots=True)
class HandoverTerritory:
    """A territory of the new design.

    Attributes:
        number: unique in the scenario, from 1.
        name: its name.
        person: who works it; "" if nobody yet.
        distance_before: mean weighted distance of its person's former accounts from their centre, km; None if unknown.
        distance_after: the same for the new accounts.
    """

    number: int
    name: str
    person: str
    distance_before: float | None = None
    distance_after: float | None = None


@dataclass(frozen=True, slots=True)
class HandoverAccount:
    """An account in the new design.

    Attributes:
        key: its id in the CRM.
        name: its name.
        city: where it is.
        territory: the number of its new territory.
        from_territory: the name of its former territory; "" if it had none.
        from_person: who worked it so far; "" for nobody.
        potential: minor units.
        workload: hours (or whatever the workspace counts) a year.
        open_pipeline: minor units of its open opportunities.
        next_activity: the next planned activity, None for none.
        moves: whether it changes hands.
    """

    key: str
    name: str
    city: str
    territory: int
    from_territory: str
    from_person: str
    potential: int
    workload: float
    open_pipeline: int
    next_activity: dt.date | None
    moves: bool


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A figure of the whole design before and after.

    Attributes:
        label: what is measured.
        before: None where there was no design before.
        after: the same measured on the new design.
        kind: FRACTION for deviations from the mean, NUMBER for kilometres.
    """

    label: str
    before: float | None
    after: float
    kind: ValueKind = _FRACTION


@dataclass(frozen=True, slots=True)
class Handover:
    """All that the workbook shows.

    Attributes:
        provenance: for the cover.
        scenario: the scenario's name.
        currency: of potential and pipeline.
        territories: in the order wanted.
        accounts: all accounts of the design.
        balance: before and after.
        sentences: what the design engine says of its result.
        map_png: a picture of the map, or None.
    """

    provenance: Provenance
    scenario: str
    currency: str
    territories: tuple[HandoverTerritory, ...]
    accounts: tuple[HandoverAccount, ...]
    balance: tuple[BalanceLine, ...]
    sentences: tuple[str, ...] = ()
    map_png: bytes | None = None


def write_territory_handover(path: Path, data: Handover, progress: Progress = silent) -> Saved:
    """Write the hand-over workbook.

    Raises:
        DiskFullError: no room; the old file is intact.
        InputRefusedError: the place cannot be written to.
    """
    book = Book(
        data.provenance,
        (
            "Summary shows how balanced and compact the new territories are, and what changes hands.",
            "Territories sums the sheet Accounts live; change an account's territory number to see the effect.",
            "Hand-over lists every account that changes hands. Please fill in the tinted cells and send the file back.",
        ),
    )
    summary = book.sheet("Summary", "Balance and compactness before and after, and what changes hands")
    territories = book.sheet("Territories", "Each territory's sums, live from the list of accounts")
    handover_sheet = book.sheet("Hand-over", "Accounts that change hands, with their open pipeline and next activity")
    moves = [account for account in data.accounts if account.moves]
    accounts = book.add_table_sheet(
        "Accounts",
        _accounts_table(data),
        about="All accounts with their new and former territory",
        totals=["potential", "workload", "open_pipeline"],
    )
    territories.title("Territories", data.scenario)
    by_territory = territories.table(
        _territories_table(data), formulas=_territory_formulas(accounts), totals=_SUMMED, freeze=True
    )
    handover_sheet.title("Hand-over", f"{len(moves):,} of {len(data.accounts):,} accounts change hands")
    listed = handover_sheet.table(
        _moves_table(data, moves), totals=["potential", "open_pipeline"], inputs=_INPUTS, flags=_FLAGS, freeze=True
    )
    _fill_summary(summary, data, accounts, listed)
    if data.map_png is not None:
        map_sheet = book.sheet("Map", "The new territories on the map")
        map_sheet.title("Map", data.scenario)
        map_sheet.picture(
            data.map_png, f"Map of {len(data.accounts):,} accounts coloured by {len(data.territories)} territories"
        )
    _add_checks(book, data, moves, by_territory, accounts, listed)
    return book.save(path, progress)


_SUMMED = ("accounts", "potential", "workload", "open_pipeline", "moved_in")

_INPUTS = {
    "agreed": Input("list", "Does the new owner agree?", choices=("Yes", "No", "To discuss")),
    "handover_on": Input("date", "The day the account changes hands."),
    "comment": Input("text", "Anything the other side should know."),
}

_FLAGS = (
    Flag("next_activity", '({open_pipeline}>0)*({next_activity}="")', "open pipeline without any planned activity."),
)


def _names(data: Handover) -> dict[int, HandoverTerritory]:
    return {territory.number: territory for territory in data.territories}


def _accounts_table(data: Handover) -> Table:
    names = _names(data)
    specs = [
        ColumnSpec("key", "Account ID", _TEXT),
        ColumnSpec("name", "Account", _TEXT),
        ColumnSpec("city", "City", _TEXT),
        ColumnSpec("territory_no", "Territory no.", _INTEGER),
        ColumnSpec("territory", "Territory", _TEXT),
        ColumnSpec("person", "Person", _TEXT),
        ColumnSpec("from_person", "Former person", _TEXT),
        ColumnSpec("potential", "Potential", _MONEY, currency=data.currency),
        ColumnSpec("workload", "Workload", _NUMBER, digits=1),
        ColumnSpec("open_pipeline", "Open pipeline", _MONEY, currency=data.currency),
        ColumnSpec("moves", "Changes hands", _TEXT),
    ]
    rows = [
        (
            a.key,
            a.name,
            a.city,
            a.territory,
            names[a.territory].name,
            names[a.territory].person,
            a.from_person,
            a.potential,
            a.workload,
            a.open_pipeline,
            "yes" if a.moves else "no",
        )
        for a in data.accounts
    ]
    return build_table("Accounts", specs, rows)


def _territories_table(data: Handover) -> Table:
    specs = [
        ColumnSpec("territory_no", "No.", _INTEGER),
        ColumnSpec("territory", "Territory", _TEXT),
        ColumnSpec("person", "Person", _TEXT),
        ColumnSpec("accounts", "Accounts", _INTEGER),
        ColumnSpec("potential", "Potential", _MONEY, currency=data.currency),
        ColumnSpec("share", "Potential against the mean", _FRACTION, digits=1),
        ColumnSpec("workload", "Workload", _NUMBER, digits=1),
        ColumnSpec("workload_share", "Workload against the mean", _FRACTION, digits=1),
        ColumnSpec("open_pipeline", "Open pipeline", _MONEY, currency=data.currency),
        ColumnSpec("moved_in", "Accounts taken over", _INTEGER),
        ColumnSpec("distance_before", "Mean distance before, km", _NUMBER, digits=1),
        ColumnSpec("distance_after", "Mean distance after, km", _NUMBER, digits=1),
    ]
    members: dict[int, list[HandoverAccount]] = {t.number: [] for t in data.territories}
    for account in data.accounts:
        members[account.territory].append(account)
    count = max(1, len(data.territories))
    potential = sum(a.potential for a in data.accounts) / count
    workload = sum(a.workload for a in data.accounts) / count
    rows = [_territory_row(territory, members[territory.number], potential, workload) for territory in data.territories]
    return build_table("Territories", specs, rows)


def _territory_row(
    territory: HandoverTerritory, accounts: Sequence[HandoverAccount], potential: float, workload: float
) -> tuple[object, ...]:
    own_potential = sum(a.potential for a in accounts)
    own_workload = sum(a.workload for a in accounts)
    return (
        territory.number,
        territory.name,
        territory.person,
        len(accounts),
        own_potential,
        own_potential / potential - 1 if potential else None,
        own_workload,
        own_workload / workload - 1 if workload else None,
        sum(a.open_pipeline for a in accounts),
        sum(a.moves for a in accounts),
        territory.distance_before,
        territory.distance_after,
    )


def _territory_formulas(accounts: TablePlan) -> dict[str, str]:
    def source(name: str) -> str:
        return column_reference(accounts.name, accounts.label(name))

    def summed(name: str) -> str:
        return f"SUMIFS({source(name)},{source('territory_no')},{{territory_no}})"

    def against_mean(name: str) -> str:
        # The sum over all accounts, not an average of this table's own column, so that no cell refers to itself.
        return f'IF(SUM({source(name)})=0,"",{{{name}}}/(SUM({source(name)})/ROWS(Territories[No.]))-1)'

    return {
        "accounts": f"COUNTIFS({source('territory_no')},{{territory_no}})",
        "potential": summed("potential"),
        "share": against_mean("potential"),
        "workload": summed("workload"),
        "workload_share": against_mean("workload"),
        "open_pipeline": summed("open_pipeline"),
        "moved_in": f'COUNTIFS({source("territory_no")},{{territory_no}},{source("moves")},"yes")',
    }


def _moves_table(data: Handover, moves: Sequence[HandoverAccount]) -> Table:
    names = _names(data)
    specs = [
        ColumnSpec("key", "Account ID", _TEXT),
        ColumnSpec("name", "Account", _TEXT),
        ColumnSpec("city", "City", _TEXT),
        ColumnSpec("from_person", "From", _TEXT),
        ColumnSpec("to_person", "To", _TEXT),
        ColumnSpec("from_territory", "Former territory", _TEXT),
        ColumnSpec("to_territory", "New territory", _TEXT),
        ColumnSpec("potential", "Potential", _MONEY, currency=data.currency),
        ColumnSpec("open_pipeline", "Open pipeline at risk", _MONEY, currency=data.currency),
        ColumnSpec("next_activity", "Next activity", _DATE),
        ColumnSpec("agreed", "Agreed", _TEXT),
        ColumnSpec("handover_on", "Hand-over on", _DATE),
        ColumnSpec("comment", "Comment", _TEXT),
    ]
    ordered = sorted(moves, key=lambda a: (-a.open_pipeline, a.name, a.key))
    rows = [
        (
            a.key,
            a.name,
            a.city,
            a.from_person,
            names[a.territory].person,
            a.from_territory,
            names[a.territory].name,
            a.potential,
            a.open_pipeline,
            a.next_activity,
            None,
            None,
            None,
        )
        for a in ordered
    ]
    notes = ("The largest open pipeline comes first.",)
    return build_table("Hand-over", specs, rows, notes=notes)


def _fill_summary(sheet: Sheet, data: Handover, accounts: TablePlan, listed: TablePlan) -> None:
    sheet.title("Summary", data.scenario)
    sheet.row += 1
    moved = sum(a.moves for a in data.accounts)
    risk = Decimal(sum(a.open_pipeline for a in data.accounts if a.moves)).scaleb(-exponent(data.currency))
    keys = column_reference(accounts.name, accounts.label("key"))
    moves = column_reference(accounts.name, accounts.label("moves"))
    pipeline = column_reference(listed.name, listed.label("open_pipeline"))
    sheet.fields(
        [
            ("Territories", len(data.territories), "#,##0"),
            ("Accounts", Formula(f"COUNTA({keys})", len(data.accounts)), "#,##0"),
            ("Accounts that change hands", Formula(f'COUNTIFS({moves},"yes")', moved), "#,##0"),
            (
                "Open pipeline that changes hands",
                Formula(f"SUM({pipeline})", risk),
                kind_format(_MONEY, currency=data.currency),
            ),
        ]
    )
    sheet.heading("Balance and compactness")
    specs = [
        ColumnSpec("label", "Figure", _TEXT),
        ColumnSpec("before", "Before", _NUMBER),
        ColumnSpec("after", "After", _NUMBER),
        ColumnSpec("change", "Change", _NUMBER),
    ]
    rows = [(b.label, b.before, b.after, None if b.before is None else b.after - b.before) for b in data.balance]
    formats = [kind_format(b.kind, digits=1) for b in data.balance]
    changes = [None if b.before is None else "{after}-{before}" for b in data.balance]
    sheet.table(
        build_table("Balance", specs, rows),
        cell_formulas={"change": changes},
        formats={"before": formats, "after": formats, "change": formats},
    )
    if data.sentences:
        sheet.heading("What the design says of itself")
        for sentence in data.sentences:
            sheet.note(sentence)
    sheet.widen(1, 36)


def _add_checks(
    book: Book,
    data: Handover,
    moves: Sequence[HandoverAccount],
    by_territory: TablePlan,
    accounts: TablePlan,
    listed: TablePlan,
) -> None:
    digits = exponent(data.currency)

    def money(minor: int) -> Decimal:
        return Decimal(minor).scaleb(-digits)

    def summed(plan: TablePlan, name: str) -> str:
        return f"SUM({column_reference(plan.name, plan.label(name))})"

    potential = money(sum(a.potential for a in data.accounts))
    pipeline = money(sum(a.open_pipeline for a in data.accounts))
    risk = money(sum(a.open_pipeline for a in moves))
    book.check(Check("Accounts in all territories", summed(by_territory, "accounts"), len(data.accounts), digits=0))
    book.check(Check("Accounts taken over", summed(by_territory, "moved_in"), len(moves), digits=0))
    book.check(Check("Potential of all territories", summed(by_territory, "potential"), potential, digits=digits))
    book.check(Check("Potential of all accounts", summed(accounts, "potential"), potential, digits=digits))
    book.check(
        Check("Open pipeline of all territories", summed(by_territory, "open_pipeline"), pipeline, digits=digits)
    )
    book.check(Check("Open pipeline that changes hands", summed(listed, "open_pipeline"), risk, digits=digits))
