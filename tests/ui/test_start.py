"""The start: first the window is painted, then the heavy libraries are imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from salesops_desktop.jobs.workspaces import Workspace

ROOT = Path(__file__).parents[2]
HEAVY = ("pandas", "openpyxl", "pyqtgraph", "sqlalchemy", "numpy", "scipy")
CHILD = f"""
import json, sys
from pathlib import Path
from salesops_desktop.ui.app import open_window
from PySide6.QtCore import QTimer
seen = {{}}
def loaded():
    return [name for name in {HEAVY!r} if name in sys.modules]
def painted():
    seen["at_paint"] = loaded()
    window.usable.connect(usable)  # before the window's own: one of those begins to load everything on a worker
def furnished():
    seen["furnished"] = loaded()
def usable():
    window.usable.disconnect(usable)
    seen["usable"] = loaded()
    seen["page"] = type(window.pages.currentWidget()).__name__
    view = window.tabs.view("data")
    seen["rows"] = -1 if view is None else len(view.grid.table)
    QTimer.singleShot(0, window.close)
app, window = open_window(
    Path(sys.argv[1]) if len(sys.argv) > 1 else None, on_first_paint=painted, on_furnished=furnished
)
app.exec()
print(json.dumps(seen))
"""


def start(config, code=CHILD, *arguments):
    environment = {**os.environ, "SALESOPS_CONFIG": str(config), "PYTHONPATH": str(ROOT)}
    environment["QT_QPA_PLATFORM"] = "offscreen"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env=environment,
        cwd=config.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_nothing_heavy_is_imported_before_the_first_paint(tmp_path):
    seen = json.loads(start(tmp_path / "config").stdout.splitlines()[-1])
    assert seen["at_paint"] == seen["furnished"] == []
    assert seen["page"] == "StartPage"


def test_the_rows_of_the_last_workspace_are_shown_with_numpy_alone(tmp_path):
    path = tmp_path / "Company.salesops"
    with Workspace.create(path) as workspace, workspace.action("Add") as unit:
        unit.connection.exec_driver_sql("INSERT INTO account (id, name) VALUES (1, 'Ada & Sons'), (2, 'Bolt')")
    seen = json.loads(start(tmp_path / "config", CHILD, str(path)).stdout.splitlines()[-1])
    assert seen["rows"] == 2
    assert seen["page"] == "TabHost"
    assert seen["usable"] == ["numpy"]


def test_a_command_loads_no_qt(tmp_path):
    code = (
        "import sys; from salesops_desktop.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith('PySide6')])"
    )
    assert start(tmp_path / "config", code).stdout.splitlines()[-1] == "[]"


def test_the_import_hook_of_the_qt_binding_is_taken_back(tmp_path):
    code = (
        "import builtins; before = builtins.__import__\n"
        "from salesops_desktop.ui.launcher import _import_qt; _import_qt()\n"
        "print(builtins.__import__ is before)"
    )
    assert start(tmp_path / "config", code).stdout.split()[-1] == "True"


def test_calls_that_return_none_keep_none_alive(qapp):
    """PySide6 6.12.0 on Python 3.11 lost a reference to None on each such call, and aborted after some thousands."""
    if sys.version_info >= (3, 12):
        pytest.skip("None is immortal since Python 3.12")
    label = QLabel()
    before = sys.getrefcount(None)
    for _ in range(1000):
        label.setText("x")
    assert sys.getrefcount(None) > before - 500
    label.deleteLater()
