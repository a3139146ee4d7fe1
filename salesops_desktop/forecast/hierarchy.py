"""Hierarchies of series: which series add up to which, also crossed ones and ragged ones.

A *node* is one element (company, a region, a person, a product in a region); the *bottom* nodes are the series that
were given, every other node is the sum of bottom nodes. Nodes are ordered by level from the top down and by their keys
within a level, whatever the order of the rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from salesops_desktop.model.errors import Fault, FaultsError, NothingToDoError

Index = npt.NDArray[np.intp]
Path = tuple[str, ...]
Key = tuple[Path, ...]
"""One path per dimension, from the top down; an empty path means all of the dimension."""

OWN = "(own)"
"""The name of what a node has beside its children: the accounts a manager works himself."""


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Nodes, how they hang together, and the matrix that sums them.

    Attributes:
        keys: n keys; see :data:`Key`.
        labels: n names for the screen: the last part of each path, " × " between dimensions.
        level: (n,) rank of each node's level, 0 the top.
        level_names: one per level.
        parent: (n,) the node shown above it, -1 for the top. In a crossed hierarchy a node belongs to several sums;
            this is the one reached by leaving out the last part of the last dimension.
        bottom: (b,) node of each bottom series, in the order of the rows given.
        summing: (n, b) zeros and ones; ``summing @ bottom values`` are the values of all nodes.
        links: (n - b, n) one row per sum: 1 at the node, -1 at its parts along one dimension, so that
            ``links @ values`` is 0 for values that add up.
    """

    keys: tuple[Key, ...]
    labels: tuple[str, ...]
    level: Index
    level_names: tuple[str, ...]
    parent: Index
    bottom: Index
    summing: csr_array
    links: csr_array

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.keys)

    def sums(self, bottom: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """(n, ...) values of all nodes from (b, ...) values of the bottom series; integers stay exact."""
        values = np.asarray(bottom)
        matrix = self.summing.astype(values.dtype)
        return np.asarray(matrix @ values.reshape(len(values), -1)).reshape(self.n, *values.shape[1:])

    def nodes(self, level: int) -> Index:
        """The nodes of a level."""
        return np.flatnonzero(self.level == level)

    def find(self, *path: str) -> int:
        """The node of a path in a hierarchy of one dimension, or of the concatenated paths in a crossed one.

        Raises:
            KeyError: there is no such node.
        """
        for node, key in enumerate(self.keys):
            if tuple(part for one in key for part in one) == path:
                return node
        raise KeyError(path)

    def name(self, node: int) -> str:
        """The whole path of a node, for messages: "East › Team 2 × Hardware"."""
        return " × ".join(" › ".join(path) for path in self.keys[node] if path) or self.labels[node]


def build_hierarchy(rows: pd.DataFrame, dimensions: Sequence[Sequence[str]], *, top: str = "Total") -> Hierarchy:
    """The hierarchy of bottom series from the keys that each of them carries.

    Args:
        rows: one row per bottom series.
        dimensions: per dimension the columns of ``rows`` from its top level down: ``[["region", "team", "person"]]``,
            or crossed ``[["state", "region"], ["purpose"]]``. Lower levels of a row may be blank (ragged): the series
            then belongs to the node above. A node with such a series *and* children gets a child "(own)".
        top: the name of the sum of everything.

    Raises:
        NothingToDoError: no rows.
        FaultsError: columns that are not there; blank levels above filled ones; rows with the same keys. All at once.
    """
    if not len(rows):
        raise NothingToDoError("There are no series to build a hierarchy from.")
    columns = [column for levels in dimensions for column in levels]
    absent = [Fault(str(column), "There is no such column.") for column in columns if column not in rows.columns]
    if absent or not columns:
        raise FaultsError("The levels of the hierarchy cannot be read.", absent, way_out="Choose columns of the data.")
    faults: list[Fault] = []
    paths = [_paths(rows, levels, faults) for levels in dimensions]
    keys: list[Key] = list(zip(*paths, strict=True))
    faults += _duplicates(keys, rows.index)
    if faults:
        raise FaultsError(
            f"{len(faults)} rows do not fit into the hierarchy." if len(faults) > 1 else "A row does not fit.",
            faults,
            way_out="Correct the keys, or leave these rows out.",
        )
    return _assemble(keys, [[str(column) for column in levels] for levels in dimensions], top)


def _paths(rows: pd.DataFrame, levels: Sequence[str], faults: list[Fault]) -> list[Path]:
    cells = [["" if pd.isna(cell) else str(cell).strip() for cell in rows[column]] for column in levels]
    paths = []
    for index, row in zip(rows.index, zip(*cells, strict=True), strict=True):
        filled = [rank for rank, cell in enumerate(row) if cell]
        depth = filled[-1] + 1 if filled else 0
        blank = [str(levels[rank]) for rank in range(depth or 1) if not row[rank]]
        if blank:
            lowest = f"{levels[depth - 1]} {row[depth - 1]}" if depth else "the series"
            what = f"{' and '.join(blank)} is blank: {lowest} has no parent."
            faults.append(Fault(f"row {index}", what))
        paths.append(tuple(row[:depth]))
    return paths


def _duplicates(keys: Sequence[Key], index: Iterable[Hashable]) -> list[Fault]:
    first: dict[Key, Hashable] = {}
    faults = []
    for key, row in zip(keys, index, strict=True):
        if key in first:
            name = " × ".join(" › ".join(path) for path in key)
            faults.append(Fault(f"row {row}", f"{name} is in row {first[key]} already."))
        else:
            first[key] = row
    return faults


def _assemble(keys: Sequence[Key], names: Sequence[Sequence[str]], top: str) -> Hierarchy:
    keys = _with_own(keys)
    members: dict[Key, list[int]] = {}
    for row, key in enumerate(keys):
        for above in product(*([path[:depth] for depth in range(len(path) + 1)] for path in key)):
            members.setdefault(above, []).append(row)
    shapes = sorted({_shape(key) for key in members}, key=lambda shape: (sum(shape), [-depth for depth in shape]))
    rank = {shape: number for number, shape in enumerate(shapes)}
    ordered = tuple(sorted(members, key=lambda key: (rank[_shape(key)], key)))
    at = {key: node for node, key in enumerate(ordered)}
    parent = np.array([at[one] if (one := _above(key)) is not None else -1 for key in ordered], dtype=np.intp)
    summing = _matrix([members[key] for key in ordered], None, len(keys))
    bottom = np.array([at[key] for key in keys], dtype=np.intp)
    return Hierarchy(
        keys=ordered,
        labels=tuple(" × ".join(path[-1] for path in key if path) or top for key in ordered),
        level=np.array([rank[_shape(key)] for key in ordered], dtype=np.intp),
        level_names=tuple(_level_name(shape, names) or top for shape in shapes),
        parent=parent,
        bottom=bottom,
        summing=summing,
        links=_links(ordered, at, set(bottom.tolist())),
    )


def _with_own(keys: Sequence[Key]) -> list[Key]:
    """Give a series that hangs at a node with children a node of its own below it."""
    inner = [{path[:depth] for path in paths for depth in range(len(path))} for paths in zip(*keys, strict=True)]
    return [
        tuple((*path, OWN) if path in above else path for path, above in zip(key, inner, strict=True)) for key in keys
    ]


def _shape(key: Key) -> tuple[int, ...]:
    return tuple(len(path) for path in key)


def _above(key: Key) -> Key | None:
    for dimension in reversed(range(len(key))):
        if key[dimension]:
            return (*key[:dimension], key[dimension][:-1], *key[dimension + 1 :])
    return None


def _level_name(shape: tuple[int, ...], names: Sequence[Sequence[str]]) -> str:
    parts = [levels[min(depth, len(levels)) - 1] for depth, levels in zip(shape, names, strict=True) if depth]
    own = any(depth > len(levels) for depth, levels in zip(shape, names, strict=True))
    return " × ".join(parts) + (f" {OWN}" if own else "")


def _links(ordered: Sequence[Key], at: Mapping[Key, int], bottom: set[int]) -> csr_array:
    """Each sum as one dimension's parts: the dimension with the fewest, which keeps the matrix thin."""
    parts: list[dict[int, list[int]]] = [{} for _ in ordered[0]]
    for node, key in enumerate(ordered):
        for dimension, path in enumerate(key):
            if path:
                whole: Key = (*key[:dimension], path[:-1], *key[dimension + 1 :])
                parts[dimension].setdefault(at[whole], []).append(node)
    rows = []
    signs = []
    for node in range(len(ordered)):
        if node not in bottom:
            fewest = min((found[node] for found in parts if node in found), key=len)
            rows.append([node, *fewest])
            signs.append([1.0, *[-1.0] * len(fewest)])
    return _matrix(rows, signs, len(ordered))


def _matrix(rows: Sequence[Sequence[int]], data: Sequence[Sequence[float]] | None, width: int) -> csr_array:
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)])
    columns = np.concatenate([np.asarray(row, dtype=np.int64) for row in rows]) if rows else np.zeros(0, dtype=np.int64)
    values = np.ones(len(columns)) if data is None else np.concatenate([*map(np.asarray, data), np.zeros(0)])
    return csr_array((values, columns, starts), shape=(len(rows), width))
