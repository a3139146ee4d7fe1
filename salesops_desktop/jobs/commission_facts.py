"""What commissions are calculated from, part by part: read, packed into a run, read back, compared."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

Row = list[Any]
Columns = list[tuple[str, np.ndarray[Any, Any], list[Any]]]


class Part(StrEnum):
    """One part of what a run rests on; the order is the one in which changes are explained."""

    RATES = "exchange rates"
    PEOPLE = "people"
    ASSIGNMENTS = "plan assignments"
    REPORTS = "reporting lines"
    QUOTAS = "quotas"
    TARGETS = "target incentives"
    SCORES = "scores"
    PLANS = "plans"
    MOVES = "invoices, payments and refunds of deals"
    """Kept where a plan pays by them: deal, number, kind, day, amount, currency."""
    CREDITS = "transactions and credits"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that runs rest on, as it stood at one moment.

    Attributes:
        pay_on: which transactions earn.
        rows: part → its rows, sorted, each a list of JSON values; dates as ISO text. ``CREDITS`` is not among them.
        credits: one row per credit, or per transaction without one.
        names: person id → name.
    """

    pay_on: str
    rows: Mapping[Part, list[Row]]
    credits: pd.DataFrame
    names: Mapping[int, str]

    def hashes(self, columns: Columns | None = None) -> dict[str, str]:
        """Part → SHA-256; ``columns`` are those of :func:`columns_of`, where they are known already."""
        found = {part.value: hashlib.sha256(_text(rows).encode()).hexdigest() for part, rows in self.rows.items()}
        digest = hashlib.sha256()
        for name, values, kinds in columns or columns_of(self.credits):
            digest.update(name.encode())
            digest.update(values.tobytes())
            digest.update(_text(kinds).encode())
        found[Part.CREDITS.value] = digest.hexdigest()
        return found

    def until(self, first: str, last: str) -> Facts:
        """The same with the credits from day ``first`` to ``last`` only."""
        inside = (self.credits["day"] >= first) & (self.credits["day"] <= last)
        kept = self.credits[inside].reset_index(drop=True)
        moves = [row for row in self.rows.get(Part.MOVES, []) if str(row[3]) <= last]
        return Facts(self.pay_on, {**self.rows, Part.MOVES: moves}, kept, self.names)


_ROWS = {
    Part.RATES: "SELECT source, target, valid_from, rate FROM exchange_rate",
    Part.PEOPLE: "SELECT p.id, p.start_date, p.end_date, p.ramp_months, "
    "(SELECT json_group_array(json_array(a.start_date, a.end_date, coalesce(a.share, 1000000))) FROM "
    "(SELECT * FROM absence WHERE person_id = p.id ORDER BY start_date) a) FROM person p",
    Part.ASSIGNMENTS: "SELECT a.person_id, p.name, a.start_date, a.end_date FROM plan_assignment a "
    "JOIN plan p ON p.id = a.plan_id",
    Part.REPORTS: "SELECT person_id, manager_id, start_date, end_date FROM reporting UNION ALL "
    "SELECT id, manager_id, '0001-01-01', NULL FROM person WHERE manager_id IS NOT NULL "
    "AND id NOT IN (SELECT person_id FROM reporting)",
    Part.QUOTAS: "SELECT person_id, measure, period_start, period_end, amount, currency FROM quota "
    "WHERE person_id IS NOT NULL",
    Part.TARGETS: "SELECT person_id, period_start, period_end, amount, currency FROM target_incentive",
    Part.SCORES: "SELECT person_id, name, period_start, period_end, value FROM score",
    Part.PLANS: "SELECT name, currency, effective_from, effective_to, definition FROM plan",
}

_CREDITS = """
SELECT c.id AS credit_id, t.id AS transaction_id, coalesce(c.person_id, t.owner_id) AS person,
       coalesce(c.credited_on, t.booked_on) AS day, t.external_id, t.amount, t.currency, t.kind, t.margin, t.quantity,
       coalesce(c.share, 1000000) AS share, coalesce(c.role, 'direct') AS role,
       p.name AS product, p.family, a.name AS account, a.industry, a.segment, o.stage, t.original_id,
       original.booked_on AS original_day
FROM "transaction" t
LEFT JOIN "transaction" original ON original.id = t.original_id
LEFT JOIN credit c ON c.transaction_id = t.id
LEFT JOIN product p ON p.id = t.product_id
LEFT JOIN account a ON a.id = t.account_id
LEFT JOIN opportunity o ON o.id = t.opportunity_id
WHERE t.kind IN (?, 'refund')
ORDER BY t.id, c.id
"""


def load_facts(connection: Connection, pay_on: str) -> Facts:
    """Everything a run is calculated from, as it stands in the workspace."""
    rows = {
        part: sorted((_plain(part, list(row)) for row in connection.exec_driver_sql(sql)), key=_text)
        for part, sql in _ROWS.items()
    }
    timed = any(component.get("timing") for row in rows[Part.PLANS] for component in row[4].get("components", ()))
    rows[Part.MOVES] = _moves(connection) if timed else []
    result = connection.exec_driver_sql(_CREDITS, (pay_on,))
    frame = pd.DataFrame(result.fetchall(), columns=list(result.keys()))
    names = {int(i): str(name) for i, name in connection.exec_driver_sql("SELECT id, name FROM person")}
    return Facts(pay_on, rows, frame, names)


