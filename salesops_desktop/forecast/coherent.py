"""Intervals at every level from errors that belong together, never from adding interval ends.

A past origin is one *path*: the errors of all nodes and periods ahead at the same dates, of forecasts that added up, so
that the errors add up too. New paths are drawn from them whole (a block bootstrap with common dates, each block the
horizon, its sign at random). A node's interval is the spread of its own paths times a factor that makes such intervals
hold what they promise in the back-test: split conformal prediction (Vovk et al. 2005) on errors over spreads, pooled
over the nodes of a level, each spread made without the origins that share periods with the error it judges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from salesops_desktop.forecast.hierarchy import Hierarchy

Matrix = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_PRIOR_ORIGINS = 4
"""Weight of √(periods ahead) against the growth seen, in origins."""

_FEW_NODES = 5
"""At a level of that many nodes its own scores and those of all levels count alike."""

_LEAST_FREEDOM = 3.0
"""Below it Student's t has no variance, and intervals would say nothing."""

_MOST_SCORES = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How wide a forecast may miss, and how often intervals of that width held.

    Attributes:
        half: per level in per cent, (n, h) half-widths in the unit of the series.
        coverage: per level in per cent, (levels of the hierarchy,) share of back-test actuals inside intervals made
            without their own origin and those that share periods with it; NaN with fewer than two origins.
        count: (levels of the hierarchy,) errors judged.
    """

    half: dict[int, Matrix]
    coverage: dict[int, Matrix]
    count: Index


def calibrated(hierarchy: Hierarchy, errors: Matrix, known: Index, levels: tuple[int, ...], *, apart: int) -> Spread:
    """Half-widths of intervals from back-test errors.

    Args:
        hierarchy: n nodes.
        errors: (n, o, h) forecast − actual of forecasts that add up, NaN where nothing came; at least one number.
        known: (o,) periods known at each origin.
        levels: in per cent.
        apart: origins nearer to each other than that share periods.

    The last step widens by Student's t over the normal distribution with m · 2 h / (h + 1) degrees of freedom, m the
    horizons that fit into the stretch of origins: the mean square of the h errors of one origin, each the sum of the
    shocks so far, is known as well as that (Satterthwaite 1946), and horizons that overlap are not counted again.
    """
    horizon = errors.shape[2]
    scale = np.ones((hierarchy.n, 1, horizon))
    for level in range(len(hierarchy.level_names)):
        nodes = hierarchy.nodes(level)
        scale[nodes] = growth(errors[nodes])
    standard = errors / scale
    squares = np.nansum(standard**2, axis=2)
    counts = (~np.isnan(standard)).sum(axis=2)
    own = np.sqrt(squares.sum(axis=1) / np.maximum(counts.sum(axis=1), 1))
    scores = _scores(standard, squares, counts, known, apart)
    per_level = [_thinned(scores[hierarchy.nodes(level)]) for level in range(len(hierarchy.level_names))]
    stretch = max(int(known.max() - known.min()) + 1, apart)
    freedom = max(_LEAST_FREEDOM, 2 * horizon / (horizon + 1) * stretch / apart)
    wider = {level: float(stdtrit(freedom, 0.5 + level / 200) / ndtri(0.5 + level / 200)) for level in levels}
    half = {level: np.zeros((hierarchy.n, horizon)) for level in levels}
    coverage = {level: np.full(len(per_level), np.nan) for level in levels}
    for rank, _ in enumerate(per_level):
        nodes = hierarchy.nodes(rank)
        values, weights, origin, mine = _pool(per_level, rank, len(nodes))
        for level in levels:
            factor = wider[level] * _quantile(values, weights, level / 100)
            half[level][nodes] = factor * own[nodes, None] * scale[nodes, 0]
            coverage[level][rank] = _held(values, weights, origin, mine, level / 100, wider[level])
    seen = [int((~np.isnan(scores[hierarchy.nodes(rank)])).sum()) for rank in range(len(per_level))]
    return Spread(half, coverage, np.array(seen, dtype=np.intp))


def growth(errors: Matrix) -> Matrix:
    """(h,) how the errors of (n, o, h) grow with the periods ahead, 1 on average, never falling.

    The mean at each period ahead is drawn towards growth with its square root, by the weight of four origins.
    """
    size = np.abs(errors)
    seen = ~np.isnan(size)
    typical = np.nansum(size, axis=(1, 2)) / np.maximum(seen.sum(axis=(1, 2)), 1)
    relative = size / np.where(typical > 0, typical, 1.0)[:, None, None]
    steps = np.sqrt(np.arange(1, errors.shape[2] + 1))
    root = float(np.nansum(relative / steps) / max(int(seen.sum()), 1))
    origins = seen.any(axis=0).sum(axis=0)
    mean = np.nansum(relative, axis=(0, 1)) / np.maximum(seen.sum(axis=(0, 1)), 1)
    drawn = np.maximum.accumulate((origins * mean + _PRIOR_ORIGINS * root * steps) / (origins + _PRIOR_ORIGINS))
    return np.asarray(drawn / drawn.mean()) if drawn.mean() > 0 else np.ones(errors.shape[2])


def paths(errors: Matrix, *, count: int, seed: int, nodes: Index) -> Matrix:
    """(len(nodes), count, h) errors that add up, drawn from the (n, o, h) errors of past origins.

    All nodes of a path come from the same origin with the same sign, so any sum over nodes or periods may be taken.
    Origins seen to the end of the horizon are drawn where there are at least five; otherwise the others too, run
    backwards from where they end.
    """
    generator = np.random.default_rng(seed)
    horizon = errors.shape[2]
    seen = (~np.isnan(errors)).any(axis=0).sum(axis=1)
    whole = np.flatnonzero(seen == horizon)
    origins = whole if len(whole) >= 5 else np.flatnonzero(seen > 0)
    if not len(origins):
        raise ValueError("There are no errors to draw paths from.")
    pattern = np.empty((len(origins), horizon), dtype=np.intp)
    for row, origin in enumerate(origins):
        there = np.arange(seen[origin])
        pattern[row] = np.resize(np.concatenate([there, there[::-1]]), horizon)
    drawn = generator.integers(len(origins), size=count)
    sign = generator.choice((-1.0, 1.0), size=count)
    return np.asarray(errors[nodes][:, origins[drawn][:, None], pattern[drawn]] * sign[:, None])


def _scores(standard: Matrix, squares: Matrix, counts: npt.NDArray[np.int_], known: Index, apart: int) -> Matrix:
    """(n, o, h) errors over the node's spread in origins that share no period with the error's own."""
    scores = np.full_like(standard, np.nan)
    for row in range(len(known)):
        separate = np.abs(known - known[row]) >= apart
        others = separate if separate.sum() >= 2 else np.arange(len(known)) != row
        number = counts[:, others].sum(axis=1)
        spread = np.sqrt(squares[:, others].sum(axis=1) / np.maximum(number, 1))
        usable = spread > 0
        scores[usable, row] = np.abs(standard[usable, row]) / spread[usable, None]
    return scores


def _thinned(scores: Matrix) -> tuple[Matrix, Index]:
    """The (k,) scores of a level and their origins, at most 20,000, evenly taken."""
    _, origin, _ = np.nonzero(~np.isnan(scores))
    values = scores[~np.isnan(scores)]
    if len(values) > _MOST_SCORES:
        take = np.linspace(0, len(values) - 1, _MOST_SCORES).astype(np.intp)
        values, origin = values[take], origin[take]
    return values, origin


def _pool(per_level: list[tuple[Matrix, Index]], rank: int, nodes: int) -> tuple[Matrix, Matrix, Index, Mask]:
    """Scores, weights and origins for one level: its own, and all levels' alike, by how many nodes it has."""
    share = nodes / (nodes + _FEW_NODES)
    filled = [number for number, (values, _) in enumerate(per_level) if len(values)]
    weights = [
        np.full(
            len(per_level[number][0]),
            ((1 - share) / len(filled) + (share if number == rank else 0.0)) / len(per_level[number][0]),
        )
        for number in filled
    ]
    values = np.concatenate([per_level[number][0] for number in filled] or [np.zeros(0)])
    origin = np.concatenate([per_level[number][1] for number in filled] or [np.zeros(0, dtype=np.intp)])
    mine = np.concatenate(
        [np.full(len(per_level[number][0]), number == rank) for number in filled] or [np.zeros(0, dtype=bool)]
    )
    order = np.argsort(values, kind="stable")
    return values[order], np.concatenate(weights or [np.zeros(0)])[order], origin[order], mine[order]


def _quantile(values: Matrix, weights: Matrix, share: float) -> float:
    """The weighted quantile of sorted values; the normal distribution's where there are none."""
    total = float(weights.sum())
    if total <= 0:
        return float(ndtri(0.5 + share / 2))
    at = int(np.searchsorted(np.cumsum(weights), share * total))
    return float(values[min(at, len(values) - 1)])


def _held(values: Matrix, weights: Matrix, origin: Index, mine: Mask, share: float, wider: float) -> float:
    hits = count = 0
    for one in np.unique(origin[mine]):
        others = origin != one
        if not others.any():
            return float("nan")
        factor = wider * _quantile(values[others], weights[others], share)
        judged = values[mine & (origin == one)]
        hits += int((judged <= factor).sum())
        count += len(judged)
    return hits / count if count else float("nan")
