"""Who is paid by which plan on a day: what is read, and which of it is looked at. Plain Python: no Qt in here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from salesops_desktop.ui.tabs.room_presenter import RoomPresenter

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_assignments import Assignments
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs


@dataclass(frozen=True, slots=True)
class AssignmentsState:
    """Everything the room shows."""

    found: Assignments | None = None
    day: dt.date | None = None
    """The day asked for; the job's own choice where none was."""
    only: str = ""
    """The finding to which the people are narrowed."""


class AssignmentsPresenter(RoomPresenter[AssignmentsState]):
    """Reads who is paid by what when the room is looked at.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        fail: shows an error.
    """

    behind = frozenset({"plan", "plan_assignment", "person", "transaction", "credit", "*"})

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[AssignmentsState], None],
        fail: Callable[[SalesOpsError], None],
    ) -> None:
        super().__init__(runner, render, AssignmentsState())
        self._fail = fail

    def _fresh(self) -> AssignmentsState:
        return AssignmentsState()

    def choose_day(self, day: dt.date) -> None:
        """See another day."""
        found = self.state.found
        if found is not None and day != found.day:
            self.state = replace(self.state, day=day)
            self._read_if_seen()

    def narrow(self, finding: str) -> None:
        """Show only the people with a finding; the same again shows all."""
        self._become(replace(self.state, only="" if finding == self.state.only else finding))

    def _read(self) -> None:
        day = self.state.day

        def look(context: JobContext) -> Assignments:
            from salesops_desktop.jobs.commission_assignments import list_assignments  # noqa: PLC0415  # heavy

            return list_assignments(context, day=day)

        def seen(found: Assignments) -> None:
            self._become(replace(self.state, found=found))

        self._runner.run(look, topic="commissions.assignments", on_done=seen, on_error=self._fail)
