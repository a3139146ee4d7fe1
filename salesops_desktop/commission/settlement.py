"""From what a period earns to what it pays: cap, floor, holdback, draw and debts, each a step that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from salesops_desktop.commission.draws import draw_account
from salesops_desktop.commission.plan import PayTerms
from salesops_desktop.commission.schedules import hold_back, instalments


@dataclass(frozen=True, slots=True)
class Balances:
    """What stands between a person and the company under one plan, in minor units of its currency.

    Attributes:
        earned: by the cap's window so far.
        settled: of it, paid or put aside so far (after cap and floor, before holdback and draw).
        held: holdbacks that wait, as (period in which they were held, amount).
        draw: owed from draws.
        debt: owed because earlier periods came to less than nothing.
        due: instalments to come, as (period in which they are paid, amount).
        waiting: earned, but not yet due by the timing of its component.
    """

    earned: int = 0
    settled: int = 0
    held: tuple[tuple[int, int], ...] = ()
    draw: int = 0
    debt: int = 0
    due: tuple[tuple[int, int], ...] = ()
    waiting: int = 0

    def new_window(self) -> Balances:
        """The balances when the window of cap and floor starts again; what is held or owed stays."""
        return replace(self, earned=0, settled=0)


@dataclass(frozen=True, slots=True)
class SettlementStep:
    """One step: what it adds to the payment (or takes from it), and why."""

    name: str
    amount: int
    why: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """One person's period under one plan. ``paid`` is the sum of the steps."""

    period: int
    steps: tuple[SettlementStep, ...]
    paid: int
    ahead: int
    """The part of ``paid`` that is due at the start of the period."""
    opening: Balances
    closing: Balances


def settle(terms: PayTerms, earned: int, opening: Balances, period: int) -> Settlement:
    """What one period pays.

    Args:
        terms: of the plan.
        earned: what the run says the period earned, minor units.
        opening: balances before it.
        period: its number in the person's time under the plan, from 1: draws and releases count by it.

    Raises:
        FaultsError: a draw that makes no sense.
        InputRefusedError: instalments that are not 100 % together.
    """
    steps = [SettlementStep("Earned", earned, "The sum of the period's lines")]
    total = opening.earned + earned
    allowed = total
    if terms.cap is not None:
        allowed = min(allowed, terms.cap)
    # Without a refundable cap what was cut is lost: a refund takes from what was paid.
    if terms.cap is not None and not terms.refundable:
        allowed = min(opening.settled + earned, terms.cap)
    if allowed - opening.settled != earned:
        cut = allowed - opening.settled - earned
        waits = "what is above it waits for refunds" if terms.refundable else "what is above it is not paid"
        why = f"At most {terms.cap} in the {terms.cap_window.value}: {waits}"
        if terms.cap is None:
            why = f"The {terms.cap_window.value} was topped up to its least before"
        steps.append(SettlementStep("Cap" if terms.cap is not None else "Topped up before", cut, why))
    if terms.floor is not None and allowed < terms.floor:
        steps.append(SettlementStep("Floor", terms.floor - allowed, "Topped up to the least that is paid"))
        allowed = terms.floor
    pay = allowed - opening.settled
    held = list(opening.held)
    kept = hold_back(pay, terms.holdback).held
    if kept:
        steps.append(SettlementStep("Held back", -kept, "Waits until it is released"))
        held.append((period, kept))
    due = [(since, amount) for since, amount in held if since + terms.release_after <= period]
    if due:
        released = sum(amount for _, amount in due)
        steps.append(SettlementStep("Released", released, f"Held back {terms.release_after} periods ago or earlier"))
        held = [entry for entry in held if entry not in due]
    later = _instalments(terms, pay - kept, opening.due, period, steps)
    payable = sum(step.amount for step in steps)
    draw, ahead = opening.draw, 0
    if terms.draw is not None:
        account = draw_account(terms.draw, [payable], owed=draw, start=period)[0]
        for name, amount, why in (
            ("Draw", account.granted, f"A draw as {terms.draw.kind.value}"),
            ("Draw recovered", -account.recovered, "Pays back earlier draws"),
        ):
            if amount:
                steps.append(SettlementStep(name, amount, why))
        if account.forgiven:
            steps.append(SettlementStep("Draw forgiven", 0, f"{account.forgiven} owed from earlier draws is forgiven"))
        draw, ahead = account.balance, account.ahead
        payable = account.paid
    debt, payable = _carried(terms, opening.debt, payable, steps)
    closing = Balances(total, allowed, tuple(held), draw, debt, later)
    return Settlement(period, tuple(steps), payable, min(ahead, payable), opening, closing)


def _instalments(
    terms: PayTerms, pay: int, due: tuple[tuple[int, int], ...], period: int, steps: list[SettlementStep]
) -> tuple[tuple[int, int], ...]:
    """The instalments still to come after the period: those of ``pay`` and of earlier ones. Debts are due at once."""
    waiting = list(due)
    if terms.instalments and pay > 0:
        parts = instalments(pay, terms.instalments)
        waiting += [(period + place, part) for place, part in enumerate(parts) if place and part]
        if pay != parts[0]:
            steps.append(SettlementStep("Instalments", parts[0] - pay, f"Paid over the next {len(parts) - 1} periods"))
    now = sum(amount for when, amount in waiting if when <= period)
    if now:
        steps.append(SettlementStep("Instalments due", now, "Of what earlier periods earned"))
    return tuple(sorted(entry for entry in waiting if entry[0] > period))


def _carried(terms: PayTerms, debt: int, payable: int, steps: list[SettlementStep]) -> tuple[int, int]:
    """The debt and the payment after less than nothing has been carried, or paid back."""
    if terms.carry and payable < 0:
        steps.append(SettlementStep("Carried", -payable, "Less than nothing: carried into the next period"))
        return debt - payable, 0
    back = min(debt, max(payable, 0)) if terms.carry else 0
    if back:
        steps.append(SettlementStep("Carried back", -back, "Pays back what was carried"))
    return debt - back, payable - back


def settle_all(terms: PayTerms, earned: Sequence[int], *, windows: Sequence[int] = ()) -> tuple[Settlement, ...]:
    """Consecutive periods from the first one on.

    Args:
        terms: of the plan.
        earned: per period.
        windows: the number of the cap's window of each period; all in one where omitted.
    """
    balances, made = Balances(), []
    for i, amount in enumerate(earned):
        if windows and i and windows[i] != windows[i - 1]:
            balances = balances.new_window()
        one = settle(terms, amount, balances, i + 1)
        balances = one.closing
        made.append(one)
    return tuple(made)
