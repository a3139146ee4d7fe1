"""What no test of the window may leave behind: warnings, windows, threads, timers."""

from __future__ import annotations

import contextlib
import gc
import logging
import threading

from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

ALLOWED = "This plugin does not support propagateSizeHints()"
"""The one message of Qt that means nothing: the offscreen platform has no window manager to tell."""


class _Records(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.name}: {record.getMessage()}")


def settle():
    """Let Qt delete what was told to go."""
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


@contextlib.contextmanager
def watched(qapp):
    """Fail on any warning of Qt or logging, and on any window, thread or timer that outlives what is watched."""
    messages = []
    records = _Records()
    logging.getLogger().addHandler(records)
    before_widgets = set(QApplication.topLevelWidgets())
    before_threads = set(threading.enumerate())

    def on_message(_kind, _context, text):
        if ALLOWED not in text:
            messages.append(text)

    previous = qInstallMessageHandler(on_message)
    yield
    settle()
    gc.collect()
    settle()
    qInstallMessageHandler(previous)
    logging.getLogger().removeHandler(records)
    widgets = [w for w in QApplication.topLevelWidgets() if w not in before_widgets]
    threads = [t for t in threading.enumerate() if t not in before_threads and t.is_alive()]
    alive = [o for o in gc.get_objects() if isinstance(o, QThread | QTimer)]
    running = [o for o in alive if isinstance(o, QThread) and o is not qapp.thread() and o.isRunning()]
    timers = [o for o in alive if isinstance(o, QTimer) and _active(o)]
    problems = [*messages, *records.lines]
    problems += [f"left a window: {w!r} {w.windowTitle()!r}" for w in widgets]
    problems += [f"left a thread: {t.name}" for t in threads]
    problems += [f"left a QThread: {t!r}" for t in running]
    problems += [f"left a timer: {t!r}" for t in timers]
    assert not problems, "\n".join(problems)


def _active(timer):
    try:
        return timer.isActive()
    except RuntimeError:  # its Qt half is gone already
        return False
