"""Local crash reports: what broke is written to a folder on this machine and never sent anywhere."""

from __future__ import annotations

import datetime as dt
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import salesops_desktop
from salesops_desktop.model.errors import SalesOpsError

KEEP = 20
"""How many reports stay; the oldest go first."""


def write_report(folder: Path, error: BaseException, doing: str) -> Path | None:
    """Write one report: versions, what was being done, where it broke. No rows of the workspace go in.

    Args:
        folder: the folder for reports; made when absent.
        error: what was raised.
        doing: what the program was doing, e.g. a job's title.

    Returns:
        The report's path, or None when even that could not be written.
    """
    import platform  # noqa: PLC0415  # not needed before the first paint

    now = dt.datetime.now(dt.UTC)
    lines = [
        f"SalesOps Desktop {salesops_desktop.__version__}",
        f"Time (UTC): {now:%Y-%m-%d %H:%M:%S}",
        f"Python {platform.python_version()} on {platform.platform()}",
        f"Doing: {doing}",
        "",
        *traceback.format_exception(error),
    ]
    path = folder / f"crash-{now:%Y%m%d-%H%M%S-%f}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines), encoding="utf-8")
        for old in sorted(folder.glob("crash-*.txt"))[:-KEEP]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def unexpected(error: BaseException, doing: str, folder: Path) -> SalesOpsError:
    """Turn an exception nobody foresaw into a sentence, and keep its traceback in a local report."""
    report = write_report(folder, error, doing)
    kept = f"The details are in {report}." if report else "The details could not be written to the disk."
    return SalesOpsError(
        f"“{doing}” stopped because of a fault in the program ({type(error).__name__}).",
        way_out=f"Nothing of it was saved; the workspace is as it was before. {kept}",
        details="".join(traceback.format_exception(error)),
    )


def install_hooks(folder: Path, tell: Callable[[SalesOpsError], None]) -> Callable[[], None]:
    """Catch what no one else caught, on the UI thread and on others; returns what puts the old hooks back."""
    before = sys.excepthook, threading.excepthook

    def on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            before[0](kind, error, trace)
            return
        tell(unexpected(error.with_traceback(trace), "Work in the window", folder))

    def on_thread_exception(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            write_report(folder, args.exc_value, "Work on a background thread")

    sys.excepthook = on_exception
    threading.excepthook = on_thread_exception

    def restore() -> None:
        sys.excepthook, threading.excepthook = before

    return restore
