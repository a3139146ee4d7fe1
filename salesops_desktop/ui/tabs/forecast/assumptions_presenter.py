"""Named assumptions of the sliders: read, kept, forgotten. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from salesops_desktop.ui.tabs.room_presenter import RoomPresenter

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs

BEHIND = frozenset({"forecast_assumption", "*"})
"""The table they are kept in."""
Named = tuple[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class AssumptionsState:
    """The sets that are kept: None before they are read."""

    sets: tuple[Named, ...] | None = None


class AssumptionJobs(Protocol):
    """The jobs that are asked for."""

    def stored(self, context: JobContext) -> Sequence[Named]:
        """The sets, by name."""

    def keep(self, context: JobContext, name: str, values: Mapping[str, float]) -> None:
        """Keep a set."""

    def forget(self, context: JobContext, name: str) -> None:
        """Forget a set."""


class TheAssumptionJobs:
    """The jobs themselves, imported when they are asked for."""

    def stored(self, context: JobContext) -> Sequence[Named]:
        """The sets, by name."""
        from salesops_desktop.jobs.forecast_assumptions import assumptions  # noqa: PLC0415  # heavy

        return assumptions(context).factors()

    def keep(self, context: JobContext, name: str, values: Mapping[str, float]) -> None:
        """Keep a set."""
        from salesops_desktop.jobs.forecast_assumptions import assume  # noqa: PLC0415  # heavy

        assume(
            context, name, win_rate=values["win_rate"], deal_size=values["deal_size"], cycle=values["cycle"],
            heads=values["heads"], ramp=values["ramp"],
        )  # fmt: skip

    def forget(self, context: JobContext, name: str) -> None:
        """Forget a set."""
        from salesops_desktop.jobs.forecast_assumptions import forget_assumption  # noqa: PLC0415  # heavy

        forget_assumption(context, name)


class AssumptionsPresenter(RoomPresenter[AssumptionsState]):
    """Keeps the offered sets up to date.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        fail: shows an error.
        jobs: the jobs; tests hand in their own.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[AssumptionsState], None],
        fail: Callable[[SalesOpsError], None],
        jobs: AssumptionJobs | None = None,
    ) -> None:
        super().__init__(runner, render, AssumptionsState())
        self._fail = fail
        self._jobs: AssumptionJobs = jobs or TheAssumptionJobs()

    def _fresh(self) -> AssumptionsState:
        return AssumptionsState()

    def _unread(self) -> bool:
        return self.state.sets is None

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed."""
        if tables & BEHIND:
            self._read_if_seen()

    def keep(self, name: str, values: Mapping[str, float]) -> None:
        """Keep assumptions under a name."""
        self._runner.run(
            lambda context: self._jobs.keep(context, name, values), title=f"Keeping “{name}”", on_error=self._fail
        )

    def forget(self, name: str) -> None:
        """Forget the assumptions of a name."""
        self._runner.run(
            lambda context: self._jobs.forget(context, name), title=f"Forgetting “{name}”", on_error=self._fail
        )

    def _read(self) -> None:
        self._runner.run(
            self._jobs.stored,
            topic="forecast.assumptions",
            on_done=lambda sets: self._become(replace(self.state, sets=tuple(sets))),
            on_error=self._fail,
        )
