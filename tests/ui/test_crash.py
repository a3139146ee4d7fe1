"""Local crash reports: written, rotated, never in the way."""

from __future__ import annotations

import sys
import threading

from salesops_desktop.ui.crash import KEEP, install_hooks, unexpected, write_report


def raised():
    try:
        raise ValueError("odd value")
    except ValueError as error:
        return error


def test_a_report_tells_what_broke_and_where(tmp_path):
    path = write_report(tmp_path / "reports", raised(), "Import accounts")
    text = path.read_text(encoding="utf-8")
    assert "Doing: Import accounts" in text
    assert "ValueError: odd value" in text
    assert "in raised" in text


def test_only_the_newest_reports_stay(tmp_path):
    for _ in range(KEEP + 5):
        last = write_report(tmp_path, raised(), "x")
    kept = sorted(tmp_path.glob("crash-*.txt"))
    assert len(kept) == KEEP
    assert kept[-1] == last


def test_a_folder_that_cannot_be_written_is_said_not_raised(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    error = unexpected(raised(), "Count", blocked / "reports")
    assert "could not be written" in error.sentence
    assert "odd value" in error.details


def test_what_nobody_caught_becomes_a_sentence(tmp_path):
    told = []
    before = sys.excepthook, threading.excepthook
    restore = install_hooks(tmp_path, told.append)
    try:
        error = raised()
        sys.excepthook(type(error), error, error.__traceback__)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    finally:
        restore()
    assert len(told) == 1
    assert "ValueError" in told[0].sentence
    assert len(list(tmp_path.glob("crash-*.txt"))) == 2
    assert (sys.excepthook, threading.excepthook) == before
