"""Commission workbooks: a run for the people who approve it, and a statement for each person who is paid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from salesops_desktop.model.money import exponent
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import Given, TablePlan
from salesops_desktop.sheets.writing.book import Book, Check, Saved
from salesops_desktop.sheets.writing.commission_records import CommissionRun, PlanTerm, Statement
from salesops_desktop.sheets.writing.commission_trace import add_trace
from salesops_desktop.sheets.writing.formulas import (
    Formula,
    cell_reference,
    column_reference,
)
from salesops_desktop.sheets.writing.sheet import Sheet
from salesops_desktop.sheets.writing.style import Look, Role, kind_format
from salesops_desktop.sheets.writing.text import clean

_TEXT, _INTEGER, _MONEY, _RATE, _DATE = (
    ValueKind.TEXT,
    ValueKind.INTEGER,
    ValueKind.MONEY,
    ValueKind.RATE,
    ValueKind.DATE,
)

MOST_STATEMENT_SHEETS: Final = 200
"""People who get a sheet each in the workbook of a run; a larger run has the statements in files only."""


def write_commission_run(path: Path, run: CommissionRun, progress: Progress = silent) -> Saved:
    """Write the whole run: a summary by person over all lines, a sheet for each person, and the plan terms.

    Raises:
        DiskFullError: no room; the old file is intact.
        InputRefusedError: the place cannot be written to.
    """
    with_sheets = len(run.statements) <= MOST_STATEMENT_SHEETS
    book = Book(
        run.provenance,
        (
            f"The run is {run.status}. Summary shows what each person is paid; its figures are live sums over Lines.",
            *(_READING if with_sheets else ("Each person's statement with its trace is a file of its own.",)),
        ),
    )
    summary = book.sheet("Summary", "What each person is paid, and the totals by currency")
    lines_sheet = book.sheet("Lines", "Every payout line of every person")
    payouts: list[str | Given | None] = [None] * sum(len(statement.lines) for statement in run.statements)
    lines_sheet.title("Lines", f"{len(payouts):,} payout lines")
    lines = lines_sheet.table(_run_lines(run), cell_formulas={"payout": payouts}, totals=["payout"], freeze=True)
    _add_terms(book, run.terms)
    sheets: list[str] = []
    place = 0
    for number, statement in enumerate(run.statements):
        progress(number, len(run.statements), f"Filling the statement of {statement.person}")
        if with_sheets:
            sheet = book.sheet(statement.person, f"Statement of {statement.person}")
            own = _fill_statement(book, sheet, statement, run)
            sheets.append(sheet.name)
            column = own.place("payout")
            for i in range(len(statement.lines)):
                payouts[place + i] = cell_reference(own.first + i, column, sheet=own.sheet)
        place += len(statement.lines)
    _fill_summary(book, summary, run, lines, sheets)
    return book.save(path, progress)


def write_statements(folder: Path, run: CommissionRun, progress: Progress = silent) -> tuple[Saved, ...]:
    """Write a workbook for each person, with nothing in it about anybody else.

    Args:
        folder: made if it does not exist; files are named after period, person and id.
        run: the run.
        progress: told the people done; may cancel between two files.

    Raises:
        DiskFullError: no room; files written before stay.
        InputRefusedError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    saved: list[Saved] = []
    taken: set[str] = set()
    for done, statement in enumerate(run.statements):
        progress(done, len(run.statements), f"Writing the statement of {statement.person}")
        source = replace(run.provenance, title=f"Commission statement of {statement.person}")
        book = Book(source, (f"The run is {run.status}.", *_READING))
        sheet = book.sheet("Statement", "What is paid, and the steps that lead to it")
        _fill_statement(book, sheet, statement, run)
        plans = {statement.plan, *statement.plan.split(", ")}
        _add_terms(book, [term for term in run.terms if term.plan in plans])
        saved.append(book.save(folder / _file_name(run, statement, taken)))
    progress(len(run.statements), len(run.statements), "Statements written")
    return tuple(saved)


_READING: Final = (
    "A statement shows the components of the plan, every payout line, and below them the steps of each line.",
    "Steps are live formulas that arrive at the same cent; change a figure to see what it does to the payout.",
)


