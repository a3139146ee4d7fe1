"""Importing 100,000 x 20 xlsx and 1,000,000 x 20 csv: our whole import against what an analyst's script would do.

    python -m benchmarks.imports [--csv-rows 1000000] [--xlsx-rows 100000] [--only csv|xlsx] [--json]

Ours is the ``import`` job: container checks, detection of encoding, dates and decimal marks, every cell checked,
references resolved, matching with what is there, one action in the change log, a backup before it. Theirs is pandas:
``read_csv`` or ``read_excel(engine="openpyxl")``, then ``to_sql`` into a fresh SQLite file. Each way runs in a process
of its own, so that peak memory can be told; "child" is our parsing process. Told as well: how long our import's
progress keeps silent at most, and, in runs of their own, how long it takes to obey Cancel.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil

from salesops_desktop.model.errors import Cancelled

ROOT = Path(__file__).resolve().parents[1]
HEADERS = (
    "Account ID,Account Name,Industry,Segment,Region,Billing Country,Billing State,Billing City,Billing Postal Code,"
    "Billing Street,Latitude,Longitude,Currency,Annual Revenue,Employees,Potential,Workload,Website,Founded,Created"
).split(",")
STEPS = ("Reading", "Checking", "Importing")
WORDS = "Nord Süd Ost West Werk Handel Technik Labor Bau Energie Hafen Mühle Berg Tal See Wald".split()


def rows_of(count: int) -> Iterator[tuple[str | int | float, ...]]:
    """Made-up accounts of 20 filled columns: text, numbers, money, dates."""
    rng = random.Random(7)
    for n in range(count):
        yield (
            f"001{n:012}",
            f"{rng.choice(WORDS)} {rng.choice(WORDS)} {rng.choice(WORDS)} {n} Aktiengesellschaft",
            *rng.choices(WORDS, k=3),
            "Germany",
            rng.choice(WORDS),
            f"{rng.choice(WORDS)}stadt an der {rng.choice(WORDS)}",
            f"{rng.randrange(10_000, 100_000)}",
            f"{rng.choice(WORDS)}straße {n % 997}, Hinterhaus",
            round(rng.uniform(47, 55), 6),
            round(rng.uniform(6, 15), 6),
            "EUR",
            round(rng.uniform(1e5, 1e10), 2),
            rng.randrange(1, 100_000),
            round(rng.uniform(1e3, 1e8), 2),
            round(rng.uniform(0, 400), 1),
            f"https://www.{n}.{rng.choice(WORDS).lower()}.example/company/about",
            rng.randrange(1900, 2026),
            f"{rng.randrange(2015, 2026)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
        )


def write_csv(path: Path, count: int) -> None:
    """The rows as UTF-8 csv."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(HEADERS) + "\n")
        for row in rows_of(count):
            file.write(",".join(f'"{v}"' if isinstance(v, str) and "," in v else str(v) for v in row) + "\n")


def write_xlsx(path: Path, count: int) -> None:
    """The rows as one sheet."""
    from openpyxl import Workbook  # noqa: PLC0415  # out of the measured processes

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Accounts")
    sheet.append(HEADERS)
    for row in rows_of(count):
        sheet.append(row)
    book.save(path)


# --- the ways, each in a process of its own -------------------------------------------------------------------------


def ours(source: Path, folder: Path, cancel_in: str | None = None, delay: float = 0.0) -> dict[str, float]:
    """The import job on a fresh workspace; with ``cancel_in`` it is cancelled ``delay`` seconds into that step."""
    from salesops_desktop.jobs.context import JobContext  # noqa: PLC0415  # only in the process that is measured
    from salesops_desktop.jobs.imports import import_files  # noqa: PLC0415
    from salesops_desktop.jobs.workspaces import new, opened  # noqa: PLC0415

    path = folder / "ours.salesops"
    path.unlink(missing_ok=True)
    new(JobContext(), path, currency="EUR")
    watch = Watch(cancel_in, delay)
    figures: dict[str, float] = {}
    with opened(path) as context:
        context.progress = watch
        started = time.perf_counter()
        cpu = cpu_seconds()
        try:
            report = import_files(context, [source])
            figures["rows"] = sum(o.new for o in report.outcomes)
        except Cancelled:
            figures["obeyed"] = time.perf_counter() - watch.asked
        figures["seconds"] = time.perf_counter() - started
        figures["cpu"] = cpu_seconds() - cpu
        figures["silence"] = watch.longest
        sys.stderr.write(f"  longest silence {watch.longest:.2f} s after {watch.silent_in!r}\n")
        figures |= watch.stop()
        with context.workspace.read() as connection:
            figures["stored"] = connection.exec_driver_sql("SELECT count(*) FROM account").scalar_one()
        figures["logged"] = sum(count.inserted for a in context.workspace.history() for count in a.tables)
    return figures


def theirs(source: Path, folder: Path) -> dict[str, float]:
    """pandas: read, then to_sql."""
    import pandas as pd  # noqa: PLC0415  # only in the process that is measured

    path = folder / "theirs.db"
    path.unlink(missing_ok=True)
    watch = Watch()
    started = time.perf_counter()
    cpu = cpu_seconds()
    with closing(sqlite3.connect(path)) as connection:
        frame = pd.read_csv(source) if source.suffix == ".csv" else pd.read_excel(source, engine="openpyxl")
        frame.to_sql("account", connection, index=False)
        connection.commit()
    return {
        "seconds": time.perf_counter() - started, "cpu": cpu_seconds() - cpu, "rows": float(len(frame)), **watch.stop(),
    }  # fmt: skip


