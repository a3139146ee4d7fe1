"""The pipeline room: the forecast of a selection's open deals, read when it is looked at. No Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from salesops_desktop.ui.tabs.room_presenter import RoomPresenter

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.pipeline_forecasts import PipelineReport
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs

BEHIND = frozenset({"opportunity", "snapshot", "snapshot_line", "exchange_rate", "product", "person", "quota", "*"})
"""Tables whose rows the forecast is made of."""


@dataclass(frozen=True, slots=True)
class PipelineState:
    """Everything the room shows."""

    selection: Mapping[str, str] = field(default_factory=dict)
    """Whose deals, by the names of a ``Selection``; empty for the whole company."""
    report: PipelineReport | None = None
    lacking: SalesOpsError | None = field(default=None, compare=False)


class PipelineJobs(Protocol):
    """The job the room asks for."""

    def pipeline(self, context: JobContext, selection: Mapping[str, str]) -> PipelineReport:
        """Forecast the open pipeline of a selection."""


class ThePipelineJobs:
    """The job itself, imported when it is asked for."""

    def pipeline(self, context: JobContext, selection: Mapping[str, str]) -> PipelineReport:
        """Forecast the open pipeline of a selection."""
        from salesops_desktop.jobs.pipeline_forecasts import forecast_pipeline_job  # noqa: PLC0415  # heavy

        return forecast_pipeline_job(
            context, manager=selection.get("manager"), team=selection.get("team"), region=selection.get("region"),
            owner=selection.get("owner"), product=selection.get("product"),
        )  # fmt: skip


class PipelinePresenter(RoomPresenter[PipelineState]):
    """Asks for the forecast of what is selected, once it is looked at.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        jobs: the job; tests hand in their own.
    """

    def __init__(
        self, runner: RunsJobs, render: Callable[[PipelineState], None], jobs: PipelineJobs | None = None
    ) -> None:
        super().__init__(runner, render, PipelineState())
        self._jobs: PipelineJobs = jobs or ThePipelineJobs()

    def _fresh(self) -> PipelineState:
        return PipelineState()

    def _unread(self) -> bool:
        return self.state.report is None

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed."""
        if tables & BEHIND:
            self.state = replace(self.state, report=None)
            self._read_if_seen()

    def choose_node(self, selection: Mapping[str, str]) -> None:
        """Look at the deals of a part of the company."""
        if dict(selection) != dict(self.state.selection):
            self.state = PipelineState(dict(selection))
            self._read_if_seen()

    def _read(self) -> None:
        selection = self.state.selection
        self._render(self.state)

        def work(context: JobContext) -> PipelineReport:
            return self._jobs.pipeline(context, selection)

        def done(report: PipelineReport) -> None:
            self._become(replace(self.state, report=report, lacking=None))

        def failed(fault: SalesOpsError) -> None:
            self._become(replace(self.state, report=None, lacking=fault))

        self._runner.run(work, title="The open pipeline", topic="forecast.pipeline", on_done=done, on_error=failed)
