"""What managers carve out of a pool, once more: in fractions, sharing nothing with the array engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody's claim on a pool.

    Attributes:
        person: who claims.
        plan: by which plan.
        component: and which component of it.
        share: of the pool.
        rate: from minor units of the pool into minor units of the plan.
    """

    person: int
    plan: str
    component: str
    share: Fraction
    rate: Fraction


def divided(pool: int, seller: int, claims: Sequence[Claim]) -> list[tuple[Claim, int]]:
    """Each claim with its part of ``pool``; what is left is the seller's.

    A minor unit left over goes to the largest remainder, then the larger share, then the smaller person id.
    """
    rest = 1 - sum((claim.share for claim in claims), Fraction(0))
    shares = [(claim.share, claim.person) for claim in claims] + [(rest, seller)]
    exact = [abs(pool) * share for share, _ in shares]
    parts = [floor(value) for value in exact]
    ranked = sorted(range(len(shares)), key=lambda i: (parts[i] - exact[i], -shares[i][0], shares[i][1], i))
    for i in ranked[: abs(pool) - sum(parts)]:
        parts[i] += 1
    return [(claim, parts[i] if pool >= 0 else -parts[i]) for i, claim in enumerate(claims)]
