"""What the Data tab shows and asks for. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from salesops_desktop.model.entities import entity
from salesops_desktop.model.tables import Column, Table, ValueKind

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.tables import Browse, Contents
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs

MAX_BLANKS = 6
"""How many kinds of blanks the quality strip names."""


@dataclass(frozen=True, slots=True)
class EntityLine:
    """One line of the list at the left."""

    name: str
    plural: str
    rows: int


@dataclass(frozen=True, slots=True)
class Blank:
    """Rows without a value where one matters."""

    column: str
    label: str
    rows: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of one entity and what is missing in them."""

    table: Table
    blanks: tuple[Blank, ...] = ()
    void: frozenset[str] = frozenset()
    """Columns without a single value."""


@dataclass(frozen=True, slots=True)
class DataState:
    """Everything the tab shows."""

    entities: tuple[EntityLine, ...] = ()
    chosen: str = "account"
    shown: Shown | None = None
    loading: bool = False
    only: tuple[int, ...] | None = None
    """Row ids, when only some rows are shown."""
    why: str = ""
    """Why only some rows are shown."""
    fault: SalesOpsError | None = field(default=None, compare=False)

    @property
    def empty(self) -> bool:
        """Whether the workspace holds nothing at all."""
        return bool(self.entities) and not any(line.rows for line in self.entities)

    @property
    def rows(self) -> int:
        """How many rows of the chosen entity there are."""
        return next((line.rows for line in self.entities if line.name == self.chosen), 0)


class DataJobs(Protocol):
    """The jobs the tab asks for."""

    def contents(self, context: JobContext) -> Contents:
        """Count the records of each kind."""

    def browse(self, context: JobContext, entity_name: str, *, ids: list[int] | None = None) -> Browse:
        """Read the records of one kind."""


class _Jobs:
    """The jobs themselves, imported when the first one is asked for: the tab must not wait for them to draw."""

    def contents(self, context: JobContext) -> Contents:
        from salesops_desktop.jobs.tables import contents  # noqa: PLC0415  # heavy

        return contents(context)

    def browse(self, context: JobContext, entity_name: str, *, ids: list[int] | None = None) -> Browse:
        from salesops_desktop.jobs.tables import browse  # noqa: PLC0415  # heavy

        return browse(context, entity_name, ids=ids)


def missing_rows(column: Column) -> int:
    """How many rows of a column hold no value."""
    if column.missing is not None:
        return int(np.count_nonzero(column.missing))
    if column.kind is ValueKind.TEXT:
        return int(np.count_nonzero(np.equal(column.values, None)))  # type: ignore[call-overload]
    if column.kind in (ValueKind.DATE, ValueKind.DATETIME):
        return int(np.count_nonzero(np.isnat(column.values)))
    if column.kind in (ValueKind.NUMBER, ValueKind.FRACTION):
        return int(np.count_nonzero(np.isnan(column.values.astype(np.float64))))
    return 0


def void_columns(table: Table) -> frozenset[str]:
    """The columns that hold nothing at all."""
    return frozenset(c.name for c in table.columns if len(table) and missing_rows(c) == len(table))


def blanks_of(table: Table) -> tuple[Blank, ...]:
    """References, amounts and dates that some rows have and others lack, most first.

    A column that is empty throughout says nothing of the rows: the source did not have it.
    """
    spec = entity(table.entity)
    telling = {
        f.name
        for f in spec.fields
        # Not everybody has a manager or a parent company: a reference to the same kind may well end.
        if (f.reference and f.reference != spec.name) or f.kind in (ValueKind.MONEY, ValueKind.DATE) or f.required
    }
    found = []
    for column in table.columns:
        if column.name in telling:
            count = missing_rows(column)
            if 0 < count < len(table):
                found.append(Blank(column.name, column.label, count))
    return tuple(sorted(found, key=lambda blank: -blank.rows)[:MAX_BLANKS])


class DataPresenter:
    """Holds the state of the Data tab.

    Args:
        runner: runs the jobs.
        render: shows a state.
        jobs: the jobs, for tests.
    """

    def __init__(self, runner: RunsJobs, render: Callable[[DataState], None], jobs: DataJobs | None = None) -> None:
        self._runner = runner
        self._render = render
        self._jobs: DataJobs = jobs or _Jobs()
        self.state = DataState()

    def _become(self, state: DataState) -> None:
        self.state = state
        self._render(state)

    def opened(self) -> None:
        """A workspace is open: count its records and show the chosen ones."""
        self._become(replace(DataState(), chosen=self.state.chosen, loading=True))
        self._count()

    def closed(self) -> None:
        """No workspace is open."""
        self._become(replace(DataState(), chosen=self.state.chosen))

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed: count again, and read again when what is shown is among them or names them."""
        self._count(reload="*" in tables or bool(tables & self._behind(self.state.chosen)))

    @staticmethod
    def _behind(name: str) -> frozenset[str]:
        spec = entity(name)
        return frozenset({name, *(f.reference for f in spec.fields if f.reference)})

    def _count(self, *, reload: bool = True) -> None:
        def counted(contents: Contents) -> None:
            lines = tuple(EntityLine(each.name, each.plural, each.rows) for each in contents.entities)
            first = not self.state.entities
            self._become(replace(self.state, entities=lines))
            if first and not self.state.rows:
                self._choose_fullest()
            if reload or first:
                self._read()

        self._runner.run(self._jobs.contents, topic="data.count", on_done=counted, on_error=self._failed)

    def _choose_fullest(self) -> None:
        fullest = max(self.state.entities, key=lambda line: line.rows, default=None)
        if fullest is not None and fullest.rows:
            self._become(replace(self.state, chosen=fullest.name))

    def choose(self, name: str) -> None:
        """Show the records of one kind."""
        if name == self.state.chosen and self.state.only is None:
            return
        self._become(replace(self.state, chosen=name, only=None, why="", shown=None))
        self._read()

    def show_only(self, name: str, ids: Sequence[int], why: str) -> None:
        """Show some records of one kind: the rows behind a figure.

        Args:
            name: the entity.
            ids: their row ids.
            why: what they are, e.g. "Behind the win rate of September".
        """
        self._become(replace(self.state, chosen=name, only=tuple(ids), why=why, shown=None))
        self._read()

    def show_all(self) -> None:
        """Show all records of the chosen kind again."""
        self._become(replace(self.state, only=None, why="", shown=None))
        self._read()

    def _read(self) -> None:
        name, only = self.state.chosen, self.state.only
        self._become(replace(self.state, loading=True, fault=None))

        def look(context: JobContext) -> Shown:
            table = self._jobs.browse(context, name, ids=None if only is None else list(only)).table
            return Shown(table, blanks_of(table), void_columns(table))

        def shown(result: Shown) -> None:
            self._become(replace(self.state, shown=result, loading=False))

        self._runner.run(look, topic="data.rows", on_done=shown, on_error=self._failed)

    def _failed(self, fault: SalesOpsError) -> None:
        self._become(replace(self.state, loading=False, fault=fault))
