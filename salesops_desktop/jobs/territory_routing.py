"""Routing: rules made from a scenario and kept with it, and the accounts and leads they give to people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_records import (
    account_rows,
    families_of,
    known_records,
    lead_rows,
    new_records,
    us_codes,
)
from salesops_desktop.jobs.territory_routing_reports import RouteReport, RulesReport, route_report, rules_report
from salesops_desktop.jobs.territory_seats import Seats, load_seats
from salesops_desktop.model.enums import LeadStatus
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.progress import Progress
from salesops_desktop.territory.routing import Anchors, Records, Routing, Rule, RuleKind, Ruleset, route
from salesops_desktop.territory.routing_rules import MadeRules, back_test, make_rules, uncovered

__all__ = ["RouteReport", "Routed", "RulesReport", "make_routing_rules", "route_records"]

_CLOSED = (LeadStatus.CONVERTED.value, LeadStatus.REJECTED.value)


class Routed(StrEnum):
    """What is to be routed."""

    ALL = "all"
    ACCOUNTS = "accounts"
    LEADS = "leads"


@job(
    "territories rules",
    title="Make routing rules",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories rules company.salesops 1", "territories rules company.salesops 1 --majority 90"),
)
def make_routing_rules(
    context: JobContext, scenario: int = 0, *, majority: float = 80.0, holdout: float = 20.0, seed: int = 1
) -> RulesReport:
    """Turn a scenario into the fewest readable rules that reproduce it, and keep them with it.

    Rules look at named accounts, families, postal codes, cities, states and countries, in this order; what they do not
    cover goes by position or by turns. Conflicts, uncovered places and a back-test are reported.

    Args:
        scenario: its number in the list; 0 for today's owners, whose rules are shown and not kept.
        majority: per cent of a state's or country's accounts that must be in one territory to make it the territory's.
        holdout: per cent of the accounts that are held back to try the rules on.
        seed: of which accounts are held back.
    """
    if not 50 < majority <= 100 or not 0 < holdout < 100:
        raise InputRefusedError(
            f"A majority of {majority:g} % with {holdout:g} % held back makes no sense.",
            way_out="Give a majority above 50 % and hold back more than nothing and less than all.",
        )
    with context.workspace.read() as connection:
        seats = load_seats(connection, scenario, context.progress)
        known = known_records(seats)
        territory = seats.accounts["seat"].to_numpy(np.intp)
        context.progress(0, 0, "Making rules")
        made = make_rules(known, territory, majority=majority / 100)
        context.progress(0, 0, "Trying them on accounts held back")
        test = back_test(known, territory, holdout=holdout / 100, seed=seed, majority=majority / 100)
        context.progress(0, 0, "Looking for what is not covered")
        accounts = account_rows(connection)
        leads = lead_rows(connection, accounts)
        asked = new_records(leads, families_of(accounts))
    open_places = uncovered(made.ruleset, {"US": us_codes()}, _states(known, asked))
    sample = route(made.ruleset, asked, _places(seats)) if len(asked) else None
    stored = bool(scenario) and _keep(context, seats, made)
    return rules_report(seats, known, made, test, open_places, sample, stored=stored)


def _states(*groups: Records) -> dict[str, list[str]]:
    """The states that accounts and leads come from, by country; ``""`` for those without."""
    found: dict[str, set[str]] = {}
    for records in groups:
        for country, state in zip(records.country, records.state, strict=True):
            if country:
                found.setdefault(country, set()).add(state)
    return {country: sorted(states) for country, states in found.items()}


def _places(seats: Seats) -> dict[int, int]:
    """The territory of each known account."""
    pairs = zip(seats.accounts["id"], seats.accounts["seat"], strict=True)
    return {int(account): int(seat) for account, seat in pairs if seat >= 0}


def _keep(context: JobContext, seats: Seats, made: MadeRules) -> bool:
    """Store the rules in the place of those the scenario had."""
    ids, names = seats.keys, seats.names
    rows = []
    for position, rule in enumerate(made.ruleset.rules, 1):
        definition = rule.definition() | {"scope_field": made.ruleset.scope_field}
        # By name: a copy of the scenario has territories of other numbers.
        definition["shares"] = [[names[territory], weight] for territory, weight in rule.shares]
        territory = ids[rule.territory] if rule.territory >= 0 else None
        rows.append((seats.scenario, position, rule.kind.value, json.dumps(definition, ensure_ascii=False), territory))
    with context.workspace.action(f"Make routing rules: {seats.name}", kind="job") as unit:
        unit.connection.exec_driver_sql("DELETE FROM routing_rule WHERE scenario_id = ?", (seats.scenario,))
        unit.connection.exec_driver_sql(
            "INSERT INTO routing_rule (scenario_id, position, kind, definition, territory_id) VALUES (?, ?, ?, ?, ?)",
            rows,
        )
    context.changed("routing_rule")
    return True


def _kept(connection: Connection, seats: Seats) -> Ruleset | None:
    """The rules that are kept with a scenario; None where there are none."""
    rows = connection.exec_driver_sql(
        "SELECT kind, definition, territory_id FROM routing_rule WHERE scenario_id = ? ORDER BY position",
        (seats.scenario,),
    ).fetchall()
    if not rows:
        return None
    place = {key: i for i, key in enumerate(seats.keys)}
    named = {name: i for i, name in enumerate(seats.names)}
    rules, field = [], ""
    for kind, text, territory in rows:
        told = json.loads(text)
        field = str(told["scope_field"])
        shares = tuple((named[name], int(weight)) for name, weight in told["shares"] if name in named)
        rules.append(
            Rule(
                RuleKind(kind), -1 if territory is None else place[int(territory)], told["scope"], told["country"],
                tuple(told["values"]), shares, int(told["accounts"]), int(told["agree"]),
            )
        )  # fmt: skip
    known = known_records(seats)
    here = np.flatnonzero(seats.accounts["seat"].to_numpy(np.intp) >= 0)
    taken = known.take(here)
    where = seats.accounts["seat"].to_numpy(np.intp)[here]
    return Ruleset(tuple(rules), field, Anchors(taken.latitude, taken.longitude, where, taken.scope(field)))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records of one kind with what the rules decided."""

    what: str
    rows: pd.DataFrame
    records: Records
    found: Routing


