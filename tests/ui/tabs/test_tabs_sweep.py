"""Tabs full of data and their dialogs, in light, dark and with 40 % longer words: names, tab order, no cut words."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from salesops_desktop.ui.i18n import set_pseudo_locale
from salesops_desktop.ui.tabs.confirming import Confirm
from salesops_desktop.ui.theme import apply_theme
from tests.ui.test_sweep import clipped, nameless, unreachable


@pytest.fixture
def places(make_window, qtbot, small_sample):
    """Walks both tabs with a design and a run in them; yields (name, widget) at rest."""

    def walk(size):
        window = make_window(small_sample, size=size)

        def rest():
            qtbot.waitUntil(lambda: not window.runner.busy, timeout=60_000)
            qtbot.wait(80)

        view = window.show_tab("territories")
        rest()
        yield "today's owners", window
        view.show_settings()
        view.wishes.more.setChecked(True)
        yield "settings of a design", window
        view.design()
        rest()
        view.presenter.pick_accounts(view.presenter.state.shown.picture.keys[:7].tolist())
        view.rail.show_pane("balance")
        yield "design, balance", window
        view.rail.show_pane("accounts")
        for place in range(view.tables.count()):
            view.tables.setCurrentIndex(place)
            yield f"design, table {place}", window
        for pane in ("why", "scenarios", "quotas", "rules", "proposals"):
            view.rail.show_pane(pane)
            rest()
            yield f"design, {pane}", window
        view.rail.pane("rules").make()
        view.rail.pane("scenarios").try_plans()
        rest()
        for pane in ("rules", "scenarios"):
            view.rail.show_pane(pane)
            yield f"filled {pane}", window
        view.ask_make_current()
        yield "make current", _dialog(window)
        view = window.show_tab("commissions")
        rest()
        yield "no run", window
        view.asks.plans()
        yield "starter plans", _dialog(window)
        view.asks.calculate()
        yield "calculate", _dialog(window)
        view.presenter.calculate("2026-Q2")
        qtbot.waitUntil(lambda: view.presenter.state.trace is not None, timeout=60_000)
        for _ in range(2):
            view.asks.move_to(view.presenter.state.forward)
            rest()
        yield "approved run", window
        view.asks.move_to(view.presenter.state.forward)
        yield "lock", _dialog(window)

    def steps(size):
        for name, widget in walk(size):
            QApplication.processEvents()
            yield name, widget
            if isinstance(widget, Confirm):
                widget.close()
                QApplication.processEvents()

    return steps


def _dialog(window):
    return next(d for d in window.findChildren(Confirm) if d.isVisible())


@pytest.mark.parametrize("look", ["dark", "longer"])
def test_everything_is_named_in_the_tab_order_and_whole(places, themed, look):
    set_pseudo_locale(look == "longer")
    apply_theme(themed, "dark" if look == "dark" else "light")
    faults = []
    for name, widget in places((1366, 768)):
        found = nameless(widget) + unreachable(widget) + clipped(widget)
        faults += [f"{name}: {fault}" for fault in found]
    assert not faults, "\n".join(dict.fromkeys(faults))
