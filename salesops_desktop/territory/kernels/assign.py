"""Dividing places among fixed centres by prices: nearest first, dearer where too much comes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.kernels.compiled import compiled

Floats = npt.NDArray[np.float64]


@compiled("void(f8[:,::1], f8[:,::1], f8[::1], i8[::1])", bare=True)
def cheapest(place: Floats, centre: Floats, price: Floats, chosen: npt.NDArray[np.int64]) -> None:
    """The centre of each place, [n], with the least distance + price.

    Args:
        place: km, [n, 3].
        centre: km, [k, 3].
        price: km, [k].
        chosen: filled in; what is in it is tried first.
    """
    for i in range(len(place)):
        best = chosen[i]
        x, y, z = place[i, 0], place[i, 1], place[i, 2]
        dx, dy, dz = x - centre[best, 0], y - centre[best, 1], z - centre[best, 2]
        least = np.sqrt(dx * dx + dy * dy + dz * dz) + price[best]
        for t in range(len(centre)):
            room = least - price[t]
            dx, dy, dz = x - centre[t, 0], y - centre[t, 1], z - centre[t, 2]
            far = dx * dx + dy * dy + dz * dz
            if room > 0 and far < room * room:
                least, best = np.sqrt(far) + price[t], t
        chosen[i] = best


def divide(place: Floats, mass: Floats, centre: Floats, due: Floats, rounds: int) -> npt.NDArray[np.int64]:
    """The centre each place belongs to, when prices rise where more comes than is due; the most even round, [n].

    Args:
        place: km, [n, 3].
        mass: of each place, [n].
        centre: km, [k, 3].
        due: the mass each centre should get, [k].
        rounds: how often prices are adjusted.
    """
    price, chosen = np.zeros(len(centre)), np.zeros(len(place), dtype=np.int64)
    cheapest(place, centre, price, chosen)
    away = np.linalg.norm(place - centre[chosen], axis=1)
    pace = float(away.mean()) + float(np.linalg.norm(place - centre.mean(axis=0), axis=1).mean()) / 4
    best, least = chosen.copy(), np.inf
    for turn in range(rounds):
        load = np.bincount(chosen, mass, len(centre)) / np.maximum(due, 1e-300)
        excess = float((np.abs(load - 1) * due).sum())
        if excess < least:
            best, least = chosen.copy(), excess
        price += pace * 0.97**turn * np.clip(load - 1, -0.5, 0.5)
        cheapest(place, centre, price, chosen)
    return best