def _fill_statement(book: Book, sheet: Sheet, statement: Statement, run: CommissionRun) -> TablePlan:
    """Fill a person's sheet; returns the placed table of lines."""
    digits = exponent(statement.currency)
    payout = Decimal(statement.payout).scaleb(-digits)
    sheet.title(f"Commission statement: {statement.person}", run.provenance.period)
    payout_row = sheet.row + 1
    sheet.row += 2
    sheet.fields(
        [
            ("Person ID", statement.person_id, ""),
            ("Manager", statement.manager, ""),
            ("Plan", statement.plan, ""),
            ("Status of the run", run.status, ""),
        ]
    )
    for sentence in statement.notes:
        sheet.note(sentence)
    sheet.heading("Components")
    sums: list[str | Given | None] = [None] * len(statement.components)
    sheet.table(
        _components_table(statement),
        name=f"Components_{statement.number}",
        formulas={"attainment": 'IF(N({quota})=0,"",{achieved}/{quota})'},
        cell_formulas={"payout": sums},
        totals=["payout"],
        filters=False,
    )
    sheet.heading("Lines")
    payouts: list[str | Given | None] = [None] * len(statement.lines)
    lines = sheet.table(
        _statement_lines(statement),
        name=f"Lines_{statement.number}",
        cell_formulas={"payout": payouts},
        totals=["payout"],
    )
    paid = column_reference(lines.name, lines.label("payout"))
    component = column_reference(lines.name, lines.label("component_no"))
    sums[:] = [f"SUMIFS({paid},{component},{{component_no}})"] * len(sums)
    payouts[:] = add_trace(sheet, statement)
    sheet.put(payout_row, 1, "Payout", Look(Role.LABEL))
    look = Look(Role.TITLE, kind_format(_MONEY, currency=statement.currency), "left")
    sheet.tall(payout_row, 28)
    place = sheet.put(payout_row, 2, Formula(f"SUM({paid})", payout), look)
    book.check(Check(f"Payout of {statement.person} ({statement.person_id})", place, payout, digits=digits))
    sheet.widen(2, 26)
    return lines


def _components_table(statement: Statement) -> Table:
    currency = statement.currency
    specs = [
        ColumnSpec("component_no", "No.", _INTEGER),
        ColumnSpec("component", "Component", _TEXT),
        ColumnSpec("quota", "Quota", _MONEY, currency=currency),
        ColumnSpec("achieved", "Achieved", _MONEY, currency=currency),
        ColumnSpec("attainment", "Attainment", ValueKind.FRACTION, digits=1),
        ColumnSpec("payout", "Payout", _MONEY, currency=currency),
    ]
    rows = [
        (
            c.number,
            c.name,
            c.quota,
            c.achieved,
            c.achieved / c.quota if c.quota and c.achieved is not None else None,
            sum(line.payout for line in statement.lines if line.component == c.number),
        )
        for c in statement.components
    ]
    return build_table("Components", specs, rows)


_LINE_SPECS: Final = (
    ColumnSpec("line", "Line", _INTEGER),
    ColumnSpec("date", "Date", _DATE),
    ColumnSpec("transaction", "Transaction", _TEXT),
    ColumnSpec("account", "Account", _TEXT),
    ColumnSpec("component_no", "Component no.", _INTEGER),
    ColumnSpec("component", "Component", _TEXT),
    ColumnSpec("credited", "Credited", _MONEY, currency_from="credited_currency"),
    ColumnSpec("rate", "Rate", _RATE),
    ColumnSpec("payout", "Payout", _MONEY, currency_from="currency"),
)


def _line_records(statement: Statement) -> Iterator[dict[str, object]]:
    names = {component.number: component.name for component in statement.components}
    for number, line in enumerate(statement.lines, 1):
        yield {
            "person_no": statement.number,
            "person": statement.person,
            "line": number,
            "date": line.date,
            "transaction": line.transaction,
            "account": line.account,
            "component_no": line.component,
            "component": names[line.component],
            "credited": line.credited,
            "credited_currency": line.credited_currency,
            "rate": line.rate,
            "payout": line.payout,
            "currency": statement.currency,
        }


def _statement_lines(statement: Statement) -> Table:
    return build_table("Lines", _LINE_SPECS, list(_line_records(statement)))


def _run_lines(run: CommissionRun) -> Table:
    specs = [ColumnSpec("person_no", "Person no.", _INTEGER), ColumnSpec("person", "Person", _TEXT), *_LINE_SPECS]
    return build_table("Lines", specs, [record for s in run.statements for record in _line_records(s)])


