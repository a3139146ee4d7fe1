"""The Commissions tab in a real window on a small sample company, clicked and typed through."""

from __future__ import annotations

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.ui.tabs.confirming import Confirm

LONGEST = 0.05
"""Seconds of the UI thread's own processor time between two ticks of its loop."""


@pytest.fixture
def tab(make_window, qtbot, small_sample):
    window = make_window(small_sample, size=(1366, 768))
    view = window.show_tab("commissions")
    rest(window, qtbot)
    return window, view


def rest(window, qtbot):
    qtbot.waitUntil(lambda: not window.runner.busy, timeout=60_000)
    QApplication.processEvents()


def click(qtbot, button):
    assert button.isVisible(), button.text()
    assert button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def calculated(window, view, qtbot):
    click(qtbot, view.nothing.buttons[0])
    rest(window, qtbot)
    assert view.pages.currentWidget() is view.body


def press_enter(window, qtbot):
    dialog = next(d for d in window.findChildren(Confirm) if d.isVisible())
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    rest(window, qtbot)


def traced(view, qtbot):
    qtbot.waitUntil(lambda: view.presenter.state.trace is not None, timeout=30_000)
    return view.presenter.state.trace


def test_one_click_calculates_and_explains_the_first_line(tab, qtbot):
    window, view = tab
    assert view.nothing.buttons[0].text() == "Calculate 2026-09"
    calculated(window, view, qtbot)
    report = view.presenter.state.report
    assert view.picker.currentText() == "2026-09 (calculated)"
    assert len(view.people.table) == len(report.people)
    total = sum(t.payout for t in view.presenter.state.totals)
    assert total == report.lines["payout"].values.sum()
    steps = traced(view, qtbot).steps
    last = view.trace.model.rowCount() - 1
    assert view.trace.model.index(last, 1).data() == "Commission"
    assert view.trace.model.index(last, 0).data(Qt.ItemDataRole.FontRole).bold()
    payout = view.lines.model.formats.cell(view.lines.table["payout"])(0)
    assert view.trace.model.index(last, 3).data() == payout
    assert payout in view.trace.title.text()
    assert len(steps) == last + 1
    assert window.commands.action("undo").text() == "Undo Calculate commissions 2026-09"


@pytest.mark.slow  # seconds of the processor: they mean something on a quiet machine only
def test_calculating_and_tracing_leave_the_window_awake(tab, qtbot, probe):
    window, view = tab
    probe.start()
    calculated(window, view, qtbot)
    traced(view, qtbot)
    qtbot.wait(50)
    probe.stop()
    assert probe.busiest < LONGEST


def test_another_period_is_picked(tab, qtbot):
    window, view = tab
    calculated(window, view, qtbot)
    click(qtbot, view.calculate_button)
    dialog = next(d for d in window.findChildren(Confirm) if d.isVisible())
    assert dialog.form.fields["period"].input.currentText() == "2026-09"
    dialog.form.fields["period"].input.setCurrentText("2026-Q2")
    click(qtbot, dialog.yes)
    rest(window, qtbot)
    assert view.picker.currentText() == "2026-Q2 (calculated)"
    assert [view.picker.itemText(i)[:7] for i in range(view.picker.count())] == ["2026-09", "2026-Q2"]
    view.picker.setCurrentIndex(0)
    view.picker.activated.emit(0)
    rest(window, qtbot)
    assert view.presenter.state.report.head.period == "2026-09"


def test_a_person_leads_to_lines_and_a_line_to_its_steps(tab, qtbot):
    window, view = tab
    calculated(window, view, qtbot)
    first = traced(view, qtbot).line
    grid = view.people.view
    qtbot.mouseClick(
        grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.visualRect(view.people.model.index(2, 0)).center()
    )
    person = view.presenter.state.people["person"].values[2]
    assert view.lines_title.text().startswith(person)
    assert len(view.lines.table) == view.presenter.state.people["lines"].values[2]
    qtbot.waitUntil(lambda: view.presenter.state.trace is not None, timeout=30_000)
    assert view.presenter.state.trace.line != first
    number = view.lines.table["number"].values[view.lines.selected_records()[0]]
    assert view.presenter.state.trace.line == number


def test_a_currency_narrows_the_people(tab, qtbot):
    window, view = tab
    calculated(window, view, qtbot)
    currencies = list(view.strip.cards)
    assert currencies == ["EUR", "USD"]
    card = view.strip.cards["EUR"]
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_Space)
    shown = view.people.table["payout"]
    assert {shown.currency_at(i) for i in range(len(shown))} == {"EUR"}
    qtbot.keyClick(card, Qt.Key.Key_Space)
    assert len(view.people.table) == len(view.presenter.state.report.people)


