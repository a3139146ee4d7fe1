"""Reconciliation: forecasts of all nodes made to add up, and the same machinery for numbers that are fixed.

Of all values y that add up, the one nearest to the nodes' own forecasts ŷ is taken: minimise (y − ŷ)' W⁻¹ (y − ŷ)
subject to y = S b, to fixed nodes having exactly their amounts and, where asked, to b ≥ 0 (Wickramasuriya,
Athanasopoulos & Hyndman 2019; non-negative: Wickramasuriya, Turlach & Hyndman 2020).

It is solved in the form y = ŷ − W U (U' W U)⁻¹ U' ŷ, where U' are the hierarchy's links: for a tree this matrix is as
sparse as the tree itself and factorises without fill-in, so that no matrix of nodes by nodes is ever made. A fixed node
is one without variance: the others are conditioned on it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import splu

from salesops_desktop.forecast.hierarchy import Hierarchy
from salesops_desktop.forecast.weights import Weights

Matrix = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_RIDGE = 1e-13
_TOLERANCE = 1e-9
_PATIENCE = 3
_MOST_PIVOTS = 5000


def bottom_up(hierarchy: Hierarchy, base: Matrix) -> Matrix:
    """(n, m) forecasts that are the sums of the bottom ones; errors of forecasts are summed the same way."""
    return np.asarray(hierarchy.sums(base[hierarchy.bottom]), dtype=np.float64)


def top_down(hierarchy: Hierarchy, base: Matrix, proportions: Matrix) -> Matrix:
    """(n, m) forecasts that split the top's by ``proportions`` (b,), which sum to 1 (Gross & Sohl 1990)."""
    return np.asarray(hierarchy.sums(proportions[:, None] * base[:1]), dtype=np.float64)


def historic_proportions(bottom: Matrix) -> Matrix:
    """(b,) share of each series in the sum of all over (b, t) history; alike where the sum is nothing."""
    means = np.nansum(bottom, axis=1)
    total = float(means.sum())
    return means / total if abs(total) > _TOLERANCE * np.abs(means).sum() else np.full(len(means), 1 / len(means))


def reconcile(hierarchy: Hierarchy, base: Matrix, weights: Weights) -> Matrix:
    """(n, m) values that add up, nearest to ``base`` (n, m) in the metric of ``weights``."""
    values, _ = _Projection(hierarchy, weights, np.zeros(hierarchy.n, dtype=bool)).nearest(base, base)
    return np.asarray(hierarchy.sums(values[hierarchy.bottom]), dtype=np.float64)


def nonnegative(hierarchy: Hierarchy, base: Matrix, weights: Weights, *, floor: Mask | None = None) -> Matrix:
    """As :func:`reconcile`, with no bottom value below 0 where ``floor`` (b,) says so (everywhere where None)."""
    result = reconcile(hierarchy, base, weights)
    floors = np.ones(len(hierarchy.bottom), dtype=bool) if floor is None else floor
    low = result[hierarchy.bottom][floors]
    scale = np.abs(base).max(axis=0, initial=0.0)
    none = np.zeros(hierarchy.n, dtype=bool)
    for column in np.flatnonzero((low < -_TOLERANCE * scale).any(axis=0)):
        result[:, column] = nearest(hierarchy, base[:, column], weights, fixed=none, floor=floors)
    bottoms = result[hierarchy.bottom]
    bottoms[floors] = np.maximum(bottoms[floors], 0.0)
    return np.asarray(hierarchy.sums(bottoms), dtype=np.float64)


def nearest(
    hierarchy: Hierarchy, base: Matrix, weights: Weights, *, fixed: Mask, amounts: Matrix | None = None, floor: Mask
) -> Matrix:
    """The nearest values of one period that add up, with fixed nodes and bottom values not below 0.

    Args:
        hierarchy: b bottom series, n nodes.
        base: (n,) the nodes' own forecasts.
        weights: the metric.
        fixed: (n,) nodes that must have exactly their amount.
        amounts: (n,) their amounts, 0 where not given; what stands at other nodes is not looked at. They must not
            contradict each other (see overrides.py, which tells).
        floor: (b,) series that must not fall below 0.

    Returns:
        (n,) the values, to about 12 digits; overrides.py rounds them to exact integers.

    The zeros are found by block principal pivoting (Júdice & Pires 1994; Kim & Park 2011): all series on the wrong
    side change it at once; where that stops to help, one at a time, which always ends.
    """
    wanted = np.where(fixed, np.zeros(hierarchy.n) if amounts is None else amounts, 0.0)
    bounded = np.zeros(hierarchy.n, dtype=bool)
    bounded[hierarchy.bottom[floor]] = True
    bounded &= ~fixed
    zero = _forced_zeros(hierarchy, fixed, wanted, floor) & bounded
    free_to_move = bounded & ~zero
    tolerance = _TOLERANCE * float(np.abs(base).max(initial=0.0) + np.abs(wanted).max(initial=0.0))
    best, patience = hierarchy.n + 1, _PATIENCE
    for _ in range(_MOST_PIVOTS):
        pinned = fixed | zero
        projection = _Projection(hierarchy, weights, pinned)
        values, prices = projection.nearest(base[:, None], wanted[:, None])
        gain = weights.solve(values - base[:, None]) + projection.along(prices)
        scale = np.abs(gain).max(initial=0.0)
        wrong = free_to_move & np.where(zero, gain[:, 0] < -_TOLERANCE * scale, values[:, 0] < -tolerance)
        count = int(wrong.sum())
        if not count:
            break
        if count < best:
            best, patience = count, _PATIENCE
        elif patience:
            patience -= 1
        else:
            last = np.flatnonzero(wrong)[-1]
            wrong = np.zeros_like(wrong)
            wrong[last] = True
        zero = zero ^ wrong
    bottoms = values[hierarchy.bottom, 0]
    bottoms[floor] = np.maximum(bottoms[floor], 0.0)
    return np.asarray(hierarchy.sums(bottoms), dtype=np.float64)


