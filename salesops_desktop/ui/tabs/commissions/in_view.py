"""What is in view in the room of runs: the run, the person, the line. Plain Python: no Qt in here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from salesops_desktop.model.enums import RunStatus

if TYPE_CHECKING:
    from salesops_desktop.ui.tabs.commissions.presenter import CommissionState

OPEN = (RunStatus.DRAFT, RunStatus.CALCULATED, RunStatus.IN_REVIEW)
"""Of a run that may still be changed."""


@dataclass(frozen=True, slots=True)
class InView:
    """What a question or an adjustment is about."""

    run: int
    name: str
    """Of the run."""
    period: str
    status: RunStatus
    person: str = ""
    currency: str = ""
    plans: tuple[str, ...] = ()
    """Those that pay the person in the run."""
    line: int = 0
    deal: str = ""
    """Transaction and account of the line."""

    @property
    def changeable(self) -> bool:
        """Whether items can still be put into the run."""
        return self.status in OPEN


def in_view(state: CommissionState, record: int) -> InView | None:
    """What is in view.

    Args:
        state: what the room shows.
        record: the row of the person's lines that is selected; -1 for none.
    """
    report, people, lines = state.report, state.people, state.lines
    if report is None:
        return None
    head = report.head
    if people is None or state.person < 0:
        return InView(head.id, head.name, head.period, head.status)
    person = str(people["person"].values[state.person])
    paid = report.payments
    rows = np.flatnonzero(paid["person"].values == person) if len(paid) else ()
    plans = tuple(dict.fromkeys(str(paid["plan"].values[row]) for row in rows))
    line, deal = 0, ""
    if lines is not None and 0 <= record < len(lines):
        line = int(lines["number"].values[record])
        account = lines["account"].values[record]
        deal = str(lines["transaction"].values[record]) + (f", {account}" if account else "")
    currency = people["payout"].currency_at(state.person) or ""
    return InView(head.id, head.name, head.period, head.status, person, currency, plans, line, deal)