@job(
    "territories route",
    title="Route accounts and leads",
    group="territories",
    needs=Needs.WRITE,
    examples=(
        "territories route company.salesops 1",
        "territories route company.salesops 1 --what leads --all-open --apply",
    ),
)
def route_records(
    context: JobContext, scenario: int = 0, *, what: Routed = Routed.ALL, apply: bool = False, all_open: bool = False
) -> RouteReport:
    """Give accounts and leads that nobody owns a territory by the scenario's rules, and show what decided and why.

    Args:
        scenario: its number in the list; 0 for today's owners.
        what: all, accounts or leads.
        apply: make the territories' people the owners, as one action; otherwise nothing is changed.
        all_open: open leads that have an owner, too.
    """
    with context.workspace.read() as connection:
        seats = load_seats(connection, scenario, context.progress)
        context.progress(0, 0, "Reading the rules")
        ruleset, fresh = _kept(connection, seats) if scenario else None, False
        if ruleset is None:
            known = known_records(seats)
            ruleset, fresh = make_rules(known, seats.accounts["seat"].to_numpy(np.intp)).ruleset, True
        batches = _batches(connection, seats, ruleset, what, context.progress, all_open=all_open)
    if not any(len(batch.rows) for batch in batches):
        raise NothingToDoError("Nobody is waiting to be routed: every account and open lead has an owner.")
    applied = _apply(context, seats, ruleset, batches) if apply else 0
    told = [(batch.what, batch.rows, batch.found) for batch in batches]
    return route_report(seats, ruleset, told, applied=applied, fresh=fresh)


def _batches(
    connection: Connection, seats: Seats, ruleset: Ruleset, what: Routed, progress: Progress, *, all_open: bool
) -> list[_Batch]:
    accounts = account_rows(connection)
    families = families_of(accounts)
    places = _places(seats)
    batches = []
    if what in (Routed.ALL, Routed.ACCOUNTS):
        progress(0, 0, "Routing accounts")
        waiting = accounts["owner_id"].isna()
        if seats.scenario:
            waiting |= ~accounts["id"].isin(places)
        rows = accounts[waiting].reset_index(drop=True)
        batches.append(_routed("account", rows, families, ruleset, places))
    if what in (Routed.ALL, Routed.LEADS):
        progress(0, 0, "Routing leads")
        leads = lead_rows(connection, accounts)
        waiting = ~leads["status"].isin(_CLOSED)
        if not all_open:
            waiting &= leads["owner_id"].isna()
        batches.append(_routed("lead", leads[waiting].reset_index(drop=True), families, ruleset, places))
    return batches


def _routed(
    what: str, rows: pd.DataFrame, families: Mapping[int, int], ruleset: Ruleset, places: Mapping[int, int]
) -> _Batch:
    records = new_records(rows, families)
    return _Batch(what, rows, records, route(ruleset, records, places))


def _apply(context: JobContext, seats: Seats, ruleset: Ruleset, batches: list[_Batch]) -> int:
    """Make the people the owners of what was routed to them; new accounts enter the scenario."""
    people, keys = seats.people(), seats.keys
    places = _places(seats)
    owners: dict[str, list[tuple[int, int, int]]] = {"account": [], "lead": []}
    entering = []
    for batch in batches:
        for number, owner, seat, rule in zip(
            batch.rows["id"], batch.rows["owner_id"], batch.found.territory, batch.found.rule, strict=True
        ):
            if seat < 0:
                continue
            person = people[int(seat)]
            if person is not None and (batch.what == "lead" or pd.isna(owner)):
                owners[batch.what].append((person, int(number), person))
            if batch.what == "account" and seats.scenario and int(number) not in places:
                kind = ruleset.rules[int(rule)].kind.value if rule >= 0 else "known"
                entering.append((seats.scenario, int(number), keys[int(seat)], f"rule: {kind}"))
    count = 0
    with context.workspace.action(f"Route accounts and leads: {seats.name}", kind="job") as unit:
        for table, changes in owners.items():
            for change in changes:
                statement = f"UPDATE {table} SET owner_id = ? WHERE id = ? AND owner_id IS NOT ?"
                count += unit.connection.exec_driver_sql(statement, change).rowcount
        if entering:
            unit.connection.exec_driver_sql(
                "INSERT INTO assignment (scenario_id, account_id, territory_id, locked, reason) VALUES (?, ?, ?, 0, ?)",
                entering,
            )
    context.changed("account", "lead", *(["assignment"] if entering else []))
    return count
