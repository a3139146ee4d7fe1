"""Two runs or two plans side by side: what may be chosen, and how they compare. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salesops_desktop.ui.tabs.room_presenter import RoomPresenter

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_compare import Comparison
    from salesops_desktop.jobs.commission_reports import RunHead
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs


@dataclass(frozen=True, slots=True)
class CompareState:
    """Everything the room shows."""

    of_plans: bool = False
    """Whether plans stand side by side, not runs."""
    runs: tuple[RunHead, ...] = ()
    """The newest first."""
    plans: tuple[str, ...] = ()
    """Those that pay most people first."""
    periods: tuple[str, ...] = ()
    first: Any = None
    """Number of a run, or name of a plan."""
    second: Any = None
    period: str = ""
    """What two plans are compared in."""
    found: Comparison | None = None
    lacking: SalesOpsError | None = field(default=None, compare=False)
    """Why what is chosen cannot be compared."""

    @property
    def choices(self) -> tuple[Any, ...]:
        """What both may be: numbers of runs, or names of plans."""
        return self.plans if self.of_plans else tuple(run.id for run in self.runs)

    @property
    def kind(self) -> str:
        """What stands side by side, in a word."""
        return "plans" if self.of_plans else "runs"


class ComparePresenter(RoomPresenter[CompareState]):
    """Compares what is chosen; at first the two newest runs, or the two plans of most people.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        fail: shows an error.
    """

    behind = frozenset({"commission_run", "run_line", "plan", "plan_assignment", "transaction", "credit", "quota", "*"})

    def __init__(
        self, runner: RunsJobs, render: Callable[[CompareState], None], fail: Callable[[SalesOpsError], None]
    ) -> None:
        super().__init__(runner, render, CompareState())
        self._fail = fail

    def _fresh(self) -> CompareState:
        return CompareState()

    def _read(self) -> None:
        def read(context: JobContext) -> Any:
            from salesops_desktop.jobs.commission_desk import commission_desk  # noqa: PLC0415  # heavy
            from salesops_desktop.jobs.commission_plan_editing import list_plans  # noqa: PLC0415  # heavy

            return commission_desk(context), list_plans(context)

        def seen(found: Any) -> None:
            desk, book = found
            paying = sorted(book.entries, key=lambda entry: (-entry.people, entry.plan.name))
            periods = tuple(period.label for period in desk.periods)
            self._offer(replace(self.state, runs=desk.runs, plans=tuple(e.plan.name for e in paying), periods=periods))

        self._runner.run(read, topic="commissions.compare.read", on_done=seen, on_error=self._fail)

    def _offer(self, state: CompareState) -> None:
        """Keep what is chosen where it is still there; else choose."""
        known = state.choices
        first, second = (one if one in known else None for one in (state.first, state.second))
        if len(known) >= 2 and (first is None or second is None or first == second):
            first, second = known[:2] if state.of_plans else known[1::-1]
        period = state.period if state.period in state.periods else next(iter(state.periods), "")
        self._become(replace(state, first=first, second=second, period=period, found=None, lacking=None))
        if len(known) >= 2:
            self._compare()

    def choose_kind(self, *, of_plans: bool) -> None:
        """Compare plans, or runs."""
        if of_plans != self.state.of_plans:
            self._offer(replace(self.state, of_plans=of_plans, first=None, second=None))

    def choose(self, first: Any, second: Any, period: str) -> None:
        """Compare these two."""
        if (first, second, period) != (self.state.first, self.state.second, self.state.period):
            self.state = replace(self.state, first=first, second=second, period=period)
            self._compare()

    def _compare(self) -> None:
        chosen = self.state

        def compare(context: JobContext) -> Comparison:
            from salesops_desktop.jobs.commission_compare import compare_plans, compare_runs  # noqa: PLC0415  # heavy

            if chosen.of_plans:
                return compare_plans(context, chosen.first, chosen.second, chosen.period)
            return compare_runs(context, chosen.first, chosen.second)

        def done(found: Comparison) -> None:
            self._become(replace(self.state, found=found, lacking=None))

        def failed(error: SalesOpsError) -> None:
            self._become(replace(self.state, found=None, lacking=error))

        self._runner.run(compare, topic="commissions.compare", on_done=done, on_error=failed)

    def export(self, path: Path, on_done: Callable[[], None]) -> None:
        """Write the whole comparison as a workbook.

        Args:
            path: the file.
            on_done: told when it is written.
        """
        found = self.state.found
        if found is None:
            return

        def write(context: JobContext) -> object:
            from salesops_desktop.jobs.commission_compare import export_comparison  # noqa: PLC0415  # loaded by now

            return export_comparison(context, found, path)

        self._runner.run(write, title=f"Exporting {path.name}", on_done=lambda _report: on_done(), on_error=self._fail)
