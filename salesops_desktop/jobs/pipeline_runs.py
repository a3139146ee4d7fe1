"""One run of the pipeline engine for all who show it: the outlook, the pipeline room, the workbook, any part of each.

The engine learns from the whole company and takes seconds; what it says of a part is read from the same run. The last
runs are remembered by what went into them, so that asking again about unchanged deals costs no second run, and asking
about changed ones never gets an old answer.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import threading
from collections import OrderedDict

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.pipeline import PipelineForecast, forecast_pipeline
from salesops_desktop.forecast.simulation import Simulation, simulate
from salesops_desktop.jobs.pipeline_frames import Pipeline, Selection
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.periods import Period
from salesops_desktop.model.progress import Progress, silent

__all__ = ["part_of_run", "run_of"]

RECENT_DAYS = 365
"""How far back the selection's share of wins is counted."""

_REMEMBERED = 2
_runs: OrderedDict[str, PipelineForecast] = OrderedDict()
_guard = threading.Lock()


def run_of(loaded: Pipeline, period: Period, *, seed: int, progress: Progress = silent) -> PipelineForecast:
    """The engine's forecast of the whole company, without a target.

    Args:
        loaded: the pipeline.
        period: the period; must not be over.
        seed: for the simulation.
        progress: told where a run is needed.

    Raises:
        NothingToDoError: no open deal, none closed to learn from, or the period is over.
    """
    key = _key(loaded, period, seed)
    with _guard:
        if key in _runs:
            _runs.move_to_end(key)
            return _runs[key]
    deals, lines = loaded.opportunities.drop(columns="currency"), loaded.snapshots
    found = forecast_pipeline(
        deals, period, as_of=loaded.as_of, snapshots=lines if len(lines) else None, seed=seed, progress=progress
    )
    with _guard:
        _runs[key] = found
        while len(_runs) > _REMEMBERED:
            _runs.popitem(last=False)
    return found


def _key(loaded: Pipeline, period: Period, seed: int) -> str:
    """What goes into a run, as a hash."""
    digest = hashlib.sha256(f"{period} {loaded.as_of} {seed}".encode())
    for frame in (loaded.opportunities, loaded.snapshots):
        digest.update(",".join(frame.columns).encode())
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def part_of_run(
    found: PipelineForecast, loaded: Pipeline, selection: Selection, *, target: int | None, seed: int
) -> PipelineForecast:
    """A run as a part of the company sees it: its deals, what it won, the distribution of its result.

    The part's share of the deals not yet created is that of its wins of the last year; the shock common to all deals
    is the company's.

    Args:
        found: the company's run.
        loaded: the pipeline it was made of.
        selection: the part.
        target: of the part, minor units: then its chance is known, and the deals it hangs on.
        seed: for the simulation.

    Raises:
        NothingToDoError: no open deal belongs to the part.
    """
    if selection.whole:
        if target is None:
            return found
        return dataclasses.replace(
            found, simulation=simulate(dataclasses.replace(found.simulation.outlook, target=target), seed=seed)
        )
    deals = loaded.opportunities
    members = loaded.members(deals, selection)
    mine = found.deals[found.deals["id"].isin(deals.loc[members, "id"])].reset_index(drop=True)
    if mine.empty:
        raise NothingToDoError(f"No open deal belongs to {selection}.", way_out="Choose another part.")
    won = won_within(deals[members], found.period, loaded.as_of)
    simulation = _simulated(found, deals[members], deals, won, target, seed)
    p10, p50, p90 = (won + value for value in simulation.quantiles((0.1, 0.5, 0.9), "open"))
    return dataclasses.replace(
        found, deals=mine, won_minor=won, weighted_minor=int(mine["weighted_minor"].sum()),
        period_weighted_minor=int(mine["period_weighted_minor"].sum()), simulation=simulation, p10=p10, p50=p50,
        p90=p90,
    )  # fmt: skip


def won_within(deals: pd.DataFrame, period: Period, day: dt.date) -> int:
    """What deals won in a period up to a day brought, in minor units."""
    inside = deals["close_on"].between(pd.Timestamp(period.start), pd.Timestamp(min(day, period.end)))
    return int(deals.loc[(deals["status"] == "won") & inside, "amount_minor"].sum())


def _simulated(
    found: PipelineForecast, own: pd.DataFrame, deals: pd.DataFrame, won: int, target: int | None, seed: int
) -> Simulation:
    outlook = found.simulation.outlook
    mine: npt.NDArray[np.bool_] = np.isin(outlook.ids, own["id"].to_numpy(np.int64))
    since, day = pd.Timestamp(found.as_of) - pd.Timedelta(days=RECENT_DAYS), pd.Timestamp(found.as_of)

    def wins(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[(rows["status"] == "won") & (rows["close_on"] > since) & (rows["close_on"] <= day)]

    own_wins, all_wins = wins(own), wins(deals)
    share = len(own_wins) / len(all_wins) if len(all_wins) else 0.0
    amounts = own_wins["amount_minor"].dropna().to_numpy(np.float64)
    part = dataclasses.replace(
        outlook,
        ids=outlook.ids[mine],
        amounts=outlook.amounts[mine],
        hazards=outlook.hazards[:, mine],
        won_minor=won,
        new_wins=outlook.new_wins * share,
        new_amounts=amounts if len(amounts) else outlook.new_amounts,
        target=target,
    )
    return simulate(part, seed=seed)
