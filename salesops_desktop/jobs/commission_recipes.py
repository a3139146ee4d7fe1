"""How the lines of a component come about, as formulas over the cells of a statement workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from salesops_desktop.commission import (
    AxisKind,
    Basis,
    Component,
    Lookup,
    Pays,
    Plan,
    RateTable,
    RoundingStage,
    TierMode,
)
from salesops_desktop.commission.lint import NUMBERS, measures_of
from salesops_desktop.commission.trace import rounding_text
from salesops_desktop.commission.trace_rates import WindowPay
from salesops_desktop.expressions import Kind, Schema, compile_formula
from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.sheets.writing.commission_records import PlanTable, Recipe, Term, Unit

_NAME = re.compile(r"\b(?:tier_\d+_(?:from|rate)|rate_total|total)\b")


@dataclass(slots=True)
class Cookbook:
    """Recipes and plan tables of all components, made when they are first asked for.

    Args:
        schema: what formulas may name.
        fields: the fields that formulas name, in the order of the columns ``field_1`` …
    """

    schema: Schema
    fields: tuple[str, ...]
    recipes: list[Recipe] = field(default_factory=list)
    tables: list[PlanTable] = field(default_factory=list)
    _places: dict[tuple[str, str, bool], int] = field(default_factory=dict)

    def place(self, plan: Plan, component: Component, *, is_open: bool) -> int:
        """Where the recipe of a component with its gate open or closed stands in :attr:`recipes`."""
        key = (plan.name, component.name, is_open)
        if key not in self._places:
            self._places[key] = len(self.recipes)
            writer = _Writer(plan, component, f"p{len(self.recipes)}", is_open)
            self.recipes.append(writer.recipe(self.schema, self.fields))
            self.tables += writer.tables
        return self._places[key]


def table_of(component: Component, *, is_open: bool) -> RateTable | None:
    """The rates that hold; None where a closed gate pays nothing."""
    gate = component.gate
    return component.rates if is_open or gate is None else gate.otherwise


def named_fields(plans: tuple[Plan, ...], schema: Schema) -> tuple[str, ...]:
    """The fields beside the amount that measures and lookups of ``plans`` name, sorted."""
    named: set[str] = set()
    for component in (c for plan in plans for c in plan.components if not c.source.on_pay):
        named |= compile_formula(component.measure, schema, wants=measures_of(component)).fields
        for axis in () if component.lookup is None else component.lookup.axes:
            if axis.kind is AxisKind.FORMULA:
                named |= compile_formula(axis.by, schema, wants=NUMBERS).fields
    return tuple(sorted(named - {"Amount"}))


class _Writer:
    """Writes one component."""

    def __init__(self, plan: Plan, component: Component, prefix: str, is_open: bool) -> None:
        self.plan, self.component, self.prefix = plan, component, prefix
        self.table = table_of(component, is_open=is_open)
        self.closed = not is_open
        self.terms: dict[str, str] = {}
        self.bounds: list[tuple[str, str]] = []
        self.tables: list[PlanTable] = []
        self.counts_units = False

    def recipe(self, schema: Schema, fields: tuple[str, ...]) -> Recipe:
        component, lookup = self.component, self.component.lookup
        cells = {"Amount": "{credit}"} | {name: f"{{field_{i}}}" for i, name in enumerate(fields, 1)}
        amount = self._amount(schema, cells)
        axes: tuple[str, ...] = ()
        rate = ""
        if lookup is not None:
            axes = tuple(self._axis(axis.by, schema, cells) for axis in lookup.axes)
            rate = self._lookup(lookup)
        elif self.table is not None:
            self._rate_table(self.table)
        self._limits()
        top, below = self._window_pay()
        if component.factors:
            top, below = f"({top})*{{factor}}", f"{below}*{{factor_of}}"
        earned, pay = self._rounded(top, below)
        pay = self._line_limits(pay)
        return Recipe(self.terms, tuple(self.bounds), amount, earned, pay, axes, rate, self._parts(), self.counts_units)

    def _amount(self, schema: Schema, cells: Mapping[str, str]) -> str:
        if self.component.source.on_pay:
            return ""
        formula = compile_formula(self.component.measure, schema, wants=measures_of(self.component))
        digits = exponent(self.plan.currency)
        text = formula.excel(cells, digits)
        if text == "{credit}":
            return text
        if formula.kind is Kind.MONEY:
            return f"ROUND({text},0)"
        self.counts_units = True
        return f"ROUND(({text})*{PPM},0)"

    def _axis(self, by: str, schema: Schema, cells: Mapping[str, str]) -> str:
        formula = compile_formula(by, schema, wants=NUMBERS)
        text = formula.excel(cells, exponent(self.plan.currency))
        if formula.kind is Kind.MONEY:
            return f"({text})/{10 ** exponent(self.plan.currency)}"
        return f"ROUND(({text})*{PPM},0)/{PPM}" if formula.kind is Kind.FLOAT else text

    def _term(self, name: str, value: int, unit: Unit) -> Term:
        key = self.terms[name] = f"{self.prefix}_{name}"
        return Term(key, value, unit, self.plan.currency if unit == "money" else "")

    def _listed(self, words: str, headings: tuple[str, ...], rows: list[tuple[str, tuple[Term | None, ...]]]) -> None:
        self.tables.append(PlanTable(self.plan.name, self.component.name, words, headings, tuple(rows)))

    def _rate_table(self, table: RateTable) -> None:
        """A row per tier: where it begins, where the last one ends, what it pays."""
        shares = table.basis is Basis.ATTAINMENT
        unit: Unit = "rate" if shares else "units" if self.counts_units else "money"
        name = "tier_{}_share" if shares else "tier_{}_lower" if table.mode is TierMode.OWN_OUTPUT else "tier_{}_from"
        pays: Unit = "money" if table.pays is Pays.AMOUNT else "rate"
        rows: list[tuple[str, tuple[Term | None, ...]]] = []
        for i, tier in enumerate(table.tiers, 1):
            last = i == len(table.tiers) and tier.upper is not None
            end = self._term(name.format(i + 1), tier.upper or 0, unit) if last else None
            start = self._term(name.format(i), tier.lower, unit)
            rows.append((f"Tier {i}", (start, end, self._term(f"tier_{i}_rate", tier.rate, pays))))
        ends = len(table.tiers) + (table.tiers[-1].upper is not None)
        if shares:
            self.bounds = [
                (f"tier_{i}_from", f"ROUND({{quota}}*{{tier_{i}_share}}/{PPM},0)") for i in range(1, ends + 1)
            ]
        if table.mode is TierMode.OWN_OUTPUT:
            self.bounds = [("tier_1_from", "0")]
            for i in range(1, len(table.tiers)):
                grown = f"({{tier_{i + 1}_lower}}-{{tier_{i}_lower}})*{PPM}/({PPM}-{{tier_{i}_rate}})"
                self.bounds.append((f"tier_{i + 1}_from", f"{{tier_{i}_from}}+{grown}"))
        self._listed(self._words(table), ("From", "To", _PAYS[table.pays, table.stepped]), rows)

    def _words(self, table: RateTable) -> str:
        kind = f"{table.mode.value}{' by attainment of quota' if table.basis is Basis.ATTAINMENT else ''}"
        return f"{kind}, until the gate opens" if self.closed else kind

    def _lookup(self, lookup: Lookup) -> str:
        """The rate at a place on each axis; its cells stand below one another, the last axis running fastest."""
        place, labels = "0", [""]
        for n, axis in enumerate(lookup.axes, 1):
            rows: list[tuple[str, tuple[Term | None, ...]]] = []
            found = "0"
            for i, bound in enumerate(axis.bounds):
                sign = ">" if i in axis.exceeded else ">="
                rows.append((f"Place {i + 1}", (self._term(f"bound_{n}_{i}", bound, "units"),)))
                if i:
                    found = f"IF({{axis_{n}}}*{PPM}{sign}{{bound_{n}_{i}}},{i},{found})"
            self._listed(f"axis {n}: {axis.by}", ("From",), rows)
            place = found if n == 1 else f"({place})*{len(axis.bounds)}+{found}"
            labels = [
                f"{label}{', ' if label else 'Place '}{i + 1}" for label in labels for i in range(len(axis.bounds))
            ]
        rows = [
            (label, (self._term(f"value_{i}", value, "rate"),))
            for i, (label, value) in enumerate(zip(labels, lookup.values, strict=True), 1)
        ]
        self._listed("rate by place on each axis", ("Rate",), rows)
        return f"INDEX({{value_1:value_{len(lookup.values)}}},1+{place})"

    def _limits(self) -> None:
        component = self.component
        limits = (
            ("cap", f"Most of a {component.window.value}", component.cap),
            ("deal_floor", "Least of a line that pays", component.deal_floor),
            ("deal_cap", "Most of a line", component.deal_cap),
        )
        rows: list[tuple[str, tuple[Term | None, ...]]] = [
            (label, (self._term(name, value, "money"),)) for name, label, value in limits if value is not None
        ]
        if rows:
            self._listed("limits", ("Amount",), rows)

    def _window_pay(self) -> tuple[str, str]:
        """What the total pays: a product, and what it is divided by."""
        if self.component.lookup is not None:
            return "{total}*{rate}", str(PPM)
        table = self.table
        if table is None:
            return "0", "1"
        if table.mode is TierMode.OWN_OUTPUT:
            text = "+".join(self._own_output(i, len(table.tiers)) for i in range(1, len(table.tiers) + 1))
        else:
            writer = WindowPay(table, "total", lambda _: 0)
            text = writer.formula()[0]
            if writer.value is not None:
                text = text.replace("rate_total", f"({writer.value[0]})")
            text = _NAME.sub(lambda match: f"{{{match.group()}}}", text)
        divisor = "1"
        if table.pays is Pays.TARGET:
            text, divisor = f"({text})*{{target}}", str(PPM)
            if not table.stepped:
                divisor = f"{PPM}*MAX({{quota}},1)"
        elif table.pays is Pays.MEASURE or not table.stepped:
            divisor = str(PPM)
        return text, divisor

    @staticmethod
    def _own_output(i: int, tiers: int) -> str:
        reached = "{total}" if i == tiers else f"MIN({{total}},{{tier_{i + 1}_from}})"
        part = f"({reached}-{{tier_{i}_from}})"
        return f"{part if i == 1 else f'MAX({part},0)'}*{{tier_{i}_rate}}"

    def _rounded(self, top: str, below: str) -> tuple[str, str]:
        """What is earned for a total, and the pay between two of them. Lines rounded alone are divided once."""
        component = self.component
        alone = component.stage is RoundingStage.LINE
        text = top if component.cap is None else f"MIN({top},{{cap}}*{below})"
        if alone:
            return text, rounding_text(f"(({{earned_after}}-{{earned_before}})/({below}))", component.rounding)
        part = text if below == "1" else f"({text})/({below})"
        return rounding_text(part, component.rounding), "({earned_after}-{earned_before})"

    def _line_limits(self, pay: str) -> str:
        if self.component.deal_floor is not None:
            pay = f"IF({pay}>0,MAX({pay},{{deal_floor}}),{pay})"
        if self.component.deal_cap is not None:
            pay = f"MAX(MIN({pay},{{deal_cap}}),-{{deal_cap}})"
        return pay

    def _parts(self) -> tuple[str, ...]:
        """How much of a line lies in each tier, for tiers that pay their part only."""
        table = self.table
        if table is None or self.component.lookup is not None or table.mode is not TierMode.MARGINAL:
            return ()
        if len(table.tiers) < 2:
            return ()
        parts = []
        for i, tier in enumerate(table.tiers, 1):
            low, high = f"{{tier_{i}_from}}", f"{{tier_{i + 1}_from}}"
            if i == 1 and tier.lower == 0:
                parts.append(f"MIN({{after}},{high})-MIN({{before}},{high})")
            elif tier.upper is None:
                parts.append(f"MAX({{after}},{low})-MAX({{before}},{low})")
            else:
                parts.append(f"MEDIAN({{after}},{low},{high})-MEDIAN({{before}},{low},{high})")
        return tuple(parts)


_PAYS = {
    (Pays.MEASURE, False): "Rate",
    (Pays.MEASURE, True): "Rate",
    (Pays.TARGET, False): "Share of the target incentive",
    (Pays.TARGET, True): "Share of the target incentive",
    (Pays.AMOUNT, False): "Per unit",
    (Pays.AMOUNT, True): "Amount",
}
