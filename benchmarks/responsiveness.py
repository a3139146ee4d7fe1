"""How long the window's event loop is away while real jobs run through the real window.

    python -m benchmarks.responsiveness "Sample company.salesops" spreadsheets [--repeat 1] [--only export] [--json]

The workspace is copied first; ``spreadsheets`` is the folder the sample company was imported from. A timer of 5 ms
notes the longest gap on the clock and, in the same gaps, the longest the UI thread itself computed. "Idle" is the
same watch with nothing to do: what the machine does to any program.
"""

from __future__ import annotations

import argparse
import csv
import faulthandler
import gc
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QObject, QTimer

from salesops_desktop.ui.app import open_window
from salesops_desktop.ui.tabs.data.import_dialog import begin_import
from salesops_desktop.ui.window import Window

TICK_MS = 5
GIVE_UP = 300.0
"""Seconds after which a step that has not ended is an error."""
SETTLE_MS = 400
"""Milliseconds watched after a job has ended: its result is drawn in them."""


class Watch(QObject):
    """Notes the gaps between the ticks of a timer, in seconds.

    Args:
        dump: seconds after which the stacks of a gap are written to standard error; 0 for never.
    """

    def __init__(self, dump: float = 0.0) -> None:
        super().__init__()
        self._dump = dump
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.begin()

    def begin(self) -> None:
        """Forget what was seen."""
        self.gaps: list[tuple[float, float]] = []
        self._wall, self._own = time.perf_counter(), time.thread_time()
        self._timer.start()

    def end(self) -> None:
        """Stop watching."""
        self._timer.stop()
        faulthandler.cancel_dump_traceback_later()

    def _tick(self) -> None:
        wall, own = time.perf_counter(), time.thread_time()
        self.gaps.append((wall - self._wall, own - self._own))
        self._wall, self._own = wall, own
        if self._dump:
            faulthandler.dump_traceback_later(self._dump)

    def figures(self) -> dict[str, float]:
        """Longest gap, the UI thread's own part in it, its longest turn, and gaps over 50 ms."""
        longest = max(self.gaps, default=(0.0, 0.0))
        return {
            "gap_ms": 1000 * longest[0],
            "own_ms": 1000 * longest[1],
            "busiest_ms": 1000 * max((own for _, own in self.gaps), default=0.0),
            "over_50": sum(1 for wall, _ in self.gaps if wall > 0.05),
        }


