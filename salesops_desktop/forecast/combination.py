"""Several forecasts of one thing made one: weighted by what their past errors teach, never by taste."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

LEAST_ORIGINS = 3
"""With fewer common dates all weigh the same."""
_PRIOR = 4.0
"""Equal weights count as much as so many common dates."""


@dataclass(frozen=True, slots=True)
class Combination:
    """How forecasts are weighted.

    Attributes:
        names: the parts.
        weights: (k,) shares that sum to 1.
        n: dates at which all parts are known to have been wrong by how much.
        errors: (n,) errors the combination would have had, each date weighted by what the earlier ones taught.
        reason: why these weights, in a sentence.
    """

    names: tuple[str, ...]
    weights: Vector
    n: int
    errors: Vector
    reason: str

    def of(self, values: Mapping[str, float]) -> float:
        """The weighted mean of the parts' values."""
        return float(sum(weight * values[name] for name, weight in zip(self.names, self.weights, strict=True)))


def combine(errors: Mapping[str, Sequence[float | None]]) -> Combination:
    """Weigh parts by their inverse mean squared error, drawn towards equal weights.

    Args:
        errors: per part its errors at the same dates, oldest first, in any common unit; None where it said nothing.

    Raises:
        ValueError: there is no part, or the parts differ in length.
    """
    names = tuple(errors)
    if not names or len({len(row) for row in errors.values()}) != 1:
        raise ValueError("Parts with errors at the same dates are needed.")
    table = np.array([[np.nan if e is None else float(e) for e in errors[name]] for name in names])
    common = table[:, ~np.isnan(table).any(axis=0)]
    n = common.shape[1]
    weights = _weights(common)
    walked = np.array([float(_weights(common[:, :i]) @ common[:, i]) for i in range(n)])
    if len(names) == 1:
        reason = "There is only one forecast: it stands alone."
    elif n < LEAST_ORIGINS:
        many = "no past date" if n == 0 else "only 1 past date" if n == 1 else f"only {n} past dates"
        reason = f"All weigh the same: {many} can be compared yet, {LEAST_ORIGINS} are needed."
    else:
        reason = f"Weighted by the inverse squared error at {n} past dates, drawn towards equal weights."
    return Combination(names, weights, n, walked, reason)


def _weights(errors: Vector) -> Vector:
    k, n = errors.shape
    equal = np.full(k, 1.0 / k)
    if n < LEAST_ORIGINS:
        return equal
    squares = (errors**2).mean(axis=1)
    perfect = squares <= 0
    inverse = perfect.astype(np.float64) if perfect.any() else 1.0 / squares
    return np.asarray((n * inverse / inverse.sum() + _PRIOR * equal) / (n + _PRIOR))
