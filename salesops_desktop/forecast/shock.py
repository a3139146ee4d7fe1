"""How far results lie from expectations for reasons that all deals share: good and bad times, and what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

USUAL = 0.12
"""Standard deviation of the logarithm of one month's common shock, before anything is known of the company."""

LASTING = 1 / 3
"""The part of a shock's variance that stays for all months of a window; the rest is each month's own and evens out."""

FREEDOM = 4.0
"""How many surprises the usual shock stands for."""

DOUBT = 2.0
"""Hazards learned from w wins are uncertain by the variance of w ÷ 2 Poisson events: half of the wins tell little of
the ages and seasons that come next."""

BEFORE = 4
"""Wins that stand for what is known of any company."""

WILD = 1.2
"""One wild record must not rule: beyond this it counts as this."""

GRID: Vector = np.exp(np.linspace(np.log(0.01), np.log(1.2), 40))


@dataclass(frozen=True, slots=True)
class Surprise:
    """How one past expectation fared.

    Attributes:
        ratio: what came ÷ what was expected.
        luck: the relative variance that the deals' own luck explains.
        doubt: the variance of what had been learned by then (see :func:`doubt`).
        part: what it counts for: windows that overlap tell the same story again.
    """

    ratio: float
    luck: float
    doubt: float
    part: float


def doubt(wins: int) -> float:
    """Relative variance of what was learned from ``wins``."""
    return DOUBT / (wins + BEFORE)


def common_shock(surprises: Sequence[Surprise], months: float, wins: int) -> float:
    """The standard deviation of the logarithm of what moves all deals of a window together.

    The shock's variance has a scaled inverse χ² prior; a surprise is normal with the shock's variance, the deals' own
    luck and the doubt of its day together. The posterior mean is taken on a grid, and today's doubt is added: a young
    history is wider both because its prior still stands and because little has been learned.

    Args:
        surprises: past records over windows of the same length.
        months: length of the window.
        wins: deals won that today's hazards were learned from.
    """
    square = GRID**2
    # The mean of a scaled inverse χ² is its scale × freedom ÷ (freedom − 2): the usual variance is meant as the mean.
    prior = USUAL**2 * (LASTING + (1 - LASTING) / max(months, 1.0)) * (FREEDOM - 2) / FREEDOM
    chance = -(FREEDOM / 2) * (np.log(square) + prior / square)
    for one in surprises:
        whole = square + one.luck + one.doubt
        chance -= one.part / 2 * (np.log(whole) + min(abs(np.log(one.ratio)), WILD) ** 2 / whole)
    weight = np.exp(chance - chance.max())
    return float(np.sqrt(weight @ square / weight.sum() + doubt(wins)))
