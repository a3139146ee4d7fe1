"""The open pipeline: a win probability per deal, its weighted value, and the distribution of the period's result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.creation import learn_creation
from salesops_desktop.forecast.explaining import Reason, chained
from salesops_desktop.forecast.pipeline_backtest import (
    METHODS,
    CalibrationBin,
    PipelineBacktest,
    month_ends,
    run_pipeline_backtest,
    win_chance,
    window_chance,
)
from salesops_desktop.forecast.pipeline_race import RaceRow, calibration_error_of, run_race
from salesops_desktop.forecast.simulation import NORMAL, SPEEDS, Outlook, Simulation, simulate
from salesops_desktop.forecast.win_rates import Lessons, StageRates, integers, known_on, learn
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period
from salesops_desktop.model.progress import Progress, silent

Vector = npt.NDArray[np.float64]

COLUMNS = ("id", "stage", "status", "amount_minor", "created_on", "close_on")
"""What :func:`forecast_pipeline` needs of the opportunities; ``list_price_minor`` and ``currency`` are used too."""


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
    outlook, created = _outlook(table, known, lessons, backtest, won_minor, as_of, period, target)
    simulation = simulate(outlook, seed=seed, progress=progress)
    p10, p50, p90 = simulation.quantiles((0.1, 0.5, 0.9), "open")
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
        simulation=simulation,
        new_deals=NewDeals(created, float(outlook.new_wins[NORMAL]), *simulation.quantiles((0.1, 0.5, 0.9), "new")),
        race=run_race(rows, snapshots, as_of, backtest.chosen, progress=progress),
        calibration=backtest.bins,
        calibration_error=calibration_error_of(backtest.bins),
        reasons=_reasons(table, lessons, backtest),
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


def _outlook(
    table: pd.DataFrame,
    known: pd.DataFrame,
    lessons: Lessons,
    backtest: PipelineBacktest,
    won_minor: int,
    as_of: dt.date,
    period: Period,
    target: int | None,
) -> tuple[Outlook, float]:
    """What the simulation draws from, and the number of deals expected to be created."""
    chance = np.clip(table["period_probability"].to_numpy(dtype=np.float64), 0.0, 1 - 1e-9)
    age = np.nan_to_num(table["age_days"].to_numpy(dtype=np.float64))
    days = float((period.end - as_of).days)
    normal = np.maximum(lessons.risks.chance(age, np.full(len(age), days)), 1e-12)
    curves = np.array([lessons.risks.chance(age, np.full(len(age), days * speed)) / normal for speed in SPEEDS])
    hazards = -np.log1p(-chance)[None, :] * curves
    creation = learn_creation(known["created_on"], as_of)
    ahead = np.datetime64(as_of) + 1 + np.arange(int(days))
    per_day = creation.per_day(ahead)
    left = days - 1 - np.arange(int(days))
    wins = np.array([per_day @ lessons.risks.chance(np.zeros(len(left)), left * speed) for speed in SPEEDS])
    won = known[known["status"] == "won"]
    amounts = _filled(won).astype(np.float64)
    amounts = amounts[amounts >= 0][-1000:]
    outlook = Outlook(
        table["id"].to_numpy(dtype=np.int64),
        table["amount_minor"].to_numpy(dtype=np.float64),
        hazards,
        won_minor,
        backtest.shock,
        wins * backtest.calibration,
        amounts,
        creation.shock,
        target,
    )
    return outlook, float(per_day.sum())


def _reasons(table: pd.DataFrame, lessons: Lessons, backtest: PipelineBacktest) -> dict[int, tuple[Reason, ...]]:
    overall = lessons.rates.overall
    found: dict[int, tuple[Reason, ...]] = {}
    for deal, stage, age, ever, within in zip(
        table["id"], table["stage"], table["age_days"], table["win_probability"], table["period_probability"],
        strict=True,
    ):  # fmt: skip
        known = f"{age:,.0f} days" if not pd.isna(age) else "unknown age"
        found[int(deal)] = chained([
            ("base", overall, f"Of all closed deals {overall:.1%} were won."),
            ("age", float(ever), f"At its age ({known}), in {stage}, {float(ever):.1%} are won one day."),
            ("window", float(within), f"Within the {backtest.window} days left {float(within):.1%}."),
        ])  # fmt: skip
    return found


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
