"""What changes hands in a territory scenario: the hand-over list, and who gives how much to whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final

from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.formulas import column_reference
from salesops_desktop.sheets.writing.sheet import Flag, Sheet
from salesops_desktop.sheets.writing.territory_lists import WHOLE
from salesops_desktop.sheets.writing.territory_records import AccountLine, ScenarioBook

_TEXT, _INTEGER, _MONEY = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.MONEY

HANDOVER: Final = "Handover"
MOST_SQUARE: Final = 24
"""Rows and columns up to which who gives to whom is a matrix; a list beyond."""

_FLAGS: Final = (
    Flag("next_activity", '({open_pipeline}>0)*({next_activity}="")', "open pipeline without any planned activity."),
)


def fill_handover(sheet: Sheet, data: ScenarioBook) -> TablePlan:
    """List the accounts that change hands, the largest open pipeline first."""
    table = _moves(data)
    total = len(data.accounts) + len(data.leavers)
    sheet.title("Hand-over", f"{data.name}: {len(table):,} of {total:,} accounts change hands")
    return sheet.table(
        table,
        name=HANDOVER,
        totals=["potential", "open_pipeline"],
        flags=_FLAGS if len(table) else (),
        formats=WHOLE,
        freeze=True,
    )


def _moves(data: ScenarioBook) -> Table:
    moved = _moved(data)
    moved.sort(key=lambda line: (-line[0].open_pipeline, -line[0].potential, line[0].name, line[0].ref))
    specs = [
        ColumnSpec("name", "Account", _TEXT),
        ColumnSpec("from_person", "From", _TEXT),
        ColumnSpec("to_person", "To", _TEXT),
        ColumnSpec("to_territory", "New territory", _TEXT),
        ColumnSpec("open_pipeline", "Open pipeline at risk", _MONEY, currency=data.currency),
        ColumnSpec("next_activity", "Next activity", ValueKind.DATE),
        ColumnSpec("potential", "Potential", _MONEY, currency=data.currency),
        ColumnSpec("city", "City", _TEXT),
        ColumnSpec("key", "Account ID", _TEXT),
    ]
    rows = [
        (
            a.name, a.from_person or None, person or None, territory, a.open_pipeline, a.next_activity, a.potential,
            a.city or None, a.key or None,
        )
        for a, territory, person in moved
    ]  # fmt: skip
    notes = ("The largest open pipeline comes first.",) if rows else ()
    return build_table("Hand-over", specs, rows, notes=notes)


def _moved(data: ScenarioBook) -> list[tuple[AccountLine, str, str]]:
    """Accounts that change hands, with the territory and the person they go to."""
    names = data.by_number()
    within = [(a, names[a.territory].name, names[a.territory].person) for a in data.accounts if a.moves]
    return [*within, *((leaver.account, leaver.territory, leaver.person) for leaver in data.leavers)]


def fill_churn(sheet: Sheet, data: ScenarioBook, listed: TablePlan) -> TablePlan:
    """Count what goes from whom to whom: a matrix where it fits, else a list."""
    counts = Counter((account.from_person, territory) for account, territory, _ in _moved(data))
    givers = sorted({giver for giver, _ in counts})
    takers = list(dict.fromkeys(sorted(taker for _, taker in counts)))
    sheet.title("Who gives to whom", f"{data.name}: accounts from today's owner to the new territory")
    if len(givers) <= MOST_SQUARE and len(takers) <= MOST_SQUARE:
        return _matrix(sheet, listed, counts, givers, takers)
    return _pairs(sheet, data, listed, counts)


def _equals(what: str) -> str:
    """A criterion that a text equals ``what``, whatever signs it is made of."""
    for sign in "~*?":
        what = f'SUBSTITUTE({what},"{sign}","~{sign}")'
    return f'"="&{what}'


def _matrix(
    sheet: Sheet, listed: TablePlan, counts: Counter[tuple[str, str]], givers: list[str], takers: list[str]
) -> TablePlan:
    specs = [
        ColumnSpec("from_person", "From \\ to", _TEXT),
        *(ColumnSpec(f"to_{i}", taker, _INTEGER) for i, taker in enumerate(takers)),
        ColumnSpec("all", "All", _INTEGER),
    ]
    rows = [
        (giver, *(counts[giver, taker] or None for taker in takers), sum(counts[giver, t] for t in takers))
        for giver in givers
    ]
    source, target = _columns(listed)
    heading = "{from_person}"
    # A count of nothing shows as an empty cell: the eye finds the flows.
    formulas = {}
    for i, taker in enumerate(takers):
        wanted = _equals('"' + taker.replace('"', '""') + '"')
        count = f"COUNTIFS({source},{_equals(heading)},{target},{wanted})"
        formulas[f"to_{i}"] = f'IF({count}=0,"",{count})'
    formulas["all"] = f"COUNTIFS({source},{_equals(heading)})"
    return sheet.table(
        build_table("Who gives to whom", specs, rows),
        name="Churn",
        formulas=formulas,
        totals=[spec.name for spec in specs[1:]],
        filters=False,
        freeze=True,
    )


def _pairs(sheet: Sheet, data: ScenarioBook, listed: TablePlan, counts: Counter[tuple[str, str]]) -> TablePlan:
    potential: dict[tuple[str, str], int] = defaultdict(int)
    pipeline: dict[tuple[str, str], int] = defaultdict(int)
    for account, territory, _ in _moved(data):
        potential[account.from_person, territory] += account.potential
        pipeline[account.from_person, territory] += account.open_pipeline
    specs = [
        ColumnSpec("from_person", "From", _TEXT),
        ColumnSpec("to_territory", "New territory", _TEXT),
        ColumnSpec("all", "Accounts", _INTEGER),
        ColumnSpec("potential", "Potential", _MONEY, currency=data.currency),
        ColumnSpec("open_pipeline", "Open pipeline at risk", _MONEY, currency=data.currency),
    ]
    rows = [
        (*pair, count, potential[pair], pipeline[pair])
        for pair, count in sorted(counts.items(), key=lambda item: (-potential[item[0]], item[0]))
    ]
    source, target = _columns(listed)
    same = f"{source},{_equals('{from_person}')},{target},{_equals('{to_territory}')}"

    def summed(name: str) -> str:
        return f"SUMIFS({column_reference(listed.name, listed.label(name))},{same})"

    return sheet.table(
        build_table("Who gives to whom", specs, rows),
        name="Churn",
        formulas={
            "all": f"COUNTIFS({same})",
            "potential": summed("potential"),
            "open_pipeline": summed("open_pipeline"),
        },
        totals=["all", "potential", "open_pipeline"],
        formats=WHOLE,
        freeze=True,
    )


def _columns(listed: TablePlan) -> tuple[str, str]:
    return (
        column_reference(listed.name, listed.label("from_person")),
        column_reference(listed.name, listed.label("to_territory")),
    )
