"""One window for all tests of a file, and companies that were calculated once: each test gets a copy in that window."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtWidgets import QDialog

from salesops_desktop.jobs.commission_plans import book_won, starter_plans
from salesops_desktop.jobs.commissions import run_commissions
from salesops_desktop.jobs.workspaces import Workspace, opened
from salesops_desktop.ui.preferences import Preferences
from salesops_desktop.ui.screens import wait_until
from salesops_desktop.ui.theme import apply_theme
from salesops_desktop.ui.window import Window
from tests.conftest import made_once
from tests.ui.leftovers import settle, watched
from tests.ui.tabs.commissions.driving import rest

WON = ((1, "2026-05-04", 100_000), (1, "2026-05-20", 200_000), (2, "2026-05-11", 400_000))
"""Owner, day and minor units of the won opportunities of the tiny company."""


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind(qapp):
    """Fail on what the tests of a file leave behind when their window is closed."""
    with watched(qapp):
        yield


@pytest.fixture(scope="session")
def calculated_company(small_company, tmp_path_factory):
    """The file of the small company with the runs of 2026-08 and 2026-09; not to be opened."""

    def make(path):
        shutil.copy(small_company, path)
        with opened(path) as context:
            for period in ("2026-08", "2026-09"):
                run_commissions(context, period)

    return made_once(tmp_path_factory, "calculated", make)


@pytest.fixture(scope="session")
def won_company(tmp_path_factory):
    """A company of two people with won opportunities and nothing else; not to be opened."""

    def make(path):
        workspace = Workspace.create(path, currency="USD")
        with workspace.action("Fill") as unit:
            for number, name in enumerate(("Ana", "Bo"), 1):
                unit.connection.exec_driver_sql(
                    "INSERT INTO person (id, external_id, name, role) VALUES (?, ?, ?, 'rep')", (number, name, name)
                )
            for number, (owner, day, amount) in enumerate(WON, 1):
                unit.connection.exec_driver_sql(
                    "INSERT INTO opportunity (id, external_id, name, stage, status, amount, currency, close_on, "
                    "owner_id) VALUES (?, ?, 'Deal', 'Won', 'won', ?, 'USD', ?, ?)",
                    (number, f"o{number}", amount, day, owner),
                )
        workspace.close()

    return made_once(tmp_path_factory, "won", make)


@pytest.fixture(scope="session")
def tiny_company(won_company, tmp_path_factory):
    """The same with its run of 2026-05."""

    def make(path):
        shutil.copy(won_company, path)
        with opened(path) as context:
            book_won(context)
            starter_plans(context)
            run_commissions(context, "2026-05")

    return made_once(tmp_path_factory, "tiny", make)


@pytest.fixture(scope="module")
def shared_window(qapp, tmp_path_factory):
    """An awake window; closed after the last test of the file."""
    apply_theme(qapp, "light")
    window = Window(Preferences(tmp_path_factory.mktemp("config")))
    window.resize(1366, 768)
    window.show()
    window.wake(None, reopen=False)
    wait_until(lambda: window.awake)
    yield window
    window.close()
    window.deleteLater()
    settle()


@pytest.fixture
def open_copy(shared_window, tmp_path, qtbot):
    """Opens a copy of a company in the window and returns (window, Commissions tab), as they are at first."""

    def opens(company, **options):
        window = shared_window
        for dialog in window.findChildren(QDialog):
            dialog.close()
        path = tmp_path / "Company.salesops"
        shutil.copy(company, path)
        window.open_workspace(path, **options)
        qtbot.waitUntil(lambda: window.session.is_open and window.session.path == path, timeout=30_000)
        view = window.show_tab("commissions")
        view.rooms.setCurrentIndex(0)
        rest(window, qtbot)
        window.activateWindow()
        return window, view

    return opens


@pytest.fixture
def tab(open_copy, calculated_company):
    """A copy of the calculated company in the window."""
    return open_copy(calculated_company)
