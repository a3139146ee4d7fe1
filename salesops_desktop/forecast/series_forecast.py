"""The forecast of one series: chosen by back-test, with intervals, never without either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.backtest import LEAST_POINTS, Backtest, run_backtest
from salesops_desktop.forecast.calendar_effects import CalendarEffects, gain, working_days
from salesops_desktop.forecast.intervals import FEW_SCORES, LEVELS, conformal
from salesops_desktop.forecast.methods import BY_ID
from salesops_desktop.forecast.panel import notes_of, seasonal_change
from salesops_desktop.forecast.portfolio import candidates, prepare
from salesops_desktop.model.periods import FiscalCalendar, Period
from salesops_desktop.model.progress import Progress, silent

Vector = npt.NDArray[np.float64]

_PATHS = 5000
_LEAST_PATHS = 3


@dataclass(frozen=True, slots=True)
class Total:
    """The sum over the whole horizon, in the unit of the series."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class SeriesForecast:
    """A forecast with its back-test.

    Attributes:
        periods: n past periods.
        values: (n,) what came.
        future: h periods ahead.
        mean: (h,) the point forecast.
        lower: per level in per cent (50, 80, 95), (h,) lower ends.
        upper: per level, (h,) upper ends.
        coverage: per level, the share of back-test actuals that such intervals held; None where it cannot be told.
        method: id of the chosen method.
        season: periods in a season.
        backtest: the race that chose the method.
        total: the sum over the horizon, from whole back-test error paths; None where there are too few.
        sentences: what was chosen, how good it was, what to beware of.
    """

    periods: tuple[Period, ...]
    values: Vector
    future: tuple[Period, ...]
    mean: Vector
    lower: dict[int, Vector]
    upper: dict[int, Vector]
    coverage: dict[int, float | None]
    method: str
    season: int
    backtest: Backtest
    total: Total | None
    sentences: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.method not in self.backtest.forecasts:
            message = f"The method {self.method!r} was not back-tested."
            raise ValueError(message)
        lengths = {len(self.future), len(self.mean), *map(len, self.lower.values()), *map(len, self.upper.values())}
        if len(lengths) != 1:
            raise ValueError("The forecast and its intervals differ in length.")

    @property
    def label(self) -> str:
        """The chosen method's name on screen."""
        return BY_ID[self.method].label


def forecast_series(
    values: npt.ArrayLike,
    periods: Sequence[Period],
    *,
    horizon: int,
    season: int,
    seed: int = 0,
    calendar: FiscalCalendar | None = None,
    notes: Sequence[str] = (),
    progress: Progress = silent,
) -> SeriesForecast:
    """Forecast a regular series with the method that its own back-test chooses.

    Args:
        values: (n,) one finite number per period, in any unit (money: minor units).
        periods: the n periods, in order.
        horizon: periods ahead, from 1.
        season: periods in a season; 1 for none.
        seed: for the bootstrap of the total.
        calendar: names the periods ahead; calendar years where None.
        notes: sentences about the series (``Series.notes``), put first.
        progress: told of the back-test's origins.

    Raises:
        NothingToDoError: fewer than four periods.
        ValueError: values and periods differ in length, a value is not finite, or ``horizon`` is below 1.
    """
    y = np.asarray(values, dtype=np.float64)
    if len(y) != len(periods):
        raise ValueError("Values and periods differ in length.")
    if not np.isfinite(y).all():
        raise ValueError("A series must not hold gaps; build_series makes it regular.")
    if horizon < 1:
        raise ValueError("The horizon must be at least one period.")
    calendar = calendar or FiscalCalendar()
    future = _ahead(calendar, periods[-1], horizon)
    backtest, effects, told_of = _with_calendar(y, (*periods, *future), horizon, season, progress)
    method = backtest.winner()
    said = candidates(prepare(effects.learnt(y)[None], season), horizon, season)[method][0]
    mean = effects.ahead(said, len(y))
    prepared = prepare(y[None], season)
    errors = backtest.errors(method)
    scales = [seasonal_change(y[None, :known], season)[0] for known in (*backtest.origins, len(y))]
    intervals = conformal(errors[None], np.array([scales]), len(y) - backtest.origins, LEVELS)
    floor = 0.0 if (y >= 0).all() else -np.inf
    lower = {level: np.maximum(mean - intervals.half_widths[level][0], floor) for level in LEVELS}
    upper = {level: mean + intervals.half_widths[level][0] for level in LEVELS}
    told = {level: float(share[0]) for level, share in intervals.coverage.items()}
    coverage = {level: None if np.isnan(share) else share for level, share in told.items()}
    total = _total(mean, errors, floor, seed)
    noticed = notes_of(prepared, season)[0]
    found = _sentences(backtest, method, len(y), season, horizon, seasonal=bool(prepared.seasons.kept[0]))
    sentences = (*notes, *found, *told_of, *noticed, *_warnings(int(intervals.n[0]), total))
    return SeriesForecast(
        tuple(periods), y, future, mean, lower, upper, coverage, method, season, backtest, total, sentences
    )


