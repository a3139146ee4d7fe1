"""The open pipeline: a win probability per deal, its weighted value, and the distribution of the period's result."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.pipeline_backtest import (
    METHODS,
    PipelineBacktest,
    month_ends,
    run_pipeline_backtest,
    win_chance,
    window_chance,
)
from salesops_desktop.forecast.win_rates import Lessons, StageRates, integers, known_on, learn
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period
from salesops_desktop.model.progress import Progress, silent

Vector = npt.NDArray[np.float64]

COLUMNS = ("id", "stage", "status", "amount_minor", "created_on", "close_on")
"""What :func:`forecast_pipeline` needs of the opportunities; ``list_price_minor`` and ``currency`` are used too."""

_PATHS = 4000
_CELLS = 2_000_000


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
        backtest: the walk-forward race.
        sentences: what was chosen, left out, and what to beware of.
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


def forecast_pipeline(
    opportunities: pd.DataFrame,
    period: Period,
    *,
    as_of: dt.date,
    snapshots: pd.DataFrame | None = None,
    seed: int = 0,
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
        progress: told of back-test dates and simulation.

    Raises:
        InputRefusedError: columns are missing, or more than one currency.
        NothingToDoError: no open deal, or no closed one to learn from, or the period is over.
    """
    rows = prepared(opportunities)
    if period.end <= as_of:
        raise NothingToDoError(f"{period.label} is over on {as_of}.", way_out="Choose a later period.")
    known, undated = _known(rows, as_of)
    deals = known[known["status"] == "open"].reset_index(drop=True)
    if deals.empty:
        raise NothingToDoError("There is no open opportunity.", way_out="Import the open pipeline.")
    if not (known["status"] != "open").any():
        raise NothingToDoError(
            "There is no closed opportunity to learn win rates from.", way_out="Import won and lost opportunities too."
        )
    amounts, notes = _amounts(deals)
    deals, amounts = deals[amounts >= 0].reset_index(drop=True), amounts[amounts >= 0]
    horizon = (period.end - as_of).days
    dates = month_ends(rows, as_of, horizon)
    backtest = run_pipeline_backtest(rows, snapshots, dates, horizon, progress=progress)
    lessons = learn(known, snapshots, as_of)
    table = _valued(deals, amounts, lessons, backtest, as_of)
    start = pd.Timestamp(period.start)
    won = known[(known["status"] == "won") & (known["close_on"] >= start)]
    won_minor = int(_filled(won).sum())
    p10, p50, p90 = _simulated(table, backtest.shock, seed, progress)
    return PipelineForecast(
        as_of=as_of,
        period=period,
        method=backtest.chosen,
        deals=table,
        stages=lessons.rates,
        won_minor=won_minor,
        weighted_minor=int(table["weighted_minor"].sum()),
        period_weighted_minor=int(table["period_weighted_minor"].sum()),
        p10=won_minor + p10,
        p50=won_minor + p50,
        p90=won_minor + p90,
        backtest=backtest,
        sentences=(*_sentences(lessons.rates, backtest, table, snapshots, undated), *notes),
    )


def prepared(opportunities: pd.DataFrame) -> pd.DataFrame:
    """The columns the pipeline forecast uses, with real dates.

    Raises:
        InputRefusedError: columns are missing, or more than one currency.
    """
    missing = [name for name in COLUMNS if name not in opportunities]
    if missing:
        raise InputRefusedError(f"The opportunities lack the columns {', '.join(missing)}.")
    if "currency" in opportunities and opportunities["currency"].dropna().nunique() > 1:
        raise InputRefusedError(
            "The opportunities are in several currencies.", way_out="Convert them into one before forecasting."
        )
    rows = opportunities[[*COLUMNS]].copy()
    rows["list_price_minor"] = opportunities.get("list_price_minor", pd.Series(pd.NA, index=rows.index))
    for name in ("created_on", "close_on"):
        rows[name] = pd.to_datetime(rows[name]).astype("datetime64[s]")
    return rows.reset_index(drop=True)


def _known(rows: pd.DataFrame, as_of: dt.date) -> tuple[pd.DataFrame, int]:
    """Rows known on ``as_of``; undated open deals are kept, for they are in today's pipeline."""
    undated = rows[rows["created_on"].isna() & (rows["status"] == "open")]
    dated = known_on(rows, as_of)
    return pd.concat([dated, undated], ignore_index=True), len(undated)


