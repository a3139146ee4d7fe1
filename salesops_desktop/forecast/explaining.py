"""Why a deal has its chance: factors that multiply to the figure shown, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from salesops_desktop.forecast.effects import Term
from salesops_desktop.forecast.hazards import win_curve
from salesops_desktop.forecast.pipeline_rows import Vector, Whole
from salesops_desktop.forecast.walk_forward import TIMED, Walk, moved


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of the way from the usual chance to the deal's own.

    Attributes:
        term: what the step is about: base, age, season, owner, product, segment, source, amount, stage, stuck,
            haircut.
        factor: what the chance is multiplied by; for ``base`` the chance itself.
        chance: the chance after this step.
        sentence: the step in words.
    """

    term: str
    factor: float
    chance: float
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class Reasons(Mapping[int, tuple[Reason, ...]]):
    """The reasons of all deals, by id; sentences are made when asked for.

    Attributes:
        place: where each deal stands.
        terms: (k,) names of the steps.
        steps: (n, k) the chance after each step; the last is the chance shown.
        words: what the sentences need.
    """

    place: Mapping[int, int]
    terms: tuple[str, ...]
    steps: Vector
    words: _Words

    def __getitem__(self, deal: int) -> tuple[Reason, ...]:
        row = self.place[deal]
        found, before = [], 1.0
        for column, term in enumerate(self.terms):
            chance = float(self.steps[row, column])
            factor = chance / before if before > 0 else 1.0
            found.append(Reason(term, factor, chance, self.words.sentence(term, row, factor, chance)))
            before = chance
        return tuple(found)

    def __iter__(self) -> Iterator[int]:
        return iter(self.place)

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """What the sentences speak of."""

    days: int
    age: Vector
    oldest: int
    levels: Mapping[str, Whole]
    terms: Mapping[str, Term]
    stage: tuple[str, ...]
    haircut: Vector
    records: int
    rates_of: str

    def sentence(self, term: str, row: int, factor: float, chance: float) -> str:
        if term == "base":
            return f"Of deals just created {chance:.1%} are won within {self.days} days."
        if term == "age":
            return self._age(row, factor)
        if term == "season":
            return f"The months ahead of it bring {_more(factor)} than the average month at its age."
        if term == "haircut":
            return (
                f"Past expectations for deals of its age, held against what came at {self.records} month-ends, "
                f"correct the pace of winning by {self.haircut[row]:.2f}."
            )
        if term == "rate":
            closed = f"the closed deals seen in stage {self.stage[row]}" if self.rates_of == "stage" else "closed deals"
            return f"Of {closed} {chance:.1%} were won, whenever it was."
        return self._level(term, row, factor)

    def _age(self, row: int, factor: float) -> str:
        if np.isnan(self.age[row]):
            return "Its creation date is not known: it counts as just created."
        old = f"At {self.age[row]:,.0f} days of age"
        if self.age[row] > self.oldest:
            return f"{old} it is older than any deal ever won (the oldest was {self.oldest:,} days)."
        return f"{old} {_more(factor)} are won within this time than of deals just created."

    def _level(self, term: str, row: int, factor: float) -> str:
        learned, level = self.terms[term], int(self.levels[term][row])
        if level < 0:
            return f"Its {_NAMES[term]} is not known: no effect."
        name = learned.levels[level]
        seen = f"{learned.wins[level]:,.0f} wins where {learned.expected[level]:,.0f} were to be expected"
        if abs(factor - 1) < 0.005:
            return f"{_NAMES[term].capitalize()} {name}: as usual ({seen})."
        return f"{_NAMES[term].capitalize()} {name}: {_more(factor)} ({seen})."


_NAMES = {
    "owner": "owner", "product": "product", "segment": "segment", "source": "source", "amount": "size",
    "stage": "stage", "stuck": "time in stage",
}  # fmt: skip


def _more(factor: float) -> str:
    if abs(factor - 1) < 0.005:
        return "as many"
    return f"{factor:.2f} times as many"


def explain(walk: Walk, which: Whole, day: int, days: int, method: str, shown: Vector, ids: Whole) -> Reasons:
    """Take each deal's chance apart: from a new deal's, step by step, to its own.

    Each step is worked out with everything before it in place, so the factors multiply exactly to ``shown``.

    Args:
        walk: the rows.
        which: (n,) places of the deals.
        day: the day of knowledge.
        days: how far to look ahead.
        method: the method in use.
        shown: (n,) the chance to be explained.
        ids: (n,) the deals' ids.
    """
    hazards, age = walk.hazards(day), walk.age(which, day)
    place = {int(deal): row for row, deal in enumerate(ids)}
    effects = walk.effects(day)
    known = np.where(walk.rows.created[which] <= day, age.astype(np.float64), np.nan)
    correction = walk.correction(day, days)
    levels = effects.places(walk.rows, which, day)
    words = _Words(
        days, known, hazards.oldest, levels, {term.name: term for term in effects.terms},
        tuple(str(stage) for stage in walk.rows.stage[which]), correction.factors(age), correction.records,
        method,
    )  # fmt: skip
    if method not in TIMED:
        return Reasons(place, ("rate",), shown[:, None], words)
    base = walk_base(walk, day, days)
    names, steps = ["base"], [np.full(len(which), base)]
    names.append("age")
    steps.append(walk.chance(which, day, days, "age"))
    if method != "age":
        names.append("season")
        steps.append(walk.chance(which, day, days, "season"))
    if method in ("effects", "calibrated"):
        for name, chance in _by_term(walk, which, day, days, age):
            names.append(name)
            steps.append(chance)
    if method == "calibrated":
        names.append("haircut")
        steps.append(shown)
    else:
        steps[-1] = shown
    return Reasons(place, tuple(names), np.column_stack(steps), words)


def walk_base(walk: Walk, day: int, days: int) -> float:
    """The chance of a win within ``days`` of a deal just created, without season."""
    won, lost = walk.hazards(day).ahead(np.zeros(1, dtype=np.int64), day, days, seasonal=False)
    return float(win_curve(won, lost, np.ones(1), np.ones(1))[0, -1])


def _by_term(walk: Walk, which: Whole, day: int, days: int, age: Whole) -> list[tuple[str, Vector]]:
    """The chance after each effect that the data know, in the order learned."""
    effects, hazards = walk.effects(day), walk.hazards(day)
    levels = effects.places(walk.rows, which, day)
    won, lost = hazards.ahead(age, day, days)
    one = np.ones(len(which))
    found: list[tuple[str, Vector]] = []
    for term in effects.terms:
        if (term.won == 1).all() and (term.lost == 1).all() and (term.won_later == 1).all():
            continue
        factors = tuple(
            np.append(f, 1.0)[levels[term.name]] for f in (term.won, term.lost, term.won_later, term.lost_later)
        )
        won, lost = moved(won, lost, factors)
        found.append((term.name, win_curve(won, lost, one, one)[:, -1]))
    return found
