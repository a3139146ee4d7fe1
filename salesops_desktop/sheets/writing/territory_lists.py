"""The lists of a territory workbook: sheets where owners are proposed, all accounts, and the balance that follows live.

One table of accounts is the hinge: its column "Proposed territory" looks up what has been written on the sheets, its
column "No. as proposed" says where the account would go, and every sum by territory is taken over those two columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.returned import ACCOUNT, COMMENT, PROPOSED, REF, TERRITORY
from salesops_desktop.sheets.writing.blocks import Given, TablePlan
from salesops_desktop.sheets.writing.formulas import Formula, column_reference
from salesops_desktop.sheets.writing.sheet import Flag, Input, Sheet
from salesops_desktop.sheets.writing.territory_records import AccountLine, ScenarioBook, TerritoryLine

_TEXT, _INTEGER, _NUMBER, _MONEY = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.NUMBER, ValueKind.MONEY
_FRACTION, _DATE = ValueKind.FRACTION, ValueKind.DATE

ACCOUNTS: Final = "Accounts"
BALANCE: Final = "Balance"
NEIGHBOURS: Final = "Neighbours"
WHOLE: Final = {"potential": "#,##0", "open_pipeline": "#,##0", "workload": "#,##0.0"}
"""Amounts are exact, and shown without their cents: nobody weighs accounts by the cent."""
_ADDED: Final = ("potential", "workload", "open_pipeline")
_FROZEN: Final = 3
"""A sheet of at most this many territories keeps the heading of its accounts in sight."""


@dataclass(slots=True)
class Lists:
    """What the lists of a workbook are called, for the formulas of others."""

    accounts: TablePlan
    balance: TablePlan
    neighbours: TablePlan | None
    sheets: dict[int, str]
    """Territory number → the sheet with its accounts."""
    own: list[TablePlan] = field(default_factory=list)
    """The lists of accounts, one a sheet."""
    subtotals: list[TablePlan] = field(default_factory=list)

    @property
    def plans(self) -> list[TablePlan]:
        """All tables with formulas that nobody is meant to change."""
        return [*self.own, *self.subtotals, self.accounts, self.balance, *filter(None, [self.neighbours])]


@dataclass(frozen=True, slots=True)
class Places:
    """The sheets, made before they are filled so that they stand in their order."""

    balance: Sheet
    groups: tuple[tuple[Sheet, list[TerritoryLine]], ...]
    accounts: Sheet


def add_lists(data: ScenarioBook, places: Places) -> Lists:
    """Fill the sheets of territories, the list of all accounts, and the balance."""
    words = _Words(data)
    members = data.members()
    sheets: dict[int, str] = {}
    own: list[TablePlan] = []
    subtotals: list[TablePlan] = []
    place: dict[int, str] = {}  # territory number → name of the table that lists its accounts
    for number, (sheet, territories) in enumerate(places.groups, 1):
        strip, listed = _fill_group(sheet, data, words, number, territories, members)
        subtotals.append(strip)
        own.append(listed)
        for territory in territories:
            sheets[territory.number] = sheet.name
            place[territory.number] = listed.name
    accounts = _fill_accounts(places.accounts, data, words, place)
    balance = _fill_balance(places.balance, data, words, members, sheets)
    neighbours = _fill_neighbours(places.balance, data, words) if data.neighbours and data.returnable else None
    if data.returnable:
        for sheet in (places.balance, places.accounts, *(sheet for sheet, _ in places.groups)):
            sheet.protected = True
    return Lists(accounts, balance, neighbours, sheets, own, subtotals)


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure that territories are balanced in."""

    name: str
    label: str
    kind: ValueKind

    @property
    def live(self) -> str:
        """The column with its sums as proposed."""
        return f"{self.name}_live"


class _Words:
    """Headings and references that several tables share."""

    def __init__(self, data: ScenarioBook) -> None:
        self.data = data
        self.measures = measures(data)

    def heading(self, label: str, kind: ValueKind = _TEXT) -> str:
        """A column's heading as the table has it."""
        return f"{label} ({self.data.currency})" if kind is _MONEY and self.data.currency not in label else label

    def account(self, label: str, kind: ValueKind = _TEXT) -> str:
        """A column of all accounts."""
        return column_reference(ACCOUNTS, self.heading(label, kind))

    def balance(self, label: str, kind: ValueKind = _TEXT) -> str:
        """A column of the balance."""
        return column_reference(BALANCE, self.heading(label, kind))

    def spec(self, name: str, label: str, kind: ValueKind) -> ColumnSpec:
        """A column; money in the scenario's currency."""
        digits = 1 if kind in (_FRACTION, _NUMBER) else None
        return ColumnSpec(name, label, kind, self.data.currency if kind is _MONEY else None, digits=digits)


