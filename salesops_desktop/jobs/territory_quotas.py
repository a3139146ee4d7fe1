"""Quotas of territories: a company target shared out, shown, and stored as one action."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_quota_inputs import last_quotas, load_bookings, season_of
from salesops_desktop.jobs.territory_quota_reports import QuotaReport, quota_report, stored_quotas
from salesops_desktop.jobs.territory_seats import Seats, load_seats, presence
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError
from salesops_desktop.model.money import PPM, allocate, divide_half_up, to_minor
from salesops_desktop.model.periods import Period, PeriodKind
from salesops_desktop.model.progress import Progress
from salesops_desktop.territory.quotas import Limit, Mix, QuotaPlan, QuotaRequest, QuotaSeat, allocate_quotas

__all__ = ["QuotaReport", "Season", "Vacancies", "preview_quotas", "set_quotas", "stored_quotas"]


class Season(StrEnum):
    """How a year's quota is spread over its periods."""

    EVEN = "even"
    HISTORY = "history"


class Vacancies(StrEnum):
    """What becomes of the quota of a territory without a person."""

    HOLD = "hold"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class _Ask:
    """The options of both jobs."""

    scenario: int
    target: str
    growth: float
    year: str
    periods: PeriodKind
    mix: tuple[float, float, float]
    floor: str
    cap: str
    fixed: tuple[str, ...]
    over: float
    unit: str
    rest_on: str
    season: Season
    ramp_months: float
    vacancies: Vacancies


@dataclass(frozen=True, slots=True)
class _Made:
    seats: Seats
    plan: QuotaPlan
    year: Period
    periods: tuple[Period, ...]
    notes: tuple[str, ...]


@job(
    "territories quotas",
    title="Work out quotas",
    group="territories",
    examples=(
        "territories quotas company.salesops 1 --target 60000000 --unit 1000",
        "territories quotas company.salesops 1 --growth 8 --floor 90% --cap 125% --fixed 'Ana Weller=1200000' --over 5",
    ),
)
def preview_quotas(
    context: JobContext,
    scenario: int = 0,
    *,
    target: str = "",
    growth: float = 10.0,
    year: str = "",
    periods: PeriodKind = PeriodKind.QUARTER,
    potential: float = 40.0,
    history: float = 40.0,
    trend: float = 20.0,
    floor: str = "",
    cap: str = "",
    fixed: list[str] | None = None,
    over: float = 0.0,
    unit: str = "1000",
    rest_on: str = "",
    season: Season = Season.HISTORY,
    ramp_months: float = 6.0,
    vacancies: Vacancies = Vacancies.HOLD,
) -> QuotaReport:
    """Share a company target among the territories and show how fair it is; nothing is stored.

    Args:
        scenario: its number in the list; 0 for today's owners.
        target: the company's bookings target for the year, in its currency; history and growth by default.
        growth: per cent on top of the last twelve months' bookings, where no target is given.
        year: the fiscal year, as 2027; the coming one by default.
        periods: month, quarter or year.
        potential: weight of the accounts' potential, per cent.
        history: weight of what they bought in the last twelve months, per cent.
        trend: weight of the same carried on at each territory's own growth, per cent.
        floor: the least a territory gets: an amount, or per cent of its person's last quota, as 90%.
        cap: the most a territory gets: an amount, or per cent of its person's last quota, as 125%.
        fixed: quotas that are promised, as 'Ana Weller=1200000'; territory or person.
        over: per cent by which the territories' quotas exceed the target that their managers carry.
        unit: what quotas are rounded to; they sum to the whole exactly.
        rest_on: the territory that takes what the rounding unit leaves over; the largest by default.
        season: spread over the periods evenly, or as the company's own bookings were.
        ramp_months: months until a newcomer carries a full quota, where the person's own are not known.
        vacancies: hold the quota of a vacant territory, or spread it among the others.
    """
    ask = _Ask(
        scenario, target, growth, year, periods, (potential, history, trend), floor, cap, tuple(fixed or ()), over,
        unit, rest_on, season, ramp_months, vacancies,
    )  # fmt: skip
    with context.workspace.read() as connection:
        made = _worked_out(connection, ask, context.progress)
    return quota_report(made.seats, made.plan, made.year, made.periods, made.notes)


