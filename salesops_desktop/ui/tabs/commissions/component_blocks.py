"""A component as readable blocks: what counts, what it pays, limits, rounding, gate and factors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from salesops_desktop.jobs.commission_plan_editing import (
    Axis,
    AxisKind,
    Basis,
    BoundarySide,
    Component,
    Factor,
    Finding,
    Gate,
    Lookup,
    Measure,
    Pays,
    RateTable,
    Rounding,
    RoundingStage,
    Source,
    Tier,
    TierMode,
    Window,
    formula_phrase,
)
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.blocks import Block, Bound, align_labels, major, minor, ppm, share
from salesops_desktop.ui.tabs.commissions.factor_boxes import FactorBoxes
from salesops_desktop.ui.tabs.commissions.lookup_table import LookupTable
from salesops_desktop.ui.tabs.commissions.plan_presenter import field_of
from salesops_desktop.ui.tabs.commissions.tier_table import TierTable
from salesops_desktop.ui.tabs.commissions.timing_block import TIMING_KEYS, timing_block
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.forms import CheckField, ChoiceField, IntegerField, MoneyField, PercentField, TextField

MODES = {
    tr("one rate for everything"): TierMode.FLAT,
    tr("each tier's rate for its part (marginal)"): TierMode.MARGINAL,
    tr("the rate reached for all (retroactive)"): TierMode.RETROACTIVE,
    tr("the rate reached for all above the first tier"): TierMode.WHOLE_OVERAGE,
    tr("a step, whatever the total"): TierMode.STEP,
    tr("a straight line from point to point"): TierMode.CURVE,
    tr("a scale on what is left to the company"): TierMode.OWN_OUTPUT,
}
SOURCES = {
    tr("own credits"): Source.OWN,
    tr("credits of the team"): Source.TEAM_CREDITS,
    tr("pay of the team"): Source.TEAM_PAY,
    tr("what managers carve out"): Source.GIVEN_UP,
}
WINDOWS = {
    tr("line, each alone"): Window.LINE,
    tr("month"): Window.MONTH,
    tr("quarter"): Window.QUARTER,
    tr("year"): Window.YEAR,
    tr("contract"): Window.CONTRACT,
}
PAID = {
    tr("a share of what is counted"): Pays.MEASURE,
    tr("a share of the target incentive"): Pays.TARGET,
    tr("an amount"): Pays.AMOUNT,
}
BASES = {tr("amount"): Basis.AMOUNT, tr("attainment of quota"): Basis.ATTAINMENT}
SIDES = {tr("reached"): BoundarySide.UPPER, tr("exceeded"): BoundarySide.LOWER}
STAGES = {
    tr("lines add up to the exact total"): RoundingStage.TELESCOPING,
    tr("each line by itself"): RoundingStage.LINE,
}
_BLOCK_OF = {"lookup": 1, "rates": 1, "tiers": 1, "gate": 3, "rounding": 6}


def _attr(field: Any, name: str, *, when: Callable[[Any], bool] = lambda _c: True) -> Bound:
    """A field bound to an attribute of its own name."""
    return Bound(field, lambda c: getattr(c, name), lambda c, v: replace(c, **{name: v}), when)


def _text(field: TextField, name: str, *, when: Callable[[Any], bool] = lambda _c: True) -> Bound:
    """A text field bound to an attribute that is never None."""
    return Bound(field, lambda c: getattr(c, name) or None, lambda c, v: replace(c, **{name: v or ""}), when)


def _rates(field: Any, name: str, *, when: Callable[[Any], bool] = lambda _c: True) -> Bound:
    """A field bound to an attribute of the rate table."""
    return Bound(
        field,
        lambda c: getattr(c.rates, name),
        lambda c, v: replace(c, rates=fitting(replace(c.rates, **{name: v}))),
        when,
    )


def _tiered(table: RateTable) -> bool:
    return table.mode is not TierMode.FLAT


def _sided(table: RateTable) -> bool:
    """Whether it matters which tier a total lies in that is exactly on a bound."""
    return _tiered(table) and table.mode is not TierMode.MARGINAL


def fitting(table: RateTable) -> RateTable:
    """A table whose tiers fit its mode: one rate has one tier, from zero without end."""
    if table.mode is TierMode.FLAT and table.tiers:
        return replace(table, tiers=(Tier(0, None, table.tiers[0].rate),), basis=Basis.AMOUNT)
    if table.stepped and table.pays is Pays.MEASURE:
        return replace(table, pays=Pays.AMOUNT)
    return table


def looked_up(component: Component, on: bool) -> Component:  # the value of a check box
    """A component whose rates are looked up, to begin with in a table of one cell; or paid by its tiers again."""
    if not on:
        return replace(component, lookup=None)
    rate = component.rates.tiers[0].rate if component.rates.tiers else 0
    return replace(component, lookup=Lookup((Axis(AxisKind.FORMULA, "[Quantity]", (0,)),), (rate,)))


class ComponentBlocks(QWidget):
    """Edits one component.

    Args:
        formats: how figures are written and read.
    """

    edited = Signal(object)
    """The Component as it is now."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._component: Component | None = None
        self._currency = "USD"
        self.tiers = TierTable(formats, tr("Tiers"))
        self.tier_message = QLabel()
        self.tier_message.setWordWrap(True)
        theme.dress(self.tier_message, tone="error", role="small")
        self.tier_message.hide()
        self.lookup = LookupTable(formats, (AxisKind.FORMULA,))
        self.lookup.edited.connect(self._looked_up)
        self.otherwise = TierTable(formats, tr("Tiers until the gate opens"))
        self.otherwise.edited.connect(self._otherwise_edited)
        self.otherwise.refused.connect(self._refused)
        self.factors = FactorBoxes(formats)
        self.factors.edited.connect(self.edited)
        self.blocks: list[Block] = []
        self._makers = [self._counts, self._pays, self._limits, self._gate, self._factors, timing_block, self._rounding]
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, theme.tokens().spacing["m"], 0)
        self._column.setSpacing(theme.tokens().spacing["s"])
        self.tiers.edited.connect(self._tiers_edited)
        self.tiers.refused.connect(self._refused)

    def build_next(self) -> bool:
        """Build one more block; whether there was one to build. All at once would be felt."""
        if not self._makers:
            return False
        block = self._makers.pop(0)()
        block.edited.connect(self.edited)
        self.blocks.append(block)
        self._column.addWidget(block)
        if not self._makers:
            self._column.addStretch(1)
            align_labels(self.blocks)
        return True

    # ------------------------------------------------------------------ the blocks

    def _counts(self) -> Block:
        self.measure = TextField(tr("Counts"), placeholder="[Amount]")
        self.filter = TextField(tr("where"), placeholder=tr("every credit"))
        return Block(
            tr("What counts"),
            {
                "name": _text(TextField(tr("Name")), "name"),
                "measure": _text(self.measure, "measure"),
                "source": _attr(ChoiceField(tr("of"), SOURCES), "source"),
                "depth": _attr(
                    IntegerField(tr("Levels below"), placeholder=tr("all")), "depth",
                    when=lambda c: c.source is not Source.OWN,
                ),
                "carve": Bound(
                    PercentField(tr("Carved out of it"), placeholder=tr("paid beside it")),
                    lambda c: None if c.carve is None else share(c.carve),
                    lambda c, v: replace(c, carve=None if v is None else ppm(v)),
                    lambda c: c.source is Source.TEAM_PAY,
                ),
                "filter": _text(self.filter, "filter"),
                "window": _attr(ChoiceField(tr("per"), WINDOWS), "window"),
                "contract": _text(
                    TextField(tr("Contract known by"), placeholder="[Account]"), "contract",
                    when=lambda c: c.window is Window.CONTRACT or bool(c.contract),
                ),
            },
        )  # fmt: skip

    def _pays(self) -> Block:
        def tiered(c: Component) -> bool:
            return _tiered(c.rates) and c.lookup is None

        extra = QWidget()
        column = QVBoxLayout(extra)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tiers)
        column.addWidget(self.tier_message)
        column.addWidget(self.lookup)
        plain = lambda c: c.lookup is None  # noqa: E731  # read as one line
        return Block(
            tr("What it pays"),
            {
                "mode": _rates(ChoiceField(tr("Pays"), MODES), "mode", when=plain),
                "pays": _rates(ChoiceField(tr("as"), PAID), "pays"),
                "lookup": Bound(
                    CheckField(tr("Rates are looked up in a table")), lambda c: c.lookup is not None, looked_up
                ),
                "basis": _rates(ChoiceField(tr("Tiers by"), BASES), "basis", when=tiered),
                "quota": _attr(
                    ChoiceField(
                        tr("Quota of"), {m.value: m for m in Measure},
                        hint=tr("What attainment is measured by, here and in gates and factors that look at it."),
                    ),
                    "quota",
                ),
                "boundary": _rates(
                    ChoiceField(tr("A bound must be"), SIDES), "boundary",
                    when=lambda c: tiered(c) and _sided(c.rates),
                ),
            },
            extra,
        )  # fmt: skip

    def _limits(self) -> Block:
        self._money = {
            "cap": MoneyField(tr("At most a window"), "USD", placeholder=tr("no cap")),
            "deal cap": MoneyField(tr("At most a line"), "USD", placeholder=tr("no cap")),
            "deal floor": MoneyField(tr("At least a line"), "USD", placeholder=tr("no floor")),
        }

        def bound(field: MoneyField, name: str) -> Bound:
            return Bound(
                field,
                lambda c: major(getattr(c, name), self._currency),
                lambda c, v: replace(c, **{name: minor(v, self._currency)}),
            )

        fields = {name: bound(field, name.replace(" ", "_")) for name, field in self._money.items()}
        weight = PercentField(tr("Weight of target"), required=True)
        fields["weight"] = Bound(weight, lambda c: share(c.weight), lambda c, v: replace(c, weight=ppm(v)))
        return Block(tr("Limits"), fields)

    def _gate(self) -> Block:
        def reached(c: Component, v: Any) -> Component:
            otherwise = c.gate.otherwise if c.gate is not None else None
            names = c.gate.components if c.gate is not None else (c.name,)
            return replace(c, gate=None if v is None else Gate(names, ppm(v) or 0, otherwise))

        def named(c: Component, v: Any) -> Component:
            names = tuple(part.strip() for part in (v or "").split(",") if part.strip())
            return c if c.gate is None else replace(c, gate=replace(c.gate, components=names))

        def until_then(c: Component, v: Any) -> Component:
            return c if c.gate is None else replace(c, gate=replace(c.gate, otherwise=c.rates if v else None))

        def other(label: str, choices: dict[str, Any], name: str, when: Callable[[RateTable], bool]) -> Bound:
            """A field of the rates until the gate opens."""
            return Bound(
                ChoiceField(label, choices),
                lambda c: getattr(c.gate.otherwise, name),
                lambda c, v: replace(
                    c, gate=replace(c.gate, otherwise=fitting(replace(c.gate.otherwise, **{name: v})))
                ),
                lambda c: c.gate is not None and c.gate.otherwise is not None and when(c.gate.otherwise),
            )

        gated = lambda c: c.gate is not None  # noqa: E731  # read as one line
        gate = PercentField(tr("Only once reached"), placeholder=tr("no gate"))
        return Block(
            tr("Gate"),
            {
                "gate": Bound(gate, lambda c: None if c.gate is None else share(c.gate.attainment), reached),
                "gate of": Bound(
                    TextField(tr("of the quota of"), hint=tr("Components, with commas between them.")),
                    lambda c: ", ".join(c.gate.components) or None, named, lambda c: c.gate is not None,
                ),
                "otherwise": Bound(
                    CheckField(tr("Until then other rates")),
                    lambda c: c.gate is not None and c.gate.otherwise is not None, until_then, gated,
                ),
                "other mode": other(tr("They pay"), MODES, "mode", lambda _t: True),
                "other pays": other(tr("as"), PAID, "pays", lambda _t: True),
                "other basis": other(tr("Tiers by"), BASES, "basis", _tiered),
                "other boundary": other(tr("A bound must be"), SIDES, "boundary", _sided),
            },
            self.otherwise,
        )  # fmt: skip

    def _factors(self) -> Block:
        def scored(c: Component, v: Any) -> Component:
            kept = {f.name: f for f in c.factors}
            names = [part.strip() for part in (v or "").split(",") if part.strip()]
            return replace(c, factors=tuple(kept.get(name, Factor(name)) for name in names))

        return Block(
            tr("Factors"),
            {
                "factor": Bound(
                    TextField(tr("Times the factors"), placeholder=tr("none"), hint=tr("Names, with commas between.")),
                    lambda c: ", ".join(f.name for f in c.factors) or None,
                    scored,
                ),
            },
            self.factors,
        )

    @staticmethod
    def _rounding() -> Block:
        return Block(
            tr("Rounding"),
            {
                "rounding": _attr(ChoiceField(tr("Rounded"), {r.value: r for r in Rounding}), "rounding"),
                "stage": _attr(ChoiceField(tr("so that"), STAGES), "stage"),
            },
        )

    # ------------------------------------------------------------------ record and findings

    def show_component(
        self, component: Component, currency: str, findings: Sequence[Finding], schema: Any, *, editable: bool
    ) -> None:
        """Show a component with what the linter finds in it."""
        self._component, self._currency = component, currency
        for field in self._money.values():
            field.set_currency(currency)
        self.measure.set_hint(_in_words(component.measure, schema))
        self.filter.set_hint(_in_words(component.filter, schema) if component.filter.strip() else "")
        for block in self.blocks:
            block.show_record(component, editable=editable)
        lookup = component.lookup
        self.tiers.setVisible(lookup is None)
        self.tiers.show_table(component.rates, currency, editable=editable)
        self.lookup.setVisible(lookup is not None)
        if lookup is not None:
            self.lookup.show_lookup(lookup, editable=editable)
        otherwise = None if component.gate is None else component.gate.otherwise
        self.otherwise.setVisible(otherwise is not None)
        if otherwise is not None:
            self.otherwise.show_table(otherwise, currency, editable=editable)
        self.factors.show_component(component, editable=editable)
        self._place(findings, component.name)

    def _place(self, findings: Sequence[Finding], name: str) -> None:
        by_block: list[list[tuple[str, str, str]]] = [[] for _ in self.blocks]
        for finding in findings:
            field = field_of(finding.where, name)
            key = "factor" if field.startswith("factor") else field
            if key == "timing":
                key = TIMING_KEYS.get(finding.where.rpartition(" › ")[2], key)
            place = next((i for i, block in enumerate(self.blocks) if key in block.bound), _BLOCK_OF.get(key, 1))
            tier = finding.where.partition(", ")[2]
            said = f"{tier.capitalize()}: {finding.what}" if tier else finding.what
            by_block[place].append((key, finding.severity.value, f"{said} {finding.way_out}".strip()))
        for block, found in zip(self.blocks, by_block, strict=True):
            block.show_findings(found)

    def _tiers_edited(self, tiers: tuple[Tier, ...]) -> None:
        if self._component is not None:
            self.edited.emit(replace(self._component, rates=replace(self._component.rates, tiers=tiers)))

    def _looked_up(self, lookup: Lookup) -> None:
        if self._component is not None:
            self.edited.emit(replace(self._component, lookup=lookup))

    def _otherwise_edited(self, tiers: tuple[Tier, ...]) -> None:
        gate = None if self._component is None else self._component.gate
        if self._component is not None and gate is not None and gate.otherwise is not None:
            table = replace(gate.otherwise, tiers=tiers)
            self.edited.emit(replace(self._component, gate=replace(gate, otherwise=table)))

    def _refused(self, sentence: str) -> None:
        self.tier_message.setText(sentence)
        self.tier_message.setVisible(bool(sentence))


def _in_words(formula: str, schema: Any) -> str:
    phrase = formula_phrase(formula, schema)
    return "" if phrase == formula or phrase.startswith("“") else phrase
