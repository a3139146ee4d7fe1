"""The steps from earned to paid as formulas over the cells of a statement workbook.

``{sum}`` stands for all steps so far, ``{name}`` for the cell of a term or of a balance before the period; all money in
minor units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from salesops_desktop.commission import Plan
from salesops_desktop.commission.draws import DrawKind
from salesops_desktop.commission.settlement import Balances, settle
from salesops_desktop.model.money import PPM
from salesops_desktop.sheets.writing.commission_records import SettlementStep, SettlementTerm, Unit

Told = Sequence[tuple[str, int, str]]
"""Name, amount and reason of each step, as a run keeps them."""
_DUE = ("Not yet due", "Become due")


@dataclass(slots=True)
class _Writer:
    plan: Plan
    opening: Balances
    number: int
    told: dict[str, tuple[int, str]]
    terms: list[SettlementTerm] = field(default_factory=list)
    steps: list[SettlementStep] = field(default_factory=list)

    def term(self, key: str, label: str, value: int, unit: Unit = "money") -> str:
        self.terms.append(SettlementTerm(self.plan.name, key, label, value, unit))
        return f"{{{key}}}"

    def step(self, name: str, formula: str, why: str) -> None:
        amount, reason = self.told.get(name, (0, why))
        self.steps.append(SettlementStep(self.plan.name, name, amount, reason, formula))

    def window(self) -> None:
        """Cap and floor."""
        terms, per = self.plan.terms, self.plan.terms.cap_window.value
        if terms.cap is None and terms.floor is None and self.opening.earned == self.opening.settled:
            return
        settled = self.term("settled", f"Paid or put aside before in the {per}", self.opening.settled)
        lost = terms.cap is not None and not terms.refundable
        base = settled if lost else self.term("earned", f"Earned before in the {per}", self.opening.earned)
        allowed = f"({base}+{{sum}})"
        if terms.cap is not None:
            allowed = f"MIN({allowed},{self.term('cap', f'Cap of the {per}', terms.cap)})"
        name = "Topped up before" if terms.cap is None else "Cap"
        self.step(name, f"{allowed}-{settled}-{{sum}}", "Nothing to take off")
        if terms.floor is not None:
            floor = self.term("floor", f"Least of the {per}", terms.floor)
            self.step("Floor", f"MAX({floor}-{settled}-{{sum}},0)", "More than the least is earned")

    def held(self) -> None:
        """Holdback, releases and instalments."""
        if self.plan.terms.holdback:
            share = self.term("holdback", "Held back", self.plan.terms.holdback, "rate")
            self.step("Held back", f"-ROUND(MAX({{sum}},0)*{share}/{PPM},0)", "Nothing to hold back")
        for name in ("Released", "Instalments", "Instalments due"):
            if name in self.told:
                self.step(name, "", "")

    def draw(self) -> None:
        """What is paid ahead, and what of it comes back."""
        draw = self.plan.terms.draw
        if draw is None:
            return
        forgiven = draw.forgiven_after is not None and self.number > draw.forgiven_after
        owed = self.term("owed", "Owed from draws before", 0 if forgiven else self.opening.draw)
        running = self.number >= draw.first and (draw.last is None or self.number <= draw.last)
        amount = self.term("draw", "Draw", draw.amount if running else 0)
        additive = draw.kind is DrawKind.ADDITIVE
        granted = amount if additive else f"MAX({amount}-{{sum}},0)"
        if not running:
            granted = "0"
        elif draw.recoverable and draw.limit is not None:
            limit = self.term("limit", "Most that may be owed", draw.limit)
            granted = f"MIN({granted},MAX({limit}-{owed},0))"
        self.step("Draw", granted, "Nothing is drawn")
        if draw.recoverable and self.number >= draw.recovery_from:
            share = self.term("recovery", "Share of earnings that pays back", draw.recovery_share, "rate")
            # The draw just granted is no earning: it stands in the row above.
            above = "({sum}-{last})" if additive else f"({{sum}}-{{last}}-{amount})"
            self.step("Draw recovered", f"-MIN({owed},ROUND(MAX({above},0)*{share}/{PPM},0))", "Nothing is paid back")
        if "Draw forgiven" in self.told:
            self.step("Draw forgiven", "", "")

    def carried(self) -> None:
        """Less than nothing."""
        if not self.plan.terms.carry:
            return
        self.step("Carried", "MAX(-{sum},0)", "Nothing is carried into the next period")
        debt = self.term("debt", "Carried from before", self.opening.debt)
        self.step("Carried back", f"-MIN({debt},MAX({{sum}},0))", "Nothing was carried from before")


def settlement_recipe(
    plan: Plan, earned: int, told: Told, opening: Balances, number: int
) -> tuple[list[SettlementStep], list[SettlementTerm]]:
    """The steps after the first, with formulas where they follow from the plan's terms, and the cells they need.

    A settlement that corrections of closed periods had a part in keeps its values: it follows from other periods.

    Args:
        plan: with its terms.
        earned: minor units.
        told: the steps after what was earned, as the run keeps them.
        opening: balances before the period.
        number: of the period in the person's time under the plan.
    """
    values = [SettlementStep(plan.name, *step) for step in told]
    due = [step for step in told if step[0] in _DUE]
    made = settle(plan.terms, earned + sum(amount for _, amount, _ in due), opening, number).steps[1:]
    mine = told[len(due) : len(due) + len(made)]
    if list(told[: len(due)]) != due or [(s.name, s.amount) for s in made] != [(n, a) for n, a, _ in mine]:
        return values, []
    terms, before = plan.terms, (opening.held, opening.due, opening.draw, opening.debt)
    plain = terms.cap is None and terms.floor is None and terms.draw is None and not terms.holdback
    if plain and not made and opening.earned == opening.settled and not any(before):
        return values, []  # all that could follow is a debt
    writer = _Writer(plan, opening, number, {n: (a, why) for n, a, why in mine})
    writer.window()
    writer.held()
    writer.draw()
    writer.carried()
    rest = told[len(due) + len(made) :]
    return [*values[: len(due)], *writer.steps, *(SettlementStep(plan.name, *s) for s in rest)], writer.terms
