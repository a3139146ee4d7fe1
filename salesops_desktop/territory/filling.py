"""Sharing a whole number among places with floors and caps: exactly, with integers and fractions only."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

_FINE: Final = 10**12


def fill(total: int, shares: Sequence[int], low: Sequence[int], high: Sequence[int | None]) -> list[Fraction]:
    """Raise one common level until everything is shared out: each place gets ``level × share`` within its bounds.

    The water-filling solution: places between their bounds are exactly in proportion to their shares, and no place
    could come nearer to its proportion without breaking a bound. Places without a share get their floor.

    Args:
        total: what is shared out.
        shares: what each place has a claim to, not negative.
        low: the least each place gets, not negative.
        high: the most each place gets, at least its ``low``; None for no limit.

    Returns:
        The exact part of each place; they sum to ``total``.

    Raises:
        ValueError: the floors are more than ``total``, or the caps (of places with a share) leave some of it over.
    """
    base = sum(low)  # what places at a bound hold together
    if base > total:
        raise ValueError("The floors are more than the whole.")
    events: list[tuple[Fraction, int, int]] = []
    for share, least, most in zip(shares, low, high, strict=True):
        if share > 0 and (most is None or most > least):
            events.append((Fraction(least, share), share, -least))
            if most is not None:
                events.append((Fraction(most, share), -share, most))
    slope = 0  # the shares of all places between their bounds
    level = Fraction(0)
    for at, step, held in sorted(events):
        if base + slope * at >= total:
            break
        level = at
        slope += step
        base += held
    if slope > 0:
        level = Fraction(total - base, slope)
    elif base < total:
        raise ValueError("The caps are less than the whole.")
    return [_within(level * share, least, most) for share, least, most in zip(shares, low, high, strict=True)]


def _within(value: Fraction, least: int, most: int | None) -> Fraction:
    if most is not None and value > most:
        return Fraction(most)
    return max(value, Fraction(least))


def round_whole(parts: Sequence[Fraction], order: Sequence[str]) -> list[int]:
    """Round parts that sum to a whole number so that they still do: largest remainder.

    Every part is rounded to one of its two neighbours, so whole-numbered bounds still hold. Ties go to the larger
    part, then by ``order``, so that the order in which places are given does not matter.

    Args:
        parts: not negative, with a whole sum.
        order: a different text per part.
    """
    whole = [part.numerator // part.denominator for part in parts]
    left = sum(parts) - sum(whole)
    waiting = [i for i, part in enumerate(parts) if part > whole[i]]
    waiting.sort(key=lambda i: (whole[i] - parts[i], -parts[i], order[i]))
    for i in waiting[: int(left)]:
        whole[i] += 1
    return whole


def spread_rows(rows: Sequence[int], weights: Sequence[Sequence[int]], unit: int) -> list[list[int]]:
    """Spread each row over periods by its weights, in whole units; rows sum exactly, columns as nearly as can be.

    Each row is rounded by largest remainder, where what earlier rows gave or kept too much in a period counts: the sum
    of a period over all rows stays near its exact value instead of drifting. What is finer than the unit goes to the
    last period that has a weight.

    Args:
        rows: amounts, not negative.
        weights: per row, a weight per period; some must be positive.
        unit: what amounts of periods are multiples of.

    Raises:
        ValueError: a row has no positive weight.
    """
    columns = len(weights[0]) if weights else 0
    carried = [0] * columns  # in parts of _FINE, so that a thousand rows do not pile up denominators
    result = []
    for amount, row in zip(rows, weights, strict=True):
        whole = sum(row)
        if whole <= 0:
            raise ValueError("A row needs a positive weight.")
        units, rest = divmod(amount, unit)
        made = [units * weight // whole for weight in row]
        over = [units * weight % whole * _FINE // whole for weight in row]
        open_ = [i for i in range(columns) if units * row[i] % whole]
        open_.sort(key=lambda i: (-over[i] - carried[i], i))
        given = set(open_[: units - sum(made)])
        carried = [carried[i] + over[i] - (_FINE if i in given else 0) for i in range(columns)]
        cells = [unit * (count + (i in given)) for i, count in enumerate(made)]
        cells[max(i for i in range(columns) if row[i] > 0)] += rest
        result.append(cells)
    return result
