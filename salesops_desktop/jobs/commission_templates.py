"""Ten plans to begin with, each complete and free of faults."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from salesops_desktop.commission import (
    Basis,
    Component,
    Factor,
    Pays,
    PayTerms,
    Plan,
    Proration,
    RateTable,
    Source,
    TierMode,
    Window,
)
from salesops_desktop.commission.clawbacks import Clawback
from salesops_desktop.commission.draws import Draw
from salesops_desktop.commission.timing import Timing
from salesops_desktop.jobs.commission_plan_editing import component_sentence, credit_schema, plan_sentences, save_plan
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM, exponent, is_currency
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["Template", "TemplateName", "Templates", "list_templates", "new_plan", "template_plan", "templates"]

_DIRECT = '[Credit role] <> "overlay"'
PERCENT = PPM // 100


class TemplateName(StrEnum):
    """The templates."""

    ACCOUNT_EXECUTIVE = "account executive"
    SDR = "meetings"
    MANAGER = "manager override"
    OVERLAY = "overlay"
    CHANNEL = "channel margin"
    RENEWAL = "renewals"
    NEW_HIRE = "new hire with draw"
    OBJECTIVES = "objectives"
    RETROACTIVE = "retroactive tiers"
    INSURANCE = "insurance advance"


@dataclass(frozen=True, slots=True)
class Template:
    """A plan to begin with.

    Attributes:
        name: which one.
        title: what it is called.
        use: for whom, in a sentence.
        needs: what must be in the workspace for it to pay; what it cannot do.
        parts: its components, given how many minor units a major unit has.
        terms: its terms of payment, given the same.
        clawback: what cancellations take back.
        proration: how quotas of part periods count.
    """

    name: TemplateName
    title: str
    use: str
    needs: str
    parts: Callable[[int], tuple[Component, ...]]
    terms: Callable[[int], PayTerms] = lambda _unit: PayTerms()
    clawback: Clawback | None = None
    proration: Proration | None = None


def _tiers(*steps: tuple[int, int]) -> RateTable:
    """Marginal tiers by attainment: (per cent of quota, per mille of the money)."""
    return RateTable.of([(low * PERCENT, rate * PPM // 1000) for low, rate in steps], basis=Basis.ATTAINMENT)


def _executive(_unit: int) -> tuple[Component, ...]:
    return (Component("Bookings", _tiers((0, 80), (100, 120), (125, 160)), filter=_DIRECT),)


def _meetings(unit: int) -> tuple[Component, ...]:
    table = RateTable.of([(0, 50 * unit), (10 * PPM, 75 * unit), (20 * PPM, 100 * unit)], pays=Pays.AMOUNT)
    held = Component(
        "Meetings held", table, measure="IF([Amount] < 0, -1, 1)", filter='[Product] = "Meeting"', window=Window.MONTH
    )
    sourced = Component("Sourced business", RateTable.flat(PERCENT), filter='[Product] <> "Meeting"')
    return held, sourced


def _override(_unit: int) -> tuple[Component, ...]:
    team = Component("Team bookings", _tiers((0, 10), (100, 15)), filter=_DIRECT, source=Source.TEAM_CREDITS)
    return (team,)


def _overlay(_unit: int) -> tuple[Component, ...]:
    return (Component("Overlay bookings", RateTable.flat(PERCENT), filter='[Credit role] = "overlay"'),)


def _margin(unit: int) -> tuple[Component, ...]:
    steps = [(0, 10 * PERCENT), (50_000 * unit, 15 * PERCENT), (150_000 * unit, 20 * PERCENT)]
    known = "NOT ISBLANK([Margin])"
    return (Component("Margin", RateTable.of(steps), measure="[Margin]", filter=known, quota=Measure.MARGIN),)


def _renewals(unit: int) -> tuple[Component, ...]:
    renewed = Component("Renewals", RateTable.flat(2 * PERCENT), filter='[Family] = "Renewal"')
    steps = [(90 * PERCENT, 1_000 * unit), (95 * PERCENT, 2_500 * unit), (100 * PERCENT, 4_000 * unit)]
    bonus = RateTable.of(steps, TierMode.STEP, Basis.ATTAINMENT, pays=Pays.AMOUNT)
    kept = Component("Retention bonus", bonus, filter='[Family] = "Renewal"', quota=Measure.REVENUE)
    return renewed, kept


def _draw(unit: int) -> PayTerms:
    return PayTerms(draw=Draw(3_000 * unit, last=6, recovery_share=PPM // 2, recovery_from=4, forgiven_after=12))


def _objectives(_unit: int) -> tuple[Component, ...]:
    whole = RateTable.of([(0, PPM)], TierMode.STEP, pays=Pays.TARGET)
    return (Component("Objectives", whole, factors=(Factor("Objectives"),)),)


def _retroactive(_unit: int) -> tuple[Component, ...]:
    steps = [(0, 4 * PERCENT), (80 * PERCENT, 6 * PERCENT), (100 * PERCENT, 9 * PERCENT)]
    return (Component("Bookings", RateTable.of(steps, TierMode.RETROACTIVE, Basis.ATTAINMENT), filter=_DIRECT),)


def _premiums(_unit: int) -> tuple[Component, ...]:
    ahead = Timing(booking=75 * PERCENT, kept=25 * PERCENT, months=12, advance=True)
    rate = RateTable.flat(45 * PERCENT)
    return (Component("First-year premium", rate, filter=_DIRECT, window=Window.LINE, timing=ahead),)


_NEWCOMER = (25 * PERCENT, 50 * PERCENT, 75 * PERCENT)
ALL: tuple[Template, ...] = (
    Template(
        TemplateName.ACCOUNT_EXECUTIVE, "Account executive with accelerators",
        "Direct sellers: 8 % of bookings up to quota, 12 % above, 16 % beyond 125 %.",
        "Needs quarterly quotas of bookings.", _executive,
    ),
    Template(
        TemplateName.SDR, "Sales development, paid per meeting",
        "An amount for each meeting held in a month, rising with their number, and a share of what came of it.",
        'Needs meetings as transactions of a product called "Meeting".', _meetings,
    ),
    Template(
        TemplateName.MANAGER, "Manager override",
        "Managers: a share of what everyone who reports to them books.",
        "Needs reporting lines, and quarterly quotas of the managers.", _override,
    ),
    Template(
        TemplateName.OVERLAY, "Overlay specialist", "Specialists: 1 % of bookings they are credited with as overlay.",
        "Needs credits with the role overlay.", _overlay,
    ),
    Template(
        TemplateName.CHANNEL, "Channel margin", "Channel managers: a rising share of the margin, not of the price.",
        "Needs margins on the transactions; those without one are not counted.", _margin,
    ),
    Template(
        TemplateName.RENEWAL, "Renewals and retention",
        "Account managers: 2 % of renewals, and a bonus for the share of renewable revenue kept.",
        'Needs products of the family "Renewal", and what is up for renewal as a quarterly quota of revenue.',
        _renewals,
    ),
    Template(
        TemplateName.NEW_HIRE, "New hire with a draw",
        "Newcomers: six months with a draw against commission, quotas that rise over three months.",
        "Needs monthly or quarterly quotas of bookings. What is still owed after a year is forgiven.",
        _executive, _draw, proration=Proration(ramp=_NEWCOMER),
    ),
    Template(
        TemplateName.OBJECTIVES, "Objectives (MBO)",
        "Anyone with a scorecard: the quarter's target incentive times the score reached.",
        'Needs target incentives and scores called "Objectives" for the quarter.', _objectives,
    ),
    Template(
        TemplateName.RETROACTIVE, "Retroactive tiers",
        "Direct sellers: the rate reached at quarter's end holds for everything from the first deal on.",
        "Needs quarterly quotas of bookings. Crossing a bound raises the pay by a leap: the curve shows how far.",
        _retroactive,
    ),
    Template(
        TemplateName.INSURANCE, "Insurance advance with chargeback",
        "Agents: nine months of the first year's commission in advance, the rest as the policy is kept; a lapse takes "
        "back what is not yet earned.",
        "Needs lapses as refunds that name the transaction they cancel, and a transaction for each renewal year.",
        _premiums, clawback=Clawback(months=12),
    ),
)  # fmt: skip


def templates() -> tuple[Template, ...]:
    """All templates, in the order in which they are offered."""
    return ALL


def template_plan(name: TemplateName, *, title: str, currency: str, effective_from: dt.date) -> Plan:
    """A plan made of a template.

    Raises:
        InputRefusedError: there is no such currency.
    """
    if not is_currency(currency):
        raise InputRefusedError(f"{currency!r} is no ISO 4217 currency.", way_out="Give a code such as USD.")
    one = next(template for template in ALL if template.name is name)
    unit = 10 ** exponent(currency)
    return Plan(
        title or f"{one.title} {currency}", currency, effective_from, one.parts(unit), terms=one.terms(unit),
        clawback=one.clawback, proration=one.proration,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates as a report."""

    all: tuple[Template, ...]

    def summary(self) -> Sequence[str]:
        """What each is for."""
        return [f"{t.name.value}: {t.use}" for t in self.all]

    def tables(self) -> Sequence[Table]:
        """One row per template, with what it says of an account in USD."""
        specs = [
            ColumnSpec("name", "Template", ValueKind.TEXT),
            ColumnSpec("title", "Title", ValueKind.TEXT),
            ColumnSpec("says", "What it says", ValueKind.TEXT),
            ColumnSpec("needs", "Needs", ValueKind.TEXT),
        ]
        schema, rows = credit_schema(), []
        for one in self.all:
            plan = template_plan(one.name, title="", currency="USD", effective_from=dt.date(2026, 1, 1))
            said = [component_sentence(c, "USD", schema) for c in plan.components]
            rows.append((one.name.value, one.title, " ".join([*said, *plan_sentences(plan)]), one.needs))
        return [build_table("Templates", specs, rows)]


