"""What is proven about designs and what the proof costs: named instances, and published p-median optima.

Run: ``python -m benchmarks.territory_bounds [--shared FOLDER] [--seconds 4] [--quick]``. The first table gives, for a
design of each named instance at 2 %, the bound of its mean distance and the gap; "best known" is the shortest distance
known for the instance, so that its gap says how much of ours is the bound's own. The second holds the same relaxation
against published optima of the capacitated p-median. Seconds are of the processor.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.territory_instances import shared
from salesops_desktop.territory import DesignProblem, design
from salesops_desktop.territory.bounds import certify
from salesops_desktop.territory.bounds.places import chosen_places_bound

BEST_KNOWN = {"C50": 134.0, "C25": 161.6, "A50w": 108.6, "A50r": 108.2}
COLUMNS = {"C50": ("zip_count", 50), "C25": ("pop2019", 25), "A50w": ("workload", 50), "A50r": ("revenue", 50)}


def degrees(x, y):
    """Latitude and longitude of kilometres in the usual equal-area map of the contiguous United States (sphere)."""
    low, high, middle = np.radians([29.5, 45.5, 37.5])
    n = (np.sin(low) + np.sin(high)) / 2
    c = np.cos(low) ** 2 + 2 * n * np.sin(low)
    rho0 = np.sqrt(c - 2 * n * np.sin(middle)) / n
    x, y = x / 6371.0088, rho0 - y / 6371.0088
    rho = np.hypot(x, y)
    return np.degrees(np.arcsin((c - (rho * n) ** 2) / (2 * n))), -96 + np.degrees(np.arctan2(x, y) / n)


def named(folder: Path, name: str) -> DesignProblem:
    column, count = COLUMNS[name]
    counties = name.startswith("C")
    table = pd.read_csv(folder / ("us_counties_3108.csv" if counties else "accounts_5000.csv"))
    edges = pd.read_csv(folder / "us_counties_3108_edges.csv")[["i", "j"]].to_numpy() if counties else None
    latitude, longitude = degrees(table["x_km"].to_numpy(), table["y_km"].to_numpy())
    size = table[column].to_numpy()
    return DesignProblem(latitude, longitude, {column: size}, count, tolerance={column: 0.02}, edges=edges)


def of_designs(folder: Path, seconds: float) -> None:
    print(
        f"{'instance':10}{'ours km':>9}{'bound km':>10}{'gap':>8}{'best known':>12}{'its gap':>9}{'seconds':>9}  kind"
    )
    for name, best in BEST_KNOWN.items():
        problem = named(folder, name)
        found = design(problem, seed=1)
        begun = time.process_time()
        bound = certify(problem, found, seconds=seconds).distance
        spent = time.process_time() - begun
        print(
            f"{name:10}{bound.reached_km:9.1f}{bound.lower_km:10.1f}{bound.gap:8.1%}{best:12.1f}"
            f"{1 - bound.lower_km / best:9.1%}{spent:9.1f}  {bound.kind}",
            flush=True,
        )


def of_published(folder: Path, *, quick: bool) -> None:
    print(f"\n{'p-median':14}{'units':>6}{'places':>7}{'optimum':>12}{'bound':>12}{'gap':>8}{'seconds':>9}")
    for row in pd.read_csv(folder / "cpmp" / "instances.csv").itertuples():
        if quick and row.n > 100:
            continue
        table = pd.read_csv(folder / "cpmp" / f"{row.instance}.csv")
        position = table[["x", "y"]].to_numpy(float)
        cost = np.hypot(*(position[:, None] - position[None, :]).transpose(2, 0, 1))
        cost = np.floor(cost) if "floor" in row.distance else cost
        begun = time.process_time()
        bound = chosen_places_bound(cost, table["demand"].to_numpy(float), float(row.Q), int(row.p))
        spent = time.process_time() - begun
        gap = 1 - bound / row.best_known
        print(
            f"{row.instance:14}{row.n:6}{row.p:7}{row.best_known:12.2f}{bound:12.2f}{gap:8.2%}{spent:9.1f}", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=shared(), help="the folder of the territory instances")
    parser.add_argument("--seconds", type=float, default=4.0, help="of work for each certificate")
    parser.add_argument("--quick", action="store_true", help="small published instances only")
    given = parser.parse_args()
    if not (given.shared / "us_counties_3108.csv").exists():
        print("the territory instances are not here: they belong to the shared data beside the checkout")
        return
    of_designs(given.shared, given.seconds)
    of_published(given.shared, quick=given.quick)


if __name__ == "__main__":
    main()