def test_a_run_moves_through_its_life(tab, qtbot):
    window, view = tab
    calculated(window, view, qtbot)
    shown = []
    for text in ("Send to review", "Approve"):
        assert view.life.forward.text() == text
        click(qtbot, view.life.forward)
        rest(window, qtbot)
        shown.append(view.picker.currentText())
    assert shown == ["2026-09 (in review)", "2026-09 (approved)"]
    assert view.life.steps.current == 2
    click(qtbot, view.life.back)
    rest(window, qtbot)
    assert view.picker.currentText() == "2026-09 (in review)"
    click(qtbot, view.life.forward)
    rest(window, qtbot)
    click(qtbot, view.life.forward)
    assert view.picker.currentText() == "2026-09 (approved)", "locking must ask first"
    press_enter(window, qtbot)
    assert view.picker.currentText() == "2026-09 (locked)"
    assert not view.life.back.isVisible()
    click(qtbot, view.life.forward)
    rest(window, qtbot)
    assert view.picker.currentText() == "2026-09 (paid)"
    assert not view.life.forward.isVisible()


def test_a_locked_run_is_not_calculated_again(tab, qtbot):
    window, view = tab
    calculated(window, view, qtbot)
    for _ in range(2):
        click(qtbot, view.life.forward)
        rest(window, qtbot)
    click(qtbot, view.calculate_button)
    press_enter(window, qtbot)
    assert "cannot be calculated again" in window.messages.messages[0].text
    assert view.calculate_button.isEnabled()
    assert view.picker.currentText() == "2026-09 (approved)"


def test_the_run_and_the_statements_are_exported(tab, qtbot, tmp_path):
    window, view = tab
    calculated(window, view, qtbot)
    view.asks.export(tmp_path / "run.xlsx", statements=False)
    rest(window, qtbot)
    assert openpyxl.load_workbook(tmp_path / "run.xlsx", read_only=True).sheetnames
    folder = tmp_path / "statements"
    folder.mkdir()
    view.asks.export(folder, statements=True)
    rest(window, qtbot)
    files = list(folder.glob("*.xlsx"))
    assert len(files) == len(view.presenter.state.report.people)
    assert f"Wrote {len(files)} statements" in window.messages.messages[0].text


def test_steps_are_copied_with_their_labels(tab, qtbot):
    window, view = tab
    calculated(window, view, qtbot)
    traced(view, qtbot)
    view.trace.table.setFocus()
    qtbot.keyClick(view.trace.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().split("\n")
    assert lines[0] == "Step\tWhat\tHow\tResult\tFrom"
    assert len(lines) == view.trace.model.rowCount() + 1


def test_from_won_opportunities_to_a_run_step_by_step(make_window, qtbot, tmp_path):
    path = tmp_path / "Company.salesops"
    workspace = Workspace.create(path, currency="USD")
    with workspace.action("Fill") as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO person (id, external_id, name, role) VALUES (1, 'p', 'Ana', 'rep')"
        )
        unit.connection.exec_driver_sql(
            "INSERT INTO opportunity (id, external_id, name, stage, status, amount, currency, close_on, owner_id) "
            "VALUES (1, 'o', 'Deal', 'Won', 'won', 100000, 'USD', '2026-05-04', 1)"
        )
    workspace.close()
    window = make_window(path)
    view = window.show_tab("commissions")
    rest(window, qtbot)
    assert [b.text() for b in view.nothing.buttons] == ["Import…", "Book the 1 won opportunities"]
    click(qtbot, view.nothing.buttons[1])
    rest(window, qtbot)
    assert view.nothing.buttons[0].text() == "Set up starter plans…"
    click(qtbot, view.nothing.buttons[0])
    press_enter(window, qtbot)
    assert view.nothing.buttons[0].text() == "Calculate 2026-05"
    calculated(window, view, qtbot)
    assert view.people.table["payout"].values.tolist() == [5000]
    traced(view, qtbot)


def test_a_workspace_opened_for_reading_offers_no_change(make_window, qtbot, small_sample):
    window = make_window()
    window.open_workspace(small_sample, read_only=True)
    qtbot.waitUntil(lambda: window.session.is_open, timeout=30_000)
    view = window.show_tab("commissions")
    rest(window, qtbot)
    assert view.nothing.buttons == []


def test_what_pays_nothing_answers_why_not(tab, qtbot):
    window, view = tab
    calculated(window, view, qtbot)
    report = view.presenter.state.report
    view.person.setCurrentIndex(view.person.count() - 1)
    rest(window, qtbot)
    shown = view.person.grids["why not"].table
    person = view.presenter.state.people["person"].values[view.presenter.state.person]
    assert set(shown["person"].values) <= {person, None, ""}
    assert all(shown["why"].values)
    assert view.person.isTabVisible(1) == (len(report.steps) > 0)
