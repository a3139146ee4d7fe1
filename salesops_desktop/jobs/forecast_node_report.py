"""What the forecast of a hierarchy tells: the tree, each node and its past, the race of the ways to add up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.hierarchy import Hierarchy
from salesops_desktop.forecast.methods import BY_ID
from salesops_desktop.forecast.panel import NAIVE
from salesops_desktop.forecast.reconciliation_race import LABELS
from salesops_desktop.jobs.forecast_lines import THOUSANDTHS, Source
from salesops_desktop.model.periods import Period, PeriodKind
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

Matrix = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Node:
    """One element of the tree; number 0 is the company."""

    number: int
    parent: int
    """-1 for the company."""
    level: int
    dimension: str
    """``company``, ``region``, ``person``, ``region × family``."""
    label: str
    key: Mapping[str, str]
    """Level → value, from the top."""
    person_id: int | None


@dataclass(frozen=True, slots=True)
class FixedNumber:
    """An accepted override: who fixed which node's period at what."""

    judgement_id: int
    node: int
    step: int
    amount: int
    who: str
    reason: str


@dataclass(frozen=True, eq=False)
class NodesReport:
    """The forecast of n nodes from t periods, h ahead. Values are minor units, or thousandths where no currency is.

    Attributes:
        as_of: the day of knowledge.
        period: the length of the periods.
        source: what the series are made of.
        measure: as asked.
        currency: of the values; None where they are no money.
        levels: as asked.
        level_names: one per level of the tree, the company's first.
        periods: the t complete periods.
        future: the h periods ahead.
        nodes: the tree, parents before children.
        history: (n, t) what came; adds up.
        mean: (n, h) the model's forecast; adds up.
        adjusted: (n, h) the same with the accepted overrides, which it holds exactly; adds up.
        base: (n, h) each node's own forecast before it was made to add up.
        lower: per level in per cent, (n, h) lower ends around ``mean``; empty where nothing could be back-tested.
        upper: per level, (n, h).
        total_lower: per level, (n,) lower ends of the sum over the horizon.
        total_upper: per level, (n,).
        method: (n,) ids of the chosen methods.
        errors: (n, o, h) forecast − actual from o earlier dates; NaN where nothing came yet.
        known: (o,) how many periods each of these dates knew.
        coverage: ``level``, ``interval``, ``held``, ``n`` of the back-test.
        reconciliation: id of the way the levels were made to add up.
        race: ``method``, ``label``, ``level``, ``wape``, ``against_base``, ``n`` of all ways.
        fixed: the accepted overrides that were honoured.
        node_notes: per node, what to beware of.
        partial: the running period, and (n,) what came in it so far.
        notes: what was chosen, left out, and how good it was.
        hierarchy: the engine's.
        forecast_id: where it was kept.
    """

    as_of: dt.date
    period: PeriodKind
    source: Source
    measure: str
    currency: str | None
    levels: tuple[str, ...]
    level_names: tuple[str, ...]
    periods: tuple[Period, ...]
    future: tuple[Period, ...]
    nodes: tuple[Node, ...]
    history: Matrix
    mean: Matrix
    adjusted: Matrix
    base: npt.NDArray[np.float64]
    lower: dict[int, Matrix]
    upper: dict[int, Matrix]
    total_lower: dict[int, Matrix]
    total_upper: dict[int, Matrix]
    method: tuple[str, ...]
    errors: npt.NDArray[np.float64]
    known: npt.NDArray[np.intp]
    coverage: pd.DataFrame
    reconciliation: str
    race: pd.DataFrame
    fixed: tuple[FixedNumber, ...]
    node_notes: tuple[tuple[str, ...], ...]
    partial: tuple[Period, Matrix] | None
    notes: tuple[str, ...]
    hierarchy: Hierarchy
    forecast_id: int | None = None

    @cached_property
    def _below(self) -> dict[int, tuple[int, ...]]:
        found: dict[int, list[int]] = {}
        for node in self.nodes:
            found.setdefault(node.parent, []).append(node.number)
        return {parent: tuple(numbers) for parent, numbers in found.items()}

    def children(self, number: int) -> tuple[int, ...]:
        """The nodes shown below a node."""
        return self._below.get(number, ())

    def method_label(self, number: int) -> str:
        """The name of a node's method on screen."""
        method = self.method[number]
        return BY_ID[method].label if method in BY_ID else method.replace("_", " ").capitalize()

    def naive_wins(self, number: int) -> bool:
        """Whether no method beat a naive one on the node's own past."""
        return self.method[number] in NAIVE

    def wape(self, number: int) -> float | None:
        """Σ|forecast − actual| ÷ Σ|actual| of the node's back-test; None where nothing could be judged."""
        errors = self.errors[number]
        judged = ~np.isnan(errors)
        size = float(np.abs(self._came(number)[judged]).sum())
        return float(np.abs(errors[judged]).sum()) / size if size else None

    def _came(self, number: int) -> npt.NDArray[np.float64]:
        """(o, h) what came where the back-test forecast; NaN where nothing did yet."""
        row = np.append(self.history[number].astype(np.float64), np.nan)
        places = np.minimum(self.known[:, None] + np.arange(len(self.future)), len(self.periods))
        return np.asarray(row[places])

    def summary(self) -> Sequence[str]:
        """What was forecast, how it was made to add up, what to beware of."""
        naive = sum(self.naive_wins(node.number) for node in self.nodes)
        said = [f"{len(self.nodes):,} nodes on {len(self.level_names)} levels as of {self.as_of}.", *self.notes]
        if naive:
            said.append(f"A naive method won at {naive:,} of them: beware of reading a pattern into these.")
        if self.fixed:
            said.append(f"{len(self.fixed):,} accepted overrides are honoured exactly, beside the model.")
        return said

    def tables(self) -> Sequence[Table]:
        """The tree, the race of the ways to add up, the coverage of the intervals."""
        return [self.tree(), self.race_table(), self.coverage_table()]

    def _amount(self, name: str, label: str, description: str = "") -> ColumnSpec:
        kind = ValueKind.NUMBER if self.currency is None else ValueKind.MONEY
        return ColumnSpec(name, label, kind, self.currency, description=description)

    def _shown(self, value: float) -> float | int:
        return value / THOUSANDTHS if self.currency is None else round(value)

    def tree(self) -> Table:
        """One row per node in the order of the tree; keys are the nodes' numbers."""
        text, share = ValueKind.TEXT, ValueKind.FRACTION
        specs = [
            ColumnSpec("node", "Node", text), ColumnSpec("level", "Level", text),
            self._amount("last", "Last year", "What the same periods brought a year before, as far as known."),
            self._amount("mean", "Forecast"), self._amount("low80", "Low 80 %"), self._amount("high80", "High 80 %"),
            self._amount("adjusted", "With overrides"),
            ColumnSpec("method", "Method", text), ColumnSpec("naive", "Naive wins", ValueKind.BOOLEAN),
            ColumnSpec("wape", "Back-test error", share, digits=1),
            ColumnSpec("notes", "Notes", text),
        ]  # fmt: skip
        rows = [self._row(number, depth) for number, depth in self._walk()]
        table = build_table("Nodes", specs, rows)
        keys = np.array([number for number, _ in self._walk()], dtype=np.int64)
        return Table(table.title, table.columns, "", keys)

    def _walk(self) -> list[tuple[int, int]]:
        found = []
        stack = [(0, 0)]
        while stack:
            number, depth = stack.pop()
            found.append((number, depth))
            stack += [(child, depth + 1) for child in reversed(self.children(number))]
        return found

    def _row(self, number: int, depth: int) -> tuple[object, ...]:
        node = self.nodes[number]
        ends = [side[80][number] if 80 in side else None for side in (self.total_lower, self.total_upper)]
        return (
            "  " * depth + node.label, node.dimension, self._last_year(number),
            self._shown(int(self.mean[number].sum())), *(None if e is None else self._shown(int(e)) for e in ends),
            self._shown(int(self.adjusted[number].sum())), self.method_label(number), self.naive_wins(number),
            self.wape(number), " ".join(self.node_notes[number]),
        )  # fmt: skip

    def _last_year(self, number: int) -> float | int | None:
        season = {PeriodKind.WEEK: 52, PeriodKind.MONTH: 12, PeriodKind.QUARTER: 4, PeriodKind.YEAR: 1}[self.period]
        start = len(self.periods) - season
        if start < 0:
            return None
        return self._shown(int(self.history[number, start : start + min(len(self.future), season)].sum()))

    def points(self, number: int | None = None) -> Table:
        """One row per node and period ahead, or of one node alone."""
        text = ValueKind.TEXT
        names = [(side, level) for level in sorted(self.lower) for side in ("low", "high")]
        specs = [
            ColumnSpec("node", "Node", text), ColumnSpec("period", "Period", text), self._amount("mean", "Forecast"),
            *(self._amount(f"{side}{level}", f"{side.title()} {level} %") for side, level in names),
            self._amount("adjusted", "With overrides"),
        ]  # fmt: skip
        sides = {"low": self.lower, "high": self.upper}
        rows = [
            (
                self.nodes[n].label, p.label, self._shown(int(self.mean[n, i])),
                *(self._shown(int(sides[side][level][n, i])) for side, level in names),
                self._shown(int(self.adjusted[n, i])),
            )
            for n in (range(len(self.nodes)) if number is None else [number])
            for i, p in enumerate(self.future)
        ]  # fmt: skip
        return build_table("Forecast by node and period", specs, rows)

    def backtest_of(self, number: int) -> Table:
        """Each earlier date's forecast of a node against what came."""
        specs = [
            ColumnSpec("origin", "Known up to", ValueKind.TEXT), ColumnSpec("period", "Period", ValueKind.TEXT),
            ColumnSpec("ahead", "Periods ahead", ValueKind.INTEGER), self._amount("forecast", "Forecast"),
            self._amount("actual", "Actual"), self._amount("error", "Error"),
        ]  # fmt: skip
        came, errors = self._came(number), self.errors[number]
        rows = [
            (
                self.periods[known - 1].label, self.periods[known + step].label, step + 1,
                self._shown(came[o, step] + errors[o, step]), self._shown(came[o, step]),
                self._shown(errors[o, step]),
            )
            for o, known in enumerate(self.known.tolist())
            for step in range(len(self.future))
            if not np.isnan(errors[o, step])
        ]  # fmt: skip
        return build_table(f"Back-test of {self.nodes[number].label}", specs, rows)

    def race_table(self) -> Table:
        """The ways to add up by level."""
        share = ValueKind.FRACTION
        specs = [
            ColumnSpec("label", "Way to add up", ValueKind.TEXT), ColumnSpec("chosen", "Chosen", ValueKind.BOOLEAN),
            ColumnSpec("level", "Level", ValueKind.TEXT),
            ColumnSpec("wape", "Error", share, digits=1, description="Σ|forecast − actual| ÷ Σ|actual|."),
            ColumnSpec("against_base", "Against each by itself", share, digits=1),
            ColumnSpec("n", "Forecasts judged", ValueKind.INTEGER),
        ]  # fmt: skip
        rows = [
            (LABELS.get(r["method"], r["label"]), r["method"] == self.reconciliation, r["level"], r["wape"],
             r["against_base"], r["n"])
            for r in self.race.to_dict("records")
        ]  # fmt: skip
        return build_table("Ways to add up", specs, rows)

    def coverage_table(self) -> Table:
        """How many actuals the intervals held in the back-test, by level."""
        specs = [
            ColumnSpec("level", "Level", ValueKind.TEXT), ColumnSpec("interval", "Interval (%)", ValueKind.INTEGER),
            ColumnSpec("held", "Held", ValueKind.FRACTION, digits=1), ColumnSpec("n", "Of", ValueKind.INTEGER),
        ]  # fmt: skip
        rows = [(r["level"], r["interval"], r["held"], r["n"]) for r in self.coverage.to_dict("records")]
        return build_table("Intervals in the back-test", specs, rows)
