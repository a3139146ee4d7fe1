"""Editing a scenario by hand: figures follow at once, what is stored follows them. Plain Python: no Qt in here."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesops_desktop.jobs.territory_reports import BeforeAfter
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.tabs.territories.picture import Picture
    from salesops_desktop.ui.tabs.territories.presenter import Shown

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
NOWHERE = -1


class Figures(Protocol):
    """The figures of an assignment at one moment, per territory of the desk."""

    totals: Mapping[str, Floats]
    deviation: Mapping[str, Floats]
    balance: Mapping[str, float]
    counts: npt.NDArray[np.integer[Any]]
    territory_km: Floats
    mean_km: float
    pieces: npt.NDArray[np.integer[Any]]
    moved_count: int
    moved_totals: Mapping[str, float]


class Effect(Protocol):
    """What a move does, or would do."""

    before: Figures
    after: Figures
    breaks: Sequence[Any]
    mends: Sequence[Any]
    worsens: Sequence[Any]

    def summary(self) -> Sequence[str]:
        """The same in sentences."""


class Desk(Protocol):
    """A scenario under edit; kept in memory, reads the workspace only when it is opened."""

    scenario: int
    account_ids: npt.NDArray[np.int64]
    territory_names: Sequence[str]
    figures: Figures

    @property
    def account_territories(self) -> npt.NDArray[np.integer[Any]]:
        """The number of each account's territory, -1 for none."""

    def units(self, account_ids: Any) -> npt.NDArray[np.integer[Any]]:
        """The rows of accounts."""

    def accounts_of(self, units: Any) -> list[int]:
        """The accounts of rows."""

    def territory(self, name: str) -> int:
        """The number of a territory."""

    def preview(self, units: Any, territory: int) -> Effect:
        """What a move would do."""

    def move(self, units: Any, territory: int) -> Effect:
        """Move."""

    def undo(self) -> Effect | None:
        """Take the last move back."""

    def issues(self) -> Sequence[Any]:
        """What is broken as it stands."""

    def why(self, unit: int) -> Any:
        """Why an account is where it is, and what the next best places cost."""

    def suggest(self, territory: int, count: int = 5) -> Sequence[Any]:
        """Moves that would help a territory."""


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """A scenario after edits that are being stored.

    Attributes:
        place: row in the picture's names per account, as the picture has them; -1 for none.
        balance: the figures of the whole.
        territories: the report's table with the figures of each.
        issues: what is broken, in sentences.
    """

    place: Ints
    balance: tuple[BeforeAfter, ...]
    territories: Table
    issues: tuple[str, ...]


def places_at(desk: Desk, picture: Picture) -> Ints:
    """Where the desk has each account of a picture: row in the picture's names, -1 for none."""
    row_of = {name: row for row, name in enumerate(picture.names)}
    rows = np.array([*(row_of.get(name, NOWHERE) for name in desk.territory_names), NOWHERE], dtype=np.int64)
    order = np.argsort(desk.account_ids, kind="stable")
    at = np.searchsorted(desk.account_ids, picture.keys, sorter=order)
    at = order[np.minimum(at, len(order) - 1)]
    known = desk.account_ids[at] == picture.keys
    return np.where(known, rows[desk.account_territories[at].astype(np.int64)], NOWHERE)


def live_of(desk: Desk, shown: Shown) -> Live:
    """The scenario shown, with the figures of the desk."""
    return Live(
        places_at(desk, shown.picture),
        live_balance(desk, shown),
        live_territories(desk, shown),
        tuple(str(issue.sentence) for issue in desk.issues()),
    )


def live_balance(desk: Desk, shown: Shown) -> tuple[BeforeAfter, ...]:
    """The figures of the whole, as the desk has them."""
    figures = desk.figures
    total = max(len(shown.report.accounts), 1)
    there = figures.counts > 0
    now = {
        "Mean distance to the person's home or centre": figures.mean_km,
        "Territories in one piece": float((figures.pieces[there] <= 1).mean()) if there.any() else 1.0,
        "Accounts that change hands": figures.moved_count / total,
    }
    for name, worst in figures.balance.items():
        now[f"Largest deviation in {name}"] = worst
    for label, column in (("Potential", "potential"), ("Open pipeline", "open")):
        moved = figures.moved_totals.get(column)
        if moved is not None and column in shown.report.accounts.names:
            known = float(shown.report.accounts[column].values.astype(np.float64).sum())
            now[f"{label} that changes hands"] = float(moved) / known if known > 0 else 0.0
    return tuple(replace(each, after=float(now.get(each.label, each.after))) for each in shown.report.balance)


def live_territories(desk: Desk, shown: Shown) -> Table:
    """The table of territories with the desk's figures in it."""
    table, figures = shown.report.territories, desk.figures
    row_of = {name: row for row, name in enumerate(desk.territory_names)}
    rows = np.array([row_of.get(str(name), NOWHERE) for name in table["territory"].values], dtype=np.int64)
    known = rows >= 0
    fresh: dict[str, npt.NDArray[Any]] = {
        "accounts": figures.counts,
        "km": figures.territory_km,
        "pieces": figures.pieces,
    }
    for name, sums in figures.totals.items():
        fresh[name] = sums
        fresh[f"{name}_off"] = figures.deviation[name]
    columns = []
    for column in table.columns:
        if column.name in fresh:
            values = column.values.copy()
            taken = np.asarray(fresh[column.name])[rows[known]]
            values[known] = np.round(taken) if np.issubdtype(values.dtype, np.integer) else taken
            columns.append(replace(column, values=values))
        else:
            columns.append(column)
    return replace(table, columns=tuple(columns))


class Editor:
    """Holds the desk of the scenario shown, if there is one."""

    def __init__(self) -> None:
        self.desk: Desk | None = None
        self.lock = threading.RLock()
        """Held by who asks or moves: questions are answered on threads of their own."""

    def close(self) -> None:
        """There is nothing to edit any more."""
        self.desk = None

    def ready(self, scenario: int | None) -> bool:
        """Whether the scenario can be edited at the desk."""
        return self.desk is not None and self.desk.scenario == scenario

    def agrees(self, shown: Shown) -> bool:
        """Whether the desk has every account where a scenario has it."""
        desk = self.desk
        if desk is None or desk.scenario != shown.report.scenario:
            return False
        return bool(np.array_equal(places_at(desk, shown.picture), shown.picture.place))

    def preview(self, accounts: Sequence[int], territory: str) -> Effect | None:
        """What moving accounts to a territory would do; None without a desk."""
        if self.desk is None or territory not in self.desk.territory_names:
            return None
        with self.lock:
            units = self.desk.units(np.asarray(accounts, dtype=np.int64))
            return self.desk.preview(units, self.desk.territory(territory))

    def with_units(self, accounts: Sequence[int]) -> list[int]:
        """The accounts with those that are handed out together with them: in a design of areas, all of the area."""
        assert self.desk is not None
        units = self.desk.units(np.asarray(accounts, dtype=np.int64))
        return sorted({*accounts, *self.desk.accounts_of(units)})

    def move(self, accounts: Sequence[int], territory: str) -> Effect | None:
        """Move accounts to a territory, at the desk only; None without one."""
        if self.desk is None or territory not in self.desk.territory_names:
            return None
        with self.lock:
            units = self.desk.units(np.asarray(accounts, dtype=np.int64))
            return self.desk.move(units, self.desk.territory(territory))
