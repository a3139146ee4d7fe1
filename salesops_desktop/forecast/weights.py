"""How much each node's own forecast is trusted: the matrix W of reconciliation, never as an n × n matrix.

W = diag(variance) + spread · spread', with few columns in ``spread``: a shrunken covariance of T back-test errors has T
of them. The estimator and the shrinkage are Schäfer & Strimmer 2005 (target D: own variances, no correlation), as used
for MinT by Wickramasuriya, Athanasopoulos & Hyndman 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from salesops_desktop.forecast.hierarchy import Hierarchy

Matrix = npt.NDArray[np.float64]

_LEAST_SHRINKAGE = 1e-3
"""Below it W is nearly singular: T errors can never tell n > T variances and all their covariances."""

_SMALL = 1e-8
_LOOSE = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The covariance of the nodes' forecast errors, in the square of their unit.

    Attributes:
        variance: (n,) above 0.
        spread: (n, k) the common part; k may be 0.
    """

    variance: Matrix
    spread: Matrix

    def dense(self) -> Matrix:
        """(n, n) W itself, for small hierarchies and for tests."""
        return np.asarray(np.diag(self.variance) + self.spread @ self.spread.T)

    def solve(self, vectors: Matrix) -> Matrix:
        """W⁻¹ · (n, m) vectors (Woodbury)."""
        scaled = vectors / self.variance[:, None]
        if not self.spread.shape[1]:
            return np.asarray(scaled)
        thin = self.spread / self.variance[:, None]
        core = cho_factor(np.eye(self.spread.shape[1]) + self.spread.T @ thin)
        return np.asarray(scaled - thin @ cho_solve(core, self.spread.T @ scaled))


def diagonal(variance: Matrix) -> Weights:
    """Weights without correlation; variances of 0 are raised to next to nothing."""
    positive = variance[variance > 0]
    least = _SMALL * float(np.median(positive)) if len(positive) else 1.0
    return Weights(np.maximum(variance, least), np.zeros((len(variance), 0)))


def ordinary(hierarchy: Hierarchy) -> Weights:
    """OLS: every node's forecast is trusted alike (Hyndman et al. 2011)."""
    return diagonal(np.ones(hierarchy.n))


def structural(hierarchy: Hierarchy) -> Weights:
    """WLS by structure: the variance of a sum is the number of its series (Athanasopoulos et al. 2017)."""
    return diagonal(np.asarray(hierarchy.summing.sum(axis=1), dtype=np.float64))


def by_variance(errors: Matrix) -> Weights:
    """WLS by variance: (n, T) errors, NaN where none; a node without any gets the median of the others."""
    return diagonal(_mean_squares(errors))


def bottom_only(hierarchy: Hierarchy, variance: Matrix) -> Weights:
    """Sums follow their series: what is changed at a node is spread below it by ``variance`` and nowhere else."""
    loose = np.full(hierarchy.n, float(variance.max()) * _LOOSE)
    loose[hierarchy.bottom] = variance[hierarchy.bottom]
    return diagonal(loose)


def shrunken(errors: Matrix) -> Weights:
    """MinT's W: the second moments of (n, T) errors with their correlations shrunken towards none.

    Errors that are NaN take part with neither variance nor correlation.
    """
    variance = diagonal(_mean_squares(errors)).variance
    standard = np.nan_to_num(errors / np.sqrt(variance)[:, None])
    share = shrinkage(standard)
    spread = np.sqrt((1 - share) / max(errors.shape[1], 1)) * standard * np.sqrt(variance)[:, None]
    rest = variance - (spread**2).sum(axis=1)  # λ of the variance, more where errors are missing
    return Weights(np.maximum(rest, _LEAST_SHRINKAGE * variance), spread)


def shrinkage(standard: Matrix) -> float:
    """The share λ by which correlations are shrunken: the sum of their variances over the sum of their squares.

    Schäfer & Strimmer 2005, target D, from (n, T) standardised errors without their mean being taken off. Sums over all
    pairs of nodes come from the T × T products of the columns, so that no n × n matrix is made.
    """
    n, count = standard.shape
    if n < 2 or count < 2:
        return 1.0
    own = standard**2
    gram = standard.T @ standard
    pairs_squared = float((gram**2).sum() - (own.sum(axis=1) ** 2).sum()) / count**2  # Σ r², i ≠ j
    each = float(((own.sum(axis=0)) ** 2).sum() - (own**2).sum())  # Σ over t of Σ (x_it x_jt)², i ≠ j
    variances = (each - count * pairs_squared) / (count * (count - 1))
    if pairs_squared <= 0:
        return 1.0
    return float(np.clip(variances / pairs_squared, _LEAST_SHRINKAGE, 1.0))


def _mean_squares(errors: Matrix) -> Matrix:
    count = (~np.isnan(errors)).sum(axis=1)
    mean = np.nansum(errors**2, axis=1) / np.maximum(count, 1)
    known = mean[count > 0]
    return np.where(count > 0, mean, np.median(known) if len(known) else 1.0)
