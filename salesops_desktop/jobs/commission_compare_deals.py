"""Which deals make the difference between two calculations, person by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.commission import RunResult
from salesops_desktop.model.money import Money

NAMED = 3
"""Deals that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Deal:
    """What one side pays a person for one transaction."""

    person: int
    currency: str
    number: str
    account: str
    pay: int
    """Minor units, extras left out: no single deal brings those."""


def deals_that_matter(first: Iterable[Deal], second: Iterable[Deal]) -> Mapping[tuple[int, str], str]:
    """Name the deals whose pay differs most between two sides.

    Returns:
        Words by (person, currency): ``T-106135 (Acme) +5,565.59 USD; …; and 4 more``, the largest difference first.
    """
    changes: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    accounts: dict[str, str] = {}
    for sign, side in ((-1, first), (1, second)):
        for deal in side:
            changes[deal.person, deal.currency][deal.number] += sign * deal.pay
            accounts[deal.number] = deal.account or accounts.get(deal.number, "")
    return {key: _words(change, key[1], accounts) for key, change in changes.items()}


def _words(changes: Mapping[str, int], currency: str, accounts: Mapping[str, str]) -> str:
    ordered = sorted(((-abs(pay), number, pay) for number, pay in changes.items() if pay))
    said = []
    for _, number, pay in ordered[:NAMED]:
        account = f" ({accounts[number]})" if accounts[number] else ""
        said.append(f"{number}{account} {'+' if pay > 0 else ''}{Money(pay, currency)}")
    if len(ordered) > NAMED:
        said.append(f"and {len(ordered) - NAMED:,} more")
    return "; ".join(said)


def stored_deals(connection: Connection, run: int) -> tuple[Deal, ...]:
    """What a stored run pays each person for each transaction."""
    rows = connection.exec_driver_sql(
        "SELECT l.person_id, l.currency, l.transaction_number, coalesce(a.name, ''), sum(l.payout) FROM run_line l "
        'LEFT JOIN "transaction" t ON t.id = l.transaction_id LEFT JOIN account a ON a.id = t.account_id '
        "WHERE l.run_id = ? GROUP BY 1, 2, 3",
        (run,),
    )
    return tuple(Deal(int(who), str(code), str(number), str(name), int(pay)) for who, code, number, name, pay in rows)


def calculated_deals(result: RunResult) -> tuple[Deal, ...]:
    """What a calculation by its first plan pays each person for each transaction."""
    lines, given = result.lines, result.credits
    accounts = given.table()["Account"].values if given.fields is not None else np.full(len(given), "", dtype=object)
    pay: dict[tuple[int, str], int] = defaultdict(int)
    names: dict[str, str] = {}
    for who, row, amount in zip(lines.person.tolist(), lines.row.tolist(), lines.pay.tolist(), strict=True):
        number = str(given.transaction[row])
        pay[who, number] += amount
        names[number] = str(accounts[row] or "")
    code = result.plans[0].currency
    return tuple(Deal(who, code, number, names[number], amount) for (who, number), amount in pay.items())
