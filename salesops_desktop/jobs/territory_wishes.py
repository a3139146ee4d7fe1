"""What a person asks of a design: what to balance, what to respect, what may move."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError


class UnitKind(StrEnum):
    """What is handed out: accounts one by one, or whole areas with the accounts in them."""

    ACCOUNTS = "accounts"
    POSTAL = "postal codes"
    COUNTIES = "counties"
    STATES = "states"
    COUNTRIES = "countries"


class Boundary(StrEnum):
    """The line no account crosses."""

    REGION = "region"
    COUNTRY = "country"
    SEGMENT = "segment"
    NONE = "none"


class Compactness(StrEnum):
    """What is kept short: the distances to the centre, or the largest distance within a territory."""

    DISTANCE = "distance"
    SPAN = "span"


class Effort(StrEnum):
    """How long to search: about a second, a quarter of a minute, a minute."""

    QUICK = "quick"
    THOROUGH = "thorough"
    LONG = "long"


_OWN_TOLERANCE = re.compile(r"^(.*\S)\s*:\s*(\d+(?:\.\d+)?)\s*%?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MeasureWish:
    """A measure to balance, and how far a territory may lie off its target."""

    text: str
    """A field of the accounts, or a formula over them."""
    tolerance: float
    """A share: 0.05 is 5 %."""


@dataclass(frozen=True, slots=True)
class DesignWishes:
    """What a design is to respect; stored with its scenario.

    Attributes:
        measures: what to balance, each a field or formula, with ``:5`` for a tolerance of its own; potential and
            workload, as far as they are known, where empty.
        tolerance: per cent by which a territory may lie off its target, for measures that name none.
        stability: the price of moving an account away from its owner.
        units: what is handed out.
        boundary: the line no account crosses.
        keep_parents: whether accounts under one parent stay together.
        keep_metros: whether accounts of one city stay together.
        compactness: what is kept short.
        connected: whether territories are kept in one piece.
        territories: how many; 0 for one per person.
        vacancies: how many of them without a person, beside one per person.
        date: the first day; None for the newest day of the data.
        capacity: whether part-time, ramp and absence count.
        keep: row ids of accounts that stay with their present owners.
        budget: the largest per cent of the first measure that may change hands; None for no limit.
        effort: how long to search.
        based_on: the name of the scenario whose locks were kept; empty for none.
    """

    measures: tuple[str, ...] = ()
    tolerance: float = 10.0
    stability: float = 0.5
    units: UnitKind = UnitKind.ACCOUNTS
    boundary: Boundary = Boundary.REGION
    keep_parents: bool = True
    keep_metros: bool = False
    compactness: Compactness = Compactness.DISTANCE
    connected: bool = True
    territories: int = 0
    vacancies: int = 0
    date: dt.date | None = None
    capacity: bool = True
    keep: tuple[int, ...] = ()
    budget: float | None = None
    effort: Effort = Effort.QUICK
    based_on: str = ""

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            InputRefusedError: the one fault.
            FaultsError: with every fault where there are several.
        """
        faults = []
        tolerances = [("tolerance", self.tolerance), *((m.text, 100 * m.tolerance) for m in self.asked())]
        for name, value in dict(tolerances).items():
            if not 0 < value <= 100:
                faults.append(Fault(name, f"A tolerance of {value:g} % makes no sense.", "Give per cent up to 100."))
        if self.stability < 0:
            faults.append(Fault("stability", "The price of moving an account cannot be negative."))
        if self.budget is not None and not 0 <= self.budget <= 100:
            faults.append(Fault("budget", f"{self.budget:g} % cannot change hands.", "Give per cent from 0 to 100."))
        if self.territories < 0 or self.vacancies < 0:
            faults.append(Fault("territories", "There cannot be fewer than none."))
        texts = [measure.text.casefold() for measure in self.asked()]
        twice = sorted({text for text in texts if texts.count(text) > 1})
        faults += [Fault(text, "This measure is named twice.", "Name it once.") for text in twice]
        if len(faults) == 1:
            raise InputRefusedError(f"{faults[0].where.capitalize()}: {faults[0].what}", way_out=faults[0].way_out)
        if faults:
            raise FaultsError("The territories cannot be designed as asked.", faults)

    def asked(self) -> tuple[MeasureWish, ...]:
        """The measures that were named, with their tolerances."""
        made = []
        for text in self.measures:
            own = _OWN_TOLERANCE.match(text.strip())
            made.append(
                MeasureWish(own[1], float(own[2]) / 100) if own else MeasureWish(text.strip(), self.tolerance / 100)
            )
        return tuple(made)

    def keywords(self) -> dict[str, object]:
        """The same as keyword arguments of :func:`salesops_desktop.jobs.territories.design_territories`."""
        made = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        del made["based_on"]
        made["measures"] = list(self.measures) or None
        made["keep"] = list(self.keep) or None
        made["within_regions"] = self.boundary is not Boundary.NONE
        return made

    def to_json(self) -> str:
        """For the workspace."""
        made = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        made["date"] = None if self.date is None else self.date.isoformat()
        return json.dumps(made, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | None) -> DesignWishes:
        """What was stored, by this program or an earlier one."""
        stored: Mapping[str, object] = json.loads(text or "{}")
        known = {field.name: stored[field.name] for field in dataclasses.fields(cls) if field.name in stored}
        if "boundary" not in stored:  # the first form knew regions only
            known["boundary"] = Boundary.REGION if stored.get("within_regions", True) else Boundary.NONE
        kinds = {"units": UnitKind, "boundary": Boundary, "compactness": Compactness, "effort": Effort}
        for name, kind in kinds.items():
            if name in known:
                known[name] = kind(str(known[name]))
        measures = known.get("measures", ())
        known["measures"] = tuple(str(each) for each in measures) if isinstance(measures, Sequence) else ()
        kept = known.get("keep", ())
        known["keep"] = tuple(int(str(each)) for each in kept) if isinstance(kept, Sequence) else ()
        if isinstance(known.get("date"), str):
            known["date"] = dt.date.fromisoformat(str(known["date"]))
        return cls(**known)  # type: ignore[arg-type]  # a file of our own making