@job(
    "territories set-quotas",
    title="Set quotas",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories set-quotas company.salesops 1 --target 60000000 --over 5 --managers --replace",),
)
def set_quotas(
    context: JobContext,
    scenario: int = 0,
    *,
    target: str = "",
    growth: float = 10.0,
    year: str = "",
    periods: PeriodKind = PeriodKind.QUARTER,
    potential: float = 40.0,
    history: float = 40.0,
    trend: float = 20.0,
    floor: str = "",
    cap: str = "",
    fixed: list[str] | None = None,
    over: float = 0.0,
    unit: str = "1000",
    rest_on: str = "",
    season: Season = Season.HISTORY,
    ramp_months: float = 6.0,
    vacancies: Vacancies = Vacancies.HOLD,
    managers: bool = False,
    replace: bool = False,
) -> QuotaReport:
    """Share a company target among the territories and store the quotas of their people, as one action.

    Args:
        scenario: its number in the list; 0 for today's owners.
        target: the company's bookings target for the year, in its currency; history and growth by default.
        growth: per cent on top of the last twelve months' bookings, where no target is given.
        year: the fiscal year, as 2027; the coming one by default.
        periods: month, quarter or year.
        potential: weight of the accounts' potential, per cent.
        history: weight of what they bought in the last twelve months, per cent.
        trend: weight of the same carried on at each territory's own growth, per cent.
        floor: the least a territory gets: an amount, or per cent of its person's last quota, as 90%.
        cap: the most a territory gets: an amount, or per cent of its person's last quota, as 125%.
        fixed: quotas that are promised, as 'Ana Weller=1200000'; territory or person.
        over: per cent by which the territories' quotas exceed the target that their managers carry.
        unit: what quotas are rounded to; they sum to the whole exactly.
        rest_on: the territory that takes what the rounding unit leaves over; the largest by default.
        season: spread over the periods evenly, or as the company's own bookings were.
        ramp_months: months until a newcomer carries a full quota, where the person's own are not known.
        vacancies: hold the quota of a vacant territory, or spread it among the others.
        managers: store what the managers carry, too.
        replace: put them in the place of bookings quotas that these people have in the year already.
    """
    ask = _Ask(
        scenario, target, growth, year, periods, (potential, history, trend), floor, cap, tuple(fixed or ()), over,
        unit, rest_on, season, ramp_months, vacancies,
    )  # fmt: skip
    with context.workspace.read() as connection:
        made = _worked_out(connection, ask, context.progress)
    with context.workspace.action(f"Set quotas of {made.year.label}: {made.seats.name}", kind="job") as unit_of_work:
        stored = _store(unit_of_work.connection, made, managers=managers, replace=replace)
    context.changed("quota")
    return quota_report(made.seats, made.plan, made.year, made.periods, made.notes, stored=stored)


def _worked_out(connection: Connection, ask: _Ask, progress: Progress) -> _Made:
    seats = load_seats(connection, ask.scenario, progress)
    facts = seats.facts
    progress(0, 0, "Reading bookings and quotas")
    number = facts.calendar.fiscal_year(seats.as_of) + 1
    year = facts.calendar.parse(ask.year) if ask.year else facts.calendar.year(number)
    if year.kind is not PeriodKind.YEAR:
        raise InputRefusedError(f"{ask.year} is no year.", way_out="Quotas are set for a fiscal year, as 2027.")
    if ask.periods is PeriodKind.WEEK:
        raise InputRefusedError("Quotas are not set by week.", way_out="Choose month, quarter or year.")
    number = facts.calendar.fiscal_year(year.start)
    periods = tuple(facts.calendar.of_year(number, ask.periods))
    bookings = load_bookings(connection, seats)
    notes = list(bookings.notes)
    season, said = (1,) * len(periods), ""
    if ask.season is Season.HISTORY:
        season, said = season_of(bookings, seats, ask.periods)
    notes += [said] if said else []
    last = last_quotas(connection, seats, facts.calendar.year(number - 1))
    there = presence(connection, seats, periods, ask.ramp_months)
    fixed = _fixed(ask.fixed, seats, facts.currency)
    potential = [0] * len(seats.territories)
    for seat, amount in zip(seats.accounts["seat"], seats.accounts["potential_minor"], strict=True):
        if seat >= 0:
            potential[seat] += int(amount)
    capacities = seats.territories["fte"]
    given = [
        QuotaSeat(
            name, potential[i], bookings.history[i], bookings.growth[i], last[i],
            PPM if capacities.isna().iloc[i] else int(capacities.iloc[i]) or PPM,
            there[i], seats.vacant(i), fixed.get(i),
        )
        for i, name in enumerate(seats.names)
    ]  # fmt: skip
    mix = _mix(ask.mix, sum(potential), bookings.history, notes)
    unit = _money(ask.unit, facts.currency, "rounding unit")
    request = QuotaRequest(
        _target(ask, sum(bookings.history), facts.currency, unit, notes), facts.currency, given, mix,
        _limit(ask.floor, facts.currency, "floor"), _limit(ask.cap, facts.currency, "cap"),
        round(ask.over * 10_000), unit, ask.rest_on, season, "spread" if ask.vacancies is Vacancies.SPREAD else "hold",
    )  # fmt: skip
    progress(0, 0, "Sharing the target")
    return _Made(seats, allocate_quotas(request), year, periods, tuple(notes))