@job(
    "commissions templates",
    title="List plan templates",
    group="commissions",
    needs=Needs.NOTHING,
    examples=("commissions templates",),
)
def list_templates(context: JobContext) -> Templates:
    """List the plans to begin with: what each says, and what it needs."""
    return Templates(ALL)


@job(
    "commissions new-plan",
    title="New plan from a template",
    group="commissions",
    needs=Needs.WRITE,
    examples=(
        "commissions new-plan company.salesops 'account executive'",
        "commissions new-plan company.salesops 'manager override' --name 'Regional leads' --currency EUR",
    ),
)
def new_plan(
    context: JobContext,
    template: TemplateName,
    *,
    name: str = "",
    currency: str = "",
    effective_from: dt.date | None = None,
) -> Sentences:
    """Make a plan from a template. Nobody is paid by it until people are assigned to it.

    Args:
        template: which one; see "commissions templates".
        name: what the plan is called; the template's title and currency by default.
        currency: ISO code; the company's by default.
        effective_from: its first day; the first day of this year by default.
    """
    with context.workspace.read() as connection:
        code = currency or company(connection).currency
    start = effective_from or dt.datetime.now(dt.UTC).date().replace(month=1, day=1)
    plan = template_plan(template, title=name, currency=code.upper(), effective_from=start)
    one = next(t for t in ALL if t.name is template)
    save_plan(context, plan)
    return Sentences((f"Made {plan.name}. Nobody is paid by it yet.", one.needs))
