"""Target achievement, win rate and cycle time of one slice."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.quotas import QuotaPart, not_counted, quota_inside, quota_parts
from salesops_desktop.performance.definitions import CYCLE_TIME, TARGET_ACHIEVEMENT, WIN_RATE
from salesops_desktop.performance.figures import Figure, Slice, divide, exact_sum, ids_of, mean, median
from salesops_desktop.performance.frames import NOT_GIVEN, Columns, Rows

LEAST_CLOSINGS = 10

QUOTA_GROUPS = frozenset({"owner", "manager", "region"})
"""What people have; a quota knows no product."""


def closed_rows(s: Slice, status: str | None = None) -> Rows:
    """Opportunities closed in the slice's period; only those of one ``status`` where given."""
    rows = s.within("opportunities", "close_on")
    states = s.data["opportunities"]["status"][rows]
    kept: Rows = rows[states == status] if status else rows[(states == "won") | (states == "lost")]
    return kept


def win_rate(s: Slice) -> Figure:
    """Won ÷ (won + lost)."""
    opportunities = s.data["opportunities"]
    closed = closed_rows(s)
    if not len(closed):
        what = "no opportunity was closed in it" if opportunities.length else "there are no opportunities"
        return Figure(None, 0, 0, s.reason(what, WIN_RATE.needs))
    won = closed[opportunities["status"][closed] == "won"]
    amounts = opportunities["amount_minor"]
    priced = ~opportunities.missing("list_price_minor")
    valued = won[~opportunities.missing("amount_minor")[won]]
    compared = valued[priced[valued]]
    value = exact_sum(amounts[valued])
    list_compared = exact_sum(opportunities["list_price_minor"][compared])
    details = {
        "won": float(len(won)),
        "lost": float(len(closed) - len(won)),
        "by_list_value": divide(_list_value(opportunities, won), _list_value(opportunities, closed)),
        "won_value": float(value),
        "avg_won_value": divide(value, len(valued)),
        "median_won_value": median(amounts[valued]),
        "discount_vs_list": None if not list_compared else 1 - exact_sum(amounts[compared]) / list_compared,
    }
    unpriced = int((~priced[closed]).sum())
    notes = (f"{unpriced:,} closed opportunities have no list price and are not in the list values.",)
    return Figure(
        len(won) / len(closed),
        len(won),
        len(closed),
        ids=ids_of(opportunities, closed),
        details=details,
        notes=notes if 0 < unpriced < len(closed) else (),
    )


def _list_value(opportunities: Columns, rows: Rows) -> int:
    return exact_sum(opportunities["list_price_minor"][rows])


def cycle_days(s: Slice, rows: Rows) -> tuple[npt.NDArray[np.int64], Rows, Rows]:
    """Days from creation to close of ``rows``; the rows that have both dates in order; those closed before created."""
    opportunities = s.data["opportunities"]
    created, closed = opportunities["created_on"][rows], opportunities["close_on"][rows]
    dated = ~np.isnat(created.astype("datetime64[D]"))
    backwards = dated & (closed < created)
    kept = dated & ~backwards
    days = (closed[kept] - created[kept]).astype("timedelta64[D]").astype(np.int64)
    return days, rows[kept], rows[backwards]


def cycle_time(s: Slice) -> Figure:
    """Mean days from creation to winning."""
    opportunities = s.data["opportunities"]
    won_days, won, wrong = cycle_days(s, closed_rows(s, "won"))
    lost_days, _, _ = cycle_days(s, closed_rows(s, "lost"))
    everything = np.concatenate([won_days, lost_days])
    details = {
        "won_median": median(won_days),
        "closed_mean": mean(everything),
        "closed_median": median(everything),
        "lost_mean": mean(lost_days),
        "median_with_open": _median_with_open(s),
    }
    notes = (f"{len(wrong):,} won opportunities were closed before they were created: left out.",) if len(wrong) else ()
    if not len(won):
        what = "no opportunity with a creation date was won in it"
        if not opportunities.length:
            what = "there are no opportunities"
        return Figure(None, 0, 0, s.reason(what, CYCLE_TIME.needs), details=details, notes=notes)
    total = exact_sum(won_days)
    return Figure(total / len(won), total, len(won), ids=ids_of(opportunities, won), details=details, notes=notes)