def measures(data: ScenarioBook) -> tuple[Measure, ...]:
    """The measures of which there is something."""
    found = []
    if any(account.potential for account in data.accounts):
        found.append(Measure("potential", "Potential", _MONEY))
    if any(account.workload for account in data.accounts):
        found.append(Measure("workload", "Workload", _NUMBER))
    return tuple(found)


NO, NO_LIVE = "No.", "No. as proposed"


def _whole(words: _Words) -> dict[str, str]:
    """Number formats of sums: amounts without cents, hours without tenths."""
    return {
        name: "#,##0" for measure in words.measures for name in (measure.name, measure.live, f"{measure.name}_target")
    }


def _lookup(territory: str) -> str:
    """A territory's name as ``MATCH`` must be given it: stars and question marks stand for themselves."""
    for sign in "~*?":
        territory = f'SUBSTITUTE({territory},"{sign}","~{sign}")'
    return territory


# --- the sheets where owners are proposed


def _fill_group(
    sheet: Sheet,
    data: ScenarioBook,
    words: _Words,
    number: int,
    territories: Sequence[TerritoryLine],
    members: dict[int, list[AccountLine]],
) -> tuple[TablePlan, TablePlan]:
    one = territories[0] if len(territories) == 1 else None
    count = sum(len(members[territory.number]) for territory in territories)
    said = (one.person or "nobody yet") if one else f"{len(territories)} territories"
    sheet.title(sheet.name, f"{data.name}: {said}, {count:,} accounts")
    listed_name, strip_name = f"List_{number}", f"Subtotals_{number}"
    strip = sheet.table(
        _strip_table(data, words, territories, members),
        name=strip_name,
        formulas=_strip_formulas(data, words, listed_name),
        filters=False,
        flags=_off_flags(data, words),
        formats=_whole(words),
    )
    listed = sheet.table(
        _listed_table(data, words, territories, members),
        name=listed_name,
        totals=_ADDED,
        inputs=_inputs(data) if data.returnable else None,
        formats=WHOLE,
        freeze=len(territories) <= _FROZEN,
    )
    sheet.repeated = listed.row
    sheet.printed_columns = max(listed.place("from_person"), strip.last_column)
    if data.returnable:
        sheet.widen(listed.place("proposed"), 24)
        sheet.widen(listed.place("comment"), 36)
    return strip, listed


def _inputs(data: ScenarioBook) -> dict[str, Input]:
    names = tuple(t.name for t in (*data.territories, *data.neighbours))
    return {
        "proposed": Input(
            "list", "Choose the territory that should get the account, or leave it empty.", choices=names
        ),
        "comment": Input("text", "Why, or anything the planner should know."),
    }


def _strip_table(
    data: ScenarioBook,
    words: _Words,
    territories: Sequence[TerritoryLine],
    members: dict[int, list[AccountLine]],
) -> Table:
    specs = [
        ColumnSpec("territory", TERRITORY, _TEXT),
        ColumnSpec("person", "Person", _TEXT),
        ColumnSpec("territory_no", NO, _INTEGER),
        ColumnSpec("accounts", "Accounts", _INTEGER),
    ]
    if data.returnable:
        specs.append(ColumnSpec("accounts_live", "Accounts as proposed", _INTEGER))
    for measure in words.measures:
        specs.append(words.spec(measure.name, measure.label, measure.kind))
        if data.returnable:
            specs.append(words.spec(measure.live, f"{measure.label} as proposed", measure.kind))
        specs.append(words.spec(f"{measure.name}_off", f"{measure.label} off target", _FRACTION))
    rows = []
    for territory in territories:
        own = members[territory.number]
        row: dict[str, object] = {
            "territory": territory.name, "person": territory.person or None, "territory_no": territory.number,
            "accounts": len(own), "accounts_live": len(own),
        }  # fmt: skip
        for measure in words.measures:
            row[measure.name] = row[measure.live] = _sum(measure, own)
            row[f"{measure.name}_off"] = _off(measure, territory, own)
        rows.append(row)
    return build_table("Subtotals", specs, rows)


