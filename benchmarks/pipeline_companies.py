"""Companies whose truth is known: deals that never close, a rush at the quarter's end, slipping dates, unequal sellers.

Every company draws its own size, pace, win rate, share of deals that nobody will ever close, strength of the rush,
spread between sellers, growth, and how much good and bad months move everybody together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

START = np.datetime64("2022-01-01")
DAYS = 1096


@dataclass(frozen=True)
class Company:
    """A simulated company: its opportunities at the end, and a snapshot at each month-end."""

    opportunities: pd.DataFrame
    snapshots: pd.DataFrame


def simulated(seed: int, *, staged: bool = True) -> Company:
    """One company over three years; opportunities as a CRM would export them on the last day."""
    draw = np.random.default_rng(seed)
    per_day = np.exp(draw.uniform(np.log(0.8), np.log(6)))
    growth = draw.normal(0.1, 0.15)
    season = np.array([0.9, 1.0, 1.1]) if draw.random() < 0.5 else np.ones(3)
    calendar = START + np.arange(DAYS)
    month = calendar.astype("datetime64[M]").astype(int) % 3
    rate = per_day * np.exp(growth * np.arange(DAYS) / 365) * season[month]
    created = np.repeat(np.arange(DAYS), draw.poisson(rate))
    n = len(created)
    win, cure, typical = draw.uniform(0.2, 0.6), draw.uniform(0.0, 0.25), draw.uniform(30, 120)
    rush = np.array([1.0, 1.0, 1.0]) * np.exp(draw.uniform(0, 0.6) * np.array([-1.0, 0.0, 1.0]))
    owner = draw.integers(0, max(4, int(per_day * 6)), n)
    skill = np.exp(draw.normal(0, 0.3, owner.max() + 1))
    monthly = np.exp(draw.uniform(0.0, 0.2) * draw.normal(size=40))
    shape = draw.uniform(1.0, 2.0)
    ages = np.arange(DAYS)
    pace = shape / typical * ((ages + 0.5) / typical) ** (shape - 1)
    product = draw.integers(0, 5, n)
    price = np.round(np.exp(draw.normal(9, 0.8, 5)), -2)
    amount = np.round(price[product] * np.exp(draw.normal(0, 0.25, n)), 2)
    closed, won = np.full(n, DAYS * 2), np.zeros(n, bool)
    never = draw.random(n) < cure
    toll, race = draw.exponential(size=n), draw.random(n)
    order = month[None, :]
    step = 4000
    for first in range(0, n, step):
        part = np.arange(first, min(first + step, n))
        day = np.arange(DAYS)[None, :]
        age = day - created[part, None]
        base = np.where(age >= 0, pace[np.maximum(age, 0)], 0.0)
        wins = base * win * rush[order] * skill[owner[part], None] * monthly[(np.arange(DAYS) // 30)[None, :]]
        losses = base * (1 - win)
        summed = np.cumsum(wins + losses, axis=1)
        place = (summed < toll[part, None]).sum(axis=1)
        over = (place < DAYS) & ~never[part]
        at = np.minimum(place, DAYS - 1)
        share = wins[np.arange(len(part)), at] / np.maximum((wins + losses)[np.arange(len(part)), at], 1e-12)
        closed[part[over]] = place[over]
        won[part] = over & (race[part] < share)
    opened = closed >= DAYS
    status = np.where(opened, "open", np.where(won, "won", "lost"))
    # The end is known to nobody: a stage moves on with a deal's part of its life, and says a little of its outcome.
    paid = np.round(amount * np.where(won, np.exp(draw.normal(-0.03, 0.08, n)), 1.0), 2)
    lead = draw.uniform(0.2, 0.6, n)
    table = pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "stage": np.where(opened, "Open", np.where(won, "Closed Won", "Closed Lost")),
            "status": status,
            "amount_minor": pd.array(np.rint(paid * 100).astype(np.int64), dtype="Int64"),
            "list_price_minor": pd.array(np.rint(price[product] * 100).astype(np.int64), dtype="Int64"),
            "created_on": pd.to_datetime(START + created),
            "close_on": pd.to_datetime(np.where(opened, np.datetime64("NaT", "D"), START + np.minimum(closed, DAYS))),
            "owner": [f"Seller {k}" for k in owner],
            "product": [f"Product {k}" for k in product],
        }
    )
    return Company(table, _snapshots(table, created, closed, lead, amount, draw) if staged else pd.DataFrame())


def _snapshots(
    table: pd.DataFrame, created: np.ndarray, closed: np.ndarray, lead: np.ndarray, amount: np.ndarray,
    draw: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    lines = []
    for day in pd.date_range("2022-01-31", "2024-12-31", freq="ME"):
        at = int((day - pd.Timestamp(START)).days)
        seen = np.flatnonzero((created <= at) & (closed > at))
        life = (at - created[seen]) / np.maximum(np.minimum(closed[seen], 2 * at) - created[seen], 1)
        stage = np.where(life > 1 - lead[seen], "Negotiation", np.where(life > 0.3, "Proposal", "Discovery"))
        noisy = draw.random(len(seen)) < 0.35
        stage = np.where(noisy, draw.choice(["Discovery", "Proposal", "Negotiation"], len(seen)), stage)
        due = day + pd.to_timedelta(draw.integers(5, 90, len(seen)), unit="D")  # slips month after month
        lines.append(
            pd.DataFrame(
                {
                    "opportunity": table["id"].to_numpy()[seen],
                    "taken_on": day,
                    "stage": stage,
                    "status": "open",
                    "amount_minor": pd.array(np.rint(amount[seen] * 100).astype(np.int64), dtype="Int64"),
                    "close_on": due,
                }
            )
        )
    return pd.concat(lines, ignore_index=True)
