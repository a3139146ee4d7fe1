"""Reading any file from outside without risk: the parent asks, a killable child parses."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from salesops_desktop.model.errors import InputRefusedError, SalesOpsError
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.sheets.reading.child import ERROR, PHASE, PROGRESS, RESULT, serve
from salesops_desktop.sheets.reading.inspection import FileInspection, ReadOptions, StageRequest, StageResult
from salesops_desktop.sheets.reading.limits import BASE_SECONDS, BYTES_PER_SECOND, MEMORY_BYTES
from salesops_desktop.sheets.returned import ReturnedBook
from salesops_desktop.sheets.returned_lists import ListShape, ReturnedLists

_POLL = 0.05
_WALL_FACTOR = 30.0
"""A step may take this many times its CPU seconds on the clock: on a busy machine a process may get a twentieth of a
processor, and only one that waits for ever is to be ended by the clock."""


class SheetReader:
    """Inspects and stages spreadsheets in a child process of its own.

    A context manager. The child starts with the first request, stays warm for the next, and is replaced when it
    died or had to be killed. Not for use from several threads at once.
    """

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._watch: psutil.Process | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the child ahead of the first request, so that it is warm."""
        if self._process is not None and self._process.is_alive():
            return
        self.close()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs,), name="salesops-sheet-reader", daemon=True)
        with _single_threaded():
            process.start()
        theirs.close()
        self._process, self._pipe = process, ours
        with contextlib.suppress(psutil.Error):
            self._watch = psutil.Process(process.pid)

    def inspect(
        self,
        path: Path,
        *,
        password: str | None = None,
        options: ReadOptions | None = None,
        progress: Progress = silent,
    ) -> FileInspection:
        """Say what is in a file.

        Args:
            path: the file, of whatever format.
            password: for an encrypted workbook.
            options: decisions of a person against the detection.
            progress: told how far the child is; may raise to cancel.

        Raises:
            InputRefusedError: the file cannot be read, in one sentence.
            PasswordNeededError: it is encrypted and the password is missing or wrong.
        """
        answer = self._ask(("inspect", Path(path), password, options or ReadOptions()), Path(path), progress)
        assert isinstance(answer, FileInspection)
        return answer

    def stage(self, request: StageRequest, target: Path, progress: Progress = silent) -> StageResult:
        """Check a file's rows and write them into the SQLite file ``target``, which is made anew.

        Tables: ``staged_<i>`` per plan (sheet, row, the mapped fields, attributes), ``issue`` and ``rejected``.
        Each data row is in exactly one of ``staged_<i>`` and ``rejected``.

        Raises:
            InputRefusedError: the file or the plan cannot be used.
            PasswordNeededError: it is encrypted and the password is missing or wrong.
            DiskFullError: there is no room for ``target``.
        """
        try:
            answer = self._ask(("stage", request, Path(target)), request.path, progress)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(target).unlink(missing_ok=True)
            raise
        assert isinstance(answer, StageResult)
        return answer

    def returned(self, path: Path, *, password: str | None = None, progress: Progress = silent) -> ReturnedBook:
        """Read a territory workbook that came back with proposals.

        Args:
            path: the file; any other spreadsheet comes back with empty ``facts``.
            password: for an encrypted workbook.
            progress: told how far the child is; may raise to cancel.

        Raises:
            InputRefusedError: the file cannot be read, in one sentence.
            PasswordNeededError: it is encrypted and the password is missing or wrong.
        """
        answer = self._ask(("returned", Path(path), password), Path(path), progress)
        assert isinstance(answer, ReturnedBook)
        return answer

    def returned_lists(
        self, path: Path, shapes: Sequence[ListShape], *, password: str | None = None, progress: Progress = silent
    ) -> ReturnedLists:
        """Read a workbook that came back with filled-in lists.

        Args:
            path: the file; any other spreadsheet comes back with empty ``facts``.
            shapes: the lists to look for.
            password: for an encrypted workbook.
            progress: told how far the child is; may raise to cancel.

        Raises:
            InputRefusedError: the file cannot be read, in one sentence.
            PasswordNeededError: it is encrypted and the password is missing or wrong.
        """
        answer = self._ask(("returned lists", Path(path), password, tuple(shapes)), Path(path), progress)
        assert isinstance(answer, ReturnedLists)
        return answer

    def close(self) -> None:
        """End the child."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = self._watch = None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join(5)
            process.close()

    def _ask(self, request: tuple[object, ...], path: Path, progress: Progress) -> object:
        self.start()
        assert self._pipe is not None
        try:
            self._pipe.send(request)
            return self._await(path, progress)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            # Raised below: as its context, the broken send would keep a view of the request's bytes alive, and the
            # collector may then meet buffer and view in the wrong order.
            pass
        except SalesOpsError:
            raise
        except BaseException:
            self.close()
            raise
        raise self._died(path)

    def _await(self, path: Path, progress: Progress) -> object:
        pipe = self._pipe
        assert pipe is not None
        step = _Step(self._cpu(), _allowed(0))
        told: tuple[float, float, str] = (0.0, 0.0, "Opening the file")
        while True:
            if not pipe.poll(_POLL):
                progress(*told)
                self._within_limits(path, step)
                continue
            match pipe.recv():
                case (str(kind), float(done), float(total), str(what)) if kind == PROGRESS:
                    told = done, total, what
                    step.beat(self._cpu())
                    progress(*told)
                case (str(kind), str(what), int(size)) if kind == PHASE:
                    step = _Step(self._cpu(), _allowed(size))
                    told = 0.0, 0.0, what
                case (str(kind), answer) if kind == RESULT:
                    return answer
                case (str(kind), SalesOpsError() as error) if kind == ERROR:
                    if not error.where:
                        raise type(error)(error.what, where=path.name, way_out=error.way_out, details=error.details)
                    raise error
            self._within_limits(path, step)

    def _cpu(self) -> float:
        if self._watch is None:
            return 0.0
        try:
            times = self._watch.cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def _within_limits(self, path: Path, step: _Step) -> None:
        if sys.platform != "linux" and self._watch is not None:
            with contextlib.suppress(psutil.Error):
                if self._watch.memory_info().rss > MEMORY_BYTES:
                    self.close()
                    raise InputRefusedError(
                        f"Reading the file needs more than {MEMORY_BYTES / 1e9:.1f} GB of memory.",
                        where=path.name,
                        way_out="Save the sheet as .csv, or export a shorter period.",
                    )
        if step.overdue(self._cpu()):
            self.close()
            raise InputRefusedError(
                "Reading the file takes far longer than its size explains; it was given up.",
                where=path.name,
                way_out="Open it in Excel, save it anew, and try again.",
            )

    def _died(self, path: Path) -> InputRefusedError:
        process = self._process
        code = None
        if process is not None:
            process.join(2)
            code = process.exitcode
        self.close()
        memory = code is not None and code < 0 and -code in (signal.SIGABRT, getattr(signal, "SIGKILL", 9))
        what = (
            f"Reading the file needs more than {MEMORY_BYTES / 1e9:.1f} GB of memory, or it is damaged."
            if memory
            else "The file is damaged in a way that stops the reader."
        )
        return InputRefusedError(
            what,
            where=path.name,
            way_out="Open it in the program it comes from and save it anew.",
            details=f"The reading process ended with status {code}.",
        )


class _Step:
    """One step of the child's work and the time it may take since it was last heard of."""

    def __init__(self, cpu: float, allowed: float) -> None:
        self.cpu = cpu
        self.clock = time.monotonic()
        self.allowed = allowed

    def beat(self, cpu: float) -> None:
        """The child reported progress."""
        self.cpu, self.clock = cpu, time.monotonic()

    def overdue(self, cpu: float) -> bool:
        """Whether the child has worked, or been silent, for too long."""
        return cpu - self.cpu > self.allowed or time.monotonic() - self.clock > self.allowed * _WALL_FACTOR


def _allowed(size: int) -> float:
    return BASE_SECONDS + size / BYTES_PER_SECOND


@contextlib.contextmanager
def _single_threaded() -> Iterator[None]:
    """Let the child's numeric libraries reserve no address space for threads it never uses."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
