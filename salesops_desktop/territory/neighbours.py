"""Who is next to whom: the graph on which a territory is in one piece or not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.geography import stereographic

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


def neighbour_edges(vectors: Floats) -> Indices:
    """Pairs of neighbouring points, [m, 2], each pair once.

    Points are neighbours when their Voronoi cells on the globe touch (Delaunay). Points at the same place (within
    some 10 cm) are chained together. Too few points, or all on a line, are joined along it.

    Args:
        vectors: points of the unit sphere, [n, 3].
    """
    if len(vectors) < 2:
        return np.zeros((0, 2), dtype=np.intp)
    _, first, site = np.unique(np.round(vectors * 6e7).astype(np.int64), axis=0, return_index=True, return_inverse=True)
    site = site.reshape(-1)
    order = np.argsort(site, kind="stable")
    same = site[order][1:] == site[order][:-1]
    chained = np.stack([order[:-1][same], order[1:][same]], axis=1)
    edges = np.concatenate([chained, first[_site_edges(vectors[first])]])
    return np.unique(np.sort(edges, axis=1), axis=0).astype(np.intp)


def _site_edges(vectors: Floats) -> Indices:
    from scipy.spatial import Delaunay, QhullError, cKDTree  # noqa: PLC0415  # slow to load, and the package is imported early

    count = len(vectors)
    if count < 2:
        return np.zeros((0, 2), dtype=np.intp)
    plane = stereographic(vectors)
    if count >= 4:
        try:
            mesh = Delaunay(plane, qhull_options="Qbb Qc Qz Q12")
        except QhullError:
            pass  # all on a line
        else:
            triangles = mesh.simplices.astype(np.intp)
            edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
            # Qhull leaves out points too close to another for its precision; they join the nearest.
            extra = mesh.coplanar[:, [0, 2]].astype(np.intp).reshape(-1, 2)
            return np.concatenate([edges, extra])
    if count == 2:
        return np.array([[0, 1]], dtype=np.intp)
    if count == 3:
        return np.array([[0, 1], [1, 2], [0, 2]], dtype=np.intp)
    axis = np.linalg.svd(plane - plane.mean(axis=0), full_matrices=False)[2][0]
    order = np.argsort(plane @ axis, kind="stable")
    near = np.asarray(cKDTree(plane).query(plane, k=2)[1], dtype=np.intp)[:, 1]
    line = np.stack([order[:-1], order[1:]], axis=1)
    return np.concatenate([line, np.stack([np.arange(count), near], axis=1)]).astype(np.intp)


def pieces(edges: Indices, assignment: npt.NDArray[np.integer], members: npt.NDArray[np.bool_]) -> Indices:
    """The connected piece of each unit within its territory, [n]; numbers from 0, -1 for units not in ``members``."""
    from scipy.sparse import coo_array  # noqa: PLC0415  # slow to load, and the package is imported early
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415  # slow to load, and the package is imported early

    inside = members[edges[:, 0]] & members[edges[:, 1]]
    inside &= assignment[edges[:, 0]] == assignment[edges[:, 1]]
    kept = edges[inside]
    count = len(assignment)
    graph = coo_array((np.ones(len(kept), dtype=np.int8), (kept[:, 0], kept[:, 1])), shape=(count, count))
    label = connected_components(graph, directed=False)[1].astype(np.intp)
    return np.where(members, label, -1)


def adjacency(count: int, edges: Indices) -> list[list[int]]:
    """The neighbours of each unit as lists, for walks one step at a time."""
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    split = np.searchsorted(both[:, 0], np.arange(1, count))
    return [part.tolist() for part in np.split(both[:, 1], split)] if count else []