def cpu_seconds() -> float:
    """Processor time of this process and its children so far."""
    me = psutil.Process()
    total = 0.0
    for process in (me, *me.children(recursive=True)):
        times = process.cpu_times()
        total += times.user + times.system
    return total


class Watch:
    """The job's progress, a look at memory ten times a second, and the wish to cancel."""

    def __init__(self, cancel_in: str | None = None, delay: float = 0.0) -> None:
        self.longest = 0.0
        self.asked = float("inf")
        self._heard = time.perf_counter()
        self.last = ""
        self.silent_in = ""
        self._cancel_in, self._delay = cancel_in, delay
        self._peaks = {"parent_mb": 0.0, "child_mb": 0.0}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def __call__(self, _done: float, _total: float, what: str = "") -> None:
        now = time.perf_counter()
        if now - self._heard > self.longest:
            self.longest, self.silent_in = now - self._heard, self.last
        self._heard, self.last = now, what or self.last
        if self._cancel_in is not None and what.startswith(self._cancel_in):
            self.asked = min(self.asked, now + self._delay)
            if now >= self.asked:
                raise Cancelled

    def stop(self) -> dict[str, float]:
        """End the looking; the peaks in MB."""
        self._over.set()
        self._thread.join()
        return self._peaks

    def _look(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.1):
            children = 0.0
            for child in me.children(recursive=True):
                try:
                    children += child.memory_info().rss / 1e6
                except psutil.Error:
                    continue
            self._peaks["parent_mb"] = max(self._peaks["parent_mb"], me.memory_info().rss / 1e6)
            self._peaks["child_mb"] = max(self._peaks["child_mb"], children)


# --- the table ------------------------------------------------------------------------------------------------------


def off_screen() -> dict[str, str]:
    """This environment, with Qt drawing into memory where there is no screen."""
    if os.environ.get("DISPLAY") or not sys.platform.startswith("linux"):
        return dict(os.environ)
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen"}


def in_process(*words: str) -> dict[str, float]:
    """One way in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.imports", "--way", *words]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def compare(kind: str, count: int, folder: Path) -> dict[str, dict[str, float]]:
    """Both ways on one file, then one cancelled in the middle of ours."""
    source = folder / f"accounts.{kind}"
    (write_csv if kind == "csv" else write_xlsx)(source, count)
    mine = in_process("ours", str(source), str(folder))
    other = in_process("theirs", str(source), str(folder))
    assert mine["rows"] == mine["stored"] == other["rows"] == count, (mine, other)
    delay = str(min(0.5, mine["seconds"] / 200))
    stopped = {f"cancel while {step}": in_process("ours", str(source), str(folder), step, delay) for step in STEPS}
    assert all(figures["stored"] == 0 for figures in stopped.values()), stopped
    mine["mb"] = other["mb"] = source.stat().st_size / 1e6
    source.unlink()
    return {"ours": mine, "theirs": other, **stopped}


def measure(csv_rows: int, xlsx_rows: int, only: str | None = None) -> dict[str, dict[str, dict[str, float]]]:
    """All figures, by kind of file."""
    counts = {"xlsx": xlsx_rows, "csv": csv_rows}
    found = {}
    with tempfile.TemporaryDirectory(prefix="imports-") as name:
        for kind, count in counts.items():
            if only in (None, kind):
                found[f"{kind}, {count:,} x {len(HEADERS)}"] = compare(kind, count, Path(name))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv-rows", type=int, default=1_000_000)
    parser.add_argument("--xlsx-rows", type=int, default=100_000)
    parser.add_argument("--only", choices=("csv", "xlsx"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--way", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        way, source, folder, *rest = given.way
        where = (Path(source), Path(folder))
        cancel = (rest[0], float(rest[1])) if rest else ()
        figures = ours(*where, *cancel) if way == "ours" else theirs(*where)
        print(json.dumps(figures))
        return
    found = measure(given.csv_rows, given.xlsx_rows, given.only)
    if given.json:
        print(json.dumps(found))
        return
    for title, ways in found.items():
        mine, other = ways["ours"], ways["theirs"]
        print(f"{title} ({mine['mb']:.0f} MB)")
        print(f"  {'ours':<12}{mine['seconds']:7.1f} s  {mine['cpu']:7.1f} s CPU  parent {mine['parent_mb']:5.0f} MB")
        print(f"  {'':<12}{'':30}child  {mine['child_mb']:5.0f} MB")
        print(
            f"  {'pandas':<12}{other['seconds']:7.1f} s  {other['cpu']:7.1f} s CPU  peak   {other['parent_mb']:5.0f} MB"
        )
        print(f"  pandas / ours: {other['seconds'] / mine['seconds']:.2f} (CPU {other['cpu'] / mine['cpu']:.2f})")
        print(f"  longest silence of the progress: {mine['silence'] * 1000:.0f} ms")
        obeyed = ", ".join(
            f"{ways[w]['obeyed'] * 1000:.0f} ms ({w.removeprefix('cancel ').lower()})"
            for w in ways
            if w.startswith("cancel")
        )
        print(f"  cancel obeyed after: {obeyed}; nothing was left behind")


if __name__ == "__main__":
    main()
