"""Random numbers of the kernels: a small sequence of their own, the same on every machine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.kernels.compiled import compiled

WHEEL = 4096
"""How many waiting times the wheel of chance has."""


def wheel_of_chance() -> npt.NDArray[np.float64]:
    """Waiting times (-log of evenly spread numbers), rounded so that they are the same on every machine, [WHEEL]."""
    return np.round(-np.log((np.arange(WHEEL) + 0.5) / WHEEL), 9).astype(np.float64)


def seeded(seed: int) -> npt.NDArray[np.uint64]:
    """The state of a random sequence, uint64[1], never 0 (splitmix64)."""
    mixed = (int(seed) * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) % 2**64
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        mixed = ((mixed ^ (mixed >> shift)) * factor) % 2**64
    return np.array([mixed or 1], dtype=np.uint64)


@compiled("i8(u8[::1], i8)", bare=True)
def below(state: npt.NDArray[np.uint64], count: int) -> int:
    """The next random number from 0 to ``count`` - 1 (xorshift64*)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    drawn = (x * np.uint64(2685821657736338717)) >> np.uint64(32)
    return int((drawn * np.uint64(count)) >> np.uint64(32))
