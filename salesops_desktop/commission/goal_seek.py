"""What must be sold to earn a sum: the exact inverse of a pay curve."""

from __future__ import annotations

from collections.abc import Callable

from salesops_desktop.model.errors import InputRefusedError

FARTHEST = 10**16
"""Minor units; farther nobody sells."""


def least_for(pay: Callable[[int], int], wanted: int, *, start: int = 0, farthest: int = FARTHEST) -> int:
    """The smallest amount in minor units that pays at least ``wanted``, for pay that never falls as sales rise.

    Args:
        pay: minor units paid for an amount; not falling.
        wanted: minor units.
        start: the least amount to consider.
        farthest: the largest.

    Raises:
        InputRefusedError: no amount pays that much (a cap, or rates of zero).
    """
    if pay(start) >= wanted:
        return start
    low, step = start, 1
    while (high := min(low + step, farthest)) < farthest and pay(high) < wanted:
        low, step = high, step * 2
    if pay(high) < wanted:
        raise InputRefusedError(
            f"No amount pays that much: {pay(high)} minor units are the most.", way_out="Look at the plan's cap."
        )
    while high - low > 1:
        middle = (low + high) // 2
        if pay(middle) >= wanted:
            high = middle
        else:
            low = middle
    return high
