"""Why an account is where it is, or what would help a territory. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

if TYPE_CHECKING:
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tabs.territories.presenter import TerritoryPresenter, TerritoryState
    from salesops_desktop.ui.tasks import RunsJobs


@dataclass(frozen=True, slots=True)
class Told:
    """What the desk says.

    Attributes:
        about: the account or territory.
        sentences: the reasons, the strongest first.
        options: other places of the account, or moves that help the territory, the best first.
        moves: per option, the account ids that would move and the territory they would go to.
    """

    about: str
    sentences: tuple[str, ...]
    options: Table
    moves: tuple[tuple[tuple[int, ...], str], ...]


@dataclass(frozen=True, slots=True)
class WhyState:
    """What the pane shows: what was told, or what to do to be told something."""

    told: Told | None = None
    busy: bool = False


class WhyPresenter:
    """Asks the desk about what is picked.

    Args:
        runner: runs what may take long.
        main: the tab's presenter, with the desk.
        render: shows a state.
        fail: shows a fault.
    """

    def __init__(
        self,
        runner: RunsJobs,
        main: TerritoryPresenter,
        render: Callable[[WhyState], None],
        fail: Callable[[SalesOpsError], None],
    ) -> None:
        self._runner, self._main, self._render, self._fail = runner, main, render, fail
        self._asked: object = None
        self.state = WhyState()

    def _become(self, state: WhyState) -> None:
        self.state = state
        self._render(state)

    def look_at(self, state: TerritoryState) -> None:
        """The pane is in front: say why, where one account or one territory is picked."""
        picked = state.selection
        one_account = len(picked.accounts) == 1 and not picked.territories
        one_territory = len(picked.territories) == 1
        if state.shown is None or not state.editable or not (one_account or one_territory):
            self._asked = None
            self._become(WhyState())
            return
        asked = (picked.accounts if one_account else picked.territories, id(state.shown))
        if asked == self._asked:
            return
        self._asked = asked
        self._become(WhyState(busy=True))
        editor = self._main.editor

        def work(_context: Any) -> Told:
            return _why(editor, picked.accounts[0]) if one_account else _advice(editor, picked.territories[0])

        def told(answer: Told) -> None:
            if asked == self._asked:
                self._become(WhyState(answer))

        def failed(fault: SalesOpsError) -> None:
            self._become(WhyState())
            self._fail(fault)

        self._runner.run(work, lane="free", topic="territories.why", on_done=told, on_error=failed)

    def do(self, option: int) -> None:
        """Make the move of an option."""
        if self.state.told is not None and 0 <= option < len(self.state.told.moves):
            accounts, territory = self.state.told.moves[option]
            self._main.move(territory, accounts)


def _why(editor: Any, account: int) -> Told:
    """Why one account is where it is, and its other places."""
    with editor.lock:
        desk = editor.desk
        found = desk.units([account])
        answer = desk.why(int(found[0]))
        family = tuple(desk.accounts_of(list(answer.family)))
    names = list(answer.alternatives[0].deviation) if answer.alternatives else []
    specs = [
        ColumnSpec("territory", "Next best", ValueKind.TEXT),
        ColumnSpec("km", "Away (km)", ValueKind.NUMBER, digits=0),
        ColumnSpec("change_km", "Costs (km of the mean)", ValueKind.NUMBER, digits=3),
        *(ColumnSpec(f"off{i}", f"{n.capitalize()} there", ValueKind.FRACTION, digits=1) for i, n in enumerate(names)),
        *(
            ColumnSpec(f"worst{i}", f"{n.capitalize()}: worst grows by", ValueKind.FRACTION, digits=2)
            for i, n in enumerate(names)
        ),
        ColumnSpec("home", "Owner today", ValueKind.BOOLEAN),
        ColumnSpec("breaks", "Breaks", ValueKind.TEXT),
    ]
    rows = [
        (
            desk.territory_names[each.territory], each.km, each.change_km, *(each.deviation[n] for n in names),
            *(each.change_balance[n] for n in names), each.back_home,
            " ".join(str(issue.sentence) for issue in each.breaks) or None,
        )
        for each in answer.alternatives
    ]  # fmt: skip
    place = desk.territory_names[answer.territory] if answer.territory >= 0 else ""
    moves = tuple((family, desk.territory_names[each.territory]) for each in answer.alternatives)
    return Told(place, tuple(answer.sentences), build_table("Other places", specs, rows), moves)


def _advice(editor: Any, territory: str) -> Told:
    """Moves that would help one territory."""
    with editor.lock:
        desk = editor.desk
        found = desk.suggest(desk.territory(territory))
        moves = tuple((tuple(desk.accounts_of(each.units)), desk.territory_names[each.target]) for each in found)
    specs = [
        ColumnSpec("what", "Move", ValueKind.TEXT),
        ColumnSpec("source", "From", ValueKind.TEXT),
        ColumnSpec("target", "To", ValueKind.TEXT),
    ]
    names = desk.territory_names
    rows = [(each.sentence, names[each.source] if each.source >= 0 else None, names[each.target]) for each in found]
    said = () if found else ("No single move makes this territory better without making another worse.",)
    return Told(territory, said, build_table("Moves that help", specs, rows), moves)
