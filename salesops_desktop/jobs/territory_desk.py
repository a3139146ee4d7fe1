"""The desk at which a scenario is edited by hand: in memory, so that every figure follows each move at once.

The desk changes nothing in the workspace. What it did is stored by ``territories move``, one call for each territory
(:meth:`EditingDesk.moves_of`), and taken back by undoing that action and calling :meth:`EditingDesk.undo`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from salesops_desktop.jobs.territory_problems import ScenarioProblem
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.territory.live import Effect, LiveDesign, LiveFigures
from salesops_desktop.territory.live_issues import Issue
from salesops_desktop.territory.suggest import Suggestion, suggest_moves
from salesops_desktop.territory.why import Alternative, Why, explain

__all__ = ["Alternative", "EditingDesk", "Effect", "Issue", "LiveFigures", "Suggestion", "Why"]

Indices = npt.NDArray[np.intp]


class EditingDesk:
    """A scenario under edit.

    Args:
        whole: the scenario as a problem.
        scenario: its number, 0 for today's owners.
        name: what it is called.

    Attributes:
        scenario: its number.
        name: what it is called.
        currency: of potential.
        account_ids: row ids of all accounts, in the order of the report's accounts, int64[a].
        unit_of_account: the unit each of them belongs to, -1 for none, [a]. Accounts are units of their own unless
            the scenario hands out areas.
        latitude: degrees per unit, NaN where not known, [n].
        longitude: degrees per unit, [n].
        territory_names: the territories; their numbers are places in this tuple.
        territory_ids: their row ids, 0 where they are not stored.
        measures: what is balanced, per unit.
        live: the engine's side of the desk.
    """

    def __init__(self, whole: ScenarioProblem, scenario: int, name: str) -> None:
        self.scenario, self.name = scenario, name
        self.currency = whole.inputs.facts.currency
        self.account_ids = whole.inputs.accounts["id"].to_numpy(np.int64)
        self.unit_of_account = whole.unit_of_account
        problem = whole.problem
        self.latitude, self.longitude = problem.latitude, problem.longitude
        self.territory_names = tuple(seat.name for seat in whole.seats)
        self.territory_ids = tuple(seat.territory_id for seat in whole.seats)
        self.measures: Mapping[str, npt.NDArray[np.generic]] = dict(problem.measures)
        self.live = LiveDesign(problem, whole.assignment, whole.edges)
        self._place = {int(key): row for row, key in enumerate(self.account_ids)}

    @property
    def assignment(self) -> npt.NDArray[np.int32]:
        """Territory per unit, -1 for none, [n]."""
        return self.live.assignment

    @property
    def account_territories(self) -> npt.NDArray[np.int32]:
        """Territory per account, in the order of ``account_ids``; -1 for none, [a]."""
        places = np.append(self.live.assignment, np.int32(-1))
        made: npt.NDArray[np.int32] = places[self.unit_of_account]
        return made

    @property
    def figures(self) -> LiveFigures:
        """The figures as they stand."""
        return self.live.figures

    @property
    def can_undo(self) -> bool:
        """Whether there is a move to take back."""
        return self.live.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a move that was taken back."""
        return self.live.can_redo

    def units(self, account_ids: Iterable[int]) -> Indices:
        """The units of some accounts, each once; accounts that are in none are left out.

        Raises:
            InputRefusedError: an account that does not exist.
        """
        rows = []
        for key in account_ids:
            if int(key) not in self._place:
                raise InputRefusedError(f"There is no account {int(key)}.")
            rows.append(self._place[int(key)])
        units = np.unique(self.unit_of_account[np.array(rows, dtype=np.intp)])
        return units[units >= 0]

    def territory(self, name: str) -> int:
        """The number of a territory.

        Raises:
            InputRefusedError: there is none of that name.
        """
        if name not in self.territory_names:
            raise InputRefusedError(f"{self.name} has no territory called {name!r}.")
        return self.territory_names.index(name)

    def preview(self, units: npt.NDArray[np.integer], territory: int) -> Effect:
        """What moving units would do; nothing changes."""
        return self.live.preview(units, territory)

    def move(self, units: npt.NDArray[np.integer], territory: int) -> Effect:
        """Move units; one step to undo."""
        return self.live.move(units, territory)

    def move_each(self, units: npt.NDArray[np.integer], territories: npt.NDArray[np.integer]) -> Effect:
        """Move each unit to a territory of its own; one step to undo."""
        return self.live.move_each(units, territories)

    def undo(self) -> Effect | None:
        """Take the last move back; None where there is none."""
        return self.live.undo()

    def redo(self) -> Effect | None:
        """Make the move again that was taken back last; None where there is none."""
        return self.live.redo()

    def issues(self) -> tuple[Issue, ...]:
        """Everything that is wrong now."""
        return self.live.issues()

    def why(self, unit: int) -> Why:
        """Why a unit is where it is, and what its next best places would cost."""
        return explain(self.live, unit)

    def suggest(self, territory: int, count: int = 5) -> tuple[Suggestion, ...]:
        """The best moves into or out of a territory."""
        return suggest_moves(self.live, territory, count)

    def accounts_of(self, units: npt.NDArray[np.integer]) -> list[int]:
        """Row ids of the accounts in some units."""
        inside = np.isin(self.unit_of_account, units)
        return [int(key) for key in self.account_ids[inside]]

    def moves_of(self, effect: Effect) -> list[tuple[str, list[int]]]:
        """What to hand to the job that stores moves: territory names with the accounts that went there."""
        made = []
        for number in np.unique(effect.targets).tolist():
            accounts = self.accounts_of(effect.units[effect.targets == number])
            if number >= 0 and accounts:
                made.append((self.territory_names[number], accounts))
        return made
