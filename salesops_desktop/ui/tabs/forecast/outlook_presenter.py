"""The running period's overview, of the company or a part of it. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from salesops_desktop.ui.tabs.room_presenter import RoomPresenter

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.forecast_overview import Overview
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs

BEHIND = frozenset(
    {
        "transaction", "opportunity", "snapshot", "snapshot_line", "exchange_rate", "product", "fiscal_calendar",
        "quota", "forecast", "person", "reporting", "judgement", "correction", "*",
    }
)  # fmt: skip
"""Tables the overview is made of."""


@dataclass(frozen=True, slots=True)
class OutlookState:
    """Everything the room shows."""

    source: str = "auto"
    selection: Mapping[str, str] = field(default_factory=dict)
    """Whose bookings and deals, by the names of a ``Selection``; empty for the whole company."""
    overview: Overview | None = None
    loading: bool = False
    lacking: SalesOpsError | None = field(default=None, compare=False)


class OutlookJobs(Protocol):
    """The jobs the room asks for."""

    def overview(self, context: JobContext, source: str, selection: Mapping[str, str]) -> Overview:
        """See where the running period stands and where it will end, and keep what is shown."""

    def comment(self, context: JobContext, text: str, period: str, selection: Mapping[str, str]) -> None:
        """Keep a paragraph beside it."""


class TheOutlookJobs:
    """The jobs themselves, imported when they are asked for."""

    def overview(self, context: JobContext, source: str, selection: Mapping[str, str]) -> Overview:
        """See where the running period stands and where it will end, and keep what is shown."""
        from salesops_desktop.jobs.forecast_lines import Source  # noqa: PLC0415  # heavy
        from salesops_desktop.jobs.forecast_overview import forecast_overview  # noqa: PLC0415  # heavy

        return forecast_overview(
            context, source=Source(source), keep=not context.workspace.read_only, manager=selection.get("manager"),
            team=selection.get("team"), region=selection.get("region"), owner=selection.get("owner"),
            product=selection.get("product"),
        )  # fmt: skip

    def comment(self, context: JobContext, text: str, period: str, selection: Mapping[str, str]) -> None:
        """Keep a paragraph beside it."""
        from salesops_desktop.jobs.forecast_comments import comment_forecast  # noqa: PLC0415  # heavy

        comment_forecast(
            context, text, period=period, manager=selection.get("manager"), team=selection.get("team"),
            region=selection.get("region"), owner=selection.get("owner"), product=selection.get("product"),
        )  # fmt: skip


class OutlookPresenter(RoomPresenter[OutlookState]):
    """Asks for the overview when it is looked at, and keeps it up to date.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        fail: shows an error.
        jobs: the jobs; tests hand in their own.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[OutlookState], None],
        fail: Callable[[SalesOpsError], None],
        jobs: OutlookJobs | None = None,
    ) -> None:
        super().__init__(runner, render, OutlookState())
        self._fail = fail
        self._jobs: OutlookJobs = jobs or TheOutlookJobs()

    def _fresh(self) -> OutlookState:
        return OutlookState(self.state.source)

    def _unread(self) -> bool:
        return self.state.overview is None and self.state.lacking is None and not self.state.loading

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed."""
        if tables & BEHIND:
            self.refresh()

    def ask(self, source: str) -> None:
        """Take the bookings from somewhere else."""
        if source != self.state.source:
            self.state = replace(self.state, source=source)
            self.refresh()

    def choose_node(self, selection: Mapping[str, str]) -> None:
        """Look at a part of the company."""
        if dict(selection) != dict(self.state.selection):
            self.state = replace(self.state, selection=dict(selection), overview=None, lacking=None, loading=False)
            self._render(self.state)
            self._read_if_seen()

    def refresh(self) -> None:
        """Something has changed."""
        if self._seen:
            self._read_if_seen()
        else:
            self.state = replace(self.state, overview=None, lacking=None)

    def comment(self, text: str) -> None:
        """Keep a paragraph beside what is shown."""
        overview, selection = self.state.overview, self.state.selection
        if overview is None:
            return
        period = overview.period.label
        self._runner.run(
            lambda context: self._jobs.comment(context, text, period, selection), title="Keeping the commentary",
            on_error=self._fail,
        )  # fmt: skip

    def _read(self) -> None:
        source, selection = self.state.source, self.state.selection
        self._become(replace(self.state, loading=True, lacking=None))

        def work(context: JobContext) -> Overview:
            return self._jobs.overview(context, source, selection)

        def done(overview: Overview) -> None:
            self._become(replace(self.state, overview=overview, loading=False))

        def failed(fault: SalesOpsError) -> None:
            self._become(replace(self.state, overview=None, loading=False, lacking=fault))

        def stopped() -> None:
            self._become(replace(self.state, loading=False))

        self._runner.run(
            work, title="The running period", topic="forecast.overview", on_done=done, on_error=failed,
            on_cancelled=stopped,
        )  # fmt: skip
