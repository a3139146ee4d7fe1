"""The errors a person can meet. Each says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class SalesOpsError(Exception):
    """A fault told as a sentence.

    Args:
        what: what is wrong, as a full sentence.
        where: the place (file, sheet, cell, row, field), or empty.
        way_out: what the person can do about it, as a full sentence, or empty.
        details: technical text for the "details" fold; never shown unasked.
    """

    def __init__(self, what: str, *, where: str = "", way_out: str = "", details: str = "") -> None:
        self.what = what
        self.where = where
        self.way_out = way_out
        self.details = details
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """What is wrong, where and what to do, in one line."""
        place = f"{self.where}: " if self.where else ""
        return " ".join(part for part in (f"{place}{self.what}", self.way_out) if part)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the parts when the error crosses a process border."""
        return (_rebuild, (type(self), self.what, self.where, self.way_out, self.details))


def _rebuild(kind: type[SalesOpsError], what: str, where: str, way_out: str, details: str) -> SalesOpsError:
    return kind(what, where=where, way_out=way_out, details=details)


class InputRefusedError(SalesOpsError):
    """Input from outside (a file, a cell, an argument) that cannot be used."""


class PasswordNeededError(InputRefusedError):
    """A workbook is encrypted and the password is missing or wrong."""


class WorkspaceError(SalesOpsError):
    """The workspace file cannot be used as asked."""


class WorkspaceLockedError(WorkspaceError):
    """Somebody else has the workspace open."""


class ReadOnlyError(WorkspaceError):
    """A change was asked of a workspace opened read-only."""


class DiskFullError(SalesOpsError):
    """There is no room left where something had to be written."""


class NothingToDoError(SalesOpsError):
    """The job has nothing to work on (no rows, no open period, nothing to undo)."""


class Cancelled(Exception):  # noqa: N818  # not a fault: the person asked for it
    """The person cancelled the job."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of several in the same input."""

    where: str
    what: str
    way_out: str = ""


class FaultsError(InputRefusedError):
    """Input refused with all of its faults listed at once."""

    def __init__(
        self, what: str, faults: Sequence[Fault] = (), *, where: str = "", way_out: str = "", details: str = ""
    ) -> None:
        self.faults = tuple(faults)
        lines = "\n".join(f"{fault.where}: {fault.what} {fault.way_out}".rstrip() for fault in self.faults)
        super().__init__(what, where=where, way_out=way_out, details=details or lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the faults when the error crosses a process border."""
        return (_rebuild_faults, (type(self), self.what, self.faults, self.where, self.way_out, self.details))


def _rebuild_faults(
    kind: type[FaultsError], what: str, faults: tuple[Fault, ...], where: str, way_out: str, details: str
) -> FaultsError:
    return kind(what, faults, where=where, way_out=way_out, details=details)
