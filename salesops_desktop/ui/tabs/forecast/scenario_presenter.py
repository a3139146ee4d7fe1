"""The scenario beside the pipeline: what is assumed, and the distribution under it. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs


@dataclass(frozen=True, slots=True)
class ScenarioState:
    """The simulation as the past teaches, and the one shown."""

    base: Any = None
    """A ``Simulation`` of the forecast; None where there is none."""
    shown: Any = None
    assumed: Mapping[str, float] | None = None
    """What is asked for; the simulation shown may still be that of the move before."""

    @property
    def otherwise(self) -> bool:
        """Whether anything is assumed that the past does not teach."""
        return self.assumed is not None and any(value != 1.0 for value in self.assumed.values())


class ScenarioPresenter:
    """Draws the period again under other assumptions: one drawing at a time, the newest wish next.

    Args:
        runner: runs work off the UI thread.
        render: shows a state.
        fail: shows an error.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[ScenarioState], None],
        fail: Callable[[SalesOpsError], None],
    ) -> None:
        self._runner = runner
        self._render = render
        self._fail = fail
        self._running = False
        self._wanted: Mapping[str, float] | None = None
        self.state = ScenarioState()

    def begin(self, simulation: object) -> None:
        """Another forecast: its simulation, under the assumptions that stand."""
        assumed = self.state.assumed
        self.state = ScenarioState(simulation, simulation, assumed)
        self._render(self.state)
        if simulation is not None and self.state.otherwise and assumed is not None:
            self.assume(assumed)

    def assume(self, values: Mapping[str, float]) -> None:
        """Draw under these assumptions."""
        self.state = replace(self.state, assumed=dict(values))
        if self.state.base is None:
            return
        self._wanted = dict(values)
        if not self._running:
            self._draw()

    def _draw(self) -> None:
        values, self._wanted = self._wanted, None
        base = self.state.base
        if values is None or base is None:
            return
        if not self.state.otherwise:
            self._show(base, base)
            return
        self._running = True

        def work(_context: JobContext) -> object:
            return base.under(replace(base.scenario, **values))

        def done(simulation: object) -> None:
            self._running = False
            self._show(base, simulation)
            self._draw()

        def failed(fault: SalesOpsError) -> None:
            self._running = False
            self._fail(fault)
            self._draw()

        self._runner.run(work, lane="free", on_done=done, on_error=failed, on_cancelled=self._stopped)

    def _stopped(self) -> None:
        self._running = False

    def _show(self, base: object, simulation: object) -> None:
        if base is self.state.base:  # a forecast made meanwhile has another
            self.state = replace(self.state, shown=simulation)
            self._render(self.state)
