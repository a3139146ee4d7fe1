"""The measures a design balances: fields of the accounts, or formulas over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.expressions import Kind, compile_formula, plain_name
from salesops_desktop.jobs.territory_inputs import TerritoryInputs, named
from salesops_desktop.jobs.territory_wishes import DesignWishes, MeasureWish
from salesops_desktop.model.entities import ACCOUNT
from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import Column, ValueKind, column_array

Values = npt.NDArray[np.int64] | npt.NDArray[np.float64]

MADE: Mapping[str, tuple[ValueKind, str]] = {
    "accounts": (ValueKind.INTEGER, "one for each account"),
    "open_pipeline": (ValueKind.MONEY, "open opportunities"),
    "won_last_year": (ValueKind.MONEY, "booked, else won, in the twelve months up to the newest day"),
    "open_deals": (ValueKind.INTEGER, "number of open opportunities"),
}
"""What a formula may name beside the fields of accounts."""
SCHEMA: Mapping[str, ValueKind] = {
    **{field.name: field.kind for field in ACCOUNT.fields if field.reference is None and field.name != "currency"},
    **{name: kind for name, (kind, _) in MADE.items()},
}
_COLUMNS = {
    "potential": "potential_minor",
    "annual_revenue": "annual_revenue_minor",
    "open_pipeline": "open_minor",
    "won_last_year": "won_minor",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure with its value for every account."""

    name: str
    tolerance: float
    values: Values
    """Per account; money in minor units of the company's currency."""
    money: bool


def measures_of(inputs: TerritoryInputs, wishes: DesignWishes, *, strict: bool = True) -> tuple[Measure, ...]:
    """The measures asked for, evaluated; potential and workload as far as they are known where none were named.

    Args:
        inputs: the accounts.
        wishes: what was asked.
        strict: refuse measures that cannot be balanced; else leave them out, because a scenario that was made before
            the data changed must still be shown.

    Raises:
        FaultsError: formulas that are wrong, and measures that are negative or nothing, with their accounts.
    """
    asked = wishes.asked()
    if not asked:
        known = [name for name in ("potential", "workload") if _total(inputs, name) > 0]
        asked = tuple(MeasureWish(name, wishes.tolerance / 100) for name in known or ["accounts"])
    faults: list[Fault] = []
    made = []
    for wish in asked:
        try:
            measure = _measure(inputs, wish)
        except FaultsError as error:
            faults += error.faults
            continue
        wrong = _value_faults(inputs, measure)
        faults += wrong
        if not wrong:
            made.append(measure)
    if not strict:
        return tuple(made) or (_measure(inputs, MeasureWish("accounts", wishes.tolerance / 100)),)
    if faults:
        first = faults[0]
        raise FaultsError(f"These cannot be balanced: {first.where}: {first.what}", faults, way_out=first.way_out)
    return tuple(made)


def _total(inputs: TerritoryInputs, field: str) -> float:
    return float(inputs.accounts[_COLUMNS.get(field, field)].sum())


def _measure(inputs: TerritoryInputs, wish: MeasureWish) -> Measure:
    fields = {plain_name(name): name for name in SCHEMA}
    text = fields.get(plain_name(wish.text), wish.text)
    formula = compile_formula(text, SCHEMA, wants=(Kind.MONEY, Kind.EXACT, Kind.FLOAT))
    outcome = formula.evaluate({name: _column(inputs, name) for name in formula.fields}, len(inputs.accounts))
    money = formula.kind is Kind.MONEY
    values: Values
    if money:
        values = outcome.minor(exponent(inputs.facts.currency))
    elif text in ("accounts", "open_deals", "employees"):
        values = outcome.floats().astype(np.int64)
    else:
        values = outcome.floats()
    return Measure(text.replace("_", " ") if text in SCHEMA else wish.text, wish.tolerance, values, money)


def _column(inputs: TerritoryInputs, name: str) -> Column:
    kind = SCHEMA[name]
    count = len(inputs.accounts)
    if name == "accounts":
        return Column(name, name, kind, np.ones(count, dtype=np.int64), None)
    raw = inputs.accounts[_COLUMNS.get(name, name)]
    absent = raw.isna().to_numpy()
    numeric = raw.dtype.kind in "if" and not absent.any()
    if numeric and kind in (ValueKind.INTEGER, ValueKind.MONEY) and raw.dtype.kind == "i":
        exact = raw.to_numpy(np.int64)
        return Column(name, name, kind, exact, None, inputs.facts.currency if kind is ValueKind.MONEY else None)
    if numeric and kind in (ValueKind.NUMBER, ValueKind.FRACTION):
        return Column(name, name, kind, raw.to_numpy(np.float64), None)
    cells: Sequence[object] = [None if gone else value for gone, value in zip(absent, raw, strict=True)]
    if kind in (ValueKind.INTEGER, ValueKind.MONEY):
        cells = [0 if value is None else int(str(value).split(".")[0]) for value in cells]
    elif kind in (ValueKind.NUMBER, ValueKind.FRACTION):
        cells = [0.0 if value is None else value for value in cells]  # an unknown number adds nothing
    values, missing = column_array(kind, cells)
    return Column(name, name, kind, values, missing, inputs.facts.currency if kind is ValueKind.MONEY else None)


def _value_faults(inputs: TerritoryInputs, measure: Measure) -> list[Fault]:
    values = measure.values.astype(np.float64)
    names: pd.Series[str] = inputs.accounts["name"]
    if not np.isfinite(values).all():
        wrong = names[~np.isfinite(values)]
        return [Fault(measure.name, f"No number for {named(wrong)}.", "Fill in what the formula divides by.")]
    if (values < 0).any():
        wrong = names[values < 0]
        return [Fault(measure.name, f"Less than zero for {named(wrong)}.", "Correct them, or use MAX(0, …).")]
    if values.sum() == 0:
        return [Fault(measure.name, "All zero: there is nothing to balance.", "Choose another measure.")]
    return []
