"""What the commission workbooks show: people, payout lines, the plan's cells, and the formulas between them.

Formulas are templates in spreadsheet notation without ``=``. A name in braces is a cell: a column of the line's own row
(``amount``, ``before``, ``after``, ``axis_1``, ``rate``, ``earned_before``, ``earned_after``), a figure of its window
(``quota``, ``target``, ``factor``, ``factor_of``, ``tier_2_from``), a fact of its credit (``credit`` in the plan's
currency, ``field_1``) or a term of the plan; two names with a colon between them are all cells from one to the other.
Money is in whole minor units and rates in ppm, because a spreadsheet's doubles are exact there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.sheets.writing.book import Provenance

Ints = npt.NDArray[np.int64]
Figures = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
Unit = Literal["money", "rate", "units"]


@dataclass(frozen=True, slots=True)
class Term:
    """One number of a plan, in a cell of its own that a reader may change.

    Attributes:
        key: unique in the workbook.
        value: money in minor units, rates in ppm, units in millionths.
        unit: what the value is.
        currency: of money.
    """

    key: str
    value: int
    unit: Unit
    currency: str = ""

    @property
    def scale(self) -> int:
        """How many of the value's units make one as a person reads it."""
        return int(10 ** exponent(self.currency)) if self.unit == "money" else PPM


@dataclass(frozen=True, slots=True)
class PlanTable:
    """A rate table, a lookup or the limits of one component.

    Attributes:
        plan: its name.
        component: its name.
        words: how the table pays.
        headings: of the columns after the first.
        rows: a label, then a term (or None) per column.
    """

    plan: str
    component: str
    words: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Term | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the lines of one component come about while its gate is open (or closed).

    Attributes:
        terms: the names of plan terms in the templates → their keys.
        bounds: per window: the name, and the template over quota and terms.
        amount: what counts, over ``credit`` and fields; "" for a number that is given.
        axes: what a lookup looks at, over ``credit`` and fields.
        rate: the rate of a line that is looked up, over ``axis_1`` …; "" without a lookup.
        earned: pay for the total ``total``: rounded where the lines telescope, else times what the pay divides by.
        pay: the commission, over ``earned_before`` and ``earned_after``.
        parts: a template per tier: how much of the line lies in it; empty where that says nothing.
        units: whether units are counted (in millionths) instead of money.
    """

    terms: Mapping[str, str]
    bounds: tuple[tuple[str, str], ...]
    amount: str
    earned: str
    pay: str
    axes: tuple[str, ...] = ()
    rate: str = ""
    parts: tuple[str, ...] = ()
    units: bool = False


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What a window brings to its lines: minor units; ``bounds`` are those of its recipe."""

    since: dt.date | None
    quota: int
    target: int
    factor: int
    factor_of: int
    is_open: bool
    bounds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Lines of one person, component and window, in the order they accumulate. Columns of one length.

    Attributes:
        component: the number of its component in the workbook, from 1.
        recipe: place in :attr:`CommissionRun.recipes`.
        credit: the place of each line's credit among those of the statement.
        earned_before: minor units; fractions of them where each line is rounded by itself.
        rate: ppm, of lookups.
        axes: what each lookup axis looks at.
        parts: per tier of the recipe.
    """

    component: int
    recipe: int
    window: WindowFacts
    credit: Ints
    amount: Ints
    before: Ints
    after: Ints
    earned_before: Figures
    earned_after: Figures
    pay: Ints
    rate: Ints | None = None
    axes: tuple[npt.NDArray[np.float64], ...] = ()
    parts: tuple[Ints, ...] = ()

    def __len__(self) -> int:
        return len(self.pay)


@dataclass(frozen=True, slots=True)
class Field:
    """A further fact of credits that a plan's formulas name; numbers, texts, truths or days, in a cell as they are."""

    name: str
    label: str
    values: tuple[float | str | bool | dt.date | None, ...]


@dataclass(frozen=True, slots=True)
class Credits:
    """The credits behind a person's lines, then those that pay nothing. Columns of one length.

    Attributes:
        amount: minor units of ``currency``.
        exchange: units of the plan's currency for one, × 1e9.
        converted: minor units of the plan's currency.
        reason: why a credit pays nothing; "" for one that pays.
    """

    transaction: Texts
    account: Texts
    date: npt.NDArray[np.datetime64]
    amount: Ints
    currency: Texts
    exchange: Ints
    converted: Ints
    reason: Texts
    fields: tuple[Field, ...] = ()

    def __len__(self) -> int:
        return len(self.amount)


@dataclass(frozen=True, slots=True)
class ComponentSummary:
    """A component of a person's plan; ``quota`` and ``achieved`` in minor units of the statement's currency."""

    number: int
    plan: str
    name: str
    quota: int | None = None
    achieved: int | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Something beside the lines: pay of a window, an adjustment, a correction of an earlier period, a clawback.

    Attributes:
        component: the number of its component in the workbook; 0 for none.
        amount: minor units of the statement's currency.
        counts: whether it is earned; holds and releases only move the payment.
    """

    kind: str
    plan: str
    component: int
    about: str
    amount: int
    why: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class SettlementStep:
    """From earned to paid under one plan: what a step adds, minor units; the first step is what was earned.

    ``formula`` says how it follows: ``{sum}`` is all steps so far, ``{last}`` the one above, other names are keys
    of the statement's terms; empty for a value of the run.
    """

    plan: str
    name: str
    amount: int
    why: str
    formula: str = ""


@dataclass(frozen=True, slots=True)
class SettlementTerm:
    """A term or a balance that steps rest on: its key, what it is called, its value and unit."""

    plan: str
    key: str
    label: str
    value: int
    unit: Unit = "money"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one person is paid, and why.

    Attributes:
        number: unique in the run, from 1.
        person: name.
        person_id: the id in the CRM or payroll.
        plan: its name; several are joined by ", ".
        currency: of the payouts, quotas and achievements.
        earned: minor units, as the run has it: lines and adjustments.
        paid: minor units after caps, holdbacks, draws and debts.
        balances: what stays open, as (plan, name, minor units).
        notes: sentences for the person.
        team: the manager's number in the workspace: names may be shared.
        terms: what the formulas of the steps rest on.
    """

    number: int
    person: str
    person_id: str
    manager: str
    plan: str
    currency: str
    earned: int
    paid: int
    components: tuple[ComponentSummary, ...]
    blocks: tuple[LineBlock, ...]
    credits: Credits
    adjustments: tuple[Adjustment, ...] = ()
    steps: tuple[SettlementStep, ...] = ()
    balances: tuple[tuple[str, str, int], ...] = ()
    notes: tuple[str, ...] = ()
    team: int = 0
    terms: tuple[SettlementTerm, ...] = ()

    @property
    def lines(self) -> int:
        """How many payout lines there are."""
        return sum(len(block) for block in self.blocks)


@dataclass(frozen=True, slots=True)
class CommissionRun:
    """All that the workbooks show.

    Attributes:
        provenance: for the Read me; its title is the run's.
        status: draft, approved, ...
        result_hash: of the run's results.
        statements: one a person and currency.
        tables: of all plans used.
        recipes: how lines are reckoned; blocks name them by place.
        warnings: sentences about what could not be paid.
    """

    provenance: Provenance
    status: str
    result_hash: str
    statements: tuple[Statement, ...]
    tables: tuple[PlanTable, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    warnings: tuple[str, ...] = field(default=())