def _strip_formulas(data: ScenarioBook, words: _Words, listed: str) -> dict[str, str]:
    def own(label: str, kind: ValueKind = _TEXT) -> str:
        return column_reference(listed, words.heading(label, kind))

    def balance(label: str, kind: ValueKind = _TEXT) -> str:
        return f"INDEX({words.balance(label, kind)},MATCH({{territory_no}},{words.balance(NO)},0))"

    found = {"accounts": f"COUNTIFS({own(NO)},{{territory_no}})"}
    if data.returnable:
        found["accounts_live"] = balance("Accounts as proposed")
    for measure in words.measures:
        found[measure.name] = f"SUMIFS({own(measure.label, measure.kind)},{own(NO)},{{territory_no}})"
        if data.returnable:
            found[measure.live] = balance(f"{measure.label} as proposed", measure.kind)
        found[f"{measure.name}_off"] = balance(_off_label(data, measure))
    return found


def _listed_table(
    data: ScenarioBook,
    words: _Words,
    territories: Sequence[TerritoryLine],
    members: dict[int, list[AccountLine]],
) -> Table:
    specs = [ColumnSpec("name", ACCOUNT, _TEXT), ColumnSpec("territory", TERRITORY, _TEXT)]
    if data.returnable:
        specs += [ColumnSpec("proposed", PROPOSED, _TEXT), ColumnSpec("comment", COMMENT, _TEXT)]
    specs += [
        words.spec("potential", "Potential", _MONEY),
        words.spec("workload", "Workload", _NUMBER),
        words.spec("open_pipeline", "Open pipeline", _MONEY),
        ColumnSpec("next_activity", "Next activity", _DATE),
        ColumnSpec("city", "City", _TEXT),
        ColumnSpec("from_person", "Owner today", _TEXT),
        ColumnSpec("key", "Account ID", _TEXT),
        ColumnSpec("territory_no", NO, _INTEGER),
        ColumnSpec("ref_no", REF, _INTEGER),
    ]
    rows = [
        {
            "name": account.name, "territory": territory.name, "comment": None, "proposed": None,
            "potential": account.potential, "workload": account.workload, "open_pipeline": account.open_pipeline,
            "next_activity": account.next_activity, "city": account.city or None,
            "from_person": account.from_person or None, "key": account.key or None,
            "territory_no": territory.number, "ref_no": account.ref,
        }
        for territory in territories
        for account in sorted(members[territory.number], key=lambda a: (-a.potential, a.name, a.ref))
    ]  # fmt: skip
    locked = [a.name for t in territories for a in members[t.number] if a.locked]
    notes = []
    if data.returnable:
        notes.append("Choose another territory in a tinted cell, or write a comment: the sums above follow at once.")
    if locked:
        more = f" and {len(locked) - 6:,} more" if len(locked) > 6 else ""
        notes.append(f"Locked, and not to be proposed for others: {', '.join(locked[:6])}{more}.")
    return build_table("Accounts of the territory", specs, rows, notes=notes)


# --- all accounts


def _fill_accounts(sheet: Sheet, data: ScenarioBook, words: _Words, place: dict[int, str]) -> TablePlan:
    names = data.by_number()
    sheet.title("Accounts", f"{len(data.accounts):,} accounts of {data.name}")
    specs = [
        ColumnSpec("name", ACCOUNT, _TEXT),
        ColumnSpec("city", "City", _TEXT),
        ColumnSpec("territory_no", NO, _INTEGER),
        ColumnSpec("territory", TERRITORY, _TEXT),
        ColumnSpec("person", "Person", _TEXT),
        ColumnSpec("from_person", "Owner today", _TEXT),
        ColumnSpec("moves", "Changes hands", _TEXT),
        words.spec("potential", "Potential", _MONEY),
        words.spec("workload", "Workload", _NUMBER),
        words.spec("open_pipeline", "Open pipeline", _MONEY),
        ColumnSpec("next_activity", "Next activity", _DATE),
        ColumnSpec("key", "Account ID", _TEXT),
    ]
    if data.returnable:
        specs += [
            ColumnSpec("proposed", "Proposed for", _TEXT),
            ColumnSpec("after_no", NO_LIVE, _INTEGER),
            ColumnSpec("listed", "Times listed", _INTEGER),
        ]
    specs.append(ColumnSpec("ref_no", "Account ref.", _INTEGER))
    rows = [
        {
            "name": a.name, "city": a.city or None, "territory_no": a.territory, "territory": names[a.territory].name,
            "person": names[a.territory].person or None, "from_person": a.from_person or None,
            "moves": "yes" if a.moves else "no", "potential": a.potential, "workload": a.workload,
            "open_pipeline": a.open_pipeline, "next_activity": a.next_activity, "key": a.key or None,
            "proposed": None, "after_no": a.territory, "listed": 1, "ref_no": a.ref,
        }
        for a in data.accounts
    ]  # fmt: skip
    table = build_table("Accounts", specs, rows)
    if not data.returnable:
        return sheet.table(table, name=ACCOUNTS, totals=_ADDED, formats=WHOLE, freeze=True)
    shown: dict[int, str | Given | None] = {}
    listed: dict[int, str | Given | None] = {}
    for number, list_name in place.items():
        refs = column_reference(list_name, REF)
        found = f"INDEX({column_reference(list_name, PROPOSED)},MATCH({{ref_no}},{refs},0))"
        shown[number] = f'IFERROR({found}&"","")'
        listed[number] = f"COUNTIFS({refs},{{ref_no}})"
    wanted = _lookup("{proposed}")
    after = f"IFERROR(MATCH({wanted},{words.balance(TERRITORY)},0),0)"
    if data.neighbours:
        first = data.neighbours[0].number - 1
        after = (
            f"IFERROR(MATCH({wanted},{words.balance(TERRITORY)},0),"
            f"IFERROR({first}+MATCH({wanted},{column_reference(NEIGHBOURS, TERRITORY)},0),0))"
        )
    return sheet.table(
        table,
        name=ACCOUNTS,
        formulas={"after_no": f'IF({{proposed}}="",{{territory_no}},{after})'},
        cell_formulas={
            "proposed": [shown[a.territory] for a in data.accounts],
            "listed": [listed[a.territory] for a in data.accounts],
        },
        totals=_ADDED,
        formats=WHOLE,
        flags=[Flag("after_no", "{after_no}<>{territory_no}", "accounts proposed for another territory.")],
        freeze=True,
    )


