"""What is out of the ordinary in histories: made fit for the methods, and said.

Gaps, series that start late or have ended, one-off deals and level shifts. Histories themselves stay as they are: only
what the methods learn from is changed, and at each origin of a back-test from what was known there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.smoothing import line

Matrix = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_REACH = 3
"""Neighbours on each side that say what is ordinary: three, whose median is their sum less the ends."""

_FAR = 8.0
_NEAR = 3.0
_BEND = 4.0
_LEAST_POINTS = 8
_LEAST_SHARE = 0.5
_MAD = 1.4826
_CLOSED = 6
_SHIFT = 5.0
_STEP = 0.5
_SHIFT_SPAN = 6


def started(values: Matrix) -> Matrix:
    """The histories, NaN before the first amount and gaps filled along a straight line.

    Zeros before the first amount are the time before a series began; one of zeros only stays as it is.
    """
    known = ~np.isnan(values)
    told = known & (values != 0)
    sells = told.any(axis=1)
    first = np.where(sells, told.argmax(axis=1), np.where(known.any(axis=1), known.argmax(axis=1), values.shape[1]))
    columns = np.arange(values.shape[1])
    result = np.where(columns < first[:, None], np.nan, values)
    gaps = ~known & (columns >= first[:, None])
    for row in np.flatnonzero(gaps.any(axis=1)):
        result[row, gaps[row]] = np.interp(columns[gaps[row]], columns[known[row]], values[row, known[row]])
    return result


def closed(values: Matrix, season: int) -> Mask:
    """(n,) which rows have ended: zero for half a season and six periods at least, after hardly any zero before."""
    t = values.shape[1]
    span = max(_CLOSED, season // 2)
    if t < 2 * span:
        return np.zeros(len(values), dtype=np.bool_)
    tail = (values[:, t - span :] == 0).all(axis=1)
    before = values[:, : t - span]
    alive = (before != 0) & ~np.isnan(before)
    count = (~np.isnan(before)).sum(axis=1)
    # the zeros that end the part before the tail belong to the end, not to the life
    last = before.shape[1] - 1 - alive[:, ::-1].argmax(axis=1)
    zeros = ((before == 0) & (np.arange(before.shape[1]) <= last[:, None])).sum(axis=1)
    return np.asarray(tail & alive.any(axis=1) & (zeros <= 0.1 * np.maximum(count, 1)) & (count >= span))


def outliers(plain: Matrix) -> tuple[Mask, Matrix]:
    """Single values far from their neighbours on both sides: one-off deals, slips of the keyboard.

    Args:
        plain: (n, t) histories without gaps and without their season, NaN before a series starts.

    Returns:
        (n, t) which values are marked, and (n, t) the histories with those drawn in to three typical deviations from
        the median of their neighbours. A value is marked that lies on the same side of the three before and of the
        three after it, of both medians eight typical deviations away (the row's median deviation) and by half of
        their size. The last value has no neighbour after it and might be a new level: it has to be twice as far, and
        thrice the size. Rows that are often zero are left alone, for there every value is far from its neighbours.
    """
    marked = np.zeros(plain.shape, dtype=np.bool_)
    result = plain.copy()
    lengths = (~np.isnan(plain)).sum(axis=1)
    rows = np.flatnonzero((lengths >= _LEAST_POINTS) & ((plain == 0).sum(axis=1) < 0.25 * lengths))
    rows = rows[_spiky(plain[rows])] if len(rows) else rows
    if not len(rows):
        return marked, result
    y = plain[rows]
    before, after = _medians_beside(y)
    middle = (before + after) / 2
    typical = _MAD * np.nanmedian(np.abs(y - middle), axis=1, keepdims=True)
    up, down = y - np.maximum(before, after), np.minimum(before, after) - y
    off = np.maximum(up, down)
    found = (off > _FAR * typical) & (off > _LEAST_SHARE * np.abs(middle)) & (typical > 0)
    last = np.abs(y[:, -1] - before[:, -1])
    found[:, -1] = (last > 2 * _FAR * typical[:, 0]) & (last > 2 * np.abs(before[:, -1])) & (typical[:, 0] > 0)
    middle[:, -1] = before[:, -1]
    marked[rows] = found
    result[rows] = np.where(found, middle + np.sign(y - middle) * _NEAR * typical, y)
    return marked, result


def _spiky(plain: Matrix) -> Mask:
    """(n,) rows that may hold an outlier: a quick look that spares the others the medians."""
    bend = np.abs(np.diff(plain, axis=1))
    return np.asarray(np.nanmax(bend, axis=1) > _BEND * np.nanmedian(bend, axis=1))


def _medians_beside(y: Matrix) -> tuple[Matrix, Matrix]:
    """(n, t) the medians of the three values before and of the three after; NaN where there are fewer than two."""
    padded = np.pad(y, ((0, 0), (_REACH, _REACH)), constant_values=np.nan)
    a, b, c = (padded[:, shift : shift + y.shape[1] + _REACH + 1] for shift in range(_REACH))
    most = np.fmax(np.fmax(a, b), c)
    least = np.fmin(np.fmin(a, b), c)
    count = (~np.isnan(a)).astype(np.int64) + ~np.isnan(b) + ~np.isnan(c)
    total = np.nan_to_num(a) + np.nan_to_num(b) + np.nan_to_num(c)
    middle = np.where(count == _REACH, total - most - least, np.where(count == _REACH - 1, total / 2, np.nan))
    return middle[:, : y.shape[1]], middle[:, _REACH + 1 : _REACH + 1 + y.shape[1]]


def shifts(plain: Matrix) -> npt.NDArray[np.intp]:
    """(n,) at which column each row moved to another level that has lasted for six periods since; −1 where none.

    The place where the means of the six periods before and after differ most, by five typical deviations at least.

    Args:
        plain: (n, t) histories without gaps, outliers and season, NaN before a series starts.
    """
    where = np.full(len(plain), -1, dtype=np.intp)
    begun = np.isnan(plain).sum(axis=1)
    rows = np.flatnonzero(plain.shape[1] - begun >= 2 * _SHIFT_SPAN)
    if not len(rows):
        return where
    y, begun = plain[rows], begun[rows]
    sums = np.cumsum(np.pad(np.nan_to_num(y), ((0, 0), (1, 0))), axis=1)
    means = (sums[:, _SHIFT_SPAN:] - sums[:, :-_SHIFT_SPAN]) / _SHIFT_SPAN
    step = np.abs(means[:, _SHIFT_SPAN:] - means[:, :-_SHIFT_SPAN])
    step = np.where(np.arange(step.shape[1]) >= begun[:, None], step, 0.0)
    place = np.maximum(step.argmax(axis=1), begun)
    height = step[np.arange(len(rows)), place]
    cut = place + _SHIFT_SPAN
    before = np.arange(y.shape[1]) < cut[:, None]
    levels = [np.nanmedian(np.where(part, y, np.nan), axis=1, keepdims=True) for part in (before, ~before)]
    typical = _MAD * np.nanmedian(np.abs(y - np.where(before, *levels)), axis=1)
    # A trend also moves means apart: a step has to explain the history far better than a straight line does.
    start, slope = line(np.nan_to_num(y.T), ~np.isnan(y.T))
    trend = start[:, None] + slope[:, None] * np.arange(1, y.shape[1] + 1)
    bent = _MAD * np.nanmedian(np.abs(y - trend), axis=1)
    found = (height > 1e-9 * np.nanmax(np.abs(y), axis=1)) & (height > _SHIFT * typical) & (typical < _STEP * bent)
    where[rows[found]] = cut[found]
    return where


def levelled(plain: Matrix, where: npt.NDArray[np.intp]) -> Matrix:
    """(n, t) the histories with what came before a shift brought to the level after it.

    By the ratio of the medians where both are positive, else by their difference, so that the methods learn how the
    series moves and not that it once leapt.
    """
    result = plain.copy()
    for row in np.flatnonzero(where >= 0):
        before, after = plain[row, : where[row]], plain[row, where[row] :]
        low, high = np.nanmedian(before), np.nanmedian(after)
        positive = low > 0 and high > 0 and np.nanmin(plain[row]) > 0
        result[row, : where[row]] = before * (high / low) if positive else before + (high - low)
    return result
