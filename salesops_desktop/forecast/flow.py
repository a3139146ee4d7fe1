"""How the pipeline flows: what covers the target, how fast it turns into money, what comes in and what ages."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import allocate
from salesops_desktop.model.periods import Period

Ints = npt.NDArray[np.int64]

AGE_EDGES = (30, 60, 90, 180, 365)
"""Days up to which each age class reaches; the last class is open."""

FACTORS = ("deals", "win_rate", "won_value", "cycle")
"""The four factors of velocity, in the order of its formula."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often the open pipeline of a period covers what is still to be won in it.

    Attributes:
        open_minor: numerator: Σ open deals due in the period, omitted ones not counted.
        open_deals: how many.
        target_minor: the target of the period; None without one.
        won_minor: won in the period so far.
        gap_minor: denominator: target − won; None without a target, not below 0.
        coverage: open ÷ gap; None without a target or where it is reached.
        won_closed_minor: value won of the deals closed in the window of the win rate.
        closed_minor: value of all deals closed in it.
        value_win_rate: won ÷ closed value; None where nothing was closed.
        needed: 1 ÷ value win rate: the coverage at which that rate just meets the gap; None where nothing was won.
    """

    open_minor: int
    open_deals: int
    target_minor: int | None
    won_minor: int
    gap_minor: int | None
    coverage: float | None
    won_closed_minor: int
    closed_minor: int
    value_win_rate: float | None
    needed: float | None


def coverage(
    open_minor: int, open_deals: int, *, target_minor: int | None, won_minor: int, closed: pd.DataFrame
) -> Coverage:
    """Coverage, and the coverage needed at the value win rate of the same population.

    Args:
        open_minor: Σ open deals due in the period.
        open_deals: how many.
        target_minor: the period's target; None without one.
        won_minor: won in the period so far.
        closed: the deals closed in the window of the win rate: ``status`` (won, lost), ``worth_minor`` (int: the amount
            of won ones, what lost ones were thought worth).
    """
    worth = closed["worth_minor"].to_numpy(np.int64)
    won = int(worth[(closed["status"] == "won").to_numpy(np.bool_)].sum())
    whole = int(worth.sum())
    gap = None if target_minor is None else max(target_minor - won_minor, 0)
    return Coverage(
        open_minor,
        open_deals,
        target_minor,
        won_minor,
        gap,
        open_minor / gap if gap else None,
        won,
        whole,
        won / whole if whole > 0 else None,
        whole / won if won > 0 else None,
    )


@dataclass(frozen=True, slots=True)
class Velocity:
    """Value per day: deals × win rate × average won value ÷ cycle days, all four of the deals closed in one period.

    Attributes:
        deals: won and lost in the period.
        won: of these, won.
        won_minor: their value.
        cycle_days: mean days from creation to winning.
        per_day: Σ won value ÷ cycle days, which is what the formula comes to; None where nothing was won in time.
    """

    deals: int
    won: int
    won_minor: int
    cycle_days: float
    per_day: float | None

    @property
    def factors(self) -> tuple[float, float, float, float]:
        """Deals, win rate, average won value (minor units), 1 ÷ cycle days; NaN where there is none."""
        if not self.deals or not self.won:
            return (float(self.deals), math.nan, math.nan, math.nan)
        cycle = 1 / self.cycle_days if self.cycle_days > 0 else math.nan
        return (float(self.deals), self.won / self.deals, self.won_minor / self.won, cycle)


def velocity(closed: pd.DataFrame) -> Velocity:
    """The velocity of the deals closed in a period (closed basis).

    All four factors count the same deals, or the formula would not multiply: those with a creation date not after
    their close date, and, if won, an amount.

    Args:
        closed: ``status`` (won, lost), ``amount_minor`` (int or NA), ``created_on``, ``close_on`` (dates).
    """
    days = (closed["close_on"] - closed["created_on"]).dt.days
    won = closed["status"] == "won"
    usable = (days >= 0) & (~won | closed["amount_minor"].notna())
    winners = usable & won
    value = int(closed.loc[winners, "amount_minor"].sum())
    cycle = float(days[winners].mean()) if winners.any() else math.nan
    per_day = value / cycle if winners.any() and cycle > 0 else None
    return Velocity(int(usable.sum()), int(winners.sum()), value, cycle, per_day)


def decompose(before: Velocity, after: Velocity) -> pd.DataFrame:
    """What each factor did to the velocity between two periods, exactly.

    ln V is the sum of the logarithms of the four factors (the cycle's negative), so that Δ ln V is the sum of theirs.
    In money each factor gets the change's share Δ ln factor ÷ Δ ln V (logarithmic mean Divisia index; Ang 2004),
    which leaves no rest; whole minor units per day by largest remainder.

    Returns:
        One row per factor: ``factor``, ``before``, ``after``, ``log_change``, ``change_minor`` (per day); empty where
        either velocity is unknown.
    """
    columns = ["factor", "before", "after", "log_change", "change_minor"]
    if not before.per_day or not after.per_day or before.per_day <= 0 or after.per_day <= 0:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    logs = [math.log(new / old) for old, new in zip(before.factors, after.factors, strict=True)]
    change = round(after.per_day) - round(before.per_day)
    total = math.log(after.per_day / before.per_day)
    mean = after.per_day if abs(total) < 1e-12 else (after.per_day - before.per_day) / total
    exact = [mean * part for part in logs]
    parts = _rounded(exact, change)
    shown = [(*before.factors[:3], before.cycle_days), (*after.factors[:3], after.cycle_days)]
    rows = [(name, shown[0][i], shown[1][i], logs[i], parts[i]) for i, name in enumerate(FACTORS)]
    return pd.DataFrame(rows, columns=columns)


def _rounded(parts: Sequence[float], total: int) -> list[int]:
    """Whole numbers next to ``parts`` that sum to ``total``: floors, and the rest to the largest fractions."""
    floors = [math.floor(part) for part in parts]
    rest = total - sum(floors)
    if rest <= 0:
        floors[max(range(len(parts)), key=lambda i: abs(parts[i]))] += rest
        return floors
    weights = [round((part - floor) * 1_000_000) for part, floor in zip(parts, floors, strict=True)]
    extra = allocate(rest, weights if any(weights) else [1] * len(parts))
    return [floor + more for floor, more in zip(floors, extra, strict=True)]


def creation(deals: pd.DataFrame, periods: Sequence[Period]) -> pd.DataFrame:
    """What was created in each period, and what became of it by now.

    Args:
        deals: ``status``, ``created_on``, ``worth_minor`` (int).
        periods: in order.

    Returns:
        One row per period: ``period``, ``deals``, ``amount_minor``, ``won``, ``lost``, ``open``, ``win_rate``
        (cohort: won ÷ created, still maturing while deals are open; NaN where none was created).
    """
    rows = []
    for period in periods:
        mine = deals[deals["created_on"].between(pd.Timestamp(period.start), pd.Timestamp(period.end))]
        counts = mine["status"].value_counts()
        won, lost, waiting = (int(counts.get(name, 0)) for name in ("won", "lost", "open"))
        rate = won / len(mine) if len(mine) else math.nan
        rows.append((period.label, len(mine), int(mine["worth_minor"].sum()), won, lost, waiting, rate))
    return pd.DataFrame(rows, columns=["period", "deals", "amount_minor", "won", "lost", "open", "win_rate"])


def ageing(created: pd.Series[pd.Timestamp], worth: Ints, day: dt.date) -> pd.DataFrame:
    """The open deals by age on ``day``.

    Args:
        created: (n,) creation dates, NaT where unknown.
        worth: (n,) minor units.
        day: the day.

    Returns:
        One row per age class, the unknown last where there are any: ``age`` (a label), ``deals``, ``amount_minor``.

    Raises:
        InputRefusedError: the arrays differ in length.
    """
    if len(created) != len(worth):
        raise InputRefusedError(f"{len(created)} creation dates and {len(worth)} amounts do not belong together.")
    days = (pd.Timestamp(day) - pd.to_datetime(created)).dt.days.to_numpy(np.float64)
    place = np.searchsorted(np.array(AGE_EDGES, dtype=np.float64), days, side="left")
    lows = (0, *(edge + 1 for edge in AGE_EDGES))
    labels = [f"{low}–{high} days" for low, high in zip(lows, AGE_EDGES, strict=False)] + [f"over {AGE_EDGES[-1]} days"]
    unknown = np.isnan(days)
    rows = []
    for i, label in enumerate(labels):
        mine = (place == i) & ~unknown
        rows.append((label, int(mine.sum()), int(worth[mine].sum())))
    if unknown.any():
        rows.append(("unknown", int(unknown.sum()), int(worth[unknown].sum())))
    return pd.DataFrame(rows, columns=["age", "deals", "amount_minor"])
