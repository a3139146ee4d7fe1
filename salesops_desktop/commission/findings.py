"""What a linter says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The plan cannot be calculated."""
    WARNING = "warning"
    """It can, but probably not as meant."""
    NOTE = "note"
    """Worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, at its place in the plan."""

    severity: Severity
    code: str
    where: str
    what: str
    way_out: str = ""
