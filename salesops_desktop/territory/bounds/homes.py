"""A lower bound of the mean distance where every centre is known: units flow to the homes, parts of units allowed.

The linear program: each unit (or group) is shared among territories, each territory's load of every measure lies
between its limits, the sum of weight times distance is least. Any prices ``y`` of load prove a bound by duality,

    sum over units of the least of (cost - y · load)  +  sum over territories and measures of min(y low, y high),

so nothing needs to be solved exactly. The prices are found by maximising a smooth version, in which each unit is shared
softly, more and more sharply; the bound is then evaluated as written, over all units and all territories.
"""

from __future__ import annotations

import time

import numpy as np

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.territory.problem import Floats, Indices

CHUNK = 2_000_000
"""Pairs of unit and territory looked at at once."""
STAGES = ((0.2, 150_000), (0.05, 150_000), (0.012, 150_000), (0.003, 600_000), (0.001, 600_000))
"""How softly units are shared, one stage after another, parts of the mean distance; and with how many pairs."""


def homes_bound(
    cost: Floats, loads: Floats, low: Floats, high: Floats, *, seconds: float = 2.0, progress: Progress = silent
) -> float:
    """No assignment costs less in all; -inf where none is possible at all.

    Args:
        cost: of each unit at each territory (weight times distance), [n, k]; infinite where it must not go.
        loads: what each unit adds to each measure, [m, n].
        low: what each territory must hold at least, [m, k].
        high: and at most, [m, k].
        seconds: ends the search for prices when the machine is slower than expected; the bound is as valid.
        progress: called for every step; what it raises ends the work.
    """
    from scipy.optimize import minimize  # noqa: PLC0415  # slow to load, and the package is imported early

    if np.isinf(cost.min(axis=1)).any():
        return -np.inf
    n, k = cost.shape
    mean = float(cost.min(axis=1).mean())
    scale = np.maximum(loads.sum(axis=1), 1e-300) / k  # prices are per mean territory
    shares = loads / scale[:, None]
    middle, half = (high + low) / 2 / scale[:, None], (high - low) / 2 / scale[:, None]
    unit = max(float(cost.min(axis=1).sum()), 1e-12) / k
    price = np.zeros((len(loads), k))
    best = _bound(cost, shares, middle, half, price)
    begun = time.thread_time()
    for stage, (soft, pairs) in enumerate(STAGES):
        progress(stage, len(STAGES), "Proving how short distances can be")
        if time.thread_time() - begun > seconds * 0.7:
            break
        sample, weight = _sample(cost, shares, pairs)
        here, mine = cost[sample], np.ascontiguousarray(shares[:, sample])
        softness = soft * max(mean, unit * k / n)

        def negative(
            flat: Floats,
            softness: float = softness,
            soft: float = soft,
            here: Floats = here,
            mine: Floats = mine,
            weight: Floats = weight,
        ) -> tuple[float, Floats]:
            progress(0, 0)
            y = flat.reshape(middle.shape) * unit
            value, slope = _smooth(here, mine, weight, middle, half, y, softness, 0.3 * soft * unit)
            return -value / unit, -slope.reshape(-1)

        steps = max(8, min(50, 40_000_000 // here.size))
        answer = minimize(negative, (price / unit).reshape(-1), jac=True, method="L-BFGS-B", options={"maxiter": steps})
        price = answer.x.reshape(price.shape) * unit
        calm = np.where(np.abs(price) > soft * unit, price, 0.0)  # limits that do not bind have no price
        best = max(best, *(_bound(cost, shares, middle, half, each) for each in (price, calm)))
    return best


def _sample(cost: Floats, shares: Floats, pairs: int) -> tuple[Indices, Floats]:
    """Units to look for prices with, all where there are not too many, and for how many each stands."""
    n, k = cost.shape
    most = max(20 * k, pairs // k)
    if n <= most:
        return np.arange(n, dtype=np.intp), np.ones(n)
    chosen = np.sort(np.random.default_rng(0).choice(n, most, replace=False)).astype(np.intp)
    return chosen, np.full(most, float(shares[0].sum() / max(shares[0, chosen].sum(), 1e-300)))


def _bound(cost: Floats, shares: Floats, middle: Floats, half: Floats, price: Floats) -> float:
    """What prices prove, less what rounding could have added."""
    total = float((price * middle - np.abs(price) * half).sum())
    size = float(np.abs(price * middle).sum())
    rows = max(1, CHUNK // cost.shape[1])
    for begin in range(0, len(cost), rows):
        here = slice(begin, begin + rows)
        total += float((cost[here] - shares[:, here].T @ price).min(axis=1).sum())
    return total - 1e-11 * (size + float(np.abs(cost.min(axis=1)).sum()))


def _smooth(
    cost: Floats,
    shares: Floats,
    weight: Floats,
    middle: Floats,
    half: Floats,
    price: Floats,
    softness: float,
    corner: float,
) -> tuple[float, Floats]:
    """The bound with a soft minimum and a rounded absolute value, and its slope, [m, k]."""
    reduced = cost - shares.T @ price
    least = reduced.min(axis=1)
    share = np.exp(-(reduced - least[:, None]) / softness)
    total = share.sum(axis=1)
    share *= (weight / total)[:, None]
    around = np.sqrt(price**2 + corner**2)
    value = float((weight * (least - softness * np.log(total))).sum() + (price * middle - around * half).sum())
    return value, middle - price / around * half - shares @ share
