"""The window stays awake while real jobs run: the UI thread never computes for long between two turns of its loop."""

from __future__ import annotations

import random

import pytest
from PySide6.QtWidgets import QApplication

from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.ui.tabs.data.import_dialog import begin_import

LONGEST = 0.05
"""Seconds of the UI thread's own processor time between two ticks."""


@pytest.fixture
def big_export(tmp_path):
    """12,000 opportunities with 14 columns."""
    chance = random.Random(5)
    path = tmp_path / "pipeline.csv"
    head = "Opportunity id,Opportunity,Account,Owner,Product,Stage,Amount,Close date,Created,Region,Note,A,B,C"
    lines = [head]
    for i in range(12_000):
        day = f"2026-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
        stage = chance.choice(["Prospecting", "Won", "Lost"])
        lines.append(f"O{i},Deal {i},,,,{stage},{chance.randint(100, 99999)},{day},2025-11-03,West,n{i},1,2,3")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.slow  # seconds of the processor: they mean something on a quiet machine only
def test_importing_undoing_and_checking_leave_the_window_awake(make_window, qtbot, probe, tmp_path, big_export):
    path = tmp_path / "Company.salesops"
    Workspace.create(path, currency="USD").close()
    window = make_window(path)
    busiest = {}

    def measured(name, act):
        QApplication.processEvents()
        probe.start()
        act()
        qtbot.waitUntil(lambda: not window.runner.busy, timeout=120_000)
        qtbot.wait(30)
        probe.stop()
        busiest[name] = probe.busiest

    dialog = begin_import(window, [])
    measured("inspect", lambda: dialog.presenter.add_files([big_export]))
    measured("preview", dialog.presenter.to_preview)
    measured("import", dialog.presenter.run_import)
    assert dialog.presenter.state.report.outcomes[0].new == 12_000
    dialog.close()
    measured("undo", lambda: window.commands.trigger("undo"))
    measured("redo", lambda: window.commands.trigger("redo"))
    measured("check", lambda: window.ask_job("check"))
    measured("backup", lambda: window.ask_job("backup"))
    print({name: f"{1000 * seconds:.0f} ms" for name, seconds in busiest.items()})
    assert {name: seconds for name, seconds in busiest.items() if seconds > LONGEST} == {}
