"""Why a deal has its chance: factors that multiply to the figure shown, each with its sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of the way from the usual chance to the deal's own.

    Attributes:
        term: what the step is about: base, age, stage, season, owner, product, segment, source, amount, haircut.
        factor: what the chance is multiplied by; for ``base`` the chance itself.
        chance: the chance after this step.
        sentence: the step in words.
    """

    term: str
    factor: float
    chance: float
    sentence: str


def chained(steps: Sequence[tuple[str, float, str]]) -> tuple[Reason, ...]:
    """Steps given as (term, chance after it, sentence), as factors whose product is the last chance."""
    found: list[Reason] = []
    before = 1.0
    for term, chance, sentence in steps:
        factor = chance / before if before > 0 else (1.0 if chance == before else 0.0)
        found.append(Reason(term, factor, chance, sentence))
        before = chance
    return tuple(found)
