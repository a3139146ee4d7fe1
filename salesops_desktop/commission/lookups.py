"""Tables of one or more dimensions: which cell a value lies in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.plan import Axis, Lookup
from salesops_desktop.expressions.rational import Rational, product, whole
from salesops_desktop.model.money import PPM

Ints = npt.NDArray[np.int64]


def place_on(axis: Axis, value: Fraction) -> int:
    """The cell of ``axis`` that ``value`` (1 is a whole) lies in; the first one holds everything below it."""
    place = 0
    for i, bound in enumerate(axis.bounds):
        at = value * PPM
        if at > bound or (at == bound and i not in axis.exceeded):
            place = i
    return place


def cell(lookup: Lookup, values: Sequence[Fraction]) -> int:
    """The value of ``lookup`` at a point, one number per axis."""
    index = 0
    for axis, value in zip(lookup.axes, values, strict=True):
        index = index * len(axis.bounds) + place_on(axis, value)
    return lookup.values[index]


def cells(lookup: Lookup, values: Sequence[Rational], rows: int) -> Ints:
    """The value of ``lookup`` for each of ``rows`` rows, one column of numbers per axis."""
    index = np.zeros(rows, dtype=np.int64)
    for axis, value in zip(lookup.axes, values, strict=True):
        place = np.zeros(rows, dtype=np.int64)
        scaled = product(value.num, whole(PPM))
        for i, bound in enumerate(axis.bounds):
            against = product(value.den, whole(bound))
            reached = scaled > against if i in axis.exceeded else scaled >= against
            place = np.where(reached, i, place)
        index = index * len(axis.bounds) + place
    return np.array(lookup.values, dtype=np.int64)[index]


def size(lookup: Lookup) -> int:
    """How many values a lookup needs."""
    return math.prod(len(axis.bounds) for axis in lookup.axes)
