"""Time spent selling, lead response time and appointments of one slice."""

from __future__ import annotations

import math

import numpy as np

from salesops_desktop.model.enums import SELLING_ACTIVITIES, ActivityKind
from salesops_desktop.performance.definitions import APPOINTMENTS, LEAD_RESPONSE, SELLING_TIME
from salesops_desktop.performance.figures import Figure, Slice, divide, ids_of, mean
from salesops_desktop.performance.frames import NOT_GIVEN

_SELLING = [kind.value for kind in SELLING_ACTIVITIES]
APPOINTMENT_KINDS = (ActivityKind.APPOINTMENT.value, ActivityKind.MEETING.value, ActivityKind.DEMO.value)
NOT_HELD = ("no show", "no-show", "noshow", "cancelled", "canceled", "did not attend")


def selling_time(s: Slice) -> Figure:
    """Selling minutes ÷ logged minutes."""
    activities = s.data["activities"]
    rows = s.within("activities", "starts_at")
    if not len(rows):
        return Figure(None, 0, 0, _no_activities(s, SELLING_TIME.needs))
    minutes = activities["minutes"].astype(np.float64)[rows]
    timed = ~np.isnan(minutes)
    logged = float(minutes[timed].sum())
    selling = float(minutes[timed & np.isin(activities["kind"][rows], _SELLING)].sum())
    details = {
        "selling_hours": selling / 60,
        "logged_hours": logged / 60,
        "with_minutes": float(timed.mean()),
    }
    ids = ids_of(activities, rows)
    if logged == 0:
        why = s.reason("none of its activities says how long it took", SELLING_TIME.needs)
        return Figure(None, selling, logged, why, ids, details)
    blank = int((~timed).sum())
    notes = (f"{blank:,} of {len(rows):,} activities do not say how long they took: not counted.",) if blank else ()
    return Figure(selling / logged, selling, logged, ids=ids, details=details, notes=notes)


def lead_response(s: Slice) -> Figure:
    """Median hours to the first response; leads nobody answered wait longest."""
    leads = s.data["leads"]
    rows = s.within("leads", "created_at")
    if not len(rows):
        what = "no lead was created in it" if leads.length else "there are no leads"
        return Figure(None, 0, 0, s.reason(what, LEAD_RESPONSE.needs))
    created = leads["created_at"][rows].astype("datetime64[s]")
    responded = leads["responded_at"][rows].astype("datetime64[s]")
    known = ~np.isnat(responded) & (responded.astype("datetime64[D]") <= np.datetime64(s.as_of))
    early = known & (responded < created)
    rows, created, responded, known = rows[~early], created[~early], responded[~early], known[~early]
    notes = (f"{int(early.sum()):,} leads were answered before they were created: left out.",) if early.any() else ()
    if not len(rows):
        why = s.reason("all of its leads were answered before they were created", "Check the two times.")
        return Figure(None, 0, 0, why, notes=notes)
    hours = np.full(len(rows), np.inf)
    hours[known] = (responded[known] - created[known]).astype(np.int64) / 3600
    answered = int(known.sum())
    details = {
        "answered_mean": mean(hours[known]),
        "p90": _finite(_rank(hours, 0.9)),
        "within_5_minutes": float((hours <= 5 / 60).mean()),
        "within_1_hour": float((hours <= 1).mean()),
        "within_24_hours": float((hours <= 24).mean()),
        "never_answered": 1 - answered / len(rows),
    }
    ids = ids_of(leads, rows)
    with np.errstate(invalid="ignore"):
        value = _finite(float(np.median(hours)))
    if value is None:
        why = s.reason("half of its leads or more were never answered", "See the details for those that were.")
        return Figure(None, answered, len(rows), why, ids, details, notes)
    return Figure(value, answered, len(rows), ids=ids, details=details, notes=notes)


def appointments(s: Slice) -> Figure:
    """Customer meetings that took place."""
    activities = s.data["activities"]
    first = s.company.first_activity()
    if np.isnat(first) or first > np.datetime64(s.end):
        return Figure(None, reason=_no_activities(s, APPOINTMENTS.needs))
    rows = s.within("activities", "starts_at")
    booked = rows[np.isin(activities["kind"][rows], APPOINTMENT_KINDS)]
    missed = np.array([_not_held(str(text)) for text in activities["outcome"][booked]], dtype=np.bool_)
    held = booked[~missed]
    people = _people(s, held)
    after = np.datetime64(s.end) + np.timedelta64(1, "D")
    days = int(np.busday_count(np.datetime64(s.period.start), after)) if s.end >= s.period.start else 0
    details = {
        "booked": float(len(booked)),
        "no_show_rate": divide(int(missed.sum()), len(booked)),
        "people": None if people is None else float(people),
        "per_person": None if not people else len(held) / people,
        "per_working_day": divide(len(held), days),
    }
    return Figure(float(len(held)), len(held), None, ids=ids_of(activities, held), details=details)


def _people(s: Slice, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> int | None:
    owners = s.data["activities"].groups.get("owner")
    return None if owners is None else len(set(owners[rows]) - {NOT_GIVEN})


def _not_held(outcome: str) -> bool:
    text = outcome.casefold()
    return any(word in text for word in NOT_HELD)


def _no_activities(s: Slice, needs: str) -> str:
    what = "no activity was logged in it" if s.data["activities"].length else "there are no activities"
    return s.reason(what, needs)


def _rank(values: np.ndarray[tuple[int], np.dtype[np.float64]], share: float) -> float:
    """The smallest value that at least ``share`` of the values do not exceed."""
    return float(np.sort(values)[max(0, math.ceil(share * len(values) - 1e-9) - 1)])


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
