"""What is proven about a design, as it is shown and stored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

FLOW: Final = "flow to the homes"
LAGRANGIAN: Final = "Lagrangian of the capacitated p-median"
NOTHING: Final = "none proven in the time"

Kind = Literal["flow to the homes", "Lagrangian of the capacitated p-median", "none proven in the time"]
Cause = Literal["", "unit", "group", "locked", "forbidden", "part", "component", "territory"]


@dataclass(frozen=True, slots=True)
class BalanceBound:
    """The smallest largest deviation of one measure that any assignment could have.

    Attributes:
        measure: its name.
        limit: the tolerance asked (0.02 is 2 %).
        reached: the design's largest deviation from the targets.
        lower: proven: no assignment has a smaller one; 0 where nothing forces any.
        cause: what forces it.
        units: the units that force it, at most 20.
        territories: the territories it is forced upon, where they are known.
        sentence: who or what forces how much; empty where ``lower`` is 0.
        relax: what would relax it.
    """

    measure: str
    limit: float
    reached: float
    lower: float
    cause: Cause = ""
    units: tuple[int, ...] = ()
    territories: tuple[int, ...] = ()
    sentence: str = ""
    relax: str = ""

    @property
    def gap(self) -> float:
        """How far the design lies above what is unavoidable, as a deviation."""
        return max(self.reached - self.lower, 0.0)

    @property
    def unavoidable(self) -> bool:
        """Whether no assignment can keep the tolerance."""
        return self.lower > self.limit + 1e-9


@dataclass(frozen=True, slots=True)
class DistanceBound:
    """The smallest weighted mean distance that any assignment of the same balance could have.

    Attributes:
        kind: how it was proven, or that it was not.
        reached_km: the mean distance of the design.
        lower_km: proven: no assignment within the deviations ``within`` is shorter; NaN where none is proven.
        within: the deviation per measure for which it holds: the tolerance, or the design's own where that is larger.
        sentence: the same in words.
    """

    kind: Kind
    reached_km: float
    lower_km: float
    within: Mapping[str, float]
    sentence: str

    @property
    def gap(self) -> float:
        """The largest share of the distance that could still be saved (0.03 is 3 %); NaN where nothing is proven."""
        if not self.reached_km > 0 or math.isnan(self.lower_km):
            return 0.0 if self.reached_km == 0 else math.nan
        return max(1 - self.lower_km / self.reached_km, 0.0)


@dataclass(frozen=True, slots=True)
class MovedBound:
    """The least of a measure that must change hands to bring every territory within its tolerances.

    Attributes:
        measure: what is counted.
        reached: how much of it the design moves.
        lower: proven: no assignment within the tolerances moves less; NaN where none is proven.
        total: all of it.
        sentence: the same in words.
    """

    measure: str
    reached: float
    lower: float
    total: float
    sentence: str

    @property
    def gap(self) -> float:
        """By how much the design moves more than it must (0.5 is half as much again); NaN where that is unknown."""
        return self.reached / self.lower - 1 if self.lower > 0 else math.nan


@dataclass(frozen=True, slots=True)
class Certificate:
    """How far a design lies from what is proven to be impossible to beat.

    Attributes:
        balance: one bound per measure.
        distance: the bound of the mean distance.
        moved: the bound of what changes hands; None where nobody owns anything today.
        seconds: how long the proof took.
        sentences: all of it in plain words, one thought each.
    """

    balance: tuple[BalanceBound, ...]
    distance: DistanceBound
    moved: MovedBound | None
    seconds: float
    sentences: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values that JSON can hold; NaN becomes null."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Certificate:
        """The certificate that :meth:`to_json` wrote."""
        balance = tuple(
            BalanceBound(**{**each, "units": tuple(each["units"]), "territories": tuple(each["territories"])})
            for each in value["balance"]
        )
        moved = value["moved"]
        return cls(
            balance=balance,
            distance=DistanceBound(**_numbers(value["distance"], "reached_km", "lower_km")),
            moved=None if moved is None else MovedBound(**_numbers(moved, "reached", "lower", "total")),
            seconds=float(value["seconds"]),
            sentences=tuple(value["sentences"]),
        )


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return value


def _numbers(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """``value`` with null among ``names`` read as NaN."""
    return {**value, **{name: math.nan if value[name] is None else float(value[name]) for name in names}}
