"""Forecasts of the 3,003 series of the M3 competition: accuracy, short histories, intervals and speed.

    python -m benchmarks.forecast_series [--peers] [--quick]

One fixed rule set for all series. "Default" is the combination alone (no back-test); "chosen" is what a person sees:
the method that the back-test of each series chose, with calibrated intervals. Published figures come from the shared
data; those of statsforecast 2.1.1 are measured in the same run where ``--peers`` is given and it can be imported (an
environment of its own: it needs an older pandas), else figures measured before stand for it and are marked. That takes
some eight minutes of CPU, shared by two processes.
"""

from __future__ import annotations

import argparse
import importlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.panel import forecast_panel
from salesops_desktop.forecast.yardsticks import comb, naive2, single, theta_classic

Matrix = npt.NDArray[np.float64]
Way = Callable[[Matrix, int, int], Matrix]

ROOT = Path(__file__).resolve().parents[1]
SEASONS = {"YEARLY": 1, "QUARTERLY": 4, "MONTHLY": 12, "OTHER": 1}
CUTS = (
    ("MONTHLY", 24, 6, 13.16), ("MONTHLY", 30, 12, 13.40), ("MONTHLY", 36, 6, 12.67), ("MONTHLY", 60, 6, 9.10),
    ("QUARTERLY", 12, 4, 7.62), ("QUARTERLY", 20, 4, 7.62),
)  # fmt: skip
"""Kind, last values known, horizon, sMAPE of the mean of statsforecast's DOT, ETS and CES as measured before."""

PEERS = {"DOT": "DynamicOptimizedTheta", "ETS": "AutoETS", "CES": "AutoCES"}
"""Models of statsforecast, by the names used here."""

QUOTED_SECONDS = {"DOT": 10.0, "ETS": 130.0, "CES": 117.0}
"""CPU seconds that the peer's models took before for all monthly series."""


def folder() -> Path:
    """Where the shared data is."""
    return Path(os.environ.get("SALESOPS_SHARED", ROOT.parent / "shared")) / "data" / "forecast"


def m3(path: Path) -> dict[str, tuple[Matrix, Matrix]]:
    """Per kind: (n, t) right-aligned histories and (n, h) what came."""
    data = pd.read_csv(path / "m3_all.csv.gz")
    kinds = pd.read_csv(path / "m3_meta.csv").set_index("series")["period"]
    data["kind"] = data["series"].map(kinds)
    found = {}
    for kind, rows in data.groupby("kind"):
        series = [part for _, part in rows.groupby("series")]
        pasts = [part.loc[~part["test"], "y"].to_numpy() for part in series]
        values = np.full((len(pasts), max(map(len, pasts))), np.nan)
        for row, past in zip(values, pasts, strict=True):
            row[len(row) - len(past) :] = past
        found[str(kind)] = (values, np.array([part.loc[part["test"], "y"].to_numpy() for part in series]))
    return found


def smape(said: Matrix, came: Matrix) -> float:
    """The symmetric mean absolute percentage error, in per cent."""
    return float((200 * np.abs(said - came) / (np.abs(said) + np.abs(came))).mean())


def mase(said: Matrix, came: Matrix, values: Matrix, season: int) -> float:
    """The mean absolute scaled error (Hyndman & Koehler 2006)."""
    scale = np.nanmean(np.abs(values[:, season:] - values[:, :-season]), axis=1)
    return float((np.abs(said - came).mean(axis=1) / scale).mean())


def published(path: Path) -> dict[str, dict[str, tuple[float, float]]]:
    """The competition's own table: sMAPE and MASE by method and kind."""
    table = pd.read_csv(path / "m3_published_accuracy.csv", index_col=0)
    return {
        str(name): {kind: (float(row[f"{kind}_sMAPE"]), float(row[f"{kind}_MASE"])) for kind in SEASONS}
        for name, row in table.iterrows()
    }


