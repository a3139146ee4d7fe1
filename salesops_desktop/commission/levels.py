"""What a person's window brings besides credits: quota, target incentive, scores, attainments, gates and factors."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.exchange import ExchangeRates
from salesops_desktop.commission.lookups import cell
from salesops_desktop.commission.plan import (
    AxisKind,
    Basis,
    Component,
    Factor,
    Gate,
    Pays,
    Plan,
    RateTable,
    Score,
    TargetIncentive,
    TierMode,
)
from salesops_desktop.commission.quotas import QuotaBook, making_up
from salesops_desktop.commission.records import Unpaid
from salesops_desktop.commission.tiers import Terms
from salesops_desktop.expressions.rational import Rational
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM, convert, divide_half_up
from salesops_desktop.model.periods import Period

Ints = npt.NDArray[np.int64]
_ONE: Final = Fraction(1)
Attained = Callable[[int, str, dt.date], Fraction | None]
"""(person, component, last day) → what the component has attained by then of its quota; None without a quota."""


def needs_quota(table: RateTable) -> bool:
    """Whether a rate table is about a quota."""
    return table.basis is Basis.ATTAINMENT or (table.pays is Pays.TARGET and not table.stepped)


def tables_of(component: Component) -> tuple[RateTable, ...]:
    """The rate tables that may hold."""
    gate = component.gate
    return (component.rates,) if gate is None or gate.otherwise is None else (component.rates, gate.otherwise)


def levelled(component: Component) -> bool:
    """Whether a window pays something that no credit brings: gates, factors, and steps that begin at nothing."""
    if component.gate is not None or component.factors:
        return True
    return any(t.mode in (TierMode.STEP, TierMode.CURVE) and t.tiers[0].lower == 0 and t.tiers[0].rate
               for t in tables_of(component) if t.tiers)  # fmt: skip


class TargetBook:
    """Everybody's target incentive, as quotas are found: of the window itself, or the shorter ones within it."""

    def __init__(self, targets: Sequence[TargetIncentive], rates: ExchangeRates) -> None:
        self._rates = rates
        self._targets: dict[int, list[TargetIncentive]] = defaultdict(list)
        for entry in sorted(targets, key=lambda t: (t.person, t.end - t.start, t.start)):
            self._targets[entry.person].append(entry)

    def target(self, person: int, window: Period, currency: str) -> int | None:
        """Minor units of ``currency`` for exactly the days of ``window``; None when there is none."""
        chosen = making_up(self._targets.get(person, []), window)
        if not chosen:
            return None
        total = 0
        for entry in chosen:
            rate = self._rates.on(entry.currency, currency, entry.start)
            if rate == 0:
                return None
            total += convert(entry.amount, entry.currency, currency, rate)
        return total


class ScoreBook:
    """Everybody's scores: the one of the shortest stretch that holds the window's last day counts."""

    def __init__(self, scores: Sequence[Score]) -> None:
        self._scores: dict[tuple[int, str], list[Score]] = defaultdict(list)
        for score in sorted(scores, key=lambda s: (s.person, s.name, s.end - s.start, s.start)):
            self._scores[score.person, score.name].append(score)

    def score(self, person: int, name: str, day: dt.date) -> Fraction | None:
        """The score on ``day``, 1 for 100 %; None when there is none."""
        for score in self._scores.get((person, name), ()):
            if score.start <= day <= score.end:
                return Fraction(score.value, PPM)
        return None


@dataclass(frozen=True, slots=True)
class Level:
    """The state of one person's window for one component on one day."""

    quota: int
    target: int
    factor: Fraction
    open: bool
    missing: tuple[Unpaid, ...]
    why: str


STATELESS: Final = Level(0, 0, _ONE, open=True, missing=(), why="")
"""The state of any window where nothing depends on it."""


def stateless(component: Component) -> bool:
    """Whether a component pays the same whatever quota, target, scores and attainments a person has."""
    if component.gate is not None or component.factors:
        return False
    return not any(needs_quota(table) or table.pays is Pays.TARGET for table in tables_of(component))


