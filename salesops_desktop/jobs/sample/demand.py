"""Leads and how fast they were answered; activities and how time was spent."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from salesops_desktop.jobs.sample import calendar
from salesops_desktop.jobs.sample.names import LINES_OF_BUSINESS, NameMaker, email_of
from salesops_desktop.jobs.sample.pipeline import SOURCES, Opportunity
from salesops_desktop.jobs.sample.roster import Roster
from salesops_desktop.model.progress import Progress, silent

_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Lead:
    """Somebody who asked; times are UTC."""

    external_id: str
    name: str
    company: str
    email: str
    source: str
    owner: int
    status: str
    created: dt.datetime
    responded: dt.datetime | None
    opportunity: Opportunity | None
    country: str
    state: str
    score: int


@dataclass(frozen=True, slots=True)
class Activity:
    """A stretch of somebody's time; the start is UTC."""

    external_id: str
    kind: str
    subject: str
    person: int
    opportunity: Opportunity | None
    start: dt.datetime
    minutes: int
    outcome: str


_SELLING: tuple[tuple[str, str, float, float], ...] = (
    # kind as the CRM says, subject, share, median minutes
    ("Call", "Call", 0.36, 13.0),
    ("Email", "Email", 0.25, 7.0),
    ("Meeting", "Video meeting", 0.16, 40.0),
    ("Appointment", "Visit", 0.14, 65.0),
    ("Demo", "Product demo", 0.09, 50.0),
)
_OTHER: tuple[tuple[str, str, float, float], ...] = (
    ("Administration", "CRM and paperwork", 0.42, 48.0),
    ("Internal Meeting", "Team meeting", 0.27, 40.0),
    ("Travel", "Drive", 0.22, 72.0),
    ("Training", "Training", 0.09, 95.0),
)
_OUTCOMES = ("Completed", "Completed", "Completed", "No answer", "Rescheduled")
_SELLING_SHARE = 0.6


