"""What the commission workbooks show: runs, statements, payout lines and the steps behind them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from salesops_desktop.model.money import FX_SCALE, PPM, exponent
from salesops_desktop.sheets.writing.book import Provenance


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One numbered step that helps to recompute a payout.

    Steps reckon in whole smallest units, because a spreadsheet is exact there; amounts in major units stand beside.

    Attributes:
        name: what later formulas of the same trace call it.
        label: what the step gives.
        words: how, in words.
        value: what it comes to: money in minor units, rates in ppm, exchange rates × 1e9, anything else as it is.
        unit: what the value is.
        formula: in the notation of a spreadsheet without ``=``, over the names of earlier steps; "" for a given value.
        currency: of money.
    """

    name: str
    label: str
    words: str
    value: int | Fraction | str | bool | dt.date | None
    unit: Literal["money", "rate", "exchange rate", "other"]
    formula: str = ""
    currency: str = ""

    @property
    def scale(self) -> int:
        """How many of the value's units make one as a person reads it; 0 where it is read as it is."""
        match self.unit:
            case "money":
                return int(10 ** exponent(self.currency))
            case "rate":
                return PPM
            case "exchange rate":
                return FX_SCALE
            case _:
                return 0


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One line of a statement.

    Attributes:
        component: the number of its component in the statement, from 1.
        credited: minor units of ``credited_currency``.
        payout: minor units of the statement's currency.
        rate: ppm, or None where no single rate applies.
        steps: the trace; the last step is the payout.
    """

    date: dt.date | None
    transaction: str
    account: str
    component: int
    credited: int
    credited_currency: str
    payout: int
    rate: int | None = None
    steps: tuple[TraceStep, ...] = ()


@dataclass(frozen=True, slots=True)
class ComponentSummary:
    """A component of a person's plan; ``quota`` and ``achieved`` in minor units of the statement's currency."""

    number: int
    name: str
    quota: int | None = None
    achieved: int | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What one person is paid, and why.

    Attributes:
        number: unique in the run, from 1.
        person: name.
        person_id: the id in the CRM or payroll.
        plan: its name; several are joined by ", ".
        currency: of the payouts, quotas and achievements.
        payout: minor units: the sum of the lines, as the run has it.
        notes: sentences for the person.
    """

    number: int
    person: str
    person_id: str
    manager: str
    plan: str
    currency: str
    payout: int
    components: tuple[ComponentSummary, ...]
    lines: tuple[PayoutLine, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanTerm:
    """One term of a plan, e.g. a tier: where it begins and ends and what it pays, in words ready to read."""

    plan: str
    component: str
    term: str
    value: str


@dataclass(frozen=True, slots=True)
class CommissionRun:
    """All that the workbooks show.

    Attributes:
        provenance: for the cover; its title is the run's.
        status: draft, approved, ...
        statements: one a person.
        terms: of all plans used.
        warnings: sentences about what could not be paid.
    """

    provenance: Provenance
    status: str
    statements: tuple[Statement, ...]
    terms: tuple[PlanTerm, ...] = ()
    warnings: tuple[str, ...] = field(default=())
