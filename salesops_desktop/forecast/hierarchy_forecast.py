"""The forecast of a whole hierarchy: each node by itself, made to add up, with intervals and with what people fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast import coherent
from salesops_desktop.forecast.backtest import LEAST_POINTS, run_backtest
from salesops_desktop.forecast.calendar_effects import CalendarEffects
from salesops_desktop.forecast.fixed_numbers import fix, refuse
from salesops_desktop.forecast.hierarchy import Hierarchy
from salesops_desktop.forecast.intervals import LEVELS
from salesops_desktop.forecast.overrides import Override
from salesops_desktop.forecast.panel import ORIGINS, PanelForecast, forecast_panel
from salesops_desktop.forecast.reconciliation_race import WAYS, History, apply, race
from salesops_desktop.forecast.rounding import LARGEST, Rounding
from salesops_desktop.forecast.series_forecast import by_days, days_sentence
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.progress import Progress, part_of, silent

Matrix = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_LEAST_KNOWN = 3
_ORIGIN_ROWS = 80_000
"""About how many forecasts of single nodes a back-test may take: 10,000 nodes stay within half a minute."""

_FEWEST_ORIGINS, _MOST_ORIGINS = 8, 24
_FEWEST_RACES = 3


@dataclass(frozen=True, slots=True, eq=False)
class HierarchyForecast:
    """A forecast of n nodes, h periods ahead, with its back-test.

    Amounts are whole units (minor units of money).

    Attributes:
        hierarchy: the nodes.
        periods: names of the periods, as given.
        values: (n, t) what came, adding up.
        base: (n, h) each node's own forecast; these do not add up.
        method: (n,) ids of the methods behind ``base``.
        reconciliation: how ``base`` was made to add up; a key of ``reconciliation_race.LABELS``.
        model: (n, h) the model's forecast; adds up at every level.
        mean: (n, h) the same with what people fixed; adds up at every level, fixed nodes exact.
        lower: per level in per cent, (n, h) lower ends around ``model``; empty where nothing could be back-tested.
        upper: per level, (n, h) upper ends.
        total_lower: per level, (n,) lower ends for the sum over the whole horizon; empty where too little came.
        total_upper: per level, (n,) upper ends.
        coverage: one row per hierarchy level and interval: ``level``, ``interval`` (per cent), ``held`` (share of
            back-test actuals inside), ``n``.
        race: WAPE of every way to add up by level; see :class:`~salesops_desktop.forecast.reconciliation_race.Race`.
        errors: (n, o, h) forecast − actual of the back-test, adding up; NaN where nothing came yet.
        known: (o,) periods known at each origin.
        fixed: what people fixed, with the amounts of locks filled in.
        notes: per node, what to beware of, in sentences.
        sentences: what was chosen and how good it was.
        seed: of the paths.
    """

    hierarchy: Hierarchy
    periods: tuple[object, ...]
    values: npt.NDArray[np.generic]
    base: Matrix
    method: npt.NDArray[np.object_]
    reconciliation: str
    model: Integers
    mean: Integers
    lower: dict[int, Integers]
    upper: dict[int, Integers]
    total_lower: dict[int, Integers]
    total_upper: dict[int, Integers]
    coverage: pd.DataFrame
    race: pd.DataFrame
    errors: Matrix
    known: Index
    fixed: tuple[Override, ...]
    notes: tuple[tuple[str, ...], ...]
    sentences: tuple[str, ...]
    seed: int

    def paths(self, count: int = 1000, nodes: Sequence[int] | None = None) -> Matrix:
        """(nodes, count, h) possible futures around the model's forecast; those of all nodes add up path by path.

        Take any sum over nodes or periods of them. They are not widened as the intervals are, nor cut at 0.
        """
        rows = np.arange(self.hierarchy.n) if nodes is None else np.asarray(nodes, dtype=np.intp)
        drawn = coherent.paths(self.errors, count=count, seed=self.seed, nodes=rows)
        return np.asarray(self.model[rows, None, :] - drawn)


def forecast_hierarchy(
    bottom: npt.NDArray[np.generic],
    hierarchy: Hierarchy,
    *,
    periods: Sequence[object],
    horizon: int,
    season: int,
    seed: int,
    overrides: Sequence[Override] = (),
    days: npt.ArrayLike | None = None,
    levels: Sequence[int] = LEVELS,
    ways: tuple[str, ...] = WAYS,
    progress: Progress = silent,
) -> HierarchyForecast:
    """Forecast every node of a hierarchy so that all levels add up to the unit.

    Args:
        bottom: (b, t) histories of the bottom series in whole units (minor units of money), in the order of the
            hierarchy's rows. A series begins at its first number: leading NaN, or leading zeros of integers, are
            before it. NaN after that counts as 0.
        hierarchy: what adds up to what.
        periods: names of the t periods, followed where they are known by those of the h ahead (used in messages).
        horizon: periods ahead, h, from 1.
        season: periods in a season; 1 for none.
        seed: of the paths.
        overrides: nodes whose number is fixed. What is changed at a node is spread below it in proportion to the
            model's forecast, and its sums follow; other nodes stay unless they must give way to another fixed number.
        days: (t + h,) working days of the periods known and ahead. Where the top's amounts go with them, as its
            back-test tells, all nodes are reckoned by them.
        levels: of the intervals, in per cent.
        ways: the ways to add up that race.
        progress: told of the stages.

    Raises:
        NothingToDoError: no periods, or nothing but blanks.
        InputRefusedError: shapes that do not fit, infinite or too large numbers.
        FaultsError: overrides that contradict each other or point outside; all at once.
    """
    series, floor = _series(bottom, hierarchy, periods, horizon, season)
    names = periods[series.shape[1] :]
    refuse(hierarchy, horizon, overrides, floor, names)
    filled = np.nan_to_num(series)
    values = np.asarray(hierarchy.sums(filled), dtype=np.float64)
    begun = np.asarray(hierarchy.sums((~np.isnan(series)).astype(np.float64)), dtype=np.float64) > 0
    histories = np.where(begun, values, np.nan)
    exposure, told = _exposure(values[0], days, horizon, season)
    panel = forecast_panel(
        _begun(histories / exposure[: series.shape[1]]),
        horizon=horizon,
        season=season,
        parents=hierarchy.parent,
        origins=max(_FEWEST_RACES, min(ORIGINS, _ORIGIN_ROWS // (2 * hierarchy.n))),
        progress=part_of(progress, 0, 35),
    )
    base = np.nan_to_num(panel.mean) * exposure[series.shape[1] :]
    history = _history(histories, values, exposure, hierarchy, horizon, season, part_of(progress, 35, 75))
    outcome = race(hierarchy, history, floor=floor, ways=ways, progress=part_of(progress, 75, 95))
    rounding = Rounding(hierarchy, floor)
    wanted = apply(outcome.way, hierarchy, base, history, floor=floor)
    model = np.stack([rounding(wanted[:, step], {}) for step in range(horizon)], axis=1)
    fixed, mean = fix(hierarchy, model, overrides, floor, rounding, names)
    progress(95, 100, "Working out the intervals")
    steps = _intervals(hierarchy, model, outcome.errors, history.known, tuple(levels), floor)
    whole = ~np.isnan(outcome.errors[0]).any(axis=1) if outcome.errors.size else np.zeros(0, dtype=bool)
    total = _intervals(
        hierarchy,
        model.sum(axis=1, keepdims=True),
        outcome.errors[:, whole].sum(axis=2, keepdims=True),
        history.known[whole],
        tuple(levels) if whole.sum() > 1 else (),
        floor,
        apart=horizon,
    )
    progress(100, 100, "Forecast")
    exact = np.asarray(bottom)
    return HierarchyForecast(
        hierarchy=hierarchy,
        periods=tuple(periods),
        values=hierarchy.sums(exact) if np.issubdtype(exact.dtype, np.integer) else values,
        base=base,
        method=panel.method,
        reconciliation=outcome.way,
        model=model,
        mean=mean,
        lower=steps.lower,
        upper=steps.upper,
        total_lower={level: ends[:, 0] for level, ends in total.lower.items()},
        total_upper={level: ends[:, 0] for level, ends in total.upper.items()},
        coverage=steps.coverage,
        race=outcome.table,
        errors=outcome.errors,
        known=history.known,
        fixed=fixed,
        notes=_notes(hierarchy, panel, series, fixed, steps, mean),
        sentences=(outcome.sentence, *told, *_said_of(steps.coverage)),
        seed=seed,
    )


def _series(
    bottom: npt.NDArray[np.generic], hierarchy: Hierarchy, periods: Sequence[object], horizon: int, season: int
) -> tuple[Matrix, Mask]:
    """The (b, t) histories with NaN before they begin, and which (b,) of them were never below 0."""
    given = np.asarray(bottom)
    if given.ndim != 2 or len(given) != len(hierarchy.bottom):
        raise InputRefusedError(
            f"The hierarchy has {len(hierarchy.bottom)} bottom series, the histories have shape {given.shape}."
        )
    if horizon < 1 or season < 1:
        raise InputRefusedError("The horizon and the season must be at least one period.")
    if len(periods) < given.shape[1]:
        raise InputRefusedError(f"There are {given.shape[1]} periods of history but {len(periods)} names of periods.")
    series = given.astype(np.float64)
    if np.issubdtype(given.dtype, np.integer):
        series[np.cumsum(given != 0, axis=1) == 0] = np.nan
    if not given.shape[1] or np.isnan(series).all():
        raise NothingToDoError("There is no history to forecast from.", way_out="Import transactions or won deals.")
    if np.isinf(series).any():
        raise InputRefusedError("A value of the history is infinite.")
    if np.nansum(np.abs(series), axis=0).max() >= LARGEST:
        raise InputRefusedError(
            f"The sum of a period is above {LARGEST:,} minor units, beyond which forecasts are not exact.",
            way_out="Forecast in thousands.",
        )
    begun = np.cumsum(~np.isnan(series), axis=1) > 0
    series = np.where(begun & np.isnan(series), 0.0, series)
    with np.errstate(invalid="ignore"):
        return series, np.asarray(~(series < 0).any(axis=1))


def _history(
    histories: Matrix,
    values: Matrix,
    exposure: Matrix,
    hierarchy: Hierarchy,
    horizon: int,
    season: int,
    progress: Progress,
) -> History:
    """What every node's own forecast would have been at past origins, which reach half of the history back.

    That is the combination: which method today's back-test prefers was not known then.
    """
    back = _offsets(values.shape[1], season, hierarchy.n)
    said = np.full((len(values), len(back), horizon), np.nan)
    for row, offset in enumerate(back):
        progress(row, len(back), "Back-testing the hierarchy")
        seen = histories[:, :-offset]
        now = seen.shape[1]
        past = forecast_panel(
            _begun(seen / exposure[:now]), horizon=horizon, season=season, parents=hierarchy.parent, origins=0
        )
        steps = min(int(offset), horizon)
        said[:, row, :steps] = (past.mean * exposure[now : now + horizon])[:, :steps]
        said[np.isnan(seen).all(axis=1), row] = np.nan
    return History(values, said, values.shape[1] - back, season)


def _exposure(top: Matrix, days: npt.ArrayLike | None, horizon: int, season: int) -> tuple[Matrix, tuple[str, ...]]:
    """(t + h,) what all amounts are reckoned by, ones where the top's do not go with the days, and what to say."""
    count = len(top) + horizon
    if days is None:
        return np.ones(count), ()
    given = np.asarray(days, dtype=np.float64)
    if given.shape != (count,) or not (given > 0).all():
        raise InputRefusedError(f"The working days must be {count} numbers above 0: of the periods known and ahead.")
    if len(top) < LEAST_POINTS or (given == given[0]).all():
        return np.ones(count), ()
    effects = CalendarEffects(given / given[: len(top)].mean(), np.ones(count, dtype=bool))
    plain = run_backtest(top, horizon=horizon, season=season)
    _, better = by_days(top, plain, effects, horizon, season)
    return (effects.exposure, (days_sentence(better),)) if better else (np.ones(count), ())


