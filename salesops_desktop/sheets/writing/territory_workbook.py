"""Territory workbooks: a scenario for the people who decide on it, and a part of it for each manager to answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from salesops_desktop.model.money import exponent
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.book import Book, Check, Saved
from salesops_desktop.sheets.writing.folder import file_name, write_folder
from salesops_desktop.sheets.writing.formulas import Formula, column_reference
from salesops_desktop.sheets.writing.sheet import Sheet
from salesops_desktop.sheets.writing.style import kind_format
from salesops_desktop.sheets.writing.territory_changes import fill_churn, fill_handover
from salesops_desktop.sheets.writing.territory_identity import add_identity
from salesops_desktop.sheets.writing.territory_letters import fill_letters
from salesops_desktop.sheets.writing.territory_lists import Lists, Places, add_lists, measures, money_look
from salesops_desktop.sheets.writing.territory_records import MOST_SHEETS, ScenarioBook

_HOW: Final = (
    "Each territory has a sheet with its accounts: choose another territory in a tinted cell, or write a comment.",
    "Balance follows live: it shows what your proposals do to every territory. Nothing changes until it is accepted.",
    "Please keep all rows and columns, save, and send the file back.",
)


def write_scenario(path: Path, data: ScenarioBook, progress: Progress = silent) -> Saved:
    """Write a scenario's workbook.

    Raises:
        DiskFullError: no room; the old file is intact.
        InputRefusedError: the place cannot be written to.
    """
    return _book(data).save(path, progress)


def write_packs(folder: Path, parts: Iterator[ScenarioBook], progress: Progress = silent) -> tuple[Saved, ...]:
    """Write a workbook for each manager into a folder, all of them or none.

    The files are written into a folder beside it first and then moved, so that a full disk or a cancellation leaves
    the folder as it was.

    Args:
        folder: made if it does not exist; files of the same names are replaced, others stay.
        parts: a manager's part of the scenario each.
        progress: may cancel.

    Raises:
        DiskFullError: no room; the folder is as it was.
        InputRefusedError: the folder cannot be written to.
    """
    taken: set[str] = set()
    named = ((file_name(f"{part.name} {part.scope}", taken, "Territories"), _book(part)) for part in parts)
    return write_folder(folder, named, progress)


def _book(data: ScenarioBook) -> Book:
    """The workbook, ready to be saved."""
    whole = not data.scope
    source = data.provenance
    how = (*_HOW, *_about_scope(data)) if data.returnable else ("Balance sums the accounts live.",)
    book = Book(source, how)
    if whole:
        summary = book.sheet("Summary", "Balance, compactness and what changes hands, before and after")
    balance = book.sheet("Balance", "Each territory against its target, as designed and as proposed")
    if data.map_png is not None:
        _add_map(book, data)
    handover_sheet = book.sheet("Hand-over", "Accounts that change hands, with their open pipeline and next activity")
    churn = book.sheet("Who gives to whom", "How much goes from today's owners to the new territories")
    letters = book.sheet("Quota letters", "A page to print for each person: territory, quota, what changes")
    groups = tuple((book.sheet(name, _about_group(territories)), territories) for name, territories in data.groups())
    accounts = book.sheet("Accounts", "All accounts with their owners of today and tomorrow")
    lists = add_lists(data, Places(balance, groups, accounts))
    listed = fill_handover(handover_sheet, data)
    fill_churn(churn, data, listed)
    fill_letters(letters, data, lists)
    if whole:
        _fill_summary(summary, data, lists, listed)
    _add_checks(book, data, lists, listed)
    if data.returnable:
        add_identity(book, data, lists)
    return book


def _about_scope(data: ScenarioBook) -> tuple[str, ...]:
    if not data.scope:
        return ()
    said = f"This is the part of {data.scope}. Of other managers' territories it holds the names"
    return (f"{said} and, in the hand-over, who gives or takes an account.",)


def _about_group(territories: Sequence[object]) -> str:
    return "Its accounts" if len(territories) == 1 else f"The accounts of {len(territories)} territories"


def _add_map(book: Book, data: ScenarioBook) -> None:
    assert data.map_png is not None
    sheet = book.sheet("Map", "The territories on the map")
    sheet.title("Map", f"{data.name}: accounts by territory; the numbers are those of the sheet Balance")
    sheet.picture(
        data.map_png, f"Map of {len(data.accounts):,} accounts coloured by {len(data.territories)} territories"
    )


def _fill_summary(sheet: Sheet, data: ScenarioBook, lists: Lists, listed: TablePlan) -> None:
    sheet.title("Summary", data.name)
    sheet.row += 1
    moved = sum(a.moves for a in data.accounts)
    risk = Decimal(sum(a.open_pipeline for a in data.accounts if a.moves)).scaleb(-exponent(data.currency))
    refs = column_reference(lists.accounts.name, lists.accounts.label("ref_no"))
    moves = column_reference(lists.accounts.name, lists.accounts.label("moves"))
    pipeline = column_reference(listed.name, listed.label("open_pipeline"))
    sheet.fields(
        [
            ("Territories", len(data.territories), "#,##0"),
            ("Accounts", Formula(f"COUNT({refs})", len(data.accounts)), "#,##0"),
            ("Accounts that change hands", Formula(f'COUNTIFS({moves},"yes")', moved), "#,##0"),
            ("Open pipeline that changes hands", Formula(f"SUM({pipeline})", risk), money_look(data)),
        ]
    )
    if data.returnable:
        proposed = column_reference(lists.accounts.name, lists.accounts.label("proposed"))
        sheet.fields([("Accounts proposed for others", Formula(f'SUMPRODUCT(--({proposed}<>""))', 0), "#,##0")])
    sheet.heading("Balance and compactness")
    specs = [
        ColumnSpec("label", "Figure", ValueKind.TEXT),
        ColumnSpec("before", "Before", ValueKind.NUMBER),
        ColumnSpec("after", "After", ValueKind.NUMBER),
        ColumnSpec("change", "Change", ValueKind.NUMBER),
    ]
    rows = [(b.label, b.before, b.after, None if b.before is None else b.after - b.before) for b in data.balance]
    formats = [kind_format(b.kind, digits=1) for b in data.balance]
    changes = [None if b.before is None else "{after}-{before}" for b in data.balance]
    sheet.table(
        build_table("Before and after", specs, rows),
        cell_formulas={"change": changes},
        formats={"before": formats, "after": formats, "change": formats},
        filters=False,
    )
    if data.bounds or data.certificate:
        sheet.heading("Certificate: how far from what no design can beat")
        for sentence in data.certificate:
            sheet.note(sentence)
        _add_bounds(sheet, data)
    if data.sentences:
        sheet.heading("What the design says of itself")
        for sentence in data.sentences:
            sheet.note(sentence)
    sheet.widen(1, 44)


def _add_bounds(sheet: Sheet, data: ScenarioBook) -> None:
    if not data.bounds:
        return
    specs = [
        ColumnSpec("label", "Figure", ValueKind.TEXT),
        ColumnSpec("reached", "This design", ValueKind.NUMBER),
        ColumnSpec("bound", "Proven bound", ValueKind.NUMBER),
        ColumnSpec("gap", "At most to gain", ValueKind.NUMBER),
    ]
    rows = [(b.label, b.reached, b.bound, None if b.bound is None else b.reached - b.bound) for b in data.bounds]
    formats = [kind_format(b.kind, digits=1) for b in data.bounds]
    sheet.table(
        build_table("Certificate", specs, rows),
        cell_formulas={"gap": [None if b.bound is None else "{reached}-{bound}" for b in data.bounds]},
        formats={"reached": formats, "bound": formats, "gap": formats},
        filters=False,
    )


def _add_checks(book: Book, data: ScenarioBook, lists: Lists, listed: TablePlan) -> None:
    digits = exponent(data.currency)
    accounts, balance = lists.accounts, lists.balance

    def column(plan: TablePlan, name: str) -> str:
        return column_reference(plan.name, plan.label(name))

    def total(name: str, plans: Sequence[TablePlan]) -> str:
        return "+".join(f"SUM({column(plan, name)})" for plan in plans)

    count = len(data.accounts)
    book.check(Check("Accounts in all territories", total("accounts", [balance]), count, digits=0))
    moved = sum(a.moves for a in data.accounts)
    book.check(Check("Accounts taken over", total("moved_in", [balance]), moved, digits=0))
    pipeline = Decimal(sum(a.open_pipeline for a in data.accounts)).scaleb(-digits)
    book.check(Check("Open pipeline of all accounts", total("open_pipeline", [accounts]), pipeline, digits=digits))
    moving = [a for a in data.accounts if a.moves] + [leaver.account for leaver in data.leavers]
    risk = Decimal(sum(a.open_pipeline for a in moving)).scaleb(-digits)
    book.check(Check("Open pipeline that changes hands", total("open_pipeline", [listed]), risk, digits=digits))
    beside = [lists.neighbours] if lists.neighbours is not None else []
    for measure in measures(data):
        money = measure.kind is ValueKind.MONEY
        whole = sum(getattr(a, measure.name) for a in data.accounts)
        expected = Decimal(whole).scaleb(-digits) if money else Decimal(repr(float(whole))).quantize(Decimal("0.01"))
        places = digits if money else 1
        name = measure.name
        book.check(Check(f"{measure.label} of all territories", total(name, [balance]), expected, digits=places))
        if len(lists.subtotals) <= MOST_SHEETS:
            sums = total(name, lists.subtotals)
            book.check(Check(f"{measure.label} on the sheets of territories", sums, expected, digits=places))
        if data.returnable:
            live = total(measure.live, [balance, *beside])
            book.check(Check(f"{measure.label} of all territories as proposed", live, expected, digits=places))
    if data.returnable:
        live = total("accounts_live", [balance, *beside])
        book.check(Check("Accounts of all territories as proposed", live, count, digits=0))
        once = f'COUNTIFS({column(accounts, "listed")},"<>1")'
        book.check(Check("Accounts that are not listed exactly once", once, 0, digits=0))
        unknown = f"COUNTIFS({column(accounts, 'after_no')},0)"
        book.check(Check("Proposals for territories that there are not", unknown, 0, digits=0))
