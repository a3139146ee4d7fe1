"""What people put beside the lines of a run, and what leaves it for the books: from where it is shown, in words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog

from salesops_desktop.ui.i18n import set_pseudo_locale
from salesops_desktop.ui.report_view import ReportDialog
from salesops_desktop.ui.tabs.commissions.payroll_dialog import FIELDS, PayrollDialog
from tests.ui.tabs.commissions.driving import asked, click, press_enter, rest, traced
from tests.ui.test_sweep import clipped, nameless, unreachable


@pytest.fixture
def tiny(open_copy, tiny_company, qtbot):
    window, view = open_copy(tiny_company)
    traced(view, qtbot)
    return window, view


def show(view, title):
    """Bring one of the person's tables to the front."""
    bar = view.person
    place = next(i for i in range(bar.count()) if bar.tabText(i).startswith(title))
    bar.setCurrentIndex(place)
    return place


def rows(view, key):
    return view.person.grids[key].table


def fill(window, **texts):
    for name, text in texts.items():
        asked(window).form.fields[name].input.setText(text)


def choose(view, words):
    next(a for a in view.more.menu().actions() if a.text() == words).trigger()


def report_shown(window):
    return next(d for d in window.findChildren(ReportDialog) if d.isVisible())


def test_a_person_is_adjusted_held_and_released(tiny, qtbot):
    window, view = tiny
    person = str(view.presenter.state.people["person"].values[0])
    place = show(view, "Adjustments")
    click(qtbot, view.person.buttons["adjust"])
    asked(window).form.fields["line"].input.setCurrentIndex(0)
    fill(window, amount="-12.5")
    qtbot.keyClick(asked(window), Qt.Key.Key_Return)
    assert asked(window).form.fields["reason"].message(), "a reason is demanded where it is typed"
    fill(window, reason="Agreed")
    press_enter(window, qtbot)
    assert (rows(view, "items")["person"].values[0], rows(view, "items")["amount"].values[0]) == (person, -1250)
    assert view.person.tabText(place) == "Adjustments (1)"

    click(qtbot, view.person.buttons["hold"])
    assert "line" in asked(window).form.fields["line"].read_text()
    fill(window, reason="Disputed")
    press_enter(window, qtbot)
    assert rows(view, "items")["kind"].values.tolist() == ["adjustment", "hold"]
    click(qtbot, view.person.buttons["release"])
    assert person in asked(window).form.fields["item"].read_text()
    press_enter(window, qtbot)
    assert rows(view, "items")["kind"].values.tolist() == ["adjustment"]


def test_a_line_is_asked_about_and_answered(tiny, qtbot):
    window, view = tiny
    line = view.presenter.state.trace.line
    show(view, "Questions")
    click(qtbot, view.person.buttons["ask"])
    fill(window, question="Was the discount agreed?")
    press_enter(window, qtbot)
    assert (rows(view, "inquiries")["line"].values[0], rows(view, "inquiries")["status"].values[0]) == (line, "open")
    click(qtbot, view.person.buttons["answer"])
    fill(window, text="Yes")
    press_enter(window, qtbot)
    assert rows(view, "inquiries")["answer"].values.tolist() == ["Yes"]
    choose(view, "All inquiries")
    rest(window, qtbot)
    assert len(report_shown(window).grids[0].table) == 1


def test_only_an_approved_run_is_written_for_payroll_and_amortised(tiny, qtbot, tmp_path):
    window, view = tiny
    choose(view, "Payroll export…")
    assert "Approve it first" in window.messages.messages[0].text
    for _ in range(2):
        click(qtbot, view.life.forward)
        rest(window, qtbot)
    show(view, "Adjustments")
    click(qtbot, view.person.buttons["adjust"])
    assert "nothing in it can be changed" in window.messages.messages[0].text

    choose(view, "Payroll export…")
    dialog = next(d for d in window.findChildren(PayrollDialog) if d.isVisible())
    assert len(dialog.columns()) == 12
    dialog.reject()
    run = view.presenter.state.report.head.id
    view.books.write_payroll(run, tmp_path / "pay.csv", ["Employee=name", "Gross=paid", "Ccy=currency"])
    rest(window, qtbot)
    found = (tmp_path / "pay.csv").read_text(encoding="utf-8").split()
    assert found == ["Employee,Gross,Ccy", "Ana,150.00,USD", "Bo,200.00,USD"]

    choose(view, "Amortisation…")
    asked(window).form.fields["months"].input.setText("24")
    press_enter(window, qtbot)
    assert len(report_shown(window).grids[0].table) == 24
    report_shown(window).close()
    choose(view, "Who and when")
    events = report_shown(window).grids[0].table
    assert events["status"].values.tolist() == ["calculated", "in review", "approved"]


def test_locked_periods_are_corrected_from_the_menu(tiny, qtbot):
    window, view = tiny
    choose(view, "Correct locked periods…")
    press_enter(window, qtbot)
    assert window.messages.messages, "it says what was corrected, or that nothing was locked"


def test_every_question_is_whole_named_and_within_reach_with_longer_words(tiny):
    window, view = tiny
    set_pseudo_locale(True)
    found = []
    try:
        for ask in (
            view.asks.calculate, view.items.ask, view.items.adjust, view.items.hold, view.books.amortise,
            view.books.retro, view.plans.asks.new,
        ):  # fmt: skip
            ask()
            QApplication.processEvents()
            dialog = asked(window)
            found += clipped(dialog) + nameless(dialog) + unreachable(dialog)
            dialog.close()
    finally:
        set_pseudo_locale(False)
    assert found == []


def test_columns_are_ticked_named_moved_and_remembered(qtbot, themed):
    parent = QDialog()
    qtbot.addWidget(parent)
    dialog = PayrollDialog("Commissions 2026-05", ["Gross=paid", "Employee=name"], parent)
    dialog.show()
    assert clipped(dialog) + nameless(dialog) + unreachable(dialog) == []
    assert dialog.columns() == ["Gross=paid", "Employee=name"]
    dialog.table.setCurrentCell(1, 0)
    click(qtbot, dialog.up)
    dialog.table.item(0, 1).setText("Who")
    assert dialog.columns() == ["Who=name", "Gross=paid"]
    click(qtbot, dialog.usual)
    assert [text.rpartition("=")[2] for text in dialog.columns()] == list(FIELDS)[:12]
    for row in range(dialog.table.rowCount()):
        dialog.table.item(row, 0).setCheckState(Qt.CheckState.Unchecked)
    assert not dialog.yes.isEnabled()
    dialog.table.item(3, 0).setCheckState(Qt.CheckState.Checked)
    with qtbot.waitSignal(dialog.chosen) as chosen:
        click(qtbot, dialog.yes)
    assert chosen.args == [["Plan=plan"]]
