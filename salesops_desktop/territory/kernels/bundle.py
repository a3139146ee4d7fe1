"""Bundling neighbours, so that a search can first move many units at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.kernels.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@compiled("i8(i4[::1], i4[::1], i4[::1], f8[::1], i8, f8, i4[::1], i4[::1])")
def bundle(
    indptr: Ints, indices: Ints, alike: Ints, size: Floats, most: int, widest: float, label: Ints, queue: Ints
) -> int:
    """Number connected bundles of units that are alike.

    Args:
        indptr: see ``flat_graph``.
        indices: see ``flat_graph``.
        alike: only units with the same number share a bundle; those below 0 stay alone, [b].
        size: of each unit, [b].
        most: units in a bundle at most.
        widest: sum of sizes in a bundle at most.
        label: filled with the bundle of each unit, from 0, [b].
        queue: room to write on, [b].

    Returns:
        How many bundles there are.
    """
    bundles = 0
    label[:] = -1
    for first in range(len(alike)):
        if label[first] >= 0:
            continue
        label[first] = bundles
        queue[0] = first
        head, tail, total = 0, 1, size[first]
        while head < tail < most and alike[first] >= 0:
            here = queue[head]
            head += 1
            for i in range(indptr[here], indptr[here + 1]):
                other = indices[i]
                if label[other] < 0 and alike[other] == alike[first] and total + size[other] <= widest:
                    label[other] = bundles
                    queue[tail] = other
                    tail += 1
                    total += size[other]
                    if tail == most:
                        break
        bundles += 1
    return bundles
