"""Seasonal factors of many series at once, shrunken towards what can be proven.

Every history is right-aligned: the last column is the last known period, so a column's place in the season is counted
backwards from the end and is the same for all rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_LONG = 4
"""Seasons from which on the trend is a moving average: on fewer it takes the season with it."""

_MEMORIES = (1.0, 0.9, 0.8, 0.65)
_QUARTERS = 4
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Seasons:
    """The seasons of n series.

    Attributes:
        factors: (n, m) by place in the season; place 0 is the last known period, 1 the first one ahead. Logarithms
            where the season multiplies, else amounts that are added; 0 everywhere where there is none.
        multiply: (n,) whether the season multiplies.
        kept: (n,) the share of the found season that was kept, 0 to 1.
        borrowed: (n,) whether the season is the parent's.
    """

    factors: Matrix
    multiply: npt.NDArray[np.bool_]
    kept: Matrix
    borrowed: npt.NDArray[np.bool_]

    def of(self, rows: npt.NDArray[np.intp]) -> Seasons:
        """The seasons of some rows."""
        return Seasons(self.factors[rows], self.multiply[rows], self.kept[rows], self.borrowed[rows])

    def opposite(self) -> Seasons:
        """What puts the season back where this one takes it out."""
        return Seasons(-self.factors, self.multiply, self.kept, self.borrowed)

    def removed(self, values: Matrix) -> Matrix:
        """(n, t) the histories without their season."""
        t, m = values.shape[1], self.factors.shape[1]
        past = self.factors[:, (np.arange(t) - (t - 1)) % m]
        return np.where(self.multiply[:, None], values * np.exp(-past), values - past)

    def restored(self, ahead: Matrix) -> Matrix:
        """(n, h) forecasts with the season put back."""
        factors = self.factors[:, (1 + np.arange(ahead.shape[1])) % self.factors.shape[1]]
        return np.where(self.multiply[:, None], ahead * np.exp(factors), ahead + factors)


def estimate(values: Matrix, season: int, parents: npt.NDArray[np.intp] | None = None) -> Seasons:
    """Estimate and shrink the seasons of all rows.

    Each history less its trend (a line fitted together with the season below four seasons, above a moving average of
    a season and a half with lines at its ends) is averaged by place in the season, older seasons with less weight
    where forgetting them foretold the next season better. The factors are multiplied by
    c = max(0, 1 − (m − 3) / ((m − 1) F)), the James-Stein shrinkage of Miller & Williams 2003, with F the statistic of
    the season's dummies, so that short or noisy histories keep only what they can prove. What a row lacks it takes
    from its parent: all of it where it is shorter than two seasons. Such a row without a parent may still have the
    pattern of a quarter, which is found in the same way.

    Args:
        values: (n, t) right-aligned, NaN before a series starts.
        season: periods in a season, m.
        parents: (n,) the row whose season is borrowed, −1 for none.

    Returns:
        The seasons; none where ``season`` is 1.
    """
    n, t = values.shape
    with np.errstate(invalid="ignore"):
        multiply = np.asarray(~(values <= 0).any(axis=1))
    factors = np.zeros((n, max(season, 1)))
    kept = np.zeros(n)
    borrowed = np.zeros(n, dtype=np.bool_)
    if season < 2:
        return Seasons(factors, multiply, kept, borrowed)
    y = np.where(multiply[:, None], np.log(np.where(multiply[:, None], values, 1.0)), values)
    lengths = (~np.isnan(values)).sum(axis=1)
    long = lengths >= 2 * season
    if long.any():
        factors[long], kept[long] = _shrunken(y[long], season)
    if parents is not None:
        factors, borrowed = _from_parents(values, factors, kept, multiply, parents)
    quarter = season // 4
    rest = (lengths >= _QUARTERS * quarter) & ~long & ~borrowed
    if season % 4 == 0 and quarter > 2 and rest.any():
        found, kept[rest] = _shrunken(y[rest][:, max(0, t - 2 * season) :], quarter)
        factors[rest] = np.tile(found, 4)
    return Seasons(factors, multiply, kept, borrowed)


def _shrunken(y: Matrix, season: int) -> tuple[Matrix, Matrix]:
    """(n, m) factors and (n,) the share of them that was kept, of rows of two seasons and more."""
    lengths = (~np.isnan(y)).sum(axis=1)
    detrended = _less_line(y, season)
    freedom = np.maximum(1.0, lengths - season - 1)
    long = lengths >= _LONG * season
    if long.any():
        half = int(season * 0.75)
        detrended[long] = y[long] - _trend(
            _less_places(y[long] - _moving_average(y[long], season), season, y[long]), half
        )
        freedom[long] = np.maximum(1.0, lengths[long] * (1 - 1 / (2 * half + 1)) - season)
    folded = _folded(detrended, season)
    known = ~np.isnan(folded)
    filled = np.where(known, folded, 0.0)
    sizes = np.where(np.isnan(y), 0.0, y**2).sum(axis=1) / np.maximum(lengths, 1)
    factors = np.zeros((len(y), season))
    kept = np.zeros(len(y))
    for memory, weight in zip(_MEMORIES, _memory_weights(filled, known), strict=True):
        means, share = _means(filled, known, memory, freedom, sizes)
        factors += (weight * share)[:, None] * means
        kept += weight * share
    return factors, kept


def _means(
    filled: Matrix, known: npt.NDArray[np.bool_], memory: float, freedom: Matrix, sizes: Matrix
) -> tuple[Matrix, Matrix]:
    """(n, m) means by place in the season, each older season with ``memory`` of the weight, and what they prove."""
    season = filled.shape[2]
    weight = known * memory ** np.arange(filled.shape[1] - 1, -1, -1.0)[:, None]
    total = weight.sum(axis=1)
    means = (filled * weight).sum(axis=1) / np.maximum(total, 1e-300)
    means -= means.mean(axis=1, keepdims=True)
    counts = total**2 / np.maximum((weight**2).sum(axis=1), 1e-300)
    rest = np.where(known, filled - means[:, None, :], 0.0)
    rest -= known * (rest.sum(axis=(1, 2)) / known.sum(axis=(1, 2)))[:, None, None]
    within = (rest**2).sum(axis=(1, 2)) / freedom
    between = (counts * means**2).sum(axis=1) / (season - 1)
    real = between > _NOTHING * sizes
    ratio = within / np.where(real, between, 1.0)
    return means, np.where(real, np.maximum(0.0, 1 - max(season - 3, 1) / (season - 1) * ratio), 0.0)


def _memory_weights(filled: Matrix, known: npt.NDArray[np.bool_]) -> Matrix:
    """(memories, n) how much each memory is believed, by how well it foretold each season from those before it.

    Akaike weights of half the number of values, for the errors of a season go together.
    """
    n, cycles, season = filled.shape
    squares = np.zeros((len(_MEMORIES), n))
    counts = np.zeros(n)
    for place, memory in enumerate(_MEMORIES):
        total, weight, seen = np.zeros((n, season)), np.zeros((n, season)), np.zeros((n, season))
        for cycle in range(cycles):
            judged = known[:, cycle] & (seen >= 2)  # two seasons are known
            error = np.where(judged, filled[:, cycle] - total / np.where(weight > 0, weight, 1.0), 0.0)
            squares[place] += (error**2).sum(axis=1)
            counts += judged.sum(axis=1) * (place == 0)
            total = memory * total + filled[:, cycle]
            weight = memory * weight + known[:, cycle]
            seen += known[:, cycle]
    best = squares.min(axis=0)
    safe = np.where(best > 0, best, 1.0)
    weights = np.exp(np.where(best > 0, -0.25 * counts * np.log(np.maximum(squares / safe, 1.0)), 0.0))
    return np.asarray(weights / weights.sum(axis=0))


def _moving_average(y: Matrix, season: int) -> Matrix:
    """(n, t) the centred moving average over a season, NaN where it is not known."""
    n, t = y.shape
    half = season // 2
    trend = np.full((n, t), np.nan)
    width = t - 2 * half
    total = np.zeros((n, width))
    for step in range(2 * half + 1):
        weight = 0.5 if season % 2 == 0 and step in (0, 2 * half) else 1.0
        total += weight * y[:, step : step + width]
    trend[:, half : half + width] = total / season
    return trend


def _trend(plain: Matrix, half: int) -> Matrix:
    """(n, t) the moving average over 2 · half + 1 values, at both ends the line through as many."""
    n, t = plain.shape
    wide = 2 * half + 1
    trend = np.full((n, t), np.nan)
    total = np.zeros((n, t - 2 * half))
    for step in range(wide):
        total += plain[:, step : step + t - 2 * half]
    trend[:, half : t - half] = total / wide
    off = np.arange(wide) - half
    starts = np.isnan(plain).sum(axis=1)
    first = np.take_along_axis(plain, starts[:, None] + np.arange(wide), axis=1)
    for part, places in ((first, np.arange(half)), (plain[:, t - wide :], np.arange(half + 1, wide))):
        line = part.mean(axis=1, keepdims=True) + (part @ off / (off @ off))[:, None] * (places - half)
        columns = starts[:, None] + places if part is first else np.broadcast_to(t - wide + places, (n, half))
        np.put_along_axis(trend, columns, line, axis=1)
    return trend


def _less_line(y: Matrix, season: int) -> Matrix:
    """``y`` less a straight line fitted together with the season, so that neither hides in the other."""
    time = np.where(np.isnan(y), np.nan, np.arange(y.shape[1], dtype=np.float64))
    own, when = (_less_places(part, season, part) for part in (y, time))
    slope = np.nansum(own * when, axis=1) / np.maximum(np.nansum(when**2, axis=1), 1e-300)
    return np.asarray(y - slope[:, None] * np.arange(y.shape[1]))


def _less_places(seasonal: Matrix, season: int, y: Matrix) -> Matrix:
    """``y`` less the mean that each place in the season has in ``seasonal``."""
    folded = _folded(seasonal, season)
    known = ~np.isnan(folded)
    means = np.where(known, folded, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    t = y.shape[1]
    return np.asarray(y - means[:, (np.arange(t) - (t - 1)) % season])


def _folded(y: Matrix, season: int) -> Matrix:
    """(n, cycles, m) by place in the season: place 0 is the last column's."""
    n, t = y.shape
    cycles = -(-t // season)
    padded = np.full((n, cycles * season), np.nan)
    padded[:, cycles * season - t :] = y
    return np.roll(padded.reshape(n, cycles, season), 1, axis=2)


def _from_parents(
    values: Matrix,
    factors: Matrix,
    kept: Matrix,
    multiply: npt.NDArray[np.bool_],
    parents: npt.NDArray[np.intp],
) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """Fill what a row's own season lacks with its parent's; parents come before their own children take from them."""
    result = factors.copy()
    borrowed = np.zeros(len(values), dtype=np.bool_)
    known = ~np.isnan(values)  # a row may not have begun at this origin
    means = np.where(known, np.abs(values), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    for row in _top_down(parents):
        parent = parents[row]
        if parent < 0 or not result[parent].any() or kept[row] >= 1:
            continue
        if multiply[row] and multiply[parent]:
            theirs = result[parent]
        elif multiply[parent]:
            theirs = np.expm1(result[parent]) * means[row]
        elif multiply[row] or means[parent] == 0:
            continue
        else:
            theirs = result[parent] * (means[row] / means[parent])
        result[row] = factors[row] + (1 - kept[row]) * theirs
        borrowed[row] = kept[row] == 0
    return result, borrowed


def _top_down(parents: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """The rows, each after its parent."""
    depth = np.zeros(len(parents), dtype=np.intp)
    above = parents.copy()
    for _ in range(len(parents)):
        going = above >= 0
        if not going.any():
            break
        depth[going] += 1
        above[going] = parents[above[going]]
    else:
        raise ValueError("A row is its own ancestor.")
    return np.argsort(depth, kind="stable")
