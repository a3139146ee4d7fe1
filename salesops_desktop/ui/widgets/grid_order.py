"""Sorting column arrays: stable, missing values last, a million rows in a fraction of a second."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import Column, ValueKind

Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Key = npt.NDArray[Any]

_WORD: Final = 8
_ALL: Final = (1 << 64) - 1
_KEEP_BYTES: Final = np.array([_ALL ^ (_ALL >> (8 * n)) for n in range(_WORD)] + [_ALL], dtype=np.uint64)
_SAMPLE: Final = 4096
_FEW: Final = 512


class TextIndex:
    """The texts of a column folded (case and accents) into one byte string, for sorting and searching.

    Attributes:
        data: UTF-8 of all folded texts, each followed by a zero byte, and eight more zero bytes.
        starts: int64, where each text begins in ``data``.
        ends: int64, one past the last byte of each text.
    """

    def __init__(self, values: npt.NDArray[np.generic]) -> None:
        cells: list[object] = values.tolist()
        texts = [cell if isinstance(cell, str) else "" if cell is None else str(cell) for cell in cells]
        joined = fold("\0".join(texts))
        if joined.count("\0") != max(len(texts) - 1, 0):
            joined = fold("\0".join(text.replace("\0", " ") for text in texts))
        self.data = joined.encode("utf-8", "surrogatepass") + bytes(1 + _WORD)
        stops = np.flatnonzero(np.frombuffer(self.data, dtype=np.uint8) == 0)[: len(texts)]
        self.ends = stops.astype(np.int64)
        self.starts = np.concatenate(([0], self.ends[:-1] + 1)) if texts else self.ends
        self._words = np.ndarray((len(self.data) - _WORD + 1,), dtype=">u8", buffer=self.data, strides=(1,))

    def word(self, rows: Rows, place: int) -> npt.NDArray[np.uint64]:
        """Bytes ``8 * place`` onwards of each text as one big-endian number; zeros after its end."""
        at = self.starts[rows] + _WORD * place
        left = np.clip(self.ends[rows] - at, 0, _WORD)
        at = np.minimum(at, len(self._words) - 1)
        return self._words[at].astype(np.uint64) & _KEEP_BYTES[left]


def fold(text: str) -> str:
    """The text without case and accents, as sorting and searching see it."""
    text = text.casefold()
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def text_rank(index: TextIndex) -> npt.NDArray[np.int64]:
    """Ranks of the texts: equal texts share one, and a smaller rank sorts first.

    Sorts eight bytes at a time and looks at further bytes only where texts are still tied.
    """
    count = len(index.starts)
    rank = np.zeros(count, dtype=np.int64)
    tied: Rows = np.arange(count)
    place = 0
    while len(tied) > 1 and int((index.ends - index.starts)[tied].max()) > _WORD * place:
        key = index.word(tied, place)
        place += 1
        if key.min() == key.max():
            continue
        group = rank[tied]
        one_group = group.min() == group.max()
        order = np.argsort(key) if one_group else np.lexsort((key, group))
        tied, key, group = tied[order], key[order], group[order]
        position = np.arange(len(tied))
        new_group = np.concatenate(([True], group[1:] != group[:-1]))
        new_run = new_group | np.concatenate(([True], key[1:] != key[:-1]))
        group_start = np.maximum.accumulate(np.where(new_group, position, 0))
        run_start = np.maximum.accumulate(np.where(new_run, position, 0))
        rank[tied] = group + run_start - group_start
        alone = new_run & np.concatenate((new_run[1:], [True]))
        tied = tied[~alone]
    return rank


def _few_ranks(values: npt.NDArray[np.generic]) -> npt.NDArray[np.int64] | None:
    """Ranks by looking each text up among its few distinct ones; None when they are many."""
    texts = values.tolist()
    if len(set(texts[:_SAMPLE])) > _FEW or len(texts) < _SAMPLE:
        return None
    distinct = set(texts)
    if len(distinct) > 20 * _FEW:
        return None
    folded = {text: "" if text is None else fold(str(text)) for text in distinct}
    ranks = {text: place for place, text in enumerate(sorted(set(folded.values())))}
    by_text = {text: ranks[key] for text, key in folded.items()}
    return np.fromiter(map(by_text.__getitem__, texts), dtype=np.int64, count=len(texts))


def missing_mask(column: Column) -> Mask | None:
    """True where the column holds no value; None when every row holds one."""
    values = column.values
    if column.kind is ValueKind.TEXT:
        absent = np.asarray(values == np.array(None, dtype=object), dtype=np.bool_)
    elif column.kind in (ValueKind.DATE, ValueKind.DATETIME):
        absent = np.isnat(values)
    elif column.kind in (ValueKind.NUMBER, ValueKind.FRACTION):
        absent = np.isnan(values.astype(np.float64, copy=False))
    else:
        absent = np.zeros(len(values), dtype=np.bool_)
    if column.missing is not None:
        absent |= column.missing
    return absent if absent.any() else None


def sort_key(column: Column, index: TextIndex | None = None) -> Key:
    """Numbers that order the column's values; what they are where values are missing does not matter.

    Args:
        column: the column.
        index: its text index, when one is at hand.
    """
    values = column.values
    match column.kind:
        case ValueKind.TEXT:
            few = None if index is not None else _few_ranks(values)
            return few if few is not None else text_rank(index or TextIndex(values))
        case ValueKind.DATE | ValueKind.DATETIME:
            return values.view(np.int64)
        case ValueKind.BOOLEAN:
            return values.astype(np.uint8)
        case ValueKind.MONEY if column.currencies is not None:
            return major_units(column)
        case _:
            return values


def major_units(column: Column) -> npt.NDArray[np.float64]:
    """Money of mixed currencies in major units, as floats fit for ordering and filtering, not for paying."""
    values = column.values.astype(np.float64)
    if column.currencies is None:
        return np.divide(values, 10.0 ** (exponent(column.currency) if column.currency else 2))
    codes, inverse = np.unique(column.currencies.astype(str), return_inverse=True)
    scale = np.array([10.0 ** -(exponent(code) if code != "None" else 2) for code in codes.tolist()])
    major: npt.NDArray[np.float64] = values * scale[inverse]
    return major


def sorted_rows(rows: Rows, key: Key, missing: Mask | None, *, descending: bool) -> Rows:
    """``rows`` in the order of ``key``, stable, rows without a value last in either direction."""
    absent: Rows = rows[:0]
    if missing is not None:
        gone = missing[rows]
        rows, absent = rows[~gone], rows[gone]
    wanted = key[rows]
    if descending:
        wanted = -wanted if wanted.dtype.kind == "f" else np.invert(wanted)
    order = _counted(wanted)
    if order is None:
        order = np.argsort(_narrow(wanted), kind="stable")
    ordered = rows[order]
    return np.concatenate((ordered, absent)) if len(absent) else ordered


def _narrow(key: Key) -> Key:
    """The same order in 16 bits where the range allows: numpy then sorts by radix, ten times faster."""
    if len(key) < 1000 or key.dtype.kind not in "iu" or key.dtype.itemsize <= 2:
        return key
    low, high = int(key.min()), int(key.max())
    return (key - key.dtype.type(low)).astype(np.uint16) if high - low < 1 << 16 else key


def _counted(key: Key) -> Rows | None:
    """The order of a key that holds each of 0..n-1 once (the ranks of distinct texts), without comparing."""
    count = len(key)
    if count < 1000 or key.dtype != np.int64 or int(key.min()) != 0 or int(key.max()) != count - 1:
        return None
    order = np.full(count, -1, dtype=np.intp)
    order[key] = np.arange(count)
    return order if int(order.min()) >= 0 else None
