"""From the words in a file to the records they mean."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from sqlalchemy import Connection

from salesops_desktop.model.entities import EntitySpec, FieldSpec, OnMissing, entity
from salesops_desktop.workspace.text import quoted, stored_now

LIKELY = 80.0
"""Candidates below this score (0-100) are not offered."""

CERTAIN = 100.0
"""The score of a spelling that differs in capitals, spaces or punctuation only."""


@dataclass(frozen=True, slots=True)
class UnmatchedReference:
    """A spelling that means no record, with the likeliest record it could mean."""

    entity: str
    """The kind of record that was looked for."""
    field: str
    text: str
    rows: int
    """How many rows of the file use the spelling."""
    candidate_id: int | None
    candidate: str
    score: float
    """Likeness from 0 to 100; 100 where only capitals, spaces or punctuation differ."""
    action: OnMissing
    """What the import does unless a match is accepted."""

    @property
    def certain(self) -> bool:
        """Whether the spellings differ in capitals, spaces or punctuation only."""
        return self.candidate_id is not None and self.score >= CERTAIN


def folded(text: str) -> str:
    """The letters and digits of ``text`` without case or accents: what near spellings have in common."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(ch for ch in plain if ch.isalnum())


def lookup_columns(spec: EntitySpec) -> tuple[str, ...]:
    """The columns a reference may be spelt by, best first."""
    keys = [key[0] for key in spec.keys if len(key) == 1]
    return tuple(dict.fromkeys([*keys, spec.name_field]))


class Resolver:
    """Finds the records that the texts of one reference field mean.

    Args:
        connection: inside the import's transaction.
        target: the kind of record that is looked for.
        accepted: spellings accepted in this import, text → record id.
        accept_likely: take every candidate offered, and remember it.
    """

    def __init__(
        self,
        connection: Connection,
        target: EntitySpec,
        *,
        accepted: Mapping[str, int] | None = None,
        accept_likely: bool = False,
    ) -> None:
        self._connection = connection
        self._target = target
        self._accepted = dict(accepted or {})
        self._accept_likely = accept_likely
        self.taken: list[UnmatchedReference] = []
        """The likely matches that were accepted."""

    def resolve(
        self, counts: Mapping[str, int], field: FieldSpec
    ) -> tuple[dict[str, int], list[UnmatchedReference], list[str]]:
        """Resolve the distinct texts of ``field``.

        Args:
            counts: text → number of rows.
            field: the reference field.

        Returns:
            text → id for all that are known or accepted; the ones that are not, with candidates; and the texts for
            which new records are to be created.
        """
        known = self._exact(counts)
        for text, target_id in self._remembered(counts).items():
            known.setdefault(text, target_id)
        known.update({text: self._accepted[text] for text in counts if text in self._accepted})
        missing = [text for text in counts if text not in known]
        if not missing:
            return known, [], []
        unmatched, create = [], []
        for reference in self._candidates(missing, counts, field):
            if reference.candidate_id is not None and self._accept_likely:
                known[reference.text] = reference.candidate_id
                self._accepted[reference.text] = reference.candidate_id
                self.taken.append(reference)
            elif reference.candidate_id is None and field.on_missing is OnMissing.CREATE:
                create.append(reference.text)
            else:
                unmatched.append(reference)
        return known, unmatched, create

    def remember(self) -> int:
        """Store the matches accepted in this import. Returns how many were new."""
        now = stored_now()
        stored = 0
        for text, target_id in self._accepted.items():
            result = self._connection.exec_driver_sql(
                "INSERT INTO saved_match (entity, text, target_id, accepted_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (entity, text) DO UPDATE SET target_id = excluded.target_id, "
                "accepted_at = excluded.accepted_at WHERE target_id IS NOT excluded.target_id",
                (self._target.name, text, target_id, now),
            )
            stored += result.rowcount
        return stored

    def _exact(self, counts: Mapping[str, int]) -> dict[str, int]:
        known: dict[str, int] = {}
        connection = self._connection
        connection.exec_driver_sql("CREATE TEMP TABLE IF NOT EXISTS wanted (text TEXT PRIMARY KEY) WITHOUT ROWID")
        connection.exec_driver_sql("DELETE FROM temp.wanted")
        _fill(connection, counts)
        for column in reversed(lookup_columns(self._target)):  # the best key is read last and wins
            rows = connection.exec_driver_sql(
                f"SELECT w.text, min(t.id), count(*) FROM temp.wanted w "
                f"JOIN {quoted(self._target.name)} t ON t.{quoted(column)} = w.text GROUP BY w.text"
            )
            known.update({text: row_id for text, row_id, _ in rows})
        return known

    def _remembered(self, counts: Mapping[str, int]) -> dict[str, int]:
        rows = self._connection.exec_driver_sql(
            f"SELECT m.text, m.target_id FROM saved_match m "
            f"JOIN {quoted(self._target.name)} t ON t.id = m.target_id WHERE m.entity = ?",
            (self._target.name,),
        )
        return {text: target for text, target in rows if text in counts}

    def _candidates(
        self, texts: Iterable[str], counts: Mapping[str, int], field: FieldSpec
    ) -> Iterable[UnmatchedReference]:
        column = self._target.name_field
        pool = [
            (int(row_id), str(name))
            for row_id, name in self._connection.exec_driver_sql(
                f"SELECT id, {quoted(column)} FROM {quoted(self._target.name)} "
                f"WHERE {quoted(column)} IS NOT NULL ORDER BY id"
            )
        ]
        by_fold: dict[str, list[int]] = {}
        for index, (_, name) in enumerate(pool):
            by_fold.setdefault(folded(name), []).append(index)
        names = [name.casefold() for _, name in pool]
        identifiers = column in ("external_id", "code")  # near spellings of an id mean another record
        for text in texts:
            same = by_fold.get(folded(text), [])
            best: tuple[int, float] | None = None
            if len(same) == 1:
                best = (same[0], CERTAIN)
            elif not same and not identifiers and names:
                found = process.extractOne(text.casefold(), names, scorer=fuzz.ratio, score_cutoff=LIKELY)
                if found is not None:
                    best = (found[2], min(found[1], CERTAIN - 1))
            yield UnmatchedReference(
                self._target.name,
                field.name,
                text,
                counts[text],
                pool[best[0]][0] if best else None,
                pool[best[0]][1] if best else "",
                round(best[1], 1) if best else 0.0,
                field.on_missing,
            )


def _fill(connection: Connection, texts: Iterable[str]) -> None:
    rows = [(text,) for text in texts]
    if rows:
        connection.exec_driver_sql("INSERT OR IGNORE INTO temp.wanted VALUES (?)", rows)


def target_of(field: FieldSpec) -> EntitySpec:
    """The entity a reference field names."""
    if field.reference is None:
        message = f"{field.name} is no reference."
        raise ValueError(message)
    return entity(field.reference)
