"""What concerns a whole plan as readable blocks: name and dates, payment, draw, clawback, part periods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from salesops_desktop.jobs.commission_plan_editing import (
    Clawback,
    ClawbackRate,
    DayCount,
    Draw,
    DrawKind,
    Finding,
    Plan,
    Proration,
    RateDay,
    Window,
)
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.blocks import Block, Bound, align_labels, major, minor, ppm, share
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.forms import (
    CheckField,
    ChoiceField,
    DateField,
    IntegerField,
    MoneyField,
    PercentField,
    TextField,
)

CAP_WINDOWS = {tr("month"): Window.MONTH, tr("quarter"): Window.QUARTER, tr("year"): Window.YEAR}
DRAWS = {
    tr("earnings are topped up to it"): DrawKind.FLOOR,
    tr("paid ahead, netted against earnings"): DrawKind.ADVANCE,
    tr("paid on top of earnings"): DrawKind.ADDITIVE,
}
CLAWED = {
    tr("the rate of the sale"): ClawbackRate.ORIGINAL,
    tr("the tier the total leaves"): ClawbackRate.PRESENT,
}
RATE_DAYS = {
    tr("the credit's own day"): RateDay.CREDIT,
    tr("the end of the month"): RateDay.MONTH_END,
    tr("the month, on average"): RateDay.MONTH_AVERAGE,
    tr("the end of the quarter"): RateDay.QUARTER_END,
    tr("the start of the fiscal year"): RateDay.YEAR_START,
    tr("the plan's first day"): RateDay.PLAN_START,
}
_FIELDS = {
    "release after": "release",
    "draw › amount": "draw",
    "draw › first": "draw first",
    "draw › last": "draw last",
    "draw › limit": "limit",
    "draw › recovery share": "recovery share",
    "clawback › share": "clawback share",
    "clawback › window": "clawback window",
    "clawback › months": "clawback months",
    "proration › ramp": "ramp",
}
"""Fields by where the linter finds something, under the terms."""


class DayField(TextField):
    """A date that may be left empty."""

    def read(self) -> Any:
        """The date, or None."""
        text = self.read_text()
        return self.formats.parse_date(text) if text else None

    def set_value(self, value: Any) -> None:
        """Show a date."""
        self.input.setText("" if value is None else self.formats.date(value))


class RampField(TextField):
    """Percentages with semicolons between them, held as ppm."""

    def read(self) -> tuple[int, ...]:
        """Ppm of each month."""
        parts = [part for part in self.read_text().split(";") if part.strip()]
        return tuple(int(self.formats.parse_share(part) * 1_000_000) for part in parts)

    def set_value(self, value: tuple[int, ...]) -> None:
        """Show percentages."""
        self.input.setText("; ".join(self.formats.rate(share) for share in value))


def _terms(field: Any, name: str, *, when: Callable[[Any], bool] = lambda _p: True) -> Bound:
    return Bound(
        field, lambda p: getattr(p.terms, name), lambda p, v: replace(p, terms=replace(p.terms, **{name: v})), when
    )


def _draw(field: Any, name: str) -> Bound:
    """A field of the draw, there while the plan has one."""
    return Bound(
        field,
        lambda p: getattr(p.terms.draw, name),
        lambda p, v: replace(p, terms=replace(p.terms, draw=replace(p.terms.draw, **{name: v}))),
        lambda p: p.terms.draw is not None,
    )


def _part(part: str, field: Any, name: str) -> Bound:
    """A field of a part of the plan (clawback, proration), there while the plan has one."""
    return Bound(
        field,
        lambda p: getattr(getattr(p, part), name),
        lambda p, v: replace(p, **{part: replace(getattr(p, part), **{name: v})}),
        lambda p: getattr(p, part) is not None,
    )


def _shared(bound: Bound) -> Bound:
    """The same for ppm shown as a percentage."""
    return Bound(bound.field, lambda p: share(bound.get(p)), lambda p, v: bound.put(p, ppm(v) or 0), bound.when)


class PlanBlocks(QWidget):
    """Edits what concerns a whole plan.

    Args:
        formats: how figures are written and read.
    """

    edited = Signal(object)
    """The Plan as it is now."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._currency = "USD"
        self._moneys: list[MoneyField] = []
        self.blocks: list[Block] = []
        self._makers = [self._facts, self._payment, self._draw, self._clawback, self._proration]
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, theme.tokens().spacing["m"], 0)
        self._column.setSpacing(theme.tokens().spacing["s"])

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

    def _money(self, label: str, placeholder: str = "") -> MoneyField:
        field = MoneyField(label, "USD", placeholder=placeholder)
        self._moneys.append(field)
        return field

    def _moneyed(self, bound: Bound) -> Bound:
        """The same for minor units shown as an amount."""
        return Bound(
            bound.field,
            lambda p: major(bound.get(p), self._currency),
            lambda p, v: bound.put(p, minor(v, self._currency)),
            bound.when,
        )

    def _facts(self) -> Block:
        def same(name: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]:
            return (lambda p: getattr(p, name)), (lambda p, v: replace(p, **{name: v}))

        ends = DayField(tr("Last day"), placeholder=tr("until further notice"))
        return Block(
            tr("The plan"),
            {
                "name": Bound(TextField(tr("Name"), required=True), *same("name")),
                "currency": Bound(TextField(tr("Currency"), required=True), *same("currency")),
                "effective_from": Bound(DateField(tr("First day")), *same("effective_from")),
                "effective dates": Bound(ends, *same("effective_to")),
                "rate day": Bound(ChoiceField(tr("Exchange rate of"), RATE_DAYS), *same("rate_day")),
            },
        )

    def _payment(self) -> Block:
        capped = lambda p: p.terms.cap is not None  # noqa: E731  # read as one line
        either = lambda p: p.terms.cap is not None or p.terms.floor is not None  # noqa: E731
        held = lambda p: p.terms.holdback > 0  # noqa: E731
        return Block(
            tr("Payment"),
            {
                "cap": self._moneyed(_terms(self._money(tr("At most"), tr("no cap")), "cap")),
                "floor": self._moneyed(_terms(self._money(tr("At least"), tr("no floor")), "floor")),
                "cap window": _terms(ChoiceField(tr("a"), CAP_WINDOWS), "cap_window", when=either),
                "refundable": _terms(
                    CheckField(tr("What is above the cap waits for refunds")), "refundable", when=capped
                ),
                "holdback": _shared(_terms(PercentField(tr("Held back")), "holdback")),
                "release": _terms(
                    IntegerField(tr("released after periods"), required=True), "release_after", when=held
                ),
                "instalments": _terms(
                    RampField(
                        tr("Paid in parts"),
                        placeholder=tr("all at once"),
                        hint=tr("Share of each period's pay in it and the next ones, 100 % together: 50; 25; 25"),
                    ),
                    "instalments",
                ),
                "carry": _terms(CheckField(tr("Less than nothing is carried on")), "carry"),
            },
        )

    def _draw(self) -> Block:
        def amount(p: Plan, v: Any) -> Plan:
            value = minor(v, self._currency)
            old = p.terms.draw
            draw = None if value is None else Draw(value) if old is None else replace(old, amount=value)
            return replace(p, terms=replace(p.terms, draw=draw))

        whole = IntegerField(tr("first period"), required=True)
        return Block(
            tr("Draw"),
            {
                "draw": Bound(
                    self._money(tr("Each period"), tr("no draw")),
                    lambda p: None if p.terms.draw is None else major(p.terms.draw.amount, self._currency),
                    amount,
                ),
                "draw kind": _draw(ChoiceField(tr("meaning"), DRAWS), "kind"),
                "draw first": _draw(whole, "first"),
                "draw last": _draw(IntegerField(tr("last period"), placeholder=tr("without end")), "last"),
                "recoverable": _draw(CheckField(tr("Later earnings pay it back")), "recoverable"),
                "recovery share": _shared(_draw(PercentField(tr("up to a share of")), "recovery_share")),
                "recovery from": _draw(IntegerField(tr("from period"), required=True), "recovery_from"),
                "limit": self._moneyed(_draw(self._money(tr("owed at most"), tr("no limit")), "limit")),
                "forgiven": _draw(IntegerField(tr("forgiven after period"), placeholder=tr("never")), "forgiven_after"),
            },
        )

    def _clawback(self) -> Block:
        def on(p: Plan, v: bool) -> Plan:
            return replace(p, clawback=(p.clawback or Clawback()) if v else None)

        there = CheckField(tr("Cancellations take back pay"))
        return Block(
            tr("Clawback"),
            {
                "clawback": Bound(there, lambda p: p.clawback is not None, on),
                "clawback window": _part(
                    "clawback", IntegerField(tr("within days"), placeholder=tr("always")), "window_days"
                ),
                "clawback share": _shared(_part("clawback", PercentField(tr("share")), "share")),
                "clawback rate": _part("clawback", ChoiceField(tr("at"), CLAWED), "rate"),
                "clawback months": _part(
                    "clawback",
                    IntegerField(
                        tr("earned over months"),
                        required=True,
                        hint=tr("0: at once. Else only the part of months not kept comes back."),
                    ),
                    "months",
                ),
                "pro rata": _part("clawback", CheckField(tr("Only the part not yet served")), "pro_rata"),
                "paid only": _part("clawback", CheckField(tr("Never more than was paid")), "paid_only"),
            },
        )

    @staticmethod
    def _proration() -> Block:
        def on(p: Plan, v: bool) -> Plan:
            return replace(p, proration=(p.proration or Proration()) if v else None)

        there = CheckField(tr("Part periods count in part"))
        return Block(
            tr("Newcomers, leavers, leave"),
            {
                "proration": Bound(there, lambda p: p.proration is not None, on),
                "count": _part("proration", ChoiceField(tr("by"), {d.value: d for d in DayCount}), "count"),
                "of quotas": _part("proration", CheckField(tr("Quotas")), "quota"),
                "of targets": _part("proration", CheckField(tr("Target incentives")), "target"),
                "ramp": _part(
                    "proration",
                    RampField(tr("Ramp"), hint=tr("Share of quota by month of service: 25; 50; 75")),
                    "ramp",
                ),
                "roster ramp": Bound(
                    CheckField(tr("Without a ramp: by the roster's ramp months")),
                    lambda p: p.proration.roster_ramp,
                    lambda p, v: replace(p, proration=replace(p.proration, roster_ramp=v)),
                    lambda p: p.proration is not None and not p.proration.ramp,
                ),
            },
        )

    def show_plan(self, plan: Plan, findings: Sequence[Finding], *, editable: bool) -> None:
        """Show a plan with what the linter finds in it as a whole."""
        self._currency = plan.currency if len(plan.currency) == 3 else "USD"  # ISO codes
        try:
            major(0, self._currency)
        except (ValueError, InputRefusedError):
            self._currency = "USD"  # while the code is being typed
        for field in self._moneys:
            field.set_currency(self._currency)
        for block in self.blocks:
            block.show_record(plan, editable=editable)
        by_block: list[list[tuple[str, str, str]]] = [[] for _ in self.blocks]
        for finding in findings:
            path = finding.where.removeprefix("terms › ")
            key = _FIELDS.get(path, path)
            place = next((i for i, block in enumerate(self.blocks) if key in block.bound), 0)
            by_block[place].append((key, finding.severity.value, f"{finding.what} {finding.way_out}".strip()))
        for block, found in zip(self.blocks, by_block, strict=True):
            block.show_findings(found)
