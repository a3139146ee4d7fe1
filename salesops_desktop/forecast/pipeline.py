"""The open pipeline: a win probability per deal, its weighted value, and the distribution of the period's result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.calibration import CalibrationBin, calibration_error
from salesops_desktop.forecast.creation import NewWins, new_wins
from salesops_desktop.forecast.explaining import Reason, explain
from salesops_desktop.forecast.pipeline_backtest import METHODS, PipelineBacktest, is_timed, run_pipeline_backtest
from salesops_desktop.forecast.pipeline_race import RaceRow, method_in_use, reason_for, run_race, timeless
from salesops_desktop.forecast.pipeline_rows import NEVER, Whole, as_rows, number_of, prepared
from salesops_desktop.forecast.simulation import NORMAL, SPEEDS, Outlook, Simulation, simulate
from salesops_desktop.forecast.walk_forward import Walk
from salesops_desktop.forecast.win_rates import StageRates, integers, known_on, stage_rates
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period
from salesops_desktop.model.progress import Progress, part_of, silent

__all__ = ["NewDeals", "PipelineForecast", "forecast_pipeline", "prepared"]

Vector = npt.NDArray[np.float64]

SEASON = 92
"""Days of a quarter: the distance whose correction a deal's chance of ever being won takes."""

LONGEST = 1100
"""Days beyond which nobody looks for a win."""


@dataclass(frozen=True, slots=True)
class NewDeals:
    """What deals not yet created will bring by the period's end.

    Attributes:
        created: expected number created from the day after ``as_of`` to the period's end.
        won: expected number of these won by then.
        p10: nine of ten simulations bring more, in minor units.
        p50: the median.
        p90: one of ten brings more.
    """

    created: float
    won: float
    p10: int
    p50: int
    p90: int


@dataclass(frozen=True, slots=True)
class PipelineForecast:
    """The pipeline on one day, for one period.

    Attributes:
        as_of: the day of knowledge.
        period: the period whose result is simulated, from the day after ``as_of``.
        method: id of the win-probability method the walk-forward back-test chose.
        deals: one row per open deal: ``id``, ``stage``, ``age_days`` (NaN without creation date), ``amount_minor``
            (int), ``win_probability``, ``period_probability`` (won by the period's end; both in whole ppm),
            ``weighted_minor`` and ``period_weighted_minor`` (int, the exact product rounded half up),
            ``expected_close`` (datetime64, NaT where no deal that old was ever won).
        stages: the win rates by stage.
        won_minor: won in the period up to ``as_of``.
        weighted_minor: Σ amount × win probability.
        period_weighted_minor: Σ amount × chance of a win within the period.
        p10: result of the period (won so far plus open deals) that 90 % of the simulations exceed.
        p50: the median.
        p90: exceeded by 10 %.
        backtest: the walk-forward race over the period's remaining days.
        sentences: what was chosen, left out, and what to beware of.
        simulation: the distribution of the whole result, deals not yet created included.
        new_deals: what these bring.
        race: every method and the naive yardsticks at one and three months.
        calibration: predicted chances against what happened, in bins.
        calibration_error: mean distance of the two, weighted by deals; None without back-test.
        reasons: per deal id why it has its chance of a win within the period.
    """

    as_of: dt.date
    period: Period
    method: str
    deals: pd.DataFrame
    stages: StageRates
    won_minor: int
    weighted_minor: int
    period_weighted_minor: int
    p10: int
    p50: int
    p90: int
    backtest: PipelineBacktest
    sentences: tuple[str, ...]
    simulation: Simulation
    new_deals: NewDeals
    race: tuple[RaceRow, ...]
    calibration: tuple[CalibrationBin, ...]
    calibration_error: float | None
    reasons: Mapping[int, tuple[Reason, ...]]

    def why(self, deal: int) -> tuple[Reason, ...]:
        """The steps to a deal's ``period_probability``: their factors multiply to it."""
        return self.reasons[deal]


