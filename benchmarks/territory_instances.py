"""The named territory instances as problems, on the plane their published distances were measured in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import Delaunay

from salesops_desktop.territory import DesignProblem
from salesops_desktop.territory.neighbours import unique_pairs

ROOT = Path(__file__).resolve().parents[1]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance with what is known of it.

    Attributes:
        name: as in the facts.
        problem: planar, with neighbours given, at 2 %.
        metis: mean km of METIS (ufactor 20), as measured for the facts.
        reference: the best known mean km.
    """

    name: str
    problem: DesignProblem
    metis: float = np.nan
    reference: float = np.nan

    @property
    def measure(self) -> Floats:
        """The one that is balanced."""
        return next(iter(self.problem.measures.values())).astype(np.float64)


KNOWN: Final = {
    "C50": (142.6, 134.0),
    "C25": (185.5, 161.6),
    "A50w": (122.2, 108.6),
    "A50r": (127.4, 108.2),
}
"""Mean km of METIS and of the best known, from the facts."""


def shared() -> Path:
    """Where the shared instances lie."""
    return Path(os.environ.get("SALESOPS_SHARED", ROOT.parent / "shared")) / "data" / "territory"


def missing(*names: str) -> str:
    """Why nothing can be measured, where one of the named files is absent; otherwise nothing."""
    gone = [name for name in names if not (shared() / name).exists()]
    return f"{', '.join(gone)} are not here: they belong to the shared data beside the checkout" if gone else ""


def planar(
    place: Floats, measures: dict[str, Floats], count: int, edges: npt.NDArray[np.integer] | None, tolerance: float
) -> DesignProblem:
    """A problem on a plane; ``place`` is [n, 2] in km."""
    nowhere = np.zeros(len(place))
    return DesignProblem(
        nowhere,
        nowhere,
        measures,
        count,
        tolerance=dict.fromkeys(measures, tolerance),
        edges=edges,
        vectors=np.column_stack([place, nowhere]),
    )


def triangulated(place: Floats) -> npt.NDArray[np.intp]:
    """Delaunay neighbours; points at one place are told apart by a hair."""
    apart = place + np.random.default_rng(0).normal(0, 1e-4, place.shape)
    triangles = Delaunay(apart).simplices.astype(np.intp)
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return unique_pairs(pairs, len(place))


def named(name: str) -> Instance:
    """C50, C25, A50w or A50r."""
    if name.startswith("C"):
        table = pd.read_csv(shared() / "us_counties_3108.csv")
        edges = pd.read_csv(shared() / "us_counties_3108_edges.csv")[["i", "j"]].to_numpy(np.intp)
        column, count = ("zip_count", 50) if name == "C50" else ("pop2019", 25)
    else:
        table = pd.read_csv(shared() / "accounts_5000.csv")
        column, count = ("workload" if name == "A50w" else "revenue"), 50
    place = table[["x_km", "y_km"]].to_numpy(np.float64)
    if name.startswith("A"):
        edges = triangulated(place)
    measure = {column: table[column].to_numpy(np.float64)}
    return Instance(name, planar(place, measure, count, edges, 0.02), *KNOWN[name])


def three_measures(tolerance: float = 0.03) -> Instance:
    """The 5,000 accounts on revenue, workload and count at once."""
    table = pd.read_csv(shared() / "accounts_5000.csv")
    place = table[["x_km", "y_km"]].to_numpy(np.float64)
    measures = {
        "workload": table["workload"].to_numpy(np.float64),
        "revenue": table["revenue"].to_numpy(np.float64),
        "count": np.ones(len(table)),
    }
    return Instance("A50 three measures", planar(place, measures, 50, triangulated(place), tolerance))


def scattered(count: int, territories: int, *, given: bool = True) -> Instance:
    """Made-up points around the real accounts, as dense as they are: some in towns, some between."""
    rng = np.random.default_rng(11)
    table = pd.read_csv(shared() / "accounts_5000.csv")
    base = table[["x_km", "y_km"]].to_numpy(np.float64)[rng.integers(0, len(table), count)]
    place = base + rng.normal(0, 1, (count, 2)) * rng.choice([4.0, 25.0, 60.0], (count, 1))
    measure = {"potential": rng.lognormal(9, 0.8, count).round()}
    edges = triangulated(place) if given else None
    return Instance(f"{count:,} points / {territories}", planar(place, measure, territories, edges, 0.02))
