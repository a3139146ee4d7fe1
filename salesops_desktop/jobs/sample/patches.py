"""Who works where, as history left it: homes in the cities of a region, patches around them, and strays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.gazetteer import Place

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

_KM_PER_DEGREE = 111.2
_METRO_KM = 45.0
_HOMES_PER_METRO = 2
_DRIVE_KM = 300.0
STRAYS = 0.12
"""The part of the accounts that somebody else than the patch's owner works: named accounts, old favours."""


def home_towns(rng: np.random.Generator, towns: Sequence[Place], count: int) -> list[Place]:
    """The towns in which ``count`` reps live: where the customers are, few in the same city.

    Cities get reps in proportion to the customers around them (highest averages, with some chance), at most two
    before every larger city has its share.

    Args:
        rng: the source of chance.
        towns: the towns of a region, most populous first.
        count: how many homes.
    """
    metros = _metros(towns)
    weight = np.array([sum(town.population**0.72 for town in metro) for metro in metros])
    middles = _positions([metro[0] for metro in metros])
    around = np.where(_away(middles, middles) < _DRIVE_KM, weight, 0.0).sum(axis=1)
    weight *= rng.lognormal(0.0, 0.15, len(metros))
    weight[around < 0.5 * weight.sum() / count] *= 1e-6  # nobody is hired for an island with a handful of customers
    taken = np.zeros(len(metros), dtype=np.intp)
    homes = []
    for _ in range(count):
        worth = weight / (2 * taken + 1)
        worth[taken >= _HOMES_PER_METRO] *= 1e-3  # a region of one city has them all in it
        metro = int(worth.argmax())
        size = np.array([town.population for town in metros[metro][:6]], dtype=float)
        suburb = int(rng.choice(len(size), p=size / size.sum()))
        homes.append(metros[metro][suburb if taken[metro] else 0])
        taken[metro] += 1
    return homes


def _metros(towns: Sequence[Place]) -> list[list[Place]]:
    """Towns by the largest town near them, most populous first."""
    centres: list[Place] = []
    metros: list[list[Place]] = []
    for town in towns:
        near = None
        if centres:
            away = _away(np.array([[town.latitude, town.longitude]]), _positions(centres))[0]
            near = int(away.argmin()) if away.min() < _METRO_KM else None
        if near is None:
            centres.append(town)
            metros.append([town])
        else:
            metros[near].append(town)
    return metros


def patches(rng: np.random.Generator, homes: Sequence[Place], positions: Floats, size: Floats) -> Indices:
    """Which home's patch each account belongs to, [n].

    Patches are the cells of a power diagram around the homes, whose weights are set so that patches carry what the
    people who drew them thought fair: between three quarters and 1.35 of the mean. Some accounts are strays: they
    belong to one of the homes next nearest.

    Args:
        rng: the source of chance.
        homes: where the reps live, [k].
        positions: latitude and longitude in degrees, [n, 2].
        size: what each account counts, [n].
    """
    count = len(homes)
    # Two reps of one town draw the line between them somewhere, so their seats are some kilometres apart.
    seats = _positions(homes) + rng.normal(0.0, 0.12, (count, 2))
    fair = np.clip(rng.lognormal(0.0, 0.17, count), 0.75, 1.35)
    target = fair / fair.sum() * size.sum()
    square = _away(positions, seats) ** 2
    weight = np.zeros(count)
    step = float(np.median(square.min(axis=1)))
    best, best_off = square.argmin(axis=1), np.inf
    for turn in range(300):
        patch = (square + weight).argmin(axis=1)
        off = np.bincount(patch, size, count) / target - 1
        if float(np.abs(off).sum()) < best_off:
            best, best_off = patch, float(np.abs(off).sum())
        weight += step * 0.985**turn * np.clip(off, -0.8, 0.8)
    return _with_strays(rng, best, square)


def _with_strays(rng: np.random.Generator, patch: Indices, square: Floats) -> Indices:
    count = square.shape[1]
    if count < 2:
        return patch
    others = square.copy()
    others[np.arange(len(patch)), patch] = np.inf
    choice = np.argsort(others, axis=1, kind="stable")
    rank = np.minimum(rng.geometric(0.5, len(patch)) - 1, count - 2)
    stray = rng.random(len(patch)) < STRAYS
    return np.where(stray, choice[np.arange(len(patch)), rank], patch).astype(np.intp)


def _positions(towns: Sequence[Place]) -> Floats:
    return np.array([[town.latitude, town.longitude] for town in towns], dtype=np.float64)


def _away(a: Floats, b: Floats) -> Floats:
    """Kilometres on a flat map, good enough within a region, [len(a), len(b)]."""
    north = a[:, None, 0] - b[None, :, 0]
    east = (a[:, None, 1] - b[None, :, 1]) * np.cos(np.radians((a[:, None, 0] + b[None, :, 0]) / 2))
    result: Floats = np.hypot(north, east) * _KM_PER_DEGREE
    return result
