"""How long work reports how far it is, and learns that it should stop."""

from __future__ import annotations

from typing import Protocol

from salesops_desktop.model.errors import Cancelled

__all__ = ["Cancelled", "Progress", "part_of", "silent"]


class Progress(Protocol):
    """Called often by long work.

    ``done`` and ``total`` are in the work's own units; ``total`` 0 means unknown. ``what`` is a short phrase for the
    status bar; a call with total 0 and no words only asks whether to go on. Raises :class:`Cancelled` when the person
    has asked to stop; work must let it pass.
    """

    def __call__(self, done: float, total: float, /, what: str = "") -> None:
        """Report ``done`` of ``total``."""


def silent(done: float, total: float, what: str = "") -> None:  # the null Progress
    """Report to nobody and never cancel."""


def part_of(progress: Progress, low: float, high: float) -> Progress:
    """A progress whose whole is the part from ``low`` to ``high`` per cent of ``progress``.

    A part whose own total is unknown stays where it began.
    """

    def report(done: float, total: float, /, what: str = "") -> None:
        share = min(done / total, 1.0) if total else 0.0
        progress(low + (high - low) * share, 100, what)

    return report
