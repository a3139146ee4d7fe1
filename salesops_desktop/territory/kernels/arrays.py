"""What the search works on: the board, which stays, and the standing, which every step changes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import typeof

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Chance = npt.NDArray[np.uint64]


class Board(NamedTuple):
    """b blocks of n units, k territories, m measures, e edges, c classes of blocks."""

    indptr: Ints
    """[b + 1], with ``indices`` the flat neighbourhood graph."""
    indices: Ints
    """[2 e]"""
    tails: Ints
    """Whose neighbour each entry of ``indices`` is, [2 e]."""
    first: Ints
    """Units of block i are ``first[i]`` to ``first[i + 1]``, [b + 1]."""
    point: Floats
    """Place of each unit, km, [n, 3]."""
    pull: Floats
    """What a kilometre of each unit costs, [n]."""
    share: Floats
    """Measures per block, in mean territories, [b, m]."""
    base: Floats
    """What territories hold without the blocks that take part, [k, m]."""
    target: Floats
    """What territories should hold, [k, m]."""
    narrow: Floats
    """How far they may lie from it, [k, m]."""
    owner: Ints
    """Today's territory, -1 for none, [b]."""
    price: Floats
    """What leaving it costs, [b]."""
    handed: Floats
    """How much of the budget leaving it takes, [b]; the whole budget is 1."""
    kind: Ints
    """Class of each block, [b]."""
    may: Bytes
    """Whether a class may go to a territory, [c, k]."""
    free: Bytes
    """Whether the block may move, [b]."""
    home: Floats
    """Fixed centres, km, [k, 3]."""
    at_home: Bytes
    """Which territories have one, [k]."""
    radius: float
    """Of the globe, km; 0 for a plane."""
    connected: bool
    """Whether steps may tear a territory."""
    wheel: Floats
    """See ``wheel_of_chance``."""


class Standing(NamedTuple):
    """The state of one search."""

    where: Ints
    """Territory per block, -1 for those that take no part, [b]."""
    load: Floats
    """[k, m]"""
    number: Ints
    """Blocks per territory, [k]."""
    moment: Floats
    """Sum of pull times place, [k, 3]."""
    mass: Floats
    """Sum of pull, [k]."""
    centre: Floats
    """km, [k, 3]."""
    slope: Floats
    """By how much the kilometres of a territory grow when its centre moves, [k, 3]."""
    moved: Floats
    """Part of the budget that is used, [1]."""
    weight: Floats
    """Price of imbalance per measure, and of going over the budget, [m + 1]."""
    chance: Chance
    """[1]"""
    stamp: Longs
    clock: Longs
    queue: Ints
    parts: Ints
    best: Ints
    """The best assignment seen, [b]."""
    score: Floats
    """Of the best: budget overrun, excess over the tolerances, cost; and the last temperature, [4]."""


def _empty() -> tuple[Board, Standing]:
    flat, square = np.zeros(0), np.zeros((0, 3))
    ints, bytes_ = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint8)
    board = Board(
        indptr=ints, indices=ints, tails=ints, first=ints, point=square, pull=flat, share=square, base=square,
        target=square, narrow=square, owner=ints, price=flat, handed=flat, kind=ints, may=bytes_.reshape(0, 1),
        free=bytes_, home=square, at_home=bytes_, radius=0.0, connected=True, wheel=flat,
    )  # fmt: skip
    standing = Standing(
        where=ints, load=square, number=ints, moment=square, mass=flat, centre=square, slope=square, moved=flat,
        weight=flat, chance=np.zeros(1, dtype=np.uint64), stamp=np.zeros(0, dtype=np.int64),
        clock=np.zeros(1, dtype=np.int64), queue=ints, parts=ints.reshape(0, 2), best=ints, score=flat,
    )  # fmt: skip
    return board, standing


_typeof: Any = typeof
BOARD, STANDING = (_typeof(each) for each in _empty())
"""Their types in numba's words, for signatures."""
