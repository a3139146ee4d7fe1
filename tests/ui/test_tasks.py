"""The runner: answers on the UI thread, progress, cancel, late answers, sentences instead of tracebacks."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from PySide6.QtCore import QThread

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.ui.tasks import Runner, Task


@pytest.fixture
def runner(qapp, tmp_path):
    runner = Runner(tmp_path / "crashes")
    yield runner
    runner.close()


def count(context, *, upto=50, pause=0.002):
    for i in range(upto):
        context.progress(i, upto, f"step {i}")
        time.sleep(pause)
    return upto


def test_the_work_is_elsewhere_and_the_answer_is_here(runner, qtbot, qapp):
    where = []
    answers = []

    def work(_context, *, number):
        where.append(threading.current_thread().name)
        return number * 2

    def on_done(answer):
        answers.append((answer, QThread.currentThread() is qapp.thread()))

    runner.run(work, {"number": 21}, on_done=on_done)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == [(42, True)]
    assert where[0].startswith("file-lane")
    assert not runner.busy


def test_the_file_lane_does_one_thing_at_a_time_and_in_order(runner, qtbot):
    inside, most, order = [0], [0], []

    def work(_context, *, number):
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.005)
        inside[0] -= 1
        order.append(number)

    for number in range(6):
        runner.run(work, {"number": number})
    qtbot.waitUntil(lambda: len(order) == 6 and not runner.busy)
    assert most == [1]
    assert order == list(range(6))


def test_progress_comes_at_most_twenty_times_a_second(runner, qtbot):
    seen, ended = [], []
    began = time.monotonic()
    runner.run(count, {"upto": 150}, on_progress=lambda *p: seen.append(p), on_done=ended.append)
    qtbot.waitUntil(lambda: bool(ended))
    assert seen
    assert seen[-1][1] == 150
    assert len(seen) <= 20 * (time.monotonic() - began) + 2


def test_a_call_without_total_and_words_only_asks_whether_to_go_on(runner, qtbot):
    asked, cancelled = threading.Event(), []

    def work(context):
        context.progress(3, 10, "Counting")
        while True:
            context.progress(0, 0)
            asked.set()
            time.sleep(0.001)

    task = runner.run(work, on_cancelled=lambda: cancelled.append(1))
    qtbot.waitUntil(asked.is_set)
    assert (task.done, task.total, task.what) == (3, 10, "Counting")
    task.cancel()
    qtbot.waitUntil(lambda: bool(cancelled), timeout=2000)


def test_cancel_stops_the_work_and_gives_no_answer(runner, qtbot):
    answers, cancelled = [], []
    task = runner.run(count, {"upto": 100_000}, on_done=answers.append, on_cancelled=lambda: cancelled.append(1))
    qtbot.waitUntil(lambda: task.done > 3)
    task.cancel()
    qtbot.waitUntil(lambda: bool(cancelled), timeout=2000)
    assert answers == []
    assert not runner.busy


def test_a_waiting_task_can_be_cancelled(runner, qtbot):
    gate, cancelled, ran = threading.Event(), [], []
    runner.run(lambda _c: gate.wait(5))
    waiting = runner.run(lambda _c: ran.append(1), on_cancelled=lambda: cancelled.append(1))
    waiting.cancel()
    gate.set()
    qtbot.waitUntil(lambda: bool(cancelled))
    assert ran == []


def test_late_answers_are_dropped(runner, qtbot):
    gate, answers = threading.Event(), []

    def slow(_context):
        gate.wait(5)
        return "old"

    runner.run(slow, topic="rows", lane="free", on_done=answers.append)
    runner.run(lambda _c: "new", topic="rows", lane="free", on_done=answers.append)
    qtbot.waitUntil(lambda: answers == ["new"])
    gate.set()
    qtbot.waitUntil(lambda: not runner.busy)
    assert answers == ["new"]


def test_a_newer_question_stops_the_older_work(runner, qtbot):
    answers = []
    old = runner.run(count, {"upto": 100_000}, topic="rows", on_done=answers.append)
    qtbot.waitUntil(lambda: old.done > 3)
    runner.run(lambda _c: "new", topic="rows", on_done=answers.append)
    qtbot.waitUntil(lambda: answers == ["new"], timeout=3000)


def test_errors_arrive_as_they_are(runner, qtbot):
    errors = []

    def work(_context):
        raise InputRefusedError("This is no spreadsheet.", where="a.xlsx", way_out="Choose another file.")

    runner.run(work, on_error=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors[0].sentence == "a.xlsx: This is no spreadsheet. Choose another file."


def test_a_fault_of_the_program_becomes_a_sentence_and_a_report(runner, qtbot, tmp_path):
    errors = []

    def work(_context):
        return {}["missing"]

    runner.run(work, title="Count the beans", on_error=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    report = next((tmp_path / "crashes").glob("crash-*.txt"))
    assert "Count the beans" in errors[0].sentence
    assert str(report) in errors[0].sentence
    assert "KeyError" in report.read_text(encoding="utf-8")
    assert "Traceback" not in errors[0].sentence


def test_what_changed_is_published_once_the_work_is_done(runner, qtbot):
    changed = []
    runner.changed.connect(changed.append)

    def work(context):
        context.changed("account", "person")
        context.finish()

    runner.run(work)
    qtbot.waitUntil(lambda: bool(changed))
    assert changed == [frozenset({"account", "person"})]


def test_closing_ends_the_threads(qapp, tmp_path):
    runner = Runner(tmp_path)
    runner.run(count, {"upto": 100_000})
    runner.run(count, {"upto": 100_000}, lane="free")
    time.sleep(0.02)
    runner.close()
    assert not [t for t in threading.enumerate() if t.name.startswith(("file-lane", "free-lane"))]


def test_the_event_loop_stays_awake_while_python_works(runner, qtbot, probe):
    done = []

    def grind(context):
        total = 0
        for i in range(200):
            context.progress(i, 200)
            total += sum(j * j for j in range(5_000))
        return total

    qtbot.wait(50)
    probe.start()
    runner.run(grind, on_done=done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    probe.stop()
    assert sys.getswitchinterval() == pytest.approx(0.0005)
    # The clock is not asserted to the millisecond: other programs of the machine have their share of it.
    assert probe.longest < 0.5


def test_time_left_follows_the_pace():
    task = Task(1, "t", "", started=100.0, done=25, total=100)
    assert task.seconds_left(110.0) == pytest.approx(30.0)
    assert task.share == 0.25
    assert Task(1, "t", "").seconds_left(110.0) is None
