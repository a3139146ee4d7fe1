"""Rows of sliders: each writes its value, says that it was moved, and is put back in silence."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from salesops_desktop.ui.widgets.levers import Lever, Levers


@pytest.fixture
def levers(qtbot):
    def write(place):
        return f"{place * 5} %"

    made = Levers(
        [
            Lever("price", "Price", 10, 30, 20, "What is asked.", write, "200 %"),
            Lever("ramp", "Ramp", 0, 20, 20, "How soon.", write, "200 %", page=5),
        ]
    )
    qtbot.addWidget(made)
    made.show()
    return made


def test_keys_move_a_slider_which_writes_its_value(levers, qtbot):
    slider = levers.sliders["ramp"]
    with qtbot.waitSignal(levers.moved):
        qtbot.keyClick(slider, Qt.Key.Key_PageDown)
    assert levers.places == {"price": 20, "ramp": 15}
    assert not levers.untouched
    assert slider.accessibleName() == "Ramp"
    assert slider.accessibleDescription() == "75 %. How soon."


def test_sliders_are_put_somewhere_in_silence(levers, qtbot):
    with qtbot.assertNotEmitted(levers.moved):
        levers.put({"price": 25})
        assert levers.places == {"price": 25, "ramp": 20}
        levers.put({})
    assert levers.untouched
    assert levers.sliders["price"].accessibleDescription() == "100 %. What is asked."