def forecast_pipeline(
    opportunities: pd.DataFrame,
    period: Period,
    *,
    as_of: dt.date,
    snapshots: pd.DataFrame | None = None,
    seed: int = 0,
    target: int | None = None,
    progress: Progress = silent,
) -> PipelineForecast:
    """Value the open pipeline from the company's own closed deals.

    Args:
        opportunities: one row per opportunity: ``id``, ``stage`` (text), ``status`` (open, won, lost),
            ``amount_minor`` and optionally ``list_price_minor`` (integers of one currency's minor units, NA allowed),
            ``created_on``, ``close_on`` (dates; for closed deals the day of closing), optionally ``currency``.
        period: the period to simulate; must not be over on ``as_of``.
        as_of: nothing later is used.
        snapshots: ``taken_on``, ``opportunity``, ``stage``, ``status``: needed for win rates by stage.
        seed: for the simulation.
        target: the period's target in minor units: then its chance is known, and the deals it hangs on.
        progress: told of back-test dates and simulation.

    Raises:
        InputRefusedError: columns are missing, or more than one currency.
        NothingToDoError: no open deal, or no closed one to learn from, or the period is over.
    """
    table = prepared(opportunities)
    if period.end <= as_of:
        raise NothingToDoError(f"{period.label} is over on {as_of}.", way_out="Choose a later period.")
    table, notes = _usable(table, as_of)
    rows, day, days = as_rows(table, snapshots), number_of(as_of), (period.end - as_of).days
    walk = Walk(rows)
    which = np.flatnonzero((rows.closed > day) & ((rows.created <= day) | (rows.created == NEVER)))
    if not len(which):
        raise NothingToDoError("There is no open opportunity.", way_out="Import the open pipeline.")
    if not (rows.closed <= day).any():
        raise NothingToDoError(
            "There is no closed opportunity to learn win rates from.", way_out="Import won and lost opportunities too."
        )
    amounts, more = _amounts(table, which)
    which, amounts = which[amounts >= 0], amounts[amounts >= 0]
    race = run_race(walk, day, progress=part_of(progress, 0, 50))
    chosen = method_in_use(walk, day, race)
    reason = reason_for(race, chosen)
    backtest = run_pipeline_backtest(walk, day, days, chosen, reason, progress=part_of(progress, 50, 80))
    deals, curves = _valued(walk, which, amounts, chosen, day, days)
    won = table[(table["status"] == "won") & table["close_on"].between(pd.Timestamp(period.start), pd.Timestamp(as_of))]
    filled = _filled(won)
    won_minor = int(filled[filled >= 0].sum())
    new = new_wins(walk, day, days, SPEEDS)
    outlook = _outlook(walk, which, deals, curves, new, won_minor, day, days, target)
    simulation = simulate(outlook, seed=seed, progress=part_of(progress, 80, 100))
    shares = (0.1, 0.5, 0.9)
    p10, p50, p90 = (won_minor + value for value in simulation.quantiles(shares, "open"))
    rates = stage_rates(known_on(table, as_of), snapshots, as_of)
    shown = deals["period_probability"].to_numpy(dtype=np.float64)
    return PipelineForecast(
        as_of=as_of,
        period=period,
        method=chosen,
        deals=deals,
        stages=rates,
        won_minor=won_minor,
        weighted_minor=int(deals["weighted_minor"].sum()),
        period_weighted_minor=int(deals["period_weighted_minor"].sum()),
        p10=p10,
        p50=p50,
        p90=p90,
        backtest=backtest,
        sentences=(*_sentences(walk, rates, backtest, which, day, snapshots), *notes, *more),
        simulation=simulation,
        new_deals=NewDeals(new.created, float(new.wins[NORMAL]), *simulation.quantiles(shares, "new")),
        race=race,
        calibration=backtest.bins,
        calibration_error=calibration_error(backtest.bins) if backtest.bins else None,
        reasons=explain(walk, which, day, days, chosen, shown, rows.id[which]),
    )


def _usable(table: pd.DataFrame, as_of: dt.date) -> tuple[pd.DataFrame, list[str]]:
    """Rows that tell something, and what was left out."""
    closed = table["status"] != "open"
    timeless = closed & table["close_on"].isna()
    backwards = closed & (table["close_on"] < table["created_on"])
    future = table["created_on"] > pd.Timestamp(as_of)
    notes = []
    for which, words in (
        (timeless, "closed deals have no close date: left out."),
        (backwards & ~timeless, "deals were closed before they were created: their win counts, their timing does not."),
        (future, "deals were created after this day: not looked at."),
    ):
        if which.any():
            notes.append(f"{int(which.sum()):,} {words}")
    return table[~(timeless | future)].reset_index(drop=True), notes


