"""The guided start: what to balance, how many, which line to respect, what must not move, each with its reason."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.territory_checks import checked, in_words
from salesops_desktop.jobs.territory_inputs import TerritoryInputs, load_territory_inputs, named
from salesops_desktop.jobs.territory_wishes import Boundary, DesignWishes
from salesops_desktop.model.progress import Progress
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

Floats = npt.NDArray[np.float64]
_T = ValueKind.TEXT

KNOWN_SHARE = 0.5
"""A field that fewer accounts have is not worth balancing."""
ALIKE = 0.9
"""Two measures that go together this closely (rank correlation) say the same."""
CUSTOMER_HOURS = 1032.0
"""Hours a full-time person has for customers in a year: 60 % of 1,720."""
LATE = 600_000
"""Open deals of at least this probability (ppm) are late in their stages."""
SOON = dt.timedelta(days=14)
CLOSING = dt.timedelta(days=45)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposal for a design, from the data."""

    wishes: DesignWishes
    """What :func:`~salesops_desktop.jobs.territories.design_territories` should be asked."""
    reasons: Table
    """One row per setting: what is proposed, and why."""
    must_not_move: Table
    """Accounts that had better stay with their owners, and why; keys are account row ids."""
    sentences: tuple[str, ...] = field(default=())

    def summary(self) -> Sequence[str]:
        """The reasons."""
        return [*(f"{row[0]}: {row[1]}. {row[2]}" for row in self.reasons.rows()), *self.sentences]

    def tables(self) -> Sequence[Table]:
        """The settings, then what had better stay."""
        return [self.reasons, self.must_not_move]


@job(
    "territories suggest",
    title="Suggest how to design territories",
    group="territories",
    examples=("territories suggest company.salesops",),
)
def suggest_territories(context: JobContext) -> Suggestion:
    """Propose what to balance, within what tolerance, how many territories, which line to respect and what must stay.

    Each proposal comes with its reason from the data; it feeds a design as its defaults.
    """
    with context.workspace.read() as connection:
        return suggested(connection, context.progress)


def suggested(connection: Connection, progress: Progress) -> Suggestion:
    """See :func:`suggest_territories`.

    Raises:
        FaultsError: there are no accounts or nobody to work them.
    """
    boundary, line = _boundary(connection, progress)
    inputs = load_territory_inputs(connection, boundary=boundary, progress=progress)
    measures, what = _measures(inputs)
    seats = len(inputs.people)
    tolerances, far = _tolerances(inputs, measures, seats)
    parents, families = _parents(inputs, seats)
    metros, cities = _metros(inputs)
    stability, price = _stability(inputs, measures)
    capacity, load = _capacity(inputs)
    stay = _must_not_move(connection, inputs)
    wishes = DesignWishes(
        measures=tuple(f"{name}:{tolerances[name]:g}" for name in measures),
        tolerance=min(tolerances.values()),
        stability=stability,
        boundary=boundary,
        keep_parents=parents,
        keep_metros=metros,
        capacity=capacity,
        keep=tuple(int(key) for key in stay.keys) if stay.keys is not None else (),
    )
    said = in_words(checked(connection, wishes, progress, inputs))
    rows = [
        ("Balance", " and ".join(name.replace("_", " ") for name in measures), what),
        ("Tolerance", ", ".join(f"{name.replace('_', ' ')} {tolerances[name]:g} %" for name in measures), far),
        ("Territories", f"{seats:,}", _count(inputs)),
        ("Boundary", boundary.value, line),
        ("Parents together", "yes" if parents else "no", families),
        ("Cities together", "yes" if metros else "no", cities),
        ("Price of moving", f"{stability:g}", price),
        ("Capacity per person", "yes" if capacity else "no", load),
        ("Must not move", f"{len(stay):,} accounts", _stay_reason(stay)),
    ]
    specs = [ColumnSpec("setting", "Setting", _T), ColumnSpec("value", "Proposed", _T), ColumnSpec("why", "Why", _T)]
    return Suggestion(wishes, build_table("Proposed design", specs, rows), stay, said)


def _boundary(connection: Connection, progress: Progress) -> tuple[Boundary, str]:
    """The line most accounts lie within today."""
    for boundary in (Boundary.REGION, Boundary.COUNTRY):
        inputs = load_territory_inputs(connection, boundary=boundary, progress=progress)
        parts = inputs.accounts["part"]
        if parts.nunique() < 2:
            continue
        owned = inputs.owner >= 0
        theirs = inputs.people["part"].to_numpy(object)[inputs.owner[owned]]
        inside = float((parts.to_numpy(object)[owned] == theirs).mean()) if owned.any() else 1.0
        if inside >= 0.95:
            plural = "regions" if boundary is Boundary.REGION else "countries"
            said = (
                f"{inside:.0%} of the accounts lie in their owner's {boundary.value}, over {parts.nunique()} {plural}."
            )
            return boundary, said
    return Boundary.NONE, "Owners work accounts of several regions and countries, or there is only one."


