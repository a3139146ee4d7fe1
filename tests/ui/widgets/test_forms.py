"""Forms, messages and the small widgets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from salesops_desktop.model.errors import Fault, InputRefusedError
from salesops_desktop.ui.widgets.elided_label import ElidedLabel
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.figure_card import FigureCard
from salesops_desktop.ui.widgets.flow import FlowLayout
from salesops_desktop.ui.widgets.forms import (
    CheckField,
    ChoiceField,
    DateField,
    Form,
    IntegerField,
    MoneyField,
    PercentField,
    PeriodField,
    TextField,
)
from salesops_desktop.ui.widgets.message_strip import MessageStrip
from salesops_desktop.ui.widgets.steps import StepHeader

GERMAN = QLocale("de_DE")


@pytest.fixture
def form(qtbot):
    widget = Form(
        {
            "name": TextField("Name", required=True),
            "count": IntegerField("Count", check=lambda v: "" if v > 0 else "Must be positive."),
            "amount": MoneyField("Amount", "EUR", locale=GERMAN, hint="Net"),
            "share": PercentField("Share", locale=GERMAN),
            "day": DateField("Day", locale=GERMAN),
            "kind": ChoiceField("Kind", {"One": 1, "Two": 2}),
            "open": CheckField("Open"),
        }
    )
    qtbot.addWidget(widget)
    widget.show()
    return widget


def test_values_are_typed(form):
    form.set_values({"day": dt.date(2026, 3, 31), "kind": 2, "open": True})
    QTest.keyClicks(form.fields["name"].input, " West ")
    QTest.keyClicks(form.fields["amount"].input, "1.234,50")
    QTest.keyClicks(form.fields["share"].input, "12,5")
    assert form.validate()
    assert form.values() == {
        "name": "West",
        "count": None,
        "amount": Decimal("1234.50"),
        "share": Decimal("0.125"),
        "day": dt.date(2026, 3, 31),
        "kind": 2,
        "open": True,
    }


def test_values_go_round(form):
    form.set_values({"amount": Decimal("1234.5"), "share": Decimal("0.075"), "count": 1200, "name": "x"})
    values = form.values()
    assert (values["amount"], values["share"], values["count"]) == (Decimal("1234.5"), Decimal("0.075"), 1200)


def test_faults_stand_beside_their_fields(form):
    QTest.keyClicks(form.fields["amount"].input, "1,234")
    QTest.keyClicks(form.fields["count"].input, "-2")
    assert not form.validate()
    assert form.fields["name"].message() == "This is needed."
    assert "not an amount of EUR" in form.fields["amount"].message()
    assert form.fields["count"].message() == "Must be positive."
    assert [fault.where for fault in form.faults()] == ["Name", "Count", "Amount"]
    QTest.keyClicks(form.fields["name"].input, "x")
    assert form.fields["name"].message() == ""
    form.fields["amount"].input.setText("1,23")
    form.fields["amount"].validate()
    assert form.fields["amount"].message() == "Net"
    with pytest.raises(InputRefusedError):
        form.values()


def test_every_input_has_a_name(form):
    for field in form.fields.values():
        assert field.focusProxy().accessibleName()


def test_period_steps(qtbot):
    field = PeriodField("Quarter", ["2026-Q1", "2026-Q2", "2026-Q3"])
    qtbot.addWidget(field)
    with qtbot.waitSignal(field.changed, timeout=500):
        QTest.mouseClick(field.later, Qt.MouseButton.LeftButton)
    assert field.read() == "2026-Q2"
    QTest.mouseClick(field.earlier, Qt.MouseButton.LeftButton)
    QTest.mouseClick(field.earlier, Qt.MouseButton.LeftButton)
    assert field.read() == "2026-Q1"


def test_message_strip(qtbot):
    strip = MessageStrip()
    qtbot.addWidget(strip)
    called = []
    strip.show_message("warning", "Careful.", action="Mend", on_action=lambda: called.append(1), details="why")
    assert strip.isVisible()
    QTest.mouseClick(strip._button, Qt.MouseButton.LeftButton)
    assert called == [1]
    strip._fold.click()
    assert strip._details.isVisible()
    with qtbot.waitSignal(strip.closed, timeout=500):
        strip._close.click()
    assert not strip.isVisible()
    strip.show_faults("Nothing changed.", [Fault("A1", "Bad."), Fault("A2", "Bad.")])
    assert "2 faults" in strip.text
    assert "A2" in strip._details.toPlainText()
    strip.show_error(InputRefusedError("Broken.", where="x.csv", way_out="Mend it."))
    assert strip.text == "x.csv: Broken. Mend it."
    assert not strip.grab().isNull()


def test_empty_state_offers_ways(qtbot):
    called = []
    page = EmptyState("map", "Nothing", "Do something.", [Way("Go", lambda: called.append("go"))])
    qtbot.addWidget(page)
    page.show()
    page.buttons[0].click()
    assert called == ["go"]
    page.set_content("map", "Else", "Other.", [])
    assert page.buttons == []
    assert page.accessibleName() == "Else"


def test_figure_card(qtbot):
    card = FigureCard("Win rate")
    qtbot.addWidget(card)
    card.set_figure("41 %", delta="▲ 3", tone="success", history=[1, float("nan"), 2, 3], description="Won of closed")
    card.show()
    assert card.accessibleName() == "Win rate: 41 %"
    for act in (
        lambda: QTest.mouseClick(card, Qt.MouseButton.LeftButton),
        lambda: QTest.keyClick(card, Qt.Key.Key_Space),
    ):
        with qtbot.waitSignal(card.clicked, timeout=500):
            act()
    assert not card.grab().isNull()


def test_steps_go_back_only(qtbot):
    steps = StepHeader(["Files", "Fields", "Preview"])
    qtbot.addWidget(steps)
    steps.resize(600, 40)
    steps.show()
    steps.set_current(1)
    with qtbot.waitSignal(steps.step_asked, timeout=500) as told:
        QTest.keyClick(steps, Qt.Key.Key_Left)
    assert told.args == [0]
    with qtbot.assertNotEmitted(steps.step_asked):
        QTest.mouseClick(steps, Qt.MouseButton.LeftButton, pos=steps.rect().center() + steps.rect().topRight() / 3)
    assert "2 of 3" in steps.accessibleName()


def test_elided_label_keeps_the_whole_text_on_hover(qtbot):
    label = ElidedLabel("A rather long sentence that does not fit")
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.show()
    label.grab()
    assert label.is_elided()
    assert label.toolTip() == label.text()


def test_flow_wraps(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    flow = FlowLayout(page, stretch=True)
    for n in range(5):
        flow.addWidget(QPushButton(f"Button number {n}"))
    page.resize(5000, 100)
    page.show()
    assert {flow.itemAt(n).geometry().top() for n in range(5)} == {0}
    page.resize(300, 400)
    page.grab()
    assert len({flow.itemAt(n).geometry().top() for n in range(5)}) > 2
    assert flow.heightForWidth(300) > flow.heightForWidth(5000)
    assert flow.itemAt(9) is None
