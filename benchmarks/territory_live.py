"""Live editing: how long figures and connectedness take after a lasso of units goes to another territory.

    python -m benchmarks.territory_live [--units 40000] [--territories 500] [--lasso 1000] [--edits 200]

Every edit takes the units nearest to a random one, as a lasso does, and moves them to the territory of a random unit
nearby; every third is taken back. "From scratch" is the full evaluation of the engine, for comparison. The goal is
16 ms at the 95th percentile.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.spatial import cKDTree

from salesops_desktop.territory import DesignProblem, evaluate
from salesops_desktop.territory.figures import unit_edges
from salesops_desktop.territory.geography import unit_vectors
from salesops_desktop.territory.live import LiveDesign

GOAL_MS = 16.0


def company(units: int, territories: int, *, families: bool, seed: int = 1) -> tuple[DesignProblem, np.ndarray]:
    """Units in towns over the United States, each with the nearest of some centres; a tenth in families if asked."""
    rng = np.random.default_rng(seed)
    towns = np.stack([rng.uniform(28, 48, 400), rng.uniform(-122, -72, 400)], axis=1)
    size = rng.pareto(1.2, 400) + 0.1
    at = rng.choice(400, units, p=size / size.sum())
    place = towns[at] + rng.normal(0, 0.5, (units, 2))
    centre = place[rng.choice(units, territories, replace=False)]
    vectors, centres = (unit_vectors(p[:, 0], p[:, 1]) for p in (place, centre))
    where = cKDTree(centres).query(vectors)[1].astype(np.intp)
    group = np.full(units, -1)
    if families:
        members = rng.choice(units, units // 10, replace=False)
        group[members] = np.arange(len(members)) // 4
        for number in range(int(group.max()) + 1):
            family = np.flatnonzero(group == number)
            where[family] = where[family[0]]
    measures = {
        "potential": (rng.lognormal(9, 1, units) * 100).astype(np.int64),
        "workload": rng.gamma(4, 2, units),
    }
    problem = DesignProblem(
        place[:, 0], place[:, 1], measures, territories, owner=where, group=group if families else None
    )
    return problem, where


def measure(units: int, territories: int, lasso: int, edits: int, *, families: bool) -> None:
    problem, where = company(units, territories, families=families)
    edges = unit_edges(problem)
    began = time.perf_counter()
    live = LiveDesign(problem, where, edges)
    opened = time.perf_counter() - began
    tree = cKDTree(unit_vectors(problem.latitude, problem.longitude))
    rng = np.random.default_rng(2)
    wall, cpu = [], []
    for number in range(edits):
        chosen = tree.query(tree.data[rng.integers(units)], k=lasso)[1]
        near = tree.query(tree.data[chosen[0]], k=min(3 * lasso, units))[1]
        target = int(live.assignment[rng.choice(near)])
        clock, work = time.perf_counter(), time.thread_time()
        live.move(chosen, target)
        wall.append(time.perf_counter() - clock)
        cpu.append(time.thread_time() - work)
        if number % 3 == 0:
            clock, work = time.perf_counter(), time.thread_time()
            live.undo()
            wall.append(time.perf_counter() - clock)
            cpu.append(time.thread_time() - work)
    clock = time.perf_counter()
    fresh = evaluate(problem, live.assignment, edges)
    scratch = time.perf_counter() - clock
    same = np.array_equal(fresh.pieces, live.figures.pieces) and abs(fresh.mean_km - live.figures.mean_km) < 1e-6
    assert same, "the figures are not those of a fresh evaluation"
    p50, p95, top = np.percentile(wall, [50, 95, 100]) * 1000
    c50, c95 = np.percentile(cpu, [50, 95]) * 1000
    kind = "with families" if families else "single accounts"
    print(
        f"{units:,} units, {territories} territories, lasso of {lasso:,}, {kind}: "
        f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, most {top:.1f} ms (CPU p50 {c50:.1f}, p95 {c95:.1f}); "
        f"goal {GOAL_MS:.0f} ms {'met' if p95 <= GOAL_MS else 'MISSED'}; "
        f"from scratch {scratch * 1000:.0f} ms; opening the desk {opened * 1000:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=40_000)
    parser.add_argument("--territories", type=int, default=500)
    parser.add_argument("--lasso", type=int, default=1_000)
    parser.add_argument("--edits", type=int, default=200)
    given = parser.parse_args()
    for families in (False, True):
        measure(given.units, given.territories, given.lasso, given.edits, families=families)


if __name__ == "__main__":
    main()
