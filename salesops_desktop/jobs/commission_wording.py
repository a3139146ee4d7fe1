"""Plans in plain English: a sentence per component, and the terms of payment."""

from __future__ import annotations

from salesops_desktop.commission import (
    Basis,
    BoundarySide,
    Component,
    Gate,
    Pays,
    Plan,
    RateTable,
    RoundingStage,
    Source,
    TierMode,
    Window,
)
from salesops_desktop.commission.draws import Draw, DrawKind
from salesops_desktop.commission.exchange import RateDay
from salesops_desktop.commission.lint import percent
from salesops_desktop.commission.proration import Proration
from salesops_desktop.commission.timing import Timing
from salesops_desktop.expressions import Schema, compile_formula
from salesops_desktop.model.errors import FaultsError
from salesops_desktop.model.money import PPM, Money

PER = {
    Window.LINE: "For each credit alone",
    Window.MONTH: "Each month",
    Window.QUARTER: "Each quarter",
    Window.YEAR: "Each year",
    Window.CONTRACT: "For each contract",
}
_WINDOW = {
    Window.LINE: "credit",
    Window.MONTH: "month",
    Window.QUARTER: "quarter",
    Window.YEAR: "year",
    Window.CONTRACT: "contract",
}
_WHOSE = {
    Source.OWN: "the person's own credits",
    Source.TEAM_CREDITS: "the credits of everyone who reports to the person",
    Source.TEAM_PAY: "what the own credits of everyone who reports to the person earn",
    Source.GIVEN_UP: "what managers carve out of the person's own pay, less than nothing",
}
_MODE = {
    TierMode.MARGINAL: "each rate for its own part only",
    TierMode.RETROACTIVE: "the rate reached for the whole total",
    TierMode.WHOLE_OVERAGE: "the rate reached for all above the first tier",
    TierMode.STEP: "the step reached, whatever the total",
    TierMode.CURVE: "in a straight line from each point to the next",
    TierMode.OWN_OUTPUT: "the bounds measured in what is left to the company",
}


def formula_phrase(text: str, schema: Schema) -> str:
    """A formula in words; the formula itself while it has a fault."""
    try:
        return compile_formula(text, schema).english()
    except FaultsError:
        return f"“{text}”"


def component_sentence(component: Component, currency: str, schema: Schema) -> str:
    """What a component counts and pays, in one sentence."""
    said = [f"{PER[component.window]}, {_counted(component, schema)} and pays {_paid(component, currency, schema)}"]
    if component.gate is not None:
        said.append(_gated(component.gate, component, currency))
    for factor in component.factors:
        kind = "the score" if factor.table is None else "the table"
        otherwise = "" if factor.missing is None else f" ({percent(factor.missing)} where there is none)"
        said.append(f"times {kind} “{factor.name}”{otherwise}")
    if component.weight != PPM:
        said.append(f"for {percent(component.weight)} of the target incentive")
    if component.deal_floor is not None:
        said.append(f"at least {Money(component.deal_floor, currency)} a line")
    if component.deal_cap is not None:
        said.append(f"at most {Money(component.deal_cap, currency)} a line")
    if component.cap is not None:
        said.append(f"at most {Money(component.cap, currency)} a {_WINDOW[component.window]}")
    if component.timing is not None:
        said.append(_timed(component.timing))
    stage = (
        "so that lines add up to the exact total" if component.stage is RoundingStage.TELESCOPING else "line by line"
    )
    said.append(f"rounded {component.rounding.value}, {stage}")
    return "; ".join(said) + "."


def _timed(timing: Timing) -> str:
    parts = [
        (timing.booking, "in advance" if timing.advance else "at once"),
        (timing.invoice, "as the deal is invoiced"),
        (timing.payment, "as it is paid"),
        (timing.kept if not timing.advance else 0, f"evenly over {timing.months} months"),
        (timing.window_end, "at the end of the window"),
    ]
    shares = ", ".join(f"{percent(share)} {when}" for share, when in parts if share)
    earned = f", earned evenly over {timing.months} months" if timing.advance else ""
    return f"due {shares}{earned}"


def _counted(component: Component, schema: Schema) -> str:
    measure = formula_phrase(component.measure, schema)
    where = f" where {formula_phrase(component.filter, schema)}" if component.filter.strip() else ""
    levels = "" if component.depth is None else f", {component.depth} level{'s' * (component.depth > 1)} deep"
    contract = ""
    if component.contract.strip():
        contract = f", a contract being known by {formula_phrase(component.contract, schema)}"
    whose = _WHOSE[component.source]
    if component.carves:
        whose = f"{percent(component.carve or 0)}, carved out by largest remainder, of {whose}"
    return f"it counts {measure} of {whose}{levels}{where}{contract}"


def _paid(component: Component, currency: str, schema: Schema) -> str:
    lookup = component.lookup
    if lookup is not None:
        axes = " and ".join(formula_phrase(axis.by, schema) for axis in lookup.axes)
        return f"a rate looked up by {axes}"
    return rates_phrase(component.rates, component.quota.value, currency)


