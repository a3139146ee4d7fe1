"""Hierarchies: accuracy by level beside bottom-up, what intervals hold, and the time of a large one.

    python -m benchmarks.forecast_hierarchy [--nodes 10000] [--origins 7] [--skip-tourism]

The tourism data (304 series, 425 nodes, quarterly; shared data beside the checkout) is forecast eight quarters ahead
from the last origins, a year apart, each knowing nothing later. Bottom-up, which is what adding up everybody's own
forecast comes to, has the same forecasts of single series to start from. The large hierarchy is made up: monthly, five
years, intermittent series below 1,400 teams in eight regions, one number fixed at the top.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd

from salesops_desktop.forecast.hierarchy import Hierarchy, build_hierarchy
from salesops_desktop.forecast.hierarchy_forecast import HierarchyForecast, forecast_hierarchy
from salesops_desktop.forecast.overrides import Override

ROOT = Path(__file__).resolve().parents[1]
HORIZON = 8


def tourism() -> tuple[Hierarchy, np.ndarray] | None:
    """The hierarchy and its (304, 80) series in single trips, or None where the data is not here."""
    folder = Path(os.environ.get("SALESOPS_SHARED", ROOT.parent / "shared"))
    path = folder / "data" / "forecast" / "tourism_au_hierarchical.csv.gz"
    if not path.exists():
        return None
    table = pd.read_csv(path).pivot_table(index=["State", "Region", "Purpose"], columns="Quarter", values="Trips")
    keys = table.index.to_frame(index=False)
    return build_hierarchy(keys, [["State", "Region"], ["Purpose"]]), np.round(table.to_numpy() * 1000).astype(np.int64)


def accuracy(hierarchy: Hierarchy, series: np.ndarray, origins: list[int]) -> None:
    """Forecast from each origin and print error and coverage by level."""
    values = hierarchy.sums(series)
    levels = range(len(hierarchy.level_names))
    error = {name: np.zeros(len(levels)) for name in ("ours", "base", "bottom-up", "actual")}
    held = {80: [], 95: []}
    chosen = []
    start = time.process_time()
    for origin in origins:
        found = forecast_hierarchy(
            series[:, :origin], hierarchy, periods=range(origin), horizon=HORIZON, season=4, seed=1
        )
        assert_adds_up(found)
        chosen.append(found.reconciliation)
        came = values[:, origin : origin + HORIZON]
        ways = {"ours": found.mean, "base": found.base, "bottom-up": hierarchy.sums(found.base[hierarchy.bottom])}
        for level in levels:
            nodes = hierarchy.level == level
            for name, said in ways.items():
                error[name][level] += np.abs(said - came)[nodes].sum()
            error["actual"][level] += np.abs(came[nodes]).sum()
        for interval, hits in held.items():
            inside = (found.lower[interval] <= came) & (came <= found.upper[interval])
            hits.append([inside[hierarchy.level == level].mean() for level in levels])
    print(f"Tourism, origins {origins}, {HORIZON} ahead; ways to add up: {', '.join(chosen)}")
    print(f"{time.process_time() - start:.1f} CPU s in all")
    print("level                 WAPE    base bottom-up   /base bottom-up/ours   80 %   95 %")
    for level, name in enumerate(hierarchy.level_names):
        ours, base, simple, actual = (error[key][level] for key in ("ours", "base", "bottom-up", "actual"))
        print(
            f"{name:18s} {ours / actual:7.4f} {base / actual:7.4f} {simple / actual:9.4f} {ours / base:7.3f} "
            f"{simple / ours:14.3f} {np.mean(held[80], axis=0)[level]:6.3f} {np.mean(held[95], axis=0)[level]:6.3f}"
        )


def assert_adds_up(found: HierarchyForecast) -> None:
    """Every level sums to the unit."""
    assert (found.hierarchy.sums(found.mean[found.hierarchy.bottom]) == found.mean).all()


def made_up(nodes: int) -> tuple[Hierarchy, np.ndarray]:
    """About ``nodes`` nodes and 60 months of their bottom series, a fifth of the months empty."""
    rng = np.random.default_rng(0)
    count = nodes * 85 // 100
    number = np.arange(count)
    rows = pd.DataFrame(
        {
            "region": [f"Region {one}" for one in number * 8 // count],
            "team": [f"Team {one}" for one in number * (nodes * 14 // 100) // count],
            "person": [f"Person {one}" for one in number],
        }
    )
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(60) / 12)
    level = rng.gamma(1, 3e5, (count, 1)) * np.exp(np.cumsum(rng.normal(0, 0.03, 60)))
    series = rng.gamma(1.5, 1, (count, 60)) * level * season * (rng.random((count, 60)) > 0.2)
    return build_hierarchy(rows, [["region", "team", "person"]]), np.round(series).astype(np.int64)


def large(nodes: int) -> None:
    """Time and memory of one large forecast."""
    hierarchy, series = made_up(nodes)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu, wall = time.process_time(), time.perf_counter()
    found = forecast_hierarchy(
        series, hierarchy, periods=range(60), horizon=12, season=12, seed=1, overrides=[Override(0, 0, 10**12)]
    )
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert_adds_up(found)
    assert found.mean[0, 0] == 10**12
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{hierarchy.n:,} nodes, 60 months, 12 ahead, {len(found.known)} origins, {found.reconciliation}:")
    print(f"{cpu:.1f} CPU s, {wall:.1f} s wall, peak {peak:.0f} MB ({before:.0f} MB before)")
    print(found.coverage.query("interval > 50").to_string(index=False))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--origins", type=int, default=7)
    parser.add_argument("--skip-tourism", action="store_true")
    asked = parser.parse_args()
    known = None if asked.skip_tourism else tourism()
    if known is None and not asked.skip_tourism:
        print("Tourism: the data is not here; nothing was measured.")
    if known is not None:
        hierarchy, series = known
        last = series.shape[1] - HORIZON
        accuracy(hierarchy, series, [last - 4 * back for back in reversed(range(asked.origins))])
    large(asked.nodes)


if __name__ == "__main__":
    main()
