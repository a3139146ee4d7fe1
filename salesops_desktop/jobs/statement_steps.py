"""The trace of a payout line as steps of a statement workbook: the same steps in major units and live formulas.

The engine's formulas count money in whole minor units, rates in ppm and exchange rates × 1e9, so that they are exact.
A statement shows 12.50, 5 % and 0.9213 instead; its formulas are rewritten for these units.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from salesops_desktop.commission import Step, Unit
from salesops_desktop.model.money import FX_SCALE, PPM, exponent
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.sheets.writing.commission_statements import TraceStep

_NAME = re.compile(r"\b[a-z_][a-z0-9_]*\b")
_EXACT = ("exact_", "capped_")


def statement_steps(steps: Sequence[Step]) -> tuple[TraceStep, ...]:
    """The steps of one line for the workbook; the last one is the payout."""
    scales = {step.name: _scale(step, steps[-1].currency) for step in steps}
    numbers = {step.name: str(step.number) for step in steps}
    return tuple(_step(step, scales, numbers, steps[-1].currency) for step in steps)


def _scale(step: Step, currency: str) -> int:
    """How many of the engine's units make one of the statement's."""
    match step.unit:
        case Unit.MONEY:
            return int(10 ** exponent(step.currency or currency))
        case Unit.RATE:
            return PPM
        case Unit.EXCHANGE:
            return FX_SCALE
        case _:
            return PPM * int(10 ** exponent(currency)) if step.name.startswith(_EXACT) else 1


def _step(step: Step, scales: dict[str, int], numbers: dict[str, str], currency: str) -> TraceStep:
    formula = ""
    if step.excel is not None:
        formula = _NAME.sub(lambda m: f"{{{numbers[m[0]]}}}" if m[0] in numbers else m[0], _rewritten(step, scales))
    label = step.label.split(", × ")[0].split(" (× ")[0]
    return TraceStep(label, step.formula, _value(step, scales[step.name]), _kind(step), formula,
                     (step.currency or currency) if step.unit is Unit.MONEY else None)  # fmt: skip


def _kind(step: Step) -> ValueKind:
    match step.unit:
        case Unit.MONEY:
            return ValueKind.MONEY
        case Unit.RATE:
            return ValueKind.RATE
        case _:
            return ValueKind.NUMBER


def _value(step: Step, scale: int) -> Decimal | int | float | None:
    value = step.value
    if value is None or isinstance(value, str):
        return None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return Decimal(value) / scale
    if isinstance(value, Fraction):
        return float(value / scale)
    return None


def _rewritten(step: Step, scales: dict[str, int]) -> str:
    """The step's formula in the statement's units."""
    text = step.excel or ""
    own = scales[step.name]
    digits = len(str(own)) - 1
    names = [m[0] for m in _NAME.finditer(text) if m[0] in scales]
    if rounded := re.fullmatch(rf"ROUND\(([a-z_0-9]+)/{PPM},0\)", text):
        return f"ROUND({rounded[1]},{digits})"
    if share := re.fullmatch(rf"ROUND\(([a-z_0-9]+)\*(\d+)/{PPM},0\)", text):
        return f"ROUND({share[1]}*{Decimal(int(share[2])) / PPM},{digits})"
    if re.fullmatch(rf"ROUND\(credit_amount\*exchange_rate/{FX_SCALE},0\)", text):
        return f"ROUND(credit_amount*exchange_rate,{digits})"
    if capped := re.fullmatch(rf"MIN\(([a-z_0-9]+),cap\*{PPM}\)", text):
        return f"MIN({capped[1]},cap)"
    if not re.search(r"\d", _NAME.sub("", text).replace("0", "")):
        products = step.name.startswith(_EXACT) and step.unit is Unit.OTHER
        if products or len({scales[name] for name in names} | {own}) == 1 or step.unit is Unit.RATE:
            return text  # sums of money, products of money and rates, or a choice among rates: true in any unit
    scaled = _NAME.sub(lambda m: f"({m[0]}*{scales[m[0]]})" if scales.get(m[0], 1) != 1 else m[0], text)
    return f"({scaled})/{own}" if own != 1 else scaled
