"""What the tests of the Forecast tab's presenters share."""

from __future__ import annotations

import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.ui.tasks import Task


class Later:
    """Holds jobs back until they are let go; drops late answers by topic, as the window's runner does."""

    def __init__(self):
        self.waiting = []
        self.latest = {}

    def run(self, function, params=None, *, topic="", on_done=None, on_error=None, **_rest):
        number = len(self.waiting)
        self.latest[topic] = number
        self.waiting.append((number, topic, function, params or {}, on_done, on_error))
        return Task(number, "", topic)

    def let_go(self):
        waiting, self.waiting = self.waiting, []
        for number, topic, function, params, on_done, on_error in waiting:
            try:
                result = function(JobContext(), **params)
            except SalesOpsError as error:
                tell, what = on_error, error
            else:
                tell, what = on_done, result
            if tell is not None and (self.latest.get(topic) == number or not topic):
                tell(what)
        return bool(self.waiting)

    def settle(self):
        while self.let_go():
            pass


@pytest.fixture
def later():
    """A runner that holds jobs back."""
    return Later()