def accuracy(sets: dict[str, tuple[Matrix, Matrix]], table: dict[str, dict[str, tuple[float, float]]]) -> None:
    """Print the table of all series, ours beside the published methods."""
    ways: dict[str, Way] = {
        "ours, chosen": lambda y, h, m: forecast_panel(y, horizon=h, season=m).mean,
        "ours, default": lambda y, h, m: forecast_panel(y, horizon=h, season=m, origins=0).mean,
        "Naive2, reproduced": naive2,
        "Single, reproduced": single,
        "Theta, reproduced": theta_classic,
        "Comb S-H-D, reproduced": comb,
    }
    print(f"{'sMAPE / MASE / OWA':22}" + "".join(f"{kind.lower():>22}" for kind in SEASONS) + f"{'all sMAPE':>12}")
    sizes = {kind: sets[kind][1].size for kind in SEASONS}
    for name, way in ways.items():
        row = {kind: way(sets[kind][0], sets[kind][1].shape[1], season) for kind, season in SEASONS.items()}
        scores = {
            kind: (smape(said, sets[kind][1]), mase(said, sets[kind][1], sets[kind][0], SEASONS[kind]))
            for kind, said in row.items()
        }
        tell(name, scores, table, sizes)
    for name in ("THETA", "ForecastPro", "COMB S-H-D", "DAMPEN", "SINGLE", "NAIVE2"):
        tell(f"{name} (published)", table[name], table, sizes)


def tell(
    name: str,
    scores: dict[str, tuple[float, float]],
    table: dict[str, dict[str, tuple[float, float]]],
    sizes: dict[str, int],
) -> None:
    """Print one line of the table of accuracies."""
    line, total = f"{name:22}", 0.0
    for kind, (percent, scaled) in scores.items():
        owa = (percent / table["NAIVE2"][kind][0] + scaled / table["NAIVE2"][kind][1]) / 2
        line += f"{percent:9.2f} {scaled:6.3f} {owa:5.3f}"
        total += percent * sizes[kind]
    print(f"{line}{total / sum(sizes.values()):12.3f}", flush=True)


def cut_short(
    sets: dict[str, tuple[Matrix, Matrix]], cuts: tuple[tuple[str, int, int, float], ...] = CUTS, *, peers: bool
) -> None:
    """Print how short histories fare: the last values only."""
    print("\nHistories cut short: sMAPE ours / mean of statsforecast's DOT, ETS and CES")
    for kind, length, horizon, quoted in cuts:
        values, came = sets[kind]
        enough = (~np.isnan(values)).sum(axis=1) >= length
        values, came = values[enough][:, -length:], came[enough][:, :horizon]
        season = SEASONS[kind]
        ours = smape(forecast_panel(values, horizon=horizon, season=season).mean, came)
        theirs, source, each = quoted, "quoted", ""
        if peers:
            said, _ = statsforecast(values, horizon, season)
            theirs, source = smape(np.mean(list(said.values()), axis=0), came), "measured"
            each = "; " + ", ".join(f"{name} {smape(one, came):.2f}" for name, one in said.items())
        print(
            f"  {kind.lower():10} n={length:3} h={horizon:2} {len(values):5} series"
            f"{ours:8.2f} /{theirs:6.2f} ({source}): {1 - ours / theirs:+.1%}{each}",
            flush=True,
        )


def statsforecast(values: Matrix, horizon: int, season: int) -> tuple[dict[str, Matrix], dict[str, float]]:
    """By model of the peer, its (n, h) forecasts and the CPU seconds they took."""
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(partial(peers_of, horizon=horizon, season=season), values, chunksize=16))
    return (
        {name: np.stack([row[name][0] for row in rows]) for name in PEERS},
        {name: sum(row[name][1] for row in rows) for name in PEERS},
    )


def peers_of(history: Matrix, horizon: int, season: int) -> dict[str, tuple[Matrix, float]]:
    """What each of the peer's models says of one history, and its CPU seconds."""
    models: Any = importlib.import_module("statsforecast.models")
    found = {}
    for name, kind in PEERS.items():
        start = time.process_time()
        made = getattr(models, kind)(season_length=season).forecast(history[~np.isnan(history)], h=horizon)
        found[name] = (np.asarray(made["mean"]), time.process_time() - start)
    return found


