"""The commands that need the window, which is handed in: the command line knows no Qt."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Job, Lane, Needs
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.progress import part_of
from salesops_desktop.model.tables import Table

SIZES = ((1366, 768), (1920, 1080))
THEMES = ("light", "dark")


class Launcher(Protocol):
    """What only the window can do."""

    def open(self, path: Path | None) -> int:
        """Show the window, on ``path`` if given, and return its exit status."""

    def screens(
        self, workspace: Path, out: Path, sizes: Sequence[tuple[int, int]], themes: Sequence[str]
    ) -> list[Path]:
        """Write pictures of all tabs and return their paths."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What the window commands return."""

    paths: tuple[Path, ...] = ()
    exit_status: int = 0
    said: tuple[str, ...] = ()

    def summary(self) -> Sequence[str]:
        """What was said, else the pictures' paths."""
        return self.said or [str(path) for path in self.paths]

    def tables(self) -> Sequence[Table]:
        """No tables."""
        return []


def read_sizes(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Read window sizes such as ``1366x768``.

    Raises:
        InputRefusedError: one of them is none.
    """
    sizes = []
    for text in texts:
        match = re.fullmatch(r"(\d{3,5})[x×](\d{3,5})", text)
        if match is None:
            message = f"{text!r} is no window size."
            raise InputRefusedError(message, way_out="Write it as 1366x768.")
        sizes.append((int(match[1]), int(match[2])))
    return sizes


def window_jobs(launcher: Launcher) -> list[Job]:
    """The declarations of ``open`` and ``screens``."""

    def open_window(context: JobContext, path: Path | None = None) -> Pictures:  # noqa: ARG001
        """Open the window.

        Args:
            path: the workspace to open; the last one used where none is given.
        """
        return Pictures(exit_status=launcher.open(path))

    def screens(
        context: JobContext,  # noqa: ARG001
        path: Path,
        out: Path = Path("screens"),
        *,
        size: list[str] | None = None,
        theme: list[str] | None = None,
    ) -> Pictures:
        """Write pictures of all tabs, as the window shows them on this workspace.

        Args:
            path: the workspace file.
            out: the folder for the pictures.
            size: window sizes such as 1366x768; 1366x768 and 1920x1080 where none is given.
            theme: light, dark, or both; both where none is given.
        """
        sizes = read_sizes(size) if size else list(SIZES)
        unknown = sorted(set(theme or ()) - set(THEMES))
        if unknown:
            message = f"There is no theme called {unknown[0]!r}."
            raise InputRefusedError(message, way_out="Choose light or dark.")
        return Pictures(tuple(launcher.screens(path, out, sizes, theme or THEMES)))

    def demo(context: JobContext, *, out: Path = Path("demo"), window: bool = False, scale: float = 1.0) -> Pictures:
        """Run the main job end to end on the sample company and write everything into a folder.

        Args:
            out: the folder; what it holds from an earlier demo is used again.
            window: open the window on the sample company afterwards.
            scale: 1 is about 120 people and 4,000 accounts.
        """
        from salesops_desktop.jobs.demo import build_demo  # noqa: PLC0415  # the demo loads all jobs

        report = build_demo(replace(context, progress=part_of(context.progress, 0, 85)), out, scale=scale)
        pictures = sorted(report.pictures.glob("*.png"))
        if not pictures:
            context.progress(85, 100, "Taking pictures of the tabs")
            pictures = launcher.screens(report.workspace, report.pictures, SIZES, THEMES)
        shown = Pictures(tuple(pictures), said=(*report.lines(), f"{len(pictures)} pictures: {report.pictures}"))
        if not window:
            return shown
        for line in shown.said:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        return Pictures(exit_status=launcher.open(report.workspace), said=("The window was closed.",))

    return [
        Job(
            "demo",
            "Run the demo",
            "file",
            Needs.NOTHING,
            Lane.FREE,
            ("demo", "demo --out demo --window"),
            demo,
        ),
        Job("open", "Open the window", "file", Needs.NOTHING, Lane.FREE, ("open company.salesops",), open_window),
        Job(
            "screens",
            "Write pictures of all tabs",
            "file",
            Needs.NOTHING,
            Lane.FREE,
            ("screens company.salesops pictures", "screens company.salesops pictures --size 1920x1080 --theme dark"),
            screens,
        ),
    ]
