"""Who is whose neighbour among areas and single accounts: borders first, bridges where the sea lies between."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from salesops_desktop.jobs.territory_units import Units
from salesops_desktop.territory.geography import normalised, unit_vectors
from salesops_desktop.territory.neighbours import neighbour_edges

Indices = npt.NDArray[np.intp]


def unit_links(units: Units, part: Indices) -> Indices:
    """The neighbourhood graph of the units; those of different parts are never neighbours, [m, 2].

    Areas are neighbours where they share a border; single accounts, and postal codes, where the positions' Delaunay
    triangles say so. Islands are joined to the nearest unit of their part, so that each part is in one piece.

    Args:
        units: areas and accounts.
        part: a number per unit, [n].
    """
    positioned = np.isfinite(units.latitude) & np.isfinite(units.longitude)
    bordered = np.zeros(len(units), dtype=np.bool_)
    bordered[units.edges.reshape(-1)] = True
    found = [np.zeros((0, 2), dtype=np.intp)]
    edges = units.edges
    found.append(edges[part[edges[:, 0]] == part[edges[:, 1]]])
    for number in np.unique(part).tolist():
        here = np.flatnonzero(positioned & (part == number))
        if not len(here):
            continue
        vectors = normalised(unit_vectors(units.latitude[here], units.longitude[here]))
        near = here[neighbour_edges(vectors)]
        found.append(near[~bordered[near].all(axis=1)])
        if bordered[here].any():
            joined = np.concatenate(found)
            found.append(_bridges(vectors, here, joined[np.isin(joined[:, 0], here)], len(units)))
    return np.concatenate(found)


def _bridges(vectors: npt.NDArray[np.float64], here: Indices, edges: Indices, count: int) -> Indices:
    """An edge from each piece but the largest to the nearest unit outside of it, until there is one piece."""
    local = np.full(count, -1, dtype=np.intp)
    local[here] = np.arange(len(here))
    pairs = local[edges]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    made: list[tuple[int, int]] = []
    while True:
        ends = np.concatenate([pairs, np.array(made, dtype=np.intp).reshape(-1, 2)])
        graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(here), len(here)))
        pieces, label = connected_components(graph, directed=False)
        if pieces == 1:
            return here[np.array(made, dtype=np.intp).reshape(-1, 2)]
        main = int(np.bincount(label).argmax())
        piece = next(number for number in range(pieces) if number != main)
        inside, outside = np.flatnonzero(label == piece), np.flatnonzero(label != piece)
        found = cKDTree(vectors[outside]).query(vectors[inside])
        gap, nearest = np.atleast_1d(found[0]), np.atleast_1d(found[1])
        closest = int(gap.argmin())
        made.append((int(inside[closest]), int(outside[int(nearest[closest])])))
