"""The sheets of a commission workbook that add up: Statement, Balances, Adjustments and Checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.model.tables import Cell
from salesops_desktop.sheets.writing.commission_line_page import LinePlaces, money_look
from salesops_desktop.sheets.writing.commission_package import Page
from salesops_desktop.sheets.writing.commission_plan_page import PlanPage
from salesops_desktop.sheets.writing.commission_records import CommissionRun, ComponentSummary, Statement
from salesops_desktop.sheets.writing.formulas import Formula, Value, text_literal
from salesops_desktop.sheets.writing.style import Look, Role, money_format

_TEXT: Final = Look(align="left", indent=1)
_LABEL: Final = Look(number_format="0", align="left", indent=1)
_WHOLE: Final = Look(number_format="#,##0", align="right", indent=1)
_SHARE: Final = Look(number_format="0.0%", align="right", indent=1)
_NONE: Final = (None, Look())
_AMOUNT, _EXACT = "H", "G"
"""Columns of the whole amounts on Adjustments and Balances."""

Row = list[tuple[Cell | Formula, Look]]


@dataclass(slots=True)
class Figures:
    """Fills the sheets; each method needs those called before it.

    Attributes:
        component_rows: component number → its row on Statement.
        loose: statement and plan → the cells of adjustments that belong to no component.
        span: the first and last row of Adjustments.
        paid: statement number → what is paid, in smallest units.
        earned: statement number → what is earned, in smallest units.
        verdict: the cell with the sum of all differences.
    """

    run: CommissionRun
    statements: Sequence[Statement]
    title: str
    plan: PlanPage
    lines: LinePlaces
    component_rows: dict[int, int] = field(default_factory=dict)
    loose: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    span: tuple[int, int] = (1, 1)
    paid: dict[int, str] = field(default_factory=dict)
    earned: dict[int, str] = field(default_factory=dict)
    verdict: str = ""
    people_row: int = 0
    components_row: int = 0

    @property
    def several(self) -> bool:
        """Whether there is more than one statement."""
        return len(self.statements) > 1

    def adjustments(self, page: Page) -> None:
        """What stands beside the lines, one row each."""
        page.title("Adjustments", "What counts beside the lines, each with its reason")
        page.row += 1
        heads = ["Person", "What", "About", "Amount", "Earned", "Why", "Component no.", "In smallest units"]
        page.header(heads, [_TEXT, _TEXT, _TEXT, _WHOLE, Look(align="center"), _TEXT, _LABEL, _WHOLE])
        first = page.row
        for statement in self.statements:
            scale = 10 ** exponent(statement.currency)
            look = money_look(statement.currency, code=True)
            for entry in statement.adjustments:
                row = page.row
                counts = entry.component if entry.counts else 0
                if entry.counts and not counts:
                    place = f"Adjustments!${_AMOUNT}${row}"
                    self.loose.setdefault((statement.number, entry.plan), []).append(place)
                shown = Formula(f"{_AMOUNT}{row}/{scale}", entry.amount / scale)
                earned = "yes" if entry.counts else "no"
                page.put(
                    [(statement.person, _TEXT), (entry.kind, _TEXT), (entry.about, _TEXT), (shown, look),
                     (earned, Look(align="center")), (entry.why, _TEXT), (counts, _LABEL), (entry.amount, _WHOLE)]
                )  # fmt: skip
        if page.row == first:
            page.put([("None.", _TEXT)])
        self.span = (first, page.row - 1)
        _widths(page, (22, 20, 34, 18, 9, 60, 13, 16))
        page.printed, page.repeated = 6, first - 1

    def layout(self) -> None:
        """Where people and components will stand on Statement: other sheets refer to them."""
        self.people_row = 4 + (8 if not self.several else 3)
        row = self.people_row + (len(self.statements) + 3 if self.several else 0)
        row += len(self._notes())
        self.components_row = row + 1
        row = self.components_row + 2
        for statement in self.statements:
            for component in statement.components:
                self.component_rows[component.number] = row
                row += 1

    def balances(self, page: Page) -> None:
        """From earned to paid under each plan, then what stays open."""
        page.title("Balances", "From what was earned to what is paid, by the plan's terms and what stood open before.")
        page.row += 1
        heads = ["Person", "Plan", "Step", "Amount", "Why", "", "In smallest units"]
        page.header(heads, [_TEXT, _TEXT, _TEXT, _WHOLE, _TEXT, _TEXT, _WHOLE])
        top = page.row - 1
        for statement in self.statements:
            self._person_balances(page, statement)
        page.heading("What stays open")
        look = Look(align="right", indent=1)
        page.header(["Person", "Plan", "What", "Amount"], [_TEXT, _TEXT, _TEXT, look])
        none = True
        for statement in self.statements:
            scale, money = 10 ** exponent(statement.currency), money_look(statement.currency, code=True)
            for plan, name, amount in statement.balances:
                page.put([(statement.person, _TEXT), (plan, _TEXT), (name, _TEXT), (amount / scale, money)])
                none = False
        if none:
            page.put([("Nothing.", _TEXT)])
        _widths(page, (22, 30, 24, 20, 60, 3, 18))
        page.printed, page.repeated = 5, top

    def _person_balances(self, page: Page, statement: Statement) -> None:
        scale, money = 10 ** exponent(statement.currency), money_look(statement.currency, code=True)
        total = replace_role(money, Role.TOTAL)
        firsts: list[str] = []
        ends: list[str] = []
        plans = list(dict.fromkeys(step.plan for step in statement.steps))
        for plan in plans:
            steps = [step for step in statement.steps if step.plan == plan]
            cells = self._terms(page, statement, plan)
            start = page.row
            for i, step in enumerate(steps):
                row = page.row
                whole: Cell | Formula = step.amount
                if i == 0:
                    firsts.append(f"Balances!${_EXACT}${row}")
                    whole = Formula(self._earned(statement, plan), step.amount)
                elif step.formula:
                    sums = f"SUM({_EXACT}{start}:{_EXACT}{row - 1})"
                    whole = Formula(step.formula.format(sum=sums, last=f"{_EXACT}{row - 1}", **cells), step.amount)
                shown = Formula(f"{_EXACT}{row}/{scale}", step.amount / scale)
                page.put(
                    [(statement.person, _TEXT), (plan, _TEXT), (step.name, _TEXT), (shown, money), (step.why, _TEXT),
                     _NONE, (whole, _WHOLE)]
                )  # fmt: skip
            row = page.row
            ends.append(f"Balances!${_EXACT}${row}")
            paid = sum(step.amount for step in steps)
            label = Look(Role.TOTAL, align="left", indent=1)
            page.put(
                [(statement.person, label), (plan, label), ("Paid", label),
                 (Formula(f"{_EXACT}{row}/{scale}", paid / scale), total), (None, label), _NONE,
                 (Formula(f"SUM({_EXACT}{start}:{_EXACT}{row - 1})", paid), replace_role(_WHOLE, Role.TOTAL))]
            )  # fmt: skip
        self.earned[statement.number] = "+".join(firsts) or "0"
        self.paid[statement.number] = "+".join(ends) or "0"

    def _terms(self, page: Page, statement: Statement, plan: str) -> dict[str, str]:
        """The terms and balances that the steps rest on; key → cell."""
        cells = {}
        money = money_look(statement.currency, code=True)
        for term in statement.terms:
            if term.plan != plan:
                continue
            row = page.row
            cells[term.key] = f"${_EXACT}${row}"
            scale = 10 ** exponent(statement.currency) if term.unit == "money" else PPM
            look = money if term.unit == "money" else _SHARE
            shown = Formula(f"{_EXACT}{row}/{scale}", term.value / scale)
            page.put(
                [(statement.person, _TEXT), (plan, _TEXT), (term.label, Look(Role.NOTE, align="left", indent=1)),
                 (shown, look), ("What the steps below rest on", Look(Role.NOTE, align="left", indent=1)), _NONE,
                 (term.value, _WHOLE)]
            )  # fmt: skip
        return cells

    def _earned(self, statement: Statement, plan: str) -> str:
        """The components of a plan, and what belongs to none of them."""
        parts = [f"Statement!$I${self.component_rows[c.number]}" for c in statement.components if c.plan == plan]
        parts += self.loose.get((statement.number, plan), [])
        return "+".join(parts) or "0"

    def checks(self, page: Page) -> None:
        """Each live figure against the run's."""
        page.title("Checks", "This workbook's figures less the run's, in smallest units. All must be zero.")
        pairs = self._pairs()
        row = page.row
        first = row + 3
        last = first + len(pairs) - 1
        page.put([("Sum of all differences, without sign", Look(Role.STRONG, align="left", indent=1)),
                  (Formula(f"SUMPRODUCT(ABS(D{first}:D{last}))", 0), replace_role(_WHOLE, Role.STRONG))])  # fmt: skip
        page.row += 1
        page.header(["What", "This workbook", "The run", "Difference"], [_TEXT, _WHOLE, _WHOLE, _WHOLE])
        for name, formula, value in pairs:
            at = page.row
            page.put([(name, _TEXT), (Formula(formula, value), _WHOLE), (value, _WHOLE),
                      (Formula(f"B{at}-C{at}", 0), _WHOLE)])  # fmt: skip
        page.marks.append((f"D{first}:D{last}", f"$D{first}<>0"))
        self.verdict = f"Checks!$B${row}"
        page.freeze, page.repeated = f"A{first}", first - 1
        _widths(page, (64, 20, 20, 16))

    def _pairs(self) -> list[tuple[str, str, int]]:
        pay, run = self.lines.column("pay"), self.lines.column("run")
        pairs = [("Lines that differ from the run, sum without sign", f"SUMPRODUCT(ABS({pay}-{run}))", 0)]
        for statement in self.statements:
            who = f"{statement.person} ({statement.person_id}), {statement.currency}"
            pairs.append((f"Earned by {who}", self.earned[statement.number], statement.earned))
            pairs.append((f"Paid to {who}", self.paid[statement.number], statement.paid))
        pairs.append(("Numbers of the plan tables, each times its row", self.plan.fingerprint(), self.plan.check))
        return pairs

    def statement(self, page: Page) -> None:
        """What is paid, by person and component, and whether it still agrees with the run."""
        source = self.run.provenance
        page.title(self.title, f"{source.company} · {source.period} · {self.run.status}")
        page.row += 1
        changed = text_literal("CHANGED: differs from the run. See Checks.")
        agrees = f"Agrees with the {self.run.status} run {self.run.result_hash[:16]}"
        verdict = Formula(f"IF({self.verdict}=0,{text_literal(agrees)},{changed})", agrees)
        if self.several:
            page.put([("State", Look(Role.LABEL)), (verdict, Look(Role.STRONG, align="left"))])
        else:
            self._head(page, self.statements[0], verdict)
        for sentence in self._notes():
            page.note(sentence)
        if self.several:
            page.row = self.people_row + len(self._notes())
            self._people(page)
        self._components(page)
        _widths(page, (24, 26, 24, 18, 18, 13, 18, 3, 18))
        page.printed = 7

    def _notes(self) -> list[str]:
        mine = [note for statement in self.statements for note in statement.notes]
        whole = self.run.warnings if len(self.statements) == len(self.run.statements) and self.several else ()
        return [*mine, *whole]

    def _head(self, page: Page, statement: Statement, verdict: Formula) -> None:
        scale = 10 ** exponent(statement.currency)
        value = Formula(f"({self.paid[statement.number]})/{scale}", statement.paid / scale)
        big = Look(Role.TITLE, money_format(statement.currency, with_code=True), "left")
        page.put([("To be paid", Look(Role.LABEL)), (value, big)], height=28)
        earned = Formula(f"({self.earned[statement.number]})/{scale}", statement.earned / scale)
        strong = Look(Role.STRONG, money_format(statement.currency, with_code=True), "left")
        page.put([("Earned", Look(Role.LABEL)), (earned, strong)])
        for label, text in (
            ("Person ID", statement.person_id),
            ("Manager", statement.manager),
            ("Plan", statement.plan),
        ):
            page.put([(label, Look(Role.LABEL)), (text, Look(Role.STRONG, align="left"))])
        page.put([("State", Look(Role.LABEL)), (verdict, Look(Role.STRONG, align="left"))])

    def _people(self, page: Page) -> None:
        page.header(
            ["Person", "Person ID", "Plan", "Earned", "To be paid", "Lines", "Manager"],
            [_TEXT, _TEXT, _TEXT, _WHOLE, _WHOLE, _WHOLE, _TEXT],
        )
        for s in self.statements:
            scale, money = 10 ** exponent(s.currency), money_look(s.currency, code=True)
            numbers = [c.number for c in s.components]
            key = self.lines.column("component_no")
            count = "+".join(f"COUNTIF({key},{n})" for n in numbers) or "0"
            page.put(
                [(s.person, _TEXT), (s.person_id, _TEXT), (s.plan, _TEXT),
                 (Formula(f"({self.earned[s.number]})/{scale}", s.earned / scale), money),
                 (Formula(f"({self.paid[s.number]})/{scale}", s.paid / scale), replace_role(money, Role.STRONG)),
                 (Formula(count, s.lines), _WHOLE), (s.manager, _TEXT)]
            )  # fmt: skip

    def _components(self, page: Page) -> None:
        page.row = self.components_row - 1
        page.heading("Components")
        page.header(
            ["Person", "Component", "Plan", "Quota", "Achieved", "Attainment", "Commission", "", "In smallest units"],
            [_TEXT, _TEXT, _TEXT, _WHOLE, _WHOLE, _WHOLE, _WHOLE, _WHOLE, _WHOLE],
        )
        for statement in self.statements:
            for component in statement.components:
                self._component(page, statement, component)

    def _component(self, page: Page, statement: Statement, component: ComponentSummary) -> None:
        row, scale = page.row, 10 ** exponent(statement.currency)
        assert row == self.component_rows[component.number]
        money = money_look(statement.currency, code=True)
        pays = sum(int(block.pay.sum()) for block in statement.blocks if block.component == component.number)
        pays += sum(a.amount for a in statement.adjustments if a.counts and a.component == component.number)
        quota, reached = component.quota, component.achieved
        share: Value = reached / quota if quota and reached is not None else None
        first, last = self.span
        extra = f"SUMIFS(Adjustments!$H${first}:$H${last},Adjustments!$G${first}:$G${last},{component.number})"
        sums = f"SUMIFS({self.lines.column('pay')},{self.lines.column('component_no')},{component.number})+{extra}"
        page.put(
            [(statement.person, _TEXT), (component.name, _TEXT), (component.plan, _TEXT),
             (None if quota is None else quota / scale, money), (None if reached is None else reached / scale, money),
             (Formula(f'IF(N(D{row})=0,"",E{row}/D{row})', share), _SHARE),
             (Formula(f"I{row}/{scale}", pays / scale), replace_role(money, Role.STRONG)), _NONE,
             (Formula(sums, pays), _WHOLE)]
        )  # fmt: skip


def replace_role(look: Look, role: Role) -> Look:
    """The same look for another role."""
    return Look(role, look.number_format, look.align, look.indent)


def _widths(page: Page, widths: Sequence[float]) -> None:
    for i, width in enumerate(widths, 1):
        page.widen(i, width)
