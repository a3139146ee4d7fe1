"""The window as a person uses it: opening, refusals with a way on, undo, palette, drops, what is remembered."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton

from salesops_desktop.jobs.declare import REGISTRY
from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.ui.new_workspace import NewWorkspaceDialog
from salesops_desktop.ui.preferences import Preferences
from salesops_desktop.ui.window import Window
from salesops_desktop.ui.window_commands import OWN


def make_workspace(path, **more):
    Workspace.create(path, **more).close()
    return path


@pytest.fixture
def company(tmp_path):
    """An empty workspace."""
    return make_workspace(tmp_path / "Northwind.salesops", company="Northwind")


def shown(window):
    return " ".join(message.text for message in window.messages.messages)


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(50, 50), action, data, buttons, keys))


def test_a_first_start_offers_three_ways_to_begin(window):
    texts = {button.text() for button in window.start_page.findChildren(QPushButton)}
    assert {"Open sample company", "New workspace", "Open…"} <= texts
    assert window.pages.currentWidget() is window.start_page


def test_new_workspace_is_made_where_the_person_says(window, qtbot, tmp_path):
    button = next(b for b in window.start_page.findChildren(QPushButton) if b.text() == "New workspace")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    dialog = window.findChild(NewWorkspaceDialog)
    target = tmp_path / "Süd & Co.salesops"
    dialog.company.setText("Süd & Co")
    dialog.file.setText(str(target))
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
    assert window.session.path == target
    assert window.pages.currentWidget() is window.tabs
    assert "Süd & Co" in window.windowTitle()


def test_new_workspace_says_all_that_is_wrong_at_once(window, qtbot, company):
    window.commands.trigger("new")
    dialog = window.findChild(NewWorkspaceDialog)
    dialog.file.setText(str(company))
    dialog.currency.setCurrentText("dollars")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert "exists already" in dialog.message.text()
    assert "three letters" in dialog.message.text()
    dialog.reject()


def test_the_five_tabs_and_nothing_else(make_window, company):
    window = make_window(company)
    titles = [window.tabs.tabText(i) for i in range(window.tabs.count())]
    assert titles == ["Data", "Territories", "Commissions", "Forecast", "Performance"]


def test_a_second_opener_is_told_and_may_read(make_window, qtbot, company):
    first = Workspace.open(company)
    try:
        window = make_window()
        window.open_workspace(company)
        qtbot.waitUntil(lambda: bool(window.messages.messages), timeout=20_000)
        assert "open" in shown(window)
        button = next(b for b in window.messages.findChildren(QPushButton) if b.text() == "Open read-only")
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
        assert not window.session.writable
        assert "read-only" in window.status._file.text()
        assert not window.commands.action("import").isEnabled()
    finally:
        window.close()
        first.close()


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, b"SQLite format 3\x00" + b"\x00" * 50])
def test_what_is_no_workspace_is_refused_with_a_sentence_and_left_alone(window, qtbot, tmp_path, content):
    path = tmp_path / "broken.salesops"
    path.write_bytes(content)
    window.open_workspace(path)
    qtbot.waitUntil(lambda: bool(window.messages.messages), timeout=20_000)
    assert "Traceback" not in shown(window)
    assert shown(window).rstrip().endswith(".")
    assert path.read_bytes() == content
    assert window.pages.currentWidget() is window.start_page


def test_a_newer_workspace_is_refused_and_left_alone(window, qtbot, company):
    with closing(sqlite3.connect(company)) as connection:
        connection.execute("PRAGMA user_version=9999")
    before = company.read_bytes()
    window.open_workspace(company)
    qtbot.waitUntil(lambda: bool(window.messages.messages), timeout=20_000)
    assert "newer SalesOps Desktop" in shown(window)
    assert "Update the program" in shown(window)
    assert company.read_bytes() == before
    assert window.pages.currentWidget() is window.start_page


def test_a_damaged_workspace_offers_every_way_on(window, qtbot, company):
    with Workspace.open(company) as workspace:
        backup = workspace.backup("test")
    company.write_bytes(b"")
    window.open_workspace(company)
    qtbot.waitUntil(lambda: bool(window.messages.messages), timeout=20_000)
    shown_buttons = [b for b in window.messages.findChildren(QPushButton) if b.isVisible()]
    assert [b.text() for b in shown_buttons] == ["Restore a backup…", "Open another…"]
    assert all(button.focusPolicy() & Qt.FocusPolicy.TabFocus for button in shown_buttons)
    qtbot.waitUntil(lambda: window.awake, timeout=20_000)
    qtbot.mouseClick(shown_buttons[0], Qt.MouseButton.LeftButton)
    form = next(d for d in window.findChildren(QDialog) if d.isVisible())
    assert any(str(backup) in field.text() for field in form.findChildren(QLineEdit))
    assert not window.messages.messages
    form.reject()
    assert company.read_bytes() == b""


def test_a_dropped_workspace_opens_and_a_dropped_picture_is_left_alone(window, qtbot, company, tmp_path):
    picture = tmp_path / "photo.png"
    picture.write_bytes(b"x")
    drop(window, company, picture)
    qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
    assert "photo.png" in shown(window)


def test_recent_files_are_remembered_and_the_last_one_reopens(make_window, qtbot, company, preferences):
    window = make_window(company)
    window.close()
    again = Preferences(preferences.folder)
    assert again.recent() == [company]
    assert again.last_workspace == company
    second = Window(again)
    second.show()
    second.wake()
    qtbot.waitUntil(lambda: second.session.is_open and second.awake, timeout=20_000)
    second.close()
    second.deleteLater()


def test_size_tab_and_theme_come_back(make_window, company, preferences):
    window = make_window(company)
    window.resize(790, 700)
    window.show_tab("forecast")
    window.commands.trigger("theme dark")
    window.close()
    again = make_window(company, size=None)
    assert (again.width(), again.height()) == (790, 700)
    assert again.tabs.current_name == "forecast"
    assert preferences.theme == "dark"


def test_closing_the_workspace_returns_to_the_start_page(make_window, qtbot, company):
    window = make_window(company)
    window.commands.trigger("close")
    qtbot.waitUntil(lambda: not window.runner.busy)
    assert window.pages.currentWidget() is window.start_page
    reopened = Workspace.open(company)
    reopened.close()


def test_the_palette_finds_and_does(make_window, qtbot, company):
    window = make_window(company)
    window.commands.trigger("palette")
    palette = window.palette_dialog
    assert palette.isVisible()
    qtbot.keyClicks(palette.field, "perfo")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert window.tabs.current_name == "performance"


def test_the_palette_knows_tables_and_says_when_nothing_fits(make_window, qtbot, company):
    window = make_window(company)
    window.open_palette()
    palette = window.palette_dialog
    qtbot.keyClicks(palette.field, "quotas")
    assert palette.model.shown[0][0].title == "Quotas"
    palette.field.setText("qqqqzzzz")
    assert palette.nothing.isVisible()
    palette.hide()


def test_the_palette_moves_by_keyboard(make_window, qtbot, company):
    window = make_window(company)
    window.open_palette()
    palette = window.palette_dialog
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.list.currentIndex().row() == len(palette.model.shown) - 1
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 0
    palette.hide()


def test_every_job_has_a_command(make_window, company):
    window = make_window(company)
    missing = [c for c in REGISTRY if c not in OWN and f"job {c}" not in window.commands]
    assert missing == []


def test_no_two_commands_share_a_key(make_window, company):
    window = make_window(company)
    keys = [key for c in window.commands.all() for key in c.shortcut.split(";") if key]
    assert len(keys) == len(set(keys))


def test_the_shortcut_sheet_and_about_open_and_close(make_window, qtbot, company):
    window = make_window(company)
    for command in ("shortcuts", "about"):
        window.commands.trigger(command)
        dialog = next(d for d in window.findChildren(QDialog) if d.isVisible())
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible()


def test_an_unforeseen_fault_is_a_sentence_above_the_tabs(make_window, qtbot, company, preferences):
    window = make_window(company)
    window.runner.run(lambda _context: 1 / 0, title="Divide", on_error=window.fail)
    qtbot.waitUntil(lambda: bool(window.messages.messages))
    assert "Divide" in shown(window)
    assert list(preferences.crash_folder.glob("crash-*.txt"))
