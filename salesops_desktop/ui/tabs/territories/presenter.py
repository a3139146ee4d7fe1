"""What the Territories tab shows and asks for. Plain Python: no Qt in here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from salesops_desktop.model.errors import FaultsError
from salesops_desktop.ui.tabs.territories.picture import Picture, draw_up

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.exports import Exported
    from salesops_desktop.jobs.territories import Scenarios, TerritoryReport
    from salesops_desktop.jobs.territory_reports import ScenarioHead
    from salesops_desktop.jobs.workspaces import Sentences
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs, Task

TODAY = 0
"""The number of today's owners among the scenarios."""
_BEHIND = frozenset(
    {"account", "person", "opportunity", "exchange_rate", "scenario", "territory", "assignment", "company", "*"}
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a design is to respect."""

    name: str = ""
    tolerance: float = 10.0
    """Per cent off the mean."""
    stability: float = 0.5
    within_regions: bool = True
    keep_parents: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """One scenario, ready to be drawn."""

    report: TerritoryReport
    picture: Picture


@dataclass(frozen=True, slots=True)
class Selection:
    """Accounts that are picked, on the map or in a table."""

    accounts: tuple[int, ...] = ()
    """Account row ids, ascending."""
    territories: tuple[str, ...] = ()
    """Set when whole territories were picked."""
    potential: int = 0
    """Minor units of the report's currency."""
    held_by: tuple[tuple[str, int], ...] = ()
    """(territory, how many of the accounts), most first."""


@dataclass(frozen=True, slots=True)
class TerritoryState:
    """Everything the tab shows."""

    heads: tuple[ScenarioHead, ...] = ()
    chosen: int | None = None
    """Number of the scenario shown; None until one was read."""
    shown: Shown | None = None
    selection: Selection = Selection()
    loading: bool = False
    designing: bool = False
    unready: FaultsError | None = field(default=None, compare=False)
    """Why there is nothing to show yet."""
    fault: SalesOpsError | None = field(default=None, compare=False)

    @property
    def head(self) -> ScenarioHead | None:
        """The scenario shown; None for today's owners."""
        return next((head for head in self.heads if head.id == self.chosen), None)


class TerritoryJobs(Protocol):
    """The jobs the tab asks for."""

    def scenarios(self, context: JobContext) -> Scenarios:
        """List the scenarios."""

    def show(self, context: JobContext, scenario: int) -> TerritoryReport:
        """Read one of them."""

    def design(self, context: JobContext, **wishes: Any) -> TerritoryReport:
        """Design a new one."""

    def move(self, context: JobContext, scenario: int, territory: str, accounts: list[int]) -> Sentences:
        """Move accounts by hand."""

    def make_current(self, context: JobContext, scenario: int, *, effective_from: dt.date) -> Sentences:
        """Make its people the owners."""

    def hand_over(self, context: JobContext, scenario: int, out: Path, picture: Path | None) -> Exported:
        """Write the hand-over workbook."""


class _Jobs:
    """The jobs themselves, imported when the first one is asked for: the tab must not wait for them to draw."""

    def scenarios(self, context: JobContext) -> Scenarios:
        from salesops_desktop.jobs.territories import scenarios  # noqa: PLC0415  # heavy

        return scenarios(context)

    def show(self, context: JobContext, scenario: int) -> TerritoryReport:
        from salesops_desktop.jobs.territories import show_territories  # noqa: PLC0415  # heavy

        return show_territories(context, scenario)

    def design(self, context: JobContext, **wishes: Any) -> TerritoryReport:
        from salesops_desktop.jobs.territories import design_territories  # noqa: PLC0415  # heavy

        return design_territories(context, **wishes)

    def move(self, context: JobContext, scenario: int, territory: str, accounts: list[int]) -> Sentences:
        from salesops_desktop.jobs.territories import move_accounts  # noqa: PLC0415  # heavy

        return move_accounts(context, scenario, territory, accounts)

    def make_current(self, context: JobContext, scenario: int, *, effective_from: dt.date) -> Sentences:
        from salesops_desktop.jobs.territories import make_current  # noqa: PLC0415  # heavy

        return make_current(context, scenario, effective_from=effective_from)

    def hand_over(self, context: JobContext, scenario: int, out: Path, picture: Path | None) -> Exported:
        from salesops_desktop.jobs.exports import What, export  # noqa: PLC0415  # heavy

        return export(context, What.TERRITORIES, out, number=scenario, picture=picture)


class TerritoryPresenter:
    """Turns what a person does into jobs, and what jobs return into the next state.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        tell: says in a sentence what a job has done.
        jobs: the jobs; tests hand in their own.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[TerritoryState], None],
        tell: Callable[[str], None],
        jobs: TerritoryJobs | None = None,
    ) -> None:
        self._runner = runner
        self._render = render
        self._tell = tell
        self._jobs: TerritoryJobs = jobs or _Jobs()
        self.state = TerritoryState()

    def _become(self, state: TerritoryState) -> None:
        self.state = state
        self._render(state)

    # ------------------------------------------------------------------ reading

    def opened(self) -> None:
        """A workspace is open: show its newest scenario, or who owns what today."""
        self.state = TerritoryState()
        self._read(None)

    def closed(self) -> None:
        """No workspace is open."""
        self._become(TerritoryState())

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed: read again what rests on them. A design that is under way shows itself when it is done."""
        if tables & _BEHIND and not self.state.designing:
            self._read(self.state.chosen)

    def choose(self, scenario: int) -> None:
        """Show another scenario."""
        if scenario != self.state.chosen:
            self.state = replace(self.state, selection=Selection())
            self._read(scenario)

    def _read(self, wanted: int | None) -> None:
        self._become(replace(self.state, loading=True, fault=None))

        def look(context: JobContext) -> tuple[tuple[ScenarioHead, ...], int, Shown]:
            heads = self._jobs.scenarios(context).heads
            known = {TODAY, *(head.id for head in heads)}
            newest = heads[0].id if heads else TODAY
            number = wanted if wanted in known and wanted is not None else newest
            return heads, number, self._drawn_up(self._jobs.show(context, number))

        def seen(result: tuple[tuple[ScenarioHead, ...], int, Shown]) -> None:
            heads, number, shown = result
            kept = self.state.selection.accounts if number == self.state.chosen else ()
            state = replace(self.state, heads=heads, chosen=number, shown=shown, loading=False, unready=None)
            self._become(replace(state, selection=self._selection_of(shown, kept, ())))

        self._runner.run(look, topic="territories.show", on_done=seen, on_error=self._failed)

    def _drawn_up(self, report: TerritoryReport) -> Shown:
        return Shown(report, draw_up(report))

    def _failed(self, fault: SalesOpsError) -> None:
        state = replace(self.state, loading=False, designing=False)
        if isinstance(fault, FaultsError):
            self._become(replace(state, shown=None, unready=fault, selection=Selection()))
        else:
            self._become(replace(state, fault=fault))
            self.state = replace(self.state, fault=None)  # said once

    # ------------------------------------------------------------------ picking

    def pick_territories(self, names: Sequence[str]) -> None:
        """Pick all accounts of some territories."""
        shown = self.state.shown
        if shown is None:
            return
        keys = shown.picture.keys_in(names)
        self._become(replace(self.state, selection=self._selection_of(shown, keys, tuple(names))))

    def pick_accounts(self, keys: Sequence[int]) -> None:
        """Pick some accounts."""
        shown = self.state.shown
        if shown is not None:
            self._become(replace(self.state, selection=self._selection_of(shown, keys, ())))

    @staticmethod
    def _selection_of(shown: Shown, keys: Sequence[int], territories: tuple[str, ...]) -> Selection:
        picture = shown.picture
        rows = picture.rows_of(keys)
        potential = shown.report.accounts["potential"].values[rows]
        return Selection(
            tuple(int(key) for key in picture.keys[rows]), territories, int(potential.sum()), picture.held_by(rows)
        )

    # ------------------------------------------------------------------ changing

    def design(self, wishes: Wishes) -> Task:
        """Design territories anew and show them."""
        self._become(replace(self.state, designing=True, fault=None))
        asked = {name: getattr(wishes, name) for name in Wishes.__slots__}

        def work(context: JobContext) -> tuple[tuple[ScenarioHead, ...], Shown]:
            report = self._jobs.design(context, **asked)
            return self._jobs.scenarios(context).heads, self._drawn_up(report)

        def done(result: tuple[tuple[ScenarioHead, ...], Shown]) -> None:
            heads, shown = result
            number = shown.report.scenario
            self._become(TerritoryState(heads, number, shown))
            self._tell(shown.report.summary()[0])

        return self._runner.run(
            work, title="Design territories", topic="territories.design", on_done=done, on_error=self._failed,
            on_cancelled=self._stopped,
        )  # fmt: skip

    def _stopped(self) -> None:
        self._become(replace(self.state, designing=False))
        self._tell("The design was cancelled; nothing was changed.")

    def move(self, territory: str) -> None:
        """Move the picked accounts into a territory of the scenario shown."""
        accounts = list(self.state.selection.accounts)
        if self.state.chosen and accounts:
            params = {"scenario": self.state.chosen, "territory": territory, "accounts": accounts}
            self._change(self._jobs.move, params, "Move accounts")

    def make_current(self, effective_from: dt.date) -> None:
        """Make the people of the scenario shown the owners of its accounts."""
        if self.state.chosen:
            params = {"scenario": self.state.chosen, "effective_from": effective_from}
            self._change(self._jobs.make_current, params, "Make current")

    def hand_over(self, out: Path, picture: Path | None, on_done: Callable[[], None]) -> None:
        """Write the hand-over workbook of the scenario shown.

        Args:
            out: the workbook.
            picture: a PNG of the map; deleted afterwards, however the export ends.
            on_done: called when it is written.
        """
        scenario = self.state.chosen or TODAY

        def write(context: JobContext) -> Exported:
            try:
                return self._jobs.hand_over(context, scenario, out, picture)
            finally:
                if picture is not None:
                    picture.unlink(missing_ok=True)

        self._runner.run(
            write, title=f"Exporting {out.name}", on_done=lambda _report: on_done(),
            on_error=self._failed,
        )  # fmt: skip

    def _change(self, job: Callable[..., Sentences], params: dict[str, Any], title: str) -> None:
        self._runner.run(
            job, params, title=title, on_done=lambda said: self._tell(" ".join(said.summary())), on_error=self._failed
        )
