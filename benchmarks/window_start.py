"""How fast the window is there: process start to first paint, and to the last workspace being usable.

    python benchmarks/window_start.py [company.salesops] [--runs 5] [--json]

Without a workspace, "usable" means that the start page answers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHILD = """
import json, os, resource, sys, time
began = float(sys.argv[1])
import gc
gc.disable()
from salesops_desktop.ui.launcher import _import_qt
_import_qt()
from pathlib import Path
from salesops_desktop.ui.app import open_window
from PySide6.QtCore import QTimer
seen = {}
def painted():
    seen["paint"] = time.time() - began
    seen["paint_cpu"] = time.process_time()
    seen["heavy"] = [m for m in ("numpy", "pandas", "openpyxl", "pyqtgraph", "sqlalchemy") if m in sys.modules]
def furnished():
    seen["furnished"] = time.time() - began
    seen["furnished_cpu"] = time.process_time()
def usable():
    seen["usable"] = time.time() - began
    seen["usable_cpu"] = time.process_time()
    window.usable.disconnect(usable)
    seen["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    when_awake()
def when_awake():
    if not window.awake:
        QTimer.singleShot(20, when_awake)
        return
    for name in ("palette_first", "palette"):
        own = time.perf_counter()
        window.open_palette()
        app.processEvents()
        seen[name] = time.perf_counter() - own
        window.palette_dialog.hide()
    QTimer.singleShot(0, window.close)
app, window = open_window(Path(sys.argv[2]) if sys.argv[2] else None, on_first_paint=painted, on_furnished=furnished)
window.usable.connect(usable)
app.exec()
print(json.dumps(seen))
"""


def one_run(workspace: Path | None) -> dict[str, float]:
    """Start the window in a process of its own and read its two figures."""
    with tempfile.TemporaryDirectory() as config:
        environment = {**os.environ, "SALESOPS_CONFIG": config, "PYTHONPATH": str(ROOT)}
        if not os.environ.get("DISPLAY") and sys.platform.startswith("linux"):
            environment["QT_QPA_PLATFORM"] = "offscreen"
        command = [sys.executable, "-c", CHILD, str(time.time()), str(workspace or "")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=config)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    workspace = options.workspace.resolve() if options.workspace else None
    runs = [one_run(workspace) for _ in range(options.runs)]
    words = {
        "paint": "process start to first paint, ms",
        "paint_cpu": "  of that, processor time, ms",
        "furnished": "process start to bars and pages painted, ms",
        "furnished_cpu": "  of that, processor time, ms",
        "usable": "process start to usable, ms",
        "usable_cpu": "  of that, processor time, ms",
        "palette_first": "command palette opens, first time, ms",
        "palette": "command palette opens again, ms",
        "peak_mb": "memory peak when usable, MB",
    }
    figures = {
        name: {"best": min(r[name] for r in runs), "median": statistics.median(r[name] for r in runs)} for name in words
    }
    if options.json:
        print(json.dumps(figures))
        return
    print(f"{'':44}{'best':>8}{'median':>8}   goal")
    goals = {"paint": "250", "usable": "1500", "palette": "30"}
    for name, label in words.items():
        factor = 1 if name == "peak_mb" else 1000
        best, median = (figures[name][key] * factor for key in ("best", "median"))
        print(f"{label:44}{best:8.0f}{median:8.0f}   {goals.get(name, '')}")


if __name__ == "__main__":
    main()