def _filled(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """(n,) amounts, the list price where there is none, −1 where there is neither."""
    amounts, blank = integers(rows["amount_minor"])
    prices, unpriced = integers(rows["list_price_minor"])
    return np.where(blank, np.where(unpriced, -1, prices), amounts)


def _amounts(deals: pd.DataFrame) -> tuple[npt.NDArray[np.int64], list[str]]:
    filled = _filled(deals)
    blank = deals["amount_minor"].isna().to_numpy()
    priced = int((blank & (filled >= 0)).sum())
    notes = []
    if priced:
        notes.append(f"{priced:,} open deals have no amount: their product's list price stands in.")
    if (filled < 0).any():
        notes.append(f"{int((filled < 0).sum()):,} open deals have neither amount nor list price: left out.")
    return filled, notes


def _valued(
    deals: pd.DataFrame,
    amounts: npt.NDArray[np.int64],
    lessons: Lessons,
    backtest: PipelineBacktest,
    as_of: dt.date,
) -> pd.DataFrame:
    created = deals["created_on"].to_numpy(dtype="datetime64[D]")
    age = np.where(np.isnat(created), np.nan, (np.datetime64(as_of) - created).astype(np.float64))
    stages = deals["stage"].to_numpy()
    ever = win_chance(backtest.chosen, lessons, stages, age)
    within = window_chance(backtest.chosen, lessons, stages, age, backtest.window, calibration=backtest.calibration)
    # Chances are given in parts per million, and values follow from the chances given: who multiplies what is shown
    # arrives at the same cent.
    millionths, within_millionths = _ppm(ever), _ppm(np.minimum(within, ever))
    wait = lessons.risks.expected_days(np.nan_to_num(age))
    nat = np.datetime64("NaT", "s")
    close = np.where(np.isnan(wait), nat, np.datetime64(as_of, "s") + np.nan_to_num(wait).astype("timedelta64[D]"))
    return pd.DataFrame(
        {
            "id": deals["id"].to_numpy(),
            "stage": stages,
            "age_days": age,
            "amount_minor": amounts,
            "win_probability": millionths / PPM,
            "period_probability": within_millionths / PPM,
            "weighted_minor": _part(amounts, millionths),
            "period_weighted_minor": _part(amounts, within_millionths),
            "expected_close": close,
        }
    )


def _ppm(chance: Vector) -> npt.NDArray[np.int64]:
    return np.rint(chance * PPM).astype(np.int64)


def _part(amounts: npt.NDArray[np.int64], ppm: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The parts of amounts that shares in ppm are, exactly, rounded half away from zero."""
    whole, rest = np.divmod(np.abs(amounts), PPM)
    parts: npt.NDArray[np.int64] = np.sign(amounts) * (whole * ppm + (2 * rest * ppm + PPM) // (2 * PPM))
    return parts


def _simulated(table: pd.DataFrame, shock: float, seed: int, progress: Progress) -> tuple[int, int, int]:
    """P10, P50 and P90 of the value won from open deals.

    Deals are drawn one by one, after a shock common to all of them on their hazard (Student t with 5 degrees of
    freedom, scaled by how far past totals lay from their expectation): deals of one quarter rise and fall together,
    and independent draws alone would make the range far too narrow.
    """
    amounts = table["amount_minor"].to_numpy(dtype=np.float64)
    chance = np.clip(table["period_probability"].to_numpy(dtype=np.float64), 0.0, 1 - 1e-9)
    hazard = -np.log1p(-chance)
    generator = np.random.default_rng(seed)
    common = np.exp(shock * generator.standard_t(5, size=_PATHS) * np.sqrt(3 / 5))
    sums = np.empty(_PATHS)
    size = max(1, _CELLS // max(1, len(amounts)))
    for start in range(0, _PATHS, size):
        progress(start, _PATHS, "Simulating the period")
        factors = common[start : start + size, None]
        won = generator.random((len(factors), len(amounts))) < -np.expm1(-hazard * factors)
        sums[start : start + size] = won @ amounts
    p10, p50, p90 = (round(float(q)) for q in np.quantile(sums, [0.1, 0.5, 0.9]))
    return p10, p50, p90


def _sentences(
    rates: StageRates, backtest: PipelineBacktest, table: pd.DataFrame, snapshots: pd.DataFrame | None, undated: int
) -> list[str]:
    told = [
        f"Overall {rates.won:,} of {rates.closed:,} closed deals were won ({rates.won / rates.closed:.1%}).",
        f"Win probabilities: {METHODS[backtest.chosen]}. {backtest.reason}",
    ]
    if snapshots is None or snapshots.empty:
        told.append(
            "There is no snapshot of the pipeline, so nothing is known of past stages: stages have no win rate of "
            "their own. Every import of a pipeline export makes a snapshot."
        )
    thin = [row.stage for row in rates.stages if not row.own]
    if thin:
        told.append(f"Too few closed deals for a win rate of their own (the overall one stands in): {', '.join(thin)}.")
    if undated:
        told.append(f"{undated:,} open deals have no creation date: their age counts as unknown.")
    beyond = int((table["win_probability"] == 0).sum())
    if beyond:
        told.append(f"{beyond:,} open deals are older than any deal ever won: their chance counts as 0.")
    told.append("Deals that do not exist yet are not part of the figures.")
    return told
