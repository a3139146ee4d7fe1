"""Routing rules and what they decided, as tables and sentences."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_desktop.jobs.territory_seats import Seats
from salesops_desktop.model.gazetteer import load_gazetteer
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.territory.routing import Records, Routing, Rule, RuleKind, Ruleset
from salesops_desktop.territory.routing_rules import BackTest, MadeRules, Uncovered

_T, _I, _F = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.FRACTION

_ORDER_SAID = (
    "Rules are asked in this order: named account, account family, segment, postal code (the longest prefix), city, "
    "state, country; then the nearest known account where the place is known well; then turns among those who share "
    "the state or country; at last the nearest account to a rough place."
)


@dataclass(frozen=True, slots=True)
class RulesReport:
    """The rules of a scenario, or of today's owners (``scenario`` 0).

    Attributes:
        scenario: the scenario's number.
        name: what it is called.
        stored: whether the rules are kept with the scenario.
        rules: one row per rule, in the order in which they are asked; keys are territory ids, -1 for none.
        exceptions: accounts that had to be named; keys are account ids.
        conflicts: postal codes and cities that several territories share.
        uncovered: places without a rule.
        backtest: per kind of rule, how the accounts held back fared.
        agreement: share of the accounts held back that land where the design has them; NaN where none were.
        sentences: what a reader should know.
    """

    scenario: int
    name: str
    stored: bool
    rules: Table
    exceptions: Table
    conflicts: Table
    uncovered: Table
    backtest: Table
    agreement: float
    sentences: tuple[str, ...]

    def summary(self) -> Sequence[str]:
        """How many rules, how good they are, what they leave open."""
        return self.sentences

    def tables(self) -> Sequence[Table]:
        """Rules, back-test, exceptions, conflicts, uncovered; those that have rows."""
        every = (self.rules, self.backtest, self.exceptions, self.conflicts, self.uncovered)
        return [table for table in every if len(table)]


@dataclass(frozen=True, slots=True)
class RouteReport:
    """Accounts and leads with the territory the rules gave them.

    Attributes:
        scenario: the scenario's number, 0 for today's owners.
        name: what it is called.
        applied: how many owners were changed; 0 for a preview.
        records: one row per record that got a territory; keys are row ids, the kind is in column ``what``.
        unrouted: one row per record that got none; keys are row ids.
        by_rule: how many records each kind of rule decided.
        sentences: what a reader should know.
    """

    scenario: int
    name: str
    applied: int
    records: Table
    unrouted: Table
    by_rule: Table
    sentences: tuple[str, ...]

    def summary(self) -> Sequence[str]:
        """How many were routed, and what decided."""
        return self.sentences

    def tables(self) -> Sequence[Table]:
        """By rule, records, unrouted; those that have rows."""
        return [table for table in (self.by_rule, self.records, self.unrouted) if len(table)]


def rules_report(
    seats: Seats,
    known: Records,
    made: MadeRules,
    test: BackTest,
    open_places: Sequence[Uncovered],
    sample: Routing | None,
    *,
    stored: bool,
) -> RulesReport:
    """Tell rules in tables and sentences."""
    return RulesReport(
        seats.scenario,
        seats.name,
        stored,
        _rules(seats, known, made.ruleset),
        _exceptions(seats, known, made),
        _conflicts(seats, made),
        _uncovered(open_places),
        _backtest(test),
        test.agreement,
        tuple(_rule_sentences(seats, made, test, open_places, sample, stored=stored)),
    )


def _rules(seats: Seats, known: Records, ruleset: Ruleset) -> Table:
    specs = [
        ColumnSpec("position", "No.", _I),
        ColumnSpec("kind", "Looks at", _T),
        ColumnSpec("condition", "Where it is", _T),
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("person", "Person", _T),
        ColumnSpec("accounts", "Accounts decided", _I),
        ColumnSpec("agree", "As in the design", _I),
    ]
    names = {str(int(account)): name for account, name in zip(known.account, known.names, strict=True)}
    people, keys = seats.text("person"), seats.keys

    def name_of(number: str) -> str:
        return names.get(number, f"account {number}")

    rows = []
    for position, rule in enumerate(ruleset.rules, 1):
        alone = rule.territory >= 0
        territory = seats.names[rule.territory] if alone else _sharers(seats, rule)
        rows.append(
            (
                position, rule.kind.value, rule.condition(name_of), territory,
                people[rule.territory] if alone else None, rule.accounts, rule.agree,
            )
        )  # fmt: skip
    table = build_table("Rules", specs, rows, entity="territory" if seats.scenario else "person", notes=(_ORDER_SAID,))
    numbers = [keys[rule.territory] if rule.territory >= 0 else -1 for rule in ruleset.rules]
    return dataclasses.replace(table, keys=np.array(numbers, dtype=np.int64))


def _sharers(seats: Seats, rule: Rule) -> str | None:
    """Those who take turns, with their parts."""
    whole = sum(weight for _, weight in rule.shares)
    if not whole:
        return None
    largest = sorted(rule.shares, key=lambda share: (-share[1], share[0]))
    shown = ", ".join(f"{seats.names[territory]} {weight / whole:.0%}" for territory, weight in largest[:5])
    return shown + (f" and {len(largest) - 5} more" if len(largest) > 5 else "")


def _exceptions(seats: Seats, known: Records, made: MadeRules) -> Table:
    specs = [
        ColumnSpec("account", "Account", _T),
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("otherwise", "Rules alone", _T),
        ColumnSpec("why", "By", _T),
    ]
    rows = [
        (
            known.names[e.row],
            seats.names[e.territory],
            seats.names[e.otherwise] if e.otherwise >= 0 else None,
            e.why,
        )
        for e in made.exceptions
    ]
    table = build_table("Named accounts", specs, rows, entity="account")
    return dataclasses.replace(table, keys=np.array([known.account[e.row] for e in made.exceptions], dtype=np.int64))


def _conflicts(seats: Seats, made: MadeRules) -> Table:
    specs = [
        ColumnSpec("kind", "Kind", _T),
        ColumnSpec("country", "Country", _T),
        ColumnSpec("key", "Key", _T),
        ColumnSpec("territory", "Decided for", _T),
        ColumnSpec("accounts", "Its accounts", _I),
        ColumnSpec("others", "Others", _T),
        ColumnSpec("named", "Accounts of others", _I),
    ]
    rows = []
    for conflict in made.conflicts:
        (first, count), *others = conflict.territories
        told = ", ".join(f"{seats.names[territory]} ({number})" for territory, number in others)
        key = f"{conflict.scope}: {conflict.key}" if conflict.scope else conflict.key
        named = sum(number for _, number in others)
        rows.append((conflict.kind.value, conflict.country, key, seats.names[first], count, told, named))
    return build_table("Conflicts", specs, rows)


def _uncovered(places: Sequence[Uncovered]) -> Table:
    specs = [
        ColumnSpec("what", "What", _T),
        ColumnSpec("country", "Country", _T),
        ColumnSpec("places", "Where", _T),
        ColumnSpec("count", "Number", _I),
    ]
    gazetteer = load_gazetteer()
    rows = [(place.what, gazetteer.country_name(place.country), ", ".join(place.keys), place.count) for place in places]
    return build_table("Without a rule", specs, rows)


def _backtest(test: BackTest) -> Table:
    specs = [
        ColumnSpec("kind", "Decided by", _T),
        ColumnSpec("records", "Accounts held back", _I),
        ColumnSpec("agree", "As in the design", _I),
        ColumnSpec("share", "Share", _F, digits=1),
    ]
    order: dict[RuleKind | None, int] = {kind: i for i, kind in enumerate(RuleKind)}
    rows = [
        ("nothing" if kind is None else kind.value, count, agree, agree / count)
        for kind, (count, agree) in sorted(test.by_kind.items(), key=lambda item: order.get(item[0], 99))
    ]
    return build_table("Back-test", specs, rows)


def _rule_sentences(
    seats: Seats,
    made: MadeRules,
    test: BackTest,
    places: Sequence[Uncovered],
    sample: Routing | None,
    *,
    stored: bool,
) -> list[str]:
    ruleset = made.ruleset
    kinds = Counter(rule.kind for rule in ruleset.rules)
    parts = ", ".join(f"{kinds[kind]} by {kind.value}" for kind in RuleKind if kinds[kind])
    prefixes = sum(len(rule.values) for rule in ruleset.rules if rule.kind is RuleKind.POSTAL)
    kept = "kept with the scenario" if stored else "shown only; rules are kept with a scenario"
    said = [f"{seats.name}: {len(ruleset.rules):,} rules for {len(seats.territories):,} territories ({parts}), {kept}."]
    if prefixes:
        codes = sum(1 for seat, code in zip(seats.accounts["seat"], seats.accounts["postal_code"], strict=True)
                    if seat >= 0 and not pd.isna(code))  # fmt: skip
        said.append(f"{codes:,} accounts with a postal code are told apart by {prefixes:,} prefixes.")
    known = int((seats.accounts["seat"] >= 0).sum())
    if known:
        said.append(
            f"On all {known:,} known accounts the rules give the design's territory; {len(made.exceptions):,} of them "
            f"({len(made.exceptions) / known:.1%}) had to be named."
        )
    if ruleset.scope_field:
        said.append(f"The design divides by {ruleset.scope_field} first: each has rules of its own.")
    if not math.isnan(test.agreement):
        said.append(
            f"Back-test: rules made from {test.made_from:,} accounts send {test.agreement:.1%} of the other "
            f"{test.tried_on:,} where the design has them (the nearest account alone: {test.nearest:.1%})."
        )
    if made.conflicts:
        said.append(f"{len(made.conflicts):,} postal codes or cities lie in several territories; most accounts decide.")
    if places:
        where = ", ".join(sorted({place.what for place in places}))
        said.append(f"Without a rule of their own: {where}; they are listed.")
    if sample is not None:
        said.append(
            f"{sample.fallback(ruleset):.1%} of the workspace's leads have no rule and go by position or turns."
        )
    return [*said, _ORDER_SAID]


def route_report(
    seats: Seats,
    ruleset: Ruleset,
    batches: Sequence[tuple[str, pd.DataFrame, Routing]],
    *,
    applied: int,
    fresh: bool,
) -> RouteReport:
    """Tell what the rules decided."""
    names, people = seats.names, seats.text("person")
    routed: list[tuple[object, ...]] = []
    lost: list[tuple[object, ...]] = []
    keys: list[int] = []
    lost_keys: list[int] = []
    kinds: Counter[str] = Counter()
    for what, rows, found in batches:
        columns = [rows[name] for name in ("id", "name", "company", "country", "state", "city", "postal_code")]
        for i, (number, *values) in enumerate(zip(*columns, strict=True)):
            told = [None if pd.isna(value) else str(value) for value in values]
            seat, rule = int(found.territory[i]), int(found.rule[i])
            if seat < 0:
                lost.append((what, told[0], found.why[i]))
                lost_keys.append(int(number))
                kinds["nothing"] += 1
                continue
            kind = ruleset.rules[rule].kind.value if rule >= 0 else "known account"
            kinds[kind] += 1
            routed.append((what, *told, names[seat], people[seat], kind, found.why[i]))
            keys.append(int(number))
    total = len(routed) + len(lost)
    said = [f"{seats.name}: {len(routed):,} of {total:,} records have a territory; {_did(applied)}."]
    if fresh:
        said.append("The rules were made for this; the scenario keeps none yet." if seats.scenario else
                    "The rules follow from today's owners.")  # fmt: skip
    weak = sum(kinds[kind] for kind in (RuleKind.NEAREST.value, RuleKind.TURNS.value, "nothing"))
    said.append(f"{weak / total:.1%} went by position, by turns or nowhere: no rule of the design covers them.")
    return RouteReport(
        seats.scenario,
        seats.name,
        applied,
        dataclasses.replace(_routed_table(routed), keys=np.array(keys, dtype=np.int64)),
        dataclasses.replace(_lost_table(lost), keys=np.array(lost_keys, dtype=np.int64)),
        _kinds_table(kinds, total),
        tuple(said),
    )


def _did(applied: int) -> str:
    return f"{applied:,} have a new owner" if applied else "nothing was changed"


def _routed_table(rows: Sequence[Sequence[object]]) -> Table:
    specs = [
        ColumnSpec("what", "What", _T),
        ColumnSpec("name", "Name", _T),
        ColumnSpec("company", "Company", _T),
        ColumnSpec("country", "Country", _T),
        ColumnSpec("state", "State", _T),
        ColumnSpec("city", "City", _T),
        ColumnSpec("postal_code", "Postal code", _T),
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("person", "Person", _T),
        ColumnSpec("rule", "Decided by", _T),
        ColumnSpec("why", "Why", _T),
    ]
    return build_table("Routed", specs, rows)


def _lost_table(rows: Sequence[Sequence[object]]) -> Table:
    specs = [ColumnSpec("what", "What", _T), ColumnSpec("name", "Name", _T), ColumnSpec("why", "Why", _T)]
    return build_table("Not routed", specs, rows)


def _kinds_table(kinds: Counter[str], total: int) -> Table:
    specs = [
        ColumnSpec("rule", "Decided by", _T),
        ColumnSpec("records", "Records", _I),
        ColumnSpec("share", "Share", _F, digits=1),
    ]
    return build_table("By rule", specs, [(kind, count, count / total) for kind, count in kinds.most_common()])
