"""Fuzzy matching for the command palette: the letters typed must appear in order; tight and early matches win."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """A text that fits what was typed."""

    index: int
    score: float
    positions: tuple[int, ...]
    """Where the typed letters were found, to show them bold."""


def match(query: str, text: str) -> tuple[float, tuple[int, ...]] | None:
    """Score ``text`` against ``query``; higher is better; None when it does not fit.

    Letters at the start of a word count most, then runs of neighbours; long gaps cost. Words of the query may come in
    any order when each of them is found whole ("run commission" finds "Commissions: run").
    """
    wanted, low = query.casefold().strip(), text.casefold()
    if not wanted:
        return 0.0, ()
    found = low.find(wanted)
    if found >= 0:
        starts_word = found == 0 or not low[found - 1].isalnum()
        score = 200.0 + (50.0 if starts_word else 0.0) + (40.0 if found == 0 else 0.0) - 0.2 * len(low)
        return score, tuple(range(found, found + len(wanted)))
    words = wanted.split()
    if len(words) > 1:
        places = [low.find(word) for word in words]
        if all(place >= 0 for place in places):
            spots = {p + i for p, word in zip(places, words, strict=True) for i in range(len(word))}
            return 150.0 - 0.2 * len(low), tuple(sorted(spots))
    letters = wanted.replace(" ", "")
    return _subsequence(letters, low, leap=12) or _subsequence(letters, low, leap=0)


def _subsequence(wanted: str, low: str, leap: int) -> tuple[float, tuple[int, ...]] | None:
    """Letters in order, skipping at most ``leap`` characters to reach the start of a word."""
    positions: list[int] = []
    score, at = 0.0, -1
    for letter in wanted:
        word_start = _next_word_start(low, letter, at + 1)
        plain = low.find(letter, at + 1)
        if plain < 0:
            return None
        # A word's first letter is what people abbreviate by, but not at the price of skipping half the text.
        spot = word_start if 0 <= word_start <= plain + leap and plain != at + 1 else plain
        score += 12.0 if spot == word_start else 8.0 if spot == at + 1 else 1.0
        score -= 0.3 * (spot - at - 1)
        positions.append(spot)
        at = spot
    return score - 0.1 * len(low), tuple(positions)


def _next_word_start(low: str, letter: str, start: int) -> int:
    at = low.find(letter, start)
    while at > 0 and low[at - 1].isalnum():
        at = low.find(letter, at + 1)
    return at


def best(query: str, texts: Iterable[str], limit: int = 50) -> list[Match]:
    """The best ``limit`` matches, best first; equal scores keep the given order."""
    matches = []
    for index, text in enumerate(texts):
        fit = match(query, text)
        if fit is not None:
            matches.append(Match(index, fit[0], fit[1]))
    matches.sort(key=lambda m: -m.score)
    return matches[:limit]
