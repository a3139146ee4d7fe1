"""The running job in the status bar: what, how far, Cancel; and the sample company from the start page."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt

from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.ui.sample_company import open_sample_company


def slow(context, *, steps=2000):
    for i in range(steps):
        context.progress(i, steps, f"row {i}")
        time.sleep(0.005)


def test_a_long_job_is_shown_and_can_be_cancelled(window, qtbot):
    cancelled = []
    window.runner.run(slow, title="Count the rows", on_cancelled=lambda: cancelled.append(True))
    status = window.status
    qtbot.waitUntil(lambda: status._busy.isVisible() and "row" in status._text.text(), timeout=5000)
    assert status._text.text().startswith("Count the rows: row")
    assert status._bar.maximum() == 1000
    qtbot.mouseClick(status._cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(cancelled), timeout=5000)
    assert not status._busy.isVisible()


def test_a_short_job_is_not_mentioned(window, qtbot):
    shown = []
    window.runner.tasks_changed.connect(lambda: shown.append(window.status._busy.isVisible()))
    window.runner.run(slow, {"steps": 3}, title="Count three")
    qtbot.waitUntil(lambda: not window.runner.busy)
    assert not any(shown)


def test_two_jobs_are_counted(window, qtbot):
    tasks = [window.runner.run(slow, title=f"Job {i}") for i in range(3)]
    qtbot.waitUntil(lambda: "and 2 more" in window.status._text.text(), timeout=5000)
    for task in tasks:
        task.cancel()
    qtbot.waitUntil(lambda: not window.runner.busy)


def test_the_sample_company_is_opened_where_it_exists_already(window, qtbot, tmp_path):
    path = tmp_path / "Sample company.salesops"
    Workspace.create(path, currency="USD").close()
    open_sample_company(window, path)
    qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
    assert window.session.path == path


@pytest.mark.slow
def test_the_sample_company_is_made_the_first_time(window, qtbot, tmp_path):
    path = tmp_path / "Documents" / "Sample company.salesops"
    open_sample_company(window, path)
    assert "sample company" in window.start_page._busy_text.text()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=280_000)
    view = window.show_tab("data")
    qtbot.waitUntil(lambda: not window.runner.busy, timeout=60_000)
    assert next(line.rows for line in view.entities.lines if line.name == "account") > 1000
