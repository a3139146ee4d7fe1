"""From a design to the fewest readable rules that reproduce it on every known account."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from salesops_desktop.territory.postal import longest_prefix, minimal_prefixes, ranges
from salesops_desktop.territory.problem import Indices
from salesops_desktop.territory.routing import FALLBACKS, Anchors, Records, Routing, Rule, RuleKind, Ruleset, route

ORDER = tuple(RuleKind)
PURE = 0.95
"""A territory whose accounts are so much of one segment belongs to it."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One key that the design gives to several territories; the first has the most accounts and gets the rule."""

    kind: RuleKind
    scope: str
    country: str
    key: str
    territories: tuple[tuple[int, int], ...]
    """(territory, accounts), most accounts first."""


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A known account that had to be named because the rules would send it elsewhere."""

    row: int
    territory: int
    otherwise: int
    """Where the rules would send it; -1 for nowhere."""
    why: str


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Places no rule of the design covers: records from there go by position or by turns."""

    what: str
    country: str
    keys: tuple[str, ...]
    """Ranges of postal prefixes, or states; empty for the country as a whole."""
    count: int


@dataclass(frozen=True, slots=True)
class MadeRules:
    """Rules with what they could not say."""

    ruleset: Ruleset
    conflicts: tuple[Conflict, ...]
    exceptions: tuple[Exceptional, ...]


def shortest_prefix(country: str) -> int:
    """How much of a postal code a rule must at least name: the sorting area.

    The first three digits of a US code are a sectional centre; of other codes the first two characters are an area
    of like size (a British town, a German or French department).
    """
    return 3 if country in ("US", "PR") else 2


def make_rules(known: Records, territory: Indices, *, majority: float = 0.8) -> MadeRules:
    """Compress a design into rules.

    Postal codes go to the territory of most of their accounts and are joined to the fewest prefixes; accounts without
    a code go by city; a state or country gets a rule where at least ``majority`` of its accounts are in one territory,
    and is shared by turns otherwise. Where the design divides by segment or industry first, and rules become fewer by
    saying so, each has its own rules. Families that the rules would send elsewhere are named as a whole, the accounts
    still left one by one. So the rules reproduce the design on every known account.

    Args:
        known: the accounts.
        territory: the territory of each, -1 for none (these say nothing), [n].
        majority: share of a state's or country's accounts that makes it one territory's.
    """
    here = np.flatnonzero(territory >= 0)
    records, where = known.take(here), territory[here]
    made = [
        _made(records, where, field, majority)
        for field in ("", "segment", "industry")
        if not field or _divides(records.scope(field), where)
    ]
    best = min(made, key=lambda m: len(m.exceptions) + sum(len(r.values) for r in m.ruleset.rules))
    exceptions = tuple(replace(e, row=int(here[e.row])) for e in best.exceptions)
    return replace(best, exceptions=exceptions)


def _divides(values: Sequence[str], where: Indices) -> bool:
    """Whether a design divides by this column: every account has a value, and every territory lives in one."""
    if not all(values) or len(set(values)) < 2:
        return False
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for value, territory in zip(values, where.tolist(), strict=True):
        counts[territory][value] += 1
    return all(max(c.values()) >= PURE * c.total() for c in counts.values())


def _made(records: Records, where: Indices, field: str, majority: float) -> MadeRules:
    scopes = records.scope(field)
    anchors = Anchors(records.latitude, records.longitude, where, scopes)
    rules: list[Rule] = []
    conflicts: list[Conflict] = []
    for scope in sorted(set(scopes)):
        rows = np.array([i for i, value in enumerate(scopes) if value == scope], dtype=np.intp)
        in_territories = set(where[rows].tolist())
        if field and len(in_territories) == 1:
            rules.append(Rule(RuleKind.SEGMENT, int(where[rows[0]]), values=(scope,)))
            continue
        countries = [records.country[i] for i in rows]
        for country in sorted(set(countries) - {""}):
            members = rows[[value == country for value in countries]]
            more, torn = _of_country(records, where, members, scope, country, majority)
            rules += more
            conflicts += torn
    rules.append(Rule(RuleKind.NEAREST, -1))
    ruleset = Ruleset(_ordered(rules), field, anchors)
    found = route(ruleset, records)
    families = _families(records, where, found)
    if families:
        ruleset = replace(ruleset, rules=_ordered([*families, *ruleset.rules]))
        found = route(ruleset, records)
    named, exceptions = _named(records, where, ruleset, found)
    ruleset = replace(ruleset, rules=_ordered([*named, *ruleset.rules]))
    return MadeRules(_counted(ruleset, records, where), tuple(conflicts), tuple(exceptions))


def _ordered(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda r: (ORDER.index(r.kind), r.scope, r.country, r.territory, r.values)))


