"""Why a line pays what it pays: numbered steps that recompute it, in words, in numbers and as Excel formulas.

Each step's formula is written in the formula language over the names of earlier steps, money in whole minor units and
rates in ppm. That text is also valid Excel, so a statement workbook can put the steps in named cells and recompute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from salesops_desktop.commission.exchange import ExchangeRates
from salesops_desktop.commission.levels import needs_quota, tables_of
from salesops_desktop.commission.lint import NUMBERS, measures_of, percent
from salesops_desktop.commission.plan import Basis, Component, Pays, RateTable, RoundingStage, Source, TierMode
from salesops_desktop.commission.proration import part_of
from salesops_desktop.commission.records import Line, RunResult
from salesops_desktop.commission.tiers import slide
from salesops_desktop.commission.trace_rates import WindowPay, spelled
from salesops_desktop.expressions import Formula, Kind, Rounding, compile_formula
from salesops_desktop.expressions.check import KIND_OF
from salesops_desktop.expressions.excel import decimal_text
from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.model.money import FX_SCALE, PPM, Money, exponent
from salesops_desktop.model.tables import Column, ValueKind


class Unit(StrEnum):
    """What the number of a step is."""

    MONEY = "money"
    """Minor units of :attr:`Step.currency`."""
    RATE = "rate"
    """Ppm."""
    EXCHANGE = "exchange rate"
    """× 1e9."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step.

    Attributes:
        number: from 1.
        name: the cell's name in a workbook, and in later formulas.
        label: what it is, in words.
        formula: how it comes about, in words.
        excel: its formula over earlier names, without ``=``; None for a number taken from the data.
        value: the number as a cell holds it (see ``unit``).
        unit: what the number is.
        currency: of money.
        source: where a number taken from the data comes from.
    """

    number: int
    name: str
    label: str
    formula: str
    excel: str | None
    value: int | Fraction | str | bool | dt.date | None
    unit: Unit
    currency: str = ""
    source: str = ""

    @property
    def text(self) -> str:
        """The value as a person reads it."""
        if self.unit is Unit.MONEY:
            assert isinstance(self.value, int)
            return str(Money(self.value, self.currency))
        if self.unit is Unit.RATE:
            assert isinstance(self.value, int)
            return percent(self.value)
        if self.unit is Unit.EXCHANGE:
            assert isinstance(self.value, int)
            return decimal_text(Fraction(self.value, FX_SCALE))
        return decimal_text(self.value) if isinstance(self.value, Fraction) else str(self.value)


def recompute(steps: Sequence[Step]) -> int:
    """Work through ``steps`` from the numbers of the data alone, and return the last result in minor units.

    Raises:
        SalesOpsError: a step does not come to the number it shows.
    """
    known: dict[str, Fraction | str | bool | dt.date | None] = {}
    schema: dict[str, ValueKind] = {}
    for step in steps:
        value = step.value
        if step.excel is not None:
            result = compile_formula(step.excel, schema).row(known)
            if result != value:
                message = f"Step {step.number} ({step.label}) shows {value}, but its formula gives {result}."
                raise SalesOpsError(message, way_out="Calculate the run again.")
        known[step.name] = _known(value)
        schema[step.name] = _kind(value)
    last = steps[-1].value
    assert isinstance(last, int)
    return last


def _kind(value: object) -> ValueKind:
    if isinstance(value, bool):
        return ValueKind.BOOLEAN
    if isinstance(value, str):
        return ValueKind.TEXT
    return ValueKind.DATE if isinstance(value, dt.date) else ValueKind.INTEGER


def trace(result: RunResult, index: int) -> tuple[Step, ...]:
    """The steps behind line ``index`` (from 0) of a run."""
    return _Trace(result, index).steps()


class _Trace:
    def __init__(self, result: RunResult, index: int) -> None:
        self.result = result
        self.index = index
        self.line: Line = result.line(index)
        self.component: Component = result.component(index)
        self.currency = self.line.pay.currency
        self.is_open = bool(result.lines.open[index])
        self.target = int(result.lines.target[index])
        self.factor = Fraction(int(result.lines.factor[index]), int(result.lines.factor_of[index]))
        self.found: list[Step] = []

    def steps(self) -> tuple[Step, ...]:
        self._amount()
        self._totals()
        self._terms()
        gate = self.component.gate
        table = self.component.rates if self.is_open or gate is None else gate.otherwise
        if self.component.lookup is not None:
            self._looked_up()
        elif table is None:
            for when in ("before", "after"):
                self._earned(when, "0", "1", Fraction(0), "The gate is closed and nothing is paid until it opens")
        else:
            self._bounds(table)
            for when in ("before", "after"):
                self._window_pay(table, when)
        self._pay()
        return tuple(self.found)

    def add(
        self,
        name: str,
        label: str,
        formula: str,
        value: int | Fraction | str | bool | dt.date | None,
        *,
        excel: str | None = None,
        unit: Unit = Unit.MONEY,
        currency: str | None = None,
        source: str = "",
    ) -> None:
        money = self.currency if currency is None else currency
        self.found.append(
            Step(
                len(self.found) + 1,
                name,
                label,
                formula,
                excel,
                value,
                unit,
                money if unit is Unit.MONEY else "",
                source,
            )
        )

    def number(self, name: str) -> int:
        value = next(step.value for step in self.found if step.name == name)
        assert isinstance(value, int)
        return value

    def _amount(self) -> None:
        """The credit, its conversion, and what the component counts of it."""
        line = self.line
        if self.component.source.on_pay:
            source = f"lines of the team for credit {line.credit}, transaction {line.transaction}"
            label, words = "Pay of the team", "What the team earns by this credit"
            if self.component.carves:
                label = "Part of the pool"
                words = (
                    f"{percent(self.component.carve or 0)} of what this credit earns its seller, by largest remainder"
                )
            elif self.component.source is Source.GIVEN_UP:
                label, words = "Given up", "What managers carve out of what this credit earns"
            self.add("amount", label, words, line.amount.minor, source=source)
            return
        own = line.credit_amount
        source = f"credit {line.credit}, transaction {line.transaction}"
        plain = self.component.measure.strip().lstrip("=").strip().strip("[]").casefold() == "amount"
        only = plain and self.component.lookup is None
        name = "amount" if only and own.currency == self.currency else "credit_amount"
        self.add(name, "Credit", f"Credited on {line.date}", own.minor, currency=own.currency, source=source)
        if own.currency != self.currency:
            words = f"{own.currency} to {self.currency} {self._rates().when(line.date)}"
            self.add(
                "exchange_rate", "Exchange rate", words, line.exchange_rate, unit=Unit.EXCHANGE, source="exchange rates"
            )
            name = "amount" if only else "converted"
            self._convert(
                name, "Credit", own.minor, own.currency, line.exchange_rate, ("credit_amount", "exchange_rate")
            )
        if not only:
            self._measure("converted" if own.currency != self.currency else "credit_amount")

    def _rates(self) -> ExchangeRates:
        return self.result.rates_of(self.result.plans[int(self.result.lines.plan[self.index])])

    def _convert(self, name: str, label: str, minor: int, source: str, rate: int, cells: tuple[str, str]) -> None:
        """Money in the plan's currency, from the cells of the amount and the rate."""
        shift = exponent(self.currency) - exponent(source)
        value = part_of(1, Fraction(minor * rate, FX_SCALE) * Fraction(10) ** shift, Rounding.HALF_UP)
        scale = f"*{10**shift}" if shift > 0 else ""
        divisor = FX_SCALE * (10**-shift if shift < 0 else 1)
        words = f"{Money(minor, source)} × exchange rate, rounded half up"
        excel = f"ROUND({cells[0]}*{cells[1]}{scale}/{divisor},0)"
        self.add(name, f"{label} in {self.currency}", words, value, excel=excel)

    def _measure(self, amount_cell: str) -> None:
        """The fields that formulas name, and the formulas."""
        table = self.result.credits.table()
        schema = {column.name: column.kind for column in table.columns}
        formula = compile_formula(self.component.measure, schema, wants=measures_of(self.component))
        lookup = self.component.lookup
        axes = [] if lookup is None else [compile_formula(axis.by, schema, wants=NUMBERS) for axis in lookup.axes]
        named = formula.fields.union(*(axis.fields for axis in axes))
        cells = {"Amount": amount_cell}
        for i, name in enumerate(sorted(named - {"Amount"})):
            cells[name] = f"field_{i + 1}"
            self._field(cells[name], table[name])
        words = f"{formula.english()}, rounded half up"
        if formula.kind is Kind.MONEY:
            text = f"ROUND({formula.excel(cells, exponent(self.currency))},0)"
            self.add("amount", "What counts", words, self.line.amount.minor, excel=text)
        else:
            text = f"ROUND(({formula.excel(cells, exponent(self.currency))})*{PPM},0)"
            self.add("amount", "Units × 1,000,000", words, self.line.amount.minor, excel=text, unit=Unit.OTHER)
        for i, axis in enumerate(axes):
            self._axis(i, axis, cells)

    def _axis(self, i: int, formula: Formula, cells: Mapping[str, str]) -> None:
        """A number of the credit that its rate depends on, and the place it has on its axis."""
        text = formula.excel(cells, exponent(self.currency))
        if formula.kind is Kind.MONEY:
            text = f"({text})/{10 ** exponent(self.currency)}"
        known = {step.name: _known(step.value) for step in self.found}
        schema = {step.name: _kind(step.value) for step in self.found}
        if formula.kind is Kind.FLOAT:
            text = f"ROUND(({text})*{PPM},0)/{PPM}"
        value = compile_formula(text, schema).row(known)
        assert isinstance(value, Fraction)
        self.add(f"axis_{i + 1}", "Looked up by", formula.english(), value, excel=text, unit=Unit.OTHER)

    def _field(self, cell: str, column: Column) -> None:
        row = int(self.result.lines.row[self.index])
        value = column.cell(row)
        source = f"credit {self.line.credit}"
        if column.kind is ValueKind.MONEY:
            own = column.currency_at(row) or self.currency
            minor = 0 if value is None else int(column.values[row])
            if own == self.currency:
                self.add(cell, column.label, column.label, minor, source=source)
                return
            rate = self._rates().on(own, self.currency, self.line.date)
            self.add(f"{cell}_own", column.label, column.label, minor, currency=own, source=source)
            words = f"{own} to {self.currency} {self._rates().when(self.line.date)}"
            self.add(f"{cell}_rate", "Exchange rate", words, rate, unit=Unit.EXCHANGE, source="exchange rates")
            self._convert(cell, column.label, minor, own, rate, (f"{cell}_own", f"{cell}_rate"))
            return
        kind = KIND_OF[column.kind]
        if kind.numeric:
            number = Fraction(0) if value is None else Fraction(int(column.values[row]))
            unit = Unit.RATE if column.kind is ValueKind.RATE else Unit.OTHER
            self.add(cell, column.label, column.label, int(number), unit=unit, source=source)
            return
        shown = value.date() if isinstance(value, dt.datetime) else value
        assert shown is None or isinstance(shown, str | bool | dt.date)
        empty: str | bool | None = "" if kind is Kind.TEXT else False if kind is Kind.TRUTH else None
        self.add(cell, column.label, column.label, empty if shown is None else shown, unit=Unit.OTHER, source=source)

    def _totals(self) -> None:
        line, window = self.line, self.component.window.value
        words = "Each credit stands alone" if window == "line" else f"Earlier credits of the {window}"
        self.add("before", "Total before", words, line.before.minor, source="earlier lines")
        self.add("after", "Total after", "Total before + what counts", line.after.minor, excel="before+amount")

    def _terms(self) -> None:
        """Quota, target incentive, gate and factors of the window."""
        tables, window = tables_of(self.component), self.component.window.value
        if self.line.quota is not None and any(needs_quota(table) for table in tables):
            words = f"{self.component.quota.value} quota of the {window}"
            self.add("quota", "Quota", words, self.line.quota.minor, source="quotas")
        if any(table.pays is Pays.TARGET for table in tables):
            weight = "" if self.component.weight == PPM else f"{percent(self.component.weight)} of the "
            words = f"{weight}target incentive of the {window}"
            self.add("target", "Target incentive", words, self.target, source="target incentives")
        if self.component.gate is not None:
            gate = self.component.gate
            words = f"{percent(gate.attainment)} of the quota in {', '.join(gate.components)}"
            self.add("gate", "Gate open", words, self.is_open, unit=Unit.OTHER, source="attainments of the period")
        if self.component.factors:
            names = " × ".join(factor.name for factor in self.component.factors)
            self.add(
                "factor", "Factors", names, self.factor.numerator, unit=Unit.OTHER, source="scores and attainments"
            )
            self.add("factor_of", "Factors, divided by", names, self.factor.denominator, unit=Unit.OTHER,
                     source="scores and attainments")  # fmt: skip

    def _looked_up(self) -> None:
        """The rate of a line that stands alone, from a table of one or more dimensions."""
        lookup = self.component.lookup
        assert lookup is not None
        cell, index = "0", 0
        for i, axis in enumerate(lookup.axes):
            text, place = "0", 0
            value = next(step.value for step in self.found if step.name == f"axis_{i + 1}")
            assert isinstance(value, Fraction)
            for number, bound in enumerate(axis.bounds):
                exceeded = number in axis.exceeded
                if number:
                    text = f"IF(axis_{i + 1}*{PPM}{'>' if exceeded else '>='}{bound},{number},{text})"
                    if value * PPM > bound or (value * PPM == bound and not exceeded):
                        place = number
            cell, index = f"({cell})*{len(axis.bounds)}+{text}", index * len(axis.bounds) + place
        self.add("cell", "Cell of the table", "By its place on each axis", index, excel=cell, unit=Unit.OTHER)
        rate = "+".join(f"IF(cell={i},{value},0)" for i, value in enumerate(lookup.values))
        self.add("rate", "Rate", "Looked up", lookup.values[index], excel=rate, unit=Unit.RATE)
        self._earned("before", "0", "1", Fraction(0), "Each credit stands alone")
        exact = Fraction(self.number("amount") * lookup.values[index])
        self._earned("after", "amount*rate", str(PPM), exact, "What counts × its rate")

    def _bounds(self, table: RateTable) -> None:
        if table.mode is TierMode.OWN_OUTPUT:
            self._slide(table)
            return
        for i, tier in enumerate(table.tiers):
            self._bound(table, f"tier_{i + 1}_from", f"Tier {i + 1} begins", tier.lower)
            if tier.upper is not None and i == len(table.tiers) - 1:
                self._bound(table, f"tier_{i + 2}_from", f"Tier {i + 1} ends", tier.upper)
            self._rate(table, i)

    def _rate(self, table: RateTable, i: int) -> None:
        rate = table.tiers[i].rate
        if table.pays is not Pays.AMOUNT:
            words = f"{'Value' if table.stepped else 'Rate'} of tier {i + 1}"
            self.add(f"tier_{i + 1}_rate", words, "From the plan", rate, unit=Unit.RATE, source="plan")
        else:
            words = f"Pay of tier {i + 1}" if table.stepped else f"Pay per unit in tier {i + 1}"
            self.add(f"tier_{i + 1}_rate", words, "From the plan", rate, source="plan")

    def _slide(self, table: RateTable) -> None:
        """Where the tiers begin in the whole, when the plan states them in what the company keeps."""
        sliding = slide(table)
        for i, tier in enumerate(table.tiers):
            self._rate(table, i)
            text, words = "0", "The scale begins with the first unit"
            if i:
                part = f"({tier.lower}-{table.tiers[i - 1].lower})*{PPM}*{spelled(sliding.scale)}/({PPM}-tier_{i}_rate)"
                text = f"tier_{i}_from+{part}"
                words = f"When the company has {Money(tier.lower, self.currency)}; × {sliding.scale:,}"
            self.add(
                f"tier_{i + 1}_from", f"Tier {i + 1} begins", words, sliding.starts[i], excel=text, unit=Unit.OTHER
            )

    def _bound(self, table: RateTable, name: str, label: str, value: int) -> None:
        if table.basis is Basis.AMOUNT:
            self.add(name, label, "From the plan", value, source="plan")
            return
        assert self.line.quota is not None
        money = part_of(1, Fraction(self.line.quota.minor) * value / PPM, Rounding.HALF_UP)
        words = f"{percent(value)} of {self.line.quota}"
        self.add(name, label, words, money, excel=f"ROUND(quota*{value}/{PPM},0)")

    def _window_pay(self, table: RateTable, when: str) -> None:
        """The exact pay for the total before or after the line: a product, and what it is divided by."""
        writer = WindowPay(table, when, self.number)
        text, exact, words = writer.formula()
        if writer.value is not None:
            shown, value = writer.value
            unit = Unit.MONEY if table.pays is Pays.AMOUNT and table.mode is TierMode.STEP else (
                Unit.RATE if isinstance(value, int) else Unit.OTHER)  # fmt: skip
            self.add(
                f"rate_{when}", f"Rate {when}", "Of the tier that the total lies in", value, excel=shown, unit=unit
            )
        divisor = "1"
        if table.mode is TierMode.OWN_OUTPUT:
            divisor = spelled(slide(table).scale)
        if table.pays is Pays.TARGET:
            text, exact, divisor = f"({text})*target", exact * self.target, f"{divisor}*{PPM}"
            if not table.stepped:
                divisor = f"{divisor}*MAX(quota,1)"
        elif table.pays is Pays.MEASURE or not table.stepped:
            divisor = f"{divisor}*{PPM}"
        self._earned(when, text, divisor, exact, words)

    def _earned(self, when: str, products: str, divisor: str, exact: Fraction, words: str) -> None:
        """Pay for the whole window up to then: exact, with its factors, capped, then rounded if it telescopes."""
        component = self.component
        name = f"exact_{when}"
        known = {step.name: _known(step.value) for step in self.found}
        scale = compile_formula(divisor, {step.name: _kind(step.value) for step in self.found}).row(known)
        assert isinstance(scale, Fraction)
        times = "" if scale == 1 else f", × {int(scale):,}"
        self.add(name, f"Exact pay for the total {when}{times}", words, _plain(exact), excel=products, unit=Unit.OTHER)
        pay, text = exact / scale, f"{name}/({divisor})"
        if component.factors:
            pay, text = pay * self.factor, f"{name}*factor/({divisor}*factor_of)"
        if component.cap is not None:
            if all(step.name != "cap" for step in self.found):
                self.add("cap", f"Cap of the {component.window.value}", "From the plan", component.cap, source="plan")
            pay, text = min(pay, Fraction(component.cap)), f"MIN({text},cap)"
        if component.stage is RoundingStage.TELESCOPING:
            label, words, excel = f"Earned {when}", f"Rounded {component.rounding.value}", text
            value = part_of(1, pay, component.rounding)
            self.add(f"earned_{when}", label, words, value, excel=rounding_text(excel, component.rounding))
        else:
            self.add(f"pay_{when}", f"Pay {when}", "Not rounded yet", _plain(pay), excel=text, unit=Unit.OTHER)

    def _pay(self) -> None:
        component = self.component
        if component.stage is RoundingStage.TELESCOPING:
            words, excel = "Earned after − earned before", "earned_after-earned_before"
            value = self.number("earned_after") - self.number("earned_before")
        else:
            words = f"Pay after − pay before, rounded {component.rounding.value}"
            excel = rounding_text("(pay_after-pay_before)", component.rounding)
            ends = {step.name: Fraction(step.value) for step in self.found if isinstance(step.value, int | Fraction)}
            value = part_of(1, ends["pay_after"] - ends["pay_before"], component.rounding)
        limits = [
            ("deal_floor", "Least of a line", component.deal_floor, "IF({0}>0,MAX({0},deal_floor),{0})"),
            ("deal_cap", "Most of a line", component.deal_cap, "MAX(MIN({0},deal_cap),-deal_cap)"),
        ]
        name = "pay"
        for cell, label, limit, form in limits:
            if limit is None:
                continue
            name = f"{name}_unlimited"
            self.add(name, "Commission before the limit of a line", words, value, excel=excel)
            self.add(cell, label, "From the plan", limit, source="plan")
            words, excel = label, form.format(name)
            value = (
                (max(value, limit) if value > 0 else value) if cell == "deal_floor" else max(min(value, limit), -limit)
            )
        self.add("pay", "Commission", words, self.line.pay.minor, excel=excel)


def _known(value: int | Fraction | str | bool | dt.date | None) -> Fraction | str | bool | dt.date | None:
    return Fraction(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def rounding_text(text: str, rounding: Rounding) -> str:
    """A formula that rounds ``text`` to a whole number."""
    match rounding:
        case Rounding.HALF_UP:
            return f"ROUND({text},0)"
        case Rounding.UP:
            return f"ROUNDUP({text},0)"
        case Rounding.DOWN:
            return f"ROUNDDOWN({text},0)"
        case _:
            tie = f"ABS({text}-ROUNDDOWN({text},0))=0.5"
            return f"IF({tie},2*ROUND(({text})/2,0),ROUND({text},0))"
