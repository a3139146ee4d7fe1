"""Plans as JSON: how the workspace keeps a plan, and a run the plans it was calculated with."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

from salesops_desktop.commission.plan import (
    Basis,
    BoundarySide,
    Component,
    Plan,
    RateTable,
    RoundingStage,
    Tier,
    TierMode,
    Window,
)
from salesops_desktop.expressions import Rounding
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.errors import Fault, FaultsError

E = TypeVar("E", bound=Enum)
Json = dict[str, Any]


def definition(plan: Plan) -> Json:
    """What a plan says apart from its name, currency and dates, as a JSON object."""
    return {"version": 1, "components": [_component_json(component) for component in plan.components]}


def plan_json(plan: Plan) -> Json:
    """A whole plan as a JSON object."""
    return {
        "name": plan.name,
        "currency": plan.currency,
        "effective_from": plan.effective_from.isoformat(),
        "effective_to": None if plan.effective_to is None else plan.effective_to.isoformat(),
        **definition(plan),
    }


def plan_hash(plan: Plan) -> str:
    """SHA-256 over everything a plan says."""
    text = json.dumps(plan_json(plan), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_plan(stored: Mapping[str, Any]) -> Plan:
    """A plan from what :func:`plan_json` wrote.

    Raises:
        FaultsError: with every entry that is missing or wrong.
    """
    reader = _Reader(str(stored.get("name", "plan")))
    start = reader.value(stored, "effective_from", "", dt.date.fromisoformat)
    end = reader.value(stored, "effective_to", "", lambda text: None if text is None else dt.date.fromisoformat(text))
    name, currency = (reader.value(stored, key, "", _text) for key in ("name", "currency"))
    components = reader.components(stored)
    reader.finish()
    assert start is not None
    assert name is not None
    assert currency is not None
    return Plan(name, currency, start, components, end)


def plan_from(
    name: str, currency: str, effective_from: dt.date, effective_to: dt.date | None, stored: Mapping[str, Any]
) -> Plan:
    """A plan from its columns in the workspace and what :func:`definition` wrote.

    Raises:
        FaultsError: with every entry that is missing or wrong.
    """
    reader = _Reader(name)
    components = reader.components(stored)
    reader.finish()
    return Plan(name, currency, effective_from, components, effective_to)


def _component_json(component: Component) -> Json:
    rates = component.rates
    return {
        "name": component.name,
        "measure": component.measure,
        "filter": component.filter,
        "window": component.window.value,
        "quota": component.quota.value,
        "cap": component.cap,
        "rounding": component.rounding.value,
        "stage": component.stage.value,
        "rates": {
            "mode": rates.mode.value,
            "basis": rates.basis.value,
            "boundary": rates.boundary.value,
            "tiers": [[tier.lower, tier.upper, tier.rate] for tier in rates.tiers],
        },
    }


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _optional_integer(value: object) -> int | None:
    return None if value is None else _integer(value)


def _tiers(value: object) -> tuple[Tier, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(Tier(_integer(lower), _optional_integer(upper), _integer(rate)) for lower, upper, rate in value)


class _Reader:
    """Reads entries and remembers every fault."""

    def __init__(self, plan: str) -> None:
        self.plan = plan
        self.faults: list[Fault] = []

    def value(self, entry: Mapping[str, Any], key: str, where: str, read: Callable[[Any], Any]) -> Any:
        place = " › ".join(part for part in (where, key) if part)
        if key not in entry:
            self.faults.append(Fault(place, "This entry is missing."))
            return None
        try:
            return read(entry[key])
        except (TypeError, ValueError):
            self.faults.append(Fault(place, f"{entry[key]!r} has no meaning here."))
            return None

    def components(self, stored: Mapping[str, Any]) -> tuple[Component, ...]:
        entries = stored.get("components")
        if not isinstance(entries, list):
            self.faults.append(Fault("components", "This entry is missing or no list."))
            return ()
        return tuple(self._component(entry, i) for i, entry in enumerate(entries) if isinstance(entry, dict))

    def _component(self, entry: Json, index: int) -> Component:
        where = str(entry.get("name") or f"component {index + 1}")
        rates = entry.get("rates")
        table: Json = rates if isinstance(rates, dict) else {}
        inside = f"{where} › rates"
        return Component(
            name=self.value(entry, "name", where, _text),
            measure=self.value(entry, "measure", where, _text),
            filter=self.value(entry, "filter", where, _text),
            window=self.value(entry, "window", where, Window),
            quota=self.value(entry, "quota", where, Measure),
            cap=self.value(entry, "cap", where, _optional_integer),
            rounding=self.value(entry, "rounding", where, Rounding),
            stage=self.value(entry, "stage", where, RoundingStage),
            rates=RateTable(
                self.value(table, "tiers", inside, _tiers) or (),
                self.value(table, "mode", inside, TierMode),
                self.value(table, "basis", inside, Basis),
                self.value(table, "boundary", inside, BoundarySide),
            ),
        )

    def finish(self) -> None:
        if self.faults:
            raise FaultsError(
                f"The stored plan {self.plan!r} cannot be read: {self.faults[0].where}: {self.faults[0].what}",
                self.faults,
                way_out="Undo the last change of the plan, or write it anew.",
            )
