"""Routing rules: they reproduce the design on every known account, prefixes are the fewest, records get a reason."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.territory.postal import END, longest_prefix, minimal_prefixes, ranges
from salesops_desktop.territory.routing import Records, RuleKind, route
from salesops_desktop.territory.routing_rules import back_test, make_rules, uncovered


def records(rows):
    """Rows of dicts; what is missing is unknown."""

    def text(name):
        return [str(row.get(name, "")) for row in rows]

    def number(name, default):
        return np.array([row.get(name, default) for row in rows])

    return Records(
        text("name"), number("account", -1), number("family", -1), text("country"), text("state"), text("city"),
        text("postal_code"), text("segment"), text("industry"), number("latitude", np.nan).astype(float),
        number("longitude", np.nan).astype(float), number("precise", default=True),
    )  # fmt: skip


CODES = st.dictionaries(st.text("012", min_size=1, max_size=4), st.integers(0, 2), min_size=1, max_size=14)


def fewest(decided, shortest):
    """The least number of prefixes by trying everything: each prefix gets any territory or none."""
    codes = sorted(code + END for code in decided)
    territories = sorted(set(decided.values()))

    @functools.cache
    def cost(prefix, above):
        here = [code for code in codes if code.startswith(prefix)]
        options = []
        for given_ in [None, *territories]:
            now = above if given_ is None else given_
            if here == [prefix]:
                below = 0 if now == decided[prefix[:-1]] else 10**6
            else:
                below = sum(cost(longer, now) for longer in {code[: len(prefix) + 1] for code in here})
            options.append(below + (given_ is not None))
        return min(options)

    return sum(cost(root, None) for root in {code[:shortest] for code in codes})


@settings(max_examples=80, deadline=None)
@given(CODES, st.integers(1, 3))
def test_prefixes_say_the_same_and_are_the_fewest(decided, shortest):
    rules = minimal_prefixes(decided, shortest)
    for code, territory in decided.items():
        # Brute force: of all rules the code begins with, the longest.
        fitting = [prefix for prefix in rules if (code + END).startswith(prefix)]
        assert longest_prefix(rules, code) == max(fitting, key=len)
        assert rules[max(fitting, key=len)] == territory
    assert all(len(prefix) >= shortest or prefix.endswith(END) for prefix in rules)
    assert len(rules) == fewest(decided, shortest)


@given(st.sets(st.integers(0, 300)))
def test_ranges_say_what_their_members_say(numbers):
    said = ranges(f"{n:03d}" for n in numbers)
    spoken = set()
    for text in said:
        first, _, last = text.partition("-")
        spoken.update(range(int(first), int(last or first) + 1))
    assert spoken == numbers


def test_ranges_keep_lengths_apart():
    assert ranges(["100", "101", "10", "102$", "9", "SW1"]) == ["9", "10", "100-101", "102", "SW1"]


ROW = st.fixed_dictionaries(
    {
        "country": st.sampled_from(["US", "DE", ""]),
        "state": st.sampled_from(["", "NY", "CA"]),
        "city": st.sampled_from(["", "a", "b", "c"]),
        "postal_code": st.one_of(st.just(""), st.text("01", min_size=5, max_size=5)),
        "segment": st.sampled_from(["x", "y"]),
        "industry": st.sampled_from(["", "i", "j"]),
        "family": st.integers(-1, 3),
        "latitude": st.one_of(st.just(float("nan")), st.floats(-80, 80)),
        "longitude": st.floats(-170, 170),
        "precise": st.booleans(),
    }
)


@settings(max_examples=70, deadline=None)
@given(
    st.lists(st.tuples(ROW, st.integers(0, 3)), min_size=1, max_size=25), st.sampled_from([0.6, 0.8, 1.0]), st.data()
)
def test_the_rules_reproduce_the_design_on_every_known_account(rows, majority, data):
    if data.draw(st.booleans()):  # a design that divides by segment
        rows = [(row | {"segment": "xy"[t % 2]}, t) for row, t in rows]
    known = records([row | {"account": 100 + i, "name": f"A{i}"} for i, (row, _) in enumerate(rows)])
    where = np.array([t for _, t in rows], dtype=np.intp)
    made = make_rules(known, where, majority=majority)
    found = route(made.ruleset, known)
    assert found.territory.tolist() == where.tolist()
    assert all(made.ruleset.rules[i].kind is not RuleKind.TURNS for i in found.rule if i >= 0)
    assert sum(rule.agree for rule in made.ruleset.rules) == len(rows)
    assert all(found.why)
    # Named are only those that the other rules would send elsewhere.
    assert all(e.otherwise != e.territory or "turns" in e.why for e in made.exceptions)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(ROW, st.integers(0, 3)), min_size=2, max_size=15), st.randoms(use_true_random=False))
def test_the_order_of_the_accounts_does_not_matter(rows, chance):
    full = [(row | {"account": 100 + i}, t) for i, (row, t) in enumerate(rows)]
    shuffled = list(full)
    chance.shuffle(shuffled)
    one, other = (
        make_rules(records([row for row, _ in some]), np.array([t for _, t in some], dtype=np.intp)).ruleset.rules
        for some in (full, shuffled)
    )

    def told(rules):
        return [(r.kind, r.territory, r.scope, r.country, r.values, r.shares, r.accounts) for r in rules]

    # Where two accounts stand on one spot, "nearest" may take either of them.
    if len({(row["latitude"], row["longitude"]) for row, _ in full}) == len(full):
        assert told(one) == told(other)


def zips(count=400, seed=3):
    """A square of accounts whose codes follow their places, in four territories side by side."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 10, count), rng.uniform(0, 10, count)
    rows = [
        {
            "account": i, "country": "US", "state": "TX", "latitude": 30 + b, "longitude": -100 + a,
            "postal_code": f"7{int(a)}{int(b)}{int(a * 10) % 10}{int(b * 10) % 10}",
        }
        for i, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True))
    ]  # fmt: skip
    return records(rows), (x // 2.5).astype(np.intp)


def test_back_test_of_a_compact_design():
    known, where = zips()
    test = back_test(known, where)
    assert (test.made_from, test.tried_on) == (320, 80)
    assert test.agreement > 0.85
    assert sum(count for count, _ in test.by_kind.values()) == 80
    assert test.agreement == pytest.approx(sum(agree for _, agree in test.by_kind.values()) / 80)
    assert back_test(known, where) == test
    scattered = back_test(known, np.random.default_rng(1).integers(0, 4, 400).astype(np.intp))
    assert scattered.agreement < 0.5


def test_few_rules_say_it():
    known, where = zips()
    rules = make_rules(known, where).ruleset
    assert rules.count(RuleKind.POSTAL) == 4
    assert sum(len(r.values) for r in rules.rules if r.kind is RuleKind.POSTAL) < 200


def test_conflicts_go_to_the_majority_and_the_others_are_named():
    rows = [{"account": i, "country": "US", "state": "NY", "postal_code": "10001"} for i in range(3)]
    rows.append({"account": 9, "country": "US", "state": "NY", "postal_code": "94110"})
    made = make_rules(records(rows), np.array([0, 0, 1, 1]))
    assert [(c.key, c.territories) for c in made.conflicts] == [("10001", ((0, 2), (1, 1)))]
    assert [(e.row, e.territory, e.otherwise) for e in made.exceptions] == [(2, 1, 0)]
    named = [rule for rule in made.ruleset.rules if rule.kind is RuleKind.ACCOUNT]
    assert [(rule.territory, rule.values) for rule in named] == [(1, ("2",))]


def test_a_family_is_named_as_a_whole_and_takes_new_members_along():
    rows = [
        {"account": i, "country": "DE", "city": "kiel", "family": 5 if i < 2 else -1, "latitude": 54.3, "longitude": 10}
        for i in range(5)
    ]
    made = make_rules(records(rows), np.array([1, 1, 0, 0, 0]))
    assert made.exceptions == ()
    assert [r.values for r in made.ruleset.rules if r.kind is RuleKind.FAMILY] == [("5",)]
    found = route(
        made.ruleset, records([{"family": 5, "country": "DE", "city": "kiel"}, {"country": "DE", "city": "kiel"}])
    )
    assert found.territory.tolist() == [1, 0]
    assert found.why[0] == "Belongs to the family."


def test_a_design_by_segment_gets_rules_by_segment():
    rows = [
        {
            "account": i,
            "country": "US",
            "state": "NY",
            "postal_code": f"1{i // 2:04d}",
            "segment": "big" if i % 2 else "small",
        }
        for i in range(40)
    ]
    where = np.array([(0 if i < 20 else 1) if i % 2 else 2 for i in range(40)])
    made = make_rules(records(rows), where)
    assert made.ruleset.scope_field == "segment"
    assert made.exceptions == ()
    new = [{"country": "US", "postal_code": "10001", "segment": name} for name in ("big", "small")]
    found = route(made.ruleset, records(new))
    assert found.territory.tolist() == [0, 2]


def test_fallbacks_by_position_by_turns_and_not_at_all():
    rows = [
        {
            "account": i,
            "country": "US",
            "state": "CA",
            "postal_code": f"900{i:02d}",
            "latitude": 34 + i,
            "longitude": -118,
        }
        for i in range(6)
    ]
    rules = make_rules(records(rows), np.array([0, 0, 0, 0, 1, 1])).ruleset
    new = records(
        [
            {"country": "US", "state": "CA", "postal_code": "95000", "latitude": 38.9, "longitude": -118},
            *[{"country": "US", "state": "CA", "latitude": 34.0, "longitude": -118, "precise": False}] * 6,
            {"country": "FR", "latitude": 48, "longitude": 2, "precise": False},
            {"country": "XX"},
        ]
    )
    found = route(rules, new)
    kinds = [rules.rules[i].kind.value if i >= 0 else "" for i in found.rule]
    assert kinds == ["nearest account", *["turns"] * 6, "nearest account", ""]
    assert found.territory[0] == 1
    assert sorted(found.territory[1:7].tolist()) == [0, 0, 0, 0, 1, 1]
    assert found.territory[8] == -1
    assert "cannot be found" in found.why[8]
    assert found.fallback(rules) == 1.0


def test_known_accounts_come_before_any_rule():
    rules = make_rules(records([{"account": 1, "country": "US", "postal_code": "10001"}]), np.array([0])).ruleset
    found = route(rules, records([{"account": 7, "country": "US", "postal_code": "10001"}]), known={7: 3})
    assert (found.territory.tolist(), found.rule.tolist()) == ([3], [-1])


def test_what_no_rule_covers_is_listed():
    rows = [
        {"account": i, "country": "US", "state": "NY" if i < 4 else "CA", "postal_code": f"{100 + i}01"}
        for i in range(6)
    ]
    rules = make_rules(records(rows), np.array([0, 1, 0, 1, 0, 0])).ruleset
    listed = uncovered(rules, {"US": ["10001", "20001", "20101", "20301"]}, {"US": ["NY", "CA", "TX"], "FR": [""]})
    assert {(u.what, u.country, u.keys, u.count) for u in listed} == {
        ("postal codes", "US", ("200-201", "203"), 3),
        ("country without accounts", "FR", (), 1),
        ("states without accounts", "US", ("TX",), 1),
        ("states shared by turns", "US", ("NY",), 1),
        ("country shared by turns", "US", (), 1),
    }