def make_leads(
    rng: np.random.Generator,
    opportunities: Sequence[Opportunity],
    roster: Roster,
    *,
    count: int,
    first: int,
    last: int,
    progress: Progress = silent,
) -> tuple[Lead, ...]:
    """Make leads, oldest first; a quarter of them became an opportunity that begins days later.

    Args:
        rng: the source of chance.
        opportunities: those not renewed or expanded may have come from a lead.
        roster: SDRs in service on the day answer, each at a pace of their own.
        count: how many.
        first: the first day.
        last: today: what would be answered later is not answered yet.
        progress: told every few hundred.
    """
    names = NameMaker(rng)
    fresh = [o for o in opportunities if o.kind == "New Business" and o.created > first + 30]
    converted = [fresh[int(i)] for i in rng.permutation(len(fresh))[: count // 4]]
    births: list[tuple[int, Opportunity | None]] = [(o.created - int(rng.integers(1, 25)), o) for o in converted]
    births += [(int(day), None) for day in rng.integers(first, last + 1, count - len(converted))]
    births.sort(key=lambda birth: (birth[0], birth[1].number if birth[1] else -1))
    made = []
    for i, (day, sale) in enumerate(births):
        if i % 500 == 0:
            progress(i, count, "Leads")
        made.append(_lead(rng, names, roster, i, day, sale, last))
    return tuple(made)


def _lead(
    rng: np.random.Generator,
    names: NameMaker,
    roster: Roster,
    number: int,
    day: int,
    sale: Opportunity | None,
    last: int,
) -> Lead:
    serving = [person for person in roster.sdrs if roster.people[person].serves(day)]
    owner = serving[int(rng.integers(len(serving)))]
    minute = min(1439, max(0, round(float(rng.normal(840, 200)))))
    created = dt.datetime.combine(calendar.date_of(day), dt.time()) + minute * _MINUTE
    # Median 3.2 hours, getting better by a fifth a year, with a long tail.
    hours = (
        3.2 * math.exp(roster.people[owner].skill * -1.2) * 0.8 ** ((last - day) / -365.25 + 3) * rng.lognormal(0, 1.3)
    )
    answered: dt.datetime | None = created + max(2, round(hours * 60)) * _MINUTE
    today = dt.datetime.combine(calendar.date_of(last), dt.time(17))
    if sale is None and rng.random() < 0.07:
        answered = None
    if answered is not None and answered > today:
        answered = None
    if sale is not None:
        status = "Closed - Converted"
        answered = answered or created + 30 * _MINUTE
    elif answered is None:
        status = "Open - Not Contacted"
    else:
        recent = last - day < 45
        status = str(
            rng.choice(
                ["Working - Contacted", "Qualified", "Closed - Not Converted"],
                p=((0.6, 0.2, 0.2) if recent else (0.05, 0.05, 0.9)),
            )
        )
    name = names.contact()
    industry = names.pick(tuple(LINES_OF_BUSINESS))
    town = sale.account.town if sale else roster.people[owner].home
    company = sale.account.name if sale else f"{names.contact().split()[1]} {names.pick(LINES_OF_BUSINESS[industry])}"
    return Lead(
        f"00QQ0000{number + 1:07d}",
        name,
        company,
        email_of(name),
        sale.source if sale else SOURCES[int(rng.integers(6))],
        owner,
        status,
        created,
        answered,
        sale,
        town.country,
        town.region if town.country in ("US", "CA") else "",
        min(100, max(1, round(float(rng.normal(62 if sale else 44, 16))))),
    )


def make_activities(
    rng: np.random.Generator,
    opportunities: Sequence[Opportunity],
    roster: Roster,
    *,
    count: int,
    first: int,
    last: int,
    progress: Progress = silent,
) -> tuple[Activity, ...]:
    """Make activities, oldest first: selling belongs to an opportunity open on the day, the rest to nobody.

    Args:
        rng: the source of chance.
        opportunities: more is done for larger ones.
        roster: whoever owns the opportunity on the day does it.
        count: how many.
        first: the first day.
        last: today.
        progress: told every thousand.
    """
    weight = np.array([min(o.closed - o.created, 200) * o.amount**0.2 for o in opportunities], dtype=float)
    chosen = rng.choice(len(opportunities), size=count, p=weight / weight.sum())
    part = rng.random(count)
    selling = rng.random(count) < _SELLING_SHARE
    drafts = []
    for i in range(count):
        if i % 1000 == 0:
            progress(i, count, "Activities")
        sale = opportunities[int(chosen[i])]
        low, high = max(first, sale.created), min(last, sale.closed)
        day = calendar.working_day(low + int(part[i] * max(1, high - low)))
        day = max(day, calendar.next_working_day(low))
        person = roster.holder(sale.account.seat, day)
        drafts.append((day, person, sale if selling[i] else None))
    drafts.sort(key=lambda draft: (draft[0], draft[1], draft[2].number if draft[2] else -1))
    return tuple(_activity(rng, i, *draft) for i, draft in enumerate(drafts))


def _activity(rng: np.random.Generator, number: int, day: int, person: int, sale: Opportunity | None) -> Activity:
    kinds = _SELLING if sale else _OTHER
    draw, chosen = float(rng.random()), kinds[-1]
    for kind in kinds:
        draw -= kind[2]
        if draw < 0:
            chosen = kind
            break
    start = dt.datetime.combine(calendar.date_of(day), dt.time(8)) + 15 * int(rng.integers(0, 38)) * _MINUTE
    minutes = max(2, round(chosen[3] * float(rng.lognormal(0.0, 0.35))))
    return Activity(
        f"00TQ0000{number + 1:07d}",
        chosen[0],
        f"{chosen[1]}: {sale.product.name}" if sale else chosen[1],
        person,
        sale,
        start,
        minutes,
        _OUTCOMES[int(rng.integers(len(_OUTCOMES)))] if sale else "Completed",
    )
