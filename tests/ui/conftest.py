"""Real windows, driven as a person would: what all of these tests share, and what none of them may leave behind."""

from __future__ import annotations

import gc
import importlib
import time

import pytest
from PySide6.QtCore import QObject, QTimer

from salesops_desktop.ui.i18n import set_pseudo_locale
from salesops_desktop.ui.preferences import Preferences
from salesops_desktop.ui.theme import apply_theme
from salesops_desktop.ui.window import Window
from tests.ui.leftovers import settle, watched


@pytest.fixture(scope="session", autouse=True)
def libraries_loaded():
    """Load all jobs once and set them aside, so that looking for leftovers does not walk through pandas each time."""
    importlib.import_module("salesops_desktop.jobs.catalogue")
    importlib.import_module("salesops_desktop.ui.tabs.data.import_dialog")
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp):
    """Fail on what a test leaves behind."""
    with watched(qapp):
        yield


class StallProbe(QObject):
    """Measures how long the event loop is away: a timer of 5 ms notes the gaps between its ticks.

    ``longest`` is in seconds of the clock, ``busiest`` in seconds of the UI thread's own processor time: what it
    computed between two ticks, whatever else the machine is doing.
    """

    def __init__(self):
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._tick)
        self._reset()

    def _reset(self):
        self.longest = self.busiest = 0.0
        self._wall, self._own = time.perf_counter(), time.thread_time()

    def _tick(self):
        wall, own = time.perf_counter(), time.thread_time()
        self.longest = max(self.longest, wall - self._wall)
        self.busiest = max(self.busiest, own - self._own)
        self._wall, self._own = wall, own

    def start(self):
        self._reset()
        self._timer.start()

    def stop(self):
        self._timer.stop()


@pytest.fixture
def probe(qapp):
    """A running probe of the event loop."""
    watch = StallProbe()
    watch.start()
    yield watch
    watch.stop()


@pytest.fixture
def preferences(tmp_path):
    """Settings in a folder of the test's own."""
    return Preferences(tmp_path / "config")


@pytest.fixture
def themed(qapp):
    """The light theme; put back afterwards, whatever the test wore."""
    apply_theme(qapp, "light")
    yield qapp
    set_pseudo_locale(False)
    apply_theme(qapp, "light")


@pytest.fixture
def make_window(qtbot, preferences, themed):
    """Makes awake windows and closes them at the end, so that no thread outlives the test."""
    windows = []

    def make(path=None, size=(1280, 800)):
        window = Window(preferences)
        windows.append(window)
        if size is not None:
            window.resize(*size)
        window.show()
        qtbot.waitExposed(window)
        window.wake(path, reopen=False)
        qtbot.waitUntil(lambda: window.awake, timeout=30_000)
        if path is not None:
            qtbot.waitUntil(lambda: window.session.is_open, timeout=30_000)
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    settle()


@pytest.fixture
def window(make_window):
    """An awake window on its start page."""
    return make_window()