def _of_country(
    records: Records, where: Indices, rows: Indices, scope: str, country: str, majority: float
) -> tuple[list[Rule], list[Conflict]]:
    """Rules and conflicts of one country in one scope."""
    whole = Counter(where[rows].tolist())
    of_state: dict[str, Counter[int]] = defaultdict(Counter)
    codes: dict[str, Counter[int]] = defaultdict(Counter)
    cities: dict[str, Counter[int]] = defaultdict(Counter)
    state_of: dict[str, set[str]] = defaultdict(set)
    for i in rows.tolist():
        territory, state, code = int(where[i]), records.state[i], records.postal_code[i]
        of_state[state][territory] += 1
        if code:
            codes[code][territory] += 1
            state_of[code].add(state)
        elif records.city[i]:
            cities[f"{state}/{records.city[i]}"][territory] += 1
    land = _most(whole, majority)
    states = {name: t for name, votes in of_state.items() if name and (t := _most(votes, majority)) not in (None, land)}
    # What a record gets that has no more than its state: a longer rule must say something else.
    default = {name: states.get(name, land) for name in of_state}
    made = [Rule(RuleKind.COUNTRY, land, scope, country)] if land is not None else []
    made += _grouped(RuleKind.STATE, states, scope, country)
    made += _postal(codes, state_of, default, scope, country)
    decided = {key: _leader(votes) for key, votes in cities.items()}
    kept = {key: t for key, t in decided.items() if t != default.get(key.partition("/")[0])}
    made += _grouped(RuleKind.CITY, kept, scope, country)
    made += _turns(whole, of_state, {name for name in of_state if default[name] is not None}, land, scope, country)
    torn = [
        Conflict(kind, scope, country, key.removeprefix("/"), tuple(sorted(votes.items(), key=lambda v: (-v[1], v[0]))))
        for kind, group in ((RuleKind.POSTAL, codes), (RuleKind.CITY, cities))
        for key, votes in sorted(group.items())
        if len(votes) > 1
    ]
    return made, torn


def _leader(votes: Counter[int]) -> int:
    return min(votes, key=lambda t: (-votes[t], t))


def _most(votes: Counter[int], majority: float) -> int | None:
    leader = _leader(votes)
    return leader if votes[leader] >= majority * votes.total() else None


def _grouped(kind: RuleKind, decided: Mapping[str, int], scope: str, country: str) -> list[Rule]:
    by_territory: dict[int, list[str]] = defaultdict(list)
    for key, territory in decided.items():
        by_territory[territory].append(key)
    return [Rule(kind, t, scope, country, tuple(sorted(keys))) for t, keys in sorted(by_territory.items())]


def _postal(
    codes: Mapping[str, Counter[int]],
    state_of: Mapping[str, set[str]],
    default: Mapping[str, int | None],
    scope: str,
    country: str,
) -> list[Rule]:
    """The fewest prefixes; those that say no more than the rules for states and the country are left out."""
    decided = {code: _leader(votes) for code, votes in codes.items()}
    weight = {code: votes.total() for code, votes in codes.items()}
    prefixes = minimal_prefixes(decided, shortest_prefix(country), weight)
    needed: set[str] = set()
    for code, territory in decided.items():
        prefix = longest_prefix(prefixes, code)
        if prefix is not None and any(default.get(state) != territory for state in state_of[code]):
            needed.add(prefix)
            # A shorter prefix above a needed one shields the codes between them: keep the whole branch.
            needed.update(p for p in prefixes if prefix.startswith(p))
    branches = {p[: shortest_prefix(country)] for p in needed}
    kept = {p: t for p, t in prefixes.items() if p[: shortest_prefix(country)] in branches}
    return _grouped(RuleKind.POSTAL, kept, scope, country)


def _turns(
    whole: Counter[int],
    of_state: Mapping[str, Counter[int]],
    covered: set[str],
    land: int | None,
    scope: str,
    country: str,
) -> list[Rule]:
    """States and countries that several territories share."""
    made = [
        Rule(RuleKind.TURNS, -1, scope, country, (name,), tuple(sorted(votes.items())))
        for name, votes in sorted(of_state.items())
        if name and name not in covered
    ]
    if land is None:
        made.append(Rule(RuleKind.TURNS, -1, scope, country, (), tuple(sorted(whole.items()))))
    return made


def _families(records: Records, where: Indices, found: Routing) -> list[Rule]:
    """Families of two and more that the design keeps together and the rules would tear or move."""
    members: dict[int, list[int]] = defaultdict(list)
    for i, family in enumerate(records.family.tolist()):
        if family >= 0:
            members[family].append(i)
    wanted: dict[str, int] = {}
    for family, rows in members.items():
        together = len({int(where[i]) for i in rows}) == 1
        if len(rows) > 1 and together and any(_goes_wrong(found, where, i) for i in rows):
            wanted[str(family)] = int(where[rows[0]])
    return _grouped(RuleKind.FAMILY, wanted, "", "")


def _goes_wrong(found: Routing, where: Indices, row: int) -> bool:
    return bool(found.territory[row] != where[row])


def _named(records: Records, where: Indices, ruleset: Ruleset, found: Routing) -> tuple[list[Rule], list[Exceptional]]:
    """The accounts that the rules would send elsewhere, or that come to the right place by turns only."""
    named: dict[str, int] = {}
    exceptions = []
    for i in range(len(records)):
        by_turns = found.rule[i] >= 0 and ruleset.rules[int(found.rule[i])].kind is RuleKind.TURNS
        if not by_turns and not _goes_wrong(found, where, i):
            continue
        named[str(int(records.account[i]))] = int(where[i])
        exceptions.append(Exceptional(i, int(where[i]), int(found.territory[i]), found.why[i]))
    return _grouped(RuleKind.ACCOUNT, named, "", ""), exceptions


