"""The room of runs in a real window, clicked and typed through."""

from __future__ import annotations

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.ui.tabs.commissions.driving import asked, click, press_enter, rest, traced

LONGEST = 0.05
"""Seconds of the UI thread's own processor time between two ticks of its loop."""


def calculated(window, view, qtbot):
    click(qtbot, view.nothing.buttons[0])
    rest(window, qtbot)
    assert view.pages.currentWidget() is view.body


def test_one_click_calculates_and_explains_the_first_line(open_copy, small_company, qtbot):
    window, view = open_copy(small_company)
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
def test_calculating_and_tracing_leave_the_window_awake(open_copy, small_company, qtbot, probe):
    window, view = open_copy(small_company)
    probe.start()
    calculated(window, view, qtbot)
    traced(view, qtbot)
    qtbot.wait(50)
    probe.stop()
    assert probe.busiest < LONGEST


def test_a_person_leads_to_lines_a_line_to_its_steps_and_a_currency_narrows(tab, qtbot):
    _window, view = tab
    first = traced(view, qtbot).line
    grid = view.people.view
    qtbot.mouseClick(
        grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.visualRect(view.people.model.index(2, 0)).center()
    )
    person = view.presenter.state.people["person"].values[2]
    assert view.lines_title.text().startswith(person)
    assert len(view.lines.table) == view.presenter.state.people["lines"].values[2]
    assert traced(view, qtbot).line != first
    number = view.lines.table["number"].values[view.lines.selected_records()[0]]
    assert view.presenter.state.trace.line == number

    view.trace.table.setFocus()
    qtbot.keyClick(view.trace.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().split("\n")
    assert lines[0] == "Step\tWhat\tHow\tResult\tFrom"
    assert len(lines) == view.trace.model.rowCount() + 1

    assert list(view.strip.cards) == ["EUR", "USD"]
    card = view.strip.cards["EUR"]
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_Space)
    shown = view.people.table["payout"]
    assert {shown.currency_at(i) for i in range(len(shown))} == {"EUR"}
    qtbot.keyClick(card, Qt.Key.Key_Space)
    assert len(view.people.table) == len(view.presenter.state.report.people)


def test_another_period_is_calculated_and_picked_and_what_pays_nothing_says_why_not(tab, qtbot):
    window, view = tab
    click(qtbot, view.calculate_button)
    period = asked(window).form.fields["period"].input
    assert period.currentText() == "2026-09"
    period.setCurrentText("2026-Q2")
    click(qtbot, asked(window).yes)
    rest(window, qtbot)
    assert view.picker.currentText() == "2026-Q2 (calculated)"
    assert [view.picker.itemText(i)[:7] for i in range(view.picker.count())] == ["2026-09", "2026-08", "2026-Q2"]
    view.picker.setCurrentIndex(0)
    view.picker.activated.emit(0)
    rest(window, qtbot)
    report = view.presenter.state.report
    assert report.head.period == "2026-09"

    view.person.setCurrentIndex(view.person.count() - 1)
    rest(window, qtbot)
    shown = view.person.grids["why not"].table
    person = view.presenter.state.people["person"].values[view.presenter.state.person]
    assert set(shown["person"].values) <= {person, None, ""}
    assert all(shown["why"].values)
    assert view.person.isTabVisible(1) == (len(report.steps) > 0)
    view.person.setCurrentIndex(0)


def test_a_run_moves_through_its_life_and_is_exported(open_copy, tiny_company, qtbot, tmp_path):
    window, view = open_copy(tiny_company)
    assert view.life.last.text().startswith("Calculated by ")
    shown = []
    for text in ("Send to review", "Approve"):
        assert view.life.forward.text() == text
        click(qtbot, view.life.forward)
        rest(window, qtbot)
        shown.append(view.picker.currentText())
    assert shown == ["2026-05 (in review)", "2026-05 (approved)"]
    assert view.life.steps.current == 2
    assert view.life.last.text().startswith("Approved by ")

    click(qtbot, view.calculate_button)
    press_enter(window, qtbot)
    assert "cannot be calculated again" in window.messages.messages[0].text
    assert view.picker.currentText() == "2026-05 (approved)"

    click(qtbot, view.life.back)
    rest(window, qtbot)
    assert view.picker.currentText() == "2026-05 (in review)"
    click(qtbot, view.life.forward)
    rest(window, qtbot)
    click(qtbot, view.life.forward)
    assert view.picker.currentText() == "2026-05 (approved)", "locking must ask first"
    press_enter(window, qtbot)
    assert view.picker.currentText() == "2026-05 (locked)"
    assert not view.life.back.isVisible()
    click(qtbot, view.life.forward)
    rest(window, qtbot)
    assert view.picker.currentText() == "2026-05 (paid)"
    assert not view.life.forward.isVisible()

    view.asks.export(tmp_path / "run.xlsx", statements=False)
    rest(window, qtbot)
    assert openpyxl.load_workbook(tmp_path / "run.xlsx", read_only=True).sheetnames
    folder = tmp_path / "statements"
    folder.mkdir()
    view.asks.export(folder, statements=True)
    rest(window, qtbot)
    assert len(list(folder.glob("*.xlsx"))) == 2
    assert "Wrote 2 statements" in window.messages.messages[0].text


def test_from_won_opportunities_to_a_run_step_by_step(open_copy, won_company, qtbot):
    window, view = open_copy(won_company)
    assert [b.text() for b in view.nothing.buttons] == ["Import…", "Book the 3 won opportunities"]
    click(qtbot, view.nothing.buttons[1])
    rest(window, qtbot)
    assert view.nothing.buttons[0].text() == "Set up starter plans…"
    click(qtbot, view.nothing.buttons[0])
    press_enter(window, qtbot)
    assert view.nothing.buttons[0].text() == "Calculate 2026-05"
    calculated(window, view, qtbot)
    assert sorted(view.people.table["payout"].values.tolist()) == [15000, 20000]
    traced(view, qtbot)


def test_a_workspace_opened_for_reading_offers_no_change(open_copy, won_company):
    _window, view = open_copy(won_company, read_only=True)
    assert view.nothing.buttons == []
