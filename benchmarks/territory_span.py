"""The 24 published districting instances (largest diameter short, three activities at ±5 %, contiguous).

    python -m benchmarks.territory_span [--steps 100] [--seed 1] [NAME ...]

``--steps`` are millions of all searches of an instance together; a NAME is part of an instance's. The instances and
what others reached on them (A-TS: Gliesch, Ritt, Moreira, EvoCOP 2018; RME-16: Ríos-Mercado, Escalante 2016; both the
mean of runs of 30 minutes) are shared data beside the checkout; without them there is nothing to measure. Diameters,
balance and contiguity are checked here anew, by other means than the engine's.
"""

from __future__ import annotations

import argparse
import csv
import os
import runpy
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist

from salesops_desktop.territory import DesignProblem, design
from salesops_desktop.territory.kernels import compile_all

ROOT = Path(__file__).resolve().parents[1]
STEPS = 100
SECONDS = 60.0
"""What an instance may take on two cores."""


@dataclass(frozen=True, slots=True)
class Result:
    """One instance: what was reached, in what time, and what others reached (NaN for not at all)."""

    name: str
    span: float
    feasible: bool
    wall: float
    cpu: float
    best_known: float
    tabu: float
    grasp: float

    @property
    def gap(self) -> float:
        """Above the best known, %."""
        return 100 * (self.span / self.best_known - 1)

    @property
    def verdict(self) -> str:
        """In words."""
        if not self.feasible:
            return "NOT FEASIBLE"
        if self.cpu > 2 * SECONDS:
            return "TOO SLOW"
        if self.span < self.best_known - 1e-3:
            return "better than the best known"
        if self.span <= self.tabu:
            return "no worse than A-TS"
        return "no worse than RME-16" if not self.span > self.grasp else "WORSE THAN RME-16"


def folder() -> Path:
    """Where the instances are."""
    return Path(os.environ.get("SALESOPS_SHARED", ROOT.parent / "shared")) / "data" / "territory" / "dl"


def number(text: str) -> float:
    return float(text) if text else float("nan")


def solve(
    row: dict[str, str], make_instance: Callable[[int, int], tuple[np.ndarray, ...]], steps: int, seed: int
) -> Result:
    """Design one instance through the public door and check the outcome."""
    points, edges, activities = make_instance(int(row["n"]), int(row["seed"]))
    blank, k = np.zeros(len(points)), int(row["p"])
    measures = {f"activity {i + 1}": activities[:, i] for i in range(3)}
    vectors = np.column_stack([points, blank])
    tolerance = dict.fromkeys(measures, float(row["tau"]))
    problem = DesignProblem(
        blank, blank, measures, k, tolerance=tolerance, vectors=vectors, edges=edges, compactness="span"
    )
    wall, cpu = time.perf_counter(), time.process_time()
    where = design(problem, seed=seed, effort=steps).assignment
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    loads = np.stack([np.bincount(where, activities[:, i], k) for i in range(3)])
    balanced = np.abs(loads / loads.mean(axis=1, keepdims=True) - 1).max() <= float(row["tau"])
    inside = edges[where[edges[:, 0]] == where[edges[:, 1]]]
    graph = coo_array((np.ones(len(inside)), inside.T), shape=(len(points),) * 2)
    whole = connected_components(graph, directed=False)[0] == k
    return Result(
        name=row["instance"],
        span=max(float(pdist(points[where == t]).max(initial=0.0)) for t in range(k)),
        feasible=bool(balanced and whole),
        wall=wall,
        cpu=cpu,
        best_known=number(row["best_known_maxdiam"]),
        tabu=number(row["ATS_mean_30min"]),
        grasp=number(row["RME16_mean_30min"]),
    )


def summary(results: Iterable[Result]) -> list[str]:
    """The lines under the table."""
    found = list(results)
    gap = statistics.median(result.gap for result in found)
    feasible = sum(result.feasible for result in found)
    against_grasp = sum(result.feasible and not result.span > result.grasp for result in found)
    against_tabu = sum(result.feasible and result.span <= result.tabu for result in found)
    best = sum(result.feasible and result.span < result.best_known - 1e-3 for result in found)
    slowest = max(result.cpu for result in found)
    goals = feasible == against_grasp == len(found) and gap <= 3 and against_tabu >= min(10, len(found))
    return [
        f"feasible {feasible} of {len(found)}; no worse than RME-16 on {against_grasp}, than A-TS on {against_tabu}",
        f"better than the best known on {best}; median gap to it {gap:+.2f} %",
        f"slowest {slowest:.0f} s of CPU; two cores have {2 * SECONDS:.0f} s in {SECONDS:.0f} s",
        f"goals {'reached' if goals and slowest <= 2 * SECONDS else 'NOT reached'}",
    ]


def main() -> None:
    """Print the table, one row as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="parts of names of instances; all where none is given")
    parser.add_argument("--steps", type=float, default=STEPS, help="millions of steps for each instance")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if not (folder() / "best_known.csv").exists():
        print("the published districting instances are not here: they belong to the shared data beside the checkout")
        return
    make_instance = runpy.run_path(str(folder() / "make_instances.py"))["make_instance"]
    with (folder() / "best_known.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            row for row in csv.DictReader(file) if not given.names or any(n in row["instance"] for n in given.names)
        ]
    if not rows:
        sys.exit("No instance has such a name.")
    print(
        f"{'instance':24}{'ours':>9}{'wall s':>8}{'CPU s':>7}{'best':>10}{'A-TS':>9}{'RME-16':>9}{'gap %':>8}  verdict"
    )
    compile_all()  # as the set-up does
    results = []
    for row in rows:
        result = solve(row, make_instance, int(given.steps * 1e6), given.seed)
        results.append(result)
        print(
            f"{result.name:24}{result.span:9.2f}{result.wall:8.1f}{result.cpu:7.1f}{result.best_known:10.2f}"
            f"{result.tabu:9.2f}{result.grasp:9.2f}{result.gap:+8.2f}  {result.verdict}",
            flush=True,
        )
    print("\n".join(summary(results)))


if __name__ == "__main__":
    main()
