"""The steps behind payout lines as live formulas that arrive at the same cent."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, cast

from salesops_desktop.model.tables import Cell, ColumnSpec, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import Given
from salesops_desktop.sheets.writing.commission_records import PayoutLine, Statement, TraceStep
from salesops_desktop.sheets.writing.formulas import cell_reference
from salesops_desktop.sheets.writing.sheet import Sheet
from salesops_desktop.sheets.writing.style import DATE_FORMAT, GENERAL, kind_format

_TEXT, _INTEGER, _MONEY = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.MONEY


def add_trace(sheet: Sheet, statement: Statement) -> list[str | None]:
    """Set the steps of all lines below one another; returns each line's reference to its last step."""
    records: list[tuple[object, ...]] = []
    formats: list[str] = []
    exact_formats: list[str] = []
    starts: list[int] = []
    for number, line in enumerate(statement.lines, 1):
        starts.append(len(records))
        for place, step in enumerate(line.steps, 1):
            records.append((number, place, step.label, step.words, _shown(step), _number(step.value)))
            formats.append(_STEP_FORMATS.get(step.unit) or kind_format(_MONEY, currency=step.currency or None))
            exact_formats.append(_exact_format(step.value))
        _must_arrive(statement, number, line)
    if not records:
        return [None] * len(statement.lines)
    sheet.break_page()
    sheet.heading("How each payout comes about")
    exact: list[str | Given | None] = []
    shown = [f"{{exact}}/{step.scale}" if step.scale else None for line in statement.lines for step in line.steps]
    plan = sheet.table(
        build_table("Steps", _STEP_SPECS, records),
        name=f"Steps_{statement.number}",
        cell_formulas={"value": shown, "exact": exact},
        formats={"value": formats, "exact": exact_formats},
        filters=False,
        strong=[start + len(line.steps) - 1 for start, line in zip(starts, statement.lines, strict=True) if line.steps],
    )
    for start, line in zip(starts, statement.lines, strict=True):
        places = {
            step.name: cell_reference(plan.first + start + i, plan.place("exact")) for i, step in enumerate(line.steps)
        }
        exact.extend(_step_formula(step, places) for step in line.steps)
    return [
        cell_reference(plan.first + start + len(line.steps) - 1, plan.place("value")) if line.steps else None
        for start, line in zip(starts, statement.lines, strict=True)
    ]


_STEP_SPECS: Final = (
    ColumnSpec("line", "Line", _INTEGER),
    ColumnSpec("step", "Step", _INTEGER),
    ColumnSpec("what", "What", _TEXT),
    ColumnSpec("how", "How", _TEXT),
    ColumnSpec("value", "Value", ValueKind.NUMBER),
    ColumnSpec("exact", "In smallest units", ValueKind.NUMBER),
)

_STEP_FORMATS: Final = {"rate": "0.0###%", "exchange rate": "0.000000000", "other": "General"}

_NAMES: Final = re.compile(r'"(?:[^"]|"")*"|[A-Za-z_]\w*(?![\w(])')


def _exact_format(value: object) -> str:
    if isinstance(value, dt.date):
        return DATE_FORMAT
    return "#,##0" if isinstance(value, int) and not isinstance(value, bool) else GENERAL


def _number(value: object) -> float | None:
    """A step's value as a number, None if it is none."""
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return float(value)
    return None


def _shown(step: TraceStep) -> float | None:
    """A step's value as a person reads it; None where it is read as it is."""
    number = _number(step.value)
    return None if number is None or not step.scale else number / step.scale


def _step_formula(step: TraceStep, places: Mapping[str, str]) -> str | Given | None:
    """The formula of a step, names replaced by cells (but not inside text constants)."""
    if not step.formula:
        return None if step.value is None or _number(step.value) is not None else Given(cast("Cell", step.value))
    return _NAMES.sub(lambda match: places.get(match.group(), match.group()), step.formula)


def _must_arrive(statement: Statement, number: int, line: PayoutLine) -> None:
    if line.steps and (line.steps[-1].value, line.steps[-1].currency) != (line.payout, statement.currency):
        last = line.steps[-1]
        message = f"The steps of line {number} of {statement.person} end at {last.value} {last.currency}, not at"
        message += f" {line.payout} {statement.currency} (smallest units)."
        raise ValueError(message)
