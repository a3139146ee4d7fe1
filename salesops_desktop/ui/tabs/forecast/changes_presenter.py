"""What happened to the pipeline: snapshots, the waterfall between two, categories and flow. No Qt in here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from salesops_desktop.ui.tabs.room_presenter import RoomPresenter

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.pipeline_categories import CategoryReport
    from salesops_desktop.jobs.pipeline_flow import FlowReport
    from salesops_desktop.jobs.pipeline_snapshots import Snapshots, WaterfallReport
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs

BEHIND = frozenset({"opportunity", "snapshot", "snapshot_line", "exchange_rate", "product", "person", "quota", "*"})
"""Tables whose rows these reports are made of."""
PARTS = ("waterfall", "categories", "flow")


@dataclass(frozen=True, slots=True)
class ChangesState:
    """Everything the room shows."""

    snapshots: Snapshots | None = None
    start: dt.date | None = None
    """None for the last snapshot before the period."""
    end: dt.date | None = None
    """None for today."""
    period: str = ""
    """Empty for the quarter of today, ``all`` for any close date."""
    selection: Mapping[str, str] = field(default_factory=dict)
    """Whose deals, by the names of a ``Selection``; empty for the whole company."""
    waterfall: WaterfallReport | None = None
    categories: CategoryReport | None = None
    flow: FlowReport | None = None
    lacking: Mapping[str, SalesOpsError] = field(default_factory=dict)
    """Why a part is not there."""
    part: str = "waterfall"


class ChangesJobs(Protocol):
    """The jobs the room asks for."""

    def snapshots(self, context: JobContext) -> Snapshots:
        """List the snapshots."""

    def waterfall(self, context: JobContext, **asked: Any) -> WaterfallReport:
        """Explain the change between two days."""

    def categories(self, context: JobContext, **asked: Any) -> CategoryReport:
        """Sum the categories."""

    def flow(self, context: JobContext, **asked: Any) -> FlowReport:
        """Measure coverage, velocity, slippage, conversion and ageing."""


class TheChangesJobs:
    """The jobs themselves, imported when they are asked for."""

    def snapshots(self, context: JobContext) -> Snapshots:
        """List the snapshots."""
        from salesops_desktop.jobs.pipeline_snapshots import snapshots  # noqa: PLC0415  # heavy

        return snapshots(context)

    def waterfall(self, context: JobContext, **asked: Any) -> WaterfallReport:
        """Explain the change between two days."""
        from salesops_desktop.jobs.pipeline_snapshots import pipeline_waterfall  # noqa: PLC0415  # heavy

        return pipeline_waterfall(context, **asked)

    def categories(self, context: JobContext, **asked: Any) -> CategoryReport:
        """Sum the categories."""
        from salesops_desktop.jobs.pipeline_categories import forecast_categories  # noqa: PLC0415  # heavy

        return forecast_categories(context, **asked)

    def flow(self, context: JobContext, **asked: Any) -> FlowReport:
        """Measure coverage, velocity, slippage, conversion and ageing."""
        from salesops_desktop.jobs.pipeline_flow import pipeline_flow  # noqa: PLC0415  # heavy

        return pipeline_flow(context, **asked)


class ChangesPresenter(RoomPresenter[ChangesState]):
    """Asks for what the room shows, each part when it is looked at.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        jobs: the jobs; tests hand in their own.
    """

    def __init__(
        self, runner: RunsJobs, render: Callable[[ChangesState], None], jobs: ChangesJobs | None = None
    ) -> None:
        super().__init__(runner, render, ChangesState())
        self._jobs: ChangesJobs = jobs or TheChangesJobs()

    def _fresh(self) -> ChangesState:
        return ChangesState(part=self.state.part)

    def _unread(self) -> bool:
        return self.state.snapshots is None

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed: read again what is looked at, the rest when it is."""
        if tables & BEHIND:
            self._forget()
            self.state = replace(self.state, snapshots=None)
            self._read_if_seen()

    def show_part(self, part: str) -> None:
        """Another part is looked at."""
        self.state = replace(self.state, part=part)
        self._read_part()

    def choose_days(self, start: dt.date | None, end: dt.date | None) -> None:
        """Explain the change between two other days."""
        if (start, end) != (self.state.start, self.state.end):
            self.state = replace(self.state, start=start, end=end, waterfall=None)
            self._read_part()

    def choose_period(self, period: str) -> None:
        """Look at deals due in another period."""
        if period != self.state.period:
            self._forget()
            self.state = replace(self.state, period=period)
            self._read_part()

    def choose_node(self, selection: Mapping[str, str]) -> None:
        """Look at the deals of a part of the company."""
        if dict(selection) != dict(self.state.selection):
            self._forget()
            self.state = replace(self.state, selection=dict(selection))
            if self._seen and self._open:
                self._read_part()

    def _forget(self) -> None:
        self.state = replace(self.state, waterfall=None, categories=None, flow=None, lacking={})

    def _read(self) -> None:
        def done(found: Snapshots) -> None:
            self._become(replace(self.state, snapshots=found))
            self._read_part()

        self._runner.run(
            self._jobs.snapshots,
            topic="forecast.snapshots",
            on_done=done,
            on_error=lambda e: self._lack("snapshots", e),
        )

    def _read_part(self) -> None:
        part, state = self.state.part, self.state
        if not (self._open and self._seen) or getattr(state, part) is not None:
            self._render(state)
            return
        asked: dict[str, Any] = {**state.selection}
        if part == "waterfall":
            asked |= {"start": state.start, "end": state.end}
        if state.period and (part == "waterfall" or state.period != "all"):
            asked["period"] = state.period
        job = {"waterfall": self._jobs.waterfall, "categories": self._jobs.categories, "flow": self._jobs.flow}[part]

        def work(context: JobContext) -> object:
            return job(context, **asked)

        def done(report: object) -> None:
            lacking = {name: why for name, why in self.state.lacking.items() if name != part}
            self._become(replace(self.state, lacking=lacking, **{part: report}))  # type: ignore[arg-type]

        self._runner.run(
            work, topic=f"forecast.{part}", on_done=done, on_error=lambda fault: self._lack(part, fault),
            title="Explaining the pipeline",
        )  # fmt: skip

    def _lack(self, part: str, fault: SalesOpsError) -> None:
        self._become(replace(self.state, lacking={**self.state.lacking, part: fault}))