def rates_phrase(table: RateTable, quota: str, currency: str) -> str:
    """A rate table in words."""
    if not table.tiers:
        return "nothing"
    if table.mode is TierMode.FLAT:
        return _value(table, table.tiers[0].rate, currency)
    parts = []
    for tier in table.tiers:
        value = _value(table, tier.rate, currency)
        low, high = _bound(table, tier.lower, currency), ""
        if tier.upper is not None:
            high = _bound(table, tier.upper, currency)
        if tier.lower == 0 and high:
            parts.append(f"{value} up to {high}")
        elif high:
            parts.append(f"{value} from {low} to {high}")
        else:
            parts.append(f"{value} from {low} on")
    of_quota = f" of the {quota} quota" if table.basis is Basis.ATTAINMENT else ""
    side = ", a bound having to be exceeded" if table.boundary is BoundarySide.LOWER else ""
    return f"{', '.join(parts)}{of_quota} ({_MODE[table.mode]}{side})"


def _value(table: RateTable, rate: int, currency: str) -> str:
    if table.pays is Pays.AMOUNT:
        return str(Money(rate, currency)) + ("" if table.stepped else " a unit")
    return percent(rate) + (" of the target incentive" if table.pays is Pays.TARGET else "")


def _bound(table: RateTable, bound: int, currency: str) -> str:
    if table.basis is Basis.ATTAINMENT:
        return percent(bound)
    if table.pays is Pays.AMOUNT and not table.stepped:
        return f"{bound / PPM:,.6f}".rstrip("0").rstrip(".") + " units"
    return str(Money(bound, currency))


def _gated(gate: Gate, component: Component, currency: str) -> str:
    names = " and ".join(gate.components) or "nothing"
    otherwise = "nothing"
    if gate.otherwise is not None:
        otherwise = rates_phrase(gate.otherwise, component.quota.value, currency)
    return f"only once {names} reached {percent(gate.attainment)} of quota, until then {otherwise}"


def plan_sentences(plan: Plan) -> list[str]:
    """How a plan's earnings become payments, a sentence for each rule it has."""
    terms, said = plan.terms, []
    per = _WINDOW[terms.cap_window]
    if terms.cap is not None:
        above = "what is above waits for refunds of the same time" if terms.refundable else "what is above is lost"
        said.append(f"At most {Money(terms.cap, plan.currency)} is paid a {per}; {above}.")
    if terms.floor is not None:
        said.append(f"At least {Money(terms.floor, plan.currency)} is paid a {per}.")
    if terms.holdback:
        periods = f"{terms.release_after} period{'s' * (terms.release_after > 1)}"
        said.append(f"{percent(terms.holdback)} of each payment waits for {periods}.")
    if terms.instalments:
        parts = ", ".join(percent(part) for part in terms.instalments)
        said.append(f"Each period's pay is paid in it and the next ones: {parts}.")
    if terms.draw is not None:
        said.append(_draw_sentence(terms.draw, plan.currency))
    if not terms.carry:
        said.append("Less than nothing is taken off the salary, not carried on.")
    rule = plan.clawback
    if rule is not None:
        within = "at any time" if rule.window_days is None else f"within {rule.window_days:,} days"
        part = "the part of that time not yet served of " if rule.pro_rata else ""
        part = f"what {rule.months} months have not yet earned of " if rule.months else part
        paid = ", never more than was paid out" if rule.paid_only else ""
        said.append(
            f"A cancellation {within} takes back {part}{percent(rule.share)} of the pay at the {rule.rate.value} rate"
            f"{paid}."
        )
    if plan.rate_day is RateDay.MONTH_AVERAGE:
        said.append("Foreign money counts at the average exchange rate of the month.")
    elif plan.rate_day is not RateDay.CREDIT:
        said.append(f"Foreign money counts at the exchange rate of the {plan.rate_day.value}.")
    if plan.proration is not None:
        said += _proration_sentences(plan.proration)
    return said or ["What is earned is paid, without cap, holdback or draw."]


def _proration_sentences(rule: Proration) -> list[str]:
    said = []
    which = [n for n, on in (("quotas", rule.quota), ("target incentives", rule.target)) if on]
    if which:
        said.append(f"{' and '.join(which).capitalize()} of part periods count by {rule.count.value}.")
    if rule.ramp:
        months = ", ".join(percent(share) for share in rule.ramp)
        said.append(f"Quotas of newcomers rise month by month: {months}, then the whole.")
    elif rule.roster_ramp:
        said.append("Quotas of newcomers rise evenly over the ramp months of the roster.")
    return said


def _draw_sentence(draw: Draw, currency: str) -> str:
    amount = Money(draw.amount, currency)
    kinds = {
        DrawKind.FLOOR: f"Earnings below {amount} are topped up to it",
        DrawKind.ADVANCE: f"{amount} is paid ahead and netted against earnings",
        DrawKind.ADDITIVE: f"{amount} is paid on top of earnings",
    }
    until = f" in periods {draw.first} to {draw.last}" if draw.last is not None else f" from period {draw.first} on"
    back = f", paid back from {percent(draw.recovery_share)} of later earnings" if draw.recoverable else ", for good"
    if draw.recoverable and draw.limit is not None:
        back += f", with at most {Money(draw.limit, currency)} owed"
    forgiven = "" if draw.forgiven_after is None else f"; what is owed after period {draw.forgiven_after} is forgiven"
    return f"{kinds[draw.kind]}{until}{back}{forgiven}."
