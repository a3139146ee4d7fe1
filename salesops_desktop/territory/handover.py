"""What changes hands between two assignments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.problem import NONE, Floats, Indices


@dataclass(frozen=True, slots=True)
class Handover:
    """Units that change hands, as columns ordered by old owner, new owner, unit.

    Attributes:
        unit: index of the unit, [m].
        source: territory that works it today, [m]; -1 for nobody.
        target: territory that is to work it, [m].
        measures: per measure, the units' values, [m].
    """

    unit: Indices
    source: Indices
    target: Indices
    measures: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.unit)

    def flows(self) -> list[tuple[int, int, int, dict[str, float]]]:
        """Per pair of territories: (from, to, number of units, sum of each measure)."""
        pairs, index = np.unique(np.stack([self.source, self.target], axis=1), axis=0, return_inverse=True)
        place = index.reshape(-1)
        counts = np.bincount(place, minlength=len(pairs))
        sums = {name: np.bincount(place, values, len(pairs)) for name, values in self.measures.items()}
        return [
            (int(a), int(b), int(counts[i]), {name: float(total[i]) for name, total in sums.items()})
            for i, (a, b) in enumerate(pairs)
        ]


def handover(
    current: npt.NDArray[np.integer],
    proposed: npt.NDArray[np.integer],
    measures: Mapping[str, npt.NDArray[np.generic]],
    *,
    include_new: bool = False,
) -> Handover:
    """The units whose territory differs.

    Args:
        current: territory per unit today, -1 for none, [n].
        proposed: territory per unit, [n].
        measures: values per unit, [n] each.
        include_new: whether units that nobody works today belong on the list.
    """
    old, new = current.astype(np.intp), proposed.astype(np.intp)
    moved = np.flatnonzero((old != new) & (include_new | (old != NONE)))
    moved = moved[np.lexsort((moved, new[moved], old[moved]))]
    values = {name: column[moved].astype(np.float64) for name, column in measures.items()}
    return Handover(moved, old[moved], new[moved], values)