def outside(path: Path) -> None:
    """Print how series fare that had no part in the making of the rules: Australian tourism, eight quarters ahead."""
    file = path / "tourism_au_hierarchical.csv.gz"
    if not file.exists():
        return
    table = pd.read_csv(file).pivot_table(index=["State", "Region", "Purpose"], columns="Quarter", values="Trips")
    whole = table.to_numpy(dtype=np.float64)
    values, came = whole[:, :-8], whole[:, -8:]
    made = forecast_panel(values, horizon=8, season=4)
    naive = values[:, -4 + np.arange(8) % 4]
    wape = [np.abs(said - came).sum() / came.sum() for said in (made.mean, naive)]
    held = [((made.lower[level] <= came) & (came <= made.upper[level])).mean() for level in (80, 95)]
    print(
        f"\nOutside M3, {len(whole)} tourism series, 8 quarters: WAPE {wape[0]:.4f}, seasonal naive {wape[1]:.4f}; "
        f"MASE {mase(made.mean, came, values, 4):.3f} against "
        f"{mase(naive, came, values, 4):.3f}; intervals held {held[0]:.3f} (80 %), {held[1]:.3f} (95 %)",
        flush=True,
    )


def intervals(sets: dict[str, tuple[Matrix, Matrix]]) -> None:
    """Print what the intervals held, of what came and as the back-test had said."""
    print("\nIntervals: share of what came inside (as the back-test claimed)")
    for kind, season in SEASONS.items():
        values, came = sets[kind]
        made = forecast_panel(values, horizon=came.shape[1], season=season)
        parts = []
        for level, lower in made.lower.items():
            held = ((came >= lower) & (came <= made.upper[level])).mean()
            parts.append(f"{level} %: {held:.3f} ({np.nanmean(made.coverage[level]):.3f})")
        naive = made.naive_wins.mean()
        print(f"  {kind.lower():10}" + "  ".join(parts) + f"   a naive method won {naive:.0%} of the races", flush=True)


def speed(sets: dict[str, tuple[Matrix, Matrix]], *, peers: bool) -> None:
    """Print the seconds of one core for the monthly series; the best of three runs, one of the peer's."""
    values, came = sets["MONTHLY"]
    horizon, theirs, source = came.shape[1], QUOTED_SECONDS, "quoted"
    print(f"\nCPU seconds, {len(values):,} monthly series {horizon} ahead")
    best = {}
    for name, origins in (("default combination", 0), ("back-test, choice, intervals", None)):
        seconds = []
        for _ in range(3):
            start = time.process_time()
            forecast_panel(values, horizon=horizon, season=12, origins=origins)
            seconds.append(time.process_time() - start)
        best[name] = min(seconds)
        print(f"  {name:32}{best[name]:6.2f} s", flush=True)
    if peers:
        said, theirs = statsforecast(values, horizon, 12)
        source = "measured; sMAPE " + ", ".join(f"{smape(one, came):.2f}" for one in said.values())
    for name, spent in theirs.items():
        print(f"  statsforecast {name:18}{spent:6.1f} s = {spent / best['default combination']:.0f} x the default")
    print(f"  ({source})", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true", help="measure statsforecast in the same run")
    parser.add_argument("--quick", action="store_true", help="the shortest histories of each kind only")
    options = parser.parse_args()
    path = folder()
    if not (path / "m3_all.csv.gz").exists():
        print(f"{path} does not hold the M3 series: nothing measured.")
        return
    sets = m3(path)
    accuracy(sets, published(path))
    cut_short(sets, CUTS[::4] if options.quick else CUTS, peers=options.peers)
    outside(path)
    intervals(sets)
    speed(sets, peers=options.peers)


if __name__ == "__main__":
    main()
