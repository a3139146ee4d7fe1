"""The fewest postal-code prefixes that say the same as a list of codes, read by the longest prefix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

END = "$"
"""Ends every code, so that a code may be the beginning of another one ("SW1" and "SW1A")."""


@dataclass(slots=True)
class _Node:
    """A prefix with at least one code."""

    prefix: str
    children: list[_Node] = field(default_factory=list)
    weight: Counter[int] = field(default_factory=Counter)
    """Accounts by territory."""
    best: frozenset[int] = frozenset()
    """The territories that, given to this prefix, need the fewest further rules below it."""


def minimal_prefixes(
    decided: Mapping[str, int], shortest: int, weight: Mapping[str, int] | None = None
) -> dict[str, int]:
    """The smallest set of prefixes that gives every code its territory when the longest prefix decides.

    Optimal Routing Table Constructor (Draves, King, Venkatachary & Zill 1999) on a tree of letters and digits, where
    codes that are not listed may go anywhere: each prefix keeps the territories that most of its branches could live
    with; from the top, a prefix gets a rule only where it cannot live with the one above.

    Args:
        decided: the territory of each code.
        shortest: no prefix is shorter than this (codes that are shorter stand for themselves): a rule must not claim
            land of which nothing is known.
        weight: how many accounts a code has; of several equally short solutions the heavier territory is chosen.

    Returns:
        Territory by prefix; a prefix that ends in :data:`END` is a whole code.
    """
    rules: dict[str, int] = {}
    codes = sorted(code + END for code in decided)
    for root in _roots(codes, shortest, decided, weight or {}):
        _decide(root, None, rules)
    return rules


def _roots(codes: Sequence[str], shortest: int, decided: Mapping[str, int], weight: Mapping[str, int]) -> list[_Node]:
    groups: dict[str, list[str]] = {}
    for code in codes:
        groups.setdefault(code[:shortest], []).append(code)
    return [_grown(prefix, members, decided, weight) for prefix, members in groups.items()]


def _grown(prefix: str, codes: Sequence[str], decided: Mapping[str, int], weight: Mapping[str, int]) -> _Node:
    node = _Node(prefix)
    if len(codes) == 1 and codes[0] == prefix:
        code = prefix[: -len(END)]
        node.best = frozenset((decided[code],))
        node.weight[decided[code]] = weight.get(code, 1)
        return node
    groups: dict[str, list[str]] = {}
    for code in codes:
        groups.setdefault(code[: len(prefix) + 1], []).append(code)
    node.children = [_grown(longer, members, decided, weight) for longer, members in groups.items()]
    votes: Counter[int] = Counter()
    for child in node.children:
        votes.update(child.best)
        node.weight.update(child.weight)
    most = max(votes.values())
    node.best = frozenset(territory for territory, count in votes.items() if count == most)
    return node


def _decide(node: _Node, above: int | None, rules: dict[str, int]) -> None:
    chosen = above
    if chosen is None or chosen not in node.best:
        chosen = min(node.best, key=lambda territory: (-node.weight[territory], territory))
        rules[node.prefix] = chosen
    for child in node.children:
        _decide(child, chosen, rules)


def longest_prefix(rules: Mapping[str, int], code: str) -> str | None:
    """The longest prefix of ``code`` among the rules; None where there is none."""
    text = code + END
    for length in range(len(text), 0, -1):
        if text[:length] in rules:
            return text[:length]
    return None


def ranges(prefixes: Iterable[str]) -> list[str]:
    """Prefixes for a reader: whole codes without their end mark, runs of numbers as ``100-104``.

    Only prefixes of one length are joined, and only without gaps, so a range says exactly what its members say.
    """
    plain = sorted(
        {(len(prefix.removesuffix(END)), prefix.removesuffix(END), prefix.endswith(END)) for prefix in prefixes}
    )
    runs: list[tuple[str, str, bool]] = []
    for _, text, whole in plain:
        if runs and runs[-1][2] == whole and _follows(runs[-1][1], text):
            runs[-1] = (runs[-1][0], text, whole)
        else:
            runs.append((text, text, whole))
    return [first if first == last else f"{first}-{last}" for first, last, _ in runs]


def _follows(text: str, following: str) -> bool:
    return (
        text.isdecimal() and following.isdecimal() and len(text) == len(following) and int(text) + 1 == int(following)
    )
