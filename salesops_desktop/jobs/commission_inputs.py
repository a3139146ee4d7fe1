"""What a commission run is calculated from: plans, who has them, credits, quotas, rates."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.commission import (
    NO_PERSON,
    Credits,
    ExchangeRates,
    Plan,
    PlanAssignment,
    Quota,
    plan_from,
    split_credits,
)
from salesops_desktop.jobs.currencies import load_rates
from salesops_desktop.model.enums import CreditRole, Measure
from salesops_desktop.model.money import PPM
from salesops_desktop.model.tables import Column, Table, ValueKind, column_array

Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]


class PayOn(StrEnum):
    """Which transactions earn: money is paid once, on one of these."""

    BOOKING = "booking"
    INVOICE = "invoice"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that one run needs, as it stands in the workspace."""

    plans: tuple[Plan, ...]
    assignments: tuple[PlanAssignment, ...]
    credits: Credits
    transactions: dict[int, int]
    """Credit key → the row id of its transaction."""
    accounts: dict[int, str]
    """Credit key → the account's name."""
    quotas: tuple[Quota, ...]
    rates: ExchangeRates
    names: dict[int, str]


_CREDITS = """
SELECT c.id AS credit_id, t.id AS transaction_id, coalesce(c.person_id, t.owner_id) AS person,
       coalesce(c.credited_on, t.booked_on) AS day, t.external_id, t.amount, t.currency, t.kind, t.margin, t.quantity,
       coalesce(c.share, 1000000) AS share, coalesce(c.role, 'direct') AS role,
       p.name AS product, p.family, a.name AS account, a.industry, a.segment, o.stage
FROM "transaction" t
LEFT JOIN credit c ON c.transaction_id = t.id
LEFT JOIN product p ON p.id = t.product_id
LEFT JOIN account a ON a.id = t.account_id
LEFT JOIN opportunity o ON o.id = t.opportunity_id
WHERE t.kind IN (?, 'refund')
ORDER BY t.id, c.id
"""


def load_inputs(connection: Connection, pay_on: PayOn = PayOn.BOOKING) -> Inputs:
    """Read everything a run is calculated from.

    A transaction without credits credits its own person in full. Each credit's amount is its exact part of the
    transaction, by largest remainder.
    """
    result = connection.exec_driver_sql(_CREDITS, (pay_on.value,))
    frame = pd.DataFrame(result.fetchall(), columns=list(result.keys()))
    credits_, keys = _credits(frame)
    names = {int(i): str(name) for i, name in connection.exec_driver_sql("SELECT id, name FROM person")}
    return Inputs(
        load_plans(connection),
        tuple(
            PlanAssignment(int(person), plan, dt.date.fromisoformat(start), dt.date.fromisoformat(end) if end else None)
            for person, plan, start, end in connection.exec_driver_sql(
                "SELECT a.person_id, p.name, a.start_date, a.end_date FROM plan_assignment a "
                "JOIN plan p ON p.id = a.plan_id"
            )
        ),
        credits_,
        dict(zip(keys, (int(v) for v in frame["transaction_id"]), strict=True)),
        {key: str(name) for key, name in zip(keys, frame["account"], strict=True) if isinstance(name, str)},
        _quotas(connection),
        load_rates(connection),
        names,
    )


def load_plans(connection: Connection) -> tuple[Plan, ...]:
    """All incentive plans."""
    rows = connection.exec_driver_sql(
        "SELECT name, currency, effective_from, effective_to, definition FROM plan ORDER BY name"
    )
    return tuple(
        plan_from(
            name, currency, dt.date.fromisoformat(start), dt.date.fromisoformat(end) if end else None, json.loads(text)
        )
        for name, currency, start, end, text in rows
    )


def _quotas(connection: Connection) -> tuple[Quota, ...]:
    rows = connection.exec_driver_sql(
        "SELECT person_id, measure, period_start, period_end, amount, currency FROM quota WHERE person_id IS NOT NULL"
    )
    return tuple(
        Quota(
            int(person),
            Measure(measure),
            dt.date.fromisoformat(start),
            dt.date.fromisoformat(end),
            int(amount),
            currency,
        )
        for person, measure, start, end, amount, currency in rows
    )


def _credits(frame: pd.DataFrame) -> tuple[Credits, list[int]]:
    transaction, index = np.unique(frame["transaction_id"].to_numpy(np.int64), return_index=True)
    place = np.searchsorted(transaction, frame["transaction_id"].to_numpy(np.int64)).astype(np.intp)
    amounts = frame["amount"].to_numpy(np.int64)
    person = np.array([NO_PERSON if pd.isna(v) else int(v) for v in frame["person"]], dtype=np.int64)
    share = frame["share"].fillna(PPM).to_numpy(np.int64)
    role = frame["role"].to_numpy(object)
    parts = split_credits(amounts[index], place, person, share, role == CreditRole.OVERLAY.value)
    # Without a credit of its own, a transaction's owner is credited under the transaction's negative number.
    keys = [
        int(c) if not pd.isna(c) else -int(t) for c, t in zip(frame["credit_id"], frame["transaction_id"], strict=True)
    ]
    order = {r.value: i for i, r in enumerate(CreditRole)}
    split = np.array([order.get(str(r), len(order)) for r in role], dtype=np.int64)
    made = Credits(
        np.array(keys, dtype=np.int64),
        person,
        frame["day"].to_numpy(object).astype("datetime64[D]"),
        frame["external_id"].to_numpy(object),
        parts,
        frame["currency"].to_numpy(object),
        split=split,
        fields=_fields(frame, amounts, share),
    )
    return made, keys


def _fields(frame: pd.DataFrame, amounts: Ints, share: Ints) -> Table:
    currencies = frame["currency"].to_numpy(object)
    columns = [
        _column("Credit role", frame["role"], ValueKind.TEXT),
        _column("Kind", frame["kind"], ValueKind.TEXT),
        _column("Product", frame["product"], ValueKind.TEXT),
        _column("Family", frame["family"], ValueKind.TEXT),
        _column("Account", frame["account"], ValueKind.TEXT),
        _column("Industry", frame["industry"], ValueKind.TEXT),
        _column("Segment", frame["segment"], ValueKind.TEXT),
        _column("Quantity", frame["quantity"], ValueKind.NUMBER),
        Column("Share", "Share", ValueKind.RATE, share),
        Column("Transaction amount", "Transaction amount", ValueKind.MONEY, amounts, currencies=currencies),
        _column("Margin", frame["margin"], ValueKind.MONEY, currencies),
    ]
    return Table("Credits", tuple(columns))


def _column(name: str, values: pd.Series[Any], kind: ValueKind, currencies: Texts | None = None) -> Column:
    raw: list[object] = [None if missing else value for value, missing in zip(values, values.isna(), strict=True)]
    if kind is ValueKind.MONEY:
        whole = values.astype("Int64")
        raw = [None if missing else int(value) for value, missing in zip(whole, values.isna(), strict=True)]
    array, missing_mask = column_array(kind, raw)
    return Column(name, name, kind, array, missing_mask, currencies=currencies)