def _forced_zeros(hierarchy: Hierarchy, fixed: Mask, wanted: Matrix, floor: Mask) -> Mask:
    """Bottom nodes below a node fixed at 0 with nothing that may be negative."""
    empty = fixed & (wanted == 0) & (hierarchy.summing @ (~floor).astype(np.float64) == 0)
    forced = np.zeros(hierarchy.n, dtype=bool)
    forced[hierarchy.bottom] = hierarchy.summing.T @ empty.astype(np.float64) > 0
    return forced


class _Projection:
    """Onto the values that add up, with some nodes pinned; factorised once, used for many columns."""

    def __init__(self, hierarchy: Hierarchy, weights: Weights, pinned: Mask) -> None:
        self._links = hierarchy.links
        self._pinned = pinned
        self._variance = np.where(pinned, 0.0, weights.variance)[:, None]
        self._spread = weights.spread
        self._loads = self._gain = np.zeros((0, 0))
        if pinned.any() and weights.spread.shape[1]:
            self._condition(weights)
        matrix = csc_array(self._links @ diags_array(self._variance[:, 0]) @ self._links.T)
        size = matrix.diagonal()
        # A sum whose parts are all pinned has nothing left to solve; its row would be empty.
        self._scale = np.where(size > 0, 1 / np.sqrt(np.where(size > 0, size, 1.0)), 1.0)[:, None]
        ridge = np.where(size > 0, _RIDGE if pinned.any() else 0.0, 1.0)
        scaling = diags_array(self._scale[:, 0])
        self._matrix = csc_array(scaling @ matrix @ scaling)
        self._factor = splu(
            csc_array(self._matrix + diags_array(ridge)),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        self._across = self._links @ self._spread
        if self._spread.shape[1]:
            self._thin = self._sparse_solve(self._across)
            self._core = cho_factor(np.eye(self._spread.shape[1]) + self._across.T @ self._thin)

    def _condition(self, weights: Weights) -> None:
        """Given the pinned nodes, the common part is known better: its new mean and spread."""
        spread, variance = weights.spread, weights.variance
        known = spread[self._pinned] / variance[self._pinned, None]
        precision = np.eye(spread.shape[1]) + spread[self._pinned].T @ known
        covariance = np.linalg.inv(precision)
        self._gain = covariance @ known.T
        self._loads = np.where(self._pinned[:, None], 0.0, spread)
        self._spread = self._loads @ np.linalg.cholesky((covariance + covariance.T) / 2)

    def nearest(self, base: Matrix, amounts: Matrix) -> tuple[Matrix, Matrix]:
        """(n, m) values and (a, m) prices of the links; ``amounts`` (n, m) counts at pinned nodes only."""
        start = base
        if self._pinned.any():
            start = base.copy()
            if self._gain.size:
                start += self._loads @ (self._gain @ (amounts[self._pinned] - base[self._pinned]))
            start[self._pinned] = amounts[self._pinned]
        prices = self._solve(self._links @ start)
        moved = self.along(prices)
        return start - self._variance * moved - self._spread @ (self._spread.T @ moved), prices

    def along(self, prices: Matrix) -> Matrix:
        """(n, m) what the links' prices weigh at each node."""
        return np.asarray(self._links.T @ prices)

    def _solve(self, right: Matrix) -> Matrix:
        first = self._sparse_solve(right)
        if not self._spread.shape[1]:
            return first
        return first - self._thin @ cho_solve(self._core, self._across.T @ first)

    def _sparse_solve(self, right: Matrix) -> Matrix:
        scaled = self._scale * right
        answer = self._factor.solve(scaled)
        answer += self._factor.solve(scaled - self._matrix @ answer)  # one refinement: the ridge leaves no trace
        return np.asarray(self._scale * answer)
