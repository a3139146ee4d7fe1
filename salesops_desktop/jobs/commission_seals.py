"""Locked runs under seal: each seal covers all a run holds and the seal before it, so that no byte changes unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from sqlalchemy import Connection

_TABLES = (
    ("commission_run", "the head", "name, period_start, period_end, period_label, inputs_hash, result_hash, notes"),
    ("run_input", "the inputs", "hashes, content"),
    (
        "run_line",
        "line {number}",
        (
            "number, person_id, plan, component, credited_on, credit_amount, credit_currency, exchange_rate, amount, "
            "total_before, total_after, quota, payout, currency, transaction_number"
        ),
    ),
    (
        "run_extra",
        "extra {number}",
        "number, person_id, plan, component, window_start, total, paid_before, now, payout, currency, why",
    ),
    (
        "run_item",
        "item {id}",
        (
            "id, kind, person_id, plan, component, credit_key, transaction_number, origin, cause, amount, currency, "
            "why, who, at"
        ),
    ),
    (
        "run_settlement",
        "the settlement of person {person_id} under {plan}",
        "person_id, plan, currency, period_number, earned, paid, ahead, opening, closing, steps",
    ),
    ("run_event", "the event {status}", "status, who, at, note"),
)
_DIGEST = 8


def _rows(connection: Connection, run: int) -> Iterator[tuple[str, str]]:
    """(what the row is called, all it says) for every row of a run, in a fixed order.

    Links to records that may be deleted are left out: their numbers stand beside them. So is what comes after the lock.
    """
    for table, called, columns in _TABLES:
        key = "id" if table == "commission_run" else "run_id"
        later = " AND status NOT IN ('locked', 'paid')" if table == "run_event" else ""
        order = "run_id" if table == "run_input" else "id"
        result = connection.exec_driver_sql(
            f"SELECT {columns} FROM {table} WHERE {key} = ?{later} ORDER BY {order}", (run,)
        )
        for row in result.mappings():
            plain = {k: hashlib.sha256(v).hexdigest() if isinstance(v, bytes) else v for k, v in row.items()}
            yield called.format(**plain), json.dumps([table, *plain.values()], ensure_ascii=False)
    plans = connection.exec_driver_sql("SELECT plans FROM commission_run WHERE id = ?", (run,)).scalar()
    document = {name: value for name, value in json.loads(str(plans)).items() if name != "approved"}
    yield "the plans", json.dumps(document, sort_keys=True, ensure_ascii=False)


def content_of(connection: Connection, run: int) -> str:
    """SHA-256 of what a run pays and rests on: an approval is bound to it. Its life does not count."""
    digest = hashlib.sha256()
    for called, text in _rows(connection, run):
        if not called.startswith("the event"):
            digest.update(text.encode() + b"\n")
    return digest.hexdigest()


def seal(connection: Connection, run: int) -> str:
    """Seal a run that has just been locked. Inside an action.

    Returns:
        The seal.
    """
    last = connection.exec_driver_sql("SELECT number, seal FROM run_seal ORDER BY number DESC LIMIT 1").first()
    number, previous = (1, None) if last is None else (int(last[0]) + 1, str(last[1]))
    made, digests = _sealed(connection, run, number, previous)
    connection.exec_driver_sql(
        "INSERT INTO run_seal (run_id, number, previous, seal, rows) VALUES (?, ?, ?, ?, ?)",
        (run, number, previous, made, digests),
    )
    return made


def _sealed(connection: Connection, run: int, number: int, previous: str | None) -> tuple[str, bytes]:
    total, digests = hashlib.sha256(f"{number}\n{previous}\n".encode()), bytearray()
    for _, text in _rows(connection, run):
        total.update(text.encode() + b"\n")
        digests += _short(text)
    return total.hexdigest(), bytes(digests)


def _short(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST).digest()


def broken_seals(connection: Connection) -> tuple[list[str], int]:
    """What differs from what was sealed, one sentence each, and how many runs were looked at."""
    faults: list[str] = []
    before: str | None = None
    seals = connection.exec_driver_sql(
        "SELECT s.run_id, s.number, s.previous, s.seal, s.rows, r.name, r.status FROM run_seal s "
        "LEFT JOIN commission_run r ON r.id = s.run_id ORDER BY s.number"
    ).fetchall()
    for place, (run, number, previous, made, digests, name, status) in enumerate(seals, 1):
        if name is None:
            faults.append(f"The run of seal {number} is gone.")
            before = str(made)
            continue
        if number != place or previous != before:
            faults.append(f"The seal before that of {name} is not the one it was sealed with.")
        faults += _changed_rows(connection, int(run), str(name), bytes(digests))
        if _sealed(connection, int(run), int(number), previous)[0] != made and not _named(faults, str(name)):
            faults.append(f"{name} is not as it was sealed: its seal does not fit.")
        if status not in ("locked", "paid"):
            faults.append(f"{name} is under seal but {status}.")
        before = str(made)
    for (name,) in connection.exec_driver_sql(
        "SELECT name FROM commission_run r WHERE status IN ('locked', 'paid') "
        "AND id IN (SELECT run_id FROM run_input) AND id NOT IN (SELECT run_id FROM run_seal)"
    ):
        faults.append(f"{name} is locked, but its seal is gone.")
    return faults, len(seals)


def _named(faults: list[str], name: str) -> bool:
    return any(f" of {name} " in fault for fault in faults)


def _changed_rows(connection: Connection, run: int, name: str, digests: bytes) -> list[str]:
    """Which rows differ, by name: those that are there and not as they were, or how many are missing or too many."""
    known = [digests[i : i + _DIGEST] for i in range(0, len(digests), _DIGEST)]
    found = list(_rows(connection, run))
    if len(found) != len(known):
        there = {_short(text) for _, text in found}
        lost, extra = sum(d not in there for d in known), [w for w, text in found if _short(text) not in set(known)]
        said = f" Not sealed: {', '.join(extra[:5])}." if extra else ""
        return [f"{lost} rows of {name} are gone or changed.{said}"]
    return [
        f"{called[0].upper()}{called[1:]} of {name} is not as it was sealed."
        for (called, text), digest in zip(found, known, strict=True)
        if _short(text) != digest
    ]
