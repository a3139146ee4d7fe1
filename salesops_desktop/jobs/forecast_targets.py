"""The target of a period: what was given, or the bookings quotas of the people asked about that count."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.jobs.company import CompanyFacts
from salesops_desktop.jobs.currencies import convertible, load_rates
from salesops_desktop.jobs.pipeline_frames import Pipeline, Selection
from salesops_desktop.model.money import to_minor
from salesops_desktop.model.periods import Period
from salesops_desktop.model.quotas import QuotaPart, not_counted, quota_inside, quota_parts

__all__ = ["Target", "target_of", "target_of_selection"]

_QUOTAS = """
SELECT q.person_id, p.role, p.manager_id, q.period_start, q.period_end, q.amount AS amount_minor, q.currency
FROM quota q JOIN person p ON p.id = q.person_id
WHERE q.measure = 'bookings' AND q.period_start <= ? AND q.period_end >= ? ORDER BY q.id
"""


@dataclass(frozen=True, slots=True)
class Target:
    """What a period is to bring.

    Attributes:
        amount: in minor units of the company's currency; None without quotas.
        basis: what it is made of, in a sentence.
        people: person id → quota, of those that count.
    """

    amount: int | None
    basis: str = ""
    people: dict[int, int] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """The basis among other sentences: none where there is nothing to say."""
        return (self.basis,) if self.basis else ()


def target_of(
    connection: Connection, facts: CompanyFacts, period: Period, owners: Collection[int] | None = None
) -> Target:
    """The bookings quotas that lie in a period and count (see :mod:`salesops_desktop.model.quotas`).

    Those in currencies without a rate are left out; the basis says how much that is.

    Args:
        connection: a read connection.
        facts: the company.
        period: the period.
        owners: the people whose quotas are meant; everybody's where left out.
    """
    frame = _quotas(connection, period)
    frame, left = convertible(
        frame, ["amount_minor"], "currency", "period_start", facts.currency, load_rates(connection), what="quotas"
    )
    ids, roles = frame["person_id"].tolist(), frame["role"].tolist()
    parts = quota_parts(ids, [None if pd.isna(m) else int(m) for m in frame["manager_id"]], roles)
    amounts = frame["amount_minor"].to_numpy(np.int64).tolist()
    starts, ends = (frame[name].dt.date.tolist() for name in ("period_start", "period_end"))
    people: dict[int, int] = {}
    meant: list[QuotaPart] = []
    for person, part, amount, start, end in zip(ids, parts, amounts, starts, ends, strict=True):
        if owners is not None and person not in owners:
            continue
        meant.append(part)
        if part is QuotaPart.COUNTS:
            inside = quota_inside(amount, start, end, period.start, period.end)
            people[int(person)] = people.get(int(person), 0) + inside
    lost = "".join(f" {found}" for found in left)
    if not people:
        return Target(None, f"No bookings quotas lie in {period.label}: there is no target.{lost}")
    twice = not_counted(meant)
    many = f"{len(people):,} {'person' if len(people) == 1 else 'people'}"
    basis = f"The target is the quotas of {many}{f'; not counted twice: {twice}' if twice else ''}.{lost}"
    return Target(sum(people.values()), basis, people)


def target_of_selection(
    connection: Connection, loaded: Pipeline, period: Period, selection: Selection, given: float | None = None
) -> Target:
    """The target of a selection: the quotas of its people; products have none.

    Args:
        connection: a read connection.
        loaded: the pipeline, which knows the people.
        period: the period.
        selection: whose deals.
        given: a target in major units instead.
    """
    if given is not None:
        return Target(to_minor(Decimal(str(given)), loaded.facts.currency))
    if selection.product is not None:
        return Target(None, "Quotas are not set by product: there is no target.")
    return target_of(connection, loaded.facts, period, loaded.owners(selection))


def _quotas(connection: Connection, period: Period) -> pd.DataFrame:
    result = connection.exec_driver_sql(_QUOTAS, (period.end.isoformat(), period.start.isoformat()))
    names = list(result.keys())
    rows = result.cursor.fetchall()
    result.close()
    frame = pd.DataFrame({name: [row[i] for row in rows] for i, name in enumerate(names)}, columns=names)
    for name in ("period_start", "period_end"):
        frame[name] = pd.to_datetime(frame[name], format="ISO8601")
    frame["amount_minor"] = frame["amount_minor"].astype("Int64")
    return frame
