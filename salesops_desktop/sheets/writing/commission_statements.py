"""Commission workbooks: a statement per person, a pack per manager, and the whole run for those who approve it.

All three are one kind of workbook over one or more people: Statement, Lines, Plan tables, Credits, Balances,
Adjustments, Checks, Read me. Every amount follows by live formulas from the plan tables and the credits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.sheets.writing.book import Saved
from salesops_desktop.sheets.writing.commission_figures import Figures
from salesops_desktop.sheets.writing.commission_line_page import CREDITS, LINES, fill_credit_page, fill_line_page
from salesops_desktop.sheets.writing.commission_package import Page, Pages, Shapes
from salesops_desktop.sheets.writing.commission_plan_page import NAME as PLAN_TABLES
from salesops_desktop.sheets.writing.commission_plan_page import fill_plan_page
from salesops_desktop.sheets.writing.commission_records import CommissionRun, Statement
from salesops_desktop.sheets.writing.folder import file_name
from salesops_desktop.sheets.writing.style import Look, Role

PACKS: Final = "By manager"
"""The folder, beside the statements, of the managers' packs."""


def write_commission_run(path: Path, run: CommissionRun, progress: Progress = silent) -> Saved:
    """Write the whole run as one workbook.

    Raises:
        DiskFullError: no room; the old file is intact.
        InputRefusedError: the place cannot be written to.
    """
    progress(0, 1, "Writing the workbook of the run")
    saved = _workbook(run, run.statements, run.provenance.title, Shapes()).save(path)
    progress(1, 1, "Written")
    return saved


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
    jobs = [
        (f"{s.person} {s.person_id}", f"Commission statement of {s.person}", (s,)) for s in run.statements
    ]  # fmt: skip
    return _write_all(folder, run, jobs, progress)


def write_packs(folder: Path, run: CommissionRun, progress: Progress = silent) -> tuple[Saved, ...]:
    """Write a workbook for each manager with the statements of the people who report to them, and of nobody else.

    Args, errors: as for :func:`write_statements`. People without a manager are in no pack.
    """
    teams: dict[tuple[str, int], list[Statement]] = defaultdict(list)
    for statement in run.statements:
        if statement.manager:
            teams[statement.manager, statement.team].append(statement)
    jobs = [(key[0], f"Commissions of the team of {key[0]}", tuple(teams[key])) for key in sorted(teams)]
    return _write_all(folder, run, jobs, progress)


def _write_all(
    folder: Path, run: CommissionRun, jobs: Sequence[tuple[str, str, tuple[Statement, ...]]], progress: Progress
) -> tuple[Saved, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    shapes, saved, taken = Shapes(), [], set[str]()
    for done, (name, title, statements) in enumerate(jobs):
        progress(done, len(jobs), f"Writing {title[0].lower()}{title[1:]}")
        path = folder / file_name(f"{run.provenance.period} {name}", taken, "Statement")
        saved.append(_workbook(run, statements, title, shapes).save(path))
    progress(len(jobs), len(jobs), "Statements written")
    return tuple(saved)


def _workbook(run: CommissionRun, statements: Sequence[Statement], title: str, shapes: Shapes) -> Pages:
    """Fill all sheets; those that others refer to first."""
    book = Pages(replace(run.provenance, title=title), shapes)
    names = ("Statement", LINES, PLAN_TABLES, CREDITS, "Balances", "Adjustments", "Checks", "Read me")
    pages = {name: book.page(name) for name in names}
    used = {block.recipe for statement in statements for block in statement.blocks}
    keys = {key for place in used for key in run.recipes[place].terms.values()}
    tables = [table for table in run.tables if any(t and t.key in keys for _, terms in table.rows for t in terms)]
    components = {c.number: c.name for statement in statements for c in statement.components}
    windows = [(s, b.recipe, b.window, components[b.component]) for s in statements for b in s.blocks]
    plan = fill_plan_page(pages[PLAN_TABLES], tables, run.recipes, windows)
    credit = fill_credit_page(pages[CREDITS], statements)
    lines = fill_line_page(pages[LINES], statements, run.recipes, plan, credit)
    figures = Figures(run, statements, title, plan, lines)
    figures.adjustments(pages["Adjustments"])
    figures.layout()
    figures.balances(pages["Balances"])
    figures.checks(pages["Checks"])
    figures.statement(pages["Statement"])
    _read_me(pages["Read me"], run, title, names)
    return book


def _read_me(page: Page, run: CommissionRun, title: str, names: Sequence[str]) -> None:
    """Where the figures come from, and how to read them."""
    source = run.provenance
    page.title("Read me", title)
    page.row += 1
    state = "" if source.action is None else f"after action {source.action}"
    for label, value in (
        ("Company", source.company),
        ("Period", source.period),
        ("Status of the run", run.status),
        ("Made", f"{source.made_at:%Y-%m-%d %H:%M} UTC by {source.program}"),
        ("From the workspace", ", ".join(filter(None, (source.workspace, state)))),
        ("Content hash", source.content_hash),
        ("Hash of the run", run.result_hash),
    ):
        if value:
            page.put([(label, Look(Role.LABEL)), (value, Look(Role.STRONG, align="left"))])
    page.heading("Sheets")
    for name in names[:-1]:
        page.put([(name, Look(Role.STRONG)), (_SHEETS[name], Look(Role.NOTE))])
    page.heading("How to read it")
    for sentence in _READING:
        page.note(sentence)
    page.widen(1, 22)
    page.widen(2, 92)
    page.printed = 2


_SHEETS: Final = {
    "Statement": "What is paid, by component, and whether this workbook still agrees with the run",
    LINES: "Every payout line; the columns on the right calculate it",
    PLAN_TABLES: "Rates, tiers, limits and quotas; tinted cells may be changed to see what they would pay",
    CREDITS: "The source rows, and the credits that pay nothing with the reason",
    "Balances": "From what was earned to what is paid, and what stays open",
    "Adjustments": "Pay of whole windows, adjustments, corrections of earlier periods, clawbacks, holds",
    "Checks": "This workbook's figures less the run's; all must be zero",
}

_READING: Final = (
    "Lines stand in the order in which they accumulate: credit date, transaction, line, split.",
    "A line pays what its window has earned after it, less what the window had earned before it.",
    "Calculation columns hold whole smallest units (cents) and millionths, in which a spreadsheet is exact.",
    "Where a plan rounds each line by itself, the earned columns are not divided yet: the commission divides once.",
    "Change a tinted cell on Plan tables and all sheets follow; Checks and Statement then say that they differ.",
    "Caps, floors, holdbacks, draws and debts follow what is earned.",
    "Releases, instalments, holds, adjustments and corrections of closed periods are taken from the run.",
    "Text that begins like a formula is stored as text and is never calculated.",
)