def _moves(connection: Connection) -> list[Row]:
    """Every transaction with the number of the deal it belongs to: what it cancels, invoices or pays.

    An invoice or payment that names no transaction belongs to the booking of its opportunity, where there is just one.
    """
    known = {
        int(row[0]): row
        for row in connection.exec_driver_sql(
            "SELECT id, external_id, kind, booked_on, amount, currency, original_id, opportunity_id "
            'FROM "transaction" ORDER BY id'
        )
    }
    booked: dict[int, list[int]] = {}
    for number, row in known.items():
        if row[2] == "booking" and row[7] is not None:
            booked.setdefault(int(row[7]), []).append(number)

    def root(number: int) -> int:
        seen = {number}
        while (above := known[number][6]) is not None and above in known and above not in seen:
            seen.add(int(above))
            number = int(above)
        own = booked.get(known[number][7] or 0, [])
        return own[0] if known[number][2] in ("invoice", "payment") and len(own) == 1 else number

    return sorted(
        ([known[root(i)][1], row[1], row[2], row[3], int(row[4]), row[5]] for i, row in known.items()), key=_text
    )


def _plain(part: Part, row: Row) -> Row:
    """Stored documents (the last column of people and plans) as what they say: their spelling plays no part."""
    return [*row[:-1], json.loads(row[-1])] if part in (Part.PEOPLE, Part.PLANS) else row


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


# ---------------------------------------------------------------------- packing


def columns_of(frame: pd.DataFrame) -> Columns:
    """(name, code of each row, what the codes stand for) per column; -1 for nothing."""
    made = []
    for name in frame.columns:
        codes, kinds = pd.factorize(frame[name])
        values = kinds.tolist()
        if float in set(map(type, values)):
            values = [_whole(value) for value in values]
        made.append((str(name), codes.astype(np.int32), values))
    return made


def _whole(value: Any) -> Any:
    """5.0 is 5, however the column came to hold it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def packed(facts: Facts, columns: Columns | None = None) -> bytes:
    """The facts as bytes; :func:`unpacked` reads them."""
    columns = columns or columns_of(facts.credits)
    head = {
        "pay_on": facts.pay_on,
        "rows": {part.value: rows for part, rows in facts.rows.items()},
        "names": sorted(facts.names.items()),
        "credits": [[name, values] for name, _, values in columns],
    }
    stream = io.BytesIO()
    codes = [values for _, values, _ in columns]
    np.save(stream, np.stack(codes) if codes else np.zeros((0, 0), dtype=np.int32), allow_pickle=False)
    text = _text(head).encode()
    return zlib.compress(len(text).to_bytes(8, "big") + text + stream.getvalue(), 1)


def unpacked(content: bytes) -> Facts:
    """What :func:`packed` wrote."""
    plain = zlib.decompress(content)
    size = int.from_bytes(plain[:8], "big")
    head = json.loads(plain[8 : 8 + size])
    codes = np.load(io.BytesIO(plain[8 + size :]), allow_pickle=False)
    columns = {}
    for (name, values), at in zip(head["credits"], codes, strict=True):
        known = np.array([*values, None], dtype=object)
        columns[name] = known[at].tolist()
    return Facts(
        head["pay_on"],
        {part: head["rows"].get(part.value, []) for part in Part if part is not Part.CREDITS},
        pd.DataFrame(columns, columns=[name for name, _ in head["credits"]]),
        {int(i): str(name) for i, name in head["names"]},
    )


def stored_facts(connection: Connection, run: int) -> Facts | None:
    """What a run was calculated from; None for one that kept nothing (calculated by an earlier version)."""
    content = connection.exec_driver_sql("SELECT content FROM run_input WHERE run_id = ?", (run,)).scalar()
    return None if content is None else unpacked(content)


# -------------------------------------------------------------------- comparing

_SHOWN = 5


def differences(old: Facts, new: Facts) -> list[tuple[Part, str]]:
    """What changed from ``old`` to ``new``: one sentence per part that differs."""
    before, after = old.hashes(), new.hashes()
    changed = [part for part in Part if before.get(part.value) != after.get(part.value)]
    names = {**old.names, **new.names}
    return [
        (
            part,
            _credit_changes(old.credits, new.credits) if part is Part.CREDITS else _row_changes(part, old, new, names),
        )
        for part in changed
    ]


def _row_changes(part: Part, old: Facts, new: Facts, names: Mapping[int, str]) -> str:
    was, now = ({_text(row): row for row in facts.rows.get(part, [])} for facts in (old, new))
    rows = [was[key] for key in was.keys() - now.keys()] + [now[key] for key in now.keys() - was.keys()]
    if part in (Part.RATES, Part.PLANS, Part.MOVES):
        who = sorted({f"{row[0]} to {row[1]}" if part is Part.RATES else str(row[0]) for row in rows})
    else:
        who = sorted({names.get(int(row[0]), f"person {row[0]}") for row in rows})
    return f"The {part.value} of {_listed(who)} changed."


def credit_rows(frame: pd.DataFrame) -> dict[tuple[int, int], Row]:
    """What earns, by (transaction, credit)."""
    plain = frame.astype(object).where(frame.notna(), None)
    columns = [plain[name].tolist() for name in frame.columns]
    found = {}
    for row in zip(*columns, strict=True):
        found[int(row[1]), int(row[0] or 0)] = [_whole(value) for value in row]
    return found


def _credit_changes(old: pd.DataFrame, new: pd.DataFrame) -> str:
    was, now = credit_rows(old), credit_rows(new)
    said = []
    for word, keys, of in (
        ("new", now.keys() - was.keys(), now),
        ("gone", was.keys() - now.keys(), was),
        ("changed", [key for key in now.keys() & was.keys() if _text(now[key]) != _text(was[key])], now),
    ):
        numbers = sorted({str(of[key][4]) for key in keys})
        if numbers:
            said.append(f"{word} {_listed(numbers)}")
    return f"Transactions and credits: {'; '.join(said)}."


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - _SHOWN:,} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more
