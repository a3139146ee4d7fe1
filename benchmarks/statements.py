"""Export of 500 live-formula statements of 700 lines, against openpyxl writing the same cells one by one.

Each has a settlement by cap, holdback and draw, in live formulas too.

Run: ``python -m benchmarks.statements [--people 500] [--lines 700] [--compared 20]``. Both ways write one workbook per
person with the same sheets, formulas and number formats; openpyxl is measured on the first ``compared`` people, in a
process of its own, and told per statement.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from openpyxl import Workbook, load_workbook

from salesops_desktop.commission import (
    Basis,
    Component,
    Credits,
    PayTerms,
    Plan,
    PlanAssignment,
    Quota,
    RateTable,
    RunResult,
    calculate,
)
from salesops_desktop.commission.draws import Draw
from salesops_desktop.commission.settlement import Balances, settle
from salesops_desktop.jobs.commission_exports import Payments, run_records
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.periods import Period, PeriodKind
from salesops_desktop.sheets.writing.book import Provenance
from salesops_desktop.sheets.writing.commission_statements import write_statements

QUARTER = Period(dt.date(2026, 7, 1), dt.date(2026, 9, 30), "2026 Q3", PeriodKind.QUARTER)


def result_of(people: int, lines: int) -> RunResult:
    """A quarter of four marginal tiers on own quotas, one credit in fifty a refund."""
    generator = np.random.default_rng(3)
    count = people * lines
    tiers = [(0, 50_000), (500_000, 80_000), (1_000_000, 120_000), (1_500_000, 150_000)]
    part = Component("New business", RateTable.of(tiers, basis=Basis.ATTAINMENT))
    terms = PayTerms(cap=50_000_000, refundable=True, holdback=100_000, draw=Draw(300_000))
    plan = Plan("AE 2026", "USD", dt.date(2026, 1, 1), (part,), terms=terms)
    amount = generator.integers(10_000, 500_000, count)
    amount[generator.random(count) < 0.02] *= -1
    person = np.repeat(np.arange(1, people + 1), lines)
    credits_ = Credits(
        np.arange(1, count + 1),
        person,
        np.datetime64("2026-07-01") + generator.integers(0, 92, count),
        np.array([f"T-{i:07}" for i in range(count)], dtype=object),
        amount,
        np.full(count, "USD", dtype=object),
    )
    quotas = [
        Quota(n, Measure.BOOKINGS, QUARTER.start, QUARTER.end, 120_000 * lines, "USD") for n in range(1, people + 1)
    ]
    assigned = [PlanAssignment(n, plan.name, plan.effective_from) for n in range(1, people + 1)]
    return calculate([plan], assigned, credits_, quotas, QUARTER)


def payments_of(result: RunResult) -> Payments:
    """Everybody's settlement by the plan's terms, as a stored run keeps it."""
    plan, settled, opened = result.plans[0], {}, {}
    before = Balances(draw=50_000, debt=10_000)
    for (person, currency), earned in result.totals().items():
        made = settle(plan.terms, earned, before, 2)
        steps = [(step.name, step.amount, step.why) for step in made.steps]
        settled[person, plan.name] = (currency, made.paid, steps, [("Draw owed", made.closing.draw)])
        opened[person, plan.name] = (before, 2)
    return Payments({}, settled, opened)


def write_ours(folder: Path, people: int, lines: int) -> None:
    """Statements of a calculated run, from its result to files."""
    result = result_of(people, lines)
    who = {n: (f"Person {n}", f"P{n:04}", "Manager") for n in range(1, people + 1)}
    accounts = {int(key): f"Account {key % 997}" for key in result.credits.key}
    made_at = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    started, cpu = time.perf_counter(), time.process_time()
    where = Provenance("Run", "Example", "2026 Q3", made_at)
    run = run_records(result, who, where, "approved", accounts, payments_of(result))
    write_statements(folder, run)
    report(time.perf_counter() - started, time.process_time() - cpu, people)


def write_plainly(source: Path, target: Path, count: int) -> None:
    """Write the cells of the first workbooks of ``source`` again with openpyxl, cell by cell."""
    target.mkdir()
    plans = []
    for path in sorted(source.glob("*.xlsx"))[:count]:
        book = load_workbook(path)
        cells = []
        for sheet in book:
            used = (c for row in sheet.iter_rows() for c in row if c.value is not None)
            cells.append((sheet.title, [(c.row, c.column, c.value, c.number_format) for c in used]))
        plans.append((path.name, cells))
    started, cpu = time.perf_counter(), time.process_time()
    for name, sheets in plans:
        book = Workbook()
        book.remove(book.worksheets[0])
        for title, listed in sheets:
            sheet = book.create_sheet(title)
            for row, column, value, number_format in listed:
                sheet.cell(row, column, value).number_format = number_format
        book.save(target / name)
    report(time.perf_counter() - started, time.process_time() - cpu, len(plans))


def report(wall: float, cpu: float, files: int) -> None:
    """Print the child's figures."""
    print(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, files)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--lines", type=int, default=700)
    parser.add_argument("--compared", type=int, default=20)
    parser.add_argument("--child", nargs=2, metavar=("MODE", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        folder = Path(given.child[1])
        if given.child[0] == "ours":
            write_ours(folder / "ours", given.people, given.lines)
        else:
            write_plainly(folder / "ours", folder / "plain", given.compared)
        return
    figures = {}
    with tempfile.TemporaryDirectory() as place:
        for mode in ("ours", "plain"):
            command = [sys.executable, "-m", "benchmarks.statements", "--child", mode, place]
            command += ["--people", str(given.people), "--lines", str(given.lines), "--compared", str(given.compared)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            figures[mode] = [float(word) for word in done.stdout.split()]
        size = sum(path.stat().st_size for path in (Path(place) / "ours").iterdir()) / given.people / 1024
    print(
        f"{given.people} statements of {given.lines} lines, live formulas with values beside them, {size:.0f} KiB each"
    )
    labels = {"ours": "ours, from the run's result to files", "plain": "openpyxl, the same cells one by one"}
    for mode, (wall, cpu, peak, files) in figures.items():
        each = f"{1000 * cpu / files:7.1f} ms CPU each {1000 * wall / files:7.1f} ms wall each"
        print(f"  {labels[mode]:40} {files:4.0f} files {cpu:7.2f} s CPU {each} {peak:6.0f} MB peak")
    for place, what in ((1, "CPU"), (0, "wall")):
        ours, plain = (figures[mode][place] / figures[mode][3] for mode in ("ours", "plain"))
        print(f"  ratio of {what}, openpyxl to ours: {plain / ours:.1f}")


if __name__ == "__main__":
    main()