@dataclass(frozen=True, slots=True)
class Levels:
    """Finds the state of windows.

    Attributes:
        quotas: everybody's quotas.
        targets: everybody's target incentives.
        scores: everybody's scores.
        attained: what a component has attained.
    """

    quotas: QuotaBook
    targets: TargetBook
    scores: ScoreBook
    attained: Attained

    def level(self, plan: Plan, component: Component, person: int, window: Period, day: dt.date) -> Level:
        """The state of ``person``'s ``window`` at the end of ``day``."""
        missing: list[Unpaid] = []
        said: list[str] = []
        of_quota = of_target = False
        for table in tables_of(component):
            of_quota = of_quota or needs_quota(table)
            of_target = of_target or table.pays is Pays.TARGET
        quota = target = 0
        if of_quota:
            quota = self.quotas.target(person, component.quota, window, plan.currency)
            if quota == 0:
                missing.append(Unpaid.NO_QUOTA)
        if of_target:
            found = self.targets.target(person, window, plan.currency)
            if found is None:
                missing.append(Unpaid.NO_TARGET)
            target = divide_half_up((found or 0) * component.weight, PPM)
        if component.gate is None and not component.factors:
            return Level(quota, target, _ONE, open=True, missing=tuple(missing), why="")
        factor = _ONE
        for one in component.factors:
            value = self._factor(one, person, day, missing)
            said.append(f"{one.name} {_percent(value)}")
            factor *= value
        is_open = component.gate is None or self._opened(component.gate, person, day, said, missing)
        return Level(quota, target, factor, is_open, tuple(missing), ", ".join(said))

    def _factor(self, factor: Factor, person: int, day: dt.date, missing: list[Unpaid]) -> Fraction:
        if factor.table is None:
            return self._score(factor.name, factor.missing, person, day, missing)
        values = []
        for axis in factor.table.axes:
            if axis.kind is AxisKind.SCORE:
                values.append(self._score(axis.by, factor.missing, person, day, missing))
                continue
            attained = self.attained(person, axis.by, day)
            if attained is None:
                missing.append(Unpaid.NO_QUOTA)
            values.append(attained or Fraction(0))
        return Fraction(cell(factor.table, values), PPM)

    def _score(
        self, name: str, otherwise: int | None, person: int, day: dt.date, missing: list[Unpaid]
    ) -> Fraction:  # fmt: skip
        found = self.scores.score(person, name, day)
        if found is None and otherwise is None:
            missing.append(Unpaid.NO_SCORE)
            return Fraction(0)
        return Fraction(otherwise or 0, PPM) if found is None else found

    def _opened(self, gate: Gate, person: int, day: dt.date, said: list[str], missing: list[Unpaid]) -> bool:
        opened = True
        for name in gate.components:
            attained = self.attained(person, name, day)
            if attained is None:
                missing.append(Unpaid.NO_QUOTA)
                attained = Fraction(0)
            opened &= attained * PPM >= gate.attainment
            said.append(f"{name} at {_percent(attained)}")
        return opened


def _percent(value: Fraction) -> str:
    return f"{float(value):.1%}"


@dataclass(frozen=True, slots=True)
class Columns:
    """What windows bring, one entry for each: ``factor / factor_of``, and 1 where the gate is open."""

    quota: Ints
    target: Ints
    factor: Ints
    factor_of: Ints
    open: Ints


def tables_in_force(component: Component, is_open: Ints) -> Iterator[tuple[RateTable, npt.NDArray[np.intp]]]:
    """The rate tables that hold, with the places each holds for; a closed gate without rates pays nothing.

    Args:
        component: what pays.
        is_open: 1 where its own rates hold, 0 where its gate is closed.
    """
    opened, gate = np.flatnonzero(is_open == 1), component.gate
    if len(opened):
        yield component.rates, opened
    closed = np.flatnonzero(is_open == 0)
    if len(closed) and gate is not None and gate.otherwise is not None:
        yield gate.otherwise, closed


def terms_of(levels: Sequence[Level], inverse: npt.NDArray[np.intp]) -> tuple[Terms, Columns]:
    """The terms of the windows, and the same as columns.

    Args:
        levels: of each window.
        inverse: the window of each line.

    Raises:
        InputRefusedError: a product of factors is too fine to be kept exactly.
    """
    fine = [level.factor for level in levels if level.factor.denominator > 2**62]
    if fine:
        raise InputRefusedError(
            f"The factors multiply to {fine[0]}, which is too fine to be kept exactly.",
            way_out="Give scores and factors with fewer digits.",
        )
    quota, target, num, den, is_open = (
        np.array(values, dtype=np.int64)
        for values in (
            [level.quota for level in levels],
            [level.target for level in levels],
            [level.factor.numerator for level in levels],
            [level.factor.denominator for level in levels],
            [level.open for level in levels],
        )
    )
    terms = Terms(_once(quota), _once(target), Rational(_once(num), _once(den)), inverse)
    return terms, Columns(quota, target, num, den, is_open)


def _once(found: Ints) -> Ints:
    """The values; a single one where all are the same."""
    return found[:1] if len(found) and (found == found[0]).all() else found
