"""Routing: the rules that give tomorrow's accounts and leads a territory, and what they decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from salesops_desktop.territory.geography import EARTH_KM, unit_vectors
from salesops_desktop.territory.postal import END, longest_prefix, ranges
from salesops_desktop.territory.problem import NONE, Floats, Indices

Keys = npt.NDArray[np.int64]


class RuleKind(StrEnum):
    """What a rule looks at, in the order in which rules are asked."""

    ACCOUNT = "named account"
    FAMILY = "account family"
    SEGMENT = "segment"
    POSTAL = "postal code"
    CITY = "city"
    STATE = "state"
    COUNTRY = "country"
    NEAREST = "nearest account"
    TURNS = "turns"


FALLBACKS = (RuleKind.NEAREST, RuleKind.TURNS)


@dataclass(frozen=True, slots=True)
class Records:
    """Accounts or leads, columns of equal length; texts are ``""`` where unknown and spelled alike everywhere.

    Attributes:
        names: for sentences.
        account: the known account a record is, or belongs to; -1 for none, [n].
        family: accounts with the same number belong together, -1 for none, [n].
        country: ISO code.
        state: code.
        city: folded name.
        postal_code: letters and digits.
        segment: as the company calls it.
        industry: as the company calls it.
        latitude: degrees, NaN where not known, [n].
        longitude: degrees, [n].
        precise: whether the position is better than that of a state or country, [n].
    """

    names: Sequence[str]
    account: Keys
    family: Keys
    country: Sequence[str]
    state: Sequence[str]
    city: Sequence[str]
    postal_code: Sequence[str]
    segment: Sequence[str]
    industry: Sequence[str]
    latitude: Floats
    longitude: Floats
    precise: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: Indices) -> Records:
        """The same with ``rows`` only."""

        def texts(values: Sequence[str]) -> list[str]:
            return [values[int(i)] for i in rows]

        return Records(
            texts(self.names), self.account[rows], self.family[rows], texts(self.country), texts(self.state),
            texts(self.city), texts(self.postal_code), texts(self.segment), texts(self.industry),
            self.latitude[rows], self.longitude[rows], self.precise[rows],
        )  # fmt: skip

    def scope(self, name: str) -> Sequence[str]:
        """The column that splits the rules: ``segment``, ``industry``, or nothing at all."""
        if name == "segment":
            return self.segment
        return self.industry if name == "industry" else [""] * len(self)


@dataclass(frozen=True, slots=True)
class Rule:
    """One readable rule.

    Attributes:
        kind: what it looks at.
        territory: where it leads, -1 for rules that choose among several.
        scope: the segment or industry it is for, ``""`` for all.
        country: ISO code, ``""`` where it does not matter.
        values: prefixes, cities (``state/city``), states, or account and family numbers as text.
        shares: for turns: (territory, accounts) of those who take turns.
        accounts: known accounts it decides.
        agree: how many of them the design has in its territory.
    """

    kind: RuleKind
    territory: int
    scope: str = ""
    country: str = ""
    values: tuple[str, ...] = ()
    shares: tuple[tuple[int, int], ...] = ()
    accounts: int = 0
    agree: int = 0

    def condition(self, name_of: Callable[[str], str] = str) -> str:
        """The rule's condition for a reader.

        Args:
            name_of: the name of an account or family by its number.
        """
        match self.kind:
            case RuleKind.ACCOUNT | RuleKind.FAMILY:
                said = ", ".join(name_of(value) for value in self.values)
            case RuleKind.POSTAL:
                said = f"{self.country} {', '.join(ranges(self.values))}"
            case RuleKind.CITY:
                said = f"{self.country}: {', '.join(value.partition('/')[2] for value in self.values)}"
            case RuleKind.STATE | RuleKind.TURNS:
                said = f"{self.country} {', '.join(self.values)}".strip()
            case RuleKind.COUNTRY:
                said = self.country
            case RuleKind.NEAREST:
                said = "any place that can be found"
            case _:
                said = ", ".join(self.values)
        return f"{self.scope}: {said}" if self.scope else said

    def definition(self) -> dict[str, object]:
        """The rule as plain values for storing; territories are left to whoever stores it."""
        return {
            "scope": self.scope, "country": self.country, "values": list(self.values),
            "shares": [list(share) for share in self.shares], "accounts": self.accounts, "agree": self.agree,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Anchors:
    """Where known accounts are and in which territory: what "nearest" means."""

    latitude: Floats
    longitude: Floats
    territory: Indices
    scope: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules in the order in which they are asked; within a kind the most precise one decides.

    Attributes:
        rules: the rules.
        scope_field: ``segment`` or ``industry`` where the design divides by it first, else ``""``.
        anchors: positions of known accounts.
    """

    rules: tuple[Rule, ...]
    scope_field: str
    anchors: Anchors

    def count(self, kind: RuleKind) -> int:
        """How many rules there are of a kind."""
        return sum(rule.kind is kind for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Routing:
    """What the rules decided.

    Attributes:
        territory: per record, -1 where nothing applies, [n].
        rule: row in the rules per record, -1 for none, [n].
        why: a sentence per record.
    """

    territory: Indices
    rule: Indices
    why: tuple[str, ...]

    def fallback(self, rules: Ruleset) -> float:
        """The share of the records that no rule of the design covers: decided by position, by turns, or not at all."""
        if not len(self.rule):
            return 0.0
        weak = [int(i) < 0 or rules.rules[int(i)].kind in FALLBACKS for i in self.rule]
        return sum(weak) / len(weak)


@dataclass(slots=True)
class _Index:
    """Rules by what they look for: (kind, scope, key) to (territory, row of the rule)."""

    exact: dict[tuple[RuleKind, str, str], tuple[int, int]] = field(default_factory=dict)
    prefixes: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    """(scope, country) to rows of rules by prefix."""
    turns: dict[tuple[str, str], int] = field(default_factory=dict)
    """(scope, ``country/state``) to the row of the rule."""
    nearest: int = NONE


def _indexed(rules: Sequence[Rule]) -> _Index:
    index = _Index()
    for row, rule in enumerate(rules):
        if rule.kind is RuleKind.NEAREST:
            index.nearest = row
        elif rule.kind is RuleKind.POSTAL:
            known = index.prefixes.setdefault((rule.scope, rule.country), {})
            known.update(dict.fromkeys(rule.values, row))
        elif rule.kind is RuleKind.TURNS:
            for value in rule.values or ("",):
                index.turns[rule.scope, f"{rule.country}/{value}"] = row
        else:
            for value in rule.values or ("",):
                key = value if rule.kind in _BY_VALUE else f"{rule.country}/{value}"
                index.exact[rule.kind, rule.scope, key] = (rule.territory, row)
    return index


_BY_VALUE = (RuleKind.ACCOUNT, RuleKind.FAMILY, RuleKind.SEGMENT)


def route(ruleset: Ruleset, records: Records, known: Mapping[int, int] | None = None) -> Routing:
    """Give each record a territory by the first rule that fits, and say which one and why.

    Args:
        ruleset: the rules.
        records: accounts or leads.
        known: territory by account number: records that belong to a known account follow it before any rule.

    Returns:
        Territory, rule and reason per record. Turns are taken in the order of the records.
    """
    n = len(records)
    index = _indexed(ruleset.rules)
    scopes = records.scope(ruleset.scope_field)
    territory = np.full(n, NONE, dtype=np.intp)
    rule = np.full(n, NONE, dtype=np.intp)
    why = [""] * n
    waiting = []
    for i in range(n):
        account = int(records.account[i])
        if known is not None and account in known:
            territory[i], why[i] = known[account], "Belongs to an account that is in the territory already."
            continue
        found = _by_rule(index, records, i, scopes[i])
        if found is None:
            waiting.append(i)
        else:
            territory[i], rule[i], why[i] = found
    _fall_back(ruleset, index, records, waiting, scopes, territory, rule, why)
    return Routing(territory, rule, tuple(why))


def _by_rule(index: _Index, records: Records, i: int, scope: str) -> tuple[int, int, str] | None:
    """The territory, the rule and the reason by the rules proper."""
    country, state, city = records.country[i], records.state[i], records.city[i]
    for kind, number in ((RuleKind.ACCOUNT, records.account[i]), (RuleKind.FAMILY, records.family[i])):
        found = index.exact.get((kind, "", str(int(number)))) if number >= 0 else None
        if found is not None:
            return (*found, "Named." if kind is RuleKind.ACCOUNT else "Belongs to the family.")
    found = index.exact.get((RuleKind.SEGMENT, "", scope)) if scope else None
    if found is not None:
        return (*found, f"All of {scope}.")
    code = records.postal_code[i]
    prefixes = index.prefixes.get((scope, country), {}) if code else {}
    prefix = longest_prefix(prefixes, code)
    if prefix is not None:
        return (NONE, prefixes[prefix], f"Postal code {code}: {_prefix_said(prefix)}.")
    tries = (
        (RuleKind.CITY, f"{country}/{state}/{city}", city, f"City {city}."),
        (RuleKind.STATE, f"{country}/{state}", state, f"State {state}."),
        (RuleKind.COUNTRY, f"{country}/", country, f"Country {country}."),
    )
    for kind, key, has, said in tries:
        found = index.exact.get((kind, scope, key)) if has else None
        if found is not None:
            return (*found, said)
    return None


def _prefix_said(prefix: str) -> str:
    return "this very code" if prefix.endswith(END) else f"begins with {prefix}"


def _fall_back(
    ruleset: Ruleset,
    index: _Index,
    records: Records,
    waiting: Sequence[int],
    scopes: Sequence[str],
    territory: Indices,
    rule: Indices,
    why: list[str],
) -> None:
    """Those no rule covers: by a good position, else by turns, else by a rough position."""
    by_prefix = rule >= 0
    for i in np.flatnonzero(by_prefix & (territory == NONE)).tolist():
        territory[i] = ruleset.rules[int(rule[i])].territory
    if index.nearest < 0 and not index.turns:
        for i in waiting:
            why[i] = "No rule fits."
        return
    taken: dict[int, Counter[int]] = {}
    places = nearest_territories(ruleset.anchors, records, np.array(waiting, dtype=np.intp), scopes)
    for i, (place, km) in zip(waiting, places, strict=True):
        near = place != NONE and index.nearest >= 0
        if near and records.precise[i]:
            territory[i], rule[i], why[i] = place, index.nearest, f"The nearest account is {km:,.0f} km away."
            continue
        row = _turn_row(index, records, i, scopes[i])
        if row is not None:
            shared = ruleset.rules[row]
            counts = taken.setdefault(row, Counter())
            territory[i], rule[i] = _next_turn(shared.shares, counts), row
            counts[int(territory[i])] += 1
            why[i] = f"{shared.condition()} is shared by {len(shared.shares)} territories, which take turns."
        elif near:
            territory[i], rule[i] = place, index.nearest
            why[i] = f"Roughly placed; the nearest account is {km:,.0f} km away."
        else:
            why[i] = "No rule fits, and its place cannot be found."


def _turn_row(index: _Index, records: Records, i: int, scope: str) -> int | None:
    country, state = records.country[i], records.state[i]
    if not country:
        return None
    row = index.turns.get((scope, f"{country}/{state}")) if state else None
    return index.turns.get((scope, f"{country}/")) if row is None else row


def _next_turn(shares: Sequence[tuple[int, int]], counts: Counter[int]) -> int:
    """Who is furthest behind its share after the next turn."""
    whole = sum(weight for _, weight in shares)
    turn = sum(counts.values()) + 1
    return max(shares, key=lambda share: (share[1] * turn - counts[share[0]] * whole, -share[0]))[0]


def nearest_territories(
    anchors: Anchors, records: Records, rows: Indices, scopes: Sequence[str]
) -> list[tuple[int, float]]:
    """The territory of the nearest known account of the same scope, and how far that is in km; (-1, NaN) for none."""
    result = [(NONE, float("nan"))] * len(rows)
    here = np.isfinite(anchors.latitude) & np.isfinite(anchors.longitude)
    wanted = [scopes[int(i)] for i in rows]
    for scope in sorted(set(wanted)):
        same = np.array([not scope or value == scope for value in anchors.scope], dtype=np.bool_)
        members = np.flatnonzero(here & same)
        places = [at for at, i in enumerate(rows.tolist()) if wanted[at] == scope and np.isfinite(records.latitude[i])]
        if not len(members) or not places:
            continue
        tree = KDTree(unit_vectors(anchors.latitude[members], anchors.longitude[members]))
        asked = rows[places]
        chord, nearest = tree.query(unit_vectors(records.latitude[asked], records.longitude[asked]))
        km = 2 * EARTH_KM * np.arcsin(np.clip(chord / 2, 0, 1))
        for at, member, distance in zip(places, members[nearest].tolist(), km.tolist(), strict=True):
            result[at] = (int(anchors.territory[member]), float(distance))
    return result
