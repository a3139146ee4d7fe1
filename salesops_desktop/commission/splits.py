"""Dividing transactions among people so that the parts always add up to the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.ordering import order_by
from salesops_desktop.expressions.rational import divide, product, to_int64, whole
from salesops_desktop.model.money import PPM

Ints = npt.NDArray[np.int64]


def split_credits(
    amounts: Ints,
    transaction: npt.NDArray[np.intp],
    person: Ints,
    share: Ints,
    overlay: npt.NDArray[np.bool_] | None = None,
) -> Ints:
    """Each credit's amount in minor units, by largest remainder within its transaction.

    The credits of one transaction share ``amount × sum of shares`` (rounded half up where the shares are not 100 %).
    A minor unit left over goes to the largest remainder, then the larger share, then the smaller person id, so no
    re-sorting moves money. A negative amount is the mirror image of the positive one. Overlays stand beside the split:
    each is amount × share, rounded half up.

    Args:
        amounts: per transaction, minor units, [t].
        transaction: index into ``amounts`` per credit, [n].
        person: id per credit, [n].
        share: ppm per credit, not negative, [n].
        overlay: which credits are overlays, [n]; none when omitted.

    Returns:
        Minor units per credit, [n].

    Raises:
        ValueError: a negative share.
        InputRefusedError: an amount does not fit in 64 bits.
    """
    if (share < 0).any():
        raise ValueError("Shares must not be negative.")
    beside = np.zeros(len(share), dtype=np.bool_) if overlay is None else overlay
    exact: npt.NDArray[Any] = product(np.abs(amounts[transaction]), share)
    base = exact // PPM
    remainder = exact - base * PPM

    shares = np.where(beside, 0, share)
    sums = np.zeros(len(amounts), dtype=np.int64)
    np.add.at(sums, transaction, shares)
    target = divide(product(np.abs(amounts), sums), whole(PPM))
    given = np.zeros(len(amounts), dtype=base.dtype)
    np.add.at(given, transaction, np.where(beside, 0, base))
    left = (target - given).astype(np.int64)

    # Where something is left over the credits of a transaction are ranked as promised above.
    parts = base.copy()
    unsettled = np.flatnonzero((left[transaction] > 0) & ~beside)
    wanted = (transaction, -remainder.astype(np.int64), -share, person)
    rows = unsettled[order_by([column[unsettled] for column in wanted], len(unsettled))]
    ranked = transaction[rows]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]][: len(rows)])
    rank = np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
    parts[rows] += rank < left[ranked]
    if beside.any():
        parts = np.where(beside, divide(exact, whole(PPM)), parts)
    return to_int64(np.where(amounts[transaction] < 0, -parts, parts), "A credit")
