"""Runs jobs off the UI thread: one worker for everything that touches the file, threads beside it for the rest.

Answers, errors and progress come back to the UI thread through one queue that a queued signal drains. A task may carry
a topic (the name of the question it answers): a newer task with the same topic makes the older answer late, and late
answers are dropped.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.model.errors import Cancelled, SalesOpsError
from salesops_desktop.model.progress import Progress
from salesops_desktop.ui.crash import unexpected

if TYPE_CHECKING:
    from salesops_desktop.jobs.workspaces import Workspace

LaneName = Literal["file", "free"]
SWITCH_INTERVAL = 0.0005
"""Seconds a worker may hold the interpreter while the UI waits; the default of 5 ms costs two frames in three."""
PROGRESS_EVERY = 0.05
"""Seconds between two progress messages of one task (20 Hz)."""
FREE_THREADS = 2


class RunsJobs(Protocol):
    """What a presenter needs of the runner; tests hand in one that runs at once."""

    def run(
        self,
        function: Callable[..., Any],
        params: Mapping[str, object] | None = None,
        *,
        title: str = "",
        lane: LaneName = "file",
        topic: str = "",
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[SalesOpsError], None] | None = None,
        on_progress: Callable[[float, float, str], None] | None = None,
        on_cancelled: Callable[[], None] | None = None,
    ) -> Task:
        """Run ``function(context, **params)`` off the UI thread; the callbacks come on the UI thread."""


@dataclass(slots=True, eq=False)
class Task:
    """One job on its way."""

    number: int
    title: str
    topic: str
    on_done: Callable[[Any], None] | None = None
    on_error: Callable[[SalesOpsError], None] | None = None
    on_progress: Callable[[float, float, str], None] | None = None
    on_cancelled: Callable[[], None] | None = None
    started: float = 0.0
    """``time.monotonic()`` when the work began; 0 while it waits."""
    done: float = 0.0
    total: float = 0.0
    what: str = ""
    finished: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Ask the work to stop; its next report of progress raises Cancelled."""
        self._stop.set()

    @property
    def cancelling(self) -> bool:
        """Whether the task has been asked to stop."""
        return self._stop.is_set()

    @property
    def share(self) -> float | None:
        """How much is done, 0..1; None while the total is unknown."""
        return min(1.0, self.done / self.total) if self.total > 0 else None

    def seconds_left(self, now: float) -> float | None:
        """A guess at the time left from the pace so far; None until there is a pace."""
        share, spent = self.share, now - self.started
        if not self.started or share is None or share < 0.02 or spent < 1.0:
            return None
        return spent * (1.0 - share) / share


