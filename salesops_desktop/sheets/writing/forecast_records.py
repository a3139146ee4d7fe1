"""What the forecast workbook is filled from: plain, frozen data; amounts in minor units of the book's currency."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from salesops_desktop.model.tables import Table
from salesops_desktop.sheets.writing.book import Provenance


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """A period of the series; amounts in minor units.

    Attributes:
        period: its name.
        actual: None in the future.
        forecast: None in the past; the model's.
        lower: the interval's lower bound for each of the book's levels; empty in the past.
        upper: the upper bounds.
        adjusted: the forecast with the accepted overrides; None where there are none.
    """

    period: str
    actual: int | None = None
    forecast: int | None = None
    lower: tuple[int, ...] = ()
    upper: tuple[int, ...] = ()
    adjusted: int | None = None


@dataclass(frozen=True, slots=True)
class MethodAccuracy:
    """How a method did in the back-test: ``mae`` and ``bias`` in minor units, ``mase`` without unit."""

    method: str
    horizon: int
    tests: int
    mae: float
    mase: float | None
    bias: float
    chosen: bool
    naive: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often an interval held what it promised: ``promised`` and ``achieved`` as fractions."""

    promised: float
    achieved: float | None
    tests: int


@dataclass(frozen=True, slots=True)
class TestedForecast:
    """One forecast of the back-test beside what came; minor units."""

    __test__ = False  # no test class, whatever its name begins with

    origin: str
    period: str
    horizon: int
    forecast: int
    actual: int


