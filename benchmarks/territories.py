"""Territory designs on the named instances beside METIS, three measures at once, and sizes.

    python -m benchmarks.territories [--effort quick thorough long] [--only C50 C25 ...] [--seed 1]

METIS is run where pymetis can be imported (it is no dependency: there is no wheel for Windows); elsewhere the figures
of the facts stand for it, and are marked. Each engine is held to the same measure: the largest deviation from the mean,
the weighted mean distance to the weighted centre, territories in several pieces.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.territory_instances import KNOWN, Instance, missing, named, scattered, three_measures
from salesops_desktop.territory import Design, design, evaluate
from salesops_desktop.territory.kernels.graph import flat_graph


@dataclass(frozen=True, slots=True)
class Row:
    """One run."""

    instance: str
    engine: str
    wall: float
    cpu: float
    made: Design

    def told(self) -> str:
        """As a line of the table."""
        made = self.made
        off = 100 * max(made.balance.values())
        split = int((made.pieces > 1).sum())
        return (
            f"{self.instance:24}{self.engine:16}{self.wall:8.2f}{self.cpu:8.2f}{off:8.2f}{made.mean_km:9.2f}{split:7d}"
        )


def timed(instance: Instance, engine: str, solve: Callable[[], npt.NDArray[np.integer]]) -> Row:
    """Run an engine; measuring what it found is not part of the time."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = solve()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Row(instance.name, engine, wall, cpu, evaluate(instance.problem, found, instance.problem.edges))


def metis(instance: Instance, ncuts: int) -> Row | None:
    """METIS with a load imbalance of 2 % allowed, as in the facts; None where it is not installed."""
    try:
        library: Any = importlib.import_module("pymetis")
    except ImportError:
        return None
    indptr, indices = flat_graph(len(instance.problem), np.asarray(instance.problem.edges))
    weight = np.maximum(np.round(instance.measure * (1e6 / instance.measure.mean())), 0).astype(np.int64)
    weight = np.round(weight / max(weight.sum() / 1e9, 1.0)).astype(np.int32)

    def solve() -> npt.NDArray[np.integer]:
        options = library.Options(ufactor=20, ncuts=ncuts, contig=1, seed=1)
        near = library.CSRAdjacency(indptr, indices)
        _, part = library.part_graph(instance.problem.territories, near, vweights=weight.tolist(), options=options)
        return np.asarray(part, dtype=np.int32)

    return timed(instance, f"METIS ncuts {ncuts}", solve)


def ours(instance: Instance, effort: Any, seed: int) -> Row:
    """The product's own engine."""
    return timed(instance, f"ours {effort}", lambda: design(instance.problem, effort=effort, seed=seed).assignment)


def instances(only: list[str]) -> Iterator[Instance]:
    """Those asked for, or the four named ones."""
    for name in KNOWN:
        if not only or name in only:
            yield named(name)


def beside(instance: Instance, efforts: list[str], seed: int) -> None:
    """One instance by all engines."""
    peer = metis(instance, 10)
    if peer is not None:
        print(peer.told(), flush=True)
    base = peer.made.mean_km if peer is not None else instance.metis
    for effort in efforts:
        row = ours(instance, effort, seed)
        said = f"{100 * (1 - row.made.mean_km / base):6.1f} % below METIS{'' if peer is not None else ' of the facts'}"
        said += f" ({100 * (1 - row.made.mean_km / instance.metis):.1f} % below its {instance.metis} of the facts)"
        said += f", {100 * (row.made.mean_km / instance.reference - 1):+.1f} % to the reference"
        print(row.told() + said, flush=True)


def repeated(times: int) -> None:
    """The same design many times over: one hash."""
    instance = named("A50r")
    hashes = {
        hashlib.sha256(design(instance.problem, effort=100_000, seed=5).assignment.tobytes()).hexdigest()
        for _ in range(times)
    }
    print(f"{times} designs of {instance.name} with one seed: {len(hashes)} different assignment hash(es)", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--effort", nargs="+", default=["quick", "thorough"], choices=["quick", "thorough", "long"])
    parser.add_argument("--only", nargs="+", default=[], help="names, sizes, three, hash")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if reason := missing("us_counties_3108.csv", "accounts_5000.csv"):
        print(reason)
        return
    only = given.only
    print(f"{'instance':24}{'engine':16}{'wall s':>8}{'CPU s':>8}{'off %':>8}{'mean km':>9}{'split':>7}")
    for instance in instances(only):
        beside(instance, given.effort, given.seed)
    if not only or "three" in only:
        print(ours(three_measures(), "quick", given.seed).told(), flush=True)
    if not only or "sizes" in only:
        for count, territories in ((30_000, 250), (30_000, 500), (40_000, 500)):
            instance = scattered(count, territories)
            peer = metis(instance, 1)
            print(*(row.told() for row in (peer, ours(instance, "quick", given.seed)) if row), sep="\n", flush=True)
    if not only or "hash" in only:
        repeated(100)


if __name__ == "__main__":
    main()