# --- the balance


def _sum(measure: Measure, accounts: Sequence[AccountLine]) -> int | float:
    if measure.name == "potential":
        return sum(account.potential for account in accounts)
    return sum(account.workload for account in accounts)


def _target(measure: Measure, territory: TerritoryLine) -> int | float | None:
    if measure.name == "potential":
        return None if territory.target_potential is None else round(territory.target_potential)
    return territory.target_workload


def _off(measure: Measure, territory: TerritoryLine, accounts: Sequence[AccountLine]) -> float | None:
    target = _target(measure, territory)
    return _sum(measure, accounts) / target - 1 if target else None


def _off_label(data: ScenarioBook, measure: Measure) -> str:
    return f"{measure.label} off target{' as proposed' if data.returnable else ''}"


def _off_flags(data: ScenarioBook, words: _Words, *, suffix: str = "_off") -> list[Flag]:
    limit = data.tolerance
    return [
        Flag(
            f"{measure.name}{suffix}",
            f"ABS(N({{{measure.name}{suffix}}}))>{limit:.6g}",
            f"{measure.label.lower()} more than {limit:.0%} off target.",
        )
        for measure in words.measures
    ]


def _fill_balance(
    sheet: Sheet,
    data: ScenarioBook,
    words: _Words,
    members: dict[int, list[AccountLine]],
    sheets: dict[int, str],
) -> TablePlan:
    live = data.returnable
    sheet.title("Balance", f"{data.name}: each territory against its target, live from the list of accounts")
    if live:
        sheet.note('"As proposed" counts each account where the tinted cells of the territories\' sheets put it.')
    sheet.row += 1
    _fill_worst(sheet, data, words, members)
    table = _balance_table(data, words, members)
    return sheet.table(
        table,
        name=BALANCE,
        formulas=_balance_formulas(data, words),
        totals=[n for n in table.names if n in _SUMMED],
        flags=_off_flags(data, words, suffix="_off_live" if live else "_off"),
        formats=_whole(words),
        links={"territory": [sheets[territory.number] for territory in data.territories]},
    )


_SUMMED = {"accounts", "accounts_live", "potential", "potential_live", "workload", "workload_live"}


def _fill_worst(sheet: Sheet, data: ScenarioBook, words: _Words, members: dict[int, list[AccountLine]]) -> list[str]:
    """The largest deviation of each measure as designed and as proposed."""
    pairs = []
    for measure in words.measures:
        offs = [_off(measure, territory, members[territory.number]) for territory in data.territories]
        worst = max((abs(off) for off in offs if off is not None), default=0.0)
        labels = [f"{measure.label} off target"]
        if data.returnable:
            labels.append(_off_label(data, measure))
        for label in labels:
            column = words.balance(label)
            said = f"{measure.label}: most off target{label.removeprefix(labels[0])}"
            pairs.append((said, Formula(f"MAX(MAX({column}),-MIN({column}))", worst), "0.0%"))
    return sheet.fields(pairs)


