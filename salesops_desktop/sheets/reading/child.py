"""The child process: takes requests from a pipe, parses within limits, answers. Nothing of it runs in the parent."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_desktop.model.errors import InputRefusedError, SalesOpsError
from salesops_desktop.sheets.reading.inspection import ReadOptions, StageRequest
from salesops_desktop.sheets.reading.limits import MEMORY_BYTES

if TYPE_CHECKING:
    from salesops_desktop.sheets.reading.session import Session

PROGRESS, PHASE, RESULT, ERROR = "progress", "phase", "result", "error"
_EVERY = 0.05


def serve(pipe: Connection) -> None:
    """Answer requests until the pipe closes."""
    _quiet()
    _limit_memory()
    gc.disable()  # millions of short-lived rows and hardly a cycle: counting references is enough until the answer
    from salesops_desktop.sheets.reading.session import Session  # noqa: PLC0415  # under the limits, out of the parent

    session = Session(lambda what, size: pipe.send((PHASE, what, size)))
    while True:
        try:
            request = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = _answer(session, request, pipe)
        except SalesOpsError as error:
            pipe.send((ERROR, error))
        except MemoryError:
            session.book = None
            pipe.send((ERROR, _too_big()))
        except BaseException as error:
            # A panic of a reader is no Exception; the parent must hear of it whatever it is.
            if isinstance(error, (KeyboardInterrupt, SystemExit, BrokenPipeError)):
                raise
            session.book = None
            pipe.send((ERROR, _unreadable(error)))
        else:
            pipe.send((RESULT, answer))
        gc.collect()


def _answer(session: Session, request: tuple[object, ...], pipe: Connection) -> object:
    last = 0.0

    def progress(done: float, total: float, what: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _EVERY:
            last = now
            pipe.send((PROGRESS, float(done), float(total), what))

    match request:
        case ("inspect", Path() as path, password, ReadOptions() as options):
            return session.inspect(path, str(password) if password is not None else None, options, progress)
        case ("stage", StageRequest() as plan, Path() as target):
            return session.stage(plan, target, progress)
        case ("returned", Path() as path, password):
            return session.returned(path, str(password) if password is not None else None, progress)
        case ("returned lists", Path() as path, password, tuple() as shapes):
            return session.returned_lists(path, str(password) if password is not None else None, shapes, progress)
    message = f"unknown request {request[0]!r}"
    raise AssertionError(message)


def _too_big() -> InputRefusedError:
    return InputRefusedError(
        f"Reading the file needs more than {MEMORY_BYTES / 1e9:.1f} GB of memory.",
        way_out="Save the sheet as .csv, or export a shorter period.",
    )


def _unreadable(error: BaseException) -> InputRefusedError:
    return InputRefusedError(
        "The file is damaged or not what it seems, and cannot be read.",
        way_out="Open it in the program it comes from and save it anew.",
        details=f"{type(error).__name__}: {error}"[:2_000],
    )


def _quiet() -> None:
    """Keep what native readers print when they die off the parent's terminal."""
    with contextlib.suppress(OSError):
        void = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(void, stream)
        os.close(void)


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource  # noqa: PLC0415  # exists there only

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
