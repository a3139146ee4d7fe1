"""Which entity a sheet holds and which column is which field: by name, synonym, near spelling and content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process

from salesops_desktop.model.entities import ENTITIES, EntitySpec, FieldSpec
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.sheets.reading.inspection import ColumnInspection, EntityGuess
from salesops_desktop.sheets.reading.layout import folded

_NEAR = 88.0
_FUZZY_COLUMNS = 300
_NOISE = re.compile(r"\b(?:id|the|of|a)\b")
_CUSTOM = re.compile(r"__c$|^(?:cf|custom|hs|dim|fld)_", re.IGNORECASE)
_UNIT = re.compile(
    r"\s*[(\[](?:usd|eur|gbp|chf|\$|€|£|%|in |k |converted|yyyy|dd|mm|local)[^)\]]*[)\]]\s*|\s+(?:usd|eur|gbp|chf)$",
    re.IGNORECASE,
)

_NUMERIC = {ValueKind.INTEGER, ValueKind.NUMBER, ValueKind.MONEY, ValueKind.RATE}
_DATED = {ValueKind.DATE, ValueKind.DATETIME}


@lru_cache(maxsize=32)
def _names(entity: str) -> dict[str, tuple[str, float, str]]:
    """Folded name to (field, score, reason) for one entity."""
    spec = next(e for e in ENTITIES if e.name == entity)
    names: dict[str, tuple[str, float, str]] = {}
    for field in spec.fields:
        for weight, why, spellings in (
            (1.0, "named as the field", (field.label, field.name.replace("_", " "))),
            (0.97, "a usual name for it", field.synonyms),
        ):
            for spelling in spellings:
                key = folded(spelling)
                if key not in names or names[key][1] < weight:
                    names[key] = (field.name, weight, why)
    return names


KNOWN_NAMES: dict[str, object] = {
    folded(name): spec.name
    for spec in ENTITIES
    for field in spec.fields
    for name in (field.label, field.name.replace("_", " "), *field.synonyms)
}
"""Folded names that are headers of some entity."""


def suggest(
    columns: Sequence[ColumnInspection], *, file_name: str = "", sheet_name: str = ""
) -> tuple[EntityGuess, ...]:
    """Guess entity and mapping, best first.

    Args:
        columns: the sheet's columns.
        file_name: the file's name without its ending.
        sheet_name: the sheet's name.

    Returns:
        A guess for each entity that at least one column suggests.
    """
    spelled = [_spellings(column.header) for column in columns]
    guesses = [_guess(spec, columns, spelled, file_name, sheet_name) for spec in ENTITIES]
    return tuple(sorted((g for g in guesses if g is not None), key=lambda g: -g.score))


def _guess(
    spec: EntitySpec, columns: Sequence[ColumnInspection], spelled: Sequence[tuple[str, ...]], file: str, sheet: str
) -> EntityGuess | None:
    candidates: list[tuple[float, int, str, str]] = []
    names = _names(spec.name)
    for column, spellings in zip(columns, spelled, strict=True):
        candidates.extend(_candidates(spec, column, spellings, names, fuzzy=len(columns) <= _FUZZY_COLUMNS))
    candidates.sort(key=lambda c: (-c[0], c[1]))
    mapping: dict[int, str] = {}
    why: dict[int, str] = {}
    scores: dict[int, float] = {}
    taken: set[str] = set()
    for score, index, name, reason in candidates:
        if index in mapping or name in taken:
            continue
        mapping[index], why[index], scores[index] = name, reason, score
        taken.add(name)
    if not mapping:
        return None
    missing = tuple(field.name for field in spec.required if field.name not in taken)
    coverage = sum(scores.values()) / max(len(columns), 1)
    keyed = any(all(part in taken for part in key) for key in spec.keys)
    words = _word_score(spec, file, sheet)
    required = len(spec.required)
    complete = 1.0 - (len(missing) / required if required else 0.0)
    score = (0.55 * coverage + 0.2 * words + 0.1 * keyed + 0.15 * complete) * (1.0 if not missing else 0.6)
    ordered = dict(sorted(mapping.items()))
    return EntityGuess(spec.name, round(min(score, 1.0), 4), ordered, {i: why[i] for i in ordered}, missing)


def _word_score(spec: EntitySpec, file: str, sheet: str) -> float:
    """How much the names of file and sheet speak for the entity."""
    best = 0.0
    for text in (file, sheet):
        plain = folded(text)
        for place, word in enumerate(spec.default_sheets):
            key = folded(word)
            if re.search(rf"\b{re.escape(key)}(?:s|es|y|ies)?\b", plain):
                best = max(best, 1.0 - 0.02 * place)
            elif key in plain:
                best = max(best, 0.8 - 0.02 * place)
    return best


def _spellings(header: str) -> tuple[str, ...]:
    """The ways to read a header: as it is, with its words split, without units and system prefixes."""
    plain = re.sub(r" \(\d+\)$", "", header)
    bare = _UNIT.sub("", _CUSTOM.sub("", plain))
    return tuple(dict.fromkeys((folded(plain), folded(_split_camel(bare)), folded(bare))))


def _candidates(
    spec: EntitySpec,
    column: ColumnInspection,
    spellings: Sequence[str],
    names: dict[str, tuple[str, float, str]],
    *,
    fuzzy: bool,
) -> list[tuple[float, int, str, str]]:
    found: dict[str, tuple[float, str]] = {}
    for place, spelling in enumerate(spellings):
        if spelling in names:
            name, weight, reason = names[spelling]
            _keep(found, name, weight - 0.02 * place, reason)
    entity_word = folded(spec.label)
    for spelling in spellings:
        # "Account Industry" on an account, "Opportunity Stage" on an opportunity.
        if spelling.startswith(f"{entity_word} ") and spelling.removeprefix(f"{entity_word} ") in names:
            name, weight, _ = names[spelling.removeprefix(f"{entity_word} ")]
            _keep(found, name, weight - 0.05, "named as the field")
    if not found and fuzzy:
        for spelling in spellings:
            if len(spelling) < 4:
                continue
            hits = process.extract(spelling, list(names), scorer=fuzz.ratio, score_cutoff=_NEAR, limit=2)
            for hit, ratio, _ in hits:
                name, weight, _ = names[hit]
                _keep(found, name, weight * ratio / 100 * 0.9, f"spelled nearly like “{hit}”")
    return [
        (score * fit, column.index, name, reason)
        for name, (score, reason) in found.items()
        if (fit := _fit(spec.field(name), column)) > 0
    ]


def _keep(found: dict[str, tuple[float, str]], name: str, score: float, reason: str) -> None:
    if name not in found or found[name][0] < score:
        found[name] = (score, reason)


def _split_camel(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)


def _fit(field: FieldSpec, column: ColumnInspection) -> float:  # noqa: PLR0911  # one return per kind reads best
    """How well the column's content suits the field; 0 where it cannot."""
    if not column.filled:
        return 0.9
    kind = column.kind
    if field.kind in _DATED:
        return 1.0 if kind in _DATED else 0.55 if kind is ValueKind.INTEGER else 0.2
    if field.kind in _NUMERIC:
        if kind in _NUMERIC:
            return 0.7 if _outside(field, column) else 1.0
        return 0.0 if kind in _DATED else 0.25
    if field.kind is ValueKind.BOOLEAN:
        return 1.0 if kind is ValueKind.BOOLEAN else 0.6
    if kind in _DATED:
        return 0.15
    if field.choices is not None:
        known = {str(c).casefold() for c in field.choices} | {k.casefold() for k, _ in field.choice_synonyms}
        hits = sum(1 for text in column.samples if text.strip().casefold() in known)
        return 0.5 + 0.5 * hits / max(len(column.samples), 1)
    if kind in (ValueKind.MONEY, ValueKind.RATE) or (kind is ValueKind.NUMBER and not field.reference):
        return 0.5
    return 1.0


def _outside(field: FieldSpec, column: ColumnInspection) -> bool:
    if column.low is None or column.high is None:
        return False
    top = field.maximum
    if field.kind is ValueKind.RATE and top is not None:
        top = max(top, 100.0)
    return (field.minimum is not None and column.high < field.minimum) or (top is not None and column.low > top)
