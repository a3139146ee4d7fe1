"""Commission workbooks: a run for the people who approve it, and a statement for each person who is paid."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal, cast

from salesops_desktop.model.money import FX_SCALE, PPM, exponent
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import Cell, ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import Given, TablePlan
from salesops_desktop.sheets.writing.book import Book, Check, Provenance, Saved
from salesops_desktop.sheets.writing.formulas import (
    Formula,
    cell_reference,
    column_reference,
)
from salesops_desktop.sheets.writing.sheet import Sheet
from salesops_desktop.sheets.writing.style import DATE_FORMAT, GENERAL, Look, Role, kind_format
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


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One numbered step that helps to recompute a payout.

    Steps reckon in whole smallest units, because a spreadsheet is exact there; amounts in major units stand beside.

    Attributes:
        name: what later formulas of the same trace call it.
        label: what the step gives.
        words: how, in words.
        value: what it comes to: money in minor units, rates in ppm, exchange rates × 1e9, anything else as it is.
        unit: what the value is.
        formula: in the notation of a spreadsheet without ``=``, over the names of earlier steps; "" for a given value.
        currency: of money.
    """

    name: str
    label: str
    words: str
    value: int | Fraction | str | bool | dt.date | None
    unit: Literal["money", "rate", "exchange rate", "other"]
    formula: str = ""
    currency: str = ""

    @property
    def scale(self) -> int:
        """How many of the value's units make one as a person reads it; 0 where it is read as it is."""
        match self.unit:
            case "money":
                return int(10 ** exponent(self.currency))
            case "rate":
                return PPM
            case "exchange rate":
                return FX_SCALE
            case _:
                return 0


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One line of a statement.

    Attributes:
        component: the number of its component in the statement, from 1.
        credited: minor units of ``credited_currency``.
        payout: minor units of the statement's currency.
        rate: ppm, or None where no single rate applies.
        steps: the trace; the last step is the payout.
    """

    date: dt.date | None
    transaction: str
    account: str
    component: int
    credited: int
    credited_currency: str
    payout: int
    rate: int | None = None
    steps: tuple[TraceStep, ...] = ()


@dataclass(frozen=True, slots=True)
class ComponentSummary:
    """A component of a person's plan; ``quota`` and ``achieved`` in minor units of the statement's currency."""

    number: int
    name: str
    quota: int | None = None
    achieved: int | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What one person is paid, and why.

    Attributes:
        number: unique in the run, from 1.
        person: name.
        person_id: the id in the CRM or payroll.
        plan: its name; several are joined by ", ".
        currency: of the payouts, quotas and achievements.
        payout: minor units: the sum of the lines, as the run has it.
        notes: sentences for the person.
    """

    number: int
    person: str
    person_id: str
    manager: str
    plan: str
    currency: str
    payout: int
    components: tuple[ComponentSummary, ...]
    lines: tuple[PayoutLine, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanTerm:
    """One term of a plan, e.g. a tier: where it begins and ends and what it pays, in words ready to read."""

    plan: str
    component: str
    term: str
    value: str


@dataclass(frozen=True, slots=True)
class CommissionRun:
    """All that the workbooks show.

    Attributes:
        provenance: for the cover; its title is the run's.
        status: draft, approved, ...
        statements: one a person.
        terms: of all plans used.
        warnings: sentences about what could not be paid.
    """

    provenance: Provenance
    status: str
    statements: tuple[Statement, ...]
    terms: tuple[PlanTerm, ...] = ()
    warnings: tuple[str, ...] = field(default=())


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
    payouts[:] = _add_trace(sheet, statement)
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


def _add_trace(sheet: Sheet, statement: Statement) -> list[str | None]:
    """Set the steps of all lines below one another; returns each line's reference to its last step."""
    records: list[tuple[object, ...]] = []
    formats: list[str] = []
    exact_formats: list[str] = []
    starts: list[int] = []
    for number, line in enumerate(statement.lines, 1):
        starts.append(len(records))
        for place, step in enumerate(line.steps, 1):
            records.append((number, place, step.label, step.words, _shown(step), _number(step.value)))
            formats.append(_STEP_FORMATS.get(step.unit) or kind_format(_MONEY, currency=step.currency or None))
            exact_formats.append(_exact_format(step.value))
        _must_arrive(statement, number, line)
    if not records:
        return [None] * len(statement.lines)
    sheet.break_page()
    sheet.heading("How each payout comes about")
    exact: list[str | Given | None] = []
    shown = [f"{{exact}}/{step.scale}" if step.scale else None for line in statement.lines for step in line.steps]
    plan = sheet.table(
        build_table("Steps", _STEP_SPECS, records),
        name=f"Steps_{statement.number}",
        cell_formulas={"value": shown, "exact": exact},
        formats={"value": formats, "exact": exact_formats},
        filters=False,
        strong=[start + len(line.steps) - 1 for start, line in zip(starts, statement.lines, strict=True) if line.steps],
    )
    for start, line in zip(starts, statement.lines, strict=True):
        places = {
            step.name: cell_reference(plan.first + start + i, plan.place("exact")) for i, step in enumerate(line.steps)
        }
        exact.extend(_step_formula(step, places) for step in line.steps)
    return [
        cell_reference(plan.first + start + len(line.steps) - 1, plan.place("value")) if line.steps else None
        for start, line in zip(starts, statement.lines, strict=True)
    ]


_STEP_SPECS: Final = (
    ColumnSpec("line", "Line", _INTEGER),
    ColumnSpec("step", "Step", _INTEGER),
    ColumnSpec("what", "What", _TEXT),
    ColumnSpec("how", "How", _TEXT),
    ColumnSpec("value", "Value", ValueKind.NUMBER),
    ColumnSpec("exact", "In smallest units", ValueKind.NUMBER),
)

_STEP_FORMATS: Final = {"rate": "0.0###%", "exchange rate": "0.000000000", "other": "General"}

_NAMES: Final = re.compile(r'"(?:[^"]|"")*"|[A-Za-z_]\w*(?![\w(])')


def _exact_format(value: object) -> str:
    if isinstance(value, dt.date):
        return DATE_FORMAT
    return "#,##0" if isinstance(value, int) and not isinstance(value, bool) else GENERAL


def _number(value: object) -> float | None:
    """A step's value as a number, None if it is none."""
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return float(value)
    return None


def _shown(step: TraceStep) -> float | None:
    """A step's value as a person reads it; None where it is read as it is."""
    number = _number(step.value)
    return None if number is None or not step.scale else number / step.scale


def _step_formula(step: TraceStep, places: Mapping[str, str]) -> str | Given | None:
    """The formula of a step, names replaced by cells (but not inside text constants)."""
    if not step.formula:
        return None if step.value is None or _number(step.value) is not None else Given(cast("Cell", step.value))
    return _NAMES.sub(lambda match: places.get(match.group(), match.group()), step.formula)


def _must_arrive(statement: Statement, number: int, line: PayoutLine) -> None:
    if line.steps and (line.steps[-1].value, line.steps[-1].currency) != (line.payout, statement.currency):
        last = line.steps[-1]
        message = f"The steps of line {number} of {statement.person} end at {last.value} {last.currency}, not at"
        message += f" {line.payout} {statement.currency} (smallest units)."
        raise ValueError(message)


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
