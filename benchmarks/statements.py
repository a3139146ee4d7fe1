"""Export of 100 commission statements of 60 lines, against openpyxl writing the same cells in its full mode.

Run: ``python -m benchmarks.statements [--people 100] [--lines 60]``. Each way runs in a process of its own, so that
peak memory can be told; both write one workbook per person.
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

from openpyxl import Workbook, load_workbook

from salesops_desktop.model.money import divide_half_up
from salesops_desktop.sheets.writing.book import Provenance
from salesops_desktop.sheets.writing.commission_records import (
    CommissionRun,
    ComponentSummary,
    PayoutLine,
    PlanTerm,
    Statement,
    TraceStep,
)
from salesops_desktop.sheets.writing.commission_statements import write_commission_run, write_statements

CURRENCY = "USD"


def line(person: int, number: int, before: int) -> PayoutLine:
    """A line of two tiers with its six steps."""
    amount, quota = 100_000 + 7_919 * number % 400_000 + person, 12_000_000
    after = before + amount

    def paid(total: int) -> int:
        return divide_half_up(min(total, quota) * 50_000 + max(0, total - quota) * 80_000, 1_000_000)

    earn = f"ROUND((MIN(%s,{quota})*50000+MAX(0,%s-{quota})*80000)/1000000,0)"
    payout = paid(after) - paid(before)
    steps = (
        TraceStep("amount", "Credited amount", "from the transaction", amount, "money", "", CURRENCY),
        TraceStep("before", "Achieved before", "sum of the earlier lines", before, "money", "", CURRENCY),
        TraceStep("after", "Achieved after", "before + credited", after, "money", "amount+before", CURRENCY),
        TraceStep(
            "paid_1", "Earned before", "both tiers", paid(before), "money", earn % ("before", "before"), CURRENCY
        ),
        TraceStep("paid_2", "Earned after", "both tiers", paid(after), "money", earn % ("after", "after"), CURRENCY),
        TraceStep("pay", "Payout", "after less before", payout, "money", "paid_2-paid_1", CURRENCY),
    )
    day = dt.date(2026, 7, 1) + dt.timedelta(days=number)
    return PayoutLine(day, f"T-{person}-{number}", f"Account {number}", 1, amount, CURRENCY, payout, None, steps)


def run_of(people: int, lines: int) -> CommissionRun:
    """The run to export."""
    statements = []
    for person in range(1, people + 1):
        before, made = 0, []
        for number in range(lines):
            made.append(line(person, number, before))
            before += made[-1].credited
        total = sum(item.payout for item in made)
        components = (ComponentSummary(1, "New business", 12_000_000, before),)
        name = f"Person {person}"
        statements.append(
            Statement(person, name, f"P{person:04}", "Manager", "AE 2026", CURRENCY, total, components, tuple(made))
        )
    made_at = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    terms = (PlanTerm("AE 2026", "New business", "Tiers", "5 % to quota, 8 % above"),)
    return CommissionRun(
        Provenance("Commission run", "Example", "2026 Q3", made_at), "approved", tuple(statements), terms
    )


def write_plainly(source: Path, target: Path) -> None:
    """Write the cells of every workbook of ``source`` again with openpyxl's full mode and its styles."""
    target.mkdir()
    plans = []
    for path in sorted(source.glob("*.xlsx")):
        book = load_workbook(path)
        plans.append((path.name, [(s.title, [[c.value for c in row] for row in s.iter_rows()]) for s in book]))
        formats = [[c.number_format for c in row] for s in book for row in s.iter_rows()]
        plans[-1] += (formats,)
    started, cpu = time.perf_counter(), time.process_time()
    for name, sheets, formats in plans:
        book = Workbook()
        book.remove(book.active)
        shapes = iter(formats)
        for title, rows in sheets:
            sheet = book.create_sheet(title)
            for r, (row, shape) in enumerate(zip(rows, shapes, strict=False), 1):
                for c, (value, number_format) in enumerate(zip(row, shape, strict=True), 1):
                    if value is not None:
                        sheet.cell(r, c, value).number_format = number_format
        book.save(target / name)
    report(time.perf_counter() - started, time.process_time() - cpu)


def report(wall: float, cpu: float) -> None:
    """Print the child's figures."""
    print(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def child(mode: str, folder: Path, people: int, lines: int) -> None:
    """Do one of the ways."""
    if mode == "plain":
        write_plainly(folder / "files", folder / "plain")
        return
    run = run_of(people, lines)
    started, cpu = time.perf_counter(), time.process_time()
    if mode == "files":
        write_statements(folder / "files", run)
    else:
        write_commission_run(folder / "run.xlsx", run)
    report(time.perf_counter() - started, time.process_time() - cpu)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--lines", type=int, default=60)
    parser.add_argument("--child", nargs=2, metavar=("MODE", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], Path(given.child[1]), given.people, given.lines)
        return
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for mode in ("files", "run", "plain"):
            command = [sys.executable, "-m", "benchmarks.statements", "--child", mode, folder]
            command += ["--people", str(given.people), "--lines", str(given.lines)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            figures[mode] = [float(word) for word in done.stdout.split()]
    labels = {
        "files": "a workbook per person, all formulas with values",
        "run": "one workbook, a sheet per person",
        "plain": "openpyxl, full mode, same cells per person, no values beside formulas",
    }
    print(f"{given.people} statements of {given.lines} lines with six steps each")
    for mode, (wall, cpu, peak) in figures.items():
        print(f"  {labels[mode]:72} {wall:7.2f} s wall {cpu:7.2f} s CPU {peak:6.0f} MB peak")
    print(f"  ratio of CPU, openpyxl to ours: {figures['plain'][1] / figures['files'][1]:.2f}")


if __name__ == "__main__":
    main()