def _balance_table(data: ScenarioBook, words: _Words, members: dict[int, list[AccountLine]]) -> Table:
    live = data.returnable
    specs = [
        ColumnSpec("territory", TERRITORY, _TEXT),
        ColumnSpec("person", "Person", _TEXT),
        ColumnSpec("territory_no", NO, _INTEGER),
        ColumnSpec("accounts", "Accounts", _INTEGER),
        *([ColumnSpec("accounts_live", "Accounts as proposed", _INTEGER)] if live else []),
    ]
    for measure in words.measures:
        name, label, kind = measure.name, measure.label, measure.kind
        specs += [
            words.spec(name, label, kind),
            *([words.spec(measure.live, f"{label} as proposed", kind)] if live else []),
            words.spec(f"{name}_target", f"{label} target", kind),
            words.spec(f"{name}_off", f"{label} off target", _FRACTION),
            *([words.spec(f"{name}_off_live", f"{label} off target as proposed", _FRACTION)] if live else []),
        ]
    specs += [ColumnSpec("moved_in", "Taken over", _INTEGER), words.spec("km", "Mean km", _NUMBER)]
    rows = []
    for territory in data.territories:
        own = members[territory.number]
        row: dict[str, object] = {
            "territory": territory.name, "person": territory.person or None, "territory_no": territory.number,
            "accounts": len(own), "accounts_live": len(own), "moved_in": sum(a.moves for a in own), "km": territory.km,
        }  # fmt: skip
        for measure in words.measures:
            row[measure.name] = row[measure.live] = _sum(measure, own)
            row[f"{measure.name}_target"] = _target(measure, territory)
            row[f"{measure.name}_off"] = row[f"{measure.name}_off_live"] = _off(measure, territory, own)
        rows.append(row)
    return build_table("Balance", specs, rows)


def _balance_formulas(data: ScenarioBook, words: _Words) -> dict[str, str]:
    found = {
        "accounts": f"COUNTIFS({words.account(NO)},{{territory_no}})",
        "moved_in": f'COUNTIFS({words.account(NO)},{{territory_no}},{words.account("Changes hands")},"yes")',
    }
    if data.returnable:
        found["accounts_live"] = f"COUNTIFS({words.account(NO_LIVE)},{{territory_no}})"
    for measure in words.measures:
        source = words.account(measure.label, measure.kind)
        name = measure.name
        found[name] = f"SUMIFS({source},{words.account(NO)},{{territory_no}})"
        found[f"{name}_off"] = f'IF(N({{{name}_target}})=0,"",{{{name}}}/{{{name}_target}}-1)'
        if data.returnable:
            found[measure.live] = f"SUMIFS({source},{words.account(NO_LIVE)},{{territory_no}})"
            found[f"{name}_off_live"] = f'IF(N({{{name}_target}})=0,"",{{{measure.live}}}/{{{name}_target}}-1)'
    return found


def _fill_neighbours(sheet: Sheet, data: ScenarioBook, words: _Words) -> TablePlan:
    sheet.heading("What would go to neighbours")
    sheet.note("Territories of others that accounts may be proposed for. Their own accounts are not told here.")
    specs = [
        ColumnSpec("territory", TERRITORY, _TEXT),
        ColumnSpec("person", "Person", _TEXT),
        ColumnSpec("territory_no", NO, _INTEGER),
        ColumnSpec("accounts_live", "Accounts as proposed", _INTEGER),
        *(words.spec(m.live, f"{m.label} as proposed", m.kind) for m in words.measures),
    ]
    rows = [
        {
            "territory": t.name, "person": t.person or None, "territory_no": t.number, "accounts_live": 0,
            **{m.live: 0 for m in words.measures},
        }
        for t in data.neighbours
    ]  # fmt: skip
    formulas = {"accounts_live": f"COUNTIFS({words.account(NO_LIVE)},{{territory_no}})"}
    for m in words.measures:
        source = words.account(m.label, m.kind)
        formulas[m.live] = f"SUMIFS({source},{words.account(NO_LIVE)},{{territory_no}})"
    return sheet.table(
        build_table("Neighbours", specs, rows),
        name=NEIGHBOURS,
        formulas=formulas,
        totals=["accounts_live", *(m.live for m in words.measures)],
        formats=_whole(words),
        filters=False,
    )


def money_look(data: ScenarioBook) -> str:
    """The number format of an amount with its currency, without cents."""
    return f'#,##0 "{data.currency}"'
