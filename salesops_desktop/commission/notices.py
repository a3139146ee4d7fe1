"""Why a credit pays nothing, and what a run has to say before it may be approved."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.records import Credits, Notice, Unpaid
from salesops_desktop.model.periods import Period

Rows = npt.NDArray[np.intp]


class State(IntEnum):
    """What became of a credit; where components differ the largest wins."""

    NO_PERSON = 0
    NO_PLAN = 1
    FILTERED = 2
    NO_RATE = 3
    NO_QUOTA = 4
    NO_TARGET = 5
    NO_SCORE = 6
    PAID = 7
    UNDEFINED = 8
    """A credit that one component pays and another cannot measure still blocks."""

    @classmethod
    def of(cls, reason: Unpaid) -> State:
        """The state behind a reason."""
        return next(state for state, known in REASON.items() if known is reason)


REASON: Final[Mapping[State, Unpaid]] = {
    State.NO_PERSON: Unpaid.NO_PERSON,
    State.NO_PLAN: Unpaid.NO_PLAN,
    State.FILTERED: Unpaid.FILTERED,
    State.NO_RATE: Unpaid.NO_RATE,
    State.NO_QUOTA: Unpaid.NO_QUOTA,
    State.NO_TARGET: Unpaid.NO_TARGET,
    State.NO_SCORE: Unpaid.NO_SCORE,
    State.UNDEFINED: Unpaid.UNDEFINED,
}
_BLOCKING: Final = frozenset({Unpaid.NO_RATE, Unpaid.NO_QUOTA, Unpaid.NO_TARGET, Unpaid.NO_SCORE, Unpaid.UNDEFINED})
_LACKING: Final = {
    Unpaid.NO_QUOTA: ("quota for the window", "Import the quotas."),
    Unpaid.NO_TARGET: ("target incentive for the window", "Enter the target incentives."),
    Unpaid.NO_SCORE: ("score for the window", "Enter the scores."),
}


def notices(
    credits_in: Credits,
    open_rows: Rows,
    state: npt.NDArray[np.int8],
    missing: Mapping[State, set[int]],
    names: Mapping[int, str],
    period: Period,
) -> tuple[Notice, ...]:
    """What has to be said of a run.

    Args:
        credits_in: all credits.
        open_rows: rows of those in the period that pay nothing.
        state: of each credit.
        missing: who lacks what.
        names: of people.
        period: what is paid.
    """
    said: list[Notice] = []
    for known, reason in sorted(REASON.items()):
        rows = open_rows[state[open_rows] == known]
        lacking = missing.get(known, set())
        if reason is Unpaid.FILTERED or not (len(rows) or lacking):
            continue
        keys = tuple(credits_in.key[rows].tolist())
        people = {p for p in credits_in.person[rows].tolist() if p >= 0} | lacking
        sentence = _sentence(reason, credits_in, rows, people, names, period)
        said.append(Notice(reason, sentence, reason in _BLOCKING, keys))
    return tuple(said)


def _sentence(
    reason: Unpaid, credits_in: Credits, rows: Rows, people: set[int], names: Mapping[int, str], period: Period
) -> str:
    many = f"{len(rows):,} credit{'s' if len(rows) != 1 else ''} of {period.label}"
    called = sorted({names.get(p, f"person {p}") for p in people})
    who = ", ".join(called[:10]) + (f" and {len(called) - 10} more" if len(called) > 10 else "")
    match reason:
        case Unpaid.NO_PERSON:
            return f"{many} name nobody and pay nobody."
        case Unpaid.NO_PLAN:
            return f"{many} pay nothing because their people had no plan on the credit date: {who}."
        case Unpaid.NO_RATE:
            codes = ", ".join(sorted(set(credits_in.currency[rows].astype(str).tolist())))
            what = f"{many} in {codes} cannot be converted on the credit date"
            if not len(rows):
                what = f"What {who} would carve out of others' pay cannot be converted"
            return f"{what}. Import the exchange rates."
        case Unpaid.UNDEFINED:
            return f"{many} cannot be measured because the plan's formula divides by zero there: {who}."
        case _:
            what, way_out = _LACKING[reason]
            if not len(rows):
                return f"Without a {what} nothing can be paid to {who}. {way_out}"
            return f"{many} pay nothing because there is no {what}: {who}. {way_out}"