def _fill_summary(book: Book, sheet: Sheet, run: CommissionRun, lines: TablePlan, sheets: Sequence[str]) -> None:
    sheet.title("Summary", f"{run.provenance.period}: {len(run.statements):,} people, {run.status}")
    for warning in run.warnings:
        sheet.note(warning)
    specs = [
        ColumnSpec("person_no", "No.", _INTEGER),
        ColumnSpec("person", "Person", _TEXT),
        ColumnSpec("person_id", "Person ID", _TEXT),
        ColumnSpec("manager", "Manager", _TEXT),
        ColumnSpec("plan", "Plan", _TEXT),
        ColumnSpec("lines", "Lines", _INTEGER),
        ColumnSpec("currency", "Currency", _TEXT),
        ColumnSpec("payout", "Payout", _MONEY, currency_from="currency"),
    ]
    records = [
        {
            "person_no": s.number,
            "person": s.person,
            "person_id": s.person_id,
            "manager": s.manager,
            "plan": s.plan,
            "lines": len(s.lines),
            "currency": s.currency,
            "payout": sum(line.payout for line in s.lines),
        }
        for s in run.statements
    ]
    person = column_reference(lines.name, lines.label("person_no"))
    paid = column_reference(lines.name, lines.label("payout"))
    people = sheet.table(
        build_table("Payouts", specs, records),
        formulas={
            "lines": f"COUNTIFS({person},{{person_no}})",
            "payout": f"SUMIFS({paid},{person},{{person_no}})",
        },
        totals=["lines", "payout"],
        links={"person": sheets} if sheets else {},
        freeze=True,
    )
    _add_totals(book, sheet, run, people)


def _add_totals(book: Book, sheet: Sheet, run: CommissionRun, people: TablePlan) -> None:
    """Totals by currency, live from the summary, and checked against the run's own."""
    sheet.heading("Totals by currency")
    specs = [
        ColumnSpec("no", "No.", _INTEGER),
        ColumnSpec("currency", "Currency", _TEXT),
        ColumnSpec("people", "People", _INTEGER),
        ColumnSpec("payout", "Payout", _MONEY, currency_from="currency"),
    ]
    currencies = sorted({statement.currency for statement in run.statements})
    records: list[dict[str, object]] = []
    for number, currency in enumerate(currencies, 1):
        own = [s for s in run.statements if s.currency == currency]
        records.append({"no": number, "currency": currency, "people": len(own), "payout": sum(s.payout for s in own)})
    source = column_reference(people.name, people.label("currency"))
    paid = column_reference(people.name, people.label("payout"))
    plan = sheet.table(
        build_table("Totals by currency", specs, records),
        formulas={"people": f"COUNTIFS({source},{{currency}})", "payout": f"SUMIFS({paid},{source},{{currency}})"},
        codes=True,
        filters=False,
    )
    for i, currency in enumerate(currencies):
        digits = exponent(currency)
        total = Decimal(sum(s.payout for s in run.statements if s.currency == currency)).scaleb(-digits)
        place = cell_reference(plan.first + i, plan.place("payout"), sheet=plan.sheet)
        book.check(Check(f"Payouts in {currency}", place, total, digits=digits))


def _add_terms(book: Book, terms: Sequence[PlanTerm]) -> None:
    if not terms:
        return
    specs = [
        ColumnSpec("plan", "Plan", _TEXT),
        ColumnSpec("component", "Component", _TEXT),
        ColumnSpec("term", "Term", _TEXT),
        ColumnSpec("value", "Value", _TEXT),
    ]
    rows = [(term.plan, term.component, term.term, term.value) for term in terms]
    book.add_table_sheet("Plan terms", build_table("Plan terms", specs, rows), about="What the plans say")


def _file_name(run: CommissionRun, statement: Statement, taken: set[str]) -> str:
    """A file name that every file system accepts and that no other statement of the run has."""
    raw = f"{run.provenance.period} {statement.person} {statement.person_id}"
    plain = " ".join(re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", clean(raw)[0]).split()).strip(". ")
    plain = plain.encode()[:150].decode(errors="ignore").strip(". ") or "Statement"
    name, number = plain, 1
    while name.casefold() in taken:
        number += 1
        name = f"{plain} ({number})"
    taken.add(name.casefold())
    return f"{name}.xlsx"