def _known(inputs: TerritoryInputs, column: str) -> float:
    return float((inputs.accounts[column].astype("float64").fillna(0) > 0).mean())


def _measures(inputs: TerritoryInputs) -> tuple[list[str], str]:
    accounts = inputs.accounts
    money = next(
        (
            (name, column)
            for name, column in (
                ("potential", "potential_minor"), ("annual_revenue", "annual_revenue_minor"),
                ("won_last_year", "won_minor"), ("open_pipeline", "open_minor"),
            )
            if _known(inputs, column) >= KNOWN_SHARE
        ),
        None,
    )  # fmt: skip
    chosen, said = [], []
    if money is not None:
        chosen.append(money[0])
        said.append(f"{_known(inputs, money[1]):.0%} of the accounts have {money[0].replace('_', ' ')}.")
    if _known(inputs, "workload") >= KNOWN_SHARE:
        like = 0.0
        if money is not None:
            like = float(accounts[money[1]].astype("float64").corr(accounts["workload"], method="spearman"))
        if like < ALIKE:
            chosen.append("workload")
            beside = f", and it goes its own way beside {money[0]} (rank correlation {like:.2f})" if money else ""
            said.append(f"{_known(inputs, 'workload'):.0%} have a workload{beside}.")
        else:
            said.append(f"Workload says the same (rank correlation {like:.2f}).")
    if not chosen:
        return ["accounts"], "No measure is known for half of the accounts, so their number is balanced."
    return chosen, " ".join(said)


def _values(inputs: TerritoryInputs, name: str) -> Floats:
    column = {
        "potential": "potential_minor", "annual_revenue": "annual_revenue_minor", "won_last_year": "won_minor",
        "open_pipeline": "open_minor",
    }.get(name, name)  # fmt: skip
    if name == "accounts":
        return np.ones(len(inputs.accounts))
    return np.asarray(inputs.accounts[column].astype("float64").fillna(0), dtype=np.float64)


def _tolerances(inputs: TerritoryInputs, measures: Sequence[str], seats: int) -> tuple[dict[str, float], str]:
    """5 % where accounts are many and small, more where single ones weigh much."""
    each = len(inputs.accounts) / max(seats, 1)
    base = 5.0 if each >= 40 else 10.0 if each >= 15 else 15.0
    made, said = {}, [f"There are {each:,.0f} accounts to a territory."]
    for name in measures:
        values = _values(inputs, name)
        target = values.sum() / max(seats, 1)
        largest = int(values.argmax())
        weight = values[largest] / target if target else 0.0
        # Half of a heavy account is what balance must give way by at worst when every other is small.
        made[name] = min(50.0, max(base, 5.0 * math.ceil(100 * weight / 2 / 5.0)) if weight > base / 50 else base)
        if weight > base / 50:
            called = inputs.accounts["name"].iloc[largest]
            said.append(f"{called} alone is {weight:.0%} of a territory's {name.replace('_', ' ')}.")
    return made, " ".join(said)


def _count(inputs: TerritoryInputs) -> str:
    """One territory per person, and what the hours would speak for."""
    people = len(inputs.people)
    hours = float(inputs.accounts["workload"].sum())
    able = float(inputs.people["capacity"].sum())
    if hours <= 0:
        return f"One for each of {people:,} people; no workload is known that would speak for more or fewer."
    return (
        f"One for each of {people:,} people, who count for {able:,.1f}. The workload of {hours:,.0f} hours a year "
        f"would need {hours / CUSTOMER_HOURS:,.1f} with {CUSTOMER_HOURS:,.0f} hours for customers each."
    )


def _parents(inputs: TerritoryInputs, seats: int) -> tuple[bool, str]:
    group = inputs.group
    families = np.unique(group[group >= 0])
    if not len(families):
        return False, "No account has a parent among the accounts."
    values = _values(inputs, "potential")
    sums = np.bincount(group[group >= 0], values[group >= 0])
    target = values.sum() / max(seats, 1)
    said = f"{len(families):,} families hold {int((group >= 0).sum()):,} accounts."
    if target > 0 and sums.max() > target:
        rows = inputs.accounts["name"][group == int(sums.argmax())]
        said += f" The largest is {sums.max() / target:.0%} of a territory: {named(rows)}."
    return True, said


