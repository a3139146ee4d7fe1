"""What the running period's overview shows: figures, the way to the end, the forecasts as they were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast import PipelineForecast
from salesops_desktop.forecast.combination import Combination
from salesops_desktop.forecast.running_period import LEVELS, Fan, RunningForecast
from salesops_desktop.jobs.forecast_lines import Source
from salesops_desktop.jobs.forecast_outlooks import Outlook, Past
from salesops_desktop.jobs.forecast_targets import Target
from salesops_desktop.jobs.pipeline_frames import EVERYTHING, Selection
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["Comment", "OpenPipeline", "Overview", "Step"]


class Step(StrEnum):
    """How far apart the fan's points are shown."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class OpenPipeline:
    """The open deals: how many, their amounts, and these times their chances."""

    count: int
    raw: int
    weighted: int
    """Σ amount × chance of ever being won."""
    in_period: int
    """Σ amount × chance of a win within the period."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What an analyst wrote to a period's forecast."""

    text: str
    who: str
    at: str
    """The moment it was kept, UTC, as stored."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the first picture shows; money in minor units of ``currency``."""

    as_of: dt.date
    period: Period
    currency: str
    source: Source
    target: Target
    actual: int
    """What came in the period up to ``as_of``."""
    days: tuple[dt.date, ...]
    """The period's days up to ``as_of``."""
    actual_path: npt.NDArray[np.int64]
    """(d,) what had come by the end of each of them."""
    open: OpenPipeline | None
    series: Outlook | None
    pipeline: Outlook | None
    combined: Outlook
    judgement: Outlook | None
    fan: Fan | None
    """Day by day from ``as_of`` to the period's end, around the combined forecast."""
    last_period: Period
    last_actual: int
    last_path: npt.NDArray[np.int64]
    """(days of the last period,) what had come by the end of each."""
    last_target: Target
    past: tuple[Past, ...]
    forecast: PipelineForecast | None
    """The pipeline engine's whole result."""
    combination: Combination
    running: RunningForecast | None
    """The model's whole result, with what it would have said at the same point of earlier periods."""
    notes: tuple[str, ...]
    step: Step = Step.WEEK
    selection: Selection = EVERYTHING
    """Whose bookings and deals."""
    comment: Comment | None = None
    kept: tuple[int, ...] = ()
    """Ids under which the forecasts were kept."""

    @property
    def chance(self) -> float | None:
        """Of reaching the target, by the combined forecast; None without quotas."""
        return self.combined.chance

    def summary(self) -> Sequence[str]:
        """Where the period stands and where it will end."""
        both = self.combined
        where = "is not begun" if self.as_of < self.period.start else f"stands at {self._money(self.actual)}"
        said = [self.target.basis, both.reason, *self.notes]
        if self.comment is not None:
            said.append(f"{self.comment.who}: {self.comment.text}")
        if self.target.amount is not None and both.chance is not None:
            goal = self._money(self.target.amount)
            said.insert(0, f"The target is {goal}; the chance of reaching it is {both.chance:.0%}.")
        ends = f"{self._money(both.lower[80])} to {self._money(both.upper[80])} with a chance of 80 %."
        whose = "" if self.selection.whole else f" of {self.selection}"
        start = (
            f"{self.period.label}{whose} {where} on {self.as_of}; {self._money(both.mean)} are forecast in all, {ends}"
        )
        return [start, *said]

    def _money(self, minor: int) -> str:
        return str(Money(minor, self.currency))

    def tables(self) -> Sequence[Table]:
        """The forecasts side by side, the fan, what was said before."""
        return [self.outlooks(), self.fan_table(), self.past_table()]

    def outlooks(self) -> Table:
        """One row per forecast of the period's total."""
        money, share = ValueKind.MONEY, ValueKind.FRACTION
        specs = [
            ColumnSpec("forecast", "Forecast", ValueKind.TEXT),
            ColumnSpec("mean", "Expected", money, self.currency),
            ColumnSpec("low80", "Low 80 %", money, self.currency),
            ColumnSpec("high80", "High 80 %", money, self.currency),
            ColumnSpec("chance", "Chance of target", share, digits=0),
            ColumnSpec("weight", "Weight", share, digits=0, description="Its share of the combined forecast."),
            ColumnSpec("error", "Error", share, digits=1,
                       description="Σ|forecast − actual| ÷ Σ actual at the same point of earlier periods."),
            ColumnSpec("bias", "Bias", share, digits=1, description="Σ(forecast − actual) ÷ Σ actual there."),
            ColumnSpec("n", "Periods judged", ValueKind.INTEGER),
            ColumnSpec("reason", "How", ValueKind.TEXT),
        ]  # fmt: skip
        rows = [
            (o.label, o.mean, o.lower.get(80), o.upper.get(80), o.chance, o.weight, o.error, o.bias, o.n, o.reason)
            for o in (self.combined, self.series, self.pipeline, self.judgement)
            if o is not None
        ]
        return build_table(f"Forecasts of {self.period.label}", specs, rows)

    def fan_table(self) -> Table:
        """The way to the period's end, a row per step."""
        specs = [ColumnSpec("day", "By the end of", ValueKind.DATE)]
        names = [("mean", "Expected", None), *((f"{side}{level}", f"{side.title()} {level} %", (side, level))
                 for level in LEVELS for side in ("low", "high"))]  # fmt: skip
        specs += [ColumnSpec(name, label, ValueKind.MONEY, self.currency) for name, label, _ in names]
        if self.fan is None:
            return build_table("To the end of the period", specs, [])
        sides = {"low": self.fan.lower, "high": self.fan.upper}
        columns = [self.fan.mean if key is None else sides[key[0]][key[1]] for _, _, key in names]
        rows = [
            (day, *(round(float(column[i])) for column in columns))
            for i, day in enumerate(self.fan.days)
            if self._shown(i, day)
        ]
        return build_table("To the end of the period", specs, rows)

    def _shown(self, place: int, day: dt.date) -> bool:
        assert self.fan is not None
        ends = {0, len(self.fan.days) - 1}
        if self.step is Step.DAY or place in ends:
            return True
        if self.step is Step.WEEK:
            return day.weekday() == 6
        return (day + dt.timedelta(days=1)).day == 1

    def past_table(self) -> Table:
        """The kept forecasts of this and the last period, as they were shown."""
        money = ValueKind.MONEY
        specs = [
            ColumnSpec("period", "Period", ValueKind.TEXT),
            ColumnSpec("as_of", "Known on", ValueKind.DATE),
            ColumnSpec("kind", "Forecast", ValueKind.TEXT),
            ColumnSpec("who", "Who", ValueKind.TEXT),
            ColumnSpec("origin", "Shown or rebuilt", ValueKind.TEXT),
            ColumnSpec("mean", "Forecast amount", money, self.currency),
            ColumnSpec("low80", "Low 80 %", money, self.currency),
            ColumnSpec("high80", "High 80 %", money, self.currency),
            ColumnSpec("actual", "Actual", money, self.currency),
        ]
        rows = [(p.period, p.as_of, p.kind, p.who, p.origin, p.mean, p.low80, p.high80, p.actual) for p in self.past]
        return build_table("Forecasts as they were", specs, rows)
