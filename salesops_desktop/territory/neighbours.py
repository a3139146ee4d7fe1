"""Who is next to whom: the graph on which a territory is in one piece or not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.geography import stereographic

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


def neighbour_edges(vectors: Floats, *, plane: bool = False) -> Indices:
    """Pairs of neighbouring points, [m, 2], each pair once.

    Points are neighbours when their Voronoi cells on the globe touch (Delaunay). Points at the same place (within
    some 10 cm) are chained together. Too few points, or all on a line, are joined along it.

    Args:
        vectors: points of the unit sphere, or on a plane in km, [n, 3].
        plane: which of the two.
    """
    if len(vectors) < 2:
        return np.zeros((0, 2), dtype=np.intp)
    cell = np.round(vectors * (1e4 if plane else 6e7)).astype(np.int64)
    order = np.lexsort(cell.T[::-1])
    same = (cell[order][1:] == cell[order][:-1]).all(axis=1)
    chained = np.stack([order[:-1][same], order[1:][same]], axis=1)
    first = order[np.r_[True, ~same]]
    return unique_pairs(
        np.concatenate([chained, first[_site_edges(vectors[first, :2] if plane else stereographic(vectors[first]))]]),
        len(vectors),
    )


def unique_pairs(edges: Indices, count: int) -> Indices:
    """Each pair of different units once, the lower number first, in order, [m, 2]."""
    low, high = np.minimum(edges[:, 0], edges[:, 1]), np.maximum(edges[:, 0], edges[:, 1])
    keys = np.sort((low * np.intp(count) + high)[low != high])
    keys = keys[np.r_[True, keys[1:] != keys[:-1]]] if len(keys) else keys
    return np.stack(np.divmod(keys, max(count, 1)), axis=1).astype(np.intp)


def without_leaps(vectors: Floats, edges: Indices, reach: float = 8.0) -> Indices:
    """The graph without edges much longer than those around them, [m, 2]; it stays in as many pieces as it was.

    A triangulation spans bays and seas along its rim. An edge goes when it is ``reach`` times as long as the middle one
    at either end, unless it is part of the shortest net that holds all together.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415  # slow to load, and the package is imported early
    from scipy.sparse.csgraph import minimum_spanning_tree  # noqa: PLC0415  # slow to load

    if not len(edges):
        return edges
    count = len(vectors)
    length = np.linalg.norm(vectors[edges[:, 0]] - vectors[edges[:, 1]], axis=1) + 1e-12
    end = np.concatenate([edges[:, 0], edges[:, 1]])
    order = np.lexsort((np.tile(length, 2), end))
    number = np.bincount(end, minlength=count)
    middle = np.tile(length, 2)[order][np.minimum(np.cumsum(number) - number + number // 2, len(end) - 1)]
    keep = length <= reach * np.maximum(middle[edges[:, 0]], middle[edges[:, 1]])
    if keep.all():
        return edges
    net = minimum_spanning_tree(coo_array((length, (edges[:, 0], edges[:, 1])), shape=(count, count)).tocsr()).tocoo()
    return unique_pairs(np.concatenate([edges[keep], np.stack([net.row, net.col], axis=1)]).astype(np.intp), count)


def links(points: Floats, edges: Indices, members: npt.NDArray[np.bool_], *, plane: bool = False) -> Indices:
    """The shortest edges that join the pieces of the graph among ``members``, [p - 1, 2] for p pieces.

    Args:
        points: where units are, [n, 3], see ``neighbour_edges``.
        edges: pairs of neighbours, [m, 2].
        members: which units have to hang together, [n].
        plane: see ``neighbour_edges``.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415  # slow to load, and the package is imported early
    from scipy.sparse.csgraph import minimum_spanning_tree  # noqa: PLC0415  # slow to load

    label = pieces(edges, np.zeros(len(points), dtype=np.intp), members)
    here = np.flatnonzero(members)
    if not len(here) or (label[here] == label[here[0]]).all():
        return np.zeros((0, 2), dtype=np.intp)
    bridges = here[neighbour_edges(points[here], plane=plane)]
    bridges = bridges[label[bridges[:, 0]] != label[bridges[:, 1]]]
    length = np.linalg.norm(points[bridges[:, 0]] - points[bridges[:, 1]], axis=1)
    # Of all bridges between two pieces the shortest counts; the shortest net of pieces is made of those.
    ends = np.sort(label[bridges], axis=1)
    order = np.lexsort((length, ends[:, 1], ends[:, 0]))
    ends, bridges, length = ends[order], bridges[order], length[order]
    first = np.r_[True, (ends[1:] != ends[:-1]).any(axis=1)]
    ends, bridges, length = ends[first], bridges[first], length[first]
    count = int(label.max()) + 1
    number = coo_array((length + 1e-9, (ends[:, 0], ends[:, 1])), shape=(count, count)).tocsr()
    net = minimum_spanning_tree(number).tocoo()
    chosen = np.isin(ends[:, 0] * count + ends[:, 1], net.row.astype(np.intp) * count + net.col)
    result: Indices = bridges[chosen]
    return result


def _site_edges(plane: Floats) -> Indices:
    from scipy.spatial import Delaunay, QhullError, cKDTree  # noqa: PLC0415  # slow to load, and the package is imported early

    count = len(plane)
    if count < 2:
        return np.zeros((0, 2), dtype=np.intp)
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
