"""What the calendar does to a series: working days, five-week months, years of 53 weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.periods import Period, PeriodKind

Vector = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_LEAST_GAIN = 0.03
_LEAST_ORIGINS = 3
_WEEKS = 52


@dataclass(frozen=True, slots=True, eq=False)
class CalendarEffects:
    """How n past periods and those ahead differ from each other by the calendar alone.

    Attributes:
        exposure: (n + h,) how much of a usual period each one is: amounts are divided by it for the methods, and what
            they say is multiplied by it.
        regular: (n + h,) False where a period has no place in the season: the 53rd week of a year.
    """

    exposure: Vector
    regular: Mask

    @classmethod
    def none(cls, count: int) -> CalendarEffects:
        """All of ``count`` periods alike."""
        return cls(np.ones(count), np.ones(count, dtype=np.bool_))

    @classmethod
    def of(cls, periods: Sequence[Period], known: int, *, by_days: bool) -> CalendarEffects:
        """The effects of ``periods``, of which the first ``known`` are past.

        Weeks 53 lose their place only where two years are known, for a shorter history has no season of weeks.
        """
        regular = np.ones(len(periods), dtype=np.bool_)
        if periods[0].kind is PeriodKind.WEEK and known >= 2 * _WEEKS:
            regular = np.array([not period.label.endswith("-W53") for period in periods])
        days = working_days(periods)
        return cls(days / days[:known].mean() if by_days else np.ones(len(periods)), regular)

    @property
    def plain(self) -> bool:
        """Whether all periods are alike."""
        return bool(self.regular.all() and (self.exposure == 1).all())

    def learnt(self, values: Vector) -> Vector:
        """The (n,) history as the methods see it: per usual period, right-aligned, NaN in place of what is left out."""
        n = len(values)
        rates = (values / self.exposure[:n])[self.regular[:n]]
        return np.concatenate([np.full(n - len(rates), np.nan), rates])

    def ahead(self, said: Vector, origin: int) -> Vector:
        """What the methods ``said`` (..., h) after ``origin`` periods, as amounts of the periods that follow it.

        A week 53 is halfway between its neighbours.
        """
        periods = slice(origin, origin + said.shape[-1])
        regular = self.regular[periods]
        steps = np.cumsum(regular)
        before = said[..., np.maximum(steps - 1, 0)]
        after = said[..., np.minimum(steps, said.shape[-1] - 1)]
        return np.asarray(np.where(regular | (steps == 0), before, (before + after) / 2) * self.exposure[periods])


def working_days(periods: Sequence[Period]) -> Vector:
    """(n,) days from Monday to Friday; public holidays differ by country and are not known here."""
    starts = np.array([period.start for period in periods], dtype="datetime64[D]")
    ends = np.array([period.end for period in periods], dtype="datetime64[D]")
    return np.busday_count(starts, ends + 1).astype(np.float64)


def gain(plain: Vector, adjusted: Vector) -> float:
    """How much smaller the ``adjusted`` errors are, as a share; 0 where that is not clear.

    Args:
        plain: (o, h) errors of the back-test without the adjustment, NaN where nothing came.
        adjusted: (o, h) the same with it.

    Clear: by 3 %, and by one standard error over the origins, of which there are three at least.
    """
    sizes = [np.nansum(np.abs(errors), axis=1) / (~np.isnan(errors)).sum(axis=1) for errors in (plain, adjusted)]
    usual = float(sizes[0].mean())
    count = len(plain)
    if count < _LEAST_ORIGINS or usual == 0:
        return 0.0
    less = (sizes[0] - sizes[1]) / usual
    share = float(less.mean())
    return share if share >= max(_LEAST_GAIN, float(less.std(ddof=1)) / np.sqrt(count)) else 0.0