def _with_calendar(
    y: Vector, periods: Sequence[Period], horizon: int, season: int, progress: Progress
) -> tuple[Backtest, CalendarEffects, list[str]]:
    """The back-test, with working days where they clearly improve it, and what there is to say of the calendar."""
    n = len(y)
    effects = CalendarEffects.of(periods, n, by_days=False)
    backtest = run_backtest(y, horizon=horizon, season=season, effects=effects, progress=progress)
    told = []
    if not effects.regular.all():
        weeks = ", ".join(period.label for period, regular in zip(periods, effects.regular, strict=True) if not regular)
        told.append(f"{weeks} has no place in a season of 52 weeks: left out of it, and forecast as its neighbours.")
    if len(set(working_days(periods))) == 1:
        return backtest, effects, told
    days = CalendarEffects.of(periods, n, by_days=True)
    other, better = by_days(y, backtest, days, horizon, season)
    return (other, days, [*told, days_sentence(better)]) if better else (backtest, effects, told)


def by_days(
    values: Vector, backtest: Backtest, days: CalendarEffects, horizon: int, season: int
) -> tuple[Backtest, float]:
    """The back-test reckoned by working days, and by what share its error is clearly smaller; 0 where it is not.

    Args:
        values: (n,) the series.
        backtest: the race without them.
        days: the (n + horizon,) periods' exposure by working days.
        horizon: periods ahead.
        season: periods in a season.
    """
    other = run_backtest(values, horizon=horizon, season=season, effects=days)
    # Origins that knew no season judge only where there are no others: what the season will tell is not the calendar's.
    known = backtest.origins >= 2 * season
    fair = known if season > 1 and known.any() else np.ones_like(known)
    return other, gain(backtest.errors(backtest.winner())[fair], other.errors(other.winner())[fair])


def days_sentence(better: float) -> str:
    """What is said of a forecast reckoned by working days."""
    return (
        f"Its amounts go with the working days (Monday to Friday) of each period: reckoned by them, the error of the "
        f"back-test is {better:.0%} smaller."
    )


def _ahead(calendar: FiscalCalendar, last: Period, horizon: int) -> tuple[Period, ...]:
    future = [last]
    for _ in range(horizon):
        future.append(calendar.following(future[-1]))
    return tuple(future[1:])


def _total(mean: Vector, errors: Vector, floor: float, seed: int) -> Total | None:
    """Quantiles of the sum over the horizon.

    Whole error paths of back-test origins are drawn, so that errors that go together stay together: adding the ends
    of intervals would overstate the spread or, with drifting errors, understate it. Each path is mirrored as well,
    for a handful of them should not bend the total to one side.
    """
    whole = errors[~np.isnan(errors).any(axis=1)]
    if len(whole) < _LEAST_PATHS:
        return None
    generator = np.random.default_rng(seed)
    drawn = whole[generator.integers(len(whole), size=_PATHS)]
    signs = generator.choice(np.array([-1.0, 1.0]), size=(_PATHS, 1))
    sums = np.maximum(mean + signs * drawn, floor).sum(axis=1)
    p10, p90 = np.quantile(sums, [0.1, 0.9])
    return Total(float(p10), float(mean.sum()), float(p90))


def _sentences(backtest: Backtest, method: str, n: int, season: int, horizon: int, *, seasonal: bool) -> list[str]:
    chosen = backtest.overall(method)
    naive = min((row for row in backtest.ranking() if BY_ID[row.method].naive), key=lambda row: row.mae)
    label = BY_ID[method].label
    count = len(backtest.origins)
    dates = "date" if count == 1 else "dates"
    told = [f"{label} was chosen by {chosen.n} back-test forecasts from {count} {dates} in this series' own past."]
    if BY_ID[method].naive:
        told.append("No method beat this naive one here: beware of reading a pattern into this series.")
    elif naive.mae > 0:
        gain = 1 - chosen.mae / naive.mae
        told.append(
            f"Its mean error was {abs(gain):.0%} {'smaller' if gain >= 0 else 'larger'} than that of "
            f"“{BY_ID[naive.method].label}”, the best naive method."
        )
        if backtest.naive_wins:
            told.append("That is no clear lead of the naive one, which may be luck: the chosen method was kept.")
    if season > 1 and n < 2 * season and not seasonal:
        told.append(f"{n} periods are less than two years of history ({2 * season}): no season was taken into account.")
    elif season > 1 and n >= 2 * season and backtest.origins[0] < 2 * season:
        told.append("The earlier dates of the back-test knew less than two years and no season: it may look too bad.")
    if season > 1:
        told += [f"{name} needs a longer history and was left out of the race." for name in backtest.excluded]
    longest = max(row.horizon for row in backtest.table)
    if longest < horizon:
        told.append(
            f"The back-test reaches {longest} of {horizon} periods ahead; intervals beyond that follow √horizon."
        )
    return told


def _warnings(scores: int, total: Total | None) -> list[str]:
    told = []
    if scores < FEW_SCORES:
        told.append(f"Only {scores} back-test errors stand behind the intervals: read them as a rough guide.")
    if total is None:
        told.append(f"No interval for the whole horizon: fewer than {_LEAST_PATHS} back-tests reach its end.")
    return told


__all__ = ["LEAST_POINTS", "SeriesForecast", "Total", "forecast_series"]