class Runner(QObject):
    """The window's only way to run a job.

    Args:
        crash_folder: where reports of unforeseen exceptions are written.
        parent: the owning object.
    """

    changed = Signal(object)
    """frozenset of the table names a job has changed; after its commit, on the UI thread."""
    tasks_changed = Signal()
    """A task began, moved on or ended."""
    _posted = Signal()

    def __init__(self, crash_folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        sys.setswitchinterval(SWITCH_INTERVAL)
        self.workspace: Workspace | None = None
        self._crash_folder = crash_folder
        self._numbers = itertools.count(1)
        self._latest: dict[str, int] = {}
        self._tasks: dict[int, Task] = {}
        self._inbox: deque[Callable[[], None]] = deque()
        self._lanes: dict[LaneName, ThreadPoolExecutor] = {
            "file": ThreadPoolExecutor(1, thread_name_prefix="file-lane"),
            "free": ThreadPoolExecutor(FREE_THREADS, thread_name_prefix="free-lane"),
        }
        self._closed = False
        self._posted.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    @property
    def tasks(self) -> list[Task]:
        """Tasks that wait or run, oldest first."""
        return list(self._tasks.values())

    @property
    def busy(self) -> bool:
        """Whether any task waits or runs."""
        return bool(self._tasks)

    def run(
        self,
        function: Callable[..., Any],
        params: Mapping[str, object] | None = None,
        *,
        title: str = "",
        lane: LaneName = "file",
        topic: str = "",
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[SalesOpsError], None] | None = None,
        on_progress: Callable[[float, float, str], None] | None = None,
        on_cancelled: Callable[[], None] | None = None,
    ) -> Task:
        """Run ``function(context, **params)`` in a lane.

        Args:
            function: a job, or any function whose first argument is a JobContext.
            params: its keyword arguments.
            title: what the status bar calls it; empty for quick look-ups that need no mention.
            lane: ``file`` for anything that touches the workspace.
            topic: the question this answers; older answers to the same question are stopped and dropped.
            on_done: given the result.
            on_error: given the error as a sentence.
            on_progress: given (done, total, what), at most 20 times a second.
            on_cancelled: called when the person stopped it.

        Returns:
            The task, to cancel it.
        """
        task = Task(next(self._numbers), title, topic, on_done, on_error, on_progress, on_cancelled)
        if topic:
            for other in self._tasks.values():
                if other.topic == topic:
                    other.cancel()
            self._latest[topic] = task.number
        self._tasks[task.number] = task
        context = JobContext(self.workspace, self._reporter(task), self._published)
        future = self._lanes[lane].submit(self._work, task, function, context, dict(params or {}))
        future.add_done_callback(lambda done: self._never_began(task, done))
        self.tasks_changed.emit()
        return task

    def cancel_all(self) -> None:
        """Ask every task to stop, and drop the answers of those that do not listen."""
        for task in self._tasks.values():
            task.cancel()
        self._latest = dict.fromkeys(self._latest, 0)

    def close(self) -> None:
        """Stop all tasks, fold the workspace's file, end the threads. The runner cannot be used afterwards."""
        if self._closed:
            return
        self._closed = True
        self.cancel_all()
        self._lanes["free"].shutdown(wait=True, cancel_futures=True)
        if self.workspace is not None:
            self._lanes["file"].submit(self.workspace.close)
            self.workspace = None
        self._lanes["file"].shutdown(wait=True)
        self._inbox.clear()
        self._tasks.clear()

    def _reporter(self, task: Task) -> Progress:
        last = 0.0

        def report(done: float, total: float, what: str = "") -> None:
            nonlocal last
            if task.cancelling:
                raise Cancelled
            if not total and not what:
                return
            task.done, task.total, task.what = done, total, what or task.what
            now = time.monotonic()
            if now - last >= PROGRESS_EVERY:
                last = now
                self._post(lambda: self._progressed(task))

        return report

    def _published(self, tables: frozenset[str]) -> None:
        self._post(lambda: self.changed.emit(tables))

    def _work(
        self, task: Task, function: Callable[..., Any], context: JobContext, params: dict[str, object]
    ) -> None:  # on a lane's thread
        if task.cancelling:
            self._post(lambda: self._end(task, task.on_cancelled))
            return
        task.started = time.monotonic()
        try:
            result = function(context, **params)
        except Cancelled:
            self._post(lambda: self._end(task, task.on_cancelled))
        except SalesOpsError as fault:
            self._post_error(task, fault)
        except Exception as fault:  # noqa: BLE001  # the last border: a fault becomes a sentence and a report
            self._post_error(task, unexpected(fault, task.title or "A look-up", self._crash_folder))
        else:
            handler = task.on_done
            self._post(lambda: self._end(task, None if handler is None else lambda: handler(result)))

    def _post_error(self, task: Task, fault: SalesOpsError) -> None:
        handler = task.on_error
        self._post(lambda: self._end(task, None if handler is None else lambda: handler(fault)))

    def _never_began(self, task: Task, future: Future[None]) -> None:
        if future.cancelled():
            self._post(lambda: self._end(task, task.on_cancelled))

    def _post(self, message: Callable[[], None]) -> None:
        if not self._closed:
            self._inbox.append(message)
            self._posted.emit()

    @Slot()
    def _drain(self) -> None:
        while self._inbox:
            self._inbox.popleft()()

    def _progressed(self, task: Task) -> None:
        if not task.finished and not self._late(task) and task.on_progress is not None:
            task.on_progress(task.done, task.total, task.what)
        self.tasks_changed.emit()

    def _end(self, task: Task, tell: Callable[[], None] | None) -> None:
        task.finished = True
        self._tasks.pop(task.number, None)
        self.tasks_changed.emit()
        if tell is not None and not self._late(task):
            tell()

    def _late(self, task: Task) -> bool:
        return bool(task.topic) and self._latest.get(task.topic) != task.number
