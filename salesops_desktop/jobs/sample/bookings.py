"""What was booked and taken back, and whose credit it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from salesops_desktop.jobs.sample import calendar
from salesops_desktop.jobs.sample.pipeline import Opportunity
from salesops_desktop.jobs.sample.roster import Roster
from salesops_desktop.model.money import PPM, allocate

_SPLITS: tuple[tuple[int, ...], ...] = (
    (700_000, 300_000),
    (600_000, 400_000),
    (500_000, 500_000),
    (800_000, 200_000),
    (333_334, 333_333, 333_333),
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """A booking (positive) or refund (negative) in minor units of the account's currency."""

    external_id: str
    kind: str
    day: int
    opportunity: Opportunity
    owner: int
    amount: int
    margin: int
    quantity: int
    original: str
    """The id of the booking a refund takes back."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A person's share of a transaction, in parts per million."""

    transaction: Transaction
    person: int
    role: str
    share: int


def make_bookings(
    rng: np.random.Generator, opportunities: Sequence[Opportunity], roster: Roster, last: int
) -> tuple[tuple[Transaction, ...], tuple[Credit, ...]]:
    """Book what was won until ``last``: the lines of a sale sum to its amount, direct and split shares to the whole.

    One sale in nine of several units is delivered and booked in parts; one booking in thirty is taken back, wholly or
    in part, and its credits with it.
    """
    transactions: list[Transaction] = []
    credits_made: list[Credit] = []
    for sale in sorted(opportunities, key=lambda o: (o.closed, o.number)):
        if not sale.won or sale.closed > last:
            continue
        shares = _shares(rng, sale, roster)
        lines = _lines(rng, sale, shares[0][0], len(transactions))
        transactions.extend(lines)
        for line in lines:
            credits_made.extend(Credit(line, *share) for share in shares)
            taken_back = _refund(rng, line, len(transactions), last)
            if taken_back is not None:
                transactions.append(taken_back)
                credits_made.extend(Credit(taken_back, *share) for share in shares)
    return tuple(transactions), tuple(credits_made)


def _shares(rng: np.random.Generator, sale: Opportunity, roster: Roster) -> list[tuple[int, str, int]]:
    """(person, role, ppm): the owner's first; all of them in service on the day."""
    owner = roster.holder(sale.account.seat, sale.closed)
    team = roster.seats[sale.account.seat].team
    colleagues = sorted(
        {roster.holder(seat.number, sale.closed) for seat in roster.seats if seat.team == team} - {owner}
    )
    split = _SPLITS[int(rng.integers(len(_SPLITS)))] if rng.random() < 0.11 else (PPM,)
    if len(colleagues) < len(split) - 1:
        split = (PPM,)
    others = rng.permutation(len(colleagues))[: len(split) - 1]
    shares = [(owner, "Direct", split[0])]
    shares += [(colleagues[int(o)], "Split", ppm) for o, ppm in zip(others, split[1:], strict=True)]
    serving = [p for p in roster.overlays[sale.product.family] if roster.people[p].serves(sale.closed)]
    if serving and rng.random() < (0.45, 0.2, 0.05)[sale.account.segment]:
        overlay = serving[int(rng.integers(len(serving)))]
        shares.append((overlay, "Overlay", (PPM, PPM // 2)[int(rng.random() < 0.4)]))
    return shares


def _lines(rng: np.random.Generator, sale: Opportunity, owner: int, made: int) -> list[Transaction]:
    parts = [sale.quantity]
    if sale.quantity >= 4 and rng.random() < 0.11:
        parts = allocate(sale.quantity, [1] * int(rng.integers(2, 4)))
    amounts = allocate(sale.amount, parts)
    return [
        Transaction(
            f"T-{100001 + made + i}",
            "Booking",
            sale.closed,
            sale,
            owner,
            amount,
            amount - quantity * sale.product.unit_cost,
            quantity,
            "",
        )
        for i, (quantity, amount) in enumerate(zip(parts, amounts, strict=True))
    ]


def _refund(rng: np.random.Generator, line: Transaction, made: int, last: int) -> Transaction | None:
    """A credit note for a booking, some weeks later; None for nearly all."""
    if rng.random() > 0.033:
        return None
    day = calendar.working_day(line.day + int(rng.integers(18, 150)))
    if day > last:
        return None
    permille = 1000 if rng.random() < 0.35 else int(rng.integers(1, 9)) * 100
    return Transaction(
        f"T-{100001 + made}",
        "Credit Memo",
        day,
        line.opportunity,
        line.owner,
        -(line.amount * permille // 1000),
        -(line.margin * permille // 1000),
        -line.quantity if permille == 1000 else 0,
        line.external_id,
    )
