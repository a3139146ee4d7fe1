"""What else can be done with a run: every entry opens a job that exists, with what is in view filled in."""

from __future__ import annotations

import inspect

from salesops_desktop.jobs.catalogue import JOBS
from salesops_desktop.ui.tabs.commissions.run_menu import RunMenu


def test_every_entry_opens_a_job_with_parameters_it_has(qtbot):
    asked = []
    menu = RunMenu(lambda command, given: asked.append((command, dict(given))), lambda: seen)
    qtbot.addWidget(menu)
    seen = {"run": 3, "line": 17, "period": "2026-09"}
    for action in menu.menu().actions():
        if not action.isSeparator():
            action.trigger()
    assert len(asked) >= 9
    for command, given in asked:
        known = inspect.signature(JOBS[command].function).parameters
        assert set(given) <= set(known), command
    assert ("commissions ask", {"run": 3, "line": 17}) in asked
    assert ("commissions retro", {"period": "2026-09"}) in asked
    seen = {}
    asked.clear()
    menu.menu().actions()[0].trigger()
    assert asked == [("commissions ask", {})]