def spin(milliseconds: int) -> None:
    """Let the event loop run for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop, loop.quit)
    loop.exec()


def until(ready: Callable[[], bool]) -> None:
    """Let the event loop run until something is so."""
    loop, end = QEventLoop(), time.monotonic() + GIVE_UP
    timer = QTimer(loop)
    timer.timeout.connect(lambda: loop.quit() if ready() or time.monotonic() > end else None)
    timer.start(20)
    loop.exec()
    assert ready(), "a step did not end"


def tab(window: Window, name: str) -> Any:
    """The view of a tab, brought to the front."""
    view = window.show_tab(name)
    assert view is not None
    return view


def steps(window: Window, folder: Path, out: Path) -> dict[str, Callable[[], object]]:
    """What is done through the window, in this order."""
    dialogs: dict[str, Any] = {}

    def inspect() -> None:
        dialogs["import"] = begin_import(window, [out / "opportunities.csv", folder / "accounts.xlsx"])

    def preview() -> None:
        dialogs["import"].presenter.to_preview()

    def write() -> None:
        dialogs["import"].presenter.run_import()

    def keep() -> None:
        tab(window, "forecast").presenter.keep()

    def close_import() -> None:
        dialogs.pop("import").close()

    return {
        "idle": lambda: spin(2000),
        "undo of the import before": lambda: window.commands.trigger("undo"),
        "import: look into files": inspect,
        "import: preview": preview,
        "import": write,
        "import: close": close_import,
        "undo of it": lambda: window.commands.trigger("undo"),
        "redo of it": lambda: window.commands.trigger("redo"),
        "territories: show": lambda: tab(window, "territories"),
        "territories: design": lambda: tab(window, "territories").design(),
        "territories: export": lambda: tab(window, "territories").export(out / "Territories.xlsx"),
        "commissions: show": lambda: tab(window, "commissions"),
        "commissions: run": lambda: tab(window, "commissions").presenter.calculate(""),
        "commissions: export run": lambda: tab(window, "commissions").export(out / "Run.xlsx", statements=False),
        "commissions: export statements": lambda: tab(window, "commissions").export(
            out / "Statements", statements=True
        ),
        "forecast: show": lambda: tab(window, "forecast"),
        "forecast: run and keep": keep,
        "forecast: export": lambda: tab(window, "forecast").export(out / "Forecast.xlsx"),
        "performance: show": lambda: tab(window, "performance"),
        "performance: by owner": lambda: tab(window, "performance").presenter.turn_to("breakdown"),
        "performance: rows": lambda: tab(window, "performance").presenter.turn_to("rows"),
        "performance: export": lambda: tab(window, "performance").export(out / "KPIs.xlsx"),
        "backup": lambda: window.ask_job("backup"),
        "check": lambda: window.ask_job("check"),
    }


def _write_as_new(source: Path, target: Path) -> None:
    """Give every row an id of its own, so that all of them are new to the workspace."""
    with source.open(encoding="utf-8-sig", newline="") as rows, target.open("w", encoding="utf-8", newline="") as made:
        reader, writer = csv.reader(rows), csv.writer(made)
        head = next(reader)
        place = next(i for i, name in enumerate(head) if name.casefold() in ("id", "opportunity id"))
        writer.writerow(head)
        for row in reader:
            if len(row) == len(head):
                row[place] = f"N{row[place]}"
            writer.writerow(row)


def measure(workspace: Path, folder: Path, only: str, dump: float, repeat: int) -> dict[str, dict[str, float]]:
    """Open a copy of the workspace in the window and go through the steps.

    Returns:
        For each step the worst of ``repeat`` rounds: see :meth:`Watch.figures`, and its ``seconds``.
    """
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="salesops-responsiveness-") as name:
        home = Path(name)
        os.environ["XDG_CONFIG_HOME"] = str(home / "config")
        path = home / workspace.name
        shutil.copy(workspace, path)
        gc.disable()  # as the program's start does
        app, window = open_window(path)
        until(lambda: getattr(window, "_furnished", False) and window.awake and not window.runner.busy)
        spin(1000)
        watch = Watch(dump)
        for round_ in range(repeat):
            out = home / f"out {round_}"
            out.mkdir()
            _write_as_new(folder / "opportunities.csv", out / "opportunities.csv")
            for step, act in steps(window, folder, out).items():
                if only and only not in step and step != "idle":
                    continue
                began = time.monotonic()
                print(f"{step} …", file=sys.stderr, flush=True)
                watch.begin()
                act()
                until(lambda: not window.runner.busy)
                seconds = time.monotonic() - began
                spin(SETTLE_MS)
                watch.end()
                figures = watch.figures() | {"seconds": seconds}
                before = found.get(step, figures)
                found[step] = max(before, figures, key=lambda f: f["gap_ms"])
        window.close()
        app.processEvents()
    return found


def main() -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path, help="a workspace of the sample company; it is copied")
    parser.add_argument("spreadsheets", type=Path, help="the folder with its spreadsheets")
    parser.add_argument("--only", default="", help="steps whose name holds this")
    parser.add_argument("--repeat", type=int, default=1, help="rounds; the worst one counts")
    parser.add_argument("--stacks", type=float, default=0.0, help="write the stacks of gaps of so many seconds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    found = measure(given.workspace, given.spreadsheets, given.only, given.stacks, given.repeat)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{'step':34}{'seconds':>9}{'gap, ms':>9}{'own, ms':>9}{'busiest':>9}{'over 50':>9}")
    for step, f in found.items():
        print(
            f"{step:34}{f['seconds']:9.1f}{f['gap_ms']:9.0f}{f['own_ms']:9.0f}{f['busiest_ms']:9.0f}{f['over_50']:9.0f}"
        )


if __name__ == "__main__":
    main()