def _counted(ruleset: Ruleset, records: Records, where: Indices) -> Ruleset:
    """The rules with how many accounts each decides, and how many of those the design has there."""
    found = route(ruleset, records)
    decided = np.bincount(found.rule[found.rule >= 0], minlength=len(ruleset.rules))
    right = found.rule[(found.rule >= 0) & (found.territory == where)]
    agreed = np.bincount(right, minlength=len(ruleset.rules))
    rules = tuple(
        replace(rule, accounts=int(n), agree=int(m)) for rule, n, m in zip(ruleset.rules, decided, agreed, strict=True)
    )
    return replace(ruleset, rules=rules)


def uncovered(
    ruleset: Ruleset, codes: Mapping[str, Sequence[str]], states: Mapping[str, Sequence[str]]
) -> list[Uncovered]:
    """Places of which the design says nothing.

    Args:
        ruleset: the rules.
        codes: all postal codes of countries where they are known.
        states: states by country that records come from; ``""`` stands for a country without states.
    """
    ruled = [rule for rule in ruleset.rules if rule.kind not in FALLBACKS]
    whole = {rule.country for rule in ruled if rule.kind is RuleKind.COUNTRY}
    has = {(rule.country, value) for rule in ruled if rule.kind is RuleKind.STATE for value in rule.values}
    shared = {
        (rule.country, value) for rule in ruleset.rules if rule.kind is RuleKind.TURNS for value in rule.values or ("",)
    }
    found = []
    for country, known in sorted(codes.items()):
        prefixes = {p for r in ruled if r.kind is RuleKind.POSTAL and r.country == country for p in r.values}
        if country in whole or not prefixes:
            continue
        rules = dict.fromkeys(prefixes, 0)
        open_codes = [code for code in known if longest_prefix(rules, code) is None]
        areas = {code[: shortest_prefix(country)] for code in open_codes}
        if areas:
            found.append(Uncovered("postal codes", country, tuple(ranges(areas)), len(open_codes)))
    for country, names in sorted(states.items()):
        if country in whole:
            continue
        lacking = sorted({name for name in names if name and (country, name) not in has})
        untold = [name for name in lacking if (country, name) not in shared]
        if untold:
            found.append(Uncovered("states without accounts", country, tuple(untold), len(untold)))
        turning = [name for name in lacking if (country, name) in shared]
        if turning:
            found.append(Uncovered("states shared by turns", country, tuple(turning), len(turning)))
        if not any(r.country == country for r in ruleset.rules):
            found.append(Uncovered("country without accounts", country, (), 1))
        elif (country, "") in shared:
            found.append(Uncovered("country shared by turns", country, (), 1))
    return found


@dataclass(frozen=True, slots=True)
class BackTest:
    """Rules made from a part of the accounts, tried on the others.

    Attributes:
        made_from: how many accounts the rules were made from.
        tried_on: how many they were tried on.
        agreement: share of these that land where the design has them.
        by_kind: per kind of rule (None: none fitted), (accounts decided, of them in agreement).
        nearest: the agreement when the nearest account alone decides: what the rules should not fall far below.
    """

    made_from: int
    tried_on: int
    agreement: float
    by_kind: Mapping[RuleKind | None, tuple[int, int]]
    nearest: float


def back_test(
    known: Records, territory: Indices, *, holdout: float = 0.2, seed: int = 1, majority: float = 0.8
) -> BackTest:
    """Make rules from most of the accounts and route the rest.

    Args:
        known: the accounts.
        territory: the territory of each, -1 for none, [n].
        holdout: share of the accounts that are held back.
        seed: of which ones.
        majority: as for :func:`make_rules`.
    """
    here = np.flatnonzero(territory >= 0)
    chosen = np.random.default_rng(seed).permutation(here)
    size = min(max(round(holdout * len(here)), 1), len(here) - 1) if len(here) > 1 else 0
    held, kept = np.sort(chosen[:size]), np.sort(chosen[size:])
    if not size:
        return BackTest(len(kept), 0, float("nan"), {}, float("nan"))
    ruleset = make_rules(known.take(kept), territory[kept], majority=majority).ruleset
    asked = known.take(held)
    found = route(ruleset, asked)
    right = found.territory == territory[held]
    by_kind: dict[RuleKind | None, tuple[int, int]] = {}
    for row, ok in zip(found.rule.tolist(), right.tolist(), strict=True):
        kind = ruleset.rules[row].kind if row >= 0 else None
        count, agree = by_kind.get(kind, (0, 0))
        by_kind[kind] = (count + 1, agree + int(ok))
    alone = Ruleset((Rule(RuleKind.NEAREST, -1),), ruleset.scope_field, ruleset.anchors)
    nearest = float((route(alone, asked).territory == territory[held]).mean())
    return BackTest(len(kept), len(held), float(right.mean()), by_kind, nearest)