def _mix(wanted: tuple[float, float, float], potential: int, history: list[int], notes: list[str]) -> Mix:
    """The weights; those of what is not known fall away, with a note."""
    weights = [round(weight * 10_000) for weight in wanted]
    if weights[0] and not potential and sum(history):
        notes.append("No account has a potential: quotas go by history alone.")
        weights[0] = 0
    if (weights[1] or weights[2]) and not sum(history) and potential:
        notes.append("There are no bookings in the last twelve months: quotas go by potential alone.")
        weights = [weights[0] or PPM, 0, 0]
    return Mix(*weights)


def _target(ask: _Ask, history: int, currency: str, unit: int, notes: list[str]) -> int:
    if ask.target:
        return _money(ask.target, currency, "target")
    if not history:
        raise InputRefusedError("Without bookings in the last twelve months a target must be given.")
    grown = divide_half_up(history * (PPM + round(ask.growth * 10_000)), PPM)
    notes.append(f"Target: the history and {ask.growth:g} %, rounded to the unit.")
    return max(divide_half_up(grown, unit) * unit, unit)


def _money(text: str, currency: str, what: str) -> int:
    try:
        return to_minor(Decimal(text.replace(",", "").replace(" ", "").replace("_", "")), currency)
    except (ValueError, InvalidOperation, OverflowError):
        raise InputRefusedError(f"{text!r} is no amount of {currency} for the {what}.") from None


def _limit(text: str, currency: str, what: str) -> Limit:
    if not text.strip():
        return Limit()
    if not text.strip().endswith("%"):
        return Limit(amount=_money(text, currency, what))
    try:
        return Limit(of_last=int((Decimal(text.strip()[:-1].strip()) * 10_000).to_integral_value()))
    except InvalidOperation:
        raise InputRefusedError(f"{text!r} is no per cent for the {what}.", way_out="Write it as 90%.") from None


def _fixed(texts: tuple[str, ...], seats: Seats, currency: str) -> dict[int, int]:
    """The promised quota by territory row."""
    names = {name.casefold(): i for i, name in enumerate(seats.names)}
    people = {person.casefold(): i for i, person in enumerate(seats.text("person")) if person is not None}
    found: dict[int, int] = {}
    faults = []
    for text in texts:
        name, sign, amount = text.rpartition("=")
        row = names.get(name.strip().casefold(), people.get(name.strip().casefold()))
        if not sign or row is None:
            what = "No territory or person of this name." if sign else "An amount is missing."
            faults.append(Fault(f"fixed {text!r}", what, "Write it as 'Ana Weller=1200000'."))
        elif row in found:
            faults.append(Fault(f"fixed {text!r}", "Its quota is fixed twice.", "Leave one out."))
        else:
            found[row] = _money(amount, currency, f"fixed quota of {name.strip()}")
    if faults:
        raise FaultsError(f"{faults[0].where}: {faults[0].what}", faults, way_out=faults[0].way_out)
    return found