def _metros(inputs: TerritoryInputs) -> tuple[bool, str]:
    """Worth it where cities are with one owner already."""
    accounts = inputs.accounts
    place = accounts["country"].astype(str) + "|" + accounts["state"].astype(str) + "|" + accounts["city"].astype(str)
    frame = pd.DataFrame({"city": place, "owner": inputs.owner})
    frame = frame[accounts["city"].notna().to_numpy() & (inputs.owner >= 0)]
    sizes = frame.groupby("city")["owner"].agg(["size", "nunique"])
    several = sizes[sizes["size"] > 1]
    if not len(several):
        return False, "No city has two accounts."
    one = float((several["nunique"] == 1).mean())
    return one >= 0.9, f"{one:.0%} of the {len(several):,} cities with several accounts have one owner today."


def _stability(inputs: TerritoryInputs, measures: Sequence[str]) -> tuple[float, str]:
    owned = inputs.owner >= 0
    if not owned.any():
        return 0.0, "Nobody owns accounts yet."
    values = _values(inputs, measures[0])
    sums = np.bincount(inputs.owner[owned], values[owned], len(inputs.people))
    sums = sums[sums > 0]
    worst = float(np.abs(sums / sums.mean() - 1).max())
    name = measures[0].replace("_", " ")
    if worst > 0.5:
        return 0.5, f"Today the farthest territory lies {worst:.0%} off the mean in {name}: much must move."
    return 1.0, f"Today no territory lies more than {worst:.0%} off the mean in {name}: little needs to move."


def _capacity(inputs: TerritoryInputs) -> tuple[bool, str]:
    able = inputs.people["capacity"]
    less = int((able < 0.99).sum())
    if not less:
        return False, "Everybody works full time all year, as far as it is known."
    return True, f"{less:,} of {len(able):,} people count for less than one: part-time, on their ramp, or away."


_COMMITTED = """
SELECT o.account_id, max(o.probability) AS likely, min(o.close_on) AS closing, min(CASE WHEN o.next_activity_on >= ?
       THEN o.next_activity_on END) AS activity
FROM opportunity o WHERE o.status = 'open' AND o.account_id IS NOT NULL GROUP BY o.account_id
HAVING activity <= ? OR (likely >= ? AND closing <= ?)
"""


def _must_not_move(connection: Connection, inputs: TerritoryInputs) -> Table:
    """Accounts in the middle of a deal: an activity soon, or a likely deal about to close; and named ones."""
    today = inputs.as_of
    days = tuple(day.isoformat() for day in (today, today + SOON, today + CLOSING))
    reasons: dict[int, str] = {}
    for account, likely, closing, activity in connection.exec_driver_sql(_COMMITTED, (days[0], days[1], LATE, days[2])):
        if activity is not None and activity <= days[1]:
            reasons[int(account)] = f"An activity is planned on {activity}."
        else:
            reasons[int(account)] = f"A deal of {likely / 10_000:.0f} % is to close by {closing}."
    for account, person in connection.exec_driver_sql(
        "SELECT r.account_id, p.name FROM account_rule r JOIN person p ON p.id = r.person_id WHERE r.kind = 'named'"
    ):
        reasons[int(account)] = f"It is named for {person}."
    rows, keys = [], []
    people = inputs.people["name"].astype(str).tolist()
    for row, (number, name) in enumerate(zip(inputs.accounts["id"], inputs.accounts["name"], strict=True)):
        owner = int(inputs.owner[row])
        if int(number) in reasons and owner >= 0:
            rows.append((str(name), people[owner], reasons[int(number)]))
            keys.append(int(number))
    specs = [ColumnSpec("account", "Account", _T), ColumnSpec("owner", "Owner", _T), ColumnSpec("why", "Why", _T)]
    table = build_table("Had better stay", specs, rows, entity="account")
    return dataclasses.replace(table, keys=np.array(keys, dtype=np.int64))


def _stay_reason(stay: Table) -> str:
    if not len(stay):
        return "No activity is planned soon, and no likely deal is about to close."
    soon = sum("activity" in str(row[2]) for row in stay.rows())
    late = sum("deal" in str(row[2]) for row in stay.rows())
    return (
        f"{soon:,} have an activity in the next {SOON.days} days, {late:,} a deal of at least {LATE // 10_000} % that "
        f"closes within {CLOSING.days}."
    )