@dataclass(frozen=True, slots=True)
class PipelineDeal:
    """An open opportunity.

    Attributes:
        amount: minor units.
        probability: of ever being won, ppm.
        weighted: amount × probability in minor units, rounded half away from zero.
        expected_close: by the model; None if unknown.
        category: as stated, else by its probability.
        period_probability: of a win within the book's period, ppm.
        period_weighted: amount × that.
        pushes: how often its close date moved to a later month; None where no snapshot tells.
        stale: why it looks stale; empty where it does not.
        why: what makes its chance more or less than a usual deal's, in short.
    """

    key: str
    name: str
    account: str
    owner: str
    stage: str
    close_on: dt.date | None
    expected_close: dt.date | None
    amount: int
    probability: int
    weighted: int
    category: str = ""
    period_probability: int = 0
    period_weighted: int = 0
    pushes: int | None = None
    stale: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class KeyDeal:
    """An open deal on which the period's result hangs; chances and shares as fractions."""

    key: str
    name: str
    owner: str
    amount: int
    chance: float
    share: float
    reach_won: float | None
    reach_lost: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure of the period's total, with how good such figures have been.

    Attributes:
        low: the lower end of the 80 % interval; None for what is no forecast.
        high: the upper end.
        chance: of reaching the target.
        weight: its share of the combination.
        error: Σ|forecast − actual| ÷ Σ actual at the same point of earlier periods; None where none was judged.
        bias: Σ(forecast − actual) ÷ Σ actual there.
        judged: how many periods that were.
        forecast: whether it is one.
    """

    label: str
    amount: int
    low: int | None = None
    high: int | None = None
    chance: float | None = None
    weight: float | None = None
    error: float | None = None
    bias: float | None = None
    judged: int | None = None
    forecast: bool = True


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """The running total at the end of a day; ``last`` is the period before at the same point."""

    day: dt.date
    last: int | None = None
    actual: int | None = None
    expected: int | None = None
    lower: tuple[int, ...] = ()
    upper: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """The running period in one picture.

    Attributes:
        period: its name.
        as_of: the day of knowledge.
        target: None without quotas.
        basis: what the target is made of.
        actual: what came so far.
        headlines: the figures side by side; the first forecast is the one to quote.
        last_period: the name of the period before.
        course: the way through the period.
        proofs: how good each forecast has been on this company's own past, in sentences.
        past: the kept forecasts of this and the last period as they were; None where none was kept.
        notes: what to know.
    """

    period: str
    as_of: dt.date
    target: int | None
    basis: str
    actual: int
    headlines: tuple[Headline, ...]
    last_period: str
    course: tuple[CoursePoint, ...]
    proofs: tuple[str, ...]
    past: Table | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One node of a level.

    Attributes:
        number: its number in the tree.
        parents: for each level that is the sum of this one, the number of the node it is counted in.
        names: one per key of the level.
        before: what the same periods brought a year before; None where unknown.
        model: per period ahead.
        adjusted: the same with the accepted overrides.
        low: the lower end of the 80 % interval of the model's sum over the periods.
        high: the upper end.
        error: of its back-test, as a fraction.
        note: what to beware of.
    """

    number: int
    parents: tuple[int, ...]
    names: tuple[str, ...]
    before: int | None
    model: tuple[int, ...]
    adjusted: tuple[int, ...]
    low: int | None
    high: int | None
    method: str
    error: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the hierarchy.

    Attributes:
        name: of its sheet.
        keys: headings of the nodes' names.
        below: the place of the level that its rows are the sums of; None where they are the program's own figures.
        feeds: the places of the levels that are sums of this one, in the order of its rows' ``parents``.
        rows: its nodes.
    """

    name: str
    keys: tuple[str, ...]
    below: int | None
    feeds: tuple[int, ...]
    rows: tuple[NodeRow, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """The forecast of every node; amounts are thousandths where ``currency`` is None.

    Attributes:
        measure: what is forecast.
        periods: names of the periods ahead.
        levels: from the company down; each stands before the one it is the sum of.
        overridden: whether any number is fixed by a person.
        reconciliation: how the levels were made to add up, in words.
    """

    currency: str | None
    measure: str
    periods: tuple[str, ...]
    levels: tuple[Level, ...]
    overridden: bool
    reconciliation: str


@dataclass(frozen=True, slots=True)
class Move:
    """A bar of the waterfall."""

    label: str
    amount: int
    deals: int
    meaning: str


@dataclass(frozen=True, slots=True)
class ChangedDeal:
    """A deal of either pipeline: ``rates`` is the part of its change that exchange rates explain."""

    key: str
    name: str
    account: str
    owner: str
    move: str
    before: int
    after: int
    rates: int
    stage_before: str
    stage_after: str
    close_before: dt.date | None
    close_after: dt.date | None


@dataclass(frozen=True, slots=True)
class Changes:
    """From the pipeline of one day to that of another.

    Attributes:
        due: which deals are in it, in words.
        rates_label: the name of the bar of exchange rates.
        moves: the bars; start plus all of them makes the end exactly.
        deals: every deal in either pipeline.
    """

    first: dt.date
    last: dt.date
    due: str
    start: int
    end: int
    rates_label: str
    moves: tuple[Move, ...]
    deals: tuple[ChangedDeal, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A table of figures as they are, with a sentence on how to read it."""

    table: Table
    note: str = ""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the figures rest on.

    Attributes:
        facts: label and text.
        tables: overrides, judgements, corrections, what was found in the records.
        sentences: what was left out and how much that is.
    """

    facts: tuple[tuple[str, str], ...]
    tables: tuple[Shown, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """All that the workbook shows; what is None or empty has no sheet.

    Attributes:
        provenance: for the cover; its period is the one forecast.
        currency: of all amounts.
        measure: what the series counts, e.g. "Bookings".
        method: the method chosen, in words.
        levels: the intervals' levels as fractions, narrow to wide, e.g. (0.5, 0.8, 0.95).
        series: past and future periods in order.
        accuracy: the back-test by method and horizon.
        coverage: of the intervals.
        tested: the chosen method's forecasts in the back-test.
        pipeline: the open deals.
        outcome: the period's simulated result as (label, minor units), e.g. ("In 9 of 10 cases above", 123).
        sentences: what the engine says of its forecast.
        outlook: the running period.
        tree: every node.
        key_deals: the deals that matter most.
        changes: the last waterfall.
        pipeline_tests: the race of the pipeline's methods, its calibration.
        scores: how all kept forecasts and people did.
        assumptions: what the figures rest on.
    """

    provenance: Provenance
    currency: str
    measure: str
    method: str
    levels: tuple[float, ...]
    series: tuple[SeriesPoint, ...]
    accuracy: tuple[MethodAccuracy, ...]
    coverage: tuple[Coverage, ...]
    tested: tuple[TestedForecast, ...]
    pipeline: tuple[PipelineDeal, ...]
    outcome: tuple[tuple[str, int], ...] = ()
    sentences: tuple[str, ...] = ()
    outlook: Outlook | None = None
    tree: Tree | None = None
    key_deals: tuple[KeyDeal, ...] = ()
    changes: Changes | None = None
    pipeline_tests: tuple[Shown, ...] = ()
    scores: tuple[Shown, ...] = ()
    assumptions: Assumptions | None = None
