"""The running period's overview: asked for when it is looked at. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.forecast_overview import Overview
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs


@dataclass(frozen=True, slots=True)
class OutlookState:
    """Everything the room shows."""

    source: str = "auto"
    overview: Overview | None = None
    loading: bool = False
    lacking: SalesOpsError | None = field(default=None, compare=False)


class OutlookJobs(Protocol):
    """The job the room asks for."""

    def overview(self, context: JobContext, source: str, *, keep: bool) -> Overview:
        """See where the running period stands and where it will end."""


class TheOutlookJobs:
    """The job itself, imported when it is asked for."""

    def overview(self, context: JobContext, source: str, *, keep: bool) -> Overview:
        """See where the running period stands and where it will end."""
        from salesops_desktop.jobs.forecast_lines import Source  # noqa: PLC0415  # heavy
        from salesops_desktop.jobs.forecast_overview import forecast_overview  # noqa: PLC0415  # heavy

        return forecast_overview(context, source=Source(source), keep=keep)


class OutlookPresenter:
    """Asks for the overview and keeps it up to date.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        tell: says in a sentence what a job has done.
        jobs: the job; tests hand in their own.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[OutlookState], None],
        tell: Callable[[str], None],
        jobs: OutlookJobs | None = None,
    ) -> None:
        self._runner = runner
        self._render = render
        self._tell = tell
        self._jobs: OutlookJobs = jobs or TheOutlookJobs()
        self._open = False
        self.state = OutlookState()

    def _become(self, state: OutlookState) -> None:
        self.state = state
        self._render(state)

    def opened(self, source: str) -> None:
        """A workspace is open."""
        self._open = True
        self.state = OutlookState(source)
        self._read(keep=False)

    def closed(self) -> None:
        """No workspace is open."""
        self._open = False
        self._become(OutlookState(self.state.source))

    def ask(self, source: str) -> None:
        """Take the bookings from somewhere else."""
        if source != self.state.source:
            self.state = replace(self.state, source=source)
            self._read(keep=False)

    def refresh(self) -> None:
        """Rows have changed."""
        self._read(keep=False)

    def keep(self) -> None:
        """Keep what the overview shows, so that it can be scored when the period is over."""
        self._read(keep=True)

    def _read(self, *, keep: bool) -> None:
        if not self._open:
            return
        source = self.state.source
        self._become(replace(self.state, loading=True, lacking=None))

        def work(context: JobContext) -> Overview:
            return self._jobs.overview(context, source, keep=keep)

        def done(overview: Overview) -> None:
            self._become(replace(self.state, overview=overview, loading=False))
            if keep:
                self._tell("The forecasts of the running period are kept: they will be scored when it is over.")

        def failed(fault: SalesOpsError) -> None:
            self._become(replace(self.state, overview=None, loading=False, lacking=fault))

        def stopped() -> None:
            self._become(replace(self.state, loading=False))

        self._runner.run(
            work, title="The running period", topic="forecast.overview", on_done=done, on_error=failed,
            on_cancelled=stopped,
        )  # fmt: skip
