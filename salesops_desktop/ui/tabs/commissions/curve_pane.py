"""What a component says and pays: its sentence, its pay curve, and what the linter finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.commissions.blocks import TONES, major, minor
from salesops_desktop.ui.tabs.commissions.plan_presenter import PlanState
from salesops_desktop.ui.tabs.words_box import WordsBox, heading, words
from salesops_desktop.ui.widgets.chart import Chart, ChartContent, Line, Marker
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.forms import Form, MoneyField

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_plan_editing import Component, PayCurve, PlanEntry

_QUOTA, _TARGET = 100_000, 20_000
"""Major units to draw a curve for where nobody has a quota or a target incentive."""


class CurvePane(QWidget):
    """Follows the edit.

    Args:
        formats: how figures are written.
    """

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._state = PlanState()
        self._drawn: tuple[object, ...] = ()
        self._for: tuple[int, str, str] | None = None
        self.sentence = words(muted=False)
        self.sentence.setAccessibleName(tr("The component in a sentence"))
        self.chart = Chart()
        self.chart.setMinimumHeight(220)
        self.quota = MoneyField(tr("For a quota of"), "USD", required=True)
        self.target = MoneyField(tr("and a target incentive of"), "USD", required=True)
        self.assumed = Form({"quota": self.quota, "target": self.target})
        self.findings_title = heading(tr("Findings"))
        self.findings: list[QLabel] = []
        self.box = WordsBox(tr("Sentence and findings"))
        self.box.column.addWidget(self.sentence)
        self.box.column.addWidget(self.findings_title)
        self._list = QVBoxLayout()
        self.box.column.addLayout(self._list)
        self.box.column.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["m"])
        self.box.setMinimumHeight(150)
        column.addWidget(self.box, 1)
        column.addWidget(self.chart, 4)
        column.addWidget(self.assumed)
        self.assumed.changed.connect(self._draw)

    def render_state(self, state: PlanState) -> None:
        """Show a state."""
        self._state = state
        plan, entry, component = state.plan, state.entry, state.component
        if plan is None or entry is None or state.book is None:
            return
        from salesops_desktop.jobs.commission_plan_editing import (  # noqa: PLC0415  # loaded by now
            component_sentence,
            plan_sentences,
        )

        if component is not None:
            self.sentence.setText(component_sentence(component, plan.currency, state.book.schema))
            self._assume(entry, component, plan.currency)
        else:
            parts = [f"{c.name}: {component_sentence(c, plan.currency, state.book.schema)}" for c in plan.components]
            self.sentence.setText("\n\n".join([*parts, "\n".join(plan_sentences(plan))]))
        self._show_findings(state)
        self._draw()

    def _assume(self, entry: PlanEntry, component: Component, currency: str) -> None:
        """Fill in what is typical for the plan's people, once for each component and window."""
        key = (entry.id, component.window.value, component.quota.value)
        if key == self._for and self.quota.currency == currency:
            return
        self._for = key
        unit = 10 ** exponent(currency)
        for field, typical, otherwise in (
            (self.quota, entry.typical_quota(component), _QUOTA),
            (self.target, entry.typical_target(component), _TARGET),
        ):
            field.set_currency(currency)
            field.set_value(major(typical or otherwise * unit, currency))

    def _show_findings(self, state: PlanState) -> None:
        found = state.here()
        others = len(state.findings) - len(found)
        said = [(f.severity.value, f"{f.where}: {f.what} {f.way_out}".strip()) for f in found]
        if others:
            said.append(
                ("note", trn("1 finding elsewhere in the plan.", "{n} findings elsewhere in the plan.", others))
            )
        if not said:
            said.append(("note", tr("The linter finds nothing to say.")))
        while len(self.findings) > len(said):
            gone = self.findings.pop()
            self._list.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self.findings) < len(said):
            label = QLabel()
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            self.findings.append(label)
            self._list.addWidget(label)
        for label, (severity, text) in zip(self.findings, said, strict=True):
            label.setText(text)
            theme.dress(label, tone=TONES[severity])

    def _draw(self) -> None:
        component, plan = self._state.component, self._state.plan
        faulty = any(f.severity.value == "error" and "›" in f.where for f in self._state.here())
        if component is None or plan is None or faulty or self.quota.fault() or self.target.fault():
            drawable = component is not None and component.lookup is None
            self.chart.setVisible(drawable and bool(self._drawn))
            self.assumed.setVisible(drawable)
            return
        from salesops_desktop.jobs.commission_plan_editing import pay_curve  # noqa: PLC0415  # loaded by now

        currency = plan.currency
        quota, target = (minor(field.value(), currency) or 0 for field in (self.quota, self.target))
        key = (component, currency, quota, target)
        if key != self._drawn:
            curve = pay_curve(component, currency, quota, target)
            self._drawn = key
            if curve is not None:
                self.chart.set_content(self._content(component, currency, curve))
        self.chart.setVisible(component.lookup is None)
        self._ask_for(component)

    def _ask_for(self, component: Component) -> None:
        """Ask for the quota and the target incentive where the curve depends on them."""
        table = component.rates
        of_target = table.pays.value == "target incentive"
        layout = self.assumed.layout()
        assert isinstance(layout, QFormLayout)
        layout.setRowVisible(self.quota, of_target or table.basis.value == "attainment")
        layout.setRowVisible(self.target, of_target)
        self.assumed.setVisible(component.lookup is None)

    def _content(self, component: Component, currency: str, curve: PayCurve) -> ChartContent:
        units = curve.units
        scale = PPM if units else 10 ** exponent(currency)
        sold = curve.sold.astype(np.float64) / scale
        paid = curve.paid.astype(np.float64)
        return ChartContent(
            tr("What {component} pays", component=component.name),
            (Line(tr("Pay"), sold, paid),),
            markers=self._tier_marks(component, float(sold[-1]) if len(sold) else 0.0, scale),
            x_label=tr("units") if units else tr("Counted, in {currency}", currency=currency),
            y_label=tr("Pay in {currency}", currency=currency),
            y_kind=ValueKind.MONEY,
            currency=currency,
        )

    def _tier_marks(self, component: Component, end: float, scale: int) -> tuple[Marker, ...]:
        """Where tiers begin, as far as the curve reaches: by attainment in per cent of the quota, else in figures."""
        by_share = component.rates.basis.value == "attainment"
        quota = self.quota.value() if by_share else None
        marks = []
        for tier in component.rates.tiers[1:]:
            at = float(quota or 0) * tier.lower / PPM if by_share else tier.lower / scale
            if 0 < at <= end:
                text = self._formats.rate(tier.lower) if by_share else self._formats.number(at, 0)
                marks.append(Marker(at, text))
        return tuple(marks)