def _filled(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """(n,) amounts, the list price where there is none, −1 where there is neither."""
    amounts, blank = integers(rows["amount_minor"])
    prices, unpriced = integers(rows["list_price_minor"])
    return np.where(blank, np.where(unpriced, -1, prices), amounts)


def _amounts(table: pd.DataFrame, which: Whole) -> tuple[npt.NDArray[np.int64], list[str]]:
    deals = table.iloc[which]
    filled = _filled(deals)
    priced = int((deals["amount_minor"].isna().to_numpy() & (filled >= 0)).sum())
    notes = []
    if priced:
        notes.append(f"{priced:,} open deals have no amount: their product's list price stands in.")
    if (filled < 0).any():
        notes.append(f"{int((filled < 0).sum()):,} open deals have neither amount nor list price: left out.")
    return filled, notes


def _valued(
    walk: Walk, which: Whole, amounts: npt.NDArray[np.int64], method: str, day: int, days: int
) -> tuple[pd.DataFrame, Vector]:
    """The table of deals, and (speeds, n) chances within the period at every speed."""
    rows = walk.rows
    known = rows.created[which] <= day
    age = np.where(known, (day - rows.created[which]).astype(np.float64), np.nan)
    length = int(np.clip(max(walk.hazards(day).oldest + 30, days * SPEEDS[-1]), days, LONGEST))
    close = np.full(len(which), np.datetime64("NaT", "s"))
    if is_timed(method):
        ever, within, curves = np.zeros(len(which)), np.zeros(len(which)), np.zeros((len(SPEEDS), len(which)))
        columns = np.clip(np.rint(days * SPEEDS).astype(np.int64), 1, length) - 1
        step = max(1, 2_000_000 // length)
        for first in range(0, len(which), step):
            part = slice(first, first + step)
            curve = walk.curve(which[part], day, length, days, method)
            ever[part], within[part] = curve[:, -1], curve[:, days - 1]
            curves[:, part] = curve[:, columns].T
            wait = 1 + (curve < curve[:, -1:] / 2).sum(axis=1)
            likely = curve[:, -1] >= 0.005
            dates = np.datetime64(day, "D") + wait
            close[part] = np.where(likely, dates.astype("datetime64[s]"), np.datetime64("NaT", "s"))
    else:
        ever = within = walk.untimed(which, day, days, method)
        curves = np.repeat(within[None, :], len(SPEEDS), axis=0)
    # Chances are given in parts per million, and values follow from the chances given: who multiplies what is shown
    # arrives at the same cent.
    millionths, within_millionths = _ppm(ever), _ppm(np.minimum(within, ever))
    table = pd.DataFrame(
        {
            "id": rows.id[which],
            "stage": rows.stage[which],
            "age_days": age,
            "amount_minor": amounts,
            "win_probability": millionths / PPM,
            "period_probability": within_millionths / PPM,
            "weighted_minor": _part(amounts, millionths),
            "period_weighted_minor": _part(amounts, within_millionths),
            "expected_close": close,
        }
    )
    return table, curves


def _ppm(chance: Vector) -> npt.NDArray[np.int64]:
    return np.rint(chance * PPM).astype(np.int64)


def _part(amounts: npt.NDArray[np.int64], ppm: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The parts of amounts that shares in ppm are, exactly, rounded half away from zero."""
    whole, rest = np.divmod(np.abs(amounts), PPM)
    parts: npt.NDArray[np.int64] = np.sign(amounts) * (whole * ppm + (2 * rest * ppm + PPM) // (2 * PPM))
    return parts


def _outlook(
    walk: Walk,
    which: Whole,
    deals: pd.DataFrame,
    curves: Vector,
    new: NewWins,
    won_minor: int,
    day: int,
    days: int,
    target: int | None,
) -> Outlook:
    """What the simulation draws from.

    A deal brings its amount; one valued by its list price brings what such deals brought in the past.
    """
    correction = walk.correction(day, days)
    listed = np.isnan(walk.rows.amount[which])
    amounts = deals["amount_minor"].to_numpy(dtype=np.float64) * np.where(listed, correction.realised, 1.0)
    hazards = -np.log1p(-np.clip(curves, 0.0, 1 - 1e-9))
    return Outlook(
        walk.rows.id[which],
        amounts,
        hazards,
        won_minor,
        walk.shock(day, days),
        new.wins,
        new.amounts,
        new.shock,
        target,
    )


def _sentences(
    walk: Walk,
    rates: StageRates,
    backtest: PipelineBacktest,
    which: Whole,
    day: int,
    snapshots: pd.DataFrame | None,
) -> list[str]:
    told = []
    if rates.closed:
        told.append(
            f"Overall {rates.won:,} of {rates.closed:,} closed deals were won ({rates.won / rates.closed:.1%})."
        )
    told.append(f"Win probabilities: {METHODS[backtest.chosen]}. {backtest.reason}")
    if snapshots is None or snapshots.empty:
        told.append(
            "There is no snapshot of the pipeline, so nothing is known of past stages: stages have no win rate of "
            "their own. Every import of a pipeline export makes a snapshot."
        )
    thin = [row.stage for row in rates.stages if not row.own]
    if thin:
        told.append(f"Too few closed deals for a win rate of their own (the overall one stands in): {', '.join(thin)}.")
    rows, oldest = walk.rows, walk.hazards(day).oldest
    if timeless(walk, day):
        told.append("No won deal has a creation date before its close: nothing is known of when deals are won.")
    undated = int((rows.created[which] == NEVER).sum())
    if undated:
        told.append(f"{undated:,} open deals have no creation date: they count as just created.")
    beyond = int(((walk.age(which, day) > oldest) & (rows.created[which] <= day)).sum())
    if beyond:
        told.append(f"{beyond:,} open deals are older than any deal ever won ({oldest:,} days): hardly any will come.")
    return told