def _begun(histories: Matrix) -> Matrix:
    """Histories with zeros where nothing at all is there: such a node is forecast as nothing."""
    return np.where(np.isnan(histories).all(axis=1, keepdims=True), 0.0, histories)


def _offsets(t: int, season: int, n: int) -> Index:
    """How many periods before the end the origins lie, latest first: fewer of them for more nodes."""
    reach = min(t // 2, max(t - 2 * season, t // 3), t - _LEAST_KNOWN)
    if reach < 1:
        return np.zeros(0, dtype=np.intp)
    count = min(reach, max(_FEWEST_ORIGINS, min(_MOST_ORIGINS, _ORIGIN_ROWS // n)))
    return np.unique(np.round(np.linspace(1, reach, count)).astype(np.intp))


@dataclass(frozen=True, slots=True, eq=False)
class _Ends:
    lower: dict[int, Integers]
    upper: dict[int, Integers]
    coverage: pd.DataFrame


def _intervals(
    hierarchy: Hierarchy,
    model: Integers,
    errors: Matrix,
    known: Index,
    levels: tuple[int, ...],
    floor: Mask,
    apart: int = 0,
) -> _Ends:
    columns = ["level", "interval", "held", "n"]
    if not levels or not errors.shape[1]:
        return _Ends({}, {}, pd.DataFrame(columns=columns))
    spread = coherent.calibrated(hierarchy, errors, known, levels, apart=apart or errors.shape[2])
    never_negative = hierarchy.summing @ (~floor).astype(np.float64) == 0
    lower, upper = {}, {}
    for level, half in spread.half.items():
        low = np.floor(model - half).astype(np.int64)
        low[never_negative] = np.maximum(low[never_negative], 0)
        lower[level], upper[level] = low, np.ceil(model + half).astype(np.int64)
    rows = [
        (name, level, float(spread.coverage[level][rank]), int(spread.count[rank]))
        for rank, name in enumerate(hierarchy.level_names)
        for level in levels
    ]
    return _Ends(lower, upper, pd.DataFrame(rows, columns=columns))


def _said_of(coverage: pd.DataFrame) -> tuple[str, ...]:
    known = coverage[(coverage["interval"] == 80) & coverage["held"].notna()]
    if not len(known):
        return ("There is too little history to tell how well intervals hold.",)
    low, high = 100 * known["held"].min(), 100 * known["held"].max()
    return (f"In the back-test 80 % intervals held {low:.0f} to {high:.0f} % of what came, by level.",)


def _notes(
    hierarchy: Hierarchy,
    panel: PanelForecast,
    series: Matrix,
    fixed: tuple[Override, ...],
    ends: _Ends,
    mean: Integers,
) -> tuple[tuple[str, ...], ...]:
    notes = [list(said) for said in panel.notes]
    for node in hierarchy.bottom[np.isnan(series).all(axis=1)]:
        notes[node].append("It has no history: it is forecast as nothing until it has one, or a number is fixed.")
    for one in fixed:
        amount = int(mean[one.node, one.step])
        for level in sorted(ends.lower, reverse=True)[:1]:
            low, high = int(ends.lower[level][one.node, one.step]), int(ends.upper[level][one.node, one.step])
            if not low <= amount <= high:
                notes[one.node].append(
                    f"{amount:,} fixed for period {one.step + 1} ahead lies outside the model's {level} % interval "
                    f"({low:,} to {high:,})."
                )
    return tuple(tuple(said) for said in notes)
