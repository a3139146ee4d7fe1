"""Plans as JSON: how the workspace keeps a plan, and a run the plans it was calculated with."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

from salesops_desktop.commission.clawbacks import Clawback
from salesops_desktop.commission.exchange import RateDay
from salesops_desktop.commission.plan import (
    Axis,
    AxisKind,
    Basis,
    BoundarySide,
    Component,
    Factor,
    Gate,
    Lookup,
    Pays,
    PayTerms,
    Plan,
    RateTable,
    RoundingStage,
    Source,
    Tier,
    TierMode,
    Window,
)
from salesops_desktop.commission.proration import Proration
from salesops_desktop.commission.stored_terms import (
    clawback_json,
    integer,
    optional_integer,
    proration_json,
    read_clawback,
    read_proration,
    read_terms,
    read_timing,
    terms_json,
    timing_json,
)
from salesops_desktop.expressions import Rounding
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import PPM

E = TypeVar("E", bound=Enum)
Json = dict[str, Any]


def definition(plan: Plan) -> Json:
    """What a plan says apart from its name, currency and dates, as a JSON object."""
    return {
        "version": 2,
        "components": [_component_json(component) for component in plan.components],
        "terms": terms_json(plan.terms),
        "clawback": None if plan.clawback is None else clawback_json(plan.clawback),
        **({} if plan.proration is None else {"proration": proration_json(plan.proration)}),
        **({} if plan.rate_day is RateDay.CREDIT else {"rate_day": plan.rate_day.value}),
    }


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
    terms, clawback, proration = reader.rest(stored)
    day = reader.value({"rate_day": RateDay.CREDIT, **stored}, "rate_day", "", RateDay)
    reader.finish()
    assert start is not None
    assert name is not None
    assert currency is not None
    return Plan(name, currency, start, components, end, terms, clawback, proration, day)


def plan_from(
    name: str, currency: str, effective_from: dt.date, effective_to: dt.date | None, stored: Mapping[str, Any]
) -> Plan:
    """A plan from its columns in the workspace and what :func:`definition` wrote.

    Raises:
        FaultsError: with every entry that is missing or wrong.
    """
    reader = _Reader(name)
    components = reader.components(stored)
    terms, clawback, proration = reader.rest(stored)
    day = reader.value({"rate_day": RateDay.CREDIT, **stored}, "rate_day", "", RateDay)
    reader.finish()
    return Plan(name, currency, effective_from, components, effective_to, terms, clawback, proration, day)


def _component_json(component: Component) -> Json:
    return {
        "name": component.name,
        "measure": component.measure,
        "filter": component.filter,
        "window": component.window.value,
        "quota": component.quota.value,
        "cap": component.cap,
        "rounding": component.rounding.value,
        "stage": component.stage.value,
        "rates": _rates_json(component.rates),
        "deal_cap": component.deal_cap,
        "deal_floor": component.deal_floor,
        "lookup": _lookup_json(component.lookup),
        "factors": [{"name": f.name, "table": _lookup_json(f.table), "missing": f.missing} for f in component.factors],
        "gate": None
        if component.gate is None
        else {
            "components": list(component.gate.components),
            "attainment": component.gate.attainment,
            "otherwise": None if component.gate.otherwise is None else _rates_json(component.gate.otherwise),
        },
        "weight": component.weight,
        "source": component.source.value,
        "depth": component.depth,
        "contract": component.contract,
        **({} if component.timing is None else {"timing": timing_json(component.timing)}),
        **({} if component.carve is None else {"carve": component.carve}),
    }


def _rates_json(rates: RateTable) -> Json:
    return {
        "mode": rates.mode.value,
        "basis": rates.basis.value,
        "boundary": rates.boundary.value,
        "pays": rates.pays.value,
        "tiers": [[tier.lower, tier.upper, tier.rate] for tier in rates.tiers],
    }


def _lookup_json(lookup: Lookup | None) -> Json | None:
    if lookup is None:
        return None
    axes = [
        {"kind": axis.kind.value, "by": axis.by, "bounds": list(axis.bounds), "exceeded": list(axis.exceeded)}
        for axis in lookup.axes
    ]
    return {"axes": axes, "values": list(lookup.values)}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _tiers(value: object) -> tuple[Tier, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(Tier(integer(lower), optional_integer(upper), integer(rate)) for lower, upper, rate in value)


def _integers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(integer(number) for number in value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(text) for text in value)


_SINCE_2: Json = {
    "deal_cap": None, "deal_floor": None, "lookup": None, "factors": [], "gate": None, "weight": PPM,
    "source": Source.OWN.value, "depth": None, "contract": "", "timing": None, "carve": None,
}  # fmt: skip


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

    def rest(self, stored: Mapping[str, Any]) -> tuple[PayTerms, Clawback | None, Proration | None]:
        """The terms of payment, the clawback and the proration; the first form of plans had none of them."""
        terms, clawback, proration = stored.get("terms"), stored.get("clawback"), stored.get("proration")
        return (
            PayTerms() if terms is None else read_terms(self, terms),
            None if clawback is None else read_clawback(self, clawback),
            None if proration is None else read_proration(self, proration),
        )

    def _component(self, entry: Json, index: int) -> Component:
        where = str(entry.get("name") or f"component {index + 1}")
        later: Json = {**_SINCE_2, **entry}  # what the first form of plans could not say
        return Component(
            name=self.value(entry, "name", where, _text),
            measure=self.value(entry, "measure", where, _text),
            filter=self.value(entry, "filter", where, _text),
            window=self.value(entry, "window", where, Window),
            quota=self.value(entry, "quota", where, Measure),
            cap=self.value(entry, "cap", where, optional_integer),
            rounding=self.value(entry, "rounding", where, Rounding),
            stage=self.value(entry, "stage", where, RoundingStage),
            rates=self._rates(entry.get("rates"), f"{where} › rates"),
            deal_cap=self.value(later, "deal_cap", where, optional_integer),
            deal_floor=self.value(later, "deal_floor", where, optional_integer),
            lookup=self._lookup(later["lookup"], f"{where} › lookup"),
            factors=self._factors(later["factors"], where),
            gate=self._gate(later["gate"], f"{where} › gate"),
            weight=self.value(later, "weight", where, integer),
            source=self.value(later, "source", where, Source),
            depth=self.value(later, "depth", where, optional_integer),
            contract=self.value(later, "contract", where, _text),
            timing=None if later["timing"] is None else read_timing(self, later["timing"], f"{where} › timing"),
            carve=self.value(later, "carve", where, optional_integer),
        )

    def _rates(self, entry: object, where: str) -> RateTable:
        table: Json = {"pays": Pays.MEASURE.value, **entry} if isinstance(entry, dict) else {}
        return RateTable(
            self.value(table, "tiers", where, _tiers) or (),
            self.value(table, "mode", where, TierMode),
            self.value(table, "basis", where, Basis),
            self.value(table, "boundary", where, BoundarySide),
            self.value(table, "pays", where, Pays),
        )

    def _lookup(self, entry: object, where: str) -> Lookup | None:
        if entry is None:
            return None
        table: Json = entry if isinstance(entry, dict) else {}
        axes = table.get("axes")
        read = [
            Axis(
                self.value(axis, "kind", where, AxisKind),
                self.value(axis, "by", where, _text),
                self.value(axis, "bounds", where, _integers) or (),
                self.value(axis, "exceeded", where, _integers) or (),
            )
            for axis in (axes if isinstance(axes, list) else [])
            if isinstance(axis, dict)
        ]
        if not isinstance(axes, list) or len(read) != len(axes):
            self.faults.append(Fault(f"{where} › axes", "This entry is missing or no list of axes."))
        return Lookup(tuple(read), self.value(table, "values", where, _integers) or ())

    def _factors(self, entry: object, where: str) -> tuple[Factor, ...]:
        if not isinstance(entry, list) or not all(isinstance(factor, dict) for factor in entry):
            self.faults.append(Fault(f"{where} › factors", "This is no list of factors."))
            return ()
        return tuple(
            Factor(
                self.value(factor, "name", where, _text),
                self._lookup(factor.get("table"), f"{where} › factor"),
                self.value({"missing": None, **factor}, "missing", where, optional_integer),
            )
            for factor in entry
        )

    def _gate(self, entry: object, where: str) -> Gate | None:
        if entry is None:
            return None
        gate: Json = entry if isinstance(entry, dict) else {}
        otherwise = gate.get("otherwise")
        return Gate(
            self.value(gate, "components", where, _texts) or (),
            self.value(gate, "attainment", where, integer),
            None if otherwise is None else self._rates(otherwise, f"{where} › otherwise"),
        )

    def finish(self) -> None:
        if self.faults:
            raise FaultsError(
                f"The stored plan {self.plan!r} cannot be read: {self.faults[0].where}: {self.faults[0].what}",
                self.faults,
                way_out="Undo the last change of the plan, or write it anew.",
            )
