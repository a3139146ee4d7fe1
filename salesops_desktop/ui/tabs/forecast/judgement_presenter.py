"""Judgements: what people say against the model, apart from it, accepted one by one. No Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from salesops_desktop.ui.tabs.room_presenter import RoomPresenter

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.judgement_records import JudgementReport
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs

BEHIND = frozenset({"judgement", "opportunity", "forecast", "*"})
"""Tables whose rows the list is made of."""
STATUSES = ("open", "accepted", "declined", "withdrawn", "all")
DECISIONS = ("accept", "decline", "withdraw")


@dataclass(frozen=True, slots=True)
class JudgementState:
    """Everything the room shows."""

    status: str = "open"
    report: JudgementReport | None = None
    busy: bool = False
    lacking: SalesOpsError | None = field(default=None, compare=False)


class JudgementJobs(Protocol):
    """The jobs the room asks for."""

    def read(self, context: JobContext, status: str) -> JudgementReport:
        """List judgements of a status."""

    def bring_back(self, context: JobContext, files: list[Path]) -> JudgementReport:
        """Read managers' workbooks as a diff."""

    def decide(self, context: JobContext, what: str, ids: list[int] | None, *, override: bool) -> JudgementReport:
        """Accept, decline or withdraw."""


class TheJudgementJobs:
    """The jobs themselves, imported when they are asked for."""

    def read(self, context: JobContext, status: str) -> JudgementReport:
        """List judgements of a status."""
        from salesops_desktop.jobs.forecast_judgement import judgements  # noqa: PLC0415  # heavy
        from salesops_desktop.jobs.judgement_records import ShowJudgements  # noqa: PLC0415  # heavy

        return judgements(context, status=ShowJudgements(status))

    def bring_back(self, context: JobContext, files: list[Path]) -> JudgementReport:
        """Read managers' workbooks as a diff."""
        from salesops_desktop.jobs.forecast_judgement import import_judgements  # noqa: PLC0415  # heavy

        return import_judgements(context, files)

    def decide(self, context: JobContext, what: str, ids: list[int] | None, *, override: bool) -> JudgementReport:
        """Accept, decline or withdraw."""
        from salesops_desktop.jobs import forecast_judgement as jobs  # noqa: PLC0415  # heavy

        if what == "accept":
            return jobs.accept_judgements(context, ids=ids, override=override)
        if what == "decline":
            return jobs.decline_judgements(context, ids=ids)
        return jobs.withdraw_judgements(context, ids=ids)


class JudgementPresenter(RoomPresenter[JudgementState]):
    """Reads the list when it is looked at, and passes decisions on.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        tell: says in a sentence what a job has done.
        fail: shows an error.
        jobs: the jobs; tests hand in their own.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[JudgementState], None],
        tell: Callable[[str], None],
        fail: Callable[[SalesOpsError], None],
        jobs: JudgementJobs | None = None,
    ) -> None:
        super().__init__(runner, render, JudgementState())
        self._tell = tell
        self._fail = fail
        self._jobs: JudgementJobs = jobs or TheJudgementJobs()

    def _fresh(self) -> JudgementState:
        return JudgementState()

    def _unread(self) -> bool:
        return self.state.report is None

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed."""
        if tables & BEHIND:
            self._read_if_seen()

    def choose_status(self, status: str) -> None:
        """List judgements of another status."""
        if status != self.state.status:
            self.state = replace(self.state, status=status)
            self._read_if_seen()

    def bring_back(self, files: Sequence[Path]) -> None:
        """Read managers' workbooks; what they say waits as open judgements."""
        wanted = list(files)
        self._become(replace(self.state, busy=True, status="open"))

        def work(context: JobContext) -> JudgementReport:
            return self._jobs.bring_back(context, wanted)

        self._runner.run(
            work, title="Reading managers' workbooks", on_done=self._told, on_error=self._failed,
            on_cancelled=self._stopped,
        )  # fmt: skip

    def decide(self, what: str, ids: Sequence[int], *, override: bool = False) -> None:
        """Accept, decline or withdraw judgements; without ids all that need no look of their own."""
        chosen = [int(each) for each in ids] or None
        self._become(replace(self.state, busy=True))

        def work(context: JobContext) -> JudgementReport:
            return self._jobs.decide(context, what, chosen, override=override)

        self._runner.run(
            work, title="Judgements", on_done=self._told, on_error=self._failed, on_cancelled=self._stopped
        )

    def _read(self) -> None:
        status = self.state.status

        def work(context: JobContext) -> JudgementReport:
            return self._jobs.read(context, status)

        def done(report: JudgementReport) -> None:
            self._become(replace(self.state, report=report, lacking=None))

        def failed(fault: SalesOpsError) -> None:
            self._become(replace(self.state, report=None, lacking=fault))

        self._runner.run(work, topic="forecast.judgements", on_done=done, on_error=failed)

    def _told(self, report: JudgementReport) -> None:
        self.state = replace(self.state, busy=False)
        for sentence in report.summary():
            self._tell(sentence)
        self._read_if_seen()

    def _failed(self, fault: SalesOpsError) -> None:
        self._become(replace(self.state, busy=False))
        self._fail(fault)

    def _stopped(self) -> None:
        self._become(replace(self.state, busy=False))