def _median_with_open(s: Slice) -> float | None:
    """The age by which half of the deals are closed, from the deals watched during the slice's period.

    Product-limit estimator (Kaplan & Meier 1958): a deal is watched from the start of the period, or its creation if
    later, to its close, or the end of the period if earlier. None for fewer than ten closings, or where fewer than
    half of the deals close at any age seen.
    """
    opportunities, rows = s.data["opportunities"], s.rows["opportunities"]
    start, end = np.datetime64(s.period.start), np.datetime64(s.end)
    created, closed = opportunities["created_on"][rows], opportunities["close_on"][rows]
    shut = (opportunities["status"][rows] != "open") & (closed <= end)
    watched = (created <= end) & (~shut | (closed >= np.maximum(start, created)))
    created, closed, shut = created[watched], closed[watched], shut[watched]
    if int(shut.sum()) < LEAST_CLOSINGS:
        return None
    entry = np.maximum((start - created).astype("timedelta64[D]").astype(np.int64), 0)
    leave = (np.where(shut, closed, end) - created).astype("timedelta64[D]").astype(np.int64)
    ages, events = np.unique(leave[shut], return_counts=True)
    at_risk = np.searchsorted(np.sort(entry), ages, side="right") - np.searchsorted(np.sort(leave), ages, side="left")
    surviving = np.cumprod(1 - events / at_risk)
    reached = np.flatnonzero(surviving <= 0.5)
    return float(ages[reached[0]]) if len(reached) else None


def target_achievement(s: Slice) -> Figure:
    """Won amount ÷ quota."""
    if s.group_by is not None and s.group_by not in QUOTA_GROUPS:
        return Figure(
            None, reason=s.reason(f"quotas are not set by {s.group_by}", "Group by person, manager or region.")
        )
    opportunities, quotas = s.data["opportunities"], s.data["quotas"]
    if not quotas.length:
        return Figure(None, reason=s.reason("there are no quotas", TARGET_ACHIEVEMENT.needs))
    shares, twice = quota_shares(s)
    won = closed_rows(s, "won")
    achieved = exact_sum(opportunities["amount_minor"][won])
    target = sum(shares.values())
    if not shares or not target:
        return Figure(
            None,
            achieved,
            target,
            s.reason("no bookings quota lies in it", TARGET_ACHIEVEMENT.needs),
            ids_of(opportunities, won),
        )
    per_person = _won_by_person(s, won)
    reached = sum(per_person.get(person, 0) >= quota for person, quota in shares.items() if quota > 0)
    details = {
        "people_with_quota": float(len(shares)),
        "people_at_target": divide(reached, len(shares)),
        "gap": float(target - achieved),
    }
    notes = []
    if twice:
        notes.append(
            f"Quotas of managers are the sum of their people's, overlays sell with others: not counted {twice}."
        )
    without = [person for person in per_person if person not in shares]
    if without:
        who = "1 person" if len(without) == 1 else f"{len(without):,} people"
        notes.append(f"{who} won deals without a quota; these count in the won amount.")
    if s.period.end > s.as_of:
        notes.append(f"{s.period.label} is not over: the quota is that of the whole period.")
    return Figure(
        achieved / target,
        achieved,
        target,
        ids=ids_of(opportunities, won),
        details=details,
        notes=tuple(notes),
    )


def _won_by_person(s: Slice, won: Rows) -> dict[str, int]:
    opportunities = s.data["opportunities"]
    owners = opportunities.groups.get("owner")
    if owners is None:
        return {}
    totals: dict[str, int] = {}
    for person, amount in zip(owners[won], opportunities["amount_minor"][won], strict=True):
        totals[str(person)] = totals.get(str(person), 0) + int(amount)
    return totals


def quota_shares(s: Slice) -> tuple[Mapping[str, int], str]:
    """Each person's bookings quota that lies in the slice's whole period, in minor units; and what was left out.

    Which quotas count is the same as for forecasts: see :mod:`salesops_desktop.model.quotas`.
    """
    quotas = s.data["quotas"]
    start, end = np.datetime64(s.period.start), np.datetime64(s.period.end)
    bookings = (quotas["measure"] == "bookings") | quotas.missing("measure")
    there = np.flatnonzero((quotas["period_start"] <= end) & (quotas["period_end"] >= start) & bookings)
    owners = quotas.groups["owner"][there].tolist()
    managers = quotas.groups.get("manager")
    above = [None] * len(there) if managers is None else [None if m == NOT_GIVEN else m for m in managers[there]]
    unknown = quotas.missing("role")[there].tolist()
    named = quotas["role"][there].tolist()
    roles = [None if lacking else str(role) for lacking, role in zip(unknown, named, strict=True)]
    part_of = dict(zip(there.tolist(), quota_parts(owners, above, roles), strict=True))
    rows = [int(row) for row in s.rows["quotas"] if int(row) in part_of]
    shares: dict[str, int] = {}
    for row in rows:
        if part_of[row] is QuotaPart.COUNTS:
            person = str(quotas.groups["owner"][row])
            first, last = (quotas[name][row].astype("datetime64[D]").item() for name in ("period_start", "period_end"))
            amount = int(quotas["amount_minor"][row])
            shares[person] = shares.get(person, 0) + quota_inside(amount, first, last, s.period.start, s.period.end)
    return shares, not_counted([part_of[row] for row in rows])
