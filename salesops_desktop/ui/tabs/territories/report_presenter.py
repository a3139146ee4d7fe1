"""A pane that shows what one job says of the scenario in view. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from salesops_desktop.model.errors import SalesOpsError


class RunsCommands(Protocol):
    """Runs a declared job by its command; errors without ``on_error`` are shown by the window."""

    def __call__(
        self,
        command: str,
        params: Mapping[str, object] | None = None,
        *,
        topic: str = "",
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[SalesOpsError], None] | None = None,
        on_progress: Callable[[float, float, str], None] | None = None,
        quiet: bool = False,
    ) -> object:
        """Begin."""


@dataclass(frozen=True, slots=True)
class ReportState:
    """What a pane shows.

    Attributes:
        scenario: the scenario in view; 0 for today's owners, None for none.
        report: what the job returned, or None.
        busy: a job is under way.
        fault: why there is nothing to show.
        stale: what is shown rests on rows that have changed since.
    """

    scenario: int | None = None
    report: Any = None
    busy: bool = False
    fault: str = ""
    stale: bool = True


class ReportPresenter:
    """Asks a job when its pane is looked at, and again when what it rests on has changed.

    Args:
        run_job: runs declared jobs.
        render: shows a state.
        tell: says what a job has done.
        command: the job to ask of its own accord; empty for one that waits to be asked.
        named: the name of the parameter that takes the scenario.
    """

    def __init__(
        self,
        run_job: RunsCommands,
        render: Callable[[ReportState], None],
        tell: Callable[[str], None],
        command: str = "",
        named: str = "scenario",
    ) -> None:
        self._run_job = run_job
        self._render = render
        self._tell = tell
        self._command = command
        self._named = named
        self.state = ReportState()

    def _become(self, state: ReportState) -> None:
        self.state = state
        self._render(state)

    def look_at(self, scenario: int | None) -> None:
        """The pane is in front, and this scenario in view."""
        if scenario != self.state.scenario:
            self._become(ReportState(scenario))
        if self.state.stale and not self.state.busy and scenario is not None and self._command:
            self.ask(self._command)

    def changed(self) -> None:
        """Rows have changed: what is shown is asked for anew when it is looked at again."""
        self.state = replace(self.state, stale=True)

    def ask(self, command: str, params: Mapping[str, object] | None = None) -> None:
        """Ask a job about the scenario in view and show what it says."""
        scenario = self.state.scenario
        if scenario is None:
            return
        self._become(replace(self.state, busy=True, stale=False, fault=""))

        def seen(report: Any) -> None:
            if self.state.scenario == scenario:
                self._become(replace(self.state, report=report, busy=False))

        def failed(fault: SalesOpsError) -> None:
            self._become(replace(self.state, report=None, busy=False, fault=fault.sentence))

        self._run_job(
            command, {self._named: scenario, **(params or {})}, topic=f"territories.{self._command or command}",
            on_done=seen, on_error=failed, quiet=True,
        )  # fmt: skip

    def do_for_all(self, command: str, params: Mapping[str, object]) -> None:
        """Have a job change something that knows its scenario by itself; then what is shown is asked for anew."""

        def done(report: Any) -> None:
            self._become(replace(self.state, busy=False, stale=True))
            said = report.summary()
            if said:
                self._tell(said[0])
            self.look_at(self.state.scenario)

        def failed(fault: SalesOpsError) -> None:
            self._become(replace(self.state, busy=False, fault=fault.sentence))

        self._become(replace(self.state, busy=True))
        self._run_job(command, params, on_done=done, on_error=failed)

    def do(self, command: str, params: Mapping[str, object] | None = None, *, shows: bool = False) -> None:
        """Have a job change something of the scenario in view, and say what it did.

        Args:
            command: the job.
            params: its parameters beside the scenario.
            shows: whether its report is one to show here.
        """
        scenario = self.state.scenario
        if scenario is None:
            return
        self._become(replace(self.state, busy=True))

        def done(report: Any) -> None:
            shown = replace(self.state, busy=False, stale=not shows)
            self._become(replace(shown, report=report) if shows else shown)
            said = report.summary()
            if said:
                self._tell(said[0])

        def failed(fault: SalesOpsError) -> None:
            self._become(replace(self.state, busy=False, fault=fault.sentence))

        self._run_job(command, {self._named: scenario, **(params or {})}, on_done=done, on_error=failed)
