"""What the Territories tab shows and asks for. Plain Python: no Qt in here."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.errors import FaultsError
from salesops_desktop.ui.tabs.territories.asked_jobs import Jobs, TerritoryJobs
from salesops_desktop.ui.tabs.territories.editing import Editor, Effect, Live, live_of
from salesops_desktop.ui.tabs.territories.picture import Picture, draw_up

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.exports import Exported
    from salesops_desktop.jobs.territory_reports import ScenarioHead, TerritoryReport
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
    """What a design is to respect, by the names the job gives to it; what is left out is as the job has it."""

    asked: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
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


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The best design found so far, while one is being made.

    Attributes:
        names: its territories.
        place: row in ``names`` per account of the scenario shown, -1 for none.
    """

    names: tuple[str, ...]
    place: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Designing:
    """A design under way.

    Attributes:
        share: how much is done, 0 to 1; None while that is not known.
        what: what it is at.
        stopping: the person has had enough.
        best: the best so far.
    """

    share: float | None = None
    what: str = ""
    stopping: bool = False
    best: Best | None = None


@dataclass(frozen=True, slots=True)
class TerritoryState:
    """Everything the tab shows."""

    heads: tuple[ScenarioHead, ...] = ()
    chosen: int | None = None
    """Number of the scenario shown; None until one was read."""
    shown: Shown | None = None
    selection: Selection = Selection()
    live: Live | None = None
    """The scenario after edits that are not stored yet."""
    editable: bool = False
    """Whether what an edit does can be told before it is made."""
    loading: bool = False
    designing: Designing | None = None
    unready: FaultsError | None = field(default=None, compare=False)
    """Why there is nothing to show yet."""
    fault: SalesOpsError | None = field(default=None, compare=False)

    @property
    def head(self) -> ScenarioHead | None:
        """The scenario shown; None for today's owners."""
        return next((head for head in self.heads if head.id == self.chosen), None)


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
        self._jobs: TerritoryJobs = jobs or Jobs()
        self.state = TerritoryState()
        self.editor = Editor()
        self._enough = threading.Event()
        self._found: Any = None
        self._storing = 0
        self._reread = False

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
        self.editor.close()
        self._enough.set()
        self._become(TerritoryState())

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed: read again what rests on them. A design that is under way shows itself when it is done."""
        if not tables & _BEHIND or self.state.designing:
            return
        if self._storing:
            self._reread = True
        else:
            self._read(self.state.chosen)

    def choose(self, scenario: int) -> None:
        """Show another scenario."""
        if scenario != self.state.chosen:
            self.state = replace(self.state, selection=Selection())
            self.editor.close()
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
            if self._storing:  # an edit was made meanwhile: what was read is older than it
                self._reread = True
                return
            agrees = self.editor.agrees(shown)
            state = replace(
                self.state, heads=heads, chosen=number, shown=shown, live=None, editable=agrees, loading=False,
                unready=None,
            )  # fmt: skip
            self._become(replace(state, selection=self._selection_of(shown, kept, ())))
            if not agrees:
                self._open_desk(number)

        self._runner.run(look, topic="territories.show", on_done=seen, on_error=self._failed)

    def _open_desk(self, scenario: int) -> None:
        self.editor.close()
        if scenario == TODAY:
            return

        def opened(desk: Any) -> None:
            shown = self.state.shown
            if shown is not None and shown.report.scenario == scenario:
                self.editor.desk = desk
                if self.editor.agrees(shown):
                    self._become(replace(self.state, editable=True))
                else:
                    self.editor.close()

        self._runner.run(
            lambda context: self._jobs.desk(context, scenario), topic="territories.desk", on_done=opened,
            on_error=self._failed,
        )  # fmt: skip

    def _drawn_up(self, report: TerritoryReport) -> Shown:
        return Shown(report, draw_up(report))

    def _failed(self, fault: SalesOpsError) -> None:
        state = replace(self.state, loading=False, designing=None)
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
        self._enough.clear()
        self._found = None
        self._become(replace(self.state, designing=Designing(), fault=None))
        asked = dict(wishes.asked)

        def better(found: Any) -> None:  # on the worker's thread
            self._found = found

        def work(context: JobContext) -> tuple[tuple[ScenarioHead, ...], Shown]:
            report = self._jobs.design(context, better=better, enough=self._enough.is_set, **asked)
            return self._jobs.scenarios(context).heads, self._drawn_up(report)

        def done(result: tuple[tuple[ScenarioHead, ...], Shown]) -> None:
            heads, shown = result
            number = shown.report.scenario
            self.editor.close()
            self._become(TerritoryState(heads, number, shown))
            self._tell(shown.report.summary()[0])
            self._open_desk(number)

        return self._runner.run(
            work, title="Design territories", topic="territories.design", on_done=done, on_error=self._failed,
            on_progress=self._designed_so_far, on_cancelled=self._stopped,
        )  # fmt: skip

    def _designed_so_far(self, done: float, total: float, what: str) -> None:
        """Show how far the design is and the best so far."""
        under_way = self.state.designing
        if under_way is None:
            return
        found, self._found = self._found, None
        best = under_way.best if found is None or self.state.shown is None else _best_of(found, self.state.shown)
        share = min(1.0, done / total) if total > 0 else None
        self._become(replace(self.state, designing=replace(under_way, share=share, what=what, best=best)))

    def enough(self) -> None:
        """Stop the design; the best so far is kept."""
        self._enough.set()
        if self.state.designing is not None:
            self._become(replace(self.state, designing=replace(self.state.designing, stopping=True)))

    def _stopped(self) -> None:
        self._become(replace(self.state, designing=None))
        self._tell("The design was cancelled; nothing was changed.")

    def preview(self, territory: str) -> Effect | None:
        """What moving the picked accounts into a territory would do; None where that cannot be told yet."""
        if not self.editor.ready(self.state.chosen) or not self.state.selection.accounts:
            return None
        return self.editor.preview(self.state.selection.accounts, territory)

    def move(self, territory: str, accounts: Sequence[int] = ()) -> None:
        """Move accounts, the picked ones by default, into a territory: shown at once, then stored."""
        wanted = list(accounts or self.state.selection.accounts)
        shown, scenario = self.state.shown, self.state.chosen
        if not scenario or not wanted or shown is None:
            return
        effect = self.editor.move(wanted, territory) if self.editor.ready(scenario) else None
        if effect is not None:
            wanted = self.editor.with_units(wanted)
        if effect is not None and self.editor.desk is not None:
            live = live_of(self.editor.desk, shown)
            picture = replace(shown.picture, place=live.place)
            shown = replace(shown, picture=picture)
            selection = self._selection_of(shown, self.state.selection.accounts, ())
            self._become(replace(self.state, shown=shown, live=live, selection=selection))
        self._storing += 1

        def stored(said: Sentences) -> None:
            self._tell(" ".join(said.summary()))
            self._store_ended()

        def put_back() -> None:
            self.editor.close()  # what it shows is not what is stored
            self._reread = True
            self._store_ended()

        def refused(fault: SalesOpsError) -> None:
            self._failed(fault)
            put_back()

        params = {"scenario": scenario, "territory": territory, "accounts": wanted}
        self._runner.run(
            self._jobs.move, params, title="Move accounts", on_done=stored, on_error=refused,
            on_cancelled=put_back,
        )  # fmt: skip

    def _store_ended(self) -> None:
        self._storing -= 1
        if not self._storing and self._reread:
            self._reread = False
            self._read(self.state.chosen)

    def compare(self, scenarios: Sequence[int], show: Callable[[Any, list[Shown]], None]) -> None:
        """Put scenarios side by side.

        Args:
            scenarios: their numbers.
            show: given what the job says, and the first and last of them drawn up.
        """

        def look(context: JobContext) -> tuple[Any, list[Shown]]:
            said = self._jobs.compare(context, list(scenarios))
            ends = [self._jobs.show(context, number) for number in (scenarios[0], scenarios[-1])]
            return said, [self._drawn_up(report) for report in ends]

        self._runner.run(
            look, title="Compare scenarios", topic="territories.compare", on_done=lambda seen: show(*seen),
            on_error=self._failed,
        )  # fmt: skip

    def keep_plan(self, report: Any, number: int) -> None:
        """Make a scenario of one plan of a strip, and show it."""

        def kept(made: Any) -> None:
            self._tell(" ".join(made.summary()[-1:]))
            self.choose(int(made.kept))

        self._runner.run(
            self._jobs.keep_plan, {"report": report, "number": number}, title="Keep a plan", on_done=kept,
            on_error=self._failed,
        )  # fmt: skip

    def make_current(self, effective_from: dt.date) -> None:
        """Make the people of the scenario shown the owners of its accounts."""
        if self.state.chosen:
            params = {"scenario": self.state.chosen, "effective_from": effective_from}
            self._change(self._jobs.make_current, params, "Make current")

    def hand_over(self, out: Path, picture: Callable[[], Path], on_done: Callable[[], None]) -> None:
        """Write the hand-over workbook of the scenario shown.

        Args:
            out: the workbook.
            picture: writes a PNG of the map to a file; that is deleted afterwards, however the export ends.
            on_done: called when it is written.
        """
        scenario = self.state.chosen or TODAY

        def write(context: JobContext) -> Exported:
            path = picture()
            try:
                return self._jobs.hand_over(context, scenario, out, path)
            finally:
                path.unlink(missing_ok=True)

        self._runner.run(
            write, title=f"Exporting {out.name}", on_done=lambda _report: on_done(),
            on_error=self._failed,
        )  # fmt: skip

    def _change(self, job: Callable[..., Sentences], params: dict[str, Any], title: str) -> None:
        self._runner.run(
            job, params, title=title, on_done=lambda said: self._tell(" ".join(said.summary())), on_error=self._failed
        )


def _best_of(found: Any, shown: Shown) -> Best:
    """What the engine has found, for the accounts of the picture shown."""
    order = np.argsort(found.account_ids, kind="stable")
    at = order[np.minimum(np.searchsorted(found.account_ids, shown.picture.keys, sorter=order), len(order) - 1)]
    known = found.account_ids[at] == shown.picture.keys
    return Best(tuple(found.names), np.where(known, found.place[at], -1).astype(np.int64))
