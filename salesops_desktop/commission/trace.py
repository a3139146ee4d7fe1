"""Why a line pays what it pays: numbered steps that recompute it, in words, in numbers and as Excel formulas.

Each step's formula is written in the formula language over the names of earlier steps, money in whole minor units and
rates in ppm. That text is also valid Excel, so a statement workbook can put the steps in named cells and recompute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from salesops_desktop.commission.lint import percent
from salesops_desktop.commission.plan import Basis, BoundarySide, Component, RoundingStage, TierMode
from salesops_desktop.commission.records import Line, RunResult
from salesops_desktop.expressions import Kind, Rounding, compile_formula
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
        known[step.name] = Fraction(value) if isinstance(value, int) and not isinstance(value, bool) else value
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
        self.found: list[Step] = []

    def steps(self) -> tuple[Step, ...]:
        self._amount()
        self._totals()
        self._bounds()
        if self.component.rates.mode is TierMode.RETROACTIVE:
            self._retroactive("before")
            self._retroactive("after")
        else:
            self._marginal("before")
            self._marginal("after")
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
        own = line.credit_amount
        source = f"credit {line.credit}, transaction {line.transaction}"
        plain = self.component.measure.strip().lstrip("=").strip().strip("[]").casefold() == "amount"
        name = "amount" if plain and own.currency == self.currency else "credit_amount"
        self.add(name, "Credit", f"Credited on {line.date}", own.minor, currency=own.currency, source=source)
        if own.currency != self.currency:
            words = f"{own.currency} to {self.currency} on {line.date}"
            self.add(
                "exchange_rate", "Exchange rate", words, line.exchange_rate, unit=Unit.EXCHANGE, source="exchange rates"
            )
            name = "amount" if plain else "converted"
            self._convert(
                name, "Credit", own.minor, own.currency, line.exchange_rate, ("credit_amount", "exchange_rate")
            )
        if not plain:
            self._measure("converted" if own.currency != self.currency else "credit_amount")

    def _convert(self, name: str, label: str, minor: int, source: str, rate: int, cells: tuple[str, str]) -> None:
        """Money in the plan's currency, from the cells of the amount and the rate."""
        shift = exponent(self.currency) - exponent(source)
        value = _rounded(Fraction(minor * rate, FX_SCALE) * Fraction(10) ** shift, Rounding.HALF_UP)
        scale = f"*{10**shift}" if shift > 0 else ""
        divisor = FX_SCALE * (10**-shift if shift < 0 else 1)
        words = f"{Money(minor, source)} × exchange rate, rounded half up"
        excel = f"ROUND({cells[0]}*{cells[1]}{scale}/{divisor},0)"
        self.add(name, f"{label} in {self.currency}", words, value, excel=excel)

    def _measure(self, amount_cell: str) -> None:
        table = self.result.credits.table()
        schema = {column.name: column.kind for column in table.columns}
        formula = compile_formula(self.component.measure, schema, wants=Kind.MONEY)
        cells = {"Amount": amount_cell}
        for i, name in enumerate(sorted(formula.fields - {"Amount"})):
            cells[name] = f"field_{i + 1}"
            self._field(cells[name], table[name])
        self.add(
            "amount",
            "What counts",
            f"{formula.english()}, rounded half up",
            self.line.amount.minor,
            excel=f"ROUND({formula.excel(cells, exponent(self.currency))},0)",
        )

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
            rate = self.result.rates.on(own, self.currency, self.line.date)
            self.add(f"{cell}_own", column.label, column.label, minor, currency=own, source=source)
            words = f"{own} to {self.currency} on {self.line.date}"
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

    def _bounds(self) -> None:
        table = self.component.rates
        if table.basis is Basis.ATTAINMENT and self.line.quota is not None:
            words = f"{self.component.quota.value} quota of the {self.component.window.value}"
            self.add("quota", "Quota", words, self.line.quota.minor, source="quotas")
        for i, tier in enumerate(table.tiers):
            self._bound(f"tier_{i + 1}_from", f"Tier {i + 1} begins", tier.lower)
            if tier.upper is not None and i == len(table.tiers) - 1:
                self._bound(f"tier_{i + 2}_from", f"Tier {i + 1} ends", tier.upper)
            words = f"Rate of tier {i + 1}"
            self.add(f"tier_{i + 1}_rate", words, "From the plan", tier.rate, unit=Unit.RATE, source="plan")

    def _bound(self, name: str, label: str, value: int) -> None:
        if self.component.rates.basis is Basis.AMOUNT:
            self.add(name, label, "From the plan", value, source="plan")
            return
        assert self.line.quota is not None
        money = _rounded(Fraction(self.line.quota.minor) * value / PPM, Rounding.HALF_UP)
        words = f"{percent(value)} of {self.line.quota}"
        self.add(name, label, words, money, excel=f"ROUND(quota*{value}/{PPM},0)")

    def _ends(self, i: int) -> str | None:
        """The name of the bound where tier ``i`` (from 0) ends; None when it has no end."""
        return None if self.component.rates.tiers[i].upper is None else f"tier_{i + 2}_from"

    def _marginal(self, when: str) -> None:
        """What the tiers pay for the total before or after the line, in minor units × ppm; zero parts left out."""
        total = self.number(when)
        parts: list[str] = []
        pays = 0
        for i, tier in enumerate(self.component.rates.tiers):
            start, end = f"tier_{i + 1}_from", self._ends(i)
            reached = f"MIN({when},{end})" if end else when
            size = (min(total, self.number(end)) if end else total) - self.number(start)
            text = f"({reached}-{start})"
            if i > 0 or tier.lower != 0:
                text, size = f"MAX({reached}-{start},0)", max(size, 0)
            parts.append(f"{text}*tier_{i + 1}_rate")
            pays += size * tier.rate
        words = "Each tier's part of the total × its rate"
        self._earned(when, "+".join(parts), pays, words)

    def _retroactive(self, when: str) -> None:
        table = self.component.rates
        total = self.number(when)
        sign = ">" if table.boundary is BoundarySide.LOWER else ">="
        text, rate = "0", 0
        for i, tier in enumerate(table.tiers):
            start = f"tier_{i + 1}_from"
            bound = self.number(start)
            if i == 0 and tier.lower == 0:
                text, rate = "tier_1_rate", tier.rate
                continue
            text = f"IF({when}{sign}{start},tier_{i + 1}_rate,{text})"
            if total > bound or (total == bound and sign == ">="):
                rate = tier.rate
        words = f"The rate of the tier that the total {when} lies in"
        self.add(f"rate_{when}", f"Rate {when}", words, rate, excel=text, unit=Unit.RATE)
        end = self._ends(len(table.tiers) - 1)
        paid = f"MIN({when},{end})" if end else when
        size = min(total, self.number(end)) if end else total
        self._earned(when, f"{paid}*rate_{when}", size * rate, "The whole total × that rate")

    def _earned(self, when: str, products: str, exact: int, words: str) -> None:
        """Pay for the whole window up to then: exact in minor units × ppm, capped, then rounded if it telescopes."""
        component = self.component
        label = f"Exact pay for the total {when}, × {PPM:,}"
        name = f"exact_{when}"
        self.add(name, label, words, exact, excel=products, unit=Unit.OTHER)
        if component.cap is not None:
            if all(step.name != "cap" for step in self.found):
                self.add("cap", f"Cap of the {component.window.value}", "From the plan", component.cap, source="plan")
            exact = min(exact, component.cap * PPM)
            text = f"MIN({name},cap*{PPM})"
            name = f"capped_{when}"
            self.add(name, f"{label}, capped", "At most the cap", exact, excel=text, unit=Unit.OTHER)
        if component.stage is RoundingStage.TELESCOPING:
            value = _rounded(Fraction(exact, PPM), component.rounding)
            words = f"Rounded {component.rounding.value}"
            excel = rounding_text(f"{name}/{PPM}", component.rounding)
            self.add(f"earned_{when}", f"Earned {when}", words, value, excel=excel)

    def _pay(self) -> None:
        if self.component.stage is RoundingStage.TELESCOPING:
            words, excel = "Earned after − earned before", "earned_after-earned_before"
        else:
            stem = "exact" if self.component.cap is None else "capped"
            words = f"Pay after − pay before, rounded {self.component.rounding.value}"
            excel = rounding_text(f"({stem}_after-{stem}_before)/{PPM}", self.component.rounding)
        self.add("pay", "Commission", words, self.line.pay.minor, excel=excel)


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


def _rounded(value: Fraction, rounding: Rounding) -> int:
    size = abs(value)
    floor, rest = size.numerator // size.denominator, size - size.numerator // size.denominator
    match rounding:
        case Rounding.UP:
            more = rest > 0
        case Rounding.DOWN:
            more = False
        case Rounding.HALF_UP:
            more = 2 * rest >= 1
        case _:
            more = 2 * rest > 1 or (2 * rest == 1 and floor % 2 == 1)
    return (floor + more) * (-1 if value < 0 else 1)
