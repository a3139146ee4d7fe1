"""Watching a design while it is made: the best so far is seen as it comes, and kept when one has seen enough."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.territory_problems import ScenarioProblem
from salesops_desktop.model.progress import Progress
from salesops_desktop.territory import Design, design, evaluate

EVERY = 0.25
"""Seconds between two of the best so far that are told."""


@dataclass(frozen=True, slots=True, eq=False)
class BestSoFar:
    """The best assignment found so far.

    Attributes:
        account_ids: row ids of all accounts, int64[n].
        place: the number of each account's territory, -1 for none, int32[n].
        names: of the territories.
    """

    account_ids: npt.NDArray[np.int64]
    place: npt.NDArray[np.int32]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """Who watches: is told of better ones on the worker's thread, and says when there is enough."""

    better: Callable[[BestSoFar], None]
    enough: Callable[[], bool]


@dataclass(slots=True)
class WatchedContext(JobContext):
    """A context in which somebody watches the design."""

    watch: Watch | None = None


class _EnoughError(Exception):
    """The watcher has seen enough."""


def watched_design(
    whole: ScenarioProblem, seed: int, progress: Progress, watch: Watch | None
) -> tuple[Design, tuple[str, ...]]:
    """Run the engine, with or without somebody who watches.

    Args:
        whole: the problem.
        seed: of what is left to chance.
        progress: told as the engine goes on; may cancel.
        watch: told of better ones; when it says enough, the best so far is the result.

    Returns:
        The design, and what a reader must know of how it came about.

    Raises:
        FaultsError: the problem makes no sense; with every reason.
    """
    effort = whole.wishes.effort
    if watch is None:
        made = design(whole.problem, seed=seed, effort=effort.value, progress=progress)
        return made, made.sentences
    begun = time.monotonic()
    best: npt.NDArray[np.int32] | None = None
    told = 0.0
    ids = whole.inputs.accounts["id"].to_numpy(np.int64)
    names = tuple(seat.name for seat in whole.seats)

    def better(assignment: npt.NDArray[np.int32]) -> None:
        nonlocal best, told
        best = assignment.copy()
        if time.monotonic() - told >= EVERY:
            told = time.monotonic()
            place = np.append(best, np.int32(-1))[whole.units.of_account]
            watch.better(BestSoFar(ids, place.astype(np.int32), names))

    def report(done: float, total: float, what: str = "") -> None:
        progress(done, total, what)
        if best is not None and watch.enough():
            raise _EnoughError

    try:
        made = design(whole.problem, seed=seed, effort=effort.value, progress=report, better=better)
    except _EnoughError:
        assert best is not None
        made = evaluate(whole.problem, best, whole.edges)
        spent = time.monotonic() - begun
        return made, (*made.sentences, f"The search was stopped by hand after {spent:.0f} s; this is the best so far.")
    return made, made.sentences
