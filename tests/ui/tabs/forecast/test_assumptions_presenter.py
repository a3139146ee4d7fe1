"""Named assumptions, without a window: read when looked at, read again when they change, faults said."""

from __future__ import annotations

import pytest

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.ui.tabs.forecast.assumptions_presenter import AssumptionsPresenter


class Jobs:
    def __init__(self):
        self.sets = {}

    def stored(self, _context):
        return list(self.sets.items())

    def keep(self, _context, name, values):
        if not name:
            raise InputRefusedError("The assumptions have no name.")
        self.sets[name] = values

    def forget(self, _context, name):
        del self.sets[name]


@pytest.fixture
def made(later):
    jobs, faults = Jobs(), []
    return AssumptionsPresenter(later, lambda _state: None, faults.append, jobs), jobs, faults


def test_sets_are_read_when_looked_at_and_again_when_one_is_kept(made, later):
    presenter, jobs, faults = made
    jobs.sets["Freeze"] = {"heads": 0.9}
    presenter.opened()
    assert not later.waiting
    presenter.seen()
    later.settle()
    assert presenter.state.sets == (("Freeze", {"heads": 0.9}),)
    presenter.keep("Boom", {"win_rate": 1.1})
    later.settle()
    presenter.tables_changed(frozenset({"forecast_assumption"}))
    later.settle()
    assert [name for name, _ in presenter.state.sets] == ["Freeze", "Boom"]
    presenter.keep("", {})
    later.settle()
    assert [str(fault) for fault in faults] == ["The assumptions have no name."]
    presenter.closed()
    assert presenter.state.sets is None
