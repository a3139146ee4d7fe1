"""Putting rows in order quickly: columns packed into few whole numbers, sorted sixteen bits at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]
_DIGIT: Final = 16
_WIDEST: Final = 62
"""Bits of a packed key: it and its differences stay positive in 64."""
_LONGEST: Final = 100
"""Bytes of a text that is compared by columns of letters."""


def order_by(columns: Sequence[npt.NDArray[Any]], count: int) -> Rows:
    """The rows in ascending order; the first column that differs decides, rows alike in all keep their order.

    Args:
        columns: whole numbers, each of length ``count``.
        count: how many rows there are.
    """
    keys = _packed([np.asarray(column, dtype=np.int64) for column in columns])
    if not keys:
        return np.arange(count, dtype=np.intp)
    first = keys[0]
    order = stable_order(first)
    ranked = first if _rising(first) else first[order]
    same = ranked[1:] == ranked[:-1]
    if len(keys) == 1 or not same.any():
        return order
    # Only the rows alike in the first key are looked at again.
    tied = np.flatnonzero(np.r_[False, same] | np.r_[same, False])
    rows = order[tied]
    inner = np.lexsort((*(key[rows] for key in reversed(keys[1:])), ranked[tied]))
    order = order.copy()
    order[tied] = rows[inner]
    return order


def stable_order(values: Ints) -> Rows:
    """The rows in ascending order of ``values``; equal ones keep their order."""
    if _rising(values):
        return np.arange(len(values), dtype=np.intp)
    low, high = int(values.min()), int(values.max())
    bits = (high - low).bit_length()
    if bits > 3 * _DIGIT:
        return np.argsort(values, kind="stable")
    shifted = values - low
    order = np.argsort((shifted & 0xFFFF).astype(np.uint16), kind="stable")
    for shift in range(_DIGIT, bits, _DIGIT):
        digit = ((shifted >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def text_keys(texts: npt.NDArray[Any]) -> list[Ints]:
    """Columns of whole numbers that stand in the same order as the texts do, by code point.

    Args:
        texts: strings (anything else as its text), object.
    """
    if not len(texts):
        return []
    words = texts.tolist()
    try:
        joint = "\0".join(words)
    except TypeError:
        words = [str(word) for word in words]
        joint = "\0".join(words)
    letters = _letters(np.frombuffer(joint.encode("utf-8", "surrogatepass"), dtype=np.uint8), len(words))
    if letters is None:
        return [_ranks(words)]
    keys: list[Ints] = []
    size = 2**_WIDEST + 1
    for column in np.ascontiguousarray(letters.T):
        low, high = int(column.min()), int(column.max())
        if low == high:
            continue
        span = high - low + 1
        digit = (column - np.uint8(low)).astype(np.int64)
        if size * span > 2**_WIDEST:
            keys.append(digit)
            size = span
        else:
            keys[-1] = keys[-1] * span + digit
            size *= span
    return keys


def _letters(joint: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.uint8] | None:
    """The texts joined by zeros as rows of one width, short ones filled up; None where that cannot tell them apart.

    UTF-8 keeps the order of code points. A few very long texts would make all rows long: none are made then.
    """
    ends = np.append(np.flatnonzero(joint == 0), len(joint))
    if len(ends) != count:  # a text holds the character that joins them
        return None
    lengths = np.diff(ends, prepend=-1) - 1
    width = int(lengths.max())
    if width > _LONGEST:
        return None
    if int(lengths.min()) == width:
        return np.append(joint, np.uint8(0)).reshape(count, width + 1)[:, :width]
    letters = np.zeros((count, width), dtype=np.uint8)
    letters[np.arange(width) < lengths[:, None]] = joint[joint != 0]
    return letters


def _ranks(words: Sequence[str]) -> Ints:
    place = {word: i for i, word in enumerate(sorted(set(words)))}
    return np.array([place[word] for word in words], dtype=np.int64)


def _rising(values: Ints) -> bool:
    return bool((values[1:] >= values[:-1]).all())


def _packed(columns: Sequence[Ints]) -> list[Ints]:
    """Columns joined while they fit in one number; columns that never differ are left out."""
    keys: list[Ints] = []
    used = _WIDEST + 1
    for column in columns:
        if not len(column):
            continue
        low, high = int(column.min()), int(column.max())
        bits = (high - low).bit_length()
        if not bits:
            continue
        if bits > _WIDEST:
            keys.append(column)
            used = _WIDEST + 1
            continue
        shifted = column - low
        if used + bits <= _WIDEST:
            keys[-1] = (keys[-1] << bits) | shifted
            used += bits
        else:
            keys.append(shifted)
            used = bits
    return keys