def _store(connection: Connection, made: _Made, *, managers: bool, replace: bool) -> int:
    """Write the quotas of people and vacant territories; how many rows that were."""
    seats, plan, year = made.seats, made.plan, made.year
    by_person: dict[int, list[int]] = {}
    place: dict[int, int | None] = {}
    rows: list[tuple[int | None, int | None, list[int]]] = []
    for i, (person, key) in enumerate(zip(seats.people(), seats.keys, strict=True)):
        territory = key if seats.scenario else None
        amounts = list(plan.lines[i].periods)
        if person is None:
            rows.append((None, territory, amounts))
        elif person in by_person:  # two territories, one quota
            by_person[person] = [a + b for a, b in zip(by_person[person], amounts, strict=True)]
            place[person] = None
        else:
            by_person[person], place[person] = amounts, territory
    if managers:
        for person, amounts in _managers(connection, made, by_person).items():
            by_person.setdefault(person, amounts)
            place.setdefault(person, None)
    rows += [(person, place[person], amounts) for person, amounts in by_person.items()]
    _clear(connection, sorted(by_person), seats.scenario, year, replace=replace)
    values = [
        (person, territory, period.start.isoformat(), period.end.isoformat(), amount, seats.facts.currency)
        for person, territory, amounts in rows
        for period, amount in zip(made.periods, amounts, strict=True)
    ]
    connection.exec_driver_sql(
        "INSERT INTO quota (person_id, territory_id, measure, period_start, period_end, amount, currency) "
        "VALUES (?, ?, 'bookings', ?, ?, ?, ?)",
        values,
    )
    return len(values)


def _managers(connection: Connection, made: _Made, by_person: dict[int, list[int]]) -> dict[int, list[int]]:
    """What each manager carries per period, rolled up to the top: their people's quotas without the over-assignment."""
    rows = connection.exec_driver_sql("SELECT id, manager_id FROM person")
    boss = {int(person): None if manager is None else int(manager) for person, manager in rows}
    sums: dict[int | None, list[int]] = {}
    for person, amounts in by_person.items():
        known = sums.get(boss.get(person), [0] * len(amounts))
        sums[boss.get(person)] = [a + b for a, b in zip(known, amounts, strict=True)]
    held = made.plan.request.total - sum(map(sum, sums.values()))  # by vacant territories
    groups = list(sums)
    shares = allocate(made.plan.request.target, [*(sum(sums[group]) for group in groups), held])
    result: dict[int, list[int]] = {}
    for group, share in zip(groups, shares, strict=False):
        carried = allocate(share, sums[group]) if share else [0] * len(made.periods)
        seen: set[int] = set()
        above = group
        while above is not None and above not in seen:
            known = result.get(above, [0] * len(carried))
            result[above] = [a + b for a, b in zip(known, carried, strict=True)]
            seen.add(above)
            above = boss.get(above)
    return result


def _clear(connection: Connection, people: list[int], scenario: int, year: Period, *, replace: bool) -> None:
    """Make room: the bookings quotas that these people and this scenario's territories have in the year."""
    ids = json.dumps(people)
    mine = (
        "measure = 'bookings' AND period_start <= ? AND period_end >= ? AND "
        "(person_id IN (SELECT value FROM json_each(?)) "
        "OR territory_id IN (SELECT id FROM territory WHERE scenario_id = ?))"
    )
    values = (year.end.isoformat(), year.start.isoformat(), ids, scenario)
    across = connection.exec_driver_sql(
        f"SELECT count(*) FROM quota WHERE {mine} AND (period_start < ? OR period_end > ?)",
        (*values, year.start.isoformat(), year.end.isoformat()),
    ).scalar_one()
    if across:
        raise InputRefusedError(
            f"{across:,} quotas of these people lie only partly in {year.label}.",
            way_out="Correct their periods first.",
        )
    known = connection.exec_driver_sql(f"SELECT count(*) FROM quota WHERE {mine}", values).scalar_one()
    if known and not replace:
        raise InputRefusedError(
            f"There are {known:,} bookings quotas of these people in {year.label} already.",
            way_out="Ask for them to be replaced, or choose another year.",
        )
    connection.exec_driver_sql(f"DELETE FROM quota WHERE {mine}", values)
